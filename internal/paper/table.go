package paper

import (
	"bytes"
	"slices"
	"strconv"
)

// Lengths of tables.
const (
	padX, padY = 4 * pt, 3 * pt
	thin       = 500
)

// cell is the lines of one cell, and how they stand.
type cell struct {
	lines []line
	style style
	at    align
	x, w  int // of the cell, from the left of the page
	shade bool

	element *element // nil where it comes again on a further page
}

// row is cells side by side.
type row []cell

// height of a row that shows n lines of each cell, or all that there are.
func (r row) height(n int) int {
	h := 0
	for _, c := range r {
		h = max(h, min(len(c.lines), n)*c.style.leading)
	}
	return h + 2*padY
}

const allLines = 1 << 30

// draw sets the first n lines of each cell at y and gives what is left.
func (s *setter) drawRow(r row, n, y int) row {
	h := r.height(n)
	var rest row
	for _, c := range r {
		s.decorate(func(w *bytes.Buffer) {
			if c.shade {
				put(w, "g", 930)
				put(w, "re", c.x, pageHeight-y-h, c.w, h)
				w.WriteString("f\n")
			}
			put(w, "w", thin)
			put(w, "G", 350)
			put(w, "re", c.x, pageHeight-y-h, c.w, h)
			w.WriteString("S\n")
		})
		shown := min(n, len(c.lines))
		at := y + padY
		if len(c.lines) == shown { // whole: in the middle of its row
			at = y + (h-shown*c.style.leading)/2
		}
		s.as(c.element, func() {
			for _, l := range c.lines[:shown] {
				s.draw(l, c.style, c.x+padX+c.at.offset(c.w-2*padX-extent(l.width, c.style)), at, 0)
				at += c.style.leading
			}
		})
		c.lines = c.lines[shown:]
		rest = append(rest, c)
	}
	return rest
}

// rows sets rows down the pages, with the header again on each.
func (s *setter) rows(header row, all []row) {
	headerHeight := 0
	if header != nil {
		headerHeight = header.height(allLines)
		if headerHeight > (bottom-top)/2 { // one that leaves no room for rows is a row
			all, header, headerHeight = append([]row{header}, all...), nil, 0
		}
	}
	// first is what has to stand with the header: the whole first row if it fits on a page.
	first := cellStyle.leading + 2*padY
	if len(all) > 0 {
		if h := together(all); headerHeight+h <= bottom-top {
			first = h
		}
	}
	s.room(headerHeight + first)
	drawHeader := func() {
		if header != nil {
			s.drawRow(header, allLines, s.y)
			s.y += headerHeight
			header = slices.Clone(header)
			for i := range header { // said once
				header[i].element = nil
			}
		}
		s.fresh = false
	}
	drawHeader()
	for i, r := range all {
		if h := together(all[i:]); s.y+h > bottom && headerHeight+h <= bottom-top {
			s.newSheet()
			drawHeader()
		}
		for {
			n := fitting(r, bottom-s.y)
			if n == 0 {
				s.newSheet()
				drawHeader()
				continue
			}
			h := r.height(n)
			r = s.drawRow(r, n, s.y)
			s.y += h
			if r.height(allLines) == 2*padY {
				break
			}
		}
	}
}

// together is the height of the first row, with that of the next if it is the heading of a group.
func together(all []row) int {
	h := all[0].height(allLines)
	if len(all) > 1 && len(all[0]) == 1 && len(all[1]) > 1 {
		h += all[1].height(allLines)
	}
	return h
}

// fitting is how many lines of the tallest cell fit in height.
func fitting(r row, height int) int {
	if r.height(allLines) <= height {
		return allLines
	}
	most := 0
	for _, c := range r {
		most = max(most, c.style.leading)
	}
	return max(0, (height-2*padY)/most)
}

func (s *setter) cell(text string, st style, a align, x, w int) cell {
	return cell{lines: s.lines(clean(text), st, 0, w-2*padX), style: st, at: a, x: x, w: w}
}

func (s *setter) table(t Table) {
	s.gap(4 * pt)
	widths := t.widths(textWidth)
	table := s.element
	var caption *element
	if t.Caption != "" {
		caption = table.add("Caption", "")
	}
	across := func(text string, st style, a align) row {
		c := s.cell(text, st, a, left, textWidth)
		c.element = table.add("TR", "").add("TD", " /A <</O /Table /ColSpan "+strconv.Itoa(len(t.Columns))+">>")
		return row{c}
	}
	var header row
	x, tr := left, table.add("TR", "")
	for i, c := range t.Columns {
		h := s.cell(c.Title, strongCell, centred, x, widths[i])
		h.shade, h.element = true, tr.add("TH", " /A <</O /Table /Scope /Column>>")
		header = append(header, h)
		x += widths[i]
	}
	var all []row
	for n, cells := range t.Rows {
		if len(cells) == 1 && len(t.Columns) > 1 {
			all = append(all, across(cells[0], strongCell, flushLeft))
			continue
		}
		st := cellStyle
		if t.Total && n == len(t.Rows)-1 {
			st = strongCell
		}
		var r row
		x, tr := left, table.add("TR", "")
		for i, text := range cells {
			a := flushLeft
			if t.Columns[i].Number {
				a = flushRight
			}
			c := s.cell(text, st, a, x, widths[i])
			c.element = tr.add("TD", "")
			r = append(r, c)
			x += widths[i]
		}
		all = append(all, r)
	}
	if len(all) == 0 && t.Empty != "" {
		all = []row{across(t.Empty, cellStyle, centred)}
	}
	if caption != nil {
		ls := s.lines(clean(t.Caption), captionStyle, 0, textWidth)
		need := len(ls)*captionStyle.leading + min(header.height(allLines), (bottom-top)/2)
		if len(all) > 0 {
			need += min(together(all), (bottom-top)/4)
		}
		s.room(min(need, bottom-top))
		s.as(caption, func() { s.flow(ls, captionStyle, centred, left, 0, textWidth, 0) })
		s.y += 2 * pt
	}
	s.rows(header, all)
	s.y += 8 * pt
}

// pairs sets labels, which take a quarter of the width, and what they name.
func (s *setter) pairs(ps []Pair) {
	if len(ps) == 0 {
		return
	}
	s.within("Table", "", func() {
		w := textWidth * 26 / 100
		var all []row
		for _, p := range ps {
			tr := s.element.add("TR", "")
			label := s.cell(p.Label, strongCell, flushLeft, left, w)
			label.shade, label.element = true, tr.add("TH", " /A <</O /Table /Scope /Row>>")
			value := s.cell(p.Value, cellStyle, flushLeft, left+w, textWidth-w)
			value.element = tr.add("TD", "")
			all = append(all, row{label, value})
		}
		s.rows(nil, all)
	})
}
