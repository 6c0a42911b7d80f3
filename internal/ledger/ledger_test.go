package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var migrations = []store.Migrations{audit.Migrations, ledger.Migrations}

const (
	city   = "320900"
	county = "320904"
)

// desk is a ledger for tests. Its acts are the product's own, each under a new key.
type desk struct {
	*testing.T
	db   *store.DB
	book *ledger.Book
	now  *atomic.Int64 // ms
	keys atomic.Int64
}

func newDesk(t *testing.T, db *store.DB) *desk {
	now := new(atomic.Int64)
	now.Store(time.Date(2024, 10, 31, 1, 0, 0, 0, time.UTC).UnixMilli())
	return &desk{T: t, db: db, book: ledger.New(db, clock.Clock(func() time.Time { return time.UnixMilli(now.Load()) }), blob.At(t.TempDir())), now: now}
}

// each runs a test on both databases.
func each(t *testing.T, test func(d *desk)) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) { test(newDesk(t, db)) })
}

// act is one under a new key.
func (d *desk) act(caseID string) ledger.Act {
	return ledger.Act{
		Scope: access.SystemScope(), By: 7, Key: fmt.Sprint("key ", d.keys.Add(1)), Case: caseID, Reason: "a reason", Document: "盐工信〔2024〕1号",
	}
}

// do runs an operation in a transaction of its own.
func do[T any](d *desk, op func(context.Context, *store.Tx) (T, error)) (T, error) {
	return ledger.Alone(d.Context(), d.book, op)
}

func must[T any](d *desk, op func(context.Context, *store.Tx) (T, error)) T {
	d.Helper()
	out, err := do(d, op)
	if err != nil {
		d.Fatal(err)
	}
	return out
}

// none makes an operation without an answer one with an empty answer.
func none(op func(context.Context, *store.Tx) error) func(context.Context, *store.Tx) (struct{}, error) {
	return func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, op(ctx, tx) }
}

func appropriation(year int, change money.Fen) ledger.Appropriation {
	return ledger.Appropriation{Fund: "智改数转", Code: "A1", Year: year, Area: city, Name: "设备补助", Change: change}
}

func (d *desk) appropriate(year int, change money.Fen) int64 {
	d.Helper()
	return must(d, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return d.book.Appropriate(ctx, tx, d.act(""), appropriation(year, change))
	})
}

func claim(project, item string, fen money.Fen) ledger.Claim {
	return ledger.Claim{Project: project, Item: item, Family: "设备", Amount: fen, Year: 2024, Bureau: "市工信局", Doc: "盐工信〔2024〕1号"}
}

func promise(line int64, project, item string, instalments ...money.Fen) ledger.Promise {
	return ledger.Promise{
		Line: line, Party: 11, Area: county, Clause: "yc-2022/equipment", Instalments: instalments,
		Claims: []ledger.Claim{claim(project, item, instalments[0])},
	}
}

func (d *desk) commit(caseID string, p ledger.Promise) (int64, error) {
	return do(d, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return d.book.Commit(ctx, tx, d.act(caseID), p)
	})
}

func (d *desk) committed(caseID string, p ledger.Promise) int64 {
	d.Helper()
	id, err := d.commit(caseID, p)
	if err != nil {
		d.Fatal(err)
	}
	return id
}

// step is one of the operations that move an amount of an instalment.
type step func(context.Context, *store.Tx, ledger.Act, ledger.Sum) error

func (d *desk) try(op step, s ledger.Sum) error {
	_, err := do(d, none(func(ctx context.Context, tx *store.Tx) error { return op(ctx, tx, d.act("case"), s) }))
	return err
}

func (d *desk) move(op step, s ledger.Sum) {
	d.Helper()
	if err := d.try(op, s); err != nil {
		d.Fatal(err)
	}
}

// refused wants a conflict whose message names all of the words.
func (d *desk) refused(err error, words ...string) {
	d.Helper()
	msg, ok := errs.Message(err)
	if errs.KindOf(err) != errs.KindConflict || !ok {
		d.Fatalf("got %v, want a conflict", err)
	}
	text := i18n.T{Lang: i18n.ZH}.Msg(msg)
	for _, w := range words {
		if !strings.Contains(text, w) {
			d.Errorf("%q does not name %q", text, w)
		}
	}
}

const readBalance = `SELECT budget, free, held, committed, payable, ordered, paid, returned FROM ledger_balance WHERE line_id = $1`

func (d *desk) balance(line int64) ledger.Balance {
	d.Helper()
	var b ledger.Balance
	into := make([]any, len(b))
	for i := range b {
		into[i] = &b[i]
	}
	if err := d.db.Read().QueryRow(d.Context(), readBalance, line).Scan(into...); err != nil {
		d.Fatal(err)
	}
	return b
}

func (d *desk) wantBalance(line int64, want ledger.Balance) {
	d.Helper()
	if diff := cmp.Diff(want, d.balance(line)); diff != "" {
		d.Errorf("balance of line %d (-want +got):\n%s", line, diff)
	}
}

func TestFromBudgetToReturn(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 1000)
		d.appropriate(2024, 500)
		d.appropriate(2024, -200)
		c := d.committed("C1", promise(line, "P1", "I1", 300, 100))
		d.wantBalance(line, ledger.Balance{-1300, 900, 0, 400, 0, 0, 0, 0})
		d.move(d.book.MakePayable, ledger.Sum{Commitment: c, Instalment: 1, Amount: 300})
		d.move(d.book.Withhold, ledger.Sum{Commitment: c, Instalment: 1, Amount: 50})
		d.move(d.book.Release, ledger.Sum{Commitment: c, Instalment: 1, Amount: 50})
		d.move(d.book.Pay, ledger.Sum{Commitment: c, Instalment: 1, Amount: 250})
		d.move(d.book.Return, ledger.Sum{Commitment: c, Instalment: 1, Amount: 20})
		d.wantBalance(line, ledger.Balance{-1300, 950, 0, 100, 0, 0, 230, 20})
		if diff := cmp.Diff(ledger.Totals{Budget: 1300, Free: 950, Committed: 350, Payable: 250, Paid: 250, Returned: 20}, d.balance(line).Totals()); diff != "" {
			t.Errorf("totals (-want +got):\n%s", diff)
		}
		d.refused(d.try(d.book.MakePayable, ledger.Sum{Commitment: c, Instalment: 2, Amount: 101}), "第 2 期", "C1", "1.01", "已承诺", "1.00")
		d.refused(d.try(d.book.Pay, ledger.Sum{Commitment: c, Instalment: 2, Amount: 1}), "应付")
		d.refused(d.try(d.book.Return, ledger.Sum{Commitment: c, Instalment: 1, Amount: 231}), "已付", "2.30")
		_, err := do(d, func(ctx context.Context, tx *store.Tx) (int64, error) {
			return d.book.Appropriate(ctx, tx, d.act(""), appropriation(2024, -951))
		})
		d.refused(err, "设备补助 2024", "9.51", "可用", "9.50")
		_, err = d.commit("C2", promise(line, "P2", "I1", 951))
		d.refused(err, "设备补助 2024", "可用", "9.50")
		if _, err := d.commit("C2", promise(line, "P2", "I1", 950)); err != nil {
			t.Fatalf("a refused commitment has left something behind: %v", err)
		}
	})
}

func TestCallsHaveTheirShare(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 1000)
		reserve := func(change money.Fen) error {
			_, err := do(d, func(ctx context.Context, tx *store.Tx) (int64, error) {
				return d.book.Reserve(ctx, tx, d.act(""), ledger.Reservation{Line: line, Call: "2024-1", Change: change})
			})
			return err
		}
		if err := reserve(600); err != nil {
			t.Fatal(err)
		}
		d.refused(reserve(401), "可用", "4.00")
		p := promise(line, "P1", "I1", 500)
		p.Call = "2024-2"
		_, err := d.commit("C1", p)
		d.refused(err, "2024-2")
		p.Call = "2024-1"
		c := d.committed("C1", p)
		d.wantBalance(line, ledger.Balance{-1000, 400, 100, 500, 0, 0, 0, 0})
		q := promise(line, "P2", "I1", 101)
		q.Call = "2024-1"
		_, err = d.commit("C2", q)
		d.refused(err, "2024-1", "1.01", "1.00")
		d.refused(reserve(-101), "1.00")
		d.move(d.book.Release, ledger.Sum{Commitment: c, Instalment: 1, Amount: 500})
		d.wantBalance(line, ledger.Balance{-1000, 400, 600, 0, 0, 0, 0, 0})
		if err := reserve(-600); err != nil {
			t.Fatal(err)
		}
		d.wantBalance(line, ledger.Balance{-1000, 1000, 0, 0, 0, 0, 0, 0})
	})
}

func TestNothingIsGrantedTwice(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 10_000)
		c := d.committed("C1", promise(line, "P1", "I1", 100))
		_, err := d.commit("C2", promise(line, "P1", "I1", 100))
		d.refused(err, "I1", "P1", "设备", "C1", "2024", "1.00", "市工信局", "盐工信〔2024〕1号")
		var refused *ledger.Refused
		if !errors.As(err, &refused) || refused.Against.Commitment != c {
			t.Errorf("refused by %+v", refused)
		}
		_, err = d.commit("C2", promise(line, "P1", "", 100))
		d.refused(err, "整个项目", "I1", "C1")
		d.committed("C2", promise(line, "P1", "I2", 100))
		other := promise(line, "P1", "I1", 100)
		other.Claims[0].Family = "研发"
		d.committed("C3", other)

		d.committed("C4", promise(line, "P2", "", 100))
		_, err = d.commit("C5", promise(line, "P2", "I1", 100))
		d.refused(err, "整个项目", "C4")

		both := promise(line, "P3", "I1", 100)
		both.Claims = append(both.Claims, claim("P1", "I1", 0))
		_, err = d.commit("C6", both)
		d.refused(err, "C1")
		d.committed("C6", promise(line, "P3", "I1", 100)) // nothing of the refused one is left

		d.move(d.book.Release, ledger.Sum{Commitment: c, Instalment: 1, Amount: 60})
		if _, err = d.commit("C7", promise(line, "P1", "I1", 100)); err == nil {
			t.Fatal("a commitment that is released in part has given up its claim")
		}
		d.move(d.book.Release, ledger.Sum{Commitment: c, Instalment: 1, Amount: 40})
		c = d.committed("C7", promise(line, "P1", "I1", 100))
		d.move(d.book.MakePayable, ledger.Sum{Commitment: c, Instalment: 1, Amount: 100})
		d.move(d.book.Pay, ledger.Sum{Commitment: c, Instalment: 1, Amount: 100})
		d.move(d.book.Return, ledger.Sum{Commitment: c, Instalment: 1, Amount: 100})
		d.committed("C8", promise(line, "P1", "I1", 100))
	})
}

func TestEarlierPayoutsBlock(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 10_000)
		earlier := ledger.Opening{Claim: claim("P1", "", 4200), Case: "旧-17", Party: 11, Area: county, Place: "往年兑付.xlsx 表1 B7"}
		earlier.Year, earlier.Bureau, earlier.Doc = 2021, "市科技局", "盐科〔2021〕9号"
		open := func(source int64, list ...ledger.Opening) []ledger.Standing {
			return must(d, func(ctx context.Context, tx *store.Tx) ([]ledger.Standing, error) {
				return d.book.Open(ctx, tx, d.act(""), source, list)
			})
		}
		if beside := open(3, earlier); len(beside) != 0 {
			t.Errorf("beside %+v", beside)
		}
		_, err := d.commit("C1", promise(line, "P1", "I1", 100))
		d.refused(err, "整个项目", "2021", "42.00", "市科技局", "盐科〔2021〕9号", "往年兑付.xlsx 表1 B7")

		d.committed("C2", promise(line, "P2", "I1", 100))
		late := earlier
		late.Claim = claim("P2", "I1", 1)
		if beside := open(4, late, late); len(beside) != 2 || beside[0].Case != "C2" {
			t.Errorf("beside %+v, want what C2 has claimed, twice", beside)
		}
		must(d, none(func(ctx context.Context, tx *store.Tx) error { return d.book.LiftSource(ctx, tx, d.act(""), 3) }))
		d.committed("C1", promise(line, "P1", "I1", 100))
		_, err = d.commit("C3", promise(line, "P2", "I1", 100))
		d.refused(err, "C2")
	})
}

func TestKeysActOnce(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 1000)
		a, p := d.act("C1"), promise(line, "P1", "I1", 100)
		again := func(a ledger.Act, p ledger.Promise) (int64, error) {
			return do(d, func(ctx context.Context, tx *store.Tx) (int64, error) { return d.book.Commit(ctx, tx, a, p) })
		}
		first, err := again(a, p)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := again(a, p); err != nil || second != first {
			t.Errorf("the same again gives %d, %v; want %d", second, err, first)
		}
		p.Instalments = []money.Fen{101}
		_, err = again(a, p)
		d.refused(err, a.Key)
		sum := ledger.Sum{Commitment: first, Instalment: 1, Amount: 100}
		pay := d.act("C1")
		for range 3 {
			must(d, none(func(ctx context.Context, tx *store.Tx) error { return d.book.MakePayable(ctx, tx, pay, sum) }))
		}
		d.wantBalance(line, ledger.Balance{-1000, 900, 0, 0, 100, 0, 0, 0})
		_, err = do(d, none(func(ctx context.Context, tx *store.Tx) error { return d.book.Pay(ctx, tx, pay, sum) }))
		d.refused(err, pay.Key)
		pay.Key = ""
		if _, err := do(d, none(func(ctx context.Context, tx *store.Tx) error { return d.book.Pay(ctx, tx, pay, sum) })); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("without a key: %v", err)
		}
	})
}

func TestYearsAreCarriedOver(t *testing.T) {
	each(t, func(d *desk) {
		old, next := d.appropriate(2024, 1000), d.appropriate(2025, 500)
		c := d.committed("C1", promise(old, "P1", "I1", 300, 200))
		d.move(d.book.MakePayable, ledger.Sum{Commitment: c, Instalment: 1, Amount: 300})
		d.move(d.book.Pay, ledger.Sum{Commitment: c, Instalment: 1, Amount: 100})
		carry := func(from, to int64, free money.Fen, parts ...int64) error {
			_, err := do(d, none(func(ctx context.Context, tx *store.Tx) error {
				return d.book.CarryOver(ctx, tx, d.act(""), ledger.Carry{From: from, To: to, Free: free, Parts: parts})
			}))
			return err
		}
		if err := carry(next, old, 1); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("carried back: %v", err)
		}
		d.refused(carry(old, next, 501), "可用", "5.00")
		if err := carry(old, next, 400, c+1, c+2); err != nil { // the parts have the ids that follow
			t.Fatal(err)
		}
		d.wantBalance(old, ledger.Balance{-200, 100, 0, 0, 0, 0, 100, 0})
		d.wantBalance(next, ledger.Balance{-1300, 900, 0, 200, 200, 0, 0, 0})
		d.refused(carry(old, next, 0, c+1), "C1")
		// the instalments are known by the same numbers
		d.move(d.book.Pay, ledger.Sum{Commitment: c, Instalment: 1, Amount: 200})
		d.move(d.book.Return, ledger.Sum{Commitment: c, Instalment: 1, Amount: 150})
		d.wantBalance(old, ledger.Balance{-200, 100, 0, 0, 0, 0, 0, 100})
		d.wantBalance(next, ledger.Balance{-1300, 900, 0, 200, 0, 0, 150, 50})
		d.move(d.book.Release, ledger.Sum{Commitment: c, Instalment: 2, Amount: 200})
		d.wantBalance(next, ledger.Balance{-1300, 1100, 0, 0, 0, 0, 150, 50})
	})
}

func TestWhoMayDoWhat(t *testing.T) {
	each(t, func(d *desk) {
		scopes := map[string]access.Scope{
			"nobody":  {},
			"city":    access.NewScope(1, access.CityOfficial, []string{city, county}, nil),
			"county":  access.NewScope(2, access.CountyOfficial, []string{county}, nil),
			"finance": access.NewScope(3, access.Finance, []string{city, county}, nil),
			"auditor": access.NewScope(4, access.Auditor, []string{city, county}, nil),
			"firm":    access.NewScope(5, access.Enterprise, nil, []int64{11}),
		}
		line := d.appropriate(2024, 10_000)
		c := d.committed("C1", promise(line, "P1", "I1", 5000))
		d.move(d.book.MakePayable, ledger.Sum{Commitment: c, Instalment: 1, Amount: 5000})
		for _, tc := range []struct {
			name string
			op   func(context.Context, *store.Tx, ledger.Act) error
			may  string
		}{
			{"appropriate", func(ctx context.Context, tx *store.Tx, a ledger.Act) error {
				_, err := d.book.Appropriate(ctx, tx, a, appropriation(2024, 1))
				return err
			}, "city finance"},
			{"reserve", func(ctx context.Context, tx *store.Tx, a ledger.Act) error {
				_, err := d.book.Reserve(ctx, tx, a, ledger.Reservation{Line: line, Call: "call", Change: 1})
				return err
			}, "city finance"},
			{"pay", func(ctx context.Context, tx *store.Tx, a ledger.Act) error {
				return d.book.Pay(ctx, tx, a, ledger.Sum{Commitment: c, Instalment: 1, Amount: 1})
			}, "finance"},
		} {
			for who, scope := range scopes {
				a := d.act("case")
				a.Scope, a.By = scope, 0
				_, err := do(d, none(func(ctx context.Context, tx *store.Tx) error { return tc.op(ctx, tx, a) }))
				switch may := strings.Contains(tc.may, who); {
				case may && err != nil:
					t.Errorf("%s by %s: %v", tc.name, who, err)
				case !may && errs.KindOf(err) != errs.KindForbidden:
					t.Errorf("%s by %s: %v, want it forbidden", tc.name, who, err)
				}
			}
		}
	})
}

// TestEntriesAreNeverChanged asks both databases to change and delete what was entered.
func TestEntriesAreNeverChanged(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 1000)
		c := d.committed("C1", promise(line, "P1", "I1", 100))
		d.move(d.book.Release, ledger.Sum{Commitment: c, Instalment: 1, Amount: 100})
		for table, column := range map[string]string{
			"ledger_line": "name", "ledger_state": "free", "ledger_commitment": "clause", "ledger_part": "n", "ledger_transfer": "reason",
			"ledger_posting": "fen", "ledger_claim": "fen", "ledger_lift": "reason", "ledger_request": "answer",
		} {
			for _, text := range []string{"UPDATE " + table + " SET " + column + " = " + column, "DELETE FROM " + table} {
				err := d.db.Write(d.Context(), func(ctx context.Context, tx *store.Tx) error {
					_, err := tx.Exec(ctx, text)
					return err
				})
				if err == nil || !strings.Contains(err.Error(), "never") {
					t.Errorf("%s: %v, want it refused", text, err)
				}
			}
		}
	})
}

// TestAmountsAboveMeasureAreRefused asks with the ends of the numbers, which must not turn round.
func TestAmountsAboveMeasureAreRefused(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 1000)
		c := d.committed("C1", promise(line, "P1", "I1", 100))
		for _, fen := range []money.Fen{math.MinInt64, math.MinInt64 + 1, 0, 1<<56 + 1, math.MaxInt64} {
			ops := map[string]func(context.Context, *store.Tx) error{
				"appropriate": func(ctx context.Context, tx *store.Tx) error {
					_, err := d.book.Appropriate(ctx, tx, d.act(""), appropriation(2024, fen))
					return err
				},
				"reserve": func(ctx context.Context, tx *store.Tx) error {
					_, err := d.book.Reserve(ctx, tx, d.act(""), ledger.Reservation{Line: line, Call: "call", Change: fen})
					return err
				},
				"commit": func(ctx context.Context, tx *store.Tx) error {
					_, err := d.book.Commit(ctx, tx, d.act("C2"), promise(line, "P2", "I1", fen))
					return err
				},
				"release": func(ctx context.Context, tx *store.Tx) error {
					return d.book.Release(ctx, tx, d.act(""), ledger.Sum{Commitment: c, Instalment: 1, Amount: fen})
				},
				"carry over": func(ctx context.Context, tx *store.Tx) error {
					return d.book.CarryOver(ctx, tx, d.act(""), ledger.Carry{From: line, To: line, Free: fen})
				},
				"order": func(ctx context.Context, tx *store.Tx) error {
					_, err := d.book.Draft(ctx, tx, d.act(""), []ledger.Order{orderOf(c, fen)})
					return err
				},
			}
			for name, op := range ops {
				if _, err := do(d, none(op)); errs.KindOf(err) != errs.KindInvalid {
					d.Errorf("%s of %d: %v", name, fen, err)
				}
			}
		}
		d.sound()
	})
}
