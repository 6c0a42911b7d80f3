package web

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
)

// Who is signed in sees where, ends one session or all others, and an administrator ends those of an account and of everybody.
func TestOwnSessions(t *testing.T) {
	s := newSite(t)
	s.acc.Tell = notice.AboutAccount
	_, err := s.acc.Create(t.Context(), access.SystemScope(), access.NewAccount{
		Login: "zhang", Name: "张三", Password: password, Grants: []access.Grant{{Role: access.Finance, Area: "320900"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	phone := s.visitor()
	phone.do("POST", "/sign-in", url.Values{"login": {"zhang"}, "password": {password}}, http.Header{"User-Agent": {
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
	}})
	desk, third := s.as("zhang"), s.as("zhang")
	_, body := desk.get("/account/sessions")
	wants(t, body, "Safari 17 · iOS · iPhone", "127.0.0.1", "当前会话")
	ids := regexp.MustCompile(`name="session" value="([0-9a-f]{64})"`).FindAllStringSubmatch(body, -1)
	if len(ids) != 2 {
		t.Fatalf("%d sessions to end:\n%s", len(ids), mainOf(body))
	}
	if res, _ := s.as("admin").post("/account/sessions/end", url.Values{"session": {ids[0][1]}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("another ends it: status %d", res.StatusCode)
	}
	for _, id := range ids {
		_, body = desk.post("/account/sessions/end", url.Values{"session": {id[1]}})
		wants(t, body, "该会话已结束")
	}
	for _, v := range []*visitor{phone, third} {
		if res, _ := v.get("/account"); res.Request.URL.Path != "/sign-in" {
			t.Errorf("an ended session opens %s", res.Request.URL)
		}
	}
	third = s.as("zhang")
	_, body = desk.post("/account/sessions/others", nil)
	wants(t, body, "其他会话都已结束")
	if res, _ := third.get("/account"); res.Request.URL.Path != "/sign-in" {
		t.Errorf("another session opens %s", res.Request.URL)
	}

	root := s.as("admin")
	_, body = root.get("/accounts?q=zhang")
	path := regexp.MustCompile(`/accounts/\d+/sessions`).FindString(body)
	if res, _ := root.post(path, url.Values{"why": {""}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no reason: status %d", res.StatusCode)
	}
	root.post(path, url.Values{"why": {"笔记本电脑被盗"}})
	if res, _ := desk.get("/account"); res.Request.URL.Path != "/sign-in" {
		t.Errorf("after the administrator: %s", res.Request.URL)
	}
	desk = s.as("zhang")
	_, body = desk.get("/messages")
	wants(t, body, "管理员结束全部会话")
	if res, _ := root.post("/system/sessions", url.Values{"why": {"备份被盗"}}); res.Request.URL.Path != "/sign-in" {
		t.Errorf("everybody's: led to %s", res.Request.URL)
	}
	for _, v := range []*visitor{desk, root} {
		if res, _ := v.get("/account"); res.Request.URL.Path != "/sign-in" {
			t.Errorf("after all were ended: %s", res.Request.URL)
		}
	}
}

func TestDeviceOf(t *testing.T) {
	zh := i18n.T{Lang: i18n.ZH}
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.132 Safari/537.36": "Chrome 80 · Windows",
		"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0":                                              "Firefox 120 · Linux",
		"": zh.S("sessions.unknown"),
	} {
		if got := deviceOf(zh, agent); got != want {
			t.Errorf("%q: %s, want %s", agent, got, want)
		}
	}
}

// A token, an address for messages and a batch of payments ask for the password again, and for a code of who has a second factor.
func TestProof(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	token := url.Values{"name": {"月报程序"}, "action": {"read_fact"}, "days": {"30"}}
	for password, want := range map[string]string{"": "请再输入一次密码", "a wrong password": "登录名或密码不对"} {
		token.Set("password", password)
		res, body := v.post("/account/tokens", token)
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("password %q: status %d", password, res.StatusCode)
		}
		wants(t, body, want)
		lacks(t, body, `id="secret"`)
		res, body = c.as("firm").post("/account/messages/mail/ask", url.Values{"address": {"wang@example.com"}, "password": {password}})
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("password %q: status %d", password, res.StatusCode)
		}
		wants(t, body, want)
	}
	phone, spares := v.enrolFactor(t)
	token.Set("password", password)
	_, body := v.post("/account/tokens", token)
	wants(t, body, "请输入动态码")
	token.Set("code", spares[0]+"A")
	_, body = v.post("/account/tokens", token)
	wants(t, body, "动态码不对")
	token.Set("code", phone.code(t))
	_, body = v.post("/account/tokens", token)
	wants(t, body, `id="secret"`)
}
