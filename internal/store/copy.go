package store

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Copied is what a copy of a SQLite database holds.
type Copied struct {
	Seq  int64            // the commit that it knows up to
	Rows map[string]int64 // by table
	At   int64            // when the moment was that it shows, ms; 0 where no journal is read
}

// Copy writes what a SQLite database holds at one moment into a new file, page by page, and looks the file over. The database
// may be in use by another process meanwhile: readers and the writer go on. It fails with Invalid for a database that is no
// file, and with NotFound where there is none.
func Copy(ctx context.Context, url, to string) (Copied, error) {
	file, ok := strings.CutPrefix(url, "sqlite:")
	if !ok {
		return Copied{}, errs.Invalid(i18n.M("store.no_copy"))
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return Copied{}, fmt.Errorf("copy database: %w", err)
	}
	if _, err := os.Stat(file); err != nil {
		return Copied{}, &errs.Error{Kind: errs.KindNotFound, Msg: i18n.M("store.no_database", file), Err: err}
	}
	return copyFile(ctx, file, to, func(begin func() error) (int64, error) { return 0, begin() })
}

// Copy is the function Copy of a database that this process has open. Where a journal of it is read, a cut in it stands where
// the copy does.
func (db *DB) Copy(ctx context.Context, to string) (Copied, error) {
	w, ok := db.engine.(*writer)
	if !ok {
		return Copied{}, errs.Invalid(i18n.M("store.no_copy"))
	}
	return copyFile(ctx, w.file, to, func(begin func() error) (at int64, err error) {
		err = db.Write(ctx, func(context.Context, *Tx) error { // nobody commits meanwhile
			if err := begin(); err != nil || w.journal == nil {
				return err
			}
			at = w.journal.cut()
			return nil
		})
		return at, err
	})
}

const (
	countPages = `SELECT page_count FROM pragma_page_count`
	readPages  = `SELECT data FROM sqlite_dbpage ORDER BY pgno`
	readTables = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name`
)

// copyFile copies a database. still runs what begins to read it, which decides the moment, and gives that.
func copyFile(ctx context.Context, file, to string, still func(begin func() error) (int64, error)) (c Copied, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("copy %s: %w", file, err)
		}
	}()
	from, err := sql.Open("sqlite", sqliteDSN(file, "deferred", "query_only(1)"))
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	conn, err := from.Conn(ctx)
	if err != nil {
		return c, openError(file, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var tx *sql.Tx
	var pages int64
	c.At, err = still(func() (err error) {
		if tx, err = conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, countPages).Scan(&pages) // the first question fixes the moment
	})
	if tx != nil {
		defer tx.Rollback() //nolint:errcheck // nothing was written
	}
	if err != nil {
		return c, err
	}
	if c.Rows, err = countRows(ctx, tx); err != nil {
		return c, err
	}
	if err := writePages(ctx, tx, pages, to); err != nil {
		return c, err
	}
	c.Seq, err = lookOver(ctx, to)
	return c, err
}

func writePages(ctx context.Context, tx *sql.Tx, pages int64, to string) (err error) {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	rows, err := tx.QueryContext(ctx, readPages)
	if err != nil {
		return err
	}
	defer rows.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	var n int64
	for ; rows.Next(); n++ {
		var page sql.RawBytes
		if err := rows.Scan(&page); err != nil {
			return err
		}
		if _, err := out.Write(page); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n != pages {
		return fmt.Errorf("%d of %d pages were read", n, pages)
	}
	return errors.Join(out.Flush(), f.Sync())
}

func countRows(ctx context.Context, q interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
},
) (map[string]int64, error) {
	rows, err := q.QueryContext(ctx, readTables)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	count := map[string]int64{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		count[name] = 0
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for name := range count {
		var n int64
		if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM "`+strings.ReplaceAll(name, `"`, `""`)+`"`).Scan(&n); err != nil {
			return nil, fmt.Errorf("count %s: %w", name, err)
		}
		count[name] = n
	}
	return count, nil
}

// lookOver checks a database file that nobody uses, without changing it, and gives its commit.
func lookOver(ctx context.Context, file string) (seq int64, err error) {
	err = unused(ctx, file, func(conn *sql.Conn) error {
		if err := quickCheck(ctx, conn, file); err != nil {
			return err
		}
		return conn.QueryRowContext(ctx, readSeq).Scan(&seq)
	})
	return seq, err
}

// Examine checks all of a database file that nobody uses, its indexes and what refers to what too, without changing it, and
// gives what it holds.
func Examine(ctx context.Context, file string) (c Copied, err error) {
	err = unused(ctx, file, func(conn *sql.Conn) error {
		for query, want := range map[string]string{
			"PRAGMA integrity_check(1)":                     "ok",
			"SELECT COUNT(*) FROM pragma_foreign_key_check": "0",
		} {
			var verdict string
			if err := conn.QueryRowContext(ctx, query).Scan(&verdict); err != nil {
				verdict = err.Error()
			}
			if verdict != want {
				return &errs.Error{Kind: errs.KindUnavailable, Msg: i18n.M("store.corrupt", file), Err: errors.New(verdict)}
			}
		}
		if c.Rows, err = countRows(ctx, conn); err != nil {
			return err
		}
		return conn.QueryRowContext(ctx, readSeq).Scan(&c.Seq)
	})
	return c, err
}

// unused opens a database file that nobody uses, for reading.
func unused(ctx context.Context, file string, use func(*sql.Conn) error) (err error) {
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&immutable=1")
	if err != nil {
		return fmt.Errorf("look over %s: %w", file, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return openError(file, err)
	}
	defer conn.Close() //nolint:errcheck // the pool's close tells
	if err := use(conn); err != nil {
		return fmt.Errorf("look over %s: %w", file, err)
	}
	return nil
}
