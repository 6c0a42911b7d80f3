package sheet

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// testVocabulary has the words of a few columns that registers of enterprises have.
func testVocabulary() Vocabulary {
	return Vocabulary{Columns: []Term{
		{ID: "name", Labels: []string{"企业名称", "单位名称", "名称"}, Kind: KindText},
		{ID: "code", Labels: []string{"统一社会信用代码", "信用代码"}, Kind: KindCode},
		{ID: "area", Labels: []string{"县区", "所在地", "地区", "城市", "属地"}, Kind: KindText},
		{ID: "revenue", Labels: []string{"营业收入", "主营业务收入"}, Kind: KindMoney, Unit: "万元"},
		{ID: "growth", Labels: []string{"营业收入增速", "增速"}, Kind: KindRate},
		{ID: "equipment", Labels: []string{"设备投入", "设备购置金额"}, Kind: KindMoney, Unit: "万元"},
		{ID: "software", Labels: []string{"软件投入", "软件购置金额"}, Kind: KindMoney, Unit: "万元"},
		{ID: "rd", Labels: []string{"研发费用占比"}, Kind: KindRate},
		{ID: "founded", Labels: []string{"成立日期", "成立时间"}, Kind: KindDate},
		{ID: "above", Labels: []string{"是否规上", "规上企业"}, Kind: KindBool},
		{ID: "people", Labels: []string{"从业人员", "从业人数"}, Kind: KindInt, Unit: "人"},
		{ID: "count", Labels: []string{"企业单位数"}, Kind: KindInt},
		{ID: "award", Labels: []string{"奖补金额"}, Kind: KindMoney, Unit: "万元"},
	}}
}

// describe is a layout and its records as text.
func describe(t *testing.T, b *Book, sheet int) string {
	t.Helper()
	var out strings.Builder
	l, err := Detect(t.Context(), b, sheet, testVocabulary())
	if err != nil {
		return err.Error() + "\n"
	}
	fmt.Fprintf(&out, "title %v %s\nheader %v first %d unit %s period %s\n", l.TitleRows, l.Title, l.HeaderRows, l.FirstData, l.Unit.Name, l.Period)
	for _, c := range l.Columns {
		fmt.Fprintf(&out, "%s %s:", ColumnName(c.Index), c.Label)
		for i, m := range c.Candidates {
			if i < 2 {
				fmt.Fprintf(&out, " %s %d", m.ID, m.Score)
			}
		}
		fmt.Fprintf(&out, "; unit %s %s; period %s", c.Unit.Name, c.UnitFrom, c.Period)
		if c.Hidden {
			out.WriteString("; hidden")
		}
		for _, d := range c.Doubts {
			fmt.Fprintf(&out, "; %s", d.Key)
		}
		out.WriteString("\n")
	}
	kinds := map[Kind]Kind{}
	for _, term := range testVocabulary().Columns {
		kinds[Kind(term.ID)] = term.Kind
	}
	err = b.Records(t.Context(), &l, func(r *Record) error {
		fmt.Fprintf(&out, "%d %s", r.Row, []string{"data", "total", "section", "note", "header"}[r.Kind])
		if r.Kind == SectionRow || r.Kind == NoteRow {
			fmt.Fprintf(&out, " %s\n", r.Text)
			return nil
		}
		for i, c := range r.Cells {
			kind := KindText
			if len(l.Columns[i].Candidates) > 0 && l.Columns[i].Candidates[0].Score >= 600 {
				kind = kinds[Kind(l.Columns[i].Candidates[0].ID)]
			}
			fmt.Fprintf(&out, " | %s", reading(c, l.Columns[i].Want(kind)))
		}
		out.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// reading is what a cell says, or why it says nothing.
func reading(c Cell, w Want) string {
	r, err := Read(c, w)
	switch {
	case err != nil:
		return "✗ " + reasonOf(err)
	case r.State == Unstated:
		return "·"
	case r.State == Missing:
		return "missing"
	case r.State == None:
		return "none"
	case w.Kind == KindText || w.Kind == KindCode:
		return r.Text
	case r.Precision == Range:
		return fmt.Sprintf("%d..%d", r.Num, r.High)
	case r.Precision != Exact:
		return fmt.Sprintf("%d %s", r.Num, r.Precision)
	}
	return fmt.Sprint(r.Num)
}

// TestLayouts compares the layout and the readings of every sheet in testdata with its golden file.
func TestLayouts(t *testing.T) {
	var files []string
	for _, pattern := range []string{"testdata/*.csv", "testdata/*.xlsx"} {
		some, err := filepath.Glob(pattern)
		if err != nil || len(some) < 2 {
			t.Fatal(some, err)
		}
		files = append(files, some...)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			b := bookOf(t, f)
			var out strings.Builder
			for _, n := range b.Notes() {
				fmt.Fprintf(&out, "note %s\n", (i18n.T{Lang: i18n.ZH}).Msg(n))
			}
			for i, s := range b.Sheets() {
				fmt.Fprintf(&out, "== %s\n%s", s.Name, describe(t, b, i))
			}
			golden(t, f+".golden", out.String())
		})
	}
}

// TestLayoutsOfXLSX is what text cannot hold: merged headers, a county merged down, an amount merged across.
func TestLayoutsOfXLSX(t *testing.T) {
	s := func(ref, text string) string {
		return fmt.Sprintf(`<c r="%s" t="inlineStr"><is><t>%s</t></is></c>`, ref, text)
	}
	n := func(ref, v string) string { return fmt.Sprintf(`<c r="%s"><v>%s</v></c>`, ref, v) }
	row := cellsRow
	sheets := map[string]string{
		"merged": `<cols><col min="6" max="6" hidden="1"/></cols><sheetData>` +
			row(1, s("A1", "盐城市2023年智改数转项目汇总表")) +
			row(2, s("A2", "填报单位：演示局")+s("F2", "单位：万元")) +
			row(3, s("A3", "县区")+s("B3", "企业名称")+s("C3", "项目投入")+s("E3", "2022年奖补金额")+s("F3", "备注")) +
			row(4, s("C4", "设备投入")+s("D4", "软件投入")) +
			row(5, s("A5", "东台市")+s("B5", "甲公司")+n("C5", "1234.5600000000001")+n("D5", "6.5000000000000002E-2")+n("E5", "10")) +
			row(6, s("B6", "乙公司")+n("C6", "2")+s("D6", "约3")) +
			row(7, s("A7", "大丰区")+s("B7", "丙公司")+n("C7", "5")) +
			row(8, s("A8", "合 计")+`<c r="C8"><f>SUM(C5:C7)</f></c>`) +
			row(9, s("A9", "注：1.数据为演示数据；")) +
			row(10, s("A10", "2.投入不含税。")) +
			`</sheetData><mergeCells><mergeCell ref="A1:F1"/><mergeCell ref="A3:A4"/><mergeCell ref="B3:B4"/><mergeCell ref="C3:D3"/><mergeCell ref="E3:E4"/><mergeCell ref="F3:F4"/><mergeCell ref="A5:A6"/><mergeCell ref="C7:D7"/></mergeCells>`,
		"three rows": `<sheetData>` +
			row(1, s("A1", "企业基本情况")+s("C1", "经营情况")) +
			row(2, s("A2", "企业名称")+s("B2", "信用代码")+s("C2", "营业收入（亿元）")+s("E2", "增速")) +
			row(3, s("C3", "2021年")+n("D3", "2022")+s("E3", "（%）")) +
			row(4, s("A4", "甲")+s("B4", "乙")+n("C4", "1")+n("D4", "2")+n("E4", "3")) +
			row(5, s("A5", "甲公司")+n("B5", "9.13205007311235E+17")+n("C5", "1.5")+s("D5", "—")+n("E5", "8.1")) +
			row(6, s("A6", "企业名称")+s("B6", "信用代码")+s("C6", "营业收入（亿元）")+s("E6", "增速")) +
			row(7, s("A7", "乙公司")+s("B7", "91320900MA1AAAAA1X")+s("C7", "3~5")+s("D7", "壹佰万元整")+s("E7", "65%")) +
			`</sheetData><mergeCells><mergeCell ref="A1:B1"/><mergeCell ref="C1:E1"/><mergeCell ref="A2:A3"/><mergeCell ref="B2:B3"/><mergeCell ref="C2:D2"/></mergeCells>`,
		"no header":     `<sheetData>` + row(1, n("A1", "1")+n("B1", "2")) + row(2, n("A2", "3")+n("B2", "4")) + `</sheetData>`,
		"unknown words": `<sheetData>` + row(1, s("A1", "甲列")+s("B1", "乙列")) + row(2, s("A2", "x")+n("B2", "4")) + `</sheetData>`,
	}
	for name, inside := range sheets {
		t.Run(name, func(t *testing.T) {
			golden(t, filepath.Join("testdata", "built "+name+".golden"), describe(t, bookOf(t, newWB(inside).save(t, "t.xlsx")), 0))
		})
	}
}

func TestDelimited(t *testing.T) {
	long := strings.Repeat("x", 300)
	tests := []struct{ name, text, want string }{
		{"comma", "a,b\n1,\"2,5\"\n", "1 | A s a | B s b\n2 | A s 1 | B s 2,5\n"},
		{"tab, mark, CRLF", "\uFEFFa\tb\r\n1\t2\r\n", "1 | A s a | B s b\n2 | A s 1 | B s 2\n"},
		{"semicolon", "a;b;c\n1;2;3", "1 | A s a | B s b | C s c\n2 | A s 1 | B s 2 | C s 3\n"},
		{"declared", "sep=|\na|b,c,d,e\n", "2 | A s a | B s b,c,d,e\n"},
		{"old line ends", "a,b\r1,2\r", "1 | A s a | B s b\n2 | A s 1 | B s 2\n"},
		{"break within quotes", "a,\"b\nc\"\n1,2\n", "1 | A s a | B s b\nc\n2 | A s 1 | B s 2\n"},
		{"quotes that are none", "5\"管,\"a\"b\n", "1 | A s 5\"管 | B s ab\n"},
		{"doubled quotes", "\"a\"\"b\",c\n", "1 | A s a\"b | B s c\n"},
		{"blank lines", "a,b\n\n,,\n1,2\n", "1 | A s a | B s b\n4 | A s 1 | B s 2\n"},
		{"trailing commas", "a,b" + strings.Repeat(",", 2000) + "\n", "1 | A s a | B s b\n"},
		{"UTF-16", "\xFF\xFEa\x00\t\x00W[\n\x00", "1 | A s a | B s 字\n"},
		{"long", long + ",1\n", "1 | A s " + long + " | B s 1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := drawn(t, bookOf(t, saveFile(t, "t.csv", []byte(tt.text))), 0); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
	bad := []struct{ name, text, want string }{
		{"open quote", "a,b\n1,\"2\n3,4\n", "sheet.refuse.open_quote"},
		{"open quote in a long file", "a,b\n1,\"2\n" + strings.Repeat("3,4\n", 100_000), "sheet.refuse.open_quote"},
		{"too many columns", strings.Repeat("1,", 600) + "1\n", "sheet.refuse.columns"},
		{"endless commas", strings.Repeat(",", 100_000), "sheet.refuse.columns"},
		{"long text", "a," + strings.Repeat("字", 40_000), "sheet.refuse.text"},
		{"long line", strings.Repeat("字", 2<<20), "sheet.refuse.record"},
		{"broken mark", "\xEF\xBB\xBFa,\xC3(\n", "sheet.refuse.utf8"},
	}
	for _, tt := range bad {
		t.Run(tt.name, func(t *testing.T) {
			if err := readAll(t, saveFile(t, "t.csv", []byte(tt.text)), Limits{}); innerKey(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestLateChinese finds the encoding of a file whose first megabyte is plain ASCII, with a character across each
// boundary that a reader might cut at.
func TestLateChinese(t *testing.T) {
	for pad := range 4 {
		var b bytes.Buffer
		for b.Len() < 128<<10+pad {
			b.WriteString("a,b\n")
		}
		b.WriteString(strings.Repeat("x", pad) + strings.Repeat("盐城,市\n", 20_000))
		got := drawn(t, bookOf(t, saveFile(t, "t.csv", b.Bytes())), 0)
		if !strings.Contains(got, "A s 盐城 | B s 市") || strings.Contains(got, "\uFFFD") {
			t.Errorf("pad %d: not read as UTF-8", pad)
		}
	}
	raw, err := os.ReadFile("testdata/city_revenue_gb18030.csv")
	if err != nil {
		t.Fatal(err)
	}
	raw = append(bytes.Repeat([]byte("a,b\n"), 50_000), raw...)
	if got := drawn(t, bookOf(t, saveFile(t, "t.csv", raw)), 0); !strings.Contains(got, "盐城市") {
		t.Error("not read as GB18030")
	}
}

func TestSafeText(t *testing.T) {
	for in, want := range map[string]string{"": "", "甲": "甲", "=1+1": "'=1+1", "@x": "'@x", "-5.2": "-5.2", "+3": "+3", "-甲": "'-甲", "\tx": "'\tx", "＝1": "'＝1"} {
		if got := SafeText(in); got != want {
			t.Errorf("SafeText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	for want, p := range map[string]Place{
		"a.xlsx#一月!AB12": {"a.xlsx", "一月", 12, 27}, "a.csv#C3": {"a.csv", "", 3, 2}, "a.csv#3": {"a.csv", "", 3, -1}, "x#XFD1": {"x", "", 1, 16383},
	} {
		if got := p.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestRelativeYear: a figure of the year before is that year's, and what a figure did against the year before is this year's.
func TestRelativeYear(t *testing.T) {
	for header, want := range map[string]int{
		"营业收入（上年同期）": -1, "去年产值": -1, "上期金额": -1, "营业收入": 0, "比上年增长": 0, "较上年变化": 0, "人均营业收入较上年变化": 0, "与上年相比": 0,
	} {
		if got, ok := relativeYear(header); got != want || ok != (want != 0) {
			t.Errorf("%s: %d, want %d", header, got, want)
		}
	}
}

// TestMonthsAbove: months alone may stand above the columns of each, as offices report a year of them on one sheet.
func TestMonthsAbove(t *testing.T) {
	path := filepath.Join(t.TempDir(), "months.csv")
	text := "2023年企业月度指标,,,,,\n统一社会信用代码,企业名称,2023年1月,,2023年2月,\n,,营业收入（万元）,从业人员,营业收入（万元）,从业人员\n91320281142225264B,甲,100,20,110,21\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := Open(path, "months.csv", DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	l, err := Detect(t.Context(), b, 0, testVocabulary())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range l.Columns {
		got = append(got, c.Label+" "+c.Period.String())
	}
	want := "统一社会信用代码 2023|企业名称 2023|营业收入 2023-01|从业人员 2023-01|营业收入 2023-02|从业人员 2023-02"
	if text := strings.Join(got, "|"); text != want {
		t.Errorf("columns %s, want %s", text, want)
	}
}
