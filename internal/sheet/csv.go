package sheet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// delimited is the body of a text file.
type delimited struct {
	book   *Book
	file   *os.File
	size   int64
	decode encoding.Encoding // nil for UTF-8
	comma  byte
	skip   int // bytes before the first record: a byte order mark
}

// openText finds out the encoding and the delimiter. The whole file is looked at: a Chinese name may stand on the last
// line only.
func openText(b *Book, f *os.File) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	d := &delimited{book: b, file: f, size: st.Size()}
	head := make([]byte, 4)
	n, _ := f.ReadAt(head, 0)
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		d.skip = 3
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")):
		d.decode = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
		b.notes = append(b.notes, i18n.M("sheet.note.encoding", "UTF-16"))
	}
	if d.decode == nil {
		bad, zero, err := d.checkText()
		switch {
		case err != nil:
			return err
		case zero:
			return refuseFile(b.name, "sheet.refuse.binary")
		case bad && d.skip > 0:
			return refuseFile(b.name, "sheet.refuse.utf8")
		case bad:
			d.decode = simplifiedchinese.GB18030
			b.notes = append(b.notes, i18n.M("sheet.note.encoding", "GB18030"))
		}
	}
	sample, err := d.sample()
	if err != nil {
		return err
	}
	if strings.TrimSpace(sample) == "" {
		return refuseFile(b.name, "sheet.refuse.blank")
	}
	d.comma = findDelimiter(sample)
	b.sheets = []SheetInfo{{}}
	b.body = d
	return nil
}

// checkText reports bytes that are no UTF-8 and zero bytes, which no text has.
func (d *delimited) checkText() (bad, zero bool, err error) {
	r := io.NewSectionReader(d.file, 0, d.size)
	buf := make([]byte, 64<<10)
	keep := 0
	for {
		n, err := r.Read(buf[keep:])
		chunk := buf[:keep+n]
		zero = zero || bytes.IndexByte(chunk, 0) >= 0
		if err == nil { // a character may go on in the next chunk
			cut := len(chunk)
			for cut > 0 && cut > len(chunk)-utf8.UTFMax && !utf8.RuneStart(chunk[cut-1]) {
				cut--
			}
			if cut > 0 && chunk[cut-1] >= utf8.RuneSelf && !utf8.FullRune(chunk[cut-1:]) {
				chunk = chunk[:cut-1]
			}
		}
		bad = bad || !utf8.Valid(chunk)
		keep = copy(buf, buf[len(chunk):keep+n])
		switch {
		case errors.Is(err, io.EOF):
			return bad, zero, nil
		case err != nil:
			return false, false, err
		}
	}
}

// text is the file from its first record, decoded.
func (d *delimited) text(ctx context.Context) *bufio.Reader {
	r := io.Reader(io.NewSectionReader(d.file, int64(d.skip), d.size-int64(d.skip)))
	in := &counted{src: r, stop: ctx.Err}
	d.book.done, d.book.total = 0, d.size
	r = progressReader{in, d.book}
	if d.decode != nil {
		r = d.decode.NewDecoder().Reader(r)
	}
	return bufio.NewReaderSize(r, 64<<10)
}

type progressReader struct {
	in   *counted
	book *Book
}

func (p progressReader) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	p.book.done = p.in.n
	return n, err
}

func (d *delimited) sample() (string, error) {
	b := make([]byte, 64<<10)
	n, err := io.ReadFull(d.text(context.Background()), b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	return string(b[:n]), nil
}

// findDelimiter is the separator that cuts most lines of the sample into the same number of fields; a comma when none
// does. A first line "sep=;" settles it.
func findDelimiter(sample string) byte {
	if rest, ok := strings.CutPrefix(sample, "sep="); ok && rest != "" && strings.ContainsRune("\r\n", rune((rest + "\n\n")[1])) {
		return rest[0]
	}
	best, bestScore := byte(','), 0
	for _, c := range []byte(",\t;|") {
		counts := map[int]int{}
		quoted := false
		n, lines := 0, 0
		for i := 0; i < len(sample) && lines < 200; i++ {
			switch ch := sample[i]; {
			case ch == '"':
				quoted = !quoted
			case ch == c && !quoted:
				n++
			case ch == '\n' && !quoted || i == len(sample)-1:
				if n > 0 {
					counts[n]++
				}
				n, lines = 0, lines+1
			}
		}
		for fields, seen := range counts {
			if score := seen*100 + fields; score > bestScore {
				best, bestScore = c, score
			}
		}
	}
	return best
}

func (d *delimited) hiddenColumns(context.Context, int) ([]bool, error) { return nil, nil }

func (d *delimited) close() error { return d.file.Close() }

func (d *delimited) rows(ctx context.Context, _ int, fn func(*Row) error) error {
	r := recordReader{src: d.text(ctx), comma: d.comma, lim: d.book.lim, line: 1}
	g := gatherer{book: d.book, fn: fn}
	for num := 1; ; num++ {
		err := r.read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var broken recordError
		if errors.As(err, &broken) {
			return d.book.refuse(0, num, -1, broken.key, broken.args...)
		}
		if err != nil {
			return err
		}
		if num == 1 && bytes.HasPrefix(r.buf, []byte("sep=")) && len(r.buf) <= len("sep=;") {
			continue
		}
		if err := d.row(&g, num, &r); err != nil {
			return err
		}
	}
}

// row hands on the record just read.
func (d *delimited) row(g *gatherer, num int, r *recordReader) error {
	if err := g.begin(num, false); err != nil {
		return err
	}
	from := 0
	for col, to := range r.ends {
		field := r.buf[from:to]
		from = to
		if len(bytes.TrimSpace(field)) == 0 {
			continue
		}
		if d.decode != nil && bytes.ContainsRune(field, utf8.RuneError) {
			return d.book.refuse(0, num, col, "sheet.refuse.decode")
		}
		if err := g.add(Cell{Col: col, Type: Text}, field); err != nil {
			return err
		}
	}
	return g.end()
}

// recordReader cuts text into records. A quote opens a quoted field at the field's beginning only, so that an inch mark
// inside is just a character; text after a closing quote is kept. encoding/csv refuses a whole file for either, or, lax,
// swallows the rest of the file in one field without end.
type recordReader struct {
	src   *bufio.Reader
	comma byte
	lim   Limits
	line  int    // of the next byte
	buf   []byte // the record's fields, one after another
	ends  []int  // of the fields in buf

	quoted bool // within quotes
	opened int  // the line on which they opened
	start  bool // at the beginning of a field
}

type recordError struct {
	key  string
	args []any
}

func (e recordError) Error() string { return e.key }

// maxRecord bounds one record, whatever its fields.
const maxRecord = 4 << 20

// read reads one record into buf and ends; io.EOF when there is none.
func (r *recordReader) read() error {
	r.buf, r.ends, r.quoted, r.start = r.buf[:0], r.ends[:0], false, true
	for begun := false; ; begun = true {
		c, err := r.src.ReadByte()
		if errors.Is(err, io.EOF) {
			if r.quoted {
				return recordError{"sheet.refuse.open_quote", []any{r.opened}}
			}
			if !begun {
				return io.EOF
			}
			r.ends = append(r.ends, len(r.buf))
			return nil
		}
		if err != nil {
			return err
		}
		if c == '\r' {
			if next, err := r.src.Peek(1); err == nil && next[0] == '\n' {
				continue // the line feed decides
			}
			c = '\n'
		}
		if ended := r.take(c); ended {
			return nil
		}
		if err := r.check(); err != nil {
			return err
		}
	}
}

// take takes up one byte; ended says that it ends the record.
func (r *recordReader) take(c byte) (ended bool) {
	if c == '\n' {
		r.line++
	}
	switch {
	case r.quoted && c == '"':
		if next, err := r.src.Peek(1); err == nil && next[0] == '"' {
			_, _ = r.src.ReadByte()
			r.buf = append(r.buf, '"')
			return false
		}
		r.quoted = false
	case r.quoted:
		r.buf = append(r.buf, c)
	case r.start && c == '"':
		r.quoted, r.opened, r.start = true, r.line, false
	case c == '\n':
		r.ends = append(r.ends, len(r.buf))
		return true
	case c == r.comma:
		r.ends = append(r.ends, len(r.buf))
		r.start = true
	default:
		r.buf = append(r.buf, c)
		r.start = false
	}
	return false
}

// check holds the limits while a record grows.
func (r *recordReader) check() error {
	field := len(r.buf)
	if n := len(r.ends); n > 0 {
		field -= r.ends[n-1]
	}
	switch {
	case r.quoted && field > 4*r.lim.Text:
		return recordError{"sheet.refuse.open_quote", []any{r.opened}}
	case len(r.buf) > maxRecord:
		return recordError{"sheet.refuse.record", []any{megabytes(maxRecord)}}
	case len(r.ends) > sheetColumns, len(r.ends) >= r.lim.Columns && field > 0:
		return recordError{"sheet.refuse.columns", []any{r.lim.Columns}}
	}
	return nil
}
