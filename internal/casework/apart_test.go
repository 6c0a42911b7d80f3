package casework

import (
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// Whoever has held a notice to be wrong does not settle that doubt, and settles the next one of somebody else: of two accounts none is
// shut out for ever. What is for a state that took too long is offered with its day, and taken only then.
func TestApartLast(t *testing.T) {
	storetest.Each(t, shipping, func(t *testing.T, db *store.DB) {
		ctx, w := t.Context(), newWorld(t, db, "doubt")
		c, err := w.New(ctx, city, NewCase{Workflow: "doubt", Title: "公示", Subject: w.firms[0]})
		must(t, err)
		act := func(by access.Scope, action, reason string) error {
			_, err := w.Act(ctx, by, Act{Case: c.ID, Action: action, Reason: reason})
			return err
		}
		may := func(by access.Scope, action string) (Choice, bool) {
			t.Helper()
			all, err := w.Choices(ctx, by, c.ID)
			must(t, err)
			for _, x := range all {
				if x.ID == action {
					return x, true
				}
			}
			return Choice{}, false
		}
		for i, by := range []access.Scope{city, city2, city} {
			settles := []access.Scope{city2, city, city2}[i]
			must(t, act(by, "doubt", "有误"))
			wantErr(t, "who doubted settles", act(by, "keep", ""), errs.KindForbidden, "casework.apart")
			if _, ok := may(by, "keep"); ok {
				t.Error("who doubted is offered to settle it")
			}
			if _, ok := may(settles, "keep"); !ok {
				t.Error("the other one is not offered to settle it")
			}
			must(t, act(settles, "keep", ""))
		}

		if x, ok := may(city, "end"); !ok || x.From.String() != "2024-11-08" { // five working days after 2024-10-31
			t.Errorf("before its day it is offered %v, from %s", ok, x.From)
		}
		wantErr(t, "before its day", act(city, "end", ""), errs.KindConflict, "casework.too_early")
		w.now = w.now.AddDate(0, 0, 8)
		if x, ok := may(city, "end"); !ok || x.From != 0 {
			t.Errorf("on its day it is offered %v, from %s", ok, x.From)
		}
		must(t, act(city, "end", ""))
		must(t, w.Verify(ctx, city, c.ID))
	})
}
