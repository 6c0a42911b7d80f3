package fact

import (
	"context"
	"embed"
	"fmt"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations is the schema of this package.
var Migrations = store.Migrations{Package: "fact", FS: files}

// Value is what was stated, on the scale of the definition's type: money in fen, rates in parts per million, decimals
// in millionths, whole numbers as they are, bool 0 or 1, dates in days since 1970-01-01; text and codes in Text.
type Value struct {
	Num  int64
	Text string
}

// State is whether there is a value. Its numbers are stored.
type State uint8

// The states. Unknown is the zero value: nobody stated anything.
const (
	Unknown  State = iota
	Present        // there is a value
	Missing        // said to be missing: it exists, the sender does not have it
	None           // said not to apply: there is nothing to know
	Withheld       // not given: the sender keeps it back, or the reader may not see it
)

func (s State) String() string {
	return [...]string{"unknown", "present", "missing", "none", "withheld"}[s]
}

// Precision is how exact a value claims to be. Its numbers are stored.
type Precision uint8

// The precisions. Exact is the zero value.
const (
	Exact   Precision = iota
	Approx            // about (约)
	AtLeast           // at least (不少于, …以上)
)

func (p Precision) String() string { return [...]string{"exact", "approx", "at_least"}[p] }

// Status is how far a statement was examined. Its numbers are stored.
type Status uint8

// The statuses. Reported is the zero value.
const (
	Reported  Status = iota // as its source says
	Verified                // checked against evidence
	Estimated               // worked out from other figures
	Erased                  // deleted by the rules: its state is Withheld (Store.Erase); nobody states it
)

func (s Status) String() string { return [...]string{"reported", "verified", "estimated", "erased"}[s] }

// Statement is that somebody said something: Def has Value for Subject in Period.
type Statement struct {
	Source    int64 // given by the store
	N         int64 // number within the source, in the order of appending; given by the store
	Subject   int64
	Def       string // code of a fact definition
	Period    period.Period
	State     State
	Value     Value
	Precision Precision
	Status    Status
	Place     string // where in the source: "Sheet1!C12"
	Shown     string // as the sender wrote it: "1,234.5万元"
}

// Store appends statements.
type Store struct {
	db      *store.DB
	sources *source.Store
	lib     *content.Library
	columns *columnKeys
	pending *pending
}

// NewStore is the store over a database that Migrations were applied to.
func NewStore(db *store.DB, sources *source.Store, lib *content.Library) *Store {
	sources.Owns("fact")
	return &Store{db: db, sources: sources, lib: lib, columns: &columnKeys{}, pending: newPending()}
}

const (
	// chunkRows is how many statements go into one transaction, so that other writers get their turn.
	chunkRows = 20_000
	// maxText is the longest text, place or shown text in bytes.
	maxText = 4000
)

const lastRow = `SELECT COALESCE(MAX(n), 0) FROM fact WHERE source_id = $1`

var factColumns = []string{"source_id", "n", "subject_id", "column_id", "state", "status", "precise", "num", "text", "place", "shown"}

// Append adds statements to a pending source, in transactions of some thousand; nothing of it is known before the
// source is published. All of them are checked before the first is written: an Invalid error names the statement by
// its place. A source that is no longer pending refuses (Conflict).
func (s *Store) Append(ctx context.Context, src int64, statements []Statement) error {
	for i := range statements {
		if err := s.check(&statements[i]); err != nil {
			return err
		}
	}
	for len(statements) > 0 {
		n := min(len(statements), chunkRows)
		if err := s.appendChunk(ctx, src, statements[:n]); err != nil {
			return fmt.Errorf("append statements to source %d: %w", src, err)
		}
		statements = statements[n:]
	}
	return nil
}

func (s *Store) appendChunk(ctx context.Context, src int64, chunk []Statement) error {
	ids, err := s.columns.ensure(ctx, s.db, chunk)
	if err != nil {
		return err
	}
	var before, n int64
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if n, err = s.sources.Stage(ctx, tx, src, len(chunk)); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, lastRow, src).Scan(&before); err != nil {
			return err
		}
		return insertFacts(ctx, tx, src, n, chunk, ids)
	})
	if err == nil {
		s.pending.add(src, before, n, chunk, ids)
	}
	return err
}

// insertFacts writes statements under a source, the first of them with the number n.
func insertFacts(ctx context.Context, tx *store.Tx, src, n int64, chunk []Statement, columns []int64) error {
	return tx.InsertRows(ctx, "fact", factColumns, func(yield func([]any) bool) {
		row := make([]any, len(factColumns))
		for i := range chunk {
			f := &chunk[i]
			row[0], row[1], row[2], row[3] = src, n+int64(i), f.Subject, columns[i]
			row[4], row[5], row[6] = int64(f.State), int64(f.Status), int64(f.Precision)
			row[7], row[8], row[9], row[10] = f.Value.Num, f.Value.Text, f.Place, f.Shown
			if !yield(row) {
				return
			}
		}
	})
}

// Say adds statements to a source that the same transaction has made known (source.Store.Say). They are checked like
// those of Append.
func (s *Store) Say(ctx context.Context, tx *store.Tx, src int64, statements []Statement) error {
	for i := range statements {
		if err := s.check(&statements[i]); err != nil {
			return err
		}
	}
	if len(statements) == 0 {
		return nil
	}
	columns, err := s.columns.ensureIn(ctx, tx, statements)
	if err != nil {
		return err
	}
	n, err := s.sources.Grow(ctx, tx, src, len(statements))
	if err != nil {
		return err
	}
	return insertFacts(ctx, tx, src, n, statements, columns)
}

// check is what every statement must keep; bounds, code lists and the sender's words are the importer's business.
func (s *Store) check(f *Statement) error {
	def, ok := s.lib.FactDef(f.Def)
	if !ok {
		return errs.Invalid(i18n.M("fact.no_definition", f.Place, f.Def))
	}
	if (def.Period == period.Always) != (f.Period.Kind() == period.Always) {
		return errs.Invalid(i18n.M("fact.wrong_period", f.Place, def.Name, f.Period.String()))
	}
	if f.State == Unknown || f.State > Withheld || f.Precision > AtLeast || f.Status > Estimated {
		return errs.Invalid(i18n.M("fact.wrong_state", f.Place, def.Name))
	}
	if f.State != Present && f.Value != (Value{}) || isText(def) && f.Value.Num != 0 || !isText(def) && f.Value.Text != "" {
		return errs.Invalid(i18n.M("fact.wrong_value", f.Place, def.Name))
	}
	for _, t := range [...]string{f.Value.Text, f.Place, f.Shown} {
		if len(t) > maxText || !utf8.ValidString(t) {
			return errs.Invalid(i18n.M("fact.wrong_text", f.Place, def.Name, maxText))
		}
	}
	return nil
}

// isText says that values of the definition stand in Value.Text.
func isText(def content.FactDef) bool { return def.Type == content.Text || def.Type == content.Code }
