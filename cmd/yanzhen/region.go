package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	versions "github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// knowledge is as of which day is decided, and from what was known when, as flags say it.
type knowledge struct{ asOf, known string }

func knowledgeFlags(fset *flag.FlagSet, t i18n.T) *knowledge {
	k := &knowledge{}
	fset.StringVar(&k.asOf, "as-of", "", t.S("cmd.flag_as_of"))
	fset.StringVar(&k.known, "known", "", t.S("cmd.flag_known"))
	return k
}

// known is the database as it was known, and the policies that were in force then.
type known struct {
	view    fact.View
	asOf    period.Day
	inForce []versions.InForce
	said    i18n.Msg // what the answers rest on
}

// in is the day, and what was known at its end unless the flags name another day or a commit.
func (k *knowledge) in(ctx context.Context, in *installation) (out known, err error) {
	if out.asOf, err = dayOf(k.asOf, in.now); err != nil {
		return out, err
	}
	seq, wrong := strconv.ParseInt(k.known, 10, 64)
	out.said = i18n.M("cmd.as_known_at", out.asOf.String(), seq)
	if wrong != nil || seq < 1 {
		day := min(out.asOf, in.now.Today())
		if k.known != "" {
			if day, err = period.ParseDay(k.known); err != nil {
				return out, errs.Invalid(i18n.M("cmd.bad_known", k.known))
			}
		}
		if seq, err = in.frames.KnownBy(ctx, day); err != nil {
			return out, err
		}
		out.said = i18n.M("cmd.as_known", out.asOf.String(), seq, day.String())
	}
	out.view, err = in.frames.For(ctx, access.SystemScope(), seq)
	if errs.KindOf(err) == errs.KindNotFound {
		return out, errs.Invalid(i18n.M("cmd.no_such_version", seq))
	}
	if err != nil {
		return out, err
	}
	out.inForce, err = in.versions.At(ctx, seq)
	return out, err
}

// regionAsked is which enterprises a command is about, as known when, and under which answers.
type regionAsked struct {
	choices
	when *knowledge
	area string
}

func (a *regionAsked) flags(fset *flag.FlagSet, t i18n.T) {
	a.when = knowledgeFlags(fset, t)
	a.choices.flags(fset, t)
	fset.StringVar(&a.area, "area", "", t.S("cmd.flag_region_area"))
}

// in is what was known, and the policies meant by name, or by what is to be changed.
func (a *regionAsked) in(ctx context.Context, in *installation, names []string) (k known, meant []versions.InForce, err error) {
	if a.area != "" {
		if a.area, err = in.area(a.area); err != nil {
			return k, nil, err
		}
	}
	if k, err = a.when.in(ctx, in); err != nil {
		return k, nil, err
	}
	meant, err = a.meant(k.inForce, names)
	return k, meant, err
}

// regionRun is policies applied to every enterprise of a region, from the database.
type regionRun struct {
	regionAsked
	format string
}

func policyRegionCommand(fset *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	var e regionRun
	place := placeFlags(fset, t)
	e.flags(fset, t)
	fset.StringVar(&e.format, "format", "text", t.S("cmd.flag_region_format"))
	receipt := fset.String("receipt", "", t.S("cmd.flag_region_receipt"))
	return func(ctx context.Context, c *console, args []string) error {
		switch {
		case *receipt != "":
			return c.verifyRegion(ctx, *receipt, place.content, args)
		case e.format != "text" && e.format != "receipt":
			return wrongUsage(i18n.M("policy.one_of", e.format, "text, receipt"))
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		k, meant, err := e.in(ctx, in, args)
		if err != nil {
			return err
		}
		if e.format == "receipt" && len(meant) != 1 {
			return wrongUsage(i18n.M("cmd.one_policy", len(meant)))
		}
		for _, f := range meant {
			if err := e.write(ctx, c, in, k, f); err != nil {
				return err
			}
		}
		return nil
	}
}

// write decides one policy for the region and says what it comes to, or writes the receipt of all decisions.
func (e *regionRun) write(ctx context.Context, c *console, in *installation, k known, f versions.InForce) error {
	plan, err := e.plan(f.Policy)
	if err != nil {
		return err
	}
	result, err := in.region.Run(ctx, k.view, plan, k.asOf)
	if err != nil {
		return fmt.Errorf("decide %s over the region: %w", f.Document, err)
	}
	if e.area != "" {
		result = result.Within(e.area)
	}
	if e.format == "text" {
		return c.tellRegion(in, k, result, e.area)
	}
	q := versions.RegionQuestion{Package: f.Hash, Plan: plan, AsOf: k.asOf, Known: k.view.Seq(), Area: e.area}
	if plan.Staged() {
		q.Allotted = func(enterprise string) ([]policy.Allotted, error) {
			id, err := strconv.ParseInt(enterprise, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("id of an enterprise: %w", err)
			}
			return in.region.Allotted(ctx, k.view, plan, id, k.asOf)
		}
	}
	out := bufio.NewWriterSize(c.out, 1<<20)
	sum, err := versions.WriteRegion(ctx, out, in.lib, q, subjectsOf(in, k.view, result))
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	fmt.Fprintln(c.err, c.t.S("cmd.region_receipt_written", sum.Enterprises, sum.Sum))
	return nil
}

// subjectsOf is the enterprises of a result, in the order of their ids.
func subjectsOf(in *installation, view fact.View, result *region.Region) iter.Seq[rule.Subject] {
	var ids []int64
	for f := range result.Firms() {
		ids = append(ids, f.ID)
	}
	slices.Sort(ids)
	reader := region.NewReader(in.lib)
	return func(yield func(rule.Subject) bool) {
		for _, id := range ids {
			if s, ok := reader.Subject(view, id); ok && !yield(s) {
				return
			}
		}
	}
}

// tellRegion says what a policy comes to, by area and clause.
func (c *console) tellRegion(in *installation, k known, r *region.Region, area string) error {
	file := r.Plan.Policy.File
	fmt.Fprintf(c.out, "%s  %s\n", file.Document.Number, c.t.Text(file.Document.Name))
	fmt.Fprintln(c.out, c.t.Msg(k.said)+c.t.S("cmd.comma")+c.t.S("policy.confidence_"+file.Document.Confidence))
	c.tellSum(c.t.S("cmd.region_all"), r.Sum)
	for _, a := range r.ByArea(cmp.Or(area, commonArea(in.lib.Areas(), r))) {
		if a.Firms == 0 {
			continue
		}
		name := a.Area.Name
		if a.Area.Code == "" {
			name = c.t.S("cmd.region_elsewhere")
		}
		c.tellSum("  "+name, a.Sum)
	}
	fmt.Fprintln(c.out, c.t.S("cmd.region_by_clause"))
	for _, s := range r.ByClause() {
		clause, _ := r.Plan.Policy.Clause(s.Clause)
		fmt.Fprintf(c.out, "  %s  %s\n", clause.Cite, c.t.S("cmd.region_clause", clause.Name, s.Sure, s.Perhaps, s.Pays.Msg()))
	}
	for _, s := range r.Stages() {
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.region_"+s.Kind, s.Name, s.Year, s.Lines, s.Met, s.Waiting, s.Pays.Msg()))
	}
	_, err := fmt.Fprintln(c.out)
	return err
}

// tellSum is what enterprises come to together, in a line.
func (c *console) tellSum(name string, s region.Sum) {
	line := c.t.S("cmd.region_sum", name, firms(s.Firms), s.Sure, s.Perhaps, s.Total.Msg())
	if s.InKind != (policy.Interval{}) {
		line += c.t.S("cmd.region_in_kind", s.InKind.Msg())
	}
	if s.Floor != (policy.Interval{}) {
		line += c.t.S("cmd.region_floor", s.Floor.Msg())
	}
	if s.Failed > 0 {
		line += c.t.S("cmd.region_failed", s.Failed)
	}
	fmt.Fprintln(c.out, line)
}

// commonArea is the smallest area in which all enterprises lie whose area is known.
func commonArea(tree *content.Tree, r *region.Region) string {
	var common []content.Node
	for f := range r.Firms() {
		path := tree.Path(f.Area)
		if common == nil {
			common = path
		}
		same := 0
		for same < min(len(common), len(path)) && common[same].Code == path[same].Code {
			same++
		}
		if len(path) > 0 {
			common = common[:same]
		}
	}
	if len(common) == 0 {
		return ""
	}
	return common[len(common)-1].Code
}
