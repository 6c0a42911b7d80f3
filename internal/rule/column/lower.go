package column

import (
	"math/big"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// opcode is what a node does.
type opcode int8

const (
	opConst opcode = iota
	opLoad
	opNot
	opAnd
	opOr
	opLess
	opGreater
	opEqual
	opEqualBool
	opInCodes
	opInInts
	opKnown
	opNone
	opChoice
	opMin
	opMax
	opPlus
	opMinus
	opTimes
	opWiden
	opNarrow
	opRateFits
	opDays
	opYear
	opMonth
	opAddDays
	opAddMonths
	opAddYears
)

var opNames = [...]string{
	opConst: "const", opLoad: "load", opNot: "not", opAnd: "and", opOr: "or", opLess: "less", opGreater: "greater",
	opEqual: "equal", opEqualBool: "equal_bool", opInCodes: "in_codes", opInInts: "in_ints", opKnown: "known", opNone: "none",
	opChoice: "choice", opMin: "min", opMax: "max", opPlus: "plus", opMinus: "minus", opTimes: "times", opWiden: "widen",
	opNarrow: "narrow", opRateFits: "rate_fits", opDays: "days", opYear: "year", opMonth: "month", opAddDays: "add_days",
	opAddMonths: "add_months", opAddYears: "add_years",
}

// node is one step of a plan.
type node struct {
	op    opcode
	typ   rule.Type
	args  []int
	order []int // of the args of && and ||: those that may decide cheaply first
	plus  int64 // opDays: what is added
	value *big.Int
	col   *Column
	in    *rule.Input
	words string // opInCodes, opInInts: the set as it was written
	codes []bool // opInCodes: by code
	ints  []int64

	width width
	den   *big.Int // numbers are so many of 1/den
	ends  span     // of numbers
	check bool     // what does not fit is looked for in each row
	line  *line    // opPlus, opMinus, opTimes: what it comes to in one step, where constants allow that

	none, unknown, fails bool // may be
	cost                 int
}

// lowerer makes the nodes of a plan.
type lowerer struct {
	*Plan
	seen  map[kindOf]int // nodes by what they are
	known map[kindOf]int // those of the plan of which this one is made
}

// least is what kernels have at least, whatever the numbers of a batch need. The zero value is what they need; tests ask for
// more, so that every kernel is held against the same answers.
type least struct {
	width width // of operators on numbers
	check bool  // what fits is looked for in each row even where it always does
}

// lowering is how an operator or function becomes nodes; nil where there is no kernel for it.
func lowering(fn string) func(l *lowerer, t *rule.Tree) int {
	switch fn {
	case "&&", "||":
		return (*lowerer).junction
	case "!":
		return (*lowerer).negation
	case "?:":
		return (*lowerer).choice
	case "==", "!=":
		return (*lowerer).equality
	case "<", "<=", ">", ">=":
		return (*lowerer).ordering
	case "+", "-":
		return (*lowerer).sum
	case "*":
		return (*lowerer).product
	case "min", "max":
		return (*lowerer).pick
	case "in", "in_area", "in_industry":
		return (*lowerer).member
	case "known", "none":
		return (*lowerer).state
	case "days", "span_days":
		return (*lowerer).days
	case "year", "month":
		return (*lowerer).calendar
	case "add_days", "add_months", "add_years":
		return (*lowerer).shift
	}
	return nil
}

var one, millionth = big.NewInt(1), big.NewInt(1_000_000)

// denOf is the denominator of a type whose numbers have one and the same.
func denOf(t rule.Type) *big.Int {
	if t == rule.DecimalType {
		return millionth
	}
	return one
}

// kindOf is all that tells nodes apart.
type kindOf struct {
	op         opcode
	typ        rule.Type
	width      width
	check      bool
	plus       int64
	args       [3]int // each and one more; 0 for none
	rest       string // of the args
	value, den wholeOf
	words      string
	col        *Column
}

// wholeOf is a whole number of any size.
type wholeOf struct {
	is    bool
	short int64
	long  string
}

func whole(n *big.Int) wholeOf {
	switch {
	case n == nil:
		return wholeOf{}
	case n.IsInt64():
		return wholeOf{is: true, short: n.Int64()}
	}
	return wholeOf{is: true, long: n.String()}
}

func (n *node) kind() kindOf {
	k := kindOf{op: n.op, typ: n.typ, width: n.width, check: n.check, plus: n.plus, value: whole(n.value), den: whole(n.den), words: n.words, col: n.col}
	for i, a := range n.args {
		if i < len(k.args) {
			k.args[i] = a + 1
		} else {
			k.rest += " " + strconv.Itoa(a)
		}
	}
	return k
}

// put adds a node, or finds the equal one.
func (l *lowerer) put(n node) int {
	key := n.kind()
	for _, of := range [...]map[kindOf]int{l.known, l.seen} {
		if id, ok := of[key]; ok {
			return id
		}
	}
	n.cost = 1
	for _, a := range n.args {
		n.cost += l.nodes[a].cost
	}
	if n.typ != rule.BoolType && n.op != opConst && n.op != opLoad {
		n.cost += 4
	}
	if n.den == nil {
		n.den = denOf(n.typ)
	}
	n.line = l.line(&n)
	l.nodes = append(l.nodes, n)
	l.seen[key] = len(l.nodes) - 1
	return len(l.nodes) - 1
}

// strict is a node whose operands must all be present.
func (l *lowerer) strict(n node) int {
	for _, a := range n.args {
		of := &l.nodes[a]
		n.none, n.unknown, n.fails = n.none || of.none, n.unknown || of.unknown, n.fails || of.fails
	}
	n.fails = n.fails || n.check
	return l.put(n)
}

func (l *lowerer) tree(t *rule.Tree) int {
	switch {
	case t.Input != nil:
		return l.load(t.Input)
	case t.Fn == "":
		return l.constant(t.Value)
	}
	return lowering(t.Fn)(l, t)
}

// out is the node of something that is asked for, of the type that was wanted when it was compiled.
func (l *lowerer) out(o out) int {
	id := l.tree(o.tree)
	if o.expr != nil && o.expr.Type() == rule.DecimalType {
		return l.decimal(id)
	}
	return id
}

func (l *lowerer) load(in *rule.Input) int {
	if v, ok := l.batch.fixed[in.ID()]; ok {
		return l.constant(v)
	}
	col := l.batch.Columns[in.ID()]
	if agg := in.Aggregate(); agg != nil {
		col = l.folded(agg)
	}
	return l.put(node{
		op: opLoad, typ: in.Type(), in: in, col: col, width: col.width(), den: col.den, ends: col.ends,
		none: col.none != nil, unknown: col.unknown != nil, fails: col.failed != nil,
	})
}

func (l *lowerer) constant(v rule.Value) int {
	switch v.Type() {
	case rule.BoolType:
		n := new(big.Int)
		if v.Bool() {
			n = one
		}
		return l.number(rule.BoolType, n, one)
	case rule.TextType:
		return l.number(rule.TextType, big.NewInt(l.Code(v.Text())), one)
	case rule.RateType:
		r := v.Rate().Rat()
		return l.number(rule.RateType, r.Num(), r.Denom())
	}
	return l.number(v.Type(), big.NewInt(scalar(v)), denOf(v.Type()))
}

func (l *lowerer) number(t rule.Type, n, den *big.Int) int {
	return l.put(node{op: opConst, typ: t, value: n, den: den, ends: point(n), width: point(n).width()})
}

// words numbers the texts of a tree that no row has.
func (l *lowerer) words(t *rule.Tree) {
	v := t.Value
	if t.Input != nil {
		v = l.batch.fixed[t.Input.ID()]
	}
	if t.Fn == "" && v.Type() == rule.TextType && l.Code(v.Text()) < 0 {
		l.extra = append(l.extra, v.Text())
	}
	for _, a := range t.Args {
		l.words(a)
	}
}

// Code is what Numbers holds of a text, -1 where no row and no constant has it.
func (pl *Plan) Code(text string) int64 {
	if code, ok := pl.batch.Dict.codes[text]; ok {
		return code
	}
	if k := slices.Index(pl.extra, text); k >= 0 {
		return int64(len(pl.batch.Dict.words) + k)
	}
	return -1
}

// Codes is how many texts have a Code: all are below it.
func (pl *Plan) Codes() int { return len(pl.batch.Dict.words) + len(pl.extra) }

func (l *lowerer) negation(t *rule.Tree) int { return l.not(l.tree(t.Args[0])) }

func (l *lowerer) not(a int) int {
	return l.strict(node{op: opNot, typ: rule.BoolType, args: []int{a}})
}

// junction is a && b && c as one node.
func (l *lowerer) junction(t *rule.Tree) int {
	n := node{op: opAnd, typ: rule.BoolType}
	if t.Fn == "||" {
		n.op = opOr
	}
	for _, a := range flat(t, t.Fn, nil) {
		if id := l.tree(a); !slices.Contains(n.args, id) {
			n.args = append(n.args, id)
		}
	}
	if len(n.args) == 1 {
		return n.args[0]
	}
	n.order = slices.Clone(n.args)
	slices.SortStableFunc(n.order, func(a, b int) int { return l.nodes[a].cost - l.nodes[b].cost })
	return l.strict(n)
}

// flat is the terms of a chain of one operator.
func flat(t *rule.Tree, fn string, all []*rule.Tree) []*rule.Tree {
	if t.Fn != fn {
		return append(all, t)
	}
	for _, a := range t.Args {
		all = flat(a, fn, all)
	}
	return all
}

// align brings two numbers to one denominator and width.
func (l *lowerer) align(a, b int) (int, int) {
	da, db := l.nodes[a].den, l.nodes[b].den
	g := new(big.Int).GCD(nil, nil, da, db)
	a, b = l.scale(a, new(big.Int).Quo(db, g)), l.scale(b, new(big.Int).Quo(da, g))
	w := max(l.nodes[a].width, l.nodes[b].width, l.least.width)
	return l.widen(a, w), l.widen(b, w)
}

// scale multiplies numbers and their denominator.
func (l *lowerer) scale(a int, by *big.Int) int {
	if by.Cmp(one) == 0 {
		return a
	}
	if of := &l.nodes[a]; of.op == opConst {
		return l.number(of.typ, new(big.Int).Mul(of.value, by), new(big.Int).Mul(of.den, by))
	}
	k := l.number(rule.IntType, by, one)
	return l.free(opTimes, l.nodes[a].typ, [2]int{a, k}, new(big.Int).Mul(l.nodes[a].den, by))
}

func (l *lowerer) widen(a int, to width) int {
	of := &l.nodes[a]
	switch {
	case of.width >= to:
		return a
	case of.op == opConst:
		return l.put(node{op: opConst, typ: of.typ, value: of.value, den: of.den, ends: of.ends, width: to})
	}
	return l.strict(node{op: opWiden, typ: of.typ, args: []int{a}, width: to, den: of.den, ends: of.ends})
}

// narrow is numbers in 64 bits. A row is failed where its number does not fit, or one of those that it was made of.
func (l *lowerer) narrow(a int, of ...int) int {
	n := node{op: opNarrow, typ: l.nodes[a].typ, args: append([]int{a}, of...), den: l.nodes[a].den, ends: l.nodes[a].ends.meet(all64)}
	if l.nodes[a].width == w64 {
		return a
	}
	n.check = l.least.check
	for _, x := range n.args {
		n.check = n.check || !l.nodes[x].ends.within(all64)
	}
	return l.strict(n)
}

// reach is what an operation can come to.
func reach(op opcode, a, b span) span {
	switch op {
	case opPlus:
		return a.plus(b)
	case opMinus:
		return a.minus(b)
	}
	return a.times(b)
}

// free is an operation whose result always has room: its width is what it can come to.
func (l *lowerer) free(op opcode, t rule.Type, args [2]int, den *big.Int) int {
	a, b := &l.nodes[args[0]], &l.nodes[args[1]]
	ends := reach(op, a.ends, b.ends)
	w := max(ends.width(), a.width, b.width, l.least.width)
	return l.strict(node{op: op, typ: t, args: []int{l.widen(args[0], w), l.widen(args[1], w)}, width: w, den: den, ends: ends})
}

// fixed is an operation in 64 bits, that fails where the result does not fit.
func (l *lowerer) fixed(op opcode, t rule.Type, a, b int) int {
	if l.least.width > w64 {
		return l.narrow(l.free(op, t, [2]int{a, b}, denOf(t)))
	}
	ends := reach(op, l.nodes[a].ends, l.nodes[b].ends)
	return l.strict(node{op: op, typ: t, args: []int{a, b}, ends: ends.meet(all64), check: l.least.check || !ends.within(all64)})
}

// stored is a number as those of its type are kept: whole numbers, amounts, decimals, days and codes have 64 bits.
func (l *lowerer) stored(a int, t rule.Type) int {
	if t == rule.BoolType || t == rule.ExactType || t == rule.RateType {
		return a
	}
	return l.narrow(a)
}

// decimal is a whole number or decimal as a decimal.
func (l *lowerer) decimal(a int) int {
	if l.nodes[a].typ != rule.IntType {
		return a
	}
	return l.fixed(opTimes, rule.DecimalType, a, l.number(rule.IntType, millionth, one))
}

// rate sees to it that a fraction in lowest terms has 64 bits above and below the line, as money.Rate has.
func (l *lowerer) rate(a int) int {
	of := &l.nodes[a]
	if of.width == w64 && of.den.IsInt64() {
		return a
	}
	return l.strict(node{op: opRateFits, typ: rule.RateType, args: []int{a}, width: of.width, den: of.den, ends: of.ends, check: true})
}

func (l *lowerer) sum(t *rule.Tree) int {
	op := opPlus
	if t.Fn == "-" {
		op = opMinus
	}
	var a, b int
	if len(t.Args) == 1 { // 0 − a, of the type of a
		b = l.tree(t.Args[0])
		a = l.number(l.nodes[b].typ, new(big.Int), denOf(l.nodes[b].typ))
	} else {
		a, b = l.tree(t.Args[0]), l.tree(t.Args[1])
	}
	switch t.Type {
	case rule.DecimalType: // a whole number that is too large for one fails, but only where there is a result
		a, b = l.align(a, b)
		return l.narrow(l.free(op, t.Type, [2]int{a, b}, millionth), a, b)
	case rule.ExactType, rule.RateType:
		a, b = l.align(a, b)
		id := l.free(op, t.Type, [2]int{a, b}, l.nodes[a].den)
		if t.Type == rule.RateType {
			return l.rate(id)
		}
		return id
	}
	return l.fixed(op, t.Type, a, b)
}

// scaling orders the factors of a product as the row evaluator takes them: what is scaled, then by what. It matters where
// both fail, since the first tells why.
var scaling = map[rule.Type]int{rule.MoneyType: 0, rule.ExactType: 0, rule.RateType: 1, rule.DecimalType: 1, rule.IntType: 2}

func (l *lowerer) product(t *rule.Tree) int {
	left, right := t.Args[0], t.Args[1]
	if scaling[right.Type] < scaling[left.Type] {
		left, right = right, left
	}
	a, b := l.tree(left), l.tree(right)
	if t.Type != rule.ExactType && t.Type != rule.RateType {
		return l.fixed(opTimes, t.Type, a, b)
	}
	id := l.free(opTimes, t.Type, [2]int{a, b}, new(big.Int).Mul(l.nodes[a].den, l.nodes[b].den))
	if t.Type == rule.RateType {
		return l.rate(id)
	}
	return id
}

func (l *lowerer) ordering(t *rule.Tree) int {
	a, b := l.align(l.tree(t.Args[0]), l.tree(t.Args[1]))
	op := opLess
	if t.Fn == ">" || t.Fn == "<=" {
		op = opGreater
	}
	id := l.strict(node{op: op, typ: rule.BoolType, args: []int{a, b}, width: l.nodes[a].width})
	if t.Fn == "<=" || t.Fn == ">=" {
		return l.not(id)
	}
	return id
}

func (l *lowerer) equality(t *rule.Tree) int {
	a, b := l.tree(t.Args[0]), l.tree(t.Args[1])
	op := opEqualBool
	if t.Args[0].Type != rule.BoolType {
		op = opEqual
		a, b = l.align(a, b)
	}
	id := l.strict(node{op: op, typ: rule.BoolType, args: []int{a, b}, width: l.nodes[a].width})
	if t.Fn == "!=" {
		return l.not(id)
	}
	return id
}

// pick is min or max: what is none is left out.
func (l *lowerer) pick(t *rule.Tree) int {
	a, b := l.align(l.tree(t.Args[0]), l.tree(t.Args[1]))
	x, y := &l.nodes[a], &l.nodes[b]
	n := node{op: opMin, typ: t.Type, args: []int{a, b}, width: x.width, den: x.den, ends: x.ends.join(y.ends)}
	if t.Fn == "max" {
		n.op = opMax
	}
	n.none, n.unknown, n.fails = x.none && y.none, x.unknown || y.unknown, x.fails || y.fails
	return l.stored(l.put(n), t.Type)
}

func (l *lowerer) choice(t *rule.Tree) int {
	c, a, b := l.tree(t.Args[0]), l.tree(t.Args[1]), l.tree(t.Args[2])
	n := node{op: opChoice, typ: t.Type}
	if t.Type != rule.BoolType {
		a, b = l.align(a, b)
		n.width, n.den, n.ends = l.nodes[a].width, l.nodes[a].den, l.nodes[a].ends.join(l.nodes[b].ends)
	}
	n.args = []int{c, a, b}
	return l.stored(l.strict(n), t.Type)
}

func (l *lowerer) member(t *rule.Tree) int {
	a := l.tree(t.Args[0])
	if t.Args[0].Type == rule.IntType {
		return l.strict(node{op: opInInts, typ: rule.BoolType, args: []int{a}, words: t.Set.Words(), ints: t.Set.Ints()})
	}
	var codes []bool
	for _, words := range [][]string{l.batch.Dict.words, l.extra} {
		for _, word := range words {
			codes = append(codes, t.Set.Has(word))
		}
	}
	return l.strict(node{op: opInCodes, typ: rule.BoolType, args: []int{a}, words: t.Fn + t.Set.Words(), codes: codes})
}

// state is known(x) or none(x).
func (l *lowerer) state(t *rule.Tree) int {
	a := l.tree(t.Args[0])
	n := node{op: opKnown, typ: rule.BoolType, args: []int{a}, fails: l.nodes[a].fails}
	if t.Fn == "none" {
		n.op, n.unknown = opNone, l.nodes[a].unknown
	}
	return l.put(n)
}

func (l *lowerer) days(t *rule.Tree) int {
	a, b := l.tree(t.Args[0]), l.tree(t.Args[1])
	n := node{op: opDays, typ: rule.IntType, args: []int{a, b}}
	if t.Fn == "span_days" {
		n.plus = 1
	}
	n.ends = l.nodes[b].ends.minus(l.nodes[a].ends).plus(points(n.plus, n.plus))
	if !n.ends.within(all64) {
		n.ends = all64 // days from beyond all calendars wrap, as those of a row do
	}
	return l.strict(n)
}

func (l *lowerer) calendar(t *rule.Tree) int {
	a := l.tree(t.Args[0])
	n := node{op: opMonth, typ: rule.IntType, args: []int{a}, ends: points(1, 12)}
	if t.Fn == "year" {
		ends := l.nodes[a].ends
		n.op, n.ends = opYear, all64
		if ends.within(points(-1<<40, 1<<40)) {
			n.ends = points(int64(period.Day(ends.low.Int64()).Year()), int64(period.Day(ends.high.Int64()).Year()))
		}
	}
	return l.strict(n)
}

// shift is add_days, add_months or add_years. It rises with both operands, so that the ends tell whether it always lies in
// the calendar.
func (l *lowerer) shift(t *rule.Tree) int {
	a, b := l.tree(t.Args[0]), l.tree(t.Args[1])
	n := node{typ: rule.DayType, args: []int{a, b}}
	switch t.Fn {
	case "add_days":
		n.op = opAddDays
	case "add_months":
		n.op = opAddMonths
	default:
		n.op = opAddYears
	}
	move := shifts[n.op]
	low, ok1 := move(period.Day(l.nodes[a].ends.low.Int64()), l.nodes[b].ends.low.Int64())
	high, ok2 := move(period.Day(l.nodes[a].ends.high.Int64()), l.nodes[b].ends.high.Int64())
	if !ok1 || !ok2 {
		low, high = rule.Calendar()
	}
	n.check = l.least.check || !ok1 || !ok2
	n.ends = points(int64(low), int64(high))
	return l.strict(n)
}

var shifts = map[opcode]func(period.Day, int64) (period.Day, bool){
	opAddDays: rule.AddDays, opAddMonths: rule.AddMonths, opAddYears: rule.AddYears,
}
