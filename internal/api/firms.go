package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Node is a node of the area or industry tree.
type Node struct {
	Code string `json:"code" example:"320902"`
	Name string `json:"name" example:"亭湖区"`
}

func nodeOf(tree *content.Tree, code string) *Node {
	if code == "" {
		return nil
	}
	n, ok := tree.Node(code)
	if !ok {
		return &Node{Code: code, Name: code}
	}
	return &Node{Code: n.Code, Name: n.Name}
}

// Firm is an enterprise as lists show it.
type Firm struct {
	ID          int64           `json:"id" example:"17"`
	Name        string          `json:"name" example:"盐城亭湖甲机械有限公司"`
	FormerNames []string        `json:"former_names,omitempty" nullable:"false" example:"[\"盐城亭湖机械厂\"]"`
	USCC        string          `json:"uscc,omitempty" example:"91320281142225264B" doc:"统一社会信用代码 · unified social credit code"`
	Area        *Node           `json:"area,omitempty"`
	Industry    *Node           `json:"industry,omitempty"`
	Facts       map[string]Cell `json:"facts,omitempty" doc:"所要的数据项 · the definitions asked for, by code"`
}

func (s *server) firm(e party.Enterprise) Firm {
	return Firm{
		ID: e.ID, Name: e.Name, FormerNames: e.FormerNames, USCC: string(e.USCC),
		Area: nodeOf(s.Library.Areas(), e.Area), Industry: nodeOf(s.Library.Industries(), e.Industry),
	}
}

// Cell is the effective value of a definition.
type Cell struct {
	State     string     `json:"state" enum:"unknown,present,missing,none,withheld" example:"present"`
	Value     any        `json:"value,omitempty" example:"123456700.00" doc:"如 docs/facts-json.md 所述 · as docs/facts-json.md writes it"`
	Shown     *i18n.Text `json:"shown,omitempty" doc:"给人看的写法 · as people read it"`
	Precision string     `json:"precision,omitempty" enum:"approx,at_least" example:"approx"`
	Status    string     `json:"status,omitempty" enum:"verified,estimated" example:"verified"`
}

func (s *server) cell(def content.FactDef, c fact.Cell) Cell {
	out := s.said(def, c.State, c.Value, c.Precision)
	if c.Status != fact.Reported {
		out.Status = c.Status.String()
	}
	return out
}

func (s *server) said(def content.FactDef, state fact.State, v fact.Value, p fact.Precision) Cell {
	out := Cell{State: state.String()}
	if state == fact.Unknown {
		return out
	}
	shown := fact.Show(s.Library, def, state, v)
	out.Shown = &shown
	if state == fact.Present {
		out.Value = valueOf(def, v)
	}
	if p != fact.Exact {
		out.Precision = p.String()
	}
	return out
}

// valueOf is a value as docs/facts-json.md writes it, so that what comes out goes in again.
func valueOf(def content.FactDef, v fact.Value) any {
	switch def.Type {
	case content.Money:
		return money.Fen(v.Num).String()
	case content.Rate:
		return money.PPM(v.Num).String()
	case content.Int:
		return v.Num
	case content.Decimal:
		return money.Fen(v.Num).In(1_000_000)
	case content.Bool:
		return v.Num != 0
	case content.Date:
		return period.Day(v.Num).String()
	}
	return v.Text
}

// Filters choose enterprises and their order.
type Filters struct {
	Text     string   `query:"q" maxLength:"100" example:"机械" doc:"名称、曾用名的一部分，或信用代码的开头 · part of a name, or the beginning of a credit code"`
	Area     string   `query:"area" maxLength:"64" example:"320902" doc:"地区代码，含下级 · code of an area, with what lies below"`
	Industry string   `query:"industry" maxLength:"16" example:"C34" doc:"行业代码，含下级 · code of an industry, with what lies below"`
	Scale    string   `query:"scale" enum:"above,below" example:"above" doc:"规上或规下 · above or below scale"`
	Year     int      `query:"year" minimum:"1949" maximum:"2200" example:"2023" doc:"数据年度，默认上一年 · year of figures, by default the last full one"`
	Sort     string   `query:"sort" maxLength:"80" example:"-ent.revenue" doc:"name、uscc、area、industry 或数据项代码，前加 - 为倒序 · or the code of a definition; - in front turns it round"`
	Columns  []string `query:"columns" maxItems:"40" example:"ent.revenue,ent.employees" doc:"附带的数据项代码 · definitions to send along"`
}

// listing reads the filters: what they ask for, and the definitions to send along.
func (s *server) listing(c *caller, f Filters) (fact.Listing, []content.FactDef, error) {
	q := fact.Listing{Text: f.Text, Area: f.Area, Industry: f.Industry, Year: f.Year, Sort: f.Sort}
	if q.Year == 0 {
		q.Year = s.Clock.Today().Year() - 1
	}
	switch f.Scale {
	case "above":
		q.Scale = fact.AboveScale
	case "below":
		q.Scale = fact.BelowScale
	}
	if len(q.Sort) > 0 && q.Sort[0] == '-' {
		q.Sort, q.Desc = q.Sort[1:], true
	}
	if _, ok := s.Library.Areas().Node(f.Area); f.Area != "" && !ok {
		return q, nil, invalid(c.t, "area", f.Area, i18n.M("api.no_area"))
	}
	if _, ok := s.Library.Industries().Node(f.Industry); f.Industry != "" && !ok {
		return q, nil, invalid(c.t, "industry", f.Industry, i18n.M("api.no_industry"))
	}
	if def, ok := s.Library.FactDef(q.Sort); !slices.Contains([]string{"", fact.ByName, fact.ByUSCC, fact.ByArea, fact.ByIndustry}, q.Sort) && (!ok || !fact.IsColumn(def)) {
		return q, nil, invalid(c.t, "sort", f.Sort, i18n.M("api.no_order"))
	}
	var columns []content.FactDef
	for _, code := range f.Columns {
		def, ok := s.Library.FactDef(code)
		if !ok || !fact.IsColumn(def) {
			return q, nil, invalid(c.t, "columns", code, i18n.M("api.no_column"))
		}
		columns = append(columns, def)
	}
	return q, columns, nil
}

type listIn struct {
	Filters
	Paging
	Knowledge
}

type firmsOut struct {
	Body struct {
		Items []Firm `json:"items" nullable:"false"`
		Total int    `json:"total" example:"3000"`
		Next  string `json:"next,omitempty" example:"eyJjIjo0Miwi"`
		AsOf  asOf   `json:"as_of"`
	}
}

func (s *server) listFirms(ctx context.Context, c *caller, in *listIn) (*firmsOut, error) {
	q, columns, err := s.listing(c, in.Filters)
	if err != nil {
		return nil, err
	}
	at, err := in.open(c, c.listName("enterprises", q))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, at.pick(in.Knowledge))
	if err != nil {
		return nil, err
	}
	view, list := m.View, m.List(q)
	out := &firmsOut{}
	out.Body.Items = make([]Firm, 0, min(in.Limit, list.Len()))
	for e, row := range list.Page(view, at.From, in.Limit) {
		f := s.firm(e)
		f.Facts = s.columns(view, row, columns, q.Year)
		out.Body.Items = append(out.Body.Items, f)
	}
	out.Body.Total, out.Body.Next, out.Body.AsOf = list.Len(), at.next(m, at.From+in.Limit, list.Len()), m.asOf()
	return out, nil
}

func (s *server) columns(view fact.View, row fact.Row, columns []content.FactDef, year int) map[string]Cell {
	if len(columns) == 0 {
		return nil
	}
	cells := make(map[string]Cell, len(columns))
	for _, def := range columns {
		cells[def.Code] = s.cell(def, row.At(view.Column(def.Code, fact.ColumnPeriod(def, year))))
	}
	return cells
}

type suggestIn struct {
	Text  string `query:"q" required:"true" minLength:"1" maxLength:"100" example:"亭湖"`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"8" example:"8"`
}

type suggestOut struct {
	Body struct {
		Items []Firm `json:"items" nullable:"false"`
		Total int    `json:"total" example:"1"`
	}
}

func (s *server) suggest(ctx context.Context, c *caller, in *suggestIn) (*suggestOut, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	found := m.Search(in.Text, in.Limit)
	out := &suggestOut{}
	out.Body.Items, out.Body.Total = []Firm{}, found.Total
	for _, e := range found.Enterprises {
		out.Body.Items = append(out.Body.Items, s.firm(e))
	}
	return out, nil
}

// FirmIn names an enterprise.
type FirmIn struct {
	ID int64 `path:"id" minimum:"1" example:"17" doc:"企业编号 · id of the enterprise"`
	Knowledge
}

// firmOf is the enterprise of an address, as far as the caller may read it.
func (s *server) firmOf(ctx context.Context, c *caller, in FirmIn) (moment, party.Enterprise, error) {
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return m, party.Enterprise{}, err
	}
	e, ok := m.Enterprise(in.ID)
	if !ok || !m.Can(access.ReadFact, in.ID) {
		return m, e, errs.NotFound("enterprise", in.ID)
	}
	return m, e, nil
}

// subject is an enterprise or what belongs to it, with what is known of it.
type subject struct {
	ID     int64   `json:"id" example:"19"`
	Kind   string  `json:"kind" enum:"enterprise,project,loan,lease,honour" example:"project"`
	Parent int64   `json:"parent,omitempty" example:"17" doc:"它所属的对象 · what it belongs to"`
	Facts  []Dated `json:"facts" nullable:"false"`
}

// Dated is a value with its definition and period.
type Dated struct {
	Def    string `json:"def" example:"ent.revenue"`
	Period string `json:"period,omitempty" example:"2023"`
	Cell
}

type fileOut struct {
	Tagged
	Body struct {
		Firm
		Areas      []stay    `json:"areas" nullable:"false" doc:"历次所在地区 · where it was, and when"`
		Industries []stay    `json:"industries" nullable:"false"`
		Merged     []int64   `json:"merged,omitempty" example:"[23]" doc:"并入本企业的编号 · ids that it stands for"`
		Subjects   []subject `json:"subjects" nullable:"false" doc:"企业本身及其项目、贷款、租赁、荣誉 · the enterprise, its projects, loans, leases and honours"`
		AsOf       asOf      `json:"as_of"`
	}
}

// stay is a membership over time.
type stay struct {
	Node
	From string `json:"from,omitempty" example:"2022-07-01"`
	To   string `json:"to,omitempty" example:"2023-12-31"`
}

func stays(tree *content.Tree, spans []party.Span) []stay {
	all := make([]stay, 0, len(spans))
	for _, sp := range spans {
		st := stay{Node: *nodeOf(tree, sp.Node)}
		if sp.From != nil {
			st.From = sp.From.String()
		}
		if sp.To != nil {
			st.To = sp.To.String()
		}
		all = append(all, st)
	}
	return all
}

type fileIn struct {
	FirmIn
	Have
}

func (s *server) firmFile(ctx context.Context, c *caller, in *fileIn) (*fileOut, error) {
	m, e, err := s.firmOf(ctx, c, in.FirmIn)
	if err != nil {
		return nil, err
	}
	view, tag := m.View, c.tag(m, "file", strconv.FormatInt(e.ID, 10))
	if err := in.check(tag); err != nil {
		return nil, err
	}
	out := &fileOut{Tagged: Tagged{tag}}
	b := &out.Body
	b.Firm, b.Merged, b.AsOf = s.firm(e), e.Merged, m.asOf()
	b.Areas = stays(s.Library.Areas(), view.Nodes(e.ID, party.TreeArea))
	b.Industries = stays(s.Library.Industries(), view.Nodes(e.ID, party.TreeIndustry))
	for sub := range subjectsOf(view, e.ID) {
		b.Subjects = append(b.Subjects, subject{ID: sub.ID, Kind: sub.Kind, Parent: sub.Parent, Facts: s.effective(view, sub, nil)})
	}
	return out, nil
}

// subjectsOf is an enterprise and what belongs to it, in the order of kinds.
func subjectsOf(view fact.View, enterprise int64) func(func(party.Subject) bool) {
	return func(yield func(party.Subject) bool) {
		self, ok := view.Subject(enterprise)
		if !ok || !yield(self) {
			return
		}
		for _, kind := range []string{content.Project, content.Loan, content.Lease, content.Honour} {
			for _, id := range view.Children(enterprise, kind) {
				if sub, ok := view.Subject(id); ok && !yield(sub) {
					return
				}
			}
		}
	}
}

// effective is what holds of a subject, of some definitions or all, by definition in the order of the content, the newest period first.
func (s *server) effective(view fact.View, sub party.Subject, only map[string]bool) []Dated {
	all := []Dated{}
	for _, def := range s.Library.FactDefs() {
		if def.Subject != sub.Kind || len(only) > 0 && !only[def.Code] {
			continue
		}
		periods := view.Periods(sub.ID, def.Code)
		slices.Reverse(periods)
		for _, p := range periods {
			all = append(all, Dated{Def: def.Code, Period: periodOf(p), Cell: s.cell(def, view.Value(sub.ID, def.Code, p))})
		}
	}
	return all
}

func (s *server) registerFirms() {
	read, list := access.Need{Action: access.ReadFact}, access.Need{Action: access.ReadParty}
	handle(s, operation{id: "list_enterprises", tag: "enterprises", method: http.MethodGet, path: "/enterprises", need: list}, s.listFirms)
	handle(s, operation{id: "search_enterprises", tag: "enterprises", method: http.MethodGet, path: "/enterprises/search", need: list}, s.suggest)
	handle(s, operation{id: "get_enterprise", tag: "enterprises", method: http.MethodGet, path: "/enterprises/{id}", need: read}, s.firmFile)
}
