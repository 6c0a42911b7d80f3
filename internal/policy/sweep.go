package policy

import (
	"cmp"
	"iter"
	"slices"
	"sync"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// sweeping is room for what claims have in common, by the numbers of their pools.
type sweeping struct {
	drawn  []money.Fen // or granted, or the sum of a side
	best   []money.Fen // of the sides of a contest; -1 of none
	winner []int16     // 1 and more than the number of the side; 0 of none, -1 of another document
	paid   [][]money.Fen
	ties   *ties
}

// number numbers the pools that the plan asks for.
func (s *Survey) number() {
	for c := range s.plan.ceilings {
		if r := &s.plan.ceilings[c]; r.period != "event" {
			s.crowd.number(ceilingScope(r.scope))
		}
	}
	for g := range s.plan.groups {
		s.crowd.number(groupScope(s.plan.groups[g].scope))
	}
}

// sweep settles the claims of all enterprises together, in the order of world.shape: of each ceiling and group, lot by lot, in the
// order of time. What is settled one by one afterwards is swept along.
func (t *settler) sweep() {
	pl := t.survey.plan
	for _, stage := range pl.order {
		if stage == HigherOf {
			for k := range pl.clusters {
				t.cluster(k)
			}
			continue
		}
		for c := range pl.ceilings {
			if pl.ceilings[c].stage == stage {
				t.ceiling(&pl.ceilings[c])
			}
		}
	}
}

// those is some parts, by year and then in the order in which their questions are asked.
func (t *settler) those(in func(p *lot) bool) []*lot {
	var all []*lot
	for _, p := range t.parts {
		if in(p) {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b *lot) int { return a.table.year - b.table.year })
	return all
}

// meeting is the parts of some clauses that may meet others, on known days.
func (t *settler) meeting(of func(clause int) bool) []*lot {
	return t.those(func(p *lot) bool {
		return t.survey.meets[p.k.index] && p.table.year > 0 && of(p.k.index)
	})
}

// terms is parts that may share pools of a period: those of each year, or all.
func terms(all []*lot, period string) iter.Seq[[]*lot] {
	return func(yield func([]*lot) bool) {
		for from := 0; from < len(all); {
			to := len(all)
			if period == "year" {
				to = from + 1
				for to < len(all) && all[to].table.year == all[from].table.year {
					to++
				}
			}
			if !yield(all[from:to]) {
				return
			}
			from = to
		}
	}
}

// base is the first number of a pool of the enterprises, and how many there are.
func (t *settler) base(s scope) (base int32, n int) {
	first := t.survey.crowd.pools[s].first
	return first[t.from], int(first[t.to] - first[t.from])
}

// fresh is room for so many, each the same.
func fresh[T any](room []T, n int, with T) []T {
	room = slices.Grow(room[:0], n)[:n]
	for i := range room {
		room[i] = with
	}
	return room
}

// inTime says that parts, one after the other, have the claims of each pool in the order of time.
func inTime(all []*lot, s scope) bool {
	for n, p := range all {
		if !p.table.timely {
			return false
		}
		if n == 0 || all[n-1].table.year != p.table.year {
			continue
		}
		before := all[n-1].table
		if !(before.screen.yearly && p.table.screen.yearly || before == p.table && apart(all[n:n+1], s)) {
			return false
		}
	}
	return true
}

// ceiling lets the claims that it covers draw on its pools.
func (t *settler) ceiling(rule *ceilingRule) {
	s, all := ceilingScope(rule.scope), t.meeting(func(clause int) bool { return rule.slot[clause] >= 0 })
	if rule.period == "event" {
		for _, p := range all {
			p.cap(rule.slot[p.k.index])
		}
		return
	}
	for some := range terms(all, rule.period) {
		if apart(some, s) {
			for _, p := range some {
				p.cap(rule.slot[p.k.index])
			}
			continue
		}
		base, n := t.base(s)
		t.drawn = fresh(t.drawn, n, 0)
		if inTime(some, s) {
			for _, p := range some {
				p.draw(rule.slot[p.k.index], p.table.pools[s].of, base, t.drawn)
			}
			continue
		}
		for r := range t.ordered(some) {
			p, d := r.part, &t.drawn[r.part.table.pools[s].of[r.part.rows[r.at]]-base]
			pays := &p.pays[r.at]
			*pays = min(*pays, max(p.limitsOf(int(r.at))[rule.slot[p.k.index]]-*d, 0))
			*d += *pays
		}
	}
}

// cap lets no claim have more than its own limit.
func (p *lot) cap(slot int) {
	pays := p.pays
	if p.level != nil {
		limit := p.level[slot]
		for n, x := range pays {
			pays[n] = min(x, limit)
		}
		return
	}
	of := len(p.k.ceilings)
	limits := p.limits
	for n, x := range pays {
		pays[n] = min(x, limits[n*of+slot])
	}
}

// draw lets the claims of a part draw on pools, one after the other.
func (p *lot) draw(slot int, pools []int32, base int32, drawn []money.Fen) {
	pays, rows := p.pays[:len(p.rows)], p.rows
	if p.level != nil {
		limit := p.level[slot]
		for n, x := range pays {
			d := &drawn[pools[rows[n]]-base]
			x = min(x, max(limit-*d, 0))
			pays[n] = x
			*d += x
		}
		return
	}
	of := len(p.k.ceilings)
	limits := p.limits
	for n, x := range pays {
		d := &drawn[pools[rows[n]]-base]
		x = min(x, max(limits[n*of+slot]-*d, 0))
		pays[n] = x
		*d += x
	}
}

// cluster settles the groups of a cluster.
func (t *settler) cluster(k int) {
	c := &t.survey.plan.clusters[k]
	if len(c.groups) > 1 {
		t.knots(k, c)
		return
	}
	g := c.groups[0]
	rule := &t.survey.plan.groups[g]
	if rule.scope == "cost_item" { // what is the same is known of each enterprise alone
		return
	}
	all := t.meeting(func(clause int) bool { return slices.Contains(rule.clauses, clause) })
	for some := range terms(all, rule.period) {
		if rule.pick == "difference" {
			t.difference(rule, some)
		} else {
			t.contest(g, rule, some)
		}
	}
}

// contest lets one side of each contest stand.
func (t *settler) contest(g int, rule *groupRule, all []*lot) {
	given, first := t.survey.rivals[g], all[0].k
	if given == nil && (rule.sum || !slices.ContainsFunc(all, func(p *lot) bool { return p.k != first })) {
		return
	}
	s, higher := groupScope(rule.scope), rule.pick == "higher_of"
	var others []money.Fen
	if given != nil && higher && s == inProject { // others are settled by themselves
		others = given.byPool(all[0].table.year, rule.period == "year")
	}
	if apart(all, s) {
		for _, p := range all {
			p.below(p.table.pools[s].of, others)
		}
		return
	}
	base, n := t.base(s)
	t.best, t.winner = fresh(t.best, n, -1), fresh(t.winner, n, 0)
	for side, clause := range rule.clauses {
		own := slices.DeleteFunc(slices.Clone(all), func(p *lot) bool { return !rule.sum && p.k.index != clause })
		if len(own) == 0 {
			continue
		}
		t.side(int16(side+1), own, s, base, higher)
		if rule.sum {
			break
		}
	}
	if others != nil {
		for i, x := range others[base:][:n] {
			if t.winner[i] != 0 && x > t.best[i] {
				t.winner[i] = -1
			}
		}
	}
	for _, p := range all {
		side := int16(1)
		if !rule.sum {
			side = int16(slices.Index(rule.clauses, p.k.index) + 1)
		}
		pays, rows, of := p.pays[:len(p.rows)], p.rows, p.table.pools[s].of
		for at, r := range rows {
			if i := of[r] - base; i >= 0 && t.winner[i] != side {
				pays[at] = 0
			}
		}
	}
}

// side holds what one side of each contest comes to against those before it.
func (t *settler) side(side int16, own []*lot, s scope, base int32, higher bool) {
	if apart(own, s) {
		for _, p := range own {
			pays, of := p.pays, p.table.pools[s].of
			for at, r := range p.rows {
				if i := of[r] - base; i >= 0 {
					t.stand(side, i, pays[at], higher)
				}
			}
		}
		return
	}
	t.drawn = fresh(t.drawn, len(t.best), 0)
	for _, p := range own {
		pays, of := p.pays, p.table.pools[s].of
		for at, r := range p.rows {
			if i := of[r] - base; i >= 0 {
				t.drawn[i] += pays[at]
			}
		}
	}
	for _, p := range own {
		of := p.table.pools[s].of
		for _, r := range p.rows {
			if i := of[r] - base; i >= 0 {
				t.stand(side, i, t.drawn[i], higher)
			}
		}
	}
}

// stand lets a side stand in a contest where it brings more than those before it, or is the first.
func (t *settler) stand(side int16, i int32, sum money.Fen, higher bool) {
	if best := t.best[i]; best < 0 || higher && sum > best {
		t.best[i], t.winner[i] = sum, side
	}
}

// below lets no claim stand that is alone in its contest, and below what other documents gave.
func (p *lot) below(pools []int32, others []money.Fen) {
	if others == nil {
		return
	}
	pays := p.pays[:len(p.rows)]
	for at, r := range p.rows {
		if i := pools[r]; i >= 0 && others[i] > pays[at] {
			pays[at] = 0
		}
	}
}

// difference pays, in order of time, what goes beyond what was granted before: see world.difference.
func (t *settler) difference(rule *groupRule, all []*lot) {
	s := groupScope(rule.scope)
	base, n := t.base(s)
	t.drawn = fresh(t.drawn, n, 0)
	for len(t.paid) < len(rule.clauses) {
		t.paid = append(t.paid, nil)
	}
	if rule.toSum {
		for c := range rule.clauses {
			t.paid[c] = fresh(t.paid[c], n, 0)
		}
	}
	for r := range t.ordered(all) {
		p := r.part
		i := p.table.pools[s].of[p.rows[r.at]] - base
		if i < 0 {
			continue
		}
		pays, before := &p.pays[r.at], &t.drawn[i]
		if !rule.toSum {
			claimed := *pays
			*pays = max(*pays-*before, 0)
			*before = max(*before, claimed)
			continue
		}
		own := &t.paid[slices.Index(rule.clauses, p.k.index)][i]
		*pays = max(*pays-(*before-*own), 0)
		*before, *own = *before+*pays, *own+*pays
	}
}

// knots settles the groups of a cluster that overlap, enterprise by enterprise.
func (t *settler) knots(k int, c *cluster) {
	t.gather(t.meeting(func(clause int) bool { return slices.Contains(c.clauses, clause) }), false)
	for some := range byFirm(t.sorted) {
		inOrderOfTime(some)
		if !t.knotted(k, c, t.from+int(some[0].firm), some) {
			t.remains(int(some[0].firm), allLeft)
		}
	}
}

// knotted settles those of one enterprise; false where too much competes with each other.
func (t *settler) knotted(k int, c *cluster, firm int, some []reference) bool {
	t.rivals = t.survey.given(firm, t.rivals[:0], func(r *groupRule, project int) bool {
		return slices.ContainsFunc(some, func(x reference) bool {
			return int(x.who().project) == project && slices.Contains(r.clauses, x.part.k.index)
		})
	})
	t.rivals = slices.DeleteFunc(t.rivals, func(r rival) bool { return !slices.Contains(c.groups, r.group) })
	if len(some) < 2 && len(t.rivals) == 0 {
		return true
	}
	w := &t.world
	w.plan, w.rivals, w.tangled = t.survey.plan, t.rivals, false
	w.order, w.pays, w.awards = w.order[:0], w.pays[:0], w.awards[:0]
	t.ties.begin(k)
	for n := range some {
		x := &some[n]
		w.order, w.pays = append(w.order, n), append(w.pays, x.part.pays[x.at])
		t.ties.claim(x.part.k.index, x.part.table.year, x.who().project)
	}
	for n := range t.rivals {
		t.ties.rival(&t.rivals[n])
		w.awards = append(w.awards, t.rivals[n].low)
	}
	all, ok := t.ties.find()
	if !ok {
		w.claims, w.at = w.claims[:0], w.at[:0]
		for _, x := range some {
			w.claims = append(w.claims, claim{clause: x.part.k.index, unit: int(x.who().unit), project: int(x.who().project)})
			w.at = append(w.at, outcome{present: true, year: x.part.table.year, day: x.who().day})
		}
		all = w.knots(c)
		t.ties.keep(all)
	}
	w.together(&matter{kind: knotted, rule: k, knots: all})
	for n, x := range some {
		x.part.pays[x.at] = w.pays[n]
	}
	return !w.tangled
}

// maxTies is how many are kept.
const maxTies = 4096

// ties keeps what competes with what among the claims of many enterprises, by all that it depends on: no amount is part of that. It
// belongs to one goroutine.
type ties struct {
	of   map[uint64]tied // by a number that signs seldom share
	sign []uint64        // of the claims that are asked for
	hash uint64
}

// tied is knots with all that they depend on.
type tied struct {
	sign  []uint64
	knots []knot
}

// keptTies is those of a crowd under the settings that were asked for last: no number of a plan is part of them.
type keptTies struct {
	mu       sync.Mutex
	settings string
	free     []*ties
}

// take is some that nobody has.
func (k *keptTies) take(settings string) *ties {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.settings != settings {
		k.settings, k.free = settings, nil
	}
	if n := len(k.free); n > 0 {
		s := k.free[n-1]
		k.free = k.free[:n-1]
		return s
	}
	return &ties{of: map[uint64]tied{}}
}

// give gives them back.
func (k *keptTies) give(settings string, s *ties) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.settings == settings {
		k.free = append(k.free, s)
	}
}

// begin is before the claims of an enterprise in a cluster, in time, and what other documents gave to it.
func (k *ties) begin(cluster int) { k.sign = append(k.sign[:0], uint64(cluster)) }

func (k *ties) claim(clause, year int, project int32) {
	k.sign = append(k.sign, uint64(uint16(clause))<<48|uint64(uint16(year))<<32|uint64(uint32(project)))
}

func (k *ties) rival(r *rival) {
	k.sign = append(k.sign, 1<<63|uint64(r.group), uint64(uint32(r.project))<<32|uint64(uint32(r.year)))
}

// find is the knots of the claims, where they are kept.
func (k *ties) find() ([]knot, bool) {
	k.hash = uint64(len(k.sign))
	for _, x := range k.sign {
		k.hash = (k.hash ^ x) * 0x9e3779b97f4a7c15 // of Fibonacci hashing
		k.hash ^= k.hash >> 29
	}
	found, ok := k.of[k.hash]
	return found.knots, ok && slices.Equal(found.sign, k.sign)
}

// keep keeps the knots that were not found.
func (k *ties) keep(all []knot) {
	if _, taken := k.of[k.hash]; !taken && len(k.of) < maxTies {
		k.of[k.hash] = tied{slices.Clone(k.sign), all}
	}
}

// reference is an answer of an enterprise.
type reference struct {
	firm   int32 // among those of the settler
	at     int32
	part   *lot
	amount money.Fen // of one that is settled by itself
}

func (r *reference) who() *who { return &r.part.table.who[r.part.rows[r.at]] }

func (r *reference) day() period.Day { return r.who().day }

// gathering is room for answers that are brought together.
type gathering struct {
	found, sorted, own []reference
	first              []int32
}

// gather puts the answers of each enterprise next to each other, part by part: of those that are settled by themselves, or of the
// others.
func (t *settler) gather(parts []*lot, marked bool) {
	t.first = fresh(t.first, t.to-t.from+1, 0)
	t.found = t.found[:0]
	for _, p := range parts {
		for at := range p.rows {
			if i := p.firm(at) - int32(t.from); (t.marked && t.marks[i]) == marked && p.state(at) != nothing {
				t.found = append(t.found, reference{firm: i, part: p, at: int32(at)})
				t.first[i+1]++
			}
		}
	}
	for i := 1; i < len(t.first); i++ {
		t.first[i] += t.first[i-1]
	}
	t.sorted = slices.Grow(t.sorted[:0], len(t.found))[:len(t.found)]
	for _, r := range t.found {
		t.sorted[t.first[r.firm]] = r
		t.first[r.firm]++
	}
}

// byFirm is the answers of one enterprise after the other.
func byFirm(sorted []reference) iter.Seq[[]reference] {
	return func(yield func([]reference) bool) {
		for at := 0; at < len(sorted); {
			end := at + 1
			for end < len(sorted) && sorted[end].firm == sorted[at].firm {
				end++
			}
			if !yield(sorted[at:end]) {
				return
			}
			at = end
		}
	}
}

// inOrderOfTime puts the answers of an enterprise, which come by year and in the order in which they are asked, into the order of
// their days.
func inOrderOfTime(some []reference) {
	if len(some) > 16 {
		slices.SortStableFunc(some, func(a, b reference) int { return cmp.Compare(a.day(), b.day()) })
		return
	}
	for n := range some { // few, and mostly in order
		for m := n; m > 0 && some[m-1].day() > some[m].day(); m-- {
			some[m-1], some[m] = some[m], some[m-1]
		}
	}
}

// ordered is the claims of parts, of each enterprise in the order of time.
func (t *settler) ordered(parts []*lot) iter.Seq[*reference] {
	return func(yield func(*reference) bool) {
		t.gather(parts, false)
		for some := range byFirm(t.sorted) {
			inOrderOfTime(some)
			for n := range some {
				if !yield(&some[n]) {
					return
				}
			}
		}
	}
}
