package layout

import (
	"cmp"
	"context"
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// sight is the edition of a report that a query asks for: by default the one that was signed last, else the one that is worked on. Its figures are
// those of its own commit, whatever became known since.
func (s *Source) sight(ctx context.Context, t *Table, q Query) (x bulletin.Sight, err error) {
	if q.Report == 0 {
		return x, errs.Invalid(i18n.M("layout.no_report"))
	}
	edition := q.Edition
	if edition == 0 {
		r, err := s.Bulletins.Report(ctx, s.View.Scope(), q.Report)
		if err != nil {
			return x, err
		}
		if e, ok := r.Standing(); ok {
			edition = e.N
		}
	}
	if x, err = s.Bulletins.Sight(ctx, s.View.Scope(), q.Report, edition, 0); err != nil {
		return x, err
	}
	t.Area, t.Period, t.Year, t.Seq = x.Area, x.Period, x.Period.YearOf(), x.Seq
	return x, nil
}

// headed is a value of an indicator as a report tells it.
func headed(h bulletin.Head, v *big.Rat) quantity {
	return quantity{value: v, money: h.Money, rate: h.Rate, unit: h.Unit, places: h.Places}
}

// reported is a figure in a period: the report knows its own, the one before and the year before, and nothing else.
func reported(x bulletin.Sight, f bulletin.Figure, p period.Period) quantity {
	h := x.Head(f.Indicator)
	before, hasBefore := f.Period.Before()
	yearBefore, hasYear := f.Period.YearBefore()
	switch {
	case p.Kind() == period.Always, p == x.Period, p == f.Period:
		return headed(h, f.Value)
	case hasBefore && p == before:
		return headed(h, f.Before)
	case hasYear && p == yearBefore:
		return headed(h, f.YearBefore)
	}
	return headed(h, nil)
}

// grown is by how much a figure is above that of the year before: of a rate in points, else as a part of it.
func grown(h bulletin.Head, f bulletin.Figure) quantity {
	q := quantity{rate: true, places: max(h.Places, 1), value: f.YearChange()}
	if q.value != nil && !h.Rate {
		q.value = partOf(q.value, f.YearBefore).value
	}
	return q
}

// reportFigure is all that a report says of a figure, by the columns of its table.
func (s *Source) reportFigure(x bulletin.Sight, f bulletin.Figure) map[string]any {
	h, aim := x.Head(f.Indicator), x.AimHead(f)
	values := map[string]any{
		"party.area": s.areaName(cmp.Or(f.Area, x.Area)), "code": f.Indicator, "name": s.T.Text(h.Name), "unit": headUnit(h), "period": fact.PeriodText(s.T, f.Period),
		"value": headed(h, f.Value), "before": headed(h, f.Before), "change": headed(h, f.Change()), "year_before": headed(h, f.YearBefore), "year_change": headed(h, f.YearChange()),
		"growth": grown(h, f), "verified": quantity{value: f.VerifiedShare(), rate: true}, "open": f.Open,
	}
	if f.Target == "" {
		return values
	}
	values["promise"], values["actual"], values["need"], values["distance"] = headed(aim, f.Promise), headed(aim, f.Actual), headed(aim, f.Need), headed(aim, f.Distance())
	values["quarter"] = s.quarterText(f.Quarter)
	if f.State != "" {
		values["state"] = s.T.Msg(f.State.Msg())
	}
	if !h.Less {
		values["completion"] = partOf(f.Actual, f.Promise)
	}
	return values
}

func headUnit(h bulletin.Head) string {
	switch {
	case h.Rate:
		return "%"
	case h.Money && h.Unit == "":
		return "元"
	}
	return h.Unit
}

// report is the figures of a report, in its order; of a table by county those of the whole last.
func (s *Source) report(ctx context.Context, t *Table, q Query) error {
	x, err := s.sight(ctx, t, q)
	if err != nil {
		return err
	}
	t.Keys, t.Bare = []string{t.Code + ".name", t.Code + ".code"}, t.Code+".value"
	t.Columns = slices.Clone(t.Columns)
	value := t.Column(t.Code + ".value")
	t.Columns[value].Period = period.Month
	t.Rows = rowsOf(func(yield func(Record) bool) error {
		n := 0
		for _, table := range x.Definition.Tables {
			areas, by := x.Of(table.Code)
			for _, area := range append(areas, "") {
				for col := range table.Figures {
					f, ok := by[area][col]
					if !ok {
						continue
					}
					values := s.reportFigure(x, f)
					values["table"] = s.T.Text(table.Name)
					n++
					own := t.named(n, values)
					record := func(column int, p period.Period) any {
						if column == value {
							return reported(x, f, p)
						}
						return own(column, p)
					}
					if !yield(record) {
						return nil
					}
				}
			}
		}
		return nil
	})
	return nil
}

// reportPart is something that a report says of each area in a column of its own.
type reportPart struct {
	code  string // of reportFigure; "" for the figure itself
	name  i18n.Text
	words []string // behind the name of the figure
	rate  bool
	aim   bool // told of what has a target
}

var reportParts = []reportPart{
	{code: ""},
	{"before", i18n.Text{ZH: "上期数", EN: "period before"}, []string{"上期", "上月", "上季度"}, false, false},
	{"change", i18n.Text{ZH: "比上期增减", EN: "change"}, []string{"增减", "环比增减", "较上期"}, false, false},
	{"year_before", i18n.Text{ZH: "上年同期", EN: "year before"}, []string{"去年同期", "上年同期数"}, false, false},
	{"growth", i18n.Text{ZH: "同比增长", EN: "growth"}, growthWords, true, false},
	{"verified", i18n.Text{ZH: "已核实占比", EN: "verified part"}, []string{"核实率", "已核实"}, true, false},
	{"promise", i18n.Text{ZH: "目标值", EN: "to be reached"}, []string{"目标", "目标数", "任务数", "目标任务数"}, false, true},
	{"actual", i18n.Text{ZH: "完成值", EN: "reached"}, []string{"完成数", "实际完成"}, false, true},
	{"completion", i18n.Text{ZH: "完成率", EN: "part reached"}, []string{"完成比例", "完成进度"}, true, true},
	{"distance", i18n.Text{ZH: "与序时差距", EN: "distance to its path"}, []string{"差距"}, false, true},
	{"state", i18n.Text{ZH: "进展状态", EN: "state"}, []string{"进度", "状态"}, false, true},
	{"quarter", i18n.Text{ZH: "所处位次区间", EN: "quarter among its peers"}, []string{"位次区间"}, false, true},
}

// reportPlace is a figure of a report's tables as a column of areas.
type reportPlace struct {
	table string
	col   int
	part  reportPart
}

// reportColumns are the columns of the figures of a report, with what each shows. A figure that stands in two tables has those of the first.
func reportColumns(code string, x bulletin.Sight) (columns []content.TableColumn, places []reportPlace) {
	seen := map[string]bool{}
	for _, table := range x.Definition.Tables {
		for col, c := range table.Figures {
			h := x.Head(c.Indicator)
			role, name := c.Indicator, h.Name
			switch c.Span {
			case bulletin.SpanToDate:
				role, name = role+".to_date", i18n.Text{ZH: name.ZH + "累计", EN: name.EN + " to date"}
			case bulletin.SpanYear:
				role, name = role+".year", i18n.Text{ZH: name.ZH + "全年", EN: name.EN + " of the year"}
			}
			if seen[role] {
				continue
			}
			seen[role] = true
			for _, part := range reportParts {
				if part.aim && c.Target == "" {
					continue
				}
				columns = append(columns, reportColumn(code+"."+role, name, h, part))
				places = append(places, reportPlace{table.Code, col, part})
			}
		}
	}
	return columns, places
}

func reportColumn(role string, name i18n.Text, h bulletin.Head, part reportPart) content.TableColumn {
	c := content.TableColumn{Term: content.Term{Role: role, Place: content.Header, Name: name, Words: []string{name.ZH, name.EN}}, Type: content.Decimal, Mixed: true}
	if part.code != "" {
		c.Role += "." + part.code
		c.Name = i18n.Text{ZH: name.ZH + part.name.ZH, EN: name.EN + ": " + part.name.EN}
		c.Words = []string{c.Name.ZH, c.Name.EN}
		for _, w := range part.words {
			c.Words = append(c.Words, name.ZH+w)
		}
	} else {
		c.Period = period.Month
	}
	switch {
	case part.code == "state" || part.code == "quarter":
		c.Type, c.Mixed = content.Text, false
	case part.rate || h.Rate:
		c.Type, c.Mixed = content.Rate, false
	case h.Money:
		c.Type, c.Unit, c.Mixed = content.Money, h.Unit, false
	}
	return c
}

// reportAreas is the areas that a report tells of, with a column for each figure and for what is said of it besides those of the content.
func (s *Source) reportAreas(ctx context.Context, t *Table, q Query) error {
	x, err := s.sight(ctx, t, q)
	if err != nil {
		return err
	}
	fixed := len(t.Columns)
	t.Named = fixed
	columns, places := reportColumns(t.Code, x)
	t.Columns = append(slices.Clip(t.Columns), columns...)
	var codes []string
	by := map[string]map[string]map[int]bulletin.Figure{}
	for _, table := range x.Definition.Tables {
		var areas []string
		areas, by[table.Code] = x.Of(table.Code)
		for _, area := range areas {
			if !slices.Contains(codes, area) {
				codes = append(codes, area)
			}
		}
	}
	scores := map[string]bulletin.Score{}
	for _, score := range x.Scores() {
		scores[score.Area] = score
		if !slices.Contains(codes, score.Area) {
			codes = append(codes, score.Area)
		}
	}
	record := func(n int, area string, values map[string]any) Record {
		own := t.named(n, values)
		return func(column int, p period.Period) any {
			if column < fixed {
				return own(column, p)
			}
			at := places[column-fixed]
			f, ok := by[at.table][area][at.col]
			switch {
			case !ok:
				return nil // the report says nothing of it
			case at.part.code == "":
				return reported(x, f, p)
			}
			return s.reportFigure(x, f)[at.part.code]
		}
	}
	whole := map[string]any{"party.area": s.areaName(x.Area), "code": x.Area}
	t.Whole = record(0, "", whole)
	t.Keys, t.Means = []string{"party.area", t.Code + ".code"}, s.areaMeant(x.Area)
	t.Rows = rowsOf(func(yield func(Record) bool) error {
		if len(codes) == 0 { // the report of one area
			yield(record(1, "", map[string]any{"party.area": s.areaName(x.Area), "code": x.Area}))
			return nil
		}
		for i, area := range codes {
			values := map[string]any{"party.area": s.areaName(area), "code": area}
			if score, ok := scores[area]; ok {
				values["points"] = quantity{value: score.Total, places: 2}
				if score.Rank > 0 {
					values["place"] = score.Rank
				}
			}
			if !yield(record(i+1, area, values)) {
				return nil
			}
		}
		return nil
	})
	return nil
}
