package lint

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// payments looks at instalments that do not make the whole or never fall due, and at what is taken back always or never.
func (p *pack) payments() {
	for i := range p.policy.File.Clauses {
		c := &p.policy.File.Clauses[i]
		if c.Payment == nil || p.left[i] == nil {
			continue
		}
		p.instalments(i)
		for k, x := range p.policy.Parts(i).Clawback {
			if !always(c.Payment.Clawback[k].Only, c.Only) {
				continue
			}
			at := p.at("clauses", i, "payment", "clawback", k)
			if _, spared := x.Assume(false, p.left[i]); !spared {
				p.tell("instalments", Error, at, i18n.M("lint.clawback_always", c.ID), i18n.M("lint.mend_clawback"), p.at("clauses", i))
			} else if _, taken := x.Assume(true, p.left[i]); !taken {
				p.tell("instalments", Warning, at, i18n.M("lint.clawback_never", c.ID), i18n.M("lint.mend_clawback"), p.at("clauses", i))
			}
		}
	}
}

func (p *pack) instalments(i int) {
	c := &p.policy.File.Clauses[i]
	parts := p.policy.Parts(i).Instalments
	var refs []string
	for k, part := range c.Payment.Instalments {
		at := p.at("clauses", i, "payment", "instalments", k)
		refs = append(refs, part.Share)
		if low, _ := p.span(part.Share); low.Sign() <= 0 {
			p.tell("instalments", Error, at, i18n.M("lint.instalment_zero", part.ID, name(part.Share)), i18n.M("lint.mend_instalment_zero"), p.paramAt(part.Share))
		}
		if k > 0 && part.On == "" && len(part.When) == 0 {
			p.tell("instalments", Warning, at, i18n.M("lint.instalment_at_once", part.ID), i18n.M("lint.mend_instalment_at_once"), p.at("clauses", i, "payment", "instalments", k-1))
		}
		for n, x := range parts[k] {
			if !always(part.When[n].Only, c.Only) {
				continue
			}
			if _, ok := x.Assume(true, p.left[i]); !ok {
				p.tell("instalments", Error, p.at("clauses", i, "payment", "instalments", k, "when", n), i18n.M("lint.instalment_never", part.ID, c.ID), i18n.M("lint.mend_never_both"), p.at("clauses", i))
			}
		}
	}
	p.whole(refs, func(key string, sum *big.Rat) {
		p.tell("instalments", Error, p.at("clauses", i, "payment", "instalments"), i18n.M("lint.instalments_sum", c.ID, percent(sum), in(key)), i18n.M("lint.mend_instalments_sum"))
	})
}

// whole adds rates up, key by key of their tables, and tells where they do not make one; once.
func (p *pack) whole(refs []string, tell func(key string, sum *big.Rat)) {
	if len(refs) == 0 {
		return
	}
	keys, by := map[string]bool{}, ""
	for _, ref := range refs {
		prm := p.policy.File.Params[p.index(ref)]
		if prm.By != "" && by != "" && prm.By != by {
			return // one by year, another by size: no sum is known
		}
		for key := range p.policy.Values(prm.ID) {
			if key != "" {
				by, keys[key] = prm.By, true
			}
		}
	}
	if len(keys) == 0 {
		keys[""] = true
	}
	for _, key := range sorted(keys) {
		sum := new(big.Rat)
		for _, ref := range refs {
			values := p.values(ref)
			v, ok := values[key]
			if !ok {
				v, ok = values[""]
			}
			if ok {
				sum.Add(sum, v.Rate().Rat())
			}
		}
		if sum.Cmp(big.NewRat(1, 1)) != 0 {
			tell(key, sum)
			return
		}
	}
}

// requires looks for prerequisites that nobody meets, or not at the same time.
func (p *pack) requires() {
	for i := range p.policy.File.Clauses {
		c := &p.policy.File.Clauses[i]
		for k, r := range c.Requires {
			possible := slices.ContainsFunc(r.Clauses, func(id string) bool {
				j := p.number(id)
				return p.left[j] != nil && !apart(c.Only, p.policy.File.Clauses[j].Only) && (r.Period != "year" || p.sameYear(i, j))
			})
			if p.left[i] != nil && !possible {
				p.tell("never", Error, p.at("clauses", i, "requires", k), i18n.M("lint.requires_never", c.ID), i18n.M("lint.mend_requires_never"), p.at("clauses", p.number(r.Clauses[0])))
			}
		}
	}
}

// sameYear says that two clauses are in force in some year together.
func (p *pack) sameYear(i, j int) bool {
	a, b := p.policy.Parts(i), p.policy.Parts(j)
	return (a.To == nil || a.To.Year() >= b.From.Year()) && (b.To == nil || b.To.Year() >= a.From.Year())
}

// number is the place of a clause in the file.
func (p *pack) number(id string) int {
	return slices.IndexFunc(p.policy.File.Clauses, func(c policy.Clause) bool { return c.ID == id })
}
