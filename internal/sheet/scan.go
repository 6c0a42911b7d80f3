package sheet

import (
	"bytes"
	"context"
	"slices"
	"strconv"
)

// survey is what stands around the cells of a sheet. The merged ranges follow the cells in the file, so that they need
// a first pass; it only unpacks and looks for the end of the cells.
type survey struct {
	hidden []bool // columns
	merges []merge
}

// merge is one merged range, rows from 1 and columns from 0, both ends inside.
type merge struct{ top, left, bottom, right int }

// maxMerges bounds the merged ranges of a sheet; those beyond are not filled from.
const maxMerges = 200_000

func (w *workbook) survey(ctx context.Context, sheet int) (*survey, error) {
	if s := w.surveys[sheet]; s != nil {
		return s, nil
	}
	name := w.parts[sheet]
	p, err := w.open(name)
	if err != nil {
		return nil, err
	}
	defer p.close()
	p.in.stop = ctx.Err
	s := &survey{hidden: make([]bool, w.book.lim.Columns)}
	for {
		t, err := p.next()
		if err != nil {
			return nil, w.fail(name, err)
		}
		if t == tokEnd {
			break
		}
		if t != tokOpen {
			continue
		}
		switch string(p.name) {
		case "col":
			if p.flagOf("hidden") {
				s.hide(p.attrOf("min"), p.attrOf("max"))
			}
		case "sheetData":
			if !p.self {
				if err := p.skipPast("sheetData>"); err != nil {
					return nil, w.fail(name, err)
				}
			}
		case "mergeCell":
			if m, ok := parseMerge(p.attrOf("ref"), w.book.lim); ok && len(s.merges) < maxMerges {
				s.merges = append(s.merges, m)
			}
		}
	}
	slices.SortStableFunc(s.merges, func(a, b merge) int { return a.top - b.top })
	w.surveys[sheet] = s
	return s, nil
}

// hide marks columns, given as they are written: from 1, both ends inside.
func (s *survey) hide(from, to string) {
	a, errA := strconv.Atoi(from)
	b, errB := strconv.Atoi(to)
	if errA != nil || errB != nil {
		return
	}
	for c := max(a, 1); c <= min(b, len(s.hidden)); c++ {
		s.hidden[c-1] = true
	}
}

func parseMerge(ref string, lim Limits) (merge, bool) {
	from, to, ok := bytes.Cut([]byte(ref), []byte(":"))
	if !ok {
		return merge{}, false
	}
	c1, r1, ok1 := parseRef(from)
	c2, r2, ok2 := parseRef(to)
	if !ok1 || !ok2 || r1 < 1 || r2 < r1 || c2 < c1 || c1 >= lim.Columns || r1 > lim.Rows {
		return merge{}, false
	}
	return merge{r1, c1, min(r2, lim.Rows), min(c2, lim.Columns-1)}, true
}

// parseRef reads "AB12". A row may be missing (0); ok is false for what is no reference or could overflow.
func parseRef(ref []byte) (col, row int, ok bool) {
	i := 0
	for ; i < len(ref) && i < 4; i++ {
		c := ref[i] &^ 0x20 // upper case
		if c < 'A' || c > 'Z' {
			break
		}
		col = col*26 + int(c-'A') + 1
	}
	if i == 0 || i == 4 || len(ref)-i > 10 {
		return 0, 0, false
	}
	for ; i < len(ref); i++ {
		if ref[i] < '0' || ref[i] > '9' {
			return 0, 0, false
		}
		row = row*10 + int(ref[i]-'0')
	}
	return col - 1, row, true
}

// scanner walks the rows of one sheet.
type scanner struct {
	w     *workbook
	p     *part
	sheet int
	info  *survey
	fn    func(*Row) error

	row   Row
	arena []byte // text of the row's cells that is not shared
	spans []span // by cell: where in the arena its Raw lies
	text  []byte // of the cell under way
	seen  int    // cells with a value
	fills filler // merged ranges
	last  int    // row number before this one
	style []*Format

	stopped error // what fn returned
}

type span struct{ from, to int }

func (w *workbook) rows(ctx context.Context, sheet int, fn func(*Row) error) error {
	info, err := w.survey(ctx, sheet)
	if err != nil {
		return err
	}
	name := w.parts[sheet]
	p, err := w.open(name)
	if err != nil {
		return err
	}
	defer p.close()
	p.in.stop = ctx.Err
	s := &scanner{w: w, p: p, sheet: sheet, info: info, fn: fn, style: w.formats, fills: filler{merges: info.merges}}
	w.book.done, w.book.total = 0, p.size
	for {
		t, err := p.next()
		if err != nil {
			return w.fail(name, err)
		}
		if t == tokEnd {
			return nil
		}
		if t == tokOpen && string(p.name) == "sheetData" {
			if p.self {
				break
			}
			if err := s.data(); err != nil {
				if s.stopped != nil {
					return s.stopped
				}
				return w.fail(name, err)
			}
			break
		}
	}
	return w.fail(name, p.drain())
}

// data walks the children of sheetData.
func (s *scanner) data() error {
	for {
		s.w.book.done = s.p.in.n
		t, err := s.p.next()
		switch {
		case err != nil:
			return err
		case t == tokEnd:
			return errSyntax
		case t == tokClose && string(s.p.name) == "sheetData":
			return nil
		case t == tokOpen && string(s.p.name) == "row":
			if err := s.oneRow(); err != nil {
				return err
			}
		}
	}
}

func (s *scanner) oneRow() error {
	num, hidden := s.last+1, false
	for rest := s.p.attr; ; {
		name, value, next, ok := nextAttr(rest)
		if !ok {
			break
		}
		rest = next
		switch string(name) {
		case "r":
			n, err := strconv.ParseUint(string(value), 10, 63)
			if err != nil || n > uint64(s.w.book.lim.Rows) || n == 0 {
				return refuseFile(s.w.name, "sheet.refuse.row_number", s.w.book.sheets[s.sheet].Name, string(value[:min(len(value), 24)]), s.w.book.lim.Rows)
			}
			num = int(n)
		case "hidden":
			hidden = string(value) == "1" || string(value) == "true"
		}
	}
	if num > s.w.book.lim.Rows {
		return s.w.book.refuse(s.sheet, num, -1, "sheet.refuse.rows", s.w.book.lim.Rows)
	}
	if num <= s.last {
		return s.w.book.refuse(s.sheet, num, -1, "sheet.refuse.row_order", s.last)
	}
	s.last = num
	s.row = Row{Num: num, Hidden: hidden, Cells: s.row.Cells[:0]}
	s.arena, s.spans = s.arena[:0], s.spans[:0]
	if !s.p.self {
		if err := s.cells(); err != nil {
			return err
		}
	}
	s.settle()
	own := len(s.row.Cells)
	s.fills.fill(&s.row, s.info.hidden)
	s.seen += len(s.row.Cells) - own
	if s.seen > s.w.book.lim.Cells {
		return s.w.book.refuse(s.sheet, num, -1, "sheet.refuse.cells", s.w.book.lim.Cells)
	}
	if len(s.row.Cells) == 0 {
		return nil
	}
	s.stopped = s.fn(&s.row)
	return s.stopped
}

// settle makes one string of the row's own text and cuts the cells' values out of it.
func (s *scanner) settle() {
	if len(s.arena) == 0 {
		return
	}
	text := string(s.arena)
	for i, sp := range s.spans {
		if sp.to > sp.from {
			s.row.Cells[i].Raw = text[sp.from:sp.to]
		}
	}
}

// cells walks the children of a row.
func (s *scanner) cells() error {
	lastCol := -1
	for {
		t, err := s.p.next()
		switch {
		case err != nil:
			return err
		case t == tokEnd:
			return errSyntax
		case t == tokClose && string(s.p.name) == "row":
			return nil
		case t == tokOpen && string(s.p.name) == "c":
			if lastCol, err = s.cell(lastCol); err != nil {
				return err
			}
		case t == tokOpen && string(s.p.name) == "row":
			return errSyntax
		}
	}
}

// sheetColumns is how many columns a sheet can have. Blank cells, which are many in a sheet formatted to its edge, may
// stand in any of them; values only in as many as the limit says.
const sheetColumns = 16_384

// cell reads one cell and returns its column.
func (s *scanner) cell(lastCol int) (int, error) {
	col, style, kind := lastCol+1, 0, byte('n')
	for rest := s.p.attr; ; {
		name, value, next, ok := nextAttr(rest)
		if !ok {
			break
		}
		rest = next
		switch string(name) {
		case "r":
			c, _, ok := parseRef(value)
			if !ok {
				return 0, s.w.book.refuse(s.sheet, s.row.Num, -1, "sheet.refuse.reference", string(value[:min(len(value), 24)]))
			}
			col = c
		case "s":
			style = atoi(value)
		case "t":
			kind = kindOf(value)
		}
	}
	if col <= lastCol {
		return 0, s.w.book.refuse(s.sheet, s.row.Num, col, "sheet.refuse.cell_order")
	}
	if col >= sheetColumns {
		return 0, s.w.book.refuse(s.sheet, s.row.Num, -1, "sheet.refuse.columns", s.w.book.lim.Columns)
	}
	if s.p.self {
		return col, nil
	}
	s.text = s.text[:0]
	formula, valued := false, false
	for inValue := false; ; {
		t, err := s.p.next()
		if err != nil {
			return 0, err
		}
		if t == tokClose {
			inValue = false
			if string(s.p.name) == "c" {
				break
			}
			continue
		}
		switch t {
		case tokEnd:
			return 0, errSyntax
		case tokOpen:
			switch string(s.p.name) {
			case "v":
				inValue, valued = !s.p.self, valued || !s.p.self
			case "f":
				formula = true
			case "is":
				if s.text, err = readRuns(s.p.lexer, s.text, "is"); err != nil {
					return 0, err
				}
				valued = true
			case "c":
				return 0, errSyntax
			}
		case tokText:
			if inValue {
				if s.text, err = unescape(s.text, s.p.text); err != nil {
					return 0, err
				}
			}
		case tokCDATA:
			if inValue {
				s.text = append(s.text, s.p.text...)
			}
		}
		if len(s.text) > maxToken {
			return 0, errLongToken
		}
	}
	return col, s.keep(col, style, kind, formula, valued)
}

// keep adds the cell just read to the row, unless it is blank.
func (s *scanner) keep(col, style int, kind byte, formula, valued bool) error {
	c := Cell{Col: col}
	sp := span{}
	switch kind {
	case 's':
		i := atoi(bytes.TrimSpace(s.text))
		if !valued || len(s.text) == 0 {
			return nil
		}
		if i < 0 || i >= s.w.strings.n {
			return s.w.book.refuse(s.sheet, s.row.Num, col, "sheet.refuse.string_index")
		}
		c.Type, c.Raw = Text, s.w.strings.at(i)
		if c.Raw == "" {
			return nil
		}
	case 't':
		if len(s.text) == 0 {
			if formula && !valued {
				c.Type = NoValue
				break
			}
			return nil
		}
		clean := cellText(s.text)
		if tooLong(clean, s.w.book.lim.Text) {
			return s.w.book.refuse(s.sheet, s.row.Num, col, "sheet.refuse.text", s.w.book.lim.Text, preview(clean))
		}
		c.Type = Text
		sp.from = len(s.arena)
		s.arena = append(s.arena, clean...)
		sp.to = len(s.arena)
	default:
		v := bytes.TrimSpace(s.text)
		if len(v) == 0 {
			if !formula {
				return nil
			}
			c.Type = NoValue
			break
		}
		if len(v) > 64 {
			return s.w.book.refuse(s.sheet, s.row.Num, col, "sheet.refuse.number", preview(v))
		}
		sp.from = len(s.arena)
		s.arena = append(s.arena, v...)
		sp.to = len(s.arena)
		switch kind {
		case 'b':
			c.Type = Bool
		case 'e':
			c.Type = Error
		case 'd':
			c.Type = Text // an ISO 8601 date; the grammar of dates reads it
		default:
			c.Type = Number
			if style >= 0 && style < len(s.style) {
				if c.Format = s.style[style]; c.Format.isDate() {
					c.Type = Date
				}
			}
		}
	}
	if col >= s.w.book.lim.Columns {
		return s.w.book.refuse(s.sheet, s.row.Num, col, "sheet.refuse.columns", s.w.book.lim.Columns)
	}
	if s.seen++; s.seen > s.w.book.lim.Cells {
		return s.w.book.refuse(s.sheet, s.row.Num, col, "sheet.refuse.cells", s.w.book.lim.Cells)
	}
	c.Hidden = s.info.hidden[col]
	s.row.Cells = append(s.row.Cells, c)
	s.spans = append(s.spans, sp)
	return nil
}

// kindOf shortens the t attribute: 't' is any text that stands in the cell itself.
func kindOf(t []byte) byte {
	switch string(t) {
	case "s":
		return 's'
	case "str", "inlineStr":
		return 't'
	case "b":
		return 'b'
	case "e":
		return 'e'
	case "d":
		return 'd'
	}
	return 'n'
}

// atoi reads a small index; −1 for anything else.
func atoi(b []byte) int {
	if len(b) == 0 || len(b) > 9 {
		return -1
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
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
