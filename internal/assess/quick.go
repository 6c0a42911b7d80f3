package assess

import (
	"math"
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// quick is a model on one path, with certain parts trimmed, as whole numbers: a score is a sum of products.
type quick struct {
	weight []int64 // of each leaf; 0 where it adds nothing for sure
	may    []int64 // by step: what parts add at most of which it is not known whether they are trimmed
	den    int64   // a full share of a step: the sum of all weights times the best shares is no more
	cut    []int64 // of each level: numerators at least
	met    int64   // of a cumulative model: the numerator from which a step is met; else 0
	beyond bool    // steps above the first that is not met count too
	number int32   // in Survey.dens
}

// lower makes the program of a model and, where its shares are fixed fractions, the weights of its sums.
func (c *compiler) lower() {
	r := c.r
	r.number = map[*rule.Expr]int{}
	var helpers []*rule.Expr // what columns ask in the place of expressions
	put := func(x *rule.Expr) {
		if _, ok := r.number[x]; x != nil && !ok {
			r.number[x] = len(r.exprs)
			r.exprs = append(r.exprs, x)
		}
	}
	for _, x := range r.paths {
		put(x)
	}
	for i, n := range r.nodes {
		if n.trim != nil {
			r.trims = append(r.trims, i)
		}
		put(n.trim)
	}
	for i := range r.leaves {
		l := &r.leaves[i]
		for _, x := range l.exprs() {
			put(x)
		}
		if l.choice != nil {
			helpers = append(helpers, l.choice.of)
		}
		if l.bands != nil {
			helpers = append(helpers, l.bands.below...)
		}
	}
	for step := range r.steps {
		for l := range r.leaves {
			if r.leaves[l].step == step {
				r.steply = append(r.steply, l)
			}
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
	for _, x := range r.exprs {
		for _, def := range x.Facts() {
			if !slices.ContainsFunc(r.reads, func(d content.FactDef) bool { return d.Code == def.Code }) {
				r.reads = append(r.reads, def)
			}
		}
	}
	r.sensitive = slices.ContainsFunc(r.reads, content.FactDef.Sensitive)
	for i, x := range helpers {
		r.number[x] = len(r.exprs) + i
	}
	c.lanes()
	var problems content.Problems
	if r.program, problems = column.Compile(slices.Concat(r.exprs, helpers)...); len(problems) > 0 {
		c.problems = append(c.problems, problems...)
		return
	}
	r.quick = make([]*quick, max(len(r.paths), 1))
	for p := range r.quick {
		if r.quick[p] = r.quickly(pattern{path: p}); r.quick[p] != nil {
			r.quick[p].number = int32(p)
		}
	}
}

// A word counts for eight gates at once, in lanes of eight bits: one for each gate, and one more where some of what it counts must be
// marked. In the top bit of a lane is whether there are enough.
const (
	lanes      = 8
	laneMost   = 127 // things in a count, so that the top bit is free
	gateLevels = 32  // a gate asks for a level below it, and a level above counts as the last
)

// lanes gives every gate its lanes, and every level of a count the word of the gates that it passes.
func (c *compiler) lanes() {
	r := c.r
	for k := range r.counts {
		if len(r.counts[k].Items) > laneMost {
			return
		}
	}
	n := 0
	for i := range r.levels {
		l := &r.levels[i]
		for _, g := range l.gates {
			for of, enough := range []int{g.Least, g.Marked} {
				if enough == 0 {
					continue
				}
				if n == lanes {
					return
				}
				one := uint64(1) << (8 * n)
				n++
				l.lanes |= one << 7
				r.bias += one * uint64(laneMost+1-enough)
				for level := g.Level; level < gateLevels; level++ {
					r.counts[g.count].word[1][level] |= one
					if of == 0 {
						r.counts[g.count].word[0][level] |= one
					}
				}
			}
		}
	}
	r.gates = true
}

// pattern is what the weights of an enterprise hang on: its path, and of each part that may be trimmed, two bits for whether it is and
// whether that is not known.
type pattern struct {
	path  int
	trims uint64
}

// trimsMost is how many parts that may be trimmed fit in a pattern.
const trimsMost = 32

const (
	trimmed = 1
	unclear = 2
)

// quickly is the whole numbers of a pattern; nil where there are none, or they do not fit.
func (r *Rubric) quickly(of pattern) *quick {
	if r.Refuses() || len(r.adjust) > 0 || !r.gates {
		return nil
	}
	f := &facts{path: of.path, ask: func(x *rule.Expr) reply {
		i := slices.IndexFunc(r.trims, func(n int) bool { return r.nodes[n].trim == x })
		if i >= trimsMost || of.trims>>(2*i)&unclear == 0 {
			return reply{rule.Present, rule.Bool(i < trimsMost && of.trims>>(2*i)&trimmed != 0)}
		}
		return reply{}
	}}
	weights := make([]*big.Rat, len(r.leaves))
	den := big.NewInt(1)
	for l := range r.leaves {
		if r.leaves[l].bench != nil {
			return nil
		}
		if weights[l] = r.leafWeight(l, f); weights[l] != nil {
			den = lcm(den, weights[l].Denom())
		}
	}
	may := make([]*big.Rat, r.steps)
	for step := range may {
		may[step] = new(big.Rat)
		for _, n := range r.doubts(step, f) {
			may[step].Add(may[step], n)
		}
		den = lcm(den, may[step].Denom())
	}
	full := new(big.Int).Mul(den, big.NewInt(whole))
	if levels := new(big.Int).Mul(full, big.NewInt(int64(r.steps+1))); !levels.IsInt64() {
		return nil
	}
	scaled := func(w *big.Rat, by *big.Int) int64 {
		return new(big.Int).Div(new(big.Int).Mul(w.Num(), by), w.Denom()).Int64()
	}
	q := &quick{weight: make([]int64, len(r.leaves)), den: full.Int64()}
	for l, w := range weights {
		if w != nil {
			q.weight[l] = scaled(w, den)
		}
	}
	for _, w := range may {
		q.may = append(q.may, scaled(w, full))
	}
	scale, unit := new(big.Rat).SetInt(full), r.unit()
	if r.Cumulative != nil {
		q.met, q.beyond = ceilInt(new(big.Rat).Mul(r.Cumulative.Met.Rat(), scale)).Int64(), r.Cumulative.Beyond
	}
	for i := range r.levels {
		cut := int64(math.MinInt64)
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

// doubts is what those parts add to a step at most of which it is not known whether they take part, the highest ones alone.
func (r *Rubric) doubts(step int, f *facts) (out []*big.Rat) {
	for n := range r.nodes {
		if _, doubt := r.stands(n, step, f); !doubt {
			continue
		}
		if w := r.effective(n, step, f); w != nil {
			out = append(out, w)
		}
	}
	return out
}

// unit is the points of a full step.
func (r *Rubric) unit() *big.Rat {
	if r.Cumulative != nil {
		return one
	}
	return r.Full.Rat()
}

func lcm(a, b *big.Int) *big.Int {
	g := new(big.Int).GCD(nil, nil, a, b)
	return new(big.Int).Mul(a, new(big.Int).Div(b, g))
}

func ceilInt(x *big.Rat) *big.Int {
	n := new(big.Int).Add(x.Num(), new(big.Int).Sub(x.Denom(), big.NewInt(1)))
	return n.Div(n, x.Denom())
}

// add is the score of a row from its steps.
func (q *quick) add(steps [][column.BlockRows]int64, i int) int64 {
	if q.met == 0 {
		return steps[0][i&(column.BlockRows-1)]
	}
	sum := int64(0)
	for k := range steps {
		x := steps[k][i&(column.BlockRows-1)]
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
