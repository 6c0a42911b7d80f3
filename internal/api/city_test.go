package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/assess/round"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/backup"
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
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/proof"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/retention"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
	"github.com/yanzhen/yanzhen/internal/subsidy"
	"github.com/yanzhen/yanzhen/internal/target"
	"github.com/yanzhen/yanzhen/internal/visit"
)

// The city of the tests: a firm in 亭湖区 whose project passes the threshold, one in 大丰区 that just misses it, and one in
// 东台市, where the city does not pay.
const (
	tinghuCode  = "91320281142225264B"
	dafengCode  = "91320400732252465D"
	dongtaiCode = "9132040056775521X8"

	firmsCSV = `统一社会信用代码,企业名称,县（市、区）,行业代码,是否规上企业,营业收入（万元）,从业人员平均人数,法定代表人
` + tinghuCode + `,盐城亭湖甲机械有限公司,亭湖区,3412,是,12345.67,210,王某甲
` + dafengCode + `,盐城大丰乙电子有限公司,大丰区,3962,是,8000,95,李某乙
` + dongtaiCode + `,东台丙纺织有限公司,东台市,1711,是,5600,330,赵某丙
`
	projectsCSV = `统一社会信用代码,企业名称,县（市、区）,项目名称,是否智改数转项目,项目年度投资额（万元）,年度有效投入（万元）
` + tinghuCode + `,盐城亭湖甲机械有限公司,亭湖区,数字车间,是,620,600
` + dafengCode + `,盐城大丰乙电子有限公司,大丰区,智能仓储,是,499.99,499.99
` + dongtaiCode + `,东台丙纺织有限公司,东台市,织造改造,是,1000,1000
`
)

// city is a served API over a real database, with an account and a token of each role.
type city struct {
	t      testing.TB
	srv    *server
	http   *httptest.Server
	firms  map[string]int64 // by credit code
	tokens map[string]string
	ids    map[string]int64 // of accounts, by login
	cases  map[string]int64 // of each firm, by credit code
	files  map[string]int64 // of these cases
	tasks  map[string]int64 // that are open in them
	filing int64            // a case of the firm in 亭湖区 that begins with a form
	told   map[string]int64 // messages to each firm, by credit code
	failed int64            // a delivery that was given up
	paid   subsidised       // a subsidy of the firm in 亭湖区, where a test wants one
	round  held             // a round of a selection, where a test wants one
	now    time.Time

	assessing      round.Round      // a round of assessment, once it was asked for
	visited        map[string]int64 // an assessment of each firm, once it was asked for
	diagnoses      map[string]int64 // of each firm, once it was asked for
	reported       map[string]int64 // a report, a meeting on site, a task and a warning, once they were asked for
	duty           int64            // a task of targets, once one was asked for
	lot, institute int64            // of theirs
	planned        int64            // a meeting of banks and firms, where a test wants one
}

var grantsOf = map[string]func(c *city) access.Grant{
	"tinghu":      func(*city) access.Grant { return access.Grant{Role: access.CountyOfficial, Area: "320902"} },
	"city":        func(*city) access.Grant { return access.Grant{Role: access.CityOfficial, Area: "320900"} },
	"second":      func(*city) access.Grant { return access.Grant{Role: access.CityOfficial, Area: "320900"} },
	"tinghu2":     func(*city) access.Grant { return access.Grant{Role: access.CountyOfficial, Area: "320902"} },
	"finance":     func(*city) access.Grant { return access.Grant{Role: access.Finance, Area: "320900"} },
	"tax":         func(*city) access.Grant { return access.Grant{Role: access.TaxBureau, Area: "320900"} },
	"safety":      func(*city) access.Grant { return access.Grant{Role: access.SafetyBureau, Area: "320900"} },
	"environment": func(*city) access.Grant { return access.Grant{Role: access.EnvironmentBureau, Area: "320900"} },
	"credit":      func(*city) access.Grant { return access.Grant{Role: access.CreditOffice, Area: "320900"} },
	"expert1":     func(*city) access.Grant { return access.Grant{Role: access.Expert, Area: "320900"} },
	"expert2":     func(*city) access.Grant { return access.Grant{Role: access.Expert, Area: "320900"} },
	"expert3":     func(*city) access.Grant { return access.Grant{Role: access.Expert, Area: "320900"} },
	"expert4":     func(*city) access.Grant { return access.Grant{Role: access.Expert, Area: "320900"} },
	"expert5":     func(*city) access.Grant { return access.Grant{Role: access.Expert, Area: "320900"} },
	"auditor":     func(*city) access.Grant { return access.Grant{Role: access.Auditor, Area: "320900"} },
	"bank": func(c *city) access.Grant {
		id, err := c.srv.Credit.Party(context.Background(), "demo_a")
		must(c.t, err)
		return access.Grant{Role: access.Bank, Party: id}
	},
	"institute": func(c *city) access.Grant {
		x, err := c.srv.Diagnoses.AddInstitute(context.Background(), access.SystemScope(), diagnosis.Institute{
			Code: "demo_one", Name: "演示诊断机构", Area: "320900", Invented: true,
			Terms: diagnosis.Terms{Kinds: []diagnosis.Kind{diagnosis.Digital}, Qualified: "公开招标中标（演示）", Until: period.Date(2026, 12, 31), Capacity: 20},
		})
		must(c.t, err)
		return access.Grant{Role: access.Institute, Party: x.ID}
	},
	"firm": func(c *city) access.Grant { return access.Grant{Role: access.Enterprise, Party: c.firms[tinghuCode]} },
	"handler": func(c *city) access.Grant {
		return access.Grant{Role: access.Handler, Party: c.firms[tinghuCode], Until: time.Date(2025, 11, 1, 0, 0, 0, 0, clock.Beijing).UnixMilli()}
	},
	"viewer": func(c *city) access.Grant {
		return access.Grant{Role: access.Viewer, Party: c.firms[tinghuCode], Until: time.Date(2025, 11, 1, 0, 0, 0, 0, clock.Beijing).UnixMilli()}
	},
}

// migrations are those of all that the API stands on.
var migrations = []store.Migrations{audit.Migrations, access.Migrations, source.Migrations, party.Migrations, fact.Migrations, intake.Migrations, version.Migrations, lab.Migrations, enrol.Migrations, notice.Migrations, consent.Migrations, retention.Migrations, ledger.Migrations, form.Migrations, casework.Migrations, release.Migrations, subsidy.Migrations, selection.Migrations, credit.Migrations, flag.Migrations, bulletin.Migrations, results.Migrations, target.Migrations, round.Migrations, visit.Migrations, diagnosis.Migrations, monitor.Migrations, Migrations}

// shipped is what of the content that ships takes long to read and nobody changes: read once for all cities.
type shipped struct {
	lib        *content.Library
	forms      *form.Set // with those that models ask
	models     *assess.Set
	indicators *indicator.Set
	chains     *chain.Set
}

var readShipped = sync.OnceValues(func() (c shipped, err error) {
	if c.lib, err = content.Load(contentdata.FS); err != nil {
		return c, err
	}
	if c.models, err = assess.Load(contentdata.FS, c.lib); err != nil {
		return c, err
	}
	if c.forms, err = form.Load(contentdata.FS, c.lib); err != nil {
		return c, err
	}
	if c.forms, err = c.models.Asks(c.lib, c.forms); err != nil {
		return c, err
	}
	if c.indicators, _, err = indicator.Load(contentdata.FS, c.lib); err != nil {
		return c, err
	}
	c.chains, err = chain.Load(contentdata.FS, c.lib)
	return c, err
})

func newCity(t testing.TB) *city { return newCityIn(t, storetest.SQLite(t, migrations)) }

func newCityIn(t testing.TB, db *store.DB) *city {
	t.Helper()
	content, err := readShipped()
	must(t, err)
	lib := content.lib
	ctx := context.Background()
	c := &city{t: t, firms: map[string]int64{}, tokens: map[string]string{}, ids: map[string]int64{}, now: time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)}
	now := clock.Clock(func() time.Time { return c.now })
	sources := source.New(db, now)
	accounts := access.New(db, now, now, access.Cost{MemoryKiB: 64, Passes: 1, Threads: 1})
	admin, err := accounts.Bootstrap(ctx, "admin", "测试 admin", "wild geese fly south 2022")
	must(t, err)
	c.ids["admin"] = admin.ID
	versions, err := version.Open(ctx, version.Deps{DB: db, Sources: sources, Library: lib, Clock: now, Report: func(err error) { t.Error(err) }}, ships(t))
	must(t, err)
	parties := party.NewStore(db, sources)
	facts := fact.NewStore(db, sources, lib)
	frames, err := fact.Open(ctx, facts, parties, now)
	must(t, err)
	blobs, err := blob.Open(t.TempDir())
	must(t, err)
	imports, err := intake.Start(ctx, intake.Deps{
		DB: db, Blobs: blobs, Library: lib, Sources: sources, Parties: parties, Facts: facts, Frames: frames, Clock: now,
		Report: func(err error) { t.Error(err) },
	}, true)
	must(t, err)
	t.Cleanup(imports.Close)
	enrolments, err := enrol.Start(ctx, enrol.Deps{DB: db, Access: accounts, Library: lib, Frames: frames, Clock: now, Report: func(err error) { t.Error(err) }}, true)
	must(t, err)
	t.Cleanup(enrolments.Close)
	runner := region.NewRunner(frames, lib)
	t.Cleanup(runner.Close)
	laboratory := lab.New(lab.Deps{Runner: runner, Versions: versions, Library: lib})
	notices, err := notice.New(notice.Deps{
		DB: db, Access: accounts, Areas: lib.Areas(), Calendar: lib.Calendar(), Clock: now, Machine: now, Same: func(party int64) []int64 { return []int64{party} },
	})
	must(t, err)
	figures := monitor.Open(monitor.Deps{DB: db, Sources: sources, Frames: frames, Library: lib, Subjects: region.NewReader(lib), Set: content.indicators, Chains: content.chains, Clock: now})
	calendar, err := bulletin.Load(contentdata.FS, lib, content.indicators)
	must(t, err)
	targets := target.Open(target.Deps{DB: db, Library: lib, Monitor: figures, Clock: now})
	bulletins := bulletin.Open(bulletin.Deps{DB: db, Library: lib, Frames: frames, Monitor: figures, Targets: targets, Notices: notices, Clock: now, Set: calendar})
	forms, book := form.NewStore(db, lib, content.forms, now), ledger.New(db, now, blob.At(t.TempDir()))
	cases, money, awards, loans, flags, graded, diagnoses := c.openCases(subsidy.Deps{
		DB: db, Clock: now, Library: lib, Frames: frames, Sources: sources, Parties: parties, Runner: runner, Lab: laboratory, Versions: versions, Book: book,
		Accounts: accounts, Random: &lots{from: rand.NewChaCha8([32]byte{})},
	}, casework.Deps{Facts: facts, Blobs: blobs}, content.models, forms)
	proofs, err := proof.Open(ctx, proof.Deps{DB: db, Data: t.TempDir(), Cases: cases, Evidence: blobs, Versions: versions, Clock: now})
	must(t, err)
	c.srv, err = newServer(Deps{
		DB: db, Access: accounts, Library: lib, Sources: sources, Frames: frames, Intake: imports,
		Enrol: enrolments, Region: runner, Versions: versions, Lab: laboratory, Scenarios: lab.NewStore(laboratory, db, now), Notices: notices, Forms: forms, Cases: cases, Book: book, Subsidy: money, Selections: awards, Credit: loans, Flags: flags, Results: graded, Rounds: round.New(round.Deps{DB: db, Frames: frames, Library: lib, Clock: now, Subjects: region.NewReader(lib), Results: graded, Cases: cases, Forms: forms}), Monitor: figures, Targets: targets, Bulletins: bulletins, Visits: visit.Open(visit.Deps{DB: db, Cases: cases, Forms: forms, Clock: now}), Diagnoses: diagnoses, Releases: money.Releases, Proof: proofs, Consent: consent.Open(consent.Deps{DB: db, Frames: frames, Library: lib, Clock: now}), Clock: now, Log: slog.New(slog.NewTextHandler(testLog{t}, nil)),
		Rate: 1_000_000, Demo: true, MapApproval: "苏S(2024)001号",
		Machine: func() (Machine, error) {
			return Machine{
				Version: "test", Database: "SQLite", Since: c.now.UnixMilli(), DiskFree: 1 << 30, DiskTotal: 1 << 31, BackupAt: c.now.UnixMilli(), BackupCommit: 1, BackupPlace: "/backup",
				Now: c.now.UnixMilli(), Schedule: &backup.State{
					Every: 3_600_000, Ship: 1000, Keep: 14, Due: c.now.UnixMilli() + 1000, Through: c.now.UnixMilli(),
					Good: &backup.Good{Name: "20241031T000000.000Z", Made: c.now.UnixMilli() - 7_300_000, Verified: c.now.UnixMilli() - 7_200_000, Size: 1 << 20},
				},
			}, nil
		},
	})
	must(t, err)
	c.http = httptest.NewServer(c.srv.handler())
	t.Cleanup(c.http.Close)
	c.settle()
	return c
}

// openCases is the workflows that ship, with what subsidies and selections do in them.
func (c *city) openCases(d subsidy.Deps, w casework.Deps, models *assess.Set, forms *form.Store) (*casework.Store, *subsidy.Store, *selection.Store, *credit.Store, *flag.Store, *results.Store, *diagnosis.Store) {
	c.t.Helper()
	var err error
	d.Costs, err = subsidy.LoadCosts(d.Library, forms.Set(), contentdata.FS)
	must(c.t, err)
	d.Rubrics, err = rubric.Load(contentdata.FS)
	must(c.t, err)
	lists, err := release.Load(contentdata.FS)
	must(c.t, err)
	d.Releases = release.Open(release.Deps{DB: d.DB, Library: d.Library, Clock: d.Clock, Set: lists})
	money, effects := subsidy.New(d), casework.NewRegistry()
	subsidy.Register(effects, money)
	schemes, err := selection.Load(contentdata.FS, d.Library, d.Rubrics, forms.Set())
	must(c.t, err)
	awards := selection.Open(selection.Deps{
		DB: d.DB, Frames: d.Frames, Library: d.Library, Clock: d.Clock, Subjects: region.NewReader(d.Library), Set: schemes, Releases: d.Releases, Random: d.Random,
	})
	selection.Register(effects, awards)
	products, err := credit.Load(contentdata.FS, d.Library)
	must(c.t, err)
	loans := credit.Open(credit.Deps{
		DB: d.DB, Sources: d.Sources, Parties: d.Parties, Frames: d.Frames, Library: d.Library, Clock: d.Clock, Subjects: region.NewReader(d.Library), Set: products, Demo: true, Facts: w.Facts, Files: w.Blobs,
		Consents: consent.Open(consent.Deps{DB: d.DB, Frames: d.Frames, Library: d.Library, Clock: d.Clock}),
	})
	credit.Register(effects, loans)
	kinds, err := flag.Load(contentdata.FS, d.Library)
	must(c.t, err)
	flags := flag.New(flag.Deps{DB: d.DB, Library: d.Library, Clock: d.Clock, Set: kinds, Frames: d.Frames, Applications: money, Policies: d.Versions})
	flag.Register(effects, flags)
	graded := results.Open(results.Deps{DB: d.DB, Frames: d.Frames, Library: d.Library, Clock: d.Clock, Subjects: region.NewReader(d.Library), Set: models})
	results.Register(effects, graded)
	programme, err := diagnosis.Load(d.Library, models, contentdata.FS)
	if err != nil {
		c.t.Fatal(err)
	}
	diagnoses := diagnosis.Open(diagnosis.Deps{
		DB: d.DB, Sources: d.Sources, Parties: d.Parties, Frames: d.Frames, Facts: w.Facts, Accounts: d.Accounts, Library: d.Library, Clock: d.Clock, Programme: programme,
		Consents: consent.Open(consent.Deps{DB: d.DB, Frames: d.Frames, Library: d.Library, Clock: d.Clock}), Results: graded, Book: d.Book, Subsidy: money, Selections: awards,
	})
	diagnosis.Register(effects, diagnoses)
	set, err := casework.Load(context.Background(), contentdata.FS, casework.Reading{Library: d.Library, Effects: effects, Forms: casework.FormsOf(forms)})
	must(c.t, err)
	w.DB, w.Sources, w.Parties, w.Frames, w.Library, w.Clock, w.Subjects = d.DB, d.Sources, d.Parties, d.Frames, d.Library, d.Clock, region.NewReader(d.Library)
	w.Effects, w.Set, w.Forms, w.Sniff = effects, set, casework.FormsOf(forms), casework.SniffFile
	cases := casework.Open(w)
	money.Use(cases)
	return cases, money, awards, loans, flags, graded, diagnoses
}

const invoicePDF = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"

// apply opens a case of each firm, which hands the same file in to its own and comments on it.
func (c *city) apply() {
	c.t.Helper()
	ctx := context.Background()
	c.cases, c.files, c.tasks = map[string]int64{}, map[string]int64{}, map[string]int64{}
	view, err := c.srv.Frames.For(ctx, access.SystemScope(), 0)
	must(c.t, err)
	open := func(code, workflow, title string, subject int64) (access.Scope, int64) {
		owner := access.NewScope(c.ids["firm"], access.Enterprise, nil, []int64{c.firms[code]})
		made, err := c.srv.Cases.New(ctx, owner, casework.NewCase{Workflow: workflow, Title: title, Subject: subject})
		must(c.t, err)
		return owner, made.ID
	}
	for _, code := range []string{tinghuCode, dafengCode, dongtaiCode} {
		words := secrets[code]
		owner, id := open(code, "subsidy_application", words[0]+words[3]+"补贴", c.firms[code])
		e, err := c.srv.Cases.Attach(ctx, owner, casework.Attachment{Case: id, Name: words[0] + "发票.pdf", Body: strings.NewReader(invoicePDF)})
		must(c.t, err)
		_, err = c.srv.Cases.AddComment(ctx, owner, casework.Comment{Case: id, Text: words[0] + "已补齐"})
		must(c.t, err)
		tasks, err := c.srv.Cases.TasksOf(ctx, owner, id)
		must(c.t, err)
		c.cases[code], c.files[code], c.tasks[code] = id, e.ID, tasks[0].ID
	}
	_, c.filing = open(tinghuCode, "project_filing", "数字车间立项", view.Children(c.firms[tinghuCode], content.Project)[0])
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ships is the policy of the tests, as a package.
func ships(t testing.TB) []version.Package {
	t.Helper()
	names, err := fs.Glob(contentdata.FS, "policies/*/*/policy.yaml")
	must(t, err)
	var all []version.Package
	for _, name := range names {
		src, err := fs.ReadFile(contentdata.FS, name)
		must(t, err)
		if !strings.Contains(string(src), "id: yancheng-2022-6\n") {
			continue
		}
		dir, err := fs.Sub(contentdata.FS, path.Dir(name))
		must(t, err)
		p, err := version.FromFS(dir)
		must(t, err)
		all = append(all, p)
	}
	if len(all) != 1 {
		t.Fatalf("the policy of the tests is there %d times", len(all))
	}
	return all
}

// cheaper is the policy of the tests with the ceiling of c9 at 500,000 yuan, and one worked case.
func cheaper(t testing.TB) version.Package {
	t.Helper()
	p := ships(t)[0]
	for from, to := range map[string]string{
		"en: Ceiling of the investment subsidy}\n    value: 500万元": "en: Ceiling of the investment subsidy}\n    value: 50万元",
		"{cite: 四(三), numbers: [500万元,":                            "{cite: 四(三), numbers: [500万元, 50万元,",
	} {
		if !bytes.Contains(p.Policy, []byte(from)) {
			t.Fatalf("the policy of the tests lacks %q", from)
		}
		p.Policy = bytes.Replace(p.Policy, []byte(from), []byte(to), 1)
	}
	p.Cases = []byte(`cases:
  - name: nothing is known
    as_of: 2024-10-31
    enterprise: {id: E1, facts: {ent.area: "320500"}}
    expect: {total: "0"}
`)
	return p
}

// lots is drawn from the same seed in every run, so that the examples of the description stay as they are.
type lots struct {
	mu   sync.Mutex
	from *rand.ChaCha8
}

func (l *lots) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.from.Read(p)
}

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// settle brings in the firms and makes accounts and tokens.
func (c *city) settle() {
	ctx := context.Background()
	c.account("city")
	c.importCSV("firms.csv", firmsCSV, "statistics")
	c.importCSV("projects.csv", projectsCSV, "bureau")
	view, err := c.srv.Frames.For(ctx, access.SystemScope(), 0)
	must(c.t, err)
	for _, code := range []string{tinghuCode, dafengCode, dongtaiCode} {
		c.firms[code] = view.Registry().Only(code)
	}
	c.tokens["admin"] = c.token("admin", access.Actions(), "")
	for _, login := range []string{"tinghu", "auditor", "firm", "handler", "viewer"} {
		c.account(login)
	}
	c.tell()
	c.apply()
}

// consents lets a bank read what the firm in 亭湖区 has invoiced, and gives the consent.
func (c *city) consents() (id int64) {
	c.t.Helper()
	must(c.t, c.srv.DB.Write(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		g, err := c.srv.Consent.Give(ctx, tx, c.scopeOf("firm"), consent.NewGrant{
			Owner: c.firms[tinghuCode], To: 9_001, Purpose: "loan", Facts: []string{"ent.revenue"}, Until: c.now.AddDate(0, 3, 0).UnixMilli(),
		})
		id = g.ID
		return err
	}))
	return id
}

// tell tells each firm something about itself, and its county something about it; of what goes by mail nothing is taken.
func (c *city) tell() {
	c.t.Helper()
	ctx := context.Background()
	_, err := c.srv.Notices.Enter(ctx, c.ids["firm"], notice.Mail, "firm@example.com")
	must(c.t, err)
	areas := map[string]string{tinghuCode: "320902", dafengCode: "320904", dongtaiCode: "320981"}
	must(c.t, c.srv.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, code := range []string{tinghuCode, dafengCode, dongtaiCode} {
			words := secrets[code]
			err := notice.Post(ctx, tx,
				notice.Message{Kind: notice.Served, To: notice.ToParty(c.firms[code]), Title: i18n.M("请补正：" + words[0]), Body: i18n.M("材料 " + words[3] + " 缺少发票"), Link: "/cases/7", At: c.now.UnixMilli()},
				notice.Message{Kind: notice.Task, To: notice.ToRole(access.CountyOfficial, areas[code]), Title: i18n.M("待审核：" + words[0] + words[2]), At: c.now.UnixMilli()},
				notice.Message{Kind: notice.Deadline, To: notice.ToRole(access.CityOfficial, areas[code]), Title: i18n.M("将超期：" + words[0]), At: c.now.UnixMilli()},
			)
			if err != nil {
				return err
			}
		}
		return nil
	}))
	sender := notice.NewSender(c.srv.Notices, map[notice.Channel]notice.Carrier{notice.Mail: notice.Drop{Dir: c.t.TempDir(), From: "nobody"}}, "", func(err error) { c.t.Error(err) })
	_, err = sender.Turn(ctx)
	must(c.t, err)
	c.told = map[string]int64{}
	for code, id := range c.firms {
		items, err := c.srv.Notices.Inbox(ctx, access.NewScope(1, access.Enterprise, nil, []int64{id}), notice.Query{})
		must(c.t, err)
		c.told[code] = items[0].ID
	}
	list, err := c.srv.Notices.Outbox(ctx, access.SystemScope(), notice.OutboxQuery{State: notice.Failed})
	must(c.t, err)
	if len(list) != 1 {
		c.t.Fatalf("deliveries that were given up: %+v", list)
	}
	c.failed = list[0].ID
}

func (c *city) account(login string) {
	c.t.Helper()
	a, err := c.srv.Access.Create(context.Background(), access.SystemScope(), access.NewAccount{
		Login: login, Name: "测试 " + login, Password: "wild geese fly south 2022", Grants: []access.Grant{grantsOf[login](c)},
	})
	must(c.t, err)
	c.ids[login] = a.ID
	c.tokens[login] = c.token(login, access.Actions(), "")
}

// token makes a token with those of the actions that the account may do.
func (c *city) token(login string, actions []access.Action, area string) string {
	c.t.Helper()
	scope := c.scopeOf(login)
	actions = slices.DeleteFunc(slices.Clone(actions), func(a access.Action) bool { return !scope.Can(a) })
	_, secret, err := c.srv.Access.CreateToken(context.Background(), scope, access.NewToken{Name: "试验", Actions: actions, Area: area, Days: 90})
	must(c.t, err)
	return secret
}

// scopeOf is what a login may see and do.
func (c *city) scopeOf(login string) access.Scope {
	c.t.Helper()
	a, err := c.srv.Access.ByID(context.Background(), c.ids[login])
	must(c.t, err)
	return c.srv.Frames.ScopeOf(a)
}

func (c *city) importCSV(name, body, authority string) {
	c.t.Helper()
	c.importYear(2023, name, body, authority)
}

func (c *city) importYear(year int, name, body, authority string) {
	c.t.Helper()
	ctx := context.Background()
	scope := access.NewScope(c.ids["city"], access.CityOfficial, c.srv.Library.Areas().Below("320900"), nil)
	b, err := c.srv.Intake.Receive(ctx, scope, intake.Upload{Name: name, Sender: "市工信局", Authority: authority, Area: "320900", Period: period.OfYear(year), Body: strings.NewReader(body)})
	must(c.t, err)
	_, err = c.srv.Intake.Wait(ctx, scope, b.ID)
	must(c.t, err)
	_, err = c.srv.Intake.Commit(ctx, scope, b.ID)
	must(c.t, err)
	b, err = c.srv.Intake.Wait(ctx, scope, b.ID)
	must(c.t, err)
	if b.State != intake.Committed {
		c.t.Fatalf("%s: %s %v %+v", name, b.State, b.Failure, b.Preview.Problems)
	}
}

// reply is an answer of the API.
type reply struct {
	status int
	header http.Header
	body   string
	sent   string // the body of the request
}

// into reads the answer.
func (r reply) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), v); err != nil {
		t.Fatalf("status %d: %v: %s", r.status, err, r.body)
	}
}

// at is a value of the answer by its path, such as items.0.id.
func (r reply) at(t testing.TB, path string) string {
	t.Helper()
	var v any
	dec := json.NewDecoder(strings.NewReader(r.body))
	dec.UseNumber()
	must(t, dec.Decode(&v))
	for key := range strings.SplitSeq(path, ".") {
		if list, ok := v.([]any); ok {
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(list) {
				t.Fatalf("no %s in %s", path, r.body)
			}
			v = list[i]
			continue
		}
		of, _ := v.(map[string]any)
		var ok bool
		if v, ok = of[key]; !ok {
			t.Fatalf("no %s in %s", path, r.body)
		}
	}
	return fmt.Sprint(v)
}

// ask sends a request with the token of a login, "" for none; header pairs go along.
func (c *city) ask(login, method, path, body string, header ...string) reply {
	c.t.Helper()
	req, err := http.NewRequest(method, c.http.URL+Prefix+path, strings.NewReader(body))
	must(c.t, err)
	if token := c.tokens[login]; token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	must(c.t, err)
	defer res.Body.Close()
	var buf bytes.Buffer
	if _, err := io.Copy(&buf, res.Body); err != nil {
		c.t.Fatalf("%s %s: %v after %q", method, path, err, buf.String())
	}
	return reply{res.StatusCode, res.Header, buf.String(), body}
}

func (c *city) get(login, path string, header ...string) reply {
	c.t.Helper()
	return c.ask(login, http.MethodGet, path, "", header...)
}

func wants(t testing.TB, r reply, status int, parts ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("status %d, want %d: %s", r.status, status, r.body)
	}
	for _, p := range parts {
		if !strings.Contains(r.body, p) {
			t.Errorf("the answer lacks %q: %s", p, r.body)
		}
	}
}
