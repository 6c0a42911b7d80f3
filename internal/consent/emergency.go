package consent

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Emergency is that somebody sees an enterprise beyond the own rights for a while.
type Emergency struct {
	ID      int64
	Account int64
	Party   int64
	Area    string // where the enterprise lies
	At      int64  // ms
	Until   int64  // ms
	Reason  string
}

// EmergencyHours is how long one lasts.
const EmergencyHours = 2

const (
	insertEmergency  = `INSERT INTO consent_emergency (id, account_id, party_id, area, at, until_at, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	selectEmergency  = `SELECT id, account_id, party_id, area, at, until_at, reason FROM consent_emergency`
	maxEmergencies   = 5 // that one account has at a time: an emergency is about few
	countEmergencies = `SELECT COUNT(*) FROM consent_emergency WHERE account_id = $1 AND until_at > $2`
)

// BreakGlass lets an account see an enterprise for EmergencyHours, whatever its rights, and tells of it at once: the enterprise, those
// who audit its area, the administrators. It fails with Forbidden for who may not do so, with Invalid without a reason, with NotFound
// where there is no such enterprise and with Conflict where the account has many of them open already.
func (s *Store) BreakGlass(ctx context.Context, scope access.Scope, who string, firm int64, reason string) (Emergency, error) {
	if !scope.Can(access.BreakGlass) {
		return Emergency{}, errs.Forbidden("break the glass")
	}
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < minReason || n > maxReason || !utf8.ValidString(reason) {
		return Emergency{}, errs.Invalid(i18n.M("consent.bad_reason", minReason, maxReason))
	}
	area, id, err := s.area(ctx, firm)
	if err != nil {
		return Emergency{}, err
	}
	e := Emergency{Account: scope.Account(), Party: id, Area: area, At: s.Clock.Millis(), Reason: reason}
	e.Until = e.At + (EmergencyHours * time.Hour).Milliseconds()
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, fmt.Sprintf("consent emergency %d", e.Account)); err != nil {
			return err
		}
		var open int
		if err := tx.QueryRow(ctx, countEmergencies, e.Account, e.At).Scan(&open); err != nil {
			return fmt.Errorf("count emergencies: %w", err)
		}
		if open >= maxEmergencies {
			return errs.Conflict(i18n.M("consent.many_emergencies", maxEmergencies, EmergencyHours))
		}
		var err error
		if e.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertEmergency, e.ID, e.Account, e.Party, e.Area, e.At, e.Until, e.Reason); err != nil {
			return fmt.Errorf("break the glass: %w", err)
		}
		audit.Note(tx, loggedEmergency, e.ID)
		m := notice.Message{
			Kind: notice.Served, To: notice.ToParty(e.Party), Title: i18n.M("consent.broken_title"),
			Body: i18n.M("consent.broken", who, EmergencyHours, e.Reason), Link: fmt.Sprintf("/enterprises/%d/readings", e.Party), At: e.At,
		}
		if err := notice.Post(ctx, tx, m); err != nil {
			return err
		}
		m.Kind, m.Key = notice.System, fmt.Sprintf("emergency/%d", e.ID)
		var areas []string
		if e.Area != "" {
			areas = []string{e.Area}
		}
		return s.warn(ctx, tx, m, areas)
	})
	if err != nil {
		return Emergency{}, err
	}
	return e, nil
}

// Mine is the emergencies of the scope's account that have not ended, the newest first.
func (s *Store) Mine(ctx context.Context, scope access.Scope) ([]Emergency, error) {
	return s.emergencies(ctx, ` WHERE account_id = $1 AND until_at > $2`, scope.Account(), s.Clock.Millis())
}

// Emergencies is those about an enterprise, the newest first. Forbidden for who may not see who reads its data.
func (s *Store) Emergencies(ctx context.Context, scope access.Scope, firm int64) ([]Emergency, error) {
	parties, err := s.readable(ctx, scope, firm)
	if err != nil {
		return nil, err
	}
	in, args := placeholders(parties)
	return s.emergencies(ctx, ` WHERE party_id IN (`+in+`)`, args...)
}

func (s *Store) emergencies(ctx context.Context, where string, args ...any) ([]Emergency, error) {
	rows, err := s.DB.Read().Query(ctx, selectEmergency+where+` ORDER BY id DESC`, args...)
	if err != nil {
		return nil, fmt.Errorf("read emergencies: %w", err)
	}
	defer rows.Close()
	var all []Emergency
	for rows.Next() {
		var e Emergency
		if err := rows.Scan(&e.ID, &e.Account, &e.Party, &e.Area, &e.At, &e.Until, &e.Reason); err != nil {
			return nil, fmt.Errorf("read emergencies: %w", err)
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read emergencies: %w", err)
	}
	return all, nil
}
