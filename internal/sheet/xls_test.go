package sheet

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/yanzhen/yanzhen/internal/errs"

	"github.com/google/go-cmp/cmp"
)

// TestOldWorkbooks reads .xls files of xlwt; how they were made stands in testdata/README.md.
func TestOldWorkbooks(t *testing.T) {
	for _, name := range []string{"county", "epoch1904"} {
		b := bookOf(t, "testdata/old/"+name+".xls")
		var got strings.Builder
		for i, s := range b.Sheets() {
			got.WriteString(s.Name)
			if s.Hidden {
				got.WriteString(" hidden")
			}
			got.WriteString("\n" + drawn(t, b, i))
		}
		golden(t, "testdata/old/"+name+".golden", got.String())
	}
}

// TestOldStrings reads texts of one and two bytes a character across the ends of records.
func TestOldStrings(t *testing.T) {
	row := 0
	err := bookOf(t, "testdata/old/strings.xls").Rows(t.Context(), 0, func(r *Row) error {
		n := row
		row++
		switch a, b := r.Cell(0).Raw, r.Cell(1).Raw; {
		case n == 400 && a != strings.Repeat("长", 32767), n == 401 && a != strings.Repeat("x", 32767):
			t.Errorf("row %d has a text of %d bytes", r.Num, len(a))
		case n < 400 && (strings.Count(a, "有限公司") != 1+n%7 || strings.Count(b, "plain text number") != 1+n%11):
			t.Errorf("row %d: %q, %q", r.Num, a, b)
		}
		return nil
	})
	if err != nil || row != 402 {
		t.Errorf("%d rows, %v", row, err)
	}
}

// TestOldAsNew saves nothing by itself: the .xls and the .xlsx are of the same table by LibreOffice, and must read alike.
func TestOldAsNew(t *testing.T) {
	for _, name := range []string{"libreoffice", "libreoffice_merged", "yearbook_layout"} {
		want := drawn(t, bookOf(t, "testdata/"+name+".xlsx"), 0)
		got := drawn(t, bookOf(t, "testdata/old/"+name+".xls"), 0)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-xlsx +xls)\n%s", name, diff)
		}
	}
}

// TestET reads files as WPS names its own: what is within decides, an old workbook or a new one, and what else a program
// keeps in the container is passed over. No file that WPS wrote is at hand.
func TestET(t *testing.T) {
	want := drawn(t, bookOf(t, "testdata/libreoffice.xlsx"), 0)
	for _, from := range []string{"testdata/old/libreoffice.xls", "testdata/libreoffice.xlsx"} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, drawn(t, bookOf(t, saveFile(t, "表.et", b)), 0)); diff != "" {
			t.Errorf("%s as .et (-want +got)\n%s", from, diff)
		}
	}
	if err := readAll(t, saveFile(t, "表.et", compoundOf("ETExtData", "anything")), Limits{}); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("a container without a workbook: %v", err)
	}
}

// biff builds a stream of records, as it stands without a container.
type biff struct{ bytes.Buffer }

func (b *biff) rec(op int, parts ...any) *biff {
	var body bytes.Buffer
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			body.WriteString(p)
		case int:
			_ = binary.Write(&body, binary.LittleEndian, uint16(p))
		default:
			_ = binary.Write(&body, binary.LittleEndian, p)
		}
	}
	_ = binary.Write(&b.Buffer, binary.LittleEndian, [2]uint16{uint16(op), uint16(body.Len())})
	b.Write(body.Bytes())
	return b
}

// oldBookOf is a workbook of one sheet with some records before the sheet and some in it.
func oldBookOf(globals, cells func(*biff)) []byte {
	var g, c biff
	g.rec(recBOF, biff8, 5, uint64(0), uint32(0))
	if globals != nil {
		globals(&g)
	}
	at := g.Len() + recordHead + 8 + 1 + recordHead
	g.rec(recBoundSheet, uint32(at), "\x00\x00\x01\x00S").rec(recEOF)
	c.rec(recBOF, biff8, 0x10, uint64(0), uint32(0))
	cells(&c)
	c.rec(recEOF)
	return append(g.Bytes(), c.Bytes()...)
}

func TestOldCells(t *testing.T) {
	formats := func(b *biff) {
		b.rec(recFormat, 164, 5, "\x00", "0.00%").rec(recXF, 0, 0).rec(recXF, 0, 14).rec(recXF, 0, 164)
		b.rec(recSST, uint32(9), uint32(9), 2, "\x08", 1, "ab", "....", 1, "\x05", uint32(2), "\x32\x75", "xx", 2, "\x00", "c").rec(recContinue, "\x01\x32\x75")
	}
	tests := []struct {
		name  string
		cells func(*biff)
		want  string
	}{
		{"short numbers", func(b *biff) {
			b.rec(recRK, 0, 0, 0, uint32(1234<<2|2)).rec(recRK, 0, 1, 0, uint32(1234<<2|3)).rec(recRK, 0, 2, 0, uint32(0x3FF80000)).
				rec(recMulRK, 1, 3, 0, uint32(0xFFFFFFFE), 1, uint32(44589<<2|2), 4)
		}, "1 | A n 1234 | B n 12.34 | C n 1.5\n2 | D n -1 | E d 44589 (2022/1/28)\n"},
		{"texts", func(b *biff) {
			b.rec(recLabelSST, 0, 0, 0, uint32(0)).rec(recLabelSST, 0, 1, 0, uint32(1)).rec(recLabelSST, 0, 2, 0, uint32(2)).
				rec(recLabel, 1, 0, 0, 2, "\x01", "\x32\x75\x3D\xD8").rec(recContinue, "\x01").rec(recRString, 1, 1, 0, 1, "\x00z", 1, "....").rec(recLabel, 1, 2, 0, 0, "\x00")
		}, "1 | A s ab | B s 甲 | C s c甲\n2 | A s 甲 | B s z\n"},
		{"formulas", func(b *biff) {
			b.rec(recFormula, 0, 0, 2, 0.655, 0, uint32(0), 0).rec(recFormula, 0, 1, 0, "\x00\x00\x00\x00\x00\x00\xFF\xFF", 0, uint32(0), 0).rec(0x04BC, "..").rec(recString, 2, "\x00ok").
				rec(recFormula, 0, 2, 0, "\x01\x00\x01\x00\x00\x00\xFF\xFF", 0, uint32(0), 0).rec(recFormula, 0, 3, 0, "\x02\x00\x17\x00\x00\x00\xFF\xFF", 0, uint32(0), 0).
				rec(recFormula, 0, 4, 0, "\x03\x00\x00\x00\x00\x00\xFF\xFF", 0, uint32(0), 0).rec(recFormula, 0, 5, 0, 0.0, 3, uint32(0), 0).rec(recFormula, 0, 6, 0, 0.0, 0, uint32(0), 0).
				rec(recFormula, 0, 7, 0, "\x00\x00\x00\x00\x00\x00\xFF\xFF", 0, uint32(0), 0)
		}, "1 | A n 0.655 (65.50%) | B s ok | C b 1 (TRUE) | D e #REF! | F f  | G n 0 | H f \n"},
		{"cells in an order of their own, one of them twice", func(b *biff) {
			b.rec(recNumber, 1, 1, 0, 4.0).rec(recNumber, 0, 1, 0, 2.0).rec(recNumber, 0, 0, 0, 1.0).rec(recLabel, 0, 1, 0, 1, "\x00x").rec(recRow, 1, 0, 2, 0, 0, 0, 0x20, 0)
		}, "1 | A n 1 | B s x\n2 hidden | B n 4\n"},
		{"merged, hidden, a chart within", func(b *biff) {
			b.rec(recColInfo, 1, 1, 0, 0, 1).rec(recLabel, 0, 0, 0, 1, "\x00x").rec(recBOF, biff8, 0x20).rec(recNumber, 0, 0, 0, 9.0).rec(recEOF).
				rec(recNumber, 1, 1, 0, 2.0).rec(recMergedCells, 2, 0, 3, 0, 0, 5, 4, 0, 1)
		}, "1 | A s x\n2 | A s^ x | B n hidden 2\n"},
		{"a truth value and an error", func(b *biff) { b.rec(recBoolErr, 0, 0, 0, "\x00\x00").rec(recBoolErr, 0, 1, 0, "\x2A\x01") }, "1 | A b 0 (FALSE) | B e #N/A\n"},
		{"large and small", func(b *biff) {
			b.rec(recNumber, 0, 0, 0, 9.13205007311235e17).rec(recNumber, 0, 1, 0, 1e-12).rec(recNumber, 0, 2, 0, 0.30000000000000004)
		}, "1 | A n 913205007311235000 | B n 1e-12 (0.000000000001) | C n 0.30000000000000004 (0.3)\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := drawn(t, bookOf(t, saveFile(t, "t.xls", oldBookOf(formats, tt.cells))), 0)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestHostileOldWorkbooks(t *testing.T) {
	number := func(b *biff) { b.rec(recNumber, 0, 0, 0, 1.0) }
	many := func(n int, op int, parts ...any) func(*biff) {
		return func(b *biff) {
			for range n {
				b.rec(op, parts...)
			}
		}
	}
	real, err := os.ReadFile("testdata/old/county.xls")
	if err != nil {
		t.Fatal(err)
	}
	patched := func(at int, with string) []byte {
		b := bytes.Clone(real)
		copy(b[at:], with)
		return b
	}
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"Excel 95", bytes.Replace(oldBookOf(nil, number), []byte("\x00\x06"), []byte("\x00\x05"), 1), "sheet.refuse.xls5"},
		{"Excel 4", []byte("\x09\x04\x06\x00" + strings.Repeat("x", 100)), "sheet.refuse.xls5"},
		{"a password", oldBookOf(func(b *biff) { b.rec(recFilePass, 1, 1, 1, strings.Repeat("x", 48)) }, number), "sheet.refuse.password"},
		{"cut off", oldBookOf(nil, number)[:60], "sheet.refuse.damaged"},
		{"no end", oldBookOf(nil, number)[:75], "sheet.refuse.damaged"},
		{"a sheet that lies beyond the file", bytes.Replace(oldBookOf(nil, number), []byte("\x85\x00\x09\x00"), []byte("\x85\x00\x09\x00\xFF\xFF\xFF\x7F"), 1), "sheet.refuse.damaged"},
		{"no sheets", func() []byte {
			var b biff
			return b.rec(recBOF, biff8, 5).rec(recEOF).Bytes()
		}(), "sheet.refuse.no_sheets"},
		{"a column beyond the last", oldBookOf(nil, func(b *biff) { b.rec(recNumber, 0, 300, 0, 1.0) }), "sheet.refuse.columns"},
		{"numbers beyond the last column", oldBookOf(nil, func(b *biff) { b.rec(recMulRK, 0, 250, strings.Repeat("123456", 10), 0) }), "sheet.refuse.damaged"},
		{"a string that is not there", oldBookOf(nil, func(b *biff) { b.rec(recLabelSST, 0, 0, 0, uint32(5)) }), "sheet.refuse.string_index"},
		{"a string that claims more than there is", oldBookOf(func(b *biff) { b.rec(recSST, uint32(1), uint32(1), 60000, "\x01", "ab") }, number), "sheet.refuse.damaged"},
		{"a guide of four gigabytes", oldBookOf(func(b *biff) { b.rec(recSST, uint32(1), uint32(1), 1, "\x04", uint32(0xFFFFFFFF), "ab") }, number), "sheet.refuse.damaged"},
		{"a text too long", oldBookOf(func(b *biff) { b.rec(recSST, uint32(1), uint32(1), 40000, "\x00", strings.Repeat("a", 40000)) }, number), "sheet.refuse.text"},
		{"too many styles", oldBookOf(many(maxStyles+1, recXF, 0, 0), number), "sheet.refuse.styles"},
		{"a million cells in no order", oldBookOf(nil, func(b *biff) {
			for i := range maxUnordered + 1 {
				b.rec(recRK, 65_535-i>>4&0xFFFF, i%16, 0, uint32(2))
			}
		}), "sheet.refuse.cell_order"},
		{"merged ranges that fill more cells than allowed", oldBookOf(nil, func(b *biff) {
			for r := range 40_000 {
				b.rec(recRK, r, 0, 0, uint32(2))
			}
			for r := range 40_000 {
				b.rec(recMergedCells, 1, r, r, 0, 511)
			}
		}), "sheet.refuse.cells"},
		{"records without end", oldBookOf(nil, func(b *biff) { b.rec(recBOF, biff8, 0x20) }), "sheet.refuse.damaged"},
		{"a directory that runs in a circle", patched(48, "\x00\x00\x00\x00"), "sheet.refuse.damaged"},
		{"sectors of an odd size", patched(30, "\x1F\x00"), "sheet.refuse.damaged"},
		{"tables of more sectors than the file has", patched(68, "\x01\x00\x00\x00\xFF\xFF\xFF\xFF"), ""},
		{"macros", compoundOf("_VBA_PROJECT_CUR", "x"), "sheet.refuse.macros_old"},
		{"Word", compoundOf("WordDocument", "x"), "sheet.refuse.doc"},
		{"PowerPoint", compoundOf("PowerPoint Document", "x"), "sheet.refuse.pptx"},
		{"Excel 95 in its container", compoundOf("Book", "x"), "sheet.refuse.xls5"},
		{"an encrypted .xlsx", compoundOf("EncryptedPackage", "x"), "sheet.refuse.password"},
		{"an empty workbook stream", compoundOf("Workbook", ""), "sheet.refuse.damaged"},
		{"something else", compoundOf("Contents", "x"), "sheet.refuse.ole"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := within(t, saveFile(t, "t.xls", tt.file), Limits{})
			if innerKey(err) != tt.want || err != nil && errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("got %v (%s), want %s", err, innerKey(err), tt.want)
			}
		})
	}
}

// compoundOf is a compound file with one small stream.
func compoundOf(name, content string) []byte {
	entry := func(name string, kind byte, child, start uint32, size int) []byte {
		b := make([]byte, directoryEntry)
		for i, u := range utf16.Encode([]rune(name)) {
			binary.LittleEndian.PutUint16(b[2*i:], u)
		}
		binary.LittleEndian.PutUint16(b[64:], uint16(2*len([]rune(name))+2))
		b[66] = kind
		for i, v := range []uint32{noEntry, noEntry, child} {
			binary.LittleEndian.PutUint32(b[68+4*i:], v)
		}
		binary.LittleEndian.PutUint32(b[116:], start)
		binary.LittleEndian.PutUint32(b[120:], uint32(size))
		return b
	}
	head := make([]byte, 512)
	copy(head, oleMagic)
	copy(head[24:], "\x3E\x00\x03\x00\xFE\xFF\x09\x00\x06\x00")
	for at, v := range map[int]uint32{44: 1, 48: 1, 56: smallStream, 60: 3, 64: 1, 68: chainEnd} {
		binary.LittleEndian.PutUint32(head[at:], v)
	}
	for at := 76; at < 512; at += 4 {
		binary.LittleEndian.PutUint32(head[at:], noEntry)
	}
	binary.LittleEndian.PutUint32(head[76:], 0)
	sector := func(words ...uint32) []byte {
		b := bytes.Repeat([]byte{0xFF}, 512)
		for i, w := range words {
			binary.LittleEndian.PutUint32(b[4*i:], w)
		}
		return b
	}
	dir := append(entry("Root Entry", 5, 1, 2, 512), entry(name, streamEntry, noEntry, 0, len(content))...)
	dir = append(dir, make([]byte, 256)...)
	small := make([]byte, 512)
	copy(small, content)
	return slices.Concat(head, sector(0xFFFFFFFD, chainEnd, chainEnd, chainEnd), dir, small, sector(chainEnd))
}

// TestCompound reads a small stream, and a large one that lies in pieces.
func TestCompound(t *testing.T) {
	c, err := openCompound(bytes.NewReader(compoundOf("名称", "hello")), 2560)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.open("名称")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(s, 1, s.size))
	if err != nil || string(got) != "ello" {
		t.Errorf("%q, %v", got, err)
	}
	pieces := &stream{src: strings.NewReader("..ccddaabb"), chain: []uint32{2, 3, 0, 1}, unit: 2, first: 2, size: 7}
	for off := range int64(8) {
		for n := range 9 {
			b := make([]byte, n)
			k, err := pieces.ReadAt(b, off)
			want := "aabbccd"[off:min(off+int64(n), 7)]
			if string(b[:k]) != want || (err == io.EOF) != (n > len(want)) {
				t.Fatalf("%d bytes at %d: %q, %v, want %q", n, off, b[:k], err, want)
			}
		}
	}
}

// TestOldMutated damages good files: never a panic, never an error without a reason.
func TestOldMutated(t *testing.T) {
	for _, name := range []string{"county.xls", "libreoffice_merged.xls"} {
		good, err := os.ReadFile("testdata/old/" + name)
		if err != nil {
			t.Fatal(err)
		}
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
			if err := readAll(t, saveFile(t, name, bad), Limits{}); err != nil && errs.KindOf(err) != errs.KindInvalid {
				t.Fatalf("mutation %d: %v", i, err)
			}
		}
	}
}

func FuzzOld(f *testing.F) {
	for _, name := range []string{"county", "epoch1904", "libreoffice_merged"} {
		b, err := os.ReadFile("testdata/old/" + name + ".xls")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(oldBookOf(func(b *biff) { b.rec(recSST, uint32(1), uint32(1), 2, "\x00", "c").rec(recContinue, "\x01\x32\x75") },
		func(b *biff) {
			b.rec(recLabelSST, 0, 0, 0, uint32(0)).rec(recMulRK, 1, 0, 0, uint32(2), 0, uint32(3), 1)
		}))
	f.Fuzz(func(t *testing.T, b []byte) { checkRows(t, saveFile(t, "f.xls", b)) })
}
