package parquet

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
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
	groupRows = 1 << 16
	precision = 18 // what 64 bits hold of decimal digits, whole
)

func (c Column) node() parquet.Node {
	switch c.Type {
	case Decimal:
		return parquet.Decimal(c.Scale, precision, parquet.Int64Type)
	case Date:
		return parquet.Date()
	case Bool:
		return parquet.Leaf(parquet.BooleanType)
	case Text:
		return parquet.String()
	}
	return parquet.Leaf(parquet.Int64Type)
}

func (c Cell) value(t Type) parquet.Value {
	switch {
	case !c.Valid:
		return parquet.NullValue()
	case t == Text:
		return parquet.ByteArrayValue([]byte(c.Text))
	case t == Bool:
		return parquet.BooleanValue(c.Num != 0)
	case t == Date:
		return parquet.Int32Value(int32(c.Num))
	}
	return parquet.Int64Value(c.Num)
}

// table is a schema whose columns stay in the order in which they were declared; a Group alone sorts them by name.
type table struct {
	parquet.Group
	columns []Column
}

func (t table) Fields() []parquet.Field {
	at := func(f parquet.Field) int {
		return slices.IndexFunc(t.columns, func(c Column) bool { return c.Name == f.Name() })
	}
	return slices.SortedFunc(slices.Values(t.Group.Fields()), func(a, b parquet.Field) int { return cmp.Compare(at(a), at(b)) })
}

// Writer writes one table. Close must be called, and the file counts only when it gave no error.
type Writer struct {
	out     *parquet.GenericWriter[any]
	columns []Column
	row     parquet.Row
}

// NewWriter begins a table. The notes, such as as of when and by whom, stand in the file as key and value.
func NewWriter(to io.Writer, columns []Column, notes [][2]string) *Writer {
	root := table{Group: parquet.Group{}, columns: columns}
	for _, c := range columns {
		root.Group[c.Name] = parquet.Optional(c.node())
	}
	options := []parquet.WriterOption{
		parquet.NewSchema("table", root), parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(groupRows),
	}
	for _, n := range notes {
		options = append(options, parquet.KeyValueMetadata(n[0], n[1]))
	}
	return &Writer{out: parquet.NewGenericWriter[any](to, options...), columns: columns, row: make(parquet.Row, len(columns))}
}

// Row adds a row, a cell for each column.
func (w *Writer) Row(cells []Cell) error {
	if len(cells) != len(w.columns) {
		return fmt.Errorf("a row has %d cells for %d columns", len(cells), len(w.columns))
	}
	for i, c := range cells {
		there := 0
		if c.Valid {
			there = 1
		}
		w.row[i] = c.value(w.columns[i].Type).Level(0, there, i)
	}
	if _, err := w.out.WriteRows([]parquet.Row{w.row}); err != nil {
		return fmt.Errorf("write a row: %w", err)
	}
	return nil
}

// Close writes what is left and the foot of the file.
func (w *Writer) Close() error {
	if err := w.out.Close(); err != nil {
		return fmt.Errorf("end the table: %w", err)
	}
	return nil
}
