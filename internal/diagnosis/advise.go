package diagnosis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Note is what an adviser or an official did for a firm beside a diagnosis (顾问工作日志).
type Note struct {
	ID      int64
	Firm    int64
	Area    string // where the firm lay then
	Day     period.Day
	Who     string // who came or called
	What    string
	Barrier string // code of what holds the firm back, as it was found; "" where that was not looked at
	Next    string // what is to follow; "" for nothing
	At      int64
	By      int64
}

// BarrierFact is what is known of what holds a firm back, by year.
const BarrierFact = "ent.barrier"

const (
	noteColumns = `id, firm, area, day, who, what, barrier, next, at, by_account`
	insertNote  = `INSERT INTO diagnosis_log (` + noteColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	notesOf     = `SELECT ` + noteColumns + ` FROM diagnosis_log l WHERE `
	countNotes  = `SELECT COUNT(*) FROM diagnosis_log l WHERE `
)

// Advise notes what was done for a firm, for the office of its area. A barrier that was found becomes known of the firm and the year, by the
// word of the office.
func (s *Store) Advise(ctx context.Context, scope access.Scope, n Note) (Note, error) {
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return Note{}, err
	}
	e, ok := view.Enterprise(n.Firm)
	if !ok || !scope.Sees(access.ReadParty, e.Area, e.ID) {
		return Note{}, errs.NotFound("enterprise", n.Firm)
	}
	if err := keeps(scope, e.Area); err != nil {
		return Note{}, err
	}
	n.Who, n.What, n.Next = strings.TrimSpace(n.Who), strings.TrimSpace(n.What), strings.TrimSpace(n.Next)
	if err := errors.Join(within("who", n.Who, maxName, false), within("did", n.What, maxText, false), within("next", n.Next, maxText, true)); err != nil {
		return Note{}, err
	}
	barriers, _ := s.Library.CodeList(BarrierCodes)
	if _, known := barriers.Entry(n.Barrier); n.Barrier != "" && !known {
		return Note{}, errs.Invalid(i18n.M("diagnosis.no_barrier", n.Barrier))
	}
	if n.Day <= 0 || n.Day > s.Clock.Today() {
		return Note{}, errs.Invalid(i18n.M("diagnosis.bad_day"))
	}
	n.Firm, n.Area, n.At, n.By = e.ID, e.Area, s.Clock.Millis(), scope.Account()
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if n.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertNote, n.ID, n.Firm, n.Area, int64(n.Day), n.Who, n.What, n.Barrier, n.Next, n.At, n.By); err != nil {
			return fmt.Errorf("note what was done: %w", err)
		}
		audit.Note(tx, loggedNote, n.ID)
		if n.Barrier == "" {
			return nil
		}
		src, err := s.Sources.Say(ctx, tx, source.Source{Kind: source.Entry, Authority: "bureau", Name: n.Who, Actor: n.By, Area: n.Area})
		if err != nil {
			return err
		}
		return s.Facts.Say(ctx, tx, src.ID, []fact.Statement{{
			Subject: n.Firm, Def: BarrierFact, Period: period.OfYear(n.Day.Year()), State: fact.Present, Value: fact.Value{Text: n.Barrier}, Place: fmt.Sprintf("note %d", n.ID),
		}})
	})
	if err != nil {
		return Note{}, fmt.Errorf("advise a firm: %w", err)
	}
	return n, s.Frames.Refresh(ctx)
}

// Notes is what was done for firms that the scope sees, the newest first, from a row on; of one firm where it is not 0. total is all there are.
func (s *Store) Notes(ctx context.Context, scope access.Scope, firm int64, skip, limit int) (all []Note, total int, err error) {
	where, args := scope.Where(access.ReadCase, "l.area", "l.firm", nil)
	if firm != 0 {
		args = append(args, firm)
		where += fmt.Sprintf(" AND l.firm = $%d", len(args))
	}
	if err := s.DB.Read().QueryRow(ctx, countNotes+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count what was done for firms: %w", err)
	}
	page := fmt.Sprintf(" ORDER BY l.id DESC LIMIT $%d OFFSET $%d", len(args)+1, len(args)+2)
	all, err = store.List(ctx, s.DB.Read(), scanNote, notesOf+where+page, append(args, limit, skip)...)
	if err != nil {
		return nil, 0, fmt.Errorf("read what was done for firms: %w", err)
	}
	return all, total, nil
}

// Held is how many firms of a view each barrier holds back in a year, by its code: as the year says, else the one before.
func Held(view fact.View, year int) map[string]int {
	m := map[string]int{}
	for e := range view.Enterprises() {
		if c := inYear(view, e.ID, BarrierFact, year); c.State == fact.Present {
			m[c.Value.Text]++
		}
	}
	return m
}

const lastNotes = `SELECT ` + noteColumns + ` FROM diagnosis_log l WHERE l.id = (SELECT MAX(x.id) FROM diagnosis_log x WHERE x.firm = l.firm) AND `

// LastNotes is what was done last for each firm that the scope sees, by firm.
func (s *Store) LastNotes(ctx context.Context, scope access.Scope) (map[int64]Note, error) {
	where, args := scope.Where(access.ReadCase, "l.area", "l.firm", nil)
	all, err := store.List(ctx, s.DB.Read(), scanNote, lastNotes+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read what was done last for firms: %w", err)
	}
	m := make(map[int64]Note, len(all))
	for _, n := range all {
		m[n.Firm] = n
	}
	return m, nil
}

func scanNote(r *store.Rows) (n Note, err error) {
	var day int64
	err = r.Scan(&n.ID, &n.Firm, &n.Area, &day, &n.Who, &n.What, &n.Barrier, &n.Next, &n.At, &n.By)
	n.Day = period.Day(day)
	return n, err
}
