package audit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// BenchmarkLogged writes a deed of three rows with and without a leaf, 16 at a time, on both databases.
func BenchmarkLogged(b *testing.B) {
	for name, open := range map[string]func(testing.TB, []store.Migrations) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		for _, logged := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/logged=%t", name, logged), func(b *testing.B) {
				db := open(b, schemas)
				ids := make(chan int64)
				go func() {
					for id := int64(1); ; id++ {
						select {
						case ids <- id:
						case <-b.Context().Done():
							return
						}
					}
				}()
				b.SetParallelism(8)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := write(context.Background(), db, <-ids, "事情", logged); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}

// BenchmarkProofs proves things of a log of 100,000, checks the proofs, and walks over all.
func BenchmarkProofs(b *testing.B) {
	ctx := context.Background()
	db := storetest.SQLite(b, schemas)
	const n, at = 100_000, 1000
	for first := int64(1); first <= n; first += at {
		err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			for id := first; id < first+at; id++ {
				audit.Note(tx, deeds, id)
			}
			return tx.InsertRows(ctx, "trial_deed", []string{"id", "owner", "word", "note"}, func(yield func([]any) bool) {
				for id := first; id < first+at && yield([]any{id, id % 3, "事", nil}); id++ {
				}
			})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	key := keyOf(b, db)
	msg, err := audit.Seal(ctx, db, key, now())
	if err != nil {
		b.Fatal(err)
	}
	head, err := audit.OpenCheckpoint(msg, key.Public())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("prove", func(b *testing.B) {
		p := audit.NewProver(ctx, db.Read(), head)
		for i := 0; b.Loop(); i++ {
			if _, err := p.Prove(ctx, deeds, audit.Ref{int64(i*7919%n) + 1}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		proof, err := audit.NewProver(ctx, db.Read(), head).Prove(ctx, deeds, audit.Ref{77})
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if err := proof.Check(head); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("walk", func(b *testing.B) {
		for b.Loop() {
			if c := checked(b, db); c.Leaves != n || c.Found > 0 {
				b.Fatal(c.Leaves, c.Faults)
			}
		}
	})
}
