package policy

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/money"
)

// contender is a node of a knot of which not all is known: what it brings lies between two ends, and it may meet others or not.
type contender struct {
	clause    int     // -1 of an award of another document
	contests  [][]int // in each group of the cluster those that it may be in; one alone it is in for sure
	in        []bool  // its claims
	low, high money.Fen
	there     bool // for sure
}

// tangle is the contenders of a cluster, and their conflicts: those that are sure, and those that may be.
type tangle struct {
	contenders  []contender
	surely, may *graph
	lows, highs []money.Fen // no more than lets all be added up
}

// together bounds what the groups of a cluster leave, whatever amounts between the ends, and whatever conflicts.
func (b *box) together(c *cluster) {
	pools := make([][]*pool, len(c.groups))
	for n, g := range c.groups {
		pools[n] = b.contests(g)
	}
	k := b.tangle(c, pools)
	ch := b.change()
	for n, x := range k.contenders {
		stands, loses := k.stands(n), k.loses(n)
		for i, yes := range x.in {
			switch {
			case !yes || stands:
			case loses:
				ch.at[i].low, ch.at[i].high = 0, 0
			default:
				ch.at[i].low = 0
			}
		}
		if !stands {
			b.takes(ch, x.in, x.high)
		}
	}
	for open := k.may.whole(); !open.empty(); {
		part := k.may.part(open, open.first())
		open = open.without(part)
		if part.count() > 1 {
			ch.sums = append(ch.sums, b.left(k, part))
		}
	}
	for n, g := range c.groups {
		for _, p := range pools[n] {
			if !b.plan.groups[g].sum && slices.Equal(p.may, p.surely) {
				ch.sums = append(ch.sums, b.oneSide(g, p))
			}
		}
	}
	b.apply(ch)
}

// oneSide is what a contest leaves at most: what one of its sides may bring.
func (b *box) oneSide(g int, p *pool) sum {
	s := sum{in: p.may}
	for _, side := range b.sides(g, p) {
		if side.ours {
			s.high = max(s.high, side.high)
		}
	}
	return s
}

// left is what the claims of a knot are paid together: no more than the best set of the most that each may bring, and no less
// than that of the least, but for what other documents may take of it.
func (b *box) left(k *tangle, part nodeSet) sum {
	s := sum{in: b.set()}
	ours, others := newNodeSet(len(k.contenders)), money.Fen(0)
	for n := range part.all() {
		x := &k.contenders[n]
		if x.clause < 0 {
			if !k.loses(n) {
				others = plus(others, x.high)
			}
			continue
		}
		ours.put(n)
		for i, yes := range x.in {
			s.in[i] = s.in[i] || yes
		}
	}
	s.high = min(b.most(s.in), k.most(ours))
	if least, ok := best(k.may, k.lows, part); ok {
		s.low = min(max(least-others, 0), s.high)
	}
	return s
}

// best is what the best of open nodes bring; ok is false where that takes too long to find.
func best(g *graph, worth []money.Fen, open nodeSet) (brings money.Fen, ok bool) {
	s := g.search(worth)
	brings = s.sum(s.best(open))
	return brings, s.left >= 0
}

// most is no less than what some contenders bring together.
func (k *tangle) most(of nodeSet) money.Fen {
	brings, ok := best(k.surely, k.highs, of)
	if !ok {
		brings = k.surely.search(k.highs).sum(of)
	}
	if brings >= unbounded/money.Fen(len(k.contenders)) {
		return unbounded
	}
	return brings
}

// stands says that a contender stands for sure, if it is there: its least is more than all that may be against it.
func (k *tangle) stands(n int) bool {
	against := k.may.conflicts[n]
	most := k.most(against)
	return most == 0 || k.lows[n] > most || k.lows[n] == most && n < against.first()
}

// loses says that a contender falls for sure: one stands against it that brings more, and has no other conflict than those that
// it has itself.
func (k *tangle) loses(n int) bool {
	for m := range k.surely.conflicts[n].all() {
		more := k.lows[m] > k.highs[n] || k.lows[m] == k.highs[n] && k.contenders[m].there && m < n
		if more && k.may.conflicts[m].without(k.may.only(n)).within(k.surely.conflicts[n]) {
			return true
		}
	}
	return false
}

// tangle is who meets in a cluster.
func (b *box) tangle(c *cluster, pools [][]*pool) *tangle {
	k := &tangle{contenders: b.contenders(c, pools)}
	n := len(k.contenders)
	k.surely, k.may = newGraph(n), newGraph(n)
	for i := range k.contenders {
		x := &k.contenders[i]
		k.lows, k.highs = append(k.lows, min(x.low, unbounded/money.Fen(n))), append(k.highs, min(x.high, unbounded/money.Fen(n)))
		for j := range i {
			surely, maybe := b.plan.meet(c, x, &k.contenders[j])
			if surely {
				k.surely.oppose(i, j)
			}
			if maybe {
				k.may.oppose(i, j)
			}
		}
	}
	return k
}

// meet says that two contenders may not both stand for sure, and that they may be so.
func (pl *Plan) meet(c *cluster, x, y *contender) (surely, maybe bool) {
	for n, g := range c.groups {
		if !pl.groups[g].opposes(x.clause, y.clause) {
			continue
		}
		both := slices.ContainsFunc(x.contests[n], func(q int) bool { return slices.Contains(y.contests[n], q) })
		maybe = maybe || both
		surely = surely || both && len(x.contests[n]) == 1 && len(y.contests[n]) == 1
	}
	return surely, maybe
}

// contenders is the claims of a cluster, those that meet the same others for sure as one, and the awards against them, in the
// order that decides between equals.
func (b *box) contenders(c *cluster, pools [][]*pool) []contender {
	var all []contender
	for _, i := range b.order {
		x := contender{clause: b.claims[i].clause, contests: make([][]int, len(c.groups)), in: b.set(i), there: b.at[i].surely}
		if !slices.Contains(c.clauses, x.clause) {
			continue
		}
		known := true
		for n := range c.groups {
			for q, p := range pools[n] {
				if p.may[i] {
					x.contests[n] = append(x.contests[n], q)
				}
			}
			known = known && len(x.contests[n]) <= 1
		}
		k := slices.IndexFunc(all, func(o contender) bool {
			return known && o.clause == x.clause && slices.EqualFunc(o.contests, x.contests, slices.Equal)
		})
		if k < 0 {
			all = append(all, x)
			continue
		}
		all[k].in[i], all[k].there = true, all[k].there || x.there
	}
	for k := range all {
		all[k].low, all[k].high = b.least(all[k].in), b.most(all[k].in)
	}
	slices.SortStableFunc(all, func(x, y contender) int {
		return cmp.Compare(slices.Index(c.clauses, x.clause), slices.Index(c.clauses, y.clause))
	})
	return append(all, b.awards(c, pools)...)
}

// awards is what other documents gave against claims of a cluster.
func (b *box) awards(c *cluster, pools [][]*pool) []contender {
	var all []contender
	var firsts []rival
	for _, r := range b.rivals {
		n := slices.Index(c.groups, r.group)
		if n < 0 {
			continue
		}
		key := strconv.Itoa(r.project)
		if b.plan.groups[r.group].period == "year" {
			key = inYears(key, []int{r.year})[0]
		}
		q := slices.IndexFunc(pools[n], func(p *pool) bool { return p.key == key })
		if q < 0 {
			continue
		}
		at := slices.IndexFunc(firsts, func(o rival) bool { return b.plan.same(o, r) })
		if at < 0 {
			at, all, firsts = len(all), append(all, contender{clause: -1, contests: make([][]int, len(c.groups)), in: b.set(), there: true}), append(firsts, r)
		}
		x := &all[at]
		x.contests[n], x.low, x.high = []int{q}, max(x.low, r.low), max(x.high, r.high)
	}
	return all
}
