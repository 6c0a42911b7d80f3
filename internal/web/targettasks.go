package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/target"
)

func taskPath(id int64) string { return "/targets/tasks/" + strconv.FormatInt(id, 10) }

// targetTaskRow is a task in words.
type targetTaskRow struct {
	target.Task
	OwnerName, Others, StateText, DaysText, KindText string
	PlanName, TargetName, TargetHref                 string
	LastNote                                         string
}

func (s *server) targetTaskRow(t i18n.T, x target.Task) targetTaskRow {
	row := targetTaskRow{Task: x, OwnerName: s.areaName(x.Owner), StateText: t.S("target.task_" + x.State), KindText: t.S("targetpage.kind_" + x.Kind)}
	var others []string
	for _, a := range x.Joint {
		others = append(others, s.areaName(a))
	}
	row.Others = strings.Join(append(others, x.Departments...), t.S("web.comma"))
	switch {
	case x.State == target.Off:
	case x.State == target.Done && x.Late:
		row.DaysText = t.S("targetpage.done_late", -x.Days)
	case x.State == target.Done:
	case x.Late:
		row.DaysText = t.S("targetpage.days_late", -x.Days)
	default:
		row.DaysText = t.S("targetpage.days_left", x.Days)
	}
	if row.DaysText != "" && !x.Known {
		row.DaysText += t.S("targetpage.days_may_move")
	}
	if p, err := s.Targets.Plan(x.Plan); err == nil {
		row.PlanName = t.Text(p.Title)
	}
	if g, err := s.Targets.Goal(x.Plan, x.Target); err == nil {
		row.TargetName, row.TargetHref = t.Text(g.Name), "/targets/"+x.Plan+"/"+x.Target
	}
	if n := len(x.Steps); n > 0 {
		row.LastNote = x.Steps[n-1].Note
	}
	return row
}

// tasksQuery is a view of tasks; its address restores it.
type tasksQuery struct{ target.TaskQuery }

func (q tasksQuery) href(path string) string {
	out := url.Values{}
	for key, text := range map[string]string{"plan": q.Plan, "target": q.Target, "state": q.State, "owner": q.Owner, "group": q.Group} {
		if text != "" {
			out.Set(key, text)
		}
	}
	if q.Mine {
		out.Set("mine", "1")
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

type tasksData struct {
	Query   tasksQuery
	Rows    []targetTaskRow
	Late    int
	States  []option
	Owners  []option
	Groups  []option
	Plans   []option
	Targets []option
	Kinds   []option
	Keepers []option // areas for whose office the visitor sets tasks
	Today   period.Day
	Typed   url.Values
	Problem string
}

var taskStates = []string{target.TaskLate, target.Waiting, target.Running, target.Done, target.Off}

func (s *server) tasksAsked(r *http.Request) tasksQuery {
	q := tasksQuery{target.TaskQuery{Plan: r.FormValue("plan"), Target: r.FormValue("target"), Owner: r.FormValue("owner"), Group: r.FormValue("group"), Mine: r.FormValue("mine") == "1"}}
	if state := r.FormValue("state"); slices.Contains(taskStates, state) {
		q.State = state
	}
	return q
}

func (s *server) targetTasks(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showTasks(w, r, v, s.tasksAsked(r), http.StatusOK, "")
}

func (s *server) showTasks(w http.ResponseWriter, r *http.Request, v *visit, q tasksQuery, status int, problem string) error {
	t := v.t
	d := tasksData{Query: q, Owners: s.areaOptions(v.scope), Today: s.Clock.Today(), Typed: r.PostForm, Problem: problem, Keepers: s.officeAreas(v)}
	all, err := s.Targets.Tasks(r.Context(), v.scope, target.TaskQuery{})
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Group != "" && !slices.ContainsFunc(d.Groups, func(o option) bool { return o.Value == x.Group }) {
			d.Groups = append(d.Groups, option{x.Group, x.Group})
		}
	}
	if all, err = s.Targets.Tasks(r.Context(), v.scope, q.TaskQuery); err != nil {
		return err
	}
	for _, x := range all {
		d.Rows = append(d.Rows, s.targetTaskRow(t, x))
		if x.Late && x.State != target.Done {
			d.Late++
		}
	}
	for _, state := range taskStates {
		d.States = append(d.States, option{state, t.S("target.task_" + state)})
	}
	for _, k := range []string{target.Duty, target.Milestone} {
		d.Kinds = append(d.Kinds, option{k, t.S("targetpage.kind_" + k)})
	}
	d.Targets = []option{{"", t.S("targetpage.whole_plan")}}
	for i, p := range s.Targets.Plans(v.scope) {
		d.Plans = append(d.Plans, option{p.Code, t.Text(p.Title)})
		if i > 0 && q.Plan != p.Code {
			continue
		}
		for _, g := range p.Targets {
			d.Targets = append(d.Targets, option{p.Code + "/" + g.ID, g.ID + " " + t.Text(g.Name)})
		}
	}
	return s.show(w, r, s.shell(r, v, t.S("targetpage.tasks")), status, tasksPage(t, d))
}

// addTask sets a task. Its deadline is a day, or so many working days from today.
func (s *server) addTask(w http.ResponseWriter, r *http.Request, v *visit) error {
	plan, goal, _ := strings.Cut(r.PostFormValue("serves"), "/")
	x := target.Task{
		Plan: plan, Target: goal, Kind: r.PostFormValue("kind"), Keeper: r.PostFormValue("keeper"), Title: r.PostFormValue("title"), What: r.PostFormValue("what"), Owner: r.PostFormValue("owner"),
		Joint: r.PostForm["joint"], Departments: listed(r.PostFormValue("departments")), Group: r.PostFormValue("group"), Document: r.PostFormValue("document"), Set: dayTyped(r.PostFormValue("due")),
	}
	if goal == "" {
		x.Plan = r.PostFormValue("plan")
	}
	var err error
	if days := r.PostFormValue("workdays"); days != "" {
		n, failed := strconv.Atoi(days)
		if failed != nil {
			n = -1
		}
		x.Set, _, err = s.Targets.DueIn(n)
	}
	if err == nil {
		x, err = s.Targets.AddTask(r.Context(), v.scope, x)
	}
	if err == nil {
		return seeOther(w, r, taskPath(x.ID)+"?done=set")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	return s.showTasks(w, r, v, tasksQuery{}, statusOf(err), v.t.Msg(msg))
}

// targetStepRow is what became of a task, in words.
type targetStepRow struct {
	target.Step
	What, Who, AreaName string
}

type taskData struct {
	targetTaskRow
	Setter                string
	KeeperName            string
	History               []targetStepRow
	Report, Finish, Keeps bool
	Done                  string
	Problem               string
	Typed                 url.Values
}

func (s *server) targetTask(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showTask(w, r, v, http.StatusOK, "")
}

func (s *server) showTask(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	ctx, t := r.Context(), v.t
	id, err := pathID(r)
	if err != nil {
		return err
	}
	x, err := s.Targets.Task(ctx, v.scope, id)
	if err != nil {
		return err
	}
	d := taskData{
		targetTaskRow: s.targetTaskRow(t, x), KeeperName: s.areaName(x.Keeper), Problem: problem, Typed: r.PostForm,
		Report: x.MayReport(v.scope), Finish: x.MayFinish(v.scope), Keeps: x.MayKeep(v.scope),
	}
	if d.History, d.Setter, err = s.steps(ctx, t, x); err != nil {
		return err
	}
	if done := r.FormValue("done"); done == "set" || done == "written" {
		d.Done = t.S("targetpage.done_" + done)
	}
	return s.show(w, r, s.shell(r, v, x.Title), status, taskPage(t, d))
}

// steps is what became of a task, and who set it.
func (s *server) steps(ctx context.Context, t i18n.T, x target.Task) (all []targetStepRow, setter string, err error) {
	names := map[int64]string{}
	if setter, err = s.personName(ctx, names, x.By); err != nil {
		return nil, "", err
	}
	for _, step := range x.Steps {
		row := targetStepRow{Step: step, What: t.S("targetpage.step_" + step.Kind), AreaName: s.areaName(step.Area)}
		if row.Who, err = s.personName(ctx, names, step.By); err != nil {
			return nil, "", err
		}
		all = append(all, row)
	}
	return all, setter, nil
}

// reportTask writes what became of a task.
func (s *server) reportTask(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	_, err = s.Targets.Report(r.Context(), v.scope, target.Step{Task: id, Kind: r.PostFormValue("kind"), Note: r.PostFormValue("note"), Due: dayTyped(r.PostFormValue("due"))})
	if err == nil {
		return seeOther(w, r, taskPath(id)+"?done=written")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	return s.showTask(w, r, v, statusOf(err), v.t.Msg(msg))
}

// exportTasks sends the tasks of a view: the list of who answers for what.
func (s *server) exportTasks(w http.ResponseWriter, r *http.Request, v *visit) error {
	t, q := v.t, s.tasksAsked(r)
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	all, err := s.Targets.Tasks(r.Context(), v.scope, q.TaskQuery)
	if err != nil {
		return err
	}
	var rows [][]any
	for i, task := range all {
		x := s.targetTaskRow(t, task)
		rows = append(rows, []any{i + 1, x.KindText, x.Title, x.What, x.TargetName, x.OwnerName, x.Others, x.Group, x.Due.String(), x.StateText, x.DaysText, x.LastNote, x.Document})
	}
	return s.export(w, r, v, t.S("targetpage.tasks")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: t.S("targetpage.tasks"), Notes: s.notes(v, view, q.href("/targets/tasks")),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("targetpage.no"), t.S("targetpage.kind"), t.S("targetpage.task"), t.S("targetpage.what"), t.S("targetpage.serves"), t.S("targetpage.owner"), t.S("targetpage.joint"), t.S("targetpage.group"),
			t.S("targetpage.due"), t.S("targetpage.state"), t.S("targetpage.days"), t.S("targetpage.last_note"), t.S("targetpage.document"),
		}},
	})
}
