package web

import (
	"context"
	"crypto/rand"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/assess/round"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/chain"
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
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/proof"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/retention"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/seal"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
	"github.com/yanzhen/yanzhen/internal/subsidy"
	"github.com/yanzhen/yanzhen/internal/target"
	visits "github.com/yanzhen/yanzhen/internal/visit"
)

const password = "wild geese fly south 2022"

// site is a served set of pages over a real database.
type site struct {
	t    *testing.T
	http *httptest.Server
	db   *store.DB
	srv  *server
	acc  *access.Store

	notices *notice.Store
	sources *source.Store
	parties *party.Store
	facts   *fact.Store

	now   atomic.Pointer[time.Time]
	cut   atomic.Bool // nobody reaches the site
	cases *casework.Store
	book  *ledger.Book
	money *subsidy.Store

	awards    *selection.Store
	loans     *credit.Store
	flags     *flag.Store
	results   *results.Store
	targets   *target.Store
	rounds    *round.Store
	diagnoses *diagnosis.Store
	bulletins *bulletin.Store
	reports   reportedThings
	models    *assess.Set
	visits    *visits.Store
}

// stand moves the site's clock to the morning of a day.
func (s *site) stand(year, month, day int) {
	at := time.Date(year, time.Month(month), day, 9, 0, 0, 0, clock.Beijing)
	s.now.Store(&at)
}

// cheap makes hashing quick; the product's own cost is a test of package access.
var cheap = access.Cost{MemoryKiB: 64, Passes: 1, Threads: 1}

// stopped ends a stream that would go on while a page stands, once it has begun.
var stopped = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// shipped is the content that ships, which nobody changes: read once for all sites.
type shipped struct {
	lib        *content.Library
	packages   []version.Package
	forms      *form.Set // with those that models ask
	models     *assess.Set
	indicators *indicator.Set
	chains     *chain.Set
	calendar   *bulletin.Set
	costs      *subsidy.Costs
	rubrics    *rubric.Set
	lists      *release.Set
	schemes    *selection.Set
	products   *credit.Set
	kinds      *flag.Set
	programme  *diagnosis.Programme
}

var readShipped = sync.OnceValues(func() (c shipped, err error) {
	read := func(one func() error) {
		if err == nil {
			err = one()
		}
	}
	read(func() (err error) { c.lib, err = content.Load(contentdata.FS); return })
	read(func() (err error) { c.packages, err = ships(); return })
	read(func() (err error) { c.models, err = assess.Load(contentdata.FS, c.lib); return })
	read(func() (err error) { c.forms, err = form.Load(contentdata.FS, c.lib); return })
	read(func() (err error) { c.forms, err = c.models.Asks(c.lib, c.forms); return })
	read(func() (err error) { c.indicators, _, err = indicator.Load(contentdata.FS, c.lib); return })
	read(func() (err error) { c.chains, err = chain.Load(contentdata.FS, c.lib); return })
	read(func() (err error) { c.calendar, err = bulletin.Load(contentdata.FS, c.lib, c.indicators); return })
	read(func() (err error) { c.costs, err = subsidy.LoadCosts(c.lib, c.forms, contentdata.FS); return })
	read(func() (err error) { c.rubrics, err = rubric.Load(contentdata.FS); return })
	read(func() (err error) { c.lists, err = release.Load(contentdata.FS); return })
	read(func() (err error) { c.schemes, err = selection.Load(contentdata.FS, c.lib, c.rubrics, c.forms); return })
	read(func() (err error) { c.products, err = credit.Load(contentdata.FS, c.lib); return })
	read(func() (err error) { c.kinds, err = flag.Load(contentdata.FS, c.lib); return })
	read(func() (err error) { c.programme, err = diagnosis.Load(c.lib, c.models, contentdata.FS); return })
	return c, err
})

func newSite(t *testing.T) *site {
	t.Helper()
	content, err := readShipped()
	if err != nil {
		t.Fatal(err)
	}
	lib := content.lib
	ctx := context.Background()
	s := &site{t: t, models: content.models}
	s.stand(2024, 10, 31)
	now := clock.Clock(func() time.Time { return *s.now.Load() })
	db := storetest.SQLite(t, []store.Migrations{audit.Migrations, access.Migrations, source.Migrations, party.Migrations, fact.Migrations, intake.Migrations, version.Migrations, lab.Migrations, enrol.Migrations, notice.Migrations, consent.Migrations, retention.Migrations, ledger.Migrations, form.Migrations, casework.Migrations, release.Migrations, subsidy.Migrations, selection.Migrations, credit.Migrations, flag.Migrations, bulletin.Migrations, results.Migrations, target.Migrations, round.Migrations, visits.Migrations, diagnosis.Migrations, monitor.Migrations})
	s.db, s.acc, s.sources = db, access.New(db, now, clock.System(), cheap), source.New(db, now)
	s.acc.Seal = seal.At(filepath.Join(t.TempDir(), "seal.key"))
	if _, err := s.acc.Bootstrap(ctx, "admin", "系统管理员", password); err != nil {
		t.Fatal(err)
	}
	versions, err := version.Open(ctx, version.Deps{DB: db, Sources: s.sources, Library: lib, Clock: now, Report: func(err error) { t.Error(err) }}, content.packages)
	if err != nil {
		t.Fatal(err)
	}
	s.parties = party.NewStore(db, s.sources)
	s.facts = fact.NewStore(db, s.sources, lib)
	frames, err := fact.Open(ctx, s.facts, s.parties, now)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	imports, err := intake.Start(ctx, intake.Deps{
		DB: db, Blobs: blobs, Library: lib, Sources: s.sources, Parties: s.parties, Facts: s.facts, Frames: frames, Clock: now,
		Report: func(err error) { t.Error(err) },
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(imports.Close)
	accounts, err := enrol.Start(ctx, enrol.Deps{
		DB: db, Access: s.acc, Library: lib, Frames: frames, Clock: now, Report: func(err error) { t.Error(err) },
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(accounts.Close)
	runner := region.NewRunner(frames, lib)
	t.Cleanup(runner.Close)
	laboratory := lab.New(lab.Deps{Runner: runner, Versions: versions, Library: lib})
	s.notices, err = notice.New(notice.Deps{
		DB: db, Access: s.acc, Areas: lib.Areas(), Calendar: lib.Calendar(), Clock: now, Machine: now, Same: func(party int64) []int64 { return []int64{party} },
	})
	if err != nil {
		t.Fatal(err)
	}
	figures := monitor.Open(monitor.Deps{DB: db, Sources: s.sources, Frames: frames, Library: lib, Subjects: region.NewReader(lib), Set: content.indicators, Chains: content.chains, Clock: now})
	s.targets = target.Open(target.Deps{DB: db, Library: lib, Monitor: figures, Clock: now})
	s.bulletins = bulletin.Open(bulletin.Deps{DB: db, Library: lib, Frames: frames, Monitor: figures, Targets: s.targets, Notices: s.notices, Clock: now, Set: content.calendar})
	s.book = ledger.New(db, now, blob.At(t.TempDir()))
	forms := form.NewStore(db, lib, content.forms, now)
	s.cases = s.openCases(subsidy.Deps{
		DB: db, Clock: now, Library: lib, Frames: frames, Sources: s.sources, Parties: s.parties, Runner: runner, Lab: laboratory, Versions: versions, Book: s.book,
		Accounts: s.acc, Random: rand.Reader,
	}, content, blobs, forms)
	s.rounds = round.New(round.Deps{DB: db, Frames: frames, Library: lib, Clock: now, Subjects: region.NewReader(lib), Results: s.results, Cases: s.cases, Forms: forms})
	s.visits = visits.Open(visits.Deps{DB: db, Cases: s.cases, Forms: forms, Clock: now})
	proofs, err := proof.Open(ctx, proof.Deps{DB: db, Data: t.TempDir(), Cases: s.cases, Evidence: blobs, Versions: versions, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	retained, err := retention.Open(ctx, retention.Deps{
		DB: db, Sources: s.sources, Frames: frames, Library: lib, Clock: now, Log: slog.New(slog.NewTextHandler(testLog{t}, nil)),
		Kinds: []retention.Kind{
			imports.Retention(), retention.OfFacts(frames, s.facts), retention.OfCaseFiles(s.cases), retention.OfMessages(db), retention.OfReadings(db), retention.OfDrafts(db), s.visits.Retention(),
		},
		Reasons: []retention.Reason{retention.Frozen, retention.Paid, retention.Disputed(s.facts), imports.Rests},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := newServer(Deps{
		Access: s.acc, Library: lib, Sources: s.sources, Frames: frames, Intake: imports, Enrol: accounts,
		Region: runner, Versions: versions, Lab: laboratory, Scenarios: lab.NewStore(laboratory, db, now), Notices: s.notices,
		Forms: forms, Cases: s.cases, Book: s.book, Subsidy: s.money, Selections: s.awards, Credit: s.loans, Flags: s.flags, Results: s.results, Rounds: s.rounds, Stopping: stopped, Monitor: figures, Targets: s.targets, Bulletins: s.bulletins, Visits: s.visits, Diagnoses: s.diagnoses, Releases: s.money.Releases, Proof: proofs, Consent: consent.Open(consent.Deps{DB: db, Frames: frames, Library: lib, Clock: now}), Retention: retained,
		Carries: func(notice.Channel) bool { return true },
		Rate:    1_000_000, // the clock of a test stands still
		Clock:   now, Log: slog.New(slog.NewTextHandler(testLog{t}, nil)),
		Demo: &DemoInfo{Accounts: []DemoAccount{{Login: "admin", Password: password, For: i18n.Text{ZH: "管理员", EN: "Administrator"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h, err := srv.handler()
	if err != nil {
		t.Fatal(err)
	}
	s.srv, s.http = srv, httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.cut.Load() {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.http.Close)
	return s
}

// openCases is the workflows that ship, with what subsidies do in them.
func (s *site) openCases(d subsidy.Deps, content shipped, blobs blob.Dir, forms *form.Store) *casework.Store {
	s.t.Helper()
	d.Costs, d.Rubrics = content.costs, content.rubrics
	d.Releases = release.Open(release.Deps{DB: d.DB, Library: d.Library, Clock: d.Clock, Set: content.lists})
	s.money = subsidy.New(d)
	effects := casework.NewRegistry()
	subsidy.Register(effects, s.money)
	s.awards = selection.Open(selection.Deps{
		DB: d.DB, Frames: d.Frames, Library: d.Library, Clock: d.Clock, Subjects: region.NewReader(d.Library), Set: content.schemes, Releases: d.Releases, Random: rand.Reader,
	})
	selection.Register(effects, s.awards)
	s.loans = credit.Open(credit.Deps{
		DB: d.DB, Sources: d.Sources, Parties: d.Parties, Frames: d.Frames, Library: d.Library, Clock: d.Clock, Subjects: region.NewReader(d.Library), Set: content.products, Demo: true, Facts: s.facts, Files: blobs,
		Consents: consent.Open(consent.Deps{DB: d.DB, Frames: d.Frames, Library: d.Library, Clock: d.Clock}),
	})
	credit.Register(effects, s.loans)
	s.flags = flag.New(flag.Deps{DB: d.DB, Library: d.Library, Clock: d.Clock, Set: content.kinds, Frames: d.Frames, Applications: s.money, Policies: d.Versions})
	flag.Register(effects, s.flags)
	s.results = results.Open(results.Deps{DB: d.DB, Frames: d.Frames, Library: d.Library, Clock: d.Clock, Subjects: region.NewReader(d.Library), Set: s.models})
	results.Register(effects, s.results)
	s.diagnoses = diagnosis.Open(diagnosis.Deps{
		DB: d.DB, Sources: d.Sources, Parties: d.Parties, Frames: d.Frames, Facts: s.facts, Accounts: d.Accounts, Library: d.Library, Clock: d.Clock, Programme: content.programme,
		Consents: consent.Open(consent.Deps{DB: d.DB, Frames: d.Frames, Library: d.Library, Clock: d.Clock}), Results: s.results, Book: d.Book, Subsidy: s.money, Selections: s.awards,
	})
	diagnosis.Register(effects, s.diagnoses)
	set, err := casework.Load(context.Background(), contentdata.FS, casework.Reading{Library: d.Library, Effects: effects, Forms: casework.FormsOf(forms)})
	if err != nil {
		s.t.Fatal(err)
	}
	cases := casework.Open(casework.Deps{
		DB: d.DB, Sources: d.Sources, Parties: d.Parties, Facts: s.facts, Frames: d.Frames, Library: d.Library, Clock: d.Clock, Subjects: region.NewReader(d.Library),
		Effects: effects, Set: set, Blobs: blobs, Forms: casework.FormsOf(forms), Sniff: casework.SniffFile,
	})
	s.money.Use(cases)
	return cases
}

// ships is the policies that ship, as packages.
func ships() ([]version.Package, error) {
	files, err := fs.Glob(contentdata.FS, "policies/*/*/policy.yaml")
	if err != nil {
		return nil, err
	}
	var all []version.Package
	for _, name := range files {
		dir, err := fs.Sub(contentdata.FS, path.Dir(name))
		if err != nil {
			return nil, err
		}
		p, err := version.FromFS(dir)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// visitor is a browser without scripts.
type visitor struct {
	s *site
	c *http.Client
}

func (s *site) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &visitor{s: s, c: &http.Client{Jar: jar}}
}

func (s *site) as(login string) *visitor {
	v := s.visitor()
	res, _ := v.post("/sign-in", url.Values{"login": {login}, "password": {password}, "next": {"/account"}})
	if res.Request.URL.Path != "/account" {
		s.t.Fatalf("sign in as %s: ended at %s", login, res.Request.URL)
	}
	return v
}

// codes are those of the letters on a page, by login.
var codes = regexp.MustCompile(`(?s)<dt>(?:账号|Login)</dt><dd>([^<]+)</dd>.*?<code>(.*?)</code>`)

func lettersIn(body string) map[string]string {
	found := map[string]string{}
	for _, m := range codes.FindAllStringSubmatch(body, -1) {
		found[m[1]] = strings.Join(strings.Fields(tags.ReplaceAllString(m[2], " ")), "-")
	}
	return found
}

// codeIn is the code of the only letter on a page.
func codeIn(t *testing.T, body string) string {
	t.Helper()
	found := lettersIn(body)
	if len(found) != 1 {
		t.Fatalf("%d letters on the page:\n%s", len(found), mainOf(body))
	}
	for _, code := range found {
		return code
	}
	return ""
}

// activate sets the password of the tests with a code.
func (v *visitor) activate(login, code string) {
	v.s.t.Helper()
	res, body := v.post("/activate", url.Values{"login": {login}, "code": {code}, "new": {password}, "again": {password}})
	if res.Request.URL.Path == "/activate" {
		v.s.t.Fatalf("activate %s: status %d\n%s", login, res.StatusCode, mainOf(body))
	}
}

func (v *visitor) get(path string) (*http.Response, string) {
	v.s.t.Helper()
	return v.do(http.MethodGet, path, nil, nil)
}

func (v *visitor) post(path string, form url.Values) (*http.Response, string) {
	v.s.t.Helper()
	return v.do(http.MethodPost, path, form, nil)
}

func (v *visitor) do(method, path string, form url.Values, header http.Header) (*http.Response, string) {
	v.s.t.Helper()
	req, err := http.NewRequest(method, v.s.http.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.s.t.Fatal(err)
	}
	for k, vals := range header {
		req.Header[k] = vals
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := v.c.Do(req)
	if err != nil {
		v.s.t.Fatal(err)
	}
	return v.read(res)
}

func (v *visitor) read(res *http.Response) (*http.Response, string) {
	v.s.t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.s.t.Fatal(err)
	}
	return res, string(body)
}

// account is that of a login.
func (s *site) account(login string) access.Account {
	s.t.Helper()
	all, err := s.acc.List(context.Background(), access.SystemScope())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, a := range all {
		if a.Login == login {
			return a
		}
	}
	s.t.Fatalf("no account %s", login)
	return access.Account{}
}

func wants(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(body, p) {
			t.Errorf("page lacks %q:\n%s", p, mainOf(body))
		}
	}
}

func lacks(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(body, p) {
			t.Errorf("page holds %q:\n%s", p, mainOf(body))
		}
	}
}

var tags = regexp.MustCompile(`<[^>]*>|\s+`)

// mainOf is the words of a page's main part, cut short, for messages.
func mainOf(body string) string {
	if _, rest, ok := strings.Cut(body, "<main"); ok {
		body, _, _ = strings.Cut(rest, "</main>")
	}
	words := []rune(tags.ReplaceAllString(body, " "))
	return string(words[:min(len(words), 3000)])
}
