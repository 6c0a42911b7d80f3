package audit

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Fault is what the log and the database differ in.
type Fault struct {
	Kind, Ref string // of the thing; "" where it is the log itself
	Msg       i18n.Msg
}

func (f Fault) String() string { return f.Msg.Key + " " + f.Kind + " " + f.Ref }

// Checked is what a walk over the log came to.
type Checked struct {
	Leaves, Checkpoints int64
	Head                Checkpoint
	Faults              []Fault // the first maxFaults
	Found               int     // faults, all of them
}

const maxFaults = 1000

func (c *Checked) fault(kind, ref, key string, args ...any) {
	if c.Found++; len(c.Faults) < maxFaults {
		c.Faults = append(c.Faults, Fault{kind, ref, i18n.M(key, args...)})
	}
}

const (
	readCheckpoints = `SELECT size, key, note FROM audit_checkpoint ORDER BY size, key`
	readHashes      = `SELECT hash FROM audit_hash WHERE level = $1 AND n = $2`
	countHashes     = `SELECT COUNT(*) FROM audit_hash`
	readAdopted     = `SELECT adopted FROM audit_tree WHERE id = 1`
	// missing is the things that no leaf is about; All stands in the middle.
	missing     = `SELECT a.ref, 0 FROM (`
	missingRest = `) a LEFT JOIN audit_leaf l ON l.kind = $1 AND l.ref = a.ref WHERE l.ref IS NULL ORDER BY a.ref`
	walkStep    = 512
)

// Check walks over the log: that its leaves make the tree, that every checkpoint is a head that it had and is signed by the key
// that it names, that each thing is what its leaf says, and that each thing has a leaf. Leaves that came before it are placed first;
// then it reads one moment of the database.
func Check(ctx context.Context, db *store.DB, kinds []*Kind) (*Checked, error) {
	c := &Checked{}
	origin, err := Origin(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := placeAll(ctx, db); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("check the audit log: %w", err)
		}
		if !errors.Is(err, errTree) { // which the walk finds
			c.fault("", "", "audit.fault_tree", err.Error())
		}
	}
	err = db.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		if err := c.walk(ctx, q, origin, byName(kinds)); err != nil {
			return err
		}
		return c.missing(ctx, q, kinds)
	})
	if err != nil {
		return nil, fmt.Errorf("check the audit log: %w", err)
	}
	return c, nil
}

func byName(kinds []*Kind) map[string]*Kind {
	all := map[string]*Kind{}
	for _, k := range kinds {
		all[k.Name] = k
	}
	return all
}

// signed is a checkpoint that is kept.
type signed struct {
	size      int64
	key, note string
}

func (c *Checked) walk(ctx context.Context, q store.Querier, origin string, kinds map[string]*Kind) error {
	heads, err := readSigned(ctx, q)
	if err != nil {
		return err
	}
	head, err := treeOf(ctx, q)
	if err != nil {
		c.fault("", "", "audit.fault_tree", err.Error())
		head = &tree{}
	}
	t, kept := &tree{}, int64(0)
	for {
		if heads, err = c.heads(heads, t, origin); err != nil {
			return err
		}
		var some []salted // statements do not overlap
		err := eachLeaf(ctx, q, t.size, t.size+walkStep, func(l *salted) error {
			some = append(some, *l)
			return nil
		})
		if err != nil {
			return err
		}
		if len(some) == 0 {
			break
		}
		for i := range some {
			l := &some[i]
			if l.N != t.size {
				c.fault("", "", "audit.fault_gap", t.size)
				return nil // nothing of what follows can be held against the tree
			}
			if heads, err = c.heads(heads, t, origin); err != nil {
				return err
			}
			var whole []placedHash
			err := t.add(tlog.RecordHash(l.record()), func(level int, n int64, h tlog.Hash) {
				if level >= blockLevel {
					whole = append(whole, placedHash{level, n, h})
				}
			})
			if err != nil {
				return err
			}
			for _, s := range whole {
				kept++
				if err := c.kept(ctx, q, s); err != nil {
					return err
				}
			}
			if err := c.thing(ctx, q, l, kinds[l.Kind]); err != nil {
				return err
			}
		}
	}
	c.Leaves = t.size
	var hashes int64
	if err := q.QueryRow(ctx, countHashes).Scan(&hashes); err != nil {
		return err
	}
	root, err := t.root()
	if err != nil {
		return err
	}
	c.Head = Checkpoint{origin, t.size, root}
	if hashes != kept || head.size != t.size || head.text() != t.text() {
		c.fault("", "", "audit.fault_head", t.size, head.size)
	}
	for _, h := range heads { // beyond the end
		c.fault("", "", "audit.fault_checkpoint_lost", h.size, t.size)
	}
	return nil
}

type placedHash struct {
	level int
	n     int64
	hash  tlog.Hash
}

// kept holds a hash of a subtree against the one that is kept.
func (c *Checked) kept(ctx context.Context, q store.Querier, s placedHash) error {
	text, err := texts(ctx, q, readHashes, s.level, s.n)
	if err != nil {
		return err
	}
	if len(text) != 1 || text[0] != s.hash.String() {
		c.fault("", "", "audit.fault_hash", s.n<<s.level, (s.n+1)<<s.level-1)
	}
	return nil
}

// heads holds the checkpoints of the size that the tree has against it, and gives those that come later.
func (c *Checked) heads(all []signed, t *tree, origin string) ([]signed, error) {
	for len(all) > 0 && all[0].size == t.size {
		s := all[0]
		all = all[1:]
		c.Checkpoints++
		root, err := t.root()
		if err != nil {
			return nil, err
		}
		if is, err := OpenCheckpoint([]byte(s.note), s.key); err != nil || is != (Checkpoint{origin, t.size, root}) {
			c.fault("", "", "audit.fault_checkpoint", s.size)
		}
	}
	return all, nil
}

func readSigned(ctx context.Context, q store.Querier) (all []signed, err error) {
	rows, err := q.Query(ctx, readCheckpoints)
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var s signed
		if err := rows.Scan(&s.size, &s.key, &s.note); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

func texts(ctx context.Context, q store.Querier, query string, args ...any) (all []string, err error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

// thing holds what a leaf is about against the leaf.
func (c *Checked) thing(ctx context.Context, q store.Querier, l *salted, k *Kind) error {
	ref, err := ParseRef(l.Ref)
	if k == nil || err != nil {
		c.fault(l.Kind, l.Ref, "audit.fault_unknown", l.N, l.Kind, l.Ref)
		return nil
	}
	body, err := k.Body(ctx, q, ref)
	switch {
	case err != nil:
		return err
	case body == nil:
		c.fault(l.Kind, l.Ref, "audit.fault_gone", l.N, l.Kind, l.Ref)
	case !l.is(body):
		c.fault(l.Kind, l.Ref, "audit.fault_changed", l.N, l.Kind, l.Ref)
	}
	return nil
}

// missing finds things that were written past the log.
func (c *Checked) missing(ctx context.Context, q store.Querier, kinds []*Kind) error {
	var adopted int64
	if err := q.QueryRow(ctx, readAdopted).Scan(&adopted); err != nil || adopted == 0 {
		return err // what is there has not been logged yet
	}
	for _, k := range kinds {
		all, err := refs(ctx, q, missing+k.All+missingRest, k.Name)
		if err != nil {
			return fmt.Errorf("look for %s: %w", k.Name, err)
		}
		for _, p := range all {
			c.fault(k.Name, p.ref.String(), "audit.fault_missing", k.Name, p.ref.String())
		}
	}
	return nil
}

const setAdopted = `UPDATE audit_tree SET adopted = $1 WHERE id = 1 AND adopted = 0`

// adoptedAtOnce is how many things that were there before the log are logged in one transaction.
const adoptedAtOnce = 500

// Adopt logs what had been there before the log was: once in the life of a database, when it is first opened by a version that has
// one. Of these things the log shows that nothing was changed since.
func Adopt(ctx context.Context, db *store.DB, kinds []*Kind, now clock.Clock) error {
	var adopted int64
	if err := db.Read().QueryRow(ctx, readAdopted).Scan(&adopted); err != nil || adopted != 0 {
		return err
	}
	for _, k := range kinds {
		all, err := refs(ctx, db.Read(), missing+k.All+missingRest, k.Name)
		if err != nil {
			return fmt.Errorf("look for %s: %w", k.Name, err)
		}
		for len(all) > 0 {
			some := all[:min(adoptedAtOnce, len(all))]
			all = all[len(some):]
			err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				for _, p := range some {
					Note(tx, k, p.ref...)
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("log what was there of %s: %w", k.Name, err)
			}
		}
	}
	err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, setAdopted, now.Millis())
		return err
	})
	if err != nil {
		return fmt.Errorf("note that the audit log has begun: %w", err)
	}
	return nil
}
