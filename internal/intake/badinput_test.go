package intake_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// workbook makes an .xlsx of one sheet: rows from the top, cells from the left. nil leaves a cell out, a formatted cell
// carries a number format, anything else is what excelize makes of it.
func workbook(t *testing.T, rows [][]any, more ...func(*excelize.File)) string {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	for r, row := range rows {
		for c, v := range row {
			at, err := excelize.CoordinatesToCellName(c+1, r+1)
			must(t, err)
			switch v := v.(type) {
			case nil:
				continue
			case formatted:
				style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &v.format})
				must(t, err)
				must(t, book.SetCellStyle("Sheet1", at, at, style))
				must(t, book.SetCellValue("Sheet1", at, v.value))
			case formula:
				must(t, book.SetCellFormula("Sheet1", at, string(v)))
			default:
				must(t, book.SetCellValue("Sheet1", at, v))
			}
		}
	}
	for _, change := range more {
		change(book)
	}
	path := filepath.Join(t.TempDir(), "表.xlsx")
	must(t, book.SaveAs(path))
	return path
}

type formatted struct {
	value  any
	format string
}

type formula string

func merged(t *testing.T, from, to string) func(*excelize.File) {
	return func(f *excelize.File) { must(t, f.MergeCell("Sheet1", from, to)) }
}

// lines is what a preview would make known, as "subject def period = value" in Chinese.
func (o *office) lines(b intake.Batch) []string {
	var all []string
	for _, l := range b.Preview.Lines {
		def, ok := o.library.FactDef(l.Def)
		value := l.New.Value.Text
		if ok {
			value = (i18n.T{Lang: i18n.ZH}).Text(fact.Show(o.library, def, l.New.State, l.New.Value))
		}
		line := strings.ReplaceAll(fmt.Sprintf("%s %s %s = %s", l.Subject, l.Def, l.Period, value), "\u202f", " ")
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	return all
}

// What arrives in officials' spreadsheets, from the file to the preview.
func TestBadInput(t *testing.T) {
	head := []any{"统一社会信用代码", "企业名称", "县（市、区）", "营业收入（万元）"}
	const codeA, codeB = "91512081MA62K0260E", "91350100M000100Y43"
	title := []any{"2023年规模以上工业企业情况表"}
	for _, c := range []struct {
		name  string
		rows  [][]any
		more  []func(*excelize.File)
		want  []string
		words []string
	}{
		{
			name:  "a code stored as a number",
			rows:  [][]any{title, head, {913205007311235000, "甲公司", "大丰区", 1}, {9.13205007311235e17, "乙公司", "大丰区", 2}},
			want:  []string{"甲公司 ent.revenue 2023 = 1 万元", "乙公司 ent.revenue 2023 = 2 万元"},
			words: []string{"A3", "A4", "甲公司”没有统一社会信用代码"},
		},
		{
			name: "full-width and lower-case codes are one firm",
			rows: [][]any{title, head, {"９１５１２０８１ｍａ６２ｋ０２６０ｅ", "甲公司", "大丰区", 1}, {" 9151 2081 ma62k0260e", "甲公司", "大丰区", 1}},
			want: []string{"甲公司 ent.revenue 2023 = 1 万元"},
		},
		{
			name:  "a code on several rows that differ",
			rows:  [][]any{title, head, {codeA, "甲公司", "大丰区", 1}, {codeB, "乙公司", "东台市", 5}, {codeA, "甲智能公司", "盐都区", 2}},
			want:  []string{"乙公司 ent.revenue 2023 = 5 万元"},
			words: []string{"两个名称：“甲公司”和“甲智能公司”", "两个地区", "D3 为 1 万元", "D5 为 2 万元"},
		},
		{
			name:  "a code with a mistake",
			rows:  [][]any{title, head, {"91512081MA62K0260F", "甲公司", "大丰区", 1}, {"9151208IMA62KO260E", "乙公司", "大丰区", 1}},
			want:  []string{"乙公司 ent.revenue 2023 = 1 万元"},
			words: []string{"是否应为", codeA, "按原样采用"},
		},
		{
			name: "a county merged down its rows, and a true blank below",
			rows: [][]any{title, head, {codeA, "甲公司", "大丰区", 1}, {nil, "乙公司", nil, 2}, {nil, "丙公司", nil, 3}},
			more: []func(*excelize.File){merged(t, "C3", "C4")},
			want: []string{"甲公司 ent.revenue 2023 = 1 万元", "乙公司 ent.revenue 2023 = 2 万元", "丙公司 ent.revenue 2023 = 3 万元"},
		},
		{
			name: "a header of three rows, title, unit line, total and note",
			rows: [][]any{
				title,
				{"单位：万元"},
				{"企业信息", nil, nil, "经营情况", nil, nil},
				{"统一社会信用代码", "企业名称", "县（市、区）", "营业收入", nil, "利润总额"},
				{nil, nil, nil, "2022年", "2023年", "2023年"},
				{codeA, "甲公司", "大丰区", 10, 11, 1},
				{codeB, "乙公司", "东台市", 20, 22, 2},
				{"合计", nil, nil, 30, 43, 3},
				{"注：营业收入为快报数，利润总额为年报数。"},
			},
			more: []func(*excelize.File){merged(t, "A3", "C3"), merged(t, "D3", "F3"), merged(t, "D4", "E4"), merged(t, "A1", "F1")},
			want: []string{
				"甲公司 ent.revenue 2022 = 10 万元", "甲公司 ent.revenue 2023 = 11 万元", "甲公司 ent.profit 2023 = 1 万元",
				"乙公司 ent.revenue 2022 = 20 万元", "乙公司 ent.revenue 2023 = 22 万元", "乙公司 ent.profit 2023 = 2 万元",
			},
			words: []string{"合计行为 43 万元，逐行相加为 33 万元"},
		},
		{
			name: "the unit in the cell, the header or the title",
			rows: [][]any{
				{"2023年情况（单位：亿元）"},
				{"企业名称", "县区", "营业收入", "利润总额（元）", "资产总计"},
				{"甲公司", "大丰区", 1.5, 25000, "300万元"},
			},
			want: []string{"甲公司 ent.revenue 2023 = 15 000 万元", "甲公司 ent.profit 2023 = 2.5 万元", "甲公司 ent.assets 2023 = 300 万元"},
		},
		{
			name:  "a unit that nothing names is asked about",
			rows:  [][]any{title, {"企业名称", "县区", "营业收入"}, {"甲公司", "大丰区", 15}},
			want:  []string{"甲公司 ent.revenue 2023 = 15 万元"},
			words: []string{"没有写单位，将按万元读取"},
		},
		{
			name: "an amount shown without its decimals",
			rows: [][]any{title, head, {codeA, "甲公司", "大丰区", formatted{1234.5, "0"}}, {codeB, "乙公司", "东台市", formatted{1234.5, "#,##0"}}},
			want: []string{"甲公司 ent.revenue 2023 = 1 234.5 万元", "乙公司 ent.revenue 2023 = 1 234.5 万元"},
		},
		{
			name: "amounts in words, with marks, and those that are none",
			rows: [][]any{
				title, head,
				{nil, "a", "大丰区", "壹佰万元整"},
				{nil, "b", "大丰区", "1,200.50"},
				{nil, "c", "大丰区", "１，２００"},
				{nil, "d", "大丰区", "约1200"},
				{nil, "e", "大丰区", "1.06亿元"},
				{nil, "f", "大丰区", "3~5"},
				{nil, "g", "大丰区", "1,20"},
				{nil, "h", "大丰区", "不详"},
			},
			want: []string{
				"a ent.revenue 2023 = 100 万元", "b ent.revenue 2023 = 1 200.5 万元", "c ent.revenue 2023 = 1 200 万元",
				"d ent.revenue 2023 = 1 200 万元", "e ent.revenue 2023 = 10 600 万元", "h ent.revenue 2023 = 暂缺",
			},
			words: []string{"“3~5”只给出了范围", "1,20"},
		},
		{
			name: "dashes, words for nothing, zero and blank",
			rows: [][]any{title, head, {nil, "a", "大丰区", "-"}, {nil, "b", "大丰区", "—"}, {nil, "c", "大丰区", "无"}, {nil, "d", "大丰区", 0}, {nil, "e", "大丰区", nil}, {nil, "f", "大丰区", "/"}, {nil, "g", "大丰区", "暂无"}},
			want: []string{"a ent.revenue 2023 = 暂缺", "b ent.revenue 2023 = 暂缺", "c ent.revenue 2023 = 无", "d ent.revenue 2023 = 0 万元", "f ent.revenue 2023 = 暂缺", "g ent.revenue 2023 = 暂缺"},
		},
		{
			name: "dates of every kind",
			rows: [][]any{
				{"企业名称", "县区", "成立日期"},
				{"a", "大丰区", formatted{44589, "yyyy/m/d"}},
				{"b", "大丰区", 44589},
				{"c", "大丰区", "2022.1.28"},
				{"d", "大丰区", "22/1/28"},
				{"e", "大丰区", "2022年1月"},
				{"f", "大丰区", "去年底"},
				{"g", "大丰区", "2022-13-01"},
				{"h", "大丰区", "二〇二二年一月二十八日"},
			},
			want: []string{
				"a ent.founded = 2022-01-28", "b ent.founded = 2022-01-28", "c ent.founded = 2022-01-28",
				"e ent.founded = 2022-01-01", "h ent.founded = 2022-01-28",
			},
			words: []string{"C3", "C5", "C7", "C8"},
		},
		{
			name: "periods of rows and headers",
			rows: [][]any{
				{"企业名称", "县区", "期间", "营业收入（万元）"},
				{"a", "大丰区", "2023年1-8月", 1},
				{"b", "大丰区", "2023年一季度", 2},
				{"c", "大丰区", "2023", 3},
				{"d", "大丰区", "近期", 4},
			},
			want:  []string{"a ent.revenue 2023YTD08 = 1 万元", "b ent.revenue 2023Q1 = 2 万元", "c ent.revenue 2023 = 3 万元"},
			words: []string{"C5"},
		},
		{
			name: "a percentage however it is written",
			rows: [][]any{
				title,
				{"企业名称", "县区", "关键工序数控化率（%）", "经营管理数字化普及率"},
				{"a", "大丰区", 65, "65％"},
				{"b", "大丰区", 65.5, formatted{0.655, "0.0%"}},
				{"c", "大丰区", "65%", "0.65"},
			},
			want: []string{
				"a ent.cnc_rate 2023 = 65%", "a ent.mgmt_digital_rate 2023 = 65%", "b ent.cnc_rate 2023 = 65.5%",
				"b ent.mgmt_digital_rate 2023 = 65.5%", "c ent.cnc_rate 2023 = 65%",
			},
			words: []string{"D5"},
		},
		{
			name:  "a formula whose result was not saved, and an error",
			rows:  [][]any{title, head, {codeA, "甲公司", "大丰区", formula("1+1")}, {codeB, "乙公司", "东台市", 2}, {nil, formula("A3"), "东台市", 3}},
			want:  []string{"乙公司 ent.revenue 2023 = 2 万元"},
			words: []string{"D3", "B5"},
		},
		{
			name: "names of areas, retired ones and zones",
			rows: [][]any{
				title, head,
				{nil, "a", "大丰市", 1},
				{nil, "b", "大丰", 1},
				{nil, "c", "盐南高新区", 1},
				{nil, "d", "经开区", 1},
				{nil, "e", "江苏省盐城市东台市", 1},
				{nil, "f", "320982", 1},
				{nil, "g", "火星区", 1},
				{nil, "h", "玄武区", 1},
			},
			want: []string{
				"a ent.revenue 2023 = 1 万元", "b ent.revenue 2023 = 1 万元", "c ent.revenue 2023 = 1 万元", "d ent.revenue 2023 = 1 万元",
				"e ent.revenue 2023 = 1 万元", "f ent.revenue 2023 = 1 万元",
			},
			words: []string{"没有名为“火星区”的地区", "玄武区”不在您的管辖范围内"},
		},
		{
			name:  "circled digits, powers and square metres stay themselves",
			rows:  [][]any{title, {"企业名称", "县区", "营业收入（万元）"}, {"①号机械㎡公司", "大丰区", 1}, {"乙公司", "大丰区", "10²"}, {"丙公司", "大丰区", "③"}},
			want:  []string{"①号机械㎡公司 ent.revenue 2023 = 1 万元"},
			words: []string{"C4", "“²”", "C5"},
		},
		{
			name: "hidden rows and columns",
			rows: [][]any{title, {"企业名称", "县区", "营业收入（万元）", "利润总额（万元）"}, {"甲公司", "大丰区", 1, 7}, {"乙公司", "大丰区", 2, 8}},
			more: []func(*excelize.File){func(f *excelize.File) {
				must(t, f.SetRowVisible("Sheet1", 4, false))
				must(t, f.SetColVisible("Sheet1", "D", false))
			}},
			want:  []string{"甲公司 ent.revenue 2023 = 1 万元"},
			words: []string{"隐藏的行没有导入", "“利润总额（万元）”列是隐藏的"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := open(t, storetest.SQLite(t, migrations))
			b := o.sendFile(workbook(t, c.rows, c.more...), "statistics", "320900", period.Period{})
			if b.State != intake.Ready || b.Preview.Stops() {
				t.Fatalf("batch is %s: %s\n%s", b.State, b.Failure, says(b))
			}
			if diff := cmp.Diff(c.want, o.lines(b)); diff != "" {
				t.Errorf("preview (-want +got):\n%s\n%s", diff, says(b))
			}
			wantSays(t, b, c.words...)
		})
	}
}

// Where a name of an area leads, after the commit.
func TestAreasOfFirms(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	o.commit(o.sendFile(workbook(t, [][]any{
		{"企业名称", "县区", "2023年营业收入（万元）"}, {"a", "大丰市", 1}, {"b", "320982", 1}, {"c", "盐南高新区", 1}, {"d", "经开区", 1}, {"e", nil, 1},
	}), "statistics", "320900", period.Period{}).ID)
	got := map[string]string{}
	for e := range o.view().Enterprises() {
		got[e.Name] = e.Area
	}
	want := map[string]string{"a": "320904", "b": "320904", "c": "zone:yancheng-yannan", "d": "zone:320971", "e": "320900"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("areas (-want +got):\n%s", diff)
	}
}

func TestDelimitedTextOfAnOldProgram(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	body, err := simplifiedchinese.GB18030.NewEncoder().String(strings.ReplaceAll(strings.ReplaceAll(roster, `"12,345.67"`, "12345.67"), ",", "\t"))
	must(t, err)
	b := o.send("快报.txt", body, "statistics", period.Period{})
	if b.State != intake.Ready || b.Preview.Rows != 2 || b.Preview.Totals != 1 || b.Preview.LeftOut() != 0 {
		t.Errorf("batch is %s: %s, %+v\n%s", b.State, b.Failure, b.Preview, says(b))
	}
}

// Text that was recognised from an image or converted: pinyin is taken out and said, traditional words are understood, and
// the source is marked.
func TestDegradedText(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	plain := o.commit(o.sendFile(workbook(t, [][]any{
		{"企业名称", "县区", "2023年营业收入（万元）"}, {"东台电机有限公司", "东台市", 5},
	}), "statistics", "320900", period.Period{}).ID)
	b := o.sendFile(workbook(t, [][]any{
		{"2023年規模以上工業企業情況表（單位：萬元）"},
		{"企業名稱", "縣（市、區）", "營業收入", "利潤總額"},
		{"盐城(yán chéng)甲机械有限公司", "东台(dong tai)市", 1, "無"},
		{"東臺風電有限公司", "東臺市", 2, "壹佰萬元"},
		{"東臺電機有限公司", "東臺市", 4, nil},
		{"合計", nil, 7, nil},
	}), "statistics", "320900", period.Period{})
	want := []string{
		"盐城甲机械有限公司 ent.revenue 2023 = 1 万元", "盐城甲机械有限公司 ent.profit 2023 = 无",
		"東臺風電有限公司 ent.revenue 2023 = 2 万元", "東臺風電有限公司 ent.profit 2023 = 100 万元",
	}
	if diff := cmp.Diff(want, o.lines(b)); diff != "" || b.Preview.Totals != 1 {
		t.Errorf("preview (-want +got):\n%s\n%s", diff, says(b))
	}
	wantSays(t, b, "“盐城(yán chéng)甲机械有限公司”带有拼音注音，去掉后读作“盐城甲机械有限公司”", "没有名为“東臺電機有限公司”的企业，但有“东台电机有限公司”")
	wantSilence(t, b, "没有写单位")
	if n := len(b.Preview.Notes); n == 0 || b.Preview.Notes[n-1].Key != "intake.degraded" {
		t.Errorf("notes: %v", b.Preview.Notes)
	}
	b = o.commit(b.ID)
	for id, want := range map[int64]bool{plain.Source: false, b.Source: true} {
		if src, err := o.sources.Get(context.Background(), o.scope, id); err != nil || src.Degraded != want {
			t.Errorf("source %d is degraded: %t, %v", id, src.Degraded, err)
		}
	}
	if area := o.firm("東臺風電有限公司").Area; area != "320981" {
		t.Errorf("東臺市 is %s", area)
	}
}
