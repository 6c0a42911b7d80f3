package web

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// The measures that a map can show, the first by default.
var measures = []string{"sure", "more", "firms", "each"}

// mapData is a map of the areas below one: drawn on the server, so that it needs no script.
type mapData struct {
	Width, Height int
	Shapes        []shape
	Zones         []zone // areas without a boundary
	Legend        []legendStep
	mapView
	Title, Help string
	Source      i18n.Text
	Approval    string // 审图号, "" where the deployer gave none
	Up          *option
}

// mapView is what a map shows of an area, and where the same map with another measure is.
type mapView struct {
	Measure, Area string
	Href          func(measure string) string
}

// shape is an area on the map; its class is its place in the legend.
type shape struct {
	Name, Value, Href string
	Empty             bool // there is nothing: only the name stands on the map
	Path              string
	X, Y              int // of its name
	Class             int
}

type zone struct{ Name, Value, Href string }

type legendStep struct {
	Class int
	Text  string
}

const (
	mapWidth   = 640 // of the view box; the page scales it
	mapMargin  = 8
	mapClasses = 5
)

// drawnArea is an area to draw.
type drawnArea struct {
	Code, Name, Short string
	Value, Href       string
	Size              *big.Rat // by which it is coloured; of none, and of nothing above zero, only the name stands on the map
}

// empty says that there is nothing to colour.
func (a drawnArea) empty() bool { return a.Size == nil || a.Size.Sign() <= 0 }

// mapOf draws the areas of the table; nil where fewer than two of them have a boundary.
func (s *server) mapOf(t i18n.T, v mapView, rows []areaRow) *mapData {
	if !slices.Contains(measures, v.Measure) {
		v.Measure = measures[0]
	}
	var areas []drawnArea
	for _, row := range rows {
		size := measureOf(v.Measure, row)
		areas = append(areas, drawnArea{
			Code: row.Area.Code, Name: row.Name, Short: row.Area.Short, Value: measureText(t, v.Measure, row), Href: row.Href, Size: new(big.Rat).SetInt64(size),
		})
	}
	m := s.drawMap(t, v.Area, areas, func(n *big.Rat) string { return measureWords(t, v.Measure, n.Num().Int64()) })
	if m != nil {
		m.mapView, m.Title, m.Help = v, t.S("people.measure_"+v.Measure), t.S("people.map_help")
	}
	return m
}

// drawMap lays areas on a map, but for own, which is what lies in the area itself and in none of its parts; nil where fewer than two of
// them have a boundary.
func (s *server) drawMap(t i18n.T, own string, areas []drawnArea, words func(*big.Rat) string) *mapData {
	m := mapData{Width: mapWidth, Source: s.Library.Boundaries().Source, Approval: s.MapApproval}
	var drawn []drawnArea
	var outlines []content.Boundary
	for _, a := range areas {
		b, ok := s.Library.Boundaries().Of(a.Code)
		switch {
		case ok && a.Code != own:
			drawn, outlines = append(drawn, a), append(outlines, b)
			m.Shapes = append(m.Shapes, shape{Name: cmp.Or(a.Short, a.Name), Value: a.Value, Href: a.Href, Empty: a.empty()})
		case a.Code != "":
			m.Zones = append(m.Zones, zone{Name: a.Name, Value: a.Value, Href: a.Href})
		}
	}
	if len(drawn) < 2 {
		return nil
	}
	project := fit(outlines)
	for i := range m.Shapes {
		m.Shapes[i].Path = outlinePath(outlines[i], project)
		m.Shapes[i].X, m.Shapes[i].Y = project.place(outlines[i].Center)
	}
	m.Height = project.height
	m.classify(t, drawn, words)
	return &m
}

// measureOf is what a measure is for an area: fen, or a number of enterprises.
func measureOf(measure string, row areaRow) int64 {
	switch measure {
	case "more":
		return int64(row.Rest.OnTop)
	case "firms":
		return int64(row.Sure)
	case "each":
		if row.Firms == 0 {
			return 0
		}
		return (int64(row.Total.Sure) + int64(row.Firms)/2) / int64(row.Firms)
	}
	return int64(row.Total.Sure)
}

func measureText(t i18n.T, measure string, row areaRow) string {
	return measureWords(t, measure, measureOf(measure, row))
}

func measureWords(t i18n.T, measure string, value int64) string {
	if measure == "firms" {
		return t.S("people.n_enterprises", i18n.Group(strconv.FormatInt(value, 10)))
	}
	return roundly(t, money.Fen(value))
}

// classify parts the areas with a value into classes of about the same number, the darkest with the largest values.
// Nothing is class 0.
func (m *mapData) classify(t i18n.T, areas []drawnArea, words func(*big.Rat) string) {
	var values []*big.Rat
	for _, a := range areas {
		if !a.empty() {
			values = append(values, a.Size)
		}
	}
	same := func(a, b *big.Rat) bool { return a.Cmp(b) == 0 }
	slices.SortFunc(values, (*big.Rat).Cmp)
	classes := min(mapClasses, len(slices.CompactFunc(slices.Clone(values), same)))
	var floors []*big.Rat // the least value of each class
	for c := range classes {
		floors = append(floors, values[c*len(values)/classes])
	}
	floors = slices.CompactFunc(floors, same)
	for i, a := range areas {
		for c, floor := range floors {
			if !a.empty() && a.Size.Cmp(floor) >= 0 {
				m.Shapes[i].Class = mapClasses - len(floors) + c + 1
			}
		}
	}
	m.Legend = append(m.Legend, legendStep{0, t.S("people.map_none")})
	for c, floor := range floors {
		text := words(floor)
		if c+1 < len(floors) {
			text = t.S("people.map_from_below", text, words(floors[c+1]))
		} else {
			text = t.S("people.map_from", text)
		}
		m.Legend = append(m.Legend, legendStep{mapClasses - len(floors) + c + 1, text})
	}
}

// projection lays degrees on the view box: true to shape in the middle of the map, which for a province is enough.
type projection struct {
	west, north float64
	perLon      float64 // units a degree
	perLat      float64
	height      int
}

func fit(all []content.Boundary) projection {
	west, east, south, north := 180.0, -180.0, 90.0, -90.0
	for _, b := range all {
		for _, ring := range b.Rings {
			for _, p := range ring {
				west, east = min(west, p.Lon), max(east, p.Lon)
				south, north = min(south, p.Lat), max(north, p.Lat)
			}
		}
	}
	squeeze := math.Cos((south + north) / 2 * math.Pi / 180)
	perLon := (mapWidth - 2*mapMargin) / max(east-west, 1e-6)
	p := projection{west: west, north: north, perLon: perLon, perLat: perLon / squeeze}
	p.height = int((north-south)*p.perLat) + 2*mapMargin
	return p
}

func (p projection) place(at content.Point) (x, y int) {
	return mapMargin + int(math.Round((at.Lon-p.west)*p.perLon)), mapMargin + int(math.Round((p.north-at.Lat)*p.perLat))
}

// outlinePath is an outline in whole units of the view box. Points that fall on the one before are left out, and rings that
// are smaller than a unit with them.
func outlinePath(b content.Boundary, p projection) string {
	var path strings.Builder
	for _, ring := range b.Rings {
		var points []string
		for _, at := range ring {
			x, y := p.place(at)
			if point := fmt.Sprintf("%d %d", x, y); len(points) == 0 || points[len(points)-1] != point {
				points = append(points, point)
			}
		}
		if len(points) > 3 {
			path.WriteString("M" + strings.Join(points[:len(points)-1], "L") + "Z")
		}
	}
	return path.String()
}
