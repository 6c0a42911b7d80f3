package api

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/lot"
	"github.com/yanzhen/yanzhen/internal/selection"
)

// held is a round of craftsmen: its case, and the case of the nomination of each firm.
type held struct {
	id, call string
	cases    map[string]string
}

const (
	callForm     = `{"action": "propose", "entry": {"texts": {"scheme": "digital_craftsman", "year": "2024", "closes": "{closes}", "quota": "1"}}}`
	nomineeForm  = `{"action": "submit", "entry": {"texts": {"person": "{person}", "achievements": "{word}：主持产线数字化改造，完成设备联网和数据采集，运行一年。", "benefit": "设备停机时间下降三成以上。", "spread": "带出徒弟八名。", "contact": "演示人员 50", "phone": "0515-88880000", "truthful": "true"}}}`
	decisionForm = `{"action": "award", "entry": {"texts": {"document": "演示〔2024〕1号"}}}`
	beginRound   = `{"workflow": "selection_round", "area": "320900", "title": "2024年数字工匠评选（演示）"}`
)

// inPool takes the experts of the tests into the register, which people keep.
func (c *city) inPool() {
	c.t.Helper()
	for i, login := range []string{"expert1", "expert2", "expert3"} {
		c.inRegister(login, fmt.Sprintf("演示人员 %02d", i+1))
	}
}

func (c *city) inRegister(login, label string) {
	c.t.Helper()
	_, err := c.srv.Selections.AddExpert(context.Background(), c.scopeOf("city"), selection.Expert{Label: label, Account: c.ids[login], Area: "320900"})
	must(c.t, err)
}

// joins takes a new account into the register.
func (c *city) joins(login, label string) {
	c.t.Helper()
	c.account(login)
	c.inRegister(login, label)
}

// opensRound opens a round of craftsmen over the API: proposed by one, announced by another.
func (c *city) opensRound() {
	c.t.Helper()
	r := c.ask("city", http.MethodPost, "/cases", beginRound)
	wants(c.t, r, 201)
	c.round.call = r.at(c.t, "id")
	act := "/cases/" + c.round.call + "/act"
	wants(c.t, c.ask("city", http.MethodPost, act, fill(callForm, map[string]string{"closes": c.now.AddDate(0, 0, 7).Format("2006-01-02")})), 200)
	wants(c.t, c.ask("city", http.MethodPost, act, `{"action": "announce"}`), 403)
	c.simply("second", c.round.call, "announce")
	c.round.id = c.get("", "/selections").at(c.t, "items.0.id")
}

// nominates hands a nomination of a firm in, which somebody of the city accepts.
func (c *city) nominates(login, code, word, person string) {
	c.t.Helper()
	r := c.ask(login, http.MethodPost, "/selections/"+c.round.id+"/nominations", fmt.Sprintf(`{"enterprise": %d}`, c.firms[code]))
	wants(c.t, r, 201, `"begun":false`)
	id := r.at(c.t, "id")
	wants(c.t, c.ask(login, http.MethodPost, "/cases/"+id+"/act", fill(nomineeForm, map[string]string{"word": word, "person": person})), 200)
	if c.round.cases == nil {
		c.round.cases = map[string]string{}
	}
	c.round.cases[code] = id
	c.simply("second", id, "accept")
}

// selects holds a round as far as its draw.
func (c *city) selects() {
	c.t.Helper()
	c.inPool()
	c.opensRound()
	c.nominates("firm", tinghuCode, "甲组", "演示人员 41")
	c.nominates("city", dafengCode, "乙组", "演示人员 42")
	c.now = c.now.AddDate(0, 0, 8)
	c.simply("city", c.round.call, "draw")
}

// points are what each nomination gets of each expert: equal totals, of which the skill decides.
var points = map[string]string{"甲组": `{"skill": "36", "work": "32", "teaching": "20"}`, "乙组": `{"skill": "38", "work": "30", "teaching": "20"}`}

// ranks has all experts give what they judge, and ranks.
func (c *city) ranks() {
	c.t.Helper()
	for _, login := range []string{"expert1", "expert2", "expert3", "expert4"} {
		for n := 1; n <= 2; n++ {
			one := fmt.Sprintf("/judging/%s/%d", c.round.id, n)
			blind := c.get(login, one)
			for word, given := range points {
				if strings.Contains(blind.body, word) {
					wants(c.t, c.ask(login, http.MethodPut, one, `{"sheet": `+given+`, "remark": "依据充分（演示）"}`), 204)
				}
			}
		}
	}
	c.simply("second", c.round.call, "rank")
}

// lacks wants an answer to hold none of these.
func lacks(t testing.TB, r reply, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(r.body, p) {
			t.Errorf("the answer tells %q: %s", p, r.body)
		}
	}
}

// A round goes from the call to the titles over the API alone, and everybody sees of it what the pages show them.
func TestSelectionFromCallToTitles(t *testing.T) {
	c := newCity(t)
	c.staff()
	c.inPool()
	wants(t, c.ask("tinghu", http.MethodPost, "/cases", beginRound), 403)
	c.opensRound()
	one := "/selections/" + c.round.id
	wants(t, c.get("", one), 200, `"state":"nominating"`, `"open":true`, `"notice":[]`, `"code":"digital_craftsman"`)
	lacks(t, c.get("firm", one), `"case":`)
	wants(t, c.get("city", one), 200, `"case":`+c.round.call)
	wants(t, c.get("", "/selections/9"), 404)
	draw := c.get("", one+"/draw")
	wants(t, draw, 200, `"listed":false`, `"nominations":[]`)
	lacks(t, draw, `"seed"`, `"roll"`)

	begin := fmt.Sprintf(`{"enterprise": %d}`, c.firms[tinghuCode])
	look := fmt.Sprintf("%s/nominees/%d", one, c.firms[tinghuCode])
	wants(t, c.get("firm", look), 200, `"may":true`, `"id":"honest"`, `"cases":[]`)
	wants(t, c.get("viewer", look), 200, `"may":false`)
	wants(t, c.get("firm", fmt.Sprintf("%s/nominees/%d", one, c.firms[dafengCode])), 404)
	wants(t, c.ask("viewer", http.MethodPost, one+"/nominations", begin), 403)
	wants(t, c.ask("tax", http.MethodPost, one+"/nominations", begin), 403)
	wants(t, c.ask("tinghu", http.MethodPost, one+"/nominations", fmt.Sprintf(`{"enterprise": %d}`, c.firms[dafengCode])), 403)
	wants(t, c.ask("city", http.MethodPost, "/cases", fmt.Sprintf(`{"workflow": "selection_nomination", "enterprise": %d}`, c.firms[tinghuCode])), 409, "nominate")
	begun := c.ask("firm", http.MethodPost, one+"/nominations", begin)
	wants(t, begun, 201, `"begun":false`)
	wants(t, c.ask("handler", http.MethodPost, one+"/nominations", begin), 201, `"begun":true`, `"id":`+begun.at(t, "id"))
	named := fill(nomineeForm, map[string]string{"word": "亭湖甲机械", "person": "演示人员 41"})
	wants(t, c.ask("firm", http.MethodPost, "/cases/"+begun.at(t, "id")+"/act", named), 422)
	c.simply("firm", begun.at(t, "id"), "withdraw")

	c.nominates("firm", tinghuCode, "甲组", "演示人员 41")
	c.nominates("city", dafengCode, "乙组", "演示人员 42")
	own := c.get("firm", one+"/nominations")
	wants(t, own, 200, "演示人员 41", `"state":"accepted"`)
	lacks(t, own, "演示人员 42", `"number"`)
	lacks(t, c.get("tinghu", one+"/nominations"), "大丰乙", "演示人员 42")
	wants(t, c.get("", one+"/nominations"), 401)
	c.now = c.now.AddDate(0, 0, 8)
	wants(t, c.ask("firm", http.MethodPost, one+"/nominations", begin), 409)
	c.simply("city", c.round.call, "draw")

	c.judgesBlind(t)
	wants(t, c.get("city", one+"/seats"), 200, "演示人员 01", `"given":false`)
	for _, login := range []string{"firm", "tinghu", "expert1"} {
		if r := c.get(login, one+"/seats"); r.status != 403 && r.status != 404 {
			t.Errorf("seats as %s: status %d: %s", login, r.status, r.body)
		}
	}
	c.ranks()
	ranked := c.get("city", one+"/results")
	wants(t, ranked, 200, `"standing":"chosen"`, `"standing":"waiting"`, `"waits":1`, `"rule":"item:skill","mine":"38","their":"36"`)
	if ranked.at(t, "items.0.person") != "演示人员 42" {
		t.Errorf("the skill decides: %s", ranked.body)
	}
	for _, login := range []string{"firm", "tinghu"} {
		wants(t, c.get(login, one+"/results"), 200, `"items":[]`)
		wants(t, c.get(login, one), 200, `"state":"judging"`)
		lacks(t, c.get(login, one), `"ranked":"`)
		lacks(t, c.get(login, one+"/nominations"), `"id":`+ranked.at(t, "items.1.nomination"))
	}
	wants(t, c.get("city", one+"/seats"), 200, `"skill":"38"`, "依据充分（演示）")

	c.simply("city", c.round.call, "publish")
	notice := c.get("", one)
	wants(t, notice, 200, `"state":"notice"`, "盐城大丰乙电子有限公司", "演示人员 42")
	lacks(t, notice, "亭湖甲", `"88"`)
	mine := c.get("firm", one+"/results")
	wants(t, mine, 200, `"standing":"waiting"`, "演示人员 41")
	lacks(t, mine, "大丰乙", "演示人员 42", `"tie"`)
	c.drawsAgain(t)

	c.now = c.now.AddDate(0, 0, 10)
	wants(t, c.ask("second", http.MethodPost, "/cases/"+c.round.call+"/act", decisionForm), 200)
	wants(t, c.get("", one), 200, `"state":"decided"`, `"document":"演示〔2024〕1号"`)
	c.titleGivenAndRevoked(t)
}

// judgesBlind is what experts see, and what they may not give.
func (c *city) judgesBlind(t *testing.T) {
	t.Helper()
	for _, login := range []string{"city", "firm", "tinghu"} {
		wants(t, c.get(login, "/judging"), 403)
	}
	wants(t, c.get("expert1", "/judging"), 200, `"left":2`)
	for n := 1; n <= 2; n++ {
		one := fmt.Sprintf("/judging/%s/%d", c.round.id, n)
		blind := c.get("expert1", one)
		wants(t, blind, 200, `"achievements"`, `"skill"`)
		lacks(t, blind, "亭湖甲", "大丰乙", "演示人员", "0515", `"contact"`, `"case"`)
		wants(t, c.ask("expert1", http.MethodPut, one, `{"sheet": {"skill": "90", "work": "30", "teaching": "20"}}`), 422)
		wants(t, c.ask("expert1", http.MethodPut, one, `{"sheet": {"skill": "无"}}`), 422, `"pointer":"/sheet/skill"`)
	}
	wants(t, c.get("expert1", "/judging/"+c.round.id+"/3"), 404)
	wants(t, c.ask("expert1", http.MethodPost, "/judging/"+c.round.id+"/3/recuse", `{"reason": "x"}`), 404)
	for _, path := range []string{"/results", "/nominations"} {
		r := c.get("expert1", "/selections/"+c.round.id+path)
		lacks(t, r, "亭湖甲", "大丰乙", "演示人员")
	}
	lacks(t, c.get("expert1", "/selections/"+c.round.id+"/draw"), `"record"`)
	c.joins("expert4", "演示人员 04")
	first := "/judging/" + c.round.id + "/1"
	wants(t, c.ask("expert3", http.MethodPost, first+"/recuse", `{"reason": "曾为其提供咨询（演示）"}`), 204)
	wants(t, c.get("expert3", first), 404)
	wants(t, c.get("expert4", "/judging"), 200, `"number":1`, `"left":1`)
}

// drawsAgain draws the lots again from what the public is told, by the hash of docs/selections.md.
func (c *city) drawsAgain(t *testing.T) {
	t.Helper()
	var out drawOut
	c.get("", "/selections/"+c.round.id+"/draw").into(t, &out.Body)
	b := out.Body
	if !b.Listed || b.Sound == nil || !*b.Sound || len(b.Nominations) != 2 || len(b.Experts) != 3 {
		t.Fatalf("the draw: %+v", b)
	}
	if got := lot.Commitment(b.Seed); got != b.Commitment {
		t.Errorf("the seed is not the one committed to: %s, %s", got, b.Commitment)
	}
	keys := func(all []drawnLot) []string {
		var out []string
		for _, x := range all {
			out = append(out, strconv.FormatInt(x.Record, 10))
		}
		return out
	}
	lots := selection.Lots{Draw: lot.Draw{Seed: b.Seed, Roll: selection.Roll(keys(b.Nominations), keys(b.Experts))}}
	for key, n := range lots.BlindNumbers(keys(b.Nominations)) {
		if strconv.FormatInt(b.Nominations[n-1].Record, 10) != key || lots.Lot(selection.ForBlind, key) != b.Nominations[n-1].Lot {
			t.Errorf("number %d is drawn otherwise: %+v", n, b.Nominations)
		}
	}
}

// titleGivenAndRevoked is the title of the round, as those see it who may, before and after it is revoked.
func (c *city) titleGivenAndRevoked(t *testing.T) {
	t.Helper()
	list := c.get("city", "/titles?selection="+c.round.id)
	wants(t, list, 200, `"state":"held"`, "演示人员 42", "盐城大丰乙电子有限公司")
	one := "/titles/" + list.at(t, "items.0.id")
	of := fmt.Sprintf("/titles?enterprise=%d", c.firms[dafengCode])
	wants(t, c.get("city", of), 200, `"id":`+list.at(t, "items.0.id"))
	for _, login := range []string{"firm", "tinghu"} {
		wants(t, c.get(login, one), 404)
		wants(t, c.get(login, of), 200, `"items":[]`)
		wants(t, c.get(login, "/titles?selection="+c.round.id), 200, `"items":[]`)
	}
	wants(t, c.get("", one), 401)
	wants(t, c.get("city", "/titles"), 422, `"parameter":"enterprise"`)
	wants(t, c.get("city", one), 200, `"rechecks":[]`)
	found := regexp.MustCompile(`"id":(\d+)`).FindStringSubmatch(c.get("city", fmt.Sprintf("/cases?workflow=selection_title&enterprise=%d", c.firms[dafengCode])).body)
	if found == nil {
		t.Fatal("no case of the title")
	}
	wants(t, c.ask("second", http.MethodPost, "/cases/"+found[1]+"/act", `{"action": "recheck_failed", "reason": "已离职（演示）"}`), 200)
	wants(t, c.get("city", one), 200, `"passed":false`, "已离职（演示）", `"by":"测试 second"`)
}
