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
type subsidised struct{ line, call, application string }

// stages of a subsidy, each after the one before.
const (
	drafted = iota // cost items and account are entered
	reviewed
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
	id := c.paid.application
	if stage >= reviewed {
		c.simply("firm", id, "submit")
		c.acts("tinghu", id, "accept")
		for _, login := range departments {
			c.acts(login, id, "agree")
		}
	}
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
	wants(t, c.get("tax", one+"/assessments/2/receipt"), 403)
	wants(t, c.get("city", "/applications?standing=open&call="+c.paid.call), 200, `"case":`+id)
	wants(t, c.get("finance", one+"/payee"), 200, accountNumber)
	wants(t, c.get("expert1", "/applications"), 200, `"items":[]`)
	wants(t, c.get("city", "/applications?limit=1&cursor=x"), 422, `"parameter":"cursor"`)
}
