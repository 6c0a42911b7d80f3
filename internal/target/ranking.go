package target

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Ranking is whether the areas of a plan are shown by rank, as an office decided with the document that asks for it. The zero value is that
// nobody did: they are not.
type Ranking struct {
	ID       int64
	Plan     string
	On       bool
	Document string
	Note     string
	At       int64
	By       int64
}

const (
	insertRanking = `INSERT INTO target_ranking (id, plan, area, ranked, document, note, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	rankingsOf    = `SELECT id, plan, ranked, document, note, at, by_account FROM target_ranking WHERE plan = $1 ORDER BY id`
)

// Rankings are all decisions about a plan, the last one of which counts.
func (s *Store) Rankings(ctx context.Context, plan string) ([]Ranking, error) {
	all, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (x Ranking, err error) {
		var on int64
		err = r.Scan(&x.ID, &x.Plan, &on, &x.Document, &x.Note, &x.At, &x.By)
		x.On = on == 1
		return x, err
	}, rankingsOf, plan)
	if err != nil {
		return nil, fmt.Errorf("read whether areas are ranked: %w", err)
	}
	return all, nil
}

// Ranking is the decision about a plan that counts, as it was known before an instant, in milliseconds; 0 for now.
func (s *Store) Ranking(ctx context.Context, plan string, before int64) (Ranking, error) {
	all, err := s.Rankings(ctx, plan)
	all = slices.DeleteFunc(all, func(x Ranking) bool { return before != 0 && x.At >= before })
	if err != nil || len(all) == 0 {
		return Ranking{Plan: plan}, err
	}
	return all[len(all)-1], nil
}

// Rank switches the ranking of a plan's areas on or off, for the office of the plan's area. Both need the number of a document.
func (s *Store) Rank(ctx context.Context, scope access.Scope, x Ranking) (Ranking, error) {
	plan, err := s.Plan(x.Plan)
	if err != nil {
		return Ranking{}, err
	}
	if err := keeps(scope, plan.Area); err != nil {
		return Ranking{}, err
	}
	x.Document, x.Note = strings.TrimSpace(x.Document), strings.TrimSpace(x.Note)
	if err := errors.Join(within("document", x.Document, maxName, false), within("note", x.Note, maxText, true)); err != nil {
		return Ranking{}, err
	}
	x.At, x.By = s.Clock.Millis(), scope.Account()
	on := 0
	if x.On {
		on = 1
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if x.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertRanking, x.ID, x.Plan, plan.Area, on, x.Document, x.Note, x.At, x.By); err != nil {
			return err
		}
		audit.Note(tx, loggedRanking, x.ID)
		return nil
	})
	if err != nil {
		return Ranking{}, fmt.Errorf("switch the ranking of plan %s: %w", x.Plan, err)
	}
	return x, nil
}

// ranks are places among values, 1 for the best; equal values share one. more says that more is better.
func ranks(values []*rated, more bool) {
	order := slices.Clone(values)
	slices.SortStableFunc(order, func(a, b *rated) int {
		if more {
			return b.value.Cmp(a.value)
		}
		return a.value.Cmp(b.value)
	})
	for i, x := range order {
		x.rank = i + 1
		if i > 0 && x.value.Cmp(order[i-1].value) == 0 {
			x.rank = order[i-1].rank
		}
	}
}
