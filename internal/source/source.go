package source

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations is the schema of this package.
var Migrations = store.Migrations{Package: "source", FS: files}

// Kind is how a source came in.
type Kind string

// The kinds of source.
const (
	Import Kind = "import" // a spreadsheet
	Entry  Kind = "entry"  // a form that somebody filled in
	Case   Kind = "case"   // an event of a case
	Demo   Kind = "demo"   // no statement: it marks a database whose data is all synthetic
)

// State is where a source stands.
type State string

// The states of a source. Only Published ones are known, and of these only the ones not retracted (see Live).
const (
	Pending   State = "pending"
	Published State = "published"
	Discarded State = "discarded" // thrown away before it became known; its rows are being deleted
)

// Source is who said it, when and from which file.
type Source struct {
	ID         int64
	Kind       Kind
	Authority  string // code of an authority of the content; it ranks the statements of this source
	Name       string // what a reader calls it, such as the name of the file
	SHA256     string // of the file in the blob store, lower-case hex; "" when there is none
	Digest     string // of what the source states, independent of layout and file; "" asks for no check
	Actor      int64  // the account that brought it in; 0 for the product itself
	Area       string // node of the area tree that the sender answers for; decides who sees the source
	Party      int64  // the enterprise that speaks for itself; 0 for anybody else
	ReceivedAt int64  // milliseconds UTC; given by Begin
	Note       string // the office that sent it; of an Entry, what shows that it is true
	Degraded   bool   // its text shows marks of recognition from an image or of annotation; names in it may be wrong
	State      State  // given by the store
	Rows       int64  // rows staged under it
	Seq        int64  // commit at which it became known; 0 while pending
	Retraction *Retraction
}

// Live says that the source is known and not taken back.
func (s Source) Live() bool { return s.State == Published && s.Retraction == nil }

// needs is what must be allowed to bring the source in or to take it back: an enterprise may speak for itself, and nobody
// else takes that back.
func (s Source) needs(a access.Action) access.Action {
	if s.Kind == Entry && s.Party != 0 {
		return access.Report
	}
	return a
}

// Retraction is how a source was taken back.
type Retraction struct {
	Seq    int64
	At     int64 // milliseconds UTC
	Actor  int64
	Reason string
}

// Store keeps sources and the commit log.
type Store struct {
	db        *store.DB
	now       clock.Clock
	owned     []string
	onRetract []func(ctx context.Context, tx *store.Tx, src Source) error
	onPublish []func(ctx context.Context, tx *store.Tx, src Source) error
}

// New is the store over a database that Migrations were applied to.
func New(db *store.DB, now clock.Clock) *Store { return &Store{db: db, now: now} }

// Owns names tables whose rows belong to a source by their column source_id, so that Discard can delete them. It is
// called while the product is wired together, before the store is used.
func (s *Store) Owns(tables ...string) {
	for _, t := range tables {
		if !slices.Contains(s.owned, t) {
			s.owned = append(s.owned, t)
		}
	}
}

const insertSource = `INSERT INTO source (id, kind, authority, name, sha256, digest, actor, area, party, received_at, note, degraded, state, staged, touched_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14)`

// Begin opens a pending source for the account of the scope and gives its id. Kind, Authority, Name, SHA256, Digest,
// Area, Party, Note and Degraded are the caller's. It refuses (Forbidden) what the scope may not bring in: an Entry of a
// Party is for those who may report for the party, anything else for those who may import.
func (s *Store) Begin(ctx context.Context, scope access.Scope, src Source) (int64, error) {
	if !scope.Sees(src.needs(access.Import), src.Area, src.Party) {
		return 0, errs.Forbidden(fmt.Sprintf("bring in a source for area %q, party %d", src.Area, src.Party))
	}
	if src.Kind == "" || src.Authority == "" || src.Name == "" {
		return 0, errs.Invalid(i18n.M("source.incomplete"))
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		src.Actor, src.State = scope.Account(), Pending
		return s.insert(ctx, tx, &src)
	})
	if err != nil {
		return 0, fmt.Errorf("begin source %q: %w", src.Name, err)
	}
	return src.ID, nil
}

// insert writes the row of a source, and gives it its id.
func (s *Store) insert(ctx context.Context, tx *store.Tx, src *Source) (err error) {
	if src.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return err
	}
	src.ReceivedAt = s.now.Millis()
	degraded := 0
	if src.Degraded {
		degraded = 1
	}
	_, err = tx.Exec(ctx, insertSource, src.ID, string(src.Kind), src.Authority, src.Name, src.SHA256, src.Digest,
		src.Actor, src.Area, src.Party, src.ReceivedAt, src.Note, degraded, string(src.State), src.ReceivedAt)
	return err
}

// Say makes a source known in a transaction of the caller's, which answers for the scope: for an act that states facts
// and must be done whole or not at all, such as an event of a case. It gives the source with its id and commit; package
// fact adds the statements before the transaction ends.
func (s *Store) Say(ctx context.Context, tx *store.Tx, src Source) (Source, error) {
	if src.Kind == "" || src.Authority == "" || src.Name == "" {
		return Source{}, errs.Invalid(i18n.M("source.incomplete"))
	}
	src.State = Published
	if err := s.insert(ctx, tx, &src); err != nil {
		return Source{}, fmt.Errorf("say source %q: %w", src.Name, err)
	}
	var err error
	if src.Seq, err = tx.TakeSeq(ctx); err != nil {
		return Source{}, err
	}
	return src, s.append(ctx, tx, src.Seq, LogEntry{Kind: Publish, Source: src.ID})
}

const grow = `UPDATE source SET staged = staged + $1 WHERE id = $2`

// Grow is Stage for a source that the same transaction has said.
func (s *Store) Grow(ctx context.Context, tx *store.Tx, id int64, n int) (first int64, err error) {
	if _, err := tx.Exec(ctx, grow, n, id); err != nil {
		return 0, fmt.Errorf("add %d rows to source %d: %w", n, id, err)
	}
	var staged int64
	if err := tx.QueryRow(ctx, stagedNow, id).Scan(&staged); err != nil {
		return 0, fmt.Errorf("add %d rows to source %d: %w", n, id, err)
	}
	return staged - int64(n) + 1, nil
}

// OnRetract has fn run in every transaction that takes a source back. It is called while the product is wired together.
func (s *Store) OnRetract(fn func(ctx context.Context, tx *store.Tx, src Source) error) {
	s.onRetract = append(s.onRetract, fn)
}

// OnPublish has fn run in every transaction that makes a pending source known, such as an import: views do not know it yet. It is
// called while the product is wired together.
func (s *Store) OnPublish(fn func(ctx context.Context, tx *store.Tx, src Source) error) {
	s.onPublish = append(s.onPublish, fn)
}

const (
	stage     = `UPDATE source SET staged = staged + $1, touched_at = $2 WHERE id = $3 AND state = 'pending'`
	stagedNow = `SELECT staged FROM source WHERE id = $1`
)

// Stage is called by a transaction before it appends n rows under a pending source. It gives the number of the first
// of them, counting from 1 and unique within the source, and holds the source in its state until the transaction
// ends. A source that is no longer pending refuses (Conflict): what was published never grows.
func (s *Store) Stage(ctx context.Context, tx *store.Tx, id int64, n int) (first int64, err error) {
	if err := move(ctx, tx, stage, n, s.now.Millis(), id); err != nil {
		return 0, fmt.Errorf("stage %d rows under source %d: %w", n, id, err)
	}
	var staged int64
	if err := tx.QueryRow(ctx, stagedNow, id).Scan(&staged); err != nil {
		return 0, fmt.Errorf("stage %d rows under source %d: %w", n, id, err)
	}
	return staged - int64(n) + 1, nil
}

// move runs a guarded update of one pending source; Conflict when it is not pending. The guard, not a look
// beforehand, is what holds when two processes act at once.
func move(ctx context.Context, tx *store.Tx, update string, args ...any) error {
	n, err := tx.Exec(ctx, update, args...)
	if err != nil {
		return err
	}
	if n != 1 {
		return errs.Conflict(i18n.M("source.not_pending"))
	}
	return nil
}

const publish = `UPDATE source SET state = 'published' WHERE id = $1 AND state = 'pending'`

// Publish makes a pending source known and gives the commit at which it is. fn, which may be nil, runs in the same
// transaction. When a live source of the same authority states the same (an equal Digest), nothing is published and
// the error is a Conflict that names it: importing twice adds nothing.
func (s *Store) Publish(ctx context.Context, id int64, fn func(ctx context.Context, tx *store.Tx, seq int64) error) (int64, error) {
	entry := LogEntry{Kind: Publish, Source: id}
	seq, err := s.Commit(ctx, entry, func(ctx context.Context, tx *store.Tx, seq int64) error {
		if err := move(ctx, tx, publish, id); err != nil {
			return err
		}
		src, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		twin, err := byDigest(ctx, tx, src.Authority, src.Digest, id)
		if err != nil {
			return err
		}
		if twin.ID != 0 {
			return errs.Conflict(i18n.M("source.twice", twin.Name))
		}
		for _, fn := range s.onPublish {
			if err := fn(ctx, tx, src); err != nil {
				return err
			}
		}
		if fn == nil {
			return nil
		}
		return fn(ctx, tx, seq)
	})
	if err != nil {
		return 0, fmt.Errorf("publish source %d: %w", id, err)
	}
	return seq, nil
}

// Retract takes back everything that a published source states, in one row of the log, and gives the commit at which
// that is known. Nothing is deleted. The scope must be one that may undo an import of the source's area, or that may report
// for the party whose own word it is. checks run in the same transaction; an error of theirs leaves the source as it is.
func (s *Store) Retract(ctx context.Context, scope access.Scope, id int64, reason string, checks ...func(context.Context, *store.Tx) error) (int64, error) {
	src, err := s.Get(ctx, scope, id)
	if err != nil {
		return 0, err
	}
	if !scope.Sees(src.needs(access.UndoImport), src.Area, src.Party) {
		return 0, errs.Forbidden(fmt.Sprintf("retract source %d", id))
	}
	entry := LogEntry{Kind: Retract, Source: id, Actor: scope.Account(), Reason: reason}
	seq, err := s.Commit(ctx, entry, func(ctx context.Context, tx *store.Tx, _ int64) error {
		src, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		switch {
		case src.Kind == Case:
			return errs.Conflict(i18n.M("source.of_case", src.Name))
		case src.State != Published:
			return errs.Conflict(i18n.M("source.not_published", src.Name))
		case src.Retraction != nil:
			return errs.Conflict(i18n.M("source.retracted", src.Name))
		}
		for _, check := range checks {
			if err := check(ctx, tx); err != nil {
				return err
			}
		}
		for _, fn := range s.onRetract {
			if err := fn(ctx, tx, src); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("retract source %d: %w", id, err)
	}
	return seq, nil
}

const (
	discard      = `UPDATE source SET state = 'discarded' WHERE id = $1 AND state = 'pending'`
	deleteSource = `DELETE FROM source WHERE id = $1 AND state = 'discarded'`
	pendingIDs   = `SELECT id FROM source WHERE state = 'discarded' OR (state = 'pending' AND touched_at < $1) ORDER BY id`
)

// Discard throws a pending source away with everything staged under it. A published one refuses (Conflict).
func (s *Store) Discard(ctx context.Context, id int64) error {
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return move(ctx, tx, discard, id) })
	if err != nil {
		return fmt.Errorf("discard source %d: %w", id, err)
	}
	return s.sweep(ctx, id)
}

// sweep deletes the rows of a discarded source. It goes on where a crash stopped it.
func (s *Store) sweep(ctx context.Context, id int64) error {
	for _, table := range s.owned {
		rows := fmt.Sprintf(`DELETE FROM %s WHERE source_id = $1 AND EXISTS (SELECT 1 FROM source WHERE id = $1 AND state = 'discarded')`, table)
		err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, rows, id)
			return err
		})
		if err != nil {
			return fmt.Errorf("sweep %s of source %d: %w", table, id, err)
		}
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, deleteSource, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("sweep source %d: %w", id, err)
	}
	return nil
}

// PurgePending discards the sources that a crash left pending: those that nothing was staged under since the instant
// before (milliseconds UTC). Where one process owns the database that is math.MaxInt64 at its start; where several
// share it, an hour ago, so that another's running import is spared. It gives how many were purged.
func (s *Store) PurgePending(ctx context.Context, before int64) (int, error) {
	ids, err := s.ids(ctx, pendingIDs, before)
	if err != nil {
		return 0, fmt.Errorf("list pending sources: %w", err)
	}
	for i, id := range ids {
		err := s.Discard(ctx, id)
		if errs.KindOf(err) == errs.KindConflict { // already discarded: only the sweeping is left
			err = s.sweep(ctx, id)
		}
		if err != nil {
			return i, err
		}
	}
	return len(ids), nil
}

func (s *Store) ids(ctx context.Context, query string, args ...any) ([]int64, error) {
	rows, err := s.db.Read().Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

const selectSource = `SELECT s.id, s.kind, s.authority, s.name, s.sha256, s.digest, s.actor, s.area, s.party, s.received_at,
	s.note, s.degraded, s.state, s.staged, COALESCE(p.seq, 0), COALESCE(r.seq, 0), COALESCE(r.at, 0), COALESCE(r.actor, 0), COALESCE(r.reason, '')
	FROM source s
	LEFT JOIN commit_log p ON p.source_id = s.id AND p.kind = 'publish'
	LEFT JOIN commit_log r ON r.source_id = s.id AND r.kind = 'retract'`

func scan(row interface{ Scan(...any) error }) (Source, error) {
	var (
		s           Source
		kind, state string
		degraded    int
		r           Retraction
	)
	err := row.Scan(&s.ID, &kind, &s.Authority, &s.Name, &s.SHA256, &s.Digest, &s.Actor, &s.Area, &s.Party, &s.ReceivedAt,
		&s.Note, &degraded, &state, &s.Rows, &s.Seq, &r.Seq, &r.At, &r.Actor, &r.Reason)
	s.Kind, s.State, s.Degraded = Kind(kind), State(state), degraded == 1
	if r.Seq != 0 {
		s.Retraction = &r
	}
	return s, err
}

const oneSource = selectSource + ` WHERE s.id = $1`

func get(ctx context.Context, q store.Querier, id int64) (Source, error) {
	src, err := scan(q.QueryRow(ctx, oneSource, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Source{}, errs.NotFound("source", id)
	}
	if err != nil {
		return Source{}, fmt.Errorf("read source %d: %w", id, err)
	}
	return src, nil
}

// Get is one source that the scope may see; NotFound otherwise. To whom a statement of a source is shown is not
// decided here but by package fact: a reader of one enterprise's file learns who said its values.
func (s *Store) Get(ctx context.Context, scope access.Scope, id int64) (Source, error) {
	src, err := get(ctx, s.db.Read(), id)
	if err != nil {
		return Source{}, err
	}
	if !scope.Sees(access.ReadFact, src.Area, src.Party) {
		return Source{}, errs.NotFound("source", id)
	}
	return src, nil
}

// Page is a stretch of a list, newest first.
type Page struct {
	Before int64 // id of the last source of the stretch before; 0 for the first
	Limit  int   // 0 means 50; at most 500
	Kind   Kind  // "" for any
}

func (p Page) bounds() (before int64, limit int) {
	before, limit = p.Before, p.Limit
	if before == 0 {
		before = 1<<63 - 1
	}
	if limit <= 0 {
		limit = 50
	}
	return before, min(limit, 500)
}

// List is the sources that were published and that the scope may see, newest first.
func (s *Store) List(ctx context.Context, scope access.Scope, page Page) ([]Source, error) {
	before, limit := page.bounds()
	where, args := scope.Where(access.ReadFact, "s.area", "s.party", []any{before, limit})
	if page.Kind != "" {
		args = append(args, string(page.Kind))
		where += fmt.Sprintf(" AND s.kind = $%d", len(args))
	}
	rows, err := s.db.Read().Query(ctx,
		selectSource+` WHERE s.state = 'published' AND s.id < $1 AND `+where+` ORDER BY s.id DESC LIMIT $2`, args...)
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	list, err := collect(rows)
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	return list, nil
}

func collect(rows *store.Rows) ([]Source, error) {
	defer rows.Close()
	var list []Source
	for rows.Next() {
		s, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

const sameDigest = selectSource + ` WHERE s.digest = $1 AND s.authority = $2 AND s.state = 'published' AND s.id <> $3 AND r.seq IS NULL ORDER BY s.id`

func byDigest(ctx context.Context, q store.Querier, authority, digest string, except int64) (Source, error) {
	if digest == "" {
		return Source{}, nil
	}
	src, err := scan(q.QueryRow(ctx, sameDigest, digest, authority, except))
	if errors.Is(err, sql.ErrNoRows) {
		return Source{}, nil
	}
	return src, err
}

// ByDigest is the live source of the authority that states the same; ok is false when there is none. Publish asks
// again under its lock: this is for telling the user early.
func (s *Store) ByDigest(ctx context.Context, authority, digest string) (src Source, ok bool, err error) {
	src, err = byDigest(ctx, s.db.Read(), authority, digest, 0)
	if err != nil {
		return Source{}, false, fmt.Errorf("find source by digest: %w", err)
	}
	return src, src.ID != 0, nil
}

const forget = `UPDATE source SET digest = '', note = CASE WHEN kind = 'entry' AND staged = 1 THEN '' ELSE note END WHERE id = $1`

// Forget takes away what would tell, or let one guess, a value that was erased of what a source states: its digest, and what somebody wrote
// about the one thing that he stated. Nothing is then found to state the same.
func Forget(ctx context.Context, tx *store.Tx, id int64) error {
	if _, err := tx.Exec(ctx, forget, id); err != nil {
		return fmt.Errorf("forget the digest of source %d: %w", id, err)
	}
	return nil
}
