package web

import (
	"cmp"
	"context"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// mayFigure is who looks at the figures of an area.
var mayFigure = access.Need{Action: access.ReadFact, Area: true}

// mayCarry is who takes them away.
var mayCarry = access.Need{Action: access.Export, Area: true}

// figureRoutes are the indicators, what each comes to, and whom and what it is made of.
func (s *server) figureRoutes() []route {
	return []route{
		{"GET /figures", mayFigure, s.figures},
		{"GET /figures/export", mayCarry, s.exportFigures},
		{"GET /figures/{code}", mayFigure, s.figurePage},
		{"GET /figures/{code}/rows", mayFigure, s.figureRows},
		{"GET /figures/{code}/rows/{subject}", mayFigure, s.figureRow},
		{"GET /figures/{code}/export", mayCarry, s.exportFigure},
	}
}

// figureQuery is which figures a page is asked for; its address restores it.
type figureQuery struct {
	Area, Period string
	AsOf         string            // day in the past; "" for today
	Only         string            // of the area's enterprises, only those of a part: "trade:34"; "" for all
	Choices      map[string]string // options chosen otherwise than the area does
	Verified     bool              // only what was verified is taken for known
	State        string            // of the rows
	Page         int
}

func (q figureQuery) values() url.Values {
	out := url.Values{}
	for name, value := range map[string]string{"area": q.Area, "period": q.Period, "as_of": q.AsOf, "only": q.Only, "state": q.State, "page": pageText(q.Page)} {
		if value != "" {
			out.Set(name, value)
		}
	}
	if q.Verified {
		out.Set("verified", "1")
	}
	for code, option := range q.Choices {
		out.Set("set:"+code, option)
	}
	return out
}

func (q figureQuery) href(path string) string {
	if out := q.values(); len(out) > 0 {
		return path + "?" + out.Encode()
	}
	return path
}

// template is where these figures are filled into somebody's form.
func (q figureQuery) template() string {
	out := q.plainly().values()
	out.Del("verified")
	if !q.Verified {
		out.Set("basis", "all")
	}
	return templateAddress("figures", out)
}

func (q figureQuery) in(area string) figureQuery {
	q.Area, q.Page = area, 1
	return q
}

func (q figureQuery) at(p period.Period) figureQuery {
	q.Period, q.Page = p.String(), 1
	return q
}

// only is the view of a part, besides any that it is of already; where it is one of areas, of that area.
func (q figureQuery) only(d monitor.Dimension, part string) figureQuery {
	switch d.By {
	case "":
		return q
	case monitor.ByArea, monitor.ByCity, monitor.ByCounty:
		return q.in(part)
	}
	if q.Only != "" {
		q.Only += ","
	}
	q.Only, q.Page = q.Only+d.String()+":"+part, 1
	return q
}

func (q figureQuery) of(state indicator.State) figureQuery {
	q.State, q.Page = state.String(), 1
	return q
}

func (q figureQuery) onPage(n int) figureQuery {
	q.Page = n
	return q
}

func (q figureQuery) today() figureQuery {
	q.AsOf = ""
	return q
}

// plainly is the view without a choice of rows.
func (q figureQuery) plainly() figureQuery {
	q.State, q.Page = "", 1
	return q
}

func figurePath(code string) string { return "/figures/" + code }

// figureAsked is what an address asks for, before anything is worked out.
type figureAsked struct {
	view  fact.View
	m     moment
	query figureQuery
	p     period.Period
	only  *monitor.Part
	force map[string]string // answers to choices that the area gives
}

// of is an indicator asked as the address says.
func (a figureAsked) of(x *indicator.Indicator) monitor.Query {
	choices := maps.Clone(a.force)
	maps.Copy(choices, a.query.Choices)
	return monitor.Query{Indicator: x, Area: a.query.Area, Period: a.p, Until: a.m.day, Choices: choices, Verified: a.query.Verified, Only: a.only}
}

// askedFigures reads what an address asks for. An area out of reach is as if it did not exist: its figure would be made of a part of it.
func (s *server) askedFigures(r *http.Request, v *visit) (figureAsked, error) {
	var a figureAsked
	var err error
	if a.m, err = s.momentOf(r); err != nil {
		return a, err
	}
	if a.view, err = s.viewAt(r.Context(), v, a.m); err != nil {
		return a, err
	}
	q := figureQuery{
		Area: cmp.Or(r.FormValue("area"), s.homeArea(v.scope)), Period: cmp.Or(r.FormValue("period"), period.OfYear(a.m.day.Year()).String()), AsOf: a.m.param(),
		Only: r.FormValue("only"), Verified: r.FormValue("verified") == "1", State: r.FormValue("state"), Page: pageNumber(r.FormValue("page")),
	}
	if _, ok := s.Library.Areas().Node(q.Area); !ok || !v.scope.Sees(access.ReadFact, q.Area, 0) {
		return a, errs.NotFound("area", q.Area)
	}
	a.p, err = period.Parse(q.Period)
	first, _, ok := a.p.Span()
	if err != nil || !ok || first > a.m.day {
		return a, errs.Invalid(i18n.M("figurepage.bad_period", q.Period))
	}
	a.query = q
	if a, err = s.knownAt(r.Context(), a, a.view); err != nil {
		return a, err
	}
	q.Choices = s.chosen(r.Form, a.force)
	if a.only, err = s.partOf(q.Only); err != nil {
		return a, err
	}
	if _, ok := indicator.StateOf(q.State); !ok {
		q.State = ""
	}
	a.query = q
	return a, nil
}

// knownAt is the same question of what a view knows, the answers to choices among it.
func (s *server) knownAt(ctx context.Context, a figureAsked, view fact.View) (figureAsked, error) {
	_, last, _ := a.p.Span()
	var err error
	a.view = view
	a.force, err = s.Monitor.Choices(ctx, view, a.query.Area, min(last, a.m.day))
	return a, err
}

// chosen is the choices of definition that an address makes otherwise than those in force.
func (s *server) chosen(in url.Values, force map[string]string) map[string]string {
	out := map[string]string{}
	for _, c := range s.Monitor.Set.Choices() {
		if o, ok := c.Option(in.Get("set:" + c.Code)); ok && o.Code != cmp.Or(force[c.Code], c.Default) {
			out[c.Code] = o.Code
		}
	}
	return out
}

// partOf reads "trade:34", or "trade:34,ent.size:large" for what is in both; nil for "".
func (s *server) partOf(text string) (*monitor.Part, error) {
	var first *monitor.Part
	at := &first
	for one := range strings.SplitSeq(text, ",") {
		if one == "" {
			continue
		}
		word, code, _ := strings.Cut(one, ":")
		d, ok := s.Monitor.ParseDimension(word)
		if !ok || d.By == "" {
			return nil, errs.Invalid(i18n.M("monitor.no_dimension", word))
		}
		*at = &monitor.Part{Dimension: d, Code: code}
		at = &(*at).And
	}
	return first, nil
}

// choiceField is a choice of definition with what was chosen.
type choiceField struct {
	indicator.Choice
	Force  string // that the area answers, or the default
	Chosen string
}

// choiceFields are the choices that any of some indicators depend on.
func (s *server) choiceFields(a figureAsked, all ...*indicator.Indicator) []choiceField {
	var out []choiceField
	for _, c := range s.Monitor.Set.Choices() {
		if slices.ContainsFunc(all, func(x *indicator.Indicator) bool { return slices.Contains(x.Choices(), c.Code) }) {
			force := cmp.Or(a.force[c.Code], c.Default)
			out = append(out, choiceField{c, force, cmp.Or(a.query.Choices[c.Code], force)})
		}
	}
	return out
}

// optionGroup is options under a head.
type optionGroup struct {
	Label   string
	Options []option
}

const figureYears = 6 // that a page offers

// periodGroups are the periods to choose from: years, and what lies in the chosen one's year.
func periodGroups(t i18n.T, today period.Day, p period.Period) []optionGroup {
	all := []optionGroup{{Label: t.S("figurepage.years")}, {Label: t.S("figurepage.to_month")}, {Label: t.S("figurepage.quarters")}, {Label: t.S("figurepage.months")}}
	add := func(i int, p period.Period) {
		if first, _, ok := p.Span(); ok && first <= today {
			all[i].Options = append(all[i].Options, option{p.String(), periodText(t, p)})
		}
	}
	years := figureYears
	if p.YearOf() <= today.Year()-years {
		years = today.Year() - p.YearOf() + 1
	}
	for y := today.Year(); y > today.Year()-min(years, 50); y-- {
		add(0, period.OfYear(y))
	}
	for m := 12; m >= 1; m-- {
		add(1, period.ToMonth(p.YearOf(), m))
		add(3, period.OfMonth(p.YearOf(), m))
		if m%3 == 0 {
			add(2, period.OfQuarter(p.YearOf(), m/3))
		}
	}
	if all[1].Options != nil { // months that have not begun
		all[1].Options = slices.DeleteFunc(all[1].Options, func(o option) bool {
			q, _ := period.Parse(o.Value)
			_, last, _ := q.Span()
			y, m, _ := last.YMD()
			return period.Date(y, m, 1) > today
		})
	}
	return all
}

// partGroups are the parts to choose from: trades, sizes, chains.
func (s *server) partGroups(t i18n.T) []optionGroup {
	var all []optionGroup
	for _, d := range s.partDimensions() {
		g := optionGroup{Label: t.Text(s.Monitor.Name(d))}
		for _, o := range s.partsOf(t, d) {
			g.Options = append(g.Options, option{d.String() + ":" + o.Value, o.Label})
		}
		if len(g.Options) > 0 {
			all = append(all, g)
		}
	}
	return all
}

// partDimensions are those that pages break figures down by besides areas.
func (s *server) partDimensions() []monitor.Dimension {
	var all []monitor.Dimension
	for _, word := range []string{monitor.ByTrade, "ent.size", "ent.chain"} {
		if d, ok := s.Monitor.ParseDimension(word); ok {
			all = append(all, d)
		}
	}
	return all
}

// partsOf are the parts that a dimension is known to have.
func (s *server) partsOf(t i18n.T, d monitor.Dimension) []option {
	var all []option
	if d.By == monitor.ByTrade {
		for _, n := range s.Library.Industries().Nodes() {
			if n.Level == "division" {
				all = append(all, option{n.Code, n.Code + " " + n.Name})
			}
		}
		return all
	}
	def, _ := s.Library.FactDef(d.Fact)
	list, _ := s.Library.CodeList(def.Codes)
	for _, e := range list.Entries {
		all = append(all, option{e.Code, t.Text(e.Name)})
	}
	return all
}

// figureText is a figure with its unit.
func figureText(t i18n.T, x *indicator.Indicator, v *big.Rat) string {
	switch {
	case v == nil:
		return "—"
	case x.Type == rule.MoneyType:
		return roundly(t, fenOf(v))
	case x.Percent():
		return i18n.Group(x.Number(v)) + "%"
	case x.Unit != "":
		return i18n.Group(x.Number(v)) + " " + unitText(t, x.Unit)
	}
	return i18n.Group(x.Number(v))
}

// fenOf is an amount to the fen: what a mean of amounts has beyond is for no eye.
func fenOf(v *big.Rat) money.Fen {
	n, _ := new(big.Int).SetString(v.FloatString(0), 10)
	if !n.IsInt64() {
		return money.Fen(1<<63 - 1)
	}
	return money.Fen(n.Int64())
}

// barNumber is a figure as charts take it: 万元 of an amount.
func barNumber(x *indicator.Indicator, v *big.Rat) string {
	switch {
	case v == nil:
		return "0"
	case x.Type == rule.MoneyType:
		return new(big.Rat).Quo(v, big.NewRat(int64(money.Wan), 1)).FloatString(2)
	}
	return x.Number(v)
}

// barUnit is what barNumber counts in.
func barUnit(t i18n.T, x *indicator.Indicator) string {
	switch {
	case x.Type == rule.MoneyType:
		return t.S("web.wan")
	case x.Percent():
		return "%"
	}
	return unitText(t, x.Unit)
}

// growthText is by how much a figure has grown: percents, and points of those that are percents themselves. "" where nobody can say.
func growthText(t i18n.T, x *indicator.Indicator, now, then indicator.Figure) string {
	if x.Percent() {
		if now.Value == nil || then.Value == nil {
			return ""
		}
		points := new(big.Rat).Mul(new(big.Rat).Sub(now.Value, then.Value), big.NewRat(100, 1))
		return t.S("figurepage.points", withSign(points.FloatString(max(x.Places, 1)), points))
	}
	return partText(monitor.Growth(now, then))
}

// partText is a growth in percents; "" where nobody can say.
func partText(g *big.Rat) string {
	if g == nil {
		return ""
	}
	g = new(big.Rat).Mul(g, big.NewRat(100, 1))
	return withSign(i18n.Group(g.FloatString(1)), g) + "%"
}

// indicatorRow is an indicator with what it comes to.
type indicatorRow struct {
	X                       *indicator.Indicator
	F                       indicator.Figure
	Name, Value, Exact      string
	Growth                  string
	Verified, VerifiedShare string
	Href                    string
	Why                     string // there is no figure
}

// lacking is how many subjects are not known well enough.
func (r indicatorRow) lacking() int { return r.F.Open + r.F.Dark + r.F.Failed }

func (s *server) indicatorRow(ctx context.Context, t i18n.T, a figureAsked, x *indicator.Indicator) (indicatorRow, error) {
	row := indicatorRow{X: x, Name: t.Text(x.Name), Value: "—", Href: a.query.plainly().href(figurePath(x.Code))}
	if !x.Tells(a.p) {
		row.Why = t.S("figurepage.longer")
		return row, nil
	}
	if a.only != nil && !byFirm(x) {
		row.Why = t.S("figurepage.of_areas")
		return row, nil
	}
	q := a.of(x)
	var err error
	if row.F, err = s.Monitor.Figure(ctx, a.view, q); err != nil {
		return row, err
	}
	row.Value = figureText(t, x, row.F.Value)
	if x.Type == rule.MoneyType && row.F.Value != nil {
		row.Exact = exactYuan(t, fenOf(row.F.Value))
	}
	before, err := s.Monitor.Figure(ctx, a.view, q.YearBefore())
	if err != nil {
		return row, err
	}
	row.Growth = growthText(t, x, row.F, before)
	if q.Verified {
		return row, nil
	}
	q.Verified = true
	checked, err := s.Monitor.Figure(ctx, a.view, q)
	if err != nil {
		return row, err
	}
	row.Verified = figureText(t, x, checked.Value)
	if row.F.Counted > 0 {
		row.VerifiedShare = t.S("figurepage.verified_of", i18n.Group(strconv.Itoa(checked.Counted)), i18n.Group(strconv.Itoa(row.F.Counted)))
	}
	return row, nil
}

// byFirm says that a figure is made of subjects, so that it can be told of a part of the enterprises.
func byFirm(x *indicator.Indicator) bool {
	return x.Measure != indicator.Given && x.Measure != indicator.Composite && x.Measure != indicator.Coverage
}

// figureGroup is the indicators of a file.
type figureGroup struct {
	File *indicator.File
	Rows []indicatorRow
}

// figureFrame is what every page of figures shows: what is asked, and what could be.
type figureFrame struct {
	Query    figureQuery
	AreaName string
	PartName string
	Period   string
	Areas    []option
	Periods  []optionGroup
	Parts    []optionGroup
	Choices  []choiceField
	Moment   moment
	AsOf     string
	Export   bool
}

func (s *server) figureFrame(v *visit, a figureAsked, all ...*indicator.Indicator) figureFrame {
	parts := s.partGroups(v.t)
	label := s.partLabel(v.t, a.only)
	if a.query.Only != "" && !offered(parts, a.query.Only) {
		parts = append(parts, optionGroup{Label: v.t.S("figurepage.only"), Options: []option{{a.query.Only, label}}})
	}
	return figureFrame{
		Query: a.query, AreaName: s.areaName(a.query.Area), Period: periodText(v.t, a.p), Areas: s.areaOptions(v.scope), Periods: periodGroups(v.t, a.m.day, a.p),
		Parts: parts, PartName: label, Choices: s.choiceFields(a, all...), Moment: a.m, AsOf: s.asKnown(v.t, a.m, a.view), Export: mayCarry.MetBy(v.scope),
	}
}

func offered(all []optionGroup, value string) bool {
	return slices.ContainsFunc(all, func(g optionGroup) bool {
		return slices.ContainsFunc(g.Options, func(o option) bool { return o.Value == value })
	})
}

// partLabel is what a part is called; "" for none.
func (s *server) partLabel(t i18n.T, p *monitor.Part) string {
	var all []string
	for ; p != nil; p = p.And {
		name := cmp.Or(p.Code, t.S("assesspage.not_said"))
		for _, o := range s.partsOf(t, p.Dimension) {
			if o.Value == p.Code {
				name = o.Label
			}
		}
		all = append(all, t.Text(s.Monitor.Name(p.Dimension))+t.S("web.colon")+name)
	}
	return strings.Join(all, " · ")
}

// figuresData is the list of all indicators.
type figuresData struct {
	figureFrame
	Groups []figureGroup
}

func (s *server) allFigures(r *http.Request, v *visit) (figureAsked, figuresData, error) {
	a, err := s.askedFigures(r, v)
	if err != nil {
		return a, figuresData{}, err
	}
	d := figuresData{figureFrame: s.figureFrame(v, a, s.Monitor.Set.Indicators()...)}
	for _, x := range s.Monitor.Set.Indicators() {
		row, err := s.indicatorRow(r.Context(), v.t, a, x)
		if err != nil {
			return a, d, err
		}
		if n := len(d.Groups); n == 0 || d.Groups[n-1].File != x.Group {
			d.Groups = append(d.Groups, figureGroup{File: x.Group})
		}
		g := &d.Groups[len(d.Groups)-1]
		g.Rows = append(g.Rows, row)
	}
	return a, d, nil
}

// figures is every indicator by group, with what it comes to for an area and a period.
func (s *server) figures(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, d, err := s.allFigures(r, v)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("figurepage.title")), http.StatusOK, figuresPage(v.t, d))
}

func (s *server) exportFigures(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, d, err := s.allFigures(r, v)
	if err != nil {
		return err
	}
	t := v.t
	out := sheet.Export{Title: t.S("figurepage.title"), Notes: s.figureNotes(v, a, "/figures")}
	out.Columns = []string{
		t.S("figurepage.code"), t.S("figurepage.group"), t.S("figurepage.name"), t.S("figurepage.value"), t.S("figurepage.unit"), t.S("figurepage.growth"), t.S("figurepage.verified"),
		t.S("figurepage.counted"), t.S("figurepage.within"), t.S("figurepage.lacking"), t.S("figurepage.version"), t.S("figurepage.source"),
	}
	out.Rows = func(yield func([]any) bool) {
		for _, g := range d.Groups {
			for _, row := range g.Rows {
				x := row.X
				value := row.Why
				if row.F.Value != nil {
					value = x.Number(row.F.Value)
				}
				if !yield([]any{x.Code, t.Text(g.File.Title), row.Name, value, exportUnit(t, x), row.Growth, row.Verified, row.F.Counted, row.F.Within, row.lacking(), x.Version, sourceOf(x)}) {
					return
				}
			}
		}
	}
	return s.export(w, r, v, t.S("figurepage.title")+"-"+d.AreaName+"-"+a.p.String(), out)
}

// exportUnit is what Indicator.Number counts in.
func exportUnit(t i18n.T, x *indicator.Indicator) string {
	if x.Type == rule.MoneyType {
		return t.S("web.yuan")
	}
	return unitText(t, x.Unit)
}

// sourceOf is where an indicator comes from.
func sourceOf(x *indicator.Indicator) string { return strings.TrimSpace(x.Source + " " + x.Cite) }

// figureNotes is what a file of figures tells about itself.
func (s *server) figureNotes(v *visit, a figureAsked, path string) [][2]string {
	t := v.t
	notes := append(s.notes(v, a.view, a.query.href(path)),
		[2]string{t.S("asof.label"), s.asKnown(t, a.m, a.view)}, [2]string{t.S("web.area"), s.areaName(a.query.Area)}, [2]string{t.S("figurepage.period"), periodText(t, a.p)})
	if a.only != nil {
		notes = append(notes, [2]string{t.S("figurepage.only"), s.partLabel(t, a.only)})
	}
	for _, c := range s.choiceFields(a, s.Monitor.Set.Indicators()...) {
		o, _ := c.Option(c.Chosen)
		notes = append(notes, [2]string{t.Text(c.Name), t.Text(o.Name)})
	}
	return notes
}

// ofFigures says that a page is a way of looking at figures; at the top they stand under the region.
func ofFigures(path string) bool {
	return slices.ContainsFunc([]string{"/figures", "/map", "/areas", "/pivot", "/industry", "/cockpit"}, func(at string) bool {
		return path == at || strings.HasPrefix(path, at+"/")
	})
}
