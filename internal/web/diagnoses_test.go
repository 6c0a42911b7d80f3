package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// diagnosed has the firm be offered a diagnosis, once, and gives where that stands.
func (c *city) diagnosed(code string) diagnosis.Row {
	c.t.Helper()
	if row, ok := c.diagnosis[code]; ok {
		return row
	}
	ctx, office := context.Background(), access.NewScope(1<<40, access.CityOfficial, []string{"320900", "320902", "320904", "320981"}, nil)
	if c.diagnosis == nil {
		c.diagnosis = map[string]diagnosis.Row{}
		x, err := c.diagnoses.AddInstitute(ctx, office, diagnosis.Institute{
			Code: "one", Name: "盐城诊断一所", Area: "320900",
			Terms: diagnosis.Terms{Kinds: []diagnosis.Kind{diagnosis.Digital}, Qualified: "公开招标中标", Until: period.Date(2025, 12, 31), Capacity: 9},
		})
		if err != nil {
			c.t.Fatal(err)
		}
		c.lot, err = c.diagnoses.AddLot(ctx, office, diagnosis.Lot{
			Name: "2024年第一批", Kind: diagnosis.Digital, Year: 2024, Area: "320900", Ceiling: 80_000 * money.Yuan, Document: "盐工信采〔2024〕1号",
			Shares: []diagnosis.Share{{Institute: x.ID, Firms: 9, Fee: 60_000 * money.Yuan}},
		})
		if err != nil {
			c.t.Fatal(err)
		}
	}
	view, err := c.srv.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		c.t.Fatal(err)
	}
	out, err := c.diagnoses.OpenCases(ctx, office, c.cases, view, c.lot.ID, []int64{c.firms[code]})
	if err != nil || len(out.Cases) != 1 {
		c.t.Fatalf("opened %v, %v", out, err)
	}
	c.diagnosis[code] = diagnosis.Row{Case: out.Cases[0], Lot: c.lot.ID, Work: diagnosis.Work{Institute: c.lot.Shares[0].Institute}}
	return c.diagnosis[code]
}

// visits takes the firm's diagnosis to where its report is written.
func (c *city) visits(code string) diagnosis.Row {
	c.t.Helper()
	row := c.diagnosed(code)
	own, one := access.NewScope(1<<41, access.Enterprise, nil, []int64{c.firms[code]}), access.NewScope(1<<42, access.Institute, nil, []int64{row.Institute})
	for _, x := range []struct {
		by     access.Scope
		action string
		entry  string
	}{{own, "agree", ""}, {one, "take", ""}, {one, "visited", `{"answers": {"devices_networked": 20}}`}} {
		if _, err := c.cases.Act(context.Background(), x.by, casework.Act{Case: row.Case, Action: x.action, Entry: []byte(x.entry)}); err != nil {
			c.t.Fatalf("%s: %v", x.action, err)
		}
	}
	return row
}

// reported takes the firm's diagnosis to where its report waits for the county.
func (c *city) reported(code string) diagnosis.Row {
	c.t.Helper()
	row := c.visits(code)
	one := access.NewScope(1<<42, access.Institute, nil, []int64{row.Institute})
	long := strings.Repeat("车间三条产线的设备没有联网，班组长手工抄表，数据滞后三天以上。", 3)
	r := diagnosis.Report{Summary: long, Barrier: "plan", Why: "缺少整体方案", Findings: []diagnosis.Finding{{ID: "f1", Part: "f3", Title: "设备联网率低", State: long, Gap: long, Proof: "设备清单、照片两张"}}}
	for _, id := range []string{"a1", "a2"} {
		r.Advice = append(r.Advice, diagnosis.Advice{
			ID: id, Finding: "f1", Title: "设备联网改造 " + id, What: long, Scenario: "capture", Least: 3_000_000 * money.Yuan, Most: 6_500_000 * money.Yuan, Months: 20, Fact: "ent.devices_networked", Expected: "联网设备从20台到80台", Proof: "报价单", Example: "antewei",
		})
	}
	if _, err := c.diagnoses.Save(context.Background(), one, c.cases, row.Case, 0, r); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.cases.Act(context.Background(), one, casework.Act{Case: row.Case, Action: "hand_in"}); err != nil {
		c.t.Fatal(err)
	}
	return row
}

// instituteAccount is somebody of the institute.
func (c *city) instituteAccount(row diagnosis.Row) string {
	c.t.Helper()
	if _, err := c.acc.Create(context.Background(), access.SystemScope(), access.NewAccount{
		Login: "one", Name: "诊断一所 李某", Password: password, Grants: []access.Grant{{Role: access.Institute, Party: row.Institute}},
	}); err != nil {
		c.t.Fatal(err)
	}
	return "one"
}

// TestDiagnosis takes a diagnosis through the pages: the firm agrees, the institute writes, the firm answers and files.
func TestDiagnosis(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	row := c.diagnosed(tinghuCode)
	page := diagnosisPath(row.Case)
	firm, one, city := c.as("firm"), c.as(c.instituteAccount(row)), c.as("city")

	_, body := firm.get("/diagnoses")
	wants(t, body, "盐城亭湖甲机械有限公司", "待企业确认机构", "盐城诊断一所")
	_, body = firm.get(page)
	wants(t, body, "确认诊断机构", "规则排出", "中标份额完成最少")
	if res, _ := one.get(page); res.StatusCode != http.StatusNotFound {
		t.Errorf("the institute sees a firm that has not agreed: %d", res.StatusCode)
	}
	_, body = firm.post(page+"/institute", url.Values{"institute": {strconv.FormatInt(row.Institute, 10)}})
	wants(t, body, "已同意，等待机构接单", "有效至 2025-10-30")
	act := func(v *visitor, action, reason string) {
		t.Helper()
		_, body := v.post(casePath(row.Case)+"/act", url.Values{"action": {action}, "reason": {reason}, "key": {action}})
		if strings.Contains(body, "yz-note-bad") {
			t.Fatalf("%s: %s", action, mainOf(body))
		}
	}
	act(one, "take", "")
	_, body = one.get(casePath(row.Case) + "/pack")
	wants(t, body, "盐城亭湖甲机械有限公司", "营业收入")
	_, body = one.get(casePath(row.Case) + "/act/visited")
	in := asked(body)
	in.Set("a.devices_networked", "20")
	in.Set("do", "send")
	_, body = one.post(casePath(row.Case)+"/act/visited", in)
	wants(t, body, "编写报告")
	_, body = one.get(page + "/report")
	wants(t, body, "编写报告", "总体结论少于 60 个字", "提升")

	long := strings.Repeat("亭湖甲机械的车间三条产线联网设备少，", 5)
	typed := url.Values{
		"base": {"0"}, "summary": {long}, "barrier": {"plan"}, "finding": {"f1"}, "advice": {"a1"}, "f-f1-title": {"设备联网率低"}, "f-f1-state": {long}, "f-f1-gap": {long}, "f-f1-proof": {"设备清单"},
		"a-a1-title": {"设备联网改造"}, "a-a1-finding": {"f1"}, "a-a1-scenario": {"capture"}, "a-a1-what": {long}, "a-a1-least": {"300"}, "a-a1-most": {"650万元"}, "a-a1-months": {"二十"}, "a-a1-expected": {"联网八十台"}, "a-a1-proof": {"报价"}, "a-a1-example": {"antewei"},
	}
	res, body := one.post(page+"/report", typed)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d", res.StatusCode)
	}
	wants(t, body, "“二十”不是月数", "设备联网改造", `value="300"`)
	typed.Set("a-a1-months", "20")
	typed.Set("add", "advice")
	_, body = one.post(page+"/report", typed)
	wants(t, body, "已保存", `id="a2"`)
	typed.Set("base", "1")
	typed.Del("add")
	_, body = one.post(page+"/report", typed)
	wants(t, body, "已保存")
	if res, body := one.post(page+"/report", url.Values{"base": {"1"}, "summary": {"别的"}}); res.StatusCode != http.StatusConflict || !strings.Contains(body, "别人刚保存过") || !strings.Contains(body, ">别的</textarea>") {
		t.Errorf("saved over another's: %d", res.StatusCode)
	}
	act(one, "hand_in", "")
	_, body = city.get(page)
	wants(t, body, "抽中第三方评价的原因", "前 2 份报告都要评价", "设备联网率低", "可以申请的政策")
	for kind, head := range map[string]string{"pdf": "%PDF-", "docx": "PK"} {
		if res, file := city.get(page + "/report." + kind); res.StatusCode != http.StatusOK || !strings.HasPrefix(file, head) || len(file) < 2_000 {
			t.Errorf("%s: status %d, %d bytes", kind, res.StatusCode, len(file))
		}
	}
	if res, _ := firm.get(page + "/report.pdf"); res.StatusCode != http.StatusNotFound {
		t.Errorf("the firm reads the report before it is sent: %d", res.StatusCode)
	}
}

// TestInstitutes enters an institute and a lot on their pages, and tells what is wrong with them.
func TestInstitutes(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	city := c.as("city")
	institute := url.Values{"code": {"two"}, "name": {"盐城诊断二所"}, "area": {"320900"}, "kinds": {"digital"}, "qualified": {"中标"}, "until": {"2025-12-31"}, "capacity": {"5"}, "counties": {"亭湖区、东台市"}, "divisions": {"34，35"}}
	res, body := city.post("/institutes", with(institute, "capacity", "0"))
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d", res.StatusCode)
	}
	wants(t, body, "同时承接家数应在 1 到", `value="盐城诊断二所"`)
	_, body = city.post("/institutes", institute)
	wants(t, body, "机构已登记", "盐城诊断二所", "亭湖区、东台市", "34 · 通用设备制造业")
	all, err := c.diagnoses.Institutes(context.Background(), access.SystemScope())
	if err != nil || len(all) != 1 {
		t.Fatalf("institutes %v, %v", all, err)
	}
	id := strconv.FormatInt(all[0].ID, 10)
	lot := url.Values{"name": {"第一批"}, "document": {"采购一号"}, "kind": {"digital"}, "area": {"320900"}, "year": {"2024"}, "ceiling": {"8"}, "firms-" + id: {"3"}, "fee-" + id: {"9"}}
	_, body = city.post("/lots", lot)
	wants(t, body, "单价 90000.00 元应大于零且不高于 80000.00 元", `value="第一批"`)
	_, body = city.post("/lots", with(lot, "ceiling", "12"))
	wants(t, body, "不能高于 10万元（盐政办发〔2022〕6号 四（一））")
	_, body = city.post("/lots", with(lot, "fee-"+id, "6.5"))
	wants(t, body, "批次已建", "19.5 万元", "盐城亭湖甲机械有限公司")
	lots, err := c.diagnoses.Lots(context.Background(), access.SystemScope())
	if err != nil || len(lots) != 1 {
		t.Fatalf("lots %v, %v", lots, err)
	}
	_, body = city.post(lotPath(lots[0].ID)+"/open", url.Values{})
	wants(t, body, "请勾选企业或填写家数")
	_, body = city.post(lotPath(lots[0].ID)+"/open", url.Values{"first": {"9"}})
	wants(t, body, "已派出")
	_, body = city.post("/institutes/"+id+"/conflicts", url.Values{"firm": {"没有这家"}, "reason": {"股东"}})
	wants(t, body, "没有这家")
	_, body = city.post("/institutes/"+id+"/conflicts", url.Values{"firm": {tinghuCode}, "reason": {"股东"}})
	wants(t, body, "已声明", "股东")
	_, body = city.post("/institutes/"+id+"/terms", with(institute, "left", "合同到期"))
	wants(t, body, "已变更", "已退出：合同到期")
	_, body = city.get("/diagnoses/export?format=csv")
	wants(t, body, "盐城亭湖甲机械有限公司", "待企业确认机构")
}

// TestAdvisers notes what was done for a firm on its page; the firm reads it, the barrier is counted.
func TestAdvisers(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	county := c.as("tinghu")
	note := url.Values{"firm": {tinghuCode}, "day": {"2024-10-30"}, "who": {"顾问 张某"}, "what": {"上门讲政策，算了能拿多少"}, "barrier": {"money"}, "next": {"介绍智能制造贷"}}
	_, body := county.post("/advisers", with(note, "firm", dafengCode))
	wants(t, body, dafengCode, `value="顾问 张某"`)
	_, body = county.post("/advisers", with(note, "day", "2024-12-01"))
	wants(t, body, "不能晚于今天")
	_, body = county.post("/advisers", note)
	wants(t, body, "已记录", "上门讲政策，算了能拿多少", "不敢转", "先测算能拿多少")
	_, body = c.as("firm").get("/advisers")
	wants(t, body, "上门讲政策", "介绍智能制造贷")
	if _, body = c.as("auditor").get("/advisers"); !strings.Contains(body, "上门讲政策") {
		t.Error("the auditor does not read it")
	}
}

// TestMisread shows what cannot be read as it was typed, with what is wrong with it, and keeps nothing of the form; so it is where somebody else
// has saved meanwhile.
func TestMisread(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	row := c.visits(tinghuCode)
	page := diagnosisPath(row.Case) + "/report"
	one, city := c.as(c.instituteAccount(row)), c.as("city")
	form := func(base, summary, least, months string) url.Values {
		return url.Values{
			"base": {base}, "summary": {summary}, "advice": {"a1"}, "a-a1-title": {"设备联网改造"}, "a-a1-least": {least}, "a-a1-months": {months},
		}
	}
	res, body := one.post(page, form("0", "总体结论", "很多", "两年"))
	wants(t, body, `value="很多"`, `value="两年"`, "有 2 处填写的数看不懂", "“很多”不是金额", "“两年”不是月数", "总体结论")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("answered %s", res.Status)
	}
	_, body = one.post(page, form("0", "第一次保存", "50", "24"))
	wants(t, body, "第一次保存", `name="base" value="1"`)
	res, body = one.post(page, form("0", "同时写的", "60", "24"))
	wants(t, body, "同时写的", `name="base" value="1"`, "打开最新的报告")
	if res.StatusCode != http.StatusConflict {
		t.Errorf("answered %s", res.Status)
	}
	_, body = one.post(page, form("1", "同时写的", "60", "24"))
	wants(t, body, "同时写的", `name="base" value="2"`)

	id := strconv.FormatInt(row.Institute, 10)
	lot := url.Values{"name": {"第二批"}, "kind": {"digital"}, "year": {"2024"}, "area": {"320900"}, "ceiling": {"8"}, "document": {"文件"}, "firms-" + id: {"二十"}, "fee-" + id: {"6"}}
	_, body = city.post("/lots", lot)
	wants(t, body, "盐城诊断一所：中标家数“二十”不是整数")
	lot.Del("firms-" + id)
	_, body = city.post("/lots", lot)
	wants(t, body, "盐城诊断一所：填了单价，没有填中标家数")
}
