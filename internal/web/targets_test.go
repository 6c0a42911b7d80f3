package web

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/target"
)

// tasked is a task that the city set for 亭湖区.
func (c *city) tasked() int64 {
	c.t.Helper()
	if c.task == 0 {
		x, err := c.srv.Targets.AddTask(context.Background(), access.NewScope(1<<40, access.CityOfficial, []string{"320900", "320902", "320904", "320981"}, nil), target.Task{
			Plan: "yancheng-2022", Target: "B110", Kind: target.Duty, Keeper: "320900", Title: "摸排未诊断企业", Owner: "320902", Set: c.srv.Clock.Today() + 30,
		})
		if err != nil {
			c.t.Fatal(err)
		}
		c.task = x.ID
	}
	return c.task
}

// Targets are shown by how far they are; a city divides one with a document, a county is shown its own alone, an auditor changes nothing.
func TestTargetsPages(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	city, county, auditor := c.as("city"), c.as("tinghu"), c.as("auditor")
	_, body := city.get("/targets")
	wants(t, body, "盐城市制造业智改数转三年目标", "盐政办发〔2022〕6号", "42 项目标", "规上企业智改数转全覆盖", "无法衡量", "未开启：只显示", `href="/targets/yancheng-2022/B120?area=320900"`)
	_, body = county.get("/targets")
	wants(t, body, "亭湖区", "还没有录入这个区域的任务数")
	lacks(t, body, "大丰")
	if res, _ := county.get("/targets?area=320900"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a county is shown the city: %d", res.StatusCode)
	}

	_, body = city.get("/targets/yancheng-2022/B120")
	wants(t, body, i18n.Group("1500")+" 家", "任务分解", `name="quota:320902"`, "按基数提出分解建议", "从表格读入", "还没有录入这个区域的任务数")
	res, body := city.post("/targets/yancheng-2022/B120/quotas", url.Values{"quota:320902": {"300"}, "quota:320904": {"四百"}, "document": {"测试〔2024〕1号"}})
	if res.StatusCode != http.StatusBadRequest && res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a word as a quota: %d", res.StatusCode)
	}
	wants(t, body, "“四百”不是可用的数")
	_, body = city.post("/targets/yancheng-2022/B120/quotas", url.Values{"quota:320902": {"300"}, "quota:320904": {""}, "document": {"测试〔2024〕1号"}})
	wants(t, body, "任务数已录入", "测试〔2024〕1号", "合计与总数相差 −"+i18n.Group("1200")+" 家", `value="300"`)
	_, body = city.post("/targets/yancheng-2022/B120/propose", url.Values{"base": {"above_scale_firms"}})
	wants(t, body, "分解建议已生成", "待确认", "按“规上工业企业数”（截至 2024-10-31）占比分配")
	_, rest, _ := strings.Cut(body, `name="act" value="`)
	act, _, _ := strings.Cut(rest, `"`)
	_, body = city.post("/targets/yancheng-2022/B120/confirm", url.Values{"act": {act}, "document": {"测试〔2024〕2号"}})
	wants(t, body, "任务数生效", "测试〔2024〕2号", `value="500"`)
	lacks(t, body, "合计与总数相差")
	_, body = county.get("/targets/yancheng-2022/B120")
	wants(t, body, "测试〔2024〕2号", "500")
	lacks(t, body, "大丰")
	if res, _ := county.post("/targets/yancheng-2022/B120/quotas?area=320900", url.Values{"quota:320902": {"1"}, "document": {"x"}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("a county divides the city's target: %d", res.StatusCode)
	}
	if res, _ := auditor.post("/targets/yancheng-2022/B120/quotas", url.Values{"quota:320902": {"1"}, "document": {"x"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor divides: %d", res.StatusCode)
	}
	_, body = city.get("/targets/yancheng-2022/B120/quotas?format=csv")
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || len(lines) < 10 || !strings.Contains(body, "亭湖区,,,500") {
		t.Errorf("exported %d lines, %v: %s", len(lines), err, body)
	}
	_, body = city.sendForm("/targets/yancheng-2022/B120/sheet?area=320900", map[string]string{"document": "测试〔2024〕3号"}, sentFile{"任务.csv", "县（市、区）,任务数\n亭湖区,640\n扬州市,3\n"})
	wants(t, body, "没有读入", "任务.csv", "不是直接下级区域")
	_, body = city.sendForm("/targets/yancheng-2022/B120/sheet?area=320900", map[string]string{"document": "测试〔2024〕3号"}, sentFile{"任务.csv", "县（市、区）,任务数\n亭湖区,640\n"})
	wants(t, body, "任务数已录入", `value="640"`)

	_, body = city.post("/targets/ranking", url.Values{"plan": {"yancheng-2022"}, "ranked": {"1"}, "document": {"测试〔2024〕4号"}})
	wants(t, body, "已按文件开启排名：测试〔2024〕4号")
	_, body = city.get("/targets/export?format=csv&basis=all")
	wants(t, body, "B110,规上企业智改数转全覆盖")
}

// Tasks are set by the city, shown to the county on its first page once late, and reported on by it.
func TestTargetTasksPages(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	city, county := c.as("city"), c.as("tinghu")
	task := url.Values{"plan": {"yancheng-2022"}, "serves": {"yancheng-2022/B110"}, "kind": {"duty"}, "title": {"摸排未诊断企业"}, "keeper": {"320900"}, "owner": {"320902"}, "joint": {"320904"}, "departments": {"财政局、统计局"}, "group": {"诊断专班"}, "workdays": {"3"}}
	_, body := city.post("/targets/tasks", task)
	wants(t, body, "任务已下达", "2024-11-05", "亭湖区", "大丰区", "财政局", "诊断专班", "规上企业智改数转全覆盖", "还有 3 个工作日")
	task.Set("title", "")
	_, body = city.post("/targets/tasks", task)
	wants(t, body, "“任务名称”须填写")
	_, body = county.get("/today")
	wants(t, body, "项责任任务一周内到期")
	c.stand(2024, 11, 8)
	_, body = county.get("/today")
	wants(t, body, "项责任任务逾期未办结", "/targets/tasks?state=late&amp;mine=1")
	_, body = city.get("/today")
	lacks(t, body, "项责任任务逾期未办结")
	_, body = county.get("/targets/tasks?state=late&mine=1")
	wants(t, body, "摸排未诊断企业", "逾期 3 个工作日", "1 项，其中逾期未办结 1 项")
	_, rest, _ := strings.Cut(body, `<th scope="row" class="yz-name"><a href="/targets/tasks/`)
	id, _, _ := strings.Cut(rest, `"`)
	_, body = county.post("/targets/tasks/"+id, url.Values{"kind": {"progress"}, "note": {"已走访 5 家"}})
	wants(t, body, "已走访 5 家", "推进中")
	if res, _ := county.post("/targets/tasks/"+id, url.Values{"kind": {"moved"}, "note": {"来不及"}, "due": {"2025-01-01"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("its owner moves the deadline: %d", res.StatusCode)
	}
	_, body = county.post("/targets/tasks/"+id, url.Values{"kind": {"done"}})
	wants(t, body, "已办结", "办结时逾期 3 个工作日")
	_, body = city.get("/targets/tasks/export?format=csv")
	wants(t, body, "摸排未诊断企业", "大丰区、财政局、统计局")
	if res, _ := c.official("dongtai", access.CountyOfficial, "320981").get("/targets/tasks/" + id); res.StatusCode != http.StatusNotFound {
		t.Errorf("somebody whom it does not concern: %d", res.StatusCode)
	}
}

// The ledger lists every above-scale enterprise; what counts is switched by the city, and the ledger follows.
func TestCoverageLedgerPages(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	city, county := c.as("city"), c.as("tinghu")
	_, body := city.get("/targets/coverage?basis=all")
	wants(t, body, "覆盖台账", "3 家企业", ">盐城亭湖甲机械有限公司</a>", "主管部门认定完成", "情况不明")
	_, body = county.get("/targets/coverage?basis=all")
	wants(t, body, "1 家企业", ">盐城亭湖甲机械有限公司</a>")
	lacks(t, body, "盐城大丰乙")
	if res, _ := county.get("/targets/coverage?area=320904"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a county's neighbour: %d", res.StatusCode)
	}
	_, body = city.get("/targets/coverage?basis=all&q=大丰&stage=unknown")
	wants(t, body, "1 家企业", "盐城大丰乙")
	_, body = city.get("/targets/coverage/export?format=csv&basis=all")
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || len(lines) != 5 {
		t.Errorf("exported %d lines, %v", len(lines), err)
	}
	_, body = city.get("/targets/choice")
	wants(t, body, "什么算完成智改数转", "主管部门认定完成", "默认", "没有切换过")
	_, body = city.post("/targets/choice", url.Values{"area": {"320900"}, "choice": {"completion"}, "answer": {"accepted"}, "from": {"2024-01-01"}, "document": {""}})
	wants(t, body, "请写明规定这一口径的文件或文号")
	_, body = city.post("/targets/choice", url.Values{"area": {"320900"}, "choice": {"completion"}, "answer": {"accepted"}, "from": {"2024-01-01"}, "document": {"测试〔2024〕5号"}})
	wants(t, body, "完成口径已切换", "测试〔2024〕5号", "2024-01-01")
	_, body = county.get("/targets/coverage?basis=all")
	wants(t, body, "至少一个智改数转项目通过验收")
	_, body = county.post("/targets/choice", url.Values{"area": {"320902"}, "choice": {"completion"}, "answer": {"level"}, "from": {"2024-01-01"}, "document": {"x"}})
	wants(t, body, "亭湖区沿用上级口径")
}
