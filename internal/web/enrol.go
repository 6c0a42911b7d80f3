package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
)

const (
	listedEnrolments = 20
	listedLeft       = 200
	listLimit        = 16 << 20 // bytes of a list of enterprises
)

// enrolForm is what a batch of accounts is chosen by.
type enrolForm struct {
	Area   string
	Scale  bool // above scale only
	Errors map[string]string
}

type enrolData struct {
	Form    enrolForm
	Areas   []option
	Year    int // by which above scale goes
	Chosen  int // how many enterprises the choice leaves; −1 while there is none
	Batches []enrolRow
}

type enrolRow struct {
	enrol.Batch
	AreaName, By string
	Percent      int
}

func enrolPath(id int64) string { return "/enrolments/" + strconv.FormatInt(id, 10) }

// issueAreas is the areas for whose enterprises the visitor may make accounts.
func (s *server) issueAreas(v *visit) []option {
	if v.scope.Can(access.ManageAccounts) {
		return s.grantAreas()
	}
	return slices.DeleteFunc(s.areaOptions(v.scope), func(o option) bool { return !v.scope.Sees(access.IssueAccess, o.Value, 0) })
}

func (s *server) enrolments(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := enrolForm{Area: r.FormValue("area"), Scale: r.FormValue("scale") == "1"}
	return s.showEnrolments(w, r, v, http.StatusOK, f)
}

func (s *server) showEnrolments(w http.ResponseWriter, r *http.Request, v *visit, status int, f enrolForm) error {
	d := enrolData{Form: f, Areas: s.issueAreas(v), Year: s.lastYear(), Chosen: -1}
	if v.scope.Sees(access.IssueAccess, f.Area, 0) && f.Area != "" {
		firms, err := s.Enrol.Choose(r.Context(), v.scope, s.choice(f))
		if err != nil {
			return err
		}
		d.Chosen = len(firms)
	}
	if d.Form.Area == "" && len(d.Areas) > 0 {
		d.Form.Area = d.Areas[0].Value
	}
	batches, err := s.Enrol.Batches(r.Context(), v.scope, listedEnrolments)
	if err != nil {
		return err
	}
	for _, b := range batches {
		row, err := s.enrolRow(r.Context(), b)
		if err != nil {
			return err
		}
		d.Batches = append(d.Batches, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("people.enrolments")), status, enrolmentsPage(v.t, d))
}

// lastYear is the last full year, whose register says who is above scale.
func (s *server) lastYear() int { return s.Clock.Today().Year() - 1 }

func (s *server) choice(f enrolForm) enrol.Choice {
	c := enrol.Choice{Area: f.Area}
	if f.Scale {
		c.Year = s.lastYear()
	}
	return c
}

func (s *server) enrolRow(ctx context.Context, b enrol.Batch) (enrolRow, error) {
	row := enrolRow{Batch: b, AreaName: nodeName(s.Library.Areas(), b.Area)}
	if total := b.Total(); total > 0 {
		row.Percent = 100 * (total - b.Count[enrol.Waiting]) / total
	}
	var err error
	row.By, err = s.personName(ctx, map[int64]string{}, b.By)
	return row, err
}

// orderEnrolment begins a batch: of the enterprises chosen by area, or of those that an uploaded list names.
func (s *server) orderEnrolment(w http.ResponseWriter, r *http.Request, v *visit) error {
	r.Body = http.MaxBytesReader(w, r.Body, listLimit)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		return badForm(err)
	}
	f := enrolForm{Area: r.PostFormValue("area"), Scale: r.PostFormValue("scale") == "1", Errors: map[string]string{}}
	b, err := s.order(r, v, f)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		f.Errors[cmp.Or(r.PostFormValue("by"), "area")] = v.t.Msg(msg)
		return s.showEnrolments(w, r, v, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, enrolPath(b.ID))
}

func (s *server) order(r *http.Request, v *visit, f enrolForm) (enrol.Batch, error) {
	if r.PostFormValue("by") != "file" {
		return s.Enrol.Order(r.Context(), v.scope, s.choice(f))
	}
	files := chosenFiles(r.MultipartForm)
	if len(files) != 1 {
		return enrol.Batch{}, errs.Invalid(i18n.M("people.no_list"))
	}
	body, err := files[0].Open()
	if err != nil {
		return enrol.Batch{}, err
	}
	defer body.Close()
	return s.Enrol.OrderList(r.Context(), v.scope, s.choice(f), files[0].Filename, body)
}

// enrolBatch is the page of one batch.
type enrolBatch struct {
	enrolRow
	Left []enrolLeft
}

type enrolLeft struct {
	Words, Place, Why string
}

func (s *server) enrolment(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	b, err := s.Enrol.Batch(r.Context(), v.scope, id)
	if err != nil {
		return err
	}
	d := enrolBatch{}
	if d.enrolRow, err = s.enrolRow(r.Context(), b); err != nil {
		return err
	}
	left, err := s.Enrol.Left(r.Context(), v.scope, id, listedLeft)
	if err != nil {
		return err
	}
	for _, l := range left {
		if l.Words != "" {
			d.Left = append(d.Left, enrolLeft{l.Words, l.Place, v.t.S("people.outcome_" + string(l.Outcome))})
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("people.enrolments")), http.StatusOK, enrolmentPage(v.t, d))
}

// enrolProgress is asked for by script while a batch runs; at its end the page is loaded anew.
func (s *server) enrolProgress(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	b, err := s.Enrol.Batch(r.Context(), v.scope, id)
	if err != nil {
		return err
	}
	if b.State != enrol.Running {
		w.Header().Set("HX-Refresh", "true")
	}
	row, err := s.enrolRow(r.Context(), b)
	if err != nil {
		return err
	}
	return part(w, r, http.StatusOK, enrolBar(v.t, row))
}

// changeEnrolment cancels a batch or goes on with it.
func (s *server) changeEnrolment(change func(context.Context, access.Scope, int64) error) func(http.ResponseWriter, *http.Request, *visit) error {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		id, err := pathID(r)
		if err != nil {
			return err
		}
		if err := change(r.Context(), v.scope, id); err != nil {
			return err
		}
		return seeOther(w, r, enrolPath(id))
	}
}

func (s *server) enrolLetters(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	list, err := s.Enrol.Letters(r.Context(), v.scope, id, r.PostFormValue("again") == "1")
	if err != nil {
		return err
	}
	return s.printLetters(w, r, v, list, enrolPath(id))
}

// firmAccounts is the page of who acts for an enterprise: for officials, who open its account and print codes, and for
// the enterprise, which authorises others.
type firmAccounts struct {
	Firm          int64
	Name          string
	Accounts      []firmAccount
	Own           bool // it has an account of its own
	MayIssue, May bool // issue: officials; else the enterprise itself
	Events        []eventRow
	Form          handlerForm
	DefaultUntil  string
	Done, Problem string
}

type firmAccount struct {
	access.Account
	Role    access.Role
	Until   string // "" for no day
	Expired bool
	MayCode bool
}

type handlerForm struct {
	Login, Name, Role, Until string
	Errors                   map[string]string
}

type eventRow struct{ When, Who, Whose, What, Note string }

func firmAccountsPath(id int64) string { return enterprisePath(id) + "/accounts" }

func (s *server) firmAccounts(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showFirmAccounts(w, r, v, http.StatusOK, handlerForm{}, "")
}

func (s *server) showFirmAccounts(w http.ResponseWriter, r *http.Request, v *visit, status int, f handlerForm, problem string) error {
	_, e, err := s.firmOf(r, v)
	if err != nil {
		return err
	}
	list, err := s.Enrol.Acting(r.Context(), v.scope, e)
	if err != nil {
		return err
	}
	d := firmAccounts{
		Firm: e.ID, Name: e.Name, Form: f, Problem: problem, DefaultUntil: day(s.Access.Now() + yearMillis),
		MayIssue: v.scope.Sees(access.IssueAccess, e.Area, e.ID), May: v.scope.Sees(access.Delegate, e.Area, e.ID),
	}
	if r.FormValue("done") != "" {
		d.Done = v.t.S("people.done")
	}
	for _, a := range list {
		d.Own = d.Own || a.Has(access.Enterprise)
		d.Accounts = append(d.Accounts, s.firmAccount(a, d.MayIssue, d.May))
	}
	if d.Events, err = s.eventRows(r.Context(), v, access.EventQuery{Parties: enrol.Parties(e), Limit: 30}); err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("people.firm_accounts")), status, firmAccountsPage(v.t, d))
}

const yearMillis = 365 * 24 * 3600 * 1000

func (s *server) firmAccount(a access.Account, issue, delegate bool) firmAccount {
	out := firmAccount{Account: a}
	for _, g := range a.Grants {
		out.Role = g.Role
		if g.Until != 0 {
			out.Until, out.Expired = day(g.Until-1), g.Until <= s.Access.Now()
		}
	}
	out.MayCode = !out.Expired && (out.Role == access.Enterprise && issue || out.Role != access.Enterprise && delegate)
	return out
}

// eventRows is what was done to accounts in words.
func (s *server) eventRows(ctx context.Context, v *visit, q access.EventQuery) ([]eventRow, error) {
	events, err := s.Access.Events(ctx, q, func(access.Event) bool { return true }) // of these parties, which were looked at
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	var rows []eventRow
	for _, e := range events {
		row, err := s.eventRow(ctx, v.t, e, names)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// noteText is the note of an event: what was written, or the rights and areas of the product's own words, named.
func (s *server) noteText(t i18n.T, e access.Event) string {
	if !slices.Contains([]access.Deed{access.Authorised, access.NewGrants, access.TokenMade, access.TokenEnded}, e.Deed) {
		return e.Note
	}
	words := strings.Fields(e.Note)
	for i, w := range words {
		word, comma := strings.CutSuffix(w, ",")
		if n, ok := s.Library.Areas().Node(word); ok {
			word = n.Name
		}
		for _, r := range access.Roles() {
			if word == string(r) {
				word = t.S("access.role." + word)
			}
		}
		for _, a := range access.Actions() {
			if word == string(a) {
				word = t.S("access.action." + word)
			}
		}
		if comma {
			word += t.S("web.comma")
		}
		words[i] = word
	}
	return strings.Join(words, " ")
}

// eventRow is one of them; people keeps the names of accounts.
func (s *server) eventRow(ctx context.Context, t i18n.T, e access.Event, people map[int64]string) (eventRow, error) {
	row := eventRow{When: instant(e.At), What: t.S("access.deed." + string(e.Deed)), Note: s.noteText(t, e)}
	var err error
	if row.Who, err = s.personName(ctx, people, e.Actor); err != nil {
		return row, err
	}
	row.Who = cmp.Or(row.Who, t.S("web.by_system"))
	row.Whose, err = s.personName(ctx, people, e.Account)
	return row, err
}

// openFirm makes the account of one enterprise and prints its letter.
func (s *server) openFirm(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, e, err := s.firmOf(r, v)
	if err != nil {
		return err
	}
	l, err := s.Enrol.One(r.Context(), v.scope, e.ID)
	if err != nil {
		return s.refuseHandler(w, r, v, handlerForm{}, err)
	}
	return s.printLetters(w, r, v, []enrol.Letter{l}, firmAccountsPath(e.ID))
}

// firmCode gives an account of an enterprise a new code, for whoever lost the old one or the password.
func (s *server) firmCode(w http.ResponseWriter, r *http.Request, v *visit) error {
	e, h, err := s.holderOf(r, v)
	if err != nil {
		return err
	}
	l, err := s.Enrol.Letter(r.Context(), v.scope, h, r.PostFormValue("why"))
	if err != nil {
		return s.refuseHandler(w, r, v, handlerForm{}, err)
	}
	return s.printLetters(w, r, v, []enrol.Letter{l}, firmAccountsPath(e.ID))
}

// holderOf is the account of an address, which must be one of the enterprise in it.
func (s *server) holderOf(r *http.Request, v *visit) (party.Enterprise, access.Holder, error) {
	_, e, err := s.firmOf(r, v)
	if err != nil {
		return e, access.Holder{}, err
	}
	id, _ := strconv.ParseInt(r.PathValue("account"), 10, 64)
	h, err := s.Enrol.Holder(r.Context(), v.scope, e, id)
	return e, h, err
}

// refuseHandler shows why something about accounts was refused, beside what was typed.
func (s *server) refuseHandler(w http.ResponseWriter, r *http.Request, v *visit, f handlerForm, err error) error {
	if msg, ok := errs.Message(err); ok && (errs.KindOf(err) == errs.KindInvalid || errs.KindOf(err) == errs.KindConflict) {
		return s.showFirmAccounts(w, r, v, statusOf(err), f, v.t.Msg(msg))
	}
	return err
}

func (s *server) authorise(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, e, err := s.firmOf(r, v)
	if err != nil {
		return err
	}
	f := handlerForm{
		Login: strings.TrimSpace(r.PostFormValue("login")), Name: strings.TrimSpace(r.PostFormValue("name")),
		Role: r.PostFormValue("role"), Until: r.PostFormValue("until"),
	}
	code, err := s.Access.Authorise(r.Context(), v.scope, access.Firm{Party: e.ID, Area: e.Area}, access.Authorisation{
		Login: f.Login, Name: f.Name, Role: access.Role(f.Role), Until: endOfDay(f.Until),
	})
	if err != nil {
		return s.refuseHandler(w, r, v, f, err)
	}
	return s.printHandler(w, r, v, code, e.ID)
}

func (s *server) printHandler(w http.ResponseWriter, r *http.Request, v *visit, code access.Code, firm int64) error {
	l, err := s.Enrol.Envelope(r.Context(), code, firm)
	if err != nil {
		return err
	}
	return s.printLetters(w, r, v, []enrol.Letter{l}, firmAccountsPath(firm))
}

func (s *server) succeed(w http.ResponseWriter, r *http.Request, v *visit) error {
	e, h, err := s.holderOf(r, v)
	if err != nil {
		return err
	}
	code, err := s.Access.Succeed(r.Context(), v.scope, h.Firm, h.Account, r.PostFormValue("login"), r.PostFormValue("name"))
	if err != nil {
		return s.refuseHandler(w, r, v, handlerForm{}, err)
	}
	return s.printHandler(w, r, v, code, e.ID)
}

func (s *server) renew(w http.ResponseWriter, r *http.Request, v *visit) error {
	e, h, err := s.holderOf(r, v)
	if err != nil {
		return err
	}
	if err := s.Access.Renew(r.Context(), v.scope, h.Firm, h.Account, endOfDay(r.PostFormValue("until"))); err != nil {
		return s.refuseHandler(w, r, v, handlerForm{}, err)
	}
	return seeOther(w, r, firmAccountsPath(e.ID)+"?done=1")
}

func (s *server) revoke(w http.ResponseWriter, r *http.Request, v *visit) error {
	e, h, err := s.holderOf(r, v)
	if err != nil {
		return err
	}
	if err := s.Access.Revoke(r.Context(), v.scope, h.Firm, h.Account, r.PostFormValue("why")); err != nil {
		return err
	}
	return seeOther(w, r, firmAccountsPath(e.ID)+"?done=1")
}

// endOfDay is the end of a date of a form, 0 for anything else.
func endOfDay(text string) int64 {
	at, err := time.ParseInLocation(time.DateOnly, text, clock.Beijing)
	if err != nil {
		return 0
	}
	return at.AddDate(0, 0, 1).UnixMilli()
}

func orElse(text, otherwise string) string { return cmp.Or(text, otherwise) }

// myAccounts leads an enterprise to those who act for it.
func (s *server) myAccounts(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	for e := range view.Enterprises() {
		if v.scope.Sees(access.Delegate, e.Area, e.ID) {
			return seeOther(w, r, firmAccountsPath(e.ID))
		}
	}
	return errs.Invalid(i18n.M("web.no_file_yet"))
}
