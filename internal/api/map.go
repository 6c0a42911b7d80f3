package api

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

const geoJSONType = "application/geo+json"

// mapped is a policy's result on a map, as RFC 7946 writes it. What the deployer must show beside it goes along.
type mapped struct {
	Type     string    `json:"type"`
	Features []feature `json:"features"`
	Policy   string    `json:"policy"`
	Source   i18n.Text `json:"source"` // of the outlines
	License  string    `json:"license"`
	Approval string    `json:"approval,omitempty"` // 审图号
	AsOf     asOf      `json:"as_of"`
}

// feature is an area with what the policy comes to there. Geometry is null where nobody has its outline.
type feature struct {
	Type       string     `json:"type"`
	ID         string     `json:"id,omitempty"`
	Geometry   *geometry  `json:"geometry"`
	Properties properties `json:"properties"`
}

type properties struct {
	Code   string      `json:"code,omitempty"`
	Name   string      `json:"name,omitempty"`
	Center *[2]float64 `json:"center,omitempty"`
	Sum
}

type geometry struct {
	Type        string           `json:"type"`
	Coordinates [][][][2]float64 `json:"coordinates"`
}

func geometryOf(b content.Boundary) *geometry {
	g := &geometry{Type: "MultiPolygon"}
	for _, polygon := range b.Polygons {
		var rings [][][2]float64
		for _, ring := range polygon {
			points := make([][2]float64, len(ring))
			for i, p := range ring {
				points[i] = [2]float64{p.Lon, p.Lat}
			}
			rings = append(rings, points)
		}
		g.Coordinates = append(g.Coordinates, rings)
	}
	return g
}

// regionMap is what a policy comes to in the areas right below one, with their outlines.
func (s *server) regionMap(ctx context.Context, c *caller, in *CellIn) (*stream, error) {
	o, err := s.outcome(ctx, c, *in)
	if err != nil {
		return nil, err
	}
	outlines := s.Library.Boundaries()
	out := mapped{
		Type: "FeatureCollection", Features: []feature{}, Policy: in.ID, Source: outlines.Source, License: outlines.License,
		Approval: s.MapApproval, AsOf: o.asOf(),
	}
	for _, a := range o.result.ByArea(in.Area) {
		f := feature{Type: "Feature", ID: a.Area.Code, Properties: properties{Code: a.Area.Code, Name: a.Area.Name, Sum: sumOf(a.Sum)}}
		b, ok := outlines.Of(a.Area.Code)
		switch {
		case ok && a.Area.Code != in.Area: // what lies at the area itself has no outline of its own
			f.Geometry, f.Properties.Center = geometryOf(b), &[2]float64{b.Center.Lon, b.Center.Lat}
		case a.Firms == 0:
			continue
		}
		out.Features = append(out.Features, f)
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write a map: %w", err)
	}
	return s.file(in.ID+".geojson", geoJSONType, body), nil
}
