package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

// labLists are the lists of enterprises that a scenario gives, the first by default.
var labLists = []string{"winners", "losers"}

// labFirmsData is a page of such a list.
type labFirmsData struct {
	Query    labQuery
	Document policy.Document
	List     string
	Total    int
	Rows     []firmEffectRow
	Page     int
	Pages    int
	Words    []string // what the scenario changes
	Wrong    []string // what of its address is mistaken and left out
	Progress *region.Progress
	AsOf     string
	Moment   moment
}

func (s *server) labFirms(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.readLab(r, v)
	if err != nil {
		return err
	}
	d := labFirmsData{Query: a.query, Document: a.policy.File.Document, List: r.FormValue("list"), Words: a.scenarioWords(), Wrong: a.mistakes(), AsOf: s.asKnown(v.t, a.m, a.view), Moment: a.m}
	if !slices.Contains(labLists, d.List) {
		d.List = labLists[0]
	}
	d.Page, _ = strconv.Atoi(r.FormValue("page"))
	out, progress, err := s.Lab.Begin(r.Context(), a.view, a.scenario, a.m.day)
	switch {
	case err != nil:
		return err
	case out == nil:
		d.Progress = &progress
	default:
		s.labFirmRows(&d, out)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("labpage."+d.List)), http.StatusOK, labFirmsPage(v.t, d))
}

func (s *server) labFirmRows(d *labFirmsData, out *lab.Outcome) {
	d.Total = out.Effect.Gain
	rows := out.Winners
	if d.List == "losers" {
		d.Total, rows = out.Effect.Lose, out.Losers
	}
	d.Pages = max((d.Total+listRows-1)/listRows, 1)
	d.Page = min(max(d.Page, 1), d.Pages)
	d.Rows = s.firmEffects(rows((d.Page-1)*listRows, listRows))
}

// labFirmData is an enterprise under the law and under a scenario.
type labFirmData struct {
	Query     labQuery
	ID        int64
	Name      string
	Words     []string
	Wrong     []string
	Law, Then decisionView
	Moment    moment
	AsOf      string
}

// labFirm is the decision of one enterprise under a scenario, with its reasons, beside that of the law.
func (s *server) labFirm(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	a, err := s.readLab(r, v)
	if err != nil {
		return err
	}
	planned, err := s.Lab.PlanFor(r.Context(), a.view, a.scenario)
	if err != nil {
		return err
	}
	e, ok := a.view.Enterprise(id)
	if !ok {
		return errs.NotFound("enterprise", id)
	}
	d := labFirmData{Query: a.query, ID: id, Name: e.Name, Words: a.scenarioWords(), Wrong: a.mistakes(), Moment: a.m, AsOf: s.asKnown(v.t, a.m, a.view)}
	for plan, into := range map[*policy.Plan]*decisionView{planned.Law: &d.Law, planned.Plan: &d.Then} {
		decided, err := s.Region.Decide(r.Context(), a.view, plan, id, a.m.day)
		if err != nil {
			return err
		}
		*into = s.viewDecision(v.t, plan.Policy, decided)
	}
	return s.show(w, r, s.shell(r, v, e.Name), http.StatusOK, labFirmPage(v.t, d))
}
