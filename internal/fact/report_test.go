package fact

import (
	"context"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
)

func revenue(subject int64, y int, n int64) NewReport {
	return NewReport{
		Subject: subject, Def: "ent.revenue", Period: years[y], State: Present, Value: Value{Num: n}, Shown: "typed", Evidence: "纳税申报表第1行",
	}
}

// stand is how the report of a figure stands to a reader; "" for none.
func stand(t tester, w *world, scope access.Scope, subject int64, y int) Stand {
	t.Helper()
	all, err := w.view(t, scope, 0).Reports(context.Background())
	must(t, err)
	for _, r := range all {
		if r.Subject == subject && r.Def == "ent.revenue" && r.Period == years[y] {
			return r.Stand()
		}
	}
	return ""
}

// The way of a report: it fills what is missing, stands behind who is believed more, waits for an official, is asked
// about, replaced, accepted, opened again by news, and taken back.
func TestReport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		firms, projects := w.firms(t, "report", 2, "320904", "320981")
		one := firms[0]
		w.refresh(t)
		firm := access.NewScope(11, access.Enterprise, nil, firms[:1])
		handler := access.NewScope(12, access.Handler, nil, firms[:1])
		official := access.NewScope(13, access.CountyOfficial, []string{"320904"}, nil)
		foreign := access.NewScope(14, access.CountyOfficial, []string{"320981"}, nil)
		report := func(scope access.Scope, n NewReport) (int64, error) { return w.view(t, scope, 0).Report(ctx, n) }
		wantStand := func(want Stand) {
			t.Helper()
			for _, scope := range []access.Scope{firm, official} {
				if got := stand(t, w, scope, one, 0); got != want {
					t.Errorf("stands %q, want %q", got, want)
				}
			}
		}
		effective := func(n int64, authority string) {
			t.Helper()
			v := w.view(t, official, 0)
			if c := v.Value(one, "ent.revenue", years[0]); c.Value.Num != n || v.Authority(c) != authority {
				t.Errorf("in effect: %d of %q, want %d of %q", c.Value.Num, v.Authority(c), n, authority)
			}
		}

		for name, c := range map[string]struct {
			scope access.Scope
			n     NewReport
			kind  errs.Kind
		}{
			"an official":        {official, revenue(one, 0, 100), errs.KindForbidden},
			"a reader":           {access.NewScope(15, access.Viewer, nil, firms[:1]), revenue(one, 0, 100), errs.KindForbidden},
			"an auditor":         {access.NewScope(16, access.Auditor, []string{"320904"}, nil), revenue(one, 0, 100), errs.KindForbidden},
			"another's file":     {firm, revenue(firms[1], 0, 100), errs.KindForbidden},
			"no evidence":        {firm, NewReport{Subject: one, Def: "ent.revenue", Period: years[0], State: Present}, errs.KindInvalid},
			"no value":           {firm, NewReport{Subject: one, Def: "ent.revenue", Period: years[0], Evidence: "x"}, errs.KindInvalid},
			"a year ahead":       {firm, NewReport{Subject: one, Def: "ent.revenue", Period: period.OfYear(2025), State: Present, Evidence: "x"}, errs.KindInvalid},
			"no year":            {firm, NewReport{Subject: one, Def: "ent.revenue", State: Present, Evidence: "x"}, errs.KindInvalid},
			"a month":            {firm, NewReport{Subject: one, Def: "ent.revenue", Period: period.OfMonth(2023, 5), State: Present, Evidence: "x"}, errs.KindInvalid},
			"of a project":       {firm, NewReport{Subject: projects[0], Def: "ent.revenue", Period: years[0], State: Present, Evidence: "x"}, errs.KindNotFound},
			"not asked of firms": {firm, NewReport{Subject: projects[0], Def: "project.input", Period: years[0], State: Present, Evidence: "x"}, errs.KindInvalid},
		} {
			_, err := report(c.scope, c.n)
			wantKind(t, name, err, c.kind)
		}
		wantStand("")

		first, err := report(handler, revenue(one, 0, 100)) // fills the gap
		must(t, err)
		effective(100, SelfReport)
		wantStand(InEffect)
		_, err = report(firm, revenue(one, 0, 100))
		wantKind(t, "the same again", err, errs.KindConflict)

		w.say(t, "tax", present(one, "ent.revenue", years[0], 105)) // within the tolerance
		w.refresh(t)
		effective(105, "tax")
		wantStand(Alike)
		w.say(t, "tax", present(one, "ent.revenue", years[0], 200))
		w.refresh(t)
		effective(200, "tax")
		wantStand(Differs)
		_, err = report(firm, revenue(one, 0, 200))
		wantKind(t, "what is known already", err, errs.KindConflict)

		answer := func(scope access.Scope, src int64, kind AnswerKind) error {
			return w.view(t, scope, 0).AnswerReport(ctx, src, kind, "请附申报表")
		}
		wantKind(t, "answer of the firm itself", answer(firm, first, Accept), errs.KindForbidden)
		wantKind(t, "answer from elsewhere", answer(foreign, first, Accept), errs.KindNotFound)
		wantKind(t, "no answer", answer(official, first, "perhaps"), errs.KindInvalid)
		must(t, answer(official, first, Ask))
		wantStand(Asked)
		second, err := report(firm, revenue(one, 0, 150)) // the answer of the firm: another figure
		must(t, err)
		wantStand(Differs)
		effective(200, "tax")
		wantKind(t, "answer to what was replaced", answer(official, first, Accept), errs.KindNotFound)
		must(t, answer(official, second, Accept))
		wantStand(Accepted)
		w.say(t, "statistics", present(one, "ent.revenue", years[0], 300)) // news: look again
		w.refresh(t)
		wantStand(Differs)

		_, err = report(firm, revenue(one, 0, 100)) // back to the first figure is a statement too
		must(t, err)
		wantKind(t, "taken back by an official", w.view(t, official, 0).Withdraw(ctx, one, "ent.revenue", years[0], ""), errs.KindForbidden)
		must(t, w.view(t, handler, 0).Withdraw(ctx, one, "ent.revenue", years[0], "填错了"))
		wantStand("")
		effective(300, "statistics")
		wantKind(t, "taken back twice", w.view(t, firm, 0).Withdraw(ctx, one, "ent.revenue", years[0], ""), errs.KindNotFound)

		if all, err := w.view(t, foreign, 0).Reports(ctx); err != nil || len(all) > 0 {
			t.Errorf("foreign reports: %v, %v", all, err)
		}
		log, err := w.view(t, access.NewScope(13, access.CityOfficial, []string{"320904"}, nil), 0).Log(ctx)
		must(t, err)
		count := map[Deed]int{}
		for _, e := range log {
			if e.Source.Party == one || e.Report.Subject == one {
				count[e.Deed]++
			}
		}
		if count[Published] != 3 || count[Retracted] != 3 || count[AskedBack] != 1 || count[Settled] != 1 {
			t.Errorf("the log tells %v", count)
		}
	})
}

// Whoever sends a form twice states once.
func TestReportTwiceAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firms, _ := w.firms(t, "twice", 1, "320904")
		v := w.refresh(t)
		var tries sync.WaitGroup
		var failed [8]error
		for i := range failed {
			tries.Go(func() { _, failed[i] = v.Report(context.Background(), revenue(firms[0], 0, 7)) })
		}
		tries.Wait()
		done := 0
		for _, err := range failed {
			if err == nil {
				done++
			} else {
				wantKind(t, "the other", err, errs.KindConflict)
			}
		}
		all, err := w.refresh(t).Reports(t.Context())
		must(t, err)
		if done != 1 || len(all) != 1 {
			t.Errorf("%d were taken, %d stand", done, len(all))
		}
	})
}

// Whatever enterprises state and take back in between, what others said holds as if they had said nothing, wherever
// anybody did; and no report stands once all are taken back.
func TestReportsNeverCoverOthers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		round := 0
		rapid.Check(t, func(t *rapid.T) {
			round++
			ctx := context.Background()
			firms, _ := w.firms(t, "cover "+string(rune('a'+round%26))+period.Day(round).String(), 2, "320904")
			said := map[int64]Value{} // by firm, what the best of the others said last
			stated := map[int64]bool{}
			for range rapid.IntRange(1, 8).Draw(t, "steps") {
				id := rapid.SampledFrom(firms).Draw(t, "firm")
				n := rapid.Int64Range(0, 5).Draw(t, "value") * 100
				switch rapid.IntRange(0, 3).Draw(t, "what") {
				case 0:
					w.say(t, "tax", present(id, "ent.revenue", years[0], n))
					said[id] = Value{Num: n}
				case 1:
					err := w.refresh(t).Withdraw(ctx, id, "ent.revenue", years[0], "")
					if stated[id] != (err == nil) {
						t.Fatalf("take back: %v, stated %v", err, stated[id])
					}
					delete(stated, id)
				default:
					_, err := w.refresh(t).Report(ctx, revenue(id, 0, n))
					if err != nil {
						wantKind(t, "report", err, errs.KindConflict)
						continue
					}
					stated[id] = true
				}
			}
			v := w.refresh(t)
			for _, id := range firms {
				c := v.Value(id, "ent.revenue", years[0])
				if want, ok := said[id]; ok && (c.Value != want || v.Authority(c) != "tax") {
					t.Fatalf("firm %d: %+v of %s, the tax authority said %+v", id, c, v.Authority(c), want)
				} else if !ok && c.Known != stated[id] {
					t.Fatalf("firm %d: known %v, stated %v", id, c.Known, stated[id])
				}
			}
			all, err := v.Reports(ctx)
			must(t, err)
			for _, r := range all {
				if slices.Contains(firms, r.Subject) && !stated[r.Subject] {
					t.Fatalf("a report stands that was taken back: %+v", r)
				}
			}
		})
	})
}

func TestBeyond(t *testing.T) {
	lib, err := library()
	must(t, err)
	money, _ := lib.FactDef("ent.revenue")
	word, _ := lib.FactDef("ent.address")
	is := func(n int64) Cell { return Cell{State: Present, Value: Value{Num: n}} }
	for _, c := range []struct {
		def      content.FactDef
		one, two Cell
		want     bool
	}{
		{money, is(100), is(100), false},
		{money, is(90), is(100), false},
		{money, is(100), is(89), true},
		{money, is(-100), is(100), true},
		{money, is(0), Cell{State: None}, true},
		{money, is(0), Cell{}, true},
		{word, Cell{State: Present, Value: Value{Text: "a"}}, Cell{State: Present, Value: Value{Text: "b"}}, true},
		{word, Cell{State: None}, Cell{State: None}, false},
	} {
		if got := Beyond(&c.def, c.one, c.two); got != c.want {
			t.Errorf("%+v and %+v of %s: %v", c.one, c.two, c.def.Code, got)
		}
	}
}
