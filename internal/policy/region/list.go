package region

import (
	"cmp"
	"iter"
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// Query asks for the enterprises behind a figure. Its zero value is everyone who gets or may get something.
type Query struct {
	Clause  string       // id of a clause; "" for the document as a whole
	State   policy.State // Met: who gets it for sure; Unknown: who may get it; "" for both, and who has no decision
	OneFact bool         // only those that one fact more would make sure
}

// List is the enterprises that a query finds, the most first. It is shared by its readers.
type List struct {
	Sure money.Fen // over all of them
	Rest Rest      // no more than quotas and pools leave to them together

	work   *work
	clause int // -1 for the document
	index  []int32
}

type listKey struct {
	region regionKey
	Query
}

// Size is how much room the list takes on a shelf.
func (l *List) Size() int { return len(l.index) }

// Len is how many enterprises there are.
func (l *List) Len() int { return len(l.index) }

// Page is the enterprises from a place in the list on, at most n, with what each gets of what was asked for.
func (l *List) Page(from, n int) iter.Seq2[*Firm, policy.Interval] {
	from = min(max(from, 0), len(l.index))
	to := from + min(max(n, 0), len(l.index)-from)
	return func(yield func(*Firm, policy.Interval) bool) {
		for f := range l.work.firms(l.index[from:to]) {
			if !yield(f, f.of(l.clause)) {
				return
			}
		}
	}
}

// of is what an enterprise gets by a clause, or in all.
func (f *Firm) of(clause int) policy.Interval {
	if clause < 0 {
		return f.Total
	}
	for _, p := range f.pays {
		if int(p.clause) == clause {
			return p.interval()
		}
	}
	return policy.Interval{}
}

// Pays is what an enterprise of the region gets, clause by clause in the order of Plan.Clauses.
func (r *Region) Pays(f *Firm) []policy.Interval {
	all := make([]policy.Interval, len(r.ByClause()))
	for _, p := range f.pays {
		if !p.inYear {
			all[p.clause] = p.interval()
		}
	}
	return all
}

// number is the place of a clause in Plan.Clauses, -1 for none.
func (r *Region) number(clause string) int {
	return slices.IndexFunc(r.Plan.Clauses(), func(c *policy.Clause) bool { return c.ID == clause })
}

// List is the enterprises that a query finds. Nobody is found by a clause that the plan does not have.
func (r *Region) List(q Query) *List {
	clause := r.number(q.Clause)
	if clause < 0 && q.Clause != "" {
		return &List{work: r.work}
	}
	return r.work.lists.Get(listKey{r.key, q}, func() *List { return r.list(q, clause) })
}

func (r *Region) list(q Query, clause int) *List {
	l := &List{work: r.work, clause: clause}
	type found struct {
		row            int32
		sure, possible money.Fen
	}
	var all []found
	together, bound := policy.Interval{}, bounding{of: r.work.allotment}
	for _, i := range r.index {
		f := r.work.rows[i]
		pays := f.of(clause)
		gets, perhaps := f.state == met, f.state == unknown
		if clause >= 0 {
			gets = pays.Sure > 0
			perhaps = !gets && !pays.Exact()
		}
		if q.State == policy.Met && !gets || q.State == policy.Unknown && !perhaps || !gets && !perhaps && f.failed == nil || q.OneFact && f.Missing != 1 {
			continue
		}
		all = append(all, found{row: i, sure: pays.Sure, possible: pays.Possible})
		together, l.Rest = together.Plus(pays), l.Rest.Plus(pays)
		bound.add(f, clause)
	}
	l.Sure = together.Sure
	_, l.Rest = bound.within(together, l.Rest)
	slices.SortFunc(all, func(a, b found) int {
		if c := cmp.Or(cmp.Compare(b.sure, a.sure), cmp.Compare(b.possible, a.possible)); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(r.work.rows[a.row].Name, r.work.rows[b.row].Name), cmp.Compare(a.row, b.row))
	})
	l.index = make([]int32, len(all))
	for n, f := range all {
		l.index[n] = f.row
	}
	return l
}
