package rubric

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Points is a score in ten-thousandths of a point.
type Points int64

// One is one point; Most is the most that can be given or added up to.
const (
	One  Points = 10_000
	Most Points = 10_000 * One
)

const places = 4 // decimals of a point

// ParsePoints reads points as people write them: 8, 7.5. They are not negative and have at most four decimals.
func ParsePoints(s string) (Points, error) {
	whole, part, dot := strings.Cut(strings.TrimSpace(s), ".")
	if !digits(whole) || len(whole) > 5 || dot && (!digits(part) || len(part) > places) {
		return 0, errs.Invalid(i18n.M("rubric.bad_points", s))
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", places-len(part)), 10, 64)
	if err != nil || Points(n) > Most {
		return 0, errs.Invalid(i18n.M("rubric.bad_points", s))
	}
	return Points(n), nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// String is points without needless zeros: 7.5.
func (p Points) String() string {
	s := strconv.FormatInt(int64(p/One), 10)
	if part := p % One; part != 0 {
		d := strconv.FormatInt(int64(part), 10)
		s += "." + strings.TrimRight(strings.Repeat("0", places-len(d))+d, "0")
	}
	return s
}

// MarshalText gives String.
func (p Points) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePoints reads.
func (p *Points) UnmarshalText(b []byte) (err error) {
	*p, err = ParsePoints(string(b))
	return err
}

// Rat is points as a fraction of its own.
func (p Points) Rat() *big.Rat { return big.NewRat(int64(p), int64(One)) }
