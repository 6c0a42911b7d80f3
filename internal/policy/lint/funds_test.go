package lint

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// inventoried is a document with the inventory that its numbers make.
func inventoried(t testing.TB, text string) Source {
	t.Helper()
	var f policy.File
	if _, problems := content.Decode("policy.yaml", []byte(text), &f); len(problems) > 0 {
		t.Fatal(problems)
	}
	var b strings.Builder
	b.WriteString(text + "\ninventory:\n")
	for _, prm := range f.Params {
		numbers := []string{prm.Value}
		if prm.Value == "" {
			numbers = nil
			for _, key := range sorted(prm.Values) {
				numbers = append(numbers, prm.Values[key])
			}
		}
		fmt.Fprintf(&b, "  - {cite: %s, numbers: [\"%s\"]}\n", prm.Cite, strings.Join(numbers, `", "`))
	}
	return Source{Dir: "funds", Policy: []byte(b.String())}
}

const (
	score   = "        - {id: score, text: {zh: 得分, en: Score}, of: project.review_score, first: high}\n"
	day     = "        - {id: day, text: {zh: 日期, en: Day}, of: event, first: low}\n"
	fund    = "    - {id: fund, name: {zh: 资金, en: Fund}, clauses: [demo], budget: param.budget, period: year, pays: in_proportion, to: 100元, cite: 一}\n"
	quotas  = "  pools:\n"
	second  = "    - {id: fund2, name: {zh: 资金二, en: Second fund}, clauses: [demo], budget: param.%s, period: year, pays: in_proportion, cite: 一}\n"
	rest    = "        - {id: rest, name: {zh: 尾款, en: Rest}, share: param.rest, on: project.accepted_on}\n"
	titled  = `when: [{id: title, text: {zh: 智能车间, en: Smart workshop}, expr: 'honour.title == "prov_smart_workshop"'}]`
	plus    = "    clauses: [workshop]\n    when: [{id: leader, text: {zh: 链主, en: Leader}, expr: ent.is_chain_leader}]\n    by: param.star\n"
	demo    = "      - {id: scored, text: {zh: 已评审, en: It was reviewed}, expr: known(project.review_score)}\n"
	covered = "    amount: {fixed: {value: param.workshop}}\n"
)

// fundFaults are planted in what is allotted, raised, shared and paid in parts; each neighbour is as near as can be.
var fundFaults = []struct {
	name     string
	rule     string // "" for a neighbour
	severity Severity
	edits    []string
}{
	{"a year without a place", "quota", Error, []string{`2023: "3"}`, `2023: "0"}`, "2022: 120万元", "2022: 90万元"}},
	{"a year with one place", "", "", []string{`2023: "3"}`, `2023: "1"}`, "2022: 120万元, 2023: 140万元", "2022: 90万元, 2023: 50万元"}},
	{"a pool without money", "pool", Error, []string{"2023: 140万元", "2023: 0元"}},
	{"a quota inside another", "quota", Warning, []string{quotas, "    - {id: wide, name: {zh: 名额, en: Places}, clauses: [demo], most: param.places, period: year, rank: [{id: score, text: {zh: 得分, en: Score}, of: project.review_score, first: high}, {id: day, text: {zh: 日期, en: Day}, of: event, first: low}], cite: 一}\n" + quotas, `2023: "3"}`, `2023: "2"}`, "2023: 140万元", "2023: 90万元", "2022: 120万元", "2022: 90万元"}},
	{"a quota for more clauses than another", "", "", []string{quotas, "    - {id: wide, name: {zh: 名额, en: Places}, clauses: [demo, stars], most: param.places, period: year, rank: [{id: size, text: {zh: 总投资, en: Size}, of: project.plan_total, first: high}, {id: day, text: {zh: 日期, en: Day}, of: event, first: low}], cite: 一}\n" + quotas, `2023: "3"}`, `2023: "2"}`, "2023: 140万元", "2023: 90万元", "2022: 120万元", "2022: 90万元", demo, "      - {id: scored, text: {zh: 已评审, en: It was reviewed}, expr: known(project.review_score) && known(project.plan_total)}\n", "expr: project.is_key}", "expr: project.is_key && known(project.plan_total)}"}},
	{"a pool inside another", "pool", Warning, []string{fund, fund + fmt.Sprintf(second, "loan_budget")}},
	{"a pool smaller than the one before", "", "", []string{fund, fund + fmt.Sprintf(second, "loan_budget"), "value: 300万元", "value: 130万元"}},
	{"a pool that holds all places", "pool", Warning, []string{"2022: 120万元, 2023: 140万元", "2022: 160万元, 2023: 160万元"}},
	{"a pool that just holds all places", "", "", []string{"2022: 120万元, 2023: 140万元", "2022: 150万元, 2023: 150万元"}},
	{"a pool below the smallest award", "pool", Warning, []string{"2023: 140万元", "2023: 140元", "to: 100元, ", ""}},
	{"a pool of one award", "", "", []string{"2023: 140万元", "2023: 50万元"}},
	{"a pool in order below the smallest award", "pool", Error, []string{"value: 300万元", "value: 300元"}},
	{"a pool in order of one award", "", "", []string{"value: 300万元", "value: 2万元"}},
	{"a budget that its unit does not divide", "pool", Warning, []string{"2022: 120万元", "2022: 1200050元"}},
	{"a smaller unit", "", "", []string{"2022: 120万元", "2022: 1200050元", "to: 100元", "to: 50元"}},
	{"one rank", "rank", Warning, []string{day, ""}},
	{"an order by nothing", "rank", Error, []string{day, "", "of: project.review_score", "of: year"}},
	{"a rank that repeats another", "rank", Warning, []string{day, day + "        - {id: again, text: {zh: 得分, en: Score}, of: project.review_score, first: low}\n"}},
	{"a rank that is the same for all", "rank", Warning, []string{score, score + "        - {id: year, text: {zh: 年度, en: Year}, of: year, first: low}\n"}},
	{"a rank that is the same for all of a size", "rank", Warning, []string{score, score + "        - {id: size, text: {zh: 规模, en: Size}, of: 'ent.size == \"large\" ? 1 : 0', first: high}\n", demo, demo + "      - {id: large, text: {zh: 大型, en: Large}, expr: 'ent.size == \"large\"'}\n"}},
	{"a rank by size", "", "", []string{score, score + "        - {id: size, text: {zh: 规模, en: Size}, of: 'ent.size == \"large\" ? 1 : 0', first: high}\n", demo, demo + "      - {id: large, text: {zh: 大中型, en: Large or medium}, expr: 'ent.size in [\"large\", \"medium\"]'}\n"}},
	{"a rank that nobody has to state", "rank", Warning, []string{"    when:\n" + demo, ""}},
	{"a rank that has an answer without it", "", "", []string{"    when:\n" + demo, "", "of: project.review_score", `of: 'known(project.review_score) ? project.review_score : decimal("0")'`}},
	{"a rank that a threshold asks for", "", "", []string{day, "        - {id: size, text: {zh: 总投资, en: Size}, of: project.plan_total, first: high}\n", "    amount: {fixed: {value: param.award}}\n", "    thresholds: [{id: size, text: {zh: 总投资, en: Size}, of: project.plan_total, at_least: param.loan_least}]\n    amount: {fixed: {value: param.award}}\n"}},
	{"a rank that a threshold of one answer asks for", "rank", Warning, []string{day, "        - {id: size, text: {zh: 总投资, en: Size}, of: project.plan_total, first: high}\n", "    amount: {fixed: {value: param.award}}\n", "    thresholds: [{id: size, text: {zh: 总投资, en: Size}, of: project.plan_total, at_least: param.loan_least, only: {setting: lift, is: inside}}]\n    amount: {fixed: {value: param.award}}\n"}},

	{"shares above the whole", "shares", Error, []string{"{2022: 40%, 2023: 50%}, cite: 三", "{2022: 40%, 2023: 60%}, cite: 三"}},
	{"shares below the whole", "shares", Warning, []string{"{2022: 40%, 2023: 50%}, cite: 三", "{2022: 30%, 2023: 50%}, cite: 三"}},
	{"other shares of the whole", "", "", []string{"{2022: 40%, 2023: 50%}, cite: 三", "{2022: 30%, 2023: 25%}, cite: 三", "{2022: 60%, 2023: 50%}, cite: 三", "{2022: 70%, 2023: 75%}, cite: 三"}},
	{"a ceiling of all payers above theirs", "ceiling", Warning, []string{"value: 150万元", "value: 180万元"}},
	{"a ceiling of all payers that adds theirs up", "", "", []string{"value: 150万元", "value: 170万元"}},
	{"a joint ceiling above the sum of its members", "ceiling", Warning, []string{"value: 210万元", "value: 230万元", "    ceiling: setting.lift\n", "", "expr: project.is_key}", "expr: 'project.is_key && setting.lift == \"inside\"'}"}},
	{"a joint ceiling above members whose ceiling rises", "", "", []string{"value: 210万元", "value: 230万元"}},
	{"a joint ceiling that adds its members up", "", "", []string{"value: 210万元", "value: 220万元", "    ceiling: setting.lift\n", "", "expr: project.is_key}", "expr: 'project.is_key && setting.lift == \"inside\"'}"}},
	{"a joint ceiling of a clause that nothing bounds", "", "", []string{"value: 210万元", "value: 230万元", "      - {id: cap, limit: param.cap, scope: project, period: year, cite: 三}\n", "", "    amount: {fixed: {value: param.star}}\n", "    amount: {fixed: {value: param.star}}\n    ceilings: [{id: cap, limit: param.workshop_cap, scope: project, period: year, cite: 三}]\n", "{id: cap, type: money", "{id: workshop_cap, type: money", "value: 200万元", "value: 20万元"}},
	{"a ceiling under a wider one", "ceiling", Warning, []string{covered, covered + "    ceilings: [{id: one, limit: param.cap, scope: unit, period: event, cite: 四}, {id: all, limit: param.star, scope: enterprise, period: policy, cite: 四}]\n"}},
	{"a ceiling of nothing", "ceiling", Error, []string{"value: 210万元", "value: 0元"}},

	{"an uplift by nothing", "uplift", Error, []string{plus, strings.Replace(plus, "param.star", "param.none", 1), "  - {id: joint, type", "  - {id: none, type: money, name: {zh: 加奖, en: Plus}, value: 0元, cite: 四, unquoted: {zh: 虚构, en: Invented}}\n  - {id: joint, type"}},
	{"an uplift above a ceiling that stays", "uplift", Warning, []string{covered, covered + "    ceilings: [{id: one, limit: param.workshop, scope: unit, period: event, cite: 四}]\n"}},
	{"an uplift that lifts the ceiling", "", "", []string{covered, covered + "    ceilings: [{id: one, limit: param.workshop, scope: unit, period: event, cite: 四}]\n", plus, plus + "    ceiling: outside\n"}},
	{"an uplift under a higher ceiling", "", "", []string{covered, covered + "    ceilings: [{id: one, limit: param.workshop_cap, scope: unit, period: event, cite: 四}]\n", "  - {id: joint, type", "  - {id: workshop_cap, type: money, name: {zh: 上限, en: Ceiling}, value: 40万元, cite: 四, unquoted: {zh: 虚构, en: Invented}}\n  - {id: joint, type"}},
	{"an uplift for those that the clause leaves out", "uplift", Error, []string{titled, strings.Replace(titled, "workshop\"'", "workshop\" && !ent.is_chain_leader'", 1)}},
	{"an uplift of a clause that holds under another answer", "uplift", Error, []string{"    clauses: [workshop]\n    when: [", "    clauses: [workshop]\n    only: {setting: lift, is: inside}\n    when: [", "  - id: workshop\n", "  - id: workshop\n    only: {setting: lift, is: outside}\n"}},

	{"a level that brings less than the one before", "upgrade", Warning, []string{"value: 100万元, cite: 四", "value: 25万元, cite: 四"}},
	{"a level that brings a fen more", "", "", []string{"value: 100万元, cite: 四", "value: 500000.01元, cite: 四"}},
	{"a mark that does not rise", "clash", Error, []string{"value: 3亿元", "value: 1亿元"}},
	{"a mark that brings less", "upgrade", Warning, []string{"value: 30万元, cite: 六", "value: 5万元, cite: 六"}},
	{"a mark that brings less on top", "", "", []string{"value: 30万元, cite: 六", "value: 5万元, cite: 六", "pays: highest", "pays: each"}},

	{"instalments above the whole in one year", "instalments", Error, []string{"{2022: 60%, 2023: 50%}, cite: 五", "{2022: 60%, 2023: 60%}, cite: 五"}},
	{"instalments of the whole", "", "", []string{"{2022: 60%, 2023: 50%}, cite: 五", "{2022: 70%, 2023: 75%}, cite: 五", "{2022: 40%, 2023: 50%}, cite: 五", "{2022: 30%, 2023: 25%}, cite: 五"}},
	{"an instalment of nothing", "instalments", Error, []string{"{2022: 60%, 2023: 50%}, cite: 五", "{2022: 60%, 2023: 0%}, cite: 五", "{2022: 40%, 2023: 50%}, cite: 五", "{2022: 40%, 2023: 100%}, cite: 五"}},
	{"an instalment that is due at once", "instalments", Warning, []string{rest, strings.Replace(rest, ", on: project.accepted_on", "", 1)}},
	{"an instalment under a condition that cannot be", "instalments", Error, []string{rest, strings.Replace(rest, "}\n", ", when: [{id: not, text: {zh: 非智改数转, en: Not digital}, expr: '!project.is_digital'}]}\n", 1)}},
	{"an instalment under another condition", "", "", []string{rest, strings.Replace(rest, "}\n", ", when: [{id: not, text: {zh: 未终止, en: Not given up}, expr: '!project.terminated'}]}\n", 1)}},
	{"what is always taken back", "instalments", Error, []string{"expr: project.terminated, unreported", "expr: project.is_digital, unreported"}},
	{"what is never taken back", "instalments", Warning, []string{"expr: project.terminated, unreported", "expr: '!project.is_digital', unreported"}},

	{"a day that never comes", "gate", Warning, []string{`later: 5%`, `"2024-06-30": 5%`, "2023-06-30", "2023-12-31"}},
	{"the last day", "", "", []string{`later: 5%`, `"2024-06-30": 5%`, "2023-06-30", "2023-12-30"}},
	{"a table whose days are over", "gate", Error, []string{`"2022-06-30": 8%, "2023-06-30": 6%, later: 5%`, `"2021-06-30": 8%, "2021-12-31": 6%`}},
	{"a rate above the whole", "rate", Warning, []string{"value: 2%, cite: 二", "value: 200%, cite: 二"}},
	{"a rate of the whole", "", "", []string{"value: 2%, cite: 二", "value: 100%, cite: 二"}},
	{"a rate of nothing", "never", Error, []string{"value: 2%, cite: 二", "value: 0%, cite: 二"}},
	{"a prerequisite that nobody meets", "never", Error, []string{"clauses: [equipment], scope: project", "clauses: [stars], scope: project", "  - id: stars\n", "  - id: stars\n    valid: {from: 2024-01-01, to: 2024-12-31, cite: 三}\n", "with: [stars], ", "with: [software], "}},
	{"a prerequisite of another year", "never", Error, []string{"clauses: [equipment], scope: project", "clauses: [stars], scope: project", "  - id: stars\n", "  - id: stars\n    valid: {from: 2022-01-01, to: 2022-12-31, cite: 三}\n", "  - id: parts\n", "  - id: parts\n    valid: {from: 2023-01-01, to: 2023-12-31, cite: 五}\n", `"2022-06-30": 8%, `, ""}},
	{"a prerequisite of any year", "", "", []string{"clauses: [equipment], scope: project, period: year", "clauses: [stars], scope: project, period: policy", "  - id: stars\n", "  - id: stars\n    valid: {from: 2022-01-01, to: 2022-12-31, cite: 三}\n", "  - id: parts\n", "  - id: parts\n    valid: {from: 2023-01-01, to: 2023-12-31, cite: 五}\n", `"2022-06-30": 8%, `, ""}},
}

func TestFundFaults(t *testing.T) {
	base := read(t, "testdata/funds.yaml")
	if r := Check(lib(t), []Source{inventoried(t, base)}); len(r.Findings) > 0 {
		t.Fatalf("the document without a fault: %s", told(t, r, i18n.EN))
	}
	var all bytes.Buffer
	for _, tc := range fundFaults {
		t.Run(tc.name, func(t *testing.T) {
			r := Check(lib(t), []Source{inventoried(t, planted(t, base, tc.edits...))})
			all.WriteString("# " + tc.name + "\n" + told(t, r, i18n.ZH) + told(t, r, i18n.EN) + "\n")
			if tc.rule == "" {
				if len(r.Findings) > 0 {
					t.Errorf("a neighbour is called a fault: %s", told(t, r, i18n.EN))
				}
				return
			}
			if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Rule == tc.rule && f.Severity == tc.severity }) {
				t.Errorf("not found: %s %s\n%s", tc.severity, tc.rule, told(t, r, i18n.EN))
			}
			for _, f := range r.Findings {
				if f.Rule != tc.rule || f.At.Line == 0 || f.Mend.IsZero() {
					t.Errorf("besides %s: %s %s", tc.rule, f.Rule, f.At)
				}
			}
		})
	}
	golden(t, "testdata/funds.txt", all.Bytes())
}

// TestRulesAreDocumented: the table of the reference names the rules that there are, and no others.
func TestRulesAreDocumented(t *testing.T) {
	doc := read(t, "../../../docs/policy-format.md")
	_, doc, _ = strings.Cut(doc, "## What policy check finds")
	doc, _, _ = strings.Cut(doc, "\n## ")
	documented := map[string]bool{}
	for _, line := range strings.Split(doc, "\n") {
		if names, ok := strings.CutPrefix(line, "| `"); ok {
			names, _, _ = strings.Cut(names, " | ")
			for _, name := range strings.Split(names, ", ") {
				documented[strings.Trim(name, "`")] = true
			}
		}
	}
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?:p\.tell\(|Finding\{\s*Rule: )"([a-z]+)"`).FindAllStringSubmatch(sources(t), -1) {
		known[m[1]] = true
	}
	known["quota"], known["pool"] = true, true // by stage.rule
	if diff := cmp.Diff(sorted(documented), sorted(known)); diff != "" {
		t.Errorf("documented and known (-documented +known):\n%s", diff)
	}
}

// sources is the package as written.
func sources(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			all.WriteString(read(t, file))
		}
	}
	return all.String()
}
