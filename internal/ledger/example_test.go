package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// What an effect of a workflow does: it works in the transaction of the event, under a key made of the case and the event.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "l.db"), []store.Migrations{audit.Migrations, ledger.Migrations})
	if err != nil {
		panic(err)
	}
	defer db.Close()
	book := ledger.New(db, clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)), blob.Dir{})
	act := func(key string) ledger.Act {
		return ledger.Act{Scope: access.SystemScope(), By: 7, Key: key, Case: "SB-2024-0001", Reason: "example", Document: "example No. 1"}
	}
	err = db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		line, err := book.Appropriate(ctx, tx, act("budget 2024"), ledger.Appropriation{
			Fund: "example fund", Code: "01", Year: 2024, Area: "320900", Name: "equipment", Change: 1000_00,
		})
		if err != nil {
			return err
		}
		c, err := book.Commit(ctx, tx, act("SB-2024-0001/approve/1"), ledger.Promise{
			Line: line, Party: 42, Area: "320904", Clause: "example/equipment", Instalments: []money.Fen{600_00, 200_00},
			Claims: []ledger.Claim{{Project: "P42-1", Item: "lathe 3", Family: "equipment", Amount: 800_00, Year: 2024, Bureau: "example bureau"}},
		})
		if err != nil {
			return err
		}
		return book.MakePayable(ctx, tx, act("SB-2024-0001/notice/1"), ledger.Sum{Commitment: c, Instalment: 1, Amount: 600_00})
	})
	if err != nil {
		panic(err)
	}
	err = book.Read(ctx, access.SystemScope(), func(ctx context.Context, v *ledger.View) error {
		shares, err := v.Fund(ctx, ledger.Filter{Year: 2024}, ledger.ByArea)
		for _, s := range shares {
			t := s.Totals()
			fmt.Println(s.Key, "budget", t.Budget, "committed", t.Committed, "payable", t.Payable, "paid", t.Paid)
		}
		return err
	})
	if err != nil {
		panic(err)
	}
	// Output:
	// 320900 budget 1000.00 committed 0.00 payable 0.00 paid 0.00
	// 320904 budget 0.00 committed 800.00 payable 600.00 paid 0.00
}
