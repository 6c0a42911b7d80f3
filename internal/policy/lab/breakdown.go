package lab

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

// Figure is what some firms come to together.
type Figure struct {
	Sure    int // firms that get it for sure
	Perhaps int // that may get it
	Pays    policy.Interval
}

// tally is a Figure that firms can be put into and taken out of again.
type tally struct {
	sure, perhaps  int
	pays, possible money.Fen
	unbounded      int // firms whose amount has no limit
}

// put adds a firm so many times; -1 takes it out.
func (f *tally) put(x *region.Firm, times int) {
	switch x.State() {
	case policy.Met:
		f.sure += times
	case policy.Unknown:
		f.perhaps += times
	}
	all := x.All()
	f.pays, f.possible = f.pays+money.Fen(times)*all.Sure, f.possible+money.Fen(times)*all.Possible
	if all.Unbounded {
		f.unbounded += times
	}
}

func (f tally) figure() Figure {
	return Figure{Sure: f.sure, Perhaps: f.perhaps, Pays: policy.Interval{Sure: f.pays, Possible: f.possible, Unbounded: f.unbounded > 0}}
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

// kindKey is all that the sums of a law by kind of firm depend on.
type kindKey struct {
	scope, law, area, of string
	seq                  int64
	day                  period.Day
}

// kinds is the firms of a result by what they are, and what those of each kind come to under the law.
type kinds struct {
	rows []Row // without figures
	at   map[string]int
	law  []tally
}

// Size is how much room it takes on a shelf.
func (k *kinds) Size() int { return 16 * len(k.rows) }

// by sums firms by what they are. known is rows that are there anyway, in their order; others follow as they come. The sums of the
// law are kept, and those of the scenario are these with the firms that it moves taken out and put in again.
func (o *Outcome) by(of string, known []Row, what func(*region.Firm) (code string, name i18n.Text)) Breakdown {
	key := kindKey{scope: o.view.Scope().Key(), law: o.Law.Hash, area: o.Scenario.Area, of: of, seq: o.Seq, day: o.AsOf}
	k := o.kinds.Get(key, func() *kinds { return kindsOf(o.Before, known, what) })
	then := slices.Clone(k.law)
	for was, is := range region.Pairs(o.Before, o.After) {
		if was == is {
			continue
		}
		code, _ := what(is)
		i := k.at[code]
		then[i].put(was, -1)
		then[i].put(is, 1)
	}
	b := o.breakdown()
	b.Rows = slices.Clone(k.rows)
	for i := range b.Rows {
		b.Rows[i].Before, b.Rows[i].After = k.law[i].figure(), then[i].figure()
	}
	return b.closed()
}

func kindsOf(law *region.Region, known []Row, what func(*region.Firm) (code string, name i18n.Text)) *kinds {
	k := &kinds{rows: slices.Clone(known), at: map[string]int{}, law: make([]tally, len(known))}
	for i, r := range known {
		k.at[r.Code] = i
	}
	for f := range law.Firms() {
		code, name := what(f)
		i, ok := k.at[code]
		if !ok {
			i = len(k.rows)
			k.at[code] = i
			k.rows, k.law = append(k.rows, Row{Code: code, Name: name}), append(k.law, tally{})
		}
		k.law[i].put(f, 1)
	}
	return k
}
