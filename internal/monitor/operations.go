package monitor

import (
	"cmp"
	"context"
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Monthly says that an indicator is of what enterprises state month by month: the operations of industry.
func Monthly(x *indicator.Indicator) bool {
	return x.Measure == indicator.Flow && x.Grain == period.Month && x.Kind == content.Enterprise
}

// Operations are a part's figures of a month and of its year so far, each beside the year before. A figure of which nobody stated anything has no
// value.
type Operations struct {
	Head
	Month, Before, ToDate, ToBefore indicator.Figure
	Alike, AlikeToDate              Pair // growth goes by these
}

// operated is a month's figure; without its value where that only says that nobody has stated it.
func operated(f indicator.Figure) indicator.Figure {
	if f.Counted == 0 {
		f.Value = nil
	}
	return f
}

// monthOf is the year and the month that a query asks operations for. Invalid where the indicator is not stated by months, or it asks for no
// month.
func (q Query) monthOf() (y, n int, err error) {
	if !Monthly(q.Indicator) {
		return 0, 0, errs.Invalid(i18n.M("monitor.not_monthly", q.Indicator.Name))
	}
	first, _, ok := q.Period.Span()
	if !ok || q.Period.Kind() != period.Month {
		return 0, 0, errs.Invalid(i18n.M("monitor.no_month", q.Period.String()))
	}
	y, n, _ = first.YMD()
	return y, n, nil
}

// MonthOf is the month that a query is about: its period itself, else the last of the period's months that has begun and of which somebody stated
// anything; the last that has begun where nobody did.
func (m *Monitor) MonthOf(ctx context.Context, view fact.View, q Query) (period.Period, error) {
	if q.Period.Kind() == period.Month {
		return q.Period, nil
	}
	if !Monthly(q.Indicator) {
		return q.Period, errs.Invalid(i18n.M("monitor.not_monthly", q.Indicator.Name))
	}
	if q.Until == 0 {
		q.Until = m.Clock.Today()
	}
	first, last, ok := q.Period.Span()
	if !ok || first > q.Until {
		return q.Period, errs.Invalid(i18n.M("monitor.no_month", q.Period.String()))
	}
	latest := period.Of(period.Month, min(last, q.Until))
	for q.Period = latest; ; {
		f, err := m.Figure(ctx, view, q)
		if err != nil || f.Counted > 0 {
			return q.Period, err
		}
		q.Period, _ = q.Period.Before()
		if _, end, _ := q.Period.Span(); end < first {
			return latest, nil
		}
	}
}

// Operations tells the month of a query by the parts of a dimension, in its order; the zero Dimension has one part. Parts that there were a year
// before and are no more come last.
func (m *Monitor) Operations(ctx context.Context, view fact.View, q Query, d Dimension) ([]Operations, error) {
	y, n, err := q.monthOf()
	if err != nil {
		return nil, err
	}
	if q.Until == 0 {
		q.Until = m.Clock.Today()
	}
	toDate := q
	toDate.Period = period.ToMonth(y, n)
	var all []Operations
	number := map[string]int{}
	part := func(h Head) *Operations {
		if d.By == "" {
			h = Head{}
		}
		i, ok := number[h.Code]
		if !ok {
			i = len(all)
			number[h.Code] = i
			all = append(all, Operations{Head: h})
		}
		return &all[i]
	}
	for _, one := range []struct {
		q    Query
		into func(*Operations) *indicator.Figure
	}{
		{q, func(o *Operations) *indicator.Figure { return &o.Month }},
		{toDate, func(o *Operations) *indicator.Figure { return &o.ToDate }},
		{q.YearBefore(), func(o *Operations) *indicator.Figure { return &o.Before }},
		{toDate.YearBefore(), func(o *Operations) *indicator.Figure { return &o.ToBefore }},
	} {
		cells, err := m.By(ctx, view, one.q, d)
		if err != nil {
			return nil, err
		}
		for _, c := range cells {
			*one.into(part(Head{c.Code, c.Name})) = operated(c.Figure)
		}
	}
	month, err := m.Alike(ctx, view, q, d)
	if err != nil {
		return nil, err
	}
	sofar, err := m.Alike(ctx, view, toDate, d)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Alike, all[i].AlikeToDate = month[all[i].Code], sofar[all[i].Code]
	}
	return all, nil
}

// TrendPoint is a month of a trend, beside the same month of the year before.
type TrendPoint struct {
	Month         period.Period
	Value, Before indicator.Figure
	Alike         Pair
}

// Trend is the last months up to that of a query, so many of them, the earliest first.
func (m *Monitor) Trend(ctx context.Context, view fact.View, q Query, months int) ([]TrendPoint, error) {
	y, n, err := q.monthOf()
	if err != nil {
		return nil, err
	}
	if q.Until == 0 {
		q.Until = m.Clock.Today()
	}
	var all []TrendPoint
	for i := months - 1; i >= 0; i-- {
		p := period.Of(period.Month, period.Date(y, n-i, 1))
		one := q
		one.Period = p
		x := TrendPoint{Month: p}
		if x.Value, err = m.Figure(ctx, view, one); err != nil {
			return nil, err
		}
		if x.Before, err = m.Figure(ctx, view, one.YearBefore()); err != nil {
			return nil, err
		}
		x.Value, x.Before = operated(x.Value), operated(x.Before)
		pairs, err := m.Alike(ctx, view, one, Dimension{})
		if err != nil {
			return nil, err
		}
		x.Alike = pairs[""]
		all = append(all, x)
	}
	return all, nil
}

// Stand is how an enterprise stands to a month and the same month a year before.
type Stand string

// The stands.
const (
	InBoth Stand = "both" // it stated both: growth is of these
	Fresh  Stand = "new"  // it stated this one alone
	Due    Stand = "due"  // it is among those that state it, and has not
	Gone   Stand = "gone" // it stated the earlier one and is no longer among those that do
)

// Stands are all of them, in the order in which pages tell them.
func Stands() []Stand { return []Stand{InBoth, Fresh, Due, Gone} }

// MonthFirm is an enterprise in a month, beside the year before. What it did not state has no value.
type MonthFirm struct {
	ID           int64
	Name, USCC   string
	Area         string // node code on the month's last day
	Stand        Stand
	Now, Then    *big.Rat // of the month, as a Figure has it
	ToNow        *big.Rat // of the months of the year so far that it stated in both years
	ToThen       *big.Rat // of the same months a year before
	Stated, Both int      // how many months of the year so far it stated, and in both years
}

// Growth is that of the month.
func (f MonthFirm) Growth() *big.Rat { return grown(f.Now, f.Then) }

// GrowthToDate is that of the year so far, of the months that it stated in both years.
func (f MonthFirm) GrowthToDate() *big.Rat { return grown(f.ToNow, f.ToThen) }

func grown(now, then *big.Rat) *big.Rat {
	return Growth(indicator.Figure{Value: now}, indicator.Figure{Value: then})
}

// MonthFirms are the enterprises of a month.
type MonthFirms struct {
	m       *Monitor
	w       *snapshot
	view    fact.View
	x       *indicator.Indicator
	couples []coupled // January first; the last is the month that is asked for
	last    period.Day
	rows    []monthRow
	Stands  map[Stand]int // how many stand in which way
}

// coupled is a couple with what subjects brought in it.
type coupled struct {
	couple
	lines, before *indicator.Lines
}

type monthRow struct {
	firm  int
	stand Stand
	value int64
}

// MonthFirms are the enterprises behind a month that the reader may see, those of one stand where it is given: what is largest first, of
// those that have not reported or are gone by what they stated a year before.
func (m *Monitor) MonthFirms(ctx context.Context, view fact.View, q Query, only Stand) (*MonthFirms, error) {
	y, n, err := q.monthOf()
	if err != nil {
		return nil, err
	}
	w, at, err := m.asked(ctx, view, q)
	if err != nil {
		return nil, err
	}
	in, err := m.inside(w, q, at)
	if err != nil {
		return nil, err
	}
	out := &MonthFirms{m: m, w: w, view: view, x: q.Indicator, last: at.Last, Stands: map[Stand]int{}}
	toDate := q
	toDate.Period = period.ToMonth(y, n)
	for _, c := range toDate.couples(at) {
		one := coupled{couple: c}
		if one.lines, err = m.linesOf(w, out.x, c.now); err != nil {
			return nil, err
		}
		if one.before, err = m.linesOf(w, out.x, c.then); err != nil {
			return nil, err
		}
		out.couples = append(out.couples, one)
	}
	seen := w.sees(view, out.x.Sensitive())
	for i := range w.firms {
		if seen != nil && !seen[i] || in != nil && !in[i] {
			continue
		}
		stand, value := out.couples[len(out.couples)-1].stand(i)
		if stand == "" {
			continue
		}
		out.Stands[stand]++
		if only == "" || stand == only {
			out.rows = append(out.rows, monthRow{i, stand, value})
		}
	}
	order := Stands()
	slices.SortFunc(out.rows, func(a, b monthRow) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.stand), slices.Index(order, b.stand)), cmp.Compare(b.value, a.value), cmp.Compare(a.firm, b.firm))
	})
	return out, nil
}

// stand is how a firm stands to a month, and by what it is put in order; "" where it is of no account.
func (c coupled) stand(i int) (Stand, int64) {
	now, then := c.lines.Line(i, c.now), c.before.Line(i, c.then)
	switch {
	case now.State == indicator.Counted && then.State == indicator.Counted:
		return InBoth, now.Value
	case now.State == indicator.Counted:
		return Fresh, now.Value
	case now.State == indicator.Open || now.State == indicator.Failed:
		return Due, then.Value
	case now.State == indicator.Out && then.State == indicator.Counted:
		return Gone, then.Value
	}
	return "", 0
}

// Len is how many there are.
func (b *MonthFirms) Len() int { return len(b.rows) }

// Page are some of them. That their facts were read is noted.
func (b *MonthFirms) Page(from, n int) []MonthFirm {
	var out []MonthFirm
	for _, row := range b.rows[min(from, len(b.rows)):min(from+n, len(b.rows))] {
		e := &b.w.firms[row.firm]
		f := MonthFirm{ID: e.ID, Name: e.Name, USCC: string(e.USCC), Stand: row.stand}
		if leaf := b.w.stays().on(row.firm, b.last); leaf >= 0 {
			f.Area = b.w.stays().codes[leaf]
		}
		for i, c := range b.couples {
			now, then := c.lines.Line(row.firm, c.now), c.before.Line(row.firm, c.then)
			if i == len(b.couples)-1 {
				f.Now, f.Then = b.brought(now), b.brought(then)
			}
			if now.State != indicator.Counted {
				continue
			}
			f.Stated++
			if then.State == indicator.Counted {
				f.Both++
				f.ToNow, f.ToThen = plus(f.ToNow, b.brought(now)), plus(f.ToThen, b.brought(then))
			}
		}
		for _, def := range b.x.Reads() {
			b.view.Told(e.ID, def.Code)
		}
		out = append(out, f)
	}
	return out
}

// brought is what a line brought; nil where it is not known.
func (b *MonthFirms) brought(l indicator.Line) *big.Rat {
	if l.State != indicator.Counted {
		return nil
	}
	return b.x.Brought(l)
}

func plus(sum, v *big.Rat) *big.Rat {
	if sum == nil {
		return v
	}
	return new(big.Rat).Add(sum, v)
}
