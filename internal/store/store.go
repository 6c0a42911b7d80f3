package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	lib "modernc.org/sqlite/lib"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Migrations is the schema of one package: the files migrations/NNNN_name.sql of FS, applied in the order of their
// numbers, one statement at a time. A statement ends with ";" at the end of a line. One that begins with the line
// "-- sqlite:" or "-- postgres:" is for that database alone: for triggers, which the two write differently.
type Migrations struct {
	Package string // such as "fact"; the key under which the database remembers what has been applied
	FS      fs.FS
}

// Querier reads: the database as last committed (DB.Read), one moment of it (DB.Snapshot), or a transaction in
// progress (Tx). Rows hold a connection, of which there are few, until they are closed: close them before the next
// question.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (*Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *Row
}

// DB is an open database. It is safe for many goroutines.
type DB struct {
	dialect dialect
	file    string // of SQLite
	readers patient
	asked   *asked // of readers; nil where the driver keeps its statements itself
	engine  engine
	ids     idBlock
	opts    options
	once    sync.Once
	closed  error
}

type dialect int

const (
	sqlite dialect = iota
	postgres
)

// engine is what differs between the databases: how a write function gets its transaction and how it is committed.
type engine interface {
	write(ctx context.Context, fn func(context.Context, *Tx) error) error
	wipe(ctx context.Context, tables []string) error
	close() error
}

// options are what tests change. The zero value is replaced by the product's settings.
type options struct {
	exit            func(code int) // ends the process
	checkpointPages int            // pages written to the WAL between two checkpoints
	maxPages        int64          // limit of the file's size, to play a full disk; 0 for none
}

// Open opens the database at url, "sqlite:FILE" or "postgres://…", creates the file where there is none, and brings
// the schema up to date. It fails with a message for the user when the URL is neither, another process owns the
// file, or the database was written by a newer version.
func Open(ctx context.Context, url string, migrations []Migrations) (*DB, error) {
	return open(ctx, url, migrations, options{})
}

func open(ctx context.Context, url string, migrations []Migrations, opts options) (*DB, error) {
	if opts.exit == nil {
		opts.exit = os.Exit
	}
	if opts.checkpointPages == 0 {
		opts.checkpointPages = 2000
	}
	var (
		db  *DB
		err error
	)
	file, isFile := strings.CutPrefix(url, "sqlite:")
	switch {
	case isFile && file != "":
		db, err = openSQLite(ctx, file, opts)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		db, err = openPostgres(ctx, url, opts)
	default:
		return nil, errs.Invalid(i18n.M("store.bad_url", redact(url)))
	}
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx, migrations); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// redact leaves out what may be a password: everything between the scheme and the host.
func redact(url string) string {
	scheme, rest, ok := strings.Cut(url, "//")
	if !ok {
		return url
	}
	if i := strings.LastIndex(rest, "@"); i >= 0 {
		rest = "…" + rest[i:]
	}
	return scheme + "//" + rest
}

// Close waits for the writes that have been granted a turn, refuses the others, and closes the database.
func (db *DB) Close() error {
	db.once.Do(func() { db.closed = db.engine.close() })
	return db.closed
}

// Read reads what is committed. Two queries may see two moments; Snapshot sees one.
func (db *DB) Read() Querier {
	if db.asked != nil {
		return reader{db: db, q: db.asked}
	}
	return reader{db: db, q: db.readers}
}

// Snapshot runs fn on one moment of the database: all its queries see the same commits.
func (db *DB) Snapshot(ctx context.Context, fn func(ctx context.Context, q Querier) error) error {
	tx, err := db.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: db.dialect.snapshot()})
	if err != nil {
		return db.note(fmt.Errorf("begin snapshot: %w", err))
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written; the connection is given back either way
	return fn(ctx, reader{db: db, q: tx})
}

func (d dialect) snapshot() sql.IsolationLevel {
	if d == postgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault // a read transaction of SQLite in WAL mode sees one moment
}

// Write runs fn in a transaction and returns when it is on the disk. An error of fn rolls back and is returned. When
// ctx ends before fn has returned, the transaction is rolled back; after that it is committed all the same, so that
// the answer always says what happened.
func (db *DB) Write(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return db.engine.write(ctx, func(ctx context.Context, tx *Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return tx.end(ctx)
	})
}

const (
	takeSeq = `UPDATE commit_seq SET seq = seq + 1 WHERE id = 1`
	readSeq = `SELECT seq FROM commit_seq WHERE id = 1`
)

// Commit is a Write that is allotted the next number of the commit sequence: 1, 2, 3 … without gaps, in the order of
// the commits. The number is taken under a lock that is held until the commit, so a follower that has read
// everything up to n has missed nothing when it later asks for what is above n. Commits therefore run one after
// another: prepare large things with Write beforehand and keep fn short.
func (db *DB) Commit(ctx context.Context, fn func(ctx context.Context, tx *Tx, seq int64) error) (int64, error) {
	var seq int64
	err := db.Write(ctx, func(ctx context.Context, tx *Tx) (err error) {
		if seq, err = tx.TakeSeq(ctx); err != nil {
			return err
		}
		return fn(ctx, tx, seq)
	})
	if err != nil {
		return 0, err
	}
	return seq, nil
}

// Seq is the newest committed number of the sequence; 0 when nothing was committed.
func (db *DB) Seq(ctx context.Context) (int64, error) {
	var seq int64
	if err := db.Read().QueryRow(ctx, readSeq).Scan(&seq); err != nil {
		return 0, fmt.Errorf("read commit sequence: %w", err)
	}
	return seq, nil
}

// note passes every error of the database on; what it means for the process and for the user depends on the engine.
func (db *DB) note(err error) error {
	if err == nil || errs.KindOf(err) != errs.Internal {
		return err // nothing to say, or said already
	}
	if db.dialect == postgres {
		return notePostgres(err)
	}
	return db.noteSQLite(err)
}

// IsUnique says that err is the violation of a unique key.
func IsUnique(err error) bool {
	switch sqliteCode(err) {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return true
	}
	return postgresCode(err) == pgUnique
}

// reader is a Querier over the pool of readers or over a snapshot.
type reader struct {
	db *DB
	q  interface {
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}
}

func (r reader) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	rows, err := r.q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, r.db.note(err)
	}
	return &Rows{Rows: rows, note: r.db.note}, nil
}

func (r reader) QueryRow(ctx context.Context, query string, args ...any) *Row {
	rows, err := r.Query(ctx, query, args...)
	return &Row{rows: rows, err: err}
}

// Rows are the rows of a query, as of database/sql. They must be closed, and Err asked after the last Next.
type Rows struct {
	*sql.Rows
	note func(error) error // hears of every error: ends the process on a broken disk, ends a broken transaction
	done func()            // called when they are closed; may be nil
}

// Close ends the iteration. It may be called more than once.
func (r *Rows) Close() error {
	err := r.Rows.Close()
	if r.done != nil {
		r.done()
		r.done = nil
	}
	return err
}

// Err is the error that ended the iteration, if any.
func (r *Rows) Err() error { return r.note(r.Rows.Err()) }

// Scan copies the columns of the current row.
func (r *Rows) Scan(dest ...any) error {
	if err := r.Rows.Scan(dest...); err != nil {
		return fmt.Errorf("scan row: %w", err)
	}
	return nil
}

// Row is the first row of a query.
type Row struct {
	rows *Rows
	err  error
}

// Scan copies the columns of the row; sql.ErrNoRows when there is none.
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	if err := r.rows.Close(); err != nil {
		return r.rows.note(err)
	}
	return r.rows.Err()
}
