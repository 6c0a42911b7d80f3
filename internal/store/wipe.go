package store

import (
	"context"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Wipe makes sure that what was deleted or overwritten before is nowhere in the files of the database any more. SQLite overwrites what it
// frees; what the write-ahead log still holds of it goes with a checkpoint that empties the log. PostgreSQL is asked to vacuum the tables.
// It fails with Conflict while somebody still reads what was before, or a journal of the database has not been read to its end: asked again
// a moment later it will do. Until then nothing is lost.
func (db *DB) Wipe(ctx context.Context, tables ...string) error {
	if err := db.engine.wipe(ctx, tables); err != nil {
		return fmt.Errorf("wipe what was erased: %w", err)
	}
	return nil
}

// wipeWait is how long readers are waited for, ms: nobody writes meanwhile.
const wipeWait = 200

func (w *writer) wipe(ctx context.Context, _ []string) error {
	answer := make(chan error, 1)
	select {
	case w.apart <- func() { answer <- w.emptyLog() }:
		return <-answer
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stop:
		return errClosed()
	}
}

// emptyLog copies the whole log into the database and truncates it.
func (w *writer) emptyLog() error {
	ctx := context.Background()
	if w.journal != nil && !w.journal.caughtUp(w.written, journalMost*w.db.opts.checkpointPages) {
		return errs.Conflict(i18n.M("store.still_read"))
	}
	if _, err := w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", wipeWait)); err != nil {
		return w.db.note(err)
	}
	var busy, log, done int
	err := w.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done)
	if _, again := w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", busyWait)); again != nil {
		w.db.die(fmt.Errorf("wait for others again: %w", again))
	}
	w.checkpointed = true
	switch {
	case err != nil:
		return w.db.note(err)
	case busy != 0:
		return errs.Conflict(i18n.M("store.still_read"))
	}
	w.written = 0
	return nil
}

func (p *plain) wipe(ctx context.Context, tables []string) error {
	for _, table := range tables {
		if _, err := p.pool.ExecContext(ctx, "VACUUM "+table); err != nil {
			return p.db.note(err)
		}
	}
	return nil
}
