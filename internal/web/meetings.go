package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// meetingPath is the page of a meeting of banks and firms.
func meetingPath(id int64) string { return "/credit/meetings/" + strconv.FormatInt(id, 10) }

// meetingRoutes are meetings of banks and firms, and what came of them.
func (s *server) meetingRoutes() []route {
	read, plan, answer := access.Need{Action: access.ReadMeetings}, access.Need{Action: access.PlanMeeting}, access.Need{Action: access.AnswerMeeting}
	return []route{
		{"GET /credit/meetings", read, s.meetings},
		{"GET /credit/meetings/new", plan, s.newMeeting},
		{"POST /credit/meetings", plan, s.planMeeting},
		{"GET /credit/meetings/{id}", read, s.meeting},
		{"GET /credit/meetings/{id}/export", read, s.exportMeeting},
		{"POST /credit/meetings/{id}/invite", plan, s.inviteToMeeting},
		{"POST /credit/meetings/{id}/move", plan, s.moveMeeting},
		{"POST /credit/meetings/{id}/cancel", plan, s.cancelMeeting},
		{"POST /credit/meetings/{id}/came", plan, s.noteAttendance},
		{"POST /credit/meetings/{id}/answer", answer, s.answerMeeting},
		{"POST /credit/meetings/{id}/talk", read, s.writeTalk},
	}
}

// meetingHours is when a meeting is: its day, and from when until when.
func meetingHours(p credit.MeetingPlan) string {
	_, until, _ := strings.Cut(instant(p.Until), " ")
	return instant(p.From) + "–" + until
}

type meetingsData struct {
	Rows    []credit.MeetingSight
	Areas   map[string]string // by code
	Older   string            // where the earlier ones are
	MayPlan bool
	Back    bool // the visitor has the page of what banks lend
}

func (s *server) meetings(w http.ResponseWriter, r *http.Request, v *visit) error {
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64)
	rows, err := s.Credit.Meetings(r.Context(), v.scope, before, listsShown+1)
	if err != nil {
		return err
	}
	d := meetingsData{Rows: rows, Areas: map[string]string{}, MayPlan: v.scope.Can(access.PlanMeeting), Back: access.Need{Action: access.ReadFact, Area: true}.MetBy(v.scope)}
	if len(rows) > listsShown {
		d.Rows = rows[:listsShown]
		d.Older = "/credit/meetings?before=" + strconv.FormatInt(d.Rows[listsShown-1].ID, 10)
	}
	for _, m := range d.Rows {
		d.Areas[m.Area] = s.areaName(m.Area)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("meetingpage.title")), http.StatusOK, meetingsPage(v.t, d))
}

// unansweredMeetings is how many of the newest meetings wait for an answer of the visitor.
func (s *server) unansweredMeetings(ctx context.Context, v *visit) (n int, err error) {
	if !v.scope.Can(access.AnswerMeeting) {
		return 0, nil
	}
	rows, err := s.Credit.Meetings(ctx, v.scope, 0, listsShown)
	for _, m := range rows {
		if m.Unanswered() {
			n++
		}
	}
	return n, err
}

// meetingForm is what is typed to plan a meeting.
type meetingForm struct {
	Typed    url.Values
	Areas    []option
	Sizes    []option
	Products []*credit.Product
	Chosen   []string // codes of products
	Preview  string   // how many would be invited; "" before that was asked
	Firms    []string // the first of these
	Problem  string
}

// audienceOf is which firms a form means.
func audienceOf(r *http.Request) credit.Audience {
	return credit.Audience{Area: r.PostFormValue("in"), Chain: r.PostFormValue("chain"), Size: r.PostFormValue("size"), Codes: r.PostFormValue("codes")}
}

func hoursOf(r *http.Request) credit.Hours {
	return credit.Hours{Day: r.PostFormValue("day"), From: r.PostFormValue("from"), Until: r.PostFormValue("until")}
}

// sizeOptions are the sizes of enterprises.
func (s *server) sizeOptions(t i18n.T) []option {
	return codeOptions(s.Library, t, "sizes")
}

func codeOptions(lib *content.Library, t i18n.T, name string) (all []option) {
	list, _ := lib.CodeList(name)
	for _, e := range list.Entries {
		all = append(all, option{e.Code, t.Text(e.Name)})
	}
	return all
}

func (s *server) meetingForm(r *http.Request, v *visit) meetingForm {
	f := meetingForm{Typed: r.PostForm, Sizes: s.sizeOptions(v.t), Products: s.Credit.Offered(), Chosen: r.PostForm["product"]}
	for _, o := range s.areaOptions(v.scope) {
		if v.scope.Sees(access.PlanMeeting, o.Value, 0) {
			f.Areas = append(f.Areas, o)
		}
	}
	return f
}

func (s *server) newMeeting(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showMeetingForm(w, r, v, http.StatusOK, s.meetingForm(r, v))
}

func (s *server) showMeetingForm(w http.ResponseWriter, r *http.Request, v *visit, status int, f meetingForm) error {
	return s.show(w, r, s.shell(r, v, v.t.S("meetingpage.new")), status, newMeetingPage(v.t, f))
}

// previewed is how many firms of a page's preview are named.
const previewed = 20

// planMeeting plans a meeting, or first shows who would be invited; what is amiss is told with all that was typed.
func (s *server) planMeeting(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := s.meetingForm(r, v)
	if r.PostFormValue("preview") != "" {
		firms, err := s.Credit.Invited(r.Context(), v.scope, audienceOf(r))
		if err != nil {
			return s.meetingRefused(w, r, v, f, err)
		}
		f.Preview = v.t.S("meetingpage.would_invite", len(firms))
		for _, e := range firms[:min(len(firms), previewed)] {
			f.Firms = append(f.Firms, e.Name)
		}
		return s.showMeetingForm(w, r, v, http.StatusOK, f)
	}
	id, err := s.Credit.PlanMeeting(r.Context(), v.scope, credit.NewMeeting{
		Area: r.PostFormValue("area"), Title: r.PostFormValue("title"), About: r.PostFormValue("about"), Place: r.PostFormValue("place"), Hours: hoursOf(r),
		Products: r.PostForm["product"], Audience: audienceOf(r),
	})
	if err != nil {
		return s.meetingRefused(w, r, v, f, err)
	}
	return seeOther(w, r, meetingPath(id)+"?done=planned")
}

func (s *server) meetingRefused(w http.ResponseWriter, r *http.Request, v *visit, f meetingForm, err error) error {
	msg, told := errs.Message(err)
	if !told || hidden(err) && r.PostFormValue("area") != "" {
		return err
	}
	if f.Problem = v.t.Msg(msg); hidden(err) {
		f.Problem = v.t.S("meetingpage.no_area")
		return s.showMeetingForm(w, r, v, http.StatusUnprocessableEntity, f)
	}
	return s.showMeetingForm(w, r, v, statusOf(err), f)
}

// answerForm is the answer of a firm or a bank, as it stands or as it was typed.
type answerForm struct {
	Firm     int64
	Bank     string
	Name     string
	Now      *credit.Answer // nil before there is one
	Comes    string         // "1", "0", or "" for neither
	People   string
	Amount   string // 万元
	Purpose  string
	Product  string
	Show     bool
	Products []option
	May      bool // the visitor may answer, now
	Asks     []askOption
	Talks    []talkRow
}

// id tells the fields of several forms on a page apart.
func (f answerForm) id() string {
	if f.Bank != "" {
		return f.Bank
	}
	return strconv.FormatInt(f.Firm, 10)
}

// askOption is a product that a firm may ask for from a meeting.
type askOption struct{ Product, Name, Bank string }

// talkRow is what a talk came to, in words.
type talkRow struct{ Firm, Bank, Text, When string }

// meetingFirmRow is an invited firm, in words.
type meetingFirmRow struct {
	credit.MeetingFirm
	Href, AreaName string
	Wish           string // what it seeks; "" for nothing that the visitor may know of
	Talks          []talkRow
	Noted          bool // that it came is said by a talk, whatever an office notes
}

// outcomeLine is what came of a firm and a bank, in words.
type outcomeLine struct {
	credit.OutcomeRow
	Href, AreaName, Text string
	Offered, Line, Drawn money.Fen // of all its cases
}

type meetingData struct {
	credit.MeetingSight
	AreaName string
	Hours    string
	Answers  []answerForm
	Firms    []meetingFirmRow
	Lines    []outcomeLine
	AsOf     string
	Today    string
	Held     bool
	MayTalk  bool
	Banks    []option // of the form for talks
	Parties  []option // firms of it
	Reasons  []option
	Areas    []option // of the form that invites
	Sizes    []option
	Typed    url.Values
	Done     string
	Problem  string
	Back     bool
}

// Others is how many firms a bank knows only to be invited.
func (d meetingData) Others() int { return d.Counts.Invited - len(d.Firms) }

// placed is the place that a form has, or the one that stands.
func (d meetingData) placed() string {
	if typed := d.Typed.Get("place"); typed != "" {
		return typed
	}
	return d.Plan().Place
}

// wishText is what a firm seeks, in words; "" for nothing that is known.
func (s *server) wishText(t i18n.T, m credit.MeetingSight, a *credit.Answer) string {
	if a == nil || !a.Comes {
		return ""
	}
	var parts []string
	if a.Amount > 0 {
		parts = append(parts, inWords(t, a.Amount))
	}
	if a.Purpose != "" {
		parts = append(parts, a.Purpose)
	}
	if a.Product != "" {
		parts = append(parts, productIn(t, m, a.Product))
	}
	return strings.Join(parts, " · ")
}

// productIn is a product that somebody brings to a meeting, in words.
func productIn(t i18n.T, m credit.MeetingSight, code string) string {
	for _, b := range m.Banks {
		for _, p := range b.Products {
			if p.Code == code {
				return t.Text(b.Name) + " " + t.Text(p.Name)
			}
		}
	}
	return code
}

// talkText is what a talk came to, and why.
func (s *server) talkText(t i18n.T, x credit.Talk) string {
	parts := []string{t.S("meetingpage.talk_" + string(x.Outcome))}
	if x.Amount > 0 {
		parts = append(parts, inWords(t, x.Amount))
	}
	if list, ok := s.Library.CodeList(credit.TalkReasons); ok && x.Reason != "" {
		if e, ok := list.Entry(x.Reason); ok {
			parts = append(parts, t.Text(e.Name))
		}
	}
	if x.Note != "" {
		parts = append(parts, x.Note)
	}
	return strings.Join(parts, " · ")
}

func (s *server) talkRows(t i18n.T, m credit.MeetingSight, f credit.MeetingFirm) (all []talkRow) {
	for _, x := range f.Talks {
		for _, b := range m.Banks {
			if b.Key == x.Bank {
				all = append(all, talkRow{Firm: f.Name, Bank: t.Text(b.Name), Text: s.talkText(t, x), When: instant(x.At)})
			}
		}
	}
	return all
}

func (s *server) meetingOf(ctx context.Context, r *http.Request, v *visit) (meetingData, error) {
	id, err := pathID(r)
	if err != nil {
		return meetingData{}, err
	}
	on, err := s.Credit.Day(r.URL.Query().Get("on"))
	if err != nil {
		return meetingData{}, err
	}
	m, err := s.Credit.Meeting(ctx, v.scope, id, on)
	if err != nil {
		return meetingData{}, err
	}
	t := v.t
	d := meetingData{
		MeetingSight: m, AreaName: s.areaName(m.Area), Hours: meetingHours(m.Plan()), Today: s.Clock.Today().String(), Held: m.Held(s.Clock.Millis()), Typed: r.PostForm,
		Areas: s.areaOptions(v.scope), Sizes: s.sizeOptions(t), Reasons: codeOptions(s.Library, t, credit.TalkReasons), AsOf: t.S("web.as_known", s.Clock.Today().String(), m.Seq),
		Back: access.Need{Action: access.ReadFact, Area: true}.MetBy(v.scope),
	}
	for _, f := range m.Firms {
		row := meetingFirmRow{MeetingFirm: f, AreaName: s.countyName(t, f.Area), Wish: s.wishText(t, m, f.Answer), Talks: s.talkRows(t, m, f), Noted: len(f.Talks) > 0}
		if v.scope.Sees(access.ReadFact, f.Area, f.ID) {
			row.Href = enterprisePath(f.ID)
		}
		d.Firms = append(d.Firms, row)
		d.Parties = append(d.Parties, option{strconv.FormatInt(f.ID, 10), f.Name})
	}
	d.MayTalk = d.Held && (m.MayPlan || len(m.Acts) > 0) && len(d.Firms) > 0
	for _, b := range m.Banks {
		if m.MayPlan || slices.Contains(m.Acts, b.Key) {
			d.Banks = append(d.Banks, option{b.Key, t.Text(b.Name)})
		}
	}
	s.answerForms(v, &d)
	return d, s.outcomeLines(v, &d)
}

// answerForms are the answers of the firms and banks that the visitor acts for.
func (s *server) answerForms(v *visit, d *meetingData) {
	t := v.t
	open := d.State == credit.MeetingComes || d.State == credit.MeetingRuns
	var products []option
	for _, b := range d.MeetingSight.Banks {
		for _, p := range b.Products {
			products = append(products, option{p.Code, t.Text(b.Name) + " " + t.Text(p.Name)})
		}
	}
	for _, firm := range d.Own {
		f, _ := d.Firm(firm)
		form := answerForm{Firm: firm, Name: f.Name, Now: f.Answer, Show: f.Shown, Products: products, May: open && v.scope.Sees(access.AnswerMeeting, "", firm), Talks: s.talkRows(t, d.MeetingSight, f)}
		if d.Held && v.scope.Sees(access.FileCase, "", firm) {
			for _, b := range d.MeetingSight.Banks {
				for _, p := range b.Products {
					if p.Offered {
						form.Asks = append(form.Asks, askOption{p.Code, t.Text(p.Name), t.Text(b.Name)})
					}
				}
			}
		}
		d.Answers = append(d.Answers, form.filled(d.Typed))
	}
	for _, code := range d.Acts {
		for _, b := range d.MeetingSight.Banks {
			if b.Key == code {
				d.Answers = append(d.Answers, answerForm{Bank: code, Name: t.Text(b.Name), Now: b.Answer, May: open}.filled(d.Typed))
			}
		}
	}
}

// filled is the form with what stands, or with what was typed into it.
func (f answerForm) filled(typed url.Values) answerForm {
	if typed.Get("people") != "" && typed.Get("firm") == strconv.FormatInt(f.Firm, 10) && typed.Get("bank") == f.Bank {
		f.Comes, f.People, f.Amount, f.Purpose, f.Product = typed.Get("comes"), typed.Get("people"), typed.Get("amount"), typed.Get("purpose"), typed.Get("want")
		f.Show = typed.Get("show") != ""
		return f
	}
	f.People = "1"
	if a := f.Now; a != nil {
		f.Comes, f.Purpose, f.Product = strconv.Itoa(map[bool]int{true: 1}[a.Comes]), a.Purpose, a.Product
		f.People = strconv.Itoa(max(a.People, 1))
		if a.Amount > 0 {
			f.Amount = a.Amount.In(money.Wan)
		}
	}
	return f
}

// outcomeLines is what the meeting came to, firm by firm.
func (s *server) outcomeLines(v *visit, d *meetingData) (err error) {
	for _, x := range d.Out.Rows {
		line := outcomeLine{OutcomeRow: x, AreaName: s.countyName(v.t, x.Area)}
		if x.Firm == 0 {
			line.Name, line.AreaName = v.t.S("meetingpage.not_named"), ""
		} else if v.scope.Sees(access.ReadFact, x.Area, x.Firm) {
			line.Href = enterprisePath(x.Firm)
		}
		if x.Talk != nil {
			line.Text = s.talkText(v.t, *x.Talk)
		}
		for _, c := range x.Cases {
			for _, p := range []struct {
				to *money.Fen
				x  money.Fen
			}{{&line.Offered, c.Offered}, {&line.Line, c.Line}, {&line.Drawn, c.Drawn}} {
				if *p.to, err = p.to.Add(p.x); err != nil {
					return err
				}
			}
		}
		d.Lines = append(d.Lines, line)
	}
	return nil
}

var meetingDone = []string{"planned", "invited", "moved", "cancelled", "came", "answered", "talked"}

func (s *server) meeting(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.meetingOf(r.Context(), r, v)
	if err != nil {
		return err
	}
	if done := r.FormValue("done"); slices.Contains(meetingDone, done) {
		d.Done = v.t.S("meetingpage.done_" + done)
	}
	return s.showMeeting(w, r, v, http.StatusOK, d)
}

func (s *server) showMeeting(w http.ResponseWriter, r *http.Request, v *visit, status int, d meetingData) error {
	return s.show(w, r, s.shell(r, v, d.Title), status, meetingPage(v.t, d))
}

// meetingStep does something to a meeting and leads back to it; what hinders it is told there, with what was typed.
func (s *server) meetingStep(w http.ResponseWriter, r *http.Request, v *visit, done string, do func(id int64) error) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err = do(id); err == nil {
		return seeOther(w, r, meetingPath(id)+"?done="+done)
	}
	msg, told := errs.Message(err)
	if !told || hidden(err) {
		return err
	}
	d, again := s.meetingOf(r.Context(), r, v)
	if again != nil {
		return again
	}
	d.Problem = v.t.Msg(msg)
	return s.showMeeting(w, r, v, statusOf(err), d)
}

func (s *server) inviteToMeeting(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.meetingStep(w, r, v, "invited", func(id int64) error { return s.Credit.Invite(r.Context(), v.scope, id, audienceOf(r)) })
}

func (s *server) moveMeeting(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.meetingStep(w, r, v, "moved", func(id int64) error {
		return s.Credit.MoveMeeting(r.Context(), v.scope, id, hoursOf(r), r.PostFormValue("place"), r.PostFormValue("reason"))
	})
}

func (s *server) cancelMeeting(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.meetingStep(w, r, v, "cancelled", func(id int64) error {
		return s.Credit.CancelMeeting(r.Context(), v.scope, id, r.PostFormValue("reason"))
	})
}

func (s *server) noteAttendance(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.meetingStep(w, r, v, "came", func(id int64) error {
		var firms []int64
		for _, text := range r.PostForm["came"] {
			firm, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return errs.Invalid(i18n.M("web.bad_form"))
			}
			firms = append(firms, firm)
		}
		return s.Credit.Attendance(r.Context(), v.scope, id, firms)
	})
}

// wanOf is an amount of 万元 that a form has; none for a blank one.
func wanOf(r *http.Request, field string, none money.Fen) (money.Fen, error) {
	text := strings.TrimSpace(r.PostFormValue(field))
	if text == "" {
		return none, nil
	}
	a, err := money.ParseIn(text, money.Wan)
	if err != nil || a <= 0 {
		return 0, errs.Invalid(i18n.M("credit.meeting_wan", text))
	}
	return a, nil
}

func (s *server) answerMeeting(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.meetingStep(w, r, v, "answered", func(id int64) error {
		people, _ := strconv.Atoi(strings.TrimSpace(r.PostFormValue("people"))) // what is no number is told as nobody
		plan, _ := strconv.Atoi(r.PostFormValue("plan"))
		c := credit.Coming{
			Plan: plan, Firm: max(numberOf(r, "firm"), 0), Bank: r.PostFormValue("bank"), Comes: r.PostFormValue("comes") == "1", People: people,
			Wish: credit.Wish{Purpose: r.PostFormValue("purpose"), Product: r.PostFormValue("want")}, Show: r.PostFormValue("show") != "",
		}
		var err error
		if c.Amount, err = wanOf(r, "amount", -1); err != nil {
			return err
		}
		return s.Credit.AnswerMeeting(r.Context(), v.scope, id, c)
	})
}

func (s *server) writeTalk(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.meetingStep(w, r, v, "talked", func(id int64) error {
		amount, err := wanOf(r, "intention", 0)
		if err != nil {
			return err
		}
		return s.Credit.WriteTalk(r.Context(), v.scope, id, credit.NewTalk{
			Firm: numberOf(r, "party"), Bank: r.PostFormValue("talked_bank"), Outcome: credit.TalkOutcome(r.PostFormValue("outcome")),
			Reason: r.PostFormValue("why"), Note: r.PostFormValue("note"), Amount: amount,
		})
	})
}

// exportMeeting sends what a meeting came to: by bank, and each firm with each bank; a .csv has the first of these. It is for offices and
// banks.
func (s *server) exportMeeting(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.meetingOf(r.Context(), r, v)
	if err != nil {
		return err
	}
	if len(d.Own) > 0 && len(d.Acts) == 0 {
		return errs.Forbidden(string(access.Export))
	}
	t := v.t
	yuan := inBrackets(t, t.S("web.yuan"))
	columns := []string{
		t.S("creditpage.bank"), t.S("meetingpage.talked"), t.S("meetingpage.intended"), t.S("meetingpage.intended_sum") + yuan, t.S("meetingpage.referred"),
		t.S("meetingpage.offered"), t.S("meetingpage.offered_sum") + yuan, t.S("meetingpage.signed"), t.S("creditpage.line") + yuan, t.S("meetingpage.drawn"),
		t.S("meetingpage.drawn_sum") + yuan,
	}
	row := func(name string, x credit.Stages) []any {
		return []any{
			name, int64(x.Talked.Firms), int64(x.Intended.Firms), x.Intended.Amount, int64(x.Referred.Firms), int64(x.Offered.Firms), x.Offered.Amount, int64(x.Signed.Firms),
			x.Signed.Amount, int64(x.Drawn.Firms), x.Drawn.Amount,
		}
	}
	var banks, lines [][]any
	for _, b := range d.Out.Banks {
		banks = append(banks, row(t.Text(b.Bank.Name), b.Stages))
	}
	banks = append(banks, row(t.S("fundpage.sum"), d.Out.Sum))
	for _, x := range d.Lines {
		cases := make([]string, len(x.Cases))
		for i, c := range x.Cases {
			cases[i] = strconv.FormatInt(c.Case, 10)
		}
		lines = append(lines, []any{t.Text(x.Bank.Name), x.Name, x.AreaName, x.Text, strings.Join(cases, " "), x.Offered, x.Line, x.Drawn})
	}
	notes := [][2]string{
		{t.S("meetingpage.name"), d.Title},
		{t.S("meetingpage.hours"), d.Hours},
		{t.S("meetingpage.place"), d.Plan().Place},
		{t.S("meetingpage.on"), d.Out.On.String()},
		{t.S("web.note_as_of"), d.AsOf},
		{t.S("web.note_by"), v.account.Name},
		{t.S("meetingpage.n_invited"), strconv.Itoa(d.Out.Counts.Invited)},
		{t.S("meetingpage.n_answered"), strconv.Itoa(d.Out.Counts.Answered)},
		{t.S("meetingpage.n_comes"), strconv.Itoa(d.Out.Counts.Comes)},
		{t.S("meetingpage.n_came"), strconv.Itoa(d.Out.Counts.Came)},
		{t.S("meetingpage.bases"), t.S("meetingpage.bases_text")},
	}
	return s.export(w, r, v, d.Title+"-"+d.Out.On.String(), sheet.Export{
		Title: t.S("meetingpage.outcomes"), Notes: notes,
		Table: sheet.Table{Name: t.S("meetingpage.by_bank"), Columns: columns, Rows: slices.Values(banks)},
		More: []sheet.Table{{
			Name: t.S("meetingpage.by_firm"), Rows: slices.Values(lines), Columns: []string{
				t.S("creditpage.bank"), t.S("creditpage.firm"), t.S("web.area"), t.S("meetingpage.talk"), t.S("meetingpage.cases"), t.S("meetingpage.offered_sum") + yuan,
				t.S("creditpage.line") + yuan, t.S("meetingpage.drawn_sum") + yuan,
			},
		}},
	})
}
