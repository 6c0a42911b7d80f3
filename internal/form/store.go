package form

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations is the schema of this package.
var Migrations = store.Migrations{Package: "form", FS: files}

// Store keeps definitions that something is pinned to, and drafts.
type Store struct {
	db  *store.DB
	lib *content.Library
	set *Set
	now clock.Clock

	mu   sync.Mutex
	read map[string]*Form // definitions that were kept, by hash; they never change
}

// NewStore is the store over a database that Migrations were applied to; set is the forms of today.
func NewStore(db *store.DB, lib *content.Library, set *Set, now clock.Clock) *Store {
	return &Store{db: db, lib: lib, set: set, now: now, read: map[string]*Form{}}
}

// Set is the forms of today.
func (s *Store) Set() *Set { return s.set }

const (
	selectDefinition = `SELECT code, source FROM form_definition WHERE hash = $1`
	insertDefinition = `INSERT INTO form_definition (hash, code, source) VALUES ($1, $2, $3)`
)

// Pin keeps a form of today for good, in the caller's transaction; one that is kept already stays as it is. NotFound for a
// hash that neither is.
func (s *Store) Pin(ctx context.Context, tx *store.Tx, hash string) error {
	var code, src string
	err := tx.QueryRow(ctx, selectDefinition, hash).Scan(&code, &src)
	if err == nil {
		return nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("pin form %s: %w", hash, err)
	}
	f, ok := s.set.byHash(hash)
	if !ok {
		return errs.NotFound("form", hash)
	}
	if _, err := tx.Exec(ctx, insertDefinition, f.Hash, f.Code, string(f.src)); err != nil {
		return fmt.Errorf("pin form %s: %w", f.Code, err)
	}
	return nil
}

// Form is the form with a hash: one of today, or one that was pinned. A pinned form that the content of today cannot read
// any more, because a fact is gone, is told with its mistakes.
func (s *Store) Form(ctx context.Context, hash string) (*Form, error) {
	if f, ok := s.set.byHash(hash); ok {
		return f, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.read[hash]; ok {
		return f, nil
	}
	src, err := Definition(ctx, s.db.Read(), hash)
	if err != nil {
		return nil, err
	}
	f, problems := Parse(s.lib, hash[:min(len(hash), 12)]+".yaml", src)
	if problems != nil {
		return nil, fmt.Errorf("read form %s as it was pinned: %w", hash, problems)
	}
	s.read[hash] = f
	return f, nil
}

// Definition is the bytes of a form that something is pinned to, by their hash.
func Definition(ctx context.Context, q store.Querier, hash string) ([]byte, error) {
	var code, src string
	err := q.QueryRow(ctx, selectDefinition, hash).Scan(&code, &src)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.NotFound("form", hash)
	}
	if err != nil {
		return nil, fmt.Errorf("read form %s: %w", hash, err)
	}
	return []byte(src), nil
}

// Draft is what an account has typed and not sent.
type Draft struct {
	Place    string // what it is typed for, such as an action of a case
	Hash     string // of the form
	Revision int64  // goes up with each change, from 1
	Page     string // a word of its own of each page that saves; "" for a program
	SavedAt  int64  // milliseconds UTC
	Entry    Entry
	Year     int               // whose facts it was filled with, 0 for none
	Known    map[string]string // what it was filled with, by field (Form.Offered); nil where nobody told
}

// Stale says that a draft was saved from another page meanwhile.
type Stale struct{ Newer Draft }

func (e *Stale) Error() string {
	return fmt.Sprintf("draft %s has revision %d", e.Newer.Place, e.Newer.Revision)
}

const (
	maxPlace  = 128   // bytes
	maxPage   = 32    // bytes
	maxDrafts = 200   // of one account
	maxCells  = 60000 // texts of one entry
)

const (
	selectDraft = `SELECT hash, revision, page, entry, for_year, known, saved_at FROM form_draft WHERE place = $1 AND account_id = $2`
	updateDraft = `UPDATE form_draft SET hash = $1, revision = revision + 1, page = $2, entry = $3, for_year = $4, known = $5, saved_at = $6 WHERE place = $7 AND account_id = $8 AND revision = $9`
	insertDraft = `INSERT INTO form_draft (place, account_id, hash, revision, page, entry, for_year, known, saved_at) VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8)`
	countDrafts = `SELECT COUNT(*) FROM form_draft WHERE account_id = $1`
	deleteDraft = `DELETE FROM form_draft WHERE place = $1 AND account_id = $2`
)

// Draft is what the account of the scope has typed for a place; NotFound where it has typed nothing.
func (s *Store) Draft(ctx context.Context, scope access.Scope, place string) (Draft, error) {
	return scanDraft(s.db.Read().QueryRow(ctx, selectDraft, place, scope.Account()), place)
}

func scanDraft(row *store.Row, place string) (Draft, error) {
	d := Draft{Place: place}
	var entry, known string
	err := row.Scan(&d.Hash, &d.Revision, &d.Page, &entry, &d.Year, &known, &d.SavedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return d, errs.NotFound("draft", place)
	}
	if err == nil {
		err = json.Unmarshal([]byte(entry), &d.Entry)
	}
	if err == nil && known != "" {
		was := Entry{Texts: map[string]string{}}
		err = json.Unmarshal([]byte(known), &was)
		d.Known = was.Texts
	}
	if err != nil {
		return d, fmt.Errorf("read draft %s: %w", place, err)
	}
	return d, nil
}

const typedAt = `SELECT entry FROM form_draft WHERE place = $1 ORDER BY account_id`

// Typed is the fields that somebody has typed into for a place, whoever: how far it has come, and nothing of what it says. Who may know
// that is the caller's.
func (s *Store) Typed(ctx context.Context, place string) (map[string]bool, error) {
	entries, err := store.List(ctx, s.db.Read(), func(r *store.Rows) (e Entry, err error) {
		var text string
		if err := r.Scan(&text); err != nil {
			return e, err
		}
		return e, json.Unmarshal([]byte(text), &e)
	}, typedAt, place)
	if err != nil {
		return nil, fmt.Errorf("count what is typed for %s: %w", place, err)
	}
	out := map[string]bool{}
	for _, e := range entries {
		for field, text := range e.Texts {
			out[field] = out[field] || text != ""
		}
		for field, rows := range e.Rows {
			out[field] = out[field] || len(rows) > 0
		}
	}
	return out, nil
}

// Save keeps what was typed. Revision is that of the draft which the page knew, 0 for none: Conflict, with a Stale error
// that has what is kept, where another page has saved meanwhile. A page that saves while an answer to it is still under way
// does not stand in its own way. Forbidden without an account, Invalid for what is too large. The draft that is kept is
// returned, without its entry.
func (s *Store) Save(ctx context.Context, scope access.Scope, d Draft) (Draft, error) {
	if scope.Account() == 0 {
		return d, errs.Forbidden("keep a draft")
	}
	if d.Place == "" || len(d.Place) > maxPlace || len(d.Page) > maxPage {
		return d, fmt.Errorf("a draft has a place of %d bytes and a page of %d", len(d.Place), len(d.Page))
	}
	entry, err := d.Entry.encode()
	if err != nil {
		return d, err
	}
	known := ""
	if d.Known != nil {
		if known, err = (Entry{Texts: d.Known}).encode(); err != nil {
			return d, err
		}
	}
	d.SavedAt, d.Entry, d.Known = s.now.Millis(), Entry{}, nil
	keep := kept{entry, known}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		have, err := scanDraft(tx.QueryRow(ctx, selectDraft, d.Place, scope.Account()), d.Place)
		if errs.KindOf(err) == errs.KindNotFound {
			return s.first(ctx, tx, scope.Account(), d, keep)
		}
		if err != nil {
			return err
		}
		stale := &errs.Error{Kind: errs.KindConflict, Msg: i18n.M("form.draft_stale"), Err: &Stale{have}}
		if have.Revision != d.Revision && (d.Page == "" || have.Page != d.Page) {
			return stale
		}
		n, err := tx.Exec(ctx, updateDraft, d.Hash, d.Page, keep.entry, d.Year, keep.known, d.SavedAt, d.Place, scope.Account(), have.Revision)
		if err == nil && n == 0 { // somebody was quicker between the look and the change
			return stale
		}
		d.Revision = have.Revision
		return err
	})
	if err != nil {
		return d, fmt.Errorf("save draft %s: %w", d.Place, err)
	}
	d.Revision++
	return d, nil
}

// kept is what was typed and what it was filled with, as they are kept.
type kept struct{ entry, known string }

// first keeps the first draft of a place.
func (s *Store) first(ctx context.Context, tx *store.Tx, account int64, d Draft, keep kept) error {
	if d.Revision != 0 {
		return errs.Conflict(i18n.M("form.draft_gone"))
	}
	var count int
	if err := tx.QueryRow(ctx, countDrafts, account).Scan(&count); err != nil {
		return err
	}
	if count >= maxDrafts {
		return errs.Conflict(i18n.M("form.too_many_drafts", maxDrafts))
	}
	_, err := tx.Exec(ctx, insertDraft, d.Place, account, d.Hash, d.Page, keep.entry, d.Year, keep.known, d.SavedAt)
	return err
}

// Discard throws a draft away in the caller's transaction: with the submission of what was typed, so that neither is there
// without the other. One that is not there is no error.
func (s *Store) Discard(ctx context.Context, tx *store.Tx, account int64, place string) error {
	if _, err := tx.Exec(ctx, deleteDraft, place, account); err != nil {
		return fmt.Errorf("discard draft %s: %w", place, err)
	}
	return nil
}

// Forget throws away the draft of the account of the scope.
func (s *Store) Forget(ctx context.Context, scope access.Scope, place string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		return s.Discard(ctx, tx, scope.Account(), place)
	})
}

// encode is the entry as it is kept, within limits.
func (e Entry) encode() (string, error) {
	cells := len(e.Texts)
	for _, rows := range e.Rows {
		for _, row := range rows {
			cells += len(row)
		}
	}
	b, err := json.Marshal(e)
	switch {
	case err != nil:
		return "", err
	case cells > maxCells || len(b) > MaxDocument:
		return "", errs.Invalid(i18n.M("form.document_size", MaxDocument>>20))
	case !utf8.Valid(b):
		return "", errs.Invalid(i18n.M("form.not_text"))
	}
	return string(b), nil
}
