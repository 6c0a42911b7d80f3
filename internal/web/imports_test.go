package web

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/intake"
)

const quickReport = `2023年度规模以上工业企业主要指标
统一社会信用代码,企业名称,县（市、区）,行业代码,营业收入（万元）,从业人员平均人数,本单位暗号
91512081MA62K0260E,盐城甲机械有限公司,大丰区,3412,"12,345.67",320,x
91350100M000100Y43,盐城乙纺织有限公司,东台市,1711,800.5,—,y
合计,,,,13146.17,320,
`

// laterReport states the revenue in yuan below a header that says 万元.
const laterReport = `2024年度主要指标
统一社会信用代码,企业名称,县（市、区）,营业收入（万元）,利润总额（万元）
91350100M000100Y43,盐城乙纺织有限公司,东台市,8500000,3~5
91512081MA62K0260E,盐城甲机械有限公司,玄武区,1,
`

// official makes an account for an area and signs it in.
func (s *site) official(login string, role access.Role, area string) *visitor {
	s.t.Helper()
	admin := access.NewScope(1, access.Administrator, nil, nil)
	_, err := s.acc.Create(context.Background(), admin, access.NewAccount{
		Login: login, Name: login + "经办", Password: password, Grants: []access.Grant{{Role: role, Area: area}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.as(login)
}

type sentFile struct{ name, body string }

// send uploads files to be imported, as a browser does.
func (v *visitor) send(fields map[string]string, files ...sentFile) (*http.Response, string) {
	v.s.t.Helper()
	return v.sendForm("/imports", fields, files...)
}

// sendForm sends a form with files, as a browser does.
func (v *visitor) sendForm(path string, fields map[string]string, files ...sentFile) (*http.Response, string) {
	v.s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range files {
		part, err := form.CreateFormFile("file", f.name)
		if err == nil {
			_, err = io.WriteString(part, f.body)
		}
		if err != nil {
			v.s.t.Fatal(err)
		}
	}
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			v.s.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		v.s.t.Fatal(err)
	}
	return v.sendTo(path, form.FormDataContentType(), &body)
}

func (v *visitor) sendBody(kind string, body io.Reader) (*http.Response, string) {
	v.s.t.Helper()
	return v.sendTo("/imports", kind, body)
}

func (v *visitor) sendTo(path, kind string, body io.Reader) (*http.Response, string) {
	v.s.t.Helper()
	req, err := http.NewRequest(http.MethodPost, v.s.http.URL+path, body)
	if err != nil {
		v.s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if sized, ok := body.(*io.LimitedReader); ok {
		req.ContentLength = sized.N
	}
	res, err := v.c.Do(req)
	if err != nil {
		v.s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.s.t.Fatal(err)
	}
	return res, string(text)
}

var toStatistics = map[string]string{"sender": "市统计局", "authority": "statistics", "area": "320900", "year": ""}

// sendOne uploads a file and waits for its preview.
func (v *visitor) sendOne(name, body string) (path, page string) {
	v.s.t.Helper()
	res, page := v.send(toStatistics, sentFile{name, body})
	if path = res.Request.URL.Path; !strings.HasPrefix(path, "/imports/") {
		v.s.t.Fatalf("upload of %s ended at %s (%d):\n%s", name, path, res.StatusCode, mainOf(page))
	}
	return path, v.ended(path)
}

// ended reloads a batch until no work is under way, as a visitor without a script does.
func (v *visitor) ended(path string) string {
	v.s.t.Helper()
	for {
		_, page := v.get(path)
		if !strings.Contains(page, `id="progress"`) {
			return page
		}
	}
}

var (
	inputs  = regexp.MustCompile(`<input [^>]*>`)
	selects = regexp.MustCompile(`(?s)<select [^>]*>.*?</select>`)
	chosen  = regexp.MustCompile(`<option value="([^"]*)" selected`)
	attrs   = regexp.MustCompile(`(\w[\w-]*)(?:="([^"]*)")?`)
)

// formOf is what a browser would send of the form with that action.
func formOf(t *testing.T, page, action string) url.Values {
	t.Helper()
	_, form, ok := strings.Cut(page, `action="`+action+`"`)
	if !ok {
		t.Fatalf("no form for %s:\n%s", action, mainOf(page))
	}
	form, _, _ = strings.Cut(form, "</form>")
	out := url.Values{}
	for _, in := range inputs.FindAllString(form, -1) {
		a := attributes(in)
		_, checked := a["checked"]
		if a["type"] != "checkbox" || checked {
			out.Set(a["name"], a["value"])
		}
	}
	for _, sel := range selects.FindAllString(form, -1) {
		value := ""
		if m := chosen.FindStringSubmatch(sel); m != nil {
			value = m[1]
		}
		out.Set(attributes(sel[:strings.Index(sel, ">")])["name"], value)
	}
	return out
}

func attributes(tag string) map[string]string {
	out := map[string]string{}
	for _, m := range attrs.FindAllStringSubmatch(tag, -1) {
		out[m[1]] = m[2]
	}
	return out
}

// fieldWith is the field among those ending in suffix whose value is the given one.
func fieldWith(t *testing.T, form url.Values, suffix, value string) string {
	t.Helper()
	for name := range form {
		if strings.HasSuffix(name, suffix) && form.Get(name) == value {
			return strings.TrimSuffix(name, suffix)
		}
	}
	t.Fatalf("no field *%s is %q in %v", suffix, value, form)
	return ""
}

func TestImportFromUploadToUndo(t *testing.T) {
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	path, page := v.sendOne("快报.csv", quickReport)
	wants(t, page, "以“统计部门”的名义导入。", "待确认", "确认导入 4 条数据", "新建：企业 2 家", "以“统计部门”的名义", "盐城甲机械有限公司", "12\u202f345.67 万元", "7 列中导入 6 列", "本单位暗号")
	if got := formOf(t, page, path+"/plan"); got.Get("s0.c4.target") != "ent.revenue" || got.Get("s0.c4.unit") != "万元" || got.Get("s0.period") != "2023" {
		t.Errorf("the form does not say how the file is read: %v", got)
	}
	_, _ = v.post(path+"/commit", nil)
	page = v.ended(path)
	wants(t, page, "已导入", "已写入 4 条数据", "撤销这次导入")
	_, page = v.get("/enterprises")
	wants(t, page, "盐城甲机械有限公司", "盐城乙纺织有限公司")
	_, page = v.get("/imports")
	wants(t, page, "快报.csv", "写入 4 条", "city经办", "统计部门", `value="市统计局"`, `<option value="市统计局">`)

	_, again := v.sendOne("快报（重发）.csv", quickReport)
	wants(t, again, "不必导入", "快报.csv", "disabled")
	lacks(t, again, path+`/commit"`)

	res, page := v.post(path+"/undo", url.Values{"reason": {" "}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an undo without a reason: status %d", res.StatusCode)
	}
	wants(t, page, "请填写撤销原因")
	_, page = v.post(path+"/undo", url.Values{"reason": {"误传"}})
	wants(t, page, "已撤销", "重新读取")
	if _, page = v.get("/enterprises"); strings.Contains(page, "盐城甲机械有限公司") {
		t.Error("the undo left an enterprise behind")
	}
	_, _ = v.post(path+"/again", nil)
	wants(t, v.ended(path), "确认导入 4 条数据")
}

func TestImportAsksBeforeItTakes(t *testing.T) {
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	first, _ := v.sendOne("快报.csv", quickReport)
	v.post(first+"/commit", nil)
	v.ended(first)

	path, page := v.sendOne("年报.csv", laterReport)
	wants(t, page, "有问题待答复", "须先答复", "单位可能有误", "还不能导入", "只给出了范围", "不在您的管辖范围内", "D3")
	lacks(t, page, path+`/commit"`)
	if res, page := v.post(path+"/commit", nil); res.StatusCode != http.StatusConflict {
		t.Errorf("commit in spite of it: status %d\n%s", res.StatusCode, mainOf(page))
	}

	form := formOf(t, page, path+"/plan")
	column := fieldWith(t, form, "target", "ent.revenue")
	form.Set(column+"period", "去年")
	form.Set(column+"unit", "元")
	res, page := v.post(path+"/plan", form)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a period that is none: status %d", res.StatusCode)
	}
	wants(t, page, "有 1 处填写无法识别", `value="去年"`, `aria-invalid="true"`)
	if kept := formOf(t, page, path+"/plan"); kept.Get(column+"unit") != "元" {
		t.Error("the unit that was chosen is lost")
	}

	form.Set(column+"period", "")
	v.post(path+"/plan", form)
	page = v.ended(path)
	wants(t, page, "待确认", "确认导入 1 条数据", "本次选择", "850 万元")
	v.post(path+"/commit", nil)
	wants(t, v.ended(path), "已写入 1 条数据")

	// The same sender's next file with these headers is read in yuan without being asked.
	_, page = v.sendOne("年报2.csv", strings.ReplaceAll(laterReport, "8500000", "8600000"))
	wants(t, page, "以前的选择", "变更", "850 万元", "860 万元")

	form = formOf(t, page, path[:strings.LastIndex(path, "/")+1]+pathOf(page)+"/plan")
	for name := range form {
		if strings.HasSuffix(name, ".target") {
			form.Set(name, "ent.revenue")
		}
	}
	if res, page = v.post("/imports/"+pathOf(page)+"/plan", form); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("all columns read as one: status %d", res.StatusCode)
	}
	wants(t, page, "两列都对应")
}

// pathOf is the id in the address of a batch page's plan.
func pathOf(page string) string {
	_, rest, _ := strings.Cut(page, `action="/imports/`)
	id, _, _ := strings.Cut(rest, "/")
	return id
}

func TestRefusedFilesSayWhy(t *testing.T) {
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	xls := sentFile{"旧表.xls", "\x09\x08\x10\x00\x00\x05\x05\x00" + strings.Repeat("\x00", 600)}
	res, page := v.send(toStatistics, xls, sentFile{"bomb.xlsx", bomb(t)}, sentFile{`C:\reports\good.csv`, quickReport})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d, want 422", res.StatusCode)
	}
	wants(t, page, "2 个文件没有接收", "旧表.xls", "Excel 95", "bomb.xlsx", "压缩炸弹", "已接收 1 个文件", ">good.csv</a>",
		`value="市统计局"`, `value="statistics" checked`)
	if _, page = v.get("/imports"); strings.Contains(page, "bomb.xlsx") {
		t.Error("a refused file is in the list")
	}

	res, page = v.send(map[string]string{"sender": "", "authority": "nobody", "area": "320100", "year": "去年"})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d, want 422", res.StatusCode)
	}
	wants(t, page, "请选择表格文件", "请填写报送单位", "请选择数据来自谁", "请选择您管辖范围内的地区", `id="year-error"`, `value="去年"`)

	res, page = v.sendBody("multipart/form-data; boundary=x", io.LimitReader(zeros{}, bodyLimit()+formRoom+1))
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too much at once: status %d", res.StatusCode)
	}
	wants(t, page, fmt.Sprintf("合计不能超过 %d MB", bodyLimit()>>20))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// bomb is a workbook whose sheet unpacks to hundreds of times its size.
func bomb(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, body := range map[string]string{
		"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`,
		"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   strings.Repeat(" ", 40<<20),
	} {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestBatchesOfOthersDoNotExist(t *testing.T) {
	s := newSite(t)
	city := s.official("city", access.CityOfficial, "320900")
	path, _ := city.sendOne("快报.csv", quickReport)
	county := s.official("tinghu", access.CountyOfficial, "320902")
	auditor := s.official("audit", access.Auditor, "320900")
	for _, step := range []struct{ method, path string }{
		{"GET", ""},
		{"GET", "/progress"},
		{"GET", "/problems"},
		{"POST", "/plan"},
		{"POST", "/commit"},
		{"POST", "/again"},
		{"POST", "/cancel"},
		{"POST", "/undo"},
	} {
		form := url.Values{"reason": {"x"}}
		if res, body := county.do(step.method, path+step.path, form, nil); res.StatusCode != http.StatusNotFound || strings.Contains(body, "快报") {
			t.Errorf("a county and the city's batch, %s %s: status %d", step.method, step.path, res.StatusCode)
		}
		if res, _ := auditor.do(step.method, path+step.path, form, nil); res.StatusCode != http.StatusForbidden {
			t.Errorf("an auditor, %s %s: status %d", step.method, step.path, res.StatusCode)
		}
	}
	_, page := county.get("/imports")
	lacks(t, page, "快报.csv", "市统计局", "盐城市", "大丰区")
	wants(t, page, "还没有上传过文件")
	res, page := county.send(toStatistics, sentFile{"a.csv", quickReport})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a county imports for the city: status %d", res.StatusCode)
	}
	wants(t, page, "请选择您管辖范围内的地区")

	city.post(path+"/commit", nil)
	city.ended(path)
	_, page = auditor.get("/imports")
	wants(t, page, "快报.csv", "已导入")
	lacks(t, page, "<form class=\"yz-box\"")
}

func TestSeveralFilesAtOnce(t *testing.T) {
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	res, page := v.send(toStatistics, sentFile{"a.csv", quickReport}, sentFile{"b.csv", laterReport})
	if !strings.HasSuffix(res.Request.URL.Path, "/delivery") || res.StatusCode != http.StatusOK {
		t.Errorf("ended at %s with %d", res.Request.URL, res.StatusCode)
	}
	wants(t, page, ">a.csv</a>", ">b.csv</a>")
}

func TestProblemListIsExported(t *testing.T) {
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	path, _ := v.sendOne("年报.csv", strings.ReplaceAll(laterReport, "玄武区", "=cmd|'/C calc'!A0"))
	res, body := v.get(path + "/problems?format=csv")
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(body, "\ufeff") {
		t.Errorf("not a .csv that Excel opens: %v", res.Header)
	}
	wants(t, body, "工作表,位置,列,处理,原因与改法", "E3", "只给出了范围", "未采用")
	for line := range strings.Lines(body) {
		for cell := range strings.SplitSeq(line, ",") {
			if strings.HasPrefix(strings.Trim(cell, `"`), "=") {
				t.Errorf("a cell would run as a formula: %s", line)
			}
		}
	}
	_, body = v.get(path + "/problems")
	book, err := excelize.OpenReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0))
	if err != nil || len(rows) < 3 || rows[0][4] != "原因与改法" {
		t.Errorf("workbook: %v %v", rows, err)
	}
}

// The progress is asked for by the page's script; when the work has ended, the page is loaded anew.
func TestProgressByScript(t *testing.T) {
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	path, _ := v.sendOne("快报.csv", quickReport)
	res, _ := v.do(http.MethodGet, path+"/progress", nil, http.Header{"Hx-Request": {"true"}})
	if res.Header.Get("HX-Refresh") != "true" {
		t.Errorf("the work has ended and the page stays: %v", res.Header)
	}
	p := progressText(t, progress{Phase: "正在读取", Done: 1500, Percent: 40, Left: "约还需 3 秒。"})
	wants(t, p, `hx-get="/imports/7/progress"`, `hx-trigger="every 1s"`, "已处理 1\u202f500 行", "约还需 3 秒", `value="40"`, `action="/imports/7/cancel"`, `href="/imports/7"`)
}

func progressText(t *testing.T, p progress) string {
	t.Helper()
	var b strings.Builder
	if err := progressBar(langOf(&http.Request{}), 7, p).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCancelledReadingLeavesNothing(t *testing.T) {
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	var rows strings.Builder
	rows.WriteString("企业名称,县区,2023年营业收入（万元）\n")
	for range 40_000 {
		rows.WriteString("盐城某机械有限公司,大丰区,100\n")
	}
	res, _ := v.send(toStatistics, sentFile{"大表.csv", rows.String()})
	path := res.Request.URL.Path
	v.post(path+"/cancel", nil)
	page := v.ended(path)
	id, err := pathID(withID(strings.TrimPrefix(path, "/imports/")))
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.srv.Intake.Batch(context.Background(), access.SystemScope(), id)
	if err != nil {
		t.Fatal(err)
	}
	if b.State == intake.Failed { // else the reading was quicker than the click
		wants(t, page, "已取消", "重新读取", "上传别的文件")
	}
}

func withID(id string) *http.Request {
	r := &http.Request{}
	r.SetPathValue("id", id)
	return r
}
