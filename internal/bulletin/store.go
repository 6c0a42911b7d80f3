package bulletin

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/target"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "bulletin", FS: schema}

// Deps is what the store stands on.
type Deps struct {
	DB      *store.DB
	Library *content.Library
	Frames  *fact.Frames
	Monitor *monitor.Monitor
	Targets *target.Store
	Notices *notice.Store
	Clock   clock.Clock
	Set     *Set
}

// Store keeps reports, meetings and warnings.
type Store struct{ Deps }

// Open is the store over a database.
func Open(d Deps) *Store { return &Store{d} }

// State is how far an edition is.
type State string

// The states.
const (
	Missing  State = "missing" // nobody has begun it
	Draft    State = "draft"
	Prepared State = "prepared" // it waits to be signed
	Sealed   State = "sealed"
)

// The steps of an edition.
const (
	stepSubmit = "submit"
	stepReturn = "return"
	stepSign   = "sign"
)

// Step is that an edition was prepared, given back or signed.
type Step struct {
	Step       string
	Note       string
	Seq        int64  // commit as of which its figures are
	Definition string // hash of the definition then
	At, By     int64
}

// Edition is a report, or a correction of it.
type Edition struct {
	ID     int64
	N      int
	Reason string // of a correction
	At, By int64
	Steps  []Step
}

// State is how far it is.
func (e Edition) State() State {
	if len(e.Steps) == 0 {
		return Draft
	}
	switch e.Steps[len(e.Steps)-1].Step {
	case stepSubmit:
		return Prepared
	case stepSign:
		return Sealed
	}
	return Draft
}

// last is the last step; the zero Step where there is none.
func (e Edition) last() Step {
	if len(e.Steps) == 0 {
		return Step{}
	}
	return e.Steps[len(e.Steps)-1]
}

// Signed is when, by whom and as of which commit it was signed; ok is false where it is not.
func (e Edition) Signed() (Step, bool) { return e.last(), e.State() == Sealed }

// Prepared is the step by which it was prepared; ok is false where it never was, or was given back since.
func (e Edition) Prepared() (Step, bool) {
	for _, s := range slices.Backward(e.Steps) {
		if s.Step == stepSubmit {
			return s, e.State() != Draft
		}
	}
	return Step{}, false
}

// Returned is why it was given back; "" where it was not, or has been prepared again.
func (e Edition) Returned() string {
	if s := e.last(); s.Step == stepReturn {
		return s.Note
	}
	return ""
}

// Report is what an area reports of a period.
type Report struct {
	ID         int64
	Definition string
	Area       string
	Period     period.Period
	At, By     int64
	Editions   []Edition // the oldest first; never empty
}

// Newest is the edition that is worked on, or was signed last.
func (r Report) Newest() Edition { return r.Editions[len(r.Editions)-1] }

// State is how far the newest edition is.
func (r Report) State() State { return r.Newest().State() }

// Standing is the edition that was signed last; ok is false where none was.
func (r Report) Standing() (Edition, bool) {
	for _, e := range slices.Backward(r.Editions) {
		if e.State() == Sealed {
			return e, true
		}
	}
	return Edition{}, false
}

// First is when it was signed first; 0 where it was not.
func (r Report) First() int64 {
	for _, e := range r.Editions {
		if s, ok := e.Signed(); ok {
			return s.At
		}
	}
	return 0
}

const (
	reportColumns = `SELECT r.id, r.definition, r.area, r.period, r.at, r.by_account FROM bulletin_report r WHERE `
	editionsOf    = `SELECT e.report, e.id, e.n, e.reason, e.at, e.by_account FROM bulletin_edition e JOIN bulletin_report r ON r.id = e.report WHERE `
	stepsOf       = `SELECT e.report, s.edition, s.step, s.note, s.seq, s.definition, s.at, s.by_account
FROM bulletin_step s JOIN bulletin_edition e ON e.id = s.edition JOIN bulletin_report r ON r.id = e.report WHERE `
)

// read is the reports of a condition on r, each with its editions.
func (s *Store) read(ctx context.Context, q store.Querier, where string, args ...any) ([]Report, error) {
	all, err := store.List(ctx, q, func(rows *store.Rows) (r Report, err error) {
		var p string
		if err := rows.Scan(&r.ID, &r.Definition, &r.Area, &p, &r.At, &r.By); err != nil {
			return r, err
		}
		r.Period, err = period.Parse(p)
		return r, err
	}, reportColumns+where+` ORDER BY r.period, r.area, r.id`, args...)
	if err != nil {
		return nil, err
	}
	number := map[int64]int{}
	for i, r := range all {
		number[r.ID] = i
	}
	type ofReport[T any] struct {
		report, edition int64
		it              T
	}
	editions, err := store.List(ctx, q, func(rows *store.Rows) (x ofReport[Edition], err error) {
		return x, rows.Scan(&x.report, &x.it.ID, &x.it.N, &x.it.Reason, &x.it.At, &x.it.By)
	}, editionsOf+where+` ORDER BY e.report, e.n`, args...)
	if err != nil {
		return nil, err
	}
	for _, x := range editions {
		if i, ok := number[x.report]; ok {
			all[i].Editions = append(all[i].Editions, x.it)
		}
	}
	steps, err := store.List(ctx, q, func(rows *store.Rows) (x ofReport[Step], err error) {
		return x, rows.Scan(&x.report, &x.edition, &x.it.Step, &x.it.Note, &x.it.Seq, &x.it.Definition, &x.it.At, &x.it.By)
	}, stepsOf+where+` ORDER BY s.id`, args...)
	if err != nil {
		return nil, err
	}
	for _, x := range steps {
		if i, ok := number[x.report]; ok {
			for j := range all[i].Editions {
				if e := &all[i].Editions[j]; e.ID == x.edition {
					e.Steps = append(e.Steps, x.it)
				}
			}
		}
	}
	return slices.DeleteFunc(all, func(r Report) bool { return len(r.Editions) == 0 }), nil
}

// Filter chooses reports; its zero value is all.
type Filter struct {
	Definition string
	Area       string
	Period     period.Period
}

// Reports is the reports that a scope may read, by period, then by area.
func (s *Store) Reports(ctx context.Context, scope access.Scope, f Filter) ([]Report, error) {
	var args []any
	where, args := scope.Where(access.ReadBulletins, "r.area", "", args)
	for _, c := range []struct{ column, value string }{{"r.definition", f.Definition}, {"r.area", f.Area}, {"r.period", f.Period.String()}} {
		if c.value != "" {
			args = append(args, c.value)
			where += fmt.Sprintf(" AND %s = $%d", c.column, len(args))
		}
	}
	return s.read(ctx, s.DB.Read(), where, args...)
}

// Report is one that a scope may read; NotFound for any other.
func (s *Store) Report(ctx context.Context, scope access.Scope, id int64) (Report, error) {
	return s.report(ctx, s.DB.Read(), scope, id)
}

func (s *Store) report(ctx context.Context, q store.Querier, scope access.Scope, id int64) (Report, error) {
	where, args := scope.Where(access.ReadBulletins, "r.area", "", []any{id})
	all, err := s.read(ctx, q, `r.id = $1 AND `+where, args...)
	if err != nil {
		return Report{}, err
	}
	if len(all) == 0 {
		return Report{}, errs.NotFound("report", id)
	}
	return all[0], nil
}

// MayWrite says that a scope prepares and signs reports of a definition for an area: an office of the level whose report it is.
func (d *Definition) MayWrite(scope access.Scope, area string) bool { return mayAct(scope, d.Of, area) }

func mayAct(scope access.Scope, of, area string) bool {
	return scope.As(roleOf(of)).Sees(access.WriteBulletins, area, 0)
}

func forbidden() error { return errs.Forbidden(string(access.WriteBulletins)) }

// Begin begins the report of an area for a period, and gives its id: that of the one that there is already. Invalid where the
// definition has no such period, or the area is none of its level.
func (s *Store) Begin(ctx context.Context, scope access.Scope, definition, area string, p period.Period) (id int64, err error) {
	d, err := s.Set.Definition(definition)
	if err != nil {
		return 0, err
	}
	if !d.MayWrite(scope, area) {
		return 0, forbidden()
	}
	first, _, ok := p.Span()
	n, known := s.Library.Areas().Node(area)
	switch {
	case !ok || p.Kind() != d.Every:
		return 0, errs.Invalid(i18n.M("bulletin.other_period", d.Name, p.String()))
	case first > s.Clock.Today():
		return 0, errs.Invalid(i18n.M("monitor.ahead", p.String()))
	case !known || (d.Of == OfCity) != (n.Level == content.City):
		return 0, errs.Invalid(i18n.M("bulletin.other_level", d.Name, area))
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "bulletin/"+d.Code+"/"+area+"/"+p.String()); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `SELECT id FROM bulletin_report WHERE definition = $1 AND area = $2 AND period = $3`, d.Code, area, p.String()).Scan(&id)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if id, err = tx.NextIDs(ctx, 2); err != nil {
			return err
		}
		at := s.Clock.Millis()
		if _, err := tx.Exec(ctx, `INSERT INTO bulletin_report (id, definition, area, period, at, by_account) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, d.Code, area, p.String(), at, scope.Account()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertEdition, id+1, id, 1, "", at, scope.Account())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("begin report %s of %s for %s: %w", definition, area, p, err)
	}
	return id, nil
}

const insertEdition = `INSERT INTO bulletin_edition (id, report, n, reason, at, by_account) VALUES ($1, $2, $3, $4, $5, $6)`

// change does something to the newest edition of a report, alone.
func (s *Store) change(ctx context.Context, scope access.Scope, id int64, do func(ctx context.Context, tx *store.Tx, r Report, d *Definition) error) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, fmt.Sprintf("bulletin/%d", id)); err != nil {
			return err
		}
		r, err := s.report(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		d, err := s.definition(ctx, tx, r)
		if err != nil {
			return err
		}
		if !d.MayWrite(scope, r.Area) {
			return forbidden()
		}
		return do(ctx, tx, r, d)
	})
}

// definition is that of the newest edition: today's as long as it is a draft, then the one under which it was prepared.
func (s *Store) definition(ctx context.Context, q store.Querier, r Report) (*Definition, error) {
	return s.definitionOf(ctx, q, r.Definition, r.Newest())
}

func (s *Store) definitionOf(ctx context.Context, q store.Querier, code string, e Edition) (*Definition, error) {
	if e.State() == Draft {
		return s.Set.Definition(code)
	}
	var body string
	hash := e.last().Definition
	if err := q.QueryRow(ctx, `SELECT body FROM bulletin_definition WHERE hash = $1`, hash).Scan(&body); err != nil {
		return nil, fmt.Errorf("read the definition of edition %d: %w", e.ID, err)
	}
	return unpinned(hash, body)
}

func stateError(r Report) error {
	return errs.Conflict(i18n.M("bulletin.state_"+string(r.State()), r.Period.String()))
}

// Word is what was answered to a question.
type Word struct {
	Text   string
	At, By int64
	Before int // how many versions there were before
}

// words are the answers of an edition by question.
func (s *Store) words(ctx context.Context, q store.Querier, edition int64) (map[string]Word, error) {
	out := map[string]Word{}
	_, err := store.List(ctx, q, func(rows *store.Rows) (w Word, err error) {
		var question string
		if err := rows.Scan(&question, &w.Text, &w.At, &w.By); err != nil {
			return w, err
		}
		if was, ok := out[question]; ok {
			w.Before = was.Before + 1
		}
		out[question] = w
		return w, nil
	}, `SELECT question, body, at, by_account FROM bulletin_word WHERE edition = $1 ORDER BY id`, edition)
	return out, err
}

// Versions are all answers that were given to a question of an edition, the oldest first.
func (s *Store) Versions(ctx context.Context, scope access.Scope, id int64, n int, question string) ([]Word, error) {
	r, err := s.Report(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	e, err := r.edition(n)
	if err != nil {
		return nil, err
	}
	return store.List(ctx, s.DB.Read(), func(rows *store.Rows) (w Word, err error) { return w, rows.Scan(&w.Text, &w.At, &w.By) },
		`SELECT body, at, by_account FROM bulletin_word WHERE edition = $1 AND question = $2 ORDER BY id`, e.ID, question)
}

// edition is that with a number, the newest for 0; NotFound for any other.
func (r Report) edition(n int) (Edition, error) {
	if n == 0 {
		return r.Newest(), nil
	}
	i := slices.IndexFunc(r.Editions, func(e Edition) bool { return e.N == n })
	if i < 0 {
		return Edition{}, errs.NotFound("edition", n)
	}
	return r.Editions[i], nil
}

const insertWord = `INSERT INTO bulletin_word (id, edition, question, body, at, by_account) VALUES ($1, $2, $3, $4, $5, $6)`

// Say keeps answers to questions, each as a version of its own where it differs from the last one. Conflict where the newest edition is no
// draft; Invalid where a text is too long.
func (s *Store) Say(ctx context.Context, scope access.Scope, id int64, answers map[string]string) error {
	return s.change(ctx, scope, id, func(ctx context.Context, tx *store.Tx, r Report, d *Definition) error {
		e := r.Newest()
		if e.State() != Draft {
			return stateError(r)
		}
		words, err := s.words(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		for _, q := range d.Questions {
			text, ok := answers[q.Code]
			text = tidy(text)
			if !ok || text == words[q.Code].Text {
				continue
			}
			if n := utf8.RuneCountInString(text); n > q.Most {
				return errs.Invalid(i18n.M("bulletin.too_long", q.Ask, n, q.Most))
			}
			word, err := tx.NextIDs(ctx, 1)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, insertWord, word, e.ID, q.Code, text, s.Clock.Millis(), scope.Account()); err != nil {
				return fmt.Errorf("keep an answer: %w", err)
			}
		}
		return nil
	})
}

// tidy is a text as it is kept: lines ended alike, no blanks around.
func tidy(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

// view is everything as known at a commit, 0 for now.
func (s *Store) view(ctx context.Context, seq int64) (fact.View, error) {
	return s.Frames.For(ctx, access.SystemScope(), seq)
}

const insertStep = `INSERT INTO bulletin_step (id, edition, step, note, seq, definition, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

func (s *Store) step(ctx context.Context, tx *store.Tx, scope access.Scope, edition int64, x Step) error {
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertStep, id, edition, x.Step, x.Note, x.Seq, x.Definition, s.Clock.Millis(), scope.Account()); err != nil {
		return fmt.Errorf("keep step %s of edition %d: %w", x.Step, edition, err)
	}
	return nil
}

// Submit hands the draft on to be signed, as of a commit: the one at which its figures were looked at, 0 for now. Invalid tells
// everything that is missing; Conflict where the period has not ended, or where it is no draft.
func (s *Store) Submit(ctx context.Context, scope access.Scope, id, seq int64) error {
	x, err := s.Sight(ctx, scope, id, 0, seq)
	if err != nil {
		return err
	}
	if !x.Definition.MayWrite(scope, x.Area) {
		return forbidden()
	}
	if x.State() != Draft {
		return stateError(x.Report)
	}
	if _, last, _ := x.Period.Span(); last >= s.Clock.Today() {
		return errs.Conflict(i18n.M("bulletin.not_ended", last.String()))
	}
	if lacks := x.Lacks(); len(lacks) > 0 {
		return errs.Invalid(i18n.M("bulletin.lacks", lacks[0], len(lacks)))
	}
	return s.change(ctx, scope, id, func(ctx context.Context, tx *store.Tx, r Report, d *Definition) error {
		if r.State() != Draft || r.Newest().ID != x.Edition.ID {
			return stateError(r)
		}
		if err := s.keep(ctx, tx, d); err != nil {
			return err
		}
		if err := s.step(ctx, tx, scope, x.Edition.ID, Step{Step: stepSubmit, Seq: x.Seq, Definition: d.Hash}); err != nil {
			return err
		}
		return s.tell(ctx, tx, r, d, notice.Task, "bulletin.tell_submitted", roleOf(d.Of), r.Area)
	})
}

// keep keeps a definition, once.
func (s *Store) keep(ctx context.Context, tx *store.Tx, d *Definition) error {
	if err := tx.Lock(ctx, "bulletin/definition/"+d.Hash); err != nil {
		return err
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM bulletin_definition WHERE hash = $1`, d.Hash).Scan(&n); err != nil || n > 0 {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO bulletin_definition (hash, definition, body) VALUES ($1, $2, $3)`, d.Hash, d.Code, string(d.body))
	return err
}

// tell posts a message on a report to an office.
func (s *Store) tell(ctx context.Context, tx *store.Tx, r Report, d *Definition, kind notice.Kind, key string, to access.Role, area string) error {
	return notice.Post(ctx, tx, notice.Message{
		Kind: kind, To: notice.ToRole(to, area), Title: i18n.M(key, s.areaName(r.Area), r.Period.String(), d.Name), Body: i18n.M("bulletin.tell_body"),
		Link: Path(r.ID), At: s.Clock.Millis(),
	})
}

// Path is the page of a report.
func Path(id int64) string { return fmt.Sprintf("/bulletins/%d", id) }

func (s *Store) areaName(code string) string {
	if n, ok := s.Library.Areas().Node(code); ok {
		return n.Name
	}
	return code
}

// Return gives what was prepared back to be worked on, with the reason.
func (s *Store) Return(ctx context.Context, scope access.Scope, id int64, reason string) error {
	if reason = tidy(reason); reason == "" {
		return errs.Invalid(i18n.M("bulletin.no_reason"))
	}
	return s.change(ctx, scope, id, func(ctx context.Context, tx *store.Tx, r Report, d *Definition) error {
		if r.State() != Prepared {
			return stateError(r)
		}
		if err := s.step(ctx, tx, scope, r.Newest().ID, Step{Step: stepReturn, Note: reason, Seq: r.Newest().last().Seq, Definition: d.Hash}); err != nil {
			return err
		}
		return s.tell(ctx, tx, r, d, notice.Task, "bulletin.tell_returned", roleOf(d.Of), r.Area)
	})
}

// Sign seals what was prepared: its figures are worked out once more as of the commit at which it was prepared, frozen with all that was
// said and logged in the same transaction. Forbidden for whoever prepared it where the definition wants two; Conflict where it is not
// prepared, or where an indicator or a target is another one since.
func (s *Store) Sign(ctx context.Context, scope access.Scope, id int64) error {
	x, err := s.Sight(ctx, scope, id, 0, 0)
	if err != nil {
		return err
	}
	if !x.Definition.MayWrite(scope, x.Area) {
		return forbidden()
	}
	if x.State() != Prepared {
		return stateError(x.Report)
	}
	if len(x.changed(s.Monitor.Set)) > 0 {
		return errs.Conflict(i18n.M("bulletin.method_changed"))
	}
	return s.change(ctx, scope, id, func(ctx context.Context, tx *store.Tx, r Report, d *Definition) error {
		e := r.Newest()
		prepared := e.last()
		if r.State() != Prepared || prepared != x.Edition.last() {
			return stateError(r)
		}
		if d.Separate && prepared.By == scope.Account() {
			return errs.Conflict(i18n.M("bulletin.second_person"))
		}
		if err := s.step(ctx, tx, scope, e.ID, Step{Step: stepSign, Seq: prepared.Seq, Definition: d.Hash}); err != nil {
			return err
		}
		if err := freeze(ctx, tx, e.ID, x.Figures); err != nil {
			return err
		}
		for i, from := range x.Sources {
			if _, err := tx.Exec(ctx, `INSERT INTO bulletin_source (edition, n, area, period, of_edition, state) VALUES ($1, $2, $3, $4, $5, $6)`,
				e.ID, i+1, from.Area, from.Period.String(), from.Edition, string(from.State)); err != nil {
				return fmt.Errorf("keep what edition %d is made of: %w", e.ID, err)
			}
		}
		audit.Note(tx, loggedEdition, e.ID)
		if slices.ContainsFunc(x.Figures, func(f Figure) bool { return f.Target != "" }) {
			audit.Note(tx, loggedAims, e.ID)
		}
		if d.Of == OfCounty {
			return s.tell(ctx, tx, r, d, notice.Progress, "bulletin.tell_signed", access.CityOfficial, r.Area)
		}
		return nil
	})
}

// Revise begins a correction of what was signed, with the reason; what was said is taken over. Conflict where nothing is signed, or a
// correction has begun.
func (s *Store) Revise(ctx context.Context, scope access.Scope, id int64, reason string) error {
	if reason = tidy(reason); reason == "" {
		return errs.Invalid(i18n.M("bulletin.no_reason"))
	}
	return s.change(ctx, scope, id, func(ctx context.Context, tx *store.Tx, r Report, _ *Definition) error {
		was := r.Newest()
		if was.State() != Sealed {
			return stateError(r)
		}
		words, err := s.words(ctx, tx, was.ID)
		if err != nil {
			return err
		}
		e, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertEdition, e, r.ID, was.N+1, reason, s.Clock.Millis(), scope.Account()); err != nil {
			return fmt.Errorf("begin a correction of report %d: %w", r.ID, err)
		}
		d, err := s.Set.Definition(r.Definition)
		if err != nil {
			return err
		}
		for _, q := range d.Questions {
			w, ok := words[q.Code]
			if !ok {
				continue
			}
			word, err := tx.NextIDs(ctx, 1)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, insertWord, word, e, q.Code, w.Text, w.At, w.By); err != nil {
				return fmt.Errorf("take over an answer: %w", err)
			}
		}
		return nil
	})
}
