package party

import (
	"context"
	"embed"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations is the schema of this package.
var Migrations = store.Migrations{Package: "party", FS: files}

// Store keeps subjects and what sources state about who and where they are.
type Store struct {
	db      *store.DB
	sources *source.Store

	mu     sync.Mutex // guards newest and the dictionary that its successors add to
	newest *Registry
}

// NewStore is the store over a database that Migrations were applied to.
func NewStore(db *store.DB, sources *source.Store) *Store {
	sources.Owns("party_mention", "party_name", "party_identifier", "party_membership")
	return &Store{db: db, sources: sources}
}

const (
	maxKey   = 512  // bytes of a key or an identifier
	maxText  = 1000 // bytes of a name or a place
	maxNode  = 64   // bytes of a node's code
	keyBatch = 500  // keys that one query asks for
)

// Ensure finds or makes the subjects that a pending source speaks about, records the mention, and gives their ids in the
// order of subs. The same kind, parent and key gives the same id, within a call and between calls.
func (s *Store) Ensure(ctx context.Context, tx *store.Tx, src int64, subs []NewSubject) ([]int64, error) {
	return s.ensure(ctx, tx, src, subs, s.sources.Stage)
}

// Say is Ensure for a source that the same transaction has made known (source.Store.Say).
func (s *Store) Say(ctx context.Context, tx *store.Tx, src int64, subs []NewSubject) ([]int64, error) {
	return s.ensure(ctx, tx, src, subs, s.sources.Grow)
}

// room takes the numbers of n rows of a source and gives the first.
type room func(ctx context.Context, tx *store.Tx, src int64, n int) (first int64, err error)

func (s *Store) ensure(ctx context.Context, tx *store.Tx, src int64, subs []NewSubject, take room) ([]int64, error) {
	if len(subs) == 0 {
		return nil, nil
	}
	for _, sub := range subs {
		if sub.ID == 0 && (sub.Kind == "" || sub.Key == "" || len(sub.Key) > maxKey || !utf8.ValidString(sub.Key)) {
			return nil, errs.Invalid(i18n.M("party.bad_key", sub.Key, maxKey))
		}
	}
	ids, err := s.find(ctx, tx, subs)
	if err != nil {
		return nil, fmt.Errorf("find subjects: %w", err)
	}
	if err := s.create(ctx, tx, subs, ids); err != nil {
		return nil, fmt.Errorf("create subjects: %w", err)
	}
	all := make([]int64, len(subs))
	for i, sub := range subs {
		if all[i] = sub.ID; sub.ID == 0 {
			all[i] = ids[sub]
		}
	}
	mentioned := slices.Clone(all)
	slices.Sort(mentioned)
	mentioned = slices.Compact(mentioned)
	first, err := take(ctx, tx, src, len(mentioned))
	if err != nil {
		return nil, err
	}
	err = tx.InsertRows(ctx, "party_mention", []string{"source_id", "n", "subject_id"}, func(yield func([]any) bool) {
		for i, id := range mentioned {
			if !yield([]any{src, first + int64(i), id}) {
				return
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("record mentions: %w", err)
	}
	return all, nil
}

const (
	findByKey    = `SELECT id, kind, parent, subject_key FROM subject WHERE parent = 0 AND kind = $1 AND subject_key IN (`
	findByParent = `SELECT id, kind, parent, subject_key FROM subject WHERE parent IN (`
)

// find looks up the subjects without an id: parties by their keys, others by their parents, so that keys which repeat
// below every parent ("1", "2") do not fetch the whole table.
func (s *Store) find(ctx context.Context, tx *store.Tx, subs []NewSubject) (map[NewSubject]int64, error) {
	keys := map[string][]any{} // by kind
	var parents []int64
	for _, sub := range subs {
		switch {
		case sub.ID != 0:
		case sub.Parent == 0:
			keys[sub.Kind] = append(keys[sub.Kind], sub.Key)
		default:
			parents = append(parents, sub.Parent)
		}
	}
	found := map[NewSubject]int64{}
	for kind, list := range keys {
		for batch := range slices.Chunk(list, keyBatch) {
			query := findByKey + placeholders(2, len(batch)) + `)`
			if err := collect(ctx, tx, found, query, append([]any{kind}, batch...)...); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(parents)
	for batch := range slices.Chunk(slices.Compact(parents), keyBatch) {
		args := make([]any, len(batch))
		for i, p := range batch {
			args[i] = p
		}
		if err := collect(ctx, tx, found, findByParent+placeholders(1, len(batch))+`)`, args...); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func placeholders(first, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(list, ", ")
}

func collect(ctx context.Context, tx *store.Tx, found map[NewSubject]int64, query string, args ...any) error {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			id  int64
			sub NewSubject
		)
		if err := rows.Scan(&id, &sub.Kind, &sub.Parent, &sub.Key); err != nil {
			return err
		}
		found[sub] = id
	}
	return rows.Err()
}

// create makes the subjects that were not found and adds them to known.
func (s *Store) create(ctx context.Context, tx *store.Tx, subs []NewSubject, known map[NewSubject]int64) error {
	var fresh []NewSubject
	for _, sub := range subs {
		if _, ok := known[sub]; sub.ID == 0 && !ok {
			known[sub] = 0
			fresh = append(fresh, sub)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	first, err := tx.NextIDs(ctx, int64(len(fresh)))
	if err != nil {
		return err
	}
	return tx.InsertRows(ctx, "subject", []string{"id", "kind", "parent", "subject_key"}, func(yield func([]any) bool) {
		for i, sub := range fresh {
			known[sub] = first + int64(i)
			if !yield([]any{known[sub], sub.Kind, sub.Parent, sub.Key}) {
				return
			}
		}
	})
}

// AppendNames adds names to a pending source. Nothing is known of them before the source is published.
func (s *Store) AppendNames(ctx context.Context, tx *store.Tx, src int64, rows []Name) error {
	for _, r := range rows {
		if err := checkText(r.Name, maxText, r.Place); err != nil {
			return err
		}
		if err := checkSpan(r.From, r.To, r.Place); err != nil {
			return err
		}
	}
	return s.append(ctx, tx, src, "party_name", []string{"subject_id", "name", "former", "from_day", "to_day", "place"}, len(rows),
		func(i int) []any {
			r := rows[i]
			return []any{r.Subject, r.Name, flag(r.Former), dayOrNull(r.From), dayOrNull(r.To), r.Place}
		})
}

// AppendIdentifiers adds identifiers to a pending source.
func (s *Store) AppendIdentifiers(ctx context.Context, tx *store.Tx, src int64, rows []Identifier) error {
	for _, r := range rows {
		if err := checkText(r.Value, maxKey, r.Place); err != nil {
			return err
		}
	}
	return s.append(ctx, tx, src, "party_identifier", []string{"subject_id", "scheme", "value", "sound", "place"}, len(rows),
		func(i int) []any {
			r := rows[i]
			return []any{r.Subject, r.Scheme, r.Value, flag(r.Sound), r.Place}
		})
}

// AppendMemberships adds memberships to a pending source.
func (s *Store) AppendMemberships(ctx context.Context, tx *store.Tx, src int64, rows []Membership) error {
	for _, r := range rows {
		if err := checkText(r.Node, maxNode, r.Place); err != nil {
			return err
		}
		if err := checkSpan(r.From, r.To, r.Place); err != nil {
			return err
		}
	}
	return s.append(ctx, tx, src, "party_membership", []string{"subject_id", "tree", "node", "from_day", "to_day", "place"}, len(rows),
		func(i int) []any {
			r := rows[i]
			return []any{r.Subject, r.Tree, r.Node, dayOrNull(r.From), dayOrNull(r.To), r.Place}
		})
}

func (s *Store) append(ctx context.Context, tx *store.Tx, src int64, table string, cols []string, n int, row func(i int) []any) error {
	if n == 0 {
		return nil
	}
	first, err := s.sources.Stage(ctx, tx, src, n)
	if err != nil {
		return err
	}
	var all iter.Seq[[]any] = func(yield func([]any) bool) {
		for i := range n {
			if !yield(append([]any{src, first + int64(i)}, row(i)...)) {
				return
			}
		}
	}
	if err := tx.InsertRows(ctx, table, append([]string{"source_id", "n"}, cols...), all); err != nil {
		return fmt.Errorf("append to %s: %w", table, err)
	}
	return nil
}

func checkText(s string, limit int, place string) error {
	if strings.TrimSpace(s) == "" || len(s) > limit || !utf8.ValidString(s) || strings.ContainsRune(s, 0) || len(place) > maxText {
		return errs.Invalid(i18n.M("party.bad_text", place, limit))
	}
	return nil
}

func checkSpan(from, to *period.Day, place string) error {
	if from != nil && to != nil && *from > *to {
		return errs.Invalid(i18n.M("party.bad_span", place, from.String(), to.String()))
	}
	return nil
}

func flag(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

func dayOrNull(d *period.Day) any {
	if d == nil {
		return nil
	}
	return int32(*d)
}

// Merging says that one subject stands for another.
type Merging struct {
	From, Into int64 // what is stated about From counts for Into
	Reason     string
}

const (
	mergedInto   = `SELECT into_id FROM party_merged WHERE subject_id = $1`
	insertMerged = `INSERT INTO party_merged (subject_id, into_id) VALUES ($1, $2)`
	deleteMerged = `DELETE FROM party_merged WHERE subject_id = $1`
)

// Merge makes From count for Into from the commit that it gives on. Both must be of one kind, below one parent, and in
// the scope's reach (NotFound otherwise); From must not stand for something else already, nor Into for From (Conflict).
// The history is in the commit log; party_merged is the present state, there to be looked at under the commit's lock.
func (s *Store) Merge(ctx context.Context, reg *Registry, scope access.Scope, m Merging) (seq int64, err error) {
	if err := reg.mayMerge(scope, m.From, m.Into); err != nil {
		return 0, err
	}
	from, into := reg.find(m.From).sub, reg.find(m.Into).sub
	if from.ID == into.ID || from.Kind != into.Kind || reg.Canonical(from.Parent) != reg.Canonical(into.Parent) {
		return 0, errs.Invalid(i18n.M("party.unlike"))
	}
	entry := source.LogEntry{Kind: source.Merge, From: m.From, Into: m.Into, Actor: scope.Account(), Reason: m.Reason}
	return s.sources.Commit(ctx, entry, func(ctx context.Context, tx *store.Tx, _ int64) error {
		if _, taken, err := lookMerged(ctx, tx, m.From); err != nil || taken {
			return conflict(err)
		}
		for at := m.Into; ; {
			next, ok, err := lookMerged(ctx, tx, at)
			if err != nil || ok && next == m.From {
				return conflict(err)
			}
			if !ok {
				break
			}
			at = next
		}
		_, err := tx.Exec(ctx, insertMerged, m.From, m.Into)
		return err
	})
}

// Unmerge takes a merge of From back: from the commit that it gives on, From stands for itself. Conflict when From stands
// for itself already.
func (s *Store) Unmerge(ctx context.Context, reg *Registry, scope access.Scope, from int64, reason string) (seq int64, err error) {
	into, ok := reg.merged[from]
	if !ok {
		return 0, conflict(nil)
	}
	if err := reg.mayMerge(scope, from, into); err != nil {
		return 0, err
	}
	entry := source.LogEntry{Kind: source.Unmerge, From: from, Into: into, Actor: scope.Account(), Reason: reason}
	return s.sources.Commit(ctx, entry, func(ctx context.Context, tx *store.Tx, _ int64) error {
		if now, ok, err := lookMerged(ctx, tx, from); err != nil || !ok || now != into {
			return conflict(err)
		}
		_, err := tx.Exec(ctx, deleteMerged, from)
		return err
	})
}

// conflict is err, or the answer to somebody who looked at an older state.
func conflict(err error) error {
	if err != nil {
		return err
	}
	return errs.Conflict(i18n.M("party.merge_moved_on"))
}

func lookMerged(ctx context.Context, tx *store.Tx, id int64) (into int64, ok bool, err error) {
	rows, err := tx.Query(ctx, mergedInto, id)
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	if rows.Next() {
		ok = true
		if err := rows.Scan(&into); err != nil {
			return 0, false, err
		}
	}
	return into, ok, rows.Err()
}
