package subsidy

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Payee is the account that an application is paid to.
type Payee struct {
	Holder string
	Bank   string
	Number ledger.Account // masks itself
	Masked bool           // Number holds what a mask leaves
	Firm   string         // name of the enterprise, where the holder bears another; told to who pays
}

const (
	insertPayee = `INSERT INTO subsidy_payee_named (id, case_id, holder, bank, number, at, by_account, logged) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)`
	payeeByID   = `SELECT holder, bank, number FROM subsidy_payee_named WHERE case_id = $1 ORDER BY id DESC LIMIT 1`
)

// SetPayee names the account, by an account of the product; its number must be one by its form. That the holder bears another name than the enterprise is
// no reason to refuse it (a branch, a name that was changed): who pays is told (Payee.Firm).
func (s *Store) SetPayee(ctx context.Context, tx *store.Tx, id, by int64, p Payee) error {
	if p.Masked || p.Holder == "" || p.Bank == "" || p.Number == "" {
		return errs.Invalid(i18n.M("subsidy.payee_whole"))
	}
	if err := errors.Join(limited("subsidy.field_holder", p.Holder, 200), limited("subsidy.field_bank", p.Bank, 200), p.Number.Check()); err != nil {
		return err
	}
	n, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	audit.Note(tx, loggedPayee, n)
	_, err = tx.Exec(ctx, insertPayee, n, id, p.Holder, p.Bank, p.Number.Reveal(), s.Clock.Millis(), by)
	return noted("name the account of a payee", err)
}

// payeeLock is held while an account is named anew, and while a payment is ordered to it.
func payeeLock(id int64) string { return fmt.Sprintf("payee of case %d", id) }

// MendPayee names the account of a fee anew, for who is paid, while it is owed and no payment of it is ordered. Else it is
// nothing: what is on its way goes where it was to go.
func (s *Store) MendPayee(ctx context.Context, tx *store.Tx, id, by int64, p Payee) error {
	if err := tx.Lock(ctx, payeeLock(id)); err != nil {
		return err
	}
	f, err := feeOf(ctx, tx, id)
	if err != nil {
		return err
	}
	sums, err := ledger.In(tx, access.SystemScope()).Commitments(ctx, []int64{f.Commitment})
	if err != nil {
		return err
	}
	if t := sums[f.Commitment]; t.Ordered > 0 || t.Payable <= t.Paid {
		return nil
	}
	return s.SetPayee(ctx, tx, id, by, p)
}

// payeeOf is the account in the clear.
func payeeOf(ctx context.Context, q store.Querier, id int64) (Payee, error) {
	var p Payee
	var n string
	err := q.QueryRow(ctx, payeeByID, id).Scan(&p.Holder, &p.Bank, &n)
	p.Number = ledger.Account(n)
	if errors.Is(err, sql.ErrNoRows) {
		return p, errs.Conflict(i18n.M("subsidy.no_payee", caseName(id)))
	}
	return p, noted("read the account of a payee", err)
}

// paidTo is whose an application is, or whom a fee is paid to; of what was not handed in yet the case says it.
func (s *Store) paidTo(ctx context.Context, scope access.Scope, id int64) (granted, error) {
	of, err := feeOf(ctx, s.DB.Read(), id)
	if errs.KindOf(err) != errs.KindNotFound {
		return of, err
	}
	a, err := applicationOf(ctx, s.DB.Read(), id)
	if errs.KindOf(err) != errs.KindNotFound {
		return granted{Enterprise: a.Enterprise, Area: a.Area}, err
	}
	c, _, err := s.cases.Get(ctx, scope, id)
	return granted{Enterprise: c.Enterprise, Area: c.Area}, err
}

// Payee is the account of an application: in the clear for its owner and for who pays in its area, masked for others who may
// read it. The account of a fee is shown to offices alone, not to the enterprise that was served.
func (s *Store) Payee(ctx context.Context, scope access.Scope, id int64) (Payee, error) {
	of, err := s.paidTo(ctx, scope, id)
	if err != nil {
		return Payee{}, err
	}
	owner := of.To == "" && scope.Sees(access.FileCase, "", of.Enterprise)
	pays := scope.Sees(access.PayOut, of.Area, 0)
	reader := of.Enterprise
	if of.To != "" {
		reader = 0
	}
	if !owner && !pays && !scope.Sees(access.ReadCase, of.Area, reader) {
		return Payee{}, errs.NotFound("application", id)
	}
	p, err := payeeOf(ctx, s.DB.Read(), id)
	if err != nil {
		return p, err
	}
	if !owner && !pays {
		p.Number, p.Masked = ledger.Account(p.Number.String()), true
	}
	if pays {
		p.Firm, err = s.otherName(ctx, p.Holder, of)
	}
	return p, err
}

// otherName is the name of who is to be paid where the holder of an account bears another, "" where it is the same.
func (s *Store) otherName(ctx context.Context, holder string, of granted) (string, error) {
	if of.To != "" {
		if party.FoldName(of.To) == party.FoldName(holder) {
			return "", nil
		}
		return of.To, nil
	}
	view, err := s.system(ctx)
	if err != nil {
		return "", err
	}
	e, ok := view.Enterprise(of.Enterprise)
	if !ok || party.FoldName(e.Name) == party.FoldName(holder) {
		return "", nil
	}
	return e.Name, nil
}

// Version tells this account from another one: what somebody saw of it who orders a payment. It is for who sees the number, and
// empty where that is masked.
func (p Payee) Version() string {
	if p.Masked {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", p.Holder, p.Bank, p.Number.Reveal()))
	return hex.EncodeToString(sum[:8])
}

// Due is a payable instalment of an application.
type Due struct {
	Case int64
	ledger.Sum
	Seen string // Version of the account that whoever orders has looked at
}

// Order makes a payment batch of the ledger of payable instalments: their accounts go from here into the batch, and from
// there into the file for the bank. key is what a repetition is known by. Where an account is not the one any more that whoever
// orders has looked at, nothing is ordered, and all of them are told.
func (s *Store) Order(ctx context.Context, tx *store.Tx, scope access.Scope, key string, dues []Due) (batch int64, err error) {
	orders := make([]ledger.Order, len(dues))
	var changed []i18n.Msg
	for i, d := range dues {
		if err := tx.Lock(ctx, payeeLock(d.Case)); err != nil {
			return 0, err
		}
		a, err := heldFor(ctx, tx, d.Case)
		if err != nil {
			return 0, err
		}
		p, err := payeeOf(ctx, tx, d.Case)
		if err != nil {
			return 0, err
		}
		if p.Version() != d.Seen {
			changed = append(changed, i18n.M("subsidy.payee_changed", caseName(d.Case), a.Name, p.Holder, p.Bank, p.Number.String()))
		}
		d.Commitment = a.Commitment
		orders[i] = ledger.Order{Sum: d.Sum, Payee: p.Holder, Account: p.Number, Bank: p.Bank}
	}
	if len(changed) > 0 {
		return 0, errs.Conflict(i18n.M("subsidy.payees_changed", len(changed), joined(changed)))
	}
	id, err := s.Book.Draft(ctx, tx, ledger.Act{Scope: scope, Key: key}, orders)
	if err != nil {
		return 0, fmt.Errorf("order payments: %w", err)
	}
	return id, nil
}

// toldAtOnce is how many of several messages are told in one.
const toldAtOnce = 10

// joined is several messages as one, of many the first.
func joined(all []i18n.Msg) i18n.Msg {
	out := all[0]
	for _, m := range all[1:min(len(all), toldAtOnce)] {
		out = i18n.M("subsidy.and", out, m)
	}
	return out
}
