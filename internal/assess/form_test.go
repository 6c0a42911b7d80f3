package assess

import (
	"testing"
)

// TestQuestionnaires makes the form of every model: it parses, and asks every fact that the model reads, once.
func TestQuestionnaires(t *testing.T) {
	for name, r := range models(t) {
		if !r.asksFirm() { // it has no questionnaire
			continue
		}
		t.Run(name, func(t *testing.T) {
			lib := r.lib
			for _, by := range []string{Self, OnSite} {
				f, err := r.Form(lib, by)
				if err != nil {
					t.Fatal(err)
				}
				asked := map[string]int{}
				for _, x := range f.Fields() {
					if x.Fact == nil {
						t.Fatalf("%s asks no fact", x.Name)
					}
					asked[x.Fact.Code]++
					if states(*x.Fact, by) == x.Readonly {
						t.Errorf("%s by %s: read only is %v", x.Name, by, x.Readonly)
					}
				}
				for _, d := range r.Facts() {
					if _, ok := lib.FactDef(d.Code); ok && asked[d.Code] != 1 {
						t.Errorf("%s is asked %d times", d.Code, asked[d.Code])
					}
				}
			}
		})
	}
}
