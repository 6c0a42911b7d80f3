package web

import (
	"net/http"
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
