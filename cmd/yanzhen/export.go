package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/layout"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	versions "github.com/yanzhen/yanzhen/internal/policy/version"
)

// exportFormat is the only one without a template: the tables that people read are exported from the pages.
const exportFormat = "parquet"

// exportCommand writes all that is effective into a file for analysts, or a table into a template.
func exportCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	format := fs.String("format", exportFormat, t.S("cmd.flag_export_format"))
	var form template
	fs.StringVar(&form.path, "template", "", t.S("cmd.flag_template"))
	fs.StringVar(&form.table, "table", "enterprises", t.S("cmd.flag_table", tableCodes()))
	fs.StringVar(&form.area, "area", "", t.S("cmd.flag_export_area"))
	fs.StringVar(&form.policy, "policy", "", t.S("cmd.flag_export_policy"))
	fs.Int64Var(&form.batch, "import", 0, t.S("cmd.flag_export_import"))
	fs.IntVar(&form.year, "year", 0, t.S("cmd.flag_export_year"))
	fs.StringVar(&form.period, "period", "", t.S("cmd.flag_export_period"))
	fs.BoolVar(&form.all, "all", false, t.S("cmd.flag_export_all"))
	fs.StringVar(&form.plan, "plan", "", t.S("cmd.flag_export_plan"))
	fs.Int64Var(&form.report, "report", 0, t.S("cmd.flag_export_report"))
	fs.IntVar(&form.edition, "edition", 0, t.S("cmd.flag_export_edition"))
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
			return in.fill(ctx, c, place, form, view, args[0])
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
	path, table, area string
	policy            string // of the tables of decisions
	batch             int64  // of the problems
	year              int    // of figures that name none; 0 is the year before this one
	period            string // of figures and targets; "" for the current year, and today
	all               bool   // what nobody verified counts too
	plan              string // of targets
	report            int64
	edition           int // of the report; 0 for the one that was signed last
}

// tableCodes is what may be filled in, for a message.
func tableCodes() string {
	var codes []string
	for _, k := range layout.Kinds() {
		codes = append(codes, k.Code)
	}
	return strings.Join(codes, ", ")
}

// table is the rows of the table that a template asks for.
func (in *installation) table(ctx context.Context, c *console, form template, view fact.View) (_ *layout.Table, err error) {
	if _, ok := layout.KindNamed(form.table); !ok {
		return nil, wrongUsage(i18n.M("cmd.no_such_table", form.table, tableCodes()))
	}
	q := layout.Query{Listing: fact.Listing{Year: cmp.Or(form.year, in.now.Today().Year()-1)}, Batch: form.batch}
	q.Unverified, q.Plan, q.Report, q.Edition = form.all, form.plan, form.report, form.edition
	if form.year != 0 {
		q.Period = period.OfYear(form.year)
	}
	if form.period != "" {
		if q.Period, err = period.Parse(form.period); err != nil {
			return nil, errs.Invalid(i18n.M("figurepage.bad_period", form.period))
		}
		if _, last, ok := q.Period.Span(); ok {
			q.On = min(last, in.now.Today())
		}
	}
	if form.area != "" {
		if q.Area, err = in.area(form.area); err != nil {
			return nil, err
		}
	}
	if form.policy != "" {
		if q.Policy, q.Region, err = in.overRegion(ctx, view, form.policy); err != nil {
			return nil, err
		}
	}
	src := layout.Source{
		Library: in.lib, View: view, Parties: view.Registry(), Access: in.accounts, Intake: in.intake, Versions: in.versions, T: c.t,
		Monitor: in.monitor, Targets: in.targets, Bulletins: in.bulletins, Today: in.now.Today(),
	}
	return src.Table(ctx, form.table, q)
}

// overRegion is a policy in force as it stands, over all firms, as of today.
func (in *installation) overRegion(ctx context.Context, view fact.View, id string) (*policy.Policy, *region.Region, error) {
	all, err := in.versions.At(ctx, view.Seq())
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(all, func(f versions.InForce) bool { return f.Document == id })
	if i < 0 {
		return nil, nil, errs.Invalid(i18n.M("cmd.no_such_policy", id))
	}
	plan, err := all[i].Policy.Plan(nil)
	if err != nil {
		return nil, nil, err
	}
	result, err := in.region.Run(ctx, view, plan, in.now.Today())
	return all[i].Policy, result, err
}

// fill writes a table out in the layout of a template.
func (in *installation) fill(ctx context.Context, c *console, place *place, form template, view fact.View, to string) error {
	if err := errors.Join(in.openMonitor(place), in.openBulletins(place)); err != nil {
		return err
	}
	table, err := in.table(ctx, c, form, view)
	if err != nil {
		return err
	}
	f := layout.Filler{Library: in.lib, T: c.t, Today: in.now.Today()}
	filled, err := f.Fill(ctx, form.path, "", table)
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
	fmt.Fprintln(c.out, c.t.S("cmd.filled", to, filled.Rows, table.Name, table.Year))
	for _, note := range filled.Notes(c.t) {
		fmt.Fprintf(c.out, "  %s\n", note)
	}
	return nil
}
