package layout

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
)

// keys are the rows of the table by the words that name them: the first that says so.
func (w *writer) keys() map[string]int {
	known := map[string]int{}
	for _, role := range w.table.Keys {
		column := w.table.Column(role)
		for i, record := range w.records {
			text, ok := record(column, period.Period{}).(string)
			key := content.Fold(text)
			if _, taken := known[key]; ok && key != "" && !taken {
				known[key] = i
			}
		}
	}
	return known
}

// numbered is the number that a list puts before a name: 1. （一） 二、.
var numbered = regexp.MustCompile(`^\s*(?:[（(]?[0-9一二三四五六七八九十]+[)）、.．]|其中\s*[:：])\s*`)

// wholeWords are what a row of the area as a whole may be called, besides its name and the words of totals.
var wholeWords = []string{"全省", "全市", "全县", "全区", "全域"}

// forms are the ways to read the words of a row, the plainest first.
func forms(words string) []string {
	bare := numbered.ReplaceAllString(words, "")
	return []string{words, bare, inBrackets.ReplaceAllString(words, ""), inBrackets.ReplaceAllString(bare, "")}
}

// fillListed fills rows that the template names, each where it stands; what is in none of them is left out and told.
func (w *writer) fillListed(g grid, merged []block) error {
	known, used := w.keys(), map[int]bool{}
	area, _ := w.Library.Areas().Node(w.table.Area)
	for _, l := range g.listed {
		i, found := w.row(l, known)
		isWhole := !found && w.table.Whole != nil && slices.ContainsFunc(l.words, func(s string) bool { return s == area.Name || slices.Contains(wholeWords, s) })
		switch {
		case isWhole:
			if err := w.fillLine(g, merged, l, w.table.Whole); err != nil {
				return err
			}
		case !found && l.heads:
		case !found:
			w.unlisted = append(w.unlisted, l.words[0])
		default:
			used[i] = true
			if err := w.fillLine(g, merged, l, w.records[i]); err != nil {
				return err
			}
		}
	}
	if len(used) == 0 {
		return g.refuse(g.listed[0].row, g.cells[0].col, "layout.none_listed", g.listed[0].words[0], w.table.Name)
	}
	w.missed = len(w.records) - len(used)
	return nil
}

// row is the row of the table that a line of the template names.
func (w *writer) row(l line, known map[string]int) (int, bool) {
	for _, words := range l.words {
		for _, form := range forms(words) {
			if i, ok := known[content.Fold(form)]; ok {
				return i, true
			}
		}
	}
	if w.table.Means == nil {
		return 0, false
	}
	for _, words := range l.words {
		for _, key := range w.table.Means(words) {
			if i, ok := known[content.Fold(key)]; ok {
				return i, true
			}
		}
	}
	return 0, false
}

// fillLine writes what a record says into the cells of a row in which nothing stands yet.
func (w *writer) fillLine(g grid, merged []block, l line, record Record) error {
	for _, x := range g.cells {
		if !slices.Contains(l.open, x.col) || slices.ContainsFunc(merged, func(b block) bool { return b.covers(l.row, x.col) }) {
			continue
		}
		c := w.table.Columns[x.column]
		if c.Mixed && x.unit.IsZero() {
			x.unit = l.unit
		}
		v := record(x.column, x.when(c, w.table.Year))
		if err, failed := v.(error); failed {
			return err
		}
		if strings.HasSuffix(c.Role, ".unit") && !l.unit.IsZero() {
			v = l.unit.Name // in which its numbers are told
		}
		if v = w.value(c, &x, v); v == nil {
			continue
		}
		if err := w.put(g.sheet, l.row, x, v); err != nil {
			return err
		}
	}
	return nil
}
