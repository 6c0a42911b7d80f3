package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

const (
	listRows   = 40 // on a page
	maxColumns = 12
)

// listQuery is a view of the list; its address restores it.
type listQuery struct {
	Text, Area, Industry string
	Scale                string // "1" above scale, "0" not, "" either
	Year                 int    // of figures that belong to a year
	Sort                 string // "name", "uscc", "area", "industry" or a fact code
	Desc                 bool
	Columns              []string // fact codes
	Page                 int      // from 1
}

var defaultColumns = []string{"ent.above_scale", "ent.revenue", "ent.tech_investment", "ent.employees"}

func (s *server) readList(in url.Values) listQuery {
	q := listQuery{
		Text: strings.TrimSpace(in.Get("q")), Area: in.Get("area"), Industry: in.Get("industry"), Scale: in.Get("scale"),
		Sort: strings.TrimPrefix(in.Get("sort"), "-"), Desc: strings.HasPrefix(in.Get("sort"), "-"),
	}
	q.Page = pageNumber(in.Get("page"))
	q.Year, _ = strconv.Atoi(in.Get("year"))
	if q.Year < 1949 || q.Year > s.Clock.Today().Year() {
		q.Year = s.Clock.Today().Year() - 1 // the last full year
	}
	for _, code := range in["col"] {
		if def, ok := s.Library.FactDef(code); ok && fact.IsColumn(def) && len(q.Columns) < maxColumns {
			q.Columns = append(q.Columns, code)
		}
	}
	if len(q.Columns) == 0 {
		q.Columns = defaultColumns
	}
	return q
}

func (q listQuery) values() url.Values {
	out := url.Values{}
	set := func(name, value string) {
		if value != "" {
			out.Set(name, value)
		}
	}
	set("q", q.Text)
	set("area", q.Area)
	set("industry", q.Industry)
	set("scale", q.Scale)
	out.Set("year", strconv.Itoa(q.Year))
	sort := q.Sort
	if q.Desc {
		sort = "-" + sort
	}
	set("sort", sort)
	if !slices.Equal(q.Columns, defaultColumns) {
		out["col"] = q.Columns
	}
	if q.Page > 1 {
		out.Set("page", strconv.Itoa(q.Page))
	}
	return out
}

func (q listQuery) href(path string) string { return path + "?" + q.values().Encode() }

// onPage is the same view at another page.
func (q listQuery) onPage(n int) listQuery {
	q.Page = n
	return q
}

// sortedBy is the same view in another order; the same column again turns it round.
func (q listQuery) sortedBy(key string) listQuery {
	q.Desc = q.Sort == key && !q.Desc
	q.Sort, q.Page = key, 1
	return q
}

// listing is what the query asks for.
func (q listQuery) listing() fact.Listing {
	scales := map[string]fact.Scale{"1": fact.AboveScale, "0": fact.BelowScale}
	return fact.Listing{
		Text: q.Text, Area: q.Area, Industry: q.Industry, Scale: scales[q.Scale], Year: q.Year, Sort: q.Sort, Desc: q.Desc,
	}
}

// enterpriseList is the page: the query, its rows and what can be chosen.
type enterpriseList struct {
	Query      listQuery
	Total      int
	Pages      int
	Rows       []listRow
	Columns    []content.FactDef
	Areas      []option
	Industries []option
	Years      []int
	Offered    []columnGroup // definitions that could be columns
	AsOf       string
	MayExport  bool
	MayIssue   bool // make accounts
}

// columnGroup is the columns that a class of the register offers.
type columnGroup struct {
	content.DataClass
	Defs   []content.FactDef
	Chosen int // of them
}

// columnsBy is the definitions that could be columns, by their class: those of folded classes come last.
func columnsBy(lib *content.Library, chosen []string) []columnGroup {
	var open, folded []columnGroup
	for _, c := range lib.Register().Classes {
		g := columnGroup{DataClass: c}
		for _, def := range lib.FactDefs() {
			if def.Class != c.Code || !fact.IsColumn(def) {
				continue
			}
			g.Defs = append(g.Defs, def)
			if hasColumn(chosen, def.Code) {
				g.Chosen++
			}
		}
		switch {
		case len(g.Defs) == 0:
		case c.Folded:
			folded = append(folded, g)
		default:
			open = append(open, g)
		}
	}
	return append(open, folded...)
}

type listRow struct {
	party.Enterprise
	AreaName, IndustryName string
	Cells                  []listCell
}

type listCell struct {
	Text, Exact string
	Number      bool
	Quiet       bool // no value
}

func (s *server) enterprises(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	q := s.readList(r.Form)
	list := view.List(q.listing())
	l := enterpriseList{
		Query: q, Total: list.Len(), Pages: max((list.Len()+listRows-1)/listRows, 1), AsOf: s.asOf(v.t, view),
		Areas: s.areaOptions(v.scope), Industries: s.industryOptions(), MayExport: v.scope.Can(access.Export),
		MayIssue: v.scope.Can(access.IssueAccess),
	}
	l.Query.Page = min(q.Page, l.Pages)
	for y := s.Clock.Today().Year(); y > s.Clock.Today().Year()-6; y-- {
		l.Years = append(l.Years, y)
	}
	for _, code := range q.Columns {
		if def, ok := s.Library.FactDef(code); ok {
			l.Columns = append(l.Columns, def)
		}
	}
	l.Offered = columnsBy(s.Library, q.Columns)
	for e, row := range list.Page(view, (l.Query.Page-1)*listRows, listRows) {
		l.Rows = append(l.Rows, s.listRow(v.t, view, q, l.Columns, e, row))
	}
	sh := s.shell(r, v, v.t.S("web.nav_enterprises"))
	sh.Query = q.Text
	return s.show(w, r, sh, http.StatusOK, enterprisesPage(v.t, l))
}

func (s *server) listRow(t i18n.T, view fact.View, q listQuery, columns []content.FactDef, e party.Enterprise, row fact.Row) listRow {
	out := listRow{Enterprise: e, AreaName: nodeName(s.Library.Areas(), e.Area), IndustryName: nodeName(s.Library.Industries(), e.Industry)}
	for _, def := range columns {
		c := row.At(view.Column(def.Code, fact.ColumnPeriod(def, q.Year)))
		cell := listCell{Number: isNumber(def), Quiet: !c.Known}
		switch {
		case c.State == fact.Unknown:
			cell.Text = "—"
		case c.Known && def.Type == content.Money:
			cell.Text, cell.Exact = wan2(fen(c)), exactYuan(t, fen(c))
		default:
			cell.Text = factText(t, s.Library, def, c.State, c.Value, c.Precision)
		}
		out.Cells = append(out.Cells, cell)
	}
	return out
}

func nodeName(tree *content.Tree, code string) string {
	if n, ok := tree.Node(code); ok {
		return n.Name
	}
	return code
}

// asOf says up to which commit a page knows, and the day.
func (s *server) asOf(t i18n.T, view fact.View) string {
	return t.S("web.as_known", s.Clock.Today().String(), view.Seq())
}

// areaOptions is the areas that the scope reaches, cities before what lies below them.
func (s *server) areaOptions(scope access.Scope) []option {
	var all []option
	tree, reach := s.Library.Areas(), scope.Areas()
	reached := func(code string) bool {
		_, found := slices.BinarySearch(reach, code)
		return found
	}
	var walk func(n content.Node, indent string)
	walk = func(n content.Node, indent string) {
		if reached(n.Code) {
			all = append(all, option{Value: n.Code, Label: indent + n.Name})
			indent += "\u3000"
		}
		for _, below := range tree.Children(n.Code) {
			walk(below, indent)
		}
	}
	for _, code := range reach { // the whole tree is a nation's: only what is reached is walked, from its tops
		n, ok := tree.Node(code)
		if ok && !n.Retired && !slices.ContainsFunc(tree.Path(n.Parent), func(up content.Node) bool { return reached(up.Code) }) {
			walk(n, "")
		}
	}
	return all
}

// industryOptions is the sections and divisions of industry.
func (s *server) industryOptions() []option {
	var all []option
	for _, section := range s.Library.Industries().Children("") {
		all = append(all, option{Value: section.Code, Label: section.Code + " " + section.Name})
		for _, division := range s.Library.Industries().Children(section.Code) {
			all = append(all, option{Value: division.Code, Label: "\u3000" + division.Code + " " + division.Name})
		}
	}
	return all
}

// exportEnterprises sends the whole list, not the page of it.
func (s *server) exportEnterprises(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	q := s.readList(r.Form)
	name := v.t.S("web.nav_enterprises") + "-" + s.Clock.Today().String()
	if r.FormValue("format") == "parquet" {
		return s.exportFacts(w, v, view, q, name)
	}
	out := sheet.Export{Title: v.t.S("web.nav_enterprises"), Notes: s.notes(v, view, q.href("/enterprises"))}
	out.Columns = []string{v.t.S("web.firm_name"), v.t.S("web.uscc"), v.t.S("web.area"), v.t.S("web.industry")}
	var columns []content.FactDef
	for _, code := range q.Columns {
		def, _ := s.Library.FactDef(code)
		columns = append(columns, def)
		title := columnTitle(v.t, def)
		if def.Period == period.Year {
			title += " " + strconv.Itoa(q.Year)
		}
		out.Columns = append(out.Columns, title)
		out.Notes = append(out.Notes, [2]string{v.t.Text(def.Name), definitionText(v.t, def)})
	}
	list := view.List(q.listing())
	out.Rows = func(yield func([]any) bool) {
		for e, row := range list.Page(view, 0, list.Len()) {
			if !v.scope.Sees(access.Export, e.Area, e.ID) {
				continue
			}
			cells := []any{e.Name, string(e.USCC), nodeName(s.Library.Areas(), e.Area), nodeName(s.Library.Industries(), e.Industry)}
			for _, def := range columns {
				cells = append(cells, exportCell(v.t, s.Library, def, row.At(view.Column(def.Code, fact.ColumnPeriod(def, q.Year)))))
			}
			if !yield(cells) {
				return
			}
		}
	}
	return s.export(w, r, v, name, out)
}

// exportFacts sends every effective value of the enterprises of a list and of what belongs to them, for analysts.
func (s *server) exportFacts(w http.ResponseWriter, v *visit, view fact.View, q listQuery, name string) error {
	if s.Demo != nil {
		name += "-" + v.t.S("web.demo")
	}
	list := view.List(q.listing())
	attach(w, name+".parquet", "application/vnd.apache.parquet")
	_, err := view.WriteParquet(w, func(yield func(party.Enterprise) bool) {
		for e := range list.Page(view, 0, list.Len()) {
			if !yield(e) {
				return
			}
		}
	}, s.notes(v, view, q.href("/enterprises")))
	return err
}

// notes is what every exported file tells: as of when, by whom, from which address, and whether the data is synthetic.
func (s *server) notes(v *visit, view fact.View, address string) [][2]string {
	notes := [][2]string{
		{v.t.S("web.note_as_of"), s.asOf(v.t, view)},
		{v.t.S("web.note_by"), v.account.Name},
		{v.t.S("web.note_view"), address},
	}
	if s.Demo != nil {
		notes = append(notes, [2]string{v.t.S("web.demo"), v.t.S("web.demo_note", s.Clock.Today().String())})
	}
	return notes
}

// definitionText is where a definition comes from and how sure we are of it.
func definitionText(t i18n.T, def content.FactDef) string {
	parts := []string{def.Code, t.Text(def.Help), def.Source, def.Cite, t.S("web." + def.Confidence)}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " · ")
}

// search goes straight to the only enterprise that fits, else to the list.
func (s *server) search(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(r.FormValue("q"))
	found := view.Search(text, 2)
	if found.Total == 1 {
		return seeOther(w, r, enterprisePath(found.Enterprises[0].ID))
	}
	return seeOther(w, r, "/enterprises?"+url.Values{"q": {text}}.Encode())
}

const maxSuggestions = 8

func (s *server) suggest(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(r.FormValue("q"))
	if text == "" {
		return part(w, r, http.StatusOK, suggestions(v.t, "", party.Found{}, nil))
	}
	found := view.Search(text, maxSuggestions)
	return part(w, r, http.StatusOK, suggestions(v.t, text, found, s.Library.Areas()))
}

func enterprisePath(id int64) string { return "/enterprises/" + strconv.FormatInt(id, 10) }

// openDispute is a dispute in words.
type openDispute struct {
	fact.Dispute
	figure
}

// describe names the enterprise and the figure that a dispute is about.
func (s *server) describe(t i18n.T, view fact.View, o fact.Dispute) openDispute {
	return openDispute{o, s.figureOf(t, view, o.Subject, o.Def, o.Period)}
}

// figure is a definition of a subject in a period, in words, and where it opens.
type figure struct{ Firm, What, Href string }

func (s *server) figureOf(t i18n.T, view fact.View, subject int64, code string, p period.Period) figure {
	f := figure{What: code}
	if def, ok := s.Library.FactDef(code); ok {
		f.What = t.Text(def.Name)
	}
	if p.Kind() != period.Always {
		f.What += inBrackets(t, periodText(t, p))
	}
	firm := subject
	if sub, ok := view.Subject(subject); ok && sub.Kind != content.Enterprise {
		f.What = s.childTitle(t, view, sub.Kind, subject, 0) + " · " + f.What
		firm = sub.Parent
		if up, ok := view.Subject(firm); ok && up.Kind != content.Enterprise {
			firm = up.Parent
		}
	}
	if e, ok := view.Enterprise(firm); ok {
		f.Firm, f.Href = e.Name, factPath(e.ID, subject, code)
	}
	return f
}
