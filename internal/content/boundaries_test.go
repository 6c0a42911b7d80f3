package content

import (
	"testing"
	"testing/fstest"

	contentdata "github.com/yanzhen/yanzhen/content"
)

// Every city and county of the province has an outline, and its middle lies inside.
func TestBoundaries(t *testing.T) {
	lib, err := Load(contentdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, city := range lib.Areas().Children("320000") {
		for _, n := range append(lib.Areas().Children(city.Code), city) {
			b, ok := lib.Boundaries().Of(n.Code)
			if ok == (n.Level == Zone || n.Retired) {
				t.Errorf("%s %s: boundary %v", n.Code, n.Name, ok)
			}
			if !ok {
				continue
			}
			seen++
			if !inside(b, b.Center) {
				t.Errorf("the centre of %s lies outside", n.Name)
			}
		}
	}
	if seen != 13+95 {
		t.Errorf("%d areas have a boundary", seen)
	}
	if lib.Boundaries().Source.ZH == "" || lib.Boundaries().License == "" {
		t.Error("nobody knows where the boundaries come from")
	}
}

// inside is the even-odd rule, which a page draws by.
func inside(b Boundary, p Point) bool {
	in := false
	for _, ring := range b.Rings {
		for i := 1; i < len(ring); i++ {
			q, r := ring[i-1], ring[i]
			if (q.Lat > p.Lat) != (r.Lat > p.Lat) && p.Lon < (r.Lon-q.Lon)*(p.Lat-q.Lat)/(r.Lat-q.Lat)+q.Lon {
				in = !in
			}
		}
	}
	return in
}

func TestBadBoundaries(t *testing.T) {
	areas := newTree("", areaCode)
	areas.add(Node{Code: "320900", Name: "盐城市"})
	for name, tt := range map[string]struct{ file, key string }{
		"no JSON":     {`{`, "content.bad_boundaries"},
		"no area":     {`{"features":[{"properties":{"code":"999999"},"geometry":{"type":"MultiPolygon"}}]}`, "content.no_node"},
		"open ring":   {`{"features":[{"properties":{"code":"320900"},"geometry":{"type":"MultiPolygon","coordinates":[[[[1,1],[1,2],[2,2],[2,1]]]]}}]}`, "content.bad_outline"},
		"off earth":   {`{"features":[{"properties":{"code":"320900"},"geometry":{"type":"MultiPolygon","coordinates":[[[[1,1],[1,200],[2,2],[1,1]]]]}}]}`, "content.bad_outline"},
		"other shape": {`{"features":[{"properties":{"code":"320900"},"geometry":{"type":"Point"}}]}`, "content.bad_outline"},
	} {
		_, problems := readBoundaries(fstest.MapFS{boundaryFile: {Data: []byte(tt.file)}}, areas)
		if len(problems) != 1 || problems[0].Msg.Key != tt.key {
			t.Errorf("%s: %v, want %s", name, problems, tt.key)
		}
	}
	if _, problems := readBoundaries(fstest.MapFS{}, areas); len(problems) != 0 {
		t.Errorf("no file: %v", problems)
	}
}
