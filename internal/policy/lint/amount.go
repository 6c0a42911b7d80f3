package lint

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// number is one number of an amount: where it is named and the parameter that it is.
type named struct {
	path []any
	ref  string
}

// sums is the sums of money that an amount pays, rates the rates by which it pays.
func amountOf(a policy.Amount) (sums, rates []named) {
	add := func(list *[]named, ref string, path ...any) {
		if ref != "" {
			*list = append(*list, named{path, ref})
		}
	}
	switch {
	case a.Share != nil:
		add(&rates, a.Share.Rate, "share", "rate")
	case a.Fixed != nil:
		add(&sums, a.Fixed.Value, "fixed", "value")
	case a.Bands != nil:
		for k, b := range a.Bands.Bands {
			add(&rates, b.Rate, "bands", "bands", k, "rate")
		}
	case a.Interest != nil:
		add(&rates, a.Interest.Rate, "interest", "rate")
	case a.PerUnit != nil:
		add(&sums, a.PerUnit.Each, "per_unit", "each")
		add(&rates, a.PerUnit.Rate, "per_unit", "rate")
	case a.Marks != nil:
		for k, m := range a.Marks.Marks {
			add(&sums, m.Award, "marks", "marks", k, "award")
		}
	case a.InKind != nil:
		add(&sums, a.InKind.Ceiling, "in_kind", "ceiling")
	case a.UpTo != nil:
		add(&sums, a.UpTo.Limit, "up_to", "limit")
		add(&rates, a.UpTo.Rate, "up_to", "rate")
	}
	return sums, rates
}

// amounts looks at the numbers by which clauses pay: those that come to nothing, rates of more than the whole, bands and marks
// out of order or out of reach, and days that never come.
func (p *pack) amounts() {
	for i := range p.policy.File.Clauses {
		if p.left[i] == nil {
			continue
		}
		c := &p.policy.File.Clauses[i]
		sums, rates := amountOf(c.Amount)
		for _, n := range slices.Concat(sums, rates) {
			if _, high := p.span(n.ref); high.Sign() <= 0 {
				p.tell("never", Error, p.at(append([]any{"clauses", i, "amount"}, n.path...)...), i18n.M("lint.pays_nothing", c.ID, name(n.ref)), i18n.M("lint.mend_pays_nothing"), p.paramAt(n.ref))
			}
		}
		for _, n := range rates {
			if _, high := p.span(n.ref); high.Cmp(big.NewRat(1, 1)) > 0 {
				p.tell("rate", Warning, p.at(append([]any{"clauses", i, "amount"}, n.path...)...), i18n.M("lint.rate_over", c.ID, name(n.ref), percent(high)), i18n.M("lint.mend_rate_over"), p.paramAt(n.ref))
			}
		}
		p.bandsReached(i)
		p.marksRise(i)
		p.gates(i)
	}
	p.gatesOpen()
}

// bandsReached looks for bands above all that the base may be.
func (p *pack) bandsReached(i int) {
	bands, top := p.policy.File.Clauses[i].Amount.Bands, (*rule.Bound)(nil)
	if bands != nil {
		top = p.policy.Parts(i).Base.Range(p.left[i]).High
	}
	if top == nil {
		return
	}
	for k, b := range bands.Bands {
		if b.From == "" {
			continue
		}
		if from, _ := p.span(b.From); from.Cmp(top.Value) > 0 {
			p.tell("never", Warning, p.at("clauses", i, "amount", "bands", "bands", k), i18n.M("lint.band_beyond", k+1, yuan(from), yuan(top.Value)), i18n.M("lint.mend_never_met"), p.paramAt(b.From))
		}
	}
}

// marksRise looks for marks that do not rise, and for a higher mark that brings no more.
func (p *pack) marksRise(i int) {
	m := p.policy.File.Clauses[i].Amount.Marks
	if m == nil {
		return
	}
	for k := 1; k < len(m.Marks); k++ {
		at, before := p.at("clauses", i, "amount", "marks", "marks", k), p.at("clauses", i, "amount", "marks", "marks", k-1)
		if key, is, was, ok := p.notAbove(m.Marks[k].At, m.Marks[k-1].At); ok {
			p.tell("clash", Error, at, i18n.M("lint.marks_fall", k+1, is, was, in(key)), i18n.M("lint.mend_marks_fall"), before)
			continue
		}
		if key, is, was, ok := p.notAbove(m.Marks[k].Award, m.Marks[k-1].Award); ok && m.Pays == "highest" {
			p.tell("upgrade", Warning, at, i18n.M("lint.mark_brings_less", k+1, is, was, in(key)), i18n.M("lint.mend_mark_brings_less"), before)
		}
	}
}

// notAbove finds a year in which one sum is not above another.
func (p *pack) notAbove(ref, other string) (key string, is, was i18n.Msg, found bool) {
	before := p.values(other)
	for key, v := range p.eachKey(ref) {
		low, ok := before[key]
		if !ok {
			low, ok = before[""]
		}
		if ok && v.Fen() <= low.Fen() {
			return key, fen(v.Fen()), fen(low.Fen()), true
		}
	}
	return "", is, was, false
}

// gates notes which moments of tables by day the conditions of a clause let be reached, and tells where none is.
func (p *pack) gates(i int) {
	c, reads := &p.policy.File.Clauses[i], references(&p.policy.File.Clauses[i])
	for k, prm := range p.policy.File.Params {
		def, ok := rule.FactDef(p.lib, prm.By)
		if !ok || def.Type != content.Date || !reads["param."+prm.ID] {
			continue
		}
		d := p.left[i][prm.By]
		keys := p.policy.Reached(prm.ID, dayOf(d.Low), dayOf(d.High))
		if p.opened == nil {
			p.opened = map[string]map[string]bool{}
		}
		if p.opened[prm.ID] == nil {
			p.opened[prm.ID] = map[string]bool{}
		}
		for _, key := range keys {
			p.opened[prm.ID][key] = true
		}
		if len(keys) == 0 {
			p.tell("gate", Error, p.at("clauses", i, "amount"), i18n.M("lint.gates_shut", prm.ID, c.ID), i18n.M("lint.mend_gates"), p.at("params", k, "values"))
		}
	}
}

// gatesOpen looks for values of tables by day whose days no clause can reach.
func (p *pack) gatesOpen() {
	for k, prm := range p.policy.File.Params {
		opened := p.opened[prm.ID]
		if len(opened) == 0 {
			continue // no clause reads it, or it was told that none of its days comes
		}
		for _, key := range sorted(prm.Values) {
			if !opened[key] {
				p.tell("gate", Warning, p.at("params", k, "values", key), i18n.M("lint.gate_shut", prm.ID, key), i18n.M("lint.mend_gates"), p.at("document", "valid"))
			}
		}
	}
}

// references is the parameters that a clause names in its declared fields.
func references(c *policy.Clause) map[string]bool {
	sums, rates := amountOf(c.Amount)
	all := map[string]bool{}
	for _, n := range slices.Concat(sums, rates) {
		all[n.ref] = true
	}
	for _, t := range c.Thresholds {
		all[t.AtLeast+t.Over] = true
	}
	for _, ceil := range c.Ceilings {
		all[ceil.Limit] = true
	}
	return all
}
