package bulletin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Owed is a duty of an area for a period. It is computed from the calendar each time.
type Owed struct {
	*Duty
	Area    string
	Period  period.Period
	Due     period.Day // last working day on which it is in time
	Assured bool       // the calendar of every year up to then is known; else the day may still move
	State   State      // of its report; of a meeting, Sealed once it has minutes and Draft before
	Report  int64      // 0 where none has begun
	Meeting int64
	DoneAt  int64 // ms; 0 where it is not done
	Ended   bool  // the period has ended
	Late    bool  // it is not done and its day is past, or it was done after its day
	Left    int   // working days up to the day, negative once it is past; of what is not done
}

// Done says that nothing is left to be done.
func (o Owed) Done() bool { return o.DoneAt != 0 }

// Overdue says that it is not done and late.
func (o Owed) Overdue() bool { return o.Late && !o.Done() }

// key tells duties of areas and periods apart.
func (o Owed) key() string { return strings.Join([]string{o.Key(), o.Area, o.Period.String()}, "/") }

// Duties is what areas that the scope may read of owe up to today, the newest period first, then by duty and by area. A period that has
// begun and not ended is among them.
func (s *Store) Duties(ctx context.Context, scope access.Scope) ([]Owed, error) {
	reports, err := s.Reports(ctx, scope, Filter{})
	if err != nil {
		return nil, err
	}
	meetings, err := s.Meetings(ctx, scope)
	if err != nil {
		return nil, err
	}
	of := map[string]Report{}
	for _, r := range reports {
		of[strings.Join([]string{r.Definition, r.Area, r.Period.String()}, "/")] = r
	}
	held := map[string]Meeting{}
	for _, m := range slices.Backward(meetings) { // the first one that was held for it counts
		key := strings.Join([]string{m.Duty, m.Area, m.Period.String()}, "/")
		if was, ok := held[key]; !ok || len(was.Minutes) == 0 || len(m.Minutes) > 0 {
			held[key] = m
		}
	}
	today, calendar := s.Clock.Today(), s.Library.Calendar()
	var all []Owed
	for _, d := range s.Set.Duties {
		for p := range d.periods(today) {
			_, last, _ := p.Span()
			due, known := calendar.AddWorkdays(last, d.Within)
			for _, area := range s.areasOf(d.Of, d.Plan.Area, last) {
				if !scope.Sees(access.ReadBulletins, area, 0) {
					continue
				}
				o := Owed{Duty: d, Area: area, Period: p, Due: due, Assured: known, State: Missing, Ended: last < today}
				if r, ok := of[strings.Join([]string{d.Report, area, p.String()}, "/")]; ok && d.Asks == ToReport {
					o.Report, o.State, o.DoneAt = r.ID, r.State(), r.First()
				}
				if m, ok := held[o.key()]; ok && d.Asks == ToMeet {
					o.Meeting, o.State = m.ID, Draft
					if len(m.Minutes) > 0 {
						o.State, o.DoneAt = Sealed, m.Minutes[0].At
					}
				}
				o.Left, _ = calendar.Workdays(today, due)
				o.Late = !o.Done() && today > due || o.Done() && clock.DayOf(o.DoneAt) > due
				all = append(all, o)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Owed) int {
		_, x, _ := a.Period.Span()
		_, y, _ := b.Period.Span()
		return int(y - x)
	})
	return all, nil
}

// periods are those for which a duty arises, up to the one in which a day lies, the earliest first.
func (d *Duty) periods(today period.Day) func(yield func(period.Period) bool) {
	return func(yield func(period.Period) bool) {
		for day := d.Plan.Since; day <= min(today, d.Plan.Until); {
			p := period.Of(d.Every, day)
			first, last, ok := p.Span()
			if !ok {
				return
			}
			_, month, _ := first.YMD()
			if (len(d.Months) == 0 || slices.Contains(d.Months, month)) && !yield(p) {
				return
			}
			day = last + 1
		}
	}
}

// areasOf are the areas whose a duty or rule is, as they lay on a day.
func (s *Store) areasOf(of, region string, day period.Day) []string {
	if of == OfCity {
		return []string{region}
	}
	var all []string
	for _, h := range s.Monitor.Areas(monitor.Dimension{By: monitor.ByCounty}, region, day) {
		all = append(all, h.Code)
	}
	return all
}

// MayAct says that a scope does what is owed.
func (o Owed) MayAct(scope access.Scope) bool { return mayAct(scope, o.Of, o.Area) }

// Waiting is what waits for those of a scope who must act: duties whose period has ended and that are not done, tasks of their office and
// warnings that they are told of; and how many of each are late.
type Waiting struct {
	Duties, Late     int // of its own
	Sign             int // of the duties, those that are prepared
	Below            int // overdue duties of areas that it consolidates
	Tasks, LateTasks int
	Warnings         int
}

// Waiting counts what waits.
func (s *Store) Waiting(ctx context.Context, scope access.Scope) (w Waiting, err error) {
	duties, err := s.Duties(ctx, scope)
	if err != nil {
		return w, err
	}
	for _, o := range duties {
		switch {
		case o.Done() || !o.Ended:
		case o.MayAct(scope):
			w.Duties++
			if o.Late {
				w.Late++
			}
			if o.State == Prepared {
				w.Sign++
			}
		case o.Late && mayAct(scope, OfCity, o.Plan.Area):
			w.Below++
		}
	}
	tasks, err := s.Tasks(ctx, scope)
	if err != nil {
		return w, err
	}
	for _, t := range tasks {
		if t.Done() || !mayAct(scope, t.Office, t.Area) {
			continue
		}
		w.Tasks++
		if t.Due < s.Clock.Today() {
			w.LateTasks++
		}
	}
	warnings, err := s.Warnings(ctx, scope)
	if err != nil {
		return w, err
	}
	for _, x := range warnings {
		if x.Open() && s.MayClose(scope, x) {
			w.Warnings++
		}
	}
	return w, nil
}

// Ring does the daily work: it gives and takes back warnings, and reminds of duties and tasks, each step of each once.
func (s *Store) Ring(ctx context.Context) error {
	if err := s.Warn(ctx); err != nil {
		return err
	}
	if err := s.remindDuties(ctx); err != nil {
		return err
	}
	return s.remindTasks(ctx)
}

func (s *Store) remindDuties(ctx context.Context) error {
	all, err := s.Duties(ctx, access.SystemScope())
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(o Owed) bool { return o.Done() || !o.Ended })
	terms := make([]notice.Term, len(all))
	for i, o := range all {
		terms[i] = notice.Term{Key: "duty/" + o.key(), Due: o.Due, Remind: o.Remind, Escalate: o.Escalate}
	}
	return s.remind(ctx, terms, func(i int, a notice.Alarm) notice.Message {
		o := all[i]
		m := notice.Message{
			Kind: notice.Deadline, To: notice.ToRole(roleOf(o.Of), o.Area), Title: i18n.M("bulletin.remind", s.areaName(o.Area), o.Period.String(), o.Name),
			Body: i18n.M("bulletin.remind_body", a.Due.String(), a.Workdays), Link: "/bulletins",
		}
		if a.Escalate {
			m.To = notice.ToRole(access.CityOfficial, o.Area)
			m.Title, m.Body = i18n.M("bulletin.escalate", s.areaName(o.Area), o.Period.String(), o.Name), i18n.M("bulletin.escalate_body", a.Due.String(), -a.Workdays)
		}
		return m
	})
}

// taskRemind and taskEscalate are the working days around the day of a task on which it is told of.
var taskRemind, taskEscalate = []int{3, 0}, []int{1}

func (s *Store) remindTasks(ctx context.Context) error {
	all, err := s.Tasks(ctx, access.SystemScope())
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, Task.Done)
	terms := make([]notice.Term, len(all))
	for i, t := range all {
		terms[i] = notice.Term{Key: fmt.Sprintf("bulletin/task/%d", t.ID), Due: t.Due, Remind: taskRemind, Escalate: taskEscalate}
	}
	return s.remind(ctx, terms, func(i int, a notice.Alarm) notice.Message {
		t := all[i]
		m := notice.Message{
			Kind: notice.Deadline, To: notice.ToRole(roleOf(t.Office), t.Area), Title: i18n.M("bulletin.remind_task", t.What),
			Body: i18n.M("bulletin.remind_body", a.Due.String(), a.Workdays), Link: MeetingPath(t.Meeting),
		}
		if a.Escalate {
			m.To = notice.ToRole(access.CityOfficial, t.Area)
			m.Title, m.Body = i18n.M("bulletin.escalate_task", s.areaName(t.Area), t.What), i18n.M("bulletin.escalate_body", a.Due.String(), -a.Workdays)
		}
		return m
	})
}

// remind posts what is to be told of terms today and was not told yet.
func (s *Store) remind(ctx context.Context, terms []notice.Term, message func(i int, a notice.Alarm) notice.Message) error {
	alarms, err := s.Notices.Due(ctx, s.DB.Read(), terms)
	if err != nil || len(alarms) == 0 {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, a := range alarms {
			m := message(a.Term, a)
			m.Key, m.At = a.Key, s.Clock.Millis()
			if err := notice.Post(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}
