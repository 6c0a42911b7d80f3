package sheet

import (
	"bytes"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// decimal is ±digits × 10^−scale: what a number in a cell says, exactly. Nineteen digits are enough for 64 bits of fen.
type decimal struct {
	neg    bool
	digits uint64
	scale  int
	cut    bool // digits below the nineteenth were dropped
}

var pow10 = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// plainDecimal reads an optional sign, digits and at most one point. Zeros that say nothing are dropped; ok is false
// for anything else and for more than nineteen digits that count.
func plainDecimal[T string | []byte](s T) (d decimal, ok bool) {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		d.neg = s[0] == '-'
		s = s[1:]
	}
	seen, point := false, false
	zeros := 0 // of the fraction, held back until a digit follows
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '.' && !point:
			point = true
			continue
		case c < '0' || c > '9':
			return decimal{}, false
		}
		seen = true
		if point && c == '0' {
			zeros++
			continue
		}
		for ; zeros > 0; zeros-- {
			if !d.push(0) {
				return decimal{}, false
			}
			d.scale++
		}
		if !d.push(c - '0') {
			return decimal{}, false
		}
		if point {
			d.scale++
		}
	}
	return d, seen
}

// push appends a digit where there is room for it.
func (d *decimal) push(digit byte) bool {
	hi, lo := bits.Mul64(d.digits, 10)
	sum, carry := bits.Add64(lo, uint64(digit), 0)
	d.digits = sum
	return hi+carry == 0
}

// rawNumber is the number that a workbook stores. A workbook writes doubles with up to 17 digits: 1234.56 may stand as
// 1234.5599999999999. What has at most 15 significant digits, the precision that spreadsheets promise, is taken as it
// stands; anything longer is read as a double and given its shortest decimal form, cut to 15 digits where that is
// longer (0.1+0.2 is 0.3). An exponent is read the same way.
func rawNumber(s string) (decimal, bool) {
	if len(s) <= 16 {
		if d, ok := plainDecimal(s); ok && d.digits < 1e15 {
			return d, true
		}
	}
	if strings.ContainsAny(s, "xXpP_iInN") { // Go's own notations
		return decimal{}, false
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return decimal{}, false
	}
	var buf [32]byte
	short := strconv.AppendFloat(buf[:0], v, 'e', -1, 64)
	if bytes.IndexByte(short, 'e') > 17 || v > 0 && bytes.IndexByte(short, 'e') > 16 {
		short = strconv.AppendFloat(buf[:0], v, 'e', 14, 64)
	}
	mantissa, exponent, _ := bytes.Cut(short, []byte("e"))
	d, ok := plainDecimal(mantissa)
	if !ok {
		return decimal{}, false
	}
	e := 0
	for _, c := range exponent[1:] {
		e = e*10 + int(c-'0')
	}
	if exponent[0] == '-' {
		e = -e
	}
	d.scale -= e
	return d.tidy(), true
}

// tidy drops zeros at the end of a fraction.
func (d decimal) tidy() decimal {
	for d.scale > 0 && d.digits%10 == 0 && d.digits > 0 {
		d.digits /= 10
		d.scale--
	}
	if d.digits == 0 {
		d.scale, d.neg = 0, false
	}
	return d
}

// times is d × factor as a whole number, rounded half away from zero; rounded says that something was lost, ok that it
// fits into 64 bits.
func (d decimal) times(factor int64) (n int64, rounded, ok bool) {
	if factor <= 0 {
		return 0, false, false
	}
	d = d.tidy()
	rounded = d.cut
	for d.scale >= len(pow10) { // far below any unit
		rounded = rounded || d.digits%10 > 0
		d.digits /= 10
		d.scale--
		if d.digits == 0 {
			return 0, rounded, true
		}
	}
	hi, lo := bits.Mul64(d.digits, uint64(factor))
	for d.scale < 0 {
		if d.digits == 0 {
			return 0, rounded, true
		}
		h, l := bits.Mul64(lo, 10)
		if hi > 0 || h > 0 {
			return 0, false, false
		}
		hi, lo = h, l
		d.scale++
	}
	by := pow10[d.scale]
	if hi >= by {
		return 0, false, false
	}
	q, r := bits.Div64(hi, lo, by)
	if r > 0 {
		rounded = true
		if r >= by-r {
			q++
		}
	}
	if q > math.MaxInt64 {
		return 0, false, false
	}
	if d.neg {
		return -int64(q), rounded, true
	}
	return int64(q), rounded, true
}

// whole is d when it has no fraction and fits.
func (d decimal) whole() (int64, bool) {
	n, rounded, ok := d.times(1)
	return n, ok && !rounded
}

// floor is the whole days of a serial number; −1 for what is none.
func (d decimal) floor() int64 {
	if d.neg {
		return -1
	}
	for d.scale > 0 {
		d.digits /= 10
		d.scale--
	}
	n, _, ok := d.times(1)
	if !ok {
		return -1
	}
	return n
}

// clock is the time of day of a serial number, to the second.
func (d decimal) clock() time.Duration {
	days := d.floor()
	n, _, ok := d.times(86400)
	if !ok || days < 0 || days > maxSerial {
		return 0
	}
	return time.Duration(n-days*86400) * time.Second
}

// cmp compares two decimals, exactly.
func (d decimal) cmp(e decimal) int {
	if d.neg != e.neg && (d.digits > 0 || e.digits > 0) {
		if d.neg {
			return -1
		}
		return 1
	}
	sign := 1
	if d.neg {
		sign = -1
	}
	a, b := d.fixedDigits(max(d.scale, e.scale)), e.fixedDigits(max(d.scale, e.scale))
	switch {
	case len(a) != len(b):
		if len(a) < len(b) {
			return -sign
		}
		return sign
	default:
		return sign * strings.Compare(a, b)
	}
}

// fixedDigits is |d| × 10^scale in digits without leading zeros; scale is at least d's.
func (d decimal) fixedDigits(scale int) string {
	if d.digits == 0 {
		return ""
	}
	return strconv.FormatUint(d.digits, 10) + strings.Repeat("0", min(scale-d.scale, 400))
}

// fixed is d with a number of decimals, rounded half away from zero.
func (d decimal) fixed(decimals int) string {
	for d.scale > decimals {
		up := d.scale == decimals+1 && d.digits%10 >= 5
		d.digits /= 10
		d.scale--
		if up {
			d.digits++
		}
	}
	s := strconv.FormatUint(d.digits, 10)
	if d.digits == 0 {
		d.scale = 0
	}
	if d.scale < 0 {
		s += strings.Repeat("0", min(-d.scale, 400))
		d.scale = 0
	}
	s += strings.Repeat("0", min(decimals-d.scale, 400))
	if len(s) <= decimals {
		s = strings.Repeat("0", decimals-len(s)+1) + s
	}
	if decimals > 0 {
		s = s[:len(s)-decimals] + "." + s[len(s)-decimals:]
	}
	if d.neg && strings.Trim(s, "0.") != "" {
		s = "-" + s
	}
	return s
}

func (d decimal) String() string { return d.tidy().fixed(max(d.tidy().scale, 0)) }
