package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestSignInAndOut(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	res, body := v.get("/accounts")
	if res.Request.URL.Path != "/sign-in" || res.Request.URL.Query().Get("next") != "/accounts" {
		t.Errorf("a page that needs an account led to %s", res.Request.URL)
	}
	wants(t, body, "演示账号", password)

	res, body = v.post("/sign-in", url.Values{"login": {"admin"}, "password": {"not this one"}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("wrong password: status %d", res.StatusCode)
	}
	wants(t, body, `role="alert"`, `value="admin"`)

	res, body = v.post("/sign-in", url.Values{"login": {"admin"}, "password": {password}, "next": {"/accounts"}})
	if res.Request.URL.Path != "/accounts" {
		t.Errorf("sign-in led to %s", res.Request.URL)
	}
	wants(t, body, "系统管理员", "共 1 个账号", `action="/sign-out"`)

	res, _ = v.post("/sign-out", nil)
	if res.Request.URL.Path != "/sign-in" {
		t.Errorf("sign-out led to %s", res.Request.URL)
	}
	if res, _ := v.get("/accounts"); res.Request.URL.Path != "/sign-in" {
		t.Error("the session outlived the sign-out")
	}
}

func TestSignInLeadsNowhereElse(t *testing.T) {
	for _, next := range []string{"https://example.com/", "//example.com/", `/\example.com`, "javascript:alert(1)", "/ok\r\nX: y"} {
		if got := localPath(next); got != "/" {
			t.Errorf("localPath(%q) = %q", next, got)
		}
	}
	if got := localPath("/enterprises?area=320902&page=2"); got != "/enterprises?area=320902&page=2" {
		t.Errorf("own address became %q", got)
	}
}

func TestTooManyTries(t *testing.T) {
	v := newSite(t).visitor()
	for range 5 {
		v.post("/sign-in", url.Values{"login": {"admin"}, "password": {"guess guess guess"}})
	}
	res, body := v.post("/sign-in", url.Values{"login": {"admin"}, "password": {password}})
	if res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("sixth try: status %d", res.StatusCode)
	}
	wants(t, body, `role="alert"`)
}

func TestLanguage(t *testing.T) {
	v := newSite(t).visitor()
	_, body := v.get("/sign-in?next=%2Faccounts")
	wants(t, body, `<html lang="zh-CN">`, `name="back" value="/sign-in?next=%2Faccounts"`)
	res, body := v.post("/language", url.Values{"lang": {"en"}, "back": {"/sign-in?next=%2Faccounts"}})
	if res.Request.URL.RequestURI() != "/sign-in?next=%2Faccounts" {
		t.Errorf("the change of language led to %s", res.Request.URL)
	}
	wants(t, body, `<html lang="en">`, "Sign in", `value="/accounts"`)
	lacks(t, body, "登录")
}

func TestHeaders(t *testing.T) {
	v := newSite(t).visitor()
	res, body := v.get("/sign-in")
	for name, want := range map[string]string{
		"Content-Security-Policy": "script-src 'self'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if got := res.Header.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("pages can be framed: %s", csp)
	}
	lacks(t, body, "<script>", "onclick=", "https://", "http://")
}

func TestAssets(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	for _, path := range []string{
		s.srv.assets.App("app.css"), s.srv.assets.App("app.js"), s.srv.assets.Vendor("tabler/tabler.min.css"),
		s.srv.assets.Vendor("noto-sans-sc/400.css"), s.srv.assets.Vendor("htmx/htmx.min.js"),
	} {
		res, body := v.get(path)
		if res.StatusCode != http.StatusOK || len(body) == 0 || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: status %d, %d bytes, %s", path, res.StatusCode, len(body), res.Header.Get("Cache-Control"))
		}
	}
	if res, _ := v.get("/static/none/app.css"); res.StatusCode != http.StatusNotFound {
		t.Errorf("an address without its hash: status %d", res.StatusCode)
	}
}

func TestErrorsAreAnswered(t *testing.T) {
	s := newSite(t)
	admin := s.as("admin")
	tests := map[string]struct {
		method, path string
		form         url.Values
		header       http.Header
		status       int
		says         string
	}{
		"no such page":    {method: "GET", path: "/nothing/here", status: 404, says: "没有这一页"},
		"no such account": {method: "POST", path: "/accounts/99/disable", form: url.Values{}, status: 404, says: "没有找到"},
		"not a number":    {method: "POST", path: "/accounts/x/disable", form: url.Values{}, status: 404, says: "没有找到"},
		"from elsewhere": {
			method: "POST", path: "/sign-out", form: url.Values{}, status: 403, says: "来自其他网站",
			header: http.Header{"Sec-Fetch-Site": {"cross-site"}},
		},
		"too large": {method: "POST", path: "/accounts", form: url.Values{"name": {strings.Repeat("x", formLimit)}}, status: 413, says: "256 KB"},
		"too long":  {method: "GET", path: "/sign-in?next=" + strings.Repeat("x", queryLimit), status: 414, says: "16 KB"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			res, body := admin.do(tt.method, tt.path, tt.form, tt.header)
			if res.StatusCode != tt.status {
				t.Errorf("status %d, want %d", res.StatusCode, tt.status)
			}
			wants(t, body, tt.says)
			lacks(t, body, "系统错误")
		})
	}
}

func TestAccounts(t *testing.T) {
	s := newSite(t)
	admin := s.as("admin")
	_, body := admin.post("/accounts", url.Values{"login": {"tinghu"}, "name": {"亭湖经办"}, "role": {"county_official"}})
	wants(t, body, "请选择管辖区域", `value="tinghu"`)

	_, body = admin.post("/accounts", url.Values{"login": {"tinghu"}, "name": {"亭湖经办"}, "role": {"county_official"}, "area": {"320902"}})
	wants(t, body, "激活信，共 1 封", "县（市、区）经办", s.http.URL+"/activate")

	v := s.visitor()
	v.activate("tinghu", codeIn(t, body))
	if res, body := v.get("/accounts"); res.StatusCode != http.StatusForbidden || strings.Contains(body, "admin") {
		t.Errorf("an official manages accounts: status %d", res.StatusCode)
	}
	_, body = admin.get("/accounts?q=tinghu")
	wants(t, body, "共 1 个账号", "亭湖区")
	_, id, _ := strings.Cut(body[strings.Index(body, "<code>tinghu</code>"):], `action="/accounts/`)
	id, _, _ = strings.Cut(id, "/")
	res, body := admin.post("/accounts/"+id+"/reset", url.Values{"why": {""}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a reset without a reason: status %d", res.StatusCode)
	}
	wants(t, body, "请写明如何核实")
	_, body = admin.post("/accounts/"+id+"/reset", url.Values{"why": {"当面核对工作证"}})
	if res, _ := v.get("/account"); res.Request.URL.Path != "/sign-in" {
		t.Error("an account that was reset goes on")
	}
	v.activate("tinghu", codeIn(t, body))
	admin.post("/accounts/"+id+"/disable", nil)
	if res, _ := v.get("/account"); res.Request.URL.Path != "/sign-in" {
		t.Error("a disabled account goes on")
	}
	_, body = admin.get("/accounts?state=ended")
	wants(t, body, "已停用", "启用 tinghu")
}
