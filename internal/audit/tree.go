package audit

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
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

// parse reads what text writes.
func (t *tree) parse(size int64, edge string) error {
	*t = tree{size: size}
	words := strings.Fields(edge)
	if size < 0 || bits.OnesCount64(uint64(size)) != len(words) {
		return fmt.Errorf("audit: a tree of %d has %d hashes at its edge", size, len(words))
	}
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if size>>level&1 == 0 {
			continue
		}
		h, err := tlog.ParseHash(words[0])
		if err != nil {
			return fmt.Errorf("audit: edge of the tree: %w", err)
		}
		t.edge[level], words = h, words[1:]
	}
	return nil
}

const (
	lockTree   = `UPDATE audit_tree SET size = size + $1 WHERE id = 1 RETURNING size, edge`
	readTree   = `SELECT size, edge FROM audit_tree WHERE id = 1`
	keepEdge   = `UPDATE audit_tree SET edge = $1 WHERE id = 1`
	insertLeaf = `INSERT INTO audit_leaf (n, kind, ref, salt, digest) VALUES `
	insertHash = `INSERT INTO audit_hash (level, n, hash) VALUES ($1, $2, $3)`
)

// appendLeaves puts leaves at the end of the log, and gives each its place.
func appendLeaves(ctx context.Context, tx *store.Tx, leaves []salted) error {
	if len(leaves) == 0 {
		return nil
	}
	t, err := lockedTree(ctx, tx, len(leaves))
	if err != nil {
		return err
	}
	type subtree struct {
		level int
		n     int64
		hash  tlog.Hash
	}
	var whole []subtree
	for i := range leaves {
		l := &leaves[i]
		l.N = t.size
		err := t.add(tlog.RecordHash(l.record()), func(level int, n int64, h tlog.Hash) {
			if level >= blockLevel {
				whole = append(whole, subtree{level, n, h})
			}
		})
		if err != nil {
			return err
		}
	}
	if len(leaves) <= few {
		args := make([]any, 0, 5*len(leaves))
		for _, l := range leaves {
			args = append(args, l.N, l.Kind, l.Ref, l.salt, l.Digest)
		}
		if _, err := tx.Exec(ctx, insertLeaves[len(leaves)], args...); err != nil {
			return fmt.Errorf("log %s %s and %d more: %w", leaves[0].Kind, leaves[0].Ref, len(leaves)-1, err)
		}
	} else if err := tx.InsertRows(ctx, "audit_leaf", []string{"n", "kind", "ref", "salt", "digest"}, func(yield func([]any) bool) {
		for _, l := range leaves {
			if !yield([]any{l.N, l.Kind, l.Ref, l.salt, l.Digest}) {
				return
			}
		}
	}); err != nil {
		return err
	}
	for _, s := range whole {
		if _, err := tx.Exec(ctx, insertHash, s.level, s.n, s.hash.String()); err != nil {
			return fmt.Errorf("keep a hash of the audit log: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, keepEdge, t.text()); err != nil {
		return fmt.Errorf("keep the edge of the audit log: %w", err)
	}
	return nil
}

// few is up to how many leaves go in by one statement: others wait for each round trip to a server while the tree is locked.
const few = 8

// insertLeaves is the statement for so many leaves.
var insertLeaves = func() (all [few + 1]string) {
	for n := 1; n <= few; n++ {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf("($%d, $%d, $%d, $%d, $%d)", 5*i+1, 5*i+2, 5*i+3, 5*i+4, 5*i+5)
		}
		all[n] = insertLeaf + strings.Join(rows, ", ")
	}
	return all
}()

// treeOf is the tree as it stands.
func treeOf(ctx context.Context, q store.Querier) (*tree, error) {
	return readTreeBy(ctx, q, 0, readTree)
}

// lockedTree is the tree as it stands and will stand until the transaction ends, but for the leaves that it is to be given, which are
// counted in already.
func lockedTree(ctx context.Context, tx *store.Tx, coming int) (*tree, error) {
	return readTreeBy(ctx, tx, int64(coming), lockTree, coming)
}

func readTreeBy(ctx context.Context, q store.Querier, coming int64, statement string, args ...any) (*tree, error) {
	var size int64
	var edge string
	if err := q.QueryRow(ctx, statement, args...).Scan(&size, &edge); err != nil {
		return nil, fmt.Errorf("read the tree of the audit log: %w", err)
	}
	t := &tree{}
	return t, t.parse(size-coming, edge)
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
