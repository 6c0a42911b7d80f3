package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
)

const yancheng = "../../content/policies/yancheng/2022-6"

var library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })

func lib(t testing.TB) *content.Library {
	t.Helper()
	l, err := library()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func compile(t testing.TB, dir string) *Policy {
	t.Helper()
	file := filepath.Join(dir, "policy.yaml")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, problems := Compile(lib(t), file, src)
	for _, pr := range problems {
		t.Error(pr)
	}
	if p == nil {
		t.FailNow()
	}
	return p
}

func runCases(t *testing.T, dir string) {
	p := compile(t, dir)
	file := filepath.Join(dir, "cases.yaml")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cases, problems := ParseCases(lib(t), file, src)
	for _, pr := range problems {
		t.Error(pr)
	}
	if cases == nil {
		return
	}
	for _, r := range p.Run(cases) {
		t.Run(r.Case.Name, func(t *testing.T) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			for _, d := range r.Differ {
				t.Errorf("%s: want %s, got %s", d.What, d.Want, d.Got)
				if d.Line != nil {
					b, _ := json.MarshalIndent(d.Line, "", "  ")
					t.Logf("%s", b)
				}
			}
		})
	}
}

func TestYancheng(t *testing.T) { runCases(t, yancheng) }

func TestPatterns(t *testing.T) {
	dirs, err := filepath.Glob("testdata/patterns/*")
	if err != nil || len(dirs) < 12 {
		t.Fatalf("patterns: %v %v", dirs, err)
	}
	for _, dir := range dirs {
		t.Run(strings.TrimPrefix(dir, "testdata/patterns/"), func(t *testing.T) { runCases(t, dir) })
	}
}

func TestSchemasFollowTheCode(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/policy.schema.json", &File{})
	contenttest.Schema(t, contentdata.FS, "schema/cases.schema.json", &CaseFile{})
}
