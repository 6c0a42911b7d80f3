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
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/layout"
)

// exportFormat is the only one without a template: the tables that people read are exported from the pages.
const exportFormat = "parquet"

// exportCommand writes all that is effective into a file for analysts, or the enterprises into a template.
func exportCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	format := fs.String("format", exportFormat, t.S("cmd.flag_export_format"))
	var form template
	fs.StringVar(&form.path, "template", "", t.S("cmd.flag_template"))
	fs.StringVar(&form.area, "area", "", t.S("cmd.flag_export_area"))
	fs.IntVar(&form.year, "year", 0, t.S("cmd.flag_export_year"))
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
		if form.path != "" {
			return in.fill(ctx, c, form, view, args[0])
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

// template is a workbook to be filled, and with what.
type template struct {
	path, area string
	year       int // of figures that name none; 0 is the year before this one
}

// fill writes the enterprises out in the layout of a template.
func (in *installation) fill(ctx context.Context, c *console, form template, view fact.View, to string) (err error) {
	q := fact.Listing{Year: form.year}
	if q.Year == 0 {
		q.Year = in.now.Today().Year() - 1
	}
	if form.area != "" {
		if q.Area, err = in.area(form.area); err != nil {
			return err
		}
	}
	f := layout.Filler{Library: in.lib, View: view, T: c.t, Today: in.now.Today(), May: func(string, int64) bool { return true }}
	filled, err := f.Fill(ctx, form.path, "", q)
	if err != nil {
		return err
	}
	err = blob.Replace(to, func(w io.Writer) error {
		_, err := w.Write(filled.Body)
		return err
	})
	if err != nil {
		return errs.Unavailable(i18n.M("cmd.cannot_write", to), err)
	}
	if in.demo {
		fmt.Fprintln(c.err, c.t.S("cmd.export_synthetic"))
	}
	fmt.Fprintln(c.out, c.t.S("cmd.filled", to, filled.Rows, q.Year))
	for _, header := range filled.Blank {
		fmt.Fprintf(c.out, "  %s\n", c.t.S("cmd.stays_blank", header))
	}
	return nil
}
