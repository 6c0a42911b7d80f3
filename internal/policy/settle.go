package policy

import (
	"cmp"
	"slices"
	"sync"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// answer is a clause for a subject and year that was not ruled out, taken out of its lot.
type answer struct {
	lot           *lot
	at            int // in the lot
	clause        int
	subject, year int // year 0 for an event without a known day
	state         answerState
	amount        money.Fen // while its enterprise is settled by itself: before ceilings and stacking
}

func (l *lot) answer(n int) answer {
	return answer{lot: l, at: n, clause: l.k.index, subject: int(l.table.rows[l.rows[n]].number), year: l.table.year, state: l.state(n)}
}

func (a *answer) row() *row        { return &a.lot.table.rows[a.lot.rows[a.at]] }
func (a *answer) pays() *money.Fen { return &a.lot.pays[a.at] }
func (a *answer) floor() bool      { return a.lot.table.floored && a.row().lies == onFloor }

// limits is what the ceilings of the claim allow.
func (a *answer) limits() []money.Fen { return a.lot.limitsOf(a.at) }

// meets says that a clause has to be settled together with others, or with its own claims for other events: what columns say
// of a claim of any other is what it is paid. With no policy in force, and in quotas and pools, nothing is settled here.
func (pl *Plan) meets(k *clauseRule, hangs []int16) bool {
	switch {
	case !pl.live || k.staged(pl) || len(k.onces) > 0:
		return true
	case slices.ContainsFunc(k.ceilings, func(c slot) bool { return c.period != "event" }):
		return true
	case slices.ContainsFunc(pl.groups, func(r groupRule) bool { return slices.Contains(r.clauses, k.index) }):
		return true
	}
	for i, lowest := range hangs {
		if i != k.index && lowest == hangs[k.index] {
			return true
		}
	}
	return false
}

// opposed is the group that holds what other documents gave against a clause, and who has it.
type opposed struct {
	group int
	*elsewhere
	unknown bool // what nobody reported is not known
}

// settler settles enterprises that lie next to each other, as far as everything that touches their claims is known.
type settler struct {
	*crew
	*asker
	survey   *Survey
	machines []*column.Machine // of jobs
	from, to int
	lots     []lot       // room for the answers
	parts    []*lot      // those that have some
	marks    []bool      // by enterprise: it is settled by itself
	marked   bool        // some are
	counts   []int32     // by enterprise
	odd      bool        // something is left of one
	into     *tallied    // what is known of them in the end
	sums     []money.Fen // room; empty between

	sweeping
	gathering

	world   world
	rivals  []rival  // of the enterprise
	blank   []string // keys of claims that no other shares
	some    []answer
	open    []int // of those, what must be asked
	stacked []int // of those, claims that are stacked together
}

// crew is those who answer jobs, each for some enterprises at a time.
type crew struct {
	survey   *Survey
	jobs     []job
	place    [][]int // of the lot of each clause of a job: they are in the order in which their questions would be asked
	lots     int
	opposed  [][]opposed // by clause
	quick    bool        // columns of the plan may settle an enterprise with claims that meet
	mu       sync.Mutex
	free, in []*settler
}

func (s *Survey) crew(jobs []job) *crew {
	c := &crew{survey: s, jobs: jobs, opposed: s.against()}
	c.quick = s.plan.live && !s.plan.Staged() && len(s.plan.itemized) == 0 && len(s.plan.onces) == 0
	type lot struct{ job, clause int }
	var all []lot
	for n := range jobs { // tables are in the order of years
		c.place = append(c.place, make([]int, len(jobs[n].clauses)))
		for k := range jobs[n].clauses {
			all = append(all, lot{n, k})
		}
	}
	slices.SortStableFunc(all, func(a, b lot) int {
		return s.place[jobs[a.job].clauses[a.clause].index] - s.place[jobs[b.job].clauses[b.clause].index]
	})
	for at, l := range all {
		c.place[l.job][l.clause] = at
	}
	c.lots = len(all)
	return c
}

// settlers keeps their room from one survey to the next.
var settlers = sync.Pool{New: func() any { return &settler{} }}

// take is one who has nothing to do.
func (c *crew) take() *settler {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.free); n > 0 {
		t := c.free[n-1]
		c.free = c.free[:n-1]
		return t
	}
	t := settlers.Get().(*settler)
	t.crew, t.survey, t.asker, t.ties = c, c.survey, askers.Get().(*asker), c.survey.crowd.ties.take(c.survey.settings)
	t.machines = make([]*column.Machine, len(c.jobs))
	t.lots = slices.Grow(t.lots[:0], c.lots)[:c.lots]
	c.in = append(c.in, t)
	return t
}

func (c *crew) give(t *settler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, t)
}

// end gives back the room of all. Of what they knew nothing stays in it.
func (c *crew) end() {
	for _, t := range c.in {
		for _, m := range t.machines {
			if m != nil {
				m.Close()
			}
		}
		askers.Put(t.asker)
		c.survey.crowd.ties.give(c.survey.settings, t.ties)
		for n := range t.lots {
			l := &t.lots[n]
			*l = lot{room: l.room[:0], states: l.states[:0], pays: l.pays[:0], limits: l.limits[:0]}
		}
		settlers.Put(&settler{lots: t.lots, marks: t.marks, counts: t.counts, sums: t.sums, sweeping: sweeping{drawn: t.drawn, best: t.best, winner: t.winner}})
	}
}

// against is what other documents gave, by the clauses against which a group holds it.
func (s *Survey) against() [][]opposed {
	all := make([][]opposed, len(s.plan.clauses))
	for g := range s.plan.groups {
		r := &s.plan.groups[g]
		if s.rivals[g] == nil {
			continue
		}
		for _, k := range r.clauses {
			all[k] = append(all[k], opposed{g, s.rivals[g], r.unreported == "unknown"})
		}
	}
	return all
}

func (t *settler) settle() {
	t.parts, t.odd = t.parts[:0], false
	for n := range t.lots {
		if l := &t.lots[n]; len(l.rows) > 0 {
			t.parts = append(t.parts, l)
		}
	}
	if t.mark(); t.marked {
		t.gather(t.those(func(l *lot) bool { return t.survey.meets[l.k.index] || len(l.states) > 0 }), true)
		t.own = append(t.own[:0], t.sorted...)
		for n := range t.own {
			r := &t.own[n]
			r.amount = r.part.pays[r.at]
		}
	}
	t.sweep()
	for all := range byFirm(t.own) {
		i := int(all[0].firm)
		t.remains(i, t.firm(t.from+i, all))
	}
	t.own = t.own[:0]
	if all := t.survey.total; all != nil {
		t.add(all[t.from:t.to])
		return
	}
	t.sums = slices.Grow(t.sums, t.survey.piece)[:t.survey.piece]
	t.add(t.sums)
	t.into.keep(t.sums)
}

// remains notes what is left of the ith of the enterprises.
func (t *settler) remains(i int, left remainder) {
	t.into.leave(i, t.to-t.from, left)
	t.odd = t.odd || left != allSettled
}

// kept is the lots as they stay.
func (t *settler) kept() []lot {
	all := make([]lot, len(t.parts))
	for n, l := range t.parts {
		all[n] = l.kept()
	}
	return all
}

// mark marks the enterprises that are settled by themselves: some answers of theirs are not known, or more than columns know tells
// what their claims compete for.
func (t *settler) mark() {
	t.marked = false
	most := int(unbounded/mostDefinite) - 1 // so many claims do not come to what nothing limits
	if !t.quick {
		most = 1
	}
	many, begun := !t.quick || t.passes(), false
	for _, p := range t.parts {
		meets := t.survey.meets[p.k.index]
		floored := meets && t.quick && p.table.floored
		looked := meets && t.looksAt(p.k)
		counted := meets && many
		if len(p.states) == 0 && !floored && !looked && !counted {
			continue
		}
		if !begun {
			t.marks, t.counts, begun = fresh(t.marks, t.to-t.from, false), fresh(t.counts, t.to-t.from, 0), true
		}
		for at := range p.rows {
			state, i := p.state(at), int(p.firm(at))
			if state == nothing {
				continue
			}
			if meets {
				t.counts[i-t.from]++
			}
			if state != definite || floored || int(t.counts[i-t.from]) > most || looked && t.looked(p, i) {
				t.marks[i-t.from], t.marked = true, true
			}
		}
	}
}

// passes says that all claims together that meet others may come to what nothing limits.
func (t *settler) passes() bool {
	left := unbounded - 1
	for _, p := range t.parts {
		if n := money.Fen(len(p.rows)); n > 0 && t.survey.meets[p.k.index] {
			if p.most > left/n {
				return true
			}
			left -= p.most * n
		}
	}
	return false
}

// looksAt says that some claims of a clause are looked at with all of their enterprise, even where they are alone.
func (t *settler) looksAt(k *clauseRule) bool {
	return !t.survey.plan.live || k.staged(t.survey.plan) || slices.ContainsFunc(t.opposed[k.index], func(o opposed) bool { return o.unknown || !t.sweeps(o) })
}

// looked says that a claim is such a one.
func (t *settler) looked(l *lot, firm int) bool {
	if !t.survey.plan.live || l.k.staged(t.survey.plan) {
		return true
	}
	return slices.ContainsFunc(t.opposed[l.k.index], func(o opposed) bool {
		return o.unknown && o.unreported[firm] || o.paid[firm] && !t.sweeps(o)
	})
}

// sweeps says that what other documents gave is held against claims in columns.
func (t *settler) sweeps(o opposed) bool {
	return t.quick && t.survey.plan.groups[o.group].scope == "project"
}

// add adds what columns settle to what each enterprise gets.
func (t *settler) add(sums []money.Fen) {
	from := int32(t.from)
	for _, p := range t.parts {
		switch {
		case p.k.purse != cash:
		case len(p.states) == 0 && !p.table.floored && !t.odd:
			firms, pays := p.table.firms, p.pays[:len(p.rows)]
			if p.whole {
				for n, i := range firms[p.first:][:len(pays)] {
					to := &sums[i-from]
					*to = plus(*to, pays[n])
				}
				continue
			}
			for n, i := range p.rows {
				to := &sums[firms[i]-from]
				*to = plus(*to, pays[n])
			}
		default:
			for at := range p.rows {
				i := p.firm(at)
				to := &sums[i-from]
				*to = plus(*to, t.survey.paid(p, at, i))
			}
		}
	}
}

// firm settles the claims of an enterprise that may meet each other, and gives what is left to ask of it.
func (t *settler) firm(i int, all []reference) remainder {
	s := t.survey
	t.some = t.some[:0]
	for _, r := range all {
		a := r.part.answer(int(r.at))
		a.amount = r.amount
		t.some = append(t.some, a)
	}
	s.order(t.some)
	some := t.some
	left := t.leave(i, some)
	if left == allLeft {
		return left
	}
	claims, sum := 0, money.Fen(0)
	for n := range some {
		if a := &some[n]; t.settles(a) {
			claims, sum = claims+1, plus(sum, a.amount)
		}
	}
	switch {
	case claims == 0:
		return left
	case sum >= unbounded: // an amount that nothing limits
		return allLeft
	}
	if t.given(i, some); !t.together(some) {
		return allLeft
	}
	return left
}

// order puts answers of an enterprise into the order in which all would be asked.
func (s *Survey) order(some []answer) {
	less := func(a, b *answer) bool {
		return cmp.Or(s.place[a.clause]-s.place[b.clause], a.subject-b.subject, a.year-b.year) < 0
	}
	for n := 1; n < len(some); n++ { // few, and nearly in order
		for m := n; m > 0 && less(&some[m], &some[m-1]); m-- {
			some[m-1], some[m] = some[m], some[m-1]
		}
	}
}

// given finds what other documents gave to the projects of the claims, where a group holds it against them.
func (t *settler) given(firm int, some []answer) {
	t.rivals = t.survey.given(firm, t.rivals[:0], func(r *groupRule, project int) bool {
		return slices.ContainsFunc(some, func(a answer) bool {
			return t.settles(&a) && int(a.row().project) == project && slices.Contains(r.clauses, a.clause)
		})
	})
}

// given is what other documents gave to projects of an enterprise that have a claim which a group holds it against, as far as it
// is known.
func (s *Survey) given(firm int, rivals []rival, claimed func(r *groupRule, project int) bool) []rival {
	for g, given := range s.rivals {
		if given == nil || !given.paid[firm] {
			continue
		}
		for _, x := range given.of(firm) {
			if claimed(&s.plan.groups[g], x.project) {
				x.group = g
				rivals = append(rivals, x)
			}
		}
	}
	return rivals
}

// settles says that a claim is known, meets others, and touches nothing that is left to ask.
func (t *settler) settles(a *answer) bool {
	return a.state == definite && t.survey.meets[a.clause] && !a.left()
}

// together stacks several claims; false where too many awards depend on each other.
func (t *settler) together(some []answer) bool {
	s := t.survey
	if t.blank == nil {
		t.blank = make([]string, len(s.plan.groups)+len(s.plan.onces)+1)
	}
	for _, floor := range [...]bool{false, true} {
		t.stacked = t.stacked[:0]
		for n := range some {
			if a := &some[n]; t.settles(a) && a.floor() == floor {
				t.stacked = append(t.stacked, n)
			}
		}
		if len(t.stacked) > 0 && !t.stack(some) {
			return false
		}
	}
	return true
}

// stack stacks those that are stacked together.
func (t *settler) stack(some []answer) bool {
	w := &t.world
	w.plan, w.claims, w.at, w.rivals, w.awards = t.survey.plan, w.claims[:0], w.at[:0], t.rivals, w.awards[:0]
	for _, r := range t.rivals {
		w.awards = append(w.awards, r.low)
	}
	for _, n := range t.stacked {
		a := &some[n]
		r := a.row()
		w.claims = append(w.claims, claim{clause: a.clause, unit: int(r.unit), project: int(r.project)})
		w.at = append(w.at, outcome{present: true, amount: a.amount, year: a.year, day: r.day, limits: a.limits(), once: t.blank, items: t.blank})
	}
	for at, pays := range w.settle() {
		*some[t.stacked[at]].pays() = pays
	}
	return !w.tangled
}
