package subsidy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// NewFee is what is owed for a service to an enterprise that the government buys, such as a diagnosis: it is paid to who did it.
type NewFee struct {
	Case       int64
	By         int64
	Line       int64   // of the budget
	Call       string  // whose share of it; "" draws on what is free
	Enterprise int64   // that was served
	Merged     []int64 // other records of it: the service is paid once for them all
	Area       string  // of the enterprise
	Name       string  // of the service
	To         string  // who did it
	Party      int64   // that it is
	Amount     money.Fen
	Family     string // of services that are paid once a firm and year
	Year       int
	Document   string // by which it was bought
	Clause     string // on which it stands
	Payee      Payee
}

const (
	insertFee = `INSERT INTO subsidy_fee (case_id, enterprise, area, name, payee, commitment, fen, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	feeByID   = `SELECT enterprise, area, name, payee, commitment, fen FROM subsidy_fee WHERE case_id = $1`
)

var loggedFee = &audit.Kind{
	Name:  "subsidy.fee",
	Parts: []audit.Part{{Name: "fee", Query: `SELECT case_id, enterprise, area, name, payee, commitment, fen, at, by_account FROM subsidy_fee WHERE case_id = $1`}},
	All:   `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM subsidy_fee`,
	Case:  `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM subsidy_fee WHERE case_id = $1`,
}

// OweFee commits a fee, claims that the service is paid once, and has it fall due. It is a conflict where the same service to the firm was
// paid for the year, and where the budget has less.
func (s *Store) OweFee(ctx context.Context, tx *store.Tx, f NewFee) error {
	act := func(what string) ledger.Act {
		return ledger.Act{Scope: access.SystemScope(), By: f.By, Key: fmt.Sprintf("case/%d/%s", f.Case, what), Case: caseName(f.Case), Document: f.Document}
	}
	claim := func(of int64, amount money.Fen) ledger.Claim {
		return ledger.Claim{Project: fmt.Sprintf("enterprise/%d/%d", of, f.Year), Family: f.Family, Amount: amount, Year: f.Year, Bureau: f.Area, Doc: f.Document}
	}
	claims := []ledger.Claim{claim(f.Enterprise, f.Amount)}
	for _, id := range f.Merged {
		if id != f.Enterprise {
			claims = append(claims, claim(id, 0))
		}
	}
	commitment, err := s.Book.Commit(ctx, tx, act("commit"), ledger.Promise{
		Line: f.Line, Call: f.Call, Party: f.Party, Area: f.Area, Clause: f.Clause, Instalments: []money.Fen{f.Amount}, Claims: claims,
	})
	var refused *ledger.Refused
	if errors.As(err, &refused) {
		return &errs.Error{Kind: errs.KindConflict, Msg: i18n.M("subsidy.fee_twice", f.Name, refused.Against.Case), Err: err}
	}
	if err != nil {
		return fmt.Errorf("commit a fee: %w", err)
	}
	if err := s.SetPayee(ctx, tx, f.Case, f.By, f.Payee); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertFee, f.Case, f.Enterprise, f.Area, f.Name, f.To, commitment, int64(f.Amount), s.Clock.Millis(), f.By); err != nil {
		return fmt.Errorf("enter fee: %w", err)
	}
	audit.Note(tx, loggedFee, f.Case)
	return s.Book.MakePayable(ctx, tx, act("payable"), ledger.Sum{Commitment: commitment, Instalment: 1, Amount: f.Amount})
}

// granted is what the ledger holds for a case, and whose it is: an application that was granted, or a fee.
type granted struct {
	Case       int64
	Enterprise int64
	Area, Name string
	To         string // who is paid; "" for the enterprise
	Commitment int64
	Amount     money.Fen
}

// feeOf is what the ledger holds for a case whose fee fell due; NotFound for any other.
func feeOf(ctx context.Context, q store.Querier, id int64) (granted, error) {
	g := granted{Case: id}
	err := q.QueryRow(ctx, feeByID, id).Scan(&g.Enterprise, &g.Area, &g.Name, &g.To, &g.Commitment, &g.Amount)
	if errors.Is(err, sql.ErrNoRows) {
		return g, errs.NotFound("fee", id)
	}
	return g, noted("read fee", err)
}

// heldFor is what the ledger holds for a case; NotFound and Conflict as grantedOf.
func heldFor(ctx context.Context, q store.Querier, id int64) (granted, error) {
	g, err := feeOf(ctx, q, id)
	if errs.KindOf(err) != errs.KindNotFound {
		return g, err
	}
	a, err := grantedOf(ctx, q, id)
	return granted{a.Case, a.Enterprise, a.Area, a.Name, "", a.Commitment, a.Granted}, err
}
