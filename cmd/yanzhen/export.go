package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// exportFormat is the only one: the tables that people read are exported from the pages.
const exportFormat = "parquet"

// exportCommand writes all that is effective into a file for analysts.
func exportCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	format := fs.String("format", exportFormat, t.S("cmd.flag_export_format"))
	return func(ctx context.Context, c *console, args []string) error {
		switch {
		case len(args) != 1:
			return wrongUsage(i18n.M("cmd.needs", "FILE"))
		case *format != exportFormat:
			return wrongUsage(i18n.M("cmd.bad_export_format", *format))
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		view, err := in.frames.For(ctx, access.SystemScope(), 0)
		if err != nil {
			return err
		}
		notes := [][2]string{
			{"known at commit", strconv.FormatInt(view.Seq(), 10)},
			{"exported on", in.now.Today().String()},
			{"synthetic", strconv.FormatBool(in.demo)},
		}
		var rows int64
		err = blob.Replace(args[0], func(to io.Writer) (err error) {
			rows, err = view.WriteParquet(to, view.Enterprises(), notes)
			return err
		})
		if err != nil {
			return errs.Unavailable(i18n.M("cmd.cannot_write", args[0]), err)
		}
		if in.demo {
			fmt.Fprintln(c.err, c.t.S("cmd.export_synthetic"))
		}
		fmt.Fprintln(c.out, c.t.S("cmd.exported", args[0], int(rows)))
		return nil
	}
}
