package sheet

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// workbook is the body of an .xlsx file.
type workbook struct {
	*container
	book    *Book
	parts   []string // of the sheets
	strings *sharedStrings
	formats []*Format // by cell style
	surveys map[int]*survey
}

// openWorkbook reads everything but the sheets: their list, the styles, the shared strings.
func openWorkbook(b *Book, c *container) error {
	main := "xl/workbook.xml"
	rels, err := c.relations("")
	if err != nil {
		return err
	}
	for _, r := range rels {
		if r.kind == "officeDocument" {
			main = r.target
		}
	}
	w := &workbook{container: c, book: b, strings: &sharedStrings{}, surveys: map[int]*survey{}}
	if rels, err = c.relations(main); err != nil {
		return err
	}
	targets := map[string]relation{}
	external := false
	for _, r := range rels {
		targets[r.id] = r
		external = external || r.kind == "externalLink"
	}
	date1904, err := w.readSheets(main, targets)
	if err != nil {
		return err
	}
	for _, r := range rels {
		switch r.kind {
		case "styles":
			err = w.readStyles(r.target, date1904)
		case "sharedStrings":
			err = w.readStrings(r.target)
		}
		if err != nil {
			return err
		}
	}
	if len(w.formats) == 0 {
		w.formats = []*Format{nil}
	}
	if len(b.sheets) == 0 {
		return refuseFile(b.name, "sheet.refuse.no_sheets")
	}
	if external {
		b.notes = append(b.notes, i18n.M("sheet.note.external_links"))
	}
	b.tellHidden()
	b.body = w
	return nil
}

// tellHidden lists the hidden sheets.
func (b *Book) tellHidden() {
	for _, s := range b.sheets {
		if s.Hidden {
			b.notes = append(b.notes, i18n.M("sheet.note.hidden_sheet", s.Name))
		}
	}
}

// readSheets lists the worksheets; charts and dialogs are none.
func (w *workbook) readSheets(main string, targets map[string]relation) (date1904 bool, err error) {
	p, err := w.open(main)
	if err != nil {
		return false, err
	}
	defer p.close()
	for {
		t, err := p.next()
		if err != nil {
			return false, w.fail(main, err)
		}
		if t == tokEnd {
			return date1904, nil
		}
		if t != tokOpen {
			continue
		}
		switch string(p.name) {
		case "workbookPr":
			date1904 = p.flagOf("date1904")
		case "sheet":
			id := p.attrOf("id")
			r, ok := targets[id]
			if !ok || r.kind != "worksheet" || r.external {
				continue
			}
			if !w.has(r.target) {
				return false, refuseFile(w.name, "sheet.refuse.part_missing", r.target)
			}
			state := p.attrOf("state")
			w.book.sheets = append(w.book.sheets, SheetInfo{Name: p.attrOf("name"), Hidden: state == "hidden" || state == "veryHidden"})
			w.parts = append(w.parts, r.target)
		}
	}
}

// Workbooks have at most some 65,000 cell styles and a few hundred number formats.
const (
	maxStyles  = 65_536
	maxFormats = 10_000
)

func (w *workbook) readStyles(name string, date1904 bool) error {
	p, err := w.open(name)
	if err != nil {
		return err
	}
	defer p.close()
	codes := map[int]string{}
	known := map[int]*Format{}
	inCellXfs := false
	for {
		t, err := p.next()
		if err != nil {
			return w.fail(name, err)
		}
		tag := string(p.name)
		switch {
		case t == tokEnd:
			return nil
		case t == tokClose && tag == "cellXfs":
			inCellXfs = false
		case t != tokOpen:
		case tag == "cellXfs":
			inCellXfs = !p.self
		case tag == "numFmt":
			id, err := strconv.Atoi(p.attrOf("numFmtId"))
			if err == nil && len(codes) < maxFormats {
				codes[id] = p.attrOf("formatCode")
			}
		case tag == "xf" && inCellXfs:
			if len(w.formats) >= maxStyles {
				return refuseFile(w.name, "sheet.refuse.styles", maxStyles)
			}
			id, _ := strconv.Atoi(p.attrOf("numFmtId"))
			f, ok := known[id]
			if !ok {
				code, custom := codes[id]
				if !custom {
					code = builtinFormats[id]
				}
				f = parseFormat(code, date1904)
				known[id] = f
			}
			w.formats = append(w.formats, f)
		}
	}
}

// sharedStrings is the string table. Text lies in chunks and entries point into them, so that growing never copies
// what is there.
type sharedStrings struct {
	chunks  []string
	entries [][]stringEntry
	n       int
	open    []byte // the chunk being filled
	size    int64
}

type stringEntry struct{ chunk, from, to uint32 }

const (
	maxStrings   = 8_000_000 // entries: 100 MB, beside their text
	stringChunk  = 256 << 10
	entriesChunk = 16 << 10
)

func (s *sharedStrings) add(b []byte) {
	if len(s.open)+len(b) > stringChunk {
		s.seal()
	}
	from := len(s.open)
	s.open = append(s.open, b...)
	if s.n%entriesChunk == 0 {
		s.entries = append(s.entries, make([]stringEntry, 0, entriesChunk))
	}
	last := &s.entries[len(s.entries)-1]
	*last = append(*last, stringEntry{uint32(len(s.chunks)), uint32(from), uint32(len(s.open))})
	s.n++
	s.size += int64(len(b))
}

func (s *sharedStrings) seal() {
	s.chunks = append(s.chunks, string(s.open))
	s.open = s.open[:0]
}

// done ends the table: nothing is added any more.
func (s *sharedStrings) done() {
	s.seal()
	s.open = nil
}

func (s *sharedStrings) at(i int) string {
	e := s.entries[i/entriesChunk][i%entriesChunk]
	return s.chunks[e.chunk][e.from:e.to]
}

func (w *workbook) readStrings(name string) error {
	p, err := w.open(name)
	if err != nil {
		return err
	}
	defer p.close()
	var text []byte
	for {
		t, err := p.next()
		if err != nil {
			return w.fail(name, err)
		}
		if t == tokEnd {
			break
		}
		if t != tokOpen || string(p.name) != "si" {
			continue
		}
		if text, err = readRuns(p.lexer, text[:0], "si"); err != nil {
			return w.fail(name, err)
		}
		if err := w.book.share(w.strings, cellText(text)); err != nil {
			return err
		}
	}
	w.strings.done()
	return nil
}

// share adds a text to the table, within the limits.
func (b *Book) share(s *sharedStrings, text []byte) error {
	most := min(b.lim.Cells, maxStrings)
	switch {
	case s.n >= most:
		return refuseFile(b.name, "sheet.refuse.strings_count", most)
	case s.size+int64(len(text)) > b.lim.Strings:
		return refuseFile(b.name, "sheet.refuse.strings", megabytes(b.lim.Strings))
	case tooLong(text, b.lim.Text):
		return refuseFile(b.name, "sheet.refuse.text", b.lim.Text, preview(text))
	}
	s.add(text)
	return nil
}

// readRuns appends the text of the string element just opened (si, is): its own t and that of its rich-text runs, not
// the phonetic guides (rPh) beside them.
func readRuns(l *lexer, text []byte, element string) ([]byte, error) {
	if l.self {
		return text, nil
	}
	inText := false
	for {
		t, err := l.next()
		if err != nil {
			return text, err
		}
		switch t {
		case tokEnd:
			return text, errSyntax
		case tokOpen:
			if string(l.name) == "rPh" {
				if err := l.skip(); err != nil {
					return text, err
				}
				continue
			}
			inText = string(l.name) == "t" && !l.self
		case tokClose:
			inText = false
			if string(l.name) == element {
				return text, nil
			}
		case tokText, tokCDATA:
			if !inText {
				continue
			}
			if t == tokCDATA {
				text = append(text, l.text...)
			} else if text, err = unescape(text, l.text); err != nil {
				return text, err
			}
			if len(text) > maxToken {
				return text, errLongToken
			}
		}
	}
}

func tooLong(b []byte, limit int) bool { return len(b) > limit && utf8.RuneCount(b) > limit }

// preview is the beginning of a text, for a message.
func preview(b []byte) string {
	s := strings.Join(strings.Fields(string(b[:min(len(b), 120)])), " ")
	s = strings.ToValidUTF8(s, "")
	if r := []rune(s); len(r) > 24 {
		return string(r[:24]) + "…"
	}
	return s
}

func (w *workbook) close() error { return w.file.Close() }

func (w *workbook) hiddenColumns(ctx context.Context, sheet int) ([]bool, error) {
	s, err := w.survey(ctx, sheet)
	if err != nil {
		return nil, err
	}
	return s.hidden, nil
}
