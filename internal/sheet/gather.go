package sheet

import "slices"

// gatherer makes the rows of one sheet out of its cells, whatever the file's format: it holds the limits, fills merged
// ranges and hands each row on. For each row: begin, then add for each cell that holds a value, then end.
type gatherer struct {
	book   *Book
	sheet  int
	hidden []bool // columns; nil where a format has none
	fills  filler // merged ranges
	fn     func(*Row) error

	row   Row
	arena []byte // text of the row's cells
	spans []span // by cell: where in the arena its Raw lies
	seen  int    // cells with a value
	last  int    // row number before this one

	stopped error // what fn returned
}

type span struct{ from, to int }

// begin takes up the row of a number, which must follow those before.
func (g *gatherer) begin(num int, hidden bool) error {
	if num > g.book.lim.Rows {
		return g.book.refuse(g.sheet, num, -1, "sheet.refuse.rows", g.book.lim.Rows)
	}
	if num <= g.last {
		return g.book.refuse(g.sheet, num, -1, "sheet.refuse.row_order", g.last)
	}
	g.last = num
	g.row = Row{Num: num, Hidden: hidden, Cells: g.row.Cells[:0]}
	g.arena, g.spans = g.arena[:0], g.spans[:0]
	return nil
}

// add puts a cell into the row, by ascending column. raw, which is copied, becomes its Raw; where it is nil the cell has
// its Raw already, and must not change it.
func (g *gatherer) add(c Cell, raw []byte) error {
	lim := g.book.lim
	if c.Type == Text && tooLong(raw, lim.Text) {
		return g.book.refuse(g.sheet, g.row.Num, c.Col, "sheet.refuse.text", lim.Text, preview(raw))
	}
	if c.Col >= lim.Columns {
		return g.book.refuse(g.sheet, g.row.Num, c.Col, "sheet.refuse.columns", lim.Columns)
	}
	if g.seen++; g.seen > lim.Cells {
		return g.book.refuse(g.sheet, g.row.Num, c.Col, "sheet.refuse.cells", lim.Cells)
	}
	if c.Col < len(g.hidden) {
		c.Hidden = g.hidden[c.Col]
	}
	from := len(g.arena)
	g.arena = append(g.arena, raw...)
	g.row.Cells = append(g.row.Cells, c)
	g.spans = append(g.spans, span{from, len(g.arena)})
	return nil
}

// end fills the row from the merged ranges that cover it and hands it on, unless nothing stands in it.
func (g *gatherer) end() error {
	g.settle()
	own := len(g.row.Cells)
	g.fills.fill(&g.row, g.hidden)
	g.seen += len(g.row.Cells) - own
	if g.seen > g.book.lim.Cells {
		return g.book.refuse(g.sheet, g.row.Num, -1, "sheet.refuse.cells", g.book.lim.Cells)
	}
	if len(g.row.Cells) == 0 {
		return nil
	}
	g.stopped = g.fn(&g.row)
	return g.stopped
}

// settle makes one string of the row's own text and cuts the cells' values out of it.
func (g *gatherer) settle() {
	if len(g.arena) == 0 {
		return
	}
	text := string(g.arena)
	for i, sp := range g.spans {
		if sp.to > sp.from {
			g.row.Cells[i].Raw = text[sp.from:sp.to]
		}
	}
}

// filler gives the cells below and beside a merged range's first cell its value. Ranges may not overlap, so that each
// column has at most one at a time; one that overlaps another is left out. A row costs the columns it has, however
// many ranges there are.
type filler struct {
	merges []merge        // by top, those still to come
	cover  []*activeMerge // by column
	active int            // columns covered
	spare  []Cell
}

type activeMerge struct {
	merge
	value Cell
}

func (f *filler) fill(row *Row, hidden []bool) {
	if f.active > 0 {
		for c, m := range f.cover {
			if m != nil && m.bottom < row.Num {
				f.cover[c] = nil
				f.active--
			}
		}
	}
	for len(f.merges) > 0 && f.merges[0].top <= row.Num {
		m := f.merges[0]
		f.merges = f.merges[1:]
		if m.top == row.Num {
			f.start(m, row, len(hidden))
		}
	}
	if f.active == 0 {
		return
	}
	out := f.spare[:0]
	own := row.Cells
	for col, m := range f.cover {
		for len(own) > 0 && own[0].Col < col {
			out = append(out, own[0])
			own = own[1:]
		}
		if m == nil || m.top == row.Num && col == m.left {
			continue
		}
		if len(own) > 0 && own[0].Col == col {
			own = own[1:] // a value that the merged range hides
		}
		c := m.value
		c.Col, c.Hidden, c.Fill = col, hidden[col], FromLeft
		if col == m.left {
			c.Fill = FromAbove
		}
		out = append(out, c)
	}
	out = append(out, own...)
	f.spare, row.Cells = row.Cells, out
}

// start takes up a range whose first cell is in this row and has a value.
func (f *filler) start(m merge, row *Row, columns int) {
	if f.cover == nil {
		f.cover = make([]*activeMerge, columns)
	}
	anchor := row.Cell(m.left)
	if anchor.Type == Blank || slices.ContainsFunc(f.cover[m.left:m.right+1], func(a *activeMerge) bool { return a != nil }) {
		return
	}
	a := &activeMerge{m, anchor}
	for c := m.left; c <= m.right; c++ {
		f.cover[c] = a
	}
	f.active += m.right - m.left + 1
}
