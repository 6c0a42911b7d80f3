package policy

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

var update = flag.Bool("update", false, "write golden files")

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestBad shows what a writer of policies reads for each mistake: place, what is wrong, what was expected, and a caret.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, problems := Compile(lib(t), filepath.Base(file), src)
			if p != nil || len(problems) == 0 {
				t.Fatal("it compiles")
			}
			var b bytes.Buffer
			for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
				for _, pr := range problems {
					b.WriteString(pr.In(lang) + "\n")
				}
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", b.Bytes())
		})
	}
}

func TestPlanRefuses(t *testing.T) {
	p := compile(t, yancheng)
	for name, tc := range map[string]struct {
		settings map[string]string
		patch    []Patch
	}{
		"setting":       {settings: map[string]string{"leas": "loan"}},
		"option":        {settings: map[string]string{"lease": "gift"}},
		"param":         {patch: []Patch{{"loan_rat", "", "1%"}}},
		"key":           {patch: []Patch{{"loan_rate", "2031", "1%"}}},
		"no key":        {patch: []Patch{{"loan_rate", "", "1%"}}},
		"needless key":  {patch: []Patch{{"loan_ceiling", "2023", "1万元"}}},
		"value":         {patch: []Patch{{"loan_rate", "2023", "much"}}},
		"type of value": {patch: []Patch{{"loan_ceiling", "", "1%"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := p.Plan(tc.settings, tc.patch...); errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestWhatIf: a change of a number and its inverse meet in the same answer, whatever was asked before.
func TestWhatIf(t *testing.T) {
	p := compile(t, yancheng)
	base, err := p.Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	firm := benchFirms(t, 40)
	asOf := period.Date(2024, 10, 31)
	total := func(patches ...Patch) (sum Interval, hash string) {
		plan, err := p.Plan(nil, patches...)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range firm {
			d, err := plan.Decide(f, asOf, Options{})
			if err != nil {
				t.Fatal(err)
			}
			sum = sum.Plus(d.Total)
		}
		return sum, plan.Hash
	}
	before, hash := total()
	more, other := total(Patch{"investment_rate", "2023", "12%"}, Patch{"investment_ceiling", "", "800万元"})
	again, same := total(Patch{"investment_rate", "2023", "11%"})
	if more.Sure <= before.Sure || other == hash {
		t.Errorf("a higher rate and ceiling: %+v after %+v", more, before)
	}
	if again != before || same != hash || base.Hash != hash {
		t.Errorf("the same number again: %+v after %+v", again, before)
	}
}

// TestEvaluation pins the documents of docs/policy-result.md: JSON, and the words of both languages.
func TestEvaluation(t *testing.T) {
	src, err := os.ReadFile("testdata/eval/facts.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, problems := rule.ParseFacts(lib(t), "facts.json", src)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p := compile(t, yancheng)
	plan, err := p.Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	plan.Hash = "(hash)" // of the policy file, which may change its comments
	d, err := plan.Decide(doc, period.Date(2024, 10, 31), Options{Trace: true, Advice: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/eval/decision.json", append(b, '\n'))
	if brief, err := plan.Decide(doc, period.Date(2024, 10, 31), Options{Advice: true}); err != nil || len(brief.Lines) != len(d.Lines) || len(brief.Advice) != len(d.Advice) || brief.Lines[0].Checks != nil {
		t.Errorf("in brief: %v, %+v", err, brief)
	}
	for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
		var text bytes.Buffer
		if err := p.WriteText(&text, i18n.T{Lang: lang}, d); err != nil {
			t.Fatal(err)
		}
		golden(t, "testdata/eval/decision."+string(lang)+".txt", text.Bytes())
	}
}
