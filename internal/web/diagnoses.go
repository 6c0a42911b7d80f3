package web

import (
	"cmp"
	"context"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// diagnosisRoutes are free diagnoses: all that there are, lots, institutes, and each by itself.
func (s *server) diagnosisRoutes() []route {
	read, area := access.Need{Action: access.ReadCase}, access.Need{Action: access.ReadCase, Area: true}
	keep, write, own := access.Need{Action: access.HandleCase}, access.Need{Action: access.AnswerCase}, access.Need{Action: access.FileCase}
	return []route{
		{"GET /diagnoses", read, s.diagnoses},
		{"GET /diagnoses/export", read, s.exportDiagnoses},
		{"GET /lots", area, s.diagnosisLots},
		{"POST /lots", keep, s.addLot},
		{"GET /lots/{id}", area, s.diagnosisLot},
		{"POST /lots/{id}/open", keep, s.openLot},
		{"POST /lots/{id}/close", keep, s.closeLot},
		{"GET /institutes", area, s.institutes},
		{"POST /institutes", keep, s.addInstitute},
		{"POST /institutes/{id}/terms", keep, s.setTerms},
		{"POST /institutes/{id}/conflicts", read, s.declareConflict},
		{"POST /institutes/{id}/account", write, s.setInstituteAccount},
		{"GET /diagnoses/{id}", read, s.diagnosisPage},
		{"POST /diagnoses/{id}/institute", own, s.chooseInstitute},
		{"GET /diagnoses/{id}/report", write, s.writeReport},
		{"POST /diagnoses/{id}/report", write, s.saveReport},
		{"GET /diagnoses/{id}/report.pdf", read, s.printPDF},
		{"GET /diagnoses/{id}/report.docx", read, s.printDocx},
		{"POST /diagnoses/{id}/answers", own, s.answerAdvice},
		{"POST /diagnoses/{id}/filings", own, s.fileAdvice},
	}
}

// diagnosisPath is the page of a diagnosis.
func diagnosisPath(id int64) string { return "/diagnoses/" + strconv.FormatInt(id, 10) }

// diagnosisQuery is a view of the diagnoses; its address restores it.
type diagnosisQuery struct {
	Kind, State, Area string
	Year              int
	Institute, Lot    int64
	Page              int
}

func readDiagnosisQuery(in url.Values) diagnosisQuery {
	q := diagnosisQuery{Kind: in.Get("kind"), State: in.Get("state"), Area: in.Get("area"), Page: pageNumber(in.Get("page"))}
	q.Year, _ = strconv.Atoi(in.Get("year"))
	q.Institute, _ = strconv.ParseInt(in.Get("institute"), 10, 64)
	q.Lot, _ = strconv.ParseInt(in.Get("lot"), 10, 64)
	return q
}

func (q diagnosisQuery) href(path string) string {
	out := url.Values{}
	for key, text := range map[string]string{"kind": q.Kind, "state": q.State, "area": q.Area, "page": pageText(q.Page)} {
		if text != "" {
			out.Set(key, text)
		}
	}
	for key, n := range map[string]int64{"year": int64(q.Year), "institute": q.Institute, "lot": q.Lot} {
		if n != 0 {
			out.Set(key, strconv.FormatInt(n, 10))
		}
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

func (q diagnosisQuery) onPage(n int) diagnosisQuery {
	q.Page = n
	return q
}

// has says that a diagnosis is in the view.
func (s *server) has(q diagnosisQuery, r diagnosis.Row) bool {
	return (q.Kind == "" || string(r.Kind) == q.Kind) && (q.State == "" || r.State == q.State) && (q.Area == "" || s.Library.Areas().Within(r.Area, q.Area)) &&
		(q.Year == 0 || r.Year == q.Year) && (q.Institute == 0 || r.Of(q.Institute)) && (q.Lot == 0 || r.Lot == q.Lot)
}

// diagnosisRow is a diagnosis in words.
type diagnosisRow struct {
	diagnosis.Row
	Name, AreaName, By, KindName, StateName, Level string
	Done                                           bool
}

// figureRow is diagnoses counted, in words.
type figureRow struct {
	Name, Href string
	diagnosis.Tally
	Adoption, Conversion, Lifted, Score, Grade string
}

type diagnosesData struct {
	Query      diagnosisQuery
	Rows       []diagnosisRow
	Total      int
	Pages      int
	All        figureRow
	Counties   []figureRow // to offices
	Institutes []figureRow // to offices, with grades
	Kinds      []option
	States     []option
	Years      []option
	Areas      []option
	Grading    diagnosis.Grading
	Office     bool
	Mine       *instituteRow // of whom the visitor speaks
	Links      []option
	Done, AsOf string
	Problem    string
}

// diagnosesShown is how many diagnoses a page lists.
const diagnosesShown = 50

func (s *server) diagnoses(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, _, err := s.diagnosesOf(r, v)
	if err != nil {
		return err
	}
	if done := r.FormValue("done"); slices.Contains([]string{"account", "conflict"}, done) {
		d.Done = v.t.S("diagnosispage.done_" + done)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("diagnosispage.title")), http.StatusOK, diagnosesPage(v.t, d))
}

func (s *server) diagnosesOf(r *http.Request, v *visit) (diagnosesData, []diagnosis.Row, error) {
	ctx, t := r.Context(), v.t
	d := diagnosesData{Query: readDiagnosisQuery(r.Form), Grading: s.Diagnoses.Programme.Grading, Office: (access.Need{Action: access.ReadCase, Area: true}).MetBy(v.scope)}
	rows, err := s.Diagnoses.Rows(ctx, v.scope)
	if err != nil {
		return d, nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0) // who sees a diagnosis is told whose it is
	if err != nil {
		return d, nil, err
	}
	names, err := s.instituteNames(ctx)
	if err != nil {
		return d, nil, err
	}
	d.options(s, v, rows)
	rows = slices.DeleteFunc(rows, func(x diagnosis.Row) bool { return !s.has(d.Query, x) })
	var all diagnosis.Tally
	for _, x := range rows {
		all.Add(x)
	}
	d.All = s.figure(t, "", all)
	if d.Office {
		for _, c := range diagnosis.By(rows, func(x diagnosis.Row) string { return cmp.Or(s.Library.Areas().County(x.Area), x.Area) }) {
			f := s.figure(t, s.areaName(c.Of), c.Tally)
			q := d.Query
			q.Area = c.Of
			f.Href = q.onPage(1).href("/diagnoses")
			d.Counties = append(d.Counties, f)
		}
		for _, c := range diagnosis.ByInstitute(rows) {
			f := s.figure(t, names[c.Of], c.Tally)
			q := d.Query
			q.Institute = c.Of
			f.Href = q.onPage(1).href("/diagnoses")
			d.Institutes = append(d.Institutes, f)
		}
		d.Links = []option{{"/lots", t.S("diagnosispage.lots")}, {"/institutes", t.S("diagnosispage.institutes")}}
	}
	if d.Office || len(v.scope.Owns()) > 0 {
		d.Links = append(d.Links, option{"/advisers", t.S("diagnosispage.advisers")})
	}
	d.Total = len(rows)
	d.Pages = max(1, (d.Total+diagnosesShown-1)/diagnosesShown)
	d.Query.Page = min(d.Query.Page, d.Pages)
	for _, x := range rows[(d.Query.Page-1)*diagnosesShown : min(d.Total, d.Query.Page*diagnosesShown)] {
		d.Rows = append(d.Rows, s.diagnosisRow(t, whole, names, x))
	}
	d.AsOf = s.asOf(t, whole)
	return d, rows, s.spokenFor(ctx, v, &d)
}

// options are what the list may be narrowed to.
func (d *diagnosesData) options(s *server, v *visit, rows []diagnosis.Row) {
	t := v.t
	for _, k := range s.Diagnoses.Programme.Kinds {
		d.Kinds = append(d.Kinds, option{string(k.Kind), t.Text(k.Name)})
	}
	var years []int
	states := map[string]bool{}
	for _, x := range rows {
		if !slices.Contains(years, x.Year) {
			years = append(years, x.Year)
		}
		states[x.State] = true
	}
	slices.Sort(years)
	for _, y := range slices.Backward(years) {
		d.Years = append(d.Years, option{strconv.Itoa(y), strconv.Itoa(y)})
	}
	if w, ok := s.Cases.Set.Workflow(diagnosis.Digital.Flow()); ok {
		for _, x := range w.States {
			if states[x.ID] {
				d.States = append(d.States, option{x.ID, t.Text(x.Name)})
			}
		}
	}
	d.Areas = s.areaOptions(v.scope)
}

// instituteNames are the names of all institutes, by their parties: whoever sees a diagnosis is told who makes it.
func (s *server) instituteNames(ctx context.Context) (map[int64]string, error) {
	all, err := s.Diagnoses.Institutes(ctx, access.SystemScope())
	names := map[int64]string{}
	for _, x := range all {
		names[x.ID] = x.Name
	}
	return names, err
}

func (s *server) diagnosisRow(t i18n.T, view fact.View, names map[int64]string, x diagnosis.Row) diagnosisRow {
	row := diagnosisRow{Row: x, Name: s.firmName(view, x.Firm), AreaName: s.areaName(x.Area), By: names[x.Institute], Done: x.Accepted()}
	if k, err := s.Diagnoses.Programme.Kind(x.Kind); err == nil {
		row.KindName = t.Text(k.Name)
		if m := k.Rubric(); m != nil && x.Level.Rated {
			row.Level = levelWord(t, m, x.Level.Was)
			if x.Level.Again {
				row.Level = t.S("diagnosispage.level_change", row.Level, levelWord(t, m, x.Level.Is))
			}
		}
	}
	if w, ok := s.Cases.Set.Workflow(x.Kind.Flow()); ok {
		row.StateName = stateName(t, w, x.State)
	}
	return row
}

// levelWord is a level of a model by its id, in words.
func levelWord(t i18n.T, m *assess.Rubric, id string) string {
	if i := slices.IndexFunc(m.Levels, func(l assess.LevelFile) bool { return l.ID == id }); i >= 0 {
		return t.Text(m.Levels[i].Name)
	}
	return t.S("diagnosispage.no_level")
}

// figure is a tally in words.
func (s *server) figure(t i18n.T, name string, of diagnosis.Tally) figureRow {
	f := figureRow{Name: name, Tally: of, Adoption: percentText(of.Adoption()), Conversion: percentText(of.Conversion()), Lifted: percentText(of.Lifted())}
	if of.Marks > 0 {
		f.Score = big.NewRat(of.Score, int64(of.Marks)*100).FloatString(1)
	}
	if grade, points := s.Diagnoses.Programme.Grade(of); grade != "" {
		f.Grade = t.S("diagnosispage.grade_points", grade, points.FloatString(1))
	}
	return f
}

// percentText is a part of one as a percentage; "" of none.
func percentText(x *big.Rat) string {
	if x == nil {
		return ""
	}
	return new(big.Rat).Mul(x, big.NewRat(100, 1)).FloatString(1) + "%"
}

// spokenFor fills in the institute that the visitor speaks for.
func (s *server) spokenFor(ctx context.Context, v *visit, d *diagnosesData) error {
	if !v.scope.Can(access.AnswerCase) {
		return nil
	}
	all, err := s.Diagnoses.Institutes(ctx, v.scope)
	if err != nil || len(all) == 0 {
		return err
	}
	row, err := s.instituteRow(ctx, v, all[0])
	d.Mine = &row
	return err
}

func (s *server) exportDiagnoses(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, rows, err := s.diagnosesOf(r, v)
	if err != nil {
		return err
	}
	t := v.t
	names, err := s.instituteNames(r.Context())
	if err != nil {
		return err
	}
	whole, err := s.Frames.For(r.Context(), access.SystemScope(), 0)
	if err != nil {
		return err
	}
	columns := []string{
		t.S("diagnosispage.firm"), t.S("web.area"), t.S("diagnosispage.kind"), t.S("web.year"), t.S("diagnosispage.institute"), t.S("web.state"), t.S("diagnosispage.advice"),
		t.S("diagnosispage.answer_adopt"), t.S("diagnosispage.answer_later"), t.S("diagnosispage.answer_no"), t.S("diagnosispage.filed"), t.S("diagnosispage.built"), t.S("diagnosispage.level"),
	}
	cells := func(yield func([]any) bool) {
		for _, x := range rows {
			row := s.diagnosisRow(t, whole, names, x)
			if !yield([]any{row.Name, row.AreaName, row.KindName, x.Year, row.By, row.StateName, x.Advice, x.Adopted, x.Later, x.No, x.Filed, x.Built, row.Level}) {
				return
			}
		}
	}
	q := d.Query
	q.Page = 1
	return s.export(w, r, v, t.S("diagnosispage.title"), sheet.Export{
		Title: t.S("diagnosispage.title"), Notes: append(s.notes(v, whole, q.href("/diagnoses")), [2]string{t.S("diagnosispage.conversion"), t.S("diagnosispage.conversion_help")}),
		Table: sheet.Table{Columns: columns, Rows: cells},
	})
}

// instituteRow is an institute in words.
type instituteRow struct {
	diagnosis.Institute
	AreaName, KindNames, Where, Trades string
	Account                            string // masked; "" where it has named none
	Conflicts                          []interestRow
	May, Own                           bool // change its terms; speak for it
	Over                               bool // it is not qualified any more
}

func (s *server) instituteRow(ctx context.Context, v *visit, x diagnosis.Institute) (instituteRow, error) {
	t := v.t
	row := instituteRow{
		Institute: x, AreaName: s.areaName(x.Area), May: v.scope.Sees(access.HandleCase, x.Area, 0),
		Own: v.scope.SeesObject(access.AnswerCase, access.Object{Partner: x.ID}), Over: x.Until < s.Clock.Today(),
	}
	var kinds, where, trades []string
	for _, k := range x.Kinds {
		if f, err := s.Diagnoses.Programme.Kind(k); err == nil {
			kinds = append(kinds, t.Text(f.Name))
		}
	}
	for _, c := range x.Counties {
		where = append(where, s.areaName(c))
	}
	for _, code := range x.Divisions {
		trades = append(trades, s.tradeName(t, code))
	}
	row.KindNames, row.Where, row.Trades = strings.Join(kinds, t.S("web.comma")), strings.Join(where, t.S("web.comma")), strings.Join(trades, t.S("web.comma"))
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return row, err
	}
	for _, c := range x.Conflicts {
		row.Conflicts = append(row.Conflicts, interestRow{s.firmName(whole, c.Firm), c.Reason, instant(c.At)})
	}
	p, err := s.Diagnoses.Account(ctx, v.scope, x.ID)
	if errs.KindOf(err) == errs.KindNotFound {
		return row, nil
	}
	row.Account = joined(p.Holder, p.Bank, p.Number.String())
	return row, err
}

type institutesData struct {
	Rows    []instituteRow
	Areas   []option
	Kinds   []option
	Typed   url.Values
	Done    string
	Problem string
}

func (s *server) institutes(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showInstitutes(w, r, v, http.StatusOK, "")
}

func (s *server) showInstitutes(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	all, err := s.Diagnoses.Institutes(r.Context(), v.scope)
	if err != nil {
		return err
	}
	d := institutesData{Areas: s.officeAreas(v), Typed: r.PostForm, Problem: problem}
	for _, x := range all {
		row, err := s.instituteRow(r.Context(), v, x)
		if err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	for _, k := range s.Diagnoses.Programme.Kinds {
		d.Kinds = append(d.Kinds, option{string(k.Kind), v.t.Text(k.Name)})
	}
	if done := r.FormValue("done"); slices.Contains([]string{"added", "terms", "conflict"}, done) {
		d.Done = v.t.S("diagnosispage.done_" + done)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("diagnosispage.institutes")), status, institutesPage(v.t, d))
}

// termsOf reads what an institute may do; what cannot be read is told by the store, which wants it.
func (s *server) termsOf(r *http.Request) diagnosis.Terms {
	t := diagnosis.Terms{Qualified: r.PostFormValue("qualified"), Capacity: int(min(max(numberOf(r, "capacity"), 0), 1<<30)), LeftWhy: r.PostFormValue("left")}
	for _, k := range r.PostForm["kinds"] {
		t.Kinds = append(t.Kinds, diagnosis.Kind(k))
	}
	for _, word := range listed(r.PostFormValue("counties")) {
		code := word
		if found := s.Library.Areas().Resolve(word, ""); len(found) == 1 {
			code = found[0].Code
		}
		t.Counties = append(t.Counties, code)
	}
	t.Divisions = listed(r.PostFormValue("divisions"))
	t.Until = dayTyped(r.PostFormValue("until"))
	return t
}

// dayTyped is a day as it was typed; 0 for what is none, which whoever wants one refuses.
func dayTyped(text string) period.Day {
	d, err := period.ParseDay(strings.TrimSpace(text))
	if err != nil {
		return 0
	}
	return d
}

func (s *server) addInstitute(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, err := s.Diagnoses.AddInstitute(r.Context(), v.scope, diagnosis.Institute{
		Code: r.PostFormValue("code"), Name: r.PostFormValue("name"), USCC: r.PostFormValue("uscc"), Area: r.PostFormValue("area"), Terms: s.termsOf(r),
	})
	return s.instituteStepped(w, r, v, "added", err)
}

func (s *server) setTerms(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	return s.instituteStepped(w, r, v, "terms", s.Diagnoses.SetTerms(r.Context(), v.scope, id, s.termsOf(r)))
}

// instituteStepped leads on after something was done to institutes, or tells what is wrong with it.
func (s *server) instituteStepped(w http.ResponseWriter, r *http.Request, v *visit, done string, err error) error {
	to := "/institutes?done=" + done
	if v.scope.Role() == access.Institute {
		to = "/diagnoses?done=" + done
	}
	if err == nil {
		return seeOther(w, r, to)
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	if v.scope.Role() != access.Institute {
		return s.showInstitutes(w, r, v, statusOf(err), v.t.Msg(msg))
	}
	d, _, again := s.diagnosesOf(r, v)
	if again != nil {
		return again
	}
	d.Problem = v.t.Msg(msg)
	return s.show(w, r, s.shell(r, v, v.t.S("diagnosispage.title")), statusOf(err), diagnosesPage(v.t, d))
}

// declareConflict keeps that an institute has an interest in a firm.
func (s *server) declareConflict(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if _, err := s.Diagnoses.Institute(r.Context(), v.scope, id); err != nil {
		return err
	}
	text := strings.TrimSpace(r.PostFormValue("firm"))
	firm, err := s.findParty(r.Context(), text)
	if err == nil && firm == 0 {
		err = errs.Invalid(i18n.M("selectionpage.no_firm", text))
	}
	if err == nil {
		err = s.Diagnoses.Declare(r.Context(), v.scope, id, firm, r.PostFormValue("reason"))
	}
	return s.instituteStepped(w, r, v, "conflict", err)
}

func (s *server) setInstituteAccount(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	number := strings.Join(strings.Fields(r.PostFormValue("number")), "")
	err = s.Diagnoses.SetAccount(r.Context(), v.scope, id, diagnosis.PayTo{Holder: r.PostFormValue("holder"), Bank: r.PostFormValue("bank"), Number: ledger.Account(number)})
	return s.instituteStepped(w, r, v, "account", err)
}

// typedTerms is what an institute may do, as a form has it typed.
func typedTerms(x instituteRow) url.Values {
	in := url.Values{
		"qualified": {x.Qualified}, "until": {x.Until.String()}, "capacity": {strconv.Itoa(x.Capacity)}, "counties": {strings.Join(x.Counties, "，")},
		"divisions": {strings.Join(x.Divisions, "，")},
	}
	for _, k := range x.Kinds {
		in.Add("kinds", string(k))
	}
	return in
}

func ticked(all []string, value string) bool { return slices.Contains(all, value) }

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

func orAll(t i18n.T, text string) string { return cmp.Or(text, t.S("web.all")) }

func orDash(text string) string { return cmp.Or(text, "—") }
