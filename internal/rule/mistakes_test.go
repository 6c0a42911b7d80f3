package rule

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with testdata/name, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), rewrite with -update:\n%s", path, diff)
	}
}

// shownProblems is problems in both languages with one snippet.
func shownProblems(b *strings.Builder, problems content.Problems) {
	for _, p := range problems {
		fmt.Fprintf(b, "%s:%d:%d\n  %s\n  %s\n", p.File, p.Line, p.Col, i18n.T{Lang: i18n.ZH}.Msg(p.Msg), i18n.T{Lang: i18n.EN}.Msg(p.Msg))
		b.WriteString(p.Snippet + "\n")
	}
	b.WriteString("\n")
}

func TestMistakes(t *testing.T) {
	src, err := os.ReadFile("testdata/mistakes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Mistakes []string `yaml:"mistakes"`
	}
	doc, problems := content.Decode("mistakes.yaml", src, &file)
	if len(problems) > 0 {
		t.Fatal(content.Problems(problems))
	}
	env, _ := programme(t, content.Project)
	var b strings.Builder
	for i, expr := range file.Mistakes {
		line, col := doc.At("mistakes", i)
		x, problems := env.Compile(expr, Position{File: doc.File, Source: src, Line: line, Col: col}, BoolType)
		if x != nil || len(problems) == 0 {
			t.Errorf("%s: compiles", expr)
		}
		shownProblems(&b, problems)
	}
	golden(t, "mistakes.golden", b.String())
}

func TestTooMuch(t *testing.T) {
	env, _ := programme(t, content.Project)
	many := make([]string, 0, 80)
	for _, def := range library().FactDefs() {
		if env.names[def.Code] != nil {
			many = append(many, "known("+def.Code+")")
		}
	}
	if len(many) <= maxNames {
		t.Fatalf("only %d names", len(many))
	}
	for key, src := range map[string]string{
		"rule.too_long":       strings.Repeat("true || ", 1000) + "true",
		"rule.too_deep":       strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200),
		"rule.too_many_names": strings.Join(many[:maxNames+1], " && "),
	} {
		_, problems := env.Compile(src, Position{}, BoolType)
		if len(problems) == 0 || problems[0].Msg.Key != key {
			t.Errorf("%s: %v", key, problems)
		}
	}
}

// FuzzCompile looks for expressions that make compiling or evaluating panic, or answer without a reason.
func FuzzCompile(f *testing.F) {
	src, err := os.ReadFile("testdata/mistakes.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range strings.Split(string(src), "\n") {
		f.Add(strings.TrimPrefix(line, "  - "))
	}
	f.Add(`ent.size in ["large"] ? min(project.investment, money("1元")) : max(ent.revenue, ent.profit * 3)`)
	env, ctx := programme(f, content.Project)
	f.Fuzz(func(t *testing.T, src string) {
		x, problems := env.Compile(src, Position{}, everyType...)
		if (x == nil) == (len(problems) == 0) {
			t.Fatalf("%q: %v %v", src, x, problems)
		}
		if x == nil {
			return
		}
		o := x.Eval(ctx)
		if o.State == Unknown && len(o.Missing) == 0 || o.State == Failed && o.Err == nil {
			t.Fatalf("%q: %+v", src, o)
		}
		if said := (i18n.T{Lang: i18n.ZH}).Msg(x.Explain(ctx)); x.Type() == BoolType && said == "" {
			t.Fatalf("%q: no sentence", src)
		}
	})
}
