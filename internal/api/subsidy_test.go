package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// accountNumber is that of the firm in 亭湖区.
const accountNumber = "6228480402564890018"

const payeeBody = `{"holder": "盐城亭湖甲机械有限公司", "bank": "盐城农商银行亭湖支行", "number": "` + accountNumber + `"}`

// subsidised is how far a subsidy of the firm in 亭湖区 has come.
type subsidised struct{ line, call, application, batch, objection, payments, owed, seen, round, opening string }

// stages of a subsidy, each after the one before.
const (
	drafted  = iota // cost items and account are entered
	reviewed        // joint review and cost items
	noticed         // in a public notice, with an objection that was answered
	owed            // granted and payable
	ordered         // sent to the bank
	paidOut
)

// acts takes an action in a case, which must succeed.
func (c *city) acts(login, id, action string) {
	c.t.Helper()
	wants(c.t, c.ask(login, http.MethodPost, "/cases/"+id+"/act", `{"action": "`+action+`", "reason": "测试"}`), 200)
}

// simply is acts for an action that takes no reason.
func (c *city) simply(login, id, action string) {
	c.t.Helper()
	wants(c.t, c.ask(login, http.MethodPost, "/cases/"+id+"/act", `{"action": "`+action+`"}`), 200)
}

// staff makes the accounts that money passes through.
func (c *city) staff() {
	c.t.Helper()
	for _, login := range append([]string{"second", "tinghu2", "finance", "expert1", "expert2", "expert3"}, departments...) {
		c.account(login)
	}
}

// opensCall opens a call for the firm in 亭湖区, published by somebody else than who drafted it.
func (c *city) opensCall() {
	c.t.Helper()
	for _, year := range []int{2022, 2024} {
		c.importYear(year, fmt.Sprintf("projects-%d.csv", year), noInvestment, "bureau")
	}
	r := c.ask("city", http.MethodPost, "/fund/budget", budgetBody)
	wants(c.t, r, 200)
	c.paid.line = r.at(c.t, "line")
	r = c.ask("city", http.MethodPost, "/calls", fill(callBody, map[string]string{"line": c.paid.line}))
	wants(c.t, r, 201)
	c.paid.call = r.at(c.t, "id")
	c.simply("second", c.paid.call, "publish")
}

// begins an application of the firm in 亭湖区 by the call, with its cost items and its account.
func (c *city) begins() string {
	c.t.Helper()
	r := c.get("firm", fmt.Sprintf("/enterprises/%d/offers", c.firms[tinghuCode]))
	wants(c.t, r, 200, `"sure":"682000.00"`)
	ask := fmt.Sprintf(`{"enterprise": %d, "clause": "c9", "thing": %s, "year": 2023}`, c.firms[tinghuCode], r.at(c.t, "items.0.thing.id"))
	r = c.ask("firm", http.MethodPost, "/calls/"+c.paid.call+"/applications", ask)
	wants(c.t, r, 201, `"begun":false`)
	id := r.at(c.t, "id")
	wants(c.t, c.ask("firm", http.MethodPut, "/cases/"+id+"/costs", costsBody), 204)
	wants(c.t, c.ask("firm", http.MethodPut, "/cases/"+id+"/payee", payeeBody), 204)
	wants(c.t, c.ask("firm", http.MethodPost, "/cases/"+id+"/files?name=invoices.pdf&field=invoices", invoicePDF+"3"), 201)
	return id
}

// departments are the logins of a joint review.
var departments = []string{"tax", "safety", "environment", "credit"}

// subsidise leads a subsidy of the firm in 亭湖区 as far as a stage.
func (c *city) subsidise(stage int) {
	c.t.Helper()
	c.staff()
	c.opensCall()
	c.paid.application = c.begins()
	for i, on := range []func(){c.reviews, c.notices, c.grants, c.orders, c.settles} {
		if stage > i {
			on()
		}
	}
}

func (c *city) reviews() {
	c.t.Helper()
	id := c.paid.application
	c.simply("firm", id, "submit")
	c.acts("tinghu", id, "accept")
	for _, login := range departments {
		c.acts(login, id, "agree")
	}
	wants(c.t, c.ask("tinghu2", http.MethodPut, "/cases/"+id+"/rulings", `{"rulings": [{"n": 1, "amount": "580万元", "reason": "含运输费 20 万元"}]}`), 204)
	c.acts("tinghu2", id, "recognise")
	wants(c.t, c.ask("city", http.MethodPut, "/cases/"+id+"/picks", fmt.Sprintf(`{"accounts": [%d, %d, %d]}`, c.ids["expert1"], c.ids["expert2"], c.ids["expert3"])), 204)
	c.simply("city", id, "to_panel")
	for _, login := range []string{"expert1", "expert2", "expert3"} {
		wants(c.t, c.ask(login, http.MethodPut, "/cases/"+id+"/score", scoreBody), 204)
		c.simply(login, id, "score")
		if login == "expert2" {
			wants(c.t, c.get("expert3", "/cases/"+id+"/scores"), 200, `"items":[]`) // nothing of what others gave
		}
	}
	c.acts("city", id, "settle_scored")
}

func (c *city) notices() {
	c.t.Helper()
	r := c.ask("city", http.MethodPost, "/calls/"+c.paid.call+"/batches", `{"title": "2024年度第一批"}`)
	wants(c.t, r, 201)
	c.paid.batch = r.at(c.t, "id")
	c.simply("city", c.paid.application, "join")
	c.simply("city", c.paid.batch, "publish")
	r = c.ask("", http.MethodPost, "/notices/"+c.paid.batch+"/objections", `{"line": 1, "name": "路人", "text": "该设备 2022 年已获补助。"}`)
	wants(c.t, r, 201)
	c.paid.objection = r.at(c.t, "id")
	wants(c.t, c.ask("tinghu", http.MethodPost, "/objections/"+c.paid.objection+"/answer", `{"upheld": false, "answer": "经核对，该设备未获其他补助。"}`), 204)
}

func (c *city) grants() {
	c.t.Helper()
	c.now = c.now.AddDate(0, 0, 9)
	c.simply("second", c.paid.batch, "approve")
	c.simply("city", c.paid.batch, "grant")
	r := c.get("finance", "/payables")
	wants(c.t, r, 200, accountNumber)
	c.paid.owed, c.paid.seen = r.at(c.t, "items.0.amount"), r.at(c.t, "items.0.seen")
}

func (c *city) orders() {
	c.t.Helper()
	body := fill(paymentsBody, map[string]string{"application": c.paid.application, "owed": c.paid.owed, "seen": c.paid.seen})
	r := c.ask("finance", http.MethodPost, "/payments", body)
	wants(c.t, r, 201)
	c.paid.payments = r.at(c.t, "id")
	wants(c.t, c.ask("finance", http.MethodPost, "/payments/"+c.paid.payments+"/send", `{"document": "盐财支〔2024〕31号"}`), 204)
}

const settleBody = `{"document": "银行回单", "outcomes": [{"n": 1, "state": "settled"}]}`

func (c *city) settles() {
	c.t.Helper()
	wants(c.t, c.ask("finance", http.MethodPost, "/payments/"+c.paid.payments+"/settle", settleBody), 200, `"paid":1`)
}

// A call is public once it is published, its draft is not; what it sets aside is for offices.
func TestCalls(t *testing.T) {
	c := newCity(t)
	c.staff()
	r := c.ask("city", http.MethodPost, "/fund/budget", budgetBody)
	line := map[string]string{"line": r.at(t, "line")}
	for pointer, change := range map[string][2]string{
		"/line": {"{line}", "99999"}, "/opens": {"2024-10-31", "31.10.2024"}, "/reserve": {"80万元", "很多"},
	} {
		body := fill(strings.Replace(callBody, change[0], change[1], 1), line)
		wants(t, c.ask("city", http.MethodPost, "/calls", body), 422, `"pointer":"`+pointer+`"`)
	}
	wants(t, c.ask("city", http.MethodPost, "/calls", fill(strings.Replace(callBody, `"c9"`, `"c99"`, 1), line)), 422, "c99")
	body := fill(callBody, line)
	first := c.ask("city", http.MethodPost, "/calls", body, idempotencyHeader, "call-1")
	wants(t, first, 201)
	if again := c.ask("city", http.MethodPost, "/calls", body, idempotencyHeader, "call-1"); again.body != first.body {
		t.Errorf("sent again: %s, not %s", again.body, first.body)
	}
	id := first.at(t, "id")
	wants(t, c.get("", "/calls"), 200, `"items":[]`)
	wants(t, c.get("", "/calls/"+id), 404)
	wants(t, c.get("second", "/calls?state=draft"), 200, `"state":"draft"`, `"reserve":"800000.00"`)
	wants(t, c.ask("city", http.MethodPost, "/cases/"+id+"/act", `{"action": "publish"}`), 409)
	c.simply("second", id, "publish")
	r = c.get("", "/calls/"+id)
	wants(t, r, 200, `"open":true`, `"closes":"2024-11-30"`, `"field":"invoices"`)
	if strings.Contains(r.body, "reserve") || strings.Contains(r.body, `"line"`) {
		t.Errorf("the public is told of money: %s", r.body)
	}
	wants(t, c.get("firm", "/calls/"+id), 200, `"open":true`)
	wants(t, c.get("city", "/calls/"+id), 200, `"name":"设备投入"`)
}

// An application is begun once for one offer, and what it holds is told to whom it concerns.
func TestApplication(t *testing.T) {
	c := newCity(t)
	c.subsidise(drafted)
	id := c.paid.application
	one := "/cases/" + id
	wants(t, c.get("tinghu", one+"/application"), 200, `"standing":"draft"`)
	wants(t, c.get("firm", one+"/application"), 200, `"entered":[{"kind":"equipment"`, `"asks":[{"id":"equipment"`)
	offers := c.get("firm", fmt.Sprintf("/enterprises/%d/offers", c.firms[tinghuCode]))
	wants(t, offers, 200, `"case":`+id)
	apply := fmt.Sprintf(`{"enterprise": %d, "clause": "c9", "thing": %s, "year": 2023}`, c.firms[tinghuCode], offers.at(t, "items.0.thing.id"))
	path := "/calls/" + c.paid.call + "/applications"
	wants(t, c.ask("firm", http.MethodPost, path, apply), 201, `"id":`+id, `"begun":true`)
	wants(t, c.ask("firm", http.MethodPost, path, strings.Replace(apply, "2023", "2021", 1)), 409)
	wants(t, c.ask("viewer", http.MethodPost, path, apply), 403)
	wants(t, c.ask("firm", http.MethodPost, path, strings.Replace(apply, fmt.Sprint(c.firms[tinghuCode]), fmt.Sprint(c.firms[dafengCode]), 1)), 404)

	wants(t, c.ask("firm", http.MethodPut, one+"/costs", strings.Replace(costsBody, "600万元", "六百", 1)), 422, `"pointer":"/items/0/amount"`)
	wants(t, c.ask("firm", http.MethodPut, one+"/costs", strings.Replace(costsBody, "2023-06-15", "2023", 1)), 422, `"pointer":"/items/0/on"`)
	wants(t, c.ask("firm", http.MethodPut, one+"/costs", costsBody), 204)
	wants(t, c.ask("tinghu", http.MethodPut, one+"/rulings", `{"rulings": []}`), 409)
	for login, number := range map[string]string{"firm": accountNumber, "handler": accountNumber, "viewer": "0018", "city": "0018", "auditor": "0018"} {
		r := c.get(login, one+"/payee")
		wants(t, r, 200, number, `"masked":`+fmt.Sprint(number != accountNumber))
		if number != accountNumber && strings.Contains(r.body, accountNumber) {
			t.Errorf("%s reads the number of an account: %s", login, r.body)
		}
		if r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("the account may be kept on the way: %q", r.header.Get("Cache-Control"))
		}
	}
	for _, login := range []string{"tax", "finance", "expert1"} { // it was not handed in yet
		wants(t, c.get(login, one+"/payee"), 404)
	}

	c.simply("firm", id, "submit")
	c.acts("tinghu", id, "accept")
	wants(t, c.ask("firm", http.MethodPut, one+"/costs", costsBody), 409)
	for _, login := range departments {
		c.acts(login, id, "agree")
	}
	wants(t, c.ask("tinghu", http.MethodPut, one+"/rulings", `{"rulings": [{"n": 1, "amount": "580万", "reason": "x"}]}`), 422, `"pointer":"/rulings/0/amount"`)
	wants(t, c.ask("tinghu2", http.MethodPut, one+"/rulings", `{"rulings": [{"n": 1, "amount": "580万元", "reason": "含运输费 20 万元"}]}`), 204)
	c.acts("tinghu2", id, "recognise")
	r := c.get("firm", one+"/application")
	wants(t, r, 200, `"recognised":"5800000.00"`, `"cut":"200000.00"`, "含运输费", `"stage":"recognised"`, `"amount":"638000.00"`)
	if strings.Contains(r.body, `"twins"`) {
		t.Errorf("an enterprise is told of other applications: %s", r.body)
	}
	wants(t, c.get("firm", one+"/assessments/2/receipt"), 200, `"yancheng-2022-6"`)
	wants(t, c.get("firm", one+"/assessments/9/receipt"), 404)
	wants(t, c.get("city", one+"/assessments/2/receipt"), 200)
	read := c.get("firm", fmt.Sprintf("/enterprises/%d/readings", c.firms[tinghuCode]))
	wants(t, read, 200, `"items":[]`) // the policy goes by nothing that is confidential
	wants(t, c.get("tax", one+"/assessments/2/receipt"), 403)
	wants(t, c.get("city", "/applications?standing=open&call="+c.paid.call), 200, `"case":`+id)
	wants(t, c.get("finance", one+"/payee"), 200, accountNumber)
	wants(t, c.get("expert1", "/applications"), 200, `"items":[]`)
	wants(t, c.get("city", "/applications?limit=1&cursor=x"), 422, `"parameter":"cursor"`)
}

// A subsidy goes from a call to the money over the API alone, each step with the token of whom it belongs to.
func TestSubsidyFromCallToPaid(t *testing.T) {
	c := newCity(t)
	c.subsidise(noticed)
	id, batch := c.paid.application, c.paid.batch
	wants(t, c.get("expert1", "/cases/"+id+"/scores"), 404) // the panel is over, and the expert's part with it
	wants(t, c.get("city", "/cases/"+id+"/scores"), 200, "expert1", "expert2", "expert3", `"need":"18"`)

	notice := c.get("", "/notices/"+batch)
	wants(t, notice, 200, `"firm":"盐城亭湖甲机械有限公司"`, `"amount":"638000.00"`, `"left":`)
	for _, word := range []string{tinghuCode, "数字车间", "王某甲", "0018", "焊接机器人", `"case"`} {
		if strings.Contains(notice.body, word) {
			t.Errorf("the public is told %q: %s", word, notice.body)
		}
	}
	wants(t, c.ask("", http.MethodPost, "/notices/"+batch+"/objections", `{"line": 9, "name": "路人", "text": "x"}`), 422)
	wants(t, c.ask("", http.MethodPost, "/notices/999/objections", `{"line": 1, "name": "路人", "text": "x"}`), 404)
	wants(t, c.ask("tinghu", http.MethodPost, "/objections/"+c.paid.objection+"/answer", `{"upheld": true, "answer": "x"}`), 409)
	wants(t, c.get("tinghu", "/notices/"+batch+"/objections"), 200, "路人", `"open":false`, "未获其他补助")
	wants(t, c.get("firm", "/notices/"+batch+"/objections"), 403)
	wants(t, c.ask("second", http.MethodPost, "/cases/"+batch+"/act", `{"action": "approve"}`), 409)

	c.grants()
	if c.paid.owed != "638000.00" {
		t.Errorf("%s is owed", c.paid.owed)
	}
	wants(t, c.ask("", http.MethodPost, "/notices/"+batch+"/objections", `{"line": 1, "name": "路人", "text": "太迟"}`), 409)
	if r := c.get("city", "/payables"); strings.Contains(r.body, accountNumber) || !strings.Contains(r.body, "0018") {
		t.Errorf("an official reads the number of an account: %s", r.body)
	}
	body := fill(paymentsBody, map[string]string{"application": id, "owed": c.paid.owed, "seen": c.paid.seen})
	wants(t, c.ask("city", http.MethodPost, "/payments", body), 403)
	wants(t, c.ask("finance", http.MethodPost, "/payments", strings.Replace(body, c.paid.owed, "638000.01", 1)), 409)
	wants(t, c.ask("finance", http.MethodPost, "/payments", strings.Replace(body, c.paid.owed, "很多", 1)), 422, `"pointer":"/payments/0/amount"`)
	wants(t, c.ask("finance", http.MethodPost, "/payments", strings.Replace(body, c.paid.seen, "0000000000000000", 1)), 409, "0018")
	first := c.ask("finance", http.MethodPost, "/payments", body, idempotencyHeader, "pay")
	wants(t, first, 201)
	if again := c.ask("finance", http.MethodPost, "/payments", body, idempotencyHeader, "pay"); again.status != 201 || again.body != first.body {
		t.Errorf("sent again: %d %s", again.status, again.body)
	}
	wants(t, c.ask("finance", http.MethodPost, "/payments", strings.Replace(body, c.paid.owed, "1元", 1), idempotencyHeader, "pay"), 409)
	wants(t, c.ask("finance", http.MethodPost, "/payments", body), 409) // it is in a batch
	c.paid.payments = first.at(t, "id")
	one := "/payments/" + c.paid.payments
	wants(t, c.ask("finance", http.MethodPost, one+"/file", ""), 409)
	for range 2 {
		wants(t, c.ask("finance", http.MethodPost, one+"/send", `{"document": "盐财支〔2024〕31号"}`, idempotencyHeader, "send"), 204)
	}
	wants(t, c.ask("finance", http.MethodPost, one+"/cancel", `{}`), 409)
	wants(t, c.ask("finance", http.MethodPost, one+"/file?format=csv", ""), 200, accountNumber, "638000.00")
	wants(t, c.ask("city", http.MethodPost, one+"/file?format=csv", ""), 403)
	state := c.get("auditor", one)
	wants(t, state, 200, `"state":"sent"`, `"by":"测试 finance"`, `"orders":1`)
	if strings.Contains(state.body, accountNumber) {
		t.Errorf("the account number is told: %s", state.body)
	}
	csv := "付款编号,金额,处理结果\n" + state.at(t, "payments.0.reference") + ",638000.00,%s\n"
	wants(t, c.ask("finance", http.MethodPost, one+"/results?name=r.csv", fmt.Sprintf(csv, "不知道")), 200, `"outcomes":[]`, "r.csv")
	wants(t, c.ask("finance", http.MethodPost, one+"/results?name=r.csv", fmt.Sprintf(csv, "成功")), 200, `"state":"settled"`, `"faults":[]`)
	wants(t, c.get("firm", "/cases/"+id), 200, `"state":"payable"`)
	settled := c.ask("finance", http.MethodPost, one+"/settle", settleBody, idempotencyHeader, "settle")
	wants(t, settled, 200, `"paid":1`, `"open":0`)
	if again := c.ask("finance", http.MethodPost, one+"/settle", settleBody, idempotencyHeader, "settle"); again.body != settled.body {
		t.Errorf("settled again: %s, not %s", again.body, settled.body)
	}
	wants(t, c.get("firm", "/cases/"+id), 200, `"state":"paid"`)
	wants(t, c.get("city", "/fund?by=line&year=2024"), 200, `"paid":"638000.00"`, `"free":"200000.00"`)
	wants(t, c.get("firm", "/cases/"+id+"/application"), 200, `"granted":"638000.00"`)
	wants(t, c.get("firm", "/payables"), 403)
}
