package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/source"
)

// firmFile is 一企一档: who and where, what is known of it and of what belongs to it, and what each policy owes it.
type firmFile struct {
	party.Enterprise
	Areas, Industries []spanText
	Facts             factTable
	Children          []childFile
	Decisions         []decisionView
	Honours           *honours // nil for a moment of the past
	MergedFrom        []mergedRow
	MayMerge          bool
	MayReadings       bool // see who reads the data
	MayAccounts       bool // see who acts for it
	Done              string
	Moment            moment
	AsOf              string
}

type spanText struct{ Name, From, To string }

// childFile is a project, loan, lease or title of the enterprise.
type childFile struct {
	Kind, Title string
	Facts       factTable
	Filing      moneyRow // of a project; zero where there is none
}

// factTable is what is known of one subject: facts without time, and facts by year.
type factTable struct {
	Firm, Subject int64
	Plain         []factRow
	Years         []int
	Yearly        []factRow
	Other         []factRow // of months, quarters and other periods
	Folded        []foldedFacts
}

// foldedFacts is what is known of a class that pages show closed.
type foldedFacts struct {
	Class content.DataClass
	Facts factTable
}

// size is how many definitions a table shows.
func (f factTable) size() int {
	codes := map[string]bool{}
	for _, r := range slices.Concat(f.Plain, f.Yearly, f.Other) {
		codes[r.Def.Code] = true
	}
	return len(codes)
}

type factRow struct {
	Def   content.FactDef
	Cells []factCell // one, or one for each year
}

type factCell struct {
	Period   period.Period
	Text     string
	Exact    string
	Source   string
	Status   fact.Status
	Known    bool
	Stated   bool
	Disputed bool
}

func factPath(firm, subject int64, def string) string {
	return fmt.Sprintf("/enterprises/%d/facts/%d/%s", firm, subject, def)
}

// firmOf is the enterprise of an address, as far as the visitor may read it.
func (s *server) firmOf(r *http.Request, v *visit) (fact.View, party.Enterprise, error) {
	return s.firmAt(r, v, moment{})
}

// firmAt is the enterprise of an address as it was known at a moment.
func (s *server) firmAt(r *http.Request, v *visit, m moment) (fact.View, party.Enterprise, error) {
	id, err := pathID(r)
	if err != nil {
		return fact.View{}, party.Enterprise{}, err
	}
	view, err := s.viewAt(r.Context(), v, m)
	if err != nil {
		return view, party.Enterprise{}, err
	}
	e, ok := view.Enterprise(id)
	if !ok || !view.Can(access.ReadFact, id) {
		return view, e, errs.NotFound("enterprise", id)
	}
	return view, e, nil
}

func (s *server) enterprise(w http.ResponseWriter, r *http.Request, v *visit) error {
	m, err := s.momentOf(r)
	if err != nil {
		return err
	}
	view, e, err := s.firmAt(r, v, m)
	if err != nil {
		return err
	}
	f := firmFile{Enterprise: e, Moment: m, AsOf: s.asKnown(v.t, m, view)}
	f.Areas = s.spans(v.t, s.Library.Areas(), view.Nodes(e.ID, party.TreeArea))
	f.Industries = s.spans(v.t, s.Library.Industries(), view.Nodes(e.ID, party.TreeIndustry))
	if f.Facts, f.Children, err = s.factsOf(r.Context(), v.t, view, e.ID); err != nil {
		return err
	}
	filings, err := s.filings(r.Context(), v, e.ID)
	if err != nil {
		return err
	}
	for i, c := range f.Children {
		f.Children[i].Filing = filings[c.Facts.Subject]
	}
	if f.Decisions, err = s.decisions(r, v, view, e.ID, m); err != nil {
		return err
	}
	if f.MergedFrom, err = s.mergedRows(r.Context(), view, e); err != nil {
		return err
	}
	if !m.past() {
		h, err := s.honoursOf(r.Context(), v, view, e.ID)
		if err != nil {
			return err
		}
		f.Honours = &h
	}
	f.MayMerge = view.Can(access.Merge, e.ID) && !m.past()
	f.MayReadings = view.Can(access.ReadReadings, e.ID)
	f.MayAccounts = view.Can(access.IssueAccess, e.ID) || view.Can(access.Delegate, e.ID)
	switch r.FormValue("done") {
	case "merged":
		f.Done = v.t.S("web.merge_done")
	case "unmerged":
		f.Done = v.t.S("web.unmerge_done")
	}
	return s.show(w, r, s.shell(r, v, e.Name), http.StatusOK, filePage(v.t, f))
}

func (s *server) spans(t i18n.T, tree *content.Tree, spans []party.Span) []spanText {
	var all []spanText
	for _, sp := range spans {
		all = append(all, spanText{Name: nodeName(tree, sp.Node), From: dayOr(sp.From, ""), To: dayOr(sp.To, t.S("web.until_now"))})
	}
	return all
}

func dayOr(d *period.Day, otherwise string) string {
	if d == nil {
		return otherwise
	}
	return d.String()
}

// factsOf is what is known of an enterprise, and of what belongs to it: its projects with their loans and leases, and the
// rest.
func (s *server) factsOf(ctx context.Context, t i18n.T, view fact.View, firm int64) (factTable, []childFile, error) {
	ids := []int64{firm}
	var children []childFile
	for _, kind := range kinds[1:] {
		for i, id := range view.Children(firm, kind) {
			ids = append(ids, id)
			children = append(children, childFile{Kind: kind, Title: s.childTitle(t, view, kind, id, i)})
		}
	}
	known, err := view.Known(ctx, ids...)
	if err != nil {
		return factTable{}, nil, err
	}
	for i := range children {
		children[i].Facts = s.factTable(t, firm, ids[i+1], known[ids[i+1]])
	}
	return s.factTable(t, firm, firm, known[firm]), children, nil
}

// nameFacts is where a project, loan … has a name, best first.
var nameFacts = map[string][]string{
	content.Project: {"project.name", "project.code"},
	content.Loan:    {"loan.contract", "loan.bank"},
	content.Lease:   {"lease.contract", "lease.lessor"},
	content.Honour:  {"honour.title"},
}

func (s *server) childTitle(t i18n.T, view fact.View, kind string, id int64, i int) string {
	return cmp.Or(s.thingName(t, view, kind, id), t.S("web.kind_"+kind)+" "+strconv.Itoa(i+1))
}

// thingName is what a project, loan … is called; "" where it has no name that is known.
func (s *server) thingName(t i18n.T, view fact.View, kind string, id int64) string {
	for _, code := range nameFacts[kind] {
		def, ok := s.Library.FactDef(code)
		if c := view.Value(id, code, period.Period{}); ok && c.Known {
			return valueText(t, s.Library, def, c.Value)
		}
	}
	return ""
}

// factTable lays out what is known of a subject: what is of folded classes apart. The time lines themselves open from each value.
func (s *server) factTable(t i18n.T, firm, subject int64, known []fact.Known) factTable {
	var folded []foldedFacts
	open := known
	for _, c := range s.Library.Register().Classes {
		if !c.Folded {
			continue
		}
		var of, others []fact.Known
		for i := range open {
			if open[i].Def.Class == c.Code {
				of = append(of, open[i])
			} else {
				others = append(others, open[i])
			}
		}
		if len(of) > 0 {
			folded = append(folded, foldedFacts{c, s.factsByYear(t, firm, subject, of)})
			open = others
		}
	}
	table := s.factsByYear(t, firm, subject, open)
	table.Folded = folded
	return table
}

// factsByYear lays out by year what is known.
func (s *server) factsByYear(t i18n.T, firm, subject int64, known []fact.Known) factTable {
	table := factTable{Firm: firm, Subject: subject}
	for i := range known {
		if k := &known[i]; k.Period.Kind() == period.Year && !slices.Contains(table.Years, k.Period.YearOf()) {
			table.Years = append(table.Years, k.Period.YearOf())
		}
	}
	slices.Sort(table.Years)
	for i := range known {
		k := &known[i]
		cell := s.factCell(t, k)
		switch k.Period.Kind() {
		case period.Always:
			table.Plain = append(table.Plain, factRow{Def: k.Def, Cells: []factCell{cell}})
		case period.Year:
			n := len(table.Yearly)
			if n == 0 || table.Yearly[n-1].Def.Code != k.Def.Code {
				table.Yearly = append(table.Yearly, factRow{Def: k.Def, Cells: make([]factCell, len(table.Years))})
				n++
			}
			table.Yearly[n-1].Cells[slices.Index(table.Years, k.Period.YearOf())] = cell
		default:
			table.Other = append(table.Other, factRow{Def: k.Def, Cells: []factCell{cell}})
		}
	}
	return table
}

func (s *server) factCell(t i18n.T, k *fact.Known) factCell {
	c := factCell{
		Period: k.Period, Text: factText(t, s.Library, k.Def, k.Cell.State, k.Cell.Value, k.Cell.Precision),
		Status: k.Cell.Status, Known: k.Cell.Known, Stated: true, Disputed: k.Disputed,
	}
	if k.Cell.Known && k.Def.Type == content.Money {
		c.Exact = exactYuan(t, fen(k.Cell))
	}
	if k.From.ID != 0 {
		c.Source = s.sourceText(t, k.From)
	}
	return c
}

// sourceText is who said it, and which file; and that its text is not to be relied on, where it is not.
func (s *server) sourceText(t i18n.T, from source.Source) string {
	text := s.authorityName(t, from.Authority)
	if from.Kind != source.Entry { // else the authority is the enterprise, and says all
		text += " · " + s.sourceName(t, from)
	}
	if from.Degraded {
		text += " · " + t.S("web.source_degraded")
	}
	return text
}

func (s *server) authorityName(t i18n.T, code string) string {
	for _, a := range s.Library.Authorities() {
		if a.Code == code {
			return t.Text(a.Name)
		}
	}
	return code
}

// factPage is everything that was stated about one definition of a subject, by period.
type factPage struct {
	Firm     party.Enterprise
	Subject  int64
	Title    string // which project, loan …; "" for the enterprise itself
	Def      content.FactDef
	Lines    []factLine
	May      bool   // dispute
	MayClose bool   // a dispute, and answer what the enterprise stated
	Report   string // address of the form by which the enterprise states it, "" for others
	Done     string
	Problem  string
	Typed    string // text of a dispute that was refused
	At       string // period of that dispute
}

type factLine struct {
	fact.Line
	Period   string
	Text     string
	Said     []saidText
	Disputes []fact.Dispute
	Report   *reportRow // what the enterprise says, if it does
}

type saidText struct {
	Text, Shown, Authority, Source, Place, Received, Why string
	Sender, By, Evidence                                 string // the office that sent it, the account that brought it in, and what shows that it is true
	Effective, Retracted                                 bool
	Status                                               fact.Status
}

func (s *server) factPageOf(r *http.Request, v *visit) (fact.View, factPage, error) {
	view, e, err := s.firmOf(r, v)
	if err != nil {
		return view, factPage{}, err
	}
	p := factPage{Firm: e}
	p.Subject, _ = strconv.ParseInt(r.PathValue("subject"), 10, 64)
	def, ok := s.Library.FactDef(r.PathValue("def"))
	if !ok || !view.Below(p.Subject, e.ID) {
		return view, p, errs.NotFound("fact", r.PathValue("def"))
	}
	p.Def, p.May, p.MayClose = def, view.Can(access.Dispute, p.Subject), view.Can(access.Decide, p.Subject)
	if sub, ok := view.Subject(p.Subject); ok && sub.Kind != content.Enterprise {
		p.Title = s.childTitle(v.t, view, sub.Kind, p.Subject, 0)
	}
	lines, err := view.Timeline(r.Context(), p.Subject)
	if err != nil {
		return view, p, err
	}
	if mayReport(view, p.Subject, def) {
		p.Report = reportPath(e.ID, p.Subject, def.Code, period.Period{})
	}
	reports, err := view.Reports(r.Context())
	if err != nil {
		return view, p, err
	}
	people := map[int64]string{}
	for _, l := range lines {
		if l.Def.Code != def.Code {
			continue
		}
		line, err := s.factLine(r.Context(), v.t, l, people)
		if err != nil {
			return view, p, err
		}
		for _, x := range reports {
			if x.Def == def.Code && x.Period == l.Period && slices.ContainsFunc(l.Stated, func(s fact.Said) bool { return s.Source == x.Source }) {
				row := s.reportRow(v.t, view, x)
				line.Report = &row
			}
		}
		p.Lines = append(p.Lines, line)
	}
	if len(p.Lines) == 0 {
		return view, p, errs.NotFound("fact", def.Code)
	}
	return view, p, nil
}

// factLine puts a line into words; people keeps the names of those who brought its statements in.
func (s *server) factLine(ctx context.Context, t i18n.T, l fact.Line, people map[int64]string) (factLine, error) {
	out := factLine{Line: l, Period: periodText(t, l.Period), Text: factText(t, s.Library, l.Def, l.Cell.State, l.Cell.Value, l.Cell.Precision), Disputes: l.Disputes}
	for _, said := range l.Stated {
		sender, evidence := said.From.Note, ""
		if said.From.Kind == source.Entry {
			sender, evidence = "", said.From.Note
		}
		by, err := s.personName(ctx, people, said.From.Actor)
		if err != nil {
			return out, err
		}
		out.Said = append(out.Said, saidText{
			Text:      factText(t, s.Library, l.Def, said.State, said.Value, said.Precision),
			Shown:     said.Shown,
			Authority: s.authorityName(t, said.From.Authority), By: by, Source: s.sourceName(t, said.From), Place: said.Place,
			Sender: sender, Evidence: evidence, Received: instant(said.From.ReceivedAt), Why: t.Msg(said.Why),
			Effective: said.Effective, Retracted: !said.From.Live(), Status: said.Status,
		})
	}
	return out, nil
}

func (s *server) factTimeline(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, p, err := s.factPageOf(r, v)
	if err != nil {
		return err
	}
	switch r.FormValue("done") {
	case "reported", "answered":
		p.Done = v.t.S("report.done_" + r.FormValue("done"))
	case "disputed":
		p.Done = v.t.S("web.dispute_recorded")
	case "closed":
		p.Done = v.t.S("web.dispute_closed")
	}
	return s.show(w, r, s.shell(r, v, v.t.Text(p.Def.Name)), http.StatusOK, timelinePage(v.t, p))
}

// dispute records that a figure is said to be wrong.
func (s *server) dispute(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, p, err := s.factPageOf(r, v)
	if err != nil {
		return err
	}
	per, err := period.Parse(r.PostFormValue("period"))
	if err != nil {
		return errs.Invalid(i18n.M("web.bad_period"))
	}
	p.Typed, p.At = r.PostFormValue("text"), periodText(v.t, per)
	_, err = view.Dispute(r.Context(), p.Subject, p.Def.Code, per, p.Typed)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindForbidden {
		p.Problem = v.t.Msg(msg)
		return s.show(w, r, s.shell(r, v, v.t.Text(p.Def.Name)), statusOf(err), timelinePage(v.t, p))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, factPath(p.Firm.ID, p.Subject, p.Def.Code)+"?done=disputed")
}

// closeDispute ends a dispute with a note that its author reads.
func (s *server) closeDispute(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, p, err := s.factPageOf(r, v)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.PostFormValue("dispute"), 10, 64)
	about := func(d fact.Dispute) bool { return d.ID == id }
	if err != nil || !slices.ContainsFunc(p.Lines, func(l factLine) bool { return slices.ContainsFunc(l.Disputes, about) }) {
		return errs.NotFound("dispute", r.PostFormValue("dispute"))
	}
	err = view.CloseDispute(r.Context(), id, r.PostFormValue("note"))
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		p.Problem = v.t.Msg(msg)
		return s.show(w, r, s.shell(r, v, v.t.Text(p.Def.Name)), statusOf(err), timelinePage(v.t, p))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, factPath(p.Firm.ID, p.Subject, p.Def.Code)+"?done=closed")
}

// decisions is what each policy owes the enterprise, from the facts that the visitor may see; none for a visitor who may
// not see all that a decision reads. Where the address names a policy, it is decided under the answers given there.
func (s *server) decisions(r *http.Request, v *visit, view fact.View, firm int64, m moment) ([]decisionView, error) {
	if !view.Can(access.ReadSensitive, firm) {
		return nil, nil
	}
	inForce, err := s.policiesOf(r.Context(), view, firm, m.day)
	if err != nil {
		return nil, err
	}
	calls, err := s.applyingFor(r.Context(), v, view, firm)
	if err != nil {
		return nil, err
	}
	var all []decisionView
	for _, f := range inForce {
		p := f.Policy
		var answers map[string]string
		if p.File.Document.ID == r.FormValue("policy") {
			answers = answersTo(p, r.Form)
		}
		plan, err := p.Plan(answers)
		if err != nil {
			return nil, err
		}
		d, err := s.Region.Decide(r.Context(), view, plan, firm, m.day)
		if err != nil {
			return nil, err
		}
		dv := s.viewDecision(v.t, p, d)
		for i, ref := range d.Missing {
			dv.Missing[i].Href = s.missingPath(view, firm, ref)
		}
		dv.Answers = answersText(v.t, p, answers)
		if !m.past() {
			calls.cannot = len(dv.Answers) > 0
			calls.tell(&dv)
		}
		if dv.Calculator, err = s.calculatorOf(v.t, firmAsked{view, firm, m}, p, answers); err != nil {
			return nil, err
		}
		dv.Receipt = regionQuery{Policy: f.Version.Document, Settings: answers, AsOf: m.param()}.href(enterprisePath(firm) + "/receipt")
		all = append(all, dv)
	}
	return all, nil
}

// answersText is the open questions that are answered otherwise than by default, with the answers.
func answersText(t i18n.T, p *policy.Policy, answers map[string]string) []string {
	var all []string
	for _, set := range p.File.Settings {
		if answer, ok := answers[set.ID]; ok {
			all = append(all, t.Text(set.Question)+" "+settingText(t, p.File, policy.Only{Setting: set.ID, Is: answer}))
		}
	}
	return all
}

// firmAsked is an enterprise as a page asks about it.
type firmAsked struct {
	view fact.View
	firm int64
	m    moment
}

// calculatorOf is the calculator's address with what is known of an enterprise filled in, under the same answers.
func (s *server) calculatorOf(t i18n.T, asked firmAsked, p *policy.Policy, answers map[string]string) (string, error) {
	in := url.Values{}
	if asked.m.past() {
		in.Set("as_of", asked.m.param())
	}
	for id, answer := range answers {
		in.Set("set:"+id, answer)
	}
	form, err := s.newCalcForm(t, p, asked.m.day, in)
	if err != nil {
		return "", err
	}
	subject, ok := s.reader.Subject(asked.view, asked.firm)
	if !ok {
		return "", errs.NotFound("enterprise", asked.firm)
	}
	form.fill(subject, asked.m.day)
	return "/calculator?" + form.address().Encode(), nil
}
