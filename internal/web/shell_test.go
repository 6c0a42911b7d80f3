package web

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/store"
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

// Over TLS every cookie is this host's alone, out of reach of scripts and of other sites; who signs in, or changes the password, goes on
// under a new session, and the old one is worth nothing.
func TestCookiesOverTLS(t *testing.T) {
	s := newSite(t)
	deps := s.srv.Deps
	deps.Secure = true
	pages, err := New(deps)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewTLSServer(pages)
	defer h.Close()
	browser := h.Client()
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ask := func(method, path string, form url.Values, session string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, h.URL+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if session != "" {
			r.AddCookie(&http.Cookie{Name: "__Host-yanzhen_session", Value: session})
		}
		res, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		for _, c := range res.Cookies() {
			if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("%s %s sets %s", method, path, c)
			}
		}
		return res
	}
	session := func(res *http.Response) string {
		t.Helper()
		for _, c := range res.Cookies() {
			if c.Name == "__Host-yanzhen_session" && len(c.Value) >= 43 { // 256 bits
				return c.Value
			}
		}
		t.Fatalf("no session: %s", res.Status)
		return ""
	}
	if res := ask("POST", "/language", url.Values{"lang": {"en"}}, ""); len(res.Cookies()) != 1 {
		t.Errorf("the language sets %v", res.Cookies())
	}
	enter := url.Values{"login": {"admin"}, "password": {password}, "next": {"/account"}}
	first := session(ask("POST", "/sign-in", enter, ""))
	second := session(ask("POST", "/sign-in", enter, first))
	fresh := url.Values{"old": {password}, "new": {password + "!"}, "again": {password + "!"}}
	third := session(ask("POST", "/account/password", fresh, second))
	for _, c := range []struct {
		what, session string
		status        int
	}{
		{"before signing in again", first, http.StatusSeeOther},
		{"before the change of the password", second, http.StatusSeeOther},
		{"now", third, http.StatusOK},
		{"that somebody made up", strings.Repeat("A", 43), http.StatusSeeOther},
	} {
		if res := ask("GET", "/account", nil, c.session); res.StatusCode != c.status {
			t.Errorf("the session %s: %s, want %d", c.what, res.Status, c.status)
		}
	}
	if res := ask("POST", "/sign-out", nil, third); res.Header.Get("Clear-Site-Data") != `"storage"` {
		t.Errorf("signed out: %v", res.Header)
	}
	if res := ask("GET", "/account", nil, third); res.StatusCode != http.StatusSeeOther {
		t.Errorf("the session after the sign-out: %s", res.Status)
	}
}

// Where passwords run out, who signs in with an old one comes to nothing but its change, whatever else is asked for.
func TestOverduePassword(t *testing.T) {
	s := newSite(t)
	s.acc.Passwords = access.Graded()
	v := s.as("admin")
	if res, _ := v.get("/accounts"); res.Request.URL.Path != "/accounts" {
		t.Errorf("a fresh password led to %s", res.Request.URL)
	}
	err := s.db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE account SET password_at = password_at - $1`, (91 * 24 * time.Hour).Milliseconds())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	v = s.as("admin")
	for _, ask := range []struct{ method, path string }{{"GET", "/accounts"}, {"POST", "/accounts"}, {"GET", "/account/tokens"}, {"POST", "/account/tokens"}, {"GET", "/system"}} {
		res, body := v.do(ask.method, ask.path, url.Values{}, nil)
		if res.Request.URL.Path != "/account" {
			t.Errorf("%s %s led to %s", ask.method, ask.path, res.Request.URL)
		}
		wants(t, body, "密码已到期")
	}
	if res, _ := v.do("GET", "/accounts", nil, http.Header{"HX-Request": {"true"}}); res.Header.Get("HX-Redirect") != "/account" {
		t.Errorf("a script is answered %s, %v", res.Status, res.Header)
	}
	_, body := v.post("/account/password", url.Values{"old": {password}, "new": {password}, "again": {password}})
	wants(t, body, "不能与原来的相同", "密码已到期")
	_, body = v.post("/account/password", url.Values{"old": {password}, "new": {password + "!"}, "again": {password + "!"}})
	wants(t, body, "密码已修改")
	lacks(t, body, "密码已到期")
	if res, _ := v.get("/accounts"); res.Request.URL.Path != "/accounts" {
		t.Errorf("the new password led to %s", res.Request.URL)
	}
}

// The log of the process tells who came in, and what was refused to whom, and from where; never a name, a login or a password.
func TestSignInsAreLogged(t *testing.T) {
	s := newSite(t)
	var said bytes.Buffer
	s.srv.Log = slog.New(slog.NewTextHandler(&said, nil))
	v := s.visitor()
	v.post("/sign-in", url.Values{"login": {"admin"}, "password": {"guess\nlevel=INFO msg=\"session begun\""}})
	v.post("/activate", url.Values{"login": {"admin"}, "code": {"AAAA-AAAA-AAAA-AAAA"}, "new": {password + "?"}, "again": {password + "?"}})
	v.post("/sign-in", url.Values{"login": {"admin"}, "password": {password}})
	v.get("/today") // which is for officials
	v.post("/sign-out", nil)
	var got []string
	for line := range strings.Lines(said.String()) {
		_, line, _ = strings.Cut(strings.TrimSpace(line), " ") // without the time
		got = append(got, line)
	}
	want := []string{
		`level=WARN msg="sign-in refused" from=127.0.0.1 locked=false`,
		`level=WARN msg="activation refused" from=127.0.0.1 locked=false`,
		`level=INFO msg="session begun" account=1 route="POST /sign-in"`,
		`level=WARN msg=refused account=1 method=GET route="GET /today" from=127.0.0.1`,
		`level=INFO msg="signed out" account=1`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
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

// One account that asks for page after page is held up, with its own words; others are served.
func TestPagesAreLimited(t *testing.T) {
	s := newSite(t)
	v, other := s.as("admin"), s.visitor()
	s.srv.limits.Rate = 3
	var last *http.Response
	for range 10 {
		last, _ = v.get("/account")
	}
	if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, %v", last.StatusCode, last.Header)
	}
	if res, _ := other.get("/policies"); res.StatusCode != http.StatusOK {
		t.Errorf("another: status %d", res.StatusCode)
	}
	s.stand(2024, 11, 1)
	if res, _ := v.get("/account"); res.StatusCode != http.StatusOK {
		t.Errorf("a day later: status %d", res.StatusCode)
	}
}
