package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// What is wrong is told with its place, what was expected and how to mend it, in the reader's language.
func TestProblems(t *testing.T) {
	c := newCity(t)
	for _, tc := range []struct {
		name               string
		method, path, body string
		header             []string
		status             int
		zh, en             string
	}{
		{"no token", "GET", "/enterprises", "", []string{"Authorization", ""}, 401, "Bearer", "Bearer"},
		{"no such address", "GET", "/nowhere", "", nil, 404, "openapi.yaml", "openapi.yaml"},
		{"wrong method", "PATCH", "/enterprises/1", "", nil, 405, "只接受 GET", "GET only"},
		{"unknown parameter", "GET", "/enterprises?colour=red", "", nil, 422, `"parameter":"colour","detail":"没有这个参数`, "no such parameter"},
		{"limit too large", "GET", "/enterprises?limit=501", "", nil, 422, `"parameter":"limit","detail":"应为不大于 500 的数。","got":"501"`, "500 or less"},
		{"limit no number", "GET", "/enterprises?limit=many", "", nil, 422, "应为整数", "whole number"},
		{"no such area", "GET", "/enterprises?area=000000", "", nil, 422, `"parameter":"area"`, "/content/areas"},
		{"no such order", "GET", "/enterprises?sort=colour", "", nil, 422, `"parameter":"sort"`, "Use name"},
		{"no such column", "GET", "/enterprises?columns=project.name", "", nil, 422, `"parameter":"columns"`, "/content/definitions"},
		{"one of", "GET", "/enterprises?scale=huge", "", nil, 422, "应为其中之一：above, below", "one of: above, below"},
		{"unknown field", "POST", "/enterprises/1/disputes", `{"def": "x", "text": "y", "colour": 1}`, nil, 422, `"pointer":"/colour","detail":"没有这个字段`, "no such field"},
		{"missing field", "POST", "/enterprises/1/disputes", `{"def": "x"}`, nil, 422, "缺少字段 text", "The field text is missing"},
		{"wrong type", "POST", "/enterprises/1/disputes", `{"def": "x", "text": 1}`, nil, 422, `"pointer":"/text","detail":"应为文本`, "Expected text"},
		{"no json", "POST", "/enterprises/1/disputes", `{"def": `, nil, 400, "读不懂", "Cannot be read"},
		{"no body", "POST", "/enterprises/1/disputes", "", nil, 400, "缺少请求内容", "The body is missing"},
		{"another type", "POST", "/enterprises/1/disputes", "x=1", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "application/json", "application/json"},
		{"too large", "POST", "/enterprises/1/disputes", `{"def": "x", "text": "` + strings.Repeat("y", bodyLimit) + `"}`, nil, 413, "最多 1048576 字节", "1048576 bytes"},
		{"long query", "GET", "/enterprises?q=" + strings.Repeat("y", queryLimit), "", nil, 422, "16 KB", "16 KB"},
		{"not found", "GET", "/enterprises/999999", "", nil, 404, "urn:yanzhen:problem:not-found", "urn:yanzhen:problem:not-found"},
		{"not allowed", "POST", "/accounts", "{}", nil, 403, "没有权限", "Not allowed"},
		{"in a list", "POST", "/submissions", `{"name": "x", "sender": "y", "authority": "bureau", "area": "320900", "rows": [{"uscc": "z", "facts": {"ent.revenue": 1}, "when": 1}]}`, nil, 422, `"pointer":"/rows/0/when"`, "no such field"},
		{"no such commit", "GET", "/enterprises?known=99", "", nil, 404, "没有找到", "Not found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for lang, want := range map[string]string{"zh-CN,en;q=0.5": tc.zh, "fr, en;q=0.9, zh;q=0.1": tc.en} {
				r := c.ask("city", tc.method, tc.path, tc.body, append([]string{"Accept-Language", lang}, tc.header...)...)
				wants(t, r, tc.status, want, `"type":"urn:yanzhen:problem:`, `"title":"`, fmt.Sprintf(`"status":%d`, tc.status))
				if got := r.header.Get("Content-Type"); got != problemType {
					t.Errorf("content type %q", got)
				}
				if got := r.header.Get("Content-Language"); got != lang[:2] && !(got == "en" && lang[:2] == "fr") {
					t.Errorf("content language %q for %q", got, lang)
				}
			}
		})
	}
}

// A request with one key acts once, whatever happens to its answer.
func TestOnce(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		c := newCityIn(t, db)
		path := fmt.Sprintf("/enterprises/%d/disputes", c.firms[tinghuCode])
		body := `{"def": "ent.revenue", "period": "2023", "text": "应为 12,345 万元"}`
		first := c.ask("firm", http.MethodPost, path, body, idempotencyHeader, "k1")
		wants(t, first, 201)
		again := c.ask("firm", http.MethodPost, path, body, idempotencyHeader, "k1")
		if again.status != 201 || again.body != first.body || again.header.Get(replayedHeader) != "true" || again.header.Get("Content-Type") != "application/json" {
			t.Errorf("again: %d %q %v", again.status, again.body, again.header)
		}
		wants(t, c.get("firm", "/disputes"), 200, `"total":1`)
		wants(t, c.ask("firm", http.MethodPost, path, strings.Replace(body, "2023", "2022", 1), idempotencyHeader, "k1"), 409)
		wants(t, c.ask("tinghu", http.MethodPost, path, body, idempotencyHeader, "k1"), 201) // another account's key
		refused := c.ask("firm", http.MethodPost, path, `{}`, idempotencyHeader, "k2")
		wants(t, refused, 422)
		if again := c.ask("firm", http.MethodPost, path, `{}`, idempotencyHeader, "k2"); again.body != refused.body || again.header.Get("Content-Type") != problemType {
			t.Errorf("a refusal again: %d %q", again.status, again.body)
		}
		wants(t, c.ask("firm", http.MethodPost, path, body, idempotencyHeader, strings.Repeat("k", keyLimit+1)), 422)
		csv := "统一社会信用代码,营业收入（万元）\n" + tinghuCode + ",11000\n"
		one := c.ask("city", http.MethodPost, "/imports"+upload, csv, idempotencyHeader, "k3", "Content-Type", "text/csv")
		two := c.ask("city", http.MethodPost, "/imports"+upload, csv, idempotencyHeader, "k3", "Content-Type", "text/csv")
		if one.status != 201 || two.body != one.body || two.header.Get("Location") != one.header.Get("Location") {
			t.Errorf("an upload again: %d %q, %d %q", one.status, one.body, two.status, two.body)
		}
		c.now = c.now.Add(answersKept)
		wants(t, c.ask("firm", http.MethodPost, path, body, idempotencyHeader, "k1"), 409) // a day later it is a new request: a second dispute of one's own
	})
}

func TestLimit(t *testing.T) {
	c := newCity(t)
	c.srv.Rate, c.srv.limits.Rate = 5, 5
	for range 10 {
		wants(t, c.get("city", "/me"), 200)
	}
	r := c.get("city", "/me")
	wants(t, r, 429, "urn:yanzhen:problem:too-many-requests")
	if r.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After: %q", r.header.Get("Retry-After"))
	}
	wants(t, c.get("tinghu", "/me"), 200) // others are served
	c.now = c.now.Add(400 * time.Millisecond)
	wants(t, c.get("city", "/me"), 200)
	wants(t, c.get("city", "/me"), 200)
	wants(t, c.get("city", "/me"), 429)
}
