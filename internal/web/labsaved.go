package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// labStartData is the entrance of the laboratory: policies to begin with, and scenarios that were kept.
type labStartData struct {
	Policies []version.InForce
	Saved    []savedRow
	Dropped  *savedRow // thrown away just now
	Kept     int64     // saved just now
}

// savedRow is a saved scenario in a list.
type savedRow struct {
	lab.Saved
	Document, Who, When string
	Href                string
	Mine                bool
}

// labStart offers the policies that concern the visitor's area, and the scenarios that the visitor may read.
func (s *server) labStart(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	all, err := s.policies(r.Context(), view)
	if err != nil {
		return err
	}
	var d labStartData
	home := s.homeArea(v.scope)
	for _, f := range all {
		if concerns(s.Library.Areas(), f.Policy.File.Document, home) {
			d.Policies = append(d.Policies, f)
		}
	}
	saved, err := s.Scenarios.List(r.Context(), v.scope, "")
	if err != nil {
		return err
	}
	people := map[int64]string{}
	for _, x := range saved {
		row, err := s.savedRow(r.Context(), v, x, people)
		if err != nil {
			return err
		}
		d.Saved = append(d.Saved, row)
	}
	d.Kept, _ = strconv.ParseInt(r.FormValue("kept"), 10, 64)
	if id, err := strconv.ParseInt(r.FormValue("dropped"), 10, 64); err == nil {
		x, err := s.Scenarios.Get(r.Context(), v.scope, id)
		if err == nil && x.Dropped {
			row, err := s.savedRow(r.Context(), v, x, people)
			if err != nil {
				return err
			}
			d.Dropped = &row
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("labpage.title")), http.StatusOK, labStartPage(v.t, d))
}

func (s *server) savedRow(ctx context.Context, v *visit, x lab.Saved, people map[int64]string) (savedRow, error) {
	row := savedRow{Saved: x, Document: x.Scenario.Policy, When: instant(x.At), Mine: x.Owner == v.account.ID && v.scope.Can(access.DraftPolicy)}
	row.Href = labQuery{policy: x.Scenario.Policy, values: scenarioValues(x)}.path("")
	view, err := s.view(ctx, v)
	if err != nil {
		return row, err
	}
	if f, err := s.policyAt(ctx, view, x.Scenario.Policy); err == nil {
		row.Document = v.t.Text(f.Policy.File.Document.Name)
	}
	row.Who, err = s.actor(ctx, v.t, people, x.Owner)
	return row, err
}

// scenarioValues is a saved scenario as an address; its wording, which no address can hold, goes by its id.
func scenarioValues(x lab.Saved) url.Values {
	sc, out := x.Scenario, url.Values{}
	add := func(name, value string) {
		if value != "" {
			out.Add(name, value)
		}
	}
	for _, c := range sc.Changes {
		add(dialName(c.Param, c.Key), c.Value)
	}
	for id, answer := range sc.Settings {
		add("set:"+id, answer)
	}
	for _, id := range sc.Ended {
		add("end", id)
	}
	for _, code := range sc.Only {
		add("only", code)
	}
	add("area", sc.Area)
	if sc.Budget > 0 {
		add("budget", budgetText(sc.Budget))
	}
	if sc.AsOf != nil {
		add("as_of", sc.AsOf.String())
	}
	if sc.Text != "" {
		add("saved", strconv.FormatInt(x.ID, 10))
	}
	return out
}

// labSave keeps the scenario of the address under a name.
func (s *server) labSave(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.readLab(r, v)
	if err != nil {
		return err
	}
	if len(a.errors) > 0 {
		return s.showLab(w, r, v, a, v.t.S("labpage.mend_first"))
	}
	sc := a.scenario
	sc.Name = r.PostFormValue("name")
	if a.m.past() {
		day := a.m.day
		sc.AsOf = &day
	}
	kept, err := s.Scenarios.Save(r.Context(), v.scope, sc)
	if err != nil {
		return s.labRefused(w, r, v, a, err)
	}
	return seeOther(w, r, "/lab?kept="+strconv.FormatInt(kept.ID, 10))
}

// labRefused shows the scenario again with what hinders; what is no matter of the scenario goes on as an error.
func (s *server) labRefused(w http.ResponseWriter, r *http.Request, v *visit, a labAsked, err error) error {
	msg, ok := errs.Message(err)
	if kind := errs.KindOf(err); !ok || kind != errs.KindInvalid && kind != errs.KindConflict {
		return err
	}
	return s.showLab(w, r, v, a, v.t.Msg(msg))
}

// labDraft makes a draft of the scenario among the versions of its document, and opens it, for its words to be changed too.
func (s *server) labDraft(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.readLab(r, v)
	if err != nil {
		return err
	}
	if len(a.errors) > 0 {
		return s.showLab(w, r, v, a, v.t.S("labpage.mend_first"))
	}
	var fresh version.Version
	if a.scenario.Changed() {
		fresh, err = s.Lab.Draft(r.Context(), v.scope, a.view.Seq(), a.scenario)
	} else {
		fresh, err = s.newDraft(r.Context(), v, a.scenario.Policy)
	}
	if err != nil {
		return s.labRefused(w, r, v, a, err)
	}
	return seeOther(w, r, versionPath(fresh.ID)+"/edit")
}

// labDrop throws a saved scenario away; the page that follows offers it back.
func (s *server) labDrop(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.Scenarios.Drop(r.Context(), v.scope, id); err != nil {
		return err
	}
	return seeOther(w, r, "/lab?dropped="+strconv.FormatInt(id, 10))
}

func (s *server) labRestore(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.Scenarios.Restore(r.Context(), v.scope, id); err != nil {
		return err
	}
	return seeOther(w, r, "/lab?kept="+strconv.FormatInt(id, 10))
}

// labExport sends the outcome with its method as a workbook.
func (s *server) labExport(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, out, err := s.labOutcome(w, r, v)
	if out == nil {
		return err
	}
	book := s.labBook(v)
	if book.Survey, err = s.survey(r.Context(), v, out); err != nil {
		return err
	}
	return s.export(w, r, v, v.t.S("labpage.title")+"-"+a.scenario.Policy+"-"+s.Clock.Today().String(), *out.Workbook(v.t, book))
}

// labBook is what a workbook says of itself.
func (s *server) labBook(v *visit) lab.Book {
	return lab.Book{By: v.account.Name, Synthetic: s.Demo != nil}
}

// labOutcome is what a scenario that a table is asked of comes to. Where a field is to be mended first it has answered with
// the page of the scenario, and the outcome is nil.
func (s *server) labOutcome(w http.ResponseWriter, r *http.Request, v *visit) (labAsked, *lab.Outcome, error) {
	a, err := s.readLab(r, v)
	if err != nil {
		return a, nil, err
	}
	if len(a.errors) > 0 {
		return a, nil, s.showLab(w, r, v, a, v.t.S("labpage.mend_first"))
	}
	out, err := s.Lab.Run(r.Context(), a.view, a.scenario, a.m.day)
	return a, out, err
}

// compareData is scenarios side by side.
type compareData struct {
	Columns  []compareColumn
	Parts    []comparePart
	Progress *region.Progress
	Links    []string // pasted, as they came
	Problem  string
}

// compareColumn is one of them.
type compareColumn struct {
	Title, Href, Document string
	Words                 []string
	*lab.Outcome
}

// comparePart is a table of what each comes to for sure, row by row.
type comparePart struct {
	Title, Head string
	Rows        []compareRow
}

type compareRow struct {
	Name  string
	Cells []money.Fen
}

// labCompare puts saved scenarios, and scenarios that links tell, side by side.
func (s *server) labCompare(w http.ResponseWriter, r *http.Request, v *visit) error {
	var d compareData
	asked, err := s.compared(r, v, &d)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		d.Problem, asked = v.t.Msg(msg), nil
	} else if err != nil {
		return err
	}
	for i, a := range asked {
		out, progress, err := s.Lab.Begin(r.Context(), a.view, a.scenario, a.m.day)
		if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
			d.Problem = d.Columns[i].Title + v.t.S("web.colon") + v.t.Msg(msg)
			break
		}
		if err != nil {
			return err
		}
		if out == nil {
			d.Progress = &progress
			break
		}
		d.Columns[i].Outcome = out
	}
	if d.Progress != nil || d.Problem != "" {
		d.Columns = nil
	}
	d.parts(v.t)
	status := http.StatusOK
	if d.Problem != "" {
		status = http.StatusUnprocessableEntity
	}
	return s.show(w, r, s.shell(r, v, v.t.S("labpage.compare")), status, labComparePage(v.t, r.URL.RequestURI(), d))
}

// compared reads which scenarios the address names, by id or by the address of their own.
func (s *server) compared(r *http.Request, v *visit, d *compareData) ([]labAsked, error) {
	var all []labAsked
	add := func(title string, q labQuery) error {
		a, err := s.readScenarioAt(r.Context(), v, q)
		if err != nil {
			return err
		}
		all = append(all, a)
		doc := a.policy.File.Document
		d.Columns = append(d.Columns, compareColumn{Title: title, Href: a.query.path(""), Document: v.t.Text(doc.Name), Words: a.scenarioWords()})
		return nil
	}
	for _, text := range r.Form["s"] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errs.NotFound("scenario", text)
		}
		x, err := s.Scenarios.Get(r.Context(), v.scope, id)
		if err != nil {
			return nil, err
		}
		if err := add(x.Scenario.Name, labQuery{policy: x.Scenario.Policy, values: scenarioValues(x)}); err != nil {
			return nil, err
		}
	}
	for _, link := range r.Form["link"] {
		if link = strings.TrimSpace(link); link == "" {
			continue
		}
		d.Links = append(d.Links, link)
		q, ok := queryOfLink(link)
		if !ok {
			return nil, errs.Invalid(i18n.M("labpage.bad_link", link))
		}
		if err := add(v.t.S("labpage.linked", len(d.Links)), q); err != nil {
			return nil, err
		}
	}
	if len(all) > lab.MaxSideBySide {
		return nil, errs.Invalid(i18n.M("lab.many_scenarios", len(all), lab.MaxSideBySide))
	}
	return all, nil
}

// queryOfLink is the scenario that the address of a page of the laboratory tells.
func queryOfLink(link string) (labQuery, bool) {
	u, err := url.Parse(link)
	if err != nil {
		return labQuery{}, false
	}
	document, below, ok := strings.Cut(strings.TrimPrefix(u.Path, "/policies/"), "/")
	return labQuery{policy: document, values: u.Query()}, ok && below == "lab" && strings.HasPrefix(u.Path, "/policies/")
}

// parts fills in the tables: by year and area, and by clause where all are of one document.
func (d *compareData) parts(t i18n.T) {
	same := !slices.ContainsFunc(d.Columns, func(c compareColumn) bool { return c.Document != d.Columns[0].Document })
	add := func(id string, of func(*lab.Outcome) lab.Breakdown) {
		p := comparePart{Title: t.S("labpage.by_" + id), Head: t.S("labpage.head_" + id)}
		at := map[string]int{}
		apart := compareRow{Name: t.S("labpage.apart"), Cells: make([]money.Fen, len(d.Columns))}
		for i, c := range d.Columns {
			b := of(c.Outcome)
			apart.Cells[i] = b.After.Apart
			for _, r := range b.Rows {
				k, ok := at[r.Code]
				if !ok {
					k = len(p.Rows)
					at[r.Code] = k
					p.Rows = append(p.Rows, compareRow{Name: partName(t, id, r), Cells: make([]money.Fen, len(d.Columns))})
				}
				p.Rows[k].Cells[i] = r.After.Pays.Sure
			}
		}
		p.Rows = slices.DeleteFunc(append(p.Rows, apart), func(r compareRow) bool {
			return !slices.ContainsFunc(r.Cells, func(a money.Fen) bool { return a != 0 })
		})
		d.Parts = append(d.Parts, p)
	}
	if len(d.Columns) == 0 {
		return
	}
	if same {
		add("clauses", (*lab.Outcome).ByClause)
	}
	add("years", (*lab.Outcome).ByYear)
	add("areas", (*lab.Outcome).ByArea)
	add("sizes", (*lab.Outcome).BySize)
}

// readScenarioAt is readLab for the address of another page.
func (s *server) readScenarioAt(ctx context.Context, v *visit, q labQuery) (labAsked, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, q.path(""), nil)
	if err != nil {
		return labAsked{}, errs.Invalid(i18n.M("labpage.bad_link", q.path("")))
	}
	r.SetPathValue("policy", q.policy)
	if err := r.ParseForm(); err != nil {
		return labAsked{}, errs.Invalid(i18n.M("labpage.bad_link", q.path("")))
	}
	return s.readLab(r, v)
}
