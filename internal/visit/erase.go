package visit

import (
	"context"
	"fmt"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/retention"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Records is the name of the kind of notes of visits in the register.
const Records = "visit"

// ofVisits is notes of visits of cases that are over.
type ofVisits struct{ s *Store }

// Retention is the kind of notes of visits, for package retention. Photographs are files of the case, a kind of their own.
func (s *Store) Retention() retention.Kind { return ofVisits{s} }

func (ofVisits) Name() string     { return Records }
func (ofVisits) Tables() []string { return []string{"visit_entry"} }

const (
	keptNotes  = `SELECT case_id, COUNT(*) FROM visit_entry WHERE erased_at = 0 GROUP BY case_id ORDER BY case_id`
	eraseNotes = `UPDATE visit_entry SET body = '', erased_at = $1 WHERE case_id = $2 AND erased_at = 0`
)

func (k ofVisits) Due(ctx context.Context, ask retention.Ask) ([]retention.Item, error) {
	type notes struct{ of, count int64 }
	kept, err := store.List(ctx, k.s.DB.Read(), func(r *store.Rows) (n notes, err error) { return n, r.Scan(&n.of, &n.count) }, keptNotes)
	if err != nil {
		return nil, err
	}
	ids, counts := make([]int64, len(kept)), map[int64]int64{}
	for i, n := range kept {
		ids[i], counts[n.of] = n.of, n.count
	}
	ended, err := casework.EndedOf(ctx, k.s.DB.Read(), ids, ask.Before)
	var all []retention.Item
	for _, c := range ended {
		all = append(all, retention.Item{Kind: Records, Ref: strconv.FormatInt(c.ID, 10), Area: c.Area, Party: c.Enterprise, Case: c.ID, Since: c.Since, Count: counts[c.ID]})
	}
	return all, err
}

func (ofVisits) Erase(ctx context.Context, tx *store.Tx, ask retention.Ask, it retention.Item) (int64, error) {
	n, err := tx.Exec(ctx, eraseNotes, ask.Now, it.Case)
	if err != nil {
		return 0, fmt.Errorf("erase the notes of the visit of case %d: %w", it.Case, err)
	}
	return n, nil
}

func (ofVisits) Clear(context.Context, retention.Item) error { return nil }
