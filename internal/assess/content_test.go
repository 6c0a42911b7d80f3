package assess

import (
	"io/fs"
	"path"
	"strings"
	"sync"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
)

var everything = sync.OnceValues(func() (*Set, error) {
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		return nil, err
	}
	return Load(contentdata.FS, lib)
})

func shipped(t testing.TB) *Set {
	t.Helper()
	set, err := everything()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestSchemas holds the schemas that editors use against what is read.
func TestSchemas(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/assessment.schema.json", &File{})
	contenttest.Schema(t, contentdata.FS, "schema/assessment_cases.schema.json", &CasesFile{})
	contenttest.Schema(t, contentdata.FS, "schema/crosswalk.schema.json", &CrosswalkFile{})
}

// TestSourcesAreTold: beside every model stands what was read, with a word for each edition.
func TestSourcesAreTold(t *testing.T) {
	for _, r := range shipped(t).Rubrics() {
		src, err := fs.ReadFile(contentdata.FS, path.Join(Dir, r.Rubric, "SOURCE.md"))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(src), r.Edition) && r.Edition != "1" {
			t.Errorf("%s/SOURCE.md says nothing of the edition %s", r.Rubric, r.Edition)
		}
	}
}

// TestNoAnswerIsCalledNone: in a worked case none is known to be nothing, and no answer of a list.
func TestNoAnswerIsCalledNone(t *testing.T) {
	for _, r := range shipped(t).Rubrics() {
		for _, def := range r.Facts() {
			if list, ok := r.lib.CodeList(def.Codes); ok {
				if _, ok := list.Entry("none"); ok {
					t.Errorf("%s: an answer of %s is called none", r.Rubric, def.Code)
				}
			}
		}
	}
}

// TestWorkedCases runs what was computed by hand.
func TestWorkedCases(t *testing.T) {
	for _, r := range shipped(t).Rubrics() {
		cases := shipped(t).Cases(r)
		if cases == nil || len(cases.List) == 0 {
			t.Errorf("%s %s has no worked cases", r.Rubric, r.Edition)
			continue
		}
		for _, c := range cases.List {
			t.Run(r.Rubric+" "+r.Edition+"/"+c.Name, func(t *testing.T) {
				differ, err := c.Run(r)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range differ {
					t.Error(d)
				}
			})
		}
	}
}
