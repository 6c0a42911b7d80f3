package web

import (
	"bytes"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

var (
	askInputs  = regexp.MustCompile(`<input class="yz-in[^"]*" (?:id="[^"]*" )?name="(a\.[^"]*)"[^>]* value="([^"]*)"`)
	askDates   = regexp.MustCompile(`<input class="yz-in[^"]*" (?:id="[^"]*" )?name="(a\.[^"]*)" type="date" value="([^"]*)"`)
	askAreas   = regexp.MustCompile(`(?s)<textarea class="yz-in" id="[^"]*" name="(a\.[^"]*)"[^>]*>(.*?)</textarea>`)
	askRadios  = regexp.MustCompile(`<input type="radio" name="(a\.[^"]*)" value="([^"]*)" checked`)
	askSelects = regexp.MustCompile(`(?s)<select class="yz-in" (?:id="[^"]*" )?name="(a\.[^"]*)".*?</select>`)
	askHidden  = regexp.MustCompile(`<input type="hidden"(?: id="[^"]*")? name="(carry|page|revision|newer|for|was\.[^"]*)" value="([^"]*)"`)
)

// asked is every field of a form with what stands in it, as a browser would send them.
func asked(page string) url.Values {
	in := url.Values{}
	for _, re := range []*regexp.Regexp{askInputs, askDates, askAreas, askRadios, askHidden} {
		for _, m := range re.FindAllStringSubmatch(page, -1) {
			in.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
		}
	}
	for _, m := range askSelects.FindAllStringSubmatch(page, -1) {
		in.Set(m[1], "")
		if picked := editPicked.FindStringSubmatch(m[0]); picked != nil {
			in.Set(m[1], html.UnescapeString(picked[1]))
		}
	}
	return in
}

// errorBeside is what stands beside a field as wrong.
func errorBeside(page, path string) string {
	_, rest, _ := strings.Cut(page, `id="`+inputID(path)+`-error"`)
	_, rest, _ = strings.Cut(rest, ">")
	text, _, _ := strings.Cut(rest, "</p>")
	return html.UnescapeString(text)
}

const filingPath = "/forms/project_filing"

// The way of a form without a script: what is known is filled in with its source, what is typed is kept, questions come with
// the answers before them, mistakes stand beside their fields, and rows come from a sheet.
func TestFormWithoutScript(t *testing.T) {
	c := newCity(t)
	v := c.as("firm")
	_, page := v.get("/forms")
	wants(t, page, "智改数转项目备案", "有效投入补助申报", filingPath)

	_, page = v.get(filingPath)
	wants(t, page, "来源：", "这个数不对", "firms.csv", "没有提交给任何部门", "盐城亭湖甲机械有限公司")
	in := asked(page)
	if in.Get("a.contact") == "" && in.Get("a.phone") == "" && !strings.Contains(page, "上年营业收入") {
		t.Error("nothing is filled in")
	}
	in.Set("a.name", "甲")
	in.Set("a.plan_total", "约500万")
	in.Set("a.loan", "true")
	in.Set("do", "save")
	res, page := v.post(filingPath, in)
	if res.Request.URL.Query().Get("done") != "saved" {
		t.Fatalf("it is not kept: %s %s", res.Request.URL, mainOf(page))
	}
	wants(t, page, "已保存", "草稿保存于", `value="约500万"`)
	if got := errorBeside(page, "plan_total"); !strings.Contains(got, "确定的数") {
		t.Errorf("beside the amount: %q", got)
	}
	if got := errorBeside(page, "name"); !strings.Contains(got, "至少 4") {
		t.Errorf("beside the name: %q", got)
	}
	if got := errorBeside(page, "content"); got != "" {
		t.Errorf("what is missing is told before it is asked for: %q", got)
	}
	if !regexp.MustCompile(`id="q-loans" data-field="loans">`).MatchString(page) || !regexp.MustCompile(`id="q-leases" data-field="leases" hidden>`).MatchString(page) {
		t.Error("the loans are not asked, or the leases are")
	}

	in = asked(page)
	in.Set("do", "check")
	_, page = v.post(filingPath, in)
	wants(t, page, "处要改或要填", `href="#q-content"`)
	if got := errorBeside(page, "content"); !strings.Contains(got, "还没有填") {
		t.Errorf("a check does not tell what is missing: %q", got)
	}
	lacks(t, page, "可行性研究报告或实施方案：至少") // files are handed over with the case

	in = asked(page)
	in.Set("do", "more:loans")
	_, page = v.post(filingPath, in)
	if n := strings.Count(page, `name="a.loans.`); n != 3*5 {
		t.Errorf("%d cells of loans, want 15", n)
	}
	in = asked(page)
	in.Set("a.loans.0.bank", "工商银行大丰支行")
	in.Set("a.loans.0.amount", "很多")
	in.Set("a.loans.2.bank", "农业银行亭湖支行")
	in.Set("a.loans.2.amount", "30")
	in.Set("do", "save")
	_, page = v.post(filingPath, in)
	wants(t, page, `name="a.loans.1.bank" value="农业银行亭湖支行"`, "贷款第 1 行“贷款金额”")
	in = asked(page)
	in.Set("do", "remove:loans:0")
	_, page = v.post(filingPath, in)
	wants(t, page, `name="a.loans.0.bank" value="农业银行亭湖支行"`, "共 1 行 · 贷款金额 30 万元")

	in = asked(page)
	in.Set("paste.loans", "贷款银行\t贷款金额（元）\n建设银行\t1200000\n")
	in.Set("add.loans", "1")
	in.Set("do", "lines:loans")
	_, page = v.post(filingPath, in)
	wants(t, page, "已经导入", `name="a.loans.1.bank" value="建设银行"`, `name="a.loans.1.amount" value="120"`)
	in = asked(page)
	in.Set("paste.loans", "贷款银行\t贷款金额\n建设银行\t约12\n")
	in.Set("do", "lines:loans")
	res, page = v.post(filingPath, in)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a sheet with a mistake: status %d", res.StatusCode)
	}
	wants(t, page, "一行也没有导入", "<strong>B2</strong>", `value="农业银行亭湖支行"`)
	in = asked(page)
	in.Set("do", "lines:loans")
	if _, page = v.post(filingPath, in); !strings.Contains(page, "请选择文件") {
		t.Error("no sheet at all is not told")
	}

	// Another account sees none of it; the draft goes when it is thrown away.
	_, other := c.as("handler").get(filingPath)
	lacks(t, other, "农业银行亭湖支行")
	_, page = v.post(filingPath+"/drop", url.Values{})
	wants(t, page, "草稿已删除")
	lacks(t, page, "农业银行亭湖支行")
}

func TestSheetIsTakenAsAFile(t *testing.T) {
	c := newCity(t)
	v := c.as("firm")
	const path = "/forms/subsidy_investment"
	res, body := v.get(path + "/lines/invoices")
	if !strings.Contains(res.Header.Get("Content-Type"), "spreadsheetml") {
		t.Fatal(res.Header)
	}
	book, err := excelize.OpenReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	head, err := book.GetRows(book.GetSheetList()[0])
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, h := range head[0] {
		at[h] = i
	}
	const rows = 300
	for i := range rows {
		for h, value := range map[string]any{"发票号码": fmt.Sprintf("%08d", i+1), "开票日期": "2024-03-05", "销售方": "江苏某设备有限公司", "不含税金额（元）": 1000.5, "税额（元）": 130} {
			col, ok := at[h]
			if !ok {
				t.Fatalf("the template has no %s: %v", h, head[0])
			}
			cell, err := excelize.CoordinatesToCellName(col+1, i+2)
			if err != nil {
				t.Fatal(err)
			}
			if err := book.SetCellValue(book.GetSheetList()[0], cell, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, page := v.get(path)
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	in := asked(page)
	in.Set("a.investment", "900")
	in.Set("do", "lines:invoices")
	for name, values := range in {
		if err := w.WriteField(name, values[0]); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("sheet.invoices", "发票.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	if err := book.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, page = v.sendTo(path, w.FormDataContentType(), &out)
	wants(t, page, "已经导入", `name="a.invoices.299.number" value="00000300"`, "共 300 行 · 不含税金额 300,150 元 · 税额 39,000 元", `name="a.investment" value="900"`)

	in = asked(page)
	if n := len(in); n < rows*5 {
		t.Fatalf("%d fields", n)
	}
	in.Set("do", "save")
	if res, page := v.post(path, in); res.StatusCode != http.StatusOK || !strings.Contains(page, "已保存") {
		t.Errorf("a form of hundreds of rows is not kept: status %d", res.StatusCode)
	}
}

// Two tabs: the older one is told, loses nothing, and may put what it has in the place of the newer.
func TestTwoTabs(t *testing.T) {
	c := newCity(t)
	v := c.as("firm")
	_, page := v.get(filingPath)
	one, two := asked(page), asked(page)
	_, page = v.get(filingPath)
	two.Set("page", asked(page).Get("page"))
	one.Set("a.name", "第一个标签页的名称")
	one.Set("do", "save")
	v.post(filingPath, one)

	two.Set("a.name", "第二个标签页的名称")
	two.Set("do", "save")
	res, page := v.post(filingPath, two)
	if res.StatusCode != http.StatusConflict {
		t.Errorf("the older tab: status %d", res.StatusCode)
	}
	wants(t, page, "比这里新", `value="第二个标签页的名称"`, "用这里的覆盖")
	_, kept := v.get(filingPath)
	wants(t, kept, `value="第一个标签页的名称"`)

	_, answer := v.do(http.MethodPost, filingPath+"/draft", two, http.Header{"Hx-Request": {"true"}})
	wants(t, answer, "比这里新", `name="newer"`)
	lacks(t, answer, `name="revision"`)

	again := asked(page)
	again.Set("do", "overwrite")
	_, page = v.post(filingPath, again)
	wants(t, page, "已保存", `value="第二个标签页的名称"`)
}

// What a script sends while somebody types is kept, and answered with the questions that are asked now.
func TestDraftByScript(t *testing.T) {
	c := newCity(t)
	v := c.as("firm")
	_, page := v.get(filingPath)
	in := asked(page)
	in.Set("a.plan_total", "x")
	in.Set("a.lease", "true")
	script := http.Header{"Hx-Request": {"true"}, "Hx-Target": {"form-state"}}
	for range 3 { // the page does not stand in its own way, although it has not learnt the new revision
		_, answer := v.do(http.MethodPost, filingPath+"/draft", in, script)
		wants(t, answer, "草稿保存于", " leases ", `id="f-plan_total-error" hx-swap-oob="true"`, "不是数", `id="form-revision"`)
		lacks(t, answer, "<html", " loans ")
	}

	// The session ends: the script is told and stays on the page.
	out := c.visitor()
	res, answer := out.do(http.MethodPost, filingPath+"/draft", in, script)
	if res.Header.Get("HX-Redirect") != "" {
		t.Error("the page is left although what was typed is not kept")
	}
	wants(t, answer, `data-ended="1"`, "不会丢", `target="_blank"`)
	lacks(t, answer, `name="revision"`)
}

// A form that is sent after its session has ended is carried over the new sign-in, a wrong password in between included.
func TestNothingTypedIsLostWithTheSession(t *testing.T) {
	c := newCity(t)
	_, page := c.as("firm").get(filingPath)
	in := asked(page)
	in.Set("a.name", "登录过期前填的名称")
	in.Set("do", "save")
	v := c.visitor()
	res, page := v.post(filingPath, in)
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("status %d", res.StatusCode)
	}
	wants(t, page, "登录已过期", "不用重填", `name="carry:a.name" value="登录过期前填的名称"`)
	carried := func(page string) url.Values {
		in := url.Values{}
		for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			in.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
		}
		return in
	}
	sign := carried(page)
	sign.Set("login", "firm")
	sign.Set("password", "wrong")
	_, page = v.post("/sign-in", sign)
	wants(t, page, `name="carry:a.name"`)
	sign = carried(page)
	sign.Set("login", "firm")
	sign.Set("password", password)
	_, page = v.post("/sign-in", sign)
	wants(t, page, "提交刚才填的内容", `action="`+filingPath+`"`)
	_, page = v.post(filingPath, carried(page))
	wants(t, page, "已保存", `value="登录过期前填的名称"`)
}

// Whoever is no enterprise reads what a form asks, and finds no button.
func TestFormsAreOpenToRead(t *testing.T) {
	c := newCity(t)
	for _, login := range []string{"", "city", "viewer"} {
		v := c.visitor()
		if login != "" {
			v = c.as(login)
		}
		for _, f := range c.srv.Forms.Set().Forms() {
			_, page := v.get(formPath(f.Code))
			wants(t, page, "这里只供查看", html.EscapeString(f.Title.ZH))
			lacks(t, page, `value="save"`, "hx-post")
		}
	}
	res, body := c.visitor().get("/forms/objection/schema")
	if res.Header.Get("Content-Type") != "application/schema+json" || !strings.Contains(body, "2020-12") {
		t.Errorf("schema: %v", res.Header)
	}
	for _, path := range []string{"/forms/none", "/forms/none/schema", "/forms/objection/lines/reason", "/forms/project_filing?about=99999"} {
		if res, _ := c.as("firm").get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", path, res.StatusCode)
		}
	}
}

// Files stand beside the field that they prove: which, how many, and what was handed over.
func TestFilesOfAForm(t *testing.T) {
	c := newCity(t)
	f, err := c.srv.Forms.Set().Form("objection")
	if err != nil {
		t.Fatal(err)
	}
	d := formView{formHost: formHost{
		Form: f, Path: "/x", Place: "x", Send: "提交", Evidence: "/x/files/",
		Handed: map[string][]handedFile{"reason": {{File: form.File{Name: "证据.pdf", Size: 3 << 20, Type: form.PDF}, Href: "/x/files/1", Drop: "/x/files/1/drop"}}},
	}}
	d.settle()
	var b bytes.Buffer
	if err := formBlock(i18n.T{Lang: i18n.ZH}, d).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	wants(t, b.String(), `href="/x/files/1"`, "证据.pdf", "3 MB", `formaction="/x/files/reason"`, `accept=".pdf,.jpg`, `formaction="/x/files/1/drop"`, `value="send"`)
}

func TestFormInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	tab := signedIn(t, browser, c.site, "firm", 1440)
	tab.Open(filingPath)
	tab.Type("#f-plan_total", "much")
	tab.Wait(`document.getElementById('f-plan_total-error').textContent.indexOf('万元') >= 0`)
	tab.Wait(`document.getElementById('form-state').textContent.indexOf('保存于') >= 0`)
	if got := tab.Text(`String(document.getElementById('q-loans').hidden)`); got != "true" {
		t.Errorf("the loans are hidden: %s", got)
	}
	press := func(selector string) { tab.Text(fmt.Sprintf(`(document.querySelector(%q).click(), '')`, selector)) }
	press(`input[name="a.loan"][value="true"]`)
	tab.Wait(`!document.getElementById('q-loans').hidden`)
	press(`input[name="a.loan"][value="false"]`)
	tab.Wait(`document.getElementById('q-loans').hidden`)
	tab.Type("#f-name", "数控产线改造")
	tab.Click(`button[value="save"]`)
	tab.Wait(`location.search.indexOf('done=saved') >= 0`)
	if got := tab.Text(`document.getElementById('f-name').value`); got != "数控产线改造" {
		t.Errorf("kept: %s", got)
	}

	// Whoever leaves in the middle of a word loses none of it.
	tab.Text(`(function () {
		var i = document.getElementById('f-code');
		i.value = '2401-320902';
		i.dispatchEvent(new Event('input', {bubbles: true}));
		return '';
	})()`)
	tab.Open("/mine")
	tab.Open(filingPath)
	tab.Wait(`document.getElementById('f-code').value === '2401-320902'`)

	// The session ends while somebody types: the page says so and keeps what stands on it.
	tab.Text(`(window.out = false, fetch('/sign-out', {method: 'POST'}).then(function () { window.out = true }), '')`)
	tab.Wait(`window.out`)
	tab.Type("#f-place", "亭湖区新洋经济区")
	tab.Wait(`document.getElementById('form-state').hasAttribute('data-ended')`)
	if got := tab.Text(`location.pathname + document.getElementById('f-place').value`); got != filingPath+"亭湖区新洋经济区" {
		t.Errorf("what was typed is gone: %s", got)
	}
	tab.Text(fmt.Sprintf(`(window.back = false, fetch('/sign-in', {method: 'POST', body: new URLSearchParams({login: 'firm', password: %q})}).then(function () { window.back = true }), '')`, password))
	tab.Wait(`window.back`)
	tab.Text(`(document.dispatchEvent(new Event('visibilitychange')), '')`)
	tab.Wait(`document.getElementById('form-state').textContent.indexOf('保存于') >= 0`)
	tab.Open(filingPath)
	if got := tab.Text(`document.getElementById('f-place').value`); got != "亭湖区新洋经济区" {
		t.Errorf("what was typed while nobody was signed in: %s", got)
	}
	tab.Quiet()
}
