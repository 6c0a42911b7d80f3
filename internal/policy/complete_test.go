package policy

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// drawValue is a value that matters: around thresholds and ceilings, in and out of the area and the time.
func drawValue(t *rapid.T, l *content.Library, def content.FactDef) rule.Value {
	switch rule.TypeOf(def.Type) {
	case rule.BoolType:
		return rule.Bool(rapid.Bool().Draw(t, def.Code))
	case rule.MoneyType:
		wans := []int64{0, 8, 50, 499, 500, 501, 1000, 4545, 10000, 20000}
		return rule.Money(money.Fen(rapid.SampledFrom(wans).Draw(t, def.Code))*money.Wan + money.Fen(rapid.IntRange(0, 1).Draw(t, "fen")))
	case rule.DayType:
		return rule.Day(period.Date(rapid.IntRange(2021, 2025).Draw(t, def.Code), rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day")))
	case rule.IntType:
		return rule.Int(int64(rapid.IntRange(0, 5).Draw(t, def.Code)))
	case rule.RateType:
		return rule.Rate(money.PPM(int64(rapid.IntRange(0, 60_000).Draw(t, def.Code))))
	case rule.DecimalType:
		return rule.Decimal(int64(rapid.IntRange(0, 100).Draw(t, def.Code)) * 1_000_000)
	}
	if def.Code == rule.AreaCode {
		return rule.Text(rapid.SampledFrom([]string{"320902", "zone:yancheng-yannan", "320981", "320583"}).Draw(t, def.Code))
	}
	if list, ok := l.CodeList(def.Codes); ok && len(list.Entries) > 0 {
		return rule.Text(rapid.SampledFrom(list.Entries).Draw(t, def.Code).Code)
	}
	return rule.Text(rapid.SampledFrom([]string{"甲", "乙"}).Draw(t, def.Code))
}

// drawFirm is an enterprise with projects, loans, leases and titles, of which some facts are not known.
func drawFirm(t *rapid.T, p *Policy) *caseSubject {
	root := &caseSubject{kind: content.Enterprise, id: "A", facts: map[caseFact]caseValue{}}
	root.set(rule.AreaCode, period.Period{}, drawValue(t, p.lib, readFact(p.lib, rule.AreaCode)))
	parents := []*caseSubject{root}
	for i := range rapid.IntRange(0, 2).Draw(t, "projects") {
		parents = append(parents, root.child(content.Project, fmt.Sprint("P", i)))
	}
	for _, kind := range []string{content.Loan, content.Lease, content.Honour} {
		for i := range rapid.IntRange(0, 2).Draw(t, kind) {
			rapid.SampledFrom(parents).Draw(t, "parent").child(kind, fmt.Sprint(kind, i))
		}
	}
	for _, s := range all(root) {
		for _, def := range p.lib.FactDefs() {
			if def.Subject != s.kind {
				continue
			}
			for _, y := range []int{2022, 2023} {
				when := periodOf(def, period.Date(y, 12, 31))
				switch rapid.IntRange(0, 9).Draw(t, "state") {
				case 0: // not known
					if def.Code == "project.other_city_award" { // what nobody reports is none, by the setting
						continue
					}
					delete(s.facts, caseFact{def.Code, when})
				case 1:
					s.facts[caseFact{def.Code, when}] = caseValue{state: rule.None}
				default:
					s.set(def.Code, when, drawValue(t, p.lib, def))
				}
			}
		}
	}
	return root
}

func all(s *caseSubject) []*caseSubject {
	out := []*caseSubject{s}
	for _, c := range s.children {
		out = append(out, all(c)...)
	}
	return out
}

// decideAlone decides for an enterprise that is the only one, so that no quota or pool leaves anything open.
func decideAlone(plan *Plan, firm rule.Subject, asOf period.Day, opt Options) (*Decision, error) {
	d, err := plan.Decide(firm, asOf, opt)
	if err == nil && plan.Staged() {
		d.Apply(plan.Allot([]*Decision{d}))
	}
	return d, err
}

func within(outer, inner Interval) bool {
	return inner.Sure >= outer.Sure && (outer.Unbounded || !inner.Unbounded && inner.Possible <= outer.Possible)
}

// TestCompletions fills what is missing, fact by fact: every answer on the way lies within the one before, and once nothing
// is missing the amount is known.
func TestCompletions(t *testing.T) {
	p := compile(t, yancheng)
	plans := []*Plan{}
	for _, settings := range []map[string]string{
		nil,
		{"loan_years": "each", "loan_ceiling_period": "policy", "lease": "loan", "titles": "kind", "higher_title": "difference", "within_document": "higher", "compare": "year", "first_year": "from"},
		{"other_unreported": "unknown", "investment_ceiling_period": "year", "above_scale_everywhere": "yes"},
	} {
		plan, err := p.Plan(settings)
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, plan)
	}
	dirs, err := filepath.Glob("testdata/patterns/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		plan, err := compile(t, dir).Plan(nil)
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, plan)
	}
	asOf := period.Date(2023, 12, 31)
	rapid.Check(t, func(t *rapid.T) {
		plan := rapid.SampledFrom(plans).Draw(t, "plan")
		firm := drawFirm(t, p)
		opt := Options{Trace: rapid.Bool().Draw(t, "trace")}
		d, err := decideAlone(plan, firm, asOf, opt)
		if err != nil {
			t.Fatal(err)
		}
		for step := 0; len(d.Missing) > 0; step++ {
			if step > 200 {
				t.Fatalf("still missing after %d facts: %v", step, d.Missing)
			}
			m := rapid.SampledFrom(d.Missing).Draw(t, "fill")
			i := slices.IndexFunc(all(firm), func(s *caseSubject) bool { return s.kind == m.Subject.Kind && s.id == m.Subject.ID })
			s, def := all(firm)[i], readFact(p.lib, m.Def)
			when := m.Period
			if m.Def == rule.AreaCode || m.Def == rule.IndustryCode {
				when = period.Period{}
			}
			if rapid.IntRange(0, 5).Draw(t, "none") == 0 {
				s.facts[caseFact{m.Def, when}] = caseValue{state: rule.None}
			} else {
				s.set(m.Def, when, drawValue(t, p.lib, def))
			}
			next, err := decideAlone(plan, firm, asOf, opt)
			if err != nil {
				t.Fatal(err)
			}
			if !within(d.Total, next.Total) || !within(d.InKind, next.InKind) {
				t.Fatalf("%v known: total %+v → %+v, in kind %+v → %+v", m, d.Total, next.Total, d.InKind, next.InKind)
			}
			for _, l := range next.Lines {
				k := slices.IndexFunc(d.Lines, func(o Line) bool {
					return o.Clause == l.Clause && o.Subject == l.Subject && (o.Year == l.Year || o.Year == 0)
				})
				if before := (Interval{}); k >= 0 {
					before = d.Lines[k].Pays
					if !within(before, l.Pays) {
						t.Fatalf("%v known: %s of %s pays %+v → %+v", m, l.Clause, l.Subject.ID, before, l.Pays)
					}
				}
			}
			d = next
		}
		open := slices.ContainsFunc(plan.Clauses(), func(c *Clause) bool { return c.Amount.UpTo != nil })
		if !open && (!d.Total.Exact() || !d.InKind.Exact()) {
			b, _ := json.MarshalIndent(d, "", " ")
			t.Fatalf("nothing is missing, and the total is %+v\n%s", d.Total, b)
		}
	})
}

// TestTraceDoesNotChangeAmounts: the fast path stops early and must come to the same.
func TestTraceDoesNotChangeAmounts(t *testing.T) {
	p := compile(t, yancheng)
	plan, err := p.Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		firm := drawFirm(t, p)
		asOf := period.Date(2023+rapid.IntRange(0, 3).Draw(t, "later"), 12, 31)
		fast, err1 := plan.Decide(firm, asOf, Options{})
		full, err2 := plan.Decide(firm, asOf, Options{Trace: true, Advice: true})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if fast.Total != full.Total || fast.InKind != full.InKind || fast.State != full.State || !slices.Equal(fast.Missing, full.Missing) {
			t.Fatalf("fast %+v %v %v, traced %+v %v %v", fast.Total, fast.State, fast.Missing, full.Total, full.State, full.Missing)
		}
	})
}

// TestOrderOfClauses: the order in which a file names its clauses does not matter to what is paid.
func TestOrderOfClauses(t *testing.T) {
	src, err := os.ReadFile(yancheng + "/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(src), "\nclauses:\n")
	body, tail, ok2 := strings.Cut(rest, "\nstacking:\n")
	blocks := strings.Split(body, "\n\n")
	if !ok1 || !ok2 || len(blocks) < 10 {
		t.Fatal("the file has another shape than this test expects")
	}
	straight, err := compile(t, yancheng).Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		mixed := head + "\nclauses:\n" + strings.Join(rapid.Permutation(blocks).Draw(t, "order"), "\n\n") + "\nstacking:\n" + tail
		p, problems := Compile(straight.Policy.lib, "mixed.yaml", []byte(mixed))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		plan, err := p.Plan(nil)
		if err != nil {
			t.Fatal(err)
		}
		firm, asOf := drawFirm(t, p), period.Date(2023, 12, 31)
		a, err1 := straight.Decide(firm, asOf, Options{})
		b, err2 := plan.Decide(firm, asOf, Options{})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if a.Total != b.Total || a.InKind != b.InKind || len(a.Lines) != len(b.Lines) {
			t.Fatalf("in another order: %+v → %+v", a.Total, b.Total)
		}
	})
}

// TestOrderOfSubjects: neither does the order in which facts name an enterprise's projects, loans and titles.
func TestOrderOfSubjects(t *testing.T) {
	p := compile(t, yancheng)
	plan, err := p.Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		firm := drawFirm(t, p)
		asOf := period.Date(2023, 12, 31)
		a, err := plan.Decide(firm, asOf, Options{})
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(firm.children)
		b, err := plan.Decide(firm, asOf, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if a.Total != b.Total || a.InKind != b.InKind {
			t.Fatalf("reversed children: %+v → %+v", a.Total, b.Total)
		}
	})
}
