package lint

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// always says that an item holds whenever its clause does.
func always(item, clause *policy.Only) bool {
	return item == nil || clause != nil && *item == *clause
}

// award is the span of a parameter that a clause pays by, of its table only the codes that the conditions leave.
func (p *pack) award(i int, ref string) (low, high *big.Rat) {
	low, high = p.span(ref)
	prm := p.policy.File.Params[p.index(ref)]
	words := p.left[i][prm.By].Words
	if prm.By == "" || words == nil || prm.By == rule.AreaCode || len(p.raw.Amendments) > 0 {
		return low, high
	}
	var values []*big.Rat
	for key, v := range p.policy.Values(prm.ID) {
		if words[key] {
			values = append(values, rule.DomainOf(v).Low.Value)
		}
	}
	if len(values) == 0 {
		return low, high
	}
	return slices.MinFunc(values, (*big.Rat).Cmp), slices.MaxFunc(values, (*big.Rat).Cmp)
}

// most is the most that one line of a clause may come to with every uplift and before its ceilings, in fen; nil where nothing
// bounds it or it is not followed.
func (p *pack) most(i int) *big.Rat {
	c := &p.policy.File.Clauses[i]
	if p.left[i] == nil || c.Shares != nil && c.Shares.Floor != "" {
		return nil
	}
	x := p.mostByItself(i)
	if x == nil {
		return nil
	}
	for _, u := range p.policy.File.Uplifts {
		if !slices.Contains(u.Clauses, c.ID) {
			continue
		}
		_, by := p.span(u.By)
		if p.isRate(u.By) {
			by = new(big.Rat).Mul(x, by)
		}
		if by.Sign() > 0 {
			x = new(big.Rat).Add(x, by)
		}
	}
	return x
}

func (p *pack) mostByItself(i int) *big.Rat {
	a := p.policy.File.Clauses[i].Amount
	share := func(rates ...string) *big.Rat {
		top := p.policy.Parts(i).Base.Range(p.left[i]).High
		if top == nil || top.Value.Sign() < 0 {
			return nil
		}
		most := new(big.Rat)
		for _, ref := range rates {
			if _, rate := p.span(ref); rate.Cmp(most) > 0 {
				most = rate
			}
		}
		return new(big.Rat).Mul(top.Value, most)
	}
	high := func(ref string) *big.Rat {
		_, x := p.award(i, ref)
		return x
	}
	switch {
	case a.Fixed != nil:
		return high(a.Fixed.Value)
	case a.UpTo != nil && a.UpTo.Limit != "":
		return high(a.UpTo.Limit)
	case a.UpTo != nil:
		return share(a.UpTo.Rate)
	case a.InKind != nil:
		return high(a.InKind.Ceiling)
	case a.Share != nil:
		return share(a.Share.Rate)
	case a.Bands != nil:
		var rates []string
		for _, b := range a.Bands.Bands {
			rates = append(rates, b.Rate)
		}
		return share(rates...)
	case a.Marks != nil:
		sum := new(big.Rat)
		for _, m := range a.Marks.Marks {
			switch _, x := p.span(m.Award); {
			case a.Marks.Pays == "each":
				sum = new(big.Rat).Add(sum, x)
			case x.Cmp(sum) > 0:
				sum = x
			}
		}
		return sum
	}
	return nil
}

// least is the least that one line of a clause comes to where it is met, before uplifts and ceilings; nil where that is not
// followed.
func (p *pack) least(i int) *big.Rat {
	c := &p.policy.File.Clauses[i]
	if p.left[i] == nil || c.Shares != nil {
		return nil
	}
	var x *big.Rat
	switch {
	case c.Amount.Fixed != nil:
		x, _ = p.award(i, c.Amount.Fixed.Value)
	case c.Amount.Share != nil:
		above := slices.ContainsFunc(c.Thresholds, func(t policy.Threshold) bool { return t.Base == "above" })
		bottom := p.policy.Parts(i).Base.Range(p.left[i]).Low
		if rate, _ := p.award(i, c.Amount.Share.Rate); !above && bottom != nil {
			x = new(big.Rat).Mul(bottom.Value, rate)
		}
	}
	if x == nil || x.Sign() <= 0 {
		return nil
	}
	return p.rounded(c, x)
}

// rounded is an amount down to the unit that the clause rounds to, which no rounding falls below.
func (p *pack) rounded(c *policy.Clause, x *big.Rat) *big.Rat {
	unit, how := int64(1), c.Rounding
	if how == nil {
		how = p.doc().Rounding
	}
	if how != nil {
		unit = int64(how.To)
	}
	to := new(big.Rat).SetInt64(unit)
	n := new(big.Rat).Quo(x, to)
	whole := new(big.Int).Quo(n.Num(), n.Denom())
	return to.Mul(to, new(big.Rat).SetInt(whole))
}

// lines is how many lines of a clause draw on one ceiling at most; 0 for any number.
func (p *pack) lines(i int, ceil policy.Ceiling) int64 {
	c, parts := &p.policy.File.Clauses[i], p.policy.Parts(i)
	own := ceil.Scope == "unit" || ceil.Scope == c.Entity
	once := slices.ContainsFunc(c.Once, func(o policy.Once) bool {
		return len(o.Same) == 0 && o.Most == "" && o.Only == nil && o.Period != "year"
	})
	switch {
	case once || ceil.Period == "event":
		return 1
	case !own:
		return 0
	case c.Event != "yearly" || ceil.Period == "year":
		return 1
	case parts.To == nil:
		return 0
	}
	return int64(parts.To.Year() - max(parts.From, period.Date(1, 1, 1)).Year() + 1)
}
