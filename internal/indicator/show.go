package indicator

import (
	"math/big"

	"github.com/yanzhen/yanzhen/internal/rule"
)

// Percent says that a value is shown out of a hundred.
func (x *Indicator) Percent() bool { return x.Unit == "%" }

// Number is a value as it is shown, without its unit and without parting of digits: yuan of an amount, percents of a share.
func (x *Indicator) Number(v *big.Rat) string {
	switch {
	case x.Type == rule.MoneyType:
		return new(big.Rat).Quo(v, big.NewRat(100, 1)).FloatString(2)
	case x.Percent():
		return new(big.Rat).Mul(v, big.NewRat(100, 1)).FloatString(x.Places)
	}
	return v.FloatString(x.Places)
}

// Brought is what a subject that counts brought, as a Figure has values: fen of an amount, else the number itself.
func (x *Indicator) Brought(l Line) *big.Rat { return big.NewRat(l.Value, x.unit()) }
