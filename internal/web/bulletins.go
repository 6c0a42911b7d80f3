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
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/target"
)

// bulletinRoutes are what areas report of their periods, meetings on site and early warnings.
func (s *server) bulletinRoutes() []route {
	read, write := access.Need{Action: access.ReadBulletins, Area: true}, access.Need{Action: access.WriteBulletins, Area: true}
	return []route{
		{"GET /bulletins", read, s.bulletins},
		{"GET /bulletins/export", read, s.exportDuties},
		{"POST /bulletins", write, s.beginBulletin},
		{"GET /bulletins/{id}", read, s.bulletin},
		{"GET /bulletins/{id}/export", read, s.exportBulletin},
		{"GET /bulletins/{id}/pdf", read, s.bulletinPDF},
		{"GET /bulletins/{id}/docx", read, s.bulletinDocx},
		{"GET /bulletins/{id}/again", read, s.bulletinAgain},
		{"POST /bulletins/{id}/words", write, s.saveWords},
		{"POST /bulletins/{id}/submit", write, s.submitBulletin},
		{"POST /bulletins/{id}/return", write, s.returnBulletin},
		{"POST /bulletins/{id}/sign", write, s.signBulletin},
		{"POST /bulletins/{id}/revise", write, s.reviseBulletin},
		{"GET /site-meetings", read, s.siteMeetings},
		{"POST /site-meetings", write, s.holdSiteMeeting},
		{"GET /site-meetings/{id}", read, s.siteMeeting},
		{"POST /site-meetings/{id}/minutes", write, s.writeMinutes},
		{"POST /site-meetings/{id}/tasks", write, s.giveTask},
		{"POST /site-meetings/{id}/done", write, s.doTask},
		{"GET /warnings", read, s.warnings},
		{"POST /warnings/{id}/close", write, s.closeWarning},
	}
}

// dutiesQuery is a view of duties; its address restores it.
type dutiesQuery struct {
	Area, Duty, State string
	Page              int
}

func (q dutiesQuery) href(path string) string {
	out := url.Values{}
	for key, text := range map[string]string{"area": q.Area, "duty": q.Duty, "state": q.State, "page": pageText(q.Page)} {
		if text != "" {
			out.Set(key, text)
		}
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

func (q dutiesQuery) at(page int) dutiesQuery { q.Page = page; return q }

// What of duties is shown.
const (
	dutiesOpen = "open"
	dutiesLate = "late"
	dutiesDone = "done"
)

// dutyRow is a duty in words.
type dutyRow struct {
	bulletin.Owed
	AreaName, PeriodText, Standing string
	Warn                           bool
	Href                           string // of its report or meeting; "" for none
	MayBegin                       bool
}

type bulletinsData struct {
	Query     dutiesQuery
	Areas     []option
	Duties    []option
	States    []option
	Plans     []*bulletin.Plan
	Rows      []dutyRow
	Total     int
	Pages     int
	Open      int // duties that the visitor must do
	Late      int
	Warnings  int
	LateTasks int
	Problem   string
	AsOf      string
}

// dutyRows is the duties that are asked for, in words.
func (s *server) dutyRows(r *http.Request, v *visit) (q dutiesQuery, rows []dutyRow, err error) {
	all, err := s.Bulletins.Duties(r.Context(), v.scope)
	if err != nil {
		return q, nil, err
	}
	q = dutiesQuery{Area: r.FormValue("area"), Duty: r.FormValue("duty"), State: r.FormValue("state"), Page: pageNumber(r.FormValue("page"))}
	for _, o := range all {
		fits := true
		switch q.State {
		case dutiesOpen:
			fits = !o.Done() && o.Ended
		case dutiesLate:
			fits = o.Late
		case dutiesDone:
			fits = o.Done()
		default:
			q.State = ""
		}
		if !fits || q.Area != "" && o.Area != q.Area || q.Duty != "" && o.Key() != q.Duty {
			continue
		}
		rows = append(rows, s.dutyRow(v, o))
	}
	return q, rows, nil
}

func (s *server) dutyRow(v *visit, o bulletin.Owed) dutyRow {
	t := v.t
	row := dutyRow{Owed: o, AreaName: s.areaName(o.Area), PeriodText: periodText(t, o.Period), MayBegin: o.MayAct(v.scope), Warn: o.Late}
	switch {
	case o.Report != 0:
		row.Href = bulletin.Path(o.Report)
	case o.Meeting != 0:
		row.Href = bulletin.MeetingPath(o.Meeting)
	}
	state := t.S("bulletinpage.state_" + string(o.State))
	if o.Asks == bulletin.ToMeet {
		state = t.S("bulletinpage.meeting_" + string(o.State))
	}
	switch {
	case o.Done() && o.Late:
		state = joined(state, t.S("bulletinpage.done_late"))
	case o.Late:
		state = joined(state, t.S("bulletinpage.late_by", -o.Left))
	case !o.Done() && !o.Ended:
		state = joined(state, t.S("bulletinpage.runs"))
	case !o.Done():
		state = joined(state, t.S("bulletinpage.left", o.Left))
	}
	row.Standing = state
	return row
}

func (s *server) bulletins(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showBulletins(w, r, v, http.StatusOK, "")
}

func (s *server) showBulletins(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	q, rows, err := s.dutyRows(r, v)
	if err != nil {
		return err
	}
	waits, err := s.Bulletins.Waiting(r.Context(), v.scope)
	if err != nil {
		return err
	}
	t := v.t
	d := bulletinsData{
		Plans: s.Bulletins.Set.Plans, Total: len(rows), Pages: max((len(rows)+listRows-1)/listRows, 1), Open: waits.Duties, Late: waits.Late, Warnings: waits.Warnings, LateTasks: waits.LateTasks,
		Problem: problem, Areas: s.areaOptions(v.scope), AsOf: t.S("bulletinpage.today", s.Clock.Today().String()),
	}
	for _, x := range s.Bulletins.Set.Duties {
		d.Duties = append(d.Duties, option{x.Key(), t.Text(x.Name)})
	}
	for _, state := range []string{dutiesOpen, dutiesLate, dutiesDone} {
		d.States = append(d.States, option{state, t.S("bulletinpage.show_" + state)})
	}
	q.Page = min(q.Page, d.Pages)
	d.Query = q
	d.Rows = rows[(q.Page-1)*listRows : min(q.Page*listRows, len(rows))]
	return s.show(w, r, s.shell(r, v, t.S("bulletinpage.title")), status, bulletinsPage(t, d))
}

// exportDuties sends all duties of a view.
func (s *server) exportDuties(w http.ResponseWriter, r *http.Request, v *visit) error {
	q, rows, err := s.dutyRows(r, v)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	t := v.t
	var out [][]any
	for _, x := range rows {
		out = append(out, []any{x.Period.String(), t.Text(x.Name), x.AreaName, x.Area, x.Due.String(), x.Standing, yesNo(t, x.Late)})
	}
	return s.export(w, r, v, t.S("bulletinpage.title")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: t.S("bulletinpage.title"), Notes: s.notes(v, view, q.at(1).href("/bulletins")),
		Table: sheet.Table{Rows: slices.Values(out), Columns: []string{
			t.S("bulletinpage.period"), t.S("bulletinpage.duty"), t.S("web.area"), t.S("bulletinpage.area_code"), t.S("bulletinpage.due"), t.S("web.state"), t.S("bulletinpage.late"),
		}},
	})
}

func (s *server) beginBulletin(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := period.Parse(r.PostFormValue("period"))
	if err != nil {
		return errs.Invalid(i18n.M("web.bad_form"))
	}
	id, err := s.Bulletins.Begin(r.Context(), v.scope, r.PostFormValue("report"), r.PostFormValue("area"), p)
	if err == nil {
		return seeOther(w, r, bulletin.Path(id))
	}
	if msg, ok := errs.Message(err); ok && !hidden(err) {
		return s.showBulletins(w, r, v, statusOf(err), v.t.Msg(msg))
	}
	return err
}

// bulletinFigure is a figure in words.
type bulletinFigure struct {
	bulletin.Figure
	Name, Value, Unit        string
	Href, OpenHref           string // the figure's own page, and there those of which it is not known
	Verified                 string // share of the counted
	OpenText                 string // "" where nothing is open
	Before, Change           string
	YearBefore, Year, Points string
	Worse                    bool // than the period before
	Band                     string
	PeriodText               string
	Aim                      *bulletinAim // nil where there is no target
}

// bulletinAim is how far a figure is from its target, in words.
type bulletinAim struct {
	Promise, Need, Actual, Distance string
	State                           target.State
	StateText, Why                  string
	Quarter, Rank                   string // "" where they are not told
	Href                            string // the target's own page
}

// where is the quarter, with the place where that is shown.
func (a *bulletinAim) where() string { return joined(a.Quarter, a.Rank) }

// bulletinTable is a table in words.
type bulletinTable struct {
	Name     string
	ByCounty bool
	Heads    []bulletinHead
	Rows     []bulletinRow // of a list one each figure; by county one each, the whole last
	Bands    []string      // by figure: the middle half of the counties; "" where there is none
}

type bulletinHead struct {
	Name, Unit, Method string
	Aim                string // what its target is; "" for none
}

// columns are those that a figure takes in a table by county.
func (h bulletinHead) columns() string {
	if h.Aim != "" {
		return "5"
	}
	return "3"
}

// aimed says that figures of a report are held against targets.
func (d bulletinData) aimed() bool {
	return slices.ContainsFunc(d.Tables, bulletinTable.aimed) || slices.ContainsFunc(d.ScoreHeads, func(h bulletinHead) bool { return h.Aim != "" })
}

// aimed says that figures of a table are held against targets.
func (b bulletinTable) aimed() bool {
	return slices.ContainsFunc(b.Heads, func(h bulletinHead) bool { return h.Aim != "" })
}

// ranked says that places are shown in a table.
func (b bulletinTable) ranked() bool {
	return slices.ContainsFunc(b.Rows, func(r bulletinRow) bool {
		return slices.ContainsFunc(r.Cells, func(f bulletinFigure) bool { return f.Aim != nil && f.Aim.Rank != "" })
	})
}

type bulletinRow struct {
	Name  string
	Whole bool
	Cells []bulletinFigure
}

// bulletinScore is a county's appraisal in words.
type bulletinScore struct {
	Name, Total, Rank string
	Cells             []bulletinFigure
}

type bulletinSource struct {
	Name, Period, State string
	Sealed              bool
	Href                string
}

type bulletinQuote struct{ Name, Period, Ask, Text string }

// bulletinQuestion is a question with its answer and its bounds.
type bulletinQuestion struct {
	Code, Ask, Help, Text, Saved string
	Required                     bool
	Most, Least, Count           int
}

type bulletinStep struct{ What, Who, When, Note string }

type bulletinEdition struct {
	N       int
	State   string
	Reason  string
	When    string
	Href    string
	Current bool
}

type bulletinData struct {
	ID             int64
	Title, Name    string
	AreaName       string
	PeriodText     string
	State          bulletin.State
	Edition        bulletin.Edition
	Newest         bool
	AsOf           string
	Confidence     string
	Source         string
	Ranking        string // documents that ask for ranks; "" for none
	Seq            int64
	Tables         []bulletinTable
	ScoresName     string
	ScoreHeads     []bulletinHead
	Scores         []bulletinScore
	Findings       []string
	Answered       []string
	Questions      []bulletinQuestion
	Sources        []bulletinSource
	SealedSources  int
	Quotes         []bulletinQuote
	Lacks          []string
	Editions       []bulletinEdition
	Steps          []bulletinStep
	Returned       string
	MayWrite       bool
	MaySign        bool
	OwnPreparation bool // the visitor prepared it, and another has to sign it
	NotEnded       bool
	Done           string
	Problem        string
	SignedBy       string
	SignedAt       string
	PreparedBy     string
}

// figureAddress is the page of a figure, of an area in a period.
func figureAddress(code, area string, p period.Period, more ...string) string {
	q := url.Values{"area": {area}, "period": {p.String()}}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/figures/" + url.PathEscape(code) + "?" + q.Encode()
}

// withSign is a difference with its sign.
func withSign(text string, r *big.Rat) string {
	if text != "" && r.Sign() > 0 {
		return "+" + text
	}
	return text
}

// figureChange is a difference of an indicator: of shares in points.
func figureChange(t i18n.T, h bulletin.Head, r *big.Rat) string {
	if r == nil {
		return "—"
	}
	text := withSign(h.Number(r), r)
	if h.Rate {
		return t.S("bulletinpage.points_of", strings.TrimSuffix(text, "%"))
	}
	return text
}

func (s *server) bulletinFigure(t i18n.T, x bulletin.Sight, f bulletin.Figure) bulletinFigure {
	h := x.Head(f.Indicator)
	area := f.Area
	if area == "" {
		area = x.Area
	}
	out := bulletinFigure{
		Figure: f, Name: t.Text(h.Name), Value: orDash(h.Number(f.Value)), Unit: unitText(t, h.UnitBeside()), Href: figureAddress(f.Indicator, area, f.Period), Before: orDash(h.Number(f.Before)),
		Change: figureChange(t, h, f.Change()), YearBefore: orDash(h.Number(f.YearBefore)), Year: figureChange(t, h, f.YearChange()), PeriodText: periodText(t, f.Period), Verified: "—",
	}
	if f.Value == nil {
		out.Unit = ""
	}
	if share := f.VerifiedShare(); share != nil {
		out.Verified = percentOf(share)
	}
	if f.Open > 0 {
		out.OpenText = i18n.Group(strconv.Itoa(f.Open))
		out.OpenHref = figureAddress(f.Indicator, area, f.Period, "state", "open")
	}
	if c := f.Change(); c != nil && c.Sign() != 0 {
		out.Worse = c.Sign() < 0 != h.Less
	}
	if f.Points != nil {
		out.Points = f.Points.FloatString(2)
	}
	if f.Target != "" {
		out.Aim = s.bulletinAim(t, x, f, area)
	}
	return out
}

func (s *server) bulletinAim(t i18n.T, x bulletin.Sight, f bulletin.Figure, area string) *bulletinAim {
	h := x.AimHead(f)
	unit := ""
	if u := h.UnitBeside(); u != "" {
		unit = " " + unitText(t, u)
	}
	number := func(r *big.Rat) string {
		if r == nil {
			return "—"
		}
		return h.Number(r) + unit
	}
	plan, id, _ := strings.Cut(f.Target, "/")
	_, last, _ := x.Period.Span()
	q := targetQuery{Plan: plan, Area: area}
	if last < s.Clock.Today() {
		q.On = last
	}
	out := &bulletinAim{
		Promise: number(f.Promise), Need: number(f.Need), Actual: number(f.Actual), Distance: figureChange(t, h, f.Distance()), State: f.State, StateText: t.Msg(f.State.Msg()), Href: q.one(id),
	}
	if f.Distance() != nil {
		out.Distance += unit
	}
	switch {
	case f.State != target.Unknown:
	case f.Actual == nil:
		out.Why = t.S("bulletinpage.none_verified")
	case f.Promise == nil:
		out.Why = t.S("target.why_no_quota")
	}
	if f.Quarter != "" {
		out.Quarter = t.S("targetpage.quarter_" + string(f.Quarter))
	}
	if f.Place > 0 && f.RankedBy != "" {
		out.Rank = t.S("targetpage.rank", f.Place)
	}
	return out
}

// percentOf is a share without decimals.
func percentOf(r *big.Rat) string {
	return new(big.Rat).Mul(r, big.NewRat(100, 1)).FloatString(0) + "%"
}

func (s *server) bulletinHead(t i18n.T, x bulletin.Sight, c bulletin.ColumnFile) bulletinHead {
	h := x.Head(c.Indicator)
	out := bulletinHead{Name: t.Text(h.Name), Unit: unitText(t, h.UnitBeside()), Method: t.S("bulletinpage.method", c.Indicator, h.Version)}
	if c.Span != bulletin.SpanPeriod {
		out.Name += inBrackets(t, t.S("bulletinpage.span_"+c.Span))
	}
	if aim, ok := x.Definition.Aims[c.Target]; ok {
		_, id, _ := strings.Cut(c.Target, "/")
		out.Aim = t.S("bulletinpage.aim", id, aim.Name, aim.Document)
	}
	return out
}

// bulletinBand is how the counties stand in a column, in words; "" where there are too few.
func bulletinBand(t i18n.T, x bulletin.Sight, table string, col int, c bulletin.ColumnFile) string {
	b, ok := x.Band(table, col)
	switch h := x.AimHead(bulletin.Figure{Indicator: c.Indicator, Target: c.Target}); {
	case !ok:
		return ""
	case b.Parts:
		return t.S("bulletinpage.band_parts", percentOf(b.Low), percentOf(b.High), percentOf(b.Median))
	case c.Target != "":
		return t.S("bulletinpage.band_verified", h.Number(b.Low), h.Number(b.High), h.Number(b.Median))
	default:
		return t.S("bulletinpage.band_of", h.Number(b.Low), h.Number(b.High), h.Number(b.Median))
	}
}

// bulletinTables are the tables of a report in words.
func (s *server) bulletinTables(t i18n.T, x bulletin.Sight) (all []bulletinTable) {
	for _, table := range x.Definition.Tables {
		out := bulletinTable{Name: t.Text(table.Name), ByCounty: table.By != ""}
		areas, by := x.Of(table.Code)
		for col, c := range table.Figures {
			out.Heads = append(out.Heads, s.bulletinHead(t, x, c))
			out.Bands = append(out.Bands, bulletinBand(t, x, table.Code, col, c))
		}
		if table.By == "" {
			for col, head := range out.Heads {
				f, ok := by[""][col]
				if !ok {
					continue
				}
				out.Rows = append(out.Rows, bulletinRow{Name: head.Name, Cells: []bulletinFigure{s.bulletinFigure(t, x, f)}})
			}
			all = append(all, out)
			continue
		}
		for _, area := range append(slices.Clone(areas), "") {
			row := bulletinRow{Name: s.areaName(area), Whole: area == ""}
			if row.Whole {
				row.Name = t.S("bulletinpage.whole", s.areaName(x.Area))
			}
			for col, c := range table.Figures {
				cell := s.bulletinFigure(t, x, by[area][col])
				if b, ok := x.Band(table.Code, col); ok && !row.Whole && c.Target == "" { // else the quarter stands beside it
					cell.Band = bandOf(b, cell.Figure.Value)
				}
				row.Cells = append(row.Cells, cell)
			}
			out.Rows = append(out.Rows, row)
		}
		all = append(all, out)
	}
	return all
}

// bandOf says where a value lies among its peers; "" within their middle half, or where there is none.
func bandOf(b bulletin.Band, v *big.Rat) string {
	switch {
	case v == nil:
		return ""
	case v.Cmp(b.Low) < 0:
		return "below"
	case v.Cmp(b.High) > 0:
		return "above"
	}
	return ""
}

func (s *server) bulletinScores(t i18n.T, x bulletin.Sight, d *bulletinData) {
	if x.Definition.Scores == nil {
		return
	}
	d.ScoresName = t.Text(x.Definition.Scores.Name)
	for _, part := range x.Definition.Scores.Parts {
		head := s.bulletinHead(t, x, part.ColumnFile)
		head.Unit = t.S("bulletinpage.worth", part.Weight, part.Whole)
		d.ScoreHeads = append(d.ScoreHeads, head)
	}
	for _, score := range x.Scores() {
		row := bulletinScore{Name: s.areaName(score.Area), Total: "—"}
		if score.Total != nil {
			row.Total = score.Total.FloatString(2)
		}
		if score.Rank > 0 {
			row.Rank = strconv.Itoa(score.Rank)
		}
		for _, f := range score.Parts {
			row.Cells = append(row.Cells, s.bulletinFigure(t, x, f))
		}
		d.Scores = append(d.Scores, row)
	}
}

// sightOfBulletin is the edition that an address names.
func (s *server) sightOfBulletin(r *http.Request, v *visit) (bulletin.Sight, error) {
	id, err := pathID(r)
	if err != nil {
		return bulletin.Sight{}, err
	}
	n, _ := strconv.Atoi(r.URL.Query().Get("edition"))
	return s.Bulletins.Sight(r.Context(), v.scope, id, max(n, 0), 0)
}

// bulletinOf is a report in words.
func (s *server) bulletinOf(ctx context.Context, v *visit, x bulletin.Sight) (bulletinData, error) {
	t := v.t
	d := bulletinData{
		ID: x.ID, Name: t.Text(x.Definition.Name), AreaName: s.areaName(x.Area), PeriodText: periodText(t, x.Period), State: x.Edition.State(), Edition: x.Edition,
		Newest: x.Edition.ID == x.Newest().ID, Confidence: x.Definition.Confidence, Source: joined(x.Definition.Source, x.Definition.Cite), Ranking: strings.Join(x.RankedBy(), "、"), Seq: x.Seq,
		Tables: s.bulletinTables(t, x), Returned: x.Edition.Returned(),
	}
	d.Title = t.S("bulletinpage.title_of", d.AreaName, d.PeriodText, d.Name)
	d.AsOf = t.S("bulletinpage.as_of_"+string(d.State), x.Seq)
	s.bulletinScores(t, x, &d)
	for _, f := range x.Findings {
		text := t.Msg(f.Msg)
		if f.Answered {
			q, _ := x.Definition.Question(f.Check.Word)
			d.Answered = append(d.Answered, t.S("bulletinpage.answered", text, q.Ask))
			continue
		}
		d.Findings = append(d.Findings, text)
	}
	names := map[int64]string{}
	for _, q := range x.Definition.Questions {
		w := x.Words[q.Code]
		row := bulletinQuestion{Code: q.Code, Ask: t.Text(q.Ask), Text: w.Text, Required: q.Required, Most: q.Most, Least: q.Least, Count: len([]rune(w.Text))}
		if q.Help != nil {
			row.Help = t.Text(*q.Help)
		}
		if w.At != 0 {
			who, err := s.personName(ctx, names, w.By)
			if err != nil {
				return d, err
			}
			row.Saved = t.S("bulletinpage.said", who, instant(w.At), w.Before+1)
		}
		d.Questions = append(d.Questions, row)
	}
	for _, from := range x.Sources {
		row := bulletinSource{Name: s.areaName(from.Area), Period: periodText(t, from.Period), State: t.S("bulletinpage.state_" + string(from.State)), Sealed: from.State == bulletin.Sealed}
		if from.Report != 0 {
			row.Href = bulletin.Path(from.Report)
		}
		if row.Sealed {
			d.SealedSources++
		}
		d.Sources = append(d.Sources, row)
	}
	for _, q := range x.Quotes {
		d.Quotes = append(d.Quotes, bulletinQuote{s.areaName(q.Area), periodText(t, q.Period), t.Text(q.Ask), q.Text})
	}
	if err := s.bulletinHistory(ctx, v, x, names, &d); err != nil {
		return d, err
	}
	if !d.Newest {
		return d, nil
	}
	d.MayWrite = x.Definition.MayWrite(v.scope, x.Area)
	_, last, _ := x.Period.Span()
	d.NotEnded = last >= s.Clock.Today()
	if d.State == bulletin.Draft {
		for _, m := range x.Lacks() {
			d.Lacks = append(d.Lacks, t.Msg(m))
		}
	}
	if step, ok := x.Edition.Prepared(); ok && d.State == bulletin.Prepared && d.MayWrite {
		d.OwnPreparation = x.Definition.Separate && step.By == v.account.ID
		d.MaySign = !d.OwnPreparation
	}
	return d, nil
}

// bulletinHistory is who did what with an edition, and the other editions.
func (s *server) bulletinHistory(ctx context.Context, v *visit, x bulletin.Sight, names map[int64]string, d *bulletinData) error {
	t := v.t
	for _, step := range x.Edition.Steps {
		who, err := s.personName(ctx, names, step.By)
		if err != nil {
			return err
		}
		d.Steps = append(d.Steps, bulletinStep{t.S("bulletinpage.step_" + step.Step), who, instant(step.At), step.Note})
		if step.Step == "submit" {
			d.PreparedBy = who
		}
	}
	if step, ok := x.Edition.Signed(); ok {
		d.SignedAt = instant(step.At)
		d.SignedBy = d.Steps[len(d.Steps)-1].Who
	}
	for _, e := range slices.Backward(x.Editions) {
		row := bulletinEdition{N: e.N, State: t.S("bulletinpage.state_" + string(e.State())), Reason: e.Reason, When: instant(e.At), Current: e.ID == x.Edition.ID, Href: bulletin.Path(x.ID) + "?edition=" + strconv.Itoa(e.N)}
		if step, ok := e.Signed(); ok {
			row.When = instant(step.At)
		}
		d.Editions = append(d.Editions, row)
	}
	return nil
}

var bulletinDone = []string{"saved", "submit", "return", "sign", "revise"}

func (s *server) bulletin(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, err := s.sightOfBulletin(r, v)
	if err != nil {
		return err
	}
	d, err := s.bulletinOf(r.Context(), v, x)
	if err != nil {
		return err
	}
	if done := r.FormValue("done"); slices.Contains(bulletinDone, done) {
		d.Done = v.t.S("bulletinpage.done_" + done)
	}
	return s.show(w, r, s.shell(r, v, d.Title), http.StatusOK, bulletinPage(v.t, d))
}

// wordsTyped is what was typed for the questions of a report.
func wordsTyped(r *http.Request) map[string]string {
	out := map[string]string{}
	for name, texts := range r.PostForm {
		if code, ok := strings.CutPrefix(name, "q."); ok {
			out[code] = strings.Join(texts, "\n")
		}
	}
	return out
}

// bulletinStep does something to a report and leads back to it; what hinders it is told there, with what was typed.
func (s *server) bulletinStep(w http.ResponseWriter, r *http.Request, v *visit, done string, do func(id int64) error) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	err = do(id)
	if err == nil {
		return seeOther(w, r, bulletin.Path(id)+"?done="+done)
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	x, sightErr := s.sightOfBulletin(r, v)
	if sightErr != nil {
		return sightErr
	}
	d, sightErr := s.bulletinOf(r.Context(), v, x)
	if sightErr != nil {
		return sightErr
	}
	d.Problem = v.t.Msg(msg)
	for code, text := range wordsTyped(r) {
		for i := range d.Questions {
			if d.Questions[i].Code == code {
				d.Questions[i].Text = text
			}
		}
	}
	return s.show(w, r, s.shell(r, v, d.Title), statusOf(err), bulletinPage(v.t, d))
}

// saveWords keeps what was typed. A script asks for it while somebody types, and hears what is still lacking.
func (s *server) saveWords(w http.ResponseWriter, r *http.Request, v *visit) error {
	if !byScript(r) {
		return s.bulletinStep(w, r, v, "saved", func(id int64) error { return s.Bulletins.Say(r.Context(), v.scope, id, wordsTyped(r)) })
	}
	id, err := pathID(r)
	if err != nil {
		return err
	}
	state := wordsState{At: v.t.S("bulletinpage.saved_at", instant(s.Clock.Millis()))}
	if err := s.Bulletins.Say(r.Context(), v.scope, id, wordsTyped(r)); err != nil {
		msg, ok := errs.Message(err)
		if !ok || hidden(err) {
			return err
		}
		return part(w, r, http.StatusOK, bulletinSaved(v.t, wordsState{Problem: v.t.Msg(msg)})) // a script swaps in what came with 200 alone
	}
	x, err := s.Bulletins.Sight(r.Context(), v.scope, id, 0, 0)
	if err != nil {
		return err
	}
	for _, m := range x.Lacks() {
		state.Lacks = append(state.Lacks, v.t.Msg(m))
	}
	return part(w, r, http.StatusOK, bulletinSaved(v.t, state))
}

// wordsState is what became of what was typed.
type wordsState struct {
	At, Problem string
	Lacks       []string
}

// submitBulletin keeps what was typed and hands the report on, as of the commit at which the visitor saw it.
func (s *server) submitBulletin(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.bulletinStep(w, r, v, "submit", func(id int64) error {
		if err := s.Bulletins.Say(r.Context(), v.scope, id, wordsTyped(r)); err != nil {
			return err
		}
		return s.Bulletins.Submit(r.Context(), v.scope, id, max(numberOf(r, "seq"), 0))
	})
}

func (s *server) returnBulletin(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.bulletinStep(w, r, v, "return", func(id int64) error { return s.Bulletins.Return(r.Context(), v.scope, id, r.PostFormValue("reason")) })
}

func (s *server) signBulletin(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.bulletinStep(w, r, v, "sign", func(id int64) error { return s.Bulletins.Sign(r.Context(), v.scope, id) })
}

func (s *server) reviseBulletin(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.bulletinStep(w, r, v, "revise", func(id int64) error { return s.Bulletins.Revise(r.Context(), v.scope, id, r.PostFormValue("reason")) })
}

// againRow is a figure as it was signed and as it comes out today.
type againRow struct {
	Name, Area, Then, Now string
	Differs, Changed      bool
}

type againData struct {
	Title, Href string
	Seq         int64
	Rows        []againRow
	Differ      int
}

// bulletinAgain works a signed report out again at its commit.
func (s *server) bulletinAgain(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, err := s.sightOfBulletin(r, v)
	if err != nil {
		return err
	}
	all, err := s.Bulletins.Recompute(r.Context(), v.scope, x.ID, x.Edition.N)
	if err != nil {
		return err
	}
	t := v.t
	d := againData{Title: t.S("bulletinpage.title_of", s.areaName(x.Area), periodText(t, x.Period), x.Definition.Name), Href: bulletin.Path(x.ID) + "?edition=" + strconv.Itoa(x.Edition.N), Seq: x.Seq}
	for _, f := range all {
		h := x.Head(f.Then.Indicator)
		shown := func(f bulletin.Figure) string {
			if f.Target == "" {
				return orDash(h.Number(f.Value))
			}
			return joined(orDash(h.Number(f.Value)), t.S("targetpage.distance")+t.S("web.colon")+figureChange(t, x.AimHead(f), f.Distance()))
		}
		row := againRow{Name: t.Text(h.Name), Area: s.areaName(f.Then.Area), Then: shown(f.Then), Now: shown(f.Now), Differs: f.Differs(), Changed: f.MethodChanged}
		if f.Then.Area == "" {
			row.Area = t.S("bulletinpage.whole", s.areaName(x.Area))
		}
		if row.Differs {
			d.Differ++
		}
		d.Rows = append(d.Rows, row)
	}
	return s.show(w, r, s.shell(r, v, t.S("bulletinpage.again")), http.StatusOK, bulletinAgainPage(t, d))
}

// todayBulletins is what is owed, what has to be signed, what follows from meetings, and warnings.
func (s *server) todayBulletins(ctx context.Context, v *visit, _ fact.View, d *todayData) error {
	if !v.scope.Can(access.WriteBulletins) {
		return nil
	}
	x, err := s.Bulletins.Waiting(ctx, v.scope)
	if err != nil {
		return err
	}
	add := func(n int, key, href string, args ...any) {
		if n > 0 {
			d.Todo = append(d.Todo, todo{Count: n, Text: v.t.S(key, args...), Href: href})
		}
	}
	if x.Late > 0 {
		add(x.Duties, "bulletinpage.todo_late", dutiesQuery{State: dutiesOpen}.href("/bulletins"), x.Late)
	} else {
		add(x.Duties, "bulletinpage.todo", dutiesQuery{State: dutiesOpen}.href("/bulletins"))
	}
	add(x.Sign, "bulletinpage.todo_sign", dutiesQuery{State: dutiesOpen}.href("/bulletins"))
	add(x.Below, "bulletinpage.todo_below", dutiesQuery{State: dutiesLate}.href("/bulletins"))
	if x.LateTasks > 0 {
		add(x.Tasks, "bulletinpage.todo_tasks_late", "/site-meetings", x.LateTasks)
	} else {
		add(x.Tasks, "bulletinpage.todo_tasks", "/site-meetings")
	}
	add(x.Warnings, "bulletinpage.todo_warnings", "/warnings")
	return nil
}

// table is what of it is filled into somebody's form: a row for each county where it tells of them.
func (d bulletinData) table() string {
	if slices.ContainsFunc(d.Tables, func(b bulletinTable) bool { return b.ByCounty }) {
		return "report_areas"
	}
	return "report"
}

// to is an address below the report's own, of the edition that is shown.
func (d bulletinData) to(what string) string {
	path := bulletin.Path(d.ID) + "/" + what
	if !d.Newest {
		path += "?edition=" + strconv.Itoa(d.Edition.N)
	}
	return path
}
