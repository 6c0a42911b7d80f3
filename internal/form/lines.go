package form

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Limits of a sheet of lines.
const (
	MaxSheet     = 8 << 20 // bytes of the file, or of what was pasted
	sureHeader   = 700     // score from which a header's words are taken to mean a column
	maxLineFault = 50      // mistakes that are told
)

// LineFault is a mistake in a sheet of lines.
type LineFault struct {
	Place string // "Sheet1!C12", or the row where no cell is meant
	Where i18n.Msg
	Msg   i18n.Msg
}

// Lines is what a sheet comes to: rows as they would be typed, or what is wrong with it. With faults there are no rows:
// a sheet is taken whole or not at all.
type Lines struct {
	Rows   []map[string]string
	Faults []LineFault
	More   int      // faults beyond those that are told
	Left   []string // headers that are none of the list's columns; they were not read
}

// ReadLines reads the rows of a list from a sheet: a workbook, or delimited text such as a spreadsheet gives to the
// clipboard. Columns are found by their headers, whatever their order, and amounts are taken in the unit that the header or
// the title names. What is no sheet, has no header that is known, or is too large is Invalid.
func (f *Field) ReadLines(ctx context.Context, r io.Reader, name string) (lines Lines, err error) {
	path, err := hold(r)
	if err != nil {
		return lines, err
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()
	book, err := sheet.Open(path, name, sheet.Limits{File: MaxSheet, Rows: 50_000, Cells: 500_000, Unpacked: 128 << 20, Strings: 16 << 20})
	if err != nil {
		return lines, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	layout, found, err := f.layout(ctx, book)
	if err != nil {
		return lines, err
	}
	for i, c := range layout.Columns {
		if found[i] == nil && c.Label != "" {
			lines.Left = append(lines.Left, c.Label)
		}
	}
	for _, c := range f.Columns {
		if c.Required && !slices.Contains(found, c) {
			lines.Faults = append(lines.Faults, LineFault{Place: book.Sheets()[layout.Sheet].Name, Where: i18n.M("form.one", c.Label), Msg: i18n.M("form.no_column", c.Label)})
		}
	}
	if len(lines.Faults) > 0 {
		return lines, nil
	}
	if err := f.rows(ctx, book, layout, found, &lines); err != nil {
		return lines, err
	}
	if len(lines.Faults) > 0 {
		lines.Rows = nil
	}
	if len(lines.Faults) == 0 && len(lines.Rows) == 0 {
		return lines, errs.Invalid(i18n.M("form.no_lines", f.Label))
	}
	return lines, nil
}

// hold keeps what is read in a file, which a sheet is opened from.
func hold(r io.Reader) (path string, err error) {
	out, err := os.CreateTemp("", "yanzhen-lines-")
	if err != nil {
		return "", fmt.Errorf("hold a sheet: %w", err)
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			err = errors.Join(err, os.Remove(out.Name()))
		}
	}()
	n, err := io.Copy(out, io.LimitReader(r, MaxSheet+1))
	if err != nil {
		return "", fmt.Errorf("hold a sheet: %w", err)
	}
	if n > MaxSheet {
		return "", errs.Invalid(i18n.M("form.sheet_size", MaxSheet>>20))
	}
	return out.Name(), nil
}

// layout is the first sheet of a book with a header that is known, and the list's column for each of its own.
func (f *Field) layout(ctx context.Context, book *sheet.Book) (sheet.Layout, []*Field, error) {
	var vocab sheet.Vocabulary
	for _, c := range f.Columns {
		vocab.Columns = append(vocab.Columns, sheet.Term{ID: c.Name, Labels: c.headers(), Kind: sheet.Kind(c.Type), Unit: c.Unit})
	}
	for i, info := range book.Sheets() {
		if info.Hidden {
			continue
		}
		l, err := sheet.Detect(ctx, book, i, vocab)
		if errs.KindOf(err) == errs.KindInvalid {
			continue
		}
		if err != nil {
			return l, nil, err
		}
		if found := f.match(l); slices.ContainsFunc(found, func(c *Field) bool { return c != nil }) {
			return l, found, nil
		}
	}
	return sheet.Layout{}, nil, errs.Invalid(i18n.M("form.no_header", f.columnNames()))
}

// match gives each column of the list to the header that fits best.
func (f *Field) match(l sheet.Layout) []*Field {
	found := make([]*Field, len(l.Columns))
	score := map[string]int{}
	at := map[string]int{}
	for i, c := range l.Columns {
		if len(c.Candidates) == 0 || c.Candidates[0].Score < sureHeader {
			continue
		}
		best := c.Candidates[0]
		if before, taken := at[best.ID]; taken {
			if score[best.ID] >= best.Score {
				continue
			}
			found[before] = nil
		}
		found[i], _ = f.Column(best.ID)
		score[best.ID], at[best.ID] = best.Score, i
	}
	return found
}

// columnNames is the headers that a sheet may have.
func (f *Field) columnNames() i18n.Msg {
	var all i18n.Msg
	for i, c := range f.Columns {
		if i == 0 {
			all = i18n.M("form.one", c.Label)
			continue
		}
		all = i18n.M("form.more", all, c.Label)
	}
	return all
}

// rows reads the lines below the header.
func (f *Field) rows(ctx context.Context, book *sheet.Book, l sheet.Layout, found []*Field, lines *Lines) error {
	name := book.Sheets()[l.Sheet].Name
	return book.Records(ctx, &l, func(r *sheet.Record) error {
		if r.Kind != sheet.DataRow {
			return nil
		}
		if len(lines.Rows) == f.MaxItems {
			return errs.Invalid(i18n.M("form.too_many_lines", f.MaxItems))
		}
		row, stands := map[string]string{}, false
		var blank []LineFault
		for i, c := range found {
			if c == nil {
				continue
			}
			v := c.reckoned(l.Columns[i]).cell(r.Cells[i])
			stands = stands || v.stands
			told := LineFault{Place: address(name, r.Row, l.Columns[i].Index), Where: i18n.M("form.one", c.Label), Msg: v.wrong}
			switch {
			case v.stands && !v.wrong.IsZero():
				lines.fault(told)
			case v.stands:
				row[c.Name] = c.Typed(v.value)
			case c.Required:
				told.Msg = i18n.M("form.missing", c.expected())
				blank = append(blank, told)
			}
		}
		if !stands {
			return nil
		}
		for _, told := range blank {
			lines.fault(told)
		}
		lines.Rows = append(lines.Rows, row)
		return nil
	})
}

func (l *Lines) fault(told LineFault) {
	if len(l.Faults) == maxLineFault {
		l.More++
		return
	}
	l.Faults = append(l.Faults, told)
}

// address is a cell of a sheet as people name it.
func address(sheetName string, row, col int) string {
	if sheetName == "" {
		return sheet.Address(row, col)
	}
	return sheetName + "!" + sheet.Address(row, col)
}

// reckoned is the column as a sheet's own column gives its numbers: in the unit that stands above them.
func (f *Field) reckoned(c sheet.Column) *Field {
	if f.Type != content.Money || c.UnitFrom == sheet.UnitFromTerm || c.Unit.Kind != sheet.UnitMoney {
		return f
	}
	other := *f
	other.Unit = c.Unit.Name
	return &other
}

// Template is an empty workbook for the lines, with what is wanted in each column on a sheet of its own.
func (f *Field) Template(t i18n.T) sheet.Export {
	columns := make([]string, len(f.Columns))
	notes := make([][2]string, 0, len(f.Columns)+1)
	for i, c := range f.Columns {
		columns[i] = t.Text(c.Label)
		if c.Unit != "" && c.Type != content.Int {
			columns[i] = t.S("form.with_unit", c.Label, c.UnitName())
		}
		what := t.Msg(c.expected())
		if c.Required {
			what = t.S("form.column_required", what)
		}
		notes = append(notes, [2]string{columns[i], what})
	}
	notes = append(notes, [2]string{t.S("form.rows"), t.S("form.rows_at_most", f.MaxItems)})
	return sheet.Export{
		Title: t.Text(f.Label), Notes: notes, NotesName: t.S("form.template_notes"),
		Table: sheet.Table{Name: sheetName(t.Text(f.Label)), Columns: columns, Rows: func(func([]any) bool) {}},
	}
}

// sheetName is a text as workbooks allow it above a sheet: 31 characters, without marks that mean something to them.
func sheetName(s string) string {
	var out []rune
	for _, r := range s {
		if !slices.Contains([]rune(`[]:*?/\'`), r) && len(out) < 31 {
			out = append(out, r)
		}
	}
	return string(out)
}
