package indicator

import (
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
)

// TestCasesTell: a case that does not come out is told at the place of what was expected, and one that cannot be read at its own.
func TestCasesTell(t *testing.T) {
	const head = "cases:\n  - name: one\n    period: '2024'\n    enterprises:\n"
	const firm = "      - {id: E1, facts: {ent.above_scale: {'2024': true}, ent.revenue: {'2024': 1.5亿元}}}\n"
	for _, tc := range []struct{ name, text, want string }{
		{"value", head + firm + "    expect:\n      firms: {value: '2'}\n", "x.cases.yaml:7:23: case \"one\": value of firms: want 2, got 1"},
		{"amount", head + firm + "    expect:\n      revenue: {value: 1亿元}\n", "want 1亿元, got 150000000"},
		{"counted", head + firm + "    expect:\n      firms: {counted: 0}\n", "counted of firms: want 0, got 1"},
		{"none", head + firm + "    expect:\n      firms: {value: none}\n", "want none, got 1"},
		{"no indicator", head + firm + "    expect:\n      firm: {value: '1'}\n", "there is no indicator firm"},
		{"by areas", head + firm + "    expect:\n      base: {value: '1'}\n", "base is told by areas"},
		{"no number", head + firm + "    expect:\n      firms: {value: many}\n", "many is no number"},
		{"no fact", head + "      - {id: E1, facts: {ent.abov_scale: true}}\n    expect: {}\n", "x.cases.yaml:5:"},
		{"no enterprise", head + "      - {}\n    expect: {}\n", "x.cases.yaml:5:"},
		{"no period", strings.Replace(head, "'2024'", "spring", 1) + firm + "    expect: {}\n", "spring is no period"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set := compiled(t, every)
			cases, problems := ParseCases(ruletest.Library(), set, Source{"x.cases.yaml", []byte(tc.text)})
			for _, c := range cases {
				problems = append(problems, set.Check(ruletest.Library(), c)...)
			}
			if len(problems) == 0 || !strings.Contains(content.Problems(problems).Error(), tc.want) {
				t.Errorf("want %q, got:\n%v", tc.want, content.Problems(problems))
			}
		})
	}
}

// TestCompletionIsOne: what counts as completed is the same wherever it is asked, and every measure of subjects has a worked case.
func TestCompletionIsOne(t *testing.T) {
	set := shipped(t)
	var first string
	for _, code := range []string{"completed_share", "completed_firms", "chains_completed"} {
		x, err := set.Indicator(code)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = x.Where
		}
		if x.Where != first {
			t.Errorf("%s: %s", code, x.Where)
		}
	}
	worked := map[Measure]int{}
	for _, c := range shippedCases {
		for _, e := range c.expects {
			worked[e.x.Measure]++
		}
	}
	for _, m := range []Measure{Stock, Flow, Share, Level, Coverage, Composite} {
		if worked[m] == 0 {
			t.Errorf("no worked case of a %s", m)
		}
	}
}

// TestCatalogues: what ships names no indicator of the clusters, a region's does, and what cannot be told by cluster is refused.
func TestCatalogues(t *testing.T) {
	all := shipped(t).Catalogues()
	if len(all) != 1 || all[0].Code != "cluster_monitoring" || len(all[0].Indicators) != 0 || all[0].Lacks() != 50 {
		t.Errorf("shipped: %+v", all)
	}
	with := func(line string) string {
		return every + "catalogues:\n  - {code: watch, name: {zh: 监测, en: Watch}, " + line + "}\n"
	}
	set := compiled(t, with("by: ent.cluster, size: 3, indicators: [revenue, done]"))
	if got := set.Catalogues(); len(got) != 1 || len(got[0].Indicators) != 2 || got[0].Indicators[0].Code != "revenue" || got[0].Lacks() != 1 {
		t.Errorf("a region's: %+v", got)
	}
	for line, want := range map[string]string{
		"by: ent.revenue, indicators: []":            "ent.revenue makes no cells",
		"by: ent.cluster, indicators: [revenues]":    "there is no indicator revenues",
		"by: ent.cluster, indicators: [base]":        "cannot be told by the codes",
		"by: ent.cluster, indicators: [done, done]":  "done",
		"by: ent.cluster, size: -1, indicators: []":  "between 0 and",
		"by: honour.title, indicators: []":           "makes no cells",
		"by: ent.month_output, indicators: [firms]":  "makes no cells",
		"by: ent.cluster, indicators: [done, index]": "",
	} {
		_, problems := Compile(ruletest.Library(), []Source{{"x.yaml", []byte(with(line))}})
		if want == "" && len(problems) > 0 || want != "" && (len(problems) != 1 || !strings.Contains(problems.Error(), want)) {
			t.Errorf("%s: want %q, got:\n%v", line, want, problems)
		}
	}
}
