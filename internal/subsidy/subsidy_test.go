package subsidy

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

const (
	yancheng = "yancheng-2022-6"
	wan      = 10_000 * money.Yuan
)

var (
	ctx        = context.Background()
	asOf       = period.Date(2024, 10, 31)
	morning    = time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)
	migrations = []store.Migrations{audit.Migrations, access.Migrations, notice.Migrations, source.Migrations, party.Migrations, fact.Migrations, version.Migrations, ledger.Migrations, form.Migrations, casework.Migrations, release.Migrations, Migrations}
	library    = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// text is what a user reads of an error.
func text(err error) string {
	msg, ok := errs.Message(err)
	if !ok {
		return ""
	}
	return i18n.T{Lang: i18n.ZH}.Msg(msg)
}

// world is a database with the policy of Yancheng, a fund, and a store.
type world struct {
	t       testing.TB
	db      *store.DB
	parties *party.Store
	facts   *fact.Store
	line    int64
	last    int64     // the case that was numbered last, of tests without casework
	at      time.Time // of the clock
	set     *casework.Set
	forms   *form.Set
	*Store
}

// people makes accounts with certain ids that hold a role in the city.
func (w *world) people(role access.Role, ids ...int64) {
	w.t.Helper()
	must(w.t, w.write(func(ctx context.Context, tx *store.Tx) error {
		for _, id := range ids {
			if _, err := tx.Exec(ctx, `INSERT INTO account (id, login, name, password, epoch, created_at, disabled_at) VALUES ($1, $2, $3, '', 0, 0, 0)`, id, fmt.Sprint("a", id), fmt.Sprint("测试 ", id)); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO grant_ (id, account_id, role, area, party_id, given_at, given_by, ended_at, ended_by) VALUES ($1, $1, $2, '320900', 0, 0, 0, 0, 0)`, id, string(role)); err != nil {
				return err
			}
		}
		return nil
	}))
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	p, err := version.FromFS(os.DirFS("../../content/policies/yancheng/2022-6"))
	must(t, err)
	return worldUnder(t, db, p)
}

// worldUnder is a world in which another text of the policy is in force.
func worldUnder(t testing.TB, db *store.DB, p version.Package) *world {
	t.Helper()
	lib, err := library()
	must(t, err)
	w := &world{t: t, db: db, at: morning}
	now := clock.Clock(func() time.Time { return w.at })
	sources := source.New(db, now)
	w.parties = party.NewStore(db, sources)
	w.facts = fact.NewStore(db, sources, lib)
	frames, err := fact.Open(ctx, w.facts, w.parties, now)
	must(t, err)
	versions, err := version.Open(ctx, version.Deps{DB: db, Sources: sources, Library: lib, Clock: now, Report: func(err error) { t.Error(err) }}, []version.Package{p})
	must(t, err)
	w.forms, err = form.Load(contentdata.FS, lib)
	must(t, err)
	costs, err := LoadCosts(lib, w.forms, contentdata.FS)
	must(t, err)
	rubrics, err := rubric.Load(contentdata.FS)
	must(t, err)
	lists, err := release.Load(contentdata.FS)
	must(t, err)
	files, err := blob.Open(t.TempDir())
	must(t, err)
	runner := region.NewRunner(frames, lib)
	t.Cleanup(runner.Close)
	w.Store = New(Deps{
		DB: db, Clock: now, Library: lib, Frames: frames, Sources: sources, Runner: runner, Versions: versions, Costs: costs, Rubrics: rubrics,
		Lab: lab.New(lab.Deps{Runner: runner, Versions: versions, Library: lib}), Book: ledger.New(db, now, files), Parties: w.parties,
		Accounts: access.New(db, now, now, access.Cost{}), Random: strings.NewReader(strings.Repeat("drawn by nobody. ", 10_000)),
		Releases: release.Open(release.Deps{DB: db, Library: lib, Clock: now, Set: lists}),
	})
	effects := casework.NewRegistry()
	Register(effects, w.Store)
	forms := casework.FormsOf(form.NewStore(db, lib, w.forms, now))
	w.set, err = casework.Load(ctx, ownWorkflows(t), casework.Reading{Library: lib, Effects: effects, Forms: forms})
	must(t, err)
	w.Use(casework.Open(casework.Deps{
		DB: db, Sources: sources, Facts: w.facts, Frames: frames, Library: lib, Clock: now, Subjects: region.NewReader(lib), Effects: effects, Set: w.set, Forms: forms, Blobs: files, Sniff: casework.SniffFile,
	}))
	w.line, err = ledger.Alone(ctx, w.Book, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return w.Book.Appropriate(ctx, tx, ledger.Act{Scope: access.SystemScope(), Key: "budget", Reason: "年初预算", Document: "盐财〔2024〕1号"},
			ledger.Appropriation{Fund: "先进制造业发展专项资金", Code: "zgsz", Year: 2024, Area: "320900", Name: "智改数转", Change: 10_000 * wan})
	})
	must(t, err)
	return w
}

// ownWorkflows is the workflows that ship and act through this package alone: others name effects of packages beside it.
func ownWorkflows(t testing.TB) fs.FS {
	t.Helper()
	own := fstest.MapFS{}
	for _, name := range []string{"call", "no_application", "project_filing", "subsidy_application", "subsidy_batch"} {
		file := "workflows/" + name + ".yaml"
		src, err := fs.ReadFile(contentdata.FS, file)
		must(t, err)
		own[file] = &fstest.MapFile{Data: src}
	}
	return own
}

func (w *world) write(do func(ctx context.Context, tx *store.Tx) error) error {
	return w.db.Write(ctx, do)
}

func (w *world) number() int64 { w.last++; return w.last }

// thing is a subject to state, with its facts: numbers as they are stored, texts as texts.
type thing struct {
	kind, key string
	below     int // number of the thing that it belongs to, counted from 1; 0 for an enterprise
	area      string
	facts     map[string]any // "code" or "code@2022"
}

// state makes things known, all of it verified, and gives their ids.
func (w *world) state(things ...thing) []int64 {
	w.t.Helper()
	ids, err := w.stated(things...)
	must(w.t, err)
	return ids
}

// stated is state where it may fail.
func (w *world) stated(things ...thing) (ids []int64, err error) {
	src, err := w.Sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "x.xlsx", Area: "320900"})
	if err != nil {
		return nil, err
	}
	if err := w.write(func(ctx context.Context, tx *store.Tx) error { ids, err = w.ensure(ctx, tx, src, things); return err }); err != nil {
		return nil, err
	}
	var all []fact.Statement
	for i, x := range things {
		for key, v := range x.facts {
			all = append(all, statement(ids[i], key, v))
		}
	}
	if err := w.facts.Append(ctx, src, all); err != nil {
		return nil, err
	}
	if _, err := w.Sources.Publish(ctx, src, nil); err != nil {
		return nil, err
	}
	return ids, w.Frames.Refresh(ctx)
}

func statement(subject int64, key string, v any) fact.Statement {
	s := fact.Statement{Subject: subject, Def: key, State: fact.Present, Status: fact.Verified}
	if n := len(key) - 5; n > 0 && key[n] == '@' {
		p, err := period.Parse(key[n+1:])
		if err != nil {
			panic(err)
		}
		s.Def, s.Period = key[:n], p
	}
	switch v := v.(type) {
	case string:
		s.Value.Text = v
	case bool:
		if v {
			s.Value.Num = 1
		}
	case money.Fen:
		s.Value.Num = int64(v)
	case period.Day:
		s.Value.Num = int64(v)
	}
	return s
}

// ensure makes subjects, enterprises first.
func (w *world) ensure(ctx context.Context, tx *store.Tx, src int64, things []thing) ([]int64, error) {
	ids := make([]int64, len(things))
	for _, below := range []bool{false, true} {
		var subs []party.NewSubject
		var at []int
		for i, x := range things {
			if (x.below > 0) != below {
				continue
			}
			n := party.NewSubject{Kind: x.kind, Key: x.key}
			if below {
				n.Parent = ids[x.below-1]
			}
			subs, at = append(subs, n), append(at, i)
		}
		made, err := w.parties.Ensure(ctx, tx, src, subs)
		if err != nil {
			return nil, err
		}
		for n, i := range at {
			ids[i] = made[n]
		}
	}
	var names []party.Name
	var members []party.Membership
	for i, x := range things {
		if x.kind == content.Enterprise {
			names = append(names, party.Name{Subject: ids[i], Name: x.key})
			members = append(members, party.Membership{Subject: ids[i], Tree: party.TreeArea, Node: x.area})
		}
	}
	if err := w.parties.AppendNames(ctx, tx, src, names); err != nil {
		return nil, err
	}
	return ids, w.parties.AppendMemberships(ctx, tx, src, members)
}

// digital is an enterprise with a project of 2024: 8,000,000 yuan of effective input, 9,000,000 of investment.
type digital struct{ id, project int64 }

// firms makes enterprises of Dafeng with a project each.
func (w *world) firms(n int) []digital {
	w.t.Helper()
	var all []thing
	for i := range n {
		all = append(all, things(fmt.Sprintf("虚构企业%d", i), "320904", len(all)+1)...)
	}
	ids := w.state(all...)
	out := make([]digital, n)
	for i := range out {
		out[i] = digital{ids[2*i], ids[2*i+1]}
	}
	return out
}

func things(name, area string, place int) []thing {
	return []thing{
		{kind: content.Enterprise, key: name, area: area, facts: map[string]any{"ent.above_scale@2024": true}},
		{kind: content.Project, key: name + "数字车间", below: place, facts: map[string]any{
			"project.is_digital": true, "project.name": name + "数字车间", "project.effective_input@2024": 800 * wan, "project.investment@2024": 900 * wan,
			"project.effective_input@2022": 0 * wan, "project.investment@2022": 0 * wan, "project.effective_input@2023": 0 * wan, "project.investment@2023": 0 * wan,
		}},
	}
}

func (w *world) firm(name, area string) (firm, project int64) {
	w.t.Helper()
	ids := w.state(things(name, area, 1)...)
	return ids[0], ids[1]
}

// call drafts and publishes a call for clauses.
func (w *world) call(clauses ...string) int64 {
	w.t.Helper()
	id := w.number()
	must(w.t, w.write(func(ctx context.Context, tx *store.Tx) error {
		return w.DraftCall(ctx, tx, 1, Call{
			Case: id, Area: "320900", Policy: yancheng, Clauses: clauses, Title: "2024年度智改数转项目申报", Opens: asOf - 5, Closes: asOf + 20, Line: w.line,
		})
	}))
	must(w.t, w.write(func(ctx context.Context, tx *store.Tx) error { _, err := w.PublishCall(ctx, tx, 2, id); return err }))
	return id
}

// items are two machines and a system: 4,000,000, 3,000,000 and 2,000,000 yuan.
func items(n string) []Item {
	on := period.Date(2024, 5, 6)
	return []Item{
		{Kind: "equipment", Label: "六轴机器人", Invoice: "2432000000000000" + n + "01", On: on, Seller: "示例机器人公司", Serial: "R-" + n + "-1", Amount: 400 * wan},
		{Kind: "equipment", Label: "视觉检测线", Invoice: "2432000000000000" + n + "02", On: on, Seller: "示例视觉公司", Serial: "V-" + n + "-1", Amount: 300 * wan},
		{Kind: "software", Label: "制造执行系统", Invoice: "2432000000000000" + n + "03", On: on, Seller: "示例软件公司", Amount: 200 * wan},
	}
}

func (w *world) submit(call, firm, thing int64, clause string, items []Item) (Application, []Warning, error) {
	var a Application
	var warn []Warning
	id := w.number()
	err := w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		a, warn, err = w.Submit(ctx, tx, Filing{Case: id, Call: call, By: 3, Aim: Aim{Policy: yancheng, Clause: clause, Enterprise: firm, Subject: thing}, Items: items})
		return err
	})
	return a, warn, err
}

// ruled recognises all of an application but what rulings cut.
func (w *world) ruled(id int64, rulings ...Ruling) (before, after money.Fen) {
	w.t.Helper()
	must(w.t, w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		by := Judge{By: 4, Role: access.AuditFirm}
		if len(rulings) > 0 {
			if err := w.Rule(ctx, tx, id, by, rulings); err != nil {
				return err
			}
		}
		before, after, err = w.RuleRest(ctx, tx, id, by)
		return err
	}))
	return before, after
}

func (w *world) grant(id int64) (Application, error) {
	var a Application
	err := w.write(func(ctx context.Context, tx *store.Tx) (err error) { a, _, err = w.Grant(ctx, tx, id, 5); return err })
	return a, err
}

func mustView(w *world) fact.View {
	w.t.Helper()
	v, err := w.system(ctx)
	must(w.t, err)
	return v
}

func sqlite(t testing.TB) *store.DB { return storetest.SQLite(t, migrations) }
