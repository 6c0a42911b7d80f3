package monitor

import (
	"context"
	"math/big"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Pair is what the same subjects brought within a period and within the same period of the year before (可比口径). In a sum of months a
// subject is in it with those months that it stated in both years, so that whoever came, left or has not reported moves no growth. A subject
// is where it lies on the last day of the later period, in both. A figure of nobody has no value.
type Pair struct{ Now, Then indicator.Figure }

// Growth is by how much the later figure is above the earlier one, as a part of that; nil where nobody can say.
func (p Pair) Growth() *big.Rat { return Growth(p.Now, p.Then) }

// YearBefore is the same question a year earlier: a period that has not ended by Until, which must be given, is compared with the one before up
// to the same day.
func (q Query) YearBefore() Query {
	q.Period, _ = q.Period.YearBefore()
	until, _ := period.OfDay(q.Until).YearBefore()
	_, q.Until, _ = until.Span()
	return q
}

// pair is a Pair before it is a figure.
type pair struct{ now, then indicator.Tally }

func (p pair) plus(o pair) pair { return pair{p.now.Plus(o.now), p.then.Plus(o.then)} }

// pairs are pairs by area and part.
type pairs []pair

// Size is how much room they take.
func (p pairs) Size() int { return 200 * len(p) }

// pairKey is all that pairs by area and part depend on within a snapshot. placed is zero where nobody ever moved.
type pairKey struct {
	now, then   lineKey
	first, last period.Day
	before      period.Day // last day of the earlier span
	placed      period.Day
	seen        seenKey
	parts       placeKey
}

// couple is two spans of which subjects are compared.
type couple struct{ now, then indicator.At }

// couples are the spans of a flow beside those of the year before: month by month where it is a sum of months.
func (q Query) couples(at indicator.At) []couple {
	var all []couple
	for _, p := range q.Indicator.Months(q.Period) {
		before, ok := p.YearBefore()
		now, have := indicator.For(p, at.Last, at.Choices)
		if !ok || !have {
			continue
		}
		_, until, _ := before.Span()
		if _, last, _ := p.Span(); last > at.Last {
			day, _ := period.OfDay(at.Last).YearBefore()
			_, until, _ = day.Span()
		}
		if then, ok := indicator.For(before, until, at.Choices); ok {
			all = append(all, couple{now, then})
		}
	}
	return all
}

// Alike is a flow of the same subjects in a period and a year before, by the codes of the parts of a dimension; the zero Dimension has one,
// "". A part in which nobody stated both has no figures. Of what is no flow over subjects it is Invalid.
func (m *Monitor) Alike(ctx context.Context, view fact.View, q Query, d Dimension) (map[string]Pair, error) {
	x := q.Indicator
	if x.Measure != indicator.Flow {
		return nil, errs.Invalid(i18n.M("monitor.no_pairs", x.Name))
	}
	if _, ok := m.Library.Areas().Node(q.Area); !ok && q.Area != "" {
		return nil, errs.NotFound("area", q.Area)
	}
	w, at, err := m.asked(ctx, view, q)
	if err != nil {
		return nil, err
	}
	g, err := m.grouping(w, d, q.Area, at)
	if err != nil {
		return nil, err
	}
	sums := make(pairs, len(g.heads))
	for _, c := range q.couples(at) {
		if err := m.pairUp(w, view, q, c, at.Last, g, sums); err != nil {
			return nil, err
		}
	}
	out := map[string]Pair{}
	for i, h := range g.heads {
		if sums[i].now.Counted > 0 {
			out[h.Code] = Pair{x.Figure(sums[i].now), x.Figure(sums[i].then)}
		}
	}
	return out, nil
}

// pairUp adds what subjects brought in two spans up by the parts in which their firms are.
func (m *Monitor) pairUp(w *snapshot, view fact.View, q Query, c couple, placed period.Day, g *grouping, sums pairs) error {
	x := q.Indicator
	now, err := m.linesOf(w, x, c.now)
	if err != nil {
		return err
	}
	then, err := m.linesOf(w, x, c.then)
	if err != nil {
		return err
	}
	k, seen, s := w.of(x.Kind), w.sees(view, x.Sensitive()), w.stays()
	each := func(into func(i int, o int32) *pair) {
		for i, state := range now.States {
			if state != indicator.Counted || then.States[i] != indicator.Counted {
				continue
			}
			o := k.owner[i]
			if seen != nil && !seen[o] || now.Line(i, c.now).State != indicator.Counted || then.Line(i, c.then).State != indicator.Counted {
				continue
			}
			if p := into(i, o); p != nil {
				now.Add(&p.now, i, c.now)
				then.Add(&p.then, i, c.then)
			}
		}
	}
	if q.Only != nil {
		in, err := m.inside(w, q, indicator.At{First: c.now.First, Last: placed, Choices: c.now.Choices})
		if err != nil {
			return err
		}
		each(func(_ int, o int32) *pair {
			if part := g.part(o); in[o] && part >= 0 {
				return &sums[part]
			}
			return nil
		})
		return nil
	}
	parts := g
	if g.areal() {
		parts = whole
	}
	key := pairKey{
		now: key(x, c.now), then: key(x, c.then), first: c.now.First, last: c.now.Last, before: c.then.Last,
		seen: seenKey{view.Scope().Key(), x.Sensitive()}, parts: parts.key,
	}
	if len(k.movers) > 0 {
		key.placed = placed
	}
	byLeaf := w.pairs.Get(key, func() pairs {
		t := make(pairs, (len(s.codes)+1)*len(parts.heads))
		each(func(_ int, o int32) *pair {
			leaf, part := s.on(int(o), placed), parts.part(o)
			if leaf == nowhere {
				leaf = int32(len(s.codes))
			}
			if part < 0 {
				return nil
			}
			return &t[int(leaf)*len(parts.heads)+int(part)]
		})
		return t
	})
	in := whole
	if q.Area != "" {
		in = m.within(w, q.Area, placed)
	}
	for n := range byLeaf {
		leaf, part := int32(n/len(parts.heads)), int32(n%len(parts.heads))
		if in.at(leaf) < 0 || byLeaf[n].now.Counted == 0 {
			continue
		}
		if g.areal() {
			part = g.at(leaf)
		}
		if part >= 0 {
			sums[part] = sums[part].plus(byLeaf[n])
		}
	}
	return nil
}
