package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Batch is a batch of payments as it stands.
type Batch struct {
	ID     int64
	Hash   string // of all that it says
	Fund   string
	Area   string
	Amount money.Fen
	Orders int
	MadeAt int64 // ms
	MadeBy int64
	State  OrderState
	Counts map[OrderState]int // of its payments
}

// Payment is one payment of a batch.
type Payment struct {
	N          int
	Reference  string // by which the bank knows it
	Commitment int64
	Instalment int
	Case       string
	Line       Line
	Try        int // of the same part of an instalment
	Amount     money.Fen
	Payee      string
	Account    Account // masked by whatever prints it
	Bank       string
	State      OrderState
	Steps      []Step
}

// Step is what became of a payment at a time.
type Step struct {
	State    OrderState
	At       int64 // ms
	By       int64
	Reason   string
	Document string
	Place    string
	File     int64 // of the bank, that says so; 0 for none
}

const selectBatch = `SELECT b.id, b.hash, b.fund, b.area, b.fen, b.orders, b.made_at, b.made_by, w.state FROM ledger_batch b
	JOIN ledger_order_now w ON w.batch_id = b.id AND w.n = 0`

func scanBatch(row interface{ Scan(...any) error }) (b Batch, err error) {
	err = row.Scan(&b.ID, &b.Hash, &b.Fund, &b.Area, &b.Amount, &b.Orders, &b.MadeAt, &b.MadeBy, &b.State)
	b.Counts = map[OrderState]int{}
	return b, err
}

// Batches are the batches of the areas that the scope reaches, in the order in which they were made, or backwards.
func (v *View) Batches(ctx context.Context, f Filter, p Page) ([]Batch, error) {
	var w where
	w.sees(v.scope, access.ReadFund, "b.area")
	if f.Fund != "" {
		w.add("b.fund = ?", f.Fund)
	}
	if f.Area != "" {
		w.add("b.area = ?", f.Area)
	}
	order := ` ORDER BY b.id`
	switch {
	case p.Back && p.After != 0:
		w.add("b.id < ?", p.After)
		fallthrough
	case p.Back:
		order += ` DESC`
	default:
		w.add("b.id > ?", p.After)
	}
	rows, err := v.q.Query(ctx, selectBatch+w.String()+order+w.limit(p.Rows), w.args...)
	all, err := collect(rows, err, "read batches", func(rows *store.Rows) (Batch, error) { return scanBatch(rows) })
	if err != nil {
		return nil, err
	}
	for i := range all {
		if err := v.countOrders(ctx, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

const countOrders = `SELECT state, COUNT(*) FROM ledger_order_now WHERE batch_id = $1 AND n > 0 GROUP BY state`

func (v *View) countOrders(ctx context.Context, b *Batch) error {
	type count struct {
		state OrderState
		n     int
	}
	rows, err := v.q.Query(ctx, countOrders, b.ID)
	counts, err := collect(rows, err, "count payments", func(rows *store.Rows) (c count, err error) {
		err = rows.Scan(&c.state, &c.n)
		return c, err
	})
	for _, c := range counts {
		b.Counts[c.state] = c.n
	}
	return err
}

// Batch is one batch; NotFound where there is none in the scope's areas.
func (v *View) Batch(ctx context.Context, id int64) (Batch, error) {
	b, err := scanBatch(v.q.QueryRow(ctx, selectBatch+` WHERE b.id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) || err == nil && !v.scope.Sees(access.ReadFund, b.Area, 0) {
		return Batch{}, errs.NotFound("batch", id)
	}
	if err != nil {
		return Batch{}, fmt.Errorf("read batch %d: %w", id, err)
	}
	return b, v.countOrders(ctx, &b)
}

const (
	selectPayments = `SELECT o.n, c.id, t.n, c.case_id, l.id, l.fund, l.code, l.year, l.area, l.name, o.try, o.fen, o.payee, o.account, o.bank, w.state
		FROM ledger_order o JOIN ledger_order_now w ON w.batch_id = o.batch_id AND w.n = o.n JOIN ledger_part t ON t.id = o.part_id
		JOIN ledger_commitment c ON c.id = t.commitment_id JOIN ledger_line l ON l.id = t.line_id WHERE o.batch_id = $1 ORDER BY o.n`
	selectSteps = `SELECT n, state, at, by_account, reason, document, place, file_id FROM ledger_order_step WHERE batch_id = $1 AND n > 0 ORDER BY n, step`
)

// Payments are those of a batch, with what became of each.
func (v *View) Payments(ctx context.Context, batch int64) ([]Payment, error) {
	b, err := v.Batch(ctx, batch)
	if err != nil {
		return nil, err
	}
	rows, err := v.q.Query(ctx, selectPayments, batch)
	all, err := collect(rows, err, "read payments", func(rows *store.Rows) (p Payment, err error) {
		err = rows.Scan(&p.N, &p.Commitment, &p.Instalment, &p.Case, &p.Line.ID, &p.Line.Fund, &p.Line.Code, &p.Line.Year, &p.Line.Area, &p.Line.Name,
			&p.Try, &p.Amount, &p.Payee, &p.Account, &p.Bank, &p.State)
		p.Reference = reference(b.Hash, p.N)
		return p, err
	})
	if err != nil {
		return nil, err
	}
	rows, err = v.q.Query(ctx, selectSteps, batch)
	_, err = collect(rows, err, "read steps of payments", func(rows *store.Rows) (s Step, err error) {
		var n int
		if err = rows.Scan(&n, &s.State, &s.At, &s.By, &s.Reason, &s.Document, &s.Place, &s.File); err == nil {
			all[n-1].Steps = append(all[n-1].Steps, s)
		}
		return s, err
	})
	return all, err
}
