package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/store"
)

// readingRoutes is on what ground somebody reads an enterprise's data, and who has.
func (s *server) readingRoutes() []route {
	glass := access.Need{Action: access.BreakGlass}
	return []route{
		{"GET /enterprises/{id}/readings", access.Need{Action: access.ReadReadings}, s.whoReads},
		{"POST /enterprises/{id}/consents/{consent}/end", access.Need{Action: access.Consent}, s.endConsent},
		{"GET /emergency", glass, s.emergency},
		{"POST /emergency", glass, s.breakGlass},
	}
}

func readingsPath(firm int64) string { return enterprisePath(firm) + "/readings" }

// readingsData is the page of who reads an enterprise's data.
type readingsData struct {
	Firm        int64
	Name        string
	Done        string
	MayEnd      bool
	Consents    []consentRow
	Emergencies []emergencyRow
	Erasures    []erasureRow
	Personal    []option // definitions that may be asked to be deleted
	Rows        []readingRow
	Older       string // address of the stretch after; "" for none
	Newest      bool   // this is the first stretch
}

// consentRow is a consent in words.
type consentRow struct {
	ID                             int64
	To, Purpose, What, From, Until string
	Ended                          string // when and why, "" while nobody ended it
	Stands                         bool
	Case                           int64
}

// emergencyRow is an emergency in words.
type emergencyRow struct {
	Who, Firm, Href, When, Until, Reason string
	Open                                 bool
}

// readingRow is a reading in words.
type readingRow struct{ When, Who, Role, What, Where, Under string }

func (s *server) whoReads(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	_, e, err := s.firmOf(r, v)
	if err != nil {
		return err
	}
	d := readingsData{Firm: e.ID, Name: e.Name, MayEnd: v.scope.Sees(access.Consent, e.Area, e.ID)}
	switch r.FormValue("done") {
	case "ended":
		d.Done = v.t.S("reading.ended")
	case "asked":
		d.Done = v.t.S("retentionpage.asked")
	}
	given, err := s.Consent.Of(ctx, v.scope, e.ID)
	if err != nil {
		return err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return err
	}
	for _, g := range given {
		d.Consents = append(d.Consents, s.consentRow(ctx, v.t, whole.Registry(), g))
	}
	people := map[int64]string{}
	asked, err := s.Retention.Of(ctx, v.scope, e.ID)
	if err != nil {
		return err
	}
	for _, x := range asked {
		row, err := s.erasureRow(ctx, v, whole.Registry(), x, people)
		if err != nil {
			return err
		}
		d.Erasures = append(d.Erasures, row)
	}
	for _, def := range s.Library.FactDefs() {
		if s.Retention.May(def.Code) {
			d.Personal = append(d.Personal, option{def.Code, v.t.Text(def.Name)})
		}
	}
	broken, err := s.Consent.Emergencies(ctx, v.scope, e.ID)
	if err != nil {
		return err
	}
	for _, x := range broken {
		row := emergencyRow{When: instant(x.At), Until: instant(x.Until), Reason: x.Reason, Open: x.Until > s.Clock.Millis()}
		if row.Who, err = s.personName(ctx, people, x.Account); err != nil {
			return err
		}
		d.Emergencies = append(d.Emergencies, row)
	}
	before := int64(0)
	if text := r.FormValue("before"); text != "" {
		if before, err = strconv.ParseInt(text, 10, 64); err != nil || before < 0 {
			return errs.NotFound("readings before", text)
		}
	}
	list, err := s.Consent.Readings(ctx, v.scope, e.ID, consent.ReadingQuery{Before: before, Limit: listRows + 1})
	if err != nil {
		return err
	}
	d.Newest = before == 0
	if len(list) > listRows {
		list = list[:listRows]
		d.Older = fmt.Sprintf("%s?before=%d", readingsPath(e.ID), list[listRows-1].ID)
	}
	for _, x := range list {
		row, err := s.readingRow(ctx, v.t, x, people)
		if err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("reading.title")), http.StatusOK, readingsPage(v.t, d))
}

func (s *server) consentRow(ctx context.Context, t i18n.T, reg *party.Registry, g consent.Grant) consentRow {
	row := consentRow{
		ID: g.ID, To: "#" + strconv.FormatInt(g.To, 10), Purpose: g.Purpose, What: s.defNames(t, g.Facts), From: instant(g.From), Until: instant(g.Until),
		Stands: g.Stands(s.Clock.Millis()), Case: g.Case,
	}
	if name := s.partyName(ctx, t, reg, g.To); name != "" {
		row.To = name
	}
	if list, ok := s.Library.CodeList(consent.Purposes); ok {
		if e, ok := list.Entry(g.Purpose); ok {
			row.Purpose = t.Text(e.Name)
		}
	}
	if g.EndedAt > 0 {
		row.Ended = joined(instant(g.EndedAt), g.Why)
	}
	return row
}

// partyName is what a party is called: an enterprise by its file, a bank by its name, any other by the key that it was entered under.
func (s *server) partyName(ctx context.Context, t i18n.T, reg *party.Registry, id int64) string {
	if e, ok := reg.Enterprise(id); ok {
		return e.Name
	}
	if b, err := s.Credit.BankOf(ctx, id); err == nil {
		return t.Text(b.Name)
	}
	x, _ := reg.Subject(id)
	return x.Key
}

// defNames is definitions by name.
func (s *server) defNames(t i18n.T, codes []string) string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = code
		switch code {
		case casework.ReadFile:
			names[i] = t.S("reading.of_file")
		case casework.ReadDossier:
			names[i] = t.S("reading.of_dossier")
		case consent.MeetingWish:
			names[i] = t.S("reading.of_meeting")
		}
		if def, ok := s.Library.FactDef(code); ok {
			names[i] = t.Text(def.Name)
		}
	}
	return strings.Join(names, t.S("web.comma"))
}

func (s *server) readingRow(ctx context.Context, t i18n.T, x consent.Reading, people map[int64]string) (readingRow, error) {
	row := readingRow{
		When: instant(x.At), Role: t.S("access.role." + string(x.Role)), What: s.defNames(t, x.Facts), Where: whereRead(t, x.Place), Under: t.S("reading.by_office"),
	}
	switch {
	case x.Grant != 0:
		row.Under = t.S("reading.by_consent")
	case x.Emergency != 0:
		row.Under = t.S("reading.by_emergency")
	case x.Party == 0:
		areas := make([]string, len(x.Areas))
		for i, a := range x.Areas {
			areas[i] = s.areaName(a)
		}
		row.Under = t.S("reading.many", strings.Join(areas, t.S("web.comma")))
	}
	var err error
	row.Who, err = s.personName(ctx, people, x.Account)
	return row, err
}

// places are pages by what they begin with, the longest first; what stands there is said by the texts reading.place_<name>.
var places = []struct{ begins, name string }{
	{"/cases/{id}/dossier", "dossier"},
	{"/enterprises/{id}/receipt", "decision"},
	{"/enterprises/{id}/f", "figure"},
	{"/enterprises/{id}", "file"},
	{"/enterprises", "list"},
	{"/cases", "case"},
	{"/calls", "case"},
	{"/credit/meetings", "meeting"},
	{"/region", "region"},
	{"/today", "today"},
	{"/policies", "region"},
	{"/lab", "region"},
	{"/versions", "region"},
	{"/template", "table"},
	{"/reports", "reports"},
	{"/selections", "selection"},
	{"/rounds", "round"},
	{"/imports", "import"},
}

// whereRead is a page or an operation in words.
func whereRead(t i18n.T, place string) string {
	if place == "" {
		return t.S("reading.place_pack")
	}
	if op, ok := strings.CutPrefix(place, "api "); ok {
		return t.S("reading.place_api", t.S("api.op_"+op))
	}
	_, path, _ := strings.Cut(place, " ")
	for _, p := range places {
		if strings.HasPrefix(path, p.begins) {
			return t.S("reading.place_" + p.name)
		}
	}
	return t.S("reading.place_other")
}

func (s *server) endConsent(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, e, err := s.firmOf(r, v)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.PathValue("consent"), 10, 64)
	if err != nil {
		return errs.NotFound("consent", r.PathValue("consent"))
	}
	err = s.Consent.DB.Write(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		return s.Consent.End(ctx, tx, v.scope, id, r.FormValue("reason"))
	})
	if err != nil {
		return err
	}
	return seeOther(w, r, readingsPath(e.ID)+"?done=ended")
}

// emergencyData is the page on which somebody breaks the glass.
type emergencyData struct {
	Code, Reason, Problem string
	Open                  []emergencyRow
}

func (s *server) emergency(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showEmergency(w, r, v, http.StatusOK, emergencyData{})
}

func (s *server) showEmergency(w http.ResponseWriter, r *http.Request, v *visit, status int, d emergencyData) error {
	open, err := s.Consent.Mine(r.Context(), v.scope)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	for _, x := range open {
		d.Open = append(d.Open, emergencyRow{Firm: s.firmName(view, x.Party), Href: enterprisePath(x.Party), When: instant(x.At), Until: instant(x.Until), Reason: x.Reason})
	}
	return s.show(w, r, s.shell(r, v, v.t.S("reading.emergency")), status, emergencyPage(v.t, d))
}

func (s *server) breakGlass(w http.ResponseWriter, r *http.Request, v *visit) error {
	d := emergencyData{Code: strings.TrimSpace(r.FormValue("code")), Reason: r.FormValue("reason")}
	again := func(err error) error {
		msg, ok := errs.Message(err)
		if !ok {
			return err
		}
		d.Problem = v.t.Msg(msg)
		return s.showEmergency(w, r, v, errs.KindOf(err).Status(), d)
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
	x, err := s.Consent.BreakGlass(r.Context(), v.scope, v.account.Name, found[0], d.Reason)
	if err != nil {
		return again(err)
	}
	return seeOther(w, r, enterprisePath(x.Party))
}
