package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// casePath is the page of a case.
func casePath(id int64) string { return "/cases/" + strconv.FormatInt(id, 10) }

// caseRoutes are cases: what waits for whoever asks, lists, one case, and what may be done in it.
func (s *server) caseRoutes() []route {
	read := access.Need{Action: access.ReadCase}
	return []route{
		{"GET /cases", read, s.cases},
		{"GET /cases/new", read, s.newCase},
		{"POST /cases/new", read, s.beginCase},
		{"GET /cases/export", access.Need{Action: access.Export}, s.exportCases},
		{"GET /cases/{id}", read, s.showCase},
		{"POST /cases/{id}/act", read, s.actPlainly},
		{"GET /cases/{id}/act/{action}", read, s.actForm},
		{"POST /cases/{id}/act/{action}", read, s.sendAct},
		{"POST /cases/{id}/act/{action}/draft", read, s.draftAct},
		{"GET /cases/{id}/act/{action}/lines/{field}", read, s.actLines},
		{"POST /cases/{id}/files", read, s.attachFiles},
		{"GET /cases/{id}/files/{file}", read, s.caseFile},
		{"POST /cases/{id}/files/{file}/drop", read, s.dropFile},
		{"POST /cases/{id}/comments", read, s.comment},
		{"POST /cases/{id}/tasks/{task}/settle", read, s.settleTask},
		{"GET /workflows", access.Need{Public: true}, s.workflows},
		{"GET /workflows/{workflow}", access.Need{Public: true}, s.workflow},
	}
}

// casesQuery is a view of the cases; its address restores it.
type casesQuery struct {
	Workflow, State, Text string
	Ended                 bool // those that have ended too
	Firm, Batch           int64
	Page                  int
}

func readCases(in url.Values) casesQuery {
	q := casesQuery{Workflow: in.Get("workflow"), State: in.Get("state"), Text: in.Get("q"), Ended: in.Get("ended") == "1"}
	q.Firm, _ = strconv.ParseInt(in.Get("firm"), 10, 64)
	q.Batch, _ = strconv.ParseInt(in.Get("batch"), 10, 64)
	q.Page = pageNumber(in.Get("page"))
	return q
}

func (q casesQuery) href(path string) string {
	out := url.Values{}
	for key, value := range map[string]string{"workflow": q.Workflow, "state": q.State, "q": q.Text, "page": pageText(q.Page)} {
		if value != "" {
			out.Set(key, value)
		}
	}
	if q.Ended {
		out.Set("ended", "1")
	}
	if q.Firm > 0 {
		out.Set("firm", strconv.FormatInt(q.Firm, 10))
	}
	if q.Batch > 0 {
		out.Set("batch", strconv.FormatInt(q.Batch, 10))
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

func (q casesQuery) onPage(n int) casesQuery {
	q.Page = n
	return q
}

func (q casesQuery) filter() casework.Filter {
	return casework.Filter{Workflow: q.Workflow, State: q.State, Text: q.Text, Running: !q.Ended, Enterprise: q.Firm, Batch: q.Batch}
}

// caseRow is a case in a list.
type caseRow struct {
	casework.Case
	Workflow, State, Firm, Area string
}

// taskRow is something that waits.
type taskRow struct {
	casework.Waiting
	Workflow, State, What, Firm, Area, Due string
}

// casesData is the page of cases: what waits first.
type casesData struct {
	Query        casesQuery
	Todo         []todo // that waits and is no task of a case
	Inbox        casework.Inbox
	Tasks        []taskRow
	Workflows    []option
	States       []option // of the chosen workflow
	Counts       []casework.StateCount
	Rows         []caseRow
	Total, Pages int
	Reviews      bool // joint review concerns the visitor
	MayRounds    bool // there are rounds for the visitor
	Done         string
}

const (
	inboxRows     = 40
	exportedCases = 100_000 // in one file
)

func (s *server) cases(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, q := r.Context(), readCases(r.Form)
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	d := casesData{Query: q, Reviews: v.scope.Can(access.ReviewCase) || v.scope.Can(access.HandleCase), MayRounds: roundsRead.MetBy(v.scope)}
	if r.FormValue("done") == "part" {
		d.Done = v.t.S("casepage.done_part")
	}
	if d.Todo, err = s.judgingWork(ctx, v, nil); err != nil {
		return err
	}
	if d.Inbox, err = s.Cases.Inbox(ctx, v.scope, q.Workflow, 0, inboxRows); err != nil {
		return err
	}
	for _, x := range d.Inbox.Tasks {
		row, err := s.taskRow(ctx, v, view, x)
		if err != nil {
			return err
		}
		d.Tasks = append(d.Tasks, row)
	}
	var list []casework.Case
	if list, d.Total, err = s.Cases.Cases(ctx, v.scope, q.filter(), (q.Page-1)*listRows, listRows); err != nil {
		return err
	}
	d.Pages = max((d.Total+listRows-1)/listRows, 1)
	for _, c := range list {
		row, err := s.caseRow(ctx, v, view, c)
		if err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	for _, x := range s.Cases.Set.All() {
		d.Workflows = append(d.Workflows, option{x.Workflow, v.t.Text(x.Title)})
		if x.Workflow == q.Workflow {
			for _, state := range x.States {
				d.States = append(d.States, option{state.ID, v.t.Text(state.Name)})
			}
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("casepage.title")), http.StatusOK, casesPage(v.t, d))
}

// stateName is a state in words.
func stateName(t i18n.T, w *casework.Workflow, id string) string {
	state, ok := w.State(id)
	if !ok {
		return id
	}
	return t.Text(state.Name)
}

func (s *server) firmName(view fact.View, id int64) string {
	if e, ok := view.Enterprise(id); ok {
		return e.Name
	}
	return ""
}

// caseFirm is whose case it is. Who has work in a case is told, also where they may not look into the enterprise's file: an
// expert could not declare a conflict of interest else.
func (s *server) caseFirm(ctx context.Context, v *visit, view fact.View, id int64) (name string, file bool, err error) {
	if name = s.firmName(view, id); name != "" {
		return name, true, nil
	}
	if !slices.ContainsFunc([]access.Action{access.ReviewCase, access.ScoreCase, access.AuditCase, access.AnswerCase, access.PayOut}, v.scope.Can) {
		return "", false, nil
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	return s.firmName(whole, id), false, err
}

func (s *server) areaName(code string) string { return s.nodeName(s.Library.Areas(), code) }

func (s *server) taskRow(ctx context.Context, v *visit, view fact.View, x casework.Waiting) (taskRow, error) {
	c, w, err := s.Cases.Get(ctx, v.scope, x.Case)
	if err != nil {
		return taskRow{}, err
	}
	t := v.t
	row := taskRow{Waiting: x, Workflow: t.Text(w.Title), State: stateName(t, w, c.State), Area: s.areaName(x.Area)}
	row.What = taskName(t, w, x.CaseTask)
	row.Due = dueText(t, x)
	row.Firm, _, err = s.caseFirm(ctx, v, view, x.Enterprise)
	return row, err
}

// taskName is what is to be done in a task.
func taskName(t i18n.T, w *casework.Workflow, x casework.CaseTask) string {
	if x.Kind != casework.Work {
		return t.S("casepage.task_" + string(x.Kind))
	}
	if state, ok := w.State(x.State); ok {
		for _, task := range state.Tasks {
			if task.ID == x.Slot {
				return t.Text(task.Name)
			}
		}
		return t.Text(state.Name)
	}
	return x.State
}

// dueText is until when something is to be done; "" where there is no clock.
func dueText(t i18n.T, x casework.Waiting) string {
	if x.DueDay == 0 {
		return ""
	}
	return dayText(t, x.DueDay, x.Assured)
}

// dayText is a day that was counted in working days, known as far as the calendar of its year is.
func dayText(t i18n.T, day period.Day, known bool) string {
	if !known {
		return t.S("casepage.due_about", day.String())
	}
	return day.String()
}

func (s *server) caseRow(ctx context.Context, v *visit, view fact.View, c casework.Case) (caseRow, error) {
	if v.scope.Role() == access.Enterprise || v.scope.Role() == access.Handler || v.scope.Role() == access.Viewer {
		shown, _, err := s.Cases.Get(ctx, v.scope, c.ID) // as far as it is theirs to see
		if err != nil {
			return caseRow{}, err
		}
		c = shown
	}
	w, err := s.Cases.Definition(ctx, c)
	if err != nil {
		return caseRow{}, err
	}
	firm, _, err := s.caseFirm(ctx, v, view, c.Enterprise)
	return caseRow{Case: c, Workflow: v.t.Text(w.Title), State: stateName(v.t, w, c.State), Firm: firm, Area: s.areaName(c.Area)}, err
}

// exportCases sends all of the view, not the page of it.
func (s *server) exportCases(w http.ResponseWriter, r *http.Request, v *visit) error {
	q, t := readCases(r.Form).onPage(1), v.t
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	list, _, err := s.Cases.Cases(r.Context(), v.scope, q.filter(), 0, exportedCases)
	if err != nil {
		return err
	}
	rows := make([][]any, len(list))
	for i, c := range list {
		row, err := s.caseRow(r.Context(), v, view, c)
		if err != nil {
			return err
		}
		rows[i] = []any{c.ID, row.Workflow, c.Title, row.Firm, row.Area, row.State, instant(c.Since), instant(c.OpenedAt)}
	}
	return s.export(w, r, v, t.S("casepage.title")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: t.S("casepage.title"), Notes: s.notes(v, view, q.href("/cases")),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("casepage.number"), t.S("casepage.workflow"), t.S("casepage.about"), t.S("web.firm_name"), t.S("web.area"), t.S("web.state"),
			t.S("casepage.since"), t.S("casepage.opened"),
		}},
	})
}

// caseValue is a value that a case remembers, in words.
func caseValue(t i18n.T, v rule.Value) string {
	switch v.Type() {
	case rule.MoneyType:
		return inWords(t, v.Fen())
	case rule.BoolType:
		return yesNo(t, v.Bool())
	}
	return v.String()
}

// datum is something that a case remembers.
type datum struct{ Name, Value string }

// caseData is what a case remembers in words; what it remembers by its number or id is called by its name.
func (s *server) caseData(ctx context.Context, v *visit, view fact.View, c casework.Case, w *casework.Workflow, data casework.Data) ([]datum, error) {
	var all []datum
	for _, d := range w.Data {
		value, ok := data[d.ID]
		if !ok {
			continue
		}
		policy, ok := data["policy"]
		if !ok {
			policy = c.Data["policy"]
		}
		name, err := s.called(ctx, v, view, d.ID, value, policy)
		if err != nil {
			return nil, err
		}
		if c.Workflow == subsidy.ApplicationWorkflow && d.ID == "amount" && value.Fen() == 0 {
			name = v.t.S("casepage.nothing_sure") // what is kept is sure, and none of it is yet
		}
		all = append(all, datum{v.t.Text(d.Name), cmp.Or(name, caseValue(v.t, value))})
	}
	return all, nil
}

// definitionName is what a scheme, a ladder or a form is called; "" where there is none any more.
func (s *server) definitionName(t i18n.T, kind, code string) string {
	switch kind {
	case "scheme":
		if x, err := s.Selections.Set.Scheme(code); err == nil {
			return t.Text(x.Name)
		}
	case "ladder":
		if x, err := s.Selections.Set.Ladder(code); err == nil {
			return t.Text(x.Name)
		}
	case "form":
		if x, err := s.Forms.Set().Form(code); err == nil {
			return t.Text(x.Title)
		}
	}
	return ""
}

// called is the name of what an application is for: its call, policy, clause and thing; "" for all else, and for what has no
// name that this visitor sees.
func (s *server) called(ctx context.Context, v *visit, view fact.View, id string, value, policy rule.Value) (string, error) {
	switch whole := value.Type() == rule.IntType; {
	case !whole && slices.Contains([]string{"scheme", "ladder", "form"}, id):
		return s.definitionName(v.t, id, value.Text()), nil
	case id == "call" && whole:
		call, err := s.Subsidy.Call(ctx, v.scope, value.Int())
		if errs.KindOf(err) == errs.KindNotFound {
			return "", nil
		}
		return call.Title, err
	case id == "product" && !whole:
		if p, err := s.Credit.Set.Product(value.Text()); err == nil {
			return v.t.Text(p.Name), nil
		}
	case id == "policy" && !whole:
		f, err := s.policyAt(ctx, view, value.Text())
		if errs.KindOf(err) == errs.KindNotFound {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		return v.t.Text(f.Policy.File.Document.Name), nil
	case id == "clause" && policy.Type() == rule.TextType:
		clause, err := s.clauseNames(ctx, v.t)
		if err != nil {
			return "", err
		}
		return clause(policy.Text() + " " + value.Text()), nil
	case id == "thing" && whole:
		if x, ok := s.reader.Subject(view, value.Int()); ok {
			return x.Name(), nil
		}
		for kind := range nameFacts { // it is of one kind, and has the facts of that
			if name := s.thingName(v.t, view, kind, value.Int()); name != "" {
				return name, nil
			}
		}
	}
	return "", nil
}

// whoName is what somebody acted as.
func whoName(t i18n.T, who string) string {
	switch who {
	case "":
		return ""
	case casework.Applicant, casework.System:
		return t.S("casework.who." + who)
	}
	return t.S("access.role." + who)
}

// station is an event of a case in words.
type station struct {
	casework.Event
	What, By, As, To string
	Set              []datum
	Frozen           bool
	Answered         *answered // nil where nothing was filled in that the visitor sees
}

// stations are the events of a case, the newest first, as a parcel is tracked.
func (s *server) stations(ctx context.Context, v *visit, view fact.View, c casework.Case, w *casework.Workflow, events []casework.Event) ([]station, error) {
	names := map[int64]string{}
	latest := false // is among them already
	var all []station
	for _, e := range slices.Backward(events) {
		set, err := s.caseData(ctx, v, view, c, w, e.Data)
		if err != nil {
			return nil, err
		}
		x := station{Event: e, As: whoName(v.t, e.Who), To: stateName(v.t, w, e.To), Set: set}
		x.What = v.t.S("casework.event." + string(e.Kind))
		if a, ok := w.Action(e.Action); ok {
			x.What = v.t.Text(a.Name)
			x.Frozen = a.Freeze && e.Kind != casework.Voted
		}
		if e.Actor != 0 {
			name, err := s.personName(ctx, names, e.Actor)
			if err != nil {
				return nil, err
			}
			x.By = name
		}
		if x.Answered, err = s.answeredIn(ctx, v, view, c, w, e); err != nil {
			return nil, err
		}
		if x.Answered != nil {
			x.Answered.Latest, latest = !latest, true
		}
		all = append(all, x)
	}
	return all, nil
}
