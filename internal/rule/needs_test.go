package rule

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/content"
)

func TestNeeds(t *testing.T) {
	env, _ := programme(t, content.Project)
	for _, tc := range []struct {
		src  string
		want bool
		says []string
	}{
		{"project.is_digital", true, []string{"project.is_digital"}},
		{"project.is_digital && ent.above_scale", true, []string{"ent.above_scale", "project.is_digital"}},
		{"project.is_digital && ent.above_scale", false, nil},
		{"project.is_digital || ent.above_scale", true, nil},
		{"!(project.is_digital || ent.above_scale)", true, []string{"ent.above_scale", "project.is_digital"}},
		{"ent.robots > 3 || ent.robots < 1 && ent.above_scale", true, []string{"ent.robots"}},
		{"known(ent.robots)", true, []string{"ent.robots"}},
		{"known(ent.robots)", false, nil},
		{"none(ent.robots)", false, []string{"ent.robots"}},
		{"(known(ent.robots) ? ent.robots : 0) > 3", true, nil},
		{"(ent.above_scale ? ent.robots : ent.robots + 1) > 3", true, []string{"ent.robots"}},
		{"min(project.investment, ent.revenue) >= money('5元')", true, []string{"ent.revenue", "project.investment"}},
		{"min(project.investment + project.software, ent.revenue) >= money('5元')", true, []string{"ent.revenue"}}, // investment may be none
		{"min(project.investment * 2, ent.revenue) >= money('5元')", true, []string{"ent.revenue", "project.investment"}},
		{`in_area(ent.area, "320900") && year > 2021`, true, []string{"ent.area"}},
	} {
		x, problems := env.Compile(tc.src, Position{}, BoolType)
		if len(problems) > 0 {
			t.Fatal(tc.src, problems)
		}
		if got := x.Needs(tc.want); !slices.Equal(got, tc.says) {
			t.Errorf("%s to be %v needs %v, want %v", tc.src, tc.want, got, tc.says)
		}
	}
}

// TestNothingWithoutNeeds: where one of the names that are needed is not stated, no expression has a value, and no condition
// comes out as wanted.
func TestNothingWithoutNeeds(t *testing.T) {
	env, _ := programme(t, content.Project)
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]Type{BoolType, BoolType, MoneyType, IntType}).Draw(t, "type")
		x := grower{t: t}.grow(typ, rapid.IntRange(1, 4).Draw(t, "depth"))
		e, problems := env.Compile(x.text, Position{}, typ)
		if len(problems) > 0 {
			t.Skip()
		}
		want := rapid.Bool().Draw(t, "want")
		needed := e.Needs(want)
		if len(needed) == 0 {
			t.Skip()
		}
		missing := rapid.SampledFrom(needed).Draw(t, "missing")
		w := &world{content.Project, map[string]drawn{}}
		for _, id := range slices.Sorted(maps.Keys(oracleFacts)) {
			states := []State{Present, Present, Unknown, None}
			if id == missing {
				states = []State{Unknown}
			}
			w.facts[id] = drawFact(t, id, states)
		}
		o := e.Eval(&Context{Subject: w, Year: 2022})
		if o.State == Present && (typ != BoolType || o.Value.Bool() == want) {
			t.Fatalf("%s needs %v and is %s without %s", x.text, needed, told(o), missing)
		}
	})
}
