package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/credit"
)

// banker is an account of the invented bank, once.
func (c *city) banker() string {
	c.t.Helper()
	id, err := c.srv.Credit.Party(context.Background(), "demo_a")
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = c.acc.Create(context.Background(), access.SystemScope(), access.NewAccount{
		Login: "banker", Name: "测试 banker", Password: password, Grants: []access.Grant{{Role: access.Bank, Party: id}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return "banker"
}

// met is the meeting of the tests once it has begun: the firm in 亭湖区 is shown and has talked, the one in 大丰区 came.
func (c *city) met() int64 {
	c.t.Helper()
	ctx, id, firm := context.Background(), c.meeting(), c.firms[tinghuCode]
	for _, err := range []error{
		c.srv.Credit.AnswerMeeting(ctx, c.scopeOf("firm"), id, credit.Coming{
			Plan: 1, Firm: firm, Comes: true, People: 2, Wish: credit.Wish{Amount: 500_0000_00, Purpose: "购置数控机床", Product: "demo_a_equipment"}, Show: true,
		}),
		c.srv.Credit.AnswerMeeting(ctx, c.scopeOf("banker"), id, credit.Coming{Plan: 1, Bank: "demo_a", Comes: true, People: 2}),
	} {
		if err != nil {
			c.t.Fatal(err)
		}
	}
	was := c.srv.Clock()
	begun := was.AddDate(0, 0, 1)
	c.stand(begun.Year(), int(begun.Month()), begun.Day())
	at := c.now.Load().Add(6 * 3_600_000_000_000)
	c.now.Store(&at)
	for _, err := range []error{
		c.srv.Credit.Attendance(ctx, c.scopeOf("city"), id, []int64{c.firms[dafengCode]}),
		c.srv.Credit.WriteTalk(ctx, c.scopeOf("banker"), id, credit.NewTalk{Firm: firm, Bank: "demo_a", Outcome: credit.TalkIntent, Amount: 450_0000_00}),
		c.srv.Credit.WriteTalk(ctx, c.scopeOf("city"), id, credit.NewTalk{Firm: c.firms[dafengCode], Bank: "demo_a", Outcome: credit.TalkNoMatch, Reason: "rate"}),
	} {
		if err != nil {
			c.t.Fatal(err)
		}
	}
	return id
}

// From a plan to an application, on pages: what is amiss is told with what was typed, each sees its part, and what came of it is worked out.
func TestMeetings(t *testing.T) {
	c := newCity(t)
	bank := c.banker()
	day := (c.srv.Clock.Today() + 1).String()
	form := url.Values{
		"title": {"机械行业对接会"}, "area": {"320900"}, "day": {day}, "from": {"14:00"}, "until": {"17:00"}, "place": {"会场"}, "product": {"demo_a_equipment"},
		"codes": {tinghuCode + "\n" + dafengCode + " 91320000000000000X"},
	}
	res, body := c.as("city").post("/credit/meetings", form)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a wrong code: %d", res.StatusCode)
	}
	wants(t, body, "91320000000000000X", `value="机械行业对接会"`, "没有邀请任何企业")
	form.Set("codes", tinghuCode+"，"+dafengCode)
	form.Set("preview", "1")
	_, body = c.as("city").post("/credit/meetings", form)
	wants(t, body, "将邀请 2 家企业", "盐城大丰乙电子有限公司")
	form.Del("preview")
	res, body = c.as("city").post("/credit/meetings", form)
	path := res.Request.URL.Path
	wants(t, body, "已通知参会银行和企业", "盐城亭湖甲机械有限公司", "盐城大丰乙电子有限公司", "待举行")
	_, body = c.as("tinghu").get(path)
	wants(t, mainOf(body), "盐城亭湖甲机械有限公司")
	lacks(t, mainOf(body), "盐城大丰乙电子有限公司", `action="`+path+`/move"`)

	_, body = c.as("firm").get("/mine")
	wants(t, body, "场银企对接会等您答复是否参加")
	firm := fmt.Sprint(c.firms[tinghuCode])
	answer := url.Values{"plan": {"1"}, "firm": {firm}, "comes": {"1"}, "people": {"2"}, "amount": {"much"}, "purpose": {"购置数控机床"}, "want": {"demo_a_equipment"}, "show": {"1"}}
	res, body = c.as("firm").post(path+"/answer", answer)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an amount that is none: %d", res.StatusCode)
	}
	wants(t, body, "“much”不是大于零的金额", `value="购置数控机床"`)
	answer.Set("amount", "500")
	_, body = c.as("firm").post(path+"/answer", answer)
	wants(t, body, "答复已保存", "参会银行看得到本企业的名称和需求")
	_, body = c.as("firm").get("/mine")
	lacks(t, body, "场银企对接会等您答复是否参加")
	_, body = c.as("firm").get(readingsPath(c.firms[tinghuCode]))
	wants(t, body, "银企对接会", "企业名称和对接会上的融资需求")

	_, body = c.as(bank).get("/credit/lists")
	wants(t, body, "1 场待答复")
	_, body = c.as(bank).get(path)
	wants(t, mainOf(body), "盐城亭湖甲机械有限公司", "500 万元 · 购置数控机床", "另有 1 家企业没有同意展示")
	lacks(t, mainOf(body), "盐城大丰乙电子有限公司", dafengCode, tinghuCode)
	_, body = c.as(bank).post(path+"/answer", url.Values{"plan": {"1"}, "bank": {"demo_a"}, "comes": {"1"}, "people": {"3"}})
	wants(t, body, "参加，3 人")

	at := c.now.Load().Add(30 * 3_600_000_000_000)
	c.now.Store(&at)
	_, body = c.as(bank).post(path+"/talk", url.Values{"party": {firm}, "talked_bank": {"demo_a"}, "outcome": {"intent"}, "note": {"抵押率可到七成"}})
	wants(t, body, "请填写大于零的意向金额", `value="抵押率可到七成"`)
	_, body = c.as(bank).post(path+"/talk", url.Values{"party": {firm}, "talked_bank": {"demo_a"}, "outcome": {"intent"}, "intention": {"450"}})
	wants(t, body, "洽谈结果已登记", "有意向 · 450 万元")
	_, body = c.as("city").post(path+"/came", url.Values{"came": {firm, fmt.Sprint(c.firms[dafengCode])}})
	wants(t, body, "到会情况已登记")
	_, body = c.as("firm").get(path)
	wants(t, body, "有意向 · 450 万元", `name="meeting"`)
	res, _ = c.as("firm").post("/products/demo_a_equipment/ask", url.Values{"firm": {firm}, "meeting": {strings.TrimPrefix(path, "/credit/meetings/")}})
	of, _, _ := strings.Cut(res.Request.URL.Path, "/act/")
	_, body = c.as("firm").get(of)
	wants(t, body, "由银企对接会发起")
	_, body = c.as("auditor").get(path + "/export?format=csv")
	wants(t, body, "4500000.00", "演示银行 A")
	if res, _ := c.as("firm").get(path + "/export"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a firm exports: %d", res.StatusCode)
	}
	if res, _ := c.as("city").get(path + "?on=2999-01-01"); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a day to come: %d", res.StatusCode)
	}
}

// A meeting that is moved and then cancelled says so on its page, with the reasons.
func TestMeetingChanges(t *testing.T) {
	c := newCity(t)
	path := meetingPath(c.meeting())
	_, body := c.as("city").post(path+"/move", url.Values{"day": {"tomorrow"}, "from": {"09:00"}, "until": {"11:00"}, "place": {"新会场"}, "reason": {"会场检修"}})
	wants(t, body, "不是日期和时间", `value="新会场"`)
	day := (c.srv.Clock.Today() + 9).String()
	_, body = c.as("city").post(path+"/move", url.Values{"day": {day}, "from": {"09:00"}, "until": {"11:00"}, "place": {"新会场"}, "reason": {"会场检修"}})
	wants(t, body, "已改期并通知", day+" 09:00–11:00", "原因：会场检修", "新会场")
	_, body = c.as("city").post(path+"/cancel", url.Values{"reason": {"报名不足"}})
	wants(t, body, "已取消", "原因：报名不足")
	_, body = c.as("firm").get(path)
	wants(t, body, "原因：报名不足")
	lacks(t, body, `name="people"`)
}
