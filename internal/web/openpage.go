package web

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// openRoutes are figures for everybody, as a page and as open data.
func (s *server) openRoutes() []route {
	open := access.Need{Public: true}
	return []route{
		{"GET /open", open, s.openPage},
		{"GET /open/figures.csv", open, s.openCSV},
		{"GET /open/figures.json", open, s.openJSON},
		{"GET /open/figures.geojson", open, s.openGeoJSON},
		{"GET /open/dictionary.csv", open, s.openDictionary},
	}
}

// openAsked is what an address asks for: an indicator and a year.
type openAsked struct {
	x    *indicator.Indicator
	year int
}

func (a openAsked) href(path string) string {
	return path + "?" + url.Values{"indicator": {a.x.Code}, "year": {strconv.Itoa(a.year)}}.Encode()
}

func (a openAsked) in(year int) openAsked {
	a.year = year
	return a
}

// openIndicator says that an indicator is told to everybody, by years.
func openIndicator(x *indicator.Indicator) bool {
	return monitor.Publishable(x) && x.Tells(period.OfYear(2000))
}

func (s *server) askedOpen(r *http.Request) (openAsked, error) {
	a := openAsked{year: s.Clock.Today().Year()}
	if text := r.FormValue("year"); text != "" {
		y, err := strconv.Atoi(text)
		if err != nil || y > a.year || y <= a.year-figureYears {
			return a, errs.Invalid(i18n.M("openpage.bad_year", text, a.year-figureYears+1, a.year))
		}
		a.year = y
	}
	for _, x := range s.Monitor.Set.Indicators() {
		if openIndicator(x) && (a.x == nil && r.FormValue("indicator") == "" || x.Code == r.FormValue("indicator")) {
			a.x = x
		}
	}
	if a.x == nil {
		return a, errs.NotFound("indicator", r.FormValue("indicator"))
	}
	return a, nil
}

// publicRow is an area of the open page.
type publicRow struct {
	Code, Name, Value, Counted, Within string
}

// openData is the open page.
type openData struct {
	Asked      openAsked
	Name       string
	AreaName   string
	Indicators []optionGroup
	Years      []yearLink
	Rows       []publicRow
	Total      publicRow
	Map        *mapData
	AsOf       string
	Population string
}

func (s *server) publicRowOf(t i18n.T, x *indicator.Indicator, r monitor.PublicRow) publicRow {
	row := publicRow{Code: r.Code, Name: t.Text(r.Name), Value: figureText(t, x, r.Figure.Value)}
	if r.Hidden {
		row.Value = t.S("openpage.hidden")
	}
	if !countsFirms(x) {
		return row
	}
	row.Counted, row.Within = openCount(t, r.Counted), openCount(t, r.Within)
	return row
}

func openCount(t i18n.T, n *int) string {
	if n == nil {
		return t.S("openpage.hidden")
	}
	return i18n.Group(strconv.Itoa(*n))
}

// openPage is figures by county and year for everybody, without what could tell of single firms.
func (s *server) openPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.askedOpen(r)
	if err != nil {
		return err
	}
	t := v.t
	table, err := s.Monitor.Public(r.Context(), a.x, a.year)
	if err != nil {
		return err
	}
	d := openData{Asked: a, Name: t.Text(a.x.Name), AreaName: s.areaName(table.Area), Indicators: s.indicatorGroups(t, openIndicator), AsOf: t.S("openpage.as_of", s.Clock.Today().String())}
	if p, ok := s.Monitor.Set.Population(a.x.Population); ok {
		d.Population = t.Text(p.Name)
	}
	for y := s.Clock.Today().Year() - figureYears + 1; y <= s.Clock.Today().Year(); y++ {
		d.Years = append(d.Years, yearLink{y, a.in(y).href("/open"), y == a.year})
	}
	var areas []drawnArea
	for _, row := range table.Rows {
		one := s.publicRowOf(t, a.x, row)
		d.Rows = append(d.Rows, one)
		n, _ := s.Library.Areas().Node(row.Code)
		areas = append(areas, drawnArea{Code: row.Code, Name: one.Name, Short: n.Short, Value: one.Value, Href: "#area-" + safeID(row.Code), Size: row.Figure.Value})
	}
	d.Total = s.publicRowOf(t, a.x, table.Total)
	if s.MapApproval != "" { // a map that was not reviewed is not for the public
		if d.Map = s.drawMap(t, table.Area, areas, func(n *big.Rat) string { return figureText(t, a.x, n) }); d.Map != nil {
			d.Map.Title, d.Map.Help = d.Name, t.S("openpage.map_help")
		}
	}
	sh := s.shell(r, v, t.S("openpage.title"))
	sh.Chart = true
	return s.show(w, r, sh, http.StatusOK, openView(t, d))
}

// openValue is a figure as open data has it: a plain number in the unit of the dictionary, nothing where it is hidden or not known.
func openValue(x *indicator.Indicator, v *big.Rat) string {
	if v == nil {
		return ""
	}
	return x.Number(v)
}

// eachOpen gives every open figure, by indicator, year and area; the area of all of them comes last.
func (s *server) eachOpen(ctx context.Context, give func(a openAsked, r monitor.PublicRow) error) error {
	today := s.Clock.Today()
	for _, x := range s.Monitor.Set.Indicators() {
		if !openIndicator(x) {
			continue
		}
		for y := today.Year() - figureYears + 1; y <= today.Year(); y++ {
			a := openAsked{x, y}
			table, err := s.Monitor.Public(ctx, x, y)
			if err != nil {
				return err
			}
			for _, row := range append(slices.Clip(table.Rows), table.Total) {
				if err := give(a, row); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// openCSV sends all open figures as a table.
func (s *server) openCSV(w http.ResponseWriter, r *http.Request, v *visit) error {
	var lines [][]any
	count := func(n *int) any {
		if n == nil {
			return nil
		}
		return *n
	}
	err := s.eachOpen(r.Context(), func(a openAsked, row monitor.PublicRow) error {
		hidden := 0
		if row.Hidden {
			hidden = 1
		}
		lines = append(lines, []any{a.x.Code, a.year, row.Code, v.t.Text(row.Name), openValue(a.x, row.Figure.Value), count(row.Counted), count(row.Within), hidden})
		return nil
	})
	if err != nil {
		return err
	}
	r.Form.Set("format", "csv")
	return s.export(w, r, v, v.t.S("openpage.title")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: v.t.S("openpage.title"),
		Table: sheet.Table{Columns: []string{"indicator", "year", "area", "area_name", "value", "counted", "within", "suppressed"}, Rows: func(yield func([]any) bool) {
			for _, line := range lines {
				if !yield(line) {
					return
				}
			}
		}},
	})
}

// openFigure is an open figure as JSON.
type openFigure struct {
	Indicator  string    `json:"indicator"`
	Year       int       `json:"year"`
	Area       string    `json:"area"`
	Name       i18n.Text `json:"name"`
	Value      *string   `json:"value"`
	Counted    *int      `json:"counted"`
	Within     *int      `json:"within"`
	Suppressed bool      `json:"suppressed"`
}

func openFigureOf(a openAsked, r monitor.PublicRow) openFigure {
	f := openFigure{Indicator: a.x.Code, Year: a.year, Area: r.Code, Name: r.Name, Counted: r.Counted, Within: r.Within, Suppressed: r.Hidden}
	if text := openValue(a.x, r.Figure.Value); text != "" {
		f.Value = &text
	}
	return f
}

// openHead is what open data tells about itself.
type openHead struct {
	Title     string `json:"title"`
	Licence   string `json:"licence"`
	Made      string `json:"made"`
	Method    string `json:"method"`
	Synthetic bool   `json:"synthetic"`
}

func (s *server) openHead(t i18n.T) openHead {
	return openHead{t.S("openpage.title"), t.S("openpage.licence"), s.Clock.Today().String(), t.S("openpage.method", monitor.LeastPublic), s.Demo != nil}
}

// openJSON sends all open figures with what they mean.
func (s *server) openJSON(w http.ResponseWriter, r *http.Request, v *visit) error {
	body := struct {
		openHead
		Dictionary []openMeaning `json:"dictionary"`
		Figures    []openFigure  `json:"figures"`
	}{s.openHead(v.t), s.openMeanings(v.t), []openFigure{}}
	err := s.eachOpen(r.Context(), func(a openAsked, row monitor.PublicRow) error {
		body.Figures = append(body.Figures, openFigureOf(a, row))
		return nil
	})
	if err != nil {
		return err
	}
	return sendJSON(w, "application/json", "open-figures.json", body)
}

func sendJSON(w http.ResponseWriter, kind, name string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	attach(w, name, kind)
	_, _ = w.Write(text) // the reader has gone; nobody is left to tell
	return nil
}

// openFeature is an area with its open figure (RFC 7946). Its outline is told where the deployer's map was reviewed.
type openFeature struct {
	Type       string          `json:"type"`
	ID         string          `json:"id"`
	Geometry   *openMultiShape `json:"geometry"`
	Properties openFigure      `json:"properties"`
}

type openMultiShape struct {
	Type        string           `json:"type"`
	Coordinates [][][][2]float64 `json:"coordinates"`
}

func (s *server) openShape(code string) *openMultiShape {
	b, ok := s.Library.Boundaries().Of(code)
	if !ok || s.MapApproval == "" {
		return nil
	}
	out := &openMultiShape{Type: "MultiPolygon"}
	for _, polygon := range b.Polygons {
		var rings [][][2]float64
		for _, ring := range polygon {
			var points [][2]float64
			for _, p := range ring {
				points = append(points, [2]float64{p.Lon, p.Lat})
			}
			rings = append(rings, points)
		}
		out.Coordinates = append(out.Coordinates, rings)
	}
	return out
}

// openGeoJSON sends an indicator of a year by area, for maps.
func (s *server) openGeoJSON(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.askedOpen(r)
	if err != nil {
		return err
	}
	table, err := s.Monitor.Public(r.Context(), a.x, a.year)
	if err != nil {
		return err
	}
	body := struct {
		Type string `json:"type"`
		openHead
		Outlines i18n.Text     `json:"outlines"`
		Approval string        `json:"approval,omitempty"` // 审图号
		Features []openFeature `json:"features"`
	}{Type: "FeatureCollection", openHead: s.openHead(v.t), Outlines: s.Library.Boundaries().Source, Approval: s.MapApproval, Features: []openFeature{}}
	for _, row := range table.Rows {
		body.Features = append(body.Features, openFeature{"Feature", row.Code, s.openShape(row.Code), openFigureOf(a, row)})
	}
	return sendJSON(w, "application/geo+json", a.x.Code+"-"+strconv.Itoa(a.year)+".geojson", body)
}

// openMeaning is a line of the data dictionary.
type openMeaning struct {
	Indicator  string    `json:"indicator"`
	Name       i18n.Text `json:"name"`
	Unit       string    `json:"unit"`
	Population i18n.Text `json:"population"`
	Condition  string    `json:"condition"`
	Version    string    `json:"version"`
	Source     string    `json:"source"`
	Confidence string    `json:"confidence"`
	Hash       string    `json:"sha256"`
}

func (s *server) openMeanings(t i18n.T) []openMeaning {
	all := []openMeaning{}
	for _, x := range s.Monitor.Set.Indicators() {
		if openIndicator(x) {
			p, _ := s.Monitor.Set.Population(x.Population)
			all = append(all, openMeaning{x.Code, x.Name, exportUnit(t, x), p.Name, x.Where, x.Version, sourceOf(x), x.Confidence, x.Hash})
		}
	}
	return all
}

// openDictionary sends what the indicators and the columns of open data mean.
func (s *server) openDictionary(w http.ResponseWriter, r *http.Request, v *visit) error {
	t := v.t
	var lines [][]any
	for _, c := range []string{"indicator", "year", "area", "area_name", "value", "counted", "within", "suppressed"} {
		lines = append(lines, []any{c, t.S("openpage.column_" + c), "", "", "", "", "", ""})
	}
	for _, x := range s.openMeanings(t) {
		lines = append(lines, []any{x.Indicator, t.Text(x.Name), x.Unit, t.Text(x.Population), x.Condition, x.Version, x.Source, t.S("web." + x.Confidence)})
	}
	r.Form.Set("format", "csv")
	return s.export(w, r, v, t.S("openpage.dictionary"), sheet.Export{Title: t.S("openpage.dictionary"), Table: sheet.Table{
		Columns: []string{t.S("figurepage.code"), t.S("figurepage.name"), t.S("figurepage.unit"), t.S("figurepage.population"), t.S("figurepage.where"), t.S("figurepage.version"), t.S("figurepage.source"), t.S("openpage.confidence")},
		Rows: func(yield func([]any) bool) {
			for _, line := range lines {
				if !yield(line) {
					return
				}
			}
		},
	}})
}
