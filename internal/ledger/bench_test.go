package ledger_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// BenchmarkTransitions takes money from free to paid, by commitment with its claim, due and payment, each in a transaction of
// its own, with 64 workers at a time; on one line for all, and on eight.
func BenchmarkTransitions(b *testing.B) {
	for name, open := range map[string]func(testing.TB, []store.Migrations) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		for _, lines := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/lines=%d", name, lines), func(b *testing.B) { benchmarkTransitions(b, open(b, migrations), lines) })
		}
	}
}

func benchmarkTransitions(b *testing.B, db *store.DB, lines int) {
	book := ledger.New(db, clock.Fixed(time.Date(2024, 10, 31, 1, 0, 0, 0, time.UTC)))
	var n atomic.Int64
	act := func(caseID string) ledger.Act {
		return ledger.Act{Scope: access.SystemScope(), Key: fmt.Sprint(n.Add(1)), Case: caseID, Reason: "r", Document: "d"}
	}
	var ids []int64
	for year := range lines {
		id, err := ledger.Alone(b.Context(), book, func(ctx context.Context, tx *store.Tx) (int64, error) {
			return book.Appropriate(ctx, tx, act(""), appropriation(2020+year, 1<<50))
		})
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, id)
	}
	b.SetParallelism(workers / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			caseID := fmt.Sprint("C", i)
			s := ledger.Sum{Instalment: 1, Amount: 100}
			err := db.Write(b.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
				s.Commitment, err = book.Commit(ctx, tx, act(caseID), promise(ids[i%int64(lines)], "P"+caseID, "I", 100))
				return err
			})
			for _, op := range []step{book.MakePayable, book.Pay} {
				if err == nil {
					a := act(caseID)
					err = db.Write(b.Context(), func(ctx context.Context, tx *store.Tx) error { return op(ctx, tx, a, s) })
				}
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(3*b.N)/b.Elapsed().Seconds(), "transitions/s")
}
