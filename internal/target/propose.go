package target

import (
	"cmp"
	"context"
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Proposing is how quotas are to be proposed.
type Proposing struct {
	Plan, Target string
	Area         string // whose promise is divided
	Parts        string // ByAreas or ByChains
	Year         int
	Base         string     // indicator in proportion to whose figures it is divided; not asked where quotas do not add up
	On           period.Day // day on which the base is told; 0 for today
	Note         string
}

// Propose divides what an area is to reach among its parts in proportion to a base, by largest remainders: the proposal adds up to the whole
// exactly. Of a level or a share each part is to reach the whole itself. It is kept as a proposal, and counts once it is confirmed. It fails
// with Conflict where there is nothing to divide or the base is zero everywhere, or not known of a part.
func (s *Store) Propose(ctx context.Context, view fact.View, p Proposing) (Act, error) {
	x, err := s.Split(ctx, p.Plan, p.Target)
	if err != nil {
		return Act{}, err
	}
	a := Act{Plan: p.Plan, Target: p.Target, Area: p.Area, Parts: p.Parts, Kind: Proposed, Note: p.Note}
	if err := keeps(view.Scope(), p.Area); err != nil {
		return Act{}, err
	}
	if p.Parts != ByAreas && p.Parts != ByChains {
		return Act{}, errs.Invalid(i18n.M("target.bad_parts", p.Parts))
	}
	if err := rightYear(x.Goal, p.Parts, p.Year); err != nil {
		return Act{}, err
	}
	whole := x.Promise(Key{Area: p.Area, Year: p.Year})
	if whole == nil {
		return Act{}, errs.Conflict(i18n.M("target.nothing_to_divide"))
	}
	parts := s.Parts(p.Area, p.Year)
	if p.Parts == ByChains {
		if parts, err = s.Chains(ctx, view, x, p.Area, p.Year); err != nil {
			return Act{}, err
		}
	}
	if len(parts) == 0 {
		return Act{}, errs.Conflict(i18n.M("target.no_parts"))
	}
	if !Adds(x.Goal) {
		for _, k := range parts {
			a.Quotas = append(a.Quotas, Quota{Key: k, Value: whole})
		}
		return s.put(ctx, view.Scope(), a)
	}
	base, err := s.Monitor.Set.Indicator(p.Base)
	if err != nil {
		return Act{}, errs.Invalid(i18n.M("target.no_base", p.Base))
	}
	if base.Over.Space != "sum" {
		return Act{}, errs.Invalid(i18n.M("target.base_adds", base.Name))
	}
	if p.On == 0 {
		p.On = s.Clock.Today()
	}
	weights, err := s.weights(ctx, view, base, p, parts)
	if err != nil {
		return Act{}, err
	}
	shares, ok := apportion(whole, grain(x.Goal.Indicator, whole), weights)
	if !ok {
		return Act{}, errs.Conflict(i18n.M("target.base_zero", base.Name))
	}
	a.Base, a.BaseOn, a.BaseSeq = p.Base, p.On, view.Seq()
	for i, k := range parts {
		a.Quotas = append(a.Quotas, Quota{Key: k, Value: shares[i], Weight: weights[i]})
	}
	return s.put(ctx, view.Scope(), a)
}

// weights is what the base comes to for each part, by all that is known.
func (s *Store) weights(ctx context.Context, view fact.View, base *indicator.Indicator, p Proposing, parts []Key) ([]*big.Rat, error) {
	d := monitor.Dimension{By: monitor.ByArea}
	if p.Parts == ByChains {
		d = byChains
	}
	cells, err := s.Monitor.By(ctx, view, monitor.Query{Indicator: base, Area: p.Area, Period: period.OfYear(p.On.Year()), Until: p.On}, d)
	if err != nil {
		return nil, err
	}
	out := make([]*big.Rat, len(parts))
	for i, k := range parts {
		code := k.Area
		if p.Parts == ByChains {
			code = k.Chain
		}
		out[i] = new(big.Rat)
		n := slices.IndexFunc(cells, func(c monitor.Cell) bool { return c.Code == code })
		if n < 0 {
			continue // nobody is in it
		}
		if cells[n].Value == nil || cells[n].Value.Sign() < 0 {
			return nil, errs.Conflict(i18n.M("target.base_unknown", base.Name, cells[n].Name))
		}
		out[i] = cells[n].Value
	}
	return out, nil
}

// grain is the least by which quotas differ: one of what is counted, the last decimal that is shown of an amount, and less where the whole
// itself is finer.
func grain(x *indicator.Indicator, whole *big.Rat) *big.Rat {
	g := big.NewRat(1, 1)
	if x.Type == rule.MoneyType {
		g.Set(unitOf(indicator.Goal{Indicator: x}))
		for range x.Places {
			g.Quo(g, big.NewRat(10, 1))
		}
	}
	for range maxPlaces {
		if new(big.Rat).Quo(whole, g).IsInt() {
			return g
		}
		g.Quo(g, big.NewRat(10, 1))
	}
	return new(big.Rat).SetFrac(big.NewInt(1), whole.Denom())
}

// apportion divides a whole, a multiple of grain, in proportion to weights, in multiples of grain that add up to it: each part gets the whole
// grains of its share, and those that are left go to the parts that lack most, the first of equals. ok is false where all weights are zero.
func apportion(whole, grain *big.Rat, weights []*big.Rat) (out []*big.Rat, ok bool) {
	sum := new(big.Rat)
	for _, w := range weights {
		sum.Add(sum, w)
	}
	if sum.Sign() <= 0 {
		return nil, false
	}
	left := new(big.Int).Set(new(big.Rat).Quo(whole, grain).Num())
	grains, rest := make([]*big.Int, len(weights)), make([]*big.Rat, len(weights))
	order := make([]int, len(weights))
	for i, w := range weights {
		share := new(big.Rat).Quo(new(big.Rat).Mul(whole, w), new(big.Rat).Mul(sum, grain))
		grains[i] = new(big.Int).Quo(share.Num(), share.Denom())
		rest[i] = new(big.Rat).Sub(share, new(big.Rat).SetInt(grains[i]))
		left.Sub(left, grains[i])
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(rest[b].Cmp(rest[a]), cmp.Compare(a, b)) })
	for _, i := range order[:left.Int64()] { // fewer than there are parts: each rest is less than one
		grains[i].Add(grains[i], big.NewInt(1))
	}
	for _, n := range grains {
		out = append(out, new(big.Rat).Mul(new(big.Rat).SetInt(n), grain))
	}
	return out, true
}

// Bases are the indicators in proportion to which quotas can be proposed: those that add up over areas.
func (s *Store) Bases() []*indicator.Indicator {
	var all []*indicator.Indicator
	for _, x := range s.Monitor.Set.Indicators() {
		if x.Over.Space == "sum" {
			all = append(all, x)
		}
	}
	return all
}

// MayDivide says that a scope enters quotas of the parts of an area.
func MayDivide(scope access.Scope, area string) bool { return keeps(scope, area) == nil }
