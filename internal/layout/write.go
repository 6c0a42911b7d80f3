package layout

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/sheet"
)

// writer fills the grids of one template.
type writer struct {
	*Filler
	out      *excelize.File
	table    *Table
	records  []Record
	formulas []formula // where they stand by now
	unknown  int       // cells that stay blank because nobody knows what belongs into them
	unlisted []string  // rows that the template names and the table has not
	missed   int       // rows of the table that a template which names its rows does not name
	formats  map[int]cellFormat
	percents map[percentStyle]int
}

// fill writes the rows of the table into a grid.
func (w *writer) fill(g grid) error {
	for _, s := range g.singles {
		if err := w.fillSingle(g, s); err != nil {
			return err
		}
	}
	if len(g.totals)+len(g.listed) > 0 {
		merged, err := w.blocks(g.sheet)
		if err != nil {
			return err
		}
		for _, l := range g.totals {
			if err := w.fillLine(g, merged, l, w.table.Whole); err != nil {
				return err
			}
		}
		if len(g.listed) > 0 {
			return w.fillListed(g, merged)
		}
	}
	if len(g.cells) == 0 {
		return nil
	}
	n := len(w.records)
	wide, err := w.merges(&g)
	if err != nil {
		return err
	}
	if err := w.room(g, n); err != nil {
		return err
	}
	if err := w.stretch(g, n); err != nil {
		return err
	}
	if err := w.repeat(g, n); err != nil {
		return err
	}
	for i, record := range w.records {
		for _, x := range g.cells {
			if err := w.say(g, g.row+i, x, record); err != nil {
				return err
			}
		}
	}
	for _, x := range g.cells { // without a row the placeholders go all the same
		if n == 0 {
			if err := w.out.SetCellStr(g.sheet, sheet.Address(g.row, x.col), ""); err != nil {
				return err
			}
		}
	}
	for i := 1; i < n; i++ { // last: every access to a cell looks through the merged ranges
		for _, cols := range wide {
			if err := w.out.MergeCell(g.sheet, sheet.Address(g.row+i, cols[0]), sheet.Address(g.row+i, cols[1])); err != nil {
				return err
			}
		}
	}
	return nil
}

// block is a merged range; rows from 1, columns from 0.
type block struct {
	top, bottom, left, right int
	excelize.MergeCell
}

// covers says that a cell lies in it and is not its first, the only one that holds anything.
func (b block) covers(row, col int) bool {
	return b.top <= row && row <= b.bottom && b.left <= col && col <= b.right && (row != b.top || col != b.left)
}

func (w *writer) blocks(name string) ([]block, error) {
	merged, err := w.out.GetMergeCells(name)
	if err != nil {
		return nil, err
	}
	all := make([]block, len(merged))
	for i, m := range merged {
		left, top, err := excelize.CellNameToCoordinates(m.GetStartAxis())
		if err != nil {
			return nil, err
		}
		right, bottom, err := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err != nil {
			return nil, err
		}
		all[i] = block{top, bottom, left - 1, right - 1, m}
	}
	return all, nil
}

// merges is the columns that are merged within the first row. A header whose cells reach down pushes that row down. A
// range that reaches down over the rows would hide all but its first value: it is undone.
func (w *writer) merges(g *grid) (wide [][2]int, err error) {
	all, err := w.blocks(g.sheet)
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		if g.header > 0 && g.header <= b.top && b.top < g.row {
			g.row = max(g.row, b.bottom+1)
		}
	}
	for _, b := range all {
		switch within := b.top >= g.row && (g.next == 0 || b.top < g.next); {
		case within && b.bottom > b.top:
			if err := w.out.UnmergeCell(g.sheet, b.GetStartAxis(), b.GetEndAxis()); err != nil {
				return nil, err
			}
		case b.top == g.row:
			wide = append(wide, [2]int{b.left, b.right})
		}
	}
	return wide, nil
}

// room makes place for n rows: what stands below the grid moves down.
func (w *writer) room(g grid, n int) error {
	more := g.row + n - g.next
	if g.next == 0 || more <= 0 {
		return nil
	}
	if err := w.out.InsertRows(g.sheet, g.next, more); err != nil {
		return err
	}
	for i := range w.formulas {
		if at := &w.formulas[i]; at.sheet == g.sheet && at.row >= g.next {
			at.row += more
		}
	}
	return nil
}

// Ranges in formulas: C4:C9 with or without the name of a sheet, and a single cell that a function sums up.
var (
	rangeText = regexp.MustCompile(`(?:('(?:[^']|'')+'|[\p{L}\p{N}_.]+)!)?(\$?[A-Z]{1,3}\$?)(\d+):(\$?[A-Z]{1,3}\$?)(\d+)`)
	loneText  = regexp.MustCompile(`((?:SUM|AVERAGE|COUNT|COUNTA|MAX|MIN|SUBTOTAL)\((?:\d+,)?)(?:('(?:[^']|'')+'|[\p{L}\p{N}_.]+)!)?(\$?[A-Z]{1,3}\$?)(\d+)\)`)
)

// stretch makes the formulas that reach over the rows of the template reach over those that are filled in.
func (w *writer) stretch(g grid, n int) error {
	last := g.row + n - 1
	if n < 2 {
		return nil
	}
	over := func(name, at string) bool {
		return name == "" && at == g.sheet || strings.Trim(strings.ReplaceAll(name, "''", "'"), "'") == g.sheet
	}
	for _, at := range w.formulas {
		if at.sheet == g.sheet && at.row >= g.row && at.row <= last {
			continue // repeated with its row
		}
		cell := sheet.Address(at.row, at.col)
		text, err := w.out.GetCellFormula(at.sheet, cell)
		if err != nil || text == "" {
			return err
		}
		stretched := outsideStrings(text, func(s string) string {
			s = rangeText.ReplaceAllStringFunc(s, func(found string) string {
				m := rangeText.FindStringSubmatch(found)
				from, _ := strconv.Atoi(m[3])
				to, _ := strconv.Atoi(m[5])
				if !over(m[1], at.sheet) || from != g.row || to >= last || g.next > 0 && to >= g.next {
					return found
				}
				return strings.TrimSuffix(found, m[5]) + strconv.Itoa(last)
			})
			return loneText.ReplaceAllStringFunc(s, func(found string) string {
				m := loneText.FindStringSubmatch(found)
				if row, _ := strconv.Atoi(m[4]); row != g.row || !over(m[2], at.sheet) {
					return found
				}
				return strings.TrimSuffix(found, ")") + ":" + m[3] + strconv.Itoa(last) + ")"
			})
		})
		if stretched == text {
			continue
		}
		if err := w.out.SetCellFormula(at.sheet, cell, stretched); err != nil {
			return err
		}
	}
	return nil
}

// outsideStrings changes the parts of a formula that are no text in quotation marks.
func outsideStrings(text string, change func(string) string) string {
	parts := strings.Split(text, `"`)
	for i := 0; i < len(parts); i += 2 {
		parts[i] = change(parts[i])
	}
	return strings.Join(parts, `"`)
}

// repeat gives the rows below the first its height, its looks, its formulas and its fixed texts.
func (w *writer) repeat(g grid, n int) error {
	if n < 2 {
		return nil
	}
	last := g.row + n - 1
	height, err := w.out.GetRowHeight(g.sheet, g.row)
	if err != nil {
		return err
	}
	if plain, err := w.out.GetSheetProps(g.sheet); err == nil && (plain.DefaultRowHeight == nil || height != *plain.DefaultRowHeight) {
		for row := g.row + 1; row <= last; row++ {
			if err := w.out.SetRowHeight(g.sheet, row, height); err != nil {
				return err
			}
		}
	}
	for col := range g.width() {
		style, err := w.out.GetCellStyle(g.sheet, sheet.Address(g.row, col))
		if err != nil {
			return err
		}
		if style == 0 {
			continue
		}
		if err := w.out.SetCellStyle(g.sheet, sheet.Address(g.row+1, col), sheet.Address(last, col), style); err != nil {
			return err
		}
	}
	for _, c := range g.fixed {
		if err := w.repeatFixed(g, c, last); err != nil {
			return err
		}
	}
	return nil
}

// repeatFixed repeats what stands beside the placeholders: a formula with its references moved, else the value.
func (w *writer) repeatFixed(g grid, c sheet.Cell, last int) error {
	first := sheet.Address(g.row, c.Col)
	if c.Formula || c.Type == sheet.NoValue {
		text, err := w.out.GetCellFormula(g.sheet, first)
		if err != nil || text == "" {
			return err
		}
		shared, ref := excelize.STCellFormulaTypeShared, first+":"+sheet.Address(last, c.Col)
		return w.out.SetCellFormula(g.sheet, first, text, excelize.FormulaOpts{Type: &shared, Ref: &ref})
	}
	for row := g.row + 1; row <= last; row++ {
		var err error
		switch at := sheet.Address(row, c.Col); c.Type {
		case sheet.Number, sheet.Date:
			err = w.out.SetCellDefault(g.sheet, at, c.Raw)
		case sheet.Bool:
			err = w.out.SetCellBool(g.sheet, at, c.Raw == "1")
		default:
			err = w.out.SetCellStr(g.sheet, at, c.Raw)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// width is how many columns of the first row are known to hold something.
func (g *grid) width() int {
	n := 0
	for _, x := range g.cells {
		n = max(n, x.col+1)
	}
	for _, c := range g.fixed {
		n = max(n, c.Col+1)
	}
	return max(n, g.wide)
}

// say writes what a record says in a column.
func (w *writer) say(g grid, row int, x cell, record Record) error {
	c := w.table.Columns[x.column]
	v := record(x.column, x.when(c, w.table.Year))
	if err, failed := v.(error); failed {
		return err
	}
	return w.put(g.sheet, row, x, w.value(c, &x, v))
}

// put writes a value into a row of a column.
func (w *writer) put(name string, row int, x cell, value any) error {
	at := sheet.Address(row, x.col)
	if value == nil {
		return w.out.SetCellStr(name, at, "")
	}
	if x.text != "" {
		return w.out.SetCellStr(name, at, fmt.Sprintf(x.text, fmt.Sprint(value)))
	}
	switch v := value.(type) {
	case number:
		return w.out.SetCellDefault(name, at, string(v)) // the digits as they are, as a number
	case decimal:
		return w.putDecimal(name, at, v)
	case share:
		return w.putShare(name, at, v)
	}
	return w.out.SetCellStr(name, at, fmt.Sprint(value))
}

// finish writes the workbook. The results of formulas that came with the template are of other values: they go, and
// whatever opens the workbook works them out.
func (w *writer) finish(to io.Writer) error {
	if len(w.formulas) > 0 {
		if err := w.out.UpdateLinkedValue(); err != nil {
			return err
		}
		all := true
		if err := w.out.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &all}); err != nil {
			return err
		}
	}
	_, err := w.out.WriteTo(to)
	return err
}
