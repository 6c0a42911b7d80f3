package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

func (o *office) remarks(id int64, lang i18n.Lang) intake.Remarked {
	o.Helper()
	out, err := o.intake.Remarks(context.Background(), o.scope, id, i18n.T{Lang: lang})
	must(o.TB, err)
	return out
}

// comments is the comments of a workbook by cell.
func comments(t *testing.T, book *excelize.File, sheet string) map[string]string {
	t.Helper()
	all, err := book.GetComments(sheet)
	must(t, err)
	out := map[string]string{}
	for _, c := range all {
		text := c.Text
		for _, run := range c.Paragraph {
			text += run.Text
		}
		out[c.Cell] = text
	}
	return out
}

func openBook(t *testing.T, body []byte) *excelize.File {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(body))
	must(t, err)
	t.Cleanup(func() { _ = book.Close() })
	return book
}

// The sender's workbook comes back as it was, with a comment in each cell that has a problem; mended and sent again, it
// brings in what was missing.
func TestWorkbookComesBackWithComments(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	path := workbook(t, [][]any{
		{"2023年情况表"},
		{"统一社会信用代码", "企业名称", "县（市、区）", "营业收入（万元）", "成立日期"},
		{"91512081MA62K0260E", "甲公司", "大丰区", formatted{1234.5, "#,##0.0"}, "22/1/28"},
		{"91350100M000100Y43", "乙公司", "火星区", "3~5", "2020-05-01"},
		{nil, nil, nil, 5, nil},
	}, merged(t, "A1", "E1"), func(f *excelize.File) {
		must(t, f.AddComment("Sheet1", excelize.Comment{Cell: "D4", Author: "张会计", Text: "待核"}))
		must(t, f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: "Sheet1!$A$1:$E$5", Scope: "Sheet1"}))
	})
	b := o.sendFile(path, "statistics", "320900", period.Period{})
	out := o.remarks(b.ID, i18n.ZH)
	if out.Listed || out.Name != "表（带批注）.xlsx" {
		t.Errorf("the file is %q, listed %t", out.Name, out.Listed)
	}
	book := openBook(t, out.Body)
	if diff := cmp.Diff([]string{"导入说明", "Sheet1"}, book.GetSheetList()); diff != "" {
		t.Errorf("sheets (-want +got):\n%s", diff)
	}
	got := comments(t, book, "Sheet1")
	for cell, words := range map[string][]string{
		"C4": {"【未采用】", "没有名为“火星区”的地区", "全称或代码"},
		"D4": {"待核", "【未采用】“3~5”只给出了范围", "请填写确切数值"},
		"E3": {"年份只有两位", "2022-01-28"},
		"A5": {"没有可用的企业名称"},
	} {
		for _, w := range words {
			if !strings.Contains(got[cell], w) {
				t.Errorf("the comment at %s lacks %q: %q", cell, w, got[cell])
			}
		}
	}
	if len(got) != 4 {
		t.Errorf("%d comments: %v", len(got), got)
	}
	if v, err := book.GetCellValue("Sheet1", "D3"); err != nil || v != "1,234.5" {
		t.Errorf("D3 is shown as %q, %v: its format is gone", v, err)
	}
	if cells, err := book.GetMergeCells("Sheet1"); err != nil || len(cells) != 1 {
		t.Errorf("merged cells: %v %v", cells, err)
	}
	if names := book.GetDefinedName(); len(names) != 1 || names[0].Scope != "Sheet1" {
		t.Errorf("the print area is now of %+v", names)
	}
	if v, _ := book.GetCellValue("导入说明", "A1"); v != "导入说明" {
		t.Errorf("the first sheet begins with %q", v)
	}
	o.commit(b.ID)

	must(t, book.SetCellValue("Sheet1", "C4", "东台市"))
	must(t, book.SetCellValue("Sheet1", "D4", 4))
	must(t, book.SetCellValue("Sheet1", "E3", "2022-01-28"))
	must(t, book.RemoveRow("Sheet1", 5))
	back := filepath.Join(t.TempDir(), "表（带批注）.xlsx")
	must(t, book.SaveAs(back))
	again := o.sendFile(back, "statistics", "320900", period.Period{})
	want := map[intake.Class]int{intake.New: 3, intake.Unchanged: 1}
	if diff := cmp.Diff(want, again.Preview.Counts); diff != "" || again.Preview.LeftOut() != 0 {
		t.Errorf("the mended workbook (-want +got):\n%s\n%s", diff, says(again))
	}
	if p := problem(again, "intake.unknown_sheet"); p.Count > 0 {
		t.Errorf("the notes are taken for a table:\n%s", says(again))
	}
	// What we remarked before does not stay.
	left := comments(t, openBook(t, o.remarks(again.ID, i18n.EN).Body), "Sheet1")
	if diff := cmp.Diff(map[string]string{"D4": "待核"}, left); diff != "" {
		t.Errorf("comments that are left (-want +got):\n%s", diff)
	}
}

func TestRemarksOfOtherFiles(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	b := o.send("名单.csv", "2023年\n\n企业名称,县（市、区）,\"营业收入（万元）\"\n甲公司,火星区,\"1,200\"\n\"=cmd\",大丰区,3~5\n", "statistics", period.Period{})
	out := o.remarks(b.ID, i18n.EN)
	text := string(out.Body)
	for _, want := range []string{"\ufeff2023年,,,\n,,,\n", "Import remarks\n", "甲公司,火星区,\"1,200\",B [left out] There is no area “火星区”", "C [left out] “3~5” is only a range"} {
		if !strings.Contains(text, want) {
			t.Errorf("the file lacks %q:\n%s", want, text)
		}
	}
	back := o.send(out.Name, text, "statistics", period.Period{})
	if diff := cmp.Diff(says(b), says(back)); diff != "" || back.Preview.Digest != b.Preview.Digest {
		t.Errorf("the file with remarks is read otherwise (-before +after):\n%s", diff)
	}

	var big strings.Builder
	big.WriteString("企业名称,县（市、区）,2023年营业收入（万元）\n")
	for i := range 3 {
		fmt.Fprintf(&big, "第%d公司,火星区,%d\n", i, i)
	}
	rows := [][]any{{"企业名称", "县（市、区）", "2023年营业收入（万元）"}, {"甲公司", "火星区", 1}}
	large := o.sendFile(workbook(t, rows, func(f *excelize.File) { must(t, f.SetCellValue("Sheet1", "A100002", "乙公司")) }), "statistics", "320900", period.Period{})
	list := o.remarks(large.ID, i18n.ZH)
	book := openBook(t, list.Body)
	if !list.Listed {
		t.Error("a workbook of 100,002 rows is opened as a whole")
	}
	all, err := book.GetRows("导入说明")
	must(t, err)
	if got := fmt.Sprint(all); !strings.Contains(got, "Sheet1!B2") || !strings.Contains(got, "没有名为“火星区”的地区") || !strings.Contains(got, "不在单元格中加批注") {
		t.Errorf("the list says %s", got)
	}
}

// Workbooks of other programs keep their parts elsewhere; each gets its comments, or is listed.
func TestRemarksInWorkbooksOfOtherPrograms(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	files, err := filepath.Glob("testdata/*.xlsx")
	must(t, err)
	more, err := filepath.Glob("../sheet/testdata/*.xlsx")
	must(t, err)
	for _, path := range append(files, more...) {
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		must(t, err)
		b, err := o.intake.Receive(context.Background(), o.scope, intake.Upload{
			Name: filepath.Base(path), Sender: "市工信局", Authority: "statistics", Area: "320900", Period: period.OfYear(2023), Body: f,
		})
		must(t, f.Close())
		if err != nil {
			continue
		}
		b = o.wait(b.ID)
		out := o.remarks(b.ID, i18n.ZH)
		book := openBook(t, out.Body)
		t.Logf("%s: listed %t, sheets %v, problems %d", filepath.Base(path), out.Listed, book.GetSheetList(), len(b.Preview.Problems))
	}
}
