package web

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

// cliffPercent is how near to a threshold, in per cent of it, firms stand that are told to be right below it.
const cliffPercent = 10

// labFrame is what stands around the pages about one scenario.
type labFrame struct {
	Query    labQuery
	Document policy.Document
	Area     string   // that is looked at
	Words    []string // what the scenario changes
	Wrong    []string // what of its address is mistaken and left out
	AsOf     string
	Moment   moment
	Here     string // the page below the scenario's own: "/survey"
	Problem  string
	Progress *region.Progress
}

func (s *server) labFrame(t i18n.T, a labAsked, here string) labFrame {
	return labFrame{Query: a.query, Document: a.policy.File.Document, Area: nodeName(s.Library.Areas(), a.scenario.Area), Words: a.scenarioWords(), Wrong: a.mistakes(), AsOf: s.asKnown(t, a.m, a.view), Moment: a.m, Here: here}
}

// surveyKey is all that a survey depends on.
type surveyKey struct {
	scenario, scope string
	seq             int64
	day             int64
}

// surveyed is a survey that is kept for the next page of its lists.
type surveyed struct{ *lab.Survey }

// Size is how much room it takes on a shelf.
func (s surveyed) Size() int { return len(s.Misses) }

// surveyData is the page of what keeps firms from money, and what holds it back.
type surveyData struct {
	labFrame
	Checks   []checkRow
	Chosen   *checkRow // of which the firms are listed
	Misses   []missRow
	All      bool // those too of whom the rest is not fully known
	Page     int
	Pages    int
	Cliffs   []cliffRow
	Ceilings []ceilingRow
}

// count is how many firms the list has.
func (d surveyData) count() int {
	if d.All {
		return d.Chosen.Firms
	}
	return d.Chosen.Sure
}

// listed is the address of the chosen condition's firms, or of those alone that are known to meet all else.
func (d surveyData) listed(all bool) labQuery {
	q := d.Query.with("clause", d.Chosen.Clause).with("check", d.Chosen.Check)
	if all {
		q = q.with("unsure", "1")
	}
	return q
}

// list is a page of them.
func (d surveyData) list(all bool, page int) string {
	return d.listed(all).with("page", pageText(page)).path("/survey") + "#firms"
}

// export is all of them as a table.
func (d surveyData) export() string { return d.listed(d.All).path("/survey/export") }

type checkRow struct {
	lab.CheckSum
	Name string
	Href string
}

// missRow is a firm to call: where it fails, by how much, and what it would get.
type missRow struct {
	lab.Miss
	AreaName string
	Where    string
}

type cliffRow struct {
	lab.Cliff
	Name, Href string
}

type ceilingRow struct {
	lab.CeilingUse
	Name string
}

func (s *server) labSurvey(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.readLab(r, v)
	if err != nil {
		return err
	}
	d := surveyData{labFrame: s.labFrame(v.t, a, "/survey")}
	out, progress, err := s.Lab.Begin(r.Context(), a.view, a.scenario, a.m.day)
	status := http.StatusOK
	switch refused := d.refused(v.t, err); {
	case refused:
		status = http.StatusUnprocessableEntity
	case err != nil:
		return err
	case out == nil:
		d.Progress = &progress
	default:
		if err := s.surveyRows(r, v, a, out, &d); err != nil {
			return err
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("labpage.survey")), status, labSurveyPage(v.t, d))
}

// refused takes the error of a scenario that cannot be, or not for this visitor, for the problem of the page.
func (f *labFrame) refused(t i18n.T, err error) bool {
	msg, ok := errs.Message(err)
	if !ok || errs.KindOf(err) != errs.KindInvalid {
		return false
	}
	f.Problem = t.Msg(msg)
	return true
}

// survey is what keeps firms from money under a scenario, worked out once for all pages that list it.
func (s *server) survey(ctx context.Context, v *visit, out *lab.Outcome) (*lab.Survey, error) {
	k := surveyKey{scenario: out.Scenario.Hash(), scope: v.scope.Key(), seq: out.Seq, day: int64(out.AsOf)}
	kept, err := s.surveys.Try(k, func() (surveyed, error) {
		made, err := s.Lab.Survey(ctx, out)
		return surveyed{made}, err
	})
	if err == nil {
		kept.Shown(v.scope)
	}
	return kept.Survey, err
}

func (s *server) surveyRows(r *http.Request, v *visit, a labAsked, out *lab.Outcome, d *surveyData) error {
	survey, err := s.survey(r.Context(), v, out)
	if err != nil {
		return err
	}
	clause, check := r.FormValue("clause"), r.FormValue("check")
	link := func(clause, check string) string {
		return a.query.with("clause", clause).with("check", check).path("/survey") + "#firms"
	}
	for _, c := range survey.ByCheck() {
		row := checkRow{c, v.t.Text(out.ClauseName(c.Clause)), link(c.Clause, c.Check)}
		d.Checks = append(d.Checks, row)
		if c.Clause == clause && c.Check == check {
			d.Chosen = &row
		}
	}
	if d.Chosen == nil && len(d.Checks) > 0 {
		d.Chosen = &d.Checks[0]
	}
	if d.Chosen != nil {
		d.All = r.FormValue("unsure") != "" || d.Chosen.Sure == 0
		misses := toCall(survey, d.Chosen.CheckSum, d.All)
		d.Pages = max((len(misses)+listRows-1)/listRows, 1)
		d.Page, _ = strconv.Atoi(r.FormValue("page"))
		d.Page = min(max(d.Page, 1), d.Pages)
		from := (d.Page - 1) * listRows
		words := words{t: v.t, lib: s.Library, pol: out.Plan.Policy}
		for _, m := range misses[from:min(from+listRows, len(misses))] {
			d.Misses = append(d.Misses, missRow{m, nodeName(s.Library.Areas(), m.Firm.Area), words.spots(m)})
		}
	}
	for _, c := range survey.Cliffs(cliffPercent) {
		d.Cliffs = append(d.Cliffs, cliffRow{c, v.t.Text(out.ClauseName(c.Clause)), link(c.Clause, c.Check)})
	}
	for _, c := range survey.Ceilings {
		d.Ceilings = append(d.Ceilings, ceilingRow{c, v.t.Text(out.ClauseName(c.Clause))})
	}
	return nil
}

// toCall is the firms that miss a condition alone, those too of whom the rest is not known where all are asked for.
func toCall(s *lab.Survey, c lab.CheckSum, all bool) []lab.Miss {
	misses := s.Of(c.Clause, c.Check)
	if !all {
		misses = slices.DeleteFunc(misses, func(m lab.Miss) bool { return !m.Sure })
	}
	return misses
}

// exportSurvey sends the whole list of the firms to call that the page shows a part of; of every condition where none is
// named.
func (s *server) exportSurvey(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, out, err := s.labOutcome(w, r, v)
	if out == nil {
		return err
	}
	survey, err := s.survey(r.Context(), v, out)
	if err != nil {
		return err
	}
	var list []lab.Miss
	checks, clause, check := survey.ByCheck(), r.FormValue("clause"), r.FormValue("check")
	switch i := slices.IndexFunc(checks, func(c lab.CheckSum) bool { return c.Clause == clause && c.Check == check }); {
	case i >= 0:
		list = toCall(survey, checks[i], r.FormValue("unsure") != "" || checks[i].Sure == 0)
	case clause != "" || check != "": // an old address: an empty list would say that nobody misses it
		return &errs.Error{Kind: errs.KindNotFound, Msg: i18n.M("labpage.near_gone"), Err: fmt.Errorf("no near miss of %q at %q", clause, check)}
	default:
		list = survey.Misses
	}
	book := out.Calls(v.t, s.labBook(v), list)
	return s.export(w, r, v, v.t.S("lab.book_near")+"-"+a.scenario.Policy+"-"+s.Clock.Today().String(), *book)
}

// spotsNamed is how many places of a firm a list names.
const spotsNamed = 3

// spots is where a firm misses a condition, and by how much: the nearest places, and how many there are besides.
func (w words) spots(m lab.Miss) string {
	var all []string
	at := slices.Clone(m.At)
	slices.SortStableFunc(at, func(a, b lab.Spot) int { return cmp.Compare(farness(a), farness(b)) })
	for _, s := range at {
		text := w.subject(s.Subject)
		if s.Subject.Kind == "enterprise" {
			text = ""
		}
		if s.Year != 0 {
			text = parted(text, w.t.S("web.comma"), w.t.S("web.period_year", strconv.Itoa(s.Year)))
		}
		if s.Distance != nil {
			text = parted(text, w.t.S("web.colon"), w.t.S("labpage.short_of", inWords(w.t, *s.Distance)))
		}
		if text != "" {
			all = append(all, text)
		}
	}
	if more := len(all) - spotsNamed; more > 0 {
		all = append(all[:spotsNamed], w.t.S("labpage.more_places", more))
	}
	return strings.Join(all, w.t.S("labpage.between_places"))
}

// parted is two texts with something between them where there are two.
func parted(a, by, b string) string {
	if a == "" {
		return b
	}
	return a + by + b
}

// farness is the distance to a threshold; what has none, or none that is known, comes last.
func farness(s lab.Spot) money.Fen {
	if s.Distance == nil {
		return math.MaxInt64
	}
	return *s.Distance
}

// previewData is 免申即享: who would get what from verified facts alone.
type previewData struct {
	labFrame
	*lab.Preview
	Rows  []grantRow
	Waits []waitRow
	Page  int
	Pages int
}

// waitRow is an enterprise that would get more once some facts are verified.
type waitRow struct {
	lab.Grant
	AreaName, Facts string
}

type grantRow struct {
	lab.Grant
	AreaName string
	Of       string // clauses by which it gets something
}

func (s *server) labPreview(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.readLab(r, v)
	if err != nil {
		return err
	}
	d := previewData{labFrame: s.labFrame(v.t, a, "/preview")}
	d.Preview, err = s.Lab.Preview(r.Context(), a.view, a.scenario, a.m.day)
	if d.refused(v.t, err) {
		return s.show(w, r, s.shell(r, v, v.t.S("labpage.preview")), http.StatusUnprocessableEntity, labPreviewPage(v.t, d))
	}
	if err != nil {
		return err
	}
	d.Pages = max((len(d.Grants)+listRows-1)/listRows, 1)
	d.Page, _ = strconv.Atoi(r.FormValue("page"))
	d.Page = min(max(d.Page, 1), d.Pages)
	from := (d.Page - 1) * listRows
	for _, g := range d.Grants[from:min(from+listRows, len(d.Grants))] {
		row := grantRow{Grant: g, AreaName: nodeName(s.Library.Areas(), g.Firm.Area)}
		var of []string
		for i, pays := range g.Of {
			if pays > 0 {
				of = append(of, v.t.Text(d.Clauses[i].Name))
			}
		}
		row.Of = strings.Join(of, v.t.S("web.comma"))
		d.Rows = append(d.Rows, row)
	}
	if d.Waits, err = s.waits(r.Context(), v.t, a, d.Preview); err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("labpage.preview")), http.StatusOK, labPreviewPage(v.t, d))
}

// waits is those who would get most more once facts are verified, and which facts.
func (s *server) waits(ctx context.Context, t i18n.T, a labAsked, p *lab.Preview) ([]waitRow, error) {
	names := words{t: t, lib: s.Library, pol: p.Plan.Policy, year: p.AsOf.Year()}
	var rows []waitRow
	waits, err := s.Lab.Waits(ctx, a.view, p, lab.MostWaits)
	if err != nil {
		return nil, err
	}
	for _, x := range waits {
		rows = append(rows, waitRow{x.Grant, nodeName(s.Library.Areas(), x.Firm.Area), strings.Join(names.refNames(x.Facts), t.S("web.comma"))})
	}
	return rows, nil
}

// seekData is the question which value of a number a budget allows, and its answer.
type seekData struct {
	labFrame
	Numbers           []option
	Number, Low, High string
	Step, Budget      string
	Errors            map[string]string
	Found             *lab.Found
	Sure, Possible    *foundPoint
	Tried             []foundPoint
}

// foundPoint is a value that was tried, as a file writes it, and the scenario with it.
type foundPoint struct {
	lab.Point
	Text        string // as a file writes it
	Shown, Href string
}

func (s *server) labFind(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.readLab(r, v)
	if err != nil {
		return err
	}
	d := seekData{labFrame: s.labFrame(v.t, a, "/find"), Errors: map[string]string{}}
	d.Number, d.Low, d.High, d.Step, d.Budget = r.FormValue("number"), r.FormValue("low"), r.FormValue("high"), r.FormValue("step"), r.FormValue("within")
	var at *labDial
	for _, prm := range paramsOf(a.policy.File) {
		for _, x := range a.dials(prm) {
			if x.Slider.Max == "" {
				continue
			}
			d.Numbers = append(d.Numbers, option{x.Name, x.Spoken})
			if x.Name == d.Number {
				at = &x
			}
		}
	}
	status := http.StatusOK
	if at == nil && d.Number != "" {
		d.Problem = v.t.S("labpage.no_number", d.Number)
	}
	if at != nil {
		if err := s.seek(r, v, a, *at, &d); err != nil {
			return err
		}
	}
	if len(d.Errors) > 0 || d.Problem != "" {
		status = http.StatusUnprocessableEntity
	}
	return s.show(w, r, s.shell(r, v, v.t.S("labpage.find")), status, labFindPage(v.t, d))
}

// seek answers; ends and step that were left out are those of the number's slider.
func (s *server) seek(r *http.Request, v *visit, a labAsked, at labDial, d *seekData) error {
	end := func(typed, otherwise string) string {
		if typed == "" {
			typed = otherwise
		}
		return typedValue(typed, at.Law)
	}
	d.Low, d.High, d.Step = end(d.Low, at.Slider.Min), end(d.High, at.Slider.Max), end(d.Step, at.Slider.Step)
	if d.Budget == "" {
		d.Errors["within"] = v.t.S("labpage.no_budget")
		return nil
	}
	budget, err := readBudget(d.Budget)
	if err != nil {
		d.Errors["within"] = v.t.S("labpage.bad_budget", d.Budget)
		return nil
	}
	d.Budget = budgetText(budget)
	parts := strings.SplitN(at.Name, ":", 3)
	q := lab.Search{Param: parts[1], Low: d.Low, High: d.High, Step: d.Step, Budget: budget}
	if len(parts) == 3 {
		q.Key = parts[2]
	}
	d.Found, err = s.Lab.Find(r.Context(), a.view, a.scenario, a.m.day, q)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		d.Problem = v.t.Msg(msg)
		return nil
	}
	if err != nil {
		return err
	}
	point := func(p *lab.Point) *foundPoint {
		if p == nil {
			return nil
		}
		text := foundText(at.kind, p.Value)
		return &foundPoint{*p, text, foundWords(v.t, at.kind, p.Value), a.query.with(at.Name, text).path("")}
	}
	d.Sure, d.Possible = point(d.Found.Sure), point(d.Found.Possible)
	for _, p := range d.Found.Tried {
		d.Tried = append(d.Tried, *point(&p))
	}
	return nil
}

// foundText is a value of a search as people write it in a file.
func foundText(kind, value string) string {
	if a, err := money.Parse(value); kind == "money" && err == nil {
		return budgetText(a)
	}
	return value
}

// foundWords is a value of a search in the reader's words.
func foundWords(t i18n.T, kind, value string) string {
	return numberText(t, policy.Param{Type: kind}, value)
}

// best is a point that the answer names.
func (d seekData) best(p foundPoint) bool {
	return slices.ContainsFunc([]*foundPoint{d.Sure, d.Possible}, func(b *foundPoint) bool { return b != nil && b.Value == p.Value })
}
