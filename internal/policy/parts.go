package policy

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Parts is what a clause is made of, compiled: for those who reason about a policy without an enterprise. The lists stand
// in the order of the file.
type Parts struct {
	When, Exclusions []*rule.Expr
	Thresholds       []*rule.Expr
	Base             *rule.Expr      // what the amount is counted on: a base, a price, a principal; nil where there is none
	Event            content.FactDef // zero for a yearly clause
	From             period.Day      // first day that may count, whatever the settings
	To               *period.Day

	Uplifts     [][]*rule.Expr // conditions of each of File.Uplifts; nil for those that do not raise the clause
	Instalments [][]*rule.Expr // conditions of each instalment
	Clawback    []*rule.Expr
}

// Parts is the parts of one of File.Clauses.
func (p *Policy) Parts(clause int) Parts {
	k := &p.all[clause]
	valid := &p.File.Document.Valid
	if k.Valid != nil {
		valid = k.Valid
	}
	out := Parts{When: exprs(k.when), Exclusions: exprs(k.shut), Base: k.amount.base, Event: k.event, From: valid.From, To: valid.To}
	for _, t := range k.thresholds {
		out.Thresholds = append(out.Thresholds, t.of)
	}
	if valid.FirstYear != "" && valid.FirstYear != "from" {
		out.From = period.Date(valid.From.Year(), 1, 1)
	}
	out.Uplifts = make([][]*rule.Expr, len(p.File.Uplifts))
	for _, u := range k.uplifts {
		out.Uplifts[u.number] = exprs(u.when)
	}
	if k.payment != nil {
		for _, part := range k.payment.parts {
			out.Instalments = append(out.Instalments, exprs(part.when))
		}
		out.Clawback = exprs(k.payment.back)
	}
	return out
}

// Ranks is the ranks of a quota or pool as lines of one of File.Clauses read them. Stages are counted as they are applied:
// the quotas, then the pools, in the order of the file.
func (p *Policy) Ranks(stage, clause int) []*rule.Expr {
	return p.stages[stage].exprs[p.all[clause].Entity]
}

// Reached is the keys of a parameter by a fact with a day that some moment of some day can reach; a day of nil is any.
func (p *Policy) Reached(id string, from, to *period.Day) []string {
	prm := p.params[p.pindex[id]]
	var keys []string
	before := int64(math.MinInt64) // moment up to which the gate before holds
	for _, g := range prm.gates {
		if (from == nil || g.until >= dawn(*from)) && (to == nil || before < dawn(*to+1)-1) {
			keys = append(keys, g.key)
		}
		before = g.until
	}
	if _, ok := prm.byKey[later]; ok && (to == nil || before < dawn(*to+1)-1) {
		keys = append(keys, later)
	}
	return keys
}

// Shut is the exclusions of the whole document.
func (p *Policy) Shut() []*rule.Expr { return exprs(p.shut) }

func exprs(atoms []atom) []*rule.Expr {
	var all []*rule.Expr
	for _, a := range atoms {
		all = append(all, a.expr)
	}
	return all
}

// Values is the values of a parameter by key ("" for a single one), as the document gave them first.
func (p *Policy) Values(id string) map[string]rule.Value {
	i, ok := p.pindex[id]
	if !ok {
		return nil
	}
	prm := p.params[i]
	if prm.By == "" {
		return map[string]rule.Value{"": prm.single.value(prm.Type)}
	}
	out := map[string]rule.Value{}
	for key, text := range prm.Values {
		if v, ok := parseNumber(prm.Type, text); ok {
			out[key] = v.value(prm.Type)
		}
	}
	return out
}

// Range is what a parameter may be over its table, amendments counted in.
func (p *Policy) Range(id string) rule.Domain {
	prm := p.params[p.pindex[id]]
	of := func(prm *param) rule.Domain {
		low, high := prm.ends()
		return rule.DomainOf(low.value(prm.Type)).Join(rule.DomainOf(high.value(prm.Type)))
	}
	all := of(prm)
	for _, r := range prm.later {
		all = all.Join(of(r.param))
	}
	return all
}

// Names says that a text has the number that a value of the parameter is, however it is written there.
func (p *Policy) Names(param, key, text string) bool {
	prm := p.params[p.pindex[param]]
	written := prm.Value
	if key != "" {
		written = prm.Values[key]
	}
	v, ok := parseNumber(prm.Type, written)
	return ok && v.in(text, prm.Type)
}

// Reads is the facts that a clause reads, aggregates aside.
func (p *Policy) Reads(clause int) []content.FactDef {
	k := &p.all[clause]
	a := &k.amount
	all := slices.Concat(exprs(p.shut), exprs(k.shut), exprs(k.when), []*rule.Expr{a.base, a.bankRate, a.paid, a.count})
	for _, t := range k.thresholds {
		all = append(all, t.of)
	}
	for _, u := range k.uplifts {
		all = append(all, exprs(u.when)...)
	}
	defs := []content.FactDef{k.event, a.from, a.to, a.decided}
	for _, x := range all {
		if x != nil {
			defs = append(defs, x.Facts()...)
		}
	}
	if k.Amount.Fixed != nil || k.Amount.Share != nil {
		for _, i := range []int{a.value, a.rate} {
			if i >= 0 && p.params[i].By != "" && p.params[i].By != "year" {
				defs = append(defs, p.params[i].def)
			}
		}
	}
	var out []content.FactDef
	for _, def := range defs {
		if def.Code != "" && !slices.ContainsFunc(out, func(d content.FactDef) bool { return d.Code == def.Code }) {
			out = append(out, def)
		}
	}
	return out
}

// ReadBy is the clauses that come to something else, or may, with another value of a parameter, in the order of the file:
// those whose conditions or amounts read it, whose ceilings or shares it is, and those of the quota or pool that it bounds.
func (pl *Plan) ReadBy(param string) []*Clause {
	i, ok := pl.Policy.pindex[param]
	if !ok {
		return nil
	}
	use := uses{plan: pl, differs: map[int]bool{i: true}}
	staged := map[int]bool{}
	for _, st := range pl.stages {
		ranked := slices.ContainsFunc(slices.Collect(maps.Values(st.exprs)), func(ranks []*rule.Expr) bool { return use.exprs(ranks...) })
		for _, k := range st.clauses {
			staged[k] = staged[k] || st.number == i || ranked
		}
	}
	var all []*Clause
	for n := range pl.clauses {
		if k := &pl.clauses[n]; !k.off && (use.conditions(k) || use.amounts(k) || staged[n]) {
			all = append(all, k.Clause)
		}
	}
	return all
}

// Asks is the open questions on which a clause depends: by its days, its items, its amount, its uplifts, the ceilings and
// groups that it shares, and the clauses that it requires; in their order in the file.
func (p *Policy) Asks(clause int) []string {
	used := questions{}
	p.ask(clause, used, map[int]bool{})
	var all []string
	for _, s := range p.File.Settings {
		if used[s.ID] {
			all = append(all, s.ID)
		}
	}
	return all
}

// questions is settings that are used.
type questions map[string]bool

func (q questions) only(o *Only) {
	if o != nil {
		q[o.Setting] = true
	}
}

func (q questions) words(words ...string) {
	for _, w := range words {
		if id, ok := strings.CutPrefix(w, "setting."); ok {
			q[id] = true
		}
	}
}

func (q questions) atoms(all ...[]atom) {
	for _, atoms := range all {
		for _, a := range atoms {
			q.only(a.Only)
			q.words(a.expr.Uses()...)
		}
	}
}

func (p *Policy) ask(clause int, used questions, seen map[int]bool) {
	if seen[clause] {
		return
	}
	seen[clause] = true
	k := &p.all[clause]
	used.only(k.Only)
	used.words(p.File.Document.Valid.FirstYear)
	if k.Valid != nil {
		used.words(k.Valid.FirstYear)
	}
	used.atoms(p.shut, k.shut, k.when)
	for _, t := range k.thresholds {
		used.only(t.Only)
		used.words(t.of.Uses()...)
	}
	for _, x := range []*rule.Expr{k.amount.base, k.amount.bankRate, k.amount.paid, k.amount.count} {
		if x != nil {
			used.words(x.Uses()...)
		}
	}
	for _, o := range k.Once {
		used.only(o.Only)
		used.words(o.Period)
	}
	for _, u := range k.uplifts {
		used.only(u.Only)
		used.words(u.Uplift.Ceiling)
		used.atoms(u.when)
	}
	p.askTogether(k, used)
	for _, some := range k.requires {
		for _, j := range some {
			p.ask(j, used, seen)
		}
	}
}

// askTogether is the questions of what a clause shares with others.
func (p *Policy) askTogether(k *clause, used questions) {
	for i := range p.all {
		for n, ceil := range p.all[i].Ceilings {
			if i != k.index && !slices.Contains(ceil.With, k.ID) {
				continue
			}
			used.only(ceil.Only)
			used.words(ceil.Period)
			for _, counted := range ceil.Counts {
				used.words(counted.Unreported)
			}
			for _, x := range p.all[i].limits[n].of {
				used.words(x.Uses()...)
			}
		}
	}
	for _, g := range p.File.Stacking.Groups {
		if !slices.Contains(g.Clauses, k.ID) {
			continue
		}
		used.only(g.Only)
		used.words(g.Period)
		if g.Against != nil {
			used.words(g.Against.Unreported)
		}
	}
}
