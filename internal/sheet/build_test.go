package sheet

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wb builds small workbooks for tests, part by part, so that a test can damage any of them.
type wb struct {
	names []string
	parts map[string]string
	plain bool // not packed
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// newWB is a workbook of sheets given by their inside (what stands between the worksheet tags).
func newWB(sheets ...string) *wb {
	w := &wb{parts: map[string]string{}}
	var types, list, rels strings.Builder
	for i := range sheets {
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, i+1)
		fmt.Fprintf(&list, `<sheet name="表%d" sheetId="%d" r:id="rId%d"/>`, i+1, i+1, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
	}
	rels.WriteString(`<Relationship Id="s" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>`)
	rels.WriteString(`<Relationship Id="t" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/>`)
	w.set("[Content_Types].xml", xmlHead+`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>`+types.String()+`</Types>`)
	w.set("_rels/.rels", xmlHead+`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	w.set("xl/workbook.xml", xmlHead+`<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr/><sheets>`+list.String()+`</sheets></workbook>`)
	w.set("xl/_rels/workbook.xml.rels", xmlHead+`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`+rels.String()+`</Relationships>`)
	w.set("xl/styles.xml", stylesOf())
	w.set("xl/sharedStrings.xml", stringsOf())
	for i, s := range sheets {
		w.set(fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), xmlHead+`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`+s+`</worksheet>`)
	}
	return w
}

func (w *wb) set(name, content string) *wb {
	if _, ok := w.parts[name]; !ok {
		w.names = append(w.names, name)
	}
	w.parts[name] = content
	return w
}

// stylesOf has cell style 0 General and then one for each format code.
func stylesOf(codes ...string) string {
	var fmts, xfs strings.Builder
	for i, c := range codes {
		fmt.Fprintf(&fmts, `<numFmt numFmtId="%d" formatCode="%s"/>`, 164+i, strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;").Replace(c))
		fmt.Fprintf(&xfs, `<xf numFmtId="%d"/>`, 164+i)
	}
	return xmlHead + `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts>` + fmts.String() + `</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>` + xfs.String() + `</cellXfs></styleSheet>`
}

func stringsOf(items ...string) string {
	var b strings.Builder
	for _, s := range items {
		b.WriteString("<si>" + s + "</si>")
	}
	return xmlHead + `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + b.String() + `</sst>`
}

func (w *wb) write(out io.Writer) error {
	z := zip.NewWriter(out)
	for _, n := range w.names {
		h := &zip.FileHeader{Name: n, Method: zip.Deflate}
		if w.plain {
			h.Method = zip.Store
		}
		f, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, w.parts[n]); err != nil {
			return err
		}
	}
	return z.Close()
}

// save writes the workbook to a file of a test.
func (w *wb) save(t testing.TB, name string) string {
	t.Helper()
	var b bytes.Buffer
	if err := w.write(&b); err != nil {
		t.Fatal(err)
	}
	return saveFile(t, name, b.Bytes())
}

func saveFile(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// bookOf opens a file that must be taken.
func bookOf(t testing.TB, path string) *Book {
	t.Helper()
	b, err := Open(path, "", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// drawn is a sheet as text: a line a row, each cell as address, type, fill and value.
func drawn(t testing.TB, b *Book, sheet int) string {
	t.Helper()
	var out strings.Builder
	err := b.Rows(t.Context(), sheet, func(r *Row) error {
		fmt.Fprintf(&out, "%d", r.Num)
		if r.Hidden {
			out.WriteString(" hidden")
		}
		for _, c := range r.Cells {
			fmt.Fprintf(&out, " | %s %s%s", ColumnName(c.Col), []string{"-", "n", "s", "d", "b", "e", "f"}[c.Type], []string{"", "^", "<"}[c.Fill])
			if c.Hidden {
				out.WriteString(" hidden")
			}
			fmt.Fprintf(&out, " %s", c.Raw)
			if shown := c.Shown(); shown != c.Raw {
				fmt.Fprintf(&out, " (%s)", shown)
			}
		}
		out.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}
