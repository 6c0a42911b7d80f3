package lint

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// ceilings looks for limits that leave nothing, and for those above the most that is ever held against them.
func (p *pack) ceilings() {
	for i := range p.policy.File.Clauses {
		c := &p.policy.File.Clauses[i]
		for k, ceil := range c.Ceilings {
			if ceil.Of != "" {
				continue
			}
			low, high := p.span(ceil.Limit)
			at := p.at("clauses", i, "ceilings", k)
			if high.Sign() <= 0 {
				p.tell("ceiling", Error, at, i18n.M("lint.ceiling_zero", ceil.ID, c.ID), i18n.M("lint.mend_ceiling_zero"), p.paramAt(ceil.Limit))
				continue
			}
			drawn, because := p.drawn(i, k)
			switch {
			case drawn == nil || len(ceil.Counts) > 0 || low.Cmp(drawn) <= 0:
			case len(ceil.With) > 0:
				p.tell("ceiling", Warning, at, i18n.M("lint.joint_never_binds", ceil.ID, yuan(low), yuan(drawn)), i18n.M("lint.mend_never_binds"), because)
			default:
				p.tell("ceiling", Warning, at, i18n.M("lint.never_binds", ceil.ID, c.ID), i18n.M("lint.mend_never_binds"), because)
			}
		}
		p.payers(i)
	}
}

// drawn is the most that can draw on a ceiling for one of its subjects and periods, and what says so; nil where nothing
// bounds it.
func (p *pack) drawn(i, k int) (sum *big.Rat, because Place) {
	ceil := p.policy.File.Clauses[i].Ceilings[k]
	sum, because = p.draws(i, i, k)
	for _, id := range ceil.With {
		j := p.number(id)
		if sum == nil || j == i {
			return sum, because
		}
		most, _ := p.draws(j, i, k)
		if most == nil {
			return nil, because
		}
		sum = new(big.Rat).Add(sum, most)
	}
	return sum, because
}

// draws is the most that one clause draws on the ceiling k of clause i: by what its lines come to, or by a limit of its own
// that reaches as far.
func (p *pack) draws(j, i, k int) (most *big.Rat, because Place) {
	c, ceil := &p.policy.File.Clauses[j], p.policy.File.Clauses[i].Ceilings[k]
	if line := p.most(j); line != nil {
		if n := p.lines(j, ceil); n > 0 {
			most, because = new(big.Rat).Mul(line, new(big.Rat).SetInt64(n)), p.at("clauses", j, "amount")
		}
	}
	if p.raisedOutside(c) {
		return most, because
	}
	for n, own := range c.Ceilings {
		if j == i && n == k || own.Of != "" || !always(own.Only, c.Only) || !wider(own, ceil) {
			continue
		}
		if _, limit := p.span(own.Limit); most == nil || limit.Cmp(most) < 0 {
			most, because = limit, p.at("clauses", j, "ceilings", n)
		}
	}
	return most, because
}

// wider says that a limit holds for all that another is held against: a project lies within its enterprise, an event
// within its year.
func wider(wide, narrow policy.Ceiling) bool {
	scopes, periods := []string{"unit", "project", "enterprise"}, []string{"event", "year", "policy"}
	scope := slices.Index(scopes, wide.Scope) >= slices.Index(scopes, narrow.Scope)
	w, n := slices.Index(periods, wide.Period), slices.Index(periods, narrow.Period)
	return scope && n >= 0 && w >= n
}

// raisedOutside says that an uplift lifts the ceilings of a clause, or may under some setting.
func (p *pack) raisedOutside(c *policy.Clause) bool {
	return slices.ContainsFunc(p.policy.File.Uplifts, func(u policy.Uplift) bool {
		return slices.Contains(u.Clauses, c.ID) && u.Ceiling != "" && u.Ceiling != "inside"
	})
}

// payers looks at who pays which part: parts that do not make the whole, and limits that are never reached.
func (p *pack) payers(i int) {
	sh := p.policy.File.Clauses[i].Shares
	if sh == nil {
		return
	}
	c := &p.policy.File.Clauses[i]
	var refs, limits []string
	for k, part := range sh.Of {
		refs = append(refs, part.Share)
		if part.Ceiling == "" {
			continue
		}
		limits = append(limits, part.Ceiling)
		limit, _ := p.span(part.Ceiling)
		_, rate := p.span(part.Share)
		if most := p.most(i); most != nil && limit.Cmp(new(big.Rat).Mul(most, rate)) > 0 {
			p.tell("ceiling", Warning, p.at("clauses", i, "shares", "of", k), i18n.M("lint.payer_never_binds", part.Payer, c.ID), i18n.M("lint.mend_never_binds"), p.at("clauses", i, "amount"))
		}
	}
	p.whole(refs, func(key string, sum *big.Rat) {
		at := p.at("clauses", i, "shares", "of")
		if sum.Cmp(big.NewRat(1, 1)) > 0 {
			p.tell("shares", Error, at, i18n.M("lint.shares_over", c.ID, percent(sum), in(key)), i18n.M("lint.mend_shares"))
			return
		}
		p.tell("shares", Warning, at, i18n.M("lint.shares_under", c.ID, percent(sum), in(key)), i18n.M("lint.mend_shares"))
	})
	if sh.JointCeiling == "" || sh.Floor != "" || len(limits) < len(sh.Of) {
		return
	}
	sum := new(big.Rat)
	for _, ref := range limits {
		_, limit := p.span(ref)
		sum.Add(sum, limit)
	}
	if joint, _ := p.span(sh.JointCeiling); joint.Cmp(sum) > 0 {
		p.tell("ceiling", Warning, p.at("clauses", i, "shares", "joint_ceiling"), i18n.M("lint.joint_payers", c.ID, yuan(joint), yuan(sum)), i18n.M("lint.mend_never_binds"), p.at("clauses", i, "shares", "of"))
	}
}
