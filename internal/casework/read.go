package casework

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// columnsOfCase is where a statement over case_head c finds what the rule table asks.
var columnsOfCase = access.Columns{
	Area: "c.area", Owner: "c.enterprise", Partner: "c.partner",
	Accounts: "SELECT account FROM case_assignment WHERE case_id = c.id AND ended = 0",
	Roles:    "SELECT role FROM case_handed WHERE case_id = c.id",
}

// see is a case that the scope may read.
func (s *Store) see(ctx context.Context, scope access.Scope, id int64) (Case, *Workflow, access.Object, error) {
	c, w, err := s.load(ctx, s.DB.Read(), id)
	if err != nil {
		return Case{}, nil, access.Object{}, err
	}
	obj, err := s.objectOf(ctx, s.DB.Read(), c)
	if err != nil {
		return Case{}, nil, access.Object{}, err
	}
	if !scope.SeesObject(access.ReadCase, obj) {
		return Case{}, nil, access.Object{}, errs.NotFound("case", id)
	}
	return c, w, obj, nil
}

// outside says that the scope sees a case as the one whom it is about, not as an office: its public states alone.
func outside(scope access.Scope, obj access.Object) bool {
	if scope.All() {
		return false
	}
	obj.Owner = 0
	return !scope.SeesObject(access.ReadCase, obj)
}

// office says that the scope sees a case as an office: neither as the one whom it is about nor as the partner that it was referred to.
func office(scope access.Scope, obj access.Object) bool {
	obj.Partner = 0
	return !outside(scope, obj)
}

// Get is a case that the scope may see, with the workflow that it runs under; NotFound else. Whom it is about sees the last
// public state that it was in, and no data but what the case was opened with by itself, such as its year: the forms ask by it.
func (s *Store) Get(ctx context.Context, scope access.Scope, id int64) (Case, *Workflow, error) {
	c, w, obj, err := s.see(ctx, scope, id)
	if err != nil || !outside(scope, obj) {
		return c, w, err
	}
	events, err := w.readEvents(ctx, s.DB.Read(), id)
	if err != nil {
		return Case{}, nil, err
	}
	c.Data = maps.Clone(c.Data)
	maps.DeleteFunc(c.Data, func(key string, _ rule.Value) bool { return w.datum(key).Open == "" })
	for _, e := range w.shown(events) {
		c.State, c.Since = e.To, e.At
	}
	return c, w, nil
}

// Track is what happened to a case, oldest first, like the stations of a parcel. Whom the case is about sees the events that
// lead to public states, those of its own hand, and nothing of what offices say among themselves.
func (s *Store) Track(ctx context.Context, scope access.Scope, id int64) ([]Event, error) {
	_, w, obj, err := s.see(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	events, err := w.readEvents(ctx, s.DB.Read(), id)
	if err != nil || !outside(scope, obj) {
		return events, err
	}
	return w.shown(events), nil
}

// shown is the events that the one whom a case is about may see, each as going from one public state to the next.
func (w *Workflow) shown(events []Event) []Event {
	var all []Event
	last := ""
	for _, e := range events {
		to, own := w.states[e.To], e.Who == Applicant
		if !own && (e.Kind == Voted || e.From == e.To && e.Kind != Opened || !to.Public) || e.Kind == Shaken || e.Kind == Settled || e.Kind == Escalated {
			continue
		}
		if !own {
			e.Actor, e.Data, e.Slot, e.Answers = 0, Data{}, "", nil
		}
		e.From, e.Opened = last, nil
		if !to.Public {
			e.To = cmp.Or(last, e.To)
		}
		last = e.To
		all = append(all, e)
	}
	return all
}

// TasksOf is the tasks of a case, the oldest first, those that are closed too. Whom the case is about sees its own.
func (s *Store) TasksOf(ctx context.Context, scope access.Scope, id int64) ([]CaseTask, error) {
	_, _, obj, err := s.see(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	all, err := readTasks(ctx, s.DB.Read(), tasksOf, id)
	for i := range all {
		all[i].Settles = all[i].settles(scope, obj)
	}
	if err != nil || !outside(scope, obj) {
		return all, err
	}
	return slices.DeleteFunc(all, func(t CaseTask) bool { return t.Role != Applicant }), nil
}

// Choice is an action that may be taken from where a case stands.
type Choice struct {
	*Action
	Who  string // what the account would act as
	Task int64  // the parallel task that it would answer, 0 for none
	// From is the day from which it may be taken, where that has not come; else 0.
	From period.Day
}

// Choices are the actions that the scope may take in a case now, in the order of the workflow. What the guard asks of facts and
// answers is looked at when the action is taken; one that what the case remembers rules out is no choice.
func (s *Store) Choices(ctx context.Context, scope access.Scope, id int64) ([]Choice, error) {
	c, w, obj, err := s.see(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	tasks, err := readTasks(ctx, s.DB.Read(), openTasksOf, id)
	if err != nil {
		return nil, err
	}
	var all []Choice
	for _, a := range w.ActionsFrom(c.State) {
		if a.ruledOut(c) {
			continue
		}
		st := step{scope: scope, a: a, tasks: tasks, e: Event{Actor: scope.Account()}}
		choice := Choice{Action: a}
		for _, word := range a.Who {
			if word != System && actsAs(scope, word, obj) && (choice.Who == "" || st.answerable(word)) {
				choice.Who = word
			}
		}
		if choice.Who == "" {
			continue
		}
		if i := slices.IndexFunc(tasks, func(t CaseTask) bool { return st.theirs(t, choice.Who) }); i >= 0 {
			choice.Task = tasks[i].ID
		} else if a.Quorum != nil {
			continue
		}
		if from := s.opensOn(w, a, c); s.Clock.Today() < from {
			choice.From = from
		}
		other, err := a.apart(ctx, s.DB.Read(), id, scope.Account())
		if err != nil {
			return nil, err
		}
		if other == "" {
			all = append(all, choice)
		}
	}
	return all, nil
}

// Standing is a case as a scope stands to it.
type Standing struct {
	Case
	Workflow *Workflow
	Outside  bool // sees it as the one whom it is about, its public states alone
	// Duties are the actions of the workflow that are for the scope to take, wherever the case stands now: whoever prepared one without
	// network may come with it after the case has moved on.
	Duties []*Action
}

// Standing is how the scope stands to a case; NotFound where it may not see it.
func (s *Store) Standing(ctx context.Context, scope access.Scope, id int64) (Standing, error) {
	c, w, obj, err := s.see(ctx, scope, id)
	if err != nil {
		return Standing{}, err
	}
	st := Standing{Case: c, Workflow: w, Outside: outside(scope, obj)}
	for _, a := range w.list {
		if a.doer(scope, obj) != "" {
			st.Duties = append(st.Duties, a)
		}
	}
	return st, nil
}

const servedAs = `SELECT role FROM case_assignment WHERE case_id = $1 AND account = $2 UNION SELECT who FROM case_event WHERE case_id = $1 AND actor = $2 ORDER BY 1`

// Served is how an account stands to a case that it was appointed to, or acted in, once, also where it may not see it any more: Duties are
// the actions that are for what it was then. It is for handing over what was prepared then, not for reading; NotFound for others.
func (s *Store) Served(ctx context.Context, scope access.Scope, id int64) (Standing, error) {
	c, w, err := s.load(ctx, s.DB.Read(), id)
	if err != nil {
		return Standing{}, err
	}
	roles, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (role string, err error) { return role, r.Scan(&role) }, servedAs, id, scope.Account())
	if err != nil {
		return Standing{}, err
	}
	st := Standing{Case: c, Workflow: w, Outside: true}
	for _, a := range w.list {
		if a.served(roles) != "" && !slices.Contains(scope.Owns(), c.Enterprise) {
			st.Duties = append(st.Duties, a)
		}
	}
	if len(st.Duties) == 0 {
		return Standing{}, errs.NotFound("case", id)
	}
	return st, nil
}

// served is the one of some roles that the action is for; "" for none.
func (a *Action) served(roles []string) string {
	for _, word := range a.Who {
		if slices.Contains(roles, word) {
			return word
		}
	}
	return ""
}

// doer is what a scope would take the action as; "" where it is not for it.
func (a *Action) doer(scope access.Scope, obj access.Object) string {
	for _, word := range a.Who {
		if actsAs(scope, word, obj) {
			return word
		}
	}
	return ""
}

// ruledOut says that the guard reads what the case remembers alone, and is not met by it.
func (a *Action) ruledOut(c Case) bool {
	if a.guard == nil || len(a.guard.Facts()) > 0 || slices.ContainsFunc(a.guard.Uses(), func(id string) bool { return !strings.HasPrefix(id, "case.") }) {
		return false
	}
	out := a.guard.Eval(&rule.Context{Given: func(id string) rule.Answer { return c.remembers(strings.TrimPrefix(id, "case.")) }})
	return out.State == rule.Present && !out.True()
}

// Filter restricts a list of cases. Zero fields do not.
type Filter struct {
	Workflow   string
	State      string
	Areas      []string // any of these
	Enterprise int64
	Subject    int64
	Batch      int64
	Running    bool   // has not ended
	Text       string // in the title
}

// where is the filter as a condition over case_head c. A state that is not public is no way to find one's own cases: that
// they are there is not for those whom they are about.
func (s *Store) where(scope access.Scope, f Filter) (string, []any) {
	columns := columnsOfCase
	if f.State != "" && !s.public(f) {
		columns.Owner = ""
	}
	sql, args := scope.WhereObject(access.ReadCase, columns, nil)
	add := func(term string, arg any) {
		args = append(args, arg)
		sql += " AND " + strings.Replace(term, "?", "$"+strconv.Itoa(len(args)), 1)
	}
	if f.Workflow != "" {
		add("c.workflow = ?", f.Workflow)
	}
	if f.State != "" {
		add("c.state = ?", f.State)
	}
	if f.Enterprise != 0 {
		add("c.enterprise = ?", f.Enterprise)
	}
	if f.Subject != 0 {
		add("c.subject = ?", f.Subject)
	}
	if f.Batch != 0 {
		add("c.batch = ?", f.Batch)
	}
	if f.Running {
		sql += " AND c.ended = ''"
	}
	if f.Text != "" {
		add(`lower(c.title) LIKE ? ESCAPE '\'`, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(f.Text))+"%")
	}
	if f.Areas != nil {
		marks := make([]string, len(f.Areas))
		for i, a := range f.Areas {
			args = append(args, a)
			marks[i] = "$" + strconv.Itoa(len(args))
		}
		sql += " AND c.area IN (" + cmp.Or(strings.Join(marks, ", "), "''") + ")"
	}
	return sql, args
}

// public says that a filter's state is one that an applicant sees, by the workflows in use.
func (s *Store) public(f Filter) bool {
	w, ok := s.Set.Workflow(f.Workflow)
	return ok && w.states[f.State] != nil && w.states[f.State].Public
}

const (
	countCases = `SELECT COUNT(*) FROM case_head c WHERE `
	listCases  = `SELECT ` + caseColumns + ` FROM case_head c WHERE `
	sumCases   = `SELECT c.workflow, c.state, COUNT(*) FROM case_head c WHERE `
)

// Cases is a stretch of the cases that a filter leaves, the newest first, and how many there are. State and Data are as the
// office sees them: a page for those whom a case is about asks Get.
func (s *Store) Cases(ctx context.Context, scope access.Scope, f Filter, skip, limit int) (cases []Case, total int, err error) {
	where, args := s.where(scope, f)
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		if err := q.QueryRow(ctx, countCases+where, args...).Scan(&total); err != nil {
			return err
		}
		page := append(slices.Clone(args), limit, skip)
		query := fmt.Sprintf(`%s%s ORDER BY c.id DESC LIMIT $%d OFFSET $%d`, listCases, where, len(page)-1, len(page))
		rows, err := store.List(ctx, q, func(r *store.Rows) (row, error) { return scanCase(r) }, query, page...)
		if err != nil {
			return err
		}
		cases = make([]Case, 0, len(rows))
		for _, r := range rows {
			pins, err := readPins(ctx, q, r.ID)
			if err != nil {
				return err
			}
			w, err := s.definition(ctx, q, r.Hash, pins)
			if err != nil {
				return err
			}
			if r.Case.Data, err = w.decode(r.data); err != nil {
				return err
			}
			cases = append(cases, r.Case)
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list cases: %w", err)
	}
	for i := range cases {
		obj, err := s.objectOf(ctx, s.DB.Read(), cases[i])
		if err != nil {
			return nil, 0, err
		}
		if outside(scope, obj) {
			if cases[i], _, err = s.Get(ctx, scope, cases[i].ID); err != nil {
				return nil, 0, err
			}
		}
	}
	return cases, total, nil
}

// Brief is a case as somebody needs it who counts many.
type Brief struct {
	ID, Enterprise int64
	State, Ended   string
	Since          int64 // when it came into its state
	Year           int   // that its data says it is about; 0 where it says none
}

const briefsOf = `SELECT id, enterprise, state, ended, since, data FROM case_head WHERE workflow = $1 ORDER BY id`

// Briefs is every case of a workflow, the oldest first. Who may know of them is the caller's: it is for capabilities that count them.
func (s *Store) Briefs(ctx context.Context, q store.Querier, workflow string) ([]Brief, error) {
	return store.List(ctx, q, func(r *store.Rows) (b Brief, err error) {
		var data string
		if err := r.Scan(&b.ID, &b.Enterprise, &b.State, &b.Ended, &b.Since, &data); err != nil {
			return b, err
		}
		var texts map[string]string
		if err := json.Unmarshal([]byte(data), &texts); err != nil {
			return b, fmt.Errorf("read data of case %d: %w", b.ID, err)
		}
		b.Year, _ = strconv.Atoi(texts[YearDatum])
		return b, nil
	}, briefsOf, workflow)
}

// mostStates is how many cases States is asked about at once.
const mostStates = 1000

// States is where cases stand, of those that the scope handles or reads as an office; mostStates at once at most.
func (s *Store) States(ctx context.Context, scope access.Scope, ids []int64) (map[int64]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) > mostStates {
		return nil, fmt.Errorf("states of %d cases asked at once, %d at most", len(ids), mostStates)
	}
	columns := columnsOfCase
	columns.Owner = ""
	where, args := scope.WhereObject(access.ReadCase, columns, nil)
	marks := make([]string, len(ids))
	for i, id := range ids {
		args = append(args, id)
		marks[i] = "$" + strconv.Itoa(len(args))
	}
	type standing struct {
		id    int64
		state string
	}
	rows, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (x standing, err error) { return x, r.Scan(&x.id, &x.state) },
		`SELECT c.id, c.state FROM case_head c WHERE `+where+` AND c.id IN (`+strings.Join(marks, ", ")+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("states of cases: %w", err)
	}
	all := make(map[int64]string, len(rows))
	for _, x := range rows {
		all[x.id] = x.state
	}
	return all, nil
}

// StateCount is how many cases stand where.
type StateCount struct {
	Workflow, State string
	Cases           int
}

// Counts is how many cases of a filter stand in which state. It is for offices: to others it tells nothing.
func (s *Store) Counts(ctx context.Context, scope access.Scope, f Filter) ([]StateCount, error) {
	if !scope.Can(access.HandleCase) && !scope.All() && scope.Role() != access.Auditor {
		return nil, nil
	}
	where, args := s.where(scope, f)
	return store.List(ctx, s.DB.Read(), func(r *store.Rows) (c StateCount, err error) { return c, r.Scan(&c.Workflow, &c.State, &c.Cases) },
		sumCases+where+` GROUP BY c.workflow, c.state ORDER BY c.workflow, c.state`, args...)
}

// Comment is what somebody wrote beside a case.
type Comment struct {
	ID     int64
	Case   int64
	Actor  int64
	At     int64
	Inside bool // for offices only
	Text   string
}

const (
	insertComment = `INSERT INTO case_comment (id, case_id, actor, at, inside, text) VALUES ($1, $2, $3, $4, $5, $6)`
	commentsOf    = `SELECT id, case_id, actor, at, inside, text FROM case_comment WHERE case_id = $1 ORDER BY id`
	maxComment    = 4_000 // characters
)

// AddComment writes beside a case. One that is inside is for offices only; whom the case is about, or a partner, cannot write such.
func (s *Store) AddComment(ctx context.Context, scope access.Scope, c Comment) (Comment, error) {
	_, w, obj, err := s.see(ctx, scope, c.Case)
	if err != nil {
		return Comment{}, err
	}
	c.Text = strings.TrimSpace(c.Text)
	n := utf8.RuneCountInString(c.Text)
	may := slices.ContainsFunc(w.list, func(a *Action) bool {
		return slices.ContainsFunc(a.Who, func(word string) bool { return actsAs(scope, word, obj) })
	})
	switch {
	case !may || c.Inside && !office(scope, obj):
		return Comment{}, errs.Forbidden(fmt.Sprintf("comment on case %d", c.Case))
	case n == 0 || n > maxComment || !utf8.ValidString(c.Text):
		return Comment{}, errs.Invalid(i18n.M("casework.comment", maxComment))
	}
	c.Actor, c.At = scope.Account(), s.Clock.Millis()
	inside := 0
	if c.Inside {
		inside = 1
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if c.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertComment, c.ID, c.Case, c.Actor, c.At, inside, c.Text)
		return err
	})
	if err != nil {
		return Comment{}, fmt.Errorf("comment on case %d: %w", c.Case, err)
	}
	return c, nil
}

// Comments is what was written beside a case, oldest first, as far as the scope may read it.
func (s *Store) Comments(ctx context.Context, scope access.Scope, id int64) ([]Comment, error) {
	_, _, obj, err := s.see(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	all, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (c Comment, err error) {
		var inside int
		err = r.Scan(&c.ID, &c.Case, &c.Actor, &c.At, &inside, &c.Text)
		c.Inside = inside != 0
		return c, err
	}, commentsOf, id)
	if err != nil || office(scope, obj) {
		return all, err
	}
	return slices.DeleteFunc(all, func(c Comment) bool { return c.Inside }), nil
}

const frozenOf = `SELECT event_id, subject, def, period, state, num, text, source FROM case_frozen_fact WHERE case_id = $1 ORDER BY event_id, n`

// Frozen is what the approvals of a case stand on, as it was then. It is for offices: NotFound to others.
func (s *Store) Frozen(ctx context.Context, scope access.Scope, id int64) ([]Frozen, error) {
	_, _, obj, err := s.see(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if !office(scope, obj) {
		return nil, errs.NotFound("frozen evidence of case", id)
	}
	return store.List(ctx, s.DB.Read(), func(r *store.Rows) (f Frozen, err error) {
		var per string
		if err := r.Scan(&f.Event, &f.Subject, &f.Def, &per, &f.State, &f.Value.Num, &f.Value.Text, &f.Source); err != nil {
			return f, err
		}
		f.Period, err = period.Parse(per)
		return f, err
	}, frozenOf, id)
}

// Pins is what a case runs under besides its workflow.
func (s *Store) Pins(ctx context.Context, scope access.Scope, id int64) ([]Pin, error) {
	if _, _, _, err := s.see(ctx, scope, id); err != nil {
		return nil, err
	}
	return readPins(ctx, s.DB.Read(), id)
}
