package layout

import (
	"context"
	"maps"
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/target"
)

// told is the figures of an area and of the counties and zones in it, each asked for once.
type told struct {
	*Source
	ctx      context.Context
	area     string
	until    period.Day
	verified bool
	only     *monitor.Part
	choices  map[string]string
	known    map[figureKey]figureParts
}

type figureKey struct {
	code   string
	p      period.Period
	before bool // the year before, under the answers to choices of the period
}

// figureParts are figures by area, that of the whole under "".
type figureParts struct {
	by  map[string]indicator.Figure
	err error
}

// newTold is the figures of the area that a query asks for, which the reader must be allowed to take away whole: else they would be made of a part
// of it.
func (s *Source) newTold(ctx context.Context, t *Table, q Query) (*told, error) {
	area, err := s.areaAsked(q, "")
	if err != nil {
		return nil, err
	}
	t.Area = area
	if err := s.dated(t, q); err != nil {
		return nil, err
	}
	return &told{Source: s, ctx: ctx, area: area, until: s.Today, verified: !q.Unverified, only: q.Only, choices: q.Choices, known: map[figureKey]figureParts{}}, nil
}

// dated gives a table the period of a query, by default the current year.
func (s *Source) dated(t *Table, q Query) error {
	t.Period, t.Seq = q.Period, s.View.Seq()
	if t.Period.Kind() == period.Always {
		t.Period = period.OfYear(s.Today.Year())
	}
	if first, _, ok := t.Period.Span(); !ok || first > s.Today {
		return errs.Invalid(i18n.M("figurepage.bad_period", t.Period.String()))
	}
	t.Year = t.Period.YearOf()
	return nil
}

// areaAsked is the area of a query, by default the first of the reader's that lies in none of the others, or within where that lies above it.
func (s *Source) areaAsked(q Query, within string) (string, error) {
	area, tree := q.Area, s.Library.Areas()
	if area == "" {
		heads := s.Targets.Heads(s.View.Scope())
		if len(heads) == 0 {
			return "", errs.Invalid(i18n.M("layout.no_area"))
		}
		area = heads[0]
		if within != "" && !tree.Within(area, within) {
			area = within
		}
	}
	_, known := tree.Node(area)
	if !known || within != "" && !tree.Within(area, within) || !s.View.Scope().Sees(access.ReadFact, area, 0) || !s.View.Scope().Sees(access.Export, area, 0) {
		return "", errs.NotFound("area", area)
	}
	return area, nil
}

// figure is that of an area in a period, "" for the whole. What cannot be told for such a period has no value.
func (f *told) figure(x *indicator.Indicator, area string, p period.Period, before bool) (indicator.Figure, error) {
	key := figureKey{x.Code, p, before}
	parts, asked := f.known[key]
	if !asked {
		parts.by, parts.err = f.ask(x, p, before)
		f.known[key] = parts
	}
	v := parts.by[area]
	if known := v.Within - v.Open; v.Counted == 0 && known <= 0 && v.Open+v.Dark+v.Failed > 0 {
		v.Value = nil // nobody said of anyone whether it counts: that is no zero
	}
	return v, parts.err
}

func (f *told) ask(x *indicator.Indicator, p period.Period, before bool) (map[string]indicator.Figure, error) {
	_, last, ok := p.Span()
	if !ok {
		return nil, nil
	}
	q := monitor.Query{Indicator: x, Area: f.area, Period: p, Until: f.until, Verified: f.verified, Only: f.only}
	var err error
	if q.Choices, err = f.Monitor.Choices(f.ctx, f.View, f.area, min(last, f.until)); err != nil {
		return nil, err
	}
	maps.Copy(q.Choices, f.choices)
	if before {
		q = q.YearBefore()
	}
	table, err := f.Monitor.Cross(f.ctx, f.View, q, monitor.Dimension{By: monitor.ByCounty}, monitor.Dimension{})
	if errs.KindOf(err) == errs.KindInvalid {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	by := map[string]indicator.Figure{"": table.Total}
	for i, h := range table.Rows {
		by[h.Code] = table.Cells[i][0]
	}
	return by, nil
}

// value is a figure as a template takes it, or why it could not be told.
func (f *told) value(x *indicator.Indicator, area string, p period.Period) any {
	v, err := f.figure(x, area, p, false)
	if err != nil {
		return err
	}
	return quantityOf(x, v.Value)
}

// growth is by how much a figure is above that of the year before: of what is told in per cent in points, else as a part of it.
func (f *told) growth(x *indicator.Indicator, area string, p period.Period) any {
	now, err := f.figure(x, area, p, false)
	if err != nil {
		return err
	}
	then, err := f.figure(x, area, p, true)
	if err != nil {
		return err
	}
	q := quantity{rate: true, places: max(x.Places, 1)}
	switch {
	case !x.Percent():
		q.value = monitor.Growth(now, then)
	case now.Value != nil && then.Value != nil:
		q.value = new(big.Rat).Sub(now.Value, then.Value)
	}
	return q
}

func quantityOf(x *indicator.Indicator, v *big.Rat) quantity {
	return quantity{value: v, money: x.Type == rule.MoneyType, rate: x.Percent(), unit: x.Unit, places: x.Places}
}

// indicatorColumn is a column for an indicator's figures.
func indicatorColumn(table string, x *indicator.Indicator) content.TableColumn {
	c := content.TableColumn{
		Term: content.Term{Role: table + "." + x.Code, Place: content.Header, Name: x.Name, Words: []string{x.Name.ZH, x.Name.EN, x.Code}},
		Type: content.Decimal, Unit: x.Unit, Period: period.Month,
	}
	switch {
	case x.Type == rule.MoneyType:
		c.Type = content.Money
	case x.Percent():
		c.Type, c.Unit = content.Rate, ""
	}
	return c
}

// Words behind the name of an indicator that ask for its growth.
var growthWords = []string{"同比", "同比增长", "同比增减", "增长", "增速", "增幅"}

func growthColumn(table string, x *indicator.Indicator) content.TableColumn {
	name := i18n.Text{ZH: x.Name.ZH + "同比增长", EN: x.Name.EN + ": growth"}
	c := content.TableColumn{Term: content.Term{Role: table + "." + x.Code + ".growth", Place: content.Header, Name: name, Words: []string{name.EN}}, Type: content.Rate, Period: period.Month}
	for _, w := range growthWords {
		c.Words = append(c.Words, x.Name.ZH+w)
	}
	return c
}

// figures is the counties and zones of an area, with a column for every indicator and one for its growth besides those of the content.
func (s *Source) figures(ctx context.Context, t *Table, q Query) error {
	f, err := s.newTold(ctx, t, q)
	if err != nil {
		return err
	}
	fixed := len(t.Columns)
	t.Named = fixed
	t.Columns = slices.Clip(t.Columns)
	list := s.Monitor.Set.Indicators()
	for _, x := range list {
		t.Columns = append(t.Columns, indicatorColumn(t.Code, x), growthColumn(t.Code, x))
	}
	record := func(n int, area string, values map[string]any) Record {
		own := t.named(n, values)
		return func(column int, p period.Period) any {
			if column < fixed {
				return own(column, p)
			}
			if p.Kind() == period.Always {
				p = t.Period
			}
			x := list[(column-fixed)/2]
			if (column-fixed)%2 == 1 {
				return f.growth(x, area, p)
			}
			return f.value(x, area, p)
		}
	}
	t.Whole = record(0, "", map[string]any{"party.area": s.areaName(f.area), "code": f.area})
	t.Keys, t.Means = []string{"party.area", t.Code + ".code"}, s.areaMeant(f.area)
	_, last, _ := t.Period.Span()
	heads := s.Monitor.Areas(monitor.Dimension{By: monitor.ByCounty}, f.area, min(last, s.Today))
	t.Rows = func(yield func(Record, error) bool) {
		for i, h := range heads {
			if !yield(record(i+1, h.Code, map[string]any{"party.area": h.Name.ZH, "code": h.Code}), nil) {
				return
			}
		}
	}
	return nil
}

// areaMeant are the codes of the areas within one that words mean.
func (s *Source) areaMeant(within string) func(words string) []string {
	return func(words string) (codes []string) {
		for _, n := range s.Library.Areas().Resolve(words, within) {
			codes = append(codes, n.Code)
		}
		return codes
	}
}

// indicators is every indicator, with what it comes to for an area.
func (s *Source) indicators(ctx context.Context, t *Table, q Query) error {
	f, err := s.newTold(ctx, t, q)
	if err != nil {
		return err
	}
	t.Keys, t.Bare = []string{t.Code + ".name", t.Code + ".code"}, t.Code+".value"
	t.Columns = slices.Clone(t.Columns)
	for _, role := range []string{"value", "growth", "counted", "open"} {
		t.Columns[t.Column(t.Code+"."+role)].Period = period.Month
	}
	_, last, _ := t.Period.Span()
	aims := map[string]target.Progress{}
	aim := func(x *indicator.Indicator) (target.Progress, error) {
		p, asked := aims[x.Code]
		if asked {
			return p, nil
		}
		for _, plan := range s.Targets.Plans(s.View.Scope()) {
			if !s.Library.Areas().Within(f.area, plan.Area) {
				continue
			}
			goals, err := s.Targets.Goals(plan.Code)
			if err != nil {
				return p, err
			}
			i := slices.IndexFunc(goals, func(g indicator.Goal) bool { return g.Indicator == x })
			if i < 0 {
				continue
			}
			split, err := s.Targets.Split(ctx, plan.Code, goals[i].ID)
			if err != nil {
				return p, err
			}
			if p, err = s.Targets.Progress(ctx, s.View, target.Asked{Split: split, Area: f.area, On: min(last, s.Today), Verified: f.verified}); err != nil {
				return p, err
			}
			break
		}
		aims[x.Code] = p
		return p, nil
	}
	t.Rows = func(yield func(Record, error) bool) {
		for i, x := range s.Monitor.Set.Indicators() {
			own := t.named(i+1, map[string]any{
				"party.area": s.areaName(f.area), "code": x.Code, "name": s.T.Text(x.Name), "group": s.T.Text(x.Group.Title), "unit": unitOf(x), "method": x.Version,
			})
			record := func(column int, p period.Period) any {
				if p.Kind() == period.Always {
					p = t.Period
				}
				switch t.Columns[column].Role {
				case t.Code + ".value":
					return f.value(x, "", p)
				case t.Code + ".growth":
					return f.growth(x, "", p)
				case t.Code + ".counted", t.Code + ".open":
					v, err := f.figure(x, "", p, false)
					switch {
					case err != nil:
						return err
					case t.Columns[column].Role == t.Code+".open":
						return v.Open + v.Dark + v.Failed
					}
					return v.Counted
				case t.Code + ".promise", t.Code + ".completion":
					a, err := aim(x)
					switch {
					case err != nil:
						return err
					case a.Split == nil:
						return nil // no target is about it
					case t.Columns[column].Role == t.Code+".completion":
						return completionOf(a)
					}
					return aimed(a.Split.Goal, a.Promise)
				}
				return own(column, p)
			}
			if !yield(record, nil) {
				return
			}
		}
	}
	return nil
}

// unitOf is the unit in which an indicator is told.
func unitOf(x *indicator.Indicator) string {
	if x.Type == rule.MoneyType && x.Unit == "" {
		return "元"
	}
	return x.Unit
}
