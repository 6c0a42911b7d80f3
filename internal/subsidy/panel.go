package subsidy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/store"
)

// ScoreSheet is what an expert handed in, or that a conflict of interest was declared instead.
type ScoreSheet struct {
	Panel    int64 // the event that called the panel
	Account  int64
	Rubric   string // hash of what it was scored by
	Sheet    rubric.Sheet
	Remark   string
	Conflict bool
	At       int64
}

const (
	insertScore = `INSERT INTO subsidy_score (case_id, panel, account, rubric, sheet, remark, conflict, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	scoresOf    = `SELECT panel, account, rubric, sheet, remark, conflict, at FROM subsidy_score WHERE case_id = $1 ORDER BY panel, at, account`
)

// score keeps an expert's sheet, once: what was handed in is not changed.
func (s *Store) score(ctx context.Context, tx *store.Tx, c casework.Case, account int64, r *rubric.Rubric, in Scored) error {
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
	audit.Note(tx, loggedScore, c.ID, c.Moved, account)
	_, err = tx.Exec(ctx, insertScore, c.ID, c.Moved, account, r.Hash, string(sheet), in.Remark, 0, s.Clock.Millis())
	return noted("keep score sheet", err)
}

// declare keeps that an expert has a conflict of interest.
func (s *Store) declare(ctx context.Context, tx *store.Tx, c casework.Case, account int64, why string) error {
	audit.Note(tx, loggedScore, c.ID, c.Moved, account)
	_, err := tx.Exec(ctx, insertScore, c.ID, c.Moved, account, "", "{}", why, 1, s.Clock.Millis())
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
		if err := rows.Scan(&x.Panel, &x.Account, &x.Rubric, &sheet, &x.Remark, &conflict, &x.At); err != nil {
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

// sheetsOf is the sheets of one panel, conflicts aside.
func sheetsOf(all []ScoreSheet, panel int64) []rubric.Sheet {
	var sheets []rubric.Sheet
	for _, x := range all {
		if x.Panel == panel && !x.Conflict {
			sheets = append(sheets, x.Sheet)
		}
	}
	return sheets
}

// ScoreSheets is what experts handed in, panel by panel: an expert sees the own ones alone, others those of a case that they
// handle or audit.
func (s *Store) ScoreSheets(ctx context.Context, scope access.Scope, id int64) ([]ScoreSheet, error) {
	c, _, err := s.cases.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	all, err := scores(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	if handles(scope, c) {
		return all, nil
	}
	return slices.DeleteFunc(all, func(x ScoreSheet) bool { return x.Account == 0 || x.Account != scope.Account() }), nil
}

// Panel is a panel as it stands: what was handed in to the one that was called last, and what it comes to.
type Panel struct {
	Rubric *rubric.Rubric
	Sheets []ScoreSheet // of the panel, conflicts included
	Before []ScoreSheet // of panels that were sent home
	Waits  []int64      // accounts whose sheet is still to come
	Score  *rubric.Score
}

// Panel is the panel of a case, for who handles or audits it; NotFound where none was called.
func (s *Store) Panel(ctx context.Context, scope access.Scope, id int64) (Panel, error) {
	c, w, err := s.cases.Get(ctx, scope, id)
	if err != nil {
		return Panel{}, err
	}
	if !handles(scope, c) {
		return Panel{}, errs.NotFound("panel of case", id)
	}
	var p Panel
	called, err := s.calledAt(ctx, c, w)
	if err != nil {
		return p, err
	}
	if called == 0 {
		return p, errs.NotFound("panel of case", id)
	}
	if p.Rubric, err = s.RubricOf(ctx, scope, id); err != nil {
		return p, err
	}
	all, err := scores(ctx, s.DB.Read(), id)
	if err != nil {
		return p, err
	}
	for _, x := range all {
		if x.Panel == called {
			p.Sheets = append(p.Sheets, x)
		} else {
			p.Before = append(p.Before, x)
		}
	}
	tasks, err := s.cases.TasksOf(ctx, scope, id)
	if err != nil {
		return p, err
	}
	for _, t := range tasks {
		if t.Open() && t.Role == string(access.Expert) && t.OpenedN == called {
			p.Waits = append(p.Waits, t.Account)
		}
	}
	if given := sheetsOf(all, called); len(given) >= max(p.Rubric.Least(), 1) {
		sum, err := p.Rubric.Score(given)
		if err != nil {
			return p, err
		}
		p.Score = &sum
	}
	return p, nil
}

// calledAt is the event that called the panel of a case last, 0 for none.
func (s *Store) calledAt(ctx context.Context, c casework.Case, w *casework.Workflow) (int64, error) {
	events, err := s.cases.Track(ctx, access.SystemScope(), c.ID)
	if err != nil {
		return 0, err
	}
	for _, e := range slices.Backward(events) {
		if e.From != e.To && slices.ContainsFunc(w.ActionsFrom(e.To), func(a *casework.Action) bool { return a.Does("subsidy.score") }) {
			return e.N, nil
		}
	}
	return 0, nil
}

// RubricOf is the rubric that a case, which the scope may see, is scored by: as it was when the case was opened.
func (s *Store) RubricOf(ctx context.Context, scope access.Scope, id int64) (*rubric.Rubric, error) {
	_, w, err := s.cases.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	for _, p := range w.Definitions() {
		if p.Kind == rubricPin {
			src, err := s.cases.Pinned(ctx, scope, id, p.Kind, p.Name)
			return s.readRubric(p.Name, src, err)
		}
	}
	return nil, errs.NotFound("rubric of case", id)
}

// readRubric reads the bytes of a rubric that a case pinned; err is that of finding them. A case that was opened before rubrics
// were pinned goes by the one in use.
func (s *Store) readRubric(code string, src []byte, err error) (*rubric.Rubric, error) {
	if errs.KindOf(err) == errs.KindNotFound {
		return s.rubricInUse(code)
	}
	if err != nil {
		return nil, err
	}
	r, problems := rubric.Parse(code, src)
	if len(problems) > 0 {
		return nil, fmt.Errorf("rubric %s of the database is not understood any more: %w", code, problems)
	}
	return r, nil
}

// rubricInUse is the rubric with a code, as it is in use.
func (s *Store) rubricInUse(code string) (*rubric.Rubric, error) {
	r, err := s.Rubrics.Rubric(code)
	if err != nil {
		return nil, errs.Conflict(i18n.M("subsidy.no_rubric", code))
	}
	return r, nil
}
