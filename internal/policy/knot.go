package policy

import (
	"cmp"
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
)

// maxSets is how many conflict-free sets of one knot are listed; of more, only the best is searched for.
const maxSets = 64

// cluster is groups that are settled together, at the place of the first: those of pick higher_of that stand one after the
// other and overlap, directly or through others. One after the other, a loser of the first could beat in the second what
// pays more than both; together, what pays the most stands. Any other group is a cluster by itself.
type cluster struct {
	groups  []int // in the order of the file
	clauses []int // of more than one group: what takes part, in the order in which it comes first in them
}

// cluster sorts the groups into clusters.
func (pl *Plan) cluster() {
	pl.clusters = nil
	for first := 0; first < len(pl.groups); {
		end := first + 1 // of those that stand one after the other
		for pl.groups[first].pick == "higher_of" && end < len(pl.groups) && pl.groups[end].pick == "higher_of" {
			end++
		}
		pl.overlaps(first, end)
		first = end
	}
}

// overlaps makes a cluster of each lot of groups that hang together.
func (pl *Plan) overlaps(first, end int) {
	g := newGraph(end - first)
	for i := range end - first {
		for j := range i {
			if pl.groups[first+i].overlaps(&pl.groups[first+j]) {
				g.oppose(i, j)
			}
		}
	}
	for open := g.whole(); !open.empty(); {
		part := g.part(open, open.first())
		open = open.without(part)
		var c cluster
		for i := range part.all() {
			c.groups = append(c.groups, first+i)
		}
		for _, n := range c.groups {
			for _, k := range pl.groups[n].clauses {
				if len(c.groups) > 1 && !slices.Contains(c.clauses, k) {
					c.clauses = append(c.clauses, k)
				}
			}
		}
		pl.clusters = append(pl.clusters, c)
	}
}

// overlaps says that two groups have a clause in common, or the award of another document.
func (r *groupRule) overlaps(o *groupRule) bool {
	return r.sameAward(o) || slices.ContainsFunc(r.clauses, func(k int) bool { return slices.Contains(o.clauses, k) })
}

func (r *groupRule) sameAward(o *groupRule) bool {
	return r.against != nil && o.against != nil && r.against.Award == o.against.Award
}

// same says that what stands against two groups is one award.
func (pl *Plan) same(a, b rival) bool {
	return a.project == b.project && a.year == b.year && pl.groups[a.group].sameAward(&pl.groups[b.group])
}

// opposes says that two that meet in a contest of the group may not both stand; clause is -1 of another document.
func (r *groupRule) opposes(clause, other int) bool {
	if clause < 0 || other < 0 {
		return clause != other
	}
	return !r.sum && clause != other
}

// node is what stands or falls as one in the contests of a cluster: the claims of one clause that meet the same others, or
// an award of another document.
type node struct {
	clause int   // -1 of an award
	meets  []int // its contest in each group of the cluster, -1 where it has none
	claims []int
	rivals []int // what stands for the award in each group
}

// opposed says that two nodes may not both stand, and in which group of the cluster first; -1 where they may.
func (pl *Plan) opposed(c *cluster, a, b *node) int {
	for n, g := range c.groups {
		if a.meets[n] >= 0 && a.meets[n] == b.meets[n] && pl.groups[g].opposes(a.clause, b.clause) {
			return n
		}
	}
	return -1
}

// knot is nodes that hang together by their conflicts, in the order that decides between equals: by clause, the earlier
// event first, and other documents last. It depends on who the claims are, and not on what they amount to.
type knot struct {
	*graph
	nodes []node
	sets  []nodeSet // all maximal conflict-free sets in their order: the first of the best stands; nil of more than maxSets
}

// knots is what competes in a cluster of a world that has its order. What competes with nothing is in none.
func (w *world) knots(c *cluster) []knot {
	nodes := w.nodes(c)
	g := newGraph(len(nodes))
	for i := range nodes {
		for j := range i {
			if w.plan.opposed(c, &nodes[i], &nodes[j]) >= 0 {
				g.oppose(i, j)
			}
		}
	}
	var all []knot
	for open := g.whole(); !open.empty(); {
		part := g.part(open, open.first())
		open = open.without(part)
		if part.count() == 1 {
			continue
		}
		numbers := slices.Collect(part.all())
		k := knot{graph: newGraph(len(numbers))}
		for n, i := range numbers {
			k.nodes = append(k.nodes, nodes[i])
			for m, j := range numbers[:n] {
				if g.conflicts[i].has(j) {
					k.oppose(n, m)
				}
			}
		}
		k.sets = k.graph.sets(maxSets)
		all = append(all, k)
	}
	return all
}

// nodes is the claims of a cluster that meet the same others, and the awards against which they stand.
func (w *world) nodes(c *cluster) []node {
	var all []node
	var contests []contest
	number := func(g int, key shared) int {
		x := contest{HigherOf, g, key}
		n := slices.Index(contests, x)
		if n < 0 {
			n, contests = len(contests), append(contests, x)
		}
		return n
	}
	for _, i := range w.order {
		own := node{clause: w.claims[i].clause, meets: make([]int, len(c.groups))}
		if !slices.Contains(c.clauses, own.clause) {
			continue
		}
		for n, g := range c.groups {
			own.meets[n] = -1
			if key, ok := w.groupKey(&w.plan.groups[g], g, i); ok {
				own.meets[n] = number(g, key)
			}
		}
		k := slices.IndexFunc(all, func(o node) bool { return o.clause == own.clause && slices.Equal(o.meets, own.meets) })
		if k < 0 {
			k, all = len(all), append(all, own)
		}
		all[k].claims = append(all[k].claims, i)
	}
	slices.SortStableFunc(all, func(a, b node) int {
		return cmp.Compare(slices.Index(c.clauses, a.clause), slices.Index(c.clauses, b.clause))
	})
	return append(all, w.awarded(c, func(g int, key shared) int { return slices.Index(contests, contest{HigherOf, g, key}) })...)
}

// awarded is the awards of other documents that stand against claims of a cluster. One award is one, in however many
// groups it stands against them.
func (w *world) awarded(c *cluster, number func(g int, key shared) int) []node {
	var all []node
	for k, r := range w.rivals {
		n := slices.Index(c.groups, r.group)
		if n < 0 {
			continue
		}
		rule := &w.plan.groups[r.group]
		meets := number(r.group, rule.in(shared{project: r.project}, r.year))
		if meets < 0 {
			continue
		}
		at := slices.IndexFunc(all, func(o node) bool { return w.plan.same(w.rivals[o.rivals[0]], r) })
		if at < 0 {
			at, all = len(all), append(all, node{clause: -1, meets: slices.Repeat([]int{-1}, len(c.groups))})
		}
		all[at].meets[n] = meets
		all[at].rivals = append(all[at].rivals, k)
	}
	return all
}

// worth is what the nodes of a knot bring. No more than lets all of them be added up; real amounts are far below.
func (w *world) worth(k *knot) []money.Fen {
	w.worths = append(w.worths[:0], make([]money.Fen, len(k.nodes))...)
	for n := range k.nodes {
		x, to := &k.nodes[n], &w.worths[n]
		for _, i := range x.claims {
			*to = plus(*to, w.pays[i])
		}
		*to = min(plus(*to, w.award(x)), unbounded/money.Fen(len(k.nodes)))
	}
	return w.worths
}

// award is what another document gave.
func (w *world) award(x *node) (most money.Fen) {
	for _, r := range x.rivals {
		most = max(most, w.awards[r])
	}
	return most
}

// together settles the groups of a cluster: in each knot the best set stands.
func (w *world) together(m *matter) {
	c := &w.plan.clusters[m.rule]
	for at := range m.knots {
		k := &m.knots[at]
		s := k.search(w.worth(k))
		stands := w.choose(c, k, s)
		w.tangled = w.tangled || s.left < 0
		for n := range k.nodes {
			x := &k.nodes[n]
			switch {
			case !stands.has(n):
				w.falls(c, k, s, stands, n)
			case x.clause < 0:
				w.kept = plus(w.kept, w.award(x))
			}
		}
	}
}

// falls takes from the claims of a node what they are paid.
func (w *world) falls(c *cluster, k *knot, s *search, stands nodeSet, n int) {
	var step Step
	if w.note != nil && len(k.nodes[n].claims) > 0 {
		step = w.lost(c, k, stands, n)
		step.By = s.sum(stands) - s.with(n)
	}
	for _, i := range k.nodes[n].claims {
		w.cut(i, 0, step)
	}
}

// choose is the set that stands in a knot.
func (w *world) choose(c *cluster, k *knot, s *search) nodeSet {
	if k.sets == nil {
		return s.best(k.whole())
	}
	best, most := 0, money.Fen(-1)
	for n, set := range k.sets {
		if sum := s.sum(set); sum > most {
			best, most = n, sum
		}
	}
	return k.sets[w.winner(contest{HigherOf, c.groups[0], shared{project: k.nodes[0].claims[0]}}, len(k.sets), best)]
}

// lost says to what a node gives way, and by which group.
func (w *world) lost(c *cluster, k *knot, stands nodeSet, n int) Step {
	s := Step{Stage: HigherOf, lost: -1}
	in := len(c.groups)
	for m := range stands.and(k.conflicts[n]).all() {
		x, at := &k.nodes[m], w.plan.opposed(c, &k.nodes[n], &k.nodes[m])
		in = min(in, at)
		switch {
		case x.clause < 0:
			award := w.award(x)
			if s.Award != nil {
				award = plus(award, *s.Award)
			}
			r := slices.IndexFunc(x.rivals, func(r int) bool { return w.rivals[r].group == c.groups[at] })
			s.Document, s.Award = w.rivals[x.rivals[r]].document, &award
		case s.lost < 0:
			s.lost = x.claims[0]
		default:
			s.beside = append(s.beside, x.claims[0])
		}
	}
	rule := &w.plan.groups[c.groups[in]]
	s.Rule, s.Place = rule.id, rule.place
	return s
}
