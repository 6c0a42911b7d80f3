package policy

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// smallStack draws a plan of a few clauses with ceilings and groups, and claims in it.
type smallStack struct {
	plan   *Plan
	claims []claim
	ways   [][]outcome
	rivals []rival
	census *census // of what the oracle comes across; may be nil
}

// How a drawn claim may turn out.
const (
	certainly  = iota
	perhaps    // it is there or not
	anyBetween // or its amount lies between two ends, or its year and cost items are one of two
)

func drawStack(t *rapid.T, how int) smallStack {
	amount := func(name string) money.Fen { return money.Fen(rapid.IntRange(0, 9).Draw(t, name)) * 10 }
	const clauses = 3
	var s smallStack
	s.plan = &Plan{clauses: make([]clauseRule, clauses), order: rapid.Permutation([]string{ProjectCeiling, HigherOf, EnterpriseCeiling}).Draw(t, "order")}
	for c := range clauses {
		s.plan.clauses[c].clause = &clause{Clause: &Clause{ID: fmt.Sprint("c", c), Payment: &Payment{}}, index: c}
		if rapid.IntRange(0, 3).Draw(t, "once") == 0 {
			s.plan.onces = append(s.plan.onces, onceRule{
				id: "once", clause: c, most: rapid.IntRange(1, 2).Draw(t, "most"), period: rapid.SampledFrom([]string{"policy", "year"}).Draw(t, "once period"),
			})
		}
	}
	limits := map[int][]money.Fen{}
	for n := range rapid.IntRange(0, 2).Draw(t, "ceilings") {
		r := ceilingRule{id: fmt.Sprint("limit", n), slot: []int{-1, -1, -1}, period: rapid.SampledFrom([]string{"event", "year", "policy"}).Draw(t, "period")}
		r.scope = rapid.SampledFrom([]string{"unit", "project", "enterprise"}).Draw(t, "scope")
		if r.stage = ProjectCeiling; r.scope == "enterprise" {
			r.stage = EnterpriseCeiling
		}
		limit := amount("limit")
		for c := range clauses {
			if rapid.Bool().Draw(t, "covers") {
				r.slot[c] = len(limits[c])
				limits[c] = append(limits[c], limit)
			}
		}
		s.plan.ceilings = append(s.plan.ceilings, r)
	}
	award := 'a'
	for n := range rapid.IntRange(0, 3).Draw(t, "groups") {
		g := drawGroup(t, n)
		if g.pick != "higher_of" {
			award++ // what does not stand side by side is not against the same award
		} else if g.against != nil {
			g.against.Award = string(award)
		}
		s.plan.groups = append(s.plan.groups, g)
	}
	s.plan.cluster()
	for g, rule := range s.plan.groups {
		for project := 0; rule.against != nil && project < 2; project++ {
			year, low, more := 2022+rapid.IntRange(0, 1).Draw(t, "award year"), amount("award"), money.Fen(0)
			if how != certainly && rapid.Bool().Draw(t, "award open") {
				more = amount("award more")
			}
			r := rival{group: g, project: project, year: year, low: low, high: low + more}
			if k := s.before(r); k >= 0 {
				r.year, r.low, r.high = s.rivals[k].year, s.rivals[k].low, s.rivals[k].high
			}
			s.rivals = append(s.rivals, r)
		}
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "claims") {
		c := claim{clause: rapid.IntRange(0, clauses-1).Draw(t, "clause"), unit: i % 3, project: rapid.IntRange(-1, 1).Draw(t, "project"), once: []key{{text: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "key")}}}
		o := outcome{present: true, amount: amount("amount"), year: 2022 + rapid.IntRange(0, 1).Draw(t, "year"), day: period.Day(rapid.IntRange(0, 3).Draw(t, "day")), limits: limits[c.clause], once: []string{c.once[0].text}}
		for range s.plan.groups {
			item := rapid.SampledFrom([]string{"m", "n"}).Draw(t, "item")
			c.items, o.items = append(c.items, key{values: []string{item}, text: item}), append(o.items, item)
		}
		o.due = drawDues(t)
		ways := []outcome{o}
		switch kind := rapid.IntRange(0, 3).Draw(t, "way"); {
		case how >= perhaps && kind == 0:
			ways = append(ways, outcome{})
		case how == anyBetween && kind == 1:
			o.amount += amount("more")
			if o.due.inParts {
				o.due.shares = append(slices.Clone(o.due.shares), drawDues(t).shares...)
			}
			ways = append(ways, o)
		case how == anyBetween && kind == 2:
			o.year = 2022 + rapid.IntRange(0, 1).Draw(t, "other year")
			o.items = slices.Clone(o.items)
			for g := range o.items {
				if rapid.Bool().Draw(t, "item open") {
					c.items[g] = key{values: []string{openValue}, open: true}
					o.items[g] = rapid.SampledFrom([]string{"m", "n"}).Draw(t, "other item")
				}
			}
			ways = append(ways, o)
		}
		s.claims, s.ways = append(s.claims, c), append(s.ways, ways)
	}
	return s
}

// before is the first that is the same award of a project in another group, -1 of none.
func (s smallStack) before(r rival) int {
	return slices.IndexFunc(s.rivals, func(o rival) bool {
		return o.project == r.project && s.plan.groups[o.group].against.Award == s.plan.groups[r.group].against.Award
	})
}

func drawGroup(t *rapid.T, n int) groupRule {
	g := groupRule{
		id: fmt.Sprint("group", n), scope: rapid.SampledFrom([]string{"project", "enterprise", "cost_item"}).Draw(t, "group scope"),
		clauses: rapid.Permutation([]int{0, 1, 2}).Draw(t, "members")[:rapid.IntRange(2, 3).Draw(t, "of")],
		pick:    rapid.SampledFrom([]string{"higher_of", "higher_of", "priority", "difference"}).Draw(t, "pick"),
		toSum:   rapid.Bool().Draw(t, "to sum"), period: rapid.SampledFrom([]string{"policy", "year"}).Draw(t, "group period"),
	}
	if g.scope == "project" && rapid.Bool().Draw(t, "against") {
		g.pick, g.sum, g.against = "higher_of", rapid.Bool().Draw(t, "sum"), &Against{}
	}
	return g
}

// drawDues is all of an amount, or some of three instalments.
func drawDues(t *rapid.T) dues {
	parts := rapid.IntRange(0, 4).Draw(t, "due parts")
	if parts == 4 {
		return dues{}
	}
	d := dues{inParts: true}
	for range parts {
		third, _ := money.NewRate(1, 3)
		d.shares = append(d.shares, third)
	}
	return d
}

func (s smallStack) world(at []outcome, awards []money.Fen) *world {
	return &world{plan: s.plan, claims: s.claims, at: at, rivals: s.rivals, awards: awards}
}

// worlds calls f with every combination of outcomes and of the ends of the awards.
func (s smallStack) worlds(f func(at []outcome, awards []money.Fen)) {
	at, awards := make([]outcome, len(s.claims)), make([]money.Fen, len(s.rivals))
	var claims func(i int)
	var others func(r int)
	others = func(r int) {
		if r == len(s.rivals) {
			f(at, awards)
			return
		}
		if k := s.before(s.rivals[r]); k < r {
			awards[r] = awards[k]
			others(r + 1)
			return
		}
		for _, a := range slices.Compact([]money.Fen{s.rivals[r].low, s.rivals[r].high}) {
			awards[r] = a
			others(r + 1)
		}
	}
	claims = func(i int) {
		if i == len(s.claims) {
			others(0)
			return
		}
		for _, o := range s.ways[i] {
			at[i] = o
			claims(i + 1)
		}
	}
	claims(0)
}

func TestSettleEqualsOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStack(t, perhaps)
		s.worlds(func(at []outcome, awards []money.Fen) {
			got, want := s.world(at, awards).settle(), s.oracle(at, awards)
			if !slices.Equal(got, want) {
				t.Fatalf("settle %v, oracle %v", got, want)
			}
		})
	})
}

func TestBoundsAreTheExactEndsOverAllWorlds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStack(t, perhaps)
		got := s.plan.bounds(s.claims, s.ways, s.rivals)
		low, high := unbounded, money.Fen(0)
		each := make([][2]money.Fen, len(s.claims))
		for i := range each {
			each[i] = [2]money.Fen{unbounded, 0}
		}
		s.worlds(func(at []outcome, awards []money.Fen) {
			sum := money.Fen(0)
			for i, p := range s.oracle(at, awards) {
				sum += p
				each[i] = [2]money.Fen{min(each[i][0], p), max(each[i][1], p)}
			}
			low, high = min(low, sum), max(high, sum)
		})
		if got.sumLow[cash] != low || got.sumHigh[cash] != high {
			t.Fatalf("bounds [%d, %d], worlds [%d, %d]", got.sumLow[cash], got.sumHigh[cash], low, high)
		}
		for i := range each {
			if got.low[i] != each[i][0] || got.high[i] != each[i][1] {
				t.Fatalf("claim %d: bounds [%d, %d], worlds %v", i, got.low[i], got.high[i], each[i])
			}
		}
	})
}

func TestBoundsHoldEveryWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStack(t, anyBetween)
		many := s.plan.boundsWithin(0, s.claims, s.ways, s.rivals) // as if there were too many worlds to try
		few := s.plan.bounds(s.claims, s.ways, s.rivals)
		for range 20 {
			at, awards := make([]outcome, len(s.claims)), make([]money.Fen, len(s.rivals))
			for i, ways := range s.ways {
				at[i] = rapid.SampledFrom(ways).Draw(t, "outcome")
				if last := ways[len(ways)-1]; len(ways) == 2 && last.present {
					at[i].amount = money.Fen(rapid.Int64Range(int64(ways[0].amount), int64(last.amount)).Draw(t, "amount"))
				}
			}
			for k, r := range s.rivals {
				awards[k] = money.Fen(rapid.Int64Range(int64(r.low), int64(r.high)).Draw(t, "award"))
				awards[k] = awards[s.before(r)]
			}
			sum := money.Fen(0)
			for i, p := range s.oracle(at, awards) {
				sum += p
				if p < few.low[i] || p > few.high[i] || p < many.low[i] || p > many.high[i] {
					t.Fatalf("claim %d is paid %d, bounds [%d, %d] and [%d, %d]", i, p, few.low[i], few.high[i], many.low[i], many.high[i])
				}
			}
			for _, b := range []settled{few, many} {
				if sum < b.sumLow[cash] || sum > b.sumHigh[cash] {
					t.Fatalf("a world pays %d, bounds [%d, %d]", sum, b.sumLow[cash], b.sumHigh[cash])
				}
			}
		}
	})
}

func TestNeverAboveACeiling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStack(t, certainly)
		at := make([]outcome, len(s.claims))
		for i := range at {
			at[i] = s.ways[i][0]
		}
		awards := make([]money.Fen, len(s.rivals))
		for k, r := range s.rivals {
			awards[k] = r.low
		}
		pays := s.world(at, awards).settle()
		for _, r := range s.plan.ceilings {
			if r.scope != "enterprise" {
				continue
			}
			sums := map[int]money.Fen{}
			for i, c := range s.claims {
				if r.slot[c.clause] < 0 {
					continue
				}
				k := 0
				switch r.period {
				case "year":
					k = at[i].year
				case "event":
					k = -1 - i
				}
				if sums[k] += pays[i]; sums[k] > at[i].limits[r.slot[c.clause]] {
					t.Fatalf("%s: %d above %d", r.id, sums[k], at[i].limits[r.slot[c.clause]])
				}
			}
		}
		for i, p := range pays {
			if p < 0 || p > at[i].amount {
				t.Fatalf("claim %d: pays %d of %d", i, p, at[i].amount)
			}
		}
	})
}

func TestWhatIsPossibleKeepsEveryCeiling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStack(t, anyBetween)
		for _, limit := range []int{0, maxWorlds} {
			got := s.plan.boundsWithin(limit, s.claims, s.ways, s.rivals)
			for _, r := range s.plan.ceilings {
				if r.scope != "enterprise" {
					continue
				}
				for c, slot := range r.slot {
					// What one clause may be paid keeps the ceiling as well as what all may be paid together.
					most, years := money.Fen(0), map[int]bool{}
					for i, x := range s.claims {
						if x.clause != c || slot < 0 {
							continue
						}
						for _, o := range s.ways[i] {
							if o.present {
								most, years[o.year] = max(most, o.limits[slot]), true
							}
						}
					}
					if r.period == "year" {
						most *= money.Fen(len(years))
					}
					if slot >= 0 && r.period != "event" && got.clauseHigh[c] > most {
						t.Fatalf("clause %d may be paid %d above the ceiling of %d", c, got.clauseHigh[c], most)
					}
				}
			}
		}
	})
}
