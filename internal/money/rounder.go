package money

import "math/bits"

// Rounder settles many fractions of one denominator in one way: multiplying by the denominator's inverse instead of dividing
// (Granlund and Montgomery, "Division by invariant integers using multiplication", 1994).
type Rounder struct {
	inverse uint64 // 2^(63+shift) / (denominator × unit), rounded up
	shift   uint8
	add     uint64 // before the division
	to      uint64 // unit
	most    uint64 // the largest numerator
}

// RounderOf is the Rounder of fractions over den, above 0; ok is false where it has none.
func RounderOf(den int64, how Rounding) (r Rounder, ok bool) {
	to := max(int64(how.To), 1)
	unit, ok := mul(den, to)
	if !ok || unit <= 0 {
		return r, false
	}
	one := uint64(unit)
	switch how.Mode {
	case Down:
	case Up:
		r.add = one - 1
	case HalfUp, "":
		r.add = one / 2
	default:
		return r, false
	}
	r.shift, r.to, r.most = uint8(bits.Len64(one-1)), uint64(to), 1<<63-1-r.add
	rest := uint64(0)
	if r.shift == 0 {
		r.inverse = 1 << 63
	} else if r.inverse, rest = bits.Div64(1<<(r.shift-1), 0, one); rest > 0 {
		r.inverse++
	}
	return r, true
}

// Settle is Round of a number that Round has room for.
func (r *Rounder) Settle(num int64) Fen {
	high, _ := bits.Mul64(r.inverse, 2*(uint64(num)+r.add))
	return Fen(high >> (r.shift & 63) * r.to)
}

// Round settles num/den as RoundFraction does; ok is false of what is below nothing, and of numbers that it has no room for.
func (r *Rounder) Round(num int64) (fen Fen, ok bool) {
	if uint64(num) > r.most {
		return 0, false
	}
	return r.Settle(num), true
}
