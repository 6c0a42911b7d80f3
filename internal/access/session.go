package access

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/yanzhen/yanzhen/internal/store"
)

// Sessions keeps the sessions of package scs in the database, under a hash of their tokens.
type Sessions struct {
	s    *Store
	idle time.Duration
}

var _ scs.CtxStore = Sessions{}

// DefaultIdle is how long a session may lie unused. A form that is being filled in is kept as it is typed, which uses it.
const DefaultIdle = time.Hour

// seenEvery is how exactly it is known when a session was used: each note of it is a write.
const seenEvery = time.Minute

// Sessions is where an scs.SessionManager keeps its sessions, each of which ends once it was not used for as long as idle says
// (0 for DefaultIdle), whenever else it would.
func (s *Store) Sessions(idle time.Duration) Sessions { return Sessions{s, cmp.Or(idle, DefaultIdle)} }

const (
	findSession   = `SELECT data, seen_at FROM session WHERE token = $1 AND expires_at > $2 AND seen_at > $3`
	updateSession = `UPDATE session SET data = $1, expires_at = $2, seen_at = $3 WHERE token = $4`
	insertSession = `INSERT INTO session (token, data, expires_at, seen_at) VALUES ($1, $2, $3, $4)`
	seeSession    = `UPDATE session SET seen_at = $1 WHERE token = $2 AND seen_at < $1`
	deleteSession = `DELETE FROM session WHERE token = $1`
	sweepSessions = `DELETE FROM session WHERE expires_at <= $1 OR seen_at <= $2`
)

// FindCtx is the data of a session that has not expired and was used of late; it is used by that.
func (x Sessions) FindCtx(ctx context.Context, token string) (b []byte, found bool, err error) {
	var data string
	var seen int64
	now := x.s.machine.Millis()
	err = x.s.db.Read().QueryRow(ctx, findSession, digest(token), now, now-x.idle.Milliseconds()).Scan(&data, &seen)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	if b, err = base64.StdEncoding.DecodeString(data); err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	if now-seen < min(seenEvery, x.idle/4).Milliseconds() {
		return b, true, nil
	}
	err = x.s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, seeSession, now, digest(token))
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("note that a session is used: %w", err)
	}
	return b, true, nil
}

// CommitCtx keeps a session until expiry; a new one sweeps those that have expired.
func (x Sessions) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	token, data := digest(token), base64.StdEncoding.EncodeToString(b)
	now := x.s.machine.Millis()
	err := x.s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, updateSession, data, expiry.UnixMilli(), now, token)
		if err != nil || n == 1 {
			return err
		}
		if _, err := tx.Exec(ctx, sweepSessions, now, now-x.idle.Milliseconds()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertSession, token, data, expiry.UnixMilli(), now)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	return nil
}

// DeleteCtx ends a session; one that is not there is no error.
func (x Sessions) DeleteCtx(ctx context.Context, token string) error {
	err := x.s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, deleteSession, digest(token))
		return err
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// Find is FindCtx for scs, which asks for both.
func (x Sessions) Find(token string) ([]byte, bool, error) {
	return x.FindCtx(context.Background(), token)
}

// Commit is CommitCtx for scs, which asks for both.
func (x Sessions) Commit(token string, b []byte, expiry time.Time) error {
	return x.CommitCtx(context.Background(), token, b, expiry)
}

// Delete is DeleteCtx for scs, which asks for both.
func (x Sessions) Delete(token string) error { return x.DeleteCtx(context.Background(), token) }
