package money

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Fen is an amount of yuan in hundredths.
type Fen int64

// ErrOverflow says that a result does not fit into 64 bits of fen (about 92 quadrillion yuan).
var ErrOverflow = errors.New("amount out of range")

// Yuan, Wan and Yi are the units that documents speak in.
const (
	Yuan Fen = 100
	Wan  Fen = 10_000 * Yuan
	Yi   Fen = 100_000_000 * Yuan
)

// Units maps a unit's name to its worth. 元 is the only unit without a factor of its own.
var units = []struct {
	name string
	fen  Fen
}{{"亿元", Yi}, {"千万元", 1000 * Wan}, {"百万元", 100 * Wan}, {"万元", Wan}, {"千元", 1000 * Yuan}, {"元", Yuan}, {"分", 1}}

// UnitOf is the worth of a unit by its name (元, 千元, 万元, 百万元, 千万元, 亿元, 分).
func UnitOf(name string) (Fen, bool) {
	for _, u := range units {
		if u.name == name {
			return u.fen, true
		}
	}
	return 0, false
}

// Add is a+b, or ErrOverflow.
func (a Fen) Add(b Fen) (Fen, error) {
	c := a + b
	if (c > a) != (b > 0) && b != 0 {
		return 0, ErrOverflow
	}
	return c, nil
}

// Sub is a−b, or ErrOverflow.
func (a Fen) Sub(b Fen) (Fen, error) {
	c := a - b
	if (c < a) != (b > 0) && b != 0 {
		return 0, ErrOverflow
	}
	return c, nil
}

// Times is a×n, or ErrOverflow.
func (a Fen) Times(n int64) (Fen, error) {
	c, ok := mul(int64(a), n)
	if !ok {
		return 0, ErrOverflow
	}
	return Fen(c), nil
}

// String is yuan with two decimals and no grouping: "1234.50".
func (a Fen) String() string {
	sign, u := "", uint64(a)
	if a < 0 {
		sign, u = "-", -uint64(a)
	}
	return fmt.Sprintf("%s%d.%02d", sign, u/100, u%100)
}

// In is the amount in a unit, exact, without needless zeros: Fen(123_450_00).In(Wan) is "12.345".
func (a Fen) In(unit Fen) string {
	r := big.NewRat(int64(a), int64(unit))
	digits := len(strconv.FormatInt(int64(unit), 10)) - 1
	s := r.FloatString(digits)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// MarshalText gives yuan with two decimals; JSON carries amounts as such strings, never as numbers.
func (a Fen) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what Parse reads.
func (a *Fen) UnmarshalText(b []byte) error {
	v, err := Parse(string(b))
	if err == nil {
		*a = v
	}
	return err
}

// Parse reads an exact amount: "1234.5", "500万元", "-0.5亿元". Without a unit the amount is in yuan. Fractions
// of a fen are refused.
func Parse(s string) (Fen, error) {
	num, unit := strings.TrimSpace(s), Yuan
	for _, u := range units {
		if strings.HasSuffix(num, u.name) {
			num, unit = strings.TrimSpace(strings.TrimSuffix(num, u.name)), u.fen
			break
		}
	}
	return ParseIn(num, unit)
}

// ParseIn reads a plain decimal number of a unit: ParseIn("1.5", Wan) is 15,000 yuan.
func ParseIn(num string, unit Fen) (Fen, error) {
	r, err := decimal(num)
	if err != nil {
		return 0, fmt.Errorf("amount %q: %w", num, err)
	}
	r.Mul(r, new(big.Rat).SetInt64(int64(unit)))
	if !r.IsInt() {
		return 0, fmt.Errorf("amount %q: has fractions of a fen", num)
	}
	return ExactOf(r).whole()
}

// decimal reads digits with at most one point and an optional sign; no exponent, so that a short text cannot ask
// for a number of a million digits.
func decimal(s string) (*big.Rat, error) {
	t := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	whole, frac, _ := strings.Cut(t, ".")
	if whole == "" || len(t) > 40 || len(s)-len(t) > 1 || strings.Trim(whole+frac, "0123456789") != "" {
		return nil, errors.New("want a decimal number such as 1234.56")
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, errors.New("want a decimal number such as 1234.56")
	}
	return r, nil
}

// Rate is an exact fraction: 1.2 %, 90/365, ⅓. The zero value is 0.
type Rate struct{ num, den int64 }

// NewRate is num/den in lowest terms; den must be positive.
func NewRate(num, den int64) (Rate, error) {
	if den <= 0 {
		return Rate{}, fmt.Errorf("rate %d/%d: the denominator must be positive", num, den)
	}
	a, b := num, den
	for b != 0 {
		a, b = b, a%b
	}
	if a < 0 {
		a = -a
	}
	return Rate{num / a, den / a}, nil
}

// PPM is a rate of parts per million.
func PPM(n int64) Rate {
	r, _ := NewRate(n, 1_000_000)
	return r
}

// ParseRate reads "1.2%", "12‰", "0.012" or "1/3".
func ParseRate(s string) (Rate, error) {
	t, by := strings.TrimSpace(s), int64(1)
	switch {
	case strings.HasSuffix(t, "%"):
		t, by = strings.TrimSuffix(t, "%"), 100
	case strings.HasSuffix(t, "‰"):
		t, by = strings.TrimSuffix(t, "‰"), 1000
	}
	num, den, isFraction := strings.Cut(t, "/")
	r, err := decimal(num)
	if err == nil && isFraction {
		var d *big.Rat
		if d, err = decimal(den); err == nil {
			if d.Sign() <= 0 {
				return Rate{}, fmt.Errorf("rate %q: the denominator must be positive", s)
			}
			r.Quo(r, d)
		}
	}
	if err != nil {
		return Rate{}, fmt.Errorf("rate %q: want 1.2%%, 0.012 or 1/3", s)
	}
	r.Quo(r, new(big.Rat).SetInt64(by))
	if !r.Num().IsInt64() || !r.Denom().IsInt64() {
		return Rate{}, fmt.Errorf("rate %q: %w", s, ErrOverflow)
	}
	return Rate{r.Num().Int64(), r.Denom().Int64()}, nil
}

// Rat is the rate as a fraction of its own.
func (r Rate) Rat() *big.Rat {
	if r.den == 0 {
		return new(big.Rat)
	}
	return big.NewRat(r.num, r.den)
}

// Fraction is the rate in lowest terms.
func (r Rate) Fraction() (num, den int64) { return r.num, max(r.den, 1) }

// Cmp is −1, 0 or 1.
func (r Rate) Cmp(s Rate) int { return compare(r.num, max(r.den, 1), s.num, max(s.den, 1)) }

// String is a percentage where that is exact within eight decimals, else the fraction.
func (r Rate) String() string {
	pct := new(big.Rat).Mul(r.Rat(), big.NewRat(100, 1))
	s := pct.FloatString(8)
	if back, _ := new(big.Rat).SetString(s); back.Cmp(pct) != 0 {
		return fmt.Sprintf("%d/%d", r.num, r.den)
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".") + "%"
}

// MarshalText gives String.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what ParseRate reads.
func (r *Rate) UnmarshalText(b []byte) error {
	v, err := ParseRate(string(b))
	if err == nil {
		*r = v
	}
	return err
}

// Exact is an amount in fen before rounding. Its zero value is 0; values are never changed in place.
//
// Nearly every amount is a fraction of two 64-bit numbers and is reckoned with as such; one that is not, or becomes none,
// is a big.Rat.
type Exact struct {
	num, den int64    // in lowest terms; den 0 is 1
	r        *big.Rat // instead of num and den, where they do not suffice
}

// Of is an amount as an exact one.
func Of(a Fen) Exact { return Exact{num: int64(a)} }

// ExactOf is a fraction of fen, which must not be changed afterwards.
func ExactOf(r *big.Rat) Exact {
	if r.Num().IsInt64() && r.Denom().IsInt64() {
		return Exact{num: r.Num().Int64(), den: r.Denom().Int64()}
	}
	return Exact{r: r}
}

// fraction is the amount over a positive denominator; ok is false where it takes a big.Rat.
func (e Exact) fraction() (num, den int64, ok bool) { return e.num, max(e.den, 1), e.r == nil }

func (e Exact) rat() *big.Rat {
	if e.r != nil {
		return e.r
	}
	return big.NewRat(e.num, max(e.den, 1))
}

// Times is e×r.
func (e Exact) Times(r Rate) Exact {
	if n, d, ok := e.fraction(); ok {
		n, by := reduce(n, max(r.den, 1))
		m, d := reduce(r.num, d)
		num, ok1 := mul(n, m)
		den, ok2 := mul(d, by)
		if ok1 && ok2 {
			return Exact{num: num, den: den}
		}
	}
	return ExactOf(new(big.Rat).Mul(e.rat(), r.Rat()))
}

// Plus is e+f.
func (e Exact) Plus(f Exact) Exact {
	if num, den, ok := sum(e, f, add); ok {
		return Exact{num: num, den: den}
	}
	return ExactOf(new(big.Rat).Add(e.rat(), f.rat()))
}

// Minus is e−f.
func (e Exact) Minus(f Exact) Exact {
	if num, den, ok := sum(e, f, sub); ok {
		return Exact{num: num, den: den}
	}
	return ExactOf(new(big.Rat).Sub(e.rat(), f.rat()))
}

func add(a, b int64) (int64, error) { c, err := Fen(a).Add(Fen(b)); return int64(c), err }
func sub(a, b int64) (int64, error) { c, err := Fen(a).Sub(Fen(b)); return int64(c), err }

// sum is a sum or a difference; ok is false where 64 bits do not suffice.
func sum(e, f Exact, op func(a, b int64) (int64, error)) (num, den int64, ok bool) {
	n, d, ok1 := e.fraction()
	m, c, ok2 := f.fraction()
	if !ok1 || !ok2 {
		return 0, 0, false
	}
	if d != c {
		up, down := reduce(c, d) // n/d = n·up / d·up, and d·up = c·down
		n, ok1 = mul(n, up)
		m, ok2 = mul(m, down)
		den, ok = mul(d, up)
		if !ok1 || !ok2 || !ok {
			return 0, 0, false
		}
		d = den
	}
	num, err := op(n, m)
	if err != nil {
		return 0, 0, false
	}
	num, den = reduce(num, d)
	return num, den, true
}

// Cmp is −1, 0 or 1.
func (e Exact) Cmp(f Exact) int {
	n, d, ok1 := e.fraction()
	m, c, ok2 := f.fraction()
	if !ok1 || !ok2 {
		return e.rat().Cmp(f.rat())
	}
	return compare(n, d, m, c)
}

// Sign is −1, 0 or 1.
func (e Exact) Sign() int {
	if e.r != nil {
		return e.r.Sign()
	}
	return cmp.Compare(e.num, 0)
}

// Min is the smaller.
func (e Exact) Min(f Exact) Exact {
	if f.Cmp(e) < 0 {
		return f
	}
	return e
}

func (e Exact) whole() (Fen, error) {
	if n, d, ok := e.fraction(); ok && d == 1 {
		return Fen(n), nil
	}
	return 0, ErrOverflow
}

// String is yuan, exact where the fraction ends within eight decimals, else cut there with an ellipsis.
func (e Exact) String() string {
	if n, d, ok := e.fraction(); ok && d == 1 {
		return Fen(n).String()
	}
	y := new(big.Rat).Quo(e.rat(), big.NewRat(100, 1))
	s := y.FloatString(8)
	back, _ := new(big.Rat).SetString(s)
	whole, frac, _ := strings.Cut(s, ".")
	frac = strings.TrimRight(frac, "0")
	for len(frac) < 2 {
		frac += "0"
	}
	if back.Cmp(y) != 0 {
		frac += "…"
	}
	return whole + "." + frac
}

// Mode is how a tie and a remainder are settled.
type Mode string

// The modes. HalfUp settles a tie away from zero; Down is toward zero; Up away from it; HalfEven to the even unit.
const (
	HalfUp   Mode = "half_up"
	HalfEven Mode = "half_even"
	Down     Mode = "down"
	Up       Mode = "up"
)

// Rounding is the one step from an exact amount to fen: to a multiple of To, by Mode. The zero value is to the fen,
// half away from zero.
type Rounding struct {
	To   Fen
	Mode Mode
}

// Round settles e.
func (e Exact) Round(how Rounding) (Fen, error) {
	to := how.To
	if to <= 0 {
		to = 1
	}
	if n, d, ok := e.fraction(); ok {
		if fen, ok, err := round(n, d, int64(to), how.Mode); ok || err != nil {
			return fen, err
		}
	}
	q := new(big.Rat).Quo(e.rat(), new(big.Rat).SetInt64(int64(to)))
	num := new(big.Int).Abs(q.Num())
	whole, rest := new(big.Int).QuoRem(num, q.Denom(), new(big.Int))
	exact := rest.Sign() == 0
	half := rest.Lsh(rest, 1).Cmp(q.Denom())
	up, err := how.Mode.up(exact, half, whole.Bit(0) == 1)
	if err != nil {
		return 0, err
	}
	if up {
		whole.Add(whole, big.NewInt(1))
	}
	if q.Sign() < 0 {
		whole.Neg(whole)
	}
	whole.Mul(whole, big.NewInt(int64(to)))
	if !whole.IsInt64() {
		return 0, ErrOverflow
	}
	return Fen(whole.Int64()), nil
}

// RoundFraction settles num/den, den above 0, as Round does.
func RoundFraction(num, den int64, how Rounding) (Fen, error) {
	if fen, ok, err := round(num, den, max(int64(how.To), 1), how.Mode); ok || err != nil {
		return fen, err
	}
	return ExactOf(big.NewRat(num, den)).Round(how)
}

// up says whether a remainder makes the whole number before it one more: none, or by how it compares with one half.
func (m Mode) up(exact bool, half int, odd bool) (bool, error) {
	switch m {
	case Down:
		return false, nil
	case Up:
		return !exact, nil
	case HalfEven:
		return half > 0 || half == 0 && odd, nil
	case HalfUp, "":
		return half >= 0, nil
	}
	return false, fmt.Errorf("rounding mode %q is not known", m)
}
