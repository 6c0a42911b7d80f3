package paper

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteDocx writes the document as .docx (ECMA-376, transitional), in the typefaces that offices have: 宋体 for text and
// 黑体 for headings. Page numbers are fields, which the word processor counts. What the document may not be (see MaxBlocks
// and its like) is an error of kind Invalid, before anything is written.
func WriteDocx(w io.Writer, d Document) error {
	if err := d.check(); err != nil {
		return err
	}
	b := &book{doc: &d}
	if err := b.body(); err != nil {
		return err
	}
	if err := b.write(w); err != nil {
		return fmt.Errorf("write docx: %w", err)
	}
	return nil
}

// book is a .docx in the making.
type book struct {
	doc   *Document
	out   bytes.Buffer // of word/document.xml
	lists []bool       // each list that began, whether it is numbered
	marks int          // bookmarks of headings
	media []*opened
}

// Lengths in twentieths of a point, as the format has them, of the same page as the PDF's.
const twip = pt / 20

var wordWidth = textWidth / twip

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

const spaces = ` xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"` +
	` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"` +
	` xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"` +
	` xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"` +
	` xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"` +
	` xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"`

// esc is s as XML holds it.
func esc(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// run is text with properties, its line breaks as elements.
func run(text, properties string) string {
	if properties != "" {
		properties = "<w:rPr>" + properties + "</w:rPr>"
	}
	var b strings.Builder
	for i, part := range strings.Split(clean(text), "\n") {
		if i > 0 {
			b.WriteString("<w:r>" + properties + "<w:br/></w:r>")
		}
		if part != "" {
			b.WriteString("<w:r>" + properties + `<w:t xml:space="preserve">` + esc(part) + "</w:t></w:r>")
		}
	}
	return b.String()
}

// paragraph is runs in a style; properties stand after the style.
func paragraph(style, properties, runs string) string {
	return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/>` + properties + "</w:pPr>" + runs + "</w:p>"
}

const bold = "<w:b/>"

func (b *book) put(s string) { b.out.WriteString(s) }

func (b *book) body() error {
	d := b.doc
	if d.Title != "" {
		b.put(paragraph("Title", "", run(d.Title, "")))
	}
	if d.Subtitle != "" {
		b.put(paragraph("Subtitle", "", run(d.Subtitle, "")))
	}
	if len(d.Meta) > 0 {
		b.pairs(d.Meta)
	}
	if d.Cover {
		b.put(pageBreak)
	}
	for i, block := range d.Blocks {
		if err := b.block(block); err != nil {
			return fmt.Errorf("block %d: %w", i+1, err)
		}
	}
	return nil
}

const pageBreak = `<w:p><w:pPr><w:pStyle w:val="Spacer"/></w:pPr><w:r><w:br w:type="page"/></w:r></w:p>`

func (b *book) block(block Block) error {
	switch t := block.(type) {
	case Heading:
		b.marks++
		mark := fmt.Sprintf(`<w:bookmarkStart w:id="%d" w:name="_h%d"/>%s<w:bookmarkEnd w:id="%d"/>`, b.marks, b.marks, run(t.Text, ""), b.marks)
		b.put(paragraph(fmt.Sprintf("Heading%d", t.Level), "", mark))
	case Paragraph:
		style := "BodyText"
		if t.Flush || b.doc.English {
			style = "Flush"
		}
		b.put(paragraph(style, "", run(t.Lead, bold)+run(t.Text, "")))
	case List:
		b.lists = append(b.lists, t.Numbered)
		for _, item := range t.Items {
			b.put(paragraph("ListItem", fmt.Sprintf(`<w:numPr><w:ilvl w:val="0"/><w:numId w:val="%d"/></w:numPr>`, len(b.lists)), run(item, "")))
		}
	case Table:
		b.table(t)
	case Pairs:
		b.pairs(t)
	case Note:
		b.put(paragraph("Note", "", run(string(t), "")))
	case Picture:
		return b.picture(t)
	case PageBreak:
		b.put(pageBreak)
	case Signature:
		b.signature(t)
	}
	return nil
}

// frame begins a table of these columns.
func (b *book) frame(widths []int) {
	b.put(fmt.Sprintf(`<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/><w:tblW w:w="%d" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>`, wordWidth))
	for _, w := range widths {
		b.put(fmt.Sprintf(`<w:gridCol w:w="%d"/>`, w))
	}
	b.put("</w:tblGrid>")
}

// wordCell is a cell of a table.
type wordCell struct {
	width  int
	span   int // columns; 0 for one
	shade  bool
	layout string // properties of its paragraph
	text   string
	look   string // properties of its text
}

// Layouts of cells; the heading of a group stands with its first row.
const (
	centre  = `<w:jc w:val="center"/>`
	toRight = `<w:jc w:val="right"/>`
	ofGroup = `<w:keepNext/>`
)

func (c wordCell) String() string {
	out := fmt.Sprintf(`<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/>`, c.width)
	if c.span > 1 {
		out += fmt.Sprintf(`<w:gridSpan w:val="%d"/>`, c.span)
	}
	if c.shade {
		out += `<w:shd w:val="clear" w:color="auto" w:fill="EDEDED"/>`
	}
	return out + `<w:vAlign w:val="center"/></w:tcPr>` + paragraph("Cell", c.layout, run(c.text, c.look)) + "</w:tc>"
}

// row puts cells side by side; properties are the row's, besides that it stays whole.
func (b *book) row(properties string, cells ...wordCell) {
	b.put("<w:tr><w:trPr><w:cantSplit/>" + properties + "</w:trPr>")
	for _, c := range cells {
		b.put(c.String())
	}
	b.put("</w:tr>")
}

// spacer stands between a table and what follows: without it two tables would become one.
const spacer = `<w:p><w:pPr><w:pStyle w:val="Spacer"/></w:pPr></w:p>`

func (b *book) table(t Table) {
	if t.Caption != "" {
		b.put(paragraph("Caption", "<w:keepNext/>", run(t.Caption, "")))
	}
	widths := t.widths(wordWidth)
	b.frame(widths)
	var header []wordCell
	for i, c := range t.Columns {
		header = append(header, wordCell{width: widths[i], shade: true, layout: centre, text: c.Title, look: bold})
	}
	b.row("<w:tblHeader/>", header...)
	for n, texts := range t.Rows {
		if len(texts) == 1 && len(t.Columns) > 1 {
			b.row("", wordCell{width: wordWidth, span: len(t.Columns), layout: ofGroup, text: texts[0], look: bold})
			continue
		}
		var cells []wordCell
		for i, text := range texts {
			c := wordCell{width: widths[i], text: text}
			if t.Columns[i].Number {
				c.layout = toRight
			}
			if t.Total && n == len(t.Rows)-1 {
				c.look = bold
			}
			cells = append(cells, c)
		}
		b.row("", cells...)
	}
	if len(t.Rows) == 0 && t.Empty != "" {
		b.row("", wordCell{width: wordWidth, span: len(t.Columns), layout: centre, text: t.Empty})
	}
	b.put("</w:tbl>" + spacer)
}

func (b *book) pairs(ps []Pair) {
	if len(ps) == 0 {
		return
	}
	label := wordWidth * 26 / 100
	b.frame([]int{label, wordWidth - label})
	for _, p := range ps {
		b.row("", wordCell{width: label, shade: true, text: p.Label, look: bold}, wordCell{width: wordWidth - label, text: p.Value})
	}
	b.put("</w:tbl>" + spacer)
}

// emu is a twip in the unit of drawings.
const emu = 635

func (b *book) picture(p Picture) error {
	pic, err := p.open()
	if err != nil {
		return err
	}
	pic.img = nil // 16 million pixels of each would add up
	b.media = append(b.media, pic)
	n := len(b.media)
	w, h := p.frame(pic.size, wordWidth, (bottom-top-4*noteStyle.leading)/twip, 72*20)
	extent := fmt.Sprintf(`cx="%d" cy="%d"`, w*emu, h*emu)
	keep := ""
	if p.Caption != "" {
		keep = "<w:keepNext/>"
	}
	b.put(paragraph("Picture", keep, fmt.Sprintf(`<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent %s/><wp:docPr id="%d" name="Picture %d" descr="%s"/>`+
		`<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="%d" name="image%d.%s"/><pic:cNvPicPr/></pic:nvPicPr>`+
		`<pic:blipFill><a:blip r:embed="rIdP%d"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext %s/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>`,
		extent, n, n, esc(p.alt()), n, n, pic.kind, n, extent)))
	if p.Caption != "" {
		b.put(paragraph("PictureCaption", "", run(p.Caption, "")))
	}
	return nil
}

func (b *book) signature(pairs []Pair) {
	for i, p := range pairs {
		keep := "<w:keepNext/>"
		if i == len(pairs)-1 {
			keep = ""
		}
		after := `<w:r><w:tab/></w:r>` // the tab stop of the style draws a rule
		if p.Value != "" {
			after = run(p.Value, "")
		}
		b.put(paragraph("Signature", keep, run(p.Label, "")+after))
	}
}

// part is one file of the package.
type part struct {
	name string
	data []byte
}

func (b *book) write(w io.Writer) error {
	parts := []part{
		{"[Content_Types].xml", []byte(b.contentTypes())},
		{"_rels/.rels", []byte(xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>` +
			`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`)},
		{"docProps/core.xml", []byte(b.core())},
		{"word/document.xml", []byte(xmlHead + "<w:document" + spaces + "><w:body>" + b.out.String() + b.section() + "</w:body></w:document>")},
		{"word/_rels/document.xml.rels", []byte(b.relations())},
		{"word/styles.xml", []byte(b.styles())},
		{"word/numbering.xml", []byte(b.numbering())},
		{"word/settings.xml", []byte(xmlHead + "<w:settings" + spaces + `><w:zoom w:percent="100"/><w:defaultTabStop w:val="420"/><w:characterSpacingControl w:val="compressPunctuation"/>` +
			`<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat><w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>`)},
		{"word/fontTable.xml", []byte(fontTable)},
		{"word/header1.xml", []byte(b.header())},
		{"word/footer1.xml", []byte(b.footer())},
		{"word/header2.xml", []byte(b.coverHeader())},
	}
	for i, p := range b.media {
		parts = append(parts, part{fmt.Sprintf("word/media/image%d.%s", i+1, p.kind), p.data})
	}
	z := zip.NewWriter(w)
	for _, p := range parts {
		// A fixed time, the earliest that the format knows: the same document gives the same bytes.
		f, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return err
		}
		if _, err := f.Write(p.data); err != nil {
			return err
		}
	}
	return z.Close()
}

func (b *book) contentTypes() string {
	out := xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Default Extension="jpeg" ContentType="image/jpeg"/><Default Extension="png" ContentType="image/png"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>`
	for _, p := range [][2]string{
		{"document", "document.main"},
		{"styles", "styles"},
		{"numbering", "numbering"},
		{"settings", "settings"},
		{"fontTable", "fontTable"},
		{"header1", "header"},
		{"header2", "header"},
		{"footer1", "footer"},
	} {
		out += `<Override PartName="/word/` + p[0] + `.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.` + p[1] + `+xml"/>`
	}
	return out + "</Types>"
}

func (b *book) relations() string {
	out := xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	add := func(id, kind, target string) {
		out += `<Relationship Id="` + id + `" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` + kind + `" Target="` + target + `"/>`
	}
	for _, p := range [][3]string{
		{"rIdS", "styles", "styles.xml"},
		{"rIdN", "numbering", "numbering.xml"},
		{"rIdT", "settings", "settings.xml"},
		{"rIdF", "fontTable", "fontTable.xml"},
		{"rIdH1", "header", "header1.xml"},
		{"rIdH2", "header", "header2.xml"},
		{"rIdF1", "footer", "footer1.xml"},
	} {
		add(p[0], p[1], p[2])
	}
	for i, p := range b.media {
		add(fmt.Sprintf("rIdP%d", i+1), "image", fmt.Sprintf("media/image%d.%s", i+1, p.kind))
	}
	return out + "</Relationships>"
}

func (b *book) core() string {
	d := b.doc
	out := xmlHead + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		"<dc:title>" + esc(oneLine(d.Title)) + "</dc:title><dc:subject>" + esc(oneLine(d.Subtitle)) + "</dc:subject><dc:creator>" + esc(oneLine(d.Author)) + "</dc:creator><dc:language>" + b.language() + "</dc:language>"
	if !d.Created.IsZero() {
		out += `<dcterms:created xsi:type="dcterms:W3CDTF">` + d.Created.UTC().Format(time.RFC3339) + "</dcterms:created>"
	}
	return out + "</cp:coreProperties>"
}

func (b *book) language() string {
	if b.doc.English {
		return "en-US"
	}
	return "zh-CN"
}

// section is the page: its size, its edges, what stands at head and foot.
func (b *book) section() string {
	cover := ""
	if b.doc.Cover {
		cover = `<w:titlePg/>`
	}
	return fmt.Sprintf(`<w:sectPr><w:headerReference w:type="default" r:id="rIdH1"/><w:headerReference w:type="first" r:id="rIdH2"/><w:footerReference w:type="default" r:id="rIdF1"/>`+
		`<w:pgSz w:w="%d" w:h="%d"/><w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="%d" w:footer="%d" w:gutter="0"/>%s</w:sectPr>`,
		pageWidth/twip, pageHeight/twip, top/twip, (pageWidth-left-textWidth)/twip, (pageHeight-bottom)/twip, left/twip, headLine/twip, (pageHeight-footLine-edgeStyle.leading)/twip, cover)
}

func (b *book) header() string {
	d := b.doc
	runs := run(oneLine(d.Header), "")
	if d.Mark != "" {
		runs += "<w:r><w:tab/></w:r>" + run(oneLine(d.Mark), bold) + b.mark()
	}
	style := "Header"
	if d.Header == "" && d.Mark == "" {
		style = "Footer" // without the rule
	}
	return xmlHead + "<w:hdr" + spaces + ">" + paragraph(style, "", runs) + "</w:hdr>"
}

// coverHeader is that of the first page, on which only the mark stands.
func (b *book) coverHeader() string {
	runs := ""
	if b.doc.Mark != "" {
		runs = b.mark()
	}
	return xmlHead + "<w:hdr" + spaces + ">" + paragraph("Footer", "", runs) + "</w:hdr>"
}

// mark is a watermark as word processors make it: a text turned, grey, behind what is written.
func (b *book) mark() string {
	return `<w:r><w:pict><v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/><v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/><v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/><v:f eqn="if @0 21600 @1"/><v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/></v:formulas><v:path textpathok="t"/><v:textpath on="t" fitshape="t"/></v:shapetype>` +
		`<v:shape id="Mark" o:spid="_x0000_s2049" type="#_x0000_t136" style="position:absolute;margin-left:0;margin-top:0;width:400pt;height:46pt;rotation:320;z-index:-251658752;mso-position-horizontal:center;mso-position-horizontal-relative:margin;mso-position-vertical:center;mso-position-vertical-relative:margin" o:allowincell="f" fillcolor="#e6e6e6" stroked="f">` +
		`<v:textpath style="font-family:&quot;黑体&quot;;font-size:1pt" string="` + esc(oneLine(b.doc.Mark)) + `"/></v:shape></w:pict></w:r>`
}

// Where the numbers of pages go in the words of Document.Numbering: characters of the private area, which clean text may
// hold, so that they are looked for only in what was made with them.
const pageField, pagesField = "\uF8F0", "\uF8F1"

func (b *book) footer() string {
	d := b.doc
	runs, justify := run(oneLine(d.Footer), ""), ""
	if d.Numbering != nil {
		if d.Footer == "" {
			justify = centre
		} else {
			runs += "<w:r><w:tab/></w:r>"
		}
		text := oneLine(d.Numbering(pageField, pagesField))
		for text != "" {
			at := strings.IndexAny(text, pageField+pagesField)
			if at < 0 {
				runs += run(text, "")
				break
			}
			field := "PAGE"
			if strings.HasPrefix(text[at:], pagesField) {
				field = "NUMPAGES"
			}
			runs += run(text[:at], "") + `<w:fldSimple w:instr=" ` + field + ` "><w:r><w:t>1</w:t></w:r></w:fldSimple>`
			text = text[at+len(pageField):]
		}
	}
	return xmlHead + "<w:ftr" + spaces + ">" + paragraph("Footer", justify, runs) + "</w:ftr>"
}

func (b *book) numbering() string {
	level := func(id int, format, text string) string {
		return fmt.Sprintf(`<w:abstractNum w:abstractNumId="%d"><w:multiLevelType w:val="singleLevel"/><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="%s"/><w:lvlText w:val="%s"/><w:lvlJc w:val="left"/><w:pPr><w:ind w:left="960" w:hanging="480"/></w:pPr></w:lvl></w:abstractNum>`, id, format, text)
	}
	out := xmlHead + "<w:numbering" + spaces + ">" + level(0, "bullet", "•") + level(1, "decimal", "%1.")
	for i, numbered := range b.lists {
		of := 0
		if numbered {
			of = 1
		}
		out += fmt.Sprintf(`<w:num w:numId="%d"><w:abstractNumId w:val="%d"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>`, i+1, of)
	}
	return out + "</w:numbering>"
}

// fontTable names what stands in for the typefaces where they are missing.
const fontTable = xmlHead + `<w:fonts xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">` +
	`<w:font w:name="宋体"><w:altName w:val="SimSun"/><w:panose1 w:val="02010600030101010101"/><w:charset w:val="86"/><w:family w:val="auto"/><w:pitch w:val="variable"/></w:font>` +
	`<w:font w:name="黑体"><w:altName w:val="SimHei"/><w:panose1 w:val="02010609060101010101"/><w:charset w:val="86"/><w:family w:val="modern"/><w:pitch w:val="fixed"/></w:font>` +
	`<w:font w:name="Times New Roman"><w:panose1 w:val="02020603050405020304"/><w:charset w:val="00"/><w:family w:val="roman"/><w:pitch w:val="variable"/></w:font>` +
	`<w:font w:name="Arial"><w:panose1 w:val="020B0604020202020204"/><w:charset w:val="00"/><w:family w:val="swiss"/><w:pitch w:val="variable"/></w:font></w:fonts>`

// Typefaces of text and of headings.
const (
	song = `<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="宋体" w:cs="Times New Roman"/>`
	hei  = `<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:eastAsia="黑体" w:cs="Arial"/>`
)

func (b *book) styles() string {
	out := xmlHead + "<w:styles" + spaces + "><w:docDefaults><w:rPrDefault><w:rPr>" + song +
		`<w:sz w:val="24"/><w:szCs w:val="24"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="0"/></w:pPr></w:pPrDefault></w:docDefaults>` +
		`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/><w:pPr><w:widowControl/><w:spacing w:line="360" w:lineRule="auto"/></w:pPr></w:style>`
	add := func(id, name, properties, look string) {
		out += `<w:style w:type="paragraph" w:styleId="` + id + `"><w:name w:val="` + name + `"/><w:basedOn w:val="Normal"/><w:qFormat/><w:pPr>` + properties + "</w:pPr><w:rPr>" + look + "</w:rPr></w:style>"
	}
	size := func(st style) string {
		half := st.size * 2 / pt
		return fmt.Sprintf(`<w:sz w:val="%d"/><w:szCs w:val="%d"/>`, half, half)
	}
	before := ""
	if b.doc.Cover {
		before = `w:before="2800" `
	}
	add("Title", "Title", `<w:keepNext/><w:spacing `+before+`w:after="120" w:line="360" w:lineRule="auto"/><w:jc w:val="center"/>`, hei+bold+size(titleStyle))
	after := "240"
	if b.doc.Cover {
		after = "2400"
	}
	add("Subtitle", "Subtitle", `<w:spacing w:after="`+after+`"/><w:jc w:val="center"/>`, hei+size(subtitleStyle))
	for i, st := range headingStyles {
		add(fmt.Sprintf("Heading%d", i+1), fmt.Sprintf("heading %d", i+1),
			fmt.Sprintf(`<w:keepNext/><w:keepLines/><w:spacing w:before="%d" w:after="80"/><w:outlineLvl w:val="%d"/>`, 320-80*i, i), hei+bold+size(st))
	}
	add("BodyText", "Body Text", `<w:ind w:firstLineChars="200" w:firstLine="480"/><w:jc w:val="both"/>`, "")
	add("Flush", "Body Text Flush", `<w:jc w:val="both"/>`, "")
	add("ListItem", "List Paragraph", `<w:jc w:val="both"/>`, "")
	add("Cell", "Table Text", `<w:spacing w:before="40" w:after="40" w:line="260" w:lineRule="auto"/>`, size(cellStyle))
	add("Caption", "caption", `<w:keepNext/><w:spacing w:before="120" w:after="60" w:line="300" w:lineRule="auto"/><w:jc w:val="center"/>`, hei+bold+size(captionStyle))
	add("Note", "Note", `<w:spacing w:after="120" w:line="300" w:lineRule="auto"/>`, `<w:color w:val="616161"/>`+size(noteStyle))
	add("Picture", "Picture", `<w:spacing w:before="120" w:line="240" w:lineRule="auto"/><w:jc w:val="center"/>`, "")
	add("PictureCaption", "Picture Caption", `<w:spacing w:after="160" w:line="300" w:lineRule="auto"/><w:jc w:val="center"/>`, `<w:color w:val="616161"/>`+size(noteStyle))
	add("Spacer", "Spacer", `<w:spacing w:line="160" w:lineRule="exact"/>`, `<w:sz w:val="8"/>`)
	add("Signature", "Signature", fmt.Sprintf(`<w:tabs><w:tab w:val="right" w:leader="underscore" w:pos="%d"/></w:tabs><w:spacing w:before="240"/><w:ind w:left="%d"/>`, wordWidth, wordWidth*42/100), "")
	edge := fmt.Sprintf(`<w:tabs><w:tab w:val="right" w:pos="%d"/></w:tabs><w:spacing w:line="240" w:lineRule="auto"/>`, wordWidth)
	add("Header", "header", `<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="1" w:color="999999"/></w:pBdr>`+edge, size(edgeStyle))
	add("Footer", "footer", edge, size(edgeStyle))
	line := func(side string) string {
		return `<w:` + side + ` w:val="single" w:sz="4" w:space="0" w:color="595959"/>`
	}
	out += `<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="80" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>` +
		`<w:style w:type="table" w:styleId="Grid"><w:name w:val="Table Grid"/><w:basedOn w:val="TableNormal"/><w:tblPr><w:tblBorders>` +
		line("top") + line("left") + line("bottom") + line("right") + line("insideH") + line("insideV") + `</w:tblBorders></w:tblPr></w:style>`
	return out + "</w:styles>"
}
