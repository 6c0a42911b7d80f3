package indicator

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
)

var everything = sync.OnceValues(func() (*Set, error) {
	set, cases, err := Load(contentdata.FS, ruletest.Library())
	shippedCases = cases
	return set, err
})

var shippedCases []Case

func shipped(t testing.TB) *Set {
	t.Helper()
	set, err := everything()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestSchemas holds the schemas that editors use against what is read.
func TestSchemas(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/indicators.schema.json", &File{})
	contenttest.Schema(t, contentdata.FS, "schema/indicator_cases.schema.json", &CasesFile{})
}

// TestWorkedCases works out what was worked out by hand, one by one and in columns.
func TestWorkedCases(t *testing.T) {
	set := shipped(t)
	for _, c := range shippedCases {
		for _, d := range set.Check(ruletest.Library(), c) {
			t.Error(d)
		}
		for _, e := range c.expects {
			subjects := Below(c.Firms, e.x.Kind)
			crowd, problems := set.Gather([]*Indicator{e.x}, subjects, c.At, OneByOne{})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			lines := crowd.Lines(e.x)
			var got Tally
			for i := range subjects {
				lines.Add(&got, i, c.At)
			}
			if want := set.Tally(e.x, c.Firms, c.At); show(e.x, want) != show(e.x, got) {
				t.Errorf("%s: %s: rows %s, columns %s", c.Name, e.x.Code, show(e.x, want), show(e.x, got))
			}
		}
	}
}

func show(x *Indicator, t Tally) string {
	f := x.Figure(t)
	value := "none"
	if f.Value != nil {
		value = f.Value.RatString()
	}
	return strings.Join([]string{value, cmp.Diff(Tally{}, Tally{Counted: t.Counted, Within: t.Within, Open: t.Open, Dark: t.Dark, Failed: t.Failed, Carried: t.Carried}, cmp.AllowUnexported(Tally{}, total{}, big.Int{}))}, " ")
}

// every has an indicator of each measure and of each thing that a measure may read.
const every = `group: every
title: {zh: 全部, en: Every}
source: 测试
confidence: unverified
choices:
  - code: done
    name: {zh: 完成, en: Done}
    default: declared
    options: [{code: declared, name: {zh: 认定, en: Declared}}, {code: accepted, name: {zh: 验收, en: Accepted}}]
populations:
  - {code: accepted, name: {zh: 已验收, en: Accepted}, of: project, where: project.is_digital, since: project.accepted_on}
  - {code: held, name: {zh: 有效称号, en: Titles held}, of: honour, where: honour.title != "digital_scene", since: honour.awarded_on, until: [honour.ended_on], through: [honour.valid_until]}
  - {code: late, name: {zh: 旧项目, en: Old projects}, of: project, where: project.started_on <= event && project.accepted_on <= event}
  - {code: open, name: {zh: 在营, en: Open}, of: enterprise, where: ent.above_scale, until: [ent.closed_on]}
  - {code: firms, name: {zh: 规上, en: Above scale}, of: enterprise, where: ent.above_scale}
indicators:
  - {code: firms, name: {zh: 数, en: Number}, version: '1', measure: stock, population: firms, carry: 1, over: {space: sum, time: last}}
  - {code: anybody, name: {zh: 数, en: Number}, version: '1', measure: stock, of: enterprise, over: {space: sum, time: last}}
  - {code: revenue, name: {zh: 营收, en: Revenue}, version: '1', measure: flow, population: firms, value: ent.revenue, over: {space: sum, time: sum}}
  - {code: done, name: {zh: 完成, en: Done}, version: '1', measure: share, population: firms, where: 'setting.done == "declared" ? ent.digital_done : agg.accepted > 0', carry: 2, over: {space: ratio, time: last}}
  - {code: done_heavy, name: {zh: 完成, en: Done}, version: '1', measure: share, population: firms, where: ent.digital_done || ent.has_erp, weight: ent.employees, over: {space: ratio, time: last}}
  - {code: done_rich, name: {zh: 完成, en: Done}, version: '1', measure: share, population: firms, where: ent.digital_done, weight: ent.revenue, over: {space: ratio, time: last}}
  - {code: cnc, name: {zh: 数控化率, en: CNC}, version: '1', measure: level, population: firms, value: ent.cnc_rate, carry: 1, over: {space: ratio, time: last}}
  - {code: cnc_heavy, name: {zh: 数控化率, en: CNC}, version: '1', measure: level, population: firms, where: ent.has_mes, value: ent.cnc_rate, weight: ent.output, over: {space: ratio, time: last}}
  - {code: index, name: {zh: 指数, en: Index}, version: '1', measure: level, of: enterprise, value: ent.integration_index, over: {space: ratio, time: last}}
  - {code: robots, name: {zh: 机器人, en: Robots}, version: '1', measure: stock, of: enterprise, where: ent.area != "320904", value: ent.robots + ent.cnc_machines, over: {space: sum, time: last}}
  - {code: diagnosed, name: {zh: 诊断, en: Diagnosed}, version: '1', measure: flow, of: enterprise, where: ent.diagnosed, day: ent.diagnosed_on, over: {space: sum, time: sum}}
  - {code: accepted, name: {zh: 验收, en: Accepted}, version: '1', measure: flow, population: accepted, day: project.accepted_on, value: project.plan_total, over: {space: sum, time: sum}}
  - {code: big_projects, name: {zh: 大企业项目, en: Projects of large firms}, version: '1', measure: stock, of: project, where: 'ent.size == "large" && project.started_on >= period.first', carry: 1, over: {space: sum, time: last}}
  - {code: loans, name: {zh: 贷款, en: Loans}, version: '1', measure: stock, of: loan, value: loan.balance, day: loan.drawn_on, over: {space: sum, time: last}}
  - {code: drawn, name: {zh: 贷款, en: Loans}, version: '1', measure: flow, of: loan, where: project.is_digital, value: loan.principal, day: loan.drawn_on, over: {space: sum, time: sum}}
  - {code: covered, name: {zh: 覆盖, en: Covered}, version: '1', measure: coverage, population: firms, where: ent.digital_done, cells: {areas: county, by: ent.size, least: 2}, over: {space: none, time: last}}
  - {code: held, name: {zh: 称号, en: Titles}, version: '1', measure: stock, population: held, over: {space: sum, time: last}}
  - {code: late, name: {zh: 旧项目, en: Old projects}, version: '1', measure: stock, population: late, over: {space: sum, time: last}}
  - {code: titled, name: {zh: 有称号, en: With a title}, version: '1', measure: share, population: open, where: agg.has_held, over: {space: ratio, time: last}}
  - {code: open_done, name: {zh: 完成, en: Done}, version: '1', measure: share, population: open, where: ent.digital_done, weight: ent.employees, carry: 1, over: {space: ratio, time: last}}
  - {code: base, name: {zh: 基站, en: Stations}, version: '1', measure: given, fact: area.base_stations_5g, carry: 1, over: {space: sum, time: last}}
  - {code: together, name: {zh: 综合, en: Together}, version: '1', measure: composite, over: {space: none, time: last}, parts: [{indicator: done, whole: 100%, weight: 60}, {indicator: index, whole: '72', weight: 40}]}
`

func compiled(t testing.TB, src string) *Set {
	t.Helper()
	set, problems := Compile(ruletest.Library(), []Source{{"x.yaml", []byte(src)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return set
}

// TestColumnsAnswerAsRows holds the lines of random subjects against asking each one by one, for random periods and choices.
func TestColumnsAnswerAsRows(t *testing.T) {
	states := map[State]int{}
	carried := 0
	for name, set := range map[string]*Set{"every": compiled(t, every), "shipped": shipped(t)} {
		runs := map[string]uint64{"every": 6, "shipped": 2}
		for seed := range runs[name] {
			g := ruletest.NewGrower(seed + 1)
			rnd := rand.New(rand.NewPCG(seed, 3))
			var firms []rule.Subject
			for range 700 { // more than a block
				firms = append(firms, g.Enterprise())
			}
			last := period.Date(2022+rnd.IntN(3), 1+rnd.IntN(12), 28)
			at := At{First: last - period.Day(rnd.IntN(400)), Last: last, Choices: map[string]string{"done": []string{"declared", "accepted"}[rnd.IntN(2)]}}
			for _, x := range set.Indicators() {
				if x.Kind == "" || x.Kind == content.Area {
					continue
				}
				subjects := Below(firms, x.Kind)
				crowd, problems := set.Gather([]*Indicator{x}, subjects, at, OneByOne{})
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				lines := crowd.Lines(x)
				for _, day := range []int{3, 250} { // the same crowd asked for other days of its year
					other := At{First: period.Date(at.Year(), 1, 1), Last: period.Date(at.Year(), 1, day), Choices: at.Choices}
					again := crowd.For(other).Lines(x)
					for i, s := range subjects[:min(60, len(subjects))] {
						want := set.Row(x, s, other)
						if want.State == Out || want.State == Dark || want.State == Failed {
							want.Line = Line{State: want.State}
						}
						if diff := cmp.Diff(want.Line, again.Line(i, other)); diff != "" {
							t.Fatalf("%s: %s: seed %d: row %d on another day (-row +column):\n%s", name, x.Code, seed, i, diff)
						}
					}
				}
				var rows, columns Tally
				for i, s := range subjects {
					want := set.Row(x, s, at)
					got := lines.Line(i, at)
					if want.State == Out || want.State == Dark || want.State == Failed {
						want.Line = Line{State: want.State}
					}
					if diff := cmp.Diff(want.Line, got); diff != "" {
						t.Fatalf("%s: %s: seed %d: row %d (-row +column):\n%s", name, x.Code, seed, i, diff)
					}
					states[got.State]++
					if got.Carried {
						carried++
					}
					rows.put(x, want.Line)
					lines.Add(&columns, i, at)
				}
				if a, b := show(x, rows), show(x, columns); a != b {
					t.Fatalf("%s: rows %s, columns %s", x.Code, a, b)
				}
			}
		}
	}
	for s := Out; s <= Failed; s++ {
		if states[s] == 0 {
			t.Errorf("no line was %s: the run says nothing of it", s)
		}
	}
	if carried == 0 {
		t.Error("nothing was carried from a year before")
	}
}

// TestTalliesAdd: a tally over all is the sum of tallies over parts, in any order, also beyond 64 bits.
func TestTalliesAdd(t *testing.T) {
	set := compiled(t, every)
	for _, x := range set.Indicators() {
		rnd := rand.New(rand.NewPCG(1, 2))
		var all Tally
		parts := make([]Tally, 4)
		for range 300 {
			l := Line{State: State(rnd.IntN(6)), Value: rnd.Int64() - 1<<62, Weight: rnd.Int64N(1 << 40)}
			all.put(x, l)
			parts[rnd.IntN(4)].put(x, l)
		}
		sum := parts[3].Plus(parts[1]).Plus(parts[0].Plus(parts[2]))
		if a, b := show(x, all), show(x, sum); a != b {
			t.Errorf("%s: %s and %s", x.Code, a, b)
		}
		if again := parts[3].Plus(parts[1]).Plus(parts[0].Plus(parts[2])); show(x, again) != show(x, sum) {
			t.Errorf("%s: adding changed what was added", x.Code)
		}
	}
}

// TestMistakes: what has no meaning does not compile, and the place is told.
func TestMistakes(t *testing.T) {
	base := func(line string) string {
		return "group: x\ntitle: {zh: 甲, en: A}\nsource: 测试\nconfidence: unverified\npopulations:\n" +
			"  - {code: firms, name: {zh: 规上, en: Above scale}, of: enterprise, where: ent.above_scale}\nindicators:\n  - {code: a, name: {zh: 甲, en: A}, version: '1', " + line + "}\n"
	}
	for _, tc := range []struct{ name, line, want string }{
		{"a sum of year-end levels", "measure: stock, population: firms, value: ent.employees, over: {space: sum, time: sum}", "over time by sum"},
		{"a sum of levels over areas", "measure: level, population: firms, value: ent.cnc_rate, over: {space: sum, time: last}", "over space by sum"},
		{"a sum of shares", "measure: share, population: firms, where: ent.digital_done, over: {space: sum, time: last}", "over space by sum"},
		{"a sum of rates", "measure: stock, population: firms, value: ent.cnc_rate, over: {space: sum, time: last}", "rates cannot be added"},
		{"a flow without time", "measure: flow, population: firms, over: {space: sum, time: sum}", "a flow without a time"},
		{"yuan and people", "measure: stock, population: firms, value: ent.revenue + ent.employees, over: {space: sum, time: last}", "x.yaml:8"},
		{"no population", "measure: stock, population: firm, over: {space: sum, time: last}", "no population firm"},
		{"of nobody", "measure: stock, over: {space: sum, time: last}", "of whom"},
		{"two kinds", "measure: stock, population: firms, of: project, over: {space: sum, time: last}", "of says project"},
		{"no condition of a share", "measure: share, population: firms, over: {space: ratio, time: last}", "needs where"},
		{"what is of no use", "measure: share, population: firms, where: ent.has_erp, value: ent.revenue, over: {space: ratio, time: last}", "no use for value"},
		{"a measure that is none", "measure: sum, population: firms, over: {space: sum, time: last}", "stock, flow, share"},
		{"a fact that is none of an area", "measure: given, fact: ent.revenue, over: {space: sum, time: last}", "fact about areas"},
		{"a rate of areas added up", "measure: given, fact: area.parks_gigabit_rate, over: {space: sum, time: last}", "rates cannot"},
		{"a stock of areas summed over time", "measure: given, fact: area.id_nodes, over: {space: sum, time: sum}", "over time by sum"},
		{"weights", "measure: composite, over: {space: none, time: last}, parts: [{indicator: b, whole: '1', weight: 50}]", "make 50"},
		{"ten thousand times too much", "measure: flow, population: firms, value: ent.power_kwh, unit: 万千瓦时, over: {space: sum, time: sum}", "not \"千瓦时\""},
		{"cells of what is no code", "measure: coverage, population: firms, cells: {by: ent.revenue}, over: {space: none, time: last}", "makes no cells"},
		{"no cells", "measure: coverage, population: firms, cells: {least: 2}, over: {space: none, time: last}", "no cells are told"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, problems := Compile(ruletest.Library(), []Source{{"x.yaml", []byte(base(tc.line))}})
			if len(problems) == 0 {
				t.Fatal("it compiles")
			}
			if !strings.Contains(problems.Error(), tc.want) {
				t.Errorf("want a message with %q, got:\n%s", tc.want, problems.Error())
			}
			for _, p := range problems {
				if p.Line == 0 || p.In(i18n.ZH) == p.In(i18n.EN) {
					t.Errorf("no place or one language: %s", p)
				}
			}
		})
	}
}

// TestTells: for which periods an indicator can be told.
func TestTells(t *testing.T) {
	set := compiled(t, every)
	for code, want := range map[string]string{
		"firms": "2024 2024Q1 2024-03 2024YTD08", "revenue": "2024", "diagnosed": "2024 2024Q1 2024-03 2024YTD08", "loans": "2024 2024Q1 2024-03 2024YTD08",
		"base": "2024 2024Q1 2024-03 2024YTD08", "together": "2024 2024Q1 2024-03 2024YTD08",
	} {
		x, err := set.Indicator(code)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, word := range []string{"2024", "2024Q1", "2024-03", "2024YTD08", ""} {
			p, err := period.Parse(word)
			if err != nil {
				t.Fatal(err)
			}
			if x.Tells(p) {
				got = append(got, word)
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", code, diff)
		}
	}
}

// FuzzCompile: no file makes the compiler panic, and what it tells has a place.
func FuzzCompile(f *testing.F) {
	f.Add([]byte(every))
	lib := ruletest.Library()
	f.Fuzz(func(t *testing.T, src []byte) {
		set, problems := Compile(lib, []Source{{"x.yaml", src}})
		if (set == nil) != (len(problems) > 0) {
			t.Errorf("a set: %v, problems: %v", set != nil, problems)
		}
	})
}
