package parquet

import "encoding/binary"

// thrift is a struct in Thrift's compact protocol, its fields written in the order of their numbers.
type thrift struct {
	buf  []byte
	last int
}

// Types of fields and elements.
const (
	i32        = 5
	i64        = 6
	binaryType = 8
	listType   = 9
	structType = 12
)

func (t *thrift) field(number, kind int) {
	t.buf = append(t.buf, byte((number-t.last)<<4|kind)) // no field of ours is 16 or more after the one before it
	t.last = number
}

func (t *thrift) number(field, kind int, v int64) {
	t.field(field, kind)
	t.buf = binary.AppendVarint(t.buf, v)
}

func (t *thrift) text(field int, s string) {
	t.field(field, binaryType)
	t.string(s)
}

func (t *thrift) string(s string) {
	t.buf = binary.AppendUvarint(t.buf, uint64(len(s)))
	t.buf = append(t.buf, s...)
}

func (t *thrift) inside(field int, body []byte) {
	t.field(field, structType)
	t.buf = append(t.buf, body...)
}

func (t *thrift) list(field, kind, size int) {
	t.field(field, listType)
	if size < 15 {
		t.buf = append(t.buf, byte(size<<4|kind))
		return
	}
	t.buf = binary.AppendUvarint(append(t.buf, byte(0xf0|kind)), uint64(size))
}

func (t *thrift) structs(field int, bodies [][]byte) {
	t.list(field, structType, len(bodies))
	for _, b := range bodies {
		t.buf = append(t.buf, b...)
	}
}

func (t *thrift) numbers(field int, all []int64) {
	t.list(field, i32, len(all))
	for _, v := range all {
		t.buf = binary.AppendVarint(t.buf, v)
	}
}

func (t *thrift) texts(field int, all []string) {
	t.list(field, binaryType, len(all))
	for _, s := range all {
		t.string(s)
	}
}

// end closes the struct and gives its bytes.
func (t *thrift) end() []byte { return append(t.buf, 0) }
