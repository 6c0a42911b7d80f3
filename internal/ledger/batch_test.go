package ledger_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

const number = ledger.Account("6222 0211 0300 4567 123")

func orderOf(commitment int64, fen money.Fen) ledger.Order {
	return ledger.Order{Sum: ledger.Sum{Commitment: commitment, Instalment: 1, Amount: fen}, Payee: "演示企业一", Account: number, Bank: "演示银行盐城分行"}
}

// due commits an amount to a case and makes it payable.
func (d *desk) due(line int64, caseID string, fen money.Fen) int64 {
	d.Helper()
	c := d.committed(caseID, promise(line, "P "+caseID, "I", fen))
	d.move(d.book.MakePayable, ledger.Sum{Commitment: c, Instalment: 1, Amount: fen})
	return c
}

func (d *desk) draft(orders ...ledger.Order) (int64, error) {
	return do(d, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return d.book.Draft(ctx, tx, d.act(""), orders)
	})
}

func (d *desk) sent(orders ...ledger.Order) int64 {
	d.Helper()
	batch, err := d.draft(orders...)
	if err != nil {
		d.Fatal(err)
	}
	must(d, none(func(ctx context.Context, tx *store.Tx) error { return d.book.Send(ctx, tx, d.act(""), batch) }))
	return batch
}

func (d *desk) settle(batch int64, outcomes ...ledger.Outcome) (ledger.Settled, error) {
	return do(d, func(ctx context.Context, tx *store.Tx) (ledger.Settled, error) {
		return d.book.Settle(ctx, tx, d.act(""), batch, outcomes)
	})
}

func (d *desk) wantSettled(want ledger.Settled, batch int64, outcomes ...ledger.Outcome) {
	d.Helper()
	got, err := d.settle(batch, outcomes...)
	if err != nil {
		d.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("settled (-want +got):\n%s", diff)
	}
}

// sound wants a ledger without faults.
func (d *desk) sound() {
	d.Helper()
	c, err := d.book.Check(d.Context())
	if err != nil {
		d.Fatal(err)
	}
	for _, f := range c.Faults {
		d.Errorf("fault: %s", f)
	}
}

func TestBatchFromDraftToStatement(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 10_000)
		a, b, c := d.due(line, "A", 100), d.due(line, "B", 200), d.due(line, "C", 400)
		batch := d.sent(orderOf(a, 100), orderOf(b, 200), orderOf(c, 400))
		d.wantBalance(line, ledger.Balance{-10_000, 9300, 0, 0, 0, 700, 0, 0})
		_, err := d.draft(orderOf(a, 1))
		d.refused(err, "应付", "0.00")
		_, err = do(d, none(func(ctx context.Context, tx *store.Tx) error { return d.book.Cancel(ctx, tx, d.act(""), batch) }))
		d.refused(err, "已送出")

		d.wantSettled(ledger.Settled{Paid: 1, Failed: 1, Unknown: 1, Open: 1}, batch,
			ledger.Outcome{Order: 1, State: ledger.OrderSettled},
			ledger.Outcome{Order: 2, State: ledger.OrderFailed, Reason: "户名不符", Place: "回单.xlsx 表1 3行"},
			ledger.Outcome{Order: 3, State: ledger.OrderUnknown})
		d.wantBalance(line, ledger.Balance{-10_000, 9300, 0, 0, 200, 400, 100, 0})
		d.wantSettled(ledger.Settled{Before: 2, Open: 1}, batch,
			ledger.Outcome{Order: 1, State: ledger.OrderSettled}, ledger.Outcome{Order: 2, State: ledger.OrderFailed})
		_, err = d.draft(orderOf(c, 400)) // of unknown outcome: never by guess
		d.refused(err, "应付", "0.00")

		again := d.sent(orderOf(b, 200))
		_, err = d.settle(batch, ledger.Outcome{Order: 2, State: ledger.OrderSettled})
		d.refused(err, "第 2 笔", "-1")
		d.wantSettled(ledger.Settled{Paid: 1}, again, ledger.Outcome{Order: 1, State: ledger.OrderSettled})
		d.wantSettled(ledger.Settled{Paid: 1}, batch, ledger.Outcome{Order: 3, State: ledger.OrderSettled})
		_, err = d.settle(batch, ledger.Outcome{Order: 1, State: ledger.OrderFailed})
		d.refused(err, "已付", "付款失败")
		d.wantBalance(line, ledger.Balance{-10_000, 9300, 0, 0, 0, 0, 700, 0})

		d.wantSettled(ledger.Settled{Bounced: 1}, batch, ledger.Outcome{Order: 1, State: ledger.OrderBounced})
		third := d.sent(orderOf(a, 100))
		d.wantSettled(ledger.Settled{Failed: 1}, third, ledger.Outcome{Order: 1, State: ledger.OrderFailed})
		d.wantSettled(ledger.Settled{Paid: 1}, third, ledger.Outcome{Order: 1, State: ledger.OrderSettled}) // believed: it was not ordered anew
		d.wantBalance(line, ledger.Balance{-10_000, 9300, 0, 0, 0, 0, 700, 0})
		d.sound()
	})
}

func TestDraftsCanBeDropped(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 1000)
		c := d.due(line, "A", 100)
		batch, err := d.draft(orderOf(c, 60), orderOf(c, 40))
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.settle(batch, ledger.Outcome{Order: 1, State: ledger.OrderSettled})
		d.refused(err, "草稿")
		must(d, none(func(ctx context.Context, tx *store.Tx) error { return d.book.Cancel(ctx, tx, d.act(""), batch) }))
		d.wantBalance(line, ledger.Balance{-1000, 900, 0, 0, 100, 0, 0, 0})
		_, err = do(d, none(func(ctx context.Context, tx *store.Tx) error { return d.book.Send(ctx, tx, d.act(""), batch) }))
		d.refused(err, "已撤销")
		d.sent(orderOf(c, 100))
		d.sound()
	})
}

func TestBatchRefusesWhatIsWrong(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 1000)
		c := d.due(line, "A", 100)
		bad := orderOf(c, 100)
		bad.Account = "12345"
		if _, err := d.draft(bad); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a short account: %v", err)
		}
		other := must(d, func(ctx context.Context, tx *store.Tx) (int64, error) {
			return d.book.Appropriate(ctx, tx, d.act(""), ledger.Appropriation{Fund: "技改", Code: "B", Year: 2024, Area: city, Name: "另一项", Change: 100})
		})
		e := d.due(other, "B", 100)
		if _, err := d.draft(orderOf(c, 100), orderOf(e, 100)); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("two funds: %v", err)
		}
		_, err := d.draft(orderOf(c, 60), orderOf(c, 60))
		d.refused(err, "0.60", "0.40")
	})
}

// TestAccountsAreMasked looks for the number wherever a payment can be printed.
func TestAccountsAreMasked(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 1000)
		batch := d.sent(orderOf(d.due(line, "A", 100), 100))
		var paid []ledger.Payment
		err := d.book.Read(t.Context(), access.SystemScope(), func(ctx context.Context, v *ledger.View) (err error) {
			paid, err = v.Payments(ctx, batch)
			return err
		})
		if err != nil || len(paid) != 1 {
			t.Fatal(paid, err)
		}
		coded, err := json.Marshal(paid)
		if err != nil {
			t.Fatal(err)
		}
		var logged strings.Builder
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("paid", "payment", paid[0], "account", paid[0].Account)
		printed := string(coded) + logged.String() + fmt.Sprint(paid) + fmt.Sprintf("%v %+v %s", paid, paid[0], paid[0].Account)
		if strings.Contains(printed, "0300") || !strings.Contains(printed, "**** ") {
			t.Errorf("not masked: %s", printed)
		}
		if paid[0].Account.Reveal() != string(number) {
			t.Errorf("the bank is told %q", paid[0].Account.Reveal())
		}
	})
}
