package web

import (
	"cmp"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// assessedQuery is a view of a region; its address restores it.
type assessedQuery struct {
	Kind, Code, Level, Text string
	Year, Page              int
}

func (s *server) readAssessed(r *http.Request) assessedQuery {
	q := assessedQuery{
		Kind: r.FormValue("by"), Code: r.FormValue("of"), Level: r.FormValue("level"), Text: strings.TrimSpace(r.FormValue("q")),
		Year: s.assessYear(r), Page: pageNumber(r.FormValue("page")),
	}
	if !slices.Contains([]string{string(results.ByCounty), string(results.ByTrade), string(results.BySize)}, q.Kind) {
		q.Kind = string(results.ByCounty)
	}
	return q
}

func (q assessedQuery) href(path string) string {
	out := url.Values{"by": {q.Kind}, "year": {strconv.Itoa(q.Year)}}
	for key, value := range map[string]string{"of": q.Code, "level": q.Level, "q": q.Text, "page": pageText(q.Page)} {
		if value != "" {
			out.Set(key, value)
		}
	}
	return path + "?" + out.Encode()
}

func (q assessedQuery) onPage(n int) assessedQuery {
	q.Page = n
	return q
}

// only is the view of a part, or of those of it on a level.
func (q assessedQuery) only(code, level string) assessedQuery {
	q.Code, q.Level, q.Page = code, level, 1
	return q
}

// Levels that are none of the model's, as a filter names them.
const (
	levelNone    = "none"    // settled, and on no level
	levelOpen    = "open"    // something is missing
	levelNothing = "nothing" // nothing is known
	codeUnknown  = "-"       // of a part that nobody said
)

type tallyRow struct {
	results.Tally
	Name, Mean string
	Filter     string
}

type gradedRow struct {
	*results.Firm
	Area, Level, May, Points, Class string
	Reminded                        string // when it was last asked for what is missing
}

type assessedData struct {
	R            *assess.Rubric
	Query        assessedQuery
	Years        []option
	Kinds        []option
	Parts        []tallyRow
	LevelOptions []option
	PartOptions  []option
	Rows         []gradedRow
	Total, Pages int
	AsOf         string
	Classes      bool
	All          *results.Region
	Wanting      int // of those in the view something is missing
	MayRemind    bool
	Done         string
}

func (s *server) assessedOf(r *http.Request, v *visit) (assessedData, fact.View, error) {
	m, err := s.modelOf(r)
	if err != nil {
		return assessedData{}, fact.View{}, err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return assessedData{}, view, err
	}
	t := v.t
	d := assessedData{R: m, Query: s.readAssessed(r), Years: s.assessYears(), AsOf: s.asOf(t, view), Classes: m.Ranks != nil}
	if d.All, err = s.Results.Region(r.Context(), view, m, d.Query.Year); err != nil {
		return d, view, err
	}
	if r.FormValue("year") == "" && !slices.ContainsFunc(d.All.Firms, (*results.Firm).Begun) { // a year that has just begun
		before, err := s.Results.Region(r.Context(), view, m, d.Query.Year-1)
		if err != nil {
			return d, view, err
		}
		if slices.ContainsFunc(before.Firms, (*results.Firm).Begun) {
			d.All, d.Query.Year = before, d.Query.Year-1
		}
	}
	kind := results.GroupKind(d.Query.Kind)
	for _, k := range []results.GroupKind{results.ByCounty, results.ByTrade, results.BySize} {
		d.Kinds = append(d.Kinds, option{string(k), t.S("assesspage.by_" + string(k))})
	}
	for _, x := range d.All.By(s.Library, kind) {
		row := tallyRow{Tally: x, Name: t.S("assesspage.not_said"), Filter: cmp.Or(x.Code, codeUnknown)}
		if x.Code != "" {
			row.Name = s.partName(t, kind, x.Code)
		}
		if x.Mean != nil {
			row.Mean = m.Show(x.Mean)
		}
		d.Parts = append(d.Parts, row)
		d.PartOptions = append(d.PartOptions, option{row.Filter, row.Name})
	}
	if !slices.ContainsFunc(d.PartOptions, func(o option) bool { return o.Value == d.Query.Code }) {
		d.Query.Code = "" // of the parts before others were asked for
	}
	for _, l := range m.Levels {
		d.LevelOptions = append(d.LevelOptions, option{l.ID, t.Text(l.Name)})
	}
	d.LevelOptions = append(d.LevelOptions, option{levelNone, t.Text(m.LevelName(-1))}, option{levelOpen, t.S("assesspage.open")}, option{levelNothing, t.S("assesspage.nothing")})
	reminded, err := s.Results.Reminded(r.Context(), m.Rubric, d.Query.Year)
	if err != nil {
		return d, view, err
	}
	for _, f := range d.All.Firms {
		if !s.assessedIn(d.Query, kind, m, f) {
			continue
		}
		row := s.gradedRow(t, m, f)
		if at, ok := reminded[f.ID]; ok {
			row.Reminded = clock.DayOf(at).String()
		}
		if !f.Settled() {
			d.Wanting++
		}
		d.Rows = append(d.Rows, row)
	}
	d.MayRemind = d.Wanting > 0 && !m.Refuses() && v.scope.Can(access.HandleCase)
	slices.SortStableFunc(d.Rows, func(a, b gradedRow) int {
		return cmp.Or(cmp.Compare(rankOf(b), rankOf(a)), scoreOf(b).Cmp(scoreOf(a)))
	})
	d.Total = len(d.Rows)
	return d, view, nil
}

// rankOf puts who is scored before who is not.
func rankOf(x gradedRow) int {
	switch {
	case x.Settled():
		return 2
	case x.Begun():
		return 1
	}
	return 0
}

func scoreOf(x gradedRow) *big.Rat {
	if x.Score.Sure == nil {
		return new(big.Rat)
	}
	return x.Score.Sure
}

func (s *server) partName(t i18n.T, kind results.GroupKind, code string) string {
	switch kind {
	case results.ByTrade:
		return s.nodeName(s.Library.Industries(), code)
	case results.BySize:
		sizes, _ := s.Library.CodeList("sizes")
		if e, ok := sizes.Entry(code); ok {
			return t.Text(e.Name)
		}
		return code
	}
	return s.areaName(code)
}

// assessedIn says that a firm is in a view.
func (s *server) assessedIn(q assessedQuery, kind results.GroupKind, m *assess.Rubric, f *results.Firm) bool {
	if q.Code != "" && cmp.Or(results.PartOf(s.Library, kind, f), codeUnknown) != q.Code {
		return false
	}
	if q.Text != "" && !strings.Contains(f.Name, q.Text) && !strings.Contains(f.USCC, strings.ToUpper(q.Text)) {
		return false
	}
	switch q.Level {
	case "":
		return true
	case levelOpen:
		return f.Begun() && !f.Settled()
	case levelNothing:
		return !f.Begun() && !f.Settled()
	case levelNone:
		return f.Settled() && f.Level < 0
	}
	return f.Settled() && f.Level >= 0 && m.Levels[f.Level].ID == q.Level
}

func (s *server) gradedRow(t i18n.T, m *assess.Rubric, f *results.Firm) gradedRow {
	row := gradedRow{Firm: f, Area: s.areaName(f.Area)}
	if !f.Scored || !f.Begun() && !f.Settled() {
		return row
	}
	row.Points = pointsText(t, m, f.Score)
	row.Level, row.May = t.Text(m.LevelName(f.Level)), t.Text(m.LevelName(f.May))
	if f.Place.Class >= 0 && m.Ranks != nil {
		row.Class = t.Text(m.Ranks.Classes[f.Place.Class].Name)
	}
	return row
}

// assessedRegion is how many stand on which level, by county, trade or size, and the enterprises behind each number.
func (s *server) assessedRegion(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, view, err := s.assessedOf(r, v)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(r.FormValue("told")); err == nil && n >= 0 {
		d.Done = v.t.S("assesspage.told", n)
	}
	d.Pages = (d.Total + listRows - 1) / listRows
	d.Query.Page = min(d.Query.Page, max(d.Pages, 1))
	from := (d.Query.Page - 1) * listRows
	d.Rows = d.Rows[min(from, len(d.Rows)):min(from+listRows, len(d.Rows))]
	for _, x := range d.Rows {
		results.Shown(view, d.R, x.ID)
	}
	return s.show(w, r, s.shell(r, v, v.t.Text(d.R.Title)), http.StatusOK, assessedPage(v.t, d))
}

// remindAssessed asks the enterprises of a view for what is missing, those for whom the visitor is in charge.
func (s *server) remindAssessed(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, view, err := s.assessedOf(r, v)
	if err != nil {
		return err
	}
	ask := results.Reminder{Rubric: d.R, Year: d.Query.Year}
	for _, x := range d.Rows {
		ask.Firms = append(ask.Firms, x.ID)
	}
	told, err := s.Results.Remind(r.Context(), view, ask)
	if err != nil {
		return err
	}
	return seeOther(w, r, d.Query.onPage(1).href(modelPath(d.R)+"/region")+"&told="+strconv.Itoa(told))
}

// exportAssessed sends all of the view, not the page of it.
func (s *server) exportAssessed(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, view, err := s.assessedOf(r, v)
	if err != nil {
		return err
	}
	t := v.t
	rows := make([][]any, len(d.Rows))
	for i, x := range d.Rows {
		results.Shown(view, d.R, x.ID)
		rows[i] = []any{x.Name, x.USCC, x.Area, x.Points, x.Level, x.May, x.Class, x.Reminded}
	}
	name := t.Text(d.R.Title)
	return s.export(w, r, v, name+"-"+s.Clock.Today().String(), sheet.Export{
		Title: name, Notes: s.notes(v, view, d.Query.onPage(1).href(modelPath(d.R)+"/region")),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("web.firm_name"), t.S("web.uscc"), t.S("web.area"), t.S("assesspage.points"), t.S("assesspage.level"), t.S("assesspage.may"), t.S("assesspage.class"), t.S("assesspage.reminded"),
		}},
	})
}
