package indicator

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Row is what one subject brings, and how that is found.
type Row struct {
	Line
	Missing []rule.FactRef  // because of which it is open or dark
	Read    []rule.FactRead // what was read, in the order of the expressions
	Why     i18n.Msg        // what was compared, where it is in the population and does not count
}

// Row asks an indicator of a subject of its kind, one by one: the slow way, which explains itself.
func (s *Set) Row(x *Indicator, subject rule.Subject, at At) Row {
	var r Row
	ctx := s.context(carrying(subject, x.Carry), at)
	ctx.Trace = true
	ask := func(e *rule.Expr) answer {
		if e == nil {
			return answer{State: rule.Present, none: true}
		}
		o := e.Eval(ctx)
		for _, m := range o.Missing {
			if !slices.Contains(r.Missing, m) && !x.ends(e) { // an end that nobody stated leaves nothing open
				r.Missing = append(r.Missing, m)
			}
		}
		r.Read = append(r.Read, o.Read...)
		a := answer{State: o.State}
		if o.State != rule.Present {
			return a
		}
		switch e.Type() {
		case rule.BoolType:
			a.truth = o.Value.Bool()
		case rule.DayType:
			a.n = int64(o.Value.Day())
		default:
			var fits bool
			if a.n, fits = counted(o.Value, x.counts(e)); !fits {
				a.State = rule.Failed
			}
		}
		return a
	}
	r.Line = x.resolve(x.line(ask), x.dates(ask), at)
	switch r.State {
	case Counted:
		r.Carried = s.carries(x, subject, at)
	case Within:
		if x.where != nil {
			r.Why = x.where.Explain(ctx)
		}
	}
	if r.State != Open && r.State != Dark {
		r.Missing = nil
	}
	return r
}

// ends says that an expression tells when a subject leaves the population.
func (x *Indicator) ends(e *rule.Expr) bool {
	return slices.ContainsFunc(x.until, func(o ending) bool { return o.Expr == e })
}

// counts says that a value of an expression is counted in the unit of its type: weights that are whole numbers are taken as they are.
func (x *Indicator) counts(e *rule.Expr) bool { return e != x.weight || e.Type() != rule.IntType }

// carries says that a value of a year before stood in for one of the subject's own facts.
func (s *Set) carries(x *Indicator, subject rule.Subject, at At) bool {
	if x.Carry == 0 {
		return false
	}
	for _, def := range x.reads {
		if x.asks(def) && def.Subject == subject.Kind() && holdsOn(def) {
			if _, _, before := (carried{subject, x.Carry}).fact(def, period.OfYear(at.Year()), at.Last); before {
				return true
			}
		}
	}
	return false
}

// answer is an expression's, in what lines are counted in.
type answer struct {
	rule.State
	truth bool
	n     int64
	none  bool // there is no expression
}

// dates are the days of a subject, one by one. Of several days on which it ends the earliest that is known counts.
func (x *Indicator) dates(ask func(*rule.Expr) answer) (d dates) {
	read := func(e *rule.Expr) date {
		if e == nil {
			return date{}
		}
		a := ask(e)
		return date{State: a.State, on: period.Day(a.n), asked: true}
	}
	d.since, d.day = read(x.since), read(x.day)
	for _, e := range x.until {
		on := read(e.Expr)
		if e.through {
			on.on++
		}
		d.until = d.until.earlier(on)
	}
	return d
}

// earlier is the earlier of two days: a failure of one is one of both, and what is not known or nothing ends nothing.
func (d date) earlier(o date) date {
	switch {
	case d.State == rule.Failed || o.State == rule.Failed:
		return date{State: rule.Failed, asked: true}
	case o.State != rule.Present:
		return d
	case d.State != rule.Present || o.on < d.on:
		return o
	}
	return d
}

// line puts the answers of an indicator's expressions together, days aside. Rows and columns both go by it.
func (x *Indicator) line(ask func(*rule.Expr) answer) Line {
	l := x.found(ask)
	if l.State != Counted {
		l.Value = 0
	}
	return l
}

func (x *Indicator) found(ask func(*rule.Expr) answer) Line {
	who := ask(x.who)
	switch {
	case who.State == rule.Failed:
		return Line{State: Failed}
	case who.State == rule.None, who.State == rule.Present && !who.none && !who.truth:
		return Line{State: Out}
	}
	where := ask(x.where)
	if where.State == rule.Failed {
		return Line{State: Failed}
	}
	if who.State == rule.Unknown {
		return Line{State: Dark}
	}
	l := Line{State: Counted, Value: x.unit(), Weight: 1}
	switch w := ask(x.weight); w.State {
	case rule.Failed:
		return Line{State: Failed}
	case rule.Unknown:
		return Line{State: Open} // with the weight of nothing: how much of the whole it is, nobody knows
	case rule.None:
		return Line{State: Out} // it has no weight
	default:
		if !w.none {
			l.Weight = w.n
		}
	}
	switch {
	case where.State == rule.Unknown:
		l.State = Open
		return l
	case where.State == rule.None, !where.none && !where.truth:
		l.State = Within
		return l
	}
	switch v := ask(x.value); v.State {
	case rule.Failed:
		return Line{State: Failed}
	case rule.Unknown:
		l.State = Open
	case rule.None: // known to be nothing
		l.Value = 0
		if x.Measure == Level {
			l.State = Within
		}
	default:
		if !v.none {
			l.Value = v.n
		}
	}
	return l
}

// counted is a value in fen, in millionths, or, of a weight that is a whole number, as it is; fits is false where that has no
// 64 bits. A rate that is no whole number of millionths is rounded half away from zero.
func counted(v rule.Value, inUnits bool) (n int64, fits bool) {
	switch v.Type() {
	case rule.MoneyType:
		return int64(v.Fen()), true
	case rule.DecimalType:
		return v.Millionths(), true
	case rule.IntType:
		if !inUnits {
			return v.Int(), true
		}
		return scaled(big.NewInt(v.Int()), big.NewInt(1))
	default:
		r := v.Rate().Rat()
		return scaled(r.Num(), r.Denom())
	}
}

// scaled is a fraction in millionths, rounded half away from zero.
func scaled(num, den *big.Int) (int64, bool) {
	if num.IsInt64() && den.IsInt64() {
		n, d := num.Int64(), den.Int64()
		if abs(n) <= (1<<63-1)/scale/2 && d > 0 && scale%d == 0 {
			return n * (scale / d), true
		}
	}
	n := new(big.Int).Mul(num, big.NewInt(2*scale))
	if n.Sign() < 0 {
		n.Sub(n, den)
	} else {
		n.Add(n, den)
	}
	n.Quo(n, new(big.Int).Mul(den, big.NewInt(2)))
	return n.Int64(), n.IsInt64()
}

// Given is the figure that is stated for an area itself, ok is false where nothing is.
func (x *Indicator) Given(area rule.Subject, p period.Period, on period.Day) (f Figure, ok bool) {
	if x.Grain == period.Year {
		p = period.OfYear(p.YearOf())
	}
	s := carried{area, x.Carry}
	v, state, before := s.fact(x.fact, p, on)
	if state != rule.Present {
		return Figure{}, false
	}
	n, fits := counted(v, true)
	if !fits {
		return Figure{}, false
	}
	t := Tally{Counted: 1, Within: 1}
	if before {
		t.Carried = 1
	}
	t.num.add(n)
	return x.Figure(t), true
}

// Sum is a given figure made of those of the areas below, each stated for itself: how many of so many areas are there.
func (x *Indicator) Sum(parts []Figure, of int) Figure {
	var t Tally
	for _, p := range parts {
		t = t.Plus(p.Tally)
	}
	t.Within = of
	t.Open = of - t.Counted
	return x.Figure(t)
}

// Index is the figure of a composite, from the figures of its parts in their order: each part counts with its weight times its value over the
// whole of it, up to the whole. It is out of 100. A part without a figure leaves the index without one.
func (x *Indicator) Index(parts []Figure) Figure {
	var f Figure
	sum := new(big.Rat)
	one := big.NewRat(1, 1)
	for i, p := range parts {
		f.Open += p.Open + p.Dark + p.Failed
		if p.Value == nil {
			return Figure{Tally: Tally{Open: f.Open}}
		}
		share := new(big.Rat).Quo(p.Value, x.wholes[i])
		if share.Cmp(one) > 0 {
			share = one
		}
		if share.Sign() > 0 {
			sum.Add(sum, share.Mul(new(big.Rat).Set(share), big.NewRat(int64(x.Parts[i].Weight), 1)))
		}
	}
	f.Value = sum
	return f
}

// Covered is the figure of a coverage, from what is in each of its cells in which there is anything: how many of so many cells have enough
// subjects that count.
func (x *Indicator) Covered(tallies []Tally, cells int) Figure {
	f := Figure{Cells: cells}
	n := int64(0)
	for _, t := range tallies {
		f.Tally = f.Plus(t)
		if t.Counted >= max(x.Cells.Least, 1) {
			n++
		}
	}
	switch {
	case cells == 0:
	case x.Percent():
		f.Value = big.NewRat(n, int64(cells))
	default:
		f.Value = big.NewRat(n, 1)
	}
	return f
}

// Quantity reads a number in the unit of the indicator's figures: 72, 40%, 500万元.
func (x *Indicator) Quantity(text string) (*big.Rat, error) {
	v, err := rule.ParseValue(x.Type, text)
	if err != nil {
		return nil, err
	}
	return ratOf(v), nil
}

// Cell is the code by which a subject falls into a cell of a coverage; ok is false where it is in none.
func (s *Set) Cell(x *Indicator, subject rule.Subject, at At) (code string, ok bool) {
	if x.Cells == nil || x.Cells.By == "" {
		return "", false
	}
	top := subject
	for top != nil && top.Kind() != x.cellFact.Subject {
		top = top.Parent()
	}
	if top == nil {
		return "", false
	}
	p := period.Period{}
	if x.cellFact.Period == period.Year {
		p = period.OfYear(at.Year())
	}
	v, state := carrying(top, x.Carry).Fact(x.cellFact, p, at.Last)
	if state != rule.Present {
		return "", false
	}
	return v.Text(), true
}

// CellCodes are the codes of the list by which a coverage has cells; nil where it has none.
func (x *Indicator) CellCodes(lib *content.Library) []content.CodeEntry {
	list, _ := lib.CodeList(x.cellFact.Codes)
	return list.Entries
}
