package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

const (
	groupMax     = 256  // transactions committed together at most
	groupMaxRows = 1000 // changed rows after which a group is committed, so that a long one keeps nobody waiting
	exitBroken   = 70   // EX_SOFTWARE of sysexits.h
)

// writer is the one writer of a SQLite file. Its goroutine grants turns: a caller runs its function in its own
// goroutine while it holds the turn, and gives it back; when nobody is waiting, or the group is full, the writer
// commits and answers all.
type writer struct {
	db    *DB
	pool  *sql.DB
	conn  *sql.Conn
	kept  *kept
	lock  *os.File
	queue chan *turn
	apart chan func() // done between groups, outside of a transaction
	stop  chan struct{}
	done  chan struct{}

	written      int // pages written to the WAL since the last checkpoint
	checkpointed bool

	file    string
	opened  Footprint // of the file before it was opened
	walSize int64     // of the log at that time
	walTime int64     // when it was last written to, ms; 0 where there was none
	shm     *os.File  // the index beside the log; nil until a journal asks
	journal *Journal  // of what is committed; nil where nobody reads it. Changed in a turn only
}

// turn is one caller's place in the queue.
type turn struct {
	granted chan *Tx      // the transaction, when the turn has come
	gone    chan struct{} // closed when the caller no longer waits
	back    chan error    // what the function made of it: nil to keep, an error to undo
	answer  chan error    // the outcome, after the commit
}

func openSQLite(ctx context.Context, file string, opts options) (_ *DB, err error) {
	file, err = filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	lock, crashed, err := lockFile(file)
	if err != nil {
		return nil, err
	}
	db := &DB{dialect: sqlite, file: file, opts: opts}
	w := &writer{
		db: db, lock: lock,
		queue: make(chan *turn, groupMax), apart: make(chan func()), stop: make(chan struct{}), done: make(chan struct{}),
	}
	defer func() {
		if err == nil {
			return
		}
		for _, pool := range []*sql.DB{db.readers.DB, w.pool} {
			if pool != nil {
				err = errors.Join(err, pool.Close())
			}
		}
		err = errors.Join(err, lock.Close())
	}()

	w.file = file
	if log, err := os.Stat(file + "-wal"); err == nil && log.Size() > 0 {
		w.walSize, w.walTime = log.Size(), log.ModTime().UnixMilli()
	}
	// SQLite gives its other files the permissions of this one, and what is in them is nobody else's business.
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, openError(file, err)
	}
	if err := f.Close(); err != nil {
		return nil, openError(file, err)
	}
	if w.opened, err = footprint(file); err != nil {
		return nil, openError(file, err)
	}
	if w.pool, err = sql.Open("sqlite", sqliteDSN(file, "immediate", "cache_size(-32768)")); err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	w.pool.SetMaxOpenConns(1)
	if w.conn, err = w.pool.Conn(ctx); err != nil {
		return nil, openError(file, err)
	}
	w.kept = &kept{conn: w.conn, known: map[string]*keptStmt{}}
	if opts.maxPages > 0 {
		if _, err := w.conn.ExecContext(ctx, "PRAGMA max_page_count = "+strconv.FormatInt(opts.maxPages, 10)); err != nil {
			return nil, fmt.Errorf("limit size: %w", err)
		}
	}
	// After a crash the file is looked over before anybody relies on it; after an orderly end that would only cost time.
	if crashed {
		if err := quickCheck(ctx, w.conn, file); err != nil {
			return nil, err
		}
	}
	if db.readers.DB, err = sql.Open("sqlite", sqliteDSN(file, "deferred", "query_only(1)", "cache_size(-4096)")); err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	n := max(8, 4*runtime.GOMAXPROCS(0))
	db.readers.SetMaxOpenConns(n)
	db.readers.SetMaxIdleConns(n)
	db.asked = &asked{pool: db.readers.DB, known: map[string]*sql.Stmt{}}
	db.engine = w
	go w.run()
	return db, nil
}

// busyWait is how long a connection waits for another one, ms.
const busyWait = 10_000

// sqliteDSN carries the pragmas, because a pool opens connections when it likes and a pragma holds for one.
// busy_timeout comes first: switching to WAL may already have to wait.
func sqliteDSN(file, txlock string, pragmas ...string) string {
	q := url.Values{"_txlock": {txlock}}
	for _, p := range append([]string{
		fmt.Sprintf("busy_timeout(%d)", busyWait), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "wal_autocheckpoint(0)",
		"temp_store(MEMORY)", "secure_delete(1)",
	}, pragmas...) {
		q.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Path: file, RawQuery: q.Encode()}).String()
}

// lockFile makes this process the owner of the database file, through a lock on a file beside it: SQLite's own locks
// on the file itself are per process and would be lost when any handle is closed. The file holds the owner's process
// id while it runs; one that is still there was left by a crash.
func lockFile(file string) (_ *os.File, crashed bool, err error) {
	f, err := os.OpenFile(file+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, openError(file, err)
	}
	buf := make([]byte, 20)
	n, _ := f.Read(buf) // an unreadable owner is an unknown one
	owner := strings.TrimSpace(string(buf[:n]))
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		err = &errs.Error{Kind: errs.KindConflict, Msg: i18n.M("store.locked", file, owner), Err: err}
		return nil, false, errors.Join(err, f.Close())
	}
	// On the disk, so that what a power cut leaves is looked over too.
	if err := errors.Join(writeOwner(f, strconv.Itoa(os.Getpid())), f.Sync(), syncDir(filepath.Dir(file))); err != nil {
		return nil, false, errors.Join(openError(file, err), f.Close())
	}
	return f, owner != "", nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func writeOwner(f *os.File, owner string) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(owner), 0)
	return err
}

func openError(file string, err error) error {
	key := "store.cannot_open"
	switch sqliteCode(err) & 0xff {
	case lib.SQLITE_NOTADB:
		key = "store.not_a_database"
	case lib.SQLITE_CORRUPT:
		key = "store.corrupt"
	}
	return &errs.Error{Kind: errs.KindUnavailable, Msg: i18n.M(key, file), Err: err}
}

func quickCheck(ctx context.Context, conn *sql.Conn, file string) error {
	var verdict string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		verdict = err.Error()
	}
	if verdict == "ok" {
		return nil
	}
	return &errs.Error{Kind: errs.KindUnavailable, Msg: i18n.M("store.corrupt", file), Err: errors.New(verdict)}
}

func (w *writer) write(ctx context.Context, fn func(context.Context, *Tx) error) error {
	t := &turn{
		granted: make(chan *Tx), gone: make(chan struct{}), back: make(chan error, 1), answer: make(chan error, 1),
	}
	select {
	case w.queue <- t:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stop:
		return errClosed()
	}
	select {
	case tx := <-t.granted:
		t.use(ctx, tx, fn)
		return <-t.answer
	case err := <-t.answer: // refused before its turn
		return err
	case <-ctx.Done():
		close(t.gone)
		return ctx.Err()
	case <-w.done:
		return errClosed()
	}
}

func errClosed() error { return errs.Unavailable(i18n.M("store.closed"), nil) }

var errAbandoned = errors.New("the write function did not return")

// use runs the function and gives the turn back, also when the function panics or ends its goroutine, as t.Fatal does.
func (t *turn) use(ctx context.Context, tx *Tx, fn func(context.Context, *Tx) error) {
	err := errAbandoned
	defer func() { t.back <- err }()
	err = tx.finish(ctx, fn(ctx, tx))
}

// run is the writer's goroutine; it ends when stop is closed.
func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case <-w.stop:
			return
		case t := <-w.queue:
			w.group(t)
		case do := <-w.apart:
			do()
		}
	}
}

// verdict is a turn with what its function returned.
type verdict struct {
	turn *turn
	err  error
}

// group runs the waiting transactions one after another, each in a savepoint of its own, commits them together, and
// then answers: also those that have failed, since what made them fail may be another's write of this group.
func (w *writer) group(first *turn) {
	ctx := context.Background()
	sqlTx, err := w.conn.BeginTx(ctx, nil)
	if err != nil {
		first.answer <- w.refusal(err)
		return
	}
	var group []verdict
	rows := int64(0)
	for t := first; t != nil; t = w.next(len(group), rows) {
		tx := &Tx{db: w.db, tx: sqlTx, kept: w.kept}
		var v verdict
		if v, err = w.turn(ctx, t, tx); v.turn != nil {
			group = append(group, v)
		}
		if err != nil {
			break
		}
		rows += tx.rows
	}
	if err == nil {
		err = sqlTx.Commit()
	}
	if err == nil && w.journal != nil {
		if err := w.journal.note(); err != nil {
			w.db.die(err)
		}
	}
	if err != nil {
		// The transaction may still be open, or SQLite has already undone all of it.
		_ = sqlTx.Rollback()
		_, _ = w.conn.ExecContext(ctx, "ROLLBACK")
		err = w.refusal(err)
	}
	for _, v := range group {
		if v.err == nil {
			v.err = err
		}
		v.turn.answer <- v.err
	}
	if err == nil {
		w.checkpoint(ctx)
	}
}

// next is the turn of one who is already waiting, nil when there is none or the group is full.
func (w *writer) next(turns int, rows int64) *turn {
	if turns >= groupMax || rows >= groupMaxRows {
		return nil
	}
	select {
	case t := <-w.queue:
		return t
	default:
		return nil
	}
}

// turn lets one caller run in a savepoint. The verdict is empty when the caller no longer waits. An error means that
// the whole transaction is lost.
func (w *writer) turn(ctx context.Context, t *turn, tx *Tx) (verdict, error) {
	if _, err := tx.tx.ExecContext(ctx, "SAVEPOINT turn"); err != nil {
		return verdict{turn: t}, fmt.Errorf("begin turn: %w", err)
	}
	var v verdict
	select {
	case t.granted <- tx:
		v = verdict{turn: t, err: <-t.back}
		w.kept.endTurn()
	case <-t.gone:
	}
	if v.err != nil {
		if _, err := tx.tx.ExecContext(ctx, "ROLLBACK TO turn"); err != nil {
			// A full disk has undone all of it already, savepoint included: the cause is the statement's error.
			return v, fmt.Errorf("undo turn: %w", errors.Join(tx.err, err))
		}
	}
	if _, err := tx.tx.ExecContext(ctx, "RELEASE turn"); err != nil {
		return v, fmt.Errorf("end turn: %w", err)
	}
	return v, nil
}

// refusal is what the callers of a group are told that could not be committed.
func (w *writer) refusal(err error) error {
	err = w.db.note(err)
	if errs.KindOf(err) != errs.Internal {
		return err
	}
	return errs.Unavailable(i18n.M("store.write_failed"), err)
}

// checkpoint copies the WAL into the database once enough pages have been written to it. SQLite's own checkpoint would
// do so inside a COMMIT and keep its errors to itself.
func (w *writer) checkpoint(ctx context.Context) {
	pages := 0
	err := w.conn.Raw(func(c any) (err error) {
		pages, _, err = c.(driver.DBStatus).Status(driver.DBStatusCacheWrite, true)
		return err
	})
	if err != nil {
		w.db.die(fmt.Errorf("count written pages: %w", err))
		return
	}
	if w.written += pages; w.written < w.db.opts.checkpointPages {
		return
	}
	if w.journal != nil && !w.journal.caughtUp(w.written, journalMost*w.db.opts.checkpointPages) {
		return
	}
	w.written = 0
	w.checkpointNow(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
}

func (w *writer) checkpointNow(ctx context.Context, pragma string) {
	w.checkpointed = true
	_, err := w.conn.ExecContext(ctx, pragma)
	if err == nil {
		return
	}
	switch code := sqliteCode(err); code & 0xff {
	case lib.SQLITE_FULL, lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		// The WAL keeps what could not be copied; the next checkpoint tries again.
		slog.Warn("checkpoint put off", "code", code)
	default:
		w.db.die(fmt.Errorf("checkpoint: %w", err))
	}
}

func (w *writer) close() error {
	close(w.stop)
	<-w.done
	if w.journal != nil {
		w.journal.finish()
	}
	err := w.db.readers.Close()
	w.checkpointNow(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
	err = errors.Join(err, w.kept.close(), w.conn.Close(), w.pool.Close())
	if w.shm != nil {
		err = errors.Join(err, w.shm.Close())
	}
	if w.journal != nil {
		w.journal.settle(footprint(w.file))
	}
	return errors.Join(err, writeOwner(w.lock, ""), w.lock.Close())
}

// sqliteCode is SQLite's extended result code in err, 0 when there is none.
func sqliteCode(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// noteSQLite ends the process when the file or the disk can no longer be trusted, and puts the errors that time may
// mend into words.
func (db *DB) noteSQLite(err error) error {
	switch sqliteCode(err) & 0xff {
	case lib.SQLITE_IOERR, lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		db.die(err)
	case lib.SQLITE_FULL:
		return errs.Unavailable(i18n.M("store.disk_full"), err)
	case lib.SQLITE_BUSY:
		return errs.Unavailable(i18n.M("store.busy"), err)
	case lib.SQLITE_CANTOPEN:
		return openError(db.file, err)
	}
	return err
}

func (db *DB) die(err error) {
	slog.Error("the database can no longer be trusted: ending the process", "err", err)
	db.opts.exit(exitBroken)
}
