package web

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/paper"
)

// The media types of printed reports.
const (
	pdfType  = "application/pdf"
	docxType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)

// printPDF is the report that was handed in, as a PDF.
func (s *server) printPDF(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.printReport(w, r, v, ".pdf", pdfType, func(to io.Writer, d paper.Document) error {
		_, err := paper.WritePDF(to, d)
		return err
	})
}

// printDocx is the report that was handed in, for a word processor.
func (s *server) printDocx(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.printReport(w, r, v, ".docx", docxType, paper.WriteDocx)
}

func (s *server) printReport(w http.ResponseWriter, r *http.Request, v *visit, ending, kind string, write func(io.Writer, paper.Document) error) error {
	x, err := s.sightOf(r, v)
	if err != nil {
		return err
	}
	if x.Report.N == 0 {
		return errs.NotFound("report of case", x.ID)
	}
	read, err := s.readReport(r.Context(), v, x)
	if err != nil {
		return err
	}
	name := v.t.S("diagnosispage.report_of", x.Firm.Name)
	if s.Demo != nil {
		name += "-" + v.t.S("web.demo")
	}
	attach(w, name+ending, kind)
	if err := write(w, s.reportPaper(v.t, x, read)); err != nil {
		w.Header().Del("Content-Disposition")
		return err
	}
	return nil
}

// reportPaper is a report as it is printed. Its language is that of the reader; what the institute wrote stays as it is.
func (s *server) reportPaper(t i18n.T, x *diagnosis.Sight, read *readReport) paper.Document {
	last := x.Reports[len(x.Reports)-1]
	number := t.S("diagnosispage.report_number", x.Lot.Year, x.ID)
	d := paper.Document{
		Title: t.S("diagnosispage.report_title", x.Kind.Name), Subtitle: x.Firm.Name, Cover: true, English: t.Lang == i18n.EN, Author: x.Author.Name, Created: time.UnixMilli(last.At).UTC(),
		Header: t.S("diagnosispage.report_of", x.Firm.Name), Footer: number,
		Numbering: func(page, pages string) string { return t.S("diagnosispage.page_of", page, pages) },
		Meta: []paper.Pair{
			{Label: t.S("diagnosispage.number_of_report"), Value: number},
			{Label: t.S("diagnosispage.firm"), Value: x.Firm.Name},
			{Label: t.S("web.area"), Value: s.areaName(x.Area)},
			{Label: t.S("diagnosispage.institute"), Value: x.Author.Name},
			{Label: t.S("diagnosispage.handed_on"), Value: day(last.At)},
		},
	}
	if s.Demo != nil {
		d.Mark = t.S("web.demo")
	}
	add := func(blocks ...paper.Block) { d.Blocks = append(d.Blocks, blocks...) }
	chapter := chapters(t)
	add(paper.Heading{Level: 1, Text: chapter(t.S("diagnosispage.summary"))})
	for _, line := range linesOf(read.Summary) {
		add(paper.Paragraph{Text: line})
	}
	facts := paper.Pairs{{Label: t.S("diagnosispage.barrier"), Value: read.Barrier}}
	if read.Report.Why != "" {
		facts[0].Value += t.S("web.colon") + read.Report.Why
	}
	if read.Level != "" {
		facts = append(facts, paper.Pair{Label: t.S("diagnosispage.level"), Value: read.Level}, paper.Pair{Label: t.S("diagnosispage.points"), Value: read.Points})
	}
	if read.Service.Barrier != "" {
		facts = append(facts, paper.Pair{Label: t.S("diagnosispage.service"), Value: t.Text(read.Service.Service)})
	}
	add(facts)
	if m := x.Kind.Rubric(); m != nil && read.Level != "" {
		add(paper.Note(t.S("diagnosispage.model_note", m.Title, m.Source, i18n.M("web."+m.Confidence))))
	}
	add(paper.Heading{Level: 1, Text: chapter(t.S("diagnosispage.findings"))})
	for i, f := range read.Findings {
		add(
			paper.Heading{Level: 2, Text: t.S("diagnosispage.item_n", i+1, f.Title)},
			paper.Paragraph{Lead: t.S("diagnosispage.state") + t.S("web.colon"), Text: f.State},
			paper.Paragraph{Lead: t.S("diagnosispage.gap") + t.S("web.colon"), Text: f.Gap},
			paper.Note(t.S("diagnosispage.proof")+t.S("web.colon")+f.Proof),
		)
	}
	add(paper.Heading{Level: 1, Text: chapter(t.S("diagnosispage.advices"))}, s.adviceTable(t, read))
	for i, a := range read.Advice {
		add(s.advicePaper(t, i, a)...)
	}
	add(paper.Note(t.S("diagnosispage.clauses_help", read.ClausesOf)))
	add(
		paper.Heading{Level: 1, Text: chapter(t.S("diagnosispage.signatures"))},
		paper.Signature{{Label: t.S("diagnosispage.sign_institute")}, {Label: t.S("diagnosispage.sign_lead")}, {Label: t.S("diagnosispage.sign_firm")}, {Label: t.S("diagnosispage.sign_date")}},
		paper.Note(t.S("diagnosispage.kept_as", last.Hash)),
	)
	return d
}

// chapters numbers headings as the language has it.
func chapters(t i18n.T) func(text string) string {
	n := 0
	return func(text string) string {
		n++
		return t.S("diagnosispage.chapter_"+strconv.Itoa(n), text)
	}
}

// adviceTable is all advice at a glance.
func (s *server) adviceTable(t i18n.T, read *readReport) paper.Table {
	out := paper.Table{
		Caption: t.S("diagnosispage.at_a_glance"), Empty: t.S("diagnosis.lint_advice"),
		Columns: []paper.Column{
			{Title: t.S("diagnosispage.no"), Share: 8, Number: true},
			{Title: t.S("diagnosispage.advice_title"), Share: 29},
			{Title: t.S("diagnosispage.scenario"), Share: 16},
			{Title: t.S("diagnosispage.cost"), Share: 23},
			{Title: t.S("diagnosispage.payback"), Share: 11},
			{Title: t.S("diagnosispage.answer"), Share: 13},
		},
	}
	for i, a := range read.Advice {
		out.Rows = append(out.Rows, []string{strconv.Itoa(i + 1), a.Title, a.ScenarioName, a.Cost, t.S("diagnosispage.months", a.Months), orDash(a.AnswerName)})
	}
	return out
}

// advicePaper is a piece of advice.
func (s *server) advicePaper(t i18n.T, i int, a adviceRow) []paper.Block {
	pair := func(key, value string) paper.Pair {
		return paper.Pair{Label: t.S("diagnosispage." + key), Value: value}
	}
	pairs := paper.Pairs{pair("cost", a.Cost), pair("payback", t.S("diagnosispage.months", a.Months)), pair("expected", a.Expected)}
	if a.FactName != "" {
		pairs = append(pairs, pair("measured_by", a.FactName))
	}
	pairs = append(pairs, pair("proof", a.Proof))
	if a.Case != nil {
		pairs = append(pairs, pair("look_at", t.S("diagnosispage.case_of", a.Case.Name, a.Case.Of, a.Case.Source)))
	}
	out := []paper.Block{paper.Heading{Level: 2, Text: t.S("diagnosispage.item_n", i+1, a.Title)}, paper.Paragraph{Text: a.What}, pairs}
	if len(a.Fits) == 0 {
		return out
	}
	fits := paper.Table{Caption: t.S("diagnosispage.fits"), Columns: []paper.Column{{Title: t.S("diagnosispage.clause"), Share: 30}, {Title: t.S("diagnosispage.basis"), Share: 35}, {Title: t.S("diagnosispage.amount"), Share: 35}}}
	for _, f := range a.Fits {
		fits.Rows = append(fits.Rows, []string{f.Clause, joined(f.Cite, t.S("web."+f.Confidence)), f.Pays})
	}
	return append(out, fits)
}
