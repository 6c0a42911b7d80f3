package web

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

const (
	reviewedCSV = `统一社会信用代码,企业名称,县（市、区）,项目名称,评审得分,立项日期
` + tinghuCode + `,盐城亭湖甲机械有限公司,亭湖区,数字车间,88.5,2023-03-01
` + dafengCode + `,盐城大丰乙电子有限公司,大丰区,智能仓储,92,2023-05-01
` + dongtaiCode + `,东台丙纺织有限公司,东台市,织造改造,75,2023-02-01
`
	loansCSV = `统一社会信用代码,企业名称,县（市、区）,贷款合同号,贷款金额（万元）,放款日期
` + tinghuCode + `,盐城亭湖甲机械有限公司,亭湖区,J-1,1000,2023-04-01
` + dafengCode + `,盐城大丰乙电子有限公司,大丰区,J-2,1000,2023-06-01
` + dongtaiCode + `,东台丙纺织有限公司,东台市,J-3,800,2023-07-01
`
	stagesPath = "/region?policy=example-stages&area=320900"
)

// newStages is the city under a policy with a quota and two pools besides, put in force by two persons.
func newStages(t *testing.T) *city {
	t.Helper()
	c := newCity(t)
	c.importCSV("reviewed.csv", reviewedCSV, "bureau", "320900")
	c.importCSV("loans.csv", loansCSV, "bureau", "320900")
	p, err := version.FromFS(os.DirFS("testdata/stages"))
	if err != nil {
		t.Fatal(err)
	}
	res, body := c.as("city").sendPackage(p, "stages.zip")
	path := res.Request.URL.Path
	lacks(t, body, "核对结果")
	c.as("city").take(path, "propose", "示例")
	if _, body = c.as("second").take(path, "approve", "同意"); !strings.Contains(body, "已生效。") {
		t.Fatal(mainOf(body))
	}
	return c
}

// TestStagesOfARegion: who has a place and who waits, what a pool pays of each claim, to the fen, and who gets the rest.
func TestStagesOfARegion(t *testing.T) {
	c := newStages(t)
	_, body := c.as("city").get(stagesPath)
	wants(t, body, "名额与资金池", "示范项目名额", "2 个", "投资补助资金", "按 47.17% 核减", "贴息资金", "示范项目名额（2023）的排序：3 项", "到此为止", "候补", "入选", "核减", "足额")
	_, body = c.as("tinghu").get(stagesPath)
	lacks(t, body, "示范项目名额（2023）的排序", "盐城大丰乙电子有限公司")
	_, body = c.as("city").get(enterprisePath(c.firms[dongtaiCode]) + "?policy=example-stages")
	wants(t, body, "示范项目名额：排第 3，名额 2，候补（一）")

	scope := c.cityScope()
	view, err := c.srv.Frames.For(context.Background(), scope, 0)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := c.inForce("example-stages").Policy.Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.srv.Region.Run(context.Background(), view, plan, c.srv.Clock.Today())
	if err != nil {
		t.Fatal(err)
	}
	fund := r.Stages()[1]
	paid := money.Fen(0)
	for _, q := range fund.First {
		paid += q.Pays.Sure
	}
	if len(fund.First) != 3 || paid != 100*money.Wan || fund.Pays != (policy.Interval{Sure: paid, Possible: paid}) {
		t.Errorf("the fund pays %s, %+v", paid, fund)
	}
}

// TestStagesInBrowser looks at the quotas and pools of a region, at a desk and on a telephone, in both languages, with every
// order opened.
func TestStagesInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newStages(t)
	for _, width := range []int64{1440, 390} {
		tab := signedIn(t, browser, c.site, "city", width)
		for _, lang := range []string{"zh", "en"} {
			tab.Open(stagesPath)
			if tab.Text(`document.documentElement.lang.slice(0, 2)`) != lang {
				tab.Click(`header form[action="/language"] button`)
			}
			if n := tab.Text(`document.querySelectorAll('main details.yz-columns table').length`); n != "3" {
				t.Errorf("%d %s: %s orders are shown", width, lang, n)
			}
			tab.Text(`document.querySelectorAll('main details').forEach(function (d) { if (d.querySelector('table')) d.open = true; })`)
			want := []string{"1 盐城大丰乙电子有限公司", "2 盐城亭湖甲机械有限公司", "3 东台丙纺织有限公司"}
			got := tab.Text(`Array.from(document.querySelectorAll('main details.yz-columns table')[0].tBodies[0].rows).map(function (r) { return r.cells[0].innerText.trim() + ' ' + r.cells[1].innerText.trim(); }).join('|')`)
			if got != strings.Join(want, "|") {
				t.Errorf("%d %s: the order is %s", width, lang, got)
			}
			if cut := tab.Text(`document.querySelector('main tr.yz-cut th').innerText`); cut != "盐城亭湖甲机械有限公司" {
				t.Errorf("%d %s: it ends after %s", width, lang, cut)
			}
			tab.Fits()
			tab.Accessible()
			tab.Quiet()
			tab.Picture(fmt.Sprintf("stages-%d-%s", width, lang))
		}
	}
}
