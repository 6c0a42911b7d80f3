package policy

import (
	"maps"
	"slices"
	"sync"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// touch is the enterprises to which a change of some numbers may make a difference, whatever the numbers become: gathered when
// one of these numbers is changed for the first time.
type touch struct {
	base    *Survey
	differs map[int]bool // parameters
	clauses []bool       // that may come to something else, and those that hang together with them
	crowd   *Crowd       // rows in which such a clause is not ruled out by what the numbers do not touch, a table for each
	rows    map[gatheredBy][]int32
	firms   []int32     // of crowd, by their numbers in that of base, rising
	number  []int32     // of each enterprise among them, -1 of others
	before  []money.Fen // what the base pays each of them
	rest    []money.Fen // what other clauses pay each of them
	beside  []remainder // and what they leave to ask; nil where they leave nothing
}

// mostTouches is how many lots of numbers are known at a time.
const mostTouches = 3

// Again asks another plan of the same wording, of those enterprises alone to which its numbers may make a difference. It is
// what Crowd.Ask would find, but that an enterprise of which all was left may still be left as a whole. A survey that begins
// from another asks the same of that.
func (s *Survey) Again(pl *Plan) (*Survey, error) {
	if err := s.crowd.fits(pl); err != nil {
		return nil, err
	}
	if s.moved != nil {
		return s.moved.touch.base.Again(pl)
	}
	if change, ok := pl.Since(s.plan); ok {
		if next := s.touch(change).again(pl); next != nil {
			return next, nil
		}
	}
	return s.crowd.ask(pl), nil
}

// Moved is the enterprises that may come to something else than in the survey from which one began, rising, with what columns
// settle of the Total of each in that survey and now. Nobody may change it.
type Moved struct {
	Firms          []int32
	Before, Totals []money.Fen
	odd            []bool // nil where none is
}

// Odd says that columns do not settle all of the nth enterprise, now or before.
func (m *Moved) Odd(n int) bool {
	return m.odd != nil && m.odd[n]
}

// Moved is nil of a survey that began from none: all may come to something else.
func (s *Survey) Moved() *Moved {
	if s.moved == nil {
		return nil
	}
	return &s.moved.Moved
}

// touch is what a change touches: as it was gathered before, or now.
func (s *Survey) touch(change *Renumbering) *touch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := slices.IndexFunc(s.touches, func(t *touch) bool { return maps.Equal(t.differs, change.differs) }); n >= 0 {
		return s.touches[n]
	}
	t := &touch{base: s, differs: change.differs, clauses: make([]bool, len(s.plan.clauses))}
	for i, touched := range change.touched {
		for k := range t.clauses {
			t.clauses[k] = t.clauses[k] || touched && s.hangs[k] == s.hangs[i]
		}
	}
	t.gather(uses{plan: s.plan, differs: change.differs})
	if len(s.touches) == mostTouches {
		s.touches = slices.Delete(s.touches, 0, 1)
	}
	s.touches = append(s.touches, t)
	return t
}

// gatheredBy is where rows come from, and for which clause.
type gatheredBy struct {
	clause int
	table  *table
}

// gather makes the crowd of a touch.
func (t *touch) gather(use uses) {
	c, jobs := t.base.crowd, inBlocks(t.base.crowd.jobs(t.base.plan, t.clauses))
	found, hold := make([][][]int32, len(jobs)), make([][]bool, len(jobs))
	inParallel(len(jobs), func(n int) { found[n], hold[n] = jobs[n].touched(t.base, use) })
	unsettled := map[gatheredBy]bool{}
	t.number, t.rows = slices.Repeat([]int32{-1}, len(c.roots)), map[gatheredBy][]int32{}
	for n := range jobs {
		for m, k := range jobs[n].clauses {
			by := gatheredBy{k.index, jobs[n].table}
			t.rows[by] = append(t.rows[by], found[n][m]...)
			unsettled[by] = unsettled[by] || !hold[n][m]
			for _, i := range found[n][m] {
				t.number[by.table.firms[i]] = 0
			}
		}
	}
	t.crowd = &Crowd{policy: c.policy, plain: c.plain, facts: c.facts, asOf: c.asOf, rivals: map[string]*elsewhere{}, ties: c.ties}
	for i, in := range t.number {
		if in == 0 {
			t.number[i] = int32(len(t.firms))
			t.firms, t.crowd.roots = append(t.firms, int32(i)), append(t.crowd.roots, c.roots[i])
		}
	}
	for n := range jobs {
		if j := &jobs[n]; j.from == 0 { // the first of its table
			for m, k := range j.clauses {
				by := gatheredBy{k.index, j.table}
				t.table(j, m, t.rows[by])
				if len(t.rows[by]) > 0 && !unsettled[by] {
					t.crowd.tables[len(t.crowd.tables)-1].settled = j.apartFrom(m, use)
				}
			}
		}
	}
	for group, of := range c.rivals {
		t.crowd.rivals[group] = of.some(t.firms)
	}
	t.others()
}

// table adds the rows that were gathered for the nth clause of a job, with enterprises under the numbers of the touch.
func (t *touch) table(j *job, n int, rows []int32) {
	if len(rows) == 0 {
		return
	}
	all := make([]row, len(rows))
	for at, i := range rows {
		all[at] = j.table.rows[i]
		all[at].firm = t.number[all[at].firm]
	}
	c := newTable(j.table.screen, j.table.year, all)
	c.clauses = make([]bool, len(t.clauses))
	c.clauses[j.clauses[n].index], c.every = true, c.numbers()
	if j.plan != nil {
		c.batch = j.screen.program.Some(j.table.batch, rows, j.outsOf(n)...)
	}
	t.crowd.tables = append(t.crowd.tables, c)
}

// gathered says that an answer of the base is asked again.
func (t *touch) gathered(a *answer) bool {
	if !t.clauses[a.clause] {
		return false
	}
	_, ok := slices.BinarySearch(t.rows[gatheredBy{a.clause, a.lot.table}], a.lot.rows[a.at])
	return ok
}

// apartFrom is the conditions of the nth clause that numbers do not touch.
func (j *job) apartFrom(n int, use uses) (outs []int) {
	for _, g := range j.guards[n] {
		if !use.exprs(g.expr) {
			outs = append(outs, g.out)
		}
	}
	return outs
}

// touched is the rows of a job, by clause, in which it is not ruled out by conditions that the numbers do not touch, but for
// those that are idle; and whether those conditions hold in all of them. Of what comes after a condition that may fail nothing is taken: an error is told before it is asked.
func (j *job) touched(s *Survey, use uses) (all [][]int32, hold []bool) {
	all, hold = make([][]int32, len(j.clauses)), make([]bool, len(j.clauses))
	if j.plan == nil {
		for n := range all {
			all[n] = j.table.numbers()
		}
		return all, hold
	}
	for n := range hold {
		hold[n] = true
	}
	m := j.plan.Machine()
	defer m.Close()
	a := askers.Get().(*asker)
	defer askers.Put(a)
	for at := j.from; at < j.to; at++ {
		b := m.At(at)
		for n, k := range j.clauses {
			x, decided := sieve{block: b, open: j.valid(b, n)}, true
			x.met = x.open
			for _, g := range j.guards[n] {
				if !use.exprs(g.expr) {
					x.guard(g)
					continue
				}
				if decided = false; aggregates(g.expr.Tree()) || j.plan.MayFail(g.out) {
					hold[n] = false
					break
				}
			}
			left := x.open.Or(&x.failed)
			if decided && !s.meets[k.index] && use.rateAlone(k) {
				idle := a.idle(j, b, n, &x)
				left = left.Without(&idle)
			}
			rest := left.Without(&x.met)
			hold[n] = hold[n] && rest.Empty()
			for _, i := range left.List(&a.numbers) {
				all[n] = append(all[n], int32(b.First())+int32(i))
			}
		}
	}
	return all, hold
}

// rateAlone says that of all that makes the amount of a clause no more than its rate differs, and perhaps its ceilings.
func (u uses) rateAlone(k *clauseRule) bool {
	return k.amount.form == "share" && len(k.uplifts) == 0 && !u.exprs(k.amount.base) &&
		!slices.ContainsFunc(k.thresholds, func(t threshold) bool { return t.Base == "above" }) &&
		!slices.ContainsFunc(k.ceilings, func(c slot) bool { return u.exprs(c.of[k.Entity]) })
}

// idle is the rows in which a clause is met and comes to nothing, whatever its rate and its ceilings are.
func (a *asker) idle(j *job, b *column.Block, n int, x *sieve) column.Bits {
	v := &a.valued
	v.begin(j, b, n, j.sure(b, j.clauses[n], x.met))
	v.values(j.by, false)
	idle := v.rows
	if idle.Empty() {
		return idle
	}
	base := b.Eval(v.of.needs[0], idle).Numbers() // of a share, what it is one of
	for i := range v.rows.Rows() {
		if base == nil || base[i] != 0 {
			idle.Drop(i)
		}
	}
	return idle
}

// aggregates says that a tree reads what lies below: how far that reaches is known of the rows of a table alone.
func aggregates(t *rule.Tree) bool {
	return t.Input != nil && t.Input.Aggregate() != nil || slices.ContainsFunc(t.Args, aggregates)
}

// stands says that other numbers cannot make a condition fail in a row that was not gathered because of a later one.
func (j *job) stands(use uses) bool {
	return j.plan == nil || !slices.ContainsFunc(j.guards, func(all []guard) bool {
		for i, g := range all {
			switch {
			case !use.exprs(g.expr):
			case aggregates(g.expr.Tree()):
				return false // nothing was ruled out after it
			case j.plan.MayFail(g.out) && slices.ContainsFunc(all[i:], func(g guard) bool { return !use.exprs(g.expr) }):
				return true
			}
		}
		return false
	})
}

// some is what is known of some enterprises, by their numbers among them.
func (e *elsewhere) some(firms []int32) *elsewhere {
	c := &elsewhere{paid: make([]bool, len(firms)), unreported: make([]bool, len(firms))}
	for n, i := range firms {
		c.paid[n], c.unreported[n] = e.paid[i], e.unreported[i]
		c.give(e.of(int(i)))
	}
	return c
}

// others notes what the clauses that are not touched pay, and what they leave to ask.
func (t *touch) others() {
	t.before, t.beside = make([]money.Fen, len(t.firms)), make([]remainder, len(t.firms))
	some := false
	for n, i := range t.firms {
		t.before[n] = t.base.Total(int(i))
		if t.base.leftOf(int(i)) == allLeft {
			t.beside[n], some = allLeft, true
		}
	}
	t.rest = slices.Clone(t.before)
	for n := range t.base.lots {
		l := &t.base.lots[n]
		touched := t.clauses[l.k.index]
		for at := range l.rows {
			i := l.firm(at)
			switch n := t.number[i]; {
			case n < 0:
			case touched:
				t.rest[n] -= t.base.paid(l, at, i)
			case l.state(at) < definite || l.pays[at] == leftOver:
				t.beside[n], some = max(t.beside[n], partLeft), true
			}
		}
	}
	if !some {
		t.beside = nil
	}
}

// moved is what is known of a survey that began from another.
type moved struct {
	Moved
	touch *touch
	lots  *Survey // of the crowd of the touch
}

// again asks another plan of the enterprises; nil where that is not enough.
func (t *touch) again(pl *Plan) *Survey {
	use := uses{plan: pl, differs: t.differs}
	jobs := t.crowd.jobs(pl, nil)
	if slices.ContainsFunc(jobs, func(j job) bool { return !j.stands(use) }) {
		return nil
	}
	lots := t.crowd.survey(pl)
	lots.total = slices.Clone(t.rest)
	lots.index = sync.OnceValue(func() *index { // to draw a position takes totals alone
		again := t.crowd.survey(pl)
		again.ask(jobs, true)
		lots.lots = again.lots
		return lots.indexed()
	})
	lots.ask(jobs, false)
	m := &moved{Moved{Firms: t.firms, Before: t.before, Totals: lots.total}, t, lots}
	if t.base.odd.Load() || lots.odd.Load() {
		m.odd = make([]bool, len(t.firms))
		for n, i := range t.firms {
			left := m.leftOf(int(i))
			if m.odd[n] = left != allSettled || t.base.Odd(int(i)); left == allLeft {
				m.Totals[n] = 0
			}
		}
	}
	s := t.base.crowd.survey(pl)
	s.moved = m
	return s
}

func (m *moved) leftOf(i int) remainder {
	if n := int(m.touch.number[i]); n >= 0 {
		left := m.lots.leftOf(n)
		if beside := m.touch.beside; beside != nil {
			left = max(left, beside[n])
		}
		return left
	}
	return m.touch.base.leftOf(i)
}

func (m *moved) totalOf(i int) money.Fen {
	if n := m.touch.number[i]; n >= 0 {
		return m.Totals[n]
	}
	return m.touch.base.Total(i)
}

// answers adds those of an enterprise.
func (m *moved) answers(i int, to []answer) []answer {
	first := len(to)
	to = m.touch.base.found(i, to)
	if n := m.touch.number[i]; n >= 0 {
		stood := slices.DeleteFunc(to[first:], func(a answer) bool { return m.touch.gathered(&a) })
		to = m.lots.found(int(n), to[:first+len(stood)])
	}
	return to
}
