package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/proof"
	"github.com/yanzhen/yanzhen/internal/retention"
)

// openRetention opens what deletes what is no longer to be kept, and finishes what was begun.
func (in *installation) openRetention(ctx context.Context) (*retention.Store, error) {
	return retention.Open(ctx, retention.Deps{
		DB: in.db, Sources: in.sources, Frames: in.frames, Library: in.lib, Clock: in.now, Log: in.log,
		// Files before what was read from them: a value is kept while it stands in a file.
		Kinds: []retention.Kind{
			in.intake.Retention(), retention.OfFacts(in.frames, in.facts), retention.OfCaseFiles(in.cases), retention.OfMessages(in.db),
			retention.OfReadings(in.db), retention.OfDrafts(in.db), in.visits.Retention(),
		},
		Reasons: []retention.Reason{retention.Frozen, retention.Paid, retention.Disputed(in.facts), in.intake.Rests},
	})
}

// certificateOf reads and verifies a certificate by a key.
func certificateOf(path, key string) (at int64, erased []retention.Item, hash string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, nil, "", errs.Invalid(i18n.M("cmd.no_such_file", path))
	}
	return proof.VerifyCertificate(text, key)
}

// retentionVerifyCommand verifies the certificate of a deletion, without a database.
func retentionVerifyCommand(flags *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	key := flags.String("key", "", t.S("cmd.flag_audit_key"))
	return func(_ context.Context, c *console, args []string) error {
		if len(args) != 1 || *key == "" {
			return wrongUsage(i18n.M("cmd.needs", "CERTIFICATE --key KEY"))
		}
		at, erased, _, err := certificateOf(args[0], *key)
		if err != nil {
			return err
		}
		for _, it := range erased {
			fmt.Fprintln(c.out, c.t.S("cmd.retention_item", it.Kind, it.Ref, it.What, it.SHA256, it.Count))
		}
		fmt.Fprintln(c.out, c.t.S("cmd.retention_verified", moment(at), len(erased)))
		return nil
	}
}

// retentionAgainCommand repeats deletions that a backup, restored since, knows nothing of.
func retentionAgainCommand(flags *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(flags, t)
	key := flags.String("key", "", t.S("cmd.flag_audit_key"))
	return func(ctx context.Context, c *console, args []string) (err error) {
		if len(args) == 0 || *key == "" {
			return wrongUsage(i18n.M("cmd.needs", "CERTIFICATE… --key KEY"))
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		for _, path := range args {
			_, erased, hash, err := certificateOf(path, *key)
			if err == nil {
				var run retention.Run
				if run, err = in.retention.Again(ctx, hash, erased); err == nil {
					fmt.Fprintln(c.out, c.t.S("cmd.retention_again", path, run.Count(retention.Gone), run.Count(retention.Kept)))
				}
			}
			if err != nil {
				return &fileError{path, err}
			}
		}
		return nil
	}
}

// retentionDueCommand tells how much is due, and why the rest of it is kept.
func retentionDueCommand(flags *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(flags, t)
	return func(ctx context.Context, c *console, args []string) (err error) {
		if len(args) != 0 {
			return errUsage
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		lines, err := in.retention.Due(ctx)
		if err != nil {
			return err
		}
		due, kept := map[string]int64{}, map[string]int64{}
		for _, l := range lines {
			if l.Outcome == retention.Kept {
				kept[l.Kind] += l.Count
			} else {
				due[l.Kind] += l.Count
			}
		}
		for _, k := range in.retention.Kinds {
			fmt.Fprintln(c.out, c.t.S("cmd.retention_due", k.Name(), due[k.Name()], kept[k.Name()]))
		}
		return nil
	}
}
