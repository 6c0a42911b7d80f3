package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// failure is an error as the visitor reads it.
type failure struct {
	Title, Text string
	ID          string // stands in the log; only for what is our own fault
}

// Errors of the pages themselves.
var (
	errSignIn      = errors.New("sign-in needed")
	errOverdue     = errors.New("password is overdue")
	errLacks       = errors.New("second factor needed")
	errForeignForm = &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("web.foreign_form")}
	errTooLong     = errs.Invalid(i18n.M("web.query_too_long", queryLimit>>10))
	errTooFast     = &errs.Error{Kind: errs.KindUnavailable, Msg: i18n.M("web.too_fast")}
	errNoPage      = &errs.Error{Kind: errs.KindNotFound, Msg: i18n.M("web.no_page")}
)

func forbidden(a access.Action) error { return errs.Forbidden(string(a)) }

func noSuchPage(http.ResponseWriter, *http.Request, *visit) error { return errNoPage }

// panicked is a recovered panic as an error; its trace goes to the log.
func panicked(p any) error { return fmt.Errorf("panic: %v\n%s", p, debug.Stack()) }

// badForm is a body that could not be read.
func badForm(err error) error {
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		return &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("web.form_too_big", tooBig.Limit>>10), Err: err}
	}
	return &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("web.bad_form"), Err: err}
}

// textual refuses what is no text: not UTF-8, or with a NUL, which no database column takes.
func textual(in url.Values) error {
	for name, values := range in {
		for _, text := range append([]string{name}, values...) {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				return &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("web.bad_form"), Err: fmt.Errorf("field %q is no text", name)}
			}
		}
	}
	return nil
}

// statusOf is how an error is answered over HTTP.
func statusOf(err error) int {
	var tooBig *http.MaxBytesError
	switch {
	case access.Locks(err), errors.Is(err, errTooFast):
		return http.StatusTooManyRequests
	case errors.As(err, &tooBig):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errTooLong):
		return http.StatusRequestURITooLong
	}
	return errs.KindOf(err).Status()
}

// answerError tells the visitor what went wrong and what to do. What is our fault gets an id that stands in the log.
func (s *server) answerError(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	if errors.Is(err, errSignIn) {
		s.askToSignIn(w, r, v)
		return
	}
	for first, to := range map[error]string{errOverdue: "/account", errLacks: "/account/factor"} {
		if !errors.Is(err, first) {
			continue
		}
		if byScript(r) {
			w.Header().Set("HX-Redirect", to)
			return
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	if r.Context().Err() != nil {
		return // the visitor has gone
	}
	status := statusOf(err)
	f := failure{Title: v.t.S("web.status_" + strconv.Itoa(status))}
	if msg, ok := errs.Message(err); ok {
		f.Text = v.t.Msg(msg)
	} else {
		f.Text = v.t.S("web.our_fault")
	}
	if status == http.StatusForbidden {
		s.Log.Warn("refused", "account", v.account, "method", r.Method, "route", r.Pattern, "from", remoteHost(r))
	}
	if status >= http.StatusInternalServerError {
		f.ID = rand.Text()[:12]
		s.Log.Error("request failed", "id", f.ID, "method", r.Method, "route", r.Pattern, "error", err)
	}
	if byScript(r) {
		err = part(w, r, status, errorNote(v.t, f))
	} else {
		err = s.show(w, r, s.shell(r, v, f.Title), status, errorPage(v.t, f))
	}
	if err != nil {
		s.Log.Error("error page failed", "error", err)
		http.Error(w, f.Title, status)
	}
}

// askToSignIn leads to the sign-in page and back. A form that was sent is not lost silently: the page carries along what was
// typed where the form asks for it, else it says that the session had ended before it arrived. A script that keeps what is
// typed is told so and stays where it is.
func (s *server) askToSignIn(w http.ResponseWriter, r *http.Request, v *visit) {
	if byScript(r) && r.Header.Get("HX-Target") == "form-state" {
		if err := part(w, r, http.StatusOK, formEnded(v.t)); err != nil {
			s.Log.Error("page failed", "error", err)
		}
		return
	}
	if f, ok := s.carried(w, r); ok {
		if err := s.showSignIn(w, r, v, http.StatusUnauthorized, f); err != nil {
			s.Log.Error("page failed", "error", err)
		}
		return
	}
	to := "/sign-in?next=" + url.QueryEscape(here(r))
	if r.Method != http.MethodGet {
		to += "&ended=1"
	}
	if byScript(r) {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusOK)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// carryLimit is the largest form that is carried over a new sign-in, in bytes, and carryPrefix stands before its names.
const (
	carryLimit  = 1 << 20
	carryPrefix = "carry:"
)

// carried is what a form held that was sent after its session had ended, where the form wants it carried. Files are not.
func (s *server) carried(w http.ResponseWriter, r *http.Request) (signInForm, bool) {
	if r.Method != http.MethodPost || r.ContentLength > carryLimit {
		return signInForm{}, false
	}
	r.Body = http.MaxBytesReader(w, r.Body, carryLimit)
	if err := takeFormBody(w, r); err != nil || r.PostFormValue("carry") != "1" {
		return signInForm{}, false
	}
	f := signInForm{Next: r.URL.RequestURI(), Carries: true}
	for name, values := range r.PostForm {
		for _, value := range values {
			f.Carried = append(f.Carried, option{name, value})
		}
	}
	slices.SortFunc(f.Carried, func(a, b option) int { return strings.Compare(a.Value, b.Value) })
	return f, true
}
