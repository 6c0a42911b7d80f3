package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Everybody's first page says what now.
func TestWhatNow(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	res, body := v.get("/")
	if res.Request.URL.Path != "/today" {
		t.Errorf("the city begins at %s", res.Request.URL)
	}
	wants(t, body, "项调度通报任务待完成", `href="/today/region"`, "firms.csv")
	lacks(t, body, "自您上次查看以来")

	_, body = v.get("/today/region")
	wants(t, body, "68.2", "/region?policy=")
	_, body = v.do(http.MethodGet, "/today/region", nil, http.Header{"Hx-Request": {"true"}})
	lacks(t, body, "<html")

	figure := factPath(c.firms[tinghuCode], c.firms[tinghuCode], "ent.revenue")
	firm := c.as("firm")
	firm.post(figure+"/dispute", url.Values{"text": {"报表有误"}, "period": {"2023"}})
	_, body = v.get("/today")
	wants(t, body, "处数据被质疑，等待答复", "报表有误")
	_, body = c.as("firm").get("/mine")
	wants(t, body, "盐城亭湖甲机械有限公司", "亭湖区", "68.2 万元", "等待答复，提出于")
	id := disputeIn(t, v, figure)
	v.post(figure+"/close", url.Values{"dispute": {id}, "note": {"已核对，无误"}})
	_, body = firm.get("/mine")
	wants(t, body, "处质疑已有答复", "已核对，无误")
	_, body = c.as("viewer").get("/")
	wants(t, body, "盐城亭湖甲机械有限公司", "68.2 万元")
	if res, _ := firm.get("/today/region"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a firm sees the region: status %d", res.StatusCode)
	}
}

// disputeIn is the id of the only open dispute on the page of a figure.
func disputeIn(t *testing.T, v *visitor, path string) string {
	t.Helper()
	_, body := v.get(path)
	_, rest, ok := strings.Cut(body, `name="dispute" value="`)
	id, _, _ := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("no dispute at %s", path)
	}
	return id
}

// Who comes again reads what is new since.
func TestNewSinceLastVisit(t *testing.T) {
	c := newCity(t)
	c.as("city").get("/today")
	c.as("firm").get("/mine")
	c.stand(2024, 11, 1)
	c.importCSV("more.csv", strings.Replace(firmsCSV, "12345.67", "22345.67", 1), "statistics", "320900")
	_, body := c.as("city").get("/today")
	wants(t, body, "自您上次查看以来新增或变动 1 份", "more.csv")
	_, body = c.as("firm").get("/mine")
	wants(t, body, "上次查看以来的变化", "营业收入")
}
