package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

//go:embed migrations/*.sql
var ownSchema embed.FS

// step is one statement of a package's schema.
type step struct {
	pkg    string
	number int    // 1, 2, 3 … over all files of the package
	file   string // for messages
	text   string
}

// forOne are the lines by which a statement is for one database alone.
var forOne = map[string]dialect{"-- sqlite:": sqlite, "-- postgres:": postgres}

// runs says that the step is for this database.
func (s step) runs(d dialect) bool {
	first, _, _ := strings.Cut(s.text, "\n")
	only, ok := forOne[strings.TrimSpace(first)]
	return !ok || only == d
}

// digest tells whether a step is still the one that was applied.
func (s step) digest() string {
	sum := sha256.Sum256([]byte(s.text))
	return hex.EncodeToString(sum[:8])
}

const (
	createSteps = `CREATE TABLE IF NOT EXISTS schema_step (
  package VARCHAR(64) NOT NULL,
  step    INTEGER     NOT NULL,
  digest  VARCHAR(64) NOT NULL,
  PRIMARY KEY (package, step)
)`
	lockSteps   = `LOCK TABLE schema_step IN EXCLUSIVE MODE`
	readSteps   = `SELECT package, step, digest FROM schema_step ORDER BY package, step`
	readStep    = `SELECT COUNT(*) FROM schema_step WHERE package = $1 AND step = $2`
	recordSteps = `INSERT INTO schema_step (package, step, digest) VALUES ($1, $2, $3)`
)

// migrate applies the steps that the database does not have yet, each in a transaction with the row that says so: a
// process that is stopped between two goes on where it was, and several that start at a time do each step once.
func (db *DB) migrate(ctx context.Context, migrations []Migrations) error {
	all := append([]Migrations{{Package: "store", FS: ownSchema}}, migrations...)
	var steps []step
	for _, m := range all {
		s, err := m.steps()
		if err != nil {
			return fmt.Errorf("migrations of %s: %w", m.Package, err)
		}
		steps = append(steps, s...)
	}
	applied, err := db.appliedSteps(ctx)
	if err != nil { // it is not there yet; who may make no tables serves a database where it is
		err = db.Write(ctx, func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, createSteps)
			return err
		})
		if err != nil {
			return fmt.Errorf("create schema_step: %w", err)
		}
		if applied, err = db.appliedSteps(ctx); err != nil {
			return err
		}
	}
	known := map[stepKey]bool{}
	for _, s := range steps {
		key := stepKey{s.pkg, s.number}
		known[key] = true
		digest, done := applied[key]
		if done && digest != s.digest() {
			return errs.Conflict(i18n.M("store.schema_differs", s.file, s.number))
		}
	}
	for key := range applied {
		if !known[key] {
			return errs.Conflict(i18n.M("store.newer", key.pkg, key.number))
		}
	}
	for _, s := range steps {
		if _, done := applied[stepKey{s.pkg, s.number}]; done {
			continue
		}
		if err := db.apply(ctx, s); err != nil {
			return fmt.Errorf("migrate %s, step %d (%s): %w", s.pkg, s.number, s.file, err)
		}
	}
	return nil
}

type stepKey struct {
	pkg    string
	number int
}

func (db *DB) appliedSteps(ctx context.Context) (map[stepKey]string, error) {
	rows, err := db.Read().Query(ctx, readSteps)
	if err != nil {
		return nil, fmt.Errorf("read schema_step: %w", err)
	}
	defer rows.Close()
	applied := map[stepKey]string{}
	for rows.Next() {
		var key stepKey
		var digest string
		if err := rows.Scan(&key.pkg, &key.number, &digest); err != nil {
			return nil, fmt.Errorf("read schema_step: %w", err)
		}
		applied[key] = digest
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read schema_step: %w", err)
	}
	return applied, nil
}

func (db *DB) apply(ctx context.Context, s step) error {
	return db.Write(ctx, func(ctx context.Context, tx *Tx) error {
		if db.dialect == postgres {
			if _, err := tx.Exec(ctx, lockSteps); err != nil {
				return err
			}
		}
		var done int
		if err := tx.QueryRow(ctx, readStep, s.pkg, s.number).Scan(&done); err != nil {
			return err
		}
		if done > 0 {
			return nil
		}
		if s.runs(db.dialect) {
			if _, err := tx.Exec(ctx, s.text); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, recordSteps, s.pkg, s.number, s.digest())
		return err
	})
}

// steps splits the files, in the order of their numbers, into statements.
func (m Migrations) steps() ([]step, error) {
	names, err := fs.Glob(m.FS, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no files migrations/NNNN_name.sql")
	}
	numbers := map[string]int{}
	for _, name := range names {
		digits, _, _ := strings.Cut(path.Base(name), "_")
		n, err := strconv.Atoi(digits)
		if err != nil {
			return nil, fmt.Errorf("%s: the name must begin with a number and _", name)
		}
		numbers[name] = n
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(numbers[a], numbers[b]) })
	var steps []step
	for i, name := range names {
		if numbers[name] != i+1 {
			return nil, fmt.Errorf("%s: expected number %04d", name, i+1)
		}
		text, err := fs.ReadFile(m.FS, name)
		if err != nil {
			return nil, err
		}
		for statement := range strings.SplitSeq(string(text)+"\n", ";\n") {
			if statement = strings.TrimSpace(statement); statement != "" {
				steps = append(steps, step{pkg: m.Package, number: len(steps) + 1, file: path.Base(name), text: statement})
			}
		}
	}
	return steps, nil
}
