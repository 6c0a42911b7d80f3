package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// regionQuery is a view of a policy's result over a region; its address restores it.
type regionQuery struct {
	Policy   string
	Area     string
	Clause   string            // of the list of firms, "" for all
	State    string            // of the list of firms: "sure", "perhaps" or ""
	Measure  string            // that the map shows, "" for the first
	Settings map[string]string // open questions answered otherwise than by default
	AsOf     string            // day in the past; "" for today
	Page     int
}

func (q regionQuery) href(path string) string {
	out := url.Values{"policy": {q.Policy}}
	for name, value := range map[string]string{"area": q.Area, "clause": q.Clause, "state": q.State, "map": q.Measure, "as_of": q.AsOf} {
		if value != "" {
			out.Set(name, value)
		}
	}
	for id, answer := range q.Settings {
		out.Set("set:"+id, answer)
	}
	if q.Page > 1 {
		out.Set("page", strconv.Itoa(q.Page))
	}
	return path + "?" + out.Encode()
}

// file is an enterprise's file under the same answers.
func (q regionQuery) file(id int64) string {
	if len(q.Settings) == 0 && q.AsOf == "" {
		return enterprisePath(id) + "#decisions"
	}
	return regionQuery{Policy: q.Policy, Settings: q.Settings, AsOf: q.AsOf}.href(enterprisePath(id)) + "#decisions"
}

func (q regionQuery) in(area string) regionQuery {
	q.Area, q.Page = area, 1
	return q
}

func (q regionQuery) of(clause, state string) regionQuery {
	q.Clause, q.State, q.Page = clause, state, 1
	return q
}

func (q regionQuery) today() regionQuery {
	q.AsOf = ""
	return q
}

// by is the same view with another measure on the map.
func (q regionQuery) by(measure string) regionQuery {
	q.Measure = measure
	return q
}

func (q regionQuery) onPage(n int) regionQuery {
	q.Page = n
	return q
}

// regionData is the page.
type regionData struct {
	Query    regionQuery
	Policy   policy.Document
	Policies []option
	Settings []calcSetting
	Areas    []option
	AreaName string
	Sum      region.Sum
	ByArea   []areaRow
	ByClause []clauseRow
	Map      *mapData   // nil without boundaries
	Stages   []stageRow // of the whole region, for who sees all of it
	Moment   moment
	AsOf     string
	Hash     string
}

type areaRow struct {
	region.AreaSum
	Name string
	Href string // deeper, or to the firms where nothing lies below
}

type clauseRow struct {
	region.ClauseSum
	Name, Cite string
}

// regionAsked is what an address asks for, before anything is worked out.
type regionAsked struct {
	view   fact.View
	policy *policy.Policy
	others []version.InForce // all of them, for the choice
	plan   *policy.Plan
	query  regionQuery
	m      moment
}

func (s *server) readRegion(r *http.Request, v *visit) (regionAsked, error) {
	var a regionAsked
	m, err := s.momentOf(r)
	if err != nil {
		return a, err
	}
	view, err := s.viewAt(r.Context(), v, m)
	if err != nil {
		return a, err
	}
	p, all, err := s.policyOrFirst(r.Context(), view, r.FormValue("policy"), s.homeArea(v.scope))
	if err != nil {
		return a, err
	}
	q := regionQuery{Policy: p.File.Document.ID, Area: r.FormValue("area"), Clause: r.FormValue("clause"), State: r.FormValue("state"), Measure: r.FormValue("map"), Settings: answersTo(p, r.Form), AsOf: m.param()}
	q.Page = pageNumber(r.FormValue("page"))
	if reach := s.areaOptions(v.scope); q.Area == "" && len(reach) > 0 {
		q.Area = reach[0].Value
	}
	if _, ok := s.Library.Areas().Node(q.Area); q.Area != "" && !ok {
		return a, errs.NotFound("area", q.Area)
	}
	plan, err := p.Plan(q.Settings)
	return regionAsked{view: view, policy: p, others: all, plan: plan, query: q, m: m}, err
}

// answersTo is the open questions of a policy that an address answers otherwise than by default.
func answersTo(p *policy.Policy, in url.Values) map[string]string {
	answers := map[string]string{}
	for _, set := range p.File.Settings {
		if answer := in.Get("set:" + set.ID); answer != "" && answer != set.Default {
			answers[set.ID] = answer
		}
	}
	return answers
}

// run is the policy applied to what the visitor may see, within the chosen area.
func (s *server) run(ctx context.Context, a regionAsked) (*region.Region, error) {
	all, err := s.Region.Run(ctx, a.view, a.plan, a.m.day)
	if err != nil || a.query.Area == "" {
		return all, err
	}
	return all.Within(a.query.Area), nil
}

func (s *server) regionPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.readRegion(r, v)
	if err != nil {
		return err
	}
	whole, err := s.Region.Run(r.Context(), a.view, a.plan, a.m.day)
	if err != nil {
		return err
	}
	result, err := s.run(r.Context(), a)
	if err != nil {
		return err
	}
	p, q := a.policy, a.query
	d := regionData{
		Query: q, Policy: p.File.Document, Areas: s.areaOptions(v.scope), AreaName: nodeName(s.Library.Areas(), q.Area),
		Sum: result.Sum, Moment: a.m, AsOf: s.asKnown(v.t, a.m, a.view), Hash: a.plan.Hash, Settings: settingsOf(p, q.Settings),
	}
	d.Policies = s.policyOptions(v.t, slices.DeleteFunc(slices.Clone(a.others), func(f version.InForce) bool {
		return f.Document != q.Policy && !concerns(s.Library.Areas(), f.Policy.File.Document, q.Area)
	}))
	d.ByArea, d.ByClause = s.rowsOf(v.t, a, result)
	d.Map = s.mapOf(v.t, mapView{q.Measure, q.Area, func(measure string) string { return q.by(measure).href("/region") }}, d.ByArea)
	if d.Map != nil {
		d.Map.Up = s.areaAbove(v, q)
	}
	d.Stages = s.stageRows(v.t, a, whole)
	sh := s.shell(r, v, v.t.S("web.nav_region"))
	sh.Chart = true
	return s.show(w, r, sh, http.StatusOK, regionResult(v.t, d))
}

// areaAbove is the way up, as far as the visitor reaches.
func (s *server) areaAbove(v *visit, q regionQuery) *option {
	here, _ := s.Library.Areas().Node(q.Area)
	above, ok := s.Library.Areas().Node(here.Parent)
	if !ok || !v.scope.Sees(access.ReadSensitive, above.Code, 0) {
		return nil
	}
	return &option{q.in(above.Code).href("/region"), above.Name}
}

// rowsOf is the sums as the rows of the page's two tables.
func (s *server) rowsOf(t i18n.T, a regionAsked, result *region.Region) (areas []areaRow, clauses []clauseRow) {
	for _, below := range result.ByArea(a.query.Area) {
		if below.Firms > 0 || below.Area.Code != "" && below.Area.Code != a.query.Area {
			areas = append(areas, s.areaRow(t, a.query, below))
		}
	}
	for _, c := range result.ByClause() {
		clauses = append(clauses, clauseRow{ClauseSum: c, Name: clauseName(t, a.policy, c.Clause), Cite: clauseCite(a.policy, c.Clause)})
	}
	return areas, clauses
}

func (s *server) areaRow(t i18n.T, q regionQuery, a region.AreaSum) areaRow {
	row := areaRow{AreaSum: a, Name: a.Area.Name}
	switch {
	case a.Area.Code == "":
		row.Name = t.S("web.area_unknown")
	case a.Area.Code == q.Area || len(s.Library.Areas().Children(a.Area.Code)) == 0:
		row.Href = q.in(a.Area.Code).of("", "").href("/region/firms")
	default:
		row.Href = q.in(a.Area.Code).href("/region")
	}
	return row
}

// settingsOf is a policy's open questions with the answers taken.
func settingsOf(p *policy.Policy, answers map[string]string) []calcSetting {
	var all []calcSetting
	for _, q := range p.File.Settings {
		all = append(all, calcSetting{Setting: q, Chosen: cmp.Or(answers[q.ID], q.Default)})
	}
	return all
}

func changed(all []calcSetting) int {
	n := 0
	for _, s := range all {
		if s.Chosen != s.Default {
			n++
		}
	}
	return n
}

func clauseOf(p *policy.Policy, id string) policy.Clause {
	i := slices.IndexFunc(p.File.Clauses, func(c policy.Clause) bool { return c.ID == id })
	if i < 0 {
		return policy.Clause{ID: id}
	}
	return p.File.Clauses[i]
}

func clauseName(t i18n.T, p *policy.Policy, id string) string {
	return cmp.Or(t.Text(clauseOf(p, id).Name), id)
}

func clauseCite(p *policy.Policy, id string) string { return clauseOf(p, id).Cite }

// firmsData is the enterprises behind a figure of the region's result.
type firmsData struct {
	Query    regionQuery
	Policy   policy.Document
	AreaName string
	Clauses  []option
	Total    int
	Sure     money.Fen // over all of them
	Rest     region.Rest
	Pages    int
	Rows     []firmResult
	Moment   moment
	AsOf     string
}

type firmResult struct {
	*region.Firm
	AreaName string
	Pays     policy.Interval // of the chosen clause, or in all
	Reason   string
}

// oneFact asks for the enterprises whose decision one fact more would make sure.
const oneFact = "one"

// listed is the enterprises that the query asks for.
func (q regionQuery) listed(result *region.Region) *region.List {
	states := map[string]policy.State{"sure": policy.Met, "perhaps": policy.Unknown, oneFact: policy.Unknown}
	return result.List(region.Query{Clause: q.Clause, State: states[q.State], OneFact: q.State == oneFact})
}

func (s *server) regionFirms(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.readRegion(r, v)
	if err != nil {
		return err
	}
	result, err := s.run(r.Context(), a)
	if err != nil {
		return err
	}
	view, p, q := a.view, a.policy, a.query
	list := q.listed(result)
	d := firmsData{
		Query: q, Policy: p.File.Document, AreaName: nodeName(s.Library.Areas(), q.Area), Total: list.Len(), Sure: list.Sure, Rest: list.Rest,
		Pages: max((list.Len()+listRows-1)/listRows, 1), Moment: a.m, AsOf: s.asKnown(v.t, a.m, view),
	}
	for _, c := range result.Plan.Clauses() {
		d.Clauses = append(d.Clauses, option{Value: c.ID, Label: c.Cite + " " + v.t.Text(c.Name)})
	}
	d.Query.Page = min(q.Page, d.Pages)
	for f, pays := range list.Page((d.Query.Page-1)*listRows, listRows) {
		row := firmResult{Firm: f, AreaName: nodeName(s.Library.Areas(), f.Area), Pays: pays}
		if msg := f.Err(); !msg.IsZero() {
			row.Reason = v.t.Msg(msg)
		}
		d.Rows = append(d.Rows, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("web.nav_region")), http.StatusOK, regionFirmsPage(v.t, d))
}

// exportRegion sends every enterprise of the view with what it gets, clause by clause.
func (s *server) exportRegion(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.readRegion(r, v)
	if err != nil {
		return err
	}
	result, err := s.run(r.Context(), a)
	if err != nil {
		return err
	}
	view, p, q := a.view, a.policy, a.query
	t, doc := v.t, p.File.Document
	out := sheet.Export{
		Title: t.Text(doc.Name),
		Notes: append(s.notes(v, view, q.href("/region")),
			[2]string{t.S("web.document"), doc.Number + " · " + t.S("web."+doc.Confidence)},
			[2]string{t.S("asof.label"), s.asKnown(t, a.m, view)},
			[2]string{t.S("web.area"), nodeName(s.Library.Areas(), q.Area)},
			[2]string{t.S("web.note_sure"), t.S("web.note_sure_text")},
			[2]string{t.S("web.note_plan"), result.Plan.Hash}),
	}
	out.Columns = []string{
		t.S("web.firm_name"), t.S("web.uscc"), t.S("web.area"), t.S("web.sure_yuan"), t.S("web.possible_yuan"),
		t.S("web.in_kind_yuan"), t.S("web.floor_yuan"), t.S("web.missing_count"), t.S("web.remark"),
	}
	for _, set := range settingsOf(p, q.Settings) {
		out.Notes = append(out.Notes, [2]string{t.Text(set.Question), settingText(t, p.File, policy.Only{Setting: set.ID, Is: set.Chosen})})
	}
	areaRows, clauseRows := s.rowsOf(t, a, result)
	out.More = []sheet.Table{areaSheet(t, doc, areaRows, result.Sum), clauseSheet(t, clauseRows)}
	for _, c := range result.Plan.Clauses() {
		out.Columns = append(out.Columns, c.Cite+" "+t.Text(c.Name)+inBrackets(t, t.S("web.sure_yuan")))
	}
	out.Rows = func(yield func([]any) bool) {
		for f := range result.Firms() {
			if !v.scope.Sees(access.Export, f.Area, f.ID) {
				continue
			}
			row := []any{f.Name, f.USCC, nodeName(s.Library.Areas(), f.Area), f.Total.Sure, possible(t, f.Total), f.InKind.Sure, f.Floor.Sure, f.Missing, ""}
			if msg := f.Err(); !msg.IsZero() {
				row[8] = t.Msg(msg)
			}
			for _, pays := range result.Pays(f) {
				row = append(row, pays.Sure)
			}
			if !yield(row) {
				return
			}
		}
	}
	return s.export(w, r, v, t.S("web.nav_region")+"-"+doc.ID+"-"+s.Clock.Today().String(), out)
}

// sumColumns are the figures of a row of the page's tables, in yuan.
func sumColumns(t i18n.T) []string {
	return []string{t.S("web.firms_sure"), t.S("web.firms_perhaps"), t.S("web.sure_yuan"), t.S("web.on_top_yuan"), t.S("web.open_count")}
}

// areaSheet is the page's table by area, its last row the sum.
func areaSheet(t i18n.T, doc policy.Document, rows []areaRow, all region.Sum) sheet.Table {
	out := sheet.Table{Name: t.S("web.by_area"), Columns: append([]string{t.S("web.area"), t.S("web.firms_known")}, sumColumns(t)...)}
	if doc.Floor != nil {
		out.Columns = append(out.Columns, t.S("web.floor_yuan"), t.S("web.floor_possible_yuan"))
	}
	line := func(name string, sum region.Sum) []any {
		cells := []any{name, sum.Firms, sum.Sure, sum.Perhaps, sum.Total.Sure, sum.Rest.OnTop, sum.Rest.Open}
		if doc.Floor != nil {
			cells = append(cells, sum.Floor.Sure, possible(t, sum.Floor))
		}
		return cells
	}
	out.Rows = func(yield func([]any) bool) {
		for _, row := range rows {
			if !yield(line(row.Name, row.Sum)) {
				return
			}
		}
		yield(line(t.S("web.sum"), all))
	}
	return out
}

// clauseSheet is the page's table by clause.
func clauseSheet(t i18n.T, rows []clauseRow) sheet.Table {
	out := sheet.Table{Name: t.S("web.by_clause_sum"), Columns: append([]string{t.S("web.clause"), t.S("web.place")}, sumColumns(t)...)}
	out.Columns = append(out.Columns, t.S("web.paid_in_kind"))
	out.Rows = func(yield func([]any) bool) {
		for _, c := range rows {
			if !yield([]any{c.Name, c.Cite, c.Sure, c.Perhaps, c.Pays.Sure, c.Rest.OnTop, c.Rest.Open, yesNo(t, c.InKind)}) {
				return
			}
		}
	}
	return out
}

// possible is the upper end of an amount for a sheet; words where there is none.
func possible(t i18n.T, i policy.Interval) any {
	if i.Unbounded {
		return t.S("web.no_limit")
	}
	return i.Possible
}
