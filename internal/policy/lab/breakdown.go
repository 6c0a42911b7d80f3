package lab

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

// Figure is what some firms come to together.
type Figure struct {
	Sure    int // firms that get it for sure
	Perhaps int // that may get it
	Pays    policy.Interval
}

func (f *Figure) add(x *region.Firm) {
	switch x.State() {
	case policy.Met:
		f.Sure++
	case policy.Unknown:
		f.Perhaps++
	}
	f.Pays = f.Pays.Plus(x.Total).Plus(x.InKind)
}

func ofSum(s region.Sum) Figure {
	return Figure{Sure: s.Sure, Perhaps: s.Perhaps, Pays: s.Total.Plus(s.InKind)}
}

// Row is one part of a whole, under the law and under the scenario.
type Row struct {
	Code          string    // of an area, clause, size, industry; a year; "" where it is not known
	Name          i18n.Text // zero for years and for what is not known
	Before, After Figure
}

// Breakdown is a whole by its parts. For the law and for the scenario alike, and to the fen:
//
//	total.Sure     = the sum of the rows' Sure + Apart
//	total.Possible = the sum of the rows' Possible − Twice
//
// Apart is certain in all and of no row by itself: one of two clauses pays for sure, and it is not known which. Twice is what
// rows claim more than once: each may have it, and all of them together may not, because of a ceiling, a contest or a pool.
// Both are zero where everything is known. Where a total has no bound, Twice is zero and means nothing.
type Breakdown struct {
	Rows          []Row
	Before, After Closing
}

// Closing is a total and how the rows add up to it.
type Closing struct {
	Total policy.Interval
	Apart money.Fen
	Twice money.Fen
}

// breakdown is one without rows.
func (o *Outcome) breakdown() Breakdown {
	return Breakdown{
		Before: Closing{Total: ofSum(o.Before.Sum).Pays},
		After:  Closing{Total: ofSum(o.After.Sum).Pays},
	}
}

// closed works out how the rows add up.
func (b Breakdown) closed() Breakdown {
	var before, after policy.Interval
	for _, r := range b.Rows {
		before, after = before.Plus(r.Before.Pays), after.Plus(r.After.Pays)
	}
	b.Before.close(before)
	b.After.close(after)
	return b
}

func (c *Closing) close(rows policy.Interval) {
	c.Apart = c.Total.Sure - rows.Sure
	if !c.Total.Unbounded && !rows.Unbounded {
		c.Twice = rows.Possible - c.Total.Possible
	}
}

// by sums firms by what they are. known is rows that are there anyway, in their order; others follow as they come.
func (o *Outcome) by(known []Row, what func(*region.Firm) (code string, name i18n.Text)) Breakdown {
	b := o.breakdown()
	b.Rows = slices.Clone(known)
	at := map[string]int{}
	for i, r := range b.Rows {
		at[r.Code] = i
	}
	for _, p := range o.pairs() {
		code, name := what(p.then)
		i, ok := at[code]
		if !ok {
			i = len(b.Rows)
			at[code] = i
			b.Rows = append(b.Rows, Row{Code: code, Name: name})
		}
		b.Rows[i].Before.add(p.law)
		b.Rows[i].After.add(p.then)
	}
	return b.closed()
}
