package rule

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
)

func TestParseFacts(t *testing.T) {
	src, err := os.ReadFile("testdata/facts/good.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, problems := ParseFacts(library(), "good.json", src)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var b strings.Builder
	show := func(d *Doc) {
		parent := "-"
		if p := d.Parent(); p != nil {
			parent = p.ID()
		}
		fmt.Fprintf(&b, "%s %s %q below %s\n", d.Kind(), d.ID(), d.Name(), parent)
		for _, f := range stated(d) {
			fmt.Fprintf(&b, "  %s@%s %s %s\n", f.Def, f.Period, f.State, f.Value)
		}
	}
	show(doc)
	for _, kind := range []string{content.Project, content.Loan, content.Lease, content.Honour} {
		for _, c := range doc.Children(kind) {
			show(c.(*Doc))
		}
	}
	golden(t, "facts/good.golden", b.String())

	area, _ := FactDef(library(), AreaCode)
	for day, want := range map[string]string{
		"1990-01-01": "320924", "2022-06-30": "320924", "2022-07-01": "320903", "2023-06-30": "320903", "2023-07-01": "", "2023-12-31": "", "2024-01-01": "320924",
	} {
		on, err := period.ParseDay(day)
		if err != nil {
			t.Fatal(err)
		}
		if v, state := doc.Fact(area, period.Period{}, on); (state == Present) != (want != "") || want != "" && v.Text() != want {
			t.Errorf("area on %s: %s %s, want %s", day, state, v, want)
		}
	}
	link, _ := library().FactDef("loan.project")
	var links []string
	for _, l := range doc.Children(content.Loan) {
		v, state := l.Fact(link, period.Period{}, 0)
		links = append(links, state.String()+" "+v.String())
	}
	if diff := cmp.Diff([]string{"present P1", "none ", "unknown "}, links); diff != "" {
		t.Errorf("projects of the loans (-want +got):\n%s", diff)
	}
	project := doc.Children(content.Project)[0]
	if got := len(project.Children(content.Loan)) + len(project.Children(content.Lease)); got != 2 {
		t.Errorf("the project has %d loans and leases, want 2", got)
	}
}

func TestFactsMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/facts/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, file := range files {
		name := filepath.Base(file)
		if name == "good.json" {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, problems := ParseFacts(library(), name, src)
		if doc != nil || len(problems) == 0 {
			t.Errorf("%s: accepted", name)
		}
		fmt.Fprintf(&b, "# %s\n", name)
		shownProblems(&b, problems)
	}
	golden(t, "facts/mistakes.golden", b.String())
}

func TestFactsLimits(t *testing.T) {
	big := strings.Repeat(" ", MaxFacts+1)
	many := `{"enterprise": {"loans": [` + strings.Repeat(`{"id": "x"},`, maxSubjects+1) + `{"id": "x"}]}}`
	deep := `{"enterprise": {"x": ` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}}`
	for name, src := range map[string]string{"size": big, "subjects": many, "depth": deep} {
		if doc, problems := ParseFacts(library(), name, []byte(src)); doc != nil || len(problems) == 0 || len(problems) > maxProblems {
			t.Errorf("%s: %v with %d problems", name, doc, len(problems))
		}
	}
}

// FuzzParseFacts looks for input that panics, or is refused without a place.
func FuzzParseFacts(f *testing.F) {
	files, err := filepath.Glob("testdata/facts/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	lib := library()
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, problems := ParseFacts(lib, "f.json", src)
		if (doc == nil) == (len(problems) == 0) {
			t.Fatalf("doc %v with %v", doc, problems)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Col < 1 {
				t.Fatalf("a problem without a place: %v", p)
			}
		}
	})
}

// TestDocumentedFacts reads the example of docs/facts-json.md.
func TestDocumentedFacts(t *testing.T) {
	src, err := os.ReadFile("../../docs/facts-json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(src), "```json\n")
	example, _, _ = strings.Cut(example, "```")
	if _, problems := ParseFacts(library(), "facts-json.md", []byte(example)); len(problems) > 0 {
		t.Error(problems)
	}
	_, example, _ = strings.Cut(string(src), "```\n{")
	example, _, _ = strings.Cut("{"+example, "```")
	if ids, told := readAll(example); len(ids) != 2 || len(told) > 0 {
		t.Errorf("the example of many enterprises has %v, and is told %v", ids, told)
	}
}

// TestDocumentedExpressions compiles every expression in the tables of docs/expressions.md that is complete.
func TestDocumentedExpressions(t *testing.T) {
	src, err := os.ReadFile("../../docs/expressions.md")
	if err != nil {
		t.Fatal(err)
	}
	env, _ := programme(t, content.Loan)
	found := 0
	for _, m := range regexp.MustCompile("`([a-z_]+\\([^`]*\"[^`]*\\))`").FindAllStringSubmatch(string(src), -1) {
		if _, problems := env.Compile(m[1], Position{}, everyType...); len(problems) > 0 {
			t.Errorf("%s: %v", m[1], problems)
		}
		found++
	}
	_, block, _ := strings.Cut(string(src), "```\n")
	block, _, _ = strings.Cut(block, "```")
	for line := range strings.Lines(block) {
		expr, _, ok := strings.Cut(line, "    ")
		if _, problems := env.Compile(expr, Position{}, BoolType); !ok || len(problems) > 0 {
			t.Errorf("%s: %v", expr, problems)
		}
		found++
	}
	if found < 10 {
		t.Errorf("only %d expressions found", found)
	}
}

// stated is every fact that the file states, by code and period.
func stated(d *Doc) []FactRead {
	all := make([]FactRead, 0, len(d.facts))
	for k, v := range d.facts {
		all = append(all, FactRead{FactRef{RefOf(d), k.def, k.period}, v.value, v.state})
	}
	slices.SortFunc(all, func(a, b FactRead) int {
		return strings.Compare(a.Def+a.Period.String(), b.Def+b.Period.String())
	})
	return all
}
