package policy

import (
	"maps"
	"slices"
	"testing"
)

// A number is read by the clauses that comparing two plans calls touched, in every policy that ships.
func TestReadBy(t *testing.T) {
	for _, p := range packages(t) {
		plan, err := p.Plan(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, prm := range p.File.Params {
			keys := slices.Sorted(maps.Keys(p.Values(prm.ID)))
			value := map[string]string{"money": "123456元", "rate": "1.2345%", "int": "123456", "decimal": "1234.56", "date": "2023-02-03"}[prm.Type]
			other, err := p.Plan(nil, Patch{Param: prm.ID, Key: keys[0], Value: value})
			if err != nil {
				t.Fatal(err)
			}
			since, ok := other.Since(plan)
			if !ok {
				continue // quotas and pools: see below
			}
			var want, got []string
			for i, c := range plan.Clauses() {
				if since.Touched(i) {
					want = append(want, c.ID)
				}
			}
			for _, c := range plan.ReadBy(prm.ID) {
				got = append(got, c.ID)
			}
			if !slices.Equal(want, got) {
				t.Errorf("%s: %s is read by %v, want %v", p.File.Document.ID, prm.ID, got, want)
			}
		}
	}
	plan := stagesPlan(t)
	for _, pool := range plan.Policy.File.Stacking.Pools {
		for _, c := range plan.ReadBy(pool.Budget[len("param."):]) {
			pool.Clauses = slices.DeleteFunc(slices.Clone(pool.Clauses), func(id string) bool { return id == c.ID })
		}
		if len(pool.Clauses) > 0 {
			t.Errorf("the budget of pool %s is not read by %v", pool.ID, pool.Clauses)
		}
	}
	if plan.ReadBy("nothing") != nil {
		t.Error("a number that there is not is read")
	}
}
