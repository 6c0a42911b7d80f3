package money

import (
	"cmp"
	"math"
	"math/bits"
)

// Fractions of two 64-bit numbers. What does not fit is not ok, and its caller takes a big.Rat.

func magnitude(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

func signed(negative bool, a uint64) (int64, bool) {
	switch {
	case negative:
		return -int64(a), a <= -math.MinInt64
	default:
		return int64(a), a <= math.MaxInt64
	}
}

func mul(a, b int64) (int64, bool) {
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	c, ok := signed((a < 0) != (b < 0), low)
	return c, ok && high == 0
}

// reduce divides two numbers, the second positive, by their greatest common divisor.
func reduce(a, b int64) (int64, int64) {
	x, y := magnitude(a), uint64(b)
	if b == 1 {
		return a, b
	}
	for y != 0 {
		x, y = y, x%y
	}
	return a / int64(x), b / int64(x) // x divides b, so it fits
}

// compare is −1, 0 or 1 as a/b, b > 0, is to c/d, d > 0.
func compare(a, b, c, d int64) int {
	if b == d {
		return cmp.Compare(a, c)
	}
	if s, t := cmp.Compare(a, 0), cmp.Compare(c, 0); s != t || s == 0 {
		return cmp.Compare(s, t)
	}
	high1, low1 := bits.Mul64(magnitude(a), uint64(d))
	high2, low2 := bits.Mul64(magnitude(c), uint64(b))
	by := cmp.Or(cmp.Compare(high1, high2), cmp.Compare(low1, low2))
	if a < 0 {
		return -by
	}
	return by
}

// round settles num/den to a multiple of to. Where ok is false it takes larger numbers.
func round(num, den, to int64, mode Mode) (_ Fen, ok bool, err error) {
	unit, ok := mul(den, to)
	if !ok {
		return 0, false, nil
	}
	size, one := magnitude(num), uint64(unit)
	whole, rest := size/one, size%one
	up, err := mode.up(rest == 0, cmp.Compare(rest, one-rest), whole&1 == 1)
	if err != nil {
		return 0, false, err
	}
	if up {
		whole++
	}
	high, low := bits.Mul64(whole, uint64(to))
	fen, fits := signed(num < 0, low)
	if high != 0 || !fits {
		return 0, false, ErrOverflow
	}
	return Fen(fen), true, nil
}
