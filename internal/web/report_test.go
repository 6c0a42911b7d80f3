package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/period"
)

// state is the firm in 亭湖区 stating a figure of 2023.
func (c *city) state(def, value string) {
	c.t.Helper()
	id := c.firms[tinghuCode]
	res, body := c.as("firm").post(reportPath(id, id, def, period.OfYear(2023)), url.Values{"period": {"2023"}, "value": {value}, "evidence": {"年报第3行"}})
	if res.StatusCode != http.StatusOK || !strings.HasSuffix(res.Request.URL.Path, "/"+def) {
		c.t.Fatalf("stating %s: status %d at %s\n%s", def, res.StatusCode, res.Request.URL, mainOf(body))
	}
}

// An enterprise states what its decision misses: the form is where the first page and the file lead to, the figure fills
// the gap at once, and it is asked once.
func TestStateWhatIsMissing(t *testing.T) {
	c := newCity(t)
	c.importCSV("second.csv", "统一社会信用代码,企业名称,县（市、区）,项目名称,是否智改数转项目\n"+tinghuCode+",盐城亭湖甲机械有限公司,亭湖区,第二车间,是\n", "bureau", "320900")
	firm := c.as("firm")
	_, body := firm.get("/mine")
	_, rest, found := strings.Cut(body, `href="/enterprises/`)
	for found && !strings.Contains(rest[:strings.Index(rest, `"`)], "/report?period=2023") {
		_, rest, found = strings.Cut(rest, `href="/enterprises/`)
	}
	if !found {
		t.Fatalf("nothing to state on the first page\n%s", mainOf(body))
	}
	path := "/enterprises/" + rest[:strings.Index(rest, `"`)]
	_, body = firm.get(path)
	wants(t, body, "第二车间", "目前采用", "未知", "采信次序", `name="evidence"`)
	_, body = firm.get(enterprisePath(c.firms[tinghuCode]))
	wants(t, body, `href="`+path+`"`)
	if _, body = c.as("viewer").get("/mine"); strings.Contains(body, "/report?") {
		t.Error("who may only read is led to the form")
	}

	form, _, _ := strings.Cut(path, "?")
	said := url.Values{"period": {"2023"}, "value": {"700"}, "unit": {"万元"}, "evidence": {"合同与发票"}}
	for name, tt := range map[string]struct{ field, value, want string }{
		"no value":    {"value", "", "请填写"},
		"no number":   {"value", "很多", "很多"},
		"negative":    {"value", "-5", "0 万元"},
		"no evidence": {"evidence", " ", "请写明依据"},
		"a month":     {"period", "2023-05", ""},
		"ahead":       {"period", "2030", "请选择已经开始的期间"},
	} {
		bad := url.Values{}
		for k, v := range said {
			bad[k] = v
		}
		bad.Set(tt.field, tt.value)
		res, body := firm.post(form, bad)
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", name, res.StatusCode)
		}
		wants(t, body, tt.want)
	}
	_, body = firm.post(form, said)
	wants(t, body, "已填报", "700 万元", "合同与发票", "企业自报", "采用")
	res, body := firm.post(form, said)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the same again: status %d", res.StatusCode)
	}
	wants(t, body, "不必再填")
	_, body = firm.get("/mine")
	wants(t, body, "本企业自报的数据", "700 万元", "已采用")
	lacks(t, body, `href="`+path+`" aria-label`) // it is not asked again
}

// A figure that a more trusted source states stays in effect; the difference waits for the official, who asks, and the
// firm answers by changing or taking back.
func TestStateWhatIsWrong(t *testing.T) {
	c := newCity(t)
	id := c.firms[tinghuCode]
	path := factPath(id, id, "ent.revenue")
	form := reportPath(id, id, "ent.revenue", period.OfYear(2023))
	firm, official := c.as("handler"), c.as("tinghu")
	_, body := firm.get(form)
	wants(t, body, `value="12345.67"`, "1.234567 亿元", "统计部门", "其他年度")
	_, body = firm.post(form, url.Values{"period": {"2023"}, "value": {"1.5"}, "unit": {"亿元"}, "evidence": {"审计报告第8页"}})
	wants(t, body, "有差异，待核对", "1.234567 亿元", "1.5 亿元", "审计报告第8页", "修改或撤回")
	lacks(t, body, `name="report"`)

	_, body = official.get("/today")
	wants(t, body, "项企业自报与更可信的来源不一致", "/reports?state=gap")
	_, body = official.get("/reports?state=gap")
	wants(t, body, "盐城亭湖甲机械有限公司", "1.5 亿元", "1.234567 亿元", "统计部门", "审计报告第8页", path)
	_, body = official.get(path)
	_, report, _ := strings.Cut(body, `name="report" value="`)
	report, _, _ = strings.Cut(report, `"`)
	answer := func(kind, note string) (*http.Response, string) {
		return official.post(path+"/answer", url.Values{"report": {report}, "kind": {kind}, "note": {note}})
	}
	if res, body := answer("ask", " "); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "1 至 2") {
		t.Errorf("a question without words: status %d", res.StatusCode)
	}
	_, body = answer("ask", "请附审计报告")
	wants(t, body, "已处理", "待企业说明", "请附审计报告")
	_, body = official.get("/today")
	lacks(t, body, "项企业自报与更可信的来源不一致")
	_, body = firm.get("/mine")
	wants(t, body, "主管部门请您说明", "请附审计报告", "待企业说明")
	_, body = firm.get(form)
	wants(t, body, "请附审计报告", `value="15000"`, "审计报告第8页")
	_, body = firm.post(form, url.Values{"period": {"2023"}, "value": {"14000"}, "unit": {"万元"}, "evidence": {"审计报告第8页，附件"}})
	wants(t, body, "1.4 亿元", "有差异，待核对")
	if res, _ := answer("accept", "已看"); res.StatusCode != http.StatusNotFound {
		t.Errorf("an answer to what was replaced: status %d", res.StatusCode)
	}
	_, body = official.get(path)
	_, report, _ = strings.Cut(body, `name="report" value="`)
	report, _, _ = strings.Cut(report, `"`)
	_, body = answer("accept", "口径不同，统计数为准")
	wants(t, body, "差异已核对")
	_, body = firm.get("/mine")
	wants(t, body, "差异已核对", "口径不同，统计数为准")

	_, body = firm.post(path+"/withdraw", url.Values{"period": {"2023"}, "reason": {"填错了"}})
	wants(t, body, "已撤回")
	lacks(t, body, "本企业自报的数据")
	for _, login := range []string{"city", "auditor"} {
		_, body = c.as(login).get("/log")
		wants(t, body, "企业自报：营业收入（2023年）", "盐城亭湖甲机械有限公司", "请附审计报告", "口径不同", "填错了", "审计报告第8页", "测试 handler")
	}
	_, body = c.as("admin").get("/log")
	wants(t, body, "企业自报：营业收入（2023年）")
	lacks(t, body, "亭湖甲", "审计报告", "口径不同")
	_, body = c.official("dafeng", access.CountyOfficial, "320904").get("/reports")
	lacks(t, body, "亭湖甲", "1.4 亿元")

	c.state("ent.employees", "230")
	_, body = official.get("/reports/export?format=csv")
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || len(lines) < 2 || lines[1][2] != "230 人" || lines[1][6] != "年报第3行" {
		t.Errorf("export: %q, %v", lines, err)
	}
}
