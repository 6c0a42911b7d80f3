package column

import (
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// run works a node out for rows that are not done yet.
func (m *Machine) run(n *node, v *vec, rest Bits) {
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
	present := m.strict(n, v, &rest)
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
		m.compute(n, v, m.list(&present))
	}
}

// strict evaluates the operands, notes where one is not present, and gives the rows where all are.
func (m *Machine) strict(n *node, v *vec, rest *Bits) (present Bits) {
	for _, a := range n.args {
		m.need(a, rest)
	}
	if !n.none && !n.unknown && !n.fails {
		return *rest
	}
	var failed, none, unknown Bits
	for _, a := range n.args {
		of, w := &m.plan.nodes[a], &m.vecs[a]
		failed = failed.joined(of.fails, &w.failed, rest)
		none = none.joined(of.none, &w.none, rest)
		unknown = unknown.joined(of.unknown, &w.unknown, rest)
	}
	return v.settle(*rest, failed, none, unknown)
}

// joined adds what is in a set that a node keeps, of some rows.
func (b Bits) joined(kept bool, in, some *Bits) Bits {
	if kept {
		for i := range b {
			b[i] |= in[i] & some[i]
		}
	}
	return b
}

// settle notes which rows are failed, none and unknown, where an earlier state wins over a later one, and gives the others.
func (v *vec) settle(rest, failed, none, unknown Bits) Bits {
	none = none.Without(&failed)
	unknown = unknown.Without(&failed)
	unknown = unknown.Without(&none)
	v.failed, v.none, v.unknown = v.failed.Or(&failed), v.none.Or(&none), v.unknown.Or(&unknown)
	rest = rest.Without(&failed)
	rest = rest.Without(&none)
	return rest.Without(&unknown)
}

// compute works out the rows where all operands are present.
func (m *Machine) compute(n *node, v *vec, in rows) {
	a := &m.vecs[n.args[0]]
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
	case a.n64 != nil:
		short(n.op, v.n64, a.n64, b.n64, in)
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

// short is arithmetic in 64 bits.
func short(op opcode, d, a, b *[blockRows]int64, in rows) {
	switch op {
	case opPlus:
		for _, i := range in {
			d[i&(blockRows-1)] = a[i&(blockRows-1)] + b[i&(blockRows-1)]
		}
	case opMinus:
		for _, i := range in {
			d[i&(blockRows-1)] = a[i&(blockRows-1)] - b[i&(blockRows-1)]
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
	v.failed = v.failed.joined(of.fails, &a.failed, some)
	v.none = v.none.joined(of.none, &a.none, some)
	v.unknown = v.unknown.joined(of.unknown, &a.unknown, some)
	if of.typ == rule.BoolType {
		v.truth = v.truth.joined(true, &a.truth, some)
		return
	}
	copyRows(v, a, in)
}

// junction is && or ||. An operand that cannot fail is evaluated only where those before it do not decide.
func (m *Machine) junction(n *node, v *vec, rest Bits) {
	open := rest
	var failed, none, unknown, decided Bits
	for _, a := range n.order {
		of := &m.plan.nodes[a]
		some := open
		if of.fails {
			some = rest
		}
		w := m.need(a, &some)
		decides := w.present(of, some)
		if n.op == opAnd {
			decides = decides.Without(&w.truth)
		} else {
			decides = decides.And(&w.truth)
		}
		decided = decided.Or(&decides)
		open = open.Without(&decides)
		failed = failed.joined(of.fails, &w.failed, &some)
		none = none.joined(of.none, &w.none, &some)
		unknown = unknown.joined(of.unknown, &w.unknown, &some)
	}
	// Failed wins, then what decides, then unknown, then none.
	decided = decided.Without(&failed)
	unknown = unknown.Without(&decided)
	none = none.Without(&decided)
	none = none.Without(&unknown)
	present := v.settle(rest, failed, none, unknown)
	if n.op == opAnd {
		present = present.Without(&decided)
	} else {
		present = present.And(&decided)
	}
	v.truth = v.truth.Or(&present)
}

// choice is c ? a : b: each branch is evaluated for its own rows, and both where c does not decide.
func (m *Machine) choice(n *node, v *vec, rest Bits) {
	c := &m.plan.nodes[n.args[0]]
	cond := m.need(n.args[0], &rest)
	decided := cond.present(c, rest)
	yes, no := decided.And(&cond.truth), decided.Without(&cond.truth)
	v.failed = v.failed.joined(c.fails, &cond.failed, &rest)
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
func (m *Machine) state(n *node, v *vec, rest Bits) {
	of := &m.plan.nodes[n.args[0]]
	a := m.need(n.args[0], &rest)
	var failed, unknown Bits
	failed = failed.joined(of.fails, &a.failed, &rest)
	if n.op == opKnown {
		v.settle(rest, failed, Bits{}, Bits{})
		present := a.present(of, rest)
		v.truth = v.truth.Or(&present)
		return
	}
	unknown = unknown.joined(of.unknown, &a.unknown, &rest)
	rest = v.settle(rest, failed, Bits{}, unknown)
	v.truth = v.truth.joined(of.none, &a.none, &rest)
}

// pick is min or max: what is none is left out.
func (m *Machine) pick(n *node, v *vec, rest Bits) {
	left, right := &m.plan.nodes[n.args[0]], &m.plan.nodes[n.args[1]]
	a, b := m.need(n.args[0], &rest), m.need(n.args[1], &rest)
	var failed, unknown, noA, noB Bits
	failed = failed.joined(left.fails, &a.failed, &rest).joined(right.fails, &b.failed, &rest)
	unknown = unknown.joined(left.unknown, &a.unknown, &rest).joined(right.unknown, &b.unknown, &rest)
	noA, noB = noA.joined(left.none, &a.none, &rest), noB.joined(right.none, &b.none, &rest)
	none := noA.And(&noB)
	none = none.Without(&unknown)
	present := v.settle(rest, failed, none, unknown)
	onlyA, onlyB := present.And(&noB), present.And(&noA)
	copyRows(v, a, m.list(&onlyA))
	copyRows(v, b, m.list(&onlyB))
	present = present.Without(&onlyA)
	present = present.Without(&onlyB)
	in := m.list(&present)
	switch {
	case v.n64 != nil:
		for _, i := range in {
			x, y := a.n64[i&(blockRows-1)], b.n64[i&(blockRows-1)]
			if (y < x) == (n.op == opMin) {
				x = y
			}
			v.n64[i&(blockRows-1)] = x
		}
	case v.n128 != nil:
		pickLong(n.op, v.n128, a.n128, b.n128, in)
	default:
		pickLong(n.op, v.nBig, a.nBig, b.nBig, in)
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
