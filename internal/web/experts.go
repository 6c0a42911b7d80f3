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
	}
}

// expertRow is an expert in words.
type expertRow struct {
	selection.Expert
	Login, Firm, AreaName, CountyName string
	Interests                         []interestRow
	May                               bool // take the expert out
}

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
	if done := r.FormValue("done"); slices.Contains([]string{"added", "removed"}, done) {
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
	accounts, err := s.Access.List(ctx, access.SystemScope())
	if err != nil {
		return d, err
	}
	taken := map[int64]bool{}
	for _, e := range all {
		row := s.expertRow(v, view, e, declared)
		if i := slices.IndexFunc(accounts, func(a access.Account) bool { return a.ID == e.Account }); i >= 0 {
			row.Login = accounts[i].Login
		}
		if e.Left != 0 {
			d.Gone = append(d.Gone, row)
			continue
		}
		taken[e.Account] = true
		d.Rows = append(d.Rows, row)
	}
	if !v.scope.Can(access.HandleCase) {
		return d, nil
	}
	d.Areas = s.officeAreas(v)
	d.Counties = slices.DeleteFunc(s.areaOptions(v.scope), func(o option) bool { return selection.County(s.Library.Areas(), o.Value) != o.Value })
	for _, a := range accounts {
		if !taken[a.ID] && a.DisabledAt == 0 && slices.ContainsFunc(a.Grants, func(g access.Grant) bool { return s.judges(v, g) }) {
			d.Accounts = append(d.Accounts, option{strconv.FormatInt(a.ID, 10), a.Name + inBrackets(v.t, a.Login)})
		}
	}
	return d, nil
}

// judges says that a grant makes an expert of an area of which the visitor is the office in charge.
func (s *server) judges(v *visit, g access.Grant) bool {
	return g.Role == access.Expert && (g.Until == 0 || g.Until > s.Clock.Millis()) && v.scope.Sees(access.HandleCase, g.Area, 0)
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

// removeExpert takes somebody out of the pool, for a reason.
func (s *server) removeExpert(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err = s.Selections.RemoveExpert(r.Context(), v.scope, id, r.PostFormValue("reason")); err == nil {
		return seeOther(w, r, "/experts?done=removed")
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
