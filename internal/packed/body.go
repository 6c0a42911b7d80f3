package packed

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// Out is a body under way. Its zero value is empty.
type Out struct{ buf []byte }

// Bytes is what was written. It is valid until the next Reset.
func (o *Out) Bytes() []byte { return o.buf }

// Reset begins a new body in the same memory.
func (o *Out) Reset() { o.buf = o.buf[:0] }

// Uint writes a number that is not negative, small ones in few bytes.
func (o *Out) Uint(v uint64) { o.buf = binary.AppendUvarint(o.buf, v) }

// Int writes a number, those near zero in few bytes.
func (o *Out) Int(v int64) { o.buf = binary.AppendVarint(o.buf, v) }

// Bool writes a flag.
func (o *Out) Bool(b bool) {
	if b {
		o.buf = append(o.buf, 1)
		return
	}
	o.buf = append(o.buf, 0)
}

// Text writes a text with its length.
func (o *Out) Text(s string) {
	o.Uint(uint64(len(s)))
	o.buf = append(o.buf, s...)
}

// Ints writes packed numbers; how many there are is not written.
func (o *Out) Ints(p Ints) {
	o.Int(p.base)
	o.buf = append(o.buf, p.width)
	o.buf = append(o.buf, p.data...)
}

// errBody is what In says of every body that nobody wrote.
var errBody = errors.New("the body is damaged")

// In reads a body in the order in which it was written. After the first fault every read gives zero and Err tells; what
// was read until then must not be used.
type In struct {
	rest []byte
	text string // of which rest is the end, once a text was asked for
	err  error
}

// Read begins to read a body, which must not change any more: what is read may be part of it.
func Read(body []byte) *In { return &In{rest: body} }

// Fail makes the reading fail: the reader has found what cannot be.
func (in *In) Fail() {
	in.err, in.rest = errBody, nil
}

// Err is an error when the body was not read without a fault and to its end.
func (in *In) Err() error {
	if in.err == nil && len(in.rest) > 0 {
		return errBody
	}
	return in.err
}

// Uint reads a number that is not negative.
func (in *In) Uint() uint64 {
	v, n := binary.Uvarint(in.rest)
	if n <= 0 {
		in.Fail()
		return 0
	}
	in.rest = in.rest[n:]
	return v
}

// Int reads a number.
func (in *In) Int() int64 {
	v, n := binary.Varint(in.rest)
	if n <= 0 {
		in.Fail()
		return 0
	}
	in.rest = in.rest[n:]
	return v
}

// Index reads a number below a bound, such as a place in a list.
func (in *In) Index(bound int) int {
	v := in.Uint()
	if v >= uint64(bound) {
		in.Fail()
		return 0
	}
	return int(v)
}

// Count reads how many parts follow, each of which takes a byte at least: more than there are bytes left there cannot
// be, so that a damaged count asks for no memory.
func (in *In) Count() int {
	v := in.Uint()
	if v > uint64(len(in.rest)) {
		in.Fail()
		return 0
	}
	return int(v)
}

// Bool reads a flag.
func (in *In) Bool() bool {
	b := in.take(1)
	if len(b) == 0 {
		return false
	}
	if b[0] > 1 {
		in.Fail()
		return false
	}
	return b[0] == 1
}

// Text reads a text. All texts of a body are parts of one string: a copy of each would cost more than the reading.
func (in *In) Text() string {
	n := in.Count()
	if n == 0 {
		return ""
	}
	if in.text == "" {
		in.text = string(in.rest)
	}
	from := len(in.text) - len(in.rest)
	in.rest = in.rest[n:]
	return in.text[from : from+n]
}

// Word reads a text that nothing else is to be kept for: the only one of a body that is not of texts.
func (in *In) Word() string { return string(in.take(in.Count())) }

// Ints reads n packed numbers. They are not copied: they stay in the body.
func (in *In) Ints(n int) Ints {
	base, head := in.Int(), in.take(1)
	if len(head) == 0 {
		return Ints{}
	}
	width := head[0]
	if !slices.Contains([]uint8{0, 1, 2, 4, 8}, width) || n < 0 || n > math.MaxInt/8 {
		in.Fail()
		return Ints{}
	}
	p := Ints{base: base, width: width, data: in.take(n * int(width))}
	if in.err != nil {
		return Ints{}
	}
	return p
}

func (in *In) take(n int) []byte {
	if n > len(in.rest) {
		in.Fail()
		return nil
	}
	b := in.rest[:n:n]
	in.rest = in.rest[n:]
	return b
}
