package policy

import (
	"cmp"
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// Near is a clause that an enterprise misses by a single check.
type Near struct {
	Firm    int // its number among the enterprises
	Clause  string
	Subject Ref
	Year    int
	Check   string    // id of the exclusion, condition, threshold or prerequisite that is not met
	Kind    string    // of the check, as in a trace
	Text    i18n.Text // of the check
	Sure    bool      // all other checks are known to be met; else some are not known
}

// near is a near miss before it is told.
type near struct {
	k     *clauseRule
	check *Check
	row   row
	year  int
	sure  bool
}

// NearMisses tells which enterprises miss a clause by a single check, by enterprise, clause, subject and year: where a trace
// of Decide has one check that is not met. What lies in another area or outside the time of a clause is no near miss, for
// nothing that an enterprise does would change that; nor is an event whose day is not known. What an amount is counted on is
// no check here. An enterprise whose decision fails may be among them. facts may be nil.
func (pl *Plan) NearMisses(enterprises []rule.Subject, asOf period.Day, facts Facts, told func(Near)) {
	NewCrowd(pl.Policy, enterprises, asOf, facts).nearMisses(pl, told)
}

// NearMisses is Plan.NearMisses for a plan of the crowd's policy.
func (c *Crowd) NearMisses(pl *Plan, told func(Near)) error {
	if err := c.fits(pl); err != nil {
		return err
	}
	c.nearMisses(pl, told)
	return nil
}

func (c *Crowd) nearMisses(pl *Plan, told func(Near)) {
	jobs := inBlocks(c.jobs(pl, nil))
	found := make([][]near, len(jobs))
	inParallel(len(jobs), func(n int) {
		j := &jobs[n]
		if j.plan == nil { // the day of the event is not known
			return
		}
		machine := j.plan.Machine()
		defer machine.Close()
		for at := j.from; at < j.to; at++ {
			b := machine.At(at)
			for at, k := range j.clauses {
				m := misses{Crowd: c, job: j, block: b, k: k, none: j.valid(b, at)}
				found[n] = m.find(found[n])
			}
		}
	})
	all := slices.Concat(found...)
	slices.SortFunc(all, func(a, b near) int {
		return cmp.Or(int(a.row.firm-b.row.firm), a.k.index-b.k.index, int(a.row.number-b.row.number), a.year-b.year)
	})
	for _, n := range all {
		told(Near{
			Firm: int(n.row.firm), Clause: n.k.ID, Subject: refOf(n.row.subject), Year: n.year,
			Check: n.check.ID, Kind: n.check.Kind, Text: n.check.Text, Sure: n.sure,
		})
	}
}

// misses finds the rows of a block in which a single check of a clause is not met.
type misses struct {
	*Crowd
	*job
	block     *column.Block
	k         *clauseRule
	none, one column.Bits // rows in which no check so far is not met, and in which one is
	unsure    column.Bits // some check is not known
	checks    []missed
}

// missed is a check, and the rows in which it is the first that is not met.
type missed struct {
	Check
	rows column.Bits
}

// find makes all checks, each for the rows in which at most one is not met so far, and adds the near misses.
func (m *misses) find(all []near) []near {
	_, m.unsure = m.ask(m.none, func(i int) (State, error) {
		if m.row(i).lies == unplaced {
			return Unknown, nil
		}
		return Met, nil
	})
	for _, a := range slices.Concat(m.by.shut, m.k.shut) {
		m.atom(a, "exclusion")
	}
	for _, a := range m.k.when {
		m.atom(a, "condition")
	}
	for i := range m.k.thresholds {
		m.threshold(&m.k.thresholds[i])
	}
	if len(m.k.Requires) > 0 {
		m.prerequisites()
	}
	for n := range m.checks {
		c := &m.checks[n]
		for i := range c.rows.And(&m.one).Rows() {
			all = append(all, near{m.k, &c.Check, *m.row(i), m.table.year, !m.unsure.Has(i)})
		}
	}
	return all
}

func (m *misses) row(i int) *row { return &m.table.rows[m.block.First()+i] }

func (m *misses) asked(i int) asked { return asked{year: m.table.year, day: m.row(i).day} }

// open is the rows that may still be near misses.
func (m *misses) open() column.Bits { return m.none.Or(&m.one) }

// check counts a check.
func (m *misses) check(c Check, notMet, unknown column.Bits) {
	first, second := m.none.And(&notMet), m.one.And(&notMet)
	m.none = m.none.Without(&first)
	m.one = m.one.Without(&second).Or(&first)
	m.unsure = m.unsure.Or(&unknown)
	m.checks = append(m.checks, missed{c, first})
}

// eval evaluates an expression of the screen for the rows that are open. Where it fails there is no decision.
func (m *misses) eval(out int) (holds, not, unknown column.Bits) {
	open := m.open()
	a := m.block.Eval(out, open)
	failed := a.Failed(open)
	m.none, m.one, open = m.none.Without(&failed), m.one.Without(&failed), open.Without(&failed)
	holds, unknown = a.True(a.Present(open)), a.Unknown(open)
	return holds, open.Without(&holds).Without(&unknown), unknown
}

// atom is an exclusion or a condition. What nobody reported may be taken for no.
func (m *misses) atom(a atom, kind string) {
	holds, notMet, unknown := m.eval(m.screen.atoms[a.Atom])
	closed := a.Unreported == "no"
	switch {
	case kind == "exclusion":
		notMet = holds
	case closed:
		notMet = notMet.Or(&unknown)
	}
	if closed {
		unknown = column.Bits{}
	}
	m.check(Check{ID: a.ID, Kind: kind, Text: a.Text}, notMet, unknown)
}

// threshold is a figure that must be reached. Columns know its number or do not; a row that may know within which ends it
// lies is asked, and so is all that columns cannot say.
func (m *misses) threshold(t *threshold) {
	n, inColumns := m.screen.reached[t.Threshold]
	var notMet column.Bits
	left := m.open()
	if inColumns {
		_, notMet, left = m.eval(n)
	}
	below, unknown := m.ask(left, func(i int) (State, error) {
		v := m.by.valueFor(t.limit, m.row(i).subject, m.asked(i))
		if inColumns && len(v.missing) == 0 && v.low.fen > 0 {
			return Unknown, nil
		}
		a := m.asking(&decider{plan: m.by, root: m.roots[m.row(i).firm], asOf: m.asOf}, i)
		a.threshold(t)
		return a.checks[0].State, a.err
	})
	m.check(Check{ID: t.ID, Kind: "threshold", Text: t.Text}, notMet.Or(&below), unknown)
}

// ask asks some rows one by one.
func (m *misses) ask(some column.Bits, state func(i int) (State, error)) (notMet, unknown column.Bits) {
	notMet, unknown = some, some
	for i := range some.Rows() {
		s, err := state(i)
		if err != nil || s != NotMet {
			notMet.Drop(i)
		}
		if err != nil || s != Unknown {
			unknown.Drop(i)
		}
		if err != nil {
			m.none.Drop(i)
			m.one.Drop(i)
		}
	}
	return notMet, unknown
}

// asking is the question of a row, with a trace.
func (m *misses) asking(d *decider, i int) *asking {
	d.opt = Options{Trace: true}
	a := &asking{decider: d, verdict: &verdict{state: Met}, k: m.k, s: m.row(i).subject, at: m.asked(i)}
	a.ctx = a.context()
	return a
}

// prerequisites is the clauses that must be met first. Those are asked of each enterprise.
func (m *misses) prerequisites() {
	needed := make([]bool, len(m.by.clauses))
	m.by.needs(m.k, needed)
	var d *decider
	firm, answers := int32(-1), map[int]*asking{}
	for i := range m.open().Rows() {
		if r := m.row(i); r.firm != firm {
			firm, d = r.firm, m.by.decided(m.roots[r.firm], m.asOf, needed)
		}
		answers[i] = m.asking(d, i)
		answers[i].prerequisites()
	}
	for n := range m.k.Requires {
		notMet, unknown := m.ask(m.open(), func(i int) (State, error) { return answers[i].checks[n].State, answers[i].err })
		m.check(Check{ID: m.k.Requires[n].ID, Kind: "requires", Text: m.k.Requires[n].Text}, notMet, unknown)
	}
}

// needs marks the clauses that a clause waits for, and those that they wait for.
func (pl *Plan) needs(k *clauseRule, marked []bool) {
	for _, i := range slices.Concat(k.requires...) {
		if !marked[i] {
			marked[i] = true
			pl.needs(&pl.clauses[i], marked)
		}
	}
}

// decided asks some clauses of an enterprise, and no more.
func (pl *Plan) decided(root rule.Subject, asOf period.Day, some []bool) *decider {
	d := &decider{plan: pl, root: root, asOf: asOf}
	d.collect()
	for _, i := range pl.Policy.order {
		if some[i] && !pl.clauses[i].off {
			d.clause(&pl.clauses[i])
		}
	}
	return d
}
