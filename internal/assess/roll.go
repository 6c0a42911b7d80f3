package assess

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/rule"
)

// Span is what a number lies in: from what is sure to what is possible. Both ends are the same where all is known. It is never
// changed.
type Span struct {
	Sure, Possible *big.Rat
	Open           bool // there is no upper end: Possible is what is known of it
}

func exactly(r *big.Rat) Span { return Span{Sure: r, Possible: r} }

// Known says that the number is settled.
func (s Span) Known() bool { return !s.Open && s.Sure.Cmp(s.Possible) == 0 }

var (
	zero = new(big.Rat)
	one  = big.NewRat(1, 1)
)

func ppm(n int64) *big.Rat { return big.NewRat(n, whole) }

// plus adds a span times a fraction.
func (s Span) plus(o Span, by *big.Rat) Span {
	return Span{
		Sure:     new(big.Rat).Add(s.Sure, new(big.Rat).Mul(o.Sure, by)),
		Possible: new(big.Rat).Add(s.Possible, new(big.Rat).Mul(o.Possible, by)),
		Open:     s.Open || o.Open && by.Sign() > 0,
	}
}

// over divides by a number above 0.
func (s Span) over(by *big.Rat) Span { return Span{zero, zero, false}.plus(s, new(big.Rat).Inv(by)) }

// ratOf is the number of a value: of money fen, of others what it says.
func ratOf(v rule.Value) *big.Rat {
	switch v.Type() {
	case rule.IntType:
		return new(big.Rat).SetInt64(v.Int())
	case rule.DecimalType:
		return ppm(v.Millionths())
	case rule.MoneyType:
		return new(big.Rat).SetInt64(int64(v.Fen()))
	case rule.RateType:
		return v.Rate().Rat()
	}
	return new(big.Rat)
}

// facts is how an enterprise answers the expressions of a model.
type facts struct {
	year int
	path int // in File.Paths, 0 where there are none
	ask  func(x *rule.Expr) reply

	standing []standing // by node and step, the whole of it first; see stands
	rolled   []Span     // by node and step, without an end where nobody asked; see roll
	totals   []*big.Rat // by node and step; see total
	worth    []*big.Rat // by node and step; see effective
}

// standing is whether a node takes part.
type standing uint8

const (
	untold standing = iota
	out
	doubtful
	inside
)

// reply is an answer without its reasons.
type reply struct {
	state rule.State
	value rule.Value
}

// truth is a condition's answer: what is nothing does not hold.
func (a reply) truth() (holds, known bool) {
	switch a.state {
	case rule.Present:
		return a.value.Bool(), true
	case rule.None:
		return false, true
	}
	return false, false
}

// share is what a leaf gives of its node.
func (r *Rubric) share(l int, f *facts) Span {
	leaf := &r.leaves[l]
	if leaf.bench != nil {
		return leaf.bench.share(f)
	}
	switch a := f.ask(leaf.x); {
	case a.state == rule.Unknown:
		return Span{zero, ppm(leaf.most), false}
	case a.state == rule.None, leaf.option && !a.value.Bool():
		return exactly(zero)
	case leaf.option:
		return exactly(ppm(leaf.most))
	default:
		return exactly(ppm(a.value.Int()))
	}
}

// share is a value against its benchmark, within its limits; what is nothing, or divided by nothing, gives the least.
func (b *benchmark) share(f *facts) Span {
	by := b.in(f.year)
	value, over := f.ask(b.value), reply{state: rule.Present, value: rule.Int(1)}
	if b.over != nil {
		over = f.ask(b.over)
	}
	if value.state == rule.None || over.state == rule.None {
		return exactly(b.least)
	}
	if value.state != rule.Present || over.state != rule.Present || by == nil {
		if b.most != nil {
			return Span{b.least, b.most, false}
		}
		return Span{b.least, b.least, true}
	}
	divisor := new(big.Rat).Mul(ratOf(over.value), by)
	if divisor.Sign() <= 0 {
		return exactly(b.least)
	}
	x := new(big.Rat).Quo(ratOf(value.value), divisor)
	switch {
	case x.Cmp(b.least) < 0:
		x = b.least
	case b.most != nil && x.Cmp(b.most) > 0:
		x = b.most
	}
	return exactly(x)
}

// anyStep is all steps as one.
const anyStep = -1

// stands says whether a node takes part on the path at a step: it has a weight, is not trimmed, and asks something there that takes
// part. Where it is not known whether something is trimmed, doubt is true.
func (r *Rubric) stands(n, step int, f *facts) (in, doubt bool) {
	if f.standing == nil {
		f.standing = make([]standing, len(r.nodes)*(r.steps+1))
	}
	s := &f.standing[n*(r.steps+1)+step+1]
	if *s == untold {
		*s = r.standing(n, step, f)
	}
	return *s >= doubtful, *s == doubtful
}

func (r *Rubric) standing(n, step int, f *facts) standing {
	node := r.nodes[n]
	if node.parent < 0 {
		return inside
	}
	if node.weight[f.path] == nil {
		return out
	}
	s := out
	switch {
	case len(node.parts) > 0:
		for _, p := range node.parts {
			switch in, doubt := r.stands(p, step, f); {
			case doubt:
				s = max(s, doubtful)
			case in:
				s = inside
			}
		}
	case step == anyStep, slices.ContainsFunc(node.leaves, func(l int) bool { return r.leaves[l].step == step }):
		s = inside
	}
	if s == out || node.trim == nil {
		return s
	}
	switch trimmed, known := f.ask(node.trim).truth(); {
	case trimmed:
		return out
	case !known:
		return doubtful
	}
	return s
}

// roll is the share of a node at a step: the mean of its parts by their weights, of those that take part.
func (r *Rubric) roll(n, step int, f *facts) Span {
	if f.rolled == nil {
		f.rolled = make([]Span, len(r.nodes)*r.steps)
	}
	s := &f.rolled[n*r.steps+step]
	if s.Sure == nil {
		*s = r.mean(n, step, f)
	}
	return *s
}

func (r *Rubric) mean(n, step int, f *facts) Span {
	node := r.nodes[n]
	sum := Span{zero, zero, false}
	if node.IsQuestion() {
		of := int64(0)
		for _, l := range node.leaves {
			if r.leaves[l].step != step {
				continue
			}
			sum = sum.plus(r.share(l, f), one)
			if node.Grades != nil {
				of++
			}
		}
		if of > 0 {
			return sum.over(big.NewRat(of, 1))
		}
		return sum
	}
	for _, p := range node.parts {
		in, doubt := r.stands(p, step, f)
		if !in {
			continue
		}
		w := r.nodes[p].weight[f.path]
		if doubt {
			// With it at nothing the whole is no more, with it at everything no less, than without it; unless a share may pass the whole.
			sum = sum.plus(Span{zero, one, r.open(n)}, w)
			continue
		}
		sum = sum.plus(r.roll(p, step, f), w)
	}
	of := r.total(n, step, f)
	if of.Sign() == 0 {
		return exactly(zero)
	}
	return sum.over(of)
}

// total is the weights of the parts of a node that take part at a step.
func (r *Rubric) total(n, step int, f *facts) *big.Rat {
	if f.totals == nil {
		f.totals = make([]*big.Rat, len(r.nodes)*r.steps)
	}
	t := &f.totals[n*r.steps+step]
	if *t == nil {
		*t = new(big.Rat)
		for _, p := range r.nodes[n].parts {
			if in, _ := r.stands(p, step, f); in {
				(*t).Add(*t, r.nodes[p].weight[f.path])
			}
		}
	}
	return *t
}

// effective is what a full share of a node adds to a step; nil where it takes no part there, or a part that it belongs to may not.
func (r *Rubric) effective(n, step int, f *facts) *big.Rat {
	up := r.nodes[n].parent
	if up < 0 {
		return one
	}
	if in, _ := r.stands(n, step, f); !in {
		return nil
	}
	if _, doubt := r.stands(up, step, f); doubt {
		return nil
	}
	if f.worth == nil {
		f.worth = make([]*big.Rat, len(r.nodes)*r.steps)
	}
	w := &f.worth[n*r.steps+step]
	if *w != nil {
		return *w
	}
	above, of := r.effective(up, step, f), r.total(up, step, f)
	if above == nil || of.Sign() == 0 {
		return nil
	}
	*w = new(big.Rat).Quo(r.nodes[n].weight[f.path], of)
	(*w).Mul(*w, above)
	return *w
}

// leafWeight is what a full share of a leaf adds to its step; nil where it takes no part, or may take none.
func (r *Rubric) leafWeight(l int, f *facts) *big.Rat {
	leaf := &r.leaves[l]
	if in, doubt := r.stands(leaf.node, leaf.step, f); !in || doubt {
		return nil
	}
	w := r.effective(leaf.node, leaf.step, f)
	if w == nil || r.nodes[leaf.node].Grades == nil {
		return w
	}
	n := int64(0)
	for _, o := range r.nodes[leaf.node].leaves {
		if r.leaves[o].step == leaf.step {
			n++
		}
	}
	return new(big.Rat).Mul(w, big.NewRat(1, n))
}

// open says that a share below a node may pass the whole.
func (r *Rubric) open(n int) bool {
	node := r.nodes[n]
	return node.Benchmark != nil || slices.ContainsFunc(node.parts, r.open)
}

// score is the points of all: of a cumulative model by levels, else the share of the full points; with what is added and taken off.
func (r *Rubric) score(f *facts) Span {
	var s Span
	if r.Cumulative == nil {
		s = Span{zero, zero, false}.plus(r.roll(0, 0, f), r.Full.Rat())
	} else {
		s = r.cumulated(f)
	}
	for i := range r.adjust {
		s = r.adjust[i].to(s, f)
	}
	return s
}

// to adds points to a score, or takes them off: between none and the most that there are.
func (a *adjust) to(s Span, f *facts) Span {
	by := one
	if a.Off {
		by = big.NewRat(-1, 1)
	}
	most := a.Most.Rat()
	switch got := f.ask(a.x); got.state {
	case rule.Present:
		x := ratOf(got.value)
		switch {
		case x.Sign() < 0:
			x = zero
		case x.Cmp(most) > 0:
			x = most
		}
		return s.plus(exactly(x), by)
	case rule.Unknown:
		if a.Off {
			return s.plus(Span{Sure: most, Possible: zero}, by)
		}
		return s.plus(Span{Sure: zero, Possible: most}, by)
	}
	return s
}

// cumulated adds the levels: each that is met counts 1, the first that is not counts its share; those above it only where the model says so.
func (r *Rubric) cumulated(f *facts) Span {
	steps := make([]Span, r.steps)
	for k := range steps {
		steps[k] = r.roll(0, k, f)
	}
	add := func(end func(Span) *big.Rat) *big.Rat {
		sum := new(big.Rat)
		for _, s := range steps {
			x := end(s)
			if x.Cmp(r.Cumulative.Met.Rat()) >= 0 {
				sum.Add(sum, one)
				continue
			}
			sum.Add(sum, x)
			if !r.Cumulative.Beyond {
				break
			}
		}
		return sum
	}
	return Span{Sure: add(func(s Span) *big.Rat { return s.Sure }), Possible: add(func(s Span) *big.Rat { return s.Possible })}
}

// Tally is how many things of a count stand at a level or above.
type Tally struct {
	Sure, Possible             int
	MarkedSure, MarkedPossible int
}

func (r *Rubric) tally(g gate, f *facts) Tally {
	var t Tally
	for i, it := range r.counts[g.count].Items {
		sure, possible := false, false
		switch a := f.ask(r.counts[g.count].of[i]); a.state {
		case rule.Present:
			sure = a.value.Int() >= int64(g.Level)
			possible = sure
		case rule.Unknown:
			possible = true
		}
		if sure {
			t.Sure++
		}
		if possible {
			t.Possible++
		}
		if sure && it.Marked {
			t.MarkedSure++
		}
		if possible && it.Marked {
			t.MarkedPossible++
		}
	}
	return t
}

// passes says whether a gate is passed, for sure and possibly.
func (g gate) passes(t Tally) (sure, possible bool) {
	return t.Sure >= g.Least && t.MarkedSure >= g.Marked, t.Possible >= g.Least && t.MarkedPossible >= g.Marked
}

// reach says whether a level is reached, by its points and by all else, for sure and possibly.
func (r *Rubric) reach(i int, points func(least *big.Rat) (sure, possible bool), f *facts) (sure, possible bool) {
	l := &r.levels[i]
	sure, possible = true, true
	and := func(s, p bool) { sure, possible = sure && s, possible && p }
	if l.least != nil {
		and(points(l.least))
	}
	for _, g := range l.gates {
		and(g.passes(r.tally(g, f)))
	}
	for k := range l.when {
		holds, known := f.ask(l.when[k].That()).truth()
		and(known && holds, !known || holds)
	}
	return sure, possible
}

// level is the highest level that is reached for sure and the highest that is possible; −1 for none.
func (r *Rubric) level(points func(least *big.Rat) (sure, possible bool), f *facts) (sure, possible int) {
	sure, possible = -1, -1
	held, may := true, true
	for i := range r.must {
		holds, known := f.ask(r.must[i].That()).truth()
		held, may = held && known && holds, may && (!known || holds)
	}
	for i := len(r.levels) - 1; i >= 0 && may; i-- {
		s, p := r.reach(i, points, f)
		if p && possible < 0 {
			possible = i
		}
		if s && held {
			return i, possible
		}
	}
	return sure, possible
}

// within is a span as level asks it.
func (s Span) within(least *big.Rat) (sure, possible bool) {
	return s.Sure.Cmp(least) >= 0, s.Open || s.Possible.Cmp(least) >= 0
}
