package access

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

const (
	codeSize  = 16                  // letters of base 32: 80 bits
	codeGroup = 4                   // letters between two hyphens
	codeLife  = 30 * 24 * time.Hour // a letter goes by post and lies in an in-tray
	noteMax   = 500                 // characters
	batchMax  = 500                 // accounts that one transaction changes: others get their turn
)

// Holder is an account that is to be given a code, and the enterprise that it acts for; zero for an account of none.
type Holder struct {
	Account int64
	Firm    Firm
}

// Code is a one-time code as it goes into a letter. It stands nowhere else: what is kept is a hash.
type Code struct {
	Account     int64
	Login, Name string
	Role        Role   // what the account is for
	Text        string // in groups: ABCD-EFGH-IJKL-MNOP
	ExpiresAt   int64  // ms
}

// IssueCodes gives accounts new codes, each good for one use within 30 days; a code given before is worth nothing
// afterwards. An account that had a password loses it, and its sessions end at once: then why must say how the identity
// was checked. It fails with Forbidden where by may not, and gives codes to none of a batch in which it fails.
func (s *Store) IssueCodes(ctx context.Context, by Scope, holders []Holder, why string) ([]Code, error) {
	why, err := noteOf(why)
	if err != nil {
		return nil, err
	}
	all := make([]Code, 0, len(holders))
	for batch := range slices.Chunk(holders, batchMax) {
		done := len(all)
		err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			all = all[:done] // a transaction may be tried again
			for _, h := range batch {
				code, err := s.issue(ctx, tx, by, h, why)
				if err != nil {
					return err
				}
				all = append(all, code)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("issue codes: %w", err)
		}
	}
	return all, nil
}

const (
	endCodes   = `UPDATE activation SET ended_at = $1 WHERE account_id = $2 AND ended_at = 0`
	insertCode = `INSERT INTO activation (id, account_id, code, made_at, expires_at, ended_at) VALUES ($1, $2, $3, $4, $5, 0)`
	openCode   = `SELECT id, code FROM activation WHERE account_id = $1 AND ended_at = 0 AND expires_at > $2`
	useCode    = `UPDATE activation SET ended_at = $1 WHERE id = $2 AND ended_at = 0`
	setNothing = `UPDATE account SET password = '', epoch = epoch + 1 WHERE id = $1`
)

func (s *Store) issue(ctx context.Context, tx *store.Tx, by Scope, h Holder, why string) (Code, error) {
	a, _, err := s.read(ctx, tx, byID, h.Account)
	if err != nil {
		return Code{}, err
	}
	switch {
	case !by.mayIssue(a, h.Firm):
		return Code{}, errs.Forbidden(fmt.Sprintf("issue a code to account %d", a.ID))
	case a.Disabled():
		return Code{}, errs.Conflict(i18n.M("access.disabled", a.Login))
	case !a.Waits && why == "":
		return Code{}, errs.Invalid(i18n.M("access.need_note"))
	}
	now := s.now.Millis()
	c := Code{Account: a.ID, Login: a.Login, Name: a.Name, Role: a.role(), Text: newCode(), ExpiresAt: now + codeLife.Milliseconds()}
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return Code{}, err
	}
	if _, err := tx.Exec(ctx, endCodes, max(1, now), a.ID); err != nil {
		return Code{}, err
	}
	if _, err := tx.Exec(ctx, insertCode, id, a.ID, hashCode(a.ID, c.Text), now, c.ExpiresAt); err != nil {
		return Code{}, err
	}
	if !a.Waits {
		if _, err := tx.Exec(ctx, setNothing, a.ID); err != nil {
			return Code{}, err
		}
	}
	if err := forget(ctx, tx, loginSubject(a.Login)); err != nil {
		return Code{}, err
	}
	e := about(NewCode, a.ID, a.Grants)
	if !a.Waits {
		e.Deed = Reset
	}
	e.Party, e.Note = cmp.Or(h.Firm.Party, e.Party), why
	return c, s.record(ctx, tx, by, e)
}

// mayIssue says whether the scope may give an account a code. An administrator may to any. Else all that the account may
// do must be about the one enterprise: its own account gets codes from officials of its area, those who act for it from
// the enterprise.
func (s Scope) mayIssue(a Account, f Firm) bool {
	if s.Can(ManageAccounts) {
		return true
	}
	if f.Party == 0 || len(a.Grants) == 0 {
		return false
	}
	for _, g := range a.Grants {
		action := Delegate
		if g.Role == Enterprise {
			action = IssueAccess
		}
		if g.Party != f.Party || !s.Sees(action, f.Area, f.Party) {
			return false
		}
	}
	return true
}

// newCode is chance in groups that can be read out.
func newCode() string {
	return grouped(rand.Text()[:codeSize], codeGroup) // of A to Z and 2 to 7
}

// grouped is a text with a hyphen after every few letters.
func grouped(text string, few int) string {
	var groups []string
	for group := range slices.Chunk([]byte(text), few) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, "-")
}

// foldCode reads a code as people type it: in any case and width, with or without hyphens, and digits that are not in
// its alphabet for the letters that they look like.
func foldCode(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z', r >= '2' && r <= '7':
			return r
		case r == '0':
			return 'O'
		case r == '1':
			return 'I'
		case r == '8':
			return 'B'
		}
		return -1
	}, strings.ToUpper(norm.NFKC.String(text)))
}

// hashCode is what is kept. A code has 80 bits of chance, so that a plain hash is enough; the account is in it, so that
// guesses at one are guesses at no other.
func hashCode(account int64, text string) string {
	return digest("code:" + strconv.FormatInt(account, 10) + ":" + foldCode(text))
}

// Activate sets the password of an account that comes with its code, and opens the account. It fails with Forbidden, in
// the same words, for a login that does not exist, a wrong, used or expired code and a disabled account; with Invalid for
// a password that will not do; and with Unavailable after too many tries, which count together with those of Authenticate.
func (s *Store) Activate(ctx context.Context, login, code, password, address string) (Account, error) {
	login = fold(login)
	if err := s.check(password, login, ""); err != nil {
		return Account{}, err
	}
	byName, byAddress := loginSubject(login), addressSubject(address)
	if err := s.count(ctx, login, byAddress); err != nil {
		return Account{}, err
	}
	a, id, err := s.withCode(ctx, login, code)
	if err != nil {
		return Account{}, err
	}
	if err := s.check(password, a.Login, a.Name); err != nil {
		return Account{}, err
	}
	hash, err := s.hash.hash(ctx, password)
	if err != nil {
		return Account{}, fmt.Errorf("activate: %w", err)
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, useCode, max(1, s.now.Millis()), id)
		if err != nil {
			return err
		}
		if n == 0 { // another was quicker
			return errWrongCode
		}
		if _, err := tx.Exec(ctx, setPassword, hash, s.machine.Millis(), a.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, takeBack, byAddress); err != nil {
			return err
		}
		if err := forget(ctx, tx, byName); err != nil {
			return err
		}
		return s.record(ctx, tx, Scope{account: a.ID}, about(Activated, a.ID, a.Grants))
	})
	if err != nil {
		return Account{}, fmt.Errorf("activate: %w", err)
	}
	return s.ByID(ctx, a.ID)
}

var errWrongCode = &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("access.wrong_code")}

// withCode is the account whose code this is, and the id of the code.
func (s *Store) withCode(ctx context.Context, login, text string) (Account, int64, error) {
	a, _, err := s.read(ctx, s.db.Read(), byLogin, login)
	if errs.KindOf(err) == errs.KindNotFound {
		return Account{}, 0, errWrongCode
	}
	if err != nil {
		return Account{}, 0, fmt.Errorf("activate: %w", err)
	}
	var (
		id   int64
		kept string
	)
	err = s.db.Read().QueryRow(ctx, openCode, a.ID, s.now.Millis()).Scan(&id, &kept)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, 0, errWrongCode
	}
	if err != nil {
		return Account{}, 0, fmt.Errorf("activate: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(kept), []byte(hashCode(a.ID, text))) == 0 || a.Disabled() {
		return Account{}, 0, errWrongCode
	}
	return a, id, nil
}
