package web

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

// finished is a project of the firm in 亭湖区 that was filed, registered and built, and waits to be accepted.
func (c *city) finished() int64 {
	c.t.Helper()
	firm := c.as("firm")
	res, _ := firm.post("/cases/new", url.Values{"workflow": {"project_filing"}, "firm": {strconv.FormatInt(c.firms[tinghuCode], 10)}, "name": {"二期智能仓储项目"}})
	id, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(res.Request.URL.Path, "/cases/"), "/act/file"), 10, 64)
	if err != nil {
		c.t.Fatal(err)
	}
	attach := func(fields ...string) {
		for _, field := range fields {
			_, err := c.site.cases.Attach(context.Background(), c.scopeOf("firm"), casework.Attachment{Case: id, Field: field, Name: field + ".pdf", Body: strings.NewReader(pdf(field))})
			if err != nil {
				c.t.Fatal(err)
			}
		}
	}
	attach("plan_total")
	c.actsWith("firm", id, "file", map[string]any{
		"name": "二期智能仓储项目", "kind": "smart", "is_digital": true, "content": "建设智能立体仓库和仓储管理系统，替换人工出入库，与生产执行系统打通，减少差错和等待。", "place": "亭湖区环保产业园测试路1号",
		"new_build": true, "started_on": "2024-10-08", "ends_on": "2025-10-31", "plan_total": 900, "plan_equipment": 600, "plan_software": 200, "own_funds": 60,
		"loan": false, "lease": false, "milestones": []any{map[string]any{"what": "设备到货", "due": "2025-03-31"}}, "contact": "王某甲", "phone": "0515-88880000", "truthful": true,
	})
	c.actsWith("tinghu", id, "register", map[string]any{"name": "二期智能仓储项目", "is_digital": true, "ground": "建设智能立体仓库和管理系统"})
	attach("done", "investment")
	c.actsWith("firm", id, "finish", map[string]any{
		"name": "二期智能仓储项目", "accepted_on": "2024-10-28", "done": "智能立体仓库和仓储管理系统已建成投用，与生产执行系统打通，出入库不再用人工登记。", "late": false,
		"investment": 850, "effective_input": 760, "equipment": 560, "software": 200, "devices": 12, "cnc_before": 40, "cnc_after": 65,
		"effects": []any{map[string]any{"what": "人均产值", "unit": "万元", "before": 80, "after": 96}}, "contact": "王某甲", "truthful": true,
	})
	return id
}

// A project that is accepted in one browser moves the county's figure on the map that stands open in another: what counts as completed is, by
// the city's own decision, an accepted project, and the map shows what was verified.
func TestAcceptanceMovesTheMapInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	c.srv.Stopping = nil
	if _, err := c.srv.Monitor.Switch(context.Background(), c.scopeOf("city"), monitor.Switch{Area: "320900", Choice: "completion", Answer: "accepted", From: period.Date(2024, 1, 1), Document: "测试〔2024〕1号"}); err != nil {
		t.Fatal(err)
	}
	id := c.finished()
	c.official("tinghu2", access.CountyOfficial, "320902")

	open := signedIn(t, browser, c.site, "city", 1440)
	open.Open("/map?indicator=completed_share&period=2024&verified=1")
	shown := func(value string) string {
		return fmt.Sprintf(`document.querySelector('#datamap [aria-label="亭湖 %s"]') !== null`, value)
	}
	open.Wait(shown("—"))

	office := signedIn(t, browser, c.site, "tinghu2", 390)
	office.Open(casePath(id) + "/act/accept")
	for field, value := range map[string]string{"accepted_on": "2024-10-28", "visited_on": "2024-10-30", "finding": "设备到位，系统在用。"} {
		office.Text(fmt.Sprintf(`document.querySelector('[name="a.%s"]').value = %q`, field, value))
	}
	office.Click(`button[name="do"][value="send"]`)
	if state := c.stateOf(id); state != "accepted" {
		t.Fatalf("the case is %s: %s", state, office.Text(`document.querySelector('main').innerText`))
	}
	if err := c.srv.Frames.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	open.Wait(shown("100.0%"))
	open.Wait(`document.querySelector('#datamap [data-indicator="completed_share"]').textContent !== '—'`)
	open.Quiet()

	// From the figure to the firm, and to who said so.
	open.Open("/figures/completed_share/rows?area=320902&period=2024&verified=1&state=counted")
	wants(t, open.Text(`document.querySelector('main').innerText`), "盐城亭湖甲机械有限公司")
	open.Open(fmt.Sprintf("/figures/completed_share/rows/%d?area=320902&period=2024&verified=1", c.firms[tinghuCode]))
	wants(t, open.Text(`document.querySelector("main").innerText`), "二期智能仓储项目 · 验收日期", "工信部门")
}
