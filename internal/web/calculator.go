package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// maxItems is how many projects, loans … the form takes: it must fit into an address.
const maxItems = 20

// calculator is the page: what was said, and what follows from it.
type calculator struct {
	Policies []option
	Groups   []calcGroup
	Settings []calcSetting
	Changed  int // settings that differ from their default
	Problems []string
	Example  bool   // the form was filled in to show how it works
	Until    string // up to when is computed, where that is not today
	Moment   moment
	Result   decisionView
}

// calcGroup is the fields about the enterprise, or about each of its projects, loans, leases or titles.
type calcGroup struct {
	Kind  string
	Many  bool
	Items []calcItem
}

type calcItem struct {
	Title  string
	Fields []calcInput
	Years  []int
	Rows   []calcRow // facts that belong to a year
}

type calcRow struct {
	Label, Hint, Unit string
	Cells             []calcInput // one for each year
}

type calcInput struct {
	ID, Label, Spoken string // Spoken names the field where no visible label does
	Hint, Unit, Type  string
	Value, Error      string
	Options           []option
	Blank             string // what choosing nothing means
	Slider            int    // upper end of the slider in the field's unit, 0 for none
	SliderAt          string // where it stands
	Cell              bool   // stands in a table, which names the unit
}

type calcSetting struct {
	policy.Setting
	Chosen string
}

// calculate answers a form: the whole page, or the result alone to a script.
func (s *server) calculate(w http.ResponseWriter, r *http.Request, v *visit) error {
	m, err := s.momentOf(r)
	if err != nil {
		return err
	}
	view, err := s.viewAt(r.Context(), v, m)
	if err != nil {
		return err
	}
	p, all, err := s.policyOrFirst(r.Context(), view, r.FormValue("policy"), s.homeArea(v.scope))
	if err != nil {
		return err
	}
	form, err := s.newCalcForm(v.t, p, m.day, r.Form)
	if err != nil {
		return err
	}
	c := calculator{Moment: m}
	if len(form.address()) == 1 && r.FormValue("blank") == "" && r.FormValue("add") == "" {
		form.example()
		c.Example = true
	}
	form.change(r.FormValue("add"), r.FormValue("drop"))
	plan, err := p.Plan(form.settings())
	if err != nil {
		return err
	}
	d, err := plan.Decide(form.firm(), form.lastDay(), policy.Options{Trace: true, Advice: true})
	if err != nil {
		return err
	}
	c.Result = s.viewDecision(v.t, p, d)
	if !m.past() {
		calls, err := s.applying(r.Context(), v.t, form.in.Get(areaName))
		if err != nil {
			return err
		}
		calls.tell(&c.Result)
	}
	c.Result.Receipt = "/calculator/receipt?" + form.address().Encode()
	c.Problems = form.problems
	if last, today := form.lastDay(), m.day; last != today {
		c.Until = v.t.S("web.calc_until", last.String(), today.String())
	}
	if byScript(r) {
		w.Header().Set("HX-Replace-Url", "/calculator?"+form.address().Encode())
		return part(w, r, http.StatusOK, calculatorPart(v.t, c))
	}
	c.Groups = form.groups()
	c.Settings = settingsOf(p, form.settings())
	c.Policies = s.policyOptions(v.t, all)
	return s.show(w, r, s.shell(r, v, v.t.S("web.nav_calculator")), http.StatusOK, calculatorPage(v.t, c))
}

// outOfBand tells htmx to put a piece where its id stands, whatever else it replaces.
func outOfBand(on bool) templ.Attributes {
	if !on {
		return nil
	}
	return templ.Attributes{"hx-swap-oob": "true"}
}

// policyOrFirst is the policy with an id; where none is named, the first that concerns an area ("" for any), of all that a
// view knows.
func (s *server) policyOrFirst(ctx context.Context, view fact.View, id, area string) (*policy.Policy, []version.InForce, error) {
	all, err := s.policies(ctx, view)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range all {
		if p.Document == id || id == "" && concerns(s.Library.Areas(), p.Policy.File.Document, area) {
			return p.Policy, all, nil
		}
	}
	return nil, nil, errs.NotFound("policy", id)
}
