package subsidy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Problem is what is wrong with a sheet: the file, the sheet and the cell, and what to do.
type Problem struct {
	Where sheet.Place
	Msg   i18n.Msg
}

// column is a column that a template has.
type column struct {
	id       string
	name     i18n.Text
	words    []string // other headings that stand for it
	required bool     // the heading must be there
	help     i18n.Text
}

// table is the rows of a sheet that follows a template.
type table struct {
	book    *sheet.Book
	columns []column
	at      map[string]int // where a column stands
	units   map[string]sheet.Unit
	sheet   int
	rows    []tableRow

	problems []Problem
}

type tableRow struct {
	t   *table
	num int
	of  map[int]sheet.Cell
}

// headRows is how far down the headings of a sheet are looked for.
const headRows = 20

// errEnough ends the reading of a sheet.
var errEnough = errors.New("enough")

// readTable reads the first sheet of a file in which the headings of a template stand, at most so many rows. What is not a
// sheet, or has no such headings, is Invalid.
func readTable(ctx context.Context, path, name string, columns []column, most int) (*table, error) {
	book, err := sheet.Open(path, name, sheet.DefaultLimits())
	if err != nil {
		return nil, err
	}
	t := &table{book: book, columns: columns}
	for i := range book.Sheets() {
		if err := t.read(ctx, i, most); err != nil {
			return nil, errors.Join(err, book.Close())
		}
		if t.at != nil {
			return t, nil
		}
	}
	var want []string
	for _, c := range columns {
		if c.required {
			want = append(want, c.name.ZH)
		}
	}
	return nil, errors.Join(errs.Invalid(i18n.M("subsidy.no_headings", name, strings.Join(want, "、"))), book.Close())
}

func (t *table) read(ctx context.Context, n, most int) error {
	seen := 0
	err := t.book.Rows(ctx, n, func(r *sheet.Row) error {
		seen++
		switch {
		case t.at == nil && t.headings(r):
			t.sheet = n
		case t.at == nil && seen >= headRows:
			return errEnough
		case t.at == nil:
		case len(t.rows) == most:
			return errs.Invalid(i18n.M("subsidy.too_many_rows", t.book.Place(n, r.Num, -1).String(), most))
		default:
			t.add(r)
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// headings takes a row for the headings where all columns that are required stand in it.
func (t *table) headings(r *sheet.Row) bool {
	at, units := map[string]int{}, map[string]sheet.Unit{}
	for _, cell := range r.Cells {
		label, unit := heading(cell.Shown())
		for _, c := range t.columns {
			if _, taken := at[c.id]; !taken && slices.ContainsFunc(append([]string{c.id, c.name.ZH, c.name.EN}, c.words...), func(w string) bool { return content.Fold(w) == label }) {
				at[c.id], units[c.id] = cell.Col, unit
				break
			}
		}
	}
	for _, c := range t.columns {
		if _, ok := at[c.id]; c.required && !ok {
			return false
		}
	}
	t.at, t.units = at, units
	return true
}

// heading is a heading as it is compared, and the unit that it names in brackets.
func heading(text string) (label string, unit sheet.Unit) {
	text = strings.NewReplacer("（", "(", "）", ")", "*", "").Replace(text)
	if i := strings.IndexByte(text, '('); i >= 0 {
		unit, _ = sheet.UnitNamed(strings.Trim(text[i+1:], "() "))
		text = text[:i]
	}
	return content.Fold(text), unit
}

func (t *table) add(r *sheet.Row) {
	row := tableRow{t: t, num: r.Num, of: map[int]sheet.Cell{}}
	for _, cell := range r.Cells {
		if strings.TrimSpace(cell.Shown()) != "" {
			row.of[cell.Col] = cell
		}
	}
	if len(row.of) > 0 {
		t.rows = append(t.rows, row)
	}
}

// place is where a column of the row stands; of a column that the sheet does not have, the row.
func (r tableRow) place(id string) sheet.Place {
	col, ok := r.t.at[id]
	if !ok {
		col = -1
	}
	return r.t.book.Place(r.t.sheet, r.num, col)
}

// wrong notes a problem with a cell.
func (r tableRow) wrong(id string, msg i18n.Msg) {
	r.t.problems = append(r.t.problems, Problem{r.place(id), msg})
}

func (r tableRow) cell(id string) (sheet.Cell, bool) {
	col, ok := r.t.at[id]
	if !ok {
		return sheet.Cell{}, false
	}
	c, ok := r.of[col]
	return c, ok
}

// text is what a cell says; "" where it says nothing. A number is taken as it is stored, so that a long one keeps its digits.
func (r tableRow) text(id string) string {
	c, ok := r.cell(id)
	switch {
	case !ok:
		return ""
	case c.Type == sheet.Number:
		return c.Raw
	}
	return strings.TrimSpace(c.Shown())
}

// money is the amount in a cell, in the unit of its heading or else yuan.
func (r tableRow) money(id string) (money.Fen, bool) {
	text := r.text(id)
	if text == "" {
		return 0, false
	}
	unit := r.t.units[id]
	if unit.IsZero() {
		unit, _ = sheet.UnitNamed("元")
	}
	a, err := sheet.ParseAmount(text, unit)
	if err != nil {
		msg, ok := errs.Message(err)
		if !ok {
			msg = i18n.M("subsidy.no_money", text)
		}
		r.wrong(id, msg)
		return 0, false
	}
	return a.Fen, true
}

// template is an empty sheet with the headings, and a second one that explains them.
func template(t i18n.T, title i18n.Msg, columns []column, rows [][]any) *sheet.Export {
	out := &sheet.Export{Title: t.Msg(title), NotesName: t.Msg(i18n.M("subsidy.sheet_notes"))}
	out.Name = t.Msg(i18n.M("subsidy.sheet_rows"))
	for _, c := range columns {
		name := t.Text(c.name)
		out.Columns = append(out.Columns, name)
		help := t.Text(c.help)
		if c.required {
			help = t.Msg(i18n.M("subsidy.required", help))
		}
		out.Notes = append(out.Notes, [2]string{name, help})
	}
	out.Rows = func(yield func([]any) bool) {
		for _, row := range rows {
			if !yield(slices.Clone(row)) {
				return
			}
		}
	}
	return out
}

// placed is a problem as one error, for who shows no list.
func placed(all []Problem) error {
	if len(all) == 0 {
		return nil
	}
	return errs.Invalid(i18n.M("subsidy.sheet_wrong", len(all), all[0].Where.String(), all[0].Msg))
}
