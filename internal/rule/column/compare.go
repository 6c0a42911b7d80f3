package column

import (
	"math"
	"math/bits"
)

// Comparisons go word by word of the set of rows: the truth of 64 rows is gathered in a register. Where more than a few of
// the 64 are asked for all are compared, and those not asked for dropped, since to find the next of a set takes longer than
// to compare some that nobody wants.

// few is up to how many of 64 rows it is quicker to find those in a set than to compare all.
const few = 10

// compare is <, > and == where both operands are present.
func (m *Machine) compare(n *node, v *vec, present *Bits) {
	a, b := &m.vecs[n.args[0]], &m.vecs[n.args[1]]
	left, right := m.plan.nodes[n.args[0]].op == opConst, m.plan.nodes[n.args[1]].op == opConst
	switch {
	case a.n128 != nil:
		compareLong(n.op, &v.truth, a.n128, b.n128, m.list(present))
	case a.nBig != nil:
		compareLong(n.op, &v.truth, a.nBig, b.nBig, m.list(present))
	case right:
		within(&v.truth, a.n64, where(n.op, b.n64[0]), present)
	case left:
		within(&v.truth, b.n64, where(mirrored[n.op], a.n64[0]), present)
	case n.op == opEqual:
		equal(&v.truth, a.n64, b.n64, present)
	case n.op == opLess:
		less(&v.truth, a.n64, b.n64, present)
	default:
		less(&v.truth, b.n64, a.n64, present)
	}
}

// mirrored is the comparison with its operands in the other order.
var mirrored = map[opcode]opcode{opLess: opGreater, opGreater: opLess, opEqual: opEqual}

// ends64 is numbers from low to high; none where low is above high.
type ends64 struct{ low, high int64 }

// where is the numbers that are less, greater or equal to one.
func where(op opcode, n int64) ends64 {
	switch {
	case op == opEqual:
		return ends64{n, n}
	case op == opLess && n > math.MinInt64:
		return ends64{math.MinInt64, n - 1}
	case op == opGreater && n < math.MaxInt64:
		return ends64{n + 1, math.MaxInt64}
	}
	return ends64{1, 0}
}

func bit(yes bool) uint64 {
	if yes {
		return 1
	}
	return 0
}

func within(truth *Bits, a *[blockRows]int64, e ends64, in *Bits) {
	if e.low > e.high {
		return
	}
	low, size := uint64(e.low), uint64(e.high)-uint64(e.low)
	for w, some := range in {
		var yes uint64
		a := (*[64]int64)(a[w*64:])
		if bits.OnesCount64(some) <= few {
			for x := some; x != 0; x &= x - 1 {
				i := bits.TrailingZeros64(x)
				yes |= bit(uint64(a[i&63])-low <= size) << (i & 63)
			}
		} else {
			for i := 0; i < 64; i += 8 {
				n := (*[8]int64)(a[i:])
				yes |= (bit(uint64(n[0])-low <= size) | bit(uint64(n[1])-low <= size)<<1 |
					bit(uint64(n[2])-low <= size)<<2 | bit(uint64(n[3])-low <= size)<<3 |
					bit(uint64(n[4])-low <= size)<<4 | bit(uint64(n[5])-low <= size)<<5 |
					bit(uint64(n[6])-low <= size)<<6 | bit(uint64(n[7])-low <= size)<<7) << (i & 63)
			}
		}
		truth[w] |= yes & some
	}
}

func less(truth *Bits, a, b *[blockRows]int64, in *Bits) {
	for w, some := range in {
		var yes uint64
		a, b := (*[64]int64)(a[w*64:]), (*[64]int64)(b[w*64:])
		if bits.OnesCount64(some) <= few {
			for x := some; x != 0; x &= x - 1 {
				i := bits.TrailingZeros64(x)
				yes |= bit(a[i&63] < b[i&63]) << (i & 63)
			}
		} else {
			for i, n := range a {
				yes |= bit(n < b[i]) << (i & 63)
			}
		}
		truth[w] |= yes & some
	}
}

func equal(truth *Bits, a, b *[blockRows]int64, in *Bits) {
	for w, some := range in {
		var yes uint64
		a, b := (*[64]int64)(a[w*64:]), (*[64]int64)(b[w*64:])
		if bits.OnesCount64(some) <= few {
			for x := some; x != 0; x &= x - 1 {
				i := bits.TrailingZeros64(x)
				yes |= bit(a[i&63] == b[i&63]) << (i & 63)
			}
		} else {
			for i, n := range a {
				yes |= bit(n == b[i]) << (i & 63)
			}
		}
		truth[w] |= yes & some
	}
}

// inCodes is whether texts are in a set, by their codes. Where nothing is present stands code 0, or one from before.
func inCodes(truth *Bits, a *[blockRows]int64, codes []bool, in *Bits) {
	for w, some := range in {
		var yes uint64
		a := (*[64]int64)(a[w*64:])
		if bits.OnesCount64(some) <= few {
			for x := some; x != 0; x &= x - 1 {
				i := bits.TrailingZeros64(x)
				yes |= bit(codes[a[i&63]]) << (i & 63)
			}
		} else {
			for i, code := range a {
				yes |= bit(codes[code]) << (i & 63)
			}
		}
		truth[w] |= yes & some
	}
}

func compareLong[T number[T]](op opcode, truth *Bits, a, b *[blockRows]T, in rows) {
	sign := map[opcode]int{opLess: -1, opGreater: 1, opEqual: 0}[op]
	for _, i := range in {
		truth.add(i, a[i&(blockRows-1)].compare(b[i&(blockRows-1)]) == sign)
	}
}
