package policy

import (
	"cmp"
	"maps"
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Amendment is what a later document changes in this one. Events from the day From on follow it; those before keep the
// rules of their time. A draft is kept and never applied.
type Amendment struct {
	ID         string        `yaml:"id"`
	Number     string        `yaml:"number"`
	Name       i18n.Text     `yaml:"name"`
	Issuer     i18n.Text     `yaml:"issuer"`
	Status     string        `yaml:"status"`     // live, draft
	Confidence string        `yaml:"confidence"` // verified, secondary, unverified
	Source     string        `yaml:"source"`
	Issued     period.Day    `yaml:"issued"`
	From       period.Day    `yaml:"from"`
	Extends    *Extension    `yaml:"extends,omitempty"`
	Repeals    *Repeal       `yaml:"repeals,omitempty"`
	Revises    []Revision    `yaml:"revises,omitempty"`
	Params     []Param       `yaml:"params,omitempty"`  // new ones
	Clauses    []Clause      `yaml:"clauses,omitempty"` // new ones, in force from the day From on
	Replaces   []Replacement `yaml:"replaces,omitempty"`
}

// Extension moves the last day of the document.
type Extension struct {
	To period.Day `yaml:"to"`
	Place
}

// Repeal ends clauses, or the whole document where none is named.
type Repeal struct {
	Clauses []string `yaml:"clauses,omitempty"`
	Place
}

// Revision gives a parameter other values.
type Revision struct {
	Param  string            `yaml:"param"`
	Value  string            `yaml:"value,omitempty"`
	Values map[string]string `yaml:"values,omitempty"` // those that change or are new
	Places map[string]Place  `yaml:"places,omitempty"`
	Place
}

// Replacement ends a clause and puts a new one in its place: wherever the old one is named, the new one counts too.
type Replacement struct {
	Clause string `yaml:"clause"`
	By     string `yaml:"by"` // one of Clauses
	Place
}

// amend applies what later documents changed, before anything is compiled: clauses end and others join them. What an
// amendment says of parameters is read with the parameters.
func (c *compiler) amend() {
	f := &c.p.File
	seen := map[string]bool{f.Document.ID: true}
	for i := range f.Amendments {
		a, path := &f.Amendments[i], []any{"amendments", i}
		if seen[a.ID] {
			c.report(at(path, "id"), "policy.id_twice", a.ID)
		}
		seen[a.ID] = true
		c.oneOf(at(path, "status"), a.Status, "live", "draft")
		c.oneOf(at(path, "confidence"), a.Confidence, "verified", "secondary", "unverified")
		if i > 0 && a.From < f.Amendments[i-1].From {
			c.report(at(path, "from"), "policy.amend_order", a.From.String(), f.Amendments[i-1].From.String())
		}
		if to := a.Extends; to != nil && a.Status == "live" {
			c.place(at(path, "extends"), to.Place)
			if last := f.Document.Valid.To; last == nil || to.To < *last {
				c.report(at(path, "extends", "to"), "policy.amend_shorter", to.To.String())
			}
			f.Document.Valid.To = &to.To
		}
	}
	for i := range f.Amendments {
		if f.Amendments[i].Status == "live" {
			c.apply(&f.Amendments[i], []any{"amendments", i})
		}
	}
}

func (c *compiler) apply(a *Amendment, path []any) {
	f := &c.p.File
	for i := range a.Params {
		a.Params[i].Cite = a.Number + " " + a.Params[i].Cite
		c.move("params", len(f.Params), at(path, "params", i))
		f.Params = append(f.Params, a.Params[i])
	}
	for i := range a.Clauses {
		k := a.Clauses[i]
		k.by(a.Number)
		if k.Valid == nil {
			k.Valid = &Valid{From: a.From, To: f.Document.Valid.To, Place: k.Place}
		}
		c.move("clauses", len(f.Clauses), at(path, "clauses", i))
		f.Clauses = append(f.Clauses, k)
	}
	for i, r := range a.Replaces {
		where := at(path, "replaces", i)
		c.place(where, r.Place)
		if !slices.ContainsFunc(a.Clauses, func(k Clause) bool { return k.ID == r.By }) {
			c.report(at(where, "by"), "policy.amend_by", r.By)
			continue
		}
		if c.end(at(where, "clause"), r.Clause, a.From) {
			c.stand(r.Clause, r.By)
		}
	}
	if r := a.Repeals; r != nil {
		c.place(at(path, "repeals"), r.Place)
		for i, id := range r.Clauses {
			c.end(at(path, "repeals", "clauses", i), id, a.From)
		}
		if len(r.Clauses) == 0 {
			f.Document.Valid = f.Document.Valid.until(a.From - 1)
			for i := range f.Clauses {
				if k := &f.Clauses[i]; k.Valid != nil {
					v := k.Valid.until(a.From - 1)
					k.Valid = &v
				}
			}
		}
	}
}

// move notes where something stands that became part of a list of the file.
func (c *compiler) move(list string, n int, path []any) {
	c.moved[[2]any{list, n}] = path
}

// by makes what a clause cites name the document that added it.
func (k *Clause) by(number string) {
	k.Cite = number + " " + k.Cite
	k.Once, k.Ceilings, k.Requires = slices.Clone(k.Once), slices.Clone(k.Ceilings), slices.Clone(k.Requires)
	for i := range k.Once {
		k.Once[i].Cite = number + " " + k.Once[i].Cite
	}
	for i := range k.Ceilings {
		k.Ceilings[i].Cite = number + " " + k.Ceilings[i].Cite
	}
	for i := range k.Requires {
		k.Requires[i].Cite = number + " " + k.Requires[i].Cite
	}
}

// until is the days up to one.
func (v Valid) until(last period.Day) Valid {
	if v.To == nil || *v.To > last {
		v.To = &last
	}
	return v
}

// end makes a day the first on which a clause no longer holds. A yearly clause can end with a year only: else it would not
// be known whose rule the year follows.
func (c *compiler) end(path []any, id string, from period.Day) bool {
	f := &c.p.File
	i := slices.IndexFunc(f.Clauses, func(k Clause) bool { return k.ID == id })
	if i < 0 {
		c.report(path, "policy.unknown_clause", id)
		return false
	}
	k := &f.Clauses[i]
	if _, m, d := from.YMD(); k.Event == "yearly" && (m != 1 || d != 1) {
		c.report(path, "policy.amend_yearly", id, from.String())
	}
	v := f.Document.Valid
	if k.Valid != nil {
		v = *k.Valid
	}
	v = v.until(from - 1)
	k.Valid = &v
	return true
}

// stand names a clause wherever another is named.
func (c *compiler) stand(old, by string) {
	f := &c.p.File
	beside := func(ids []string) []string {
		if i := slices.Index(ids, old); i >= 0 && !slices.Contains(ids, by) {
			return slices.Insert(slices.Clone(ids), i+1, by)
		}
		return ids
	}
	for i := range f.Clauses {
		k := &f.Clauses[i]
		k.Ceilings, k.Requires = slices.Clone(k.Ceilings), slices.Clone(k.Requires)
		for j := range k.Ceilings {
			if k.ID != by {
				k.Ceilings[j].With = beside(k.Ceilings[j].With)
			}
		}
		for j := range k.Requires {
			k.Requires[j].Clauses = beside(k.Requires[j].Clauses)
		}
	}
	for i := range f.Uplifts {
		f.Uplifts[i].Clauses = beside(f.Uplifts[i].Clauses)
	}
	for i := range f.Stacking.Groups {
		f.Stacking.Groups[i].Clauses = beside(f.Stacking.Groups[i].Clauses)
	}
	for i := range f.Stacking.Quotas {
		f.Stacking.Quotas[i].Clauses = beside(f.Stacking.Quotas[i].Clauses)
	}
	for i := range f.Stacking.Pools {
		f.Stacking.Pools[i].Clauses = beside(f.Stacking.Pools[i].Clauses)
	}
}

// revised is a parameter from a day on.
type revised struct {
	from period.Day
	*param
}

// revisions reads what amendments say of parameters that were there before.
func (c *compiler) revisions() {
	for i := range c.p.File.Amendments {
		a := &c.p.File.Amendments[i]
		for j := range a.Revises {
			if a.Status == "live" {
				c.revise(a, &a.Revises[j], []any{"amendments", i, "revises", j})
			}
		}
	}
}

func (c *compiler) revise(a *Amendment, src *Revision, path []any) {
	c.place(path, src.Place)
	n, ok := c.p.pindex[src.Param]
	if !ok {
		c.report(at(path, "param"), "policy.unknown_param", src.Param)
		return
	}
	prm := c.p.params[n]
	if prm.By == "" && (src.Value == "" || len(src.Values) > 0) || prm.By != "" && (src.Value != "" || len(src.Values) == 0) {
		c.report(path, "policy.revise_form", src.Param)
		return
	}
	latest := prm.on(a.From)
	next := latest.clone()
	own := *latest.Param
	own.Value, own.Values, own.Places, own.Place = src.Value, src.Values, src.Places, src.Place
	read := &param{Param: &own}
	if prm.By == "" {
		next.single = c.number(at(path, "value"), &own, src.Value, src.Place)
	} else {
		c.table(path, read)
		own.Values = maps.Clone(latest.Values)
		maps.Copy(own.Values, src.Values)
	}
	if next.byKey != nil {
		maps.Copy(next.byKey, read.byKey)
	}
	if next.byYear != nil {
		maps.Copy(next.byYear, read.byYear)
	}
	for _, g := range read.gates {
		if !slices.Contains(next.gates, g) {
			next.gates = append(next.gates, g)
		}
	}
	slices.SortFunc(next.gates, func(a, b gate) int { return cmp.Compare(a.until, b.until) })
	own.Cite = a.Number + " " + own.Cite
	next.Param, next.later = &own, nil
	prm.later = append(prm.later, revised{from: a.From, param: next})
	if !slices.Contains(c.p.cuts, a.From) {
		c.p.cuts = append(c.p.cuts, a.From)
	}
}

// on is the parameter as it stands for an event on a day.
func (p *param) on(day period.Day) *param {
	for _, r := range slices.Backward(p.later) {
		if r.from <= day {
			return r.param
		}
	}
	return p
}

// amended is the numbers of the documents that changed the policy.
func (p *Policy) amended() []string {
	var all []string
	for _, a := range p.File.Amendments {
		if a.Status == "live" {
			all = append(all, a.Number)
		}
	}
	return all
}
