package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
)

const unlike = `2023年企业情况表
企业名称,县（市、区）,成立日期,营业收入（万元）
盐城甲机械有限公司,老城里,22/1/28,100
盐城乙机械有限公司,老城里,21/3/5,不方便说
`

// One group of problems is answered on the page, the file is read again at once, and next month's file needs no answer.
func TestProblemsAreMendedOnThePage(t *testing.T) {
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	path, page := v.sendOne("a.csv", unlike)
	wants(t, page, "没有名为“老城里”的地区", "2 处，如 B3", "读作“亭湖区”", "整行不导入")
	mend := func(values url.Values) string {
		t.Helper()
		res, page := v.post(path+"/mend", values)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("status %d:\n%s", res.StatusCode, mainOf(page))
		}
		return v.ended(path)
	}
	page = mend(url.Values{"sheet": {"0"}, "column": {"1"}, "text.0": {"老城里"}, "act.0": {"read:320902"}, "as.0": {""}})
	wants(t, page, "已按答复读取", "读作“亭湖区”", "本次选择", "22/1/28 即 2022年1月28日", "样式")
	mend(url.Values{"sheet": {"0"}, "column": {"2"}, "days": {"ymd"}})
	page = mend(url.Values{"sheet": {"0"}, "column": {"3"}, "text.0": {"不方便说"}, "act.0": {""}, "as.0": {"约120"}})
	wants(t, page, "读作“约120”", "2022-01-28", "确认导入 4 条数据")

	_, page = v.sendOne("b.csv", strings.ReplaceAll(unlike, ",100\n", ",110\n"))
	wants(t, page, "以前的选择", "更改“老城里”的答复", "确认导入 4 条数据")

	if res, page := v.post(path+"/mend", url.Values{"sheet": {"0"}, "column": {"3"}, "text.0": {"x"}, "act.0": {"firm:1"}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an enterprise for an amount: status %d", res.StatusCode)
	} else {
		wants(t, page, "对“x”的答复不能用于这一列")
	}
	for _, bad := range []url.Values{{}, {"sheet": {"7"}, "column": {"0"}}, {"sheet": {"0"}, "column": {"-5"}}, {"sheet": {"0"}, "column": {"0"}, "period": {"近期"}}} {
		if res, _ := v.post(path+"/mend", bad); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%v: status %d", bad, res.StatusCode)
		}
	}
	wants(t, mend(url.Values{"sheet": {"0"}, "column": {"1"}, "forget": {"老城里"}}), "没有名为“老城里”的地区")
}
