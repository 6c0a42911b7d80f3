package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// ladderPath is the page of a ladder and of who is cultivated on it.
func ladderPath(code string) string { return "/ladders/" + code }

// ladderRoutes are ladders with their pools, and where titles are held and where not.
func (s *server) ladderRoutes() []route {
	public, area := access.Need{Public: true}, access.Need{Action: access.ReadFact, Area: true}
	return []route{
		{"GET /ladders", public, s.ladders},
		{"GET /ladders/{ladder}", public, s.ladder},
		{"GET /ladders/{ladder}/export", access.Need{Action: access.Export}, s.exportPool},
		{"POST /ladders/{ladder}/enter", access.Need{Action: access.ReadCase}, s.enterPool},
		{"POST /ladders/{ladder}/refresh", access.Need{Action: access.HandleCase}, s.refreshPool},
		{"GET /coverage", area, s.coverage},
		{"GET /coverage/export", access.Need{Action: access.Export, Area: true}, s.exportCoverage},
	}
}

func (s *server) ladders(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.show(w, r, s.shell(r, v, v.t.S("selectionpage.ladders")), http.StatusOK, laddersPage(v.t, s.Selections.Set.Ladders()))
}

// poolQuery is a view of a pool; its address restores it.
type poolQuery struct {
	Step, Area, Text string
	Near             bool
	Page             int
}

func readPool(in url.Values) poolQuery {
	return poolQuery{Step: in.Get("step"), Area: in.Get("area"), Text: strings.TrimSpace(in.Get("q")), Near: in.Get("near") == "1", Page: pageNumber(in.Get("page"))}
}

func (q poolQuery) href(path string) string {
	out := url.Values{}
	for key, value := range map[string]string{"step": q.Step, "area": q.Area, "q": q.Text, "page": pageText(q.Page)} {
		if value != "" {
			out.Set(key, value)
		}
	}
	if q.Near {
		out.Set("near", "1")
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

func (q poolQuery) onPage(n int) poolQuery {
	q.Page = n
	return q
}

// noStep is the value of a filter for those who stand on no step.
const noStep = "-"

// poolRow is an enterprise in a pool.
type poolRow struct {
	selection.Cultivated
	Firm, Area, On, Next string
	Moved                bool // stands on another step than when somebody last looked
	Lacks                []conditionRow
}

// stepCount is a step with how many of the pool stand on it.
type stepCount struct {
	selection.StepFile
	Count int
}

// poolCandidate is an enterprise that the visitor may bring into a pool.
type poolCandidate struct {
	Firm   int64
	Name   string
	Checks []conditionRow
	In     bool
	Own    bool  // the visitor's own enterprise
	Open   int64 // the case in which it is asked for already, 0 for none
	May    bool
}

type ladderData struct {
	L            *selection.Ladder
	Query        poolQuery
	Steps        []stepCount
	None         int // of the pool, on no step
	Sees         bool
	Areas        []option
	StepOptions  []option
	Rows         []poolRow
	Total, Pages int
	Own          []poolCandidate
	MayLook      bool
	Firm         string // that was looked for
	NotFound     bool
	MayRefresh   bool
	Done         string
}

func (s *server) ladderOf(r *http.Request) (*selection.Ladder, error) {
	return s.Selections.Set.Ladder(r.PathValue("ladder"))
}

func (s *server) ladder(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	l, err := s.ladderOf(r)
	if err != nil {
		return err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	d := ladderData{L: l, Query: readPool(r.Form), Sees: (access.Need{Action: access.ReadFact, Area: true}).MetBy(v.scope), MayRefresh: v.scope.Can(access.HandleCase), Firm: strings.TrimSpace(r.FormValue("firm"))}
	if err := s.poolOf(ctx, v, view, &d); err != nil {
		return err
	}
	d.Pages = max((d.Total+listRows-1)/listRows, 1)
	first := min((d.Query.Page-1)*listRows, d.Total)
	d.Rows = d.Rows[first:min(first+listRows, d.Total)]
	if err := s.poolCandidates(ctx, v, view, &d); err != nil {
		return err
	}
	if moved, err := strconv.Atoi(r.FormValue("moved")); err == nil && moved >= 0 {
		d.Done = v.t.S("selectionpage.refreshed", moved)
	}
	return s.show(w, r, s.shell(r, v, v.t.Text(l.Name)), http.StatusOK, ladderPage(v.t, d))
}

// poolOf fills in who of the pool the view is of, by the order of the steps, the highest first.
func (s *server) poolOf(ctx context.Context, v *visit, view fact.View, d *ladderData) error {
	all, err := s.Selections.Pool(ctx, v.scope, d.L.Ladder)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, x := range all {
		row := s.poolRow(v.t, view, d.L, x)
		on := ""
		if x.On != nil {
			on = x.On.ID
		}
		counts[on]++
		e, _ := view.Enterprise(x.Party)
		q := d.Query
		switch {
		case q.Step == noStep && on != "", q.Step != "" && q.Step != noStep && q.Step != on,
			q.Near && !x.Near,
			q.Area != "" && !s.Library.Areas().Within(e.Area, q.Area),
			q.Text != "" && !strings.Contains(e.Name, q.Text) && !strings.Contains(string(e.USCC), strings.ToUpper(q.Text)):
			continue
		}
		d.Rows = append(d.Rows, row)
	}
	slices.SortStableFunc(d.Rows, func(a, b poolRow) int { return cmp.Compare(d.rank(b), d.rank(a)) })
	d.Total, d.None = len(d.Rows), counts[""]
	d.StepOptions = []option{{noStep, v.t.S("selectionpage.no_step")}}
	for _, step := range d.L.Steps {
		d.Steps = append(d.Steps, stepCount{step, counts[step.ID]})
		d.StepOptions = append(d.StepOptions, option{step.ID, v.t.Text(step.Name)})
	}
	d.Areas = s.areaOptions(v.scope)
	return nil
}

// rank is the number of the step on which a row stands, -1 for none.
func (d *ladderData) rank(x poolRow) int {
	if x.Cultivated.On == nil {
		return -1
	}
	_, n, _ := d.L.Step(x.Cultivated.On.ID)
	return n
}

func (s *server) poolRow(t i18n.T, view fact.View, l *selection.Ladder, x selection.Cultivated) poolRow {
	e, _ := view.Enterprise(x.Party)
	row := poolRow{Cultivated: x, Firm: e.Name, Area: s.areaName(e.Area), On: t.S("selectionpage.no_step"), Lacks: s.conditionRows(t, view, x.Party, x.Lacks)}
	now := ""
	if x.On != nil {
		row.On, now = t.Text(x.On.Name), x.On.ID
	}
	if x.Next != nil {
		row.Next = t.Text(x.Next.Name)
	}
	row.Moved = now != x.Step
	return row
}

// poolCandidates is whom the visitor may bring in: the own enterprise, or as the office the one that was looked for.
func (s *server) poolCandidates(ctx context.Context, v *visit, view fact.View, d *ladderData) error {
	firms := v.scope.Owns()
	if d.MayLook = v.scope.Can(access.HandleCase); d.MayLook && d.Firm != "" {
		firm, err := s.findParty(ctx, d.Firm)
		if err != nil {
			return err
		}
		if d.NotFound = firm == 0 || !view.Can(access.HandleCase, firm); !d.NotFound {
			firms = []int64{firm}
		}
	}
	for _, firm := range firms {
		c, err := s.poolCandidate(ctx, v, view, d.L, firm)
		if err != nil {
			return err
		}
		d.Own = append(d.Own, c)
	}
	return nil
}

func (s *server) poolCandidate(ctx context.Context, v *visit, view fact.View, l *selection.Ladder, firm int64) (poolCandidate, error) {
	found, err := s.Selections.PoolCandidate(ctx, v.scope, s.Cases, l.Ladder, firm)
	return poolCandidate{
		Firm: firm, Name: s.firmName(view, firm), Checks: s.conditionRows(v.t, view, firm, found.Enter), In: found.In,
		Own: slices.Contains(v.scope.Owns(), firm), Open: found.Open, May: found.May,
	}, err
}

// enterPool opens the case in which an enterprise asks to be cultivated, or an office lists it; one that is open is led to.
func (s *server) enterPool(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	l, err := s.ladderOf(r)
	if err != nil {
		return err
	}
	id, begun, err := s.Selections.BeginPool(ctx, v.scope, s.Cases, l.Ladder, numberOf(r, "firm"))
	switch {
	case err != nil:
		return err
	case begun:
		return seeOther(w, r, casePath(id))
	}
	return seeOther(w, r, casePath(id)+"?done=pool")
}

// refreshPool keeps who stands on another step than before, of those for whom the visitor is in charge.
func (s *server) refreshPool(w http.ResponseWriter, r *http.Request, v *visit) error {
	l, err := s.ladderOf(r)
	if err != nil {
		return err
	}
	moved, err := s.Selections.Refresh(r.Context(), v.scope, l.Ladder, selection.Act{Actor: v.account.ID})
	if err != nil {
		return err
	}
	return seeOther(w, r, ladderPath(l.Ladder)+"?moved="+strconv.Itoa(moved))
}

// exportPool sends all of the view, not the page of it.
func (s *server) exportPool(w http.ResponseWriter, r *http.Request, v *visit) error {
	l, err := s.ladderOf(r)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	t, d := v.t, ladderData{L: l, Query: readPool(r.Form)}
	if err := s.poolOf(r.Context(), v, view, &d); err != nil {
		return err
	}
	rows := make([][]any, len(d.Rows))
	for i, x := range d.Rows {
		var lacks []string
		for _, c := range x.Lacks {
			lacks = append(lacks, c.Text+inBrackets(t, c.StateText))
		}
		e, _ := view.Enterprise(x.Party)
		rows[i] = []any{x.Firm, string(e.USCC), x.Area, x.On, x.Next, strings.Join(lacks, "\n"), instant(x.At)}
	}
	name := t.Text(l.Name)
	return s.export(w, r, v, name+"-"+s.Clock.Today().String(), sheet.Export{
		Title: name, Notes: s.notes(v, view, d.Query.onPage(1).href(ladderPath(l.Ladder))),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("web.firm_name"), t.S("web.uscc"), t.S("web.area"), t.S("selectionpage.on"), t.S("selectionpage.next"), t.S("selectionpage.lacks"), t.S("selectionpage.since"),
		}},
	})
}

// coverRow is how many enterprises of a place hold one of the titles.
type coverRow struct {
	Name           string
	Firms, Holders int
}

// coverageData is where titles are held and where not: whether each county and each chain has its benchmark.
type coverageData struct {
	Title            string
	Titles           []option
	Counties, Chains []coverRow
	Pairs            []coverPair
	Bare             int // counties and chains without a holder
	AsOf             string
}

type coverPair struct {
	County, Chain string
	coverRow
}

func (s *server) coverageOf(r *http.Request, v *visit) (coverageData, error) {
	ctx, t := r.Context(), v.t
	view, err := s.view(ctx, v)
	if err != nil {
		return coverageData{}, err
	}
	d := coverageData{Title: r.FormValue("title"), AsOf: s.asOf(t, view)}
	titles, _ := s.Library.CodeList("titles")
	for _, e := range titles.Entries {
		d.Titles = append(d.Titles, option{e.Code, t.Text(e.Name)})
	}
	if !slices.ContainsFunc(d.Titles, func(o option) bool { return o.Value == d.Title }) {
		d.Title = s.Selections.Set.Schemes()[0].Title
	}
	all, err := s.Selections.Coverage(ctx, v.scope, []string{d.Title})
	if err != nil {
		return d, err
	}
	chains, _ := s.Library.CodeList("chains")
	unknown := t.S("web.not_known")
	for _, x := range all {
		county, chain := unknown, unknown
		if x.County != "" {
			county = s.areaName(x.County)
		}
		if e, ok := chains.Entry(x.Chain); ok {
			chain = t.Text(e.Name)
		}
		d.Pairs = append(d.Pairs, coverPair{county, chain, coverRow{Firms: x.Firms, Holders: x.Holders}})
		d.Counties = tallied(d.Counties, county, x)
		d.Chains = tallied(d.Chains, chain, x)
	}
	for _, x := range slices.Concat(d.Counties, d.Chains) {
		if x.Holders == 0 && x.Name != unknown {
			d.Bare++
		}
	}
	return d, nil
}

// tallied adds a count to the row of a name.
func tallied(rows []coverRow, name string, x selection.Covered) []coverRow {
	i := slices.IndexFunc(rows, func(r coverRow) bool { return r.Name == name })
	if i < 0 {
		rows, i = append(rows, coverRow{Name: name}), len(rows)
	}
	rows[i].Firms += x.Firms
	rows[i].Holders += x.Holders
	return rows
}

func (s *server) coverage(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.coverageOf(r, v)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("selectionpage.coverage")), http.StatusOK, coveragePage(v.t, d))
}

func (s *server) exportCoverage(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.coverageOf(r, v)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	t, rows := v.t, make([][]any, len(d.Pairs))
	for i, x := range d.Pairs {
		rows[i] = []any{x.County, x.Chain, int64(x.Firms), int64(x.Holders)}
	}
	return s.export(w, r, v, t.S("selectionpage.coverage")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: t.S("selectionpage.coverage"), Notes: s.notes(v, view, "/coverage?title="+url.QueryEscape(d.Title)),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{t.S("web.area"), t.S("selectionpage.chain"), t.S("selectionpage.firms"), t.S("selectionpage.holders")}},
	})
}
