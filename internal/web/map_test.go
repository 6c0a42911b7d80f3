package web

import (
	"regexp"
	"strings"
	"testing"
)

var paths = regexp.MustCompile(`class="yz-area yz-class-(\d)" d="(M[\dMLZ ]+)"`)

// The map of the city: each county a link with its figure, the zones beside it, the deployer's number or its absence.
func TestMap(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	_, body := v.get("/region")
	shapes := paths.FindAllStringSubmatch(body, -1)
	if len(shapes) != 9 { // 3 districts, 5 counties, 1 city of 盐城, as many as the content has boundaries for
		t.Errorf("%d shapes", len(shapes))
	}
	dark := 0
	for _, s := range shapes {
		if s[1] != "0" {
			dark++
		}
	}
	if dark != 1 {
		t.Errorf("%d counties have money for sure", dark)
	}
	wants(t, body, `aria-label="亭湖 68.20 万元"`, "盐城经济技术开发区", "仅供内部使用", "边界：天地图", "68.20 万元 以上")
	_, body = v.get("/region?map=firms")
	wants(t, body, `aria-label="亭湖 1 家"`)
	_, body = v.get("/region?map=nothing")
	wants(t, body, `aria-label="亭湖 68.20 万元"`)

	c.srv.MapApproval = "苏S(2024)00号"
	_, body = v.get("/region")
	wants(t, body, "审图号：苏S(2024)00号")
	lacks(t, body, "仅供内部使用")
	_, body = c.as("tinghu").get("/region")
	if strings.Contains(body, "<svg viewBox=\"0 0 640") {
		t.Error("a county alone has a map")
	}
}
