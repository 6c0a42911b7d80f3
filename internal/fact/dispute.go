package fact

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Dispute is somebody's word that a statement is wrong (这个数不对). It changes no value: an official looks into it and
// closes it, and a correction comes as a statement of its own.
type Dispute struct {
	ID      int64
	Subject int64 // whose statement it is; see Subject of Statement
	Def     string
	Period  period.Period
	Source  int64 // and N: the statement
	N       int64
	Actor   int64
	At      int64 // milliseconds UTC
	Text    string
	Closed  *Closing
}

// Closing is how a dispute ended.
type Closing struct {
	Actor int64
	At    int64 // milliseconds UTC
	Note  string
}

// maxDispute is the longest text of a dispute or its closing, in characters.
const maxDispute = 2000

const (
	insertDispute = `INSERT INTO dispute (id, subject_id, source_id, n, actor, at, text) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	openByActor   = `SELECT COUNT(*) FROM dispute d WHERE d.source_id = $1 AND d.n = $2 AND d.actor = $3
		AND NOT EXISTS (SELECT 1 FROM dispute_closing c WHERE c.dispute_id = d.id)`
	subjectOf = `SELECT subject_id FROM fact WHERE source_id = $1 AND n = $2`
)

// Dispute records that the effective value of a definition is said to be wrong, and gives the id of the dispute. The
// scope must see the value and may dispute it.
func (v View) Dispute(ctx context.Context, subject int64, def string, p period.Period, text string) (int64, error) {
	text, err := disputeText(text)
	if err != nil {
		return 0, err
	}
	if !v.Can(access.Dispute, subject) {
		return 0, errs.Forbidden(fmt.Sprintf("dispute a fact of subject %d", subject))
	}
	cell := v.Value(subject, def, p)
	if cell.Source == 0 {
		return 0, errs.Invalid(i18n.M("fact.dispute_nothing"))
	}
	var id int64
	err = v.frames.facts.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var open int
		if err := tx.QueryRow(ctx, openByActor, cell.Source, cell.n, v.scope.Account()).Scan(&open); err != nil {
			return err
		}
		if open > 0 {
			return errs.Conflict(i18n.M("fact.dispute_twice"))
		}
		var stated int64
		if err := tx.QueryRow(ctx, subjectOf, cell.Source, cell.n).Scan(&stated); err != nil {
			return err
		}
		var err error
		if id, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertDispute, id, stated, cell.Source, cell.n, v.scope.Account(), v.frames.now.Millis(), text)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("dispute %s of subject %d: %w", def, subject, err)
	}
	return id, nil
}

func disputeText(text string) (string, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n == 0 || n > maxDispute || !utf8.ValidString(text) {
		return "", errs.Invalid(i18n.M("fact.dispute_text", maxDispute))
	}
	return text, nil
}

const insertClosing = `INSERT INTO dispute_closing (dispute_id, actor, at, note) VALUES ($1, $2, $3, $4)`

// CloseDispute ends a dispute with a note that its author reads. It is for those who may decide about the subject.
func (v View) CloseDispute(ctx context.Context, id int64, note string) error {
	note, err := disputeText(note)
	if err != nil {
		return err
	}
	found, err := v.disputes(ctx, `d.id = $1`, id)
	if err != nil {
		return fmt.Errorf("close dispute %d: %w", id, err)
	}
	if len(found) == 0 {
		return errs.NotFound("dispute", id)
	}
	if !v.Can(access.Decide, found[0].Subject) {
		return errs.Forbidden(fmt.Sprintf("close dispute %d", id))
	}
	err = v.frames.facts.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertClosing, id, v.scope.Account(), v.frames.now.Millis(), note)
		return err
	})
	if store.IsUnique(err) {
		return errs.Conflict(i18n.M("fact.dispute_closed"))
	}
	if err != nil {
		return fmt.Errorf("close dispute %d: %w", id, err)
	}
	return nil
}

// OpenDisputes is the disputes that wait for an official, oldest first, as far as the scope may see them.
func (v View) OpenDisputes(ctx context.Context) ([]Dispute, error) {
	found, err := v.disputes(ctx, `c.dispute_id IS NULL`)
	if err != nil {
		return nil, fmt.Errorf("list open disputes: %w", err)
	}
	return found, nil
}

// Disputes is every dispute, open or closed, oldest first, as far as the scope may see them.
func (v View) Disputes(ctx context.Context) ([]Dispute, error) {
	found, err := v.disputes(ctx, `d.id > 0`)
	if err != nil {
		return nil, fmt.Errorf("list disputes: %w", err)
	}
	return found, nil
}

// disputesOf is the disputes about a row's subject by what they are about.
func (v View) disputesOf(ctx context.Context, row Row) (map[columnKey][]Dispute, error) {
	group := v.snap.desk.groups().of(row.id)
	found, err := v.disputes(ctx, `d.subject_id IN (`+placeholders(len(group))+`)`, args(group)...)
	if err != nil {
		return nil, err
	}
	by := map[columnKey][]Dispute{}
	for _, d := range found {
		key := columnKey{d.Def, d.Period}
		by[key] = append(by[key], d)
	}
	return by, nil
}

const selectDisputes = `SELECT d.id, d.subject_id, d.source_id, d.n, d.actor, d.at, d.text, f.column_id,
	COALESCE(c.actor, 0), COALESCE(c.at, 0), COALESCE(c.note, ''), CASE WHEN c.dispute_id IS NULL THEN 0 ELSE 1 END
	FROM dispute d JOIN fact f ON f.source_id = d.source_id AND f.n = d.n
	LEFT JOIN dispute_closing c ON c.dispute_id = d.id WHERE `

// disputes is those of a condition that the scope may see: it reads the facts of the subject, and the definition is
// not withheld from it.
func (v View) disputes(ctx context.Context, where string, args ...any) ([]Dispute, error) {
	if v.snap == nil {
		return nil, nil
	}
	facts := v.frames.facts
	rows, err := facts.db.Read().Query(ctx, selectDisputes+where+` ORDER BY d.id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type found struct {
		Dispute
		column int64
	}
	var all []found
	for rows.Next() {
		var (
			f      found
			end    Closing
			closed bool
		)
		err := rows.Scan(&f.ID, &f.Subject, &f.Source, &f.N, &f.Actor, &f.At, &f.Text, &f.column,
			&end.Actor, &end.At, &end.Note, &closed)
		if err != nil {
			return nil, err
		}
		if closed {
			f.Closed = &end
		}
		all = append(all, f)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var seen []Dispute
	for _, f := range all {
		key, err := facts.columns.key(ctx, facts.db, f.column)
		if err != nil {
			return nil, err
		}
		row, ok := v.Row(f.Subject)
		def, defined := v.snap.definition(key.def)
		if !ok || !defined || !row.reads(&v.snap.lib.FactDefs()[def]) {
			continue
		}
		f.Def, f.Period = key.def, key.period
		seen = append(seen, f.Dispute)
	}
	return seen, nil
}
