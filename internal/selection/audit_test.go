package selection

import (
	"context"
	"slices"
	"sync"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/store"
)

// TestSeats is what an auditor reads of a judging: who sat where, who lost a seat, and the sheets once the ranking is made.
func TestSeats(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.enterprises(tinghu)
		w.addExperts(7)
		r := w.open(1, 0)
		n, err := w.nominate(r, 0)
		w.must(err)
		w.must(w.accept(n.ID))
		w.on("2024-09-11")
		_, err = w.draw(r.ID)
		w.must(err)
		seats, err := w.Seats(ctx, auditor, r.ID)
		w.must(err)
		if len(seats) != 5 {
			t.Fatalf("%d seats", len(seats))
		}
		good := map[int]rubric.Sheet{0: sheet(30, 25, 20, 10)}
		w.score(good, 7)
		all, err := w.Experts(ctx, city)
		w.must(err)
		first := all[slices.IndexFunc(all, func(e Expert) bool { return e.ID == seats[0].Expert })]
		w.must(w.Recuse(ctx, expert(first.Account), r.ID, 1, "合作关系（演示）"))
		seats, err = w.Seats(ctx, auditor, r.ID)
		w.must(err)
		given, lost := 0, 0
		for _, s := range seats {
			if s.Sheet != nil {
				t.Error("a sheet is read before the ranking")
			}
			if s.Given {
				given++
			}
			if s.Ended != 0 {
				lost++
			}
		}
		if len(seats) != 6 || given != 5 || lost != 1 {
			t.Errorf("%d seats, %d with sheets, %d lost", len(seats), given, lost)
		}
		w.score(good, 7)
		_, err = w.rank(r.ID)
		w.must(err)
		if seats, err = w.Seats(ctx, auditor, r.ID); err != nil || seats[0].Sheet["data"] != 25*rubric.One {
			t.Errorf("after the ranking: %+v, %v", seats, err)
		}
		if _, err := w.Seats(ctx, county, r.ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a county reads seats: %v", err)
		}
		for scope, want := range map[string]int{
			"auditor": count(w.Declarations(ctx, auditor)), "the expert": count(w.Declarations(ctx, expert(first.Account))),
		} {
			if want != 1 {
				t.Errorf("%s reads %d declarations", scope, want)
			}
		}
		if n := count(w.Declarations(ctx, county)); n != 0 {
			t.Errorf("a county reads %d declarations", n)
		}
	})
}

// TestManyAtOnce has counties accept and the city draw at the same time: no county gets more than its number, and a round
// is drawn once.
func TestManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.enterprises(dafeng, dafeng, dafeng, dafeng, dafeng, dafeng)
		w.addExperts(8)
		r := w.open(3, 3)
		var ids []int64
		for i := range w.firms {
			n, err := w.nominate(r, i)
			w.must(err)
			ids = append(ids, n.ID)
		}
		accepted := w.atOnce(len(ids), func(ctx context.Context, tx *store.Tx, i int) error { return w.Accept(ctx, tx, ids[i]) })
		if accepted != 3 {
			t.Errorf("%d accepted where 3 may be", accepted)
		}
		w.on("2024-09-11")
		if drawn := w.atOnce(4, func(ctx context.Context, tx *store.Tx, _ int) error { _, err := w.Draw(ctx, tx, r.ID); return err }); drawn != 1 {
			t.Errorf("drawn %d times", drawn)
		}
	})
}

// atOnce does something n times at the same time and gives how often it was not refused.
func (w *world) atOnce(n int, do func(ctx context.Context, tx *store.Tx, i int) error) (done int) {
	w.t.Helper()
	results := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			results[i] = w.DB.Write(context.Background(), func(ctx context.Context, tx *store.Tx) error { return do(ctx, tx, i) })
		})
	}
	all.Wait()
	for _, err := range results {
		switch {
		case err == nil:
			done++
		case errs.KindOf(err) != errs.KindConflict:
			w.t.Errorf("refused with %v", err)
		}
	}
	return done
}

func FuzzParse(f *testing.F) {
	all, err := shipped()
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"selections/city_demonstration.yaml", "ladders/benchmark.yaml"} {
		src, err := contentdata.FS.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	f.Fuzz(func(t *testing.T, src string) {
		if s, problems := ParseScheme(all.lib, all.rubrics.Rubric, "x.yaml", []byte(src)); s == nil && len(problems) == 0 {
			t.Error("neither a scheme nor a mistake")
		}
		if l, problems := ParseLadder(all.lib, "x.yaml", []byte(src)); l == nil && len(problems) == 0 {
			t.Error("neither a ladder nor a mistake")
		}
	})
}
