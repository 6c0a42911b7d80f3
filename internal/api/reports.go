package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// report is what an enterprise states about itself, beside what holds.
type report struct {
	ID         int64          `json:"id" example:"83" doc:"来源编号，答复时用 · its source, which an answer names"`
	Enterprise int64          `json:"enterprise" example:"17"`
	Subject    int64          `json:"subject" example:"17"`
	Def        string         `json:"def" example:"ent.revenue"`
	Name       i18n.Text      `json:"name"`
	Period     string         `json:"period,omitempty" example:"2023"`
	Says       Cell           `json:"says"`
	Holds      Cell           `json:"holds" doc:"现在采用的 · what is in effect"`
	Authority  string         `json:"authority,omitempty" example:"statistics" doc:"采用的是谁的 · whose word is in effect"`
	Stand      string         `json:"stand" enum:"gap,asked,effect,alike,accepted,outdone" example:"gap" doc:"gap 与更可信的来源不一致，asked 等企业说明，effect 已采用，alike 与采用的一致，accepted 差异已认可，outdone 已被新的取代 · differs from a source believed more, waits for the enterprise, is in effect, says what holds, the difference is accepted, a newer one holds"`
	Evidence   string         `json:"evidence" example:"2023 年度审计报告"`
	At         string         `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Answers    []reportAnswer `json:"answers" nullable:"false"`
}

// reportAnswer is what an official said to a report.
type reportAnswer struct {
	Kind string `json:"kind" enum:"ask,accept" example:"ask"`
	At   string `json:"at" format:"date-time" example:"2024-10-31T10:00:00+08:00"`
	By   string `json:"by,omitempty" example:"王敏"`
	Note string `json:"note" example:"请说明与统计年报的差异"`
}

func (s *server) report(ctx context.Context, m moment, r fact.Report, names people) (report, error) {
	def, _ := s.Library.FactDef(r.Def)
	out := report{
		ID: r.Source, Enterprise: r.Speaker, Subject: r.Subject, Def: r.Def, Name: def.Name, Period: periodOf(r.Period),
		Says: s.said(def, r.State, r.Value, r.Precision), Holds: s.cell(def, r.Cell), Authority: m.Authority(r.Cell), Stand: string(r.Stand()),
		Evidence: r.From.Note, At: instant(r.From.ReceivedAt), Answers: []reportAnswer{},
	}
	for _, a := range r.Answers {
		by, err := s.nameOf(ctx, names, a.Actor)
		if err != nil {
			return out, err
		}
		out.Answers = append(out.Answers, reportAnswer{string(a.Kind), instant(a.At), by, a.Note})
	}
	return out, nil
}

// ReportQuery chooses reports.
type ReportQuery struct {
	Stand string `query:"stand" enum:"gap,asked,effect,alike,accepted,outdone" example:"gap"`
}

// reports are those that a query finds, the newest first.
func (s *server) reports(ctx context.Context, c *caller, q ReportQuery) (moment, []fact.Report, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return m, nil, err
	}
	all, err := m.Reports(ctx)
	if q.Stand != "" {
		all = slices.DeleteFunc(all, func(r fact.Report) bool { return r.Stand() != fact.Stand(q.Stand) })
	}
	return m, all, err
}

type reportsOut struct {
	Body struct {
		Items []report `json:"items" nullable:"false"`
		Total int      `json:"total" example:"1"`
		Next  string   `json:"next,omitempty" example:"eyJjIjo0Miwi"`
		AsOf  asOf     `json:"as_of"`
	}
}

func (s *server) listReports(ctx context.Context, c *caller, in *struct {
	ReportQuery
	Paging
},
) (*reportsOut, error) {
	at, err := in.open(c, c.listName("reports", in.ReportQuery))
	if err != nil {
		return nil, err
	}
	m, all, err := s.reports(ctx, c, in.ReportQuery)
	if err != nil {
		return nil, err
	}
	out, names := &reportsOut{}, people{}
	b := &out.Body
	b.Items, b.Total, b.AsOf = []report{}, len(all), m.asOf()
	// The newest first: sources tell the place, whatever comes in before it.
	for _, r := range all {
		if at.Before != 0 && r.Source >= at.Before {
			continue
		}
		if len(b.Items) == in.Limit {
			b.Next = cursor{List: at.List, Before: b.Items[in.Limit-1].ID}.String()
			break
		}
		x, err := s.report(ctx, m, r, names)
		if err != nil {
			return nil, err
		}
		b.Items = append(b.Items, x)
	}
	return out, nil
}

type exportReportsIn struct {
	ReportQuery
	Form
}

// exportReports sends all reports that the query finds and the caller may carry away.
func (s *server) exportReports(ctx context.Context, c *caller, in *exportReportsIn) (*stream, error) {
	m, all, err := s.reports(ctx, c, in.ReportQuery)
	if err != nil {
		return nil, err
	}
	names := people{}
	each := func(yield func(report, error) bool) {
		for _, r := range all {
			if !m.Can(access.Export, r.Speaker) {
				continue
			}
			x, err := s.report(ctx, m, r, names)
			if !yield(x, err) || err != nil {
				return
			}
		}
	}
	if in.Format == "ndjson" {
		return s.lines("reports", func(yield func(any, error) bool) {
			each(func(x report, err error) bool { return yield(x, err) })
		}), nil
	}
	var rows [][]any
	for x, err := range each {
		if err != nil {
			return nil, err
		}
		firm, _ := m.Enterprise(x.Enterprise)
		answer := ""
		if n := len(x.Answers); n > 0 {
			answer = x.Answers[n-1].Note
		}
		rows = append(rows, []any{number(x.ID), number(x.Enterprise), firm.Name, number(x.Subject), x.Def, x.Period, c.words(x.Says), c.words(x.Holds), x.Authority, x.Stand, x.Evidence, answer, x.At})
	}
	return s.table(c, m, "reports", in.Format, sheet.Export{Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
		"id", "enterprise", "name", "subject", "def", "period", "says", "holds", "authority", "stand", "evidence", "answer", "at",
	}}}), nil
}

// words is a value as the caller reads it.
func (c *caller) words(x Cell) string {
	if x.Shown == nil {
		return ""
	}
	return c.t.Text(*x.Shown)
}

// Figure is a definition of an enterprise, or of what belongs to it, in a period.
type Figure struct {
	Subject int64  `json:"subject,omitempty" minimum:"0" example:"17" doc:"企业本身（默认）或属于它的对象 · the enterprise (default) or what belongs to it"`
	Def     string `json:"def" maxLength:"80" example:"ent.revenue"`
	Period  string `json:"period,omitempty" maxLength:"20" example:"2023"`
}

// figureOf is the Figure of a body about an enterprise.
func (s *server) figureOf(ctx context.Context, c *caller, id int64, f Figure) (m moment, subject int64, def content.FactDef, p period.Period, err error) {
	m, e, err := s.firmOf(ctx, c, FirmIn{ID: id})
	if err != nil {
		return m, 0, def, p, err
	}
	subject = f.Subject
	if subject == 0 {
		subject = e.ID
	}
	sub, known := m.Subject(subject)
	if !known || !m.Below(subject, e.ID) {
		return m, 0, def, p, errs.NotFound("subject", subject)
	}
	def, ok := s.Library.FactDef(f.Def)
	if !ok || def.Subject != sub.Kind {
		return m, 0, def, p, s.wrongBody(c, "/def", i18n.M("api.no_definition", f.Def))
	}
	if f.Period != "" {
		if p, err = period.Parse(f.Period); err != nil {
			return m, 0, def, p, s.wrongBody(c, "/period", i18n.M("api.bad_period", f.Period))
		}
	}
	return m, subject, def, p, nil
}

// typedValue is one value as docs/facts-json.md writes it; null says that there is none.
type typedValue json.RawMessage

// UnmarshalJSON keeps it as it came.
func (v *typedValue) UnmarshalJSON(b []byte) error {
	*v = append((*v)[:0], b...)
	return nil
}

// Schema leaves it to the definition.
func (typedValue) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Description: text("api.typed_value"), Examples: []any{"1.25亿元"}}
}

type stateIn struct {
	ID   int64 `path:"id" minimum:"1" example:"17"`
	Body struct {
		Figure
		Value    typedValue `json:"value"`
		Evidence string     `json:"evidence" minLength:"1" maxLength:"8000" example:"2023 年度审计报告" doc:"什么能证明 · what shows that it is true"`
	}
}

// state is for an enterprise, which says what is missing or wrong in its own file.
func (s *server) state(ctx context.Context, c *caller, in *stateIn) (*idOut, error) {
	m, subject, def, p, err := s.figureOf(ctx, c, in.ID, in.Body.Figure)
	if err != nil {
		return nil, err
	}
	n := fact.NewReport{Subject: subject, Def: def.Code, Period: p, Evidence: in.Body.Evidence, State: fact.None}
	if string(in.Body.Value) != "null" {
		text, msg := s.cellText(def.Code, json.RawMessage(in.Body.Value))
		if !msg.IsZero() {
			return nil, s.wrongBody(c, "/value", msg)
		}
		unit := ""
		if def.Type == content.Money {
			unit = "元"
		}
		said, err := intake.Typed(s.Library, def, text, unit)
		if msg, ok := errs.Message(err); ok {
			return nil, s.wrongBody(c, "/value", msg)
		}
		if err != nil {
			return nil, err
		}
		n.State, n.Value, n.Precision, n.Shown = said.State, said.Value, said.Precision, said.Shown
	}
	out := &idOut{}
	out.Body.ID, err = m.Report(ctx, n)
	return out, err
}

type withdrawIn struct {
	ID   int64 `path:"id" minimum:"1" example:"17"`
	Body struct {
		Figure
		Reason string `json:"reason,omitempty" maxLength:"4000" example:"填错了年度"`
	}
}

// withdraw takes back what an enterprise stated about one of its figures.
func (s *server) withdraw(ctx context.Context, c *caller, in *withdrawIn) (*nothing, error) {
	m, subject, def, p, err := s.figureOf(ctx, c, in.ID, in.Body.Figure)
	if err != nil {
		return nil, err
	}
	return &nothing{}, m.Withdraw(ctx, subject, def.Code, p, in.Body.Reason)
}

type answerIn struct {
	ID   int64 `path:"id" minimum:"1" example:"83"`
	Body struct {
		Kind string `json:"kind" enum:"ask,accept" example:"ask" doc:"ask 请企业说明、更正或收回，accept 差异可以保留 · the enterprise should explain, correct or take back; the difference may stay"`
		Note string `json:"note" minLength:"1" maxLength:"8000" example:"请说明与统计年报的差异"`
	}
}

// answerReport is for the official.
func (s *server) answerReport(ctx context.Context, c *caller, in *answerIn) (*nothing, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	return &nothing{}, m.AnswerReport(ctx, in.ID, fact.AnswerKind(in.Body.Kind), in.Body.Note)
}

func (s *server) registerReports() {
	read, own := access.Need{Action: access.ReadFact}, access.Need{Action: access.Report}
	handle(s, operation{id: "list_reports", tag: "reports", method: http.MethodGet, path: "/reports", need: read}, s.listReports)
	handle(s, operation{id: "export_reports", tag: "exports", method: http.MethodGet, path: "/exports/reports", need: access.Need{Action: access.Export}, streams: tables}, s.exportReports)
	handle(s, operation{id: "state_fact", tag: "reports", method: http.MethodPost, path: "/enterprises/{id}/reports", need: own, status: http.StatusCreated, once: true}, s.state)
	handle(s, operation{id: "withdraw_fact", tag: "reports", method: http.MethodPost, path: "/enterprises/{id}/reports/withdraw", need: own, status: http.StatusNoContent}, s.withdraw)
	handle(s, operation{id: "answer_report", tag: "reports", method: http.MethodPost, path: "/reports/{id}/answer", need: access.Need{Action: access.Decide}, status: http.StatusNoContent}, s.answerReport)
}
