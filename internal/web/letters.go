package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// day is an instant as a date.
func day(ms int64) string { return time.UnixMilli(ms).In(clock.Beijing).Format(time.DateOnly) }

// printLetters answers with letters to print, or with a file of them where the form asks for one. They are shown this
// once: the codes in them stand nowhere else.
func (s *server) printLetters(w http.ResponseWriter, r *http.Request, v *visit, list []enrol.Letter, back string) error {
	head := Letterhead{Site: s.siteOf(r), Sender: v.account.Name, Day: day(s.Access.Now()), Demo: s.Demo != nil}
	if r.PostFormValue("as") != "file" {
		d := head.doc(v.t, list)
		d.Back, d.Font = back, s.assets.Vendor("noto-sans-sc/400.css")
		return write(w, r, http.StatusOK, letters(v.t, d))
	}
	var buf bytes.Buffer
	if err := head.Write(r.Context(), &buf, v.t, list); err != nil {
		return err
	}
	attach(w, v.t.S("people.letters_file")+"-"+head.Day+".html", "text/html; charset=utf-8")
	_, err := w.Write(buf.Bytes())
	return err
}

// Letterhead is what all letters of a print have in common.
type Letterhead struct {
	Site   string // where one signs in
	Sender string // who gives the codes out
	Day    string
	Demo   bool // the letters are of a demonstration
}

func (h Letterhead) doc(t i18n.T, list []enrol.Letter) letterDoc {
	d := letterDoc{Site: strings.TrimSuffix(h.Site, "/"), Sender: h.Sender, Day: h.Day}
	if h.Demo {
		d.Demo = t.S("people.letter_demo")
	}
	for _, l := range list {
		d.Letters = append(d.Letters, letter{
			Firm: l.Firm.Name, Code: string(l.Firm.USCC), Address: l.Address, Name: l.Name, Login: l.Login,
			For: t.S("access.role." + string(l.Role)), Groups: strings.Split(l.Text, "-"), Until: day(l.ExpiresAt),
			Delegates: l.Role == access.Enterprise,
		})
	}
	return d
}

// Write makes one document of letters that leans on nothing else: a page of A4 each, to be printed from a browser.
func (h Letterhead) Write(ctx context.Context, w io.Writer, t i18n.T, list []enrol.Letter) error {
	if err := letters(t, h.doc(t, list)).Render(ctx, w); err != nil {
		return fmt.Errorf("draw letters: %w", err)
	}
	return nil
}

// siteOf is the address under which visitors find these pages: the first that a proxy serves them under, else the one
// that this request came to.
func (s *server) siteOf(r *http.Request) string {
	switch {
	case len(s.TrustedOrigins) > 0:
		return s.TrustedOrigins[0]
	case s.Secure:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// activatePage is where a code becomes a password.
func (s *server) activatePage(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showActivate(w, r, v, http.StatusOK, activateForm{Login: r.FormValue("login")})
}

func (s *server) showActivate(w http.ResponseWriter, r *http.Request, v *visit, status int, f activateForm) error {
	return s.show(w, r, s.shell(r, v, v.t.S("people.activate")), status, activatePage(v.t, f))
}

// activate sets the first password, or the next after a reset, and signs in.
func (s *server) activate(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := activateForm{Login: strings.TrimSpace(r.PostFormValue("login")), Code: strings.TrimSpace(r.PostFormValue("code"))}
	fresh := r.PostFormValue("new")
	if fresh != r.PostFormValue("again") {
		f.Errors = map[string]string{"again": v.t.S("web.passwords_differ")}
		return s.showActivate(w, r, v, http.StatusUnprocessableEntity, f)
	}
	account, err := s.Access.Activate(r.Context(), f.Login, f.Code, fresh, remoteHost(r))
	if err != nil {
		return s.refuseActivation(w, r, v, f, err)
	}
	if account.Factor() { // the code of the letter stands for the password alone
		return s.askForCode(w, r, v, account, signInForm{Next: "/"})
	}
	return s.signedIn(w, r, v, account, signInForm{Next: "/"})
}

func (s *server) refuseActivation(w http.ResponseWriter, r *http.Request, v *visit, f activateForm, err error) error {
	msg, forUser := errs.Message(err)
	if !forUser {
		return err
	}
	s.Log.Warn("activation refused", "from", remoteHost(r), "locked", access.Locks(err))
	field := "code"
	if errs.KindOf(err) == errs.KindInvalid {
		field = "new"
	}
	f.Errors = map[string]string{field: v.t.Msg(msg)}
	return s.showActivate(w, r, v, signInStatus(err), f)
}
