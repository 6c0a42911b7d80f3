package web

import (
	"net"
	"net/http"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/inbound"
)

// start leads a visitor to what they come for.
func (s *server) start(w http.ResponseWriter, r *http.Request, v *visit) error {
	switch v.scope.Role() {
	case access.CountyOfficial, access.CityOfficial:
		return seeOther(w, r, "/today")
	case access.Auditor:
		return seeOther(w, r, "/find")
	case access.Enterprise, access.Handler, access.Viewer:
		return seeOther(w, r, "/mine")
	case access.Administrator:
		return seeOther(w, r, "/system")
	case access.Finance, access.TaxBureau, access.SafetyBureau, access.EnvironmentBureau, access.CreditOffice, access.Expert, access.AuditFirm, access.Bank, access.Institute:
		return seeOther(w, r, "/cases")
	}
	return s.open(w, r, v)
}

func (s *server) signInPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := signInForm{Next: localPath(r.FormValue("next")), Ended: r.FormValue("ended") == "1"}
	return s.showSignIn(w, r, v, http.StatusOK, f)
}

func (s *server) showSignIn(w http.ResponseWriter, r *http.Request, v *visit, status int, f signInForm) error {
	return s.show(w, r, s.shell(r, v, v.t.S("web.sign_in")), status, signInPage(v.t, f, s.Demo))
}

// signIn checks the password and begins a new session, or asks for the second factor.
func (s *server) signIn(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := readSignIn(r)
	account, err := s.Access.Authenticate(r.Context(), f.Login, r.PostFormValue("password"), remoteHost(r))
	if err != nil {
		msg, forUser := errs.Message(err)
		if !forUser {
			return err
		}
		s.Log.Warn("sign-in refused", "from", remoteHost(r), "locked", access.Locks(err))
		f.Error = v.t.Msg(msg)
		return s.showSignIn(w, r, v, signInStatus(err), f)
	}
	if account.Factor() {
		return s.askForCode(w, r, v, account, f)
	}
	return s.signedIn(w, r, v, account, f)
}

// readSignIn is what a sign-in brings along: where it leads, and what was typed before a session ended.
func readSignIn(r *http.Request) signInForm {
	f := signInForm{Login: strings.TrimSpace(r.PostFormValue("login")), Next: localPath(r.PostFormValue("next"))}
	for name, values := range r.PostForm {
		if name, ok := strings.CutPrefix(name, carryPrefix); ok {
			f.Carries, f.Carried = true, append(f.Carried, option{name, values[0]})
		}
	}
	return f
}

// signedIn begins the session of who has shown all that the account asks for, and leads on.
func (s *server) signedIn(w http.ResponseWriter, r *http.Request, v *visit, a access.Account, f signInForm) error {
	if err := s.letIn(r, a); err != nil {
		return err
	}
	if f.Carries {
		return s.show(w, r, s.shell(r, v, v.t.S("formpage.go_on")), http.StatusOK, carryPage(v.t, f))
	}
	return seeOther(w, r, f.Next)
}

// letIn begins a session of an account: the token from before is worth nothing afterwards.
func (s *server) letIn(r *http.Request, a access.Account) error {
	if err := s.sessions.RenewToken(r.Context()); err != nil {
		return err
	}
	s.sessions.Put(r.Context(), access.TicketKey, a.Ticket())
	s.sessions.Put(r.Context(), access.AddressKey, remoteHost(r))
	s.sessions.Put(r.Context(), access.AgentKey, r.UserAgent())
	s.sessions.Put(r.Context(), overdueKey, s.Access.Overdue(a))
	s.Log.Info("session begun", "account", a, "route", r.Pattern)
	return nil
}

// signInStatus tells a wrong password or code from too many tries, and from a server that cannot tell.
func signInStatus(err error) int {
	if errs.KindOf(err) == errs.KindUnavailable {
		return statusOf(err)
	}
	return http.StatusUnprocessableEntity
}

// remoteHost is the address that a request came from, for the limit on tries.
func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	if v.signedIn() {
		s.Log.Info("signed out", "account", v.account)
	}
	w.Header().Set("Clear-Site-Data", `"storage"`)
	return seeOther(w, r, "/sign-in")
}

// setLanguage keeps the language in a cookie of its own, so that it outlives the session and works without one.
func (s *server) setLanguage(w http.ResponseWriter, r *http.Request, _ *visit) error {
	http.SetCookie(w, &http.Cookie{
		Name: inbound.CookieName(languageCookie, s.Secure), Value: string(i18n.Parse(r.PostFormValue("lang"))), Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode,
	})
	return seeOther(w, r, localPath(r.PostFormValue("back")))
}
