package api

import (
	"cmp"
	"context"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// IndicatorHead is an indicator (指标) as lists show it.
type IndicatorHead struct {
	Indicator  string    `json:"indicator" example:"completed_share"`
	Name       i18n.Text `json:"name"`
	Group      i18n.Text `json:"group"`
	Measure    string    `json:"measure" enum:"stock,flow,share,level,coverage,given,composite" example:"share"`
	Unit       string    `json:"unit" example:"%" doc:"显示所用的单位 · the unit that it is shown in"`
	Version    string    `json:"version" example:"1" doc:"口径版本 · version of the method"`
	Source     string    `json:"source" example:"盐政办发〔2022〕6号 二（二）"`
	Confidence string    `json:"confidence" enum:"verified,secondary,unverified" example:"unverified"`
}

func indicatorHead(x *indicator.Indicator) IndicatorHead {
	unit := x.Unit
	if x.Type == rule.MoneyType {
		unit = "元"
	}
	return IndicatorHead{x.Code, x.Name, x.Group.Title, string(x.Measure), unit, x.Version, strings.TrimSpace(x.Source + " " + x.Cite), x.Confidence}
}

type indicatorsOut struct {
	Body struct {
		Items []IndicatorHead `json:"items" nullable:"false"`
	}
}

func (s *server) listIndicators(_ context.Context, _ *caller, _ *struct{}) (*indicatorsOut, error) {
	out := &indicatorsOut{}
	out.Body.Items = []IndicatorHead{}
	for _, x := range s.Monitor.Set.Indicators() {
		out.Body.Items = append(out.Body.Items, indicatorHead(x))
	}
	return out, nil
}

// IndicatorIn names an indicator.
type IndicatorIn struct {
	Indicator string `path:"indicator" maxLength:"80" example:"completed_share" doc:"见 list_indicators · see list_indicators"`
}

// IndicatorChoice is a question of definition that an indicator depends on.
type IndicatorChoice struct {
	Choice  string           `json:"choice" example:"completion"`
	Name    i18n.Text        `json:"name"`
	Default string           `json:"default" example:"declared"`
	Options []choiceOfAnswer `json:"options" nullable:"false"`
}

type choiceOfAnswer struct {
	Option string    `json:"option" example:"declared"`
	Name   i18n.Text `json:"name"`
}

func indicatorChoiceOf(c indicator.Choice) IndicatorChoice {
	k := IndicatorChoice{Choice: c.Code, Name: c.Name, Default: c.Default, Options: []choiceOfAnswer{}}
	for _, o := range c.Options {
		k.Options = append(k.Options, choiceOfAnswer{o.Code, o.Name})
	}
	return k
}

type indicatorOut struct {
	Body struct {
		IndicatorHead
		SHA256     string            `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"口径全部文字的摘要 · of all that the method is made of"`
		Help       *i18n.Text        `json:"help,omitempty"`
		Kind       string            `json:"kind,omitempty" example:"enterprise" doc:"统计的对象 · what is counted"`
		Population *i18n.Text        `json:"population,omitempty"`
		Of         string            `json:"of,omitempty" example:"ent.above_scale" doc:"统计范围的条件 · the condition of the population"`
		Where      string            `json:"where,omitempty" example:"ent.digital_done" doc:"计入条件 · which of it count"`
		Value      string            `json:"value,omitempty" example:"ent.revenue"`
		Weight     string            `json:"weight,omitempty" example:"ent.revenue"`
		Day        string            `json:"day,omitempty" example:"project.accepted_on"`
		Fact       string            `json:"fact,omitempty" example:"area.base_stations_5g"`
		Carry      int               `json:"carry" example:"1" doc:"未填报的年份沿用此前几年内的数据 · for so many years what was last stated holds on"`
		Space      string            `json:"over_space" enum:"sum,ratio,none" example:"ratio"`
		Time       string            `json:"over_time" enum:"sum,last,none" example:"last"`
		Choices    []IndicatorChoice `json:"choices" nullable:"false"`
		Facts      []string          `json:"facts" nullable:"false" example:"[\"ent.above_scale\",\"ent.digital_done\"]"`
	}
}

func (s *server) getIndicator(_ context.Context, _ *caller, in *IndicatorIn) (*indicatorOut, error) {
	x, err := s.Monitor.Set.Indicator(in.Indicator)
	if err != nil {
		return nil, err
	}
	out := &indicatorOut{}
	b := &out.Body
	b.IndicatorHead, b.SHA256, b.Help, b.Kind, b.Where, b.Value, b.Weight, b.Day, b.Fact = indicatorHead(x), x.Hash, x.Help, x.Kind, x.Where, x.Value, x.Weight, x.Day, x.Fact
	b.Carry, b.Space, b.Time, b.Choices, b.Facts = x.Carry, x.Over.Space, x.Over.Time, []IndicatorChoice{}, []string{}
	if p, ok := s.Monitor.Set.Population(x.Population); ok {
		b.Population, b.Of = &p.Name, p.Where
	}
	for _, c := range s.Monitor.Set.Choices() {
		if !slices.Contains(x.Choices(), c.Code) {
			continue
		}
		b.Choices = append(b.Choices, indicatorChoiceOf(c))
	}
	for _, def := range x.Reads() {
		b.Facts = append(b.Facts, def.Code)
	}
	return out, nil
}

// FigureQuery is which figure is asked for.
type FigureQuery struct {
	Area     string `query:"area" maxLength:"64" example:"320900" doc:"默认为能看到的最上一级 · by default the highest in reach"`
	Period   string `query:"period" maxLength:"10" example:"2024" doc:"如 2024、2024Q1、2024-03、2024YTD08，默认今年 · by default the current year"`
	Only     string `query:"only" maxLength:"200" example:"trade:34" doc:"只要一个部分：维度:代码，多个用逗号隔开 · only what is in a part: dimension:code, several parted by commas"`
	Choices  string `query:"choices" maxLength:"200" example:"completion=accepted" doc:"口径选择：选择=选项，多个用逗号隔开 · answers to choices: choice=option, several parted by commas"`
	Verified bool   `query:"verified" example:"false" doc:"只用已核实的数据 · only what was verified is taken for known"`
}

// figureAsked reads a query; what is wrong with it is said by parameter.
func (s *server) figureAsked(ctx context.Context, c *caller, m moment, code string, in FigureQuery) (monitor.Query, error) {
	q := monitor.Query{Area: in.Area, Until: m.day, Verified: in.Verified, Choices: map[string]string{}}
	if code != "" {
		x, err := s.Monitor.Set.Indicator(code)
		if err != nil {
			return q, err
		}
		q.Indicator = x
	}
	if q.Area == "" {
		q.Area = s.topArea(c)
	}
	if _, ok := s.Library.Areas().Node(q.Area); !ok || !c.scope.Sees(access.ReadFact, q.Area, 0) {
		return q, errs.NotFound("area", q.Area)
	}
	text := cmp.Or(in.Period, period.OfYear(m.day.Year()).String())
	var err error
	q.Period, err = period.Parse(text)
	if first, _, ok := q.Period.Span(); err != nil || !ok || first > m.day {
		return q, invalid(c.t, "period", text, i18n.M("figurepage.bad_period", text))
	}
	at := &q.Only
	for one := range strings.SplitSeq(in.Only, ",") {
		if one == "" {
			continue
		}
		word, part, _ := strings.Cut(one, ":")
		d, ok := s.Monitor.ParseDimension(word)
		if !ok || d.By == "" {
			return q, invalid(c.t, "only", one, i18n.M("monitor.no_dimension", word))
		}
		*at = &monitor.Part{Dimension: d, Code: part}
		at = &(*at).And
	}
	for one := range strings.SplitSeq(in.Choices, ",") {
		if one == "" {
			continue
		}
		name, option, _ := strings.Cut(one, "=")
		i := slices.IndexFunc(s.Monitor.Set.Choices(), func(k indicator.Choice) bool { return k.Code == name })
		if i < 0 {
			return q, invalid(c.t, "choices", one, i18n.M("api.no_choice", one))
		}
		if _, ok := s.Monitor.Set.Choices()[i].Option(option); !ok {
			return q, invalid(c.t, "choices", one, i18n.M("api.no_choice", one))
		}
		q.Choices[name] = option
	}
	_, last, _ := q.Period.Span()
	given := q.Choices
	if q.Choices, err = s.Monitor.Choices(ctx, m.View, q.Area, min(last, m.day)); err != nil {
		return q, err
	}
	maps.Copy(q.Choices, given)
	return q, nil
}

// topArea is the highest area that the asker reaches.
func (s *server) topArea(c *caller) string {
	tree, best := s.Library.Areas(), ""
	for _, code := range c.scope.Areas() {
		if _, ok := tree.Node(code); ok && (best == "" || len(tree.Path(code)) < len(tree.Path(best))) {
			best = code
		}
	}
	return best
}

// FigureValue is a figure.
type FigureValue struct {
	Value   string `json:"value,omitempty" example:"1/3" doc:"精确值：小数或分数，金额为元，占比为份额；没有则无数 · exact: a decimal or a fraction, yuan of an amount, a share as a part of one; none where there is no figure"`
	Shown   string `json:"shown,omitempty" example:"33.3" doc:"按指标的单位和位数 · in the unit and with the places of the indicator"`
	Counted int    `json:"counted" example:"1" doc:"计入 · how many count"`
	Within  int    `json:"within" example:"3" doc:"范围内 · of how many"`
	Open    int    `json:"open" example:"1" doc:"缺数据 · of whom it is not known"`
	Dark    int    `json:"dark" example:"0" doc:"是否在范围内不明 · not known whether they are among them"`
	Carried int    `json:"carried" example:"1" doc:"计入的当中沿用上年数据的 · of those that count, so many by what was stated for a year before"`
}

func figureValue(x *indicator.Indicator, f indicator.Figure) FigureValue {
	out := FigureValue{Counted: f.Counted, Within: f.Within, Open: f.Open + f.Failed, Dark: f.Dark, Carried: f.Carried}
	if f.Value != nil {
		out.Shown, out.Value = x.Number(f.Value), exactFigure(x, f.Value)
	}
	return out
}

// exactFigure is a value of an indicator exactly: yuan of an amount; "" for none.
func exactFigure(x *indicator.Indicator, v *big.Rat) string {
	switch {
	case v == nil:
		return ""
	case x.Type == rule.MoneyType:
		v = new(big.Rat).Quo(v, big.NewRat(100, 1))
	}
	return exactText(v)
}

// figureLine is an indicator with its figure.
type figureLine struct {
	Indicator string `json:"indicator" example:"completed_share"`
	FigureValue
	Verified *FigureValue `json:"verified,omitempty" doc:"只用已核实数据的数 · the figure from verified data alone"`
	Before   *FigureValue `json:"year_before,omitempty" doc:"上年同期 · a year earlier, up to the same day"`
	None     bool         `json:"none,omitempty" example:"false" doc:"这个期间或部分没有数 · it is not told for such a period or part"`
}

func (s *server) figureLine(ctx context.Context, m moment, q monitor.Query) (figureLine, error) {
	out := figureLine{Indicator: q.Indicator.Code}
	f, err := s.Monitor.Figure(ctx, m.View, q)
	if errs.KindOf(err) == errs.KindInvalid && err != nil {
		out.None = true
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.FigureValue = figureValue(q.Indicator, f)
	before, err := s.Monitor.Figure(ctx, m.View, q.YearBefore())
	if err != nil {
		return out, err
	}
	out.Before = ptr(figureValue(q.Indicator, before))
	if !q.Verified {
		q.Verified = true
		checked, err := s.Monitor.Figure(ctx, m.View, q)
		if err != nil {
			return out, err
		}
		out.Verified = ptr(figureValue(q.Indicator, checked))
	}
	return out, nil
}

type indicatorFiguresOut struct {
	Body struct {
		Area   string       `json:"area" example:"320900"`
		Period string       `json:"period" example:"2024"`
		AsOf   asOf         `json:"as_of"`
		Items  []figureLine `json:"items" nullable:"false"`
	}
}

// listFigures is every indicator with what it comes to.
func (s *server) listFigures(ctx context.Context, c *caller, in *struct {
	FigureQuery
	Knowledge
},
) (*indicatorFiguresOut, error) {
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return nil, err
	}
	q, err := s.figureAsked(ctx, c, m, "", in.FigureQuery)
	if err != nil {
		return nil, err
	}
	out := &indicatorFiguresOut{}
	b := &out.Body
	b.Area, b.Period, b.AsOf, b.Items = q.Area, q.Period.String(), m.asOf(), []figureLine{}
	for _, x := range s.Monitor.Set.Indicators() {
		q.Indicator = x
		line, err := s.figureLine(ctx, m, q)
		if err != nil {
			return nil, err
		}
		b.Items = append(b.Items, line)
	}
	return out, nil
}

// TableHead is a row or a column of a table of figures.
type TableHead struct {
	Code string    `json:"code" example:"320902" doc:"空为未填报，或合计 · empty for those of whom it was not said, and for the sum"`
	Name i18n.Text `json:"name"`
}

type figureTableOut struct {
	Body struct {
		Indicator string          `json:"indicator" example:"completed_share"`
		Area      string          `json:"area" example:"320900"`
		Period    string          `json:"period" example:"2024"`
		AsOf      asOf            `json:"as_of"`
		Rows      []TableHead     `json:"rows" nullable:"false"`
		Cols      []TableHead     `json:"cols" nullable:"false"`
		Cells     [][]FigureValue `json:"cells" nullable:"false" doc:"先行后列 · by row, then by column"`
		Total     FigureValue     `json:"total"`
	}
}

// getFigureTable is a figure by two dimensions.
func (s *server) getFigureTable(ctx context.Context, c *caller, in *struct {
	IndicatorIn
	FigureQuery
	Knowledge
	Rows string `query:"rows" maxLength:"64" example:"area" doc:"area、city、county、trade 或企业的数据项 · or a fact of enterprises, such as ent.size"`
	Cols string `query:"cols" maxLength:"64" example:"ent.size"`
},
) (*figureTableOut, error) {
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return nil, err
	}
	q, err := s.figureAsked(ctx, c, m, in.Indicator, in.FigureQuery)
	if err != nil {
		return nil, err
	}
	rows, ok := s.Monitor.ParseDimension(in.Rows)
	if !ok {
		return nil, invalid(c.t, "rows", in.Rows, i18n.M("monitor.no_dimension", in.Rows))
	}
	cols, ok := s.Monitor.ParseDimension(in.Cols)
	if !ok {
		return nil, invalid(c.t, "cols", in.Cols, i18n.M("monitor.no_dimension", in.Cols))
	}
	t, err := s.Monitor.Cross(ctx, m.View, q, rows, cols)
	if err != nil {
		return nil, err
	}
	out := &figureTableOut{}
	b := &out.Body
	b.Indicator, b.Area, b.Period, b.AsOf, b.Total = q.Indicator.Code, q.Area, q.Period.String(), m.asOf(), figureValue(q.Indicator, t.Total)
	b.Rows, b.Cols, b.Cells = tableHeads(t.Rows), tableHeads(t.Cols), [][]FigureValue{}
	for _, line := range t.Cells {
		cells := []FigureValue{}
		for _, f := range line {
			cells = append(cells, figureValue(q.Indicator, f))
		}
		b.Cells = append(b.Cells, cells)
	}
	return out, nil
}

func tableHeads(all []monitor.Head) []TableHead {
	out := []TableHead{}
	for _, h := range all {
		out = append(out, TableHead{h.Code, h.Name})
	}
	return out
}

// figureRow is a subject behind a figure.
type figureRow struct {
	Subject    int64  `json:"subject" example:"17" doc:"统计的对象；统计企业时即企业 · what is counted; the enterprise itself where that is"`
	Kind       string `json:"kind" example:"enterprise"`
	Enterprise int64  `json:"enterprise" example:"17"`
	Name       string `json:"name" example:"盐城亭湖甲机械有限公司"`
	USCC       string `json:"uscc,omitempty" example:"91320281142225264B"`
	Area       string `json:"area,omitempty" example:"320902"`
	State      string `json:"state" enum:"within,counted,open,dark,failed" example:"counted"`
	Brought    string `json:"brought,omitempty" example:"1" doc:"计入的数值 · what it brought, exact"`
	Carried    bool   `json:"carried" example:"true" doc:"沿用上年数据 · by what was stated for a year before"`
}

type figureRowsOut struct {
	Body struct {
		Items  []figureRow    `json:"items" nullable:"false"`
		Total  int            `json:"total" example:"1"`
		States map[string]int `json:"states" doc:"每种状态有多少 · how many stand in which way"`
		Next   string         `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// listFigureRows is the subjects behind a figure that the asker may see.
func (s *server) listFigureRows(ctx context.Context, c *caller, in *struct {
	IndicatorIn
	FigureQuery
	Knowledge
	State string `query:"state" maxLength:"20" enum:"within,counted,open,dark,failed" example:"counted"`
	Paging
},
) (*figureRowsOut, error) {
	at, err := in.open(c, c.listName("figure_rows", []any{in.IndicatorIn, in.FigureQuery, in.Knowledge, in.State}))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, at.pick(in.Knowledge))
	if err != nil {
		return nil, err
	}
	q, err := s.figureAsked(ctx, c, m, in.Indicator, in.FigureQuery)
	if err != nil {
		return nil, err
	}
	var states []indicator.State
	if state, ok := indicator.StateOf(in.State); ok {
		states = append(states, state)
	}
	behind, err := s.Monitor.Behind(ctx, m.View, q, states...)
	if err != nil {
		return nil, err
	}
	out := &figureRowsOut{}
	b := &out.Body
	b.Items, b.Total, b.Next, b.States = []figureRow{}, behind.Len(), at.next(m, at.From+in.Limit, behind.Len()), map[string]int{}
	for state, n := range behind.States {
		b.States[state.String()] = n
	}
	for _, f := range behind.Page(at.From, in.Limit) {
		row := figureRow{f.Subject, f.Kind, f.Owner, f.Firm, f.USCC, f.Area, f.State.String(), "", f.Carried}
		if f.State == indicator.Counted {
			row.Brought = exactFigure(q.Indicator, q.Indicator.Brought(f.Line))
		}
		b.Items = append(b.Items, row)
	}
	return out, nil
}

// factOfRow is a fact that was read of a subject.
type factOfRow struct {
	Subject string `json:"subject" example:"17"`
	Def     string `json:"def" example:"ent.digital_done"`
	Period  string `json:"period,omitempty" example:"2024" doc:"问的期间；沿用时数据属于此前的年份 · the period that was asked for; what is carried on is of a year before"`
	Value   string `json:"value,omitempty" example:"true" doc:"没有则未知或没有 · none where it is not known, or there is none"`
	Known   bool   `json:"known" example:"true"`
}

type figureRowOut struct {
	Body struct {
		State   string        `json:"state" enum:"out,within,counted,open,dark,failed" example:"counted"`
		Brought string        `json:"brought,omitempty" example:"1"`
		Carried bool          `json:"carried" example:"true"`
		Why     *i18n.Text    `json:"why,omitempty" doc:"不计入时比较的结果 · what was compared, where it does not count"`
		Missing []lackingFact `json:"missing" nullable:"false"`
		Read    []factOfRow   `json:"read" nullable:"false" doc:"来源见 get_timeline · get_timeline tells their sources"`
	}
}

// getFigureRow says how one subject stands to a figure: what was read of it, and what is missing.
func (s *server) getFigureRow(ctx context.Context, c *caller, in *struct {
	IndicatorIn
	FigureQuery
	Knowledge
	Subject int64 `path:"subject" minimum:"1" example:"17"`
},
) (*figureRowOut, error) {
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return nil, err
	}
	q, err := s.figureAsked(ctx, c, m, in.Indicator, in.FigureQuery)
	if err != nil {
		return nil, err
	}
	row, err := s.Monitor.Row(ctx, m.View, q, in.Subject)
	if err != nil {
		return nil, err
	}
	out := &figureRowOut{}
	b := &out.Body
	b.State, b.Carried, b.Missing, b.Read = row.State.String(), row.Carried, s.lacking(row.Missing), []factOfRow{}
	if row.State == indicator.Counted {
		b.Brought = exactFigure(q.Indicator, q.Indicator.Brought(row.Line))
	}
	if !row.Why.IsZero() {
		b.Why = ptr(row.Why.Both())
	}
	for _, r := range row.Read {
		one := factOfRow{Subject: r.Subject.ID, Def: r.Def, Period: periodOf(r.Period), Known: r.State == rule.Present}
		if one.Known {
			one.Value = r.Value.String()
		}
		if !slices.Contains(b.Read, one) {
			b.Read = append(b.Read, one)
		}
	}
	return out, nil
}

// publicFigure is a figure of an area as everybody may see it.
type publicFigure struct {
	Area       string    `json:"area" example:"320902"`
	Name       i18n.Text `json:"name"`
	Shown      string    `json:"shown,omitempty" example:"33.3"`
	Counted    *int      `json:"counted,omitempty" example:"12" doc:"没有则不公布 · none where it is withheld"`
	Within     *int      `json:"within,omitempty" example:"36" doc:"没有则不公布 · none where it is withheld"`
	Suppressed bool      `json:"suppressed" example:"false" doc:"数值不公布 · the value is withheld"`
}

type publicFiguresOut struct {
	Body struct {
		Indicator string         `json:"indicator" example:"completed_share"`
		Year      int            `json:"year" example:"2023"`
		Least     int            `json:"least" example:"5" doc:"不足这么多家的不公布 · figures of fewer are withheld"`
		Total     publicFigure   `json:"total"`
		Items     []publicFigure `json:"items" nullable:"false"`
	}
}

// listPublicFigures is an indicator of a year by county for everybody.
func (s *server) listPublicFigures(ctx context.Context, _ *caller, in *struct {
	IndicatorIn
	Year int `query:"year" minimum:"2000" maximum:"2100" example:"2023" doc:"没有则当年 · the current one where it is left out"`
},
) (*publicFiguresOut, error) {
	x, err := s.Monitor.Set.Indicator(in.Indicator)
	if err != nil {
		return nil, err
	}
	year := cmp.Or(in.Year, s.Clock.Today().Year())
	table, err := s.Monitor.Public(ctx, x, year)
	if err != nil {
		return nil, err
	}
	out := &publicFiguresOut{}
	b := &out.Body
	b.Indicator, b.Year, b.Least, b.Items = x.Code, year, monitor.LeastPublic, []publicFigure{}
	b.Total = publicFigureOf(x, table.Total)
	for _, r := range table.Rows {
		b.Items = append(b.Items, publicFigureOf(x, r))
	}
	return out, nil
}

func publicFigureOf(x *indicator.Indicator, r monitor.PublicRow) publicFigure {
	out := publicFigure{Area: r.Code, Name: r.Name, Counted: r.Counted, Within: r.Within, Suppressed: r.Hidden}
	if r.Figure.Value != nil {
		out.Shown = x.Number(r.Figure.Value)
	}
	return out
}

func (s *server) registerIndicators() {
	open, read := access.Need{Public: true}, access.Need{Action: access.ReadFact, Area: true}
	const tag, one = "figures", "/indicators/{indicator}"
	handle(s, operation{id: "list_indicators", tag: tag, method: http.MethodGet, path: "/indicators", need: open}, s.listIndicators)
	handle(s, operation{id: "get_indicator", tag: tag, method: http.MethodGet, path: one, need: open}, s.getIndicator)
	handle(s, operation{id: "list_figures", tag: tag, method: http.MethodGet, path: "/figures", need: read}, s.listFigures)
	handle(s, operation{id: "get_figure_table", tag: tag, method: http.MethodGet, path: one + "/table", need: read}, s.getFigureTable)
	handle(s, operation{id: "list_figure_rows", tag: tag, method: http.MethodGet, path: one + "/rows", need: read}, s.listFigureRows)
	handle(s, operation{id: "get_figure_row", tag: tag, method: http.MethodGet, path: one + "/rows/{subject}", need: read}, s.getFigureRow)
	handle(s, operation{id: "list_public_figures", tag: tag, method: http.MethodGet, path: one + "/public", need: open}, s.listPublicFigures)
}
