package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// A delivery is files that came together, as a city gets them from its counties: each a batch of its own, mended once for
// all of them, committed and taken back alone or together.

const (
	bundleBatch   = `UPDATE intake_batch SET delivery = $1 WHERE id = $2 AND delivery = 0`
	deliveredWith = `SELECT ` + batchColumns + ` FROM intake_batch WHERE delivery = $1 ORDER BY id LIMIT $2`
)

// maxDelivery is how many files of a delivery are worked on at once.
const maxDelivery = 500

// Bundle makes batches that were just received one delivery.
func (s *Service) Bundle(ctx context.Context, ids []int64) error {
	if len(ids) < 2 {
		return nil
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, id := range ids {
			if _, err := tx.Exec(ctx, bundleBatch, slices.Min(ids), id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("bundle batches: %w", err)
	}
	return nil
}

// Delivery is the batches that came with one, itself among them, in the order in which they came; of these, what the scope
// may work on. A batch that came alone is its own delivery.
func (s *Service) Delivery(ctx context.Context, scope access.Scope, id int64) ([]Batch, error) {
	b, err := s.Batch(ctx, scope, id)
	if err != nil || b.Delivery == 0 {
		return []Batch{b}, err
	}
	rows, err := s.db.Read().Query(ctx, deliveredWith, b.Delivery, maxDelivery)
	if err != nil {
		return nil, fmt.Errorf("delivery of batch %d: %w", id, err)
	}
	defer rows.Close()
	var all []Batch
	for rows.Next() {
		other, err := scanBatch(rows)
		if err != nil {
			return nil, fmt.Errorf("delivery of batch %d: %w", id, err)
		}
		if scope.Sees(access.Import, other.Area, 0) {
			all = append(all, other)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("delivery of batch %d: %w", id, err)
	}
	return all, nil
}

// MendDelivery gives an answer about a place in one batch to every batch of its delivery that has the like and is not in
// yet, or to those of them that are named, and starts their previews anew. It tells how many these are.
func (s *Service) MendDelivery(ctx context.Context, scope access.Scope, id int64, at Spot, a Answer, only ...int64) (int, error) {
	b, err := s.Batch(ctx, scope, id)
	if err != nil {
		return 0, err
	}
	if _, err := b.Plan.Answered(at, a); err != nil {
		return 0, err
	}
	all, err := s.Delivery(ctx, scope, id)
	if err != nil {
		return 0, err
	}
	mended := 0
	for _, other := range all {
		places := b.Plan.Like(at, other.Plan)
		if len(only) > 0 && !slices.Contains(only, other.ID) || len(places) == 0 || other.State != Ready && other.State != Failed {
			continue
		}
		plan := other.Plan
		for _, place := range places {
			if plan, err = plan.Answered(place, a); err != nil {
				return mended, err
			}
		}
		if _, err := s.Replan(ctx, scope, other.ID, plan); err != nil {
			return mended, err
		}
		mended++
	}
	return mended, nil
}

// CommitDelivery commits those of a batch's delivery that are chosen, all where chosen is nil, as far as each may be
// committed. It tells how many these are; Conflict when there is none.
func (s *Service) CommitDelivery(ctx context.Context, scope access.Scope, id int64, chosen []int64) (int, error) {
	all, err := s.Delivery(ctx, scope, id)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, b := range all {
		if chosen != nil && !slices.Contains(chosen, b.ID) || b.Standing() != Standing(Ready) {
			continue
		}
		if _, err := s.Commit(ctx, scope, b.ID); err != nil {
			return n, err
		}
		n++
	}
	if n == 0 {
		return 0, errs.Conflict(i18n.M("intake.none_ready"))
	}
	return n, nil
}

// UndoDelivery takes back those of a batch's delivery that are in, the last one first. One that another file leans on
// stays, with its reason among the errors (Conflict).
func (s *Service) UndoDelivery(ctx context.Context, scope access.Scope, id int64, reason string) (int, error) {
	all, err := s.Delivery(ctx, scope, id)
	if err != nil {
		return 0, err
	}
	n := 0
	var stay error
	for _, b := range slices.Backward(all) {
		if b.State != Committed {
			continue
		}
		switch _, err := s.Undo(ctx, scope, b.ID, reason); {
		case errs.KindOf(err) == errs.KindConflict:
			stay = errors.Join(stay, err)
		case err != nil:
			return n, err
		default:
			n++
		}
	}
	return n, stay
}
