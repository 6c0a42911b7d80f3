package round

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// TestRound takes a round from its opening to its closing: who is asked, how far each is, what is sent, and what it comes to.
func TestRound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a, b, c, d := w.firm("甲机械", tinghu, true), w.firm("乙机械", tinghu, true), w.firm("丙机械", dafeng, true), w.firm("丁机械", dafeng, true)
		small := w.firm("小机械", tinghu, false)

		if n, _, err := w.Whom(ctx, city, w.round()); err != nil || n != 4 {
			t.Fatalf("it would concern %d, %v", n, err)
		}
		r := w.opened()
		if _, err := w.Open(ctx, county, func() NewRound { n := w.round(); n.Area = tinghu; return n }()); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("a second round in the same area: %v", err)
		}
		if _, err := w.Open(ctx, county, w.round()); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("a county opens a round of the city: %v", err)
		}
		want := map[string]Standing{"甲机械": NotBegun, "乙机械": NotBegun, "丙机械": NotBegun, "丁机械": NotBegun}
		if diff := cmp.Diff(want, w.standings(r, city)); diff != "" {
			t.Errorf("at the beginning (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]Standing{"甲机械": NotBegun, "乙机械": NotBegun}, w.standings(r, county)); diff != "" {
			t.Errorf("a county sees (-want +got):\n%s", diff)
		}
		if rounds, err := w.Rounds(ctx, owner(a)); err != nil || len(rounds) != 1 {
			t.Errorf("the enterprise sees %v, %v", rounds, err)
		}
		if rounds, err := w.Rounds(ctx, owner(small)); err != nil || len(rounds) != 0 {
			t.Errorf("one that it does not concern sees %v, %v", rounds, err)
		}
		if _, err := w.Begin(ctx, owner(small), r.ID, small); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("one that it does not concern begins: %v", err)
		}

		sealed := w.takes(r, a, w.answers(2, nil))
		w.does(county, sealed, "seal", nil)
		rated := w.takes(r, b, w.answers(2, map[string]any{"devices_digital": 60}))
		w.does(county, rated, "appoint", nil)
		w.does(access.NewScope(rater, access.Expert, nil, nil), rated, "rate", w.answers(1, nil))
		w.does(county, rated, "confirm", nil)
		begun := w.takes(r, c, nil)
		w.takes(r, d, w.answers(3, map[string]any{"devices_digital": 40}))
		want = map[string]Standing{"甲机械": Sealed, "乙机械": Rated, "丙机械": Begun, "丁机械": Handed}
		if diff := cmp.Diff(want, w.standings(r, city)); diff != "" {
			t.Errorf("under way (-want +got):\n%s", diff)
		}

		left := func() int {
			t.Helper()
			all, err := w.Firms(ctx, w.view(other), &r)
			must(t, err)
			i := slices.IndexFunc(all, func(f Firm) bool { return f.ID == c })
			n, of, err := w.Left(ctx, w.view(other), &r, w.model, &all[i])
			must(t, err)
			if of < 50 {
				t.Errorf("%d questions", of)
			}
			return n
		}
		all := left()
		_, err := w.Forms.Save(ctx, owner(c), form.Draft{
			Place: fmt.Sprintf("cases/%d/submit", begun), Hash: "x", Page: "p", Entry: form.Entry{Texts: map[string]string{"devices_total": "8", "net_5g": "true", "net_control": ""}},
		})
		must(t, err)
		if got := left(); got != all-2 {
			t.Errorf("of %d questions two are typed, %d are left", all, got)
		}

		w.on(2024, 11, 14) // eleven working days before the last day
		fail := func(err error) { t.Error(err) }
		must(t, w.Turn(ctx, fail))
		whats := func() map[string]int {
			t.Helper()
			sent, err := w.Sent(ctx, w.view(city), &r)
			must(t, err)
			out := map[string]int{}
			for _, x := range sent {
				out[x.What]++
			}
			return out
		}
		if diff := cmp.Diff(map[string]int{"call": 4}, whats()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		w.on(2024, 11, 15)
		must(t, w.Turn(ctx, fail))
		must(t, w.Turn(ctx, fail))
		told, err := w.Remind(ctx, w.view(county), r.ID)
		must(t, err)
		if told != 0 {
			t.Errorf("a county all of whose enterprises are done reminds %d", told)
		}
		told, err = w.Remind(ctx, w.view(other), r.ID)
		must(t, err)
		again, err := w.Remind(ctx, w.view(city), r.ID)
		must(t, err)
		if told != 1 || again != 0 {
			t.Errorf("reminded by hand %d, and again %d", told, again)
		}
		w.on(2024, 11, 29)
		must(t, w.Turn(ctx, fail)) // of the three days before and of the last day only the later one
		if diff := cmp.Diff(map[string]int{"call": 4, "remind-10": 1, "remind-0": 1, "by-2024-11-15": 1}, whats()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}

		late := w.firm("戊机械", tinghu, true)
		if n, err := w.More(ctx, city, r.ID); err != nil || n != 1 {
			t.Errorf("added %d, %v", n, err)
		}
		if _, err := w.Close(ctx, county, r.ID); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("a county closes the round of the city: %v", err)
		}
		w.on(2024, 11, 28)
		if _, err := w.Close(ctx, city, r.ID); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("closed before its last day: %v", err)
		}
		w.on(2024, 12, 2)
		closed, err := w.Close(ctx, city, r.ID)
		must(t, err)
		if _, err := w.Close(ctx, city, r.ID); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("closed twice: %v", err)
		}
		if _, err := w.Begin(ctx, owner(late), r.ID, late); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("begun after the closing: %v", err)
		}
		rep, err := w.Report(ctx, city, closed.ID)
		must(t, err)
		if !rep.Whole || rep.All.Firms != 5 || rep.All.Done() != 2 || len(rep.County) != 2 || rep.County[0].Code != tinghu || rep.County[0].Done() != 2 || rep.County[1].Standing[Begun] != 1 {
			t.Errorf("figures %+v", rep.Figures)
		}
		part, err := w.Report(ctx, county, closed.ID)
		must(t, err)
		if part.Whole || len(part.Firms) != 3 || part.All.Firms != 3 || len(part.County) != 1 {
			t.Errorf("a county is told %+v", part.Figures)
		}
		out, err := w.Report(ctx, owner(a), closed.ID)
		must(t, err)
		if len(out.Firms) != 0 || !out.All.Hidden || out.All.Firms != 5 || len(out.County) != 1 || out.County[0].Code != Rest {
			t.Errorf("an enterprise is told %+v", out.Figures)
		}
	})
}

// TestFindings looks at each kind of finding, and at what becomes of one.
func TestFindings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		var firms []int64
		for i := range 10 {
			firms = append(firms, w.firm(fmt.Sprintf("企业%02d", i), []string{tinghu, dafeng}[i%2], true))
		}
		r := w.opened()
		cases := map[int64]int64{}
		for i, f := range firms {
			but := map[string]any{"devices_digital": 40 + i, "devices_networked": 20 + i, "digital_spend_share": 2, "scene_energy": i % 3, "net_5g": i%2 == 0}
			switch i {
			case 8: // as 9 answers, otherwise than the others
				but = map[string]any{"devices_digital": 47, "devices_networked": 27, "digital_spend_share": 3, "scene_energy": 4, "net_5g": false, "scene_quality": 4, "scene_planning": 0, "net_control": true, "capture_energy": true, "capture_planning": false}
			case 9:
				but = map[string]any{"devices_digital": 47, "devices_networked": 27, "digital_spend_share": 3, "scene_energy": 4, "net_5g": false, "scene_quality": 4, "scene_planning": 0, "net_control": true, "capture_energy": true, "capture_planning": false}
			case 0:
				but["devices_networked"] = 400 // more than there are, and far from the others
			}
			cases[f] = w.takes(r, f, w.answers(2, but))
		}
		w.states("bureau", fact.Statement{Subject: firms[1], Def: "ent.devices_total", Period: period.OfYear(2023), State: fact.Present, Value: fact.Value{Num: 100}},
			fact.Statement{Subject: firms[1], Def: "ent.devices_digital", Period: period.OfYear(2023), State: fact.Present, Value: fact.Value{Num: 5}})

		holding, err := w.Check(ctx, city, r.ID)
		must(t, err)
		found := func(q FindingQuery) []Finding {
			t.Helper()
			all, err := w.Findings(ctx, w.view(city), &r, q)
			must(t, err)
			return all
		}
		all := found(FindingQuery{})
		var told []string
		for _, f := range all {
			told = append(told, fmt.Sprintf("%s %s %d", f.Kind, f.Code, slices.Index(firms, f.Party)))
		}
		slices.Sort(told)
		want := []string{"contradiction networked_within 0", "copied copied 8", "copied copied 9", "jump digital_share 1", "outlier networked_share 0"}
		if diff := cmp.Diff(want, told); diff != "" || holding != len(want) {
			t.Fatalf("found %d (-want +got):\n%s", holding, diff)
		}
		if again, err := w.Check(ctx, county, r.ID); err != nil || again != holding || len(found(FindingQuery{Gone: true})) != holding {
			t.Errorf("found again: %d, %v", again, err)
		}
		mine, err := w.Findings(ctx, w.view(county), &r, FindingQuery{})
		must(t, err)
		for _, f := range mine {
			if slices.Index(firms, f.Party)%2 != 0 {
				t.Errorf("a county sees a finding about %d", slices.Index(firms, f.Party))
			}
		}

		one := func(kind Kind, firm int64) Finding {
			t.Helper()
			some := found(FindingQuery{Kind: kind, Firm: firm})
			if len(some) != 1 {
				t.Fatalf("%d findings of %s", len(some), kind)
			}
			return some[0]
		}
		copied := one(Copied, firms[8])
		d, err := w.Finding(ctx, owner(firms[8]), r.ID, copied.ID)
		must(t, err)
		if len(d.Others) != 0 || d.Hidden != 1 || d.Why.Key != "assessround.why_copied" || len(d.Rows) < 50 {
			t.Errorf("the enterprise is told %d others, %d hidden, %v, %d rows", len(d.Others), d.Hidden, d.Why, len(d.Rows))
		}
		d, err = w.Finding(ctx, city, r.ID, copied.ID)
		must(t, err)
		if !slices.Equal(d.Others, []int64{firms[9]}) {
			t.Errorf("the city is told of %v", d.Others)
		}
		if _, err := w.Finding(ctx, owner(firms[9]), r.ID, copied.ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("another enterprise reads it: %v", err)
		}
		jump := one(Jump, firms[1])
		d, err = w.Finding(ctx, other, r.ID, jump.ID)
		must(t, err)
		if len(d.Rows) != 4 || d.Why.Key != "assessround.why_jump" {
			t.Errorf("a jump tells %v, %v", d.Why, d.Rows)
		}
		outlier := one(Outlier, firms[0])
		if x := outlier.Detail; x.Peers != 10 || x.Value != "4" || x.Group != "trade" {
			t.Errorf("an outlier tells %+v", x)
		}

		contra := one(Contradiction, firms[0])
		if err := w.Explain(ctx, county, r.ID, contra.ID, "我说的"); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("an official explains: %v", err)
		}
		must(t, w.Explain(ctx, owner(firms[0]), r.ID, contra.ID, "填错了单位。"))
		if n, round, err := w.Waiting(ctx, w.view(county)); err != nil || n != 1 || round != r.ID {
			t.Errorf("waiting for the county %d, %v", n, err)
		}
		if n, _, _ := w.Waiting(ctx, w.view(other)); n != 0 {
			t.Errorf("waiting for another county: %d", n)
		}
		if err := w.SendBack(ctx, other, r.ID, contra.ID, "请更正"); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("another county sends it back: %v", err)
		}
		must(t, w.SendBack(ctx, county, r.ID, contra.ID, "联网设备数多于设备总数，请更正。"))
		if got := w.standings(r, city)["企业00"]; got != Back {
			t.Errorf("sent back, it stands at %s", got)
		}
		track, err := w.Cases.Track(ctx, owner(firms[0]), cases[firms[0]])
		must(t, err)
		if last := track[len(track)-1]; last.Action != "send_back" || !strings.Contains(last.Reason, "请更正") {
			t.Errorf("the case says %+v", last)
		}
		if err := w.Accept(ctx, county, r.ID, copied.ID, "  "); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("accepted without a word: %v", err)
		}
		must(t, w.Accept(ctx, county, r.ID, copied.ID, "同一集团代填，已核实。"))
		if err := w.Accept(ctx, county, r.ID, copied.ID, "再来一次"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("accepted twice: %v", err)
		}

		w.does(owner(firms[0]), cases[firms[0]], "submit", map[string]any{"devices_networked": 24})
		if got := w.standings(r, city)["企业00"]; got != Handed {
			t.Errorf("handed in again, it stands at %s", got)
		}
		if holding, err = w.Check(ctx, city, r.ID); err != nil || holding != 3 {
			t.Errorf("corrected, %d findings hold, %v", holding, err)
		}
		if gone := found(FindingQuery{Gone: true, Firm: firms[0]}); len(gone) != 2 || gone[0].GoneAt == 0 || gone[1].GoneAt == 0 {
			t.Errorf("of the corrected enterprise %+v", gone)
		}
		if err := w.Accept(ctx, county, r.ID, contra.ID, "已更正"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("what holds no more is accepted: %v", err)
		}
		w.does(county, cases[firms[0]], "seal", nil)

		// Of a sealed one the result stays until it is answered anew.
		w.does(other, cases[firms[1]], "seal", nil)
		w.now = w.now.AddDate(0, 0, 1)
		must(t, w.SendBack(ctx, other, r.ID, jump.ID, "请说明并更正。"))
		if got := w.standings(r, city)["企业01"]; got != Back {
			t.Errorf("sealed and sent back, it stands at %s", got)
		}
		w.now = w.now.AddDate(0, 0, 1)
		second := w.takes(r, firms[1], map[string]any{"devices_digital": 7})
		w.does(other, second, "seal", nil)
		if got := w.standings(r, city)["企业01"]; got != Sealed {
			t.Errorf("sealed anew, it stands at %s", got)
		}
	})
}

// TestCannotReturn: what an expert holds is not returned over the expert's head.
func TestCannotReturn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm := w.firm("甲机械", tinghu, true)
		r := w.opened()
		c := w.takes(r, firm, w.answers(2, map[string]any{"devices_networked": 400}))
		w.does(county, c, "appoint", nil)
		_, err := w.Check(t.Context(), county, r.ID)
		must(t, err)
		all, err := w.Findings(t.Context(), w.view(county), &r, FindingQuery{Kind: Contradiction})
		must(t, err)
		if err := w.SendBack(t.Context(), county, r.ID, all[0].ID, "请更正"); errs.KindOf(err) != errs.KindConflict {
			t.Fatalf("sent back: %v", err)
		}
		again, err := w.Findings(t.Context(), w.view(county), &r, FindingQuery{Kind: Contradiction})
		must(t, err)
		if again[0].State != FindingOpen {
			t.Errorf("it stands at %s", again[0].State)
		}
	})
}

// TestOtherYear: a case of another year in the way is told, and not taken for the answer.
func TestOtherYear(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm := w.firm("甲机械", tinghu, true)
		_, err := w.Cases.New(t.Context(), owner(firm), casework.NewCase{Workflow: "assessment_sme_digital", Title: "旧", Subject: firm})
		must(t, err)
		n := w.round()
		n.Year = 2023
		r, err := w.Open(t.Context(), city, n)
		must(t, err)
		if _, err := w.Begin(t.Context(), owner(firm), r.ID, firm); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("begun beside a case of another year: %v", err)
		}
		if got := w.standings(r, city)["甲机械"]; got != NotBegun {
			t.Errorf("it stands at %s", got)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.firm("甲机械", tinghu, true)
		for _, tc := range []struct {
			name   string
			change func(n *NewRound)
			key    string
		}{
			{"no name", func(n *NewRound) { n.Title = " " }, "assessround.title"},
			{"no such area", func(n *NewRound) { n.Area = "999999" }, "assessround.no_area"},
			{"no such model", func(n *NewRound) { n.Edition = "1999" }, "assessround.no_model"},
			{"a model that does not score", func(n *NewRound) { n.Model = "cloud_stars" }, "assessround.not_answerable"},
			{"a year to come", func(n *NewRound) { n.Year = 2025 }, "assessround.year"},
			{"ends before it begins", func(n *NewRound) { n.Opens = n.Closes + 1 }, "assessround.window"},
			{"is over", func(n *NewRound) { n.Opens, n.Closes = period.Date(2024, 9, 1), period.Date(2024, 10, 1) }, "assessround.window"},
			{"a reminder twice", func(n *NewRound) { n.Remind = []int{3, 3} }, "assessround.remind"},
			{"a reminder after it", func(n *NewRound) { n.Remind = []int{-1} }, "assessround.remind"},
			{"a condition that does not compile", func(n *NewRound) { n.Concerned = "ent.big" }, "assessround.condition"},
			{"a condition that is a number", func(n *NewRound) { n.Concerned = "ent.employees" }, "assessround.condition"},
			{"nobody", func(n *NewRound) { n.Concerned = "!ent.above_scale" }, "assessround.nobody"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				n := w.round()
				tc.change(&n)
				_, err := w.Open(t.Context(), city, n)
				msg, ok := errs.Message(err)
				if errs.KindOf(err) != errs.KindInvalid || !ok || msg.Key != tc.key {
					t.Errorf("got %v (%v)", err, msg.Key)
				}
			})
		}
	})
}

// TestClosedStands closes a round and then does anything: states facts, moves and adds enterprises, seals results, opens the next round. The
// closed one comes to what it came to, and is made anew the same.
func TestClosedStands(t *testing.T) {
	storetest.Each(t, shipping, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newWorld(t, db)
		var firms []int64
		for i := range 8 {
			firms = append(firms, w.firm(fmt.Sprintf("企业%02d", i), []string{tinghu, dafeng}[i%2], true))
		}
		first := w.round()
		first.Year, first.Title = 2023, "2023年度"
		r, err := w.Open(ctx, city, first)
		must(t, err)
		office := func(f int64) access.Scope { return []access.Scope{county, other}[slices.Index(firms, f)%2] }
		answers := func(r Round, f int64, level int) {
			c := w.takes(r, f, w.answers(level, map[string]any{"devices_digital": 10 + level + slices.Index(firms, f)}))
			w.does(office(f), c, "seal", nil)
		}
		for i, f := range firms[:6] {
			answers(r, f, 1+i%4)
		}
		w.on(2024, 12, 2)
		r, err = w.Close(ctx, city, r.ID)
		must(t, err)
		kept := r.Closing.Figures
		rep, err := w.Report(ctx, city, r.ID)
		must(t, err)
		stands := func(t interface {
			Fatalf(string, ...any)
		},
		) {
			now, err := w.Report(ctx, city, r.ID)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if diff := cmp.Diff(rep.Figures, now.Figures, cmp.Comparer(func(a, b Row) bool { return fmt.Sprint(a.told()) == fmt.Sprint(b.told()) })); diff != "" {
				t.Fatalf("it has changed (-was +is):\n%s", diff)
			}
			wrong, err := w.Verify(ctx, r.ID)
			if err != nil || len(wrong) > 0 {
				t.Fatalf("made anew it differs: %v, %v", wrong, err)
			}
			again, err := w.Round(ctx, city, r.ID)
			if err != nil || again.Closing.Figures != kept {
				t.Fatalf("what is kept has changed: %v", err)
			}
		}
		stands(t)
		second := w.round()
		second.Opens, second.Closes = period.Date(2024, 12, 2), period.Date(2024, 12, 31)
		next, err := w.Open(ctx, city, second)
		must(t, err)
		if next.Before != r.ID {
			t.Errorf("the round before is %d", next.Before)
		}
		done := map[int64]bool{}
		rapid.Check(t, func(t *rapid.T) {
			f := rapid.SampledFrom(firms).Draw(t, "firm")
			switch rapid.SampledFrom([]string{"fact", "area", "answer", "firm"}).Draw(t, "what") {
			case "fact":
				w.states("bureau", fact.Statement{
					Subject: f, Def: "ent.devices_digital", Period: period.OfYear(rapid.SampledFrom([]int{2023, 2024}).Draw(t, "year")), State: fact.Present, Value: fact.Value{Num: rapid.Int64Range(0, 90).Draw(t, "n")},
				})
			case "area":
				w.states("bureau", fact.Statement{Subject: f, Def: "ent.size", Period: period.OfYear(2023), State: fact.Present, Value: fact.Value{Text: rapid.SampledFrom([]string{"small", "medium"}).Draw(t, "size")}})
			case "answer":
				if !done[f] {
					done[f] = true
					answers(next, f, rapid.IntRange(1, 4).Draw(t, "level"))
				}
			case "firm":
				w.firm(fmt.Sprintf("新企业%d", w.say), tinghu, true)
			}
			stands(t)
		})
		closing, err := w.Report(ctx, city, next.ID)
		must(t, err)
		if b := closing.Before; b == nil || b.All.Firms != 8 || b.All.Done() != 6 {
			t.Errorf("beside the round before: %+v", b)
		}
		moved := closing.All.Up + closing.All.Same + closing.All.Down
		both := 0
		for _, f := range firms[:6] {
			if done[f] {
				both++
			}
		}
		if moved != both {
			t.Errorf("%d moved or stayed, %d were in both", moved, both)
		}
	})
}

// told is what of a row is told.
func (r Row) told() any {
	r.sum, r.settled = nil, 0
	return r
}

// TestHide: whoever may see no enterprise is told no number of fewer than five of them, and can reckon none from what is told.
func TestHide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := func(code string) Row {
			r := Row{Code: code, Standing: map[Standing]int{}, Levels: make([]int, 3), Found: 1}
			for i := range 3 {
				r.Levels[i] = rapid.SampledFrom([]int{0, 0, 1, 4, 5, 9, 30}).Draw(t, "level")
				r.Standing[Sealed] += r.Levels[i]
			}
			r.Standing[NotBegun] = rapid.SampledFrom([]int{0, 2, 6, 40}).Draw(t, "none")
			r.Firms = r.Standing[Sealed] + r.Standing[NotBegun]
			return r
		}
		f := Figures{All: Row{Standing: map[Standing]int{}, Levels: make([]int, 3)}}
		for i := range rapid.IntRange(0, 7).Draw(t, "rows") {
			r := row(fmt.Sprint(i))
			if r.Firms == 0 {
				continue
			}
			f.County = append(f.County, r)
			f.All = f.All.plus(&r, 1)
		}
		h := f.Hide()
		few := func(n int) bool { return n > 0 && n < results.Least }
		left := h.All
		for _, r := range h.County {
			if !r.Hidden && (slices.ContainsFunc(r.numbers(), few) || few(r.Firms)) || r.Found > 0 {
				t.Fatalf("told %+v", r)
			}
			if few(r.Firms) && len(h.County) > 1 {
				t.Fatalf("a part of %d is told", r.Firms)
			}
			if !r.Hidden {
				left = left.plus(&r, -1)
			}
		}
		if !h.All.Hidden && (slices.ContainsFunc(h.All.numbers(), few) || slices.ContainsFunc(left.numbers(), few)) {
			t.Fatalf("of all %+v is told, and %+v is left", h.All, left)
		}
		sum := 0
		for _, r := range h.County {
			sum += r.Firms
		}
		if sum != f.All.Firms {
			t.Fatalf("parts have %d, the whole %d", sum, f.All.Firms)
		}
	})
}
