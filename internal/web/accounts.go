package web

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/yanzhen/yanzhen/internal/access"
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
	return s.show(w, r, s.shell(r, v, v.account.Name), status, ownAccountPage(v.t, v.account, f))
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
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, ticketKey, a.Ticket())
	return seeOther(w, r, "/account?done=1")
}

func (s *server) accounts(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showAccounts(w, r, v, http.StatusOK, accountForm{}, newSecret{})
}

func (s *server) showAccounts(w http.ResponseWriter, r *http.Request, v *visit, status int, f accountForm, secret newSecret) error {
	all, err := s.Access.List(r.Context(), v.scope)
	if err != nil {
		return err
	}
	whole, err := s.Frames.For(r.Context(), access.SystemScope(), 0)
	if err != nil {
		return err
	}
	rows := make([]accountRow, 0, len(all))
	for _, a := range all {
		row := accountRow{Account: a}
		for _, g := range a.Grants {
			row.Grants = append(row.Grants, s.grantText(v.t, whole, g))
		}
		rows = append(rows, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("web.nav_accounts")), status, accountsPage(v.t, rows, s.grantAreas(), f, secret))
}

// grantText is a grant in words. The administrator sees the name of the party that was given, and nothing else that is
// known of it.
func (s *server) grantText(t i18n.T, whole fact.View, g access.Grant) string {
	text := t.S("access.role." + string(g.Role))
	if n, ok := s.Library.Areas().Node(g.Area); ok {
		text += " · " + n.Name
	}
	if e, ok := whole.Enterprise(g.Party); ok {
		text += " · " + e.Name
	} else if g.Party != 0 { // its file was taken back
		text += " · #" + strconv.FormatInt(g.Party, 10)
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
	switch grant.Role {
	case access.CountyOfficial, access.CityOfficial, access.Auditor:
		if _, ok := s.Library.Areas().Node(f.Area); !ok {
			f.Errors["area"] = v.t.S("web.need_area")
		}
		grant.Area = f.Area
	case access.Enterprise:
		id, err := s.findParty(r.Context(), f.Party)
		if err != nil {
			return err
		}
		if id == 0 {
			f.Errors["party"] = v.t.S("web.need_party")
		}
		grant.Party = id
	}
	if len(f.Errors) > 0 {
		return s.showAccounts(w, r, v, http.StatusUnprocessableEntity, f, newSecret{})
	}
	password := newPassword()
	a, err := s.Access.Create(r.Context(), v.scope, access.NewAccount{Login: f.Login, Name: f.Name, Password: password, Grants: []access.Grant{grant}})
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindForbidden {
		f.Errors[accountField(f)] = v.t.Msg(msg)
		return s.showAccounts(w, r, v, statusOf(err), f, newSecret{})
	}
	if err != nil {
		return err
	}
	return s.showAccounts(w, r, v, http.StatusOK, accountForm{}, newSecret{a.Login, password})
}

// accountField is where a refusal by the store most likely belongs.
func accountField(f accountForm) string {
	if f.Name == "" {
		return "name"
	}
	return "login"
}

// newPassword is 26 letters and digits, more than 128 bits of chance. It stands in the answer to the form that asked for
// it and nowhere else.
func newPassword() string { return rand.Text() }

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
	if err := s.Access.Disable(r.Context(), v.scope, id); err != nil {
		return err
	}
	return seeOther(w, r, "/accounts")
}

func (s *server) enableAccount(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.Access.Enable(r.Context(), v.scope, id); err != nil {
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
	password := newPassword()
	if err := s.Access.SetPassword(r.Context(), v.scope, id, password); err != nil {
		return err
	}
	return s.showAccounts(w, r, v, http.StatusOK, accountForm{}, newSecret{a.Login, password})
}

// homeProvince is the province whose areas an account may be given; the content knows the counties of this one.
const homeProvince = "320000"
