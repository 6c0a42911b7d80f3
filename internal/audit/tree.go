package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/yanzhen/yanzhen/internal/store"
)

// blockLevel is from which level on hashes of whole subtrees are kept. Those below are worked out of up to 128 leaves where a
// proof needs them, which takes less than to keep two hashes for each leaf.
const (
	blockLevel = 8
	block      = 1 << blockLevel // leaves
)

// tree is a Merkle tree of which no more is known than how to add to it: the hashes at its right edge, of a whole subtree for
// each bit of its size.
type tree struct {
	size int64
	edge [63]tlog.Hash // by level
}

// ReadHashes makes the edge a reader of stored hashes, of which adding and the root ask for no others.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		if t.size>>level&1 == 0 || t.size>>level-1 != n {
			return nil, fmt.Errorf("audit: hash %d of level %d is not at the edge of a tree of %d", n, level, t.size)
		}
		all[i] = t.edge[level]
	}
	return all, nil
}

// add puts a record at the end; kept is told of every subtree that becomes whole with it.
func (t *tree) add(record tlog.Hash, kept func(level int, n int64, h tlog.Hash)) error {
	whole, err := tlog.StoredHashesForRecordHash(t.size, record, t)
	if err != nil {
		return err
	}
	t.size++
	for level, h := range whole {
		kept(level, t.size>>level-1, h)
	}
	top := len(whole) - 1
	t.edge[top] = whole[top]
	return nil
}

// root is the hash of the whole tree.
func (t *tree) root() (tlog.Hash, error) { return tlog.TreeHash(t.size, t) }

// text is the edge as it is kept: the largest subtree first.
func (t *tree) text() string {
	var words []string
	for level := bits.Len64(uint64(t.size)) - 1; level >= 0; level-- {
		if t.size>>level&1 == 1 {
			words = append(words, t.edge[level].String())
		}
	}
	return strings.Join(words, " ")
}

// errTree is that what is kept of the tree is none.
var errTree = errors.New("audit: the tree that is kept is none")

// parse reads what text writes.
func (t *tree) parse(size int64, edge string) error {
	*t = tree{size: size}
	words := strings.Fields(edge)
	if size < 0 || bits.OnesCount64(uint64(size)) != len(words) {
		return fmt.Errorf("%w: %d leaves, %d hashes at its edge", errTree, size, len(words))
	}
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if size>>level&1 == 0 {
			continue
		}
		h, err := tlog.ParseHash(words[0])
		if err != nil {
			return fmt.Errorf("%w: %w", errTree, err)
		}
		t.edge[level], words = h, words[1:]
	}
	return nil
}

const (
	lockTree   = `UPDATE audit_tree SET size = size WHERE id = 1 RETURNING size, edge`
	readTree   = `SELECT size, edge FROM audit_tree WHERE id = 1`
	keepTree   = `UPDATE audit_tree SET size = $1, edge = $2 WHERE id = 1`
	insertHash = `INSERT INTO audit_hash (level, n, hash) VALUES ($1, $2, $3)`
	isWaiting  = `SELECT CASE WHEN EXISTS (SELECT 1 FROM audit_leaf WHERE n IS NULL) THEN 1 ELSE 0 END`
	// setPlaces gives the leaves that came first their places, from $1 on.
	setPlaces = `UPDATE audit_leaf SET n = $1 + w.i FROM
	(SELECT id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS i FROM (SELECT id FROM audit_leaf WHERE n IS NULL ORDER BY id LIMIT $2) AS f) AS w
	WHERE audit_leaf.id = w.id RETURNING audit_leaf.n, audit_leaf.kind, audit_leaf.ref, audit_leaf.digest`
)

// leaves counts those that have their places and those that wait for one, in one statement: as of one moment.
const leaves = `SELECT size + (SELECT COUNT(*) FROM audit_leaf WHERE n IS NULL) FROM audit_tree WHERE id = 1`

// Leaves is how many leaves the log has, those among them that wait for their places. It grows with whatever is logged and never else:
// while it is the same, so is everything that is logged.
func Leaves(ctx context.Context, q store.Querier) (n int64, err error) {
	if err := q.QueryRow(ctx, leaves).Scan(&n); err != nil {
		return 0, fmt.Errorf("audit: count the leaves: %w", err)
	}
	return n, nil
}

// placedAtOnce is how many leaves get their places in one transaction: others wait for it on SQLite.
const placedAtOnce = 1024

// place gives leaves that wait for it their places in the tree, and is the tree as it stands then and will stand until the
// transaction ends; all says that none was left. Processes that place at a time do it one after the other.
func place(ctx context.Context, tx *store.Tx) (t *tree, all bool, err error) {
	if t, err = readTreeBy(ctx, tx, lockTree); err != nil {
		return nil, false, err
	}
	came, err := placeSome(ctx, tx, t.size)
	if err != nil || len(came) == 0 {
		return t, true, err
	}
	for i := range came {
		if came[i].N != t.size {
			return nil, false, fmt.Errorf("audit: leaf %s %s got place %d in a tree of %d", came[i].Kind, came[i].Ref, came[i].N, t.size)
		}
		var whole []placedHash
		err := t.add(tlog.RecordHash(came[i].record()), func(level int, n int64, h tlog.Hash) {
			if level >= blockLevel {
				whole = append(whole, placedHash{level, n, h})
			}
		})
		if err != nil {
			return nil, false, err
		}
		for _, s := range whole {
			if _, err := tx.Exec(ctx, insertHash, s.level, s.n, s.hash.String()); err != nil {
				return nil, false, fmt.Errorf("keep a hash of the audit log: %w", err)
			}
		}
	}
	if _, err := tx.Exec(ctx, keepTree, t.size, t.text()); err != nil {
		return nil, false, fmt.Errorf("keep the tree of the audit log: %w", err)
	}
	return t, len(came) < placedAtOnce, nil
}

// placeSome gives leaves places from first on, and is these leaves in their order.
func placeSome(ctx context.Context, tx *store.Tx, first int64) (all []Leaf, err error) {
	rows, err := tx.Query(ctx, setPlaces, first, placedAtOnce)
	if err != nil {
		return nil, fmt.Errorf("place leaves of the audit log: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l Leaf
		if err := rows.Scan(&l.N, &l.Kind, &l.Ref, &l.Digest); err != nil {
			return nil, fmt.Errorf("place leaves of the audit log: %w", err)
		}
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b Leaf) int { return cmp.Compare(a.N, b.N) })
	return all, rows.Err()
}

// waiting says that there are leaves without a place.
func waiting(ctx context.Context, q store.Querier) (bool, error) {
	var some bool
	if err := q.QueryRow(ctx, isWaiting).Scan(&some); err != nil {
		return false, fmt.Errorf("look for new leaves of the audit log: %w", err)
	}
	return some, nil
}

// placeAll gives every leaf that there is its place.
func placeAll(ctx context.Context, db *store.DB) error {
	some, err := waiting(ctx, db.Read())
	for all := !some; err == nil && !all; {
		err = db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			_, all, err = place(ctx, tx)
			return err
		})
	}
	return err
}

// insertLeaf puts leaves into the log, which have no place yet.
const insertLeaf = `INSERT INTO audit_leaf (kind, ref, salt, digest) VALUES `

// few is up to how many leaves go in by one statement; more are loaded like any large number of rows.
const few = 8

// insertLeaves is the statement for so many leaves.
var insertLeaves = func() (all [few + 1]string) {
	for n := 1; n <= few; n++ {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf("($%d, $%d, $%d, $%d)", 4*i+1, 4*i+2, 4*i+3, 4*i+4)
		}
		all[n] = insertLeaf + strings.Join(rows, ", ")
	}
	return all
}()

// appendLeaves puts leaves into the log.
func appendLeaves(ctx context.Context, tx *store.Tx, leaves []salted) error {
	switch {
	case len(leaves) == 0:
		return nil
	case len(leaves) <= few:
		args := make([]any, 0, 4*len(leaves))
		for _, l := range leaves {
			args = append(args, l.Kind, l.Ref, l.salt, l.Digest)
		}
		if _, err := tx.Exec(ctx, insertLeaves[len(leaves)], args...); err != nil {
			return fmt.Errorf("log %s %s and %d more: %w", leaves[0].Kind, leaves[0].Ref, len(leaves)-1, err)
		}
		return nil
	}
	return tx.InsertRows(ctx, "audit_leaf", []string{"kind", "ref", "salt", "digest"}, func(yield func([]any) bool) {
		for _, l := range leaves {
			if !yield([]any{l.Kind, l.Ref, l.salt, l.Digest}) {
				return
			}
		}
	})
}

// treeOf is the tree as it stands.
func treeOf(ctx context.Context, q store.Querier) (*tree, error) { return readTreeBy(ctx, q, readTree) }

func readTreeBy(ctx context.Context, q store.Querier, statement string) (*tree, error) {
	var size int64
	var edge string
	if err := q.QueryRow(ctx, statement).Scan(&size, &edge); err != nil {
		return nil, fmt.Errorf("read the tree of the audit log: %w", err)
	}
	t := &tree{}
	return t, t.parse(size, edge)
}

const (
	readHash   = `SELECT hash FROM audit_hash WHERE level = $1 AND n = $2`
	leavesFrom = `SELECT n, kind, ref, salt, digest FROM audit_leaf WHERE n >= $1 AND n < $2 ORDER BY n`
)

// stored reads the hashes of subtrees. It belongs to one goroutine, and remembers the block of leaves that it read last.
type stored struct {
	ctx  context.Context
	q    store.Querier
	at   int64 // number of the block
	last []tlog.Hash
}

func (s *stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		var err error
		if level >= blockLevel {
			var text string
			if err = s.q.QueryRow(s.ctx, readHash, level, n).Scan(&text); err == nil {
				all[i], err = tlog.ParseHash(text)
			}
		} else {
			all[i], err = s.below(level, n)
		}
		if err != nil {
			return nil, fmt.Errorf("read hash %d of level %d of the audit log: %w", n, level, err)
		}
	}
	return all, nil
}

// below is a hash that is worked out of its leaves.
func (s *stored) below(level int, n int64) (tlog.Hash, error) {
	first := n << level
	if s.last == nil || s.at != first/block {
		s.at, s.last = first/block, s.last[:0]
		err := eachLeaf(s.ctx, s.q, s.at*block, (s.at+1)*block, func(l *salted) error {
			s.last = append(s.last, tlog.RecordHash(l.record()))
			return nil
		})
		if err != nil {
			return tlog.Hash{}, err
		}
	}
	from := int(first % block)
	if len(s.last) < from+1<<level {
		return tlog.Hash{}, errors.New("leaves are missing")
	}
	some := append([]tlog.Hash(nil), s.last[from:from+1<<level]...)
	for ; len(some) > 1; some = some[:len(some)/2] {
		for i := range len(some) / 2 {
			some[i] = tlog.NodeHash(some[2*i], some[2*i+1])
		}
	}
	return some[0], nil
}

// eachLeaf hands on the leaves from and up to to, in their order. do asks nothing of the database.
func eachLeaf(ctx context.Context, q store.Querier, from, to int64, do func(*salted) error) (err error) {
	rows, err := q.Query(ctx, leavesFrom, from, to)
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l salted
		if err := rows.Scan(&l.N, &l.Kind, &l.Ref, &l.salt, &l.Digest); err != nil {
			return err
		}
		if err := do(&l); err != nil {
			return err
		}
	}
	return rows.Err()
}
