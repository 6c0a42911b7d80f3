package region

import (
	"os"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// pooled is a world under a policy that pays 2 % of loans from 300,000 yuan a year, in the order of drawdown.
func pooled(t *testing.T, db *store.DB) *world {
	w := newWorld(t, db)
	lib, err := library()
	must(t, err)
	src, err := os.ReadFile("../testdata/patterns/27-pool/policy.yaml")
	must(t, err)
	pol, problems := policy.Compile(lib, "policy.yaml", src)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w.plan, err = pol.Plan(nil)
	must(t, err)
	return w
}

func loan(below int, drawn period.Day, principal money.Fen) thing {
	return thing{kind: content.Loan, key: "L", below: below, facts: map[string]any{"loan.principal": principal, "loan.drawn_on": drawn}}
}

func TestPoolOverARegion(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := pooled(t, db)
		w.state(
			thing{kind: content.Enterprise, key: "大丰一厂", area: "320904"},
			thing{kind: content.Enterprise, key: "亭湖一厂", area: "320902"},
			thing{kind: content.Enterprise, key: "某厂"}, // whose area nobody knows
			loan(1, period.Date(2022, 3, 1), 1000*wan),
			loan(2, period.Date(2022, 4, 1), 1000*wan),
			loan(3, period.Date(2022, 2, 1), 1000*wan),
		)
		r := w.run(access.SystemScope(), 0)
		want := map[string]policy.Interval{
			"大丰一厂": {Sure: 10 * wan, Possible: 20 * wan},
			"亭湖一厂": {Possible: 10 * wan},
			"某厂":   {Possible: 20 * wan},
		}
		view, err := w.frames.For(ctx, access.SystemScope(), 0)
		must(t, err)
		for f := range r.Firms() {
			if f.Total != want[f.Name] {
				t.Errorf("%s gets %+v, want %+v", f.Name, f.Total, want[f.Name])
			}
			d, err := w.runner.Decide(t.Context(), view, w.plan, f.ID, asOf)
			must(t, err)
			if d.Total != f.Total || d.State != f.State() || len(d.Missing) != f.Missing {
				t.Errorf("%s: region %+v, by itself %+v of %s, %d missing", f.Name, f, d.Total, d.State, len(d.Missing))
			}
		}
		all := policy.Interval{Sure: 10 * wan, Possible: 30 * wan} // together no more than the pool
		if r.Sum.Total != all || r.Sum.Rest.OnTop != 20*wan {
			t.Errorf("sum %+v", r.Sum)
		}
		if c := r.ByClause()[1]; c.Pays != all {
			t.Errorf("by clause %+v", c)
		}
		if s := r.Stages(); len(s) != 1 || s[0].Budget != 30*wan || s[0].Lines != 3 || s[0].Pays != (policy.Interval{Sure: 30 * wan, Possible: 30 * wan}) {
			t.Errorf("stages %+v", s)
		}
		for _, q := range []Query{{}, {Clause: "loan"}} { // a list of all comes to what all come to
			if l := r.List(q); l.Len() != 3 || l.Sure != 10*wan || l.Rest.OnTop != 20*wan {
				t.Errorf("list of %q: %d firms, %s for sure, %+v on top", q.Clause, l.Len(), l.Sure, l.Rest)
			}
		}
		if l := r.List(Query{State: policy.Unknown}); l.Len() != 2 || l.Rest.OnTop != 20*wan { // 10 and 20, of which one gets 10 for sure besides
			t.Errorf("list of those that may get something: %d firms, %+v", l.Len(), l.Rest)
		}
		part := r.Within("320904")
		if part.Sum.Total != want["大丰一厂"] || part.Stages() != nil {
			t.Errorf("within one district: %+v, %v", part.Sum, part.Stages())
		}
	})
}
