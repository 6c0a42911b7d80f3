package layout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Limits of a template and of what is filled into one: it is held in memory as a whole.
const (
	maxFile     = 4 << 20
	maxUnpacked = 64 << 20
	maxCells    = 100_000
	maxRow      = 20_000
	maxFilled   = 20_000 // enterprises
)

// Filler fills templates from what one reader may see.
type Filler struct {
	Library *content.Library
	View    fact.View
	T       i18n.T
	Today   period.Day
	May     func(area string, id int64) bool // which enterprises may leave with a file
}

// Filled is a template with its table.
type Filled struct {
	Body  []byte
	Rows  int
	Blank []string // headers of columns that are not understood and stay blank
}

// place is a cell, for messages.
type place struct {
	file, sheet string
}

func (p place) refuse(row, col int, key string, args ...any) error {
	at := sheet.Place{File: p.file, Sheet: p.sheet, Row: row, Col: col}
	return errs.Invalid(i18n.M("sheet.at", at.String(), i18n.M(key, args...)))
}

// table is where in a template the rows go and what each cell of them is.
type table struct {
	place
	index   int
	row     int // the first, whose looks the others take
	next    int // the first row below that holds something; 0 for none
	cells   []cell
	singles []single
}

// cell is one column of the table.
type cell struct {
	col    int
	target string
	unit   sheet.Unit // of amounts and counts; the zero Unit is the definition's own
	period period.Period
	rate   sheet.RateScale
	text   string // what stands around the placeholder, with %s for the value; "" for nothing
}

// single is a cell with placeholders that concern the whole table.
type single struct {
	row, col int
	text     string
}

// Fill writes the enterprises of a listing into the template at a path. name is the template's name, for messages. A
// template that cannot be used is an error (Invalid) that names the cell.
func (f *Filler) Fill(ctx context.Context, path, name string, q fact.Listing) (Filled, error) {
	book, err := sheet.Open(path, name, sheet.Limits{File: maxFile, Unpacked: maxUnpacked, Cells: maxCells, Rows: maxRow})
	if err != nil {
		return Filled{}, err
	}
	defer book.Close()
	tables, blank, err := f.tables(ctx, book, q)
	if err != nil {
		return Filled{}, err
	}
	list := f.View.List(q)
	if list.Len() > maxFilled {
		return Filled{}, errs.Invalid(i18n.M("layout.too_many", list.Len(), maxFilled))
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
	rows := 0
	for _, t := range tables {
		if rows, err = f.fill(out, t, list, q); err != nil {
			return Filled{}, fmt.Errorf("fill template %q: %w", name, err)
		}
	}
	var body bytes.Buffer
	if _, err := out.WriteTo(&body); err != nil {
		return Filled{}, fmt.Errorf("fill template %q: %w", name, err)
	}
	return Filled{Body: body.Bytes(), Rows: rows, Blank: blank}, nil
}

// tables finds the tables of a template: in the sheets with placeholders; where no sheet has any, by the headers.
func (f *Filler) tables(ctx context.Context, book *sheet.Book, q fact.Listing) (all []table, blank []string, err error) {
	found := false
	for i, info := range book.Sheets() {
		t := table{place: place{book.Name(), info.Name}, index: i}
		if err := f.placeholders(ctx, book, &t, q); err != nil {
			return nil, nil, err
		}
		if len(t.cells)+len(t.singles) > 0 {
			found = found || len(t.cells) > 0
			all = append(all, t)
		}
	}
	if found {
		return all, nil, nil
	}
	for i, info := range book.Sheets() {
		if info.Hidden {
			continue
		}
		t, left, err := f.byHeader(ctx, book, i, q)
		if err != nil {
			return nil, nil, err
		}
		if len(t.cells) > 0 {
			all, blank, found = append(all, t), append(blank, left...), true
		}
	}
	if !found {
		return nil, nil, errs.Invalid(i18n.M("layout.no_table", book.Name()))
	}
	return all, blank, nil
}

var placeholder = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// placeholders reads the placeholders of a sheet. Those of one row that are about enterprises make the table.
func (f *Filler) placeholders(ctx context.Context, book *sheet.Book, t *table, q fact.Listing) error {
	return book.Rows(ctx, t.index, func(r *sheet.Row) error {
		if t.row > 0 && t.next == 0 {
			t.next = r.Num
		}
		for _, c := range r.Cells {
			if c.Fill != sheet.Own || c.Type != sheet.Text || !strings.Contains(c.Raw, "{{") {
				continue
			}
			names := placeholder.FindAllStringSubmatch(c.Raw, -1)
			if len(names) == 0 || strings.Count(c.Raw, "{{") != len(names) {
				return t.refuse(r.Num, c.Col, "layout.unclosed", c.Raw)
			}
			if isSingle(names) {
				t.singles = append(t.singles, single{r.Num, c.Col, c.Raw})
				continue
			}
			if len(names) > 1 {
				return t.refuse(r.Num, c.Col, "layout.several", c.Raw)
			}
			x, err := f.cell(t.place, r.Num, c.Col, names[0][1], q)
			if err != nil {
				return err
			}
			if before := placeholder.ReplaceAllLiteralString(strings.ReplaceAll(c.Raw, "%", "%%"), "%s"); before != "%s" {
				x.text = before
			}
			switch {
			case t.row == 0:
				t.row = r.Num
			case t.row != r.Num:
				return t.refuse(r.Num, c.Col, "layout.second_row", c.Raw, t.row)
			}
			t.cells = append(t.cells, x)
		}
		return nil
	})
}

// singles are the placeholders that concern the whole table, by what they stand for.
var singles = map[string]string{
	"日期": "date", "date": "date", "期间": "period", "年度": "period", "period": "period", "地区": "area", "area": "area", "户数": "count", "count": "count",
}

func isSingle(names [][]string) bool {
	for _, n := range names {
		if singles[content.Fold(n[1])] == "" {
			return false
		}
	}
	return true
}

// cell reads one placeholder: what, then @ and a period, then | and a unit.
func (f *Filler) cell(at place, row, col int, text string, q fact.Listing) (cell, error) {
	x := cell{col: col}
	what, unit, hasUnit := strings.Cut(text, "|")
	what, when, hasPeriod := strings.Cut(what, "@")
	var ok bool
	if x.target, ok = f.targetNamed(strings.TrimSpace(what)); !ok {
		return x, at.refuse(row, col, "layout.unknown", text)
	}
	if hasUnit {
		if x.unit, ok = sheet.UnitNamed(strings.TrimSpace(unit)); !ok {
			return x, at.refuse(row, col, "layout.unit", text, strings.TrimSpace(unit))
		}
	}
	if hasPeriod {
		p, err := sheet.ParsePeriod(strings.TrimSpace(when), q.Year)
		if err != nil {
			return x, at.refuse(row, col, "layout.period", text, strings.TrimSpace(when))
		}
		x.period = p
	}
	return x, at.check(f, row, col, &x)
}

// check refuses a unit that the figure cannot have.
func (p place) check(f *Filler, row, col int, x *cell) error {
	def, ok := f.Library.FactDef(x.target)
	if !ok || x.unit.IsZero() {
		return nil
	}
	own, known := sheet.UnitNamed(def.Unit)
	switch def.Type {
	case content.Money:
		own, known = sheet.UnitNamed("元")
	case content.Rate:
		if own, known = sheet.UnitNamed("%"); x.unit == own {
			x.rate = sheet.RatePercent
		}
	}
	if !known || own.Base != x.unit.Base {
		return p.refuse(row, col, "layout.wrong_unit", def.Name, x.unit.Name)
	}
	return nil
}

// targetNamed is what a placeholder means: by code, by name in either language, or by a word that headers use.
func (f *Filler) targetNamed(name string) (string, bool) {
	said, byWord := content.Fold(name), ""
	for _, t := range f.Library.Vocabulary() {
		if t.Place != content.Header || !f.fillable(t.Role) {
			continue
		}
		if t.Role == name || said == content.Fold(t.Name.ZH) || said == content.Fold(t.Name.EN) {
			return t.Role, true
		}
		if byWord == "" && slices.ContainsFunc(t.Words, func(w string) bool { return content.Fold(w) == said }) {
			byWord = t.Role
		}
	}
	return byWord, byWord != ""
}

// fillable says that a list of enterprises has the figure.
func (f *Filler) fillable(target string) bool {
	def, ok := f.Library.FactDef(target)
	return !ok || def.Subject == content.Enterprise
}

var errEnough = errors.New("enough rows")

// byHeader finds the table of a sheet by its header. left is the headers that are not understood.
func (f *Filler) byHeader(ctx context.Context, book *sheet.Book, i int, q fact.Listing) (t table, left []string, err error) {
	t = table{place: place{book.Name(), book.Sheets()[i].Name}, index: i}
	plan, err := intake.Recognise(ctx, f.Library, book, i)
	if errs.KindOf(err) == errs.KindInvalid {
		return t, nil, nil // a sheet without a table
	}
	if err != nil || plan.Skip || len(plan.HeaderRows) == 0 {
		return t, nil, err
	}
	for _, c := range plan.Columns {
		if c.Target == "" || !f.fillable(c.Target) {
			left = append(left, c.Header)
			continue
		}
		x := cell{col: c.Index, target: c.Target, rate: c.Rate, period: c.Period}
		if x.period.Kind() == period.Always {
			x.period = plan.Period
		}
		if c.Unit != "" {
			x.unit, _ = sheet.UnitNamed(c.Unit)
		}
		if err := t.check(f, plan.HeaderRows[0], c.Index, &x); err != nil {
			return t, nil, err
		}
		t.cells = append(t.cells, x)
	}
	t.row = plan.HeaderRows[len(plan.HeaderRows)-1] + 1
	err = book.Rows(ctx, i, func(r *sheet.Row) error {
		if r.Num < t.row {
			return nil
		}
		t.next = r.Num
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return t, left, err
}

// fill writes the rows of a list into a table of a template.
func (f *Filler) fill(out *excelize.File, t table, list *fact.List, q fact.Listing) (rows int, err error) {
	type line struct {
		cells []any
	}
	var lines []line
	columns := map[int]fact.Column{}
	for e, row := range list.Page(f.View, 0, list.Len()) {
		if !f.May(e.Area, e.ID) {
			continue
		}
		l := line{make([]any, len(t.cells))}
		for i := range t.cells {
			x := &t.cells[i]
			if def, ok := f.Library.FactDef(x.target); ok {
				c, met := columns[i]
				if !met {
					c = f.View.Column(def.Code, x.when(def, q))
					columns[i] = c
				}
				l.cells[i] = f.value(def, x, row.At(c))
			} else {
				l.cells[i] = f.identity(x, e.Name, string(e.USCC), e.Area, e.Industry, len(lines)+1, q)
			}
		}
		lines = append(lines, l)
	}
	for _, s := range t.singles {
		at := sheet.Address(s.row, s.col)
		if err := out.SetCellStr(t.sheet, at, f.single(s.text, len(lines), q)); err != nil {
			return 0, err
		}
	}
	if len(t.cells) == 0 {
		return len(lines), nil
	}
	if err := room(out, t, len(lines)); err != nil {
		return 0, err
	}
	for n, l := range lines {
		for i, x := range t.cells {
			if err := put(out, t, n, x, l.cells[i]); err != nil {
				return 0, err
			}
		}
	}
	for _, x := range t.cells { // without a row the placeholders go all the same
		if len(lines) == 0 {
			if err := out.SetCellStr(t.sheet, sheet.Address(t.row, x.col), ""); err != nil {
				return 0, err
			}
		}
	}
	return len(lines), nil
}

// room makes place for n rows: what stands below the table moves down.
func room(out *excelize.File, t table, n int) error {
	if t.next == 0 || t.row+n <= t.next {
		return nil
	}
	return out.InsertRows(t.sheet, t.next, t.row+n-t.next)
}

// put writes the n-th row's value of a column, with the looks of the first row.
func put(out *excelize.File, t table, n int, x cell, value any) error {
	at := sheet.Address(t.row+n, x.col)
	if n > 0 {
		style, err := out.GetCellStyle(t.sheet, sheet.Address(t.row, x.col))
		if err != nil {
			return err
		}
		if style != 0 {
			if err := out.SetCellStyle(t.sheet, at, at, style); err != nil {
				return err
			}
		}
	}
	switch v := value.(type) {
	case nil:
		return out.SetCellStr(t.sheet, at, "")
	case number:
		if x.text == "" {
			return out.SetCellDefault(t.sheet, at, string(v)) // the digits as they are, as a number
		}
		value = string(v)
	}
	text := fmt.Sprint(value)
	if x.text != "" {
		text = fmt.Sprintf(x.text, text)
	}
	return out.SetCellStr(t.sheet, at, text)
}

// single is a text with what concerns the whole table put in.
func (f *Filler) single(text string, rows int, q fact.Listing) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		switch singles[content.Fold(placeholder.FindStringSubmatch(found)[1])] {
		case "date":
			return f.Today.String()
		case "period":
			return strconv.Itoa(q.Year)
		case "count":
			return strconv.Itoa(rows)
		}
		if n, ok := f.Library.Areas().Node(q.Area); ok {
			return n.Name
		}
		return ""
	})
}
