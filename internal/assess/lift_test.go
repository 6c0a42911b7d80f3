package assess

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// TestLiftLifts asks for random enterprises what would lift them: what is proposed does, and nothing of it is needless.
func TestLiftLifts(t *testing.T) {
	for name, r := range models(t) {
		if r.Refuses() || len(r.Levels) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(11, uint64(len(name))))
			can := 0
			for range 40 {
				at := At{firm(r, rnd), 2024, period.Date(2024, 6, 1)}
				before, err := r.Decide(at)
				if err != nil || before.Level == len(r.Levels)-1 {
					continue
				}
				lift, err := r.Lift(at, before.Level+1)
				if err != nil {
					t.Fatal(err)
				}
				if !lift.Can {
					continue
				}
				can++
				if len(lift.Blocked) > 0 || len(lift.Steps) == 0 {
					t.Fatalf("it can, with %d steps and %d conditions that do not hold", len(lift.Steps), len(lift.Blocked))
				}
				for out := -1; out < len(lift.Steps); out++ {
					facts := caseSubject{}
					for k, v := range at.Subject.(caseSubject) {
						facts[k] = v
					}
					for i, s := range lift.Steps {
						for _, c := range s.Changes {
							if i != out {
								facts[c.Def.Code] = reply{rule.Present, c.To}
							}
						}
					}
					got, err := r.Decide(At{facts, at.Year, at.On})
					if err != nil {
						t.Fatal(err)
					}
					if out < 0 != (got.Level >= lift.To) {
						t.Fatalf("without step %d level %d, to reach %d", out, got.Level, lift.To)
					}
				}
			}
			if can == 0 && name == "small" {
				t.Error("nobody could be lifted")
			}
		})
	}
}

// TestLiftIsFewest compares with every set of questions and things of the small model, each answered as well as it can be.
func TestLiftIsFewest(t *testing.T) {
	r := compiled(t, small)
	rnd := rand.New(rand.NewPCG(13, 1))
	yes := func(codes ...string) map[string]reply {
		out := map[string]reply{}
		for _, c := range codes {
			out[c] = reply{rule.Present, rule.Bool(true)}
		}
		return out
	}
	num := func(code string, n int64) map[string]reply {
		return map[string]reply{code: {rule.Present, rule.Int(n)}}
	}
	best := []map[string]reply{
		yes("ent.has_erp", "ent.has_mes", "ent.has_plm"), num("ent.robots", 1_000), num("ent.cloud_stars", 5),
		{"ent.cnc_rate": {rule.Present, rule.FactValue("rate", 1_000_000, "")}},
		yes("ent.cloud_user"),
		num("ent.security_stars", 3), num("ent.industrial_apps", 3), num("ent.digital_talents", 3),
	}
	compared := 0
	for range 150 {
		from := firm(r, rnd)
		for code := range num("ent.cnc_machines", 0) {
			from[code] = reply{rule.Present, rule.Int(5)}
		}
		at := At{from, 2024, period.Date(2024, 6, 1)}
		before, err := r.Decide(at)
		if err != nil || !before.Scored || before.Level == len(r.Levels)-1 || condition.Worst(before.Must) != condition.Met {
			continue
		}
		to := before.Level + 1
		if condition.Worst(before.When[to]) != condition.Met { // a level above may do without
			continue
		}
		fewest := -1
		for set := range 1 << len(best) {
			n := 0
			facts := caseSubject{}
			for k, v := range from {
				facts[k] = v
			}
			for i, change := range best {
				if set>>i&1 == 1 {
					n++
					for k, v := range change {
						facts[k] = v
					}
				}
			}
			got, err := r.Decide(At{facts, at.Year, at.On})
			if err != nil {
				t.Fatal(err)
			}
			if got.Level >= to && (fewest < 0 || n < fewest) {
				fewest = n
			}
		}
		lift, err := r.Lift(at, to)
		if err != nil {
			t.Fatal(err)
		}
		if lift.Can != (fewest >= 0) || lift.Can && len(lift.Steps) != fewest {
			var steps []string
			for _, s := range lift.Steps {
				for _, c := range s.Changes {
					steps = append(steps, c.Def.Code+"="+c.To.String())
				}
			}
			slices.Sort(steps)
			t.Fatalf("to level %d: fewest %d, found %v %d %v of %v", to, fewest, lift.Can, len(lift.Steps), steps, from)
		}
		compared++
	}
	if compared < 10 {
		t.Errorf("only %d compared", compared)
	}
}
