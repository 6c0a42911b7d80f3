package diagnosis

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
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
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

var library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })

var migrations = []store.Migrations{
	audit.Migrations, access.Migrations, notice.Migrations, source.Migrations, party.Migrations, fact.Migrations, consent.Migrations, version.Migrations, ledger.Migrations,
	form.Migrations, casework.Migrations, release.Migrations, subsidy.Migrations, selection.Migrations, results.Migrations, Migrations,
}

// Areas and people of the tests.
const (
	yancheng = "320900"
	tinghu   = "320902"
	dafeng   = "320904"
	judge    = 51
	near     = 52 // an expert who belongs to an institute
)

var (
	county  = access.NewScope(20, access.CountyOfficial, []string{tinghu, dafeng}, nil)
	city    = access.NewScope(22, access.CityOfficial, []string{yancheng, tinghu, dafeng}, nil)
	finance = access.NewScope(23, access.Finance, []string{yancheng, tinghu, dafeng}, nil)
)

// world is the store over one database, wired as in the product.
type world struct {
	*Store
	t     testing.TB
	now   time.Time
	cases *casework.Store
	facts *fact.Store
	line  int64
	model *assess.Rubric
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	ctx := t.Context()
	lib, err := library()
	must(t, err)
	w := &world{t: t, now: time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)}
	tick := clock.Clock(func() time.Time { return w.now })
	sources := source.New(db, tick)
	parties := party.NewStore(db, sources)
	w.facts = fact.NewStore(db, sources, lib)
	frames, err := fact.Open(ctx, w.facts, parties, tick)
	must(t, err)
	p, err := version.FromFS(os.DirFS("../../content/policies/yancheng/2022-6"))
	must(t, err)
	versions, err := version.Open(ctx, version.Deps{DB: db, Sources: sources, Library: lib, Clock: tick, Report: func(err error) { t.Error(err) }}, []version.Package{p})
	must(t, err)
	models, err := assess.Load(contentdata.FS, lib)
	must(t, err)
	w.model, err = models.Edition("sme_digital", "2024")
	must(t, err)
	asked, err := form.Load(contentdata.FS, lib)
	must(t, err)
	asked, err = models.Asks(lib, asked)
	must(t, err)
	costs, err := subsidy.LoadCosts(lib, asked, contentdata.FS)
	must(t, err)
	rubrics, err := rubric.Load(contentdata.FS)
	must(t, err)
	lists, err := release.Load(contentdata.FS)
	must(t, err)
	schemes, err := selection.Load(contentdata.FS, lib, rubrics, asked)
	must(t, err)
	files, err := blob.Open(filepath.Join(t.TempDir(), "payments"))
	must(t, err)
	runner := region.NewRunner(frames, lib)
	t.Cleanup(runner.Close)
	accounts, book := access.New(db, tick, tick, access.Cost{}), ledger.New(db, tick, files)
	releases := release.Open(release.Deps{DB: db, Library: lib, Clock: tick, Set: lists})
	paid := subsidy.New(subsidy.Deps{
		DB: db, Clock: tick, Library: lib, Frames: frames, Sources: sources, Runner: runner, Versions: versions, Costs: costs, Rubrics: rubrics,
		Lab: lab.New(lab.Deps{Runner: runner, Versions: versions, Library: lib}), Book: book, Parties: parties, Accounts: accounts,
		Random: strings.NewReader(strings.Repeat("drawn by nobody. ", 10_000)), Releases: releases,
	})
	reader := region.NewReader(lib)
	w.Store = Open(Deps{
		DB: db, Sources: sources, Parties: parties, Frames: frames, Facts: w.facts, Accounts: accounts, Library: lib, Clock: tick, Book: book, Subsidy: paid,
		Consents:   consent.Open(consent.Deps{DB: db, Frames: frames, Library: lib, Clock: tick}),
		Results:    results.Open(results.Deps{DB: db, Frames: frames, Library: lib, Clock: tick, Subjects: reader, Set: models}),
		Selections: selection.Open(selection.Deps{DB: db, Frames: frames, Library: lib, Clock: tick, Subjects: reader, Set: schemes, Releases: releases, Random: strings.NewReader("")}),
	})
	w.Programme, err = Load(lib, models, contentdata.FS)
	must(t, err)
	forms, effects := casework.FormsOf(form.NewStore(db, lib, asked, tick)), casework.NewRegistry()
	subsidy.Register(effects, paid)
	results.Register(effects, w.Results)
	Register(effects, w.Store)
	var flows []*casework.Workflow
	for _, name := range []string{"diagnosis_digital.yaml", "diagnosis_green.yaml", "project_filing.yaml", "assessment_sme_digital.yaml"} {
		src, err := contentdata.FS.ReadFile("workflows/" + name)
		must(t, err)
		flow, problems, err := casework.Parse(ctx, casework.Reading{Library: lib, Effects: effects, Forms: forms}, name, src)
		must(t, err)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		flows = append(flows, flow)
	}
	set, problems := casework.Gather(flows...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w.cases = casework.Open(casework.Deps{
		DB: db, Sources: sources, Parties: parties, Facts: w.facts, Frames: frames, Library: lib, Clock: tick, Subjects: reader, Effects: effects,
		Set: set, Blobs: blob.At(t.TempDir()), Forms: forms, Sniff: casework.SniffFile,
	})
	paid.Use(w.cases)
	for _, id := range []int64{judge, near} {
		must(t, db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO account (id, login, name, password, epoch, created_at, disabled_at) VALUES ($1, $2, $3, '', 0, 0, 0)`, id, fmt.Sprint("a", id), fmt.Sprint("测试 ", id)); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO grant_ (id, account_id, role, area, party_id, given_at, given_by, ended_at, ended_by) VALUES ($1, $1, $2, '320900', 0, 0, 0, 0, 0)`, id, string(access.Expert))
			return err
		}))
	}
	must(t, db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		w.line, err = book.Appropriate(ctx, tx, ledger.Act{Scope: access.SystemScope(), Key: "line", Document: "预算", Reason: "年初预算"}, ledger.Appropriation{Fund: "智改数转专项", Code: "diagnosis", Year: 2024, Area: yancheng, Name: "诊断", Change: 500_000 * money.Yuan})
		return err
	}))
	return w
}

// newFirm is an enterprise above scale of a division that lies in an area.
func (w *world) newFirm(name, area, industry string) (id int64) {
	w.t.Helper()
	src, err := w.Sources.Begin(w.t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: name, Area: area})
	must(w.t, err)
	err = w.DB.Write(w.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		ids, err := w.Parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Enterprise, Key: party.EnterpriseKey("", name, area)}})
		if err != nil {
			return err
		}
		id = ids[0]
		if err := w.Parties.AppendNames(ctx, tx, src, []party.Name{{Subject: id, Name: name, Place: "a"}}); err != nil {
			return err
		}
		return w.Parties.AppendMemberships(ctx, tx, src, []party.Membership{{Subject: id, Tree: party.TreeArea, Node: area, Place: "a"}, {Subject: id, Tree: party.TreeIndustry, Node: industry, Place: "b"}})
	})
	must(w.t, err)
	must(w.t, w.facts.Append(w.t.Context(), src, []fact.Statement{
		{Subject: id, Def: "ent.above_scale", Period: period.OfYear(2023), State: fact.Present, Value: fact.Value{Num: 1}, Place: "c", Shown: "是"},
		{Subject: id, Def: "ent.devices_total", Period: period.OfYear(2024), State: fact.Present, Value: fact.Value{Num: 100}, Place: "d", Shown: "100"},
	}))
	_, err = w.Sources.Publish(w.t.Context(), src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(w.t.Context()))
	return id
}

func (w *world) view(scope access.Scope) fact.View {
	w.t.Helper()
	must(w.t, w.Frames.Refresh(w.t.Context()))
	v, err := w.Frames.For(w.t.Context(), scope, 0)
	must(w.t, err)
	return v
}

// institute is one that may do all of the city.
func (w *world) institute(code string) Institute {
	w.t.Helper()
	x, err := w.AddInstitute(w.t.Context(), city, Institute{
		Code: code, Name: "诊断机构 " + code, Area: yancheng, Terms: Terms{Kinds: []Kind{Digital, Green}, Qualified: "公开招标中标", Until: period.Date(2025, 12, 31), Capacity: 10},
	})
	must(w.t, err)
	return x
}

func of(x Institute) access.Scope {
	return access.NewScope(1000+x.ID, access.Institute, nil, []int64{x.ID})
}

func owner(firm int64) access.Scope {
	return access.NewScope(5000+firm, access.Enterprise, nil, []int64{firm})
}

// lot is one of the whole city, with the same share for each.
func (w *world) lot(firms int, of ...Institute) Lot {
	w.t.Helper()
	l := Lot{Name: "2024年第一批", Kind: Digital, Year: 2024, Area: yancheng, Ceiling: 80_000 * money.Yuan, Line: w.line, Document: "盐工信采〔2024〕1号"}
	for _, x := range of {
		l.Shares = append(l.Shares, Share{Institute: x.ID, Firms: firms, Fee: 60_000 * money.Yuan})
	}
	l, err := w.AddLot(w.t.Context(), city, l)
	must(w.t, err)
	return l
}

func (w *world) does(by access.Scope, id int64, action string, answers map[string]any) error {
	act := casework.Act{Case: id, Action: action}
	flow, _ := w.cases.Set.Workflow(Digital.Flow())
	if a, ok := flow.Action(action); ok && a.Reason != "" {
		act.Reason = "理由写在这里"
	}
	if answers != nil {
		b, err := json.Marshal(map[string]any{"answers": answers})
		must(w.t, err)
		act.Entry = b
	}
	_, err := w.cases.Act(context.Background(), by, act)
	return err
}

func (w *world) must(by access.Scope, id int64, action string, answers map[string]any) {
	w.t.Helper()
	if err := w.does(by, id, action, answers); err != nil {
		w.t.Fatalf("%s: %v (%s)", action, err, said(err))
	}
}

// said is what a user reads of an error.
func said(err error) string {
	msg, ok := errs.Message(err)
	if !ok {
		return ""
	}
	return i18n.T{Lang: i18n.ZH}.Msg(msg)
}

func (w *world) state(id int64) string {
	w.t.Helper()
	c, _, err := w.cases.Get(w.t.Context(), access.SystemScope(), id)
	must(w.t, err)
	return c.State
}

// wants fails unless an error says something.
func wants(t testing.TB, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(said(err), text) {
		t.Fatalf("error %v says %q; want %q", err, said(err), text)
	}
}

// report is a whole report about a firm; words makes its text unlike that of others.
func report(words string, advice int) Report {
	text := func(of string) string { return strings.Repeat(words+of, 16) }
	r := Report{Summary: text("总体结论"), Barrier: "plan", Why: words, Findings: []Finding{
		{ID: "f1", Part: "f3", Title: "设备联网率低", State: text("现状"), Gap: text("差距"), Proof: "设备清单"},
	}}
	for i := range advice {
		r.Advice = append(r.Advice, Advice{
			ID: fmt.Sprintf("a%d", i+1), Finding: "f1", Title: fmt.Sprintf("联网改造第%d期", i+1), What: text(fmt.Sprintf("建议%d", i)), Scenario: "capture",
			Least: 500_000 * money.Yuan, Most: 800_000 * money.Yuan, Months: 24, Fact: "ent.devices_networked", Expected: "联网设备从20台到80台", Proof: "报价单", Example: "antewei",
		})
	}
	return r
}

// TestWhole takes a diagnosis from its lot to the fee and what became of the advice.
func TestWhole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a, b := w.institute("one"), w.institute("two")
		firm := w.newFirm("盐城甲机械有限公司", tinghu, "34")
		w.newFirm("盐城乙机械有限公司", dafeng, "35")
		l := w.lot(2, a, b)
		wanted, err := w.Wanted(ctx, w.view(city), l)
		must(t, err)
		if len(wanted) != 2 {
			t.Fatalf("%d firms are wanted, want 2", len(wanted))
		}
		must(t, w.Declare(ctx, of(b), b.ID, firm, "股东相同"))
		opened, err := w.OpenCases(ctx, city, w.cases, w.view(city), l.ID, []int64{wanted[0].ID, wanted[1].ID, wanted[0].ID})
		must(t, err)
		if len(opened.Cases) != 2 || len(opened.Left) != 0 {
			t.Fatalf("opened %v", opened)
		}
		id := opened.Cases[0]
		if again, err := w.OpenCases(ctx, city, w.cases, w.view(city), l.ID, []int64{firm}); err != nil || len(again.Cases) != 0 {
			t.Fatalf("opened twice: %v %v", again, err)
		}
		if _, err := w.Sight(ctx, of(a), w.cases, id); errs.KindOf(err) != errs.KindNotFound {
			t.Fatalf("the institute sees a case before the firm agrees: %v", err)
		}
		x, err := w.Sight(ctx, owner(firm), w.cases, id)
		must(t, err)
		if x.By.ID != a.ID || !x.Choose || x.Assigned[0].How != ByRule {
			t.Fatalf("proposed %v, want %d", x.By.ID, a.ID)
		}
		if err := w.Choose(ctx, owner(firm), w.cases, id, b.ID); err == nil {
			t.Fatal("an institute with an interest was chosen")
		}
		wants(t, w.does(owner(firm), id, "choose", nil), "诊断页")
		w.must(owner(firm), id, "agree", nil)
		w.must(of(a), id, "take", nil)
		if err := w.does(of(b), id, "visited", nil); errs.KindOf(err) != errs.KindNotFound {
			t.Fatalf("another institute acts: %v", err)
		}
		w.must(of(a), id, "visited", map[string]any{"devices_networked": 20})
		if got := w.view(city).Value(firm, "ent.devices_networked", period.OfYear(2024)); got.Value.Num != 20 {
			t.Fatalf("networked devices are %v", got)
		}
		if x, err = w.Sight(ctx, of(a), w.cases, id); err != nil || x.Graded == nil || len(x.Saved.Findings) == 0 || !x.Write {
			t.Fatalf("the report does not begin itself: %v %+v", err, x.Saved)
		}
		wants(t, w.does(of(a), id, "hand_in", nil), "还没有报告")
		saved, err := w.Save(ctx, of(a), w.cases, id, 0, x.Saved.Report)
		must(t, err)
		wants(t, w.does(of(a), id, "hand_in", nil), "总体结论少于")
		if _, err := w.Save(ctx, of(a), w.cases, id, 0, report("甲", 5)); errs.KindOf(err) != errs.KindConflict {
			t.Fatalf("saved over what somebody else saved: %v", err)
		}
		if _, err := w.Save(ctx, owner(firm), w.cases, id, saved.N, report("甲", 5)); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("the firm writes the report: %v", err)
		}
		_, err = w.Save(ctx, of(a), w.cases, id, saved.N, report("甲", 5))
		must(t, err)
		w.must(of(a), id, "hand_in", nil)
		if x, err = w.Sight(ctx, owner(firm), w.cases, id); err != nil || x.Report.N != 0 {
			t.Fatalf("the firm reads the report before it is sent: %v", err)
		}
		if err := w.Reply(ctx, owner(firm), w.cases, id, nil); errs.KindOf(err) != errs.KindNotFound {
			t.Fatalf("the firm learns advice before it is sent: %v", err)
		}
		wants(t, w.does(county, id, "pass", nil), "抽中")
		if l, err := w.Lot(ctx, county, l.ID); err != nil || len(l.Shares) != 2 {
			t.Fatalf("a county does not know the lot of its city: %+v, %v", l, err)
		}
		if all, err := w.Lots(ctx, access.NewScope(9, access.CountyOfficial, []string{"320581"}, nil)); err != nil || len(all) != 0 {
			t.Fatalf("a county elsewhere knows the lot: %+v, %v", all, err)
		}
		if err := w.CloseLot(ctx, county, l.ID); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("a county closes the lot of its city: %v", err)
		}
		w.evaluate(id, 20)
		wants(t, w.does(county, id, "passed", nil), "不合格")
		w.must(county, id, "rework", nil)
		_, err = w.Save(ctx, of(a), w.cases, id, 2, report("甲甲", 5))
		must(t, err)
		w.must(of(a), id, "hand_in", nil)
		w.evaluate(id, 80)
		w.must(county, id, "passed", nil)
		if err := w.Reply(ctx, owner(firm), w.cases, id, []Answer{{Advice: "a1", Answer: Adopt}}); err == nil {
			t.Fatal("some advice was not answered")
		}
		wants(t, w.does(owner(firm), id, "answer", nil), "逐条答复")
		answers := []Answer{{Advice: "a1", Answer: Adopt}, {Advice: "a2", Answer: Adopt}, {Advice: "a3", Answer: Later, Reason: "明年"}, {Advice: "a4", Answer: No, Reason: "不用"}, {Advice: "a5", Answer: Later, Reason: "明年"}}
		must(t, w.Reply(ctx, owner(firm), w.cases, id, answers))
		wants(t, w.does(county, id, "accept", nil), "收款账户")
		must(t, w.SetAccount(ctx, of(a), a.ID, PayTo{Holder: a.Name, Bank: "示例银行", Number: "6228480402564890018"}))
		w.must(county, id, "accept", nil)
		if x, err := w.Sight(ctx, finance, w.cases, id); err != nil || x.Report.N != 0 || len(x.Reports) != 2 || len(x.Answers) != 0 || len(x.Consents) != 0 {
			t.Fatalf("finance reads the report: %+v, %v", x, err)
		}
		v := w.view(city)
		if done, by := v.Value(firm, "ent.diagnosed", period.Period{}), v.Value(firm, "ent.diagnosis_institute", period.Period{}); done.Value.Num != 1 || by.Value.Text != a.Name {
			t.Fatalf("diagnosed %v by %v", done, by)
		}
		wants(t, w.CloseLot(ctx, city, l.ID), "还有 1 家在诊断")
		owed, err := w.Subsidy.Owed(ctx, finance, ledger.Filter{}, ledger.Page{})
		must(t, err)
		if len(owed) != 1 || owed[0].To != a.Name || owed[0].Balance[ledger.Payable] != 60_000*money.Yuan || owed[0].Payee.Firm != "" {
			t.Fatalf("owed %+v", owed)
		}
		theirs := subsidy.Payee{Holder: a.Name, Bank: "示例银行", Number: "6228480402564890018"}
		if err := w.Subsidy.NamePayee(ctx, owner(firm), id, theirs); errs.KindOf(err) != errs.KindForbidden {
			t.Fatalf("the firm names the account that the institute is paid to: %v", err)
		}
		if _, err := w.Subsidy.Payee(ctx, owner(firm), id); errs.KindOf(err) != errs.KindNotFound {
			t.Fatalf("the firm reads the account of the institute: %v", err)
		}
		w.fee(id, a)
		if _, err := w.File(ctx, owner(firm), w.cases, id, "a3"); errs.KindOf(err) != errs.KindConflict {
			t.Fatalf("advice that was put off is filed: %v", err)
		}
		filing, err := w.File(ctx, owner(firm), w.cases, id, "a1")
		must(t, err)
		if again, err := w.File(ctx, owner(firm), w.cases, id, "a1"); err != nil || again != filing {
			t.Fatalf("filed twice: %d and %d, %v", filing, again, err)
		}
		rows, err := w.Rows(ctx, city)
		must(t, err)
		var all Tally
		for _, r := range rows {
			all.Add(r)
		}
		if all.Cases != 2 || all.Accepted != 1 || all.Advice != 5 || all.Adopted != 2 || all.Filed != 1 || all.Built != 0 || all.Adoption().RatString() != "2/5" || all.Conversion().Sign() != 0 {
			t.Fatalf("counted %+v", all)
		}
		if rows, err = w.Rows(ctx, of(b)); err != nil || len(rows) != 0 {
			t.Fatalf("another institute sees %v, %v", rows, err)
		}
		if rows, err = w.Rows(ctx, owner(firm)); err != nil || len(rows) != 1 {
			t.Fatalf("the firm sees %v, %v", rows, err)
		}
	})
}

// fee takes the fee of a diagnosis that was accepted from an account that was wrong to its return: the institute mends it as long as nothing is
// ordered, and again once the bank gave the money back.
func (w *world) fee(id int64, by Institute) {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	named := func(number string) {
		t.Helper()
		must(t, w.SetAccount(ctx, of(by), by.ID, PayTo{Holder: by.Name, Bank: "示例银行", Number: ledger.Account(number)}))
	}
	goesTo := func(number string) subsidy.Payee {
		t.Helper()
		p, err := w.Subsidy.Payee(ctx, finance, id)
		must(t, err)
		if p.Number.Reveal() != number || p.Firm != "" {
			t.Fatalf("the fee goes to %s of %q, want %s", p.Number.Reveal(), p.Firm, number)
		}
		return p
	}
	key := 0
	act := func() ledger.Act {
		key++
		return ledger.Act{Scope: finance, Key: fmt.Sprint("payment ", key), Document: "回单"}
	}
	order := func(seen string) (batch int64) {
		t.Helper()
		must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			a := act()
			batch, err = w.Subsidy.Order(ctx, tx, finance, a.Key, []subsidy.Due{{Case: id, Sum: ledger.Sum{Instalment: 1, Amount: 60_000 * money.Yuan}, Seen: seen}})
			if err != nil {
				return err
			}
			return w.Book.Send(ctx, tx, act(), batch)
		}))
		return batch
	}
	becomes := func(batch int64, state ledger.OrderState) {
		t.Helper()
		_, err := w.Subsidy.Settle(ctx, finance, act(), batch, []ledger.Outcome{{Order: 1, State: state, Reason: "账号有误"}})
		must(t, err)
	}
	named("6228480402564890999")
	first := order(goesTo("6228480402564890999").Version())
	named("6228480402564890018")
	goesTo("6228480402564890999") // it is on its way
	becomes(first, ledger.OrderSettled)
	if w.state(id) != "done" {
		t.Fatalf("paid, and stands in %s", w.state(id))
	}
	becomes(first, ledger.OrderBounced)
	wants(t, w.does(finance, id, "give_back", nil), "")
	named("6228480402564890018")
	becomes(order(goesTo("6228480402564890018").Version()), ledger.OrderSettled)
	w.must(finance, id, "give_back", nil)
	if rows, err := w.Rows(ctx, city); err != nil || w.state(id) != "returned" || !rows[len(rows)-1].Accepted() {
		t.Fatalf("given back: %+v, %v", rows, err)
	}
	if owed, err := w.Subsidy.Owed(ctx, finance, ledger.Filter{}, ledger.Page{}); err != nil || len(owed) != 0 {
		t.Fatalf("owed %+v, %v", owed, err)
	}
	if checked, err := w.Book.Check(ctx); err != nil || len(checked.Faults) != 0 {
		t.Fatalf("the book: %+v, %v", checked, err)
	}
	checked, err := audit.Check(ctx, w.DB, slices.Concat(Logged, subsidy.Logged))
	must(t, err)
	for _, f := range checked.Faults {
		if f.Kind != "" && (strings.HasPrefix(f.Kind, "diagnosis.") || strings.HasPrefix(f.Kind, "subsidy.")) {
			t.Errorf("the log: %+v", f)
		}
	}
}

// counted is what the scope sees, counted by institute.
func (w *world) counted(by access.Scope) map[int64]Tally {
	w.t.Helper()
	rows, err := w.Rows(w.t.Context(), by)
	must(w.t, err)
	got := map[int64]Tally{}
	for _, c := range ByInstitute(rows) {
		got[c.Of] = c.Tally
	}
	return got
}

// evaluate has a third party give the report so many points, by parts.
func (w *world) evaluate(id int64, points int) {
	w.t.Helper()
	ctx := w.t.Context()
	must(w.t, w.Subsidy.Put(ctx, county, id, subsidy.Picked{Accounts: []int64{judge}}))
	w.must(county, id, "appoint", nil)
	by := access.NewScope(judge, access.Expert, []string{yancheng, tinghu, dafeng}, nil)
	x, err := w.Sight(ctx, by, w.cases, id)
	must(w.t, err)
	if x.Report.N == 0 || len(x.Reports) != 1 || len(x.Consents)+len(x.Answers)+len(x.Lot.Shares)+len(x.Reports[0].Risks) != 0 || len(x.Assigned) != 1 {
		w.t.Fatalf("who evaluates is shown %+v", x)
	}
	sheet := rubric.Sheet{}
	left := points
	for _, item := range []struct {
		id   string
		most int
	}{{"facts", 30}, {"cause", 20}, {"advice", 30}, {"own", 10}, {"service", 10}} {
		n := min(left, item.most)
		left -= n
		sheet[item.id] = rubric.Points(n * 10_000)
	}
	must(w.t, w.Subsidy.Put(ctx, by, id, subsidy.Scored{Sheet: sheet, Remark: "看过现场"}))
	w.must(by, id, "score", nil)
}

// written has an institute take a case and hand a whole report in.
func (w *world) written(firm, id int64, by Institute, words string) {
	w.t.Helper()
	w.must(owner(firm), id, "agree", nil)
	w.must(of(by), id, "take", nil)
	w.must(of(by), id, "visited", map[string]any{"devices_networked": 20})
	_, err := w.Save(w.t.Context(), of(by), w.cases, id, 0, report(words, 2))
	must(w.t, err)
	w.must(of(by), id, "hand_in", nil)
}

// TestReplaced takes a case from an institute whose report was not good enough twice, and gives it to another by the rule.
func TestReplaced(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a, b := w.institute("one"), w.institute("two")
		firm := w.newFirm("盐城甲机械有限公司", tinghu, "34")
		l := w.lot(2, a, b)
		opened, err := w.OpenCases(ctx, city, w.cases, w.view(city), l.ID, []int64{firm})
		must(t, err)
		id := opened.Cases[0]
		w.written(firm, id, a, "甲")
		w.must(county, id, "send_back", nil)
		_, err = w.Save(ctx, of(a), w.cases, id, 1, report("再甲", 2))
		must(t, err)
		w.must(of(a), id, "hand_in", nil)
		w.evaluate(id, 10)
		wants(t, w.does(county, id, "replace", nil), "先返工")
		w.must(county, id, "rework", nil)
		wants(t, w.does(of(a), id, "hand_in", nil), "完全相同")
		if got := w.counted(city); got[a.ID].Marks != 1 || got[a.ID].Score != 1000 {
			t.Fatalf("counted %+v", got)
		}
		_, err = w.Save(ctx, of(a), w.cases, id, 2, report("三甲", 2))
		must(t, err)
		w.must(of(a), id, "hand_in", nil)
		if got := w.counted(city); got[a.ID].Reports != 1 || got[a.ID].Marks != 0 {
			t.Fatalf("the mark of what was reworked since still counts: %+v", got)
		}
		w.evaluate(id, 20)
		wants(t, w.does(county, id, "rework", nil), "更换机构")
		w.must(county, id, "replace", nil)
		if _, err := w.Sight(ctx, of(a), w.cases, id); errs.KindOf(err) != errs.KindNotFound {
			t.Fatalf("who was replaced still sees the case: %v", err)
		}
		all, err := w.Consents.InCase(ctx, w.DB.Read(), id)
		must(t, err)
		if len(all) != 1 || all[0].Stands(w.now.UnixMilli()+1) {
			t.Fatalf("what the firm consented to still stands: %+v", all)
		}
		w.must(county, id, "assign", nil)
		x, err := w.Sight(ctx, owner(firm), w.cases, id)
		must(t, err)
		if x.By.ID != b.ID || len(x.Assigned) != 3 || x.Assigned[1].How != Left {
			t.Fatalf("given to %d by %+v, want %d", x.By.ID, x.Assigned, b.ID)
		}
		must(t, w.Declare(ctx, of(b), b.ID, firm, "股东相同"))
		wants(t, w.does(owner(firm), id, "agree", nil), "有利益关系")
		must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM diagnosis_conflict WHERE institute = $1`, b.ID)
			return err
		}))
		w.must(owner(firm), id, "agree", nil)
		w.must(of(b), id, "take", nil)
		w.must(of(b), id, "visited", map[string]any{"devices_networked": 20})
		x, err = w.Sight(ctx, of(b), w.cases, id)
		must(t, err)
		if x.Saved.N != 3 || x.Saved.Summary != "" || x.Report.N != 0 {
			t.Fatalf("the draft of who was replaced is shown to another: %+v", x.Saved)
		}
		wants(t, w.does(of(b), id, "hand_in", nil), "还没有报告")
		if _, err := w.Save(ctx, of(b), w.cases, id, 3, report("另一家", 2)); err != nil {
			t.Fatalf("another institute cannot write: %v", err)
		}
		got := w.counted(city)
		if x := got[a.ID]; x.Cases != 0 || x.Reports != 1 || x.Marks != 1 || x.Score != 2000 {
			t.Fatalf("who was replaced is charged %+v", x)
		}
		if x := got[b.ID]; x.Cases != 1 || x.Reports != 0 || x.Marks != 0 {
			t.Fatalf("who came after is charged what another did: %+v", x)
		}
		rows, err := w.Rows(ctx, city)
		must(t, err)
		if !rows[0].Of(a.ID) || rows[0].Institute != b.ID || rows[0].Handed != 0 || rows[0].Mark != nil {
			t.Fatalf("row %+v", rows[0])
		}
		if rows, err = w.Rows(ctx, of(b)); err != nil || len(rows) != 1 || len(rows[0].Before) != 0 {
			t.Fatalf("who came after is told %+v, %v", rows, err)
		}
		w.must(of(b), id, "hand_in", nil)
		if got := w.counted(city); got[a.ID].Reports != 1 || got[b.ID].Reports != 1 || got[b.ID].Marks != 0 {
			t.Fatalf("counted %+v", got)
		}
		w.must(county, id, "drop", nil) // also where all of it was done: what is not to be accepted does not keep its lot open
		if wanted, err := w.Wanted(ctx, w.view(city), l); err != nil || len(wanted) != 1 {
			t.Fatalf("a firm whose diagnosis was called off is not wanted any more: %v, %v", wanted, err)
		}
	})
}

// TestNobodyLeft tells where the rule finds nobody any more.
func TestNobodyLeft(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a := w.institute("one")
		firm := w.newFirm("盐城甲机械有限公司", tinghu, "34")
		l := w.lot(2, a)
		opened, err := w.OpenCases(ctx, city, w.cases, w.view(city), l.ID, []int64{firm})
		must(t, err)
		id := opened.Cases[0]
		w.must(owner(firm), id, "agree", nil)
		w.must(of(a), id, "decline", nil)
		wants(t, w.does(county, id, "assign", nil), "都不能承接")
		w.must(county, id, "drop", nil)
		wants(t, w.CloseLot(ctx, county, l.ID), "")
		must(t, w.CloseLot(ctx, city, l.ID))
		must(t, w.CloseLot(ctx, city, l.ID)) // twice is once
		if l, err = w.Lot(ctx, city, l.ID); err != nil || l.Freed != l.Budget() {
			t.Fatalf("closed, %v of %v is free, %v", l.Freed, l.Budget(), err)
		}
		if _, err := w.OpenCases(ctx, city, w.cases, w.view(city), l.ID, []int64{firm}); err == nil || !strings.Contains(said(err), "批次已结束") {
			t.Fatalf("a closed lot gives firms: %v", err)
		}
		if wanted, err := w.Wanted(ctx, w.view(city), l); err != nil || len(wanted) != 1 {
			t.Fatalf("a firm whose diagnosis was called off is not wanted any more: %v, %v", wanted, err)
		}
	})
}

// TestIndependent keeps those from evaluating a report who stand near to who wrote it.
func TestIndependent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a := w.institute("one")
		firm := w.newFirm("盐城甲机械有限公司", tinghu, "34")
		l := w.lot(2, a)
		opened, err := w.OpenCases(ctx, city, w.cases, w.view(city), l.ID, []int64{firm})
		must(t, err)
		id := opened.Cases[0]
		w.written(firm, id, a, "甲")
		_, err = w.Selections.AddExpert(ctx, city, selection.Expert{Label: "近人", Account: near, Area: yancheng, Belongs: []string{a.Name}})
		must(t, err)
		must(t, w.Subsidy.Put(ctx, county, id, subsidy.Picked{Accounts: []int64{near}}))
		wants(t, w.does(county, id, "appoint", nil), "不能评价它的报告")
		must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO grant_ (id, account_id, role, area, party_id, given_at, given_by, ended_at, ended_by) VALUES ($1, $2, 'institute', '', $3, 0, 0, 0, 0)`, 900, judge, a.ID)
			return err
		}))
		must(t, w.Subsidy.Put(ctx, county, id, subsidy.Picked{Accounts: []int64{judge}}))
		wants(t, w.does(county, id, "appoint", nil), "自己的报告")
	})
}

// TestChosen has a firm choose another institute than the rule proposed, within what that may take.
func TestChosen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a, b := w.institute("one"), w.institute("two")
		first, second := w.newFirm("盐城甲机械有限公司", tinghu, "34"), w.newFirm("盐城乙机械有限公司", tinghu, "34")
		l := w.lot(1, a, b)
		opened, err := w.OpenCases(ctx, city, w.cases, w.view(city), l.ID, []int64{first, second})
		must(t, err)
		all, err := w.Choices(ctx, owner(first), w.cases, opened.Cases[0])
		must(t, err)
		if len(all) != 2 || !all[0].Bar.IsZero() || all[1].Bar.IsZero() {
			t.Fatalf("choices %+v: the first has its own place, the second is full", all)
		}
		wants(t, w.Choose(ctx, owner(first), w.cases, opened.Cases[0], b.ID), "已排满")
		w.must(county, opened.Cases[1], "drop", nil)
		must(t, w.Choose(ctx, owner(first), w.cases, opened.Cases[0], b.ID))
		if _, err := w.Sight(ctx, of(b), w.cases, opened.Cases[0]); err != nil {
			t.Fatalf("who was chosen does not see the case: %v", err)
		}
		if w.state(opened.Cases[0]) != "invited" {
			t.Fatalf("the case stands in %s", w.state(opened.Cases[0]))
		}
	})
}

// TestLots refuses lots that mean nothing, cost too much or have no budget.
func TestLots(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.institute("one")
		whole := Lot{
			Name: "批次", Kind: Digital, Year: 2024, Area: yancheng, Ceiling: 80_000 * money.Yuan, Line: w.line, Document: "文件",
			Shares: []Share{{a.ID, 2, 60_000 * money.Yuan}},
		}
		for name, c := range map[string]struct {
			change func(l *Lot)
			want   string
		}{
			"name":     {func(l *Lot) { l.Name = " " }, "批次名称"},
			"document": {func(l *Lot) { l.Document = "" }, "采购文件"},
			"kind":     {func(l *Lot) { l.Kind = "blue" }, "诊断类型"},
			"ceiling":  {func(l *Lot) { l.Ceiling = 100_001 * money.Yuan }, "不能高于 10万元"},
			"fee":      {func(l *Lot) { l.Shares = []Share{{a.ID, 2, 90_000 * money.Yuan}} }, "不高于"},
			"nobody":   {func(l *Lot) { l.Shares = nil }, "中标机构"},
			"unknown":  {func(l *Lot) { l.Shares = []Share{{4711, 2, 1}} }, "不在库内"},
			"twice":    {func(l *Lot) { l.Shares = append(l.Shares, l.Shares[0]) }, "填了两次"},
			"trade":    {func(l *Lot) { l.Divisions = []string{"340"} }, "两位代码"},
			"size":     {func(l *Lot) { l.Sizes = []string{"huge"} }, "企业规模"},
			"budget":   {func(l *Lot) { l.Shares = []Share{{a.ID, 100, 60_000 * money.Yuan}} }, ""},
		} {
			t.Run(name, func(t *testing.T) {
				l := whole
				c.change(&l)
				_, err := w.AddLot(t.Context(), city, l)
				wants(t, err, c.want)
			})
		}
		if _, err := w.AddLot(t.Context(), finance, whole); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("finance enters a lot: %v", err)
		}
		if all, err := w.Lots(t.Context(), city); err != nil || len(all) != 0 {
			t.Errorf("lots %v, %v after nothing but refusals", all, err)
		}
	})
}

// TestAdvise notes what was done for a firm: the barrier becomes known, the firm reads its own, and a foreign office nothing.
func TestAdvise(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		firm, other := w.newFirm("盐城甲机械有限公司", tinghu, "34"), w.newFirm("盐城乙机械有限公司", dafeng, "34")
		n := Note{Firm: firm, Day: period.Date(2024, 10, 30), Who: "顾问 张某", What: "上门讲政策，算了能拿多少", Barrier: "money", Next: "介绍智能制造贷"}
		for name, c := range map[string]struct {
			change func(n *Note)
			by     access.Scope
			want   string
		}{
			"nobody":   {func(n *Note) { n.Who = "" }, county, "服务人"},
			"nothing":  {func(n *Note) { n.What = " " }, county, "做了什么"},
			"tomorrow": {func(n *Note) { n.Day = period.Date(2024, 11, 1) }, county, "不能晚于今天"},
			"barrier":  {func(n *Note) { n.Barrier = "luck" }, county, "没有转型障碍"},
		} {
			x := n
			c.change(&x)
			_, err := w.Advise(ctx, c.by, x)
			if err == nil || !strings.Contains(said(err), c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.Advise(ctx, owner(firm), n); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("the firm writes the log: %v", err)
		}
		if _, err := w.Advise(ctx, access.NewScope(9, access.CountyOfficial, []string{dafeng}, nil), n); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a foreign county writes the log: %v", err)
		}
		_, err := w.Advise(ctx, county, n)
		must(t, err)
		if got := Held(w.view(city), 2024); got["money"] != 1 || len(got) != 1 {
			t.Errorf("held back: %v", got)
		}
		for name, c := range map[string]struct {
			by   access.Scope
			want int
		}{"county": {county, 1}, "firm": {owner(firm), 1}, "other": {owner(other), 0}, "foreign": {access.NewScope(9, access.CountyOfficial, []string{"320903"}, nil), 0}} {
			all, total, err := w.Notes(ctx, c.by, 0, 0, 10)
			if err != nil || len(all) != c.want || total != c.want {
				t.Errorf("%s reads %d of %d, %v; want %d", name, len(all), total, err, c.want)
			}
		}
	})
}

// accepted takes the firm's diagnosis from nothing to the fee, and gives its case: its report has advice with these titles, all of it adopted.
func (w *world) accepted(firm int64, l Lot, by Institute, words string, titles ...string) int64 {
	w.t.Helper()
	ctx := w.t.Context()
	opened, err := w.OpenCases(ctx, city, w.cases, w.view(city), l.ID, []int64{firm})
	must(w.t, err)
	if len(opened.Cases) != 1 {
		w.t.Fatalf("opened %+v", opened)
	}
	id := opened.Cases[0]
	w.reports(firm, id, by, words, titles...)
	w.must(county, id, "accept", nil)
	return id
}

// reports takes a diagnosis that was opened to its acceptance.
func (w *world) reports(firm, id int64, by Institute, words string, titles ...string) {
	w.t.Helper()
	ctx := w.t.Context()
	must(w.t, w.SetAccount(ctx, of(by), by.ID, PayTo{Holder: by.Name, Bank: "示例银行", Number: "6228480402564890018"}))
	w.must(owner(firm), id, "agree", nil)
	w.must(of(by), id, "take", nil)
	w.must(of(by), id, "visited", map[string]any{"devices_networked": 20})
	r := report(words, len(titles))
	var answers []Answer
	for i, title := range titles {
		r.Advice[i].Title = title
		answers = append(answers, Answer{Advice: r.Advice[i].ID, Answer: Adopt})
	}
	_, err := w.Save(ctx, of(by), w.cases, id, 0, r)
	must(w.t, err)
	w.must(of(by), id, "hand_in", nil)
	w.evaluate(id, 80)
	w.must(county, id, "passed", nil)
	must(w.t, w.Reply(ctx, owner(firm), w.cases, id, answers))
}

// TestFiledAnew files advice anew whose project was withdrawn, and counts a project once that two pieces of advice became.
func TestFiledAnew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a := w.institute("one")
		firm := w.newFirm("盐城甲机械有限公司", tinghu, "34")
		id := w.accepted(firm, w.lot(2, a), a, "甲", "联网改造", "联网改造", "上云")
		file := func(advice string) int64 {
			t.Helper()
			filing, err := w.File(ctx, owner(firm), w.cases, id, advice)
			must(t, err)
			return filing
		}
		count := func(filed int) {
			t.Helper()
			if got := w.counted(city)[a.ID]; got.Filed != filed || got.Advice != 3 {
				t.Errorf("counted %+v, want %d filed", got, filed)
			}
		}
		first := file("a1")
		count(1)
		if both := file("a2"); both != first {
			t.Errorf("a project of the same name is filed twice: %d and %d", first, both)
		}
		count(1)
		file("a3")
		count(2)
		_, err := w.cases.Act(ctx, owner(firm), casework.Act{Case: first, Action: "withdraw"})
		must(t, err)
		count(1)
		x, err := w.Sight(ctx, owner(firm), w.cases, id)
		must(t, err)
		if x.Filings["a1"] != 0 || x.Filings["a3"] == 0 {
			t.Errorf("filings that stand: %v", x.Filings)
		}
		effects, err := w.Effects(ctx, w.view(city), id)
		must(t, err)
		if len(effects) != 3 || effects[0].Case != first || effects[0].Ended != "withdrawn" {
			t.Errorf("effects %+v", effects)
		}
		anew := file("a1")
		if anew == first || file("a1") != anew {
			t.Errorf("filed anew: %d after %d", anew, first)
		}
		count(2)
		if effects, err = w.Effects(ctx, w.view(city), id); err != nil || len(effects) != 3 || effects[0].Case != anew || effects[1].Case != first {
			t.Errorf("effects %+v, %v", effects, err)
		}
	})
}

// TestMerged pays a service once for a firm that has two records, and finds its later level under either: that of the second diagnosis.
func TestMerged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a := w.institute("one")
		one, two := w.newFirm("盐城甲机械有限公司", tinghu, "34"), w.newFirm("盐城甲机械公司", tinghu, "34")
		l := w.lot(4, a)
		opened, err := w.OpenCases(ctx, city, w.cases, w.view(city), l.ID, []int64{one, two})
		must(t, err)
		w.reports(one, opened.Cases[0], a, "甲", "联网改造")
		w.must(county, opened.Cases[0], "accept", nil)
		w.reports(two, opened.Cases[1], a, "乙", "联网改造")
		lifted := func() Lift {
			t.Helper()
			rows, err := w.Rows(ctx, city)
			must(t, err)
			for _, r := range rows {
				if r.Case == opened.Cases[0] {
					return r.Level
				}
			}
			t.Fatal("the diagnosis is not there")
			return Lift{}
		}
		if l := lifted(); !l.Rated || l.Again {
			t.Fatalf("two firms: %+v", l)
		}
		w.view(city)
		v, err := w.Frames.For(ctx, access.SystemScope(), 0)
		must(t, err)
		_, err = v.Merge(ctx, party.Merging{From: one, Into: two, Reason: "同一家企业"})
		must(t, err)
		w.view(city)
		if l := lifted(); !l.Again {
			t.Fatalf("one firm: %+v", l)
		}
		wants(t, w.does(county, opened.Cases[1], "accept", nil), "不重复支付")
		if got := w.state(opened.Cases[1]); got != "acceptance" {
			t.Errorf("the second diagnosis stands in %s", got)
		}
	})
}
