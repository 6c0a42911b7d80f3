package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// CaseHead is a case as lists show it.
type CaseHead struct {
	ID           int64     `json:"id" example:"204"`
	Workflow     string    `json:"workflow" example:"subsidy_application"`
	WorkflowName i18n.Text `json:"workflow_name"`
	Title        string    `json:"title" example:"数字车间补贴"`
	Enterprise   *Firm     `json:"enterprise,omitempty" doc:"不属于任何一家企业的事项没有 · none of what is no enterprise's"`
	Area         *Node     `json:"area,omitempty"`
	Batch        int64     `json:"batch,omitempty" example:"210" doc:"汇总它的批次 · the case that gathers it"`
	State        string    `json:"state" example:"check"`
	StateName    i18n.Text `json:"state_name"`
	Since        string    `json:"since" format:"date-time" example:"2024-10-31T09:00:00+08:00" doc:"何时进入这一环节 · when it came into its state"`
	Opened       string    `json:"opened" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Events       int64     `json:"events" example:"2" doc:"已有多少条记录；办理时作为 seen 带上 · how many events there are: act_case takes it as seen"`
	Ended        string    `json:"ended,omitempty" enum:"done,refused,withdrawn" example:"done"`
}

func (s *server) caseHead(m moment, w *casework.Workflow, x casework.Case) CaseHead {
	out := CaseHead{
		ID: x.ID, Workflow: x.Workflow, WorkflowName: w.Title, Title: x.Title, Area: nodeOf(s.Library.Areas(), x.Area), Batch: x.Batch,
		State: x.State, StateName: stateName(w, x.State), Since: instant(x.Since), Opened: instant(x.OpenedAt), Events: x.Events, Ended: x.Ended,
	}
	out.Enterprise = s.firmOfCase(m, x.Enterprise)
	return out
}

func (s *server) firmOfCase(m moment, id int64) *Firm {
	e, ok := m.Enterprise(id)
	if !ok {
		return nil
	}
	return ptr(s.firm(e))
}

func stateName(w *casework.Workflow, id string) i18n.Text {
	if state, ok := w.State(id); ok {
		return state.Name
	}
	return i18n.Text{ZH: id, EN: id}
}

// CaseQuery chooses cases.
type CaseQuery struct {
	Workflow   string `query:"workflow" maxLength:"80" example:"subsidy_application"`
	State      string `query:"state" maxLength:"80" example:"draft"`
	Text       string `query:"q" maxLength:"200" example:"数字车间" doc:"标题里的文字 · part of the title"`
	Ended      bool   `query:"ended" example:"true" doc:"也要已结束的 · those that have ended too"`
	Enterprise int64  `query:"enterprise" minimum:"0" example:"17"`
	Batch      int64  `query:"batch" minimum:"0" example:"210" doc:"这一批次汇总的 · those that a batch gathers"`
}

type casesOut struct {
	Body struct {
		Items []CaseHead `json:"items" nullable:"false"`
		Total int        `json:"total" example:"1"`
		Next  string     `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) listCases(ctx context.Context, c *caller, in *struct {
	CaseQuery
	Paging
},
) (*casesOut, error) {
	at, err := in.open(c, c.listName("cases", in.CaseQuery))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	list, total, err := s.Cases.Cases(ctx, c.scope, casework.Filter{
		Workflow: in.Workflow, State: in.State, Text: in.Text, Running: !in.Ended, Enterprise: in.Enterprise, Batch: in.Batch,
	}, at.From, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &casesOut{}
	out.Body.Items, out.Body.Total, out.Body.Next = []CaseHead{}, total, at.next(moment{}, at.From+in.Limit, total)
	for _, x := range list {
		w, err := s.Cases.Definition(ctx, x)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, s.caseHead(m, w, x))
	}
	return out, nil
}

// CaseTask is what somebody must do, or had to.
type CaseTask struct {
	ID      int64     `json:"id" example:"207"`
	Kind    string    `json:"kind" enum:"work,look,overtime" example:"work" doc:"work 流程规定，look 依据变了须复核，overtime 超期上报 · by the workflow, evidence was shaken, escalated"`
	Name    i18n.Text `json:"name"`
	Role    string    `json:"role" example:"county_official" doc:"等谁办：applicant 或角色 · for whom: applicant, or a role"`
	Opened  string    `json:"opened" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Due     string    `json:"due,omitempty" format:"date" example:"2024-11-14" doc:"没有期限的没有 · none where there is no term"`
	Assured bool      `json:"assured" example:"true" doc:"日历已知到期前的每一天 · the calendar knows all days up to due"`
	Overdue bool      `json:"overdue" example:"false"`
	Open    bool      `json:"open" example:"true"`
	Outcome string    `json:"outcome,omitempty" example:"agree" doc:"怎样办结的 · the action that answered it"`
}

func (s *server) caseTask(w *casework.Workflow, x casework.CaseTask) CaseTask {
	out := CaseTask{ID: x.ID, Kind: string(x.Kind), Name: taskName(w, x), Role: x.Role, Opened: instant(x.OpenedAt), Open: x.Open(), Outcome: x.Outcome}
	if due, known, ok := x.Due(s.Library.Calendar()); ok {
		out.Due, out.Assured, out.Overdue = due.String(), known, x.Open() && due < s.Clock.Today()
	}
	return out
}

// taskName is what is to be done in a task.
func taskName(w *casework.Workflow, x casework.CaseTask) i18n.Text {
	if x.Kind != casework.Work {
		return both(i18n.M("api.task_" + string(x.Kind)))
	}
	state, _ := w.State(x.State)
	for _, task := range state.Tasks {
		if task.ID == x.Slot {
			return task.Name
		}
	}
	return stateName(w, x.State)
}

// waiting is a task with the case that it is in.
type waiting struct {
	CaseTask
	Case CaseHead `json:"case"`
}

type inboxOut struct {
	Body struct {
		Items   []waiting `json:"items" nullable:"false" doc:"最早到期的在前 · what is due first comes first"`
		Total   int       `json:"total" example:"1"`
		Overdue int       `json:"overdue" example:"0"`
		Today   int       `json:"today" example:"0" doc:"今天到期 · due today"`
		Next    string    `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// inbox is what waits for whoever asks.
func (s *server) inbox(ctx context.Context, c *caller, in *struct {
	Workflow string `query:"workflow" maxLength:"80" example:"subsidy_application"`
	Paging
},
) (*inboxOut, error) {
	at, err := in.open(c, c.listName("inbox", in.Workflow))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	box, err := s.Cases.Inbox(ctx, c.scope, in.Workflow, at.From, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &inboxOut{}
	b := &out.Body
	b.Items, b.Total, b.Overdue, b.Today, b.Next = []waiting{}, box.Total, box.Overdue, box.Today, at.next(moment{}, at.From+in.Limit, box.Total)
	for _, x := range box.Tasks {
		of, w, err := s.Cases.Get(ctx, c.scope, x.Case)
		if err != nil {
			return nil, err
		}
		b.Items = append(b.Items, waiting{s.caseTask(w, x.CaseTask), s.caseHead(m, w, of)})
	}
	return out, nil
}

// CaseIn names a case.
type CaseIn struct {
	ID int64 `path:"id" minimum:"1" example:"204"`
}

// ActIn is an action to be taken in a case.
type ActIn struct {
	Keyed
	CaseIn
	Body struct {
		Action string          `json:"action" minLength:"1" maxLength:"80" example:"submit" doc:"如 choices 所示 · as choices names it"`
		Task   int64           `json:"task,omitempty" minimum:"0" example:"207" doc:"答复哪一项并行任务；默认是本账号能办的 · the parallel task that it answers; by default one that the account can"`
		Seen   int64           `json:"seen,omitempty" minimum:"0" example:"2" doc:"看到的 events；其间有了进展则答 409 · events as it was seen: 409 if the case has moved on since"`
		Reason string          `json:"reason,omitempty" maxLength:"2000" example:"材料齐全"`
		Entry  json.RawMessage `json:"entry,omitempty" doc:"表单的填写内容，按人的写法：{\"texts\": {\"字段\": \"文字\"}, \"rows\": {\"列表\": [{\"列\": \"文字\"}]}}；字段见 get_action_form · what was filled in, as people write it, by field and by list; get_action_form names the fields"`
	}
}

// keyOf makes a program's key one of the API's own; a store knows a repetition by it, for good.
func keyOf(c *caller, key string) (string, error) {
	switch {
	case key == "":
		return "", nil
	case len(key) > keyLimit:
		return "", invalid(c.t, idempotencyHeader, key, i18n.M("api.want_max_length", keyLimit))
	}
	return "api/" + hashOf([]byte(key)), nil
}

// takenAct is what became of an act. Where the case stands now is asked of the case: an act may put it out of sight.
type takenAct struct {
	ID     int64  `json:"id" example:"211"`
	N      int64  `json:"n" example:"2" doc:"本事项的第几条记录 · number of the event in the case"`
	Kind   string `json:"kind" enum:"acted,voted" example:"acted" doc:"voted：已记下答复，事项还在等其他人 · an answer that did not move the case yet"`
	Action string `json:"action" example:"submit"`
	Who    string `json:"who" example:"applicant" doc:"以什么身份 · what the account acted as"`
	At     string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

type eventOut struct{ Body takenAct }

// act takes an action in a case.
func (s *server) act(ctx context.Context, c *caller, in *ActIn) (*eventOut, error) {
	key, err := keyOf(c, in.key)
	if err != nil {
		return nil, err
	}
	b := in.Body
	e, err := s.Cases.Act(ctx, c.scope, casework.Act{Case: in.ID, Action: b.Action, Task: b.Task, Seen: b.Seen, Reason: b.Reason, Entry: b.Entry, Key: key})
	var wrong form.Problems
	if errors.As(err, &wrong) {
		return nil, formFaults(c.t, b.Entry, wrong)
	}
	if err != nil {
		return nil, err
	}
	return &eventOut{takenAct{ID: e.ID, N: e.N, Kind: string(e.Kind), Action: e.Action, Who: e.Who, At: instant(e.At)}}, nil
}

// AttachIn is a file for a case.
type AttachIn struct {
	CaseIn
	Name  string `query:"name" required:"true" minLength:"1" maxLength:"200" example:"invoice.pdf"`
	Field string `query:"field" maxLength:"64" example:"invoices" doc:"表单中要求它的一项 · the field of the form that asks for it"`
	body  io.Reader
}

// Resolve keeps the body for reading, within the limit of a file.
func (in *AttachIn) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	in.body = http.MaxBytesReader(w, r.Body, casework.MaxFile+1) // the store of files says by itself what is too large
	return nil
}

type caseFileOut struct{ Body caseFile }

func (s *server) attachFile(ctx context.Context, c *caller, in *AttachIn) (*caseFileOut, error) {
	e, err := s.Cases.Attach(ctx, c.scope, casework.Attachment{Case: in.ID, Field: in.Field, Name: in.Name, Body: in.body})
	if err != nil {
		return nil, err
	}
	return &caseFileOut{caseFileOf(e, c.account.Name)}, nil
}

// CaseFileIn names a file of a case.
type CaseFileIn struct {
	CaseIn
	File int64 `path:"file" minimum:"1" example:"209"`
}

// getCaseFile hands a file of a case out as it came.
func (s *server) getCaseFile(ctx context.Context, c *caller, in *CaseFileIn) (*stream, error) {
	e, f, err := s.Cases.OpenFile(ctx, c.scope, in.File)
	if err != nil {
		return nil, err
	}
	if e.Case != in.ID {
		return nil, errors.Join(errs.NotFound("file", in.File), f.Close())
	}
	return s.original(e.Name, octets, f), nil
}

// octets is the media type of a file that nothing is said about.
const octets = "application/octet-stream"

// original answers with a file as it is kept, which it closes.
func (s *server) original(name, kind string, f *os.File) *stream {
	return &stream{Body: func(ctx huma.Context) {
		defer func() { _ = f.Close() }() // read only
		ctx.SetHeader("Content-Type", kind)
		s.attach(ctx, name)
		ctx.SetStatus(http.StatusOK)
		if _, err := io.Copy(ctx.BodyWriter(), f); err != nil {
			s.breakOff(ctx, name, err)
		}
	}}
}

func (s *server) dropCaseFile(ctx context.Context, c *caller, in *CaseFileIn) (*nothing, error) {
	if _, _, err := s.Cases.Get(ctx, c.scope, in.ID); err != nil {
		return nil, err
	}
	files, err := s.Cases.Files(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(files, func(e casework.Evidence) bool { return e.ID == in.File }) {
		return nil, errs.NotFound("file", in.File)
	}
	return &nothing{}, s.Cases.Detach(ctx, c.scope, in.File)
}

type commentIn struct {
	CaseIn
	Body struct {
		Text   string `json:"text" minLength:"1" maxLength:"4000" example:"发票已补齐"`
		Inside bool   `json:"inside,omitempty" example:"false" doc:"只给办理部门看 · for offices only"`
	}
}

type commentOut struct{ Body caseComment }

func (s *server) comment(ctx context.Context, c *caller, in *commentIn) (*commentOut, error) {
	x, err := s.Cases.AddComment(ctx, c.scope, casework.Comment{Case: in.ID, Inside: in.Body.Inside, Text: in.Body.Text})
	if err != nil {
		return nil, err
	}
	return &commentOut{caseComment{x.ID, c.account.Name, instant(x.At), x.Inside, x.Text}}, nil
}

type settleIn struct {
	CaseIn
	Task int64 `path:"task" minimum:"1" example:"207"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"2000" example:"已核对，仍然成立"`
	}
}

// settle closes a task that asks whether an approval still stands, or that a term escalated.
func (s *server) settle(ctx context.Context, c *caller, in *settleIn) (*nothing, error) {
	tasks, err := s.Cases.TasksOf(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(tasks, func(t casework.CaseTask) bool { return t.ID == in.Task }) {
		return nil, errs.NotFound("task", in.Task)
	}
	return &nothing{}, s.Cases.Settle(ctx, c.scope, in.Task, in.Body.Reason)
}

type schemaOut struct {
	Body json.RawMessage `doc:"JSON Schema"`
}

// actionForm is what an action asks, as the case pinned its form.
func (s *server) actionForm(ctx context.Context, c *caller, in *struct {
	CaseIn
	Action string `path:"action" maxLength:"80" example:"accept"`
},
) (*schemaOut, error) {
	_, w, err := s.Cases.Get(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	a, ok := w.Action(in.Action)
	if !ok || a.Form == "" {
		return nil, errs.NotFound("form of action", in.Action)
	}
	f, err := s.formOfCase(ctx, c, in.ID, a.Form)
	if err != nil {
		return nil, err
	}
	schema, err := f.Schema()
	return &schemaOut{schema}, err
}

// formOfCase is a form as a case has pinned it. NotFound where it has not.
func (s *server) formOfCase(ctx context.Context, c *caller, id int64, code string) (*form.Form, error) {
	pins, err := s.Cases.Pins(ctx, c.scope, id)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(pins, func(p casework.Pin) bool { return p.Kind == casework.FormPin && p.Name == code })
	if i < 0 {
		return nil, errs.NotFound("form", code)
	}
	return s.Forms.Form(ctx, pins[i].Hash)
}

func (s *server) registerCases() {
	read, open := access.Need{Action: access.ReadCase}, access.Need{Public: true}
	const one = "/cases/{id}"
	handle(s, operation{id: "list_cases", tag: "cases", method: http.MethodGet, path: "/cases", need: read}, s.listCases)
	handle(s, operation{id: "get_inbox", tag: "cases", method: http.MethodGet, path: "/inbox", need: read}, s.inbox)
	handle(s, operation{id: "get_case", tag: "cases", method: http.MethodGet, path: one, need: read}, s.getCase)
	handle(s, operation{id: "act_case", tag: "cases", method: http.MethodPost, path: one + "/act", need: read, body: 2 * bodyLimit, keyed: true}, s.act)
	handle(s, operation{id: "get_action_form", tag: "cases", method: http.MethodGet, path: one + "/actions/{action}/form", need: read}, s.actionForm)
	handle(s, operation{id: "attach_case_file", tag: "cases", method: http.MethodPost, path: one + "/files", need: read, status: http.StatusCreated, upload: octets}, s.attachFile)
	handle(s, operation{id: "get_case_file", tag: "cases", method: http.MethodGet, path: one + "/files/{file}", need: read, streams: []string{octets}}, s.getCaseFile)
	handle(s, operation{id: "drop_case_file", tag: "cases", method: http.MethodDelete, path: one + "/files/{file}", need: read, status: http.StatusNoContent}, s.dropCaseFile)
	handle(s, operation{id: "comment_case", tag: "cases", method: http.MethodPost, path: one + "/comments", need: read, status: http.StatusCreated, once: true}, s.comment)
	handle(s, operation{id: "settle_case_task", tag: "cases", method: http.MethodPost, path: one + "/tasks/{task}/settle", need: read, status: http.StatusNoContent}, s.settle)
	handle(s, operation{id: "list_workflows", tag: "cases", method: http.MethodGet, path: "/workflows", need: open}, s.listWorkflows)
	handle(s, operation{id: "get_workflow", tag: "cases", method: http.MethodGet, path: "/workflows/{workflow}", need: open}, s.getWorkflow)
	handle(s, operation{id: "list_forms", tag: "cases", method: http.MethodGet, path: "/forms", need: open}, s.listForms)
	handle(s, operation{id: "get_form", tag: "cases", method: http.MethodGet, path: "/forms/{form}", need: open}, s.getForm)
}
