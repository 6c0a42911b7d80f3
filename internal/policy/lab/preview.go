package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Preview is 免申即享: who would get what without having to apply, by a scenario. A firm gets by each clause what is sure
// from verified facts alone (region.Runner.Verified), and never more than what is sure from all that is known: what somebody only reported gives
// nothing, and still takes away what it takes away.
type Preview struct {
	*Planned
	Seq  int64
	AsOf period.Day

	Grants  []Grant // those that get the most first
	Total   money.Fen
	Clauses []GrantSum // in the order of the document
	Held    []Grant    // firms that get more for sure from all that is known, those by the most first: some facts want verifying
	Holds   money.Fen  // by how much more, all of them together
}

// Grant is what a firm would get.
type Grant struct {
	Firm  *region.Firm // as all facts have it
	Pays  money.Fen
	Of    []money.Fen // by clause, in the order of Preview.Clauses
	Known money.Fen   // for sure from all that is known
}

// GrantSum is a clause over all firms.
type GrantSum struct {
	Clause string
	Name   i18n.Text
	Firms  int
	Pays   money.Fen
}

// Preview is what a scenario would pay from verified facts, as of its day or else the one given; the scenario that changes
// nothing asks it of the law. Where several clauses depend on each other, what is sure of all of them but of none by itself
// is left out.
func (l *Lab) Preview(ctx context.Context, view fact.View, s Scenario, asOf period.Day) (*Preview, error) {
	p, err := l.PlanFor(ctx, view, s)
	if err != nil {
		return nil, err
	}
	out := &Preview{Planned: p, Seq: view.Seq(), AsOf: p.asked(asOf)}
	var both [2]*region.Region
	for i, runner := range []*region.Runner{l.Runner, l.Runner.Verified()} {
		if both[i], err = runner.Run(ctx, view, p.Plan, out.AsOf); err != nil {
			return nil, fmt.Errorf("preview a scenario of %s: %w", p.Scenario.Policy, err)
		}
		if area := p.Scenario.Area; area != "" {
			both[i] = both[i].Within(area)
		}
	}
	out.compare(both[0], both[1])
	return out, nil
}

// compare goes through the same firms in both results.
func (v *Preview) compare(known, verified *region.Region) {
	for _, c := range v.Plan.Clauses() {
		v.Clauses = append(v.Clauses, GrantSum{Clause: c.ID, Name: c.Name})
	}
	strict := make([]*region.Firm, 0, verified.Sum.Firms)
	for f := range verified.Firms() {
		strict = append(strict, f)
	}
	i := 0
	for f := range known.Firms() {
		v.add(known, verified, f, strict[i])
		i++
	}
	slices.SortFunc(v.Grants, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(b.Pays, a.Pays), cmp.Compare(a.Firm.Name, b.Firm.Name), cmp.Compare(a.Firm.ID, b.Firm.ID))
	})
	slices.SortFunc(v.Held, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(b.More(), a.More()), cmp.Compare(a.Firm.Name, b.Firm.Name), cmp.Compare(a.Firm.ID, b.Firm.ID))
	})
}

// More is by how much more a firm gets for sure from all that is known.
func (g Grant) More() money.Fen { return g.Known - g.Pays }

// MostWaits is how many enterprises are named with the facts that want verifying.
const MostWaits = 20

// Wait is a firm that gets more once facts are verified, and which: those that would have to be verified first, where some make
// others matter.
type Wait struct {
	Grant
	Facts []rule.FactRef
}

// Waits is those who would get the most more once facts are verified, as many as asked for and MostWaits at most.
func (l *Lab) Waits(ctx context.Context, view fact.View, v *Preview, most int) ([]Wait, error) {
	var all []Wait
	for _, g := range v.Held[:min(max(most, 0), MostWaits, len(v.Held))] {
		facts, err := l.ToVerify(ctx, view, v.Plan, v.AsOf, g.Firm.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, Wait{g, facts})
	}
	return all, nil
}

// ToVerify is the facts that are known of an enterprise and not verified, for which what a plan would pay it waits.
func (l *Lab) ToVerify(ctx context.Context, view fact.View, plan *policy.Plan, asOf period.Day, enterprise int64) ([]rule.FactRef, error) {
	var missing [2][]rule.FactRef
	for i, runner := range []*region.Runner{l.Runner.Verified(), l.Runner} {
		d, err := runner.Decide(ctx, view, plan, enterprise, asOf)
		if err != nil {
			return nil, fmt.Errorf("facts of enterprise %d to be verified: %w", enterprise, err)
		}
		missing[i] = d.Missing
	}
	return slices.DeleteFunc(missing[0], func(f rule.FactRef) bool { return slices.Contains(missing[1], f) }), nil
}

func (v *Preview) add(known, verified *region.Region, f, strict *region.Firm) {
	g := Grant{Firm: f, Known: f.Total.Sure + f.InKind.Sure, Of: make([]money.Fen, len(v.Clauses))}
	all, sure := known.Pays(f), verified.Pays(strict)
	for c := range g.Of {
		g.Of[c] = min(all[c].Sure, sure[c].Sure)
		g.Pays += g.Of[c]
	}
	if g.Pays < g.Known {
		v.Held = append(v.Held, g)
		v.Holds += g.Known - g.Pays
	}
	if g.Pays == 0 {
		return
	}
	v.Grants = append(v.Grants, g)
	v.Total += g.Pays
	for c, pays := range g.Of {
		if pays > 0 {
			v.Clauses[c].Firms++
			v.Clauses[c].Pays += pays
		}
	}
}
