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
}

// How a drawn claim may turn out.
const (
	certainly  = iota
	perhaps    // it is there or not
	anyBetween // or its amount lies between two ends
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
		id: fmt.Sprint("group", n), scope: rapid.SampledFrom([]string{"project", "enterprise"}).Draw(t, "group scope"),
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

// oracle settles a definite world from the definitions: what a pool pays in all, what a contest may leave at best.
func (s smallStack) oracle(at []outcome, awards []money.Fen) []money.Fen {
	pays := make([]money.Fen, len(at))
	var order []int
	for i, o := range at {
		if o.present {
			pays[i] = o.amount
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return int(at[i].day - at[j].day) })
	for _, o := range s.plan.onces {
		done := map[string]int{}
		for _, i := range order {
			if s.claims[i].clause == o.clause {
				key := s.claims[i].once[0].text
				if o.period == "year" {
					key += fmt.Sprint(at[i].year)
				}
				if done[key] >= o.most {
					pays[i] = 0
				}
				done[key]++
			}
		}
	}
	for _, stage := range s.plan.order {
		if stage == HigherOf {
			for first := 0; first < len(s.plan.groups); {
				first = s.run(first, at, awards, order, pays)
			}
			continue
		}
		for _, r := range s.plan.ceilings {
			if r.stage != stage {
				continue
			}
			before := map[string]money.Fen{} // prefix sums of each pool
			for _, i := range order {
				c := s.claims[i]
				if r.slot[c.clause] < 0 {
					continue
				}
				key := ""
				switch r.scope {
				case "unit":
					key = fmt.Sprint(c.unit)
				case "project":
					if key = fmt.Sprint("p", c.project); c.project < 0 {
						key = fmt.Sprint("alone", c.unit)
					}
				}
				switch r.period {
				case "year":
					key += fmt.Sprint("/", at[i].year)
				case "event":
					key += fmt.Sprint("#", i)
				}
				limit, sum := at[i].limits[r.slot[c.clause]], before[key]
				before[key] += pays[i]
				pays[i] = min(sum+pays[i], limit) - min(sum, limit)
			}
		}
	}
	for _, i := range order { // each share is a third
		if d := at[i].due; d.inParts {
			pays[i] = min(pays[i], pays[i]*money.Fen(len(d.shares))/3)
		}
	}
	return pays
}

// run settles the groups of one pick that stand one after the other; it gives the first after them.
func (s smallStack) run(first int, at []outcome, awards []money.Fen, order []int, pays []money.Fen) int {
	groups := s.plan.groups
	if groups[first].pick != "higher_of" {
		s.contest(first, at, awards, order, pays)
		return first + 1
	}
	end := first
	for end < len(groups) && groups[end].pick == "higher_of" {
		end++
	}
	if end == first+1 {
		s.contest(first, at, awards, order, pays)
		return end
	}
	s.bestOf(first, end, at, awards, order, pays)
	return end
}

// thing is what stands or falls in groups that are settled together: a claim, or the award of a project and year.
type thing struct {
	claim, project, year int // claim is -1 of an award
	brings               money.Fen
}

// bestOf goes through every choice of claims and awards of some groups of which no two exclude each other: the choice that
// brings the most stands, of equals the one that has the first in which they differ.
func (s smallStack) bestOf(first, end int, at []outcome, awards []money.Fen, order []int, pays []money.Fen) {
	var things []thing
	var known []int
	for g := first; g < end; g++ {
		for _, clause := range s.plan.groups[g].clauses {
			if slices.Contains(known, clause) {
				continue
			}
			known = append(known, clause)
			for _, i := range order {
				if s.claims[i].clause == clause {
					things = append(things, thing{i, s.claims[i].project, at[i].year, pays[i]})
				}
			}
		}
	}
	for k, r := range s.rivals {
		x := thing{-1, r.project, r.year, awards[k]}
		if r.group >= first && r.group < end && !slices.Contains(things, x) {
			things = append(things, x)
		}
	}
	best, most := []int(nil), money.Fen(-1)
	var choose func(n int, chosen []int, sum money.Fen)
	choose = func(n int, chosen []int, sum money.Fen) {
		if n == len(things) {
			if sum > most {
				best, most = slices.Clone(chosen), sum
			}
			return
		}
		if !slices.ContainsFunc(chosen, func(m int) bool { return s.exclude(first, end, things[n], things[m]) }) {
			choose(n+1, append(chosen, n), sum+things[n].brings)
		}
		choose(n+1, chosen, sum)
	}
	choose(0, nil, 0)
	for n, x := range things {
		if x.claim >= 0 && !slices.Contains(best, n) {
			pays[x.claim] = 0
		}
	}
}

// exclude says that one of some groups does not let two stand.
func (s smallStack) exclude(first, end int, x, y thing) bool {
	for g := first; g < end; g++ {
		rule := &s.plan.groups[g]
		in := func(x thing) bool {
			if x.claim >= 0 {
				return slices.Contains(rule.clauses, s.claims[x.claim].clause) && (rule.scope != "project" || x.project >= 0)
			}
			return slices.ContainsFunc(s.rivals, func(r rival) bool { return r.group == g && r.project == x.project && r.year == x.year })
		}
		switch {
		case !in(x) || !in(y) || rule.scope == "project" && x.project != y.project || rule.period == "year" && x.year != y.year:
		case x.claim < 0 || y.claim < 0:
			if x.claim != y.claim {
				return true
			}
		case !rule.sum && s.claims[x.claim].clause != s.claims[y.claim].clause:
			return true
		}
	}
	return false
}

func (s smallStack) contest(gi int, at []outcome, awards []money.Fen, order []int, pays []money.Fen) {
	g := s.plan.groups[gi]
	pools := map[string][]int{}
	for _, i := range order {
		c := s.claims[i]
		if !slices.Contains(g.clauses, c.clause) || g.scope == "project" && c.project < 0 {
			continue
		}
		key := ""
		if g.scope == "project" {
			key = fmt.Sprint(c.project)
		}
		if g.period == "year" {
			key += fmt.Sprint("/", at[i].year)
		}
		pools[key] = append(pools[key], i)
	}
	for _, members := range pools {
		if g.pick == "difference" && g.toSum {
			paid := map[int]money.Fen{} // by clause
			for _, i := range members {
				others := money.Fen(0)
				for c, sum := range paid {
					if c != s.claims[i].clause {
						others += sum
					}
				}
				pays[i] = max(pays[i]-others, 0)
				paid[s.claims[i].clause] += pays[i]
			}
			continue
		}
		if g.pick == "difference" {
			most := money.Fen(0)
			for _, i := range members {
				own := pays[i]
				pays[i] = max(own-most, 0)
				most = max(most, own)
			}
			continue
		}
		sums := map[int]money.Fen{} // by clause; -1 the other document
		for _, i := range members {
			k := s.claims[i].clause
			if g.sum {
				k = g.clauses[0]
			}
			sums[k] += pays[i]
		}
		for k, r := range s.rivals {
			first := members[0]
			if r.group == gi && r.project == s.claims[first].project && (g.period != "year" || r.year == at[first].year) {
				sums[-1] += awards[k]
			}
		}
		win, found := 0, false
		for _, k := range append(slices.Clone(g.clauses), -1) {
			if sum, ok := sums[k]; ok && (!found || g.pick == "higher_of" && sum > sums[win]) {
				win, found = k, true
			}
		}
		for _, i := range members {
			k := s.claims[i].clause
			if g.sum {
				k = g.clauses[0]
			}
			if k != win {
				pays[i] = 0
			}
		}
	}
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
