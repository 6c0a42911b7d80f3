package lint

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

var update = flag.Bool("update", false, "write golden files")

var library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })

func lib(t testing.TB) *content.Library {
	t.Helper()
	l, err := library()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func read(t testing.TB, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// planted is a text with pieces replaced: old, new, old, new …
func planted(t *testing.T, text string, edits ...string) string {
	t.Helper()
	for i := 0; i < len(edits); i += 2 {
		if strings.Count(text, edits[i]) != 1 {
			t.Fatalf("%q stands %d times", edits[i], strings.Count(text, edits[i]))
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	return text
}

// faults are planted in a document without one; each neighbour is as near as can be and no fault.
var faults = []struct {
	name  string
	rule  string // "" for a neighbour
	edits []string
}{
	{"a number that its quotation does not hold", "form", []string{"quote: 最高五百万元", "quote: 最高四百万元"}},
	{"the number in other words", "", []string{"quote: 最高五百万元", "quote: 最高伍佰万元"}},
	{"no quotation", "number", []string{"quote: 最高五百万元}", "}"}},
	{"no quotation, with the reason", "", []string{"quote: 最高五百万元}", "unquoted: {zh: 没有原文, en: No words}}"}},
	{"a reason that is not needed", "number", []string{"quote: 最高五百万元}", "quote: 最高五百万元, unquoted: {zh: 没有原文, en: No words}}"}},
	{"a number of the document that is not encoded", "inventory", []string{"numbers: [50家], reason: {zh: 工作目标, en: A target}", "numbers: [50家]"}},
	{"a parameter that the inventory lacks", "inventory", []string{"numbers: [12%, 11%, 500万元]", "numbers: [12%, 11%]"}},
	{"the inventory in other units", "", []string{"numbers: [12%, 11%, 500万元]", `numbers: [百分之十二, 百分之十一, "5,000,000元"]`}},
	{"encoded and said not to be", "inventory", []string{"numbers: [50家]", "numbers: [50家]", "cite: 四,", "cite: 二,", "50家]", "50家, 200万元]"}},
	{"words that are no number", "inventory", []string{"numbers: [50家]", "numbers: [若干家]"}},
	{"a date that is not the end", "inventory", []string{"numbers: [2023年12月31日]", "numbers: [2024年12月31日]"}},
	{"a year without a value", "years", []string{"to: 2023-12-31, cite: 附则", "to: 2024-12-31, cite: 附则", "2023年12月31日", "2024年12月31日"}},
	{"a year that is not in force", "years", []string{"to: 2023-12-31, cite: 附则", "to: 2022-12-31, cite: 附则", "2023年12月31日", "2022年12月31日"}},
	{"two clauses for the same words", "clash", []string{`honour.title == "prov_smart_factory"`, `honour.title in ["prov_smart_factory", "digital_scene"]`}},
	{"other titles under the same words", "", []string{`honour.title == "prov_smart_factory"`, `honour.title in ["prov_smart_factory", "prov_benchmark_factory"]`}},
	{"the same, told how they go together", "", []string{
		`honour.title == "prov_smart_factory"`, `honour.title in ["prov_smart_factory", "digital_scene"]`,
		"\ninventory:", "\nstacking:\n  groups: [{id: one, name: {zh: 就高, en: The higher}, scope: enterprise, pick: higher_of, clauses: [provincial, scenes], cite: 二}]\n\ninventory:",
	}},
	{"two limits for one thing", "clash", []string{"- {id: cap, limit: param.cap, scope: project, period: year, cite: 一}", "- {id: cap, limit: param.cap, scope: project, period: year, cite: 一}\n      - {id: cap2, limit: param.least, scope: project, period: year, cite: 一}"}},
	{"a limit of another period", "", []string{"- {id: cap, limit: param.cap, scope: project, period: year, cite: 一}", "- {id: cap, limit: param.cap, scope: project, period: year, cite: 一}\n      - {id: cap2, limit: param.least, scope: project, period: policy, cite: 一}"}},
	{"bands that overlap", "clash", []string{"{from: param.mark, rate: param.band_rate}, {from: param.mark2,", "{from: param.mark2, rate: param.band_rate}, {from: param.mark,"}},
	{"two tables from the same words", "clash", []string{
		"  - {id: least, type", "  - {id: rate2, type: rate, name: {zh: 比例, en: Rate}, by: year, values: {2022: 11%, 2023: 12%}, cite: 一, quote: 按百分之十二、百分之十一补助}\n  - {id: least, type",
		"amount: {share: {of: project.investment, rate: param.rate}}", `amount: {share: {of: 'setting.strict == "yes" ? project.investment : project.effective_input', rate: param.rate}}`,
		"  - id: provincial", "  - id: lease\n    name: {zh: 租赁, en: Leases}\n    summary: {zh: 租赁。, en: Leases.}\n    cite: 一\n    entity: lease\n    event: yearly\n    amount: {share: {of: lease.cost, rate: param.rate2}}\n  - id: provincial",
	}},
	{"a threshold beyond what the fact may be", "never", []string{"value: 500万元, cite: 一, quote: \"投入5,000,000元以上\"", "value: 3000亿元, cite: 一, quote: \"投入3000亿元以上\"", "11%, 500万元]", "11%, 500万元, 3000亿元]"}},
	{"conditions that exclude each other", "never", []string{`- {id: digital, text: {zh: 智改数转项目, en: A transformation project}, expr: project.is_digital}`, `- {id: digital, text: {zh: 智改数转项目, en: A transformation project}, expr: project.is_digital}` + "\n" + `      - {id: small, text: {zh: 小项目, en: A small project}, expr: 'project.effective_input < param.least'}`}},
	{"conditions that leave one value", "", []string{`- {id: digital, text: {zh: 智改数转项目, en: A transformation project}, expr: project.is_digital}`, `- {id: digital, text: {zh: 智改数转项目, en: A transformation project}, expr: project.is_digital}` + "\n" + `      - {id: small, text: {zh: 小项目, en: A small project}, expr: 'project.effective_input <= param.least'}`}},
	{"a condition that an exclusion shuts out", "never", []string{"    thresholds:\n", "    exclusions: [{id: no, text: {zh: 规上, en: Above scale}, expr: project.is_digital}]\n    thresholds:\n"}},
	{"a day after the document's end", "never", []string{`expr: 'honour.title == "prov_smart_factory"'`, `expr: 'honour.title == "prov_smart_factory" && honour.awarded_on >= day("2024-01-01")'`}},
	{"the last day of the document", "", []string{`expr: 'honour.title == "prov_smart_factory"'`, `expr: 'honour.title == "prov_smart_factory" && honour.awarded_on >= day("2023-12-31")'`}},
	{"a code that is in no list", "form", []string{`honour.title == "prov_smart_factory"`, `honour.title == "prov_smart_fctory"`}},
	{"an area outside the document's", "never", []string{"expr: project.is_digital}", `expr: 'in_area(ent.area, "320583")'}`}},
	{"an area where the floor holds", "", []string{"expr: project.is_digital}", `expr: 'in_area(ent.area, "320981")'}`}},
	{"days outside the document's", "never", []string{"    entity: enterprise\n", "    valid: {from: 2024-01-01, to: 2024-12-31, cite: 三}\n    entity: enterprise\n"}},
	{"a table without the titles that are asked for", "never", []string{`honour.title in ["digital_scene", "practice_case"]`, `honour.title in ["little_giant"]`}},
	{"a table with some of them", "", []string{`honour.title in ["digital_scene", "practice_case"]`, `honour.title in ["digital_scene", "little_giant"]`}},
	{"a ceiling above the award", "ceiling", []string{"value: 200万元, cite: 二, quote: 最高200万元", "value: 300万元, cite: 二, quote: 最高300万元", "[200万元, 50万元", "[200万元, 300万元, 50万元"}},
	{"a ceiling above one award that holds for several", "", []string{"value: 200万元, cite: 二, quote: 最高200万元", "value: 300万元, cite: 二, quote: 最高300万元", "[200万元, 50万元", "[200万元, 300万元, 50万元", "scope: unit, period: event, cite: 二", "scope: enterprise, period: policy, cite: 二"}},
	{"a setting that only narrows", "", []string{`- {id: scale, text: {zh: 规上企业, en: Above scale}, expr: ent.above_scale, only: {setting: strict, is: "yes"}}`, `- {id: scale, text: {zh: 规上企业, en: Above scale}, expr: ent.above_scale, only: {setting: strict, is: "yes"}}` + "\n" + `      - {id: below, text: {zh: 规下企业, en: Below scale}, expr: '!ent.above_scale', only: {setting: strict, is: "no"}}`}},
}

func TestFaults(t *testing.T) {
	base := read(t, "testdata/city.yaml")
	if r := Check(lib(t), []Source{{Dir: "city", Policy: []byte(base)}}); len(r.Findings) > 0 {
		t.Fatalf("the document without a fault: %+v", r.Findings)
	}
	var all bytes.Buffer
	for _, tc := range faults {
		t.Run(tc.name, func(t *testing.T) {
			src := planted(t, base, tc.edits...)
			r := Check(lib(t), []Source{{Dir: "city", Policy: []byte(src)}})
			var rules []string
			for _, f := range r.Findings {
				rules = append(rules, f.Rule)
			}
			switch want := slices.Compact(rules); {
			case tc.rule == "" && len(rules) > 0:
				t.Errorf("a neighbour is called a fault: %s", told(t, r, i18n.EN))
			case tc.rule != "" && (len(want) != 1 || want[0] != tc.rule):
				t.Errorf("found %v, want %s\n%s", rules, tc.rule, told(t, r, i18n.EN))
			}
			all.WriteString("# " + tc.name + "\n" + told(t, r, i18n.ZH) + told(t, r, i18n.EN) + "\n")
		})
	}
	golden(t, "testdata/faults.txt", all.Bytes())
}

func told(t *testing.T, r Report, lang i18n.Lang) string {
	t.Helper()
	var b strings.Builder
	if err := r.Text(&b, i18n.T{Lang: lang}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(read(t, file), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// county is the city's document as a county would copy it.
func county(t *testing.T, edits ...string) string {
	t.Helper()
	return planted(t, read(t, "testdata/city.yaml"), append([]string{
		"id: example-city", "id: example-county", "level: city", "level: county", `area: {in: ["320902"], cite: 总则}`, `area: {in: ["320981"], cite: 总则}`,
		"  floor: {in: [\"320981\"], text: {zh: 县不低于本标准, en: The county promises no less}, cite: 总则}\n", "",
	}, edits...)...)
}

// TestFloor: a county that promises less in any number is told, with an enterprise that shows it; the same or more is not.
func TestFloor(t *testing.T) {
	city := Source{Dir: "city", Policy: []byte(read(t, "testdata/city.yaml"))}
	var all bytes.Buffer
	const (
		digital = "- {id: digital, text: {zh: 智改数转项目, en: A transformation project}, expr: project.is_digital}\n"
		asks    = "settings:\n"
		own     = "settings:\n  - {id: own, question: {zh: 是否限高企？, en: High-tech only?}, cite: 一, default: \"no\", options: [{id: \"no\", text: {zh: 否, en: \"No\"}}, {id: \"yes\", text: {zh: 是, en: \"Yes\"}}]}\n"
		tech    = "      - {id: tech, text: {zh: 高企, en: High-tech}, expr: %s}\n"
	)
	for _, tc := range []struct {
		name  string
		below string // what is said of: the line of the county's file, "" where nothing is
		edits []string
		under string // answers under which it is, "" for the defaults
	}{
		{"the same", "", nil, ""},
		{"more", "", []string{"2022: 12%, 2023: 11%", "2022: 12%, 2023: 12%", "按百分之十二、百分之十一", "按百分之十二", "numbers: [12%, 11%", "numbers: [12%"}, ""},
		{"a lower rate in one year", "2023: 10%", []string{"2022: 12%, 2023: 11%", "2022: 12%, 2023: 10%", "按百分之十二、百分之十一", "按百分之十二、百分之十", "numbers: [12%, 11%", "numbers: [12%, 10%"}, ""},
		{"a threshold a fen higher", "5000000.01", []string{"value: 500万元, cite: 一, quote: \"投入5,000,000元以上\"", "value: 5000000.01元, cite: 一, quote: \"投入5000000.01元以上\"", "11%, 500万元]", "11%, 500万元, 5000000.01元]"}, ""},
		{"over instead of at least", "id: invest", []string{"at_least: param.least", "over: param.least"}, ""},
		{"a lower ceiling", "499万元", []string{"value: 500万元, cite: 一, quote: 最高五百万元", "value: 499万元, cite: 一, quote: 最高499万元", "11%, 500万元]", "11%, 500万元, 499万元]"}, ""},
		{"a clause that is missing for one title", "id: provincial", []string{`honour.title in ["digital_scene", "practice_case"]`, `honour.title in ["practice_case"]`}, ""},
		{"a further condition", "id: invest", []string{"expr: project.is_digital}", "expr: project.is_digital && ent.high_tech}"}, ""},
		{"an end that comes earlier", "id: invest", []string{"to: 2023-12-31, cite: 附则", "to: 2022-12-31, cite: 附则", "2022: 12%, 2023: 11%", "2022: 12%", "按百分之十二、百分之十一", "按百分之十二", "numbers: [12%, 11%", "numbers: [12%", "2023年12月31日", "2022年12月31日"}, ""},
		{"a condition under one answer", "id: invest", []string{digital, digital + fmt.Sprintf(tech, `ent.high_tech, only: {setting: strict, is: "yes"}`)}, "--setting strict=yes"},
		{"the condition of the city under the same answer", "", []string{`expr: ent.above_scale, only`, `expr: 'ent.above_scale || ent.high_tech', only`}, ""},
		{"a question of the county's own", "id: invest", []string{digital, digital + fmt.Sprintf(tech, `ent.high_tech, only: {setting: own, is: "yes"}`), asks, own}, "--setting own=yes"},
		{"two answers together", "id: invest", []string{digital, digital + fmt.Sprintf(tech, `'setting.strict == "no" || setting.own == "no" || ent.high_tech'`), asks, own}, "--setting own=yes --setting strict=yes"},
		{"an answer that the default is already", "id: invest", []string{digital, digital + fmt.Sprintf(tech, `ent.high_tech, only: {setting: strict, is: "no"}`)}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			src := county(t, tc.edits...)
			r := Check(lib(t), []Source{{Dir: "county", Policy: []byte(src)}}, city)
			all.WriteString("# " + tc.name + "\n" + told(t, r, i18n.ZH) + told(t, r, i18n.EN) + "\n")
			if tc.below == "" {
				if len(r.Findings) > 0 {
					t.Errorf("found %s", told(t, r, i18n.EN))
				}
				return
			}
			i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Rule == "floor" && strings.Contains(f.At.Snippet, tc.below) })
			if i < 0 {
				t.Fatalf("not told at %q: %s", tc.below, told(t, r, i18n.EN))
			}
			f := r.Findings[i]
			if f.Other == nil || f.Other.File != "city/policy.yaml" {
				t.Errorf("the city's place: %+v", f.Other)
			}
			if severity := map[bool]Severity{true: Error, false: Warning}[tc.under == ""]; flags(f.Settings) != tc.under || f.Severity != severity {
				t.Errorf("a %s under %q, want %q", f.Severity, flags(f.Settings), tc.under)
			}
			shows(t, f, src, string(city.Policy))
		})
	}
	golden(t, "testdata/floor.txt", all.Bytes())
}

// shows decides the enterprise of a finding under both documents, as its file is read.
func shows(t *testing.T, f Finding, county, city string) {
	t.Helper()
	total := func(src, area string) policy.Interval {
		doc, problems := rule.ParseFacts(lib(t), "facts.json", bytes.Replace(f.Firm, []byte(`"320981"`), []byte(`"`+area+`"`), 1))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		p, problems := policy.Compile(lib(t), "policy.yaml", []byte(src))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		answers := maps.Clone(f.Settings)
		maps.DeleteFunc(answers, func(id, _ string) bool {
			return !slices.ContainsFunc(p.File.Settings, func(s policy.Setting) bool { return s.ID == id })
		})
		plan, err := p.Plan(answers)
		if err != nil {
			t.Fatal(err)
		}
		d, err := plan.Decide(doc, period.Date(2023, 12, 31), policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return d.Total
	}
	if got, want := total(county, "320981"), total(city, "320902"); got.Sure >= want.Sure {
		t.Errorf("the enterprise gets %s in the county and %s in the city: %s", got.Sure, want.Sure, f.Firm)
	}
}

// TestDrafts: a draft pays nobody, replaces nothing and is no promise of a county.
func TestDrafts(t *testing.T) {
	city := Source{Dir: "city", Policy: []byte(read(t, "testdata/city.yaml"))}
	draft := Source{Dir: "draft", Policy: []byte(county(t, "status: live", "status: draft"))}
	r := Check(lib(t), []Source{draft}, city)
	if len(r.Findings) != 1 || r.Findings[0].Rule != "draft" || r.Findings[0].Severity != Warning {
		t.Errorf("a county's draft: %s", told(t, r, i18n.EN))
	}
	replaced := Source{Dir: "city", Policy: []byte(planted(t, string(city.Policy), "  issued: 2022-01-01\n", "  issued: 2022-01-01\n  replaced_by: example-county\n"))}
	if r := Check(lib(t), []Source{replaced}, draft); len(r.Findings) != 1 || r.Findings[0].Rule != "draft" || r.Findings[0].Severity != Error {
		t.Errorf("replaced by a draft: %s", told(t, r, i18n.EN))
	}
	live := Source{Dir: "county", Policy: []byte(county(t))}
	if r := Check(lib(t), []Source{replaced}, live); len(r.Findings) != 0 {
		t.Errorf("replaced by a document in force: %s", told(t, r, i18n.EN))
	}
	p, problems := policy.Compile(lib(t), "policy.yaml", draft.Policy)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plan, err := p.Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	firm := &firm{kind: content.Enterprise, id: "E1", area: "320981", year: 2022, facts: map[string]rule.Value{"ent.service_sales": rule.Money(1_000_000_00)}}
	d, err := plan.Decide(firm, period.Date(2022, 12, 31), policy.Options{})
	if err != nil || d.Total != (policy.Interval{}) {
		t.Errorf("a draft pays %+v, %v", d.Total, err)
	}
}

// TestAmong: documents that are there twice, or replaced and still in force.
func TestAmong(t *testing.T) {
	city := read(t, "testdata/city.yaml")
	next := planted(t, city, "id: example-city", "id: example-next", "  issued: 2022-01-01\n", "  issued: 2022-01-01\n  replaces: [example-city]\n")
	for name, tc := range map[string]struct {
		a, b string
		want string
	}{
		"twice":             {city, city, "clash"},
		"both in force":     {city, next, "clash"},
		"one after another": {planted(t, city, "to: 2023-12-31, cite: 附则", "to: 2022-12-31, cite: 附则"), planted(t, next, "from: 2022-01-01, to", "from: 2023-01-01, to"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := Check(lib(t), []Source{{Dir: "a", Policy: []byte(tc.a)}, {Dir: "b", Policy: []byte(tc.b)}})
			i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Rule == "clash" && f.Other != nil && f.Other.File == "a/policy.yaml" })
			if (i >= 0) != (tc.want != "") {
				t.Error(told(t, r, i18n.EN))
			}
		})
	}
}

// TestShipped: everything that ships and every worked example is in order. What three examples have on purpose, to show what
// it means, is named one by one: a year that a table leaves out, an order that leaves equals open.
func TestShipped(t *testing.T) {
	var all []Source
	for _, pattern := range []string{"../../../content/policies/*/*/policy.yaml", "../testdata/patterns/*/policy.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			src := Source{Dir: filepath.Dir(file), Policy: []byte(read(t, file))}
			if cases, err := os.ReadFile(filepath.Join(src.Dir, "cases.yaml")); err == nil {
				src.Cases = cases
			}
			all = append(all, src)
		}
	}
	var found []string
	for _, f := range Check(lib(t), all).Findings {
		found = append(found, strings.TrimPrefix(f.At.File, "../testdata/patterns/")+" "+f.Rule)
	}
	slices.Sort(found)
	if diff := cmp.Diff([]string{"02-by-class/policy.yaml years", "27-pool/policy.yaml rank", "27-pool/policy.yaml years"}, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJSON(t *testing.T) {
	src := planted(t, read(t, "testdata/city.yaml"), "numbers: [12%, 11%, 500万元]", "numbers: [12%, 11%]")
	b, err := json.MarshalIndent(Check(lib(t), []Source{{Dir: "city", Policy: []byte(src)}}), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/report.json", append(b, '\n'))
}

// BenchmarkThirty is the lint of 30 packages of the size of the city's, each known to the others.
func BenchmarkThirty(b *testing.B) {
	src := read(b, "../../../content/policies/yancheng/2022-6/policy.yaml")
	l := lib(b)
	var all []Source
	for i := range 30 {
		id := "package-" + string(rune('a'+i/10)) + string(rune('0'+i%10))
		all = append(all, Source{Dir: id, Policy: []byte(strings.Replace(src, "id: yancheng-2022-6", "id: "+id, 1))})
	}
	for b.Loop() {
		if r := Check(l, all); len(r.Findings) > 0 {
			b.Fatal(r.Findings[0].What)
		}
	}
}

// BenchmarkCompile is one package of the city's size, read and compiled.
func BenchmarkCompile(b *testing.B) {
	src := []byte(read(b, "../../../content/policies/yancheng/2022-6/policy.yaml"))
	l := lib(b)
	for b.Loop() {
		if _, problems := policy.Compile(l, "policy.yaml", src); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}

// BenchmarkFloor is a county's document held against its city's.
func BenchmarkFloor(b *testing.B) {
	l := lib(b)
	city := read(b, "../../../content/policies/yancheng/2022-6/policy.yaml")
	own := strings.NewReplacer("id: yancheng-2022-6", "id: county", `in: ["320902", "320903", "320904", "zone:320971", "zone:yancheng-yannan"]`, `in: ["320981"]`, `in: ["320921", "320922", "320923", "320924", "320925", "320981"]`, `in: ["320921"]`).Replace(city)
	for b.Loop() {
		if r := Check(l, []Source{{Dir: "county", Policy: []byte(own)}}, Source{Dir: "city", Policy: []byte(city)}); len(r.Findings) > 0 {
			b.Fatal(r.Findings[0].What)
		}
	}
}
