package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/backup"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/store"
)

// keepingFlags declare the schedule of backups.
func keepingFlags(fs *flag.FlagSet, t i18n.T) *backup.Schedule {
	s := &backup.Schedule{}
	fs.StringVar(&s.To, "backup-to", "", t.S("cmd.flag_backup_to"))
	fs.DurationVar(&s.Every, "backup-every", 24*time.Hour, t.S("cmd.flag_backup_every"))
	fs.IntVar(&s.Keep, "backup-keep", 14, t.S("cmd.flag_backup_keep"))
	fs.DurationVar(&s.Ship, "backup-ship", time.Second, t.S("cmd.flag_backup_ship"))
	return s
}

// keepBackups opens the schedule of backups, where one is asked for.
func (in *installation) keepBackups(ctx context.Context, s backup.Schedule) (err error) {
	if s.To == "" {
		return nil
	}
	if !in.alone { // PostgreSQL has tools of its own; docs/operations.md says which
		return errs.Invalid(i18n.M("store.no_copy"))
	}
	in.keeper, err = backup.Open(ctx, s, backup.Deps{
		DB: in.db, Data: in.data, Version: version, Clock: clock.System(), Prove: proveLedger, Failed: in.backupFailed,
		Done: func(g backup.Good) {
			in.log.Info("backup verified", "name", g.Name, "commit", g.Commit, "bytes", g.Size, "took_ms", g.Verified-g.Made)
		},
	})
	return err
}

// proveLedger walks over the whole ledger of a data directory that was restored, and over the files to and from banks.
func proveLedger(ctx context.Context, data string) (err error) {
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(data, "yanzhen.db"), schemas)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	found, err := ledger.New(db, clock.System(), blob.At(paymentFiles(data))).Check(ctx)
	if err != nil {
		return err
	}
	if n := len(found.Faults); n > 0 {
		return errs.Conflict(i18n.M("cmd.ledger_faults", n))
	}
	return nil
}

// backupFailed writes down that a backup or the journal went wrong, and tells the administrators of the first time of a row.
func (in *installation) backupFailed(ctx context.Context, err error, first bool) {
	in.log.Error("backup", "err", err)
	if !first {
		return
	}
	why, ok := errs.Message(err)
	if !ok {
		why = i18n.M("backup.went_wrong", err.Error())
	}
	told := in.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		return notice.Post(ctx, tx, notice.Message{
			Kind: notice.System, To: notice.ToRole(access.Administrator, ""), Title: i18n.M("backup.failed_title"), Body: i18n.M("backup.failed_body", why),
			Link: "/system#machine", At: in.now.Millis(),
		})
	})
	if told != nil && ctx.Err() == nil {
		in.log.Error("tell of a backup", "err", told)
	}
}

// backupCheckCommand says whether the backups of a place are as they should be, for whoever watches over the machine.
func backupCheckCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	age := fs.Duration("age", 0, t.S("cmd.flag_backup_age"))
	return func(_ context.Context, c *console, args []string) error {
		if len(args) != 1 {
			return wrongUsage(i18n.M("cmd.needs", "DIR"))
		}
		s, err := backup.StateOf(args[0])
		if err != nil {
			return &errs.Error{Kind: errs.KindNotFound, Msg: i18n.M("backup.no_schedule", args[0]), Err: err}
		}
		if g := s.Good; g != nil {
			fmt.Fprintln(c.out, c.t.S("cmd.backup_good", g.Name, moment(g.Made), g.Commit, g.Size>>20, moment(g.Verified)))
		}
		if s.Ship > 0 {
			fmt.Fprintln(c.out, c.t.S("cmd.backup_through", moment(s.Through)))
		}
		lapse := s.Lapse(clock.System().Millis(), age.Milliseconds())
		for _, l := range lapse {
			fmt.Fprintln(c.err, c.t.Msg(l))
		}
		if n := len(lapse); n > 0 {
			return errs.Conflict(i18n.M("cmd.backup_lapse", n))
		}
		return nil
	}
}

// moment is an instant as --at takes it.
func moment(ms int64) string {
	return time.UnixMilli(ms).In(clock.Beijing).Format("2006-01-02T15:04:05.000Z07:00")
}

// parseMoment reads an instant, in Beijing's time where no zone is given. 0 for "".
func parseMoment(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, s, clock.Beijing); err == nil && t.UnixMilli() > 0 {
			return t.UnixMilli(), nil
		}
	}
	return 0, errs.Invalid(i18n.M("cmd.bad_moment", s))
}
