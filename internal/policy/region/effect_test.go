package region

import (
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// begun waits for a run in the background, as a page does that asks again.
func (w *world) begun(scope access.Scope, plan *policy.Plan) *Region {
	w.t.Helper()
	view, err := w.frames.For(ctx, scope, 0)
	must(w.t, err)
	for {
		r, p, err := w.runner.Begin(view, plan, asOf)
		must(w.t, err)
		if r != nil {
			return r
		}
		if p.Decided > p.Firms {
			w.t.Fatalf("%d of %d firms are decided", p.Decided, p.Firms)
		}
		time.Sleep(time.Millisecond)
	}
}

// The effect of other numbers is what two runs come to, firm by firm.
func TestEffect(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	w.state(city(300)...)
	defer w.runner.Close()
	other, err := w.plan.Policy.Plan(nil, policy.Patch{Param: "investment_rate", Key: "2023", Value: "9%"}, policy.Patch{Param: "loan_ceiling", Value: "300万元"})
	must(t, err)
	for name, scope := range map[string]access.Scope{"all": access.SystemScope(), "counties": access.NewScope(1, access.CountyOfficial, []string{"320902", "320903", "320904", "zone:320971"}, nil)} {
		before, after := w.begun(scope, w.plan), w.begun(scope, other)
		if waited := w.run(scope, 0); waited.Sum != before.Sum {
			t.Errorf("%s: in the background %+v, waiting %+v", name, before.Sum, waited.Sum)
		}
		e := EffectOf(before, after, "320900", 1000)
		var gain, lose int
		var gained, lost money.Fen
		had := map[int64]money.Fen{}
		for f := range before.Firms() {
			had[f.ID] = f.Total.Sure + f.InKind.Sure
		}
		for f := range after.Firms() {
			switch d := f.Total.Sure + f.InKind.Sure - had[f.ID]; {
			case d > 0:
				gain, gained = gain+1, gained+d
			case d < 0:
				lose, lost = lose+1, lost-d
			}
		}
		if gain == 0 || lose == 0 || e.Gain != gain || e.Lose != lose || e.Gained != gained || e.Lost != lost {
			t.Errorf("%s: %d gain %v and %d lose %v, want %d %v and %d %v", name, e.Gain, e.Gained, e.Lose, e.Lost, gain, gained, lose, lost)
		}
		if len(e.Most) != gain+lose || e.Most[0].Differs() < e.Most[gain-1].Differs() || e.Most[gain].Differs() > e.Most[len(e.Most)-1].Differs() {
			t.Errorf("%s: the firms named are in no order", name)
		}
		if got := e.After.Total.Sure + e.After.InKind.Sure - e.Before.Total.Sure - e.Before.InKind.Sure; got != gained-lost {
			t.Errorf("%s: the region differs by %v, its firms by %v", name, got, gained-lost)
		}
		var areas, clauses money.Fen
		for _, a := range e.Areas {
			areas += a.After.Total.Sure - a.Before.Total.Sure
		}
		for _, c := range e.Clauses {
			clauses += c.After.Pays.Sure - c.Before.Pays.Sure
		}
		if areas != e.After.Total.Sure-e.Before.Total.Sure || clauses != gained-lost {
			t.Errorf("%s: areas differ by %v, clauses by %v", name, areas, clauses)
		}
		if short := EffectOf(before, after, "320900", 1); len(short.Most) != 2 {
			t.Errorf("%s: %d firms are named", name, len(short.Most))
		}
		if fresh := EffectOf(nil, after, "320900", 1000); fresh.Lose != 0 || fresh.Gained != after.Sum.Total.Sure+after.Sum.InKind.Sure {
			t.Errorf("%s: a new document gives %v", name, fresh.Gained)
		}
	}
}

// A closed runner ends what nobody waits for.
func TestCloseEndsRuns(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	w.state(city(600)...)
	view, err := w.frames.For(ctx, access.SystemScope(), 0)
	must(t, err)
	_, _, err = w.runner.Begin(view, w.plan, asOf)
	must(t, err)
	w.runner.Close()
	for _, kept := range w.runner.kept { // it was done in time, or is forgotten
		if _, err := kept.wait(ctx); err != nil {
			t.Error(err)
		}
	}
}
