package sheet

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Book is an open file. It is read by one goroutine at a time.
type Book struct {
	name   string
	lim    Limits
	notes  []i18n.Msg
	sheets []SheetInfo
	body   body
	done   atomic.Int64 // of the walk under way, in bytes
	total  atomic.Int64
}

// body is what the two kinds of file do differently.
type body interface {
	rows(ctx context.Context, sheet int, fn func(*Row) error) error
	hiddenColumns(ctx context.Context, sheet int) ([]bool, error)
	close() error
}

// SheetInfo is what a workbook says of one of its sheets. Hidden sheets are listed and readable: whether they are
// taken is for the sender to say.
type SheetInfo struct {
	Name   string // "" for delimited text, which has no sheets
	Hidden bool
}

// Row is one row that holds at least one value. It and its Cells are used again for the next row; the strings in them
// stay valid.
type Row struct {
	Num    int    // as a spreadsheet numbers it, from 1; in delimited text a record with breaks in its quotes is one row
	Hidden bool   // by the sender or by a filter
	Cells  []Cell // by ascending column; blank cells are left out
}

// Cell is the cell in a column (from 0); a zero Cell of type Blank when the row has none there.
func (r *Row) Cell(col int) Cell {
	for _, c := range r.Cells {
		if c.Col == col {
			return c
		}
	}
	return Cell{Col: col}
}

// CellType is what a cell holds.
type CellType uint8

// The types. Date is a number with a date or time format. NoValue is a formula whose result was not saved.
const (
	Blank CellType = iota
	Number
	Text
	Date
	Bool
	Error
	NoValue
)

// Fill says where a value stands: in the cell itself or in the merged range that covers it.
type Fill uint8

// The fills. FromAbove is a cell in the first column of a merged range, below its first row; FromLeft is any other
// covered cell.
const (
	Own Fill = iota
	FromAbove
	FromLeft
)

// Cell is one value as stored.
type Cell struct {
	Col    int // from 0
	Type   CellType
	Fill   Fill
	Hidden bool    // the column is hidden
	Raw    string  // Number, Date: the number as stored; Text: the text; Bool: "1" or "0"; Error: "#REF!" and so on
	Format *Format // how a Number or Date is shown; nil for General

	Formula bool // of an .xlsx: the value is the saved result of a formula
}

// formatted is a number cell under the format that shows it, which may make it a date.
func (c Cell) formatted(f *Format) Cell {
	if c.Format = f; f.isDate() {
		c.Type = Date
	}
	return c
}

// Place is where in which file something stands.
type Place struct {
	File  string
	Sheet string
	Row   int // from 1
	Col   int // from 0; −1 for a whole row
}

// String is "file#sheet!B5", without the sheet for delimited text, without the letter for a whole row.
func (p Place) String() string {
	s := p.File + "#"
	if p.Sheet != "" {
		s += p.Sheet + "!"
	}
	if p.Col < 0 {
		return s + strconv.Itoa(p.Row)
	}
	return s + Address(p.Row, p.Col)
}

// Address is the A1 form of a row (from 1) and a column (from 0).
func Address(row, col int) string { return ColumnName(col) + strconv.Itoa(row) }

// ColumnName is the letters of a column: 0 is A, 26 is AA.
func ColumnName(col int) string {
	var b [4]byte
	i := len(b)
	for col++; col > 0 && i > 0; col = (col - 1) / 26 {
		i--
		b[i] = byte('A' + (col-1)%26)
	}
	return string(b[i:])
}

// Name is the file's name as the sender knows it.
func (b *Book) Name() string { return b.name }

// Sheets lists the sheets in the workbook's order; delimited text is one sheet without a name.
func (b *Book) Sheets() []SheetInfo { return b.sheets }

// Notes are what the sender should be told of the file as a whole: hidden sheets, links to other files, the encoding.
func (b *Book) Notes() []i18n.Msg { return b.notes }

// Place is a cell of this book as a place.
func (b *Book) Place(sheet, row, col int) Place {
	return Place{File: b.name, Sheet: b.sheets[sheet].Name, Row: row, Col: col}
}

// Progress is how many bytes of how many the Rows call under way has unpacked; for a progress bar.
func (b *Book) Progress() (done, total int64) { return b.done.Load(), b.total.Load() }

// walks says how far the walk under way is.
func (b *Book) walks(done, total int64) {
	b.done.Store(done)
	b.total.Store(total)
}

// Rows hands each row with a value to fn, in order, without holding the sheet in memory. An error of fn ends the walk
// and is returned as it is. A file that breaks a limit or is damaged gives an errs.KindInvalid error with the place.
func (b *Book) Rows(ctx context.Context, sheet int, fn func(*Row) error) error {
	if err := b.checkSheet(sheet); err != nil {
		return err
	}
	return b.body.rows(ctx, sheet, fn)
}

func (b *Book) checkSheet(sheet int) error {
	if sheet < 0 || sheet >= len(b.sheets) {
		return errs.NotFound("sheet", sheet)
	}
	return nil
}

// HiddenColumns lists the hidden columns of a sheet (from 0) within the column limit.
func (b *Book) HiddenColumns(ctx context.Context, sheet int) ([]int, error) {
	if err := b.checkSheet(sheet); err != nil {
		return nil, err
	}
	hidden, err := b.body.hiddenColumns(ctx, sheet)
	if err != nil {
		return nil, err
	}
	var cols []int
	for c, h := range hidden {
		if h {
			cols = append(cols, c)
		}
	}
	return cols, nil
}

// Close lets go of the file.
func (b *Book) Close() error { return b.body.close() }

// refuse is an error about a place in the book.
func (b *Book) refuse(sheet, row, col int, key string, args ...any) error {
	return errs.Invalid(i18n.M("sheet.at", b.Place(sheet, row, col).String(), i18n.M(key, args...)))
}

// refuseFile is an error about the whole file.
func refuseFile(name, key string, args ...any) error {
	return errs.Invalid(i18n.M("sheet.file", name, i18n.M(key, args...)))
}
