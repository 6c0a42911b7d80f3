package assess

import (
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Lift is the fewest answers that would lift an enterprise to a level.
type Lift struct {
	To      int               // in Rubric.Levels
	Can     bool              // Steps alone would do: the model was asked again with them
	Steps   []Step            // those that add most first
	Blocked []condition.Check // conditions that are no answers of the questions: they must hold besides
	Result  *Result           // what the model would make of it
}

// Step is one answer to change: of a question, or of a thing that is counted.
type Step struct {
	Part    *Node        // nil of a counted thing
	Item    *CountedFile // nil of a question
	Changes []Change
	Band    int      // of a question by bands: the one that it would reach
	Gain    *big.Rat // points of a question that has them; 0 of a counted thing and of a cumulative model
}

// Change is a fact and the value that it would need.
type Change struct {
	Def   content.FactDef
	State rule.State // what is known of it now
	Was   rule.Value // when Present
	To    rule.Value
}

// Known says that something is known of the fact now.
func (c Change) Known() bool { return c.State == rule.Present }

// Lift looks for the fewest answers with which the enterprise would surely reach a level. Answers that are not known yet are such as could
// be changed. An error is a value that does not fit.
func (r *Rubric) Lift(at At, to int) (*Lift, error) {
	l := &lifter{r: r, at: at, changed: map[string]rule.Value{}}
	got, err := l.decide()
	if err != nil {
		return nil, err
	}
	out := &Lift{To: to, Result: got}
	if !got.Scored || to < 0 || to >= len(r.levels) {
		return out, nil
	}
	for _, c := range slices.Concat(got.Must, got.When[to]) {
		if c.State != condition.Met {
			out.Blocked = append(out.Blocked, c)
		}
	}
	for _, g := range r.levels[to].gates {
		l.gate(g, got)
	}
	if err := l.score(to); err != nil {
		return nil, err
	}
	if err := l.prune(to); err != nil {
		return nil, err
	}
	if out.Result, err = l.decide(); err != nil {
		return nil, err
	}
	out.Steps, out.Can = l.steps, out.Result.Level >= to
	slices.SortStableFunc(out.Steps, func(a, b Step) int { return b.Gain.Cmp(a.Gain) })
	return out, nil
}

// lifter collects changes of answers.
type lifter struct {
	r       *Rubric
	at      At
	changed map[string]rule.Value
	steps   []Step
}

// decide asks the model with the changes so far.
func (l *lifter) decide() (*Result, error) { return l.r.Decide(l.asking()) }

// asking is the enterprise with the changes so far.
func (l *lifter) asking() At {
	at := l.at
	at.Subject = changed{l.at.Subject, maps.Clone(l.changed)}
	return at
}

// changed is a subject some of whose facts are others.
type changed struct {
	rule.Subject
	facts map[string]rule.Value
}

func (c changed) Fact(def content.FactDef, p period.Period, on period.Day) (rule.Value, rule.State) {
	if v, ok := c.facts[def.Code]; ok {
		return v, rule.Present
	}
	return c.Subject.Fact(def, p, on)
}

// take makes a step's changes.
func (l *lifter) take(s Step) {
	for i := range s.Changes {
		c := &s.Changes[i]
		c.Was, c.State = l.known(c.Def)
	}
	for _, c := range s.Changes {
		l.changed[c.Def.Code] = c.To
	}
	if s.Gain == nil {
		s.Gain = zero
	}
	l.steps = append(l.steps, s)
}

// known is what is known of a fact in the year of asking.
func (l *lifter) known(def content.FactDef) (rule.Value, rule.State) {
	p := period.Period{}
	if def.Period == period.Year {
		p = period.OfYear(l.at.Year)
	}
	return l.at.Subject.Fact(def, p, l.at.On)
}

// bare is the fact that an expression is, by itself.
func (r *Rubric) bare(src string) (def content.FactDef, ok bool) {
	src = strings.TrimSpace(src)
	if def, ok = r.lib.FactDef(src); ok && def.Subject == content.Enterprise {
		return def, true
	}
	return content.FactDef{}, false
}

// gate raises counted things until a gate is passed: marked ones first, of them those that need the least.
func (l *lifter) gate(g gate, got *Result) {
	c := &l.r.counts[g.count]
	var able []int
	total, marked := 0, 0
	for i, it := range got.Counts[g.count].Items {
		level := it.Level
		if def, ok := l.r.bare(it.Item.Of); ok {
			if v, done := l.changed[def.Code]; done {
				level = v.Int()
			}
			if level < int64(g.Level) && (def.Max == nil || *def.Max >= int64(g.Level)) {
				able = append(able, i)
			}
		}
		if (it.State == rule.Present || level > 0) && level >= int64(g.Level) {
			total++
			if it.Item.Marked {
				marked++
			}
		}
	}
	slices.SortStableFunc(able, func(a, b int) int {
		return int(got.Counts[g.count].Items[b].Level - got.Counts[g.count].Items[a].Level)
	})
	raise := func(want func(it *CountedFile) bool, more func() bool) {
		for _, i := range able {
			it := &c.Items[i]
			if !more() || !want(it) {
				continue
			}
			def, _ := l.r.bare(it.Of)
			if v, done := l.changed[def.Code]; done && v.Int() >= int64(g.Level) {
				continue
			}
			l.take(Step{Item: it, Changes: []Change{{Def: def, To: rule.Int(int64(g.Level))}}})
			if total++; it.Marked {
				marked++
			}
		}
	}
	raise(func(it *CountedFile) bool { return it.Marked }, func() bool { return marked < g.Marked })
	raise(func(*CountedFile) bool { return true }, func() bool { return total < g.Least })
}

// offer is what could be changed of one question, and what it would add to what is still short.
type offer struct {
	step Step
	gain *big.Rat
}

// score changes answers until the points of a level are reached, those that add most first; the last one only as far as it takes.
func (l *lifter) score(to int) error {
	least := l.r.levels[to].least
	if least == nil {
		return nil
	}
	for range l.r.nodes {
		got, err := l.decide()
		if err != nil || got.Score.Sure.Cmp(least) >= 0 {
			return err
		}
		short, step := new(big.Rat).Sub(least, got.Score.Sure), -1
		if l.r.Cumulative != nil {
			for k, s := range got.Parts[0].Steps {
				if met := l.r.Cumulative.Met.Rat(); s.Sure.Cmp(met) < 0 {
					short, step = new(big.Rat).Sub(met, s.Sure), k
					break
				}
			}
		}
		best, enough, err := l.best(got, step, short)
		switch {
		case err != nil:
			return err
		case enough != nil:
			best = enough
		case best == nil:
			return nil
		}
		if l.r.Cumulative == nil {
			best.step.Gain = best.gain
		}
		l.take(best.step)
	}
	return nil
}

// best is the offer that adds most, and of those that are enough by themselves the one that adds least.
func (l *lifter) best(got *Result, step int, short *big.Rat) (best, enough *offer, err error) {
	k := &asker{ctx: l.asking().context(), told: map[*rule.Expr]rule.Outcome{}}
	f := &facts{year: l.at.Year, path: got.Path, ask: k.ask}
	for i := range got.Parts {
		p := &got.Parts[i]
		if !p.In || !p.Node.IsQuestion() {
			continue
		}
		weights := map[int]*big.Rat{}
		for _, n := range p.Node.leaves {
			if step < 0 || l.r.leaves[n].step == step {
				weights[n] = l.r.leafWeight(n, f)
			}
		}
		for _, s := range l.offers(p, step) {
			gain, err := l.gain(p, s, weights)
			if err != nil {
				return nil, nil, err
			}
			if gain.Sign() <= 0 {
				continue
			}
			o := &offer{s, gain}
			if best == nil || gain.Cmp(best.gain) > 0 {
				best = o
			}
			if gain.Cmp(short) >= 0 && (enough == nil || gain.Cmp(enough.gain) < 0) {
				enough = o
			}
		}
	}
	return best, enough, nil
}

// gain is what changes add to the points that are sure, or to a step of a cumulative model, by the question that they answer.
func (l *lifter) gain(p *Part, s Step, weights map[int]*big.Rat) (*big.Rat, error) {
	was := maps.Clone(l.changed)
	for _, c := range s.Changes {
		l.changed[c.Def.Code] = c.To
	}
	k := &asker{ctx: l.asking().context(), told: map[*rule.Expr]rule.Outcome{}}
	then := &facts{year: l.at.Year, ask: k.ask}
	sum := new(big.Rat)
	for i, n := range p.Node.leaves {
		if weights[n] == nil {
			continue
		}
		more := new(big.Rat).Sub(l.r.share(n, then).Sure, p.Leaves[i].Share.Sure)
		sum.Add(sum, more.Mul(more, weights[n]))
	}
	l.changed = was
	if l.r.Cumulative == nil {
		sum.Mul(sum, l.r.Full.Rat())
	}
	return sum, k.err
}

// offers is how a question could be answered otherwise.
func (l *lifter) offers(p *Part, step int) []Step {
	n := p.Node
	switch {
	case n.Choice != nil:
		return l.choices(n, n.Choice.Of, n.Choice.Shares)
	case n.Grades != nil:
		var out []Step
		for _, a := range n.Grades.Asks {
			if step < 0 || a.Level == step+1 {
				out = append(out, l.choices(n, a.Of, n.Grades.Shares)...)
			}
		}
		return out
	case len(n.Multi) > 0:
		return l.options(n, p)
	case n.Band != nil:
		return l.bands(n)
	}
	return nil
}

// choices is each other answer of a single choice.
func (l *lifter) choices(n *Node, of string, shares []ChosenFile) []Step {
	def, ok := l.r.bare(of)
	if !ok {
		return nil
	}
	var out []Step
	for _, s := range shares {
		if v, err := rule.ParseValue(rule.TypeOf(def.Type), s.Is); err == nil {
			out = append(out, Step{Part: n, Changes: []Change{{Def: def, To: v}}})
		}
	}
	return out
}

// options is the best option that is lacking, the best two, and so on.
func (l *lifter) options(n *Node, p *Part) []Step {
	type option struct {
		def   content.FactDef
		share money.Rate
	}
	var lacking []option
	for i, o := range n.Multi {
		if def, ok := l.r.bare(o.That); ok && p.Leaves[i].Share.Sure.Sign() == 0 && o.Share.Rat().Sign() > 0 {
			lacking = append(lacking, option{def, o.Share})
		}
	}
	slices.SortStableFunc(lacking, func(a, b option) int { return b.share.Cmp(a.share) })
	var out []Step
	for i := range lacking {
		s := Step{Part: n}
		for _, o := range lacking[:i+1] {
			s.Changes = append(s.Changes, Change{Def: o.def, To: rule.Bool(true)})
		}
		out = append(out, s)
	}
	return out
}

// bands is the least value of each band but the first, of what is measured by itself.
func (l *lifter) bands(n *Node) []Step {
	def, ok := l.r.bare(n.Band.Value)
	if !ok {
		return nil
	}
	unit := one
	if n.Band.Over != "" {
		over, ok := l.r.bare(n.Band.Over)
		if !ok {
			return nil
		}
		v, state := l.r.valueOf(l, over)
		if unit = ratOf(v); state != rule.Present || unit.Sign() <= 0 { // of nothing no share can be told
			return nil
		}
	}
	var out []Step
	for i, b := range n.Band.Bands {
		if b.To == "" {
			continue
		}
		edge, _, ok := (&compiler{}).edge(rule.TypeOf(def.Type), n.Band, b.To)
		if !ok {
			continue
		}
		// The least value beyond the end: the next band begins with it.
		end := new(big.Rat).Mul(new(big.Rat).Mul(edge, unit), scaleOf(def.Type))
		x := ceilInt(end)
		if n.Band.Closed == "upper" && end.IsInt() {
			x.Add(x, big.NewInt(1))
		}
		if !x.IsInt64() || def.Max != nil && x.Int64() > *def.Max {
			continue
		}
		out = append(out, Step{Part: n, Band: i + 1, Changes: []Change{{Def: def, To: rule.FactValue(def.Type, x.Int64(), "")}}})
	}
	return out
}

// valueOf is a fact with the changes so far.
func (r *Rubric) valueOf(l *lifter, def content.FactDef) (rule.Value, rule.State) {
	if v, ok := l.changed[def.Code]; ok {
		return v, rule.Present
	}
	return l.known(def)
}

// scaleOf is how many of the numbers that a fact is stored in make one of ratOf.
func scaleOf(t content.Type) *big.Rat {
	switch t {
	case content.Rate, content.Decimal:
		return big.NewRat(whole, 1)
	}
	return one
}

// prune takes back what turned out not to be needed.
func (l *lifter) prune(to int) error {
	for i := len(l.steps) - 1; i >= 0; i-- {
		s := l.steps[i]
		before := map[string]rule.Value{}
		for _, c := range s.Changes {
			before[c.Def.Code] = l.changed[c.Def.Code]
			delete(l.changed, c.Def.Code)
		}
		got, err := l.decide()
		if err != nil {
			return err
		}
		if got.Level >= to {
			l.steps = slices.Delete(l.steps, i, i+1)
			continue
		}
		for code, v := range before {
			l.changed[code] = v
		}
	}
	return nil
}
