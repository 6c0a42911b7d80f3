package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"strings"
)

// Tx is a transaction in progress. It belongs to the goroutine of its write function and ends with it.
type Tx struct {
	db   *DB
	tx   *sql.Tx
	conn *sql.Conn // of tx, for bulk loading on PostgreSQL
	kept *kept     // statements of the writer of SQLite; nil on PostgreSQL, whose driver keeps its own
	err  error     // of the first statement that failed
	rows int64     // changed so far
	ends []ending
}

// Ending writes what comes last in a transaction, after all that its function wrote and before it commits. A lock that it takes
// is held for no longer than the commit, and nobody who waits for it holds up another.
type Ending interface {
	End(ctx context.Context, tx *Tx) error
}

type ending struct {
	key any
	Ending
}

// AtEnd is the ending that the transaction has under a key; begin makes it where there is none yet. Endings are asked in the
// order in which they came.
func (tx *Tx) AtEnd(key any, begin func() Ending) Ending {
	for _, e := range tx.ends {
		if e.key == key {
			return e.Ending
		}
	}
	e := ending{key, begin()}
	tx.ends = append(tx.ends, e)
	return e.Ending
}

// end asks the endings, those among them that an ending brought with it.
func (tx *Tx) end(ctx context.Context) error {
	for n := 0; n < len(tx.ends); n++ {
		if err := tx.ends[n].End(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// note remembers the first failure, after which the transaction can only be rolled back.
func (tx *Tx) note(err error) error {
	if err != nil && tx.err == nil {
		tx.err = err
	}
	return tx.db.note(err)
}

// ready says why no further statement may run, and gives the context to hand to the driver: on SQLite one that does
// not end, because an interrupted statement would roll back the whole group of transactions committed together.
func (tx *Tx) ready(ctx context.Context) (context.Context, error) {
	if tx.err == nil {
		tx.err = ctx.Err()
	}
	if tx.db.dialect == sqlite {
		ctx = context.WithoutCancel(ctx)
	}
	return ctx, tx.err
}

// finish is the outcome of a write function that returned err: nothing may be kept when a statement has failed or the
// caller has gone.
func (tx *Tx) finish(ctx context.Context, err error) error {
	if err == nil {
		err = tx.err
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// Exec runs a statement and returns how many rows it changed.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx, err := tx.ready(ctx)
	if err != nil {
		return 0, err
	}
	var res sql.Result
	if tx.kept != nil {
		res, err = tx.kept.exec(ctx, tx.tx, query, args)
	} else {
		res, err = tx.tx.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return 0, tx.note(err)
	}
	n, err := res.RowsAffected()
	tx.rows += n
	return n, tx.note(err)
}

// Query runs a query. On PostgreSQL the rows must be read to the end or closed before the next statement.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	ctx, err := tx.ready(ctx)
	if err != nil {
		return nil, err
	}
	var (
		rows *sql.Rows
		done func()
	)
	if tx.kept != nil {
		rows, done, err = tx.kept.query(ctx, tx.tx, query, args)
	} else {
		rows, err = tx.tx.QueryContext(ctx, query, args...)
	}
	if err != nil {
		return nil, tx.note(err)
	}
	return &Rows{Rows: rows, note: tx.note, done: done}, nil
}

// QueryRow runs a query and keeps its first row.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *Row {
	rows, err := tx.Query(ctx, query, args...)
	return &Row{rows: rows, err: err}
}

// NextIDs takes n ids that no row has had or will have, first to first+n-1, larger than those taken before by this
// process, so that indexes are appended to. Ids of a transaction that is rolled back are lost.
func (tx *Tx) NextIDs(ctx context.Context, n int64) (first int64, err error) {
	ctx, err = tx.ready(ctx)
	if err != nil {
		return 0, err
	}
	if n < 1 {
		return 0, fmt.Errorf("take %d ids", n)
	}
	first, err = tx.db.ids.take(ctx, tx, n)
	if err != nil {
		return 0, fmt.Errorf("take %d ids: %w", n, tx.note(err))
	}
	return first, nil
}

// TakeSeq allots the next number of the commit sequence to the transaction, and holds the lock on it to the end: for a
// Write that finds out on the way that it changes what is known. It comes after all locks on rows that Commits of the
// same process do not take first.
func (tx *Tx) TakeSeq(ctx context.Context) (seq int64, err error) {
	if _, err := tx.Exec(ctx, takeSeq); err != nil {
		return 0, fmt.Errorf("take commit sequence: %w", err)
	}
	if err := tx.QueryRow(ctx, readSeq).Scan(&seq); err != nil {
		return 0, fmt.Errorf("read commit sequence: %w", err)
	}
	return seq, nil
}

const advisoryLock = `SELECT pg_advisory_xact_lock($1)`

// Lock waits until no other transaction holds the lock of this name, and holds it to the end: for one that looks
// whether something is there before it writes, where there is no row to lock. On SQLite there is nothing to do, since
// transactions run one after another.
func (tx *Tx) Lock(ctx context.Context, name string) error {
	if tx.db.dialect == sqlite {
		return ctx.Err()
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	if _, err := tx.Exec(ctx, advisoryLock, int64(h.Sum64())); err != nil {
		return fmt.Errorf("lock %s: %w", name, err)
	}
	return nil
}

// InsertRows inserts many rows, each a value for every column of cols; the slice may be reused between two yields.
// It is the fast way in: statements of many rows on SQLite, COPY on PostgreSQL, where therefore a value must have
// the column's own type (an int64 or a named integer for BIGINT, a string for TEXT, nil for NULL).
//
// Rows that go in by the hundred thousand belong into several transactions of some 20,000, so that others get their
// turn.
func (tx *Tx) InsertRows(ctx context.Context, table string, cols []string, rows iter.Seq[[]any]) error {
	ctx, err := tx.ready(ctx)
	if err != nil {
		return err
	}
	insert := tx.insertMany
	if tx.db.dialect == postgres {
		insert = tx.copyIn
	}
	if err := insert(ctx, table, cols, rows); err != nil {
		return fmt.Errorf("insert into %s: %w", table, tx.note(err))
	}
	return nil
}

// bulkRows is how many rows one INSERT carries: enough that its fixed cost no longer shows, few enough that its
// parameters stay far below SQLite's limit of 32,766.
const bulkRows = 64

func (tx *Tx) insertMany(ctx context.Context, table string, cols []string, rows iter.Seq[[]any]) (err error) {
	many, err := tx.tx.PrepareContext(ctx, insertSQL(table, cols, bulkRows))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, many.Close()) }()
	args := make([]any, 0, bulkRows*len(cols))
	for row := range rows {
		if len(row) != len(cols) {
			return errWidth(row, cols)
		}
		args = append(args, row...)
		if len(args) < cap(args) {
			continue
		}
		if _, err := many.ExecContext(ctx, args...); err != nil {
			return err
		}
		tx.rows += bulkRows
		args = args[:0]
	}
	if len(args) == 0 {
		return nil
	}
	rest := len(args) / len(cols)
	tx.rows += int64(rest)
	_, err = tx.tx.ExecContext(ctx, insertSQL(table, cols, rest), args...)
	return err
}

func errWidth(row []any, cols []string) error {
	return fmt.Errorf("a row has %d values for %d columns", len(row), len(cols))
}

// insertSQL is the one statement with ? in place of $1: SQLite takes a numbered placeholder for a name, and the driver
// would look up each of them.
func insertSQL(table string, cols []string, rows int) string {
	row := "(" + strings.Repeat("?, ", len(cols)-1) + "?)"
	return "INSERT INTO " + table + " (" + strings.Join(cols, ", ") + ") VALUES " + strings.Repeat(row+", ", rows-1) + row
}
