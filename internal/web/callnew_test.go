package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/subsidy"
	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

var (
	hiddenInput   = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
	materialNames = regexp.MustCompile(`name="(material-\d+)-zh" value="([^"]+)"`)
)

// typedCall is a form as it stands on a page, with what somebody types into it.
func typedCall(body string, change url.Values) url.Values {
	all := url.Values{}
	for _, m := range hiddenInput.FindAllStringSubmatch(body, -1) {
		all.Set(m[1], m[2])
	}
	for _, m := range materialNames.FindAllStringSubmatch(body, -1) {
		all.Set(m[1]+"-zh", m[2])
		if strings.Contains(body, `name="`+m[1]+`-required" value="1" checked`) {
			all.Set(m[1]+"-required", "1")
		}
	}
	for k, v := range change {
		all[k] = v
	}
	return all
}

// An official drafts a call on its page, without script: what it would come to is told before, what is wrong beside its field with
// the words kept, one press twice makes one call, and another changes the draft and a third publishes it.
func TestCallIsDraftedOnPages(t *testing.T) {
	c := newCity(t)
	c.openCall()
	line := fmt.Sprint(c.lineOfCall())
	for login, want := range map[string]int{"": http.StatusOK, "firm": http.StatusForbidden, "auditor": http.StatusForbidden, "city": http.StatusOK} {
		who := c.visitor()
		if login != "" {
			who = c.as(login)
		}
		res, body := who.get("/calls/new")
		if res.StatusCode != want || login == "" && !strings.HasPrefix(res.Request.URL.Path, "/sign-in") {
			t.Errorf("%q: %d at %s\n%s", login, res.StatusCode, res.Request.URL, mainOf(body))
		}
	}
	_, body := c.as("firm").get("/calls")
	lacks(t, body, "/calls/new")
	city := c.as("city")
	_, body = city.get("/calls")
	wants(t, body, "/calls/new")
	_, body = city.get("/calls/new?policy=yancheng-2022-6")
	wants(t, body, "盐政办发〔2022〕6号：2024年度申报通知", "测试专项", "可用", `value="2024-10-31"`, `value="2024-11-30"`)

	draft := typedCall(body, url.Values{"clause": {"c9"}, "area": {"320900"}, "title": {"  "}, "opens": {"2024-11-01"}, "closes": {"十一月"}, "line": {line}, "reserve": {"许多"}, "quota": {"-3"}, "text": {"请在截止前提交。"}, "do": {"keep"}})
	res, body := city.post("/calls/new", draft)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("what will not do: %d", res.StatusCode)
	}
	wants(t, body, "有 4 处需要修改", `href="#call-title"`, `href="#call-closes"`, `href="#call-reserve"`, `href="#call-quota"`, `id="call-reserve-error"`, `value="十一月"`, `value="许多"`, "请在截止前提交。", "投入专项审计报告")
	if list, err := c.money.Calls(t.Context(), c.srv.Frames.ScopeOf(c.account("city")), subsidy.CallDraft); err != nil || len(list) != 0 {
		t.Fatalf("a call that will not do was kept: %v %v", list, err)
	}

	draft = typedCall(body, url.Values{"clause": {"c9"}, "area": {"320900"}, "title": {"二批申报"}, "opens": {"2024-11-01"}, "closes": {"2024-12-02"}, "line": {line}, "reserve": {"200000万元"}, "quota": {"30"}, "text": {"请在截止前提交。"}, "do": {"look"}})
	res, body = city.post("/calls/new", draft)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("look: %d\n%s", res.StatusCode, mainOf(body))
	}
	wants(t, body, "会通知谁", "发布后会通知", "预留 20 亿元 超过科目可用的", "2024年11月1日（周五）起，到2024年12月2日（周一）止，共 32 天")
	draft = typedCall(body, draft)
	draft.Set("do", "keep")
	draft.Set("reserve", "50万元")
	draft.Set("material-0-off", "1") // without a reason
	res, body = city.post("/calls/new", draft)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("material left out without a reason: %d", res.StatusCode)
	}
	wants(t, body, `href="#material-0"`, "请写明理由")
	draft.Set("material-0-reason", "上一批已审计")
	draft.Set("material-2-zh", "项目照片")
	res, body = city.post("/calls/new", draft)
	page := res.Request.URL.Path
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(page, "/calls/") {
		t.Fatalf("keep: %d at %s\n%s", res.StatusCode, page, mainOf(body))
	}
	wants(t, body, "草稿已保存", "这是草稿，企业还看不到", "二批申报", "限 30 件", "项目照片", "上一批已审计", page+"/edit")
	if again, _ := city.post("/calls/new", draft); again.Request.URL.Path != page {
		t.Errorf("the same press again led to %s, not %s", again.Request.URL.Path, page)
	}
	if list, err := c.money.Calls(t.Context(), c.srv.Frames.ScopeOf(c.account("city")), subsidy.CallDraft); err != nil || len(list) != 1 {
		t.Fatalf("one press twice: %v %v", list, err)
	}
	if res, _ := c.as("firm").get(page); res.StatusCode != http.StatusNotFound {
		t.Errorf("an enterprise sees a draft: %d", res.StatusCode)
	}
	if res, _ := c.as("tinghu").get(page + "/edit"); res.StatusCode != http.StatusForbidden && res.StatusCode != http.StatusNotFound {
		t.Errorf("a county changes the city's draft: %d", res.StatusCode)
	}

	second := c.as("second")
	_, body = second.get(page + "/edit")
	wants(t, body, `value="二批申报"`, "上一批已审计", `value="500000.00"`, "项目照片")
	change := typedCall(body, url.Values{"clause": {"c9"}, "title": {"第二批申报"}, "opens": {"2024-11-01"}, "closes": {"2024-12-09"}, "line": {line}, "quota": {"30"}, "do": {"keep"}})
	res, body = second.post(page+"/edit", change)
	if res.StatusCode != http.StatusOK || res.Request.URL.Path != page {
		t.Fatalf("change: %d at %s\n%s", res.StatusCode, res.Request.URL, mainOf(body))
	}
	wants(t, body, "第二批申报", "2024-12-09")
	id := strings.TrimPrefix(page, "/calls/")
	_, body = second.get("/cases/" + id)
	wants(t, body, "第二批申报", page+"/edit", "修改草稿")
	for _, login := range []string{"city", "second"} { // drafted it, changed it
		if res, _ := c.as(login).post("/cases/"+id+"/act", url.Values{"action": {"publish"}, "task": {"0"}}); res.StatusCode == http.StatusOK {
			t.Errorf("%s publishes what it wrote itself", login)
		}
	}
	for lang, want := range map[string]string{"zh": "2024年度有效投入补助申报", "en": "is now published"} { // what is public is not written anew
		city.post("/language", url.Values{"lang": {lang}})
		public := fmt.Sprintf("/calls/%d/edit", c.call)
		res, body := city.post(public, change)
		if res.StatusCode != http.StatusConflict {
			t.Errorf("a published call is changed: %d at %s", res.StatusCode, res.Request.URL)
		}
		wants(t, body, want)
	}
	if res, body := second.post("/cases/"+id+"/act", url.Values{"action": {"revise"}, "task": {"0"}}); res.StatusCode != http.StatusOK {
		t.Errorf("what was entered is written once more: %d\n%s", res.StatusCode, mainOf(body))
	}
}

// The form of a call in the browser, at a desk and on a telephone: new, with what is wrong, with whom it reaches, and the draft.
func TestCallIsDraftedInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	c.openCall()
	for _, width := range []int64{1440, 390} {
		tab := signedIn(t, browser, c.site, "city", width)
		for _, lang := range []string{"zh", "en"} {
			tab := tab.For(t)
			look := func(name string) {
				if tab.Text(`document.documentElement.lang.slice(0, 2)`) != lang {
					t.Errorf("%s is in another language", name)
				}
				tab.Fits()
				tab.Accessible()
				tab.Picture(fmt.Sprintf("call-%s-%d-%s", name, width, lang))
			}
			tab.Open("/calls/new")
			if tab.Text(`document.documentElement.lang.slice(0, 2)`) != lang {
				tab.Click(`header form[action="/language"] button`)
			}
			look("policy")
			tab.Open("/calls/new?policy=yancheng-2022-6")
			tab.Click(`button[value="keep"]`)
			look("wrong")
			tab.Forget() // the browser notes the status
			tab.Text(`(document.querySelector('#call-clause-c9').click(), '')`)
			tab.Text(`(document.querySelector('#call-line').selectedIndex = 1, '')`)
			tab.Click(`button[value="look"]`)
			look("reach")
			tab.Click(`button[value="keep"]`)
			look("draft")
			tab.Click(`a[href$="/edit"]`)
			look("edit")
			tab.Quiet()
		}
	}
}
