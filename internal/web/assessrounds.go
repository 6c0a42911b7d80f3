package web

import (
	"context"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/assess/round"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// yearlyRoutes are the yearly rounds of assessment (年度评测).
func (s *server) yearlyRoutes() []route {
	read, handle, export := access.Need{Action: access.ReadFact}, access.Need{Action: access.HandleCase, Area: true}, access.Need{Action: access.Export, Area: true}
	file := access.Need{Action: access.FileCase}
	return []route{
		{"GET /assess/rounds", read, s.yearlyRounds},
		{"GET /assess/rounds/new", handle, s.newYearly},
		{"POST /assess/rounds", handle, s.openYearly},
		{"GET /assess/rounds/{id}", read, s.yearlyRound},
		{"GET /assess/rounds/{id}/export", export, s.exportYearly},
		{"POST /assess/rounds/{id}/begin", file, s.beginYearly},
		{"POST /assess/rounds/{id}/remind", handle, s.remindYearly},
		{"POST /assess/rounds/{id}/check", handle, s.checkYearly},
		{"POST /assess/rounds/{id}/more", handle, s.moreYearly},
		{"POST /assess/rounds/{id}/close", handle, s.closeYearly},
		{"GET /assess/rounds/{id}/findings", read, s.yearlyFindings},
		{"GET /assess/rounds/{id}/findings/export", export, s.exportFindings},
		{"GET /assess/rounds/{id}/findings/{n}", read, s.yearlyFinding},
		{"POST /assess/rounds/{id}/findings/{n}/explain", file, s.explainFinding},
		{"POST /assess/rounds/{id}/findings/{n}/accept", handle, s.acceptFinding},
		{"POST /assess/rounds/{id}/findings/{n}/back", handle, s.returnFinding},
		{"GET /assess/rounds/{id}/report", read, s.yearlyReport},
		{"GET /assess/rounds/{id}/report/export", export, s.exportYearlyReport},
	}
}

// yearlyRow is a round in words.
type yearlyRow struct {
	round.Round
	ModelName, AreaName string
	State               string
	Running             bool
}

func (s *server) yearlyRow(ctx context.Context, t i18n.T, r round.Round) (yearlyRow, error) {
	m, err := s.Rounds.Rubric(ctx, &r)
	if err != nil {
		return yearlyRow{}, err
	}
	row := yearlyRow{Round: r, ModelName: t.Text(m.Title), AreaName: s.areaName(r.Area), Running: r.Running(s.Clock.Today())}
	switch {
	case r.Closing != nil:
		row.State = t.S("assessroundpage.closed", r.Closing.On.String())
	case !row.Running:
		row.State = t.S("assessroundpage.coming")
	case s.Clock.Today() > r.Closes:
		row.State = t.S("assessroundpage.late")
	default:
		row.State = t.S("assessroundpage.runs")
	}
	return row, nil
}

type yearliesData struct {
	Rows   []yearlyRow
	MayNew bool
}

func (s *server) yearlyRounds(w http.ResponseWriter, r *http.Request, v *visit) error {
	all, err := s.Rounds.Rounds(r.Context(), v.scope)
	if err != nil {
		return err
	}
	d := yearliesData{MayNew: access.Need{Action: access.HandleCase, Area: true}.MetBy(v.scope)}
	for _, x := range all {
		row, err := s.yearlyRow(r.Context(), v.t, x)
		if err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("assessroundpage.title")), http.StatusOK, yearliesPage(v.t, d))
}

// yearlyForm is a round as it is asked for.
type yearlyForm struct {
	Model, Area, Title, Year, Opens, Closes, Concerned, Remind string

	Models, Areas, Years []option
	Problem, Told        string
}

func (s *server) yearlyFormOf(r *http.Request, v *visit) yearlyForm {
	today := s.Clock.Today()
	f := yearlyForm{
		Model: r.FormValue("model"), Area: r.FormValue("area"), Title: strings.TrimSpace(r.FormValue("title")), Year: r.FormValue("year"), Opens: r.FormValue("opens"),
		Closes: r.FormValue("closes"), Concerned: strings.TrimSpace(r.FormValue("concerned")), Remind: strings.TrimSpace(r.FormValue("remind")), Years: s.assessYears(),
	}
	for _, m := range s.Rounds.Answerable() {
		f.Models = append(f.Models, option{m.Rubric + "/" + m.Edition, v.t.Text(m.Title)})
	}
	for _, o := range s.areaOptions(v.scope) {
		if v.scope.Sees(access.HandleCase, o.Value, 0) {
			f.Areas = append(f.Areas, o)
		}
	}
	if r.FormValue("model") == "" { // a page that was just opened
		closes, _ := s.Library.Calendar().AddWorkdays(today, 20)
		f.Year, f.Opens, f.Closes, f.Concerned = strconv.Itoa(today.Year()), today.String(), closes.String(), round.AboveScale
		words := make([]string, len(round.DefaultRemind))
		for i, n := range round.DefaultRemind {
			words[i] = strconv.Itoa(n)
		}
		f.Remind, f.Title = strings.Join(words, " "), v.t.S("assessroundpage.title_of", today.Year())
	}
	return f
}

// asked is the round that the form asks for.
func (f yearlyForm) asked() (n round.NewRound, err error) {
	n = round.NewRound{Title: f.Title, Area: f.Area, Concerned: f.Concerned, Remind: []int{}}
	n.Model, n.Edition, _ = strings.Cut(f.Model, "/")
	n.Year, _ = strconv.Atoi(f.Year) // none is told by the round
	for _, d := range []struct {
		text string
		into *period.Day
	}{{f.Opens, &n.Opens}, {f.Closes, &n.Closes}} {
		if *d.into, err = period.ParseDay(d.text); err != nil {
			return n, errs.Invalid(i18n.M("web.bad_date", d.text))
		}
	}
	for word := range strings.FieldsFuncSeq(f.Remind, func(c rune) bool { return strings.ContainsRune(" ,，、;；", c) }) {
		days, err := strconv.Atoi(word)
		if err != nil {
			days = -1 // which the round refuses, and tells how it is written
		}
		n.Remind = append(n.Remind, days)
	}
	return n, nil
}

// newYearly asks for a round; with preview it tells how many it would concern.
func (s *server) newYearly(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := s.yearlyFormOf(r, v)
	if r.FormValue("preview") == "" {
		return s.showYearlyForm(w, r, v, http.StatusOK, f)
	}
	n, err := f.asked()
	concerned, unclear := 0, 0
	if err == nil {
		concerned, unclear, err = s.Rounds.Whom(r.Context(), v.scope, n)
	}
	if msg, ok := errs.Message(err); ok {
		f.Problem = v.t.Msg(msg)
		return s.showYearlyForm(w, r, v, statusOf(err), f)
	}
	if err != nil {
		return err
	}
	f.Told = v.t.S("assessroundpage.whom", concerned, unclear)
	return s.showYearlyForm(w, r, v, http.StatusOK, f)
}

func (s *server) showYearlyForm(w http.ResponseWriter, r *http.Request, v *visit, status int, f yearlyForm) error {
	return s.show(w, r, s.shell(r, v, v.t.S("assessroundpage.new")), status, newYearlyPage(v.t, f))
}

func (s *server) openYearly(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := s.yearlyFormOf(r, v)
	n, err := f.asked()
	var made round.Round
	if err == nil {
		made, err = s.Rounds.Open(r.Context(), v.scope, n)
	}
	if msg, ok := errs.Message(err); ok {
		f.Problem = v.t.Msg(msg)
		return s.showYearlyForm(w, r, v, statusOf(err), f)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, round.Page(made.ID)+"?done=opened")
}

// yearlyQuery is a view of the enterprises of a round; its address restores it.
type yearlyQuery struct {
	Area, Standing, Text string
	Found                bool // only those with findings that are not accepted
	Page                 int
}

func readYearly(r *http.Request) yearlyQuery {
	return yearlyQuery{Area: r.FormValue("area"), Standing: r.FormValue("standing"), Text: strings.TrimSpace(r.FormValue("q")), Found: r.FormValue("found") != "", Page: pageNumber(r.FormValue("page"))}
}

func (q yearlyQuery) href(path string) string {
	out := url.Values{}
	for key, value := range map[string]string{"area": q.Area, "standing": q.Standing, "q": q.Text, "page": pageText(q.Page)} {
		if value != "" {
			out.Set(key, value)
		}
	}
	if q.Found {
		out.Set("found", "1")
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

func (q yearlyQuery) onPage(n int) yearlyQuery { q.Page = n; return q }

func (q yearlyQuery) only(area, standing string) yearlyQuery {
	return yearlyQuery{Area: area, Standing: standing, Page: 1}
}

func (s *server) yearlyKeeps(q yearlyQuery, f *round.Firm) bool {
	return (q.Area == "" || s.Library.Areas().Within(f.Area, q.Area)) && (q.Standing == "" || string(f.Standing) == q.Standing) && (!q.Found || f.Open > 0) &&
		(q.Text == "" || strings.Contains(f.Name, q.Text) || strings.Contains(f.USCC, strings.ToUpper(q.Text)))
}

// yearlyFirm is an enterprise of a round in words.
type yearlyFirm struct {
	round.Firm
	AreaName, Standing, Left, Level, Told string
	Own                                   bool // the visitor may answer for it
	MayCase                               bool
}

// yearlyPart is a row of the figures of a round in words.
type yearlyPart struct {
	round.Row
	Name, Mean, Share string
	Change            string // of the mean, against the round before
}

type yearlyData struct {
	yearlyRow
	R             *assess.Rubric
	AsOf          string
	Query         yearlyQuery
	Parts         []yearlyPart
	Standings     []option
	Areas         []option
	Rows          []yearlyFirm
	Total, Pages  int
	Sent          []sentRow
	Office        bool
	Manages       bool
	Leads         bool
	MayClose      bool
	Export        bool
	Findings      int // that wait or are open
	Done, Problem string
}

// sentRow is something that was sent, and to how many.
type sentRow struct {
	What, At string
	Firms    int
}

func (s *server) yearlyOf(r *http.Request) (int64, error) { return pathID(r) }

func (s *server) yearlyRound(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showYearly(w, r, v, http.StatusOK, "")
}

func (s *server) showYearly(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	ctx := r.Context()
	d, view, err := s.yearlyDataOf(r, v)
	if err != nil {
		return err
	}
	d.Problem = problem
	if done := r.FormValue("done"); slices.Contains([]string{"opened", "reminded", "checked", "more", "closed"}, done) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		d.Done = v.t.S("assessroundpage.done_"+done, n)
	}
	d.Pages = max((d.Total+listRows-1)/listRows, 1)
	d.Query.Page = min(d.Query.Page, d.Pages)
	from := (d.Query.Page - 1) * listRows
	d.Rows = d.Rows[min(from, len(d.Rows)):min(from+listRows, len(d.Rows))]
	if err := s.tellLeft(ctx, v.t, view, &d); err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, d.Title), status, yearlyPage(v.t, d))
}

// tellLeft says of rows how many questions are left, where a case waits for answers or nothing was begun.
func (s *server) tellLeft(ctx context.Context, t i18n.T, view fact.View, d *yearlyData) error {
	for i := range d.Rows {
		x := &d.Rows[i]
		results.Shown(view, d.R, x.ID)
		if d.Round.Closing != nil || x.Firm.Standing == round.Sealed || x.Firm.Standing == round.Rated {
			continue
		}
		left, of, err := s.Rounds.Left(ctx, view, &d.Round, d.R, &x.Firm)
		if err != nil {
			return err
		}
		x.Left = t.S("assessroundpage.left", left, of)
	}
	return nil
}

func (s *server) yearlyDataOf(r *http.Request, v *visit) (d yearlyData, view fact.View, err error) {
	ctx, t := r.Context(), v.t
	id, err := s.yearlyOf(r)
	if err != nil {
		return d, view, err
	}
	x, err := s.Rounds.Round(ctx, v.scope, id)
	if err != nil {
		return d, view, err
	}
	if d.yearlyRow, err = s.yearlyRow(ctx, t, x); err != nil {
		return d, view, err
	}
	if d.R, err = s.Rounds.Rubric(ctx, &x); err != nil {
		return d, view, err
	}
	if view, err = s.Rounds.As(ctx, v.scope, &x); err != nil {
		return d, view, err
	}
	d.AsOf, d.Query = s.asOf(t, view), readYearly(r)
	d.Office, d.Manages, d.Leads = s.Rounds.Office(v.scope, &x), x.Closing == nil && s.Rounds.Manages(v.scope, &x), x.Closing == nil && s.Rounds.Leads(v.scope, &x)
	d.MayClose = d.Leads && s.Clock.Today() >= x.Closes
	d.Export = d.Office && access.Need{Action: access.Export, Area: true}.MetBy(v.scope)
	firms, err := s.Rounds.Firms(ctx, view, &x)
	if err != nil {
		return d, view, err
	}
	if d.Office {
		rep, err := s.Rounds.Report(ctx, v.scope, id)
		if err != nil {
			return d, view, err
		}
		d.Parts = s.yearlyParts(t, rep, results.ByCounty)
		for _, p := range d.Parts {
			d.Areas = append(d.Areas, option{p.Code, p.Name})
			d.Findings += p.Open
		}
		if d.Sent, err = s.sentRows(ctx, t, view, &x); err != nil {
			return d, view, err
		}
	} else {
		d.Query = yearlyQuery{Page: d.Query.Page}
	}
	for _, st := range round.Standings() {
		d.Standings = append(d.Standings, option{string(st), t.S("assessroundpage.standing_" + string(st))})
	}
	for i := range firms {
		if s.yearlyKeeps(d.Query, &firms[i]) {
			d.Rows = append(d.Rows, s.yearlyFirm(t, v, d.R, firms[i]))
		}
	}
	d.Total = len(d.Rows)
	return d, view, nil
}

func (s *server) yearlyFirm(t i18n.T, v *visit, m *assess.Rubric, f round.Firm) yearlyFirm {
	x := yearlyFirm{Firm: f, AreaName: s.areaName(f.Area), Standing: t.S("assessroundpage.standing_" + string(f.Standing))}
	if f.Result != nil {
		x.Level = t.Text(m.LevelName(f.Level(m)))
		if !f.Result.Settled() {
			x.Level = t.S("assesspage.so_far", x.Level)
		}
	}
	if f.Told != 0 {
		x.Told = clock.DayOf(f.Told).String()
	}
	x.Own = slices.Contains(v.scope.Owns(), f.ID) && v.scope.Sees(access.FileCase, "", f.ID)
	x.MayCase = f.Case != 0 && v.scope.Sees(access.ReadCase, f.Area, f.ID)
	return x
}

// sentRows is what was sent about a round, and to how many of the enterprises that the visitor sees.
func (s *server) sentRows(ctx context.Context, t i18n.T, view fact.View, x *round.Round) (out []sentRow, err error) {
	all, err := s.Rounds.Sent(ctx, view, x)
	var whats []string
	for _, m := range all {
		what := sentWhat(t, m.What)
		i := slices.Index(whats, what)
		if i < 0 {
			i = len(whats)
			whats, out = append(whats, what), append(out, sentRow{What: what, At: instant(m.At)})
		}
		out[i].Firms++
	}
	return out, err
}

// sentWhat is what was sent, in words.
func sentWhat(t i18n.T, what string) string {
	kind, rest, _ := strings.Cut(what, "-")
	if kind == "remind" {
		n, _ := strconv.Atoi(rest)
		return t.S("assessroundpage.sent_remind", n)
	}
	return t.S("assessroundpage.sent_" + kind)
}

// exportYearly sends how far each enterprise of the view is.
func (s *server) exportYearly(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, view, err := s.yearlyDataOf(r, v)
	if err != nil {
		return err
	}
	if err := s.tellLeft(r.Context(), v.t, view, &d); err != nil {
		return err
	}
	t := v.t
	rows := make([][]any, len(d.Rows))
	for i, x := range d.Rows {
		rows[i] = []any{x.Name, x.USCC, x.AreaName, x.Standing, x.Left, x.Level, x.Found, x.Open, x.Told}
	}
	return s.export(w, r, v, d.Title+"-"+s.Clock.Today().String(), sheet.Export{
		Title: d.Title, Notes: s.notes(v, view, d.Query.onPage(1).href(round.Page(d.ID))),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("web.firm_name"), t.S("web.uscc"), t.S("web.area"), t.S("assessroundpage.standing"), t.S("assessroundpage.questions"), t.S("assesspage.level"),
			t.S("assessroundpage.found"), t.S("assessroundpage.open"), t.S("assessroundpage.told"),
		}},
	})
}

// answeredYearly shows the round again with what is wrong, or goes where to points.
func (s *server) answeredYearly(w http.ResponseWriter, r *http.Request, v *visit, err error, to string) error {
	if kind := errs.KindOf(err); err != nil && (kind == errs.KindInvalid || kind == errs.KindConflict) {
		if msg, ok := errs.Message(err); ok {
			return s.showYearly(w, r, v, statusOf(err), v.t.Msg(msg))
		}
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, to)
}

// beginYearly opens the case of an enterprise and leads to its questionnaire.
func (s *server) beginYearly(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := s.yearlyOf(r)
	if err != nil {
		return err
	}
	firm, err := strconv.ParseInt(r.FormValue("firm"), 10, 64)
	if err != nil {
		return errs.NotFound("enterprise", r.FormValue("firm"))
	}
	c, err := s.Rounds.Begin(r.Context(), v.scope, id, firm)
	to := casePath(c.ID)
	if err == nil {
		x, err := s.Rounds.Round(r.Context(), v.scope, id)
		if err != nil {
			return err
		}
		m, err := s.Rounds.Rubric(r.Context(), &x)
		if err != nil {
			return err
		}
		choices, err := s.Cases.Choices(r.Context(), v.scope, c.ID)
		if err != nil {
			return err
		}
		for _, k := range choices {
			if k.ActionItem.Form == m.FormCode() {
				to = actPath(c.ID, k.ActionItem.ID)
			}
		}
	}
	return s.answeredYearly(w, r, v, err, to)
}

func (s *server) remindYearly(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := s.yearlyOf(r)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	n, err := s.Rounds.Remind(r.Context(), view, id)
	return s.answeredYearly(w, r, v, err, doneYearly(id, "reminded", n))
}

func doneYearly(id int64, what string, n int) string {
	return round.Page(id) + "?done=" + what + "&n=" + strconv.Itoa(n)
}

func (s *server) checkYearly(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := s.yearlyOf(r)
	if err != nil {
		return err
	}
	_, err = s.Rounds.Check(r.Context(), v.scope, id)
	return s.answeredYearly(w, r, v, err, doneYearly(id, "checked", 0))
}

func (s *server) moreYearly(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := s.yearlyOf(r)
	if err != nil {
		return err
	}
	n, err := s.Rounds.More(r.Context(), v.scope, id)
	return s.answeredYearly(w, r, v, err, doneYearly(id, "more", n))
}

func (s *server) closeYearly(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := s.yearlyOf(r)
	if err != nil {
		return err
	}
	_, err = s.Rounds.Close(r.Context(), v.scope, id)
	return s.answeredYearly(w, r, v, err, round.Page(id)+"/report")
}

// findingRow is a finding in words.
type findingRow struct {
	round.Finding
	Firm, Area, KindName, StateName, Why, When string
}

type findingsData struct {
	yearlyRow
	AsOf         string
	Kind, State  string
	Kinds        []option
	States       []option
	Gone         bool
	Rows         []findingRow
	Total, Pages int
	Page         int
	Export       bool
}

func (d findingsData) href(page int) string {
	out := url.Values{}
	for key, value := range map[string]string{"kind": d.Kind, "state": d.State, "page": pageText(page)} {
		if value != "" {
			out.Set(key, value)
		}
	}
	if d.Gone {
		out.Set("gone", "1")
	}
	return "?" + out.Encode()
}

func (s *server) findingsOf(r *http.Request, v *visit) (d findingsData, err error) {
	ctx, t := r.Context(), v.t
	id, err := s.yearlyOf(r)
	if err != nil {
		return d, err
	}
	x, err := s.Rounds.Round(ctx, v.scope, id)
	if err != nil {
		return d, err
	}
	if d.yearlyRow, err = s.yearlyRow(ctx, t, x); err != nil {
		return d, err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return d, err
	}
	q := round.FindingQuery{Gone: r.FormValue("gone") != ""}
	for _, k := range round.Kinds() {
		d.Kinds = append(d.Kinds, option{string(k), t.S("assessroundpage.kind_" + string(k))})
		if string(k) == r.FormValue("kind") {
			q.Kind = k
		}
	}
	for _, st := range round.FindingStates() {
		d.States = append(d.States, option{string(st), t.S("assessroundpage.finding_" + string(st))})
		if string(st) == r.FormValue("state") {
			q.State = st
		}
	}
	d.Kind, d.State, d.Gone, d.AsOf, d.Page = string(q.Kind), string(q.State), q.Gone, s.asOf(t, view), pageNumber(r.FormValue("page"))
	d.Export = s.Rounds.Office(v.scope, &x) && access.Need{Action: access.Export, Area: true}.MetBy(v.scope)
	m, err := s.Rounds.Rubric(ctx, &x)
	if err != nil {
		return d, err
	}
	all, err := s.Rounds.Findings(ctx, view, &x, q)
	if err != nil {
		return d, err
	}
	slices.SortStableFunc(all, func(a, b round.Finding) int {
		return slices.Index(round.FindingStates(), a.State) - slices.Index(round.FindingStates(), b.State)
	})
	for i := range all {
		d.Rows = append(d.Rows, s.findingRow(t, view, &x, m, all[i]))
	}
	d.Total = len(d.Rows)
	d.Pages = max((d.Total+listRows-1)/listRows, 1)
	d.Page = min(d.Page, d.Pages)
	return d, nil
}

func (s *server) findingRow(t i18n.T, view fact.View, x *round.Round, m *assess.Rubric, f round.Finding) findingRow {
	e, _ := view.Enterprise(f.Party)
	row := findingRow{
		Finding: f, Firm: e.Name, Area: s.areaName(e.Area), KindName: t.S("assessroundpage.kind_" + string(f.Kind)),
		StateName: t.S("assessroundpage.finding_" + string(f.State)), When: instant(f.At),
	}
	if f.GoneAt != 0 {
		row.StateName = t.S("assessroundpage.finding_gone")
	}
	row.Why = t.Msg(s.Rounds.Reason(view, x, m, &f))
	return row
}

func (s *server) yearlyFindings(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.findingsOf(r, v)
	if err != nil {
		return err
	}
	from := (d.Page - 1) * listRows
	d.Rows = d.Rows[min(from, len(d.Rows)):min(from+listRows, len(d.Rows))]
	return s.show(w, r, s.shell(r, v, v.t.S("assessroundpage.findings")), http.StatusOK, findingsPage(v.t, d))
}

func (s *server) exportFindings(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.findingsOf(r, v)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	t := v.t
	rows := make([][]any, len(d.Rows))
	for i, x := range d.Rows {
		rows[i] = []any{x.Firm, x.Area, x.KindName, x.Why, x.StateName, x.When}
	}
	return s.export(w, r, v, d.Title+"-"+t.S("assessroundpage.findings")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: d.Title + " · " + t.S("assessroundpage.findings"), Notes: s.notes(v, view, round.Page(d.ID)+"/findings"+d.href(1)),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("web.firm_name"), t.S("web.area"), t.S("assessroundpage.kind"), t.S("assessroundpage.why"), t.S("web.state"), t.S("web.when"),
		}},
	})
}

// evidenceRow is a fact behind a finding in words.
type evidenceRow struct{ What, Year, Value, Who string }

type findingData struct {
	round.Told
	Row                 findingRow
	Rows                []evidenceRow
	Others              []option // address and name
	Said                []wordRow
	MayExplain, MayRule bool
	Text, Problem, Done string
}

type wordRow struct{ What, Text, By, At string }

func findingPath(round64, id int64) string {
	return round.Page(round64) + "/findings/" + strconv.FormatInt(id, 10)
}

func (s *server) findingID(r *http.Request) (id, n int64, err error) {
	if id, err = pathID(r); err != nil {
		return 0, 0, err
	}
	n, err = strconv.ParseInt(r.PathValue("n"), 10, 64)
	if err != nil {
		return 0, 0, errs.NotFound("finding", r.PathValue("n"))
	}
	return id, n, nil
}

func (s *server) yearlyFinding(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showFinding(w, r, v, http.StatusOK, "")
}

func (s *server) showFinding(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	ctx, t := r.Context(), v.t
	id, n, err := s.findingID(r)
	if err != nil {
		return err
	}
	told, err := s.Rounds.Finding(ctx, v.scope, id, n)
	if err != nil {
		return err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	m, err := s.Rounds.Rubric(ctx, &told.Round)
	if err != nil {
		return err
	}
	d := findingData{Told: told, Row: s.findingRow(t, view, &told.Round, m, told.Finding), Problem: problem}
	d.Row.Why = t.Msg(told.Why)
	if problem != "" {
		d.Text = r.PostFormValue("text")
	}
	if r.FormValue("done") != "" {
		d.Done = t.S("assessroundpage.done_said")
	}
	for _, b := range told.Rows {
		row := evidenceRow{What: t.Text(b.Def.Name), Value: factText(t, s.Library, b.Def, b.Cell.State, b.Cell.Value, b.Cell.Precision)}
		if b.Year != 0 {
			row.Year = strconv.Itoa(b.Year)
		}
		if b.Cell.Source != 0 {
			row.Who = s.authorityName(t, view.Authority(b.Cell))
		}
		d.Rows = append(d.Rows, row)
		if b.Def.Sensitive() {
			view.Told(told.Party, b.Def.Code)
		}
	}
	for _, other := range told.Others {
		d.Others = append(d.Others, option{enterprisePath(other), s.firmName(view, other)})
	}
	names := map[int64]string{}
	for _, word := range told.Words {
		x := wordRow{What: t.S("assessroundpage.finding_" + string(word.What)), Text: word.Text, At: instant(word.At)}
		if s.Rounds.Office(v.scope, &told.Round) {
			if x.By, err = s.personName(ctx, names, word.By); err != nil {
				return err
			}
		}
		d.Said = append(d.Said, x)
	}
	if told.Round.Closing == nil && told.GoneAt == 0 {
		d.MayExplain = view.Can(access.FileCase, told.Party) && (told.State == round.FindingOpen || told.State == round.FindingBack)
		d.MayRule = view.Can(access.HandleCase, told.Party) && told.State != round.FindingAccepted
	}
	return s.show(w, r, s.shell(r, v, t.S("assessroundpage.finding")), status, findingPage(t, d))
}

// said answers what was said about a finding.
func (s *server) said(w http.ResponseWriter, r *http.Request, v *visit, say func(ctx context.Context, scope access.Scope, round, id int64, text string) error) error {
	id, n, err := s.findingID(r)
	if err != nil {
		return err
	}
	err = say(r.Context(), v.scope, id, n, r.PostFormValue("text"))
	if kind := errs.KindOf(err); err != nil && (kind == errs.KindInvalid || kind == errs.KindConflict || kind == errs.KindForbidden) {
		if msg, ok := errs.Message(err); ok {
			return s.showFinding(w, r, v, statusOf(err), v.t.Msg(msg))
		}
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, findingPath(id, n)+"?done=1")
}

func (s *server) explainFinding(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.said(w, r, v, s.Rounds.Explain)
}

func (s *server) acceptFinding(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.said(w, r, v, s.Rounds.Accept)
}

func (s *server) returnFinding(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.said(w, r, v, s.Rounds.SendBack)
}

type yearlyReportData struct {
	yearlyRow
	R       *assess.Rubric
	AsOf    string
	By      string
	Kinds   []option
	Whole   yearlyPart
	Parts   []yearlyPart
	Before  *yearlyPart // of all that the reader sees
	Title2  string      // of the round before
	Partial bool        // the reader does not see every enterprise
	Outside bool        // the reader sees none
	Firms   []yearlyFirm
	Total   int
	Pages   int
	Page    int
	Export  bool
}

func (d yearlyReportData) href(path string, page int) string {
	out := url.Values{"by": {d.By}}
	if p := pageText(page); p != "" {
		out.Set("page", p)
	}
	return round.Page(d.ID) + path + "?" + out.Encode()
}

// percent is a share as people read it: with one decimal, rounded half up.
func percent(part, of int) string {
	if of == 0 {
		return ""
	}
	return strings.TrimSuffix(big.NewRat(int64(part)*100, int64(of)).FloatString(1), ".0") + "%"
}

// yearlyParts is the figures of a report in words.
func (s *server) yearlyParts(t i18n.T, rep *round.Report, kind results.GroupKind) []yearlyPart {
	var out []yearlyPart
	for _, row := range rep.By(kind) {
		var was *round.Row
		if rep.Before != nil {
			for _, b := range rep.Before.By(kind) {
				if b.Code == row.Code {
					was = &b
				}
			}
		}
		out = append(out, s.yearlyPart(t, rep.Rubric, kind, row, was))
	}
	return out
}

func (s *server) yearlyPart(t i18n.T, m *assess.Rubric, kind results.GroupKind, row round.Row, was *round.Row) yearlyPart {
	p := yearlyPart{Row: row, Share: percent(row.Done(), row.Firms)}
	switch {
	case kind == results.ByAll:
		p.Name = t.S("assessroundpage.all")
	case row.Code == round.Rest:
		p.Name = t.S("assessroundpage.rest")
	case row.Code == "":
		p.Name = t.S("assesspage.not_said")
	default:
		p.Name = s.partName(t, kind, row.Code)
	}
	if row.Hidden {
		p.Share = ""
		return p
	}
	mean, ok := new(big.Rat).SetString(row.Mean)
	if !ok {
		return p
	}
	p.Mean = m.Show(mean)
	if was != nil {
		if before, ok := new(big.Rat).SetString(was.Mean); ok {
			p.Change = signedPoints(m, new(big.Rat).Sub(mean, before))
		}
	}
	return p
}

// signedPoints is a change of points with its sign.
func signedPoints(m *assess.Rubric, x *big.Rat) string {
	if x.Sign() > 0 {
		return "+" + m.Show(x)
	}
	return m.Show(x)
}

func (s *server) yearlyReportOf(r *http.Request, v *visit) (d yearlyReportData, rep *round.Report, err error) {
	ctx, t := r.Context(), v.t
	id, err := s.yearlyOf(r)
	if err != nil {
		return d, nil, err
	}
	if rep, err = s.Rounds.Report(ctx, v.scope, id); err != nil {
		return d, nil, err
	}
	if d.yearlyRow, err = s.yearlyRow(ctx, t, rep.Round); err != nil {
		return d, nil, err
	}
	d.R, d.By, d.Page = rep.Rubric, r.FormValue("by"), pageNumber(r.FormValue("page"))
	kinds := []results.GroupKind{results.ByCounty, results.ByTrade, results.BySize}
	for _, k := range kinds {
		d.Kinds = append(d.Kinds, option{string(k), t.S("assesspage.by_" + string(k))})
	}
	if !slices.Contains(kinds, results.GroupKind(d.By)) {
		d.By = string(results.ByCounty)
	}
	d.AsOf = t.S("web.as_known", s.Clock.Today().String(), rep.Seq)
	if c := rep.Round.Closing; c != nil {
		d.AsOf = t.S("web.as_known", c.On.String(), c.Seq)
	}
	d.Whole, d.Parts = s.yearlyParts(t, rep, results.ByAll)[0], s.yearlyParts(t, rep, results.GroupKind(d.By))
	d.Outside = !s.Rounds.Office(v.scope, &rep.Round)
	d.Partial = !rep.Whole && !d.Outside
	d.Export = !d.Outside && access.Need{Action: access.Export, Area: true}.MetBy(v.scope)
	if rep.Before != nil {
		p := s.yearlyPart(t, rep.Rubric, results.ByAll, rep.Before.All, nil)
		d.Before, d.Title2 = &p, rep.Before.Round.Title
	}
	return d, rep, nil
}

func (s *server) yearlyReport(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, rep, err := s.yearlyReportOf(r, v)
	if err != nil {
		return err
	}
	view, err := s.Rounds.As(r.Context(), v.scope, &rep.Round)
	if err != nil {
		return err
	}
	d.Total = len(rep.Firms)
	d.Pages = max((d.Total+listRows-1)/listRows, 1)
	d.Page = min(d.Page, d.Pages)
	from := (d.Page - 1) * listRows
	for _, f := range rep.Firms[min(from, d.Total):min(from+listRows, d.Total)] {
		results.Shown(view, d.R, f.ID)
		d.Firms = append(d.Firms, s.yearlyFirm(v.t, v, d.R, f))
	}
	return s.show(w, r, s.shell(r, v, v.t.S("assessroundpage.report")), http.StatusOK, yearlyReportPage(v.t, d))
}

// exportYearlyReport sends the figures by a kind of part, the whole last.
func (s *server) exportYearlyReport(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, rep, err := s.yearlyReportOf(r, v)
	if err != nil {
		return err
	}
	view, err := s.Rounds.As(r.Context(), v.scope, &rep.Round)
	if err != nil {
		return err
	}
	t := v.t
	cols := []string{t.S("assesspage.by_" + d.By), t.S("assessroundpage.concerned_n")}
	for _, st := range round.Standings() {
		cols = append(cols, t.S("assessroundpage.standing_"+string(st)))
	}
	cols = append(cols, t.S("assessroundpage.share"))
	for _, l := range d.R.Levels {
		cols = append(cols, t.Text(l.Name))
	}
	cols = append(cols, t.Text(d.R.LevelName(-1)), t.S("assessroundpage.unsure"), t.S("assesspage.mean"), t.S("assessroundpage.change"), t.S("assessroundpage.up"),
		t.S("assessroundpage.same"), t.S("assessroundpage.down"), t.S("assessroundpage.found"), t.S("assessroundpage.open"))
	var rows [][]any
	for _, p := range append(slices.Clone(d.Parts), d.Whole) {
		row := []any{p.Name, p.Firms}
		for _, st := range round.Standings() {
			row = append(row, p.Standing[st])
		}
		row = append(row, p.Share)
		for _, n := range p.Levels {
			row = append(row, n)
		}
		rows = append(rows, append(row, p.NoLevel, p.Unsure, p.Mean, p.Change, p.Up, p.Same, p.Down, p.Found, p.Open))
	}
	return s.export(w, r, v, d.Title+"-"+t.S("assessroundpage.report"), sheet.Export{
		Title: d.Title + " · " + t.S("assessroundpage.report"), Notes: s.notes(v, view, d.href("/report", 1)), Table: sheet.Table{Columns: cols, Rows: slices.Values(rows)},
	})
}

// mineYearly is the rounds of assessment in which the enterprise has something to hand in, and findings about it to explain.
func (s *server) mineYearly(ctx context.Context, v *visit, view fact.View, d *mineData) error {
	all, err := s.Rounds.Rounds(ctx, v.scope)
	if err != nil {
		return err
	}
	for i := range all {
		x := &all[i]
		if !x.Running(s.Clock.Today()) {
			continue
		}
		firms, err := s.Rounds.Firms(ctx, view, x)
		if err != nil {
			return err
		}
		for _, f := range firms {
			if f.ID != d.Firm.ID {
				continue
			}
			if f.Standing == round.NotBegun || f.Standing == round.Begun || f.Standing == round.Back {
				d.Rounds = append(d.Rounds, todo{Text: v.t.S("assessroundpage.todo_"+string(f.Standing), x.Title, x.Closes.String()), Href: round.Page(x.ID)})
			}
		}
		open, err := s.Rounds.Findings(ctx, view, x, round.FindingQuery{Firm: d.Firm.ID})
		if err != nil {
			return err
		}
		open = slices.DeleteFunc(open, func(f round.Finding) bool { return f.State != round.FindingOpen && f.State != round.FindingBack })
		if len(open) > 0 {
			d.Rounds = append(d.Rounds, todo{Count: len(open), Text: v.t.S("assessroundpage.todo_explain", x.Title), Href: round.Page(x.ID) + "/findings"})
		}
	}
	return nil
}

// todayYearly is the findings of rounds that were explained and wait for the official.
func (s *server) todayYearly(ctx context.Context, v *visit, view fact.View, d *todayData) error {
	n, id, err := s.Rounds.Waiting(ctx, view)
	if err == nil && n > 0 {
		d.Todo = append(d.Todo, todo{Count: n, Text: v.t.S("assessroundpage.todo_explained"), Href: round.Page(id) + "/findings?state=explained"})
	}
	return err
}
