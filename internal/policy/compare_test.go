package policy

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// edit is an Edit as a line.
func (e Edit) line() string {
	var b strings.Builder
	for _, it := range e.Within {
		fmt.Fprintf(&b, "%s", it.Key)
		if it.ID != "" {
			fmt.Fprintf(&b, "[%s]", it.ID)
		}
		b.WriteString(".")
	}
	if e.Table != "" {
		b.WriteString(e.Table + ".")
	}
	fmt.Fprintf(&b, "%s %s: %q → %q (%s)", e.Key, e.Kind, e.Before.ZH, e.After.ZH, e.Cite)
	return b.String()
}

func TestCompare(t *testing.T) {
	src, err := os.ReadFile("../../content/policies/yancheng/2022-6/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	was := compile(t, yancheng)
	for name, tc := range map[string]struct {
		old, fresh string
		want       []string
	}{
		"nothing":   {"a", "a", nil},
		"a comment": {"# What the document does not say.", "# Another comment.", nil},
		"a rate": {"{2022: 12%, 2023: 11%, 2024: 10%}", "{2022: 12%, 2023: 9%, 2025: 8%}", []string{
			`params[investment_rate].values.2023 changed: "11%" → "9%" (四(三))`,
			`params[investment_rate].values.2024 removed: "10%" → "" (四(三))`,
			`params[investment_rate].values.2025 added: "" → "8%" (四(三))`,
		}},
		"a day": {"to: 2024-12-31\n", "to: 2025-12-31\n", []string{`document.valid.to changed: "2024-12-31" → "2025-12-31" (尾款·有效期)`}},
	} {
		t.Run(name, func(t *testing.T) {
			fresh := strings.Replace(string(src), tc.old, tc.fresh, 1)
			if name != "nothing" && fresh == string(src) {
				t.Fatalf("the policy has no %q", tc.old)
			}
			var is File
			if _, problems := content.Decode("policy.yaml", []byte(fresh), &is); len(problems) > 0 {
				t.Fatal(problems)
			}
			var got []string
			for _, e := range Compare(&was.File, &is) {
				got = append(got, e.line())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Clauses that come, go and stand in another order.
func TestCompareItems(t *testing.T) {
	was := compile(t, yancheng).File
	is := was
	is.Clauses = append([]Clause{}, was.Clauses[1:]...)
	is.Clauses[0], is.Clauses[1] = is.Clauses[1], is.Clauses[0]
	gone := was.Clauses[0]
	fresh := gone
	fresh.ID, fresh.Name.ZH = "fresh", "新条款"
	is.Clauses = append(is.Clauses, fresh)
	var got []string
	for _, e := range Compare(&was, &is) {
		got = append(got, e.line())
	}
	want := []string{
		fmt.Sprintf(`clauses[fresh]. added: "" → "新条款" (%s)`, gone.Cite),
		fmt.Sprintf(`clauses[%s]. removed: %q → "" (%s)`, gone.ID, gone.Name.ZH, gone.Cite),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// An ended policy pays for what happened before its end, as ever, and for nothing after it.
func TestUntil(t *testing.T) {
	p := compile(t, yancheng)
	src, err := os.ReadFile("testdata/eval/facts.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, problems := rule.ParseFacts(lib(t), "facts.json", src)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	decide := func(p *Policy) *Decision {
		plan, err := p.Plan(nil)
		if err != nil {
			t.Fatal(err)
		}
		d, err := plan.Decide(doc, period.Date(2024, 10, 31), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	whole := decide(p)
	if same := decide(p.Until(period.Date(2024, 12, 31))); same.Total != whole.Total || same.Hash == whole.Hash {
		t.Errorf("ended on its last day: %v, was %v", same.Total, whole.Total)
	}
	own := func(d *Decision) map[string]Interval {
		all := map[string]Interval{}
		for _, l := range d.Lines {
			if l.Year <= 2022 {
				all[l.Clause+l.Subject.ID] = l.Own
			}
		}
		return all
	}
	half := decide(p.Until(period.Date(2022, 12, 31)))
	if half.Total.Sure == 0 || half.Total.Sure >= whole.Total.Sure {
		t.Errorf("ended with 2022: %v of %v", half.Total, whole.Total)
	}
	if diff := cmp.Diff(own(whole), own(half)); diff != "" {
		t.Errorf("what happened by 2022 (-whole +ended):\n%s", diff)
	}
	for _, l := range half.Lines {
		if l.Year > 2022 {
			t.Errorf("ended with 2022: a line of %d", l.Year)
		}
	}
	if none := decide(p.Until(period.Date(2021, 1, 1))); none.Total.Possible != 0 || none.State != NotMet {
		t.Errorf("ended before it began: %v", none.Total)
	}
}
