package subsidy

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// committed is what the ledger says is committed in all.
func (w *world) committed() (sum money.Fen) {
	w.t.Helper()
	must(w.t, w.Book.Read(ctx, access.SystemScope(), func(ctx context.Context, v *ledger.View) error {
		shares, err := v.Fund(ctx, ledger.Filter{}, ledger.ByLine)
		for _, s := range shares {
			sum += s.Totals().Committed
		}
		return err
	}))
	return sum
}

// Whatever is applied for in whatever order, by however many at a time: a cost item is granted once, and what is granted is
// what the ledger holds.
func TestNoCostItemTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		call := w.call("c9")
		const most = 12 // that many are enough, and a database is slow
		firms := w.firms(4 * most)
		n := 0
		var all money.Fen
		rapid.Check(t, func(rt *rapid.T) {
			if n++; n > most {
				return
			}
			count := rapid.IntRange(2, 4).Draw(rt, "applications")
			pool := make([]Item, 5)
			for i := range pool {
				pool[i] = Item{
					Kind: "equipment", Label: "设备", Invoice: fmt.Sprintf("2432%08d%08d", n, i), Serial: fmt.Sprintf("S%d-%d", n, i), Seller: "甲",
					On: period.Date(2024, 3, 1), Amount: money.Fen(rapid.Int64Range(int64(300*wan), int64(500*wan)).Draw(rt, "amount")),
				}
			}
			var apps []Application
			takes := map[int64][]Item{}
			for i := range count {
				picked := rapid.SliceOfNDistinct(rapid.IntRange(0, len(pool)-1), 2, 4, rapid.ID[int]).Draw(rt, "items")
				var items []Item
				for _, p := range picked {
					items = append(items, pool[p])
				}
				f := firms[(n-1)*4+i]
				a, _, err := w.submit(call, f.id, f.project, "c9", items)
				must(t, err)
				w.ruled(a.Case)
				apps, takes[a.Case] = append(apps, a), items
			}
			order := rapid.Permutation(apps).Draw(rt, "order")
			outcome := make([]error, len(order))
			if rapid.Bool().Draw(rt, "at once") {
				var wait sync.WaitGroup
				for i, a := range order {
					wait.Go(func() { _, outcome[i] = w.grant(a.Case) })
				}
				wait.Wait()
			} else {
				for i, a := range order {
					_, outcome[i] = w.grant(a.Case)
				}
			}
			holder := map[string]int64{}
			for i, a := range order {
				if outcome[i] == nil {
					all += mustApplication(rt, w, a.Case).Granted
					for _, it := range takes[a.Case] {
						if other := holder[it.Invoice]; other != 0 {
							rt.Fatalf("item %s was granted to %d and to %d", it.Invoice, other, a.Case)
						}
						holder[it.Invoice] = a.Case
					}
				}
			}
			if len(holder) == 0 {
				rt.Fatalf("none was granted: %v", outcome)
			}
			if got := w.committed(); got != all {
				rt.Fatalf("granted %s, the ledger holds %s", all, got)
			}
		})
		if _, err := w.Book.Check(ctx); err != nil {
			t.Error(err)
		}
	})
}

func mustApplication(t interface{ Fatal(...any) }, w *world, id int64) Application {
	a, err := w.Application(ctx, access.SystemScope(), id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What is cut lowers the amount exactly as the policy says of the lower base, and never raises it.
func TestCutsNeverRaise(t *testing.T) {
	w := newWorld(t, sqlite(t))
	call := w.call("c9")
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		firm, project := w.firm(fmt.Sprintf("核减企业%d", n), "320904")
		var all []Item
		for i := range rapid.IntRange(2, 6).Draw(rt, "items") {
			kind := rapid.SampledFrom([]string{"equipment", "software", "other"}).Draw(rt, "kind")
			all = append(all, Item{
				Kind: kind, Label: "费用", Invoice: fmt.Sprintf("2499%08d%08d", n, i), Serial: fmt.Sprint("C", n, "-", i), Seller: "甲", On: period.Date(2024, 3, 1),
				Amount: money.Fen(rapid.Int64Range(1, int64(700*wan)).Draw(rt, "amount")),
			})
		}
		a, _, err := w.submit(call, firm, project, "c9", all)
		if err != nil {
			if want := owes(all); want > 0 {
				rt.Fatalf("refused, and owes %s: %v", want, err)
			}
			return
		}
		if want := owes(all); a.Amount != want {
			rt.Fatalf("submitted %s, want %s", a.Amount, want)
		}
		var rulings []Ruling
		for i := range all {
			fen := money.Fen(rapid.Int64Range(0, int64(all[i].Amount)).Draw(rt, "recognised"))
			rulings = append(rulings, Ruling{N: i + 1, Amount: fen, Reason: "与项目无关"})
			all[i].Amount = fen
		}
		before, after := w.ruled(a.Case, rulings...)
		if want := owes(all); after != want || after > before {
			rt.Fatalf("from %s to %s, want %s", before, after, want)
		}
	})
}

// owes is clause 四(三) by hand: 10 % of the investment proven, where smart equipment and software reach five million.
func owes(all []Item) money.Fen {
	var effective, investment money.Fen
	for _, it := range all {
		if it.Kind != "other" {
			effective += it.Amount
		}
		investment += it.Amount
	}
	effective, investment = min(effective, 800*wan), min(investment, 900*wan)
	if effective < 500*wan {
		return 0
	}
	return (investment + 5) / 10
}

// What a batch makes public is what its applications are granted, and that is what the ledger commits.
func TestBatchAddsUp(t *testing.T) {
	w := newWorld(t, sqlite(t))
	call := w.opened("c9")
	const most = 12
	firms := w.firms(3 * most)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > most {
			return
		}
		held := w.committed()
		var cases []int64
		for i := range rapid.IntRange(1, 3).Draw(rt, "applications") {
			id, err := w.applies(call, firms[(n-1)*3+i].id, "c9", items(fmt.Sprintf("%02d%d", n, i)))
			must(t, err)
			w.reviewed(id)
			cut := money.Fen(rapid.Int64Range(0, int64(400*wan)).Draw(rt, "recognised"))
			w.puts(county2, id, Rulings{Rulings: []Ruling{{N: 1, Amount: cut, Reason: "核减"}}})
			w.does(county2, id, "recognise")
			if err := w.act(cityA, id, "settle", ""); err != nil {
				w.does(cityA, id, "decline") // below the threshold nothing is left
				continue
			}
			cases = append(cases, id)
		}
		if len(cases) == 0 {
			return
		}
		at := w.at
		batch := w.batched(call, cases...)
		w.pass(9 * 24 * time.Hour)
		w.does(cityB, batch, "approve", "grant")
		w.at = at
		var public, granted money.Fen
		release, err := w.Release(ctx, batch, ReleasePage{})
		must(t, err)
		for _, p := range release {
			public += p.Amount
		}
		for _, id := range cases {
			granted += mustApplication(rt, w, id).Granted
		}
		if got := w.committed() - held; public != granted || granted != got {
			rt.Fatalf("public %s, granted %s, the ledger holds %s more", public, granted, got)
		}
	})
}
