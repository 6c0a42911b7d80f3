package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// ndjsonType is one JSON value a line.
const ndjsonType = "application/x-ndjson"

// stream is an answer that is written while it is made. It holds a row at a time, and waits where its reader does.
type stream struct {
	Body func(huma.Context)
}

// tables are the media types of Form.
var tables = []string{"text/csv", sheet.XLSXType, ndjsonType}

// Form is how a table leaves.
type Form struct {
	Format string `query:"format" enum:"ndjson,csv,xlsx" default:"csv" example:"csv"`
}

// flushed is how many lines of a stream are sent together.
const flushed = 64

// lines answers with one JSON value a line. What fails after the first byte can only break the answer off, which its
// reader sees: the connection ends before the body does.
func (s *server) lines(name string, rows iter.Seq2[any, error]) *stream {
	return &stream{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", ndjsonType)
		s.attach(ctx, name+".ndjson")
		ctx.SetStatus(http.StatusOK)
		w := bufio.NewWriterSize(ctx.BodyWriter(), 64<<10)
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		n := 0
		for row, err := range rows {
			if err == nil {
				err = enc.Encode(row)
			}
			if n++; err == nil && n%flushed == 0 {
				if err = w.Flush(); err == nil {
					err = ctx.Context().Err()
				}
			}
			if err != nil {
				s.breakOff(ctx, name, err)
			}
		}
		if err := w.Flush(); err != nil {
			s.breakOff(ctx, name, err)
		}
	}}
}

// breakOff ends an answer that cannot be finished.
func (s *server) breakOff(ctx huma.Context, name string, err error) {
	if ctx.Context().Err() == nil {
		s.Log.Error("stream broken off", "stream", name, "error", err)
	}
	panic(http.ErrAbortHandler)
}

func (s *server) attach(ctx huma.Context, name string) {
	ctx.SetHeader("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}

// table answers with .csv or .xlsx.
func (s *server) table(c *caller, m moment, name, format string, out sheet.Export) *stream {
	t := c.t
	out.Title, out.Name, out.NotesName, out.Notes = name, t.S("api.sheet_data"), t.S("api.sheet_notes"), s.notes(c, m)
	return s.sheets(c, name, format, out)
}

// sheets answers with a table, or with a workbook of several, that says by itself what it is.
func (s *server) sheets(c *caller, name, format string, out sheet.Export) *stream {
	x := s.sheetFile(c, name, format, out)
	return &stream{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", x.kind)
		s.attach(ctx, x.name)
		ctx.SetStatus(http.StatusOK)
		w := bufio.NewWriterSize(ctx.BodyWriter(), 64<<10)
		err := x.write(w)
		if err == nil {
			err = w.Flush()
		}
		if err != nil {
			s.breakOff(ctx, name, err)
		}
	}}
}

// sheetFile is a table as a file: what it is called, its media type, and what writes it.
type sheetFile struct {
	name, kind string
	write      func(io.Writer) error
}

func (s *server) sheetFile(c *caller, name, format string, out sheet.Export) sheetFile {
	if s.Demo {
		out.Mark = c.t.S("api.synthetic")
		name += "-" + out.Mark
	}
	if format == "xlsx" {
		return sheetFile{name + ".xlsx", sheet.XLSXType, out.Workbook}
	}
	return sheetFile{name + "." + format, sheet.CSVType, out.CSV}
}

// notes is what an exported file tells: as of when, by whom, and whether the data is synthetic.
func (s *server) notes(c *caller, m moment) [][2]string {
	notes := [][2]string{{c.t.S("api.note_as_of"), c.t.S("api.note_known", m.day.String(), m.Seq())}, {c.t.S("api.note_by"), c.account.Name}}
	if s.Demo {
		notes = append(notes, [2]string{c.t.S("api.synthetic"), c.t.S("api.synthetic")})
	}
	return notes
}

const parquetType = "application/vnd.apache.parquet"

// parquet answers with every effective value of the enterprises of a list, and of what belongs to them.
func (s *server) parquet(c *caller, m moment, name string, list *fact.List) *stream {
	if s.Demo {
		name += "-" + c.t.S("api.synthetic")
	}
	return &stream{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", parquetType)
		s.attach(ctx, name+".parquet")
		ctx.SetStatus(http.StatusOK)
		_, err := m.WriteParquet(ctx.BodyWriter(), func(yield func(party.Enterprise) bool) {
			for e := range list.Page(m.View, 0, list.Len()) {
				if !yield(e) {
					return
				}
			}
		}, s.notes(c, m))
		if err != nil {
			s.breakOff(ctx, name, err)
		}
	}}
}

type exportFirmsIn struct {
	Filters
	Form
	Knowledge
}

func (s *server) exportFirms(ctx context.Context, c *caller, in *exportFirmsIn) (*stream, error) {
	q, columns, err := s.listing(c, in.Filters)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return nil, err
	}
	view := m.View
	list := view.List(q)
	each := func(yield func(party.Enterprise, fact.Row) bool) {
		for e, row := range list.Page(view, 0, list.Len()) {
			if view.Can(access.Export, e.ID) && !yield(e, row) {
				return
			}
		}
	}
	if in.Format == "ndjson" {
		return s.lines("enterprises", func(yield func(any, error) bool) {
			each(func(e party.Enterprise, row fact.Row) bool {
				f := s.firm(e)
				f.Facts = s.columns(view, row, columns, q.Year)
				return yield(f, nil)
			})
		}), nil
	}
	out := sheet.Export{Table: sheet.Table{Columns: []string{"id", "uscc", "name", "area", "area_name", "industry", "industry_name"}}}
	for _, def := range columns {
		head := def.Code
		if def.Type == content.Money {
			head += c.t.S("api.in_yuan")
		}
		out.Columns = append(out.Columns, head)
	}
	out.Rows = func(yield func([]any) bool) {
		each(func(e party.Enterprise, row fact.Row) bool {
			cells := []any{strconv.FormatInt(e.ID, 10), string(e.USCC), e.Name, e.Area, nameOf(s.Library.Areas(), e.Area), e.Industry, nameOf(s.Library.Industries(), e.Industry)}
			for _, def := range columns {
				cells = append(cells, cellOf(def, row.At(view.Column(def.Code, fact.ColumnPeriod(def, q.Year)))))
			}
			return yield(cells)
		})
	}
	return s.table(c, m, c.t.S("api.enterprises"), in.Format, out), nil
}

func nameOf(tree *content.Tree, code string) string {
	if n := nodeOf(tree, code); n != nil {
		return n.Name
	}
	return ""
}

// cellOf is a value for a sheet: amounts in yuan and whole numbers as numbers, the rest as docs/facts-json.md writes it.
func cellOf(def content.FactDef, c fact.Cell) any {
	switch {
	case !c.Known && c.State == fact.Unknown:
		return nil
	case !c.Known:
		return c.State.String()
	case def.Type == content.Money:
		return money.Fen(c.Value.Num)
	case def.Type == content.Int:
		return c.Value.Num
	}
	return fmt.Sprint(valueOf(def, c.Value))
}

type exportFactsIn struct {
	Area    string   `query:"area" maxLength:"64" example:"320902"`
	Defs    []string `query:"def" maxItems:"100" example:"ent.revenue" doc:"数据项代码，默认全部 · codes of definitions, by default all"`
	Periods []string `query:"period" maxItems:"100" example:"2023" doc:"只要这些期间 · only these periods"`
	Format  string   `query:"format" enum:"ndjson,parquet" default:"ndjson" example:"ndjson" doc:"parquet 供分析，不筛选数据项和期间 · parquet is for analysts, with all definitions and periods"`
	Knowledge
}

// row is one fact of a stream.
type row struct {
	Enterprise int64  `json:"enterprise"`
	USCC       string `json:"uscc,omitempty"`
	Subject    int64  `json:"subject"`
	Kind       string `json:"kind"`
	Dated
}

// exportFacts sends every effective value of every enterprise and of what belongs to it, a line each.
func (s *server) exportFacts(ctx context.Context, c *caller, in *exportFactsIn) (*stream, error) {
	if _, ok := s.Library.Areas().Node(in.Area); in.Area != "" && !ok {
		return nil, invalid(c.t, "area", in.Area, i18n.M("api.no_area"))
	}
	if in.Format == "parquet" && len(in.Defs)+len(in.Periods) > 0 {
		return nil, invalid(c.t, "format", in.Format, i18n.M("api.parquet_is_whole"))
	}
	for _, code := range in.Defs {
		if _, ok := s.Library.FactDef(code); !ok {
			return nil, invalid(c.t, "def", code, i18n.M("api.no_definition", code))
		}
	}
	want := map[string]bool{}
	for _, text := range in.Periods {
		p, err := period.Parse(text)
		if err != nil {
			return nil, invalid(c.t, "period", text, i18n.M("api.bad_period", text))
		}
		want[p.String()] = true
	}
	defs := map[string]bool{}
	for _, code := range in.Defs {
		defs[code] = true
	}
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return nil, err
	}
	view := m.View
	list := view.List(fact.Listing{Area: in.Area, Sort: fact.ByUSCC})
	if in.Format == "parquet" {
		return s.parquet(c, m, "facts", list), nil
	}
	return s.lines("facts", func(yield func(any, error) bool) {
		for e := range list.Page(view, 0, list.Len()) {
			if !view.Can(access.Export, e.ID) {
				continue
			}
			for sub := range subjectsOf(view, e.ID) {
				for _, d := range s.effective(view, sub, defs) {
					if len(want) > 0 && !want[d.Period] {
						continue
					}
					if !yield(row{e.ID, string(e.USCC), sub.ID, sub.Kind, d}, nil) {
						return
					}
				}
			}
		}
	}), nil
}

type exportDecisionsIn struct {
	CellIn
	Form
}

// exportDecisions sends what a policy comes to for each enterprise: whole decisions as lines, or a table of amounts.
func (s *server) exportDecisions(ctx context.Context, c *caller, in *exportDecisionsIn) (*stream, error) {
	o, err := s.outcome(ctx, c, in.CellIn)
	if err != nil {
		return nil, err
	}
	if in.Format == "ndjson" {
		return s.lines("decisions-"+in.ID, func(yield func(any, error) bool) {
			for f := range o.result.Firms() {
				if !o.Can(access.Export, f.ID) {
					continue
				}
				d, err := s.Region.Decide(ctx, o.View, o.plan, f.ID, o.day)
				if err != nil && f.Err().IsZero() {
					yield(nil, err)
					return
				}
				if err != nil {
					if !yield(s.payee(f, policy.Interval{}), nil) {
						return
					}
					continue
				}
				if !yield(d, nil) {
					return
				}
			}
		}), nil
	}
	t := c.t
	out := sheet.Export{Table: sheet.Table{Columns: []string{"id", "uscc", "name", "area", "state", "sure" + t.S("api.in_yuan"), "possible" + t.S("api.in_yuan"), "in_kind" + t.S("api.in_yuan"), "missing"}}}
	for _, x := range o.plan.Clauses() {
		out.Columns = append(out.Columns, x.ID+t.S("api.in_yuan"))
	}
	out.Rows = func(yield func([]any) bool) {
		for f := range o.result.Firms() {
			if !o.Can(access.Export, f.ID) {
				continue
			}
			cells := []any{strconv.FormatInt(f.ID, 10), f.USCC, f.Name, f.Area, string(f.State()), f.Total.Sure, upper(f.Total), f.InKind.Sure, f.Missing}
			for _, pays := range o.result.Pays(f) {
				cells = append(cells, pays.Sure)
			}
			if !yield(cells) {
				return
			}
		}
	}
	return s.table(c, o.moment, in.ID, in.Format, out), nil
}

// upper is the upper end of an amount; nothing where there is none.
func upper(i policy.Interval) any {
	if i.Unbounded {
		return nil
	}
	return i.Possible
}

func (s *server) registerExports() {
	may := access.Need{Action: access.Export}
	handle(s, operation{id: "export_enterprises", tag: "exports", method: http.MethodGet, path: "/exports/enterprises", need: may, streams: tables}, s.exportFirms)
	handle(s, operation{id: "export_facts", tag: "exports", method: http.MethodGet, path: "/exports/facts", need: may, streams: []string{ndjsonType, parquetType}}, s.exportFacts)
	handle(s, operation{id: "fill_template", tag: "exports", method: http.MethodPost, path: "/exports/templates/{table}", upload: sheet.XLSXType, streams: []string{sheet.XLSXType}}, s.fill)
	handle(s, operation{id: "export_decisions", tag: "exports", method: http.MethodGet, path: "/exports/decisions/{policy}", need: access.Need{Action: access.Export, Area: true}, streams: tables}, s.exportDecisions)
}
