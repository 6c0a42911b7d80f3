package sheet

import (
	"bytes"
	"context"
	"strconv"
)

// xml2003 is the body of an "XML spreadsheet 2003" (SpreadsheetML), which old systems call .xls.
type xml2003 struct {
	*textFile
	formats map[string]*Format
	hidden  [][]bool // columns, by sheet
}

// openXML2003 lists the sheets and the number formats; both stand around the cells.
func openXML2003(b *Book, text *textFile) error {
	x := &xml2003{textFile: text, formats: map[string]*Format{}}
	l := newLexer(text.text(context.Background()))
	style := ""
	for {
		t, err := l.next()
		if err != nil {
			return x.fail(err)
		}
		if t == tokEnd {
			break
		}
		if t != tokOpen {
			continue
		}
		switch string(l.name) {
		case "Style":
			style = l.attrOf("ID")
		case "NumberFormat":
			if len(x.formats) >= maxStyles {
				return refuseFile(b.name, "sheet.refuse.styles", maxStyles)
			}
			x.formats[style] = parseFormat(namedFormat(l.attrOf("Format")), false)
		case "Worksheet":
			if len(b.sheets) >= maxTables {
				return refuseFile(b.name, "sheet.refuse.tables", maxTables)
			}
			b.sheets = append(b.sheets, SheetInfo{Name: l.attrOf("Name")})
			x.hidden = append(x.hidden, nil)
		case "Column":
			if n := len(x.hidden); n > 0 {
				x.hidden[n-1] = hideColumns(x.hidden[n-1], l, b.lim.Columns)
			}
		case "Visible":
			if n := len(b.sheets); n > 0 {
				b.sheets[n-1].Hidden = true // SheetHidden, SheetVeryHidden
			}
		}
	}
	if len(b.sheets) == 0 {
		return refuseFile(b.name, "sheet.refuse.no_sheets")
	}
	b.tellHidden()
	b.body = x
	return nil
}

func (x *xml2003) fail(err error) error { return failXML(x.book.name, "XML", err) }

// hideColumns adds what a Column element describes: one column or, with a span, those beside it too.
func hideColumns(cols []bool, l *lexer, limit int) []bool {
	at := number(l.attrOf("Index"), len(cols)+1, limit)
	for len(cols) < at-1 {
		cols = append(cols, false)
	}
	for n := 1 + number(l.attrOf("Span"), 0, limit); n > 0 && len(cols) < limit; n-- {
		cols = append(cols, l.flagOf("Hidden"))
	}
	return cols
}

// namedFormat is the code of a format that goes by a name.
func namedFormat(name string) string {
	switch name {
	case "General Date", "Long Date", "Medium Date", "Short Date":
		return "yyyy/m/d"
	case "Long Time", "Medium Time", "Short Time":
		return "h:mm:ss"
	case "Currency", "Euro Currency", "Standard":
		return "#,##0.00"
	case "Fixed":
		return "0.00"
	case "Percent":
		return "0.00%"
	case "Scientific":
		return "0.00E+00"
	case "General Number", "Yes/No", "True/False", "On/Off":
		return ""
	}
	return name
}

func (x *xml2003) hiddenColumns(_ context.Context, sheet int) ([]bool, error) {
	return x.hidden[sheet], nil
}

func (x *xml2003) rows(ctx context.Context, sheet int, fn func(*Row) error) error {
	w := xmlWalk{x: x, l: newLexer(x.text(ctx)), gatherer: gatherer{
		book: x.book, sheet: sheet, hidden: make([]bool, x.book.lim.Columns), fn: fn,
	}}
	copy(w.hidden, x.hidden[sheet])
	if err := w.walk(sheet); err != nil {
		if w.stopped != nil {
			return w.stopped
		}
		return x.fail(err)
	}
	return nil
}

// xmlWalk goes through the rows of one sheet.
type xmlWalk struct {
	gatherer
	x    *xml2003
	l    *lexer
	num  int    // of the row before
	text []byte // of the cell under way
}

func (w *xmlWalk) walk(sheet int) error {
	for at := -1; ; {
		t, err := w.l.next()
		switch {
		case err != nil:
			return err
		case t == tokEnd:
			return nil
		case t == tokOpen && string(w.l.name) == "Worksheet":
			at++
		case at != sheet:
		case t == tokClose && string(w.l.name) == "Table":
			return nil
		case t == tokOpen && string(w.l.name) == "Row":
			if err := w.oneRow(); err != nil {
				return err
			}
		}
	}
}

// oneRow reads a row. One without an index follows the row before; a span stands for that many blank rows more.
func (w *xmlWalk) oneRow() error {
	num := w.num + 1
	if index := w.l.attrOf("Index"); index != "" {
		n, err := strconv.Atoi(index)
		if err != nil || n < 1 || n > w.book.lim.Rows {
			return refuseFile(w.book.name, "sheet.refuse.row_number", w.book.sheets[w.sheet].Name, preview([]byte(index)), w.book.lim.Rows)
		}
		num = n
	}
	w.num = num + number(w.l.attrOf("Span"), 0, w.book.lim.Rows)
	blank := w.l.self
	if err := w.begin(num, w.l.flagOf("Hidden")); err != nil || blank {
		return err
	}
	for col := 0; ; {
		t, err := w.l.next()
		switch {
		case err != nil:
			return err
		case t == tokEnd, t == tokOpen && string(w.l.name) == "Row":
			return errSyntax
		case t == tokClose && string(w.l.name) == "Row":
			return w.end()
		case t == tokOpen && string(w.l.name) == "Cell":
			if col, err = w.cell(col); err != nil {
				return err
			}
		}
	}
}

// cell reads a cell, and gives the column behind it.
func (w *xmlWalk) cell(col int) (next int, err error) {
	lim := w.book.lim
	if index := w.l.attrOf("Index"); index != "" {
		n, err := strconv.Atoi(index)
		if err != nil || n <= col {
			return 0, w.book.refuse(w.sheet, w.row.Num, col, "sheet.refuse.cell_order")
		}
		col = n - 1
	}
	across, down := number(w.l.attrOf("MergeAcross"), 0, lim.Columns), number(w.l.attrOf("MergeDown"), 0, lim.Rows)
	if (across > 0 || down > 0) && col < lim.Columns {
		w.fills.merges = append(w.fills.merges, merge{w.row.Num, col, min(w.row.Num+down, lim.Rows), min(col+across, lim.Columns-1)})
	}
	c, hasFormula := Cell{Col: col, Format: w.x.formats[w.l.attrOf("StyleID")]}, w.l.attrOf("Formula") != ""
	next = col + across + 1
	if w.l.self {
		return next, w.keep(c, "", hasFormula)
	}
	for kind := ""; ; {
		t, err := w.l.next()
		switch {
		case err != nil:
			return 0, err
		case t == tokEnd, t == tokOpen && string(w.l.name) == "Cell":
			return 0, errSyntax
		case t == tokClose && string(w.l.name) == "Cell":
			return next, w.keep(c, kind, hasFormula)
		case t == tokOpen && string(w.l.name) == "Data":
			kind = w.l.attrOf("Type")
			err = w.data()
		case t == tokOpen: // a comment, a guide to the sound
			err = w.l.skip()
		}
		if err != nil {
			return 0, err
		}
	}
}

// data reads the text of the Data element just opened; parts of it may be marked up.
func (w *xmlWalk) data() error {
	w.text = w.text[:0]
	if w.l.self {
		return nil
	}
	for {
		t, err := w.l.next()
		switch {
		case err != nil:
			return err
		case t == tokEnd:
			return errSyntax
		case t == tokClose && string(w.l.name) == "Data":
			return nil
		case t == tokText:
			w.text, err = unescape(w.text, w.l.text)
		case t == tokCDATA:
			w.text = append(w.text, w.l.text...)
		}
		if err == nil && len(w.text) > maxToken {
			err = errLongToken
		}
		if err != nil {
			return err
		}
	}
}

// keep adds the cell just read, unless it is blank. A formula without a value has not been computed.
func (w *xmlWalk) keep(c Cell, kind string, hasFormula bool) error {
	v := w.text
	if kind != "String" {
		v = bytes.TrimSpace(v)
	}
	format := c.Format
	c.Format = nil
	switch {
	case kind == "" && hasFormula:
		c.Type = NoValue
		return w.add(c, nil)
	case kind == "", len(v) == 0:
		return nil
	case w.x.undecoded(v):
		return w.book.refuse(w.sheet, w.row.Num, c.Col, "sheet.refuse.decode")
	case kind == "Number" && len(v) > 64:
		return w.book.refuse(w.sheet, w.row.Num, c.Col, "sheet.refuse.number", preview(v))
	case kind == "Number":
		c.Type = Number
		c = c.formatted(format)
	case kind == "Boolean":
		c.Type = Bool
	case kind == "Error":
		c.Type = Error
	default: // a date is ISO 8601; the grammar of dates reads its day
		c.Type = Text
		if kind == "DateTime" {
			v = bytes.TrimSuffix(v, []byte("T00:00:00.000"))
		}
	}
	return w.add(c, v)
}
