package web

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

// An official brings a file in, answers what is asked, imports it and takes it back, at a desk and on a telephone, and
// every page on the way fits, is quiet and accessible, in both languages.
func TestImportInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	first, _ := v.sendOne("2023年快报.csv", quickReport)
	v.post(first+"/commit", nil)
	v.ended(first)

	// The firms themselves say otherwise, and one of them has moved.
	res, _ := v.send(map[string]string{"sender": "企业填报", "authority": "enterprise", "area": "320900", "year": "2023年"},
		sentFile{"企业自报.csv", ownReport})
	differs := res.Request.URL.Path
	v.ended(differs)

	res, _ = v.send(toStatistics, sentFile{"大丰区2023年规上工业企业快报.csv", countyFile("大丰", "老城里")}, sentFile{"东台市.csv", countyFile("东台", "老城里")})
	together := res.Request.URL.Path
	unlikely, _ := v.sendOne("城区.csv", unlike)
	v.post(unlikely+"/mend", url.Values{"sheet": {"0"}, "column": {"1"}, "text.0": {"老城里"}, "act.0": {"read:320902"}, "as.0": {""}})
	v.ended(unlikely)

	later := filepath.Join(t.TempDir(), "2024年年报（企业报送）.csv")
	if err := os.WriteFile(later, []byte(laterReport+manyRows()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{1440, 390} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			tab := browser.Tab(t, s.http.URL, width)
			tab.Open("/sign-in")
			tab.Type("#login", "city")
			tab.Type("#password", password)
			tab.Click("main form button")
			look := func(name string) {
				t.Helper()
				here := tab.Text("location.pathname")
				for _, lang := range []string{"en", "zh"} {
					tab.Click(`header form[action="/language"] button[value="` + lang + `"]`)
					if tab.Text("location.pathname") != here {
						t.Fatalf("the change of language led from %s to %s", here, tab.Text("location.pathname"))
					}
					t.Log(name, lang)
					tab.Fits()
					tab.Accessible()
					tab.Quiet()
					tab.Picture(fmt.Sprintf("import-%s-%d-%s", name, width, lang))
				}
			}

			tab.Open("/imports")
			look("list")
			tab.Open(differs)
			look("differs")
			tab.Open(together)
			look("delivery")
			tab.Open(unlikely)
			look("mend")
			tab.Open("/imports")
			tab.Do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{later}))
			tab.Type("#sender", "盐城市统计局 "+fmt.Sprint(width))
			tab.Click("main form button.yz-btn-main")
			tab.Do(chromedp.WaitReady(chromedp.CSS("#columns")))
			path := tab.Text("location.pathname")
			look("asks")

			tab.Do(chromedp.Evaluate[chromedp.Void](`(function () {
				var all = document.querySelectorAll("select[name$='.target']");
				for (var i = 0; i < all.length; i++)
					if (all[i].value === "ent.revenue") document.getElementsByName(all[i].name.replace("target", "unit"))[0].value = "元";
			})()`))
			tab.Click("#columns button.yz-btn-main")
			tab.Do(chromedp.WaitReady(chromedp.CSS(".yz-commit button")))
			look("ready")
			tab.Click(".yz-commit button")
			tab.Do(chromedp.WaitReady(chromedp.CSS(".yz-note-good")))
			look("committed")
			tab.Do(chromedp.Click(chromedp.CSS("main details summary")))
			tab.Type("main .yz-reason", "误传")
			tab.Click("main .yz-undo button")
			look("undone")
			if !strings.Contains(tab.Text("document.querySelector('main').innerText"), "已撤销") {
				t.Errorf("%s is not undone", path)
			}
			if res, body := v.send(toStatistics, sentFile{"旧表.xls", "\x09\x08\x10\x00\x00\x05\x05\x00" + strings.Repeat("\x00", 600)}); res.StatusCode != 422 {
				t.Errorf("status %d\n%s", res.StatusCode, mainOf(body))
			}
		})
	}
}

// While a file is read the page asks for the progress by itself, and shows the preview when it is there.
func TestProgressInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	var big strings.Builder
	big.WriteString("统一社会信用代码,企业名称,县区,2023年营业收入（万元）\n")
	for i := range 60_000 {
		fmt.Fprintf(&big, ",盐城第%d机械有限公司,大丰区,%d\n", i, 100+i)
	}
	tab := browser.Tab(t, s.http.URL, 1440)
	tab.Open("/sign-in")
	tab.Type("#login", "city")
	tab.Type("#password", password)
	tab.Click("main form button")
	res, _ := v.send(toStatistics, sentFile{"全市名单.csv", big.String()})
	tab.Open(res.Request.URL.Path)
	if tab.Text(`document.querySelector("#progress") !== null`) == "true" {
		tab.Accessible()
		tab.Picture("import-progress-1440-zh")
	}
	tab.Do(chromedp.WaitReady(chromedp.CSS(".yz-commit button")))
	tab.Quiet()
	v.post(res.Request.URL.Path+"/undo", url.Values{"reason": {"x"}})
}

const ownReport = `统一社会信用代码,企业名称,县（市、区）,营业收入（万元）,数控化率,研发工具普及率（%）,利润总额（万元）
91512081MA62K0260E,盐城甲机械有限公司,盐都区,15000,0.65,70,"1,200.5"
91350100M000100Y43,盐城乙纺织股份有限公司,东台市,800.5,80%,55,-30
`

// manyRows is further rows with the troubles that rows have.
func manyRows() string {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, ",盐城第%d机械有限公司,%s,%d,%d\n", i, []string{"亭湖区", "射阳县", "某县"}[i%3], 8_000_000+i*1000, i*7)
	}
	b.WriteString("9.13205007311235E+17,盐城丙化工有限公司,射阳县,3000000,1\n91350100M000100Y44,盐城丁食品有限公司,滨海县,4000000,1\n,,,5000000,1\n")
	return b.String()
}
