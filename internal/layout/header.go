package layout

import (
	"context"
	"errors"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// sureScore is the score from which a header's words are taken to mean a column, and alike the difference within which
// what the row itself says comes before what its enterprise says.
const (
	sureScore = 700
	alike     = 100
)

// vocabulary is the words of a table's columns.
func (f *Filler) vocabulary(table *Table) sheet.Vocabulary {
	var v sheet.Vocabulary
	for _, t := range f.Library.Vocabulary() {
		switch t.Role {
		case "mark.total":
			v.Totals = t.Words
		case "mark.note":
			v.Notes = t.Words
		}
	}
	for _, c := range table.Columns {
		v.Columns = append(v.Columns, sheet.Term{ID: c.Role, Labels: append(slices.Clip(c.Words), c.Role), Kind: sheet.Kind(c.Type), Unit: c.Unit})
	}
	return v
}

var errEnough = errors.New("enough rows")

// byHeader finds the grid of a sheet by its header. left is the headers that are not understood.
func (f *Filler) byHeader(ctx context.Context, book *sheet.Book, i int, table *Table) (g grid, left []string, err error) {
	g = grid{place: place{book.Name(), book.Sheets()[i].Name}, index: i}
	l, err := sheet.Detect(ctx, book, i, f.vocabulary(table))
	if errs.KindOf(err) == errs.KindInvalid {
		return g, nil, nil // a sheet without a table
	}
	if err != nil {
		return g, nil, err
	}
	scores := map[int]int{}
	for _, c := range l.Columns {
		x, score := f.matched(c, table)
		if score < sureScore {
			left = append(left, c.Header)
			continue
		}
		if j := slices.IndexFunc(g.cells, func(y cell) bool { return y.column == x.column && y.period == x.period }); j >= 0 {
			if scores[j] >= score { // the better fit keeps the column, the other stays blank
				left = append(left, c.Header)
				continue
			}
			left = append(left, headerAt(l, g.cells[j].col))
			g.cells[j], scores[j] = x, score
		} else {
			g.cells = append(g.cells, x)
			scores[len(g.cells)-1] = score
		}
		if err := g.check(sheet.Place{Row: l.HeaderRows[0], Col: c.Index}, &g.cells[len(g.cells)-1], table); err != nil {
			return g, nil, err
		}
	}
	if !f.tells(g, table) {
		return grid{}, nil, nil
	}
	return g, left, f.rows(ctx, book, &l, &g, table)
}

func headerAt(l sheet.Layout, col int) string {
	for _, c := range l.Columns {
		if c.Index == col {
			return c.Header
		}
	}
	return ""
}

// matched is the column of the table that a header means, with its score.
func (f *Filler) matched(c sheet.Column, table *Table) (x cell, score int) {
	x = cell{col: c.Index, column: -1, unit: c.Unit, rate: c.Rate, period: c.Period}
	for _, m := range c.Candidates {
		if m.Score < sureScore || m.Score < c.Candidates[0].Score-alike {
			break
		}
		if i := table.Column(m.ID); x.column < 0 || table.Columns[x.column].Owner && !table.Columns[i].Owner {
			x.column, score = i, m.Score
		}
	}
	if c.UnitFrom == sheet.UnitFromTerm {
		x.unit = sheet.Unit{}
	}
	return x, score
}

// tells says that more than the number of a row was recognised: a list of numbers is no table.
func (f *Filler) tells(g grid, table *Table) bool {
	return slices.ContainsFunc(g.cells, func(x cell) bool {
		role := table.Columns[x.column].Role
		return role != "row.number" && role != "row.remark" && role != "row.unit"
	})
}

// rows finds where below the header the rows go: after totals that stand right below it, over blank rows and those that
// hold nothing but formulas and numbers of rows, up to whatever comes next.
func (f *Filler) rows(ctx context.Context, book *sheet.Book, l *sheet.Layout, g *grid, table *Table) error {
	g.header, g.row = l.HeaderRows[0], l.HeaderRows[len(l.HeaderRows)-1]+1
	for _, c := range l.Columns {
		g.wide = max(g.wide, c.Index+1)
	}
	err := book.Records(ctx, l, func(rec *sheet.Record) error {
		switch {
		case rec.Row == g.row && (rec.Kind == sheet.TotalRow || rec.Kind == sheet.HeaderAgain):
			g.row++
			return nil
		case rec.Kind == sheet.DataRow && open(rec, g, table):
			if rec.Row == g.row {
				g.fixed = formulasOf(rec)
			}
			return nil
		}
		g.next = rec.Row
		return errEnough
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// open says that a row waits to be filled in.
func open(rec *sheet.Record, g *grid, table *Table) bool {
	for _, c := range rec.Cells {
		i := slices.IndexFunc(g.cells, func(x cell) bool { return x.col == c.Col })
		numbers := i >= 0 && table.Columns[g.cells[i].column].Role == "row.number"
		if c.Type != sheet.Blank && !c.Formula && c.Type != sheet.NoValue && !numbers {
			return false
		}
	}
	return true
}

func formulasOf(rec *sheet.Record) (all []sheet.Cell) {
	for _, c := range rec.Cells {
		if c.Formula || c.Type == sheet.NoValue {
			all = append(all, c)
		}
	}
	return all
}

// when is the period that a cell shows.
func (x *cell) when(c content.TableColumn, year int) period.Period {
	switch {
	case c.Period == "" || c.Period == period.Always:
		return period.Period{}
	case x.period.Kind() != period.Always:
		return x.period
	case c.Period == period.Year:
		return period.OfYear(year)
	}
	return period.Period{}
}
