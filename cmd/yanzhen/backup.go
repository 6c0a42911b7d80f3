package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"

	"github.com/yanzhen/yanzhen/internal/backup"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// backupCommand copies an installation, which may be in use, into a new directory.
func backupCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := &place{}
	fs.StringVar(&place.data, "data", "data", t.S("cmd.flag_data"))
	place.databaseFlags(fs, t)
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 1 {
			return wrongUsage(i18n.M("cmd.needs", "DIR"))
		}
		to, err := filepath.Abs(args[0])
		if err != nil {
			return err
		}
		m, err := backup.Make(ctx, backup.What{URL: place.url(), Data: place.data, To: to, Version: version, Now: clock.System().Millis()})
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.t.S("cmd.backed_up", to, m.Commit, len(m.Files), m.Size()>>20))
		return nil
	}
}

// restoreCommand brings a backup into a data directory that holds nothing, or an installation as it was at a moment.
func restoreCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	data := fs.String("data", "data", t.S("cmd.flag_restore_data"))
	when := fs.String("at", "", t.S("cmd.flag_restore_at"))
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 1 {
			return wrongUsage(i18n.M("cmd.needs", "DIR"))
		}
		at, err := parseMoment(*when)
		if err != nil {
			return err
		}
		if at > 0 || backup.IsPlace(args[0]) {
			r, err := backup.RestoreAt(ctx, args[0], *data, at)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.t.S("cmd.restored_at", *data, moment(r.Last), r.Commit, filepath.Base(r.Place), r.Commits))
			return nil
		}
		m, err := backup.Restore(ctx, args[0], *data)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.t.S("cmd.restored", *data, m.Commit, len(m.Files)))
		return nil
	}
}
