package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Line is a budget line: a purpose of a fund in a year, of an area's budget. Fund, Code, Year and Area tell it from others.
type Line struct {
	ID   int64
	Fund string // such as 智改数转专项
	Code string // of the purpose within the fund
	Year int
	Area string
	Name string
}

// Label is how a message names it.
func (l Line) Label() string { return fmt.Sprintf("%s %s %d", l.Fund, l.Name, l.Year) }

// Appropriation gives a line its budget, adds to it, or cuts it. Name is used where the line is new.
type Appropriation struct {
	Fund, Code string
	Year       int
	Area, Name string
	Change     money.Fen // below zero to cut what is free
}

const (
	selectLine    = `SELECT id, fund, code, year, area, name FROM ledger_line`
	lineByID      = selectLine + ` WHERE id = $1`
	lineByKey     = selectLine + ` WHERE fund = $1 AND code = $2 AND year = $3 AND area = $4`
	insertLine    = `INSERT INTO ledger_line (id, fund, code, year, area, name) VALUES ($1, $2, $3, $4, $5, $6)`
	insertBalance = `INSERT INTO ledger_balance (line_id, n, budget, free, held, committed, payable, ordered, paid, returned) VALUES ($1, 0, 0, 0, 0, 0, 0, 0, 0, 0)`
	holdByKey     = `SELECT id FROM ledger_hold WHERE line_id = $1 AND call_id = $2`
	insertHold    = `INSERT INTO ledger_hold (id, line_id, call_id) VALUES ($1, $2, $3)`
	insertHeld    = `INSERT INTO ledger_hold_balance (hold_id, held) VALUES ($1, 0)`
)

func scanLine(row interface{ Scan(...any) error }) (l Line, err error) {
	err = row.Scan(&l.ID, &l.Fund, &l.Code, &l.Year, &l.Area, &l.Name)
	return l, err
}

// lineOf reads a line; NotFound where there is none.
func lineOf(ctx context.Context, q store.Querier, id int64) (Line, error) {
	l, err := scanLine(q.QueryRow(ctx, lineByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Line{}, errs.NotFound("budget line", id)
	}
	if err != nil {
		return Line{}, fmt.Errorf("read budget line %d: %w", id, err)
	}
	return l, nil
}

// Appropriate changes the budget of a line, which is made where it does not exist, and gives the line's id. A reason and a
// document are wanted. A cut of more than is free is a conflict.
func (b *Book) Appropriate(ctx context.Context, tx *store.Tx, a Act, ap Appropriation) (line int64, err error) {
	if err := errors.Join(ap.check(), a.explained(), a.may(access.ManageFund, ap.Area)); err != nil {
		return 0, err
	}
	return once(ctx, b, tx, a, "appropriate", ap, func(ctx context.Context) (int64, error) {
		l, err := b.lineFor(ctx, tx, ap)
		if err != nil {
			return 0, err
		}
		kind := Added
		if ap.Change < 0 {
			kind = Cut
		}
		return l.ID, b.post(ctx, tx, a, kind, []leg{
			{stage: Budget, line: l, fen: -ap.Change},
			{stage: Free, line: l, fen: ap.Change},
		})
	})
}

func (ap Appropriation) check() error {
	switch {
	case ap.Fund == "" || ap.Code == "" || ap.Area == "" || ap.Name == "":
		return errs.Invalid(i18n.M("ledger.line_incomplete"))
	case ap.Year < 2000 || ap.Year > 2999:
		return errs.Invalid(i18n.M("ledger.bad_year", fmt.Sprint(ap.Year)))
	}
	return errors.Join(
		checkChange(ap.Change),
		limited("ledger.field_fund", ap.Fund, 64), limited("ledger.field_code", ap.Code, 64), limited("ledger.field_name", ap.Name, maxKey),
		limited("ledger.field_area", ap.Area, 64),
	)
}

// lineFor is the line that an appropriation is about; one that is made at the same time elsewhere makes the whole
// transaction run again.
func (b *Book) lineFor(ctx context.Context, tx *store.Tx, ap Appropriation) (Line, error) {
	l, err := scanLine(tx.QueryRow(ctx, lineByKey, ap.Fund, ap.Code, ap.Year, ap.Area))
	if err == nil {
		return l, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return Line{}, fmt.Errorf("read budget line: %w", err)
	}
	l = Line{Fund: ap.Fund, Code: ap.Code, Year: ap.Year, Area: ap.Area, Name: ap.Name}
	if l.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return Line{}, err
	}
	audit.Note(tx, loggedLine, l.ID)
	if _, err := tx.Exec(ctx, insertLine, l.ID, l.Fund, l.Code, l.Year, l.Area, l.Name); err != nil {
		return Line{}, fmt.Errorf("make budget line: %w", err)
	}
	if _, err := tx.Exec(ctx, insertBalance, l.ID); err != nil {
		return Line{}, fmt.Errorf("make budget line: %w", err)
	}
	return l, nil
}

// Reservation sets aside money of a line for a call, or gives it back where Change is below zero.
type Reservation struct {
	Line   int64
	Call   string
	Change money.Fen
}

// Reserve changes what is set aside for a call. More than is free, or giving back more than is left, is a conflict.
func (b *Book) Reserve(ctx context.Context, tx *store.Tx, a Act, r Reservation) (hold int64, err error) {
	l, err := lineOf(ctx, tx, r.Line)
	if err != nil {
		return 0, err
	}
	if err := a.may(access.ManageFund, l.Area); err != nil {
		return 0, err
	}
	if r.Call == "" {
		return 0, errs.Invalid(i18n.M("ledger.needs_call"))
	}
	if err := errors.Join(checkChange(r.Change), limited("ledger.field_call", r.Call, maxKey)); err != nil {
		return 0, err
	}
	return once(ctx, b, tx, a, "reserve", r, func(ctx context.Context) (int64, error) {
		id, err := holdFor(ctx, tx, l, r.Call)
		if err != nil {
			return 0, err
		}
		kind := Reserved
		if r.Change < 0 {
			kind = Unreserved
		}
		return id, b.post(ctx, tx, a, kind, []leg{
			{stage: Free, line: l, fen: -r.Change},
			{stage: Held, line: l, hold: id, fen: r.Change},
		})
	})
}

// holdOf is the share of a call in a line, 0 for no call; Conflict where nothing was ever set aside for it.
func holdOf(ctx context.Context, tx *store.Tx, l Line, call string) (int64, error) {
	if call == "" {
		return 0, nil
	}
	var id int64
	err := tx.QueryRow(ctx, holdByKey, l.ID, call).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errs.Conflict(i18n.M("ledger.nothing_held", l.Label(), call))
	}
	if err != nil {
		return 0, fmt.Errorf("read reserve: %w", err)
	}
	return id, nil
}

func holdFor(ctx context.Context, tx *store.Tx, l Line, call string) (int64, error) {
	var id int64
	err := tx.QueryRow(ctx, holdByKey, l.ID, call).Scan(&id)
	if err == nil {
		return id, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read reserve: %w", err)
	}
	if id, err = tx.NextIDs(ctx, 1); err != nil {
		return 0, err
	}
	audit.Note(tx, loggedHold, id)
	if _, err := tx.Exec(ctx, insertHold, id, l.ID, call); err != nil {
		return 0, fmt.Errorf("make reserve: %w", err)
	}
	if _, err := tx.Exec(ctx, insertHeld, id); err != nil {
		return 0, fmt.Errorf("make reserve: %w", err)
	}
	return id, nil
}
