package policy

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// overlapping is pattern 22 with the groups a or q, q or b, one after the other or parted by one of another pick.
func overlapping(t *testing.T, between string) *Plan {
	t.Helper()
	const file = "testdata/patterns/22-higher-of/policy.yaml"
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(src), "  groups:\n")
	_, inventory, _ := strings.Cut(rest, "\ninventory:")
	group := func(id, clauses string) string {
		return "    - {id: " + id + ", name: {zh: 就高, en: Higher of}, scope: enterprise, pick: higher_of, clauses: [" + clauses + "], cite: 二十二}\n"
	}
	p, problems := Compile(lib(t), file, []byte(head+"  groups:\n"+group("first", "a, q")+between+group("second", "q, b")+"\ninventory:"+inventory))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plan, err := p.Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// titled is an enterprise with the titles that a (200,000), q and b (500,000 each) reward.
func titled() *caseSubject {
	root := &caseSubject{kind: content.Enterprise, id: "A", facts: map[caseFact]caseValue{}}
	root.set(rule.AreaCode, period.Period{}, rule.Text("320902"))
	for _, title := range []string{"digital_scene", "first_equipment", "practice_case"} {
		h := root.child(content.Honour, title)
		h.set("honour.title", period.Period{}, rule.Text(title))
		h.set("honour.awarded_on", period.Period{}, rule.Day(period.Date(2022, 5, 1)))
	}
	return root
}

func TestOverlap(t *testing.T) {
	plan := overlapping(t, "")
	d, err := plan.Decide(titled(), period.Date(2023, 12, 31), Options{Trace: true, Advice: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := 70 * money.Wan; d.Total.Sure != want || !d.Total.Exact() {
		t.Errorf("a and b stand side by side: %+v, want %s", d.Total, want)
	}
	for _, l := range d.Lines {
		if l.Clause != "q" || len(l.Steps) == 0 {
			continue
		}
		s := l.Steps[0]
		if s.Rule != "first" || s.LostTo.Clause != "a" || len(s.Beside) != 1 || s.Beside[0].Clause != "b" || s.By != 20*money.Wan {
			t.Errorf("q gives way by %+v", s)
		}
		name := func(id string) i18n.Text { return i18n.Text{ZH: id, EN: id} }
		want := `not both: gives way to "a" (Adigital_scene), "b" (Apractice_case), which stand together, by 200,000 yuan (二十二)`
		if diff := cmp.Diff(want, i18n.T{Lang: i18n.EN}.Msg(s.Sentence(name))); diff != "" {
			t.Error(diff)
		}
	}
	for _, a := range d.Advice {
		if a.Kind == "choice" {
			t.Errorf("nothing would bring more: %+v", a)
		}
	}
}

// TestParted has a group of another pick between two that overlap: they are settled in the order of the file, and what they
// cost the enterprise is advice.
func TestParted(t *testing.T) {
	plan := overlapping(t, "    - {id: between, name: {zh: 按序, en: Priority}, scope: enterprise, pick: priority, clauses: [low, high], cite: 二十二}\n")
	d, err := plan.Decide(titled(), period.Date(2023, 12, 31), Options{Trace: true, Advice: true})
	if err != nil {
		t.Fatal(err)
	}
	if want := 50 * money.Wan; d.Total.Sure != want {
		t.Errorf("q stands alone: %+v, want %s", d.Total, want)
	}
	var gains []money.Fen
	for _, a := range d.Advice {
		if a.Kind == "choice" {
			gains = append(gains, a.Gain)
		}
	}
	if diff := cmp.Diff([]money.Fen{20 * money.Wan}, gains); diff != "" {
		t.Errorf("advice (-want +got):\n%s", diff)
	}
}

// TestTangled has more claims that exclude each other crosswise, by project and by cost item, than can be settled: that is
// said, and no guess is made.
func TestTangled(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	f := &tangled{Rand: r, smallStack: smallStack{plan: &Plan{order: []string{HigherOf}}}}
	for c := range 4 {
		f.plan.clauses = append(f.plan.clauses, clauseRule{clause: &clause{Clause: &Clause{Payment: &Payment{}}, index: c}})
	}
	f.plan.groups = []groupRule{
		{scope: "project", pick: "higher_of", clauses: []int{0, 1, 2, 3}},
		{scope: "cost_item", pick: "higher_of", clauses: []int{3, 2, 1, 0}},
	}
	f.plan.cluster()
	for i := range 600 {
		o := outcome{present: true, amount: money.Fen(90 + r.IntN(20)), items: []string{"", fmt.Sprint(r.IntN(150))}}
		f.claims = append(f.claims, claim{clause: i % 4, project: r.IntN(150)})
		f.ways = append(f.ways, []outcome{o})
	}
	at, awards := f.definite()
	w := f.world(at, awards)
	if w.settle(); !w.tangled {
		t.Error("settled")
	}
	w.at, w.claims = at[:8], f.claims[:8]
	if w.settle(); w.tangled {
		t.Error("8 claims are not settled")
	}
}
