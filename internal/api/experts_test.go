package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// The register of experts over the API: who keeps the pool enters an account, all that will not do is told at once, an expert declares
// an interest and judges nothing of it, and whoever judges now leaves when another account agrees.
func TestRegisterOfExperts(t *testing.T) {
	c := newCity(t)
	c.staff()
	c.account("expert4")
	entry := func(area string) string {
		return fmt.Sprintf(`{"account": %d, "label": "演示人员 04", "area": %q, "county": "320904", "belongs": ["示例研究院"]}`, c.ids["expert4"], area)
	}
	for _, login := range []string{"firm", "finance", "auditor", "tax", "expert1", "admin"} {
		wants(t, c.ask(login, http.MethodPost, "/experts", entry("320900")), 403)
	}
	wants(t, c.ask("tinghu", http.MethodPost, "/experts", entry("320900")), 403) // the city's pool
	wants(t, c.get("city", "/experts"), 200, `"items":[]`, fmt.Sprintf(`"account":%d,"login":"expert4"`, c.ids["expert4"]))
	wants(t, c.ask("city", http.MethodPost, "/experts", fmt.Sprintf(`{"account": %d, "label": "x", "area": "320900", "county": "999999", "enterprise": 999999}`, c.ids["firm"])), 422,
		`"pointer":"/account"`, `"pointer":"/county"`, `"pointer":"/enterprise"`)
	made := c.ask("city", http.MethodPost, "/experts", entry("320900"), idempotencyHeader, "e4")
	wants(t, made, 201)
	if again := c.ask("city", http.MethodPost, "/experts", entry("320900"), idempotencyHeader, "e4"); again.status != 201 || again.body != made.body {
		t.Errorf("entered again: %d %s", again.status, again.body)
	}
	wants(t, c.ask("city", http.MethodPost, "/experts", entry("320900")), 422, `"pointer":"/account"`) // in the pool already
	list := c.get("auditor", "/experts")
	wants(t, list, 200, "演示人员 04", "示例研究院", `"joinable":[]`)
	wants(t, c.get("tinghu", "/experts"), 200, `"items":[]`)

	declare := `{"enterprise": "盐城大丰乙电子有限公司", "reason": "本人持有其股份（演示）"}`
	for _, login := range []string{"firm", "city", "auditor"} {
		wants(t, c.ask(login, http.MethodPost, "/interests", declare), 403)
	}
	wants(t, c.ask("expert1", http.MethodPost, "/interests", declare), 404) // in no pool
	wants(t, c.ask("expert4", http.MethodPost, "/interests", strings.Replace(declare, "大丰乙", "某某", 1)), 422, `"pointer":"/enterprise"`)
	wants(t, c.ask("expert4", http.MethodPost, "/interests", strings.Replace(declare, "本人持有其股份（演示）", " ", 1)), 422)
	wants(t, c.ask("expert4", http.MethodPost, "/interests", declare), 204)
	wants(t, c.ask("expert4", http.MethodPost, "/interests", declare), 204) // once is enough
	for _, login := range []string{"expert4", "city", "auditor"} {
		r := c.get(login, "/interests")
		wants(t, r, 200, `"name":"盐城大丰乙电子有限公司"`, "股份")
		if n := strings.Count(r.body, `"label"`); n != 1 {
			t.Errorf("%s sees %d declarations", login, n)
		}
	}
	for _, login := range []string{"expert1", "tinghu", "firm"} {
		wants(t, c.get(login, "/interests"), 200, `"items":[]`)
	}

	one := "/experts/" + made.at(t, "id")
	wants(t, c.ask("tinghu", http.MethodPost, one+"/remove", `{"reason": "已调离"}`), 404)
	wants(t, c.ask("city", http.MethodPost, one+"/remove", `{"reason": " "}`), 422)
	wants(t, c.ask("city", http.MethodPost, one+"/settle", `{"agree": true}`), 409) // nobody asked
	wants(t, c.ask("city", http.MethodPost, one+"/remove", `{"reason": "已调离"}`), 200, `"waits":false`)
	wants(t, c.ask("city", http.MethodPost, one+"/remove", `{"reason": "已调离"}`), 404)
	wants(t, c.get("city", "/experts"), 200, `"why_left":"已调离"`, `"done":true`)
}

// Whoever judges a nomination now leaves when another account agrees.
func TestRemovalOfAJudge(t *testing.T) {
	c := newCity(t)
	c.staff()
	c.selects()
	list := c.get("city", "/experts")
	wants(t, list, 200, `"label":"演示人员 01"`)
	one := "/experts/" + list.at(t, "items.0.id")
	wants(t, c.ask("city", http.MethodPost, one+"/remove", `{"reason": "已调离"}`), 200, `"waits":true`)
	wants(t, c.ask("city", http.MethodPost, one+"/remove", `{"reason": "已调离"}`), 409)
	wants(t, c.ask("city", http.MethodPost, one+"/settle", `{"agree": true}`), 403) // the own request
	wants(t, c.ask("second", http.MethodPost, one+"/settle", `{"agree": false}`), 204)
	wants(t, c.get("city", "/experts"), 200, `"done":false`, `"settled_by":"测试 second"`)
	wants(t, c.ask("second", http.MethodPost, one+"/remove", `{"reason": "已调离"}`), 200, `"waits":true`)
	wants(t, c.ask("city", http.MethodPost, one+"/settle", `{"agree": true}`), 204)
	wants(t, c.get("city", "/experts"), 200, `"why_left":"已调离"`)
}

// A firm comes into a pool over the API, is told where it stands and what the next step asks for, and goes out again.
func TestPoolFromInToOut(t *testing.T) {
	c := newCity(t)
	c.staff()
	const pool = "/ladders/smart_factory/pool"
	wants(t, c.get("", "/ladders"), 200, `"ladder":"smart_factory"`, `"ladder":"benchmark"`)
	wants(t, c.get("", "/ladders/smart_factory"), 200, `"id":"basic"`, `"id":"pilot"`, "基础级智能工厂")
	wants(t, c.get("", "/ladders/nonsense"), 404)
	wants(t, c.get("", pool), 401)
	body := fmt.Sprintf(`{"enterprise": %d}`, c.firms[tinghuCode])
	for _, login := range []string{"viewer", "auditor", "expert1", "tax"} {
		wants(t, c.ask(login, http.MethodPost, pool, body), 403)
	}
	wants(t, c.ask("firm", http.MethodPost, pool, fmt.Sprintf(`{"enterprise": %d}`, c.firms[dafengCode])), 403)
	wants(t, c.ask("firm", http.MethodPost, "/ladders/nonsense/pool", body), 404)
	wants(t, c.ask("firm", http.MethodPost, pool, `{"enterprise": 0}`), 422, `"pointer":"/enterprise"`)
	made := c.ask("firm", http.MethodPost, pool, body, idempotencyHeader, "in")
	wants(t, made, 201, `"begun":false`)
	id := made.at(t, "id")
	wants(t, c.ask("handler", http.MethodPost, pool, body), 201, `"begun":true`, `"id":`+id)
	stands := fmt.Sprintf("/ladders/smart_factory/enterprises/%d", c.firms[tinghuCode])
	wants(t, c.get("firm", stands), 200, `"next":"basic"`, `"in":false`, `"case":`+id, `"may":true`, `"stays":[]`, `"lacks":[{"id":"level"`)
	wants(t, c.get("viewer", stands), 200, `"may":false`)
	wants(t, c.get("firm", fmt.Sprintf("/ladders/smart_factory/enterprises/%d", c.firms[dafengCode])), 404)
	c.simply("firm", id, "apply")
	c.simply("tinghu", id, "accept")
	wants(t, c.ask("firm", http.MethodPost, pool, body), 201, `"begun":true`) // the case runs as long as the firm is in
	for _, login := range []string{"city", "tinghu", "firm", "auditor"} {
		wants(t, c.get(login, pool), 200, `"total":1`, `"next":"basic"`, "盐城亭湖甲机械有限公司")
	}
	wants(t, c.get("city", pool+"?step=-&q=亭湖"), 200, `"total":1`)
	wants(t, c.get("city", pool+"?step=basic"), 200, `"total":0`)
	wants(t, c.get("city", pool+"?area=320904"), 200, `"total":0`)
	wants(t, c.ask("firm", http.MethodPost, "/ladders/smart_factory/refresh", ""), 403)
	wants(t, c.ask("city", http.MethodPost, "/ladders/smart_factory/refresh", ""), 200, `"moved":0`)
	c.acts("tinghu", id, "leave")
	wants(t, c.get("city", pool), 200, `"total":0`)
	wants(t, c.get("firm", stands), 200, `"in":false`, `"kind":"application"`, `"kind":"gone"`)

	wants(t, c.get("city", "/coverage?title=digital_craftsman"), 200, `"holders":0`, "亭湖区", "大丰区")
	wants(t, c.get("city", "/coverage?title=nonsense"), 422, `"parameter":"title"`)
	wants(t, c.get("firm", "/coverage?title=digital_craftsman"), 403)
}

// Experts of an application are drawn over the API, with what anybody needs to draw again; who handles nothing draws nothing.
func TestExpertsAreDrawn(t *testing.T) {
	c := newCity(t)
	c.subsidise(drafted)
	one := "/cases/" + c.paid.application + "/draws"
	for _, login := range []string{"firm", "auditor", "expert1"} {
		wants(t, c.ask(login, http.MethodPost, one, `{"size": 2}`), 403)
	}
	wants(t, c.ask("city", http.MethodPost, one, `{"size": 2}`), 409) // not handed in
	wants(t, c.ask("city", http.MethodPost, one, `{"size": 31}`), 422, `"pointer":"/size"`)
	wants(t, c.get("firm", one), 403)
}
