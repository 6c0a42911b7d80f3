package policy

import (
	"maps"
	"slices"

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
	crowd   *Crowd       // rows in which such a clause is not ruled out by what the numbers do not touch
	firms   []int32      // of crowd, by their numbers in that of base, rising
	number  []int32      // of each enterprise among them, -1 of others
	rest    []money.Fen  // what other clauses pay each of them
	beside  []remainder  // and what they leave to ask
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

// Moved is the enterprises that may come to something else than in the survey from which this one began, rising. ok is false
// of one that began from none: that may be all.
func (s *Survey) Moved() (firms []int32, ok bool) {
	if s.moved == nil {
		return nil, false
	}
	return s.moved.touch.firms, true
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

// gather makes the crowd of a touch.
func (t *touch) gather(use uses) {
	c, jobs := t.base.crowd, t.base.crowd.jobs(t.base.plan, t.clauses)
	found := make([][]int32, len(jobs))
	inParallel(len(jobs), func(n int) { found[n] = jobs[n].touched(use) })
	t.number = slices.Repeat([]int32{-1}, len(c.roots))
	for n := range jobs {
		for _, i := range found[n] {
			t.number[jobs[n].table.firms[i]] = 0
		}
	}
	t.crowd = &Crowd{policy: c.policy, plain: c.plain, facts: c.facts, asOf: c.asOf, rivals: map[string]elsewhere{}}
	for i, in := range t.number {
		if in == 0 {
			t.number[i] = int32(len(t.firms))
			t.firms, t.crowd.roots = append(t.firms, int32(i)), append(t.crowd.roots, c.roots[i])
		}
	}
	for n := 0; n < len(jobs); {
		of, rows := jobs[n].table, []int32(nil)
		for ; n < len(jobs) && jobs[n].table == of; n++ {
			rows = append(rows, found[n]...)
		}
		if len(rows) > 0 {
			t.crowd.tables = append(t.crowd.tables, of.some(rows, t.number))
		}
	}
	for group, of := range c.rivals {
		t.crowd.rivals[group] = of.some(t.firms)
	}
	t.others()
}

// touched is the rows of a job in which some clause is not ruled out by conditions that the numbers do not touch. Of those
// that come after a condition that may fail nothing is taken: an error is told before they are asked.
func (j *job) touched(use uses) []int32 {
	if j.plan == nil {
		return j.table.numbers()
	}
	m := j.plan.Machine()
	defer m.Close()
	var all []int32
	var numbers [column.BlockRows]uint16
	for at := j.from; at < j.to; at++ {
		b := m.At(at)
		var some column.Bits
		for n, k := range j.clauses {
			x := sieve{block: b, open: j.valid(b, k)}
			for _, g := range j.guards[n] {
				if !use.exprs(g.expr) {
					x.guard(g)
				} else if aggregates(g.expr.Tree()) || j.plan.MayFail(g.out) {
					break
				}
			}
			left := x.open.Or(&x.failed)
			some = some.Or(&left)
		}
		for _, i := range some.List(&numbers) {
			all = append(all, int32(b.First())+int32(i))
		}
	}
	return all
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

// some is a table of some rows, with enterprises under other numbers.
func (t *table) some(rows []int32, number []int32) table {
	all := make([]row, len(rows))
	for n, i := range rows {
		all[n] = t.rows[i]
		all[n].firm = number[all[n].firm]
	}
	c := newTable(t.screen, t.year, all)
	if t.batch != nil {
		c.batch = t.batch.Some(rows)
	}
	return c
}

// some is what is known of some enterprises, by their numbers among them.
func (e *elsewhere) some(firms []int32) elsewhere {
	c := elsewhere{given: map[int32][]rival{}, paid: make([]bool, len(firms)), unreported: make([]bool, len(firms))}
	for n, i := range firms {
		c.paid[n], c.unreported[n] = e.paid[i], e.unreported[i]
		if all := e.given[i]; all != nil {
			c.given[int32(n)] = all
		}
	}
	return c
}

// others notes what the clauses that are not touched pay, and what they leave to ask.
func (t *touch) others() {
	t.rest, t.beside = make([]money.Fen, len(t.firms)), make([]remainder, len(t.firms))
	for n, i := range t.firms {
		t.rest[n] = t.base.total[i]
		if t.base.left[i] == allLeft {
			t.beside[n] = allLeft
		}
	}
	for n := range t.base.lots {
		l := &t.base.lots[n]
		touched := t.clauses[l.k.index]
		for at := range l.rows {
			i := l.firm(at)
			switch n := t.number[i]; {
			case touched:
				t.rest[n] -= t.base.paid(l, at, i)
			case n >= 0 && (l.state(at) < definite || l.pays[at] == leftOver):
				t.beside[n] = max(t.beside[n], partLeft)
			}
		}
	}
}

// moved is what is known of a survey that began from another.
type moved struct {
	touch *touch
	lots  *Survey // of the crowd of the touch
	left  []remainder
	total []money.Fen
}

// again asks another plan of the enterprises; nil where that is not enough.
func (t *touch) again(pl *Plan) *Survey {
	use := uses{plan: pl, differs: t.differs}
	jobs := t.crowd.jobs(pl, t.clauses)
	if slices.ContainsFunc(jobs, func(j job) bool { return !j.stands(use) }) {
		return nil
	}
	lots := t.crowd.survey(pl)
	lots.ask(jobs)
	m := &moved{t, lots, lots.left, lots.total}
	for n, beside := range t.beside {
		m.left[n] = max(m.left[n], beside)
		if m.total[n] += t.rest[n]; m.left[n] == allLeft {
			m.total[n] = 0
		}
	}
	s := t.base.crowd.survey(pl)
	s.moved = m
	return s
}

func (m *moved) leftOf(i int) remainder {
	if n := m.touch.number[i]; n >= 0 {
		return m.left[n]
	}
	return m.touch.base.left[i]
}

func (m *moved) totalOf(i int) money.Fen {
	if n := m.touch.number[i]; n >= 0 {
		return m.total[n]
	}
	return m.touch.base.total[i]
}

// answers adds those of an enterprise.
func (m *moved) answers(i int, to []answer) []answer {
	first := len(to)
	to = m.touch.base.found(i, to)
	if n := m.touch.number[i]; n >= 0 {
		stood := slices.DeleteFunc(to[first:], func(a answer) bool { return m.touch.clauses[a.clause] })
		to = m.lots.found(int(n), to[:first+len(stood)])
	}
	return to
}
