package indicator

import (
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

// Facts reads a fact of many subjects at once.
type Facts interface {
	// ReadAll tells what Fact of each subject would say.
	ReadAll(subjects []rule.Subject, def content.FactDef, p period.Period, on period.Day, told func(i int, v rule.Value, state rule.State))
}

// Rows is a Facts that knows the subjects of a crowd by their numbers.
type Rows interface {
	Facts
	// ReadRows tells what Fact of each subject would say, of those whose numbers are given, of all where some is nil.
	ReadRows(some []int32, def content.FactDef, p period.Period, on period.Day, told func(i int, v rule.Value, state rule.State))
}

// OneByOne is the Facts of few subjects.
type OneByOne struct{}

// ReadAll asks each subject.
func (OneByOne) ReadAll(subjects []rule.Subject, def content.FactDef, p period.Period, on period.Day, told func(i int, v rule.Value, state rule.State)) {
	for i, s := range subjects {
		v, state := s.Fact(def, p, on)
		told(i, v, state)
	}
}

// Lines is what many subjects bring to one indicator, by their number in the crowd. It never changes.
type Lines struct {
	States  []State
	Values  []int64 // of those that count; nil where every value is one
	Weights []int64 // of those in the population; nil where every weight is 1
	Carried []bool  // nil where nothing is carried
	x       *Indicator

	since, until, day *days
	dated             []int32
}

// days is a day of each subject; nil of them is no expression.
type days struct {
	states []rule.State
	on     []period.Day
}

func (d *days) at(i int) date {
	if d == nil {
		return date{}
	}
	return date{State: d.states[i], on: d.on[i], asked: true}
}

func newDays(n int) *days { return &days{make([]rule.State, n), make([]period.Day, n)} }

// Dated are the subjects whose line depends on the day, rising: all others bring the same on each day of the year. Nobody may change it.
func (l *Lines) Dated() []int32 { return l.dated }

// Line is that of a subject in a span of the lines' year.
func (l *Lines) Line(i int, at At) Line {
	out := Line{State: l.States[i], Weight: 1}
	if out.State == Out || out.State == Failed {
		return Line{State: out.State}
	}
	if l.Weights != nil && out.State != Dark {
		out.Weight = l.Weights[i]
	}
	if out.State == Counted {
		out.Value = l.x.unit()
		if l.Values != nil {
			out.Value = l.Values[i]
		}
	}
	if l.since != nil || l.day != nil || l.until != nil && (l.until.states[i] == rule.Present || l.until.states[i] == rule.Failed) {
		out = l.x.resolve(out, dates{l.since.at(i), l.until.at(i), l.day.at(i)}, at)
	}
	if out.State == Dark {
		return Line{State: Dark}
	}
	out.Carried = out.State == Counted && l.Carried != nil && l.Carried[i]
	return out
}

// Add adds the line of a subject in a span to a tally.
func (l *Lines) Add(t *Tally, i int, at At) {
	if l.States[i] != Out {
		t.put(l.x, l.Line(i, at))
	}
}

// Size is how much room the lines take.
func (l *Lines) Size() int {
	return len(l.States) + 8*len(l.Values) + 8*len(l.Weights) + len(l.Carried)
}

// Steady says that the figure of a year is that of any of its months, but for who enters the population or leaves it.
func (x *Indicator) Steady() bool { return !x.moves && x.day == nil }

// Moves says that its expressions read what changes within a year. Of one that does not the same Lines do for every span of a year: those that
// are dated are asked on its days.
func (x *Indicator) Moves() bool { return x.moves }

// Crowd is many subjects of one kind at a moment, with the facts that some indicators of that kind read of them as columns.
type Crowd struct {
	set     *Set
	at      At
	n       int
	kind    string
	program *column.Program
	batch   *column.Batch
	plan    *column.Plan
	facts   Facts
	carry   int
	again   *sync.Mutex // held while columns are read anew
	numbers map[*rule.Expr]int
	before  map[string][]bool // by code of a fact: rows for which a year before stood in
	own     []*rule.Context   // of the subjects
	columns int               // that are not another crowd's
}

// Size is about how much room its columns take.
func (c *Crowd) Size() int { return 8 * c.n * max(c.columns, 1) }

// Gather reads what indicators of one kind and one carry ask of subjects of that kind.
func (s *Set) Gather(list []*Indicator, subjects []rule.Subject, at At, facts Facts) (*Crowd, content.Problems) {
	c := &Crowd{set: s, at: at, n: len(subjects), numbers: map[*rule.Expr]int{}, before: map[string][]bool{}, facts: facts, again: &sync.Mutex{}}
	var exprs []*rule.Expr
	for _, x := range list {
		c.carry, c.kind = x.Carry, x.Kind
		for _, e := range x.exprs {
			if _, ok := c.numbers[e]; !ok {
				c.numbers[e] = len(exprs)
				exprs = append(exprs, e)
			}
		}
	}
	if len(exprs) == 0 {
		return c, nil
	}
	var problems content.Problems
	if c.program, problems = column.Compile(exprs...); len(problems) > 0 {
		return nil, problems
	}
	contexts, all := make([]*rule.Context, len(subjects)), make([]rule.Context, len(subjects))
	alike := *s.context(nil, at)
	for i, subject := range subjects {
		all[i] = alike
		all[i].Subject = subject
		contexts[i] = &all[i]
	}
	c.own, c.columns = contexts, len(c.numbers)
	c.batch = c.program.Fill(contexts, reading{c})
	c.plan = c.program.Bind(c.batch)
	return c, nil
}

// For is the crowd at another moment of the same year: only what goes by the day is read anew, and only what reads that is worked out anew.
func (c *Crowd) For(at At) *Crowd {
	c.again.Lock()
	defer c.again.Unlock()
	out := *c
	out.at = at
	if c.program == nil {
		return &out
	}
	out.batch = c.program.Again(c.batch, reading{&out}, func(in *rule.Input) bool {
		switch in.Origin() {
		case rule.FromEvent, rule.FromAsOf, rule.FromGiven, rule.FromMembership:
			return true
		case rule.FromFact:
			return !steady(in.Def().Period)
		}
		return false
	})
	out.plan = c.plan.Rebind(out.batch)
	out.columns = len(c.numbers) / 4 // a moment brings few of its own
	return &out
}

// reading fills columns: what is the same for all is one value, and a fact is read for all at once.
type reading struct{ *Crowd }

// Fixed is a name that is the same for all.
func (r reading) Fixed(in *rule.Input) (a rule.Answer, ok bool) {
	switch in.Origin() {
	case rule.FromYear:
		return rule.Answer{Value: rule.Int(int64(r.at.Year())), State: rule.Present}, true
	case rule.FromEvent, rule.FromAsOf:
		return rule.Answer{Value: rule.Day(r.at.Last), State: rule.Present}, true
	case rule.FromSetting:
		return rule.Answer{Value: rule.Text(r.set.option(in.Short(), r.at)), State: rule.Present}, true
	case rule.FromGiven:
		return r.at.given(in.ID()), true
	}
	return rule.Answer{}, false
}

// Read fills a column with what subjects, or what they lie below, state.
func (r reading) Read(in *rule.Input, contexts []*rule.Context, c *column.Column) {
	def := in.Def()
	ownRows := def.Subject == r.kind && len(contexts) > 0 && len(r.own) > 0 && &contexts[0] == &r.own[0]
	if rows, ok := r.facts.(Rows); ok && ownRows {
		r.read(def, rows.ReadRows, func(i int, v rule.Value, state rule.State, before bool) {
			if c.Set(i, v, state); before {
				r.stoodIn(def.Code, i)
			}
		})
		return
	}
	tops, numbers := make([]rule.Subject, 0, len(contexts)), make([]int, 0, len(contexts))
	for i, ctx := range contexts {
		top := ctx.Subject
		for top != nil && top.Kind() != def.Subject {
			top = top.Parent()
		}
		if top == nil { // it does not say which, or has none
			o := in.Read(ctx)
			c.Set(i, o.Value, o.State)
			continue
		}
		tops, numbers = append(tops, top), append(numbers, i)
	}
	read := func(some []int32, def content.FactDef, p period.Period, on period.Day, told func(i int, v rule.Value, state rule.State)) {
		if some == nil {
			r.facts.ReadAll(tops, def, p, on, told)
			return
		}
		of := make([]rule.Subject, len(some))
		for n, i := range some {
			of[n] = tops[i]
		}
		r.facts.ReadAll(of, def, p, on, func(n int, v rule.Value, state rule.State) { told(int(some[n]), v, state) })
	}
	if len(tops) == 0 {
		return
	}
	r.read(def, read, func(i int, v rule.Value, state rule.State, before bool) {
		if c.Set(numbers[i], v, state); before && ownRows {
			r.stoodIn(def.Code, numbers[i])
		}
	})
}

// read reads a fact of all, and in the years before of those of whom nothing is stated and may be carried on.
func (r reading) read(def content.FactDef, some func([]int32, content.FactDef, period.Period, period.Day, func(int, rule.Value, rule.State)), told func(i int, v rule.Value, state rule.State, before bool)) {
	var asked, left []int32
	p := periodOf(def.Period, r.at.Last)
	for n := 0; n <= r.carry && (n == 0 || len(asked) > 0); n++ {
		if n > 0 {
			p = period.OfYear(r.at.Year() - n)
		}
		left = nil
		some(asked, def, p, r.at.Last, func(i int, v rule.Value, state rule.State) {
			if state == rule.Unknown && n < r.carry && holdsOn(def) {
				left = append(left, int32(i))
				return
			}
			told(i, v, state, n > 0 && state != rule.Unknown)
		})
		asked = left
	}
}

func (c *Crowd) stoodIn(code string, row int) {
	if c.before[code] == nil {
		c.before[code] = make([]bool, c.n)
	}
	c.before[code][row] = true
}

// periodOf is the period of a length in which a day lies.
func periodOf(kind period.Kind, day period.Day) period.Period {
	y, m, _ := day.YMD()
	switch kind {
	case period.Year:
		return period.OfYear(y)
	case period.Half:
		return period.OfHalf(y, (m+5)/6)
	case period.Quarter:
		return period.OfQuarter(y, (m+2)/3)
	case period.Month:
		return period.OfMonth(y, m)
	case period.YearToDate:
		return period.ToMonth(y, m)
	case period.DayKind:
		return period.OfDay(day)
	}
	return period.Period{}
}

// Lines works an indicator of the crowd out, blocks side by side.
func (c *Crowd) Lines(x *Indicator) *Lines {
	l := &Lines{States: make([]State, c.n), x: x}
	if x.value != nil {
		l.Values = make([]int64, c.n)
	}
	if x.weight != nil {
		l.Weights = make([]int64, c.n)
	}
	if len(x.exprs) == 0 {
		for i := range l.States {
			l.States[i] = Counted
		}
		return l
	}
	if x.since != nil {
		l.since = newDays(c.n)
	}
	if len(x.until) > 0 {
		l.until = newDays(c.n)
	}
	if x.day != nil {
		l.day = newDays(c.n)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), max(c.plan.Blocks(), 1)) {
		wg.Go(func() {
			m := c.plan.Machine()
			defer m.Close()
			for {
				b := int(next.Add(1)) - 1
				if b >= c.plan.Blocks() {
					return
				}
				c.block(x, l, m.At(b))
			}
		})
	}
	wg.Wait()
	c.markCarried(x, l)
	for i, state := range l.States {
		if state != Out && state != Failed && (l.since != nil || l.day != nil || l.until.at(i).State == rule.Present) {
			l.dated = append(l.dated, int32(i))
		}
	}
	return l
}

// markCarried marks those of the counted for which a year before stood in.
func (c *Crowd) markCarried(x *Indicator, l *Lines) {
	for _, def := range x.reads {
		rows := c.before[def.Code]
		if rows == nil || !x.asks(def) {
			continue
		}
		if l.Carried == nil {
			l.Carried = slices.Clone(rows)
			continue
		}
		for i, b := range rows {
			l.Carried[i] = l.Carried[i] || b
		}
	}
}

// asked is an expression's answers for a block.
type asked struct {
	column.Answers
	e    *rule.Expr
	nums *[column.BlockRows]int64
	mul  int64 // what a number is taken by, where it needs no more
	den  *big.Int
}

func (c *Crowd) block(x *Indicator, l *Lines, b *column.Block) {
	all := b.All()
	answers := make(map[*rule.Expr]asked, len(x.exprs))
	for _, e := range x.exprs {
		if _, ok := answers[e]; ok {
			continue
		}
		a := asked{Answers: b.Eval(c.numbers[e], all), e: e}
		if e.Type() != rule.BoolType {
			a.nums, a.den = a.Numbers(), a.Den()
			a.mul = multiplier(x, e, a.den)
		}
		answers[e] = a
	}
	i := 0
	ask := func(e *rule.Expr) answer {
		if e == nil {
			return answer{State: rule.Present, none: true}
		}
		a := answers[e]
		return a.at(x, i)
	}
	left := c.settle(x, l, b.First(), all, answers[x.who], answers[x.where])
	for i = range left.Rows() {
		row := b.First() + i
		line := x.line(ask)
		l.States[row] = line.State
		if l.Values != nil {
			l.Values[row] = line.Value
		}
		if l.Weights != nil {
			l.Weights[row] = line.Weight
		}
	}
	if l.since == nil && l.until == nil && l.day == nil {
		return
	}
	for i = range all.Rows() {
		row := b.First() + i
		if l.States[row] == Out || l.States[row] == Failed {
			continue
		}
		d := x.dates(ask)
		for _, to := range []struct {
			days *days
			date date
		}{{l.since, d.since}, {l.until, d.until}, {l.day, d.day}} {
			if to.days != nil {
				to.days.states[row], to.days.on[row] = to.date.State, to.date.on
			}
		}
	}
}

// settle finds what Indicator.line says wherever the two conditions tell all of it, for many rows at once, and gives the rows that
// are left.
func (c *Crowd) settle(x *Indicator, l *Lines, first int, all column.Bits, who, where asked) (left column.Bits) {
	var failed, counts, nothing column.Bits
	in := all
	if who.e != nil {
		failed = who.Failed(all)
		in = who.True(all)
		if dark := who.Unknown(all); !dark.Empty() {
			if where.e != nil {
				fails := where.Failed(dark)
				failed, dark = failed.Or(&fails), dark.Without(&fails)
			}
			c.mark(l, first, dark, Dark)
		}
	}
	counts = in
	if where.e != nil {
		fails := where.Failed(in)
		failed = failed.Or(&fails)
		in = in.Without(&fails)
		counts = where.True(in)
		if x.weight == nil {
			nothing = in.Without(&counts)
			open := where.Unknown(in)
			nothing = nothing.Without(&open)
			c.mark(l, first, open, Open)
			c.mark(l, first, nothing, Within)
			in = counts
		}
	}
	c.mark(l, first, failed, Failed)
	if x.weight == nil && x.value == nil {
		c.mark(l, first, counts, Counted)
		return left
	}
	return in
}

// mark gives rows of a block a state.
func (c *Crowd) mark(l *Lines, first int, rows column.Bits, state State) {
	for i := range rows.Rows() {
		l.States[first+i] = state
	}
}

// multiplier is by what a number over den is taken to be in the unit of lines; 0 where that is no whole number.
func multiplier(x *Indicator, e *rule.Expr, den *big.Int) int64 {
	unit := int64(scale)
	if e.Type() == rule.MoneyType || e.Type() == rule.DayType || !x.counts(e) {
		unit = 1
	}
	if den.IsInt64() && den.Int64() > 0 && unit%den.Int64() == 0 {
		return unit / den.Int64()
	}
	return 0
}

// at is the answer for a row of the block.
func (a asked) at(x *Indicator, i int) answer {
	out := answer{State: a.State(i)}
	if out.State != rule.Present {
		return out
	}
	if a.e.Type() == rule.BoolType {
		var one column.Bits
		one.Put(i)
		t := a.True(one)
		out.truth = t.Has(i)
		return out
	}
	if a.nums != nil && a.mul > 0 {
		n := a.nums[i]
		if a.mul == 1 || abs(n) <= (1<<63-1)/uint64(a.mul) {
			out.n = n * a.mul
			return out
		}
	}
	num := a.Big(i)
	if !x.counts(a.e) || a.e.Type() == rule.MoneyType || a.e.Type() == rule.DayType {
		num = new(big.Int).Quo(num, a.den)
		out.n = num.Int64()
		if !num.IsInt64() {
			out.State = rule.Failed
		}
		return out
	}
	var fits bool
	if out.n, fits = scaled(num, a.den); !fits {
		out.State = rule.Failed
	}
	return out
}
