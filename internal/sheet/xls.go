package sheet

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// oldBook is the body of a .xls or .et file: a BIFF8 stream.
type oldBook struct {
	book    *Book
	file    *os.File
	src     io.ReaderAt
	size    int64
	parts   []int64 // where the sheets begin
	strings *sharedStrings
	formats []*Format // by cell style
	surveys map[int]*oldSurvey
}

// openCompoundFile tells what lies in an OLE2 file, and opens a workbook.
func (b *Book) openCompoundFile(f *os.File, size int64) error {
	c, err := openCompound(f, size)
	if err != nil {
		return b.failOld(err)
	}
	switch {
	case c.has("EncryptedPackage"):
		return refuseFile(b.name, "sheet.refuse.password")
	case c.has("WordDocument"):
		return refuseFile(b.name, "sheet.refuse.doc")
	case c.has("PowerPoint Document"):
		return refuseFile(b.name, "sheet.refuse.pptx")
	case c.has("_VBA_PROJECT_CUR"):
		return refuseFile(b.name, "sheet.refuse.macros_old")
	case c.has("Workbook"):
		s, err := c.open("Workbook")
		if err != nil {
			return b.failOld(err)
		}
		return openOldBook(b, f, s, s.size)
	case c.has("Book"):
		return refuseFile(b.name, "sheet.refuse.xls5")
	}
	return refuseFile(b.name, "sheet.refuse.ole")
}

// failOld turns an error of the structure into a message.
func (b *Book) failOld(err error) error {
	switch {
	case errors.Is(err, errCompound), errors.Is(err, errBIFF), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return refuseFile(b.name, "sheet.refuse.damaged")
	}
	return err
}

// openOldBook reads what stands before the sheets: their list, the formats, the table of strings.
func openOldBook(b *Book, f *os.File, src io.ReaderAt, size int64) error {
	o := &oldBook{book: b, file: f, src: src, size: size, strings: &sharedStrings{}, surveys: map[int]*oldSurvey{}}
	g := globals{oldBook: o, codes: map[int]string{}}
	if err := g.read(); err != nil {
		return b.failOld(err)
	}
	if len(b.sheets) == 0 {
		return refuseFile(b.name, "sheet.refuse.no_sheets")
	}
	if g.external {
		b.notes = append(b.notes, i18n.M("sheet.note.external_links"))
	}
	b.tellHidden()
	b.body = o
	return nil
}

// globals gathers what a workbook says of itself.
type globals struct {
	*oldBook
	codes    map[int]string // number formats
	styles   []int          // number format of each cell style
	date1904 bool
	external bool
	text     []byte
}

func (g *globals) read() error {
	r := newRecords(g.src, 0, g.size)
	if err := r.next(); err != nil {
		return err
	}
	switch {
	case r.op != recBOF || len(r.body) < 4:
		return errBIFF
	case r.u16(0) != biff8:
		return refuseFile(g.book.name, "sheet.refuse.xls5")
	}
	for {
		if err := r.next(); err != nil {
			return err
		}
		if r.op == recEOF {
			break
		}
		if err := g.take(r); err != nil {
			return err
		}
	}
	g.strings.done()
	known := map[int]*Format{}
	for _, id := range g.styles {
		f, ok := known[id]
		if !ok {
			code, custom := g.codes[id]
			if !custom {
				code = builtinFormats[id]
			}
			f = parseFormat(code, g.date1904)
			known[id] = f
		}
		g.formats = append(g.formats, f)
	}
	return nil
}

// take reads one record.
func (g *globals) take(r *records) error {
	switch r.op {
	case recFilePass:
		return refuseFile(g.book.name, "sheet.refuse.password")
	case recDateMode:
		g.date1904 = len(r.body) >= 2 && r.u16(0) == 1
	case recSupBook: // this workbook and add-ins have marks of their own
		if len(r.body) >= 4 {
			kind := r.u16(2)
			g.external = g.external || kind != 0x0401 && kind != 0x3A01
		}
	case recXF:
		if len(r.body) < 4 {
			return errBIFF
		}
		if len(g.styles) >= maxStyles {
			return refuseFile(g.book.name, "sheet.refuse.styles", maxStyles)
		}
		g.styles = append(g.styles, r.u16(2))
	case recFormat:
		f := r.fields(0)
		id, code := f.u16(), string(f.text(nil, true))
		if f.err != nil {
			return f.err
		}
		if len(g.codes) < maxFormats {
			g.codes[id] = code
		}
	case recBoundSheet:
		return g.sheet(r)
	case recSST:
		return g.sst(r)
	}
	return nil
}

// sheet takes a sheet into the list; charts, macro sheets and modules are none.
func (g *globals) sheet(r *records) error {
	f := r.fields(0)
	at, state, kind := int64(f.u32()), f.byte(), f.byte()
	name := string(f.text(nil, false))
	if f.err != nil || at >= g.size {
		return errBIFF
	}
	if kind != 0 {
		return nil
	}
	g.book.sheets = append(g.book.sheets, SheetInfo{Name: name, Hidden: state&3 != 0})
	g.parts = append(g.parts, at)
	return nil
}

// sst reads the table of strings. What it says of their number is not needed.
func (g *globals) sst(r *records) error {
	f := r.fields(8)
	for !f.end() {
		g.text = f.text(g.text[:0], true)
		if f.err != nil {
			break
		}
		if err := g.book.share(g.strings, g.text); err != nil {
			return err
		}
	}
	return f.err
}

func (o *oldBook) close() error { return o.file.Close() }

func (o *oldBook) hiddenColumns(ctx context.Context, sheet int) ([]bool, error) {
	s, err := o.survey(ctx, sheet)
	if err != nil {
		return nil, err
	}
	return s.hidden, nil
}

// oldSurvey is what stands around the cells of a sheet, and whether the cells stand in order.
type oldSurvey struct {
	survey
	rows    map[int]bool // hidden
	ordered bool
}

// A sheet of this format ends at the 65,536th row and the 256th column; a cell beyond is a damaged file.
const (
	oldRows    = 65_536
	oldColumns = 256
)

// survey is a first pass through a sheet: the merged ranges follow the cells.
func (o *oldBook) survey(ctx context.Context, sheet int) (*oldSurvey, error) {
	if s := o.surveys[sheet]; s != nil {
		return s, nil
	}
	s := &oldSurvey{survey: survey{hidden: make([]bool, o.book.lim.Columns)}, rows: map[int]bool{}, ordered: true}
	lastRow, lastCol := -1, -1
	around := func(r *records) error { return s.take(r, o.book.lim) }
	err := o.walk(ctx, sheet, around, func(row int, c Cell, _ []byte) error {
		s.ordered = s.ordered && (row > lastRow || row == lastRow && c.Col > lastCol)
		lastRow, lastCol = row, c.Col
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(s.merges, func(a, b merge) int { return a.top - b.top })
	o.surveys[sheet] = s
	return s, nil
}

// take reads a record that is no cell.
func (s *oldSurvey) take(r *records, lim Limits) error {
	switch r.op {
	case recRow:
		if len(r.body) >= 16 && r.body[12]&0x20 != 0 {
			s.rows[r.u16(0)] = true
		}
	case recColInfo:
		if len(r.body) >= 10 && r.u16(8)&1 != 0 {
			for c := r.u16(0); c <= r.u16(2) && c < len(s.hidden); c++ {
				s.hidden[c] = true
			}
		}
	case recMergedCells:
		f := r.fields(0)
		for n := f.u16(); n > 0 && f.err == nil; n-- {
			m := merge{top: f.u16() + 1, bottom: f.u16() + 1, left: f.u16(), right: f.u16()}
			if f.err != nil || m.bottom < m.top || m.right < m.left || m.left >= lim.Columns || m.top > lim.Rows || len(s.merges) >= maxMerges {
				continue
			}
			m.bottom, m.right = min(m.bottom, lim.Rows), min(m.right, lim.Columns-1)
			if m.top < m.bottom || m.left < m.right {
				s.merges = append(s.merges, m)
			}
		}
		return f.err
	}
	return nil
}

func (o *oldBook) rows(ctx context.Context, sheet int, fn func(*Row) error) error {
	s, err := o.survey(ctx, sheet)
	if err != nil {
		return err
	}
	g := &gatherer{book: o.book, sheet: sheet, hidden: s.hidden, fills: filler{merges: s.merges}, fn: fn}
	put := func(row int, c Cell, raw []byte) error {
		if num := row + 1; num != g.last {
			if g.last > 0 {
				if err := g.end(); err != nil {
					return err
				}
			}
			if err := g.begin(num, s.rows[row]); err != nil {
				return err
			}
		}
		return g.add(c, raw)
	}
	if s.ordered {
		err = o.walk(ctx, sheet, nil, put)
	} else {
		err = o.sorted(ctx, sheet, put)
	}
	if err == nil && g.last > 0 {
		err = g.end()
	}
	if g.stopped != nil {
		return g.stopped
	}
	return err
}

// maxUnordered is how many cells are put in order in memory. Excel, WPS and LibreOffice write theirs in order.
const maxUnordered = 1_000_000

// sorted hands on the cells of a sheet that some other program wrote in an order of its own. Of a cell that is written
// twice, the later one holds.
func (o *oldBook) sorted(ctx context.Context, sheet int, put func(int, Cell, []byte) error) error {
	type placed struct {
		row int
		Cell
	}
	var all []placed
	err := o.walk(ctx, sheet, nil, func(row int, c Cell, raw []byte) error {
		if len(all) >= maxUnordered {
			return o.book.refuse(sheet, row+1, c.Col, "sheet.refuse.cell_order")
		}
		if raw != nil {
			c.Raw = string(raw)
		}
		all = append(all, placed{row, c})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		if a.row != b.row {
			return a.row - b.row
		}
		return a.Col - b.Col
	})
	for i, c := range all {
		if i+1 < len(all) && all[i+1].row == c.row && all[i+1].Col == c.Col {
			continue
		}
		if err := put(c.row, c.Cell, []byte(c.Raw)); err != nil { // its length is checked as any other's
			return err
		}
	}
	return nil
}

// walk goes through the records of a sheet: put takes the cells that hold a value as they come (row from 0), around the
// records that are no cells.
func (o *oldBook) walk(ctx context.Context, sheet int, around func(*records) error, put func(int, Cell, []byte) error) error {
	r := newRecords(o.src, o.parts[sheet], o.size)
	w := oldCells{oldBook: o, sheet: sheet, put: put}
	start, depth := r.pos, 0
	for n := 0; ; n++ {
		if n%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		o.book.walks(r.pos-start, o.size-start)
		if err := r.next(); err != nil {
			return o.book.failOld(err)
		}
		switch {
		case r.op == recBOF:
			depth++ // a chart within the sheet has its own
			continue
		case r.op == recEOF:
			if depth--; depth <= 0 {
				return w.flush()
			}
			continue
		case depth == 0:
			return o.book.failOld(errBIFF)
		case depth > 1:
			continue
		}
		err := w.take(r)
		if err == nil && around != nil {
			err = around(r)
		}
		if err != nil {
			return o.book.failOld(err)
		}
	}
}

// oldCells makes cells of records.
type oldCells struct {
	*oldBook
	sheet   int
	put     func(row int, c Cell, raw []byte) error
	text    []byte
	waiting bool // for the text of the formula at row and cell
	row     int
	cell    Cell
}

// take reads a record; one that is no cell is passed over.
func (w *oldCells) take(r *records) error {
	if r.op == recString {
		return w.formulaText(r)
	}
	need := cellBytes(r.op)
	switch {
	case need == 0:
		return nil
	case len(r.body) < need:
		return errBIFF
	}
	if err := w.flush(); err != nil {
		return err
	}
	row, col := r.u16(0), r.u16(2)
	if col >= oldColumns {
		return w.book.refuse(w.sheet, row+1, -1, "sheet.refuse.columns", w.book.lim.Columns)
	}
	c := Cell{Col: col}
	switch r.op {
	case recNumber:
		return w.number(row, c, r.u16(4), math.Float64frombits(binary.LittleEndian.Uint64(r.body[6:])))
	case recRK:
		return w.number(row, c, r.u16(4), rk(binary.LittleEndian.Uint32(r.body[6:])))
	case recMulRK:
		return w.numbers(row, col, r.body[4:len(r.body)-2])
	case recLabelSST:
		i := int(binary.LittleEndian.Uint32(r.body[6:]))
		if i >= w.strings.n {
			return w.book.refuse(w.sheet, row+1, col, "sheet.refuse.string_index")
		}
		if c.Type, c.Raw = Text, w.strings.at(i); c.Raw == "" {
			return nil
		}
		return w.put(row, c, nil)
	case recLabel, recRString:
		f := r.fields(6)
		if w.text = f.text(w.text[:0], true); f.err != nil {
			return f.err
		}
		return w.words(row, c)
	case recBoolErr:
		return w.boolOrError(row, c, r.body[6], r.body[7] != 0)
	}
	return w.formula(row, c, r)
}

// cellBytes is how many bytes the record of a cell has at least; 0 for one that is no cell, or a blank one.
func cellBytes(op uint16) int {
	switch op {
	case recNumber:
		return 14
	case recRK, recLabelSST:
		return 10
	case recMulRK, recLabel, recRString:
		return 6
	case recBoolErr:
		return 8
	case recFormula:
		return 16
	}
	return 0
}

// rk is a number in the short form: 30 bits of a double or of a whole number, perhaps a hundred times too large.
func rk(bits uint32) float64 {
	v := math.Float64frombits(uint64(bits&^3) << 32)
	if bits&2 != 0 {
		v = float64(int32(bits) >> 2)
	}
	if bits&1 != 0 {
		v /= 100
	}
	return v
}

func (w *oldCells) number(row int, c Cell, style int, v float64) error {
	c.Type = Number
	if style < len(w.formats) {
		c = c.formatted(w.formats[style])
	}
	form := byte('f') // as people write it, and as messages show it
	if size := math.Abs(v); size >= 1e21 || size < 1e-9 && size > 0 {
		form = 'e'
	}
	w.text = strconv.AppendFloat(w.text[:0], v, form, -1, 64)
	return w.put(row, c, w.text)
}

// numbers reads neighbouring cells: for each its style and its number in the short form.
func (w *oldCells) numbers(row, col int, b []byte) error {
	for ; len(b) >= 6; b = b[6:] {
		if col >= oldColumns {
			return errBIFF
		}
		if err := w.number(row, Cell{Col: col}, int(binary.LittleEndian.Uint16(b)), rk(binary.LittleEndian.Uint32(b[2:]))); err != nil {
			return err
		}
		col++
	}
	return nil
}

// words adds a cell of the text that was just read.
func (w *oldCells) words(row int, c Cell) error {
	if len(w.text) == 0 {
		return nil
	}
	c.Type = Text
	return w.put(row, c, w.text)
}

var oldErrors = map[byte]string{
	0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A", 0x2B: "#GETTING_DATA",
}

func (w *oldCells) boolOrError(row int, c Cell, v byte, isError bool) error {
	switch {
	case isError:
		c.Type, c.Raw = Error, oldErrors[v]
	case v != 0:
		c.Type, c.Raw = Bool, "1"
	default:
		c.Type, c.Raw = Bool, "0"
	}
	return w.put(row, c, nil)
}

// formula takes the result that was saved. One that is to be computed anew on opening, and is nothing so far, was written
// by a program that does not compute.
func (w *oldCells) formula(row int, c Cell, r *records) error {
	const emptyText = 0xFFFF_0000_0000_0003
	v := binary.LittleEndian.Uint64(r.body[6:])
	switch {
	case (v == 0 || v == emptyText) && r.u16(14)&1 != 0:
		c.Type = NoValue
		return w.put(row, c, nil)
	case v>>48 != 0xFFFF:
		return w.number(row, c, r.u16(4), math.Float64frombits(v))
	}
	switch r.body[6] {
	case 0: // a text, which follows in a record of its own
		w.waiting, w.row, w.cell = true, row, c
	case 1:
		return w.boolOrError(row, c, r.body[8], false)
	case 2:
		return w.boolOrError(row, c, r.body[8], true)
	}
	return nil
}

// formulaText reads the text that a formula gave.
func (w *oldCells) formulaText(r *records) error {
	if !w.waiting {
		return nil
	}
	f := r.fields(0)
	if w.text = f.text(w.text[:0], true); f.err != nil {
		return f.err
	}
	w.waiting = false
	return w.words(w.row, w.cell)
}

// flush adds a formula whose text never came.
func (w *oldCells) flush() error {
	if !w.waiting {
		return nil
	}
	w.waiting = false
	w.cell.Type = NoValue
	return w.put(w.row, w.cell, nil)
}
