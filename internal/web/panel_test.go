package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

var candidates = regexp.MustCompile(`name="account" value="(\d+)"[^>]*>\s*<label[^>]*>\s*(测试 \w+)`)

// One application by its pages, from a draft until it is ready for a batch: by separate accounts, one department by its list
// and the others in the product, with a cut, its reason and a report, and a panel that was drawn by lot.
func TestApplicationToReady(t *testing.T) {
	c := newCity(t)
	for _, year := range []int{2022, 2024} { // the ceiling of a project is over all years: nothing is sure while one is not known
		c.importYear(fmt.Sprintf("projects%d.csv", year), "统一社会信用代码,企业名称,县（市、区）,项目名称,是否智改数转项目,项目年度投资额（万元）,年度有效投入（万元）\n"+
			tinghuCode+",盐城亭湖甲机械有限公司,亭湖区,数字车间,是,0,0\n", "bureau", "320900", year)
	}
	c.openCall()
	c.officers()
	firm, county, city := c.as("firm"), c.as("county2"), c.as("city")
	calls := fmt.Sprintf("/calls/%d", c.call)
	_, body := firm.get(calls)
	offer := offers.FindStringSubmatch(body)
	if offer == nil {
		t.Fatalf("nothing to apply for:\n%s", mainOf(body))
	}
	res, _ := firm.post(calls+"/apply", url.Values{"firm": {fmt.Sprint(c.firms[tinghuCode])}, "offer": {offer[1]}})
	page := res.Request.URL.Path
	var id int64
	if _, err := fmt.Sscanf(page, "/cases/%d", &id); err != nil {
		t.Fatal(err)
	}
	act := func(v *visitor, action, reason, want string) {
		t.Helper()
		form := url.Values{"action": {action}}
		if reason != "" {
			form.Set("reason", reason)
		}
		res, body := v.post(page+"/act", form)
		if got := c.stateOf(id); res.StatusCode != http.StatusOK || got != want {
			t.Fatalf("%s leads to %q with status %d:\n%s", action, got, res.StatusCode, mainOf(body))
		}
	}
	firm.post(page+"/costs", url.Values{
		"kind": {"equipment", "software"}, "label": {"六轴机器人", "制造执行系统"}, "invoice": {"24320000000000001101", "24320000000000001102"}, "on": {"2023-05-06", "2023-06-07"},
		"seller": {"示例机器人公司", "示例软件公司"}, "serial": {"R-1", ""}, "amount": {"400万元", "200万元"},
	})
	firm.post(page+"/payee", url.Values{"holder": {"盐城亭湖甲机械有限公司"}, "bank": {"示例银行"}, "number": {"6228480402564890018"}})
	_, body = firm.get(page)
	wants(t, body, "缺少")
	firm.sendForm(page+"/files", map[string]string{"field": "invoices"}, sentFile{"发票.pdf", pdf("invoices")})
	act(firm, "submit", "", "check")
	act(c.as("tinghu"), "accept", "", "review")

	// Joint review: safety by its list, the others in the product.
	safety := c.as("safety")
	_, list := safety.get("/reviews/list")
	_, body = safety.sendForm("/reviews/sheet", nil, sentFile{"清单.xlsx", sheetFrom(t, list, map[string]string{"意见": "同意", "理由": "无事故"})})
	wants(t, body, "尚未登记")
	safety.post("/reviews", url.Values{"case": {fmt.Sprint(id)}, fmt.Sprintf("opinion-%d", id): {"agree"}, fmt.Sprintf("reason-%d", id): {"无事故"}})
	for _, department := range []string{"tax", "environment", "credit"} {
		c.as(department).post("/reviews", url.Values{"case": {fmt.Sprint(id)}, "rest": {"1"}})
	}
	if got := c.stateOf(id); got != "costs" {
		t.Fatalf("four departments agree, and the case is at %s", got)
	}

	// The audit firm cuts an invoice on its report, which the enterprise does not see.
	_, body = county.get(page)
	m := candidates.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no audit firm to choose:\n%s", mainOf(body))
	}
	county.post(page+"/picks", url.Values{"role": {"audit_firm"}, "account": {m[1]}})
	act(county, "appoint", "", "audit")
	audit := c.as("auditfirm")
	_, body = audit.post(page+"/act", url.Values{"action": {"report"}})
	wants(t, body, "请先上传审计报告")
	audit.sendForm(page+"/files", nil, sentFile{"审计报告.pdf", pdf("report")})
	_, body = audit.get(page)
	wants(t, body, "审计报告.pdf", "600")
	report := regexp.MustCompile(`<option value="([0-9a-f]{64})"`).FindStringSubmatch(body)
	if report == nil {
		t.Fatalf("the report cannot be chosen:\n%s", mainOf(body))
	}
	rule := url.Values{"amount-1": {"400万元"}, "reason-1": {""}, "amount-2": {"150万元"}, "reason-2": {"含维护费50万元"}, "report": {report[1]}}
	_, body = audit.post(page+"/rulings", rule)
	wants(t, body, "含维护费50万元", "奖补金额为")
	res, _ = audit.post(page+"/act", url.Values{"action": {"report"}})
	if got := c.stateOf(id); got != "weigh" || res.Request.URL.Path != "/cases" {
		t.Fatalf("the report leads to %s, at %s", res.Request.URL, got)
	}
	if res, _ := audit.get(page); res.StatusCode != http.StatusNotFound {
		t.Errorf("the audit firm sees the case after its report: %d", res.StatusCode)
	}
	_, body = firm.get(page)
	wants(t, body, "含维护费50万元")
	lacks(t, body, "审计报告.pdf", "无事故")
	judged := regexp.MustCompile(`(?s)费用认定后.*?</tr>`)
	if row := judged.FindString(body); !strings.Contains(row, "<td></td></tr>") {
		t.Errorf("the enterprise is told who of the audit firm judged: %s", row)
	}
	_, body = county.get(page)
	if row := judged.FindString(body); row == "" || strings.Contains(row, "<td></td></tr>") {
		t.Errorf("the county is not told who judged: %s", row)
	}

	// A panel, drawn by lot; one expert steps back.
	_, body = city.post(page+"/draw", url.Values{"role": {"expert"}, "size": {"9"}})
	wants(t, body, "可抽取的只有 4 位")
	_, body = city.post(page+"/draw", url.Values{"role": {"expert"}, "size": {"4"}})
	wants(t, body, "已抽取专家", "种子")
	act(city, "to_panel", "", "panel")
	_, body = c.as("expert4").get(page)
	wants(t, body, page+"/score")
	c.as("expert4").post(page+"/act", url.Values{"action": {"conflict"}, "reason": {"曾任该企业顾问"}})
	for _, login := range []string{"expert1", "expert2", "expert3"} {
		v := c.as(login)
		_, body := v.post(page+"/score", url.Values{"p-need": {"x"}, "p-level": {"25"}, "remark": {"可行"}, "do": {"keep"}})
		wants(t, body, "不是分数", `value="25"`)
		v.post(page+"/score", url.Values{"p-need": {"15"}, "p-level": {"25"}, "do": {"keep"}})
		_, body = v.post(page+"/score", url.Values{"p-need": {"15"}, "p-level": {"25"}, "do": {"hand"}})
		wants(t, body, `value="15"`)
		res, body := v.post(page+"/score", url.Values{"p-need": {"15"}, "p-level": {"25"}, "p-effect": {"20"}, "p-spread": {"10"}, "remark": {"可行"}, "do": {"hand"}})
		if res.Request.URL.Path != "/cases" {
			t.Fatalf("handing in leads to %s:\n%s", res.Request.URL, mainOf(body))
		}
	}
	_, body = city.get(page)
	wants(t, body, "70", "可行", "曾任该企业顾问", "达到 60 分")
	_, body = firm.get(page)
	lacks(t, body, "可行", "曾任该企业顾问", "种子")
	act(c.as("second"), "settle_scored", "", "ready")
	_, body = c.as("auditor").get(page)
	wants(t, body, "审计报告.pdf", "可行", "种子")
	if err := c.site.cases.Verify(t.Context(), access.SystemScope(), id); err != nil {
		t.Error(err)
	}
}

// weighed is an application that the departments agreed to and whose costs were recognised.
func (c *city) weighed() int64 {
	c.t.Helper()
	id := c.applied()
	c.acts("tinghu", id, "accept", "")
	for _, department := range []string{"tax", "safety", "environment", "credit"} {
		c.acts(department, id, "agree", "")
	}
	c.acts("county2", id, "recognise", "金额小，由县级核对发票")
	return id
}

// panelled draws a panel for an application; one expert of it steps back.
func (c *city) panelled(id int64) {
	c.t.Helper()
	if _, err := c.money.DrawExperts(c.t.Context(), c.scopeOf("city"), id, subsidy.DrawOrder{Size: 4}); err != nil {
		c.t.Fatal(err)
	}
	c.acts("city", id, "to_panel", "")
	c.acts("expert2", id, "conflict", "曾任该企业顾问")
}
