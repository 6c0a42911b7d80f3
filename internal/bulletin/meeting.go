package bulletin

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// What may be written of a meeting, in characters.
const (
	maxTitle   = 100
	maxMinutes = 10_000
	maxTask    = 500
)

// Meeting is a meeting on site (现场推进会).
type Meeting struct {
	ID      int64
	Duty    string // key; "" where no calendar asked for it
	Area    string // whose office holds it
	Period  period.Period
	Day     period.Day
	Title   string
	Place   string
	Offices string // who takes part, a line each
	At, By  int64
	Minutes []Minutes // as they were written, the last ones count
	Tasks   []Task    // what follows from it
}

// Minutes are what was said and agreed.
type Minutes struct {
	ID     int64
	Text   string
	At, By int64
}

// Task is what an office of an area has to do after a meeting.
type Task struct {
	ID      int64
	Meeting int64
	What    string
	Area    string
	Office  string // OfCounty or OfCity: whose office
	Due     period.Day
	At, By  int64
	Steps   []TaskStep
}

// The steps of a task.
const (
	TaskDone   = "done"
	TaskReopen = "reopen"
)

// TaskStep is that a task was done, or has to be done again.
type TaskStep struct {
	Step, Note string
	At, By     int64
}

// Done says that it was done.
func (t Task) Done() bool { return len(t.Steps) > 0 && t.Steps[len(t.Steps)-1].Step == TaskDone }

// MeetingPath is the page of a meeting.
func MeetingPath(id int64) string { return fmt.Sprintf("/site-meetings/%d", id) }

// Meetings are those that a scope may read of, the newest first, with their minutes and tasks.
func (s *Store) Meetings(ctx context.Context, scope access.Scope) ([]Meeting, error) {
	where, args := scope.Where(access.ReadBulletins, "m.area", "", nil)
	return s.meetings(ctx, s.DB.Read(), where, args...)
}

// Meeting is one that a scope may read of: its area, or that of a task that follows from it; NotFound for any other.
func (s *Store) Meeting(ctx context.Context, scope access.Scope, id int64) (Meeting, error) {
	own, args := scope.Where(access.ReadBulletins, "m.area", "", []any{id})
	task, args := scope.Where(access.ReadBulletins, "k.area", "", args)
	all, err := s.meetings(ctx, s.DB.Read(), `m.id = $1 AND (`+own+` OR EXISTS (SELECT 1 FROM bulletin_task k WHERE k.meeting = m.id AND `+task+`))`, args...)
	if err != nil {
		return Meeting{}, err
	}
	if len(all) == 0 {
		return Meeting{}, errs.NotFound("meeting", id)
	}
	return all[0], nil
}

func (s *Store) meetings(ctx context.Context, q store.Querier, where string, args ...any) ([]Meeting, error) {
	all, err := store.List(ctx, q, func(rows *store.Rows) (m Meeting, err error) {
		var p, day string
		if err := rows.Scan(&m.ID, &m.Duty, &m.Area, &p, &day, &m.Title, &m.Place, &m.Offices, &m.At, &m.By); err != nil {
			return m, err
		}
		if m.Period, err = period.Parse(p); err != nil {
			return m, err
		}
		m.Day, err = period.ParseDay(day)
		return m, err
	}, `SELECT m.id, m.duty, m.area, m.period, m.day, m.title, m.place, m.offices, m.at, m.by_account FROM bulletin_meeting m WHERE `+where+` ORDER BY m.day DESC, m.id DESC`, args...)
	if err != nil {
		return nil, err
	}
	at := func(id int64) int { return slices.IndexFunc(all, func(m Meeting) bool { return m.ID == id }) }
	_, err = store.List(ctx, q, func(rows *store.Rows) (x Minutes, err error) {
		var of int64
		err = rows.Scan(&of, &x.ID, &x.Text, &x.At, &x.By)
		if i := at(of); i >= 0 {
			all[i].Minutes = append(all[i].Minutes, x)
		}
		return x, err
	}, `SELECT w.meeting, w.id, w.body, w.at, w.by_account FROM bulletin_minutes w JOIN bulletin_meeting m ON m.id = w.meeting WHERE `+where+` ORDER BY w.id`, args...)
	if err != nil {
		return nil, err
	}
	tasks, err := s.tasks(ctx, q, where, args...)
	for _, t := range tasks {
		if i := at(t.Meeting); i >= 0 {
			all[i].Tasks = append(all[i].Tasks, t)
		}
	}
	return all, err
}

// tasks are those of a condition on the task t and its meeting m, by the day that they are due.
func (s *Store) tasks(ctx context.Context, q store.Querier, where string, args ...any) ([]Task, error) {
	all, err := store.List(ctx, q, func(rows *store.Rows) (t Task, err error) {
		var due string
		if err := rows.Scan(&t.ID, &t.Meeting, &t.What, &t.Area, &t.Office, &due, &t.At, &t.By); err != nil {
			return t, err
		}
		t.Due, err = period.ParseDay(due)
		return t, err
	}, `SELECT t.id, t.meeting, t.what, t.area, t.office, t.due, t.at, t.by_account FROM bulletin_task t JOIN bulletin_meeting m ON m.id = t.meeting WHERE `+where+` ORDER BY t.due, t.id`, args...)
	if err != nil {
		return nil, err
	}
	_, err = store.List(ctx, q, func(rows *store.Rows) (x TaskStep, err error) {
		var of int64
		err = rows.Scan(&of, &x.Step, &x.Note, &x.At, &x.By)
		if i := slices.IndexFunc(all, func(t Task) bool { return t.ID == of }); i >= 0 {
			all[i].Steps = append(all[i].Steps, x)
		}
		return x, err
	}, `SELECT p.task, p.step, p.note, p.at, p.by_account FROM bulletin_task_step p JOIN bulletin_task t ON t.id = p.task JOIN bulletin_meeting m ON m.id = t.meeting WHERE `+where+` ORDER BY p.id`, args...)
	return all, err
}

// Tasks are those of areas that a scope may read of, by the day that they are due.
func (s *Store) Tasks(ctx context.Context, scope access.Scope) ([]Task, error) {
	where, args := scope.Where(access.ReadBulletins, "t.area", "", nil)
	return s.tasks(ctx, s.DB.Read(), where, args...)
}

// NewMeeting is a meeting to be noted.
type NewMeeting struct {
	Duty    string // key of the duty that it fulfils; "" for none
	Area    string
	Day     period.Day
	Title   string
	Place   string
	Offices string
}

// MayHold says that a scope holds meetings for an area, writes their minutes and gives tasks: an office of the area itself.
func (s *Store) MayHold(scope access.Scope, area string) bool {
	of := OfCounty
	if n, ok := s.Library.Areas().Node(area); ok && n.Level == content.City {
		of = OfCity
	}
	return mayAct(scope, of, area)
}

func limited(name i18n.Msg, text string, least, most int) error {
	if n := utf8.RuneCountInString(text); n < least || n > most {
		return errs.Invalid(i18n.M("bulletin.text_length", name, least, most, n))
	}
	return nil
}

// Hold notes that a meeting is held, and gives its id.
func (s *Store) Hold(ctx context.Context, scope access.Scope, n NewMeeting) (id int64, err error) {
	n.Title, n.Place, n.Offices = tidy(n.Title), tidy(n.Place), tidy(n.Offices)
	if !s.MayHold(scope, n.Area) {
		return 0, forbidden()
	}
	for _, x := range []struct {
		name, text  string
		least, most int
	}{{"bulletin.meeting_title", n.Title, 1, maxTitle}, {"bulletin.meeting_place", n.Place, 1, maxTitle}, {"bulletin.meeting_offices", n.Offices, 1, maxMinutes}} {
		if err := limited(i18n.M(x.name), x.text, x.least, x.most); err != nil {
			return 0, err
		}
	}
	p := period.Of(period.Month, n.Day)
	if n.Duty != "" {
		d, err := s.Set.Duty(n.Duty)
		if err != nil {
			return 0, err
		}
		p = period.Of(d.Every, n.Day)
		first, _, _ := p.Span()
		_, month, _ := first.YMD()
		if d.Asks != ToMeet || len(d.Months) > 0 && !slices.Contains(d.Months, month) {
			return 0, errs.Invalid(i18n.M("bulletin.other_period", d.Name, p.String()))
		}
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if id, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO bulletin_meeting (id, duty, area, period, day, title, place, offices, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			id, n.Duty, n.Area, p.String(), n.Day.String(), n.Title, n.Place, n.Offices, s.Clock.Millis(), scope.Account())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("note a meeting: %w", err)
	}
	return id, nil
}

// held is a meeting that the scope may write of.
func (s *Store) held(ctx context.Context, scope access.Scope, id int64) (Meeting, error) {
	m, err := s.Meeting(ctx, scope, id)
	if err == nil && !s.MayHold(scope, m.Area) {
		err = forbidden()
	}
	return m, err
}

// Write writes the minutes of a meeting; earlier ones stay. Conflict before the day of the meeting.
func (s *Store) Write(ctx context.Context, scope access.Scope, id int64, text string) error {
	text = tidy(text)
	m, err := s.held(ctx, scope, id)
	if err != nil {
		return err
	}
	if m.Day > s.Clock.Today() {
		return errs.Conflict(i18n.M("bulletin.not_held", m.Day.String()))
	}
	if err := limited(i18n.M("bulletin.minutes"), text, 1, maxMinutes); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO bulletin_minutes (id, meeting, body, at, by_account) VALUES ($1, $2, $3, $4, $5)`, n, id, text, s.Clock.Millis(), scope.Account()); err != nil {
			return fmt.Errorf("keep minutes: %w", err)
		}
		audit.Note(tx, loggedMinutes, n)
		return nil
	})
}

// NewTask is what is to be done after a meeting.
type NewTask struct {
	What string
	Area string
	Due  period.Day
}

// Give gives a task to the office of an area, which is told. Invalid for an area that does not lie in that of the meeting.
func (s *Store) Give(ctx context.Context, scope access.Scope, meeting int64, n NewTask) (id int64, err error) {
	n.What = tidy(n.What)
	m, err := s.held(ctx, scope, meeting)
	if err != nil {
		return 0, err
	}
	node, ok := s.Library.Areas().Node(n.Area)
	if !ok || !s.Library.Areas().Within(n.Area, m.Area) {
		return 0, errs.Invalid(i18n.M("bulletin.no_area", n.Area))
	}
	if err := limited(i18n.M("bulletin.task"), n.What, 1, maxTask); err != nil {
		return 0, err
	}
	if n.Due < m.Day {
		return 0, errs.Invalid(i18n.M("bulletin.due_before", n.Due.String(), m.Day.String()))
	}
	office := OfCounty
	if node.Level == content.City {
		office = OfCity
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if id, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO bulletin_task (id, meeting, what, area, office, due, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, meeting, n.What, n.Area, office, n.Due.String(), s.Clock.Millis(), scope.Account()); err != nil {
			return err
		}
		return notice.Post(ctx, tx, notice.Message{
			Kind: notice.Task, To: notice.ToRole(roleOf(office), n.Area), Title: i18n.M("bulletin.tell_task", n.What), Body: i18n.M("bulletin.tell_task_body", m.Title, n.Due.String()),
			Link: MeetingPath(meeting), At: s.Clock.Millis(),
		})
	})
	if err != nil {
		return 0, fmt.Errorf("give a task: %w", err)
	}
	return id, nil
}

// MayDo says that a scope does a task: the office whose it is.
func (t Task) MayDo(scope access.Scope) bool { return mayAct(scope, t.Office, t.Area) }

// Do says what was done about a task; whoever gave it may have it done again (TaskReopen).
func (s *Store) Do(ctx context.Context, scope access.Scope, task int64, step, note string) error {
	note = tidy(note)
	where, args := scope.Where(access.ReadBulletins, "t.area", "", []any{task})
	found, err := s.tasks(ctx, s.DB.Read(), `t.id = $1 AND `+where, args...)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errs.NotFound("task", task)
	}
	if step == TaskReopen {
		if _, err := s.held(ctx, scope, found[0].Meeting); err != nil {
			return err
		}
	} else if !found[0].MayDo(scope) {
		return forbidden()
	}
	if err := limited(i18n.M("bulletin.note"), note, 1, maxTask); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, fmt.Sprintf("bulletin/task/%d", task)); err != nil {
			return err
		}
		now, err := s.tasks(ctx, tx, `t.id = $1`, task)
		if err != nil {
			return err
		}
		if now[0].Done() == (step == TaskDone) {
			return errs.Conflict(i18n.M("bulletin.task_stands"))
		}
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO bulletin_task_step (id, task, step, note, at, by_account) VALUES ($1, $2, $3, $4, $5, $6)`, id, task, step, note, s.Clock.Millis(), scope.Account())
		return err
	})
}
