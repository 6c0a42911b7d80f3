package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
)

// twinCode is the code under which the firm in 亭湖区 came in a second time.
const twinCode = "91512081MA62K0260E"

// twin brings the firm in 亭湖区 in again, under another code and legal form, with a project of its own.
func (c *city) twin() int64 {
	c.t.Helper()
	c.importCSV("twin.csv", `统一社会信用代码,企业名称,县（市、区）,行业代码,是否规上企业,营业收入（万元）,从业人员平均人数
`+twinCode+`,盐城亭湖甲机械股份有限公司,亭湖区,3412,是,13000,210
`, "bureau", "320900")
	c.importCSV("twin-projects.csv", `统一社会信用代码,企业名称,县（市、区）,项目名称,是否智改数转项目,项目年度投资额（万元）,年度有效投入（万元）
`+twinCode+`,盐城亭湖甲机械股份有限公司,亭湖区,二期车间,是,700,700
`, "bureau", "320900")
	view, err := c.srv.Frames.For(context.Background(), access.SystemScope(), 0)
	if err != nil {
		c.t.Fatal(err)
	}
	ids := view.Registry().ByUSCC(twinCode)
	if len(ids) != 1 || ids[0] == c.firms[tinghuCode] {
		c.t.Fatalf("the twin is known as %v", ids)
	}
	return ids[0]
}

// mergedFirm is the firm in 东台市, for which another stands that came in under a wrong code.
func (c *city) mergedFirm() int64 {
	c.t.Helper()
	const wrong = "91350100M000100Y43"
	c.importCSV("again.csv", "统一社会信用代码,企业名称,县（市、区）,营业收入（万元）\n"+wrong+",东台丙纺织有限责任公司,东台市,5600\n", "bureau", "320900")
	view, err := c.srv.Frames.For(context.Background(), access.SystemScope(), 0)
	if err != nil {
		c.t.Fatal(err)
	}
	ids := view.Registry().ByUSCC(wrong)
	into := c.firms[dongtaiCode]
	if len(ids) != 1 {
		c.t.Fatalf("the firm under the wrong code is known as %v", ids)
	}
	res, body := c.as("city").post(mergePath(into, 0), url.Values{"with": {fmt.Sprint(ids[0])}, "reason": {"代码录错，见营业执照"}})
	if res.StatusCode != http.StatusOK {
		c.t.Fatalf("merge: status %d\n%s", res.StatusCode, mainOf(body))
	}
	return into
}

func TestMerge(t *testing.T) {
	c := newCity(t)
	twin, into := c.twin(), c.firms[tinghuCode]
	v := c.as("city")
	_, before := v.get("/region")
	_, body := v.get(enterprisePath(into))
	wants(t, body, `href="`+mergePath(into, 0)+`"`)
	lacks(t, body, "已并入的档案")

	_, body = v.get(mergePath(into, 0))
	wants(t, body, "名称或代码相同的档案", "盐城亭湖甲机械股份有限公司", twinCode)
	lacks(t, body, "大丰乙")
	_, body = v.get(mergePath(into, 0) + "?q=" + url.QueryEscape("大丰"))
	wants(t, body, "大丰乙")

	_, body = v.get(mergePath(into, twin))
	wants(t, body, "“盐城亭湖甲机械股份有限公司”将并入“盐城亭湖甲机械有限公司”", "合并后称“盐城亭湖甲机械股份有限公司”", "项目 1", "统一社会信用代码不同", "营业收入", "1.234567 亿元", "1.3 亿元",
		`href="`+strings.ReplaceAll(mergePath(twin, into), "&", "&amp;")+`"`)
	lacks(t, body, "所在地区不同", "从业人员平均人数")

	res, body := v.post(mergePath(into, 0), url.Values{"with": {fmt.Sprint(twin)}, "reason": {" "}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a merge without a reason: status %d", res.StatusCode)
	}
	wants(t, body, "请写明理由", "将并入")

	_, body = v.post(mergePath(into, 0), url.Values{"with": {fmt.Sprint(twin)}, "reason": {"更换代码"}})
	wants(t, body, "已合并", "已并入的档案", "盐城亭湖甲机械股份有限公司", twinCode, "测试 city", "更换代码", "撤销合并", "二期车间", "数字车间")
	res, _ = v.get(enterprisePath(twin))
	if res.StatusCode != http.StatusOK {
		t.Errorf("the address of the merged file: status %d", res.StatusCode)
	}
	_, body = v.get("/enterprises?q=" + url.QueryEscape("亭湖甲"))
	wants(t, body, "共 1 家")

	_, body = c.as("tinghu").get(enterprisePath(into))
	wants(t, body, "已并入的档案", "更换代码")
	lacks(t, body, "撤销合并", mergePath(into, 0))
	_, body = c.as("firm").get(enterprisePath(into))
	wants(t, body, "二期车间")
	lacks(t, body, "更换代码", mergePath(into, 0))

	if res, _ := v.post(mergePath(into, 0), url.Values{"with": {fmt.Sprint(twin)}, "reason": {"再来一次"}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the same merge again: status %d", res.StatusCode)
	}
	res, body = v.post(enterprisePath(into)+"/unmerge", url.Values{"from": {fmt.Sprint(twin)}, "reason": {"实为两家"}})
	if res.StatusCode != http.StatusOK {
		t.Errorf("undo: status %d", res.StatusCode)
	}
	wants(t, body, "合并已撤销", "数字车间")
	lacks(t, body, "二期车间", "已并入的档案")
	_, after := v.get("/region")
	if figures(before) != figures(after) {
		t.Errorf("the region before and after differ:\n%s\n%s", figures(before), figures(after))
	}

	_, body = v.get("/log")
	wants(t, body, "合并", "更换代码", "撤销合并", "实为两家", "盐城亭湖甲机械股份有限公司（"+twinCode+"） 的数据计入 盐城亭湖甲机械有限公司（"+tinghuCode+"）")
}

// figures is the words of a page without the version that it knows.
func figures(body string) string {
	words := mainOf(body)
	_, words, _ = strings.Cut(words, "确定")
	return words
}

func TestWhoMayMerge(t *testing.T) {
	c := newCity(t)
	twin, into := c.twin(), c.firms[tinghuCode]
	elsewhere := c.official("nanjing", access.CityOfficial, "320100")
	dafeng := c.official("dafeng", access.CityOfficial, "320904")
	for name, tt := range map[string]struct {
		v      *visitor
		status int
	}{
		"county": {c.as("tinghu"), 403}, "auditor": {c.as("auditor"), 403}, "firm": {c.as("firm"), 403}, "administrator": {c.as("admin"), 403},
		"another city": {elsewhere, 404}, "another part of the city": {dafeng, 404},
	} {
		for _, path := range []string{mergePath(into, 0), mergePath(into, twin)} {
			if res, body := tt.v.get(path); res.StatusCode != tt.status || strings.Contains(body, "亭湖甲") {
				t.Errorf("%s reads %s: status %d, want %d", name, path, res.StatusCode, tt.status)
			}
		}
		form := url.Values{"with": {fmt.Sprint(twin)}, "from": {fmt.Sprint(twin)}, "reason": {"x"}}
		for _, path := range []string{mergePath(into, 0), enterprisePath(into) + "/unmerge"} {
			if res, _ := tt.v.post(path, form); res.StatusCode != tt.status {
				t.Errorf("%s sends %s: status %d, want %d", name, path, res.StatusCode, tt.status)
			}
		}
	}
	// Both must be in reach, not only the one that stays.
	own := c.firms[dafengCode]
	for path, form := range map[string]url.Values{
		mergePath(own, 0): {"with": {fmt.Sprint(twin)}, "reason": {"x"}},
	} {
		if res, _ := dafeng.post(path, form); res.StatusCode != http.StatusNotFound {
			t.Errorf("a merge of a foreign firm into one's own: status %d", res.StatusCode)
		}
	}
	if res, body := dafeng.get(mergePath(own, twin)); res.StatusCode != http.StatusNotFound || strings.Contains(body, "亭湖甲") {
		t.Errorf("a preview with a foreign firm: status %d", res.StatusCode)
	}
	_, body := dafeng.get(mergePath(own, 0) + "?q=" + url.QueryEscape("亭湖甲"))
	wants(t, body, "没有符合条件的企业")
}
