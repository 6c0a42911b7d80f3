package credit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// productPin is the kind of pins of products.
const productPin = "loan_product"

const (
	definitionBody   = `SELECT body FROM credit_definition WHERE hash = $1`
	insertDefinition = `INSERT INTO credit_definition (hash, code, body) VALUES ($1, $2, $3)`
)

// keep pins a product, once.
func keep(ctx context.Context, tx *store.Tx, p *Product) error {
	var have string
	err := tx.QueryRow(ctx, definitionBody, p.Hash).Scan(&have)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.Exec(ctx, insertDefinition, p.Hash, p.Product, string(p.src))
	}
	if err != nil {
		return fmt.Errorf("keep product %s: %w", p.Product, err)
	}
	return nil
}

// Definition is the bytes of a product that a referral is pinned to, by their hash, whatever is in use now.
func Definition(ctx context.Context, q store.Querier, hash string) ([]byte, error) {
	var body string
	err := q.QueryRow(ctx, definitionBody, hash).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.NotFound("product", hash)
	}
	if err != nil {
		return nil, fmt.Errorf("read product %s: %w", hash, err)
	}
	if hashOf([]byte(body)) != hash {
		return nil, fmt.Errorf("product %s was changed in the database", hash)
	}
	return []byte(body), nil
}

// pinned is the product with a hash, whatever is in use now.
func (s *Store) pinned(ctx context.Context, q store.Querier, code, hash string) (*Product, error) {
	if p, err := s.Set.Product(code); err == nil && p.Hash == hash {
		return p, nil
	}
	body, err := Definition(ctx, q, hash)
	if err != nil {
		return nil, err
	}
	// A bank that has left still is what it was called in the referral.
	known := func(bank string) (Bank, error) {
		if b, err := s.Set.Bank(bank); err == nil {
			return b, nil
		}
		return Bank{Code: bank, Name: i18n.Text{ZH: bank, EN: bank}}, nil
	}
	p, problems := ParseProduct(s.Library, known, code+"@"+hash[:12], body)
	if len(problems) > 0 {
		return nil, fmt.Errorf("product %s is not understood any more: %w", code, problems)
	}
	p.By.Kind = p.Kind.Party() // whatever it is called by now
	return p, nil
}

// Referral is that a firm asks a bank for a product.
type Referral struct {
	Case int64
	Firm int64
	Bank string // code
	Of   string // code of the product
	Hash string // of the product as it was then
	At   int64
	By   int64
}

const (
	insertReferral  = `INSERT INTO credit_referral (case_id, firm, bank, product, hash, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	referralColumns = `r.case_id, r.firm, r.bank, r.product, r.hash, r.at, r.by_account`
	referralOf      = `SELECT ` + referralColumns + ` FROM credit_referral r WHERE r.case_id = $1`
	countReferrals  = `SELECT COUNT(*) FROM credit_referral WHERE firm = $1 AND product = $2`
	referralsOfFirm = `SELECT ` + referralColumns + ` FROM credit_referral r WHERE r.firm = $1 AND r.product = $2 ORDER BY r.case_id DESC`
)

func scanReferral(r interface{ Scan(...any) error }) (x Referral, err error) {
	return x, r.Scan(&x.Case, &x.Firm, &x.Bank, &x.Of, &x.Hash, &x.At, &x.By)
}

// referral is the referral of a case, with the product as it was then; NotFound for a case that is none.
func (s *Store) referral(ctx context.Context, q store.Querier, id int64) (Referral, *Product, error) {
	r, err := scanReferral(q.QueryRow(ctx, referralOf, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Referral{}, nil, errs.NotFound("loan referral", id)
	}
	if err != nil {
		return Referral{}, nil, fmt.Errorf("read referral %d: %w", id, err)
	}
	p, err := s.pinned(ctx, q, r.Of, r.Hash)
	return r, p, err
}

// Candidate is how a firm stands to a product, and whether the scope may ask for it.
type Candidate struct {
	Fit
	Firm int64
	Case int64 // in which it is asked for already and that has not ended; 0 for none
	May  bool  // the scope acts for the firm

	asked int // how many times it was asked for, ended or not
}

// Candidate is how a firm stands to a product. NotFound for a product that is not offered and for a firm whose facts the scope may
// not read.
func (s *Store) Candidate(ctx context.Context, scope access.Scope, cases *casework.Store, w Want) (Candidate, error) {
	fit, err := s.Fit(ctx, scope, w)
	if err != nil {
		return Candidate{}, err
	}
	c := Candidate{Fit: fit, Firm: w.Firm, May: slices.Contains(scope.Owns(), w.Firm) && scope.Sees(access.FileCase, "", w.Firm)}
	all, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (Referral, error) { return scanReferral(r) }, referralsOfFirm, w.Firm, w.Product)
	if err != nil {
		return Candidate{}, err
	}
	c.asked = len(all)
	for _, r := range all {
		x, _, err := cases.Get(ctx, scope, r.Case)
		if errs.KindOf(err) == errs.KindNotFound {
			continue
		}
		if err != nil {
			return Candidate{}, err
		}
		if x.Ended == "" && c.Case == 0 {
			c.Case = r.Case
		}
	}
	return c, nil
}

// Request is that a firm asks for a product.
type Request struct {
	Product string // code
	Firm    int64
	Meeting int64 // at which it came to that; 0 for none
}

// Begin opens the case in which a firm asks for a product, and gives its id; one that has not ended is given instead, as it is: begun says so.
// That a condition is not met does not keep it out: the bank decides. Forbidden for who does not act for the firm; NotFound and Conflict
// for a meeting to which the firm was not invited, that has not begun, or to which nobody brought the product.
func (s *Store) Begin(ctx context.Context, scope access.Scope, cases *casework.Store, q Request) (id int64, begun bool, err error) {
	p, err := s.Product(q.Product)
	if err != nil {
		return 0, false, err
	}
	c, err := s.Candidate(ctx, scope, cases, Want{Product: q.Product, Firm: q.Firm})
	switch {
	case err != nil:
		return 0, false, err
	case !c.May:
		return 0, false, errs.Forbidden(string(access.FileCase))
	case c.Case != 0:
		return c.Case, true, nil
	}
	if q.Meeting != 0 {
		if err := s.fromMeeting(ctx, scope, q); err != nil {
			return 0, false, err
		}
	}
	n := casework.NewCase{
		Workflow: p.Kind.Flow(), Title: p.By.Name.ZH + " · " + p.Name.ZH, Subject: q.Firm,
		Pins: []casework.Pin{{Kind: productPin, Name: p.Product, Hash: p.Hash}}, Data: casework.Data{"product": rule.Text(p.Product)},
	}
	err = cases.Together(ctx, scope, func(ctx context.Context, tx *store.Tx, t casework.Together) error {
		id = 0
		if first, err := stillFirst(ctx, tx, p.Product, c); err != nil || !first {
			return err
		}
		x, err := t.Open(ctx, n)
		if err != nil {
			return err
		}
		if err := keep(ctx, tx, p); err != nil {
			return err
		}
		r := Referral{Case: x.ID, Firm: x.Enterprise, Bank: p.Bank, Of: p.Product, Hash: p.Hash, At: s.Clock.Millis(), By: scope.Account()}
		if _, err := tx.Exec(ctx, insertReferral, r.Case, r.Firm, r.Bank, r.Of, r.Hash, r.At, r.By); err != nil {
			return fmt.Errorf("write referral: %w", err)
		}
		audit.Note(tx, loggedReferral, r.Case)
		id = x.ID
		if q.Meeting == 0 {
			return nil
		}
		if _, err := tx.Exec(ctx, insertMeetingReferral, r.Case, q.Meeting); err != nil {
			return fmt.Errorf("write meeting of referral: %w", err)
		}
		audit.Note(tx, loggedMeetingReferral, r.Case)
		return nil
	})
	switch {
	case err != nil:
		return 0, false, fmt.Errorf("open referral of %s: %w", p.Product, err)
	case id == 0: // somebody was quicker
		return s.Begin(ctx, scope, cases, q)
	}
	return id, false, nil
}

// stillFirst says that nobody has asked for a product for a firm since a candidate was read; nobody does before the transaction
// ends.
func stillFirst(ctx context.Context, tx *store.Tx, product string, c Candidate) (bool, error) {
	if err := tx.Lock(ctx, fmt.Sprintf("loan %d %s", c.Firm, product)); err != nil {
		return false, err
	}
	var n int
	if err := tx.QueryRow(ctx, countReferrals, c.Firm, product).Scan(&n); err != nil {
		return false, fmt.Errorf("count referrals: %w", err)
	}
	return n == c.asked, nil
}

// Progress is what became of a referral, to those who see its case.
type Progress struct {
	Referral
	Product   *Product        // as it was when the firm asked
	Meeting   int64           // at which it began; 0 for none
	Consents  []consent.Grant // the newest first
	Offers    []Offer         // the last one counts
	Contract  *Contract       // nil before it is entered
	Drawdowns []Drawdown
}

// Left is the principal that is not repaid.
func (p Progress) Left() money.Fen {
	var left money.Fen
	for _, d := range p.Drawdowns {
		left += d.Left()
	}
	return left
}

// Progress is what became of the referral of a case. NotFound for a case that the scope may not see, and for one that is no
// referral.
func (s *Store) Progress(ctx context.Context, scope access.Scope, cases *casework.Store, id int64) (Progress, error) {
	if _, _, err := cases.Get(ctx, scope, id); err != nil {
		return Progress{}, err
	}
	var p Progress
	err := s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) (err error) {
		p = Progress{}
		if p.Referral, p.Product, err = s.referral(ctx, q, id); err != nil {
			return err
		}
		if err = q.QueryRow(ctx, meetingOfCase, id).Scan(&p.Meeting); err != nil {
			return fmt.Errorf("read meeting of referral %d: %w", id, err)
		}
		if p.Consents, err = s.Consents.InCase(ctx, q, id); err != nil {
			return err
		}
		if p.Offers, err = offersOf(ctx, q, id); err != nil {
			return err
		}
		if p.Drawdowns, err = drawdownsOf(ctx, q, id); err != nil {
			return err
		}
		c, err := contractOf(ctx, q, id)
		if errs.KindOf(err) == errs.KindNotFound {
			return nil
		}
		p.Contract = &c
		return err
	})
	return p, err
}
