package web

import (
	"html"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

var (
	editInputs = regexp.MustCompile(`<input class="yz-in" id="[^"]*" name="(f:[^"]*)" value="([^"]*)"`)
	editPicks  = regexp.MustCompile(`(?s)<select class="yz-in" id="[^"]*" name="(f:[^"]*)".*?</select>`)
	editPicked = regexp.MustCompile(`<option value="([^"]*)" selected`)
	editAreas  = regexp.MustCompile(`(?s)<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>`)
)

// editFields is every field of the editor's forms with what stands in it, as a browser would send them.
func editFields(page string) url.Values {
	form := url.Values{}
	for _, m := range editInputs.FindAllStringSubmatch(page, -1) {
		form.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	for _, m := range editPicks.FindAllStringSubmatch(page, -1) {
		if picked := editPicked.FindStringSubmatch(m[0]); picked != nil {
			form.Set(html.UnescapeString(m[1]), html.UnescapeString(picked[1]))
		}
	}
	for _, m := range editAreas.FindAllStringSubmatch(page, -1) {
		form.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	for _, m := range revisionField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	return form
}

// The form changes the file in its place, and says beside the field what is wrong with it.
func TestEditByForm(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	draft, _, _ := c.drafts()
	path := versionPath(draft)
	_, page := v.get(path + "/edit")
	form := editFields(page)
	if len(form) < 200 || form.Get("f:document/id") != "yancheng-2022-6" {
		t.Fatalf("%d fields, document %q", len(form), form.Get("f:document/id"))
	}
	name := ""
	for field, value := range form {
		if strings.HasPrefix(field, "f:params/") && strings.HasSuffix(field, "/id") && value[0] == "investment_rate" {
			name = strings.TrimSuffix(field, "/id")
		}
	}
	if name == "" {
		t.Fatal("the form lacks the rate")
	}

	form.Set(name+"/values/2023", "eleven")
	form.Set("do", "check")
	_, body := v.post(path+"/edit", form)
	wants(t, body, "尚未保存", `aria-invalid="true"`, "eleven")
	id := "f-" + strings.ReplaceAll(strings.TrimPrefix(name, "f:"), "/", "-") + "-values-2023-error"
	_, said, _ := strings.Cut(body, `id="`+id+`"`)
	if said, _, _ = strings.Cut(said, "</p>"); !strings.Contains(said, "eleven") {
		t.Errorf("beside the field: %q", said)
	}

	_, answer := v.do(http.MethodPost, path+"/edit", form, http.Header{"Hx-Request": {"true"}})
	wants(t, answer, `id="`+id+`" hx-swap-oob="true"`, "eleven", "1 处错误")
	lacks(t, answer, "<html")

	form = editFields(page)
	form.Set(name+"/values/2023", "10%")
	form.Set("f:document/name/zh", "盐城: 试改 # 一")
	form.Set("key:"+strings.TrimPrefix(name, "f:")+"/values", "2025")
	form.Set("new:"+strings.TrimPrefix(name, "f:")+"/values", "12%")
	form.Set("do", "save")
	res, body := v.post(path+"/edit", form)
	if res.Request.URL.Path != path {
		t.Fatalf("it is not saved: %s", mainOf(body))
	}
	wants(t, body, "草稿已保存", "盐城: 试改 # 一", "11%", "10%", "2025", "新增")
	x, err := c.srv.Versions.Get(t.Context(), c.cityScope(), draft)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.srv.Versions.Package(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# What the document does not say.", "{2022: 12%, 2023: 10%, 2024: 10%, 2025: 12%}"} {
		if !strings.Contains(string(p.Policy), want) {
			t.Errorf("the file lacks %q", want)
		}
	}
	if res, _ := v.post(path+"/edit", form); res.StatusCode != http.StatusConflict {
		t.Errorf("an old form is saved: status %d", res.StatusCode)
	}
}

// Clauses, parameters, quotas and cases are added, filled in, moved and taken out in the form; the file keeps its comments
// and the text says the same at every step.
func TestArrangeByForm(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	draft, _, _ := c.drafts()
	path := versionPath(draft)
	_, page := v.get(path + "/edit")
	press := func(do string, typed ...string) {
		t.Helper()
		form := editFields(page)
		for i := 0; i < len(typed); i += 2 {
			form.Set(typed[i], typed[i+1])
		}
		form.Set("do", do)
		_, page = v.post(path+"/edit", form)
		wants(t, page, "尚未保存")
		form = editFields(page)
		if form.Get("policy") != form.Get("base-policy") || form.Get("cases") != form.Get("base-cases") {
			t.Fatal("the text is not what the form is of")
		}
	}
	text := func(name string) string { return editFields(page).Get(name) }
	clauses := strings.Count(text("policy"), "\n  - id: ")

	press("append:params", "f:document/name/zh", "试增一条")
	param := lastItem(page, "params")
	press("append:clauses", "f:"+param+"/id", "bonus", "f:"+param+"/type", "money", "f:"+param+"/value", "3万元", "f:"+param+"/cite", "五", "f:"+param+"/name/zh", "补贴", "f:"+param+"/name/en", "Bonus")
	clause := lastItem(page, "clauses")
	wants(t, page, `id="`+htmlID("i", clause)+`"`, "policy.yaml 第")
	press("add:"+clause+"/amount", "key:"+clause+"/amount", "fixed")
	press("add:"+clause, "key:"+clause, "ceilings", "f:"+clause+"/amount/fixed/value", "param.bonus", "f:"+clause+"/event", "yearly", "f:"+clause+"/entity", "enterprise", "f:"+clause+"/cite", "五")
	press("append:cases.yaml/cases")
	if got := text("policy"); strings.Count(got, "\n  - id: ") <= clauses || !strings.Contains(got, "name: {zh: 试增一条,") || !strings.Contains(got, "# What the document does not say.") ||
		!strings.Contains(got, "    amount: {fixed: {value: param.bonus}}\n    cite: 五\n    ceilings:\n      - id: ceiling_1\n") {
		t.Errorf("the file is not as it was filled in:\n%s", got[strings.LastIndex(got, "clause_"):])
	}
	wants(t, text("cases"), "nothing is known", `  - name: ""`)

	before := text("policy")
	press("up:" + clause)
	if moved := text("policy"); moved == before || strings.Index(moved, "- id: clause_") > strings.LastIndex(moved, "\n  - id: ") {
		t.Error("the clause did not move up")
	}
	wants(t, page, "撤回上一步")
	press("undo")
	if text("policy") != before {
		t.Error("the step is not taken back")
	}
	press("remove:" + clause)
	lacks(t, text("policy"), "- id: clause_")
	press("remove:cases.yaml/cases/1")
	lacks(t, text("cases"), `name: ""`)
	press("add:", "key:", "uplifts")
	wants(t, text("policy"), "uplifts:\n  - id: uplift_1\n")
	press("remove:uplifts/0")
	lacks(t, text("policy"), "uplifts:")

	for _, nothing := range []string{"remove:document", "up:clauses/0", "append:document", "down:clauses/99", "move:clauses/1", "remove:"} {
		was := text("policy")
		press(nothing)
		if text("policy") != was {
			t.Errorf("%s changed the file", nothing)
		}
	}
	form := editFields(page)
	form.Set("do", "save")
	res, body := v.post(path+"/edit", form)
	if res.Request.URL.Path != path {
		t.Fatalf("it is not saved: %s", mainOf(body))
	}
	wants(t, body, "草稿已保存", "试增一条")
}

// lastItem is the path of the last element of a list that a page shows.
func lastItem(page, list string) string {
	n := strings.Count(page, `value="remove:`+list+`/`) // also of what lies below
	for ; n >= 0; n-- {
		if at := list + "/" + strconv.Itoa(n); strings.Contains(page, `value="remove:`+at+`"`) {
			return at
		}
	}
	return ""
}

// A field for several values takes them as people write them, and gives them back.
func TestListed(t *testing.T) {
	for in, want := range map[string][]string{
		"":                    {},
		"a":                   {"a"},
		"a, b、c；d;e，f\ng":     {"a", "b", "c", "d", "e", "f", "g"},
		"5,000,000元, 12%,1/3": {"5,000,000元", "12%", "1/3"},
		"1,2, 3":              {"1", "2", "3"},
		" , ,, ":              {},
	} {
		if got := listed(in); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// A new document begins blank, for the area of who begins it, and says at each field what is wanted.
func TestBlankVersion(t *testing.T) {
	c := newCity(t)
	v := c.as("tinghu")
	res, body := v.post("/versions/blank", url.Values{"id": {"tinghu-2025-1"}, "number": {" "}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a number: status %d", res.StatusCode)
	}
	wants(t, body, "请填写文件代号和文号", `value="tinghu-2025-1"`)
	res, body = v.post("/versions/blank", url.Values{"id": {"tinghu-2025-1"}, "number": {"亭政办发〔2025〕1号"}})
	if path := res.Request.URL.Path; !strings.HasPrefix(path, "/versions/") || !strings.HasSuffix(path, "/edit") {
		t.Fatalf("it led to %s: %s", path, mainOf(body))
	}
	wants(t, body, `value="亭政办发〔2025〕1号"`, `value="320902"`, "不能空着（policy.yaml 第 4 行）", "cases.yaml")
	form := editFields(body)
	for _, list := range []string{"params", "clauses", "inventory", "cases.yaml/cases"} {
		form.Set("do", "append:"+list)
		_, body = v.post(res.Request.URL.Path, form)
		form = editFields(body)
	}
	wants(t, form.Get("policy"), "params:\n  - id: param_1\n", "clauses:\n  - id: clause_1\n", "inventory:\n  - {cite: \"\", numbers: []}\n")
	form.Set("do", "save")
	_, body = v.post(res.Request.URL.Path, form)
	wants(t, body, "草稿已保存")
}

// A package without cases gets its first one in the form, and stays as it is where none is written.
func TestFirstCaseByForm(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	p := cheaper(t)
	p.Cases = nil
	res, _ := v.sendPackage(p, "a.zip")
	path := res.Request.URL.Path
	_, page := v.get(path + "/edit")
	form := editFields(page)
	form.Set("do", "check")
	_, page = v.post(path+"/edit", form)
	if got := editFields(page).Get("cases"); got != "" {
		t.Errorf("cases.yaml came to be: %q", got)
	}
	form = editFields(page)
	form.Set("do", "append:cases.yaml/cases")
	_, page = v.post(path+"/edit", form)
	wants(t, editFields(page).Get("cases"), "cases:\n  - name: \"\"\n    as_of: \"\"\n    enterprise: {id: case_1}\n    expect: {total: \"\"}\n")
	wants(t, page, "cases.yaml 第 3 行")
}

// The text is checked by the same rules, with the line of each mistake, and is not lost.
func TestEditAsText(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	draft, _, _ := c.drafts()
	path := versionPath(draft)
	_, page := v.get(path + "/edit")
	form := editFields(page)
	good := form.Get("policy")
	form.Set("policy", strings.Replace(good, "status: live", "status: [perhaps", 1))
	form.Set("do", "check")
	_, body := v.post(path+"/text", form)
	wants(t, body, "policy.yaml:", "status: [perhaps", "尚未保存")
	form.Set("policy", good+"\n# 一行注释\n")
	form.Set("do", "save")
	_, body = v.post(path+"/text", form)
	wants(t, body, "草稿已保存")
}

// A file takes the place of the draft's, unless it is none or somebody was quicker.
func TestEditByFile(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	draft, _, _ := c.drafts()
	path := versionPath(draft)
	res, body := v.sendPackageTo(path+"/file", yancheng(t, "zh: 盐城市智改数转支持政策（2022—2024）", "zh: 文件来的"), "a.zip", "1")
	if res.Request.URL.Path != path {
		t.Fatalf("it is not taken: %s", mainOf(body))
	}
	wants(t, body, "草稿已保存", "文件来的")
	res, body = v.sendPackageTo(path+"/file", cheaper(t), "a.zip", "1")
	if res.StatusCode != http.StatusConflict {
		t.Errorf("over a newer draft: status %d", res.StatusCode)
	}
	wants(t, body, "已被他人改动")
	res, body = v.sendPackageTo(path+"/file", version.Package{Policy: []byte("a\x00b")}, "a.yaml", "2")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no text: status %d", res.StatusCode)
	}
	wants(t, body, "不是 UTF-8 文本")
}

// Every key that a policy file may have is called something in both languages.
func TestFieldsHaveWords(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(typ.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		if _, scalar := content.ScalarKind(typ); scalar || seen[typ] || typ == reflect.TypeFor[i18n.Text]() {
			return
		}
		seen[typ] = true
		for _, f := range content.Fields(typ) {
			for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
				if fieldWord(i18n.T{Lang: lang}, f.Key) == f.Key {
					t.Errorf("%s of %s has no word (%s)", f.Key, typ.Name(), lang)
				}
			}
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[policy.File]())
	walk(reflect.TypeFor[policy.CaseFile]())
}
