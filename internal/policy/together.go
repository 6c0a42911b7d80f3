package policy

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
)

// gathered is lines of one year of a stage, taken together.
type gathered struct {
	quota          bool
	sure, possible money.Fen
	met            int         // lines that have their place for sure
	highs          []money.Fen // of a quota: what each may get, the most first once it was asked
	sums           []money.Fen // of so many of the first
	held           []held      // where each stands in the stage, where that is known
}

// held is a line as it stands in a stage, and what it may get in the end.
type held struct {
	*spot
	possible money.Fen
}

func (g *gathered) add(sure, possible money.Fen, met bool, at *spot) {
	g.sure, g.possible = plus(g.sure, sure), plus(g.possible, possible)
	if met {
		g.met++
	}
	if g.quota {
		g.highs = append(g.highs, possible)
	}
	if at != nil {
		g.held = append(g.held, held{at, possible})
	}
}

// top is the most that so many of the lines may get.
func (g *gathered) top(n int) money.Fen {
	if len(g.sums) <= len(g.highs) {
		slices.SortFunc(g.highs, func(a, b money.Fen) int { return cmp.Compare(b, a) })
		g.sums = make([]money.Fen, len(g.highs)+1)
		for i, h := range g.highs {
			g.sums[i+1] = plus(g.sums[i], h)
		}
	}
	return g.sums[min(max(n, 0), len(g.highs))]
}

// besides is the most that so many of the lines may get besides one that may get own.
func (g *gathered) besides(own money.Fen, n int) money.Fen {
	if n = min(n, len(g.highs)-1); n <= 0 {
		return 0
	}
	if first := g.top(n); own < g.highs[n-1] || first >= unbounded {
		return first
	}
	more := g.top(n + 1)
	if more >= unbounded {
		return more
	}
	return more - own
}

// places is how many places are left to the lines: those that others have for sure are not.
func (s *StageSum) places(g *gathered) int { return s.Most - (s.Met - g.met) }

// leaves is the most that the lines get together: no more than there are places, or than the money that is left by what
// others get for sure, or by those that come before them for sure.
func (s *StageSum) leaves(g *gathered) money.Fen {
	if s.Kind == QuotaKind {
		return min(g.possible, g.top(s.places(g)), g.placed(s.Most))
	}
	most := min(g.possible, top(s.Pays), s.Budget-(s.least-g.sure))
	if s.Ordered {
		return min(most, g.inOrder(s.Budget))
	}
	return min(most, s.shares(g))
}

// shares is the most that the lines get of a budget that is shared in proportion: when they claim the most and all others the
// least. A share is rounded up by a unit at most.
func (s *StageSum) shares(g *gathered) money.Fen {
	mine, others := money.Fen(0), s.Claimed.Sure
	for _, h := range g.held {
		mine, others = plus(mine, h.most), others-h.least
	}
	if all := plus(mine, others); len(g.held) > 0 && all < unbounded && all > s.Budget {
		share, _ := part(mine, max(s.Budget, 0), all)
		return share + money.Fen(len(g.held))*s.unit
	}
	return unbounded
}

// inOrder is the most that the lines get of a budget that is paid in order: when they claim the most and stand as far in front
// as they may, and all others claim the least and stand as far behind.
func (g *gathered) inOrder(budget money.Fen) money.Fen {
	if len(g.held) == 0 {
		return unbounded
	}
	slices.SortFunc(g.held, func(a, b held) int { return cmp.Compare(a.after, b.after) })
	own := g.inPlace()
	paid, mine := money.Fen(0), money.Fen(0) // mine is what those of the lines claim that are among the ones before for sure
	for _, h := range g.held {
		for len(own) > 0 && own[0].place < h.after {
			mine, own = plus(mine, own[0].least), own[1:]
		}
		paid = plus(paid, min(h.most, max(budget-(h.ahead-mine)-paid, 0)))
	}
	return paid
}

// inPlace is the lines that take part for sure, the first in place first.
func (g *gathered) inPlace() []held {
	sure := slices.DeleteFunc(slices.Clone(g.held), func(h held) bool { return h.place < 0 })
	slices.SortFunc(sure, func(a, b held) int { return cmp.Compare(a.place, b.place) })
	return sure
}

// placed is the most that the lines get for so many places. Lines can have the places together where nobody else is before one
// of them for sure: so with a line all that are before it for sure have places too.
func (g *gathered) placed(places int) money.Fen {
	if len(g.held) == 0 {
		return unbounded
	}
	slices.SortFunc(g.held, func(a, b held) int { return cmp.Compare(b.possible, a.possible) })
	free := newTally(len(g.held)) // lines that may have a place and need not, the dearest first
	numbers := make(map[*spot]int, len(g.held))
	for i, h := range g.held {
		numbers[h.spot] = i
	}
	byAfter := slices.Clone(g.held)
	slices.SortFunc(byAfter, func(a, b held) int { return cmp.Compare(a.after, b.after) })
	best, must, own := money.Fen(0), money.Fen(0), g.inPlace()
	for k := 0; k < len(byAfter) && byAfter[k].after < places; {
		before := byAfter[k].after // so many have places for sure
		for ; k < len(byAfter) && byAfter[k].after == before; k++ {
			free.put(numbers[byAfter[k].spot], byAfter[k].possible)
		}
		for ; len(own) > 0 && own[0].place < before; own = own[1:] {
			must = plus(must, own[0].possible)
			free.take(numbers[own[0].spot], own[0].possible)
		}
		best = max(best, plus(must, free.first(places-before)))
	}
	return best
}

// tally adds up the first of the amounts that are in it, by their numbers. It is a Fenwick tree.
type tally struct {
	n   []int
	sum []money.Fen
}

func newTally(size int) *tally { return &tally{make([]int, size+1), make([]money.Fen, size+1)} }

func (y *tally) put(i int, x money.Fen) { y.change(i, 1, x) }

func (y *tally) take(i int, x money.Fen) { y.change(i, -1, -x) }

func (y *tally) change(i, n int, x money.Fen) {
	for i++; i < len(y.n); i += i & -i {
		y.n[i] += n
		y.sum[i] += x
	}
}

// first is the sum of the first so many amounts.
func (y *tally) first(count int) money.Fen {
	sum, at := money.Fen(0), 0
	for step := 1 << bits.Len(uint(len(y.n))); step > 0; step /= 2 {
		if next := at + step; next < len(y.n) && y.n[next] <= count {
			at, count, sum = next, count-y.n[next], sum+y.sum[next]
		}
	}
	return sum
}

// together is the most that the entries of a stage come to, and notes with each the most that the others do where it takes
// part. Entries that came through one stage before keep together what that left to them.
func together(entries []*entry, before []StageSum) (most money.Fen) {
	groups := map[int]*gathered{}
	for _, e := range entries {
		g := groups[e.before]
		if g == nil {
			g = &gathered{quota: e.before >= 0 && before[e.before].Kind == QuotaKind}
			groups[e.before] = g
		}
		g.add(e.least, e.most, e.placed, nil)
	}
	left := map[int]money.Fen{}
	for n, g := range groups {
		if left[n] = g.possible; n >= 0 {
			left[n] = before[n].leaves(g)
		}
		most = plus(most, left[n])
	}
	for _, e := range entries {
		n, rest := e.before, unbounded
		switch g := groups[n]; {
		case n >= 0 && g.quota:
			rest = g.besides(e.most, before[n].places(g)-1)
		case g.possible < unbounded:
			rest = g.possible - e.most
		}
		if n >= 0 && !groups[n].quota {
			rest = min(rest, max(left[n]-e.least, 0))
		}
		e.others = rest
		for m, x := range left {
			if m != n {
				e.others = plus(e.others, x)
			}
		}
	}
	return most
}

// Stake is what a line may get out of a year of a quota or pool, which bounds the lines of all enterprises together.
type Stake struct {
	Sum            int // in Allotment.Sums: the last that it went through; -1 where the year is not known
	Before         int // the one before that, -1 for none
	Clause         string
	Sure, Possible money.Fen
	Met            bool // of a quota, the last or the one before: it has its place for sure

	portions []Portion
}

// Stakes parts the most that the enterprise may get in money into what is outside of quotas and pools and its stakes in
// them, each in the last that its line went through. Where the year is not known or nothing limits a line, it counts as
// outside too.
func (d *Decision) Stakes(a *Allotment) (rest Interval, stakes []Stake) {
	outside := money.Fen(0)
	sum := func(p Portion) int {
		if !p.dated {
			return -1
		}
		return slices.IndexFunc(a.Sums, func(s StageSum) bool { return s.Stage == p.Stage && s.Year == p.Year })
	}
	for i := range d.Lines {
		l := &d.Lines[i]
		if l.purse != cash || l.floored {
			continue
		}
		k, st := len(l.Portions), Stake{Sum: -1, Before: -1, Clause: l.Clause, Sure: l.Pays.Sure, Possible: l.Pays.Possible, portions: l.Portions}
		if k > 0 {
			st.Sum = sum(l.Portions[k-1])
			st.Met = l.Portions[k-1].State == Met
		}
		if k > 1 && st.Sum >= 0 {
			st.Before = sum(l.Portions[k-2])
			st.Met = l.Portions[k-2].State == Met
		}
		if st.Sum < 0 || l.Pays.Unbounded {
			outside = plus(outside, top(l.Pays))
		}
		if k > 0 && !l.Pays.Unbounded {
			stakes = append(stakes, st)
		}
	}
	return interval(0, min(outside, top(d.Total))), stakes
}

// Held is stakes of several lines, those of some enterprises or of one clause. The zero value holds none.
type Held struct {
	of map[[2]int]*apiece // by stage and year, and the one before
}

// apiece is lines of one year of a stage that came through the same stage before, as they stand in both.
type apiece struct{ last, before gathered }

// Add takes a stake whose year is known.
func (h *Held) Add(s Stake, a *Allotment) {
	if h.of == nil {
		h.of = map[[2]int]*apiece{}
	}
	key := [2]int{s.Sum, s.Before}
	if a.Sums[s.Sum].Kind == QuotaKind { // its places are all that counts
		key[1] = -1
	}
	g := h.of[key]
	if g == nil {
		g = &apiece{}
		g.last.quota = a.Sums[s.Sum].Kind == QuotaKind
		g.before.quota = key[1] >= 0 && a.Sums[key[1]].Kind == QuotaKind
		h.of[key] = g
	}
	k := len(s.portions)
	g.last.add(s.Sure, s.Possible, s.Met, &s.portions[k-1].spot)
	if g.before.quota {
		g.before.add(s.Sure, s.Possible, s.Met, &s.portions[k-2].spot)
	}
}

// Empty says that nothing was added.
func (h *Held) Empty() bool { return len(h.of) == 0 }

// Most is the most that the lines get together, whatever is not known yet turns out to be.
func (h *Held) Most(a *Allotment) money.Fen {
	met := map[int]int{} // lines with a place for sure, by quota
	for key, g := range h.of {
		if q := quotaOf(key, a); q >= 0 {
			met[q] += g.last.met
		}
	}
	last := map[int]*gathered{}
	for key, g := range h.of {
		all := last[key[0]]
		if all == nil {
			all = &gathered{quota: g.last.quota}
			last[key[0]] = all
		}
		possible := g.last.possible
		if q := quotaOf(key, a); q >= 0 {
			in := &g.last
			if g.before.quota {
				in = &g.before
			}
			possible = min(possible, in.top(a.Sums[q].Most-(a.Sums[q].Met-met[q])), in.placed(a.Sums[q].Most))
		} else if key[1] >= 0 {
			possible = min(possible, top(a.Sums[key[1]].Pays))
		}
		all.sure, all.possible, all.held = plus(all.sure, g.last.sure), plus(all.possible, possible), append(all.held, g.last.held...)
	}
	sum := money.Fen(0)
	for n, g := range last {
		if a.Sums[n].Kind == PoolKind {
			g.possible = a.Sums[n].leaves(g)
		}
		sum = plus(sum, g.possible)
	}
	return sum
}

// quotaOf is the quota that bounds the number of lines: the stage itself, or the one before it; -1 for none.
func quotaOf(key [2]int, a *Allotment) int {
	for _, n := range key {
		if n >= 0 && a.Sums[n].Kind == QuotaKind {
			return n
		}
	}
	return -1
}
