package web

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// reportedThings are what 亭湖区 reports, a meeting of the city and a warning of 亭湖区.
type reportedThings struct{ Report, Meeting, Warning int64 }

var monthWords = map[string]string{"work": "走访规上企业二十家，推进诊断", "plan": "完成五家企业的项目验收", "why_worse": "一家企业停产", "why_open": "两家企业尚未填报", "trouble": "缺少本地服务商"}

// monthSigned is these things, once they were asked for: September is signed.
func (c *city) monthSigned() reportedThings {
	c.t.Helper()
	if c.reports.Report != 0 {
		return c.reports
	}
	ctx, b := context.Background(), c.srv.Bulletins
	one, two := access.NewScope(9_101, access.CountyOfficial, []string{"320902"}, nil), access.NewScope(9_102, access.CountyOfficial, []string{"320902"}, nil)
	official := access.NewScope(9_103, access.CityOfficial, []string{"320900", "320902", "320904"}, nil)
	var err error
	step := func(next error) {
		c.t.Helper()
		if err == nil {
			err = next
		}
		if err != nil {
			c.t.Fatal(err)
		}
	}
	c.reports.Report, err = b.Begin(ctx, one, "monthly", "320902", period.OfMonth(2024, 9))
	step(nil)
	step(b.Say(ctx, one, c.reports.Report, monthWords))
	step(b.Submit(ctx, one, c.reports.Report, 0))
	step(b.Sign(ctx, two, c.reports.Report))
	c.reports.Meeting, err = b.Hold(ctx, official, bulletin.NewMeeting{Area: "320900", Duty: "programme/on_site", Day: period.Date(2024, 10, 17), Title: "十月现场推进会", Place: "大丰区", Offices: "各县（市、区）工信局"})
	step(nil)
	c.reports.Warning = 9_901
	step(b.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO bulletin_warning (id, rule, area, indicator, period, seq, value, compared, looked, bound, within, open, at)
			VALUES (9901, 'coverage_low', '320902', 'completed_share', '2024-10', 1, '1/4', '', '1/4', '<50%', 12, 0, $1)`, c.srv.Clock.Millis())
		return err
	}))
	return c.reports
}

// A county fills its month from what is known, says what needs words, and another person signs; the city reads, prints and asks again.
func TestBulletinPages(t *testing.T) {
	c := newCity(t)
	v := c.as("tinghu")
	_, body := v.get("/bulletins?state=open&area=320902")
	wants(t, body, "月度进展调度", "亭湖区", "未开始", "盐政办发〔2022〕6号")
	res, _ := v.post("/bulletins", url.Values{"report": {"monthly"}, "area": {"320904"}, "period": {"2024-09"}})
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("a county begins another's: %d", res.StatusCode)
	}
	_, body = v.post("/bulletins", url.Values{"report": {"monthly"}, "area": {"320902"}, "period": {"2024-09"}})
	wants(t, body, "亭湖区2024年9月智改数转月度进展", "规上工业企业数", "规上企业智改数转覆盖率", "/figures/completed_share?area=320902", "period=2024-09", "“本月主要工作”还没有写", "方法第 1 版")
	all, err := c.srv.Bulletins.Reports(context.Background(), access.SystemScope(), bulletin.Filter{})
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	path := bulletin.Path(all[0].ID)
	res, body = v.post(path+"/submit", url.Values{"q.work": {"太短"}, "seq": {"0"}})
	if res.StatusCode != http.StatusUnprocessableEntity && res.StatusCode != http.StatusBadRequest {
		t.Errorf("handed on without words: %d", res.StatusCode)
	}
	wants(t, body, "还不能提交", "太短")
	form := url.Values{"seq": {"0"}}
	for code, text := range monthWords {
		form.Set("q."+code, text)
	}
	_, body = v.post(path+"/words", form)
	wants(t, body, "已保存", monthWords["work"], "第 2 稿")
	_, body = v.post(path+"/submit", form)
	wants(t, body, "等待签发", "提交人不能签发")
	res, _ = v.post(path+"/sign", nil)
	if res.StatusCode != http.StatusConflict {
		t.Errorf("who prepared it signs: %d", res.StatusCode)
	}
	second := c.official("tinghu2", access.CountyOfficial, "320902")
	_, body = second.get(path)
	wants(t, body, "待签发", ">签发</button>")
	_, body = second.post(path+"/sign", nil)
	wants(t, body, "已签发", monthWords["trouble"], "更正另出一版")

	official := c.as("city")
	_, body = official.get(path + "/again")
	wants(t, body, "全部与签发时相同")
	for ending, kind := range map[string]string{"/pdf": pdfType, "/docx": docxType} {
		res, body := official.get(path + ending)
		if got := res.Header.Get("Content-Type"); got != kind || len(body) < 1000 {
			t.Errorf("%s is %s of %d bytes", ending, got, len(body))
		}
	}
	_, body = official.get(path + "/export?format=csv")
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || len(lines) != 2+len(c.srv.Bulletins.Set.Definitions[0].Tables[0].Figures) {
		t.Errorf("exported: %q, %v", lines, err)
	}
	_, body = official.get("/bulletins?duty=programme/monthly&area=320902")
	wants(t, body, "已签发", `href="`+path+`"`)
	if res, _ := c.official("other", access.CountyOfficial, "320904").get(path); res.StatusCode != http.StatusNotFound {
		t.Errorf("another county reads it: %d", res.StatusCode)
	}
	_, body = second.post(path+"/revise", url.Values{"reason": {"补报一家企业"}})
	wants(t, body, "这是第 2 版", "补报一家企业")
	_, body = official.get(path + "?edition=1")
	wants(t, body, "已签发")

	_, body = official.post("/bulletins", url.Values{"report": {"quarterly"}, "area": {"320900"}, "period": {"2024Q3"}})
	wants(t, body, "盐城市2024年7—9月智改数转季度督查通报", "由哪些县级报告汇集", "各地反映的问题", monthWords["trouble"], "盐城市合计")
	_, body = official.get("/today")
	wants(t, body, "调度通报任务待完成")
}

// A report tells how far each figure is from its target; places are shown once the ranking was switched on, with its document.
func TestBulletinTargets(t *testing.T) {
	c := newCity(t)
	c.completes(2024, map[string]string{tinghuCode: "是", dafengCode: "否"})
	official, county := c.as("city"), c.as("tinghu")
	for _, area := range []string{"320902", "320904"} {
		_, body := official.post("/targets/yancheng-2022/B110/quotas?area=320900", url.Values{"quota:" + area: {"100"}, "document": {"盐工信〔2024〕测试1号"}})
		wants(t, body, "任务数已录入")
	}
	_, body := county.post("/bulletins", url.Values{"report": {"monthly"}, "area": {"320902"}, "period": {"2024-09"}})
	wants(t, body, ">目标值<", ">差距<", "目标 B110 规上企业智改数转全覆盖，盐政办发〔2022〕6号", "100.0%", "应达 91.6%", "/targets/yancheng-2022/B110?area=320902&amp;on=2024-09-30", "只按已核实数据的实际数", "+8.4 个百分点", "已达到", "已核实 100.0%", "没有已核实的数据")
	if strings.Contains(body, "按文件") || strings.Contains(body, "要求排名") {
		t.Error("ranked without a document")
	}
	_, body = official.post("/bulletins", url.Values{"report": {"quarterly"}, "area": {"320900"}, "period": {"2024Q3"}})
	wants(t, body, ">所在区间<", `colspan="5"`, "无法衡量", "+8.4 个百分点", "−91.6 个百分点", "落后进度")
	all, err := c.srv.Bulletins.Reports(context.Background(), access.SystemScope(), bulletin.Filter{Definition: "quarterly"})
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	path := bulletin.Path(all[0].ID)
	res, body := official.get(path + "/export?format=csv")
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("exported: %d, %v", res.StatusCode, err)
	}
	at := func(line []string, column string) string { return line[slices.Index(lines[0], column)] }
	found := false
	for _, line := range lines[1:] {
		if len(line) == len(lines[0]) && at(line, "指标代码") == "completed_share" && at(line, "地区代码") == "320902" {
			found = at(line, "目标") == "yancheng-2022/B110" && at(line, "目标值") == "100.0%" && at(line, "按路径应达") == "91.6%" && at(line, "差距") == "8.4%" && at(line, "名次") == ""
		}
	}
	if !found {
		t.Errorf("exported: %q", lines)
	}
	_, body = official.post("/targets/ranking", url.Values{"plan": {"yancheng-2022"}, "ranked": {"1"}, "document": {"盐政办〔2024〕测试9号"}})
	wants(t, body, "已记录")
	for _, ending := range []string{"", "/pdf", "/docx"} {
		if res, _ := official.get(path + ending); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", ending, res.StatusCode)
		}
	}
}

// The city notes a meeting and gives a task; the county does it. A warning says why, and is closed with a reason.
func TestSiteMeetingAndWarningPages(t *testing.T) {
	c := newCity(t)
	official, county := c.as("city"), c.as("tinghu")
	_, body := official.post("/site-meetings", url.Values{"duty": {"programme/on_site"}, "area": {"320900"}, "day": {"2024-10-17"}, "title": {"十月现场推进会"}, "place": {"大丰区"}, "offices": {"各县（市、区）工信局"}})
	wants(t, body, "十月现场推进会", "还没有纪要", "双月现场推进会")
	all, err := c.srv.Bulletins.Meetings(context.Background(), access.SystemScope())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	path := bulletin.MeetingPath(all[0].ID)
	_, body = official.post(path+"/minutes", url.Values{"minutes": {"议定排出未诊断企业名单"}})
	wants(t, body, "议定排出未诊断企业名单")
	res, body := official.post(path+"/tasks", url.Values{"what": {"报名单"}, "for": {"320902"}, "due": {"明天"}})
	if res.StatusCode == http.StatusOK {
		t.Error("a task for no day")
	}
	wants(t, body, "“明天”不是日期", "报名单")
	_, body = official.post(path+"/tasks", url.Values{"what": {"报名单"}, "for": {"320902"}, "due": {"2024-10-25"}})
	wants(t, body, "报名单", "2024-10-25", "逾期")
	_, body = county.get("/today")
	wants(t, body, "件会议交办事项待办，其中 1 件逾期")
	_, body = county.get("/site-meetings")
	wants(t, body, "报名单", "逾期")
	tasks, err := c.srv.Bulletins.Tasks(context.Background(), access.SystemScope())
	if err != nil || len(tasks) != 1 {
		t.Fatal(tasks, err)
	}
	_, body = county.post(path+"/done", url.Values{"task": {rowID("", tasks[0].ID)}, "step": {"done"}, "note": {"名单已报"}})
	wants(t, body, "已办结", "名单已报")

	warning := rowID("/warnings/", c.monthSigned().Warning) + "/close"
	_, body = county.get("/warnings")
	wants(t, body, "智改数转覆盖率低", "25.0%", "低于 50%", "范围内 12 个", "/figures/completed_share?")
	res, body = county.post(warning, url.Values{"reason": {" "}})
	if res.StatusCode == http.StatusOK {
		t.Error("closed without a reason")
	}
	wants(t, body, "请写明原因")
	_, body = county.post(warning, url.Values{"reason": {"已列入全年计划"}})
	wants(t, body, "现在没有预警", "已列入全年计划")
}
