package policy

import (
	"iter"
	"math/bits"
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
)

// graph is things of which some may not stand together. Their order decides between equals: of two conflict-free sets that
// bring the same, the one that has the first thing in which they differ stands.
type graph struct{ conflicts []nodeSet }

// nodeSet is numbers of nodes.
type nodeSet []uint64

func newNodeSet(n int) nodeSet { return make(nodeSet, (n+63)/64) }

func (s nodeSet) has(i int) bool { return s[i>>6]>>(i&63)&1 != 0 }
func (s nodeSet) put(i int)      { s[i>>6] |= 1 << (i & 63) }
func (s nodeSet) take(i int)     { s[i>>6] &^= 1 << (i & 63) }

func (s nodeSet) empty() bool {
	return !slices.ContainsFunc(s, func(word uint64) bool { return word != 0 })
}

func (s nodeSet) count() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// all is the nodes in order.
func (s nodeSet) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for k, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(k<<6 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}

// first is the first node, -1 of none.
func (s nodeSet) first() int {
	for i := range s.all() {
		return i
	}
	return -1
}

func (s nodeSet) meets(t nodeSet) bool {
	for k := range s {
		if s[k]&t[k] != 0 {
			return true
		}
	}
	return false
}

func (s nodeSet) within(t nodeSet) bool {
	for k := range s {
		if s[k]&^t[k] != 0 {
			return false
		}
	}
	return true
}

func (s nodeSet) and(t nodeSet) nodeSet {
	out := make(nodeSet, len(s))
	for k := range s {
		out[k] = s[k] & t[k]
	}
	return out
}

func (s nodeSet) without(t nodeSet) nodeSet {
	out := make(nodeSet, len(s))
	for k := range s {
		out[k] = s[k] &^ t[k]
	}
	return out
}

func (s nodeSet) or(t nodeSet) nodeSet {
	out := make(nodeSet, len(s))
	for k := range s {
		out[k] = s[k] | t[k]
	}
	return out
}

// compare is negative where s comes first: it has the first node in which they differ.
func (s nodeSet) compare(t nodeSet) int {
	for k := range s {
		if differ := s[k] ^ t[k]; differ != 0 {
			if s[k]&(differ&-differ) != 0 {
				return -1
			}
			return 1
		}
	}
	return 0
}

func newGraph(n int) *graph {
	g := &graph{conflicts: make([]nodeSet, n)}
	for i := range g.conflicts {
		g.conflicts[i] = newNodeSet(n)
	}
	return g
}

func (g *graph) oppose(i, j int) {
	g.conflicts[i].put(j)
	g.conflicts[j].put(i)
}

// whole is all nodes.
func (g *graph) whole() nodeSet {
	s := newNodeSet(len(g.conflicts))
	for i := range g.conflicts {
		s.put(i)
	}
	return s
}

// part is the nodes that hang together with one of the open ones.
func (g *graph) part(open nodeSet, from int) nodeSet {
	found := g.only(from)
	for todo := []int{from}; len(todo) > 0; {
		next := g.conflicts[todo[0]].and(open).without(found)
		todo = todo[1:]
		todo = slices.AppendSeq(todo, next.all())
		found = found.or(next)
	}
	return found
}

// filled is the first of the maximal conflict-free sets that hold a conflict-free one.
func (g *graph) filled(s nodeSet) nodeSet {
	out := slices.Clone(s)
	for i := range g.conflicts {
		if !g.conflicts[i].meets(out) {
			out.put(i)
		}
	}
	return out
}

// sets is all maximal conflict-free sets in their order; nil where there are more than most. (Johnson, Yannakakis and
// Papadimitriou 1988: each set leads to those that follow it, so that the time for one is bounded.)
func (g *graph) sets(most int) []nodeSet {
	n := len(g.conflicts)
	var all []nodeSet
	for ahead := []nodeSet{g.filled(newNodeSet(n))}; len(ahead) > 0; {
		set := ahead[0]
		if all, ahead = append(all, set), ahead[1:]; len(all) > most {
			return nil
		}
		before := newNodeSet(n)
		for j := range n {
			if before.put(j); set.has(j) || !g.conflicts[j].and(before).meets(set) {
				continue
			}
			next := set.and(before).without(g.conflicts[j])
			next.put(j)
			if !g.fullBefore(next, j) {
				continue
			}
			next = g.filled(next)
			if at, found := slices.BinarySearchFunc(ahead, next, nodeSet.compare); !found {
				ahead = slices.Insert(ahead, at, next)
			}
		}
	}
	return all
}

// fullBefore says that no node up to j can be put in addition.
func (g *graph) fullBefore(s nodeSet, j int) bool {
	for i := range j {
		if !s.has(i) && !g.conflicts[i].meets(s) {
			return false
		}
	}
	return true
}

// maxBranches is how many branches the search for one best set may take: far more than any firm's awards ever needed, and
// few enough that it comes to an end.
const maxBranches = 1 << 13

// search finds the best conflict-free set without all of them: branch and bound, each part of the graph by itself.
type search struct {
	*graph
	worth []money.Fen
	left  int // branches; below zero where they did not suffice
}

func (g *graph) search(worth []money.Fen) *search { return &search{g, worth, maxBranches} }

func (s *search) sum(of nodeSet) (total money.Fen) {
	for k, word := range of {
		for ; word != 0; word &= word - 1 {
			total += s.worth[k<<6+bits.TrailingZeros64(word)]
		}
	}
	return total
}

// with is the most that the sets with a node bring.
func (s *search) with(i int) money.Fen {
	rest := s.whole().without(s.conflicts[i]).without(s.only(i))
	return s.worth[i] + s.sum(s.best(rest))
}

// beats says that one conflict-free set is taken before another.
func (s *search) beats(a, b nodeSet) bool {
	x, y := s.sum(a), s.sum(b)
	return x > y || x == y && a.compare(b) < 0
}

// best is the best set of open nodes: what brings the most, and the first of equals.
func (s *search) best(open nodeSet) nodeSet {
	chosen := newNodeSet(len(s.conflicts))
	open = s.reduce(open, chosen)
	for !open.empty() && s.left >= 0 {
		part := s.part(open, open.first())
		chosen, open = chosen.or(s.branch(part)), open.without(part)
	}
	return chosen
}

// reduce settles what needs no choice: a node that beats all its conflicts together stands, and one falls that is beaten by
// a conflict of which all other conflicts are its own too. What stands is put into chosen; what is left open is given back.
func (s *search) reduce(open, chosen nodeSet) nodeSet {
	open = slices.Clone(open)
	for again := true; again; {
		again = false
		for i := range slices.Clone(open).all() {
			against := s.conflicts[i].and(open)
			switch one := s.only(i); {
			case !open.has(i):
			case s.beats(one, against):
				chosen.put(i)
				open, again = open.without(against).without(one), true
			default:
				for j := range against.all() {
					if other := s.only(j); against.without(other).within(s.conflicts[j]) && s.beats(one, other) {
						open.take(j)
						again = true
					}
				}
			}
		}
	}
	return open
}

// only is one node.
func (g *graph) only(i int) nodeSet {
	s := newNodeSet(len(g.conflicts))
	s.put(i)
	return s
}

// branch tries a connected part with its most entangled node and without it.
func (s *search) branch(part nodeSet) nodeSet {
	if s.left--; s.left < 0 {
		return newNodeSet(len(s.conflicts))
	}
	at, most := -1, -1
	for i := range part.all() {
		if n := s.conflicts[i].and(part).count(); n > most {
			at, most = i, n
		}
	}
	rest := slices.Clone(part)
	rest.take(at)
	with := s.best(rest.without(s.conflicts[at]))
	with.put(at)
	if s.bound(rest) < s.sum(with) {
		return with
	}
	if without := s.best(rest); s.beats(without, with) {
		return without
	}
	return with
}

// bound is no less than what any conflict-free set of open nodes brings: they are sorted into lots of which one can stand.
func (s *search) bound(open nodeSet) (total money.Fen) {
	rest := slices.Clone(open)
	for !rest.empty() {
		top := money.Fen(0)
		for lot := rest; !lot.empty(); {
			i := lot.first()
			top = max(top, s.worth[i])
			rest.take(i)
			lot = lot.and(s.conflicts[i])
		}
		total += top
	}
	return total
}
