package region

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// TestListsAndSums works every list and sum of a city out again from the decisions of its firms one by one, for readers
// of several scopes.
func TestListsAndSums(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	w.state(city(60)...)
	clauses := []string{""}
	for _, c := range w.plan.Clauses() {
		clauses = append(clauses, c.ID)
	}
	for name, scope := range map[string]access.Scope{
		"all":      access.SystemScope(),
		"county":   access.NewScope(1, access.CountyOfficial, []string{"320904"}, nil),
		"counties": access.NewScope(2, access.CountyOfficial, []string{"320902", "320981"}, nil),
		"nobody":   {},
	} {
		view, err := w.frames.For(ctx, scope, 0)
		must(t, err)
		for _, area := range []string{"", "320900", "320904", "320981", "320100"} {
			r := w.run(scope, 0)
			if area != "" {
				r = r.Within(area)
			}
			alone := map[int64]*policy.Decision{}
			for e := range view.Enterprises() {
				if area == "" || r.tree.Within(e.Area, area) {
					alone[e.ID], err = w.runner.Decide(t.Context(), view, w.plan, e.ID, asOf)
					must(t, err)
				}
			}
			if r.Sum.Firms != len(alone) {
				t.Errorf("%s in %q: %d firms, want %d", name, area, r.Sum.Firms, len(alone))
			}
			for _, clause := range clauses {
				for _, state := range []policy.State{"", policy.Met, policy.Unknown} {
					got := r.List(Query{Clause: clause, State: state})
					if diff := gocmp.Diff(found(alone, clause, state), shown(got)); diff != "" {
						t.Errorf("%s in %q, clause %q, %q (-want +got):\n%s", name, area, clause, state, diff)
					}
				}
			}
			var rest Rest
			sums := map[string]policy.Interval{}
			for _, d := range alone {
				rest = rest.Plus(d.Total)
				for _, c := range d.Clauses {
					sums[c.Clause] = sums[c.Clause].Plus(c.Pays)
				}
			}
			if r.Sum.Rest != rest {
				t.Errorf("%s in %q: rest %+v, want %+v", name, area, r.Sum.Rest, rest)
			}
			for _, c := range r.ByClause() {
				if c.Pays != sums[c.Clause] {
					t.Errorf("%s in %q: clause %s pays %+v, want %+v", name, area, c.Clause, c.Pays, sums[c.Clause])
				}
			}
		}
	}
}

// found is what a list should show, by its definition.
func found(alone map[int64]*policy.Decision, clause string, state policy.State) []string {
	type firm struct {
		name string
		pays policy.Interval
	}
	var all []firm
	for _, d := range alone {
		pays, gets, perhaps := d.Total, d.State == policy.Met, d.State == policy.Unknown
		if clause != "" {
			i := slices.IndexFunc(d.Clauses, func(c policy.ClauseSum) bool { return c.Clause == clause })
			pays = d.Clauses[i].Pays
			gets, perhaps = pays.Sure > 0, pays.Sure == 0 && (pays.Unbounded || pays.Possible > 0)
		}
		if gets && state != policy.Unknown || perhaps && state != policy.Met {
			all = append(all, firm{d.Subject.Name, pays})
		}
	}
	slices.SortFunc(all, func(a, b firm) int {
		return cmp.Or(cmp.Compare(b.pays.Sure, a.pays.Sure), cmp.Compare(b.pays.Possible, a.pays.Possible), cmp.Compare(a.name, b.name))
	})
	var lines []string
	for _, f := range all {
		lines = append(lines, fmt.Sprintf("%s %+v", f.name, f.pays))
	}
	return lines
}

// shown reads a list page by page.
func shown(l *List) []string {
	var lines []string
	for from := 0; from < l.Len(); from += 7 {
		for f, pays := range l.Page(from, 7) {
			lines = append(lines, fmt.Sprintf("%s %+v", f.Name, pays))
		}
	}
	return lines
}

func TestListOfNoClause(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	w.state(town()...)
	r := w.run(access.SystemScope(), 0)
	if n := r.List(Query{Clause: "c99"}).Len(); n != 0 {
		t.Errorf("%d firms get something by a clause that does not exist", n)
	}
	for f := range r.List(Query{}).Page(1<<40, 5) {
		t.Errorf("%s stands beyond the end of the list", f.Name)
	}
	if n := w.runner.kept[0].lists.Len(); n != 1 {
		t.Errorf("%d lists are kept", n)
	}
}
