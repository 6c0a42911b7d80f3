package policy

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// TestNearMisses holds near misses against full traces: for every policy and random facts, those lines of which one check
// alone is not met.
func TestNearMisses(t *testing.T) {
	all := packages(t)
	rare := slices.DeleteFunc(slices.Clone(all), func(p *Policy) bool {
		return len(p.shut) == 0 && !slices.ContainsFunc(p.all, func(k clause) bool { return len(k.Requires) > 0 })
	})
	bounded := slices.DeleteFunc(slices.Clone(all), func(p *Policy) bool {
		return !slices.ContainsFunc(p.all, func(k clause) bool { return len(k.thresholds) > 0 })
	})
	seen := map[string]int{}
	draw := func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 17))
		p := all[r.IntN(len(all))]
		switch r.IntN(4) {
		case 0: // exclusions and prerequisites
			p = rare[r.IntN(len(rare))]
		case 1: // thresholds
			p = bounded[r.IntN(len(bounded))]
		}
		settings := settingsOf(r, p)
		plan, err := p.Plan(settings)
		if err != nil {
			t.Fatal(err)
		}
		var roots []rule.Subject
		for i := range 60 {
			roots = append(roots, anyFirm(r, p, i))
		}
		asOf := period.Date(2022+r.IntN(4), 1+r.IntN(12), 1+r.IntN(28))
		byFirm := make([][]Near, len(roots))
		plan.NearMisses(roots, asOf, nil, func(n Near) { byFirm[n.Firm] = append(byFirm[n.Firm], n) })
		for i, root := range roots {
			d, err := plan.Decide(root, asOf, Options{Trace: true})
			if err != nil {
				continue
			}
			want := traced(plan, i, d, seen)
			got := byFirm[i]
			for _, near := range [][]Near{want, got} { // lines are in another order, and none are the same
				slices.SortFunc(near, func(a, b Near) int {
					return cmp.Or(cmp.Compare(a.Clause, b.Clause), cmp.Compare(a.Subject.ID, b.Subject.ID), a.Year-b.Year)
				})
			}
			if diff := gocmp.Diff(want, got, cmpopts.IgnoreUnexported(Near{})); diff != "" {
				t.Fatalf("%s as of %s: firm %d (-trace +columns):\n%s", p.File.Document.ID, asOf, i, diff)
			}
		}
	}
	few := func() string {
		for _, what := range []string{"exclusion", "condition", "threshold", "requires", "sure", "unsure"} {
			if seen[what]*1000 < seen["lines"] {
				return what
			}
		}
		return ""
	}
	for range 10 { // by chance few firms of a hundred draws are shut out
		if rapid.Check(t, draw); few() == "" {
			break
		}
	}
	t.Logf("near misses and other lines: %v", seen)
	if what := few(); what != "" {
		t.Errorf("%s: %d of %d lines, less than a thousandth", what, seen[what], seen["lines"])
	}
}

// traced is the near misses among the lines of a decision with its trace.
func traced(plan *Plan, firm int, d *Decision, seen map[string]int) []Near {
	var all []Near
	for _, l := range d.Lines {
		seen["lines"]++
		var missed []Check
		sure := true
		for _, c := range l.Checks {
			switch {
			case c.State == NotMet:
				missed = append(missed, c)
			case c.State == Unknown:
				sure = false
			}
		}
		dated := slices.ContainsFunc(plan.clauses, func(k clauseRule) bool { return k.ID == l.Clause && (k.yearly || l.Event != nil) })
		if len(missed) != 1 || !dated {
			continue
		}
		c := missed[0]
		switch {
		case !slices.Contains([]string{"exclusion", "condition", "threshold", "requires"}, c.Kind), c.ID == "amount", c.ID == "marks":
			continue
		}
		seen[c.Kind]++
		if sure {
			seen["sure"]++
		} else {
			seen["unsure"]++
		}
		all = append(all, Near{Firm: firm, Clause: l.Clause, Subject: l.Subject, Year: l.Year, Check: c.ID, Kind: c.Kind, Text: c.Text, Sure: sure})
	}
	return all
}

// BenchmarkNear finds the near misses of firms by the thousand.
func BenchmarkNear(b *testing.B) {
	plan, err := compile(b, yancheng).Plan(nil)
	if err != nil {
		b.Fatal(err)
	}
	firms := benchFirms(b, 10_000)
	near := 0
	for b.Loop() {
		near = 0
		plan.NearMisses(firms, period.Date(2024, 10, 31), nil, func(Near) { near++ })
	}
	b.ReportMetric(float64(near), "near")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(firms)), "ns/firm")
}
