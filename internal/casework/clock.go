package casework

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Inbox is the tasks that wait for an account or its roles.
type Inbox struct {
	Total   int
	Overdue int
	Today   int // due today
	Tasks   []Waiting
}

// Waiting is a task with what it is about.
type Waiting struct {
	CaseTask
	Title   string
	DueDay  period.Day // 0 where there is no clock
	Assured bool       // the calendar knows all days up to it
	Overdue bool
}

// span is tasks that began on a day and have so many working days: all are due on the same day.
type span struct {
	days  int
	since period.Day
}

// assignedFor is the accounts to which the case of a task t is assigned as the role that it is for: a state that waits for experts or
// an audit firm names no account in its task.
const assignedFor = `SELECT account FROM case_assignment WHERE case_id = t.case_id AND role = t.role AND ended = 0`

// mine is the condition over case_task t of the open tasks for certain words that a scope can do, by the rule table; ok is
// false where there are none.
func mine(scope access.Scope, words ...string) (sql string, args []any, ok bool) {
	var terms []string
	columns := access.Columns{Area: "t.area", Owner: "t.enterprise", Partner: "t.partner", Accounts: assignedFor, Roles: "SELECT t.role"}
	for _, word := range words {
		var may []string
		for _, role := range scope.Roles() {
			if !slices.Contains(rolesOf(word), role) {
				continue
			}
			var term string
			term, args = scope.As(role).WhereObject(deeds[role], columns, args)
			may = append(may, term)
		}
		if may == nil {
			continue
		}
		args = append(args, word)
		term := "t.role = $" + strconv.Itoa(len(args)) + " AND (" + strings.Join(may, " OR ") + ")"
		if word != Applicant {
			for _, own := range scope.Owns() { // as actsAs says
				args = append(args, own)
				term += " AND t.enterprise <> $" + strconv.Itoa(len(args))
			}
		}
		terms = append(terms, term)
	}
	if terms == nil {
		return "", nil, false
	}
	args = append(args, scope.Account())
	return "t.closed_n = 0 AND t.account IN (0, $" + strconv.Itoa(len(args)) + ") AND (" + strings.Join(terms, " OR ") + ")", args, true
}

const (
	spansOf   = `SELECT t.days, t.since_day, COUNT(*) FROM case_task t WHERE `
	byDay     = ` GROUP BY t.days, t.since_day`
	waitingOf = `SELECT ` + taskColumns + `, c.title FROM case_task t JOIN case_head c ON c.id = t.case_id WHERE `
)

// Inbox is what waits for the account of the scope, what is overdue first: a stretch of the tasks, and how many there are.
// A workflow narrows it; "" is all.
func (s *Store) Inbox(ctx context.Context, scope access.Scope, workflow string, skip, limit int) (Inbox, error) {
	only := func(where string, args []any) (string, []any) {
		if workflow == "" {
			return where, args
		}
		return where + " AND t.workflow = $" + strconv.Itoa(len(args)+1), append(args, workflow)
	}
	var in Inbox
	err := s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		in = Inbox{}
		spans := map[span]int{}
		for _, word := range actors() { // one by one, so that each is answered from an index
			where, args, ok := mine(scope, word)
			if !ok {
				continue
			}
			where, args = only(where, args)
			if err := addSpans(ctx, q, spans, spansOf+where+byDay, args...); err != nil {
				return err
			}
		}
		where, args, _ := mine(scope, actors()...)
		where, args = only(where, args)
		for _, p := range s.reckon(&in, spans, skip, limit) {
			if err := s.stretch(ctx, q, &in, p, where, args); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Inbox{}, fmt.Errorf("read inbox: %w", err)
	}
	return in, nil
}

// Asked is the open tasks of a role in a workflow that any account of the role may answer, as far as the scope reads their
// cases as an office: what a department has before it, and what an official sends to it. What is overdue comes first.
func (s *Store) Asked(ctx context.Context, scope access.Scope, workflow string, role access.Role, skip, limit int) (Inbox, error) {
	where, args := scope.WhereObject(access.ReadCase, access.Columns{
		Area: "t.area", Partner: "t.partner", Accounts: "SELECT account FROM case_assignment WHERE case_id = t.case_id AND ended = 0", Roles: "SELECT role FROM case_handed WHERE case_id = t.case_id",
	}, nil)
	for _, own := range scope.Owns() { // as actsAs says
		args = append(args, own)
		where += " AND t.enterprise <> $" + strconv.Itoa(len(args))
	}
	args = append(args, workflow, string(role))
	where += fmt.Sprintf(" AND t.workflow = $%d AND t.role = $%d AND t.kind = 'work' AND t.account = 0 AND t.closed_n = 0", len(args)-1, len(args))
	var in Inbox
	err := s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		in = Inbox{}
		spans := map[span]int{}
		if err := addSpans(ctx, q, spans, spansOf+where+byDay, args...); err != nil {
			return err
		}
		for _, p := range s.reckon(&in, spans, skip, limit) {
			if err := s.stretch(ctx, q, &in, p, where, args); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Inbox{}, fmt.Errorf("read tasks of %s: %w", role, err)
	}
	return in, nil
}

// addSpans counts the tasks that a query finds, by when they began and how long they may take.
func addSpans(ctx context.Context, q store.Querier, spans map[span]int, query string, args ...any) error {
	_, err := store.List(ctx, q, func(r *store.Rows) (x span, err error) {
		var since int32
		var n int
		err = r.Scan(&x.days, &since, &n)
		x.since = period.Day(since)
		spans[x] += n
		return x, err
	}, query, args...)
	return err
}

// part is a stretch of the tasks of one span.
type part struct {
	span
	n          int // tasks of the span
	due        period.Day
	skip, take int
}

// reckon counts, and says which tasks of which spans stand on the stretch: by the day they are due, those without a clock
// last. Spans are few, tasks many.
func (s *Store) reckon(in *Inbox, spans map[span]int, skip, limit int) []part {
	calendar, today := s.Library.Calendar(), s.Clock.Today()
	parts := make([]part, 0, len(spans))
	for x, n := range spans {
		p := part{span: x, n: n, due: 1<<31 - 1}
		in.Total += n
		if x.days > 0 {
			p.due, _ = calendar.AddWorkdays(x.since, x.days)
		}
		switch {
		case p.due < today:
			in.Overdue += n
		case p.due == today:
			in.Today += n
		}
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.since, b.since), cmp.Compare(a.days, b.days))
	})
	var on []part
	for _, p := range parts {
		if limit <= 0 {
			break
		}
		if skip >= p.n {
			skip -= p.n
			continue
		}
		p.skip, p.take = skip, min(p.n-skip, limit)
		skip, limit = 0, limit-p.take
		on = append(on, p)
	}
	return on
}

func (s *Store) stretch(ctx context.Context, q store.Querier, in *Inbox, p part, where string, args []any) error {
	args = append(slices.Clone(args), int64(p.days), int64(p.since), p.take, p.skip)
	n := len(args)
	query := fmt.Sprintf(`%s%s AND t.days = $%d AND t.since_day = $%d ORDER BY t.id LIMIT $%d OFFSET $%d`, waitingOf, where, n-3, n-2, n-1, n)
	today := s.Clock.Today()
	found, err := store.List(ctx, q, func(r *store.Rows) (w Waiting, err error) {
		var title string
		w.CaseTask, err = scanTask(also{r, &title})
		w.Title = title
		return w, err
	}, query, args...)
	if err != nil {
		return err
	}
	for _, w := range found {
		var ok bool
		if w.DueDay, w.Assured, ok = w.Due(s.Library.Calendar()); ok {
			w.Overdue = w.DueDay < today
		}
		in.Tasks = append(in.Tasks, w)
	}
	return nil
}

// also is a row with one column more than what reads it asks for.
type also struct {
	row  interface{ Scan(...any) error }
	more any
}

func (a also) Scan(dest ...any) error { return a.row.Scan(append(slices.Clip(dest), a.more)...) }

const (
	running = `t.closed_n = 0 AND t.rung = 0 AND t.days > 0`
	ringing = `SELECT ` + taskColumns + ` FROM case_task t WHERE t.closed_n = 0 AND t.rung = 0 AND t.days = $1 AND t.since_day = $2 AND t.id > $3 ORDER BY t.id LIMIT 200`
	ring    = `UPDATE case_task SET rung = 1 WHERE case_id = $1 AND opened_n = $2 AND closed_n = 0 AND rung = 0`
)

// Ring does what the clocks that have run out ask for: remind, escalate to a role, or take an action. It is called every
// so often and does nothing twice. What fails is told in the error, and the rest is done all the same; what failed is tried
// again next time.
func (s *Store) Ring(ctx context.Context) (rung int, err error) {
	spans := map[span]int{}
	if err := addSpans(ctx, s.DB.Read(), spans, spansOf+running+byDay); err != nil {
		return 0, err
	}
	var failed []error
	for x := range spans {
		if due, _ := s.Library.Calendar().AddWorkdays(x.since, x.days); due >= s.Clock.Today() {
			continue
		}
		n, errs := s.ringSpan(ctx, x)
		rung += n
		failed = append(failed, errs...)
	}
	return rung, errors.Join(failed...)
}

func (s *Store) ringSpan(ctx context.Context, x span) (rung int, failed []error) {
	last := int64(0)
	for {
		tasks, err := readTasks(ctx, s.DB.Read(), ringing, int64(x.days), int64(x.since), last)
		if err != nil {
			return rung, append(failed, err)
		}
		if len(tasks) == 0 {
			return rung, failed
		}
		last = tasks[len(tasks)-1].ID
		for _, t := range tasks {
			did := false
			err := s.run(ctx, access.SystemScope(), func(ctx context.Context, in *session) (err error) {
				did, err = in.ring(ctx, t)
				return err
			})
			switch {
			case err != nil:
				failed = append(failed, fmt.Errorf("clock of case %d: %w", t.Case, err))
			case did:
				rung++
			}
		}
	}
}

// ring does what the clock of a task's state asks for, once for all tasks of the state. It says whether it did.
func (in *session) ring(ctx context.Context, t CaseTask) (did bool, err error) {
	if _, err := in.tx.Exec(ctx, lockCase, t.Case); err != nil {
		return false, err
	}
	c, w, err := in.load(ctx, in.tx, t.Case)
	if err != nil {
		return false, err
	}
	s := w.states[c.State]
	if c.Moved != t.OpenedN || s.Clock == nil {
		return false, nil // it has moved on
	}
	n, err := in.tx.Exec(ctx, ring, c.ID, t.OpenedN)
	if err != nil || n == 0 {
		return false, err
	}
	switch s.Clock.Then {
	case ActOnce:
		_, err = in.act(ctx, access.SystemScope(), Act{Case: c.ID, Action: s.Clock.Do}, 0)
	case Escalate:
		err = in.aside(ctx, c.ID, Event{Kind: Escalated, Who: System}, func(ctx context.Context, st *step) error {
			return st.open(ctx, CaseTask{Kind: Overtime, Role: s.Clock.To, SinceDay: clock.DayOf(in.now)})
		})
	default:
		err = in.remind(ctx, &step{session: in, c: c, w: w}, t.OpenedN)
	}
	return err == nil, err
}

// remind tells everybody who has an open task of the state that it is overdue.
func (in *session) remind(ctx context.Context, st *step, opened int64) error {
	tasks, err := readTasks(ctx, in.tx, openTasksOf, st.c.ID)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if t.OpenedN != opened || t.Role == System {
			continue
		}
		m := message{kind: notice.Deadline, title: i18n.M("casework.tell_overdue", st.c.Title), say: i18n.M("casework.overdue")}
		if err := st.tellOf(ctx, t, m); err != nil {
			return err
		}
	}
	return nil
}

// Watch calls Ring at an interval until ctx ends; report, which must not be nil, hears of what failed.
func (s *Store) Watch(ctx context.Context, every time.Duration, report func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if _, err := s.Ring(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
