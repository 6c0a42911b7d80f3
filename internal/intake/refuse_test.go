package intake_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// container is an .xlsx as bare as it gets around the sheet data that a test writes.
func container(t *testing.T, sheetData func(io.Writer)) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	add := func(name, body string) io.Writer {
		w, err := z.Create(name)
		must(t, err)
		_, err = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+body)
		must(t, err)
		return w
	}
	const (
		types = "http://schemas.openxmlformats.org/package/2006/content-types"
		rels  = "http://schemas.openxmlformats.org/package/2006/relationships"
		main  = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
		doc   = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
		sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	)
	add("[Content_Types].xml", `<Types xmlns="`+types+`"><Default Extension="xml" ContentType="application/xml"/>`+
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`+
		`<Override PartName="/xl/workbook.xml" ContentType="`+sheet+`sheet.main+xml"/>`+
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="`+sheet+`worksheet+xml"/></Types>`)
	add("_rels/.rels", `<Relationships xmlns="`+rels+`"><Relationship Id="r1" Type="`+doc+`/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	add("xl/workbook.xml", `<workbook xmlns="`+main+`" xmlns:r="`+doc+`"><sheets><sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>`)
	add("xl/_rels/workbook.xml.rels", `<Relationships xmlns="`+rels+`"><Relationship Id="r1" Type="`+doc+`/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`)
	w := add("xl/worksheets/sheet1.xml", `<worksheet xmlns="`+main+`"><sheetData>`)
	sheetData(w)
	_, err := io.WriteString(w, `</sheetData></worksheet>`)
	must(t, err)
	must(t, z.Close())
	return &out
}

func rowOf(n int, cells ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<row r="%d">`, n)
	for i, c := range cells {
		fmt.Fprintf(&b, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+i, n, c)
	}
	return b.String() + `</row>`
}

// Files made to harm are refused when they come, or fail the reading; either way the reason is told and nothing becomes
// known.
func TestHostileFiles(t *testing.T) {
	header := rowOf(1, "企业名称", "县区", "2023年营业收入（万元）")
	write := func(parts ...string) func(io.Writer) {
		return func(w io.Writer) {
			for _, p := range parts {
				_, _ = io.WriteString(w, p)
			}
		}
	}
	for name, c := range map[string]struct {
		data func(io.Writer)
		want string
	}{
		"a row number of 9e18":          {write(header, `<row r="9000000000000000000"><c r="A2"><v>1</v></c></row>`), "9000000000000000000"},
		"a row beyond the limit":        {write(header, rowOf(1_048_577, "甲公司", "大丰区", "1")), "1048577"},
		"a cell at the far end of rows": {write(header, strings.Repeat(`<row><c r="XFD2"><v>1</v></c></row>`, 4000)), "512"},
		"rows that go back":             {write(header, rowOf(9, "甲公司", "大丰区", "1"), rowOf(3, "乙公司", "大丰区", "2")), "9"},
		"a bomb of blanks": {func(w io.Writer) {
			blank := bytes.Repeat([]byte(" "), 1<<20)
			for range 100 {
				_, _ = w.Write(blank)
			}
		}, ""},
		"a table that breaks off": {write(header, `<row r="2"><c r="A2"`), ""},
		"no table":                {write(rowOf(1, "这里什么也没有")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, storetest.SQLite(t, migrations))
			b, err := o.intake.Receive(context.Background(), o.scope, intake.Upload{
				Name: "表.xlsx", Sender: "市工信局", Authority: "statistics", Area: "320900", Body: container(t, c.data),
			})
			why, ok := errs.Message(err)
			if err == nil {
				b = o.wait(b.ID)
				why, ok = b.Failure, b.State == intake.Failed
			}
			told := (i18n.T{Lang: i18n.ZH}).Msg(why)
			if !ok || why.IsZero() || why.Key == "intake.internal" || !strings.Contains(told, c.want) {
				t.Fatalf("batch is %q, %v: %s", b.State, err, told)
			}
			t.Log(told)
			if n := o.view().Count(); n != 0 {
				t.Errorf("%d firms are known", n)
			}
		})
	}
}

func TestTooManySheetsAndRowsAboutTheSame(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	_, err := o.intake.Receive(context.Background(), o.scope, intake.Upload{
		Name: "表.xlsx", Sender: "市工信局", Authority: "statistics", Area: "320900", Body: manySheets(t, 101),
	})
	if msg, _ := errs.Message(err); msg.Key != "intake.too_many_sheets" {
		t.Errorf("a workbook of 101 sheets: %v, want it refused", err)
	}
	// One firm that is named in each of many rows waits for the last of them.
	var file strings.Builder
	file.WriteString("企业名称,县区")
	for year := 1900; year < 2020; year++ {
		fmt.Fprintf(&file, ",%d年营业收入（万元）", year)
	}
	row := "\n盐城甲机械有限公司,大丰区" + strings.Repeat(",1", 120)
	file.WriteString(strings.Repeat(row, 8400))
	b := o.sendFor("320900", "a.csv", file.String())
	if b.State != intake.Failed || b.Failure.Key != "intake.too_many_doubles" {
		t.Errorf("a million values about one firm: batch is %s: %s", b.State, b.Failure)
	}
}

func manySheets(t *testing.T, n int) io.Reader {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	for i := 1; i < n; i++ {
		_, err := book.NewSheet(fmt.Sprintf("表%d", i))
		must(t, err)
	}
	out, err := book.WriteToBuffer()
	must(t, err)
	return out
}
