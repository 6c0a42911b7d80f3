package bulletin

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/target"
)

// Warning is that a rule held for an area, with the figure as it was then.
type Warning struct {
	ID        int64
	Rule      string
	Area      string
	Indicator string
	Period    period.Period
	Seq       int64    // commit as of which the figure was
	Value     *big.Rat // of the indicator
	Compared  *big.Rat // what a change or growth was measured against
	Looked    *big.Rat // what was held against the limit: the value, the change, the growth or the open share
	Limit     string   // as content wrote it, with "<" or ">" before it
	Within    int
	OpenCount int
	At        int64
	Steps     []WarningStep
}

// The steps of a warning.
const (
	warningClose = "close" // somebody closed it with a reason
	warningGone  = "gone"  // its cause was gone
)

// WarningStep is what became of a warning.
type WarningStep struct {
	Step, Note string
	At, By     int64
}

// Open says that it waits.
func (w Warning) Open() bool { return len(w.Steps) == 0 }

// stands says that its cause was not seen to be gone.
func (w Warning) stands() bool {
	return !slices.ContainsFunc(w.Steps, func(s WarningStep) bool { return s.Step == warningGone })
}

// Warnings are those of areas that a scope may read of: those that are open first, then the newest.
func (s *Store) Warnings(ctx context.Context, scope access.Scope) ([]Warning, error) {
	where, args := scope.Where(access.ReadBulletins, "w.area", "", nil)
	all, err := s.warnings(ctx, s.DB.Read(), where, args...)
	slices.SortStableFunc(all, func(a, b Warning) int {
		switch {
		case a.Open() && !b.Open():
			return -1
		case b.Open() && !a.Open():
			return 1
		}
		return 0
	})
	return all, err
}

func (s *Store) warnings(ctx context.Context, q store.Querier, where string, args ...any) ([]Warning, error) {
	all, err := store.List(ctx, q, func(rows *store.Rows) (w Warning, err error) {
		var p, value, compared, looked string
		if err := rows.Scan(&w.ID, &w.Rule, &w.Area, &w.Indicator, &p, &w.Seq, &value, &compared, &looked, &w.Limit, &w.Within, &w.OpenCount, &w.At); err != nil {
			return w, err
		}
		if w.Period, err = period.Parse(p); err != nil {
			return w, err
		}
		for _, x := range []struct {
			to   **big.Rat
			text string
		}{{&w.Value, value}, {&w.Compared, compared}, {&w.Looked, looked}} {
			if *x.to, err = parseRat(x.text); err != nil {
				return w, err
			}
		}
		return w, nil
	}, `SELECT w.id, w.rule, w.area, w.indicator, w.period, w.seq, w.value, w.compared, w.looked, w.bound, w.within, w.open, w.at FROM bulletin_warning w WHERE `+where+` ORDER BY w.id DESC`, args...)
	if err != nil {
		return nil, err
	}
	_, err = store.List(ctx, q, func(rows *store.Rows) (x WarningStep, err error) {
		var of int64
		err = rows.Scan(&of, &x.Step, &x.Note, &x.At, &x.By)
		if i := slices.IndexFunc(all, func(w Warning) bool { return w.ID == of }); i >= 0 {
			all[i].Steps = append(all[i].Steps, x)
		}
		return x, err
	}, `SELECT p.warning, p.step, p.note, p.at, p.by_account FROM bulletin_warning_step p JOIN bulletin_warning w ON w.id = p.warning WHERE `+where+` ORDER BY p.id`, args...)
	return all, err
}

// looked is what a rule sees of an area.
type looked struct {
	period  period.Period
	figure  indicator.Figure
	against *big.Rat
	value   *big.Rat // that is held against the limit; nil where nothing can be said
}

// holds says whether the rule holds; known is false where nothing can be said.
func (r *Rule) holds(l looked) (holds, known bool) {
	if l.value == nil || max(l.figure.Within, 1) < r.Least {
		return false, false
	}
	if r.Below != "" {
		return l.value.Cmp(r.limit) < 0, true
	}
	return l.value.Cmp(r.limit) > 0, true
}

// periodOf is the period that a rule looks at on a day: what flows is looked at in whole periods, all else as it stands.
func (r *Rule) periodOf(today period.Day) (period.Period, bool) {
	p := period.Of(r.Every, today)
	if r.indicator.Measure == indicator.Flow && r.Every != period.YearToDate {
		return p.Before()
	}
	return p, true
}

func (s *Store) look(ctx context.Context, view fact.View, r *Rule, area string) (l looked, err error) {
	var ok bool
	if l.period, ok = r.periodOf(s.Clock.Today()); !ok {
		return l, nil
	}
	if r.What == OfBehind {
		return s.behind(ctx, view, r, area, l.period)
	}
	q := monitor.Query{Indicator: r.indicator, Area: area, Period: l.period}
	_, last, _ := l.period.Span()
	if q.Choices, err = s.Monitor.Choices(ctx, view, area, min(last, s.Clock.Today())); err != nil { // one answer for both that are compared
		return l, err
	}
	maps.Copy(q.Choices, r.Choices)
	if l.figure, err = s.Monitor.Figure(ctx, view, q); err != nil {
		return l, err
	}
	switch r.What {
	case OfValue:
		l.value = l.figure.Value
		return l, nil
	case OfOpen:
		l.value = openShare(l.figure.Within, l.figure.Open+l.figure.Dark+l.figure.Failed)
		return l, nil
	}
	before, ok := l.period.Before()
	if r.Against == AgainstYear {
		before, ok = l.period.YearBefore()
	}
	if !ok {
		return l, nil
	}
	q.Period = before
	then, err := s.Monitor.Figure(ctx, view, q)
	if errs.KindOf(err) == errs.KindInvalid && err != nil {
		return l, nil
	}
	l.against = then.Value
	if r.What == OfGrowth {
		l.value = monitor.Growth(l.figure, then)
	} else {
		l.value = minus(l.figure.Value, then.Value)
	}
	return l, err
}

// behind sees how far an area falls short of where it should be on the last day of a period, on its way to a target.
func (s *Store) behind(ctx context.Context, view fact.View, r *Rule, area string, p period.Period) (looked, error) {
	l := looked{period: p}
	if !s.Library.Areas().Within(area, r.goal.Plan.Area) {
		return l, nil
	}
	split, err := s.Targets.Split(ctx, r.goal.Plan.Code, r.goal.ID)
	if err != nil {
		return l, err
	}
	_, last, _ := p.Span()
	is, err := s.Targets.Progress(ctx, view, target.Asked{Split: split, Area: area, On: min(last, s.Clock.Today()), Verified: true})
	if err != nil {
		return l, err
	}
	l.figure, l.against, l.value = is.Figure.Figure, is.Need, is.Short()
	return l, nil
}

// Warn looks at every rule for every area of its level: a warning is opened where its rule holds and none stands, and those whose
// cause is gone are closed. What nothing can be said of stays as it is.
func (s *Store) Warn(ctx context.Context) error {
	view, err := s.view(ctx, 0)
	if err != nil {
		return err
	}
	for _, r := range s.Set.Rules {
		for _, area := range s.areasOf(r.Of, r.Area, s.Clock.Today()) {
			l, err := s.look(ctx, view, r, area)
			if err != nil {
				return fmt.Errorf("look at warning %s of %s: %w", r.Code, area, err)
			}
			holds, known := r.holds(l)
			if !known {
				continue
			}
			if err := s.settle(ctx, r, area, view.Seq(), l, holds); err != nil {
				return fmt.Errorf("keep warning %s of %s: %w", r.Code, area, err)
			}
		}
	}
	return nil
}

const (
	insertWarning = `INSERT INTO bulletin_warning (id, rule, area, indicator, period, seq, value, compared, looked, bound, within, open, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
	insertWarningStep = `INSERT INTO bulletin_warning_step (id, warning, step, note, at, by_account) VALUES ($1, $2, $3, $4, $5, $6)`
)

// settle opens the warning of a cause that holds, or notes that a cause is gone.
func (s *Store) settle(ctx context.Context, r *Rule, area string, seq int64, l looked, holds bool) error {
	standing := func(q store.Querier) ([]Warning, error) {
		all, err := s.warnings(ctx, q, `w.rule = $1 AND w.area = $2`, r.Code, area)
		return slices.DeleteFunc(all, func(w Warning) bool { return !w.stands() }), err
	}
	if all, err := standing(s.DB.Read()); err != nil || holds == (len(all) > 0) {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "bulletin/warning/"+r.Code+"/"+area); err != nil {
			return err
		}
		all, err := standing(tx)
		if err != nil || holds == (len(all) > 0) {
			return err
		}
		for _, w := range all {
			if err := s.warningStep(ctx, tx, w.ID, warningGone, "", 0); err != nil {
				return err
			}
		}
		if !holds {
			return nil
		}
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		limit := "<" + r.Below
		if r.Below == "" {
			limit = ">" + r.Above
		}
		open := l.figure.Open + l.figure.Dark + l.figure.Failed
		if _, err := tx.Exec(ctx, insertWarning, id, r.Code, area, r.Indicator, l.period.String(), seq, ratText(l.figure.Value), ratText(l.against), ratText(l.value), limit,
			l.figure.Within, open, s.Clock.Millis()); err != nil {
			return err
		}
		for _, to := range r.Tell {
			if err := notice.Post(ctx, tx, notice.Message{
				Key: fmt.Sprintf("bulletin/warning/%d/%s", id, to), Kind: notice.Task, To: notice.ToRole(roleOf(to), area), Title: i18n.M("bulletin.tell_warning", s.areaName(area), r.Name),
				Body: i18n.M("bulletin.tell_warning_body", r.Why), Link: "/warnings", At: s.Clock.Millis(),
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) warningStep(ctx context.Context, tx *store.Tx, warning int64, step, note string, by int64) error {
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertWarningStep, id, warning, step, note, s.Clock.Millis(), by)
	return err
}

// MayClose says that a scope closes a warning: an office that its rule tells.
func (s *Store) MayClose(scope access.Scope, w Warning) bool {
	r, err := s.Set.Rule(w.Rule)
	if err != nil {
		return mayAct(scope, OfCity, w.Area)
	}
	return slices.ContainsFunc(r.Tell, func(of string) bool { return mayAct(scope, of, w.Area) })
}

// Close closes a warning with a reason. It comes again only once its cause has been gone.
func (s *Store) Close(ctx context.Context, scope access.Scope, id int64, reason string) error {
	reason = tidy(reason)
	where, args := scope.Where(access.ReadBulletins, "w.area", "", []any{id})
	found, err := s.warnings(ctx, s.DB.Read(), `w.id = $1 AND `+where, args...)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return errs.NotFound("warning", id)
	case !s.MayClose(scope, found[0]):
		return forbidden()
	case reason == "":
		return errs.Invalid(i18n.M("bulletin.no_reason"))
	}
	if err := limited(i18n.M("bulletin.note"), reason, 1, maxTask); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "bulletin/warning/"+found[0].Rule+"/"+found[0].Area); err != nil {
			return err
		}
		now, err := s.warnings(ctx, tx, `w.id = $1`, id)
		if err != nil {
			return err
		}
		if !now[0].Open() {
			return errs.Conflict(i18n.M("bulletin.warning_closed"))
		}
		return s.warningStep(ctx, tx, id, warningClose, reason, scope.Account())
	})
}

// Watch calls Ring at an interval until ctx ends; report, which must not be nil, hears of what failed.
func (s *Store) Watch(ctx context.Context, every time.Duration, report func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.Ring(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
