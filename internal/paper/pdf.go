package paper

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf16"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

func itoa(n int) string { return strconv.Itoa(n) }

// WritePDF writes the document as PDF 1.7 with its fonts in it. It answers the characters that the fonts lack, in order,
// which are shown as □. What the document may not be (see MaxBlocks and its like) is an error of kind Invalid, before
// anything is written.
func WritePDF(w io.Writer, d Document) (lacking []rune, err error) {
	s, err := laidOut(d)
	if err != nil {
		return nil, err
	}
	if err := s.write(w, &d); err != nil {
		return nil, fmt.Errorf("write PDF: %w", err)
	}
	lacks := maps.Clone(s.regular.lacks)
	maps.Copy(lacks, s.bold.lacks)
	return slices.Sorted(maps.Keys(lacks)), nil
}

// laidOut lays the document out.
func laidOut(d Document) (*setter, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	both, err := faces()
	if err != nil {
		return nil, err
	}
	root := &element{kind: "Document"}
	s := &setter{regular: newTypeface(both[0]), bold: newTypeface(both[1]), indent: 2 * bodyStyle.size, root: root, element: root}
	if d.English {
		s.indent = 0
	}
	s.newSheet()
	s.title(&d)
	for i, b := range d.Blocks {
		s.rest = d.Blocks[i+1:]
		if err := s.block(b); err != nil {
			return nil, fmt.Errorf("block %d: %w", i+1, err)
		}
		if s.full {
			break
		}
	}
	if s.full {
		return nil, errs.Invalid(i18n.M("paper.pages", MaxPages))
	}
	s.edges(&d)
	return s, nil
}

// file is a PDF in the making: objects one after the other, and where each begins.
type file struct {
	bytes.Buffer
	starts []int
}

// reserve takes the next object number.
func (f *file) reserve() int {
	f.starts = append(f.starts, 0)
	return len(f.starts)
}

// object writes an object under a number that was reserved.
func (f *file) object(n int, body string) {
	f.starts[n-1] = f.Len()
	fmt.Fprintf(f, "%d 0 obj\n%s\nendobj\n", n, body)
}

// add writes an object under the next number.
func (f *file) add(body string) int {
	n := f.reserve()
	f.object(n, body)
	return n
}

// stream adds a stream, packed unless it is so by itself; dict is what stands in its dictionary besides.
func (f *file) stream(dict string, packed bool, data ...[]byte) (int, error) {
	var body bytes.Buffer
	if packed {
		for _, b := range data {
			body.Write(b)
		}
	} else {
		dict += " /Filter /FlateDecode"
		z := zlib.NewWriter(&body)
		for _, b := range data {
			if _, err := z.Write(b); err != nil {
				return 0, err
			}
		}
		if err := z.Close(); err != nil {
			return 0, err
		}
	}
	return f.add(fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dict, body.Len(), body.Bytes())), nil
}

// text is a string of PDF in UTF-16.
func text(s string) string {
	b := []byte("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		b = fmt.Appendf(b, "%04X", u)
	}
	return string(append(b, '>'))
}

func (s *setter) write(w io.Writer, d *Document) error {
	f := &file{}
	f.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	catalog, pages := f.reserve(), f.reserve()
	fonts := ""
	for _, face := range []struct {
		name string
		t    *typeface
	}{{"R", s.regular}, {"B", s.bold}} {
		if len(face.t.drawn) == 0 {
			continue
		}
		n, err := f.font(face.t)
		if err != nil {
			return err
		}
		fonts += fmt.Sprintf("/%s %d 0 R", face.name, n)
	}
	pictures := ""
	for i, p := range s.pictures {
		n, err := f.picture(p)
		if err != nil {
			return err
		}
		pictures += fmt.Sprintf("/P%d %d 0 R", i+1, n)
	}
	resources := f.add(fmt.Sprintf("<</Font <<%s>> /XObject <<%s>>>>", fonts, pictures))
	kids := make([]int, len(s.sheets))
	list := ""
	for i, p := range s.sheets {
		content, err := f.stream("", false, p.under.Bytes(), p.body.Bytes())
		if err != nil {
			return err
		}
		kids[i] = f.add(fmt.Sprintf("<</Type /Page /Parent %d 0 R /Contents %d 0 R /Resources %d 0 R /StructParents %d /Tabs /S>>", pages, content, resources, i))
		list += fmt.Sprintf("%d 0 R ", kids[i])
	}
	f.object(pages, fmt.Sprintf("<</Type /Pages /Kids [%s] /Count %d /MediaBox [0 0 %s %s]>>",
		list, len(kids), num(nil, pageWidth), num(nil, pageHeight)))
	language := "zh-CN"
	if d.English {
		language = "en"
	}
	more := ""
	if len(s.outline) > 0 {
		more = fmt.Sprintf(" /Outlines %d 0 R /PageMode /UseOutlines", f.outline(s.outline, kids))
	}
	metadata, err := f.stream("/Type /Metadata /Subtype /XML", true, []byte(s.metadata(d))) // read by programs that know nothing of PDF
	if err != nil {
		return err
	}
	profile, err := f.stream("/N 3", false, sRGB())
	if err != nil {
		return err
	}
	f.object(catalog, fmt.Sprintf("<</Type /Catalog /Pages %d 0 R /Lang (%s) /ViewerPreferences <</DisplayDocTitle true>> /MarkInfo <</Marked true>> /StructTreeRoot %d 0 R /Metadata %d 0 R"+
		" /OutputIntents [<</Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info (sRGB) /DestOutputProfile %d 0 R>>]%s>>",
		pages, language, f.structure(s.root, s.sheets, kids), metadata, profile, more))
	info := f.add(properties(d))
	return f.end(w, catalog, info)
}

// properties of the file.
func properties(d *Document) string {
	info := "<</Title " + text(property(d.Title)) + " /Producer (" + producer + ")"
	if d.Subtitle != "" {
		info += " /Subject " + text(property(d.Subtitle))
	}
	if d.Author != "" {
		info += " /Author " + text(property(d.Author))
	}
	if !d.Created.IsZero() {
		info += " /CreationDate (D:" + d.Created.UTC().Format("20060102150405") + "Z)"
	}
	return info + ">>"
}

// end writes the table of objects and the whole file to w. The file's identity is the sum of what is in it.
func (f *file) end(w io.Writer, catalog, info int) error {
	table := f.Len()
	fmt.Fprintf(f, "xref\n0 %d\n0000000000 65535 f \n", len(f.starts)+1)
	for _, at := range f.starts {
		fmt.Fprintf(f, "%010d 00000 n \n", at)
	}
	sum := sha256.Sum256(f.Bytes())
	fmt.Fprintf(f, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%X> <%X>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(f.starts)+1, catalog, info, sum[:16], sum[:16], table)
	_, err := f.WriteTo(w)
	return err
}

// font adds a font of what the document has drawn with the face.
func (f *file) font(t *typeface) (int, error) {
	data := t.subset()
	program, err := f.stream(fmt.Sprintf("/Length1 %d", len(data)), false, data)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(data)
	name := make([]byte, 6, 40) // by which a part of a font is told from the whole, and from other parts
	for i := range name {
		name[i] = 'A' + sum[i]%26
	}
	name = append(append(name, '+'), t.name...)
	descriptor := f.add(fmt.Sprintf("<</Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight 733 /StemV 90 /FontFile2 %d 0 R>>",
		name, t.bounds[0], t.bounds[1], t.bounds[2], t.bounds[3], t.ascent, t.descent, program))
	var widths bytes.Buffer
	for _, g := range t.from {
		width, _ := t.metric(g)
		fmt.Fprintf(&widths, "%d ", width)
	}
	descendant := f.add(fmt.Sprintf("<</Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /CIDToGIDMap /Identity /FontDescriptor %d 0 R /DW 1000 /W [1 [%s]]>>",
		name, descriptor, widths.Bytes()))
	meaning, err := f.stream("", false, t.meaning())
	if err != nil {
		return 0, err
	}
	return f.add(fmt.Sprintf("<</Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R>>", name, descendant, meaning)), nil
}

// meaning maps the numbers that are drawn back to characters, for search and copy: in UTF-16, so beyond U+FFFF too.
func (t *typeface) meaning() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n" +
		"/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def /CMapName /Adobe-Identity-UCS def /CMapType 2 def\n" +
		"1 begincodespacerange <0000> <FFFF> endcodespacerange\n")
	for from := 0; from < len(t.drawn); from += 100 { // the most that one list may hold
		some := t.drawn[from:min(from+100, len(t.drawn))]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(some))
		for i, r := range some {
			fmt.Fprintf(&b, "<%04X> <", from+i+1)
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, "%04X", u)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap CMapName currentdict /CMap defineresource pop end end\n")
	return b.Bytes()
}

// picture adds an image.
func (f *file) picture(p *picture) (int, error) {
	space := "/DeviceRGB"
	if p.grey {
		space = "/DeviceGray"
	}
	dict := func(space string) string {
		return fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s /BitsPerComponent 8", p.width, p.height, space)
	}
	if p.jpeg != nil {
		return f.stream(dict(space)+" /Filter /DCTDecode", true, p.jpeg)
	}
	own := dict(space)
	if p.alpha != nil {
		mask, err := f.stream(dict("/DeviceGray"), false, p.alpha)
		if err != nil {
			return 0, err
		}
		own += fmt.Sprintf(" /SMask %d 0 R", mask)
	}
	return f.stream(own, false, p.pixels)
}

// outline adds the tree of headings: each below the last one of a higher level before it.
func (f *file) outline(entries []entry, pages []int) int {
	type node struct {
		number, parent          int // parent: index of an entry; -1 for the root
		first, last, prev, next int // object numbers; 0 for none
		below                   int // entries anywhere below
	}
	root := node{number: f.reserve()}
	nodes := make([]node, len(entries))
	at := func(i int) *node {
		if i < 0 {
			return &root
		}
		return &nodes[i]
	}
	var open []int // the entries that what comes may stand below
	index := map[int]int{}
	for i, e := range entries {
		for len(open) > 0 && entries[open[len(open)-1]].level >= e.level {
			open = open[:len(open)-1]
		}
		parent := -1
		if len(open) > 0 {
			parent = open[len(open)-1]
		}
		n := &nodes[i]
		n.number, n.parent = f.reserve(), parent
		index[n.number] = i
		if p := at(parent); p.first == 0 {
			p.first, p.last = n.number, n.number
		} else {
			before := at(index[p.last])
			n.prev, before.next, p.last = before.number, n.number, n.number
		}
		for up := parent; ; up = at(up).parent {
			at(up).below++
			if up < 0 {
				break
			}
		}
		open = append(open, i)
	}
	refs := func(n *node) string {
		out := ""
		for _, ref := range []struct {
			key string
			to  int
		}{{"First", n.first}, {"Last", n.last}, {"Prev", n.prev}, {"Next", n.next}} {
			if ref.to != 0 {
				out += fmt.Sprintf(" /%s %d 0 R", ref.key, ref.to)
			}
		}
		if n.below > 0 {
			out += " /Count " + itoa(n.below)
		}
		return out
	}
	f.object(root.number, "<</Type /Outlines"+refs(&root)+">>")
	for i, e := range entries {
		n := &nodes[i]
		f.object(n.number, fmt.Sprintf("<</Title %s /Parent %d 0 R /Dest [%d 0 R /XYZ null %s null]%s>>",
			text(e.title), at(n.parent).number, pages[e.sheet], num(nil, pageHeight-e.y), refs(n)))
	}
	return root.number
}
