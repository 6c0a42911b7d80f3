package casework

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/source"
)

// write does what was decided: effects first, since they may refuse and may assign those for whom the next state waits.
func (st *step) write(ctx context.Context) error {
	moment := &Moment{step: st}
	maps.Copy(st.c.Data, st.e.Data)
	if st.filled.States != nil {
		if err := st.state(ctx, st.filled.By, st.filled.States); err != nil {
			return err
		}
	}
	effects := st.a.effects
	if st.a.Quorum != nil {
		effects = st.a.each
		if st.e.Kind == Acted {
			effects = slices.Concat(st.a.each, st.a.effects)
		}
	}
	for _, ef := range effects {
		if err := ef.do(ctx, st.tx, moment, ef.args); err != nil {
			return fmt.Errorf("effect %s: %w", ef.name, err)
		}
	}
	if err := st.closeTasks(ctx); err != nil {
		return err
	}
	if err := st.endPart(ctx); err != nil {
		return err
	}
	if st.moves() {
		if err := st.enter(ctx, st.w.states[st.e.To]); err != nil {
			return err
		}
	}
	if err := putEvent(ctx, st.tx, st.e); err != nil {
		return err
	}
	for _, also := range []func(context.Context) error{st.save, st.mark, st.freeze, st.notify} {
		if err := also(ctx); err != nil {
			return err
		}
	}
	return nil
}

// moves says that the case comes into a state, perhaps the one that it was in.
func (st *step) moves() bool {
	return st.e.Kind == Decided || st.e.Kind == Acted && st.a.To != "" || st.e.Kind == Opened
}

func (st *step) save(ctx context.Context) error {
	c := st.c
	_, err := st.tx.Exec(ctx, moveCase, c.Title, c.State, c.Since, c.Moved, c.Ended, c.Data.encode(), c.Batch, c.Partner, c.ID)
	if err != nil {
		return fmt.Errorf("move case %d: %w", c.ID, err)
	}
	return nil
}

// closeTasks closes the task that was answered and, where the case moves, those that the state left open.
func (st *step) closeTasks(ctx context.Context) error {
	for _, t := range st.tasks {
		outcome := ""
		switch {
		case st.task != nil && t.ID == st.task.ID && (st.a.Quorum != nil || st.moves()):
			outcome = st.a.ID
		case t.Kind == Look || !st.moves():
			continue
		}
		n, err := st.tx.Exec(ctx, closeTask, st.e.N, st.now, outcome, t.ID)
		if err == nil && n != 1 {
			err = fmt.Errorf("it was closed already")
		}
		if err != nil {
			return fmt.Errorf("close task %d: %w", t.ID, err)
		}
	}
	return nil
}

// leave closes the tasks of an account that is no longer assigned, those aside which the act answers.
func (st *step) leave(ctx context.Context, account int64, role string) error {
	left := false
	for i, t := range slices.Backward(st.tasks) {
		if !t.leaves(account, role) || st.task != nil && t.ID == st.task.ID && (st.a.Quorum != nil || st.moves()) {
			continue
		}
		if _, err := st.tx.Exec(ctx, closeTask, st.e.N, st.now, "", t.ID); err != nil {
			return fmt.Errorf("close task %d: %w", t.ID, err)
		}
		left = true
		st.tasks = slices.Delete(slices.Clone(st.tasks), i, i+1)
	}
	if left {
		st.e.Opened = append(st.e.Opened, Slot{Kind: Work, Role: role, Account: account, Left: true})
	}
	return nil
}

const (
	endRole    = `UPDATE case_assignment SET ended = $1 WHERE case_id = $2 AND role = $3 AND ended = 0`
	endAccount = `UPDATE case_assignment SET ended = $1 WHERE case_id = $2 AND role = $3 AND account = $4 AND ended = 0`
)

// endPart ends the part of those whom the case was assigned to: of who has answered their own task, and of those for whom
// the case does not wait any more where it comes to. What they did stays in the case.
func (st *step) endPart(ctx context.Context) error {
	if st.task != nil && st.task.Account != 0 && st.a.Quorum != nil {
		if _, err := st.tx.Exec(ctx, endAccount, st.now, st.c.ID, st.task.Role, st.task.Account); err != nil {
			return fmt.Errorf("end an assignment of case %d: %w", st.c.ID, err)
		}
	}
	if !st.moves() {
		return nil
	}
	for _, role := range st.w.states[st.e.From].asks() {
		if slices.Contains(st.w.states[st.e.To].asks(), role) {
			continue
		}
		if _, err := st.tx.Exec(ctx, endRole, st.now, st.c.ID, role); err != nil {
			return fmt.Errorf("end assignments of case %d: %w", st.c.ID, err)
		}
	}
	return nil
}

// asks is for whom a state waits.
func (s *State) asks() []string {
	who := slices.Clone(s.Waits)
	for _, t := range s.Tasks {
		who = append(who, t.Role)
	}
	return who
}

// enter brings the case into a state and opens its tasks.
func (st *step) enter(ctx context.Context, s *State) error {
	st.c.State, st.c.Since, st.c.Moved, st.c.Ended = s.ID, st.now, st.e.N, s.End
	t := CaseTask{Kind: Work, SinceDay: st.today}
	if s.Clock != nil {
		t.Days = s.Clock.Days
		if from, ok := st.c.Data[s.Clock.From]; ok {
			t.SinceDay = from.Day()
		}
	}
	for _, who := range s.Waits {
		if t.Role = who; who == System && s.Clock == nil {
			continue
		}
		if err := st.open(ctx, t); err != nil {
			return err
		}
	}
	for _, p := range s.Tasks {
		t.Slot, t.Role, t.Account = p.ID, p.Role, 0
		if !p.Each {
			if err := st.open(ctx, t); err != nil {
				return err
			}
			continue
		}
		accounts, err := assigned(ctx, st.tx, st.c.ID, p.Role)
		if err != nil {
			return err
		}
		if len(accounts) < p.Least {
			return errs.Conflict(i18n.M("casework.too_few", whoMsg(p.Role), len(accounts), p.Least))
		}
		for _, t.Account = range accounts {
			if err := st.open(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// open writes a task of the case, lets its role see the case, and tells those for whom it is.
func (st *step) open(ctx context.Context, t CaseTask) error {
	var err error
	if t.ID, err = st.tx.NextIDs(ctx, 1); err != nil {
		return err
	}
	_, err = st.tx.Exec(ctx, insertTask, t.ID, st.c.ID, string(t.Kind), t.Slot, st.c.State, st.c.Workflow, t.Role, t.Account, st.c.Area, st.c.Enterprise, st.c.Partner,
		st.e.N, st.now, int64(t.SinceDay), int64(t.Days))
	if err != nil {
		return fmt.Errorf("open task of case %d: %w", st.c.ID, err)
	}
	st.e.Opened = append(st.e.Opened, Slot{Kind: t.Kind, ID: t.Slot, Role: t.Role, Account: t.Account})
	if t.Role == System {
		return nil
	}
	if t.Role != Applicant {
		if err := st.hand(ctx, t.Role); err != nil {
			return err
		}
	}
	return st.tellOf(ctx, t, message{kind: notice.Task, title: i18n.M("casework.tell_task", st.c.Title, st.w.states[st.c.State].Name)})
}

// tellOf sends a message about a task: to the account that it is for, else to the accounts that the case is assigned to in its role, else
// to the role.
func (st *step) tellOf(ctx context.Context, t CaseTask, m message) error {
	m.to, m.account = t.Role, t.Account
	if t.Account != 0 {
		return st.tell(ctx, m)
	}
	accounts, err := assigned(ctx, st.tx, st.c.ID, t.Role)
	if err != nil {
		return err
	}
	if len(accounts) == 0 {
		return st.tell(ctx, m)
	}
	for _, m.account = range accounts {
		if err := st.tell(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

const (
	isHanded     = `SELECT COUNT(*) FROM case_handed WHERE case_id = $1 AND role = $2`
	insertHanded = `INSERT INTO case_handed (case_id, role, at) VALUES ($1, $2, $3)`
)

// hand lets a role of the case's area see the case from now on.
func (st *step) hand(ctx context.Context, role string) error {
	var n int
	if err := st.tx.QueryRow(ctx, isHanded, st.c.ID, role).Scan(&n); err != nil {
		return fmt.Errorf("hand case %d: %w", st.c.ID, err)
	}
	if n > 0 {
		return nil
	}
	if _, err := st.tx.Exec(ctx, insertHanded, st.c.ID, role, st.now); err != nil {
		return fmt.Errorf("hand case %d: %w", st.c.ID, err)
	}
	return nil
}

// message is what somebody is told about a case.
type message struct {
	kind    notice.Kind
	to      string // applicant, or a role
	account int64  // the only one that is meant, 0 for all
	title   i18n.Msg
	say     i18n.Msg
}

// tell posts a message with the event that it is about.
func (st *step) tell(ctx context.Context, m message) error {
	to := notice.ToRole(access.Role(m.to), st.c.Area)
	switch {
	case m.account != 0:
		to = notice.ToAccount(m.account)
	case m.to == Applicant && st.c.Enterprise == 0:
		return nil
	case m.to == Applicant:
		to = notice.ToParty(st.c.Enterprise)
	case access.Role(m.to).Partner() && st.c.Partner == 0:
		return nil
	case access.Role(m.to).Partner():
		to = notice.ToParty(st.c.Partner)
	}
	body := i18n.M("casework.tell_state", st.w.Title, st.w.states[st.c.State].Name)
	if !m.say.IsZero() {
		body = i18n.M("casework.tell_say", body, m.say)
	}
	err := notice.Post(ctx, st.tx, notice.Message{
		Kind: m.kind, To: to, Title: m.title, Body: body, Link: fmt.Sprintf("/cases/%d", st.c.ID), At: st.now,
	})
	if err != nil {
		return fmt.Errorf("tell of case %d: %w", st.c.ID, err)
	}
	return nil
}

// notify tells those whom the action names. What asks the applicant to correct, or refuses, is served.
func (st *step) notify(ctx context.Context) error {
	if st.e.Kind == Voted {
		return nil
	}
	kind := notice.Progress
	if st.a.Kind == Return || st.a.Kind == Refuse {
		kind = notice.Served
	}
	for _, n := range st.a.Notify {
		m := message{kind: kind, to: n.To, title: i18n.M("casework.tell_action", st.c.Title, st.a.Name), say: i18n.M("casework.name", n.Say)}
		if err := st.tell(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// source is under which an authority speaks in the transaction, about what lies where the case does.
func (st *step) source(ctx context.Context, authority string) (source.Source, error) {
	by := speaker{authority, st.c.Area}
	if src, ok := st.session.said[by]; ok {
		return src, nil
	}
	src, err := st.Sources.Say(ctx, st.tx, source.Source{
		Kind: source.Case, Authority: authority, Name: st.c.Workflow, Actor: st.e.Actor, Area: st.c.Area,
	})
	if err == nil {
		st.session.said[by] = src
	}
	return src, err
}

// state makes facts known with the event.
func (st *step) state(ctx context.Context, authority string, statements []fact.Statement) error {
	if len(statements) == 0 {
		return nil
	}
	src, err := st.source(ctx, authority)
	if err != nil {
		return err
	}
	statements = slices.Clone(statements)
	for i := range statements {
		statements[i].Place = placeOf(st.e)
	}
	st.e.Source = src.ID
	return st.Facts.Say(ctx, st.tx, src.ID, statements)
}

// placeOf is where in a source of the kind case a fact was stated.
func placeOf(e Event) string { return fmt.Sprintf("case %d event %d", e.Case, e.N) }

const (
	hasMark    = `SELECT COUNT(*) FROM case_mark WHERE case_id = $1 AND kind = $2 AND value = $3`
	insertMark = `INSERT INTO case_mark (case_id, kind, value, event_id) VALUES ($1, $2, $3, $4)`
	maxMark    = 128 // characters
)

// mark keeps the numbers that the answers give, for others to find.
func (st *step) mark(ctx context.Context) error {
	if st.filled.Texts == nil {
		return nil
	}
	for _, kind := range slices.Sorted(maps.Keys(st.a.Marks)) {
		for _, text := range st.filled.Texts(st.a.Marks[kind]) {
			if err := st.putMark(ctx, kind, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// foldMark is a number without what people write differently: blanks, dashes, case, full width.
func foldMark(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			r -= '！' - '!'
		case r == '\u3000':
			return -1
		}
		if r == ' ' || r == '-' || r == '\t' {
			return -1
		}
		return r
	}, text)
	return strings.ToUpper(text)
}

func (st *step) putMark(ctx context.Context, kind, text string) error {
	value := foldMark(text)
	if value == "" {
		return nil
	}
	if len(value) > maxMark {
		return errs.Invalid(i18n.M("casework.long_mark", maxMark))
	}
	var n int
	if err := st.tx.QueryRow(ctx, hasMark, st.c.ID, kind, value).Scan(&n); err != nil {
		return fmt.Errorf("mark case %d: %w", st.c.ID, err)
	}
	if n > 0 {
		return nil
	}
	if _, err := st.tx.Exec(ctx, insertMark, st.c.ID, kind, value, st.e.ID); err != nil {
		return fmt.Errorf("mark case %d: %w", st.c.ID, err)
	}
	return nil
}

const (
	assignedTo  = `SELECT account FROM case_assignment WHERE case_id = $1 AND role = $2 AND ended = 0 ORDER BY account`
	allAssigned = `SELECT account FROM case_assignment WHERE case_id = $1 AND ended = 0 ORDER BY account`
	allHanded   = `SELECT role FROM case_handed WHERE case_id = $1 ORDER BY role`
)
