package target

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Kinds of tasks.
const (
	Duty      = "duty"      // 重点任务: something to be done
	Milestone = "milestone" // 节点: a state to be reached by a day
)

// Task is something that an office answers for (责任分工).
type Task struct {
	ID          int64
	Plan        string
	Target      string // that it serves; "" for the plan as a whole
	Kind        string // Duty or Milestone
	Keeper      string // area whose office set it
	Title       string
	What        string
	Owner       string     // area whose office answers for it (牵头单位)
	Joint       []string   // areas whose offices take part
	Departments []string   // other departments that take part, by their names
	Group       string     // work group (工作专班) that it belongs to; "" for none
	Set         period.Day // deadline as it was set
	Document    string
	At          int64
	By          int64

	Steps []Step // the oldest first
	State string
	Due   period.Day // deadline now
	Late  bool       // its deadline is past and it is not done; of one that is done, it was done after it
	Days  int        // working days until the deadline, negative after it; of one that is done, by the day on which it was
	Known bool       // every year on the way has a calendar: Days will not move
}

// States of a task.
const (
	Waiting = "open"    // nobody has written anything yet
	Running = "running" // somebody has
	Done    = "done"
	Off     = "off" // called off
)

// Step is what became of a task.
type Step struct {
	ID   int64
	Task int64
	Kind string // Noted and the others
	Note string
	Due  period.Day // of Moved: the new deadline
	Area string     // whose office wrote it
	At   int64
	By   int64
}

// Kinds of steps.
const (
	Noted     = "progress"
	Finished  = "done"
	Reopened  = "reopened"
	Moved     = "moved"
	CalledOff = "off"
)

const (
	taskColumns = `id, plan, target, kind, keeper, title, what, owner, joint, departments, work_group, due, document, at, by_account`
	insertTask  = `INSERT INTO target_task (` + taskColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	allTasks    = `SELECT ` + taskColumns + ` FROM target_task ORDER BY id`
	stepColumns = `id, task, kind, note, due, area, at, by_account`
	insertStep  = `INSERT INTO target_step (` + stepColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	allSteps    = `SELECT ` + stepColumns + ` FROM target_step ORDER BY id`
	maxJoint    = 50
	maxWorkdays = 1_000
)

// tasks are all tasks with what became of them, as of a day.
func (s *Store) tasks(ctx context.Context, q store.Querier) ([]Task, error) {
	all, err := store.List(ctx, q, func(r *store.Rows) (x Task, err error) {
		var joint, departments string
		var due int64
		err = r.Scan(&x.ID, &x.Plan, &x.Target, &x.Kind, &x.Keeper, &x.Title, &x.What, &x.Owner, &joint, &departments, &x.Group, &due, &x.Document, &x.At, &x.By)
		if err != nil {
			return x, err
		}
		x.Set = period.Day(due)
		return x, errors.Join(fromJSON(joint, &x.Joint), fromJSON(departments, &x.Departments))
	}, allTasks)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	at := map[int64]*Task{}
	for i := range all {
		at[all[i].ID] = &all[i]
	}
	_, err = store.List(ctx, q, func(r *store.Rows) (x Step, err error) {
		var due int64
		err = r.Scan(&x.ID, &x.Task, &x.Kind, &x.Note, &due, &x.Area, &x.At, &x.By)
		x.Due = period.Day(due)
		if t := at[x.Task]; t != nil {
			t.Steps = append(t.Steps, x)
		}
		return x, err
	}, allSteps)
	if err != nil {
		return nil, fmt.Errorf("read what became of tasks: %w", err)
	}
	for i := range all {
		s.settle(&all[i])
	}
	return all, nil
}

// settle works out from its steps how a task stands today.
func (s *Store) settle(t *Task) {
	t.State, t.Due = Waiting, t.Set
	on := s.Clock.Today()
	for _, x := range t.Steps {
		switch x.Kind {
		case Noted:
			t.State = Running
		case Finished:
			t.State, on = Done, clock.DayOf(x.At)
		case Reopened:
			t.State, on = Running, s.Clock.Today()
		case Moved:
			t.Due = x.Due
		case CalledOff:
			t.State = Off
		}
	}
	t.Late = on > t.Due && t.State != Off
	t.Days, t.Known = s.Library.Calendar().Workdays(on, t.Due)
}

// sees says that a scope may know a task: the offices and auditors of the areas that it is about.
func (t *Task) sees(scope access.Scope) bool {
	return slices.ContainsFunc(append([]string{t.Keeper, t.Owner}, t.Joint...), func(a string) bool { return scope.Sees(access.ReadFact, a, 0) })
}

// MayReport says that a scope writes how a task goes: the office that answers for it, and those that take part.
func (t *Task) MayReport(scope access.Scope) bool {
	return t.State != Off && t.State != Done && slices.ContainsFunc(append([]string{t.Owner}, t.Joint...), func(a string) bool { return keeps(scope, a) == nil })
}

// MayFinish says that a scope says that a task is done: the office that answers for it.
func (t *Task) MayFinish(scope access.Scope) bool {
	return t.State != Off && t.State != Done && keeps(scope, t.Owner) == nil
}

// MayKeep says that a scope moves a deadline, opens a task again or calls it off: the office that set it.
func (t *Task) MayKeep(scope access.Scope) bool { return keeps(scope, t.Keeper) == nil }

// TaskQuery chooses tasks; its zero value all.
type TaskQuery struct {
	Plan   string
	Target string
	State  string // of a task, or TaskLate
	Owner  string // area, with those below it
	Group  string
	Mine   bool // those of the reader's own office, as the one that answers for them or takes part
}

// TaskLate asks for tasks that are not done and late.
const TaskLate = "late"

// Tasks are those that the scope may know, the nearest deadline first; what is done or called off comes last.
func (s *Store) Tasks(ctx context.Context, scope access.Scope, q TaskQuery) ([]Task, error) {
	all, err := s.tasks(ctx, s.DB.Read())
	if err != nil {
		return nil, err
	}
	own := s.Heads(scope)
	all = slices.DeleteFunc(all, func(t Task) bool {
		switch {
		case !t.sees(scope), q.Plan != "" && t.Plan != q.Plan, q.Target != "" && t.Target != q.Target, q.Group != "" && t.Group != q.Group:
			return true
		case q.Owner != "" && !s.Library.Areas().Within(t.Owner, q.Owner):
			return true
		case q.Mine && !slices.Contains(own, t.Owner) && !slices.ContainsFunc(t.Joint, func(a string) bool { return slices.Contains(own, a) }):
			return true
		case q.State == TaskLate:
			return !t.Late || t.State == Done
		}
		return q.State != "" && t.State != q.State
	})
	slices.SortStableFunc(all, func(a, b Task) int {
		ended := func(t Task) int {
			if t.State == Done || t.State == Off {
				return 1
			}
			return 0
		}
		if c := ended(a) - ended(b); c != 0 {
			return c
		}
		return int(a.Due - b.Due)
	})
	return all, nil
}

// Task is one by its id; NotFound for one that the scope may not know.
func (s *Store) Task(ctx context.Context, scope access.Scope, id int64) (Task, error) {
	return s.task(ctx, s.DB.Read(), scope, id)
}

func (s *Store) task(ctx context.Context, q store.Querier, scope access.Scope, id int64) (Task, error) {
	all, err := s.tasks(ctx, q)
	if err != nil {
		return Task{}, err
	}
	i := slices.IndexFunc(all, func(t Task) bool { return t.ID == id && t.sees(scope) })
	if i < 0 {
		return Task{}, errs.NotFound("task", id)
	}
	return all[i], nil
}

// DueIn is the day so many working days after today; known is false where a year on the way has no calendar yet, so that it may move.
func (s *Store) DueIn(workdays int) (day period.Day, known bool, err error) {
	if workdays < 1 || workdays > maxWorkdays {
		return 0, false, errs.Invalid(i18n.M("target.bad_workdays", maxWorkdays))
	}
	day, known = s.Library.Calendar().AddWorkdays(s.Clock.Today(), workdays)
	return day, known, nil
}

// AddTask sets a task for an office of the keeper's area, for the keeper's office. A deadline that is no working day stays as it is: documents
// say the last day of a month.
func (s *Store) AddTask(ctx context.Context, scope access.Scope, t Task) (Task, error) {
	plan, err := s.Plan(t.Plan)
	if err != nil {
		return Task{}, err
	}
	if err := keeps(scope, t.Keeper); err != nil {
		return Task{}, err
	}
	if t.Target != "" {
		if _, err := s.Goal(t.Plan, t.Target); err != nil {
			return Task{}, err
		}
	}
	t.Title, t.What, t.Group, t.Document = strings.TrimSpace(t.Title), strings.TrimSpace(t.What), strings.TrimSpace(t.Group), strings.TrimSpace(t.Document)
	t.Joint, t.Departments = cleaned(t.Joint), cleaned(t.Departments)
	t.Joint = slices.DeleteFunc(t.Joint, func(a string) bool { return a == t.Owner })
	err = errors.Join(within("title", t.Title, maxName, false), within("what", t.What, maxText, true), within("group", t.Group, maxName, true), within("document", t.Document, maxName, true))
	for _, d := range t.Departments {
		err = errors.Join(err, within("department", d, maxName, false))
	}
	switch {
	case err != nil:
		return Task{}, err
	case t.Kind != Duty && t.Kind != Milestone:
		return Task{}, errs.Invalid(i18n.M("target.bad_kind", t.Kind))
	case !s.touches(t.Keeper, plan.Area):
		return Task{}, errs.Invalid(i18n.M("target.area_outside", t.Keeper, plan.Title))
	case len(t.Joint)+len(t.Departments) > maxJoint:
		return Task{}, errs.Invalid(i18n.M("target.many_joint", maxJoint))
	case t.Set <= 0 || t.Set.Year() > lastYear:
		return Task{}, errs.Invalid(i18n.M("target.bad_due"))
	}
	for _, a := range append([]string{t.Owner}, t.Joint...) {
		if _, ok := s.Library.Areas().Node(a); !ok || !s.Library.Areas().Within(a, t.Keeper) {
			return Task{}, errs.Invalid(i18n.M("target.owner_outside", a))
		}
	}
	t.At, t.By = s.Clock.Millis(), scope.Account()
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if t.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertTask, t.ID, t.Plan, t.Target, t.Kind, t.Keeper, t.Title, t.What, t.Owner, asJSON(t.Joint), asJSON(t.Departments), t.Group, int64(t.Set), t.Document, t.At, t.By)
		if err != nil {
			return err
		}
		audit.Note(tx, loggedTask, t.ID)
		return nil
	})
	if err != nil {
		return Task{}, fmt.Errorf("set a task: %w", err)
	}
	s.settle(&t)
	return t, nil
}

// Report adds a step to a task. It fails with Forbidden for who may not take it, and with Conflict where the task does not stand so that it can
// be taken.
func (s *Store) Report(ctx context.Context, scope access.Scope, x Step) (Task, error) {
	x.Note = strings.TrimSpace(x.Note)
	if err := within("note", x.Note, maxText, x.Kind == Finished); err != nil {
		return Task{}, err
	}
	x.At, x.By = s.Clock.Millis(), scope.Account()
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "target tasks"); err != nil {
			return err
		}
		t, err := s.task(ctx, tx, scope, x.Task)
		if err != nil {
			return err
		}
		if err := t.may(scope, &x); err != nil {
			return err
		}
		if x.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertStep, x.ID, x.Task, x.Kind, x.Note, int64(x.Due), x.Area, x.At, x.By); err != nil {
			return err
		}
		audit.Note(tx, loggedStep, x.ID)
		return nil
	})
	if err != nil {
		return Task{}, fmt.Errorf("write what became of task %d: %w", x.Task, err)
	}
	return s.Task(ctx, scope, x.Task)
}

// may refuses a step that its writer may not take, or that the task is not ready for; it fills in whose office writes.
func (t *Task) may(scope access.Scope, x *Step) error {
	ended := t.State == Done || t.State == Off
	may, stands := false, !ended
	x.Area = t.Keeper
	switch x.Kind {
	case Noted, Finished:
		may = slices.ContainsFunc(append([]string{t.Owner}, t.Joint...), func(a string) bool { x.Area = a; return keeps(scope, a) == nil })
		if x.Kind == Finished {
			x.Area, may = t.Owner, keeps(scope, t.Owner) == nil
		}
	case Reopened:
		may, stands = t.MayKeep(scope), t.State == Done
	case Moved, CalledOff:
		may = t.MayKeep(scope)
	default:
		return errs.Invalid(i18n.M("target.bad_step", x.Kind))
	}
	switch {
	case !may:
		return errs.Forbidden(string(access.HandleCase) + " of task")
	case !stands:
		return errs.Conflict(i18n.M("target.step_state", i18n.M("target.step_"+x.Kind), i18n.M("target.task_"+t.State)))
	case x.Kind == Moved && (x.Due <= 0 || x.Due.Year() > lastYear || x.Due == t.Due):
		return errs.Invalid(i18n.M("target.bad_due"))
	case x.Kind != Moved:
		x.Due = 0
	}
	return nil
}
