package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// callPath is the page of a call.
func callPath(id int64) string { return "/calls/" + strconv.FormatInt(id, 10) }

// subsidyRoutes are calls and what an application asks for besides its actions.
func (s *server) subsidyRoutes() []route {
	public, read, draft := access.Need{Public: true}, access.Need{Action: access.ReadCase}, access.Need{Action: access.HandleCase, Area: true}
	return []route{
		{"GET /calls", public, s.calls},
		{"GET /calls/new", draft, s.newCall},
		{"POST /calls/new", draft, s.sendNewCall},
		{"GET /calls/{id}/edit", draft, s.editCall},
		{"POST /calls/{id}/edit", draft, s.sendCallEdit},
		{"GET /calls/{id}", public, s.call},
		{"POST /calls/{id}/apply", access.Need{Action: access.FileCase}, s.apply},
		{"POST /calls/{id}/batch", access.Need{Action: access.HandleCase}, s.gather},
		{"POST /cases/{id}/costs", read, s.putCosts},
		{"POST /cases/{id}/rulings", read, s.putRulings},
		{"POST /cases/{id}/payee", read, s.namePayee},
	}
}

// callRow is a call in words.
type callRow struct {
	subsidy.Call
	Area, Policy, Number, Href string // of the policy
	Clauses                    []string
	Open                       bool
	State                      string
}

func (s *server) callRow(ctx context.Context, t i18n.T, c subsidy.Call) (callRow, error) {
	in, err := s.Versions.InForce(ctx, c.Policy, c.Known)
	if err != nil {
		return callRow{}, err
	}
	document := in.Policy.File.Document
	row := callRow{
		Call: c, Area: s.areaName(c.Area), Policy: t.Text(document.Name), Number: document.Number, Href: "/policies/" + c.Policy,
		Open: c.Open(s.Clock.Today()), State: t.S("subsidy.call_" + string(c.State)),
	}
	switch today := s.Clock.Today(); {
	case row.Open:
		row.State = t.S("subsidypage.open")
	case c.State == subsidy.CallPublished && today < c.Opens:
		row.State = t.S("subsidypage.not_yet")
	case c.State == subsidy.CallPublished:
		row.State = t.S("subsidypage.over")
	}
	for _, id := range c.Clauses {
		if clause, ok := in.Policy.Clause(id); ok {
			row.Clauses = append(row.Clauses, t.Text(clause.Name))
		}
	}
	return row, nil
}

// calls is every call that the visitor may see: published ones, and to officials the drafts of their area.
func (s *server) calls(w http.ResponseWriter, r *http.Request, v *visit) error {
	list, err := s.Subsidy.Calls(r.Context(), v.scope, "")
	if err != nil {
		return err
	}
	rows := make([]callRow, len(list))
	for i, c := range list {
		if rows[i], err = s.callRow(r.Context(), v.t, c); err != nil {
			return err
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("subsidypage.calls")), http.StatusOK, callsPage(v.t, rows, v.scope.Can(access.HandleCase)))
}

// offerRow is a line that an enterprise may apply for.
type offerRow struct {
	subsidy.Offer
	Value   string          // tells it apart in the form
	Started subsidy.Started // that asks for it already and has not ended; zero for none
}

// ownOffers is what an enterprise of the visitor may apply for by a call.
type ownOffers struct {
	Firm     int64
	Name     string
	MayApply bool
	Rows     []offerRow
}

type callData struct {
	callRow
	Line   string // of the fund
	Own    []ownOffers
	Office *callOffice // nil for who does not see the case of the call
	Drafts bool        // the visitor may change the draft
	Done   string
}

func (s *server) callOf(r *http.Request, v *visit) (subsidy.Call, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return subsidy.Call{}, errs.NotFound("call", r.PathValue("id"))
	}
	return s.Subsidy.Call(r.Context(), v.scope, id)
}

func (s *server) call(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, c, err := s.callDataOf(r, v)
	if err != nil {
		return err
	}
	if d.Drafts && r.URL.Query().Get("done") == "drafted" {
		d.Done = v.t.S("callpage.drafted")
	}
	return s.show(w, r, s.shell(r, v, c.Title), http.StatusOK, callPage(v.t, d))
}

func (s *server) callDataOf(r *http.Request, v *visit) (d callData, c subsidy.Call, err error) {
	ctx := r.Context()
	if c, err = s.callOf(r, v); err != nil {
		return d, c, err
	}
	if d.callRow, err = s.callRow(ctx, v.t, c); err != nil {
		return d, c, err
	}
	if d.Line, err = s.lineOf(ctx, c.Line); err != nil {
		return d, c, err
	}
	if v.scope.Sees(access.ReadCase, c.Area, 0) {
		d.Drafts = c.State == subsidy.CallDraft && v.scope.Sees(access.HandleCase, c.Area, 0)
		if d.Office, err = s.callOffice(ctx, v, c); err != nil {
			return d, c, err
		}
	}
	if own := v.scope.Owns(); len(own) > 0 && d.Open {
		view, err := s.view(ctx, v)
		if err != nil {
			return d, c, err
		}
		for _, firm := range own {
			x, err := s.ownOffers(ctx, v, view, c.Case, firm)
			if err != nil {
				return d, c, err
			}
			d.Own = append(d.Own, x)
		}
	}
	return d, c, nil
}

// lineOf is the line of the fund that a call is paid from: its name and year are public with the call, its sums are not.
func (s *server) lineOf(ctx context.Context, id int64) (name string, err error) {
	err = s.Book.Read(ctx, access.SystemScope(), func(ctx context.Context, view *ledger.View) error {
		lines, err := view.Lines(ctx, ledger.Filter{Line: id})
		for _, l := range lines {
			name = l.Fund + " · " + s.lineName(l)
		}
		return err
	})
	return name, err
}

// ownOffers is what an enterprise may apply for, with the case of each that it has begun.
func (s *server) ownOffers(ctx context.Context, v *visit, view fact.View, call, firm int64) (ownOffers, error) {
	x := ownOffers{Firm: firm, Name: s.firmName(view, firm), MayApply: v.scope.Sees(access.FileCase, "", firm)}
	offers, _, err := s.Subsidy.CallsFor(ctx, view, firm, s.Clock.Today())
	if err != nil {
		return x, err
	}
	begun, err := s.Subsidy.Begun(ctx, v.scope, firm)
	if err != nil {
		return x, err
	}
	for _, o := range offers[call] {
		row := offerRow{Offer: o, Value: offerValue(o.Aim), Started: begun[call][o.Ask()]}
		row.Started.Draft = row.Started.Draft && x.MayApply
		x.Rows = append(x.Rows, row)
	}
	return x, nil
}

// apply opens the case of an application for an offer; one that is open already is led to.
func (s *server) apply(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	c, err := s.callOf(r, v)
	if err != nil {
		return err
	}
	firm := numberOf(r, "firm")
	if !v.scope.Sees(access.FileCase, "", firm) {
		return forbidden(access.FileCase)
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	own, err := s.ownOffers(ctx, v, view, c.Case, firm)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(own.Rows, func(x offerRow) bool { return x.Value == r.PostFormValue("offer") })
	if i < 0 {
		return errs.Conflict(i18n.M("subsidypage.no_offer"))
	}
	if open := own.Rows[i].Started.Case; open != 0 {
		return seeOther(w, r, casePath(open))
	}
	made, err := s.Subsidy.OpenApplication(ctx, v.scope, c.Case, own.Rows[i].Offer)
	if err != nil {
		return err
	}
	return seeOther(w, r, casePath(made.ID)+"?done=applied")
}
