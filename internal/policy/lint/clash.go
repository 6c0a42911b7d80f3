package lint

import (
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// clashes looks for two consequences of which only one can be meant.
func (p *pack) clashes() {
	clauses := p.policy.File.Clauses
	for j := range clauses {
		for i := range j {
			if p.clash(i, j) {
				p.tell("clash", Error, p.at("clauses", j), i18n.M("lint.two_clauses", clauses[i].ID, clauses[j].ID, clauses[j].Cite), i18n.M("lint.mend_two_clauses"), p.at("clauses", i))
			}
		}
		p.twoCeilings(j)
		p.bandsRise(j)
	}
	p.twoTables()
}

// clash says that two clauses pay for the same words, the same event of the same subject can meet both, and nothing says
// how they go together.
func (p *pack) clash(i, j int) bool {
	a, b := &p.policy.File.Clauses[i], &p.policy.File.Clauses[j]
	if citeOf(a.Cite) != citeOf(b.Cite) || a.Entity != b.Entity || a.Event != b.Event || apart(a.Only, b.Only) || p.together(a, b) {
		return false
	}
	x, y := p.policy.Parts(i), p.policy.Parts(j)
	if x.To != nil && *x.To < y.From || y.To != nil && *y.To < x.From {
		return false
	}
	d, possible := p.start(i, b.Only), true
	for _, s := range append(p.steps(i), p.steps(j)...) {
		if s.only != nil {
			continue
		}
		if d, possible = s.apply(d); !possible {
			return false
		}
	}
	return true
}

// apart says that two items hold under different answers.
func apart(a, b *policy.Only) bool {
	return a != nil && b != nil && a.Setting == b.Setting && a.Is != b.Is
}

// together says that the file declares how two clauses go together: a ceiling, a group, a prerequisite.
func (p *pack) together(a, b *policy.Clause) bool {
	for _, pair := range [][2]*policy.Clause{{a, b}, {b, a}} {
		for _, c := range pair[0].Ceilings {
			if slices.Contains(c.With, pair[1].ID) {
				return true
			}
		}
		for _, r := range pair[0].Requires {
			if slices.Contains(r.Clauses, pair[1].ID) {
				return true
			}
		}
	}
	return slices.ContainsFunc(p.policy.File.Stacking.Groups, func(g policy.Group) bool {
		return slices.Contains(g.Clauses, a.ID) && slices.Contains(g.Clauses, b.ID)
	})
}

// twoCeilings looks for different limits of one clause for the same subject and period.
func (p *pack) twoCeilings(i int) {
	list := p.policy.File.Clauses[i].Ceilings
	for k := range list {
		for j := range k {
			a, b := list[j], list[k]
			if a.Scope == b.Scope && a.Period == b.Period && a.Of == b.Of && a.Limit != b.Limit && !apart(a.Only, b.Only) && slices.Equal(a.With, b.With) {
				p.tell("clash", Error, p.at("clauses", i, "ceilings", k), i18n.M("lint.two_ceilings", a.ID, b.ID), i18n.M("lint.mend_two_ceilings"), p.at("clauses", i, "ceilings", j))
			}
		}
	}
}

// bandsRise looks for bands that overlap: each must begin above the one before, in every year.
func (p *pack) bandsRise(i int) {
	bands := p.policy.File.Clauses[i].Amount.Bands
	if bands == nil {
		return
	}
	for k := 1; k < len(bands.Bands); k++ {
		before, from := p.values(bands.Bands[k-1].From), p.values(bands.Bands[k].From)
		for _, key := range sorted(from) {
			low, ok := before[key]
			if ok && from[key].Fen() <= low.Fen() {
				p.tell("clash", Error, p.at("clauses", i, "amount", "bands", "bands", k), i18n.M("lint.bands_overlap", k+1, from[key].String(), low.String()), i18n.M("lint.mend_bands_overlap"), p.at("clauses", i, "amount", "bands", "bands", k-1))
				break
			}
		}
	}
}

// twoTables looks for two tables from the same words that give different numbers for the same key.
func (p *pack) twoTables() {
	list := p.policy.File.Params
	for j := range list {
		for i := range j {
			a, b := list[i], list[j]
			if a.By == "" || a.By != b.By || a.Type != b.Type || a.Quote == "" || a.Quote != b.Quote || citeOf(a.Cite) != citeOf(b.Cite) {
				continue
			}
			x, y := p.policy.Values(a.ID), p.policy.Values(b.ID)
			for _, key := range sorted(y) {
				if v, ok := x[key]; ok && v != y[key] {
					p.tell("clash", Error, p.at("params", j, "values", key), i18n.M("lint.two_tables", a.ID, b.ID, key, v.String(), y[key].String()), i18n.M("lint.mend_two_tables"), p.at("params", i, "values", key))
					break
				}
			}
		}
	}
}

// between looks at a policy among others: one document twice, one that was replaced and stays, drafts that stand for
// something. A draft never counts.
func (p *pack) between(before, pool []*pack) {
	d := p.doc()
	for _, other := range before {
		if other.doc().ID == d.ID {
			p.tell("clash", Error, p.at("document", "id"), i18n.M("lint.document_twice", d.ID), i18n.M("lint.mend_document_twice"), other.at("document", "id"))
		}
	}
	for _, other := range pool {
		o := other.doc()
		if k := slices.Index(d.Replaces, o.ID); k >= 0 && p.live() && other.live() && (o.Valid.To == nil || *o.Valid.To >= d.Valid.From) {
			p.tell("clash", Error, p.at("document", "replaces", k), i18n.M("lint.both_in_force", d.ID, o.ID, d.Valid.From.String()), i18n.M("lint.mend_both_in_force"), other.at("document", "valid"))
		}
		if d.ReplacedBy == o.ID && p.live() && !other.live() {
			p.tell("draft", Error, p.at("document", "replaced_by"), i18n.M("lint.replaced_by_draft", o.ID), i18n.M("lint.mend_replaced_by_draft"), other.at("document", "status"))
		}
	}
	if strings.TrimSpace(d.Source) == "" {
		p.tell("source", Warning, p.at("document", "source"), i18n.M("lint.no_source"), i18n.M("lint.mend_no_source"))
	}
}
