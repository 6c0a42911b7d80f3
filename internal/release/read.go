package release

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Line is a row as it was published: the text of each field, in the order of the release's fields.
type Line struct {
	N     int
	Case  int64 // never shown to the public
	Texts []string
}

// Of is the text of a field; "" where the release has none of that id.
func (l Line) Of(r Release, id string) string {
	if i := slices.Index(r.Fields, id); i >= 0 && i < len(l.Texts) {
		return l.Texts[i]
	}
	return ""
}

// Money is the amount in a field, 0 where the release has none of that id.
func (l Line) Money(r Release, id string) (money.Fen, error) {
	text := l.Of(r, id)
	if text == "" {
		return 0, nil
	}
	f, err := money.Parse(text)
	if err != nil {
		return 0, fmt.Errorf("amount in row %d of release %d: %w", l.N, r.ID, err)
	}
	return f, nil
}

// Page is which rows of a release are read: at most Rows of them from the row From on, or the last ones before Before where that is
// set; those with a label alone, which is the text of the first field, where Label is set.
type Page struct {
	From, Before int
	Label        string
	Rows         int // 0 is 100, at most 10,000
}

// Numbers of rows are typed by anybody: PostgreSQL takes those beyond a column of their size only where it is told of a larger one.
const (
	rowsFrom    = `SELECT n, case_id, body FROM release_row WHERE release_id = $1 AND n >= CAST($2 AS BIGINT) ORDER BY n LIMIT $3`
	rowsBefore  = `SELECT n, case_id, body FROM release_row WHERE release_id = $1 AND n < CAST($2 AS BIGINT) ORDER BY n DESC LIMIT $3`
	rowsLabeled = `SELECT n, case_id, body FROM release_row WHERE release_id = $1 AND label = $2 AND n >= CAST($3 AS BIGINT) ORDER BY n LIMIT $4`
	rowNumbered = `SELECT n, case_id, body FROM release_row WHERE release_id = $1 AND n = CAST($2 AS BIGINT)`
	maxRows     = 10_000
)

// Release is one release; NotFound where there is none. Releases are public, and so this asks for no scope, nor do the other reads.
func (s *Store) Release(ctx context.Context, id int64) (Release, error) {
	return ByID(ctx, s.DB.Read(), id)
}

// ByID is Release within a transaction or snapshot.
func ByID(ctx context.Context, q store.Querier, id int64) (Release, error) {
	r, err := scanHead(q.QueryRow(ctx, headByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, errs.NotFound("release", id)
	}
	if err != nil {
		return r, fmt.Errorf("read release %d: %w", id, err)
	}
	return r, nil
}

// Lines is rows of a release, in its order. What it costs depends on the rows that it gives, however many the release has.
func Lines(ctx context.Context, q store.Querier, id int64, p Page) ([]Line, error) {
	if p.Rows <= 0 {
		p.Rows = 100
	}
	p.Rows = min(p.Rows, maxRows)
	query, args := rowsFrom, []any{id, p.From, p.Rows}
	switch {
	case p.Label != "":
		query, args = rowsLabeled, []any{id, p.Label, p.From, p.Rows}
	case p.Before > 0:
		query, args = rowsBefore, []any{id, p.Before, p.Rows}
	}
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read rows of release %d: %w", id, err)
	}
	defer rows.Close()
	var all []Line
	for rows.Next() {
		l, err := scanLine(rows)
		if err != nil {
			return nil, fmt.Errorf("read rows of release %d: %w", id, err)
		}
		all = append(all, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read rows of release %d: %w", id, err)
	}
	if p.Before > 0 && p.Label == "" {
		slices.Reverse(all)
	}
	return all, nil
}

// LineAt is the row with a number; NotFound where the release has none of it.
func LineAt(ctx context.Context, q store.Querier, id int64, n int) (Line, error) {
	l, err := scanLine(q.QueryRow(ctx, rowNumbered, id, n))
	if errors.Is(err, sql.ErrNoRows) {
		return l, errs.NotFound("row of a release", n)
	}
	if err != nil {
		return l, fmt.Errorf("read a row of release %d: %w", id, err)
	}
	return l, nil
}

func scanLine(row interface{ Scan(...any) error }) (l Line, err error) {
	var body string
	if err := row.Scan(&l.N, &l.Case, &body); err != nil {
		return l, err
	}
	return l, json.Unmarshal([]byte(body), &l.Texts)
}

// Lines is Lines of a release.
func (s *Store) Lines(ctx context.Context, id int64, p Page) ([]Line, error) {
	return Lines(ctx, s.DB.Read(), id, p)
}

// EachLine hands on every row of a release, some thousand at a time.
func EachLine(ctx context.Context, q store.Querier, id int64, take func(Line) error) error {
	for p := (Page{Rows: maxRows}); ; {
		some, err := Lines(ctx, q, id, p)
		if err != nil || len(some) == 0 {
			return err
		}
		for _, l := range some {
			if err := take(l); err != nil {
				return err
			}
		}
		p.From = some[len(some)-1].N + 1
	}
}

// Series is the releases about one thing, the oldest first.
func (s *Store) Series(ctx context.Context, kind string, ref int64) ([]Release, error) {
	return SeriesOf(ctx, s.DB.Read(), kind, ref)
}

// Latest is the newest release of a series; found is false where there is none.
func (s *Store) Latest(ctx context.Context, kind string, ref int64) (r Release, found bool, err error) {
	return Latest(ctx, s.DB.Read(), kind, ref)
}

// SeriesOf is Series within a transaction.
func SeriesOf(ctx context.Context, q store.Querier, kind string, ref int64) ([]Release, error) {
	return heads(ctx, q, series, kind, ref)
}

func heads(ctx context.Context, q store.Querier, query string, args ...any) ([]Release, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	defer rows.Close()
	var all []Release
	for rows.Next() {
		r, err := scanHead(rows)
		if err != nil {
			return nil, fmt.Errorf("list releases: %w", err)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	return all, nil
}

// Filter restricts releases; zero fields do not.
type Filter struct {
	Kind   string
	Area   string // this one and those below it
	Year   int
	Newest bool  // of each series the newest one alone
	Before int64 // those with a smaller id
	Limit  int   // 0 is 50, at most 1000
}

const (
	listHeads    = `SELECT ` + columns + ` FROM release_head h WHERE sealed = 1`
	areasInUse   = `SELECT DISTINCT area FROM release_head WHERE sealed = 1 ORDER BY area`
	newestOfEach = ` AND NOT EXISTS (SELECT 1 FROM release_head o WHERE o.kind = h.kind AND o.ref = h.ref AND o.sealed = 1 AND o.id > h.id)`
)

// List is the releases that a filter leaves, the newest first.
func (s *Store) List(ctx context.Context, f Filter) ([]Release, error) {
	where := ""
	var args []any
	add := func(term string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			term = strings.Replace(term, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		where += " AND " + term
	}
	if f.Kind != "" {
		add("kind = ?", f.Kind)
	}
	if f.Area != "" {
		areas, err := s.Areas(ctx)
		if err != nil {
			return nil, err
		}
		tree := s.Library.Areas()
		within := slices.DeleteFunc(areas, func(a string) bool { return !tree.Within(a, f.Area) })
		if len(within) == 0 {
			return nil, nil
		}
		values := make([]any, len(within))
		for i, a := range within {
			values[i] = a
		}
		add("area IN (?"+strings.Repeat(", ?", len(within)-1)+")", values...)
	}
	if f.Year != 0 {
		if f.Year < 1900 || f.Year > 9999 {
			return nil, nil
		}
		add("published >= ?", fmt.Sprintf("%d-01-01", f.Year))
		add("published <= ?", fmt.Sprintf("%d-12-31", f.Year))
	}
	if f.Newest {
		where += newestOfEach
	}
	if f.Before > 0 {
		add("id < ?", f.Before)
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	return heads(ctx, s.DB.Read(), listHeads+where+` ORDER BY id DESC LIMIT `+strconv.Itoa(min(f.Limit, 1000)), args...)
}

// Areas is the codes of the areas of which there are releases.
func (s *Store) Areas(ctx context.Context) ([]string, error) {
	rows, err := s.DB.Read().Query(ctx, areasInUse)
	if err != nil {
		return nil, fmt.Errorf("list areas of releases: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var a string
		if err := rows.Scan(&a); err != nil {
			return nil, fmt.Errorf("list areas of releases: %w", err)
		}
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list areas of releases: %w", err)
	}
	return all, nil
}

// Change is a row that is another one in a later release: Before is nil for one that came in, After for one that is gone.
type Change struct {
	N             int
	Before, After *Line
}

// Changes is what a release changed of the one that stood before it.
type Changes struct {
	Since Release // the one that stood before; the zero Release where there was none
	Total int
	Fresh int      // of them, those that came in or are another one now
	Lines []Change // the first of them, by number
}

// maxChanges is how many changes are told one by one.
const maxChanges = 500

// Changes compares a release with the last one that stood before it, whether or not that was withdrawn meanwhile; nothing where it is
// the first.
func (s *Store) Changes(ctx context.Context, r Release) (Changes, error) {
	if !r.Stands() {
		return Changes{}, nil
	}
	q := s.DB.Read()
	for before := r.Replaces; before != 0; {
		old, err := ByID(ctx, q, before)
		if err != nil {
			return Changes{}, err
		}
		if old.Stands() {
			return changesBetween(ctx, q, old, r, maxChanges)
		}
		before = old.Replaces
	}
	return Changes{}, nil
}

// sameRow says that two rows of releases say the same, field by field: one that a release does not have is empty.
func sameRow(before, after Release, a, b Line) bool {
	if slices.Equal(before.Fields, after.Fields) {
		return slices.Equal(a.Texts, b.Texts)
	}
	return !slices.ContainsFunc(slices.Concat(before.Fields, after.Fields), func(f string) bool { return a.Of(before, f) != b.Of(after, f) })
}

// changesBetween compares the rows of two releases by number, and keeps the first ones.
func changesBetween(ctx context.Context, q store.Querier, before, after Release, keep int) (Changes, error) {
	c := Changes{Since: before}
	old, fresh := &cursor{q: q, id: before.ID}, &cursor{q: q, id: after.ID}
	for {
		a, err := old.peek(ctx)
		if err != nil {
			return c, err
		}
		b, err := fresh.peek(ctx)
		if err != nil {
			return c, err
		}
		var x Change
		switch {
		case a == nil && b == nil:
			return c, nil
		case b == nil || a != nil && a.N < b.N:
			x = Change{a.N, a, nil}
			old.next()
		case a == nil || b.N < a.N:
			x = Change{b.N, nil, b}
			fresh.next()
		default:
			x = Change{a.N, a, b}
			old.next()
			fresh.next()
			if sameRow(before, after, *a, *b) {
				continue
			}
		}
		if x.After != nil {
			c.Fresh++
		}
		if c.Total++; len(c.Lines) < keep {
			c.Lines = append(c.Lines, x)
		}
	}
}

// cursor walks the rows of a release.
type cursor struct {
	q    store.Querier
	id   int64
	some []Line
	from int
	done bool
}

// peek is the next row; nil after the last.
func (c *cursor) peek(ctx context.Context) (*Line, error) {
	if len(c.some) == 0 && !c.done {
		some, err := Lines(ctx, c.q, c.id, Page{From: c.from, Rows: maxRows})
		if err != nil {
			return nil, err
		}
		if c.some, c.done = some, len(some) == 0; !c.done {
			c.from = some[len(some)-1].N + 1
		}
	}
	if len(c.some) == 0 {
		return nil, nil
	}
	return &c.some[0], nil
}

func (c *cursor) next() { c.some = c.some[1:] }

// headJSON is the head of a release in its canonical form.
type headJSON struct {
	ID             int64    `json:"id"`
	Number         string   `json:"number"`
	Kind           string   `json:"kind"`
	KindHash       string   `json:"kind_sha256"`
	Act            Act      `json:"act"`
	Title          string   `json:"title"`
	Area           string   `json:"area"`
	Published      string   `json:"published"`
	Until          string   `json:"objections_until,omitempty"`
	Replaces       int64    `json:"replaces,omitempty"`
	ReplacesSHA256 string   `json:"replaces_sha256,omitempty"`
	Reason         string   `json:"reason,omitempty"`
	Currency       string   `json:"currency"`
	Fields         []string `json:"fields"`
}

// currency is that of every amount (ISO 4217).
const currency = "CNY"

// canonical writes a release in its canonical form: a JSON object of its head and its rows, a row a line. The bytes follow from what is
// published and nothing else; before is the hash of the release that it replaces.
func canonical(w io.Writer, r Release, before string, rows func(take func(Line) error) error) error {
	head := headJSON{
		r.ID, r.Number, r.Kind, r.KindHash, r.Act, r.Title, r.Area, dayText(r.Published), dayText(r.Until), r.Replaces, before, r.Reason, currency, r.Fields,
	}
	b := &bytes.Buffer{}
	b.WriteString(`{"release":`)
	if err := plainJSON(b, head); err != nil {
		return err
	}
	b.WriteString(`,"rows":[`)
	first := true
	err := rows(func(l Line) error {
		if len(l.Texts) != len(r.Fields) {
			return fmt.Errorf("row %d of release %d has %d fields of %d", l.N, r.ID, len(l.Texts), len(r.Fields))
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		b.WriteString("\n{\"n\":" + strconv.Itoa(l.N))
		for i, id := range r.Fields {
			b.WriteString(`,"` + id + `":`)
			if err := plainJSON(b, l.Texts[i]); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		if b.Len() < 1<<16 {
			return nil
		}
		_, err := b.WriteTo(w)
		return err
	})
	if err != nil {
		return err
	}
	b.WriteString("\n]}\n")
	_, err = b.WriteTo(w)
	return err
}

// plainJSON writes a value without a line end and without escapes that only pages need.
func plainJSON(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1)
	return nil
}

// digest hashes a release while it is sealed, and counts its rows.
func (s *Store) digest(ctx context.Context, q store.Querier, r *Release) (string, error) {
	before, err := hashBefore(ctx, q, *r)
	if err != nil {
		return "", err
	}
	r.Lines = 0
	h := sha256.New()
	err = canonical(h, *r, before, func(take func(Line) error) error {
		return EachLine(ctx, q, r.ID, func(l Line) error {
			r.Lines++
			return take(l)
		})
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// hashBefore is the hash of the release that one replaces, "" for the first of a series.
func hashBefore(ctx context.Context, q store.Querier, r Release) (string, error) {
	if r.Replaces == 0 {
		return "", nil
	}
	before, err := ByID(ctx, q, r.Replaces)
	return before.Hash, err
}

// WriteJSON writes a release as open data, in its canonical form: the SHA-256 of these bytes is its hash.
func (s *Store) WriteJSON(ctx context.Context, w io.Writer, r Release) error {
	q := s.DB.Read()
	before, err := hashBefore(ctx, q, r)
	if err != nil {
		return err
	}
	return canonical(w, r, before, func(take func(Line) error) error { return EachLine(ctx, q, r.ID, take) })
}

// FieldName is what a field of a release is called today; its id where the kind has it no more.
func (s *Store) FieldName(r Release, id string) i18n.Text {
	if k, err := s.Set.Kind(r.Kind); err == nil {
		if f, ok := k.Field(id); ok {
			return f.Name
		}
	}
	return i18n.Text{ZH: id, EN: id}
}
