package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/chain"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
)

// chainPath is the map of a chain.
func chainPath(code string) string { return "/chains/" + code }

// chainRoutes are the maps of industrial chains.
func (s *server) chainRoutes() []route {
	area := access.Need{Action: access.ReadFact, Area: true}
	return []route{
		{"GET /chains", area, s.chains},
		{"GET /chains/{chain}", area, s.chainMap},
	}
}

// The indicators that a chain's map shows.
const (
	chainFirms = "above_scale_firms"
	chainShare = "completed_share"
)

// chainIssue is the workflow of blocked points.
const chainIssue = "chain_issue"

// chainQuery is a view of a chain; its address restores it.
type chainQuery struct {
	Area, Segment string
	Year, Page    int
}

func (s *server) readChain(r *http.Request, v *visit) chainQuery {
	q := chainQuery{Area: r.FormValue("area"), Segment: r.FormValue("segment"), Year: s.assessYear(r), Page: pageNumber(r.FormValue("page"))}
	if reach := s.areaOptions(v.scope); q.Area == "" && len(reach) > 0 {
		q.Area = reach[0].Value
	}
	return q
}

func (q chainQuery) href(path string) string {
	out := url.Values{"area": {q.Area}, "year": {strconv.Itoa(q.Year)}}
	if q.Segment != "" {
		out.Set("segment", q.Segment)
	}
	if q.Page > 1 {
		out.Set("page", strconv.Itoa(q.Page))
	}
	return path + "?" + out.Encode()
}

// only is the view with the enterprises of a segment.
func (q chainQuery) only(segment string) chainQuery {
	q.Segment, q.Page = segment, 1
	return q
}

func (q chainQuery) onPage(n int) chainQuery {
	q.Page = n
	return q
}

// chainHead is a chain in the list of all.
type chainHead struct {
	*chain.Chain
	Href  string
	Firms int
	Share string
	Gaps  int // segments in which no enterprise is known
	Open  int // blocked points that are not solved
}

type chainsData struct {
	Query chainQuery
	Areas []option
	Years []option
	Rows  []chainHead
	AsOf  string
}

// segmentBox is a segment on the map.
type segmentBox struct {
	chain.Segment
	Href    string
	Firms   int
	Share   string
	Leaders []chainFirm
	Points  []chain.Point
}

type chainFirm struct {
	Name, Href, Area string
}

// chainTier is a course of the chain with its segments.
type chainTier struct {
	Name     string
	Segments []segmentBox
}

// chainRow is a county with its enterprises by segment.
type chainRow struct {
	Name  string
	Cells []int
}

type issueRow struct {
	Title, Href, Segment, Kind, State, Since string
	Open                                     bool
}

type chainData struct {
	C            *chain.Chain
	Query        chainQuery
	Areas, Years []option
	Tiers        []chainTier
	Whole        chainHead
	Heads        []string
	Rows         []chainRow
	Points       []chain.Point // of the chain as a whole
	Issues       []issueRow
	MayEnter     bool
	Segment      string // whose enterprises are listed
	Firms        []chainFirm
	Total, Pages int
	AsOf         string
}

// segmentFirms is a chain's enterprises by segment, those in no segment last, with the share of those that completed the transformation.
func (s *server) segmentFirms(ctx context.Context, view fact.View, c *chain.Chain, q chainQuery) (firms, shares []monitor.Cell, err error) {
	d := monitor.Dimension{By: monitor.ByChain, Fact: c.Code}
	for _, one := range []struct {
		code string
		to   *[]monitor.Cell
	}{{chainFirms, &firms}, {chainShare, &shares}} {
		x, err := s.Monitor.Set.Indicator(one.code)
		if err != nil {
			return nil, nil, err
		}
		if *one.to, err = s.Monitor.By(ctx, view, monitor.Query{Indicator: x, Area: q.Area, Period: period.OfYear(q.Year)}, d); err != nil {
			return nil, nil, err
		}
	}
	return firms, shares, nil
}

// chainHead sums a chain up.
func (s *server) chainHead(v *visit, c *chain.Chain, q chainQuery, firms, shares []monitor.Cell, open int) chainHead {
	h := chainHead{Chain: c, Href: q.only("").href(chainPath(c.Code)), Open: open}
	var all indicator.Tally
	for i := range firms {
		h.Firms += firms[i].Counted
		all = all.Plus(shares[i].Tally)
		if i < len(c.Segments) && firms[i].Counted == 0 {
			h.Gaps++
		}
	}
	x, err := s.Monitor.Set.Indicator(chainShare)
	if err == nil {
		h.Share = completedText(x.Figure(all))
	}
	return h
}

// completedText is a share as a percentage, with nothing for none.
func completedText(f indicator.Figure) string {
	if f.Value == nil {
		return "—"
	}
	return percentText(f.Value)
}

func (s *server) chains(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	d := chainsData{Query: s.readChain(r, v), Areas: s.areaOptions(v.scope), Years: s.assessYears(), AsOf: s.asOf(v.t, view)}
	issues, err := s.issuesOf(ctx, v)
	if err != nil {
		return err
	}
	for _, c := range s.Monitor.Chains.Chains() {
		firms, shares, err := s.segmentFirms(ctx, view, c, d.Query)
		if err != nil {
			return err
		}
		open := 0
		for _, one := range issues {
			if about(c, one) && one.Ended == "" {
				open++
			}
		}
		d.Rows = append(d.Rows, s.chainHead(v, c, d.Query, firms, shares, open))
	}
	return s.show(w, r, s.shell(r, v, v.t.S("chainpage.title")), http.StatusOK, chainsPage(v.t, d))
}

// maxIssues is how many blocked points are looked through, the newest.
const maxIssues = 1_000

// issuesOf is the blocked points that the visitor may see.
func (s *server) issuesOf(ctx context.Context, v *visit) ([]casework.Case, error) {
	all, _, err := s.Cases.Cases(ctx, v.scope, casework.Filter{Workflow: chainIssue}, 0, maxIssues)
	return all, err
}

// about says that a blocked point is one of a chain: it names it, by its name in either language or its code.
func about(c *chain.Chain, one casework.Case) bool {
	named := content.Fold(saidIn(one, "chain"))
	return named != "" && slices.Contains([]string{content.Fold(c.Name.ZH), content.Fold(c.Name.EN), content.Fold(c.Code)}, named)
}

// saidIn is a text that a case remembers, "" while it does not.
func saidIn(one casework.Case, key string) string {
	if v, ok := one.Data[key]; ok {
		return v.Text()
	}
	return ""
}

func (s *server) chainMap(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	c, err := s.Monitor.Chains.Chain(r.PathValue("chain"))
	if err != nil {
		return err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	d := chainData{C: c, Query: s.readChain(r, v), Areas: s.areaOptions(v.scope), Years: s.assessYears(), AsOf: s.asOf(v.t, view)}
	firms, shares, err := s.segmentFirms(ctx, view, c, d.Query)
	if err != nil {
		return err
	}
	if err := s.chainTiers(ctx, v, view, &d, firms, shares); err != nil {
		return err
	}
	if err := s.chainCounties(ctx, view, &d); err != nil {
		return err
	}
	if err := s.chainIssues(ctx, v, &d); err != nil {
		return err
	}
	d.Whole = s.chainHead(v, c, d.Query, firms, shares, len(d.Issues))
	return s.show(w, r, s.shell(r, v, v.t.Text(c.Name)), http.StatusOK, chainPage(v.t, d))
}

// maxLeaders is how many leading enterprises stand in a segment's box.
const maxLeaders = 5

// chainTiers draws the segments by their course, and lists the enterprises of the one that is chosen.
func (s *server) chainTiers(ctx context.Context, v *visit, view fact.View, d *chainData, firms, shares []monitor.Cell) error {
	x, err := s.Monitor.Set.Indicator(chainFirms)
	if err != nil {
		return err
	}
	for _, tier := range chain.Tiers {
		d.Tiers = append(d.Tiers, chainTier{Name: v.t.S("chainpage.tier_" + tier)})
	}
	for _, p := range d.C.Points {
		if p.Segment == "" {
			d.Points = append(d.Points, p)
		}
	}
	for i, seg := range d.C.Segments {
		box := segmentBox{Segment: seg, Href: d.Query.only(seg.Code).href(chainPath(d.C.Code)) + "#firms", Firms: firms[i].Counted, Share: completedText(shares[i].Figure)}
		for _, p := range d.C.Points {
			if p.Segment == seg.Code {
				box.Points = append(box.Points, p)
			}
		}
		q := monitor.Query{Indicator: x, Area: d.Query.Area, Period: period.OfYear(d.Query.Year), Only: &monitor.Part{Dimension: monitor.Dimension{By: monitor.ByChain, Fact: d.C.Code}, Code: seg.Code}}
		behind, err := s.Monitor.Behind(ctx, view, q, indicator.Counted)
		if err != nil {
			return err
		}
		leaders := 0
		for _, f := range behind.Page(0, behind.Len()) {
			row := chainFirm{f.Firm, enterprisePath(f.Owner), nodeName(s.Library.Areas(), f.Area)}
			if leaders < maxLeaders && s.leads(view, f.Owner, d.Query.Year) {
				box.Leaders = append(box.Leaders, row)
				leaders++
			}
			if seg.Code == d.Query.Segment {
				d.Firms = append(d.Firms, row)
			}
		}
		if seg.Code == d.Query.Segment {
			d.Segment = v.t.Text(seg.Name)
		}
		at := slices.Index(chain.Tiers, seg.Tier)
		d.Tiers[at].Segments = append(d.Tiers[at].Segments, box)
	}
	d.Total = len(d.Firms)
	d.Pages = max((d.Total+listRows-1)/listRows, 1)
	d.Query.Page = min(d.Query.Page, d.Pages)
	from := (d.Query.Page - 1) * listRows
	d.Firms = d.Firms[from:min(from+listRows, d.Total)]
	return nil
}

// leads says that an enterprise is called a leader of its chain in a year, or was in the year before.
func (s *server) leads(view fact.View, firm int64, year int) bool {
	for _, y := range []int{year, year - 1} {
		if c := view.Value(firm, "ent.is_chain_leader", period.OfYear(y)); c.Known {
			return c.Value.Num == 1
		}
	}
	return false
}

// chainCounties is the matrix of counties and segments.
func (s *server) chainCounties(ctx context.Context, view fact.View, d *chainData) error {
	x, err := s.Monitor.Set.Indicator(chainFirms)
	if err != nil {
		return err
	}
	q := monitor.Query{Indicator: x, Area: d.Query.Area, Period: period.OfYear(d.Query.Year)}
	table, err := s.Monitor.Cross(ctx, view, q, monitor.Dimension{By: monitor.ByArea}, monitor.Dimension{By: monitor.ByChain, Fact: d.C.Code})
	if err != nil {
		return err
	}
	for _, h := range table.Cols {
		d.Heads = append(d.Heads, h.Name.ZH)
	}
	for i, h := range table.Rows {
		row := chainRow{Name: h.Name.ZH}
		for _, f := range table.Cells[i] {
			row.Cells = append(row.Cells, f.Counted)
		}
		d.Rows = append(d.Rows, row)
	}
	return nil
}

func (s *server) chainIssues(ctx context.Context, v *visit, d *chainData) error {
	all, err := s.issuesOf(ctx, v)
	if err != nil {
		return err
	}
	for _, one := range all {
		if !about(d.C, one) {
			continue
		}
		flow, err := s.Cases.Definition(ctx, one)
		if err != nil {
			return err
		}
		row := issueRow{
			Title: one.Title, Href: casePath(one.ID), Segment: saidIn(one, "segment"), Since: instant(one.Since), Open: one.Ended == "",
			State: stateName(v.t, flow, one.State),
		}
		if kind := saidIn(one, "kind"); kind != "" {
			row.Kind = v.t.S("chainpage.kind_" + kind)
		}
		d.Issues = append(d.Issues, row)
	}
	d.MayEnter = v.scope.Can(access.HandleCase)
	return nil
}

// ranked is what a chain is called by its region.
func ranked(c *chain.Chain) string {
	if c.Rank == "" {
		return ""
	}
	return "chainpage.rank_" + strings.ToLower(c.Rank)
}
