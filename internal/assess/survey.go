package assess

import (
	"fmt"
	"math/big"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// quick is a model without trimmed parts on one path, as whole numbers: a score is a sum of products.
type quick struct {
	weight []int64 // of each leaf; 0 where the path does not have it
	den    int64   // a full share of a step: the sum of all weights times the best shares is no more
	cut    []int64 // of each level: numerators at least; −1 where it has no score
	met    int64   // of a cumulative model: the numerator from which a step is met; else 0
	beyond bool    // steps above the first that is not met count too
}

// lower makes the program of a model and, where its shares are fixed fractions, the weights of its sums.
func (c *compiler) lower() {
	r := c.r
	r.number = map[*rule.Expr]int{}
	put := func(x *rule.Expr) {
		if _, ok := r.number[x]; x != nil && !ok {
			r.number[x] = len(r.exprs)
			r.exprs = append(r.exprs, x)
		}
	}
	for _, x := range r.paths {
		put(x)
	}
	for _, n := range r.nodes {
		put(n.trim)
	}
	for i := range r.leaves {
		for _, x := range r.leaves[i].exprs() {
			put(x)
		}
	}
	for _, k := range r.counts {
		for _, x := range k.of {
			put(x)
		}
	}
	for i := range r.adjust {
		put(r.adjust[i].x)
	}
	for _, l := range r.levels {
		for _, w := range l.when {
			put(w.That())
		}
	}
	for _, m := range slices.Concat(r.must, r.apart, r.checks) {
		put(m.That())
	}
	c.lanes()
	var problems content.Problems
	if r.program, problems = column.Compile(r.exprs...); len(problems) > 0 {
		c.problems = append(c.problems, problems...)
		return
	}
	r.quick = make([]*quick, max(len(r.paths), 1))
	for p := range r.quick {
		r.quick[p] = r.quickly(p)
	}
}

// lanes gives every gate its lane, and every level of a count the word of the gates that it passes.
func (c *compiler) lanes() {
	r := c.r
	for i := range r.levels {
		for j := range r.levels[i].gates {
			r.levels[i].gates[j].lane = r.gates
			r.gates++
		}
	}
	for k := range r.counts {
		if len(r.counts[k].Items) > laneMost {
			r.gates = lanes + 1
		}
	}
	if r.gates > lanes {
		return
	}
	for k := range r.counts {
		top := 0
		for _, l := range r.levels {
			for _, g := range l.gates {
				top = max(top, g.Level)
			}
		}
		r.counts[k].word = make([]uint64, top+1)
		for _, l := range r.levels {
			for _, g := range l.gates {
				if g.count != k {
					continue
				}
				one := uint64(1) << (8 * g.lane)
				r.counts[k].all |= one
				for level := g.Level; level <= top; level++ {
					r.counts[k].word[level] |= one
				}
			}
		}
	}
}

// quickly is the whole numbers of a path; nil where there are none, or they do not fit.
func (r *Rubric) quickly(path int) *quick {
	if r.Refuses() || len(r.adjust) > 0 || r.gates > lanes {
		return nil
	}
	f := &facts{path: path, ask: func(*rule.Expr) reply { return reply{state: rule.Present, value: rule.Bool(false)} }} // nothing is trimmed
	weights := make([]*big.Rat, len(r.leaves))
	den := big.NewInt(1)
	for l := range r.leaves {
		if r.leaves[l].bench != nil {
			return nil
		}
		if weights[l] = r.effective(l, f); weights[l] != nil {
			den = lcm(den, weights[l].Denom())
		}
	}
	full := new(big.Int).Mul(den, big.NewInt(whole))
	levels := new(big.Int).Mul(full, big.NewInt(int64(max(r.steps, 1)+1)))
	if !levels.IsInt64() {
		return nil
	}
	q := &quick{weight: make([]int64, len(r.leaves)), den: full.Int64()}
	for l, w := range weights {
		if w != nil {
			q.weight[l] = new(big.Int).Div(new(big.Int).Mul(w.Num(), den), w.Denom()).Int64()
		}
	}
	scale := new(big.Rat).SetInt(full)
	unit := r.Full.Rat()
	if r.Cumulative != nil {
		q.met, q.beyond = ceilInt(new(big.Rat).Mul(r.Cumulative.Met.Rat(), scale)).Int64(), r.Cumulative.Beyond
		unit = one
	}
	for i := range r.levels {
		cut := int64(-1)
		if least := r.levels[i].least; least != nil {
			x := ceilInt(new(big.Rat).Quo(new(big.Rat).Mul(least, scale), unit))
			if !x.IsInt64() {
				return nil
			}
			cut = x.Int64()
		}
		q.cut = append(q.cut, cut)
	}
	return q
}

func lcm(a, b *big.Int) *big.Int {
	g := new(big.Int).GCD(nil, nil, a, b)
	return new(big.Int).Mul(a, new(big.Int).Div(b, g))
}

func ceilInt(x *big.Rat) *big.Int {
	n := new(big.Int).Add(x.Num(), new(big.Int).Sub(x.Denom(), big.NewInt(1)))
	return n.Div(n, x.Denom())
}

// effective is what a full share of a leaf adds to its step, nothing being trimmed; nil where the path does not have it.
func (r *Rubric) effective(l int, f *facts) *big.Rat {
	leaf := &r.leaves[l]
	w := big.NewRat(1, 1)
	if r.nodes[leaf.node].Grades != nil {
		n := int64(0)
		for _, o := range r.nodes[leaf.node].leaves {
			if r.leaves[o].step == leaf.step {
				n++
			}
		}
		w = big.NewRat(1, n)
	}
	for n := leaf.node; r.nodes[n].parent >= 0; n = r.nodes[n].parent {
		if in, _ := r.stands(n, f); !in {
			return nil
		}
		of := new(big.Rat)
		for _, p := range r.nodes[r.nodes[n].parent].parts {
			if in, _ := r.stands(p, f); in && r.asks(p, leaf.step) {
				of.Add(of, r.nodes[p].weight[f.path])
			}
		}
		if of.Sign() == 0 {
			return nil
		}
		w.Mul(w, of.Quo(r.nodes[n].weight[f.path], of))
	}
	return w
}

// Crowd is what a model reads of many enterprises, of one year and as of one day.
type Crowd struct {
	rubric *Rubric
	year   int
	n      int
	batch  *column.Batch
	plan   *column.Plan
}

// Reader fills a column of facts for many subjects at once; nil reads them one by one.
type Reader = column.Reader

// NewCrowd reads what the model asks of enterprises.
func (r *Rubric) NewCrowd(subjects []rule.Subject, year int, on period.Day, read Reader) *Crowd {
	contexts := make([]*rule.Context, len(subjects))
	for i, s := range subjects {
		contexts[i] = At{Subject: s, Year: year, On: on}.context()
	}
	c := &Crowd{rubric: r, year: year, n: len(subjects)}
	if read == nil {
		c.batch = r.program.Read(contexts)
	} else {
		c.batch = r.program.Fill(contexts, read)
	}
	c.batch.Forget()
	c.plan = r.program.Bind(c.batch)
	return c
}

// Survey is what a model makes of a crowd. It never changes.
type Survey struct {
	Rubric *Rubric
	rows   []row
	odd    map[int]Span // scores that are no quick ones
}

// row is one enterprise.
type row struct {
	sure, possible int64 // numerators over the quick denominator of its path
	path           int8  // −1: no score
	level, may     int8
	apart          bool // it takes no place among others
	odd, failed    bool
}

// Len is how many enterprises there are.
func (s *Survey) Len() int { return len(s.rows) }

// Level is what Result says in Level and May.
func (s *Survey) Level(i int) (sure, may int) { return int(s.rows[i].level), int(s.rows[i].may) }

// Scored is what Result says; a row with a value that does not fit has no score either.
func (s *Survey) Scored(i int) bool { return s.rows[i].path >= 0 && !s.rows[i].failed }

// Failed says that a value of an enterprise does not fit.
func (s *Survey) Failed(i int) bool { return s.rows[i].failed }

// Score is what Result says. It must not be asked of a row that is not Scored.
func (s *Survey) Score(i int) Span {
	row := &s.rows[i]
	if row.odd {
		return s.odd[i]
	}
	unit := s.Rubric.Full.Rat()
	if s.Rubric.Cumulative != nil {
		unit = one
	}
	den := s.Rubric.quick[row.path].den
	points := func(n int64) *big.Rat { return new(big.Rat).Mul(big.NewRat(n, den), unit) }
	if row.sure == row.possible {
		return exactly(points(row.sure))
	}
	return Span{Sure: points(row.sure), Possible: points(row.possible)}
}

// Survey works the crowd out, blocks side by side.
func (c *Crowd) Survey() (*Survey, error) {
	s := &Survey{Rubric: c.rubric, rows: make([]row, c.n), odd: map[int]Span{}}
	var next atomic.Int64
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for range min(runtime.GOMAXPROCS(0), max(c.plan.Blocks(), 1)) {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					mu.Lock()
					failed = fmt.Errorf("survey %s: %v", c.rubric.Rubric, p)
					mu.Unlock()
				}
			}()
			w := &worker{
				crowd: c, survey: s, odd: map[int]Span{}, machine: c.plan.Machine(),
				sure: make([][column.BlockRows]int64, c.rubric.steps), possible: make([][column.BlockRows]int64, c.rubric.steps),
			}
			defer w.machine.Close()
			for {
				b := int(next.Add(1)) - 1
				if b >= c.plan.Blocks() {
					break
				}
				w.block(b)
			}
			mu.Lock()
			for i, span := range w.odd {
				s.odd[i] = span
			}
			mu.Unlock()
		})
	}
	wg.Wait()
	return s, failed
}

// worker works blocks out.
type worker struct {
	crowd    *Crowd
	survey   *Survey
	machine  *column.Machine
	odd      map[int]Span
	list     [column.BlockRows]uint16
	sure     [][column.BlockRows]int64 // by step
	possible [][column.BlockRows]int64
	counted  [4][column.BlockRows]uint64 // lanes of gates: sure, possible, and of marked things
}

func (w *worker) block(n int) {
	r := w.crowd.rubric
	b := w.machine.At(n)
	rows := w.survey.rows[b.First():]
	all := w.begin(b, rows)
	paths := w.paths(b, all)
	slow := w.slow(b, all)
	for p, in := range paths {
		if r.quick[p] == nil {
			slow = slow.Or(&in)
			continue
		}
		in = in.Without(&slow)
		if !in.Empty() {
			w.sums(b, p, in, rows)
		}
	}
	for p, in := range paths {
		in = in.And(&slow)
		for i := range in.Rows() {
			w.slowly(b, p, i, &rows[i])
		}
	}
}

// begin marks the rows with a value that does not fit, and those that take no place among others; it gives the rows that are left to be
// scored.
func (w *worker) begin(b *column.Block, rows []row) column.Bits {
	r := w.crowd.rubric
	all := b.All()
	for i := range all.Rows() {
		rows[i] = row{path: -1, level: -1, may: -1}
	}
	for n := range r.exprs {
		if !w.crowd.plan.MayFail(n) {
			continue
		}
		fails := b.Eval(n, all).Failed(all)
		for i := range fails.Rows() {
			rows[i].failed = true
		}
		all = all.Without(&fails)
	}
	for _, a := range r.apart {
		apart := b.Eval(r.number[a.That()], all).True(all)
		for i := range apart.Rows() {
			rows[i].apart = true
		}
	}
	return all
}

// sums adds the shares of some rows of a path up, and tells their levels.
func (w *worker) sums(b *column.Block, path int, in column.Bits, rows []row) {
	r := w.crowd.rubric
	q := r.quick[path]
	for k := range w.sure {
		w.sure[k], w.possible[k] = [column.BlockRows]int64{}, [column.BlockRows]int64{}
	}
	for l := range r.leaves {
		leaf, weight := &r.leaves[l], q.weight[l]
		if weight == 0 {
			continue
		}
		a := b.Eval(r.number[leaf.x], in)
		sure, possible := &w.sure[leaf.step], &w.possible[leaf.step]
		unknown := a.Unknown(in)
		for _, i := range unknown.List(&w.list) {
			possible[i] += weight * leaf.most
		}
		if leaf.option {
			holds := a.True(in)
			for _, i := range holds.List(&w.list) {
				sure[i] += weight * leaf.most
				possible[i] += weight * leaf.most
			}
			continue
		}
		numbers, present := a.Numbers(), a.Present(in)
		for _, i := range present.List(&w.list) {
			x := weight * numbers[i]
			sure[i] += x
			possible[i] += x
		}
	}
	for _, i := range in.List(&w.list) {
		rows[i].sure, rows[i].possible = q.add(w.sure, int(i)), q.add(w.possible, int(i))
	}
	w.levels(b, q, in, rows)
}

// add is the score of a row from its steps.
func (q *quick) add(steps [][column.BlockRows]int64, i int) int64 {
	if q.met == 0 {
		return steps[0][i]
	}
	sum := int64(0)
	for k := range steps {
		x := steps[k][i]
		if x >= q.met {
			sum += q.den
			continue
		}
		sum += x
		if !q.beyond {
			break
		}
	}
	return sum
}

// levels tells the levels of some rows.
func (w *worker) levels(b *column.Block, q *quick, in column.Bits, rows []row) {
	r := w.crowd.rubric
	w.tallies(b, in)
	both := func(sure, may column.Bits, x *rule.Expr) (column.Bits, column.Bits) {
		a := b.Eval(r.number[x], in)
		holds, unknown := a.True(in), a.Unknown(in)
		possible := holds.Or(&unknown)
		return sure.And(&holds), may.And(&possible)
	}
	held, may := in, in
	for _, m := range r.must {
		held, may = both(held, may, m.That())
	}
	for n := len(r.levels) - 1; n >= 0; n-- {
		l := &r.levels[n]
		sure, possible := held, may
		for _, when := range l.when {
			sure, possible = both(sure, possible, when.That())
		}
		for _, i := range possible.List(&w.list) {
			row := &rows[i]
			if row.level >= 0 {
				continue
			}
			s, p := sure.Has(int(i)), true
			if cut := q.cut[n]; cut >= 0 {
				s, p = s && row.sure >= cut, row.possible >= cut
			}
			for _, g := range l.gates {
				gs, gp := g.passes(w.tally(g, int(i)))
				s, p = s && gs, p && gp
			}
			if p && row.may < 0 {
				row.may = int8(n)
			}
			if s {
				row.level = int8(n)
			}
		}
	}
}

// lanes is how many gates a model may have for its counts to go into words of eight times eight bits, and laneMost how much fits in one.
const (
	lanes    = 8
	laneMost = 255
)

// tallies counts, for each gate of the model in a lane of its own, the things that stand at its level.
func (w *worker) tallies(b *column.Block, in column.Bits) {
	r := w.crowd.rubric
	if r.gates == 0 {
		return
	}
	w.counted = [4][column.BlockRows]uint64{}
	for k := range r.counts {
		c := &r.counts[k]
		for j, x := range c.of {
			a := b.Eval(r.number[x], in)
			numbers, present, unknown := a.Numbers(), a.Present(in), a.Unknown(in)
			for _, i := range present.List(&w.list) {
				at := c.lanes(numbers[i])
				w.counted[0][i] += at
				w.counted[1][i] += at
				if c.Items[j].Marked {
					w.counted[2][i] += at
					w.counted[3][i] += at
				}
			}
			for _, i := range unknown.List(&w.list) {
				w.counted[1][i] += c.all
				if c.Items[j].Marked {
					w.counted[3][i] += c.all
				}
			}
		}
	}
}

// lanes is a word with a one in the lane of every gate that a level passes.
func (c *count) lanes(level int64) uint64 {
	if level < 0 {
		level = 0
	}
	return c.word[min(level, int64(len(c.word)-1))]
}

// tally is what a gate counts in a row.
func (w *worker) tally(g gate, i int) Tally {
	lane := func(n int) int { return int(w.counted[n][i] >> (8 * g.lane) & laneMost) }
	return Tally{Sure: lane(0), Possible: lane(1), MarkedSure: lane(2), MarkedPossible: lane(3)}
}

// paths is which rows take which path.
func (w *worker) paths(b *column.Block, all column.Bits) []column.Bits {
	r := w.crowd.rubric
	rows := w.survey.rows[b.First():]
	if r.Refuses() {
		return nil
	}
	if len(r.paths) == 0 {
		for i := range all.Rows() {
			rows[i].path = 0
		}
		return []column.Bits{all}
	}
	left := all
	var out []column.Bits
	for p, x := range r.paths {
		a := b.Eval(r.number[x], left)
		holds := a.True(left)
		for i := range holds.Rows() {
			rows[i].path = int8(p)
		}
		unknown := a.Unknown(left)
		left = left.Without(&holds)
		left = left.Without(&unknown)
		out = append(out, holds)
	}
	return out
}

// slow is the rows in which a part is trimmed, or may be.
func (w *worker) slow(b *column.Block, all column.Bits) column.Bits {
	var out column.Bits
	for _, n := range w.crowd.rubric.nodes {
		if n.trim == nil {
			continue
		}
		a := b.Eval(w.crowd.rubric.number[n.trim], all)
		for _, some := range []column.Bits{a.True(all), a.Unknown(all)} {
			out = out.Or(&some)
		}
	}
	return out
}

// slowly decides one row as Decide does, from the answers of columns.
func (w *worker) slowly(b *column.Block, path, i int, into *row) {
	r := w.crowd.rubric
	f := &facts{year: w.crowd.year, path: path, ask: func(x *rule.Expr) reply { return w.ask(b, x, i) }}
	score := r.score(f)
	level, may := r.level(score.within, f)
	into.level, into.may, into.odd = int8(level), int8(may), true
	w.odd[b.First()+i] = score
}

// ask is an expression's answer in one row.
func (w *worker) ask(b *column.Block, x *rule.Expr, i int) reply {
	n := w.crowd.rubric.number[x]
	var one column.Bits
	one.Put(i)
	b.Eval(n, one)
	o := b.Outcome(n, i)
	return reply{o.State, o.Value}
}
