package sheet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page is the body of a web page (HTML), as many old systems write it and call it .xls. Each table in it is a sheet.
type page struct {
	*textFile
	tables []pageTable
}

// pageTable is what the first pass finds out about a table.
type pageTable struct {
	index  int // in the page
	hidden []bool
}

const (
	maxTables = 1000 // of a page
	maxNested = 100  // tables within tables
	maxTag    = 1 << 20
)

// openPage lists the tables. One within which a row has two cells is a table of figures; others hold the layout, and are
// listed only where there is nothing else.
func openPage(b *Book, text *textFile) error {
	p := &page{textFile: text}
	var wide, narrow []pageTable
	w := pageWalk{page: p, only: -1}
	w.ended = func(t *openTable) error {
		found := pageTable{t.index, t.hidden}
		switch {
		case len(wide)+len(narrow) >= maxTables:
			return refuseFile(b.name, "sheet.refuse.tables", maxTables)
		case t.width >= 2:
			wide = append(wide, found)
		case t.width > 0:
			narrow = append(narrow, found)
		}
		return nil
	}
	if err := w.walk(context.Background()); err != nil {
		return err
	}
	if p.tables = wide; len(wide) == 0 {
		p.tables = narrow
	}
	if len(p.tables) == 0 {
		return refuseFile(b.name, "sheet.refuse.html")
	}
	for i := range p.tables {
		name := ""
		if len(p.tables) > 1 {
			name = "table" + strconv.Itoa(i+1)
		}
		b.sheets = append(b.sheets, SheetInfo{Name: name})
	}
	b.body = p
	return nil
}

func (p *page) hiddenColumns(_ context.Context, sheet int) ([]bool, error) {
	return p.tables[sheet].hidden, nil
}

func (p *page) rows(ctx context.Context, sheet int, fn func(*Row) error) error {
	t := p.tables[sheet]
	g := &gatherer{book: p.book, sheet: sheet, hidden: make([]bool, p.book.lim.Columns), fn: fn}
	copy(g.hidden, t.hidden)
	w := pageWalk{page: p, only: t.index, to: g}
	err := w.walk(ctx)
	if g.stopped != nil {
		return g.stopped
	}
	if errors.Is(err, errTableEnded) {
		return nil
	}
	return err
}

var errTableEnded = errors.New("the table has ended")

// pageWalk goes through the page and keeps track of the tables that are open.
type pageWalk struct {
	*page
	only  int       // the table whose rows are wanted; −1 for none
	to    *gatherer // takes them
	ended func(*openTable) error
	seen  int // tables
	open  []*openTable
	mute  int // within elements whose text is not shown
}

// openTable is a table under way.
type openTable struct {
	index  int
	width  int    // cells of its widest row
	cols   int    // described by col elements
	hidden []bool // columns
	row    int    // number of the row under way
	col    int    // next column
	cells  int    // of the row
	until  []int  // by column, the last row that a cell above covers
	cell   *pageCell
	gone   bool // the row is not shown
	inRow  bool
}

// pageCell is a cell under way.
type pageCell struct {
	text       []byte
	number     string // as stored, where Excel wrote it beside what is shown
	value      string // the same of LibreOffice, which gives its format too
	format     string
	rows, cols int
}

func (w *pageWalk) walk(ctx context.Context) error {
	z := html.NewTokenizer(w.text(ctx))
	z.SetMaxBuf(maxTag)
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			switch err := z.Err(); {
			case errors.Is(err, io.EOF):
				for len(w.open) > 0 { // never closed
					if err := w.closeTable(); err != nil {
						return err
					}
				}
				return nil
			case errors.Is(err, html.ErrBufferExceeded):
				return refuseFile(w.book.name, "sheet.refuse.long", "HTML")
			default:
				return err
			}
		case html.TextToken:
			w.say(z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			if err := w.start(z.Token()); err != nil {
				return err
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if err := w.end(atom.Lookup(name)); err != nil {
				return err
			}
		}
	}
}

// now is the innermost table, nil outside of all.
func (w *pageWalk) now() *openTable {
	if len(w.open) == 0 {
		return nil
	}
	return w.open[len(w.open)-1]
}

// say adds to the text of the cell under way. Unshown text and blanks that only lay out the source are dropped later.
func (w *pageWalk) say(text []byte) {
	if t := w.now(); t != nil && t.cell != nil && w.mute == 0 && t.index == w.only && len(t.cell.text) <= 8*w.book.lim.Text {
		t.cell.text = append(t.cell.text, text...)
	}
}

func (w *pageWalk) start(tag html.Token) error {
	t := w.now()
	switch tag.DataAtom {
	case atom.Style, atom.Script:
		w.mute++
	case atom.Table:
		if len(w.open) >= maxNested {
			return refuseFile(w.book.name, "sheet.refuse.tables", maxNested)
		}
		w.open = append(w.open, &openTable{index: w.seen})
		w.seen++
	case atom.Br, atom.P, atom.Div, atom.Li:
		w.say([]byte("\n"))
	case atom.Tr:
		if t != nil {
			return w.startRow(t, isUnshown(tag))
		}
	case atom.Caption:
		if t != nil {
			if err := w.startRow(t, false); err != nil {
				return err
			}
			t.cell = &pageCell{rows: 1, cols: 1}
		}
	case atom.Col:
		if t != nil {
			for range number(attr(tag, "span"), 1, w.book.lim.Columns-t.cols) {
				t.hidden = append(t.hidden, isUnshown(tag))
				t.cols++
			}
		}
	case atom.Td, atom.Th:
		if t == nil {
			return nil
		}
		if !t.inRow {
			if err := w.startRow(t, false); err != nil {
				return err
			}
		}
		if err := w.closeCell(t); err != nil {
			return err
		}
		t.cell = &pageCell{rows: number(attr(tag, "rowspan"), 1, w.book.lim.Rows), cols: number(attr(tag, "colspan"), 1, w.book.lim.Columns)}
		t.cell.number, t.cell.value, t.cell.format = attr(tag, "x:num"), attr(tag, "sdval"), attr(tag, "sdnum")
	}
	return nil
}

func (w *pageWalk) end(tag atom.Atom) error {
	t := w.now()
	switch tag {
	case atom.Style, atom.Script:
		w.mute = max(w.mute-1, 0)
		return nil
	}
	if t == nil {
		return nil
	}
	switch tag {
	case atom.Td, atom.Th:
		return w.closeCell(t)
	case atom.Tr, atom.Caption:
		return w.closeRow(t)
	case atom.Table:
		return w.closeTable()
	}
	return nil
}

func (w *pageWalk) startRow(t *openTable, gone bool) error {
	if err := w.closeRow(t); err != nil {
		return err
	}
	t.row, t.col, t.cells, t.gone, t.inRow = t.row+1, 0, 0, gone, true
	if t.index == w.only {
		return w.to.begin(t.row, gone)
	}
	return nil
}

// closeCell puts the cell under way into the next column that no cell above covers.
func (w *pageWalk) closeCell(t *openTable) error {
	c := t.cell
	if c == nil {
		return nil
	}
	t.cell = nil
	t.cells++
	for t.col < len(t.until) && t.until[t.col] >= t.row {
		t.col++
	}
	col := t.col
	t.col += c.cols
	if t.index != w.only {
		return nil
	}
	last := min(col+c.cols, w.book.lim.Columns) - 1
	for c.rows > 1 && len(t.until) <= last {
		t.until = append(t.until, 0)
	}
	for i := col; i <= last && c.rows > 1; i++ {
		t.until[i] = t.row + c.rows - 1
	}
	if c.rows > 1 || c.cols > 1 {
		w.to.fills.merges = append(w.to.fills.merges, merge{t.row, col, min(t.row+c.rows-1, w.book.lim.Rows), last})
	}
	text := bytes.Join(bytes.Fields(c.text), []byte(" "))
	text = bytes.ReplaceAll(text, []byte("\u00a0"), []byte(" "))
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return nil
	}
	if w.undecoded(text) {
		return w.book.refuse(w.to.sheet, t.row, col, "sheet.refuse.decode")
	}
	if cell, raw := c.stored(string(text)); raw != nil {
		cell.Col = col
		return w.to.add(cell, raw)
	}
	return w.to.add(Cell{Col: col, Type: Text}, text)
}

// stored is the number behind what a cell shows, with the decimals that are not shown; nil when there is none, or when
// what is shown says more: without its format, a number may be a rate or a date.
func (c *pageCell) stored(shown string) (Cell, []byte) {
	if _, ok := rawNumber(c.value); ok {
		if parts := strings.SplitN(c.format, ";", 3); len(parts) == 3 { // two languages before the format
			return Cell{Type: Number}.formatted(parseFormat(parts[2], false)), []byte(c.value)
		}
	}
	for _, n := range []string{c.value, c.number} {
		if _, ok := rawNumber(n); ok && isPlain(shown) {
			return Cell{Type: Number}, []byte(n)
		}
	}
	return Cell{}, nil
}

func (w *pageWalk) closeRow(t *openTable) error {
	if err := w.closeCell(t); err != nil || !t.inRow {
		return err
	}
	t.inRow = false
	t.width = max(t.width, t.cells)
	if t.index == w.only {
		return w.to.end()
	}
	return nil
}

func (w *pageWalk) closeTable() error {
	t := w.now()
	if err := w.closeRow(t); err != nil {
		return err
	}
	w.open = w.open[:len(w.open)-1]
	switch {
	case t.index == w.only:
		return errTableEnded
	case w.ended != nil:
		return w.ended(t)
	}
	return nil
}

// isPlain says that a text is digits, with a point and thousands marks at most: not a date, a rate or a code with a dash.
func isPlain(text string) bool {
	digits, ok := ungroup(text)
	if !ok {
		return false
	}
	_, ok = plainDecimal(digits)
	return ok
}

func attr(tag html.Token, name string) string {
	for _, a := range tag.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// number is a span as an attribute writes it, within bounds; low where it is none.
func number(s string, low, high int) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		n = low
	}
	return min(max(n, low), high)
}

// isUnshown says that an element is there and not to be seen.
func isUnshown(tag html.Token) bool {
	for _, a := range tag.Attr {
		if a.Key == "hidden" || a.Key == "style" && strings.Contains(strings.ReplaceAll(strings.ToLower(a.Val), " ", ""), "display:none") {
			return true
		}
	}
	return false
}
