package web

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"
)

func TestTokensPage(t *testing.T) {
	c := newCity(t)
	v := c.as("tinghu")
	_, body := v.get("/account/tokens")
	wants(t, body, "还没有令牌", "查看企业数据", "亭湖区")
	lacks(t, body, "合并企业", "管理账号")
	res, body := v.post("/account/tokens", url.Values{"name": {"月报程序"}, "action": {"read_party", "read_fact"}, "area": {"320902"}, "days": {"30"}, "password": {password}})
	secret := regexp.MustCompile(`yz_[A-Z2-7]{33}`).FindString(body)
	if res.StatusCode != http.StatusOK || secret == "" {
		t.Fatalf("status %d, secret %q", res.StatusCode, secret)
	}
	wants(t, body, "只显示这一次", "月报程序", secret[:8]+"…")
	token, account, err := c.acc.ByToken(t.Context(), secret)
	if err != nil || account.Login != "tinghu" || len(token.Actions) != 2 || token.Area != "320902" {
		t.Errorf("token %+v of %q, %v", token, account.Login, err)
	}
	_, body = v.get("/account/tokens")
	lacks(t, body, secret)
	end := regexp.MustCompile(`/account/tokens/\d+/end`).FindString(body)
	if res, _ := c.as("city").post(end, nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("another takes it back: status %d", res.StatusCode)
	}
	_, body = v.post(end, url.Values{})
	wants(t, body, "令牌已收回", "已失效")
	if _, _, err := c.acc.ByToken(t.Context(), secret); err == nil {
		t.Error("the token works after it was taken back")
	}
	for _, odd := range []url.Values{
		{"name": {"x"}, "days": {"30"}},
		{"name": {"x"}, "days": {"30"}, "action": {"merge"}},
		{"name": {""}, "days": {"30"}, "action": {"read_fact"}},
		{"name": {"x"}, "days": {"30"}, "action": {"read_fact"}, "area": {"320904"}},
	} {
		if res, body := v.post("/account/tokens", odd); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%v: status %d: %s", odd, res.StatusCode, mainOf(body))
		}
	}
}
