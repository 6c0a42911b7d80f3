package bulletin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/big"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/target"
)

// scoresTable is the table of an appraisal.
const scoresTable = "scores"

// Figure is a figure of a report. Values are exact: fen of an amount, shares of 1; nil where there is none.
type Figure struct {
	Part      string // code of the table
	Col       int    // which of its figures
	Area      string // a county; "" for the whole of the report's area
	Indicator string
	Method    string // its version
	Hash      string // of all that the method is made of
	Period    period.Period

	Value           *big.Rat
	Counted, Within int
	Open            int // subjects of which it is not known whether they belong to it, or count
	Carried         int // of the counted, those of which something was stated for a year before
	Cells           int
	Verified        *big.Rat // the figure, if only what was verified is taken for known
	VerifiedCounted int
	Before          *big.Rat // the figure of the period before
	YearBefore      *big.Rat // the figure of the same period of the year before
	Points          *big.Rat // of an appraisal; nil where the figure is not known

	// How far it is from the target that its column names, by what was verified alone, on the last day of the report's period.
	Target   string         // plan/target; "" where there is none for the area
	Actual   *big.Rat       // what of the figure is promised: itself, or by how much it has changed
	Promise  *big.Rat       // the area's quota, or the target itself; nil where nobody said
	Need     *big.Rat       // where the path to it is; of a relation the other figure
	State    target.State   // target.Unknown where it cannot be held against anything
	Quarter  target.Quarter // where the area lies among those beside it; "" where there are too few
	Place    int            // among those, where RankedBy; 0 where there is no quarter
	RankedBy string         // document with which the plan's ranking was switched on; "" where it is off
}

// Distance is by how much Actual is above the path; nil where one of them is not known.
func (f Figure) Distance() *big.Rat { return minus(f.Actual, f.Need) }

// VerifiedShare is which part of the counted subjects counts by what was verified alone; nil where none is counted.
func (f Figure) VerifiedShare() *big.Rat {
	if f.Counted == 0 {
		return nil
	}
	return big.NewRat(int64(min(f.VerifiedCounted, f.Counted)), int64(f.Counted))
}

// OpenShare is which part of all subjects is open; nil where there are none.
func (f Figure) OpenShare() *big.Rat { return openShare(f.Within, f.Open) }

// openShare takes those that are within, and all that are open: some of these are within, others may be.
func openShare(within, open int) *big.Rat {
	if all := max(within, open); all > 0 {
		return big.NewRat(int64(open), int64(all))
	}
	return nil
}

// Change is by how much the figure is above that of the period before; nil where one of them is not known.
func (f Figure) Change() *big.Rat { return minus(f.Value, f.Before) }

// YearChange is by how much it is above that of the year before.
func (f Figure) YearChange() *big.Rat { return minus(f.Value, f.YearBefore) }

func minus(a, b *big.Rat) *big.Rat {
	if a == nil || b == nil {
		return nil
	}
	return new(big.Rat).Sub(a, b)
}

// spanOf is the period for which a figure of a report is told; ok is false where there is none.
func spanOf(p period.Period, span string) (of period.Period, ok bool) {
	_, last, ok := p.Span()
	switch {
	case !ok:
		return p, false
	case span == SpanToDate:
		return period.Of(period.YearToDate, last), true
	case span == SpanYear:
		return period.Of(period.Year, last), true
	}
	return p, true
}

// teller works figures out as known at a commit.
type teller struct {
	*Store
	view  fact.View
	area  string
	until period.Day      // up to which periods that have not ended are told
	as    Step            // quotas and rankings are told as known before it; now of one that is not dated
	gone  map[string]bool // indicators and targets that are left out: they are others today
}

// figures are all of a report, in the order of its definition.
func (t teller) figures(ctx context.Context, d *Definition, p period.Period) (all []Figure, err error) {
	add := func(part string, by string, columns []ColumnFile) error {
		for i, c := range columns {
			if t.gone[c.Indicator] || t.gone[c.Target] {
				continue
			}
			some, err := t.column(ctx, c, by, p)
			if err != nil {
				return err
			}
			for _, f := range some {
				f.Part, f.Col = part, i
				all = append(all, f)
			}
		}
		return nil
	}
	for _, table := range d.Tables {
		if err := add(table.Code, table.By, table.Figures); err != nil {
			return nil, err
		}
	}
	if d.Scores == nil {
		return all, nil
	}
	var columns []ColumnFile
	for _, part := range d.Scores.Parts {
		columns = append(columns, part.ColumnFile)
	}
	from := len(all)
	if err := add(scoresTable, OfCounty, columns); err != nil {
		return nil, err
	}
	for i := from; i < len(all); i++ {
		f := &all[i]
		if f.Area == "" {
			continue
		}
		part := d.Scores.Parts[f.Col]
		x, err := t.Monitor.Set.Indicator(f.Indicator)
		if err != nil {
			return nil, err
		}
		whole, err := x.Quantity(part.Whole)
		if err != nil {
			return nil, err
		}
		f.Points = points(f.Value, whole, part.Weight)
	}
	return all, nil
}

// points are the weight times the value over the whole of it, at most the weight and at least nothing; nil for no value.
func points(value, whole *big.Rat, weight int) *big.Rat {
	if value == nil {
		return nil
	}
	share := new(big.Rat).Quo(value, whole)
	if one := big.NewRat(1, 1); share.Cmp(one) > 0 {
		share = one
	}
	if share.Sign() < 0 {
		return new(big.Rat)
	}
	return share.Mul(share, big.NewRat(int64(weight), 1))
}

// column is one figure of the whole area, after those of its counties where they are asked for.
func (t teller) column(ctx context.Context, c ColumnFile, by string, p period.Period) ([]Figure, error) {
	x, err := t.Monitor.Set.Indicator(c.Indicator)
	if err != nil {
		return nil, err
	}
	span, _ := spanOf(p, c.Span)
	_, last, _ := span.Span()
	choices, err := t.Monitor.Choices(ctx, t.view, t.area, min(last, t.until)) // one answer for all that are compared
	if err != nil {
		return nil, err
	}
	maps.Copy(choices, c.Choices)
	c.Choices = choices
	now, err := t.cross(ctx, x, c, by, span, t.until, false)
	if err != nil {
		return nil, err
	}
	verified, err := t.cross(ctx, x, c, by, span, t.until, true)
	if err != nil {
		return nil, err
	}
	var before, year map[string]indicator.Figure
	if b, ok := span.Before(); ok {
		_, last, _ := b.Span()
		if before, err = t.by(ctx, x, c, by, b, last); err != nil {
			return nil, err
		}
	}
	if b, ok := span.YearBefore(); ok {
		y, m, d := t.until.YMD()
		if year, err = t.by(ctx, x, c, by, b, dayOf(y-1, m, d)); err != nil {
			return nil, err
		}
	}
	var all []Figure
	add := func(area string, f indicator.Figure) {
		v := figuresOf(verified)[area]
		all = append(all, Figure{
			Area: area, Indicator: x.Code, Method: x.Version, Hash: x.Hash, Period: span,
			Value: f.Value, Counted: f.Counted, Within: f.Within, Open: f.Open + f.Dark + f.Failed, Carried: f.Carried, Cells: f.Cells,
			Verified: v.Value, VerifiedCounted: v.Counted, Before: before[area].Value, YearBefore: year[area].Value,
		})
	}
	if by != "" {
		for i, h := range now.Rows {
			add(h.Code, now.Cells[i][0])
		}
	}
	add("", now.Total)
	if c.Target == "" {
		return all, nil
	}
	return all, t.aim(ctx, c.Target, all)
}

// aim fills in how far figures are from a target.
func (t teller) aim(ctx context.Context, key string, all []Figure) error {
	plan, id, _ := strings.Cut(key, "/")
	split, err := t.Targets.Split(ctx, plan, id)
	if err != nil {
		return err
	}
	split = split.Before(t.as.At)
	ranked, err := t.Targets.Ranking(ctx, plan, t.as.At)
	if err != nil {
		return err
	}
	tree, whole := t.Library.Areas(), split.Goal.Plan.Area
	asked := target.Asked{Split: split, On: min(t.until, t.Clock.Today()), Verified: true}
	bands := map[string]*target.Band{}
	for i := range all {
		f := &all[i]
		asked.Area = cmp.Or(f.Area, t.area)
		if !tree.Within(asked.Area, whole) {
			continue
		}
		p, err := t.Targets.Progress(ctx, t.view, asked)
		if err != nil {
			return err
		}
		f.Target, f.Actual, f.Promise, f.Need, f.State = key, p.Actual, p.Promise, p.Need, p.State
		if split.Goal.Compare == content.Relation {
			f.Need = p.Than.Value
		}
		node, _ := tree.Node(asked.Area)
		above := node.ParentOn(asked.On)
		if above == "" || !tree.Within(above, whole) {
			continue
		}
		if bands[above] == nil {
			beside := asked
			beside.Area = above
			if bands[above], err = t.Targets.Band(ctx, t.view, beside); err != nil {
				return err
			}
		}
		f.Quarter = bands[above].Quarter(asked.Area)
		if ranked.On {
			f.RankedBy = ranked.Document
		}
		if ranked.On && f.Quarter != "" { // the first of one is no place
			f.Place = bands[above].Rank(asked.Area)
		}
	}
	return nil
}

// dayOf is a day of a month, the last one where the month is shorter.
func dayOf(y, m, d int) period.Day {
	_, last, _ := period.OfMonth(y, m).Span()
	return min(period.Date(y, m, 1)+period.Day(d-1), last)
}

func (t teller) cross(ctx context.Context, x *indicator.Indicator, c ColumnFile, by string, p period.Period, until period.Day, verified bool) (monitor.Table, error) {
	rows := monitor.Dimension{}
	if by != "" {
		rows.By = monitor.ByCounty
	}
	return t.Monitor.Cross(ctx, t.view, monitor.Query{Indicator: x, Area: t.area, Period: p, Until: until, Choices: c.Choices, Verified: verified}, rows, monitor.Dimension{})
}

// by is the figures of a period by area, "" for all together; none where it cannot be told.
func (t teller) by(ctx context.Context, x *indicator.Indicator, c ColumnFile, by string, p period.Period, until period.Day) (map[string]indicator.Figure, error) {
	table, err := t.cross(ctx, x, c, by, p, until, false)
	if err != nil && errs.KindOf(err) == errs.KindInvalid {
		return nil, nil
	}
	return figuresOf(table), err
}

func figuresOf(t monitor.Table) map[string]indicator.Figure {
	out := map[string]indicator.Figure{}
	for i, h := range t.Rows {
		if h.Code != "" {
			out[h.Code] = t.Cells[i][0]
		}
	}
	out[""] = t.Total
	return out
}

const insertFigure = `INSERT INTO bulletin_figure (edition, n, part, col, area, indicator, method, hash, period, value, counted, within, open, carried, cells, verified, verified_counted, value_before, value_year, points,
target, actual, promise, need, target_state, quarter, place, ranked_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)`

func freeze(ctx context.Context, tx *store.Tx, edition int64, all []Figure) error {
	for i, f := range all {
		if _, err := tx.Exec(ctx, insertFigure, edition, i+1, f.Part, f.Col, f.Area, f.Indicator, f.Method, f.Hash, f.Period.String(), ratText(f.Value), f.Counted, f.Within,
			f.Open, f.Carried, f.Cells, ratText(f.Verified), f.VerifiedCounted, ratText(f.Before), ratText(f.YearBefore), ratText(f.Points),
			f.Target, ratText(f.Actual), ratText(f.Promise), ratText(f.Need), string(f.State), string(f.Quarter), f.Place, f.RankedBy); err != nil {
			return fmt.Errorf("freeze figure %d of edition %d: %w", i+1, edition, err)
		}
	}
	return nil
}

// frozen are the figures of an edition that was signed.
func frozen(ctx context.Context, q store.Querier, edition int64) ([]Figure, error) {
	return store.List(ctx, q, func(rows *store.Rows) (f Figure, err error) {
		var p, value, verified, before, year, points, actual, promise, need string
		err = rows.Scan(&f.Part, &f.Col, &f.Area, &f.Indicator, &f.Method, &f.Hash, &p, &value, &f.Counted, &f.Within, &f.Open, &f.Carried, &f.Cells,
			&verified, &f.VerifiedCounted, &before, &year, &points, &f.Target, &actual, &promise, &need, &f.State, &f.Quarter, &f.Place, &f.RankedBy)
		if err != nil {
			return f, err
		}
		if f.Period, err = period.Parse(p); err != nil {
			return f, err
		}
		for _, x := range []struct {
			to   **big.Rat
			text string
		}{{&f.Value, value}, {&f.Verified, verified}, {&f.Before, before}, {&f.YearBefore, year}, {&f.Points, points}, {&f.Actual, actual}, {&f.Promise, promise}, {&f.Need, need}} {
			if *x.to, err = parseRat(x.text); err != nil {
				return f, err
			}
		}
		return f, nil
	}, `SELECT part, col, area, indicator, method, hash, period, value, counted, within, open, carried, cells, verified, verified_counted, value_before, value_year, points,
target, actual, promise, need, target_state, quarter, place, ranked_by
FROM bulletin_figure WHERE edition = $1 ORDER BY n`, edition)
}

func ratText(r *big.Rat) string {
	if r == nil {
		return ""
	}
	return r.RatString()
}

func parseRat(text string) (*big.Rat, error) {
	if text == "" {
		return nil, nil
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("%q is no fraction", text)
	}
	return r, nil
}

// Same says that two figures are the same in all that is frozen.
func (f Figure) Same(g Figure) bool {
	rats := func(f Figure) [8]string {
		return [8]string{ratText(f.Value), ratText(f.Verified), ratText(f.Before), ratText(f.YearBefore), ratText(f.Points), ratText(f.Actual), ratText(f.Promise), ratText(f.Need)}
	}
	if rats(f) != rats(g) {
		return false
	}
	for _, x := range []*Figure{&f, &g} {
		x.Value, x.Verified, x.Before, x.YearBefore, x.Points, x.Actual, x.Promise, x.Need = nil, nil, nil, nil, nil, nil, nil, nil
	}
	return f == g
}
