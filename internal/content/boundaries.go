package content

import (
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Point is a place on the ground, in degrees.
type Point struct{ Lon, Lat float64 }

// Boundary is the outline of an area: closed rings, those of holes too, which a map fills by the even-odd rule. Polygons
// are the same rings as RFC 7946 parts them: of each the outer one, then its holes.
type Boundary struct {
	Rings    [][]Point
	Polygons [][][]Point
	Center   Point // lies inside
}

// Boundaries are the outlines of areas, as far as a deployer has them, and where they come from.
type Boundaries struct {
	Source  i18n.Text
	License string
	areas   map[string]Boundary
}

// Of is the outline of an area; ok is false where there is none, as for functional zones.
func (b Boundaries) Of(code string) (out Boundary, ok bool) {
	out, ok = b.areas[code]
	return out, ok
}

const boundaryFile = "areas/boundaries.geojson"

// geoJSON is the part of RFC 7946 that boundaries are written in: polygons with the code of their area and a point inside.
type geoJSON struct {
	Source   i18n.Text `json:"source"`
	License  string    `json:"license"`
	Features []struct {
		Properties struct {
			Code   string     `json:"code"`
			Center [2]float64 `json:"center"`
		} `json:"properties"`
		Geometry struct {
			Type        string           `json:"type"`
			Coordinates [][][][2]float64 `json:"coordinates"`
		} `json:"geometry"`
	} `json:"features"`
}

// readBoundaries reads the outlines of areas. The file may be missing: then there is no map.
func readBoundaries(fsys fs.FS, areas *Tree) (Boundaries, Problems) {
	src, err := fs.ReadFile(fsys, boundaryFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Boundaries{}, nil
	}
	if err != nil {
		return Boundaries{}, Problems{{File: boundaryFile, Msg: i18n.M("content.bad_boundaries", err.Error())}}
	}
	var file geoJSON
	if err := json.Unmarshal(src, &file); err != nil {
		return Boundaries{}, Problems{{File: boundaryFile, Msg: i18n.M("content.bad_boundaries", err.Error())}}
	}
	out := Boundaries{Source: file.Source, License: file.License, areas: map[string]Boundary{}}
	var problems Problems
	for _, f := range file.Features {
		code := f.Properties.Code
		if _, ok := areas.Node(code); !ok {
			problems = append(problems, Problem{File: boundaryFile, Msg: i18n.M("content.no_node", code)})
			continue
		}
		b, ok := outline(f.Geometry.Coordinates)
		if !ok || f.Geometry.Type != "MultiPolygon" {
			problems = append(problems, Problem{File: boundaryFile, Msg: i18n.M("content.bad_outline", code)})
			continue
		}
		b.Center = Point{f.Properties.Center[0], f.Properties.Center[1]}
		out.areas[code] = b
	}
	return out, problems
}

// outline is the rings of polygons; ok is false where one is not closed or lies outside the earth.
func outline(polygons [][][][2]float64) (b Boundary, ok bool) {
	for _, polygon := range polygons {
		for _, ring := range polygon {
			if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
				return b, false
			}
			points := make([]Point, len(ring))
			for i, p := range ring {
				if p[0] < -180 || p[0] > 180 || p[1] < -90 || p[1] > 90 {
					return b, false
				}
				points[i] = Point{p[0], p[1]}
			}
			b.Rings = append(b.Rings, points)
		}
		b.Polygons = append(b.Polygons, b.Rings[len(b.Rings)-len(polygon):])
	}
	return b, len(b.Rings) > 0
}
