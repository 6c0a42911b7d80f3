package region

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// TestReuse asks for many wordings of numbers in random order, so that each result begins from another: it is what a Runner
// that knows none of them finds, to the last field of the last firm.
func TestReuse(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	w.state(city(300)...)
	view, err := w.frames.For(ctx, access.SystemScope(), 0)
	must(t, err)
	lib, err := library()
	must(t, err)
	choices := [][]policy.Patch{
		nil,
		{{Param: "investment_rate", Key: "2023", Value: "9%"}},
		{{Param: "min_input", Value: "300万元"}},
		{{Param: "min_input", Value: "900万元"}, {Param: "investment_rate", Key: "2022", Value: "20%"}},
		{{Param: "investment_ceiling", Value: "80万元"}},
		{{Param: "national_award", Value: "1万元"}},
	}
	r := rand.New(rand.NewPCG(3, 5))
	stood := 0
	for range 2 {
		runner := NewRunner(w.frames, lib)
		law, err := NewRunner(w.frames, lib).Run(ctx, view, w.plan, asOf)
		must(t, err)
		for _, i := range r.Perm(len(choices)) {
			plan, err := w.plan.Policy.Plan(nil, choices[i]...)
			must(t, err)
			got, err := runner.Run(ctx, view, plan, asOf)
			must(t, err)
			fresh := NewRunner(w.frames, lib)
			want, err := fresh.Run(ctx, view, plan, asOf)
			must(t, err)
			for n := range want.work.rows {
				if !reflect.DeepEqual(want.work.rows[n], got.work.rows[n]) {
					t.Fatalf("%v: firm %d is %+v, want %+v", choices[i], n, got.work.rows[n], want.work.rows[n])
				}
			}
			alone(t, w, view, plan, want)
			for _, area := range []string{"", "320900", "320902", "320981"} {
				sums(t, want, got, area)
			}
			before, err := runner.Run(ctx, view, w.plan, asOf)
			must(t, err)
			effects(t, before, got, law, want)
			stood += shared(runner.kept, got.work)
		}
	}
	if stood == 0 {
		t.Error("no row was reused")
	}
}

// sums holds what an area comes to, in a result that began from another, against one that began from none.
func sums(t *testing.T, want, got *Region, area string) {
	t.Helper()
	if area != "" {
		want, got = want.Within(area), got.Within(area)
	}
	for what, both := range map[string][2]any{
		"sum": {want.Sum, got.Sum}, "by area": {want.ByArea("320900"), got.ByArea("320900")}, "by clause": {want.ByClause(), got.ByClause()},
		"by year": {want.ByYear(), got.ByYear()},
	} {
		if !reflect.DeepEqual(both[0], both[1]) {
			t.Errorf("%s of %q is %+v, want %+v", what, area, both[1], both[0])
		}
	}
}

// effects holds what differs between two results of one runner against what differs between those of two that know nothing.
func effects(t *testing.T, before, after, law, want *Region) {
	t.Helper()
	if d := EffectOf(before, after, "320900", 1000); !reflect.DeepEqual(EffectOf(law, want, "320900", 1000), d) {
		t.Errorf("%d gain, %d lose and %s, %s; which is not what differs", d.Gain, d.Lose, d.Gained, d.Lost)
	}
}

// alone holds every row against the decision of its enterprise by itself.
func alone(t *testing.T, w *world, view fact.View, plan *policy.Plan, got *Region) {
	t.Helper()
	odd := 0
	for n := range got.work.rows {
		f := *got.work.rows[n]
		want := Firm{ID: f.ID, Name: f.Name, USCC: f.USCC, Area: f.Area}
		s, ok := w.runner.reader.Subject(view, f.ID)
		if !ok {
			t.Fatalf("firm %d is not there", f.ID)
		}
		d, err := plan.Decide(s, asOf, policy.Options{})
		must(t, err)
		brief := plan.Brief(d)
		want.keep(&brief)
		if len(want.pays) == 0 {
			want.pays = f.pays[:0]
		}
		if !reflect.DeepEqual(want, f) {
			t.Fatalf("firm %d is %+v, alone %+v", n, f, want)
		}
		if f.state == unknown {
			odd++
		}
	}
	if odd == 0 || odd == len(got.work.rows) {
		t.Errorf("%d of %d are not known", odd, len(got.work.rows))
	}
}

// shared is of how many rows what columns do not settle is that of another result.
func shared(kept []*work, w *work) int {
	n := 0
	for i, l := range w.left {
		for _, other := range kept {
			if other != w && l != nil && l == other.left[i] {
				n++
				break
			}
		}
	}
	return n
}
