package paper

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite testdata")

// fixCRC mends the sum of the header of a PNG.
func fixCRC(png []byte) {
	binary.BigEndian.PutUint32(png[29:], crc32.ChecksumIEEE(png[12:29]))
}

// readDocx reads every part of a .docx as XML and holds each relation against what is there.
func readDocx(file []byte) (map[string]string, error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	parts := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if f.Modified.Year() != 1980 {
			return nil, fmt.Errorf("%s tells the time of its making: %v", f.Name, f.Modified)
		}
		parts[f.Name] = string(b)
	}
	for name, p := range parts {
		if ext := path.Ext(name); ext != ".xml" && ext != ".rels" {
			continue
		}
		for d := xml.NewDecoder(strings.NewReader(p)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		if path.Ext(name) != ".rels" {
			continue
		}
		var list struct {
			Relationship []struct {
				ID     string `xml:"Id,attr"`
				Target string `xml:"Target,attr"`
			}
		}
		if err := xml.Unmarshal([]byte(p), &list); err != nil {
			return nil, err
		}
		for _, r := range list.Relationship {
			if _, ok := parts[path.Join(path.Dir(path.Dir(name)), r.Target)]; !ok {
				return nil, fmt.Errorf("%s names %s, which is not there", name, r.Target)
			}
		}
	}
	return parts, nil
}

// wordText is the text of a part, each paragraph ended by a line break.
func wordText(part string) string {
	var b strings.Builder
	inText := false
	for d := xml.NewDecoder(strings.NewReader(part)); ; {
		token, err := d.Token()
		if err != nil {
			return b.String()
		}
		switch t := token.(type) {
		case xml.StartElement:
			inText = t.Name.Local == "t"
			if t.Name.Local == "br" {
				b.WriteByte('\n')
			}
		case xml.EndElement:
			inText = false
			if t.Name.Local == "p" {
				b.WriteByte('\n')
			}
		case xml.CharData:
			if inText {
				b.Write(t)
			}
		}
	}
}

func written(t *testing.T, d Document) map[string]string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteDocx(&b, d); err != nil {
		t.Fatal(err)
	}
	parts, err := readDocx(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestWordProcessorFindsWhatItNeeds(t *testing.T) {
	parts := written(t, report(t, 1))
	document := parts["word/document.xml"]
	for _, style := range []string{"Title", "Subtitle", "Heading1", "Heading2", "Heading3", "BodyText", "ListItem", "Cell", "Caption", "Note", "Picture", "Signature"} {
		if !strings.Contains(document, `<w:pStyle w:val="`+style+`"/>`) || !strings.Contains(parts["word/styles.xml"], `w:styleId="`+style+`"`) {
			t.Errorf("style %s is not used or not there", style)
		}
	}
	for i := range 3 { // by which the navigation knows headings
		if !strings.Contains(parts["word/styles.xml"], fmt.Sprintf(`<w:name w:val="heading %d"/>`, i+1)) || !strings.Contains(parts["word/styles.xml"], fmt.Sprintf(`<w:outlineLvl w:val="%d"/>`, i)) {
			t.Errorf("heading %d", i+1)
		}
	}
	if n := strings.Count(document, "<w:tblHeader/>"); n != 2 {
		t.Errorf("%d headers of tables, want 2", n)
	}
	for part, want := range map[string]string{
		"word/footer1.xml":       `第 </w:t></w:r><w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>`,
		"word/header1.xml":       `string="演示数据，非真实"`,
		"word/header2.xml":       `string="演示数据，非真实"`,
		"word/styles.xml":        `w:eastAsia="黑体"`,
		"word/fontTable.xml":     `<w:altName w:val="SimSun"/>`,
		"docProps/core.xml":      `2026-11-06T08:00:00Z`,
		"word/document.xml":      `<w:pgSz w:w="11905" w:h="16837"/>`,
		"word/media/image1.jpeg": "JFIF",
		"word/numbering.xml":     `<w:numFmt w:val="decimal"/>`,
	} {
		if part == "word/media/image1.jpeg" {
			want = string(photo(t, 640, 360))
		}
		if !strings.Contains(parts[part], want) {
			t.Errorf("%s does not hold %.80q", part, want)
		}
	}
	if !strings.Contains(parts["word/footer1.xml"], `NUMPAGES`) || !strings.HasPrefix(wordText(parts["word/footer1.xml"]), "报告编号 YC-2026-0001第 1 页 共 1 页") {
		t.Error(wordText(parts["word/footer1.xml"]))
	}
}

func TestTextOfWord(t *testing.T) {
	parts := written(t, Document{
		Title: "题", Meta: []Pair{{"编号", "1"}},
		Blocks: []Block{
			Heading{1, "一、<总体>&结论"},
			Paragraph{Lead: "依据。", Text: "a\tb\r\nc\x00\x0b\u202E]]>"},
			List{Items: []string{"项"}},
			Table{Columns: []Column{{Title: "列"}, {Title: "数"}}, Rows: [][]string{{"组"}, {"格", "1"}}},
			Table{Columns: []Column{{Title: "空"}}, Empty: "无"},
			Note("注"),
			Signature{{"盖章：", ""}, {"日期：", "今日"}},
		},
	})
	want := "题\n编号\n1\n\n一、<总体>&结论\n依据。a b\nc]]>\n项\n列\n数\n组\n格\n1\n\n空\n无\n\n注\n盖章：\n日期：今日\n"
	if diff := cmp.Diff(want, wordText(parts["word/document.xml"])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// anyText is text of all sorts, hostile ones among them.
func anyText(t *rapid.T, name string) string {
	return rapid.OneOf(
		rapid.StringMatching(`[一-龥，。“”（）《》—…A-Za-z0-9 .%-]{0,60}`),
		rapid.String(),
		rapid.SampledFrom([]string{"", "\n", " ", "\x00", "]]>", "&lt;", "<w:p/>", "\xff\xfe", "𠅤\U000E0100", "\u202E反", "。。。。。。", strings.Repeat("W", 200), strings.Repeat("（", 90)}),
	).Draw(t, name)
}

// anyDocument draws a document, and its texts in the order in which they stand in it; cells of tables have at most that
// many characters.
func anyDocument(t *rapid.T, cell int) (Document, []string) {
	var texts []string
	put := func(name string) string {
		s := anyText(t, name)
		texts = append(texts, s)
		return s
	}
	pairs := func(name string) []Pair {
		var ps []Pair
		for range rapid.IntRange(0, 3).Draw(t, name) {
			ps = append(ps, Pair{put("label"), put("value")})
		}
		return ps
	}
	d := Document{Cover: rapid.Bool().Draw(t, "cover"), Title: put("title"), Subtitle: put("subtitle"), Header: anyText(t, "header"), Footer: anyText(t, "footer"), Mark: anyText(t, "mark"), Numbering: numbering, English: rapid.Bool().Draw(t, "english")}
	d.Meta = pairs("meta")
	for range rapid.IntRange(0, 8).Draw(t, "blocks") {
		switch rapid.IntRange(0, 7).Draw(t, "kind") {
		case 0:
			d.Blocks = append(d.Blocks, Heading{rapid.IntRange(1, 3).Draw(t, "level"), put("heading")})
		case 1:
			d.Blocks = append(d.Blocks, Paragraph{Lead: put("lead"), Text: put("text"), Flush: rapid.Bool().Draw(t, "flush")})
		case 2:
			l := List{}
			for range rapid.IntRange(0, 3).Draw(t, "items") {
				l.Items = append(l.Items, put("item"))
			}
			d.Blocks = append(d.Blocks, l)
		case 3:
			d.Blocks = append(d.Blocks, anyTable(t, func(name string) string {
				s := []rune(anyText(t, name))
				texts = append(texts, string(s[:min(len(s), cell)]))
				return texts[len(texts)-1]
			}))
		case 4:
			d.Blocks = append(d.Blocks, Pairs(pairs("pairs")))
		case 5:
			d.Blocks = append(d.Blocks, Note(put("note")))
		case 6:
			d.Blocks = append(d.Blocks, PageBreak{})
		case 7:
			d.Blocks = append(d.Blocks, Signature(pairs("signature")))
		}
	}
	return d, texts
}

func anyTable(t *rapid.T, put func(string) string) Table {
	table := Table{Caption: put("caption"), Total: rapid.Bool().Draw(t, "total")}
	for range rapid.IntRange(1, 5).Draw(t, "columns") {
		table.Columns = append(table.Columns, Column{Title: put("column"), Share: rapid.IntRange(0, 9).Draw(t, "share"), Number: rapid.Bool().Draw(t, "number")})
	}
	for range rapid.IntRange(0, 4).Draw(t, "rows") {
		n := len(table.Columns)
		if rapid.Bool().Draw(t, "group") {
			n = 1
		}
		var row []string
		for range n {
			row = append(row, put("cell"))
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// Whatever the text, it is in the .docx, in order and whole but for what no document can show.
func TestEveryTextIsInWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, texts := anyDocument(t, 1000)
		var b bytes.Buffer
		if err := WriteDocx(&b, d); err != nil {
			t.Fatal(err)
		}
		parts, err := readDocx(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		rest := wordText(parts["word/document.xml"])
		for _, text := range texts {
			at := strings.Index(rest, clean(text))
			if at < 0 {
				t.Fatalf("%q is not in %q", clean(text), rest)
			}
			rest = rest[at+len(clean(text)):]
		}
	})
}
