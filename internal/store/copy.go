package store

import (
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

// Copy writes what a SQLite database holds at one moment into a new file, looks the file over, and gives the commit that
// it knows up to. The database may be in use by another process meanwhile: readers and the writer go on. It fails with
// Invalid for a database that is no file, and with NotFound where there is none.
func Copy(ctx context.Context, url, to string) (seq int64, err error) {
	file, ok := strings.CutPrefix(url, "sqlite:")
	if !ok {
		return 0, errs.Invalid(i18n.M("store.no_copy"))
	}
	if file, err = filepath.Abs(file); err != nil {
		return 0, fmt.Errorf("copy database: %w", err)
	}
	if _, err := os.Stat(file); err != nil {
		return 0, &errs.Error{Kind: errs.KindNotFound, Msg: i18n.M("store.no_database", file), Err: err}
	}
	from, err := sql.Open("sqlite", sqliteDSN(file, "deferred"))
	if err != nil {
		return 0, fmt.Errorf("copy %s: %w", file, err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	from.SetMaxOpenConns(1)
	if _, err := from.ExecContext(ctx, `VACUUM INTO $1`, to); err != nil {
		return 0, fmt.Errorf("copy %s: %w", file, err)
	}
	if err := settled(to); err != nil { // VACUUM INTO does not wait for the disk
		return 0, fmt.Errorf("copy %s: %w", file, err)
	}
	return lookOver(ctx, to)
}

// settled makes a file its owner's only, and waits until it is on the disk.
func settled(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Sync(), f.Close())
}

// lookOver checks a database file that nobody uses, without changing it, and gives its commit.
func lookOver(ctx context.Context, file string) (seq int64, err error) {
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&immutable=1")
	if err != nil {
		return 0, fmt.Errorf("look over %s: %w", file, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return 0, openError(file, err)
	}
	defer conn.Close() //nolint:errcheck // the pool's close tells
	if err := quickCheck(ctx, conn, file); err != nil {
		return 0, err
	}
	if err := conn.QueryRowContext(ctx, readSeq).Scan(&seq); err != nil {
		return 0, fmt.Errorf("look over %s: %w", file, err)
	}
	return seq, nil
}
