package rule

import (
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// shape is an expression as a sentence is made of it.
type shape struct {
	op    string // operator or function; "" for any other expression
	label i18n.Msg
	args  []*shape
	name  *name // that the expression is, nil when it is no name
	set   *set  // that a value is looked up in
	node  celast.Expr
	at    int // character of the expression at which it stands
}

// shapeOf looks at an expression before its operators are renamed.
func (c *compiler) shapeOf(e celast.Expr) *shape {
	s := &shape{node: e, label: c.label(e), at: c.place(e)}
	if id, ok := dotted(e); ok {
		s.name = c.env.names[id]
	}
	if e.Kind() != celast.CallKind {
		return s
	}
	s.op, s.set = e.AsCall().FunctionName(), c.sets[e.ID()]
	args := e.AsCall().Args()
	if s.set != nil {
		if len(s.set.shown) == 0 {
			s.set.shown = c.shownMembers(args)
		}
		args = args[:1]
	}
	if s.op == operators.Equals || s.op == operators.NotEquals {
		c.showCode(s, args)
	}
	for _, a := range args {
		s.args = append(s.args, c.shapeOf(a))
	}
	return s
}

// showCode notes how the code on the right of == reads.
func (c *compiler) showCode(s *shape, args []celast.Expr) {
	if args[1].Kind() != celast.LiteralKind {
		return
	}
	if word, ok := args[1].AsLiteral().(types.String); ok {
		s.set = &set{shown: []i18n.Msg{c.shownCode(args[0], string(word))}}
	}
}

// shownMembers is the literals of x in ["a", "b"] as people read them.
func (c *compiler) shownMembers(args []celast.Expr) []i18n.Msg {
	var all []i18n.Msg
	for _, el := range args[1].AsList().Elements() {
		switch v := el.AsLiteral().(type) {
		case types.String:
			all = append(all, c.shownCode(args[0], string(v)))
		case types.Int:
			all = append(all, shown(Int(int64(v))))
		}
	}
	return all
}

// shownCode is a code of a name's list as people read it.
func (c *compiler) shownCode(side celast.Expr, word string) i18n.Msg {
	id, _ := dotted(side)
	if n := c.env.names[id]; n != nil {
		return c.env.shownValue(n, Text(word))
	}
	return i18n.M("rule.one", word)
}

// shownValue is a value of a name as people read it: codes by their names.
func (e *Env) shownValue(n *name, v Value) i18n.Msg {
	if v.typ != TextType {
		return shown(v)
	}
	if entry, ok := n.codes.Entry(v.text); ok {
		return i18n.M("rule.one", entry.Name)
	}
	tree := e.lib.Areas()
	if n.id == IndustryCode {
		tree = e.lib.Industries()
	}
	if node, ok := tree.Node(v.text); ok && n.origin == FromMembership {
		return i18n.M("rule.one", node.Name)
	}
	return i18n.M("rule.one", v.text)
}

// shown is a value as people read it, with its unit.
func shown(v Value) i18n.Msg {
	switch v.typ {
	case MoneyType, ExactType:
		return i18n.M("rule.yuan", i18n.Commas(v.String()))
	case BoolType:
		return i18n.M("rule.bool_" + v.String())
	case IntType, DecimalType:
		return i18n.M("rule.one", counted(v.String()))
	}
	return i18n.M("rule.one", v.String())
}

// counted is a plain number as people read it; one of four digits, which may be a year, stays together.
func counted(s string) string {
	if whole, _, _ := strings.Cut(strings.TrimPrefix(s, "-"), "."); len(whole) <= 4 {
		return s
	}
	return i18n.Commas(s)
}

// binaryLabels is operators that a label may show between its parts.
var binaryLabels = map[string]string{operators.Add: "rule.plus", operators.Subtract: "rule.minus", operators.Multiply: "rule.times"}

// label is what an expression without a comparison is called.
func (c *compiler) label(e celast.Expr) i18n.Msg {
	if id, ok := dotted(e); ok && c.env.names[id] != nil {
		return i18n.M("rule.one", c.env.names[id].label)
	}
	if v, ok := c.consts[e.ID()]; ok {
		if v, ok := out(v); ok {
			return shown(v)
		}
	}
	if e.Kind() == celast.LiteralKind {
		if v, ok := out(e.AsLiteral()); ok {
			return shown(v)
		}
	}
	if e.Kind() != celast.CallKind {
		return i18n.Msg{}
	}
	call := e.AsCall()
	parts := make([]any, len(call.Args()))
	for i, a := range call.Args() {
		part := c.label(a)
		if part.IsZero() {
			return part
		}
		parts[i] = part
	}
	if key, ok := binaryLabels[call.FunctionName()]; ok && len(parts) == 2 {
		return i18n.M(key, parts...)
	}
	switch fn := call.FunctionName(); fn {
	case "year", "month", "min", "max", "days", "span_days", "add_days", "add_months", "add_years", operators.Negate:
		key := "rule.fn_" + fn
		if fn == operators.Negate {
			key = "rule.fn_negate"
		}
		return i18n.M(key, parts...)
	}
	return i18n.Msg{}
}

// comparisons by operator, as they must hold.
var asCmp = map[string]Cmp{
	operators.GreaterEquals: AtLeast, operators.Greater: Over, operators.LessEquals: AtMost, operators.Less: Under,
}

// Explain is a sentence about the answer for a context: what was read, what is asked, and for amounts what is missing.
// 项目年度有效投入 4,999,900.00 元，要求不低于 5,000,000.00 元，还差 100.00 元.
func (x *Expr) Explain(c *Context) i18n.Msg {
	r := x.reader(c)
	defer x.free(r)
	return r.explain(x.shape)
}

func (r *reader) explain(s *shape) i18n.Msg {
	switch s.op {
	case operators.LogicalAnd:
		return i18n.M("rule.both", r.explain(s.args[0]), r.explain(s.args[1]))
	case operators.LogicalOr:
		return i18n.M("rule.either", r.explain(s.args[0]), r.explain(s.args[1]))
	case operators.LogicalNot:
		return i18n.M("rule.not", r.explain(s.args[0]))
	case fnKnown, fnNone:
		return i18n.M("rule.says_"+s.op, s.args[0].label, r.stateOf(s))
	case operators.In, fnArea, fnIndustry:
		return i18n.M("rule.says_in", r.subject(s.args[0]), listed(s.set.shown))
	case operators.Equals, operators.NotEquals:
		return r.explainEqual(s)
	}
	if how, ok := asCmp[s.op]; ok {
		return r.explainOrder(s, how)
	}
	if s.name != nil && s.name.typ == BoolType {
		return r.explainTruth(s)
	}
	if s.node.Kind() == celast.LiteralKind {
		return r.stateOf(s)
	}
	if s.label.IsZero() {
		return i18n.M("rule.says_other", r.x.src, r.stateOf(s))
	}
	return i18n.M("rule.says_value", s.label, r.stateOf(s))
}

// subject is a part by its name and value: 项目年度有效投入 4,999,900.00 元.
func (r *reader) subject(s *shape) i18n.Msg {
	if s.label.IsZero() {
		return r.stateOf(s)
	}
	return i18n.M("rule.says_value", s.label, r.stateOf(s))
}

// part is the value of a part. Its program is made when it is asked for: sentences are few, evaluations many.
func (r *reader) part(s *shape) (ref.Val, error) {
	prog, err := r.x.plan(s.node)
	if err != nil {
		return nil, err
	}
	v, _, err := prog.Eval(r)
	return v, err
}

// stateOf is a part's value as people read it, or why it has none.
func (r *reader) stateOf(s *shape) i18n.Msg {
	v, err := r.part(s)
	switch v.(type) {
	case none:
		return i18n.M("rule.is_none")
	case unknown:
		return i18n.M("rule.is_unknown")
	}
	got, ok := out(v)
	switch {
	case err != nil || !ok:
		return i18n.M("rule.is_failed")
	case s.name != nil:
		return (&Env{lib: r.x.lib}).shownValue(s.name, got)
	}
	return shown(got)
}

// explainTruth is the sentence for a name that is a condition by itself: what it must be is told where it is not.
func (r *reader) explainTruth(s *shape) i18n.Msg {
	if v, err := r.part(s); err == nil && v == types.True {
		return r.subject(s)
	}
	return i18n.M("rule.says_equal", r.subject(s), shown(Bool(true)))
}

func (r *reader) explainEqual(s *shape) i18n.Msg {
	want := r.stateOf(s.args[1])
	if s.set != nil {
		want = s.set.shown[0]
	}
	key := "rule.says_equal"
	if s.op == operators.NotEquals {
		key = "rule.says_unequal"
	}
	return i18n.M(key, r.subject(s.args[0]), want)
}

func (r *reader) explainOrder(s *shape, how Cmp) i18n.Msg {
	left, right := s.args[0], s.args[1]
	l, errL := r.part(left)
	limit, errR := r.part(right)
	of, ok := exactOf(l)
	bound, too := exactOf(limit)
	if errL != nil || errR != nil || !ok || !too {
		key := "rule.says_" + string(how)
		if r.x.typeOf(left.node) == DayType {
			key += "_day"
		}
		return i18n.M(key, r.subject(left), r.stateOf(right))
	}
	return how.explain(r.subject(left), of, bound)
}

// explain is the sentence for an amount that is compared with a limit.
func (c Cmp) explain(subject i18n.Msg, of, limit money.Exact) i18n.Msg {
	said := i18n.M("rule.says_"+string(c), subject, shown(Exact(limit)))
	met, distance := c.Met(of, limit)
	if met {
		return said
	}
	if distance.Sign() == 0 {
		return i18n.M("rule.just_at", said)
	}
	key := "rule.short_by"
	if c == AtMost || c == Under {
		key = "rule.too_much_by"
	}
	return i18n.M(key, said, shown(Exact(distance)))
}

// listed is words with commas, the last behind or.
func listed(words []i18n.Msg) i18n.Msg {
	all := make([]any, len(words))
	for i, w := range words {
		all[i] = w
	}
	return alternatives(all)
}
