package column

// line is numbers of another node times a constant and plus another: sums, differences and products with constants are worked out in
// one step, however many there are. What does not fit in 64 bits on the way wraps back, since the result fits.
type line struct {
	of       int
	by, plus int64
}

// line is that of a node; nil of one that is none.
func (pl *Plan) line(n *node) *line {
	if n.op < opPlus || n.op > opTimes || n.width != w64 || n.check {
		return nil
	}
	x, k, ok := pl.constant(n)
	if !ok {
		return nil
	}
	all := line{of: x, by: 1}
	if under := pl.nodes[x].line; under != nil {
		all = *under
	}
	switch n.op {
	case opPlus:
		all.plus += k
	case opMinus:
		all.plus -= k
	default:
		all.by, all.plus = all.by*k, all.plus*k
	}
	return &all
}

// constant is the operand of a sum, difference or product that is not the same in all rows, and the one that is; ok is false
// where there is none such that the operation is the same from both sides.
func (pl *Plan) constant(n *node) (of int, by int64, ok bool) {
	x, y := n.args[0], n.args[1]
	if n.op != opMinus && pl.nodes[x].op == opConst {
		x, y = y, x
	}
	if pl.nodes[y].op != opConst {
		return 0, 0, false
	}
	return x, pl.nodes[y].value.Int64(), true
}

// along works a line out. Of a whole block no list of rows is needed.
func (n *line) along(d, a *[blockRows]int64, in rows) {
	by, plus := n.by, n.plus
	if len(in) == blockRows {
		for i, x := range a {
			d[i] = x*by + plus
		}
		return
	}
	for _, i := range in {
		d[i&(blockRows-1)] = a[i&(blockRows-1)]*by + plus
	}
}

// Line is an expression that is a whole number times another one, plus a number, in 64 bits: the other one for some rows, and both
// numbers. ok is false of any other, which is not evaluated.
func (b *Block) Line(out int, want Bits) (of Answers, by, plus int64, ok bool) {
	pl := b.m.plan
	n := pl.nodes[pl.outs[out]].line
	if n == nil {
		return of, 0, 0, false
	}
	return Answers{&pl.nodes[n.of], b.m.need(n.of, &want)}, n.by, n.plus, true
}
