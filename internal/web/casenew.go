package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// startable is a workflow that the visitor may begin.
type startable struct {
	*casework.Workflow
	Href  string   // where it begins; "" for the form on this page
	Names []string // of projects that are known, to choose from
	As    string
	Name  string // as typed
}

type startData struct {
	Rows    []startable
	Firms   []option // that the visitor acts for
	Firm    string
	Areas   []option
	Area    string
	Office  bool
	Problem string
}

// newCase is what the visitor may begin, each with a sentence.
func (s *server) newCase(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.startOf(r, v)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("startpage.title")), http.StatusOK, startPage(v.t, d))
}

func (s *server) startOf(r *http.Request, v *visit) (startData, error) {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return startData{}, err
	}
	d := startData{Firm: r.FormValue("firm"), Area: r.FormValue("area"), Office: v.scope.Can(access.HandleCase)}
	for _, id := range v.scope.Owns() {
		if e, ok := view.Enterprise(id); ok && v.scope.Sees(access.FileCase, "", id) {
			d.Firms = append(d.Firms, option{filterNumber(e.ID), e.Name})
		}
	}
	for _, o := range s.areaOptions(v.scope) {
		if v.scope.Sees(access.HandleCase, o.Value, 0) {
			d.Areas = append(d.Areas, o)
		}
	}
	for _, flow := range s.Cases.Set.All() {
		if x, ok := s.startable(v, view, d, flow); ok {
			if r.PostFormValue("workflow") == flow.Workflow {
				x.Name = strings.TrimSpace(r.PostFormValue("name"))
			}
			d.Rows = append(d.Rows, x)
		}
	}
	return d, nil
}

// startable says whether and where the visitor begins a workflow.
func (s *server) startable(v *visit, view fact.View, d startData, flow *casework.Workflow) (startable, bool) {
	x := startable{Workflow: flow}
	who := ""
	for _, id := range v.scope.Owns() {
		if e, ok := view.Enterprise(id); ok && who == "" {
			who = flow.Opener(v.scope, access.Object{Owner: id, Area: e.Area})
		}
	}
	for _, o := range d.Areas {
		if who == "" {
			who = flow.Opener(v.scope, access.Object{Area: o.Value})
		}
	}
	if flow.Workflow == subsidy.NoApplication && d.Office {
		who = string(v.scope.Role()) // the product opens its cases, an official its rounds
	}
	at, elsewhere := s.Cases.Effects.Beginning(flow.Workflow)
	x.Href, x.As = at.Page, whoName(v.t, who)
	if who == "" {
		return x, false
	}
	if flow.Subject == content.Project {
		for _, id := range v.scope.Owns() {
			if firm, ok := s.reader.Subject(view, id); ok {
				for _, project := range firm.Children(content.Project) {
					x.Names = append(x.Names, project.Name())
				}
			}
		}
	}
	return x, elsewhere || slices.Contains([]string{content.Project, content.Enterprise, content.Area}, flow.Subject)
}

// beginCase opens a case of a workflow and leads to it, or to the form of its first step where it has one.
func (s *server) beginCase(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.startOf(r, v)
	if err != nil {
		return err
	}
	code := r.PostFormValue("workflow")
	i := slices.IndexFunc(d.Rows, func(x startable) bool { return x.Workflow.Workflow == code && x.Href == "" })
	if i < 0 {
		return forbidden(access.FileCase)
	}
	made, err := s.beginOne(r, v, d.Rows[i])
	msg, ok := errs.Message(err)
	if ok && !hidden(err) {
		d.Problem = v.t.Msg(msg)
		return s.show(w, r, s.shell(r, v, v.t.S("startpage.title")), statusOf(err), startPage(v.t, d))
	}
	if err != nil {
		return err
	}
	choices, err := s.Cases.Choices(r.Context(), v.scope, made.ID)
	if err != nil {
		return err
	}
	for _, c := range choices {
		if c.Form != "" && c.Kind != casework.Note {
			return seeOther(w, r, actPath(made.ID, c.ID))
		}
	}
	return seeOther(w, r, casePath(made.ID))
}

func (s *server) beginOne(r *http.Request, v *visit, x startable) (casework.Case, error) {
	ctx, firm := r.Context(), numberOf(r, "firm")
	title := joined(v.t.Text(x.Title), x.Name)
	switch x.Subject {
	case content.Project:
		filing, _, err := s.Subsidy.OpenProject(ctx, v.scope, firm, x.Name)
		return filing, err
	case content.Area:
		subject, err := s.Subsidy.AreaSubject(ctx, r.PostFormValue("area"))
		if err != nil {
			return casework.Case{}, err
		}
		return s.Cases.New(ctx, v.scope, casework.NewCase{Workflow: x.Workflow.Workflow, Title: title, Subject: subject})
	}
	if firm <= 0 {
		view, err := s.view(ctx, v)
		if err != nil {
			return casework.Case{}, err
		}
		if firm = view.Registry().Only(strings.TrimSpace(r.PostFormValue("party"))); firm == 0 {
			return casework.Case{}, errs.Invalid(i18n.M("startpage.no_firm"))
		}
	}
	return s.Cases.New(ctx, v.scope, casework.NewCase{Workflow: x.Workflow.Workflow, Title: title, Subject: firm, Alone: true})
}
