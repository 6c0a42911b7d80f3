package web

import (
	"cmp"
	"context"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

// labNeed is who may use the laboratory: officials and auditors over their areas, as they may see what a policy comes to.
// labWrite is who may keep something of it.
var (
	labNeed  = access.Need{Action: access.ReadSensitive, Area: true}
	labWrite = access.Need{Action: access.DraftPolicy, Area: true}
)

// labRoutes is the pages of the policy laboratory.
func (s *server) labRoutes() []route {
	return []route{
		{"GET /lab", labNeed, s.labStart},
		{"GET /lab/compare", labNeed, s.labCompare},
		{"POST /lab/{id}/drop", labWrite, s.labDrop},
		{"POST /lab/{id}/restore", labWrite, s.labRestore},
		{"GET /policies/{policy}/lab", labNeed, s.labPage},
		{"POST /policies/{policy}/lab", labWrite, s.labSave},
		{"POST /policies/{policy}/lab/draft", labWrite, s.labDraft},
		{"GET /policies/{policy}/lab/export", access.Need{Action: access.Export, Area: true}, s.labExport},
		{"GET /policies/{policy}/lab/survey", labNeed, s.labSurvey},
		{"GET /policies/{policy}/lab/survey/export", access.Need{Action: access.Export, Area: true}, s.exportSurvey},
		{"GET /policies/{policy}/lab/preview", labNeed, s.labPreview},
		{"GET /policies/{policy}/lab/find", labNeed, s.labFind},
		{"GET /policies/{policy}/lab/firms", labNeed, s.labFirms},
		{"GET /policies/{policy}/lab/firms/{id}", labNeed, s.labFirm},
	}
}

// labAsked is a scenario as an address asks for it.
type labAsked struct {
	*labForm
	view    fact.View
	m       moment
	home    string // area that is looked at where none is named
	measure string // that the map shows, "" for the first
	wording string // why a wording that was asked for is not taken
}

// readLab reads a scenario from an address. What is wrong in single fields is told by them.
func (s *server) readLab(r *http.Request, v *visit) (labAsked, error) {
	a := labAsked{home: s.homeArea(v.scope), measure: r.FormValue("map")}
	m, late := s.momentOf(r)
	if late != nil {
		m = moment{day: s.Clock.Today()}
	}
	var err error
	if a.view, err = s.viewAt(r.Context(), v, m); err != nil {
		return a, err
	}
	a.m = m
	base, err := s.wordingOf(r.Context(), v, r.PathValue("policy"), r.Form)
	if err != nil {
		return a, err
	}
	planned, err := s.Lab.Plan(r.Context(), a.view.Seq(), base)
	if msg, ok := errs.Message(err); ok && base.Text != "" && errs.KindOf(err) == errs.KindInvalid {
		a.wording, base.Text = v.t.Msg(msg), ""
		planned, err = s.Lab.Plan(r.Context(), a.view.Seq(), base)
	}
	if err != nil {
		return a, err
	}
	if a.labForm, err = s.readScenario(v.t, planned.Plan.Policy, r.Form, base); err != nil {
		return a, err
	}
	if code := a.scenario.Area; code != "" && !s.inReach(v.scope, code) {
		a.wrong("area", i18n.M("labpage.area_not_yours", nodeName(s.Library.Areas(), code)))
		a.scenario.Area = ""
	}
	a.scenario.Area = cmp.Or(a.scenario.Area, a.home)
	if a.scenario.Area == a.home {
		a.query = a.query.with("area", "")
	}
	if msg, ok := errs.Message(late); ok {
		a.wrong("as_of", msg)
	} else if late != nil {
		return a, late
	}
	return a, nil
}

// inReach says that the visitor sees enterprises of an area, or lies within it.
func (s *server) inReach(scope access.Scope, area string) bool {
	reach := s.areaOptions(scope)
	return slices.ContainsFunc(reach, func(o option) bool { return o.Value == area }) ||
		len(reach) > 0 && slices.ContainsFunc(s.Library.Areas().Path(reach[0].Value), func(n content.Node) bool { return n.Code == area })
}

// wordingOf is a scenario with nothing but its wording: that of a draft or of a saved scenario where the address names one.
func (s *server) wordingOf(ctx context.Context, v *visit, document string, in url.Values) (lab.Scenario, error) {
	base := lab.Scenario{Policy: document}
	if text := in.Get("draft"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return base, errs.NotFound("version", text)
		}
		x, err := s.Versions.Get(ctx, v.scope, id)
		if err != nil {
			return base, err
		}
		p, err := s.Versions.Package(ctx, x)
		base.Text = string(p.Policy)
		return base, err
	}
	if text := in.Get("saved"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return base, errs.NotFound("scenario", text)
		}
		x, err := s.Scenarios.Get(ctx, v.scope, id)
		base.Text = x.Scenario.Text
		return base, err
	}
	return base, nil
}

// labData is the page.
type labData struct {
	Query    labQuery
	Document policy.Document
	Groups   []labGroup
	Settings []calcSetting
	Only     []labArea
	Areas    []option
	Area     string
	HomeArea string
	Budget   string
	Errors   map[string]string
	Left     []string // of the address, that the policy does not have
	Problem  string   // of the scenario as a whole
	Moment   moment
	AsOf     string

	MayKeep, MayDraft, MayExport bool

	Progress *region.Progress
	Result   *labResult // nil while it is worked out, and where it cannot be
}

func (s *server) labPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, err := s.readLab(r, v)
	if err != nil {
		return err
	}
	if !byScript(r) && len(a.errors)+len(a.left) == 0 && a.wording == "" && !a.tidy(r.URL.Query()) {
		return seeOther(w, r, a.query.path(""))
	}
	return s.showLab(w, r, v, a, a.wording)
}

// showLab answers with the page, or with what follows from the scenario to a script.
func (s *server) showLab(w http.ResponseWriter, r *http.Request, v *visit, a labAsked, problem string) error {
	d := labData{Query: a.query, Document: a.policy.File.Document, Errors: a.errors, Left: a.left, Problem: problem, Moment: a.m, AsOf: s.asKnown(v.t, a.m, a.view)}
	d.MayKeep = labWrite.MetBy(v.scope)
	f, err := s.policyAt(r.Context(), a.view, a.scenario.Policy)
	if err != nil {
		return err
	}
	d.MayDraft = d.MayKeep && f.May(v.scope, access.DraftPolicy)
	d.MayExport = (access.Need{Action: access.Export, Area: true}).MetBy(v.scope)
	moving := r.Header.Get("Lab-Moving") != ""
	if err := s.labRun(r, v, a, &d, moving); err != nil {
		return err
	}
	status := http.StatusOK
	if len(d.Errors) > 0 || d.Problem != "" {
		status = http.StatusUnprocessableEntity
	}
	if byScript(r) {
		return part(w, r, status, labParts(v.t, d, moving))
	}
	if err := s.labFields(v, a, &d); err != nil {
		return err
	}
	sh := s.shell(r, v, v.t.S("labpage.title"))
	sh.Chart, sh.Script = true, "lab.js"
	return s.show(w, r, sh, status, labPage(v.t, d))
}

// labRun fills in what the scenario comes to, or how far the work is; a scenario that cannot be is told as a problem.
func (s *server) labRun(r *http.Request, v *visit, a labAsked, d *labData, moving bool) error {
	out, progress, err := s.Lab.Begin(r.Context(), a.view, a.scenario, a.m.day)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		d.Problem = v.t.Msg(msg)
		return nil
	}
	switch {
	case err != nil:
		return err
	case out == nil:
		d.Progress = &progress
	default:
		d.Result = s.labResult(v.t, a, out, moving)
	}
	return nil
}

// labFields fills in the form.
func (s *server) labFields(v *visit, a labAsked, d *labData) error {
	var err error
	if d.Groups, err = a.groups(answersOr(a.policy, a.scenario.Settings), a.scenario.Ended); err != nil {
		return err
	}
	for i, g := range d.Groups {
		for j, p := range g.Params {
			for k, x := range p.Dials {
				d.Groups[i].Params[j].Dials[k].Error = a.errors[x.Name]
			}
		}
	}
	d.Settings = settingsOf(a.policy, a.scenario.Settings)
	d.Only = s.areasOffered(a.policy.File.Document, a.scenario.Only)
	d.Areas, d.Area, d.HomeArea = s.areaOptions(v.scope), a.scenario.Area, a.home
	d.Budget = a.query.values.Get("budget")
	return nil
}

// answersOr is every open question with the answer of a scenario, or the default.
func answersOr(p *policy.Policy, answers map[string]string) map[string]string {
	all := map[string]string{}
	for _, set := range p.File.Settings {
		all[set.ID] = cmp.Or(answers[set.ID], set.Default)
	}
	return all
}

// labResult is an outcome in rows of the page's tables.
type labResult struct {
	*lab.Outcome
	Query   labQuery
	Clauses labTable
	Years   labTable
	Areas   labTable
	Cuts    []stageRow // quotas and pools, with their factors

	Rest *labRest // what is not worked out while the hand is on a slider
}

// labRest is the part of a result that is asked for once the hand rests.
type labRest struct {
	Sizes, Trades labTable
	Map           *mapData
	Winners       []firmEffectRow
	Losers        []firmEffectRow
}

// labTable is a whole by its parts, for a table and its chart.
type labTable struct {
	ID, Title, Head string
	lab.Breakdown
	Rows []labRow
}

type labRow struct {
	lab.Row
	Name, Note, Href string
}

// labNamed is how many of those who gain or lose most stand on the page, each.
const labNamed = 10

func (s *server) labResult(t i18n.T, a labAsked, out *lab.Outcome, moving bool) *labResult {
	res := &labResult{Outcome: out, Query: a.query}
	res.Clauses = labTableOf(t, "clauses", out.ByClause(), func(r lab.Row) labRow {
		return labRow{Row: r, Name: partName(t, "clauses", r), Note: clauseCite(a.policy, r.Code)}
	})
	res.Years = labTableOf(t, "years", out.ByYear(), func(r lab.Row) labRow { return labRow{Row: r, Name: partName(t, "years", r)} })
	res.Areas = labTableOf(t, "areas", out.ByArea(), func(r lab.Row) labRow {
		row := labRow{Row: r, Name: partName(t, "areas", r)}
		if r.Code != "" && r.Code != out.Parent {
			row.Href = a.query.with("area", r.Code).path("")
		}
		return row
	})
	for _, st := range out.Factors() {
		res.Cuts = append(res.Cuts, stageRow{StageSum: st})
	}
	if !moving {
		res.Rest = s.labRest(t, a, out)
	}
	return res
}

func (s *server) labRest(t i18n.T, a labAsked, out *lab.Outcome) *labRest {
	named := func(r lab.Row) labRow { return labRow{Row: r, Name: partName(t, "", r)} }
	rest := &labRest{
		Sizes: labTableOf(t, "sizes", out.BySize(), named), Trades: labTableOf(t, "trades", out.ByTrade(content.Division), named),
		Winners: s.firmEffects(out.Winners(0, labNamed)), Losers: s.firmEffects(out.Losers(0, labNamed)),
	}
	var rows []areaRow
	for _, e := range out.Effect.Areas {
		row := areaRow{AreaSum: region.AreaSum{Area: e.Area, Sum: e.After}, Name: e.Area.Name, Href: a.query.with("area", e.Area.Code).path("")}
		row.Total, row.Rest = ofOutcome(e.After), row.Rest.Plus(e.After.InKind) // as in the tables: money and services
		if e.After.Firms > 0 && e.Area.Code != "" {
			rows = append(rows, row)
		}
	}
	rest.Map = s.mapOf(t, mapView{a.measure, out.Parent, func(measure string) string { return a.query.with("map", measure).path("") }}, rows)
	return rest
}

func (s *server) firmEffects(all []region.FirmEffect) []firmEffectRow {
	var rows []firmEffectRow
	for _, f := range all {
		rows = append(rows, firmEffectRow{f, nodeName(s.Library.Areas(), f.Area)})
	}
	return rows
}

// partName is what a part of a whole is called: a clause, a year, an area, a size, a trade.
func partName(t i18n.T, of string, r lab.Row) string {
	switch {
	case of == "years" && r.Code != "":
		return r.Code
	case of == "areas" && r.Code == "":
		return t.S("web.area_unknown")
	}
	return cmp.Or(t.Text(r.Name), r.Code, t.S("labpage.unknown_part"))
}

// labTableOf puts a breakdown into words; parts without enterprises before and after are left out.
func labTableOf(t i18n.T, id string, b lab.Breakdown, row func(lab.Row) labRow) labTable {
	out := labTable{ID: "lab-" + id, Title: t.S("labpage.by_" + id), Head: t.S("labpage.head_" + id), Breakdown: b}
	for _, r := range b.Rows {
		if r.Before != (lab.Figure{}) || r.After != (lab.Figure{}) {
			out.Rows = append(out.Rows, row(r))
		}
	}
	return out
}

// budgetWords is how a year of the budget comes out: enough, cut, or not known while facts are missing.
func budgetWords(t i18n.T, st stageRow) string {
	year := strconv.Itoa(st.Year)
	switch {
	case st.Factor > 0:
		return t.S("labpage.cut_to", year, st.factor())
	case !st.Claimed.Unbounded && st.Claimed.Possible <= st.Budget:
		return t.S("labpage.enough", year)
	case st.Claimed.Sure > st.Budget:
		return t.S("labpage.cut_somehow", year)
	}
	return t.S("labpage.perhaps_enough", year)
}

// ofOutcome is money and services of a whole together.
func ofOutcome(s region.Sum) policy.Interval { return s.Total.Plus(s.InKind) }

// signedRoundly is a sum with its sign.
func signedRoundly(t i18n.T, a money.Fen) string {
	if a > 0 {
		return "+" + roundly(t, a)
	}
	return roundly(t, a)
}

// shareText is a difference as a share of what was, to a tenth of a percent; "" where there was nothing.
func shareText(was, by money.Fen) string {
	if was <= 0 {
		return ""
	}
	share := big.NewRat(int64(by), int64(was))
	text := share.Mul(share, big.NewRat(100, 1)).FloatString(1) + "%"
	if by > 0 {
		text = "+" + text
	}
	return strings.Replace(text, "-", "\u2212", 1)
}
