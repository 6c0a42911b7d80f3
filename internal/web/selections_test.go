package web

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/selection"
)

// judges gives the city accounts of experts, named as people of demonstrations are.
func (c *city) judges(n int) []string {
	c.t.Helper()
	var logins []string
	for i := 1; i <= n; i++ {
		login := fmt.Sprintf("judge%d", i)
		_, err := c.acc.Create(context.Background(), access.SystemScope(), access.NewAccount{
			Login: login, Name: fmt.Sprintf("演示人员 %02d", i), Password: password, Grants: []access.Grant{{Role: access.Expert, Area: "320900"}},
		})
		if err != nil {
			c.t.Fatal(err)
		}
		logins = append(logins, login)
	}
	return logins
}

// fillIn fills in the form of an action and sends it.
func (v *visitor) fillIn(page, action string, answers map[string]string) (*http.Response, string) {
	v.s.t.Helper()
	res, body := v.get(page + "/act/" + action)
	if res.StatusCode != http.StatusOK {
		v.s.t.Fatalf("form %s of %s: %d\n%s", action, page, res.StatusCode, mainOf(body))
	}
	in := asked(body)
	for name, value := range answers {
		in.Set("a."+name, value)
	}
	in.Set("do", "send")
	return v.post(page+"/act/"+action, in)
}

// act takes an action that has no form.
func (v *visitor) act(page, action, reason string) (*http.Response, string) {
	v.s.t.Helper()
	return v.post(page+"/act", url.Values{"action": {action}, "task": {"0"}, "reason": {reason}})
}

// does is act, which must succeed.
func (v *visitor) does(page, action, reason string) string {
	v.s.t.Helper()
	res, body := v.act(page, action, reason)
	if res.StatusCode != http.StatusOK {
		v.s.t.Fatalf("%s in %s: %d\n%s", action, page, res.StatusCode, mainOf(body))
	}
	return body
}

// called is a round that is to be opened.
type called struct{ title, scheme, year, closes, quota string }

// proposes opens the case of a round and writes its call as the city; it gives the page of the case.
func (c *city) proposes(r called) string {
	c.t.Helper()
	v := c.as("city")
	res, body := v.post("/selections", url.Values{"title": {r.title}, "area": {"320900"}})
	page := res.Request.URL.Path
	wants(c.t, body, "案卷已建立", "拟定通知")
	_, list := v.get("/selections")
	wants(c.t, list, "尚未发布的通知", r.title)
	res, body = v.fillIn(page, "propose", map[string]string{"scheme": r.scheme, "year": r.year, "closes": r.closes, "quota": r.quota})
	if res.StatusCode != http.StatusOK || res.Request.URL.Path != page {
		c.t.Fatalf("write the call: %d\n%s", res.StatusCode, mainOf(body))
	}
	if res, _ := v.act(page, "announce", ""); res.StatusCode != http.StatusForbidden {
		c.t.Errorf("who wrote the call announced it: %d", res.StatusCode)
	}
	return page
}

// calls opens and announces a round, and gives its page and that of its case.
func (c *city) calls(r called) (page, callCase string) {
	c.t.Helper()
	callCase = c.proposes(r)
	body := c.as("second").does(callCase, "announce", "")
	found := regexp.MustCompile(`/selections/\d+`).FindString(body)
	if found == "" {
		c.t.Fatalf("the case does not lead to its round:\n%s", mainOf(body))
	}
	return found, callCase
}

// callRound opens and announces a round of craftsmen, and gives its page and that of its case.
func (c *city) callRound(quota string) (page, callCase string) {
	c.t.Helper()
	page, callCase = c.calls(called{"2024年数字工匠评选（演示）", "digital_craftsman", "2024", "2024-11-08", quota})
	if _, err := fmt.Sscanf(page, "/selections/%d", &c.selection); err != nil {
		c.t.Fatal(err)
	}
	return page, callCase
}

// selected is selections at every stage: pages of rounds, of cases, of what an expert judges.
type selected struct {
	decided, judged, open       string // rounds
	proposed, nomination, title string // cases
	judge, sheet                string // an expert with something to judge
}

// threeCraftsmen nominates a person of each firm, accepted by somebody else, and gives the pages of the cases.
func (c *city) threeCraftsmen(round string) []string {
	c.t.Helper()
	var pages []string
	for i, code := range []string{tinghuCode, dafengCode, dongtaiCode} {
		page := c.nominates("city", round, code, string([]rune("甲乙丙")[i])+"组", fmt.Sprintf("演示人员 4%d", i+1))
		c.as("second").does(page, "accept", "")
		pages = append(pages, page)
	}
	return pages
}

// selections runs rounds in the months before the day of the tests: one decided, with a tie, a waiting list and a title that is
// looked at again; one that is judged, with an expert who stepped back and one whom somebody wants out; one that takes nominations.
func (c *city) selections() selected {
	c.t.Helper()
	var all selected
	c.stand(2024, 9, 2)
	logins := c.judges(6)
	c.fillPool(logins...)
	round, call := c.calls(called{"2023年数字工匠评选（演示）", "digital_craftsman", "2023", "2024-09-06", "2"})
	all.decided = round
	c.threeCraftsmen(round)
	c.stand(2024, 9, 9)
	c.as("city").does(call, "draw", "")
	points := map[string][3]string{"甲组": {"36", "32", "20"}, "乙组": {"38", "30", "20"}, "丙组": {"30", "30", "14"}}
	for _, login := range logins {
		c.gives(login, points)
	}
	c.as("second").does(call, "rank", "")
	c.as("city").does(call, "publish", "")
	c.stand(2024, 9, 20)
	if res, body := c.as("second").fillIn(call, "award", map[string]string{"document": "演示〔2024〕1号"}); res.Request.URL.Path != call {
		c.t.Fatalf("award: %d\n%s", res.StatusCode, mainOf(body))
	}
	_, body := c.as("city").get(enterprisePath(c.firms[dafengCode]))
	all.title, _, _ = strings.Cut(regexp.MustCompile(`/cases/\d+">复核、撤销`).FindString(body), `"`)
	c.as("second").does(all.title, "recheck_failed", "已离职，称号条件不再具备（演示）")

	c.stand(2024, 10, 8)
	all.judged, call = c.calls(called{"2024年数字工匠评选（演示）", "digital_craftsman", "2024", "2024-10-11", "2"})
	c.threeCraftsmen(all.judged)
	c.stand(2024, 10, 14)
	c.as("city").does(call, "draw", "")
	for _, login := range logins {
		v := c.as(login)
		_, list := v.get("/judging")
		links := judgeLinks.FindAllString(list, -1)
		switch {
		case len(links) == 0:
		case all.judge == "" && len(links) > 1:
			all.judge, all.sheet = login, links[0]
			v.post(links[1], url.Values{"points-skill": {"35"}, "points-work": {"30"}, "points-teaching": {"15"}, "remark": {"依据充分（演示）"}, "do": {"give"}})
		default:
			v.post(links[0]+"/recuse", url.Values{"reason": {"曾为其提供咨询（演示）"}})
		}
	}
	_, body = c.as("city").get("/experts")
	c.as("city").post(regexp.MustCompile(`/experts/\d+/remove`).FindString(body), url.Values{"reason": {"长期出差，不能按时评审（演示）"}})

	c.stand(2024, 10, 31)
	all.open, _ = c.calls(called{"2024年优秀服务商评选（演示）", "city_provider", "2024", "2024-11-29", "10"})
	res, _ := c.as("firm").post(all.open+"/nominate", url.Values{"firm": {fmt.Sprint(c.firms[tinghuCode])}})
	all.nomination = res.Request.URL.Path
	given := craftsman("本单位", "")
	c.as("firm").fillIn(all.nomination, "submit", given)
	all.proposed = c.proposes(called{"2025年数字工匠评选（演示）", "digital_craftsman", "2025", "2025-09-30", "20"})
	for _, code := range []string{tinghuCode, dafengCode} {
		c.cultivates("smart_factory", code)
	}
	return all
}

// cultivates brings a firm into a pool by a list that somebody else confirms.
func (c *city) cultivates(ladder, code string) {
	c.t.Helper()
	res, _ := c.as("city").post(ladderPath(ladder)+"/enter", url.Values{"firm": {fmt.Sprint(c.firms[code])}})
	c.as("city").does(res.Request.URL.Path, "list", "名单（演示）")
	c.as("second").does(res.Request.URL.Path, "confirm", "")
}

// cultivated nominates somebody of each firm in the round that was announced, and brings each firm into a pool.
func (c *city) cultivated() {
	c.t.Helper()
	for i, code := range []string{tinghuCode, dafengCode, dongtaiCode} {
		c.nominates("city", selectionPath(c.selection), code, "一项业绩", fmt.Sprintf("演示人员 4%d", i))
		c.cultivates("smart_factory", code)
	}
}

// fillPool takes accounts into the register of experts.
func (c *city) fillPool(logins ...string) {
	c.t.Helper()
	v := c.as("city")
	for i, login := range logins {
		res, body := v.post("/experts", url.Values{"account": {fmt.Sprint(c.account(login).ID)}, "label": {fmt.Sprintf("演示人员 %02d", i+1)}, "area": {"320900"}})
		if res.StatusCode != http.StatusOK || !strings.Contains(body, "已加入专家库") {
			c.t.Fatalf("expert %s: %d\n%s", login, res.StatusCode, mainOf(body))
		}
	}
}

// craftsman is what a nomination of a person says; word is by what the tests tell it again on a blind sheet.
func craftsman(word, person string) map[string]string {
	return map[string]string{
		"achievements": word + "：主持产线数字化改造，完成设备联网和数据采集，运行一年。", "benefit": "设备停机时间下降三成以上。", "spread": "带出徒弟八名。",
		"person": person, "contact": "演示人员 50", "phone": "0515-88880000", "truthful": "true",
	}
}

// nominates begins a nomination of a firm and hands it in; it gives the page of the case.
func (c *city) nominates(login, round, code, word, person string) string {
	c.t.Helper()
	v := c.as(login)
	res, body := v.post(round+"/nominate", url.Values{"firm": {fmt.Sprint(c.firms[code])}})
	page := res.Request.URL.Path
	if !strings.HasPrefix(page, "/cases/") {
		c.t.Fatalf("nominate: %d at %s\n%s", res.StatusCode, page, mainOf(body))
	}
	wants(c.t, body, "申报已建立", "未列入失信名单")
	if strings.Contains(body, "提交示范企业申报表") {
		c.t.Error("the form of another selection is offered")
	}
	if res, body = v.fillIn(page, "submit", craftsman(word, person)); res.Request.URL.Path != page {
		c.t.Fatalf("hand in: %d\n%s", res.StatusCode, mainOf(body))
	}
	return page
}

var judgeLinks = regexp.MustCompile(`/judging/\d+/\d+`)

// gives has an expert judge all that waits, by what stands on the blind sheets.
func (c *city) gives(login string, points map[string][3]string) {
	c.t.Helper()
	v := c.as(login)
	_, list := v.get("/judging")
	links := judgeLinks.FindAllString(list, -1)
	slices.Sort(links)
	for _, link := range slices.Compact(links) {
		_, sheet := v.get(link)
		for word := range points {
			lacks(c.t, sheet, "亭湖甲", "大丰乙", "东台丙", "演示人员 4")
			if !strings.Contains(sheet, word) {
				continue
			}
			p := points[word]
			in := url.Values{"points-skill": {p[0]}, "points-work": {p[1]}, "points-teaching": {p[2]}, "remark": {"依据充分（演示）"}, "do": {"give"}}
			if res, body := v.post(link, in); res.StatusCode != http.StatusOK || res.Request.URL.Path != "/judging" {
				c.t.Fatalf("%s gives %s: %d\n%s", login, word, res.StatusCode, mainOf(body))
			}
		}
	}
}

// A whole round on pages, from the call to a title that is revoked: a name that would reveal a nominee, somebody who may not
// accept what they nominated, an expert who steps back, a tie, an objection by which the waiting list moves up.
func TestSelectionOnPages(t *testing.T) {
	c := newCity(t)
	logins := c.judges(5)
	round, call := c.callRound("2")
	c.fillPool(logins...)

	_, body := c.visitor().get(round)
	wants(t, body, "推荐申报中", "2024-11-08", "校验值", "抽取后公开")
	lacks(t, body, "专家评分", "开始申报")

	cases := c.nominateThree(t, round)
	city := c.as("city")
	if res, body := city.act(call, "draw", ""); res.StatusCode != http.StatusConflict {
		t.Errorf("drawn while nominations are open: %d\n%s", res.StatusCode, mainOf(body))
	}
	c.stand(2024, 11, 11)
	city = c.as("city")
	city.does(call, "draw", "")
	_, body = city.get(round)
	wants(t, body, "专家评审中", "已收 0 份，共 9 份", "种子与校验值一致", "演示人员 0", "sha256sum")
	lacks(t, body, "评语")
	_, body = c.visitor().get(round)
	wants(t, body, "种子", "名册值")
	lacks(t, body, "亭湖甲", "演示人员 0", "参加抽签的名单")

	c.tellsNothing(t, logins, round, cases)
	c.stepsBack(t, logins)
	if res, body := c.as("second").act(call, "rank", ""); res.StatusCode != http.StatusConflict {
		t.Errorf("ranked without sheets: %d\n%s", res.StatusCode, mainOf(body))
	}
	for _, login := range logins {
		c.gives(login, map[string][3]string{"甲组": {"36", "32", "20"}, "乙组": {"38", "30", "20"}, "丙组": {"30", "30", "14"}})
	}
	if res, _ := city.act(call, "rank", ""); res.StatusCode != http.StatusForbidden {
		t.Errorf("who drew ranked: %d", res.StatusCode)
	}
	c.as("second").does(call, "rank", "")
	_, body = city.get(round)
	wants(t, body, "已出排名", "与第 2 名同分", "均分", "38 对 36", "<strong>74</strong>", "候补", "依据充分（演示）")
	_, body = c.visitor().get(round)
	wants(t, body, "专家评审中")
	_, body = c.as("firm").get(round)
	lacks(t, body, "入选", "合成得分")
	_, table := city.get(round + "/export?format=csv")
	wants(t, table, "演示人员 41", "与第 2 名同分")

	city.does(call, "publish", "")
	_, body = c.visitor().get(round)
	wants(t, body, "公示名单", "盐城亭湖甲机械有限公司", "盐城大丰乙电子有限公司", "演示人员 42", "公示到 2024-11-18", "参加抽签的名单")
	lacks(t, body, "东台丙", "合成得分", "均分")

	c.as("tinghu").does(cases[tinghuCode], "object", "业绩材料不实（演示）")
	_, body = city.get(round)
	wants(t, body, "异议处理中")
	c.stand(2024, 11, 19)
	city, second := c.as("city"), c.as("second")
	second.does(cases[tinghuCode], "uphold", "核查属实（演示）")
	city.does(call, "publish_more", "")
	_, body = city.get(round)
	wants(t, body, "候补递补", "公示异议成立")
	_, body = c.visitor().get(round)
	wants(t, body, "东台丙")
	lacks(t, body, "亭湖甲")

	c.stand(2024, 11, 27)
	city, second = c.as("city"), c.as("second")
	if res, _ := city.get(call + "/act/award"); res.StatusCode != http.StatusConflict {
		t.Errorf("who published is offered to give the titles: %d", res.StatusCode)
	}
	if res, body := second.fillIn(call, "award", map[string]string{"document": "演示〔2024〕1号"}); res.Request.URL.Path != call {
		t.Fatalf("award: %d\n%s", res.StatusCode, mainOf(body))
	}
	_, body = c.visitor().get(round)
	wants(t, body, "已公布", "演示〔2024〕1号")
	c.titleIsRevoked(t, round)
}

// nominateThree nominates one person of each firm: the enterprise itself, and the city for two that it must not accept alone.
func (c *city) nominateThree(t *testing.T, round string) map[string]string {
	t.Helper()
	firm := c.as("firm")
	_, body := firm.get(round)
	wants(t, body, "亭湖甲", "未列入失信名单", "缺数据", "开始申报")
	res, _ := firm.post(round+"/nominate", url.Values{"firm": {fmt.Sprint(c.firms[tinghuCode])}})
	if res, body := firm.fillIn(res.Request.URL.Path, "submit", craftsman("盐城 亭湖甲（机械）", "演示人员 41")); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a name that reveals the firm: %d\n%s", res.StatusCode, mainOf(body))
	} else {
		wants(t, body, "主要业绩", "盐城亭湖甲机械有限公司")
	}
	if res, _ := firm.post(round+"/nominate", url.Values{"firm": {fmt.Sprint(c.firms[dafengCode])}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("nominated another firm: %d", res.StatusCode)
	}
	if res, body = firm.fillIn(res.Request.URL.Path, "submit", craftsman("甲组", "演示人员 41")); res.StatusCode != http.StatusOK {
		t.Fatalf("hand in: %d\n%s", res.StatusCode, mainOf(body))
	}
	cases := map[string]string{tinghuCode: res.Request.URL.Path}
	wants(t, body, "专家看到的内容", "甲组", "提交时")
	_, body = c.as("city").get(round + "?q=" + dafengCode)
	wants(t, body, "大丰乙", "开始申报")
	cases[dafengCode] = c.nominates("city", round, dafengCode, "乙组", "演示人员 42")
	cases[dongtaiCode] = c.nominates("city", round, dongtaiCode, "丙组", "演示人员 43")
	c.as("tinghu").does(cases[tinghuCode], "accept", "")
	for _, code := range []string{dafengCode, dongtaiCode} {
		if res, _ := c.as("city").act(cases[code], "accept", ""); res.StatusCode != http.StatusForbidden {
			t.Errorf("who nominated accepted it: %d", res.StatusCode)
		}
		c.as("second").does(cases[code], "accept", "")
	}
	return cases
}

// tellsNothing looks through all that an expert can open for whose nominations are judged: names, people, cases, files, records.
func (c *city) tellsNothing(t *testing.T, logins []string, round string, cases map[string]string) {
	t.Helper()
	secrets := []string{"亭湖甲", "大丰乙", "东台丙", "演示人员 4", "/enterprises/", "/files/", "参加抽签的名单"}
	for _, page := range cases {
		secrets = append(secrets, page)
	}
	seen := 0
	for _, login := range logins {
		v := c.as(login)
		_, list := v.get("/judging")
		links := judgeLinks.FindAllString(list, -1)
		if !slices.IsSortedFunc(links, func(a, b string) int { return cmp.Compare(numberIn(a), numberIn(b)) }) {
			t.Errorf("not in the order of the numbers: %v", links)
		}
		for _, page := range append(links, "/judging", round, "/selections", "/cases", "/today") {
			res, body := v.get(page)
			if res.StatusCode == http.StatusOK {
				lacks(t, mainOf(body), secrets...)
			}
		}
		for _, page := range cases {
			if res, _ := v.get(page); res.StatusCode != http.StatusNotFound {
				t.Errorf("%s opens %s: %d", login, page, res.StatusCode)
			}
		}
		if res, _ := v.get(round + "/export"); res.StatusCode == http.StatusOK {
			t.Errorf("%s has the ranking as a sheet", login)
		}
		seen += len(links)
	}
	if seen != 9 {
		t.Errorf("looked at %d sheets, want 9", seen)
	}
}

// numberIn is the number that ends an address.
func numberIn(path string) int {
	n, _ := strconv.Atoi(path[strings.LastIndex(path, "/")+1:])
	return n
}

// stepsBack has the first expert who has something to judge keep a draft, then step back from it; the seat goes to the next.
func (c *city) stepsBack(t *testing.T, logins []string) {
	t.Helper()
	for _, login := range logins {
		v := c.as(login)
		_, list := v.get("/judging")
		link := judgeLinks.FindString(list)
		if link == "" {
			continue
		}
		_, body := v.get("/cases")
		wants(t, body, "件评选申报等你打分")
		res, body := v.post(link, url.Values{"points-skill": {"约 9"}, "points-work": {"20"}, "remark": {"待定"}, "do": {"draft"}})
		wants(t, body, "草稿已保存", `value="约 9"`, "待定")
		if res.Request.URL.Path != link {
			t.Errorf("a draft leads to %s", res.Request.URL)
		}
		_, body = v.get("/judging")
		wants(t, body, "有草稿")
		for points, why := range map[string]string{"约 9": "不是分值", "90": "应在 0 至", "": "还没有打分"} {
			res, body := v.post(link, url.Values{"points-skill": {points}, "points-work": {"20"}, "points-teaching": {"10"}, "do": {"give"}})
			if res.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("points %q: %d", points, res.StatusCode)
			}
			wants(t, body, why)
		}
		if res, _ := v.post(link+"/recuse", url.Values{"reason": {" "}}); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("stepping back without a reason: %d", res.StatusCode)
		}
		_, body = v.post(link+"/recuse", url.Values{"reason": {"曾为其提供咨询（演示）"}})
		wants(t, body, "已回避", "曾为其提供咨询（演示）")
		lacks(t, body, "亭湖甲", "大丰乙", "东台丙", `"`+link+`"`)
		if res, _ := v.get(link); res.StatusCode != http.StatusNotFound {
			t.Errorf("what an expert stepped back from is still there: %d", res.StatusCode)
		}
		_, body = c.as("city").get("/experts")
		wants(t, body, "曾为其提供咨询（演示）")
		return
	}
	t.Fatal("nobody has anything to judge")
}

// titleIsRevoked finds the title on the file of its enterprise, and revokes it by another account than the one that doubted it.
func (c *city) titleIsRevoked(t *testing.T, round string) {
	t.Helper()
	file := enterprisePath(c.firms[dafengCode])
	_, body := c.as("city").get(file)
	wants(t, body, "数字工匠", "演示人员 42", "2024-11-27", "持有")
	page := regexp.MustCompile(`/cases/\d+">复核、撤销`).FindString(body)
	page, _, _ = strings.Cut(page, `"`)
	c.as("second").does(page, "recheck_failed", "离职（演示）")
	if res, _ := c.as("second").act(page, "revoke", "离职（演示）"); res.StatusCode != http.StatusForbidden {
		t.Errorf("who doubted a title revoked it: %d", res.StatusCode)
	}
	wants(t, c.as("city").does(page, "revoke", "离职（演示）"), "已撤销")
	_, body = c.as("city").get(file)
	wants(t, body, "2024-11-27 起撤销", "复核未通过", "离职（演示）")
	if res, _ := c.as("firm").get(file); res.StatusCode != http.StatusNotFound {
		t.Errorf("a firm reads the titles of another: %d", res.StatusCode)
	}
	_, body = c.visitor().get("/selections")
	wants(t, body, round, "已公布")
}

// An expert says beforehand of which enterprise it judges nothing, and is taken out of the register for a reason.
func TestRegisterOfExperts(t *testing.T) {
	c := newCity(t)
	logins := c.judges(2)
	city := c.as("city")
	add := url.Values{"account": {fmt.Sprint(c.account("judge1").ID)}, "label": {"演示人员 01"}, "area": {"320900"}, "county": {"320902"}, "firm": {"没有这家"}, "belongs": {"示例研究院\n示例学会"}}
	res, body := city.post("/experts", add)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an employer that is not there: %d", res.StatusCode)
	}
	wants(t, body, "没有这家", "示例学会")
	_, body = city.post("/experts", with(add, "firm", dafengCode))
	wants(t, body, "已加入专家库", "示例研究院", "大丰乙", "亭湖区")
	if res, _ := city.post("/experts", with(add, "firm", "", "account", fmt.Sprint(c.account("firm").ID))); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("somebody who is no expert was added: %d", res.StatusCode)
	}
	if res, _ := c.as("tinghu").post("/experts", add); res.StatusCode != http.StatusForbidden {
		t.Errorf("a county keeps the pool of the city: %d", res.StatusCode)
	}
	judge := c.as(logins[0])
	res, _ = judge.post("/judging/interests", url.Values{"firm": {"没有这家"}, "reason": {"顾问"}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an interest in nobody: %d", res.StatusCode)
	}
	_, body = judge.post("/judging/interests", url.Values{"firm": {dongtaiCode}, "reason": {"任其顾问（演示）"}})
	wants(t, body, "利害关系已声明", "任其顾问（演示）")
	_, body = city.get("/experts")
	wants(t, body, "东台丙", "任其顾问（演示）")
	if _, body := c.as(logins[1]).get("/judging"); strings.Contains(body, "任其顾问") || strings.Contains(body, "利害关系声明") {
		t.Error("another expert reads it, or one who is not in the pool is asked")
	}
	id := regexp.MustCompile(`/experts/\d+/remove`).FindString(body)
	if res, _ := city.post(id, url.Values{"reason": {""}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("taken out without a reason: %d", res.StatusCode)
	}
	_, body = city.post(id, url.Values{"reason": {"任期届满（演示）"}})
	wants(t, body, "已移出专家库", "任期届满（演示）")
}

// A firm asks to be cultivated, an office lists another and somebody else of it confirms; who is taken out leaves for a reason.
func TestPoolOnPages(t *testing.T) {
	c := newCity(t)
	_, body := c.visitor().get("/ladders")
	wants(t, body, "智能工厂梯度培育", "基础级")
	const page = "/ladders/smart_factory"
	if res, _ := c.visitor().get("/ladders/nothing"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a ladder that is not there: %d", res.StatusCode)
	}
	firm, city := c.as("firm"), c.as("city")
	res, _ := firm.post(page+"/enter", url.Values{"firm": {fmt.Sprint(c.firms[tinghuCode])}})
	own := res.Request.URL.Path
	wants(t, firm.does(own, "apply", ""), "县级审核", "现在：")
	_, body = firm.get(own)
	wants(t, body, "梯度：智能工厂梯度培育")
	lacks(t, body, "梯度：smart_factory")
	c.as("tinghu").does(own, "accept", "")

	_, body = city.get(page + "?firm=" + dafengCode)
	wants(t, body, "大丰乙", "列入名单")
	res, _ = city.post(page+"/enter", url.Values{"firm": {fmt.Sprint(c.firms[dafengCode])}})
	listed := res.Request.URL.Path
	if again, _ := city.post(page+"/enter", url.Values{"firm": {fmt.Sprint(c.firms[dafengCode])}}); again.Request.URL.Path != listed {
		t.Errorf("a second press led to %s", again.Request.URL)
	}
	city.does(listed, "list", "培育名单第一批（演示）")
	if res, _ := city.act(listed, "confirm", ""); res.StatusCode != http.StatusForbidden {
		t.Errorf("who listed it confirmed it: %d", res.StatusCode)
	}
	c.as("second").does(listed, "confirm", "")

	_, body = city.get(page)
	wants(t, body, "在库企业（2）", "亭湖甲", "大丰乙", "基础级")
	_, body = city.get(page + "?area=320904")
	wants(t, body, "在库企业（1）", "大丰乙")
	_, body = c.as("tinghu").get(page)
	lacks(t, body, "大丰乙")
	_, table := c.as("tinghu").get(page + "/export?format=csv")
	wants(t, table, "亭湖甲", tinghuCode)
	lacks(t, table, "大丰乙")
	_, body = city.post(page+"/refresh", nil)
	wants(t, body, "0 家台阶有变化")
	_, body = city.get(enterprisePath(c.firms[dafengCode]))
	wants(t, body, "在培育库中", "培育名单第一批（演示）", "基础级智能工厂")
	city.does(listed, "leave", "停产（演示）")
	_, body = city.get(enterprisePath(c.firms[dafengCode]))
	wants(t, body, "曾在培育库", "停产（演示）")
	firm.does(own, "quit", "不再需要（演示）")

	_, body = city.get("/coverage?title=factory_basic")
	wants(t, body, "亭湖区", "东台市", "没有")
	_, table = city.get("/coverage/export?format=csv&title=factory_basic")
	wants(t, table, "亭湖区")
	_, body = c.as("tinghu").get("/coverage")
	lacks(t, body, "东台市")
}

// What a blind sheet shows stands as the form asks it: words for codes, and the columns of a list side by side.
func TestBlindSheetReadsAsTheForm(t *testing.T) {
	c := newCity(t)
	scheme, err := c.awards.Set.Scheme("city_demonstration")
	if err != nil {
		t.Fatal(err)
	}
	parts := blindParts(i18n.T{Lang: i18n.ZH}, scheme, scheme.Blind(3, selection.Material{
		"direction": "workshop", "done": "第一段\n第二段", "cases.what": "停机\n能耗", "cases.before": "9%\n100", "cases.after": "3%\n70", "contact": "演示人员 50",
	}))
	got := map[string]string{}
	for _, p := range parts {
		got[p.Label] = p.Text + fmt.Sprint(p.Heads, p.Rows)
	}
	want := map[string]string{
		"示范方向": "智能车间[] []", "做法": "第一段\n第二段[] []",
		"改造前后": "[场景或指标 改造前 改造后] [[停机 9% 3%] [能耗 100 70]]",
	}
	if !maps.Equal(got, want) {
		t.Errorf("shown as %q", got)
	}
}
