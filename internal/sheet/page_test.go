package sheet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/yanzhen/yanzhen/internal/errs"
)

func TestPages(t *testing.T) {
	tests := []struct{ name, page, want string }{
		{
			"spans",
			`<table border=1><caption>2023年 情况</caption><tr><th rowspan=2>县区<th colspan=2>营业收入<tr><th>2022年</th><th>2023年</th></tr>
			<tr><td rowspan="3">东台市</td><td>1</td><td>2</td></tr><tr><td>3</td></tr><tr><td></td><td>5</td></tr><tr><td>大丰区<td>6<td>7</table>`,
			"1 | A s 2023年 情况\n2 | A s 县区 | B s 营业收入 | C s< 营业收入\n3 | A s^ 县区 | B s 2022年 | C s 2023年\n" +
				"4 | A s 东台市 | B s 1 | C s 2\n5 | A s^ 东台市 | B s 3\n6 | A s^ 东台市 | C s 5\n7 | A s 大丰区 | B s 6 | C s 7\n",
		},
		{
			"what is not shown",
			`<html><head><style>td {mso-number-format:"\@"}</style><script>document.write("<td>x</td>")</script></head><body>
			<table><col><col style='display: none'><tr style="DISPLAY:NONE"><td>甲</td><td>1<td>2</tr><tr><td>乙<!-- x --></td><td>&#51;<td>4&nbsp;&amp;<br>5</tr></table>`,
			"1 hidden | A s 甲 | B s hidden 1 | C s 2\n2 | A s 乙 | B s hidden 3 | C s 4 & 5\n",
		},
		{
			"the number behind what is shown",
			`<table xmlns:x="urn"><tr><td x:num="1234.5678">1,234.57</td><td x:num="0.655">65.5%</td><td sdval="44589" sdnum="2052;0;YYYY-MM-DD">2022-01-28</td><td x:num>12</td><td x:num="9e17">913205007311235000</td></tr></table>`,
			"1 | A n 1234.5678 | B s 65.5% | C d 44589 (2022-01-28) | D s 12 | E n 9e17 (900000000000000000)\n",
		},
		{
			"a table for the layout around the one of figures",
			`<table><tr><td>菜单</td></tr><tr><td><table><tr><td>企业名称</td><td>收入</td></tr><tr><td>甲</td><td>1</td></tr></table></td></tr></table>`,
			"1 | A s 企业名称 | B s 收入\n2 | A s 甲 | B s 1\n",
		},
		{"never closed", `<table><tr><td>a<td>b<tr><td>c<td>d`, "1 | A s a | B s b\n2 | A s c | B s d\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := bookOf(t, saveFile(t, "t.xls", []byte(tt.page)))
			if diff := cmp.Diff(tt.want, drawn(t, b, 0)); diff != "" || len(b.Sheets()) != 1 {
				t.Errorf("%d sheets (-want +got)\n%s", len(b.Sheets()), diff)
			}
			gb, err := simplifiedchinese.GB18030.NewEncoder().String(tt.page)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, drawn(t, bookOf(t, saveFile(t, "t.xls", []byte(gb))), 0)); diff != "" {
				t.Errorf("in GB18030 (-want +got)\n%s", diff)
			}
		})
	}
	b := bookOf(t, saveFile(t, "t.xls", []byte(`<table><tr><td>1<td>2</table><p>x<table><tr><td>3<td>4</table>`)))
	if len(b.Sheets()) != 2 || b.Sheets()[1].Name != "table2" || drawn(t, b, 1) != "1 | A s 3 | B s 4\n" {
		t.Errorf("two tables: %v", b.Sheets())
	}
}

const (
	xmlBook = `<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">` +
		`<Styles><Style ss:ID="p"><NumberFormat ss:Format="Percent"/></Style><Style ss:ID="d"><NumberFormat ss:Format="Short Date"/></Style><Style ss:ID="c"><NumberFormat ss:Format="Currency"/></Style></Styles>`
	xmlSheet = `<Worksheet ss:Name="表"><Table><Column ss:Index="2" ss:Hidden="1" ss:Span="1"/><Row ss:Index="2" ss:Span="1"><Cell ss:MergeDown="3"><Data ss:Type="String">东台</Data></Cell><Cell ss:Index="3" ss:StyleID="p"><Data ss:Type="Number">0.655</Data></Cell></Row>` +
		`<Row ss:Hidden="1"><Cell ss:Index="2" ss:MergeAcross="1"><Data ss:Type="String"><B>粗</B>体&amp;</Data><Comment><Data>不要</Data></Comment></Cell><Cell ss:Formula="=1+1"/><Cell><Data ss:Type="Boolean">1</Data></Cell></Row>` +
		`<Row><Cell ss:Index="3"><Data ss:Type="DateTime">2022-01-28T00:00:00.000</Data></Cell><Cell ss:StyleID="d"><Data ss:Type="Number">44589</Data></Cell><Cell ss:StyleID="c"><Data ss:Type="Number">1234.5</Data></Cell><Cell><Data ss:Type="Error">#REF!</Data></Cell><Cell><Data ss:Type="String"/></Cell></Row></Table></Worksheet>`
)

func TestXML2003(t *testing.T) {
	b := bookOf(t, saveFile(t, "t.xls", []byte(xmlBook+xmlSheet+`<Worksheet ss:Name="密"><Table><Row><Cell><Data ss:Type="String">x</Data></Cell></Row></Table><WorksheetOptions><Visible>SheetHidden</Visible></WorksheetOptions></Worksheet></Workbook>`)))
	if diff := cmp.Diff([]SheetInfo{{Name: "表"}, {Name: "密", Hidden: true}}, b.Sheets()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	want := "2 | A s 东台 | C n hidden 0.655 (65.50%)\n4 hidden | A s^ 东台 | B s hidden 粗体& | C s< hidden 粗体& | D f  | E b 1 (TRUE)\n" +
		"5 | A s^ 东台 | C s hidden 2022-01-28 | D d 44589 (2022/1/28) | E n 1234.5 (1,234.50) | F e #REF!\n"
	if diff := cmp.Diff(want, drawn(t, b, 0)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := drawn(t, b, 1); got != "1 | A s x\n" {
		t.Error(got)
	}
}

// TestPagesOfLibreOffice reads what LibreOffice made of workbooks, which writes numbers and their formats beside what is
// shown.
func TestPagesOfLibreOffice(t *testing.T) {
	for _, name := range []string{"libreoffice", "libreoffice_merged"} {
		got := drawn(t, bookOf(t, "testdata/pages/"+name+".html.xls"), 0)
		golden(t, "testdata/pages/"+name+".html.golden", got)
	}
}

func TestHostilePages(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"tables without end", strings.Repeat("<table><tr><td>", 200), "sheet.refuse.tables"},
		{"more tables than are listed", strings.Repeat("<table><tr><td>1<td>2</table>", maxTables+1), "sheet.refuse.tables"},
		{"spans that fill more cells than allowed", "<table>" + strings.Repeat(`<tr><td colspan=9999>x`, 50_000), "sheet.refuse.cells"},
		{"cells beyond the last column", "<table><tr>" + strings.Repeat("<td>1", 600), "sheet.refuse.columns"},
		{"a text without end", "<table><tr><td>1<td>" + strings.Repeat("字", 1<<20), "sheet.refuse.long"},
		{"rows that all columns reach into", "<table>" + strings.Repeat(`<tr><td rowspan=99999999999 colspan=9999>x<td>`, 12_000), "sheet.refuse.columns"},
		{"a text too long", "<table><tr><td>1<td>" + strings.Repeat("字", 40_000), "sheet.refuse.text"},
		{"a tag without end", "<table><tr><td>1<td a='" + strings.Repeat("x", 2<<20), "sheet.refuse.long"},
		{"a million columns described", "<table><col span=999999999>" + strings.Repeat("<col span=9999>", 10_000) + "<tr><td>1<td>2", ""},
		{"bytes of no encoding", "<table><tr><td>1<td>\xFF\xFF", "sheet.refuse.decode"},
		{"XML: row beyond the last", xmlBook + `<Worksheet><Table><Row ss:Index="99999999999999999999"/>`, "sheet.refuse.row_number"},
		{"XML: rows out of order", xmlBook + `<Worksheet><Table><Row ss:Index="5"/><Row ss:Index="5"/>`, "sheet.refuse.row_order"},
		{"XML: cells out of order", xmlBook + `<Worksheet><Table><Row><Cell ss:Index="5"/><Cell ss:Index="5"/></Row>`, "sheet.refuse.cell_order"},
		{"XML: a document type", `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>` + xmlBook[21:], "sheet.refuse.doctype"},
		{"XML: cut off", (xmlBook + xmlSheet)[:len(xmlBook)+300], "sheet.refuse.xml"},
		{"XML: no sheet", xmlBook + "</Workbook>", "sheet.refuse.no_sheets"},
		{"XML: merged ranges that fill more cells than allowed", xmlBook + `<Worksheet><Table>` + strings.Repeat(`<Row><Cell ss:MergeAcross="9999"><Data ss:Type="Number">1</Data></Cell></Row>`, 50_000) + "</Table>", "sheet.refuse.cells"},
		{"XML: a column beyond the last", xmlBook + `<Worksheet><Table><Column ss:Index="999999999" ss:Span="999999999"/><Row><Cell ss:Index="999999999"><Data ss:Type="Number">1</Data></Cell></Row></Table>`, "sheet.refuse.columns"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := within(t, saveFile(t, "t.xls", []byte(tt.file)), Limits{})
			if innerKey(err) != tt.want || err != nil && errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("got %v (%s), want %s", err, innerKey(err), tt.want)
			}
		})
	}
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(`<table><caption>x</caption><col style="display:none" span=2><tr><th rowspan=2 colspan=2>a<td x:num="1">1</td></tr><tr hidden><td><table><tr><td>1<td>2</table></table>`))
	f.Add([]byte(xmlBook + xmlSheet + "</Workbook>"))
	f.Fuzz(func(t *testing.T, b []byte) { checkRows(t, saveFile(t, "f.xls", b)) })
}
