package lab

import (
	"context"
	"maps"
	"math/big"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// Limits on a search.
const (
	maxSteps = 1_000_000
	maxScan  = 41 // points that are tried where nothing is proven
)

// Search asks for the value of a parameter that a budget allows: from Low by Step up to High, each written as the file would
// write the parameter.
type Search struct {
	Param  string    `json:"param"`
	Key    string    `json:"key,omitempty"` // in the parameter's table
	Low    string    `json:"low"`
	High   string    `json:"high"`
	Step   string    `json:"step"`
	Budget money.Fen `json:"budget"`         // for money and services together
	Year   int       `json:"year,omitempty"` // of it; 0 for all that the policy pays
}

// Found is what a search came to. The value that is looked for is the most generous one that stays within the budget.
//
// Where the response is proven monotone (Scan is false), Sure and Possible are exact to the step: beyond Possible.Value the
// budget may be exceeded, and up to it it is not, whatever is still missing; beyond Sure.Value it is exceeded whatever is
// missing. Where all is known they are one. Else the points of Tried were looked at and nothing between them: Sure and
// Possible are then the points that cost the most within the budget.
type Found struct {
	Search
	Direction int      // 1: a greater value never costs less; -1: never more; 0: not proven
	Why       i18n.Msg // why nothing is proven
	Scan      bool     // only the points of Tried were looked at
	Steps     int      // values that the range has
	Tried     []Point  // by value
	Sure      *Point   // as far as what is paid for sure stays within the budget; nil where no value does
	Possible  *Point   // as far as all that is possible does
}

// Point is one value and what it costs.
type Point struct {
	Value  string
	Cost   policy.Interval
	Failed int // firms without a decision
}

// Find looks for the value of a parameter of a scenario that a budget allows. It takes one run of the region for each point,
// about twenty where the response is proven monotone.
func (l *Lab) Find(ctx context.Context, view fact.View, s Scenario, asOf period.Day, q Search) (*Found, error) {
	p, err := l.PlanFor(ctx, view, s)
	if err != nil {
		return nil, err
	}
	f := &finding{lab: l, view: view, asOf: asOf, planned: p, points: map[int]Point{}, Found: &Found{Search: q}}
	if err := f.measure(); err != nil {
		return nil, err
	}
	response := p.Plan.Response(q.Param)
	f.Direction, f.Why = response.Direction, response.Why
	if q.Year != 0 {
		f.Direction, f.Why = 0, i18n.M("lab.response_year")
	}
	if f.Direction != 0 {
		if err := f.ends(ctx); err != nil {
			return nil, err
		}
	}
	search := f.bisect
	if f.Direction == 0 {
		f.Scan, search = true, f.scan
	}
	if err := search(ctx); err != nil {
		return nil, err
	}
	for _, k := range slices.Sorted(maps.Keys(f.points)) {
		f.Tried = append(f.Tried, f.points[k])
	}
	return f.Found, nil
}

// finding is a search under way.
type finding struct {
	*Found
	lab     *Lab
	view    fact.View
	asOf    period.Day
	planned *Planned

	kind      string // type of the parameter
	low, step *big.Rat
	points    map[int]Point // by number of the step
}

// measure reads the range.
func (f *finding) measure() error {
	all := f.planned.Plan.Policy.File.Params
	i := slices.IndexFunc(all, func(p policy.Param) bool { return p.ID == f.Param })
	if i < 0 {
		return errs.Invalid(f.planned.Plan.Policy.NoParam(f.Param))
	}
	f.kind = all[i].Type
	if f.kind == "date" {
		return errs.Invalid(i18n.M("lab.range_date", f.Param))
	}
	var read [3]*big.Rat
	for i, text := range []string{f.Low, f.High, f.Step} {
		v, ok := ratOf(f.kind, text)
		if !ok {
			return errs.Invalid(i18n.M("lab.range_number", text, f.Param))
		}
		read[i] = v
	}
	f.low, f.step = read[0], read[2]
	return f.count(read[1])
}

// count is how many steps the range has.
func (f *finding) count(high *big.Rat) error {
	if f.low.Sign() < 0 || high.Cmp(f.low) < 0 || f.step.Sign() <= 0 {
		return errs.Invalid(i18n.M("lab.range_order", f.Low, f.High, f.Step))
	}
	n := new(big.Rat).Sub(high, f.low)
	n.Quo(n, f.step)
	steps := new(big.Int).Quo(n.Num(), n.Denom())
	if !steps.IsInt64() || steps.Int64() >= maxSteps {
		return errs.Invalid(i18n.M("lab.range_long", maxSteps))
	}
	f.Steps = int(steps.Int64()) + 1
	return nil
}

// ratOf is a number as it is written, in fen, as a fraction, as a count.
func ratOf(kind, text string) (*big.Rat, bool) {
	switch kind {
	case "money":
		v, err := money.Parse(text)
		return new(big.Rat).SetInt64(int64(v)), err == nil
	case "rate":
		v, err := money.ParseRate(text)
		return v.Rat(), err == nil
	case "decimal":
		v, err := money.ParseIn(text, 1_000_000)
		return big.NewRat(int64(v), 1_000_000), err == nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	return new(big.Rat).SetInt64(v), err == nil
}

// value is the number of a step as the file would write it; false where it is none of its type.
func (f *finding) value(k int) (string, bool) {
	v := new(big.Rat).Mul(f.step, new(big.Rat).SetInt64(int64(k)))
	v.Add(v, f.low)
	switch f.kind {
	case "money":
		return money.Fen(v.Num().Int64()).String(), v.IsInt() && v.Num().IsInt64()
	case "rate":
		if !v.Num().IsInt64() || !v.Denom().IsInt64() {
			return "", false
		}
		r, err := money.NewRate(v.Num().Int64(), v.Denom().Int64())
		return r.String(), err == nil
	case "decimal":
		return v.FloatString(6), true
	}
	return v.Num().String(), v.IsInt()
}

// at is what the region costs at a step.
func (f *finding) at(ctx context.Context, k int) (Point, error) {
	if p, ok := f.points[k]; ok {
		return p, nil
	}
	if err := ctx.Err(); err != nil {
		return Point{}, err
	}
	value, ok := f.value(k)
	if !ok {
		return Point{}, errs.Invalid(i18n.M("lab.range_number", f.Step, f.Param))
	}
	s := f.planned.Scenario
	s.Changes = append(slices.Clone(s.Changes), policy.Patch{Param: f.Param, Key: f.Key, Value: value})
	p, err := f.lab.Plan(ctx, f.view.Seq(), s)
	if err != nil {
		return Point{}, err
	}
	r, err := f.lab.Runner.Probe(ctx, f.view, p.Plan, p.asked(f.asOf))
	if err != nil {
		return Point{}, err
	}
	if s.Area != "" {
		r = r.Within(s.Area)
	}
	out := Point{Value: value, Cost: r.Sum.Total.Plus(r.Sum.InKind), Failed: r.Sum.Failed}
	if f.Year != 0 {
		out.Cost = policy.Interval{}
		for _, y := range r.ByYear() {
			if y.Year == f.Year {
				out.Cost = y.Pays
			}
		}
	}
	f.points[k] = out
	return out, nil
}

// generous is the step with a number, counted from the least generous one.
func (f *finding) generous(n int) int {
	if f.Direction < 0 {
		return f.Steps - 1 - n
	}
	return n
}

// ends tries both ends of the range. A firm that has a decision at one of them alone is no longer part of a sum that rises.
func (f *finding) ends(ctx context.Context) error {
	least, err := f.at(ctx, f.generous(0))
	if err != nil {
		return err
	}
	most, err := f.at(ctx, f.generous(f.Steps-1))
	if err != nil {
		return err
	}
	if least.Failed != most.Failed {
		f.Direction, f.Why = 0, i18n.M("lab.response_failed")
	}
	return nil
}

// bisect finds the last step that stays within the budget, of what is sure and of what is possible.
func (f *finding) bisect(ctx context.Context) error {
	var err error
	if f.Sure, err = f.last(ctx, f.surely); err != nil {
		return err
	}
	f.Possible, err = f.last(ctx, f.possibly)
	return err
}

// last is the most generous step that is within the budget; nil where the least generous is not.
func (f *finding) last(ctx context.Context, within func(Point) bool) (*Point, error) {
	var found *Point
	for low, high := 0, f.Steps; low < high; { // all below low are within, none from high on
		n := (low + high) / 2
		if low == 0 && high == f.Steps { // most ask for a range that holds the answer, and both ends are there already
			n = f.Steps - 1
		}
		p, err := f.at(ctx, f.generous(n))
		if err != nil {
			return nil, err
		}
		if within(p) {
			found, low = &p, n+1
		} else {
			high = n
		}
	}
	return found, nil
}

// scan tries points that lie evenly over the range, both ends among them.
func (f *finding) scan(ctx context.Context) error {
	n := min(f.Steps, maxScan)
	for i := range n {
		k := 0
		if n > 1 {
			k = i * (f.Steps - 1) / (n - 1)
		}
		p, err := f.at(ctx, k)
		if err != nil {
			return err
		}
		if f.surely(p) && (f.Sure == nil || p.Cost.Sure > f.Sure.Cost.Sure) {
			f.Sure = &p
		}
		if f.possibly(p) && (f.Possible == nil || p.Cost.Possible > f.Possible.Cost.Possible) {
			f.Possible = &p
		}
	}
	return nil
}

func (f *finding) surely(p Point) bool   { return p.Cost.Sure <= f.Budget }
func (f *finding) possibly(p Point) bool { return !p.Cost.Unbounded && p.Cost.Possible <= f.Budget }
