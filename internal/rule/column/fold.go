package column

import (
	"sync"

	"github.com/yanzhen/yanzhen/internal/rule"
)

// folded is an aggregate worked out for every row of a batch.
type folded struct {
	*fold
	plan  *Plan // of the members
	below *Below
	col   *Column
}

// kept is what was bound and folded of children before: batches that share them, for the numbers of plan after plan, share it.
type kept struct {
	mu    sync.Mutex
	plans map[bound]*Plan
	folds map[foldOf]*folded
}

type bound struct {
	program *Program
	least   least
}

type foldOf struct {
	members *Plan
	agg     *rule.Aggregate
}

func newKept() *kept { return &kept{plans: map[bound]*Plan{}, folds: map[foldOf]*folded{}} }

// bind is the plan of a program for the children.
func (b *Below) bind(p *Program, at least) *Plan {
	b.kept.mu.Lock()
	defer b.kept.mu.Unlock()
	key := bound{p, at}
	if b.kept.plans[key] == nil {
		b.kept.plans[key] = p.bind(b.Batch, at)
	}
	return b.kept.plans[key]
}

// fold is an aggregate over the children, for each of so many rows: all members are evaluated, and those of each row joined.
func (b *Below) fold(of *fold, members *Plan, rows int) *folded {
	b.kept.mu.Lock()
	defer b.kept.mu.Unlock()
	key := foldOf{members, of.agg}
	if b.kept.folds[key] == nil {
		f := &folded{fold: of, plan: members, below: b}
		f.col = f.column(rows)
		b.kept.folds[key] = f
	}
	return b.kept.folds[key]
}

// folded is the column of an aggregate.
func (l *lowerer) folded(agg *rule.Aggregate) *Column {
	level := LevelOf(agg)
	return l.batch.Below[level].fold(l.program.folds[agg], l.levels[level], l.batch.Rows).col
}

// column makes the room, as wide as the aggregate may need, and fills it.
func (f *folded) column(n int) *Column {
	t, err := f.agg.Type()
	if err != nil {
		panic(err) // declared in an Env, which has asked
	}
	c := &Column{typ: t, rows: n, none: newBitmap(n), unknown: newBitmap(n), failed: newBitmap(n), den: denOf(t), aggs: f}
	var of *node
	if f.of >= 0 {
		of = &f.plan.nodes[f.plan.outs[f.of]]
		c.den = of.den
	}
	most := f.below.most()
	c.ends = points(0, most)
	switch f.agg.Op {
	case rule.Sum:
		c.ends = points(0, 0).join(of.ends.times(points(0, most)))
	case rule.Max, rule.Min:
		c.ends = of.ends.join(points(0, 0))
	}
	check := t != rule.ExactType && t != rule.RateType && !c.ends.within(all64)
	if check {
		c.ends = c.ends.meet(all64)
	}
	w := c.ends.width()
	if of != nil {
		w = max(w, of.width)
	}
	room := blocks(n) * blockRows
	switch {
	case t == rule.BoolType:
		c.truth = newBitmap(n)
	case w == w64:
		c.n64 = make([]int64, room)
	case w == w128:
		c.n128 = make([]int128, room)
	default:
		c.nBig = make([]bigInt, room)
	}
	f.fill(c)
	for _, m := range []*bitmap{&c.none, &c.unknown, &c.failed} {
		if m.empty() {
			*m = nil
		}
	}
	return c
}

// fill goes over the members once, block by block, and over the rows that they belong to beside it.
func (f *folded) fill(c *Column) {
	m := f.plan.Machine()
	defer m.Close()
	m.block = -1
	var all members
	for i := range len(f.below.First) - 1 {
		j := joiner{folded: f, col: c, row: i}
		for k := int(f.below.First[i]); k < int(f.below.First[i+1]); k++ {
			if k/blockRows != m.block {
				b := m.At(k / blockRows)
				all = f.members(b, b.All())
			}
			j.take(&all, k%blockRows)
		}
		j.close()
	}
}

// members is what the members of a block are to the aggregate; the others do not count.
type members struct {
	of                     Answers
	taken, missing, failed Bits
}

// members evaluates some members of a block: what they come to, where they may count.
func (f *folded) members(b *Block, some Bits) members {
	m := members{taken: some}
	if f.counts >= 0 {
		a := b.Eval(f.counts, some)
		m.taken, m.missing, m.failed = a.True(a.Present(some)), a.Unknown(some), a.Failed(some)
	}
	if f.of >= 0 {
		may := m.taken.Or(&m.missing)
		m.of = b.Eval(f.of, may)
		none, unknown, failed := m.of.None(may), m.of.Unknown(may), m.of.Failed(may)
		m.missing = m.missing.Or(&unknown).Without(&none).Without(&failed)
		m.taken = m.taken.And(&may).Without(&none).Without(&unknown).Without(&failed)
		m.failed = m.failed.Or(&failed)
	}
	return m
}

// joiner is the aggregate of one row under way.
type joiner struct {
	*folded
	col     *Column
	row     int
	begun   bool // some member was taken
	decided bool
	missing bool
	failed  bool
	truth   bool
	short   int64
	long    int128
	big     bigInt
}

// take adds a member.
func (j *joiner) take(m *members, i int) {
	switch {
	case m.taken.Has(i):
		if !j.failed {
			j.join(m.of, i)
			j.begun = true
		}
	case m.failed.Has(i):
		j.failed = true
	case m.missing.Has(i):
		j.missing = true
	}
}

// join adds a value.
func (j *joiner) join(of Answers, i int) {
	switch op := j.agg.Op; {
	case op == rule.Count:
		j.short++
	case op == rule.Any || op == rule.All:
		yes := of.v.truth.Has(i)
		if !j.begun {
			j.truth = op == rule.All
		}
		if yes == (op == rule.Any) {
			j.truth, j.decided = yes, true
		}
	case j.col.n64 != nil:
		j.joinShort(op, of.v.n64[i])
	case j.col.n128 != nil:
		n := int128{}
		if of.v.n128 != nil {
			n = of.v.n128[i]
		} else {
			n = wide(of.v.n64[i])
		}
		j.long = joinLong(op, j.long, n, j.begun)
	default:
		j.big = joinLong(op, j.big, bigInt{of.Big(i)}, j.begun)
	}
}

func (j *joiner) joinShort(op rule.Op, n int64) {
	switch {
	case op == rule.Sum:
		sum, ok := wide(j.short).plus(wide(n)).short()
		j.short, j.failed = sum, j.failed || !ok
	case !j.begun || n != j.short && (n > j.short) == (op == rule.Max):
		j.short = n
	}
}

func joinLong[T number[T]](op rule.Op, all, n T, begun bool) T {
	switch {
	case op == rule.Sum:
		return all.plus(n)
	case !begun:
		return n
	}
	if c := n.compare(all); c != 0 && (c > 0) == (op == rule.Max) {
		return n
	}
	return all
}

// close writes the answer down.
func (j *joiner) close() {
	c := j.col
	switch {
	case j.below.none.has(j.row):
		c.none.set(j.row)
		return
	case j.failed:
		c.failed.set(j.row)
		return
	case j.missing && !j.decided:
		c.unknown.set(j.row)
		return
	case !j.begun && (j.agg.Op == rule.Max || j.agg.Op == rule.Min):
		c.none.set(j.row)
		return
	}
	switch {
	case c.truth != nil:
		if j.truth || !j.begun && j.agg.Op == rule.All {
			c.truth.set(j.row)
		}
	case c.n64 != nil:
		c.n64[j.row] = j.short
	case c.n128 != nil:
		c.n128[j.row] = j.long
	default:
		c.nBig[j.row] = j.big
	}
}
