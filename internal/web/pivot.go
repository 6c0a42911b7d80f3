package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// pivotRoutes are any indicator by any two dimensions, and the views that were saved of it.
func (s *server) pivotRoutes() []route {
	return []route{
		{"GET /pivot", mayFigure, s.pivot},
		{"GET /pivot/export", mayCarry, s.exportPivot},
		{"POST /pivot/views", mayFigure, s.savePivot},
		{"GET /pivot/views/{id}", mayFigure, s.savedPivot},
		{"POST /pivot/views/{id}/drop", mayFigure, s.dropPivot},
	}
}

// byYear is the dimension of time, which is none of the firms'.
const byYear = "year"

// pivotQuery is a view of the pivot.
type pivotQuery struct {
	mapQuery
	Rows, Cols string // words of dimensions, byYear among them
	Chart      bool
}

func (q pivotQuery) href(path string) string {
	out := q.values()
	for name, value := range map[string]string{"indicator": q.Indicator, "rows": q.Rows, "cols": q.Cols} {
		if value != "" {
			out.Set(name, value)
		}
	}
	if q.Chart {
		out.Set("chart", "1")
	}
	return path + "?" + out.Encode()
}

func (q pivotQuery) now() pivotQuery {
	q.figureQuery = q.today()
	return q
}

func (q pivotQuery) drawn(chart bool) pivotQuery {
	q.Chart = chart
	return q
}

// turned is the view with rows for columns.
func (q pivotQuery) turned() pivotQuery {
	q.Rows, q.Cols = q.Cols, q.Rows
	return q
}

// axis of the pivot: a dimension of the firms, or the years.
type pivotAxis struct {
	d     monitor.Dimension
	years bool
}

func (s *server) axisOf(word string) (pivotAxis, error) {
	if word == byYear {
		return pivotAxis{years: true}, nil
	}
	d, ok := s.Monitor.ParseDimension(word)
	if !ok {
		return pivotAxis{}, errs.Invalid(i18n.M("monitor.no_dimension", word))
	}
	return pivotAxis{d: d}, nil
}

func (s *server) axisName(t i18n.T, x pivotAxis) string {
	if x.years {
		return t.S("web.year")
	}
	return t.Text(s.Monitor.Name(x.d))
}

// pivotTable is figures by two axes.
type pivotTable struct {
	Rows, Cols []monitor.Head
	Cells      [][]indicator.Figure
	Total      *indicator.Figure // nil where years are put beside each other, which have none
}

// pivoted works out an indicator by two axes. Of years it is that of each year by the other axis.
func (s *server) pivoted(ctx context.Context, a figureAsked, x *indicator.Indicator, rows, cols pivotAxis) (pivotTable, error) {
	if !rows.years && !cols.years {
		t, err := s.Monitor.Cross(ctx, a.view, a.of(x), rows.d, cols.d)
		return pivotTable{t.Rows, t.Cols, t.Cells, &t.Total}, err
	}
	other := cols
	if !rows.years {
		other = rows
	}
	if other.years {
		other = pivotAxis{}
	}
	var out pivotTable // years as rows
	number := map[string]int{}
	for y := a.p.YearOf() - figureYears + 1; y <= a.p.YearOf(); y++ {
		q := a.of(x)
		q.Period = period.OfYear(y)
		cells, err := s.Monitor.By(ctx, a.view, q, other.d)
		if err != nil {
			return out, err
		}
		out.Rows = append(out.Rows, monitor.Head{Code: strconv.Itoa(y), Name: i18n.Text{ZH: strconv.Itoa(y), EN: strconv.Itoa(y)}})
		line := make([]indicator.Figure, len(out.Cols), len(out.Cols)+len(cells))
		for _, c := range cells {
			n, ok := number[c.Code]
			if !ok {
				n = len(out.Cols)
				number[c.Code] = n
				out.Cols = append(out.Cols, monitor.Head{Code: c.Code, Name: c.Name})
				line = append(line, indicator.Figure{})
			}
			line[n] = c.Figure
		}
		out.Cells = append(out.Cells, line)
	}
	for i := range out.Cells { // parts that came up in a later year
		for len(out.Cells[i]) < len(out.Cols) {
			out.Cells[i] = append(out.Cells[i], indicator.Figure{})
		}
	}
	if !rows.years {
		out = out.turned()
	}
	return out, nil
}

func (p pivotTable) turned() pivotTable {
	out := pivotTable{Rows: p.Cols, Cols: p.Rows, Total: p.Total}
	for j := range p.Cols {
		line := make([]indicator.Figure, len(p.Rows))
		for i := range p.Rows {
			line[i] = p.Cells[i][j]
		}
		out.Cells = append(out.Cells, line)
	}
	return out
}

// pivotCell is a cell that opens to what is behind it.
type pivotCell struct{ Value, Bar, Href string }

type pivotLine struct {
	Name  string
	Cells []pivotCell
}

// savedView is a saved view as a page lists it.
type savedView struct {
	monitor.Saved
	When string
}

// pivotData is the pivot.
type pivotData struct {
	figureFrame
	Query            pivotQuery
	X                *indicator.Indicator
	Name, Unit       string
	Indicators       []optionGroup
	Axes             []option
	RowName, ColName string
	Cols             []string
	Lines            []pivotLine
	Total            string
	Why              string
	Saved            []savedView
	Dropped          int64
}

// pivotAxes are the axes to choose from.
func (s *server) pivotAxes(t i18n.T) []option {
	all := []option{{byYear, t.S("web.year")}}
	for _, d := range s.Monitor.Dimensions() {
		all = append(all, option{d.String(), t.Text(s.Monitor.Name(d))})
	}
	return all
}

func (s *server) askedPivot(r *http.Request, v *visit) (a figureAsked, x *indicator.Indicator, q pivotQuery, err error) {
	if a, x, err = s.askedMap(r, v); err != nil {
		return a, x, q, err
	}
	a.query = a.query.plainly()
	q = pivotQuery{mapQuery: mapQuery{a.query, x.Code}, Rows: r.FormValue("rows"), Cols: r.FormValue("cols"), Chart: r.FormValue("chart") == "1"}
	if q.Rows == "" && q.Cols == "" {
		q.Rows, q.Cols = monitor.ByArea, byYear
	}
	return a, x, q, nil
}

func (s *server) pivotDataOf(ctx context.Context, v *visit, a figureAsked, x *indicator.Indicator, q pivotQuery) (pivotData, pivotTable, error) {
	t := v.t
	d := pivotData{figureFrame: s.figureFrame(v, a, x), Query: q, X: x, Name: t.Text(x.Name), Unit: barUnit(t, x), Indicators: s.indicatorGroups(t, everyIndicator), Axes: s.pivotAxes(t)}
	rows, err := s.axisOf(q.Rows)
	if err != nil {
		return d, pivotTable{}, err
	}
	cols, err := s.axisOf(q.Cols)
	if err != nil {
		return d, pivotTable{}, err
	}
	d.RowName, d.ColName = s.axisName(t, rows), s.axisName(t, cols)
	if !x.Tells(a.p) && !rows.years && !cols.years {
		d.Why = t.S("figurepage.longer")
		return d, pivotTable{}, nil
	}
	table, err := s.pivoted(ctx, a, x, rows, cols)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		d.Why = t.Msg(msg)
		return d, pivotTable{}, nil
	}
	if err != nil {
		return d, table, err
	}
	for _, h := range table.Cols {
		d.Cols = append(d.Cols, headName(t, h))
	}
	for i, h := range table.Rows {
		line := pivotLine{Name: headName(t, h)}
		for j, f := range table.Cells[i] {
			cell := pivotCell{Value: figureText(t, x, f.Value), Bar: barNumber(x, f.Value)}
			if !f.Zero() {
				cell.Href = cellOf(cellOf(a.query, rows, h.Code), cols, table.Cols[j].Code).href(figurePath(x.Code) + behindPage(x))
			}
			line.Cells = append(line.Cells, cell)
		}
		d.Lines = append(d.Lines, line)
	}
	if table.Total != nil {
		d.Total = figureText(t, x, table.Total.Value)
	}
	return d, table, nil
}

// behindPage is where what is behind a figure stands, below its own page; of one that is not made of subjects on that page itself.
func behindPage(x *indicator.Indicator) string {
	if x.Measure == indicator.Given || x.Measure == indicator.Composite {
		return ""
	}
	return "/rows"
}

func headName(t i18n.T, h monitor.Head) string {
	return cmp.Or(t.Text(h.Name), h.Code, t.S("web.sum"))
}

// cellOf is the view of a part of an axis.
func cellOf(q figureQuery, x pivotAxis, code string) figureQuery {
	if !x.years {
		return q.only(x.d, code)
	}
	y, _ := strconv.Atoi(code)
	return q.at(period.OfYear(y))
}

// pivot is any indicator by any two dimensions.
func (s *server) pivot(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, x, q, err := s.askedPivot(r, v)
	if err != nil {
		return err
	}
	d, _, err := s.pivotDataOf(r.Context(), v, a, x, q)
	if err != nil {
		return err
	}
	saved, err := s.Monitor.Views(r.Context(), v.scope)
	if err != nil {
		return err
	}
	for _, one := range saved {
		d.Saved = append(d.Saved, savedView{one, instant(one.At)})
	}
	d.Dropped, _ = strconv.ParseInt(r.FormValue("dropped"), 10, 64)
	sh := s.shell(r, v, v.t.S("figurepage.pivot"))
	sh.Chart = true
	return s.show(w, r, sh, http.StatusOK, pivotPage(v.t, d))
}

func (s *server) exportPivot(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, x, q, err := s.askedPivot(r, v)
	if err != nil {
		return err
	}
	d, table, err := s.pivotDataOf(r.Context(), v, a, x, q)
	if err != nil {
		return err
	}
	t := v.t
	out := sheet.Export{Title: d.Name, Notes: append(s.figureNotes(v, a, q.href("/pivot")),
		[2]string{t.S("figurepage.rows_by"), d.RowName}, [2]string{t.S("figurepage.cols_by"), d.ColName}, [2]string{t.S("figurepage.unit"), exportUnit(t, x)}, [2]string{t.S("figurepage.source"), sourceOf(x)})}
	out.Columns = append([]string{d.RowName}, d.Cols...)
	out.Rows = func(yield func([]any) bool) {
		for i, line := range d.Lines {
			cells := []any{line.Name}
			for _, f := range table.Cells[i] {
				cells = append(cells, exportNumber(x, f.Value))
			}
			if !yield(cells) {
				return
			}
		}
	}
	return s.export(w, r, v, d.Name+"-"+d.AreaName+"-"+a.p.String(), out)
}

// savePivot keeps the view that the form stands on.
func (s *server) savePivot(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, _, q, err := s.askedPivot(r, v)
	if err != nil {
		return err
	}
	if _, err := s.Monitor.SaveView(r.Context(), v.scope, monitor.Saved{Name: r.PostFormValue("name"), Area: q.Area, Address: q.href("")}); err != nil {
		return err
	}
	return seeOther(w, r, q.href("/pivot")+"#views")
}

// savedPivot leads to a saved view: what somebody else saved shows what this reader may see.
func (s *server) savedPivot(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	view, err := s.Monitor.View(r.Context(), v.scope, id)
	if err != nil {
		return err
	}
	if view.Dropped && view.Owner != v.account.ID {
		return errs.NotFound("view", id)
	}
	return seeOther(w, r, localPath("/pivot"+view.Address))
}

// dropPivot throws a saved view away, or brings it back.
func (s *server) dropPivot(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	back := r.PostFormValue("back") == "1"
	if err := s.Monitor.DropView(r.Context(), v.scope, id, back); err != nil {
		return err
	}
	if back {
		return seeOther(w, r, "/pivot#views")
	}
	return seeOther(w, r, "/pivot?dropped="+strconv.FormatInt(id, 10)+"#views")
}

// hidden fields of a view, in a fixed order, for a form that stands on it.
func (q pivotQuery) fields() []option {
	var all []option
	values := q.values()
	values.Set("indicator", q.Indicator)
	values.Set("rows", q.Rows)
	values.Set("cols", q.Cols)
	if q.Chart {
		values.Set("chart", "1")
	}
	for name, list := range values {
		all = append(all, option{name, list[0]})
	}
	slices.SortFunc(all, func(a, b option) int { return cmp.Compare(a.Value, b.Value) })
	return all
}
