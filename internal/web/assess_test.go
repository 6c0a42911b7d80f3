package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/proof"
)

const assessFlow = "assessment_sme_digital"

// assesses opens an assessment of the firm in 亭湖区 and hands answers in, unless there are none.
func (c *city) assesses(answers map[string]any) int64 {
	c.t.Helper()
	made, err := c.site.cases.New(context.Background(), c.scopeOf("firm"), casework.NewCase{Workflow: assessFlow, Title: "数字化水平评测", Subject: c.firms[tinghuCode]})
	if err != nil {
		c.t.Fatal(err)
	}
	if answers != nil {
		c.actsWith("firm", made.ID, "submit", answers)
	}
	return made.ID
}

// actsWith takes an action with what its form answers.
func (c *city) actsWith(login string, id int64, action string, answers map[string]any) {
	c.t.Helper()
	act := casework.Act{Case: id, Action: action}
	if answers != nil {
		b, err := json.Marshal(map[string]any{"answers": answers})
		if err != nil {
			c.t.Fatal(err)
		}
		act.Entry = b
	}
	if _, err := c.site.cases.Act(context.Background(), c.scopeOf(login), act); err != nil {
		c.t.Fatal(err)
	}
	if err := c.srv.Frames.Refresh(context.Background()); err != nil {
		c.t.Fatal(err)
	}
}

// everyAnswer is an answer to all that the model asks of the firm, but for what is left out.
func (c *city) everyAnswer(level int, but ...string) map[string]any {
	c.t.Helper()
	m, err := c.models.Edition("sme_digital", "2024")
	if err != nil {
		c.t.Fatal(err)
	}
	f, err := c.srv.Forms.Set().Form(m.FormCode())
	if err != nil {
		c.t.Fatal(err)
	}
	out := map[string]any{}
	for _, x := range f.Fields() {
		switch {
		case x.Readonly:
		case x.Options != nil:
			out[x.Name] = x.Options[len(x.Options)/2].Code
		case x.Type == "bool":
			out[x.Name] = strings.HasSuffix(x.Name, "n") || strings.HasSuffix(x.Name, "s")
		case x.Type == "int" && x.Max != nil && *x.Max < 10:
			out[x.Name] = level
		case x.Type == "int":
			out[x.Name] = 50
		case x.Type == "rate":
			out[x.Name] = 5
		}
	}
	for _, name := range but {
		delete(out, name)
	}
	return out
}

// assessed is the firm in 亭湖区 with a sealed result, and an assessment of which nothing was handed in yet.
func (c *city) assessed() int64 {
	c.t.Helper()
	first := c.assesses(c.everyAnswer(2, "scene_energy"))
	c.actsWith("tinghu", first, "seal", nil)
	c.questions = c.assesses(nil)
	return c.firms[tinghuCode]
}

// resultOf is a sealed result of a firm.
func (c *city) resultOf(code string) int64 {
	c.t.Helper()
	if id, ok := c.sealedAt[code]; ok {
		return id
	}
	firm := c.firms[code]
	owner := access.NewScope(0, access.Enterprise, nil, []int64{firm})
	made, err := c.site.cases.New(context.Background(), owner, casework.NewCase{Workflow: assessFlow, Title: "数字化水平评测", Subject: firm})
	if err != nil {
		c.t.Fatal(err)
	}
	office := access.NewScope(22, access.CityOfficial, c.srv.Library.Areas().Below("320900"), nil)
	_, err = c.site.cases.Act(context.Background(), owner, casework.Act{Case: made.ID, Action: "submit", Entry: []byte(`{"answers":{"devices_total":100,"devices_digital":50}}`)})
	if err == nil {
		_, err = c.site.cases.Act(context.Background(), office, casework.Act{Case: made.ID, Action: "seal"})
	}
	if err != nil {
		c.t.Fatal(err)
	}
	all, err := c.site.results.OfCase(context.Background(), made.ID)
	if err != nil || len(all) != 1 {
		c.t.Fatalf("sealed %v, %v", all, err)
	}
	if c.sealedAt == nil {
		c.sealedAt = map[string]int64{}
	}
	c.sealedAt[code] = all[0].ID
	return all[0].ID
}

func TestAssessmentPages(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	firm := c.assessed()

	_, body := c.visitor().get("/assess")
	wants(t, body, "中小企业数字化水平评测", "工信厅企业〔2024〕56号", "不打分")
	if strings.Contains(body, "/firms/") {
		t.Error("a visitor is shown a firm")
	}
	_, body = c.visitor().get("/assess/sme_digital/2024")
	wants(t, body, "设备数字化率", "不超过 10%", "得分不低于 60", "约束性")
	_, body = c.visitor().get("/assess/sme_digital/2022")
	wants(t, body, "这个模型不打分")
	if res, _ := c.visitor().get("/assess/sme_digital/1999"); res.StatusCode != http.StatusNotFound {
		t.Errorf("an edition that is not there: %d", res.StatusCode)
	}

	page := fmt.Sprintf("/assess/sme_digital/2024/firms/%d", firm)
	_, body = c.as("firm").get(page)
	wants(t, body, "怎样达到", "至少改变", "历次评定结果", "企业自评", "继续评测", "还缺", "能耗管理", "<polygon")
	_, body = c.as("firm").get(page + "?year=2023")
	wants(t, body, "2023 年数据")
	foreign := fmt.Sprintf("/assess/sme_digital/2024/firms/%d", c.firms[dafengCode])
	for login, status := range map[string]int{"firm": http.StatusNotFound, "tinghu": http.StatusNotFound, "city": http.StatusOK, "auditor": http.StatusOK} {
		if res, _ := c.as(login).get(foreign); res.StatusCode != status {
			t.Errorf("%s reads where a firm of another county stands: %d", login, res.StatusCode)
		}
	}
	_, body = c.as("firm").get("/assess")
	wants(t, body, page, "评测")

	_, body = c.as("city").get(fmt.Sprintf("/enterprises/%d", firm))
	known, answered, found := strings.Cut(body, "<details><summary>评价填报（")
	if !found || !strings.Contains(answered, "建有车间工业控制网络") || strings.Contains(known, "建有车间工业控制网络") {
		t.Error("the answers of an assessment stand among what everybody looks for")
	}

	_, body = c.as("city").get("/assess/sme_digital/2024/region")
	wants(t, body, "亭湖", "数据不全", page)
	_, body = c.as("city").get("/assess/sme_digital/2024/region?by=size&level=nothing")
	if strings.Contains(body, page) {
		t.Error("a firm of which much is known is among those of which nothing is")
	}
	_, body = c.as("tinghu").get("/assess/sme_digital/2024/region")
	if strings.Contains(body, fmt.Sprintf("/firms/%d?", c.firms[dafengCode])) {
		t.Error("a county reads where firms of another stand")
	}
	res, body := c.as("city").get("/assess/sme_digital/2024/region/export?format=csv")
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "得分") {
		t.Errorf("export: %d %s", res.StatusCode, body)
	}
	if res, body := c.as("city").post("/assess/sme_digital/2024/region/remind?by=county&level=nothing", nil); res.StatusCode != http.StatusOK || !strings.Contains(body, "已提醒 2 家") {
		t.Errorf("remind: %d", res.StatusCode)
	}
	_, body = c.as("city").get("/assess/sme_digital/2024/region?level=nothing")
	wants(t, body, "上次提醒", "2024-1")
	_, body = c.as("firm").get(actPath(c.questions, "submit"))
	wants(t, body, "生产设备总数", "生产设备清单")
}

// A rating on the spot by its pages: what is known stands beside each question with its source, and is confirmed, corrected or left; what was
// confirmed and is known otherwise since is to be looked at again; the result says what was looked at.
func TestRatedOnSite(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	c.officers()
	id := c.toVisit("expert1")
	expert := c.as("expert1")
	page := actPath(id, "rate")
	_, body := expert.get(page)
	wants(t, body, "100 台", "企业自报", "2024-10-31", "现场核对一致", "填报年度：2024 年", "已核对 0 项", `name="same.devices_total"`)
	lacks(t, body, `name="a.devices_total" value="100"`)
	in := asked(body)
	in.Set("same.devices_total", "1")
	in.Set("a.devices_digital", "45")
	in.Set("do", "save")
	_, body = expert.post(page, in)
	wants(t, body, "已核对 2 项", `name="same.devices_total" value="1" checked`, `value="45"`)

	c.importYear("devices.csv", "统一社会信用代码,企业名称,生产设备总数（台）,数字化生产设备数（台）\n"+tinghuCode+",亭湖甲机械有限公司,110,60\n", "bureau", "320902", 2024)
	_, body = expert.get(page)
	wants(t, body, "有 2 项数据变了", "请重新核对", "您自己填的没有动", "已核对 1 项")
	in.Set("do", "send")
	in.Set("revision", asked(body).Get("revision"))
	res, body := expert.post(page, in) // from a page that was drawn before
	if res.StatusCode != http.StatusConflict {
		t.Fatalf("what nobody has seen is sent: %d", res.StatusCode)
	}
	in = asked(body)
	in.Set("same.devices_total", "1")
	in.Set("do", "send")
	if res, _ = expert.post(page, in); res.StatusCode != http.StatusOK {
		t.Fatalf("handed in: %d", res.StatusCode)
	}
	c.actsWith("tinghu", id, "confirm", nil)

	standing := fmt.Sprintf("/assess/sme_digital/2024/firms/%d", c.firms[tinghuCode])
	_, body = c.as("firm").get(standing)
	_, sealed, ok := strings.Cut(body, standing+"/results/")
	if !ok {
		t.Fatal("no result is linked")
	}
	number, _, _ := strings.Cut(sealed, `"`)
	wants(t, body, "现场核对 2 项", "改造前后：T0、T1、T2", "支持之前", "还没有这个阶段的结果", "yz-stage-named")
	_, body = c.as("firm").get(standing + "/results/" + number)
	wants(t, body, "现场核对了什么", "110 台", "60 台", "45 台", "工信部门", "更正", "一致", "未核对")
	_, body = c.as("firm").get(standing + "/results/" + number + "?show=changed")
	wants(t, body, "45 台")
	lacks(t, body, "110 台")
	for login, status := range map[string]int{"tinghu": http.StatusOK, "auditor": http.StatusOK, "expert1": http.StatusForbidden} {
		if res, _ := c.as(login).get(standing + "/results/" + number); res.StatusCode != status {
			t.Errorf("%s reads the result: %d", login, res.StatusCode)
		}
	}
	// The dossier works the result out again, from what was frozen then; what was sealed otherwise is told.
	res, text := c.as("auditor").get(casePath(id) + "/dossier")
	if res.StatusCode != http.StatusOK {
		t.Fatalf("dossier: %d", res.StatusCode)
	}
	z, whole, err := audit.Whole(strings.NewReader(text), int64(len(text)))
	if err != nil || !whole {
		t.Fatalf("dossier: %v", err)
	}
	v, err := proof.Verify(z, c.srv.Proof.Key(), c.srv.Library)
	if err != nil || len(v.Faults) > 0 || v.Decided != 1 {
		t.Errorf("verified: %d worked out again, faults %v, %v", v.Decided, v.Faults, err)
	}
	_, body = c.as("firm").get(standing)
	wants(t, body, standing+"/by/siri")
	_, body = c.as("firm").get(standing + "/by/siri")
	wants(t, body, "不给等级", "纵向集成", "领导能力", "缺：", "设备数字化率", "问的是改造以后的成效", "<polygon")
	if res, _ := c.as("firm").get(standing + "/by/none"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a crosswalk that is not there: %d", res.StatusCode)
	}
	if res, _ := c.as("firm").get(standing + "/results/999"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a result that is not there: %d", res.StatusCode)
	}
}

// What is begun in December says of which year it is, whenever it is sent; what it was filled with and is known otherwise since is told.
func TestDraftOverNewYear(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	c.stand(2024, 12, 30)
	c.importYear("devices.csv", "统一社会信用代码,企业名称,生产设备总数（台）,数字化生产设备数（台）\n"+tinghuCode+",亭湖甲机械有限公司,100,50\n", "statistics", "320902", 2024)
	firm := c.as("firm")
	id := c.assesses(nil)
	page := actPath(id, "submit")
	_, body := firm.get(page)
	wants(t, body, "填报年度：2024 年", `value="100"`)
	in := asked(body)
	in.Set("a.devices_networked", "20")
	in.Set("do", "save")
	firm.post(page, in)
	prepared := "/forms/assess_sme_digital_2024"
	_, body = firm.get(prepared)
	prep := asked(body)
	prep.Set("a.devices_networked", "20")
	prep.Set("do", "save")
	firm.post(prepared, prep)

	c.stand(2025, 1, 6)
	c.importYear("again.csv", "统一社会信用代码,企业名称,生产设备总数（台）\n"+tinghuCode+",亭湖甲机械有限公司,120\n", "bureau", "320902", 2024)
	firm = c.as("firm")
	_, body = firm.get(page)
	wants(t, body, "填报年度：2024 年", "有 1 项数据变了", "原来带出 100 台，已换成 120 台", `value="120"`, `value="20"`)
	in = asked(body)
	in.Set("do", "send")
	if res, body := firm.post(page, in); res.StatusCode != http.StatusOK {
		t.Fatalf("sent: %d %s", res.StatusCode, body)
	}
	c.actsWith("tinghu", id, "seal", nil)
	_, body = c.as("firm").get(fmt.Sprintf("/assess/sme_digital/2024/firms/%d?year=2024", c.firms[tinghuCode]))
	wants(t, body, "2025-01-06", "2024")

	_, body = firm.get(prepared)
	wants(t, body, "填报年度：2025 年", "这份草稿是按 2024 年开始填的，现在填报的是 2025 年", "原来带出 100 台，已换成")
}
