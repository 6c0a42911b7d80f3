package ledger_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/blob"
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
	book := ledger.New(db, clock.Fixed(time.Date(2024, 10, 31, 1, 0, 0, 0, time.UTC)), blob.Dir{})
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

// What the views are read over: commitments, each of which makes six entries on its way to the payee, in 24 lines, with as many
// in one transaction as keeps the filling short.
const (
	viewed   = 170_000
	together = 500
)

// BenchmarkViews reads what the fund page shows of a ledger of a million entries, and walks over it.
func BenchmarkViews(b *testing.B) {
	for name, open := range map[string]func(testing.TB, []store.Migrations) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			db := open(b, migrations)
			book := ledger.New(db, clock.Fixed(time.Date(2024, 10, 31, 1, 0, 0, 0, time.UTC)), blob.Dir{})
			lines := fillBook(b, db, book)
			read := func(name string, do func(context.Context, *ledger.View) error) {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if err := book.Read(b.Context(), access.SystemScope(), do); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			for name, by := range map[string]ledger.By{"by line": ledger.ByLine, "by area": ledger.ByArea, "by clause": ledger.ByClause, "by month": ledger.ByMonth} {
				read(name, func(ctx context.Context, v *ledger.View) error {
					_, err := v.Fund(ctx, ledger.Filter{}, by)
					return err
				})
			}
			read("entries", func(ctx context.Context, v *ledger.View) error {
				_, err := v.Entries(ctx, ledger.Filter{}, ledger.Page{Rows: 100})
				return err
			})
			read("entries of a line in a month", func(ctx context.Context, v *ledger.View) error {
				_, err := v.Entries(ctx, ledger.Filter{Line: lines[3], Month: "2024-10"}, ledger.Page{Rows: 100})
				return err
			})
			read("entries of a case", func(ctx context.Context, v *ledger.View) error {
				_, err := v.Entries(ctx, ledger.Filter{Case: "C77777"}, ledger.Page{Rows: 100})
				return err
			})
			b.Run("walk over the whole ledger", func(b *testing.B) {
				for b.Loop() {
					if c, err := book.Check(b.Context()); err != nil || len(c.Faults) > 0 || c.Entries < 6*viewed {
						b.Fatal(c, err)
					}
				}
			})
		})
	}
}

// fillBook takes money to its payees as everybody does, many in a transaction.
func fillBook(b *testing.B, db *store.DB, book *ledger.Book) (lines []int64) {
	b.Helper()
	n := 0
	act := func(caseID string) ledger.Act {
		n++
		return ledger.Act{Scope: access.SystemScope(), Key: fmt.Sprint(n), Case: caseID, Reason: "r", Document: "d"}
	}
	write := func(do func(ctx context.Context, tx *store.Tx) error) {
		b.Helper()
		if err := db.Write(b.Context(), do); err != nil {
			b.Fatal(err)
		}
	}
	for year := range 24 {
		write(func(ctx context.Context, tx *store.Tx) error {
			id, err := book.Appropriate(ctx, tx, act(""), appropriation(2001+year, 1<<50))
			lines = append(lines, id)
			return err
		})
	}
	for from := 0; from < viewed; from += together {
		write(func(ctx context.Context, tx *store.Tx) error {
			for i := from; i < min(from+together, viewed); i++ {
				caseID := fmt.Sprint("C", i)
				p := promise(lines[i%len(lines)], "P"+caseID, "I", 100)
				p.Area, p.Clause = []string{"320902", "320903", "320904", "320921", "320981"}[i%5], fmt.Sprint("yc-2022/c", i%9)
				id, err := book.Commit(ctx, tx, act(caseID), p)
				if err != nil {
					return err
				}
				s := ledger.Sum{Commitment: id, Instalment: 1, Amount: 100}
				for _, op := range []step{book.MakePayable, book.Pay} {
					if err := op(ctx, tx, act(caseID), s); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return lines
}
