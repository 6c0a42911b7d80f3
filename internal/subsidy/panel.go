package subsidy

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/store"
)

// ScoreSheet is what an expert handed in, or that a conflict of interest was declared instead.
type ScoreSheet struct {
	Account  int64
	Rubric   string // code and hash of what it was scored by
	Sheet    rubric.Sheet
	Remark   string
	Conflict bool
	At       int64
}

const (
	insertScore = `INSERT INTO subsidy_score (case_id, account, rubric, sheet, remark, conflict, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	scoresOf    = `SELECT account, rubric, sheet, remark, conflict, at FROM subsidy_score WHERE case_id = $1 ORDER BY at, account`
)

// score keeps an expert's sheet, once: what was handed in is not changed.
func (s *Store) score(ctx context.Context, tx *store.Tx, id, account int64, r *rubric.Rubric, in Scored) error {
	if err := r.Check(in.Sheet); err != nil {
		return err
	}
	if err := limited("subsidy.field_remark", in.Remark, maxText); err != nil {
		return err
	}
	sheet, err := json.Marshal(in.Sheet)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertScore, id, account, r.Hash, string(sheet), in.Remark, 0, s.Clock.Millis())
	return noted("keep score sheet", err)
}

// declare keeps that an expert has a conflict of interest.
func (s *Store) declare(ctx context.Context, tx *store.Tx, id, account int64, why string) error {
	_, err := tx.Exec(ctx, insertScore, id, account, "", "{}", why, 1, s.Clock.Millis())
	return noted("declare conflict of interest", err)
}

func scores(ctx context.Context, q store.Querier, id int64) ([]ScoreSheet, error) {
	rows, err := q.Query(ctx, scoresOf, id)
	if err != nil {
		return nil, fmt.Errorf("read score sheets: %w", err)
	}
	defer rows.Close()
	var all []ScoreSheet
	for rows.Next() {
		var x ScoreSheet
		var sheet string
		var conflict int
		if err := rows.Scan(&x.Account, &x.Rubric, &sheet, &x.Remark, &conflict, &x.At); err != nil {
			return nil, fmt.Errorf("read score sheets: %w", err)
		}
		x.Conflict = conflict == 1
		if err := json.Unmarshal([]byte(sheet), &x.Sheet); err != nil {
			return nil, fmt.Errorf("read score sheets: %w", err)
		}
		all = append(all, x)
	}
	return all, noted("read score sheets", rows.Err())
}

// total is what the sheets of a panel come to.
func total(ctx context.Context, q store.Querier, id int64, r *rubric.Rubric) (rubric.Score, error) {
	all, err := scores(ctx, q, id)
	if err != nil {
		return rubric.Score{}, err
	}
	var sheets []rubric.Sheet
	for _, x := range all {
		if !x.Conflict {
			sheets = append(sheets, x.Sheet)
		}
	}
	return r.Score(sheets)
}

// ScoreSheets is what experts handed in: an expert sees the own one alone, others those of a case that they handle or audit.
func (s *Store) ScoreSheets(ctx context.Context, scope access.Scope, id int64) ([]ScoreSheet, error) {
	c, _, err := s.cases.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	all, err := scores(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	official := scope.Sees(access.HandleCase, c.Area, 0) || scope.As(access.Auditor).Sees(access.ReadCase, c.Area, 0)
	var own []ScoreSheet
	for _, x := range all {
		if official || x.Account == scope.Account() && x.Account != 0 {
			own = append(own, x)
		}
	}
	return own, nil
}

// rubricOf is the rubric with a code, as it is in use.
func (s *Store) rubricOf(code string) (*rubric.Rubric, error) {
	r, err := s.Rubrics.Rubric(code)
	if err != nil {
		return nil, errs.Conflict(i18n.M("subsidy.no_rubric", code))
	}
	return r, nil
}
