package assess

import (
	"io/fs"
	"strings"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
)

// TestCrosswalk holds the crosswalk that ships: sixteen dimensions, and every question of both models in one place.
func TestCrosswalk(t *testing.T) {
	set := shipped(t)
	for _, of := range []struct{ model, edition string }{{"sme_digital", "2024"}, {"manufacturing_maturity", "2020"}} {
		r, err := set.Edition(of.model, of.edition)
		if err != nil {
			t.Fatal(err)
		}
		c, err := set.Crosswalk("siri", r)
		if err != nil {
			t.Fatal(err)
		}
		subject := caseSubject{}
		got, err := r.Decide(At{Subject: subject, Year: 2024})
		if err != nil {
			t.Fatal(err)
		}
		all, items := c.Reaches(got), 0
		if len(all) != 16 {
			t.Errorf("%d dimensions", len(all))
		}
		for _, x := range all {
			items += len(x.Items)
			for _, it := range x.Items {
				if it.Name.ZH == "" {
					t.Errorf("%s has a question without a name", x.Dimension.ID)
				}
			}
		}
		outside := 0
		for _, o := range c.Map(r).Outside {
			outside += len(o.Of)
		}
		if items+outside != len(questionsOf(r)) {
			t.Errorf("%s: %d + %d of %d questions", r.Rubric, items, outside, len(questionsOf(r)))
		}
	}
	other, err := set.Edition("sme_digital", "2022")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.Crosswalk("siri", other); err == nil {
		t.Error("an edition that it says nothing of has a crosswalk")
	}
}

// TestMistakesOfACrosswalk spoils the one that ships.
func TestMistakesOfACrosswalk(t *testing.T) {
	set := shipped(t)
	src, err := fs.ReadFile(contentdata.FS, "crosswalks/siri.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, old, new, want string }{
		{"a question in two dimensions", "automation_shop_floor: [f2]", "automation_shop_floor: [f2, f5]", "f5"},
		{"a question in none", "automation_shop_floor: [f2]", "automation_shop_floor: [f3]", "f2"},
		{"a question that is none", "automation_shop_floor: [f2]", "automation_shop_floor: [f2, f99]", "f99"},
		{"a dimension that is none", "automation_shop_floor: [f2]", "automation_shop: [f2]", "automation_shop"},
		{"a dimension twice", "id: workforce", "id: leadership", "leadership"},
		{"a model that is none", "edition: '2020'", "edition: '1999'", "1999"},
		{"another name", "crosswalk: siri", "crosswalk: other", "siri"},
		{"how sure", "confidence: secondary", "confidence: perhaps", "perhaps"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, problems := set.ParseCrosswalk("crosswalks/siri.yaml", []byte(strings.Replace(string(src), tc.old, tc.new, 1)))
			if len(problems) == 0 || !strings.Contains(problems.Error(), tc.want) || !strings.Contains(problems.Error(), "siri.yaml:") {
				t.Errorf("%v", problems)
			}
		})
	}
}
