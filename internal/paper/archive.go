package paper

import (
	"encoding/binary"
	"slices"
	"strings"
	"time"
	"unicode"
)

// What a PDF says of itself, so that archives and programs that read aloud may rely on it: PDF/A-2 (ISO 19005-2) always,
// and PDF/UA-1 (ISO 14289-1) where the document itself allows it.

// tellable is how many characters of a title or a description stand in a property; a reader need not take more.
const tellable = 1000

// property is s as a property of the file or an entry of its outline.
func property(s string) string {
	rs := []rune(oneLine(s))
	return string(rs[:min(len(rs), tellable)])
}

// level is that of PDF/A-2: "A", or "U" where characters are drawn whose meaning only their makers know.
func (s *setter) level() string {
	private := func(r rune) bool { return unicode.Is(unicode.Co, r) }
	if slices.ContainsFunc(s.regular.drawn, private) || slices.ContainsFunc(s.bold.drawn, private) {
		return "U"
	}
	return "A"
}

// readable says that the document is complete for who cannot see it: it has a title, no level of headings is left out, and
// every picture is described.
func (d *Document) readable() bool {
	level := 0
	for _, b := range d.Blocks {
		switch b := b.(type) {
		case Heading:
			if b.Level > level+1 {
				return false
			}
			level = b.Level
		case Picture:
			if strings.TrimSpace(b.alt()) == "" {
				return false
			}
		}
	}
	return strings.TrimSpace(oneLine(d.Title)) != ""
}

// metadata is the properties of the file as XMP (ISO 16684-1), with the standards that it keeps.
func (s *setter) metadata(d *Document) string {
	out := "<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""` +
		` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">` +
		"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>" + s.level() + "</pdfaid:conformance><pdf:Producer>" + producer + "</pdf:Producer>"
	if d.Title != "" {
		out += `<dc:title><rdf:Alt><rdf:li xml:lang="x-default">` + esc(property(d.Title)) + "</rdf:li></rdf:Alt></dc:title>"
	}
	if d.Subtitle != "" {
		out += `<dc:description><rdf:Alt><rdf:li xml:lang="x-default">` + esc(property(d.Subtitle)) + "</rdf:li></rdf:Alt></dc:description>"
	}
	if d.Author != "" {
		out += "<dc:creator><rdf:Seq><rdf:li>" + esc(property(d.Author)) + "</rdf:li></rdf:Seq></dc:creator>"
	}
	if !d.Created.IsZero() {
		out += "<xmp:CreateDate>" + d.Created.UTC().Format(time.RFC3339) + "</xmp:CreateDate>"
	}
	out += "</rdf:Description>"
	if d.readable() {
		out += universal
	}
	return out + "</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>"
}

// producer is the program that the file names.
const producer = "Yanzhen"

// universal says PDF/UA-1, in words that PDF/A has to be told first.
const universal = `<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part></rdf:Description>` +
	`<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">` +
	`<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA</pdfaSchema:schema><pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>` +
	`<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category><pdfaProperty:description>Part of ISO 14289 that the file keeps</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>`

// sRGB is the profile of colours that pictures are in and that the text's black is meant in (IEC 61966-2-1), as ICC.1:2004:
// a matrix and a curve.
func sRGB() []byte {
	fixed := func(kind string, vs ...uint32) []byte { // numbers of 16 bits before the point and 16 after
		b := append([]byte(kind), 0, 0, 0, 0)
		for _, v := range vs {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		return b
	}
	said := func(text string) []byte { // in one language
		b := fixed("mluc", 1, 12, 'e'<<24|'n'<<16|'U'<<8|'S', uint32(2*len(text)), 28)
		for _, c := range []byte(text) {
			b = append(b, 0, c)
		}
		return b
	}
	curve := fixed("para", 3<<16, 0x00026666, 0x0000F2A7, 0x00000D59, 0x000013D0, 0x00000A5B) // ((x + 0.055) / 1.055)^2.4, below 0.04045 x / 12.92
	tags := []table{
		{"desc", said("sRGB")},
		{"cprt", said("Public domain")},
		{"wtpt", fixed("XYZ ", 0x0000F6D6, 0x00010000, 0x0000D32D)},
		{"chad", fixed("sf32", 0x00010C42, 0x000005DE, 0xFFFFF325, 0x00000793, 0x0000FD90, 0xFFFFFBA1, 0xFFFFFDA2, 0x000003DC, 0x0000C06E)},
		{"rXYZ", fixed("XYZ ", 0x00006FA2, 0x000038F5, 0x00000390)},
		{"gXYZ", fixed("XYZ ", 0x00006299, 0x0000B785, 0x000018DA)},
		{"bXYZ", fixed("XYZ ", 0x000024A0, 0x00000F84, 0x0000B6CF)},
		{"rTRC", curve},
		{"gTRC", curve},
		{"bTRC", curve},
	}
	head := make([]byte, 128, 1024)
	copy(head[8:], "\x04\x20\x00\x00mntrRGB XYZ \x07\xCE\x00\x02\x00\x09\x00\x06\x00\x31\x00\x00acsp")
	copy(head[68:], "\x00\x00\xF6\xD6\x00\x01\x00\x00\x00\x00\xD3\x2D") // the light that it is meant in, D50
	list := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var data []byte
	at := 128 + 4 + 12*len(tags)
	for _, t := range tags {
		list = append(list, t.tag...)
		list = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(list, uint32(at+len(data))), uint32(len(t.data)))
		data = append(data, t.data...)
		for len(data)%4 != 0 {
			data = append(data, 0)
		}
	}
	profile := append(append(head, list...), data...)
	binary.BigEndian.PutUint32(profile, uint32(len(profile)))
	return profile
}
