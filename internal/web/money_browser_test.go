package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

// looked is a page that is looked at in the browser.
type looked struct{ name, login, path string }

// looksAt opens pages at the widths of a desk and of a telephone, in both languages: they fit, axe-core finds nothing, the
// console is quiet.
func (c *city) looksAt(t *testing.T, browser *webtest.Browser, pages ...looked) {
	t.Helper()
	for _, width := range []int64{1440, 390} {
		tabs := map[string]*webtest.Tab{}
		for _, lang := range []string{"zh", "en"} {
			for _, p := range pages {
				if tabs[p.login] == nil {
					tabs[p.login] = signedIn(t, browser, c.site, p.login, width)
				}
				name := fmt.Sprintf("%s-%d-%s", p.name, width, lang)
				t.Run(name, func(t *testing.T) {
					tab := tabs[p.login].For(t)
					tab.Open(p.path)
					if tab.Text(`document.documentElement.lang.slice(0, 2)`) != lang {
						tab.Click(`header form[action="/language"] button`)
					}
					tab.Fits()
					tab.Accessible()
					tab.Quiet()
					tab.Picture(name)
				})
			}
		}
	}
}

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
	c.looksAt(t, browser, looked{"call-office", "second", fmt.Sprintf("/calls/%d", c.call)})
	batch := c.batched(page)
	notice := "/notices/" + strings.TrimPrefix(batch, "/cases/")
	c.visitor().post(notice+"/object", url.Values{"line": {"1"}, "name": {"某公司"}, "text": {"设备不是新购的"}})
	c.looksAt(t, browser, looked{"batch", "city", batch}, looked{"notices", "", "/notices"}, looked{"notice", "", notice + "?line=1"})
	long := c.longNotice(2*noticeLines + 50)
	c.looksAt(t, browser, looked{"notice-long", "", long + "?from=201&line=207"}, looked{"round-objections", "city", "/rounds/" + strings.TrimPrefix(long, "/notices/")})
	_, body := c.as("city").get(batch)
	c.as("city").post(answers.FindStringSubmatch(body)[1], url.Values{"upheld": {"no"}, "answer": {"经核查为新购"}})
	c.stand(2024, 11, 12)
	c.presses("city", batch, "approve")
	c.presses("city", batch, "grant")
	c.as("city").post("/fund/check", nil)
	if _, _, err := c.book.Recheck(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.looksAt(t, browser, looked{"payments", "finance", "/fund/payments"}, looked{"case-payable", "finance", page}, looked{"carry", "finance", "/fund/carry"}, looked{"check", "city", "/fund/check"})
	_, body = c.as("finance").get("/fund/payments")
	order := c.orders(hiddenDue.FindStringSubmatch(body)[1], "k")
	c.looksAt(t, browser, looked{"batch-draft", "finance", order})
	ref := c.sent(order)
	c.as("finance").sends(order+"/result", "回单.csv", "付款编号,金额,处理结果,备注\n"+ref+","+amountOf(t, c, order)+",失败,户名不符\n")
	c.looksAt(t, browser, looked{"batch-sent", "finance", order}, looked{"bank-answer", "finance", order + "/result"})
}
