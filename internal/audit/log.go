package audit

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "audit", FS: schema}

// Kind is a kind of thing that is logged. What its parts ask for is part of every proof: it never changes. What shall be told
// otherwise is another kind.
type Kind struct {
	Name  string // such as "ledger.transfer"
	Parts []Part
	// All is a query for the refs (column ref) of all things of the kind that there are; such as
	// `SELECT CAST(id AS VARCHAR(100)) AS ref FROM ledger_transfer`.
	All string
	// Case is a query for the refs (column ref) of those that belong to the case $1; "" where none does.
	Case string
	// Holds finds what a dossier holds with a thing of the kind.
	Holds []Hold
	// Gone finds what a thing says was deleted by the rules: a dossier need not hold it.
	Gone []Hold
	// Numbered is the part whose one row has a number n, from 1 on, among those of its case_id; "" where things are not numbered.
	Numbered string
}

// Part is rows of a table that belong to a thing. Its query names columns of whole numbers and texts, tells an order, and takes
// the numbers of the ref as $1, $2 and so on, each of them.
type Part struct{ Name, Query string }

// Ref is the numbers by which a thing of a kind is kept.
type Ref []int64

func (r Ref) String() string {
	words := make([]string, len(r))
	for i, n := range r {
		words[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(words, ".")
}

// ParseRef reads what String writes.
func ParseRef(text string) (Ref, error) {
	var r Ref
	for word := range strings.SplitSeq(text, ".") {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != word {
			return nil, fmt.Errorf("%q is no ref", text)
		}
		r = append(r, n)
	}
	return r, nil
}

// Note has a thing logged that the transaction writes: once, however often it is noted, and as it stands at the end. A thing that
// was logged before is not logged again: its transaction fails.
func Note(tx *store.Tx, k *Kind, ref ...int64) { NoteParts(tx, k, nil, ref...) }

// NoteParts is Note for a thing of which only some parts can have rows, so that no others are asked for, and of which rows are known
// as they are written. nil is all parts, read back. Where the database has other rows all the same, the thing is none that the log
// knows, and Check says so. Parts of a thing that is noted more than once add up.
func NoteParts(tx *store.Tx, k *Kind, parts []Rows, ref ...int64) {
	if unlogged {
		return
	}
	n := tx.AtEnd(noted{}, func() store.Ending { return &notes{} }).(*notes)
	n.add(thing{k, Ref(ref).String(), ref, parts})
}

// Rows is those of a part that can have some.
type Rows struct {
	part    string
	columns []string // nil where they are read back
	row     []any
}

// Read is rows that are read back.
func Read(part string) Rows { return Rows{part: part} }

// Wrote is the one row that a part has, as the transaction writes it: values of type int64 or string, or nil, for all columns that the
// kind asks for, in its order.
func Wrote(part string, columns []string, row ...any) Rows { return Rows{part, columns, row} }

// unlogged is that nothing is logged. Only a build with the tag unlogged sets it, which is there to measure what the log costs.
var unlogged bool

type noted struct{} // key of the ending

type thing struct {
	kind  *Kind
	name  string
	ref   Ref
	parts []Rows // that can have some; nil for all
}

// notes is what a transaction logs, in the order in which it was noted.
type notes struct {
	all  []thing
	seen map[string]int // place in all
}

func (n *notes) add(t thing) {
	key := t.kind.Name + " " + t.name
	if n.seen == nil {
		n.seen = map[string]int{}
	}
	if i, ok := n.seen[key]; ok {
		if was := &n.all[i]; was.parts != nil && t.parts != nil {
			was.parts = slices.Concat(was.parts, t.parts)
		} else {
			was.parts = nil
		}
		return
	}
	n.seen[key] = len(n.all)
	n.all = append(n.all, t)
}

// End logs what was noted.
func (n *notes) End(ctx context.Context, tx *store.Tx) error {
	leaves := make([]salted, 0, len(n.all))
	for _, t := range n.all {
		body, err := t.kind.body(ctx, tx, t.ref, t.parts)
		if err != nil {
			return err
		}
		if body == nil {
			return fmt.Errorf("audit: %s %s is noted and not written", t.kind.Name, t.name)
		}
		leaves = append(leaves, salt(t.kind.Name, t.name, body))
	}
	return appendLeaves(ctx, tx, leaves)
}

// Leaf is what stands in the log about a thing.
type Leaf struct {
	N      int64  `json:"n"` // its place in the log, from 0
	Kind   string `json:"kind"`
	Ref    string `json:"ref"`
	Digest string `json:"digest"` // SHA-256 of the salt and the thing in its canonical form, in hex
}

// record is the leaf as it is hashed into the tree.
func (l *Leaf) record() []byte {
	return []byte("yanzhen audit leaf\n" + l.Kind + "\n" + l.Ref + "\n" + l.Digest + "\n")
}

// salted is a leaf with its salt, in hex, which only those get who may see the thing.
type salted struct {
	Leaf
	salt string
}

const saltSize = 16 // bytes

// salt is a leaf that has no place yet.
func salt(kind, ref string, body []byte) salted {
	var drawn [saltSize]byte
	_, _ = rand.Read(drawn[:]) // never fails
	return salted{Leaf{Kind: kind, Ref: ref, Digest: digest(drawn[:], body)}, hex.EncodeToString(drawn[:])}
}

// digest hashes a thing with its salt.
func digest(salt, body []byte) string {
	h := sha256.New()
	h.Write(salt)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// is says that the leaf is about a thing in this form.
func (l *salted) is(body []byte) bool {
	salt, err := hex.DecodeString(l.salt)
	return err == nil && len(salt) == saltSize && hex.EncodeToString(salt) == l.salt && digest(salt, body) == l.Digest
}

// Body is a thing in its canonical form: a JSON object of its kind, its ref and the rows of each part, each an object, all in the
// order in which the kind asks for them and without blanks. It is nil where the first part has no row: there is no such thing.
func (k *Kind) Body(ctx context.Context, q store.Querier, ref Ref) ([]byte, error) {
	return k.body(ctx, q, ref, nil)
}

// body is Body that asks for some parts alone, and takes the others to have no row; for all where parts is nil.
func (k *Kind) body(ctx context.Context, q store.Querier, ref Ref, parts []Rows) ([]byte, error) {
	args := make([]any, len(ref))
	for i, n := range ref {
		args[i] = n
	}
	b := &body{}
	b.text(`{"kind":`).quoted(k.Name).text(`,"ref":`).quoted(ref.String())
	for i, p := range k.Parts {
		at := slices.IndexFunc(parts, func(r Rows) bool { return r.part == p.Name })
		switch {
		case parts != nil && at < 0:
			b.text(",").quoted(p.Name).text(":[]")
			continue
		case at >= 0 && parts[at].columns != nil:
			b.text(",").quoted(p.Name).text(":[")
			if err := b.row(parts[at].columns, parts[at].row); err != nil {
				return nil, fmt.Errorf("audit: %s of %s %s: %w", p.Name, k.Name, ref, err)
			}
			b.text("]")
			continue
		}
		n, err := b.part(ctx, q, p, args)
		if err != nil {
			return nil, fmt.Errorf("audit: read %s of %s %s: %w", p.Name, k.Name, ref, err)
		}
		if i == 0 && n == 0 {
			return nil, nil
		}
	}
	b.text("}")
	return b.Bytes(), b.err
}

// body is a canonical form while it is written.
type body struct {
	bytes.Buffer
	err error
}

func (b *body) text(s string) *body {
	b.WriteString(s)
	return b
}

func (b *body) quoted(s string) *body {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	b.err = errors.Join(b.err, enc.Encode(s))
	b.Write(bytes.TrimSuffix(line.Bytes(), []byte("\n")))
	return b
}

// part writes the rows of a part, and says how many there are.
func (b *body) part(ctx context.Context, q store.Querier, p Part, args []any) (n int, err error) {
	rows, err := q.Query(ctx, p.Query, args...)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	b.text(",").quoted(p.Name).text(":[")
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		if n > 0 {
			b.text(",")
		}
		if err := b.row(names, values); err != nil {
			return n, err
		}
	}
	b.text("]")
	return n, rows.Err()
}

// row writes a row.
func (b *body) row(names []string, values []any) error {
	if len(values) != len(names) {
		return fmt.Errorf("%d values for %d columns", len(values), len(names))
	}
	for i, name := range names {
		b.text([]string{"{", ","}[min(i, 1)]).quoted(name).text(":")
		switch v := values[i].(type) {
		case int64:
			b.text(strconv.FormatInt(v, 10))
		case string:
			b.quoted(v)
		case nil:
			b.text("null")
		default:
			return fmt.Errorf("column %s is a %T", name, v)
		}
	}
	b.text("}")
	return nil
}
