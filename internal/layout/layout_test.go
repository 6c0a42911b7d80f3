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
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/layout"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

const known = `2023年
统一社会信用代码,企业名称,县（市、区）,营业收入（万元）,从业人员平均人数,关键工序数控化率（%）,成立日期
91512081MA62K0260E,甲公司,大丰区,"12,345.67",320,65.5,2001-02-03
91350100M000100Y43,乙公司,东台市,—,45,,
`

// filler is a database with two firms, and who reads them.
func filler(t *testing.T) (*layout.Filler, *intake.Service, access.Scope) {
	t.Helper()
	ctx := context.Background()
	lib, err := content.Load(contentdata.FS)
	must(t, err)
	db := storetest.SQLite(t, []store.Migrations{source.Migrations, party.Migrations, fact.Migrations, intake.Migrations})
	now := clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing))
	sources := source.New(db, now)
	parties := party.NewStore(db, sources)
	facts := fact.NewStore(db, sources, lib)
	frames, err := fact.Open(ctx, facts, parties, now)
	must(t, err)
	blobs, err := blob.Open(t.TempDir())
	must(t, err)
	in, err := intake.Start(ctx, intake.Deps{
		DB: db, Blobs: blobs, Library: lib, Sources: sources, Parties: parties, Facts: facts, Frames: frames, Clock: now,
		Report: func(err error) { t.Error(err) },
	}, true)
	must(t, err)
	t.Cleanup(in.Close)
	scope := access.NewScope(1, access.CityOfficial, lib.Areas().Below("320900"), nil)
	b, err := in.Receive(ctx, scope, intake.Upload{Name: "a.csv", Sender: "局", Authority: "statistics", Area: "320900", Body: strings.NewReader(known)})
	must(t, err)
	_, err = in.Wait(ctx, scope, b.ID)
	must(t, err)
	_, err = in.Commit(ctx, scope, b.ID)
	must(t, err)
	_, err = in.Wait(ctx, scope, b.ID)
	must(t, err)
	view, err := frames.For(ctx, scope, 0)
	must(t, err)
	return &layout.Filler{
		Library: lib, View: view, T: i18n.T{Lang: i18n.ZH}, Today: now.Today(), May: func(string, int64) bool { return true },
	}, in, scope
}

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

func filled(t *testing.T, f *layout.Filler, path string) (*excelize.File, layout.Filled) {
	t.Helper()
	out, err := f.Fill(context.Background(), path, "模板.xlsx", fact.Listing{Area: "320900", Year: 2023})
	must(t, err)
	book, err := excelize.OpenReader(bytes.NewReader(out.Body))
	must(t, err)
	t.Cleanup(func() { _ = book.Close() })
	return book, out
}

func TestPlaceholders(t *testing.T) {
	f, _, _ := filler(t)
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
	book, out := filled(t, f, path)
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
	f, in, scope := filler(t)
	path := template(t, [][]any{
		{"2023年工业企业情况表"},
		{"企业名称", "县（市、区）", "营业收入（元）", "从业人员平均人数", "数控化率（%）", "上级意见"},
		nil,
		{"注：本表由县区填报。"},
	})
	book, out := filled(t, f, path)
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
	back, err := in.Receive(context.Background(), scope, intake.Upload{
		Name: "回.xlsx", Sender: "局", Authority: "statistics", Area: "320900", Body: bytes.NewReader(out.Body),
	})
	must(t, err)
	back, err = in.Wait(context.Background(), scope, back.ID)
	must(t, err)
	if n := back.Preview.Counts[intake.Unchanged]; n != 5 || back.Preview.Counts[intake.New]+back.Preview.Counts[intake.Changed] != 0 {
		t.Errorf("read back: %v", back.Preview.Counts)
	}
}

func TestTemplatesThatAreRefused(t *testing.T) {
	f, _, _ := filler(t)
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
		{"figures of loans", [][]any{{"{{贷款合同号}}"}}, "不对应任何数据项"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := f.Fill(context.Background(), template(t, tc.rows), "模板.xlsx", fact.Listing{Area: "320900", Year: 2023})
			msg, ok := errs.Message(err)
			if text := (i18n.T{Lang: i18n.ZH}).Msg(msg); !ok || errs.KindOf(err) != errs.KindInvalid || !strings.Contains(text, tc.want) {
				t.Errorf("%v says %q, want %q", err, text, tc.want)
			}
		})
	}
	csv := filepath.Join(t.TempDir(), "a.csv")
	must(t, os.WriteFile(csv, []byte("企业名称,营业收入（万元）\n甲,1\n"), 0o600))
	if _, err := f.Fill(context.Background(), csv, "a.csv", fact.Listing{Area: "320900", Year: 2023}); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("a .csv as template: %v", err)
	}
}
