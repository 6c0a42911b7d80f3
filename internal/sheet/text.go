package sheet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// textFile is a file of text in one of the encodings that occur.
type textFile struct {
	book   *Book
	file   *os.File
	size   int64
	decode encoding.Encoding // nil for UTF-8
	skip   int               // bytes before the text: a byte order mark
}

// openTextFile finds out the encoding. The whole file is looked at: a Chinese name may stand on the last line only.
func openTextFile(b *Book, f *os.File) (*textFile, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	d := &textFile{book: b, file: f, size: st.Size()}
	head := make([]byte, 4)
	n, _ := f.ReadAt(head, 0)
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		d.skip = 3
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")):
		d.decode = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
		b.notes = append(b.notes, i18n.M("sheet.note.encoding", "UTF-16"))
		return d, nil
	}
	bad, zero, err := d.checkText()
	switch {
	case err != nil:
		return nil, err
	case zero:
		return nil, refuseFile(b.name, "sheet.refuse.binary")
	case bad && d.skip > 0:
		return nil, refuseFile(b.name, "sheet.refuse.utf8")
	case bad:
		d.decode = simplifiedchinese.GB18030
		b.notes = append(b.notes, i18n.M("sheet.note.encoding", "GB18030"))
	}
	return d, nil
}

// checkText reports bytes that are no UTF-8 and zero bytes, which no text has.
func (d *textFile) checkText() (bad, zero bool, err error) {
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

// text is the file from its beginning, decoded.
func (d *textFile) text(ctx context.Context) *bufio.Reader {
	r := io.Reader(io.NewSectionReader(d.file, int64(d.skip), d.size-int64(d.skip)))
	in := &counted{src: r, stop: ctx.Err}
	d.book.walks(0, d.size)
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
	p.book.done.Store(p.in.n)
	return n, err
}

func (d *textFile) sample() (string, error) {
	b := make([]byte, 64<<10)
	n, err := io.ReadFull(d.text(context.Background()), b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	return string(b[:n]), nil
}

// undecoded says that a text has characters that its encoding could not make out.
func (d *textFile) undecoded(text []byte) bool {
	return d.decode != nil && bytes.ContainsRune(text, utf8.RuneError)
}

func (d *textFile) close() error { return d.file.Close() }
