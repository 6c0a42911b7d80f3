package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/sample"
	versions "github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// simulation is a policy with other numbers or answers, held against the same policy as it is in force.
type simulation struct {
	regionAsked
	facts list // files of facts, instead of a database
	most  int  // enterprises named in each direction
}

func policySimulateCommand(fset *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	var e simulation
	place := placeFlags(fset, t)
	e.flags(fset, t)
	fset.Var(&e.facts, "facts", t.S("cmd.flag_simulate_facts"))
	fset.IntVar(&e.most, "most", 10, t.S("cmd.flag_most"))
	return func(ctx context.Context, c *console, args []string) (err error) {
		switch {
		case len(e.settings)+len(e.changes) == 0:
			return wrongUsage(i18n.M("cmd.nothing_changed"))
		case len(e.facts) > 0 && (place.db != "" || e.when.known != ""):
			return wrongUsage(i18n.M("cmd.facts_or_data"))
		}
		if len(e.facts) > 0 {
			if place.data, err = os.MkdirTemp("", "yanzhen-facts-"); err != nil {
				return fmt.Errorf("make a directory for the facts: %w", err)
			}
			defer func() { err = errors.Join(err, os.RemoveAll(place.data)) }()
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		k, meant, err := e.asked(ctx, c, in, args)
		if err != nil {
			return err
		}
		if len(meant) != 1 {
			for _, f := range meant {
				if _, err := e.plan(f.Policy); err != nil { // what is to be changed, no policy has
					return err
				}
			}
			return wrongUsage(i18n.M("cmd.simulate_one", len(meant)))
		}
		return e.run(ctx, c, in, k, meant[0].Policy)
	}
}

// asked is what is known and the policies meant, of the database or of the files of facts.
func (e *simulation) asked(ctx context.Context, c *console, in *installation, names []string) (k known, meant []versions.InForce, err error) {
	if len(e.facts) == 0 {
		return e.in(ctx, in, names)
	}
	if e.area != "" {
		if e.area, err = in.area(e.area); err != nil {
			return k, nil, err
		}
	}
	if k.asOf, err = dayOf(e.when.asOf, in.now); err != nil {
		return k, nil, err
	}
	firms, err := e.state(ctx, c, in)
	if err != nil {
		return k, nil, err
	}
	k.said = i18n.M("cmd.from_files", k.asOf.String(), firms, strings.Join(e.facts, c.t.S("cmd.comma")))
	if k.view, err = in.frames.For(ctx, access.SystemScope(), 0); err != nil {
		return k, nil, err
	}
	if k.inForce, err = in.versions.At(ctx, k.view.Seq()); err != nil {
		return k, nil, err
	}
	meant, err = e.meant(k.inForce, names)
	return k, meant, err
}

// state puts the enterprises of the files into the database, which holds nothing else, and says how many there are.
func (e *simulation) state(ctx context.Context, c *console, in *installation) (int, error) {
	var files []sample.File
	for _, name := range e.facts {
		from := c.in
		if name != "-" {
			f, err := os.Open(name)
			if err != nil {
				return 0, errs.Invalid(i18n.M("cmd.no_such_file", name))
			}
			defer f.Close()
			from = f
		}
		files = append(files, sample.File{Name: name, Firms: rule.ReadFacts(in.lib, name, from)})
	}
	place := sample.Place{DB: in.db, Library: in.lib, Sources: in.sources, Parties: in.parties, Facts: in.facts, Frames: in.frames}
	return place.State(ctx, files...)
}

func (e *simulation) run(ctx context.Context, c *console, in *installation, k known, p *policy.Policy) error {
	var results [2]*region.Region
	changed, err := e.plan(p)
	if err != nil {
		return err
	}
	law, err := p.Plan(nil)
	if err != nil {
		return err
	}
	for i, plan := range []*policy.Plan{law, changed} {
		result, err := in.region.Run(ctx, k.view, plan, k.asOf)
		if err != nil {
			return fmt.Errorf("simulate %s: %w", p.File.Document.ID, err)
		}
		if e.area != "" {
			result = result.Within(e.area)
		}
		results[i] = result
	}
	parent := cmp.Or(e.area, commonArea(in.lib.Areas(), results[0]))
	e.tell(c, k, p, region.EffectOf(results[0], results[1], parent, max(e.most, 0)))
	return nil
}

// tell says what the change comes to: in all, by area, by clause, and for whom most.
func (e *simulation) tell(c *console, k known, p *policy.Policy, effect *region.Effect) {
	doc := p.File.Document
	fmt.Fprintf(c.out, "%s  %s\n", doc.Number, c.t.Text(doc.Name))
	fmt.Fprintln(c.out, c.t.Msg(k.said)+c.t.S("cmd.comma")+c.t.S("policy.confidence_"+doc.Confidence))
	fmt.Fprintln(c.out, c.t.S("cmd.simulate_changed", strings.Join(slices.Concat(e.settings, e.changes), c.t.S("cmd.comma"))))
	fmt.Fprintln(c.out, c.t.S("cmd.simulate_method"))
	move := func(name string, before, after policy.Interval) {
		if before != (policy.Interval{}) || after != (policy.Interval{}) {
			fmt.Fprintln(c.out, c.t.S("cmd.simulate_move", name, before.Msg(), after.Msg()))
		}
	}
	all := func(s region.Sum) policy.Interval { return s.Total.Plus(s.InKind) }
	move(c.t.S("cmd.region_all"), all(effect.Before), all(effect.After))
	fmt.Fprintln(c.out, c.t.S("cmd.simulate_firms", effect.Gain, just(effect.Gained), effect.Lose, just(effect.Lost)))
	for _, a := range effect.Areas {
		move("  "+cmp.Or(a.Area.Name, c.t.S("cmd.region_elsewhere")), all(a.Before), all(a.After))
	}
	fmt.Fprintln(c.out, c.t.S("cmd.region_by_clause"))
	for _, s := range effect.Clauses {
		clause, _ := p.Clause(s.Clause)
		move("  "+clause.Cite+"  "+c.t.Text(clause.Name), s.Before.Pays, s.After.Pays)
	}
	if len(effect.Most) > 0 {
		fmt.Fprintln(c.out, c.t.S("cmd.simulate_most"))
	}
	for _, f := range effect.Most {
		move("  "+f.Name, f.Before, f.After)
	}
}

// just is an amount that is certain.
func just(a money.Fen) i18n.Msg { return policy.Interval{Sure: a, Possible: a}.Msg() }
