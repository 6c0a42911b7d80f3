package rule

import (
	"errors"
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Eval is the answer for a context.
func (x *Expr) Eval(c *Context) Outcome {
	r := x.reader(c)
	defer x.free(r)
	o := r.run(x.prog, x.typ)
	if c.Trace {
		o.Read = r.read()
	}
	return o
}

func (x *Expr) reader(c *Context) *reader {
	r := x.pool.Get().(*reader)
	r.ctx = c
	return r
}

func (x *Expr) free(r *reader) {
	clear(r.vals)
	clear(r.notes)
	r.ctx = nil
	x.pool.Put(r)
}

// reader answers CEL's questions for names during one evaluation: it is CEL's activation. A name is read once.
type reader struct {
	x     *Expr
	ctx   *Context
	vals  []ref.Val // by number of the name; nil until it is read
	notes []note
}

// note is what was learnt about a name besides its value.
type note struct {
	ref     FactRef   // of a fact
	isFact  bool      // ref is set
	missing []FactRef // because of which it is unknown
	read    []FactRead
}

func newReader(x *Expr) *reader {
	return &reader{x: x, vals: make([]ref.Val, len(x.names)), notes: make([]note, len(x.names))}
}

// Parent and ResolveName are CEL's activation.
func (r *reader) Parent() cel.Activation { return nil }

// ResolveName is the value of a name.
func (r *reader) ResolveName(id string) (any, bool) {
	for i, n := range r.x.names {
		if n.id == id {
			return r.value(i), true
		}
	}
	return nil, false
}

func (r *reader) value(i int) ref.Val {
	if r.vals[i] == nil {
		v, state, err := r.x.names[i].read(r.x.lib, r.ctx, &r.notes[i])
		switch state {
		case Present:
			r.vals[i] = v.in()
		case None:
			r.vals[i] = none{}
		case Failed:
			r.vals[i] = types.WrapErr(err)
		default:
			r.vals[i] = unknown(1) << i
		}
	}
	return r.vals[i]
}

// read finds out about a name and notes what it was read from.
func (n *name) read(lib *content.Library, c *Context, note *note) (Value, State, error) {
	switch n.origin {
	case FromFact, FromMembership:
		v, state := n.fact(lib, c, note)
		return v, state, nil
	case FromYear:
		if c.Year == 0 {
			note.missing = []FactRef{c.When}
			return Value{}, Unknown, nil
		}
		return Int(int64(c.Year)), Present, nil
	case FromEvent:
		if c.Event == nil {
			note.missing = []FactRef{c.When}
			return Value{}, Unknown, nil
		}
		return Day(*c.Event), Present, nil
	case FromAsOf:
		return Day(max(c.AsOf, c.On)), Present, nil
	case FromParam:
		a := c.Names.Param(n.short, c)
		note.missing = a.Missing
		return a.Value, a.State, nil
	case FromGiven:
		if c.Given == nil {
			return Value{}, Unknown, nil
		}
		a := c.Given(n.id)
		note.missing = a.Missing
		return a.Value, a.State, nil
	case FromSetting:
		return Text(c.Names.Setting(n.short)), Present, nil
	}
	o := n.agg.Eval(c)
	note.missing, note.read = o.Missing, o.Read
	return o.Value, o.State, o.Err
}

func (n *name) fact(lib *content.Library, c *Context, note *note) (Value, State) {
	s, ok := subjectOf(c.Subject, n.def.Subject)
	if !ok {
		return n.unlinked(lib, c, note)
	}
	p, ok := c.period(n.def.Period)
	if !ok {
		note.missing = []FactRef{c.When}
		return Value{}, Unknown
	}
	v, state := s.Fact(n.def, p, c.On)
	note.isFact = true
	if n.origin == FromMembership {
		p = period.OfDay(c.On)
	}
	note.ref = FactRef{Subject: RefOf(s), Def: n.def.Code, Period: p}
	return v, state
}

// subjectOf is the subject itself or its ancestor of a kind.
func subjectOf(s Subject, kind string) (Subject, bool) {
	for ; s != nil; s = s.Parent() {
		if s.Kind() == kind {
			return s, true
		}
	}
	return nil, false
}

// unlinked answers for a fact of an ancestor that the subject does not have: none when it is known to have none, else
// unknown because nobody said which one it is.
func (n *name) unlinked(lib *content.Library, c *Context, note *note) (Value, State) {
	s := c.Subject
	link, ok := lib.FactDef(s.Kind() + "." + n.def.Subject)
	if !ok {
		return Value{}, None
	}
	note.isFact, note.ref = true, FactRef{Subject: RefOf(s), Def: link.Code}
	if _, state := s.Fact(link, period.Period{}, c.On); state == None {
		return Value{}, None
	}
	return Value{}, Unknown
}

// period is the period of a definition's length in which the context lies; ok is false while that is not known.
func (c *Context) period(kind period.Kind) (p period.Period, ok bool) {
	switch kind {
	case period.Always, "":
		return period.Period{}, true
	case period.Year:
		return period.OfYear(c.Year), c.Year != 0
	}
	if c.Event == nil {
		return period.Period{}, false
	}
	y, m, _ := c.Event.YMD()
	switch kind {
	case period.Half:
		return period.OfHalf(y, (m+5)/6), true
	case period.Quarter:
		return period.OfQuarter(y, (m+2)/3), true
	case period.Month:
		return period.OfMonth(y, m), true
	case period.YearToDate:
		return period.ToMonth(y, m), true
	default:
		return period.OfDay(*c.Event), true
	}
}

// run evaluates a program of the expression.
func (r *reader) run(prog cel.Program, typ Type) Outcome {
	v, _, err := prog.Eval(r)
	if err != nil {
		return Outcome{State: Failed, Err: r.x.Failure(err)}
	}
	switch m := v.(type) {
	case none:
		return Outcome{State: None}
	case unknown:
		return Outcome{State: Unknown, Missing: r.missing(m)}
	}
	got, _ := out(v)
	switch {
	case typ == ExactType && got.typ == MoneyType:
		got = Exact(got.Exact())
	case typ == DecimalType && got.typ == IntType:
		n, err := mul(got.num, int64(millionth))
		if err != nil {
			return Outcome{State: Failed, Err: r.x.Failure(err)}
		}
		got = Decimal(n)
	}
	return Outcome{State: Present, Value: got}
}

// Failure is an error of evaluation with words for people, as Eval tells it.
func (x *Expr) Failure(err error) error {
	var told *errs.Error
	switch {
	case errors.As(err, &told):
		return told
	case errors.Is(err, money.ErrOverflow):
		return &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("rule.overflow", x.src), Err: err}
	case errors.Is(err, ErrYears):
		return &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("rule.day_range", x.src), Err: err}
	}
	return fmt.Errorf("evaluate %q: %w", x.src, err)
}

// missing is the facts because of which the names are unknown, each once.
func (r *reader) missing(because unknown) []FactRef {
	var all []FactRef
	for i := range because.names {
		all = r.notes[i].facts(all)
	}
	return all
}

// facts adds those that the name was read from, or waits for.
func (n *note) facts(all []FactRef) []FactRef {
	if n.isFact {
		all = appendNew(all, n.ref)
	}
	for _, m := range n.missing {
		all = appendNew(all, m)
	}
	return all
}

func appendNew(all []FactRef, f FactRef) []FactRef {
	if slices.Contains(all, f) {
		return all
	}
	return append(all, f)
}

// read is the facts that were read, in the order of the expression.
func (r *reader) read() []FactRead {
	var all []FactRead
	for i, v := range r.vals {
		n := &r.notes[i]
		if n.isFact {
			f := FactRead{FactRef: n.ref}
			switch v.(type) {
			case none:
				f.State = None
			case unknown:
				f.State = Unknown
			default:
				f.Value, _ = out(v)
				f.State = Present
			}
			all = append(all, f)
		}
		all = append(all, n.read...)
	}
	return all
}

// decorate replaces nodes while CEL plans a program: literals by constants, names by direct reads, membership by a
// look-up, and c ? a : b by a choice that evaluates only what counts.
func (c *compiler) decorate(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	switch node := i.(type) {
	case interpreter.InterpretableAttribute:
		attr, ok := node.Attr().(interpreter.NamespacedAttribute)
		if !ok || len(attr.CandidateVariableNames()) != 1 {
			return i, nil
		}
		id := attr.CandidateVariableNames()[0]
		if at := slices.IndexFunc(c.names, func(n *name) bool { return n.id == id }); at >= 0 {
			return &nameNode{id: node.ID(), at: at}, nil
		}
	case interpreter.InterpretableCall:
		if v, ok := c.consts[node.ID()]; ok && literals[node.Function()] != NoType {
			return interpreter.NewConstValue(node.ID(), v), nil
		}
		switch node.Function() {
		case operators.In, fnArea, fnIndustry:
			return &memberNode{id: node.ID(), of: node.Args()[0], set: c.sets[node.ID()]}, nil
		case opIf:
			args := node.Args()
			return &choiceNode{id: node.ID(), cond: args[0], yes: args[1], no: args[2]}, nil
		}
	}
	return i, nil
}

// nameNode reads a name by its number.
type nameNode struct {
	id int64
	at int
}

func (n *nameNode) ID() int64 { return n.id }

func (n *nameNode) Exec(f *interpreter.ExecutionFrame) ref.Val {
	return f.Scope().(*reader).value(n.at)
}

func (n *nameNode) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, n.Exec)
}

// memberNode looks a value up in a closed set.
type memberNode struct {
	id  int64
	of  interpreter.InterpretableV2
	set *set
}

func (n *memberNode) ID() int64 { return n.id }

func (n *memberNode) Exec(f *interpreter.ExecutionFrame) ref.Val {
	v := n.of.Exec(f)
	switch word := v.(type) {
	case types.String:
		in := n.set.texts[string(word)] || n.set.more != nil && n.set.more(string(word))
		return types.Bool(in)
	case types.Int:
		return types.Bool(n.set.ints[int64(word)])
	}
	return v
}

func (n *memberNode) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, n.Exec)
}

// choiceNode is c ? a : b. Both branches are evaluated only where the condition does not decide.
type choiceNode struct {
	id            int64
	cond, yes, no interpreter.InterpretableV2
}

func (n *choiceNode) ID() int64 { return n.id }

func (n *choiceNode) Exec(f *interpreter.ExecutionFrame) ref.Val {
	c := n.cond.Exec(f)
	switch v := c.(type) {
	case types.Bool:
		if v {
			return n.yes.Exec(f)
		}
		return n.no.Exec(f)
	case *types.Err:
		return v
	}
	return undecided(c, n.yes.Exec(f), n.no.Exec(f))
}

func (n *choiceNode) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, n.Exec)
}
