package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
)

// maxWorlds is how many choices of kinds of one component are tried one by one.
const maxWorlds = 1024

// settled is what stacking makes of the claims of one enterprise.
type settled struct {
	low, high             []money.Fen // by claim
	clauseLow, clauseHigh []money.Fen // by clause
	sumLow, sumHigh       [2]money.Fen
	highWorld             []int // per claim: alternative in the world that gave the most of those that were tried
	tangled               bool  // more competes with each other than could be settled
}

// Sums are kept apart: money to the enterprise, and services in kind.
const (
	cash   = 0
	inKind = 1
)

// bounds settles claims that may turn out in several ways. Claims that share no ceiling and no contest cannot touch each
// other, so each connected component is settled by itself. What differs in kind - whether a claim is there, when, and the
// same thing as what - is tried one by one while that is few; amounts between two ends, and whatever is too much to try,
// are bounded stage by stage. Every world lies inside the result.
func (p *Plan) bounds(claims []claim, ways [][]outcome, rivals []rival) settled {
	return p.boundsWithin(maxWorlds, claims, ways, rivals)
}

func (p *Plan) boundsWithin(limit int, claims []claim, ways [][]outcome, rivals []rival) settled {
	n, k := len(claims), len(p.clauses)
	room := make([]money.Fen, 2*n+2*k)
	s := settled{low: room[:n], high: room[n : 2*n], clauseLow: room[2*n : 2*n+k], clauseHigh: room[2*n+k:], highWorld: make([]int, n)}
	for _, members := range p.components(claims, rivals) {
		if i := members[0]; len(members) == 1 && len(ways[i]) <= limit && !slices.ContainsFunc(rivals, func(r rival) bool { return r.project == claims[i].project }) {
			p.alone(&s, i, claims[i].clause, ways[i])
			continue
		}
		c := component{plan: p, claims: make([]claim, 0, len(members)), kinds: make([][]kind, 0, len(members))}
		for _, i := range members {
			c.claims, c.kinds = append(c.claims, claims[i]), append(c.kinds, kindsOf(ways[i]))
		}
		for _, r := range rivals {
			if slices.ContainsFunc(c.claims, func(x claim) bool { return x.project == r.project }) {
				c.rivals = append(c.rivals, r)
			}
		}
		c.settle(limit).into(&s, members)
	}
	return s
}

// alone settles a claim that nothing else touches: of all its ways it is paid to the least of its ceilings, as far as that
// has fallen due. All of these rise together, so that the ends of what is between are what its ends come to.
func (p *Plan) alone(s *settled, i, clause int, ways []outcome) {
	s.low[i] = unbounded
	most := money.Fen(-1)
	for n := range ways {
		if slices.ContainsFunc(ways[:n], func(o outcome) bool { return o.kin(&ways[n]) }) {
			continue
		}
		least, top, best := ways[n], ways[n], n
		for m := n; m < len(ways); m++ {
			o := &ways[m]
			if !o.kin(&ways[n]) {
				continue
			}
			if m > n {
				least = least.least(o)
			}
			if o.worth() > top.worth() {
				top, best = *o, m
			}
			s.high[i] = max(s.high[i], o.alone())
		}
		s.low[i] = min(s.low[i], least.alone())
		if pays := top.alone(); pays > most {
			most, s.highWorld[i] = pays, best
		}
	}
	purse := p.clauses[clause].purse
	s.clauseLow[clause], s.clauseHigh[clause] = plus(s.clauseLow[clause], s.low[i]), plus(s.clauseHigh[clause], s.high[i])
	s.sumLow[purse], s.sumHigh[purse] = plus(s.sumLow[purse], s.low[i]), plus(s.sumHigh[purse], s.high[i])
}

// alone is what a claim is paid that shares nothing.
func (o *outcome) alone() money.Fen {
	if !o.present {
		return 0
	}
	pays := o.amount
	for _, limit := range o.limits {
		pays = min(pays, limit)
	}
	return o.due.of(pays)
}

// least is the smaller of two outcomes of one kind in all that they differ in.
func (o outcome) least(p *outcome) outcome {
	o.amount = min(o.amount, p.amount)
	limits := make([]money.Fen, len(o.limits))
	for i := range limits {
		limits[i] = min(o.limits[i], p.limits[i])
	}
	if o.limits = limits; p.due.less(o.due) {
		o.due = p.due
	}
	return o
}

// kin says that two outcomes differ in amounts and limits alone: anything between them may be.
func (o *outcome) kin(p *outcome) bool {
	return o.present == p.present && o.day == p.day && o.year == p.year && slices.Equal(o.once, p.once) && slices.Equal(o.items, p.items)
}

// components groups claims that share a ceiling, a once key or a group, whatever the year.
func (p *Plan) components(claims []claim, rivals []rival) [][]int {
	root := make([]int, len(claims))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			i = root[i]
		}
		return i
	}
	for i := range claims {
		for j := range i {
			if a, b := find(i), find(j); a != b && p.touch(&claims[i], &claims[j], rivals) {
				root[a] = b
			}
		}
	}
	var all [][]int
	for i := range claims {
		if find(i) != i {
			continue
		}
		var members []int
		for j := range claims {
			if find(j) == i {
				members = append(members, j)
			}
		}
		all = append(all, members)
	}
	return all
}

// touch says that what one claim is paid may depend on the other.
func (p *Plan) touch(a, b *claim, rivals []rival) bool {
	if a.clause == b.clause {
		for slot := range a.once {
			if a.once[slot].mayBe(b.once[slot]) {
				return true
			}
		}
	}
	if slices.ContainsFunc(p.ceilings, func(r ceilingRule) bool { return r.together(a, b) }) {
		return true
	}
	for g := range p.groups {
		rule := &p.groups[g]
		if !slices.Contains(rule.clauses, a.clause) || !slices.Contains(rule.clauses, b.clause) {
			continue
		}
		if rule.sum && !slices.ContainsFunc(rivals, func(r rival) bool { return r.group == g && r.project == a.project }) {
			continue // nothing stands against them
		}
		switch rule.scope {
		case "enterprise":
			return true
		case "project":
			if a.project >= 0 && a.project == b.project {
				return true
			}
		case "cost_item":
			if a.items[g].mayBe(b.items[g]) {
				return true
			}
		}
	}
	return a.project == b.project && p.shareAward(a, b, rivals)
}

// shareAward says that two claims of one project stand against the same award of another document.
func (p *Plan) shareAward(a, b *claim, rivals []rival) bool {
	for _, r := range rivals {
		for _, o := range rivals {
			x, y := &p.groups[r.group], &p.groups[o.group]
			if r.project == a.project && o.project == a.project && x.sameAward(y) && slices.Contains(x.clauses, a.clause) && slices.Contains(y.clauses, b.clause) {
				return true
			}
		}
	}
	return false
}

// component is claims that touch each other.
type component struct {
	plan   *Plan
	claims []claim
	kinds  [][]kind // per claim
	rivals []rival

	// Room that is used again by one choice after the other.
	world *world
	first []int // per claim
}

// kind is the ways of a claim that differ in amounts and limits alone: anything between them may be.
type kind struct {
	ways    []outcome
	numbers []int // of the ways among all of the claim
}

func kindsOf(ways []outcome) []kind {
	all := make([]kind, 0, 1) // nearly always all differ in amounts and limits alone
	for n, o := range ways {
		k := slices.IndexFunc(all, func(k kind) bool {
			return k.ways[0].kin(&o)
		})
		if k < 0 {
			k, all = len(all), append(all, kind{ways: make([]outcome, 0, len(ways)), numbers: make([]int, 0, len(ways))})
		}
		all[k].ways, all[k].numbers = append(all[k].ways, o), append(all[k].numbers, n)
	}
	return all
}

// settle goes through the choices of kinds, and the two ends of what other documents gave: a contest is won by the same
// side at one of them as anywhere between. What would make them more than the limit is kept whole.
func (c *component) settle(limit int) *gather {
	g := c.gather()
	worlds := 1
	tried := func(n int) bool {
		if worlds*n > limit {
			return false
		}
		worlds *= n
		return true
	}
	kinds, ends := make([]bool, len(c.claims)), make([]bool, len(c.rivals))
	for m := range c.kinds {
		kinds[m] = tried(len(c.kinds[m]))
	}
	for r := range c.rivals {
		ends[r] = c.rivals[r].low != c.rivals[r].high && tried(2)
	}
	choice := component{plan: c.plan, claims: c.claims, kinds: make([][]kind, len(c.kinds)), rivals: slices.Clone(c.rivals)}
	choice.world = &world{plan: c.plan, claims: c.claims, at: make([]outcome, len(c.claims)), rivals: choice.rivals}
	choice.first = make([]int, len(c.claims))
	for k := range worlds {
		digit := func(base int) int {
			d := k % base
			k /= base
			return d
		}
		for m, all := range c.kinds {
			if choice.kinds[m] = all; kinds[m] {
				choice.kinds[m] = all[digit(len(all)):][:1]
			}
		}
		for r, of := range c.rivals {
			if !ends[r] {
				continue
			}
			end := of.low
			if digit(2) == 1 {
				end = of.high
			}
			choice.rivals[r].low, choice.rivals[r].high = end, end
		}
		if choice.try(g); g.tangled {
			break
		}
	}
	return g
}

// try settles one choice: a world where it is one, and else its bounds and the world that is best by itself.
func (c *component) try(g *gather) {
	w, best := c.world, c.first
	w.awards = w.awards[:0]
	definite := true
	for m, kinds := range c.kinds {
		top := kinds[0].ways[0]
		best[m] = kinds[0].numbers[0]
		for _, k := range kinds {
			for n, o := range k.ways {
				if o.worth() > top.worth() {
					top, best[m] = o, k.numbers[n]
				}
			}
		}
		w.at[m] = top
		definite = definite && len(kinds) == 1 && len(kinds[0].ways) == 1
	}
	for _, r := range c.rivals {
		w.awards = append(w.awards, r.low)
		definite = definite && r.low == r.high
	}
	pays := w.settle()
	g.best(pays, best)
	if w.tangled {
		g.tangled = true
		return
	}
	if definite {
		g.world(pays)
		return
	}
	b := newBox(c)
	b.settle()
	g.box(b)
}

// worth orders the ways of a claim: to be absent is less than to be there with nothing.
func (o outcome) worth() money.Fen {
	if !o.present {
		return -1
	}
	return o.amount
}

// gather holds the least and the most over worlds of one component, by its members.
type gather struct {
	clauses, purses       map[int][]bool // which members they have
	low, high             []money.Fen
	clauseLow, clauseHigh map[int]money.Fen
	sumLow, sumHigh       [2]money.Fen
	most                  money.Fen
	highWorld             []int
	tangled               bool
}

func (c *component) gather() *gather {
	n := len(c.claims)
	g := &gather{
		clauses: map[int][]bool{}, purses: map[int][]bool{}, low: make([]money.Fen, n), high: make([]money.Fen, n),
		clauseLow: map[int]money.Fen{}, clauseHigh: map[int]money.Fen{}, sumLow: [2]money.Fen{unbounded, unbounded},
		most: -1, highWorld: make([]int, n),
	}
	for m, x := range c.claims {
		g.low[m] = unbounded
		purse := c.plan.clauses[x.clause].purse
		if g.clauses[x.clause] == nil {
			g.clauses[x.clause], g.clauseLow[x.clause] = make([]bool, n), unbounded
		}
		if g.purses[purse] == nil {
			g.purses[purse] = make([]bool, n)
		}
		g.clauses[x.clause][m], g.purses[purse][m] = true, true
	}
	return g
}

// best keeps the world that pays the most of those that were tried.
func (g *gather) best(pays []money.Fen, choice []int) {
	all := money.Fen(0)
	for _, p := range pays {
		all = plus(all, p)
	}
	if all > g.most {
		g.most = all
		copy(g.highWorld, choice)
	}
}

func (g *gather) world(pays []money.Fen) {
	g.extent(func(in []bool) (low, high money.Fen) {
		sum := money.Fen(0)
		for m, p := range pays {
			if in[m] {
				sum = plus(sum, p)
			}
		}
		return sum, sum
	})
}

func (g *gather) box(b *box) {
	g.extent(func(in []bool) (low, high money.Fen) { return b.least(in), b.most(in) })
}

// extent widens what is held by what some members are paid in all.
func (g *gather) extent(of func(in []bool) (low, high money.Fen)) {
	one := make([]bool, len(g.low))
	for m := range g.low {
		one[m] = true
		low, high := of(one)
		g.low[m], g.high[m] = min(g.low[m], low), max(g.high[m], high)
		one[m] = false
	}
	for k, in := range g.clauses {
		low, high := of(in)
		g.clauseLow[k], g.clauseHigh[k] = min(g.clauseLow[k], low), max(g.clauseHigh[k], high)
	}
	for k, in := range g.purses {
		low, high := of(in)
		g.sumLow[k], g.sumHigh[k] = min(g.sumLow[k], low), max(g.sumHigh[k], high)
	}
}

func (g *gather) into(s *settled, members []int) {
	s.tangled = s.tangled || g.tangled
	for m, i := range members {
		s.low[i], s.high[i], s.highWorld[i] = g.low[m], g.high[m], g.highWorld[m]
	}
	for k := range g.clauses {
		s.clauseLow[k], s.clauseHigh[k] = plus(s.clauseLow[k], g.clauseLow[k]), plus(s.clauseHigh[k], g.clauseHigh[k])
	}
	for k := range g.purses {
		s.sumLow[k], s.sumHigh[k] = plus(s.sumLow[k], g.sumLow[k]), plus(s.sumHigh[k], g.sumHigh[k])
	}
}
