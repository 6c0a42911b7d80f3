package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
)

// ledgerCheckCommand walks over the whole ledger and says which rows break what must hold.
func ledgerCheckCommand(flags *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := auditFlags(flags, t)
	return func(ctx context.Context, c *console, args []string) (err error) {
		if len(args) != 0 {
			return errUsage
		}
		db, err := place.existing(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		found, err := ledger.New(db, clock.System(), blob.At(paymentFiles(place.data))).Check(ctx)
		if err != nil {
			return err
		}
		for _, f := range found.Faults {
			fmt.Fprintln(c.out, c.t.Msg(f.Msg))
		}
		fmt.Fprintln(c.out, c.t.S("cmd.ledger_checked", found.Lines, found.Transfers, found.Entries, found.Commitments, found.Claims, found.Orders))
		if n := len(found.Faults); n > 0 {
			return errs.Conflict(i18n.M("cmd.ledger_faults", n))
		}
		return nil
	}
}

// ledgerEvery is how often the whole ledger is walked over while the pages are served, and askedEvery how often it is looked
// whether somebody asks for that.
const (
	ledgerEvery = 24 * time.Hour
	askedEvery  = 5 * time.Second
)

// watchLedger walks over the whole ledger, now, every day and whenever somebody asks for it, and writes down what is wrong,
// until ctx ends.
func (in *installation) watchLedger(ctx context.Context) {
	in.ledger.Watch(ctx, ledgerEvery, askedEvery, func(found ledger.Checked, err error) {
		if err != nil {
			in.log.Error("check the ledger", "err", err)
			return
		}
		for _, f := range found.Faults {
			in.log.Error("the ledger is wrong", "fault", f.String())
		}
		in.log.Info("ledger checked", "transfers", found.Transfers, "faults", len(found.Faults))
	})
}
