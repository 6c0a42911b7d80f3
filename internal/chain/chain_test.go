package chain

import (
	"strings"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
)

func TestSchema(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/chain.schema.json", &File{})
}

// TestSegments: which segment an enterprise is in.
func TestSegments(t *testing.T) {
	set, err := Load(contentdata.FS, ruletest.Library())
	if err != nil {
		t.Fatal(err)
	}
	c, err := set.Chain("nev")
	if err != nil {
		t.Fatal(err)
	}
	at, _ := indicator.For(period.OfYear(2024), period.Date(2024, 12, 31), nil)
	for facts, want := range map[string]string{
		`"industry": "3841", "facts": {"ent.chain": {"2024": "新能源汽车"}}`: "battery",
		`"industry": "3670", "facts": {"ent.chain": {"2023": "新能源汽车"}}`: "parts",
		`"industry": "3612", "facts": {"ent.chain": {"2024": "新能源汽车"}}`: "vehicles",
		`"industry": "1711", "facts": {"ent.chain": {"2024": "新能源汽车"}}`: "",
		`"industry": "3612", "facts": {"ent.chain": {"2024": "高端纺织"}}`:  "none",
	} {
		d, problems := rule.ParseFacts(ruletest.Library(), "x.json", []byte(`{"enterprise": {"id": "E", `+facts+`}}`))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got := "none"
		if set.Indicators().Row(c.Firms(), d, at).State == indicator.Counted {
			got = ""
		}
		for i, x := range c.Parts() {
			if got == "" && set.Indicators().Row(x, d, at).State == indicator.Counted {
				got = c.Segments[i].Code
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", facts, got, want)
		}
	}
	for _, c := range set.Chains() {
		for _, x := range append(c.Parts(), c.Firms()) {
			if !strings.HasPrefix(x.Code, c.Code) {
				t.Errorf("%s is not of %s", x.Code, c.Code)
			}
		}
	}
}

// TestMistakes are told with their place, in both languages.
func TestMistakes(t *testing.T) {
	file := func(where, segment string) string {
		return "code: x\nname: {zh: 甲, en: A}\nsource: 测试\nconfidence: unverified\nwhere: " + where + "\nsegments:\n  - " + segment + "\n"
	}
	good := "{code: a, name: {zh: 甲, en: A}, tier: up, where: ent.high_tech}"
	for _, tc := range []struct{ name, src, want string }{
		{"a fact that is none", file("ent.chains", good), "x.yaml:5"},
		{"a tier that is none", file("ent.high_tech", strings.Replace(good, "up", "top", 1)), "up, mid, down"},
		{"a condition that is none", file("ent.high_tech", strings.Replace(good, "ent.high_tech", "ent.revenue", 1)), "x.yaml:7"},
		{"an area that is none", file("ent.high_tech", good) + "area: '999999'\n", "999999"},
		{"a point of no segment", file("ent.high_tech", good) + "points: [{kind: weak, segment: b, text: {zh: 短, en: Short}, source: x, confidence: unverified}]\n", "x.yaml:8"},
	} {
		_, problems := Compile(ruletest.Library(), []indicator.Source{{Name: "x.yaml", Text: []byte(tc.src)}})
		if len(problems) == 0 || !strings.Contains(problems.Error(), tc.want) {
			t.Errorf("%s: %v", tc.name, problems)
		}
		for _, p := range problems {
			if p.In(i18n.ZH) == p.In(i18n.EN) {
				t.Errorf("%s: one language: %s", tc.name, p)
			}
		}
	}
}
