package column

import (
	"cmp"
	"math"
	"math/big"
	"math/bits"
)

// width is how large the numbers of a node are.
type width int8

const (
	w64 width = iota
	w128
	wBig
)

var widthNames = [...]string{w64: "64", w128: "128", wBig: "big"}

// number is what numbers of more than 64 bits can do. A kernel over 128 bits never passes them: the plan has seen to that.
type number[T any] interface {
	plus(T) T
	minus(T) T
	times(T) T
	compare(T) int
	big() *big.Int
}

// int128 is a number of two's complement in 128 bits.
type int128 struct {
	hi int64
	lo uint64
}

func wide(n int64) int128 { return int128{n >> 63, uint64(n)} }

func (a int128) plus(b int128) int128 {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	return int128{a.hi + b.hi + int64(carry), lo}
}

func (a int128) minus(b int128) int128 {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	return int128{a.hi - b.hi - int64(borrow), lo}
}

func (a int128) times(b int128) int128 {
	hi, lo := bits.Mul64(a.lo, b.lo)
	return int128{int64(hi) + a.hi*int64(b.lo) + int64(a.lo)*b.hi, lo}
}

func (a int128) compare(b int128) int {
	return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo))
}

func (a int128) big() *big.Int {
	n := new(big.Int).SetInt64(a.hi)
	return n.Lsh(n, 64).Add(n, new(big.Int).SetUint64(a.lo))
}

// short is the number in 64 bits; ok is false where it does not fit.
func (a int128) short() (n int64, ok bool) { return int64(a.lo), a.hi == int64(a.lo)>>63 }

// int128Of is a number that fits.
func int128Of(n *big.Int) int128 {
	two64 := new(big.Int).Lsh(big.NewInt(1), 64)
	hi, lo := new(big.Int).DivMod(n, two64, new(big.Int))
	return int128{hi.Int64(), lo.Uint64()}
}

// bigInt is a number of any size, never changed in place. The zero value is 0.
type bigInt struct{ n *big.Int }

var zeroInt = new(big.Int)

func (a bigInt) big() *big.Int {
	if a.n == nil {
		return zeroInt
	}
	return a.n
}

func (a bigInt) plus(b bigInt) bigInt  { return bigInt{new(big.Int).Add(a.big(), b.big())} }
func (a bigInt) minus(b bigInt) bigInt { return bigInt{new(big.Int).Sub(a.big(), b.big())} }
func (a bigInt) times(b bigInt) bigInt { return bigInt{new(big.Int).Mul(a.big(), b.big())} }
func (a bigInt) compare(b bigInt) int  { return a.big().Cmp(b.big()) }

// span is from the least to the greatest value that a node may have, both included.
type span struct{ low, high *big.Int }

var (
	all64  = span{big.NewInt(math.MinInt64), big.NewInt(math.MaxInt64)}
	all128 = span{new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 127)), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 127), big.NewInt(1))}
)

func point(n *big.Int) span       { return span{n, n} }
func points(low, high int64) span { return span{big.NewInt(low), big.NewInt(high)} }

func (s span) within(o span) bool { return s.low.Cmp(o.low) >= 0 && s.high.Cmp(o.high) <= 0 }

func (s span) width() width {
	switch {
	case s.within(all64):
		return w64
	case s.within(all128):
		return w128
	}
	return wBig
}

// meet is what lies in both; both ends stay in order.
func (s span) meet(o span) span {
	low, high := larger(s.low, o.low), smaller(s.high, o.high)
	if low.Cmp(high) > 0 {
		return point(low)
	}
	return span{low, high}
}

func (s span) join(o span) span { return span{smaller(s.low, o.low), larger(s.high, o.high)} }

func (s span) plus(o span) span {
	return span{new(big.Int).Add(s.low, o.low), new(big.Int).Add(s.high, o.high)}
}

func (s span) minus(o span) span {
	return span{new(big.Int).Sub(s.low, o.high), new(big.Int).Sub(s.high, o.low)}
}

func (s span) times(o span) span {
	corner := new(big.Int).Mul(s.low, o.low)
	out := point(corner)
	for _, c := range []*big.Int{new(big.Int).Mul(s.low, o.high), new(big.Int).Mul(s.high, o.low), new(big.Int).Mul(s.high, o.high)} {
		out = out.join(point(c))
	}
	return out
}

func smaller(a, b *big.Int) *big.Int {
	if b.Cmp(a) < 0 {
		return b
	}
	return a
}

func larger(a, b *big.Int) *big.Int {
	if b.Cmp(a) > 0 {
		return b
	}
	return a
}
