package rule

import (
	"maps"
	"math/big"
	"slices"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/yanzhen/yanzhen/internal/period"
)

// Domain is the values that a name may have. The zero Domain is anything.
type Domain struct {
	Low, High *Bound          // of what is ordered: fen, days since 1970, rates and numbers as they are
	Words     map[string]bool // of text and codes, and "true" and "false"; nil is any
}

// Bound is an end of a range. Open leaves the value itself out.
type Bound struct {
	Value *big.Rat
	Open  bool
}

// Domains is what names may be, by the name as expressions write it. What is not in it may be whatever its definition
// allows.
type Domains map[string]Domain

// DomainOf is the value alone.
func DomainOf(v Value) Domain {
	switch v.typ {
	case BoolType, TextType:
		return Domain{Words: map[string]bool{v.String(): true}}
	}
	b := &Bound{Value: v.natural()}
	return Domain{Low: b, High: b}
}

// Join is what is in one of the two.
func (d Domain) Join(e Domain) Domain {
	var out Domain
	if d.Low != nil && e.Low != nil {
		if out.Low = d.Low; e.Low.Value.Cmp(d.Low.Value) < 0 || e.Low.Value.Cmp(d.Low.Value) == 0 && !e.Low.Open {
			out.Low = e.Low
		}
	}
	if d.High != nil && e.High != nil {
		if out.High = d.High; e.High.Value.Cmp(d.High.Value) > 0 || e.High.Value.Cmp(d.High.Value) == 0 && !e.High.Open {
			out.High = e.High
		}
	}
	if d.Words != nil && e.Words != nil {
		out.Words = maps.Clone(d.Words)
		maps.Copy(out.Words, e.Words)
	}
	return out
}

// meet is what is in both.
func (d Domain) meet(e Domain) Domain {
	if e.Low != nil && (d.Low == nil || e.Low.Value.Cmp(d.Low.Value) > 0 || e.Low.Value.Cmp(d.Low.Value) == 0 && e.Low.Open) {
		d.Low = e.Low
	}
	if e.High != nil && (d.High == nil || e.High.Value.Cmp(d.High.Value) < 0 || e.High.Value.Cmp(d.High.Value) == 0 && e.High.Open) {
		d.High = e.High
	}
	if e.Words != nil {
		words := map[string]bool{}
		for w := range e.Words {
			if d.Words == nil || d.Words[w] {
				words[w] = true
			}
		}
		d.Words = words
	}
	return d
}

// Empty says that nothing is left.
func (d Domain) Empty() bool {
	if d.Words != nil && len(d.Words) == 0 {
		return true
	}
	if d.Low == nil || d.High == nil {
		return false
	}
	c := d.Low.Value.Cmp(d.High.Value)
	return c > 0 || c == 0 && (d.Low.Open || d.High.Open)
}

// natural is an ordered value as one number: fen, days, the rate or number itself.
func (v Value) natural() *big.Rat {
	switch v.typ {
	case RateType:
		return v.rate.Rat()
	case DecimalType:
		return big.NewRat(v.num, int64(millionth))
	}
	return new(big.Rat).SetInt64(v.num)
}

// allowed is what the definition of a name lets it be.
func (n *name) allowed() Domain {
	switch {
	case n.origin == FromSetting:
		return wordsOf(n.options)
	case n.typ == BoolType:
		return wordsOf([]string{"true", "false"})
	case !n.codes.Open && len(n.codes.Entries) > 0:
		var codes []string
		for _, e := range n.codes.Entries {
			codes = append(codes, e.Code)
		}
		return wordsOf(codes)
	}
	var d Domain
	if n.def.Min != nil {
		d.Low = &Bound{Value: FactValue(n.def.Type, *n.def.Min, "").natural()}
	}
	if n.def.Max != nil {
		d.High = &Bound{Value: FactValue(n.def.Type, *n.def.Max, "").natural()}
	}
	return d
}

func wordsOf(words []string) Domain {
	d := Domain{Words: map[string]bool{}}
	for _, w := range words {
		d.Words[w] = true
	}
	return d
}

func (d Domains) of(n *name) Domain {
	if own, ok := d[n.id]; ok {
		return n.allowed().meet(own)
	}
	return n.allowed()
}

// Assume is what is left of the domains where a condition comes out as wanted; possible is false when it never does. It
// may leave more than there is, never less: what it cannot follow it lets through.
func (x *Expr) Assume(want bool, d Domains) (left Domains, possible bool) {
	return x.assume(x.shape, want, d)
}

// AssumeAbove is Assume for "the expression is at least this", or more than it where the bound is open.
func (x *Expr) AssumeAbove(least Bound, d Domains) (left Domains, possible bool) {
	above := Domain{Low: &least}
	if x.Range(d).meet(above).Empty() {
		return nil, false
	}
	if x.shape.name != nil {
		return d.narrow(x.shape.name, above)
	}
	return d, true
}

// Range is what the expression may come to.
func (x *Expr) Range(d Domains) Domain { return x.rangeOf(x.shape, d) }

func (x *Expr) assume(s *shape, want bool, d Domains) (Domains, bool) {
	switch s.op {
	case operators.LogicalNot:
		return x.assume(s.args[0], !want, d)
	case operators.LogicalAnd, operators.LogicalOr:
		if (s.op == operators.LogicalAnd) == want {
			return x.both(s, want, d)
		}
		return x.either(s, want, d)
	case operators.In, fnArea, fnIndustry:
		return x.assumeIn(s, want, d)
	case operators.Equals, operators.NotEquals:
		return x.assumeEqual(s, want == (s.op == operators.Equals), d)
	}
	if how, ok := asCmp[s.op]; ok {
		return x.assumeOrder(s, how, want, d)
	}
	if s.name != nil && s.name.typ == BoolType {
		return d.narrow(s.name, DomainOf(Bool(want)))
	}
	if v, ok := x.constant(s); ok && v.typ == BoolType {
		return d, v.Bool() == want
	}
	return d, true
}

func (x *Expr) both(s *shape, want bool, d Domains) (Domains, bool) {
	d, ok := x.assume(s.args[0], want, d)
	if !ok {
		return nil, false
	}
	return x.assume(s.args[1], want, d)
}

func (x *Expr) either(s *shape, want bool, d Domains) (Domains, bool) {
	a, ok1 := x.assume(s.args[0], want, d)
	b, ok2 := x.assume(s.args[1], want, d)
	switch {
	case !ok1:
		return b, ok2
	case !ok2:
		return a, true
	}
	out := maps.Clone(d)
	for id, of := range a {
		if other, ok := b[id]; ok {
			out[id] = of.Join(other)
		}
	}
	return out, true
}

// narrow leaves what lies in the domain.
func (d Domains) narrow(n *name, to Domain) (Domains, bool) {
	left := d.of(n).meet(to)
	if left.Empty() {
		return nil, false
	}
	out := maps.Clone(d)
	if out == nil {
		out = Domains{}
	}
	out[n.id] = left
	return out, true
}

// without leaves what is not one of the words, where all words are known.
func (d Domains) without(n *name, words map[string]bool) (Domains, bool) {
	had := d.of(n).Words
	if had == nil {
		return d, true
	}
	rest := Domain{Words: map[string]bool{}}
	for w := range had {
		if !words[w] {
			rest.Words[w] = true
		}
	}
	return d.narrow(n, rest)
}

func (x *Expr) assumeIn(s *shape, want bool, d Domains) (Domains, bool) {
	n := s.args[0].name
	switch {
	case n == nil:
		return d, true
	case len(s.set.ints) > 0 && want:
		var all Domain
		for i, v := range slices.Sorted(maps.Keys(s.set.ints)) {
			if one := DomainOf(Int(v)); i == 0 {
				all = one
			} else {
				all = all.Join(one)
			}
		}
		return d.narrow(n, all)
	case len(s.set.texts) == 0:
		return d, true
	case want:
		return d.narrow(n, Domain{Words: s.set.texts})
	}
	return d.without(n, s.set.texts)
}

func (x *Expr) assumeEqual(s *shape, want bool, d Domains) (Domains, bool) {
	left, right := s.args[0], s.args[1]
	if left.name == nil {
		left, right = right, left
	}
	a, b := x.rangeOf(left, d), x.rangeOf(right, d)
	if want {
		if a.meet(b).Empty() {
			return nil, false
		}
		if left.name != nil {
			return d.narrow(left.name, b)
		}
		return d, true
	}
	if left.name != nil && len(b.Words) == 1 {
		return d.without(left.name, b.Words)
	}
	return d, true
}

// inverse is what holds where a comparison does not.
var inverse = map[Cmp]Cmp{AtLeast: Under, Over: AtMost, AtMost: Over, Under: AtLeast}

func (x *Expr) assumeOrder(s *shape, how Cmp, want bool, d Domains) (Domains, bool) {
	if !want {
		how = inverse[how]
	}
	left, right := s.args[0], s.args[1]
	if how == AtMost || how == Under {
		left, right = right, left
	}
	open := how == Over || how == Under
	a, b := x.rangeOf(left, d), x.rangeOf(right, d) // a ≥ b, or a > b
	above, below := Domain{Low: b.Low.under(open)}, Domain{High: a.High.under(open)}
	if a.meet(above).Empty() || b.meet(below).Empty() {
		return nil, false
	}
	ok := true
	if left.name != nil {
		if d, ok = d.narrow(left.name, above); !ok {
			return nil, false
		}
	}
	if right.name != nil {
		return d.narrow(right.name, below)
	}
	return d, true
}

// under is the bound, its value left out where open.
func (b *Bound) under(open bool) *Bound {
	if b == nil {
		return nil
	}
	return &Bound{Value: b.Value, Open: b.Open || open}
}

// constant is the value of a literal.
func (x *Expr) constant(s *shape) (Value, bool) {
	if typ, ok := literals[s.op]; ok {
		word, isText := s.node.AsCall().Args()[0].AsLiteral().(types.String)
		v, err := ParseValue(typ, string(word))
		return v, isText && err == nil
	}
	if s.node.Kind() != celast.LiteralKind {
		return Value{}, false
	}
	return out(s.node.AsLiteral())
}

func (x *Expr) rangeOf(s *shape, d Domains) Domain {
	if s.name != nil {
		return d.of(s.name)
	}
	if v, ok := x.constant(s); ok {
		return DomainOf(v)
	}
	of := func(i int) Domain { return x.rangeOf(s.args[i], d) }
	switch s.op {
	case operators.Add:
		a, b := of(0), of(1)
		return Domain{Low: a.Low.plus(b.Low, false), High: a.High.plus(b.High, false)}
	case operators.Subtract:
		a, b := of(0), of(1)
		return Domain{Low: a.Low.plus(b.High, true), High: a.High.plus(b.Low, true)}
	case operators.Multiply:
		return product(of(0), of(1))
	case operators.Conditional:
		return x.rangeOfChoice(s, d)
	case "min":
		a, b := of(0), of(1)
		all := a.Join(b)
		if all.High = a.High; a.High == nil || b.High != nil && b.High.Value.Cmp(a.High.Value) < 0 {
			all.High = b.High
		}
		return Domain{Low: all.Low, High: all.High}
	case "max":
		a, b := of(0), of(1)
		all := a.Join(b)
		if all.Low = a.Low; a.Low == nil || b.Low != nil && b.Low.Value.Cmp(a.Low.Value) > 0 {
			all.Low = b.Low
		}
		return Domain{Low: all.Low, High: all.High}
	case "year":
		a := of(0)
		return Domain{Low: a.Low.year(), High: a.High.year()}
	}
	return Domain{}
}

func (x *Expr) rangeOfChoice(s *shape, d Domains) Domain {
	yes, may := x.assume(s.args[0], true, d)
	no, mayNot := x.assume(s.args[0], false, d)
	switch {
	case !mayNot:
		return x.rangeOf(s.args[1], yes)
	case !may:
		return x.rangeOf(s.args[2], no)
	}
	return x.rangeOf(s.args[1], yes).Join(x.rangeOf(s.args[2], no))
}

func (b *Bound) plus(c *Bound, minus bool) *Bound {
	if b == nil || c == nil {
		return nil
	}
	v := new(big.Rat).Set(c.Value)
	if minus {
		v.Neg(v)
	}
	return &Bound{Value: v.Add(v, b.Value), Open: b.Open || c.Open}
}

// product is the product where both are known not to be negative, anything otherwise.
func product(a, b Domain) Domain {
	if a.Low == nil || b.Low == nil || a.Low.Value.Sign() < 0 || b.Low.Value.Sign() < 0 {
		return Domain{}
	}
	mul := func(a, b *Bound) *Bound {
		if a == nil || b == nil {
			return nil
		}
		return &Bound{Value: new(big.Rat).Mul(a.Value, b.Value), Open: a.Open || b.Open}
	}
	return Domain{Low: mul(a.Low, b.Low), High: mul(a.High, b.High)}
}

func (b *Bound) year() *Bound {
	if b == nil || !b.Value.Num().IsInt64() {
		return nil
	}
	day := period.Day(b.Value.Num().Int64())
	return &Bound{Value: new(big.Rat).SetInt64(int64(day.Year()))}
}
