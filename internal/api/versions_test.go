package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// force takes a package from a draft to force: the city drafts and proposes it, the administrator approves.
func (c *city) force(p version.Package) Edition {
	c.t.Helper()
	var v Edition
	r := c.ask("city", http.MethodPost, "/versions", packed(c.t, p), "Content-Type", "application/zip")
	wants(c.t, r, 201)
	r.into(c.t, &v)
	r = c.ask("city", http.MethodPost, fmt.Sprintf("/versions/%d/propose", v.ID), fmt.Sprintf(`{"revision": %d, "reason": "下调上限"}`, v.Revision))
	wants(c.t, r, 200)
	r.into(c.t, &v)
	var list editionsOut
	c.get("", "/policies/"+v.Policy+"/versions").into(c.t, &list.Body)
	body := fmt.Sprintf(`{"revision": %d, "reason": "同意", "instead": %d}`, v.Revision, list.Body.Items[0].ID)
	wants(c.t, c.ask("admin", http.MethodPost, fmt.Sprintf("/versions/%d/approve", v.ID), body), 200)
	return v
}

func packed(t testing.TB, p version.Package) string {
	t.Helper()
	zip, err := p.Zip()
	must(t, err)
	return string(zip)
}

// What a version changes, what the linter and its cases say, and what it comes to.
func TestVersionBesideTheOneInForce(t *testing.T) {
	c := newCity(t)
	var v Edition
	r := c.ask("city", http.MethodPost, "/policies/yancheng-2022-6/draft", "")
	wants(t, r, 201, `"state":"draft"`)
	r.into(t, &v)
	path := fmt.Sprintf("/versions/%d", v.ID)
	wants(t, c.get("city", path+"/differences"), 200, `"items":[]`)
	r = c.ask("city", http.MethodPut, fmt.Sprintf("%s/package?revision=%d", path, v.Revision), packed(t, cheaper(t)), "Content-Type", "application/zip")
	wants(t, r, 200, `"findings":[`, `"name":"nothing is known","as_of":"2024-10-31"`, `"good":true`)
	wants(t, c.get("city", path+"/differences"), 200, `"kind":"changed"`, `"key":"params","id":"investment_ceiling"`, `"before":{"zh":"500万元"`, `"after":{"zh":"50万元"`)
	wants(t, c.get("city", path+"/effect?area=320900"), 200, `"instead":`, `"lose":1`, `"lost":"182000.00"`, "亭湖甲")
	wants(t, c.get("tinghu", path+"/effect"), 404) // a draft of another's
	wants(t, c.get("firm", path+"/effect"), 403)
	wants(t, c.get("tinghu", path+"/differences"), 404)
	wrong := cheaper(t)
	wrong.Policy = []byte(strings.Replace(string(wrong.Policy), "value: 50万元", "value: fifty", 1))
	wrong.Cases = nil
	r = c.ask("city", http.MethodPut, fmt.Sprintf("%s/package?revision=%d", path, v.Revision+1), packed(t, wrong), "Content-Type", "application/zip")
	wants(t, r, 200, `"file":"policy.yaml"`, `"line":`, `"findings":[]`)
	wants(t, c.get("city", path+"/effect"), 422, "problems")
	wants(t, c.get("city", fmt.Sprintf("%s/differences?with=%d", path, v.ID)), 200, `"items":[]`)
}

// A decision on a day in the past follows from what was known by its end, and from the policy in force then.
func TestAsOf(t *testing.T) {
	c := newCity(t)
	c.now = time.Date(2024, 11, 20, 9, 0, 0, 0, clock.Beijing)
	c.importCSV("corrected.csv", `统一社会信用代码,企业名称,县（市、区）,项目名称,项目年度投资额（万元）,年度有效投入（万元）
`+tinghuCode+`,盐城亭湖甲机械有限公司,亭湖区,数字车间,900,900
`, "bureau")
	c.now = time.Date(2024, 11, 25, 9, 0, 0, 0, clock.Beijing)
	c.force(cheaper(t))
	c.now = time.Date(2024, 12, 1, 9, 0, 0, 0, clock.Beijing)

	firm := fmt.Sprintf("/enterprises/%d", c.firms[tinghuCode])
	const policy = "/policies/yancheng-2022-6"
	for day, total := range map[string]string{"2024-10-31": "682000.00", "2024-11-22": "990000.00", "2024-12-01": "500000.00"} {
		query, want := "?as_of="+day, `"sure":"`+total+`"`
		wants(t, c.get("city", firm+"/decisions/yancheng-2022-6"+query), 200, want, `"as_of":"`+day+`"`)
		wants(t, c.get("city", policy+"/region"+query), 200, want, `"day":"`+day+`"`)
		wants(t, c.get("city", policy+"/enterprises"+query+"&state=sure"), 200, want)
		wants(t, c.get("city", "/exports/decisions/yancheng-2022-6"+query+"&format=ndjson"), 200, want)
		wants(t, c.get("city", firm+"/decisions/yancheng-2022-6/receipt"+query), 200, `"as_of": "`+day+`"`)
	}
	wants(t, c.get("city", policy+"?as_of=2024-11-22"), 200, `"value":"500万元"`)
	wants(t, c.get("city", policy+"?as_of=2024-12-01"), 200, `"value":"50万元"`)
	// Decided as of then from what is known now, and the other way round.
	var now regionOut
	c.get("city", policy+"/region").into(t, &now.Body)
	wants(t, c.get("city", fmt.Sprintf("%s/decisions/yancheng-2022-6?as_of=2024-10-31&known=%d", firm, now.Body.AsOf.Commit)), 200, `"sure":"500000.00"`, `"as_of":"2024-10-31"`)
	for day, why := range map[string]string{"2024-10-30": "最早的数据记于 2024-10-31", "2024-12-02": "还没有到", "yesterday": "2023-12-31"} {
		wants(t, c.get("city", firm+"/decisions/yancheng-2022-6?as_of="+day), 422, `"parameter":"as_of"`, why)
	}
	// Pages of a list stand at the day on which the first was read.
	var first, second payeesOut
	c.get("city", policy+"/enterprises?limit=1").into(t, &first.Body)
	c.now = c.now.AddDate(0, 0, 1)
	c.get("city", policy+"/enterprises?limit=1&cursor="+first.Body.Next).into(t, &second.Body)
	if first.Body.Next == "" || second.Body.AsOf != first.Body.AsOf {
		t.Errorf("a page of %+v after one of %+v", second.Body.AsOf, first.Body.AsOf)
	}
}

// The log tells of policies too, finds by words and days, and leaves as a table.
func TestLog(t *testing.T) {
	c := newCity(t)
	v := c.force(cheaper(t))
	wants(t, c.get("auditor", "/log?deed=enforce"), 200, `"total":1`, fmt.Sprintf(`"version":%d`, v.ID), `"policy":"yancheng-2022-6"`)
	wants(t, c.get("auditor", "/log?q=PROJECTS.csv"), 200, `"total":1`, `"sha256":"`)
	wants(t, c.get("auditor", "/log?q=%E6%B5%8B%E8%AF%95%20city&deed=publish"), 200, `"total":2`)
	var list logOut
	c.get("auditor", "/log?q=firms").into(t, &list.Body)
	e := list.Body.Items[0]
	wants(t, c.get("auditor", "/log?sha256="+e.SHA256[:8]), 200, `"total":1`, "firms.csv")
	wants(t, c.get("auditor", fmt.Sprintf("/log?commit=%d", e.Commit)), 200, `"total":1`, "firms.csv")
	wants(t, c.get("auditor", "/log?from=2024-11-01"), 200, `"total":0`)
	wants(t, c.get("auditor", "/log?to=2024-10-31&deed=publish"), 200, `"total":2`)
	wants(t, c.get("auditor", "/log?from=then"), 422, `"parameter":"from"`)
	wants(t, c.get("auditor", "/exports/log?format=csv&deed=publish"), 200, "at,deed,commit", "firms.csv", "projects.csv")
	wants(t, c.get("auditor", "/exports/log?format=ndjson&deed=enforce"), 200, `"deed":"enforce"`)
	var first, second logOut
	c.get("auditor", "/log?limit=2").into(t, &first.Body)
	c.now = c.now.Add(time.Minute)
	wants(t, c.ask("firm", http.MethodPost, fmt.Sprintf("/enterprises/%d/disputes", c.firms[tinghuCode]), `{"def": "ent.revenue", "period": "2023", "text": "不对"}`), 201)
	c.get("auditor", "/log?limit=2&cursor="+first.Body.Next).into(t, &second.Body)
	if second.Body.Total != first.Body.Total || len(second.Body.Items) == 0 || second.Body.Items[0] == first.Body.Items[1] {
		t.Errorf("the pages of a log are no one picture: %+v then %+v", first.Body, second.Body)
	}
}
