package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
)

// siteTask is a task in words.
type siteTask struct {
	bulletin.Task
	AreaName, State, Last string
	Late                  bool
	MayDo, MayReopen      bool
}

type siteMeetingRow struct {
	bulletin.Meeting
	AreaName    string
	Tasks, Late int // open ones
}

type siteMeetingsData struct {
	Rows    []siteMeetingRow
	Tasks   []siteTask
	Areas   []option
	Duties  []option
	Typed   url.Values
	Problem string
	Today   string
}

func (s *server) siteTask(v *visit, m *bulletin.Meeting, x bulletin.Task) siteTask {
	t := v.t
	out := siteTask{Task: x, AreaName: s.areaName(x.Area), Late: !x.Done() && x.Due < s.Clock.Today(), MayDo: !x.Done() && x.MayDo(v.scope)}
	key := "bulletinpage.task_open"
	switch {
	case x.Done():
		key = "bulletinpage.task_done"
	case out.Late:
		key = "bulletinpage.task_late"
	}
	out.State = t.S(key)
	if n := len(x.Steps); n > 0 {
		out.Last = joined(x.Steps[n-1].Note, instant(x.Steps[n-1].At))
	}
	out.MayReopen = m != nil && x.Done() && s.Bulletins.MayHold(v.scope, m.Area)
	return out
}

func (s *server) siteMeetings(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showSiteMeetings(w, r, v, http.StatusOK, "")
}

func (s *server) showSiteMeetings(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	meetings, err := s.Bulletins.Meetings(r.Context(), v.scope)
	if err != nil {
		return err
	}
	tasks, err := s.Bulletins.Tasks(r.Context(), v.scope)
	if err != nil {
		return err
	}
	d := siteMeetingsData{Typed: r.PostForm, Problem: problem, Today: s.Clock.Today().String()}
	for _, m := range meetings {
		row := siteMeetingRow{Meeting: m, AreaName: s.areaName(m.Area)}
		for _, x := range m.Tasks {
			if !x.Done() {
				row.Tasks++
				if x.Due < s.Clock.Today() {
					row.Late++
				}
			}
		}
		d.Rows = append(d.Rows, row)
	}
	for _, x := range tasks {
		if !x.Done() {
			d.Tasks = append(d.Tasks, s.siteTask(v, nil, x))
		}
	}
	for _, o := range s.areaOptions(v.scope) {
		if s.Bulletins.MayHold(v.scope, o.Value) {
			d.Areas = append(d.Areas, o)
		}
	}
	for _, x := range s.Bulletins.Set.Duties {
		if x.Asks == bulletin.ToMeet {
			d.Duties = append(d.Duties, option{x.Key(), v.t.Text(x.Name)})
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("bulletinpage.meetings")), status, siteMeetingsPage(v.t, d))
}

// dayOf is a day that was typed.
func dayOf(text string) (period.Day, error) {
	d, err := period.ParseDay(text)
	if err != nil {
		return 0, errs.Invalid(i18n.M("bulletinpage.bad_day", text))
	}
	return d, nil
}

func (s *server) holdSiteMeeting(w http.ResponseWriter, r *http.Request, v *visit) error {
	day, err := dayOf(r.PostFormValue("day"))
	id := int64(0)
	if err == nil {
		id, err = s.Bulletins.Hold(r.Context(), v.scope, bulletin.NewMeeting{
			Duty: r.PostFormValue("duty"), Area: r.PostFormValue("area"), Day: day, Title: r.PostFormValue("title"), Place: r.PostFormValue("place"), Offices: r.PostFormValue("offices"),
		})
	}
	if err == nil {
		return seeOther(w, r, bulletin.MeetingPath(id))
	}
	if msg, ok := errs.Message(err); ok && !hidden(err) {
		return s.showSiteMeetings(w, r, v, statusOf(err), v.t.Msg(msg))
	}
	return err
}

type siteMeetingData struct {
	bulletin.Meeting
	AreaName, DutyName string
	Tasks              []siteTask
	Minutes            string
	MinutesBy          string
	Older              int
	MayWrite           bool
	Areas              []option
	Typed              url.Values
	Problem            string
	Today              string
}

func (s *server) siteMeetingOf(ctx context.Context, r *http.Request, v *visit) (siteMeetingData, error) {
	id, err := pathID(r)
	if err != nil {
		return siteMeetingData{}, err
	}
	m, err := s.Bulletins.Meeting(ctx, v.scope, id)
	if err != nil {
		return siteMeetingData{}, err
	}
	d := siteMeetingData{Meeting: m, AreaName: s.areaName(m.Area), MayWrite: s.Bulletins.MayHold(v.scope, m.Area), Typed: r.PostForm, Today: s.Clock.Today().String()}
	if duty, err := s.Bulletins.Set.Duty(m.Duty); err == nil {
		d.DutyName = v.t.Text(duty.Name)
	}
	if n := len(m.Minutes); n > 0 {
		who, err := s.personName(ctx, map[int64]string{}, m.Minutes[n-1].By)
		if err != nil {
			return d, err
		}
		d.Minutes, d.MinutesBy, d.Older = m.Minutes[n-1].Text, joined(who, instant(m.Minutes[n-1].At)), n-1
	}
	whole := v.scope.Sees(access.ReadBulletins, m.Area, 0) // who has a task alone sees that one
	for _, x := range m.Tasks {
		if whole || v.scope.Sees(access.ReadBulletins, x.Area, 0) {
			d.Tasks = append(d.Tasks, s.siteTask(v, &m, x))
		}
	}
	if n, ok := s.Library.Areas().Node(m.Area); ok {
		d.Areas = append(d.Areas, option{m.Area, n.Name})
		if n.Level == content.City {
			for _, h := range s.Monitor.Areas(monitor.Dimension{By: monitor.ByCounty}, m.Area, m.Day) {
				d.Areas = append(d.Areas, option{h.Code, v.t.Text(h.Name)})
			}
		}
	}
	return d, nil
}

func (s *server) siteMeeting(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.siteMeetingOf(r.Context(), r, v)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, d.Title), http.StatusOK, siteMeetingPage(v.t, d))
}

// siteStep does something to a meeting and leads back to it; what hinders it is told there, with what was typed.
func (s *server) siteStep(w http.ResponseWriter, r *http.Request, v *visit, do func(id int64) error) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err = do(id); err == nil {
		return seeOther(w, r, bulletin.MeetingPath(id))
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d, readErr := s.siteMeetingOf(r.Context(), r, v)
	if readErr != nil {
		return readErr
	}
	d.Problem = v.t.Msg(msg)
	return s.show(w, r, s.shell(r, v, d.Title), statusOf(err), siteMeetingPage(v.t, d))
}

func (s *server) writeMinutes(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.siteStep(w, r, v, func(id int64) error { return s.Bulletins.Write(r.Context(), v.scope, id, r.PostFormValue("minutes")) })
}

func (s *server) giveTask(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.siteStep(w, r, v, func(id int64) error {
		due, err := dayOf(r.PostFormValue("due"))
		if err != nil {
			return err
		}
		_, err = s.Bulletins.Give(r.Context(), v.scope, id, bulletin.NewTask{What: r.PostFormValue("what"), Area: r.PostFormValue("for"), Due: due})
		return err
	})
}

func (s *server) doTask(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.siteStep(w, r, v, func(id int64) error {
		step := r.PostFormValue("step")
		if !slices.Contains([]string{bulletin.TaskDone, bulletin.TaskReopen}, step) {
			return errs.Invalid(i18n.M("web.bad_form"))
		}
		return s.Bulletins.Do(r.Context(), v.scope, numberOf(r, "task"), step, r.PostFormValue("note"))
	})
}

// warningRow is an early warning in words.
type warningRow struct {
	bulletin.Warning
	Name, Why, AreaName, Looked, Bound, Value, Compared string
	Confidence, Source                                  string
	Href, PeriodText, When, What                        string
	MayClose                                            bool
}

type warningsData struct {
	Open, Past []warningRow
	Problem    string
	Bad        int64 // warning that the problem is about
	Reason     string
}

func (s *server) warningRow(ctx context.Context, v *visit, names map[int64]string, x bulletin.Warning) (warningRow, error) {
	t := v.t
	row := warningRow{Warning: x, Name: x.Rule, AreaName: s.areaName(x.Area), PeriodText: periodText(t, x.Period), When: instant(x.At), Href: figureAddress(x.Indicator, x.Area, x.Period), MayClose: x.Open() && s.Bulletins.MayClose(v.scope, x), Looked: "—", Value: "—"}
	head, compared := bulletin.Head{}, "bulletinpage.compared"
	if i, err := s.Monitor.Set.Indicator(x.Indicator); err == nil {
		head = bulletin.HeadOf(i)
		row.Value = t.S("bulletinpage.figure_is", head.Name, orDash(head.Number(x.Value))+unitAfter(unitText(t, head.UnitBeside())))
	}
	if r, err := s.Bulletins.Set.Rule(x.Rule); err == nil {
		row.Name, row.Why, row.Confidence, row.Source = t.Text(r.Name), t.Text(r.Why), r.Confidence, joined(r.Source, r.Cite)
		row.Looked = head.Number(x.Looked)
		if r.Share() {
			row.Looked = bulletin.Head{Rate: true, Places: 1}.Number(x.Looked)
		}
		row.Bound = t.S("bulletinpage.bound", i18n.M("bulletinpage.what_"+r.What), row.Looked, r.Threshold())
		if r.What == bulletin.OfBehind {
			compared = "bulletinpage.should_be"
		}
		if r.Growth() {
			head = bulletin.Head{Rate: true, Places: 1}
		}
	}
	if x.Compared != nil {
		row.Compared = t.S(compared, head.Number(x.Compared))
	}
	for _, step := range x.Steps {
		who, err := s.personName(ctx, names, step.By)
		if step.By == 0 {
			who, err = "", nil
		}
		if err != nil {
			return row, err
		}
		row.What = joined(row.What, t.S("bulletinpage.warning_"+step.Step), step.Note, who, instant(step.At))
	}
	return row, nil
}

// unitAfter is a unit behind a number.
func unitAfter(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}

func (s *server) warnings(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showWarnings(w, r, v, http.StatusOK, warningsData{})
}

// pastWarnings is how many of those that are closed are shown.
const pastWarnings = 100

func (s *server) showWarnings(w http.ResponseWriter, r *http.Request, v *visit, status int, d warningsData) error {
	all, err := s.Bulletins.Warnings(r.Context(), v.scope)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for _, x := range all {
		row, err := s.warningRow(r.Context(), v, names, x)
		if err != nil {
			return err
		}
		if x.Open() {
			d.Open = append(d.Open, row)
		} else if len(d.Past) < pastWarnings {
			d.Past = append(d.Past, row)
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("bulletinpage.warnings")), status, warningsPage(v.t, d))
}

func (s *server) closeWarning(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	err = s.Bulletins.Close(r.Context(), v.scope, id, r.PostFormValue("reason"))
	if err == nil {
		return seeOther(w, r, "/warnings")
	}
	if msg, ok := errs.Message(err); ok && !hidden(err) {
		return s.showWarnings(w, r, v, statusOf(err), warningsData{Problem: v.t.Msg(msg), Bad: id, Reason: r.PostFormValue("reason")})
	}
	return err
}

// rowID tells the fields of several rows of a page apart.
func rowID(prefix string, id int64) string { return prefix + strconv.FormatInt(id, 10) }
