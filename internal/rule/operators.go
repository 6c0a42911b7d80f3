package rule

import (
	"cmp"
	"errors"
	"math/big"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Operators that CEL's planner treats by rules of its own (short circuits that hide errors, an unknown condition that
// hides equal branches) are renamed to these before checking, and are functions like all others.
const (
	opAnd = "@and"
	opOr  = "@or"
	opIf  = "@if"
	opEq  = "@eq"
	opNe  = "@ne"
)

var renamed = map[string]string{
	operators.LogicalAnd: opAnd, operators.LogicalOr: opOr, operators.Conditional: opIf,
	operators.Equals: opEq, operators.NotEquals: opNe,
}

// Functions whose arguments are literals, settled when compiling.
const (
	fnMoney    = "money"
	fnRate     = "rate"
	fnDay      = "day"
	fnDecimal  = "decimal"
	fnArea     = "in_area"
	fnIndustry = "in_industry"
	fnKnown    = "known"
	fnNone     = "none"
)

// literals is the functions that make a constant of a text.
var literals = map[string]Type{fnMoney: MoneyType, fnRate: RateType, fnDay: DayType, fnDecimal: DecimalType}

// ErrYears says that a day left the years that are supported.
var ErrYears = errors.New("day out of range")

// table collects the functions of the language.
type table map[string][]decls.FunctionOpt

// def declares an overload. Every function is non-strict: it settles marks and errors by itself.
func (t table) def(name string, result Type, impl decls.OverloadOpt, args ...Type) {
	id, in := name, make([]*cel.Type, len(args))
	for i, a := range args {
		id += "_" + a.String()
		in[i] = celTypes[a]
	}
	t.overload(name, id, in, celTypes[result], impl)
}

func (t table) overload(name, id string, in []*cel.Type, result *cel.Type, impl decls.OverloadOpt) {
	opts := []decls.OverloadOpt{decls.OverloadIsNonStrict()}
	if impl != nil {
		opts = append(opts, impl)
	}
	t[name] = append(t[name], decls.Overload(id, in, result, opts...))
}

func binary(f functions.BinaryOp) decls.OverloadOpt { return decls.BinaryBinding(f) }
func unary(f functions.UnaryOp) decls.OverloadOpt   { return decls.UnaryBinding(f) }

// language is every function and operator.
func language() ([]*decls.FunctionDecl, error) {
	t := table{}
	t.logic()
	t.arithmetic()
	t.comparisons()
	t.days()
	for name, typ := range literals {
		t.def(name, typ, nil, TextType)
	}
	for _, name := range []string{fnArea, fnIndustry} {
		t.overload(name, name, []*cel.Type{cel.StringType, cel.ListType(cel.StringType)}, cel.BoolType, nil)
	}
	for _, typ := range []Type{TextType, IntType} {
		c := celTypes[typ]
		t.overload(operators.In, "in_"+typ.String(), []*cel.Type{c, cel.ListType(c)}, cel.BoolType, nil)
	}
	all := make([]*decls.FunctionDecl, 0, len(t))
	for name, opts := range t {
		f, err := decls.NewFunction(name, append(opts, decls.DisableTypeGuards(true))...)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// everyType is the types that values of expressions have.
var everyType = []Type{BoolType, IntType, DecimalType, MoneyType, ExactType, RateType, DayType, TextType}

func (t table) logic() {
	t.def(opAnd, BoolType, binary(and), BoolType, BoolType)
	t.def(opOr, BoolType, binary(or), BoolType, BoolType)
	t.def(operators.LogicalNot, BoolType, unary(lift(func(b types.Bool) ref.Val { return !b })), BoolType)
	for _, typ := range everyType {
		t.def(opIf, typ, nil, BoolType, typ, typ)
		t.def(fnKnown, BoolType, unary(isKnown), typ)
		t.def(fnNone, BoolType, unary(isNone), typ)
	}
	t.def(opIf, ExactType, nil, BoolType, MoneyType, ExactType)
	t.def(opIf, ExactType, nil, BoolType, ExactType, MoneyType)
}

func (t table) arithmetic() {
	const plus, minus, times, negate = operators.Add, operators.Subtract, operators.Multiply, operators.Negate
	type fen = operand[money.Fen]
	type rate = operand[money.Rate]
	type dec = operand[millionths]

	t.def(plus, IntType, binary(lift2(func(a, b types.Int) ref.Val { return whole(add(int64(a), int64(b))) })), IntType, IntType)
	t.def(minus, IntType, binary(lift2(func(a, b types.Int) ref.Val { return whole(sub(int64(a), int64(b))) })), IntType, IntType)
	t.def(times, IntType, binary(lift2(func(a, b types.Int) ref.Val { return whole(mul(int64(a), int64(b))) })), IntType, IntType)
	t.def(negate, IntType, unary(lift(func(a types.Int) ref.Val { return whole(sub(0, int64(a))) })), IntType)

	t.def(plus, MoneyType, binary(lift2(func(a, b fen) ref.Val { return amount(a.v.Add(b.v)) })), MoneyType, MoneyType)
	t.def(minus, MoneyType, binary(lift2(func(a, b fen) ref.Val { return amount(a.v.Sub(b.v)) })), MoneyType, MoneyType)
	t.def(negate, MoneyType, unary(lift(func(a fen) ref.Val { return amount(money.Fen(0).Sub(a.v)) })), MoneyType)
	t.def(negate, ExactType, unary(exactUnary(func(a money.Exact) money.Exact { return money.Exact{}.Minus(a) })), ExactType)
	for _, pair := range [][2]Type{{ExactType, ExactType}, {ExactType, MoneyType}, {MoneyType, ExactType}} {
		t.def(plus, ExactType, binary(exactBinary(money.Exact.Plus)), pair[0], pair[1])
		t.def(minus, ExactType, binary(exactBinary(money.Exact.Minus)), pair[0], pair[1])
	}

	// Products, in either order.
	both := func(result, a, b Type, f functions.BinaryOp) {
		t.def(times, result, binary(f), a, b)
		t.def(times, result, binary(func(l, r ref.Val) ref.Val { return f(r, l) }), b, a)
	}
	both(MoneyType, MoneyType, IntType, lift2(func(a fen, n types.Int) ref.Val { return amount(a.v.Times(int64(n))) }))
	byRate := scaled(func(r rate) money.Rate { return r.v })
	byInt := scaled(func(n types.Int) money.Rate { return fraction(int64(n), 1) })
	byDecimal := scaled(func(d dec) money.Rate { return fraction(int64(d.v), int64(millionth)) })
	both(ExactType, MoneyType, RateType, byRate)
	both(ExactType, ExactType, RateType, byRate)
	both(ExactType, ExactType, IntType, byInt)
	both(ExactType, MoneyType, DecimalType, byDecimal)
	both(ExactType, ExactType, DecimalType, byDecimal)

	t.def(plus, RateType, binary(lift2(func(a, b rate) ref.Val { return ratio(new(big.Rat).Add(a.v.Rat(), b.v.Rat())) })), RateType, RateType)
	t.def(minus, RateType, binary(lift2(func(a, b rate) ref.Val { return ratio(new(big.Rat).Sub(a.v.Rat(), b.v.Rat())) })), RateType, RateType)
	t.def(times, RateType, binary(lift2(func(a, b rate) ref.Val { return ratio(new(big.Rat).Mul(a.v.Rat(), b.v.Rat())) })), RateType, RateType)
	both(RateType, RateType, IntType, lift2(func(a rate, n types.Int) ref.Val {
		return ratio(new(big.Rat).Mul(a.v.Rat(), new(big.Rat).SetInt64(int64(n))))
	}))

	for _, pair := range [][2]Type{{DecimalType, DecimalType}, {DecimalType, IntType}, {IntType, DecimalType}} {
		t.def(plus, DecimalType, binary(decimalBinary(add)), pair[0], pair[1])
		t.def(minus, DecimalType, binary(decimalBinary(sub)), pair[0], pair[1])
	}
	t.def(negate, DecimalType, unary(lift(func(a dec) ref.Val { return decimal(sub(0, int64(a.v))) })), DecimalType)
	both(DecimalType, DecimalType, IntType, lift2(func(a dec, n types.Int) ref.Val { return decimal(mul(int64(a.v), int64(n))) }))
}

// comparable pairs, besides a type with itself.
var mixed = [][2]Type{{MoneyType, ExactType}, {ExactType, MoneyType}, {DecimalType, IntType}, {IntType, DecimalType}}

func (t table) comparisons() {
	order := func(f func(c int) bool) functions.BinaryOp {
		return func(l, r ref.Val) ref.Val {
			if c, ok := compare(l, r); ok {
				return types.Bool(f(c))
			}
			return settle(l, r)
		}
	}
	pairs := append([][2]Type{}, mixed...)
	for _, typ := range []Type{IntType, DecimalType, MoneyType, ExactType, RateType, DayType} {
		pairs = append(pairs, [2]Type{typ, typ})
	}
	for _, p := range pairs {
		t.def(operators.Less, BoolType, binary(order(func(c int) bool { return c < 0 })), p[0], p[1])
		t.def(operators.LessEquals, BoolType, binary(order(func(c int) bool { return c <= 0 })), p[0], p[1])
		t.def(operators.Greater, BoolType, binary(order(func(c int) bool { return c > 0 })), p[0], p[1])
		t.def(operators.GreaterEquals, BoolType, binary(order(func(c int) bool { return c >= 0 })), p[0], p[1])
		result := widest(p)
		t.def("min", result, binary(pick(result, func(c int) bool { return c <= 0 })), p[0], p[1])
		t.def("max", result, binary(pick(result, func(c int) bool { return c >= 0 })), p[0], p[1])
	}
	for _, p := range append(pairs, [2]Type{BoolType, BoolType}, [2]Type{TextType, TextType}) {
		t.def(opEq, BoolType, binary(equal), p[0], p[1])
		t.def(opNe, BoolType, binary(func(l, r ref.Val) ref.Val {
			if b, ok := equal(l, r).(types.Bool); ok {
				return !b
			}
			return settle(l, r)
		}), p[0], p[1])
	}
}

// widest is the type that holds both of a pair.
func widest(p [2]Type) Type {
	switch {
	case p[0] == ExactType || p[1] == ExactType:
		return ExactType
	case p[0] == DecimalType || p[1] == DecimalType:
		return DecimalType
	}
	return p[0]
}

func (t table) days() {
	type day = operand[period.Day]
	span := func(extra int64) functions.BinaryOp {
		return lift2(func(a, b day) ref.Val { return types.Int(int64(b.v) - int64(a.v) + extra) })
	}
	t.def("days", IntType, binary(span(0)), DayType, DayType)
	t.def("span_days", IntType, binary(span(1)), DayType, DayType)
	t.def("year", IntType, unary(lift(func(d day) ref.Val { return types.Int(d.v.Year()) })), DayType)
	t.def("month", IntType, unary(lift(func(d day) ref.Val { _, m, _ := d.v.YMD(); return types.Int(m) })), DayType)
	t.def("add_days", DayType, binary(moved(AddDays)), DayType, IntType)
	t.def("add_months", DayType, binary(moved(AddMonths)), DayType, IntType)
	t.def("add_years", DayType, binary(moved(AddYears)), DayType, IntType)
}

// lift and lift2 make an operator of a function of present values: what is not present is settled.
func lift[A ref.Val](f func(A) ref.Val) functions.UnaryOp {
	return func(v ref.Val) ref.Val {
		if a, ok := v.(A); ok {
			return f(a)
		}
		return v
	}
}

func lift2[A, B ref.Val](f func(A, B) ref.Val) functions.BinaryOp {
	return func(l, r ref.Val) ref.Val {
		a, ok := l.(A)
		if b, too := r.(B); ok && too {
			return f(a, b)
		}
		return settle(l, r)
	}
}

// settle is the answer of a strict operator one of whose operands is not present: an error, else none, else unknown
// because of both.
func settle(l, r ref.Val) ref.Val {
	if types.IsError(l) {
		return l
	}
	if types.IsError(r) {
		return r
	}
	if l == (none{}) || r == (none{}) {
		return none{}
	}
	return because(l, r)
}

// because is unknown for the reasons of all that are unknown among the values.
func because(vs ...ref.Val) unknown {
	var all unknown
	for _, v := range vs {
		if u, ok := v.(unknown); ok {
			all |= u
		}
	}
	return all
}

func and(l, r ref.Val) ref.Val { return junction(l, r, types.False) }
func or(l, r ref.Val) ref.Val  { return junction(l, r, types.True) }

// junction is && or ||: an error wins, then the value that decides, then unknown, then none, then the other value.
func junction(l, r ref.Val, decides types.Bool) ref.Val {
	a, ok := l.(types.Bool)
	b, too := r.(types.Bool)
	switch {
	case ok && too:
		if a == decides {
			return a
		}
		return b
	case types.IsError(l):
		return l
	case types.IsError(r):
		return r
	case ok && a == decides, too && b == decides:
		return decides
	}
	if u := because(l, r); u != 0 {
		return u
	}
	return none{}
}

// undecided is c ? a : b where c is none or unknown.
func undecided(c, a, b ref.Val) ref.Val {
	if types.IsError(a) {
		return a
	}
	if types.IsError(b) {
		return b
	}
	if same, ok := equal(a, b).(types.Bool); ok && bool(same) {
		return a
	}
	if u := because(c, a, b); u != 0 && (a != none{} || b != none{}) {
		return u
	}
	return none{}
}

func isKnown(v ref.Val) ref.Val {
	if types.IsError(v) {
		return v
	}
	_, present := out(v)
	return types.Bool(present)
}

func isNone(v ref.Val) ref.Val {
	if _, ok := v.(unknown); ok || types.IsError(v) {
		return v
	}
	return types.Bool(v == none{})
}

func equal(l, r ref.Val) ref.Val {
	switch a := l.(type) {
	case types.Bool:
		if b, ok := r.(types.Bool); ok {
			return types.Bool(a == b)
		}
	case types.String:
		if b, ok := r.(types.String); ok {
			return types.Bool(a == b)
		}
	default:
		if c, ok := compare(l, r); ok {
			return types.Bool(c == 0)
		}
	}
	return settle(l, r)
}

// compare orders two present values of one type, or of two types that mix; ok is false when one is not present.
func compare(l, r ref.Val) (c int, ok bool) {
	switch a := l.(type) {
	case types.Int:
		switch b := r.(type) {
		case types.Int:
			return cmp.Compare(a, b), true
		case operand[millionths]:
			return -compareDecimal(int64(b.v), int64(a)), true
		}
	case operand[millionths]:
		switch b := r.(type) {
		case operand[millionths]:
			return cmp.Compare(a.v, b.v), true
		case types.Int:
			return compareDecimal(int64(a.v), int64(b)), true
		}
	case operand[money.Fen]:
		switch b := r.(type) {
		case operand[money.Fen]:
			return cmp.Compare(a.v, b.v), true
		case operand[money.Exact]:
			return money.Of(a.v).Cmp(b.v), true
		}
	case operand[money.Exact]:
		if b, ok := exactOf(r); ok {
			return a.v.Cmp(b), true
		}
	case operand[money.Rate]:
		if b, ok := r.(operand[money.Rate]); ok {
			return a.v.Cmp(b.v), true
		}
	case operand[period.Day]:
		if b, ok := r.(operand[period.Day]); ok {
			return cmp.Compare(a.v, b.v), true
		}
	}
	return 0, false
}

// compareDecimal orders d millionths and n ones without multiplying n, which may not fit.
func compareDecimal(d, n int64) int {
	if c := cmp.Compare(d/int64(millionth), n); c != 0 {
		return c
	}
	return cmp.Compare(d%int64(millionth), 0)
}

// pick is min or max: what is none is left out.
func pick(result Type, first func(c int) bool) functions.BinaryOp {
	return func(l, r ref.Val) ref.Val {
		if types.IsError(l) {
			return l
		}
		if types.IsError(r) {
			return r
		}
		if u := because(l, r); u != 0 {
			return u
		}
		c, ok := compare(l, r)
		if l == (none{}) || ok && !first(c) {
			l = r
		}
		if n, ok := l.(types.Int); ok && result == DecimalType {
			return decimal(mul(int64(n), int64(millionth)))
		}
		return l
	}
}

func exactOf(v ref.Val) (money.Exact, bool) {
	switch a := v.(type) {
	case operand[money.Exact]:
		return a.v, true
	case operand[money.Fen]:
		return money.Of(a.v), true
	}
	return money.Exact{}, false
}

func exactUnary(f func(money.Exact) money.Exact) functions.UnaryOp {
	return func(v ref.Val) ref.Val {
		if a, ok := exactOf(v); ok {
			return operand[money.Exact]{f(a)}
		}
		return v
	}
}

func exactBinary(f func(a, b money.Exact) money.Exact) functions.BinaryOp {
	return func(l, r ref.Val) ref.Val {
		a, ok := exactOf(l)
		if b, too := exactOf(r); ok && too {
			return operand[money.Exact]{f(a, b)}
		}
		return settle(l, r)
	}
}

// scaled is an amount times what is a fraction.
func scaled[B ref.Val](by func(B) money.Rate) functions.BinaryOp {
	return func(l, r ref.Val) ref.Val {
		a, ok := exactOf(l)
		if b, too := r.(B); ok && too {
			return operand[money.Exact]{a.Times(by(b))}
		}
		return settle(l, r)
	}
}

func decimalBinary(f func(a, b int64) (int64, error)) functions.BinaryOp {
	return func(l, r ref.Val) ref.Val {
		a, errA, ok := decimalOf(l)
		b, errB, too := decimalOf(r)
		if !ok || !too {
			return settle(l, r)
		}
		if err := cmp.Or(errA, errB); err != nil {
			return types.WrapErr(err)
		}
		return decimal(f(a, b))
	}
}

// decimalOf is millionths; a whole number may be too large for them.
func decimalOf(v ref.Val) (n int64, err error, ok bool) {
	switch a := v.(type) {
	case operand[millionths]:
		return int64(a.v), nil, true
	case types.Int:
		n, err = mul(int64(a), int64(millionth))
		return n, err, true
	}
	return 0, nil, false
}

// fraction is num/den, whose denominator is known to be positive.
func fraction(num, den int64) money.Rate {
	r, err := money.NewRate(num, den)
	if err != nil {
		panic(err)
	}
	return r
}

func ratio(r *big.Rat) ref.Val {
	if !r.Num().IsInt64() || !r.Denom().IsInt64() {
		return types.WrapErr(money.ErrOverflow)
	}
	return operand[money.Rate]{fraction(r.Num().Int64(), r.Denom().Int64())}
}

// Sums and products of 64 bits are those of money.Fen, the one place that guards them.
func add(a, b int64) (int64, error) { s, err := money.Fen(a).Add(money.Fen(b)); return int64(s), err }

func sub(a, b int64) (int64, error) { s, err := money.Fen(a).Sub(money.Fen(b)); return int64(s), err }
func mul(a, b int64) (int64, error) { s, err := money.Fen(a).Times(b); return int64(s), err }

func whole(n int64, err error) ref.Val {
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Int(n)
}

func amount(a money.Fen, err error) ref.Val {
	if err != nil {
		return types.WrapErr(err)
	}
	return operand[money.Fen]{a}
}

func decimal(n int64, err error) ref.Val {
	if err != nil {
		return types.WrapErr(err)
	}
	return operand[millionths]{millionths(n)}
}

// The first and last day that expressions reach.
var firstDay, lastDay = period.Date(1, 1, 1), period.Date(9999, 12, 31)

// Calendar is the first and the last day that expressions reach.
func Calendar() (first, last period.Day) { return firstDay, lastDay }

// AddDays, AddMonths and AddYears move a day; where the month is shorter, to its last day. ok is false outside of the
// calendar.
func AddDays(d period.Day, n int64) (_ period.Day, ok bool) {
	to, err := add(int64(d), n)
	return inCalendar(to, err == nil)
}

// AddMonths is a month later for each n.
func AddMonths(d period.Day, n int64) (_ period.Day, ok bool) {
	const most = 12 * 10_000
	if n < -most || n > most {
		return 0, false
	}
	y, m, day := d.YMD()
	first := period.Date(y, m+int(n), 1)
	ny, nm, _ := first.YMD()
	last := period.Date(ny, nm+1, 1) - 1
	return inCalendar(min(int64(first)+int64(day)-1, int64(last)), true)
}

// AddYears is a year later for each n.
func AddYears(d period.Day, n int64) (_ period.Day, ok bool) {
	months, err := mul(n, 12)
	if err != nil {
		return 0, false
	}
	return AddMonths(d, months)
}

func inCalendar(n int64, ok bool) (period.Day, bool) {
	if !ok || n < int64(firstDay) || n > int64(lastDay) {
		return 0, false
	}
	return period.Day(n), true
}

// moved makes an operator of one of them.
func moved(by func(period.Day, int64) (period.Day, bool)) functions.BinaryOp {
	return lift2(func(d operand[period.Day], n types.Int) ref.Val {
		to, ok := by(d.v, int64(n))
		if !ok {
			return types.WrapErr(ErrYears)
		}
		return operand[period.Day]{to}
	})
}
