package web

import (
	"encoding/csv"
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
		_, body = c.as(login).get("/log")
		wants(t, body, "共 6 条", "firms.csv", "projects.csv", "dafeng.csv", "市工信局", "统计部门", "系统管理员", "撤销导入", "表格有误", "测试 city",
			"应为 12,345 万元", "测试 firm", "原数无误", "测试 tinghu", `href="`+path+`"`, `href="/log" aria-current="page"`)
	}
	_, body = city.get("/log?deed=retract")
	wants(t, body, "共 1 条", "表格有误")
	lacks(t, body, "firms.csv")

	// Elsewhere, another part of the same city, and the administrator, who sees what was done and no enterprise.
	_, body = c.official("nanjing", access.Auditor, "320100").get("/log")
	wants(t, body, "没有记录")
	_, body = c.official("dafeng", access.Auditor, "320904").get("/log")
	wants(t, body, "共 1 条", "dafeng.csv")
	lacks(t, body, "firms.csv", "亭湖甲", "12,345")
	_, body = c.as("admin").get("/log")
	wants(t, body, "共 4 条", "firms.csv", "表格有误", "测试 city")
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

func TestNavigationIsShort(t *testing.T) {
	c := newCity(t)
	for login, want := range map[string]bool{"tinghu": false, "city": true, "auditor": true, "firm": false, "admin": true} {
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
