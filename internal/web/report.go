package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/source"
)

// reportYears is how many years back the form offers.
const reportYears = 5

// reportPath is the form by which an enterprise states a figure.
func reportPath(firm, subject int64, def string, p period.Period) string {
	path := factPath(firm, subject, def) + "/report"
	if p.Kind() != period.Always {
		path += "?period=" + url.QueryEscape(p.String())
	}
	return path
}

// mayReport says that the visitor may state a definition of a subject.
func mayReport(view fact.View, subject int64, def content.FactDef) bool {
	return slices.Contains(def.Authority, fact.SelfReport) && view.Can(access.Report, subject)
}

// missingPath is the form for a fact that a decision misses, "" where the visitor cannot state it.
func (s *server) missingPath(view fact.View, firm int64, ref rule.FactRef) string {
	def, ok := s.Library.FactDef(ref.Def)
	subject, err := strconv.ParseInt(ref.Subject.ID, 10, 64)
	if !ok || err != nil || !mayReport(view, subject, def) {
		return ""
	}
	return reportPath(firm, subject, ref.Def, ref.Period)
}

// reportForm is what was typed.
type reportForm struct {
	Value, Unit, Evidence string
	None                  bool // there is none, or it does not apply
	Errors                map[string]string
}

// reportPage is the form for one figure, with what is known of it.
type reportPage struct {
	Firm       party.Enterprise
	Subject    int64
	Title      string // which project, loan …; "" for the enterprise itself
	Def        content.FactDef
	Period     period.Period
	PeriodText string
	Others     []option // address and name of other periods
	Holds      string   // what is in effect, "" where nothing is
	HoldsBy    string
	Own        *fact.Report // what the enterprise said before
	OwnText    string
	Asked      string   // what an official wants to know
	Trust      []string // whose word counts, most first
	Choices    []option // of a code or a yes-or-no
	Units      []option // of money
	Unit       string   // of other figures
	Low, High  string   // bounds, "" for none
	Form       reportForm
}

// reportOf is the form of an address, filled in with what is known.
func (s *server) reportOf(r *http.Request, v *visit) (fact.View, reportPage, error) {
	view, e, err := s.firmOf(r, v)
	if err != nil {
		return view, reportPage{}, err
	}
	p := reportPage{Firm: e}
	p.Subject, _ = strconv.ParseInt(r.PathValue("subject"), 10, 64)
	def, ok := s.Library.FactDef(r.PathValue("def"))
	sub, known := view.Subject(p.Subject)
	if !ok || !known || sub.Kind != def.Subject || !view.Below(p.Subject, e.ID) {
		return view, p, errs.NotFound("fact", r.PathValue("def"))
	}
	if !view.Can(access.Report, p.Subject) {
		return view, p, forbidden(access.Report)
	}
	p.Subject, p.Def = sub.ID, def
	if sub.Kind != content.Enterprise {
		p.Title = s.childTitle(v.t, view, sub.Kind, sub.ID, 0)
	}
	if err := s.reportPeriods(r, v, &p); err != nil {
		return view, p, err
	}
	s.reportFields(v.t, &p)
	return view, p, s.reportKnown(r, v, view, &p)
}

// reportPeriods settles which period the form is about, and which others there are.
func (s *server) reportPeriods(r *http.Request, v *visit, p *reportPage) error {
	if p.Def.Period != period.Year {
		return nil
	}
	now := s.Clock.Today().Year()
	p.Period = period.OfYear(now - 1)
	if text := r.FormValue("period"); text != "" {
		asked, err := period.Parse(text)
		if err != nil || asked.Kind() != period.Year {
			return errs.Invalid(i18n.M("web.bad_period"))
		}
		p.Period = asked
	}
	for y := now; y > now-reportYears; y-- {
		if o := period.OfYear(y); o != p.Period {
			p.Others = append(p.Others, option{reportPath(p.Firm.ID, p.Subject, p.Def.Code, o), periodText(v.t, o)})
		}
	}
	p.PeriodText = periodText(v.t, p.Period)
	return nil
}

// reportFields is how the definition is typed.
func (s *server) reportFields(t i18n.T, p *reportPage) {
	for _, code := range p.Def.Authority {
		p.Trust = append(p.Trust, s.authorityName(t, code))
	}
	bound := func(n *int64) string {
		if n == nil {
			return ""
		}
		return valueText(t, s.Library, p.Def, fact.Value{Num: *n})
	}
	p.Low, p.High = bound(p.Def.Min), bound(p.Def.Max)
	switch p.Def.Type {
	case content.Bool:
		p.Choices = []option{{"是", t.S("web.yes")}, {"否", t.S("web.no")}}
	case content.Code:
		if list, ok := s.Library.CodeList(p.Def.Codes); ok && !list.Open {
			for _, e := range list.Entries {
				p.Choices = append(p.Choices, option{e.Code, t.Text(e.Name)})
			}
		}
	case content.Money:
		p.Units = []option{{"元", t.S("web.yuan")}, {"万元", t.S("web.wan")}, {"亿元", t.S("web.yi")}}
		p.Form.Unit = p.Def.Unit
	case content.Rate:
		p.Unit = "%"
	default:
		p.Unit = unitText(t, p.Def.Unit)
	}
}

// reportKnown fills the form in with what the enterprise said before, else with what is in effect.
func (s *server) reportKnown(r *http.Request, v *visit, view fact.View, p *reportPage) error {
	cell := view.Value(p.Subject, p.Def.Code, p.Period)
	if cell.State != fact.Unknown {
		p.Holds = factText(v.t, s.Library, p.Def, cell.State, cell.Value, cell.Precision)
		p.HoldsBy = s.authorityName(v.t, view.Authority(cell))
	}
	fill := cell
	all, err := view.Reports(r.Context())
	if err != nil {
		return err
	}
	for _, own := range all {
		if own.Subject != p.Subject || own.Def != p.Def.Code || own.Period != p.Period {
			continue
		}
		p.Own, fill = &own, fact.Cell{State: own.State, Value: own.Value}
		p.OwnText = factText(v.t, s.Library, p.Def, own.State, own.Value, own.Precision)
		p.Form.Evidence = own.From.Note
		if own.Stand() == fact.Asked {
			p.Asked = own.Answers[len(own.Answers)-1].Note
		}
	}
	p.Form.None = fill.State == fact.None
	if fill.State == fact.Present {
		p.Form.Value = typedAs(p.Def, fill.Value)
	}
	return nil
}

// typedAs is a value as somebody would type it.
func typedAs(def content.FactDef, v fact.Value) string {
	switch def.Type {
	case content.Text, content.Code:
		return v.Text
	case content.Bool:
		if v.Num == 1 {
			return "是"
		}
		return "否"
	case content.Date:
		return period.Day(v.Num).String()
	case content.Money:
		unit, _ := money.UnitOf(def.Unit)
		return money.Fen(v.Num).In(cmp.Or(unit, money.Yuan))
	case content.Rate:
		return money.Fen(v.Num).In(10_000)
	case content.Decimal:
		return money.Fen(v.Num).In(1_000_000)
	}
	return strconv.FormatInt(v.Num, 10)
}

func (s *server) reportForm(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, p, err := s.reportOf(r, v)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("report.title")), http.StatusOK, reportFormPage(v.t, p))
}

// report states the figure. What was typed is read as a cell of a sheet would be.
func (s *server) report(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, p, err := s.reportOf(r, v)
	if err != nil {
		return err
	}
	p.Form = reportForm{
		Value: strings.TrimSpace(r.PostFormValue("value")), Unit: r.PostFormValue("unit"), None: r.PostFormValue("none") == "1",
		Evidence: r.PostFormValue("evidence"), Errors: map[string]string{},
	}
	if !slices.ContainsFunc(p.Units, func(o option) bool { return o.Value == p.Form.Unit }) {
		p.Form.Unit = ""
	}
	n := fact.NewReport{Subject: p.Subject, Def: p.Def.Code, Period: p.Period, Evidence: p.Form.Evidence, State: fact.None}
	field := "evidence"
	if !p.Form.None {
		said, err := intake.Typed(s.Library, p.Def, p.Form.Value, p.Form.Unit)
		if msg, ok := errs.Message(err); ok {
			p.Form.Errors["value"] = v.t.Msg(msg)
		} else if err != nil {
			return err
		}
		n.State, n.Value, n.Precision, n.Shown = said.State, said.Value, said.Precision, said.Shown
	}
	if len(p.Form.Errors) == 0 {
		if _, err = view.Report(r.Context(), n); err == nil {
			return seeOther(w, r, factPath(p.Firm.ID, p.Subject, p.Def.Code)+"?done=reported")
		}
		msg, ok := errs.Message(err)
		if kind := errs.KindOf(err); !ok || kind != errs.KindInvalid && kind != errs.KindConflict {
			return err
		}
		if errs.KindOf(err) == errs.KindConflict {
			field = "value"
		}
		p.Form.Errors[field] = v.t.Msg(msg)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("report.title")), http.StatusUnprocessableEntity, reportFormPage(v.t, p))
}

// withdraw takes back what the enterprise stated about the figure.
func (s *server) withdraw(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, p, err := s.reportOf(r, v)
	if err != nil {
		return err
	}
	if err := view.Withdraw(r.Context(), p.Subject, p.Def.Code, p.Period, strings.TrimSpace(r.PostFormValue("reason"))); err != nil {
		return err
	}
	return seeOther(w, r, "/mine?done=withdrawn")
}

// answerReport is for the official: ask the enterprise, or let the difference stand.
func (s *server) answerReport(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, p, err := s.factPageOf(r, v)
	if err != nil {
		return err
	}
	src, err := strconv.ParseInt(r.PostFormValue("report"), 10, 64)
	about := func(l factLine) bool { return l.Report != nil && l.Report.Source == src }
	if err != nil || !slices.ContainsFunc(p.Lines, about) {
		return errs.NotFound("report", r.PostFormValue("report"))
	}
	err = view.AnswerReport(r.Context(), src, fact.AnswerKind(r.PostFormValue("kind")), r.PostFormValue("note"))
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindForbidden && errs.KindOf(err) != errs.KindNotFound {
		p.Problem = v.t.Msg(msg)
		return s.show(w, r, s.shell(r, v, v.t.Text(p.Def.Name)), statusOf(err), timelinePage(v.t, p))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, factPath(p.Firm.ID, p.Subject, p.Def.Code)+"?done=answered")
}

// reportRow is a report in words.
type reportRow struct {
	fact.Report
	figure
	Stand              fact.Stand
	Says, Holds, By    string // what the enterprise says, what is in effect, and who said that
	Evidence, When, Re string // Re is the last answer of an official
	Form               string // where the enterprise states it anew
}

func (s *server) reportRow(t i18n.T, view fact.View, r fact.Report) reportRow {
	row := reportRow{Report: r, figure: s.figureOf(t, view, r.Subject, r.Def, r.Period), Stand: r.Stand(), Evidence: r.From.Note, When: instant(r.From.ReceivedAt)}
	def, _ := s.Library.FactDef(r.Def)
	row.Says = factText(t, s.Library, def, r.State, r.Value, r.Precision)
	if r.Cell.Source != r.Source {
		row.Holds, row.By = factText(t, s.Library, def, r.Cell.State, r.Cell.Value, r.Cell.Precision), s.authorityName(t, view.Authority(r.Cell))
	}
	if n := len(r.Answers); n > 0 {
		row.Re = r.Answers[n-1].Note
	}
	row.Form = reportPath(r.Speaker, r.Subject, r.Def, r.Period)
	return row
}

// reportsQuery is a view of what enterprises stated; its address restores it.
type reportsQuery struct {
	Stand fact.Stand // "" for all
	Page  int
}

func (q reportsQuery) href(path string) string {
	out := url.Values{}
	if q.Stand != "" {
		out.Set("state", string(q.Stand))
	}
	if q.Page > 1 {
		out.Set("page", strconv.Itoa(q.Page))
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

func (q reportsQuery) onPage(n int) reportsQuery {
	q.Page = n
	return q
}

func readReports(in url.Values) reportsQuery {
	q := reportsQuery{Stand: fact.Stand(in.Get("state"))}
	if !slices.Contains(fact.Stands(), q.Stand) {
		q.Stand = ""
	}
	q.Page = pageNumber(in.Get("page"))
	return q
}

// reportsData is the page of what enterprises stated about themselves.
type reportsData struct {
	Query        reportsQuery
	Stands       []option
	Total, Pages int
	Rows         []reportRow
	AsOf         string
}

// reportsOf is the reports of a query.
func (s *server) reportsOf(r *http.Request, v *visit, q reportsQuery) (fact.View, []fact.Report, error) {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return view, nil, err
	}
	all, err := view.Reports(r.Context())
	if q.Stand != "" {
		all = slices.DeleteFunc(all, func(r fact.Report) bool { return r.Stand() != q.Stand })
	}
	return view, all, err
}

func (s *server) reports(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := readReports(r.Form)
	view, all, err := s.reportsOf(r, v, q)
	if err != nil {
		return err
	}
	d := reportsData{Query: q, Total: len(all), Pages: max((len(all)+listRows-1)/listRows, 1), AsOf: s.asOf(v.t, view)}
	for _, stand := range fact.Stands() {
		d.Stands = append(d.Stands, option{string(stand), v.t.S("report.stand_" + string(stand))})
	}
	d.Query.Page = min(q.Page, d.Pages)
	first := (d.Query.Page - 1) * listRows
	for _, x := range all[first:min(first+listRows, len(all))] {
		d.Rows = append(d.Rows, s.reportRow(v.t, view, x))
	}
	return s.show(w, r, s.shell(r, v, v.t.S("report.list")), http.StatusOK, reportsPage(v.t, d))
}

// exportReports sends all of the view, not the page of it.
func (s *server) exportReports(w http.ResponseWriter, r *http.Request, v *visit) error {
	q, t := readReports(r.Form).onPage(1), v.t
	view, all, err := s.reportsOf(r, v, q)
	if err != nil {
		return err
	}
	rows := make([][]any, len(all))
	for i, x := range all {
		row := s.reportRow(t, view, x)
		rows[i] = []any{row.Firm, row.What, row.Says, row.Holds, row.By, t.S("report.stand_" + string(row.Stand)), row.Evidence, row.Re, row.When}
	}
	return s.export(w, r, v, t.S("report.list")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: t.S("report.list"), Notes: s.notes(v, view, q.href("/reports")),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("web.firm_name"), t.S("web.figure"), t.S("report.says"), t.S("report.holds"), t.S("web.who_said"), t.S("web.state"),
			t.S("report.evidence"), t.S("report.answer"), t.S("web.when"),
		}},
	})
}

// sourceName is what a source is called: its file, the kind of its case, or the figure that an enterprise stated.
func (s *server) sourceName(t i18n.T, src source.Source) string {
	switch src.Kind {
	case source.Entry:
	case source.Case:
		if w, ok := s.Cases.Set.Workflow(src.Name); ok {
			return t.Text(w.Title)
		}
		return src.Name
	default:
		return src.Name
	}
	code, at, _ := strings.Cut(src.Name, " ")
	name := code
	if def, ok := s.Library.FactDef(code); ok {
		name = t.Text(def.Name)
	}
	if p, err := period.Parse(at); err == nil && at != "" {
		name += inBrackets(t, periodText(t, p))
	}
	return t.S("report.source", name)
}
