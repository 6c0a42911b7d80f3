package intake

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Remarked is the sender's file with what was found written into it.
type Remarked struct {
	Name   string // of the file
	Listed bool   // the file is too large for comments: a list of the places instead
	Body   []byte
}

// What a workbook may be, so that it is opened as a whole: unlike our own reader, the writer holds all of it in memory.
const (
	maxRemarkFile     = 8 << 20  // bytes
	maxRemarkUnpacked = 96 << 20 // bytes of all parts
	maxRemarkRows     = 100_000
	maxRemarkCells    = 400_000
	maxComments       = 5_000  // cells with a comment; further ones are counted on the first sheet
	maxListed         = 50_000 // places of a list
)

// remark is what was found at one place.
type remark struct {
	sheet, row, col int // col is −1 for a whole row
	found           []finding
}

// remarks gathers what is found, by place.
type remarks struct {
	list []*remark
	by   map[[3]int]*remark
	more int // places beyond maxListed
}

func (r *remarks) add(x finding) {
	at := [3]int{x.sheet.Index, x.row, -1}
	if x.column != nil {
		at[2] = x.column.Index
	}
	m := r.by[at]
	if m == nil {
		if len(r.list) == maxListed {
			r.more++
			return
		}
		m = &remark{sheet: at[0], row: at[1], col: at[2]}
		r.list, r.by[at] = append(r.list, m), m
	}
	if len(m.found) < 5 {
		x.msg = clip(x.msg)
		m.found = append(m.found, x)
	}
}

// text is what a comment says, the worst first.
func (m *remark) text(t i18n.T) string {
	rank := map[Severity]int{Stop: 0, Left: 1, Warn: 2}
	slices.SortStableFunc(m.found, func(a, b finding) int { return cmp.Compare(rank[a.severity], rank[b.severity]) })
	var lines []string
	for _, x := range m.found {
		if line := t.S("intake.remark_"+string(x.severity), x.msg); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// Remarks is the file of a batch with what was found in it, in the reader's language: a workbook with a comment in each
// cell and a first sheet that sums them up, its looks kept; delimited text with one more column; a workbook made of the
// cells for a file of an older kind; and for a file too large for that a list of the places. It reads the file again
// under its plan.
func (s *Service) Remarks(ctx context.Context, scope access.Scope, id int64, t i18n.T) (Remarked, error) {
	b, err := s.Batch(ctx, scope, id)
	if err != nil {
		return Remarked{}, err
	}
	release, err := turn(ctx, s.reading)
	if err != nil {
		return Remarked{}, err
	}
	defer release()
	found := remarks{by: map[[3]int]*remark{}}
	p, err := s.compare(ctx, scope, &b, &job{}, found.add)
	if err != nil {
		return Remarked{}, err
	}
	w := &remarker{t: t, b: b, p: p, found: &found}
	book, err := s.open(b)
	if err != nil {
		return Remarked{}, err
	}
	defer book.Close()
	if book.Sheets()[0].Name == "" {
		return w.text(ctx, book)
	}
	f, err := s.deps.Blobs.Get(b.SHA256)
	if err != nil {
		return Remarked{}, err
	}
	defer f.Close()
	out, err := w.workbook(ctx, book, f)
	if errors.Is(err, errTooLarge) {
		return w.listing(book)
	}
	return out, err
}

// errTooLarge says that a workbook is not to be held in memory as a whole, or that comments cannot be put into it.
var errTooLarge = errors.New("too large for comments")

// remarker writes remarks into the file of a batch.
type remarker struct {
	t     i18n.T
	b     Batch
	p     *Preview
	found *remarks
}

// name is the name of the file that goes back.
func (w *remarker) name(ending string) string {
	name := path.Base(w.b.Name)
	return strings.TrimSuffix(name, path.Ext(name)) + w.t.S("intake.remarked") + ending
}

// measure reads every sheet to its end, hidden ones too: what our own reader has not accepted is not opened by another,
// and what is large is not held in memory.
func measure(ctx context.Context, book *sheet.Book, size int64) error {
	if size > maxRemarkFile {
		return errTooLarge
	}
	cells := 0
	for i := range book.Sheets() {
		err := book.Rows(ctx, i, func(r *sheet.Row) error {
			if cells += len(r.Cells); cells > maxRemarkCells || r.Num > maxRemarkRows {
				return errTooLarge
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// workbook is the sender's workbook with comments, or one made of its cells where the file is of an older kind.
func (w *remarker) workbook(ctx context.Context, book *sheet.Book, file *os.File) (Remarked, error) {
	if err := measure(ctx, book, w.b.Size); err != nil {
		return Remarked{}, err
	}
	f, err := w.open(ctx, book, file)
	if err != nil {
		return Remarked{}, err
	}
	defer f.Close()
	written, err := w.comments(f, book)
	if err != nil {
		return Remarked{}, fmt.Errorf("comments of batch %d: %w", w.b.ID, err)
	}
	if err := w.notes(f); err != nil {
		return Remarked{}, fmt.Errorf("notes of batch %d: %w", w.b.ID, err)
	}
	var out bytes.Buffer
	if _, err := f.WriteTo(&out); err != nil {
		return Remarked{}, fmt.Errorf("workbook of batch %d: %w", w.b.ID, err)
	}
	if !holds(out.Bytes(), written) {
		return Remarked{}, errTooLarge // the parts of this workbook are tied together in a way that comments do not survive
	}
	return Remarked{Name: w.name(".xlsx"), Body: out.Bytes()}, nil
}

// open opens the sender's own file where it is a workbook as we write them, else makes one of its cells.
func (w *remarker) open(ctx context.Context, book *sheet.Book, file *os.File) (*excelize.File, error) {
	magic, err := bufio.NewReader(file).Peek(2)
	if err != nil || string(magic) != "PK" {
		return fromCells(ctx, book)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(file, excelize.Options{UnzipSizeLimit: maxRemarkUnpacked, UnzipXMLSizeLimit: maxRemarkUnpacked})
	if err != nil {
		return nil, errTooLarge
	}
	return f, nil
}

// fromCells is a workbook of the values that a file holds.
func fromCells(ctx context.Context, book *sheet.Book) (*excelize.File, error) {
	f := excelize.NewFile()
	day, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		return nil, err
	}
	for i, info := range book.Sheets() {
		if i == 0 {
			err = f.SetSheetName("Sheet1", info.Name)
		} else {
			_, err = f.NewSheet(info.Name)
		}
		if err != nil {
			return nil, err
		}
		if info.Hidden && i > 0 {
			if err := f.SetSheetVisible(info.Name, false); err != nil {
				return nil, err
			}
		}
		err := book.Rows(ctx, i, func(r *sheet.Row) error {
			for _, c := range r.Cells {
				if err := writeCell(f, info.Name, sheet.Address(r.Num, c.Col), c, day); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return f, nil
}

// writeCell writes a cell as a spreadsheet would hold it. A value that a merged range spreads stands in its first cell only.
func writeCell(f *excelize.File, name, at string, c sheet.Cell, day int) error {
	switch {
	case c.Fill != sheet.Own:
		return nil
	case c.Type == sheet.Number || c.Type == sheet.Date:
		if _, err := strconv.ParseFloat(c.Raw, 64); err != nil {
			return f.SetCellStr(name, at, c.Shown())
		}
		if err := f.SetCellDefault(name, at, c.Raw); err != nil { // the digits as they stand, as a number
			return err
		}
		if c.Type == sheet.Date {
			return f.SetCellStyle(name, at, at, day)
		}
		return nil
	case c.Type == sheet.Bool:
		return f.SetCellBool(name, at, c.Raw == "1")
	}
	return f.SetCellStr(name, at, c.Shown())
}

// author is whose comments ours are. ours begins what we say in a comment, below what others said there: when the file
// comes back, that part is replaced.
const (
	author = "雁阵 Yanzhen"
	ours   = "—— " + author + " ——\n"
)

// comments writes the remarks into their cells, together with what others remarked there, and tells how many cells of
// each sheet have one.
func (w *remarker) comments(f *excelize.File, book *sheet.Book) (map[string]int, error) {
	texts := map[string]map[string]string{} // sheet → cell → comment
	put := func(name, cell, text string) {
		if texts[name] == nil {
			texts[name] = map[string]string{}
		}
		if was := texts[name][cell]; was != "" {
			text = was + "\n" + text
		}
		texts[name][cell] = text
	}
	n := 0
	for _, m := range w.found.list {
		if n++; n > maxComments {
			break
		}
		name := book.Sheets()[m.sheet].Name
		put(name, w.cell(m), m.text(w.t))
	}
	counts := map[string]int{}
	for _, info := range book.Sheets() {
		name, cells := info.Name, map[string]string{}
		for cell, text := range texts[name] {
			cells[cell] = ours + text
		}
		was, err := f.GetComments(name)
		if err != nil {
			return nil, err
		}
		for _, c := range was {
			if err := f.DeleteComment(name, c.Cell); err != nil {
				return nil, err
			}
			theirs, _, _ := strings.Cut(commentText(c), ours)
			if text := strings.TrimSpace(strings.TrimSpace(theirs) + "\n" + cells[c.Cell]); text != "" {
				cells[c.Cell] = text
			}
		}
		for _, cell := range slices.Sorted(maps.Keys(cells)) {
			c := excelize.Comment{Author: author, Cell: cell, Text: cells[cell], Width: 320, Height: uint(60 + 18*strings.Count(cells[cell], "\n") + len(cells[cell])/3)}
			if err := f.AddComment(name, c); err != nil {
				return nil, err
			}
		}
		counts[name] = len(cells)
	}
	return counts, nil
}

func commentText(c excelize.Comment) string {
	text := c.Text
	for _, run := range c.Paragraph {
		text += run.Text
	}
	return strings.TrimSpace(text)
}

// cell is where the comment of a remark stands: that of a whole row in the first column that tells whom it is about, that of
// a column or a sheet in its header.
func (w *remarker) cell(m *remark) string {
	p := w.b.Plan.Sheets[m.sheet]
	row, col := m.row, m.col
	if row == 0 && len(p.HeaderRows) > 0 {
		row = p.HeaderRows[len(p.HeaderRows)-1]
	}
	if col < 0 {
		col = 0
		if i := slices.IndexFunc(p.Columns, func(c ColumnPlan) bool { return c.Target == roleName || c.Target == roleUSCC }); i >= 0 && m.row > 0 {
			col = p.Columns[i].Index
		}
	}
	return sheet.Address(max(row, 1), col)
}

// holds says that a workbook, opened again, has the comments that were written.
func holds(body []byte, written map[string]int) bool {
	f, err := excelize.OpenReader(bytes.NewReader(body))
	if err != nil {
		return false
	}
	defer f.Close()
	for name, n := range written {
		if all, err := f.GetComments(name); err != nil || len(all) < n {
			return false
		}
	}
	return true
}

// notesSheet is what the first sheet is called and begins with; by that it is known when the workbook comes back.
const notesSheet = "intake.notes_sheet"

// notes puts a first sheet before the others that says what was found, by group, and what to do with the file.
func (w *remarker) notes(f *excelize.File) error {
	name := w.t.S(notesSheet)
	if i, err := f.GetSheetIndex(name); err == nil && i >= 0 {
		if err := f.DeleteSheet(name); err != nil {
			return err
		}
	}
	first := f.GetSheetName(0)
	if _, err := f.NewSheet(name); err != nil {
		return err
	}
	if err := f.MoveSheet(name, first); err != nil {
		return err
	}
	if names := f.WorkBook.DefinedNames; names != nil {
		for i := range names.DefinedName { // a print area of the first sheet is now one of the second
			if at := names.DefinedName[i].LocalSheetID; at != nil {
				*at++
			}
		}
	}
	f.SetActiveSheet(0)
	if err := w.noteLines(f, name); err != nil {
		return err
	}
	for col, width := range map[string]float64{"A": 18, "B": 22, "C": 12, "D": 10, "E": 18, "F": 90} {
		if err := f.SetColWidth(name, col, col, width); err != nil {
			return err
		}
	}
	return nil
}

func (w *remarker) noteLines(f *excelize.File, name string) error {
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	wrap, err := f.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	lines := [][]any{{name}, {w.t.S("intake.notes_file", w.b.Name, w.b.Sender)}, {w.t.S("intake.notes_what")}}
	if places := len(w.found.list) + w.found.more; places > maxComments {
		lines = append(lines, []any{w.t.S("intake.notes_more", places, maxComments)})
	}
	lines = append(lines, nil, w.head())
	head := len(lines)
	for _, p := range w.p.Problems {
		lines = append(lines, []any{
			p.Sheet, p.Column, w.t.S("imports.severity_" + string(p.Severity)), p.Count, p.Examples[0].Place, w.t.Msg(p.Examples[0].Msg),
		})
	}
	for i, line := range lines {
		if err := f.SetSheetRow(name, "A"+strconv.Itoa(i+1), &line); err != nil {
			return err
		}
	}
	if len(lines) > head {
		if err := f.SetCellStyle(name, "A"+strconv.Itoa(head+1), "F"+strconv.Itoa(len(lines)), wrap); err != nil {
			return err
		}
	}
	if err := f.SetCellStyle(name, "A1", "A1", bold); err != nil {
		return err
	}
	return f.SetCellStyle(name, "A"+strconv.Itoa(head), "F"+strconv.Itoa(head), bold)
}

// head is the header of the groups.
func (w *remarker) head() []any {
	return []any{
		w.t.S("imports.sheet"), w.t.S("imports.column"), w.t.S("imports.severity"), w.t.S("intake.notes_count"), w.t.S("imports.place"), w.t.S("imports.cause"),
	}
}

// text is delimited text with one more column, in UTF-8 with a byte order mark and commas.
func (w *remarker) text(ctx context.Context, book *sheet.Book) (Remarked, error) {
	rows, width := w.byRow(), 0
	err := book.Rows(ctx, 0, func(r *sheet.Row) error {
		width = max(width, r.Cells[len(r.Cells)-1].Col+1)
		return nil
	})
	if err != nil {
		return Remarked{}, err
	}
	var out bytes.Buffer
	out.WriteString("\ufeff")
	c := csv.NewWriter(&out)
	next := 1
	err = book.Rows(ctx, 0, func(r *sheet.Row) error {
		for ; next < r.Num; next++ { // blank lines stay, or the rows would have other numbers
			if err := c.Write(make([]string, width+1)); err != nil {
				return err
			}
		}
		next++
		line := make([]string, width+1)
		for _, cell := range r.Cells {
			line[cell.Col] = cell.Raw
		}
		line[width] = rows[r.Num]
		return c.Write(line)
	})
	if err != nil {
		return Remarked{}, err
	}
	c.Flush()
	return Remarked{Name: w.name(".csv"), Body: out.Bytes()}, c.Error()
}

// byRow is the remarks of each row of delimited text, those of columns and the header of the new column in the header.
func (w *remarker) byRow() map[int]string {
	rows := map[int]string{}
	p := w.b.Plan.Sheets[0]
	header := 1
	if len(p.HeaderRows) > 0 {
		header = p.HeaderRows[len(p.HeaderRows)-1]
	}
	rows[header] = w.t.S("intake.remarks_column")
	for _, m := range w.found.list {
		if m.row == 0 {
			continue // stands beside the columns on the page; a header has no room for it
		}
		text := strings.ReplaceAll(m.text(w.t), "\n", " ")
		if m.col >= 0 {
			text = sheet.ColumnName(m.col) + " " + text
		}
		if rows[m.row] != "" {
			text = rows[m.row] + " " + text
		}
		rows[m.row] = text
	}
	return rows
}

// listing is a workbook that lists the places, for a file that is too large for comments in its cells.
func (w *remarker) listing(book *sheet.Book) (Remarked, error) {
	f := excelize.NewFile()
	defer f.Close()
	name := w.t.S(notesSheet)
	if err := f.SetSheetName("Sheet1", name); err != nil {
		return Remarked{}, err
	}
	sw, err := f.NewStreamWriter(name)
	if err != nil {
		return Remarked{}, err
	}
	for i, width := range []float64{18, 14, 24, 100} {
		if err := sw.SetColWidth(i+1, i+1, width); err != nil {
			return Remarked{}, err
		}
	}
	lines := [][]any{
		{name},
		{w.t.S("intake.notes_file", w.b.Name, w.b.Sender)},
		{w.t.S("intake.notes_large", maxRemarkFile>>20, maxRemarkCells)},
		nil,
		{w.t.S("imports.sheet"), w.t.S("imports.place"), w.t.S("imports.column"), w.t.S("imports.cause")},
	}
	for _, m := range w.found.list {
		column := ""
		if c := m.found[0].column; c != nil {
			column = c.Header
		}
		lines = append(lines, []any{book.Sheets()[m.sheet].Name, m.found[0].place(), column, m.text(w.t)})
	}
	if w.found.more > 0 {
		lines = append(lines, []any{w.t.S("imports.more_alike", w.found.more)})
	}
	for i, line := range lines {
		if err := sw.SetRow("A"+strconv.Itoa(i+1), line); err != nil {
			return Remarked{}, err
		}
	}
	if err := sw.Flush(); err != nil {
		return Remarked{}, err
	}
	var out bytes.Buffer
	_, err = f.WriteTo(&out)
	return Remarked{Name: w.name(".xlsx"), Listed: true, Body: out.Bytes()}, err
}

// isNotes says that a sheet is the one that Remarks puts before the others.
func isNotes(ctx context.Context, book *sheet.Book, i int) (bool, error) {
	first := ""
	err := book.Rows(ctx, i, func(r *sheet.Row) error {
		first = r.Cells[0].Raw
		return errSampled
	})
	if err != nil && !errors.Is(err, errSampled) {
		return false, err
	}
	return first == (i18n.T{Lang: i18n.ZH}).S(notesSheet) || first == (i18n.T{Lang: i18n.EN}).S(notesSheet), nil
}
