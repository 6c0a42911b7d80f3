package rule

import (
	"fmt"
	"math/bits"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// The CEL types of our own values. They are opaque: CEL itself can do nothing with them but hand them to the operators
// of operators.go.
var (
	celMoney   = cel.OpaqueType("money")
	celExact   = cel.OpaqueType("exact")
	celRate    = cel.OpaqueType("rate")
	celDecimal = cel.OpaqueType("decimal")
	celDay     = cel.OpaqueType("day")
	celMark    = cel.OpaqueType("mark")
)

var celTypes = [...]*cel.Type{
	BoolType: cel.BoolType, IntType: cel.IntType, DecimalType: celDecimal, MoneyType: celMoney, ExactType: celExact,
	RateType: celRate, DayType: celDay, TextType: cel.StringType,
}

// ofCEL is the type that a CEL type stands for, NoType for one that expressions do not have.
func ofCEL(t *cel.Type) Type {
	for typ, c := range celTypes {
		if c != nil && c.IsExactType(t) {
			return Type(typ)
		}
	}
	return NoType
}

// millionths is a decimal.
type millionths int64

// operand is a value of our own inside CEL. Bool, int and text are CEL's.
type operand[T money.Fen | money.Exact | money.Rate | period.Day | millionths] struct{ v T }

// none stands for what is known to be nothing; unknown for what is not known, because of the names whose bits are set.
type (
	none    struct{}
	unknown uint64
)

// maxNames is how many names one expression may read: the bits of unknown.
const maxNames = 64

func (o operand[T]) Type() ref.Type {
	switch any(o.v).(type) {
	case money.Fen:
		return celMoney
	case money.Exact:
		return celExact
	case money.Rate:
		return celRate
	case millionths:
		return celDecimal
	}
	return celDay
}

// Value, Equal and the conversions are what ref.Val asks for; expressions reach none of them, since == is an operator
// of our own and there are no maps, casts or messages.
func (o operand[T]) Value() any                                  { return o.v }
func (o operand[T]) Equal(other ref.Val) ref.Val                 { return equal(o, other) }
func (o operand[T]) ConvertToNative(t reflect.Type) (any, error) { return nil, noConversion(t) }
func (o operand[T]) ConvertToType(t ref.Type) ref.Val            { return types.WrapErr(noConversion(t)) }
func (none) Type() ref.Type                                      { return celMark }
func (none) Value() any                                          { return nil }
func (none) Equal(other ref.Val) ref.Val                         { return types.Bool(other == none{}) }
func (none) ConvertToNative(t reflect.Type) (any, error)         { return nil, noConversion(t) }
func (none) ConvertToType(t ref.Type) ref.Val                    { return types.WrapErr(noConversion(t)) }
func (unknown) Type() ref.Type                                   { return celMark }
func (u unknown) Value() any                                     { return uint64(u) }
func (u unknown) Equal(other ref.Val) ref.Val                    { return types.Bool(other == u) }
func (unknown) ConvertToNative(t reflect.Type) (any, error)      { return nil, noConversion(t) }
func (unknown) ConvertToType(t ref.Type) ref.Val                 { return types.WrapErr(noConversion(t)) }

func noConversion(t any) error { return fmt.Errorf("rule: a value cannot become %v", t) }

func (u unknown) names(yield func(int) bool) {
	for rest := uint64(u); rest != 0; rest &= rest - 1 {
		if !yield(bits.TrailingZeros64(rest)) {
			return
		}
	}
}

// in is the value inside CEL.
func (v Value) in() ref.Val {
	switch v.typ {
	case BoolType:
		return types.Bool(v.num != 0)
	case IntType:
		return types.Int(v.num)
	case DecimalType:
		return operand[millionths]{millionths(v.num)}
	case MoneyType:
		return operand[money.Fen]{money.Fen(v.num)}
	case ExactType:
		return operand[money.Exact]{v.exact}
	case RateType:
		return operand[money.Rate]{v.rate}
	case DayType:
		return operand[period.Day]{period.Day(v.num)}
	case TextType:
		return types.String(v.text)
	}
	return types.NewErr("rule: a value without a type")
}

// out is the value that came out of CEL; ok is false for a mark or an error.
func out(r ref.Val) (v Value, ok bool) {
	switch x := r.(type) {
	case types.Bool:
		return Bool(bool(x)), true
	case types.Int:
		return Int(int64(x)), true
	case types.String:
		return Text(string(x)), true
	case operand[millionths]:
		return Decimal(int64(x.v)), true
	case operand[money.Fen]:
		return Money(x.v), true
	case operand[money.Exact]:
		return Exact(x.v), true
	case operand[money.Rate]:
		return Rate(x.v), true
	case operand[period.Day]:
		return Day(x.v), true
	}
	return Value{}, false
}
