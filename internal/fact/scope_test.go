package fact

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// TestScope: under any scope, lists, counts, values, periods, children, time lines and disputes hold what the object
// check allows, and nothing else.
func TestScope(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		areas := []string{"320904", "320981", "320921", "zone:320971"}
		firms, projects := w.firms(t, "scope", 12, areas...)
		area := func(i int) string { return areas[i%len(areas)] }
		var said []Statement
		for i, id := range firms {
			said = append(said, present(id, "ent.revenue", years[0], int64(i)+1), text(id, "ent.phone", fmt.Sprint("1380000000", i)),
				present(projects[i], "project.input", years[1], int64(i)+1))
		}
		w.say(t, "tax", said...)
		all := w.refresh(t)
		for _, id := range firms {
			_, err := all.Dispute(ctx, id, "ent.revenue", years[0], "这个数不对")
			must(t, err)
			_, err = all.Dispute(ctx, id, "ent.phone", period.Period{}, "换了号码")
			must(t, err)
		}

		rapid.Check(t, func(t *rapid.T) {
			var scope access.Scope // the zero scope when nothing is drawn
			for i := range rapid.IntRange(0, 2).Draw(t, "grants") {
				part := access.NewScope(int64(i)+1, rapid.SampledFrom(access.Roles()).Draw(t, "role"),
					rapid.SliceOfN(rapid.SampledFrom(areas), 0, 3).Draw(t, "areas"),
					rapid.SliceOfN(rapid.SampledFrom(firms), 0, 3).Draw(t, "owns"))
				scope = scope.And(part)
			}
			v := w.view(t, scope, 0)
			var want []int64
			disputes := 0
			for i, id := range firms {
				may := func(a access.Action) bool { return scope.Sees(a, area(i), id) }
				if may(access.ReadParty) {
					want = append(want, id)
				}
				cell := func(what string, got Cell, a access.Action, full Cell) {
					t.Helper()
					expect := full
					switch {
					case !may(access.ReadParty):
						expect = Cell{}
					case !may(a):
						expect = withheld
					}
					if diff := cmp.Diff(expect, got, cmp.AllowUnexported(Cell{})); diff != "" {
						t.Fatalf("%s of firm %d (-want +got)\n%s", what, i, diff)
					}
				}
				cell("revenue", v.Value(id, "ent.revenue", years[0]), access.ReadFact, all.Value(id, "ent.revenue", years[0]))
				cell("phone", v.Value(id, "ent.phone", period.Period{}), access.ReadSensitive, all.Value(id, "ent.phone", period.Period{}))
				cell("input", v.Value(projects[i], "project.input", years[1]), access.ReadFact, all.Value(projects[i], "project.input", years[1]))

				reads, reads2 := may(access.ReadFact), may(access.ReadFact) && may(access.ReadSensitive)
				if got := len(v.Periods(id, "ent.revenue")) == 1; got != reads {
					t.Fatalf("periods of firm %d told: %v, want %v", i, got, reads)
				}
				if got := len(v.Periods(id, "ent.phone")) == 1; got != reads2 {
					t.Fatalf("periods of the phone of firm %d told: %v, want %v", i, got, reads2)
				}
				if got := len(v.Children(id, content.Project)) == 1; got != reads {
					t.Fatalf("children of firm %d told: %v, want %v", i, got, reads)
				}
				if _, ok := v.Enterprise(id); ok != may(access.ReadParty) {
					t.Fatalf("firm %d told: %v", i, ok)
				}
				if _, ok := v.Subject(projects[i]); ok != may(access.ReadParty) {
					t.Fatalf("project %d told: %v", i, ok)
				}
				lines, err := v.Timeline(ctx, id)
				if !reads {
					wantKind(t, "foreign time line", err, errs.KindNotFound)
				}
				known, err := v.Known(ctx, id)
				must(t, err)
				checkKnown(t, known[id], lines)
				told := 0
				for _, line := range lines {
					told += len(line.Disputes)
				}
				expect := 0
				if reads {
					expect++
				}
				if reads2 {
					expect++
				}
				if len(lines) != expect || told != expect {
					t.Fatalf("time line of firm %d: %d lines, %d disputes, want %d", i, len(lines), told, expect)
				}
				disputes += expect
			}
			var got []int64
			for e := range v.Enterprises() {
				got = append(got, e.ID)
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("enterprises (-want +got)\n%s", diff)
			}
			if v.Count() != len(want) {
				t.Fatalf("count %d, want %d", v.Count(), len(want))
			}
			open, err := v.OpenDisputes(ctx)
			if err != nil || len(open) != disputes {
				t.Fatalf("%d open disputes (%v), want %d", len(open), err, disputes)
			}
		})
	})
}

// TestAreaFacts: an area is a subject too, seen by whom its own node is granted.
func TestAreaFacts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		src := w.begin(t, "statistics")
		var area int64
		must(t, w.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			ids, err := w.parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Area, Key: "320904"}})
			if err == nil {
				area = ids[0]
			}
			return err
		}))
		must(t, w.facts.Append(ctx, src, []Statement{present(area, "area.firms", years[0], 812)}))
		w.publish(t, src)
		w.refresh(t)
		for name, c := range map[string]struct {
			scope access.Scope
			want  int64
		}{
			"own county":     {access.NewScope(1, access.CountyOfficial, []string{"320904"}, nil), 812},
			"foreign county": {access.NewScope(2, access.CountyOfficial, []string{"320981"}, nil), 0},
			"nobody":         {access.Scope{}, 0},
		} {
			v := w.view(t, c.scope, 0)
			if got := v.Value(area, "area.firms", years[0]); got.Value.Num != c.want {
				t.Errorf("%s: %+v, want %d", name, got, c.want)
			}
			if v.Count() != 0 {
				t.Errorf("%s: the area is counted as an enterprise", name)
			}
		}
	})
}

func TestZeroViewShowsNothing(t *testing.T) {
	var v View
	ctx := context.Background()
	if v.Count() != 0 || v.Seq() != 0 || v.Value(1, "ent.revenue", years[0]) != (Cell{}) || v.Periods(1, "ent.revenue") != nil || v.Children(1, content.Project) != nil {
		t.Error("the zero view shows something")
	}
	if _, err := v.Timeline(ctx, 1); errs.KindOf(err) != errs.KindNotFound {
		t.Errorf("time line: %v", err)
	}
	if _, err := v.Dispute(ctx, 1, "ent.revenue", years[0], "x"); errs.KindOf(err) != errs.KindForbidden {
		t.Errorf("dispute: %v", err)
	}
	if d, err := v.OpenDisputes(ctx); len(d) != 0 || err != nil {
		t.Errorf("disputes: %v %v", d, err)
	}
	if err := v.CloseDispute(ctx, 1, "x"); errs.KindOf(err) != errs.KindNotFound {
		t.Errorf("close: %v", err)
	}
}

func TestDisputeIsRaisedOnceAndClosedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		firms, _ := w.firms(t, "dispute", 2, "320904", "320981")
		w.say(t, "tax", present(firms[0], "ent.revenue", years[0], 5))
		w.refresh(t)
		firm := w.view(t, access.NewScope(11, access.Enterprise, nil, firms[:1]), 0)
		official := w.view(t, access.NewScope(12, access.CountyOfficial, []string{"320904"}, nil), 0)
		foreign := w.view(t, access.NewScope(13, access.CountyOfficial, []string{"320981"}, nil), 0)
		auditor := w.view(t, access.NewScope(14, access.Auditor, []string{"320904"}, nil), 0)

		_, err := firm.Dispute(ctx, firms[0], "ent.revenue", years[1], "没有这一年")
		wantKind(t, "dispute of nothing", err, errs.KindInvalid)
		_, err = firm.Dispute(ctx, firms[0], "ent.revenue", years[0], " ")
		wantKind(t, "dispute without words", err, errs.KindInvalid)
		for name, v := range map[string]View{"foreign official": foreign, "auditor": auditor} {
			_, err = v.Dispute(ctx, firms[0], "ent.revenue", years[0], "不对")
			wantKind(t, name, err, errs.KindForbidden)
		}
		id, err := firm.Dispute(ctx, firms[0], "ent.revenue", years[0], " 应为 6 分 ")
		must(t, err)
		_, err = firm.Dispute(ctx, firms[0], "ent.revenue", years[0], "再说一遍")
		wantKind(t, "the same again", err, errs.KindConflict)

		wantKind(t, "close by the firm", firm.CloseDispute(ctx, id, "好了"), errs.KindForbidden)
		wantKind(t, "close by an auditor", auditor.CloseDispute(ctx, id, "好了"), errs.KindForbidden)
		wantKind(t, "close from elsewhere", foreign.CloseDispute(ctx, id, "好了"), errs.KindNotFound)
		wantKind(t, "close without a note", official.CloseDispute(ctx, id, ""), errs.KindInvalid)
		must(t, official.CloseDispute(ctx, id, "已核对，原数无误"))
		wantKind(t, "close twice", official.CloseDispute(ctx, id, "again"), errs.KindConflict)

		lines, err := firm.Timeline(ctx, firms[0])
		must(t, err)
		at := now.Millis()
		want := []Dispute{{
			ID: id, Subject: firms[0], Def: "ent.revenue", Period: years[0], Source: lines[0].Cell.Source, N: lines[0].Cell.n, Actor: 11, At: at,
			Text: "应为 6 分", Closed: &Closing{Actor: 12, At: at, Note: "已核对，原数无误"},
		}}
		if diff := cmp.Diff(want, lines[0].Disputes, cmp.AllowUnexported(period.Period{})); diff != "" {
			t.Errorf("disputes on the time line (-want +got)\n%s", diff)
		}
		open, err := official.OpenDisputes(ctx)
		if err != nil || len(open) != 0 {
			t.Errorf("open after closing: %v %v", open, err)
		}
		for name, v := range map[string]View{"firm": firm, "official": official, "auditor": auditor} {
			all, err := v.Disputes(ctx)
			if diff := cmp.Diff(want, all, cmp.AllowUnexported(period.Period{})); diff != "" || err != nil {
				t.Errorf("all disputes as %s: %v (-want +got)\n%s", name, err, diff)
			}
		}
		if all, err := foreign.Disputes(ctx); len(all) != 0 || err != nil {
			t.Errorf("all disputes as a foreign official: %v %v", all, err)
		}
		_, err = firm.Dispute(ctx, firms[0], "ent.revenue", years[0], "仍不对")
		must(t, err) // a closed one may be raised anew
	})
}

func TestTimelineSaysWhy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firms, _ := w.firms(t, "why", 1, "320904")
		id, y := firms[0], years[0]
		old, _ := w.say(t, "statistics", present(id, "ent.revenue", y, 1))
		gone, _ := w.say(t, "statistics", present(id, "ent.revenue", y, 2))
		twice := present(id, "ent.revenue", y, 3)
		twice.Place = "Sheet1!A9"
		best, _ := w.say(t, "statistics", present(id, "ent.revenue", y, 4), twice)
		low, _ := w.say(t, "tax", present(id, "ent.revenue", y, 5)) // newer, but the definition believes statistics first
		w.retract(t, gone)
		lines, err := w.refresh(t).Timeline(context.Background(), id)
		must(t, err)
		if len(lines) != 1 {
			t.Fatalf("%d lines, want 1", len(lines))
		}
		type told struct {
			source, value int64
			effective     bool
			why           string
		}
		var got []told
		for _, s := range lines[0].Stated {
			got = append(got, told{s.Source, s.Value.Num, s.Effective, s.Why.String()})
		}
		want := []told{
			{best, 3, true, "In effect"},
			{best, 4, false, "Not in effect: the same source states it again at Sheet1!A9"},
			{old, 1, false, "Not in effect: statistics.xlsx stated it again later"},
			{low, 5, false, "Not in effect: Statistics bureau is believed first"},
			{gone, 2, false, "Taken back"},
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(told{})); diff != "" {
			t.Errorf("time line (-want +got)\n%s", diff)
		}
	})
}
