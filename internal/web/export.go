package web

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// sheetOut is a table that leaves as .xlsx or .csv: the same rows as the page, all of them, and what a reader needs to
// know about them.
type sheetOut struct {
	Name    string // of the file, without its ending
	Title   string
	Notes   [][2]string // what, and its answer: as of when, from which sources, by whom
	Columns []string    // money columns name their unit, 元
	Rows    iter.Seq[[]any]
}

// The values of a cell are text (string), whole numbers (int64, int), yuan (money.Fen) and nil for nothing.

// export answers with the table in the form that the address asks for: .xlsx unless format=csv.
func (s *server) export(w http.ResponseWriter, r *http.Request, v *visit, out sheetOut) error {
	if r.FormValue("format") == "csv" {
		attach(w, out.Name+".csv", "text/csv; charset=utf-8")
		return writeCSV(w, out)
	}
	book, err := workbook(v.t, out)
	if err != nil {
		return fmt.Errorf("export %s: %w", out.Name, err)
	}
	defer book.Close()
	attach(w, out.Name+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	_, err = book.WriteTo(w)
	return err
}

func attach(w http.ResponseWriter, name, kind string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}

// writeCSV begins with a byte order mark, without which Excel takes UTF-8 for GBK.
func writeCSV(w io.Writer, out sheetOut) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	if err := c.Write(out.Columns); err != nil {
		return err
	}
	line := make([]string, len(out.Columns))
	for row := range out.Rows {
		for i, cell := range row {
			line[i] = csvCell(cell)
		}
		if err := c.Write(line); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// csvCell puts an apostrophe before text that a spreadsheet would run as a formula.
func csvCell(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case money.Fen:
		return v.String()
	case string:
		if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
			return "'" + v
		}
		return v
	}
	return fmt.Sprint(cell)
}

// Number formats of the workbook, by excelize's numbers of the built-in ones.
const (
	plainNumber = 3 // #,##0
	yuanNumber  = 4 // #,##0.00
)

func workbook(t i18n.T, out sheetOut) (*excelize.File, error) {
	f := excelize.NewFile()
	data, notes := t.S("web.sheet_data"), t.S("web.sheet_notes")
	if err := f.SetSheetName("Sheet1", data); err != nil {
		return nil, err
	}
	head, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}})
	if err != nil {
		return nil, err
	}
	yuan, err := f.NewStyle(&excelize.Style{NumFmt: yuanNumber})
	if err != nil {
		return nil, err
	}
	whole, err := f.NewStyle(&excelize.Style{NumFmt: plainNumber})
	if err != nil {
		return nil, err
	}
	sw, err := f.NewStreamWriter(data)
	if err != nil {
		return nil, err
	}
	for i, c := range out.Columns {
		if err := sw.SetColWidth(i+1, i+1, float64(min(max(2*utf8.RuneCountInString(c)+2, 12), 40))); err != nil {
			return nil, err
		}
	}
	if err := sw.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	cells := make([]any, len(out.Columns))
	for i, c := range out.Columns {
		cells[i] = excelize.Cell{StyleID: head, Value: c}
	}
	if err := sw.SetRow("A1", cells); err != nil {
		return nil, err
	}
	n := 1
	for row := range out.Rows {
		n++
		for i, cell := range row {
			switch v := cell.(type) {
			case money.Fen:
				cells[i] = excelize.Cell{StyleID: yuan, Value: float64(v) / 100} // exact up to 2⁵³ fen
			case int64, int:
				cells[i] = excelize.Cell{StyleID: whole, Value: v}
			default:
				cells[i] = cell
			}
		}
		if err := sw.SetRow("A"+strconv.Itoa(n), cells); err != nil {
			return nil, err
		}
	}
	if err := sw.Flush(); err != nil {
		return nil, err
	}
	return f, writeNotes(f, notes, out)
}

// writeNotes is the second sheet: what the figures are, so that the file can be passed on without losing it.
func writeNotes(f *excelize.File, name string, out sheetOut) error {
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
