package target

import (
	"context"
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/monitor"
)

// Quarter is where a value lies among its peers.
type Quarter string

// The quarters. Upper is the better one.
const (
	Upper  Quarter = "upper"
	Middle Quarter = "middle"
	Lower  Quarter = "lower"
)

// fewest is how many peers a band needs: fewer would tell who is who.
const fewest = 4

// Band is how the areas right below one stand, without saying which one stands where.
type Band struct {
	Parts          bool     // values are parts of each one's quota; else the figures themselves
	N              int      // areas whose value is known
	Low, Mid, High *big.Rat // first quartile, median and third quartile of the values; nil where there are too few
	less           bool
	values         map[string]*rated
}

type rated struct {
	value *big.Rat
	rank  int
}

// Value is what an area is compared by; nil where that is not known.
func (b *Band) Value(area string) *big.Rat {
	if x := b.values[area]; x != nil {
		return x.value
	}
	return nil
}

// Rank is the place of an area, 1 for the best; 0 where its value is not known. It is shown where the ranking was switched on, and nowhere else.
func (b *Band) Rank(area string) int {
	if x := b.values[area]; x != nil {
		return x.rank
	}
	return 0
}

// Quarter is where an area lies; "" where it or the band is not known.
func (b *Band) Quarter(area string) Quarter {
	v := b.Value(area)
	if v == nil || b.Low == nil {
		return ""
	}
	if b.Low.Cmp(b.High) == 0 && v.Cmp(b.Low) == 0 { // most stand alike
		return Middle
	}
	low, high := v.Cmp(b.Low) <= 0, v.Cmp(b.High) >= 0
	if b.less {
		low, high = high, low
	}
	switch {
	case high:
		return Upper
	case low:
		return Lower
	}
	return Middle
}

// Band is how the areas right below one stand in a target on a day: by the part of its quota that each has reached where figures add up, else by
// the figures themselves. It is told of all of them, whoever asks: of the others a reader is told the quartiles alone.
func (s *Store) Band(ctx context.Context, view fact.View, a Asked) (*Band, error) {
	g := a.Split.Goal
	b := &Band{values: map[string]*rated{}}
	if g.Indicator == nil {
		return b, nil
	}
	if a.On == 0 {
		a.On = s.Clock.Today()
	}
	begin, end := span(g, a.On)
	if a.On < begin {
		return b, nil
	}
	all, err := s.Monitor.Frames.For(ctx, access.SystemScope(), view.Seq())
	if err != nil {
		return nil, err
	}
	b.less, b.Parts = g.Indicator.LessIsBetter(), Adds(g)
	parts, err := s.parts(ctx, all, a)
	if err != nil {
		return nil, err
	}
	for _, k := range s.Parts(a.Area, 0) {
		v := parts[k.Area]
		if v == nil {
			continue
		}
		if b.Parts {
			if g.Span == content.EachYear {
				k.Year = end.Year()
			}
			q := a.Split.Promise(k)
			if q == nil || q.Sign() <= 0 {
				continue
			}
			v = new(big.Rat).Quo(v, q)
		}
		b.values[k.Area] = &rated{value: v}
	}
	list := make([]*rated, 0, len(b.values))
	for _, k := range s.Parts(a.Area, 0) {
		if x := b.values[k.Area]; x != nil {
			list = append(list, x)
		}
	}
	ranks(list, !b.less)
	if b.N = len(list); b.N >= fewest {
		slices.SortFunc(list, func(x, y *rated) int { return x.value.Cmp(y.value) })
		at := func(quarters int) *big.Rat { return list[(b.N*quarters+3)/4-1].value } // the nearest rank
		b.Low, b.Mid, b.High = at(1), at(2), at(3)
	}
	return b, nil
}

// parts is what of a target is promised, for each area right below one.
func (s *Store) parts(ctx context.Context, view fact.View, a Asked) (map[string]*big.Rat, error) {
	g := a.Split.Goal
	begin, _ := span(g, a.On)
	m := measuring{x: g.Indicator, area: a.Area, from: begin, on: min(a.On, s.Clock.Today()), verified: a.Verified}
	var err error
	if m.choices, err = s.Monitor.Choices(ctx, view, a.Area, m.on); err != nil {
		return nil, err
	}
	byAreas := monitor.Dimension{By: monitor.ByArea}
	now, err := s.by(ctx, view, m, byAreas)
	if err != nil {
		return nil, err
	}
	out := map[string]*big.Rat{}
	if g.Change == "" {
		for code, f := range now {
			out[code] = f.Value
		}
		return out, nil
	}
	if Alike(g) {
		pairs, err := s.Monitor.Alike(ctx, view, m.query(m.on.Year()), byAreas)
		for code, p := range pairs {
			out[code] = p.Growth()
		}
		return out, err
	}
	m.on = before(g, m.on)
	then, err := s.by(ctx, view, m, byAreas)
	if err != nil {
		return nil, err
	}
	for code, f := range now {
		switch was := then[code]; {
		case f.Value == nil || was.Value == nil:
		case g.Change == content.Growth:
			out[code] = monitor.Growth(f.Figure, was.Figure)
		default:
			out[code] = new(big.Rat).Sub(f.Value, was.Value)
		}
	}
	return out, nil
}
