package layout_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/layout"
	"github.com/yanzhen/yanzhen/internal/period"
)

// above is which firms are above scale, and which of them have completed.
const above = `2024年
统一社会信用代码,企业名称,县（市、区）,是否规上企业,是否完成智改数转,营业收入（万元）
91512081MA62K0260E,甲公司,大丰区,是,是,"20,000"
91350100M000100Y43,乙公司,东台市,是,否,"10,000.5"
`

// lines are the cells of a sheet as they are stored, without what is blank at the end.
func lines(t *testing.T, book *excelize.File, name string) (all [][]string) {
	t.Helper()
	rows, err := book.GetRows(name, excelize.Options{RawCellValue: true})
	must(t, err)
	for _, row := range rows {
		all = append(all, trimmed(row))
	}
	return all
}

func (w *world) opened(out layout.Filled) *excelize.File {
	w.t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(out.Body))
	must(w.t, err)
	w.t.Cleanup(func() { _ = book.Close() })
	return book
}

// bureau is a form of counties as a bureau sends it: a merged title, who fills it in, units of the whole table, a header of two rows, blank rows,
// a total row with a formula, and a note.
func bureau(t *testing.T, counties ...string) string {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	const s = "Sheet1"
	set := func(at string, v any) { must(t, book.SetCellValue(s, at, v)) }
	merge := func(a, b string) { must(t, book.MergeCell(s, a, b)) }
	set("A1", "{{地区}}智改数转情况表")
	merge("A1", "G1")
	set("A2", "填报单位：{{地区}}工信局　截至{{数据截至}}")
	set("F2", "单位：家、%")
	set("A3", "县（市、区）")
	merge("A3", "A4")
	set("B3", "规上工业企业数")
	merge("B3", "C3")
	set("B4", "本月")
	set("C4", "上年同期")
	set("D3", "规上企业智改数转覆盖率")
	merge("D3", "D4")
	set("E3", "规上工业企业营业收入（亿元）")
	merge("E3", "E4")
	set("F3", "占比")
	merge("F3", "F4")
	set("G3", "分管领导")
	merge("G3", "G4")
	last := 4 + max(len(counties), 3)
	for i, county := range counties {
		set(cellAt(t, 0, 5+i), county)
	}
	total := last + 1
	set(cellAt(t, 0, total), "合计")
	must(t, book.SetCellFormula(s, cellAt(t, 1, total), "SUM(B5:B"+strconv.Itoa(last)+")"))
	set(cellAt(t, 0, total+1), "注：本表由市工信局汇总。")
	merge(cellAt(t, 0, total+1), cellAt(t, 6, total+1))
	path := filepath.Join(t.TempDir(), "上报表.xlsx")
	must(t, book.SaveAs(path))
	return path
}

func cellAt(t *testing.T, col, row int) string {
	t.Helper()
	at, err := excelize.CoordinatesToCellName(col+1, row)
	must(t, err)
	return at
}

var ofSeptember = layout.Query{Period: period.OfMonth(2024, 9), Unverified: true}

func TestFiguresByCounty(t *testing.T) {
	w := newWorld(t)
	w.commit("above.csv", above)
	out, err := w.fill(bureau(t, "大丰", "东台市", "月亮县", "全市"), "figures", ofSeptember)
	must(t, err)
	book := w.opened(out)
	want := [][]string{
		{"盐城市智改数转情况表"},
		{"填报单位：盐城市工信局　截至2024-09-30", "", "", "", "", "单位：家、%"},
		{"县（市、区）", "规上工业企业数", "", "规上企业智改数转覆盖率", "规上工业企业营业收入（亿元）", "占比", "分管领导"},
		{"", "本月", "上年同期"},
		{"大丰", "1", "", "100"},
		{"东台市", "1", "", "0"},
		{"月亮县"},
		{"全市", "2", "", "50"},
		{"合计", "", "", "50"},
		{"注：本表由市工信局汇总。"},
	}
	if diff := cmp.Diff(want, lines(t, book, "Sheet1")); diff != "" {
		t.Errorf("the filled form (-want +got):\n%s", diff)
	}
	notes := out.Notes(w.filler().T)
	if diff := cmp.Diff([]string{
		"没有认出“占比”列，留空", "没有认出“分管领导”列，留空", "8 个格子没有数据，留空（不填 0）", "表中列出的“月亮县”一行没有对应的数据，留空", "另有 9 行数据，表中没有列出",
	}, notes); diff != "" || out.Rows != 2 {
		t.Errorf("%d rows, what is told (-want +got):\n%s", out.Rows, diff)
	}
	if sum, err := book.GetCellFormula("Sheet1", "B9"); err != nil || sum != "SUM(B5:B8)" {
		t.Errorf("the sum is %q (%v)", sum, err)
	}
}

// Rows that nobody names are filled in one for each county, and the total reaches over them.
func TestFiguresOfEveryCounty(t *testing.T) {
	w := newWorld(t)
	w.commit("above.csv", above)
	out, err := w.fill(bureau(t), "figures", ofSeptember)
	must(t, err)
	book := w.opened(out)
	all := lines(t, book, "Sheet1")
	if out.Rows != 11 || out.Missed != 0 || len(all) != 4+11+2 {
		t.Fatalf("%d rows: %q", out.Rows, all)
	}
	if sum, err := book.CalcCellValue("Sheet1", "B16"); err != nil || sum != "2" {
		t.Errorf("the sum of the firms is %q (%v)", sum, err)
	}
	if diff := cmp.Diff([]string{"合计", "", "", "50"}, all[15]); diff != "" {
		t.Errorf("the total row (-want +got):\n%s", diff)
	}
}

// Placeholders name indicators by code or name, and periods by themselves or from that of the table.
func TestFiguresByPlaceholders(t *testing.T) {
	w := newWorld(t)
	w.commit("above.csv", above)
	percent := func(book *excelize.File) {
		style, err := book.NewStyle(&excelize.Style{NumFmt: 10})
		must(t, err)
		must(t, book.SetCellStyle("Sheet1", "D3", "D3", style))
	}
	path := template(t, [][]any{
		{"{{地区}}{{期间}}规上企业{{合计:above_scale_firms}}家", nil, "{{合计:规上工业企业营业收入@2024|亿元}}", "{{年度}}", "第{{数据版本}}版{{填表人}}"},
		{"地区", "家数", "覆盖率", "覆盖率", "上年", "年营收"},
		{"{{所属地区}}", "{{above_scale_firms}}", "{{completed_share@本月}}", "{{规上企业智改数转覆盖率}}", "{{above_scale_firms@上年同期}}", "{{revenue@2024|万元}}"},
	}, percent)
	out, err := w.fill(path, "figures", ofSeptember)
	must(t, err)
	all := lines(t, w.opened(out), "Sheet1")
	var dafeng []string
	for _, row := range all {
		if row[0] == "大丰区" {
			dafeng = row
		}
	}
	if diff := cmp.Diff([]string{"大丰区", "1", "1", "1", "", "20000"}, dafeng); diff != "" {
		t.Errorf("of one county (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"盐城市2024年9月规上企业2家", "", "3.00005", "2024"}, all[0][:4]); diff != "" {
		t.Errorf("outside the rows (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"{{合计:神秘数}}", "{{合计:revenue|人}}", "{{revenue@近期}}"} {
		if _, err := w.fill(template(t, [][]any{{"{{所属地区}}", bad}}), "figures", ofSeptember); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := w.fill(template(t, [][]any{{"{{指标名称}}", "{{合计:数值}}"}}), "indicators", ofSeptember); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("a whole that there is none of: %v", err)
	}
}

// A form that names indicators has a row filled for each, in the unit that its row names.
func TestIndicatorsByRow(t *testing.T) {
	w := newWorld(t)
	w.commit("above.csv", above)
	path := template(t, [][]any{
		{"2024年智改数转主要指标"},
		{"指标名称", "计量单位", "2024年", "上年同期", "同比增长（%）", "目标值", "完成率（%）"},
		{"1.规上工业企业数", "家"},
		{"2.规上工业企业营业收入（万元）", nil},
		{"规上工业企业营业收入", "亿元"},
		{"（三）规上企业智改数转覆盖率", "%"},
		{"没有这个指标", "家"},
		{"规上工业企业营业收入", "家"},
	})
	out, err := w.fill(path, "indicators", layout.Query{Unverified: true})
	must(t, err)
	want := [][]string{
		{"2024年智改数转主要指标"},
		{"指标名称", "计量单位", "2024年", "上年同期", "同比增长（%）", "目标值", "完成率（%）"},
		{"1.规上工业企业数", "家", "2"},
		{"2.规上工业企业营业收入（万元）", "万元", "30000.5"},
		{"规上工业企业营业收入", "亿元", "3.00005"},
		{"（三）规上企业智改数转覆盖率", "%", "50", "", "", "100", "50"},
		{"没有这个指标", "家"},
		{"规上工业企业营业收入", "家"},
	}
	if diff := cmp.Diff(want, lines(t, w.opened(out), "Sheet1")); diff != "" {
		t.Errorf("the filled form (-want +got):\n%s", diff)
	}
}

// A form of targets has the usual words in its header.
func TestTargetsOfAPlan(t *testing.T) {
	w := newWorld(t)
	w.commit("above.csv", above)
	path := template(t, [][]any{
		{"目标任务完成情况表"},
		{"序号", "指标名称", "单位", "目标值", "完成值", "完成率", "责任单位", "完成时限", "进度", "备注"},
	})
	out, err := w.fill(path, "targets", layout.Query{Listing: layout.Query{}.Listing, Plan: "yancheng-2022", Unverified: true})
	must(t, err)
	all := lines(t, w.opened(out), "Sheet1")
	if len(out.Blank) != 0 || out.Rows < 20 {
		t.Errorf("%d rows, not recognised: %q", out.Rows, out.Blank)
	}
	want := [][]string{
		{"1", "规上企业智改数转全覆盖", "%", "100", "50", "0.5", "", "2024-12-31", "落后进度"},
		{"2", "新上项目应用数字技术和智能装备全覆盖", "%", "100", "", "", "", "2024-12-31", "无法衡量", "还没有数据"},
	}
	if diff := cmp.Diff(want, all[2:4]); diff != "" {
		t.Errorf("the first targets (-want +got):\n%s", diff)
	}
	if out.Unknown == 0 {
		t.Error("nothing is told of what is not known")
	}
}

// begun is a report that somebody began.
func (w *world) begun(scope access.Scope, report, area string, p period.Period) int64 {
	w.t.Helper()
	id, err := w.bulletins.Begin(context.Background(), scope, report, area, p)
	must(w.t, err)
	return id
}

// A form that is filled from a signed report has what was signed, whatever became known since.
func TestSealedReportDoesNotMove(t *testing.T) {
	w := newWorld(t)
	w.commit("above.csv", above)
	ctx := context.Background()
	id := w.begun(w.scope, "quarterly", "320900", period.OfQuarter(2024, 3))
	must(t, w.bulletins.Say(ctx, w.scope, id, map[string]string{"summary": "全市智改数转工作总体平稳推进，各地均已按计划展开诊断和实施。", "next": "请各地按序时进度推进，并于月底前核实数据。"}))
	must(t, w.bulletins.Submit(ctx, w.scope, id, 0))
	second := access.NewScope(2, access.CityOfficial, w.lib.Areas().Below("320900"), nil)
	must(t, w.bulletins.Sign(ctx, second, id))
	path := template(t, [][]any{
		{"{{地区}}{{期间}}通报（数据版本 {{数据版本}}）"},
		{"县（市、区）", "规上工业企业数", nil, "规上企业智改数转覆盖率", nil, nil},
		{nil, "本期", "上年同期", "数值（%）", "目标值（%）", "进展状态"},
		{"大丰区"},
		{"东台市"},
		{"合计"},
	}, func(book *excelize.File) {
		for _, m := range [][2]string{{"A2", "A3"}, {"B2", "C2"}, {"D2", "F2"}} {
			must(t, book.MergeCell("Sheet1", m[0], m[1]))
		}
	})
	q := layout.Query{Report: id}
	before, err := w.fill(path, "report_areas", q)
	must(t, err)
	first := lines(t, w.opened(before), "Sheet1")
	w.commit("later.csv", strings.Replace(above, "东台市,是,否", "东台市,是,是", 1))
	after, err := w.fill(path, "report_areas", q)
	must(t, err)
	if diff := cmp.Diff(first, lines(t, w.opened(after), "Sheet1")); diff != "" {
		t.Errorf("what was signed has moved (-then +now):\n%s", diff)
	}
	want := [][]string{
		{"盐城市2024年7—9月通报（数据版本 " + first[0][0][len("盐城市2024年7—9月通报（数据版本 "):]},
		{"县（市、区）", "规上工业企业数", "", "规上企业智改数转覆盖率"},
		{"", "本期", "上年同期", "数值（%）", "目标值（%）", "进展状态"},
		{"大丰区", "1", "0", "100", "", "无法衡量"},
		{"东台市", "1", "0", "0", "", "无法衡量"},
		{"合计", "2", "0", "50", "100", "无法衡量"},
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("of the report (-want +got):\n%s", diff)
	}
	must(t, w.bulletins.Revise(ctx, w.scope, id, "东台市补报了完成情况"))
	draft, err := w.fill(path, "report_areas", q)
	must(t, err)
	if diff := cmp.Diff(first, lines(t, w.opened(draft), "Sheet1")); diff != "" {
		t.Errorf("a correction that is under way has moved it (-then +now):\n%s", diff)
	}
	q.Edition = 2
	now, err := w.fill(path, "report_areas", q)
	must(t, err)
	if cmp.Equal(first, lines(t, w.opened(now), "Sheet1")) {
		t.Error("the draft of the correction says the same")
	}
}

// Figures of an area that a reader does not see whole are not told.
func TestFiguresFollowTheScope(t *testing.T) {
	w := newWorld(t)
	dafeng := access.NewScope(3, access.CountyOfficial, w.lib.Areas().Below("320904"), nil)
	for _, code := range []string{"figures", "indicators", "targets"} {
		q := ofSeptember
		q.Area = "320900"
		if _, err := w.source(dafeng).Table(context.Background(), code, q); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("%s of the city for a county: %v", code, err)
		}
	}
	dongtai := access.NewScope(4, access.CountyOfficial, w.lib.Areas().Below("320981"), nil)
	id := w.begun(dongtai, "monthly", "320981", period.OfMonth(2024, 9))
	if _, err := w.source(dafeng).Table(context.Background(), "report", layout.Query{Report: id}); errs.KindOf(err) != errs.KindNotFound {
		t.Errorf("a report of another county: %v", err)
	}
}

// A column of units in a header of two rows is no title, and month and year to date stand side by side.
func TestMonthBesideYearToDate(t *testing.T) {
	w := newWorld(t)
	w.commit("above.csv", above)
	path := template(t, [][]any{
		{"主要指标"},
		{"指标名称", "计量单位", "本月", nil, "累计"},
		{nil, nil, "数值", "同比增长（%）", "数值"},
		{"一、覆盖情况"},
		{"1.规上工业企业数", "家"},
	}, func(book *excelize.File) {
		for _, m := range [][2]string{{"A2", "A3"}, {"B2", "B3"}, {"C2", "D2"}} {
			must(t, book.MergeCell("Sheet1", m[0], m[1]))
		}
	})
	out, err := w.fill(path, "indicators", ofSeptember)
	must(t, err)
	all := lines(t, w.opened(out), "Sheet1")
	if diff := cmp.Diff([]string{"1.规上工业企业数", "家", "2", "", "2"}, all[4]); diff != "" {
		t.Errorf("the row (-want +got):\n%s", diff)
	}
	if len(out.Blank)+len(out.Unlisted) > 0 {
		t.Errorf("not understood: %q %q", out.Blank, out.Unlisted)
	}
}
