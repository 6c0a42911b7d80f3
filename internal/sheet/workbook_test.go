package sheet

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files")

func TestCells(t *testing.T) {
	tests := []struct {
		name, sheet, want string
		strings           []string
		formats           []string
	}{
		{
			name:    "types",
			strings: []string{"<t>企业</t>"},
			sheet:   `<sheetData><row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2"><v>1.5</v></c><c r="D2" t="b"><v>1</v></c><c r="E2" t="e"><v>#REF!</v></c><c r="F2" t="inlineStr"><is><t>甲 &amp; 乙</t></is></c><c r="G2" t="str"><f>A2</f><v>企业</v></c></row></sheetData>`,
			want:    "2 | A s 企业 | C n 1.5 | D b 1 (TRUE) | E e #REF! | F s 甲 & 乙 | G s 企业\n",
		},
		{
			name:  "formula without a cached value",
			sheet: `<sheetData><row r="1"><c r="A1"><f>SUM(B1:C1)</f></c><c r="B1"><f>1+1</f><v></v></c><c r="C1"><f>1+1</f><v>2</v></c><c r="D1" t="str"><f>A1</f><v></v></c></row></sheetData>`,
			want:  "1 | A f  | B f  | C n 2\n",
		},
		{
			name:    "rich text without its phonetic guide",
			strings: []string{`<r><t>盐</t></r><r><rPr><b/></rPr><t xml:space="preserve">城 </t></r><rPh sb="0" eb="1"><t>yan</t></rPh>`, `<t>一_x000D_二</t>`, `<t><![CDATA[<b>&amp;]]></t>`},
			sheet:   `<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row></sheetData>`,
			want:    "1 | A s 盐城  | B s 一\r二 | C s <b>&amp;\n",
		},
		{
			name:    "formats",
			formats: []string{"yyyy/m/d", `yyyy"年"m"月"`, "0.0%", `#,##0.00"万元"`, "0000", `0!.0,"万"`, `[$-804]yyyy"年"m"月"d"日";@`, "h:mm", "[h]:mm", "[Red]0.00;-0.00", "0.00E+00"},
			sheet: `<sheetData><row r="1"><c r="A1" s="1"><v>44589</v></c><c r="B1" s="2"><v>44589</v></c><c r="C1" s="3"><v>0.652</v></c><c r="D1" s="4"><v>1234.5</v></c><c r="E1" s="5"><v>42</v></c>` +
				`<c r="F1" s="6"><v>12345</v></c><c r="G1" s="7"><v>44589.5</v></c><c r="H1" s="8"><v>0.75</v></c><c r="I1" s="9"><v>1.5</v></c><c r="J1" s="10"><v>-2.005</v></c><c r="K1" s="11"><v>1234.5</v></c></row></sheetData>`,
			want: "1 | A d 44589 (2022/1/28) | B d 44589 (2022年1月) | C n 0.652 (65.2%) | D n 1234.5 (1,234.50万元) | E n 42 (0042) | F n 12345 | G d 44589.5 (2022年1月28日) | H d 0.75 (18:00) | I d 1.5 (1900-01-01 12:00:00) | J n -2.005 (-2.01) | K n 1234.5\n",
		},
		{
			name:  "no references",
			sheet: `<sheetData><row><c><v>1</v></c><c/><c><v>3</v></c></row><row><c t="inlineStr"><is><t>x</t></is></c></row></sheetData>`,
			want:  "1 | A n 1 | C n 3\n2 | A s x\n",
		},
		{
			name: "merged, hidden",
			sheet: `<cols><col min="2" max="2" hidden="1"/></cols><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>东台</t></is></c><c r="B1"><v>1</v></c></row><row r="2" hidden="1"><c r="A2"><v>9</v></c><c r="B2"><v>2</v></c></row><row r="5"><c r="B5"><v>5</v></c><c r="C5" t="inlineStr"><is><t>宽</t></is></c></row></sheetData>` +
				`<mergeCells><mergeCell ref="A1:A4"/><mergeCell ref="C5:D6"/><mergeCell ref="A2:B2"/><mergeCell ref="bad"/></mergeCells>`,
			want: "1 | A s 东台 | B n hidden 1\n2 hidden | A s^ 东台 | B n hidden 2\n5 | B n hidden 5 | C s 宽 | D s< 宽\n",
		},
		{
			name:  "prefixed names, comments, spaces",
			sheet: `<!-- > --><x:sheetData xmlns:x="u"><x:row r = '1' ><x:c r='A1'><x:v> 1 </x:v></x:c><?pi > ?></x:row></x:sheetData>`,
			want:  "1 | A n 1\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWB(tt.sheet).set("xl/sharedStrings.xml", stringsOf(tt.strings...)).set("xl/styles.xml", stylesOf(tt.formats...))
			got := drawn(t, bookOf(t, w.save(t, "t.xlsx")), 0)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestEpoch1904(t *testing.T) {
	w := newWB(`<sheetData><row r="1"><c r="A1" s="1"><v>43127</v></c></row></sheetData>`).set("xl/styles.xml", stylesOf("yyyy-mm-dd"))
	w.set("xl/workbook.xml", strings.Replace(w.parts["xl/workbook.xml"], "<workbookPr/>", `<workbookPr date1904="1"/>`, 1))
	if got, want := drawn(t, bookOf(t, w.save(t, "t.xlsx")), 0), "1 | A d 43127 (2022-01-28)\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHiddenSheetsAndLinks(t *testing.T) {
	w := newWB("<sheetData/>", "<sheetData/>")
	w.set("xl/workbook.xml", strings.Replace(w.parts["xl/workbook.xml"], `sheetId="2"`, `sheetId="2" state="veryHidden"`, 1))
	w.set("xl/_rels/workbook.xml.rels", strings.Replace(w.parts["xl/_rels/workbook.xml.rels"], "</Relationships>", `<Relationship Id="x" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink" Target="externalLinks/externalLink1.xml"/></Relationships>`, 1))
	b := bookOf(t, w.save(t, "t.xlsx"))
	if diff := cmp.Diff([]SheetInfo{{Name: "表1"}, {Name: "表2", Hidden: true}}, b.Sheets()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var notes []string
	for _, n := range b.Notes() {
		notes = append(notes, n.Key)
	}
	if diff := cmp.Diff([]string{"sheet.note.external_links", "sheet.note.hidden_sheet"}, notes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestRowsStops hands back what fn returns, whatever it is.
func TestRowsStops(t *testing.T) {
	b := bookOf(t, newWB(`<sheetData><row><c><v>1</v></c></row><row><c><v>2</v></c></row></sheetData>`).save(t, "t.xlsx"))
	stop := errors.Join(errSyntax, errors.New("stop"))
	n := 0
	err := b.Rows(t.Context(), 0, func(*Row) error { n++; return stop })
	if err != stop || n != 1 { //nolint:errorlint // the very error
		t.Errorf("got %v after %d rows", err, n)
	}
	if done, total := b.Progress(); done <= 0 || done > total {
		t.Errorf("progress %d of %d", done, total)
	}
}

// TestCancel ends a walk whose context is done.
func TestCancel(t *testing.T) {
	for _, path := range []string{newWB("<sheetData>"+strings.Repeat("<row><c><v>1</v></c></row>", 100_000)+"</sheetData>").save(t, "t.xlsx"), saveFile(t, "t.csv", []byte(strings.Repeat("1,2\n", 100_000)))} {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		err := bookOf(t, path).Rows(ctx, 0, func(*Row) error { n++; cancel(); return nil })
		if !errors.Is(err, context.Canceled) || n == 0 || n == 100_000 {
			t.Errorf("%s: %v after %d rows", filepath.Base(path), err, n)
		}
	}
}

// TestLibreOffice reads a workbook that LibreOffice saved from testdata/libreoffice.csv.
func TestLibreOffice(t *testing.T) {
	got := drawn(t, bookOf(t, "testdata/libreoffice.xlsx"), 0)
	golden(t, "testdata/libreoffice.golden", got)
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
}
