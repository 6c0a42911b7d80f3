package access

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/scs/v2"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
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
	insertSession = `INSERT INTO session (token, data, expires_at, seen_at, account_id, epoch, begun_at, address, agent)
VALUES ($1, $2, $3, $4, $5, $6, $4, $7, $8)`
	seeSession    = `UPDATE session SET seen_at = $1 WHERE token = $2 AND seen_at < $1`
	deleteSession = `DELETE FROM session WHERE token = $1`
	sweepSessions = `DELETE FROM session WHERE expires_at <= $1 OR seen_at <= $2`
	sessionsOf    = `SELECT token, address, agent, begun_at, seen_at FROM session
WHERE account_id = $1 AND epoch = $2 AND expires_at > $3 AND seen_at > $4 ORDER BY seen_at DESC, begun_at DESC, token`
	endOne       = `DELETE FROM session WHERE account_id = $1 AND token = $2`
	endOthers    = `DELETE FROM session WHERE account_id = $1 AND token <> $2`
	endEverybody = `DELETE FROM session`
	endHalfway   = `DELETE FROM halfway`
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

// What a session holds, by the names under which package scs keeps it: what else there is belongs to the pages.
const (
	TicketKey  = "ticket"  // Account.Ticket
	AddressKey = "address" // that it was begun from
	AgentKey   = "agent"   // the browser's own words
)

// Limits of what is kept of where a session was begun, in bytes.
const (
	addressMax = 64
	agentMax   = 300
)

// beginning is what is kept beside a session, for its owner: whose it is, and how it was begun.
type beginning struct {
	account, epoch int64
	address, agent string
}

func beginningOf(data []byte) (b beginning, err error) {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return b, err
	}
	text := func(key string, most int) string {
		s, _ := values[key].(string)
		s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
		for len(s) > most {
			_, size := utf8.DecodeLastRuneInString(s)
			s = s[:len(s)-size]
		}
		return s
	}
	ticket, _ := values[TicketKey].(string)
	id, epoch, _ := strings.Cut(ticket, ".")
	if ticket != "" {
		b.account, err = strconv.ParseInt(id, 10, 64)
		if err == nil {
			b.epoch, err = strconv.ParseInt(epoch, 10, 64)
		}
	}
	b.address, b.agent = text(AddressKey, addressMax), text(AgentKey, agentMax)
	return b, err
}

// CommitCtx keeps a session until expiry; a new one sweeps those that have expired.
func (x Sessions) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	begun, err := beginningOf(b)
	if err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	token, data := digest(token), base64.StdEncoding.EncodeToString(b)
	now := x.s.machine.Millis()
	err = x.s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, updateSession, data, expiry.UnixMilli(), now, token)
		if err != nil || n == 1 {
			return err
		}
		if _, err := tx.Exec(ctx, sweepSessions, now, now-x.idle.Milliseconds()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertSession, token, data, expiry.UnixMilli(), now, begun.account, begun.epoch, begun.address, begun.agent)
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

// Session is one of an account, as its owner sees it.
type Session struct {
	ID              string // by which it is ended; it opens nothing
	Address, Agent  string // that it was begun from, and the browser's own words
	BegunAt, SeenAt int64  // ms; the second to the minute
	Current         bool
}

// Of are the sessions of an account that go on, the one used last first; the one of the token is the current one.
func (x Sessions) Of(ctx context.Context, a Account, token string) ([]Session, error) {
	now := x.s.machine.Millis()
	rows, err := x.s.db.Read().Query(ctx, sessionsOf, a.ID, a.epoch, now, now-x.idle.Milliseconds())
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	defer rows.Close()
	var all []Session
	for rows.Next() {
		var one Session
		if err := rows.Scan(&one.ID, &one.Address, &one.Agent, &one.BegunAt, &one.SeenAt); err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		one.Current = one.ID == digest(token)
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return all, nil
}

// End ends a session of an account, at once; NotFound where it has none with the id.
func (x Sessions) End(ctx context.Context, a Account, id string) error {
	return x.end(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, endOne, a.ID, id)
		if err == nil && n == 0 {
			err = errs.NotFound("session", "")
		}
		return err
	})
}

// EndOthers ends all sessions of an account but the one of the token.
func (x Sessions) EndOthers(ctx context.Context, a Account, token string) error {
	return x.end(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, endOthers, a.ID, digest(token))
		return err
	})
}

func (x Sessions) end(ctx context.Context, change func(context.Context, *store.Tx) error) error {
	if err := x.s.db.Write(ctx, change); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// EndSessions ends all sessions of an account; why stays on record, and its owner is told. Forbidden where by may not manage accounts.
func (s *Store) EndSessions(ctx context.Context, by Scope, id int64, why string) error {
	if strings.TrimSpace(why) == "" {
		return errs.Invalid(i18n.M("access.need_why"))
	}
	return s.manage(ctx, by, id, Event{Deed: SessionsEnded, Note: why}, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, newEpoch, id)
		return err
	})
}

// EndAllSessions ends the sessions of everybody, the own one too, and what somebody has come halfway with. Forbidden where by may not
// manage accounts.
func (s *Store) EndAllSessions(ctx context.Context, by Scope, why string) error {
	switch {
	case by.Account() == 0: // the event is of an account
		return errs.Forbidden("end all sessions")
	case strings.TrimSpace(why) == "":
		return errs.Invalid(i18n.M("access.need_why"))
	}
	return s.manage(ctx, by, by.Account(), Event{Deed: AllSessionsEnded, Note: why}, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, endEverybody); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, endHalfway)
		return err
	})
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
