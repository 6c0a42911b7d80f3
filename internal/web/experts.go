package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/selection"
)

// expertRoutes are the register of those who judge selections.
func (s *server) expertRoutes() []route {
	read, keep := access.Need{Action: access.ReadCase, Area: true}, access.Need{Action: access.HandleCase}
	return []route{
		{"GET /experts", read, s.experts},
		{"POST /experts", keep, s.addExpert},
		{"POST /experts/{id}/remove", keep, s.removeExpert},
		{"POST /experts/{id}/settle", keep, s.settleRemoval},
	}
}

// expertRow is an expert in words.
type expertRow struct {
	selection.Expert
	Login, Firm, AreaName, CountyName string
	Interests                         []interestRow
	May                               bool // take the expert out
	Removals                          []removalRow
	Waits                             bool // somebody asked to take the expert out, and another account has to agree
	MayAgree                          bool
}

// removalRow is in words that an expert was taken out, or that somebody asks for it.
type removalRow struct{ Text, Reason string }

// interestRow is an interest that an expert declared.
type interestRow struct{ Firm, Reason, At string }

// newExpert is what was typed of an expert to be added.
type newExpert struct{ Account, Label, County, Firm, Belongs, Area string }

type expertsData struct {
	Rows, Gone []expertRow
	Areas      []option // whose pool the visitor keeps
	Accounts   []option // that may be added
	Counties   []option
	Typed      newExpert
	Problem    string
	Done       string
}

func (s *server) experts(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.expertsOf(r.Context(), v)
	if err != nil {
		return err
	}
	if done := r.FormValue("done"); slices.Contains([]string{"added", "removed", "asked", "kept"}, done) {
		d.Done = v.t.S("selectionpage.done_" + done)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("selectionpage.experts")), http.StatusOK, expertsPage(v.t, d))
}

func (s *server) expertsOf(ctx context.Context, v *visit) (expertsData, error) {
	d := expertsData{}
	all, err := s.Selections.Experts(ctx, v.scope)
	if err != nil {
		return d, err
	}
	declared, err := s.Selections.Declarations(ctx, v.scope)
	if err != nil {
		return d, err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return d, err
	}
	removals, err := s.Selections.Removals(ctx, v.scope)
	if err != nil {
		return d, err
	}
	accounts, err := s.Access.List(ctx, access.SystemScope())
	if err != nil {
		return d, err
	}
	names := map[int64]access.Account{}
	for _, a := range accounts {
		names[a.ID] = a
	}
	for _, e := range all {
		row := s.expertRow(v, view, e, declared)
		row.Login = names[e.Account].Login
		for _, x := range removals {
			if x.Expert == e.ID {
				row.tell(v, x, names)
			}
		}
		if e.Left != 0 {
			d.Gone = append(d.Gone, row)
			continue
		}
		d.Rows = append(d.Rows, row)
	}
	if !v.scope.Can(access.HandleCase) {
		return d, nil
	}
	d.Areas = s.officeAreas(v)
	d.Counties = slices.DeleteFunc(s.areaOptions(v.scope), func(o option) bool { return s.Library.Areas().County(o.Value) != o.Value })
	for _, a := range s.Selections.Joinable(v.scope, accounts, all) {
		d.Accounts = append(d.Accounts, option{strconv.FormatInt(a.ID, 10), a.Name + inBrackets(v.t, a.Login)})
	}
	return d, nil
}

func (s *server) expertRow(v *visit, view fact.View, e selection.Expert, declared []selection.Declaration) expertRow {
	row := expertRow{
		Expert: e, Firm: s.firmName(view, e.Party), AreaName: s.areaName(e.Area), CountyName: s.areaName(e.County),
		May: e.Left == 0 && v.scope.Sees(access.HandleCase, e.Area, 0),
	}
	for _, x := range declared {
		if x.Expert == e.ID {
			row.Interests = append(row.Interests, interestRow{s.firmName(view, x.Enterprise), x.Reason, instant(x.At)})
		}
	}
	return row
}

// tell adds a removal to the row.
func (row *expertRow) tell(v *visit, x selection.Removal, names map[int64]access.Account) {
	t, asked := v.t, instant(x.AskedAt)
	text := t.S("selectionpage.removal_asked", asked, names[x.AskedBy].Name)
	switch {
	case x.Waits():
		row.Waits, row.MayAgree = true, row.May && x.AskedBy != v.account.ID
	case !x.Done:
		text = t.S("selectionpage.removal_not", asked, names[x.AskedBy].Name, names[x.By].Name)
	case x.By != x.AskedBy:
		text += t.S("web.comma") + t.S("selectionpage.removal_agreed", names[x.By].Name)
	}
	row.Removals = append(row.Removals, removalRow{text, x.Reason})
}

// addExpert takes an account into the pool of an area.
func (s *server) addExpert(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	f := newExpert{
		Account: r.PostFormValue("account"), Label: strings.TrimSpace(r.PostFormValue("label")), County: r.PostFormValue("county"),
		Firm: strings.TrimSpace(r.PostFormValue("firm")), Belongs: r.PostFormValue("belongs"), Area: r.PostFormValue("area"),
	}
	if !v.scope.Sees(access.HandleCase, f.Area, 0) {
		return forbidden(access.HandleCase)
	}
	d, err := s.expertsOf(ctx, v)
	if err != nil {
		return err
	}
	if err = s.takeExpert(ctx, v, d, f); err == nil {
		return seeOther(w, r, "/experts?done=added")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d.Typed, d.Problem = f, v.t.Msg(msg)
	return s.show(w, r, s.shell(r, v, v.t.S("selectionpage.experts")), statusOf(err), expertsPage(v.t, d))
}

func (s *server) takeExpert(ctx context.Context, v *visit, d expertsData, f newExpert) error {
	offered := func(all []option, value string) bool {
		return slices.ContainsFunc(all, func(o option) bool { return o.Value == value })
	}
	if !offered(d.Accounts, f.Account) {
		return errs.Invalid(i18n.M("selectionpage.no_account"))
	}
	e := selection.Expert{Label: f.Label, Area: f.Area}
	e.Account, _ = strconv.ParseInt(f.Account, 10, 64)
	if offered(d.Counties, f.County) {
		e.County = f.County
	}
	if f.Firm != "" {
		firm, err := s.findParty(ctx, f.Firm)
		if err != nil {
			return err
		}
		if firm == 0 {
			return errs.Invalid(i18n.M("selectionpage.no_firm", f.Firm))
		}
		e.Party = firm
	}
	for line := range strings.Lines(f.Belongs) {
		if line = strings.TrimSpace(line); line != "" {
			e.Belongs = append(e.Belongs, line)
		}
	}
	_, err := s.Selections.AddExpert(ctx, v.scope, e)
	return err
}

// removeExpert takes somebody out of the pool, for a reason; who judges now leaves when somebody else agrees.
func (s *server) removeExpert(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	done := "removed"
	waits, err := s.Selections.RemoveExpert(r.Context(), v.scope, id, r.PostFormValue("reason"))
	if waits {
		done = "asked"
	}
	return s.poolChanged(w, r, v, done, err)
}

// settleRemoval agrees to what another account asked for, or lets the expert stay.
func (s *server) settleRemoval(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	done, agreed := "kept", r.PostFormValue("do") == "agree"
	if agreed {
		done = "removed"
	}
	return s.poolChanged(w, r, v, done, s.Selections.SettleRemoval(r.Context(), v.scope, id, agreed))
}

// poolChanged leads on after a change of the register, or tells what is wrong with it.
func (s *server) poolChanged(w http.ResponseWriter, r *http.Request, v *visit, done string, err error) error {
	if err == nil {
		return seeOther(w, r, "/experts?done="+done)
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d, again := s.expertsOf(r.Context(), v)
	if again != nil {
		return again
	}
	d.Problem = v.t.Msg(msg)
	return s.show(w, r, s.shell(r, v, v.t.S("selectionpage.experts")), statusOf(err), expertsPage(v.t, d))
}
