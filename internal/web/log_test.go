package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
)

func TestLog(t *testing.T) {
	c := newCity(t)
	id := c.firms[tinghuCode]
	path := factPath(id, id, "ent.revenue")
	c.as("firm").post(path+"/dispute", url.Values{"period": {"2023"}, "text": {"应为 12,345 万元"}})
	official := c.as("tinghu")
	_, body := official.get(path)
	_, dispute, _ := strings.Cut(body, `name="dispute" value="`)
	dispute, _, _ = strings.Cut(dispute, `"`)
	official.post(path+"/close", url.Values{"dispute": {dispute}, "note": {"原数无误"}})
	city := c.as("city")
	city.post(batchPath(c.batches[1])+"/undo", url.Values{"reason": {"表格有误"}})
	c.importCSV("dafeng.csv", "统一社会信用代码,企业名称,县（市、区）,营业收入（万元）\n"+dafengCode+",盐城大丰乙电子有限公司,大丰区,8001\n", "bureau", "320904")

	for _, login := range []string{"city", "auditor"} {
		counted(t, c.as(login), 6)
		_, body = c.as(login).get("/log")
		wants(t, body, "firms.csv", "projects.csv", "dafeng.csv", "市工信局", "统计部门", "系统管理员", "撤销导入", "表格有误", "测试 city",
			"应为 12,345 万元", "测试 firm", "原数无误", "测试 tinghu", `href="`+path+`"`)
	}
	_, body = city.get("/log?deed=retract")
	wants(t, body, "共 1 条", "表格有误")
	lacks(t, body, "firms.csv")

	// Elsewhere, another part of the same city, and the administrator, who sees what was done and no enterprise.
	_, body = c.official("nanjing", access.Auditor, "320100").get("/log")
	wants(t, body, "共 1 条", "新建账号", "nanjing") // its own
	_, body = c.official("dafeng", access.Auditor, "320904").get("/log")
	wants(t, body, "dafeng.csv", "盐城大丰乙电子有限公司", "新建账号")
	lacks(t, body, "firms.csv", "亭湖甲", "12,345")
	counted(t, c.as("admin"), 4)
	_, body = c.as("admin").get("/log")
	wants(t, body, "firms.csv", "表格有误", "测试 city")
	lacks(t, body, "亭湖甲", "12,345", "只列出您辖区")
	for _, login := range []string{"firm", "tinghu"} {
		res, body := c.as(login).get("/log")
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("%s reads the log: status %d", login, res.StatusCode)
		}
		lacks(t, body, `href="/log"`)
	}

	_, body = city.get("/log/export?format=csv&deed=publish")
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || len(lines) != 5 || lines[3][2] != "firms.csv" || lines[3][3] != "系统管理员" || lines[3][4] != "市工信局" {
		t.Errorf("exported log: %q, %v", lines, err)
	}
}

// counted checks how many entries that are not about accounts somebody reads.
func counted(t *testing.T, v *visitor, want int) {
	t.Helper()
	total := func(query string) int {
		_, body := v.get("/log/export?format=csv" + query)
		lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return len(lines) - 2 // the header, and what a demonstration says below
	}
	if got := total("") - total("&deed=account_"); got != want {
		t.Errorf("%d entries, want %d", got, want)
	}
}

// What is done to accounts stands in the log and is found there, for who may see it, with the reason.
func TestLogOfAccounts(t *testing.T) {
	c := newCity(t)
	path := firmAccountsPath(c.firms[tinghuCode])
	firm := c.as("firm")
	_, body := firm.post(path+"/authorise", url.Values{"name": {"李会计"}, "login": {"li.kuaiji"}, "role": {"viewer"}, "until": {"2025-06-30"}})
	codeIn(t, body)
	_, body = firm.get(path)
	firm.post(path+"/"+accountIn(t, body, "li.kuaiji")+"/revoke", url.Values{"why": {"已离职"}})
	guess := c.visitor()
	for range 7 {
		guess.post("/sign-in", url.Values{"login": {"tinghu"}, "password": {"a wrong guess"}})
	}
	admin := c.as("admin")
	admin.post(fmt.Sprintf("/accounts/%d/disable", c.account("second").ID), url.Values{"why": {"调离本单位"}})
	c.as("city").post("/account/tokens", url.Values{"name": {"夜间导出"}, "action": {"read_fact"}, "days": {"30"}, "password": {password}})
	for _, login := range []string{"city", "auditor"} {
		_, body = c.as(login).get("/log?deed=account_")
		wants(t, body, "授权经办", "企业经办人（仅查阅） ≤ 2025-06-30", "撤销经办授权", "已离职", "李会计 · 盐城亭湖甲机械有限公司", "多次登录失败", "测试 tinghu", "调离本单位", "停用账号",
			"新建访问令牌", "查看企业数据", "测试 firm")
		lacks(t, body, "firms.csv", "夜间导出", "a wrong guess")
		_, body = c.as(login).get("/find?q=" + url.QueryEscape("已离职"))
		wants(t, body, "撤销经办授权", "李会计")
	}
	_, body = c.as("city").get("/log?deed=account_locked")
	wants(t, body, "共 1 条", "测试 tinghu")
	_, body = admin.get("/log?deed=account_revoked")
	wants(t, body, "李会计", "已离职")
	lacks(t, body, "亭湖甲")
	_, body = c.official("dafeng", access.Auditor, "320904").get("/log?deed=account_")
	lacks(t, body, "李会计", "测试 tinghu", "调离本单位")
}

func TestNavigationIsShort(t *testing.T) {
	c := newCity(t)
	for login, want := range map[string]bool{"tinghu": false, "city": false, "auditor": true, "firm": false, "admin": true} {
		_, body := c.as(login).get("/account")
		_, nav, _ := strings.Cut(body, `<nav class="yz-nav`)
		nav, _, _ = strings.Cut(nav, "</nav>")
		if n := strings.Count(nav, "<li>"); n == 0 || n > 7 {
			t.Errorf("%s has %d entries", login, n)
		}
		if got := strings.Contains(nav, `href="/log"`); got != want {
			t.Errorf("%s finds the log: %t, want %t", login, got, want)
		}
	}
}
