package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/casework"
)

// A project is filed on pages: begun by its name, its draft found again, returned, filed again, registered; its state stands
// on the enterprise's file.
func TestProjectFilingOnPages(t *testing.T) {
	c := newCity(t)
	firm, county := c.as("firm"), c.as("tinghu")
	_, body := firm.get("/cases/new")
	wants(t, body, `href="/selections">查看评选`, `href="/ladders">查看梯度培育`)
	if _, body := c.as("city").get("/cases/new"); !strings.Contains(body, `href="/selections">查看评选`) || !strings.Contains(body, `href="/ladders">查看梯度培育`) {
		t.Errorf("an official is not led to selections and ladders:\n%s", mainOf(body))
	}
	wants(t, body, "智改数转项目备案", "补贴申报", "数字车间", "选择申报通知")
	lacks(t, body, "申报通知</h2>", "免申即享</h2>")
	start := url.Values{"workflow": {"project_filing"}, "firm": {strconv.FormatInt(c.firms[tinghuCode], 10)}, "name": {""}}
	if res, _ := firm.post("/cases/new", start); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a project without a name: %d", res.StatusCode)
	}
	start.Set("name", "二期智能仓储项目")
	foreign := url.Values{"workflow": {"project_filing"}, "firm": {strconv.FormatInt(c.firms[dafengCode], 10)}, "name": {"不是我的项目"}}
	if res, _ := firm.post("/cases/new", foreign); res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusForbidden {
		t.Errorf("a project of another firm: %d", res.StatusCode)
	}
	if res, _ := county.post("/cases/new", start); res.StatusCode != http.StatusForbidden {
		t.Errorf("an official files a project: %d", res.StatusCode)
	}
	res, body := firm.post("/cases/new", start)
	form := res.Request.URL.Path
	page := strings.TrimSuffix(form, "/act/file")
	if form == page {
		t.Fatalf("beginning led to %s", form)
	}
	in := asked(body)
	for key, value := range map[string]string{
		"name": "二期智能仓储项目", "kind": "smart", "is_digital": "true", "content": "建设智能立体仓库和仓储管理系统，替换人工出入库，与生产执行系统打通，减少差错和等待。", "place": "亭湖区环保产业园测试路1号",
		"new_build": "true", "started_on": "2024-11-01", "ends_on": "2025-10-31", "plan_total": "900", "plan_equipment": "600", "plan_software": "200", "own_funds": "60",
		"loan": "false", "lease": "false", "milestones.0.what": "设备到货", "milestones.0.due": "2025-03-31", "contact": "王某甲", "phone": "0515-88880000", "truthful": "true",
	} {
		in.Set("a."+key, value)
	}
	in.Set("do", "save")
	if _, body = firm.post(form, in); !strings.Contains(body, "已保存") {
		t.Fatalf("the draft is not kept:\n%s", mainOf(body))
	}
	if res, body = firm.post("/cases/new", start); res.Request.URL.Path != form || !strings.Contains(body, "设备到货") {
		t.Errorf("beginning again led to %s", res.Request.URL)
	}
	id, err := strconv.ParseInt(strings.TrimPrefix(page, "/cases/"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.site.cases.Attach(context.Background(), c.scopeOf("firm"), casework.Attachment{Case: id, Field: "plan_total", Name: "方案.pdf", Body: strings.NewReader("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")}); err != nil {
		t.Fatal(err)
	}
	send := func() {
		_, body := firm.get(form)
		in := asked(body)
		in.Set("do", "send")
		if res, body := firm.post(form, in); res.Request.URL.Path != page {
			t.Fatalf("not filed: %s\n%s", res.Request.URL, mainOf(body))
		}
	}
	send()
	act := url.Values{"action": {"send_back"}, "task": {"0"}, "reason": {"请补充软件清单"}}
	_, body = county.post(page+"/act", act)
	wants(t, body, "填报")
	send()
	_, body = county.get(page)
	wants(t, body, "填写的内容：智改数转项目备案", "智能立体仓库", "900 万元", "设备到货", "2025-03-31")
	_, body = county.get(page + "/act/register")
	wants(t, body, "二期智能仓储项目")
	in = asked(body)
	in.Set("a.is_digital", "true")
	in.Set("a.ground", "建设智能立体仓库和管理系统")
	in.Set("do", "send")
	_, body = county.post(page+"/act/register", in)
	wants(t, body, "实施中")
	_, body = firm.get(page)
	wants(t, body, "实施中", "请补充软件清单")
	_, body = firm.get(enterprisePath(c.firms[tinghuCode]))
	wants(t, body, "二期智能仓储项目", "备案", "实施中", page)
	if res, _ := firm.post("/cases/new", start); res.Request.URL.Path != page+"/act/finish" {
		t.Errorf("beginning a filed project again led to %s", res.Request.URL)
	}
}

// An enterprise goes from what it may get on its first page to the open call, and an application that was begun is found again.
func TestFromMineToAnApplication(t *testing.T) {
	c := newCity(t)
	c.openCall()
	firm := c.as("firm")
	_, body := firm.get("/mine")
	wants(t, body, "现在可以申报", "2024年度有效投入补助申报", callPath(c.call)+"#own", "2024-12-31 截止")
	draft := casePath(c.begun())
	_, body = firm.get("/mine")
	wants(t, body, "我的资金", "草稿，尚未提交", draft)
	_, body = firm.get(draft)
	if enter, press := strings.Index(body, "费用明细"), strings.Index(body, "可以办理"); enter < 0 || enter > press {
		t.Error("the press that hands in comes before what is to be entered")
	}
	lacks(t, mainOf(body), "yancheng-2022-6")
	if _, body := c.as("viewer").get("/mine"); !strings.Contains(body, "现在可以申报") {
		t.Error("who looks on sees no open call")
	}
}
