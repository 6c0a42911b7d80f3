package rule

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/decls"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Limits of one expression: it comes from a file that people write, also in the browser.
const (
	maxLength = 4_000 // characters
	maxDepth  = 40    // brackets and operators inside each other
)

// name is something that an expression can read.
type name struct {
	id      string // as written: ent.revenue, param.rate
	typ     Type
	origin  Origin
	label   i18n.Text
	def     content.FactDef // of a fact or membership
	short   string          // id without its prefix, of what the caller declared
	agg     *Aggregate
	options []string         // of a setting
	codes   content.CodeList // of a fact of type code, and of what is given
}

// Env is what expressions about subjects of one kind may use. It never changes.
type Env struct {
	lib   *content.Library
	kind  string
	names map[string]*name
	cel   *cel.Env
}

// givenName is the form of names in Declarations.Given: words and dots.
var givenName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`)

// declared is the language, made once: it depends on nothing.
var declared = sync.OnceValues(language)

// FactDef is the definition with a code; besides those of the library, the memberships AreaCode and IndustryCode, which
// are read as codes of nodes.
func FactDef(lib *content.Library, code string) (content.FactDef, bool) {
	if def, ok := lib.FactDef(code); ok {
		return def, true
	}
	def := content.FactDef{
		Code: code, Subject: content.Enterprise, Type: content.Code, Flow: content.State, Period: period.Always,
		Sensitivity: "public",
	}
	switch code {
	case AreaCode:
		def.Name = i18n.Text{ZH: "所属区域", EN: "Area"}
	case IndustryCode:
		def.Name = i18n.Text{ZH: "所属行业", EN: "Industry"}
	default:
		return content.FactDef{}, false
	}
	return def, true
}

// Reaches says that an expression about subjects of a kind can read facts about another: its own, its project's, its
// enterprise's.
func Reaches(kind, subject string) bool {
	switch kind {
	case content.Loan, content.Lease, content.Honour:
		return subject == kind || subject == content.Project || subject == content.Enterprise
	case content.Project:
		return subject == kind || subject == content.Enterprise
	}
	return subject == kind
}

// NewEnv declares the facts that a subject of the kind can read, and what decl adds. An error is a mistake of the
// caller: an aggregate of a kind that cannot be reached, a parameter without a type.
func NewEnv(lib *content.Library, kind string, decl Declarations) (*Env, error) {
	e := &Env{lib: lib, kind: kind, names: map[string]*name{}}
	e.declare(name{id: "year", typ: IntType, origin: FromYear, label: i18n.Text{ZH: "年度", EN: "Year"}})
	e.declare(name{id: "event", typ: DayType, origin: FromEvent, label: i18n.Text{ZH: "事项日期", EN: "Day of the event"}})
	e.declare(name{id: "as_of", typ: DayType, origin: FromAsOf, label: i18n.Text{ZH: "测算日期", EN: "Day of asking"}})
	for _, def := range lib.FactDefs() {
		if Reaches(kind, def.Subject) {
			codes, _ := lib.CodeList(def.Codes)
			e.declare(name{id: def.Code, typ: TypeOf(def.Type), label: def.Name, def: def, codes: codes})
		}
	}
	if Reaches(kind, content.Enterprise) {
		for _, code := range []string{AreaCode, IndustryCode} {
			def, _ := FactDef(lib, code)
			e.declare(name{id: code, typ: TextType, origin: FromMembership, label: def.Name, def: def})
		}
	}
	for id, p := range decl.Params {
		if p.Type == NoType {
			return nil, fmt.Errorf("rule: parameter %s has no type", id)
		}
		e.declare(name{id: "param." + id, short: id, typ: p.Type, origin: FromParam, label: p.Name})
	}
	for id, options := range decl.Settings {
		e.declare(name{
			id: "setting." + id, short: id, typ: TextType, origin: FromSetting, options: options,
			label: i18n.Text{ZH: "选项 " + id, EN: "Setting " + id},
		})
	}
	for _, a := range decl.Aggregates {
		typ, err := a.Type()
		if err != nil {
			return nil, fmt.Errorf("rule: aggregate %s: %w", a.ID, err)
		}
		if !Reaches(kind, a.From) {
			continue
		}
		e.declare(name{id: "agg." + a.ID, short: a.ID, typ: typ, origin: FromAggregate, label: a.Name, agg: a})
	}
	for id, g := range decl.Given {
		if g.Type == NoType || e.names[id] != nil || !givenName.MatchString(id) {
			return nil, fmt.Errorf("rule: what is given cannot be called %q, or has no type", id)
		}
		e.declare(name{id: id, typ: g.Type, origin: FromGiven, label: g.Name, codes: g.Codes})
	}
	fns, err := declared()
	if err != nil {
		return nil, fmt.Errorf("rule: declare the language: %w", err)
	}
	vars := make([]*decls.VariableDecl, 0, len(e.names))
	for _, id := range slices.Sorted(maps.Keys(e.names)) {
		vars = append(vars, decls.NewVariable(id, celTypes[e.names[id].typ]))
	}
	e.cel, err = cel.NewCustomEnv(cel.FunctionDecls(fns...), cel.VariableDecls(vars...),
		cel.ParserRecursionLimit(maxDepth), cel.ParserExpressionSizeLimit(maxLength))
	if err != nil {
		return nil, fmt.Errorf("rule: declare names for %s: %w", kind, err)
	}
	return e, nil
}

func (e *Env) declare(n name) { e.names[n.id] = &n }

// Expr is a checked expression. It never changes and may be used by many goroutines.
type Expr struct {
	lib   *content.Library
	src   string
	typ   Type // what Eval gives
	names []*name
	prog  cel.Program
	pool  *sync.Pool // of *reader
	shape *shape
	at    Position
	plan  func(part celast.Expr) (cel.Program, error) // a program of a part of it
	types map[int64]*cel.Type
	whole func() *Tree
}

// typeOf is the type of a part.
func (x *Expr) typeOf(part celast.Expr) Type { return ofCEL(x.types[part.ID()]) }

// Source is the expression as written.
func (x *Expr) Source() string { return x.src }

// Type is the type of the value that Eval gives.
func (x *Expr) Type() Type { return x.typ }

// Facts is the definitions that the expression may read, in the order of the expression; not those inside aggregates.
func (x *Expr) Facts() []content.FactDef {
	var defs []content.FactDef
	for _, n := range x.names {
		if n.origin == FromFact || n.origin == FromMembership {
			defs = append(defs, n.def)
		}
	}
	return defs
}

// Uses is what the expression names of the caller's declarations: "param.x", "setting.x", "agg.x", and what is given.
func (x *Expr) Uses() []string {
	var ids []string
	for _, n := range x.names {
		switch n.origin {
		case FromParam, FromSetting, FromAggregate, FromGiven:
			ids = append(ids, n.id)
		}
	}
	return ids
}

// ReadsParams says that it reads a parameter, by itself or through an aggregate.
func (x *Expr) ReadsParams() bool {
	return slices.ContainsFunc(x.names, func(n *name) bool {
		return n.origin == FromParam || n.agg != nil && (n.agg.Of != nil && n.agg.Of.ReadsParams() || slices.ContainsFunc(n.agg.When, (*Expr).ReadsParams))
	})
}

// Compile checks an expression that must have one of the wanted types. Where Exact is wanted and Money is not, money
// is taken and becomes exact. All mistakes of a kind are told at once; with problems the Expr is nil.
func (e *Env) Compile(src string, at Position, want ...Type) (*Expr, content.Problems) {
	c := &compiler{env: e, src: src, at: at, consts: constants{}, sets: members{}}
	x := c.compile(want)
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return x, nil
}

// compiler carries one expression through parsing, reading, checking and planning.
type compiler struct {
	env      *Env
	src      string
	at       Position
	problems content.Problems
	info     *celast.SourceInfo
	names    []*name // that were read, in order
	consts   constants
	sets     members
}

func (c *compiler) compile(want []Type) *Expr {
	if strings.TrimSpace(c.src) == "" {
		c.report(0, "rule.empty")
		return nil
	}
	parsed, issues := c.env.cel.Parse(c.src)
	if issues.Err() != nil {
		c.syntax(issues.Errors())
		return nil
	}
	c.info = parsed.NativeRep().SourceInfo()
	root := parsed.NativeRep().Expr()
	c.read(root)
	if len(c.problems) > 0 {
		return nil
	}
	shape := c.shapeOf(root) // before operators get other names
	c.rename(root)
	checked, issues := c.env.cel.Check(parsed)
	if issues.Err() != nil {
		c.mismatch(issues.Errors())
		return nil
	}
	typ := c.wanted(ofCEL(checked.OutputType()), want)
	if typ == NoType {
		return nil
	}
	x := &Expr{lib: c.env.lib, src: c.src, typ: typ, names: c.names, shape: shape, at: c.at}
	x.whole = sync.OnceValue(func() *Tree { return x.tree(x.shape) })
	x.pool = &sync.Pool{New: func() any { return newReader(x) }}
	rep := checked.NativeRep()
	x.types = rep.TypeMap()
	x.plan = func(part celast.Expr) (cel.Program, error) {
		ast := celast.NewCheckedAST(celast.NewAST(part, rep.SourceInfo()), rep.TypeMap(), rep.ReferenceMap())
		return c.env.cel.PlanProgram(ast, cel.CustomDecoratorV2(c.decorate))
	}
	var err error
	if x.prog, err = x.plan(root); err != nil {
		c.report(0, "rule.other", err.Error())
	}
	return x
}

// wanted is the type that the expression gives, NoType with a problem when it is none of those wanted.
func (c *compiler) wanted(got Type, want []Type) Type {
	switch {
	case slices.Contains(want, got):
		return got
	case got == MoneyType && slices.Contains(want, ExactType):
		return ExactType
	case got == IntType && slices.Contains(want, DecimalType):
		return DecimalType
	}
	var words []any
	for _, w := range want {
		words = append(words, w.Msg())
	}
	c.report(0, "rule.want_type", alternatives(words), got.Msg())
	return NoType
}

// alternatives joins words: a, b or c.
func alternatives(words []any) i18n.Msg {
	last := len(words) - 1
	if last == 0 {
		return i18n.M("rule.one", words[0])
	}
	return i18n.M("rule.or", commas(words[:last]), words[last])
}

// commas joins words: a, b, c.
func commas(words []any) i18n.Msg {
	all := i18n.M("rule.one", words[0])
	for _, w := range words[1:] {
		all = i18n.M("rule.comma", all, w)
	}
	return all
}
