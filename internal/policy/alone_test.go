package policy

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// TestAlone holds what a claim comes to that nothing touches against the bounds of components, of which it is the smallest.
func TestAlone(t *testing.T) {
	p := compile(t, yancheng)
	plan, err := p.answer(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range plan.clauses { // as if each were paid in parts
		k, src := *plan.clauses[i].clause, *plan.clauses[i].Clause
		src.Payment, k.Clause, plan.clauses[i].clause = &Payment{}, &src, &k
	}
	ends := 0
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 19))
		k := &plan.clauses[r.IntN(len(plan.clauses))]
		amount := func() money.Fen {
			if r.IntN(9) == 0 {
				return unbounded
			}
			return money.Fen(r.IntN(500)) * money.Wan
		}
		var ways []outcome
		if r.IntN(2) == 0 {
			ways = append(ways, outcome{})
		}
		for n := range 1 + r.IntN(3) {
			day := period.Date(2022+n, 12, 31)
			keys := make([]string, len(plan.groups)+len(k.onces))
			low := outcome{present: true, amount: amount(), day: day, year: day.Year(), once: keys, items: keys}
			high := low
			for range k.ceilings {
				low.limits = append(low.limits, amount())
				high.limits = append(high.limits, max(low.limits[len(low.limits)-1], amount()))
			}
			if r.IntN(3) == 0 {
				half, _ := money.NewRate(int64(1+r.IntN(2)), 3)
				low.due, high.due = dues{inParts: true, back: true}, dues{inParts: true, shares: []money.Rate{half}}
			}
			high.amount = max(low.amount, amount())
			if ways = append(ways, low); r.IntN(3) > 0 {
				ways = append(ways, high)
			}
		}
		for i := range ways { // a way of the same day with a part due is of one kind with one without
			ways[i].due.inParts = slices.ContainsFunc(ways, func(o outcome) bool { return o.due.inParts })
			if ways[i].due.inParts && !ways[i].due.back && len(ways[i].due.shares) == 0 {
				whole, _ := money.NewRate(1, 1)
				ways[i].due.shares = []money.Rate{whole}
			}
		}
		claims := []claim{{clause: k.index, project: -1, once: make([]key, len(k.onces)), items: make([]key, len(plan.groups))}}
		got := plan.bounds(claims, [][]outcome{ways}, nil)
		c := component{plan: plan, claims: claims, kinds: [][]kind{kindsOf(ways)}}
		want := settled{low: make([]money.Fen, 1), high: make([]money.Fen, 1), clauseLow: make([]money.Fen, len(plan.clauses)), clauseHigh: make([]money.Fen, len(plan.clauses)), highWorld: make([]int, 1)}
		c.settle(maxWorlds).into(&want, []int{0})
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(settled{})); diff != "" {
			t.Fatalf("%s: %+v (-component +alone):\n%s", k.ID, ways, diff)
		}
		if got.low[0] < got.high[0] {
			ends++
		}
	})
	if ends == 0 {
		t.Error("no claim lay between two ends")
	}
}
