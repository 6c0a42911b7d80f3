package assess

import (
	"encoding/binary"

	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// numbers is a number for each row of a block.
type numbers = [column.BlockRows]int64

// worker works blocks out.
type worker struct {
	*run
	machine *column.Machine
	odd     map[int]Span
	known   map[pattern]*quick
	list    [column.BlockRows]uint16

	sure, gap  []numbers // by step; gap is how much more is possible
	some, lost []octet   // by step: what is still to be added to them
	quad       quad
	shares     octet
	trims      [column.BlockRows]uint64 // see pattern
	of         [column.BlockRows]*quick

	counted, uncounted [column.BlockRows]uint64 // lanes of gates: for sure, and how many more are possible
	held, may          []column.Bits            // by level: what it takes beside points and gates
}

func newWorker(r *run) *worker {
	m := r.crowd.rubric
	return &worker{
		run: r, odd: map[int]Span{}, known: map[pattern]*quick{}, machine: r.crowd.plan.Machine(),
		sure: make([]numbers, m.steps), gap: make([]numbers, m.steps), some: make([]octet, m.steps), lost: make([]octet, m.steps),
		held: make([]column.Bits, len(m.levels)), may: make([]column.Bits, len(m.levels)),
	}
}

// block works out one block. Rows with a value that does not fit are told as such and not scored.
func (w *worker) block(n int) {
	r := w.crowd.rubric
	b := w.machine.At(n)
	rows := w.survey.rows[b.First():]
	all := w.fitting(b, rows)
	if !r.Refuses() {
		special, slow := w.special(b, all)
		for p, in := range w.paths(b, all) {
			if r.quick[p] == nil {
				w.slowly(b, p, in, rows)
				continue
			}
			w.slowly(b, p, in.And(&slow), rows)
			in = in.Without(&slow)
			some, others := in.And(&special), in.Without(&special)
			if some.Count() > others.Count()/2 { // no question is gone through twice for a few
				some, others = in, column.Bits{}
			}
			w.patterned(b, p, some, rows)
			w.plainly(b, p, others, rows)
		}
	}
	for _, a := range r.apart {
		apart := b.Eval(r.number[a.That()], all).True(all)
		for i := range apart.Rows() {
			rows[i].apart = true
		}
	}
}

// fitting marks the rows with a value that does not fit, and gives the others.
func (w *worker) fitting(b *column.Block, rows []row) column.Bits {
	all := b.All()
	for n := range w.crowd.rubric.exprs {
		if !w.crowd.plan.MayFail(n) {
			continue
		}
		fails := b.Eval(n, all).Failed(all)
		for i := range fails.Rows() {
			rows[i].failed = true
		}
		all = all.Without(&fails)
	}
	return all
}

// paths is which rows take which path.
func (w *worker) paths(b *column.Block, all column.Bits) []column.Bits {
	r := w.crowd.rubric
	if len(r.paths) == 0 {
		return []column.Bits{all}
	}
	left := all
	var out []column.Bits
	for _, x := range r.paths {
		a := b.Eval(r.number[x], left)
		holds, unknown := a.True(left), a.Unknown(left)
		left = left.Without(&holds)
		left = left.Without(&unknown)
		out = append(out, holds)
	}
	return out
}

// special is the rows in which a part is trimmed, or may be, with their trims; and those of them whose trims have no room.
func (w *worker) special(b *column.Block, all column.Bits) (out, slow column.Bits) {
	r := w.crowd.rubric
	clear(w.trims[:])
	for n, at := range r.trims {
		a := b.Eval(r.number[r.nodes[at].trim], all)
		for _, t := range []struct {
			bit  uint64
			rows column.Bits
		}{{trimmed, a.True(all)}, {unclear, a.Unknown(all)}} {
			if n >= trimsMost {
				slow = slow.Or(&t.rows)
				continue
			}
			out = out.Or(&t.rows)
			for _, i := range t.rows.List(&w.list) {
				w.trims[i&(column.BlockRows-1)] |= t.bit << (2 * n)
			}
		}
	}
	return out, slow
}

// clear begins sums.
func (w *worker) clear() {
	clear(w.sure)
	clear(w.gap)
}

// plainly adds up the shares of rows of a path in which nothing is trimmed.
func (w *worker) plainly(b *column.Block, path int, in column.Bits, rows []row) {
	if in.Empty() {
		return
	}
	r, q := w.crowd.rubric, w.crowd.rubric.quick[path]
	w.clear()
	for l := range r.leaves {
		weight, step := q.weight[l], r.leaves[l].step
		if weight == 0 {
			continue
		}
		unknown := w.give(b, l, in, weight, &w.sure[step], &w.some[step])
		w.lost[step].put(&w.gap[step], &unknown, weight*r.leaves[l].most)
	}
	for step := range w.sure {
		w.some[step].flush(&w.sure[step])
		w.lost[step].flush(&w.gap[step])
	}
	for i := range w.of {
		w.of[i] = q
	}
	w.levels(b, in, rows)
}

// patterned adds up the shares of rows of a path, each by the weights of its own pattern.
func (w *worker) patterned(b *column.Block, path int, in column.Bits, rows []row) {
	r := w.crowd.rubric
	var slow column.Bits
	for _, i := range in.List(&w.list) {
		i &= column.BlockRows - 1
		of := pattern{path, w.trims[i]}
		q, ok := w.known[of]
		if !ok {
			q = w.pattern(of)
			w.known[of] = q
		}
		if w.of[i] = q; q == nil {
			slow.Put(int(i))
		}
	}
	w.slowly(b, path, slow, rows)
	if in = in.Without(&slow); in.Empty() {
		return
	}
	w.clear()
	list := in.List(&w.list)
	for _, l := range r.steply {
		if w.quad.n > 0 && r.leaves[w.quad.leaf[0]].step != r.leaves[l].step {
			w.weigh(list)
		}
		share := w.quad.next(l)
		unknown := w.give(b, l, in, 1, share, &w.shares)
		w.shares.flush(share)
		if w.quad.n == len(w.quad.leaf) {
			w.weigh(list)
		}
		var buf [column.BlockRows]uint16
		gap := &w.gap[r.leaves[l].step]
		for _, i := range unknown.List(&buf) {
			gap[i&(column.BlockRows-1)] += w.of[i&(column.BlockRows-1)].weight[l] * r.leaves[l].most
		}
	}
	w.weigh(list)
	for step := range w.gap {
		for _, i := range list {
			w.gap[step][i] += w.of[i].may[step]
		}
	}
	w.levels(b, in, rows)
}

// quad is the shares of up to four questions of one step, in millionths, before they are weighed: a row's weights are looked up once for
// all of them.
type quad struct {
	n     int
	leaf  [4]int
	share [4]numbers
}

// next is room for the shares of one more.
func (k *quad) next(l int) *numbers {
	k.leaf[k.n], k.share[k.n] = l, numbers{}
	k.n++
	return &k.share[k.n-1]
}

// weigh adds the shares of the quad to the sums of some rows, by the weights of each row.
func (w *worker) weigh(list []uint16) {
	k := &w.quad
	if k.n == 0 {
		return
	}
	for n := k.n; n < len(k.leaf); n++ { // as one of them, and nothing
		k.next(k.leaf[0])
	}
	sure, leaf := &w.sure[w.crowd.rubric.leaves[k.leaf[0]].step], k.leaf
	for _, i := range list {
		i &= column.BlockRows - 1
		weight := w.of[i].weight
		sure[i] += weight[leaf[0]]*k.share[0][i] + weight[leaf[1]]*k.share[1][i] + weight[leaf[2]]*k.share[2][i] + weight[leaf[3]]*k.share[3][i]
	}
	k.n = 0
}

// give adds a weight times the share of a question to sums, sets of rows by an octet, and says in which rows the share is not known.
func (w *worker) give(b *column.Block, l int, in column.Bits, weight int64, into *numbers, some *octet) (unknown column.Bits) {
	r, leaf := w.crowd.rubric, &w.crowd.rubric.leaves[l]
	switch {
	case leaf.option:
		a := b.Eval(r.number[leaf.x], in)
		holds := a.True(in)
		some.put(into, &holds, weight*leaf.most)
		return a.Unknown(in)
	case w.tables[l] != nil:
		a := b.Eval(r.number[leaf.choice.of], in)
		present := a.Present(in)
		w.tables[l].give(into, a.Numbers(), &present, weight)
		return a.Unknown(in)
	case leaf.choice != nil:
		a := b.Eval(r.number[leaf.choice.of], in)
		holds, present := a.True(in), a.Present(in)
		fails := present.Without(&holds)
		some.put(into, &holds, weight*leaf.choice.share("true"))
		some.put(into, &fails, weight*leaf.choice.share("false"))
		return a.Unknown(in)
	case leaf.bands != nil:
		left := in
		for k, below := range leaf.bands.below {
			a := b.Eval(r.number[below], left)
			if k == 0 {
				left, unknown = a.Present(in), a.Unknown(in)
			}
			holds := a.True(left)
			some.put(into, &holds, weight*leaf.bands.shares[k])
			left = left.Without(&holds)
		}
		some.put(into, &left, weight*leaf.bands.shares[len(leaf.bands.below)])
		return unknown
	}
	a := b.Eval(r.number[leaf.x], in)
	present := a.Present(in)
	scaled(into, a.Numbers(), &present, weight)
	return a.Unknown(in)
}

// share is what an answer gives.
func (k *choice) share(is string) int64 {
	for _, a := range k.shares {
		if a.is == is {
			return a.share
		}
	}
	return 0
}

// give adds a weight times the shares of codes.
func (t table) give(into, codes *numbers, some *column.Bits, weight int64) {
	for word, set := range some {
		if set == 0 {
			continue
		}
		to, from := (*[64]int64)(into[word*64:]), (*[64]int64)(codes[word*64:])
		if set == ^uint64(0) {
			for i, code := range from {
				if uint64(code) < uint64(len(t)) {
					to[i] += weight * int64(t[code])
				}
			}
			continue
		}
		for i, code := range from {
			if uint64(code) < uint64(len(t)) {
				to[i] += weight * int64(t[code]) & -int64(set>>(i&63)&1)
			}
		}
	}
}

// scaled adds a weight times numbers.
func scaled(into, from *numbers, some *column.Bits, weight int64) {
	for word, set := range some {
		if set == 0 {
			continue
		}
		to, from := (*[64]int64)(into[word*64:]), (*[64]int64)(from[word*64:])
		for i, n := range from {
			to[i] += weight * n & -int64(set>>(i&63)&1)
		}
	}
}

// octet is up to eight sets of rows, and what is to be added to the rows of each. They are added together: eight sets are a byte for
// each row, and a byte has one sum.
type octet struct {
	n   int
	set [8]column.Bits
	add [8]int64
	sum [256]int64
}

func (o *octet) put(into *numbers, rows *column.Bits, add int64) {
	if add == 0 || rows.Empty() {
		return
	}
	o.set[o.n], o.add[o.n] = *rows, add
	if o.n++; o.n == len(o.set) {
		o.flush(into)
	}
}

func (o *octet) flush(into *numbers) {
	if o.n == 0 {
		return
	}
	o.sum[0] = 0
	for k, add := range o.add[:o.n] {
		for m := range 1 << k {
			o.sum[1<<k|m] = o.sum[m] + add
		}
	}
	for word := range o.set[0] {
		var some uint64
		var set [8]uint64 // a word of each set
		for k := range o.n {
			set[k] = o.set[k][word]
			some |= set[k]
		}
		if some == 0 {
			continue
		}
		var in [8][8]byte // of eight words the bytes, the lowest first
		for k := range set {
			binary.LittleEndian.PutUint64(in[k][:], set[k])
		}
		for at := range 8 {
			x := turned(uint64(in[0][at]) | uint64(in[1][at])<<8 | uint64(in[2][at])<<16 | uint64(in[3][at])<<24 |
				uint64(in[4][at])<<32 | uint64(in[5][at])<<40 | uint64(in[6][at])<<48 | uint64(in[7][at])<<56)
			to := (*[8]int64)(into[word*64+at*8:])
			for i := range to {
				to[i] += o.sum[byte(x>>(8*i))]
			}
		}
	}
	o.n = 0
}

// turned is eight bytes as a square of bits, turned over: bit i of byte k becomes bit k of byte i.
func turned(x uint64) uint64 {
	t := (x ^ x>>7) & 0x00aa00aa00aa00aa
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000cccc0000cccc
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000f0f0f0f0
	return x ^ t ^ t<<28
}

// tallies counts, for each gate of the model in a lane of its own, the things that stand at its level; it says whether more may.
func (w *worker) tallies(b *column.Block, in column.Bits) (more bool) {
	r := w.crowd.rubric
	w.counted, w.uncounted = [column.BlockRows]uint64{}, [column.BlockRows]uint64{}
	for k := range r.counts {
		c := &r.counts[k]
		for j, x := range c.of {
			lanes := &c.word[0]
			if c.Items[j].Marked {
				lanes = &c.word[1]
			}
			if lanes[gateLevels-1] == 0 { // no gate asks for it
				continue
			}
			a := b.Eval(r.number[x], in)
			present, unknown := a.Present(in), a.Unknown(in)
			tally(&w.counted, a.Numbers(), &present, lanes)
			if unknown.Empty() {
				continue
			}
			more = true
			for _, i := range unknown.List(&w.list) {
				w.uncounted[i&(column.BlockRows-1)] += lanes[gateLevels-1]
			}
		}
	}
	return more
}

// tally adds the lanes of levels.
func tally(into *[column.BlockRows]uint64, levels *numbers, some *column.Bits, lanes *[gateLevels]uint64) {
	for word, set := range some {
		if set == 0 {
			continue
		}
		to, from := (*[64]uint64)(into[word*64:]), (*[64]int64)(levels[word*64:])
		if set == ^uint64(0) {
			for i, level := range from {
				to[i] += lanes[min(max(level, 0), gateLevels-1)&(gateLevels-1)]
			}
			continue
		}
		for i, level := range from {
			level = min(max(level, 0), gateLevels-1)
			to[i] += lanes[level&(gateLevels-1)] & -(set >> (i & 63) & 1)
		}
	}
}

// levels writes the scores of rows whose steps were added up, and tells their levels.
func (w *worker) levels(b *column.Block, in column.Bits, rows []row) {
	r := w.crowd.rubric
	more := w.tallies(b, in)
	free := w.conditions(b, in)
	for _, i := range in.List(&w.list) {
		i &= column.BlockRows - 1
		q := w.of[i]
		sure, possible := q.add(w.sure, int(i)), int64(0)
		var gap int64
		for step := range w.gap {
			gap |= w.gap[step][i]
			w.gap[step][i] += w.sure[step][i]
		}
		if possible = sure; gap != 0 {
			possible = q.add(w.gap, int(i))
		}
		row := row{sure: sure, possible: possible, by: q.number + 1}
		counted := w.counted[i] + r.bias
		row.level = w.level(q, sure, counted, w.held, int(i), free)
		row.may = row.level
		if possible != sure || !free || more {
			row.may = w.level(q, possible, counted+w.uncounted[i], w.may, int(i), free)
		}
		rows[i] = row
	}
}

// level is one more than the highest level that points and counts reach, where its other conditions are met.
func (w *worker) level(q *quick, points int64, counted uint64, met []column.Bits, i int, free bool) int8 {
	levels := w.crowd.rubric.levels
	for n := len(q.cut) - 1; n >= 0; n-- {
		if points >= q.cut[n] && counted&levels[n].lanes == levels[n].lanes && (free || met[n].Has(i)) {
			return int8(n + 1)
		}
	}
	return 0
}

// conditions is in which rows all is met that a level takes beside points and gates, for sure and possibly; free says that there is
// nothing.
func (w *worker) conditions(b *column.Block, in column.Bits) (free bool) {
	r := w.crowd.rubric
	both := func(sure, may *column.Bits, x *rule.Expr) {
		a := b.Eval(r.number[x], in)
		holds, unknown := a.True(in), a.Unknown(in)
		possible := holds.Or(&unknown)
		*sure, *may = sure.And(&holds), may.And(&possible)
	}
	held, may := in, in
	for _, m := range r.must {
		both(&held, &may, m.That())
	}
	free = len(r.must) == 0
	for n := range r.levels {
		w.held[n], w.may[n] = held, may
		for _, when := range r.levels[n].when {
			both(&w.held[n], &w.may[n], when.That())
			free = false
		}
	}
	return free
}

// slowly decides rows as Decide does, from the answers of columns.
func (w *worker) slowly(b *column.Block, path int, in column.Bits, rows []row) {
	r := w.crowd.rubric
	for i := range in.Rows() {
		f := &facts{year: w.crowd.year, path: path, ask: func(x *rule.Expr) reply { return w.ask(b, x, i) }}
		score := r.score(f)
		level, may := r.level(score.within, f)
		rows[i] = row{by: odd, level: int8(level + 1), may: int8(may + 1)}
		w.odd[b.First()+i] = score
	}
}

// ask is an expression's answer in one row.
func (w *worker) ask(b *column.Block, x *rule.Expr, i int) reply {
	o := b.Outcome(w.crowd.rubric.number[x], i)
	return reply{o.State, o.Value}
}
