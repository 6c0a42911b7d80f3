package rule

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// Op is how an aggregate joins its members.
type Op string

// The operations. Sum of nothing is zero, Count of nothing is 0, Any of nothing is false and All of nothing is true; Max
// and Min of nothing are None. A member whose value is None is left out.
const (
	Sum   Op = "sum"
	Count Op = "count"
	Max   Op = "max"
	Min   Op = "min"
	Any   Op = "any"
	All   Op = "all"
)

// Aggregate is a value over the children of a kind below a subject: the lease cost of a project, the number of an
// enterprise's honours. Members are evaluated for the year and event of the subject that asks. It is declared, not an expression, so that a trace can show the members. It must not be changed
// once it is used.
type Aggregate struct {
	ID   string
	Name i18n.Text
	From string // kind of subject that it belongs to
	Over string // kind of its members
	Op   Op
	Of   *Expr   // of a member, compiled in an Env for Over; nil for Count
	When []*Expr // bool, of a member: those for which all are true count
}

// opTypes is what members of an operation may be.
var opTypes = map[Op][]Type{
	Sum: {IntType, DecimalType, MoneyType, ExactType},
	Max: {IntType, DecimalType, MoneyType, ExactType, RateType, DayType},
	Min: {IntType, DecimalType, MoneyType, ExactType, RateType, DayType},
	Any: {BoolType},
	All: {BoolType},
}

// Type is the type of the result. The error, of kind errs.KindInvalid, says that Op and Of do not go together.
func (a *Aggregate) Type() (Type, error) {
	if a.Op == Count {
		if a.Of != nil {
			return NoType, errs.Invalid(i18n.M("rule.count_of"))
		}
		return IntType, nil
	}
	want, ok := opTypes[a.Op]
	switch {
	case !ok:
		return NoType, errs.Invalid(i18n.M("rule.unknown_op", string(a.Op)))
	case a.Of == nil:
		return NoType, errs.Invalid(i18n.M("rule.op_needs_of", string(a.Op)))
	case !slices.Contains(want, a.Of.typ):
		return NoType, errs.Invalid(i18n.M("rule.op_type", string(a.Op), a.Of.typ.Msg()))
	}
	return a.Of.typ, nil
}

// Eval is the aggregate for a context whose subject is of kind From or below one; without one it is None. It is Unknown
// because of the facts of the members that are not known, unless those that are known decide: one true under Any, one
// false under All. An error in any member is an error.
func (a *Aggregate) Eval(c *Context) Outcome {
	top, ok := subjectOf(c.Subject, a.From)
	if !ok {
		return Outcome{State: None}
	}
	var sum folding
	sum.agg = a
	member := *c
	for _, s := range top.Children(a.Over) {
		member.Subject = s
		sum.take(&member)
	}
	return sum.answer()
}

// folding is an aggregate under way.
type folding struct {
	agg     *Aggregate
	value   Value // of what was taken; NoType before the first
	decided bool  // no further member can change the value
	missing []FactRef
	read    []FactRead
	err     error
}

// take adds a member.
func (f *folding) take(c *Context) {
	counts := f.counts(c)
	if counts.State == Present && !counts.Value.Bool() || counts.State == None || f.err != nil {
		return
	}
	v := Outcome{Value: Int(1), State: Present}
	if f.agg.Of != nil {
		v = f.agg.Of.Eval(c)
		f.read = append(f.read, v.Read...)
	}
	switch {
	case v.State == Failed:
		f.err = v.Err
	case v.State == None:
	case v.State == Unknown || counts.State == Unknown:
		for _, m := range slices.Concat(counts.Missing, v.Missing) {
			f.missing = appendNew(f.missing, m)
		}
	default:
		f.join(v.Value)
	}
}

// counts is whether a member counts: all of its conditions, every one of them evaluated.
func (f *folding) counts(c *Context) Outcome {
	all := Outcome{Value: Bool(true), State: Present}
	for _, when := range f.agg.When {
		o := when.Eval(c)
		f.read = append(f.read, o.Read...)
		switch {
		case o.State == Failed:
			f.err = o.Err
		case all.State == Present && !all.Value.Bool():
		case o.State == Present && !o.Value.Bool():
			all = o
		case o.State == Unknown:
			all = Outcome{State: Unknown, Missing: append(all.Missing, o.Missing...)}
		case o.State == None && all.State == Present:
			all = o
		}
	}
	return all
}

func (f *folding) join(v Value) {
	if f.value.typ == NoType {
		f.value = v
	} else {
		f.value, f.err = f.agg.Op.join(f.value, v)
	}
	f.decided = f.agg.Op == Any && v.Bool() || f.agg.Op == All && !v.Bool() || f.decided
}

// join is the operation of two values of one type.
func (op Op) join(a, b Value) (Value, error) {
	switch op {
	case Max, Min:
		if c, _ := compare(a.in(), b.in()); c < 0 == (op == Max) {
			return b, nil
		}
		return a, nil
	case Any:
		return Bool(a.Bool() || b.Bool()), nil
	case All:
		return Bool(a.Bool() && b.Bool()), nil
	}
	if a.typ == ExactType {
		return Exact(a.exact.Plus(b.exact)), nil
	}
	n, err := add(a.num, b.num)
	return Value{typ: a.typ, num: n}, err
}

// answer is the outcome after the last member.
func (f *folding) answer() Outcome {
	o := Outcome{Read: f.read}
	switch {
	case f.err != nil:
		o.State, o.Err = Failed, f.agg.Failure(f.err)
	case len(f.missing) > 0 && !f.decided:
		o.State, o.Missing = Unknown, f.missing
	case f.value.typ != NoType:
		o.State, o.Value = Present, f.value
	default:
		o.Value, o.State = f.agg.ofNothing()
	}
	return o
}

// Failure is the error of an aggregate that ended so, as Eval tells it.
func (a *Aggregate) Failure(err error) error {
	if _, told := errs.Message(err); told {
		return err
	}
	return &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("rule.overflow", a.Name), Err: err}
}

// ofNothing is the aggregate without members.
func (a *Aggregate) ofNothing() (Value, State) {
	switch a.Op {
	case Max, Min:
		return Value{}, None
	case Count:
		return Int(0), Present
	case Any, All:
		return Bool(a.Op == All), Present
	}
	if a.Of.typ == ExactType {
		return Exact(money.Exact{}), Present
	}
	return Value{typ: a.Of.typ}, Present
}
