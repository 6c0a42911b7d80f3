package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// roundPath is the page of a round without applications.
func roundPath(id int64) string { return "/rounds/" + strconv.FormatInt(id, 10) }

// roundsRead is what rounds ask of who reads them: an office, not an enterprise.
var roundsRead = access.Need{Action: access.ReadCase, Area: true}

// roundRoutes are rounds without applications (免申即享): who gets what, who is left out, the notice, and the firms' answers.
func (s *server) roundRoutes() []route {
	read, handle := roundsRead, access.Need{Action: access.HandleCase, Area: true}
	return []route{
		{"GET /rounds", read, s.rounds},
		{"GET /rounds/new", handle, s.newRound},
		{"POST /rounds", handle, s.listRound},
		{"GET /rounds/{id}", read, s.round},
		{"GET /rounds/{id}/export", access.Need{Action: access.Export, Area: true}, s.exportRound},
		{"POST /rounds/{id}/lines/{n}/drop", handle, s.dropLine},
		{"POST /rounds/{id}/lines/{n}/restore", handle, s.restoreLine},
		{"POST /rounds/{id}/rename", handle, s.renameRound},
		{"POST /rounds/{id}/give-up", handle, s.giveUpRound},
		{"POST /rounds/{id}/publish", handle, s.publishRound},
		{"POST /rounds/{id}/open", handle, s.openRound},
		{"POST /rounds/{id}/doubt", handle, s.doubtRound},
		{"POST /rounds/{id}/settle", handle, s.settleRound},
		{"POST /cases/{id}/confirm", access.Need{Action: access.FileCase}, s.confirmRound},
	}
}

// roundRow is a round in words.
type roundRow struct {
	subsidy.Round
	Area, Policy, Number, Line string
	Clauses                    []option // id and name
	State                      string
	Lister, Published          string // who listed it; who made it public and when, "" before
	Until                      string // last day of its notice; "" before
	Over                       bool   // the notice has stood
}

func (s *server) roundRow(ctx context.Context, v *visit, x subsidy.Round) (roundRow, error) {
	in, err := s.Versions.InForce(ctx, x.Policy, x.Known)
	if err != nil {
		return roundRow{}, err
	}
	document := in.Policy.File.Document
	row := roundRow{Round: x, Area: s.areaName(x.Area), Policy: v.t.Text(document.Name), Number: document.Number, State: v.t.S("roundpage.state_" + string(x.State))}
	for _, id := range x.Clauses {
		if c, ok := in.Policy.Clause(id); ok {
			row.Clauses = append(row.Clauses, option{id, v.t.Text(c.Name)})
		}
	}
	if x.Notice != 0 {
		until, known := s.Library.Calendar().AddWorkdays(x.Notice, subsidy.NoticeDays)
		row.Until, row.Over = dayText(v.t, until, known), s.Clock.Today() > until
	}
	if row.Line, err = s.lineOf(ctx, x.Line); err != nil || !v.scope.Sees(access.ReadFund, x.Area, 0) {
		return row, err
	}
	names := map[int64]string{}
	if row.Lister, err = s.personName(ctx, names, x.By); err != nil || x.Publisher == 0 {
		return row, err
	}
	by, err := s.personName(ctx, names, x.Publisher)
	row.Published = instant(x.PublishedAt) + " " + by
	return row, err
}

func (row roundRow) clause(id string) string {
	for _, c := range row.Clauses {
		if c.Value == id {
			return c.Label
		}
	}
	return id
}

type roundsData struct {
	Rows    []roundRow
	MayList bool
}

func (s *server) rounds(w http.ResponseWriter, r *http.Request, v *visit) error {
	list, err := s.Subsidy.Rounds(r.Context(), v.scope)
	if err != nil {
		return err
	}
	d := roundsData{MayList: v.scope.Can(access.HandleCase)}
	for _, x := range list {
		row, err := s.roundRow(r.Context(), v, x)
		if err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("roundpage.title")), http.StatusOK, roundsPage(v.t, d))
}

// roundForm is a round as it is asked for, and what it would pay.
type roundForm struct {
	Policy, Area, Line, Title, AsOf string
	Chosen                          []string // clauses
	Policies, Areas, Lines          []option
	Clauses                         []option // of the chosen document
	Problem                         string
	Key                             string // that a press repeated is known by
	Shown                           bool   // the preview is
	Sums                            []sumRow
	Rows                            []lineRow // the first of what is paid
	Waits                           []lineRow // the first of what is left out
}

// sumRow is what lines of a state come to.
type sumRow struct {
	State, Name, Clause string
	Lines               int
	Amount              money.Fen
	Money               ledger.Totals // how far it has come, of those who answered
}

// previewRows is how many lines of each kind a preview shows.
const previewRows = 20

func (s *server) newRound(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := s.roundFormOf(r, v)
	if err != nil {
		return err
	}
	if r.FormValue("preview") != "" {
		if err := s.previewRound(r, v, &f); err != nil {
			msg, ok := errs.Message(err)
			if !ok {
				return err
			}
			f.Problem = v.t.Msg(msg)
			return s.showRoundForm(w, r, v, statusOf(err), f)
		}
	}
	return s.showRoundForm(w, r, v, http.StatusOK, f)
}

func (s *server) showRoundForm(w http.ResponseWriter, r *http.Request, v *visit, status int, f roundForm) error {
	return s.show(w, r, s.shell(r, v, v.t.S("roundpage.new")), status, newRoundPage(v.t, f))
}

// roundFormOf reads the form, with what may be chosen in it.
func (s *server) roundFormOf(r *http.Request, v *visit) (roundForm, error) {
	ctx := r.Context()
	f := roundForm{Policy: r.FormValue("policy"), Area: r.FormValue("area"), Line: r.FormValue("line"), Title: strings.TrimSpace(r.FormValue("title")), AsOf: r.FormValue("as_of"), Chosen: r.Form["clause"], Key: r.PostFormValue("key")}
	if f.Key == "" {
		f.Key = rand.Text()
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return f, err
	}
	inForce, err := s.policies(ctx, view)
	if err != nil {
		return f, err
	}
	f.Policies = s.policyOptions(v.t, inForce)
	for _, p := range inForce {
		if p.Policy.File.Document.ID != f.Policy {
			continue
		}
		for _, c := range p.Policy.File.Clauses {
			f.Clauses = append(f.Clauses, option{c.ID, v.t.Text(c.Name)})
		}
		if f.Title == "" {
			f.Title = v.t.S("roundpage.title_of", p.Policy.File.Document.Number, s.Clock.Today().Year())
		}
	}
	for _, o := range s.areaOptions(v.scope) {
		if v.scope.Sees(access.HandleCase, o.Value, 0) {
			f.Areas = append(f.Areas, o)
		}
	}
	err = s.Book.Read(ctx, v.scope, func(ctx context.Context, view *ledger.View) error {
		lines, err := view.Lines(ctx, ledger.Filter{})
		for _, l := range slices.Backward(lines) {
			f.Lines = append(f.Lines, option{strconv.FormatInt(l.ID, 10), l.Fund + " · " + s.lineName(l)})
		}
		return err
	})
	return f, err
}

// asked is the round that the form asks for.
func (f roundForm) asked() (subsidy.NewRound, error) {
	n := subsidy.NewRound{Area: f.Area, Policy: f.Policy, Clauses: f.Chosen, Title: f.Title}
	n.Line, _ = strconv.ParseInt(f.Line, 10, 64) // none is told by the round
	if f.AsOf == "" {
		return n, nil
	}
	day, err := period.ParseDay(f.AsOf)
	if err != nil {
		return n, errs.Invalid(i18n.M("web.bad_date", f.AsOf))
	}
	n.AsOf = day
	return n, nil
}

func (s *server) previewRound(r *http.Request, v *visit, f *roundForm) error {
	n, err := f.asked()
	if err != nil {
		return err
	}
	round, lines, err := s.Subsidy.PreviewRound(r.Context(), v.scope, n)
	if err != nil {
		return err
	}
	row, err := s.roundRow(r.Context(), v, round)
	if err != nil {
		return err
	}
	why, err := s.reasonsOf(r.Context(), v, round)
	if err != nil {
		return err
	}
	f.Shown = true
	f.Sums = sumRows(v, row, subsidy.SumLines(lines))
	for _, l := range lines {
		into := &f.Rows
		if l.State != subsidy.LineListed {
			into = &f.Waits
		}
		if len(*into) < previewRows {
			x, err := s.lineRow(r.Context(), v, row, why, l)
			if err != nil {
				return err
			}
			*into = append(*into, x)
		}
	}
	return nil
}

// lineStates are the states of lines in the order in which a reader asks for them.
var lineStates = []string{subsidy.LineListed, subsidy.LineAsked, subsidy.LineDropped, subsidy.LineUnverified, subsidy.LineHeld}

func sumRows(v *visit, row roundRow, sums []subsidy.LineSum) []sumRow {
	var all []sumRow
	for _, state := range lineStates {
		for _, x := range sums {
			if x.State == state {
				all = append(all, sumRow{State: state, Name: v.t.S("roundpage.line_" + state), Clause: row.clause(x.Clause), Lines: x.Lines, Amount: x.Amount})
			}
		}
	}
	return all
}

// listRound keeps the list. A press repeated leads to the same one.
func (s *server) listRound(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := s.roundFormOf(r, v)
	if err != nil {
		return err
	}
	n, err := f.asked()
	n.Key = f.Key
	var made subsidy.Round
	if err == nil {
		made, err = s.Subsidy.ListRound(r.Context(), v.scope, n)
	}
	if msg, ok := errs.Message(err); ok {
		f.Problem = v.t.Msg(msg)
		return s.showRoundForm(w, r, v, statusOf(err), f)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, roundPath(made.ID)+"?done=listed")
}

// roundQuery is a view of the lines of a round; its address restores it.
type roundQuery struct {
	State, Clause, Text string
	Page                int
}

func readRound(in url.Values) roundQuery {
	return roundQuery{State: in.Get("state"), Clause: in.Get("clause"), Text: in.Get("q"), Page: pageNumber(in.Get("page"))}
}

func (q roundQuery) href(path string) string {
	out := url.Values{}
	for key, value := range map[string]string{"state": q.State, "clause": q.Clause, "q": q.Text, "page": pageText(q.Page)} {
		if value != "" {
			out.Set(key, value)
		}
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

func (q roundQuery) onPage(n int) roundQuery {
	q.Page = n
	return q
}

func (q roundQuery) filter() subsidy.LineFilter {
	f := subsidy.LineFilter{Clause: q.Clause, Text: q.Text, Skip: (q.Page - 1) * listRows, Limit: listRows}
	if q.State != "" {
		f.States = []string{q.State}
	}
	return f
}

// lineRow is a line of a round in words; Why is how its amount comes about, or why it is left out.
type lineRow struct {
	subsidy.RoundLine
	AreaName, ClauseName, StateName, Why, File string
	Answer                                     string // where its case stands
}

type roundData struct {
	roundRow
	Query         roundQuery
	Sums          []sumRow
	Rows          []lineRow
	Total, Pages  int
	Answers       []sumRow
	Said          []objectionRow // against its notice, to those who answer
	Objections    int            // of them that wait for an answer
	Drop          int            // line whose reason was typed and could not be entered
	Reason        string
	States        []option
	MayHandle     bool
	MayPublish    bool
	Done, Problem string
	Waiting       int            // firms that are yet to be asked
	Doubt         *subsidy.Doubt // about its notice, which waits; nil for none
	Doubter       string
	Doubts        []doubtRow // that were settled
	MaySettle     bool       // by correcting or withdrawing
}

// doubtRow is a settled doubt with who had it and who settled it.
type doubtRow struct {
	subsidy.Doubt
	Asker, Settler string
}

// doubtReason is what was typed about a doubt and could not be entered.
func doubtReason(d roundData) string {
	if d.Drop != 0 {
		return ""
	}
	return d.Reason
}

// reasonFor is what was typed to drop a line.
func reasonFor(d roundData, l lineRow) string {
	if d.Drop != l.N {
		return ""
	}
	return d.Reason
}

func (s *server) roundOf(r *http.Request, v *visit) (subsidy.Round, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return subsidy.Round{}, errs.NotFound("round", r.PathValue("id"))
	}
	return s.Subsidy.Round(r.Context(), v.scope, id)
}

func (s *server) round(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.roundPageOf(r, v)
	if err != nil {
		return err
	}
	if done := r.FormValue("done"); slices.Contains([]string{"listed", "dropped", "restored", "published", "asked", "renamed", "given_up", "doubted", "correct", "withdraw", "keep"}, done) {
		d.Done = v.t.S("roundpage.done_" + done)
	}
	return s.show(w, r, s.shell(r, v, d.Title), http.StatusOK, roundPage(v.t, d))
}

func (s *server) roundPageOf(r *http.Request, v *visit) (roundData, error) {
	ctx := r.Context()
	x, err := s.roundOf(r, v)
	if err != nil {
		return roundData{}, err
	}
	d := roundData{Query: readRound(r.URL.Query()), MayHandle: v.scope.Sees(access.HandleCase, x.Area, 0)}
	d.MayPublish = d.MayHandle && x.By != v.scope.Account()
	if d.roundRow, err = s.roundRow(ctx, v, x); err != nil {
		return d, err
	}
	sums, err := s.Subsidy.LineSums(ctx, v.scope, x.ID)
	if err != nil {
		return d, err
	}
	d.Sums = sumRows(v, d.roundRow, sums)
	for _, state := range lineStates {
		if slices.ContainsFunc(sums, func(s subsidy.LineSum) bool { return s.State == state }) {
			d.States = append(d.States, option{state, v.t.S("roundpage.line_" + state)})
		}
	}
	if x.State == subsidy.RoundOpen {
		if err := s.roundAnswers(ctx, v, &d); err != nil {
			return d, err
		}
	}
	if x.Notice != 0 && d.MayHandle {
		if d.Said, err = s.objectionsOf(ctx, v, x.ID); err != nil {
			return d, err
		}
		for _, o := range d.Said {
			if o.Settled == 0 {
				d.Objections++
			}
		}
	}
	if err := s.roundDoubts(ctx, v, &d); err != nil {
		return d, err
	}
	return d, s.roundRows(ctx, v, &d)
}

// roundDoubts is what the office itself held against the notice of a round, for who handles it.
func (s *server) roundDoubts(ctx context.Context, v *visit, d *roundData) error {
	if !d.MayHandle {
		return nil
	}
	all, err := s.Subsidy.Doubts(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for _, x := range all {
		asker, err := s.personName(ctx, names, x.AskedBy)
		if err != nil {
			return err
		}
		if x.Settled == 0 {
			d.Doubt, d.Doubter, d.MaySettle = &x, asker, x.AskedBy != v.scope.Account()
			continue
		}
		settler, err := s.personName(ctx, names, x.By)
		if err != nil {
			return err
		}
		d.Doubts = append(d.Doubts, doubtRow{x, asker, settler})
	}
	return nil
}

// roundAnswers is what the firms of an open round have said.
func (s *server) roundAnswers(ctx context.Context, v *visit, d *roundData) error {
	answers, err := s.Subsidy.Answers(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	flow, ok := s.Cases.Set.Workflow(subsidy.NoApplication)
	if !ok {
		return errs.NotFound("workflow", subsidy.NoApplication)
	}
	for _, x := range answers {
		d.Answers = append(d.Answers, sumRow{State: x.State, Name: stateName(v.t, flow, x.State), Lines: x.Lines, Amount: x.Amount, Money: x.Money})
	}
	for _, x := range d.Sums {
		if x.State == subsidy.LineListed {
			d.Waiting += x.Lines
		}
	}
	return nil
}

func (s *server) roundRows(ctx context.Context, v *visit, d *roundData) error {
	lines, total, err := s.Subsidy.RoundLines(ctx, v.scope, d.ID, d.Query.filter())
	if err != nil {
		return err
	}
	d.Total, d.Pages = total, max((total+listRows-1)/listRows, 1)
	why, err := s.reasonsOf(ctx, v, d.Round)
	if err != nil {
		return err
	}
	for _, l := range lines {
		row, err := s.lineRow(ctx, v, d.roundRow, why, l)
		if err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	return s.lineAnswers(ctx, v, d.Rows)
}

// lineAnswers is where the cases of lines stand.
func (s *server) lineAnswers(ctx context.Context, v *visit, rows []lineRow) error {
	var ids []int64
	for _, l := range rows {
		if l.Case != 0 {
			ids = append(ids, l.Case)
		}
	}
	states, err := s.Cases.States(ctx, v.scope, ids)
	if err != nil {
		return err
	}
	flow, ok := s.Cases.Set.Workflow(subsidy.NoApplication)
	for i, l := range rows {
		if state := states[l.Case]; ok && state != "" {
			rows[i].Answer = stateName(v.t, flow, state)
		}
	}
	return nil
}

// reasons puts what lines of a round come from into words, by the policy, the facts and the day that the list was made with.
type reasons struct {
	s    *server
	view fact.View
	plan *policy.Plan
	asOf period.Day
	w    words
	firm int64 // whose decision was taken last
	last *policy.Decision

	names map[int64]string // of who dropped lines, for offices; nil for others
}

func (s *server) reasonsOf(ctx context.Context, v *visit, x subsidy.Round) (*reasons, error) {
	in, err := s.Versions.InForce(ctx, x.Policy, x.Known)
	if err != nil {
		return nil, err
	}
	plan, err := in.Policy.Plan(nil)
	if err != nil {
		return nil, err
	}
	view, err := s.Frames.For(ctx, v.scope, x.Seq)
	if err != nil {
		return nil, err
	}
	why := &reasons{s: s, view: view, plan: plan, asOf: x.AsOf, w: words{t: v.t, lib: s.Library, pol: in.Policy, year: x.AsOf.Year()}}
	if v.scope.Sees(access.ReadFund, x.Area, 0) {
		why.names = map[int64]string{}
	}
	return why, nil
}

func (w *reasons) of(ctx context.Context, l subsidy.RoundLine) (string, error) {
	t := w.w.t
	switch l.State {
	case subsidy.LineHeld:
		return t.S("roundpage.why_held", l.Reason), nil
	case subsidy.LineDropped:
		switch {
		case l.At == 0 || w.names == nil: // who did is kept since later, and is for offices
			return l.Reason, nil
		case l.By == 0:
			return t.S("roundpage.why_dropped", l.Reason, t.S("web.by_system"), instant(l.At)), nil
		}
		by, err := w.s.personName(ctx, w.names, l.By)
		return t.S("roundpage.why_dropped", l.Reason, by, instant(l.At)), err
	case subsidy.LineUnverified:
		facts, err := w.s.Lab.ToVerify(ctx, w.view, w.plan, w.asOf, l.Enterprise)
		if err != nil {
			return "", err
		}
		return t.S("roundpage.why_unverified", strings.Join(w.w.refNames(facts), t.S("web.comma"))), nil
	}
	if w.firm != l.Enterprise {
		d, err := w.s.Region.Decide(ctx, w.view, w.plan, l.Enterprise, w.asOf)
		if err != nil {
			return "", err
		}
		w.firm, w.last = l.Enterprise, d
	}
	for _, line := range w.last.Lines {
		if line.Clause == l.Clause && line.Subject.ID == strconv.FormatInt(l.Subject, 10) && line.Year == l.Year {
			shown := w.w.line(w.last, line)
			parts := []string{shown.Reason}
			for _, term := range shown.Formula {
				parts = append(parts, term.Name+" "+term.Value)
			}
			for _, step := range shown.Steps {
				parts = append(parts, step.Text)
			}
			return joined(parts...), nil
		}
	}
	return "", nil
}

func (s *server) lineRow(ctx context.Context, v *visit, row roundRow, why *reasons, l subsidy.RoundLine) (lineRow, error) {
	x := lineRow{RoundLine: l, AreaName: s.areaName(l.Area), ClauseName: row.clause(l.Clause), StateName: v.t.S("roundpage.line_" + l.State)}
	x.File = enterprisePath(l.Enterprise) + "#decisions"
	if row.AsOf != s.Clock.Today() {
		x.File = enterprisePath(l.Enterprise) + "?as_of=" + row.AsOf.String() + "#decisions"
	}
	var err error
	x.Why, err = why.of(ctx, l)
	return x, err
}

// exportRound sends every line of the view, with its reason.
func (s *server) exportRound(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, t := r.Context(), v.t
	x, err := s.roundOf(r, v)
	if err != nil {
		return err
	}
	row, err := s.roundRow(ctx, v, x)
	if err != nil {
		return err
	}
	why, err := s.reasonsOf(ctx, v, x)
	if err != nil {
		return err
	}
	q := readRound(r.Form).onPage(1)
	f := q.filter()
	f.Limit = 1000
	var rows [][]any
	for f.Skip < exportedCases {
		lines, _, err := s.Subsidy.RoundLines(ctx, v.scope, x.ID, f)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			break
		}
		part := make([]lineRow, len(lines))
		for i, l := range lines {
			if part[i], err = s.lineRow(ctx, v, row, why, l); err != nil {
				return err
			}
		}
		if err := s.lineAnswers(ctx, v, part); err != nil {
			return err
		}
		for _, l := range part {
			rows = append(rows, []any{l.N, l.Firm, l.AreaName, l.ClauseName, l.Name, filterNumber(int64(l.Year)), l.Amount.In(money.Yuan), l.StateName, l.Why, l.Answer, yuanOrBlank(l.Money.Committed), yuanOrBlank(l.Money.Paid), yuanOrBlank(l.Money.Returned), yuanOrBlank(l.Money.Net())})
		}
		f.Skip += len(lines)
	}
	return s.export(w, r, v, t.S("roundpage.title")+"-"+strconv.FormatInt(x.ID, 10), sheet.Export{
		Title: x.Title, Notes: s.notes(v, why.view, q.href(roundPath(x.ID))),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("subsidypage.n"), t.S("web.firm_name"), t.S("web.area"), t.S("web.clause"), t.S("subsidypage.thing"), t.S("web.year"), t.S("roundpage.yuan"),
			t.S("web.state"), t.S("web.reason"), t.S("roundpage.answer"), t.S("roundpage.granted_yuan"), t.S("roundpage.paid_yuan"), t.S("roundpage.returned_yuan"), t.S("roundpage.net_yuan"),
		}},
	})
}

// yuanOrBlank is an amount in yuan for a cell of a sheet, blank where there is none.
func yuanOrBlank(a money.Fen) string {
	if a == 0 {
		return ""
	}
	return a.In(money.Yuan)
}

// changeRound does something to a round and shows it again, with what came in the way.
func (s *server) changeRound(w http.ResponseWriter, r *http.Request, v *visit, done string, do func(context.Context, int64) error) error {
	x, err := s.roundOf(r, v)
	if err != nil {
		return err
	}
	err = do(r.Context(), x.ID)
	if err == nil {
		return seeOther(w, r, readRound(r.URL.Query()).href(roundPath(x.ID))+doneMark(r, done))
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d, again := s.roundPageOf(r, v)
	if again != nil {
		return again
	}
	d.Problem = v.t.Msg(msg)
	d.Drop, _ = strconv.Atoi(r.PathValue("n"))
	d.Reason = r.PostFormValue("reason")
	return s.show(w, r, s.shell(r, v, d.Title), statusOf(err), roundPage(v.t, d))
}

// doneMark adds what was done to an address that keeps the view of the request.
func doneMark(r *http.Request, done string) string {
	if readRound(r.URL.Query()).href("") == "" {
		return "?done=" + done
	}
	return "&done=" + done
}

func (s *server) changeLine(w http.ResponseWriter, r *http.Request, v *visit, done string, do func(ctx context.Context, id int64, n int) error) error {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		return errs.NotFound("line of a round", r.PathValue("n"))
	}
	return s.changeRound(w, r, v, done, func(ctx context.Context, id int64) error { return do(ctx, id, n) })
}

func (s *server) dropLine(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.changeLine(w, r, v, "dropped", func(ctx context.Context, id int64, n int) error {
		return s.Subsidy.DropLine(ctx, v.scope, id, n, r.PostFormValue("reason"))
	})
}

func (s *server) restoreLine(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.changeLine(w, r, v, "restored", func(ctx context.Context, id int64, n int) error {
		return s.Subsidy.RestoreLine(ctx, v.scope, id, n)
	})
}

func (s *server) renameRound(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.changeRound(w, r, v, "renamed", func(ctx context.Context, id int64) error {
		return s.Subsidy.RenameRound(ctx, v.scope, id, r.PostFormValue("title"))
	})
}

func (s *server) giveUpRound(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.changeRound(w, r, v, "given_up", func(ctx context.Context, id int64) error { return s.Subsidy.GiveUpRound(ctx, v.scope, id) })
}

func (s *server) publishRound(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.changeRound(w, r, v, "published", func(ctx context.Context, id int64) error { return s.Subsidy.PublishRound(ctx, v.scope, id) })
}

func (s *server) openRound(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.changeRound(w, r, v, "asked", func(ctx context.Context, id int64) error {
		_, err := s.Subsidy.OpenRound(ctx, v.scope, id)
		return err
	})
}

func (s *server) doubtRound(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.changeRound(w, r, v, "doubted", func(ctx context.Context, id int64) error {
		return s.Subsidy.DoubtRound(ctx, v.scope, id, r.PostFormValue("reason"))
	})
}

func (s *server) settleRound(w http.ResponseWriter, r *http.Request, v *visit) error {
	outcome := subsidy.Outcome(r.PostFormValue("outcome"))
	return s.changeRound(w, r, v, string(outcome), func(ctx context.Context, id int64) error {
		return s.Subsidy.SettleDoubt(ctx, v.scope, id, outcome, r.PostFormValue("reason"))
	})
}
