package sheet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
)

// delimited is the body of a file of lines with delimiters between their fields.
type delimited struct {
	*textFile
	comma byte
}

// openDelimited finds out the delimiter.
func openDelimited(b *Book, d *textFile) error {
	sample, err := d.sample()
	if err != nil {
		return err
	}
	if strings.TrimSpace(sample) == "" {
		return refuseFile(b.name, "sheet.refuse.blank")
	}
	b.sheets = []SheetInfo{{}}
	b.body = &delimited{d, findDelimiter(sample)}
	return nil
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
		if d.undecoded(field) {
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
