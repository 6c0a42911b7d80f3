package target

import (
	"context"
	"math/big"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Measured is a figure on a day, or why there is none.
type Measured struct {
	indicator.Figure          // Value is nil where there is none
	Why              i18n.Msg // why not
}

// measuring is what is measured of a target.
type measuring struct {
	x        *indicator.Indicator
	area     string
	chain    string
	from     period.Day // from which what happens is counted
	on       period.Day
	choices  map[string]string
	verified bool
}

// addsUp says that an indicator tells what happens within a time, so that the figures of years are added up.
func addsUp(x *indicator.Indicator) bool { return x.Over.Time == "sum" }

// by is the figures of the parts of a dimension on a day: of what there is, on the day itself; of what happens, from the first day of the year
// in which counting begins. Figures that nothing is known of have no value.
func (s *Store) by(ctx context.Context, view fact.View, m measuring, d monitor.Dimension) (map[string]Measured, error) {
	out := map[string]Measured{}
	first := m.on.Year()
	if addsUp(m.x) {
		first = min(m.from.Year(), first)
	}
	for y := first; y <= m.on.Year(); y++ {
		cells, err := s.year(ctx, view, m, y, d)
		if errs.KindOf(err) == errs.KindInvalid && err != nil {
			msg, _ := errs.Message(err)
			return map[string]Measured{"": {Why: msg}}, nil
		}
		if err != nil {
			return nil, err
		}
		for _, c := range cells {
			if d.By == "" {
				c.Code = "" // the only one
			}
			had, more := out[c.Code]
			f := c.Figure
			if f.Value == nil {
				f = indicator.Figure{Tally: f.Tally}
			}
			if more && had.Value != nil {
				if f.Value == nil {
					f = had.Figure
				} else {
					f = m.x.Figure(had.Tally.Plus(f.Tally))
				}
			}
			out[c.Code] = Measured{Figure: f}
		}
	}
	for code, f := range out {
		out[code] = known(m.x, f.Figure)
	}
	return out, nil
}

// known is a figure without its value where that only says that nobody has stated anything.
func known(x *indicator.Indicator, f indicator.Figure) Measured {
	switch {
	case f.Counted == 0 && f.Within > 0 && f.Open == f.Within, x.Measure == indicator.Stock && f.Within == 0 && f.Dark > 0:
		f.Value = nil
		return Measured{Figure: f, Why: i18n.M("target.why_open", f.Open+f.Dark)}
	case f.Value == nil:
		return Measured{Figure: f, Why: i18n.M("target.why_nothing")}
	}
	return Measured{Figure: f}
}

// query asks for a year up to the day.
func (m measuring) query(y int) monitor.Query {
	q := monitor.Query{Indicator: m.x, Area: m.area, Period: period.OfYear(y), Until: min(m.on, period.Date(y, 12, 31)), Choices: m.choices, Verified: m.verified}
	if m.chain != "" {
		q.Only = &monitor.Part{Dimension: byChains, Code: m.chain}
	}
	return q
}

// year is the figures of a year, up to the day.
func (s *Store) year(ctx context.Context, view fact.View, m measuring, y int, d monitor.Dimension) ([]monitor.Cell, error) {
	q := m.query(y)
	if _, month, _ := m.on.YMD(); !m.x.Tells(q.Period) && !addsUp(m.x) {
		q.Period = period.OfMonth(y, month) // stated month by month: that of the day
	}
	return s.Monitor.By(ctx, view, q, d)
}

// one is a single figure.
func (s *Store) one(ctx context.Context, view fact.View, m measuring) (Measured, error) {
	all, err := s.by(ctx, view, m, monitor.Dimension{})
	if err != nil {
		return Measured{}, err
	}
	f, ok := all[""]
	if !ok {
		f.Why = i18n.M("target.why_nothing")
	}
	return f, nil
}

// before is the day whose figure a change is counted from: the end of the year before, or the day before the plan.
func before(g indicator.Goal, on period.Day) period.Day {
	if g.Span == content.EachYear {
		return period.Date(on.Year(), 1, 1) - 1
	}
	return g.Plan.From - 1
}

// Alike says that what is promised is by how much a flow grows: that of the year so far over the same months or days of the year before, of the
// same subjects.
func Alike(g indicator.Goal) bool {
	return g.Indicator != nil && g.Change == content.Growth && g.Indicator.Measure == indicator.Flow
}

// actual is what of an indicator is promised, on a day: the figure itself, or by how much it has changed. A change is told under the choices of
// its later day.
func (s *Store) actual(ctx context.Context, view fact.View, g indicator.Goal, m measuring) (value *big.Rat, f Measured, err error) {
	if f, err = s.one(ctx, view, m); err != nil || f.Value == nil || g.Change == "" {
		return f.Value, f, err
	}
	if Alike(g) {
		pairs, err := s.Monitor.Alike(ctx, view, m.query(m.on.Year()), monitor.Dimension{})
		if value = pairs[""].Growth(); value == nil {
			f.Why = i18n.M("target.why_no_pairs", m.on.Year()-1)
		}
		return value, f, err
	}
	then := m
	then.on = before(g, m.on)
	was, err := s.one(ctx, view, then)
	switch {
	case err != nil:
		return nil, f, err
	case was.Value == nil:
		f.Why = i18n.M("target.why_before", then.on.String())
		return nil, f, nil
	case g.Change == content.Growth:
		if value = monitor.Growth(f.Figure, was.Figure); value == nil {
			f.Why = i18n.M("target.why_before", then.on.String())
		}
		return value, f, nil
	}
	return new(big.Rat).Sub(f.Value, was.Value), f, nil
}
