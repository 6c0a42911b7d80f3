package rule

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// constants is the values of literal functions by expression id.
type constants map[int64]ref.Val

// members is what the left side of in, in_area and in_industry is looked up in, by expression id.
type members map[int64]*set

// set is a closed set of texts or whole numbers.
type set struct {
	texts map[string]bool
	ints  map[int64]bool
	more  func(code string) bool // for codes that are not in texts as they are written; may be nil
	old   func() []string        // the codes out of use that more knows; nil where more is
	words string                 // as it was written, in order
	shown []i18n.Msg             // the members, as people read them
}

// read walks the expression as parsed: it refuses what the language leaves out, finds the names, and settles literals.
func (c *compiler) read(e celast.Expr) {
	switch e.Kind() {
	case celast.LiteralKind:
		c.literal(e)
	case celast.IdentKind, celast.SelectKind:
		if id, ok := dotted(e); ok {
			c.name(e, id)
			return
		}
		c.report(e.ID(), "rule.no_fields")
	case celast.CallKind:
		c.call(e)
	case celast.ListKind:
		c.report(e.ID(), "rule.no_list")
	default:
		c.report(e.ID(), "rule.no_maps")
	}
}

func (c *compiler) literal(e celast.Expr) {
	switch v := e.AsLiteral().(type) {
	case types.Bool, types.Int, types.String:
	case types.Double:
		c.report(e.ID(), "rule.no_double")
	default:
		c.report(e.ID(), "rule.no_literal", v.Type().TypeName())
	}
}

// dotted is a.b.c as text.
func dotted(e celast.Expr) (string, bool) {
	if e.Kind() == celast.IdentKind {
		return e.AsIdent(), true
	}
	if e.Kind() != celast.SelectKind || e.AsSelect().IsTestOnly() {
		return "", false
	}
	head, ok := dotted(e.AsSelect().Operand())
	return head + "." + e.AsSelect().FieldName(), ok
}

// name notes that a name is read.
func (c *compiler) name(e celast.Expr, id string) {
	n, ok := c.env.names[id]
	if !ok {
		c.undeclared(e, id)
		return
	}
	if slices.Contains(c.names, n) {
		return
	}
	if len(c.names) == maxNames {
		c.report(c.head(e), "rule.too_many_names", maxNames)
		return
	}
	c.names = append(c.names, n)
}

// undeclared says what may have been meant.
func (c *compiler) undeclared(e celast.Expr, id string) {
	at := c.head(e)
	if def, ok := FactDef(c.env.lib, id); ok {
		c.report(at, "rule.out_of_reach", id, i18n.M("rule.kind_"+def.Subject), i18n.M("rule.kind_"+c.env.kind))
		return
	}
	if near := nearest(id, slices.Sorted(maps.Keys(c.env.names))); near != "" {
		c.report(at, "rule.undeclared_near", id, near, c.env.names[near].label)
		return
	}
	c.report(at, "rule.undeclared", id)
}

// nearest is the word that a mistyped one most likely means, "" when none is near.
func nearest(word string, known []string) string {
	best, dist := "", 1+max(1, len(word)/4)
	for _, k := range known {
		if d := env.EditDistance(word, k); d < dist {
			best, dist = k, d
		}
	}
	return best
}

// head is the id of the first part of a dotted name: that is where it begins.
func (c *compiler) head(e celast.Expr) int64 {
	for e.Kind() == celast.SelectKind {
		e = e.AsSelect().Operand()
	}
	return e.ID()
}

// refused is operators and functions of CEL that the language leaves out, with the advice to give.
var refused = map[string]string{
	operators.Divide: "rule.no_division", operators.Modulo: "rule.no_modulo", operators.Index: "rule.no_index",
	"has": "rule.use_known", "size": "rule.no_list", "matches": "rule.no_text_functions",
}

// refusedMethods is what CEL writes as value.method(…).
var refusedMethods = map[string]string{
	"all": "rule.no_macros", "exists": "rule.no_macros", "exists_one": "rule.no_macros", "map": "rule.no_macros",
	"filter": "rule.no_macros", "sum": "rule.no_macros",
	"matches": "rule.no_text_functions", "startsWith": "rule.no_text_functions", "endsWith": "rule.no_text_functions",
	"contains": "rule.no_text_functions",
}

func (c *compiler) call(e celast.Expr) {
	call := e.AsCall()
	fn, args := call.FunctionName(), call.Args()
	if call.IsMemberFunction() {
		if key, ok := refusedMethods[fn]; ok {
			c.reportCall(e, key, fn)
			return
		}
		c.reportCall(e, "rule.no_methods", fn)
		return
	}
	if key, ok := refused[fn]; ok {
		c.reportCall(e, key)
		return
	}
	if typ, ok := literals[fn]; ok {
		c.literalCall(e, typ)
		return
	}
	switch fn {
	case fnKnown, fnNone:
		if len(args) != 1 || args[0].Kind() != celast.IdentKind && args[0].Kind() != celast.SelectKind {
			c.reportCall(e, "rule.want_name", fn)
			return
		}
	case fnArea:
		c.inTree(e, c.env.lib.Areas(), "rule.unknown_area")
		return
	case fnIndustry:
		c.inTree(e, c.env.lib.Industries(), "rule.unknown_industry")
		return
	case operators.In:
		c.in(e)
		return
	case operators.Equals, operators.NotEquals:
		c.codes(args[0], args[1])
		c.codes(args[1], args[0])
	default:
		if !c.env.cel.HasFunction(fn) && renamed[fn] == "" {
			c.unknownFunction(e, fn)
			return
		}
	}
	for _, a := range args {
		c.read(a)
	}
}

func (c *compiler) unknownFunction(e celast.Expr, fn string) {
	var known []string
	for k := range c.env.cel.Functions() {
		if k[0] >= 'a' && k[0] <= 'z' {
			known = append(known, k)
		}
	}
	slices.Sort(known)
	if near := nearest(fn, known); near != "" {
		c.reportCall(e, "rule.unknown_function_near", fn, near)
		return
	}
	c.reportCall(e, "rule.unknown_function", fn, strings.Join(known, ", "))
}

// literalCall settles money("500万元") and its like.
func (c *compiler) literalCall(e celast.Expr, typ Type) {
	args := e.AsCall().Args()
	example := map[Type]string{
		MoneyType: `money("500万元")`, RateType: `rate("1.2%")`, DayType: `day("2022-01-28")`, DecimalType: `decimal("0.85")`,
	}[typ]
	if len(args) != 1 || args[0].Kind() != celast.LiteralKind {
		c.reportCall(e, "rule.want_literal", e.AsCall().FunctionName(), example)
		return
	}
	s, ok := args[0].AsLiteral().(types.String)
	if !ok {
		c.report(args[0].ID(), "rule.want_literal", e.AsCall().FunctionName(), example)
		return
	}
	v, err := ParseValue(typ, string(s))
	if err != nil {
		c.report(args[0].ID(), "rule.bad_literal", string(s), typ.Msg(), example)
		return
	}
	c.consts[e.ID()] = v.in()
}

// in settles x in ["a", "b"].
func (c *compiler) in(e celast.Expr) {
	args := e.AsCall().Args()
	c.read(args[0])
	if args[1].Kind() != celast.ListKind || len(args[1].AsList().Elements()) == 0 {
		c.report(args[1].ID(), "rule.want_list")
		return
	}
	s := &set{texts: map[string]bool{}, ints: map[int64]bool{}}
	var first ref.Type
	for _, el := range args[1].AsList().Elements() {
		if el.Kind() != celast.LiteralKind {
			c.report(el.ID(), "rule.want_list")
			return
		}
		c.codes(args[0], el)
		switch v := el.AsLiteral().(type) {
		case types.String:
			s.texts[string(v)] = true
		case types.Int:
			s.ints[int64(v)] = true
		default:
			c.report(el.ID(), "rule.want_list")
			return
		}
		if first == nil {
			first = el.AsLiteral().Type()
		}
		if el.AsLiteral().Type() != first {
			c.report(el.ID(), "rule.list_of_one_type")
			return
		}
	}
	s.words = fmt.Sprint(slices.Sorted(maps.Keys(s.texts)), slices.Sorted(maps.Keys(s.ints)))
	c.sets[e.ID()] = s
}

// codes checks a literal that a coded name is compared with.
func (c *compiler) codes(side, other celast.Expr) {
	if other.Kind() != celast.LiteralKind {
		return
	}
	word, ok := other.AsLiteral().(types.String)
	id, dots := dotted(side)
	n := c.env.names[id]
	if !ok || !dots || n == nil {
		return
	}
	var known []string
	switch {
	case n.origin == FromSetting:
		known = n.options
	case n.origin == FromMembership:
		tree := c.env.lib.Areas()
		if n.id == IndustryCode {
			tree = c.env.lib.Industries()
		}
		if node, ok := tree.Node(string(word)); !ok || node.Code != string(word) {
			c.report(other.ID(), "rule.unknown_node", string(word), n.label, c.codeOf(tree, string(word)))
		}
		return
	case !n.codes.Open && len(n.codes.Entries) > 0:
		for _, entry := range n.codes.Entries {
			known = append(known, entry.Code)
		}
	default:
		return
	}
	if slices.Contains(known, string(word)) {
		return
	}
	if near := nearest(string(word), known); near != "" {
		c.report(other.ID(), "rule.unknown_code_near", string(word), n.label, near)
		return
	}
	c.report(other.ID(), "rule.unknown_code", string(word), n.label, strings.Join(known, ", "))
}

// inTree settles in_area(code, "…", …) and in_industry, and gives the call the two arguments that the checker knows.
func (c *compiler) inTree(e celast.Expr, tree *content.Tree, unknown string) {
	fn, args := e.AsCall().FunctionName(), e.AsCall().Args()
	if len(args) < 2 {
		c.reportCall(e, "rule.want_codes", fn)
		return
	}
	c.read(args[0])
	s := &set{texts: map[string]bool{}}
	var tops []string
	for _, a := range args[1:] {
		var word types.String
		if a.Kind() == celast.LiteralKind {
			word, _ = a.AsLiteral().(types.String)
		}
		if word == "" {
			c.report(a.ID(), "rule.want_codes", fn)
			return
		}
		found := nodes(tree, string(word))
		if len(found) == 0 {
			c.report(a.ID(), unknown, string(word), c.codeOf(tree, string(word)))
			return
		}
		for _, n := range found {
			tops = append(tops, n.Code)
			for _, code := range tree.Below(n.Code) {
				s.texts[code] = true
			}
		}
		s.shown = append(s.shown, shownNodes(found))
	}
	slices.Sort(tops)
	s.words = fmt.Sprint(tops)
	// Codes in another form (C3670 for 3670) and codes out of use are not among those below.
	s.more = func(code string) bool {
		n, ok := tree.Node(code)
		if !ok || n.Code == code && !n.Retired {
			return false
		}
		return slices.ContainsFunc(tops, func(top string) bool { return tree.Within(code, top) })
	}
	s.old = func() []string {
		var codes []string
		for _, n := range tree.Nodes() {
			if n.Retired && s.more(n.Code) {
				codes = append(codes, n.Code)
			}
		}
		return codes
	}
	c.sets[e.ID()] = s
	fac := celast.NewExprFactory()
	e.SetKindCase(fac.NewCall(e.ID(), fn, args[0], fac.NewList(args[1].ID()+listID, args[1:], nil)))
}

// codeOf is advice for a word that is no code of a tree.
func (c *compiler) codeOf(tree *content.Tree, word string) i18n.Msg {
	if found := tree.Resolve(word, ""); len(found) == 1 {
		return i18n.M("rule.code_of", found[0].Name, found[0].Code)
	}
	return i18n.M("rule.code_form")
}

// listID sets the ids of lists that are put around arguments apart from those of the parser, which count from 1.
const listID = 1 << 40

// nodes is the nodes that a code or a range of codes of one length (34-38) names.
func nodes(tree *content.Tree, word string) []content.Node {
	if n, ok := tree.Node(word); ok {
		return []content.Node{n}
	}
	from, to, isRange := strings.Cut(word, "-")
	first, ok := tree.Node(from)
	last, too := tree.Node(to)
	if !isRange || !ok || !too || len(first.Code) != len(last.Code) || first.Level != last.Level {
		return nil
	}
	var all []content.Node
	for _, n := range tree.Nodes() {
		if n.Level == first.Level && n.Code >= first.Code && n.Code <= last.Code {
			all = append(all, n)
		}
	}
	return all
}

func shownNodes(found []content.Node) i18n.Msg {
	if len(found) == 1 {
		return i18n.M("rule.one", found[0].Name)
	}
	return i18n.M("rule.range", found[0].Name, found[len(found)-1].Name)
}

// rename gives operators with special rules in CEL the names of our own.
func (c *compiler) rename(e celast.Expr) {
	celast.PostOrderVisit(e, celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() != celast.CallKind {
			return
		}
		if to, ok := renamed[e.AsCall().FunctionName()]; ok {
			e.SetKindCase(celast.NewExprFactory().NewCall(e.ID(), to, e.AsCall().Args()...))
		}
	}))
}
