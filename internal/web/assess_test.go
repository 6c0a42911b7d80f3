package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/casework"
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
