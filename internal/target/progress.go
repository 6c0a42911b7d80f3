package target

import (
	"context"
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
)

// State is how far a target is.
type State string

// The states.
const (
	Reached State = "reached"
	OnTrack State = "on_track" // at or above its path
	Behind  State = "behind"   // below its path
	Late    State = "late"     // its day is past and it is not reached
	Unknown State = "unknown"  // it cannot be measured, or held against anything; Why says why
)

// States are all of them, in the order in which pages tell them.
func States() []State { return []State{Late, Behind, OnTrack, Reached, Unknown} }

// Asked is a target of an area or a chain on a day.
type Asked struct {
	Split    *Split
	Area     string
	Chain    string     // "" for the whole area
	On       period.Day // 0 for today
	Verified bool       // only what was verified counts
}

// Progress is how far a target is from where it should be.
type Progress struct {
	Asked
	State State
	Why   i18n.Msg // of Unknown

	Promise *big.Rat // quota, or the target itself; nil where there is none
	Quota   *Quota   // that it is by; nil where it is the plan's own figure
	By      Act      // the entry of the quota

	Begin, End period.Day // of the path
	Figure     Measured   // on the day
	Than       Measured   // of a relation: the other figure
	Actual     *big.Rat   // what is promised of it: the figure itself or its change; nil where it is not known
	All        *big.Rat   // the same by all that is known, verified or not
	Start      *big.Rat   // where the path begins
	Nothing    bool       // there was no figure to begin with: the path begins at zero
	Stated     []Quota    // points of the path that were entered
	Need       *big.Rat   // where the path is on the day
	Distance   *big.Rat   // Actual less Need; nil where either is not known
	Left       *big.Rat   // Promise less Actual

	Since    period.Day // from which the pace is taken
	Forecast *big.Rat   // at End, by the pace since then carried on; nil where there is no telling
	Will     bool       // that would reach it
}

// Short is by which share of where it should be the figure falls short; below nothing where it is ahead, nil where there is no telling.
func (p Progress) Short() *big.Rat {
	if p.Distance == nil || p.Need == nil || p.Need.Sign() == 0 {
		return nil
	}
	g := p.Split.Goal
	short := new(big.Rat).Quo(p.Distance, new(big.Rat).Abs(p.Need))
	if g.Indicator.LessIsBetter() && g.Change == "" {
		return short
	}
	return short.Neg(short)
}

// span is the first and the last day of the path of a target on a day.
func span(g indicator.Goal, on period.Day) (begin, end period.Day) {
	switch g.Span {
	case content.EachYear:
		y := min(max(on.Year(), g.Plan.From.Year()), g.Plan.To.Year())
		return period.Date(y, 1, 1), period.Date(y, 12, 31)
	case content.ByDay:
		return g.Plan.From, *g.By
	}
	return g.Plan.From, g.Plan.To
}

// held is a target with another number: a quota, or a point of the path.
func held(g indicator.Goal, value *big.Rat, compare string) indicator.Goal {
	g.Low, g.High = value, nil
	if g.Compare != content.Relation {
		g.Compare = compare
	}
	return g
}

// Progress tells how far a target is. What an area that the reader does not see whole comes to is told of what it sees.
func (s *Store) Progress(ctx context.Context, view fact.View, a Asked) (Progress, error) {
	g := a.Split.Goal
	if a.On == 0 {
		a.On = s.Clock.Today()
	}
	p := Progress{Asked: a, State: Unknown}
	p.Begin, p.End = span(g, a.On)
	if a.On < p.Begin {
		p.Why = i18n.M("target.why_ahead", p.Begin.String())
		return p, nil
	}
	if g.Span == content.EachYear && a.On > p.End { // the plan has ended: its last year
		a.On = p.End
		p.On = a.On
	}
	key := Key{Area: a.Area, Chain: a.Chain}
	if g.Span == content.EachYear {
		key.Year = p.End.Year()
	}
	own := a.Area == g.Plan.Area && a.Chain == ""
	if q, act, ok := a.Split.Quota(key); ok {
		p.Quota, p.By = &q, act
	}
	p.Promise = a.Split.Promise(key)
	if g.Indicator == nil {
		p.Why = i18n.M("target.why_no_indicator")
		return p, nil
	}
	m := measuring{x: g.Indicator, area: a.Area, chain: a.Chain, from: p.Begin, on: min(a.On, s.Clock.Today()), verified: a.Verified}
	var err error
	if m.choices, err = s.Monitor.Choices(ctx, view, a.Area, m.on); err != nil {
		return p, err
	}
	if p.Actual, p.Figure, err = s.actual(ctx, view, g, m); err != nil {
		return p, err
	}
	p.All = p.Actual
	if a.Verified {
		all := m
		all.verified = false
		if p.All, _, err = s.actual(ctx, view, g, all); err != nil {
			return p, err
		}
	}
	goal := g
	switch {
	case g.Compare == content.Relation:
		than := m
		than.x = g.Than
		if p.Than, err = s.one(ctx, view, than); err != nil {
			return p, err
		}
	case p.Promise == nil && own:
		p.Why = i18n.M("target.why_words")
		return p, nil
	case p.Promise == nil:
		p.Why = i18n.M("target.why_no_quota")
		return p, nil
	case p.Quota != nil || !own:
		goal = held(g, p.Promise, content.AtLeast)
	}
	met, told := goal.Met(p.Actual, p.Than.Value)
	if !told {
		p.Why = p.Figure.Why
		if p.Actual != nil {
			p.Why = p.Than.Why
		}
		return p, nil
	}
	if g.Compare == content.Relation {
		return p, s.related(&p, met)
	}
	return p, s.along(ctx, view, &p, goal, m, met)
}

// related is the state of a relation, which has no path.
func (s *Store) related(p *Progress, met bool) error {
	p.Distance = new(big.Rat).Sub(p.Actual, p.Than.Value)
	switch {
	case met && p.On >= p.End:
		p.State = Reached
	case met:
		p.State = OnTrack
	case p.On > p.End:
		p.State = Late
	default:
		p.State = Behind
	}
	return nil
}

// along fills in where the path is, how far from it the actual figure is, and where the present pace leads.
func (s *Store) along(ctx context.Context, view fact.View, p *Progress, goal indicator.Goal, m measuring, met bool) error {
	if err := s.begin(ctx, view, p, m); err != nil {
		return err
	}
	p.Need = p.pathAt(p.On)
	p.Distance = new(big.Rat).Sub(p.Actual, p.Need)
	p.Left = new(big.Rat).Sub(p.Promise, p.Actual)
	way, _ := held(goal, p.Need, content.AtLeast).Met(p.Actual, nil)
	switch {
	case met && (p.On >= p.End || !Alike(p.Split.Goal)): // a year's growth may be lost again before the year is over
		p.State = Reached
	case p.On > p.End:
		p.State = Late
	case way:
		p.State = OnTrack
	default:
		p.State = Behind
	}
	return s.forecast(ctx, view, p, goal, m)
}

// begin fills in where the path of a target begins, and the points that it goes through.
func (s *Store) begin(ctx context.Context, view fact.View, p *Progress, m measuring) error {
	g := p.Split.Goal
	p.Start = new(big.Rat)
	p.Stated = p.Split.Points(p.Area, p.Chain)
	switch {
	case Alike(g):
		p.Start = p.Promise // what grows by so much in a year grows by that in each part of it
		return nil
	case addsUp(g.Indicator) || g.Change != "":
		return nil // from nothing, by its nature
	}
	m.on = p.Begin - 1
	f, err := s.one(ctx, view, m)
	if err != nil {
		return err
	}
	if p.Nothing = f.Value == nil; !p.Nothing {
		p.Start = f.Value
	}
	return nil
}

// pathAt is where the path is on a day: on the line between the points around it.
func (p *Progress) pathAt(on period.Day) *big.Rat {
	from, value := p.Begin-1, p.Start
	to, next := p.End, p.Promise
	for _, q := range p.Stated {
		day := period.Date(q.Year, 12, 31)
		if day >= p.End {
			break
		}
		if day <= on {
			from, value = day, q.Value
			continue
		}
		to, next = day, q.Value
		break
	}
	if on >= to {
		return next
	}
	part := big.NewRat(int64(on-from), int64(to-from))
	rise := new(big.Rat).Sub(next, value)
	return rise.Add(rise.Mul(rise, part), value)
}

const (
	year       = 365
	leastSpell = 30 // days that a pace must have been seen for
)

// forecast carries the pace of the last twelve months on to the end; of what is counted from the beginning, the pace since then. Where most of
// a figure is still that of the year before, the pace is that of the year before.
func (s *Store) forecast(ctx context.Context, view fact.View, p *Progress, goal indicator.Goal, m measuring) error {
	if p.On >= p.End || m.on < p.On || p.Split.Goal.Change == content.Growth {
		return nil
	}
	at, since := m.on, p.Begin-1
	gained := p.Actual
	if !addsUp(m.x) && p.Split.Goal.Change == "" {
		if 2*p.Figure.Carried > p.Figure.Counted {
			at = period.Date(at.Year(), 1, 1) - 1
		}
		since = at - year
		m.on = since
		was, err := s.one(ctx, view, m)
		if err != nil || was.Value == nil {
			return err
		}
		gained = new(big.Rat).Sub(p.Actual, was.Value)
	}
	if at-since < leastSpell {
		return nil
	}
	rest := big.NewRat(int64(p.End-at), int64(at-since))
	p.Since = since + 1
	p.Forecast = new(big.Rat).Add(p.Actual, rest.Mul(rest, gained))
	if p.Forecast.Sign() < 0 {
		p.Forecast.SetInt64(0)
	}
	if top := big.NewRat(1, 1); m.x.Measure == indicator.Share && p.Forecast.Cmp(top) > 0 {
		p.Forecast = top
	}
	p.Will, _ = goal.Met(p.Forecast, nil)
	return nil
}

// Point is a day of a path, with what there was and where the path was.
type Point struct {
	Day    period.Day
	Actual *big.Rat // nil where it is not known, or lies ahead
	Need   *big.Rat // nil of a target without a path
}

// Path is a target from its beginning to its end, at the end of each quarter, or of each month of one that is of every year, and on the day that
// is asked for.
func (s *Store) Path(ctx context.Context, view fact.View, p Progress) ([]Point, error) {
	g := p.Split.Goal
	if g.Indicator == nil || p.Begin == 0 || p.On < p.Begin {
		return nil, nil
	}
	step := 3
	if g.Span == content.EachYear {
		step = 1
	}
	days := []period.Day{p.On}
	y, month, _ := p.Begin.YMD()
	for d := p.Begin - 1; d <= max(p.End, p.On); {
		days = append(days, d)
		month += step
		d = period.Date(y, month-(month-1)%step, 1) - 1
	}
	days = append(days, p.End)
	slices.Sort(days)
	days = slices.Compact(days)
	var all []Point
	for _, d := range days {
		x := Point{Day: d}
		if p.Promise != nil && p.Start != nil {
			x.Need = p.pathAt(d)
		}
		switch {
		case d < p.Begin && Alike(g): // of no part of the path
		case d < p.Begin && (addsUp(g.Indicator) || g.Change != ""):
			x.Actual = new(big.Rat)
		case d <= min(p.On, s.Clock.Today()):
			m := measuring{x: g.Indicator, area: p.Area, chain: p.Chain, from: p.Begin, on: d, verified: p.Verified}
			var err error
			if m.choices, err = s.Monitor.Choices(ctx, view, p.Area, d); err != nil {
				return nil, err
			}
			if x.Actual, _, err = s.actual(ctx, view, g, m); err != nil {
				return nil, err
			}
		}
		all = append(all, x)
	}
	return all, nil
}

// Overview is how far each target of a plan is for an area, in the plan's order, with the quotas of each.
func (s *Store) Overview(ctx context.Context, view fact.View, plan, area string, on period.Day, verified bool) ([]Progress, error) {
	splits, err := s.Splits(ctx, plan)
	if err != nil {
		return nil, err
	}
	p, err := s.Plan(plan)
	if err != nil {
		return nil, err
	}
	if !s.Library.Areas().Within(area, p.Area) || !view.Scope().Sees(access.ReadFact, area, 0) {
		return nil, errs.NotFound("area", area)
	}
	out := make([]Progress, len(splits))
	for i, x := range splits {
		if out[i], err = s.Progress(ctx, view, Asked{Split: x, Area: area, On: on, Verified: verified}); err != nil {
			return nil, err
		}
	}
	return out, nil
}
