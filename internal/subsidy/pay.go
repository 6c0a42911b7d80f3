package subsidy

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Owed is a payable instalment, with whom it is paid to.
type Owed struct {
	ledger.Instalment
	Case  int64 // number of Instalment.Case
	Firm  string
	To    string // who is paid for a service to the firm; "" for the firm
	Payee *Payee // nil where nobody has named an account
}

// Owed is the payable instalments of the areas whose fund the scope reads, in the order in which they were promised. The
// account of each is in the clear for who pays, and masked for others.
func (s *Store) Owed(ctx context.Context, scope access.Scope, f ledger.Filter, p ledger.Page) (all []Owed, err error) {
	view, err := s.system(ctx)
	if err != nil {
		return nil, err
	}
	err = s.Book.Read(ctx, scope, func(ctx context.Context, v *ledger.View) error {
		parts, err := v.Payables(ctx, f, p)
		for _, x := range parts {
			o := Owed{Instalment: x}
			if o.Case, err = strconv.ParseInt(x.Case, 10, 64); err != nil {
				return fmt.Errorf("case of an instalment: %w", err)
			}
			all = append(all, o)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		a, err := heldFor(ctx, s.DB.Read(), all[i].Case)
		if err != nil {
			return nil, err
		}
		if e, ok := view.Enterprise(a.Enterprise); ok {
			all[i].Firm = e.Name
		}
		all[i].To = a.To
		payee, err := payeeOf(ctx, s.DB.Read(), a.Case)
		if errs.KindOf(err) == errs.KindConflict {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !scope.Sees(access.PayOut, a.Area, 0) {
			payee.Number, payee.Masked = ledger.Account(payee.Number.String()), true
		} else if payee.Firm, err = s.otherName(ctx, payee.Holder, a); err != nil {
			return nil, err
		}
		all[i].Payee = &payee
	}
	return all, nil
}

// Instalments is what is paid to an application when, and how far each has come, for who may read the case; nothing before it
// was granted. Of an instalment that was carried over, each year's part stands by itself.
func (s *Store) Instalments(ctx context.Context, scope access.Scope, id int64) ([]ledger.Instalment, error) {
	a, err := s.Application(ctx, scope, id)
	if err != nil || a.Commitment == 0 {
		return nil, err
	}
	return instalmentsOf(ctx, s.DB.Read(), a.Commitment)
}

// Money is how far the money of applications has come that were granted, by their cases: what was promised, what of it was paid,
// and what came back. It is for who may read the applications, and knows no other limits.
func (s *Store) Money(ctx context.Context, of ...Application) (map[int64]ledger.Totals, error) {
	granted := map[int64]int64{} // cases by commitment
	for _, a := range of {
		if a.Commitment != 0 {
			granted[a.Commitment] = a.Case
		}
	}
	return moneyOf(ctx, s.DB.Read(), granted)
}

// moneyOf is how far the money of commitments has come, by the cases that they are of.
func moneyOf(ctx context.Context, q store.Querier, granted map[int64]int64) (map[int64]ledger.Totals, error) {
	all := make(map[int64]ledger.Totals, len(granted))
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(granted)), moneyAtOnce) {
		sums, err := ledger.In(q, access.SystemScope()).Commitments(ctx, ids)
		if err != nil {
			return nil, err
		}
		for id, t := range sums {
			all[granted[id]] = t
		}
	}
	return all, nil
}

// moneyAtOnce is how many commitments are read by one question.
const moneyAtOnce = 500

// instalmentsOf is the instalments of a commitment, the first first.
func instalmentsOf(ctx context.Context, q store.Querier, commitment int64) ([]ledger.Instalment, error) {
	parts, err := ledger.In(q, access.SystemScope()).Instalments(ctx, ledger.Filter{Commitment: commitment}, ledger.Page{})
	slices.SortStableFunc(parts, func(a, b ledger.Instalment) int { return a.N - b.N })
	return parts, err
}

// BankAnswer is what a file of the bank or the treasury says of a payment batch, as it was read: kept until somebody has looked
// at it and settles the batch by it.
type BankAnswer struct {
	Name     string // of the file
	SHA256   string
	Outcomes []ledger.Outcome
	Silent   []int // payments that it does not name
}

const bankAnswer = "bank_answer" // among what somebody has entered

// KeepAnswer keeps what the scope's account has read of a file about a payment batch, in the place of what it read before. The
// scope must pay in the area of the batch.
func (s *Store) KeepAnswer(ctx context.Context, scope access.Scope, batch int64, in BankAnswer) error {
	if err := s.pays(ctx, scope, batch); err != nil {
		return err
	}
	return noted("keep the answer of a bank", s.keepRead(ctx, bankAnswer, batch, scope.Account(), in))
}

// KeptAnswer is what the scope's account has read of a file about a payment batch; NotFound where there is none.
func (s *Store) KeptAnswer(ctx context.Context, scope access.Scope, batch int64) (in BankAnswer, err error) {
	if err := s.pays(ctx, scope, batch); err != nil {
		return in, err
	}
	found, err := s.keptRead(ctx, bankAnswer, batch, scope.Account(), &in)
	if err == nil && !found {
		return in, errs.NotFound("answer of the bank to batch", batch)
	}
	return in, noted("read the answer of a bank", err)
}

// keepRead keeps what an account has read of a file, in the place of what it read before.
func (s *Store) keepRead(ctx context.Context, kind string, id, account int64, what any) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		args := []any{string(body), s.Clock.Millis(), id, kind, account}
		n, err := tx.Exec(ctx, setInput, args...)
		if err == nil && n == 0 {
			_, err = tx.Exec(ctx, insertInput, args...)
		}
		return err
	})
}

// keptRead gives what an account has read of a file to what points at; false where there is nothing.
func (s *Store) keptRead(ctx context.Context, kind string, id, account int64, what any) (bool, error) {
	var body string
	err := s.DB.Read().QueryRow(ctx, findInput, id, kind, account).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(body), what)
	}
	return err == nil, err
}

// pays refuses who may not pay in the area of a batch.
func (s *Store) pays(ctx context.Context, scope access.Scope, batch int64) error {
	return s.Book.Read(ctx, scope, func(ctx context.Context, v *ledger.View) error {
		b, err := v.Batch(ctx, batch)
		if err == nil && !scope.Sees(access.PayOut, b.Area, 0) {
			return errs.Forbidden(string(access.PayOut))
		}
		return err
	})
}
