package assess

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// At is what a model is asked about: the facts of a year, as of a day.
type At struct {
	Subject rule.Subject
	Year    int
	On      period.Day
}

func (at At) context() *rule.Context {
	return &rule.Context{Subject: at.Subject, Year: at.Year, Event: &at.On, On: at.On, AsOf: at.On}
}

// Result is what a model makes of an enterprise.
type Result struct {
	Rubric  *Rubric
	Year    int
	On      period.Day
	Path    int  // in Rubric.Paths; −1 where it is not known which one, and 0 where there are none
	Outside bool // it is on none of the model's paths, which is known: the model is not for it
	Scored  bool // false where the model refuses, or the path is not known: there is neither score nor level
	Score   Span
	// Level and May are the level that is reached for sure and the highest that is possible, in Rubric.Levels; −1 for none.
	Level, May int
	Parts      []Part // as Rubric.Nodes
	Counts     []Counted
	Gates      [][]Tally // of each level
	When       [][]condition.Check
	Must       []condition.Check
	Checks     []condition.Check // that what was stated fits together
	Apart      []condition.Check // why it takes no place among others
	Missing    []rule.FactRef    // what would settle it, each once, in the order of the model
}

// Part is what a part comes to.
type Part struct {
	Node    *Node
	In      bool // it takes part
	Trimmed bool // it does not apply, as its condition says
	Share   Span // of it; of a cumulative model that of the levels together
	Steps   []Span
	Points  Span // what it adds to the whole, as weights are after trimming; of a cumulative model nothing
	Worth   *big.Rat
	Leaves  []Leaf
}

// Leaf is one question of a part.
type Leaf struct {
	Step    int
	Share   Span // of the part: of a model with several questions in a part its own share
	Most    Span // the best it could be
	State   rule.State
	Facts   []content.FactDef
	Missing []rule.FactRef
}

// Counted is what is counted: the level of each thing.
type Counted struct {
	Count *CountFile
	Items []CountedItem
}

// CountedItem is the level of one thing.
type CountedItem struct {
	Item    *CountedFile
	State   rule.State
	Level   int64
	Missing []rule.FactRef
}

// Settled says that score and level are known.
func (r *Result) Settled() bool { return r.Scored && r.Level == r.May && r.Score.Known() }

// LevelName is the name of a level of the model, of −1 that none is reached.
func (r *Rubric) LevelName(i int) i18n.Text {
	if i < 0 {
		return i18n.Text{ZH: "未达级", EN: "No level"}
	}
	return r.Levels[i].Name
}

// asker answers expressions for one subject, each once.
type asker struct {
	ctx  *rule.Context
	told map[*rule.Expr]rule.Outcome
	err  error
}

func (k *asker) outcome(x *rule.Expr) rule.Outcome {
	o, ok := k.told[x]
	if !ok {
		o = x.Eval(k.ctx)
		k.told[x] = o
		if o.State == rule.Failed && k.err == nil {
			k.err = x.Failure(o.Err)
		}
	}
	return o
}

func (k *asker) ask(x *rule.Expr) reply {
	o := k.outcome(x)
	return reply{o.State, o.Value}
}

// Decide applies the model to an enterprise. An error is a value that does not fit.
func (r *Rubric) Decide(at At) (*Result, error) {
	k := &asker{ctx: at.context(), told: map[*rule.Expr]rule.Outcome{}}
	out := &Result{Rubric: r, Year: at.Year, On: at.On, Level: -1, May: -1}
	f := &facts{year: at.Year, ask: k.ask}
	for _, x := range r.exprs {
		k.outcome(x)
	}
	if k.err != nil {
		return nil, k.err
	}
	var lost []*rule.Expr
	f.path, lost = r.path(f)
	out.Path, out.Outside = f.path, f.path < 0 && len(lost) == 0
	var err error
	for _, list := range []struct {
		from []condition.Condition
		into *[]condition.Check
	}{{r.must, &out.Must}, {r.checks, &out.Checks}, {r.apart, &out.Apart}} {
		if *list.into, err = condition.Ask(list.from, *k.ctx); err != nil {
			return nil, err
		}
	}
	for _, x := range lost {
		out.miss(k.outcome(x).Missing)
	}
	f.path = max(f.path, 0)
	for _, c := range out.Must {
		out.miss(c.Missing)
	}
	r.tell(out, f, k)
	if err := r.tellLevels(out, f, k); err != nil {
		return nil, err
	}
	out.Scored = !r.Refuses() && out.Path >= 0
	if out.Scored {
		out.Score = r.score(f)
		out.Level, out.May = r.level(out.Score.within, f)
	}
	return out, nil
}

// path is which way an enterprise takes: the first whose condition holds. It is −1 while that is not known, with what it waits for.
func (r *Rubric) path(f *facts) (path int, lost []*rule.Expr) {
	if len(r.paths) == 0 {
		return 0, nil
	}
	for i, x := range r.paths {
		holds, known := f.ask(x).truth()
		switch {
		case !known:
			return -1, []*rule.Expr{x}
		case holds:
			return i, nil
		}
	}
	return -1, nil
}

func (r *Result) miss(refs []rule.FactRef) {
	for _, m := range refs {
		if !slices.Contains(r.Missing, m) {
			r.Missing = append(r.Missing, m)
		}
	}
}

// tell fills in the parts, each with what it adds to the whole.
func (r *Rubric) tell(out *Result, f *facts, k *asker) {
	out.Parts = make([]Part, len(r.nodes))
	worth := make([]*big.Rat, len(r.nodes))
	worth[0] = r.Full.Rat()
	for n, node := range r.nodes {
		p := &out.Parts[n]
		p.Node = node
		in, doubt := r.stands(n, anyStep, f)
		up := node.parent < 0 || out.Parts[node.parent].In
		p.In = up && in
		p.Trimmed = up && !in && node.trim != nil && node.weight[f.path] != nil
		if !p.In {
			continue
		}
		if node.trim != nil && doubt {
			out.miss(k.outcome(node.trim).Missing)
		}
		for step := range r.steps {
			p.Steps = append(p.Steps, r.roll(n, step, f))
		}
		p.Share = p.Steps[0]
		if len(p.Steps) > 1 {
			p.Share = Span{zero, zero, false}
			for _, s := range p.Steps {
				p.Share = p.Share.plus(s, big.NewRat(1, int64(len(p.Steps))))
			}
		}
		if node.parent >= 0 && !r.Refuses() {
			worth[n] = new(big.Rat).Mul(worth[node.parent], r.part(n, f))
		} else if node.parent >= 0 {
			worth[n] = zero
		}
		p.Worth = worth[n]
		if p.Points = (Span{zero, zero, false}).plus(p.Share, worth[n]); doubt {
			p.Points = Span{zero, worth[n], r.open(n)}
		}
		for _, l := range node.leaves {
			p.Leaves = append(p.Leaves, r.tellLeaf(l, out, f, k))
		}
	}
	for i := range r.counts {
		c := Counted{Count: r.counts[i].CountFile}
		for j, x := range r.counts[i].of {
			o := k.outcome(x)
			it := CountedItem{Item: &c.Count.Items[j], State: o.State, Missing: o.Missing}
			if o.State == rule.Present {
				it.Level = o.Value.Int()
			}
			out.miss(o.Missing)
			c.Items = append(c.Items, it)
		}
		out.Counts = append(out.Counts, c)
	}
	for i := range r.adjust {
		out.miss(k.outcome(r.adjust[i].x).Missing)
	}
}

// part is what a node weighs beside its siblings that take part, as a share of their parent.
func (r *Rubric) part(n int, f *facts) *big.Rat {
	of := new(big.Rat)
	for _, p := range r.nodes[r.nodes[n].parent].parts {
		if in, _ := r.stands(p, anyStep, f); in {
			of.Add(of, r.nodes[p].weight[f.path])
		}
	}
	if of.Sign() == 0 {
		return zero
	}
	return of.Quo(r.nodes[n].weight[f.path], of)
}

func (r *Rubric) tellLeaf(l int, out *Result, f *facts, k *asker) Leaf {
	leaf := &r.leaves[l]
	t := Leaf{Step: leaf.step, Share: r.share(l, f), State: rule.Present}
	t.Most = exactly(ppm(max(leaf.most, 0)))
	if leaf.bench != nil {
		if t.Most = exactly(one); leaf.bench.most != nil {
			t.Most = exactly(leaf.bench.most)
		}
	}
	for _, x := range leaf.exprs() {
		o := k.outcome(x)
		if o.State != rule.Present {
			t.State = o.State
		}
		t.Facts = append(t.Facts, x.Facts()...)
		t.Missing = append(t.Missing, o.Missing...)
	}
	out.miss(t.Missing)
	return t
}

// tellLevels fills in what each level takes.
func (r *Rubric) tellLevels(out *Result, f *facts, k *asker) error {
	for i := range r.levels {
		var tallies []Tally
		for _, g := range r.levels[i].gates {
			tallies = append(tallies, r.tally(g, f))
		}
		out.Gates = append(out.Gates, tallies)
		when, err := condition.Ask(r.levels[i].when, *k.ctx)
		if err != nil {
			return err
		}
		for _, c := range when {
			out.miss(c.Missing)
		}
		out.When = append(out.When, when)
	}
	return nil
}
