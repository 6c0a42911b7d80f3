package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
)

func countyFile(county, area string) string {
	return "企业名称,县（市、区）,2023年营业收入（万元）,进账\n" + county + "甲公司," + area + ",100,1\n" + county + "乙公司,,200,2\n"
}

// Files that came together stand side by side, are mended once, go in together and are taken back together.
func TestDelivery(t *testing.T) {
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	res, _ := v.send(toStatistics, sentFile{"大丰区.csv", countyFile("大丰", "老城里")}, sentFile{"东台市.csv", countyFile("东台", "老城里")},
		sentFile{"射阳县.csv", countyFile("射阳", "射阳县")})
	path := res.Request.URL.Path
	if !strings.HasSuffix(path, "/delivery") {
		t.Fatalf("three files led to %s", path)
	}
	settled := func() string {
		t.Helper()
		for {
			_, page := v.get(path)
			if !strings.Contains(page, `hx-trigger="every 2s"`) {
				return page
			}
		}
	}
	page := settled()
	wants(t, page, "一起报来的 3 个文件", "大丰区.csv", "东台市.csv", "射阳县.csv", "涉及 2 个文件", "2 处，如 大丰区.csv#B2", "导入勾选的文件（可导入 3 个")

	form := formOf(t, page, path+"/mend")
	form.Set("text.0", "老城里")
	form.Set("act.0", "read:320902")
	form.Set("as.0", "")
	if res, page := v.post(path+"/mend", form); res.StatusCode != http.StatusOK {
		t.Fatalf("status %d:\n%s", res.StatusCode, mainOf(page))
	}
	page = settled()
	lacks(t, page, "没有名为“老城里”的地区")
	_, one := v.get(strings.TrimSuffix(path, "/delivery"))
	wants(t, one, "并排查看一起报来的文件", "读作“亭湖区”")

	if res, _ := v.post(path+"/commit", url.Values{"batch": {"x"}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("commit of no file: status %d", res.StatusCode)
	}
	ticked := url.Values{}
	for _, m := range regexp.MustCompile(`name="batch" value="(\d+)" checked`).FindAllStringSubmatch(page, -1) {
		ticked.Add("batch", m[1])
	}
	if res, page := v.post(path+"/commit", ticked); res.StatusCode != http.StatusOK {
		t.Errorf("commit: status %d:\n%s", res.StatusCode, mainOf(page))
	}
	page = settled()
	if n := strings.Count(page, "已导入"); n < 3 {
		t.Errorf("%d files are in:\n%s", n, mainOf(page))
	}
	if res, page := v.post(path+"/commit", nil); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a second commit: status %d", res.StatusCode)
	} else {
		wants(t, page, "所选文件中没有可以导入的")
	}
	if res, _ := v.post(path+"/undo", url.Values{"reason": {""}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("undo without a reason: status %d", res.StatusCode)
	}
	v.post(path+"/undo", url.Values{"reason": {"重报"}})
	if n := strings.Count(settled(), "已撤销"); n < 3 {
		t.Errorf("%d files are undone", n)
	}

	// A county sees of a delivery what is its own.
	county := s.official("sheyang", access.CountyOfficial, "320924")
	for _, p := range []string{path, strings.TrimSuffix(path, "/delivery")} {
		if res, _ := county.get(p); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers a county with %d", p, res.StatusCode)
		}
	}
}

// Counties that write dates in unlike orders are answered file by file, in one form.
func TestDeliveryWithDatesInUnlikeOrders(t *testing.T) {
	s := newSite(t)
	v := s.official("city", access.CityOfficial, "320900")
	body := func(firm string) string {
		return "企业名称,县（市、区）,成立日期\n" + firm + "," + "大丰区,3/4/2012\n"
	}
	res, _ := v.send(toStatistics, sentFile{"甲.csv", body("甲公司")}, sentFile{"乙.csv", body("乙公司")}, sentFile{"丙.csv", body("丙公司")})
	path := res.Request.URL.Path
	settled := func() string {
		t.Helper()
		for {
			_, page := v.get(path)
			if !strings.Contains(page, `hx-trigger="every 2s"`) {
				return page
			}
		}
	}
	page := settled()
	wants(t, page, "各文件写法不同", "涉及 3 个文件")
	form := formOf(t, page, path+"/mend")
	form.Set("days", "mdy")
	var own []string
	for name := range form {
		if strings.HasPrefix(name, "days@") {
			own = append(own, name)
		}
	}
	slices.Sort(own)
	if len(own) != 3 {
		t.Fatalf("fields of files: %q", own)
	}
	form.Set(own[0], "dmy")
	if res, page := v.post(path+"/mend", form); res.StatusCode != http.StatusOK {
		t.Fatalf("status %d:\n%s", res.StatusCode, mainOf(page))
	}
	page = settled()
	lacks(t, page, "各文件写法不同")
	for i, want := range []string{"2012-04-03", "2012-03-04", "2012-03-04"} {
		_, one := v.get("/imports/" + strings.TrimPrefix(own[i], "days@"))
		wants(t, one, want)
	}
}
