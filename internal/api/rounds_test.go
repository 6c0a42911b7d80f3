package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// enters enters what another office has paid to the firm in 大丰区, for its project as a whole.
func (c *city) enters() {
	c.t.Helper()
	r := c.ask("city", http.MethodPost, "/openings/read?name=paid.csv", paidBefore, "Content-Type", octets)
	wants(c.t, r, 200, `"problems":[]`, `"amount":"300000.00"`)
	r = c.ask("city", http.MethodPost, "/openings", `{"sheet": "`+r.at(c.t, "sheet")+`", "area": "320900"}`)
	wants(c.t, r, 201)
	c.paid.opening = r.at(c.t, "source")
}

// verifies has the offices whose word counts most say what the bureau said of the projects.
func (c *city) verifies() {
	c.t.Helper()
	for _, authority := range []string{"tax", "statistics"} {
		c.importCSV("projects-"+authority+".csv", projectsCSV, authority)
		for _, year := range []int{2022, 2024} {
			c.importYear(year, fmt.Sprintf("projects-%s-%d.csv", authority, year), noInvestment, authority)
		}
	}
}

// lists lists a round for the firms of 亭湖区.
func (c *city) lists() {
	c.t.Helper()
	c.verifies()
	r := c.ask("tinghu", http.MethodPost, "/rounds", c.roundBody())
	wants(c.t, r, 201)
	c.paid.round = r.at(c.t, "id")
}

func (c *city) roundBody() string { return fill(roundBody, map[string]string{"line": c.paid.line}) }

// A round goes from the list to the money over the API alone: listed by one, made public by another, asked once its notice has
// stood, and confirmed by the firm, which names its account.
func TestRoundFromListToPaid(t *testing.T) {
	c := newCity(t)
	c.staff()
	c.opensCall() // brings in what is known of the project in other years, and the budget
	wants(t, c.ask("tinghu", http.MethodPost, "/rounds/preview", c.roundBody()), 200, `"state":"unverified"`)
	wants(t, c.ask("tinghu", http.MethodPost, "/rounds", c.roundBody()), 422)
	c.verifies()
	wants(t, c.ask("city", http.MethodPost, "/fund/budget", budgetBody), 200) // beside what the call has set aside
	wants(t, c.ask("tinghu", http.MethodPost, "/rounds/preview", c.roundBody()), 200, `"sums":[{"state":"listed","clause":"c9","lines":1,"amount":"682000.00"}]`, "数字车间")
	wants(t, c.get("tinghu", "/rounds"), 200, `"items":[]`)
	for pointer, change := range map[string][2]string{"/as_of": {`"line"`, `"as_of": "31.10.2024", "line"`}, "/clauses": {`["c9"]`, `[]`}, "/line": {c.paid.line, "0"}} {
		wants(t, c.ask("tinghu", http.MethodPost, "/rounds", strings.Replace(c.roundBody(), change[0], change[1], 1)), 422, `"pointer":"`+pointer+`"`)
	}
	for _, login := range []string{"firm", "finance", "auditor", "tax", "expert1"} {
		wants(t, c.ask(login, http.MethodPost, "/rounds", c.roundBody()), 403)
	}
	first := c.ask("tinghu", http.MethodPost, "/rounds", c.roundBody(), idempotencyHeader, "round")
	wants(t, first, 201)
	if again := c.ask("tinghu", http.MethodPost, "/rounds", c.roundBody(), idempotencyHeader, "round"); again.status != 201 || again.body != first.body {
		t.Errorf("listed again: %d %s", again.status, again.body)
	}
	// The same list again is refused under another key, without any, and from another official: nobody is asked twice.
	wants(t, c.ask("tinghu", http.MethodPost, "/rounds", c.roundBody(), idempotencyHeader, "other"), 409, first.at(t, "id"))
	wants(t, c.ask("tinghu", http.MethodPost, "/rounds", c.roundBody()), 409)
	wants(t, c.ask("city", http.MethodPost, "/rounds", c.roundBody(), idempotencyHeader, "round"), 409)
	wants(t, c.ask("tinghu", http.MethodPost, "/rounds", strings.Replace(c.roundBody(), `"title": "`, `"title": "另`, 1), idempotencyHeader, "round"), 409)
	one := "/rounds/" + first.at(t, "id")
	wants(t, c.get("auditor", one), 200, `"state":"listed"`, `"by":"测试 tinghu"`)
	for _, login := range []string{"firm", "viewer"} {
		wants(t, c.get(login, one), 403)
	}
	wants(t, c.ask("tinghu", http.MethodPost, one+"/lines/1/drop", `{"reason": " "}`), 422)
	wants(t, c.ask("tinghu", http.MethodPost, one+"/lines/9/drop", `{"reason": "正在核查"}`), 404)
	wants(t, c.ask("tinghu", http.MethodPost, one+"/lines/1/drop", `{"reason": "正在核查"}`), 204)
	wants(t, c.get("tinghu", one+"/lines?state=dropped"), 200, `"reason":"正在核查"`, `"total":1`)
	wants(t, c.ask("tinghu", http.MethodPost, one+"/lines/1/restore", ""), 204)
	wants(t, c.ask("tinghu", http.MethodPost, one+"/ask", ""), 409)
	wants(t, c.ask("tinghu", http.MethodPost, one+"/publish", ""), 409) // the own list
	wants(t, c.ask("city", http.MethodPost, one+"/publish", ""), 204)
	wants(t, c.ask("city", http.MethodPost, one+"/publish", ""), 409)
	notice := c.get("", "/notices/"+first.at(t, "id"))
	wants(t, notice, 200, `"firm":"盐城亭湖甲机械有限公司"`, `"amount":"682000.00"`)
	wants(t, c.ask("tinghu", http.MethodPost, one+"/ask", ""), 409) // the notice stands
	c.now = c.now.AddDate(0, 0, 9)
	wants(t, c.ask("tinghu", http.MethodPost, one+"/ask", ""), 200, `"asked":1`)
	wants(t, c.ask("tinghu", http.MethodPost, one+"/ask", ""), 200, `"asked":0`)
	lines := c.get("city", one+"/lines")
	wants(t, lines, 200, `"state":"asked"`, `"answer":"ask"`)
	id := lines.at(t, "items.0.case")

	wants(t, c.ask("firm", http.MethodPost, "/cases/"+id+"/act", `{"action": "confirm"}`), 409) // no account yet
	wants(t, c.ask("viewer", http.MethodPost, "/cases/"+id+"/act", `{"action": "decline"}`), 403)
	wants(t, c.get("firm", "/cases/"+id+"/instalments"), 200, `"items":[]`)
	c.simply("firm", id, "decline")
	wants(t, c.get("city", one), 200, `"answers":[{"state":"declined"`)
	c.acts("firm", id, "appeal")
	wants(t, c.ask("firm", http.MethodPut, "/cases/"+id+"/payee", payeeBody), 204)
	c.simply("firm", id, "confirm")
	wants(t, c.get("firm", "/cases/"+id+"/instalments"), 200, `"instalment":1`, `"payable":"682000.00"`)
	wants(t, c.get("tax", "/cases/"+id+"/instalments"), 404)
	owed := c.get("finance", "/payables")
	wants(t, owed, 200, `"case":`+id, accountNumber)
	r := c.ask("finance", http.MethodPost, "/payments", fmt.Sprintf(`{"payments": [{"case": %s, "instalment": 1, "amount": "682000", "seen": %q}]}`, id, owed.at(t, "items.0.seen")), idempotencyHeader, "pay")
	wants(t, r, 201)
	payments := "/payments/" + r.at(t, "id")
	wants(t, c.ask("finance", http.MethodPost, payments+"/send", `{"document": "盐财支〔2024〕31号"}`), 204)
	wants(t, c.ask("finance", http.MethodPost, payments+"/settle", settleBody), 200, `"paid":1`)
	wants(t, c.get("city", one), 200, `"answers":[{"state":"paid"`, `"amount":"682000.00"`)
	wants(t, c.get("firm", "/cases/"+id+"/instalments"), 200, `"paid":"682000.00"`)
	wants(t, c.get("city", one), 200, `"granted":"682000.00","paid":"682000.00","returned":"0.00","net":"682000.00"`)
	wants(t, c.get("tinghu", one+"/lines"), 200, `"granted":"682000.00","paid":"682000.00","returned":"0.00","net":"682000.00"`)
	held := c.ask("tinghu", http.MethodPost, "/rounds/preview", c.roundBody())
	wants(t, held, 200, `"state":"held"`, "盐政办发〔2022〕6号 四(三)")
}

// What another office has paid is entered once and whole, stands against a round and an application, and can be taken back.
func TestOpenings(t *testing.T) {
	c := newCity(t)
	c.staff()
	c.opensCall()
	c.verifies()
	sheet := strings.NewReplacer("盐城大丰乙电子有限公司", "盐城亭湖甲机械有限公司", dafengCode, tinghuCode, "智能仓储", "数字车间").Replace(paidBefore)
	read := func(login, body string) reply {
		return c.ask(login, http.MethodPost, "/openings/read?name=paid.csv", body, "Content-Type", octets)
	}
	for _, login := range []string{"firm", "auditor", "expert1", "tax"} {
		wants(t, read(login, sheet), 403)
	}
	bad := read("city", strings.Replace(sheet, "300000", "若干", 1))
	wants(t, bad, 200, `"place":"paid.csv#F2"`, `"items":[]`)
	wants(t, c.ask("city", http.MethodPost, "/openings", `{"sheet": "`+bad.at(t, "sheet")+`", "area": "320900"}`), 409) // nothing was kept
	good := read("city", sheet)
	wants(t, good, 200, `"problems":[]`, `"project":"project:`, `"beside":[]`)
	enter := `{"sheet": "` + good.at(t, "sheet") + `", "area": "320900"}`
	wants(t, c.ask("tinghu", http.MethodPost, "/openings", enter), 403) // the city's
	wants(t, c.ask("city", http.MethodPost, "/openings", strings.Replace(enter, "320900", "310000", 1)), 403)
	wants(t, c.ask("second", http.MethodPost, "/openings", enter), 409) // has read nothing
	first := c.ask("city", http.MethodPost, "/openings", enter, idempotencyHeader, "paid")
	wants(t, first, 201)
	if again := c.ask("city", http.MethodPost, "/openings", enter, idempotencyHeader, "paid"); again.status != 201 || again.body != first.body {
		t.Errorf("entered again: %d %s", again.status, again.body)
	}
	wants(t, c.ask("city", http.MethodPost, "/openings", enter), 409)
	wants(t, c.get("auditor", "/openings"), 200, `"name":"paid.csv"`, `"claims":1`, `"amount":"300000.00"`, `"may_undo":false`)
	wants(t, c.get("firm", "/openings"), 403)
	wants(t, c.get("auditor", "/claims?source="+first.at(t, "source")), 200, "市发展改革委", `"lifted":false`)
	wants(t, c.ask("tinghu", http.MethodPost, "/rounds/preview", c.roundBody()), 200, `"state":"held"`, "市发展改革委")
	id := c.begins()
	c.simply("firm", id, "submit")
	wants(t, c.get("tinghu", "/cases/"+id+"/application"), 200, "盐发改发〔2022〕9号")

	one := "/openings/" + first.at(t, "source") + "/undo"
	wants(t, c.ask("auditor", http.MethodPost, one, `{"reason": "名单有误"}`), 403)
	wants(t, c.ask("city", http.MethodPost, one, `{"reason": " "}`), 422)
	wants(t, c.ask("city", http.MethodPost, "/openings/1/undo", `{"reason": "x"}`), 404)
	wants(t, c.ask("city", http.MethodPost, one, `{"reason": "名单有误"}`), 204)
	wants(t, c.ask("city", http.MethodPost, one, `{"reason": "名单有误"}`), 404)
	wants(t, c.ask("tinghu", http.MethodPost, "/rounds/preview", c.roundBody()), 200, `"state":"listed"`)
	wants(t, c.get("city", "/openings"), 200, `"lifted":1`)
}

// A case begins once for a project, by who may, and not where another operation begins it.
func TestOpenCase(t *testing.T) {
	c := newCity(t)
	body := fmt.Sprintf(`{"workflow": "project_filing", "enterprise": %d, "project": "黑灯车间"}`, c.firms[tinghuCode])
	made := c.ask("firm", http.MethodPost, "/cases", body)
	wants(t, made, 201, `"begun":false`)
	wants(t, c.ask("handler", http.MethodPost, "/cases", body), 201, `"begun":true`, `"id":`+made.at(t, "id"))
	for _, login := range []string{"viewer", "tinghu", "city", "auditor"} {
		wants(t, c.ask(login, http.MethodPost, "/cases", body), 403)
	}
	wants(t, c.ask("firm", http.MethodPost, "/cases", strings.Replace(body, fmt.Sprint(c.firms[tinghuCode]), fmt.Sprint(c.firms[dafengCode]), 1)), 404)
	wants(t, c.ask("firm", http.MethodPost, "/cases", strings.Replace(body, "黑灯车间", " ", 1)), 422)
	wants(t, c.ask("firm", http.MethodPost, "/cases", strings.Replace(body, "project_filing", "nonsense", 1)), 422, `"pointer":"/workflow"`)
	wants(t, c.ask("firm", http.MethodPost, "/cases", strings.Replace(body, "project_filing", "subsidy_application", 1)), 409, "open_application")
	wants(t, c.ask("city", http.MethodPost, "/calls", fill(callBody, map[string]string{"line": "99999"})), 422, `"/line"`, "预算科目")
	wants(t, c.ask("city", http.MethodPost, "/cases", `{"workflow": "call", "area": "320900"}`), 409, "draft_call")
	wants(t, c.ask("city", http.MethodPost, "/cases", fmt.Sprintf(`{"workflow": "selection_title", "enterprise": %d}`, c.firms[tinghuCode])), 409, "act_case")
	for _, w := range c.srv.Cases.Set.All() {
		at, elsewhere := c.srv.Cases.Effects.Beginning(w.Workflow)
		if _, there := pages["GET "+at.Page]; elsewhere && !there {
			t.Errorf("%s begins on %s, which is no page", w.Workflow, at.Page)
		}
		if elsewhere && at.Operation != "" && c.srv.operation(at.Operation).id == "" {
			t.Errorf("%s begins by %s, which is no operation", w.Workflow, at.Operation)
		}
	}
}

// Who may be appointed is told with who may not and why.
func TestCandidates(t *testing.T) {
	c := newCity(t)
	c.subsidise(drafted)
	one := "/cases/" + c.paid.application + "/candidates"
	c.simply("firm", c.paid.application, "submit")
	wants(t, c.get("city", one+"?role=expert"), 200, "测试 expert1", fmt.Sprintf(`"account":%d`, c.ids["expert3"]))
	wants(t, c.get("city", one+"?role=tax_bureau"), 422, `"parameter":"role"`)
	wants(t, c.get("firm", one+"?role=expert"), 403)
	wants(t, c.get("tax", one+"?role=expert"), 403)
}

const filingEntry = `{"name": "黑灯车间改造", "kind": "{kind}", "is_digital": true, "content": "新上数控加工中心、焊接机器人和制造执行系统，改造机加工和焊接工序，解决换型慢和质量追溯难的问题。", "place": "亭湖区环保科技城", "new_build": false,
	"started_on": "2024-03-01", "ends_on": "2024-10-15", "plan_total": 1500, "plan_equipment": 1000, "plan_software": 200, "own_funds": 100, "loan": false, "lease": false,
	"milestones": [{"what": "设备到货", "due": "2024-05-31"}, {"what": "系统上线", "due": "2024-09-30"}], "contact": "某经理", "phone": "0515-88880000", "truthful": true}`

const acceptanceEntry = `{"name": "黑灯车间改造", "accepted_on": "2024-10-15", "done": "数控加工中心十台、焊接机器人六台已投入使用，制造执行系统上线运行三个月，换型时间和返工率都达到备案时的目标。", "late": false,
	"investment": 1400, "effective_input": 1150, "equipment": 1000, "software": 200, "devices": 16, "cnc_before": 40, "cnc_after": 75, "online_before": 5, "online_after": 21,
	"effects": [{"what": "人均产值", "unit": "万元", "before": 58, "after": 91, "how": "年产值除以平均人数"}], "contact": "某经理", "truthful": true}`

// A project that nobody knew is filed, built, accepted with what it was like before and after, and applied for: each step is known to
// the next, and nothing is asked twice.
func TestFiledProjectIsAppliedFor(t *testing.T) {
	c := newCity(t)
	c.staff()
	c.opensCall()
	made := c.ask("firm", http.MethodPost, "/cases", fmt.Sprintf(`{"workflow": "project_filing", "enterprise": %d, "project": "黑灯车间改造"}`, c.firms[tinghuCode]))
	wants(t, made, 201)
	id := made.at(t, "id")
	one := "/cases/" + id
	var kind string
	for _, d := range c.srv.Library.FactDefs() {
		if d.Code == "project.kind" {
			list, _ := c.srv.Library.CodeList(d.Codes)
			kind = list.Entries[0].Code
		}
	}
	file := func(entry string) string { return `{"action": "file", "entry": {"answers": ` + entry + `}}` }
	entry := fill(filingEntry, map[string]string{"kind": kind})
	attach := func(field, name string) {
		t.Helper()
		wants(t, c.ask("firm", http.MethodPost, one+"/files?name="+name+"&field="+field, invoicePDF+field), 201)
	}
	wants(t, c.ask("firm", http.MethodPost, one+"/act", file(entry)), 422, "1 处", "计划总投资", "至少要 1 个文件") // without the plan
	// All that is wrong is told at once, each at its place.
	many := strings.NewReplacer(`"plan_total": 1500`, `"plan_total": "许多"`, `"contact": "某经理"`, `"contact": ""`, `"due": "2024-09-30"`, `"due": "后天"`).Replace(entry)
	wants(t, c.ask("firm", http.MethodPost, one+"/act", file(many)), 422, `"pointer":"/entry/answers/plan_total"`, `"pointer":"/entry/answers/contact"`, `"pointer":"/entry/answers/milestones/1/due"`)
	typed := `{"action": "file", "entry": {"texts": {"name": "黑灯车间改造", "plan_total": "许多"}, "rows": {"milestones": [{"what": "设备到货", "due": "后天"}]}}}`
	wants(t, c.ask("firm", http.MethodPost, one+"/act", typed), 422, `"pointer":"/entry/texts/plan_total"`, `"pointer":"/entry/rows/milestones/0/due"`)
	attach("plan_total", "plan.pdf")
	wants(t, c.ask("firm", http.MethodPost, one+"/act", file(strings.Replace(entry, `"plan_total": 1500`, `"plan_total": 900`, 1))), 422)
	wants(t, c.ask("firm", http.MethodPost, one+"/act", file(entry)), 200)
	wants(t, c.ask("tinghu", http.MethodPost, one+"/act", `{"action": "register"}`), 422, "是否智改数转项目")
	wants(t, c.ask("tinghu", http.MethodPost, one+"/act", `{"action": "register", "entry": {"answers": {"is_digital": true, "ground": "新上智能装备和制造执行系统"}}}`), 200)
	progress := `{"action": "milestone", "entry": {"answers": {"milestone": "设备到货", "reached_on": "2023-12-20", "money": true, "investment": 100, "effective_input": {input}, "equipment": 80, "software": 10}}}`
	wants(t, c.ask("firm", http.MethodPost, one+"/act", strings.Replace(progress, "{input}", "95", 1)), 422, "有效投入超过了")
	wants(t, c.ask("firm", http.MethodPost, one+"/act", strings.Replace(progress, "{input}", "90", 1)), 200)

	finish := func(entry string) string { return `{"action": "finish", "entry": {"answers": ` + entry + `}}` }
	attach("done", "report.pdf")
	attach("investment", "input.pdf")
	wants(t, c.ask("firm", http.MethodPost, one+"/act", finish(strings.Replace(acceptanceEntry, `"cnc_before": 40, `, "", 1))), 422)
	wants(t, c.ask("firm", http.MethodPost, one+"/act", finish(acceptanceEntry)), 200)
	const accept = `{"action": "accept", "entry": {"answers": {"accepted_on": "2024-10-15", "investment": 1400, "effective_input": 1100, "equipment": 1000, "software": 200, "visited_on": "2024-10-20", "finding": "一台设备不属于智能装备，核减五十万元"}}}`
	wants(t, c.ask("tinghu", http.MethodPost, one+"/act", accept), 403) // who registered it
	wants(t, c.ask("tinghu2", http.MethodPost, one+"/act", accept), 200)
	wants(t, c.get("firm", one), 200, `"state":"accepted"`, `"ended":"done"`)
	wants(t, c.get("city", fmt.Sprintf("/enterprises/%d/timeline?def=ent.cnc_rate", c.firms[tinghuCode])), 200, "75")

	offers := c.get("firm", fmt.Sprintf("/enterprises/%d/offers", c.firms[tinghuCode]))
	wants(t, offers, 200, "黑灯车间改造")
	var list offersOut
	offers.into(t, &list.Body)
	i := slices.IndexFunc(list.Body.Items, func(o offer) bool { return o.Thing.Name == "黑灯车间改造" && o.Year == 2024 })
	if i < 0 {
		t.Fatalf("the project is not offered for the year in which it was accepted: %s", offers.body)
	}
	// What the condition and the threshold of c9 read is known now, on the word of the bureau, and for each year apart.
	project := list.Body.Items[i].Thing.ID
	for _, want := range []struct{ def, value, by string }{
		{"project.is_digital", `"value":true`, `"authority":"bureau"`},
		{"project.effective_input", "1100", `"authority":"bureau"`},
		{"project.effective_input", "90", `"authority":"enterprise"`},
	} {
		wants(t, c.get("firm", fmt.Sprintf("/enterprises/%d/timeline?def=%s&subject=%d", c.firms[tinghuCode], want.def, project)), 200, want.value, want.by)
	}
	decided := c.get("firm", fmt.Sprintf("/enterprises/%d/decisions/yancheng-2022-6", c.firms[tinghuCode]))
	wants(t, decided, 200)
	var sum struct {
		Lines []struct {
			Clause  string
			Year    int
			Subject struct{ ID string }
			Pays    struct{ Sure, Possible string }
		}
	}
	decided.into(t, &sum)
	for _, l := range sum.Lines {
		want := map[int]string{2022: "0.00", 2023: "0.00", 2024: "1400000.00"}[l.Year]
		if l.Clause == "c9" && l.Subject.ID == fmt.Sprint(project) && (l.Pays.Sure != want || l.Pays.Possible != want) {
			t.Errorf("c9 pays %s to %s for %d, want %s for sure", l.Pays.Sure, l.Pays.Possible, l.Year, want)
		}
	}
	apply := fmt.Sprintf(`{"enterprise": %d, "clause": "c9", "thing": %d, "year": 2024}`, c.firms[tinghuCode], list.Body.Items[i].Thing.ID)
	begun := c.ask("firm", http.MethodPost, "/calls/"+c.paid.call+"/applications", apply)
	wants(t, begun, 201, `"begun":false`)
	app := "/cases/" + begun.at(t, "id")
	wants(t, c.ask("firm", http.MethodPut, app+"/costs", strings.Replace(strings.Replace(costsBody, "2023-06-15", "2024-06-15", 1), "600万元", "1000万元", 1)), 204)
	wants(t, c.ask("firm", http.MethodPut, app+"/payee", payeeBody), 204)
	wants(t, c.ask("firm", http.MethodPost, app+"/files?name=invoices.pdf&field=invoices", invoicePDF+"9"), 201)
	wants(t, c.ask("firm", http.MethodPost, app+"/act", `{"action": "submit"}`), 200)
	r := c.get("tinghu", app+"/application")
	wants(t, r, 200, `"standing":"open"`, "黑灯车间改造", `"stage":"submitted"`, `"most":"10000000.00"`)
}
