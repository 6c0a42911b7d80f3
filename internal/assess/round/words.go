package round

import (
	"math/big"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// shown is a number of a comparison as people read it: a share in percent, money in ten thousand yuan, with two decimals at most.
func shown(c *assess.Comparison, text string) any {
	x := rat(text)
	switch {
	case x == nil:
		return ""
	case c != nil && c.Type() == rule.RateType:
		return decimal(new(big.Rat).Mul(x, big.NewRat(100, 1))) + "%"
	case c != nil && c.Type() == rule.MoneyType:
		return i18n.M("assessround.wan", decimal(new(big.Rat).Quo(x, big.NewRat(1_000_000, 1))))
	}
	return decimal(x)
}

// decimal is a number with two decimals at most, rounded half up.
func decimal(x *big.Rat) string {
	if x.IsInt() {
		return x.Num().String()
	}
	return x.FloatString(2)
}

// timesOf is how many times the MAD a number lies from the median.
func timesOf(d *Detail) string {
	x, median, mad := rat(d.Value), rat(d.Median), rat(d.MAD)
	if x == nil || median == nil || mad == nil || mad.Sign() == 0 {
		return ""
	}
	far := new(big.Rat).Sub(x, median)
	return decimal(far.Quo(far.Abs(far), mad))
}

func timesText(c *assess.Comparison) string {
	if c == nil {
		return ""
	}
	return c.Times.String()
}

// oneIn is a chance as one in how many; of a large number its first digit and how many follow.
func oneIn(chance string) string {
	x := rat(chance)
	if x == nil || x.Sign() <= 0 {
		return ""
	}
	inverse := new(big.Rat).Inv(x)
	n := new(big.Int).Quo(inverse.Num(), inverse.Denom()).String()
	if len(n) <= 6 {
		return n
	}
	return n[:1] + "×10^" + strconv.Itoa(len(n)-1)
}
