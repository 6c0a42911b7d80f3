package lint

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// uplifts looks for uplifts that come to nothing: by nothing, under conditions that never hold, of clauses that are never
// met, or above ceilings that stay.
func (p *pack) uplifts() {
	for k, u := range p.policy.File.Uplifts {
		if low, _ := p.span(u.By); low.Sign() <= 0 {
			p.tell("uplift", Error, p.at("uplifts", k, "by"), i18n.M("lint.uplift_zero", u.ID, name(u.By)), i18n.M("lint.mend_uplift_zero"), p.paramAt(u.By))
			continue
		}
		capped := len(u.Clauses) > 0
		var by Place
		for n, id := range u.Clauses {
			i := p.number(id)
			if p.left[i] == nil || apart(u.Only, p.policy.File.Clauses[i].Only) {
				p.tell("uplift", Error, p.at("uplifts", k, "clauses", n), i18n.M("lint.uplift_of_never", u.ID, id), i18n.M("lint.mend_uplift_of_never"), p.at("clauses", i))
				capped = false
				continue
			}
			capped = p.uplifted(k, i, &by) && capped
		}
		if capped {
			p.tell("uplift", Warning, p.at("uplifts", k), i18n.M("lint.uplift_capped", u.ID), i18n.M("lint.mend_uplift_capped"), by)
		}
	}
}

// uplifted tells of conditions of an uplift that do not go with those of a clause. It says that the clause comes to its
// ceiling without the uplift.
func (p *pack) uplifted(k, i int, by *Place) (capped bool) {
	u, c := &p.policy.File.Uplifts[k], &p.policy.File.Clauses[i]
	d := p.left[i]
	for n, x := range p.policy.Parts(i).Uplifts[k] {
		if !always(u.When[n].Only, c.Only) && !always(u.When[n].Only, u.Only) {
			continue
		}
		var ok bool
		if d, ok = x.Assume(true, d); !ok {
			p.tell("uplift", Error, p.at("uplifts", k, "when", n), i18n.M("lint.uplift_never", u.ID, c.ID), i18n.M("lint.mend_never_both"), p.at("clauses", i))
			return false
		}
	}
	limit, at := p.stays(i)
	least := p.least(i)
	if limit == nil || least == nil || least.Cmp(limit) < 0 || u.Ceiling != "" && u.Ceiling != "inside" {
		return false
	}
	*by = at
	return true
}

// stays is a ceiling of a clause that cuts each line by itself before anything else is asked; nil without one.
func (p *pack) stays(i int) (limit *big.Rat, at Place) {
	c := &p.policy.File.Clauses[i]
	if p.shared(i) || p.raisedOutside(c) {
		return nil, at
	}
	for k, ceil := range c.Ceilings {
		if ceil.Of != "" || ceil.Scope == "enterprise" && p.grouped(c.ID) || !always(ceil.Only, c.Only) {
			continue
		}
		if _, high := p.span(ceil.Limit); limit == nil || high.Cmp(limit) < 0 {
			limit, at = high, p.at("clauses", i, "ceilings", k)
		}
	}
	return limit, at
}

// shared says that a clause draws on a ceiling together with another.
func (p *pack) shared(i int) bool {
	id := p.policy.File.Clauses[i].ID
	return slices.ContainsFunc(p.policy.File.Clauses, func(c policy.Clause) bool {
		return slices.ContainsFunc(c.Ceilings, func(ceil policy.Ceiling) bool {
			return len(ceil.With) > 0 && (c.ID == id || slices.Contains(ceil.With, id))
		})
	})
}

// grouped says that a clause stands against others.
func (p *pack) grouped(id string) bool {
	return slices.ContainsFunc(p.policy.File.Stacking.Groups, func(g policy.Group) bool { return slices.Contains(g.Clauses, id) })
}

// upgrades looks for differences that are never paid: a level that brings no more than one that is listed before it.
func (p *pack) upgrades() {
	for k, g := range p.policy.File.Stacking.Groups {
		if g.Pick != "difference" {
			continue
		}
		for n, id := range g.Clauses {
			most := p.most(p.number(id))
			if most == nil {
				continue
			}
			for m, before := range g.Clauses[:n] {
				i := p.number(before)
				least := p.least(i)
				if least == nil || len(p.policy.File.Clauses[i].Ceilings) > 0 || p.shared(i) || most.Cmp(least) > 0 {
					continue
				}
				p.tell("upgrade", Warning, p.at("stacking", "groups", k, "clauses", n), i18n.M("lint.upgrade_falls", id, yuan(most), before, yuan(least)), i18n.M("lint.mend_upgrade"), p.at("stacking", "groups", k, "clauses", m))
				break
			}
		}
	}
}
