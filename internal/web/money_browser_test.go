package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

// The pages between the decision and the money, as they look while something is to be done on them.
func TestMoneyInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	c.openCall()
	c.officers()
	page := c.settledCase()
	c.look(t, browser, sight{"call-office", "second", fmt.Sprintf("/calls/%d", c.call)})
	batch := c.batched(page)
	notice := "/notices/" + strings.TrimPrefix(batch, "/cases/")
	c.visitor().post(notice+"/object", url.Values{"line": {"1"}, "name": {"某公司"}, "text": {"设备不是新购的"}})
	c.look(t, browser, sight{"batch", "city", batch}, sight{"notices", "", "/notices"}, sight{"notice", "", notice + "?line=1"})
	long := c.longNotice(2*noticeLines + 50)
	c.look(t, browser, sight{"notice-long", "", long + "?from=201&line=207"}, sight{"round-objections", "city", "/rounds/" + strings.TrimPrefix(long, "/notices/")})
	_, body := c.as("city").get(batch)
	c.as("city").post(answers.FindStringSubmatch(body)[1], url.Values{"upheld": {"no"}, "answer": {"经核查为新购"}})
	c.stand(2024, 11, 12)
	c.presses("city", batch, "approve")
	c.presses("city", batch, "grant")
	c.as("city").post("/fund/check", nil)
	if _, _, err := c.book.Recheck(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.look(t, browser, sight{"payments", "finance", "/fund/payments"}, sight{"case-payable", "finance", page}, sight{"carry", "finance", "/fund/carry"}, sight{"check", "city", "/fund/check"})
	_, body = c.as("finance").get("/fund/payments")
	order := c.orders(hiddenDue.FindStringSubmatch(body)[1], "k")
	c.look(t, browser, sight{"batch-draft", "finance", order})
	ref := c.sent(order)
	c.as("finance").sends(order+"/result", "回单.csv", "付款编号,金额,处理结果,备注\n"+ref+","+amountOf(t, c, order)+",失败,户名不符\n")
	c.look(t, browser, sight{"batch-sent", "finance", order}, sight{"bank-answer", "finance", order + "/result"})
}
