package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"net/http"
	"net/url"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
)

// factorRoutes are the second factor of an account, and who must have one.
func (s *server) factorRoutes() []route {
	account, manage := access.Need{}, access.Need{Action: access.ManageAccounts}
	return []route{
		{"POST /sign-in/code", access.Need{Public: true}, s.signInCode},
		{"GET /account/factor", account, s.factor},
		{"POST /account/factor", account, s.offerFactor},
		{"POST /account/factor/take", account, s.takeFactor},
		{"POST /account/factor/spares", account, s.renewSpares},
		{"POST /account/factor/drop", account, s.dropFactor},
		{"POST /accounts/{id}/factor", manage, s.resetFactor},
		{"GET /system/sign-in", manage, s.signInRules},
		{"POST /system/sign-in", manage, s.demandFactor},
	}
}

// factorPaths are what a visitor who must get a second factor may do before.
var factorPaths = []string{"GET /account/factor", "POST /account/factor", "POST /account/factor/take"}

// askForCode is the second half of a sign-in: what was typed before the session ended goes along.
func (s *server) askForCode(w http.ResponseWriter, r *http.Request, v *visit, a access.Account, f signInForm) (err error) {
	if f.Ticket, err = s.Access.Halfway(r.Context(), a); err != nil {
		return err
	}
	return s.showCode(w, r, v, http.StatusOK, f)
}

func (s *server) showCode(w http.ResponseWriter, r *http.Request, v *visit, status int, f signInForm) error {
	return s.show(w, r, s.shell(r, v, v.t.S("factor.code")), status, codePage(v.t, f))
}

// signInCode checks the code and begins a new session.
func (s *server) signInCode(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := readSignIn(r)
	f.Ticket = r.PostFormValue("ticket")
	a, err := s.Access.Complete(r.Context(), f.Ticket, r.PostFormValue("code"), remoteHost(r))
	if err == nil {
		return s.signedIn(w, r, v, a, f)
	}
	msg, forUser := errs.Message(err)
	if !forUser {
		return err
	}
	s.Log.Warn("code refused", "from", remoteHost(r), "locked", access.Locks(err))
	s.noKey(err)
	f.Error = v.t.Msg(msg)
	if errs.KindOf(err) == errs.KindConflict { // the ticket is over
		return s.showSignIn(w, r, v, http.StatusUnprocessableEntity, f)
	}
	return s.showCode(w, r, v, signInStatus(err), f)
}

// factorData is the page of the second factor of an account.
type factorData struct {
	Has, Must bool
	Since     string
	Left      int           // codes for who loses the app
	Offer     *access.Offer // being made
	QR        string        // its picture, a data URL
	Spares    []string      // shown once
	Done      string        // message key
	Errors    map[string]string
}

func (s *server) factor(w http.ResponseWriter, r *http.Request, v *visit) error {
	d := factorData{}
	if r.FormValue("done") == "dropped" {
		d.Done = "factor.dropped"
	}
	return s.showFactor(w, r, v, http.StatusOK, d)
}

func (s *server) showFactor(w http.ResponseWriter, r *http.Request, v *visit, status int, d factorData) (err error) {
	d.Has, d.Must = v.account.Factor(), v.lacks
	if d.Has {
		d.Since = instant(v.account.FactorAt)
		if d.Left, err = s.Access.Spares(r.Context(), v.account.ID); err != nil {
			return err
		}
	}
	if d.Offer != nil {
		if d.QR, err = qr(*d.Offer); err != nil {
			return err
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("factor.title")), status, factorPage(v.t, d))
}

// qrPixels is how wide the picture is that an app reads.
const qrPixels = 232

// qr is the picture of an offer as a data URL: it stands nowhere but in the page.
func qr(o access.Offer) (string, error) {
	img, err := o.Key.Image(qrPixels, qrPixels)
	if err != nil {
		return "", fmt.Errorf("draw the code of a second factor: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", fmt.Errorf("draw the code of a second factor: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// issuerOf is what an app calls the installation: the host that people know.
func (s *server) issuerOf(r *http.Request) string {
	if u, err := url.Parse(s.siteOf(r)); err == nil && u.Hostname() != "" {
		return "Yanzhen " + u.Hostname()
	}
	return "Yanzhen"
}

func (s *server) offerFactor(w http.ResponseWriter, r *http.Request, v *visit) error {
	o, err := s.Access.OfferFactor(r.Context(), v.account.ID, r.PostFormValue("password"), s.issuerOf(r), remoteHost(r))
	if err != nil {
		return s.factorProblem(w, r, v, "password", err)
	}
	return s.showFactor(w, r, v, http.StatusOK, factorData{Offer: &o})
}

// takeFactor gives the account its second factor. Its sessions end; this one goes on under a new token.
func (s *server) takeFactor(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, ticket := r.Context(), r.PostFormValue("ticket")
	spares, err := s.Access.TakeFactor(ctx, v.account.ID, ticket, r.PostFormValue("code"), remoteHost(r))
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindForbidden { // a wrong code: the picture again
		o, err := s.Access.Offered(ctx, v.account.ID, ticket, s.issuerOf(r))
		if err != nil {
			return s.factorProblem(w, r, v, "password", err)
		}
		return s.showFactor(w, r, v, http.StatusUnprocessableEntity, factorData{Offer: &o, Errors: map[string]string{"code": v.t.Msg(msg)}})
	}
	if err != nil {
		return s.factorProblem(w, r, v, "password", err)
	}
	if err := s.letInAgain(r, v); err != nil {
		return err
	}
	return s.showFactor(w, r, v, http.StatusOK, factorData{Spares: spares, Done: "factor.made"})
}

// letInAgain begins the session anew of who has just ended all sessions of the own account.
func (s *server) letInAgain(r *http.Request, v *visit) (err error) {
	if v.account, err = s.Access.ByID(r.Context(), v.account.ID); err != nil {
		return err
	}
	v.lacks = false
	return s.letIn(r, v.account)
}

func (s *server) renewSpares(w http.ResponseWriter, r *http.Request, v *visit) error {
	spares, err := s.Access.RenewSpares(r.Context(), v.account.ID, r.PostFormValue("password"), r.PostFormValue("code"), remoteHost(r))
	if err != nil {
		return s.factorProblem(w, r, v, "spares", err)
	}
	return s.showFactor(w, r, v, http.StatusOK, factorData{Spares: spares, Done: "factor.renewed"})
}

func (s *server) dropFactor(w http.ResponseWriter, r *http.Request, v *visit) error {
	err := s.Access.DropFactor(r.Context(), v.account.ID, r.PostFormValue("password"), r.PostFormValue("code"), remoteHost(r))
	if err != nil {
		return s.factorProblem(w, r, v, "drop", err)
	}
	if err := s.letInAgain(r, v); err != nil {
		return err
	}
	return seeOther(w, r, "/account/factor?done=dropped")
}

// factorProblem says on the page what is wrong with a form, by the field or the form that it belongs to.
func (s *server) factorProblem(w http.ResponseWriter, r *http.Request, v *visit, at string, err error) error {
	msg, ok := errs.Message(err)
	if !ok {
		return err
	}
	s.noKey(err)
	status := statusOf(err)
	if errs.KindOf(err) == errs.KindForbidden || errs.KindOf(err) == errs.KindUnavailable {
		status = signInStatus(err)
	}
	return s.showFactor(w, r, v, status, factorData{Errors: map[string]string{at: v.t.Msg(msg)}})
}

// noKey writes down that second factors do not work here, which whoever runs the server must mend.
func (s *server) noKey(err error) {
	if errs.KindOf(err) == errs.KindUnavailable && !access.Locks(err) {
		s.Log.Error("second factors", "error", err)
	}
}

func (s *server) resetFactor(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.Access.ResetFactor(r.Context(), v.scope, id, r.PostFormValue("why")); err != nil {
		return err
	}
	return seeOther(w, r, "/accounts")
}

// rulesData is what an administrator decides on how people sign in.
type rulesData struct {
	Roles []demandRow
	Done  string // message key
}

// demandRow is a role, and whether it must have a second factor.
type demandRow struct {
	Role         access.Role
	Fixed, Named bool // by the installation, by an administrator
}

func (s *server) signInRules(w http.ResponseWriter, r *http.Request, v *visit) error {
	demanded, err := s.Access.Demanded(r.Context())
	if err != nil {
		return err
	}
	d := rulesData{}
	if r.FormValue("done") == "saved" {
		d.Done = "factor.saved"
	}
	for _, role := range access.Roles() {
		d.Roles = append(d.Roles, demandRow{role, slices.Contains(s.Access.Factors, role), slices.Contains(demanded, role)})
	}
	return s.show(w, r, s.shell(r, v, v.t.S("factor.rules")), http.StatusOK, rulesPage(v.t, d))
}

func (s *server) demandFactor(w http.ResponseWriter, r *http.Request, v *visit) error {
	var roles []access.Role
	for _, text := range r.PostForm["role"] {
		roles = append(roles, access.Role(text))
	}
	if err := s.Access.DemandFactor(r.Context(), v.scope, roles); err != nil {
		return err
	}
	return seeOther(w, r, "/system/sign-in?done=saved")
}
