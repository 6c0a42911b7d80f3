package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/retention"
	visits "github.com/yanzhen/yanzhen/internal/visit"
)

// retentionRoutes is what is no longer to be kept: lists that delete it, by two persons, holds, and what enterprises ask to have deleted.
func (s *server) retentionRoutes() []route {
	may := access.Need{Action: access.Erase}
	return []route{
		{"GET /retention", may, s.retention},
		{"POST /retention", may, s.proposeDeletion},
		{"GET /deletions/{id}", may, s.deletion},
		{"GET /deletions/{id}/certificate", may, s.certificate},
		{"POST /deletions/{id}/approve", may, s.approveDeletion},
		{"POST /deletions/{id}/refuse", may, s.refuseDeletion},
		{"POST /holds", may, s.holdData},
		{"POST /holds/{id}/end", may, s.endHold},
		{"POST /deletion-requests/{id}", may, s.answerErasure},
		{"POST /enterprises/{id}/erasure", access.Need{Action: access.Consent}, s.askErasure},
	}
}

const retentionHome = "/retention"

func deletionPath(id int64) string { return fmt.Sprintf("/deletions/%d", id) }

// retentionData is the page.
type retentionData struct {
	Records  []content.Record
	Runs     []deletionRow
	Holds    []holdRow
	Requests []erasureRow
	Problem  string
	Code     string // of the enterprise to hold
	Reason   string
}

// deletionRow is a run in words.
type deletionRow struct {
	ID                       int64
	State, Who, When, Second string
	Go, Gone, Kept           int64
	Request                  int64
	Again                    bool
	Unfinished               bool
}

// holdRow is a hold in words.
type holdRow struct {
	ID                            int64
	Firm, Href, When, Who, Reason string
	Ended                         string
}

// erasureRow is a request to delete in words.
type erasureRow struct {
	ID                            int64
	Firm, Href, When, Who, What   string
	Reason, Answer, Outcome, Done string
	Run                           int64
	Waits                         bool
}

// deletionData is the page of a run.
type deletionData struct {
	deletionRow
	Lines      []deletionLine
	MayApprove bool
	MayRefuse  bool
	Note       string
	Problem    string
}

// deletionLine is an item of a run in words.
type deletionLine struct {
	N                                    int
	Kind, What, Firm, Since, Count, Came string
	Why                                  string
}

func (s *server) retention(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showRetention(w, r, v, http.StatusOK, retentionData{})
}

func (s *server) showRetention(w http.ResponseWriter, r *http.Request, v *visit, status int, d retentionData) error {
	ctx := r.Context()
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return err
	}
	reg, people := whole.Registry(), map[int64]string{}
	d.Records = s.Library.Register().Records
	runs, err := s.Retention.Runs(ctx, v.scope)
	if err != nil {
		return err
	}
	for _, x := range runs {
		row, err := s.deletionRow(ctx, v.t, x, people)
		if err != nil {
			return err
		}
		d.Runs = append(d.Runs, row)
	}
	holds, err := s.Retention.Holds(ctx, v.scope)
	if err != nil {
		return err
	}
	for _, h := range holds {
		row := holdRow{ID: h.ID, Firm: s.partyName(ctx, v.t, reg, h.Party), When: instant(h.At), Reason: h.Reason}
		if v.scope.Sees(access.ReadParty, h.Area, 0) {
			row.Href = enterprisePath(h.Party)
		}
		if row.Who, err = s.personName(ctx, people, h.By); err != nil {
			return err
		}
		if h.EndedAt != 0 {
			row.Ended = joined(instant(h.EndedAt), h.EndedAs)
		}
		d.Holds = append(d.Holds, row)
	}
	requests, err := s.Retention.Requests(ctx, v.scope)
	if err != nil {
		return err
	}
	for _, x := range requests {
		row, err := s.erasureRow(ctx, v, reg, x, people)
		if err != nil {
			return err
		}
		d.Requests = append(d.Requests, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("retentionpage.title")), status, retentionPage(v.t, d))
}

func (s *server) erasureRow(ctx context.Context, v *visit, reg *party.Registry, x retention.Request, people map[int64]string) (erasureRow, error) {
	row := erasureRow{
		ID: x.ID, Firm: s.partyName(ctx, v.t, reg, x.Party), When: instant(x.At), What: s.defNames(v.t, x.Facts), Reason: x.Reason, Answer: x.Answer, Run: x.Run,
		Waits: x.AnsweredAt == 0,
	}
	if v.scope.Sees(access.ReadParty, x.Area, x.Party) {
		row.Href = enterprisePath(x.Party)
	}
	if !row.Waits {
		row.Done, row.Outcome = instant(x.AnsweredAt), v.t.S("retentionpage.refused")
		if x.Granted {
			row.Outcome = v.t.S("retentionpage.granted")
		}
	}
	var err error
	row.Who, err = s.personName(ctx, people, x.By)
	return row, err
}

func (s *server) deletionRow(ctx context.Context, t i18n.T, x retention.Run, people map[int64]string) (row deletionRow, err error) {
	row = deletionRow{
		ID: x.ID, State: t.S("retentionpage.state_" + string(x.State)), When: instant(x.ProposedAt), Go: x.Count(retention.Pending), Gone: x.Count(retention.Gone),
		Kept: x.Count(retention.Kept), Request: x.Request, Again: x.Again != "", Unfinished: x.State == retention.Done && x.Finished == 0,
	}
	if row.Who, err = s.personName(ctx, people, x.ProposedBy); err != nil || x.SettledAt == 0 {
		return row, err
	}
	who, err := s.personName(ctx, people, x.SettledBy)
	row.Second = joined(who, instant(x.SettledAt))
	return row, err
}

func (s *server) runOf(r *http.Request, v *visit) (retention.Run, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return retention.Run{}, errs.NotFound("deletion", r.PathValue("id"))
	}
	return s.Retention.Get(r.Context(), v.scope, id)
}

func (s *server) deletion(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showDeletion(w, r, v, http.StatusOK, "")
}

func (s *server) showDeletion(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	run, err := s.runOf(r, v)
	if err != nil {
		return err
	}
	whole, err := s.Frames.For(r.Context(), access.SystemScope(), 0)
	if err != nil {
		return err
	}
	people := map[int64]string{}
	d := deletionData{Note: run.Note, Problem: problem, MayRefuse: run.State == retention.Proposed}
	d.MayApprove = d.MayRefuse && run.ProposedBy != v.account.ID
	if d.deletionRow, err = s.deletionRow(r.Context(), v.t, run, people); err != nil {
		return err
	}
	for _, l := range run.Lines {
		row := deletionLine{N: l.N, Kind: s.recordName(v.t, l.Kind), What: s.itemName(v.t, l.Item), Count: i18n.Group(strconv.FormatInt(l.Count, 10)), Came: v.t.S("retentionpage.outcome_" + string(l.Outcome))}
		if l.Party != 0 {
			row.Firm = s.partyName(r.Context(), v.t, whole.Registry(), l.Party)
		}
		if l.Since != 0 {
			row.Since = instant(l.Since)
		}
		if !l.Why.IsZero() {
			row.Why = v.t.Msg(l.Why)
		}
		d.Lines = append(d.Lines, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("retentionpage.run", run.ID)), status, deletionPage(v.t, d))
}

// recordName is a kind of what is deleted.
func (s *server) recordName(t i18n.T, kind string) string {
	if rec, ok := s.Library.Register().Record(kind); ok {
		return t.Text(rec.Name)
	}
	return t.S("retentionpage.facts")
}

// itemName is what a thing is, without what it says.
func (s *server) itemName(t i18n.T, it retention.Item) string {
	switch {
	case it.What != "":
		return joined(s.defNames(t, []string{it.What}), t.S("retentionpage.source", it.Source))
	case it.Kind == visits.Records:
		return t.S("retentionpage.visit", it.Case)
	case it.Case != 0:
		return t.S("retentionpage.case_file", it.Case, it.Ref)
	case it.Ref == "0":
		return t.S("retentionpage.all_before")
	}
	return t.S("retentionpage.number", it.Ref)
}

func (s *server) proposeDeletion(w http.ResponseWriter, r *http.Request, v *visit) error {
	run, err := s.Retention.Propose(r.Context(), v.scope)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindConflict {
		return s.showRetention(w, r, v, http.StatusConflict, retentionData{Problem: v.t.Msg(msg)})
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, deletionPath(run.ID))
}

func (s *server) approveDeletion(w http.ResponseWriter, r *http.Request, v *visit) error {
	run, err := s.runOf(r, v)
	if err != nil {
		return err
	}
	_, err = s.Retention.Approve(r.Context(), v.scope, run.ID)
	return s.settledDeletion(w, r, v, run.ID, err)
}

func (s *server) refuseDeletion(w http.ResponseWriter, r *http.Request, v *visit) error {
	run, err := s.runOf(r, v)
	if err != nil {
		return err
	}
	return s.settledDeletion(w, r, v, run.ID, s.Retention.Refuse(r.Context(), v.scope, run.ID, r.FormValue("reason")))
}

// settledDeletion goes back to a run, with what kept it from being settled.
func (s *server) settledDeletion(w http.ResponseWriter, r *http.Request, v *visit, id int64, err error) error {
	if msg, ok := errs.Message(err); ok {
		return s.showDeletion(w, r, v, errs.KindOf(err).Status(), v.t.Msg(msg))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, deletionPath(id))
}

// certificate sends the proof of a deletion.
func (s *server) certificate(w http.ResponseWriter, r *http.Request, v *visit) error {
	run, err := s.runOf(r, v)
	if err != nil {
		return err
	}
	text, err := s.Proof.Certificate(r.Context(), run.ID)
	if err != nil {
		return err
	}
	attach(w, fmt.Sprintf("deletion-%d.json", run.ID), "application/json")
	_, err = w.Write(text)
	return err
}

func (s *server) holdData(w http.ResponseWriter, r *http.Request, v *visit) error {
	d := retentionData{Code: r.FormValue("code"), Reason: r.FormValue("reason")}
	again := func(err error) error {
		msg, ok := errs.Message(err)
		if !ok {
			return err
		}
		d.Problem = v.t.Msg(msg)
		return s.showRetention(w, r, v, errs.KindOf(err).Status(), d)
	}
	code, finding := party.ParseUSCC(d.Code)
	if !finding.Usable() {
		return again(errs.Invalid(finding.Msg()))
	}
	whole, err := s.Frames.For(r.Context(), access.SystemScope(), 0)
	if err != nil {
		return err
	}
	found := whole.Registry().ByUSCC(code)
	if len(found) == 0 {
		return again(errs.Invalid(i18n.M("consent.no_such_firm", string(code))))
	}
	if _, err := s.Retention.Hold(r.Context(), v.scope, found[0], d.Reason); err != nil {
		return again(err)
	}
	return seeOther(w, r, retentionHome+"#holds")
}

// onRetention does something with the number of an address, and shows the page again with what was wrong.
func (s *server) onRetention(w http.ResponseWriter, r *http.Request, v *visit, back string, do func(id int64) error) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return errs.NotFound("retention", r.PathValue("id"))
	}
	err = do(id)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindNotFound {
		return s.showRetention(w, r, v, errs.KindOf(err).Status(), retentionData{Problem: v.t.Msg(msg)})
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, retentionHome+back)
}

func (s *server) endHold(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.onRetention(w, r, v, "#holds", func(id int64) error {
		return s.Retention.EndHold(r.Context(), v.scope, id, r.FormValue("reason"))
	})
}

func (s *server) answerErasure(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.onRetention(w, r, v, "#requests", func(id int64) error {
		_, err := s.Retention.Answer(r.Context(), v.scope, id, r.FormValue("do") == "grant", r.FormValue("reason"))
		return err
	})
}

// askErasure keeps what an enterprise asks to have deleted.
func (s *server) askErasure(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, e, err := s.firmOf(r, v)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if _, err := s.Retention.Ask(r.Context(), v.scope, e.ID, r.Form["fact"], r.FormValue("reason")); err != nil {
		return err
	}
	return seeOther(w, r, readingsPath(e.ID)+"?done=asked#erasure")
}
