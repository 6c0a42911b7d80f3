package web

import (
	"context"
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
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

// leased is the case in which the firm in 亭湖区 leases robots, of which one rent is paid; one delivery was corrected.
func (c *city) leased() int64 {
	c.t.Helper()
	ctx := context.Background()
	firm := c.srv.Frames.ScopeOf(c.account("firm"))
	check := func(err error) {
		c.t.Helper()
		if err != nil {
			c.t.Fatal(err)
		}
	}
	party, err := c.srv.Credit.Party(ctx, "demo_l")
	check(err)
	lessor := access.NewScope(1<<40, access.Bank, nil, []int64{party})
	id, _, err := c.srv.Credit.Begin(ctx, firm, c.srv.Cases, credit.Request{Product: "demo_l_equipment", Firm: c.firms[tinghuCode]})
	check(err)
	delivery := map[string]any{
		"voucher": "Y-1", "asset": "六轴搬运机器人", "price": 150, "principal": 110, "drawn_on": "2024-10-21", "due_on": "2026-10-20", "rate": 5, "rents": 8, "every": 3,
		"first_due": "2024-10-28", "rent": 15.8, "last_rent": 15.9,
	}
	corrected := maps.Clone(delivery)
	corrected["principal"], corrected["reason"] = 120, "融资额录错"
	for _, x := range []struct {
		by      access.Scope
		action  string
		answers map[string]any
	}{
		{firm, "submit", map[string]any{
			"asset": "六轴搬运机器人", "kind": "robot", "price": 150, "age": 0, "amount": 120, "months": 24, "use": "替换人工上下料，接入生产管理系统", "contact": "演示人员 01",
			"phone": "0515-00000000", "agree": true, "until": "2025-04-30", "truthful": true,
		}},
		{lessor, "offer", map[string]any{
			"amount": 120, "rate": 5, "months": 24, "rents": 8, "every": 3, "rent": 15.8, "last_rent": 15.9, "deposit": 6, "fee": 1.2, "valid_until": "2024-12-31",
		}},
		{firm, "accept", nil},
		{lessor, "sign", map[string]any{"number": "R-1", "line": 120, "rate": 5, "deposit": 6, "fee": 1.2, "signed_on": "2024-10-14", "ends_on": "2026-10-31"}},
		{lessor, "draw", delivery},
		{lessor, "redraw", corrected},
		{lessor, "repay", map[string]any{"voucher": "Y-1", "paid_on": "2024-10-28", "principal": 14.3, "interest": 1.5}},
	} {
		act := casework.Act{Case: id, Action: x.action}
		if x.answers != nil {
			act.Entry, err = json.Marshal(map[string]any{"answers": x.answers})
			check(err)
		}
		_, err := c.srv.Cases.Act(ctx, x.by, act)
		check(err)
	}
	check(c.srv.Frames.Refresh(ctx))
	return id
}

// A firm names equipment and is told whether it could lease it; the lease is shown with its rents, and counted beside loans, not among them.
func TestLease(t *testing.T) {
	c := newCity(t)
	_, body := c.as("firm").get("/products")
	wants(t, body, "演示融资租赁公司 L", "智能装备直租（演示）", "融资租赁", `class="yz-badge yz-badge-warn"`)
	_, body = c.as("firm").get("/products/demo_l_equipment")
	wants(t, body, "要租的设备", "年化内部收益率（IRR）", "数控机床", "租赁公司会读取的数据")
	_, body = c.as("firm").get("/products/demo_l_equipment?kind=robot&price=100&age=5")
	wants(t, body, `value="100"`, "暂不符合", "设备已使用年限")
	res, body := c.as("firm").get("/products/demo_l_equipment?kind=robot&price=much&age=5")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a price that is none: %d", res.StatusCode)
	}
	wants(t, body, "设备价款应大于零", `value="much"`)

	id := c.leased()
	_, body = c.as("firm").get(casePath(id))
	wants(t, body, "交付和租金", "六轴搬运机器人，价款 150 万元", "保证金 6 万元，手续费 1.2 万元", "租金 8 期，每 3 个月一期，每期 15.8 万元，最后一期 15.9 万元", "2026-07-28：15.9 万元", "未收租赁本金 105.7 万元",
		"更正交付 Y-1：原为 六轴搬运机器人，价款 150 万元，融资 110 万元")
	_, body = c.as("city").get("/credit?month=2024-10")
	wants(t, body, "融资租赁另计：1 家企业，当月交付融资额 120 万元，月末未收本金 105.7 万元", `href="/credit?kind=lease&amp;month=2024-10"`)
	lacks(t, mainOf(body), "演示融资租赁公司 L")
	_, body = c.as("city").get("/credit?kind=lease&month=2024-10")
	wants(t, body, "融资租赁总览", "演示融资租赁公司 L", "亭湖区", "105.70", "贷款另计：0 家企业", "lease.financed")
	_, body = c.as("city").get("/credit/export?format=csv&kind=lease&month=2024-10")
	wants(t, body, "1057000.00", "合同融资额")
	if res, _ := c.as("city").get("/credit?kind=gift"); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("neither loans nor leases: %d", res.StatusCode)
	}
}

var rowBox = regexp.MustCompile(`name="row" value="([^"]*)"`)

// checkboxes are the values of the rows that a page lets somebody settle.
func checkboxes(body string) (all []string) {
	for _, m := range rowBox.FindAllStringSubmatch(body, -1) {
		all = append(all, html.UnescapeString(m[1]))
	}
	return all
}
