package layout

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// singles are the placeholders that concern the whole table, by what they stand for.
var singles = map[string]string{
	"日期": "date", "date": "date", "期间": "period", "period": "period", "年度": "year", "地区": "area", "area": "area",
	"户数": "count", "行数": "count", "条数": "count", "count": "count", "数据截至": "until", "until": "until", "数据版本": "known", "known": "known",
	"填表人": "asker", "asker": "asker",
}

// whole begins a placeholder of what the area as a whole comes to: {{合计:规上工业企业数}}.
var whole = regexp.MustCompile(`(?i)^(?:合计|全域|全省|全市|全县|全区|whole|total)\s*[:：]\s*(.+)$`)

func isSingle(names [][]string) bool {
	for _, n := range names {
		if singles[content.Fold(n[1])] == "" && !whole.MatchString(n[1]) {
			return false
		}
	}
	return true
}

// single reads a cell with placeholders that concern the whole table.
func (f *Filler) single(g *grid, row int, c sheet.Cell, names [][]string, table *Table) (single, error) {
	s := single{row: row, col: c.Col, text: c.Raw, cells: map[string]cell{}}
	for _, n := range names {
		m := whole.FindStringSubmatch(n[1])
		if m == nil {
			continue
		}
		if table.Whole == nil {
			return s, g.refuse(row, c.Col, "layout.no_whole", n[1], table.Name)
		}
		x, err := f.cell(g.place, sheet.Place{Row: row, Col: c.Col}, m[1], table)
		if err != nil {
			return s, err
		}
		s.cells[n[1]] = x
	}
	return s, nil
}

// fillSingle puts in what concerns the whole table. A figure that stands alone is written as the number that it is.
func (w *writer) fillSingle(g grid, s single) error {
	if m := placeholder.FindStringSubmatch(s.text); m != nil && m[0] == s.text {
		if x, ok := s.cells[m[1]]; ok {
			return w.say(g, s.row, x, w.table.Whole)
		}
	}
	var failed error
	text := placeholder.ReplaceAllStringFunc(s.text, func(found string) string {
		name := placeholder.FindStringSubmatch(found)[1]
		x, ok := s.cells[name]
		if !ok {
			return w.concerns(singles[content.Fold(name)])
		}
		c := w.table.Columns[x.column]
		v := w.table.Whole(x.column, x.when(c, w.table.Year))
		if err, is := v.(error); is {
			failed = err
			return ""
		}
		if v = w.value(c, &x, v); v == nil {
			return ""
		}
		return fmt.Sprint(v)
	})
	if failed != nil {
		return failed
	}
	return w.out.SetCellStr(g.sheet, sheet.Address(s.row, s.col), text)
}

// concerns is something of the whole table in words.
func (w *writer) concerns(what string) string {
	switch what {
	case "date":
		return w.Today.String()
	case "period":
		if w.table.Period.Kind() != period.Always && w.table.Period.Kind() != period.Year {
			return fact.PeriodText(w.T, w.table.Period)
		}
		return strconv.Itoa(w.table.Year)
	case "year":
		return strconv.Itoa(w.table.Year)
	case "count":
		return strconv.Itoa(len(w.records))
	case "until":
		return w.until().String()
	case "known":
		if w.table.Seq != 0 {
			return strconv.FormatInt(w.table.Seq, 10)
		}
		return ""
	case "asker":
		return w.table.Asker
	}
	if n, ok := w.Library.Areas().Node(w.table.Area); ok {
		return n.Name
	}
	return ""
}

// until is the last day of which figures of the table can tell.
func (w *writer) until() period.Day {
	if _, last, ok := w.table.Period.Span(); ok {
		return min(last, w.Today)
	}
	return w.Today
}
