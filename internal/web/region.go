package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

// regionQuery is a view of a policy's result over a region; its address restores it.
type regionQuery struct {
	Policy   string
	Area     string
	Clause   string            // of the list of firms, "" for all
	State    string            // of the list of firms: "sure", "perhaps" or ""
	Settings map[string]string // open questions answered otherwise than by default
	Page     int
}

func (q regionQuery) href(path string) string {
	out := url.Values{"policy": {q.Policy}}
	for name, value := range map[string]string{"area": q.Area, "clause": q.Clause, "state": q.State} {
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
	if len(q.Settings) == 0 {
		return enterprisePath(id) + "#decisions"
	}
	return regionQuery{Policy: q.Policy, Settings: q.Settings}.href(enterprisePath(id)) + "#decisions"
}

func (q regionQuery) in(area string) regionQuery {
	q.Area, q.Page = area, 1
	return q
}

func (q regionQuery) of(clause, state string) regionQuery {
	q.Clause, q.State, q.Page = clause, state, 1
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
	Rest     rest
	ByArea   []areaRow
	ByClause []clauseRow
	AsOf     string
	Hash     string
}

type areaRow struct {
	region.AreaSum
	Rest rest
	Name string
	Href string // deeper, or to the firms where nothing lies below
}

type clauseRow struct {
	region.ClauseSum
	Rest       rest
	Name, Cite string
}

// regionAsked is what an address asks for, before anything is worked out.
type regionAsked struct {
	view   fact.View
	policy *policy.Policy
	plan   *policy.Plan
	query  regionQuery
}

func (s *server) readRegion(r *http.Request, v *visit) (regionAsked, error) {
	var a regionAsked
	p, err := s.policyOrFirst(r.FormValue("policy"))
	if err != nil {
		return a, err
	}
	q := regionQuery{Policy: p.File.Document.ID, Area: r.FormValue("area"), Clause: r.FormValue("clause"), State: r.FormValue("state"), Settings: answersTo(p, r.Form)}
	q.Page, _ = strconv.Atoi(r.FormValue("page"))
	q.Page = max(q.Page, 1)
	if reach := s.areaOptions(v.scope); q.Area == "" && len(reach) > 0 {
		q.Area = reach[0].Value
	}
	if _, ok := s.Library.Areas().Node(q.Area); q.Area != "" && !ok {
		return a, errs.NotFound("area", q.Area)
	}
	plan, err := p.Plan(q.Settings)
	if err != nil {
		return a, err
	}
	view, err := s.view(r.Context(), v)
	return regionAsked{view: view, policy: p, plan: plan, query: q}, err
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
	all, err := s.Region.Run(ctx, a.view, a.plan, s.Clock.Today())
	if err != nil || a.query.Area == "" {
		return all, err
	}
	return all.Within(a.query.Area), nil
}

// regionSum is the figures of the page.
type regionSum struct {
	sum      region.Sum
	byArea   []region.AreaSum
	byClause []region.ClauseSum
	rest     rest
	areaRest map[string]rest // by the code of each row of byArea
	clauses  map[string]rest
}

// rest is what may come on top of what is sure: how much in all, as far as there is a limit, and for how many there is
// none.
type rest struct {
	OnTop money.Fen
	Open  int
}

func (r rest) plus(i policy.Interval) rest {
	if i.Unbounded {
		r.Open++
		return r
	}
	r.OnTop += i.Possible - i.Sure
	return r
}

// addRests works out what may come on top, where the sums of intervals say only that there is no limit.
func (m *regionSum) addRests(tree *content.Tree, parent string, firms []region.Firm) {
	m.areaRest, m.clauses = map[string]rest{}, map[string]rest{}
	for _, f := range firms {
		m.rest = m.rest.plus(f.Total)
		row := rowOf(tree, parent, f.Area)
		m.areaRest[row] = m.areaRest[row].plus(f.Total)
		for _, c := range f.Clauses {
			m.clauses[c.Clause] = m.clauses[c.Clause].plus(c.Pays)
		}
	}
}

// rowOf is the node right below parent that an area lies in: its row in the table.
func rowOf(tree *content.Tree, parent, area string) string {
	path := tree.Path(area)
	i := slices.IndexFunc(path, func(n content.Node) bool { return n.Code == parent })
	switch {
	case i < 0:
		return ""
	case i+1 < len(path):
		return path[i+1].Code
	}
	return parent
}

// regionSums keeps sums: a page of a hundred thousand firms is asked for by many and changes with a commit only. What
// somebody sees is kept under their ticket, which changes with their rights, and never shown under another.
type regionSums struct {
	mu   sync.Mutex
	seq  int64
	kept map[string]regionSum
}

const maxSums = 200

func (s *server) sumsOf(ctx context.Context, v *visit, a regionAsked) (regionSum, error) {
	key := strings.Join([]string{v.account.Ticket(), a.plan.Hash, s.Clock.Today().String(), a.query.Area}, "|")
	if found, ok := s.sums.get(a.view.Seq(), key); ok {
		return found, nil
	}
	result, err := s.run(ctx, a)
	if err != nil {
		return regionSum{}, err
	}
	made := regionSum{sum: result.Sum, byArea: result.ByArea(a.query.Area), byClause: result.ByClause()}
	made.addRests(s.Library.Areas(), a.query.Area, result.Firms)
	s.sums.put(a.view.Seq(), key, made)
	return made, nil
}

func (r *regionSums) get(seq int64, key string) (regionSum, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seq != seq {
		return regionSum{}, false
	}
	found, ok := r.kept[key]
	return found, ok
}

func (r *regionSums) put(seq int64, key string, made regionSum) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case seq < r.seq:
		return
	case seq > r.seq || len(r.kept) >= maxSums:
		r.seq, r.kept = seq, map[string]regionSum{}
	}
	r.kept[key] = made
}

func (s *server) regionPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.readRegion(r, v)
	if err != nil {
		return err
	}
	sums, err := s.sumsOf(r.Context(), v, a)
	if err != nil {
		return err
	}
	p, q := a.policy, a.query
	d := regionData{
		Query: q, Policy: p.File.Document, Areas: s.areaOptions(v.scope), AreaName: nodeName(s.Library.Areas(), q.Area),
		Sum: sums.sum, Rest: sums.rest, AsOf: s.asOf(v.t, a.view), Hash: a.plan.Hash, Settings: settingsOf(p, q.Settings),
	}
	for _, other := range s.Policies {
		d.Policies = append(d.Policies, option{Value: other.File.Document.ID, Label: v.t.Text(other.File.Document.Name)})
	}
	d.ByArea, d.ByClause = s.rowsOf(v.t, a, sums)
	sh := s.shell(r, v, v.t.S("web.nav_region"))
	sh.Chart = true
	return s.show(w, r, sh, http.StatusOK, regionResult(v.t, d))
}

// rowsOf is the sums as the rows of the page's two tables.
func (s *server) rowsOf(t i18n.T, a regionAsked, sums regionSum) (areas []areaRow, clauses []clauseRow) {
	for _, below := range sums.byArea {
		if below.Firms > 0 || below.Area.Code != "" && below.Area.Code != a.query.Area {
			areas = append(areas, s.areaRow(t, a.query, below, sums.areaRest[below.Area.Code]))
		}
	}
	for _, c := range sums.byClause {
		clauses = append(clauses, clauseRow{
			ClauseSum: c, Rest: sums.clauses[c.Clause], Name: clauseName(t, a.policy, c.Clause), Cite: clauseCite(a.policy, c.Clause),
		})
	}
	return areas, clauses
}

func (s *server) areaRow(t i18n.T, q regionQuery, a region.AreaSum, more rest) areaRow {
	row := areaRow{AreaSum: a, Rest: more, Name: a.Area.Name}
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
	Rest     rest
	Pages    int
	Rows     []firmResult
	AsOf     string
}

type firmResult struct {
	region.Firm
	AreaName string
	Pays     policy.Interval // of the chosen clause, or in all
	Reason   string
}

// firmsOf is the enterprises that get or may get something from the chosen clause, or from the whole document; the
// most first.
func firmsOf(t i18n.T, tree *content.Tree, q regionQuery, result *region.Region) (rows []firmResult, sure money.Fen, more rest) {
	for _, f := range result.Firms {
		row := firmResult{Firm: f, AreaName: nodeName(tree, f.Area), Pays: f.Total}
		gets, perhaps := f.State == policy.Met, f.State == policy.Unknown
		if q.Clause != "" {
			row.Pays = clausePays(f, q.Clause)
			gets = row.Pays.Sure > 0
			perhaps = !gets && !row.Pays.Exact()
		}
		if !f.Err.IsZero() {
			row.Reason = t.Msg(f.Err)
		}
		if q.State == "sure" && !gets || q.State == "perhaps" && !perhaps || !gets && !perhaps && row.Reason == "" {
			continue
		}
		rows = append(rows, row)
		sure += row.Pays.Sure
		more = more.plus(row.Pays)
	}
	slices.SortStableFunc(rows, func(a, b firmResult) int {
		return cmp.Or(cmp.Compare(b.Pays.Sure, a.Pays.Sure), cmp.Compare(b.Pays.Possible, a.Pays.Possible), cmp.Compare(a.Name, b.Name))
	})
	return rows, sure, more
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
	rows, sure, more := firmsOf(v.t, s.Library.Areas(), q, result)
	d := firmsData{
		Query: q, Policy: p.File.Document, AreaName: nodeName(s.Library.Areas(), q.Area), Total: len(rows), Sure: sure, Rest: more,
		Pages: max((len(rows)+listRows-1)/listRows, 1), AsOf: s.asOf(v.t, view),
	}
	for _, c := range result.Plan.Clauses() {
		d.Clauses = append(d.Clauses, option{Value: c.ID, Label: c.Cite + " " + v.t.Text(c.Name)})
	}
	d.Query.Page = min(q.Page, d.Pages)
	first := (d.Query.Page - 1) * listRows
	d.Rows = rows[first:min(first+listRows, len(rows))]
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
	out := sheetOut{
		Name: t.S("web.nav_region") + "-" + doc.ID + "-" + s.Clock.Today().String(), Title: t.Text(doc.Name),
		Notes: append(s.notes(v, view, q.href("/region")),
			[2]string{t.S("web.document"), doc.Number + " · " + t.S("web."+doc.Confidence)},
			[2]string{t.S("web.area"), nodeName(s.Library.Areas(), q.Area)},
			[2]string{t.S("web.note_sure"), t.S("web.note_sure_text")},
			[2]string{t.S("web.note_plan"), result.Plan.Hash}),
		Columns: []string{
			t.S("web.firm_name"), t.S("web.uscc"), t.S("web.area"), t.S("web.sure_yuan"), t.S("web.possible_yuan"),
			t.S("web.in_kind_yuan"), t.S("web.floor_yuan"), t.S("web.missing_count"), t.S("web.remark"),
		},
	}
	for _, set := range settingsOf(p, q.Settings) {
		out.Notes = append(out.Notes, [2]string{t.Text(set.Question), settingText(t, p.File, policy.Only{Setting: set.ID, Is: set.Chosen})})
	}
	sums, err := s.sumsOf(r.Context(), v, a)
	if err != nil {
		return err
	}
	areaRows, clauseRows := s.rowsOf(t, a, sums)
	out.More = []sheetTable{areaSheet(t, doc, areaRows, sums), clauseSheet(t, clauseRows)}
	clauses := result.Plan.Clauses()
	for _, c := range clauses {
		out.Columns = append(out.Columns, c.Cite+" "+t.Text(c.Name)+inBrackets(t, t.S("web.sure_yuan")))
	}
	out.Rows = func(yield func([]any) bool) {
		for _, f := range result.Firms {
			if !v.scope.Sees(access.Export, f.Area, f.ID) {
				continue
			}
			row := []any{f.Name, f.USCC, nodeName(s.Library.Areas(), f.Area), f.Total.Sure, possible(t, f.Total), f.InKind.Sure, f.Floor.Sure, f.Missing, ""}
			if !f.Err.IsZero() {
				row[8] = t.Msg(f.Err)
			}
			for _, c := range clauses {
				row = append(row, clausePays(f, c.ID).Sure)
			}
			if !yield(row) {
				return
			}
		}
	}
	return s.export(w, r, v, out)
}

// sumColumns are the figures of a row of the page's tables, in yuan.
func sumColumns(t i18n.T) []string {
	return []string{t.S("web.firms_sure"), t.S("web.firms_perhaps"), t.S("web.sure_yuan"), t.S("web.on_top_yuan"), t.S("web.open_count")}
}

// areaSheet is the page's table by area, its last row the sum.
func areaSheet(t i18n.T, doc policy.Document, rows []areaRow, all regionSum) sheetTable {
	out := sheetTable{Name: t.S("web.by_area"), Columns: append([]string{t.S("web.area"), t.S("web.firms_known")}, sumColumns(t)...)}
	if doc.Floor != nil {
		out.Columns = append(out.Columns, t.S("web.floor_yuan"), t.S("web.floor_possible_yuan"))
	}
	line := func(name string, sum region.Sum, more rest) []any {
		cells := []any{name, sum.Firms, sum.Sure, sum.Perhaps, sum.Total.Sure, more.OnTop, more.Open}
		if doc.Floor != nil {
			cells = append(cells, sum.Floor.Sure, possible(t, sum.Floor))
		}
		return cells
	}
	out.Rows = func(yield func([]any) bool) {
		for _, row := range rows {
			if !yield(line(row.Name, row.Sum, row.Rest)) {
				return
			}
		}
		yield(line(t.S("web.sum"), all.sum, all.rest))
	}
	return out
}

// clauseSheet is the page's table by clause.
func clauseSheet(t i18n.T, rows []clauseRow) sheetTable {
	out := sheetTable{Name: t.S("web.by_clause_sum"), Columns: append([]string{t.S("web.clause"), t.S("web.place")}, sumColumns(t)...)}
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

func clausePays(f region.Firm, id string) policy.Interval {
	for _, c := range f.Clauses {
		if c.Clause == id {
			return c.Pays
		}
	}
	return policy.Interval{}
}

// possible is the upper end of an amount for a sheet; words where there is none.
func possible(t i18n.T, i policy.Interval) any {
	if i.Unbounded {
		return t.S("web.no_limit")
	}
	return i.Possible
}
