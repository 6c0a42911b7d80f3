package web

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/assess/round"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/flag"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/inbound"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/proof"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/retention"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/shelf"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/subsidy"
	"github.com/yanzhen/yanzhen/internal/target"
	visits "github.com/yanzhen/yanzhen/internal/visit"
)

// Limits on what comes in with a request, in bytes.
const (
	formLimit  = 256 << 10
	queryLimit = 16 << 10
)

// Deps is what pages stand on. All of it is needed, except Demo.
type Deps struct {
	Access     *access.Store
	Library    *content.Library
	Sources    *source.Store
	Frames     *fact.Frames
	Intake     *intake.Service
	Enrol      *enrol.Service
	Region     *region.Runner
	Versions   *version.Store
	Lab        *lab.Lab
	Scenarios  *lab.Store
	Cases      *casework.Store
	Book       *ledger.Book
	Subsidy    *subsidy.Store
	Selections *selection.Store
	Credit     *credit.Store
	Flags      *flag.Store
	Results    *results.Store
	Monitor    *monitor.Monitor
	Targets    *target.Store
	Bulletins  *bulletin.Store
	Rounds     *round.Store // of assessment
	Visits     *visits.Store
	Diagnoses  *diagnosis.Store
	Releases   *release.Store
	Proof      *proof.Prover
	Consent    *consent.Store
	Retention  *retention.Store
	Forms      *form.Store
	Notices    *notice.Store
	Carries    func(notice.Channel) bool // that messages go out by
	Clock      clock.Clock
	Log        *slog.Logger
	Secure     bool          // served over TLS: cookies say so
	Idle       time.Duration // after which a session that nobody uses ends; 0 for access.DefaultIdle
	Rate       int           // requests a second of one account, or of one address without one; 0 for DefaultRate

	// MapApproval is the number under which the deployer's map was reviewed (审图号); without one a map is for internal use.
	MapApproval string

	// Machine tells how the installation stands, for the administrator's page; nil where nobody can.
	Machine func() (Machine, error)

	// Stopping is closed when the server is told to stop, so that what would go on for ever ends; nil for never.
	Stopping <-chan struct{}

	// TrustedOrigins are "scheme://host[:port]" under which a proxy serves the pages when it rewrites the Host header.
	TrustedOrigins []string

	Demo *DemoInfo // nil outside a demonstration
}

// DefaultRate is more than anybody clicks, and enough for an office whose public visitors share an address.
const DefaultRate = 50

// DemoInfo is what a demonstration shows: that it is one, and accounts to sign in with.
type DemoInfo struct {
	Accounts []DemoAccount
}

// DemoAccount is an account that the sign-in page offers.
type DemoAccount struct {
	Login, Password string
	For             i18n.Text // who would use it
}

type server struct {
	Deps
	assets   *assets
	sessions *scs.SessionManager
	kept     access.Sessions // where it keeps them
	reader   *region.Reader
	limits   inbound.Limiter

	calcFacts shelf.Shelf[calcKey, *calcFacts]
	surveys   shelf.Shelf[surveyKey, surveyed]
}

// New is the handler of all pages.
func New(d Deps) (http.Handler, error) {
	s, err := newServer(d)
	if err != nil {
		return nil, err
	}
	return s.handler()
}

func newServer(d Deps) (*server, error) {
	if d.Access == nil || d.Library == nil || d.Sources == nil || d.Frames == nil || d.Intake == nil || d.Enrol == nil || d.Region == nil || d.Versions == nil || d.Lab == nil || d.Scenarios == nil || d.Forms == nil || d.Cases == nil || d.Book == nil || d.Subsidy == nil || d.Selections == nil || d.Credit == nil || d.Flags == nil || d.Results == nil || d.Targets == nil || d.Bulletins == nil || d.Monitor == nil || d.Rounds == nil || d.Visits == nil || d.Diagnoses == nil || d.Releases == nil || d.Proof == nil || d.Consent == nil || d.Retention == nil || d.Notices == nil || d.Carries == nil || d.Clock == nil || d.Log == nil {
		return nil, errors.New("web: Access, Library, Sources, Frames, Intake, Enrol, Region, Versions, Lab, Scenarios, Forms, Cases, Book, Subsidy, Selections, Credit, Flags, Results, Targets, Bulletins, Monitor, Rounds, Visits, Releases, Proof, Consent, Retention, Notices, Carries, Clock and Log are needed")
	}
	a, err := loadAssets()
	if err != nil {
		return nil, err
	}
	m := scs.New()
	kept := d.Access.Sessions(d.Idle)
	m.Store = kept
	m.Lifetime = 10 * time.Hour // a working day, used or not
	m.Cookie.Name = inbound.CookieName("yanzhen_session", d.Secure)
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = d.Secure
	s := &server{Deps: d, assets: a, sessions: m, kept: kept, reader: region.NewReader(d.Library)}
	s.limits.Rate = cmp.Or(d.Rate, DefaultRate)
	s.calcFacts.RoomFor(0)
	s.surveys.RoomFor(0)
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		s.answerError(w, r, &visit{t: langOf(r)}, fmt.Errorf("session: %w", err))
	}
	return s, nil
}

type route struct {
	pattern string
	need    access.Need
	handle  func(http.ResponseWriter, *http.Request, *visit) error
}

// routes is every address. The walker in the tests visits each of them as each role.
func (s *server) routes() []route {
	open, account := access.Need{Public: true}, access.Need{}
	return append(slices.Concat(s.templateRoutes(), s.labRoutes(), s.messageRoutes(), s.formRoutes(), s.caseRoutes(), s.subsidyRoutes(), s.reviewRoutes(), s.panelRoutes(), s.roundRoutes(), s.fundRoutes(), s.selectionRoutes(), s.judgingRoutes(), s.expertRoutes(), s.diagnosisRoutes(), s.adviserRoutes(), s.ladderRoutes(), s.chainRoutes(), s.assessRoutes(), s.yearlyRoutes(), s.visitRoutes(), s.paymentRoutes(), s.openingRoutes(), s.yearRoutes(), s.noticeRoutes(), s.releaseRoutes(), s.creditRoutes(), s.overviewRoutes(), s.listRoutes(), s.meetingRoutes(), s.flagRoutes(), s.targetRoutes(), s.bulletinRoutes(), s.proofRoutes(), s.registerRoutes(), s.retentionRoutes(), s.readingRoutes(), s.factorRoutes(), s.sessionRoutes(), s.figureRoutes(), s.mapRoutes(), s.pivotRoutes(), s.industryRoutes(), s.cockpitRoutes(), s.openRoutes()), []route{
		{"GET /{$}", open, s.start},
		{"GET /sign-in", open, s.signInPage},
		{"POST /sign-in", open, s.signIn},
		{"POST /sign-out", open, s.signOut},
		{"GET /activate", open, s.activatePage},
		{"POST /activate", open, s.activate},
		{"POST /language", open, s.setLanguage},
		{"GET /calculator", open, s.calculate},
		{"GET /calculator/receipt", open, s.calculatorReceipt},
		{"GET /policies", open, s.listPolicies},
		{"GET /policies/{policy}", open, s.showPolicy},
		{"GET /policies/{policy}/benefits", access.Need{Action: access.ReadSensitive, Area: true}, s.policyBenefits},
		{"POST /policies/{policy}/draft", access.Need{Action: access.DraftPolicy}, s.draftFrom},
		{"GET /versions", access.Need{Action: access.ReadDraft}, s.versions},
		{"POST /versions", access.Need{Action: access.DraftPolicy}, s.uploadVersion},
		{"POST /versions/blank", access.Need{Action: access.DraftPolicy}, s.blankVersion},
		{"GET /versions/{id}", open, s.version}, // what was in force is public
		{"GET /versions/{id}/package", open, s.versionPackage},
		{"GET /versions/{id}/effect", access.Need{Action: access.ReadSensitive, Area: true}, s.versionEffect},
		{"GET /versions/{id}/edit", access.Need{Action: access.DraftPolicy}, s.editVersion},
		{"POST /versions/{id}/edit", access.Need{Action: access.DraftPolicy}, s.saveForm},
		{"POST /versions/{id}/text", access.Need{Action: access.DraftPolicy}, s.saveText},
		{"POST /versions/{id}/file", access.Need{Action: access.DraftPolicy}, s.saveFile},
		{"POST /versions/{id}/propose", access.Need{Action: access.DraftPolicy}, s.versionStep(version.Offered, access.DraftPolicy, s.propose)},
		{"POST /versions/{id}/drop", access.Need{Action: access.DraftPolicy}, s.versionStep(version.Left, access.DraftPolicy, s.drop)},
		{"POST /versions/{id}/approve", access.Need{Action: access.ApprovePolicy}, s.versionStep(version.Approved, access.ApprovePolicy, s.approve)},
		{"POST /versions/{id}/reject", access.Need{Action: access.ApprovePolicy}, s.versionStep(version.Rejected, access.ApprovePolicy, s.reject)},
		{"POST /versions/{id}/end", access.Need{Action: access.ApprovePolicy}, s.versionStep(version.Ended, access.ApprovePolicy, s.end)},
		{"GET /today", access.Need{Action: access.Decide}, s.today},
		{"GET /today/region", access.Need{Action: access.ReadSensitive, Area: true}, s.todayRegion},
		{"GET /mine", access.Need{Action: access.ReadFact}, s.mine},
		{"GET /enterprises", access.Need{Action: access.ReadParty}, s.enterprises},
		{"GET /enterprises/export", access.Need{Action: access.Export}, s.exportEnterprises},
		{"GET /enterprises/{id}", access.Need{Action: access.ReadFact}, s.enterprise},
		{"GET /enterprises/{id}/receipt", access.Need{Action: access.ReadFact}, s.fileReceipt},
		{"GET /enterprises/{id}/facts/{subject}/{def}", access.Need{Action: access.ReadFact}, s.factTimeline},
		{"POST /enterprises/{id}/facts/{subject}/{def}/dispute", access.Need{Action: access.Dispute}, s.dispute},
		{"POST /enterprises/{id}/facts/{subject}/{def}/close", access.Need{Action: access.Decide}, s.closeDispute},
		{"GET /enterprises/{id}/facts/{subject}/{def}/report", access.Need{Action: access.Report}, s.reportForm},
		{"POST /enterprises/{id}/facts/{subject}/{def}/report", access.Need{Action: access.Report}, s.report},
		{"POST /enterprises/{id}/facts/{subject}/{def}/withdraw", access.Need{Action: access.Report}, s.withdraw},
		{"POST /enterprises/{id}/facts/{subject}/{def}/answer", access.Need{Action: access.Decide}, s.answerReport},
		{"GET /reports", access.Need{Action: access.ReadFact, Area: true}, s.reports},
		{"GET /reports/export", access.Need{Action: access.Export, Area: true}, s.exportReports},
		{"GET /enterprises/{id}/merge", access.Need{Action: access.Merge}, s.mergePage},
		{"POST /enterprises/{id}/merge", access.Need{Action: access.Merge}, s.merge},
		{"POST /enterprises/{id}/unmerge", access.Need{Action: access.Merge}, s.unmerge},
		{"GET /enterprises/{id}/accounts", access.Need{Action: access.ReadParty}, s.firmAccounts},
		{"POST /enterprises/{id}/accounts/open", access.Need{Action: access.IssueAccess}, s.openFirm},
		{"POST /enterprises/{id}/accounts/authorise", access.Need{Action: access.Delegate}, s.authorise},
		{"POST /enterprises/{id}/accounts/{account}/code", access.Need{Action: access.ReadParty}, s.firmCode},
		{"POST /enterprises/{id}/accounts/{account}/renew", access.Need{Action: access.Delegate}, s.renew},
		{"POST /enterprises/{id}/accounts/{account}/succeed", access.Need{Action: access.Delegate}, s.succeed},
		{"POST /enterprises/{id}/accounts/{account}/revoke", access.Need{Action: access.Delegate}, s.revoke},
		{"GET /mine/accounts", access.Need{Action: access.Delegate}, s.myAccounts},
		{"GET /enrolments", access.Need{Action: access.IssueAccess}, s.enrolments},
		{"POST /enrolments", access.Need{Action: access.IssueAccess}, s.orderEnrolment},
		{"GET /enrolments/{id}", access.Need{Action: access.IssueAccess}, s.enrolment},
		{"GET /enrolments/{id}/progress", access.Need{Action: access.IssueAccess}, s.enrolProgress},
		{"POST /enrolments/{id}/letters", access.Need{Action: access.IssueAccess}, s.enrolLetters},
		{"POST /enrolments/{id}/cancel", access.Need{Action: access.IssueAccess}, s.changeEnrolment(s.Enrol.Cancel)},
		{"POST /enrolments/{id}/resume", access.Need{Action: access.IssueAccess}, s.changeEnrolment(s.Enrol.Resume)},
		{"GET /region", access.Need{Action: access.ReadSensitive, Area: true}, s.regionPage},
		{"GET /region/firms", access.Need{Action: access.ReadSensitive, Area: true}, s.regionFirms},
		{"GET /region/export", access.Need{Action: access.Export, Area: true}, s.exportRegion},
		{"GET /imports", access.Need{Action: access.ReadFact, Area: true}, s.imports},
		{"POST /imports", access.Need{Action: access.Import}, s.upload},
		{"GET /imports/{id}", access.Need{Action: access.Import}, s.batch},
		{"GET /imports/{id}/progress", access.Need{Action: access.Import}, s.batchProgress},
		{"GET /imports/{id}/problems", access.Need{Action: access.Import}, s.exportProblems},
		{"GET /imports/{id}/remarks", access.Need{Action: access.Import}, s.remarkedFile},
		{"POST /imports/{id}/plan", access.Need{Action: access.Import}, s.replan},
		{"GET /imports/{id}/delivery", access.Need{Action: access.Import}, s.delivery},
		{"POST /imports/{id}/delivery/mend", access.Need{Action: access.Import}, s.mendDelivery},
		{"POST /imports/{id}/delivery/commit", access.Need{Action: access.Import}, s.commitDelivery},
		{"POST /imports/{id}/delivery/undo", access.Need{Action: access.UndoImport}, s.undoDelivery},
		{"POST /imports/{id}/mend", access.Need{Action: access.Import}, s.mend},
		{"POST /imports/{id}/commit", access.Need{Action: access.Import}, s.commitBatch},
		{"POST /imports/{id}/again", access.Need{Action: access.Import}, s.againBatch},
		{"POST /imports/{id}/cancel", access.Need{Action: access.Import}, s.cancelBatch},
		{"POST /imports/{id}/undo", access.Need{Action: access.UndoImport}, s.undoBatch},
		{"GET /search", access.Need{Action: access.ReadParty}, s.search},
		{"GET /search/suggest", access.Need{Action: access.ReadParty}, s.suggest},
		{"GET /find", access.Need{Action: access.ReadLog}, s.find},
		{"GET /find/export", access.Need{Action: access.ReadLog}, s.exportFind},
		{"GET /sources/{id}", access.Need{Action: access.ReadFact, Area: true}, s.sourceTrace},
		{"GET /system", access.Need{Action: access.ManageAccounts}, s.system},
		{"GET /log", access.Need{Action: access.ReadLog}, s.log},
		{"GET /log/export", access.Need{Action: access.ReadLog}, s.exportLog},
		{"GET /account", account, s.ownAccount},
		{"POST /account/password", account, s.changePassword},
		{"GET /account/tokens", account, s.tokens},
		{"POST /account/tokens", account, s.makeToken},
		{"POST /account/tokens/{id}/end", account, s.endToken},
		{"GET /accounts", access.Need{Action: access.ManageAccounts}, s.accounts},
		{"POST /accounts", access.Need{Action: access.ManageAccounts}, s.createAccount},
		{"POST /accounts/{id}/disable", access.Need{Action: access.ManageAccounts}, s.disableAccount},
		{"POST /accounts/{id}/enable", access.Need{Action: access.ManageAccounts}, s.enableAccount},
		{"POST /accounts/{id}/reset", access.Need{Action: access.ManageAccounts}, s.resetAccount},
	}...)
}

func (s *server) handler() (http.Handler, error) {
	pages := http.NewServeMux()
	for _, r := range s.routes() {
		pages.Handle(r.pattern, s.page(r))
	}
	pages.Handle("/", s.page(route{need: access.Need{Public: true}, handle: noSuchPage}))

	guard := http.NewCrossOriginProtection()
	for _, o := range s.TrustedOrigins {
		if err := guard.AddTrustedOrigin(o); err != nil {
			return nil, fmt.Errorf("trusted origin: %w", err)
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.answerError(w, r, &visit{t: langOf(r)}, errForeignForm)
	}))

	top := http.NewServeMux()
	top.Handle("GET /static/", s.assets)
	top.Handle("/", guard.Handler(s.sessions.LoadAndSave(pages)))
	return s.outermost(top), nil
}

// outermost sets the headers that every answer carries and turns a panic into an answer with an id.
func (s *server) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "+
			"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.answerError(w, r, &visit{t: langOf(r)}, panicked(p))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// page runs one route: who is asking, may they, then the handler; one place answers what it returns.
func (s *server) page(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		v := &visit{t: langOf(r)}
		defer func() {
			if r.MultipartForm == nil { // of a request that the sessions copied, so that the server does not know of it
				return
			}
			if err := r.MultipartForm.RemoveAll(); err != nil {
				s.Log.Error("uploaded file not removed", "error", err)
			}
		}()
		out := &recorder{ResponseWriter: w, record: func() error { return v.reads.Record(r.Context(), rt.pattern) }}
		answered := false
		defer func() {
			if answered {
				return
			}
			if err := out.record(); err != nil { // it has panicked, perhaps with half of a table sent
				s.Log.Error("readings not recorded", "error", err)
			}
		}()
		if err := s.enter(out, r, v, rt); err != nil {
			s.answerError(out, r, v, err)
		}
		answered = true
		out.end()
		if out.failed != nil {
			w.Header().Del("Content-Disposition")
			s.answerError(w, r, v, out.failed)
		}
	})
}

func (s *server) enter(w http.ResponseWriter, r *http.Request, v *visit, rt route) error {
	if len(r.URL.RawQuery) > queryLimit {
		return errTooLong
	}
	if err := s.identify(r, v); err != nil {
		return err
	}
	subject := "address " + remoteHost(r)
	if v.signedIn() {
		subject = "account " + strconv.FormatInt(v.account.ID, 10)
	}
	if wait := s.limits.Take(subject, s.Clock()); wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
		return errTooFast
	}
	if !rt.need.Public && !v.signedIn() {
		return errSignIn
	}
	if (v.overdue || v.lacks) && rt.need.Public { // until that is done, it sees what everybody does
		v.scope = access.Scope{}
	}
	if v.overdue && !rt.need.Public && rt.pattern != "GET /account" && rt.pattern != "POST /account/password" {
		return errOverdue
	}
	if v.lacks && !v.overdue && !rt.need.Public && !slices.Contains(factorPaths, rt.pattern) {
		return errLacks
	}
	if !rt.need.MetBy(v.scope) {
		return forbidden(rt.need.Action)
	}
	if r.Body != nil && !rt.ownLimit() {
		limit := int64(formLimit)
		if strings.HasPrefix(rt.pattern, "POST /sign-in") {
			limit = 2 * carryLimit
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		if err := r.ParseForm(); err != nil {
			return badForm(err)
		}
		if err := textual(r.Form); err != nil {
			return err
		}
	}
	if err := s.countUnread(r, v); err != nil {
		return err
	}
	return rt.handle(w, r, v)
}

// ownLimit says that the handler reads the body itself, within its own bounds.
func (rt route) ownLimit() bool {
	return strings.HasPrefix(rt.pattern, "POST /template/") || strings.HasPrefix(rt.pattern, "POST /forms/") || strings.HasPrefix(rt.pattern, "POST /cases/{id}/act/") || strings.HasPrefix(rt.pattern, "POST /visits/") ||
		slices.Contains([]string{"POST /imports", "POST /enrolments", "POST /versions", "POST /versions/{id}/edit", "POST /versions/{id}/text", "POST /versions/{id}/file", "POST /cases/{id}/files", "POST /reviews", "POST /reviews/sheet", "POST /targets/{plan}/{id}/sheet", "POST /fund/payments/{id}/result"}, rt.pattern)
}
