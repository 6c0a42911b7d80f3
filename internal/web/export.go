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
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// sheetOut is a table that leaves as .xlsx or .csv: the same rows as the page, all of them, and what a reader needs to
// know about them.
type sheetOut struct {
	Name    string // of the file, without its ending
	Title   string
	Notes   [][2]string // what, and its answer: as of when, from which sources, by whom
	Columns []string    // money columns name their unit, 元
	Rows    iter.Seq[[]any]
	More    []sheetTable // further sheets of a workbook; a .csv has one table only
	Mark    string       // last line of a .csv, which has no second sheet to say that its data is synthetic; "" for none
}

// sheetTable is a further table of a workbook, under a name of its own.
type sheetTable struct {
	Name    string
	Columns []string
	Rows    iter.Seq[[]any]
}

// The values of a cell are text (string), whole numbers (int64, int), yuan (money.Fen) and nil for nothing.

// export answers with the table in the form that the address asks for: .xlsx unless format=csv. What a demonstration
// exports says so in the name of its file and in the file.
func (s *server) export(w http.ResponseWriter, r *http.Request, v *visit, out sheetOut) error {
	if s.Demo != nil {
		out.Name += "-" + v.t.S("web.demo")
		out.Mark = v.t.S("web.demo") + v.t.S("web.colon") + v.t.S("web.demo_note", s.Clock.Today().String())
	}
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

// csvOf is the address of an export as .csv.
func csvOf(href string) string {
	if strings.Contains(href, "?") {
		return href + "&format=csv"
	}
	return href + "?format=csv"
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
		return sheet.SafeText(v)
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
	if err := f.SetSheetName("Sheet1", t.S("web.sheet_data")); err != nil {
		return nil, err
	}
	st, err := newStyles(f)
	if err != nil {
		return nil, err
	}
	if err := writeTable(f, st, sheetTable{t.S("web.sheet_data"), out.Columns, out.Rows}); err != nil {
		return nil, err
	}
	for _, more := range out.More {
		if _, err := f.NewSheet(more.Name); err != nil {
			return nil, err
		}
		if err := writeTable(f, st, more); err != nil {
			return nil, err
		}
	}
	return f, writeNotes(f, t.S("web.sheet_notes"), out)
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
func writeTable(f *excelize.File, st styles, table sheetTable) error {
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
