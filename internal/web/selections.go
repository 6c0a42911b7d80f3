package web

import (
	"cmp"
	"context"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// selectionPath is the page of a round of a selection.
func selectionPath(id int64) string { return "/selections/" + strconv.FormatInt(id, 10) }

// selectionRoutes are yearly selections: rounds and how to get into one. Experts, ladders and titles have their own.
func (s *server) selectionRoutes() []route {
	public, read := access.Need{Public: true}, access.Need{Action: access.ReadCase}
	return []route{
		{"GET /selections", public, s.selections},
		{"POST /selections", access.Need{Action: access.HandleCase}, s.openSelection},
		{"GET /selections/{id}", public, s.selection},
		{"GET /selections/{id}/export", access.Need{Action: access.Export}, s.exportSelection},
		{"POST /selections/{id}/nominate", read, s.nominate},
	}
}

// selectionRow is a round in words.
type selectionRow struct {
	selection.Round
	Scheme                *selection.Scheme
	Rubric                *rubric.Rubric
	Name, Area, StateText string
	Open                  bool // takes nominations today
}

func (s *server) selectionRow(ctx context.Context, t i18n.T, r selection.Round) (selectionRow, error) {
	row := selectionRow{Round: r, Area: s.areaName(r.Area), StateText: t.Msg(r.State.Msg())}
	var err error
	if row.Scheme, row.Rubric, err = s.Selections.Definition(ctx, r); err != nil {
		return row, err
	}
	row.Name = t.S("selectionpage.round_name", r.Year, t.Text(row.Scheme.Name))
	if row.Open = r.Open(s.Clock.Today()); r.State == selection.Nominating && !row.Open {
		row.StateText = t.S("selectionpage.closed")
	}
	return row, nil
}

// selectionsData is every round and every scheme.
type selectionsData struct {
	Rounds  []selectionRow
	Schemes []*selection.Scheme
	Drafts  []casework.Case // of calls that are not announced
	Areas   []option        // for which the visitor may open a round
	Links   []option        // to what else the visitor may look at
	Title   string          // that was typed
	Area    string
	Problem string
}

func (s *server) selections(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.selectionsOf(r.Context(), v)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("selectionpage.title")), http.StatusOK, selectionsPage(v.t, d))
}

func (s *server) selectionsOf(ctx context.Context, v *visit) (selectionsData, error) {
	d := selectionsData{Schemes: s.Selections.Set.Schemes(), Links: s.selectionLinks(v)}
	all, err := s.Selections.Rounds(ctx, v.scope)
	if err != nil {
		return d, err
	}
	for _, r := range all {
		row, err := s.selectionRow(ctx, v.t, r)
		if err != nil {
			return d, err
		}
		d.Rounds = append(d.Rounds, row)
	}
	if v.scope.Role() != access.CityOfficial {
		return d, nil
	}
	d.Areas = s.officeAreas(v)
	d.Drafts, _, err = s.Cases.Cases(ctx, v.scope, casework.Filter{Workflow: selection.RoundFlow, State: "draft", Running: true}, 0, listRows)
	return d, err
}

// officeAreas is the areas of which the visitor is the office in charge, the widest first.
func (s *server) officeAreas(v *visit) []option {
	return slices.DeleteFunc(s.areaOptions(v.scope), func(o option) bool { return !v.scope.Sees(access.HandleCase, o.Value, 0) })
}

// selectionLinks is what a visitor finds beside selections: their address and name.
func (s *server) selectionLinks(v *visit) []option {
	t := v.t
	var all []option
	if v.scope.Can(access.ScoreCase) {
		all = append(all, option{"/judging", t.S("selectionpage.judging")})
	}
	if (access.Need{Action: access.ReadCase, Area: true}).MetBy(v.scope) {
		all = append(all, option{"/experts", t.S("selectionpage.experts")})
	}
	all = append(all, option{"/ladders", t.S("selectionpage.ladders")})
	if (access.Need{Action: access.ReadFact, Area: true}).MetBy(v.scope) {
		all = append(all, option{"/coverage", t.S("selectionpage.coverage")})
	}
	return all
}

// maxCaseTitle is how long the title of a case may be that a page opens, in characters.
const maxCaseTitle = 100

// openSelection opens the case of a round; it is announced there, by its form.
func (s *server) openSelection(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, area, title := r.Context(), r.PostFormValue("area"), strings.TrimSpace(r.PostFormValue("title"))
	if v.scope.Role() != access.CityOfficial || !v.scope.Sees(access.HandleCase, area, 0) {
		return forbidden(access.HandleCase)
	}
	made, err := s.beginRound(ctx, v, area, title)
	if err == nil {
		return seeOther(w, r, casePath(made.ID)+"?done=round")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d, again := s.selectionsOf(ctx, v)
	if again != nil {
		return again
	}
	d.Title, d.Area, d.Problem = title, area, v.t.Msg(msg)
	return s.show(w, r, s.shell(r, v, v.t.S("selectionpage.title")), statusOf(err), selectionsPage(v.t, d))
}

func (s *server) beginRound(ctx context.Context, v *visit, area, title string) (casework.Case, error) {
	if n := len([]rune(title)); n == 0 || n > maxCaseTitle {
		return casework.Case{}, errs.Invalid(i18n.M("selectionpage.bad_title", maxCaseTitle))
	}
	subject, err := s.Subsidy.AreaSubject(ctx, area)
	if err != nil {
		return casework.Case{}, err
	}
	return s.Cases.New(ctx, v.scope, selection.CallCase(title, subject))
}

// conditionRow is a condition as it stands for an enterprise.
type conditionRow struct {
	Text, Cite string
	State      selection.State
	StateText  string
	Why        string
	Missing    []missing
	Marked     string // how it stood when the nomination was handed in
}

func (s *server) conditionRows(t i18n.T, view fact.View, firm int64, checks []selection.Check) []conditionRow {
	rows := make([]conditionRow, len(checks))
	for i, c := range checks {
		row := conditionRow{Text: t.Text(c.Text), Cite: c.Cite, State: c.State, StateText: t.Msg(c.State.Msg())}
		if c.Why.Key != "" {
			row.Why = t.Msg(c.Why)
		}
		for _, ref := range c.Missing {
			row.Missing = append(row.Missing, s.missingFact(t, view, firm, ref))
		}
		rows[i] = row
	}
	return rows
}

// missingFact is a fact that nobody stated, and where the visitor may.
func (s *server) missingFact(t i18n.T, view fact.View, firm int64, ref rule.FactRef) missing {
	m := missing{What: ref.Def, Href: s.missingPath(view, firm, ref)}
	if def, ok := s.Library.FactDef(ref.Def); ok {
		m.What = t.Text(def.Name)
	}
	m.May = m.Href != ""
	return m
}

// candidate is an enterprise that the visitor may nominate, with how it stands to the conditions.
type candidate struct {
	Firm   int64
	Name   string
	Checks []conditionRow
	Worst  selection.State
	Open   []casework.Case // nominations of it that have not ended
	May    bool            // nominate it: its own, or as the office
}

// nominationRow is a nomination in words.
type nominationRow struct {
	selection.Nomination
	Firm, County, StateText, By string
	Unknown                     int // conditions that nobody could answer when it was handed in
}

// resultRow is a nomination in its place.
type resultRow struct {
	selection.Result
	Firm, County, StandingText, Exact, Tie string
	Means                                  []string // by item of the rubric
}

// seatRow is who judges what, for those who may know.
type seatRow struct {
	selection.Seat
	Sum string // of the sheet, from the ranking on
}

// lotRow is a record that took part in a draw, with its lot.
type lotRow struct {
	selection.DrawnLot
	Firm string // for those who may know
}

// selectionData is the page of a round.
type selectionData struct {
	selectionRow
	Office      bool
	Times       []datum
	Nominations []nominationRow
	Progress    selection.Progress
	Seats       []seatRow
	Results     []resultRow
	Notice      []selection.Public
	Until       string           // the last day of the notice that began last
	Released    *release.Release // what was published last; nil for a notice that was public before releases were kept
	Step        string           // what comes next, for those who take it
	Drawn       []lotRow
	Experts     []lotRow
	Sound       bool // the seed is the one that was committed to, and the roll that of the lists
	Own         []candidate
	MayLook     bool   // for an enterprise to nominate, as the office
	Query       string // that was looked for
	NotFound    bool
	Problem     string
}

func (s *server) selectionOf(r *http.Request, v *visit) (selection.Round, error) {
	id, err := pathID(r)
	if err != nil {
		return selection.Round{}, err
	}
	return s.Selections.Round(r.Context(), v.scope, id)
}

func (s *server) selection(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.selectionPageOf(r, v)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, d.Name), http.StatusOK, selectionPage(v.t, d))
}

func (s *server) selectionPageOf(r *http.Request, v *visit) (selectionData, error) {
	ctx := r.Context()
	rd, err := s.selectionOf(r, v)
	if err != nil {
		return selectionData{}, err
	}
	d := selectionData{Office: v.scope.Sees(access.ReadCase, rd.Area, 0), Query: strings.TrimSpace(r.FormValue("q"))}
	if d.selectionRow, err = s.selectionRow(ctx, v.t, rd); err != nil {
		return d, err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return d, err
	}
	for _, fill := range []func(context.Context, *visit, fact.View, *selectionData) error{
		s.selectionNominations, s.selectionJudging, s.selectionResults, s.selectionNotice, s.selectionLots, s.selectionCandidates,
	} {
		if err := fill(ctx, v, view, &d); err != nil {
			return d, err
		}
	}
	s.selectionTimes(v.t, &d)
	d.Step = d.nextStep(v)
	return d, nil
}

// nextStep is what comes next, in the case of the round; for the public, how a nomination is made.
func (d *selectionData) nextStep(v *visit) string {
	t := v.t
	if v.account.ID == 0 && d.Open {
		return t.S("selectionpage.step_sign_in")
	}
	if v.scope.Role() != access.CityOfficial || !v.scope.Sees(access.HandleCase, d.Round.Area, 0) {
		return ""
	}
	missing := d.Progress.Seats - d.Progress.Given
	switch {
	case d.Open:
		return t.S("selectionpage.step_open", d.Closes.String())
	case d.State == selection.Nominating:
		return t.S("selectionpage.step_draw")
	case d.State == selection.Judging && missing > 0:
		return t.S("selectionpage.step_wait", missing)
	case d.State == selection.Judging:
		return t.S("selectionpage.step_rank")
	case d.State == selection.Ranked:
		return t.S("selectionpage.step_publish")
	case d.State == selection.Noticed:
		return t.S("selectionpage.step_award", d.Until)
	}
	return ""
}

// selectionTimes is what happened when, and what is due.
func (s *server) selectionTimes(t i18n.T, d *selectionData) {
	add := func(key, at string) { d.Times = append(d.Times, datum{t.S(key), at}) }
	add("selectionpage.opened", instant(d.OpenedAt))
	add("selectionpage.closes", d.Closes.String())
	for _, x := range []struct {
		key string
		at  int64
	}{{"selectionpage.drawn_at", d.DrawnAt}, {"selectionpage.ranked_at", d.RankedAt}} {
		if x.at != 0 {
			add(x.key, instant(x.at))
		}
	}
	if d.Until != "" {
		add("selectionpage.notice_until", d.Until)
	}
	if d.DecidedAt != 0 {
		add("selectionpage.decided_at", instant(d.DecidedAt)+" "+d.Document)
	}
}

func (s *server) selectionNominations(ctx context.Context, v *visit, view fact.View, d *selectionData) error {
	all, err := s.Selections.Nominations(ctx, v.scope, d.ID)
	for _, n := range all {
		d.Nominations = append(d.Nominations, s.nominationRow(v.t, view, n))
	}
	return err
}

func (s *server) nominationRow(t i18n.T, view fact.View, n selection.Nomination) nominationRow {
	row := nominationRow{
		Nomination: n, Firm: s.firmName(view, n.Party), County: s.areaName(n.County), By: t.S("selectionpage.by_" + n.By), StateText: t.Msg(n.State.Msg()),
	}
	if n.OutAt != 0 {
		row.StateText = t.Msg(n.OutWhy.Msg())
	}
	for _, c := range n.Checks {
		if c.State == selection.Unknown {
			row.Unknown++
		}
	}
	return row
}

// selectionJudging is who judges what, and how far it is, for those who see the round's area.
func (s *server) selectionJudging(ctx context.Context, v *visit, _ fact.View, d *selectionData) error {
	if !d.Office || d.DrawnAt == 0 {
		return nil
	}
	var err error
	if d.Progress, err = s.Selections.Progress(ctx, v.scope, d.ID); err != nil {
		return err
	}
	seats, err := s.Selections.Seats(ctx, v.scope, d.ID)
	for _, x := range seats {
		row := seatRow{Seat: x}
		if x.Sheet != nil {
			row.Sum = selection.ShowMean(d.Rubric.Sum(x.Sheet))
		}
		d.Seats = append(d.Seats, row)
	}
	return err
}

func (s *server) selectionResults(ctx context.Context, v *visit, view fact.View, d *selectionData) error {
	all, err := s.Selections.Results(ctx, v.scope, d.ID)
	ranks := map[string]int{}
	for _, o := range all {
		ranks[o.Key] = o.Rank
	}
	for _, o := range all {
		row := resultRow{Result: o, Firm: s.firmName(view, o.Party), County: s.areaName(o.County), StandingText: v.t.Msg(o.Standing.Msg()), Exact: selection.ShowMean(o.Score.Exact)}
		for _, item := range d.Rubric.Items {
			row.Means = append(row.Means, selection.ShowMean(orZero(o.Score.Items[item.ID])))
		}
		if o.Tie != nil {
			row.Tie = v.t.S("selectionpage.tie", ranks[o.Tie.With], s.tieRule(v.t, d.Rubric, o.Tie.Rule), shortLot(o.Tie.Mine), shortLot(o.Tie.Their))
		}
		if o.OutAt != 0 {
			row.StandingText += inBrackets(v.t, v.t.Msg(o.OutWhy.Msg()))
		}
		d.Results = append(d.Results, row)
	}
	return err
}

func orZero(r *big.Rat) *big.Rat {
	if r == nil {
		return new(big.Rat)
	}
	return r
}

// shownLot is how many digits of a lot are shown: enough to see which is lower.
const shownLot = 12

// shortLot is what a rule for ties compared, a lot cut short.
func shortLot(text string) string {
	if len(text) == 64 {
		return text[:shownLot] + "…"
	}
	return text
}

// tieRule is a rule for ties in words.
func (s *server) tieRule(t i18n.T, r *rubric.Rubric, rule selection.TieRule) string {
	if id, ok := strings.CutPrefix(string(rule), "item:"); ok {
		item, _ := r.Item(id)
		return t.S("selectionpage.tie_item", t.Text(item.Name))
	}
	return t.S("selectionpage.tie_" + string(rule))
}

func (s *server) selectionNotice(ctx context.Context, v *visit, _ fact.View, d *selectionData) error {
	if d.State != selection.Noticed && d.State != selection.Decided {
		return nil
	}
	var err error
	if d.Notice, err = s.Selections.Notice(ctx, d.ID); err != nil {
		return err
	}
	if last, found, err := s.Releases.Latest(ctx, selection.NoticeRelease, d.ID); err != nil {
		return err
	} else if found {
		d.Released = &last
	}
	var until period.Day
	for i, p := range d.Notice {
		d.Notice[i].County = s.areaName(p.County)
		if last, known := s.Selections.NoticeEnds(d.Scheme, p.Since); last > until {
			until, d.Until = last, dayText(v.t, last, known)
		}
	}
	return nil
}

// selectionLots is what the lots were drawn of, each with its own, so that anybody can draw them again.
func (s *server) selectionLots(ctx context.Context, v *visit, view fact.View, d *selectionData) error {
	drawn, err := s.Selections.Drawn(ctx, v.scope, d.ID)
	if err != nil || len(drawn.Nominations) == 0 {
		return err
	}
	names := map[int64]string{}
	if d.Office {
		for _, n := range d.Nominations {
			names[n.ID] = strings.TrimSpace(n.Firm + " " + n.Item)
		}
	}
	nominations, experts := drawn.Lots(d.Round)
	for _, x := range nominations {
		d.Drawn = append(d.Drawn, lotRow{x, names[x.Record]})
	}
	for _, x := range experts {
		d.Experts = append(d.Experts, lotRow{DrawnLot: x})
	}
	d.Sound = drawn.Sound(d.Round)
	return nil
}

// selectionCandidates is whom the visitor may nominate while the round takes some: the own enterprise, or as the office the one
// that was looked for.
func (s *server) selectionCandidates(ctx context.Context, v *visit, view fact.View, d *selectionData) error {
	if !d.Open {
		return nil
	}
	firms := v.scope.Owns()
	if d.MayLook = v.scope.Can(access.HandleCase) && slices.Contains(d.Scheme.Nominate, selection.ByCounty); d.MayLook && d.Query != "" {
		firm, err := s.findParty(ctx, d.Query)
		if err != nil {
			return err
		}
		if d.NotFound = firm == 0 || !view.Can(access.HandleCase, firm); !d.NotFound {
			firms = []int64{firm}
		}
	}
	for _, firm := range firms {
		c, err := s.candidate(ctx, v, view, d.selectionRow, firm)
		if err != nil {
			return err
		}
		d.Own = append(d.Own, c)
	}
	return nil
}

func (s *server) candidate(ctx context.Context, v *visit, view fact.View, r selectionRow, firm int64) (candidate, error) {
	c, err := s.Selections.Candidate(ctx, v.scope, s.Cases, r.Round, firm)
	return candidate{
		Firm: firm, Name: s.firmName(view, firm), Checks: s.conditionRows(v.t, view, firm, c.Checks), Worst: selection.Worst(c.Checks), Open: c.Open, May: c.May,
	}, err
}

// nominate opens the case of a nomination; one of the enterprise that was not handed in yet is led to.
func (s *server) nominate(w http.ResponseWriter, r *http.Request, v *visit) error {
	rd, err := s.selectionOf(r, v)
	if err != nil {
		return err
	}
	made, begun, err := s.Selections.Begin(r.Context(), v.scope, s.Cases, rd, numberOf(r, "firm"))
	switch {
	case err != nil:
		return err
	case begun:
		return seeOther(w, r, casePath(made.ID))
	}
	return seeOther(w, r, casePath(made.ID)+"?done=nominated")
}

// exportSelection sends the ranking, as far as the visitor may see it.
func (s *server) exportSelection(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.selectionPageOf(r, v)
	if err != nil {
		return err
	}
	if !d.Office {
		return forbidden(access.Export)
	}
	t := v.t
	columns := []string{t.S("selectionpage.rank"), t.S("web.firm_name"), t.S("selectionpage.person"), t.S("web.area")}
	for _, item := range d.Rubric.Items {
		columns = append(columns, t.Text(item.Name))
	}
	columns = append(columns, t.S("selectionpage.exact"), t.S("selectionpage.total"), t.S("web.state"), t.S("selectionpage.tie_head"))
	rows := make([][]any, len(d.Results))
	for i, o := range d.Results {
		rows[i] = []any{int64(o.Rank), o.Firm, o.Item, o.County}
		for _, mean := range o.Means {
			rows[i] = append(rows[i], mean)
		}
		rows[i] = append(rows[i], o.Exact, o.Score.Total.String(), o.StandingText, cmp.Or(o.Tie, ""))
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	return s.export(w, r, v, d.Name, sheet.Export{
		Title: d.Name, Notes: s.notes(v, view, selectionPath(d.ID)), Table: sheet.Table{Rows: slices.Values(rows), Columns: columns},
	})
}
