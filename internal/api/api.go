package api

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"runtime/debug"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

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
	"github.com/yanzhen/yanzhen/internal/errs"
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
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
	"github.com/yanzhen/yanzhen/internal/target"
	"github.com/yanzhen/yanzhen/internal/visit"
)

// Prefix is where the API is served.
const Prefix = "/api/v1"

// Deps is what the API stands on. All of it is needed down to Log.
type Deps struct {
	DB         *store.DB // for the answers that it remembers
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
	Notices    *notice.Store
	Forms      *form.Store
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
	Visits     *visit.Store
	Diagnoses  *diagnosis.Store
	Releases   *release.Store
	Proof      *proof.Prover
	Consent    *consent.Store
	Clock      clock.Clock
	Log        *slog.Logger
	Machine    func() (Machine, error) // how the installation stands; nil where nobody can tell
	Rate       int                     // requests a second for one token, or for one address without a token; 0 is DefaultRate
	Demo       bool                    // the data is synthetic, and exports say so

	// MapApproval is the number under which the deployer's map was reviewed (审图号); without one a map is for internal use.
	MapApproval string
}

// DefaultRate leaves a program room to read a city in a minute, and others room beside it.
const DefaultRate = 100

type server struct {
	Deps
	api    huma.API
	ops    []operation
	limits inbound.Limiter
	reader *region.Reader
}

// New is the handler of everything under Prefix.
func New(d Deps) (http.Handler, error) {
	s, err := newServer(d)
	if err != nil {
		return nil, err
	}
	return s.handler(), nil
}

func newServer(d Deps) (*server, error) {
	if d.DB == nil || d.Access == nil || d.Library == nil || d.Sources == nil || d.Frames == nil || d.Intake == nil || d.Enrol == nil || d.Region == nil || d.Versions == nil || d.Lab == nil || d.Scenarios == nil || d.Notices == nil || d.Forms == nil || d.Cases == nil || d.Book == nil || d.Subsidy == nil || d.Selections == nil || d.Credit == nil || d.Flags == nil || d.Results == nil || d.Targets == nil || d.Bulletins == nil || d.Rounds == nil || d.Visits == nil || d.Diagnoses == nil || d.Releases == nil || d.Proof == nil || d.Consent == nil || d.Clock == nil || d.Log == nil {
		return nil, errors.New("api: DB, Access, Library, Sources, Frames, Intake, Enrol, Region, Versions, Lab, Scenarios, Notices, Forms, Cases, Book, Subsidy, Selections, Credit, Flags, Results, Targets, Rounds, Visits, Releases, Proof, Consent, Clock and Log are needed")
	}
	if d.Rate <= 0 {
		d.Rate = DefaultRate
	}
	s := &server{Deps: d, reader: region.NewReader(d.Library)}
	s.limits.Rate = d.Rate
	return s, nil
}

// handler wires the operations.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	s.api = humago.NewWithPrefix(mux, Prefix, s.config())
	s.api.UseMiddleware(s.enter)
	s.register()
	s.tidyDescription()
	s.showExamples()
	mux.HandleFunc(Prefix+"/", s.noSuchOperation)
	return s.outermost(mux)
}

// config is huma's, without its page of documentation, which loads scripts from elsewhere.
func (s *server) config() huma.Config {
	c := huma.DefaultConfig(text("api.title"), "1")
	c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", nil
	c.Info.Description = text("api.about")
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.Servers = []*huma.Server{{URL: Prefix}}
	c.RejectUnknownQueryParameters = true
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Transformers = []huma.Transformer{s.translate}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		tokenScheme: {Type: "http", Scheme: "bearer", BearerFormat: "yz_…", Description: text("api.token_scheme")},
	}
	return c
}

// schemaName is what a type is called in the description: one of another room has the room's name before its own.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	switch room := path.Base(t.PkgPath()); room {
	case ".", "api", "i18n":
		return name
	default:
		return strings.ToUpper(room[:1]) + room[1:] + name
	}
}

// tokenScheme is the name of the way in, in the description of the API.
const tokenScheme = "token"

// text is a text of the description, which speaks both languages at once.
func text(key string) string {
	return i18n.T{Lang: i18n.ZH}.S(key) + " · " + i18n.T{Lang: i18n.EN}.S(key)
}

// outermost sets the headers that every answer carries, and turns a panic into an answer with an id.
func (s *server) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Authorization, Accept, Accept-Language")
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.writeProblem(w, r, s.problemOf(languageOf(r.Header.Get("Accept-Language")), fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
		}()
		if len(r.URL.RawQuery) > queryLimit {
			s.writeProblem(w, r, s.problemOf(languageOf(r.Header.Get("Accept-Language")), errs.Invalid(i18n.M("api.query_too_long", queryLimit>>10))))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// queryLimit is the longest query, in bytes.
const queryLimit = 16 << 10

// noSuchOperation answers addresses that are none, and methods that an address does not take.
func (s *server) noSuchOperation(w http.ResponseWriter, r *http.Request) {
	t := languageOf(r.Header.Get("Accept-Language"))
	var methods []string
	for _, op := range s.ops {
		if op.matches(strings.TrimPrefix(r.URL.Path, Prefix)) {
			methods = append(methods, op.method)
		}
	}
	if len(methods) == 0 {
		s.writeProblem(w, r, s.problemOf(t, &errs.Error{Kind: errs.KindNotFound, Msg: i18n.M("api.no_operation")}))
		return
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	p := s.problemOf(t, errs.Invalid(i18n.M("api.wrong_method", strings.Join(methods, ", "))))
	p.Status, p.Title = http.StatusMethodNotAllowed, t.S("api.status_405")
	s.writeProblem(w, r, p)
}

func newProblemID() string { return rand.Text()[:12] }
