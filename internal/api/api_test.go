package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
)

func TestFirms(t *testing.T) {
	c := newCity(t)
	r := c.get("city", "/enterprises?columns=ent.revenue&sort=-ent.revenue&year=2023")
	wants(t, r, 200, `"total":3`, `"value":"123456700.00"`, "12\u202f345.67 万元")
	var list struct {
		Items []Firm
		Next  string
	}
	r.into(t, &list)
	if got := list.Items[0].USCC; got != tinghuCode {
		t.Errorf("the first by revenue is %s", got)
	}
	wants(t, c.get("city", "/enterprises/search?q=%E5%A4%A7%E4%B8%B0"), 200, dafengCode, `"total":1`)
	file := c.get("city", fmt.Sprintf("/enterprises/%d", c.firms[tinghuCode]))
	wants(t, file, 200, "数字车间", `"def":"project.investment","period":"2023","state":"present","value":"6200000.00"`, "王某甲")
	if again := c.get("city", fmt.Sprintf("/enterprises/%d", c.firms[tinghuCode]), "If-None-Match", file.header.Get("ETag")); again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("unchanged: status %d, %q", again.status, again.body)
	}
	if other := c.get("auditor", fmt.Sprintf("/enterprises/%d", c.firms[tinghuCode])); other.header.Get("ETag") == file.header.Get("ETag") {
		t.Error("two scopes have one tag")
	}
	wants(t, c.get("city", fmt.Sprintf("/enterprises/%d/timeline?def=ent.revenue", c.firms[tinghuCode])), 200, `"place":"F2"`, `"effective":true`, "12345.67")
}

// Pages of a list are one picture, whatever becomes known meanwhile, and a cursor is of its list alone.
func TestPagesAreOnePicture(t *testing.T) {
	c := newCity(t)
	type page struct {
		Items []Firm
		Next  string
		Total int
		AsOf  asOf `json:"as_of"`
	}
	var first, second page
	c.get("city", "/enterprises?limit=2").into(t, &first)
	c.importCSV("more.csv", "企业名称,县（市、区）,行业代码\n安丰丁机械有限公司,亭湖区,3412\n", "bureau")
	r := c.get("city", "/enterprises?limit=2&cursor="+first.Next)
	r.into(t, &second)
	if second.Total != 3 || len(second.Items) != 1 || second.Next != "" || second.AsOf != first.AsOf {
		t.Errorf("the second page is %s", r.body)
	}
	var anew page
	c.get("city", "/enterprises").into(t, &anew)
	if anew.Total != 4 {
		t.Errorf("%d enterprises after the import", anew.Total)
	}
	for _, other := range []string{"/enterprises?limit=2&sort=uscc&cursor=" + first.Next, "/log?cursor=" + first.Next, "/enterprises?cursor=x"} {
		wants(t, c.get("city", other), 422, `"parameter":"cursor"`)
	}
	wants(t, c.get("tinghu", "/enterprises?limit=2&cursor="+first.Next), 422, `"parameter":"cursor"`)
}

func TestDisputes(t *testing.T) {
	c := newCity(t)
	path := fmt.Sprintf("/enterprises/%d/disputes", c.firms[tinghuCode])
	var made struct{ ID int64 }
	r := c.ask("firm", http.MethodPost, path, `{"def": "ent.revenue", "period": "2023", "text": "应为 12,345 万元"}`)
	wants(t, r, 201)
	r.into(t, &made)
	wants(t, c.get("tinghu", "/disputes?open=true"), 200, "应为 12,345 万元", `"total":1`)
	wants(t, c.ask("firm", http.MethodPost, fmt.Sprintf("/disputes/%d/close", made.ID), `{"note": "自己办结"}`), 403)
	wants(t, c.ask("tinghu", http.MethodPost, fmt.Sprintf("/disputes/%d/close", made.ID), `{"note": "原数无误"}`), 204)
	wants(t, c.get("firm", "/disputes"), 200, "原数无误")
	wants(t, c.get("firm", "/disputes?open=true"), 200, `"total":0`)
	wants(t, c.ask("firm", http.MethodPost, path, `{"def": "ent.revenue", "period": "last year", "text": "x"}`), 422, `"pointer":"/period"`, "2023H1")
}

// What an enterprise states about itself: it fills a gap, differs from who is believed more, is answered and taken back.
func TestReports(t *testing.T) {
	c := newCity(t)
	path := fmt.Sprintf("/enterprises/%d/reports", c.firms[tinghuCode])
	say := func(def, period, value string) string {
		return fmt.Sprintf(`{"def": %q, "period": %q, "value": %s, "evidence": "2023 年度审计报告"}`, def, period, value)
	}
	r := c.ask("firm", http.MethodPost, path, say("ent.revenue", "2023", `"1.5亿元"`))
	wants(t, r, 201)
	var made struct{ ID int64 }
	r.into(t, &made)
	wants(t, c.get("tinghu", "/reports?stand=gap"), 200, `"value":"150000000.00"`, `"value":"123456700.00"`, `"authority":"statistics"`, "审计报告")
	wants(t, c.get("firm", "/reports"), 200, `"total":1`)
	wants(t, c.get("city", "/exports/reports?format=csv"), 200, "id,enterprise,name", "亭湖甲", "gap")
	wants(t, c.ask("firm", http.MethodPost, fmt.Sprintf("/reports/%d/answer", made.ID), `{"kind": "accept", "note": "x"}`), 403)
	wants(t, c.ask("tinghu", http.MethodPost, fmt.Sprintf("/reports/%d/answer", made.ID), `{"kind": "ask", "note": "请说明差异"}`), 204)
	wants(t, c.get("firm", "/reports?stand=asked"), 200, "请说明差异")
	wants(t, c.get("auditor", "/log?deed=ask"), 200, `"total":1`, "请说明差异", `"name":"ent.revenue 2023"`)
	wants(t, c.get("auditor", "/log?q=%E5%AE%A1%E8%AE%A1%E6%8A%A5%E5%91%8A"), 200, `"total":1`, `"evidence":"2023 年度审计报告"`)
	if r := c.get("admin", "/log"); strings.Contains(r.body, "审计报告") {
		t.Errorf("the log tells an administrator what an enterprise wrote: %s", r.body)
	}
	wants(t, c.ask("firm", http.MethodPost, path, say("ent.revenue", "2023", `"a few"`)), 422, `"pointer":"/value"`)
	wants(t, c.ask("firm", http.MethodPost, path, say("ent.turnover", "2023", `1`)), 422, `"pointer":"/def"`)
	wants(t, c.ask("firm", http.MethodPost, path, say("ent.revenue", "then", `1`)), 422, `"pointer":"/period"`)
	wants(t, c.ask("firm", http.MethodPost, fmt.Sprintf("/enterprises/%d/reports", c.firms[dafengCode]), say("ent.revenue", "2023", `1`)), 404)
	wants(t, c.ask("firm", http.MethodPost, path+"/withdraw", `{"def": "ent.revenue", "period": "2023", "reason": "填错了"}`), 204)
	wants(t, c.ask("firm", http.MethodPost, path+"/withdraw", `{"def": "ent.revenue", "period": "2023"}`), 404)
	wants(t, c.get("firm", "/reports"), 200, `"total":0`)
}

func TestPolicies(t *testing.T) {
	c := newCity(t)
	wants(t, c.get("", "/policies"), 200, "盐政办发〔2022〕6号")
	wants(t, c.get("", "/policies/yancheng-2022-6"), 200, "investment_base", `"cite":"四(三)"`)
	body := `{"enterprise": {"id": "E1", "name": "盐城示例机械有限公司", "area": "320903", "industry": "3670", "facts": {"ent.above_scale": {"2022": true}}}}`
	wants(t, c.ask("", http.MethodPost, "/policies/yancheng-2022-6/calculate?as_of=2022-12-31", body), 200, `"policy":"yancheng-2022-6"`, `"missing"`)
	r := c.ask("", http.MethodPost, "/policies/yancheng-2022-6/calculate", strings.Replace(body, "true", `"yes"`, 1), "Accept-Language", "en")
	wants(t, r, 422, `"line":1`, `"column":`)
	r = c.get("city", "/policies/yancheng-2022-6/region?area=320900")
	wants(t, r, 200, `"sure":"682000.00"`, "亭湖区")
	wants(t, c.get("city", "/policies/yancheng-2022-6/region?area=320900", "If-None-Match", r.header.Get("ETag")), 304)
	wants(t, c.get("city", "/policies/yancheng-2022-6/region?set=investment_base=effective"), 200, `"sure":"660000.00"`)
	wants(t, c.get("city", "/policies/yancheng-2022-6/enterprises?clause=c9&state=sure"), 200, tinghuCode, `"total":1`)
	wants(t, c.get("tinghu", "/policies/yancheng-2022-6/region"), 200, `"enterprises":1`)
	wants(t, c.get("firm", fmt.Sprintf("/enterprises/%d/decisions/yancheng-2022-6", c.firms[tinghuCode])), 200, `"sure":"682000.00"`, `"checks"`)
	wants(t, c.get("firm", fmt.Sprintf("/enterprises/%d/decisions/yancheng-2022-6?what_if=nonsense", c.firms[tinghuCode])), 422, `"parameter":"what_if"`)
	wants(t, c.get("firm", "/policies/yancheng-2022-6/region"), 403)
}

// The map of a region is GeoJSON whose features carry what the policy comes to.
func TestRegionMap(t *testing.T) {
	c := newCity(t)
	r := c.get("city", "/policies/yancheng-2022-6/region/map?area=320900")
	wants(t, r, 200, `"approval":"苏S(2024)001号"`, `"sure":"682000.00"`)
	if got := r.header.Get("Content-Type"); got != geoJSONType {
		t.Errorf("content type %q", got)
	}
	var m mapped
	r.into(t, &m)
	outlined, firms := 0, 0
	for _, f := range m.Features {
		firms += f.Properties.Firms
		if f.Geometry == nil {
			continue
		}
		outlined++
		for _, polygon := range f.Geometry.Coordinates {
			for _, ring := range polygon {
				if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
					t.Errorf("a ring of %s is not closed", f.Properties.Name)
				}
			}
		}
	}
	if outlined != 9 || firms != 3 || m.Type != "FeatureCollection" || m.License == "" {
		t.Errorf("%d areas with an outline, %d firms, %+v", outlined, firms, m.Source)
	}
	wants(t, c.get("firm", "/policies/yancheng-2022-6/region/map"), 403)
}

func TestSystem(t *testing.T) {
	c := newCity(t)
	wants(t, c.get("admin", "/system"), 200, `"version":"test"`, `"in_use":7`, `"backup":{"at":"2024-10-31T09:00:00+08:00","commit":1,"place":"/backup","schedule":{"good":"20241031T000000.000Z"`, `"policies":1`, `"wrong":["最近一份经过验证的备份是`)
	wants(t, c.get("city", "/system"), 403)
}

func TestImports(t *testing.T) {
	c := newCity(t)
	query := "?name=more.csv&sender=%E5%B8%82%E5%B1%80&authority=bureau&area=320900&period=2023"
	csv := "统一社会信用代码,企业名称,县（市、区）,营业收入（万元）\n" + tinghuCode + ",盐城亭湖甲机械有限公司,亭湖区,9000\n"
	var made Batch
	r := c.ask("city", http.MethodPost, "/imports"+query, csv, "Content-Type", "application/octet-stream")
	wants(t, r, 201, `"standing":"ready"`, `"conflicting":1`)
	r.into(t, &made)
	path := fmt.Sprintf("/imports/%d", made.ID)
	if got := r.header.Get("Location"); got != Prefix+path {
		t.Errorf("location %q", got)
	}
	plan := c.get("city", path+"/plan")
	wants(t, plan, 200, `"target":"ent.revenue"`)
	wants(t, c.ask("city", http.MethodPut, path+"/plan", strings.Replace(plan.body, `"unit":"万元"`, `"unit":"千元"`, 1)), 200, "900 万元")
	wants(t, c.ask("city", http.MethodPut, path+"/plan", strings.Replace(plan.body, `"sheets"`, `"shets"`, 1)), 422, `"pointer":"/shets"`)
	wants(t, c.ask("city", http.MethodPut, path+"/plan", plan.body), 200)
	wants(t, c.ask("city", http.MethodPost, path+"/commit", ""), 200, `"standing":"committed"`)
	wants(t, c.ask("city", http.MethodPost, path+"/commit", ""), 409)
	wants(t, c.ask("city", http.MethodPost, path+"/undo", `{"reason": "报错了"}`), 200, `"standing":"undone"`)
	wants(t, c.get("city", "/imports?limit=1"), 200, `"next"`)
	wants(t, c.ask("city", http.MethodPost, "/imports"+query, "%PDF-1.4 nonsense", "Content-Type", "application/octet-stream"), 422)
	wants(t, c.ask("tinghu", http.MethodPost, "/imports"+query, csv, "Content-Type", "application/octet-stream"), 403)
}

func TestSubmissions(t *testing.T) {
	c := newCity(t)
	body := `{"name": "月报接口", "sender": "市统计局", "authority": "statistics", "area": "320900", "rows": [
		{"uscc": "` + tinghuCode + `", "period": "2022", "facts": {"ent.revenue": "1.25亿元", "ent.employees": 215, "ent.above_scale": true, "ent.founded": "2010-05-01"}},
		{"uscc": "` + dafengCode + `", "period": "2022", "facts": {"ent.revenue": 76000000, "ent.employees": null}}]}`
	r := c.ask("city", http.MethodPost, "/submissions", body)
	wants(t, r, 201, `"standing":"ready"`, `"left_out":0`)
	var made Batch
	r.into(t, &made)
	if made.Preview == nil || made.Preview.Rows != 2 || made.Preview.Counts["new"] != 6 {
		t.Errorf("the preview is %s", r.body)
	}
	wants(t, c.ask("city", http.MethodPost, fmt.Sprintf("/imports/%d/commit", made.ID), ""), 200, `"standing":"committed"`)
	file := c.get("city", fmt.Sprintf("/enterprises/%d", c.firms[tinghuCode]))
	wants(t, file, 200, `"def":"ent.revenue","period":"2022","state":"present","value":"125000000.00"`, `"value":"2010-05-01"`)
	wants(t, c.get("city", fmt.Sprintf("/enterprises/%d", c.firms[dafengCode])), 200, `"def":"ent.employees","period":"2022","state":"none"`)
	for part, want := range map[string]string{
		`"ent.revenue": "1.25亿元"`: `"pointer":"/rows/0/facts/ent.revenue"`, `"ent.employees": 215`: `"pointer":"/rows/0/facts/ent.employees"`,
		`"ent.above_scale": true`: `"pointer":"/rows/0/facts/ent.above_scale"`, `"ent.founded": "2010-05-01"`: `"pointer":"/rows/0/facts/ent.founded"`,
	} {
		key, _, _ := strings.Cut(part, ":")
		wants(t, c.ask("city", http.MethodPost, "/submissions", strings.Replace(body, part, key+`: "a few"`, 1)), 422, want)
	}
	wants(t, c.ask("city", http.MethodPost, "/submissions", strings.Replace(body, "ent.revenue", "ent.turnover", 1)), 422, "ent.turnover")
	wants(t, c.ask("city", http.MethodPost, "/submissions", strings.Replace(body, `"uscc": "`+dafengCode+`", `, "", 1)), 422, `"pointer":"/rows/1"`)
}

func TestMerges(t *testing.T) {
	c := newCity(t)
	c.importCSV("twin.csv", "企业名称,县（市、区）,行业代码\n亭湖甲机械厂,亭湖区,3412\n", "bureau")
	view, err := c.srv.Frames.For(t.Context(), access.SystemScope(), 0)
	must(t, err)
	twin := view.Registry().Only("亭湖甲机械厂")
	path := fmt.Sprintf("/enterprises/%d", c.firms[tinghuCode])
	wants(t, c.get("city", fmt.Sprintf("%s/differences?with=%d", path, twin)), 200, `"items":[]`)
	wants(t, c.get("city", path+"/alike"), 200, `"items":`)
	body := fmt.Sprintf(`{"with": %d, "reason": "同一家"}`, twin)
	wants(t, c.ask("tinghu", http.MethodPost, path+"/merge", body), 403)
	wants(t, c.ask("city", http.MethodPost, path+"/merge", body), 200, `"commit":`)
	wants(t, c.get("city", path), 200, fmt.Sprintf(`"merged":[%d]`, twin))
	wants(t, c.get("auditor", "/log?deed=merge"), 200, "同一家", `"total":1`)
	wants(t, c.ask("city", http.MethodPost, path+"/unmerge", fmt.Sprintf(`{"from": %d, "reason": "有误"}`, twin)), 200)
	wants(t, c.ask("city", http.MethodPost, path+"/unmerge", fmt.Sprintf(`{"from": %d, "reason": "有误"}`, twin)), 404)
}

func TestAccounts(t *testing.T) {
	c := newCity(t)
	r := c.ask("admin", http.MethodPost, "/accounts", `{"login": "dafeng", "name": "李某", "grants": [{"role": "county_official", "area": "320904", "until": "2025-10-31"}]}`)
	wants(t, r, 201, `"code":"`, `"role":"county_official"`)
	if got := r.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("an answer with a code may be kept: %q", got)
	}
	var made Letter
	r.into(t, &made)
	wants(t, c.get("admin", "/accounts?limit=2"), 200, `"total":8`, `"next"`)
	wants(t, c.get("admin", "/accounts?state=waiting"), 200, `"total":1`, `"waits":true`, `"until":"2025-10-31"`)
	wants(t, c.get("admin", "/accounts?role=auditor&q=test"), 200, `"total":0`)
	a, err := c.srv.Access.Activate(t.Context(), made.Login, made.Code, "geese fly in formation", "192.0.2.1")
	must(t, err)
	if a.ID != made.Account {
		t.Errorf("the code opens account %d, not %d", a.ID, made.Account)
	}
	for _, step := range []string{"disable", "enable"} {
		wants(t, c.ask("admin", http.MethodPost, fmt.Sprintf("/accounts/%d/%s", a.ID, step), `{"why": "休假"}`), 204)
	}
	wants(t, c.ask("admin", http.MethodPost, fmt.Sprintf("/accounts/%d/reset", a.ID), `{}`), 422)
	wants(t, c.ask("admin", http.MethodPost, fmt.Sprintf("/accounts/%d/reset", a.ID), `{"why": "已核对工作证"}`), 200, `"code":"`)
	wants(t, c.ask("admin", http.MethodPost, "/accounts", `{"login": "x1y", "name": "李某", "grants": [{"role": "county_official", "area": "nowhere"}]}`), 422, `"pointer":"/grants/0/area"`)
}

// An enterprise authorises those who act for it, and takes it back; officials open its account and print its letter.
func TestHandlers(t *testing.T) {
	c := newCity(t)
	path := fmt.Sprintf("/enterprises/%d/accounts", c.firms[tinghuCode])
	wants(t, c.get("firm", path), 200, `"role":"enterprise"`, `"role":"handler","until":"2025-10-31","expired":false`, `"role":"viewer"`)
	wants(t, c.get("handler", path), 403)
	wants(t, c.get("city", fmt.Sprintf("/enterprises/%d/accounts", c.firms[dafengCode])), 200, `"items":[]`)
	wants(t, c.ask("tinghu", http.MethodPost, path+"/open", ""), 409)
	wants(t, c.ask("city", http.MethodPost, fmt.Sprintf("/enterprises/%d/accounts/open", c.firms[dafengCode]), ""), 201, `"code":"`, dafengCode)
	body := `{"login": "lisi", "name": "李四", "role": "handler", "until": "2025-10-31"}`
	wants(t, c.ask("firm", http.MethodPost, path+"/authorise", strings.Replace(body, "2025-10-31", "soon", 1)), 422, `"pointer":"/until"`)
	wants(t, c.ask("firm", http.MethodPost, path+"/authorise", strings.Replace(body, "handler", "enterprise", 1)), 422, `"pointer":"/role"`)
	var l Letter
	r := c.ask("firm", http.MethodPost, path+"/authorise", body)
	wants(t, r, 201, `"role":"handler"`)
	r.into(t, &l)
	one := fmt.Sprintf("%s/%d", path, l.Account)
	wants(t, c.ask("firm", http.MethodPost, one+"/code", `{}`), 200, `"code":"`)
	wants(t, c.ask("firm", http.MethodPost, fmt.Sprintf("%s/%d/code", path, c.ids["city"]), `{"why": "x"}`), 404)
	wants(t, c.ask("firm", http.MethodPost, one+"/renew", `{"until": "2025-06-30"}`), 204)
	wants(t, c.get("firm", path), 200, `"until":"2025-06-30"`)
	r = c.ask("firm", http.MethodPost, one+"/succeed", `{"login": "wangwu", "name": "王五"}`)
	wants(t, r, 200, `"login":"wangwu"`)
	r.into(t, &l)
	wants(t, c.ask("firm", http.MethodPost, one+"/revoke", `{}`), 404) // the leaver's account has ended
	wants(t, c.ask("firm", http.MethodPost, fmt.Sprintf("%s/%d/revoke", path, l.Account), `{"why": "已离职"}`), 204)
	if r := c.get("firm", path); strings.Contains(r.body, "wangwu") || strings.Contains(r.body, "lisi") {
		t.Errorf("those whose authorisation ended are listed: %s", r.body)
	}
	wants(t, c.get("auditor", "/log?deed=account_revoked"), 200, `"total":1`, `"whose":"王五"`, `"reason":"已离职"`, fmt.Sprintf(`"enterprise":%d`, c.firms[tinghuCode]))
	if r := c.get("admin", "/log?deed=account&q=%E5%B7%B2%E7%A6%BB%E8%81%8C"); r.status != 200 {
		t.Errorf("the log of accounts: %d %s", r.status, r.body)
	}
	wants(t, c.get("auditor", "/log?deed=account_eaten"), 422, `"parameter":"deed"`, "account_revoked")
}

// Many enterprises get their accounts by area or by a list, and the letters of all of them.
func TestEnrolments(t *testing.T) {
	c := newCity(t)
	wants(t, c.get("city", "/enrolments/choice?area=320900"), 200, `"total":2`, dafengCode, dongtaiCode)
	wants(t, c.get("tinghu", "/enrolments/choice?area=320900"), 403)
	var page firmsOut
	c.get("city", "/enrolments/choice?area=320900&limit=1").into(t, &page.Body)
	wants(t, c.get("city", "/enrolments/choice?area=320900&limit=1&cursor="+page.Body.Next), 200, `"total":2`, dongtaiCode)
	list := "统一社会信用代码,企业名称\n" + dafengCode + ",盐城大丰乙电子有限公司\n,没有这家企业\n"
	r := c.ask("city", http.MethodPost, "/enrolments/list?area=320900&name=firms.csv", list, "Content-Type", "text/csv", idempotencyHeader, "k1")
	wants(t, r, 201, `"list":"firms.csv"`)
	var made Enrolment
	r.into(t, &made)
	path := fmt.Sprintf("/enrolments/%d", made.ID)
	for made.State == "running" {
		c.get("city", path).into(t, &made)
	}
	wants(t, c.get("city", path), 200, `"made":1`, `"unknown":1`, `"words":"没有这家企业"`, `"outcome":"unknown"`)
	r = c.ask("city", http.MethodPost, path+"/letters", `{}`)
	wants(t, r, 200, `"code":"`, dafengCode)
	var letters lettersOut
	r.into(t, &letters.Body)
	wants(t, c.ask("city", http.MethodPost, path+"/letters", `{}`), 200, `"items":[]`)
	wants(t, c.ask("city", http.MethodPost, path+"/letters", `{"again": true}`), 200, dafengCode)
	l := letters.Body.Items[0]
	if _, err := c.srv.Access.Activate(t.Context(), l.Login, l.Code, "geese fly in formation", "192.0.2.1"); err == nil {
		t.Error("a code works although another letter was printed")
	}
}

// A token is no more than it says, and nothing once it was taken back; what its account loses, it loses.
// A token does nothing for an account that must get a second factor first.
func TestTokenWithoutFactor(t *testing.T) {
	c := newCity(t)
	wants(t, c.get("city", "/me"), 200)
	c.srv.Access.Factors = []access.Role{access.CityOfficial}
	wants(t, c.get("city", "/me"), 403, "双因素认证")
	wants(t, c.get("tinghu", "/me"), 200)
}

func TestTokens(t *testing.T) {
	c := newCity(t)
	c.tokens["reader"] = c.token("city", []access.Action{access.ReadParty, access.ReadFact}, "320902")
	wants(t, c.get("reader", "/enterprises"), 200, `"total":1`, tinghuCode)
	wants(t, c.get("reader", fmt.Sprintf("/enterprises/%d", c.firms[dafengCode])), 404)
	for _, path := range []string{"/policies/yancheng-2022-6/region", "/exports/facts", "/log", "/imports", "/accounts"} {
		wants(t, c.get("reader", path), 403)
	}
	var me meOut
	c.get("reader", "/me").into(t, &me.Body)
	if !slices.Equal(me.Body.Areas, []string{"320902"}) || me.Body.Login != "city" {
		t.Errorf("the token says of itself %+v", me.Body)
	}
	var tokens tokensOut
	c.get("city", "/tokens?limit=1").into(t, &tokens.Body)
	wants(t, c.get("city", "/tokens?limit=1&cursor="+tokens.Body.Next), 200, `"total":2`, `"items":[{`)
	if tokens.Body.Items[0].ID != me.Body.Token.ID {
		t.Errorf("the newest token is not the first: %+v", tokens.Body)
	}
	wants(t, c.ask("firm", http.MethodDelete, fmt.Sprintf("/tokens/%d", me.Body.Token.ID), ""), 404)
	wants(t, c.ask("reader", http.MethodDelete, fmt.Sprintf("/tokens/%d", me.Body.Token.ID), ""), 204)
	r := c.get("reader", "/enterprises")
	wants(t, r, 401, "urn:yanzhen:problem:no-token")
	if !strings.Contains(r.header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("WWW-Authenticate: %q", r.header.Get("WWW-Authenticate"))
	}
	if err := c.srv.Access.Disable(t.Context(), access.SystemScope(), c.ids["auditor"], ""); err != nil {
		t.Fatal(err)
	}
	wants(t, c.get("auditor", "/enterprises"), 401)
	wants(t, c.get("", "/enterprises", "Cookie", "yanzhen_session="+c.tokens["city"]), 401)
}

// No answer may be kept on the way or by a program's cache: what is the same as before is told by its tag alone.
func TestNothingIsKept(t *testing.T) {
	c := newCity(t)
	file := fmt.Sprintf("/enterprises/%d", c.firms[tinghuCode])
	tag := c.get("city", file).header.Get("ETag")
	for _, r := range []struct {
		status int
		got    reply
	}{
		{http.StatusOK, c.get("city", file)},
		{http.StatusNotModified, c.get("city", file, "If-None-Match", tag)},
		{http.StatusNotFound, c.get("city", "/nothing")},
		{http.StatusUnauthorized, c.get("", "/me")},
		{http.StatusOK, c.get("", "/openapi.yaml")},
	} {
		if got := r.got.header.Get("Cache-Control"); r.got.status != r.status || got != "no-store" {
			t.Errorf("status %d, want %d: %q", r.got.status, r.status, got)
		}
	}
}
