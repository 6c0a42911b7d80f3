package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/inbound"
)

// visit is one request's visitor: who, in which language, with what rights.
type visit struct {
	t       i18n.T
	account access.Account // its zero value is the public
	scope   access.Scope
	unread  int  // messages, for the bell
	overdue bool // the password must be changed first
	lacks   bool // a second factor must be taken first
	reads   *consent.Visit
}

func (v *visit) signedIn() bool { return v.account.ID != 0 }

const (
	overdueKey     = "overdue" // of the session: it began with a password that must be changed
	languageCookie = "yanzhen_lang"
)

// langOf is the language that the visitor chose; Chinese until they did.
func langOf(r *http.Request) i18n.T {
	for _, secure := range []bool{true, false} {
		if c, err := r.Cookie(inbound.CookieName(languageCookie, secure)); err == nil {
			return i18n.T{Lang: i18n.Parse(c.Value)}
		}
	}
	return i18n.T{Lang: i18n.ZH}
}

// identify fills in who is asking. A session whose account was disabled, or whose password or rights changed, ends.
func (s *server) identify(r *http.Request, v *visit) error {
	ticket := s.sessions.GetString(r.Context(), access.TicketKey)
	if ticket == "" {
		return nil
	}
	a, err := s.Access.ByTicket(r.Context(), ticket)
	switch {
	case errs.KindOf(err) == errs.KindNotFound:
		return s.sessions.Destroy(r.Context())
	case err != nil:
		return err
	}
	v.account, v.overdue = a, s.sessions.GetBool(r.Context(), overdueKey)
	if v.lacks, err = s.Access.Lacks(r.Context(), a); err != nil {
		return err
	}
	v.scope, v.reads, err = s.Consent.Enter(r.Context(), a)
	return err
}

// countUnread is for the bell of a whole page.
func (s *server) countUnread(r *http.Request, v *visit) (err error) {
	if !v.scope.Can(access.ReadNotice) || byScript(r) {
		return nil
	}
	v.unread, err = s.Notices.Unread(r.Context(), v.scope)
	return err
}

// shell is the frame around a page of this visit.
func (s *server) shell(r *http.Request, v *visit, title string) shell {
	sh := shell{T: v.t, Assets: s.assets, Title: title, Here: here(r)}
	if v.signedIn() {
		sh.Bell, sh.Unread = v.scope.Can(access.ReadNotice), v.unread
		sh.Account = strconv.FormatInt(v.account.ID, 10)
		sh.Person, sh.Role = v.account.Name, v.t.S("access.role."+string(v.scope.Role()))
	}
	sh.Search = v.scope.Can(access.ReadParty)
	for _, e := range navOf(v) {
		inLab := strings.HasPrefix(r.URL.Path, "/policies/") && strings.Contains(r.URL.Path, "/lab")
		e.Current = e.Href == r.URL.Path || strings.HasPrefix(r.URL.Path, e.Href+"/") && !inLab || e.Href == "/lab" && inLab ||
			e.Href == "/mine" && strings.HasPrefix(r.URL.Path, "/enterprises/") && !strings.Contains(r.URL.Path, "/accounts") ||
			e.Href == "/mine/accounts" && strings.Contains(r.URL.Path, "/accounts") || e.Href == "/region" && ofFigures(r.URL.Path)
		sh.Nav = append(sh.Nav, e)
	}
	if s.Demo != nil {
		sh.DemoDay = s.Clock.Today().String()
	}
	return sh
}

// navEntries is how many entries a person takes in at a glance.
const navEntries = 7

// navOf is what a visitor finds at the top: at most seven entries, by what the person wants.
func navOf(v *visit) []navEntry {
	var all []navEntry
	add := func(key, href string) { all = append(all, navEntry{Label: v.t.S(key), Href: href}) }
	switch v.scope.Role() {
	case access.CountyOfficial, access.CityOfficial:
		add("web.nav_today", "/today")
		add("casepage.title", "/cases")
		add("web.nav_enterprises", "/enterprises")
		add("web.nav_region", "/region")
		add("fundpage.title", "/fund")
		add("web.nav_imports", "/imports")
	case access.Auditor:
		add("people.find", "/find")
		add("casepage.title", "/cases")
		add("fundpage.title", "/fund")
		add("web.nav_enterprises", "/enterprises")
		add("web.nav_region", "/region")
	case access.Enterprise:
		add("web.nav_mine", "/mine")
		add("assesspage.nav", "/assess")
		add("casepage.title", "/cases")
		add("people.nav_handlers", "/mine/accounts")
		add("creditpage.products", "/products")
	case access.Handler, access.Viewer:
		add("web.nav_mine", "/mine")
		add("assesspage.nav", "/assess")
		add("casepage.title", "/cases")
		add("creditpage.products", "/products")
	case access.Finance:
		add("casepage.title", "/cases")
		add("fundpage.title", "/fund")
	case access.TaxBureau, access.SafetyBureau, access.EnvironmentBureau, access.CreditOffice, access.Expert, access.AuditFirm:
		add("casepage.title", "/cases")
	case access.Bank:
		add("casepage.title", "/cases")
		add("listpage.title", "/credit/lists")
	case access.Institute:
		add("casepage.title", "/cases")
		add("diagnosispage.title", "/diagnoses")
	case access.Administrator:
		add("people.system", "/system")
		add("web.nav_accounts", "/accounts")
	}
	if v.scope.Can(access.ReadLog) && !v.scope.Can(access.Decide) { // officials find it on their page of today
		add("web.nav_log", "/log")
	}
	add("web.nav_policies", "/policies")
	if len(all) < navEntries { // officials find it at each policy
		add("web.nav_calculator", "/calculator")
	}
	return all
}

// here is the request's own address for coming back to it: the page itself, never a form's target.
func here(r *http.Request) string {
	if r.Method != http.MethodGet {
		return localPath(r.Header.Get("Referer"))
	}
	return r.URL.RequestURI()
}

// localPath is an address of ours, or "/" for anything that could lead elsewhere.
func localPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\n\r") {
		return "/"
	}
	u.Scheme, u.Host, u.User = "", "", nil
	return u.RequestURI()
}

// show answers with a page. It is drawn before the first byte is sent, so that a failure is still an answer.
func (s *server) show(w http.ResponseWriter, r *http.Request, sh shell, status int, body templ.Component) error {
	framed := templ.ComponentFunc(func(ctx context.Context, out io.Writer) error {
		return page(sh).Render(templ.WithChildren(ctx, body), out)
	})
	return write(w, r, status, framed)
}

// part answers with a piece of a page, for a request by script.
func part(w http.ResponseWriter, r *http.Request, status int, body templ.Component) error {
	return write(w, r, status, body)
}

// sheets are what pages are drawn on, of use again once the page was sent.
var sheets = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func write(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	buf := sheets.Get().(*bytes.Buffer)
	defer sheets.Put(buf)
	buf.Reset()
	if err := c.Render(r.Context(), buf); err != nil {
		return fmt.Errorf("draw page: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "HX-Request")
	w.WriteHeader(status)
	_, _ = w.Write(buf.Bytes()) // the visitor has gone; nobody is left to tell
	return nil
}

// byScript says that htmx asks for a piece of a page.
func byScript(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// seeOther sends the browser on after a form.
func seeOther(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func htmlLang(t i18n.T) string {
	if t.Lang == i18n.EN {
		return "en"
	}
	return "zh-CN"
}
