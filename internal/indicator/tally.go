package indicator

import (
	"math/big"
	"math/bits"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// State is how a subject stands to an indicator.
type State uint8

// The states.
const (
	Out     State = iota // not in the population
	Within               // in it, and not counted
	Counted              // in it, and counted
	Open                 // in it; whether it counts, or with how much, is not known
	Dark                 // whether it is in the population is not known
	Failed               // a value does not fit
)

var stateWords = [...]string{"out", "within", "counted", "open", "dark", "failed"}

// String is the state's word, as addresses and the API write it.
func (s State) String() string { return stateWords[s] }

// StateOf is the state of a word; false for none.
func StateOf(word string) (State, bool) {
	for s, w := range stateWords {
		if w == word {
			return State(s), true
		}
	}
	return 0, false
}

// Msg names a state.
func (s State) Msg() i18n.Msg { return i18n.M("indicator.state." + s.String()) }

// Line is what one subject brings to an indicator.
type Line struct {
	State   State
	Value   int64 // of one that counts: fen of an amount, millionths of any other number; of a count 1,000,000. 0 of any other
	Weight  int64 // by which it counts; 1 without weights
	Carried bool  // some of what was read of it was stated for a year before
}

// dates are the days that a line goes by, without which it holds for every day of a year.
type dates struct {
	since, until, day date
}

// date is a day that an expression gave.
type date struct {
	rule.State
	on    period.Day
	asked bool // there is an expression
}

// resolve is a line on the days of a span. Rows and columns both go by it.
func (x *Indicator) resolve(l Line, d dates, at At) Line {
	if l.State == Out || l.State == Failed {
		return Line{State: l.State}
	}
	if d.since.asked {
		switch d.since.State {
		case rule.Failed:
			return Line{State: Failed}
		case rule.None:
			return Line{State: Out}
		case rule.Unknown:
			return Line{State: Dark}
		default:
			if d.since.on > at.Last {
				return Line{State: Out}
			}
		}
	}
	switch {
	case d.until.State == rule.Failed:
		return Line{State: Failed}
	case d.until.State == rule.Present && d.until.on <= at.Last:
		return Line{State: Out}
	case l.State == Dark:
		return Line{State: Dark}
	}
	if d.day.asked && l.State != Within {
		switch d.day.State {
		case rule.Failed:
			return Line{State: Failed}
		case rule.Unknown:
			l.State = Open
		case rule.None:
			l.State = Within
		default:
			if d.day.on > at.Last || x.Measure == Flow && d.day.on < at.First {
				l.State = Within
			}
		}
	}
	if l.State != Counted {
		l.Value = 0
	}
	return l
}

// Tally is lines added up. Its zero value is nothing; tallies may be added in any order.
type Tally struct {
	Counted, Within, Open, Dark, Failed int // Within is all of the population: those that count, those that do not, and those that are open
	Carried                             int // of the counted
	num, den                            total
}

// total is a sum that never overflows.
type total struct {
	n    int64
	wide *big.Int // what did not fit; nil for nothing
}

func (t *total) add(n int64) {
	sum := t.n + n
	if (t.n^sum)&(n^sum) < 0 { // overflow: both have the sign that the sum has not
		t.widen().Add(t.wide, big.NewInt(n))
		return
	}
	t.n = sum
}

// addProduct adds a × b.
func (t *total) addProduct(a, b int64) {
	hi, lo := bits.Mul64(abs(a), abs(b))
	if hi != 0 || lo > 1<<63-1 {
		t.widen().Add(t.wide, new(big.Int).Mul(big.NewInt(a), big.NewInt(b)))
		return
	}
	t.add(a * b)
}

func abs(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func (t *total) widen() *big.Int {
	if t.wide == nil {
		t.wide = new(big.Int)
	}
	return t.wide
}

func (t *total) plus(o *total) {
	t.add(o.n)
	if o.wide != nil {
		t.wide = new(big.Int).Add(t.widen(), o.wide) // a new one: tallies are copied
	}
}

func (t *total) int() *big.Int {
	n := big.NewInt(t.n)
	if t.wide != nil {
		n.Add(n, t.wide)
	}
	return n
}

// put adds a line.
func (t *Tally) put(x *Indicator, l Line) {
	switch l.State {
	case Out:
		return
	case Dark:
		t.Dark++
		return
	case Failed:
		t.Failed++
		return
	case Open:
		t.Open++
	case Counted:
		t.Counted++
		if l.Carried {
			t.Carried++
		}
	}
	t.Within++
	switch x.Measure {
	case Share:
		t.den.add(l.Weight)
		if l.State == Counted {
			t.num.add(l.Weight)
		}
	case Level:
		if l.State == Counted {
			t.num.addProduct(l.Value, l.Weight)
			t.den.add(l.Weight)
		}
	default:
		if l.State == Counted {
			t.num.add(l.Value)
		}
	}
}

// Plus is both together.
func (t Tally) Plus(o Tally) Tally {
	t.Counted += o.Counted
	t.Within += o.Within
	t.Open += o.Open
	t.Dark += o.Dark
	t.Failed += o.Failed
	t.Carried += o.Carried
	if t.num.wide != nil {
		t.num.wide = new(big.Int).Set(t.num.wide)
	}
	if t.den.wide != nil {
		t.den.wide = new(big.Int).Set(t.den.wide)
	}
	t.num.plus(&o.num)
	t.den.plus(&o.den)
	return t
}

// Zero says that no subject at all is in it, not even one of which it is not known.
func (t Tally) Zero() bool { return t.Within+t.Dark+t.Failed == 0 }

// Figure is a figure of an indicator for an area and a period.
type Figure struct {
	Tally
	Value *big.Rat // fen of an amount, else the number itself: a share of 0.65 is 13/20; nil where there is none
	Cells int      // of a coverage: how many there are
}

// unit is what a number of an indicator's lines is counted in.
func (x *Indicator) unit() int64 {
	if x.Type == rule.MoneyType {
		return 1
	}
	return scale
}

// Figure is what a tally means. A share or level of nobody is no number, nor is a share of which nobody said of anyone whether it counts, nor a sum
// of which nobody said with how much.
func (x *Indicator) Figure(t Tally) Figure {
	f := Figure{Tally: t}
	num, den := t.num.int(), big.NewInt(x.unit())
	switch x.Measure {
	case Share:
		den = t.den.int()
	case Level:
		den.Mul(den, t.den.int())
	}
	silent := (x.Measure == Share || x.value != nil) && t.Within == t.Open && t.Open+t.Dark+t.Failed > 0
	if den.Sign() > 0 && !silent {
		f.Value = new(big.Rat).SetFrac(num, den)
	}
	return f
}

// Known says that nothing is open that could change the figure.
func (f Figure) Known() bool { return f.Value != nil && f.Open+f.Dark+f.Failed == 0 }

// Tells says that the indicator can be told for a period: its subjects are dated finely enough. A stock, share or level of
// a year is read in the year for any day of it; a flow of a year only for whole years.
func (x *Indicator) Tells(p period.Period) bool {
	if _, _, ok := p.Span(); !ok {
		return false
	}
	if x.Measure == Given {
		return p.Kind() == x.Grain || x.Grain == period.Year && x.Over.Time == "last"
	}
	switch x.Grain {
	case period.DayKind:
		return true
	case period.Month:
		return p.Kind() != period.DayKind
	}
	return x.Measure != Flow || p.Kind() == period.Year
}

// Months are the parts of which a flow of months is the sum; the period itself for any other indicator.
func (x *Indicator) Months(p period.Period) []period.Period {
	first, last, ok := p.Span()
	if !ok || x.Measure != Flow || x.Grain != period.Month || p.Kind() == period.Month {
		return []period.Period{p}
	}
	var all []period.Period
	for d := first; d <= last; {
		y, m, _ := d.YMD()
		all = append(all, period.OfMonth(y, m))
		d = period.Date(y, m+1, 1)
	}
	return all
}
