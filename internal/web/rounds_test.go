package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// codeOf is a credit code that begins so, with its two check letters.
func codeOf(body string) string {
	const letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	for _, inner := range letters {
		for _, last := range letters {
			if code, found := party.ParseUSCC(body + string(inner) + string(last)); found == party.Sound {
				return string(code)
			}
		}
	}
	panic("no check letters fit " + body)
}

// entitled brings in three more firms of 亭湖区 whose input the tax office states, and gives each an account: who1, who2, who3.
func (c *city) entitled() (ids []int64) {
	c.t.Helper()
	const head = "统一社会信用代码,企业名称,县（市、区）,项目名称,是否智改数转项目,项目年度投资额（万元）,年度有效投入（万元）\n"
	firms, projects, none := "统一社会信用代码,企业名称,县（市、区）,行业代码,是否规上企业\n", head, head
	var codes []string
	for i := 1; i <= 3; i++ {
		code := codeOf(fmt.Sprintf("9132028114222%03d", i))
		codes = append(codes, code)
		firms += fmt.Sprintf("%s,盐城应得%d机械有限公司,亭湖区,3412,是\n", code, i)
		projects += fmt.Sprintf("%s,盐城应得%d机械有限公司,亭湖区,应得车间%d,是,700,%d\n", code, i, i, 600+100*i)
		none += fmt.Sprintf("%s,盐城应得%d机械有限公司,亭湖区,应得车间%d,是,0,0\n", code, i, i)
	}
	none += tinghuCode + ",盐城亭湖甲机械有限公司,亭湖区,数字车间,是,0,0\n" // its input of 2023 is the bureau's word alone
	c.importCSV("more.csv", firms, "statistics", "320900")
	for _, authority := range []string{"statistics", "bureau", "tax"} {
		c.importCSV("more-projects-"+authority+".csv", projects, authority, "320900")
		c.importYear("none-2022-"+authority+".csv", none, authority, "320900", 2022)
		c.importYear("none-2024-"+authority+".csv", none, authority, "320900", 2024)
	}
	view, err := c.srv.Frames.For(context.Background(), access.SystemScope(), 0)
	if err != nil {
		c.t.Fatal(err)
	}
	for i, code := range codes {
		id := view.Registry().ByUSCC(party.USCC(code))[0]
		ids = append(ids, id)
		if _, err := c.acc.Create(context.Background(), access.SystemScope(), access.NewAccount{
			Login: fmt.Sprintf("who%d", i+1), Name: "测试企业", Password: password, Grants: []access.Grant{{Role: access.Enterprise, Party: id}},
		}); err != nil {
			c.t.Fatal(err)
		}
	}
	return ids
}

// openRound makes a list of who is entitled, on which a firm is left out that others must not see.
func (c *city) openRound() {
	c.t.Helper()
	c.entitled()
	r, err := c.money.ListRound(context.Background(), c.srv.Frames.ScopeOf(c.account("city")), subsidy.NewRound{Area: "320900", Policy: "yancheng-2022-6", Clauses: []string{"c9"}, Title: "2023年度免申即享", Line: c.lineOfCall()})
	if err != nil {
		c.t.Fatal(err)
	}
	c.round = r.ID
}

// lineOfCall is the line of the fund that the call is paid from.
func (c *city) lineOfCall() int64 {
	c.t.Helper()
	call, err := c.money.Call(context.Background(), access.SystemScope(), c.call)
	if err != nil {
		c.t.Fatal(err)
	}
	return call.Line
}

// askedRound makes another list that has been public, and asks its firms; asked is the case of the first.
func (c *city) askedRound() (round, asked int64) {
	c.t.Helper()
	ctx := context.Background()
	lists, publishes := c.srv.Frames.ScopeOf(c.account("city")), c.srv.Frames.ScopeOf(c.account("second"))
	r, err := c.money.ListRound(ctx, lists, subsidy.NewRound{Area: "320900", Policy: "yancheng-2022-6", Clauses: []string{"c9"}, Title: "2023年度有效投入补助免申即享", Line: c.lineOfCall()})
	if err != nil {
		c.t.Fatal(err)
	}
	c.stand(2024, 10, 21)
	if err := c.money.PublishRound(ctx, publishes, r.ID); err != nil {
		c.t.Fatal(err)
	}
	c.stand(2024, 10, 31)
	if _, err := c.money.OpenRound(ctx, publishes, r.ID); err != nil {
		c.t.Fatal(err)
	}
	lines, _, err := c.money.RoundLines(ctx, lists, r.ID, subsidy.LineFilter{Limit: 1})
	if err != nil {
		c.t.Fatal(err)
	}
	return r.ID, lines[0].Case
}

var (
	roundLine  = regexp.MustCompile(`action="(/rounds/\d+/lines/\d+/drop)`)
	roundCases = regexp.MustCompile(`<a href="(/cases/\d+)">待企业确认`)
	lineOption = regexp.MustCompile(`<option value="(\d+)"[^>]*>测试专项`)
	pressKey   = regexp.MustCompile(`name="key" value="([^"]+)"`) // what a press of the form is known by
)

// A whole round on pages: listed, a line dropped, made public by another, its notice over, firms asked; one confirms, one
// declines and thinks again, and what was confirmed is committed and payable.
func TestRoundOnPages(t *testing.T) {
	c := newCity(t)
	c.openCall() // gives the line its budget
	c.entitled()
	city, second := c.as("city"), c.as("second")
	_, body := city.get("/rounds")
	wants(t, body, "免申即享", "/rounds/new")
	_, body = city.get("/rounds/new?policy=yancheng-2022-6")
	line := lineOption.FindStringSubmatch(body)
	if line == nil {
		t.Fatalf("no line to pay from:\n%s", mainOf(body))
	}
	asked := url.Values{"policy": {"yancheng-2022-6"}, "clause": {"c9"}, "area": {"320900"}, "line": {line[1]}, "title": {"2023年度免申即享"}}
	_, body = city.get("/rounds/new?preview=1&" + asked.Encode())
	asked.Set("key", pressKey.FindStringSubmatch(body)[1])
	wants(t, body, "盐城应得1机械有限公司", "盐城应得3机械有限公司", "待核实", "须先核实", "生成清单")
	if res, body := city.get("/rounds/new?preview=1&policy=yancheng-2022-6&area=320900&title=x&line=" + line[1]); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a round without clauses: %d\n%s", res.StatusCode, mainOf(body))
	}
	res, body := city.post("/rounds", asked)
	page := res.Request.URL.Path
	wants(t, body, "清单已生成", "须由另一人公示", "作废")
	if res, _ := city.post("/rounds", asked); res.Request.URL.Path != page {
		t.Errorf("pressed twice, another list was made: %s", res.Request.URL.Path)
	}
	lacks(t, body, `/publish"`)
	if res, _ := city.post(page+"/publish", nil); res.StatusCode != http.StatusConflict {
		t.Errorf("published by who made the list: %d", res.StatusCode)
	}

	_, body = city.get(page + "?state=listed&q=" + url.QueryEscape("应得3"))
	wants(t, body, "应得车间3")
	lacks(t, body, "应得车间1")
	drop := roundLine.FindStringSubmatch(body)[1]
	if res, body := city.post(drop, url.Values{"reason": {" "}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "理由") {
		t.Errorf("dropped without a reason: %d", res.StatusCode)
	}
	_, body = city.post(drop, url.Values{"reason": {"正在核查关联交易"}})
	wants(t, body, "已移出")
	_, body = city.post(strings.Replace(drop, "/drop", "/restore", 1), nil)
	wants(t, body, "已放回清单")
	city.post(drop, url.Values{"reason": {"正在核查关联交易"}})
	_, body = city.get(page + "?state=dropped")
	wants(t, body, "正在核查关联交易（测试 city，", "列名单")
	if _, body := city.get(page + "/export?format=csv"); !strings.Contains(body, "正在核查关联交易") || !strings.Contains(body, "须先核实") || !strings.Contains(body, "770000") {
		t.Errorf("export:\n%s", body)
	}

	_, body = second.post(page+"/publish", nil)
	wants(t, body, "已公示", "公示中", "公示至", "测试 second")
	if res, _ := second.post(page+"/open", nil); res.StatusCode != http.StatusConflict {
		t.Errorf("opened while the notice stands: %d", res.StatusCode)
	}
	if _, body := c.as("who1").get("/mine"); strings.Contains(body, "您可以免申即享") {
		t.Error("a firm is asked before the notice is over")
	}
	c.stand(2024, 11, 8)
	_, body = second.post(page+"/open", nil)
	wants(t, body, "已通知企业", "待企业确认")
	if n := len(roundCases.FindAllString(body, -1)); n != 2 {
		t.Errorf("%d firms were asked", n)
	}

	yes, no := c.as("who1"), c.as("who2")
	_, body = yes.get("/mine")
	wants(t, body, "您可以免申即享", "应得车间1", "确认并领取", "放弃")
	confirm := regexp.MustCompile(`action="(/cases/\d+)/confirm"`).FindStringSubmatch(body)[1]
	account := url.Values{"holder": {"盐城应得1机械有限公司"}, "bank": {""}, "number": {"6228480402564890018"}}
	if res, body := yes.post(confirm+"/confirm", account); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "6228480402564890018") {
		t.Errorf("confirmed without a bank: %d", res.StatusCode)
	}
	account.Set("bank", "示例银行")
	if res, _ := no.post(confirm+"/confirm", account); res.StatusCode != http.StatusNotFound {
		t.Errorf("another firm confirms: %d", res.StatusCode)
	}
	_, body = yes.post(confirm+"/confirm", account)
	wants(t, body, "待拨付")
	if res, _ := yes.post(confirm+"/confirm", account); res.StatusCode != http.StatusConflict && res.Request.URL.Path != confirm {
		t.Errorf("confirmed twice: %d at %s", res.StatusCode, res.Request.URL)
	}

	_, body = no.get("/mine")
	decline := regexp.MustCompile(`action="(/cases/\d+)/act"`).FindStringSubmatch(body)[1]
	_, body = no.post(decline+"/act", url.Values{"action": {"decline"}, "task": {"0"}})
	wants(t, body, "企业放弃", "补充确认")
	_, body = no.get("/mine")
	wants(t, body, "企业放弃")
	lacks(t, body, "您可以免申即享")

	_, body = second.get(page)
	wants(t, body, "待拨付", "企业放弃", "企业答复")
	_, body = second.get("/fund?by=clause")
	wants(t, body, "77.00") // 700 万元 at 11 %, committed and payable
	_, body = no.post(decline+"/act", url.Values{"action": {"appeal"}, "task": {"0"}, "reason": {"误操作，仍愿领取"}})
	wants(t, body, "待企业确认")
	_, body = no.get("/mine")
	wants(t, body, "您可以免申即享")
	_, body = yes.get("/mine")
	wants(t, body, "我的资金", "待拨付")
}

// Rounds are an office's: a firm sees none, another county not those of this one.
func TestRoundsAreForOffices(t *testing.T) {
	c := newCity(t)
	for login, want := range map[string]int{"firm": http.StatusForbidden, "viewer": http.StatusForbidden, "admin": http.StatusForbidden, "auditor": http.StatusOK, "tinghu": http.StatusOK} {
		if res, _ := c.as(login).get("/rounds"); res.StatusCode != want {
			t.Errorf("%s: %d", login, res.StatusCode)
		}
	}
	if res, _ := c.as("auditor").get("/rounds/new"); res.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor lists a round: %d", res.StatusCode)
	}
}
