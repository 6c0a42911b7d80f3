package access

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"time"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// How many sign-ins may fail, and for how long. An office has one address for all, hence the higher limit.
const (
	attemptWindow      = 15 * time.Minute
	attemptsPerLogin   = 5
	attemptsPerAddress = 50
)

// Authenticate is the account with this login and password. It fails with Forbidden, in the same words and after the
// same work, for a login that does not exist, a wrong password and a disabled account, and with Unavailable once five
// tries in a quarter of an hour have failed for the login, or fifty from the address. The address is that of the
// client, with or without a port; the caller says which header, if any, it trusts for it.
//
// A try is counted before the password is looked at, so that many at a time get no more tries than one after another. Whoever has a
// second factor has only come halfway (Halfway, Complete): then the tries before are not forgotten, or a thief of the password could
// clear the way for guessing at codes.
func (s *Store) Authenticate(ctx context.Context, login, password, address string) (Account, error) {
	login = fold(login)
	byName, byAddress := loginSubject(login), addressSubject(address)
	if err := s.count(ctx, login, byAddress); err != nil {
		return Account{}, err
	}
	a, stored, err := s.read(ctx, s.db.Read(), byLogin, login)
	known := err == nil
	if err != nil {
		if errs.KindOf(err) != errs.KindNotFound {
			return Account{}, fmt.Errorf("authenticate: %w", err)
		}
	}
	if stored == "" { // no such login, or one that waits for its code
		stored = s.hash.decoy()
	}
	if utf8.RuneCountInString(password) > passwordMax {
		password = "" // nobody's: it is refused after the usual work, not after hashing megabytes
	}
	ok, stale, err := s.hash.verify(ctx, stored, password)
	if err != nil {
		return Account{}, fmt.Errorf("authenticate: %w", err)
	}
	if !known || !ok || a.Disabled() {
		return Account{}, &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("access.wrong_login")}
	}
	fresh := ""
	if stale {
		if fresh, err = s.hash.hash(ctx, password); err != nil {
			return Account{}, fmt.Errorf("authenticate: %w", err)
		}
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if fresh != "" {
			if _, err := tx.Exec(ctx, rehash, fresh, a.ID, stored); err != nil {
				return err
			}
		}
		// Only this try is taken back: whoever has one account must not clear the way for guessing at others.
		if _, err := tx.Exec(ctx, takeBack, byAddress); err != nil {
			return err
		}
		if a.Factor() {
			_, err := tx.Exec(ctx, takeBack, byName)
			return err
		}
		return forget(ctx, tx, byName)
	})
	if err != nil {
		return Account{}, fmt.Errorf("authenticate: %w", err)
	}
	return a, nil
}

const (
	rehash   = `UPDATE account SET password = $1 WHERE id = $2 AND password = $3`
	takeBack = `UPDATE login_attempt SET failures = failures - 1 WHERE subject = $1 AND failures > 0`
	// One statement, since tries come at once: a window that is over begins anew for one of them, and the others count in it.
	oneMore = `INSERT INTO login_attempt (subject, failures, since) VALUES ($1, 1, $2) ON CONFLICT (subject) DO UPDATE SET
	failures = CASE WHEN login_attempt.since <= $3 THEN 1 ELSE login_attempt.failures + 1 END,
	since = CASE WHEN login_attempt.since <= $3 THEN excluded.since ELSE login_attempt.since END
	WHERE login_attempt.since <= $3 OR login_attempt.failures < $4 RETURNING failures`
	oneBeyond     = `UPDATE login_attempt SET failures = failures + 1 WHERE subject = $1 AND failures = $2`
	attemptsSince = `SELECT since FROM login_attempt WHERE subject = $1`
	forgetSubject = `DELETE FROM login_attempt WHERE subject = $1`
	forgetOld     = `DELETE FROM login_attempt WHERE since <= $1`
)

// count notes a try for the login and the address, or refuses it. The first that is refused for a login that exists is
// recorded: somebody may be guessing.
func (s *Store) count(ctx context.Context, login, byAddress string) error {
	var refused error
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if refused, err = s.countOne(ctx, tx, byAddress, attemptsPerAddress); err != nil || refused != nil {
			return err
		}
		byName := loginSubject(login)
		if refused, err = s.countOne(ctx, tx, byName, attemptsPerLogin); err != nil || refused == nil {
			return err
		}
		if _, err := tx.Exec(ctx, takeBack, byAddress); err != nil { // a locked login must not lock an office
			return err
		}
		first, err := tx.Exec(ctx, oneBeyond, byName, attemptsPerLogin)
		if err != nil || first == 0 {
			return err
		}
		return s.recordLock(ctx, tx, login)
	})
	if err = cmp.Or(err, refused); err != nil {
		return fmt.Errorf("count sign-in: %w", err)
	}
	return nil
}

// locked is what is said while no more is tried.
const locked = "access.locked"

// Locks says that an error is one of too many tries.
func Locks(err error) bool {
	msg, _ := errs.Message(err)
	return msg.Key == locked
}

// Admit counts a form that somebody sends without an account by the address that it comes from, and refuses it with Unavailable
// once most have come within a quarter of an hour. What tells one kind of form from another.
func (s *Store) Admit(ctx context.Context, what, address string, most int) error {
	var refused error
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		refused, err = s.countOne(ctx, tx, digest(what+":"+addressSubject(address)), most)
		return err
	})
	if err != nil {
		return fmt.Errorf("count %s: %w", what, err)
	}
	if refused != nil {
		return errs.Unavailable(i18n.M("access.too_many_forms", int64(attemptWindow/time.Minute)), nil)
	}
	return nil
}

func (s *Store) recordLock(ctx context.Context, tx *store.Tx, login string) error {
	a, _, err := s.read(ctx, tx, byLogin, login)
	if errs.KindOf(err) == errs.KindNotFound {
		return nil // what was typed may be a password: it is kept nowhere
	}
	if err != nil {
		return err
	}
	return s.record(ctx, tx, Scope{}, about(Locked, a.ID, a.Grants))
}

// countOne notes a try for one subject, or says why it is refused.
func (s *Store) countOne(ctx context.Context, tx *store.Tx, subject string, limit int) (refused, err error) {
	now := s.machine.Millis()
	open := now - attemptWindow.Milliseconds() // a window that began at or before this is over
	var failures int
	switch err := tx.QueryRow(ctx, oneMore, subject, now, open, limit).Scan(&failures); {
	case errors.Is(err, sql.ErrNoRows):
		var since int64
		if err := tx.QueryRow(ctx, attemptsSince, subject).Scan(&since); err != nil {
			return nil, err
		}
		wait := time.Duration(since-open) * time.Millisecond
		return errs.Unavailable(i18n.M(locked, int64((wait+time.Minute-1)/time.Minute)), nil), nil
	case err != nil || failures > 1:
		return nil, err
	}
	// The table holds a window's worth of subjects: whoever begins one sweeps.
	_, err = tx.Exec(ctx, forgetOld, open)
	return nil, err
}

func forget(ctx context.Context, tx *store.Tx, subject string) error {
	_, err := tx.Exec(ctx, forgetSubject, subject)
	return err
}

func loginSubject(login string) string { return digest("login:" + login) }

// addressSubject takes an IPv6 network for one address: whoever has one has 2⁶⁴.
func addressSubject(address string) string {
	if withPort, err := netip.ParseAddrPort(address); err == nil {
		address = withPort.Addr().String()
	}
	if ip, err := netip.ParseAddr(address); err == nil {
		ip = ip.Unmap().WithZone("")
		bits := 32
		if ip.Is6() {
			bits = 64
		}
		if net, err := ip.Prefix(bits); err == nil {
			address = net.String()
		}
	}
	return digest("address:" + address)
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
