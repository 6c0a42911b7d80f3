package audit

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Proof shows that a thing, in its canonical form, is what a leaf of the log is about, and that the leaf is in a tree of so many
// leaves.
type Proof struct {
	Leaf
	Salt  string           `json:"salt"` // in hex
	Thing json.RawMessage  `json:"thing"`
	Size  int64            `json:"size"`
	Path  tlog.RecordProof `json:"path"` // hashes beside the way from the leaf to the root, in base64
}

// Line is the proof as a line of JSON, in the one form that Verify takes. The characters that HTML cares for stay as they are, since
// they are part of what was hashed.
func (p Proof) Line() ([]byte, error) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	err := enc.Encode(p)
	return line.Bytes(), err
}

const leafOf = `SELECT n, kind, ref, salt, digest FROM audit_leaf WHERE kind = $1 AND ref = $2 AND n IS NOT NULL`

// Prover proves many things in one tree. It is for one goroutine, over one moment of the database.
type Prover struct {
	q    store.Querier
	tree Checkpoint
	read *stored
}

// NewProver proves within a checkpoint.
func NewProver(ctx context.Context, q store.Querier, c Checkpoint) *Prover {
	return &Prover{q, c, &stored{ctx: ctx, q: q}}
}

// Prove proves a thing. It is an error of NotFound where the log has no leaf of it, or got it after the checkpoint.
func (p *Prover) Prove(ctx context.Context, k *Kind, ref Ref) (Proof, error) {
	var l salted
	err := p.q.QueryRow(ctx, leafOf, k.Name, ref.String()).Scan(&l.N, &l.Kind, &l.Ref, &l.salt, &l.Digest)
	if errors.Is(err, sql.ErrNoRows) || err == nil && l.N >= p.tree.Size {
		return Proof{}, &errs.Error{Kind: errs.KindNotFound, Msg: i18n.M("audit.no_leaf", k.Name, ref.String())}
	}
	if err != nil {
		return Proof{}, fmt.Errorf("read the leaf of %s %s: %w", k.Name, ref, err)
	}
	thing, err := k.Body(ctx, p.q, ref)
	if err != nil {
		return Proof{}, err
	}
	if !l.is(thing) {
		return Proof{}, errs.Conflict(i18n.M("audit.fault_changed", l.N, k.Name, ref.String()))
	}
	path, err := tlog.ProveRecord(p.tree.Size, l.N, p.read)
	if err != nil {
		return Proof{}, fmt.Errorf("prove %s %s: %w", k.Name, ref, err)
	}
	return Proof{l.Leaf, l.salt, thing, p.tree.Size, path}, nil
}

// Check says what is wrong with a proof within a checkpoint; nil where it holds.
func (p *Proof) Check(c Checkpoint) error {
	bad := func(key string) error { return errs.Conflict(i18n.M(key, p.Kind, p.Ref)) }
	thing := &bytes.Buffer{}
	if err := json.Compact(thing, p.Thing); err != nil {
		return bad("audit.proof_thing")
	}
	var named struct{ Kind, Ref string }
	l := salted{p.Leaf, p.Salt}
	switch err := json.Unmarshal(thing.Bytes(), &named); {
	case err != nil, named.Kind != p.Kind, named.Ref != p.Ref, !l.is(thing.Bytes()):
		return bad("audit.proof_thing")
	case p.Size != c.Size:
		return errs.Conflict(i18n.M("audit.proof_size", p.Kind, p.Ref, p.Size, c.Size))
	}
	if err := tlog.CheckRecord(p.Path, c.Size, c.Root, p.N, tlog.RecordHash(p.record())); err != nil {
		return bad("audit.proof_path")
	}
	return nil
}

// Consistency proves that a later tree contains an earlier one: nothing that was there was changed or taken out.
func (p *Prover) Consistency(old Checkpoint) (tlog.TreeProof, error) {
	switch {
	case old.Size > p.tree.Size:
		return nil, errs.Conflict(i18n.M("audit.rolled_back", old.Size, p.tree.Size))
	case old.Size == 0:
		return tlog.TreeProof{}, nil
	}
	return tlog.ProveTree(p.tree.Size, old.Size, p.read)
}

// Consistent says what is wrong with a proof that a later checkpoint contains an earlier one; nil where it holds.
func Consistent(proof tlog.TreeProof, old, later Checkpoint) error {
	switch {
	case old.Origin != later.Origin:
		return errs.Conflict(i18n.M("audit.other_log", old.Origin, later.Origin))
	case old.Size > later.Size:
		return errs.Conflict(i18n.M("audit.rolled_back", old.Size, later.Size))
	case old.Size == 0:
		return nil
	}
	if err := tlog.CheckTree(proof, later.Size, later.Root, old.Size, old.Root); err != nil {
		return errs.Conflict(i18n.M("audit.rewritten", old.Size, later.Size))
	}
	return nil
}

// OfCase is the things of some kinds that belong to a case, as far as they have a place in the log, in its order.
func OfCase(ctx context.Context, q store.Querier, kinds []*Kind, id int64) ([]Proven, error) {
	var all []Proven
	for _, k := range kinds {
		if k.Case == "" {
			continue
		}
		refs, err := refs(ctx, q, `SELECT c.ref, l.n FROM (`+k.Case+`) c JOIN audit_leaf l ON l.kind = $2 AND l.ref = c.ref AND l.n IS NOT NULL ORDER BY l.n`, id, k.Name)
		if err != nil {
			return nil, fmt.Errorf("read what belongs to case %d: %w", id, err)
		}
		for _, r := range refs {
			all = append(all, Proven{k, r.ref, r.n})
		}
	}
	slices.SortFunc(all, func(a, b Proven) int { return int(a.n - b.n) })
	return all, nil
}

// Proven is a thing that can be proven.
type Proven struct {
	Kind *Kind
	Ref  Ref
	n    int64
}

type placed struct {
	ref Ref
	n   int64
}

func refs(ctx context.Context, q store.Querier, query string, args ...any) (all []placed, err error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		var p placed
		if err := rows.Scan(&text, &p.n); err != nil {
			return nil, err
		}
		if p.ref, err = ParseRef(text); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// maxSince is how large a file with a proof of consistency may be, in bytes.
const maxSince = 1 << 20

// Later is a checkpoint with the proof that it contains an earlier one.
type Later struct {
	Since      string         `json:"since"`      // the earlier one, as it was signed
	Checkpoint string         `json:"checkpoint"` // the later one
	Path       tlog.TreeProof `json:"path"`       // hashes, in base64
}

// Since proves that the log, as a checkpoint has it, contains an earlier checkpoint.
func Since(ctx context.Context, q store.Querier, earlier, checkpoint []byte, key string) (Later, error) {
	old, err := OpenCheckpoint(earlier, key)
	if err != nil {
		return Later{}, err
	}
	later, err := OpenCheckpoint(checkpoint, key)
	if err != nil {
		return Later{}, err
	}
	path, err := NewProver(ctx, q, later).Consistency(old)
	if err == nil {
		err = Consistent(path, old, later)
	}
	return Later{string(earlier), string(checkpoint), path}, err
}

// VerifySince verifies what Since proves, against the earlier checkpoint as its keeper has it.
func VerifySince(earlier, proof []byte, key string) (old, later Checkpoint, err error) {
	old, err = OpenCheckpoint(earlier, key)
	if err != nil {
		return old, later, err
	}
	var l Later
	if err := json.Unmarshal(proof, &l); err != nil || len(proof) > maxSince {
		return old, later, errs.Invalid(i18n.M("audit.bad_since"))
	}
	if later, err = OpenCheckpoint([]byte(l.Checkpoint), key); err != nil {
		return old, later, err
	}
	return old, later, Consistent(l.Path, old, later)
}
