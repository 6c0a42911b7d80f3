package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A request that is sent again takes no action twice, and a key is of one act.
func TestActOnce(t *testing.T) {
	c := newCity(t)
	act := fmt.Sprintf("/cases/%d/act", c.cases[tinghuCode])
	const body = `{"action": "withdraw", "reason": "改报明年", "seen": 1}`
	first := c.ask("firm", http.MethodPost, act, body, idempotencyHeader, "k1")
	wants(t, first, 200, `"action":"withdraw"`, `"who":"applicant"`, `"n":2`)
	if again := c.ask("firm", http.MethodPost, act, body, idempotencyHeader, "k1"); again.status != 200 || again.body != first.body {
		t.Errorf("sent again: status %d, %s", again.status, again.body)
	}
	wants(t, c.ask("firm", http.MethodPost, act, `{"action": "withdraw", "reason": "别的"}`, idempotencyHeader, "k1"), 409)
	wants(t, c.ask("firm", http.MethodPost, act, body), 409)
	wants(t, c.ask("firm", http.MethodPost, act, body, idempotencyHeader, strings.Repeat("k", keyLimit+1)), 422, `"parameter":"Idempotency-Key"`)
	wants(t, c.ask("firm", http.MethodPost, act, `{"action": "nothing"}`), 404)
	wants(t, c.get("firm", "/cases?workflow=subsidy_application"), 200, `"total":0`)
	wants(t, c.get("firm", "/cases?workflow=subsidy_application&ended=true"), 200, `"total":1`, `"ended":"withdrawn"`)
}

// What is sent for a form is judged as the form's page does, field by field.
func TestActWithForm(t *testing.T) {
	c := newCity(t)
	act := fmt.Sprintf("/cases/%d/act", c.filing)
	wants(t, c.get("firm", fmt.Sprintf("/cases/%d", c.filing)), 200, `"action":"file"`, `"form":"project_filing"`)
	wants(t, c.get("firm", fmt.Sprintf("/cases/%d/actions/file/form", c.filing)), 200, `"$schema"`, `"properties"`)
	wants(t, c.get("firm", fmt.Sprintf("/cases/%d/actions/withdraw/form", c.filing)), 404)
	wants(t, c.ask("firm", http.MethodPost, act, `{"action": "file"}`), 422)
	wants(t, c.ask("firm", http.MethodPost, act, `{"action": "file", "entry": {"nonsense": 1}}`), 422)
	wants(t, c.get("firm", fmt.Sprintf("/cases/%d", c.filing)), 200, `"events":1`)
}

// An enterprise sees its own case without what offices see; offices see what stands in other cases too.
func TestOneCase(t *testing.T) {
	c := newCity(t)
	one := fmt.Sprintf("/cases/%d", c.cases[tinghuCode])
	r := c.get("firm", one)
	wants(t, r, 200, `"action":"withdraw"`, "亭湖甲发票.pdf", "亭湖甲已补齐", `"public":true`)
	if strings.Contains(r.body, `"office"`) {
		t.Errorf("an enterprise sees what is for offices: %s", r.body)
	}
	wants(t, c.get("city", one), 200, fmt.Sprintf(`"case":%d`, c.cases[dafengCode]), `"choices":[]`)
	if r := c.get("tinghu", one); r.status != 200 || strings.Contains(r.body, fmt.Sprintf(`"case":%d`, c.cases[dafengCode])) || !strings.Contains(r.body, `"kind":"file"`) {
		t.Errorf("of a case that it may not see a county learns more than that there is one: %s", r.body)
	}
	wants(t, c.ask("tinghu", http.MethodPost, one+"/comments", `{"text": "内部意见", "inside": true}`), 201)
	if r := c.get("firm", one); strings.Contains(r.body, "内部意见") {
		t.Errorf("an enterprise reads what offices say among themselves: %s", r.body)
	}
	wants(t, c.ask("firm", http.MethodPost, one+"/comments", `{"text": "x", "inside": true}`), 403)
	wants(t, c.ask("city", http.MethodPost, fmt.Sprintf("%s/tasks/%d/settle", one, c.tasks[dafengCode]), `{"reason": "已核对"}`), 404)
}

// Files come and go as they were sent, by the address of their own case.
func TestCaseFiles(t *testing.T) {
	c := newCity(t)
	files := fmt.Sprintf("/cases/%d/files", c.cases[tinghuCode])
	r := c.get("city", fmt.Sprintf("%s/%d", files, c.files[tinghuCode]))
	if r.status != 200 || r.body != invoicePDF || r.header.Get("Content-Type") != octets || !strings.HasPrefix(r.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("status %d, %v: %q", r.status, r.header, r.body)
	}
	wants(t, c.get("city", fmt.Sprintf("%s/%d", files, c.files[dafengCode])), 404)
	wants(t, c.ask("firm", http.MethodPost, files+"?name=again.pdf", invoicePDF, "Content-Type", octets), 409)
	wants(t, c.ask("firm", http.MethodPost, files+"?name=x.exe", "MZ nonsense", "Content-Type", octets), 422)
	wants(t, c.ask("firm", http.MethodDelete, fmt.Sprintf("%s/%d", files, c.files[dafengCode]), ""), 404)
	wants(t, c.ask("firm", http.MethodDelete, fmt.Sprintf("%s/%d", files, c.files[tinghuCode]), ""), 204)
	wants(t, c.ask("firm", http.MethodDelete, fmt.Sprintf("%s/%d", files, c.files[tinghuCode]), ""), 404)
}

// A budget that is sent again is entered once, and the entries are read from page to page within a transfer.
func TestFund(t *testing.T) {
	c := newCity(t)
	for range 2 {
		wants(t, c.ask("city", http.MethodPost, "/fund/budget", budgetBody, idempotencyHeader, "b1"), 200, `"line":`)
	}
	cut := strings.Replace(budgetBody, "100万元", "-25.5万元", 1)
	wants(t, c.ask("city", http.MethodPost, "/fund/budget", cut), 200)
	wants(t, c.ask("city", http.MethodPost, "/fund/budget", strings.Replace(budgetBody, "100万元", "-100万元", 1)), 409)
	wants(t, c.ask("city", http.MethodPost, "/fund/budget", strings.Replace(budgetBody, "100万元", "很多", 1)), 422, `"pointer":"/change"`)
	for by, key := range map[string]string{"line": `"name":"设备投入"`, "area": `"key":"320902"`, "clause": `"key":""`, "month": `"key":"2024-10"`} {
		wants(t, c.get("tinghu", "/fund?by="+by), 200, key, `"free":"745000.00"`)
	}
	wants(t, c.get("firm", "/fund"), 403)
	var seen []string
	for next := ""; ; {
		var list entriesOut
		c.get("city", "/fund/entries?limit=1&cursor="+next).into(t, &list.Body)
		for _, e := range list.Body.Items {
			seen = append(seen, e.Kind+" "+e.Stage+" "+e.Amount)
		}
		if next = list.Body.Next; next == "" {
			break
		}
	}
	want := "added budget -1000000.00, added free 1000000.00, cut budget 255000.00, cut free -255000.00"
	if got := strings.Join(seen, ", "); got != want {
		t.Errorf("entries %s, want %s", got, want)
	}
	wants(t, c.get("city", "/fund/entries?month=2024-1"), 422, `"parameter":"month"`)
}
