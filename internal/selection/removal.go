package selection

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Removal is that an expert was taken out of the pool, or that somebody asks for it: who judges a nomination now leaves only
// when another account agrees, so that nobody alone chooses who judges.
type Removal struct {
	ID      int64
	Expert  int64
	AskedAt int64
	AskedBy int64
	Reason  string
	Settled int64 // 0 while it waits for another account
	By      int64 // who settled it
	Done    bool  // the expert left; otherwise it was not agreed to
}

// Waits says that another account has to agree.
func (r Removal) Waits() bool { return r.Settled == 0 }

const (
	removalColumns = `id, expert_id, asked_at, asked_by, reason, settled_at, settled_by, done`
	allRemovals    = `SELECT ` + removalColumns + ` FROM selection_removal ORDER BY id`
	insertRemoval  = `INSERT INTO selection_removal (` + removalColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	settleRemoval  = `UPDATE selection_removal SET settled_at = $1, settled_by = $2, done = $3 WHERE id = $4 AND settled_at = 0`
	judgesNow      = `SELECT COUNT(*) FROM selection_seat s JOIN selection_nomination n ON n.id = s.nomination_id JOIN selection_round r ON r.id = n.round_id
	WHERE s.expert_id = $1 AND s.ended_at = 0 AND n.out_at = 0 AND r.state = 'judging'`
)

func removals(ctx context.Context, q store.Querier) ([]Removal, error) {
	return store.List(ctx, q, func(r *store.Rows) (x Removal, err error) {
		var done int
		err = r.Scan(&x.ID, &x.Expert, &x.AskedAt, &x.AskedBy, &x.Reason, &x.Settled, &x.By, &done)
		x.Done = done == 1
		return x, err
	}, allRemovals)
}

// waiting is the removal of an expert that another account has to agree to.
func waiting(ctx context.Context, q store.Querier, expert int64) (r Removal, ok bool, err error) {
	all, err := removals(ctx, q)
	i := slices.IndexFunc(all, func(r Removal) bool { return r.Expert == expert && r.Waits() })
	if err != nil || i < 0 {
		return Removal{}, false, err
	}
	return all[i], true, nil
}

// Removals is every removal of an expert that the scope may see, the oldest first.
func (s *Store) Removals(ctx context.Context, scope access.Scope) ([]Removal, error) {
	pool, err := s.Experts(ctx, scope)
	if err != nil {
		return nil, err
	}
	all, err := removals(ctx, s.DB.Read())
	return slices.DeleteFunc(all, func(r Removal) bool {
		return !slices.ContainsFunc(pool, func(e Expert) bool { return e.ID == r.Expert && scope.Sees(access.ReadCase, e.Area, 0) })
	}), err
}

// RemoveExpert takes somebody out of the pool, for a reason. Who judges a nomination now stays until another account agrees:
// waits is true then.
func (s *Store) RemoveExpert(ctx context.Context, scope access.Scope, id int64, reason string) (waits bool, err error) {
	reason = strings.TrimSpace(reason)
	err = s.keepPool(ctx, scope, id, func(ctx context.Context, tx *store.Tx) error {
		if n := utf8.RuneCountInString(reason); n < shortestReasons || n > maxReason {
			return errs.Invalid(i18n.M("selection.need_reason"))
		}
		_, asked, err := waiting(ctx, tx, id)
		if err == nil && asked {
			err = errs.Conflict(i18n.M("selection.removal_waits"))
		}
		if err != nil {
			return err
		}
		var seats int
		if err := tx.QueryRow(ctx, judgesNow, id).Scan(&seats); err != nil {
			return err
		}
		r := Removal{Expert: id, AskedAt: s.Clock.Millis(), AskedBy: scope.Account(), Reason: reason}
		if waits = seats > 0; !waits {
			r.Settled, r.By, r.Done = r.AskedAt, r.AskedBy, true
		}
		if r.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertRemoval, r.ID, r.Expert, r.AskedAt, r.AskedBy, r.Reason, r.Settled, r.By, number(r.Done)); err != nil || waits {
			return err
		}
		return s.leaves(ctx, tx, r)
	})
	if err != nil {
		return false, fmt.Errorf("remove expert %d: %w", id, err)
	}
	return waits, nil
}

// SettleRemoval ends the removal of an expert that waits. Agreed, which is for another account than the one that asked, it takes the
// expert out: others take the seats by lot, and sheets that were given do not count. Otherwise the expert stays.
func (s *Store) SettleRemoval(ctx context.Context, scope access.Scope, expert int64, agreed bool) error {
	err := s.keepPool(ctx, scope, expert, func(ctx context.Context, tx *store.Tx) error {
		r, asked, err := waiting(ctx, tx, expert)
		switch {
		case err != nil:
			return err
		case !asked:
			return errs.Conflict(i18n.M("selection.no_removal"))
		case agreed && r.AskedBy == scope.Account():
			return &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("selection.removal_own")}
		}
		r.Settled, r.By, r.Done = s.Clock.Millis(), scope.Account(), agreed
		if _, err := tx.Exec(ctx, settleRemoval, r.Settled, r.By, number(r.Done), r.ID); err != nil || !agreed {
			return err
		}
		return s.leaves(ctx, tx, r)
	})
	if err != nil {
		return fmt.Errorf("settle the removal of expert %d: %w", expert, err)
	}
	return nil
}

// keepPool changes something about an expert of the pool that the scope keeps; NotFound for any other.
func (s *Store) keepPool(ctx context.Context, scope access.Scope, id int64, do func(context.Context, *store.Tx) error) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, poolLock); err != nil {
			return err
		}
		all, err := experts(ctx, tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(e Expert) bool { return e.ID == id && e.Left == 0 })
		if i < 0 || managesPool(scope, all[i].Area) != nil {
			return errs.NotFound("expert", id)
		}
		return do(ctx, tx)
	})
}

// leaves takes an expert out, and settles anew who judges what.
func (s *Store) leaves(ctx context.Context, tx *store.Tx, r Removal) error {
	if _, err := tx.Exec(ctx, expertLeaves, r.Settled, r.Reason, r.Expert); err != nil {
		return err
	}
	return s.reseat(ctx, tx)
}

// number is a truth value as it is stored.
func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
