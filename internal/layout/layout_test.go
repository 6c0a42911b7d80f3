package layout_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/layout"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
	"github.com/yanzhen/yanzhen/internal/target"
)

const known = `2023年
统一社会信用代码,企业名称,县（市、区）,营业收入（万元）,从业人员平均人数,关键工序数控化率（%）,成立日期
91512081MA62K0260E,甲公司,大丰区,"12,345.67",320,65.5,2001-02-03
91350100M000100Y43,乙公司,东台市,—,45,,
`

// world is a database with two firms and what belongs to them, and who reads them.
type world struct {
	t         *testing.T
	lib       *content.Library
	frames    *fact.Frames
	in        *intake.Service
	access    *access.Store
	versions  *version.Store
	runner    *region.Runner
	monitor   *monitor.Monitor
	targets   *target.Store
	bulletins *bulletin.Store
	scope     access.Scope
}

// newWorld has the firms of the known table.
func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := context.Background()
	lib, err := content.Load(contentdata.FS)
	must(t, err)
	db := storetest.SQLite(t, []store.Migrations{audit.Migrations, access.Migrations, source.Migrations, party.Migrations, fact.Migrations, intake.Migrations, version.Migrations, notice.Migrations, monitor.Migrations, target.Migrations, bulletin.Migrations})
	now := clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing))
	sources := source.New(db, now)
	parties := party.NewStore(db, sources)
	facts := fact.NewStore(db, sources, lib)
	frames, err := fact.Open(ctx, facts, parties, now)
	must(t, err)
	blobs, err := blob.Open(t.TempDir())
	must(t, err)
	report := func(err error) { t.Error(err) }
	in, err := intake.Start(ctx, intake.Deps{
		DB: db, Blobs: blobs, Library: lib, Sources: sources, Parties: parties, Facts: facts, Frames: frames, Clock: now, Report: report,
	}, true)
	must(t, err)
	t.Cleanup(in.Close)
	ships := shipped(t)
	versions, err := version.Open(ctx, version.Deps{DB: db, Sources: sources, Library: lib, Clock: now, Report: report}, ships)
	must(t, err)
	runner := region.NewRunner(frames, lib)
	t.Cleanup(runner.Close)
	indicators, _, err := indicator.Load(contentdata.FS, lib)
	must(t, err)
	reports, err := bulletin.Load(contentdata.FS, lib, indicators)
	must(t, err)
	accounts := access.New(db, now, now, access.Cost{})
	notices, err := notice.New(notice.Deps{
		DB: db, Access: accounts, Areas: lib.Areas(), Calendar: lib.Calendar(), Clock: now, Machine: now, Same: func(id int64) []int64 { return []int64{id} },
	})
	must(t, err)
	m := monitor.Open(monitor.Deps{DB: db, Sources: sources, Frames: frames, Library: lib, Subjects: region.NewReader(lib), Set: indicators, Clock: now})
	targets := target.Open(target.Deps{DB: db, Library: lib, Monitor: m, Clock: now})
	bulletins := bulletin.Open(bulletin.Deps{DB: db, Library: lib, Frames: frames, Monitor: m, Targets: targets, Notices: notices, Clock: now, Set: reports})
	w := &world{
		t: t, monitor: m, targets: targets, bulletins: bulletins, lib: lib, frames: frames, in: in, access: accounts, versions: versions, runner: runner,
		scope: access.NewScope(1, access.CityOfficial, lib.Areas().Below("320900"), nil),
	}
	w.commit("a.csv", known)
	return w
}

// shipped is the policy of Yancheng.
func shipped(t *testing.T) []version.Package {
	t.Helper()
	const dir = "policies/yancheng/2022-6/"
	var p version.Package
	var err error
	p.Policy, err = contentdata.FS.ReadFile(dir + "policy.yaml")
	must(t, err)
	p.Cases, err = contentdata.FS.ReadFile(dir + "cases.yaml")
	must(t, err)
	return []version.Package{p}
}

// commit brings in a sheet of the city's.
func (w *world) commit(name, body string) intake.Batch {
	w.t.Helper()
	ctx := context.Background()
	b, err := w.in.Receive(ctx, w.scope, uploadOf(name, body))
	must(w.t, err)
	_, err = w.in.Wait(ctx, w.scope, b.ID)
	must(w.t, err)
	_, err = w.in.Commit(ctx, w.scope, b.ID)
	must(w.t, err)
	b, err = w.in.Wait(ctx, w.scope, b.ID)
	must(w.t, err)
	if b.State != intake.Committed {
		w.t.Fatalf("%s: %s %v %v", name, b.State, b.Failure, b.Preview.Problems)
	}
	return b
}

// source is what tables are made from for a reader.
func (w *world) source(scope access.Scope) *layout.Source {
	w.t.Helper()
	view, err := w.frames.For(context.Background(), scope, 0)
	must(w.t, err)
	whole, err := w.frames.For(context.Background(), access.SystemScope(), 0)
	must(w.t, err)
	return &layout.Source{
		Library: w.lib, View: view, Parties: whole.Registry(), Access: w.access, Intake: w.in, Versions: w.versions, T: i18n.T{Lang: i18n.ZH},
		Monitor: w.monitor, Targets: w.targets, Bulletins: w.bulletins, Today: today,
	}
}

// today is the day on which the world stands.
var today = period.Date(2024, 10, 31)

func (w *world) filler() *layout.Filler {
	return &layout.Filler{Library: w.lib, T: i18n.T{Lang: i18n.ZH}, Today: today}
}

// fill fills a template with a table of the city's official.
func (w *world) fill(path, code string, q layout.Query) (layout.Filled, error) {
	w.t.Helper()
	table, err := w.source(w.scope).Table(context.Background(), code, q)
	must(w.t, err)
	return w.filler().Fill(context.Background(), path, "模板.xlsx", table)
}

var of2023 = layout.Query{Listing: fact.Listing{Area: "320900", Year: 2023}}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// template writes a workbook; more changes it.
func template(t *testing.T, rows [][]any, more ...func(*excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		must(t, err)
		must(t, f.SetSheetRow("Sheet1", at, &row))
	}
	for _, change := range more {
		change(f)
	}
	path := filepath.Join(t.TempDir(), "模板.xlsx")
	must(t, f.SaveAs(path))
	return path
}

// filled is the workbook that comes of a template and a table.
func (w *world) filled(path, code string, q layout.Query) (*excelize.File, layout.Filled) {
	w.t.Helper()
	out, err := w.fill(path, code, q)
	must(w.t, err)
	book, err := excelize.OpenReader(bytes.NewReader(out.Body))
	must(w.t, err)
	w.t.Cleanup(func() { _ = book.Close() })
	return book, out
}

func TestPlaceholders(t *testing.T) {
	w := newWorld(t)
	path := template(t, [][]any{
		{"{{地区}}{{期间}}年情况表（共{{户数}}户）"},
		{"序号", "企业", "收入", "人数", "数控化率", "成立", "代码"},
		{"{{序号}}", "{{企业名称}}", "{{营业收入@2023|亿元}}", "{{从业人员平均人数}}人", "{{ent.cnc_rate}}", "{{成立日期}}", "{{统一社会信用代码}}"},
		{"填表日期：{{日期}}"},
	}, func(book *excelize.File) {
		money := "0.0000"
		style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &money, Border: []excelize.Border{{Type: "left", Style: 1, Color: "000000"}}})
		must(t, err)
		must(t, book.SetCellStyle("Sheet1", "C3", "C3", style))
	})
	book, out := w.filled(path, "enterprises", of2023)
	rows, err := book.GetRows("Sheet1")
	must(t, err)
	want := [][]string{
		{"盐城市2023年情况表（共2户）"},
		{"序号", "企业", "收入", "人数", "数控化率", "成立", "代码"},
		{"1", "甲公司", "1.2346", "320人", "65.5%", "2001-02-03", "91512081MA62K0260E"},
		{"2", "乙公司", "—", "45人", "", "", "91350100M000100Y43"},
		{"填表日期：2024-10-31"},
	}
	if diff := cmp.Diff(want, rows); diff != "" || out.Rows != 2 {
		t.Errorf("the filled template (-want +got):\n%s", diff)
	}
	first, err := book.GetCellStyle("Sheet1", "C3")
	must(t, err)
	if second, err := book.GetCellStyle("Sheet1", "C4"); err != nil || second != first {
		t.Errorf("the second row has style %d, the first %d", second, first)
	}
	if raw, err := book.GetCellValue("Sheet1", "C3", excelize.Options{RawCellValue: true}); err != nil || raw != "1.234567" {
		t.Errorf("the amount is %q", raw)
	}
}

func TestHeaderIsRecognised(t *testing.T) {
	w := newWorld(t)
	path := template(t, [][]any{
		{"2023年工业企业情况表"},
		{"企业名称", "县（市、区）", "营业收入（元）", "从业人员平均人数", "数控化率（%）", "上级意见"},
		nil,
		{"注：本表由县区填报。"},
	})
	book, out := w.filled(path, "enterprises", of2023)
	rows, err := book.GetRows("Sheet1")
	must(t, err)
	want := [][]string{
		{"2023年工业企业情况表"},
		{"企业名称", "县（市、区）", "营业收入（元）", "从业人员平均人数", "数控化率（%）", "上级意见"},
		{"甲公司", "大丰区", "123456700", "320", "65.5"},
		{"乙公司", "东台市", "—", "45"},
		{"注：本表由县区填报。"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("the filled template (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"上级意见"}, out.Blank); diff != "" {
		t.Errorf("columns that stay blank (-want +got):\n%s", diff)
	}
	// What was written is read back as the same.
	back, err := w.in.Receive(context.Background(), w.scope, intake.Upload{
		Name: "回.xlsx", Sender: "局", Authority: "statistics", Area: "320900", Body: bytes.NewReader(out.Body),
	})
	must(t, err)
	back, err = w.in.Wait(context.Background(), w.scope, back.ID)
	must(t, err)
	if n := back.Preview.Counts[intake.Unchanged]; n != 5 || back.Preview.Counts[intake.New]+back.Preview.Counts[intake.Changed] != 0 {
		t.Errorf("read back: %v", back.Preview.Counts)
	}
}

func TestTemplatesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		name string
		rows [][]any
		want string
	}{
		{"an unknown placeholder", [][]any{{"{{企业名称}}", "{{神秘数}}"}}, "Sheet1!B1：占位符“神秘数”"},
		{"a unit of another kind", [][]any{{"{{营业收入|人}}"}}, "不能用“人”作单位"},
		{"an unknown unit", [][]any{{"{{营业收入|斗}}"}}, "单位“斗”无法识别"},
		{"an unknown period", [][]any{{"{{营业收入@近期}}"}}, "期间“近期”"},
		{"placeholders in two rows", [][]any{{"{{企业名称}}"}, {"{{营业收入}}"}}, "Sheet1!A2：“{{营业收入}}”与第 1 行"},
		{"a placeholder that is not closed", [][]any{{"{{企业名称}"}}, "占位符不完整"},
		{"two in a cell", [][]any{{"{{企业名称}}{{营业收入}}"}}, "只能写一个"},
		{"no table", [][]any{{"随便", "写写"}, {"a", "b"}}, "没有占位符"},
		{"figures of loans", [][]any{{"{{贷款合同号}}"}}, "不对应“企业”的任何数据项"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := w.fill(template(t, tc.rows), "enterprises", of2023)
			msg, ok := errs.Message(err)
			if text := (i18n.T{Lang: i18n.ZH}).Msg(msg); !ok || errs.KindOf(err) != errs.KindInvalid || !strings.Contains(text, tc.want) {
				t.Errorf("%v says %q, want %q", err, text, tc.want)
			}
		})
	}
	csv := filepath.Join(t.TempDir(), "a.csv")
	must(t, os.WriteFile(csv, []byte("企业名称,营业收入（万元）\n甲,1\n"), 0o600))
	if _, err := w.fill(csv, "enterprises", of2023); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("a .csv as template: %v", err)
	}
}

// decided is the policy of Yancheng over all that the city may see.
func (w *world) decided() (fact.View, *policy.Policy, *region.Region) { return w.decidedFor(w.scope) }

func (w *world) decidedFor(scope access.Scope) (fact.View, *policy.Policy, *region.Region) {
	w.t.Helper()
	ctx := context.Background()
	view, err := w.frames.For(ctx, scope, 0)
	must(w.t, err)
	all, err := w.versions.At(ctx, view.Seq())
	must(w.t, err)
	plan, err := all[0].Policy.Plan(nil)
	must(w.t, err)
	result, err := w.runner.Run(ctx, view, plan, period.Date(2024, 10, 31))
	must(w.t, err)
	return view, all[0].Policy, result
}

func uploadOf(name, body string) intake.Upload {
	return intake.Upload{Name: name, Sender: "局", Authority: "statistics", Area: "320900", Body: strings.NewReader(body)}
}
