package diagnosis

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// Institute is somebody who diagnoses.
type Institute struct {
	ID       int64 // its party
	Code     string
	Name     string
	USCC     string // "" where nobody said
	Area     string // whose office keeps it
	Invented bool   // of a demonstration
	At       int64
	Terms
	Conflicts []Conflict
}

// Terms is what an institute may do and how much of it.
type Terms struct {
	Kinds     []Kind   // that it is qualified for
	Counties  []string // codes; empty: all of its area
	Divisions []string // of industries, two digits; empty: all
	Qualified string   // by what: a certificate, a tender
	Until     period.Day
	Capacity  int    // firms that it can have under way at once
	LeftWhy   string // "" while it takes part
}

// Conflict is an interest that an institute declared, or that an office knows of.
type Conflict struct {
	Firm   int64
	Reason string
	At     int64
}

const (
	insertInstitute = `INSERT INTO diagnosis_institute (id, code, name, uscc, area, invented, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	insertTerms     = `INSERT INTO diagnosis_terms (id, institute, kinds, counties, divisions, qualified, until, capacity, left_why, at, by_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	allInstitutes = `SELECT i.id, i.code, i.name, i.uscc, i.area, i.invented, i.at, t.kinds, t.counties, t.divisions, t.qualified, t.until, t.capacity, t.left_why
FROM diagnosis_institute i JOIN diagnosis_terms t ON t.institute = i.id
WHERE t.id = (SELECT MAX(x.id) FROM diagnosis_terms x WHERE x.institute = i.id) ORDER BY i.id`
	allConflicts   = `SELECT institute, firm, reason, at FROM diagnosis_conflict ORDER BY institute, firm`
	insertConflict = `INSERT INTO diagnosis_conflict (institute, firm, reason, at, by_account) VALUES ($1, $2, $3, $4, $5)`
	hasConflict    = `SELECT COUNT(*) FROM diagnosis_conflict WHERE institute = $1 AND firm = $2`
	poolLock       = "diagnosis institutes"
	maxInstitutes  = 2_000
	maxCapacity    = 10_000
)

// institutes are all of them, with what keeps each from which firm.
func institutes(ctx context.Context, q store.Querier) ([]Institute, error) {
	all, err := store.List(ctx, q, func(r *store.Rows) (x Institute, err error) {
		var kinds, counties, divisions string
		var until int64
		if err := r.Scan(&x.ID, &x.Code, &x.Name, &x.USCC, &x.Area, (*bit)(&x.Invented), &x.At, &kinds, &counties, &divisions, &x.Qualified, &until, &x.Capacity, &x.LeftWhy); err != nil {
			return x, err
		}
		x.Until = period.Day(until)
		return x, errors.Join(fromJSON(kinds, &x.Kinds), fromJSON(counties, &x.Counties), fromJSON(divisions, &x.Divisions))
	}, allInstitutes)
	if err != nil {
		return nil, fmt.Errorf("read institutes: %w", err)
	}
	type row struct {
		of int64
		Conflict
	}
	rows, err := store.List(ctx, q, func(r *store.Rows) (x row, err error) { return x, r.Scan(&x.of, &x.Firm, &x.Reason, &x.At) }, allConflicts)
	if err != nil {
		return nil, fmt.Errorf("read conflicts of institutes: %w", err)
	}
	for _, x := range rows {
		if i := slices.IndexFunc(all, func(i Institute) bool { return i.ID == x.of }); i >= 0 {
			all[i].Conflicts = append(all[i].Conflicts, x.Conflict)
		}
	}
	return all, nil
}

// sees says that a scope may know an institute: who acts for it, and the offices and auditors of its area.
func (x Institute) sees(scope access.Scope) bool {
	return scope.SeesObject(access.ReadCase, access.Object{Area: x.Area, Partner: x.ID})
}

// Institutes are those that the scope may know: those of its areas, those that have left too; somebody of an institute knows its own.
func (s *Store) Institutes(ctx context.Context, scope access.Scope) ([]Institute, error) {
	all, err := institutes(ctx, s.DB.Read())
	return slices.DeleteFunc(all, func(x Institute) bool { return !x.sees(scope) }), err
}

// Institute is one by its party; NotFound for one that the scope may not know.
func (s *Store) Institute(ctx context.Context, scope access.Scope, id int64) (Institute, error) {
	x, err := instituteOf(ctx, s.DB.Read(), id)
	if err == nil && !x.sees(scope) {
		return Institute{}, errs.NotFound("institute", id)
	}
	return x, err
}

func instituteOf(ctx context.Context, q store.Querier, id int64) (Institute, error) {
	all, err := institutes(ctx, q)
	i := slices.IndexFunc(all, func(x Institute) bool { return x.ID == id })
	if err == nil && i < 0 {
		err = errs.NotFound("institute", id)
	}
	if err != nil {
		return Institute{}, err
	}
	return all[i], nil
}

// ByName is the institute with a code or a name, whoever asks; NotFound where there is none.
func (s *Store) ByName(ctx context.Context, text string) (Institute, error) {
	all, err := institutes(ctx, s.DB.Read())
	i := slices.IndexFunc(all, func(x Institute) bool { return x.Code == text || party.FoldName(x.Name) == party.FoldName(text) })
	if err == nil && i < 0 {
		err = errs.NotFound("institute", text)
	}
	if err != nil {
		return Institute{}, err
	}
	return all[i], nil
}

// check refuses terms that mean nothing.
func (s *Store) check(area string, t *Terms) error {
	t.Qualified, t.LeftWhy = strings.TrimSpace(t.Qualified), strings.TrimSpace(t.LeftWhy)
	if err := errors.Join(within("qualified", t.Qualified, maxText, false), within("reason", t.LeftWhy, maxText, true)); err != nil {
		return err
	}
	slices.Sort(t.Kinds)
	slices.Sort(t.Counties)
	slices.Sort(t.Divisions)
	t.Kinds, t.Counties, t.Divisions = slices.Compact(t.Kinds), slices.Compact(t.Counties), slices.Compact(t.Divisions)
	switch {
	case len(t.Kinds) == 0:
		return errs.Invalid(i18n.M("diagnosis.no_kind"))
	case t.Capacity < 1 || t.Capacity > maxCapacity:
		return errs.Invalid(i18n.M("diagnosis.bad_capacity", maxCapacity))
	case t.Until <= 0:
		return errs.Invalid(i18n.M("diagnosis.no_until"))
	}
	for _, k := range t.Kinds {
		if _, err := s.Programme.Kind(k); err != nil {
			return errs.Invalid(i18n.M("diagnosis.no_kind"))
		}
	}
	for _, c := range t.Counties {
		if !s.Library.Areas().Within(c, area) {
			return errs.Invalid(i18n.M("diagnosis.county_outside", c))
		}
	}
	for _, d := range t.Divisions {
		if _, ok := s.Library.Industries().Node(d); !ok || len(d) != 2 {
			return errs.Invalid(i18n.M("diagnosis.no_division", d))
		}
	}
	return nil
}

// AddInstitute enters an institute, which becomes a party. Its code is its own for ever.
func (s *Store) AddInstitute(ctx context.Context, scope access.Scope, x Institute) (Institute, error) {
	if err := keeps(scope, x.Area); err != nil {
		return Institute{}, err
	}
	x.Code, x.Name, x.USCC, x.LeftWhy = strings.TrimSpace(x.Code), strings.TrimSpace(x.Name), strings.TrimSpace(x.USCC), ""
	if !codeForm.MatchString(x.Code) {
		return Institute{}, errs.Invalid(i18n.M("diagnosis.bad_code"))
	}
	if x.USCC != "" {
		code, found := party.ParseUSCC(x.USCC)
		if found != party.Sound {
			return Institute{}, errs.Invalid(found.Msg())
		}
		x.USCC = string(code)
	}
	if err := errors.Join(within("name", x.Name, maxName, false), s.check(x.Area, &x.Terms)); err != nil {
		return Institute{}, err
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, poolLock); err != nil {
			return err
		}
		all, err := institutes(ctx, tx)
		switch {
		case err != nil:
			return err
		case len(all) >= maxInstitutes:
			return errs.Conflict(i18n.M("diagnosis.too_many_institutes", maxInstitutes))
		case slices.ContainsFunc(all, func(o Institute) bool {
			return o.Code == x.Code || o.Name == x.Name || x.USCC != "" && o.USCC == x.USCC
		}):
			return errs.Conflict(i18n.M("diagnosis.institute_twice"))
		}
		src, err := s.Sources.Say(ctx, tx, source.Source{Kind: source.Entry, Authority: "bureau", Name: x.Name, Actor: scope.Account(), Area: x.Area})
		if err != nil {
			return err
		}
		ids, err := s.Parties.Say(ctx, tx, src.ID, []party.NewSubject{{Kind: content.Institute, Key: x.Code}})
		if err != nil {
			return err
		}
		x.ID, x.At = ids[0], s.Clock.Millis()
		if _, err := tx.Exec(ctx, insertInstitute, x.ID, x.Code, x.Name, x.USCC, x.Area, bit(x.Invented), x.At, scope.Account()); err != nil {
			return fmt.Errorf("enter institute: %w", err)
		}
		audit.Note(tx, loggedInstitute, x.ID)
		return s.writeTerms(ctx, tx, scope, x.ID, x.Terms)
	})
	if err != nil {
		return Institute{}, fmt.Errorf("add institute: %w", err)
	}
	return x, s.Frames.Refresh(ctx)
}

func (s *Store) writeTerms(ctx context.Context, tx *store.Tx, scope access.Scope, institute int64, t Terms) error {
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertTerms, id, institute, asJSON(t.Kinds), asJSON(t.Counties), asJSON(t.Divisions), t.Qualified, int64(t.Until), t.Capacity, t.LeftWhy,
		s.Clock.Millis(), scope.Account())
	if err != nil {
		return fmt.Errorf("write terms of institute: %w", err)
	}
	audit.Note(tx, loggedTerms, id)
	return nil
}

// SetTerms changes what an institute may do from now on. One that leaves (LeftWhy) keeps the diagnoses that it has taken.
func (s *Store) SetTerms(ctx context.Context, scope access.Scope, id int64, t Terms) error {
	x, err := s.Institute(ctx, scope, id)
	if err != nil {
		return err
	}
	if err := errors.Join(keeps(scope, x.Area), s.check(x.Area, &t)); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return s.writeTerms(ctx, tx, scope, id, t) })
}

// answersFor says that a scope speaks for an institute.
func answersFor(scope access.Scope, id int64) bool {
	return scope.SeesObject(access.AnswerCase, access.Object{Partner: id})
}

// Declare keeps that an institute has an interest in a firm: the institute says so itself, or the office that keeps it. It is nothing
// where it was declared before.
func (s *Store) Declare(ctx context.Context, scope access.Scope, institute, firm int64, reason string) error {
	x, err := s.Institute(ctx, scope, institute)
	if err != nil {
		return err
	}
	if !answersFor(scope, institute) {
		if err := keeps(scope, x.Area); err != nil {
			return err
		}
	}
	reason = strings.TrimSpace(reason)
	if err := within("reason", reason, maxText, false); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, poolLock); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, hasConflict, institute, firm).Scan(&n); err != nil || n > 0 {
			return err
		}
		if _, err := tx.Exec(ctx, insertConflict, institute, firm, reason, s.Clock.Millis(), scope.Account()); err != nil {
			return fmt.Errorf("declare conflict: %w", err)
		}
		audit.Note(tx, loggedConflict, institute, firm)
		return nil
	})
}

const (
	insertAccount = `INSERT INTO diagnosis_account (id, institute, holder, bank, number, at, by_account, logged) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)`
	accountOf     = `SELECT holder, bank, number FROM diagnosis_account WHERE institute = $1 ORDER BY id DESC LIMIT 1`
	feesOf        = `SELECT d.case_id FROM diagnosis_case d JOIN case_head c ON c.id = d.case_id WHERE c.partner = $1 AND c.state IN ('payable', 'done') ORDER BY d.case_id`
)

// PayTo is the bank account of an institute.
type PayTo struct {
	Holder, Bank string
	Number       ledger.Account // masks itself
}

// SetAccount names where an institute is paid, for who speaks for it: from now on, and for fees that are owed and not ordered yet, those among
// them that the bank gave back. What is ordered goes where it was to go.
func (s *Store) SetAccount(ctx context.Context, scope access.Scope, institute int64, p PayTo) error {
	if !answersFor(scope, institute) {
		return errs.Forbidden(string(access.AnswerCase))
	}
	p.Holder, p.Bank = strings.TrimSpace(p.Holder), strings.TrimSpace(p.Bank)
	if err := errors.Join(within("holder", p.Holder, maxName, false), within("bank", p.Bank, maxName, false), p.Number.Check()); err != nil {
		return err
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, accountLock(institute)); err != nil {
			return err
		}
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertAccount, id, institute, p.Holder, p.Bank, p.Number.Reveal(), s.Clock.Millis(), scope.Account()); err != nil {
			return err
		}
		audit.Note(tx, loggedAccount, id)
		fees, err := store.List(ctx, tx, func(r *store.Rows) (id int64, err error) { return id, r.Scan(&id) }, feesOf, institute)
		if err != nil {
			return fmt.Errorf("read fees of institute %d: %w", institute, err)
		}
		for _, id := range fees {
			err := s.Subsidy.MendPayee(ctx, tx, id, scope.Account(), subsidy.Payee{Holder: p.Holder, Bank: p.Bank, Number: p.Number})
			if err != nil && errs.KindOf(err) != errs.KindNotFound { // that of a lot without a budget line is paid elsewhere
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("name the account of institute %d: %w", institute, err)
	}
	return nil
}

// accountLock is held while the account of an institute is named, and while a fee falls due that goes there.
func accountLock(institute int64) string { return fmt.Sprintf("account of institute %d", institute) }

// Account is where an institute is paid, for who speaks for it or keeps it; NotFound where nobody has said.
func (s *Store) Account(ctx context.Context, scope access.Scope, institute int64) (PayTo, error) {
	if _, err := s.Institute(ctx, scope, institute); err != nil {
		return PayTo{}, err
	}
	return payTo(ctx, s.DB.Read(), institute)
}

func payTo(ctx context.Context, q store.Querier, institute int64) (p PayTo, err error) {
	var number string
	err = q.QueryRow(ctx, accountOf, institute).Scan(&p.Holder, &p.Bank, &number)
	p.Number = ledger.Account(number)
	if errors.Is(err, sql.ErrNoRows) {
		return p, errs.NotFound("account of institute", institute)
	}
	return p, err
}
