package column

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Program is expressions about one kind of subject, to be evaluated over tables.
type Program struct {
	outs   []out
	inputs []*rule.Input // no aggregates
	folds  map[*rule.Aggregate]*fold
	levels map[Level]*Program // of the members of aggregates
}

// out is something that is asked for: an expression, or a tree that is made of some.
type out struct {
	tree  *rule.Tree
	expr  *rule.Expr // nil for a tree alone
	reads names
}

// fold is an aggregate and the numbers of its parts among the outs of the program of its level.
type fold struct {
	agg    *rule.Aggregate
	counts int // all of its conditions together; -1 for none
	when   []int
	of     int // -1 for none
}

// Compile makes a program of expressions, which keep their numbers. All that cannot be lowered is told at once; with
// problems the Program is nil.
func Compile(exprs ...*rule.Expr) (*Program, content.Problems) {
	p := newProgram()
	var problems content.Problems
	for _, x := range exprs {
		_, found := p.add(x)
		problems = append(problems, found...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return p, nil
}

func newProgram() *Program {
	return &Program{folds: map[*rule.Aggregate]*fold{}, levels: map[Level]*Program{}}
}

// Inputs is the names whose columns a batch must have, aggregates aside.
func (p *Program) Inputs() []*rule.Input { return p.inputs }

// Level is the program of what lies below, nil where no aggregate asks for it.
func (p *Program) Level(l Level) *Program { return p.levels[l] }

// Levels is what aggregates ask for.
func (p *Program) Levels() []Level {
	var all []Level
	for l := range p.levels {
		all = append(all, l)
	}
	return all
}

func (p *Program) add(x *rule.Expr) (number int, problems content.Problems) {
	return p.addTree(x.Tree(), x)
}

func (p *Program) addTree(t *rule.Tree, x *rule.Expr) (int, content.Problems) {
	problems := p.visit(t, x)
	p.outs = append(p.outs, out{t, x, namesOf(t)})
	return len(p.outs) - 1, problems
}

// Add asks for one thing more, before anything is filled or bound: a tree that is made of those of checked expressions. What
// cannot be lowered is told as a problem of an expression.
func (p *Program) Add(t *rule.Tree, tellAt *rule.Expr) (number int, problems content.Problems) {
	problems = p.visit(t, tellAt)
	p.outs = append(p.outs, out{tree: t, reads: namesOf(t)})
	return len(p.outs) - 1, problems
}

// visit notes what a tree reads, and tells what of it there is no kernel for.
func (p *Program) visit(t *rule.Tree, x *rule.Expr) (problems content.Problems) {
	switch {
	case t.Input != nil && t.Input.Aggregate() != nil:
		return p.aggregate(t.Input.Aggregate())
	case t.Input != nil:
		if !slices.ContainsFunc(p.inputs, func(in *rule.Input) bool { return in.ID() == t.Input.ID() }) {
			p.inputs = append(p.inputs, t.Input)
		}
		return nil
	case t.Fn == "":
		return nil
	case lowering(t.Fn) == nil:
		problems = append(problems, x.Problem(t.At, i18n.M("rule.no_column", t.Fn)))
	}
	for _, a := range t.Args {
		problems = append(problems, p.visit(a, x)...)
	}
	return problems
}

// aggregate notes an aggregate; its conditions and what it adds up belong to the program of its members.
func (p *Program) aggregate(agg *rule.Aggregate) (problems content.Problems) {
	if p.folds[agg] != nil {
		return nil
	}
	level := LevelOf(agg)
	sub := p.levels[level]
	if sub == nil {
		sub = newProgram()
		p.levels[level] = sub
	}
	f := &fold{agg: agg, counts: -1, of: -1}
	p.folds[agg] = f
	all := &rule.Tree{Fn: "&&", Type: rule.BoolType}
	for _, when := range agg.When {
		n, found := sub.add(when)
		problems = append(problems, found...)
		f.when = append(f.when, n)
		all.Args = append(all.Args, sub.outs[n].tree)
	}
	if len(f.when) > 0 {
		f.counts, _ = sub.addTree(all, nil)
	}
	if agg.Of != nil {
		n, found := sub.add(agg.Of)
		f.of, problems = n, append(problems, found...)
	}
	return problems
}
