package web

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

const labPath = "/policies/yancheng-2022-6/lab"

// The page tells what the laboratory works out, to the fen.
func TestLabTellsTheOutcome(t *testing.T) {
	c := newCity(t)
	for name, tc := range map[string]struct {
		query    string
		scenario lab.Scenario
	}{
		"law":       {"", lab.Scenario{}},
		"threshold": {"?p:min_input=400", lab.Scenario{Changes: []policy.Patch{{Param: "min_input", Value: "400万元"}}}},
		"year":      {"?p:investment_rate:2023=9", lab.Scenario{Changes: []policy.Patch{{Param: "investment_rate", Key: "2023", Value: "9%"}}}},
		"ended":     {"?end=c9", lab.Scenario{Ended: []string{"c9"}}},
		"budget":    {"?budget=50", lab.Scenario{Budget: 50_0000_00}},
		"answer":    {"?set:investment_base=effective", lab.Scenario{Settings: map[string]string{"investment_base": "effective"}}},
		"areas":     {"?only=320904&p:min_input=400", lab.Scenario{Only: []string{"320904"}, Changes: []policy.Patch{{Param: "min_input", Value: "400万元"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.scenario.Policy, tc.scenario.Area = "yancheng-2022-6", "320900"
			scope := c.srv.Frames.ScopeOf(c.account("city"))
			view, err := c.srv.Frames.For(context.Background(), scope, 0)
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.srv.Lab.Run(context.Background(), view, tc.scenario, c.srv.Clock.Today())
			if err != nil {
				t.Fatal(err)
			}
			res, body := c.as("city").get(labPath + tc.query)
			if res.StatusCode != http.StatusOK {
				t.Fatalf("status %d: %s", res.StatusCode, mainOf(body))
			}
			_, total, _ := strings.Cut(body, `<dl id="lab-total"`)
			total, _, _ = strings.Cut(total, "</dl>")
			wants(t, total, fmt.Sprintf(`data-scenario="%s"`, out.Scenario.Hash()[:12]))
			for _, amount := range []policy.Interval{ofOutcome(out.Before.Sum), ofOutcome(out.After.Sum)} {
				wants(t, total, fmt.Sprintf(`value="%s"`, amount.Sure))
			}
			for _, b := range []lab.Breakdown{out.ByClause(), out.ByYear(), out.ByArea(), out.BySize()} {
				for _, r := range b.Rows {
					if r.After.Pays.Sure != 0 {
						wants(t, body, fmt.Sprintf(`data-value="%s"`, r.After.Pays.Sure.In(10_000_00)))
					}
				}
			}
			_, drawn, _ := strings.Cut(body, `<div class="yz-map">`)
			drawn, _, _ = strings.Cut(drawn, "</svg>")
			for _, r := range out.ByArea().Rows { // the map says what the table says
				if r.Code == "320902" || r.Code == "320904" {
					wants(t, drawn, "<title>"+strings.TrimSuffix(r.Name.ZH, "区")+" "+roundly(i18n.T{Lang: i18n.ZH}, r.After.Pays.Sure)+"</title>")
				}
			}
			for _, f := range append(out.Winners(0, 10), out.Losers(0, 10)...) {
				wants(t, body, f.Name, signed(f.Differs()))
			}
		})
	}
}

// An address has one form: what stands as in force is left out, digits alone have their unit, and a reset takes a change away.
func TestLabAddress(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	for typed, want := range map[string]string{
		"?p:min_input=４００&p:loan_ceiling=200万元&set:lease=investment&area=320900": "?p:min_input=400万元",
		"?p:min_input=0.04亿元&reset=p:min_input&end=c7":                           "?end=c7",
		"?budget=1.2亿元":    "?budget=12000万元",
		"?p:min_input=500": "",
	} {
		res, _ := v.get(labPath + typed)
		if got, _ := url.QueryUnescape(res.Request.URL.RawQuery); got != strings.TrimPrefix(want, "?") {
			t.Errorf("%s became %s, want %s", typed, got, want)
		}
	}
}

// What is wrong is said at the field, what was typed stays, and the rest is worked out.
func TestLabMistakes(t *testing.T) {
	v := newCity(t).as("city")
	res, body := v.get(labPath + "?p:min_input=viel&budget=minus&as_of=gestern&p:loan_ceiling=100")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d", res.StatusCode)
	}
	wants(t, body, `value="viel"`, `id="p:min_input-error">`, "“viel”", `value="minus"`, "“minus”不是金额", `value="100万元"`, `id="lab-total"`)
	_, body = v.get(labPath + "?p:gone=5&set:gone=x&end=gone")
	wants(t, body, "“p:gone”", "“set:gone”", "“end=gone”")
	res, _ = v.get("/policies/none/lab")
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("no such policy: status %d", res.StatusCode)
	}
}

// A county sees its own firms, and what they come to.
func TestLabOfACounty(t *testing.T) {
	c := newCity(t)
	_, body := c.as("tinghu").get(labPath + "?end=c9")
	wants(t, body, "亭湖甲", "−68.20")
	lacks(t, body, "大丰乙", "东台丙")
	res, _ := c.as("tinghu").get(fmt.Sprintf("%s/firms/%d?end=c9", labPath, c.firms[dafengCode]))
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("another county's firm: status %d", res.StatusCode)
	}
	res, _ = c.as("tinghu").get(fmt.Sprintf("%s/firms/%d?end=c9", labPath, c.firms[tinghuCode]))
	if res.StatusCode != http.StatusOK {
		t.Errorf("its own firm: status %d", res.StatusCode)
	}
}

// A firm's decision under a scenario stands beside that of the law.
func TestLabFirm(t *testing.T) {
	c := newCity(t)
	_, body := c.as("city").get(fmt.Sprintf("%s/firms/%d?p:min_input=400万元", labPath, c.firms[dafengCode]))
	wants(t, body, "大丰乙", "500 万元 → 400 万元", "按方案", "按现行政策")
	_, list := c.as("city").get(labPath + "/firms?p:min_input=400万元")
	wants(t, list, "大丰乙", "共 1 家", fmt.Sprintf("/lab/firms/%d?", c.firms[dafengCode]))
	_, list = c.as("city").get(labPath + "/firms?list=losers&end=c9")
	wants(t, list, "亭湖甲", "−68.20")
}

// Who misses by one condition is named with what it would gain; a ceiling that cuts nobody is told; a budget finds a number;
// and what was not verified is not paid without applying.
func TestLabAsksFurther(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	_, body := v.get(labPath + "/survey")
	wants(t, body, "大丰乙", "还差 0.01 万元", "55.00", "对谁都不起作用")
	link := html.UnescapeString(regexp.MustCompile(`href="([^"]*/lab/survey/export\?[^"]*format=csv)"`).FindStringSubmatch(body)[1])
	res, list := v.get(link)
	wants(t, list, "大丰乙", "549989.00", "100.00")
	if kind := res.Header.Get("Content-Type"); kind != sheet.CSVType {
		t.Errorf("a list of firms to call is sent as %s", kind)
	}
	res, body = v.get(labPath + "/survey/export?clause=c9&check=gone")
	wants(t, body, "已没有企业只差这一个条件")
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("a condition that nobody misses: status %d", res.StatusCode)
	}
	for _, path := range []string{"/survey", "/survey/export?format=csv"} {
		_, body = c.as("tinghu").get(labPath + path)
		lacks(t, body, "大丰乙", "东台丙")
	}
	_, body = c.as("tinghu").get(labPath + "?area=320904")
	wants(t, body, "您的账号看不到大丰区的企业")
	_, body = v.get(labPath + "/survey?only=320904")
	wants(t, body, "只在这些地方执行：大丰区")
	_, body = v.get(labPath + "/survey?budget=much")
	wants(t, body, "未计入", "“much”不是金额")
	_, body = v.get(labPath + "/find?number=p:min_input&within=")
	wants(t, body, "请填预算")
	_, body = v.get(labPath + "/preview")
	wants(t, body, "免申即享预览", "68.20", "待核实的数据", "盐城亭湖甲机械有限公司")
	_, body = v.get(labPath + "/find")
	wants(t, body, `name="number"`)
	if res, body := v.get(labPath + "/find?number=p:nothing&within=60"); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a number that there is not: status %d", res.StatusCode)
	} else {
		wants(t, body, "没有数字“p:nothing”", `name="number"`)
	}
	for _, page := range []string{"/survey", "/preview"} { // a budget that others share
		if res, body := c.as("tinghu").get(labPath + page + "?budget=300%E4%B8%87%E5%85%83"); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s of a county with a budget: status %d", page, res.StatusCode)
		} else {
			wants(t, body, "您只看到其中一部分", "亭湖区")
		}
	}
	_, body = v.get(labPath + "/find?number=p:investment_rate:2023&within=60&low=1&high=20&step=0.1")
	wants(t, body, `id="found"`, "9.6%", "单调性已证明")
	res, body = v.get(labPath + "/find?number=p:investment_rate:2023&within=much")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a budget that is none: status %d", res.StatusCode)
	}
	wants(t, body, "“much”不是金额")
}

// A scenario is kept under a name, held against another, thrown away, brought back, and becomes a draft.
func TestLabKeeps(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	res, body := v.post(labPath+"?end=c7", url.Values{"name": {" "}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a scenario without a name: status %d", res.StatusCode)
	}
	wants(t, body, `id="lab-problem"`, `role="alert"`)
	for _, below := range []string{"", "/draft"} {
		_, body = v.post(labPath+below+"?budget=much", url.Values{"name": {"填错的"}})
		wants(t, body, "改好后再保存", "“much”不是金额")
	}
	_, body = v.get(labPath + "/export?budget=much")
	wants(t, body, "改好后再保存")
	_, body = v.post(labPath+"?end=c9", url.Values{"name": {"不再补投入"}})
	wants(t, body, "不再补投入", "刚刚保存", "end=c9")
	_, body = v.get(fmt.Sprintf("/lab/compare?s=%d&link=%s", c.scenario, url.QueryEscape(c.http.URL+labPath+"?end=c9")))
	wants(t, body, "门槛降到 400 万元", "链接 1", "终止：有效投入补助", "500 万元 → 400 万元", "−68.20")
	res, body = v.get("/lab/compare?link=" + url.QueryEscape("https://example.com/"))
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a foreign link: status %d", res.StatusCode)
	}
	wants(t, body, "不是方案链接")

	_, body = v.post(fmt.Sprintf("/lab/%d/drop", c.scenario), nil)
	wants(t, body, "已删除方案“门槛降到 400 万元”", "撤销删除")
	_, body = v.get("/lab")
	lacks(t, body, "门槛降到 400 万元")
	_, body = v.post(fmt.Sprintf("/lab/%d/restore", c.scenario), nil)
	wants(t, body, "门槛降到 400 万元")

	res, body = v.post(labPath+"/draft?p:min_input=400万元", nil)
	if !strings.HasSuffix(res.Request.URL.Path, "/edit") {
		t.Fatalf("a draft led to %s", res.Request.URL)
	}
	wants(t, body, "400万元")
	draft := strings.Split(res.Request.URL.Path, "/")[2]
	_, body = v.get("/versions/" + draft)
	wants(t, body, labPath+"?draft="+draft)
	_, body = v.get(labPath + "?draft=" + draft)
	wants(t, body, "条文取自草案", "大丰乙", `value="400万元"`)
	res, body = v.get(labPath + "/export?end=c9")
	if res.StatusCode != http.StatusOK {
		t.Fatalf("export: status %d", res.StatusCode)
	}
	wants(t, text(t, res, body), "亭湖甲", "方法与参数", "差一条", "停用条款")
}

// While a slider moves the figures follow, the page stays, and the way back leads to where it stood.
func TestLabInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	tab := signedIn(t, browser, c.site, "city", 1440)
	tab.Open(labPath)
	tab.Text(`window.here = 'still'`)
	move := func(value, event string) {
		tab.Text(fmt.Sprintf(`(function () {
			var r = document.getElementById('p:min_input:range');
			r.focus();
			r.value = %q;
			r.dispatchEvent(new Event(%q, {bubbles: true}));
		})()`, value, event))
	}
	gain := `Array.from(document.querySelectorAll('#lab-total a')).map(function (a) { return a.textContent.trim(); }).join()`
	for _, value := range []string{"480", "450", "405", "400"} { // quicker than answers come
		move(value, "input")
	}
	tab.Wait(gain + ` === '1,0'`)
	move("400", "change")
	if got := tab.Text(`document.getElementById('p:min_input').value`); got != "400万元" {
		t.Errorf("the box says %s", got)
	}
	if got := tab.Text(`decodeURIComponent(location.search)`); got != "?p:min_input=400万元" {
		t.Errorf("the address is %s", got)
	}
	tab.Wait(`document.querySelector('#lab-rest').textContent.indexOf('大丰乙') > 0`)
	if got := tab.Text(`document.activeElement.id`); got != "p:min_input:range" {
		t.Errorf("the focus went to %s", got)
	}
	if got := tab.Text(`window.here`); got != "still" {
		t.Error("the page was loaded anew")
	}
	tab.Quiet()
	tab.Type(`[id="p:min_input"]`, "viel")
	tab.Wait(`document.getElementById('p:min_input-error').textContent.indexOf('viel') > 0`)
	tab.Forget() // the browser notes the status
	tab.Text(`history.back()`)
	tab.Wait(`document.getElementById('p:min_input') && document.getElementById('p:min_input').value === '500万元' && ` + gain + ` === '0,0'`)
}
