package release

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "release", FS: schema}

// Deps is what the store stands on; all of it is needed.
type Deps struct {
	DB      *store.DB
	Library *content.Library
	Clock   clock.Clock
	Set     *Set
}

// Store keeps releases. It is safe for many goroutines.
type Store struct{ Deps }

// Open is the store over a database that Migrations were applied to.
func Open(d Deps) *Store { return &Store{d} }

// Act is what a release does in its series.
type Act string

// The acts.
const (
	Published Act = "publish"
	Corrected Act = "correct"
	Withdrawn Act = "withdraw"
)

// Msg names an act.
func (a Act) Msg() i18n.Msg { return i18n.M("release.act_" + string(a)) }

// Head is what a release is about.
type Head struct {
	Kind   string
	Ref    int64 // the thing that its series is about
	Case   int64 // of that thing, 0 for none
	Area   string
	Title  string
	Until  period.Day // the last day on which objections are taken; 0 where none are
	By     int64      // account; 0 for the product itself. It is not published
	Reason string     // of a correction or a withdrawal
}

// Row is a row of a release: a value for each field of its kind, by id.
type Row struct {
	N      int   // from 1 on, in order, with or without gaps
	Case   int64 // that the row is about, 0 for none; never published
	Values map[string]Value
}

// Release is what was published.
type Release struct {
	ID        int64
	Kind      string
	KindHash  string
	Fields    []string // ids, in order
	Ref       int64
	Case      int64
	Area      string
	Act       Act
	Number    string // such as 2024-0007
	Title     string
	Reason    string
	Replaces  int64 // the release before it in its series, 0 for the first
	Published period.Day
	Until     period.Day // the last day on which objections are taken; 0 where none are
	At        int64      // when, ms UTC
	By        int64      // account; not to be shown to the public
	Lines     int
	Hash      string // SHA-256 of what WriteJSON writes, in hex
}

// Stands says that the release may be what holds: it is no withdrawal.
func (r Release) Stands() bool { return r.Act != Withdrawn }

// Open says that objections are taken on a day.
func (r Release) Open(on period.Day) bool { return r.Stands() && r.Until != 0 && on <= r.Until }

const (
	columns    = `id, kind, kind_hash, fields, ref, case_id, area, act, number, title, reason, replaces, published, until, at, by_account, lines, hash`
	insertHead = `INSERT INTO release_head (` + columns + `, sealed)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', $9, $10, $11, '', $12, 0, $13, 0, '', 0)`
	sealHead  = `UPDATE release_head SET number = $1, published = $2, at = $3, lines = $4, hash = $5, sealed = 1 WHERE id = $6 AND sealed = 0`
	setUntil  = `UPDATE release_head SET until = $1 WHERE id = $2 AND sealed = 0`
	headByID  = `SELECT ` + columns + ` FROM release_head WHERE id = $1 AND sealed = 1`
	unsealed  = `SELECT ` + columns + ` FROM release_head WHERE id = $1 AND sealed = 0`
	latest    = `SELECT ` + columns + ` FROM release_head WHERE kind = $1 AND ref = $2 AND sealed = 1 ORDER BY id DESC LIMIT 1`
	drafted   = `SELECT id FROM release_head WHERE kind = $1 AND ref = $2 AND sealed = 0 ORDER BY id DESC LIMIT 1`
	series    = `SELECT ` + columns + ` FROM release_head WHERE kind = $1 AND ref = $2 AND sealed = 1 ORDER BY id`
	dropRows  = `DELETE FROM release_row WHERE release_id IN (SELECT id FROM release_head WHERE kind = $1 AND ref = $2 AND sealed = 0)`
	dropHeads = `DELETE FROM release_head WHERE kind = $1 AND ref = $2 AND sealed = 0`
	ofYear    = `SELECT COUNT(*) FROM release_head WHERE sealed = 1 AND published >= $1 AND published <= $2`
	writtenTo = `SELECT CAST(COALESCE(MAX(n), 0) AS BIGINT) FROM release_row WHERE release_id = $1`
)

var rowColumns = []string{"release_id", "n", "case_id", "label", "body"}

// Publish makes a table public as the first release of its series, or as the next one after a withdrawal: Conflict where one stands.
// It is Invalid with the place where a field is not on the list, is missing, or holds what no release may (Scan).
func (s *Store) Publish(ctx context.Context, tx *store.Tx, h Head, rows []Row) (Release, error) {
	id, err := s.Begin(ctx, tx, h)
	if err != nil {
		return Release{}, err
	}
	if err := s.Add(ctx, tx, id, rows); err != nil {
		return Release{}, err
	}
	return s.Seal(ctx, tx, id)
}

// Begin begins a release that is written in several transactions: it is public once it is sealed.
func (s *Store) Begin(ctx context.Context, tx *store.Tx, h Head) (int64, error) {
	if err := tx.Lock(ctx, fmt.Sprintf("release %s %d", h.Kind, h.Ref)); err != nil {
		return 0, err
	}
	last, found, err := Latest(ctx, tx, h.Kind, h.Ref)
	if err != nil {
		return 0, err
	}
	if found && last.Stands() {
		return 0, errs.Conflict(i18n.M("release.stands", last.Number))
	}
	h.Reason = ""
	return s.begin(ctx, tx, h, Published, last.ID)
}

// begin writes a head.
func (s *Store) begin(ctx context.Context, tx *store.Tx, h Head, act Act, replaces int64) (int64, error) {
	k, err := s.Set.Kind(h.Kind)
	if err != nil {
		return 0, err
	}
	h.Title, h.Reason = strings.TrimSpace(h.Title), strings.TrimSpace(h.Reason)
	if err := s.checkHead(k, h, act); err != nil {
		return 0, err
	}
	fields, err := json.Marshal(k.ids())
	if err != nil {
		return 0, err
	}
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, insertHead, id, k.Release, k.Hash, string(fields), h.Ref, h.Case, h.Area, string(act), h.Title, h.Reason, replaces, dayText(h.Until), h.By)
	if err != nil {
		return 0, fmt.Errorf("begin release: %w", err)
	}
	return id, nil
}

// Limits of a head.
const (
	maxReason = 2000
	maxTitle  = 400
)

// checkHead refuses what a release may not be about.
func (s *Store) checkHead(k *Kind, h Head, act Act) error {
	if _, ok := s.Library.Areas().Node(h.Area); !ok {
		return errs.NotFound("area", h.Area)
	}
	if h.Title == "" || !plain(h.Title) {
		return errs.Invalid(i18n.M("release.bad_title", maxTitle))
	}
	if act != Published && h.Reason == "" {
		return errs.Invalid(i18n.M("release.need_reason"))
	}
	if n := utf8.RuneCountInString(h.Reason); n > maxReason || !utf8.ValidString(h.Reason) {
		return errs.Invalid(i18n.M("release.long_reason", n, maxReason))
	}
	for _, part := range []struct{ key, text string }{{"release.the_title", h.Title}, {"release.the_reason", h.Reason}} {
		if found, ok := Scan(part.text); ok {
			return errs.Invalid(i18n.M("release.personal_head", i18n.M(part.key), found.Msg(), found.Masked))
		}
	}
	if act == Withdrawn || k.Objection.Days == 0 {
		return nil
	}
	today := s.Clock.Today()
	if least, _ := s.Library.Calendar().AddWorkdays(today, k.Objection.Days); act == Published && h.Until < least {
		return errs.Invalid(i18n.M("release.short", k.Objection.Days, least.String()))
	}
	return nil
}

// Check refuses a head with which no first release of a series could begin, as Begin would: before there is one to write.
func (s *Store) Check(h Head) error {
	k, err := s.Set.Kind(h.Kind)
	if err != nil {
		return err
	}
	h.Title, h.Reason = strings.TrimSpace(h.Title), ""
	return s.checkHead(k, h, Published)
}

// Add adds rows to a release that is not sealed.
func (s *Store) Add(ctx context.Context, tx *store.Tx, id int64, rows []Row) error {
	r, err := scanHead(tx.QueryRow(ctx, unsealed, id))
	if errors.Is(err, sql.ErrNoRows) {
		return errs.NotFound("release that is being written", id)
	}
	if err != nil {
		return fmt.Errorf("read release %d: %w", id, err)
	}
	k, err := s.Set.Kind(r.Kind)
	if err != nil {
		return err
	}
	if k.Hash != r.KindHash {
		return errs.Conflict(i18n.M("release.kind_changed", k.Title))
	}
	written, err := s.bodies(k, rows)
	if err != nil {
		return err
	}
	return tx.InsertRows(ctx, "release_row", rowColumns, func(yield func([]any) bool) {
		for i, w := range written {
			if !yield([]any{id, int32(rows[i].N), rows[i].Case, w.label, w.body}) {
				return
			}
		}
	})
}

type body struct{ label, body string }

// bodies are rows as they are kept; Invalid where one may not be published.
func (s *Store) bodies(k *Kind, rows []Row) ([]body, error) {
	areas := s.Library.Areas()
	all := make([]body, len(rows))
	texts := make([]string, len(k.Fields))
	for i, row := range rows {
		if row.N < 1 || row.N > 1<<30 || i > 0 && row.N <= rows[i-1].N {
			return nil, fmt.Errorf("row %d of a release comes after row %d", row.N, rows[max(i, 1)-1].N)
		}
		for _, id := range sortedKeys(row.Values) {
			if _, ok := k.Field(id); !ok {
				return nil, errs.Invalid(i18n.M("release.off_list", row.N, id, k.Title))
			}
		}
		for j := range k.Fields {
			f := &k.Fields[j]
			v, ok := row.Values[f.ID]
			if !ok {
				return nil, errs.Invalid(i18n.M("release.missing", row.N, f.Name))
			}
			text, err := f.check(areas, row.N, v)
			if err != nil {
				return nil, err
			}
			texts[j] = text
		}
		text, err := json.Marshal(texts)
		if err != nil {
			return nil, err
		}
		all[i] = body{texts[0], string(text)}
	}
	return all, nil
}

// Seal makes a release public: it gets its number and its hash, and is logged.
func (s *Store) Seal(ctx context.Context, tx *store.Tx, id int64) (Release, error) {
	r, err := scanHead(tx.QueryRow(ctx, unsealed, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, errs.NotFound("release that is being written", id)
	}
	if err != nil {
		return r, fmt.Errorf("read release %d: %w", id, err)
	}
	if err := tx.Lock(ctx, "release numbers"); err != nil {
		return r, err
	}
	r.Published, r.At = s.Clock.Today(), s.Clock.Millis()
	year := r.Published.Year()
	var n int
	if err := tx.QueryRow(ctx, ofYear, period.Date(year, 1, 1).String(), period.Date(year, 12, 31).String()).Scan(&n); err != nil {
		return r, fmt.Errorf("number a release: %w", err)
	}
	if err := s.whole(ctx, tx, &r); err != nil {
		return r, err
	}
	r.Number = fmt.Sprintf("%d-%04d", year, n+1)
	hash, err := s.digest(ctx, tx, &r)
	if err != nil {
		return r, err
	}
	if r.Hash = hash; r.Stands() && r.Lines == 0 {
		return r, errs.Invalid(i18n.M("release.no_rows"))
	}
	if _, err := tx.Exec(ctx, sealHead, r.Number, r.Published.String(), r.At, r.Lines, r.Hash, r.ID); err != nil {
		return r, fmt.Errorf("seal release %d: %w", id, err)
	}
	audit.Note(tx, LoggedRelease, id)
	return r, nil
}

// whole gives a release that was begun on an earlier day its whole window.
func (s *Store) whole(ctx context.Context, tx *store.Tx, r *Release) error {
	k, err := s.Set.Kind(r.Kind)
	if err != nil || r.Act != Published || k.Objection.Days == 0 {
		return err
	}
	least, _ := s.Library.Calendar().AddWorkdays(r.Published, k.Objection.Days)
	if r.Until >= least {
		return nil
	}
	r.Until = least
	_, err = tx.Exec(ctx, setUntil, dayText(least), r.ID)
	if err != nil {
		return fmt.Errorf("seal release %d: %w", r.ID, err)
	}
	return nil
}

// Correct replaces the release that stands in a series by another one, and says why. Conflict where none stands, or where nothing
// would change. Objections are taken until Until where a row came in or is another one now; where rows are only gone, as long as they
// were before.
func (s *Store) Correct(ctx context.Context, tx *store.Tx, h Head, rows []Row) (Release, error) {
	last, err := s.standing(ctx, tx, h)
	if err != nil {
		return last, err
	}
	id, err := s.begin(ctx, tx, h, Corrected, last.ID)
	if err != nil {
		return Release{}, err
	}
	if err := s.Add(ctx, tx, id, rows); err != nil {
		return Release{}, err
	}
	k, err := s.Set.Kind(h.Kind)
	if err != nil {
		return Release{}, err
	}
	changes, err := changesBetween(ctx, tx, last, Release{ID: id, Fields: k.ids()}, 1)
	if err != nil {
		return Release{}, err
	}
	if changes.Total == 0 && last.Title == strings.TrimSpace(h.Title) {
		return Release{}, errs.Conflict(i18n.M("release.nothing_changes"))
	}
	if changes.Fresh == 0 {
		if _, err := tx.Exec(ctx, setUntil, dayText(last.Until), id); err != nil {
			return Release{}, fmt.Errorf("correct release %d: %w", last.ID, err)
		}
	}
	return s.Seal(ctx, tx, id)
}

// Withdraw takes the release that stands in a series back, and says why. Conflict where none stands.
func (s *Store) Withdraw(ctx context.Context, tx *store.Tx, h Head) (Release, error) {
	last, err := s.standing(ctx, tx, h)
	if err != nil {
		return last, err
	}
	h.Until = 0
	id, err := s.begin(ctx, tx, h, Withdrawn, last.ID)
	if err != nil {
		return Release{}, err
	}
	return s.Seal(ctx, tx, id)
}

// standing is the release that stands in a series, which nobody else replaces before the transaction ends.
func (s *Store) standing(ctx context.Context, tx *store.Tx, h Head) (Release, error) {
	if err := tx.Lock(ctx, fmt.Sprintf("release %s %d", h.Kind, h.Ref)); err != nil {
		return Release{}, err
	}
	last, found, err := Latest(ctx, tx, h.Kind, h.Ref)
	if err == nil && (!found || !last.Stands()) {
		err = errs.Conflict(i18n.M("release.none_stands"))
	}
	return last, err
}

// Latest is the newest release of a series; found is false where there is none.
func Latest(ctx context.Context, q store.Querier, kind string, ref int64) (r Release, found bool, err error) {
	r, err = scanHead(q.QueryRow(ctx, latest, kind, ref))
	if errors.Is(err, sql.ErrNoRows) {
		return Release{}, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("read the newest release: %w", err)
	}
	return r, true, nil
}

// Draft is the release of a series that is being written, 0 for none, and the number of its last row.
func Draft(ctx context.Context, q store.Querier, kind string, ref int64) (id int64, row int, err error) {
	err = q.QueryRow(ctx, drafted, kind, ref).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	if err == nil {
		err = q.QueryRow(ctx, writtenTo, id).Scan(&row)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("look for a release that is being written: %w", err)
	}
	return id, row, nil
}

// Discard drops what is being written of a series, with its rows; what is sealed stays.
func (s *Store) Discard(ctx context.Context, tx *store.Tx, kind string, ref int64) error {
	for _, drop := range []string{dropRows, dropHeads} {
		if _, err := tx.Exec(ctx, drop, kind, ref); err != nil {
			return fmt.Errorf("discard a release that is being written: %w", err)
		}
	}
	return nil
}

func dayText(d period.Day) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func dayOf(s string) (period.Day, error) {
	if s == "" {
		return 0, nil
	}
	return period.ParseDay(s)
}

func scanHead(row interface{ Scan(...any) error }) (r Release, err error) {
	var fields, published, until string
	err = row.Scan(&r.ID, &r.Kind, &r.KindHash, &fields, &r.Ref, &r.Case, &r.Area, &r.Act, &r.Number, &r.Title, &r.Reason, &r.Replaces, &published, &until,
		&r.At, &r.By, &r.Lines, &r.Hash)
	if err != nil {
		return r, err
	}
	var wrong error
	r.Published, err = dayOf(published)
	r.Until, wrong = dayOf(until)
	return r, errors.Join(err, wrong, json.Unmarshal([]byte(fields), &r.Fields))
}

// Sort brings rows into the order of their numbers, in which they are published.
func Sort(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int { return a.N - b.N })
}

func sortedKeys(m map[string]Value) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
