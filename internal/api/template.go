package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/layout"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// templateLimit is the largest template, in bytes.
const templateLimit = 5 << 20

// fillIn is a template with what its table is about.
type fillIn struct {
	Table string `path:"table" maxLength:"80" example:"enterprises" doc:"哪一张表，见 docs/spreadsheets.md · which table, see docs/spreadsheets.md"`
	Name  string `query:"name" required:"true" minLength:"1" maxLength:"300" example:"一表通.xlsx" doc:"文件名 · name of the file"`
	Filters
	Policy string `query:"policy" maxLength:"100" example:"yancheng-2022-6" doc:"测算结果的表须写明 · of tables of decisions"`
	Answers
	Import int64 `query:"import" minimum:"0" example:"31" doc:"问题表须写明 · of the table of problems"`
	Figured
	Deed string `query:"deed" maxLength:"40" example:"publish" doc:"日志的表 · of the table of the log"`
	Knowledge
	body io.Reader
}

// Figured is what tables of figures, of targets and of reports are about.
type Figured struct {
	Period  string `query:"period" maxLength:"10" example:"2024-09" doc:"指标和目标的期间，如 2024、2024Q1、2024-03、2024YTD08，默认今年 · of figures and targets, by default the current year"`
	All     bool   `query:"all" example:"false" doc:"指标和目标连未核实的数据也算；默认只算已核实的 · figures and targets by unverified data too; by default by verified ones alone"`
	Plan    string `query:"plan" maxLength:"80" example:"yancheng-2022" doc:"目标所属的规划，默认最近的 · of the targets, by default the nearest"`
	Report  int64  `query:"report" minimum:"0" example:"12" doc:"报告的表须写明，见 list_bulletins · of the tables of a report, see list_bulletins"`
	Edition int    `query:"edition" minimum:"0" example:"1" doc:"报告的第几版，默认最近签发的一版 · of the report, by default the one that was signed last"`
}

// Resolve keeps the body for reading, within the limit of a template.
func (in *fillIn) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	in.body = http.MaxBytesReader(w, r.Body, templateLimit)
	return nil
}

// fill answers with a workbook in which a table stands in the layout of the one that was sent.
func (s *server) fill(ctx context.Context, c *caller, in *fillIn) (*stream, error) {
	table, err := s.tableToFill(ctx, c, in)
	if err != nil {
		return nil, err
	}
	f := layout.Filler{Library: s.Library, T: c.t, Today: s.Clock.Today()}
	filled, err := f.FillFrom(ctx, in.body, in.Name, table)
	if err != nil {
		return nil, err
	}
	name := in.Name
	if s.Demo {
		name = c.t.S("api.synthetic") + "-" + name
	}
	out := s.file(name, sheet.XLSXType, filled.Body)
	if notes := filled.Notes(c.t); len(notes) > 0 {
		send := out.Body
		out.Body = func(ctx huma.Context) {
			ctx.SetHeader(notesHeader, url.PathEscape(strings.Join(notes, "\n")))
			send(ctx)
		}
	}
	return out, nil
}

// notesHeader tells what of a template stays blank, a line each, percent-encoded: headers have no other way to be Chinese.
const notesHeader = "Yanzhen-Notes"

// tableToFill is the rows that are asked for. Whether the caller may have such a table, the table itself says.
func (s *server) tableToFill(ctx context.Context, c *caller, in *fillIn) (*layout.Table, error) {
	q := layout.Query{Batch: in.Import, Accounts: access.Filter{Text: in.Text}, Unverified: in.All, Plan: in.Plan, Report: in.Report, Edition: in.Edition}
	var err error
	if q.Listing, _, err = s.listing(c, in.Filters); err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return nil, err
	}
	if in.Period != "" {
		if q.Period, err = period.Parse(in.Period); err != nil {
			return nil, invalid(c.t, "period", in.Period, i18n.M("figurepage.bad_period", in.Period))
		}
		if _, last, ok := q.Period.Span(); ok {
			q.On = min(last, m.day)
		}
	}
	kind, known := layout.KindNamed(in.Table)
	switch {
	case known && !kind.Need.MetBy(c.scope): // refused by the table, before anything is worked out for it
	case in.Policy != "":
		o, err := s.outcome(ctx, c, CellIn{PolicyIn: PolicyIn{in.Policy}, Answers: in.Answers, Area: in.Area, Knowledge: in.Knowledge})
		if err != nil {
			return nil, err
		}
		q.Policy, q.Region = o.policy.Policy, o.whole
	case in.Table == "log":
		if q.Log, err = s.logLines(ctx, c, m, in.Deed); err != nil {
			return nil, err
		}
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), m.Seq())
	if err != nil {
		return nil, err
	}
	src := layout.Source{
		Library: s.Library, View: m.View, Parties: whole.Registry(), Access: s.Access, Intake: s.Intake, Versions: s.Versions, T: c.t,
		Monitor: s.Monitor, Targets: s.Targets, Bulletins: s.Bulletins, Today: m.day,
	}
	return src.Table(ctx, in.Table, q)
}

// deed is a kind of entry as the caller reads it.
func (c *caller) deed(kind string) string {
	if account, ok := strings.CutPrefix(kind, accountDeeds+"_"); ok {
		return c.t.S("access.deed." + account)
	}
	return c.t.S("web.deed_" + kind)
}

// logLines is the log as a table has it.
func (s *server) logLines(ctx context.Context, c *caller, m moment, deed string) ([]layout.LogLine, error) {
	all, err := s.entries(ctx, c, m, s.Clock.Millis()+1, LogQuery{Deed: deed})
	if err != nil {
		return nil, err
	}
	lines := make([]layout.LogLine, len(all))
	for i, e := range all {
		about := e.Name
		if e.Whose != "" {
			about = e.Whose
		}
		if e.Policy != "" {
			about = e.Policy
		}
		lines[i] = layout.LogLine{When: e.At, Deed: c.deed(e.Deed), About: about, Who: e.By, Sender: e.Sender, Authority: e.Authority, Reason: e.Reason, Commit: e.Commit}
	}
	return lines, nil
}
