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
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// brokenRow is a figure of a part of something: of an area, a trade, a period.
type brokenRow struct {
	Name, Value, Bar, Growth string
	F                        indicator.Figure
	Href                     string
}

// brokenDown is a figure by one dimension.
type brokenDown struct {
	ID, Title string
	Rows      []brokenRow
}

// stateCount is how many subjects stand to the figure in one way.
type stateCount struct {
	Name, Href string
	N          int
}

// statedRow is what was stated of an area itself.
type statedRow struct {
	Area, Value, Period, Source, When string
	Href                              string
}

// indexPart is a part of a composite.
type indexPart struct {
	indicatorRow
	Whole  string
	Weight int
}

// figureData is one figure, opened.
type figureData struct {
	figureFrame
	indicatorRow
	Path       string
	Population indicator.PopulationFile
	Uses       []choiceField
	Unit       string
	Series     []brokenDown // over years, and over months where it can be told for months
	By         []brokenDown
	States     []stateCount
	Stated     []statedRow
	Parts      []indexPart
	Kind       string // of the subjects
}

// figureOn is the indicator of an address with what is asked of it.
func (s *server) figureOn(r *http.Request, v *visit) (figureAsked, *indicator.Indicator, error) {
	x, err := s.Monitor.Set.Indicator(r.PathValue("code"))
	if err != nil {
		return figureAsked{}, nil, err
	}
	a, err := s.askedFigures(r, v)
	return a, x, err
}

// figurePage is one figure: what it means, what it comes to, over time and by parts, and how many stand behind it.
func (s *server) figurePage(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, x, err := s.figureOn(r, v)
	if err != nil {
		return err
	}
	d, err := s.figureDataOf(r.Context(), v, a, x)
	if err != nil {
		return err
	}
	sh := s.shell(r, v, v.t.Text(x.Name))
	sh.Chart = true
	return s.show(w, r, sh, http.StatusOK, figureView(v.t, d))
}

func (s *server) figureDataOf(ctx context.Context, v *visit, a figureAsked, x *indicator.Indicator) (figureData, error) {
	t := v.t
	d := figureData{figureFrame: s.figureFrame(v, a, x), Path: figurePath(x.Code), Uses: s.choiceFields(a, x), Unit: barUnit(t, x)}
	d.Population, _ = s.Monitor.Set.Population(x.Population)
	if x.Kind != "" {
		d.Kind = t.S("web.kind_" + x.Kind)
	}
	var err error
	if d.indicatorRow, err = s.indicatorRow(ctx, t, a, x); err != nil {
		return d, err
	}
	if err := s.figureSeries(ctx, t, a, x, &d); err != nil || d.Why != "" {
		return d, err
	}
	for _, dim := range append([]monitor.Dimension{{By: monitor.ByArea}}, s.partDimensions()...) {
		if dim.By != monitor.ByArea && (!byFirm(x) || has(a.only, dim)) {
			continue
		}
		part, err := s.brokenDown(ctx, t, a, x, dim)
		if err != nil {
			return d, err
		}
		if len(part.Rows) > 1 || len(part.Rows) == 1 && dim.By != monitor.ByArea {
			d.By = append(d.By, part)
		}
	}
	if d.Parts, err = s.compositeParts(ctx, t, a, x); err != nil {
		return d, err
	}
	if x.Measure == indicator.Given {
		d.Stated, err = s.statedOf(ctx, t, a, x)
		return d, err
	}
	behind, err := s.Monitor.Behind(ctx, a.view, a.of(x))
	if err != nil {
		return d, err
	}
	for _, state := range shownStates {
		if n := behind.States[state]; n > 0 {
			d.States = append(d.States, stateCount{t.Msg(state.Msg()), a.query.of(state).href(d.Path + "/rows"), n})
		}
	}
	return d, nil
}

// shownStates are those in which subjects stand to a figure, in the order of pages.
var shownStates = []indicator.State{indicator.Counted, indicator.Within, indicator.Open, indicator.Dark, indicator.Failed}

// figureSeries is the figure over the years, and over the months of the year where it has any.
func (s *server) figureSeries(ctx context.Context, t i18n.T, a figureAsked, x *indicator.Indicator, d *figureData) error {
	year := a.p.YearOf()
	var years, months []period.Period
	for y := year - figureYears + 1; y <= year; y++ {
		years = append(years, period.OfYear(y))
	}
	for m := 1; m <= 12; m++ {
		if p := period.OfMonth(year, m); x.Tells(p) && !x.Steady() {
			if first, _, _ := p.Span(); first <= a.m.day {
				months = append(months, p)
			}
		}
	}
	for i, periods := range [][]period.Period{years, months} {
		if len(periods) == 0 || a.only != nil && !byFirm(x) {
			continue
		}
		row := brokenDown{ID: "over-" + []string{"years", "months"}[i], Title: t.S("figurepage.over_" + []string{"years", "months"}[i])}
		all, err := s.Monitor.Series(ctx, a.view, a.of(x), periods)
		if err != nil {
			return err
		}
		for j, f := range all {
			one := brokenRow{Name: periodText(t, periods[j]), Value: figureText(t, x, f.Value), Bar: barNumber(x, f.Value), F: f, Href: a.query.at(periods[j]).plainly().href(figurePath(x.Code))}
			if j > 0 && i == 0 {
				one.Growth = growthText(t, x, f, all[j-1])
			}
			row.Rows = append(row.Rows, one)
		}
		d.Series = append(d.Series, row)
	}
	return nil
}

func (s *server) brokenDown(ctx context.Context, t i18n.T, a figureAsked, x *indicator.Indicator, d monitor.Dimension) (brokenDown, error) {
	out := brokenDown{ID: "by-" + safeID(d.String()), Title: t.S("figurepage.by", t.Text(s.Monitor.Name(d)))}
	cells, err := s.Monitor.By(ctx, a.view, a.of(x), d)
	if err != nil {
		return out, err
	}
	for _, c := range cells {
		row := brokenRow{Name: cmp.Or(t.Text(c.Name), t.S("web.area_unknown")), Value: figureText(t, x, c.Value), Bar: barNumber(x, c.Value), F: c.Figure}
		if d.By != monitor.ByArea || c.Code != a.query.Area && c.Code != "" {
			row.Href = a.query.plainly().only(d, c.Code).href(figurePath(x.Code))
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// safeID is a word as part of an element's id.
func safeID(word string) string {
	b := []byte(word)
	for i, c := range b {
		if c == '.' || c == ':' {
			b[i] = '-'
		}
	}
	return string(b)
}

func (s *server) compositeParts(ctx context.Context, t i18n.T, a figureAsked, x *indicator.Indicator) ([]indexPart, error) {
	var all []indexPart
	for _, p := range x.Parts {
		of, err := s.Monitor.Set.Indicator(p.Indicator)
		if err != nil {
			return nil, err
		}
		row := indexPart{Whole: p.Whole, Weight: p.Weight}
		if row.indicatorRow, err = s.indicatorRow(ctx, t, a, of); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

// statedOf is what was stated of the area, and of those in it, as far as the reader sees them, with who said it.
func (s *server) statedOf(ctx context.Context, t i18n.T, a figureAsked, x *indicator.Indicator) ([]statedRow, error) {
	def, ok := s.Library.FactDef(x.Fact)
	if !ok {
		return nil, nil
	}
	p := a.p
	if def.Period == period.Year {
		p = period.OfYear(a.p.YearOf())
	}
	var all []statedRow
	for area := range a.view.Areas() {
		if !s.Library.Areas().Within(area.Key, a.query.Area) {
			continue
		}
		for n := 0; n <= x.Carry; n++ {
			of := p
			if n > 0 {
				of = period.OfYear(p.YearOf() - n)
			}
			c := a.view.Value(area.ID, def.Code, of)
			if c.State == fact.Unknown {
				continue
			}
			row := statedRow{Area: s.areaName(area.Key), Value: factText(t, s.Library, def, c.State, c.Value, c.Precision), Period: periodText(t, of)}
			o, err := a.view.Origin(ctx, c)
			switch {
			case err == nil:
				row.Source, row.When, row.Href = s.sourceText(t, o.Source), instant(o.Source.ReceivedAt), sourcePath(o.Source.ID)
			case !hidden(err):
				return nil, err
			}
			all = append(all, row)
			break
		}
	}
	return all, nil
}

// rowsData is the subjects behind a figure.
type rowsData struct {
	figureFrame
	X            *indicator.Indicator
	Path         string
	Name, Value  string
	States       []option
	Total, Pages int
	Rows         []behindRow
	Counts       bool // subjects are counted: what each brought says nothing
}

// behindRow is a subject behind a figure.
type behindRow struct {
	monitor.Firm
	Thing, AreaName, State, Brought string
	Href                            string // its explanation
}

func (s *server) behindRow(t i18n.T, a figureAsked, x *indicator.Indicator, f monitor.Firm) behindRow {
	row := behindRow{Firm: f, AreaName: s.areaName(f.Area), State: t.Msg(f.State.Msg()), Href: a.query.plainly().href(figurePath(x.Code) + "/rows/" + strconv.FormatInt(f.Subject, 10))}
	if f.Kind != content.Enterprise {
		row.Thing = s.childTitle(t, a.view, f.Kind, f.Subject, 0)
	}
	if x.Value != "" && f.State == indicator.Counted {
		row.Brought = figureText(t, x, x.Brought(f.Line))
	}
	return row
}

// behind is the subjects in the state that an address asks for.
func (s *server) behind(ctx context.Context, a figureAsked, x *indicator.Indicator) (*monitor.Behind, error) {
	var states []indicator.State
	if state, ok := indicator.StateOf(a.query.State); ok {
		states = append(states, state)
	}
	return s.Monitor.Behind(ctx, a.view, a.of(x), states...)
}

// figureRows is the subjects behind a figure, page by page.
func (s *server) figureRows(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, x, err := s.figureOn(r, v)
	if err != nil {
		return err
	}
	t := v.t
	behind, err := s.behind(r.Context(), a, x)
	if err != nil {
		return err
	}
	f, err := s.Monitor.Figure(r.Context(), a.view, a.of(x))
	if err != nil {
		return err
	}
	d := rowsData{
		figureFrame: s.figureFrame(v, a, x), X: x, Path: figurePath(x.Code), Name: t.Text(x.Name), Value: figureText(t, x, f.Value),
		Total: behind.Len(), Pages: max((behind.Len()+listRows-1)/listRows, 1), Counts: x.Value == "",
	}
	for _, state := range shownStates {
		d.States = append(d.States, option{state.String(), t.Msg(state.Msg()) + inBrackets(t, strconv.Itoa(behind.States[state]))})
	}
	d.Query.Page = min(a.query.Page, d.Pages)
	for _, f := range behind.Page((d.Query.Page-1)*listRows, listRows) {
		d.Rows = append(d.Rows, s.behindRow(t, a, x, f))
	}
	return s.show(w, r, s.shell(r, v, d.Name), http.StatusOK, figureRowsPage(t, d))
}

// readRow is a fact that was read of a subject, with who said it.
type readRow struct {
	What, Period, Value, Source, When string
	Href, SourceHref                  string
	Status                            fact.Status
	Known, Carried                    bool
}

// rowData is how one subject stands to a figure.
type rowData struct {
	figureFrame
	X                          *indicator.Indicator
	Path, Name                 string
	Firm                       party.Enterprise
	Thing, State, Brought, Why string
	Weight                     string
	Row                        indicator.Row
	Read                       []readRow
	Missing                    []missing
}

// figureRow says how one subject stands to a figure: what was read of it, who said it and when, and what is missing.
func (s *server) figureRow(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, x, err := s.figureOn(r, v)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.PathValue("subject"), 10, 64)
	if err != nil {
		return errs.NotFound("subject", r.PathValue("subject"))
	}
	t := v.t
	row, err := s.Monitor.Row(r.Context(), a.view, a.of(x), id)
	if err != nil {
		return err
	}
	d := rowData{figureFrame: s.figureFrame(v, a, x), X: x, Path: figurePath(x.Code), Name: t.Text(x.Name), Row: row, State: t.Msg(row.State.Msg())}
	firm := id
	if sub, ok := a.view.Subject(id); ok && sub.Kind != content.Enterprise {
		d.Thing, firm = s.childTitle(t, a.view, sub.Kind, id, 0), sub.Parent
		if up, ok := a.view.Subject(firm); ok && up.Kind != content.Enterprise {
			firm = up.Parent
		}
	}
	d.Firm, _ = a.view.Enterprise(firm)
	if x.Value != "" && row.State == indicator.Counted {
		d.Brought = figureText(t, x, x.Brought(row.Line))
	}
	if !row.Why.IsZero() {
		d.Why = t.Msg(row.Why)
	}
	seen := map[rule.FactRef]bool{}
	for _, read := range row.Read {
		if seen[read.FactRef] {
			continue
		}
		seen[read.FactRef] = true
		one, err := s.readRow(r.Context(), t, a.view, firm, x, read)
		if err != nil {
			return err
		}
		d.Read = append(d.Read, one)
	}
	for _, ref := range row.Missing {
		m := s.missingFact(t, a.view, firm, ref)
		if ref.Period.Kind() != period.Always {
			m.What += inBrackets(t, periodText(t, ref.Period))
		}
		d.Missing = append(d.Missing, m)
	}
	return s.show(w, r, s.shell(r, v, d.Name+" · "+d.Firm.Name), http.StatusOK, figureRowPage(t, d))
}

// readRow puts a fact that was read into words; one that a year before stood in for is shown as of that year.
func (s *server) readRow(ctx context.Context, t i18n.T, view fact.View, firm int64, x *indicator.Indicator, read rule.FactRead) (readRow, error) {
	row := readRow{What: t.S("web.def_" + read.Def), Known: read.State == rule.Present}
	def, ok := s.Library.FactDef(read.Def)
	if !ok { // where it lies, what it does
		row.Value = "—"
		if row.Known {
			row.Value = s.nodeName(s.Library.Industries(), s.areaName(read.Value.String()))
		}
		return row, nil
	}
	row.What = t.Text(def.Name)
	id, err := strconv.ParseInt(read.Subject.ID, 10, 64)
	if err != nil {
		return row, errs.NotFound("subject", read.Subject.ID)
	}
	if read.Subject.Kind != content.Enterprise {
		row.What = s.childTitle(t, view, read.Subject.Kind, id, 0) + " · " + row.What
	}
	row.Href = factPath(firm, id, def.Code)
	var c fact.Cell
	for n := 0; n <= x.Carry; n++ {
		p := read.Period
		if n > 0 {
			if p.Kind() != period.Year {
				break
			}
			p = period.OfYear(p.YearOf() - n)
		}
		if c = view.Value(id, def.Code, p); c.State != fact.Unknown || n == 0 {
			row.Carried = n > 0
			if p.Kind() != period.Always {
				row.Period = periodText(t, p)
			}
		}
		if c.State != fact.Unknown {
			break
		}
	}
	row.Value, row.Status, row.Known = factText(t, s.Library, def, c.State, c.Value, c.Precision), c.Status, c.Known
	o, err := view.Origin(ctx, c)
	switch {
	case err == nil:
		row.Source, row.When = s.sourceText(t, o.Source), instant(o.Source.ReceivedAt)
		if o.Place != "" {
			row.Source += " · " + o.Place
		}
		if view.Scope().Sees(access.ReadFact, o.Source.Area, o.Source.Party) {
			row.SourceHref = sourcePath(o.Source.ID)
		}
	case !hidden(err):
		return row, err
	}
	return row, nil
}

// exportFigure sends all subjects behind a figure, with what it comes to by parts and over time on further sheets.
func (s *server) exportFigure(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, x, err := s.figureOn(r, v)
	if err != nil {
		return err
	}
	t := v.t
	d, err := s.figureDataOf(r.Context(), v, a, x)
	if err != nil {
		return err
	}
	behind, err := s.behind(r.Context(), a, x)
	if err != nil {
		return err
	}
	out := sheet.Export{Title: t.Text(x.Name), Notes: append(s.figureNotes(v, a, d.Path),
		[2]string{t.S("figurepage.value"), d.Value}, [2]string{t.S("figurepage.verified"), d.Verified + inBrackets(t, d.VerifiedShare)},
		[2]string{t.S("figurepage.version"), x.Version}, [2]string{t.S("figurepage.source"), sourceOf(x) + " · " + t.S("web."+x.Confidence)}, [2]string{t.S("figurepage.hash"), x.Hash})}
	out.Columns = []string{t.S("web.firm_name"), t.S("web.uscc"), t.S("web.area"), t.S("figurepage.subject"), t.S("web.state"), t.S("figurepage.brought")}
	out.Rows = func(yield func([]any) bool) {
		for from := 0; from < behind.Len(); from += sheetChunk {
			for _, f := range behind.Page(from, sheetChunk) {
				if !v.scope.Sees(access.Export, f.Area, f.Owner) {
					continue
				}
				row := s.behindRow(t, a, x, f)
				var brought any
				if row.Brought != "" {
					brought = exportNumber(x, x.Brought(f.Line))
				}
				if !yield([]any{f.Firm, f.USCC, row.AreaName, row.Thing, row.State, brought}) {
					return
				}
			}
		}
	}
	for _, part := range slices.Concat(d.Series, d.By) {
		out.More = append(out.More, brokenSheet(t, x, part))
	}
	return s.export(w, r, v, t.Text(x.Name)+"-"+d.AreaName+"-"+a.p.String(), out)
}

// sheetChunk is how many rows are put into words at a time.
const sheetChunk = 500

// exportNumber is a value for a sheet.
func exportNumber(x *indicator.Indicator, v *big.Rat) any {
	switch {
	case v == nil:
		return nil
	case x.Type == rule.MoneyType:
		return fenOf(v)
	case !x.Percent() && v.IsInt() && v.Num().IsInt64():
		return v.Num().Int64()
	}
	return x.Number(v)
}

func brokenSheet(t i18n.T, x *indicator.Indicator, b brokenDown) sheet.Table {
	out := sheet.Table{Name: b.Title, Columns: []string{b.Title, t.S("figurepage.value") + inBrackets(t, exportUnit(t, x)), t.S("figurepage.counted"), t.S("figurepage.within"), t.S("figurepage.lacking")}}
	out.Rows = func(yield func([]any) bool) {
		for _, row := range b.Rows {
			if !yield([]any{row.Name, exportNumber(x, row.F.Value), row.F.Counted, row.F.Within, row.F.Open + row.F.Dark + row.F.Failed}) {
				return
			}
		}
	}
	return out
}

// cellsText is what the cells of a coverage are.
func cellsText(t i18n.T, c *indicator.CellsFile) string {
	text := c.Areas
	if c.By != "" {
		if text != "" {
			text += " × "
		}
		text += c.By
	}
	return t.S("figurepage.cells_of", text, max(c.Least, 1))
}

// has says that a part is one of a dimension.
func has(p *monitor.Part, d monitor.Dimension) bool {
	for ; p != nil; p = p.And {
		if p.Dimension == d {
			return true
		}
	}
	return false
}
