package diagnosis

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

var today = period.Date(2024, 10, 31)

// TestPick gives many firms to random institutes one after the other: nobody has more than it may, nobody is passed over who may and has less
// of its share, and the same asked again gives the same.
func TestPick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := make([]Slot, rapid.IntRange(1, 6).Draw(t, "institutes"))
		for i := range slots {
			terms := Terms{Kinds: []Kind{Digital}, Until: today + period.Day(rapid.IntRange(-1, 3).Draw(t, "until")), Capacity: rapid.IntRange(1, 8).Draw(t, "capacity")}
			if rapid.Bool().Draw(t, "trades") {
				terms.Divisions = []string{"34"}
			}
			if rapid.IntRange(0, 5).Draw(t, "left") == 0 {
				terms.LeftWhy = "退出"
			}
			slots[i] = Slot{Institute: Institute{ID: int64(i + 1), Terms: terms}, Firms: rapid.IntRange(1, 8).Draw(t, "share")}
			if rapid.IntRange(0, 3).Draw(t, "conflict") == 0 {
				slots[i].Institute.Conflicts = []Conflict{{Firm: 3}}
			}
		}
		given := map[int64]int64{}
		for firm := range int64(rapid.IntRange(1, 30).Draw(t, "firms")) {
			a := Asked{Firms: []int64{firm}, Kind: Digital, Division: rapid.SampledFrom([]string{"34", "35"}).Draw(t, "trade")}
			i, why := Pick(slots, a, today)
			if j, again := Pick(slots, a, today); i != j || why.String() != again.String() {
				t.Fatalf("asked again: %d, then %d", i, j)
			}
			if i < 0 {
				if k := slices.IndexFunc(slots, func(x Slot) bool { return x.Bar(a, today).IsZero() }); k >= 0 {
					t.Fatalf("nobody was picked, and %d may", k)
				}
				continue
			}
			x := slots[i]
			if x.Taken >= x.Firms || x.Running >= x.Institute.Capacity || x.Institute.LeftWhy != "" || x.Institute.Until < today || firm == 3 && len(x.Institute.Conflicts) > 0 ||
				len(x.Institute.Divisions) > 0 && a.Division != "34" {
				t.Fatalf("firm %d was given to %+v", firm, x)
			}
			for k, y := range slots {
				less := big.NewRat(int64(y.Taken), int64(y.Firms)).Cmp(big.NewRat(int64(x.Taken), int64(x.Firms))) < 0
				if k != i && less && y.Bar(a, today).IsZero() {
					t.Fatalf("firm %d: %d has less of its share than %d", firm, k, i)
				}
			}
			slots[i].Taken, slots[i].Running, slots[i].Last = x.Taken+1, x.Running+1, firm+1
			given[firm] = x.Institute.ID
		}
		for i, x := range slots {
			n := 0
			for _, of := range given {
				if of == int64(i+1) {
					n++
				}
			}
			if n != x.Taken || n > x.Firms {
				t.Fatalf("institute %d has %d firms of %d", i+1, n, x.Firms)
			}
		}
	})
}

// TestRotation gives firms to equals in turn, and to others by their shares.
func TestRotation(t *testing.T) {
	slot := func(id int64, share int) Slot {
		return Slot{Institute: Institute{ID: id, Terms: Terms{Kinds: []Kind{Digital}, Until: today, Capacity: 100}}, Firms: share}
	}
	for name, c := range map[string]struct {
		slots []Slot
		want  string
	}{
		"equals":   {[]Slot{slot(1, 10), slot(2, 10), slot(3, 10)}, "123123"},
		"by share": {[]Slot{slot(1, 20), slot(2, 10)}, "121211"},
		"full":     {[]Slot{slot(1, 1), slot(2, 9)}, "122222"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for n := range 6 {
				i, _ := Pick(c.slots, Asked{Firms: []int64{int64(n)}, Kind: Digital}, today)
				c.slots[i].Taken, c.slots[i].Last = c.slots[i].Taken+1, int64(n+1)
				got += fmt.Sprint(c.slots[i].Institute.ID)
			}
			if got != c.want {
				t.Errorf("given in the order %s, want %s", got, c.want)
			}
		})
	}
}

// Text of a report that says nothing of a firm.
const (
	common  = "本机构按照国家和省市有关要求组织专家组赴企业开展现场诊断通过访谈查阅资料和实地查看等方式"
	common2 = "对企业的数字化基础经营管理和成效进行了全面分析形成如下结论供企业参考并据此制定改造计划"
)

// TestLint tells what a report lacks.
func TestLint(t *testing.T) {
	keys := func(all []Remark) (out []string) {
		for _, r := range all {
			key := strings.TrimPrefix(r.Msg.Key, "diagnosis.lint_")
			if r.Stops {
				key += "!"
			}
			out = append(out, strings.TrimPrefix(r.At+":"+key, ":"))
		}
		return out
	}
	whole := report("甲厂", 1)
	change := func(do func(r *Report)) *Report {
		r := report("甲厂", 1)
		do(&r)
		return &r
	}
	for name, c := range map[string]struct {
		report *Report
		others []Other
		want   []string
	}{
		"whole":      {&whole, nil, nil},
		"empty":      {&Report{}, nil, []string{"summary!", "barrier!", "findings!", "advice!"}},
		"no proof":   {change(func(r *Report) { r.Findings[0].Proof, r.Advice[0].Proof = "", "" }), nil, []string{"f1:finding_proof!", "a1:advice_proof!"}},
		"short":      {change(func(r *Report) { r.Findings[0].Gap = "差" }), nil, []string{"f1:finding_part!"}},
		"loose":      {change(func(r *Report) { r.Advice[0].Finding = "f9" }), nil, []string{"f1:no_advice", "a1:no_finding!"}},
		"no cost":    {change(func(r *Report) { r.Advice[0].Most, r.Advice[0].Least = 0, 0 }), nil, []string{"a1:cost!"}},
		"no effect":  {change(func(r *Report) { r.Advice[0].Expected = "" }), nil, []string{"a1:effect!"}},
		"wide":       {change(func(r *Report) { r.Advice[0].Least = money.Yuan }), nil, []string{"a1:wide"}},
		"unmeasured": {change(func(r *Report) { r.Advice[0].Fact = "" }), nil, []string{"a1:unmeasured"}},
		"same":       {&whole, []Other{{7, report("甲厂", 1)}}, []string{"shared!"}},
		"another":    {&whole, []Other{{7, report("完全不同的另一家企业", 1)}}, nil},
		"shared in part": {change(func(r *Report) {
			r.Summary = common + common2
			r.Findings[0].State = "这里写的是这家企业现场看到的情况与别家毫无关系三条产线各有不同的设备和记录方式班组长每天手工抄表月底由统计员录入电子表格数据滞后三天以上质量问题要到客户退货才发现"
		}), []Other{{7, Report{Summary: common + common2}}}, []string{"shared"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, keys(Lint(c.report, c.others))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestRisks draws reports for a third party.
func TestRisks(t *testing.T) {
	keys := func(all []i18n.Msg) (out []string) {
		for _, m := range all {
			out = append(out, strings.TrimPrefix(m.Key, "diagnosis.risk_"))
		}
		return out
	}
	calm := Facing{Reports: 9, Fee: 50, Ceiling: 100, Draw: 1}
	for name, c := range map[string]struct {
		change func(f *Facing)
		want   []string
	}{
		"calm":     {func(*Facing) {}, nil},
		"first":    {func(f *Facing) { f.Reports = 1 }, []string{"first"}},
		"reworked": {func(f *Facing) { f.Reworked = true }, []string{"reworked"}},
		"bad":      {func(f *Facing) { f.Marks = []Mark{{Enough: true}, {}} }, []string{"marks"}},
		"long ago": {func(f *Facing) { f.Marks = append([]Mark{{}}, slices.Repeat([]Mark{{Enough: true}}, 5)...) }, nil},
		"shared":   {func(f *Facing) { f.Lint = []Remark{{Msg: i18n.M("diagnosis.lint_shared", 40, 7)}} }, []string{"shared"}},
		"dear":     {func(f *Facing) { f.Fee = 95 }, []string{"fee"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := calm
			c.change(&f)
			if diff := cmp.Diff(c.want, keys(Risks(f))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	drawn := 0
	for n := range int64(2_000) {
		f := calm
		f.Draw = n
		drawn += len(Risks(f))
	}
	if drawn < 150 || drawn > 250 {
		t.Errorf("%d of 2,000 were drawn by chance, want about 200", drawn)
	}
}

// TestGrade grades institutes from what firms did.
func TestGrade(t *testing.T) {
	p := &Programme{Grading: Grading{Least: 3, Adopted: 60, Lifted: 40, Bands: []Band{{"A", 80}, {"B", 60}, {"C", 40}, {"D", 0}}}}
	for name, c := range map[string]struct {
		of     Tally
		grade  string
		points string
	}{
		"too few":    {Tally{Accepted: 2, Advice: 5, Adopted: 5}, "", ""},
		"all":        {Tally{Accepted: 3, Advice: 5, Adopted: 5, Rated: 2, Up: 2}, "A", "100"},
		"half":       {Tally{Accepted: 3, Advice: 4, Adopted: 2, Rated: 2, Up: 1}, "C", "50"},
		"not again":  {Tally{Accepted: 3, Advice: 5, Adopted: 3}, "B", "60"},
		"third":      {Tally{Accepted: 3, Advice: 3, Adopted: 1, Rated: 3, Up: 1}, "D", "100/3"},
		"unanswered": {Tally{Accepted: 3}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			grade, points := p.Grade(c.of)
			text := ""
			if points != nil {
				text = points.RatString()
			}
			if grade != c.grade || text != c.points {
				t.Errorf("grade %q with %q points, want %q with %q", grade, text, c.grade, c.points)
			}
		})
	}
}

// TestLoad tells what is wrong with a programme.
func TestLoad(t *testing.T) {
	lib, err := library()
	must(t, err)
	models, err := assess.Load(contentdata.FS, lib)
	must(t, err)
	src, err := contentdata.FS.ReadFile(File)
	must(t, err)
	for name, c := range map[string]struct{ old, new, want string }{
		"ceiling":  {"ceiling: 10万元", "ceiling: 无", "费用上限 无"},
		"fact":     {"done: ent.diagnosed,", "done: ent.nothing,", "没有企业数据项 ent.nothing"},
		"model":    {"edition: '2024'", "edition: '1999'", "没有评价模型 sme_digital 的 1999 版"},
		"quote":    {"quote: 国富氢能通过部署5G专网", "quote: " + strings.Repeat("长", 31), "31 个字"},
		"barrier":  {"barrier: skill", "barrier: luck", "没有转型障碍 luck"},
		"grading":  {"adopted: 60", "adopted: 70", "合计应为 100"},
		"bands":    {"{grade: D, from: 0}", "{grade: D, from: 10}", "最后一档从 0 分起"},
		"kind":     {"- kind: green", "- kind: blue", "blue"},
		"twice":    {"- kind: green", "- kind: digital", "digital"},
		"key":      {"services:", "servises:", "servises"},
		"language": {"name: {zh: 绿色化诊断, en: Green diagnosis}", "name: {zh: 绿色化诊断, en: ''}", "不能空着"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(string(src), c.old, c.new, 1)
			if text == string(src) {
				t.Fatalf("%q is not there", c.old)
			}
			_, err := Load(lib, models, fstest.MapFS{File: {Data: []byte(text)}})
			if err == nil || !strings.Contains(problemsOf(err), c.want) || !strings.Contains(problemsOf(err), File+":") {
				t.Errorf("got %q, want a place and %q", problemsOf(err), c.want)
			}
		})
	}
}

// TestBegun begins a report with what was noted on the visit, each with what was suggested there.
func TestBegun(t *testing.T) {
	got := begun(nil, []Noted{{Part: "base", Title: "联网少", Seen: "看到", Gap: "差", Advice: "先联网", Photographs: 2}, {Title: "没有排产"}})
	want := Report{
		Findings: []Finding{{ID: "f1", Part: "base", Title: "联网少", State: "看到", Gap: "差", Proof: "现场照片2张"}, {ID: "f2", Title: "没有排产"}},
		Advice:   []Advice{{ID: "a1", Finding: "f1", What: "先联网"}, {ID: "a2", Finding: "f2"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// problemsOf is what is wrong, in Chinese.
func problemsOf(err error) string {
	var all content.Problems
	if !errors.As(err, &all) {
		return ""
	}
	var lines []string
	for _, p := range all {
		lines = append(lines, p.In(i18n.ZH))
	}
	return strings.Join(lines, "\n")
}

// TestSchema keeps the schema in step with what is read.
func TestSchema(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/diagnosis.schema.json", &Programme{})
}
