package sheet

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Open looks at a file's bytes and opens it when it is a workbook (.xlsx, .xls, .et) or delimited text. name is the file's name as
// the sender knows it, for messages; "" means the path's. Anything else is refused with an errs.KindInvalid error that
// says what the file is and what to do.
func Open(path, name string, lim Limits) (*Book, error) {
	if name == "" {
		name = filepath.Base(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b := &Book{name: name, lim: lim.orDefault()}
	if err := b.open(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return b, nil
}

func (b *Book) open(f *os.File) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	switch {
	case st.IsDir():
		return refuseFile(b.name, "sheet.refuse.directory")
	case st.Size() == 0:
		return refuseFile(b.name, "sheet.refuse.empty")
	case st.Size() > b.lim.File:
		return refuseFile(b.name, "sheet.refuse.size", megabytes(st.Size()), megabytes(b.lim.File))
	}
	head := make([]byte, 4096)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		c, err := openContainer(f, b.name, st.Size(), b.lim)
		if err != nil {
			return err
		}
		if err := b.checkContainer(c); err != nil {
			return err
		}
		return openWorkbook(b, c)
	case bytes.HasPrefix(head, []byte(oleMagic)):
		return b.openCompoundFile(f, st.Size())
	case bytes.HasPrefix(head, []byte("\x09\x08")): // records without a container
		return openOldBook(b, f, f, st.Size())
	}
	if key := foreignKind(head); key != "" {
		return refuseFile(b.name, key)
	}
	text, err := openTextFile(b, f)
	if err != nil {
		return err
	}
	switch textKind(head) {
	case htmlText:
		return openPage(b, text)
	case xmlText:
		return openXML2003(b, text)
	}
	return openDelimited(b, text)
}

// checkContainer tells a workbook from whatever else is packed as a zip.
func (b *Book) checkContainer(c *container) error {
	types, err := c.contentTypes()
	if err != nil {
		return err
	}
	has := func(s string) bool { return strings.Contains(types, s) }
	switch {
	case types == "" && c.has("mimetype"), c.has("content.xml") && c.has("meta-inf/manifest.xml"):
		return refuseFile(b.name, "sheet.refuse.ods")
	case c.has("ofd.xml"):
		return refuseFile(b.name, "sheet.refuse.ofd")
	case c.holdsFiles():
		return refuseFile(b.name, "sheet.refuse.zip", len(c.order))
	case has("macroenabled") || c.has("xl/vbaproject.bin"):
		return refuseFile(b.name, "sheet.refuse.macros")
	case has("sheet.binary"):
		return refuseFile(b.name, "sheet.refuse.xlsb")
	case has("wordprocessingml"):
		return refuseFile(b.name, "sheet.refuse.docx")
	case has("presentationml"):
		return refuseFile(b.name, "sheet.refuse.pptx")
	case !has("spreadsheetml.sheet.main") && !has("spreadsheetml.template.main"):
		return refuseFile(b.name, "sheet.refuse.zip", len(c.order))
	}
	return nil
}

// contentTypes is the types that the container declares, lower case, one a line; "" when it declares none.
func (c *container) contentTypes() (string, error) {
	const name = "[Content_Types].xml"
	if !c.has(name) {
		return "", nil
	}
	p, err := c.open(name)
	if err != nil {
		return "", err
	}
	defer p.close()
	var all strings.Builder
	for {
		t, err := p.next()
		if err != nil {
			return "", c.fail(name, err)
		}
		if t == tokEnd {
			return all.String() + "\n", nil
		}
		// A Default names a type by extension, whether or not such a part exists; macros show by their own part.
		if t == tokOpen && (string(p.name) == "Override" || string(p.name) == "Default" && p.attrOf("Extension") == "xml") && all.Len() < 1<<20 {
			all.WriteString(strings.ToLower(p.attrOf("ContentType")) + "\n")
		}
	}
}

// foreignKinds are files known by how they begin.
var foreignKinds = []struct{ magic, key string }{
	{"%PDF-", "sheet.refuse.pdf"},
	{"\x89PNG", "sheet.refuse.image"},
	{"\xFF\xD8\xFF", "sheet.refuse.image"},
	{"GIF8", "sheet.refuse.image"},
	{"BM", "sheet.refuse.image"},
	{"II*\x00", "sheet.refuse.image"},
	{"MM\x00*", "sheet.refuse.image"},
	{"Rar!", "sheet.refuse.archive"},
	{"7z\xBC\xAF\x27\x1C", "sheet.refuse.archive"},
	{"\x1F\x8B", "sheet.refuse.archive"},
	{"PK\x05\x06", "sheet.refuse.empty_zip"},
	{"PK\x07\x08", "sheet.refuse.archive"},
	{"{\\rtf", "sheet.refuse.rtf"},
	{"\x09\x00\x04\x00", "sheet.refuse.xls5"}, // Excel 2 to 4
	{"\x09\x02\x06\x00", "sheet.refuse.xls5"},
	{"\x09\x04\x06\x00", "sheet.refuse.xls5"},
}

// foreignKind is the message for a file that is certainly neither workbook nor table, "" when it may be text.
func foreignKind(head []byte) string {
	for _, k := range foreignKinds {
		if bytes.HasPrefix(head, []byte(k.magic)) && (k.magic != "BM" || bytes.IndexByte(head, 0) >= 0) {
			return k.key
		}
	}
	if len(head) > 12 && (string(head[4:8]) == "ftyp" || string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP") {
		return "sheet.refuse.image"
	}
	text := beginning(head)
	switch {
	case textKind(head) != plainText:
		return ""
	case strings.HasPrefix(text, "<?xml"), strings.HasPrefix(text, "<!doctype"):
		return "sheet.refuse.xml_file"
	case strings.HasPrefix(text, "mime-version:"):
		return "sheet.refuse.html"
	case strings.HasPrefix(text, "{") && strings.Contains(text, `":`), strings.HasPrefix(text, "[{"):
		return "sheet.refuse.json"
	}
	return ""
}

// The kinds of text that hold tables.
const (
	plainText = iota
	htmlText
	xmlText
)

// textKind tells pages and XML, which old systems call .xls, from lines with delimiters.
func textKind(head []byte) int {
	text := beginning(head)
	isXML := strings.HasPrefix(text, "<?xml")
	switch {
	case strings.HasPrefix(text, "<?mso-application"), strings.HasPrefix(text, "<") && strings.Contains(text, "urn:schemas-microsoft-com:office:spreadsheet"):
		return xmlText
	case isXML && strings.Contains(text, "<html"), strings.HasPrefix(text, "<!--") && strings.Contains(text, "<table"):
		return htmlText
	}
	for _, tag := range []string{"<!doctype html", "<html", "<table", "<meta", "<head", "<body", "<style", "<div"} {
		if strings.HasPrefix(text, tag) {
			return htmlText
		}
	}
	return plainText
}

// beginning is the first text of a file in lower case, whichever encoding it is in.
func beginning(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")):
		head = bytes.ReplaceAll(head[2:], []byte{0}, nil)
	default:
		head = bytes.TrimPrefix(head, []byte("\uFEFF"))
	}
	return strings.ToLower(string(bytes.TrimLeft(head, " \t\r\n")))
}
