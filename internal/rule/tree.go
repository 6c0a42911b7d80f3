package rule

import (
	"maps"
	"slices"

	"cel.dev/cel-go/common/operators"

	celast "cel.dev/cel-go/common/ast"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Tree is a checked expression as a tree, for those who evaluate it in another way than Eval does. Nobody may change one
// that Expr.Tree gave.
type Tree struct {
	Fn    string // operator or function as expressions write it: "&&", "?:", "add_days"; "" for a constant or a name
	Type  Type
	Args  []*Tree
	Value Value  // of a constant
	Input *Input // of a name
	Set   *Set   // of in, in_area and in_industry
	At    int    // the character of the expression at which it stands
}

// Set is what a value is looked up in.
type Set struct{ of *set }

// Has says that a text or code is in it.
func (s *Set) Has(code string) bool {
	return s.of.texts[code] || s.of.more != nil && s.of.more(code)
}

// Texts is the texts in it, rising: of in_area and in_industry every code as its tree writes it, those out of use too.
func (s *Set) Texts() []string {
	all := slices.Collect(maps.Keys(s.of.texts))
	if s.of.old != nil {
		all = append(all, s.of.old()...)
	}
	slices.Sort(all)
	return all
}

// Ints is the whole numbers in it, rising.
func (s *Set) Ints() []int64 { return slices.Sorted(maps.Keys(s.of.ints)) }

// Words is what it was written as: two sets of one function with the same words have the same members.
func (s *Set) Words() string { return s.of.words }

// Origin says where the value of a name comes from.
type Origin int8

// The origins.
const (
	FromFact Origin = iota
	FromMembership
	FromYear
	FromEvent
	FromAsOf
	FromParam
	FromSetting
	FromAggregate
	FromGiven
)

// Input is a name that an expression reads.
type Input struct {
	lib *content.Library
	*name
}

// ID is the name as expressions write it: ent.revenue, param.rate.
func (in *Input) ID() string { return in.id }

// Short is the ID without its prefix, of what the caller declared.
func (in *Input) Short() string { return in.short }

// Type is the type of its values.
func (in *Input) Type() Type { return in.typ }

// Origin is where its values come from.
func (in *Input) Origin() Origin { return in.origin }

// Def is the definition of a fact or membership.
func (in *Input) Def() content.FactDef { return in.def }

// Aggregate is what an aggregate was declared as; nil for any other name.
func (in *Input) Aggregate() *Aggregate { return in.agg }

// Read is the value for a context, as Eval reads it.
func (in *Input) Read(c *Context) Outcome {
	var n note
	v, state, err := in.read(in.lib, c, &n)
	o := Outcome{Value: v, State: state, Err: err}
	if state == Unknown {
		o.Missing = n.facts(nil)
	}
	return o
}

// Tree is the expression as a tree, which nobody may change.
func (x *Expr) Tree() *Tree { return x.whole() }

func (x *Expr) tree(s *shape) *Tree {
	t := &Tree{Type: x.typeOf(s.node), At: s.at}
	if s.name != nil {
		t.Input = &Input{x.lib, s.name}
		return t
	}
	if v, ok := x.constant(s); ok {
		t.Value = v
		return t
	}
	if t.Fn = s.op; signs[s.op] != "" {
		t.Fn = signs[s.op]
	}
	if s.set != nil && len(s.args) == 1 {
		t.Set = &Set{s.set}
	}
	for _, a := range s.args {
		t.Args = append(t.Args, x.tree(a))
	}
	return t
}

// signs is operators, as parsed, by their signs.
var signs = map[string]string{
	operators.LogicalAnd: "&&", operators.LogicalOr: "||", operators.LogicalNot: "!", operators.Conditional: "?:",
	operators.Equals: "==", operators.NotEquals: "!=", operators.Less: "<", operators.LessEquals: "<=",
	operators.Greater: ">", operators.GreaterEquals: ">=", operators.Add: "+", operators.Subtract: "-",
	operators.Negate: "-", operators.Multiply: "*", operators.In: "in",
}

// Problem is a problem at a character of the expression, told with its file, line and column.
func (x *Expr) Problem(at int, msg i18n.Msg) content.Problem { return x.at.problem(x.src, at, msg) }

// place is the character at which an expression begins; of a function, its name.
func (c *compiler) place(e celast.Expr) int {
	loc := c.info.GetStartLocation(c.head(e))
	at := c.offset(loc.Line(), loc.Column())
	if e.Kind() != celast.CallKind {
		return at
	}
	if fn := []rune(e.AsCall().FunctionName()); at >= len(fn) && string([]rune(c.src)[at-len(fn):at]) == string(fn) {
		at -= len(fn)
	}
	return at
}
