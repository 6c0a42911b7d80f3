package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// innerKey is the key of the message that says why, within the one that says where.
func innerKey(err error) string {
	m, _ := errs.Message(err)
	if (m.Key == "sheet.file" || m.Key == "sheet.at") && len(m.Args) == 2 {
		if inner, ok := m.Args[1].(i18n.Msg); ok {
			return inner.Key
		}
	}
	return m.Key
}

// readAll opens a file and walks all its rows.
func readAll(t testing.TB, path string, lim Limits) error {
	b, err := Open(path, "", lim)
	if err != nil {
		return err
	}
	defer func() { _ = b.Close() }()
	for i := range b.Sheets() {
		if err := b.Rows(t.Context(), i, func(*Row) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// within reads a file and fails when that takes more than the two seconds or the 256 MB that a refusal may cost. The
// time is a bound on work that would otherwise not end, not a measurement.
func within(t *testing.T, path string, lim Limits) error {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	runtime.GC()
	var peak uint64
	done, sampled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	result := make(chan error, 1)
	spent := cpuTime(t)
	go func() { result <- readAll(t, path, lim) }()
	var err error
	select {
	case err = <-result:
	case <-time.After(5 * time.Minute): // hangs; how long a busy machine takes says nothing
		t.Fatal("still reading")
	}
	spent = cpuTime(t) - spent
	close(done)
	<-sampled
	if t.Logf("%v of processor time", spent); spent > 5*refusedIn {
		t.Errorf("refused after %v of processor time", spent)
	}
	if peak > 256<<20 {
		t.Errorf("the heap grew to %d MB", peak>>20)
	}
	return err
}

// refusedIn is the processor time within which a hostile file is refused; a test gives five times as much, for machines
// that are slower and for the collector, which works more the less memory it has.
const refusedIn = 2 * time.Second

// cpuTime is what the process has used of all processors.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func cellsRow(n int, cells string) string { return fmt.Sprintf(`<row r="%d">%s</row>`, n, cells) }

// numbered repeats a pattern with a number in it, so that it does not pack away.
func numbered(pattern string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, pattern, i*7919)
	}
	return b.String()
}

func TestHostileWorkbooks(t *testing.T) {
	sheet := func(data string) *wb { return newWB("<sheetData>" + data + "</sheetData>") }
	tests := []struct {
		name string
		make func() *wb
		want string
	}{
		{"zip bomb", func() *wb {
			return sheet(cellsRow(1, `<c r="A1" t="inlineStr"><is><t>`+strings.Repeat("A", 64<<20)+`</t></is></c>`))
		}, "sheet.refuse.ratio"},
		{"row number 9e18", func() *wb { return sheet(`<row r="9000000000000000000"><c><v>1</v></c></row>`) }, "sheet.refuse.row_number"},
		{"row number beyond 64 bits", func() *wb { return sheet(`<row r="99999999999999999999999999"><c><v>1</v></c></row>`) }, "sheet.refuse.row_number"},
		{"row number −1", func() *wb { return sheet(`<row r="-1"/>`) }, "sheet.refuse.row_number"},
		{"second row 9e18", func() *wb { return sheet(`<row r="1"/><row r="9000000000000000000"/>`) }, "sheet.refuse.row_number"},
		{"a cell at XFD in every row", func() *wb {
			var b strings.Builder
			for i := 1; i <= 4000; i++ {
				b.WriteString(cellsRow(i, fmt.Sprintf(`<c r="XFD%d"><v>1</v></c>`, i)))
			}
			return sheet(b.String())
		}, "sheet.refuse.columns"},
		{"a row of a million blank cells", func() *wb { return sheet(cellsRow(1, strings.Repeat("<c/>", 20_000))) }, "sheet.refuse.columns"},
		{"column beyond four letters", func() *wb { return sheet(cellsRow(1, `<c r="AAAAAAAA1"><v>1</v></c>`)) }, "sheet.refuse.reference"},
		{"rows beyond the limit", func() *wb { return sheet(`<row r="1048576"/><row><c><v>1</v></c></row>`) }, "sheet.refuse.rows"},
		{"rows out of order", func() *wb { return sheet(`<row r="5"/><row r="4"/>`) }, "sheet.refuse.row_order"},
		{"cells out of order", func() *wb { return sheet(cellsRow(1, `<c r="C1"><v>1</v></c><c r="B1"><v>1</v></c>`)) }, "sheet.refuse.cell_order"},
		{"shared string that is not there", func() *wb { return sheet(cellsRow(1, `<c t="s"><v>7</v></c>`)) }, "sheet.refuse.string_index"},
		{"shared-string bomb, packed", func() *wb {
			return sheet("").set("xl/sharedStrings.xml", stringsOf("<t>"+strings.Repeat(strings.Repeat("字", 30000)+"</t></si><si><t>", 1500)+"</t>"))
		}, "sheet.refuse.ratio"},
		{"text too long", func() *wb {
			return sheet(cellsRow(1, `<c t="inlineStr"><is><t>`+strings.Repeat("字", 32768)+`</t></is></c>`))
		}, "sheet.refuse.text"},
		{"text without end", func() *wb {
			return sheet(cellsRow(1, `<c t="inlineStr"><is><t>`+strings.Repeat("字", 1<<20)+`</t></is></c>`))
		}, "sheet.refuse.long"},
		{"many runs in one text", func() *wb {
			return sheet(cellsRow(1, `<c t="inlineStr"><is>`+numbered("<r><t>%d</t></r>", 300_000)+`</is></c>`))
		}, "sheet.refuse.long"},
		{"document type in the sheet", func() *wb {
			w := sheet("")
			return w.set("xl/worksheets/sheet1.xml", `<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>`)
		}, "sheet.refuse.doctype"},
		{"external entity in the shared strings", func() *wb {
			return sheet("").set("xl/sharedStrings.xml", `<!DOCTYPE sst SYSTEM "file:///etc/passwd"><sst><si><t>&x;</t></si></sst>`)
		}, "sheet.refuse.doctype"},
		{"unknown entity", func() *wb { return sheet(cellsRow(1, `<c t="inlineStr"><is><t>&lol;</t></is></c>`)) }, "sheet.refuse.entity"},
		{"sheet cut off", func() *wb {
			return sheet("").set("xl/worksheets/sheet1.xml", `<worksheet><sheetData><row><c><v>1</v>`)
		}, "sheet.refuse.xml"},
		{"sheet missing", func() *wb {
			w := sheet("")
			w.set("xl/_rels/workbook.xml.rels", strings.Replace(w.parts["xl/_rels/workbook.xml.rels"], "sheet1.xml", "sheet9.xml", 1))
			return w
		}, "sheet.refuse.part_missing"},
		{"too many parts", func() *wb {
			w := sheet("")
			for i := range 2100 {
				w.set(fmt.Sprintf("x/%d.xml", i), "")
			}
			return w
		}, "sheet.refuse.parts"},
		{"the same part twice", func() *wb {
			w := sheet("")
			w.names = append(w.names, "xl/workbook.xml")
			return w
		}, "sheet.refuse.twice"},
		{"macros", func() *wb { return sheet("").set("xl/vbaProject.bin", "x") }, "sheet.refuse.macros"},
		{"no sheets", func() *wb {
			return sheet("").set("xl/workbook.xml", "<workbook/>")
		}, "sheet.refuse.no_sheets"},
		{"too many styles", func() *wb {
			return sheet("").set("xl/styles.xml", "<styleSheet><cellXfs>"+strings.Repeat(`<xf numFmtId="0"/>`, maxStyles+1)+"</cellXfs></styleSheet>")
		}, "sheet.refuse.styles"},
		{"merged ranges that fill more cells than allowed", func() *wb {
			var b, m strings.Builder
			for i := 1; i <= 40_000; i++ {
				b.WriteString(cellsRow(i, fmt.Sprintf(`<c r="A%d"><v>%d</v></c>`, i, i)))
				fmt.Fprintf(&m, `<mergeCell ref="A%d:SR%d"/>`, i, i)
			}
			return newWB("<sheetData>" + b.String() + "</sheetData><mergeCells>" + m.String() + "</mergeCells>")
		}, "sheet.refuse.cells"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := within(t, tt.make().save(t, "t.xlsx"), Limits{})
			if innerKey(err) != tt.want || errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("got %v (%s), want %s", err, innerKey(err), tt.want)
			}
		})
	}
}

// TestSmallLimits reaches the limits that would need large files.
func TestSmallLimits(t *testing.T) {
	rows := strings.Repeat(`<row><c><v>1</v></c><c><v>2</v></c></row>`, 50)
	w := newWB("<sheetData>"+rows+"</sheetData>").set("xl/sharedStrings.xml", stringsOf("<t>一二三四五</t>", "<t>六七八九十</t>"))
	path := w.save(t, "t.xlsx")
	tests := []struct {
		name string
		lim  Limits
		want string
	}{
		{"file", Limits{File: 100}, "sheet.refuse.size"},
		{"parts", Limits{Parts: 3}, "sheet.refuse.parts"},
		{"unpacked", Limits{Unpacked: 1000}, "sheet.refuse.unpacked"},
		{"rows", Limits{Rows: 49}, "sheet.refuse.rows"},
		{"columns", Limits{Columns: 1}, "sheet.refuse.columns"},
		{"cells", Limits{Cells: 99}, "sheet.refuse.cells"},
		{"strings", Limits{Strings: 29}, "sheet.refuse.strings"},
		{"count of strings", Limits{Cells: 1}, "sheet.refuse.strings_count"},
		{"text", Limits{Text: 4}, "sheet.refuse.text"},
		{"none", Limits{Rows: 50, Columns: 2, Cells: 100, Strings: 30, Text: 5}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := readAll(t, path, tt.lim); innerKey(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestSharedStringBomb holds the memory down on a table of strings that packs too little to be refused by its ratio.
func TestSharedStringBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("builds 150 MB of text")
	}
	w := newWB("<sheetData/>")
	path := saveFile(t, "t.xlsx", streamed(t, w, "xl/sharedStrings.xml", func(out io.Writer) {
		_, _ = io.WriteString(out, "<sst>")
		seed := uint32(1)
		line := make([]byte, 0, 40_000)
		for range 150 << 20 / 30_000 {
			line = append(line[:0], "<si><t>"...)
			for len(line) < 30_000 { // four random letters to twenty that repeat: packs about one to six
				seed = seed*1664525 + 1013904223
				line = append(line, 'a'+byte(seed>>24&15), 'a'+byte(seed>>20&15), 'a'+byte(seed>>16&15), 'a'+byte(seed>>12&15))
				line = append(line, "numbernumbernumber20"...)
			}
			line = append(line, "</t></si>"...)
			_, _ = out.Write(line)
		}
		_, _ = io.WriteString(out, "</sst>")
	}))
	if err := within(t, path, Limits{}); innerKey(err) != "sheet.refuse.strings" {
		t.Errorf("got %v", err)
	}
}

// streamed packs a workbook with one part written by fn.
func streamed(t testing.TB, w *wb, part string, fn func(io.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range w.names {
		f, err := z.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		if n == part {
			fn(f)
			continue
		}
		_, _ = io.WriteString(f, w.parts[n])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestDeclaredSizeLies unpacks no more than the directory declares.
func TestDeclaredSizeLies(t *testing.T) {
	var b bytes.Buffer
	if err := newWB("<sheetData>" + strings.Repeat(cellsRow(1, ""), 1) + strings.Repeat(" ", 100_000) + "</sheetData>").write(&b); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	at := bytes.LastIndex(raw, []byte("xl/worksheets/sheet1.xml")) // in the directory
	binary.LittleEndian.PutUint32(raw[at-46+24:], 300)
	if err := readAll(t, saveFile(t, "t.xlsx", raw), Limits{}); innerKey(err) != "sheet.refuse.damaged_part" {
		t.Errorf("got %v", err)
	}
}

// TestChecksum notices a sheet whose bytes changed.
func TestChecksum(t *testing.T) {
	w := newWB("<sheetData/>")
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range w.names {
		h := &zip.FileHeader{Name: n, Method: zip.Store}
		content := []byte(w.parts[n])
		h.UncompressedSize64, h.CompressedSize64, h.CRC32 = uint64(len(content)), uint64(len(content)), crc32.ChecksumIEEE(content)
		if n == "xl/worksheets/sheet1.xml" {
			h.CRC32++
		}
		f, err := z.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write(content)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := readAll(t, saveFile(t, "t.xlsx", b.Bytes()), Limits{}); innerKey(err) != "sheet.refuse.damaged_part" {
		t.Errorf("got %v", err)
	}
}

func zipOf(t testing.TB, parts ...string) string {
	t.Helper()
	w := &wb{parts: map[string]string{}}
	for i := 0; i+1 < len(parts); i += 2 {
		w.set(parts[i], parts[i+1])
	}
	var b bytes.Buffer
	if err := w.write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNotWhatItSays(t *testing.T) {
	ole := "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 600)
	types := func(s string) string {
		return `<Types><Override PartName="/x" ContentType="application/vnd.` + s + `"/></Types>`
	}
	tests := []struct{ name, content, want string }{
		{"empty.xlsx", "", "sheet.refuse.empty"},
		{"blank.csv", " \r\n\t\n", "sheet.refuse.blank"},
		{"torn.xls", ole, "sheet.refuse.damaged"},
		{"page.xls", "<html><body><frameset><frame src=sheet001.htm></frameset>", "sheet.refuse.html"},
		{"page2.xls", "\xEF\xBB\xBF\r\n<!DOCTYPE html><table>", "sheet.refuse.html"},
		{"page.mht", "MIME-Version: 1.0\r\n", "sheet.refuse.html"},
		{"any.xls", `<?xml version="1.0"?><root/>`, "sheet.refuse.xml_file"},
		{"2003.xls", `<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">`, "sheet.refuse.no_sheets"},
		{"scan.xlsx", "%PDF-1.7\n", "sheet.refuse.pdf"},
		{"photo.csv", "\x89PNG\r\n\x1a\n", "sheet.refuse.image"},
		{"photo.xlsx", "\xFF\xD8\xFF\xE0", "sheet.refuse.image"},
		{"all.xlsx", zipOf(t, "一.xlsx", "x", "二.xlsx", "y"), "sheet.refuse.zip"},
		{"macro.xlsx", zipOf(t, "[Content_Types].xml", types("ms-excel.sheet.macroEnabled.main+xml")), "sheet.refuse.macros"},
		{"binary.xlsx", zipOf(t, "[Content_Types].xml", types("ms-excel.sheet.binary.main")), "sheet.refuse.xlsb"},
		{"letter.xlsx", zipOf(t, "[Content_Types].xml", types("openxmlformats-officedocument.wordprocessingml.document.main+xml")), "sheet.refuse.docx"},
		{"talk.xlsx", zipOf(t, "[Content_Types].xml", types("openxmlformats-officedocument.presentationml.presentation.main+xml")), "sheet.refuse.pptx"},
		{"open.xlsx", zipOf(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml", "<x/>"), "sheet.refuse.ods"},
		{"red.xlsx", zipOf(t, "OFD.xml", "<x/>"), "sheet.refuse.ofd"},
		{"torn.xlsx", zipOf(t, "[Content_Types].xml", types("x"))[:60], "sheet.refuse.damaged"},
		{"rar.xlsx", "Rar!\x1a\x07\x00", "sheet.refuse.archive"},
		{"data.csv", `[{"name": "x"}]`, "sheet.refuse.json"},
		{"bits.csv", "a,b\x00c", "sheet.refuse.binary"},
		{"latin.csv", "name,caf\xFF\xFF\n", "sheet.refuse.decode"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := readAll(t, saveFile(t, tt.name, []byte(tt.content)), Limits{})
			if innerKey(err) != tt.want || errs.KindOf(err) != errs.KindInvalid {
				t.Fatalf("got %v (%s), want %s", err, innerKey(err), tt.want)
			}
			m, _ := errs.Message(err)
			for _, l := range []i18n.Lang{i18n.ZH, i18n.EN} {
				if s := (i18n.T{Lang: l}).Msg(m); !strings.HasPrefix(s, tt.name) || strings.Contains(s, "{") || strings.Contains(s, "sheet.refuse") {
					t.Errorf("%s: %s", l, s)
				}
			}
		})
	}
	if err := readAll(t, t.TempDir(), Limits{}); innerKey(err) != "sheet.refuse.directory" {
		t.Errorf("a folder: %v", err)
	}
}

// TestMutated flips and cuts bytes of a good workbook: never a panic, never an error without a
// reason.
func TestMutated(t *testing.T) {
	var b bytes.Buffer
	w := newWB(`<cols><col min="1" max="3"/></cols><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>44589</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells>`)
	w.set("xl/sharedStrings.xml", stringsOf("<t>企业</t>")).set("xl/styles.xml", stylesOf("yyyy"))
	if err := w.write(&b); err != nil {
		t.Fatal(err)
	}
	good := b.Bytes()
	for i := range 2000 {
		bad := bytes.Clone(good)
		switch at := i * 7919 % len(bad); i % 3 {
		case 0:
			bad[at] ^= byte(1 << (i % 8))
		case 1:
			bad = bad[:at]
		default:
			bad[at], bad[(at+1)%len(bad)] = byte(i), byte(i>>3)
		}
		if len(bad) == 0 {
			continue
		}
		path := saveFile(t, "t.xlsx", bad)
		if err := readAll(t, path, Limits{}); err != nil && errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("mutation %d: %v", i, err)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(`<worksheet><cols><col min="1" max="2" hidden="1"/></cols><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells></worksheet>`))
	f.Add([]byte(`<x:worksheet><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:r><x:t>a&#x5B57;</x:t></x:r></x:is></x:c><x:c><x:f>1</x:f></x:c></x:row></x:sheetData></x:worksheet>`))
	f.Add([]byte(`<worksheet><!-- c --><sheetData><row r="3" hidden="1"><c t="b"><v><![CDATA[1]]></v></c></row></sheetData>`))
	f.Fuzz(func(t *testing.T, xml []byte) {
		w := newWB("").set("xl/worksheets/sheet1.xml", string(xml)).set("xl/sharedStrings.xml", stringsOf("<t>甲</t>")).set("xl/styles.xml", stylesOf("yyyy-mm-dd"))
		w.plain = true
		var b bytes.Buffer
		if err := w.write(&b); err != nil {
			t.Fatal(err)
		}
		checkRows(t, saveFile(t, "f.xlsx", b.Bytes()))
	})
}

// checkRows reads a file whatever it holds: rows ascend, columns ascend, errors have reasons, and every cell can be
// shown and read as anything.
func checkRows(t *testing.T, path string) {
	lim := Limits{Rows: 10_000, Cells: 100_000}
	b, err := Open(path, "", lim)
	if err != nil {
		if errs.KindOf(err) != errs.KindInvalid {
			t.Fatal(err)
		}
		return
	}
	defer func() { _ = b.Close() }()
	last := 0
	err = b.Rows(t.Context(), 0, func(r *Row) error {
		if r.Num <= last || len(r.Cells) == 0 {
			t.Fatalf("row %d of %d cells after row %d", r.Num, len(r.Cells), last)
		}
		last = r.Num
		col := -1
		for _, c := range r.Cells {
			if c.Col <= col || c.Col >= 512 {
				t.Fatalf("column %d after %d", c.Col, col)
			}
			col = c.Col
			_ = c.Shown()
			for _, k := range []Kind{KindText, KindCode, KindMoney, KindRate, KindInt, KindDecimal, KindBool, KindDate, KindPeriod} {
				if _, err := Read(c, Want{Kind: k, Unit: units["万元"]}); err != nil && reasonOf(err) == "" {
					t.Fatalf("%q as %s: %v", c.Raw, k, err)
				}
			}
		}
		return nil
	})
	if err != nil && errs.KindOf(err) != errs.KindInvalid {
		t.Fatal(err)
	}
	l, err := Detect(t.Context(), b, 0, testVocabulary())
	if err != nil {
		if errs.KindOf(err) != errs.KindInvalid {
			t.Fatal(err)
		}
		return
	}
	if err := b.Records(t.Context(), &l, func(*Record) error { return nil }); err != nil && errs.KindOf(err) != errs.KindInvalid {
		t.Fatal(err)
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"企业名称,营业收入(万元)\n甲,\"1,200\"\n", "a\tb\n\"x\ny\"\t2", "sep=;\na;b\n", "\"open,1\n2", "a\"b,\"c\"d\r\n"} {
		f.Add([]byte(s))
		gb, _ := simplifiedchinese.GB18030.NewEncoder().String(s)
		f.Add([]byte(gb))
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkRows(t, saveFile(t, "f.csv", b)) })
}
