package access

import (
	"context"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/store"
)

// Deed is something that was done to an account.
type Deed string

// The deeds.
const (
	Created     Deed = "created"
	Disabled    Deed = "disabled"
	Enabled     Deed = "enabled"
	NewGrants   Deed = "new_grants"
	NewPassword Deed = "new_password" // set by the owner, or by an administrator at the command line
	NewCode     Deed = "new_code"     // a code was printed; the note says how the identity was checked
	Activated   Deed = "activated"    // the code was used
	Revoked     Deed = "revoked"      // one who acted for an enterprise does so no more
)

// Deeds are all of them, in the order in which a page offers them.
func Deeds() []Deed {
	return []Deed{Created, NewCode, Activated, NewPassword, NewGrants, Revoked, Disabled, Enabled}
}

// Event is one deed: who did it to which account, when and why.
type Event struct {
	ID      int64
	At      int64 // ms
	Actor   int64 // account; 0 for the command line
	Account int64
	Party   int64 // that the account acts for; 0 for none
	Deed    Deed
	Note    string
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

const insertEvent = `INSERT INTO account_event (id, at, actor, account_id, party_id, deed, note) VALUES ($1, $2, $3, $4, $5, $6, $7)`

// record writes an event in the transaction of the deed.
func (s *Store) record(ctx context.Context, tx *store.Tx, by Scope, e Event) error {
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertEvent, id, s.now.Millis(), by.Account(), e.Account, e.Party, string(e.Deed), e.Note); err != nil {
		return fmt.Errorf("record %s: %w", e.Deed, err)
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

const selectEvents = `SELECT id, at, actor, account_id, party_id, deed, note FROM account_event`

// Events are what was done to accounts, newest first, as far as may allows: it says whether what was done to an account
// of an enterprise (0: of none) is shown, which goes by where the enterprise is now.
func (s *Store) Events(ctx context.Context, q EventQuery, may func(party int64) bool) ([]Event, error) {
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
		if err := rows.Scan(&e.ID, &e.At, &e.Actor, &e.Account, &e.Party, &e.Deed, &e.Note); err != nil {
			return nil, fmt.Errorf("read account events: %w", err)
		}
		if may(e.Party) {
			all = append(all, e)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read account events: %w", err)
	}
	return all, nil
}
