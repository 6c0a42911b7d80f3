package web

import (
	"net/http"
	"strings"

	"github.com/mileusna/useragent"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// sessionRoutes are the sessions of an account: its owner ends some, an administrator all.
func (s *server) sessionRoutes() []route {
	account, manage := access.Need{}, access.Need{Action: access.ManageAccounts}
	return []route{
		{"GET /account/sessions", account, s.ownSessions},
		{"POST /account/sessions/end", account, s.endSession},
		{"POST /account/sessions/others", account, s.endOtherSessions},
		{"POST /accounts/{id}/sessions", manage, s.endSessionsOf},
		{"POST /system/sessions", manage, s.endAllSessions},
	}
}

// sessionRow is a session in words.
type sessionRow struct {
	access.Session
	Device, Begun, Seen string
}

type sessionsData struct {
	Rows []sessionRow
	Done string // message key
}

func (s *server) ownSessions(w http.ResponseWriter, r *http.Request, v *visit) error {
	list, err := s.kept.Of(r.Context(), v.account, s.sessions.Token(r.Context()))
	if err != nil {
		return err
	}
	d := sessionsData{}
	switch r.FormValue("done") {
	case "one":
		d.Done = "sessions.ended"
	case "others":
		d.Done = "sessions.others_ended"
	}
	for _, one := range list {
		d.Rows = append(d.Rows, sessionRow{one, deviceOf(v.t, one.Agent), instant(one.BegunAt), instant(one.SeenAt)})
	}
	return s.show(w, r, s.shell(r, v, v.t.S("sessions.title")), http.StatusOK, sessionsPage(v.t, d))
}

// deviceOf is a browser in a few words, by what it says of itself.
func deviceOf(t i18n.T, agent string) string {
	ua := useragent.Parse(agent)
	major, _, _ := strings.Cut(ua.Version, ".")
	var words []string
	for _, word := range []string{strings.TrimSpace(ua.Name + " " + major), ua.OS, ua.Device} {
		if word != "" {
			words = append(words, word)
		}
	}
	if ua.Name == "" || len(words) == 0 {
		return t.S("sessions.unknown")
	}
	return strings.Join(words, " · ")
}

func (s *server) endSession(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.kept.End(r.Context(), v.account, r.PostFormValue("session")); err != nil {
		return err
	}
	s.Log.Info("session ended by its owner", "account", v.account, "from", remoteHost(r))
	return seeOther(w, r, "/account/sessions?done=one")
}

func (s *server) endOtherSessions(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.kept.EndOthers(r.Context(), v.account, s.sessions.Token(r.Context())); err != nil {
		return err
	}
	s.Log.Info("other sessions ended by their owner", "account", v.account, "from", remoteHost(r))
	return seeOther(w, r, "/account/sessions?done=others")
}

func (s *server) endSessionsOf(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.Access.EndSessions(r.Context(), v.scope, id, r.PostFormValue("why")); err != nil {
		return err
	}
	return seeOther(w, r, "/accounts")
}

// endAllSessions ends the administrator's own session too: the way on leads to the sign-in.
func (s *server) endAllSessions(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.Access.EndAllSessions(r.Context(), v.scope, r.PostFormValue("why")); err != nil {
		return err
	}
	s.Log.Warn("all sessions ended", "account", v.account, "from", remoteHost(r))
	return seeOther(w, r, "/sign-in")
}

// prove fails unless the visitor gives the own password again and, with a second factor, a code: before what a stolen session must not
// do. A wrong one is told like any other mistake in the form.
func (s *server) prove(r *http.Request, v *visit) error {
	err := s.Access.Prove(r.Context(), v.account.ID, r.PostFormValue("password"), r.PostFormValue("code"), remoteHost(r))
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindForbidden {
		s.Log.Warn("proof refused", "account", v.account, "route", r.Pattern, "from", remoteHost(r))
		return errs.Invalid(msg)
	}
	return err
}
