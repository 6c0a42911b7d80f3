package content

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

type sample struct {
	Name  i18n.Text         `yaml:"name"`
	Code  string            `yaml:"code"`
	Cap   *money.Fen        `yaml:"cap,omitempty"`
	Rates map[string]string `yaml:"rates,omitempty"`
	On    period.Day        `yaml:"on,omitempty"`
	Open  bool              `yaml:"open,omitempty"`
	Count int               `yaml:"count,omitempty"`
	List  []struct {
		When string `yaml:"when"`
	} `yaml:"list,omitempty"`
}

func TestDecode(t *testing.T) {
	src := "# 说明\nname: {zh: 盐城, en: Yancheng}\ncode: '0111'\ncap: 500万元\nrates: {2022: 12%, '2023': 11%}\non: 2022-01-28\nopen: true\ncount: 3\nlist:\n  - when: |\n      a == b\n  - {when: \"c\"}\n"
	var got sample
	doc, problems := Decode("x.yaml", []byte(src), &got)
	for _, p := range problems {
		t.Error(p)
	}
	if got.Cap == nil || *got.Cap != 500*money.Wan || got.Rates["2022"] != "12%" || got.On != period.Date(2022, 1, 28) || !got.Open ||
		got.Count != 3 || got.Code != "0111" || len(got.List) != 2 || got.List[0].When != "a == b\n" {
		t.Errorf("got %+v", got)
	}
	for _, c := range []struct {
		path      []any
		line, col int
	}{
		{[]any{"name", "en"}, 2, 20},
		{[]any{"code"}, 3, 8},
		{[]any{"rates", "2023"}, 5, 28},
		{[]any{"list", 0, "when"}, 11, 7},
		{[]any{"list", 1, "when"}, 12, 13},
		{[]any{"list", 7, "when"}, 10, 5},
		{nil, 2, 1},
	} {
		line, col := doc.At(c.path...)
		if line != c.line || col != c.col {
			t.Errorf("%v: at %d:%d, want %d:%d", c.path, line, col, c.line, c.col)
		}
	}
}

// What is read later is read as strictly, and its mistakes are told at their places.
func TestDecodeLater(t *testing.T) {
	var file struct {
		Do   string `yaml:"do"`
		With Later  `yaml:"with,omitempty"`
		None Later  `yaml:"none,omitempty"`
	}
	doc, problems := Decode("x.yaml", []byte("do: pay\nwith:\n  days: five\n  lien: A\n"), &file)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var args struct {
		Days int    `yaml:"days"`
		Line string `yaml:"line"`
	}
	problems = append(doc.DecodeLater(file.With, &args), doc.DecodeLater(file.None, &args, "do")...)
	var places []string
	for _, p := range problems {
		places = append(places, strings.SplitN(p.String(), "\n", 2)[0])
	}
	want := []string{
		`x.yaml:3:9: a whole number is expected here`, `x.yaml:4:3: unknown key lien; known keys: days, line`,
		`x.yaml:3:3: the required key line is missing`, `x.yaml:1:5: the required key days is missing`, `x.yaml:1:5: the required key line is missing`,
	}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// testdata/decode holds broken files; beside each stands what an editor of the file is told, in both languages.
func TestDecodeProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/decode/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var into sample
		_, problems := Decode(filepath.Base(file), src, &into)
		var b strings.Builder
		for _, p := range problems {
			b.WriteString(p.In(i18n.ZH) + "\n" + p.In(i18n.EN) + "\n\n")
		}
		golden(t, strings.TrimSuffix(file, ".yaml")+".txt", b.String())
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestSnippet(t *testing.T) {
	src := "a: 1\r\n名称: 盐城\tx\n" + strings.Repeat("长", 200) + "!\n"
	for _, c := range []struct {
		line, col int
		want      string
	}{
		{1, 4, "  a: 1\n     ^"},
		{2, 5, "  名称: 盐城 x\n        ^"},
		{2, 99, "  名称: 盐城 x\n              ^"},
		{9, 1, ""},
		{0, 1, ""},
	} {
		if diff := cmp.Diff(c.want, Snippet([]byte(src), c.line, c.col)); diff != "" {
			t.Errorf("%d:%d (-want +got):\n%s", c.line, c.col, diff)
		}
	}
	long := Snippet([]byte(src), 3, 201)
	if !strings.HasPrefix(long, "  …") || utf8.RuneCountInString(long) > 2*snippetCells {
		t.Errorf("a long line is not cut: %s", long)
	}
}

func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/decode/*.yaml")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(strings.Repeat("[", 100)))
	f.Add([]byte("a: &x [*x, *x]\n---\nb"))
	f.Fuzz(func(t *testing.T, src []byte) {
		var into sample
		doc, problems := Decode("x.yaml", src, &into)
		doc.At("list", 0, "when")
		for _, p := range problems {
			if p.Msg.IsZero() || p.Line < 0 || p.Col < 0 {
				t.Fatalf("problem without message or place: %+v", p)
			}
			_ = p.In(i18n.ZH)
		}
	})
}
