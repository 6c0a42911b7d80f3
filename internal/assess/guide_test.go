package assess

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
)

// TestGuide loads the example of the guides, runs its worked cases, and looks for every key of the format.
func TestGuide(t *testing.T) {
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml (\\S+)\n(.*?)```")
	for _, guide := range []string{"../../docs/writing-rubrics.md", "../../docs/writing-rubrics.zh-CN.md"} {
		t.Run(filepath.Base(guide), func(t *testing.T) {
			src, err := os.ReadFile(guide)
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{}
			for _, m := range block.FindAllSubmatch(src, -1) {
				fsys["rubrics/"+string(m[1])] = &fstest.MapFile{Data: m[2]}
			}
			set, err := Load(fsys, lib)
			if err != nil {
				t.Fatal(err)
			}
			r, err := set.Edition("example", "1")
			if err != nil {
				t.Fatal(err)
			}
			cases := set.Cases(r)
			if cases == nil || len(cases.List) < 3 {
				t.Fatal("the guide shows no three worked cases")
			}
			for _, c := range cases.List {
				got, err := r.Decide(c.At)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range c.Differ(got) {
					t.Errorf("%s: %s", c.Name, d)
				}
			}
			for key := range keys(reflect.TypeFor[File](), reflect.TypeFor[CasesFile]()) {
				if !strings.Contains(string(src), "`"+key+"`") {
					t.Errorf("the key %s is not told", key)
				}
			}
		})
	}
}

// keys is every key that structs are read from, at any depth; not those of texts in two languages.
func keys(types ...reflect.Type) map[string]bool {
	out, seen := map[string]bool{}, map[reflect.Type]bool{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] || t.PkgPath() == "github.com/yanzhen/yanzhen/internal/i18n" {
			return
		}
		seen[t] = true
		for _, f := range content.Fields(t) {
			out[f.Key] = true
			walk(f.Type)
		}
	}
	for _, t := range types {
		walk(t)
	}
	return out
}
