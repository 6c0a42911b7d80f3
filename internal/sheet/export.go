package sheet

import (
	"archive/zip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/money"
)

// The media types of what an Export writes.
const (
	CSVType  = "text/csv; charset=utf-8"
	XLSXType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// Export is a table that leaves as .xlsx or .csv, and what a reader needs to know about it.
type Export struct {
	Title string
	Notes [][2]string // what, and its answer: as of when, from which sources, by whom
	Table             // its name is that of the first sheet
	More  []Table     // further sheets of a workbook; a .csv has one table only
	Mark  string      // last line of a .csv, which has no second sheet to say that its data is synthetic; "" for none

	NotesName string // of the sheet that holds the notes
}

// Table is one table: its rows hold as many cells as there are columns. A cell is text (string), a whole number (int64,
// int), yuan (money.Fen) or nothing (nil).
type Table struct {
	Name    string
	Columns []string // money columns name their unit, 元
	Rows    iter.Seq[[]any]
}

// CSV writes the table. It begins with a byte order mark, without which Excel takes UTF-8 for GBK.
func (out *Export) CSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	line := make([]string, len(out.Columns))
	for i, head := range out.Columns {
		line[i] = csvCell(head)
	}
	if err := c.Write(line); err != nil {
		return err
	}
	for row := range out.Rows {
		for i, cell := range row {
			line[i] = csvCell(cell)
		}
		if err := c.Write(line); err != nil {
			return err
		}
	}
	if out.Mark != "" {
		clear(line)
		line[0] = csvCell(out.Mark)
		if err := c.Write(line); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// csvCell is a cell as text. Numbers stay numbers; text that a spreadsheet would run is made text.
func csvCell(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case money.Fen:
		return v.String()
	case string:
		return SafeText(v)
	}
	return fmt.Sprint(cell)
}

// Number formats of the workbook, by excelize's numbers of the built-in ones.
const (
	plainNumber = 3 // #,##0
	yuanNumber  = 4 // #,##0.00
)

// Workbook writes the tables and the notes. Rows go to a file on the disk once they are many, so that it holds none of
// them in memory. The same tables and notes have the same bytes.
func (out *Export) Workbook(w io.Writer) (err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.SetSheetName("Sheet1", out.Name); err != nil {
		return err
	}
	st, err := newStyles(f)
	if err != nil {
		return err
	}
	if err := writeTable(f, st, out.Table); err != nil {
		return err
	}
	for _, more := range out.More {
		if _, err := f.NewSheet(more.Name); err != nil {
			return err
		}
		if err := writeTable(f, st, more); err != nil {
			return err
		}
	}
	if err := writeNotes(f, out); err != nil {
		return err
	}
	return inOrder(f, w)
}

// inOrder writes a workbook with its parts in the order of their names: excelize writes sheets as a map gives them.
func inOrder(f *excelize.File, w io.Writer) (err error) {
	tmp, err := os.CreateTemp("", "yanzhen-workbook-")
	if err != nil {
		return fmt.Errorf("write a workbook: %w", err)
	}
	defer func() { err = errors.Join(err, tmp.Close(), os.Remove(tmp.Name())) }()
	size, err := f.WriteTo(tmp)
	if err != nil {
		return err
	}
	parts, err := zip.NewReader(tmp, size)
	if err != nil {
		return fmt.Errorf("write a workbook: %w", err)
	}
	slices.SortFunc(parts.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	out := zip.NewWriter(w)
	for _, part := range parts.File {
		if err := out.Copy(part); err != nil {
			return err
		}
	}
	return out.Close()
}

// styles are the looks of a workbook's cells.
type styles struct{ head, yuan, whole int }

func newStyles(f *excelize.File) (st styles, err error) {
	if st.head, err = f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}}); err != nil {
		return st, err
	}
	if st.yuan, err = f.NewStyle(&excelize.Style{NumFmt: yuanNumber}); err != nil {
		return st, err
	}
	st.whole, err = f.NewStyle(&excelize.Style{NumFmt: plainNumber})
	return st, err
}

// writeTable fills a sheet that is there already.
func writeTable(f *excelize.File, st styles, table Table) error {
	sw, err := f.NewStreamWriter(table.Name)
	if err != nil {
		return err
	}
	for i, c := range table.Columns {
		if err := sw.SetColWidth(i+1, i+1, float64(min(max(2*utf8.RuneCountInString(c)+2, 12), 40))); err != nil {
			return err
		}
	}
	if err := sw.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	cells := make([]any, len(table.Columns))
	for i, c := range table.Columns {
		cells[i] = excelize.Cell{StyleID: st.head, Value: c}
	}
	if err := sw.SetRow("A1", cells); err != nil {
		return err
	}
	n := 1
	for row := range table.Rows {
		n++
		for i, cell := range row {
			switch v := cell.(type) {
			case money.Fen:
				cells[i] = excelize.Cell{StyleID: st.yuan, Value: float64(v) / 100} // exact up to 2⁵³ fen
			case int64, int:
				cells[i] = excelize.Cell{StyleID: st.whole, Value: v}
			default:
				cells[i] = cell
			}
		}
		if err := sw.SetRow("A"+strconv.Itoa(n), cells); err != nil {
			return err
		}
	}
	return sw.Flush()
}

// writeNotes is the second sheet: what the figures are, so that the file can be passed on without losing it.
func writeNotes(f *excelize.File, out *Export) error {
	name := out.NotesName
	if _, err := f.NewSheet(name); err != nil {
		return err
	}
	if err := f.SetColWidth(name, "A", "A", 20); err != nil {
		return err
	}
	if err := f.SetColWidth(name, "B", "B", 80); err != nil {
		return err
	}
	if err := f.SetCellStr(name, "A1", out.Title); err != nil {
		return err
	}
	for i, note := range out.Notes {
		row := strconv.Itoa(i + 2)
		if err := f.SetCellStr(name, "A"+row, note[0]); err != nil {
			return err
		}
		if err := f.SetCellStr(name, "B"+row, note[1]); err != nil {
			return err
		}
	}
	return nil
}
