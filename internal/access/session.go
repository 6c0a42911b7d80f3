package access

import (
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
type Sessions struct{ s *Store }

var _ scs.CtxStore = Sessions{}

// Sessions is where an scs.SessionManager keeps its sessions.
func (s *Store) Sessions() Sessions { return Sessions{s} }

const (
	findSession   = `SELECT data FROM session WHERE token = $1 AND expires_at > $2`
	updateSession = `UPDATE session SET data = $1, expires_at = $2 WHERE token = $3`
	insertSession = `INSERT INTO session (token, data, expires_at) VALUES ($1, $2, $3)`
	deleteSession = `DELETE FROM session WHERE token = $1`
	sweepSessions = `DELETE FROM session WHERE expires_at <= $1`
)

// FindCtx is the data of a session that has not expired.
func (x Sessions) FindCtx(ctx context.Context, token string) (b []byte, found bool, err error) {
	var data string
	err = x.s.db.Read().QueryRow(ctx, findSession, digest(token), x.s.machine.Millis()).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	if b, err = base64.StdEncoding.DecodeString(data); err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	return b, true, nil
}

// CommitCtx keeps a session until expiry; a new one sweeps those that have expired.
func (x Sessions) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	token, data := digest(token), base64.StdEncoding.EncodeToString(b)
	err := x.s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, updateSession, data, expiry.UnixMilli(), token)
		if err != nil || n == 1 {
			return err
		}
		if _, err := tx.Exec(ctx, sweepSessions, x.s.machine.Millis()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertSession, token, data, expiry.UnixMilli())
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
