package sheet

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"
)

// large writes a workbook of 100,000 rows and 40 columns once: names and codes as shared strings, amounts with the
// digits that a spreadsheet saves, dates, percentages.
var large = sync.OnceValues(func() (string, error) {
	const rows, cols = 100_000, 40
	dir, err := os.MkdirTemp("", "sheet")
	if err != nil {
		return "", err
	}
	w := newWB("").set("xl/styles.xml", stylesOf("yyyy/m/d", "0.00%", "#,##0.00"))
	var sst strings.Builder
	sst.WriteString(xmlHead + `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`)
	for i := range rows {
		fmt.Fprintf(&sst, "<si><t>盐城市演示机械制造第%d有限公司</t></si><si><t>91320900MA%08d</t></si>", i, i)
	}
	for _, s := range []string{"是", "否", "东台市", "大丰区"} {
		sst.WriteString("<si><t>" + s + "</t></si>")
	}
	sst.WriteString("</sst>")
	w.set("xl/sharedStrings.xml", sst.String())
	path := filepath.Join(dir, "large.xlsx")
	body := streamed(&testing.B{}, w, "xl/worksheets/sheet1.xml", func(out io.Writer) {
		var b strings.Builder
		b.WriteString(xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
		names := make([]string, cols)
		for c := range names {
			names[c] = ColumnName(c)
		}
		for r := range rows {
			fmt.Fprintf(&b, `<row r="%d">`, r+1)
			for c := range cols {
				ref := fmt.Sprintf(`<c r="%s%d"`, names[c], r+1)
				switch {
				case c < 2:
					fmt.Fprintf(&b, `%s t="s"><v>%d</v></c>`, ref, 2*r+c)
				case c%8 == 2:
					fmt.Fprintf(&b, `%s t="s"><v>%d</v></c>`, ref, 2*rows+(r+c)%4)
				case c%8 == 3:
					fmt.Fprintf(&b, `%s s="1"><v>%d</v></c>`, ref, 40_000+(r*7+c)%5000)
				case c%8 == 4:
					fmt.Fprintf(&b, `%s s="2"><v>%.17g</v></c>`, ref, float64((r*13+c)%1000)/1000)
				default:
					fmt.Fprintf(&b, `%s s="3"><v>%.17g</v></c>`, ref, float64((r*7919+c*104729)%100_000_000)/100)
				}
			}
			b.WriteString("</row>")
			if b.Len() > 1<<20 {
				_, _ = io.WriteString(out, b.String())
				b.Reset()
			}
		}
		b.WriteString("</sheetData></worksheet>")
		_, _ = io.WriteString(out, b.String())
	})
	return path, os.WriteFile(path, body, 0o600)
})

func largeFile(b *testing.B) string {
	path, err := large()
	if err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkRows walks 4 million cells.
func BenchmarkRows(b *testing.B) {
	path := largeFile(b)
	for b.Loop() {
		book, err := Open(path, "", Limits{})
		if err != nil {
			b.Fatal(err)
		}
		cells := 0
		if err := book.Rows(b.Context(), 0, func(r *Row) error { cells += len(r.Cells); return nil }); err != nil {
			b.Fatal(err)
		}
		if cells != 4_000_000 {
			b.Fatal(cells)
		}
		_ = book.Close()
	}
}

// BenchmarkRead walks and reads each cell as its column is meant.
func BenchmarkRead(b *testing.B) {
	path := largeFile(b)
	wants := make([]Want, 40)
	for c := range wants {
		switch {
		case c < 2:
			wants[c].Kind = KindText
		case c%8 == 2:
			wants[c].Kind = KindText
		case c%8 == 3:
			wants[c].Kind = KindDate
		case c%8 == 4:
			wants[c].Kind = KindRate
		default:
			wants[c] = Want{Kind: KindMoney, Unit: units["万元"]}
		}
	}
	for b.Loop() {
		book, err := Open(path, "", Limits{})
		if err != nil {
			b.Fatal(err)
		}
		err = book.Rows(b.Context(), 0, func(r *Row) error {
			for _, c := range r.Cells {
				if _, err := Read(c, wants[c.Col]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		_ = book.Close()
	}
}

// BenchmarkDetect finds the header of a wide table under a vocabulary of the product's size.
func BenchmarkDetect(b *testing.B) {
	vocab := testVocabulary()
	for i := range 100 {
		vocab.Columns = append(vocab.Columns, Term{ID: fmt.Sprint(i), Labels: []string{fmt.Sprintf("指标%d本年累计金额", i), fmt.Sprintf("数据项%d", i), fmt.Sprintf("item %d", i)}, Kind: KindMoney, Unit: "万元"})
	}
	var text strings.Builder
	for c := range 40 {
		fmt.Fprintf(&text, "数据项%d（万元）,", c)
	}
	text.WriteString("企业名称\n")
	for r := range 1000 {
		for c := range 40 {
			fmt.Fprintf(&text, "盐城市演示%d号,", r*c)
		}
		text.WriteString("甲公司\n")
	}
	path := filepath.Join(b.TempDir(), "t.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		book, err := Open(path, "", Limits{})
		if err != nil {
			b.Fatal(err)
		}
		l, err := Detect(b.Context(), book, 0, vocab)
		if err != nil || len(l.Columns) != 41 || l.Columns[7].Candidates[0].ID != "7" {
			b.Fatal(l.Columns, err)
		}
		_ = book.Close()
	}
}

// BenchmarkExcelize is the same walk by the library that writes our workbooks.
func BenchmarkExcelize(b *testing.B) {
	path := largeFile(b)
	for b.Loop() {
		f, err := excelize.OpenFile(path)
		if err != nil {
			b.Fatal(err)
		}
		rows, err := f.Rows("表1")
		if err != nil {
			b.Fatal(err)
		}
		cells := 0
		for rows.Next() {
			cols, err := rows.Columns(excelize.Options{RawCellValue: true})
			if err != nil {
				b.Fatal(err)
			}
			cells += len(cols)
		}
		if cells != 4_000_000 {
			b.Fatal(cells)
		}
		_ = f.Close()
	}
}

// largeOld writes a .xls of 65,536 rows and 40 columns, the most rows that the format has.
var largeOld = sync.OnceValues(func() (string, error) {
	const rows, cols = 65_536, 40
	dir, err := os.MkdirTemp("", "sheet")
	if err != nil {
		return "", err
	}
	body := oldBookOf(func(b *biff) {
		b.rec(recFormat, 164, 8, "\x00", "yyyy/m/d")
		for _, id := range []int{0, 164, 10, 4} {
			b.rec(recXF, 0, id, strings.Repeat("\x00", 16))
		}
		for i := range rows {
			op := recContinue
			var head any = ""
			if i == 0 {
				op, head = recSST, [2]uint32{rows, rows}
			}
			b.rec(op, head, 20, "\x00", fmt.Sprintf("demo enterprise %04d", i%10_000))
		}
	}, func(b *biff) {
		for r := range rows {
			for c := range cols {
				switch {
				case c < 2:
					b.rec(recLabelSST, r, c, 0, uint32((r+c)%rows))
				case c%8 == 3:
					b.rec(recRK, r, c, 1, uint32((40_000+(r*7+c)%5000)<<2|2))
				case c%8 == 4:
					b.rec(recNumber, r, c, 2, float64((r*13+c)%1000)/1000)
				default:
					b.rec(recNumber, r, c, 3, float64((r*7919+c*104729)%100_000_000)/100)
				}
			}
		}
	})
	path := filepath.Join(dir, "large.xls")
	return path, os.WriteFile(path, body, 0o600)
})

// BenchmarkOldRows walks 2.6 million cells of a .xls.
func BenchmarkOldRows(b *testing.B) {
	path, err := largeOld()
	if err != nil {
		b.Fatal(err)
	}
	b.Log(path)
	for b.Loop() {
		book, err := Open(path, "", Limits{})
		if err != nil {
			b.Fatal(err)
		}
		cells := 0
		if err := book.Rows(b.Context(), 0, func(r *Row) error { cells += len(r.Cells); return nil }); err != nil {
			b.Fatal(err)
		}
		if cells != 65_536*40 {
			b.Fatal(cells)
		}
		_ = book.Close()
	}
}
