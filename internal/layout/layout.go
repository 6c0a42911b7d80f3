package layout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Limits of a template and of what is filled into one: it is held in memory as a whole.
const (
	maxFile     = 4 << 20
	maxUnpacked = 64 << 20
	maxCells    = 100_000
	maxRow      = 20_000
	maxFilled   = 20_000 // rows
)

// Filler fills templates.
type Filler struct {
	Library *content.Library
	T       i18n.T
	Today   period.Day
}

// Filled is a template with its table.
type Filled struct {
	Body     []byte
	Rows     int
	Blank    []string // headers of columns that are not understood and stay blank
	Unknown  int      // cells that stay blank because nobody knows what belongs into them
	Unlisted []string // rows that the template names and the table has not: they stay blank
	Missed   int      // rows of the table that are not in a template which names its rows
}

// Notes tells what of a template stays blank, and why.
func (f Filled) Notes(t i18n.T) (all []string) {
	for _, header := range f.Blank {
		all = append(all, t.S("layout.stays_blank", header))
	}
	if f.Unknown > 0 {
		all = append(all, t.S("layout.not_known", f.Unknown))
	}
	for _, words := range f.Unlisted {
		all = append(all, t.S("layout.unlisted", words))
	}
	if f.Missed > 0 {
		all = append(all, t.S("layout.missed", f.Missed))
	}
	return all
}

// place is a cell, for messages.
type place struct {
	file, sheet string
}

func (p place) refuse(row, col int, key string, args ...any) error {
	at := sheet.Place{File: p.file, Sheet: p.sheet, Row: row, Col: col}
	return errs.Invalid(i18n.M("sheet.at", at.String(), i18n.M(key, args...)))
}

// grid is where in a template the rows go and what each cell of them is.
type grid struct {
	place
	index   int
	header  int // the first row of the header by which it was found; 0 for placeholders
	row     int // the first, whose looks, formulas and fixed texts the others take
	next    int // the first row below that holds something of its own; 0 for none
	cells   []cell
	fixed   []sheet.Cell // what else stands in the first row and is repeated
	singles []single
	wide    int    // columns that hold something in the rows above it
	listed  []line // rows that the template names; then nothing is repeated
	totals  []line
}

// line is a row of the template that is filled in where it stands.
type line struct {
	row   int
	words []string   // by which it is named
	unit  sheet.Unit // that it names; the zero Unit is none
	open  []int      // columns in which nothing stands yet
	heads bool       // it may be a heading above others, which nothing is filled into
}

// cell is one column of the grid.
type cell struct {
	col    int
	column int        // of the table
	unit   sheet.Unit // of amounts and counts; the zero Unit is the column's own
	period period.Period
	rate   sheet.RateScale
	text   string // what stands around the placeholder, with %s for the value; "" for nothing
	said   bool   // its header says of which period it is
}

// single is a cell with placeholders that concern the whole table.
type single struct {
	row, col int
	text     string
	cells    map[string]cell // those of what the whole area comes to
}

// formula is the place of a formula in the template as it came.
type formula struct {
	sheet    string
	row, col int
}

// template is what was understood of a workbook.
type template struct {
	grids    []grid
	formulas []formula
	blank    []string
}

// FillFrom is Fill for a template that comes as a stream.
func (f *Filler) FillFrom(ctx context.Context, in io.Reader, name string, table *Table) (Filled, error) {
	file, err := os.CreateTemp("", "yanzhen-template-*")
	if err != nil {
		return Filled{}, err
	}
	defer os.Remove(file.Name())
	_, err = io.Copy(file, in)
	if err = errors.Join(err, file.Close()); err != nil {
		return Filled{}, err
	}
	return f.Fill(ctx, file.Name(), name, table)
}

// Fill writes a table into the template at a path. name is the template's name, for messages. A template that cannot be
// used is an error (Invalid) that names the cell.
func (f *Filler) Fill(ctx context.Context, path, name string, table *Table) (Filled, error) {
	book, err := sheet.Open(path, name, sheet.Limits{File: maxFile, Unpacked: maxUnpacked, Cells: maxCells, Rows: maxRow})
	if err != nil {
		return Filled{}, err
	}
	defer book.Close()
	form, err := f.read(ctx, book, table)
	if err != nil {
		return Filled{}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return Filled{}, err
	}
	defer file.Close()
	out, err := excelize.OpenReader(file, excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return Filled{}, errs.Invalid(i18n.M("layout.not_xlsx", name))
	}
	defer out.Close()
	records, err := gather(table)
	if err != nil {
		return Filled{}, err
	}
	w := writer{Filler: f, out: out, table: table, records: records, formulas: form.formulas}
	for _, g := range form.grids {
		if err := w.fill(g); err != nil {
			if errs.KindOf(err) != errs.KindInvalid {
				err = fmt.Errorf("fill template %q: %w", name, err)
			}
			return Filled{}, err
		}
	}
	var body bytes.Buffer
	if err := w.finish(&body); err != nil {
		return Filled{}, fmt.Errorf("fill template %q: %w", name, err)
	}
	n := len(records)
	if len(w.unlisted) > 0 || w.missed > 0 {
		n -= w.missed
	}
	return Filled{Body: body.Bytes(), Rows: n, Blank: form.blank, Unknown: w.unknown, Unlisted: w.unlisted, Missed: w.missed}, nil
}

// gather is the rows of a table, which are counted to the end so that a refusal can say how many there are.
func gather(table *Table) (records []Record, err error) {
	n := 0
	for r, err := range table.Rows {
		if err != nil {
			return nil, err
		}
		if n++; n <= maxFilled {
			records = append(records, r)
		}
	}
	if n > maxFilled {
		return nil, errs.Invalid(i18n.M("layout.too_many", n, maxFilled))
	}
	return records, nil
}

// read finds the grids of a template: in the sheets with placeholders; where no sheet has any, by the headers.
func (f *Filler) read(ctx context.Context, book *sheet.Book, table *Table) (form template, err error) {
	found := false
	for i, info := range book.Sheets() {
		g := grid{place: place{book.Name(), info.Name}, index: i}
		if err := f.placeholders(ctx, book, &g, &form, table); err != nil {
			return form, err
		}
		if len(g.cells)+len(g.singles) > 0 {
			found = found || len(g.cells) > 0
			form.grids = append(form.grids, g)
		}
	}
	if found {
		return form, nil
	}
	for i, info := range book.Sheets() {
		if info.Hidden {
			continue
		}
		g, left, err := f.byHeader(ctx, book, i, table)
		if err != nil {
			return form, err
		}
		if len(g.cells) > 0 {
			form.grids, form.blank, found = append(form.grids, g), append(form.blank, left...), true
		}
	}
	if !found {
		return form, errs.Invalid(i18n.M("layout.no_table", book.Name(), table.Name, f.example(table)))
	}
	return form, nil
}

// example is two placeholders of a table, for a message.
func (f *Filler) example(table *Table) string {
	var names []string
	for _, c := range table.Columns {
		if c.Role != "row.number" && len(names) < 2 {
			names = append(names, "{{"+f.T.Text(c.Name)+"}}")
		}
	}
	return strings.Join(names, " ")
}

var placeholder = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// placeholders reads the placeholders and the formulas of a sheet. The placeholders of one row that are about the rows of
// the table make the grid.
func (f *Filler) placeholders(ctx context.Context, book *sheet.Book, g *grid, form *template, table *Table) error {
	return book.Rows(ctx, g.index, func(r *sheet.Row) error {
		if g.row > 0 && g.next == 0 {
			g.next = r.Num
		}
		var others []sheet.Cell
		for _, c := range r.Cells {
			if c.Formula || c.Type == sheet.NoValue {
				form.formulas = append(form.formulas, formula{g.sheet, r.Num, c.Col})
			}
			if c.Fill != sheet.Own || c.Type != sheet.Text || !strings.Contains(c.Raw, "{{") {
				others = append(others, c)
				continue
			}
			if err := f.placeholder(g, r.Num, c, table); err != nil {
				return err
			}
		}
		switch {
		case g.row == r.Num:
			g.fixed = ownCells(others)
		case g.row == 0 && len(r.Cells) > 0:
			g.wide = max(g.wide, r.Cells[len(r.Cells)-1].Col+1)
		}
		return nil
	})
}

// ownCells leaves out what a merged range spreads.
func ownCells(cells []sheet.Cell) []sheet.Cell {
	return slices.DeleteFunc(cells, func(c sheet.Cell) bool { return c.Fill != sheet.Own })
}

// placeholder reads one cell that has some.
func (f *Filler) placeholder(g *grid, row int, c sheet.Cell, table *Table) error {
	names := placeholder.FindAllStringSubmatch(c.Raw, -1)
	if len(names) == 0 || strings.Count(c.Raw, "{{") != len(names) {
		return g.refuse(row, c.Col, "layout.unclosed", c.Raw)
	}
	if isSingle(names) {
		x, err := f.single(g, row, c, names, table)
		g.singles = append(g.singles, x)
		return err
	}
	if len(names) > 1 {
		return g.refuse(row, c.Col, "layout.several", c.Raw)
	}
	x, err := f.cell(g.place, sheet.Place{Row: row, Col: c.Col}, names[0][1], table)
	if err != nil {
		return err
	}
	if around := placeholder.ReplaceAllLiteralString(strings.ReplaceAll(c.Raw, "%", "%%"), "%s"); around != "%s" {
		x.text = around
	}
	switch {
	case g.row == 0:
		g.row = row
	case g.row != row:
		return g.refuse(row, c.Col, "layout.second_row", c.Raw, g.row)
	}
	g.cells = append(g.cells, x)
	return nil
}

// cell reads one placeholder: what, then @ and a period, then | and a unit.
func (f *Filler) cell(p place, at sheet.Place, text string, table *Table) (cell, error) {
	x := cell{col: at.Col}
	what, unit, hasUnit := strings.Cut(text, "|")
	what, when, hasPeriod := strings.Cut(what, "@")
	if x.column = named(table, strings.TrimSpace(what)); x.column < 0 {
		return x, p.refuse(at.Row, at.Col, "layout.unknown", text, table.Name, f.example(table))
	}
	if hasUnit {
		var ok bool
		if x.unit, ok = sheet.UnitNamed(strings.TrimSpace(unit)); !ok {
			return x, p.refuse(at.Row, at.Col, "layout.unit", text, strings.TrimSpace(unit))
		}
	}
	if hasPeriod {
		if x.period, hasPeriod = f.period(strings.TrimSpace(when), table); !hasPeriod {
			return x, p.refuse(at.Row, at.Col, "layout.period", text, strings.TrimSpace(text[strings.Index(text, "@")+1:]))
		}
	}
	return x, p.check(at, &x, table)
}

// check refuses a unit that the column cannot have.
func (p place) check(at sheet.Place, x *cell, table *Table) error {
	c := table.Columns[x.column]
	if x.unit.IsZero() || c.Mixed {
		return nil
	}
	own, known := sheet.UnitNamed(c.Unit)
	switch c.Type {
	case content.Money:
		own, known = sheet.UnitNamed("元")
	case content.Rate:
		if own, known = sheet.UnitNamed("%"); x.unit == own {
			x.rate = sheet.RatePercent
		}
	}
	if !known || own.Base != x.unit.Base {
		return p.refuse(at.Row, at.Col, "layout.wrong_unit", c.Name, x.unit.Name)
	}
	return nil
}

// named is the column that a placeholder means: by role, by the last part of it, by name in either language, or by a word
// that headers use; −1 for none.
func named(table *Table, name string) int {
	said := content.Fold(name)
	by := func(means func(content.TableColumn) bool) int { return slices.IndexFunc(table.Columns, means) }
	if i := by(func(c content.TableColumn) bool { return c.Role == name || c.Role == table.Code+"."+name }); i >= 0 {
		return i
	}
	if i := by(func(c content.TableColumn) bool {
		return said == content.Fold(c.Name.ZH) || said == content.Fold(c.Name.EN)
	}); i >= 0 {
		return i
	}
	return by(func(c content.TableColumn) bool {
		return slices.ContainsFunc(c.Words, func(w string) bool { return content.Fold(w) == said })
	})
}
