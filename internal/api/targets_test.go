package api

import (
	"fmt"
	"regexp"
	"testing"
)

var madeID = regexp.MustCompile(`"id":(\d+)`)

// Targets for programs: a city divides one with a document, a county sees its own part alone and reports on its tasks, an auditor changes nothing.
func TestTargets(t *testing.T) {
	c := newCity(t)
	const one = "/target-plans/yancheng-2022/targets/B120"
	wants(t, c.get("city", "/target-plans"), 200, `"plan":"yancheng-2022"`, `"ranked":false`)
	wants(t, c.get("firm", "/target-plans"), 403)
	wants(t, c.get("tinghu", "/target-plans/yancheng-2022/targets?area=320900"), 404)
	wants(t, c.get("city", "/target-plans/never/targets"), 404)

	quotas := `{"area": "320900", "parts": "area", "quotas": [{"area": "320902", "value": %q}], "document": "测试〔2024〕1号"}`
	wants(t, c.ask("city", "POST", one+"/quotas", fmt.Sprintf(quotas, "三百")), 422, `/quotas/0/value`)
	wants(t, c.ask("tinghu", "POST", one+"/quotas", fmt.Sprintf(quotas, "300")), 404)
	wants(t, c.ask("auditor", "POST", one+"/quotas", fmt.Sprintf(quotas, "300")), 403)
	wants(t, c.ask("city", "POST", one+"/quotas", fmt.Sprintf(quotas, "300")), 201, `"kind":"entered"`, `"value":"300"`)
	wants(t, c.get("tinghu", one), 200, `"promise":"300"`)

	made := c.ask("city", "POST", one+"/propose", `{"area": "320900", "parts": "area", "base": "above_scale_firms"}`)
	wants(t, made, 201, `"kind":"proposed"`, `"open":true`)
	act := madeID.FindStringSubmatch(string(made.body))[1]
	confirm := fmt.Sprintf(`{"act": %s, "document": "测试〔2024〕2号"}`, act)
	wants(t, c.ask("city", "POST", one+"/confirm", fmt.Sprintf(`{"act": %s, "document": ""}`, act)), 422)
	wants(t, c.ask("city", "POST", one+"/confirm", confirm), 200, `"kind":"confirmed"`)
	wants(t, c.ask("city", "POST", one+"/confirm", confirm), 409)
	wants(t, c.get("tinghu", one), 200, `"promise":"500"`)

	task := `{"plan": "yancheng-2022", "kind": "duty", "keeper": "320900", "title": "排出名单", "owner": "320902", "due": %q}`
	wants(t, c.ask("city", "POST", "/target-tasks", fmt.Sprintf(task, "soon")), 422, "/due")
	made = c.ask("city", "POST", "/target-tasks", fmt.Sprintf(task, "2024-11-29"))
	wants(t, made, 201, `"state":"open"`)
	id := madeID.FindStringSubmatch(string(made.body))[1]
	wants(t, c.ask("tinghu", "POST", "/target-tasks/"+id, `{"kind": "moved", "note": "来不及", "due": "2025-01-10"}`), 403)
	wants(t, c.ask("tinghu", "POST", "/target-tasks/"+id, `{"kind": "done", "note": "名单已报"}`), 200, `"state":"done"`)
	wants(t, c.ask("tinghu", "POST", "/target-tasks/"+id, `{"kind": "done", "note": "名单已报"}`), 409)

	wants(t, c.get("tinghu", "/coverage-ledger?all=true"), 200, `"firms":1`, `"completion":"declared"`)
	wants(t, c.get("tinghu", "/coverage-ledger?area=320904"), 404)
	answer := `{"area": %q, "choice": "completion", "answer": "accepted", "from": "2024-01-01", "document": "测试〔2024〕3号"}`
	wants(t, c.ask("city", "POST", "/choices", `{"area": "320900", "choice": "completion", "answer": "accepted", "from": "2024-01-01"}`), 422)
	wants(t, c.ask("tinghu", "POST", "/choices", fmt.Sprintf(answer, "320900")), 403)
	wants(t, c.ask("tinghu", "POST", "/choices", fmt.Sprintf(answer, "320902")), 422)
	wants(t, c.ask("city", "POST", "/choices", fmt.Sprintf(answer, "320900")), 201, `"answer":"accepted"`)
	wants(t, c.ask("city", "POST", "/choices", fmt.Sprintf(answer, "320900")), 409)
	wants(t, c.get("tinghu", "/choices"), 200, `"answer":"accepted"`, `"given":true`)
	wants(t, c.get("tinghu", "/coverage-ledger?all=true"), 200, `"completion":"accepted"`)
}
