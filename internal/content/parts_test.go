package content

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/google/go-cmp/cmp"
)

// parsed is a document of any form.
func parsed(t *testing.T, src []byte) *Document {
	t.Helper()
	f, err := parser.ParseBytes(src, 0)
	if err != nil || len(f.Docs) != 1 {
		t.Fatalf("%v\n%s", err, src)
	}
	return &Document{File: "a.yaml", Source: src, root: f.Docs[0].Body}
}

const partsSource = `# 一份文件
document:
  id: a
  # 有效期
  valid: {from: 2022-01-01, cite: 附则}
params:
  # 比例
  - {id: rate, value: 10%} # 一成
  - id: cap
    value: "100, 万"
    values:
      2022: 1
    # 尾

  - {id: last, values: {2022: 1, 2023: "{2"}}
clauses:
- id: x
  when: []
  amount: {}
- {id: y, same: [a, "b, c"], note: {zh: 一, en: one}}
text: |
  多行
  文字
`

func TestParts(t *testing.T) {
	atom := Part{Map: []Entry{{"id", Part{Text: "n"}}, {"days", Part{Text: "3", Raw: true}}}}
	long := Part{Map: []Entry{
		{"id", Part{Text: "n"}},
		{"name", Part{Map: []Entry{{"zh", Part{Text: ""}}, {"en", Part{Text: ""}}}}},
		{"same", Part{List: []Part{}}},
	}}
	for name, tc := range map[string]struct {
		do        func(*Document) ([]byte, error)
		old, want string
	}{
		"at the end of a list": {func(d *Document) ([]byte, error) { return d.Append([]any{"params"}, atom) }, "\"{2\"}}\n", "\"{2\"}}\n  - {id: n, days: 3}\n"},
		"over lines":           {func(d *Document) ([]byte, error) { return d.Append([]any{"clauses"}, long) }, "en: one}}\n", "en: one}}\n- id: n\n  name: {zh: \"\", en: \"\"}\n  same: []\n"},
		"in an empty list":     {func(d *Document) ([]byte, error) { return d.Append([]any{"clauses", 0, "when"}, atom) }, "when: []", "when:\n    - {id: n, days: 3}"},
		"in a list on a line":  {func(d *Document) ([]byte, error) { return d.Append([]any{"clauses", 1, "same"}, Part{Text: "d: e"}) }, `"b, c"]`, `"b, c", "d: e"]`},
		"in an empty mapping":  {func(d *Document) ([]byte, error) { return d.Insert([]any{"clauses", 0, "amount"}, "fixed", atom) }, "{}", "{fixed: {id: n, days: 3}}"},
		"long, in an empty one": {func(d *Document) ([]byte, error) {
			return d.Insert([]any{"clauses", 0, "amount"}, "bands", Part{List: []Part{long}})
		}, " {}", "\n    bands:\n      - id: n\n        name: {zh: \"\", en: \"\"}\n        same: []"},
		"in a mapping, lines": {func(d *Document) ([]byte, error) { return d.Insert([]any{"params", 1}, "by", Part{Text: "year"}) }, "      2022: 1\n", "      2022: 1\n    by: year\n"},
		"in a mapping, a line": {func(d *Document) ([]byte, error) {
			return d.Insert([]any{"params", 2, "values"}, "2024", Part{Text: "1%"})
		}, `"{2"}`, `"{2", 2024: 1%}`},
		"a list in a mapping":   {func(d *Document) ([]byte, error) { return d.Insert(nil, "uplifts", Part{List: []Part{long}}) }, "文字\n", "文字\nuplifts:\n  - id: n\n    name: {zh: \"\", en: \"\"}\n    same: []\n"},
		"an element less":       {func(d *Document) ([]byte, error) { return d.Remove("params", 0) }, "  # 比例\n  - {id: rate, value: 10%} # 一成\n", ""},
		"of several lines":      {func(d *Document) ([]byte, error) { return d.Remove("params", 1) }, "  - id: cap\n    value: \"100, 万\"\n    values:\n      2022: 1\n", ""},
		"of a list on a line":   {func(d *Document) ([]byte, error) { return d.Remove("clauses", 1, "same", 0) }, `[a, "b, c"]`, `["b, c"]`},
		"the last on a line":    {func(d *Document) ([]byte, error) { return d.Remove("clauses", 1, "same", 1) }, `[a, "b, c"]`, `[a]`},
		"an entry less":         {func(d *Document) ([]byte, error) { return d.Remove("document", "valid") }, "  # 有效期\n  valid: {from: 2022-01-01, cite: 附则}\n", ""},
		"with what is below it": {func(d *Document) ([]byte, error) { return d.Remove("params") }, partsSource[strings.Index(partsSource, "params:"):strings.Index(partsSource, "clauses:")], ""},
		"the only one":          {func(d *Document) ([]byte, error) { return d.Remove("params", 1, "values", "2022") }, "    values:\n      2022: 1\n", ""},
		"behind a dash":         {func(d *Document) ([]byte, error) { return d.Remove("clauses", 0, "id") }, "- id: x\n  when: []\n", "- when: []\n"},
		"up":                    {func(d *Document) ([]byte, error) { return d.MoveUp("clauses", 1) }, "- id: x\n  when: []\n  amount: {}\n- {id: y, same: [a, \"b, c\"], note: {zh: 一, en: one}}\n", "- {id: y, same: [a, \"b, c\"], note: {zh: 一, en: one}}\n- id: x\n  when: []\n  amount: {}\n"},
		"up on a line":          {func(d *Document) ([]byte, error) { return d.MoveUp("clauses", 1, "same", 1) }, `[a, "b, c"]`, `["b, c", a]`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tc.do(parsed(t, []byte(partsSource)))
			if err != nil {
				t.Fatal(err)
			}
			want, n := replaceOnce(partsSource, tc.old, tc.want)
			if n != 1 {
				t.Fatalf("%q stands %d times in the source", tc.old, n)
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	for name, do := range map[string]func(*Document) ([]byte, error){
		"no such list":     func(d *Document) ([]byte, error) { return d.Append([]any{"document"}, atom) },
		"no such mapping":  func(d *Document) ([]byte, error) { return d.Insert([]any{"text"}, "a", atom) },
		"it has the key":   func(d *Document) ([]byte, error) { return d.Insert([]any{"document"}, "id", atom) },
		"nothing there":    func(d *Document) ([]byte, error) { return d.Remove("document", "nothing") },
		"beyond the end":   func(d *Document) ([]byte, error) { return d.Remove("params", 3) },
		"the first one up": func(d *Document) ([]byte, error) { return d.MoveUp("params", 0) },
		"an entry up":      func(d *Document) ([]byte, error) { return d.MoveUp("document", "valid") },
		"all of it":        func(d *Document) ([]byte, error) { return d.Remove() },
	} {
		if got, err := do(parsed(t, []byte(partsSource))); !errors.Is(err, ErrNotInPlace) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

// Everything in the policies and cases of the guide can be taken out and moved, and something can be put beside it.
func TestPartsOfThePatterns(t *testing.T) {
	files, err := filepath.Glob("../policy/testdata/patterns/*d*ment/*.yaml") // the worked document and amendments
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := parsed(t, src)
		try := func(what string, path []any, got []byte, err error) {
			if err != nil || len(got) == 0 {
				t.Errorf("%s: %s %v: %v", file, what, path, err)
			}
		}
		var walk func(n ast.Node, path []any)
		walk = func(n ast.Node, path []any) {
			down := func(step any) []any { return append(slices.Clone(path), step) }
			switch v := n.(type) {
			case *ast.SequenceNode:
				got, err := d.Append(path, Part{Map: []Entry{{"id", Part{Text: "甲: 乙"}}, {"a", Part{}}, {"b", Part{List: []Part{}}}}})
				try("append to", path, got, err)
				for i, x := range v.Values {
					at := down(i)
					if len(v.Values) > 1 {
						got, err = d.Remove(at...)
						try("remove", at, got, err)
					}
					if i > 0 {
						got, err = d.MoveUp(at...)
						try("move", at, got, err)
					}
					walk(x, at)
				}
			case *ast.MappingNode, *ast.MappingValueNode:
				got, err := d.Insert(path, "fresh", Part{List: []Part{{Map: []Entry{{"id", Part{Text: "x"}}}}}})
				try("insert into", path, got, err)
				for _, e := range mapping(n) {
					key, _ := keyText(e.Key)
					if len(mapping(n)) > 1 {
						got, err = d.Remove(down(key)...)
						try("remove", down(key), got, err)
					}
					walk(e.Value, down(key))
				}
			}
		}
		walk(d.root, nil)
	}
}
