package selection

import (
	"encoding/json"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// shipped is the content that ships, read once.
var shipped = sync.OnceValues(func() (shippedContent, error) {
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		return shippedContent{}, err
	}
	rubrics, err := rubric.Load(contentdata.FS)
	if err != nil {
		return shippedContent{}, err
	}
	forms, err := form.Load(contentdata.FS, lib)
	if err != nil {
		return shippedContent{}, err
	}
	set, err := Load(contentdata.FS, lib, rubrics, forms)
	return shippedContent{lib, rubrics, forms, set}, err
})

type shippedContent struct {
	lib     *content.Library
	rubrics *rubric.Set
	forms   *form.Set
	set     *Set
}

func library(t *testing.T) shippedContent {
	t.Helper()
	all, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestShipped(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/selection.schema.json", &SchemeFile{})
	contenttest.Schema(t, contentdata.FS, "schema/ladder.schema.json", &LadderFile{})
	all := library(t)
	var schemes, ladders []string
	for _, s := range all.set.Schemes() {
		schemes = append(schemes, s.Selection)
		if len([]rune(s.Quote)) > 30 {
			t.Errorf("%s quotes more than 30 characters", s.Selection)
		}
	}
	for _, l := range all.set.Ladders() {
		ladders = append(ladders, l.Ladder)
	}
	if diff := cmp.Diff([]string{"city_demonstration", "city_provider", "digital_craftsman"}, schemes); diff != "" {
		t.Errorf("schemes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"benchmark", "cloud_stars", "smart_factory"}, ladders); diff != "" {
		t.Errorf("ladders (-want +got):\n%s", diff)
	}
	if _, err := all.set.Ladder("nothing"); errs.KindOf(err) != errs.KindNotFound {
		t.Errorf("a ladder that is not there: %v", err)
	}
}

// TestMistakesAreTold plants one mistake at a time in the files that ship.
func TestMistakesAreTold(t *testing.T) {
	all := library(t)
	scheme := shippedFile(t, "selections/city_demonstration.yaml")
	for _, tc := range []struct{ old, new, key string }{
		{"quota: 50", "quota: 0", "selection.number"},
		{"title: city_demonstration", "title: city_demo", "selection.no_title"},
		{"[city_demonstration]", "[city_demo]", "selection.no_title"},
		{"rubric: city_demonstration", "rubric: other", "selection.no_rubric"},
		{"panel: 5", "panel: 2", "selection.small_panel"},
		{"earlier, lot]", "earlier]", "selection.lot_last"},
		{"item:spread", "item:other", "selection.tie_item"},
		{"'item:spread'", "'item:benefit'", "content.code_twice"},
		{"hidden: [above_scale,", "hidden: [effect,", "selection.field_twice"},
		{"direction, done, effect, digital_investment, cnc_rate, mgmt_rate, rd_rate, devices_online, systems.what, systems.since, cases.what, cases.before, cases.after, copy]", "]", "selection.nothing_shown"},
		{"of: enterprise\n", "of: enterprise\nperson: contact\n", "selection.person_field"},
		{"of: enterprise\n", "of: person\n", "selection.person_field"},
		{"nominate: [enterprise, county]", "nominate: []", "selection.nobody_nominates"},
		{"nominate: [enterprise, county]", "nominate: [bank]", "content.one_of"},
		{"that: ent.above_scale", "that: ent.employees", "rule.want_type"},
		{"id: safe", "id: honest", "content.code_twice"},
		{"of: enterprise", "of: bank", "content.one_of"},
	} {
		_, problems := ParseScheme(all.lib, all.rubrics.Rubric, "x.yaml", []byte(strings.Replace(scheme, tc.old, tc.new, 1)))
		if len(problems) != 1 || problems[0].Msg.Key != tc.key || problems[0].Line < 2 {
			t.Errorf("%s → %s: %v, want %s", tc.old, tc.new, problems, tc.key)
		}
	}
	for _, tc := range []struct{ old, new, key string }{
		{"hidden: [above_scale, ", "hidden: [", "selection.field_unknown"},
		{"form: selection_demonstration", "form: other", "selection.no_form"},
		{"cases.after", "cases.later", "selection.no_field"},
		{"cases.what, cases.before, cases.after", "cases", "selection.no_field"},
	} {
		s, problems := ParseScheme(all.lib, all.rubrics.Rubric, "x.yaml", []byte(strings.Replace(scheme, tc.old, tc.new, 1)))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if problems = covers(s, all.forms, "x.yaml"); len(problems) != 1 || problems[0].Msg.Key != tc.key {
			t.Errorf("%s → %s: %v, want %s", tc.old, tc.new, problems, tc.key)
		}
	}
	ladder := shippedFile(t, "ladders/benchmark.yaml")
	for _, tc := range []struct{ old, new, key string }{
		{"id: workshop", "id: city", "content.code_twice"},
		{"that: agg.city >= 1", "that: agg.county >= 1", "rule.undeclared"},
		{"confidence: unverified", "confidence: sure", "content.one_of"},
	} {
		_, problems := ParseLadder(all.lib, "x.yaml", []byte(strings.Replace(ladder, tc.old, tc.new, 1)))
		if len(problems) != 1 || problems[0].Msg.Key != tc.key {
			t.Errorf("%s → %s: %v, want %s", tc.old, tc.new, problems, tc.key)
		}
	}
}

func shippedFile(t *testing.T, name string) string {
	t.Helper()
	b, err := fs.ReadFile(contentdata.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// firm reads an enterprise from JSON facts.
func firm(t *testing.T, lib *content.Library, doc string) rule.Subject {
	t.Helper()
	d, problems := rule.ParseFacts(lib, "firm.json", []byte(doc))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return d
}

// TestAdvise says who stands on which step, what is missing, and that a title which ended is not held.
func TestAdvise(t *testing.T) {
	all := library(t)
	ladder, err := all.set.Ladder("benchmark")
	if err != nil {
		t.Fatal(err)
	}
	const on = "2024-10-31"
	honour := func(title, more string) string {
		return `{"honour.title": "` + title + `"` + more + `}`
	}
	for _, tc := range []struct {
		name, facts, honours string
		on, next             string
		lacks                []string
		near                 bool
	}{
		{"nothing yet", ``, ``, "", "city", []string{"title not_met"}, true},
		{"the city's", ``, honour("city_demonstration", ""), "city", "workshop", []string{"title not_met", "mes unknown"}, false},
		{"and a system", `"ent.has_mes": {"2024": true}`, honour("city_demonstration", ""), "city", "workshop", []string{"title not_met"}, true},
		{"revoked", ``, honour("city_demonstration", `, "honour.ended_on": "2024-10-31"`), "", "city", []string{"title not_met"}, true},
		{"revoked later", ``, honour("city_demonstration", `, "honour.ended_on": "2024-11-01"`), "city", "workshop", []string{"title not_met", "mes unknown"}, false},
		{"run out", ``, honour("city_demonstration", `, "honour.valid_until": "2024-10-30"`), "", "city", []string{"title not_met"}, true},
		{"its last day", ``, honour("city_demonstration", `, "honour.valid_until": "2024-10-31"`), "city", "workshop", []string{"title not_met", "mes unknown"}, false},
		{"the top", ``, honour("nat_smart_factory", ""), "national", "", nil, false},
	} {
		day, _ := period.ParseDay(on)
		got, err := ladder.Advise(firm(t, all.lib, factsJSON(tc.facts, tc.honours)), day)
		if err != nil {
			t.Fatal(err)
		}
		var at, next string
		if got.On != nil {
			at = got.On.ID
		}
		if got.Next != nil {
			next = got.Next.ID
		}
		var lacks []string
		for _, c := range got.Lacks {
			lacks = append(lacks, c.ID+" "+string(c.State))
			if (c.State == Unknown) != (len(c.Missing) > 0) || (c.State == NotMet) == c.Why.IsZero() {
				t.Errorf("%s: %s is %s without saying why: %+v", tc.name, c.ID, c.State, c)
			}
		}
		if diff := cmp.Diff([]any{tc.on, tc.next, tc.lacks, tc.near}, []any{at, next, lacks, got.Near}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestEligible(t *testing.T) {
	all := library(t)
	scheme, err := all.set.Scheme("city_demonstration")
	if err != nil {
		t.Fatal(err)
	}
	day := period.Date(2024, 10, 31)
	good := `"ent.registered_here": true, "ent.above_scale": {"2024": true}, "ent.blacklisted": {"2024": false}, "ent.major_accident": {"2024": false}`
	for _, tc := range []struct {
		name, facts, honours string
		want                 State
	}{
		{"all met", good, "", Met},
		{"nothing known", "", "", Unknown},
		{"holds it", good, `{"honour.title": "city_demonstration"}`, NotMet},
		{"held it once", good, `{"honour.title": "city_demonstration", "honour.valid_until": "2023-01-01"}`, Met},
	} {
		checks, err := scheme.CheckEligible(firm(t, all.lib, factsJSON(tc.facts, tc.honours)), day)
		if err != nil {
			t.Fatal(err)
		}
		if got := Worst(checks); got != tc.want {
			t.Errorf("%s: %s, want %s: %+v", tc.name, got, tc.want, checks)
		}
	}
	if last := scheme.ValidUntil(period.Date(2024, 2, 29)); last == nil || *last != period.Date(2027, 2, 27) {
		t.Errorf("a title of 29 February holds to %v", last)
	}
}

// TestBlind draws what is nominated: nothing that is hidden, and no name, stands anywhere in what an expert reads.
func TestBlind(t *testing.T) {
	scheme, err := library(t).set.Scheme("city_demonstration")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"盐城市大丰雁阵机械有限公司", "91320902MA1XWYXY0T", "演示人员 01"}
	word := rapid.StringMatching("[a-z]{12}")
	rapid.Check(t, func(t *rapid.T) {
		m := Material{}
		for _, f := range scheme.Shown {
			m[f] = "S" + word.Draw(t, f)
		}
		for _, f := range scheme.Hidden {
			m[f] = "H" + word.Draw(t, f)
		}
		if err := scheme.CheckMaterial(m, names); err != nil {
			t.Fatal(err)
		}
		sheet, err := json.Marshal(scheme.Blind(7, m))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range scheme.Hidden {
			if strings.Contains(string(sheet), m[f]) || strings.Contains(string(sheet), `"`+f+`"`) {
				t.Fatalf("an expert reads %s: %s", f, sheet)
			}
		}
		for _, f := range scheme.Shown {
			if !strings.Contains(string(sheet), m[f]) {
				t.Fatalf("an expert does not read %s", f)
			}
		}
	})
	for text, want := range map[string]string{
		"本企业建成产线":                        "",
		"盐城市大丰雁阵机械有限公司建成产线":              "selection.names_itself",
		"盐城市大丰雁阵机械建成产线":                  "selection.names_itself",
		"代码 91320902ma1xwyxy0t":          "selection.names_itself",
		"由演示人员01负责":                      "selection.names_itself",
		"盐城市 大丰 雁阵 机械 ( 有限公司 )":          "selection.names_itself",
		strings.Repeat("长", maxText/3+1): "selection.field_long",
	} {
		err := scheme.CheckMaterial(Material{"effect": text}, names)
		if got := key(err); got != want {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if err := scheme.CheckMaterial(Material{"contact": names[0]}, names); err != nil {
		t.Errorf("a name in a hidden field: %v", err)
	}
	if err := scheme.CheckMaterial(Material{"other": "x"}, nil); key(err) != "selection.field_unknown" {
		t.Errorf("a field that is neither shown nor hidden: %v", err)
	}
}

// factsJSON is a document of facts and of one honour, if any.
func factsJSON(facts, honour string) string {
	if honour != "" {
		honour = `{"id": "h1", "facts": ` + honour + `}`
	}
	return `{"enterprise": {"id": "e1", "facts": {` + facts + `}, "honours": [` + honour + `]}}`
}

// key is the message of an error, "" for none.
func key(err error) string {
	msg, _ := errs.Message(err)
	return msg.Key
}
