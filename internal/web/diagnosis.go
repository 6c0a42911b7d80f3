package web

import (
	"context"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
	visits "github.com/yanzhen/yanzhen/internal/visit"
)

// assignedRow is in words that a firm was given to an institute.
type assignedRow struct{ At, Name, How, Why string }

// choiceRow is an institute that a firm may choose, or why it may not.
type choiceRow struct {
	ID                     int64
	Name, Qualified, Grade string
	Bar                    string
	Now                    bool
}

// fittingRow is a clause that would pay for what advice says, in words.
type fittingRow struct{ Policy, Clause, Cite, Href, Pays, Confidence string }

// adviceRow is a piece of advice in words, with what became of it.
type adviceRow struct {
	diagnosis.Advice
	ScenarioName, Cost, FactName string
	Finding                      diagnosis.Finding
	Case                         *diagnosis.Example
	Fits                         []fittingRow
	Pays                         []fittingRow // for the project as it was accepted
	Answer                       diagnosis.Answer
	AnswerName                   string
	Filing                       int64
	FilingState                  string
	Before, After                string // the figure by which the effect is measured, with its year; "" where it is not known
	MayFile                      bool
}

// remarkRow is what the linter says.
type remarkRow struct {
	At, Text string
	Stops    bool
}

// readReport is a report as it is read: on a page or printed.
type readReport struct {
	diagnosis.Report
	Level, Points string // what the model said when it was handed in; "" where there is no model
	Advice        []adviceRow
	Barrier       string
	Service       diagnosis.Service
	Year          int
	Handed        string // when it was handed in
	Hash          string
	ClausesOf     string // by what of the firm the amounts were worked out
}

type diagnosisData struct {
	*diagnosis.Sight
	StateName, AreaName, KindName string
	Given                         []assignedRow
	Choices                       []choiceRow
	Read                          *readReport
	Development                   *development // of the firm by the kind's model, for whom may read it
	Lints                         []remarkRow  // that were told when the report was handed in, to offices
	Risks                         []string     // likewise
	Consent                       string       // until when it holds
	MayPack                       bool         // the visitor is the institute, and the consent stands
	Actions                       bool         // the visitor may act in the case
	Typed                         map[string]diagnosis.Answer
	Problem, Done                 string
}

func (s *server) sightOf(r *http.Request, v *visit) (*diagnosis.Sight, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	return s.Diagnoses.Sight(r.Context(), v.scope, s.Cases, id)
}

// visitFindings is what was found on the visit of a diagnosis, for a report that begins; nothing where it was handed in on the form alone.
func (s *server) visitFindings(r *http.Request, v *visit) ([]diagnosis.Noted, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	x, err := s.Visits.Visit(r.Context(), v.scope, id)
	if errs.KindOf(err) == errs.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []diagnosis.Noted
	for _, t := range x.Of(visits.Findings) {
		if b := t.Value(); b != nil {
			all = append(all, diagnosis.Noted{Part: b.Part, Title: b.Title, Seen: b.Seen, Gap: b.Gap, Advice: b.Advice, Photographs: len(b.Photos)})
		}
	}
	return all, nil
}

func (s *server) diagnosisPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showDiagnosis(w, r, v, http.StatusOK, "", nil)
}

func (s *server) showDiagnosis(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string, typed map[string]diagnosis.Answer) error {
	x, err := s.sightOf(r, v)
	if err != nil {
		return err
	}
	ctx, t := r.Context(), v.t
	d := diagnosisData{Sight: x, AreaName: s.areaName(x.Area), KindName: t.Text(x.Kind.Name), Problem: problem, Typed: typed}
	if done := r.FormValue("done"); slices.Contains([]string{"chosen", "answered", "saved"}, done) {
		d.Done = t.S("diagnosispage.done_" + done)
	}
	if w, err := s.Cases.Definition(ctx, x.Case); err == nil {
		d.StateName = stateName(t, w, x.State)
	}
	names, err := s.instituteNames(ctx)
	if err != nil {
		return err
	}
	for _, a := range x.Assigned {
		row := assignedRow{At: instant(a.At), Name: names[a.Institute], How: t.S("diagnosispage.how_" + a.How), Why: t.Msg(a.Why)}
		if x.Office || a.How != diagnosis.Left { // why one left is said among offices and by itself
			d.Given = append(d.Given, row)
		}
	}
	if m := x.Kind.Rubric(); m != nil && x.Report.N != 0 { // for whom the firm's own results are to be read
		view, err := s.view(ctx, v)
		if err != nil {
			return err
		}
		if d.Development, err = s.developmentOf(ctx, t, view, m, x.Firm.ID); err != nil {
			return err
		}
	}
	if x.Choose {
		if d.Choices, err = s.choiceRows(ctx, v, x); err != nil {
			return err
		}
	}
	for _, g := range x.Consents {
		if g.To == x.By.ID && g.Stands(s.Clock.Millis()) {
			d.Consent = t.S("creditpage.consent_until", day(g.Until-1))
			d.MayPack = v.scope.SeesObject(access.UseConsent, access.Object{Partner: g.To})
		}
	}
	if x.Report.N != 0 {
		if d.Read, err = s.readReport(ctx, v, x); err != nil {
			return err
		}
		last := x.Reports[len(x.Reports)-1]
		if x.Office {
			d.Lints = remarkRows(t, last.Lint)
			for _, m := range last.Risks {
				d.Risks = append(d.Risks, t.Msg(m))
			}
		}
	}
	choices, err := s.Cases.Choices(ctx, v.scope, x.ID)
	if err != nil {
		return err
	}
	d.Actions = len(choices) > 0
	return s.show(w, r, s.shell(r, v, x.Title), status, diagnosisPage(t, d))
}

func remarkRows(t i18n.T, all []diagnosis.Remark) (rows []remarkRow) {
	for _, m := range all {
		rows = append(rows, remarkRow{m.At, t.Msg(m.Msg), m.Stops})
	}
	return rows
}

// choiceRows are the institutes that the firm may choose, those that may not with why.
func (s *server) choiceRows(ctx context.Context, v *visit, x *diagnosis.Sight) ([]choiceRow, error) {
	all, err := s.Diagnoses.Choices(ctx, v.scope, s.Cases, x.ID)
	if err != nil {
		return nil, err
	}
	rows, err := s.Diagnoses.Rows(ctx, access.SystemScope()) // of which the grades alone are told
	if err != nil {
		return nil, err
	}
	graded := map[int64]diagnosis.Tally{}
	for _, c := range diagnosis.ByInstitute(rows) {
		graded[c.Of] = c.Tally
	}
	var out []choiceRow
	for _, c := range all {
		row := choiceRow{ID: c.Institute.ID, Name: c.Institute.Name, Qualified: c.Institute.Qualified, Now: c.Institute.ID == x.By.ID}
		row.Grade, _ = s.Diagnoses.Programme.Grade(graded[c.Institute.ID])
		if !c.Bar.IsZero() {
			row.Bar = v.t.Msg(c.Bar)
		}
		out = append(out, row)
	}
	return out, nil
}

// readReport is the report that was handed in last, with what the system adds to it.
func (s *server) readReport(ctx context.Context, v *visit, x *diagnosis.Sight) (*readReport, error) {
	t := v.t
	h := x.Reports[len(x.Reports)-1]
	out := &readReport{Report: x.Report.Report, Year: x.Lot.Year, Handed: instant(h.At), Hash: h.Hash}
	barriers, _ := s.Library.CodeList(diagnosis.BarrierCodes)
	if e, ok := barriers.Entry(x.Report.Barrier); ok {
		out.Barrier = t.Text(e.Name)
	}
	out.Service, _ = s.Diagnoses.Programme.Service(x.Report.Barrier)
	if err := s.reportLevel(ctx, t, x, out); err != nil {
		return nil, err
	}
	firm, of, err := s.toldFirm(ctx, v, x)
	if err != nil {
		return nil, err
	}
	out.ClausesOf = of
	plans, err := s.plansFor(ctx, x.Firm.Area)
	if err != nil {
		return nil, err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return nil, err
	}
	effects, err := s.Diagnoses.Effects(ctx, view, x.ID)
	if err != nil {
		return nil, err
	}
	scenarios, _ := s.Library.CodeList(diagnosis.ScenarioCodes)
	for _, a := range x.Report.Advice {
		row := adviceRow{Advice: a, Cost: costText(t, a), Filing: x.Filings[a.ID]}
		if e, ok := scenarios.Entry(a.Scenario); ok {
			row.ScenarioName = t.Text(e.Name)
		}
		if i := slices.IndexFunc(x.Report.Findings, func(f diagnosis.Finding) bool { return f.ID == a.Finding }); i >= 0 {
			row.Finding = x.Report.Findings[i]
		}
		if e, ok := s.Diagnoses.Programme.Example(a.Example); ok {
			row.Case = &e
		}
		if def, ok := s.Library.FactDef(a.Fact); ok {
			row.FactName = t.Text(def.Name)
			for _, e := range effects {
				if e.Advice == a.ID {
					row.Before, row.After = s.effectText(t, def, e.Before, e.Then.YearOf()), s.effectText(t, def, e.After, e.Since.YearOf())
				}
			}
		}
		for _, e := range effects {
			if w, ok := s.Cases.Set.Workflow("project_filing"); ok && e.Advice == a.ID {
				row.FilingState = stateName(t, w, e.State)
			}
		}
		if i := slices.IndexFunc(x.Answers, func(y diagnosis.Answer) bool { return y.Advice == a.ID }); i >= 0 {
			row.Answer, row.AnswerName = x.Answers[i], t.S("diagnosispage.answer_"+x.Answers[i].Answer)
		}
		row.MayFile = row.Answer.Answer == diagnosis.Adopt && row.Filing == 0 && diagnosis.Accepted(x.State) && v.scope.Sees(access.FileCase, "", x.Enterprise)
		if row.Pays, err = s.projectPays(ctx, t, view, plans, x.Firm.ID, row.Filing); err != nil {
			return nil, err
		}
		if row.Fits, err = s.fittingRows(t, firm, plans, a, clock.DayOf(h.At).Year()); err != nil {
			return nil, err
		}
		out.Advice = append(out.Advice, row)
	}
	return out, nil
}

// costText is what advice costs, in words.
func costText(t i18n.T, a diagnosis.Advice) string {
	if a.Least == a.Most || a.Least == 0 {
		return inWords(t, a.Most)
	}
	return t.S("creditpage.span", inWords(t, a.Least), inWords(t, a.Most))
}

// effectText is a figure of a year, in words; "" where it is not known.
func (s *server) effectText(t i18n.T, def content.FactDef, c fact.Cell, year int) string {
	if c.State != fact.Present {
		return ""
	}
	return t.S("diagnosispage.figure_of_year", year, factText(t, s.Library, def, c.State, c.Value, c.Precision))
}

// reportLevel fills in what the model said when the report was handed in: the result that the case sealed.
func (s *server) reportLevel(ctx context.Context, t i18n.T, x *diagnosis.Sight, out *readReport) error {
	m := x.Kind.Rubric()
	if m == nil {
		return nil
	}
	sealed, err := s.Results.OfCase(ctx, x.ID)
	if err != nil || len(sealed) == 0 {
		return err
	}
	last := sealed[0]
	out.Level = levelWord(t, m, last.Level)
	if last.Score != nil {
		out.Points = pointsText(t, m, assess.Span{Sure: last.Score, Possible: last.May, Open: last.May == nil})
	}
	if last.Level != last.MayBe {
		out.Level = t.S("diagnosispage.level_open", out.Level, levelWord(t, m, last.MayBe))
	}
	return nil
}

// toldFirm is the firm as the visitor may have clauses worked out for it, and how: who reads its file by all that is known of it, the
// institute by what the firm consented to.
func (s *server) toldFirm(ctx context.Context, v *visit, x *diagnosis.Sight) (rule.Subject, string, error) {
	view, err := s.view(ctx, v)
	if err != nil {
		return nil, "", err
	}
	if subject, ok := s.reader.Subject(view, x.Firm.ID); ok && v.scope.Sees(access.ReadFact, x.Firm.Area, x.Firm.ID) {
		return subject, v.t.S("diagnosispage.by_all"), nil
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, "", err
	}
	subject, ok := s.reader.Subject(whole, x.Firm.ID)
	if !ok {
		return nil, "", errs.NotFound("enterprise", x.Firm.ID)
	}
	told := diagnosis.Told{Subject: subject}
	for _, g := range x.Consents {
		if g.Stands(s.Clock.Millis()) && v.scope.SeesObject(access.UseConsent, access.Object{Partner: g.To}) {
			told.Facts = g.Facts
		}
	}
	return told, v.t.S("diagnosispage.by_consent"), nil
}

// plansFor are the policies in force that concern an area, as they are.
func (s *server) plansFor(ctx context.Context, area string) ([]*policy.Plan, error) {
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	all, err := s.policies(ctx, whole)
	if err != nil {
		return nil, err
	}
	var plans []*policy.Plan
	for _, p := range all {
		if !concerns(s.Library.Areas(), p.Policy.File.Document, area) {
			continue
		}
		plan, err := p.Policy.Plan(nil)
		if err != nil {
			return nil, err
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

func (s *server) fittingRows(t i18n.T, firm rule.Subject, plans []*policy.Plan, a diagnosis.Advice, year int) ([]fittingRow, error) {
	all, err := a.Fitting(firm, plans, year)
	if err != nil {
		return nil, err
	}
	var rows []fittingRow
	for _, f := range all {
		c, _ := f.Policy.Clause(f.Clause)
		doc := f.Policy.File.Document
		rows = append(rows, fittingRow{
			Policy: t.Text(doc.Name), Clause: t.Text(c.Name), Cite: joined(doc.Number, c.Cite), Href: "/policies/" + doc.ID, Pays: paysText(t, f), Confidence: doc.Confidence,
		})
	}
	return rows, nil
}

// projectPays is what clauses pay for the project of a filing that was accepted, as the view knows the firm.
func (s *server) projectPays(ctx context.Context, t i18n.T, view fact.View, plans []*policy.Plan, firm, filing int64) ([]fittingRow, error) {
	if filing == 0 || !view.Can(access.ReadFact, firm) {
		return nil, nil
	}
	c, _, err := s.Cases.Get(ctx, access.SystemScope(), filing) // its project is a fact of the firm, which the visitor may read
	if err != nil || c.Ended != "done" {
		return nil, err
	}
	var rows []fittingRow
	for _, plan := range plans {
		d, err := s.Region.Decide(ctx, view, plan, firm, s.Clock.Today())
		if err != nil {
			return nil, err
		}
		for _, l := range d.Lines {
			if l.Subject.ID != strconv.FormatInt(c.Subject, 10) || l.Pays.Sure <= 0 {
				continue
			}
			clause, _ := plan.Policy.Clause(l.Clause)
			doc := plan.Policy.File.Document
			rows = append(rows, fittingRow{Clause: t.Text(clause.Name), Cite: joined(doc.Number, clause.Cite), Href: "/policies/" + doc.ID, Pays: t.S("diagnosispage.pays_project", inWords(t, l.Pays.Sure))})
		}
	}
	return rows, nil
}

// paysText is what a clause would pay, in words: for sure, and at most.
func paysText(t i18n.T, f diagnosis.Fitting) string {
	least, most := f.Least.Sure, f.Most.Sure
	switch {
	case f.Most.Unbounded:
		return t.S("diagnosispage.pays_open")
	case most > 0 && least == most:
		return t.S("diagnosispage.pays_sure", inWords(t, most))
	case most > 0 && least == 0:
		return t.S("diagnosispage.pays_up_to", inWords(t, most))
	case most > 0:
		return t.S("diagnosispage.pays_between", inWords(t, least), inWords(t, most))
	}
	return t.S("diagnosispage.pays_possible", inWords(t, f.Most.Possible))
}

// chooseInstitute has the firm agree to the institute that was proposed, or choose another.
func (s *server) chooseInstitute(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, err := s.sightOf(r, v)
	if err != nil {
		return err
	}
	return s.diagnosisStepped(w, r, v, "chosen", s.Diagnoses.Agree(r.Context(), v.scope, s.Cases, x.ID, max(numberOf(r, "institute"), 0)), nil)
}

// diagnosisStepped leads on after something was done in a diagnosis, or tells what is wrong with it.
func (s *server) diagnosisStepped(w http.ResponseWriter, r *http.Request, v *visit, done string, err error, typed map[string]diagnosis.Answer) error {
	id, bad := pathID(r)
	if bad != nil {
		return bad
	}
	if err == nil {
		return seeOther(w, r, diagnosisPath(id)+"?done="+done)
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	return s.showDiagnosis(w, r, v, statusOf(err), v.t.Msg(msg), typed)
}

// answerAdvice hands in what the firm answers to the advice.
func (s *server) answerAdvice(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, err := s.sightOf(r, v)
	if err != nil {
		return err
	}
	typed := map[string]diagnosis.Answer{}
	var all []diagnosis.Answer
	for _, a := range x.Report.Advice {
		one := diagnosis.Answer{Advice: a.ID, Answer: r.PostFormValue("answer-" + a.ID), Reason: r.PostFormValue("reason-" + a.ID)}
		typed[a.ID], all = one, append(all, one)
	}
	return s.diagnosisStepped(w, r, v, "answered", s.Diagnoses.Reply(r.Context(), v.scope, s.Cases, x.ID, all), typed)
}

// fileAdvice opens the project filing of adopted advice, and leads to it.
func (s *server) fileAdvice(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, err := s.sightOf(r, v)
	if err != nil {
		return err
	}
	filing, err := s.Diagnoses.File(r.Context(), v.scope, s.Cases, x.ID, r.PostFormValue("advice"))
	if err == nil {
		return seeOther(w, r, casePath(filing))
	}
	return s.diagnosisStepped(w, r, v, "", err, nil)
}

// diagnosisForm is a report while it is written.
type diagnosisForm struct {
	*diagnosis.Sight
	diagnosis.Report
	Base      int
	Parts     []option
	Scenarios []option
	Barriers  []option
	Examples  []option
	Figures   []option
	Lints     []remarkRow
	Model     string // what the model says of the firm now
	Problem   string
	Done      string
	Misread   map[string]misread // by field
	Stale     bool               // somebody else saved meanwhile: saving again goes before that
}

// misread is what was typed into a field and cannot be read, with what is wrong with it.
type misread struct{ Text, Problem string }

func (s *server) writeReport(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	noted, err := s.visitFindings(r, v)
	if err != nil {
		return err
	}
	x, err := s.Diagnoses.Sight(r.Context(), v.scope, s.Cases, id, noted...)
	if err != nil {
		return err
	}
	if !x.Write {
		return seeOther(w, r, diagnosisPath(x.ID))
	}
	done := ""
	if r.FormValue("done") == "saved" {
		done = v.t.S("diagnosispage.done_saved")
	}
	return s.showReportForm(w, r, v, http.StatusOK, diagnosisForm{Sight: x, Report: x.Saved.Report, Base: x.Saved.N, Lints: remarkRows(v.t, x.Lint), Done: done})
}

func (s *server) showReportForm(w http.ResponseWriter, r *http.Request, v *visit, status int, f diagnosisForm) error {
	t := v.t
	none := option{"", t.S("diagnosispage.none")}
	f.Scenarios, f.Barriers = append([]option{none}, codeOptions(s.Library, t, diagnosis.ScenarioCodes)...), append([]option{none}, codeOptions(s.Library, t, diagnosis.BarrierCodes)...)
	f.Examples, f.Figures, f.Parts = []option{none}, []option{none}, []option{none}
	for _, e := range s.Diagnoses.Programme.Examples {
		f.Examples = append(f.Examples, option{e.ID, joined(t.Text(e.Name), t.Text(e.Of))})
	}
	figures := []string{"ent.output", "ent.revenue", "ent.employees", "ent.energy_tce", "ent.power_kwh"}
	if m := f.Kind.Rubric(); m != nil {
		for _, n := range m.Nodes() {
			if n.IsQuestion() {
				f.Parts = append(f.Parts, option{n.ID, t.Text(n.Name)})
			}
		}
		for _, d := range m.Facts() {
			figures = append(figures, d.Code)
		}
		if f.Graded != nil && f.Graded.Scored {
			f.Model = t.S("diagnosispage.model_says", m.Title, pointsText(t, m, f.Graded.Score))
		}
	}
	for i, code := range figures {
		def, ok := s.Library.FactDef(code)
		if ok && slices.Index(figures, code) == i && (def.Type == content.Int || def.Type == content.Decimal || def.Type == content.Money || def.Type == content.Rate) {
			f.Figures = append(f.Figures, option{code, t.Text(def.Name)})
		}
	}
	return s.show(w, r, s.shell(r, v, t.S("diagnosispage.write")), status, diagnosisReportPage(t, f))
}

// saveReport keeps what was typed. A further finding or piece of advice may be asked for with it.
func (s *server) saveReport(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, err := s.sightOf(r, v)
	if err != nil {
		return err
	}
	f := diagnosisForm{Sight: x, Base: int(numberOf(r, "base"))}
	if f.Report, f.Misread = typedReport(v.t, r); len(f.Misread) > 0 {
		err = errs.Invalid(i18n.M("diagnosispage.misread", len(f.Misread)))
	} else {
		f.add(r.PostFormValue("add"))
		_, err = s.Diagnoses.Save(r.Context(), v.scope, s.Cases, x.ID, f.Base, f.Report)
	}
	if err == nil {
		return seeOther(w, r, diagnosisPath(x.ID)+"/report?done=saved#"+r.PostFormValue("add"))
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	f.Problem, f.Lints = v.t.Msg(msg), remarkRows(v.t, diagnosis.Lint(&f.Report, nil))
	if msg.Key == diagnosis.SavedMeanwhile {
		f.Base, f.Stale = x.Saved.N, true
	}
	return s.showReportForm(w, r, v, statusOf(err), f)
}

// add puts one more finding or piece of advice at the end.
func (f *diagnosisForm) add(what string) {
	free := func(letter string, taken func(id string) bool) string {
		for n := 1; ; n++ {
			if id := letter + strconv.Itoa(n); !taken(id) {
				return id
			}
		}
	}
	switch what {
	case "finding":
		id := free("f", func(id string) bool {
			return slices.ContainsFunc(f.Report.Findings, func(x diagnosis.Finding) bool { return x.ID == id })
		})
		f.Report.Findings = append(f.Report.Findings, diagnosis.Finding{ID: id})
	case "advice":
		id := free("a", func(id string) bool {
			return slices.ContainsFunc(f.Report.Advice, func(x diagnosis.Advice) bool { return x.ID == id })
		})
		f.Report.Advice = append(f.Report.Advice, diagnosis.Advice{ID: id})
	}
}

// typedReport reads a report from its form; what was ticked to go is left out. bad is the fields that cannot be read.
func typedReport(t i18n.T, r *http.Request) (out diagnosis.Report, bad map[string]misread) {
	out, bad = diagnosis.Report{Summary: r.PostFormValue("summary"), Barrier: r.PostFormValue("barrier"), Why: r.PostFormValue("why")}, map[string]misread{}
	for _, id := range r.PostForm["finding"] {
		get := func(name string) string { return r.PostFormValue(fmt.Sprintf("f-%s-%s", id, name)) }
		if get("drop") == "" {
			out.Findings = append(out.Findings, diagnosis.Finding{ID: id, Part: get("part"), Title: get("title"), State: get("state"), Gap: get("gap"), Proof: get("proof")})
		}
	}
	for _, id := range r.PostForm["advice"] {
		get := func(name string) string { return r.PostFormValue(fmt.Sprintf("a-%s-%s", id, name)) }
		if get("drop") != "" {
			continue
		}
		a := diagnosis.Advice{
			ID: id, Finding: get("finding"), Title: get("title"), What: get("what"), Scenario: get("scenario"), Fact: get("fact"), Expected: get("expected"), Proof: get("proof"), Example: get("example"),
		}
		field := func(name string, read func(text string) error) {
			text := strings.TrimSpace(get(name))
			if text == "" {
				return
			}
			if msg, wrong := errs.Message(read(text)); wrong {
				bad[fmt.Sprintf("a-%s-%s", id, name)] = misread{get(name), t.Msg(msg)}
			}
		}
		field("least", func(text string) (err error) {
			a.Least, err = yuanTyped(text)
			return err
		})
		field("most", func(text string) (err error) {
			a.Most, err = yuanTyped(text)
			return err
		})
		field("months", func(text string) (err error) {
			if a.Months, err = strconv.Atoi(text); err != nil {
				return errs.Invalid(i18n.M("diagnosispage.no_months", text))
			}
			return nil
		})
		if a.Most == 0 {
			a.Most = a.Least
		}
		out.Advice = append(out.Advice, a)
	}
	return out, bad
}

// findingOptions are the findings of a report that advice may answer.
func findingOptions(t i18n.T, all []diagnosis.Finding) []option {
	out := []option{{"", t.S("diagnosispage.none")}}
	for _, f := range all {
		out = append(out, option{f.ID, joined(f.ID, f.Title)})
	}
	return out
}

// wanTyped is an amount in 万元 as somebody would type it; "" for none.
func wanTyped(a money.Fen) string {
	if a == 0 {
		return ""
	}
	text := new(big.Rat).SetFrac64(int64(a), int64(10_000*money.Yuan)).FloatString(6)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// countTyped is a number as it would be typed; "" for none.
func countTyped(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// linesOf is the paragraphs of a text.
func linesOf(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == '\n' || c == '\r' })
}
