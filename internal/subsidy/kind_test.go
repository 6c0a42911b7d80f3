package subsidy

import (
	"strings"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/form"
)

func TestSchemaFollowsTheCode(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/costs.schema.json", &Costs{})
}

func TestCostsThatWillNotDo(t *testing.T) {
	lib, err := library()
	must(t, err)
	forms, err := form.Load(contentdata.FS, lib)
	must(t, err)
	for name, c := range map[string]struct{ src, want string }{
		"two families of titles": {"families:\n  - {id: a, name: {zh: 甲, en: A}, help: {zh: 甲, en: A}}\nkinds: []\nfacts: []\n", "marked titles"},
		"a fact that there is not": {
			"families:\n  - {id: a, name: {zh: 甲, en: A}, help: {zh: 甲, en: A}, titles: true}\nkinds:\n  - {id: k, name: {zh: 乙, en: B}}\nfacts:\n  - {fact: ent.nothing, kinds: [k], family: a, cite: x}\n",
			"ent.nothing",
		},
		"a word for two": {
			"families:\n  - {id: a, name: {zh: 甲, en: A}, help: {zh: 甲, en: A}, titles: true}\nkinds:\n  - {id: k, name: {zh: 乙, en: B}}\n  - {id: l, name: {zh: 乙, en: C}}\nfacts: []\n",
			"乙",
		},
		"a form that there is not": {
			"families:\n  - {id: a, name: {zh: 甲, en: A}, help: {zh: 甲, en: A}, titles: true, form: nothing}\nkinds: []\nfacts: []\n", "“nothing”",
		},
		"a kind that there is not": {
			"families:\n  - {id: a, name: {zh: 甲, en: A}, help: {zh: 甲, en: A}, titles: true}\nkinds: []\nfacts:\n  - {fact: project.investment, kinds: [k], family: b, cite: x}\n",
			"“k”",
		},
	} {
		if _, problems := ParseCosts(lib, forms, "costs.yaml", []byte(c.src)); len(problems) == 0 || !strings.Contains(problems.Error(), c.want) {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// Every clause of the document belongs to a family, and those that count on money spent are asked for the items behind it.
func TestEveryClauseHasAFamily(t *testing.T) {
	w := newWorld(t, sqlite(t))
	in, _, err := w.policyOf(ctx, yancheng, mustView(w).Seq())
	must(t, err)
	want := map[string]string{"c7": "diagnosis", "c8": "interest", "c8_each_year": "interest", "c9": "investment", "c15": "service", "c18": "interest"}
	for _, c := range in.Policy.File.Clauses {
		facts, family := w.Costs.of(in.Policy, c.ID)
		if family == "" || want[c.ID] != "" && family != want[c.ID] || want[c.ID] == "" && family != "award" || (len(facts) > 0) != (family != "award") {
			t.Errorf("%s: %q, %v", c.ID, family, facts)
		}
	}
}
