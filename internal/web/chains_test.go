package web

import (
	"net/http"
	"strings"
	"testing"
)

// TestChains: what an official sees of industrial chains, and where a blocked point of one is shown.
func TestChains(t *testing.T) {
	c := newCity(t)
	city := c.as("city")
	_, body := city.get("/chains")
	wants(t, body, `<h1>产业链</h1>`, `href="/chains/wind?`, "风电装备", "空白环节")
	if res, _ := city.get("/chains/nothing"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a chain that is none: %d", res.StatusCode)
	}
	_, body = city.get("/chains/wind?year=2024&segment=blades")
	wants(t, body, "产业图谱", "叶片材料", "没有已知的规上企业", "没有登记的堵点断点", `id="firms"`)
	if n := strings.Count(body, `class="yz-chain-tier"`); n != 3 {
		t.Errorf("%d courses, want 3", n)
	}
	if res, _ := c.as("firm").get("/chains"); res.StatusCode == http.StatusOK {
		t.Error("an enterprise sees the chains of the region")
	}
}
