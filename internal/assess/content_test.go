package assess

import (
	"sync"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
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
				got, err := r.Decide(c.At)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range c.Differ(got) {
					t.Error(d)
				}
			})
		}
	}
}
