package sheet

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// errBIFF is a record stream that breaks off or whose records do not hold what they must.
var errBIFF = errors.New("damaged record")

// The records of a BIFF8 stream ([MS-XLS]) that a reader of values needs.
const (
	recFormula     = 0x0006
	recEOF         = 0x000A
	recDateMode    = 0x0022
	recFilePass    = 0x002F
	recContinue    = 0x003C
	recColInfo     = 0x007D
	recBoundSheet  = 0x0085
	recMulRK       = 0x00BD
	recRString     = 0x00D6
	recXF          = 0x00E0
	recMergedCells = 0x00E5
	recSST         = 0x00FC
	recLabelSST    = 0x00FD
	recSupBook     = 0x01AE
	recNumber      = 0x0203
	recLabel       = 0x0204
	recBoolErr     = 0x0205
	recString      = 0x0207
	recRow         = 0x0208
	recRK          = 0x027E
	recFormat      = 0x041E
	recBOF         = 0x0809
)

const (
	biff8      = 0x0600
	recordHead = 4
)

// records walks a stream record by record.
type records struct {
	in   *bufio.Reader
	pos  int64 // of the next record
	op   uint16
	body []byte // of the record under way; used again for the next
	buf  []byte
}

func newRecords(src io.ReaderAt, from, size int64) *records {
	return &records{in: bufio.NewReaderSize(io.NewSectionReader(src, from, size-from), 64<<10), pos: from, buf: make([]byte, 1<<16)}
}

// next reads the next record; io.EOF where the stream ends.
func (r *records) next() error {
	var head [recordHead]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return io.EOF // bytes that fill the last sector
		}
		return err
	}
	r.op = binary.LittleEndian.Uint16(head[:])
	r.body = r.buf[:binary.LittleEndian.Uint16(head[2:])]
	if _, err := io.ReadFull(r.in, r.body); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errBIFF
		}
		return err
	}
	r.pos += recordHead + int64(len(r.body))
	return nil
}

// continued says that the record under way goes on in the next.
func (r *records) continued() bool {
	b, err := r.in.Peek(2)
	return err == nil && binary.LittleEndian.Uint16(b) == recContinue
}

func (r *records) u16(at int) int { return int(binary.LittleEndian.Uint16(r.body[at:])) }

// fields reads the fields of a record one after another, through the records in which it goes on. What the record has
// not is an error that stays.
type fields struct {
	r   *records
	b   []byte // not yet read, of the record under way
	err error
}

func (r *records) fields(from int) *fields {
	if from > len(r.body) {
		return &fields{r: r, err: errBIFF}
	}
	return &fields{r: r, b: r.body[from:]}
}

// more goes on to the next record of the same.
func (f *fields) more() {
	if f.err != nil {
		return
	}
	if !f.r.continued() {
		f.err = errBIFF
		return
	}
	if f.err = f.r.next(); f.err == nil {
		f.b = f.r.body
	}
}

// end says that nothing follows.
func (f *fields) end() bool { return f.err != nil || len(f.b) == 0 && !f.r.continued() }

func (f *fields) byte() byte {
	for len(f.b) == 0 && f.err == nil {
		f.more()
	}
	if f.err != nil {
		return 0
	}
	b := f.b[0]
	f.b = f.b[1:]
	return b
}

func (f *fields) u16() int { return int(f.byte()) | int(f.byte())<<8 }

func (f *fields) u32() int { return f.u16() | f.u16()<<16 }

func (f *fields) skip(n int) {
	for f.err == nil && n > len(f.b) {
		n -= len(f.b)
		f.more()
	}
	if f.err == nil {
		f.b = f.b[n:]
	}
}

// text appends a string whose length stands in one or two bytes, with its flags behind them.
func (f *fields) text(dst []byte, wideLength bool) []byte {
	n := int(f.byte())
	if wideLength {
		n |= int(f.byte()) << 8
	}
	flags := f.byte()
	runs, extra := 0, 0
	if flags&8 != 0 {
		runs = f.u16()
	}
	if flags&4 != 0 {
		extra = f.u32()
	}
	dst = f.chars(dst, n, flags&1 != 0)
	f.skip(4 * runs)
	f.skip(extra) // phonetic guides
	return dst
}

// chars appends n characters of one or two bytes as UTF-8. Where a text goes on in a further record, a byte says anew
// how wide its characters are.
func (f *fields) chars(dst []byte, n int, wide bool) []byte {
	high := rune(0) // the first half of a character beyond U+FFFF
	for n > 0 && f.err == nil {
		if len(f.b) == 0 {
			f.more()
			wide = f.byte()&1 != 0
			continue
		}
		n--
		if !wide {
			dst = utf8.AppendRune(dst, rune(f.byte())) // the lower halves of UTF-16
			continue
		}
		u := rune(f.u16())
		switch {
		case high != 0:
			dst = utf8.AppendRune(dst, utf16.DecodeRune(high, u))
			high = 0
		case u >= 0xD800 && u < 0xDC00:
			high = u
		default:
			dst = utf8.AppendRune(dst, u)
		}
	}
	return dst
}
