package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// invalid marks a field that has a problem, for eyes and for screen readers.
func invalid(id, problem string) templ.Attributes {
	if problem == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": id + "-error"}
}

func (s *server) ownAccount(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showOwnAccount(w, r, v, http.StatusOK, passwordForm{Done: r.FormValue("done") == "1"})
}

func (s *server) showOwnAccount(w http.ResponseWriter, r *http.Request, v *visit, status int, f passwordForm) error {
	f.Overdue = v.overdue
	return s.show(w, r, s.shell(r, v, v.account.Name), status, ownAccountPage(v.t, v.account, f, v.scope.Can(access.BreakGlass)))
}

// changePassword ends every session of the account; this one goes on under a new token.
func (s *server) changePassword(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, fresh := r.Context(), r.PostFormValue("new")
	if fresh != r.PostFormValue("again") {
		return s.showOwnAccount(w, r, v, http.StatusUnprocessableEntity, passwordForm{Errors: map[string]string{"again": v.t.S("web.passwords_differ")}})
	}
	err := s.Access.ChangePassword(ctx, v.account.ID, r.PostFormValue("old"), fresh, r.RemoteAddr)
	if msg, ok := errs.Message(err); ok {
		field := "new"
		if errs.KindOf(err) != errs.KindInvalid {
			field = "old"
		}
		return s.showOwnAccount(w, r, v, http.StatusUnprocessableEntity, passwordForm{Errors: map[string]string{field: v.t.Msg(msg)}})
	}
	if err != nil {
		return err
	}
	a, err := s.Access.ByID(ctx, v.account.ID)
	if err != nil {
		return err
	}
	if err := s.letIn(r, a); err != nil {
		return err
	}
	return seeOther(w, r, "/account?done=1")
}

// accountsQuery is a view of the list of accounts; its address restores it.
type accountsQuery struct {
	access.Filter
	Page int
}

func readAccounts(in url.Values) accountsQuery {
	q := accountsQuery{Filter: access.Filter{Text: strings.TrimSpace(in.Get("q")), Role: access.Role(in.Get("role")), State: access.State(in.Get("state"))}}
	q.Page = pageNumber(in.Get("page"))
	return q
}

func (q accountsQuery) onPage(n int) string {
	out := q.values()
	if n > 1 {
		out.Set("page", strconv.Itoa(n))
	}
	return "/accounts?" + out.Encode()
}

// template is where the accounts of the view are filled into a template.
func (q accountsQuery) template() string { return templateAddress("accounts", q.values()) }

func (q accountsQuery) values() url.Values {
	out := url.Values{}
	for name, value := range map[string]string{"q": q.Text, "role": string(q.Role), "state": string(q.State)} {
		if value != "" {
			out.Set(name, value)
		}
	}
	return out
}

func (s *server) accounts(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showAccounts(w, r, v, http.StatusOK, accountForm{})
}

func (s *server) showAccounts(w http.ResponseWriter, r *http.Request, v *visit, status int, f accountForm) error {
	q := readAccounts(r.URL.Query())
	list, total, err := s.Access.Find(r.Context(), v.scope, q.Filter, (q.Page-1)*listRows, listRows)
	if err != nil {
		return err
	}
	whole, err := s.Frames.For(r.Context(), access.SystemScope(), 0)
	if err != nil {
		return err
	}
	d := accountsData{Query: q, Total: total, Pages: max((total+listRows-1)/listRows, 1), Areas: s.grantAreas(), Form: f}
	for _, a := range list {
		row := accountRow{Account: a}
		for _, g := range a.Grants {
			row.Grants = append(row.Grants, s.grantText(r.Context(), v.t, whole, g))
		}
		d.Rows = append(d.Rows, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("web.nav_accounts")), status, accountsPage(v.t, d))
}

// grantText is a grant in words. The administrator sees the name of the party that was given, and nothing else that is
// known of it.
func (s *server) grantText(ctx context.Context, t i18n.T, whole fact.View, g access.Grant) string {
	text := t.S("access.role." + string(g.Role))
	if n, ok := s.Library.Areas().Node(g.Area); ok {
		text += " · " + n.Name
	}
	if e, ok := whole.Enterprise(g.Party); ok {
		text += " · " + e.Name
	} else if b, err := s.Credit.BankOf(ctx, g.Party); err == nil {
		text += " · " + t.Text(b.Name)
	} else if g.Party != 0 { // its file was taken back
		text += " · #" + strconv.FormatInt(g.Party, 10)
	}
	if g.Until != 0 {
		text += " · " + t.S("people.until", day(g.Until-1))
	}
	return text
}

// grantAreas is the cities and what lies below them, of the provinces that the content knows counties of.
func (s *server) grantAreas() []option {
	var all []option
	tree := s.Library.Areas()
	var walk func(code, indent string)
	walk = func(code, indent string) {
		for _, n := range tree.Children(code) {
			if n.Level == "province" && n.Code != homeProvince {
				continue
			}
			all = append(all, option{Value: n.Code, Label: indent + n.Name})
			walk(n.Code, indent+"\u3000")
		}
	}
	walk("", "")
	return all
}

func (s *server) createAccount(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := accountForm{
		Login: strings.TrimSpace(r.PostFormValue("login")), Name: strings.TrimSpace(r.PostFormValue("name")),
		Role: r.PostFormValue("role"), Area: r.PostFormValue("area"), Party: strings.TrimSpace(r.PostFormValue("party")),
		Errors: map[string]string{},
	}
	grant := access.Grant{Role: access.Role(f.Role)}
	switch {
	case grant.Role.OfArea():
		if _, ok := s.Library.Areas().Node(f.Area); !ok {
			f.Errors["area"] = v.t.S("web.need_area")
		}
		grant.Area = f.Area
	case grant.Role.OfParty():
		id, need, err := s.grantedParty(r.Context(), grant.Role, f.Party)
		if err != nil {
			return err
		}
		if id == 0 {
			f.Errors["party"] = v.t.S(need)
		}
		grant.Party = id
	}
	if len(f.Errors) > 0 {
		return s.showAccounts(w, r, v, http.StatusUnprocessableEntity, f)
	}
	a, err := s.Access.Prepare(r.Context(), v.scope, access.NewAccount{Login: f.Login, Name: f.Name, Grants: []access.Grant{grant}})
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindForbidden {
		f.Errors[accountField(f)] = v.t.Msg(msg)
		return s.showAccounts(w, r, v, statusOf(err), f)
	}
	if err != nil {
		return err
	}
	return s.letterTo(w, r, v, a, "")
}

// grantedParty is the party that a grant of a role names by what was typed, 0 for none, and what is said then: a bank or an institute by its
// code or name, an enterprise by its credit code or name.
func (s *server) grantedParty(ctx context.Context, role access.Role, text string) (id int64, need string, err error) {
	switch role {
	case access.Bank:
	case access.Institute:
		x, err := s.Diagnoses.ByName(ctx, text)
		if errs.KindOf(err) == errs.KindNotFound {
			err = nil
		}
		return x.ID, "diagnosispage.need_institute", err
	default:
		id, err = s.findParty(ctx, text)
		return id, "web.need_party", err
	}
	for _, b := range s.Credit.Banks() {
		if text == b.Code || text == b.Name.ZH || text == b.Name.EN {
			id, err = s.Credit.Party(ctx, b.Code)
		}
	}
	return id, "creditpage.need_bank", err
}

// letterTo gives an account a new code and shows its letter.
func (s *server) letterTo(w http.ResponseWriter, r *http.Request, v *visit, a access.Account, why string) error {
	var firm int64
	for _, g := range a.Grants {
		firm = cmp.Or(firm, g.Party)
	}
	l, err := s.Enrol.Letter(r.Context(), v.scope, access.Holder{Account: a.ID, Firm: access.Firm{Party: firm}}, why)
	if err != nil {
		return err
	}
	return s.printLetters(w, r, v, []enrol.Letter{l}, "/accounts")
}

// accountField is where a refusal by the store most likely belongs.
func accountField(f accountForm) string {
	if f.Name == "" {
		return "name"
	}
	return "login"
}

// pathID is the number in a route's {id}.
func pathID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, errs.NotFound("id", r.PathValue("id"))
	}
	return id, nil
}

func (s *server) disableAccount(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.Access.Disable(r.Context(), v.scope, id, r.PostFormValue("why")); err != nil {
		return err
	}
	return seeOther(w, r, "/accounts")
}

func (s *server) enableAccount(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.Access.Enable(r.Context(), v.scope, id, r.PostFormValue("why")); err != nil {
		return err
	}
	return seeOther(w, r, "/accounts")
}

func (s *server) resetAccount(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	a, err := s.Access.ByID(r.Context(), id)
	if err != nil {
		return err
	}
	return s.letterTo(w, r, v, a, r.PostFormValue("why"))
}

// homeProvince is the province whose areas an account may be given; the content knows the counties of this one.
const homeProvince = "320000"
