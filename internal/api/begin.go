package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// BeginIn is a case to be begun.
type BeginIn struct {
	Body struct {
		Workflow   string `json:"workflow" minLength:"1" maxLength:"80" example:"project_filing" doc:"见 list_workflows · see list_workflows"`
		Enterprise int64  `json:"enterprise,omitempty" minimum:"0" example:"17" doc:"关于企业或其项目的事项 · of a case about an enterprise, or a project of it"`
		Project    string `json:"project,omitempty" maxLength:"100" example:"数字车间" doc:"项目名称；还不知道的项目由此登记 · the name of the project; one that is not known becomes known by it"`
		Area       string `json:"area,omitempty" maxLength:"64" example:"320902" doc:"关于地区的事项 · of a case about an area"`
		Title      string `json:"title,omitempty" maxLength:"400" example:"2024年度备案" doc:"默认流程的名称；项目为项目名称 · by default the name of the workflow; of a project, its name"`
	}
}

// openCase opens a case of a workflow. The filing of a project that is under way already is told.
func (s *server) openCase(ctx context.Context, c *caller, in *BeginIn) (*applyOut, error) {
	b := in.Body
	w, ok := s.Cases.Set.Workflow(b.Workflow)
	if !ok {
		return nil, s.wrongBody(c, "/workflow", i18n.M("api.no_workflow", b.Workflow))
	}
	if at, elsewhere := s.Cases.Effects.Beginning(b.Workflow); elsewhere && at.Operation != "open_case" {
		return nil, errs.Conflict(i18n.M("api.begun_elsewhere", w.Title, cmp.Or(at.Operation, at.Page)))
	}
	out := &applyOut{}
	var made casework.Case
	var err error
	switch w.Subject {
	case content.Project:
		made, out.Body.Begun, err = s.Subsidy.OpenProject(ctx, c.scope, b.Enterprise, b.Project)
	case content.Enterprise:
		made, err = s.Cases.New(ctx, c.scope, casework.NewCase{Workflow: b.Workflow, Title: cmp.Or(b.Title, c.t.Text(w.Title)), Subject: b.Enterprise})
	case content.Area:
		if w.Opener(c.scope, access.Object{Area: b.Area}) == "" {
			return nil, errs.Forbidden("open a case of area " + b.Area)
		}
		var subject int64
		if subject, err = s.Subsidy.AreaSubject(ctx, b.Area); err != nil {
			return nil, err
		}
		made, err = s.Cases.New(ctx, c.scope, casework.NewCase{Workflow: b.Workflow, Title: cmp.Or(b.Title, c.t.Text(w.Title)), Subject: subject})
	default:
		err = errs.Conflict(i18n.M("api.begun_elsewhere", w.Title, "/cases/new"))
	}
	out.Body.ID = made.ID
	return out, err
}

// candidate is an account that a case may be assigned to, or may not.
type candidate struct {
	Account int64      `json:"account" example:"41" doc:"给 put_picks · for put_picks"`
	Name    string     `json:"name" example:"评审专家 演示人员01"`
	Bar     *i18n.Text `json:"bar,omitempty" doc:"为何不能选；可以选的没有 · why it may not be picked; none where it may"`
}

type candidatesOut struct {
	Body struct {
		Items []candidate `json:"items" nullable:"false"`
	}
}

// listCandidates is who may be appointed in a case.
func (s *server) listCandidates(ctx context.Context, c *caller, in *struct {
	CaseIn
	Role string `query:"role" required:"true" enum:"expert,audit_firm" example:"expert"`
},
) (*candidatesOut, error) {
	all, err := s.Subsidy.Candidates(ctx, c.scope, in.ID, access.Role(in.Role))
	if err != nil {
		return nil, err
	}
	out := &candidatesOut{}
	out.Body.Items = []candidate{}
	for _, x := range all {
		row := candidate{Account: x.Account, Name: x.Name}
		if !x.Bar.IsZero() {
			row.Bar = ptr(both(x.Bar))
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

func (s *server) registerBegin() {
	office := access.Need{Action: access.HandleCase}
	handle(s, operation{id: "open_case", tag: "cases", method: http.MethodPost, path: "/cases", need: access.Need{Action: access.ReadCase}, status: http.StatusCreated, once: true}, s.openCase)
	handle(s, operation{id: "list_candidates", tag: "subsidies", method: http.MethodGet, path: "/cases/{id}/candidates", need: office}, s.listCandidates)
}
