package web

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// A firm is told which bank has its case, and of what waits for offices that the offices have it.
func TestWhoIsAtWork(t *testing.T) {
	loan := &creditPart{Progress: credit.Progress{Product: &credit.Product{By: credit.Bank{Name: i18n.Text{ZH: "演示银行 A", EN: "Demo bank A"}}}}}
	for name, tc := range map[string]struct {
		loan   *creditPart
		waits  []string
		zh, en string
	}{
		"bank":           {loan, []string{"bank"}, "由演示银行 A办理中。", "Demo bank A is working on it."},
		"city of a loan": {loan, []string{"city_official"}, "由有关部门办理中。", "The offices are working on it."},
		"no loan":        {nil, []string{"bank"}, "由有关部门办理中。", "The offices are working on it."},
	} {
		d := casePageData{Credit: tc.loan, State: casework.State{Waits: tc.waits}}
		if got := d.atWork(i18n.T{Lang: i18n.ZH}); got != tc.zh {
			t.Errorf("%s: %s", name, got)
		}
		if got := d.atWork(i18n.T{Lang: i18n.EN}); got != tc.en {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Officials see what banks lend in their area, to the fen in the export; nobody else does.
func TestOverview(t *testing.T) {
	c := newCity(t)
	loans := "统一社会信用代码,企业名称,县（市、区）,借据号,贷款银行,贷款金额（万元）,放款日期\n" +
		tinghuCode + ",盐城亭湖甲机械有限公司,亭湖区,J-1,演示银行 A,123.45,2024-10-08\n" +
		dafengCode + ",盐城大丰乙电子有限公司,大丰区,J-2,演示农商行,300,2024-08-20\n" +
		dafengCode + ",盐城大丰乙电子有限公司,大丰区,J-3,,10,2024-08-20\n"
	c.importCSV("贷款.csv", loans, "bank", "320900")
	_, body := c.as("city").get("/credit?month=2024-10")
	wants(t, body, "贷款总览", "演示银行 A", "演示农商行", "亭湖区", "大丰区", "433.45", "123.45", `href="/enterprises/`, "loan.principal",
		`href="/credit?area=320902&amp;bank=demo_a&amp;month=2024-10#firms"`)
	lacks(t, mainOf(body), `href="/credit?area=320904&amp;month=2024-10#firms"`) // of a bank that nobody said
	_, body = c.as("city").get("/credit?month=2024-10&bank=demo_a")
	wants(t, body, "盐城亭湖甲机械有限公司")
	lacks(t, mainOf(body), "盐城大丰乙电子有限公司")
	_, body = c.as("tinghu").get("/credit?month=2024-10")
	wants(t, body, "盐城亭湖甲机械有限公司")
	lacks(t, mainOf(body), "盐城大丰乙电子有限公司", "演示农商行")
	_, body = c.as("city").get("/credit/export?format=csv&month=2024-10")
	wants(t, body, "1234500.00", "3000000.00", "4334500.00")
	for path, want := range map[string]int{
		"/credit?month=2024-13": http.StatusUnprocessableEntity, "/credit?month=2099-01": http.StatusUnprocessableEntity, "/credit?area=nowhere": http.StatusNotFound,
		"/credit?bank=nobody": http.StatusOK,
	} {
		if res, _ := c.as("city").get(path); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}

// A list of a bank is laid beside our records on a page; what is wrong with one is told cell by cell; an official settles what differs,
// and the page and the export show how it stands.
func TestBankLists(t *testing.T) {
	c := newCity(t)
	loans := "统一社会信用代码,企业名称,县（市、区）,借据号,贷款银行,贷款金额（万元）,放款日期\n" +
		tinghuCode + ",盐城亭湖甲机械有限公司,亭湖区,J-1,演示银行 A,100,2024-08-08\n" + dafengCode + ",盐城大丰乙电子有限公司,大丰区,J-2,演示银行 A,300,2024-08-20\n"
	c.importCSV("贷款.csv", loans, "finance", "320900")
	send := func(fields map[string]string, text string) (*http.Response, string) {
		return c.as("second").sendForm("/credit/lists", fields, sentFile{"清单.csv", text})
	}
	head := "借据号,统一社会信用代码,放款金额（万元）,放款日期,余额（万元）\n"
	month := c.srv.Credit.LastMonth().String()
	res, body := send(map[string]string{"bank": "demo_a", "month": month, "on_word": "来函"}, head+"J-1,"+tinghuCode+",100,2024-08-08,120\n")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a list that is wrong: %d", res.StatusCode)
	}
	wants(t, body, "清单.csv#E2", "没有收下", `value="来函"`)
	res, body = send(map[string]string{"bank": "demo_a", "month": month}, head+"J-1,"+tinghuCode+",100,2024-08-08,80\n")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an official who does not say what it is from: %d", res.StatusCode)
	}
	wants(t, body, "请写明清单的来源")
	res, body = send(map[string]string{"bank": "demo_a", "month": month, "on_word": "来函"}, head+"J-1,"+tinghuCode+",100,2024-08-08,80\n")
	path := res.Request.URL.Path
	wants(t, body, "待处理", "月末余额：银行 80 万元，本系统 100 万元", "只有本系统有", "清单.csv#A2", "来源：来函")
	_, seen := c.as("tinghu").get(path)
	wants(t, seen, "只显示你所辖的企业", "盐城亭湖甲机械有限公司")
	lacks(t, mainOf(seen), "盐城大丰乙电子有限公司")
	if res, _ := c.as("firm").get(path); res.StatusCode != http.StatusForbidden {
		t.Errorf("a firm sees a list: %d", res.StatusCode)
	}
	if rows := checkboxes(body); len(rows) > 0 {
		t.Errorf("who brought it on the bank's word settles %q", rows)
	}
	_, body = c.as("city").get(path)
	rows := checkboxes(body)
	if len(rows) != 2 {
		t.Fatalf("rows to be settled: %q", rows)
	}
	_, body = c.as("city").post(path+"/settle", url.Values{"row": rows, "how": {"kept"}})
	wants(t, body, "要写理由")
	_, body = c.as("city").post(path+"/settle", url.Values{"row": rows[:1], "how": {"accepted"}})
	wants(t, body, "已处理", "只有本系统有")
	_, body = c.as("city").post(path+"/settle", url.Values{"row": checkboxes(body), "how": {"kept"}, "reason": {"银行漏列"}})
	wants(t, body, "核对办结", "银行漏列")
	_, body = c.as("city").post(path+"/close", nil)
	wants(t, body, "核对已办结", "一致 1 行，保留我方数据 1 行")
	_, body = c.as("auditor").get(path + "/export?format=csv")
	wants(t, body, "800000.00", "银行漏列", "盐城大丰乙电子有限公司")
	_, body = c.as("city").get("/credit?month=" + month)
	wants(t, body, "380.00")
}

var rowBox = regexp.MustCompile(`name="row" value="([^"]*)"`)

// checkboxes are the values of the rows that a page lets somebody settle.
func checkboxes(body string) (all []string) {
	for _, m := range rowBox.FindAllStringSubmatch(body, -1) {
		all = append(all, html.UnescapeString(m[1]))
	}
	return all
}
