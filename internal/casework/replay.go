package casework

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Course is what the events of a case come to.
type Course struct {
	State string
	Moved int64
	Ended string
	Data  Data
	Tasks []CaseTask // in the order in which they were opened: Kind, Slot, State, Role, Account, OpenedN, ClosedN, Outcome
}

// Replay follows the events of a case under the workflow that it pinned. It fails where an event is not one that the
// workflow allows after those before it: another state, an answer that nobody was asked for, a quorum that was not met.
// Facts, guards and who may act are not asked again.
func (w *Workflow) Replay(events []Event) (Course, error) {
	c := Course{Data: Data{}}
	for i, e := range events {
		if e.N != int64(i+1) {
			return c, fmt.Errorf("event %d of case %d has the number %d", i+1, e.Case, e.N)
		}
		if err := w.follow(&c, e); err != nil {
			return c, fmt.Errorf("event %d of case %d: %w", e.N, e.Case, err)
		}
	}
	return c, nil
}

func (w *Workflow) follow(c *Course, e Event) error {
	if e.From != c.State {
		return fmt.Errorf("it starts at %q, the case was at %q", e.From, c.State)
	}
	maps.Copy(c.Data, e.Data)
	moves, err := w.followAction(c, e)
	if err != nil {
		return err
	}
	if moves {
		for i := range c.Tasks {
			if t := &c.Tasks[i]; t.Open() && t.Kind != Look {
				t.ClosedN = e.N
			}
		}
		s, ok := w.states[e.To]
		if !ok {
			return fmt.Errorf("there is no state %q", e.To)
		}
		c.State, c.Moved, c.Ended = s.ID, e.N, s.End
	} else if e.To != c.State {
		return fmt.Errorf("it does not move the case, and says that it leads to %q", e.To)
	}
	for _, o := range e.Opened {
		if o.Left {
			for i := range c.Tasks {
				if t := &c.Tasks[i]; t.leaves(o.Account, o.Role) {
					t.ClosedN = e.N
				}
			}
			continue
		}
		c.Tasks = append(c.Tasks, CaseTask{Kind: o.Kind, Slot: o.ID, State: c.State, Role: o.Role, Account: o.Account, OpenedN: e.N})
	}
	return nil
}

// followAction says whether an event moves the case, and answers the task that it answered.
func (w *Workflow) followAction(c *Course, e Event) (moves bool, err error) {
	switch e.Kind {
	case Opened:
		if e.N != 1 || e.To != w.first().ID {
			return false, fmt.Errorf("a case is opened once, at %q", w.first().ID)
		}
		return true, nil
	case Shaken, Escalated:
		return false, nil
	case Settled:
		return false, w.close(c, e, func(t CaseTask) bool { return t.Kind != Work && t.Role == e.Who })
	}
	a, ok := w.actions[e.Action]
	if !ok || !slices.Contains(a.From, c.State) || !slices.Contains(a.Who, e.Who) {
		return false, fmt.Errorf("%q is no action of %q at %q", e.Action, e.Who, c.State)
	}
	if a.Quorum == nil {
		if e.Kind != Acted || a.To != "" && e.To != a.To {
			return false, fmt.Errorf("%q leads to %q, not to %q", e.Action, a.To, e.To)
		}
		if a.To != "" {
			// A task that somebody else has is left, and closed with the state.
			_ = w.close(c, e, func(t CaseTask) bool {
				return t.Kind == Work && t.Role == e.Who && (t.Account == 0 || t.Account == e.Actor)
			})
		}
		return a.To != "", nil
	}
	err = w.close(c, e, func(t CaseTask) bool {
		return t.Kind == Work && t.Slot == e.Slot && t.Role == e.Who && (t.Account == 0 || t.Account == e.Actor)
	})
	if err != nil {
		return false, err
	}
	return w.followQuorum(c, a, e)
}

// close answers the first open task that fits.
func (w *Workflow) close(c *Course, e Event, fits func(CaseTask) bool) error {
	i := slices.IndexFunc(c.Tasks, func(t CaseTask) bool { return t.Open() && fits(t) })
	if i < 0 {
		return fmt.Errorf("no open task is for it")
	}
	c.Tasks[i].ClosedN, c.Tasks[i].Outcome = e.N, e.Action
	if e.Kind == Settled {
		c.Tasks[i].Outcome = string(Settled)
	}
	return nil
}

func (w *Workflow) followQuorum(c *Course, a *Action, e Event) (moves bool, err error) {
	same, open, all := 0, 0, 0
	for _, t := range c.Tasks {
		if t.Kind != Work || t.OpenedN != c.Moved || !t.Open() && t.Outcome == "" {
			continue
		}
		all++
		if t.Open() {
			open++
		}
		if t.Outcome == a.ID {
			same++
		}
	}
	need := int(a.Quorum.Need)
	if need == 0 {
		need = all
	}
	want, to := Voted, c.State
	switch {
	case same >= need:
		want, to = Acted, a.To
	case open == 0 && w.states[c.State].Undecided != "":
		want, to = Decided, w.states[c.State].Undecided
	}
	if e.Kind != want || e.To != to {
		return false, fmt.Errorf("%d of %d answers %q come to %s at %q, not to %s at %q", same, need, a.ID, want, to, e.Kind, e.To)
	}
	return want != Voted, nil
}

// Verify replays a case from its events and compares with what is stored. It is for who audits: Forbidden to those whom
// the case is about. An error of kind Conflict tells the first difference.
func (s *Store) Verify(ctx context.Context, scope access.Scope, id int64) error {
	c, w, obj, err := s.see(ctx, scope, id)
	if err != nil {
		return err
	}
	if !office(scope, obj) {
		return errs.Forbidden(fmt.Sprintf("verify case %d", id))
	}
	events, err := w.readEvents(ctx, s.DB.Read(), id)
	if err != nil {
		return err
	}
	tasks, err := readTasks(ctx, s.DB.Read(), tasksOf, id)
	if err != nil {
		return err
	}
	course, err := w.Replay(events)
	if err != nil {
		return &errs.Error{Kind: errs.KindConflict, Msg: i18n.M("casework.not_replayed"), Err: err}
	}
	if diff := course.differs(c, tasks); diff != "" {
		return &errs.Error{Kind: errs.KindConflict, Msg: i18n.M("casework.not_replayed"), Err: fmt.Errorf("case %d: %s", id, diff)}
	}
	return nil
}

// differs is the first difference between what the events come to and what is stored, "" for none.
func (c Course) differs(is Case, tasks []CaseTask) string {
	switch {
	case c.State != is.State || c.Moved != is.Moved || c.Ended != is.Ended:
		return fmt.Sprintf("its events lead to %q (event %d), it stands at %q (event %d)", c.State, c.Moved, is.State, is.Moved)
	case c.Data.encode() != is.Data.encode():
		return fmt.Sprintf("its events set %s, it remembers %s", c.Data.encode(), is.Data.encode())
	case len(c.Tasks) != len(tasks):
		return fmt.Sprintf("its events open %d tasks, it has %d", len(c.Tasks), len(tasks))
	}
	for i, t := range tasks {
		want := c.Tasks[i]
		got := CaseTask{Kind: t.Kind, Slot: t.Slot, State: t.State, Role: t.Role, Account: t.Account, OpenedN: t.OpenedN, ClosedN: t.ClosedN, Outcome: t.Outcome}
		if got != want {
			return fmt.Sprintf("its events leave task %d as %+v, it is %+v", i+1, want, got)
		}
	}
	return ""
}
