package content

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type edited struct {
	Name   string            `yaml:"name"`
	To     string            `yaml:"to,omitempty"`
	Days   int               `yaml:"days,omitempty"`
	Values map[string]string `yaml:"values,omitempty"`
	Items  []edited          `yaml:"items,omitempty"`
}

func apply(t *testing.T, src string, changes ...Change) (string, error) {
	t.Helper()
	var v edited
	d, problems := Decode("a.yaml", []byte(src), &v)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	out, err := d.Apply(changes)
	return string(out), err
}

func TestApply(t *testing.T) {
	const src = `# 一份文件
name: 甲 # 名称
days: 3
values: {2022: 12%, 2023: "11%"} # 分年度
items:
  - name: 第一
    to: 旧
  - {name: 第二, to: "x", days: 4}
`
	for name, tc := range map[string]struct {
		change Change
		old    string // of the line, and what it becomes
		want   string
	}{
		"plain":            {Change{Path: []any{"name"}, Text: "乙"}, "name: 甲 # 名称", "name: 乙 # 名称"},
		"needs quotes":     {Change{Path: []any{"name"}, Text: "乙: 丙 # 丁"}, "name: 甲 # 名称", `name: "乙: 丙 # 丁" # 名称`},
		"looks like a day": {Change{Path: []any{"name"}, Text: "2022"}, "name: 甲 # 名称", `name: "2022" # 名称`},
		"a number":         {Change{Path: []any{"days"}, Text: " 5 ", Raw: true}, "days: 3", "days: 5"},
		"in a table":       {Change{Path: []any{"values", "2023"}, Text: "9%"}, `{2022: 12%, 2023: "11%"}`, `{2022: 12%, 2023: 9%}`},
		"a new year":       {Change{Path: []any{"values"}, Key: "2024", Text: "8%"}, `{2022: 12%, 2023: "11%"}`, `{2022: 12%, 2023: "11%", 2024: 8%}`},
		"a year less":      {Change{Path: []any{"values", "2022"}}, `{2022: 12%, 2023: "11%"}`, `{2023: "11%"}`},
		"the last year":    {Change{Path: []any{"values", "2023"}}, `{2022: 12%, 2023: "11%"}`, `{2022: 12%}`},
		"in a list":        {Change{Path: []any{"items", 1, "to"}, Text: "z"}, `to: "x"`, `to: z`},
		"a new field":      {Change{Path: []any{"items", 0}, Key: "days", Text: "7", Raw: true}, "    to: 旧\n", "    to: 旧\n    days: 7\n"},
		"a field less":     {Change{Path: []any{"items", 0, "to"}}, "    to: 旧\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := apply(t, src, tc.change)
			if err != nil {
				t.Fatal(err)
			}
			want, n := replaceOnce(src, tc.old, tc.want)
			if n != 1 {
				t.Fatalf("%q stands %d times in the source", tc.old, n)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			apply(t, got) // it can be read again
		})
	}
	for name, c := range map[string]Change{
		"behind a dash": {Path: []any{"items", 0, "name"}}, "nothing there": {Path: []any{"to"}, Text: "x"}, "a list": {Path: []any{"items"}, Text: "x"},
	} {
		if _, err := apply(t, src, c); !errors.Is(err, ErrNotInPlace) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func replaceOnce(s, old, fresh string) (string, int) {
	n := 0
	for i := 0; i+len(old) <= len(s); i++ {
		if s[i:i+len(old)] == old {
			if n == 0 {
				s = s[:i] + fresh + s[i+len(old):]
			}
			n++
			i += len(fresh)
		}
	}
	return s, n
}

// Whatever text a field takes, it is read back as that text, and nothing else changes.
func TestApplyAnyText(t *testing.T) {
	const src = "name: 甲 # 名称\nvalues: {2022: 12%}\nitems:\n  - name: 第一 # x\n  - {name: 第二, to: \"x\"}\n"
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringMatching(`[ -~一-龥（）％]{0,10}[!-~一-龥（）％][ -~一-龥（）％]{0,9}`).Draw(r, "text")
		var before, after edited
		d, problems := Decode("a.yaml", []byte(src), &before)
		if len(problems) > 0 {
			r.Fatal(problems)
		}
		var want *string
		var path []any
		switch rapid.IntRange(0, 2).Draw(r, "where") {
		case 0:
			path, want = []any{"name"}, &before.Name
		case 1:
			path, want = []any{"items", 0, "name"}, &before.Items[0].Name
		default:
			path, want = []any{"items", 1, "to"}, &before.Items[1].To
		}
		out, err := d.Apply([]Change{{Path: path, Text: text}})
		if err != nil {
			r.Fatal(err)
		}
		if _, problems := Decode("a.yaml", out, &after); len(problems) > 0 {
			r.Fatalf("%s\n%s", problems, out)
		}
		*want = text
		if diff := cmp.Diff(before, after); diff != "" {
			r.Errorf("-want +got:\n%s\n%s", diff, out)
		}
	})
}
