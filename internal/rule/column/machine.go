package column

import (
	"math/big"
	"slices"
	"sync"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Plan is a program for one batch: its kernels fit the batch's columns. It never changes.
type Plan struct {
	program *Program
	batch   *Batch
	nodes   []node
	outs    []int
	extra   []string // texts of constants that no row has; their codes follow those of the dictionary
	levels  map[Level]*Plan

	some  []int // expressions that may be asked for
	least least
	words int            // in the dictionary
	seen  map[kindOf]int // nodes by what they are
	base  *Plan          // of which Rebind made it, nil of one that was made of none
	free  *sync.Pool     // machines of the base and of all that were made of it, which nobody uses
}

// Bind makes the plan for a batch, and folds the aggregates: of all expressions, or of some that alone will be asked for. The
// batch must have a column for each input, and must not change any more.
func (p *Program) Bind(b *Batch, some ...int) *Plan { return p.bind(b, least{}, some...) }

func (p *Program) bind(b *Batch, at least, some ...int) *Plan {
	if len(some) == 0 {
		for n := range p.outs {
			some = append(some, n)
		}
	}
	pl := &Plan{program: p, batch: b, some: some, least: at, words: len(b.Dict.words), seen: map[kindOf]int{}, free: new(sync.Pool)}
	pl.bindLevels()
	l := &lowerer{Plan: pl, seen: pl.seen}
	for _, n := range some {
		l.words(p.outs[n].tree)
	}
	pl.outs = slices.Repeat([]int{-1}, len(p.outs))
	for _, n := range some {
		pl.outs[n] = l.out(p.outs[n])
	}
	return pl
}

// bindLevels binds what lies below.
func (pl *Plan) bindLevels() {
	pl.levels = map[Level]*Plan{}
	for level, sub := range pl.program.levels {
		if below := pl.batch.Below[level]; below != nil { // see Some
			pl.levels[level] = below.bind(sub, pl.least)
		}
	}
}

// MayFail says that the numbers of the batch do not rule it out that an expression fails in a row.
func (pl *Plan) MayFail(out int) bool { return pl.nodes[pl.outs[out]].fails }

// Cost is about how much an expression takes for a row, beside others.
func (pl *Plan) Cost(out int) int { return pl.nodes[pl.outs[out]].cost }

// Rows is how many rows the plan's batch has.
func (pl *Plan) Rows() int { return pl.batch.Rows }

// Blocks is how many blocks they make.
func (pl *Plan) Blocks() int { return blocks(pl.batch.Rows) }

// Kernels is how many nodes of each kind there are: "plus 64", "plus 64 checked", "times 128".
func (pl *Plan) Kernels() map[string]int {
	all := map[string]int{}
	for i := range pl.nodes {
		all[pl.nodes[i].name()]++
	}
	for _, sub := range pl.levels {
		for name, n := range sub.Kernels() {
			all[name] += n
		}
	}
	return all
}

func (n *node) name() string {
	name := opNames[n.op]
	if n.typ != rule.BoolType || n.op == opLess || n.op == opGreater || n.op == opEqual {
		name += " " + widthNames[n.width]
	}
	if n.check {
		name += " checked"
	}
	return name
}

// vec is a node's answers for a block.
type vec struct {
	epoch  int
	done   Bits // rows that were asked for
	truth  Bits // of those that are present
	states      // where the node may be so
	n64    *[blockRows]int64
	n128   *[blockRows]int128
	nBig   *[blockRows]bigInt
	own    *[blockRows]int64 // room for n64, where it does not lie in a column
}

// states is rows without a value.
type states struct{ none, unknown, failed Bits }

// present is the rows of some that have a value.
func (v *vec) present(of *node, some Bits) Bits {
	if of.none {
		some = some.Without(&v.none)
	}
	if of.unknown {
		some = some.Without(&v.unknown)
	}
	if of.fails {
		some = some.Without(&v.failed)
	}
	return some
}

// Machine works the blocks of a plan out, one at a time. It belongs to one goroutine.
type Machine struct {
	plan  *Plan
	block int
	epoch int
	all   Bits
	vecs  []vec
	buf   [blockRows]uint16
	last  Bits // the rows whose numbers are in buf
	in    rows
	below map[*Plan]*Machine
}

// Machine is one that nobody uses, with room for a block. What it has of nodes that the plan shares with its base is of use to it;
// of others it knows nothing.
func (pl *Plan) Machine() *Machine {
	m, _ := pl.free.Get().(*Machine)
	if m == nil {
		m = &Machine{below: map[*Plan]*Machine{}}
	}
	shared := len(pl.nodes)
	if pl.base != nil {
		shared = len(pl.base.nodes)
	}
	more := max(len(pl.nodes)-len(m.vecs), 0)
	m.plan, m.vecs = pl, slices.Grow(m.vecs, more)[:len(pl.nodes)]
	for i := range m.vecs[shared:] {
		v := &m.vecs[shared+i]
		*v = vec{own: v.own}
	}
	return m
}

// Close gives a machine back, which nobody may use any more.
func (m *Machine) Close() {
	for _, below := range m.below {
		below.Close()
	}
	clear(m.below)
	m.plan.free.Put(m)
}

// room makes the room for numbers, once a node is asked for.
func (v *vec) room(n *node) {
	if n.typ == rule.BoolType {
		return
	}
	switch n.width {
	case w64:
		switch {
		case v.own == nil:
			v.own = new([blockRows]int64)
		case n.typ == rule.TextType: // codes of another plan are none of this one
			clear(v.own[:])
		}
		v.n64 = v.own
	case w128:
		v.n128 = new([blockRows]int128)
	default:
		v.nBig = new([blockRows]bigInt)
	}
}

// fill makes every row the constant.
func (v *vec) fill(n *node) {
	if n.typ == rule.BoolType {
		if n.value.Sign() > 0 {
			v.truth = full
		}
		return
	}
	switch n.width {
	case w64:
		fill(v.n64, n.value.Int64())
	case w128:
		fill(v.n128, int128Of(n.value))
	default:
		fill(v.nBig, bigInt{n.value})
	}
}

func fill[T any](all *[blockRows]T, with T) {
	for i := range all {
		all[i] = with
	}
}

// At begins a block. The Block is valid until the next.
func (m *Machine) At(block int) *Block {
	m.block = block
	m.epoch++
	m.all = firstRows(min(blockRows, m.plan.batch.Rows-block*blockRows))
	return &Block{m}
}

// need works a node out for the rows that are wanted and are not done yet.
func (m *Machine) need(id int, want *Bits) *vec {
	n, v := &m.plan.nodes[id], &m.vecs[id]
	if v.epoch == 0 && n.op != opLoad { // a column lies where it is
		v.room(n)
	}
	switch {
	case n.op == opConst && v.epoch == 0:
		v.fill(n)
		v.epoch = m.epoch
		return v
	case n.op == opConst:
		return v
	case v.epoch != m.epoch:
		m.begin(n, v)
	}
	if n.op == opLoad {
		return v
	}
	var rest Bits
	var some uint64
	for i := range rest {
		rest[i] = want[i] &^ v.done[i]
		v.done[i] |= rest[i]
		some |= rest[i]
	}
	if some != 0 {
		m.run(n, v, &rest)
	}
	return v
}

// begin forgets the block before.
func (m *Machine) begin(n *node, v *vec) {
	v.epoch = m.epoch
	if n.op == opLoad {
		m.load(n.col, v)
		return
	}
	v.done = Bits{}
	if n.typ == rule.BoolType {
		v.truth = Bits{}
	}
	if n.none {
		v.none = Bits{}
	}
	if n.unknown {
		v.unknown = Bits{}
	}
	if n.fails {
		v.failed = Bits{}
	}
}

// load lays the block of a column open; nothing is copied but its bits.
func (m *Machine) load(c *Column, v *vec) {
	v.done = m.all
	c.truth.open(m.block, &v.truth)
	c.none.open(m.block, &v.none)
	c.unknown.open(m.block, &v.unknown)
	c.failed.open(m.block, &v.failed)
	at := m.block * blockRows
	switch {
	case c.n64 != nil:
		v.n64 = (*[blockRows]int64)(c.n64[at:])
	case c.n128 != nil:
		v.n128 = (*[blockRows]int128)(c.n128[at:])
	case c.nBig != nil:
		v.nBig = (*[blockRows]bigInt)(c.nBig[at:])
	}
}

// list is the numbers of rows; it is valid until the next call.
func (m *Machine) list(b *Bits) rows {
	switch *b {
	case full:
		return every
	case m.last:
	default:
		m.last, m.in = *b, b.list(&m.buf)
	}
	return m.in
}

// around is rows for a kernel that does no harm to others: where many are asked for, it is quicker to take all.
func (m *Machine) around(b *Bits) rows {
	if *b == m.last || b.Count() <= blockRows/3 {
		return m.list(b)
	}
	return every
}

// Block is the answers for the rows of a block, as far as somebody asks for them.
type Block struct{ m *Machine }

// First is the number of its first row in the batch.
func (b *Block) First() int { return b.m.block * blockRows }

// All is its rows.
func (b *Block) All() Bits { return b.m.all }

// Between is those of its rows that have the numbers from and up to to in the batch.
func (b *Block) Between(from, to int) Bits {
	before := firstRows(from - b.First())
	all := firstRows(min(to-b.First(), blockRows)).And(&b.m.all)
	return all.Without(&before)
}

// Sure says that the numbers of the batch rule it out that an expression is none, unknown or failed in a row.
func (pl *Plan) Sure(out int) bool { return pl.nodes[pl.outs[out]].total() }

// Most is what the numbers of an expression are no more than, over Den; ok is false where that has no 64 bits.
func (pl *Plan) Most(out int) (most int64, ok bool) {
	n := &pl.nodes[pl.outs[out]]
	if n.width != w64 || n.typ == rule.BoolType {
		return 0, false
	}
	return n.ends.high.Int64(), n.ends.high.IsInt64()
}

// Constant says that the numbers of an expression are the same in all rows.
func (pl *Plan) Constant(out int) bool { return pl.nodes[pl.outs[out]].op == opConst }

// Den is what the numbers of an expression are parts of.
func (pl *Plan) Den(out int) *big.Int { return pl.nodes[pl.outs[out]].den }

// Answers is an expression's answers for rows of a block.
type Answers struct {
	of *node
	v  *vec
}

// Eval answers an expression for some rows.
func (b *Block) Eval(out int, want Bits) Answers {
	id := b.m.plan.outs[out]
	return Answers{&b.m.plan.nodes[id], b.m.need(id, &want)}
}

// Keep leaves of a set those rows in which a condition holds, and says whether it could: it is present in every row. Where it
// may be none, unknown or failed, nothing is taken out.
func (a Answers) Keep(some *Bits) bool {
	if !a.of.total() {
		return false
	}
	for i := range some {
		some[i] &= a.v.truth[i]
	}
	return true
}

// Remove takes those rows out of a set in which a condition holds, as Keep does.
func (a Answers) Remove(some *Bits) bool {
	if !a.of.total() {
		return false
	}
	for i := range some {
		some[i] &^= a.v.truth[i]
	}
	return true
}

// Present, None, Unknown and Failed are those of some rows, for which it was evaluated, that are so.
func (a Answers) Present(some Bits) Bits { return a.v.present(a.of, some) }

// None is where it is known to be nothing.
func (a Answers) None(some Bits) Bits { return some.kept(a.of.none, &a.v.none) }

// Unknown is where facts are missing.
func (a Answers) Unknown(some Bits) Bits { return some.kept(a.of.unknown, &a.v.unknown) }

// Failed is where a result does not fit.
func (a Answers) Failed(some Bits) Bits { return some.kept(a.of.fails, &a.v.failed) }

// True is where a condition holds.
func (a Answers) True(some Bits) Bits { return some.And(&a.v.truth) }

func (b Bits) kept(may bool, in *Bits) Bits {
	if !may {
		return Bits{}
	}
	return b.And(in)
}

// Numbers is the present values of an expression whose numbers have 64 bits, over Den; nil for wider ones. Of money they
// are fen.
func (a Answers) Numbers() *[blockRows]int64 { return a.v.n64 }

// Den is what the numbers are parts of.
func (a Answers) Den() *big.Int { return a.of.den }

// Big is the number of a row, of any width.
func (a Answers) Big(i int) *big.Int {
	switch a.of.width {
	case w64:
		return big.NewInt(a.v.n64[i])
	case w128:
		return a.v.n128[i].big()
	}
	return a.v.nBig[i].big()
}

// State is that of a row of the block, for which it was evaluated.
func (a Answers) State(i int) rule.State { return stateOf(a.of, a.v, i) }

func stateOf(n *node, v *vec, i int) rule.State {
	switch {
	case n.fails && v.failed.Has(i):
		return rule.Failed
	case n.none && v.none.Has(i):
		return rule.None
	case n.unknown && v.unknown.Has(i):
		return rule.Unknown
	}
	return rule.Present
}

// Outcome is the answer of an expression for a row of the block as Eval of package rule gives it, but for Missing.
func (b *Block) Outcome(out, i int) rule.Outcome {
	var want Bits
	want.set(i)
	a := b.Eval(out, want)
	o := rule.Outcome{State: a.State(i)}
	switch o.State {
	case rule.Present:
		o.Value = b.m.value(a, b.m.plan.program.outs[out], i)
	case rule.Failed:
		o.Err = b.m.failure(out, i)
	}
	return o
}

// value is a present value.
func (m *Machine) value(a Answers, o out, i int) rule.Value {
	if a.of.typ == rule.BoolType {
		return rule.Bool(a.v.truth.Has(i))
	}
	n := a.Big(i)
	switch t := o.expr.Type(); t {
	case rule.ExactType, rule.RateType:
		return rule.Fraction(t, new(big.Rat).SetFrac(n, a.of.den))
	case rule.TextType:
		return rule.Text(m.plan.text(n.Int64()))
	case rule.MoneyType:
		return rule.FactValue(content.Money, n.Int64(), "")
	case rule.DayType:
		return rule.FactValue(content.Date, n.Int64(), "")
	case rule.DecimalType:
		return rule.Decimal(n.Int64())
	}
	return rule.Int(n.Int64())
}

// text is the text of a code.
func (pl *Plan) text(code int64) string {
	if code < int64(len(pl.batch.Dict.words)) {
		return pl.batch.Dict.words[code]
	}
	return pl.extra[code-int64(len(pl.batch.Dict.words))]
}
