package column

import (
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// run works a node out for rows that are not done yet.
func (m *Machine) run(n *node, v *vec, rest *Bits) {
	switch n.op {
	case opAnd, opOr:
		m.junction(n, v, rest)
		return
	case opChoice:
		m.choice(n, v, rest)
		return
	case opKnown, opNone:
		m.state(n, v, rest)
		return
	case opMin, opMax:
		m.pick(n, v, rest)
		return
	}
	if n.line != nil {
		present := m.strict(n, v, rest, n.line.of)
		n.line.along(v.n64, m.vecs[n.line.of].n64, m.around(&present))
		return
	}
	present := m.strict(n, v, rest, n.args...)
	a := &m.vecs[n.args[0]]
	switch n.op {
	case opNot:
		for i := range present {
			v.truth[i] |= present[i] &^ a.truth[i]
		}
	case opEqualBool:
		b := &m.vecs[n.args[1]]
		for i := range present {
			v.truth[i] |= present[i] &^ (a.truth[i] ^ b.truth[i])
		}
	case opInCodes:
		inCodes(&v.truth, a.n64, n.codes, &present)
	case opLess, opGreater, opEqual:
		m.compare(n, v, &present)
	default:
		m.compute(n, v, &present)
	}
}

// strict evaluates operands, notes where one is not present, and gives the rows where all are.
func (m *Machine) strict(n *node, v *vec, rest *Bits, args ...int) (present Bits) {
	for _, a := range args {
		m.need(a, rest)
	}
	if n.total() {
		return *rest
	}
	var s states
	for _, a := range args {
		s.take(&m.plan.nodes[a], &m.vecs[a], rest)
	}
	return v.settle(rest, &s)
}

// total says that the node is present in every row.
func (n *node) total() bool { return !n.none && !n.unknown && !n.fails }

// take adds the states of an operand in some rows.
func (s *states) take(of *node, w *vec, some *Bits) {
	if of.fails {
		s.failed.join(&w.failed, some)
	}
	if of.none {
		s.none.join(&w.none, some)
	}
	if of.unknown {
		s.unknown.join(&w.unknown, some)
	}
}

// join adds what is in a set, of some rows.
func (b *Bits) join(in, some *Bits) {
	for i := range b {
		b[i] |= in[i] & some[i]
	}
}

// settle notes which rows are failed, none and unknown, where an earlier state wins over a later one, and gives the others.
func (v *vec) settle(rest *Bits, s *states) (present Bits) {
	for i := range rest {
		failed := s.failed[i]
		none := s.none[i] &^ failed
		unknown := s.unknown[i] &^ (failed | none)
		v.failed[i] |= failed
		v.none[i] |= none
		v.unknown[i] |= unknown
		present[i] = rest[i] &^ (failed | none | unknown)
	}
	return present
}

// compute works out the rows where all operands are present.
func (m *Machine) compute(n *node, v *vec, present *Bits) {
	a := &m.vecs[n.args[0]]
	if n.op <= opTimes && n.op >= opPlus && n.width == w64 && !n.check {
		short(n.op, v.n64, a.n64, m.vecs[n.args[1]].n64, m.around(present))
		return
	}
	in := m.list(present)
	switch n.op {
	case opWiden:
		widenRows(v, a, in)
		return
	case opNarrow:
		for _, arg := range n.args {
			m.vecs[arg].narrow(v, in)
		}
		for _, i := range in {
			v.n64[i] = a.low(i)
		}
		return
	case opRateFits:
		m.rateRows(n, v, in)
		return
	case opInInts:
		for _, i := range in {
			v.truth.add(i, contains(n.ints, a.n64[i&(blockRows-1)]))
		}
		return
	case opYear, opMonth:
		for _, i := range in {
			y, month, _ := period.Day(a.n64[i]).YMD()
			if v.n64[i] = int64(y); n.op == opMonth {
				v.n64[i] = int64(month)
			}
		}
		return
	}
	b := &m.vecs[n.args[1]]
	switch {
	case n.op == opDays:
		for _, i := range in {
			v.n64[i&(blockRows-1)] = b.n64[i&(blockRows-1)] - a.n64[i&(blockRows-1)] + n.plus
		}
	case n.op == opAddDays, n.op == opAddMonths, n.op == opAddYears:
		move := shifts[n.op]
		for _, i := range in {
			to, ok := move(period.Day(a.n64[i]), b.n64[i])
			v.n64[i] = int64(to)
			v.failed.add(i, !ok)
		}
	case n.check:
		checked(n.op, v, a.n64, b.n64, in)
	case a.n128 != nil:
		long(n.op, v.n128, a.n128, b.n128, in)
	default:
		long(n.op, v.nBig, a.nBig, b.nBig, in)
	}
}

func contains(all []int64, n int64) bool {
	for _, x := range all {
		if x == n {
			return true
		}
	}
	return false
}

// Of a whole block there are loops of their own below, which need no list of rows.

// short is arithmetic in 64 bits.
func short(op opcode, d, a, b *[blockRows]int64, in rows) {
	whole := len(in) == blockRows
	switch {
	case op == opPlus && whole:
		for i := range d {
			d[i] = a[i] + b[i]
		}
	case op == opPlus:
		for _, i := range in {
			d[i&(blockRows-1)] = a[i&(blockRows-1)] + b[i&(blockRows-1)]
		}
	case op == opMinus && whole:
		for i := range d {
			d[i] = a[i] - b[i]
		}
	case op == opMinus:
		for _, i := range in {
			d[i&(blockRows-1)] = a[i&(blockRows-1)] - b[i&(blockRows-1)]
		}
	case whole:
		for i := range d {
			d[i] = a[i] * b[i]
		}
	default:
		for _, i := range in {
			d[i&(blockRows-1)] = a[i&(blockRows-1)] * b[i&(blockRows-1)]
		}
	}
}

// checked is arithmetic in 64 bits where a result may not fit: those that do not are failed.
func checked(op opcode, v *vec, a, b *[blockRows]int64, in rows) {
	for _, i := range in {
		x, y := wide(a[i&(blockRows-1)]), wide(b[i&(blockRows-1)])
		switch op {
		case opPlus:
			x = x.plus(y)
		case opMinus:
			x = x.minus(y)
		default:
			x = x.times(y)
		}
		n, ok := x.short()
		v.n64[i&(blockRows-1)] = n
		v.failed.add(i, !ok)
	}
}

// long is arithmetic beyond 64 bits.
func long[T number[T]](op opcode, d, a, b *[blockRows]T, in rows) {
	switch op {
	case opPlus:
		for _, i := range in {
			d[i&(blockRows-1)] = a[i&(blockRows-1)].plus(b[i&(blockRows-1)])
		}
	case opMinus:
		for _, i := range in {
			d[i&(blockRows-1)] = a[i&(blockRows-1)].minus(b[i&(blockRows-1)])
		}
	default:
		for _, i := range in {
			d[i&(blockRows-1)] = a[i&(blockRows-1)].times(b[i&(blockRows-1)])
		}
	}
}

func widenRows(v, a *vec, in rows) {
	for _, i := range in {
		switch {
		case v.n128 != nil:
			v.n128[i] = wide(a.n64[i])
		case a.n128 != nil:
			v.nBig[i] = bigInt{a.n128[i].big()}
		default:
			v.nBig[i] = bigInt{wide(a.n64[i]).big()}
		}
	}
}

// narrow fails the rows whose numbers do not fit in 64 bits.
func (v *vec) narrow(to *vec, in rows) {
	for _, i := range in {
		switch {
		case v.n128 != nil:
			_, ok := v.n128[i].short()
			to.failed.add(i, !ok)
		case v.nBig != nil:
			to.failed.add(i, !v.nBig[i].big().IsInt64())
		}
	}
}

// low is the number of a row where it fits in 64 bits.
func (v *vec) low(i uint16) int64 {
	if v.n128 != nil {
		return int64(v.n128[i].lo)
	}
	return v.nBig[i].big().Int64()
}

// rateRows fails the rates whose lowest terms do not fit in 64 bits.
func (m *Machine) rateRows(n *node, v *vec, in rows) {
	a := Answers{&m.plan.nodes[n.args[0]], &m.vecs[n.args[0]]}
	copyRows(v, a.v, in)
	for _, i := range in {
		v.failed.add(i, !fitsRate(a.Big(int(i)), n.den))
	}
}

// copyRows takes the numbers of rows over.
func copyRows(v, a *vec, in rows) {
	switch {
	case v.n64 != nil:
		for _, i := range in {
			v.n64[i&(blockRows-1)] = a.n64[i&(blockRows-1)]
		}
	case v.n128 != nil:
		for _, i := range in {
			v.n128[i&(blockRows-1)] = a.n128[i&(blockRows-1)]
		}
	case v.nBig != nil:
		for _, i := range in {
			v.nBig[i&(blockRows-1)] = a.nBig[i&(blockRows-1)]
		}
	}
}

// take takes rows over with all that is known of them.
func (v *vec) take(a *vec, of *node, some *Bits, in rows) {
	v.states.take(of, a, some)
	if of.typ == rule.BoolType {
		v.truth.join(&a.truth, some)
		return
	}
	copyRows(v, a, in)
}

// junction is && or ||. An operand that cannot fail is evaluated only where those before it do not decide.
func (m *Machine) junction(n *node, v *vec, rest *Bits) {
	open := *rest
	var s states
	var decided Bits
	var flip uint64 // what decides is what is true, or what is not
	if n.op == opAnd {
		flip = ^uint64(0)
	}
	for _, a := range n.order {
		if !n.fails && open.empty() {
			break
		}
		of, some := &m.plan.nodes[a], &open
		if of.fails {
			some = rest
		}
		w := m.need(a, some)
		present := *some
		if !of.total() {
			s.take(of, w, some)
			present = w.present(of, present)
		}
		for i := range open {
			decides := present[i] & (w.truth[i] ^ flip)
			decided[i] |= decides
			open[i] &^= decides
		}
	}
	if n.total() {
		for i := range rest {
			v.truth[i] |= (decided[i] ^ flip) & rest[i]
		}
		return
	}
	// Failed wins, then what decides, then unknown, then none.
	for i := range decided {
		decided[i] &^= s.failed[i]
		s.unknown[i] &^= decided[i]
		s.none[i] &^= decided[i] | s.unknown[i]
	}
	present := v.settle(rest, &s)
	for i := range present {
		v.truth[i] |= present[i] & (decided[i] ^ flip)
	}
}

// choice is c ? a : b: each branch is evaluated for its own rows, and both where c does not decide.
func (m *Machine) choice(n *node, v *vec, rest *Bits) {
	c := &m.plan.nodes[n.args[0]]
	cond := m.need(n.args[0], rest)
	decided := cond.present(c, *rest)
	yes, no := decided.And(&cond.truth), decided.Without(&cond.truth)
	if c.fails {
		v.failed.join(&cond.failed, rest)
	}
	open := rest.Without(&decided)
	open = open.Without(&v.failed)
	for k, some := range []Bits{yes, no} {
		want := some.Or(&open)
		if want.empty() {
			continue
		}
		a := m.need(n.args[k+1], &want)
		v.take(a, &m.plan.nodes[n.args[k+1]], &some, m.list(&some))
	}
	if !open.empty() {
		m.undecided(n, v, open)
	}
}

// undecided is c ? a : b where c is none or unknown: the common value of both branches, if they have one.
func (m *Machine) undecided(n *node, v *vec, open Bits) {
	yes, no := &m.plan.nodes[n.args[1]], &m.plan.nodes[n.args[2]]
	cond, a, b := &m.vecs[n.args[0]], &m.vecs[n.args[1]], &m.vecs[n.args[2]]
	var buf [blockRows]uint16
	for _, i := range open.list(&buf) {
		at := int(i)
		sa, sb := stateOf(yes, a, at), stateOf(no, b, at)
		switch {
		case sa == rule.Failed || sb == rule.Failed:
			v.failed.set(at)
		case sa == rule.Present && sb == rule.Present && sameRow(n, a, b, at):
			copyRows(v, a, rows{i})
			v.truth.add(i, a.truth.Has(at) && n.typ == rule.BoolType)
		case sa == rule.None && sb == rule.None:
			v.none.set(at)
		case stateOf(&m.plan.nodes[n.args[0]], cond, at) == rule.Unknown || sa == rule.Unknown || sb == rule.Unknown:
			v.unknown.set(at)
		default:
			v.none.set(at)
		}
	}
}

func sameRow(n *node, a, b *vec, i int) bool {
	switch {
	case n.typ == rule.BoolType:
		return a.truth.Has(i) == b.truth.Has(i)
	case n.width == w64:
		return a.n64[i] == b.n64[i]
	case n.width == w128:
		return a.n128[i] == b.n128[i]
	}
	return a.nBig[i].compare(b.nBig[i]) == 0
}

// state is known(x) or none(x).
func (m *Machine) state(n *node, v *vec, rest *Bits) {
	of := &m.plan.nodes[n.args[0]]
	a := m.need(n.args[0], rest)
	var s states
	if of.fails {
		s.failed.join(&a.failed, rest)
	}
	if n.op == opKnown {
		v.settle(rest, &s)
		present := a.present(of, *rest)
		v.truth = v.truth.Or(&present)
		return
	}
	if of.unknown {
		s.unknown.join(&a.unknown, rest)
	}
	if present := v.settle(rest, &s); of.none {
		v.truth.join(&a.none, &present)
	}
}

// pick is min or max: what is none is left out.
func (m *Machine) pick(n *node, v *vec, rest *Bits) {
	left, right := &m.plan.nodes[n.args[0]], &m.plan.nodes[n.args[1]]
	a, b := m.need(n.args[0], rest), m.need(n.args[1], rest)
	present := *rest
	if !left.total() || !right.total() {
		present = m.either(n, v, rest)
	}
	switch in := m.around(&present); {
	case v.n64 == nil || left.none || right.none:
	case left.op == opConst:
		pickBy(n.op, v.n64, b.n64, a.n64[0], in)
		return
	case right.op == opConst:
		pickBy(n.op, v.n64, a.n64, b.n64[0], in)
		return
	default:
		pickShort(n.op, v.n64, a.n64, b.n64, in)
		return
	}
	in := m.list(&present)
	switch {
	case v.n64 != nil:
		pickShort(n.op, v.n64, a.n64, b.n64, in)
	case v.n128 != nil:
		pickLong(n.op, v.n128, a.n128, b.n128, in)
	default:
		pickLong(n.op, v.nBig, a.nBig, b.nBig, in)
	}
}

// either notes where neither operand of min or max is present, takes those that are by themselves, and gives the rows in
// which both are.
func (m *Machine) either(n *node, v *vec, rest *Bits) (both Bits) {
	left, right := &m.plan.nodes[n.args[0]], &m.plan.nodes[n.args[1]]
	a, b := &m.vecs[n.args[0]], &m.vecs[n.args[1]]
	var s, t states
	s.take(left, a, rest)
	t.take(right, b, rest)
	noA, noB := s.none, t.none
	for i := range s.none {
		s.failed[i] |= t.failed[i]
		s.unknown[i] |= t.unknown[i]
		s.none[i] &= t.none[i] &^ s.unknown[i]
	}
	both = v.settle(rest, &s)
	onlyA, onlyB := both.And(&noB), both.And(&noA)
	copyRows(v, a, m.list(&onlyA))
	copyRows(v, b, m.list(&onlyB))
	both = both.Without(&onlyA)
	return both.Without(&onlyB)
}

func pickShort(op opcode, d, a, b *[blockRows]int64, in rows) {
	whole := len(in) == blockRows
	switch {
	case op == opMin && whole:
		for i := range d {
			d[i] = min(a[i], b[i])
		}
	case op == opMin:
		for _, i := range in {
			d[i&(blockRows-1)] = min(a[i&(blockRows-1)], b[i&(blockRows-1)])
		}
	case whole:
		for i := range d {
			d[i] = max(a[i], b[i])
		}
	default:
		for _, i := range in {
			d[i&(blockRows-1)] = max(a[i&(blockRows-1)], b[i&(blockRows-1)])
		}
	}
}

// pickBy is the same where one operand is a constant.
func pickBy(op opcode, d, a *[blockRows]int64, by int64, in rows) {
	whole := len(in) == blockRows
	switch {
	case op == opMin && whole:
		for i, x := range a {
			d[i] = min(x, by)
		}
	case op == opMin:
		for _, i := range in {
			d[i&(blockRows-1)] = min(a[i&(blockRows-1)], by)
		}
	case whole:
		for i, x := range a {
			d[i] = max(x, by)
		}
	default:
		for _, i := range in {
			d[i&(blockRows-1)] = max(a[i&(blockRows-1)], by)
		}
	}
}

func pickLong[T number[T]](op opcode, d, a, b *[blockRows]T, in rows) {
	for _, i := range in {
		d[i] = a[i]
		if (b[i].compare(a[i]) < 0) == (op == opMin) {
			d[i] = b[i]
		}
	}
}
