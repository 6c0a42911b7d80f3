package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var sheetSum = regexp.MustCompile(`name="sheet" value="([^"]+)"`)

// What another office has paid is read, told cell by cell where it will not do, entered once, stands against an application,
// and is taken back.
func TestOpeningsOnPages(t *testing.T) {
	c := newCity(t)
	c.openCall()
	c.officers()
	city := c.as("city")
	res, empty := city.get("/fund/openings/template?format=csv")
	if res.StatusCode != http.StatusOK || !strings.Contains(empty, "奖补类别") {
		t.Fatalf("the empty sheet: %d %s", res.StatusCode, empty)
	}
	head := "企业名称,统一社会信用代码,奖补类别,发票号码,年度,金额（元）,发放单位,依据文号\n"
	row := "盐城亭湖甲机械有限公司," + tinghuCode + ",投入补助,24320000000000001101,2023,300000,市发展改革委,盐发改〔2023〕9号\n"
	res, body := city.sends("/fund/openings", "已付.csv", head+row+"没有的公司,,投入补助,24320000000000001109,2099,很多,某局,某文\n")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a sheet with wrong cells: %d", res.StatusCode)
	}
	wants(t, body, "已付.csv", "没有的公司", "2099", "很多", "已付.csv#F3")
	if res, body := city.sends("/fund/openings", "照片.csv", "\x00\x01\x02"); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a file of something else: %d\n%s", res.StatusCode, mainOf(body))
	}
	_, body = city.get("/fund/openings")
	wants(t, body, "还没有登记过")
	if res, _ := city.get("/fund/openings/read"); res.Request.URL.Path != "/fund/openings" {
		t.Errorf("nothing was read, and it leads to %s", res.Request.URL)
	}
	res, body = city.sends("/fund/openings", "已付.csv", head+row)
	wants(t, body, "核对：已付.csv", "盐城亭湖甲机械有限公司", "市发展改革委")
	if res.Request.URL.Path != "/fund/openings/read" {
		t.Errorf("a good sheet leads to %s", res.Request.URL)
	}
	if res, _ := city.post("/fund/openings/enter", url.Values{"sheet": {"other"}}); res.StatusCode != http.StatusConflict {
		t.Errorf("a sheet that was not looked at: %d", res.StatusCode)
	}
	enter := url.Values{"sheet": {sheetSum.FindStringSubmatch(body)[1]}}
	_, body = city.post("/fund/openings/enter", enter)
	wants(t, body, "已登记。", "已付.csv", "有效")
	if res, _ := city.post("/fund/openings/enter", enter); res.StatusCode != http.StatusConflict {
		t.Errorf("the same sheet twice: %d", res.StatusCode)
	}
	_, body = c.as("firm").get("/fund/openings")
	lacks(t, body, "已付.csv")

	page := c.settledCase()
	_, body = c.as("second").get(page)
	wants(t, body, "批准前须解决", "24320000000000001101", "市发展改革委", "盐发改〔2023〕9号", "不能重复享受")

	_, body = city.get("/fund/openings")
	undo := regexp.MustCompile(`action="(/fund/openings/\d+/undo)"`).FindStringSubmatch(body)[1]
	if res, _ := city.post(undo, url.Values{"reason": {" "}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("taken back without a reason: %d", res.StatusCode)
	}
	_, body = city.post(undo, url.Values{"reason": {"名单有误"}})
	wants(t, body, "已撤销")
	_, body = c.as("second").get(page)
	lacks(t, body, "批准前须解决")
	if res, _ := city.post(fmt.Sprintf("/fund/openings/%d/undo", 1), url.Values{"reason": {"x"}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("an import of something else: %d", res.StatusCode)
	}
}
