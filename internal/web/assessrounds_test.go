package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess/round"
)

// yearly is a round of assessment that concerns the firms of the city.
func (c *city) yearly() round.Round {
	c.t.Helper()
	if c.assessing.ID != 0 {
		return c.assessing
	}
	today := c.srv.Clock.Today()
	made, err := c.srv.Rounds.Open(context.Background(), access.NewScope(1<<40, access.CityOfficial, []string{"320900", "320902", "320904", "320981"}, nil), round.NewRound{
		Title: "数字化水平年度评测", Model: "sme_digital", Edition: "2024", Area: "320900", Year: today.Year(), Opens: today, Closes: today + 30, Concerned: "true",
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.assessing = made
	return made
}

// TestYearlyRounds goes through a round by its pages: opened by the city, begun and handed in by a firm, looked through, explained, sent back,
// and told in its report.
func TestYearlyRounds(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	today := c.srv.Clock.Today()
	ask := url.Values{
		"model": {"sme_digital/2024"}, "area": {"320900"}, "year": {fmt.Sprint(today.Year())}, "title": {"年度评测（测试）"}, "opens": {today.String()}, "closes": {(today + 30).String()},
		"concerned": {"true"}, "remind": {"5 0"},
	}
	_, body := c.as("city").get("/assess/rounds/new")
	wants(t, body, "中小企业数字化水平评测", "评测对象", "ent.above_scale")
	_, body = c.as("city").get("/assess/rounds/new?preview=1&" + ask.Encode())
	wants(t, body, "涉及 3 家企业", "开启并通知")
	bad := url.Values{}
	for key, value := range ask {
		bad[key] = value
	}
	bad.Set("concerned", "ent.big")
	if res, body := c.as("city").post("/assess/rounds", bad); res.StatusCode != http.StatusUnprocessableEntity && res.StatusCode != http.StatusBadRequest || !strings.Contains(body, "评测对象的条件有误") {
		t.Errorf("a wrong condition: %d", res.StatusCode)
	}
	res, body := c.as("city").post("/assess/rounds", ask)
	wants(t, body, "已经开启", "未开始", "亭湖甲")
	page := res.Request.URL.Path

	_, body = c.as("firm").get("/")
	wants(t, body, "还没有填报", page)
	_, body = c.as("firm").get(page)
	wants(t, body, "开始填报", "亭湖甲")
	if strings.Contains(body, "大丰乙") {
		t.Error("a firm sees another one in the round")
	}
	_, body = c.as("tinghu").get(page)
	if strings.Contains(body, "大丰乙") || !strings.Contains(body, "亭湖甲") {
		t.Error("a county sees other enterprises than its own")
	}
	res, body = c.as("firm").post(page+"/begin", url.Values{"firm": {fmt.Sprint(c.firms[tinghuCode])}})
	if !strings.HasSuffix(res.Request.URL.Path, "/submit") {
		t.Errorf("beginning leads to %s", res.Request.URL.Path)
	}
	wants(t, body, "生产设备总数")
	var id int64
	if _, err := fmt.Sscanf(res.Request.URL.Path, "/cases/%d/", &id); err != nil {
		t.Fatal(err)
	}
	answers := c.everyAnswer(2)
	answers["devices_total"], answers["devices_networked"] = 10, 40
	c.actsWith("firm", id, "submit", answers)

	_, body = c.as("tinghu").post(page+"/check", nil)
	wants(t, body, "核查完成", "已提交")
	_, body = c.as("tinghu").get(page + "/findings")
	wants(t, body, "前后矛盾", "联网设备不多于全部生产设备")
	view, err := c.srv.Frames.For(context.Background(), c.scopeOf("tinghu"), 0)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.srv.Rounds.Findings(context.Background(), view, c.roundAt(page), round.FindingQuery{Kind: round.Contradiction})
	if err != nil || len(all) == 0 {
		t.Fatalf("findings %v, %v", all, err)
	}
	finding := fmt.Sprintf("%s/findings/%d", page, all[0].ID)
	if res, _ := c.official("dafeng", access.CountyOfficial, "320904").get(finding); res.StatusCode != http.StatusNotFound {
		t.Errorf("another county reads a finding: %d", res.StatusCode)
	}
	_, body = c.as("firm").post(finding+"/explain", url.Values{"text": {"填错了"}})
	wants(t, body, "企业已说明", "填错了")
	_, body = c.as("tinghu").get("/")
	wants(t, body, "企业已说明")
	if res, body := c.as("tinghu").post(finding+"/back", url.Values{"text": {" "}}); res.StatusCode == http.StatusOK || !strings.Contains(body, "请写明情况") {
		t.Errorf("sent back without a word: %d", res.StatusCode)
	}
	_, body = c.as("tinghu").post(finding+"/back", url.Values{"text": {"请更正联网设备数"}})
	wants(t, body, "退回更正", "请更正联网设备数")
	_, body = c.as("firm").get(page)
	wants(t, body, "继续填报", "退回更正")

	for _, path := range []string{"/export", "/findings/export", "/report/export"} {
		if res, _ := c.as("city").get(page + path + "?format=csv"); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	_, body = c.as("city").get(page + "/report?by=size")
	wants(t, body, "还没有结束", "完成率", "合计")
	if res, _ := c.as("firm").get(page + "/report"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a firm reads the report of a running round: %d", res.StatusCode)
	}
	if res, body := c.as("city").post(page+"/close", nil); res.StatusCode != http.StatusConflict || !strings.Contains(body, "还有企业没有完成") {
		t.Errorf("closed too early: %d", res.StatusCode)
	}
}

func (c *city) roundAt(page string) *round.Round {
	c.t.Helper()
	var id int64
	if _, err := fmt.Sscanf(page, "/assess/rounds/%d", &id); err != nil {
		c.t.Fatal(err)
	}
	r, err := c.srv.Rounds.Round(context.Background(), access.SystemScope(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	return &r
}
