package retention

import (
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Hold is that the data of an enterprise is kept, whatever its term: for a dispute, an audit, an investigation.
type Hold struct {
	ID      int64
	Party   int64
	Area    string // where the enterprise lies
	At      int64  // ms
	By      int64  // account
	Reason  string
	EndedAt int64 // ms; 0 while it stands
	EndedBy int64
	EndedAs string // why it ended
}

const (
	insertHold  = `INSERT INTO retention_hold (id, party, area, at, by_account, reason) VALUES ($1, $2, $3, $4, $5, $6)`
	insertEnd   = `INSERT INTO retention_hold_end (hold_id, at, by_account, reason) VALUES ($1, $2, $3, $4)`
	selectHold  = `SELECT h.id, h.party, h.area, h.at, h.by_account, h.reason, COALESCE(e.at, 0), COALESCE(e.by_account, 0), COALESCE(e.reason, '') FROM retention_hold h LEFT JOIN retention_hold_end e ON e.hold_id = h.id`
	standing    = ` WHERE e.hold_id IS NULL`
	newestHolds = ` ORDER BY h.id DESC LIMIT 500`
)

// Hold keeps the data of an enterprise. It fails with Forbidden for who may not, NotFound where there is no such enterprise in their area,
// Invalid without a reason.
func (s *Store) Hold(ctx context.Context, scope access.Scope, firm int64, reason string) (Hold, error) {
	reason, err := tidy(reason, minReason)
	if err != nil {
		return Hold{}, err
	}
	e, err := s.firm(ctx, scope, firm)
	if err != nil {
		return Hold{}, err
	}
	h := Hold{Party: e.ID, Area: e.Area, At: s.Clock.Millis(), By: scope.Account(), Reason: reason}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := tx.Lock(ctx, lockHolds); err != nil {
			return err
		}
		if h.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		audit.Note(tx, loggedHold, h.ID)
		_, err = tx.Exec(ctx, insertHold, h.ID, h.Party, h.Area, h.At, h.By, h.Reason)
		return err
	})
	if err != nil {
		return Hold{}, fmt.Errorf("hold the data of enterprise %d: %w", firm, err)
	}
	return h, nil
}

// firm is an enterprise whose data the scope may have deleted, or kept.
func (s *Store) firm(ctx context.Context, scope access.Scope, id int64) (party.Enterprise, error) {
	if !scope.Can(access.Erase) {
		return party.Enterprise{}, errs.Forbidden("decide how long data is kept")
	}
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return party.Enterprise{}, err
	}
	e, ok := view.Enterprise(id)
	if !ok || !scope.Sees(access.Erase, e.Area, 0) {
		return party.Enterprise{}, errs.NotFound("enterprise", id)
	}
	return e, nil
}

// EndHold ends a hold. It fails with NotFound for who may not see it, with Conflict where it has ended.
func (s *Store) EndHold(ctx context.Context, scope access.Scope, id int64, reason string) error {
	reason, err := tidy(reason, minReason)
	if err != nil {
		return err
	}
	all, err := s.holds(ctx, s.DB.Read(), ` WHERE h.id = $1`, id)
	if err != nil {
		return err
	}
	if len(all) == 0 || !scope.Sees(access.Erase, all[0].Area, 0) {
		return errs.NotFound("hold", id)
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, lockHolds); err != nil {
			return err
		}
		audit.Note(tx, loggedHoldEnd, id)
		_, err := tx.Exec(ctx, insertEnd, id, s.Clock.Millis(), scope.Account(), reason)
		return err
	})
	if store.IsUnique(err) {
		return errs.Conflict(i18n.M("retention.hold_ended"))
	}
	return err
}

// Holds is the newest holds of the areas of the scope.
func (s *Store) Holds(ctx context.Context, scope access.Scope) ([]Hold, error) {
	if !scope.Can(access.Erase) {
		return nil, errs.Forbidden("see holds")
	}
	seen, args := scope.Where(access.Erase, "h.area", "", nil)
	return s.holds(ctx, s.DB.Read(), ` WHERE `+seen+newestHolds, args...)
}

func (s *Store) holds(ctx context.Context, q store.Querier, where string, args ...any) ([]Hold, error) {
	return store.List(ctx, q, func(r *store.Rows) (h Hold, err error) {
		return h, r.Scan(&h.ID, &h.Party, &h.Area, &h.At, &h.By, &h.Reason, &h.EndedAt, &h.EndedBy, &h.EndedAs)
	}, selectHold+where, args...)
}

// aboutHeld says whether a source states something about an enterprise on hold.
func (s *Store) aboutHeld(ctx context.Context, q store.Querier, source int64) (bool, error) {
	subjects, err := s.heldParties(ctx, q)
	if err != nil || len(subjects) == 0 {
		return false, err
	}
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return false, err
	}
	for _, id := range slices.Clone(subjects) {
		for _, kind := range []string{content.Project, content.Loan, content.Lease, content.Honour} {
			subjects = append(subjects, view.Children(id, kind)...)
		}
	}
	return fact.StatesOf(ctx, q, source, subjects)
}

// heldParties is the enterprises whose data is kept, by every id under which something may be kept of them.
func (s *Store) heldParties(ctx context.Context, q store.Querier) ([]int64, error) {
	all, err := s.holds(ctx, q, standing)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, h := range all {
		ids = append(ids, h.Party)
		if e, ok := view.Enterprise(h.Party); ok {
			ids = append(append(ids, e.ID), e.Merged...)
		}
	}
	return ids, nil
}
