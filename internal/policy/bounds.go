package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
)

// maxWorlds is how many worlds of one component are tried one by one.
const maxWorlds = 1024

// settled is what stacking makes of the claims of one enterprise.
type settled struct {
	low, high             []money.Fen // by claim
	clauseLow, clauseHigh []money.Fen // by clause
	sumLow, sumHigh       [2]money.Fen
	lowWorld, highWorld   []int // per claim: alternative in the worlds that gave the least and the most
}

// Sums are kept apart: money to the enterprise, and services in kind.
const (
	cash   = 0
	inKind = 1
)

// bounds settles claims that may turn out in several ways. Claims that share no ceiling and no contest cannot touch each
// other, so each connected component is settled by itself: where its worlds are few, all of them, which is exact; where
// they are many and the component is monotone, its two corners, which give the exact sum; else the bounds are safe but
// may be wide. Every world lies inside the result.
func (p *Plan) bounds(claims []claim, ways [][]outcome, rivals []rival) settled {
	return p.boundsWithin(maxWorlds, claims, ways, rivals)
}

func (p *Plan) boundsWithin(limit int, claims []claim, ways [][]outcome, rivals []rival) settled {
	n := len(claims)
	s := settled{
		low: make([]money.Fen, n), high: make([]money.Fen, n),
		clauseLow: make([]money.Fen, len(p.clauses)), clauseHigh: make([]money.Fen, len(p.clauses)),
		lowWorld: make([]int, n), highWorld: make([]int, n),
	}
	for _, members := range p.components(claims, rivals) {
		p.component(&s, limit, members, claims, ways, rivals)
	}
	return s
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
	for c := range p.ceilings {
		rule := &p.ceilings[c]
		if rule.slot[a.clause] < 0 || rule.slot[b.clause] < 0 || rule.period == "event" {
			continue
		}
		switch rule.scope {
		case "enterprise":
			return true
		case "project":
			if a.project == b.project && (a.project >= 0 || a.unit == b.unit) {
				return true
			}
		case "unit":
			if a.unit == b.unit {
				return true
			}
		}
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
	return false
}

func (p *Plan) component(s *settled, limit int, members []int, claims []claim, ways [][]outcome, rivals []rival) {
	w := world{plan: p, claims: make([]claim, len(members)), at: make([]outcome, len(members))}
	for m, i := range members {
		w.claims[m], w.at[m] = claims[i], ways[i][0]
	}
	var open []int // rivals with two ends
	for _, r := range rivals {
		if !slices.ContainsFunc(w.claims, func(c claim) bool { return c.project == r.project }) {
			continue
		}
		w.rivals = append(w.rivals, r)
		w.awards = append(w.awards, r.low)
		if r.low != r.high {
			open = append(open, len(w.rivals)-1)
		}
	}
	worlds := 1
	for _, i := range members {
		worlds = min(worlds*len(ways[i]), maxWorlds+1)
	}
	for range open {
		worlds = min(worlds*2, maxWorlds+1)
	}
	if worlds == 1 {
		p.certain(s, &w, members)
		return
	}
	g := gather{
		purse: make([]int, len(members)), clause: make([]int, len(members)),
		low: make([]money.Fen, len(members)), high: make([]money.Fen, len(members)),
		clauseLow: map[int]money.Fen{}, clauseHigh: map[int]money.Fen{},
		lowWorld: make([]int, len(members)), highWorld: make([]int, len(members)),
	}
	for m := range members {
		g.clause[m] = w.claims[m].clause
		g.purse[m] = p.clauses[g.clause[m]].purse
	}
	choice := make([]int, len(members))
	if worlds <= limit && (!sliding(members, ways) || p.steady(w.claims, members, ways)) {
		for k := range worlds {
			for m, i := range members {
				choice[m] = k % len(ways[i])
				k /= len(ways[i])
				w.at[m] = ways[i][choice[m]]
			}
			for _, r := range open {
				w.awards[r] = w.rivals[r].low
				if k%2 == 1 {
					w.awards[r] = w.rivals[r].high
				}
				k /= 2
			}
			g.take(w.settle(), choice)
		}
		if len(members) > 1 && sliding(members, ways) && !p.single(&w) {
			g.widen(mostOf(members, ways)) // the sums are exact; between the ends a single claim may be paid more or less
		}
	} else {
		p.corners(&g, &w, members, choice, ways, open)
	}
	g.into(s, members)
}

// single says that no contest and at most one ceiling is at work in a world: then what a claim is paid moves one way with
// each amount.
func (p *Plan) single(w *world) bool {
	limits := 0
	for c := range p.ceilings {
		if slices.ContainsFunc(w.claims, func(x claim) bool { return p.ceilings[c].slot[x.clause] >= 0 }) {
			limits++
		}
	}
	return limits <= 1 && !slices.ContainsFunc(p.groups, func(g groupRule) bool {
		return (!g.sum || len(w.rivals) > 0) && slices.ContainsFunc(w.claims, func(x claim) bool { return slices.Contains(g.clauses, x.clause) })
	})
}

// mostOf is the largest amount that each claim could have by itself.
func mostOf(members []int, ways [][]outcome) []money.Fen {
	most := make([]money.Fen, len(members))
	for m, i := range members {
		for _, o := range ways[i] {
			if o.present {
				most[m] = max(most[m], o.most())
			}
		}
	}
	return most
}

// widen lets each claim, and each clause, be anything between nothing and what it could have by itself.
func (g *gather) widen(most []money.Fen) {
	clear(g.clauseHigh)
	for m := range most {
		g.low[m], g.high[m] = 0, most[m]
		g.clauseLow[g.clause[m]] = 0
		g.clauseHigh[g.clause[m]] = plus(g.clauseHigh[g.clause[m]], most[m])
	}
}

// certain settles a component that can turn out in one way only, as most do.
func (p *Plan) certain(s *settled, w *world, members []int) {
	pays := w.settle()
	for m, i := range members {
		clause := w.claims[m].clause
		purse := p.clauses[clause].purse
		s.low[i], s.high[i] = pays[m], pays[m]
		s.clauseLow[clause], s.clauseHigh[clause] = plus(s.clauseLow[clause], pays[m]), plus(s.clauseHigh[clause], pays[m])
		s.sumLow[purse], s.sumHigh[purse] = plus(s.sumLow[purse], pays[m]), plus(s.sumHigh[purse], pays[m])
	}
}

// corners bounds a component with too many worlds.
func (p *Plan) corners(g *gather, w *world, members, choice []int, ways [][]outcome, open []int) {
	for _, up := range []bool{false, true} {
		for m, i := range members {
			best := 0
			for k, o := range ways[i] {
				if c := o.worth() - ways[i][best].worth(); up && c > 0 || !up && c < 0 {
					best = k
				}
			}
			choice[m], w.at[m] = best, ways[i][best]
		}
		for _, r := range open {
			w.awards[r] = w.rivals[r].low
			if !up {
				w.awards[r] = w.rivals[r].high
			}
		}
		g.take(w.settle(), choice)
	}
	most := mostOf(members, ways)
	g.widen(most)
	if p.monotone(w.claims, members, ways) {
		return
	}
	g.sumLow, g.sumHigh = [2]money.Fen{}, [2]money.Fen{}
	for m := range members {
		g.sumHigh[g.purse[m]] = plus(g.sumHigh[g.purse[m]], most[m])
	}
}

// most is the largest amount that its ceilings would let one claim have by itself.
func (o outcome) most() money.Fen {
	amount := o.amount
	for _, limit := range o.limits {
		amount = min(amount, limit)
	}
	return amount
}

// worth orders the ways of a claim: to be absent is less than to be there with nothing.
func (o outcome) worth() money.Fen {
	if !o.present {
		return -1
	}
	return o.amount
}

// monotone says that more for one claim never means less in all: nobody is kicked out by a claim that is there, and no
// amount that grows makes another fall by more.
func (p *Plan) monotone(claims []claim, members []int, ways [][]outcome) bool {
	if !p.steady(claims, members, ways) {
		return false
	}
	for a := range claims {
		for b := range a {
			if claims[a].clause != claims[b].clause {
				continue
			}
			for slot := range claims[a].once {
				if claims[a].once[slot].mayBe(claims[b].once[slot]) {
					return false
				}
			}
		}
		for g := range p.groups {
			rule := &p.groups[g]
			if slices.Contains(rule.clauses, claims[a].clause) && (rule.pick != "higher_of" || rule.period == "year") {
				return false
			}
		}
	}
	for _, i := range members { // years or limits that differ between the ways of one claim
		var seen *outcome
		for k := range ways[i] {
			o := &ways[i][k]
			if !o.present {
				continue
			}
			if seen != nil && (o.year != seen.year || !slices.Equal(o.limits, seen.limits)) {
				return false
			}
			seen = o
		}
	}
	return true
}

// steady says that, with the same claims there, a larger amount of one never means less in all. It may, where claims
// draw on one pool and a ceiling or contest comes after it, which then loses what the pool gave to one of them; and where
// the higher of two clauses meets a ceiling later on.
func (p *Plan) steady(claims []claim, members []int, ways [][]outcome) bool {
	pooled, wide, contested := false, false, false
	for _, stage := range p.order {
		for c := range p.ceilings {
			rule := &p.ceilings[c]
			if rule.stage != stage || !slices.ContainsFunc(claims, func(x claim) bool { return rule.slot[x.clause] >= 0 }) {
				continue
			}
			if pooled || contested {
				return false
			}
			pooled = rule.pools(claims, members, ways)
			wide = pooled && rule.scope == "enterprise"
		}
		if stage != HigherOf {
			continue
		}
		for g := range p.groups {
			rule := &p.groups[g]
			if !slices.ContainsFunc(claims, func(x claim) bool { return slices.Contains(rule.clauses, x.clause) }) {
				continue
			}
			if wide || pooled && (!rule.sum || rule.period == "year") || contested {
				return false
			}
			contested = contested || !rule.sum
		}
	}
	return true
}

// pools says that two of the claims may draw on one pool of the ceiling.
func (r *ceilingRule) pools(claims []claim, members []int, ways [][]outcome) bool {
	if r.period == "event" {
		return false
	}
	for a := range claims {
		for b := range a {
			x, y := &claims[a], &claims[b]
			if r.slot[x.clause] < 0 || r.slot[y.clause] < 0 || r.scope == "unit" && x.unit != y.unit || r.scope == "project" && x.project != y.project {
				continue
			}
			if r.period == "policy" || meet(ways[members[a]], ways[members[b]]) {
				return true
			}
		}
	}
	return false
}

// meet says that two claims may fall into one year.
func meet(a, b []outcome) bool {
	return slices.ContainsFunc(a, func(x outcome) bool {
		return x.present && slices.ContainsFunc(b, func(y outcome) bool { return y.present && x.year == y.year })
	})
}

// sliding says that some claim may have any amount between two ends.
func sliding(members []int, ways [][]outcome) bool {
	for _, i := range members {
		for k := 1; k < len(ways[i]); k++ {
			a, b := &ways[i][k-1], &ways[i][k]
			if a.present && b.present && a.day == b.day && a.amount != b.amount {
				return true
			}
		}
	}
	return false
}

// gather holds the least and the most over worlds of one component, by its members.
type gather struct {
	purse, clause         []int
	low, high             []money.Fen
	clauseLow, clauseHigh map[int]money.Fen
	sumLow, sumHigh       [2]money.Fen
	least, most           money.Fen
	lowWorld, highWorld   []int
	begun                 bool
}

func (g *gather) take(pays []money.Fen, choice []int) {
	var sums [2]money.Fen
	byClause := make(map[int]money.Fen, 4)
	for m, pay := range pays {
		sums[g.purse[m]] = plus(sums[g.purse[m]], pay)
		byClause[g.clause[m]] = plus(byClause[g.clause[m]], pay)
		if !g.begun || pay < g.low[m] {
			g.low[m] = pay
		}
		g.high[m] = max(g.high[m], pay)
	}
	for k, v := range byClause {
		if !g.begun || v < g.clauseLow[k] {
			g.clauseLow[k] = v
		}
		g.clauseHigh[k] = max(g.clauseHigh[k], v)
	}
	all := plus(sums[cash], sums[inKind])
	if !g.begun || all < g.least {
		g.least = all
		copy(g.lowWorld, choice)
	}
	if !g.begun || all > g.most {
		g.most = all
		copy(g.highWorld, choice)
	}
	for purse, sum := range sums {
		if !g.begun || sum < g.sumLow[purse] {
			g.sumLow[purse] = sum
		}
		g.sumHigh[purse] = max(g.sumHigh[purse], sum)
	}
	g.begun = true
}

func (g *gather) into(s *settled, members []int) {
	for m, i := range members {
		s.low[i], s.high[i] = g.low[m], g.high[m]
		s.lowWorld[i], s.highWorld[i] = g.lowWorld[m], g.highWorld[m]
	}
	for k := range g.clauseHigh {
		s.clauseLow[k] = plus(s.clauseLow[k], g.clauseLow[k])
		s.clauseHigh[k] = plus(s.clauseHigh[k], g.clauseHigh[k])
	}
	for purse := range s.sumLow {
		s.sumLow[purse] = plus(s.sumLow[purse], g.sumLow[purse])
		s.sumHigh[purse] = plus(s.sumHigh[purse], g.sumHigh[purse])
	}
}
