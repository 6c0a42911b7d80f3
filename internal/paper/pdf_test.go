package paper

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/errs"
)

// reading is a PDF taken apart by rules of the format, by nothing that wrote it.
type reading struct {
	objects map[int]string // what stands between obj and endobj
	streams map[int]string // unpacked
	trailer string
}

// readPDF holds every object against the table of objects.
func readPDF(file []byte) (*reading, error) {
	r := &reading{objects: map[int]string{}, streams: map[int]string{}}
	m := regexp.MustCompile(`(?s)startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(file)
	if !bytes.HasPrefix(file, []byte("%PDF-1.7\n")) || m == nil {
		return nil, errors.New("no beginning or no end")
	}
	at, _ := strconv.Atoi(string(m[1]))
	lines := strings.SplitAfter(string(file[at:]), "\n")
	var n int
	if _, err := fmt.Sscanf(lines[0]+lines[1], "xref\n0 %d\n", &n); err != nil {
		return nil, fmt.Errorf("table of objects: %w", err)
	}
	for i := 1; i < n; i++ {
		start, err := strconv.Atoi(lines[2+i][:10])
		if err != nil || len(lines[2+i]) != 20 {
			return nil, fmt.Errorf("place of object %d: %q", i, lines[2+i])
		}
		body, ok := strings.CutPrefix(string(file[start:]), fmt.Sprintf("%d 0 obj\n", i))
		if !ok {
			return nil, fmt.Errorf("object %d is not at %d", i, start)
		}
		if l := regexp.MustCompile(`^<<[^\n]* /Length (\d+)>>\nstream\n`).FindStringSubmatch(body); l != nil {
			size, _ := strconv.Atoi(l[1])
			raw := body[len(l[0]) : len(l[0])+size]
			if !strings.HasPrefix(body[len(l[0])+size:], "\nendstream\nendobj\n") {
				return nil, fmt.Errorf("stream %d does not end where it says", i)
			}
			r.objects[i] = l[0]
			if strings.Contains(l[0], "/FlateDecode") {
				z, err := zlib.NewReader(strings.NewReader(raw))
				if err != nil {
					return nil, fmt.Errorf("stream %d: %w", i, err)
				}
				b, err := io.ReadAll(z)
				if err != nil {
					return nil, fmt.Errorf("stream %d: %w", i, err)
				}
				raw = string(b)
			}
			r.streams[i] = raw
			continue
		}
		end := strings.Index(body, "\nendobj\n")
		if end < 0 {
			return nil, fmt.Errorf("object %d has no end", i)
		}
		r.objects[i] = body[:end]
	}
	r.trailer = strings.Join(lines[2+n:], "")
	for i, body := range r.objects {
		for _, ref := range regexp.MustCompile(`(\d+) 0 R`).FindAllStringSubmatch(body, -1) {
			if k, _ := strconv.Atoi(ref[1]); r.objects[k] == "" {
				return nil, fmt.Errorf("object %d names %d, which is not there", i, k)
			}
		}
	}
	return r, nil
}

// ref is the number after /key in an object.
func ref(body, key string) int {
	m := regexp.MustCompile(`/` + key + ` (\d+) 0 R`).FindStringSubmatch(body)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// meanings reads a ToUnicode map.
func meanings(cmap string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`<([0-9A-F]{4})> <((?:[0-9A-F]{4})+)>\n`).FindAllStringSubmatch(cmap, -1) {
		var units []uint16
		for h := m[2]; h != ""; h = h[4:] {
			u, _ := strconv.ParseUint(h[:4], 16, 16)
			units = append(units, uint16(u))
		}
		out[m[1]] = string(utf16.Decode(units))
	}
	return out
}

// shown is a line as a page shows it: where its baseline begins, in points from the left and the foot.
type shown struct {
	font, size, x, y, text string
}

func (l shown) String() string {
	return fmt.Sprintf("%s%s %s,%s %s", l.font, l.size, l.x, l.y, l.text)
}

// pages are the lines of each page in the order in which they are drawn; what is no part of the text (header, footer,
// mark) apart.
func (r *reading) pages() (body, edge [][]shown) {
	pagesAt := ref(r.objects[1], "Pages")
	fonts := r.objects[ref(r.objects[ref(strings.Replace(r.objects[pagesAt], "[", "", 1), "Kids")], "Resources")] // those of the first page are those of all
	meaning := map[string]map[string]string{}
	for _, name := range []string{"R", "B"} {
		if n := ref(fonts, name); n != 0 {
			meaning[name] = meanings(r.streams[ref(r.objects[n], "ToUnicode")])
		}
	}
	text := regexp.MustCompile(`^BT /([RB]) (\S+) Tf\n$`)
	for _, kid := range regexp.MustCompile(`(\d+) 0 R`).FindAllStringSubmatch(between(r.objects[pagesAt], "/Kids [", "]"), -1) {
		n, _ := strconv.Atoi(kid[1])
		var lines, edges []shown
		var out *[]shown
		var now shown
		for op := range strings.Lines(r.streams[ref(r.objects[n], "Contents")]) {
			switch {
			case strings.HasPrefix(op, "/Artifact BMC") && out == nil:
				out = &edges // drawn first
			case strings.HasPrefix(op, "EMC"):
				out = &lines // what is decoration among the text stays there
			case text.MatchString(op):
				m := text.FindStringSubmatch(op)
				now = shown{font: m[1], size: m[2]}
			case strings.HasSuffix(op, " Td\n"):
				f := strings.Fields(op)
				now.x, now.y = f[0], f[1]
			case strings.HasSuffix(op, "TJ ET\n"):
				var b strings.Builder
				for _, hex := range regexp.MustCompile(`<([0-9A-F]+)>`).FindAllStringSubmatch(op, -1) {
					for h := hex[1]; h != ""; h = h[4:] {
						b.WriteString(meaning[now.font][h[:4]])
					}
				}
				now.text = b.String()
				*out = append(*out, now)
			}
		}
		body, edge = append(body, lines), append(edge, edges)
	}
	return body, edge
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

func printed(t *testing.T, d Document) (*reading, []rune) {
	t.Helper()
	var b bytes.Buffer
	lacking, err := WritePDF(&b, d)
	if err != nil {
		t.Fatal(err)
	}
	r, err := readPDF(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return r, lacking
}

// Where each line of a report stands; a change of the layout shows here line by line.
func TestReportAsLaidOut(t *testing.T) {
	r, lacking := printed(t, report(t, 1))
	if len(lacking) > 0 {
		t.Errorf("the fonts lack %q", lacking)
	}
	var b strings.Builder
	body, edge := r.pages()
	for i := range body {
		fmt.Fprintf(&b, "page %d\n", i+1)
		for _, l := range edge[i] {
			fmt.Fprintf(&b, "  edge %s\n", l)
		}
		for _, l := range body[i] {
			fmt.Fprintf(&b, "  %s\n", l)
		}
	}
	golden := filepath.Join("testdata", "report.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPropertiesOfTheFile(t *testing.T) {
	d := Document{Title: "诊断\n报告𠅤", Author: "机构", Created: time.Date(2026, 11, 6, 8, 0, 0, 0, time.FixedZone("", 8*3600))}
	r, _ := printed(t, d)
	info := r.objects[ref(r.trailer, "Info")]
	for _, want := range []string{"/Title <FEFF8BCA65AD002062A5544AD840DD64>", "/Author <FEFF673A6784>", "/CreationDate (D:20261106000000Z)"} {
		if !strings.Contains(info, want) {
			t.Errorf("%s is not in %s", want, info)
		}
	}
	if strings.Contains(info, "/Subject") || !strings.Contains(r.objects[1], "/Lang (zh-CN)") {
		t.Error(info, r.objects[1])
	}
	core := written(t, d)["docProps/core.xml"]
	for _, want := range []string{"<dc:title>诊断 报告𠅤</dc:title>", "<dc:creator>机构</dc:creator>", "2026-11-06T00:00:00Z"} {
		if !strings.Contains(core, want) {
			t.Errorf("%s is not in %s", want, core)
		}
	}
	if r, _ := printed(t, Document{English: true}); strings.Contains(r.objects[ref(r.trailer, "Info")], "Date") || !strings.Contains(r.objects[1], "/Lang (en)") {
		t.Error("a document without a date")
	}
}

func TestSameDocumentSameBytes(t *testing.T) {
	d := report(t, 2)
	var pdf, docx [2]bytes.Buffer
	for i := range 2 {
		if _, err := WritePDF(&pdf[i], d); err != nil {
			t.Fatal(err)
		}
		if err := WriteDocx(&docx[i], d); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(pdf[0].Bytes(), pdf[1].Bytes()) || !bytes.Equal(docx[0].Bytes(), docx[1].Bytes()) {
		t.Error("two writings of one document differ")
	}
}

// poppler shares nothing with the writer.
func TestTextCanBeTakenOut(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("pdftotext is missing; scripts/setup.sh installs it")
		}
		t.Skip("pdftotext is missing")
	}
	d := report(t, 1)
	d.Blocks = append(d.Blocks, Paragraph{Text: "缺字\u1200\U0001F600仍可复制。"})
	file := filepath.Join(t.TempDir(), "report.pdf")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := WritePDF(f, d); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "-enc", "UTF-8", file, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text := strings.Join(strings.Fields(string(out)), "")
	for _, want := range []string{
		"制造业数字化诊断报告", "江苏䶮飞机械有限公司", "联系人：闫㛃、𠅤某。", "91320900MA1XXXXX0X", "第2页共", "演示数据，非真实",
		"“设备—系统—管理”三层之间的数据靠人工抄录，月均差错约12次……建议先做设备联网", "1,250,000.00元", "缺字\u1200\U0001F600仍可复制。",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the text", want)
		}
	}
}

func TestMissingCharactersAreTold(t *testing.T) {
	r, lacking := printed(t, Document{Title: "\u1200题", Blocks: []Block{Paragraph{Text: "甲\U0001F600\u1200乙\uFE0F\u200D"}, Heading{1, "\u0F40"}}})
	if want := []rune{0x0F40, 0x1200, 0x1F600}; !slices.Equal(lacking, want) {
		t.Errorf("lacking %q, want %q", lacking, want)
	}
	body, _ := r.pages()
	if got := body[0][1].text; got != "甲\U0001F600\u1200乙" {
		t.Errorf("copied as %q", got)
	}
	f, err := faces()
	if err != nil {
		t.Fatal(err)
	}
	face := newTypeface(f[0])
	if id := face.id(0x1200); face.from[id-1] != face.glyph('□') || face.glyph('□') == 0 {
		t.Error("a missing character is not drawn as □")
	}
}

func TestFontsHaveTheCharactersOfNames(t *testing.T) {
	both, err := faces()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range both {
		for _, r := range "䶮㛃𠅤〇靐龘①Ⅳ㎡‰℃×≥□“”—…·￥　，。、；：？！（）《》【】〔〕09azAZ•" {
			if f.glyph(r) == 0 {
				t.Errorf("%s has no %c", f.name, r)
			}
		}
		for r := '1'; r <= '9'; r++ {
			if a, b := newTypeface(f).advance('0'), newTypeface(f).advance(r); a != b {
				t.Errorf("%s: 0 is %d wide, %c %d", f.name, a, r, b)
			}
		}
	}
}

// The part of a font that a document carries draws what the whole one draws.
func TestSubsetKeepsOutlines(t *testing.T) {
	both, err := faces()
	if err != nil {
		t.Fatal(err)
	}
	for _, whole := range both {
		for glyph := range whole.glyphs {
			if o := whole.outline(glyph); len(o) > 0 && o[0] >= 0x80 {
				t.Fatalf("%s: glyph %d is made of others", whole.name, glyph)
			}
		}
		face := newTypeface(whole)
		text := []rune("盐城市ÁÑéＡ㍿𠅤 9%…")
		for _, r := range text {
			face.id(r)
		}
		data := face.subset()
		part, err := parseFace("part", data) // all but the table of characters, which a subset has none of
		if !errors.Is(err, errFont) || part == nil || part.glyphs != len(text)+1 {
			t.Fatalf("%v", err)
		}
		for i, r := range text {
			want, got := whole.outline(whole.glyph(r)), part.outline(i+1)
			width, left := whole.metric(whole.glyph(r))
			partWidth, partLeft := part.metric(i + 1)
			if !bytes.HasPrefix(got, want) || len(got) > len(want)+3 || width != partWidth || left != partLeft {
				t.Errorf("%s %c is another", whole.name, r)
			}
		}
	}
}

func TestOutline(t *testing.T) {
	r, _ := printed(t, Document{Blocks: []Block{Heading{2, "零"}, Heading{1, "一"}, Heading{2, "一一"}, Heading{3, "一一一"}, Heading{2, "一\n二"}, Heading{1, "二"}}})
	var tree func(n, depth int) string
	tree = func(n, depth int) string {
		out := ""
		for ; n != 0; n = ref(r.objects[n], "Next") {
			b := r.objects[n]
			title := ""
			for h := between(b, "<FEFF", ">"); h != ""; h = h[4:] {
				u, _ := strconv.ParseUint(h[:4], 16, 16)
				title += string(rune(u))
			}
			out += strings.Repeat("-", depth) + title + " " + tree(ref(b, "First"), depth+1)
		}
		return out
	}
	root := ref(r.objects[1], "Outlines")
	if got, want := tree(ref(r.objects[root], "First"), 0), "零 一 -一一 --一一一 -一 二 二 "; got != want {
		t.Errorf("outline %q, want %q", got, want)
	}
	if !strings.Contains(r.objects[root], "/Count 6") {
		t.Error(r.objects[root])
	}
}

// A header comes again on every page of its table, and rows stay whole.
func TestLongTable(t *testing.T) {
	table := Table{Columns: []Column{{Title: "表头甲"}, {Title: "表头乙", Number: true}}}
	for i := range 120 {
		table.Rows = append(table.Rows, []string{fmt.Sprintf("第%d行\n次行", i+1), strconv.Itoa(i + 1)})
	}
	r, _ := printed(t, Document{Blocks: []Block{table}})
	body, _ := r.pages()
	if len(body) < 4 {
		t.Fatalf("%d pages", len(body))
	}
	seen := 0
	for i, page := range body {
		if page[0].text != "表头甲" || page[1].text != "表头乙" {
			t.Errorf("page %d begins with %v", i+1, page[:2])
		}
		for rows := page[2:]; len(rows) > 0; rows = rows[3:] {
			seen++
			if rows[0].text != fmt.Sprintf("第%d行", seen) || rows[1].text != "次行" || rows[2].text != strconv.Itoa(seen) {
				t.Fatalf("page %d, row %d: %v", i+1, seen, rows[:3])
			}
		}
	}
	if seen != 120 {
		t.Errorf("%d rows", seen)
	}
}

// A row that is taller than a page goes on over several, and loses nothing.
func TestTallRow(t *testing.T) {
	var want strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&want, "格%d，", i)
	}
	r, _ := printed(t, Document{Blocks: []Block{Table{Columns: []Column{{Title: "甲", Share: 1}, {Title: "乙", Share: 3}}, Rows: [][]string{{"左", want.String()}, {"末", "行"}}}}})
	body, _ := r.pages()
	var got strings.Builder
	for _, page := range body {
		for _, l := range page {
			if !strings.Contains("甲乙左末行", l.text) {
				got.WriteString(l.text)
			}
		}
	}
	if len(body) < 4 || got.String() != want.String() {
		t.Errorf("%d pages, %d bytes of %d", len(body), got.Len(), want.Len())
	}
}

func TestWidths(t *testing.T) {
	for _, c := range []struct {
		shares, want []int
	}{
		{[]int{0, 0, 0}, []int{80, 80, 80}},
		{[]int{1, 2, 3}, []int{40, 80, 120}},
		{[]int{1, 10_000}, []int{10, 230}},
		{[]int{1, 1, 30}, []int{10, 10, 220}},
		{[]int{3, 1, 1, 71}, []int{10, 10, 10, 210}},
		{slices.Repeat([]int{1}, 7), []int{34, 34, 34, 34, 34, 35, 35}},
		{append(slices.Repeat([]int{1}, MaxColumns-1), 10_000), slices.Repeat([]int{10}, MaxColumns)},
	} {
		table := Table{}
		for _, s := range c.shares {
			table.Columns = append(table.Columns, Column{Share: s})
		}
		if diff := cmp.Diff(c.want, table.widths(240)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.shares, diff)
		}
	}
}

func TestHeadingStandsWithWhatFollows(t *testing.T) {
	for lines := range 40 {
		d := Document{}
		for range lines {
			d.Blocks = append(d.Blocks, Paragraph{Text: "占一行。"})
		}
		for _, follows := range []Block{Paragraph{Text: "正文。"}, Picture{Data: photo(t, 400, 300), Caption: "正文。"}, Table{Caption: "正文。", Columns: []Column{{Title: "列"}}, Rows: [][]string{{"格"}}}, Signature{{"正文。", ""}, {"日期", ""}}} {
			d := d
			d.Blocks = append(slices.Clone(d.Blocks), Heading{2, "标题"}, follows)
			r, _ := printed(t, d)
			body, _ := r.pages()
			for _, page := range body {
				for i, l := range page {
					if l.text == "标题" && i == len(page)-1 {
						t.Errorf("after %d lines the heading stands alone above %T", lines, follows)
					}
				}
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	wide := Table{Columns: make([]Column, MaxColumns+1)}
	huge := bytes.Clone(drawing(t, shades(4, 4)))
	copy(huge[16:24], []byte{0, 0, 0x40, 0, 0, 0, 0x40, 0}) // says that it is 16384 × 16384
	fixCRC(huge)
	torn := photo(t, 64, 64)[:400]
	for name, d := range map[string]Document{
		"blocks":         {Blocks: make([]Block, MaxBlocks+1)},
		"columns":        {Blocks: []Block{wide}},
		"cells":          {Blocks: []Block{Table{Columns: []Column{{}}, Rows: slices.Repeat([][]string{{""}}, MaxCells+1)}}},
		"text":           {Title: strings.Repeat("字", MaxText/3+1)},
		"pictures":       {Blocks: slices.Repeat([]Block{Picture{}}, MaxPictures+1)},
		"pictures_bytes": {Blocks: slices.Repeat([]Block{Picture{Data: make([]byte, MaxPictureBytes)}}, 5)},
		"picture_bytes":  {Blocks: []Block{Picture{Data: make([]byte, MaxPictureBytes+1)}}},
		"picture_kind":   {Blocks: []Block{Picture{Data: []byte("GIF89a")}}},
		"torn":           {Blocks: []Block{Picture{Data: torn}}},
		"picture_pixels": {Blocks: []Block{Picture{Data: huge}}},
	} {
		var b bytes.Buffer
		_, pdf := WritePDF(&b, d)
		docx := WriteDocx(&b, d)
		for _, err := range []error{pdf, docx} {
			if errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if msg, _ := errs.Message(err); name != "torn" && msg.Key != "paper."+name {
				t.Errorf("%s: refused by %s", name, msg.Key)
			}
		}
		if b.Len() > 0 {
			t.Errorf("%s: %d bytes are written before it is refused", name, b.Len())
		}
	}
	for name, block := range map[string]Block{
		"level": Heading{Level: 4}, "share": Table{Columns: []Column{{Share: -1}}}, "row": Table{Columns: make([]Column, 3), Rows: [][]string{{"", ""}}},
		"no columns": Table{}, "width": Picture{Width: 101}, "nil": nil,
	} {
		if _, err := WritePDF(io.Discard, Document{Blocks: []Block{block}}); err == nil || errs.KindOf(err) != errs.Internal {
			t.Errorf("%s: %v, want an error of the program", name, err)
		}
	}
	for _, pages := range []Document{
		{Blocks: slices.Repeat([]Block{Note("行"), PageBreak{}}, MaxPages+1)},
		{Blocks: []Block{Table{Columns: []Column{{Share: 1}, {Share: 10_000}}, Rows: [][]string{{strings.Repeat("W", MaxText), ""}}}}},
		{Title: strings.Repeat("\n", MaxText)},
	} {
		_, err := WritePDF(io.Discard, pages)
		if msg, _ := errs.Message(err); msg.Key != "paper.pages" {
			t.Errorf("too many pages: %v", err)
		}
	}
}

// Whatever the text, the whole of it stands on the pages in order, spaces at the ends of lines aside.
func TestEveryTextIsOnThePages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, texts := anyDocument(t, 20) // a row never taller than a page, whose cells would go on in turns
		var b bytes.Buffer
		if _, err := WritePDF(&b, d); err != nil {
			t.Fatal(err)
		}
		r, err := readPDF(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		body, _ := r.pages()
		for _, page := range body {
			for _, l := range page {
				got.WriteString(bare(l.text))
			}
		}
		rest := got.String()
		for _, text := range texts {
			at := strings.Index(rest, bare(text))
			if at < 0 {
				t.Fatalf("%q is not in %q", bare(text), rest)
			}
			rest = rest[at+len(bare(text)):]
		}
	})
}

// bare is what a page shows of a text, without its spaces.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unseen(r) || r == ' ' || r == '\n' {
			return -1
		}
		return r
	}, clean(s))
}

func FuzzAnyText(f *testing.F) {
	f.Add("总体结论", "“设备—系统”（2024）", "a\x00b\r\nc\U0001F600\u202E", uint8(3))
	f.Add("", "\xff\xfe", "]]>&amp;<w:p>", uint8(0))
	f.Fuzz(func(t *testing.T, a, b, c string, n uint8) {
		if len(a)+len(b)+len(c) > 1<<12 {
			return
		}
		d := Document{
			Title: a, Subtitle: b, Meta: []Pair{{a, c}}, Cover: n%2 == 0, Header: b, Footer: c, Mark: a, Author: b, Numbering: func(page, pages string) string { return a + page + b + pages },
			Blocks: []Block{
				Heading{int(n)%3 + 1, a},
				Paragraph{Lead: b, Text: c},
				List{Numbered: n%3 == 0, Items: []string{a, b, c}},
				Note(b),
				Pairs{{a, b}, {b, c}},
				Table{Caption: c, Columns: []Column{{Title: a, Share: int(n)}, {Title: b, Number: true}}, Rows: [][]string{{b, c}, {a}, {c, a}}, Total: n%5 == 0},
				Table{Columns: []Column{{Title: a}}, Empty: b},
				PageBreak{},
				Signature{{a, b}, {c, ""}},
			},
		}
		var pdf, docx bytes.Buffer
		if _, err := WritePDF(&pdf, d); err != nil {
			t.Fatal(err)
		}
		if _, err := readPDF(pdf.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := WriteDocx(&docx, d); err != nil {
			t.Fatal(err)
		}
		if _, err := readDocx(docx.Bytes()); err != nil {
			t.Fatal(err)
		}
		if limit := 1<<18 + 200*(len(a)+len(b)+len(c)); pdf.Len() > limit+1<<22 || docx.Len() > limit {
			t.Errorf("%d bytes of PDF and %d of docx from %d", pdf.Len(), docx.Len(), len(a)+len(b)+len(c))
		}
	})
}

func BenchmarkPDF(b *testing.B) {
	d := report(b, 6)
	s, err := laidOut(d)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := WritePDF(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(s.sheets)), "pages")
}

func BenchmarkDocx(b *testing.B) {
	d := report(b, 6)
	for b.Loop() {
		if err := WriteDocx(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}

// tree reads the structure back: each element with the text of its pieces, and what belongs to it below. Every piece of a
// page that is marked must be found in it once, and the page must know whose it is.
func (r *reading) tree(t *testing.T) string {
	t.Helper()
	pieces := map[string]string{} // page and number: text
	owner := map[string]int{}
	root := r.objects[ref(r.objects[1], "StructTreeRoot")]
	pagesAt := ref(r.objects[1], "Pages")
	fonts := r.objects[ref(r.objects[ref(strings.Replace(r.objects[pagesAt], "[", "", 1), "Kids")], "Resources")] // those of the first page are those of all
	owners := regexp.MustCompile(`(\d+) (\d+) 0 R`).FindAllStringSubmatch(between(r.objects[ref(root, "ParentTree")], "[", "]"), -1)
	for i, kid := range regexp.MustCompile(`(\d+) 0 R`).FindAllStringSubmatch(between(r.objects[pagesAt], "/Kids [", "]"), -1) {
		n, _ := strconv.Atoi(kid[1])
		list, _ := strconv.Atoi(owners[i][2])
		whose := regexp.MustCompile(`(\d+) 0 R`).FindAllStringSubmatch(r.objects[list], -1)
		page := r.streams[ref(r.objects[n], "Contents")]
		for _, m := range regexp.MustCompile(`(?s)/(\w+) <</MCID (\d+)>> BDC\n(.*?)EMC\n`).FindAllStringSubmatch(page, -1) {
			var b strings.Builder
			for _, hex := range regexp.MustCompile(`<([0-9A-F]+)>`).FindAllStringSubmatch(m[3], -1) {
				font := meanings(r.streams[ref(r.objects[ref(fonts, between(m[3], "BT /", " "))], "ToUnicode")])
				for h := hex[1]; h != ""; h = h[4:] {
					b.WriteString(font[h[:4]])
				}
			}
			key := kid[1] + " " + m[2]
			pieces[key] = b.String()
			number, _ := strconv.Atoi(m[2])
			owner[key], _ = strconv.Atoi(whose[number][1])
		}
	}
	var out strings.Builder
	var walk func(n, depth int)
	walk = func(n, depth int) {
		body := r.objects[n]
		kind := between(body, "/S /", " ")
		fmt.Fprintf(&out, "%s%s", strings.Repeat("  ", depth), kind)
		own := ref(body, "Pg")
		var below []int
		_, kids, _ := strings.Cut(body, "/K [")
		for _, k := range regexp.MustCompile(`<</Type /MCR /Pg (\d+) 0 R /MCID (\d+)>>|(\d+) 0 R|(\d+)`).FindAllStringSubmatch(kids, -1) {
			key := k[1] + " " + k[2]
			if k[4] != "" {
				key = strconv.Itoa(own) + " " + k[4]
			}
			if k[3] != "" {
				m, _ := strconv.Atoi(k[3])
				below = append(below, m)
				continue
			}
			text, ok := pieces[key]
			if !ok || owner[key] != n {
				t.Errorf("%s %q: piece %s is not there, is told twice, or belongs to %d", kind, text, key, owner[key])
			}
			delete(pieces, key)
			fmt.Fprintf(&out, " %s", text)
		}
		out.WriteByte('\n')
		for _, m := range below {
			walk(m, depth+1)
		}
	}
	walk(ref(strings.Replace(root, "[", "", 1), "K"), 0)
	if len(pieces) > 0 {
		t.Errorf("pieces that belong to nothing: %v", pieces)
	}
	return out.String()
}

func TestStructureForReadersAloud(t *testing.T) {
	d := Document{
		Title: "题", Meta: []Pair{{"编号", "1"}}, Header: "页眉", Mark: "演示",
		Blocks: []Block{
			Heading{1, "一"},
			Paragraph{Lead: "依据。", Text: strings.Repeat("文", 40)},
			List{Numbered: true, Items: []string{"甲", "乙"}},
			Table{Caption: "表", Columns: []Column{{Title: "列"}, {Title: "数"}}, Rows: [][]string{{"组"}, {"格", "1"}, {"空", ""}}},
			Picture{Data: photo(t, 8, 8), Caption: "图"},
			Signature{{"盖章：", ""}, {"日期：", "今日"}},
		},
	}
	r, _ := printed(t, d)
	want := `Document
  P 题
  Table
    TR
      TH 编号
      TD 1
  H1 一
  P 依据。 ` + strings.Repeat("文", 31) + " " + strings.Repeat("文", 9) + `
  L
    LI
      Lbl 1.
      LBody 甲
    LI
      Lbl 2.
      LBody 乙
  Table
    Caption 表
    TR
      TH 列
      TH 数
    TR
      TD 组
    TR
      TD 格
      TD 1
    TR
      TD 空
      TD
  Figure` + " " + `
    Caption 图
  P 盖章：
  P 日期： 今日
`
	if diff := cmp.Diff(want, r.tree(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	long, _ := printed(t, report(t, 2)) // over pages
	if got := long.tree(t); strings.Count(got, "TH 序号") != 2 {
		t.Errorf("headers of two tables are told %d times", strings.Count(got, "TH 序号"))
	}
}
