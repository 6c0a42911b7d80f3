package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// A case by its pages: who acts, what a press repeated does, what offices say among themselves, and files.
func TestCaseByItsPages(t *testing.T) {
	c := newCity(t)
	firm, tinghu, city := c.as("firm"), c.as("tinghu"), c.as("city")
	path := casePath(c.caseOf[tinghuCode])

	_, body := firm.get("/mine")
	wants(t, body, `href="/cases"`)
	_, body = firm.get("/cases")
	wants(t, body, "亭湖甲数字车间补贴", "填报")
	lacks(t, body, "大丰乙智能仓储补贴")
	_, body = city.get("/cases?workflow=subsidy_application&state=draft&q=" + url.QueryEscape("大丰"))
	wants(t, body, "大丰乙智能仓储补贴")
	lacks(t, body, `">亭湖甲数字车间补贴`)

	res, body := firm.get(filePath(c.caseOf[tinghuCode], c.evidence))
	if got := res.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") || !strings.HasPrefix(body, "%PDF") {
		t.Errorf("the file comes as %q with %q", got, body[:min(len(body), 20)])
	}
	if res, _ := c.as("firm").get(filePath(c.caseOf[dafengCode], c.evidence)); res.StatusCode != http.StatusNotFound {
		t.Errorf("a file below another case: status %d", res.StatusCode)
	}

	tinghu.post(path+"/comments", url.Values{"text": {"请核对发票号"}, "inside": {"1"}})
	_, body = tinghu.get(path)
	wants(t, body, "请核对发票号", "仅部门可见")
	_, body = firm.get(path)
	lacks(t, body, "请核对发票号")

	res, body = tinghu.post(path+"/act", url.Values{"action": {"submit"}, "seen": {"1"}})
	if res.StatusCode != http.StatusForbidden && res.StatusCode != http.StatusConflict {
		t.Errorf("an official submits for the firm: status %d", res.StatusCode)
	}
	lacks(t, body, "已办理。")

	withdraw := url.Values{"action": {"withdraw"}, "seen": {"1"}, "key": {"one"}, "reason": {"不再申报"}}
	for range 2 { // a press repeated
		_, body = firm.post(path+"/act", withdraw)
		wants(t, body, "已办理。", "已撤回", "不再申报")
	}
	if n := strings.Count(body, "不再申报"); n != 1 {
		t.Errorf("withdrawn %d times", n)
	}
	withdraw.Set("key", "two")
	res, body = firm.post(path+"/act", withdraw)
	if res.StatusCode != http.StatusConflict && res.StatusCode != http.StatusForbidden {
		t.Errorf("withdrawn once more: status %d", res.StatusCode)
	}
	wants(t, body, "不再申报") // what was typed, and the page as it stands
	_, body = city.get("/cases/export?format=csv&ended=1")
	wants(t, body, "亭湖甲数字车间补贴", "已撤回", "东台丙织造改造补贴")
}

// The fund by its page: a budget once whatever is pressed, a cut of no more than is free, and the entries.
func TestFundByItsPage(t *testing.T) {
	c := newCity(t)
	city := c.as("city")
	give := url.Values{
		"fund": {"智改数转专项"}, "code": {"A1"}, "name": {"有效投入补助"}, "year": {"2024"}, "area": {"320900"}, "amount": {"800"},
		"document": {"盐财指〔2024〕演示1号"}, "reason": {"年初预算"}, "key": {"k1"}, "do": {"add"},
	}
	for range 2 {
		_, body := city.post("/fund/budget", give)
		wants(t, body, "预算已登记", "有效投入补助 · 2024", "800.00")
	}
	res, body := city.post("/fund/budget", with(give, "key", "k2", "do", "cut", "amount", "900", "reason", "压减"))
	if res.StatusCode != http.StatusConflict {
		t.Errorf("a cut of more than is free: status %d", res.StatusCode)
	}
	wants(t, body, "压减", `value="900"`)
	for _, amount := range []string{"", "不详", "-5", "99999999999999999999"} {
		res, _ := city.post("/fund/budget", with(give, "key", "k3"+amount, "amount", amount))
		if res.StatusCode != http.StatusUnprocessableEntity && res.StatusCode != http.StatusBadRequest {
			t.Errorf("%q as an amount: status %d", amount, res.StatusCode)
		}
	}
	_, body = city.post("/fund/budget", with(give, "key", "k4", "do", "cut", "amount", "100万元", "reason", "压减"))
	wants(t, body, "700.00")
	_, body = city.get("/fund/entries")
	wants(t, body, "安排预算", "核减预算", "盐财指〔2024〕演示1号", "测试 city")
	_, body = c.as("tinghu").get("/fund/entries")
	lacks(t, body, "核减预算")
	_, body = city.get("/fund/export?format=csv")
	wants(t, body, "有效投入补助", "7000000.00")
}

// with is a form with some fields set otherwise.
func with(form url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for key, values := range form {
		out[key] = values
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

// A day counted in working days is said to be about then where it runs into a year whose holidays are not published.
func TestDayText(t *testing.T) {
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	zh := i18n.T{Lang: i18n.ZH}
	for since, want := range map[string]string{
		"2024-09-27": "2024-10-10", // a Sunday worked, seven days off
		"2099-12-28": "约 2100-01-04（当年放假安排未公布）",
	} {
		day, err := period.ParseDay(since)
		if err != nil {
			t.Fatal(err)
		}
		due, known := lib.Calendar().AddWorkdays(day, 5)
		if got := dayText(zh, due, known); got != want {
			t.Errorf("five working days after %s: %q, want %q", since, got, want)
		}
	}
}

// What an application keeps is what is sure of it: where nothing is, that is said, and not that it comes to 0 yuan.
func TestNothingSureYet(t *testing.T) {
	c := newCity(t)
	w, ok := c.site.cases.Set.Workflow(subsidy.ApplicationWorkflow)
	if !ok {
		t.Fatal("no workflow of applications")
	}
	for lang, want := range map[i18n.Lang]string{i18n.ZH: "还没有可以确定的部分，可能的金额见“测算金额”", i18n.EN: "nothing of it is sure yet; what it may be stands under “What it comes to”"} {
		v := &visit{t: i18n.T{Lang: lang}, scope: c.scopeOf("city")}
		view, err := c.srv.Frames.For(t.Context(), v.scope, 0)
		if err != nil {
			t.Fatal(err)
		}
		for amount, want := range map[money.Fen]string{0: want, 60_000_000: inWords(v.t, 60_000_000)} {
			got, err := c.srv.caseData(t.Context(), v, view, casework.Case{Workflow: w.Workflow}, w, casework.Data{"amount": rule.Money(amount)})
			if err != nil || len(got) != 1 || got[0].Value != want {
				t.Errorf("%s: %s is told as %v %v, want %q", lang, amount, got, err, want)
			}
		}
	}
}
