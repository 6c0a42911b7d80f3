package region

import (
	"iter"
	"maps"
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// figures is the sums of a region. Firms can be put in and taken out again, so that a result of other numbers takes those that
// differ out of the sums of the one that it began from.
type figures struct {
	whole   tally
	areas   map[string]tally // by the code that firms have
	clauses []count          // by number
	years   map[int]count
}

// tally is a Sum of firms.
type tally struct {
	firms, sure, perhaps, failed int
	total, inKind, floor         amounts
}

// count is firms that get something for sure, or may, and what.
type count struct {
	sure, perhaps int
	pays          amounts
}

// amounts is a sum of intervals.
type amounts struct {
	sure, possible money.Fen
	onTop          money.Fen // of those that have a limit
	open           int       // that have none
}

// put adds an interval so many times; -1 takes it out.
func (a *amounts) put(i policy.Interval, times int) {
	n := money.Fen(times)
	a.sure, a.possible = a.sure+n*i.Sure, a.possible+n*i.Possible
	if i.Unbounded {
		a.open += times
		return
	}
	a.onTop += n * (i.Possible - i.Sure)
}

func (a amounts) plus(b amounts) amounts {
	return amounts{sure: a.sure + b.sure, possible: a.possible + b.possible, onTop: a.onTop + b.onTop, open: a.open + b.open}
}

func (a amounts) interval() policy.Interval {
	return policy.Interval{Sure: a.sure, Possible: a.possible, Unbounded: a.open > 0}
}

func (a amounts) rest() Rest { return Rest{OnTop: a.onTop, Open: a.open} }

func (t *tally) put(f *Firm, times int) {
	t.firms += times
	if f.failed != nil {
		t.failed += times
		return
	}
	switch f.state {
	case met:
		t.sure += times
	case unknown:
		t.perhaps += times
	}
	t.total.put(f.Total, times)
	t.inKind.put(f.InKind, times)
	t.floor.put(f.Floor, times)
}

func (t *tally) plus(u tally) {
	t.firms, t.sure, t.perhaps, t.failed = t.firms+u.firms, t.sure+u.sure, t.perhaps+u.perhaps, t.failed+u.failed
	t.total, t.inKind, t.floor = t.total.plus(u.total), t.inKind.plus(u.inKind), t.floor.plus(u.floor)
}

func (t *tally) sum() Sum {
	return Sum{
		Firms: t.firms, Sure: t.sure, Perhaps: t.perhaps, Failed: t.failed,
		Total: t.total.interval(), InKind: t.inKind.interval(), Floor: t.floor.interval(), Rest: t.total.rest(),
	}
}

// summed is the figures of a region: those of the result that it began from, with what differs, or those of all of its firms.
func (r *Region) summed() *figures {
	if r.work.root == nil {
		s := &figures{areas: map[string]tally{}, clauses: make([]count, len(r.Plan.Clauses())), years: map[int]count{}}
		a := adding{figures: s, promises: promises(r.Plan)}
		for f := range r.Firms() {
			a.put(f, 1)
		}
		return s
	}
	root := r.work.root.regions.Get(r.key, func() *Region {
		all := &Region{Seq: r.Seq, AsOf: r.AsOf, Plan: r.work.root.plan, tree: r.tree, work: r.work.root}
		return all.part(r.key, r.index)
	})
	s := root.figures.clone()
	a := adding{figures: s, promises: promises(r.Plan)}
	for was, is := range r.differing(root) {
		a.put(was, -1)
		a.put(is, 1)
	}
	return s
}

func (s *figures) clone() *figures {
	return &figures{whole: s.whole, areas: maps.Clone(s.areas), clauses: slices.Clone(s.clauses), years: maps.Clone(s.years)}
}

// promises is which clauses promise something that has no amount.
func promises(plan *policy.Plan) []bool {
	var all []bool
	for _, c := range plan.Clauses() {
		all = append(all, c.Amount.Eligibility != nil)
	}
	return all
}

// adding puts firms into figures.
type adding struct {
	*figures
	promises []bool
	years    []yearPays // of one firm
}

// yearPays is what a firm gets of a year.
type yearPays struct {
	year int
	pays policy.Interval
}

func (a *adding) put(f *Firm, times int) {
	a.whole.put(f, times)
	area := a.areas[f.Area]
	area.put(f, times)
	a.areas[f.Area] = area
	a.years = a.years[:0]
	for i, p := range f.pays {
		if several := i+1 < len(f.pays) && f.pays[i+1].inYear; p.inYear || !several {
			a.inYear(int(p.year), p.interval())
		}
		if p.inYear {
			continue
		}
		c := &a.clauses[p.clause]
		c.pays.put(p.interval(), times)
		switch promise := a.promises[p.clause]; {
		case p.sure > 0 || promise && p.state == met:
			c.sure += times
		case p.possible > 0 || p.unbounded || promise && p.state == unknown:
			c.perhaps += times
		}
	}
	for _, y := range a.years {
		if y.pays == (policy.Interval{}) {
			continue
		}
		c := a.figures.years[y.year]
		c.pays.put(y.pays, times)
		if y.pays.Sure > 0 {
			c.sure += times
		} else {
			c.perhaps += times
		}
		a.figures.years[y.year] = c
	}
}

func (a *adding) inYear(year int, pays policy.Interval) {
	n := slices.IndexFunc(a.years, func(y yearPays) bool { return y.year == year })
	if n < 0 {
		n, a.years = len(a.years), append(a.years, yearPays{year: year})
	}
	a.years[n].pays = a.years[n].pays.Plus(pays)
}

// Pairs is the firms of two results, which may differ; those that cannot are left out where that is known. Of a firm that was not
// there before, was is nil.
func Pairs(before, after *Region) iter.Seq2[*Firm, *Firm] {
	if before != nil && before.key == after.key && before.work.begun() == after.work.begun() {
		return after.differing(before)
	}
	return func(yield func(was, is *Firm) bool) {
		had := map[int64]*Firm{}
		if before != nil {
			for f := range before.Firms() {
				had[f.ID] = f
			}
		}
		for f := range after.Firms() {
			if !yield(had[f.ID], f) {
				return
			}
		}
	}
}

// begun is the result from which the survey of this one began, or this one itself.
func (w *work) begun() *work {
	if w.root != nil {
		return w.root
	}
	return w
}

// differing is the firms of a region that differ from those of another, both of results that began from the same.
func (r *Region) differing(from *Region) iter.Seq2[*Firm, *Firm] {
	return func(yield func(was, is *Firm) bool) {
		whole := len(r.index) == len(r.work.rows)
		for n, rows := range [...][]int32{r.work.moved, from.work.moved} {
			for _, i := range rows {
				was, is := from.work.rows[i], r.work.rows[i]
				if n == 1 {
					if _, told := slices.BinarySearch(r.work.moved, i); told {
						continue
					}
				}
				if was == is {
					continue
				}
				if !whole {
					if _, in := slices.BinarySearch(r.index, i); !in {
						continue
					}
				}
				if !yield(was, is) {
					return
				}
			}
		}
	}
}
