package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
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
	Sum                 money.Fen
	Line                int // that is objected to
	Name, Text, Problem string
	Done                string
}

func (s *server) noticeOf(r *http.Request, v *visit) (noticeData, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return noticeData{}, errs.NotFound("notice", r.PathValue("id"))
	}
	n, err := s.Subsidy.Notice(r.Context(), id)
	if err != nil {
		return noticeData{}, err
	}
	d := noticeData{noticeRow: s.noticeRow(v.t, n)}
	d.Line, _ = strconv.Atoi(r.Form.Get("line"))
	if d.Rows, err = s.Subsidy.Release(r.Context(), id); err != nil {
		return d, err
	}
	for _, x := range d.Rows {
		if d.Sum, err = d.Sum.Add(x.Amount); err != nil {
			return d, err
		}
	}
	return d, nil
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
		_, err = s.Subsidy.Object(r.Context(), d.ID, d.Line, d.Name, d.Text)
	}
	if err == nil {
		return seeOther(w, r, noticePath(d.ID)+"?done=1")
	}
	msg, ok := errs.Message(err)
	if !ok || errs.KindOf(err) == errs.KindNotFound && d.Line > 0 && d.Line <= len(d.Rows) {
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
	By, Firm string
}

// objectionsOf is what was said against a notice, as far as the visitor answers it.
func (s *server) objectionsOf(ctx context.Context, v *visit, notice int64) ([]objectionRow, error) {
	all, err := s.Subsidy.Objections(ctx, v.scope, notice)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	lines, err := s.Subsidy.Release(ctx, notice)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	var rows []objectionRow
	for _, o := range all {
		row := objectionRow{Objection: o}
		if i := slices.IndexFunc(lines, func(p subsidy.Published) bool { return p.N == o.Line }); i >= 0 {
			row.Firm = lines[i].Firm
		}
		if o.By != 0 {
			if row.By, err = s.personName(ctx, names, o.By); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// answerObjection settles an objection in writing, and leads back to the page that it was answered on.
func (s *server) answerObjection(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return errs.NotFound("objection", r.PathValue("id"))
	}
	upheld := r.PostFormValue("upheld")
	if upheld != "yes" && upheld != "no" {
		return errs.Invalid(i18n.M("noticepage.say_which"))
	}
	if _, err := s.Subsidy.Answer(r.Context(), v.scope, id, upheld == "yes", r.PostFormValue("answer")); err != nil {
		return err
	}
	return seeOther(w, r, localPath(r.PostFormValue("back")))
}
