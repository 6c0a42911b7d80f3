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
	gatherer
	w    *workbook
	p    *part
	text []byte // of the cell under way
}

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
	s := &scanner{w: w, p: p, gatherer: gatherer{
		book: w.book, sheet: sheet, hidden: info.hidden, fills: filler{merges: info.merges}, fn: fn,
	}}
	w.book.walks(0, p.size)
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
		s.book.done.Store(s.p.in.n)
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
			if err != nil || n > uint64(s.book.lim.Rows) || n == 0 {
				return refuseFile(s.w.name, "sheet.refuse.row_number", s.book.sheets[s.sheet].Name, string(value[:min(len(value), 24)]), s.book.lim.Rows)
			}
			num = int(n)
		case "hidden":
			hidden = string(value) == "1" || string(value) == "true"
		}
	}
	if err := s.begin(num, hidden); err != nil {
		return err
	}
	if !s.p.self {
		if err := s.cells(); err != nil {
			return err
		}
	}
	return s.end()
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

// cellHead is what the tag of a cell says.
type cellHead struct {
	col, style int
	kind       byte // see kindOf
}

// cell reads one cell and returns its column.
func (s *scanner) cell(lastCol int) (int, error) {
	head, err := s.cellHead(lastCol)
	if err != nil || s.p.self {
		return head.col, err
	}
	formula, valued, err := s.cellBody()
	if err != nil {
		return 0, err
	}
	n := len(s.row.Cells)
	if err := s.keep(head, formula, valued); err != nil {
		return head.col, err
	}
	if formula && len(s.row.Cells) > n {
		s.row.Cells[n].Formula = true
	}
	return head.col, nil
}

// cellHead reads the attributes of the cell just opened.
func (s *scanner) cellHead(lastCol int) (cellHead, error) {
	head := cellHead{col: lastCol + 1, kind: 'n'}
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
				return head, s.book.refuse(s.sheet, s.row.Num, -1, "sheet.refuse.reference", string(value[:min(len(value), 24)]))
			}
			head.col = c
		case "s":
			head.style = atoi(value)
		case "t":
			head.kind = kindOf(value)
		}
	}
	if head.col <= lastCol {
		return head, s.book.refuse(s.sheet, s.row.Num, head.col, "sheet.refuse.cell_order")
	}
	if head.col >= sheetColumns {
		return head, s.book.refuse(s.sheet, s.row.Num, -1, "sheet.refuse.columns", s.book.lim.Columns)
	}
	return head, nil
}

// cellBody reads the inside of a cell into s.text. formula and valued say which of the two it has.
func (s *scanner) cellBody() (formula, valued bool, err error) {
	s.text = s.text[:0]
	for inValue := false; ; {
		t, err := s.p.next()
		switch {
		case err != nil:
			return false, false, err
		case t == tokEnd:
			return false, false, errSyntax
		case t == tokClose && string(s.p.name) == "c":
			return formula, valued, nil
		case t == tokClose:
			inValue = false
		case t == tokCDATA && inValue:
			s.text = append(s.text, s.p.text...)
		case t == tokText && inValue:
			s.text, err = unescape(s.text, s.p.text)
		case t == tokOpen:
			switch string(s.p.name) {
			case "v":
				inValue, valued = !s.p.self, valued || !s.p.self
			case "f":
				formula = true
			case "is":
				s.text, err = readRuns(s.p.lexer, s.text, "is")
				valued = true
			case "c":
				err = errSyntax
			}
		}
		if err == nil && len(s.text) > maxToken {
			err = errLongToken
		}
		if err != nil {
			return false, false, err
		}
	}
}

// keep adds the cell just read to the row, unless it is blank. A formula without a value has not been computed.
func (s *scanner) keep(head cellHead, formula, valued bool) error {
	switch head.kind {
	case 's':
		return s.keepShared(head.col)
	case 't':
		if len(s.text) > 0 {
			return s.add(Cell{Col: head.col, Type: Text}, cellText(s.text))
		}
		formula = formula && !valued
	default:
		if v := bytes.TrimSpace(s.text); len(v) > 0 {
			return s.keepValue(head, v)
		}
	}
	if formula {
		return s.add(Cell{Col: head.col, Type: NoValue}, nil)
	}
	return nil
}

// keepShared adds a cell whose text stands in the table of shared strings.
func (s *scanner) keepShared(col int) error {
	if len(s.text) == 0 {
		return nil
	}
	i := atoi(bytes.TrimSpace(s.text))
	if i < 0 || i >= s.w.strings.n {
		return s.book.refuse(s.sheet, s.row.Num, col, "sheet.refuse.string_index")
	}
	if text := s.w.strings.at(i); text != "" {
		return s.add(Cell{Col: col, Type: Text, Raw: text}, nil)
	}
	return nil
}

// keepValue adds a cell that is no text: a number, a date, a truth value or an error.
func (s *scanner) keepValue(head cellHead, v []byte) error {
	if len(v) > 64 {
		return s.book.refuse(s.sheet, s.row.Num, head.col, "sheet.refuse.number", preview(v))
	}
	c := Cell{Col: head.col, Type: Number}
	switch head.kind {
	case 'b':
		c.Type = Bool
	case 'e':
		c.Type = Error
	case 'd':
		c.Type = Text // an ISO 8601 date; the grammar of dates reads it
	default:
		if head.style >= 0 && head.style < len(s.w.formats) {
			c = c.formatted(s.w.formats[head.style])
		}
	}
	return s.add(c, v)
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
