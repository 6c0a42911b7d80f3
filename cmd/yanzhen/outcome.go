package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// tell says what the scenario comes to: in all, by what was asked for, and for whom most.
func (e *simulation) tell(c *console, k known, o *lab.Outcome) {
	doc := o.Law.Policy.File.Document
	fmt.Fprintf(c.out, "%s  %s\n", doc.Number, c.t.Text(doc.Name))
	fmt.Fprintln(c.out, c.t.Msg(k.said)+c.t.S("cmd.comma")+c.t.S("policy.confidence_"+doc.Confidence))
	for _, d := range o.Differences() {
		c.tellDifference(d)
	}
	fmt.Fprintln(c.out, c.t.S("cmd.simulate_method")+c.t.Msg(lab.Caveat))
	c.tellMove(c.t.S("cmd.region_all"), all(o.Effect.Before), all(o.Effect.After))
	fmt.Fprintln(c.out, c.t.S("cmd.simulate_firms", firms(o.Effect.Gain), just(o.Effect.Gained), firms(o.Effect.Lose), just(o.Effect.Lost)))
	if o.Perhaps != (lab.Movers{}) {
		fmt.Fprintln(c.out, c.t.S("cmd.simulate_perhaps", firms(o.Perhaps.More), firms(o.Perhaps.Less)))
	}
	for by := range strings.SplitSeq(e.by, ",") {
		if by != "" {
			c.tellBreakdown(by, o)
		}
	}
	for _, s := range o.Factors() {
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.region_"+s.Kind, s.Name, s.Year, s.Lines, s.Met, s.Waiting, s.Pays.Msg()))
	}
	most := slices.Concat(o.Winners(0, e.most), o.Losers(0, e.most))
	if len(most) > 0 {
		fmt.Fprintln(c.out, c.t.S("cmd.simulate_most"))
	}
	for _, f := range most {
		c.tellMove("  "+f.Name, f.Before, f.After)
	}
}

// all is money and services together.
func all(s region.Sum) policy.Interval { return s.Total.Plus(s.InKind) }

// tellDifference says one thing that the scenario has otherwise than the law.
func (c *console) tellDifference(d lab.Difference) {
	was, is := c.t.Text(d.Was), c.t.Text(d.Is)
	if d.Type != "" {
		was, is = c.number(d.Law), c.number(d.Scenario)
	}
	if d.Kind == lab.EndedClause {
		was, is = "", c.t.S("lab.ended")
	}
	name := strings.TrimSpace(d.ID + strings.TrimSuffix("@"+d.Key, "@") + "  " + c.t.Text(d.Name))
	line := c.t.S("cmd.simulate_changed", c.t.S("lab.differs_"+string(d.Kind)), name, cmp.Or(was, "—"), is)
	if d.Cite != "" {
		line += c.t.S("cmd.simulate_cite", d.Cite)
	}
	fmt.Fprintln(c.out, line)
}

// number is a value of a parameter as people read it; "" for none.
func (c *console) number(v rule.Value) string {
	if v.Type() == rule.MoneyType {
		return c.t.Msg(just(v.Fen()))
	}
	return v.String()
}

// tellMove says an amount under the law and under the scenario; nothing where there is none.
func (c *console) tellMove(name string, law, then policy.Interval) {
	if law != (policy.Interval{}) || then != (policy.Interval{}) {
		fmt.Fprintln(c.out, c.t.S("cmd.simulate_move", name, law.Msg(), then.Msg()))
	}
}

func (c *console) tellBreakdown(by string, o *lab.Outcome) {
	b := map[string]func() lab.Breakdown{
		"area": o.ByArea, "year": o.ByYear, "size": o.BySize, "clause": o.ByClause,
		"trade": func() lab.Breakdown { return o.ByTrade(content.Division) },
	}[by]()
	fmt.Fprintln(c.out, c.t.S("lab.book_by_"+by)+c.t.S("cmd.colon"))
	for _, r := range b.Rows {
		name := cmp.Or(c.t.Text(r.Name), r.Code, c.t.S("lab.not_known"))
		if clause, ok := o.Plan.Policy.Clause(r.Code); ok && by == "clause" {
			name = clause.Cite + "  " + name
		}
		c.tellMove("  "+name, r.Before.Pays, r.After.Pays)
	}
	if apart := [2]money.Fen{b.Before.Apart, b.After.Apart}; apart != [2]money.Fen{} {
		fmt.Fprintln(c.out, c.t.S("cmd.simulate_move", "  "+c.t.S("lab.row_apart"), just(apart[0]), just(apart[1])))
	}
	if twice := [2]money.Fen{b.Before.Twice, b.After.Twice}; twice != [2]money.Fen{} {
		fmt.Fprintln(c.out, c.t.S("cmd.simulate_move", "  "+c.t.S("lab.row_twice"), just(-twice[0]), just(-twice[1])))
	}
}

// nearness is how far below a threshold enterprises still count as standing at a cliff, in per cent of it.
const nearness = 10

// tellNear says which single conditions keep enterprises from money, who has most to gain by one, who stands right below a
// threshold, and which ceilings bind nobody.
func (e *simulation) tellNear(c *console, o *lab.Outcome, s *lab.Survey) {
	fmt.Fprintln(c.out, c.t.S("cmd.near"))
	for _, x := range s.ByCheck() {
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.near_check", o.ClauseName(x.Clause), x.Text, firms(x.Firms), just(x.Gain)))
	}
	for _, m := range s.Misses[:min(e.near, len(s.Misses))] {
		fmt.Fprintln(c.out, "    "+c.t.S("cmd.near_firm", m.Firm.Name, o.ClauseName(m.Clause), m.Text, m.Brings().Msg()))
		if m.Floor > 0 {
			fmt.Fprintln(c.out, "      "+c.t.S("cmd.near_floor", just(m.Floor)))
		}
	}
	for _, x := range s.Cliffs(nearness) {
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.near_cliff", o.ClauseName(x.Clause), x.Text, just(x.Need), nearness, firms(len(x.Firms)), just(x.Jump)))
	}
	for _, x := range s.Ceilings {
		if x.Firms+x.Perhaps == 0 {
			fmt.Fprintln(c.out, "  "+c.t.S("cmd.near_idle", x.ID, o.ClauseName(x.Clause), x.Cite))
		}
	}
}

// tellPreview says who would be paid without applying, by which clauses, and what to verify first of whom.
func (c *console) tellPreview(lib *content.Library, p *previewed, most int) {
	fmt.Fprintln(c.out, c.t.S("cmd.unasked", just(p.Total), firms(len(p.Grants)), just(p.Holds), firms(len(p.Held))))
	for _, g := range p.Clauses {
		if g.Firms > 0 {
			fmt.Fprintln(c.out, "  "+c.t.S("cmd.unasked_clause", g.Name, firms(g.Firms), just(g.Pays)))
		}
	}
	for _, g := range p.named(most) {
		fmt.Fprintln(c.out, "    "+c.t.S("cmd.unasked_firm", g.Firm.Name, just(g.Pays), just(g.Known)))
	}
	if len(p.waits) > 0 {
		fmt.Fprintln(c.out, c.t.S("cmd.unasked_waits"))
	}
	for _, x := range p.waits {
		all := make([]string, len(x.Facts))
		for i, f := range x.Facts {
			all[i] = c.factName(lib, f)
		}
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.unasked_wait", x.Firm.Name, just(x.More()), strings.Join(all, c.t.S("cmd.comma"))))
	}
}

// factName is what a fact is called, with its subject where that is not the enterprise, and its period.
func (c *console) factName(lib *content.Library, f rule.FactRef) string {
	name := f.Def
	if def, ok := rule.FactDef(lib, f.Def); ok {
		name = c.t.Text(def.Name)
	}
	if f.Subject.Kind != content.Enterprise {
		name = cmp.Or(f.Subject.Name, c.t.S("web.kind_"+f.Subject.Kind)+" "+f.Subject.ID) + " · " + name
	}
	if f.Period.Kind() != period.Always {
		name += c.t.S("web.in_brackets", f.Period.String())
	}
	return name
}

// firms is how many enterprises, in words.
func firms(n int) i18n.Msg { return i18n.M("cmd.n_firms", n) }

// tellFound says which value of a number the budget allows, and how far that is proven.
func (c *console) tellFound(f *lab.Found) {
	name := f.Param + strings.TrimSuffix("@"+f.Key, "@")
	fmt.Fprintln(c.out, c.t.S("cmd.find", name, f.Low, f.High, f.Step, f.Steps, just(f.Budget)))
	switch {
	case f.Scan:
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.find_scan", f.Why, len(f.Tried)))
	case f.Direction > 0:
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.find_rises"))
	default:
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.find_falls"))
	}
	for _, x := range []struct {
		key   string
		point *lab.Point
	}{{"possible", f.Possible}, {"sure", f.Sure}} {
		if x.point == nil {
			fmt.Fprintln(c.out, "  "+c.t.S("cmd.find_no_"+x.key))
			continue
		}
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.find_"+x.key, x.point.Value, x.point.Cost.Msg()))
	}
	if f.Scan {
		for _, p := range f.Tried {
			fmt.Fprintln(c.out, "    "+c.t.S("cmd.find_tried", p.Value, p.Cost.Msg()))
		}
	}
}

// just is an amount that is certain.
func just(a money.Fen) i18n.Msg { return policy.Interval{Sure: a, Possible: a}.Msg() }
