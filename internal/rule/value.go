package rule

import (
	"fmt"
	"math/big"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Type is the type of an expression or a value.
type Type int8

// The types. Money is whole fen; Exact is money before rounding; Decimal is millionths; Text is words and codes.
const (
	NoType Type = iota
	BoolType
	IntType
	DecimalType
	MoneyType
	ExactType
	RateType
	DayType
	TextType
)

var typeNames = [...]string{"none", "bool", "int", "decimal", "money", "exact", "rate", "day", "text"}

// String is the name as expressions and messages of developers write it.
func (t Type) String() string { return typeNames[t] }

// Msg is the name in the words of the field: 金额, 整数.
func (t Type) Msg() i18n.Msg { return i18n.M("rule.type_" + t.String()) }

// TypeOf is the type that facts of a content type have in expressions.
func TypeOf(t content.Type) Type {
	switch t {
	case content.Bool:
		return BoolType
	case content.Int:
		return IntType
	case content.Decimal:
		return DecimalType
	case content.Money:
		return MoneyType
	case content.Rate:
		return RateType
	case content.Date:
		return DayType
	case content.Text, content.Code:
		return TextType
	}
	return NoType
}

// State is how much is known.
type State int8

// The states. The zero value is Unknown, so that what nobody filled in is never taken for a value.
const (
	Unknown State = iota
	Present       // a value
	None          // known to be nothing, or not applicable
	Failed        // evaluation gave an error: a result that does not fit
)

func (s State) String() string { return [...]string{"unknown", "present", "none", "failed"}[s] }

// Value is a value of one of the types; which one, Type says. The zero value has NoType.
type Value struct {
	typ   Type
	num   int64 // Bool 0 or 1, Int, Decimal in millionths, Money in fen, Day
	rate  money.Rate
	exact money.Exact
	text  string
}

// Bool is a truth value.
func Bool(b bool) Value {
	if b {
		return Value{typ: BoolType, num: 1}
	}
	return Value{typ: BoolType}
}

// Int is a whole number.
func Int(n int64) Value { return Value{typ: IntType, num: n} }

// Decimal is a number of millionths.
func Decimal(millionths int64) Value { return Value{typ: DecimalType, num: millionths} }

// Money is an amount.
func Money(a money.Fen) Value { return Value{typ: MoneyType, num: int64(a)} }

// Exact is an amount that is not rounded yet.
func Exact(e money.Exact) Value { return Value{typ: ExactType, exact: e} }

// Rate is a rate.
func Rate(r money.Rate) Value { return Value{typ: RateType, rate: r} }

// Fraction is a rate or an exact amount of fen, by the type that is given. A rate must fit, as money.NewRate wants it.
func Fraction(t Type, r *big.Rat) Value {
	if t == ExactType {
		return Exact(money.ExactOf(r))
	}
	return Rate(fraction(r.Num().Int64(), r.Denom().Int64()))
}

// Day is a date.
func Day(d period.Day) Value { return Value{typ: DayType, num: int64(d)} }

// Text is a word or code.
func Text(s string) Value { return Value{typ: TextType, text: s} }

// FactValue is a fact's value from the scale that facts are stored in (content.Type): num for numbers, text for text
// and codes.
func FactValue(t content.Type, num int64, text string) Value {
	switch typ := TypeOf(t); typ {
	case RateType:
		return Rate(money.PPM(num))
	case TextType:
		return Text(text)
	default:
		return Value{typ: typ, num: num}
	}
}

// Stored is the value of a fact on the scale that facts are stored in: what FactValue takes. A rate must be a whole number of millionths.
func (v Value) Stored() (num int64, text string) {
	switch v.typ {
	case RateType:
		r := v.rate.Rat()
		return new(big.Int).Quo(new(big.Int).Mul(r.Num(), big.NewInt(1_000_000)), r.Denom()).Int64(), ""
	case TextType:
		return 0, v.text
	}
	return v.num, ""
}

// Type is which of the types v has.
func (v Value) Type() Type { return v.typ }

func (v Value) must(t Type) {
	if v.typ != t {
		panic(fmt.Sprintf("rule: a value of type %s is read as %s", v.typ, t))
	}
}

// Bool is the truth value. Reading a value as another type than it has is a mistake in the program and panics, here
// and in the methods below.
func (v Value) Bool() bool { v.must(BoolType); return v.num != 0 }

// Int is the whole number.
func (v Value) Int() int64 { v.must(IntType); return v.num }

// Millionths is the decimal.
func (v Value) Millionths() int64 { v.must(DecimalType); return v.num }

// Fen is the amount.
func (v Value) Fen() money.Fen { v.must(MoneyType); return money.Fen(v.num) }

// Exact is the amount before rounding; money is exact as it is.
func (v Value) Exact() money.Exact {
	if v.typ == MoneyType {
		return money.Of(money.Fen(v.num))
	}
	v.must(ExactType)
	return v.exact
}

// Rate is the rate.
func (v Value) Rate() money.Rate { v.must(RateType); return v.rate }

// Day is the date.
func (v Value) Day() period.Day { v.must(DayType); return period.Day(v.num) }

// Text is the word or code.
func (v Value) Text() string { v.must(TextType); return v.text }

// String is the value without its unit, as JSON carries it: "true", "12", "0.85", "5000000.00" (yuan), "1.2%",
// "2022-01-28", the code.
func (v Value) String() string {
	switch v.typ {
	case BoolType:
		return strconv.FormatBool(v.num != 0)
	case IntType:
		return strconv.FormatInt(v.num, 10)
	case DecimalType:
		return money.Fen(v.num).In(millionth)
	case MoneyType:
		return money.Fen(v.num).String()
	case ExactType:
		return v.exact.String()
	case RateType:
		return v.rate.String()
	case DayType:
		return period.Day(v.num).String()
	case TextType:
		return v.text
	}
	return ""
}

// MarshalText gives String.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// millionth lets package money, which reads and writes exact decimals of any unit, do so for Decimal.
const millionth money.Fen = 1_000_000

// ParseValue reads the text form of a value: what String writes, and for money a unit too ("500万元"). Exact has none.
func ParseValue(t Type, s string) (Value, error) {
	switch t {
	case BoolType:
		switch s {
		case "true", "false":
			return Bool(s == "true"), nil
		}
		return Value{}, fmt.Errorf("%q: want true or false", s)
	case IntType:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return Value{}, fmt.Errorf("%q: want a whole number", s)
		}
		return Int(n), nil
	case DecimalType:
		n, err := money.ParseIn(s, millionth)
		if err != nil {
			return Value{}, fmt.Errorf("%q: want a number with at most six decimals", s)
		}
		return Decimal(int64(n)), nil
	case MoneyType:
		a, err := money.Parse(s)
		return Money(a), err
	case RateType:
		r, err := money.ParseRate(s)
		return Rate(r), err
	case DayType:
		d, err := period.ParseDay(s)
		return Day(d), err
	case TextType:
		return Text(s), nil
	}
	return Value{}, fmt.Errorf("a value of type %s has no text form", t)
}
