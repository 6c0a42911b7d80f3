package bulletin

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
	"github.com/yanzhen/yanzhen/internal/target"
)

const (
	yancheng = "320900"
	tinghu   = "320902"
	dafeng   = "320904"
	dongtai  = "320981"
)

var (
	migrations = []store.Migrations{audit.Migrations, access.Migrations, source.Migrations, party.Migrations, fact.Migrations, notice.Migrations, monitor.Migrations, target.Migrations, Migrations}
	library    = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })
	prepares   = access.NewScope(11, access.CountyOfficial, []string{tinghu}, nil)
	signs      = access.NewScope(12, access.CountyOfficial, []string{tinghu}, nil)
	other      = access.NewScope(13, access.CountyOfficial, []string{dafeng}, nil)
	city       = access.NewScope(21, access.CityOfficial, []string{yancheng, tinghu, dafeng, dongtai}, nil)
	second     = access.NewScope(22, access.CityOfficial, []string{yancheng, tinghu, dafeng, dongtai}, nil)
	auditor    = access.NewScope(31, access.Auditor, []string{yancheng, tinghu, dafeng, dongtai}, nil)
)

// figures are the indicators of the tests.
const figures = `group: tests
title: {zh: 测试, en: Tests}
source: 测试
confidence: unverified
populations:
  - {code: accepted, name: {zh: 已验收, en: Accepted}, of: project, where: project.is_digital && project.accepted_on <= event}
  - {code: firms, name: {zh: 规上, en: Above scale}, of: enterprise, where: ent.above_scale && !(known(ent.closed_on) && ent.closed_on <= event)}
indicators:
  - {code: firms, name: {zh: 规上数, en: Firms}, version: '1', measure: stock, population: firms, carry: 1, over: {space: sum, time: last}, unit: 家}
  - {code: done, name: {zh: 完成率, en: Done}, version: '1', measure: share, population: firms, where: ent.digital_done, carry: 1, over: {space: ratio, time: last}, unit: '%', places: 1}
  - {code: accepted, name: {zh: 验收, en: Accepted}, version: '1', measure: flow, population: accepted, day: project.accepted_on, over: {space: sum, time: sum}, unit: 个}
  - {code: covered, name: {zh: 覆盖, en: Covered}, version: '1', measure: coverage, population: firms, where: ent.digital_done, cells: {areas: county}, over: {space: none, time: last}}
`

// written is the content of the tests beside what ships.
var written = map[string]string{
	"reports/month.yaml": `report: month
version: '1'
name: {zh: 月报, en: Month}
of: county
every: month
separate: true
source: 测试
confidence: unverified
tables:
  - code: progress
    name: {zh: 进展, en: Progress}
    figures: [{indicator: firms}, {indicator: done}, {indicator: accepted}, {indicator: accepted, span: to_date}, {indicator: covered}]
questions:
  - {code: work, ask: {zh: 工作, en: Work}, required: true, least: 4, most: 40}
  - {code: trouble, ask: {zh: 问题, en: Trouble}, most: 40}
  - {code: why, ask: {zh: 原因, en: Why}, most: 40}
checks:
  - {check: fell, indicator: done, word: why}
  - {check: open, indicator: done, more: 50%, word: why}
`,
	"reports/quarter.yaml": `report: quarter
version: '1'
name: {zh: 通报, en: Bulletin}
of: city
every: quarter
ranking: 测试〔2024〕1号
source: 测试
confidence: unverified
gathers: {report: month, quote: [trouble]}
tables:
  - code: counties
    name: {zh: 各地, en: Counties}
    by: county
    figures: [{indicator: firms}, {indicator: done}]
scores:
  name: {zh: 得分, en: Points}
  parts:
    - {indicator: done, whole: 75%, weight: 70}
    - {indicator: accepted, span: to_date, whole: '3', weight: 30}
questions:
  - {code: summary, ask: {zh: 总体, en: Summary}, required: true, most: 100}
`,
	"duties/plan.yaml": `plan: plan
name: {zh: 计划, en: Plan}
area: '320900'
since: 2024-08-01
until: 2024-12-31
source: 测试
confidence: unverified
duties:
  - {code: monthly, name: {zh: 月度, en: Monthly}, asks: report, report: month, of: county, every: month, within: 5, remind: [2], escalate: [1]}
  - {code: on_site, name: {zh: 现场, en: On site}, asks: meeting, of: city, every: month, months: [8, 10, 12], within: 0}
  - {code: quarterly, name: {zh: 季度, en: Quarterly}, asks: report, report: quarter, of: city, every: quarter, within: 15}
`,
	"warnings/rules.yaml": `area: '320900'
source: 测试
confidence: unverified
warnings:
  - {code: low, name: {zh: 低, en: Low}, why: {zh: 不到一半, en: Below half}, indicator: done, of: county, every: month, what: value, below: 50%, least: 2, tell: [county, city]}
  - {code: fewer, name: {zh: 少, en: Fewer}, why: {zh: 比上月少, en: Fewer than before}, indicator: accepted, of: city, every: month, what: change, against: before, below: '0', tell: [city]}
`,
}

// files are the shipped content with those of the tests in place of its calendar, reports and warnings.
func files(more map[string]string) fs.FS {
	out := fstest.MapFS{}
	for _, from := range []map[string]string{written, more} {
		for name, text := range from {
			out[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return out
}

// world is the stores over one database.
type world struct {
	t       testing.TB
	db      *store.DB
	sources *source.Store
	parties *party.Store
	facts   *fact.Store
	day     time.Time
	*Store
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	lib, err := library()
	must(t, err)
	set, problems := indicator.Compile(lib, []indicator.Source{{Name: "tests.yaml", Text: []byte(figures)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return worldOf(t, db, set, files(nil))
}

// worldOf is the stores with indicators and content.
func worldOf(t testing.TB, db *store.DB, set *indicator.Set, content fs.FS) *world {
	t.Helper()
	lib, err := library()
	must(t, err)
	bulletins, err := Load(content, lib, set)
	must(t, err)
	w := &world{t: t, db: db, day: time.Date(2024, 10, 9, 9, 0, 0, 0, clock.Beijing)}
	now := clock.Clock(func() time.Time { return w.day })
	w.sources = source.New(db, now)
	w.parties = party.NewStore(db, w.sources)
	w.facts = fact.NewStore(db, w.sources, lib)
	frames, err := fact.Open(t.Context(), w.facts, w.parties, now)
	must(t, err)
	accounts := access.New(db, now, now, access.Cost{})
	notices, err := notice.New(notice.Deps{
		DB: db, Access: accounts, Areas: lib.Areas(), Calendar: lib.Calendar(), Clock: now, Machine: now, Same: func(id int64) []int64 { return []int64{id} },
	})
	must(t, err)
	m := monitor.Open(monitor.Deps{DB: db, Sources: w.sources, Frames: frames, Library: lib, Subjects: region.NewReader(lib), Set: set, Clock: now})
	targets := target.Open(target.Deps{DB: db, Library: lib, Monitor: m, Clock: now})
	w.Store = Open(Deps{DB: db, Library: lib, Frames: frames, Monitor: m, Targets: targets, Notices: notices, Clock: now, Set: bulletins})
	return w
}

// said is a fact of a firm.
type said struct {
	def  string
	p    period.Period
	num  int64
	by   fact.Status
	text string
}

func year(def string, y int, num int64) said { return said{def: def, p: period.OfYear(y), num: num} }

// firm is an enterprise with its projects' days of acceptance.
type firm struct {
	key, area string
	facts     []said
	accepted  []period.Day
}

// state makes firms known, or more of them.
func (w *world) state(firms ...firm) (src int64, ids []int64) {
	w.t.Helper()
	ctx := w.t.Context()
	src, err := w.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "x.xlsx", Area: yancheng})
	must(w.t, err)
	var all []fact.Statement
	must(w.t, w.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, f := range firms {
			made, err := w.parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Enterprise, Key: f.key}})
			if err != nil {
				return err
			}
			ids = append(ids, made[0])
			if err := w.parties.AppendNames(ctx, tx, src, []party.Name{{Subject: made[0], Name: f.key}}); err != nil {
				return err
			}
			if f.area != "" {
				if err := w.parties.AppendMemberships(ctx, tx, src, []party.Membership{{Subject: made[0], Tree: party.TreeArea, Node: f.area}}); err != nil {
					return err
				}
			}
			for _, s := range f.facts {
				all = append(all, fact.Statement{Subject: made[0], Def: s.def, Period: s.p, State: fact.Present, Value: fact.Value{Num: s.num, Text: s.text}, Status: s.by})
			}
			for i, day := range f.accepted {
				p, err := w.parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Project, Key: fmt.Sprintf("%s-%d", f.key, i), Parent: made[0]}})
				if err != nil {
					return err
				}
				all = append(all,
					fact.Statement{Subject: p[0], Def: "project.is_digital", State: fact.Present, Value: fact.Value{Num: 1}},
					fact.Statement{Subject: p[0], Def: "project.accepted_on", State: fact.Present, Value: fact.Value{Num: int64(day)}})
			}
		}
		return nil
	}))
	must(w.t, w.facts.Append(ctx, src, all))
	_, err = w.sources.Publish(ctx, src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(ctx))
	return src, ids
}

func above(done int64) []said {
	return []said{year("ent.above_scale", 2024, 1), year("ent.digital_done", 2024, done)}
}

// town is a few firms of which everything is told by hand.
func (w *world) town() (src int64, ids []int64) {
	return w.state(
		firm{"甲", tinghu, above(1), []period.Day{period.Date(2024, 9, 3), period.Date(2024, 8, 3)}},
		firm{"乙", tinghu, above(0), nil},
		firm{"丙", dafeng, above(1), []period.Day{period.Date(2024, 8, 8)}},
		firm{"丁", dongtai, above(0), nil},
	)
}

func month(y, m int) period.Period { return period.OfMonth(y, m) }

// begun begins and fills in a report.
func (w *world) begun(scope access.Scope, def, area string, p period.Period, words map[string]string) int64 {
	w.t.Helper()
	id, err := w.Begin(w.t.Context(), scope, def, area, p)
	must(w.t, err)
	must(w.t, w.Say(w.t.Context(), scope, id, words))
	return id
}

// sealed is a report that two persons sealed.
func (w *world) sealed(one, two access.Scope, def, area string, p period.Period, words map[string]string) int64 {
	w.t.Helper()
	id := w.begun(one, def, area, p, words)
	must(w.t, w.Submit(w.t.Context(), one, id, 0))
	must(w.t, w.Sign(w.t.Context(), two, id))
	return id
}

func wantKind(t *testing.T, err error, kind errs.Kind, what string) {
	t.Helper()
	if err == nil || errs.KindOf(err) != kind {
		t.Errorf("%s: %v, want kind %v", what, err, kind)
	}
}

func shown(x Sight, f Figure) string {
	return fmt.Sprintf("%s %s: %s of %d, open %d, verified %d, before %s", f.Area, f.Indicator, ratText(f.Value), f.Within, f.Open, f.VerifiedCounted, ratText(f.Before))
}

// TestCountySigns: a county signs its month without typing a number.
func TestCountySigns(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		w.town()
		sept := month(2024, 9)

		_, err := w.Begin(ctx, other, "month", tinghu, sept)
		wantKind(t, err, errs.KindForbidden, "another county begins")
		_, err = w.Begin(ctx, city, "month", tinghu, sept)
		wantKind(t, err, errs.KindForbidden, "the city begins a county's")
		_, err = w.Begin(ctx, prepares, "month", tinghu, period.OfQuarter(2024, 3))
		wantKind(t, err, errs.KindInvalid, "a quarter")
		_, err = w.Begin(ctx, prepares, "month", tinghu, month(2024, 11))
		wantKind(t, err, errs.KindInvalid, "a month that lies ahead")

		id := w.begun(prepares, "month", tinghu, sept, map[string]string{"work": "走访"})
		again, err := w.Begin(ctx, signs, "month", tinghu, sept)
		must(t, err)
		if again != id {
			t.Errorf("begun twice: %d and %d", id, again)
		}
		x, err := w.Sight(ctx, prepares, id, 0, 0)
		must(t, err)
		var got []string
		for _, f := range x.Figures {
			got = append(got, shown(x, f))
		}
		want := []string{
			" firms: 2 of 2, open 0, verified 0, before 2",
			" done: 1/2 of 2, open 0, verified 0, before 1/2",
			" accepted: 1 of 2, open 0, verified 1, before 1",
			" accepted: 2 of 2, open 0, verified 2, before 1",
			" covered: 1 of 2, open 0, verified 0, before 1",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("figures (-want +got):\n%s", diff)
		}
		wantKind(t, w.Submit(ctx, prepares, id, 0), errs.KindInvalid, "an answer that is too short")
		wantKind(t, w.Say(ctx, prepares, id, map[string]string{"work": strings.Repeat("长", 41)}), errs.KindInvalid, "an answer that is too long")
		wantKind(t, w.Say(ctx, other, id, map[string]string{"work": "外人写的"}), errs.KindNotFound, "another county writes")
		wantKind(t, w.Say(ctx, city, id, map[string]string{"work": "市里写的"}), errs.KindForbidden, "the city writes")
		wantKind(t, w.Sign(ctx, signs, id), errs.KindConflict, "a draft is signed")
		must(t, w.Say(ctx, signs, id, map[string]string{"work": "走访企业二十家"}))
		must(t, w.Say(ctx, signs, id, map[string]string{"work": " 走访企业二十家\r\n"})) // the same
		versions, err := w.Versions(ctx, auditor, id, 0, "work")
		must(t, err)
		if len(versions) != 2 || versions[1].By != 12 {
			t.Errorf("versions: %+v", versions)
		}
		must(t, w.Submit(ctx, prepares, id, x.Seq))
		wantKind(t, w.Submit(ctx, prepares, id, 0), errs.KindConflict, "handed on twice")
		wantKind(t, w.Say(ctx, prepares, id, map[string]string{"work": "又改了一下"}), errs.KindConflict, "written after it was handed on")
		wantKind(t, w.Sign(ctx, prepares, id), errs.KindConflict, "who prepared it signs")
		wantKind(t, w.Return(ctx, signs, id, " "), errs.KindInvalid, "given back without a reason")
		must(t, w.Return(ctx, signs, id, "补充问题"))
		must(t, w.Submit(ctx, prepares, id, 0))

		// What becomes known between the two is not what was seen, and not what is signed.
		w.state(firm{"乙", "", []said{year("ent.digital_done", 2024, 1)}, nil})
		must(t, w.Sign(ctx, signs, id))
		wantKind(t, w.Sign(ctx, signs, id), errs.KindConflict, "signed twice")
		x, err = w.Sight(ctx, city, id, 0, 0)
		must(t, err)
		if v := ratText(x.Figures[1].Value); x.State() != Sealed || v != "1/2" || x.Seq == 0 {
			t.Errorf("signed: %s, %s as of %d", x.State(), v, x.Seq)
		}
		if _, err := w.Report(ctx, other, id); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("another county reads it: %v", err)
		}

		// A correction is an edition of its own.
		wantKind(t, w.Revise(ctx, prepares, id, ""), errs.KindInvalid, "no reason")
		must(t, w.Revise(ctx, prepares, id, "乙公司已完成"))
		wantKind(t, w.Revise(ctx, prepares, id, "再来"), errs.KindConflict, "two corrections at a time")
		must(t, w.Submit(ctx, signs, id, 0))
		must(t, w.Sign(ctx, prepares, id))
		first, err := w.Sight(ctx, city, id, 1, 0)
		must(t, err)
		newest, err := w.Sight(ctx, city, id, 0, 0)
		must(t, err)
		if ratText(first.Figures[1].Value) != "1/2" || ratText(newest.Figures[1].Value) != "1" || newest.Edition.N != 2 || newest.Words["work"].Text != "走访企业二十家" {
			t.Errorf("first %s, then %s: %+v", ratText(first.Figures[1].Value), ratText(newest.Figures[1].Value), newest.Edition)
		}

		// Each edition is a leaf of the log.
		var leaves int
		must(t, db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM audit_leaf WHERE kind = 'bulletin.edition'`).Scan(&leaves))
		if leaves != 2 {
			t.Errorf("%d leaves", leaves)
		}
		body, err := loggedEdition.Body(ctx, db.Read(), audit.Ref{newest.Edition.ID})
		must(t, err)
		for _, part := range []string{`"value":"1"`, `走访企业二十家`, `"reason":"乙公司已完成"`} {
			if !strings.Contains(string(body), part) {
				t.Errorf("the leaf lacks %s: %s", part, body)
			}
		}
	})
}

// TestChecks: a figure that fell, or much that is open, asks for words.
func TestChecks(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		joins := []said{year("ent.above_scale", 2024, 1)}
		w.state(firm{"甲", tinghu, above(1), nil}, firm{"乙", tinghu, joins, nil}, firm{"丙", tinghu, joins, nil})
		id := w.begun(prepares, "month", tinghu, month(2024, 9), map[string]string{"work": "走访企业二十家"})
		x, err := w.Sight(ctx, prepares, id, 0, 0)
		must(t, err)
		if len(x.Findings) != 1 || x.Findings[0].Check.Check != CheckOpen || len(x.Lacks()) != 1 {
			t.Fatalf("findings: %+v, lacks %v", x.Findings, x.Lacks())
		}
		wantKind(t, w.Submit(ctx, prepares, id, 0), errs.KindInvalid, "much is open")
		must(t, w.Say(ctx, prepares, id, map[string]string{"why": "两家未填报"}))
		must(t, w.Submit(ctx, prepares, id, 0))

		// A firm that closed before the month had completed: the share falls.
		w.state(
			firm{"乙", "", []said{year("ent.digital_done", 2024, 0)}, nil}, firm{"丙", "", []said{year("ent.digital_done", 2024, 0)}, nil},
			firm{"甲", "", []said{{def: "ent.closed_on", num: int64(period.Date(2024, 9, 20))}}, nil},
		)
		must(t, w.Return(ctx, signs, id, "重新核对"))
		must(t, w.Say(ctx, prepares, id, map[string]string{"why": ""}))
		x, err = w.Sight(ctx, prepares, id, 0, 0)
		must(t, err)
		if len(x.Findings) != 1 || x.Findings[0].Check.Check != CheckFell || x.Findings[0].Msg.String() != "Done went from 33.3% to 0.0%, worse than before" {
			t.Fatalf("findings: %+v", x.Findings)
		}
		wantKind(t, w.Submit(ctx, prepares, id, 0), errs.KindInvalid, "it fell without a word")
	})
}

// TestBulletin: the city's quarter is made of what counties signed, and of figures side by side; ranks follow a document.
func TestBulletin(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		w.town()
		w.sealed(prepares, signs, "month", tinghu, month(2024, 9), map[string]string{"work": "走访企业二十家", "trouble": "缺服务商"})
		w.begun(other, "month", dafeng, month(2024, 9), map[string]string{"work": "写了一半"})
		id := w.begun(city, "quarter", yancheng, period.OfQuarter(2024, 3), map[string]string{"summary": "总体平稳"})
		wantKind(t, w.Submit(ctx, prepares, id, 0), errs.KindNotFound, "a county hands on the city's")
		must(t, w.Submit(ctx, city, id, 0))
		must(t, w.Sign(ctx, city, id)) // this definition does not want two
		must(t, w.Revise(ctx, prepares, w.reportOf(tinghu), "之后的更正"))
		x, err := w.Sight(ctx, auditor, id, 0, 0)
		must(t, err)
		states := map[string]State{}
		for _, s := range x.Sources {
			if s.Period == month(2024, 9) {
				states[s.Area] = s.State
			}
		}
		if states[tinghu] != Sealed || states[dafeng] != Draft || states[dongtai] != Missing {
			t.Errorf("sources: %v", states)
		}
		if len(x.Quotes) != 1 || x.Quotes[0].Text != "缺服务商" {
			t.Errorf("quotes: %+v", x.Quotes)
		}
		areas, by := x.Of("counties")
		if got := fmt.Sprintf("%s %s %s, all %s", ratText(by[tinghu][1].Value), ratText(by[dafeng][1].Value), ratText(by[dongtai][1].Value), ratText(by[""][1].Value)); len(areas) < 9 || got != "1/2 1 0, all 1/2" {
			t.Errorf("of %d areas: %s", len(areas), got)
		}
		// 亭湖 1/2 of 75% is 2/3 of 70, and 2 of 3 is 20; 大丰 all of 70, and 1 of 3 is 10; 东台 nothing. The others have no firm, and no score.
		var ranks []string
		for _, s := range x.Scores() {
			if s.Rank > 0 {
				ranks = append(ranks, fmt.Sprintf("%d %s %s", s.Rank, s.Area, s.Total.RatString()))
			}
		}
		if diff := cmp.Diff([]string{"1 320904 80", "2 320902 200/3", "3 320981 0"}, ranks); diff != "" {
			t.Errorf("ranks (-want +got):\n%s", diff)
		}
		again, err := w.Recompute(ctx, city, id, 0)
		must(t, err)
		for _, r := range again {
			if r.Differs() || r.MethodChanged {
				t.Errorf("recomputed: %+v", r)
			}
		}
	})
}

func (w *world) reportOf(area string) int64 {
	w.t.Helper()
	all, err := w.Reports(w.t.Context(), access.SystemScope(), Filter{Definition: "month", Area: area})
	must(w.t, err)
	return all[0].ID
}

// TestSealedRecomputes: whatever becomes known, is taken back or is merged later, a signed edition worked out again at its commit has the
// figures that were signed.
func TestSealedRecomputes(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		rnd := rand.New(rand.NewPCG(8, uint64(len(t.Name()))))
		areas := []string{tinghu, dafeng, dongtai}
		var sources, firms []int64
		var sealed []int64
		batch := func(round int) {
			var some []firm
			for i := range 4 + rnd.IntN(5) {
				f := firm{key: fmt.Sprintf("企业%d", rnd.IntN(25)), facts: []said{}}
				if rnd.IntN(3) > 0 {
					f.key, f.area = fmt.Sprintf("企业%d-%d", round, i), areas[rnd.IntN(3)]
				}
				for _, y := range []int{2023, 2024} {
					if rnd.IntN(4) > 0 {
						f.facts = append(f.facts, year("ent.above_scale", y, int64(min(rnd.IntN(4), 1))))
					}
					if rnd.IntN(3) > 0 {
						f.facts = append(f.facts, year("ent.digital_done", y, int64(rnd.IntN(2))))
					}
				}
				if rnd.IntN(8) == 0 {
					f.facts = append(f.facts, said{def: "ent.closed_on", num: int64(period.Date(2024, 1+rnd.IntN(9), 1+rnd.IntN(28)))})
				}
				for range rnd.IntN(3) {
					f.accepted = append(f.accepted, period.Date(2024, 1+rnd.IntN(9), 1+rnd.IntN(28)))
				}
				some = append(some, f)
			}
			src, ids := w.state(some...)
			sources, firms = append(sources, src), append(firms, ids...)
		}
		words := map[string]string{"work": "走访企业二十家", "why": "已经核对", "summary": "总体平稳"}
		officials := map[string][2]access.Scope{tinghu: {prepares, signs}, dafeng: {other, access.NewScope(14, access.CountyOfficial, []string{dafeng}, nil)}}
		for round := range 9 {
			batch(round)
			switch round {
			case 1, 4, 6:
				for area, who := range officials {
					sealed = append(sealed, w.sealed(who[0], who[1], "month", area, month(2024, 4+round/2), words))
				}
				sealed = append(sealed, w.sealed(city, second, "quarter", yancheng, period.OfQuarter(2024, 1+round/3), words))
			case 2, 5:
				src := sources[rnd.IntN(len(sources))]
				if s, err := w.sources.Get(ctx, access.SystemScope(), src); err == nil && s.Live() {
					_, err := w.sources.Retract(ctx, access.SystemScope(), src, "撤回")
					must(t, err)
				}
			case 3, 7:
				from, into := firms[rnd.IntN(len(firms))], firms[rnd.IntN(len(firms))]
				view, err := w.view(ctx, 0)
				must(t, err)
				if _, err := w.parties.Merge(ctx, view.Registry(), access.SystemScope(), party.Merging{From: from, Into: into, Reason: "同一家"}); err != nil && !slices.Contains([]errs.Kind{errs.KindInvalid, errs.KindConflict, errs.KindNotFound}, errs.KindOf(err)) {
					t.Fatal(err)
				}
			}
			must(t, w.Frames.Refresh(ctx))
			for _, id := range sealed {
				again, err := w.Recompute(ctx, city, id, 0)
				must(t, err)
				if len(again) == 0 {
					t.Fatalf("report %d has no figures", id)
				}
				for _, r := range again {
					if r.Differs() || r.MethodChanged {
						t.Fatalf("round %d, report %d: signed %+v, recomputed %+v", round, id, r.Then, r.Now)
					}
				}
			}
		}
		moved := 0
		for _, id := range sealed { // the test would show nothing if all stayed as it was
			x, err := w.Sight(ctx, city, id, 0, 0)
			must(t, err)
			_, now, err := w.told(ctx, x.Definition, x.Area, x.Period, Step{})
			must(t, err)
			for i := range now {
				if !now[i].Same(x.Figures[i]) {
					moved++
				}
			}
		}
		if moved == 0 {
			t.Error("nothing moved since")
		}
	})
}

// aimed are reports whose figures are held against targets of the plan that ships.
var aimed = fstest.MapFS{
	"reports/month.yaml": &fstest.MapFile{Data: []byte(`report: month
version: '1'
name: {zh: 月报, en: Month}
of: county
every: month
source: 测试
confidence: unverified
tables:
  - code: progress
    name: {zh: 进展, en: Progress}
    figures: [{indicator: above_scale_firms}, {indicator: completed_share, target: yancheng-2022/B110}, {indicator: star_cloud_firms, target: yancheng-2022/B120}]
`)},
	"reports/quarter.yaml": &fstest.MapFile{Data: []byte(`report: quarter
version: '1'
name: {zh: 通报, en: Bulletin}
of: city
every: quarter
source: 测试
confidence: unverified
tables:
  - code: counties
    name: {zh: 各地, en: Counties}
    by: county
    figures: [{indicator: completed_share, target: yancheng-2022/B110}, {indicator: star_cloud_firms, target: yancheng-2022/B120}]
scores:
  name: {zh: 得分, en: Points}
  parts: [{indicator: completed_share, target: yancheng-2022/B110, whole: 100%, weight: 100}]
`)},
	"warnings/rules.yaml": &fstest.MapFile{Data: []byte(`area: '320900'
source: 测试
confidence: unverified
warnings:
  - {code: behind, name: {zh: 落后, en: Behind}, why: {zh: 落后, en: Behind}, indicator: completed_share, target: yancheng-2022/B110, of: county, every: month, what: behind, above: 40%, least: 2, tell: [city]}
`)},
}

// aim is how far a figure is from its target, in words.
func aim(f Figure) string {
	return fmt.Sprintf("%s: %s of %s, path %s, distance %s, %s %s %d %s", f.Target, ratText(f.Actual), ratText(f.Promise), ratText(f.Need), ratText(f.Distance()), f.State, f.Quarter, f.Place, f.RankedBy)
}

// TestTargets: figures tell how far they are from what the plan promised, by what was verified; what was signed keeps the quotas and the
// ranking that were known when it was prepared.
func TestTargets(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		lib, err := library()
		must(t, err)
		set, _, err := indicator.Load(contentdata.FS, lib)
		must(t, err)
		w, ctx := worldOf(t, db, set, aimed), t.Context()
		checked := func(done int64) []said {
			return []said{
				{def: "ent.above_scale", p: period.OfYear(2024), num: 1, by: fact.Verified},
				{def: "ent.digital_done", p: period.OfYear(2024), num: done, by: fact.Verified},
				{def: "ent.cloud_stars", p: period.OfYear(2024), num: 3, by: fact.Verified},
			}
		}
		unchecked := checked(1)
		unchecked[0].by = fact.Reported // counts, and does not count as verified
		w.state(
			firm{"甲", tinghu, checked(1), nil}, firm{"乙", tinghu, checked(0), nil}, firm{"丙", dafeng, checked(1), nil}, firm{"丁", dongtai, checked(0), nil},
			firm{"戊", "320903", checked(1), nil}, firm{"己", "320903", checked(0), nil}, firm{"庚", "320903", checked(0), nil}, firm{"辛", "320903", unchecked, nil},
		)
		w.day = w.day.Add(time.Minute)
		quota := func(id, area, value string) {
			t.Helper()
			v, _ := parseRat(value)
			_, err := w.Targets.Enter(ctx, city, target.Act{
				Plan: "yancheng-2022", Target: id, Area: yancheng, Parts: target.ByAreas, Document: "盐工信〔2024〕测试1号", Quotas: []target.Quota{{Key: target.Key{Area: area}, Value: v}},
			})
			must(t, err)
		}
		for _, area := range []string{tinghu, dafeng, dongtai, "320903"} {
			quota("B110", area, "1")
		}
		for area, n := range map[string]string{tinghu: "2", dafeng: "4", dongtai: "8", "320903": "3"} {
			quota("B120", area, n)
		}
		w.day = w.day.Add(time.Minute)

		// Who is far behind is warned of: not 大丰 that is there, nor 东台 of which one enterprise tells nothing.
		must(t, w.Warn(ctx))
		warned, err := w.Warnings(ctx, access.SystemScope())
		must(t, err)
		var far []string
		for _, x := range warned {
			far = append(far, fmt.Sprintf("%s %s is %s of %s, short by %s %s, of %d", x.Rule, x.Area, ratText(x.Value), ratText(x.Compared), ratText(x.Looked), x.Limit, x.Within))
		}
		slices.Sort(far)
		if diff := cmp.Diff([]string{"behind 320902 is 1/2 of 1013/1096, short by 465/1013 >40%, of 2", "behind 320903 is 1/3 of 1013/1096, short by 1943/3039 >40%, of 3"}, far); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}

		// A county's month: its figures, and its place among all of them without anybody else's figure.
		month := w.sealed(prepares, signs, "month", tinghu, month(2024, 9), nil)
		x, err := w.Sight(ctx, prepares, month, 0, 0)
		must(t, err)
		// 1,004 of the 1,096 days of the plan are past, and there was no figure to begin with.
		want := []string{
			":  of , path , distance ,   0 ",
			"yancheng-2022/B110: 1/2 of 1, path 251/274, distance -57/137, behind upper 0 ",
			"yancheng-2022/B120: 2 of 2, path 251/137, distance 23/137, reached upper 0 ",
		}
		var got []string
		for _, f := range x.Figures {
			got = append(got, aim(f))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("a county's month (-want +got):\n%s", diff)
		}

		// The city's quarter: what was not verified is in the figure and not in what is held against the target.
		id := w.sealed(city, second, "quarter", yancheng, period.OfQuarter(2024, 3), nil)
		table := func(x Sight) map[string]string {
			_, by := x.Of("counties")
			out := map[string]string{}
			for _, area := range []string{"", tinghu, dafeng, dongtai, "320903", "320921"} {
				out[area] = aim(by[area][0])
			}
			return out
		}
		x, err = w.Sight(ctx, city, id, 0, 0)
		must(t, err)
		signed := map[string]string{
			"":       "yancheng-2022/B110: 3/7 of 1, path 251/274, distance -935/1918, behind  0 ",
			tinghu:   "yancheng-2022/B110: 1/2 of 1, path 251/274, distance -57/137, behind upper 0 ",
			dafeng:   "yancheng-2022/B110: 1 of 1, path 251/274, distance 23/274, reached upper 0 ",
			dongtai:  "yancheng-2022/B110: 0 of 1, path 251/274, distance -251/274, behind lower 0 ",
			"320903": "yancheng-2022/B110: 1/3 of 1, path 251/274, distance -479/822, behind middle 0 ",
			"320921": "yancheng-2022/B110:  of , path , distance , unknown  0 ",
		}
		if diff := cmp.Diff(signed, table(x)); diff != "" {
			t.Errorf("the city's quarter (-want +got):\n%s", diff)
		}
		if _, by := x.Of("counties"); ratText(by["320903"][0].Value) != "1/2" {
			t.Errorf("the figure by all that is known: %s", ratText(by["320903"][0].Value))
		}
		for col, want := range []string{"0 1/3 1/2 false", "1/8 1/4 1 true"} { // of what quarters are told by: levels, and parts of quotas
			b, ok := x.Band("counties", col)
			if got := fmt.Sprint(ratText(b.Low), " ", ratText(b.Median), " ", ratText(b.High), " ", b.Parts); !ok || got != want {
				t.Errorf("band of column %d: %s, want %s", col, got, want)
			}
		}
		if x.Scores()[0].Rank != 0 || len(x.RankedBy()) != 0 {
			t.Errorf("ranked without a document: %v", x.RankedBy())
		}

		// Later quotas and a ranking change what is told from then on, and nothing that was signed; a leaf tells what that was.
		quota("B110", tinghu, "3/5") // in the very minute in which it was signed
		w.day = w.day.Add(time.Hour)
		quota("B110", dafeng, "")
		_, err = w.Targets.Rank(ctx, city, target.Ranking{Plan: "yancheng-2022", On: true, Document: "盐政办〔2024〕测试9号"})
		must(t, err)
		w.day = w.day.Add(time.Hour)
		for _, one := range []int64{month, id} {
			again, err := w.Recompute(ctx, city, one, 0)
			must(t, err)
			for _, r := range again {
				if r.Differs() || r.MethodChanged {
					t.Errorf("signed %s, recomputed %s", aim(r.Then), aim(r.Now))
				}
			}
		}
		logged, err := audit.Check(ctx, db, slices.Concat(Logged, target.Logged))
		must(t, err)
		if len(logged.Faults) > 0 {
			t.Errorf("audit log: %v", logged.Faults)
		}
		body, err := loggedAims.Body(ctx, db.Read(), audit.Ref{x.Edition.ID})
		must(t, err)
		if !strings.Contains(string(body), `"target":"yancheng-2022/B110","actual":"1/3","promise":"1","need":"251/274","target_state":"behind","quarter":"middle"`) {
			t.Errorf("the leaf: %s", body)
		}
		must(t, w.Revise(ctx, city, id, "任务数有变"))
		x, err = w.Sight(ctx, city, id, 0, 0)
		must(t, err)
		now := map[string]string{
			"":       signed[""],
			tinghu:   "yancheng-2022/B110: 1/2 of 3/5, path 753/1370, distance -34/685, behind upper 2 盐政办〔2024〕测试9号",
			dafeng:   "yancheng-2022/B110: 1 of , path , distance , unknown upper 1 盐政办〔2024〕测试9号",
			dongtai:  "yancheng-2022/B110: 0 of 1, path 251/274, distance -251/274, behind lower 4 盐政办〔2024〕测试9号",
			"320903": "yancheng-2022/B110: 1/3 of 1, path 251/274, distance -479/822, behind middle 3 盐政办〔2024〕测试9号",
			"320921": "yancheng-2022/B110:  of , path , distance , unknown  0 盐政办〔2024〕测试9号",
		}
		if diff := cmp.Diff(now, table(x)); diff != "" {
			t.Errorf("a correction (-want +got):\n%s", diff)
		}
		if first := x.Scores()[0]; first.Rank != 1 || first.Area != dafeng || !slices.Equal(x.RankedBy(), []string{"盐政办〔2024〕测试9号"}) {
			t.Errorf("ranked: %+v by %v", first, x.RankedBy())
		}
		x.Definition.Ranking = "测试〔2024〕1号" // the document that a report names itself stands for it
		if !slices.Equal(x.RankedBy(), []string{"测试〔2024〕1号"}) {
			t.Errorf("ranked by %v", x.RankedBy())
		}
		if x.changed(set)["yancheng-2022/B110"] {
			t.Error("the target is another one")
		}
		other := x.Definition.Aims["yancheng-2022/B110"]
		other.Hash = "another"
		x.Definition.Aims["yancheng-2022/B110"] = other
		if !x.changed(set)["yancheng-2022/B110"] {
			t.Error("a target that was changed is not told")
		}
	})
}

// TestDuties: who owes what, until when, and what is late.
func TestDuties(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		w.town()
		w.day = time.Date(2024, 9, 6, 9, 0, 0, 0, clock.Beijing)
		w.sealed(prepares, signs, "month", tinghu, month(2024, 8), map[string]string{"work": "走访企业二十家"})
		w.day = time.Date(2024, 10, 9, 9, 0, 0, 0, clock.Beijing)
		w.sealed(prepares, signs, "month", tinghu, month(2024, 9), map[string]string{"work": "走访企业二十家"})
		all, err := w.Duties(ctx, city)
		must(t, err)
		got := map[string]string{}
		for _, o := range all {
			if o.Area == tinghu || o.Area == dafeng || o.Area == yancheng {
				got[o.Code+" "+o.Area+" "+o.Period.String()] = fmt.Sprintf("%s %s late %v ended %v", o.Due, o.State, o.Late, o.Ended)
			}
		}
		want := map[string]string{ // five working days after August end on 6 September; those after September on 12 October, a Saturday that is worked
			"monthly 320902 2024-08":  "2024-09-06 sealed late false ended true",
			"monthly 320904 2024-08":  "2024-09-06 missing late true ended true",
			"monthly 320902 2024-09":  "2024-10-12 sealed late false ended true",
			"monthly 320904 2024-09":  "2024-10-12 missing late false ended true",
			"monthly 320902 2024-10":  "2024-11-07 missing late false ended false",
			"monthly 320904 2024-10":  "2024-11-07 missing late false ended false",
			"on_site 320900 2024-08":  "2024-09-02 missing late true ended true",
			"on_site 320900 2024-10":  "2024-10-31 missing late false ended false",
			"quarterly 320900 2024Q3": "2024-10-25 missing late false ended true",
			"quarterly 320900 2024Q4": "2025-01-22 missing late false ended false",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("duties (-want +got):\n%s", diff)
		}
		mine, err := w.Waiting(ctx, other)
		must(t, err)
		if mine.Duties != 2 || mine.Late != 1 {
			t.Errorf("a county waits for %+v", mine)
		}
		theirs, err := w.Waiting(ctx, city)
		must(t, err)
		if theirs.Duties != 2 || theirs.Late != 1 || theirs.Below == 0 {
			t.Errorf("the city waits for %+v", theirs)
		}

		// What has come due is told, once.
		must(t, w.Ring(ctx))
		count := func() (n int) {
			must(t, db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM notice WHERE told_key LIKE 'duty/plan/monthly/320904/%'`).Scan(&n))
			return n
		}
		if n := count(); n != 1 { // that August is overdue, to the city; September is due in three working days
			t.Errorf("%d messages", n)
		}
		w.day = time.Date(2024, 10, 10, 9, 0, 0, 0, clock.Beijing)
		must(t, w.Ring(ctx))
		must(t, w.Ring(ctx))
		if n := count(); n != 2 {
			t.Errorf("%d messages a day later", n)
		}
	})
}

// TestMeetings: a meeting fulfils its duty once it has minutes; what follows from it has an owner and a day.
func TestMeetings(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		day := period.Date(2024, 10, 8)
		n := NewMeeting{Duty: "plan/on_site", Area: yancheng, Day: day, Title: "十月现场会", Place: "大丰", Offices: "各县（市、区）工信局"}
		_, err := w.Hold(ctx, prepares, n)
		wantKind(t, err, errs.KindForbidden, "a county holds the city's")
		n.Day = period.Date(2024, 9, 8)
		_, err = w.Hold(ctx, city, n)
		wantKind(t, err, errs.KindInvalid, "a month without one")
		n.Day = day
		id, err := w.Hold(ctx, city, n)
		must(t, err)
		task, err := w.Give(ctx, city, id, NewTask{What: "排出未诊断企业名单", Area: tinghu, Due: period.Date(2024, 10, 12)})
		must(t, err)
		_, err = w.Give(ctx, city, id, NewTask{What: "x", Area: "320500", Due: day})
		wantKind(t, err, errs.KindInvalid, "a task for elsewhere")
		_, err = w.Give(ctx, city, id, NewTask{What: "x", Area: tinghu, Due: day - 1})
		wantKind(t, err, errs.KindInvalid, "a task that was due before")
		must(t, w.Write(ctx, city, id, "议定事项一件"))
		duties, err := w.Duties(ctx, city)
		must(t, err)
		for _, o := range duties {
			if o.Code == "on_site" && o.Period == month(2024, 10) && (!o.Done() || o.Late) {
				t.Errorf("the duty: %+v", o)
			}
		}
		m, err := w.Meeting(ctx, prepares, id)
		must(t, err)
		if len(m.Tasks) != 1 || len(m.Minutes) != 1 {
			t.Errorf("the meeting: %+v", m)
		}
		if _, err := w.Meeting(ctx, other, id); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a county without a task reads it: %v", err)
		}
		w.day = time.Date(2024, 10, 15, 9, 0, 0, 0, clock.Beijing)
		if x, err := w.Waiting(ctx, prepares); err != nil || x.Tasks != 1 || x.LateTasks != 1 {
			t.Errorf("waiting: %+v %v", x, err)
		}
		must(t, w.Ring(ctx))
		wantKind(t, w.Do(ctx, other, task, TaskDone, "做完了"), errs.KindNotFound, "another county does it")
		wantKind(t, w.Do(ctx, city, task, TaskDone, "做完了"), errs.KindForbidden, "the city does it")
		must(t, w.Do(ctx, prepares, task, TaskDone, "名单已报"))
		wantKind(t, w.Do(ctx, prepares, task, TaskDone, "再做"), errs.KindConflict, "done twice")
		wantKind(t, w.Do(ctx, prepares, task, TaskReopen, "没做完"), errs.KindForbidden, "a county reopens it")
		must(t, w.Do(ctx, city, task, TaskReopen, "名单不全"))
		if x, err := w.Waiting(ctx, prepares); err != nil || x.Tasks != 1 {
			t.Errorf("waiting once it is reopened: %+v %v", x, err)
		}
	})
}

// TestWarnings: a cause opens one warning, which is closed by a reason or when the cause is gone, and comes again only after that.
func TestWarnings(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		w.state(firm{"甲", tinghu, above(0), nil}, firm{"乙", tinghu, above(0), nil}, firm{"丙", dafeng, above(0), nil})
		standing := func() (all []string) {
			t.Helper()
			found, err := w.Warnings(ctx, city)
			must(t, err)
			for _, x := range found {
				all = append(all, fmt.Sprintf("%s %s %s%s %v", x.Rule, x.Area, ratText(x.Looked), x.Limit, x.Open()))
			}
			return all
		}
		must(t, w.Ring(ctx))
		must(t, w.Ring(ctx))
		if diff := cmp.Diff([]string{"low 320902 0<50% true"}, standing()); diff != "" { // of one firm nothing is said
			t.Fatalf("warnings (-want +got):\n%s", diff)
		}
		found, err := w.Warnings(ctx, prepares)
		must(t, err)
		wantKind(t, w.Close(ctx, other, found[0].ID, "不相干"), errs.KindNotFound, "another county closes it")
		wantKind(t, w.Close(ctx, auditor, found[0].ID, "不相干"), errs.KindForbidden, "an auditor closes it")
		wantKind(t, w.Close(ctx, prepares, found[0].ID, ""), errs.KindInvalid, "no reason")
		must(t, w.Close(ctx, prepares, found[0].ID, "已列入计划"))
		wantKind(t, w.Close(ctx, prepares, found[0].ID, "再关"), errs.KindConflict, "closed twice")
		must(t, w.Ring(ctx)) // the cause stands: it was explained
		if diff := cmp.Diff([]string{"low 320902 0<50% false"}, standing()); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
		w.state(firm{"甲", "", []said{year("ent.digital_done", 2024, 1)}, nil})
		must(t, w.Ring(ctx))
		w.state(firm{"甲", "", []said{year("ent.digital_done", 2024, 0)}, nil})
		must(t, w.Ring(ctx))
		if diff := cmp.Diff([]string{"low 320902 0<50% true", "low 320902 0<50% false"}, standing()); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
		if x, err := w.Waiting(ctx, prepares); err != nil || x.Warnings != 1 {
			t.Errorf("waiting: %+v %v", x, err)
		}
	})
}

// TestContent: what ships is read, and each mistake is told.
func TestContent(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/duties.schema.json", &PlanFile{})
	contenttest.Schema(t, contentdata.FS, "schema/reports.schema.json", &DefinitionFile{})
	contenttest.Schema(t, contentdata.FS, "schema/warnings.schema.json", &WarningsFile{})
	lib, err := library()
	must(t, err)
	ships, _, err := indicator.Load(contentdata.FS, lib)
	must(t, err)
	set, err := Load(contentdata.FS, lib, ships)
	must(t, err)
	if len(set.Duties) == 0 || len(set.Definitions) == 0 || len(set.Rules) == 0 {
		t.Errorf("what ships: %d duties, %d reports, %d warnings", len(set.Duties), len(set.Definitions), len(set.Rules))
	}
	tests, problems := indicator.Compile(lib, []indicator.Source{{Name: "tests.yaml", Text: []byte(figures)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, tc := range []struct{ name, file, old, new, want string }{
		{"no such report", "duties/plan.yaml", "report: quarter", "report: nothing", "there is no report nothing"},
		{"a report of another level", "duties/plan.yaml", "report: quarter", "report: month", "is of each month"},
		{"a meeting with a report", "duties/plan.yaml", "asks: meeting", "asks: meeting, report: month", "names none"},
		{"months of a quarter", "duties/plan.yaml", "report: quarter, of: city, every: quarter", "report: quarter, of: city, every: quarter, months: [1]", "months is for duties of every month"},
		{"no such area", "duties/plan.yaml", "area: '320900'", "area: '999999'", "no area 999999"},
		{"a duty twice", "duties/plan.yaml", "code: on_site", "code: monthly", "monthly"},
		{"since after until", "duties/plan.yaml", "since: 2024-08-01", "since: 2025-08-01", "after until"},
		{"no such indicator", "reports/month.yaml", "{indicator: firms}", "{indicator: nobody}", "no indicator nobody"},
		{"another span", "reports/month.yaml", "span: to_date", "span: decade", "decade"},
		{"no such question", "reports/month.yaml", "{check: fell, indicator: done, word: why}", "{check: fell, indicator: done, word: who}", "no question who"},
		{"open without a share", "reports/month.yaml", "more: 50%, ", "", "needs more"},
		{"a figure that is not there", "reports/month.yaml", "{check: fell, indicator: done", "{check: fell, indicator: nobody", "stands in no table"},
		{"weights", "reports/quarter.yaml", "weight: 30", "weight: 20", "make 90"},
		{"a whole that is none", "reports/quarter.yaml", "whole: 75%", "whole: many", "many"},
		{"gathers what is not there", "reports/quarter.yaml", "{report: month, quote: [trouble]}", "{report: week}", "no report week"},
		{"quotes what is not asked", "reports/quarter.yaml", "quote: [trouble]", "quote: [joy]", "no question joy"},
		{"by county of a county", "reports/month.yaml", "    figures: [{indicator: firms}", "    by: county\n    figures: [{indicator: firms}", "no tables by county"},
		{"two limits", "warnings/rules.yaml", "below: 50%", "below: 50%, above: 90%", "one of below and above"},
		{"a limit that is none", "warnings/rules.yaml", "below: 50%", "below: half", "half"},
		{"against what", "warnings/rules.yaml", "against: before, ", "", "before, year_before"},
		{"tells nobody", "warnings/rules.yaml", "tell: [city]", "tell: []", "who is told"},
		{"a choice that is not there", "warnings/rules.yaml", "indicator: accepted", "indicator: accepted, choices: {completion: declared}", "no option"},
		{"no such target", "reports/month.yaml", "{indicator: firms}", "{indicator: firms, target: yancheng-2022/B1}", "there is no target yancheng-2022/B1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if !strings.Contains(written[tc.file], tc.old) {
				t.Fatalf("the test changes nothing")
			}
			_, err := Load(files(map[string]string{tc.file: strings.Replace(written[tc.file], tc.old, tc.new, 1)}), lib, tests)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// TestTargetsOfContent: a report names a target that there is, measured by the column's own indicator under the choices in force.
func TestTargetsOfContent(t *testing.T) {
	lib, err := library()
	must(t, err)
	ships, _, err := indicator.Load(contentdata.FS, lib)
	must(t, err)
	for _, tc := range []struct{ name, old, new, want string }{
		{"another indicator's", "target: yancheng-2022/B110", "target: yancheng-2022/B133", "month.yaml:11:"},
		{"another indicator's, in words", "target: yancheng-2022/B110", "target: yancheng-2022/B133", "measured by diagnosed_share, not by completed_share"},
		{"of no plan", "target: yancheng-2022/B110", "target: nowhere/B110", "there is no target nowhere/B110"},
		{"under choices of its own", "target: yancheng-2022/B110", "target: yancheng-2022/B110, choices: {completion: level}", "choices in force"},
		{"behind of nothing", "target: yancheng-2022/B110, of: county", "of: county", "rules.yaml:5:"},
		{"a target of what is not behind", "what: behind", "what: open", "needs a target"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			written := fstest.MapFS{}
			for _, name := range []string{"reports/month.yaml", "warnings/rules.yaml"} {
				written[name] = &fstest.MapFile{Data: []byte(strings.Replace(string(aimed[name].Data), tc.old, tc.new, 1))}
			}
			_, err := Load(written, lib, ships)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
