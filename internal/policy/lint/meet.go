package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// step is one thing that must hold for a clause to pay.
type step struct {
	at    []any
	only  *policy.Only
	expr  *rule.Expr
	want  bool
	limit *rule.Bound // of a threshold: the least that is asked under any of the parameter's values
}

func (s step) apply(d rule.Domains) (rule.Domains, bool) {
	if s.limit != nil {
		return s.expr.AssumeAbove(*s.limit, d)
	}
	return s.expr.Assume(s.want, d)
}

// steps is what must hold for a clause, in the order in which it is told.
func (p *pack) steps(i int) []step {
	f, parts := &p.policy.File, p.policy.Parts(i)
	var all []step
	for k, x := range p.policy.Shut() {
		all = append(all, step{at: []any{"exclusions", k}, only: f.Exclusions[k].Only, expr: x})
	}
	for k, x := range parts.Exclusions {
		all = append(all, step{at: []any{"clauses", i, "exclusions", k}, only: f.Clauses[i].Exclusions[k].Only, expr: x})
	}
	for k, x := range parts.When {
		all = append(all, step{at: []any{"clauses", i, "when", k}, only: f.Clauses[i].When[k].Only, expr: x, want: true})
	}
	for k, x := range parts.Thresholds {
		t := f.Clauses[i].Thresholds[k]
		least := *p.policy.Range(strings.TrimPrefix(t.AtLeast+t.Over, "param.")).Low
		least.Open = t.Over != ""
		all = append(all, step{at: []any{"clauses", i, "thresholds", k}, only: t.Only, expr: x, limit: &least})
	}
	return all
}

// start is what may be before anything is asked: days in force, numbers of the document, the area, the settings.
func (p *pack) start(i int, only ...*policy.Only) rule.Domains {
	f, parts := &p.policy.File, p.policy.Parts(i)
	d := rule.Domains{}
	days, years := rule.DomainOf(rule.Day(parts.From)), rule.DomainOf(rule.Int(int64(parts.From.Year())))
	days.High, years.High = nil, nil
	if parts.To != nil {
		days.High, years.High = rule.DomainOf(rule.Day(*parts.To)).High, rule.DomainOf(rule.Int(int64(parts.To.Year()))).High
	}
	d["event"], d["year"] = days, years
	if f.Clauses[i].Event != "yearly" {
		d[f.Clauses[i].Event] = days
	}
	for _, prm := range f.Params {
		d["param."+prm.ID] = p.policy.Range(prm.ID)
	}
	if a := f.Document.Area; a != nil {
		in := rule.Domain{Words: map[string]bool{}}
		tops := slices.Clone(a.In)
		if f.Document.Floor != nil {
			tops = append(tops, f.Document.Floor.In...)
		}
		for _, top := range tops {
			for _, code := range p.lib.Areas().Below(top) {
				in.Words[code] = true
			}
		}
		d[rule.AreaCode] = in
	}
	for _, o := range append(only, f.Clauses[i].Only) {
		if o != nil {
			d["setting."+o.Setting] = rule.DomainOf(rule.Text(o.Is))
		}
	}
	return d
}

// variants is the answers to settings under which a clause asks different things; nil is what it always asks.
func variants(c *policy.Clause, steps []step) []*policy.Only {
	all := []*policy.Only{nil}
	for _, s := range steps {
		o := s.only
		if o == nil || c.Only != nil && c.Only.Setting == o.Setting {
			continue
		}
		if !slices.ContainsFunc(all, func(v *policy.Only) bool { return v != nil && *v == *o }) {
			all = append(all, o)
		}
	}
	return all
}

func (s step) under(v *policy.Only, c *policy.Clause) bool {
	return s.only == nil || v != nil && *s.only == *v || c.Only != nil && *s.only == *c.Only
}

// clauses looks for what nobody can meet, and for amounts that are never given. It leaves in p.left what is possible where
// each clause is met.
func (p *pack) clauses() {
	p.left = make([]rule.Domains, len(p.policy.File.Clauses))
	for i := range p.policy.File.Clauses {
		if !p.inTime(i) {
			continue
		}
		c, steps := &p.policy.File.Clauses[i], p.steps(i)
		told := map[int]bool{}
		for _, v := range variants(c, steps) {
			d := p.start(i, v)
			met := true
			for k, s := range steps {
				if !s.under(v, c) {
					continue
				}
				left, possible := s.apply(d)
				if possible {
					d = left
					continue
				}
				if met = false; !told[k] {
					told[k] = true
					p.never(i, steps, k, v)
				}
			}
			if v == nil && met {
				p.left[i] = d
				p.amount(i, d)
			}
		}
	}
}

// inTime says that some day of a clause lies within the document's.
func (p *pack) inTime(i int) bool {
	if i >= len(p.raw.Clauses) {
		return true // an amendment gives its days
	}
	v, d := p.raw.Clauses[i].Valid, p.policy.File.Document.Valid
	if v == nil {
		return true
	}
	if d.To != nil && v.From > *d.To || v.To != nil && *v.To < d.From {
		p.tell("never", Error, p.at("clauses", i, "valid"), i18n.M("lint.never_in_force", p.raw.Clauses[i].ID), i18n.M("lint.mend_never_in_force"), p.at("document", "valid"))
		return false
	}
	return true
}

// never tells of a condition that cannot be met, and of the one that it does not go with.
func (p *pack) never(i int, steps []step, k int, v *policy.Only) {
	start := p.start(i, v)
	c := &p.policy.File.Clauses[i]
	if _, alone := steps[k].apply(start); alone {
		for j := range k {
			if !steps[j].under(v, c) {
				continue
			}
			if d, ok := steps[j].apply(start); ok {
				if _, ok := steps[k].apply(d); !ok {
					p.tell("never", Error, p.at(steps[k].at...), i18n.M("lint.never_both", c.ID), i18n.M("lint.mend_never_both"), p.at(steps[j].at...))
					return
				}
			}
		}
	}
	p.tell("never", Error, p.at(steps[k].at...), i18n.M("lint.never_met", c.ID), i18n.M("lint.mend_never_met"))
}

// amount looks for a table that has no value for what the conditions leave.
func (p *pack) amount(i int, d rule.Domains) {
	c := &p.policy.File.Clauses[i]
	for _, ref := range []struct{ path, param string }{{"fixed", fixedOf(c)}, {"share", shareOf(c)}} {
		k := slices.IndexFunc(p.policy.File.Params, func(prm policy.Param) bool { return prm.ID == ref.param })
		if k < 0 {
			continue
		}
		prm := p.policy.File.Params[k]
		words := d[prm.By].Words
		if len(prm.Values) == 0 || prm.By == "year" || prm.By == rule.AreaCode || words == nil {
			continue
		}
		if !slices.ContainsFunc(sorted(prm.Values), func(key string) bool { return words[key] }) {
			p.tell("never", Error, p.at("clauses", i, "amount", ref.path), i18n.M("lint.never_pays", c.ID, prm.ID), i18n.M("lint.mend_never_pays"), p.at("params", k, "values"))
		}
	}
}

func fixedOf(c *policy.Clause) string {
	if c.Amount.Fixed == nil {
		return ""
	}
	return strings.TrimPrefix(c.Amount.Fixed.Value, "param.")
}

func shareOf(c *policy.Clause) string {
	if c.Amount.Share == nil {
		return ""
	}
	return strings.TrimPrefix(c.Amount.Share.Rate, "param.")
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
