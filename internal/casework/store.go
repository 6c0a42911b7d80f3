package casework

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "casework", FS: schema}

// Subjects makes of what a view knows the subject that expressions are evaluated for.
type Subjects interface {
	Subject(v fact.View, enterprise int64) (s rule.Subject, ok bool)
}

// Deps is what the store stands on.
type Deps struct {
	DB       *store.DB
	Sources  *source.Store
	Parties  *party.Store
	Facts    *fact.Store
	Frames   *fact.Frames
	Library  *content.Library
	Clock    clock.Clock
	Subjects Subjects
	Effects  *Registry
	Set      *Set
	Blobs    blob.Dir

	Forms Forms // nil where no workflow has forms
	// Sniff tells what a file is by its bytes, never by its name; "" for what a case does not take.
	Sniff func(r io.ReaderAt, size int64) (string, error)
	Scan  func(ctx context.Context, sha string, size int64) error // refuses a file that does harm; nil refuses none
}

// Store keeps cases. It is safe for many goroutines.
type Store struct {
	Deps

	mu   sync.Mutex
	made map[string]*Workflow // by hash and pinned forms
}

// Open is the store over a database that Migrations were applied to. It asks to hear of sources that are taken back: call
// it once for a source.Store.
func Open(d Deps) *Store {
	s := &Store{Deps: d, made: map[string]*Workflow{}}
	d.Sources.OnRetract(s.shake)
	return s
}

// keyOf is what a reading of a definition is kept under: with other forms its expressions mean something else.
func keyOf(hash string, forms map[string]string) string {
	var b strings.Builder
	b.WriteString(hash)
	for _, code := range slices.Sorted(maps.Keys(forms)) {
		b.WriteString(" " + code + "=" + forms[code])
	}
	return b.String()
}

const (
	bodyOf           = `SELECT name, body FROM case_definition WHERE hash = $1`
	insertDefinition = `INSERT INTO case_definition (hash, name, body) VALUES ($1, $2, $3)`
	pinsOf           = `SELECT kind, name, hash FROM case_pin WHERE case_id = $1 ORDER BY kind, name`
	insertPin        = `INSERT INTO case_pin (case_id, kind, name, hash) VALUES ($1, $2, $3, $4)`
)

// keep stores a definition, once.
func keep(ctx context.Context, tx *store.Tx, hash, name string, bytes []byte) error {
	var known, body string
	err := tx.QueryRow(ctx, bodyOf, hash).Scan(&known, &body)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.Exec(ctx, insertDefinition, hash, name, string(bytes))
	}
	if err != nil {
		return fmt.Errorf("keep definition %s: %w", name, err)
	}
	return nil
}

// pinned is the bytes of a definition that a case pinned.
func (s *Store) pinned(ctx context.Context, q store.Querier, id int64, kind, of string) ([]byte, error) {
	pins, err := readPins(ctx, q, id)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(pins, func(p Pin) bool { return p.Kind == kind && p.Name == of })
	if i < 0 {
		return nil, errs.NotFound("pin "+kind, of)
	}
	var name, body string
	if err := q.QueryRow(ctx, bodyOf, pins[i].Hash).Scan(&name, &body); err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind, of, err)
	}
	if got := hashOf([]byte(body)); got != pins[i].Hash {
		return nil, fmt.Errorf("%s %s was changed in the database: its bytes have the hash %s", kind, of, got)
	}
	return []byte(body), nil
}

// Pinned is the bytes of a definition that a case, which the scope may see, has pinned; NotFound where it pinned none of the
// kind by that name.
func (s *Store) Pinned(ctx context.Context, scope access.Scope, id int64, kind, name string) ([]byte, error) {
	if _, _, _, err := s.see(ctx, scope, id); err != nil {
		return nil, err
	}
	return s.pinned(ctx, s.DB.Read(), id, kind, name)
}

// Definition is the workflow that a case runs under, whatever is in use now. Bytes that do not have the hash that the case
// pinned are an error: somebody changed them behind the program's back.
func (s *Store) Definition(ctx context.Context, c Case) (*Workflow, error) {
	pins, err := readPins(ctx, s.DB.Read(), c.ID)
	if err != nil {
		return nil, err
	}
	return s.definition(ctx, s.DB.Read(), c.Hash, pins)
}

// Definition is the bytes of a definition that a case runs under, by their hash.
func Definition(ctx context.Context, q store.Querier, hash string) ([]byte, error) {
	var name, body string
	err := q.QueryRow(ctx, bodyOf, hash).Scan(&name, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.NotFound("definition", hash)
	}
	if err != nil {
		return nil, fmt.Errorf("read definition %s: %w", hash, err)
	}
	return []byte(body), nil
}

func (s *Store) definition(ctx context.Context, q store.Querier, hash string, pins []Pin) (*Workflow, error) {
	forms := map[string]string{}
	for _, p := range pins {
		if p.Kind == FormPin {
			forms[p.Name] = p.Hash
		}
	}
	key := keyOf(hash, forms)
	if w, ok := s.known(key); ok {
		return w, nil
	}
	var name, body string
	err := q.QueryRow(ctx, bodyOf, hash).Scan(&name, &body)
	if err != nil {
		return nil, fmt.Errorf("read workflow %s: %w", hash, err)
	}
	if got := hashOf([]byte(body)); got != hash {
		return nil, fmt.Errorf("workflow %s was changed in the database: its bytes have the hash %s", hash, got)
	}
	in := Reading{Library: s.Library, Effects: s.Effects, Forms: s.Forms, Pinned: forms, Kept: true}
	w, problems, err := Parse(ctx, in, name+"@"+hash[:12], []byte(body))
	switch {
	case err != nil:
		return nil, err
	case len(problems) > 0:
		return nil, fmt.Errorf("workflow %s of the database is not understood any more: %w", hash, problems)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[key] = w
	return w, nil
}

func (s *Store) known(key string) (*Workflow, bool) {
	for _, w := range s.Set.All() {
		if keyOf(w.Hash, w.forms) == key {
			return w, true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.made[key]
	return w, ok
}

// Kinds of pins that this package and the audit log know.
const (
	FormPin   = "form"
	PolicyPin = "policy" // a policy package
)

func readPins(ctx context.Context, q store.Querier, id int64) ([]Pin, error) {
	return store.List(ctx, q, func(r *store.Rows) (p Pin, err error) { return p, r.Scan(&p.Kind, &p.Name, &p.Hash) }, pinsOf, id)
}

const (
	caseColumns = `c.id, c.workflow, c.hash, c.title, c.subject, c.enterprise, c.area, c.partner, c.batch, c.opened_at, c.state, c.since, c.moved, c.events, c.ended, c.data`
	caseByID    = `SELECT ` + caseColumns + ` FROM case_head c WHERE c.id = $1`
	insertCase  = `INSERT INTO case_head (id, workflow, hash, title, subject, enterprise, area, batch, opened_at, state, since, moved, events, ended, data)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	// holdCase locks the row: whoever acts on a case at the same time waits here.
	holdCase = `UPDATE case_head SET events = events + 1 WHERE id = $1`
	moveCase = `UPDATE case_head SET title = $1, state = $2, since = $3, moved = $4, ended = $5, data = $6, batch = $7, partner = $8 WHERE id = $9`
)

// row is a case with its data as it is stored.
type row struct {
	Case
	data string
}

func scanCase(r interface{ Scan(...any) error }) (c row, err error) {
	return c, r.Scan(&c.ID, &c.Workflow, &c.Hash, &c.Title, &c.Subject, &c.Enterprise, &c.Area, &c.Partner, &c.Batch, &c.OpenedAt,
		&c.State, &c.Since, &c.Moved, &c.Events, &c.Ended, &c.data)
}

// load is a case with its workflow, whoever asks.
func (s *Store) load(ctx context.Context, q store.Querier, id int64) (Case, *Workflow, error) {
	r, err := scanCase(q.QueryRow(ctx, caseByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Case{}, nil, errs.NotFound("case", id)
	}
	if err != nil {
		return Case{}, nil, fmt.Errorf("read case %d: %w", id, err)
	}
	pins, err := readPins(ctx, q, id)
	if err != nil {
		return Case{}, nil, err
	}
	w, err := s.definition(ctx, q, r.Hash, pins)
	if err != nil {
		return Case{}, nil, err
	}
	r.Case.Data, err = w.decode(r.data)
	return r.Case, w, err
}

// eventRow is the columns of an event.
var eventRow = []string{
	"id", "case_id", "n", "kind", "action", "actor", "who", "cause", "at", "from_state", "to_state", "reason", "answers", "data", "known", "source", "passes", "slot", "opened",
}

const (
	eventColumns = `e.id, e.case_id, e.n, e.kind, e.action, e.actor, e.who, e.cause, e.at, e.from_state, e.to_state, e.reason, e.answers, e.data, e.known, e.source, e.passes, e.slot, e.opened`
	eventsOf     = `SELECT ` + eventColumns + ` FROM case_event e WHERE e.case_id = $1 ORDER BY e.n`
	eventByID    = `SELECT ` + eventColumns + ` FROM case_event e WHERE e.id = $1`
	firstEvent   = `SELECT ` + eventColumns + ` FROM case_event e WHERE e.case_id = $1 AND e.n = 1`
	insertEvent  = `INSERT INTO case_event (id, case_id, n, kind, action, actor, who, cause, at, from_state, to_state, reason, answers, data, known, source, passes, slot, opened)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`
)

func (w *Workflow) scanEvent(r interface{ Scan(...any) error }) (e Event, err error) {
	var kind, answers, data, opened string
	err = r.Scan(&e.ID, &e.Case, &e.N, &kind, &e.Action, &e.Actor, &e.Who, &e.Cause, &e.At, &e.From, &e.To, &e.Reason, &answers, &data,
		&e.Known, &e.Source, &e.Passes, &e.Slot, &opened)
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal([]byte(opened), &e.Opened); err != nil {
		return e, err
	}
	e.Kind = EventKind(kind)
	if answers != "" {
		e.Answers = []byte(answers)
	}
	e.Data, err = w.decode(data)
	return e, err
}

func (w *Workflow) readEvents(ctx context.Context, q store.Querier, id int64) ([]Event, error) {
	return store.List(ctx, q, func(r *store.Rows) (Event, error) { return w.scanEvent(r) }, eventsOf, id)
}

// putEvent writes an event and logs it.
func putEvent(ctx context.Context, tx *store.Tx, e Event) error {
	row, err := e.row()
	if err != nil {
		return err
	}
	parts := []audit.Rows{audit.Wrote("event", eventRow, row...)}
	if e.N == 1 {
		parts = append(parts, audit.Read("case"), audit.Read("pins"))
	}
	audit.NoteParts(tx, loggedEvent, parts, e.ID)
	return writeEvent(ctx, tx, e, row)
}

func writeEvent(ctx context.Context, tx *store.Tx, e Event, row []any) error {
	if _, err := tx.Exec(ctx, insertEvent, row...); err != nil {
		return fmt.Errorf("write event %d of case %d: %w", e.N, e.Case, err)
	}
	return nil
}

// row is the event as it is stored and logged.
func (e Event) row() ([]any, error) {
	opened, err := json.Marshal(e.Opened)
	return []any{
		e.ID, e.Case, e.N, string(e.Kind), e.Action, e.Actor, e.Who, e.Cause, e.At, e.From, e.To, e.Reason,
		string(e.Answers), e.Data.encode(), e.Known, e.Source, e.Passes, e.Slot, string(opened),
	}, err
}

const (
	taskColumns = `t.id, t.case_id, t.kind, t.slot, t.state, t.workflow, t.role, t.account, t.area, t.enterprise, t.partner, t.opened_n, t.opened_at, t.since_day, t.days, t.closed_n, t.closed_at, t.outcome`
	tasksOf     = `SELECT ` + taskColumns + ` FROM case_task t WHERE t.case_id = $1 ORDER BY t.id`
	openTasksOf = `SELECT ` + taskColumns + ` FROM case_task t WHERE t.case_id = $1 AND t.closed_n = 0 ORDER BY t.id`
	taskByID    = `SELECT ` + taskColumns + ` FROM case_task t WHERE t.id = $1`
	insertTask  = `INSERT INTO case_task (id, case_id, kind, slot, state, workflow, role, account, area, enterprise, partner, opened_n, opened_at, since_day, days, closed_n, closed_at, outcome, rung)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, 0, '', 0)`
	closeTask = `UPDATE case_task SET closed_n = $1, closed_at = $2, outcome = $3 WHERE id = $4 AND closed_n = 0`
)

func scanTask(r interface{ Scan(...any) error }) (t CaseTask, err error) {
	var kind string
	var since int32
	err = r.Scan(&t.ID, &t.Case, &kind, &t.Slot, &t.State, &t.Workflow, &t.Role, &t.Account, &t.Area, &t.Enterprise, &t.Partner, &t.OpenedN, &t.OpenedAt,
		&since, &t.Days, &t.ClosedN, &t.ClosedAt, &t.Outcome)
	t.Kind, t.SinceDay = TaskKind(kind), period.Day(since)
	return t, err
}

func readTasks(ctx context.Context, q store.Querier, query string, args ...any) ([]CaseTask, error) {
	return store.List(ctx, q, func(r *store.Rows) (CaseTask, error) { return scanTask(r) }, query, args...)
}
