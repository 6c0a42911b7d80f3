package flag

import (
	"cmp"
	"context"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Compared is a row of a review beside what is found now.
type Compared struct {
	Frozen
	Now  Row  // the zero Row where it is found no more
	Gone bool // it is found no more
}

// Changed says that the row is another one now.
func (c Compared) Changed() bool { return c.Gone || c.Now != c.Row }

// Question is what was asked about a row, and how far it is.
type Question struct {
	Case  int64
	N     int // of the row
	To    string
	At    int64
	State string // of its case
}

// Measure is something that was done.
type Measure struct {
	ID    int64
	What  string
	Case  int64  // of the application, 0 for none
	State string // in which that stands, "" for none
	Note  string
	At    int64
	By    int64
}

// Detail is a review with what is found now, what was asked and what was done.
type Detail struct {
	Review
	Compared  []Compared
	Joined    []Row // rows that came to the flag since
	Questions []Question
	Measures  []Measure
}

const (
	questionsOf = `SELECT case_id, n, to_whom, at FROM flag_question WHERE review = $1 ORDER BY case_id`
	measuresOf  = `SELECT id, what, of_case, note, at, by_account FROM flag_measure WHERE case_id = $1 ORDER BY id`
)

// Detail is a review, for who may see its case as an office; NotFound else, and for a case that is none.
func (s *Store) Detail(ctx context.Context, scope access.Scope, cases *casework.Store, view fact.View, id int64) (d Detail, err error) {
	if _, err := cases.Frozen(ctx, scope, id); err != nil {
		return d, err
	}
	q := s.DB.Read()
	if d.Review, err = reviewAt(ctx, q, id); err != nil {
		return d, err
	}
	d.Questions, err = store.List(ctx, q, func(r *store.Rows) (x Question, err error) { return x, r.Scan(&x.Case, &x.N, &x.To, &x.At) }, questionsOf, id)
	if err != nil {
		return d, err
	}
	d.Measures, err = store.List(ctx, q, func(r *store.Rows) (x Measure, err error) {
		return x, r.Scan(&x.ID, &x.What, &x.Case, &x.Note, &x.At, &x.By)
	}, measuresOf, id)
	if err != nil {
		return d, err
	}
	var ids []int64
	for _, x := range d.Questions {
		ids = append(ids, x.Case)
	}
	for _, x := range d.Measures {
		ids = append(ids, x.Case)
	}
	states := map[int64]string{}
	for some := range slices.Chunk(ids, 1000) {
		part, err := cases.States(ctx, scope, some)
		if err != nil {
			return d, err
		}
		for id, state := range part {
			states[id] = state
		}
	}
	for i := range d.Questions {
		d.Questions[i].State = states[d.Questions[i].Case]
	}
	for i := range d.Measures {
		d.Measures[i].State = states[d.Measures[i].Case]
	}
	now, err := s.Find(ctx, view, Query{Kind: d.Kind})
	if err != nil {
		return d, err
	}
	d.compare(now.flags)
	return d, nil
}

// compare holds the rows against those of the flag that is found now with most of its members.
func (d *Detail) compare(found []Flag) {
	var now Flag
	most := 0
	for _, f := range found {
		if f.anchor != d.anchor && (f.def == "" || d.anchor != "") {
			continue
		}
		shared := len(slices.DeleteFunc(f.members(), func(m string) bool {
			return !slices.ContainsFunc(d.Rows, func(w Frozen) bool { return w.Member == m })
		}))
		if shared > most {
			now, most = f, shared
		}
	}
	left := slices.Clone(now.Rows)
	for _, w := range d.Rows {
		c := Compared{Frozen: w, Gone: true}
		same := func(r Row) bool {
			return now.member(r) == w.Member && r.Firm == w.Firm && r.Case == w.Case && r.Subject == w.Subject && r.Year == w.Year
		}
		// Of several rows of one case the one that is the same is taken first.
		i := cmp.Or(1+slices.Index(left, w.Row), 1+slices.IndexFunc(left, same)) - 1
		if i >= 0 {
			c.Now, c.Gone = left[i], false
			left = slices.Delete(left, i, i+1)
		}
		d.Compared = append(d.Compared, c)
	}
	d.Joined = left
}

// Sum is how many flags of a kind there are, and how far they were looked into.
type Sum struct {
	Kind     string
	Found    int // now
	Fresh    int // of those, that nobody has looked into, or that members have joined since
	Reviewed int // reviews under way
	Settled  map[Outcome]int
}

// Month is what was opened and settled in a month.
type Month struct {
	Month   string // 2024-10
	Opened  int
	Settled map[Outcome]int
}

// Figures is what was found and what became of it, of all kinds and standings, whatever was asked for: by kind, in the order of the kinds,
// and by month, the newest first. Of reviews those count that the scope may see.
func (l *List) Figures() ([]Sum, []Month) {
	found, fresh := map[string]int{}, map[string]int{}
	for _, f := range l.all {
		found[f.Kind]++
		if st := f.Status.Standing; st == Fresh || st == Joined {
			fresh[f.Kind]++
		}
	}
	var sums []Sum
	for _, kind := range l.kinds {
		sum := Sum{Kind: kind, Found: found[kind], Fresh: fresh[kind], Settled: map[Outcome]int{}}
		for _, r := range l.reviews {
			switch {
			case r.Kind != kind:
			case r.Outcome == "":
				sum.Reviewed++
			default:
				sum.Settled[r.Outcome]++
			}
		}
		sums = append(sums, sum)
	}
	by := map[string]*Month{}
	at := func(ms int64) *Month {
		m := clock.DayOf(ms).String()[:len("2006-01")]
		if by[m] == nil {
			by[m] = &Month{Month: m, Settled: map[Outcome]int{}}
		}
		return by[m]
	}
	for _, r := range l.reviews {
		at(r.At).Opened++
		if r.Outcome != "" {
			at(r.Settled).Settled[r.Outcome]++
		}
	}
	var months []Month
	for _, m := range by {
		months = append(months, *m)
	}
	slices.SortFunc(months, func(a, b Month) int { return cmp.Compare(b.Month, a.Month) })
	return sums, months
}
