package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
)

// hostile is text that would become part of the page, in an element, in an attribute in either quotes, or in a script.
const hostile = `</script><script>alert(1)</script>"><img src=x onerror=alert(2)>' onfocus='alert(3)`

// What people write, in fields that are kept and in addresses that are shown again, stays text on every page, to everybody.
func TestHostileTextIsText(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	id := c.firms[tinghuCode]
	path := factPath(id, id, "ent.revenue")
	for what, ask := range map[string]struct {
		login, path string
		form        url.Values
	}{
		"a dispute":  {"firm", path + "/dispute", url.Values{"period": {"2023"}, "text": {"质疑 " + hostile}}},
		"a scenario": {"city", "/policies/yancheng-2022-6/lab/save", url.Values{"name": {"方案 " + hostile}}},
		"a token":    {"city", "/account/tokens", url.Values{"name": {"令牌" + hostile}, "days": {"9"}, "action": {"read_fact"}}},
		"an emergency": {"auditor", "/emergency", url.Values{
			"enterprise": {tinghuCode}, "firm": {tinghuCode}, "reason": {"核查 " + hostile}, "why": {"核查 " + hostile},
		}},
	} {
		if res, _ := c.as(ask.login).post(ask.path, ask.form); res.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s: %s", what, res.Status)
		}
	}
	if _, err := c.acc.Create(context.Background(), access.SystemScope(), access.NewAccount{
		Login: "hostile", Name: "甲" + hostile, Password: password, Grants: []access.Grant{{Role: access.CityOfficial, Area: "320900"}},
	}); err != nil {
		t.Fatal(err)
	}
	q := url.QueryEscape(hostile)
	queries := []string{"", "?ended=1&done=1"}
	for _, name := range []string{"q", "next", "area", "login", "policy", "clause", "year", "state", "list", "period", "name", "format", "workflow", "at", "page", "kind", "role", "end"} {
		queries[1] += "&" + name + "=" + q
		queries = append(queries, "?"+name+"="+q)
	}
	seen := 0
	for _, login := range []string{"hostile", "firm", "auditor", "admin", ""} {
		v := c.visitor()
		if login != "" {
			v = c.as(login)
		}
		for _, rt := range c.srv.routes() {
			if !strings.HasPrefix(rt.pattern, "GET ") {
				continue
			}
			here := c.addresses(rt.pattern, tinghuCode)
			for _, query := range queries {
				res, body := v.get(here + query)
				if res.StatusCode >= http.StatusInternalServerError {
					t.Errorf("%s: GET %s: %s", login, here+query, res.Status)
				}
				if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
					continue
				}
				for _, part := range []string{"<script>alert", "<img src=x", "onfocus='"} {
					if strings.Contains(body, part) {
						t.Errorf("%s: GET %s: %s is on the page", login, here+query, part)
					}
				}
				seen += strings.Count(body, "&lt;script&gt;alert")
			}
			if query := fmt.Sprintf("%s/%s", strings.TrimSuffix(here, "/"), url.PathEscape(hostile)); login == "hostile" {
				if _, body := v.get(query); strings.Contains(body, "<script>alert") {
					t.Errorf("GET %s: the address is on the page", query)
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("the text was seen %d times only: the pages do not show it", seen)
	}
}
