package column

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Gap is a name that is not known in a row of a batch.
type Gap struct {
	Batch *Batch
	Row   int
	Input *rule.Input
}

// Facts is what a gap waits for, in a batch that Program.Read filled.
func (g Gap) Facts() []rule.FactRef { return g.Input.Read(g.Batch.contexts[g.Row]).Missing }

// Missing is because of which names an expression is unknown in a row of the block, each once. Those of members of an
// aggregate are rows of the batch below.
func (b *Block) Missing(out, i int) []Gap {
	var all []Gap
	b.m.missing(b.m.plan.outs[out], i, &all)
	return all
}

func addGap(all *[]Gap, g Gap) {
	if !slices.ContainsFunc(*all, func(h Gap) bool { return h.Batch == g.Batch && h.Row == g.Row && h.Input.ID() == g.Input.ID() }) {
		*all = append(*all, g)
	}
}

// state is that of a node for one row.
func (m *Machine) stateAt(id, i int) rule.State {
	var want Bits
	want.set(i)
	return stateOf(&m.plan.nodes[id], m.need(id, &want), i)
}

// missing goes down the nodes that are unknown in a row.
func (m *Machine) missing(id, i int, all *[]Gap) {
	n := &m.plan.nodes[id]
	if m.stateAt(id, i) != rule.Unknown {
		return
	}
	args := n.args
	switch {
	case n.op == opLoad && n.col.aggs != nil:
		m.missingBelow(n.col.aggs, m.block*blockRows+i, all)
	case n.op == opLoad:
		addGap(all, Gap{m.plan.batch, m.block*blockRows + i, n.in})
	case n.op == opChoice && m.stateAt(args[0], i) == rule.Present:
		branch := args[2]
		if m.vecs[args[0]].truth.Has(i) {
			branch = args[1]
		}
		args = []int{branch}
	}
	for _, a := range args {
		m.missing(a, i, all)
	}
}

// under is a machine for the members of an aggregate, at the block of one of them.
func (m *Machine) under(f *folded, member int) (*Machine, *Block) {
	sub := m.below[f.plan]
	if sub == nil {
		sub = f.plan.Machine()
		sub.block = -1
		m.below[f.plan] = sub
	}
	if sub.block != member/blockRows {
		sub.At(member / blockRows)
	}
	return sub, &Block{sub}
}

// counting is whether a member counts.
func counting(counts Answers, i int) rule.State {
	if counts.of == nil {
		return rule.Present
	}
	state := counts.State(i)
	if state == rule.Present && !counts.v.truth.Has(i) {
		return rule.None
	}
	return state
}

func (m *Machine) missingBelow(f *folded, row int, all *[]Gap) {
	for k := int(f.below.First[row]); k < int(f.below.First[row+1]); k++ {
		sub, b := m.under(f, k)
		i := k % blockRows
		counts, of := f.answersAt(b, i)
		state := counting(counts, i)
		if state == rule.None {
			continue
		}
		if of.of != nil && of.State(i) == rule.None {
			continue
		}
		if state == rule.Unknown {
			sub.missing(f.plan.outs[f.counts], i, all)
		}
		if of.of != nil {
			sub.missing(f.plan.outs[f.of], i, all)
		}
	}
}

// answersAt evaluates one member, all of it.
func (f *folded) answersAt(b *Block, i int) (counts, of Answers) {
	var want Bits
	want.set(i)
	if f.counts >= 0 {
		counts = b.Eval(f.counts, want)
	}
	if f.of >= 0 {
		of = b.Eval(f.of, want)
	}
	return counts, of
}

// failure is the error of an expression in a row where it failed.
func (m *Machine) failure(out, i int) error {
	return m.plan.program.outs[out].expr.Failure(m.cause(m.plan.outs[out], i))
}

// cause is the first failure below a node in a row, in the order of the expression.
func (m *Machine) cause(id, i int) error {
	n := &m.plan.nodes[id]
	if n.op == opLoad {
		return m.causeBelow(n.col.aggs, m.block*blockRows+i)
	}
	args := n.args
	if n.op == opChoice && m.stateAt(args[0], i) == rule.Present {
		args = args[2:]
		if m.vecs[n.args[0]].truth.Has(i) {
			args = n.args[1:2]
		}
	}
	for _, a := range args {
		if m.plan.nodes[a].fails && m.stateAt(a, i) == rule.Failed {
			return m.cause(a, i)
		}
	}
	switch n.op {
	case opAddDays, opAddMonths, opAddYears:
		return rule.ErrYears
	}
	return money.ErrOverflow
}

// causeBelow is why an aggregate failed: the last condition that did, else the first value, else the sum.
func (m *Machine) causeBelow(f *folded, row int) error {
	first, last := int(f.below.First[row]), int(f.below.First[row+1])
	for k := last - 1; k >= first; k-- {
		sub, b := m.under(f, k)
		for _, when := range slices.Backward(f.when) {
			if o := b.Outcome(when, k%blockRows); o.State == rule.Failed {
				return f.agg.Failure(sub.failure(when, k%blockRows))
			}
		}
	}
	j := joiner{folded: f, col: f.col, row: row}
	for k := first; k < last; k++ {
		_, b := m.under(f, k)
		var one Bits
		one.set(k % blockRows)
		m := f.members(b, one)
		if j.take(&m, k%blockRows); !j.failed {
			continue
		}
		if m.of.of != nil && m.of.State(k%blockRows) == rule.Failed {
			return f.agg.Failure(b.Outcome(f.of, k%blockRows).Err)
		}
		break
	}
	return f.agg.Failure(money.ErrOverflow)
}

// fitsRate says that a fraction has lowest terms of 64 bits.
func fitsRate(n, den *big.Int) bool {
	r := new(big.Rat).SetFrac(n, den)
	return r.Num().IsInt64() && r.Denom().IsInt64()
}
