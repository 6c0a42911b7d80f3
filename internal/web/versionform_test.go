package web

import (
	"html"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

var (
	editInputs = regexp.MustCompile(`<input class="yz-in" id="[^"]*" name="(f:[^"]*)" value="([^"]*)"`)
	editAreas  = regexp.MustCompile(`(?s)<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>`)
)

// editFields is every field of the editor's forms with what stands in it, as a browser would send them.
func editFields(page string) url.Values {
	form := url.Values{}
	for _, m := range editInputs.FindAllStringSubmatch(page, -1) {
		form.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
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
	for _, want := range []string{"# What the document does not say.", "{2025: 12%, 2022: 12%, 2023: 10%, 2024: 10%}"} {
		if !strings.Contains(string(p.Policy), want) {
			t.Errorf("the file lacks %q", want)
		}
	}
	if res, _ := v.post(path+"/edit", form); res.StatusCode != http.StatusConflict {
		t.Errorf("an old form is saved: status %d", res.StatusCode)
	}
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
}
