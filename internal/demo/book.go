package demo

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// look is how a cell is dressed.
type look int

const (
	plain   look = iota
	heading      // of the sheet
	small        // unit and notes
	label        // header cell
	amount       // #,##0.00
	whole        // #,##0, which hides decimals that are there
	percent      // 0.0%
	date         // a serial shown as yyyy-mm-dd
	slashed      // a serial shown as yyyy/m/d
)

func styles() []*excelize.Style {
	border := []excelize.Border{
		{Type: "left", Style: 1, Color: "808080"},
		{Type: "right", Style: 1, Color: "808080"},
		{Type: "top", Style: 1, Color: "808080"},
		{Type: "bottom", Style: 1, Color: "808080"},
	}
	centre := &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true}
	shown := func(format string) *excelize.Style { return &excelize.Style{CustomNumFmt: &format, Border: border} }
	return []*excelize.Style{
		plain:   {Border: border},
		heading: {Font: &excelize.Font{Bold: true, Size: 16}, Alignment: centre},
		small:   {Font: &excelize.Font{Size: 10}},
		label:   {Font: &excelize.Font{Bold: true}, Alignment: centre, Border: border},
		amount:  shown("#,##0.00"),
		whole:   shown("#,##0"),
		percent: shown("0.0%"),
		date:    shown("yyyy-mm-dd"),
		slashed: shown("yyyy/m/d"),
	}
}

// column is one of a table. Neighbours with the same group stand under one merged cell; a column without a group
// reaches over both header rows.
type column struct {
	group, head string
	width       float64
	look        look
}

// book is a workbook, written one sheet after the other, each from the top down. Its first error stays, and what
// follows it does nothing; save tells it.
type book struct {
	file   *excelize.File
	styles []int
	err    error

	writer *excelize.StreamWriter
	cols   []column
	sheets int
	row    int // the last one written in this sheet
	cells  []any
}

func newBook() *book {
	b := &book{file: excelize.NewFile()}
	for _, style := range styles() {
		id, err := b.file.NewStyle(style)
		b.keep(err)
		b.styles = append(b.styles, id)
	}
	return b
}

func (b *book) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

// sheet begins a sheet: its columns' widths, and the header frozen below the rows above it.
func (b *book) sheet(name string, cols []column, above int) {
	b.finish()
	if b.err != nil {
		return
	}
	b.sheets++
	if b.sheets == 1 {
		b.keep(b.file.SetSheetName("Sheet1", name))
	} else {
		_, err := b.file.NewSheet(name)
		b.keep(err)
	}
	writer, err := b.file.NewStreamWriter(name)
	b.keep(err)
	if b.err != nil {
		return
	}
	b.writer, b.cols, b.row = writer, cols, 0
	for i, c := range cols {
		b.keep(writer.SetColWidth(i+1, i+1, c.width))
	}
	top := above + b.depth()
	b.keep(writer.SetPanes(&excelize.Panes{Freeze: true, YSplit: top, TopLeftCell: at(0, top+1), ActivePane: "bottomLeft"}))
}

// depth is how many rows the header takes.
func (b *book) depth() int {
	if slices.ContainsFunc(b.cols, func(c column) bool { return c.group != "" }) {
		return 2
	}
	return 1
}

// line writes one cell over the whole width: a title, a unit, a note.
func (b *book) line(l look, text string) {
	b.put([]any{b.dress(l, text)})
	b.merge(0, b.row, len(b.cols)-1, b.row)
}

// header writes the heads of the columns.
func (b *book) header() {
	if b.depth() == 1 {
		row := make([]any, len(b.cols))
		for i, c := range b.cols {
			row[i] = b.dress(label, c.head)
		}
		b.put(row)
		return
	}
	upper, lower := make([]any, len(b.cols)), make([]any, len(b.cols))
	for i, c := range b.cols {
		upper[i], lower[i] = b.dress(label, c.head), b.dress(label, nil)
		if c.group != "" {
			upper[i], lower[i] = b.dress(label, nil), b.dress(label, c.head)
			if i == 0 || b.cols[i-1].group != c.group {
				upper[i] = b.dress(label, c.group)
			}
		}
	}
	b.put(upper)
	b.put(lower)
	for i := 0; i < len(b.cols); {
		end := i + 1
		if b.cols[i].group == "" {
			b.merge(i, b.row-1, i, b.row)
		} else {
			for end < len(b.cols) && b.cols[end].group == b.cols[i].group {
				end++
			}
			b.merge(i, b.row-1, end-1, b.row-1)
		}
		i = end
	}
}

// record writes a row of the table, each value in the look of its column. nil leaves a cell blank.
func (b *book) record(values ...any) {
	b.cells = b.cells[:0]
	for i, v := range values {
		b.cells = append(b.cells, b.dress(b.cols[i].look, v))
	}
	b.put(b.cells)
}

func (b *book) put(cells []any) {
	if b.err != nil {
		return
	}
	b.row++
	b.keep(b.writer.SetRow(at(0, b.row), cells))
}

func (b *book) merge(col, row, toCol, toRow int) {
	if b.err == nil && (col != toCol || row != toRow) {
		b.keep(b.writer.MergeCell(at(col, row), at(toCol, toRow)))
	}
}

func (b *book) dress(l look, v any) excelize.Cell {
	if b.err != nil {
		return excelize.Cell{}
	}
	return excelize.Cell{StyleID: b.styles[l], Value: v}
}

func (b *book) finish() {
	if b.writer != nil && b.err == nil {
		b.keep(b.writer.Flush())
	}
}

// save ends the workbook and writes it.
func (b *book) save(path string) error {
	b.finish()
	if b.err == nil {
		b.err = b.write(path)
	}
	if err := b.file.Close(); b.err == nil {
		b.err = err
	}
	return b.err
}

func (b *book) write(path string) (err error) {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	if b.sheets > 1 {
		b.file.SetZipWriter(func(w io.Writer) excelize.ZipWriter { return &sortedZip{to: zip.NewWriter(w)} })
	}
	_, err = b.file.WriteTo(out)
	return err
}

// sortedZip writes its entries by name when closed: excelize hands over several streamed sheets in any order.
type sortedZip struct {
	to      *zip.Writer
	entries []zipEntry
}

type zipEntry struct {
	name string
	body *bytes.Buffer
}

func (z *sortedZip) Create(name string) (io.Writer, error) {
	body := new(bytes.Buffer)
	z.entries = append(z.entries, zipEntry{name, body})
	return body, nil
}

func (z *sortedZip) AddFS(fsys fs.FS) error { return z.to.AddFS(fsys) }

func (z *sortedZip) Close() error {
	slices.SortFunc(z.entries, func(a, b zipEntry) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	for _, e := range z.entries {
		w, err := z.to.Create(e.name)
		if err != nil {
			return err
		}
		if _, err := e.body.WriteTo(w); err != nil {
			return err
		}
	}
	return z.to.Close()
}

// at is the name of a cell: column from 0, row from 1.
func at(col, row int) string {
	name, err := excelize.CoordinatesToCellName(col+1, row)
	if err != nil {
		panic(err) // a column or row below 1 or beyond the sheet: a mistake of this package
	}
	return name
}

// The forms in which amounts, dates and words go into cells.

// in is an amount as a number of a unit, as a sheet holds it.
func in(f, unit money.Fen) float64 { return float64(f) / float64(unit) }

// orBlank is nil for nothing.
func orBlank(f, unit money.Fen) any {
	if f == 0 {
		return nil
	}
	return in(f, unit)
}

// serial is a date as a sheet counts it, days since 1899-12-30; nil for none.
func serial(d period.Day) any {
	if d == 0 {
		return nil
	}
	return int(d) + 25569
}

func yesNo(b bool) string {
	if b {
		return "是"
	}
	return "否"
}
