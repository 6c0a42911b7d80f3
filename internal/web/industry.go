package web

import (
	"cmp"
	"context"
	"math/big"
	"net/http"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/target"
)

// industryRoutes are the monthly operations of industry (工业运行): a month beside the year before, what was promised, and who has not reported.
func (s *server) industryRoutes() []route {
	return []route{
		{"GET /industry", mayFigure, s.industry},
		{"GET /industry/export", mayCarry, s.exportIndustry},
		{"GET /industry/firms", mayFigure, s.industryFirms},
		{"GET /industry/firms/export", mayCarry, s.exportIndustryFirms},
	}
}

// industryQuery is a view of the monthly operations; its address restores it.
type industryQuery struct {
	mapQuery
	By     string        // word of the dimension by which parts stand beside each other
	Months int           // of the trend
	Stand  monitor.Stand // of the enterprises; "" for all
}

// industryMonths are the lengths of a trend to choose from.
var industryMonths = []int{13, 25, 36}

func (q industryQuery) href(path string) string {
	out := q.values()
	for name, value := range map[string]string{"indicator": q.Indicator, "by": q.By, "stand": string(q.Stand)} {
		if value != "" {
			out.Set(name, value)
		}
	}
	if q.Months != 0 && q.Months != industryMonths[0] {
		out.Set("months", strconv.Itoa(q.Months))
	}
	return path + "?" + out.Encode()
}

func (q industryQuery) now() industryQuery { q.figureQuery = q.today(); return q }

func (q industryQuery) by(word string) industryQuery { q.By = word; return q }

func (q industryQuery) over(months int) industryQuery { q.Months = months; return q }

func (q industryQuery) about(code string) industryQuery { q.Indicator = code; return q }

// part is the view of a part of a dimension.
func (q industryQuery) part(d monitor.Dimension, code string) industryQuery {
	q.figureQuery = q.only(d, code)
	return q
}

func (q industryQuery) standing(stand monitor.Stand) industryQuery {
	q.Stand, q.Page = stand, 1
	return q
}

// firms is the address of the enterprises that stand in one way; "" for all of them.
func (q industryQuery) firms(stand monitor.Stand) string {
	q.By, q.Months = "", 0
	return q.standing(stand).href("/industry/firms")
}

func (q industryQuery) onPage(n int) industryQuery { q.Page = n; return q }

// industryAsked is what an address asks for.
type industryAsked struct {
	figureAsked
	x     *indicator.Indicator
	all   []*indicator.Indicator // that enterprises state month by month
	query industryQuery
	by    monitor.Dimension
}

// askedIndustry reads what an address asks for: where it names no month, the last one of its period that anybody has stated.
func (s *server) askedIndustry(r *http.Request, v *visit) (industryAsked, error) {
	var a industryAsked
	for _, x := range s.Monitor.Set.Indicators() {
		if monitor.Monthly(x) {
			a.all = append(a.all, x)
		}
	}
	code := r.FormValue("indicator")
	i := slices.IndexFunc(a.all, func(x *indicator.Indicator) bool { return x.Code == code || code == "" })
	if i < 0 {
		return a, errs.NotFound("indicator", code)
	}
	a.x = a.all[i]
	var err error
	if a.figureAsked, err = s.askedFigures(r, v); err != nil {
		return a, err
	}
	if a.p, err = s.Monitor.MonthOf(r.Context(), a.view, a.of(a.x)); err != nil {
		return a, err
	}
	a.figureAsked.query = a.figureAsked.query.plainly()
	a.figureAsked.query.Period = a.p.String()
	q := industryQuery{mapQuery: mapQuery{a.figureAsked.query, a.x.Code}, By: r.FormValue("by"), Months: industryMonths[0]}
	if n, err := strconv.Atoi(r.FormValue("months")); err == nil && slices.Contains(industryMonths, n) {
		q.Months = n
	}
	if stand := monitor.Stand(r.FormValue("stand")); slices.Contains(monitor.Stands(), stand) {
		q.Stand = stand
	}
	q.Page = pageNumber(r.FormValue("page"))
	if q.By == "" {
		q.By = monitor.ByArea
		if len(s.Library.Areas().Children(q.Area)) == 0 {
			q.By = monitor.ByTrade
		}
	}
	if !slices.ContainsFunc(s.industryDimensions(), func(d monitor.Dimension) bool { return d.String() == q.By }) {
		return a, errs.Invalid(i18n.M("monitor.no_dimension", q.By))
	}
	a.by, _ = s.Monitor.ParseDimension(q.By)
	a.query = q
	return a, nil
}

// industryDimensions are those by which parts stand beside each other.
func (s *server) industryDimensions() []monitor.Dimension {
	return append([]monitor.Dimension{{By: monitor.ByArea}, {By: monitor.ByCounty}}, s.partDimensions()...)
}

// industryCell is a figure of a month or of a year so far, which opens to the enterprises behind.
type industryCell struct{ Value, Exact, Href string }

// industryRow is a part, or an indicator, in a month and in the year so far.
type industryRow struct {
	monitor.Operations
	X                                   *indicator.Indicator
	Name, Href                          string
	MonthCell, BeforeCell, ToCell, ToBe industryCell
	Growth, GrowthOf, GrowthHref        string // of the same enterprises; of how many
	GrowthTo, GrowthAll                 string // of the year so far; of the month, of whoever reported
	Reported, Of                        int
	DueHref, FirmsHref                  string
	Aim                                 *targetRow // what was promised of the part's growth
}

// Due is how many have not reported.
func (r industryRow) Due() int { return r.Month.Open + r.Month.Failed }

// industryTrend is a month of the trend.
type industryTrend struct {
	monitor.TrendPoint
	Name, Href            string
	ValueCell, BeforeCell industryCell
	Bar, BarBefore        string // "" for what is not known
	Growth                string
	Reported, Of          int
	FirmsHref, GrowthHref string
}

// industryAim is a target with its plan.
type industryAim struct {
	targetRow
	Plan string
}

// industryData is the page.
type industryData struct {
	figureFrame
	Query      industryQuery
	X          *indicator.Indicator
	Name, Unit string
	ToDate     string // the year so far in words
	Indicators []option
	Lead       industryRow   // the indicator that is asked for
	Rows       []industryRow // every monthly indicator
	Share      string        // of the month's figure that growth is of
	Aims       []industryAim
	AimWhy     string // there is none
	AimHead    *industryAim
	Trend      []industryTrend
	Lengths    []choiceLink
	By         []choiceLink
	ByName     string
	Parts      []industryRow
}

// choiceLink is one of several views of the same page.
type choiceLink struct {
	Label, Href string
	Current     bool
}

// inMonth is the address of what is behind a figure of a period.
func (a industryAsked) inMonth(x *indicator.Indicator, q figureQuery, p period.Period) string {
	return q.plainly().at(p).href(figurePath(x.Code) + behindPage(x))
}

func industryCellOf(t i18n.T, x *indicator.Indicator, v *big.Rat, href string) industryCell {
	c := industryCell{Value: figureText(t, x, v), Href: href}
	if x.Type == rule.MoneyType && v != nil {
		c.Exact = exactYuan(t, fenOf(v))
	}
	if v == nil {
		c.Href = ""
	}
	return c
}

// industryRow puts a part's operations into words.
func (a industryAsked) row(t i18n.T, x *indicator.Indicator, q industryQuery, o monitor.Operations) industryRow {
	y, n := yearMonth(a.p)
	before, _ := a.p.YearBefore()
	row := industryRow{
		Operations: o, X: x, Reported: o.Month.Counted, Of: o.Month.Within,
		MonthCell: industryCellOf(t, x, o.Month.Value, a.inMonth(x, q.figureQuery, a.p)), BeforeCell: industryCellOf(t, x, o.Before.Value, a.inMonth(x, q.figureQuery, before)),
		ToCell: industryCellOf(t, x, o.ToDate.Value, a.inMonth(x, q.figureQuery, period.ToMonth(y, n))), ToBe: industryCellOf(t, x, o.ToBefore.Value, a.inMonth(x, q.figureQuery, period.ToMonth(y-1, n))),
		Growth: growthText(t, x, o.Alike.Now, o.Alike.Then), GrowthTo: growthText(t, x, o.AlikeToDate.Now, o.AlikeToDate.Then), GrowthAll: growthText(t, x, o.Month, o.Before),
		GrowthHref: q.firms(monitor.InBoth), DueHref: q.firms(monitor.Due), FirmsHref: q.firms(""),
	}
	if row.Growth != "" {
		row.GrowthOf = t.S("industrypage.of_firms", o.Alike.Now.Counted)
	}
	return row
}

func yearMonth(p period.Period) (y, n int) {
	first, _, _ := p.Span()
	y, n, _ = first.YMD()
	return y, n
}

// monthGroups are the months to choose from, by year.
func monthGroups(t i18n.T, today period.Day, p period.Period) []optionGroup {
	var all []optionGroup
	y, _ := yearMonth(p)
	for last := period.Of(period.Month, today); last.YearOf() > today.Year()-figureYears || last.YearOf() >= y; last, _ = last.Before() {
		if n := len(all); n == 0 || all[n-1].Label != strconv.Itoa(last.YearOf()) {
			all = append(all, optionGroup{Label: strconv.Itoa(last.YearOf())})
		}
		g := &all[len(all)-1]
		g.Options = append(g.Options, option{last.String(), periodText(t, last)})
	}
	return all
}

func (s *server) industryDataOf(ctx context.Context, v *visit, a industryAsked) (industryData, error) {
	t, x := v.t, a.x
	y, n := yearMonth(a.p)
	d := industryData{figureFrame: s.figureFrame(v, a.figureAsked, x), Query: a.query, X: x, Name: t.Text(x.Name), Unit: barUnit(t, x), ToDate: periodText(t, period.ToMonth(y, n)), ByName: t.Text(s.Monitor.Name(a.by))}
	d.Periods = monthGroups(t, a.m.day, a.p)
	for _, one := range a.all {
		d.Indicators = append(d.Indicators, option{one.Code, t.Text(one.Name)})
		sum, err := s.Monitor.Operations(ctx, a.view, a.of(one), monitor.Dimension{})
		if err != nil {
			return d, err
		}
		row := a.row(t, one, a.query.about(one.Code), sum[0])
		row.Name = t.Text(one.Name)
		row.Href = a.query.about(one.Code).href("/industry")
		if one == x {
			d.Lead = row
		}
		d.Rows = append(d.Rows, row)
	}
	if now, all := d.Lead.Alike.Now.Value, d.Lead.Month.Value; now != nil && all != nil && all.Sign() > 0 {
		d.Share = new(big.Rat).Mul(new(big.Rat).Quo(now, all), big.NewRat(100, 1)).FloatString(1) + "%"
	}
	for _, fill := range []func(context.Context, *visit, industryAsked, *industryData) error{s.industryAims, s.industryTrend, s.industryParts} {
		if err := fill(ctx, v, a, &d); err != nil {
			return d, err
		}
	}
	for _, months := range industryMonths {
		d.Lengths = append(d.Lengths, choiceLink{t.S("industrypage.months", months), a.query.over(months).href("/industry") + "#trend", months == a.query.Months})
	}
	for _, dim := range s.industryDimensions() {
		d.By = append(d.By, choiceLink{t.Text(s.Monitor.Name(dim)), a.query.by(dim.String()).href("/industry") + "#parts", dim == a.by})
	}
	return d, nil
}

// industryTrend is the last months of the indicator.
func (s *server) industryTrend(ctx context.Context, v *visit, a industryAsked, d *industryData) error {
	t, x := v.t, a.x
	points, err := s.Monitor.Trend(ctx, a.view, a.of(x), a.query.Months)
	if err != nil {
		return err
	}
	for _, p := range points {
		q := a.query
		q.figureQuery = q.at(p.Month)
		before, _ := p.Month.YearBefore()
		d.Trend = append(d.Trend, industryTrend{
			TrendPoint: p, Name: periodText(t, p.Month), Href: q.href("/industry"), Growth: growthText(t, x, p.Alike.Now, p.Alike.Then), Reported: p.Value.Counted, Of: p.Value.Within,
			ValueCell: industryCellOf(t, x, p.Value.Value, a.inMonth(x, a.query.figureQuery, p.Month)), BeforeCell: industryCellOf(t, x, p.Before.Value, a.inMonth(x, a.query.figureQuery, before)),
			Bar: pointNumber(x, p.Value.Value), BarBefore: pointNumber(x, p.Before.Value), FirmsHref: q.firms(monitor.Due), GrowthHref: q.firms(monitor.InBoth),
		})
	}
	return nil
}

// pointNumber is a figure as a line takes it: nothing for what is not known.
func pointNumber(x *indicator.Indicator, v *big.Rat) string {
	if v == nil {
		return ""
	}
	return barNumber(x, v)
}

// chainOf is the chain to which a view is confined; ok is false where it is confined to any other part.
func chainOf(p *monitor.Part) (chain string, ok bool) {
	if p == nil {
		return "", true
	}
	return p.Code, p.And == nil && p.Dimension.By == monitor.ByFact && p.Dimension.Fact == target.ChainFact && p.Code != ""
}

// industryAims is what plans that are in force in the month promised of the indicators, and how far that is.
func (s *server) industryAims(ctx context.Context, v *visit, a industryAsked, d *industryData) error {
	t := v.t
	chain, ok := chainOf(a.only)
	if !ok {
		d.AimWhy = t.S("industrypage.aim_parts")
		return nil
	}
	for _, plan := range s.Targets.Plans(v.scope) {
		if !s.aimsAt(plan, a) {
			continue
		}
		splits, err := s.Targets.Splits(ctx, plan.Code)
		if err != nil {
			return err
		}
		for _, x := range splits {
			if x.Goal.Indicator == nil || !slices.Contains(a.all, x.Goal.Indicator) {
				continue
			}
			row, err := s.industryAim(ctx, t, a, x, a.query.Area, chain)
			if err != nil {
				return err
			}
			aim := industryAim{row, t.Text(plan.Title)}
			d.Aims = append(d.Aims, aim)
			if d.AimHead == nil && x.Goal.Indicator == a.x && target.Alike(x.Goal) && chain == "" {
				d.AimHead = &aim
			}
		}
	}
	if len(d.Aims) == 0 {
		d.AimWhy = t.S("industrypage.no_aim")
	}
	return nil
}

// aimsAt says that a plan is in force in the month that is asked for, and holds the area to something.
func (s *server) aimsAt(plan content.TargetPlan, a industryAsked) bool {
	first, last, _ := a.p.Span()
	return plan.From <= last && first <= plan.To && s.Library.Areas().Within(a.query.Area, plan.Area)
}

// industryAim is how far a target is at the end of the month, on the data that the page goes by.
func (s *server) industryAim(ctx context.Context, t i18n.T, a industryAsked, x *target.Split, area, chain string) (targetRow, error) {
	_, last, _ := a.p.Span()
	on := min(last, a.m.day)
	p, err := s.Targets.Progress(ctx, a.view, target.Asked{Split: x, Area: area, Chain: chain, On: on, Verified: a.query.Verified})
	if err != nil {
		return targetRow{}, err
	}
	return s.targetRow(t, targetQuery{Plan: x.Goal.Plan.Code, Area: area, On: on, All: !a.query.Verified}, p), nil
}

// industryParts are the parts of the dimension beside each other, each area with what was promised of its growth.
func (s *server) industryParts(ctx context.Context, v *visit, a industryAsked, d *industryData) error {
	t := v.t
	all, err := s.Monitor.Operations(ctx, a.view, a.of(a.x), a.by)
	if err != nil {
		return err
	}
	areal := a.by.By == monitor.ByArea || a.by.By == monitor.ByCounty
	for _, o := range all {
		q, itself := a.query, areal && (o.Code == "" || o.Code == a.query.Area)
		if !itself {
			q = q.part(a.by, o.Code)
		}
		row := a.row(t, a.x, q, o)
		row.Name = cmp.Or(t.Text(o.Name), t.S("web.area_unknown"))
		if !itself {
			q.By = "" // what lies below it
			row.Href = q.href("/industry")
		}
		if areal && !itself && d.AimHead != nil && v.scope.Sees(access.ReadFact, o.Code, 0) {
			aim, err := s.industryAim(ctx, t, a, d.AimHead.Split, o.Code, "")
			if err != nil {
				return err
			}
			row.Aim = &aim
		}
		d.Parts = append(d.Parts, row)
	}
	return nil
}

// industry is the operations of a month: of a place or a part of its enterprises, beside the year before and what was promised.
func (s *server) industry(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.askedIndustry(r, v)
	if err != nil {
		return err
	}
	d, err := s.industryDataOf(r.Context(), v, a)
	if err != nil {
		return err
	}
	sh := s.shell(r, v, v.t.S("industrypage.title"))
	sh.Chart = true
	return s.show(w, r, sh, http.StatusOK, industryPage(v.t, d))
}

// industryColumns are the heads of a table of parts in a file.
func industryColumns(t i18n.T, x *indicator.Indicator, first string) []string {
	unit := inBrackets(t, exportUnit(t, x))
	return []string{
		first, t.S("industrypage.month") + unit, t.S("industrypage.month_before") + unit, t.S("industrypage.growth"), t.S("industrypage.growth_of"), t.S("industrypage.growth_all"),
		t.S("industrypage.to_date") + unit, t.S("industrypage.to_before") + unit, t.S("industrypage.growth_to"), t.S("industrypage.reported"), t.S("industrypage.of"), t.S("industrypage.due"),
	}
}

func (r industryRow) line() []any {
	return []any{
		r.Name, exportNumber(r.X, r.Month.Value), exportNumber(r.X, r.Before.Value), exportGrowth(r.Alike.Growth()), r.Alike.Now.Counted, exportGrowth(monitor.Growth(r.Month, r.Before)),
		exportNumber(r.X, r.ToDate.Value), exportNumber(r.X, r.ToBefore.Value), exportGrowth(r.AlikeToDate.Growth()), r.Reported, r.Of, r.Due(),
	}
}

// exportGrowth is a growth for a file, in percents.
func exportGrowth(g *big.Rat) any {
	if g == nil {
		return nil
	}
	return new(big.Rat).Mul(g, big.NewRat(100, 1)).FloatString(1) + "%"
}

// exportIndustry sends the parts beside each other with the whole below them, and on further sheets the trend, the other indicators and the targets.
func (s *server) exportIndustry(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.askedIndustry(r, v)
	if err != nil {
		return err
	}
	d, err := s.industryDataOf(r.Context(), v, a)
	if err != nil {
		return err
	}
	t := v.t
	out := sheet.Export{Title: d.Name, Notes: append(s.figureNotes(v, a.figureAsked, a.query.href("/industry")),
		[2]string{t.S("industrypage.base"), t.S("industrypage.base_help")}, [2]string{t.S("figurepage.source"), sourceOf(a.x)}, [2]string{t.S("figurepage.version"), a.x.Version})}
	out.Columns = append(industryColumns(t, a.x, d.ByName), t.S("industrypage.promise"), t.S("targetpage.distance"), t.S("targetpage.state"))
	out.Rows = func(yield func([]any) bool) {
		total := d.Lead
		total.Name = t.S("web.sum")
		if d.AimHead != nil {
			total.Aim = &d.AimHead.targetRow
		}
		for _, row := range append(slices.Clone(d.Parts), total) {
			line := append(row.line(), nil, nil, nil)
			if row.Aim != nil {
				copy(line[len(line)-3:], []any{row.Aim.Quota, row.Aim.Distance, row.Aim.StateText})
			}
			if !yield(line) {
				return
			}
		}
	}
	trend := sheet.Table{Name: t.S("industrypage.trend"), Columns: []string{
		t.S("industrypage.which_month"), t.S("industrypage.month") + inBrackets(t, exportUnit(t, a.x)), t.S("industrypage.month_before") + inBrackets(t, exportUnit(t, a.x)),
		t.S("industrypage.growth"), t.S("industrypage.growth_of"), t.S("industrypage.reported"), t.S("industrypage.of"),
	}}
	trend.Rows = func(yield func([]any) bool) {
		for _, p := range d.Trend {
			if !yield([]any{p.Month.String(), exportNumber(a.x, p.Value.Value), exportNumber(a.x, p.TrendPoint.Before.Value), exportGrowth(p.Alike.Growth()), p.Alike.Now.Counted, p.Reported, p.Of}) {
				return
			}
		}
	}
	aims := sheet.Table{Name: t.S("industrypage.aims"), Columns: []string{
		t.S("targetpage.plan"), t.S("targetpage.name"), t.S("industrypage.promise"), t.S("targetpage.actual"), t.S("targetpage.need"), t.S("targetpage.distance"), t.S("targetpage.state"), t.S("targetpage.why"),
	}}
	aims.Rows = func(yield func([]any) bool) {
		for _, x := range d.Aims {
			if !yield([]any{x.Plan, x.Name, x.Quota, x.Actual, x.Need, x.Distance, x.StateText, x.Why}) {
				return
			}
		}
	}
	out.More = []sheet.Table{trend}
	for _, row := range d.Rows {
		if row.X != a.x { // each in its own unit
			one := sheet.Table{Name: row.Name, Columns: industryColumns(t, row.X, t.S("web.area"))}
			row.Name = d.AreaName
			one.Rows = slices.Values([][]any{row.line()})
			out.More = append(out.More, one)
		}
	}
	out.More = append(out.More, aims)
	return s.export(w, r, v, t.S("industrypage.title")+"-"+d.Name+"-"+d.AreaName+"-"+a.p.String(), out)
}

// industryFirm is an enterprise in a month.
type industryFirm struct {
	monitor.MonthFirm
	AreaName, StandText, Growth, GrowthTo string
	NowCell, ThenCell                     industryCell
	Stated                                string
}

type industryFirmsData struct {
	figureFrame
	Query        industryQuery
	X            *indicator.Indicator
	Name         string
	Indicators   []option
	Stands       []choiceLink
	Rows         []industryFirm
	Total, Pages int
	ToDate       string
}

func (s *server) industryFirmRow(t i18n.T, a industryAsked, f monitor.MonthFirm) industryFirm {
	x := a.x
	_, n := yearMonth(a.p)
	before, _ := a.p.YearBefore()
	why := func(p period.Period) string {
		return a.figureAsked.query.plainly().at(p).href(figurePath(x.Code) + "/rows/" + strconv.FormatInt(f.ID, 10))
	}
	return industryFirm{
		MonthFirm: f, AreaName: s.areaName(f.Area), StandText: t.S("industrypage.stand_" + string(f.Stand)), Growth: partText(f.Growth()), GrowthTo: partText(f.GrowthToDate()),
		NowCell: industryCellOf(t, x, f.Now, why(a.p)), ThenCell: industryCellOf(t, x, f.Then, why(before)), Stated: strconv.Itoa(f.Stated) + " / " + strconv.Itoa(n),
	}
}

// industryFirms is the enterprises behind a month, by how they stand to it: those that growth is of, and those that have not reported.
func (s *server) industryFirms(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.askedIndustry(r, v)
	if err != nil {
		return err
	}
	t := v.t
	all, err := s.Monitor.MonthFirms(r.Context(), a.view, a.of(a.x), a.query.Stand)
	if err != nil {
		return err
	}
	y, n := yearMonth(a.p)
	d := industryFirmsData{figureFrame: s.figureFrame(v, a.figureAsked, a.x), Query: a.query, X: a.x, Name: t.Text(a.x.Name), Total: all.Len(), Pages: max((all.Len()+listRows-1)/listRows, 1), ToDate: periodText(t, period.ToMonth(y, n))}
	d.Periods = monthGroups(t, a.m.day, a.p)
	for _, x := range a.all {
		d.Indicators = append(d.Indicators, option{x.Code, t.Text(x.Name)})
	}
	q := a.query
	q.By, q.Months, q.Page = "", 0, 1
	sum := 0
	for _, stand := range monitor.Stands() {
		sum += all.Stands[stand]
		d.Stands = append(d.Stands, choiceLink{t.S("industrypage.stand_"+string(stand)) + " " + i18n.Group(strconv.Itoa(all.Stands[stand])), q.firms(stand), a.query.Stand == stand})
	}
	d.Stands = append([]choiceLink{{t.S("web.all") + " " + i18n.Group(strconv.Itoa(sum)), q.firms(""), a.query.Stand == ""}}, d.Stands...)
	d.Query.Page = min(a.query.Page, d.Pages)
	for _, f := range all.Page((d.Query.Page-1)*listRows, listRows) {
		d.Rows = append(d.Rows, s.industryFirmRow(t, a, f))
	}
	return s.show(w, r, s.shell(r, v, t.S("industrypage.firms")), http.StatusOK, industryFirmsPage(t, d))
}

func (s *server) exportIndustryFirms(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.askedIndustry(r, v)
	if err != nil {
		return err
	}
	t := v.t
	all, err := s.Monitor.MonthFirms(r.Context(), a.view, a.of(a.x), a.query.Stand)
	if err != nil {
		return err
	}
	unit := inBrackets(t, exportUnit(t, a.x))
	out := sheet.Export{Title: t.Text(a.x.Name), Notes: append(s.figureNotes(v, a.figureAsked, a.query.href("/industry/firms")), [2]string{t.S("industrypage.base"), t.S("industrypage.base_help")})}
	out.Columns = []string{
		t.S("web.firm_name"), t.S("web.uscc"), t.S("web.area"), t.S("web.state"), t.S("industrypage.month") + unit, t.S("industrypage.month_before") + unit, t.S("industrypage.growth"),
		t.S("industrypage.alike_to") + unit, t.S("industrypage.alike_before") + unit, t.S("industrypage.growth_to"), t.S("industrypage.stated"),
	}
	out.Rows = func(yield func([]any) bool) {
		for from := 0; from < all.Len(); from += sheetChunk {
			for _, f := range all.Page(from, sheetChunk) {
				if !v.scope.Sees(access.Export, f.Area, f.ID) {
					continue
				}
				row := s.industryFirmRow(t, a, f)
				if !yield([]any{
					f.Name, f.USCC, row.AreaName, row.StandText, exportNumber(a.x, f.Now), exportNumber(a.x, f.Then), exportGrowth(f.Growth()),
					exportNumber(a.x, f.ToNow), exportNumber(a.x, f.ToThen), exportGrowth(f.GrowthToDate()), f.Stated,
				}) {
					return
				}
			}
		}
	}
	return s.export(w, r, v, t.S("industrypage.firms")+"-"+t.Text(a.x.Name)+"-"+s.areaName(a.query.Area)+"-"+a.p.String(), out)
}
