package api

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// caseDatum is something that a case remembers.
type caseDatum struct {
	ID    string    `json:"id" example:"amount"`
	Name  i18n.Text `json:"name"`
	Type  string    `json:"type" enum:"money,rate,int,decimal,bool,date,text" example:"money"`
	Value string    `json:"value" example:"682000.00" doc:"金额以元计 · money in yuan"`
}

// caseChoice is an action that the account may take now.
type caseChoice struct {
	Action string     `json:"action" example:"submit"`
	Name   i18n.Text  `json:"name"`
	Help   *i18n.Text `json:"help,omitempty"`
	Kind   string     `json:"kind,omitempty" enum:"forward,return,withdraw,refuse,appeal,note" example:"return"`
	Who    string     `json:"who" example:"applicant" doc:"以什么身份 · what the account would act as"`
	Task   int64      `json:"task,omitempty" example:"207" doc:"它答复的并行任务 · the parallel task that it would answer"`
	Reason string     `json:"reason,omitempty" enum:"required,optional" example:"required" doc:"是否要写理由；没有则不收 · whether a reason is wanted; none is taken where it says nothing"`
	Form   string     `json:"form,omitempty" example:"acceptance" doc:"须填的表单，格式见 get_action_form · the form to fill in, see get_action_form"`
	From   string     `json:"from,omitempty" format:"date" example:"2024-11-15" doc:"这一天起才能办；没有则现在就能办 · the day from which it may be done; now where it says nothing"`
	Needs  *i18n.Text `json:"needs,omitempty" doc:"须满足的条件 · what it asks for"`
}

// caseEvent is a station of a case.
type caseEvent struct {
	N       int64       `json:"n" example:"1"`
	Kind    string      `json:"kind" enum:"opened,acted,voted,decided,shaken,settled,escalated" example:"opened"`
	Action  string      `json:"action,omitempty" example:"submit"`
	Name    i18n.Text   `json:"name"`
	By      string      `json:"by,omitempty" example:"王科长"`
	Who     string      `json:"who,omitempty" example:"applicant"`
	At      string      `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	From    string      `json:"from,omitempty" example:"draft"`
	To      string      `json:"to" example:"check"`
	ToName  i18n.Text   `json:"to_name"`
	Reason  string      `json:"reason,omitempty" example:"材料齐全"`
	Data    []caseDatum `json:"data,omitempty" nullable:"false" doc:"它写下的 · what it set"`
	Answers any         `json:"answers,omitempty" doc:"填写的内容 · what was filled in"`
	Commit  int64       `json:"commit,omitempty" example:"42" doc:"当时所知的提交 · the commit up to which facts were known"`
}

// caseFile is a file of a case.
type caseFile struct {
	ID     int64  `json:"id" example:"209"`
	Name   string `json:"name" example:"invoice.pdf"`
	Field  string `json:"field,omitempty" example:"invoices"`
	Type   string `json:"type" example:"pdf"`
	Size   int64  `json:"size" example:"60"`
	SHA256 string `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	By     string `json:"by,omitempty" example:"测试 firm" doc:"办理部门和本人看得到 · offices and the sender see it"`
	At     string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

func caseFileOf(e casework.Evidence, by string) caseFile {
	return caseFile{e.ID, e.Name, e.Field, e.Type, e.Size, e.SHA256, by, instant(e.At)}
}

// caseComment is what somebody wrote beside a case.
type caseComment struct {
	ID     int64  `json:"id" example:"212"`
	By     string `json:"by" example:"王科长"`
	At     string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Inside bool   `json:"inside" example:"false" doc:"只给办理部门看 · for offices only"`
	Text   string `json:"text" example:"发票已补齐"`
}

// caseTwin is something of a case that stands in another one too.
type caseTwin struct {
	Kind  string `json:"kind" example:"file" doc:"file，或登记的号码种类如 invoice · file, or the kind of a number such as invoice"`
	Value string `json:"value" example:"32002411001"`
	Name  string `json:"name,omitempty" example:"invoice.pdf"`
	Case  int64  `json:"case,omitempty" example:"205" doc:"无权查看时没有 · none where you may not see it"`
}

// frozenFact is a fact as an approval has read it.
type frozenFact struct {
	Event  int64     `json:"event" example:"211"`
	Def    string    `json:"def" example:"project.investment"`
	Period string    `json:"period,omitempty" example:"2023"`
	Value  i18n.Text `json:"value"`
	Source int64     `json:"source,omitempty" example:"3"`
}

// office is what only offices see of a case.
type office struct {
	Frozen []frozenFact `json:"frozen" nullable:"false" doc:"审批当时所依据的数据 · what approvals have read"`
	Twins  []caseTwin   `json:"twins" nullable:"false" doc:"别的事项里也有的材料和号码 · what stands in other cases too"`
}

// caseWhole is all of a case that the account may see.
type caseWhole struct {
	CaseHead
	Public   bool          `json:"public" example:"true" doc:"申请人看得到这一环节 · the applicant sees this state"`
	Data     []caseDatum   `json:"data" nullable:"false"`
	Tasks    []CaseTask    `json:"tasks" nullable:"false"`
	Choices  []caseChoice  `json:"choices" nullable:"false" doc:"本账号现在能办的 · what the account may do now"`
	Track    []caseEvent   `json:"track" nullable:"false" doc:"先发生的在前 · oldest first"`
	Files    []caseFile    `json:"files" nullable:"false"`
	Comments []caseComment `json:"comments" nullable:"false"`
	Office   *office       `json:"office,omitempty" doc:"只有办理部门看得到 · offices alone see it"`
}

type caseOut struct{ Body caseWhole }

// reading is a case while it is put into the words of the API.
type reading struct {
	*server
	c     *caller
	m     moment
	w     *casework.Workflow
	names people
	out   *caseWhole
	firm  int64 // the enterprise whose case it is; 0 for none
}

func (s *server) getCase(ctx context.Context, c *caller, in *CaseIn) (*caseOut, error) {
	x, w, err := s.Cases.Get(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	out := &caseOut{}
	state, _ := w.State(x.State)
	out.Body = caseWhole{
		CaseHead: s.caseHead(m, w, x), Public: state.Public, Data: caseData(w, x.Data),
		Tasks: []CaseTask{}, Choices: []caseChoice{}, Track: []caseEvent{}, Files: []caseFile{}, Comments: []caseComment{},
	}
	r := reading{s, c, m, w, people{}, &out.Body, x.Enterprise}
	for _, read := range []func(context.Context, int64) error{r.office, r.tasks, r.choices, r.track, r.files, r.comments} {
		if err := read(ctx, in.ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func caseData(w *casework.Workflow, data casework.Data) []caseDatum {
	all := []caseDatum{}
	for _, d := range w.Data {
		if v, ok := data[d.ID]; ok {
			all = append(all, caseDatum{d.ID, d.Name, d.Type, v.String()})
		}
	}
	return all
}

// office reads what only offices see. It stays away for others.
func (r reading) office(ctx context.Context, id int64) error {
	frozen, err := r.Cases.Frozen(ctx, r.c.scope, id)
	if errs.KindOf(err) == errs.KindNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	twins, err := r.Cases.Twins(ctx, r.c.scope, id)
	if err != nil {
		return err
	}
	out := &office{Frozen: []frozenFact{}, Twins: []caseTwin{}}
	for _, f := range frozen {
		if def, ok := r.Library.FactDef(f.Def); ok {
			r.m.Told(f.Subject, f.Def)
			out.Frozen = append(out.Frozen, frozenFact{f.Event, f.Def, periodOf(f.Period), fact.Show(r.Library, def, f.State, f.Value), f.Source})
		}
	}
	for _, x := range twins {
		out.Twins = append(out.Twins, caseTwin{x.Kind, x.Value, x.Name, x.Other.ID})
	}
	r.out.Office = out
	return nil
}

func (r reading) tasks(ctx context.Context, id int64) error {
	all, err := r.Cases.TasksOf(ctx, r.c.scope, id)
	for _, x := range all {
		r.out.Tasks = append(r.out.Tasks, r.caseTask(r.w, x))
	}
	return err
}

func (r reading) choices(ctx context.Context, id int64) error {
	all, err := r.Cases.Choices(ctx, r.c.scope, id)
	for _, x := range all {
		out := caseChoice{Action: x.ID, Name: x.Name, Kind: x.Kind, Who: x.Who, Task: x.Task, Reason: x.Reason, Form: x.Form}
		if x.Help != (i18n.Text{}) {
			out.Help = &x.Help
		}
		if x.Say != (i18n.Text{}) {
			out.Needs = &x.Say
		}
		if x.From != 0 {
			out.From = x.From.String()
		}
		r.out.Choices = append(r.out.Choices, out)
	}
	return err
}

func (r reading) track(ctx context.Context, id int64) error {
	events, err := r.Cases.Track(ctx, r.c.scope, id)
	if err != nil {
		return err
	}
	for _, e := range events {
		out := caseEvent{
			N: e.N, Kind: string(e.Kind), Action: e.Action, Name: both(i18n.M("casework.event." + string(e.Kind))), Who: e.Who, At: instant(e.At),
			From: e.From, To: e.To, ToName: stateName(r.w, e.To), Reason: e.Reason, Data: caseData(r.w, e.Data), Commit: e.Known,
		}
		if a, ok := r.w.Action(e.Action); ok {
			out.Name = a.Name
		}
		if len(e.Answers) > 0 {
			out.Answers = json.RawMessage(e.Answers)
			if err := r.told(ctx, e.Action); err != nil {
				return err
			}
		}
		if e.Actor != 0 {
			if out.By, err = r.nameOf(ctx, r.names, e.Actor); err != nil {
				return err
			}
		}
		r.out.Track = append(r.out.Track, out)
	}
	return nil
}

// told tells the owner of what somebody reads who reads the answers of an action.
func (r reading) told(ctx context.Context, action string) error {
	a, ok := r.w.Action(action)
	if !ok || a.Form == "" {
		return nil
	}
	f, err := r.formOfCase(ctx, r.c, r.out.ID, a.Form)
	if errs.KindOf(err) == errs.KindNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	for _, section := range f.Sections {
		for _, field := range section.Fields {
			if field.Fact != nil {
				r.m.Told(r.firm, field.Fact.Code)
			}
		}
	}
	return nil
}

func (r reading) files(ctx context.Context, id int64) error {
	files, err := r.Cases.Files(ctx, r.c.scope, id)
	if err != nil {
		return err
	}
	for _, f := range files {
		by := ""
		if r.out.Office != nil || f.Actor == r.c.account.ID {
			if by, err = r.nameOf(ctx, r.names, f.Actor); err != nil {
				return err
			}
		}
		r.out.Files = append(r.out.Files, caseFileOf(f, by))
	}
	return nil
}

func (r reading) comments(ctx context.Context, id int64) error {
	all, err := r.Cases.Comments(ctx, r.c.scope, id)
	if err != nil {
		return err
	}
	for _, x := range all {
		by, err := r.nameOf(ctx, r.names, x.Actor)
		if err != nil {
			return err
		}
		r.out.Comments = append(r.out.Comments, caseComment{x.ID, by, instant(x.At), x.Inside, x.Text})
	}
	return nil
}

// WorkflowHead is a workflow as lists show it.
type WorkflowHead struct {
	ID         string    `json:"id" example:"subsidy_application"`
	Title      i18n.Text `json:"title"`
	Lead       i18n.Text `json:"lead"`
	SHA256     string    `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"定义文件 · of the definition"`
	Source     string    `json:"source,omitempty" example:"盐政办发〔2022〕6号"`
	Confidence string    `json:"confidence,omitempty" example:"unverified"`
}

func workflowHeadOf(w *casework.Workflow) WorkflowHead {
	return WorkflowHead{w.Workflow, w.Title, w.Lead, w.Hash, w.Source, w.Confidence}
}

type workflowsOut struct {
	Body struct {
		Items []WorkflowHead `json:"items" nullable:"false"`
	}
}

func (s *server) listWorkflows(context.Context, *caller, *struct{}) (*workflowsOut, error) {
	out := &workflowsOut{}
	out.Body.Items = []WorkflowHead{}
	for _, w := range s.Cases.Set.All() {
		out.Body.Items = append(out.Body.Items, workflowHeadOf(w))
	}
	return out, nil
}

// workflowState is where a case may stand.
type workflowState struct {
	ID     string    `json:"id" example:"check"`
	Name   i18n.Text `json:"name"`
	Public bool      `json:"public" example:"true"`
	Waits  []string  `json:"waits" nullable:"false" example:"[\"county_official\"]" doc:"等谁办 · for whom"`
	Days   int       `json:"days,omitempty" example:"10" doc:"工作日 · working days"`
	End    string    `json:"end,omitempty" enum:"done,refused,withdrawn" example:"done"`
}

// workflowWay is a way from one state to another.
type workflowWay struct {
	Action string    `json:"action" example:"submit"`
	Name   i18n.Text `json:"name"`
	From   []string  `json:"from" nullable:"false" example:"[\"draft\"]"`
	To     string    `json:"to,omitempty" example:"check" doc:"没有则留在原处 · none where the case stays"`
	Who    []string  `json:"who" nullable:"false" example:"[\"applicant\"]"`
	Reason string    `json:"reason,omitempty" enum:"required,optional" example:"required"`
	Form   string    `json:"form,omitempty" example:"acceptance"`
}

type workflowOut struct {
	Body struct {
		WorkflowHead
		States []workflowState `json:"states" nullable:"false"`
		Ways   []workflowWay   `json:"ways" nullable:"false"`
	}
}

func (s *server) getWorkflow(_ context.Context, _ *caller, in *struct {
	Workflow string `path:"workflow" maxLength:"80" example:"subsidy_application"`
},
) (*workflowOut, error) {
	w, ok := s.Cases.Set.Workflow(in.Workflow)
	if !ok {
		return nil, errs.NotFound("workflow", in.Workflow)
	}
	out := &workflowOut{}
	b := &out.Body
	b.WorkflowHead, b.States, b.Ways = workflowHeadOf(w), []workflowState{}, []workflowWay{}
	for _, x := range w.States {
		state := workflowState{ID: x.ID, Name: x.Name, Public: x.Public, Waits: append([]string{}, x.Waits...), End: x.End}
		for _, task := range x.Tasks {
			if !slices.Contains(state.Waits, task.Role) {
				state.Waits = append(state.Waits, task.Role)
			}
		}
		if x.Clock != nil {
			state.Days = x.Clock.Days
		}
		b.States = append(b.States, state)
	}
	for _, a := range w.Actions {
		b.Ways = append(b.Ways, workflowWay{a.ID, a.Name, a.From, a.To, a.Who, a.Reason, a.Form})
	}
	return out, nil
}

// formHead is a form as lists show it.
type formHead struct {
	Code    string    `json:"code" example:"acceptance"`
	Title   i18n.Text `json:"title"`
	Subject string    `json:"subject" example:"project" doc:"关于什么 · what it is about"`
	SHA256  string    `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
}

type formsOut struct {
	Body struct {
		Items []formHead `json:"items" nullable:"false"`
	}
}

func (s *server) listForms(context.Context, *caller, *struct{}) (*formsOut, error) {
	out := &formsOut{}
	out.Body.Items = []formHead{}
	for _, f := range s.Forms.Set().Forms() {
		out.Body.Items = append(out.Body.Items, formHead{f.Code, f.Title, f.Subject, f.Hash})
	}
	return out, nil
}

// getForm is what a form asks, as a schema.
func (s *server) getForm(_ context.Context, _ *caller, in *struct {
	Form string `path:"form" maxLength:"80" example:"acceptance"`
},
) (*schemaOut, error) {
	f, err := s.Forms.Set().Form(in.Form)
	if err != nil {
		return nil, err
	}
	schema, err := f.Schema()
	return &schemaOut{schema}, err
}
