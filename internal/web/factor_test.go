package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/hotp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/notice"
)

var (
	ticketIn = regexp.MustCompile(`name="ticket" value="([A-Z2-7]+)"`)
	secretIn = regexp.MustCompile(`id="factor-secret">([A-Z2-7]+)<`)
	sparesIn = regexp.MustCompile(`<li><code>([A-Z2-7-]+)</code>`)
)

func oneIn(t *testing.T, re *regexp.Regexp, body string) string {
	t.Helper()
	m := re.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no %s on the page:\n%s", re, mainOf(body))
	}
	return m[1]
}

// app makes codes as a phone does; each is for the next stretch of time, so that a test need not wait for one that was not used.
type app struct {
	secret string
	step   int64
}

func (a *app) code(t *testing.T) string {
	t.Helper()
	a.step = max(a.step+1, time.Now().UnixMilli()/30_000-1)
	code, err := hotp.GenerateCode(a.secret, uint64(a.step))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrolFactor gives the visitor a second factor.
func (v *visitor) enrolFactor(t *testing.T) (*app, []string) {
	t.Helper()
	_, body := v.post("/account/factor", url.Values{"password": {password}})
	a := &app{secret: oneIn(t, secretIn, body)}
	res, body := v.post("/account/factor/take", url.Values{"ticket": {oneIn(t, ticketIn, body)}, "code": {a.code(t)}})
	var spares []string
	for _, m := range sparesIn.FindAllStringSubmatch(body, -1) {
		spares = append(spares, m[1])
	}
	if res.StatusCode != http.StatusOK || len(spares) != 10 {
		t.Fatalf("status %d, %d codes:\n%s", res.StatusCode, len(spares), mainOf(body))
	}
	return a, spares
}

// A second factor is set up, asked for, lost and reset, all without a script.
func TestSecondFactor(t *testing.T) {
	s := newSite(t)
	s.acc.Tell = notice.AboutAccount
	zhang, err := s.acc.Create(t.Context(), access.SystemScope(), access.NewAccount{
		Login: "zhang", Name: "张三", Password: password, Grants: []access.Grant{{Role: access.Finance, Area: "320900"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	v, elsewhere := s.as("zhang"), s.as("zhang")
	res, body := v.post("/account/factor", url.Values{"password": {"a wrong password"}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: status %d", res.StatusCode)
	}
	lacks(t, body, "factor-secret", "data:image")
	_, body = v.post("/account/factor", url.Values{"password": {password}})
	wants(t, body, `src="data:image/png;base64,`)
	ticket, key := oneIn(t, ticketIn, body), oneIn(t, secretIn, body)
	res, body = v.post("/account/factor/take", url.Values{"ticket": {ticket}, "code": {"12345"}})
	if res.StatusCode != http.StatusUnprocessableEntity || oneIn(t, secretIn, body) != key {
		t.Errorf("a wrong code: status %d", res.StatusCode)
	}
	wants(t, body, "动态码不对", `src="data:image/png;base64,`)
	phone := &app{secret: key}
	first := phone.code(t)
	_, body = v.post("/account/factor/take", url.Values{"ticket": {ticket}, "code": {first}})
	wants(t, body, "双因素认证已开启")
	spares := sparesIn.FindAllStringSubmatch(body, -1)
	if _, body := v.get("/account/factor"); len(spares) != 10 || strings.Contains(body, spares[0][1]) {
		t.Errorf("%d codes, shown again: %t", len(spares), strings.Contains(body, spares[0][1]))
	}
	if res, _ := elsewhere.get("/account"); res.Request.URL.Path != "/sign-in" {
		t.Errorf("another session goes on at %s", res.Request.URL)
	}

	v = s.visitor()
	res, body = v.post("/sign-in", url.Values{"login": {"zhang"}, "password": {password}, "next": {"/account/tokens"}})
	wants(t, body, "密码正确", `autocomplete="one-time-code"`)
	if len(res.Cookies()) > 0 {
		t.Errorf("the password alone gets %v", res.Cookies())
	}
	if res, _ := v.get("/account"); res.Request.URL.Path != "/sign-in" {
		t.Errorf("the password alone opens %s", res.Request.URL)
	}
	ticket = oneIn(t, ticketIn, body)
	give := func(code string) (*http.Response, string) {
		return v.post("/sign-in/code", url.Values{"ticket": {ticket}, "code": {code}, "next": {"/account/tokens"}})
	}
	res, body = give(first)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a code twice: status %d", res.StatusCode)
	}
	wants(t, body, "已经用过")
	if res, _ = give(phone.code(t)); res.Request.URL.Path != "/account/tokens" {
		t.Errorf("signed in, and led to %s", res.Request.URL)
	}
	v = s.visitor()
	_, body = v.post("/sign-in", url.Values{"login": {"zhang"}, "password": {password}})
	ticket = oneIn(t, ticketIn, body)
	if res, _ = give(spares[0][1]); res.Request.URL.Path != "/account/tokens" {
		t.Errorf("a recovery code leads to %s", res.Request.URL)
	}
	if _, body = give(spares[1][1]); !strings.Contains(body, `name="password"`) {
		t.Errorf("a ticket twice:\n%s", mainOf(body))
	}
	_, body = v.post("/account/factor/spares", url.Values{"password": {password}, "code": {spares[1][1]}})
	wants(t, body, "新的恢复码已生成")

	root := s.as("admin")
	_, body = root.get("/accounts")
	wants(t, body, "重置双因素")
	path := "/accounts/" + regexp.MustCompile(`/accounts/(\d+)/factor`).FindStringSubmatch(body)[1] + "/factor"
	if res, _ := root.post(path, url.Values{"why": {""}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no reason: status %d", res.StatusCode)
	}
	root.post(path, url.Values{"why": {"本人持身份证到窗口"}})
	_, body = s.as("zhang").get("/messages")
	wants(t, body, "管理员重置双因素认证", "使用恢复码", "开启双因素认证")
	if a, _ := s.acc.ByID(t.Context(), zhang.ID); a.Factor() {
		t.Error("still there")
	}
}

// Who must have a second factor is led to it from everywhere until they have it, and can then not turn it off.
func TestFactorIsDemanded(t *testing.T) {
	s := newSite(t)
	s.acc.Factors = access.GradedFactors()
	v := s.visitor()
	v.post("/sign-in", url.Values{"login": {"admin"}, "password": {password}})
	for _, ask := range []struct{ method, path string }{{"GET", "/accounts"}, {"POST", "/accounts"}, {"POST", "/account/tokens"}, {"GET", "/account"}, {"GET", "/system/sign-in"}} {
		res, body := v.do(ask.method, ask.path, url.Values{}, nil)
		if res.Request.URL.Path != "/account/factor" {
			t.Errorf("%s %s led to %s", ask.method, ask.path, res.Request.URL)
		}
		wants(t, body, "必须使用双因素认证")
	}
	if res, _ := v.do("GET", "/accounts", nil, http.Header{"HX-Request": {"true"}}); res.Header.Get("HX-Redirect") != "/account/factor" {
		t.Errorf("a script is answered %s, %v", res.Status, res.Header)
	}
	phone, _ := v.enrolFactor(t)
	_, body := v.get("/system/sign-in")
	wants(t, body, "由部署配置规定")
	_, body = v.post("/account/factor/drop", url.Values{"password": {password}, "code": {phone.code(t)}})
	wants(t, body, "不能关闭")
	v.post("/system/sign-in", url.Values{"role": {"bank", "expert"}})
	_, body = v.get("/system/sign-in?done=saved")
	wants(t, body, `value="bank" checked`, `value="expert" checked`, "已保存")
	if res, _ := v.post("/system/sign-in", url.Values{"role": {"king"}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no such role: status %d", res.StatusCode)
	}
}
