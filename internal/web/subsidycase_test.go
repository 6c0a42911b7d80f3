package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// openCall gives a line its budget, and publishes a call that is paid from it.
func (c *city) openCall() {
	c.t.Helper()
	ctx := context.Background()
	line, err := ledger.Alone(ctx, c.book, func(ctx context.Context, tx *store.Tx) (int64, error) {
		act := ledger.Act{Scope: access.SystemScope(), Key: "budget", Reason: "年初预算", Document: "测试预算文件"}
		return c.book.Appropriate(ctx, tx, act, ledger.Appropriation{Fund: "测试专项", Code: "t1", Year: 2024, Area: "320900", Name: "智改数转", Change: money.Fen(10_000_000_000)})
	})
	if err != nil {
		c.t.Fatal(err)
	}
	drafts, publishes := c.srv.Frames.ScopeOf(c.account("city")), c.srv.Frames.ScopeOf(c.account("second"))
	call, err := c.money.OpenCall(ctx, drafts, subsidy.Call{
		Area: "320900", Policy: "yancheng-2022-6", Clauses: []string{"c9"}, Title: "2024年度有效投入补助申报", Text: "请在截止日期前提交。",
		Materials: []subsidy.Material{{Field: "invoices", Name: i18n.Text{ZH: "发票", EN: "Invoices"}, Required: true}},
		Opens:     period.Date(2024, 10, 1), Closes: period.Date(2024, 12, 31), Line: line, Quota: 20,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, body := c.visitor().get("/calls"); strings.Contains(body, call.Title) {
		c.t.Error("a draft of a call is public")
	}
	if _, err := c.site.cases.Act(ctx, publishes, casework.Act{Case: call.Case, Action: "publish"}); err != nil {
		c.t.Fatal(err)
	}
	c.call = call.Case
}

// begun begins an application of the firm in 亭湖区 by the call.
func (c *city) begun() int64 {
	c.t.Helper()
	path, firm := fmt.Sprintf("/calls/%d", c.call), c.as("firm")
	_, body := firm.get(path)
	res, _ := firm.post(path+"/apply", url.Values{"firm": {fmt.Sprint(c.firms[tinghuCode])}, "offer": {offers.FindStringSubmatch(body)[1]}})
	id, err := strconv.ParseInt(strings.TrimPrefix(res.Request.URL.Path, "/cases/"), 10, 64)
	if err != nil {
		c.t.Fatalf("applying led to %s", res.Request.URL)
	}
	return id
}

var offers = regexp.MustCompile(`name="offer" value="([^"]+/2023)"`)

// An enterprise applies by a call, and an official cuts what it claims, on pages.
func TestApplicationOnPages(t *testing.T) {
	c := newCity(t)
	c.openCall()
	path := fmt.Sprintf("/calls/%d", c.call)
	_, body := c.visitor().get("/calls")
	wants(t, body, "2024年度有效投入补助申报", "正在受理", "2024-12-31")
	_, body = c.visitor().get(path)
	wants(t, body, "盐政办发〔2022〕6号", "测试专项", "限 20 件", "发票")
	lacks(t, body, "亭湖甲", `name="offer"`)
	_, body = c.as("viewer").get(path)
	wants(t, body, "亭湖甲", "数字车间")
	lacks(t, body, `name="offer"`)

	firm := c.as("firm")
	_, body = firm.get(path)
	offer := offers.FindStringSubmatch(body)
	if offer == nil {
		t.Fatalf("nothing to apply for:\n%s", mainOf(body))
	}
	apply := url.Values{"firm": {fmt.Sprint(c.firms[tinghuCode])}, "offer": {offer[1]}}
	if res, _ := firm.post(path+"/apply", url.Values{"firm": {fmt.Sprint(c.firms[dafengCode])}, "offer": {offer[1]}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("applied for another firm: %d", res.StatusCode)
	}
	res, body := firm.post(path+"/apply", apply)
	page := res.Request.URL.Path
	wants(t, body, "申报已建立", "费用明细", "收款账户")
	if res, _ := firm.post(path+"/apply", apply); res.Request.URL.Path != page {
		t.Errorf("applying twice led to %s, not %s", res.Request.URL.Path, page)
	}

	row := url.Values{
		"kind": {"equipment", "software"}, "label": {"六轴机器人", ""}, "invoice": {"24320000000000001101", ""}, "on": {"明天", ""}, "seller": {"示例机器人公司", ""},
		"serial": {"R-1", ""}, "amount": {"600万元", ""},
	}
	res, body = firm.post(page+"/costs", row)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a day that cannot be read: %d", res.StatusCode)
	}
	wants(t, body, "第 1 行", "六轴机器人")
	row["on"] = []string{"2023-05-06", ""}
	_, body = firm.post(page+"/costs", row)
	wants(t, body, "费用明细已保存", `value="6000000`)
	_, body = firm.post(page+"/payee", url.Values{"holder": {"盐城亭湖甲机械有限公司"}, "bank": {"示例银行"}, "number": {"6228 4804 0256 4890 018"}})
	wants(t, body, "收款账户已保存", "6228480402564890018")
	res, body = firm.post(page+"/act", url.Values{"action": {"submit"}, "task": {"0"}})
	if res.StatusCode != http.StatusUnprocessableEntity && res.StatusCode != http.StatusBadRequest {
		t.Errorf("submitted without what the call demands: %d", res.StatusCode)
	}
	wants(t, body, "缺少申报通知要求的材料：发票")
	firm.sendForm(page+"/files", map[string]string{"field": "invoices"}, sentFile{"发票.pdf", pdf("发票")})
	res, body = firm.post(page+"/act", url.Values{"action": {"submit"}, "task": {"0"}})
	if res.StatusCode != http.StatusOK {
		t.Fatalf("submit: %d\n%s", res.StatusCode, mainOf(body))
	}
	wants(t, body, "申报时", "六轴机器人", "未认定")

	_, body = c.as("tinghu").get(page)
	wants(t, body, "六轴机器人", "0018")
	lacks(t, body, "6228480402564890018", `name="amount-1"`)
	if res, _ := c.as("tinghu").post(page+"/rulings", url.Values{"amount-1": {"1"}}); res.StatusCode != http.StatusConflict {
		t.Errorf("ruled before its turn: %d", res.StatusCode)
	}
}
