package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// census is in how many instances each thing was come across.
type census struct {
	instances int
	of        map[string]int
	now       map[string]bool // in this one
}

func (c *census) saw(what string) {
	if c != nil {
		c.now[what] = true
	}
}

// cut notes what lowered something.
func (c *census) cut(what string, from, to money.Fen) {
	if from != to {
		c.saw(what)
	}
}

// contest notes a group in which some met.
func (c *census) contest(g *groupRule) {
	c.saw("group of scope " + g.scope + " for each " + g.period)
	if g.against != nil {
		c.saw("against")
	}
	if g.sum {
		c.saw("sum")
	}
}

func (c *census) next() {
	for what := range c.now {
		c.of[what]++
	}
	c.instances++
	clear(c.now)
}

// tell prints the counts. Each thing must have come in a hundredth of the instances, but for some.
func (c *census) tell(t *testing.T, but ...string) {
	t.Helper()
	t.Logf("%d instances: %v", c.instances, c.of)
	want := []string{"once", "tie", "overlap", "against", "sum", "pick higher_of", "pick priority", "pick difference to the most", "pick difference to the sum"}
	for _, period := range []string{"policy", "year"} {
		for _, scope := range []string{"project", "enterprise", "cost_item"} {
			want = append(want, "group of scope "+scope+" for each "+period)
		}
	}
	for _, period := range []string{"event", "year", "policy"} {
		for _, scope := range []string{"unit", "project", "enterprise"} {
			want = append(want, "ceiling of a "+scope+" for each "+period)
		}
	}
	for _, what := range want {
		if slices.ContainsFunc(but, func(word string) bool { return strings.Contains(what, word) }) {
			continue
		}
		if c.of[what]*100 < c.instances {
			t.Errorf("%s: in %d of %d instances, less than a hundredth", what, c.of[what], c.instances)
		}
	}
}

// tangled draws claims of up to 8 clauses on up to 4 projects, and every way in which they may share something.
type tangled struct {
	*rand.Rand
	smallStack
	limits map[int][]ceilingAt // by clause
}

// ceilingAt is a limit that may differ from year to year.
type ceilingAt struct{ limit, more money.Fen }

const (
	manyClauses  = 8
	manyProjects = 4
)

func (f *tangled) of(all ...string) string        { return all[f.IntN(len(all))] }
func (f *tangled) oneIn(n int) bool               { return f.IntN(n) == 0 }
func (f *tangled) amount(most int) money.Fen      { return money.Fen(f.IntN(most)) * 10 }
func (f *tangled) some(least, of int) (all []int) { return f.Perm(of)[:min(of, least+f.IntN(3))] }

func drawTangle(r *rand.Rand, seen *census) smallStack {
	f := &tangled{Rand: r, smallStack: smallStack{plan: &Plan{}, census: seen}, limits: map[int][]ceilingAt{}}
	clauses := 2 + f.IntN(manyClauses-1)
	for c := range clauses {
		f.plan.clauses = append(f.plan.clauses, clauseRule{clause: &clause{Clause: &Clause{ID: fmt.Sprint("c", c), Payment: &Payment{}}, index: c}})
		if f.oneIn(4) {
			f.plan.onces = append(f.plan.onces, onceRule{id: "once", clause: c, most: 1 + f.IntN(2), period: f.of("policy", "year")})
		}
	}
	for n := range f.IntN(5) {
		f.ceiling(n, clauses)
	}
	award := 'a'
	for n := range f.IntN(6) {
		if g := f.group(n, clauses); g.pick != "higher_of" {
			award++
		} else if g.against != nil {
			g.against.Award = string(award)
		}
	}
	f.plan.cluster()
	f.awards()
	for i := range 1 + f.IntN(14) {
		f.claim(i, clauses)
	}
	return f.smallStack
}

func (f *tangled) ceiling(n, clauses int) {
	r := ceilingRule{id: fmt.Sprint("limit", n), stage: ProjectCeiling, slot: slices.Repeat([]int{-1}, clauses)}
	r.scope, r.period = f.of("unit", "project", "enterprise"), f.of("event", "year", "policy")
	if r.scope == "enterprise" {
		r.stage = EnterpriseCeiling
	}
	at := ceilingAt{limit: f.amount(12)}
	if r.period == "year" && f.oneIn(2) {
		at.more = f.amount(5)
	}
	for _, c := range f.some(1, clauses) {
		r.slot[c] = len(f.limits[c])
		f.limits[c] = append(f.limits[c], at)
	}
	f.plan.ceilings = append(f.plan.ceilings, r)
}

func (f *tangled) group(n, clauses int) *groupRule {
	g := groupRule{
		id: fmt.Sprint("group", n), scope: f.of("project", "project", "enterprise", "cost_item"), period: f.of("policy", "year"),
		clauses: f.some(2, clauses), pick: f.of("higher_of", "higher_of", "higher_of", "priority", "difference"), toSum: f.oneIn(2),
	}
	if g.scope == "project" && f.oneIn(2) {
		g.pick, g.sum, g.against = "higher_of", f.oneIn(2), &Against{}
	}
	f.plan.groups = append(f.plan.groups, g)
	return &f.plan.groups[n]
}

// awards is what other documents gave. What stands against several groups is one award.
func (f *tangled) awards() {
	type award struct {
		of            string
		project, year int
	}
	given := map[award]money.Fen{}
	for g, rule := range f.plan.groups {
		for project := 0; rule.against != nil && project < manyProjects; project++ {
			for year := 2022; year <= 2023; year++ {
				a := award{rule.against.Award, project, year}
				if _, ok := given[a]; !ok {
					given[a] = money.Fen(-1)
					if f.oneIn(3) {
						given[a] = f.amount(15)
					}
				}
				if x := given[a]; x >= 0 {
					f.rivals = append(f.rivals, rival{group: g, project: project, year: year, low: x, high: x})
				}
			}
		}
	}
}

func (f *tangled) claim(i, clauses int) {
	project := f.IntN(manyProjects)
	if f.oneIn(8) {
		project = -1
	}
	c := claim{clause: f.IntN(clauses), unit: f.IntN(6), project: project, once: []key{{text: f.of("x", "y")}}}
	o := outcome{present: !f.oneIn(12), amount: f.amount(10), year: 2022 + f.IntN(2), day: period.Day(f.IntN(6)), once: []string{c.once[0].text}}
	for _, at := range f.limits[c.clause] {
		o.limits = append(o.limits, at.limit+at.more*money.Fen(o.year-2022))
	}
	for range f.plan.groups {
		o.items = append(o.items, f.of("m", "n"))
	}
	if f.oneIn(6) {
		third, _ := money.NewRate(1, 3)
		o.due = dues{inParts: true, shares: slices.Repeat([]money.Rate{third}, f.IntN(4))}
	}
	f.claims, f.ways = append(f.claims, c), append(f.ways, []outcome{o})
}

// definite is the one world of a stack that leaves nothing open.
func (s smallStack) definite() (at []outcome, awards []money.Fen) {
	for _, ways := range s.ways {
		at = append(at, ways[0])
	}
	for _, r := range s.rivals {
		awards = append(awards, r.low)
	}
	return at, awards
}

// shuffled gives the claims, the clauses and what other documents gave in another order: of claims of one day the order
// counts, so it stays. where says which claim became which.
func (s smallStack) shuffled(r *rand.Rand) (out smallStack, where []int) {
	plan, number := *s.plan, r.Perm(len(s.plan.clauses))
	plan.clauses = make([]clauseRule, len(number))
	for c, n := range number {
		k := *s.plan.clauses[c].clause
		k.index = n
		plan.clauses[n] = clauseRule{clause: &k}
	}
	plan.onces, plan.ceilings, plan.groups = slices.Clone(plan.onces), slices.Clone(plan.ceilings), slices.Clone(plan.groups)
	for i := range plan.onces {
		plan.onces[i].clause = number[plan.onces[i].clause]
	}
	for i := range plan.ceilings {
		slot := make([]int, len(number))
		for c, n := range number {
			slot[n] = plan.ceilings[i].slot[c]
		}
		plan.ceilings[i].slot = slot
	}
	for i := range plan.groups {
		plan.groups[i].clauses = slices.Clone(plan.groups[i].clauses)
		for k, c := range plan.groups[i].clauses {
			plan.groups[i].clauses[k] = number[c]
		}
	}
	plan.cluster()
	out = smallStack{plan: &plan, rivals: slices.Clone(s.rivals)}
	r.Shuffle(len(out.rivals), func(i, j int) { out.rivals[i], out.rivals[j] = out.rivals[j], out.rivals[i] })
	next := map[period.Day]int{} // of each day, where its next claim was looked for
	for _, i := range r.Perm(len(s.claims)) {
		day := s.ways[i][0].day
		k := next[day]
		for s.ways[k][0].day != day {
			k++
		}
		next[day] = k + 1
		c := s.claims[k]
		c.clause = number[c.clause]
		out.claims, out.ways, where = append(out.claims, c), append(out.ways, s.ways[k]), append(where, k)
	}
	return out, where
}

// TestBruteForce draws firms and settles each in every order of the stages: what is paid is what trying everything finds, it
// is above no ceiling, and it does not depend on the order in which claims and clauses are given.
func TestBruteForce(t *testing.T) {
	orders := [][]string{
		{ProjectCeiling, HigherOf, EnterpriseCeiling},
		{ProjectCeiling, EnterpriseCeiling, HigherOf},
		{HigherOf, ProjectCeiling, EnterpriseCeiling},
		{HigherOf, EnterpriseCeiling, ProjectCeiling},
		{EnterpriseCeiling, ProjectCeiling, HigherOf},
		{EnterpriseCeiling, HigherOf, ProjectCeiling},
	}
	seen := &census{of: map[string]int{}, now: map[string]bool{}}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for n := range 30 {
			s := drawTangle(r, seen)
			for _, order := range orders {
				s.plan.order = order
				at, awards := s.definite()
				other := s.world(s.rise(r, at), awards)
				other.settle()
				w := s.world(at, awards)
				w.begin()
				w.run(other.shaped) // which no amount is part of
				w.instalments()
				got, want := w.pays, s.oracle(at, awards)
				if !slices.Equal(got, want) {
					t.Fatalf("instance %d, %v: settle %v, oracle %v", n, order, got, want)
				}
				s.keepsCeilings(t, at, got)
				mixed, where := s.shuffled(r)
				at, awards = mixed.definite()
				for i, p := range mixed.world(at, awards).settle() {
					if p != got[where[i]] {
						t.Fatalf("instance %d, %v: claim %d is paid %v, given in another order %v", n, order, where[i], got[where[i]], p)
					}
				}
			}
			seen.next()
		}
	})
	seen.tell(t)
}

// rise is outcomes with other amounts and ceilings.
func (s smallStack) rise(r *rand.Rand, at []outcome) []outcome {
	other := slices.Clone(at)
	for i := range other {
		o := &other[i]
		o.amount, o.limits = money.Fen(r.IntN(9))*10, slices.Clone(o.limits)
		for n := range o.limits {
			o.limits[n] = money.Fen(r.IntN(9)) * 10
		}
	}
	return other
}

// keepsCeilings says that nothing is paid above a ceiling, or above what a claim comes to by itself.
func (s smallStack) keepsCeilings(t *rapid.T, at []outcome, pays []money.Fen) {
	for i, p := range pays {
		if p < 0 || p > at[i].amount {
			t.Fatalf("claim %d: pays %v of %v", i, p, at[i].amount)
		}
	}
	for _, r := range s.plan.ceilings {
		sums := map[[2]int]money.Fen{}
		for i, c := range s.claims {
			slot := r.slot[c.clause]
			if slot < 0 || !at[i].present {
				continue
			}
			var of [2]int
			switch {
			case r.scope == "unit":
				of[0] = c.unit
			case r.scope == "project" && c.project < 0:
				of[0] = -1 - c.unit
			case r.scope == "project":
				of[0] = c.project
			}
			switch r.period {
			case "year":
				of[1] = at[i].year
			case "event":
				of[1] = -1 - i
			}
			if sums[of] += pays[i]; sums[of] > at[i].limits[slot] {
				t.Fatalf("%s: %v above %v", r.id, sums[of], at[i].limits[slot])
			}
		}
	}
}

// TestSets draws small graphs: their maximal conflict-free sets are those that trying all finds, in their order, and the search
// finds the best of them, whatever they bring.
func TestSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 10).Draw(t, "nodes")
		g, worth := newGraph(n), make([]money.Fen, n)
		dense := rapid.IntRange(1, 4).Draw(t, "density")
		for i := range n {
			worth[i] = money.Fen(rapid.IntRange(0, 4).Draw(t, "worth"))
			for j := range i {
				if rapid.IntRange(0, dense).Draw(t, "conflict") == 0 {
					g.oppose(i, j)
				}
			}
		}
		var want []nodeSet
		for mask := range uint64(1) << n {
			set, free, full := nodeSet{mask}, true, true
			for i := range n {
				free = free && (!set.has(i) || !g.conflicts[i].meets(set))
				full = full && (set.has(i) || g.conflicts[i].meets(set))
			}
			if free && full {
				want = append(want, set)
			}
		}
		slices.SortFunc(want, nodeSet.compare)
		if got := g.sets(len(want)); !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("sets %v, want %v", got, want)
		}
		if g.sets(len(want)-1) != nil {
			t.Fatal("more sets than asked for")
		}
		s, best := g.search(worth), want[0]
		for _, set := range want {
			if s.sum(set) > s.sum(best) {
				best = set
			}
		}
		if got := s.best(g.whole()); !slices.Equal(got, best) {
			t.Fatalf("search %v, best %v", got, best)
		}
	})
}
