package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// noticeRoutes are public notices: what is to be granted to whom, and what anybody has to say against it.
func (s *server) noticeRoutes() []route {
	public := access.Need{Public: true}
	return []route{
		{"GET /notices", public, s.notices},
		{"GET /notices/{id}", public, s.notice},
		{"POST /notices/{id}/object", public, s.object},
		{"POST /objections/{id}", access.Need{Action: access.HandleCase}, s.answerObjection},
	}
}

func noticePath(id int64) string { return "/notices/" + strconv.FormatInt(id, 10) }

// noticeRow is a public notice in words.
type noticeRow struct {
	subsidy.Notice
	Area, State string
}

func (s *server) noticeRow(t i18n.T, n subsidy.Notice) noticeRow {
	row := noticeRow{Notice: n, Area: s.areaName(n.Area), State: t.S("noticepage.over")}
	if n.Stands() {
		row.State = t.S("noticepage.left", n.Left)
	}
	return row
}

func (s *server) notices(w http.ResponseWriter, r *http.Request, v *visit) error {
	list, err := s.Subsidy.Notices(r.Context())
	if err != nil {
		return err
	}
	rows := make([]noticeRow, len(list))
	for i, n := range list {
		rows[i] = s.noticeRow(v.t, n)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("noticepage.title")), http.StatusOK, noticesPage(v.t, rows))
}

type noticeData struct {
	noticeRow
	Rows                []subsidy.Published
	Back, Next          string             // addresses of the lines before and after these, "" for none
	Firm, From          string             // what the lines are looked up by
	Line                string             // that is objected to, as it was typed
	About               *subsidy.Published // that line, where the notice has it
	Name, Text, Problem string
	Done                string
	Released            *release.Release // the release that the notice is; nil for one that was public before releases were kept
}

// noticeLines is how many lines of a notice a page shows.
const noticeLines = 200

func (s *server) noticeOf(r *http.Request, v *visit) (noticeData, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return noticeData{}, errs.NotFound("notice", r.PathValue("id"))
	}
	n, err := s.Subsidy.Notice(r.Context(), id)
	if err != nil {
		return noticeData{}, err
	}
	released, found, err := s.Subsidy.Released(r.Context(), id)
	if err != nil {
		return noticeData{}, err
	}
	d := noticeData{noticeRow: s.noticeRow(v.t, n), Line: strings.TrimSpace(r.Form.Get("line")), Firm: strings.TrimSpace(r.URL.Query().Get("firm"))}
	if found {
		d.Released = &released
	}
	if line, err := strconv.Atoi(d.Line); err == nil {
		about, err := s.Subsidy.ReleasedLine(r.Context(), id, line)
		if err == nil {
			d.About = &about
		} else if !hidden(err) {
			return d, err
		}
	}
	return d, s.noticeLines(r, &d)
}

// noticeLines reads the lines of one page: those from a line on, or before one, or of one firm.
func (s *server) noticeLines(r *http.Request, d *noticeData) (err error) {
	in := r.URL.Query()
	page := subsidy.ReleasePage{Firm: d.Firm, Rows: noticeLines + 1}
	page.From, _ = strconv.Atoi(in.Get("from"))
	page.Before, _ = strconv.Atoi(in.Get("before"))
	if page.From > 1 {
		d.From = strconv.Itoa(page.From)
	}
	if d.Rows, err = s.Subsidy.Release(r.Context(), d.ID, page); err != nil || len(d.Rows) == 0 {
		return err
	}
	at := func(key string, n int) string {
		q := url.Values{key: {strconv.Itoa(n)}}
		if d.Firm != "" {
			q.Set("firm", d.Firm)
		}
		return noticePath(d.ID) + "?" + q.Encode()
	}
	back, more := page.Before > 0 && d.Firm == "", len(d.Rows) > noticeLines
	switch {
	case back && more:
		d.Rows = d.Rows[1:]
	case more:
		d.Rows = d.Rows[:noticeLines]
	}
	first, last := d.Rows[0].N, d.Rows[len(d.Rows)-1].N
	if more || back {
		d.Next = at("from", last+1)
	}
	if d.Firm == "" && (back && more || !back && page.From > 1) {
		d.Back = at("before", first)
	}
	return nil
}

func (s *server) notice(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.noticeOf(r, v)
	if err != nil {
		return err
	}
	if r.FormValue("done") == "1" {
		d.Done = v.t.S("noticepage.done")
	}
	return s.show(w, r, s.shell(r, v, d.Title), http.StatusOK, noticePage(v.t, d))
}

// object files what anybody says against a line of a notice that stands.
func (s *server) object(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.noticeOf(r, v)
	if err != nil {
		return err
	}
	d.Name, d.Text = strings.TrimSpace(r.PostFormValue("name")), strings.TrimSpace(r.PostFormValue("text"))
	if err = s.Access.Admit(r.Context(), "objection", remoteHost(r), subsidy.ObjectionsPerAddress); err == nil {
		line, wrong := strconv.Atoi(d.Line)
		if wrong != nil {
			line = 0
		}
		_, err = s.Subsidy.Object(r.Context(), d.ID, line, d.Name, d.Text)
	}
	if err == nil {
		return seeOther(w, r, noticePath(d.ID)+"?done=1")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	status := statusOf(err)
	if errs.KindOf(err) == errs.KindUnavailable {
		status = http.StatusTooManyRequests
	}
	d.Problem = v.t.Msg(msg)
	return s.show(w, r, s.shell(r, v, d.Title), status, noticePage(v.t, d))
}

// objectionRow is an objection in words, to those who answer it.
type objectionRow struct {
	subsidy.Objection
	By, Firm       string
	Typed, Problem string // an answer that could not be entered, and why
}

// objectionsOf is what was said against a notice, as far as the visitor answers it.
func (s *server) objectionsOf(ctx context.Context, v *visit, notice int64) ([]objectionRow, error) {
	all, err := s.Subsidy.Objections(ctx, v.scope, notice)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	names := map[int64]string{}
	var rows []objectionRow
	for _, o := range all {
		line, err := s.Subsidy.ReleasedLine(ctx, notice, o.Line)
		if err != nil {
			return nil, err
		}
		row := objectionRow{Objection: o, Firm: line.Firm}
		if o.By != 0 {
			if row.By, err = s.personName(ctx, names, o.By); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// objectionAnswer is the page of one objection, where what was typed comes back with what is wrong with it.
type objectionAnswer struct {
	objectionRow
	Back, Title string
}

// answerObjection settles an objection in writing, and leads back to the page that it was answered on. What cannot be entered is
// shown again with what is wrong, and nothing of it is lost.
func (s *server) answerObjection(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return errs.NotFound("objection", r.PathValue("id"))
	}
	o, err := s.Subsidy.Objection(ctx, v.scope, id)
	if err != nil {
		return err
	}
	upheld, back := r.PostFormValue("upheld"), localPath(r.PostFormValue("back"))
	if err = errs.Invalid(i18n.M("noticepage.say_which")); upheld == "yes" || upheld == "no" {
		_, err = s.Subsidy.Answer(ctx, v.scope, id, upheld == "yes", r.PostFormValue("answer"))
	}
	if err == nil {
		return seeOther(w, r, back)
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	n, again := s.Subsidy.Notice(ctx, o.Notice)
	if again != nil {
		return again
	}
	line, again := s.Subsidy.ReleasedLine(ctx, o.Notice, o.Line)
	if again != nil {
		return again
	}
	d := objectionAnswer{objectionRow: objectionRow{Objection: o, Firm: line.Firm, Typed: r.PostFormValue("answer"), Problem: v.t.Msg(msg)}, Back: back, Title: n.Title}
	if o.By != 0 {
		if d.By, again = s.personName(ctx, map[int64]string{}, o.By); again != nil {
			return again
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("noticepage.answer")), statusOf(err), objectionPage(v.t, d))
}
