package web

import (
	"cmp"
	"context"
	"math/big"
	"net/http"
	"net/url"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// mapRoutes are the data map, and the page of an area.
func (s *server) mapRoutes() []route {
	return []route{
		{"GET /map", mayFigure, s.dataMap},
		{"GET /map/export", mayCarry, s.exportMap},
		{"GET /areas/{code}", mayFigure, s.areaPage},
		{"GET /areas/{code}/export", mayCarry, s.exportArea},
	}
}

// mapQuery is a view of the data map.
type mapQuery struct {
	figureQuery
	Indicator string
}

func (q mapQuery) href(path string) string {
	out := q.values()
	if q.Indicator != "" {
		out.Set("indicator", q.Indicator)
	}
	return path + "?" + out.Encode()
}

func (q mapQuery) now() mapQuery {
	q.figureQuery = q.today()
	return q
}

func (q mapQuery) year(y int) mapQuery {
	q.figureQuery = q.at(period.OfYear(y))
	return q
}

func (q mapQuery) below(area string) mapQuery {
	q.figureQuery = q.in(area)
	return q
}

// mapRow is an area of the data map.
type mapRow struct {
	brokenRow
	Code       string
	Page, Rows string // of the area; of the subjects behind its figure
}

// yearLink is a year to show.
type yearLink struct {
	Year    int
	Href    string
	Current bool
}

// dataMapData is the data map.
type dataMapData struct {
	figureFrame
	Query      mapQuery
	X          *indicator.Indicator
	Name, Unit string
	Value      string
	Why        string
	Indicators []optionGroup
	Years      []yearLink
	Rows       []mapRow
	Map        *mapData
	Up         *option
	Figure     string // address of the figure, opened
	Live       string // address of the stream of changes; "" for a page that stands in the past
}

// indicatorGroups is every indicator to choose from.
func (s *server) indicatorGroups(t i18n.T, keep func(*indicator.Indicator) bool) []optionGroup {
	var all []optionGroup
	var file *indicator.File
	for _, x := range s.Monitor.Set.Indicators() {
		if !keep(x) {
			continue
		}
		if x.Group != file {
			file = x.Group
			all = append(all, optionGroup{Label: t.Text(file.Title)})
		}
		g := &all[len(all)-1]
		g.Options = append(g.Options, option{x.Code, t.Text(x.Name)})
	}
	return all
}

func everyIndicator(*indicator.Indicator) bool { return true }

// indicatorAsked is the indicator of a form, the first of the content where it names none; false where there are none at all.
func (s *server) indicatorAsked(code string) (*indicator.Indicator, error) {
	if all := s.Monitor.Set.Indicators(); code == "" && len(all) > 0 {
		return all[0], nil
	}
	return s.Monitor.Set.Indicator(code)
}

func (s *server) askedMap(r *http.Request, v *visit) (figureAsked, *indicator.Indicator, error) {
	x, err := s.indicatorAsked(r.FormValue("indicator"))
	if err != nil {
		return figureAsked{}, nil, err
	}
	a, err := s.askedFigures(r, v)
	return a, x, err
}

// dataMap is an indicator on the map of the areas below one, with the table and the ways on.
func (s *server) dataMap(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, x, err := s.askedMap(r, v)
	if err != nil {
		return err
	}
	d, err := s.dataMapOf(r.Context(), v, a, x)
	if err != nil {
		return err
	}
	d.Live = cockpitQuery{figureQuery: d.Query.figureQuery, Show: []string{x.Code}}.live(a)
	sh := s.shell(r, v, v.t.S("figurepage.map"))
	sh.Script = "live.js"
	return s.show(w, r, sh, http.StatusOK, dataMapPage(v.t, d))
}

func (s *server) dataMapOf(ctx context.Context, v *visit, a figureAsked, x *indicator.Indicator) (dataMapData, error) {
	t := v.t
	q := mapQuery{a.query.plainly(), x.Code}
	d := dataMapData{figureFrame: s.figureFrame(v, a, x), Query: q, X: x, Name: t.Text(x.Name), Unit: barUnit(t, x), Indicators: s.indicatorGroups(t, everyIndicator), Figure: q.figureQuery.href(figurePath(x.Code))}
	for y := a.m.day.Year() - figureYears + 1; y <= a.m.day.Year(); y++ {
		d.Years = append(d.Years, yearLink{y, q.year(y).href("/map"), a.p == period.OfYear(y)})
	}
	if above, ok := s.areaUp(v, a.query.Area); ok {
		d.Up = &option{q.below(above.Value).href("/map"), above.Label}
	}
	whole, err := s.indicatorRow(ctx, t, a, x)
	if err != nil {
		return d, err
	}
	d.Value, d.Why = whole.Value, whole.Why
	if d.Why != "" {
		return d, nil
	}
	if d.Rows, err = s.mapRows(ctx, t, a, x); err != nil {
		return d, err
	}
	var areas []drawnArea
	for _, row := range d.Rows {
		n, _ := s.Library.Areas().Node(row.Code)
		areas = append(areas, drawnArea{Code: row.Code, Name: row.Name, Short: n.Short, Value: row.Value, Href: cmp.Or(row.Href, row.Page), Size: row.F.Value})
	}
	if d.Map = s.drawMap(t, a.query.Area, areas, func(n *big.Rat) string { return figureText(t, x, n) }); d.Map != nil {
		d.Map.Title, d.Map.Help = d.Name, t.S("figurepage.map_help")
	}
	return d, nil
}

// areaUp is the area above one, as far as the visitor reaches.
func (s *server) areaUp(v *visit, code string) (option, bool) {
	here, _ := s.Library.Areas().Node(code)
	above, ok := s.Library.Areas().Node(here.Parent)
	if !ok || !v.scope.Sees(access.ReadFact, above.Code, 0) {
		return option{}, false
	}
	return option{above.Code, above.Name}, true
}

// mapRows is the figure of the areas right below the one that is asked for, with that of the year before.
func (s *server) mapRows(ctx context.Context, t i18n.T, a figureAsked, x *indicator.Indicator) ([]mapRow, error) {
	q := a.of(x)
	cells, err := s.Monitor.By(ctx, a.view, q, monitor.Dimension{By: monitor.ByArea})
	if err != nil {
		return nil, err
	}
	before, err := s.Monitor.By(ctx, a.view, q.YearBefore(), monitor.Dimension{By: monitor.ByArea})
	if err != nil {
		return nil, err
	}
	then := map[string]indicator.Figure{}
	for _, c := range before {
		then[c.Code] = c.Figure
	}
	var all []mapRow
	for _, c := range cells {
		row := mapRow{Code: c.Code, brokenRow: brokenRow{
			Name: cmp.Or(t.Text(c.Name), t.S("web.area_unknown")), Value: figureText(t, x, c.Value), Bar: barNumber(x, c.Value), F: c.Figure, Growth: growthText(t, x, c.Figure, then[c.Code]),
		}}
		if c.Code != "" {
			in := a.query.plainly().in(c.Code)
			row.Page, row.Rows = in.href(areaPath(c.Code)), in.href(figurePath(x.Code)+"/rows")
			if c.Code != a.query.Area && len(s.Library.Areas().Children(c.Code)) > 0 {
				row.Href = mapQuery{in, x.Code}.href("/map")
			}
		}
		all = append(all, row)
	}
	return all, nil
}

func areaPath(code string) string { return "/areas/" + url.PathEscape(code) }

func (s *server) exportMap(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, x, err := s.askedMap(r, v)
	if err != nil {
		return err
	}
	d, err := s.dataMapOf(r.Context(), v, a, x)
	if err != nil {
		return err
	}
	t := v.t
	out := sheet.Export{Title: d.Name, Notes: append(s.figureNotes(v, a, d.Query.href("/map")), [2]string{t.S("figurepage.source"), sourceOf(x)}, [2]string{t.S("figurepage.version"), x.Version})}
	out.Columns = []string{t.S("figurepage.code"), t.S("web.area"), t.S("figurepage.value") + inBrackets(t, exportUnit(t, x)), t.S("figurepage.growth"), t.S("figurepage.counted"), t.S("figurepage.within"), t.S("figurepage.lacking")}
	out.Rows = func(yield func([]any) bool) {
		for _, row := range d.Rows {
			if !yield([]any{row.Code, row.Name, exportNumber(x, row.F.Value), row.Growth, row.F.Counted, row.F.Within, row.F.Open + row.F.Dark + row.F.Failed}) {
				return
			}
		}
	}
	return s.export(w, r, v, d.Name+"-"+d.AreaName+"-"+a.p.String(), out)
}

// areaIndicator is an indicator of an area, beside that of another one.
type areaIndicator struct {
	indicatorRow
	Other string
}

type areaGroup struct {
	File *indicator.File
	Rows []areaIndicator
}

// areaData is an area with all its figures.
type areaData struct {
	figureFrame
	Path, With, WithName string
	Others               []option // areas to compare it with
	Groups               []areaGroup
	Below                []option
	Up                   *option
	Map                  string
	MaySee               bool // what policies come to
}

func (s *server) areaDataOf(r *http.Request, v *visit) (figureAsked, areaData, error) {
	code := r.PathValue("code")
	r.Form.Set("area", code)
	a, err := s.askedFigures(r, v)
	if err != nil {
		return a, areaData{}, err
	}
	t := v.t
	a.query = a.query.plainly()
	d := areaData{figureFrame: s.figureFrame(v, a, s.Monitor.Set.Indicators()...), Path: areaPath(code), With: r.FormValue("with"), Map: mapQuery{figureQuery: a.query}.href("/map"), MaySee: v.scope.Can(access.ReadSensitive)}
	for _, o := range d.Areas {
		if o.Value != code {
			d.Others = append(d.Others, o)
		}
	}
	other := a
	if d.With != "" {
		if _, ok := s.Library.Areas().Node(d.With); !ok || !v.scope.Sees(access.ReadFact, d.With, 0) {
			return a, d, errs.NotFound("area", d.With)
		}
		other.query.Area, d.WithName = d.With, s.areaName(d.With)
	}
	for _, x := range s.Monitor.Set.Indicators() {
		row := areaIndicator{}
		if row.indicatorRow, err = s.indicatorRow(r.Context(), t, a, x); err != nil {
			return a, d, err
		}
		if d.With != "" && row.Why == "" {
			f, err := s.Monitor.Figure(r.Context(), a.view, other.of(x))
			if err != nil {
				return a, d, err
			}
			row.Other = figureText(t, x, f.Value)
		}
		if n := len(d.Groups); n == 0 || d.Groups[n-1].File != x.Group {
			d.Groups = append(d.Groups, areaGroup{File: x.Group})
		}
		g := &d.Groups[len(d.Groups)-1]
		g.Rows = append(g.Rows, row)
	}
	for _, n := range s.Library.Areas().Children(code) {
		d.Below = append(d.Below, option{a.query.in(n.Code).href(areaPath(n.Code)), n.Name})
	}
	if up, ok := s.areaUp(v, code); ok {
		d.Up = &option{a.query.in(up.Value).href(areaPath(up.Value)), up.Label}
	}
	return a, d, nil
}

// areaPage is all figures of an area, beside those of another one where that is asked for.
func (s *server) areaPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, d, err := s.areaDataOf(r, v)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, d.AreaName), http.StatusOK, areaView(v.t, d))
}

func (s *server) exportArea(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, d, err := s.areaDataOf(r, v)
	if err != nil {
		return err
	}
	t := v.t
	out := sheet.Export{Title: d.AreaName, Notes: s.figureNotes(v, a, d.Path)}
	out.Columns = []string{t.S("figurepage.code"), t.S("figurepage.group"), t.S("figurepage.name"), t.S("figurepage.value"), t.S("figurepage.unit"), t.S("figurepage.growth"), t.S("figurepage.verified"), t.S("figurepage.lacking")}
	if d.With != "" {
		out.Columns = append(out.Columns, d.WithName)
	}
	out.Rows = func(yield func([]any) bool) {
		for _, g := range d.Groups {
			for _, row := range g.Rows {
				line := []any{row.X.Code, t.Text(g.File.Title), row.Name, exportNumber(row.X, row.F.Value), exportUnit(t, row.X), row.Growth, row.Verified, strconv.Itoa(row.lacking())}
				if d.With != "" {
					line = append(line, row.Other)
				}
				if !yield(line) {
					return
				}
			}
		}
	}
	return s.export(w, r, v, d.AreaName+"-"+a.p.String(), out)
}

// currentYear is the place of the year that is shown, the last where none is.
func currentYear(years []yearLink) int {
	for i, y := range years {
		if y.Current {
			return i
		}
	}
	return len(years) - 1
}
