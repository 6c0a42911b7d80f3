package fact

import (
	"cmp"
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/party"
)

// TestList: a list holds what the scope sees and the listing asks for, each once, in its order, and its pages in a row
// are the list.
func TestList(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		areas := []string{"320904", "320981", "320921"}
		firms, _ := w.firms(t, "list", 11, areas...)
		var said []Statement
		for i, id := range firms {
			if i%4 != 3 {
				said = append(said, present(id, "ent.revenue", years[0], int64(i*7%11)))
			}
		}
		w.say(t, "tax", said...)
		w.refresh(t)
		rapid.Check(t, func(t *rapid.T) {
			role := rapid.SampledFrom(access.Roles()).Draw(t, "role")
			reach := rapid.SliceOfN(rapid.SampledFrom(areas), 0, 3).Draw(t, "areas")
			v := w.view(t, access.NewScope(1, role, reach, firms[:2]), 0)
			q := Listing{
				Area: rapid.SampledFrom([]string{"", "320904", "320900"}).Draw(t, "area"), Year: years[0].YearOf(),
				Text: rapid.SampledFrom([]string{"", "第1", "list"}).Draw(t, "text"),
				Sort: rapid.SampledFrom([]string{"", ByName, ByUSCC, ByArea, "ent.revenue"}).Draw(t, "sort"),
				Desc: rapid.Bool().Draw(t, "desc"),
			}
			want := map[int64]bool{}
			for e := range v.Enterprises() {
				fits := q.Text == "" || slices.ContainsFunc(v.Search(q.Text, 100).Enterprises, func(f party.Enterprise) bool { return f.ID == e.ID })
				if fits && (q.Area == "" || v.snap.lib.Areas().Within(e.Area, q.Area)) {
					want[e.ID] = true
				}
			}
			list := v.List(q)
			if list.Len() != len(want) {
				t.Fatalf("%+v: %d enterprises, want %d", q, list.Len(), len(want))
			}
			var got []party.Enterprise
			for from := 0; from < list.Len(); from += 3 {
				for e := range list.Page(v, from, 3) {
					got = append(got, e)
				}
			}
			for _, e := range got {
				if !want[e.ID] {
					t.Fatalf("%+v: %s is in it, or twice", q, e.Name)
				}
				delete(want, e.ID)
			}
			if len(want) > 0 {
				t.Fatalf("%+v: pages lack %v", q, want)
			}
			inOrder(t, v, q, got)
		})
	})
}

func inOrder(t tester, v View, q Listing, got []party.Enterprise) {
	t.Helper()
	turn := 1
	if q.Desc {
		turn = -1
	}
	for i := 1; i < len(got); i++ {
		a, b := got[i-1], got[i]
		x, y := v.Value(a.ID, "ent.revenue", years[0]), v.Value(b.ID, "ent.revenue", years[0])
		wrong := false
		switch q.Sort {
		case ByArea:
			wrong = turn*cmp.Compare(a.Area, b.Area) > 0
		case "ent.revenue":
			wrong = y.Known && !x.Known || x.Known && y.Known && turn*cmp.Compare(x.Value.Num, y.Value.Num) > 0
		}
		if wrong {
			t.Fatalf("%+v: %s stands before %s", q, a.Name, b.Name)
		}
	}
}

// TestLog: everybody reads of the deeds in their areas, and those without the right of none.
func TestLog(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		firms, _ := w.firms(t, "log", 3, "320904", "320981", "320904")
		src, seq := w.say(t, "tax", present(firms[0], "ent.revenue", years[0], 5))
		official := w.refresh(t)
		_, err := official.Dispute(ctx, firms[0], "ent.revenue", years[0], "这个数不对")
		must(t, err)
		count := func(scope access.Scope, known int64) map[Deed]int {
			v := w.view(t, scope, known)
			log, err := v.Log(ctx)
			must(t, err)
			deeds := map[Deed]int{}
			for i, e := range log {
				deeds[e.Deed]++
				if i > 0 && e.At > log[i-1].At {
					t.Errorf("entry %d is newer than the one before", i)
				}
			}
			return deeds
		}
		w.retract(t, src)
		w.refresh(t)
		all := count(access.SystemScope(), 0)
		if all[Published] != 2 || all[Retracted] != 1 || all[Disputed] != 1 {
			t.Errorf("the log tells %v", all)
		}
		if then := count(access.SystemScope(), seq); then[Retracted] != 0 || then[Published] != 2 {
			t.Errorf("at commit %d the log tells %v", seq, then)
		}
		if got := count(access.NewScope(1, access.CityOfficial, []string{"320904"}, nil), 0); got[Disputed] != 1 {
			t.Errorf("an official of the area reads %v", got)
		}
		if got := count(access.NewScope(1, access.CityOfficial, []string{"320981"}, nil), 0); got[Disputed] != 0 {
			t.Errorf("an official of another area reads %v", got)
		}
		for _, role := range []access.Role{access.CountyOfficial, access.Enterprise} {
			if got := count(access.NewScope(1, role, []string{"320904"}, firms), 0); len(got) != 0 {
				t.Errorf("%s reads %v", role, got)
			}
		}
		if got := count(access.Scope{}, 0); len(got) != 0 {
			t.Errorf("nobody reads %v", got)
		}
	})
}
