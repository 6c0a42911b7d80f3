package casework

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
)

// An application goes from its draft to being paid, each step by another account.
func TestWholeWay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.open(t)
		w.does(t, c.ID, w.toApproval()...)
		w.does(t, c.ID, doing{city, "grant", ""})
		w.now = w.now.AddDate(0, 0, 7) // 2024-11-07, a Thursday: five working days after 2024-10-31
		if n, err := w.Ring(ctx); n != 0 || err != nil {
			t.Errorf("the clock rang %d on the last day: %v", n, err)
		}
		w.now = w.now.AddDate(0, 0, 1)
		if n, err := w.Ring(ctx); n != 1 || err != nil {
			t.Errorf("the clock rang %d: %v", n, err)
		}
		w.does(t, c.ID, doing{finance, "pay", ""})
		got, _, err := w.Get(ctx, county, c.ID)
		must(t, err)
		if got.State != "paid" || got.Ended != Done || got.Data["granted"].String() != "1000.00" {
			t.Errorf("stands at %+v", got)
		}
		events, err := w.Track(ctx, county, c.ID)
		must(t, err)
		var track []string
		for _, e := range events {
			track = append(track, string(e.Kind)+" "+e.Action+" "+e.Who+" → "+e.To)
		}
		want := []string{
			"opened  applicant → draft", "acted submit applicant → check", "acted accept county_official → review", "voted agree tax_bureau → review",
			"voted agree safety_bureau → review", "acted agree environment_bureau → panel", "voted support expert → panel",
			"acted support expert → approve", "acted grant city_official → notice", "acted notice_over system → payable", "acted pay finance → paid",
		}
		if diff := cmp.Diff(want, track); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		view, err := w.Frames.For(ctx, access.SystemScope(), 0)
		must(t, err)
		honours := view.Children(w.firms[0], content.Honour)
		if len(honours) != 1 || view.Value(honours[0], "honour.title", period.Period{}).Value.Text != "digital_scene" {
			t.Errorf("the event mentioned the honours %v", honours)
		}
		cell := view.Value(w.firms[0], "ent.contact_person", period.Period{})
		if cell.Value.Text != "演示人员 01" || cell.Source != events[8].Source || events[8].Source == 0 {
			t.Errorf("the case stated %+v under %d", cell, events[8].Source)
		}
		var fen int64
		must(t, w.DB.Read().QueryRow(ctx, `SELECT fen FROM trial_entry WHERE event = $1`, events[10].ID).Scan(&fen))
		if fen != 100_000 {
			t.Errorf("paid %d", fen)
		}
	})
}

// What must not be done is refused, and leaves nothing.
func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.open(t)
		act := func(by access.Scope, a Act) error {
			a.Case = c.ID
			_, err := w.Act(ctx, by, a)
			return err
		}
		wantErr(t, "another enterprise", act(firm(w, 1), Act{Action: "submit", Entry: claim(1)}), errs.KindNotFound, "errs.not_found")
		wantErr(t, "another county", act(other, Act{Action: "accept"}), errs.KindNotFound, "errs.not_found")
		wantErr(t, "a department that was not asked", act(tax, Act{Action: "agree"}), errs.KindNotFound, "errs.not_found")
		wantErr(t, "too early", act(county, Act{Action: "accept"}), errs.KindConflict, "casework.moved_on")
		wantErr(t, "no such action", act(county, Act{Action: "bribe"}), errs.KindNotFound, "errs.not_found")
		wantErr(t, "guard", act(firm(w, 0), Act{Action: "submit", Entry: claim(0)}), errs.KindInvalid, "casework.guard")
		wantErr(t, "not the applicant", act(county, Act{Action: "submit", Entry: claim(1)}), errs.KindForbidden, "casework.not_yours")
		w.does(t, c.ID, doing{firm(w, 0), "submit", ""})
		wantErr(t, "no reason", act(county, Act{Action: "send_back"}), errs.KindInvalid, "casework.need_reason")
		wantErr(t, "a reason too many", act(county, Act{Action: "accept", Reason: "好"}), errs.KindInvalid, "casework.takes_no_reason")
		wantErr(t, "a form too many", act(county, Act{Action: "accept", Entry: claim(1)}), errs.KindInvalid, "casework.takes_no_form")
		w.does(t, c.ID, doing{city, "accept", ""})
		wantErr(t, "twice the same task", func() error {
			w.does(t, c.ID, doing{tax, "agree", ""})
			return act(tax, Act{Action: "veto", Reason: "晚了"})
		}(), errs.KindConflict, "casework.answered")
		w.does(t, c.ID, doing{safety, "agree", ""}, doing{environ, "agree", ""})
		wantErr(t, "an expert who was not drawn", act(expert(34), Act{Action: "support"}), errs.KindNotFound, "errs.not_found")
		w.does(t, c.ID, doing{expert(31), "support", ""}, doing{expert(32), "support", ""})
		wantErr(t, "who accepted must not grant", act(city, Act{Action: "grant"}), errs.KindForbidden, "casework.apart")
		w.say(t, w.firms[0], 1)
		wantErr(t, "guard over facts", act(city2, Act{Action: "grant"}), errs.KindInvalid, "casework.guard")
		got, _, err := w.Get(ctx, county, c.ID)
		must(t, err)
		if got.State != "approve" || got.Events != 8 {
			t.Errorf("stands at %+v", got)
		}
	})
}

// An effect that refuses leaves nothing of the act.
func TestEffectRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.open(t)
		_, err := w.Act(ctx, firm(w, 0), Act{Case: c.ID, Action: "submit", Entry: claim(5_000_000)})
		must(t, err)
		w.does(t, c.ID, w.toApproval()[1:]...)
		w.does(t, c.ID, doing{city, "grant", ""})
		w.now = w.now.AddDate(0, 0, 10)
		if _, err := w.Ring(ctx); err != nil {
			t.Fatal(err)
		}
		_, err = w.Act(ctx, finance, Act{Case: c.ID, Action: "pay"})
		wantErr(t, "no budget", err, errs.KindConflict, "casework.name")
		got, _, err := w.Get(ctx, county, c.ID)
		must(t, err)
		tasks, err := w.TasksOf(ctx, county, c.ID)
		must(t, err)
		if got.State != "payable" || !tasks[len(tasks)-1].Open() {
			t.Errorf("stands at %s, last task %+v", got.State, tasks[len(tasks)-1])
		}
	})
}
