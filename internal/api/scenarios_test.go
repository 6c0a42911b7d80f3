package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// scenario asks something about a scenario, until the work on it has ended.
func (c *city) scenario(login, path, body string, header ...string) reply {
	c.t.Helper()
	for {
		r := c.ask(login, http.MethodPost, path, body, header...)
		if r.status != http.StatusAccepted {
			return r
		}
		var out runOut
		r.into(c.t, &out.Body)
		if p := out.Body.Progress; p == nil || p.Decided > p.Firms || r.header.Get("Retry-After") != "1" {
			c.t.Fatalf("work that goes on is told as %s", r.body)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestScenario(t *testing.T) {
	c := newCity(t)
	var run runOut
	r := c.scenario("city", "/scenarios/run", scenarioBody)
	wants(t, r, 200)
	r.into(t, &run.Body)
	o := run.Body.Outcome
	if o.Gain != 0 || o.Lose != 1 || o.Lost != "682000.00" || o.Before.Total.Sure != "682000.00" || o.After.Total.Sure != "0.00" {
		t.Errorf("a threshold above the only project that is paid comes to %s", r.body)
	}
	if len(o.Differences) != 1 || o.Differences[0].Law.EN != "5000000.00" || o.Differences[0].Scenario.EN != "7000000.00" || o.Differences[0].Cite == "" || o.Caveat.EN == "" {
		t.Errorf("the method is told as %+v", o.Differences)
	}
	var kept SavedScenario
	c.ask("city", http.MethodPost, "/scenarios", scenarioBody).into(t, &kept)
	if kept.Hash != o.Hash || o.Scenario.AsOf != "" {
		t.Errorf("run, it is %s; saved, %s", o.Hash, kept.Hash)
	}
	// The same, whatever it is called, has the same hash; the area that is looked at is part of it.
	wants(t, c.scenario("city", "/scenarios/run", strings.Replace(scenarioBody, "门槛 700 万元", "另一个名称", 1)), 200, o.Hash)
	narrow := c.scenario("city", "/scenarios/run", strings.Replace(scenarioBody, `"name"`, `"area": "320904", "name"`, 1))
	wants(t, narrow, 200, `"enterprises":1,`)
	if strings.Contains(narrow.body, o.Hash) {
		t.Error("another area is the same scenario")
	}

	var list moversOut
	c.scenario("city", "/scenarios/enterprises?moves=less", scenarioBody).into(t, &list.Body)
	if list.Body.Total != 1 || len(list.Body.Items) != 1 || list.Body.Items[0].ID != c.firms[tinghuCode] || list.Body.Items[0].Before.Sure != "682000.00" {
		t.Errorf("those that lose are %+v", list.Body)
	}
	wants(t, c.scenario("city", "/scenarios/enterprises", scenarioBody), 200, `"items":[]`, `"total":0`)
	wants(t, c.scenario("tinghu", "/scenarios/run", scenarioBody), 200, `"enterprises":1,`)

	c.tokens["narrow"] = c.token("city", access.Actions(), "320904")
	wants(t, c.scenario("narrow", "/scenarios/enterprises?moves=less", scenarioBody), 200, `"total":0`)
}

func TestScenarioIsExported(t *testing.T) {
	c := newCity(t)
	r := c.scenario("city", "/exports/scenarios", scenarioBody, "Accept-Language", "en")
	wants(t, r, 200, "PK")
	if got := r.header.Get("Content-Type"); got != sheet.XLSXType {
		t.Errorf("content type %q", got)
	}
	if again := c.scenario("city", "/exports/scenarios", scenarioBody, "Accept-Language", "en"); again.body != r.body {
		t.Error("the same outcome has other bytes")
	}
	path := filepath.Join(t.TempDir(), "out.xlsx")
	must(t, os.WriteFile(path, []byte(r.body), 0o600))
	b, err := sheet.Open(path, "out.xlsx", sheet.DefaultLimits())
	must(t, err)
	defer b.Close()
	var text []string
	for i := range b.Sheets() {
		must(t, b.Rows(t.Context(), i, func(row *sheet.Row) error {
			for _, cell := range row.Cells {
				text = append(text, cell.Raw)
			}
			return nil
		}))
	}
	all := strings.Join(text, "\n")
	for _, want := range []string{"亭湖甲", tinghuCode, "682000", "synthetic", "not modelled", "测试 city"} {
		if !strings.Contains(all, want) {
			t.Errorf("the workbook lacks %q", want)
		}
	}
}

func TestSurvey(t *testing.T) {
	c := newCity(t)
	var out surveyOut
	c.scenario("city", "/scenarios/survey?within=30", scenarioBody).into(t, &out.Body)
	i := slices.IndexFunc(out.Body.Conditions, func(x conditionSum) bool { return x.Clause == "c9" && x.Check == "min_input" })
	if i < 0 || out.Body.Conditions[i].Firms == 0 || len(out.Body.Cliffs) == 0 || len(out.Body.Ceilings) == 0 {
		t.Fatalf("the survey finds %+v", out.Body)
	}
	seen := map[int64]bool{}
	for next := ""; ; {
		var list missesOut
		c.scenario("city", "/scenarios/misses?clause=c9&check=min_input&limit=1&cursor="+next, scenarioBody).into(t, &list.Body)
		if list.Body.Total != out.Body.Conditions[i].Firms || len(list.Body.Items) != 1 || len(list.Body.Items[0].At) == 0 {
			t.Fatalf("the list has %+v, the survey counts %+v", list.Body, out.Body.Conditions[i])
		}
		seen[list.Body.Items[0].ID] = true
		if next = list.Body.Next; next == "" {
			break
		}
	}
	if len(seen) != out.Body.Conditions[i].Firms {
		t.Errorf("%d enterprises are listed page by page, %d counted", len(seen), out.Body.Conditions[i].Firms)
	}
	c.tokens["narrow"] = c.token("city", access.Actions(), "320904")
	for _, secret := range secrets[tinghuCode] {
		if r := c.scenario("narrow", "/scenarios/misses", scenarioBody); strings.Contains(r.body, secret) {
			t.Errorf("a token for 大丰区 is told %q", secret)
		}
	}
}

func TestFindNumber(t *testing.T) {
	c := newCity(t)
	ask := func(low, high, step, budget string) reply {
		return c.ask("city", http.MethodPost, "/scenarios/find", fmt.Sprintf(
			`{"scenario": {"policy": "yancheng-2022-6"}, "param": "investment_rate", "key": "2023", "low": %q, "high": %q, "step": %q, "budget": %q}`, low, high, step, budget))
	}
	var out foundOut
	r := ask("1%", "15%", "0.1%", "30万元")
	wants(t, r, 200, `"exact":true`, `"direction":1`)
	r.into(t, &out.Body)
	// 6.2 million yuan were put in: 4.8 % is 297,600 yuan, 4.9 % is 303,800.
	if p := out.Body.Sure; p == nil || p.Value != "4.8%" || p.Cost.Sure != "297600.00" || out.Body.Steps != 141 {
		t.Errorf("a budget of 300,000 yuan allows %s", r.body)
	}
	wants(t, ask("1%", "15%", "0", "30万元"), 422, "0")
	wants(t, ask("1%", "15%", "0.1%", "lots"), 422, `"pointer":"/budget"`)
	wants(t, ask("x", "15%", "0.1%", "1"), 422, "x")
	wants(t, c.ask("city", http.MethodPost, "/scenarios/find", `{"scenario": {"policy": "no"}, "param": "x", "low": "1", "high": "2", "step": "1", "budget": "1"}`), 404)
}

// Nothing that counts was verified, or said by who is of record: nobody gets anything unasked, and what waits for it is told.
func TestPreview(t *testing.T) {
	c := newCity(t)
	r := c.scenario("city", "/scenarios/preview", `{"policy": "yancheng-2022-6"}`)
	wants(t, r, 200, `"items":[]`, `"total":0`, `"held":1`, `"holds":"682000.00"`, `"waits":[{"id":`, `"more":"682000.00"`, `"def":"project.`)
	wants(t, c.scenario("city", "/scenarios/preview", scenarioBody), 200, `"held":0`)
}

func TestScenarioMistakes(t *testing.T) {
	c := newCity(t)
	for body, want := range map[string][]string{
		`{"policy": "no-such"}`: {"404"},
		`{}`:                    {"422", "policy"},
		`{"policy": "yancheng-2022-6", "chnages": []}`:                                   {"422", "chnages"},
		`{"policy": "yancheng-2022-6", "budget": "lots"}`:                                {"422", `"pointer":"/budget"`},
		`{"policy": "yancheng-2022-6", "budget": "-1"}`:                                  {"422", "-1.00"},
		`{"policy": "yancheng-2022-6", "as_of": "31.10.2024"}`:                           {"422", "as_of"},
		`{"policy": "yancheng-2022-6", "ended": ["c99"]}`:                                {"422", "c99"},
		`{"policy": "yancheng-2022-6", "only": ["999999"]}`:                              {"422", "999999"},
		`{"policy": "yancheng-2022-6", "settings": {"sky": "blue"}}`:                     {"422", "sky"},
		`{"policy": "yancheng-2022-6", "text": "- nothing"}`:                             {"422", `"line":1`, `"column":3`},
		`{"policy": "yancheng-2022-6", "changes": [{"param": "x"}]}`:                     {"422", "value"},
		`{"policy": "yancheng-2022-6", "name": "` + long(81) + `"}`:                      {"422", "name"},
		`{"policy": "yancheng-2022-6", "text": "` + long(9<<20) + `"}`:                   {"413"},
		`{"policy": "yancheng-2022-6", "text": "` + long(5<<20) + `"}`:                   {"422", "4 MB"},
		`{"policy": "yancheng-2022-6", "changes": [{"param": "nothing", "value": "1"}]}`: {"422", "nothing"},
	} {
		for _, path := range []string{"/scenarios/run", "/scenarios/enterprises", "/scenarios/survey", "/scenarios/misses", "/exports/scenarios"} {
			r := c.ask("city", http.MethodPost, path, body, "Accept-Language", "en")
			var p struct{ Status int }
			must(t, json.Unmarshal([]byte(r.body), &p))
			if fmt.Sprint(r.status) != want[0] || p.Status != r.status || r.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s of %.80s: status %d, %s", path, body, r.status, r.body)
			}
			wants(t, r, r.status, want[1:]...)
		}
	}
	var list moversOut
	c.scenario("city", "/scenarios/enterprises?moves=less&limit=1", scenarioBody).into(t, &list.Body)
	at := cursor{List: "0123", From: 1}
	wants(t, c.scenario("city", "/scenarios/enterprises?moves=less&cursor="+at.String(), scenarioBody), 422, "cursor")
}

func long(n int) string { return strings.Repeat("x", n) }

func TestSavedScenarios(t *testing.T) {
	c := newCity(t)
	save := func(login, body string) reply { return c.ask(login, http.MethodPost, "/scenarios", body) }
	once := []string{"Idempotency-Key", "k1"}
	r := c.ask("city", http.MethodPost, "/scenarios", scenarioBody, once...)
	wants(t, r, 201, `"by":"测试 city"`, `"revision":1`)
	if again := c.ask("city", http.MethodPost, "/scenarios", scenarioBody, once...); again.body != r.body {
		t.Errorf("sent twice, it is saved twice: %s", again.body)
	}
	var saved SavedScenario
	r.into(t, &saved)
	at := fmt.Sprintf("/scenarios/%d", saved.ID)
	if got := r.header.Get("Location"); got != Prefix+at {
		t.Errorf("it is at %q", got)
	}
	wants(t, c.get("city", at), 200, "门槛 700 万元", saved.Hash)
	wants(t, c.get("auditor", at), 200, "门槛 700 万元")
	for _, login := range []string{"tinghu", "firm", "handler"} { // one may not read drafts of the whole city, the others none
		if r := c.get(login, at); r.status != 404 && r.status != 403 {
			t.Errorf("%s reads it: %s", login, r.body)
		}
		if list := c.get(login, "/scenarios"); strings.Contains(list.body, "700") {
			t.Errorf("%s finds it: %s", login, list.body)
		}
	}
	other := strings.Replace(scenarioBody, "700万元", "800万元", 1)
	wants(t, c.ask("city", http.MethodPut, at+"?revision=7", other), 409)
	wants(t, c.ask("admin", http.MethodPut, at+"?revision=1", other), 403)
	wants(t, c.ask("city", http.MethodPut, at+"?revision=1", other), 200, `"revision":2`, "800万元")
	wants(t, c.ask("city", http.MethodDelete, at, ""), 204)
	wants(t, c.get("city", "/scenarios"), 200, `"items":[]`)
	wants(t, c.get("city", at), 200, `"dropped":true`)
	wants(t, c.ask("city", http.MethodPost, at+"/restore", ""), 204)
	wants(t, c.get("city", "/scenarios?policy=yancheng-2022-6"), 200, `"dropped":false`, "800万元")
	wants(t, c.get("city", "/scenarios?policy=another"), 200, `"items":[]`)

	wants(t, save("city", strings.Replace(scenarioBody, "门槛 700 万元", "", 1)), 422)
	wants(t, save("city", strings.Replace(scenarioBody, "min_input", "nothing", 1)), 422, "nothing")
	wants(t, save("auditor", scenarioBody), 403)
}

// A draft made of a scenario comes to what the scenario comes to.
func TestScenarioBecomesADraft(t *testing.T) {
	c := newCity(t)
	var draft Edition
	r := c.ask("city", http.MethodPost, "/scenarios/draft", scenarioBody)
	wants(t, r, 201, `"state":"draft"`, `"problems":[]`)
	r.into(t, &draft)
	wants(t, c.get("city", fmt.Sprintf("/versions/%d/differences", draft.ID)), 200, "700万元")
	var effect effectOut
	c.get("city", fmt.Sprintf("/versions/%d/effect", draft.ID)).into(t, &effect.Body)
	if effect.Body.Lost != "682000.00" || effect.Body.Lose != 1 {
		t.Errorf("the draft comes to %+v", effect.Body.BeforeAfter)
	}
	wants(t, c.ask("city", http.MethodPost, "/scenarios/draft", `{"policy": "yancheng-2022-6"}`), 422)
	wants(t, c.ask("tinghu", http.MethodPost, "/scenarios/draft", scenarioBody), 403)
}
