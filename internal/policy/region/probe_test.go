package region

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// TestProbe tries many numbers: each comes to what Run finds, and what is kept stays as it is.
func TestProbe(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	w.state(city(120)...)
	law := w.run(access.SystemScope(), 0)
	view, err := w.frames.For(ctx, access.SystemScope(), 0)
	must(t, err)
	lib, err := library()
	must(t, err)
	kept := slices.Clone(w.runner.kept)
	moved := false
	for n := range 2 * maxKept {
		plan, err := w.plan.Policy.Plan(nil, policy.Patch{Param: "investment_rate", Key: "2023", Value: strconv.Itoa(n) + "%"})
		must(t, err)
		got, err := w.runner.Probe(ctx, view, plan, asOf)
		must(t, err)
		want, err := NewRunner(w.frames, lib).Run(ctx, view, plan, asOf)
		must(t, err)
		if !reflect.DeepEqual(want.work.rows, got.work.rows) || want.Sum != got.Sum {
			t.Errorf("%d%%: %+v, want %+v", n, got.Sum, want.Sum)
		}
		moved = moved || got.Sum != law.Sum
	}
	if !moved || !slices.Equal(kept, w.runner.kept) {
		t.Error("nothing moved, or what is kept did")
	}
	if again, err := w.runner.Probe(ctx, view, w.plan, asOf); err != nil || again.work != law.work {
		t.Errorf("what is kept is worked out again: %v", err)
	}
}

// TestWhoGoesAway gives a search up while it reads the region: who waits for the same facts gets them all the same.
func TestWhoGoesAway(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	w.state(city(20)...)
	view, err := w.frames.For(ctx, access.SystemScope(), 0)
	must(t, err)
	gone, leave := context.WithCancel(ctx)
	leave()
	_, _ = w.runner.Probe(gone, view, w.plan, asOf)
	if len(w.runner.crowds) != 1 || w.runner.crowds[0].err != nil {
		t.Errorf("%d regions read", len(w.runner.crowds))
	}
}
