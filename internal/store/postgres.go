package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

const (
	pgConns = 16 // writers at a time, and as many readers

	// SQLSTATE, appendix A of the PostgreSQL manual
	pgUnique        = "23505"
	pgSerialization = "40001"
	pgDeadlock      = "40P01"

	retries       = 8 // of a transaction that lost a race, and for a connection that is open
	retriesUnique = 2 // of one that met a key which was not there when it looked; the second time it looks in vain
)

// plain runs each transaction on a connection of its own: grouping commits does not pay where each statement is a
// round trip.
type plain struct {
	db   *DB
	pool patient
}

// patient is a pool that is asked again where it hands out a connection that turns out to be closed, on which nothing
// can have been done. A context that ends in the middle of a statement closes its connection, and who waits for one of a
// full pool may be handed several of those in a row, more than the pool itself bears with.
type patient struct{ *sql.DB }

func (p patient) Conn(ctx context.Context) (*sql.Conn, error) {
	return patiently(func() (*sql.Conn, error) { return p.DB.Conn(ctx) })
}

func (p patient) BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	return patiently(func() (*sql.Tx, error) { return p.DB.BeginTx(ctx, opts) })
}

func (p patient) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return patiently(func() (*sql.Rows, error) { return p.DB.QueryContext(ctx, query, args...) })
}

func patiently[T any](ask func() (T, error)) (got T, err error) {
	for range retries {
		if got, err = ask(); !errors.Is(err, driver.ErrBadConn) {
			break
		}
	}
	return got, err
}

// openPostgres keeps three pools. A write function may read what is committed and may ask for ids while it holds its
// own connection; from one pool, enough of them at a time would wait for each other for ever.
func openPostgres(ctx context.Context, url string, opts options) (*DB, error) {
	conf, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("store.bad_url", redact(url)), Err: err}
	}
	pool := func(conf *pgx.ConnConfig, n int) patient {
		p := stdlib.OpenDB(*conf)
		p.SetMaxOpenConns(n)
		p.SetMaxIdleConns(n)
		return patient{p}
	}
	reading := conf.Copy()
	reading.RuntimeParams["default_transaction_read_only"] = "on"
	db := &DB{dialect: postgres, opts: opts, readers: pool(reading, pgConns)}
	db.ids.pool = pool(conf, 1).DB // one asks at a time
	db.engine = &plain{db: db, pool: pool(conf, pgConns)}
	if err := db.readers.PingContext(ctx); err != nil {
		return nil, errors.Join(errs.Unavailable(i18n.M("store.unreachable", redact(url)), err), db.Close())
	}
	return db, nil
}

func (p *plain) close() error {
	return errors.Join(p.pool.Close(), p.db.readers.Close(), p.db.ids.pool.Close())
}

func (p *plain) write(ctx context.Context, fn func(context.Context, *Tx) error) error {
	for n := 0; ; n++ {
		cause, err := p.once(ctx, fn)
		if !again(cause, err, n) {
			return err
		}
		// Two that collide must not come back at the same moment.
		pause := time.NewTimer(time.Duration(1+rand.IntN(4<<min(n, 6))) * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

// again says whether a transaction deserves another try after n. A function that has made something else of a unique
// violation has dealt with it.
func again(cause, err error, n int) bool {
	switch postgresCode(cause) {
	case pgSerialization, pgDeadlock:
		return n < retries
	case pgUnique:
		return n < retriesUnique && IsUnique(err)
	}
	return false
}

// once runs the transaction one time. The cause is the database's own error where there is one.
func (p *plain) once(ctx context.Context, fn func(context.Context, *Tx) error) (cause, err error) {
	conn, err := p.pool.Conn(ctx)
	if err != nil {
		return err, p.db.note(fmt.Errorf("connect: %w", err))
	}
	defer conn.Close()
	sqlTx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err, p.db.note(fmt.Errorf("begin: %w", err))
	}
	defer sqlTx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back, else there is nothing to add
	tx := &Tx{db: p.db, tx: sqlTx, conn: conn}
	if err := tx.finish(ctx, fn(ctx, tx)); err != nil {
		return tx.err, err
	}
	if err := sqlTx.Commit(); err != nil {
		return err, p.db.note(fmt.Errorf("commit: %w", err))
	}
	return nil, nil
}

// copyIn streams the rows with COPY.
func (tx *Tx) copyIn(ctx context.Context, table string, cols []string, rows iter.Seq[[]any]) error {
	next, stop := iter.Pull(rows)
	defer stop()
	return tx.conn.Raw(func(c any) error {
		n, err := c.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, cols, pgx.CopyFromFunc(func() ([]any, error) {
			row, ok := next()
			if !ok {
				return nil, nil
			}
			if len(row) != len(cols) {
				return nil, errWidth(row, cols)
			}
			return row, nil
		}))
		tx.rows += n
		return err
	})
}

func postgresCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func notePostgres(err error) error {
	var connect *pgconn.ConnectError
	switch code := postgresCode(err); {
	case errors.As(err, &connect), errors.Is(err, driver.ErrBadConn), code == "57P01" /* administrator shut it down */, code == "57P03" /* starting */ :
		return errs.Unavailable(i18n.M("store.lost"), err)
	case code == "53100" /* disk full */ :
		return errs.Unavailable(i18n.M("store.disk_full"), err)
	case code == "53300" /* too many connections */ :
		return errs.Unavailable(i18n.M("store.busy"), err)
	}
	return err
}
