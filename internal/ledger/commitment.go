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

// Promise is what is to be committed to somebody.
type Promise struct {
	Line        int64
	Call        string // whose share it is drawn on; "" draws on what is free
	Party       int64
	Area        string // of the enterprise, by which those who may see it are told
	Clause      string // that it is granted by
	Instalments []money.Fen
	Claims      []Claim // at least one; those of one family together not above the sum of the instalments
}

// Limits of a promise.
const (
	maxInstalments = 60
	maxClaims      = 500
)

// total is the sum of the instalments.
func (p Promise) total() (money.Fen, error) {
	var sum money.Fen
	for _, fen := range p.Instalments {
		if err := checkAmount(fen); err != nil {
			return 0, err
		}
		sum += fen // at most maxInstalments of at most maxAmount
	}
	return sum, nil
}

func (p Promise) check(a Act) error {
	switch {
	case a.Case == "":
		return errs.Invalid(i18n.M("ledger.needs_case"))
	case p.Area == "" || p.Clause == "":
		return errs.Invalid(i18n.M("ledger.needs_clause"))
	case len(p.Instalments) == 0 || len(p.Instalments) > maxInstalments:
		return errs.Invalid(i18n.M("ledger.bad_instalments", len(p.Instalments), maxInstalments))
	case len(p.Claims) == 0 || len(p.Claims) > maxClaims:
		return errs.Invalid(i18n.M("ledger.bad_claims", len(p.Claims), maxClaims))
	}
	total, err := p.total()
	if err != nil {
		return err
	}
	return errors.Join(
		limited("ledger.field_area", p.Area, 64), limited("ledger.field_clause", p.Clause, maxKey), checkClaims(p.Claims, total),
	)
}

// part is the part of an instalment that lies in one line.
type part struct {
	id         int64
	commitment int64
	n          int // instalment
	line       Line
	hold       int64 // that the commitment was drawn on, where it is one of this line
	caseID     string
	area       string
	clause     string
	now        Balance // as last read
}

const (
	insertCommitment = `INSERT INTO ledger_commitment (id, line_id, hold_id, case_id, party_id, area, clause) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	insertStanding   = `INSERT INTO ledger_commitment_balance (commitment_id, standing) VALUES ($1, $2)`
	insertPart       = `INSERT INTO ledger_part (id, commitment_id, n, line_id) VALUES ($1, $2, $3, $4)`
	insertPartZero   = `INSERT INTO ledger_part_balance (part_id, committed, payable, ordered, paid, returned) VALUES ($1, 0, 0, 0, 0, 0)`
	lessStanding     = `UPDATE ledger_commitment_balance SET standing = standing - $1 WHERE commitment_id = $2 AND standing >= $1`
	selectStanding   = `SELECT standing FROM ledger_commitment_balance WHERE commitment_id = $1`
)

// Commit promises money: it claims what the promise claims, and commits its instalments, which are known by their number
// from 1 on. It gives the id of the commitment. It is a conflict where a claim stands already (the error is then a Refused
// too), and where the line or the call's share has less.
func (b *Book) Commit(ctx context.Context, tx *store.Tx, a Act, p Promise) (commitment int64, err error) {
	if err := p.check(a); err != nil {
		return 0, err
	}
	l, err := lineOf(ctx, tx, p.Line)
	if err != nil {
		return 0, err
	}
	if err := a.may(access.ManageFund, l.Area); err != nil {
		return 0, err
	}
	return once(ctx, b, tx, a, "commit", p, func(ctx context.Context) (int64, error) {
		hold, err := holdOf(ctx, tx, l, p.Call)
		if err != nil {
			return 0, err
		}
		ids, err := tx.NextIDs(ctx, int64(1+len(p.Instalments)))
		if err != nil {
			return 0, err
		}
		if err := claim(ctx, tx, a, ids, l, p); err != nil {
			return 0, err
		}
		legs, err := promise(ctx, tx, a, ids, l, hold, p)
		if err != nil {
			return 0, err
		}
		return ids, b.post(ctx, tx, a, Promised, legs)
	})
}

// promise writes the commitment with its instalments, under the ids from the first on, and gives the entries.
func promise(ctx context.Context, tx *store.Tx, a Act, id int64, l Line, hold int64, p Promise) ([]leg, error) {
	total, err := p.total()
	if err != nil {
		return nil, err
	}
	audit.Note(tx, loggedCommitment, id)
	if _, err := tx.Exec(ctx, insertCommitment, id, l.ID, hold, a.Case, p.Party, p.Area, p.Clause); err != nil {
		return nil, fmt.Errorf("enter commitment: %w", err)
	}
	if _, err := tx.Exec(ctx, insertStanding, id, int64(total)); err != nil {
		return nil, fmt.Errorf("enter commitment: %w", err)
	}
	legs := []leg{{stage: Free, line: l, fen: -total}}
	if hold != 0 {
		legs[0].stage, legs[0].hold = Held, hold
	}
	for i, fen := range p.Instalments {
		pt := &part{id: id + 1 + int64(i), commitment: id, n: i + 1, line: l, hold: hold, caseID: a.Case, area: p.Area, clause: p.Clause}
		if err := makePart(ctx, tx, pt); err != nil {
			return nil, err
		}
		legs = append(legs, leg{stage: Committed, line: l, part: pt, fen: fen})
	}
	return legs, nil
}

func makePart(ctx context.Context, tx *store.Tx, p *part) error {
	audit.Note(tx, loggedPart, p.id)
	if _, err := tx.Exec(ctx, insertPart, p.id, p.commitment, p.n, p.line.ID); err != nil {
		return fmt.Errorf("enter instalment: %w", err)
	}
	if _, err := tx.Exec(ctx, insertPartZero, p.id); err != nil {
		return fmt.Errorf("enter instalment: %w", err)
	}
	return nil
}

// Sum is an amount of an instalment of a commitment.
type Sum struct {
	Commitment int64
	Instalment int // from 1 on
	Amount     money.Fen
}

// Release gives back what was committed and is not payable yet: to the call's share that it was drawn on, else to what is
// free. A commitment of which nothing is left gives up its claims.
func (b *Book) Release(ctx context.Context, tx *store.Tx, a Act, s Sum) error {
	return b.shift(ctx, tx, a, shift{kind: Released, do: access.ManageFund, from: Committed, to: Free}, s)
}

// MakePayable says that an amount of an instalment is owed.
func (b *Book) MakePayable(ctx context.Context, tx *store.Tx, a Act, s Sum) error {
	return b.shift(ctx, tx, a, shift{kind: Due, do: access.ManageFund, from: Committed, to: Payable}, s)
}

// Withhold takes back that an amount is payable; it stays committed.
func (b *Book) Withhold(ctx context.Context, tx *store.Tx, a Act, s Sum) error {
	return b.shift(ctx, tx, a, shift{kind: Withheld, do: access.ManageFund, from: Payable, to: Committed}, s)
}

// Pay enters a payment that was made without a batch; the act names its document.
func (b *Book) Pay(ctx context.Context, tx *store.Tx, a Act, s Sum) error {
	if a.Document == "" {
		return errs.Invalid(i18n.M("ledger.needs_document"))
	}
	return b.shift(ctx, tx, a, shift{kind: PaidOut, do: access.PayOut, from: Payable, to: Paid}, s)
}

// Return enters money that came back (claw-back). It does not become free again: the treasury decides by an appropriation.
// A commitment that has come back whole gives up its claims. A reason and a document are wanted.
func (b *Book) Return(ctx context.Context, tx *store.Tx, a Act, s Sum) error {
	if err := a.explained(); err != nil {
		return err
	}
	return b.shift(ctx, tx, a, shift{kind: ClawedBack, do: access.PayOut, from: Paid, to: Returned}, s)
}

// shift is a way from one stage to another.
type shift struct {
	kind     Kind
	do       access.Action
	from, to Stage
}

// keeps says that what goes this way still stands to the payee.
func (w shift) keeps() bool { return w.to != Free && w.to != Returned }

func (b *Book) shift(ctx context.Context, tx *store.Tx, a Act, w shift, s Sum) error {
	if err := checkAmount(s.Amount); err != nil {
		return err
	}
	parts, err := partsOf(ctx, tx, s.Commitment, s.Instalment)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := a.may(w.do, p.line.Area); err != nil {
			return err
		}
	}
	_, err = once(ctx, b, tx, a, string(w.kind), s, func(ctx context.Context) (struct{}, error) {
		legs, err := w.legs(parts, s)
		if err != nil {
			return struct{}{}, err
		}
		if !w.keeps() {
			if err := b.lessen(ctx, tx, a, s); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, b.post(ctx, tx, a, w.kind, legs)
	})
	return err
}

// legs draws an amount on the parts of an instalment, those of earlier years first. What was read of them only says where
// to draw; whether it is there is settled when the balances are changed.
func (w shift) legs(parts []*part, s Sum) ([]leg, error) {
	left := s.Amount
	var legs []leg
	for _, p := range parts {
		fen := min(left, p.now[w.from])
		if fen <= 0 {
			continue
		}
		to := leg{stage: w.to, line: p.line, part: p, fen: fen}
		if w.to == Free {
			to.part = nil
			if p.hold != 0 {
				to.stage, to.hold = Held, p.hold
			}
		}
		legs = append(legs, leg{stage: w.from, line: p.line, part: p, fen: -fen}, to)
		left -= fen
	}
	if left > 0 {
		return nil, errs.Conflict(i18n.M("ledger.part_short", s.Instalment, parts[0].caseID, s.Amount, i18n.M("ledger.stage_"+w.from.String()), s.Amount-left))
	}
	return legs, nil
}

// lessen notes that a commitment stands for less, and gives up its claims when it stands for nothing.
func (b *Book) lessen(ctx context.Context, tx *store.Tx, a Act, s Sum) error {
	n, err := tx.Exec(ctx, lessStanding, int64(s.Amount), s.Commitment)
	if err != nil {
		return fmt.Errorf("lessen commitment %d: %w", s.Commitment, err)
	}
	if n == 0 {
		return errs.Conflict(i18n.M("ledger.moved"))
	}
	var left money.Fen
	if err := tx.QueryRow(ctx, selectStanding, s.Commitment).Scan(&left); err != nil {
		return fmt.Errorf("read commitment %d: %w", s.Commitment, err)
	}
	if left > 0 {
		return nil
	}
	return b.lift(ctx, tx, a, claimsOfCommitment, s.Commitment)
}

var (
	selectParts = `SELECT t.id, t.commitment_id, t.n, CASE WHEN c.line_id = t.line_id THEN c.hold_id ELSE 0 END, c.case_id, c.area, c.clause,
		l.id, l.fund, l.code, l.year, l.area, l.name, ` + columns("b.", Committed) + `
		FROM ledger_part t JOIN ledger_part_balance b ON b.part_id = t.id JOIN ledger_commitment c ON c.id = t.commitment_id JOIN ledger_line l ON l.id = t.line_id`
	partsOfInstalment = selectParts + ` WHERE t.commitment_id = $1 AND t.n = $2 ORDER BY l.year, t.id`
	partByID          = selectParts + ` WHERE t.id = $1`
)

func scanPart(rows interface{ Scan(...any) error }) (*part, error) {
	var p part
	into := []any{
		&p.id, &p.commitment, &p.n, &p.hold, &p.caseID, &p.area, &p.clause,
		&p.line.ID, &p.line.Fund, &p.line.Code, &p.line.Year, &p.line.Area, &p.line.Name,
	}
	return &p, rows.Scan(append(into, p.now.into()[Committed:]...)...)
}

// partsOf are the parts of an instalment; NotFound where there is none.
func partsOf(ctx context.Context, q store.Querier, commitment int64, instalment int) ([]*part, error) {
	rows, err := q.Query(ctx, partsOfInstalment, commitment, instalment)
	parts, err := collect(rows, err, "read instalment", func(rows *store.Rows) (*part, error) { return scanPart(rows) })
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, errs.NotFound("instalment of commitment", fmt.Sprint(commitment, "/", instalment))
	}
	return parts, nil
}

// Carry takes what is left of a year's line to a line of a later year, by entries of its own: what is free, and what is
// committed and payable of instalments.
type Carry struct {
	From, To int64     // lines
	Free     money.Fen // of what is free
	Parts    []int64   // that go with all that is committed and payable of them; Unpaid lists them
}

// maxCarried is how many parts one carrying over takes; more are carried by several.
const maxCarried = 500

// CarryOver carries over. The budget goes along: that of the earlier line becomes less by what that of the later one
// becomes more. A reason and a document are wanted.
func (b *Book) CarryOver(ctx context.Context, tx *store.Tx, a Act, c Carry) error {
	from, to, err := b.carryLines(ctx, tx, a, c)
	if err != nil {
		return err
	}
	_, err = once(ctx, b, tx, a, "carry_over", c, func(ctx context.Context) (struct{}, error) {
		var legs []leg
		moved := c.Free
		if c.Free > 0 {
			legs = append(legs, leg{stage: Free, line: from, fen: -c.Free}, leg{stage: Free, line: to, fen: c.Free})
		}
		for _, id := range c.Parts {
			more, err := carryPart(ctx, tx, id, from, to)
			if err != nil {
				return struct{}{}, err
			}
			for _, l := range more {
				if l.line.ID == to.ID {
					moved += l.fen
				}
			}
			legs = append(legs, more...)
		}
		legs = append(legs, leg{stage: Budget, line: from, fen: moved}, leg{stage: Budget, line: to, fen: -moved})
		return struct{}{}, b.post(ctx, tx, a, CarriedOver, legs)
	})
	return err
}

func (b *Book) carryLines(ctx context.Context, tx *store.Tx, a Act, c Carry) (from, to Line, err error) {
	if err = a.explained(); err != nil {
		return from, to, err
	}
	if from, err = lineOf(ctx, tx, c.From); err != nil {
		return from, to, err
	}
	if to, err = lineOf(ctx, tx, c.To); err != nil {
		return from, to, err
	}
	if err = errors.Join(a.may(access.ManageFund, from.Area), a.may(access.ManageFund, to.Area)); err != nil {
		return from, to, err
	}
	switch {
	case to.Year <= from.Year || to.Fund != from.Fund:
		err = errs.Invalid(i18n.M("ledger.carry_back", from.Label(), to.Label()))
	case c.Free < 0 || c.Free == 0 && len(c.Parts) == 0:
		err = errs.Invalid(i18n.M("ledger.no_amount"))
	case c.Free > maxAmount:
		err = errs.Invalid(i18n.M("ledger.too_much"))
	case len(c.Parts) > maxCarried:
		err = errs.Invalid(i18n.M("ledger.too_many_parts", len(c.Parts), maxCarried))
	}
	return from, to, err
}

// carryPart gives the entries that take what is committed and payable of a part to another line.
func carryPart(ctx context.Context, tx *store.Tx, id int64, from, to Line) ([]leg, error) {
	p, err := scanPart(tx.QueryRow(ctx, partByID, id))
	if errors.Is(err, sql.ErrNoRows) || err == nil && p.line.ID != from.ID {
		return nil, errs.NotFound("part of an instalment in line", fmt.Sprint(from.ID, "/", id))
	}
	if err != nil {
		return nil, fmt.Errorf("read part %d: %w", id, err)
	}
	if p.now[Committed]+p.now[Payable] == 0 {
		return nil, errs.Conflict(i18n.M("ledger.nothing_to_carry", p.n, p.caseID))
	}
	parts, err := partsOf(ctx, tx, p.commitment, p.n)
	if err != nil {
		return nil, err
	}
	var there *part
	for _, q := range parts {
		if q.line.ID == to.ID {
			there = q
		}
	}
	if there == nil {
		next := *p
		next.line, next.hold, next.now = to, 0, Balance{}
		there = &next
		if there.id, err = tx.NextIDs(ctx, 1); err != nil {
			return nil, err
		}
		if err := makePart(ctx, tx, there); err != nil {
			return nil, err
		}
	}
	var legs []leg
	for _, s := range []Stage{Committed, Payable} {
		if fen := p.now[s]; fen > 0 {
			legs = append(legs, leg{stage: s, line: from, part: p, fen: -fen}, leg{stage: s, line: to, part: there, fen: fen})
		}
	}
	return legs, nil
}
