package parquet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
)

// Type is what the values of a column are.
type Type uint8

// The types.
const (
	Int     Type = iota // a whole number of 64 bits
	Decimal             // a whole number with a point before its last Scale digits, 18 digits in all
	Date                // days since 1970-01-01
	Bool                // 0 or 1
	Text                // UTF-8
)

// Column is a column of the table.
type Column struct {
	Name  string
	Type  Type
	Scale int // of Decimal
}

// Cell is a value: Text of a text column, Num of any other. The zero Cell is null.
type Cell struct {
	Valid bool
	Num   int64
	Text  string
}

// Number is a cell that holds a number.
func Number(n int64) Cell { return Cell{Valid: true, Num: n} }

// String is a cell that holds a text.
func String(s string) Cell { return Cell{Valid: true, Text: s} }

const (
	magic     = "PAR1"
	groupRows = 1 << 16
	precision = 18 // what 64 bits hold of decimal digits, whole

	// numbers of the format
	physBool, physInt32, physInt64, physBytes = 0, 1, 2, 6
	convUTF8, convDecimal, convDate           = 0, 5, 6
	plain, rle                                = 0, 3
	gzipCodec                                 = 2
	optional                                  = 1
)

func (t Type) physical() int64 {
	return [...]int64{physInt64, physInt64, physInt32, physBool, physBytes}[t]
}

// Writer writes one table. Close must be called, and the file counts only when it gave no error.
type Writer struct {
	to      io.Writer
	columns []Column
	notes   [][2]string
	at      int64 // bytes written
	pending int64 // rows of the group under way
	rows    int64
	levels  [][]byte // 1 where there is a value, by column
	values  [][]byte // PLAIN
	bits    []int    // values so far of a Bool column
	groups  [][]byte // thrift structs
}

// NewWriter begins a table. The notes, such as as of when and by whom, stand in the file as key and value.
func NewWriter(to io.Writer, columns []Column, notes [][2]string) (*Writer, error) {
	w := &Writer{to: to, columns: columns, notes: notes}
	w.levels, w.values, w.bits = make([][]byte, len(columns)), make([][]byte, len(columns)), make([]int, len(columns))
	return w, w.write([]byte(magic))
}

func (w *Writer) write(b []byte) error {
	n, err := w.to.Write(b)
	w.at += int64(n)
	return err
}

// Row adds a row, a cell for each column.
func (w *Writer) Row(cells []Cell) error {
	if len(cells) != len(w.columns) {
		return fmt.Errorf("a row has %d cells for %d columns", len(cells), len(w.columns))
	}
	for i, c := range cells {
		if !c.Valid {
			w.levels[i] = append(w.levels[i], 0)
			continue
		}
		w.levels[i] = append(w.levels[i], 1)
		switch v := &w.values[i]; w.columns[i].Type {
		case Int, Decimal:
			*v = binary.LittleEndian.AppendUint64(*v, uint64(c.Num))
		case Date:
			*v = binary.LittleEndian.AppendUint32(*v, uint32(int32(c.Num)))
		case Bool:
			if w.bits[i]%8 == 0 {
				*v = append(*v, 0)
			}
			if c.Num != 0 {
				(*v)[len(*v)-1] |= 1 << (w.bits[i] % 8)
			}
			w.bits[i]++
		case Text:
			*v = binary.LittleEndian.AppendUint32(*v, uint32(len(c.Text)))
			*v = append(*v, c.Text...)
		}
	}
	if w.pending++; w.pending == groupRows {
		return w.group()
	}
	return nil
}

// group writes the rows of a group, column by column.
func (w *Writer) group() error {
	if w.pending == 0 {
		return nil
	}
	var chunks [][]byte
	total := int64(0)
	for i := range w.columns {
		chunk, size, err := w.chunk(i)
		if err != nil {
			return err
		}
		chunks = append(chunks, chunk)
		total += size
		w.levels[i], w.values[i], w.bits[i] = w.levels[i][:0], w.values[i][:0], 0
	}
	var g thrift
	g.structs(1, chunks)
	g.number(2, i64, total)
	g.number(3, i64, w.pending)
	w.groups = append(w.groups, g.end())
	w.rows += w.pending
	w.pending = 0
	return nil
}

// chunk writes one column of a group as one page and describes it.
func (w *Writer) chunk(i int) (meta []byte, size int64, err error) {
	page := runs(w.levels[i])
	page = append(binary.LittleEndian.AppendUint32(nil, uint32(len(page))), page...)
	page = append(page, w.values[i]...)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(page); err != nil {
		return nil, 0, err
	}
	if err := z.Close(); err != nil {
		return nil, 0, err
	}
	var data, head thrift
	data.number(1, i32, int64(len(w.levels[i])))
	data.number(2, i32, plain)
	data.number(3, i32, rle)
	data.number(4, i32, rle)
	head.number(1, i32, 0) // a data page
	head.number(2, i32, int64(len(page)))
	head.number(3, i32, int64(packed.Len()))
	head.inside(5, data.end())
	header := head.end()

	at := w.at
	if err := w.write(header); err != nil {
		return nil, 0, err
	}
	if err := w.write(packed.Bytes()); err != nil {
		return nil, 0, err
	}
	size = int64(len(header) + len(page))
	var m, c thrift
	m.number(1, i32, w.columns[i].Type.physical())
	m.numbers(2, []int64{plain, rle})
	m.texts(3, []string{w.columns[i].Name})
	m.number(4, i32, gzipCodec)
	m.number(5, i64, int64(len(w.levels[i])))
	m.number(6, i64, size)
	m.number(7, i64, int64(len(header)+packed.Len()))
	m.number(9, i64, at)
	c.number(2, i64, at)
	c.inside(3, m.end())
	return c.end(), size, nil
}

// runs is levels of one bit in runs of equal ones.
func runs(levels []byte) []byte {
	var out []byte
	for i := 0; i < len(levels); {
		n := i
		for n < len(levels) && levels[n] == levels[i] {
			n++
		}
		out = binary.AppendUvarint(out, uint64(n-i)<<1)
		out = append(out, levels[i])
		i = n
	}
	return out
}

// Close writes what is left and the end of the file.
func (w *Writer) Close() error {
	if err := w.group(); err != nil {
		return err
	}
	var root, f thrift
	root.text(4, "table")
	root.number(5, i32, int64(len(w.columns)))
	schema := [][]byte{root.end()}
	for _, c := range w.columns {
		schema = append(schema, c.element())
	}
	var notes [][]byte
	for _, n := range w.notes {
		var kv thrift
		kv.text(1, n[0])
		kv.text(2, n[1])
		notes = append(notes, kv.end())
	}
	f.number(1, i32, 1)
	f.structs(2, schema)
	f.number(3, i64, w.rows)
	f.structs(4, w.groups)
	f.structs(5, notes)
	f.text(6, "yanzhen")
	foot := f.end()
	size := len(foot)
	foot = binary.LittleEndian.AppendUint32(foot, uint32(size))
	return w.write(append(foot, magic...))
}

// element describes a column in the schema.
func (c Column) element() []byte {
	var e thrift
	e.number(1, i32, c.Type.physical())
	e.number(3, i32, optional)
	e.text(4, c.Name)
	switch c.Type {
	case Decimal:
		e.number(6, i32, convDecimal)
		e.number(7, i32, int64(c.Scale))
		e.number(8, i32, precision)
	case Date:
		e.number(6, i32, convDate)
	case Text:
		e.number(6, i32, convUTF8)
	}
	return e.end()
}
