package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// officers are accounts of all who look at an application, over the whole city.
func (c *city) officers() {
	c.t.Helper()
	for login, role := range map[string]access.Role{
		"tax": access.TaxBureau, "safety": access.SafetyBureau, "environment": access.EnvironmentBureau, "credit": access.CreditOffice,
		"expert1": access.Expert, "expert2": access.Expert, "expert3": access.Expert, "expert4": access.Expert,
		"auditfirm": access.AuditFirm, "finance": access.Finance, "county2": access.CountyOfficial,
	} {
		_, err := c.acc.Create(context.Background(), access.SystemScope(), access.NewAccount{
			Login: login, Name: "测试 " + login, Password: password, Grants: []access.Grant{{Role: role, Area: "320900"}},
		})
		if err != nil {
			c.t.Fatal(err)
		}
	}
}

// scopeOf is what an account may see and do.
func (c *city) scopeOf(login string) access.Scope { return c.srv.Frames.ScopeOf(c.account(login)) }

// robots is two cost items: a machine and its software. The serial number tells them apart from those of others.
func robots(serial string) []subsidy.Item {
	return []subsidy.Item{
		{Kind: "equipment", Label: "六轴机器人", Invoice: "2432000000000000" + serial + "1", On: period.Date(2023, 5, 6), Seller: "示例机器人公司", Serial: "R-" + serial, Amount: 400_000_000},
		{Kind: "software", Label: "制造执行系统", Invoice: "2432000000000000" + serial + "2", On: period.Date(2023, 6, 7), Seller: "示例软件公司", Amount: 200_000_000},
	}
}

// applied is the case of an application of the firm in 亭湖区 that was handed in, with all that the call demands.
func (c *city) applied() int64 {
	c.t.Helper()
	ctx, firm := context.Background(), c.firms[tinghuCode]
	me := c.scopeOf("firm")
	view, err := c.srv.Frames.For(ctx, me, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	offers, _, err := c.money.CallsFor(ctx, view, firm, c.srv.Clock.Today())
	if err != nil {
		c.t.Fatal(err)
	}
	i := slices.IndexFunc(offers[c.call], func(o subsidy.Offer) bool { return o.Year == 2023 })
	if i < 0 {
		c.t.Fatalf("nothing to apply for: %+v", offers)
	}
	made, err := c.money.OpenApplication(ctx, me, c.call, offers[c.call][i])
	if err != nil {
		c.t.Fatal(err)
	}
	_, attached := c.site.cases.Attach(ctx, me, casework.Attachment{Case: made.ID, Field: "invoices", Name: "发票.pdf", Body: strings.NewReader(pdf("invoices"))})
	for _, err := range []error{
		attached, c.money.Put(ctx, me, made.ID, subsidy.Asked{Items: robots("1101")}),
		c.money.NamePayee(ctx, me, made.ID, subsidy.Payee{Holder: "盐城亭湖甲机械有限公司", Bank: "示例银行", Number: "6228480402564890018"}),
	} {
		if err != nil {
			c.t.Fatal(err)
		}
	}
	c.acts("firm", made.ID, "submit", "")
	return made.ID
}

// pdf is a small document that says something of its own.
func pdf(words string) string {
	return "%PDF-1.4\n1 0 obj\n<</Title (" + words + ")>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
}

// acts takes an action as an account.
func (c *city) acts(login string, id int64, action, reason string) {
	c.t.Helper()
	if _, err := c.site.cases.Act(context.Background(), c.scopeOf(login), casework.Act{Case: id, Action: action, Reason: reason}); err != nil {
		c.t.Fatalf("%s as %s: %v", action, login, err)
	}
}

func (c *city) stateOf(id int64) string {
	c.t.Helper()
	found, _, err := c.site.cases.Get(context.Background(), access.SystemScope(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	return found.State
}

// sheetFrom fills columns of the first sheet of a workbook by their headings, below the head, row by row.
func sheetFrom(t *testing.T, body string, rows ...map[string]string) string {
	t.Helper()
	book, err := excelize.OpenReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	name := book.GetSheetList()[0]
	all, err := book.GetRows(name)
	if err != nil {
		t.Fatal(err)
	}
	head := slices.IndexFunc(all, func(r []string) bool { return len(r) > 3 })
	if head < 0 {
		t.Fatalf("no headings in %v", all)
	}
	for i, row := range rows {
		for heading, text := range row {
			col := slices.Index(all[head], heading)
			if col < 0 {
				t.Fatalf("no column %q in %v", heading, all[head])
			}
			cell, err := excelize.CoordinatesToCellName(col+1, head+2+i)
			if err != nil {
				t.Fatal(err)
			}
			if err := book.SetCellStr(name, cell, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A department answers on its page, singly and many at once, and by its list; the city sees who has.
func TestJointReviewOnPages(t *testing.T) {
	c := newCity(t)
	c.openCall()
	c.officers()
	if _, body := c.as("tax").get("/reviews"); !strings.Contains(body, "没有等您处理的事") {
		t.Errorf("something waits for the tax office:\n%s", mainOf(body))
	}
	id := c.applied()
	c.acts("tinghu", id, "accept", "")

	tax := c.as("tax")
	_, body := tax.get("/cases")
	wants(t, body, `href="/reviews"`)
	_, body = tax.get("/reviews")
	wants(t, body, "盐城亭湖甲机械有限公司", tinghuCode, "数字车间", fmt.Sprintf("opinion-%d", id))
	lacks(t, body, "6228", "600")

	_, body = c.as("city").get("/reviews")
	wants(t, body, "/reviews/list?as=tax_bureau")
	lacks(t, body, "opinion-")
	_, body = c.as("city").get("/today")
	wants(t, body, "件申报等部门答复")
	res, body := c.as("city").get("/reviews/list?as=tax_bureau")
	wants(t, text(t, res, body), "盐城亭湖甲机械有限公司", tinghuCode)
	lacks(t, text(t, res, body), "6228")
	for _, word := range []string{"expert", "city_official", "finance", "perhaps", ""} {
		if res, _ := c.as("city").get("/reviews/list?as=" + word); res.StatusCode != http.StatusNotFound {
			t.Errorf("the list of %q: %d", word, res.StatusCode)
		}
	}
	for _, login := range []string{"firm", "auditor", "finance", "expert1"} {
		for _, path := range []string{"/reviews", "/reviews/list?as=tax_bureau"} {
			if res, _ := c.as(login).get(path); res.StatusCode != http.StatusForbidden {
				t.Errorf("%s is answered %d at %s", login, res.StatusCode, path)
			}
		}
	}
	if res, _ := tax.get("/reviews?as=safety_bureau"); res.StatusCode != http.StatusForbidden {
		t.Errorf("the tax office speaks for another: %d", res.StatusCode)
	}

	// What is not whole is told, with what was typed; nothing is entered.
	ask := url.Values{"as": {"tax_bureau"}, "case": {fmt.Sprint(id)}}
	res, body = tax.post("/reviews", ask)
	if res.StatusCode != http.StatusUnprocessableEntity && res.StatusCode != http.StatusBadRequest {
		t.Errorf("no opinion at all: %d", res.StatusCode)
	}
	wants(t, body, "没有填写任何意见")
	_, body = tax.post("/reviews", with(ask, fmt.Sprintf("opinion-%d", id), "veto"))
	wants(t, body, "否决须写明理由")
	_, body = tax.post("/reviews", with(ask, fmt.Sprintf("reason-%d", id), "正在核实"))
	wants(t, body, "没有选意见", `value="正在核实"`)
	_, body = tax.post("/reviews", with(ask, "rest", "1"))
	wants(t, body, "已登记 1 条意见", "没有等您处理的事")
	_, body = tax.post("/reviews", with(ask, "rest", "1"))
	wants(t, body, "另有 1 件已经答复")

	// By its list: a bad cell is told by its place, a good one is entered after a look.
	safety := c.as("safety")
	res, body = safety.get("/reviews/list")
	list := body
	if !strings.Contains(res.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the list comes as %q", res.Header.Get("Content-Disposition"))
	}
	res, body = safety.sendForm("/reviews/sheet", map[string]string{"as": "safety_bureau"}, sentFile{"清单.xlsx", sheetFrom(t, list, map[string]string{"意见": "再议"})})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a bad list: %d", res.StatusCode)
	}
	wants(t, body, "清单.xlsx", "!F2", "再议")
	lacks(t, body, "登记意见</button>")
	_, body = safety.sendForm("/reviews/sheet", nil, sentFile{"说明.pdf", pdf("no list")})
	wants(t, body, "说明.pdf")
	_, body = safety.sendForm("/reviews/sheet", nil, sentFile{"清单.xlsx", sheetFrom(t, list, map[string]string{"意见": "同意", "理由": "无事故"})})
	wants(t, body, "尚未登记", `value="无事故"`, "登记意见</button>")
	if got := c.stateOf(id); got != "review" {
		t.Errorf("reading a list moved the case to %s", got)
	}
	_, body = safety.post("/reviews", url.Values{"case": {fmt.Sprint(id)}, fmt.Sprintf("opinion-%d", id): {"agree"}, fmt.Sprintf("reason-%d", id): {"无事故"}})
	wants(t, body, "已登记 1 条意见")

	_, body = c.as("city").get(casePath(id))
	wants(t, body, "联合审查", "无事故", "测试 safety", "未答复")
	_, body = c.as("firm").get(casePath(id))
	lacks(t, body, "无事故", "测试 safety")
	c.acts("environment", id, "agree", "")
	c.acts("credit", id, "veto", "列入失信名单")
	if got := c.stateOf(id); got != "refused" {
		t.Errorf("a veto left the case at %s", got)
	}
	_, body = c.as("city").get(casePath(id))
	wants(t, body, "列入失信名单")
}
