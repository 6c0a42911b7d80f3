package api

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/target"
)

type taskStep struct {
	Kind string `json:"kind" enum:"progress,done,reopened,moved,off" example:"progress"`
	Note string `json:"note,omitempty" example:"已排出名单（演示）"`
	Due  string `json:"due,omitempty" format:"date" example:"2024-12-31" doc:"改期到 · the new deadline"`
	Area string `json:"area" example:"320902" doc:"哪个区域的办公室写的 · whose office wrote it"`
	By   int64  `json:"by" example:"12"`
	At   string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

// TargetTask is a task by which targets are to be reached.
type TargetTask struct {
	ID          int64      `json:"id" example:"810"`
	Plan        string     `json:"plan" example:"yancheng-2022"`
	Target      string     `json:"target,omitempty" example:"B120" doc:"没有则为整个规划 · none where it serves the plan as a whole"`
	Kind        string     `json:"kind" enum:"duty,milestone" example:"duty"`
	Keeper      string     `json:"keeper" example:"320900" doc:"由谁的办公室下达 · area whose office set it"`
	Title       string     `json:"title" example:"排出未诊断企业名单（演示）"`
	What        string     `json:"what,omitempty" example:"逐企列出（演示）"`
	Owner       string     `json:"owner" example:"320902" doc:"牵头 · area whose office answers for it"`
	Joint       []string   `json:"joint" nullable:"false" example:"[\"320904\"]"`
	Departments []string   `json:"departments" nullable:"false" example:"[\"财政局\"]"`
	Group       string     `json:"group,omitempty" example:"智改数转专班（演示）"`
	Document    string     `json:"document,omitempty" example:"测试〔2024〕4号（演示）"`
	State       string     `json:"state" enum:"open,running,done,off" example:"open"`
	Set         string     `json:"set_due" format:"date" example:"2024-11-29" doc:"原定期限 · the deadline as it was set"`
	Due         string     `json:"due" format:"date" example:"2024-11-29"`
	Late        bool       `json:"late" example:"false"`
	Days        int        `json:"workdays" example:"21" doc:"到期限的工作日，过期为负 · working days until the deadline, negative after it"`
	Assured     bool       `json:"assured" example:"true" doc:"所涉年份的节假日安排都已公布 · the holidays of all years up to then are known"`
	By          int64      `json:"by" example:"12"`
	At          string     `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Steps       []taskStep `json:"steps" nullable:"false" doc:"办理情况，早的在前 · what became of it, the oldest first"`
}

func targetTask(t target.Task) TargetTask {
	out := TargetTask{
		ID: t.ID, Plan: t.Plan, Target: t.Target, Kind: t.Kind, Keeper: t.Keeper, Title: t.Title, What: t.What, Owner: t.Owner, Joint: append([]string{}, t.Joint...), Departments: append([]string{}, t.Departments...),
		Group: t.Group, Document: t.Document, State: t.State, Set: t.Set.String(), Due: t.Due.String(), Late: t.Late, Days: t.Days, Assured: t.Known, By: t.By, At: instant(t.At), Steps: []taskStep{},
	}
	for _, x := range t.Steps {
		out.Steps = append(out.Steps, taskStep{x.Kind, x.Note, dayText(x.Due), x.Area, x.By, instant(x.At)})
	}
	return out
}

type targetTasksOut struct {
	Body struct {
		Items []TargetTask `json:"items" nullable:"false" doc:"期限近的在前，已办结和取消的在后 · the nearest deadline first, what has ended last"`
	}
}

// TargetTaskQuery chooses tasks.
type TargetTaskQuery struct {
	Plan   string `query:"plan" maxLength:"80" example:"yancheng-2022"`
	Target string `query:"target" maxLength:"80" example:"B120"`
	State  string `query:"state" maxLength:"20" enum:"late,open,running,done,off" example:"late"`
	Owner  string `query:"owner" maxLength:"64" example:"320902" doc:"牵头区域，含下级 · the area that answers for it, with those below"`
	Group  string `query:"group" maxLength:"200" example:"智改数转专班（演示）"`
	Mine   bool   `query:"mine" example:"true" doc:"本单位牵头或配合的 · those of the caller's own office"`
}

// listTargetTasks is the tasks that the asker may know.
func (s *server) listTargetTasks(ctx context.Context, c *caller, in *TargetTaskQuery) (*targetTasksOut, error) {
	all, err := s.Targets.Tasks(ctx, c.scope, target.TaskQuery{Plan: in.Plan, Target: in.Target, State: in.State, Owner: in.Owner, Group: in.Group, Mine: in.Mine})
	if err != nil {
		return nil, err
	}
	out := &targetTasksOut{}
	out.Body.Items = []TargetTask{}
	for _, t := range all {
		out.Body.Items = append(out.Body.Items, targetTask(t))
	}
	return out, nil
}

type targetTaskOut struct {
	Body TargetTask
}

func taskOut(t target.Task, err error) (*targetTaskOut, error) {
	if err != nil {
		return nil, err
	}
	return &targetTaskOut{targetTask(t)}, nil
}

// getTargetTask is a task with what became of it.
func (s *server) getTargetTask(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" minimum:"1" example:"810"`
},
) (*targetTaskOut, error) {
	return taskOut(s.Targets.Task(ctx, c.scope, in.ID))
}

// AddTargetTaskIn is a task that is set.
type AddTargetTaskIn struct {
	Body struct {
		Plan        string   `json:"plan" minLength:"1" maxLength:"80" example:"yancheng-2022"`
		Target      string   `json:"target,omitempty" maxLength:"80" example:"B120"`
		Kind        string   `json:"kind" enum:"duty,milestone" example:"duty"`
		Keeper      string   `json:"keeper" minLength:"1" maxLength:"64" example:"320900"`
		Title       string   `json:"title" minLength:"1" maxLength:"200" example:"排出未诊断企业名单（演示）"`
		What        string   `json:"what,omitempty" maxLength:"2000" example:"逐企列出（演示）"`
		Owner       string   `json:"owner" minLength:"1" maxLength:"64" example:"320902"`
		Joint       []string `json:"joint,omitempty" maxItems:"50" example:"[\"320904\"]"`
		Departments []string `json:"departments,omitempty" maxItems:"50" example:"[\"财政局\"]"`
		Group       string   `json:"group,omitempty" maxLength:"200" example:"智改数转专班（演示）"`
		Due         string   `json:"due,omitempty" maxLength:"10" example:"2024-11-29" doc:"期限，或另给工作日数 · the deadline, or give working days"`
		Workdays    int      `json:"workdays,omitempty" minimum:"0" maximum:"1000" example:"20" doc:"今天起的工作日数；写了 due 则不用 · working days from today; not used where due is given"`
		Document    string   `json:"document,omitempty" maxLength:"200" example:"测试〔2024〕4号（演示）"`
	}
}

// addTargetTask sets a task for an office.
func (s *server) addTargetTask(ctx context.Context, c *caller, in *AddTargetTaskIn) (*targetTaskOut, error) {
	b := in.Body
	plan, _, err := s.targetAsked(c, b.Plan, "")
	if err != nil {
		return nil, err
	}
	t := target.Task{
		Plan: plan.Code, Target: b.Target, Kind: b.Kind, Keeper: b.Keeper, Title: b.Title, What: b.What, Owner: b.Owner, Joint: b.Joint, Departments: b.Departments, Group: b.Group, Document: b.Document,
	}
	if b.Due == "" && b.Workdays > 0 {
		t.Set, _, err = s.Targets.DueIn(b.Workdays)
	} else {
		t.Set, err = s.dayIn(c, "/due", b.Due)
	}
	if err != nil {
		return nil, err
	}
	return taskOut(s.Targets.AddTask(ctx, c.scope, t))
}

// ReportTargetTaskIn is what became of a task.
type ReportTargetTaskIn struct {
	ID   int64 `path:"id" minimum:"1" example:"810"`
	Body struct {
		Kind string `json:"kind" enum:"progress,done,reopened,moved,off" example:"progress" doc:"进展、办结、重开、改期、取消 · progress, done, opened again, moved, called off"`
		Note string `json:"note,omitempty" maxLength:"2000" example:"已排出名单（演示）"`
		Due  string `json:"due,omitempty" maxLength:"10" example:"2024-12-31" doc:"改期到 · the new deadline"`
	}
}

// reportTargetTask writes what became of a task.
func (s *server) reportTargetTask(ctx context.Context, c *caller, in *ReportTargetTaskIn) (*targetTaskOut, error) {
	x := target.Step{Task: in.ID, Kind: in.Body.Kind, Note: in.Body.Note}
	if in.Body.Due != "" {
		var err error
		if x.Due, err = s.dayIn(c, "/due", in.Body.Due); err != nil {
			return nil, err
		}
	}
	return taskOut(s.Targets.Report(ctx, c.scope, x))
}
