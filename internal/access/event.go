package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Deed is something that was done to an account.
type Deed string

// The deeds.
const (
	Created     Deed = "created"
	Authorised  Deed = "authorised" // made by an enterprise for somebody who acts for it
	Disabled    Deed = "disabled"
	Enabled     Deed = "enabled"
	NewGrants   Deed = "new_grants"   // the note says which, before and after
	NewPassword Deed = "new_password" // set by the owner, or by an administrator at the command line
	NewCode     Deed = "new_code"     // a code was printed for an account without a password
	Reset       Deed = "reset"        // a code took the place of a password; the note says how the identity was checked
	Activated   Deed = "activated"    // the code was used
	Revoked     Deed = "revoked"      // one who acted for an enterprise does so no more
	Succeeded   Deed = "succeeded"    // and somebody else does in their place: the note says who
	TokenMade   Deed = "token_made"   // the note says what it may do
	TokenEnded  Deed = "token_ended"
	Locked      Deed = "locked" // too many sign-ins failed

	SessionsEnded    Deed = "sessions_ended"     // all of an account, by an administrator; the note says why
	AllSessionsEnded Deed = "all_sessions_ended" // of everybody; of the administrator's own account, the note says why

	FactorMade  Deed = "factor_made"
	FactorEnded Deed = "factor_ended" // by its owner
	FactorReset Deed = "factor_reset" // by an administrator; the note says how the identity was checked
	FactorRoles Deed = "factor_roles" // which roles must have a second factor; of the administrator's own account, the note says which
	NewSpares   Deed = "new_spares"   // codes for who loses the app, in place of those before
	SpareUsed   Deed = "spare_used"   // one of them
)

// toldOwner are the deeds that whoever an account belongs to is told of, wherever they are: somebody else may have done them.
var toldOwner = []Deed{SessionsEnded, FactorMade, FactorEnded, FactorReset, NewSpares, SpareUsed}

// Deeds are all of them, in the order in which a page offers them.
func Deeds() []Deed {
	return []Deed{
		Created, Authorised, NewCode, Activated, Reset, NewPassword, NewGrants, Revoked, Succeeded, Disabled, Enabled, TokenMade, TokenEnded, Locked,
		SessionsEnded, AllSessionsEnded, FactorMade, FactorEnded, FactorReset, NewSpares, SpareUsed, FactorRoles,
	}
}

// Event is one deed: who did it to which account, when and why.
type Event struct {
	ID      int64
	At      int64 // ms
	Actor   int64 // account; 0 for the command line, and where nobody signed in
	Account int64
	Party   int64  // that the account acts for; 0 for none
	Area    string // that it was granted; "" for none
	Deed    Deed
	Note    string
}

// about is an event of a deed to an account with these grants.
func about(d Deed, account int64, grants []Grant) Event {
	return Event{Deed: d, Account: account, Party: partyOf(grants), Area: areaOf(grants)}
}

// areaOf is the area that grants are for, "" for none.
func areaOf(grants []Grant) string {
	for _, g := range grants {
		if g.Area != "" {
			return g.Area
		}
	}
	return ""
}

// grantWords is grants as the note of an event holds them.
func grantWords(grants []Grant) string {
	words := make([]string, len(grants))
	for i, g := range grants {
		words[i] = string(g.Role)
		if g.Area != "" {
			words[i] += " " + g.Area
		}
		if g.Until != 0 {
			words[i] += " ≤ " + time.UnixMilli(g.Until-1).In(clock.Beijing).Format(time.DateOnly)
		}
	}
	return strings.Join(words, ", ")
}

// partyOf is the enterprise that grants are for, 0 for none.
func partyOf(grants []Grant) int64 {
	for _, g := range grants {
		if g.Party != 0 {
			return g.Party
		}
	}
	return 0
}

// noteOf is a reason as it is kept, or why it will not do.
func noteOf(text string) (string, error) {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > noteMax || !utf8.ValidString(text) {
		return "", errs.Invalid(i18n.M("access.bad_note", noteMax))
	}
	return text, nil
}

const insertEvent = `INSERT INTO account_event (id, at, actor, account_id, party_id, area, deed, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

// record writes an event in the transaction of the deed.
func (s *Store) record(ctx context.Context, tx *store.Tx, by Scope, e Event) error {
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	e.ID, e.At, e.Actor = id, s.now.Millis(), by.Account()
	if _, err := tx.Exec(ctx, insertEvent, e.ID, e.At, e.Actor, e.Account, e.Party, e.Area, string(e.Deed), e.Note); err != nil {
		return fmt.Errorf("record %s: %w", e.Deed, err)
	}
	audit.Note(tx, loggedEvent, id)
	if s.Tell != nil && slices.Contains(toldOwner, e.Deed) {
		return s.Tell(ctx, tx, e)
	}
	return nil
}

const countEvents = `SELECT COUNT(*) FROM account_event`

// Deeds is how often something was done to an account: as long as it is the same, so are all accounts and grants.
func (s *Store) Deeds(ctx context.Context) (int64, error) {
	var n int64
	if err := s.db.Read().QueryRow(ctx, countEvents).Scan(&n); err != nil {
		return 0, fmt.Errorf("count account events: %w", err)
	}
	return n, nil
}

// EventQuery asks for a stretch of the events, newest first. Zero fields do not restrict.
type EventQuery struct {
	Account  int64
	Parties  []int64 // of these enterprises only
	Deed     Deed
	BeforeAt int64 // ms, and
	BeforeID int64 // the id of the last event of the stretch before
	Limit    int   // 0 for all
}

const selectEvents = `SELECT id, at, actor, account_id, party_id, area, deed, note FROM account_event`

// Events are what was done to accounts, newest first, as far as may allows, which for an account of an enterprise goes by
// where the enterprise is now.
func (s *Store) Events(ctx context.Context, q EventQuery, may func(Event) bool) ([]Event, error) {
	var c conditions
	if q.Account != 0 {
		c.add("account_id = ?", q.Account)
	}
	if q.Deed != "" {
		c.add("deed = ?", string(q.Deed))
	}
	if q.BeforeAt != 0 {
		c.add("(at < ? OR (at = ? AND id < ?))", q.BeforeAt, q.BeforeAt, q.BeforeID)
	}
	if len(q.Parties) > 0 {
		c.in("party_id", q.Parties)
	}
	rows, err := s.db.Read().Query(ctx, selectEvents+c.where()+` ORDER BY at DESC, id DESC`, c.args...)
	if err != nil {
		return nil, fmt.Errorf("read account events: %w", err)
	}
	defer rows.Close()
	var all []Event
	for (q.Limit == 0 || len(all) < q.Limit) && rows.Next() {
		var e Event
		if err := rows.Scan(&e.ID, &e.At, &e.Actor, &e.Account, &e.Party, &e.Area, &e.Deed, &e.Note); err != nil {
			return nil, fmt.Errorf("read account events: %w", err)
		}
		if may(e) {
			all = append(all, e)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read account events: %w", err)
	}
	return all, nil
}
