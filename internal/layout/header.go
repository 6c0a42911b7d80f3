package layout

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// sureScore is the score from which a header's words are taken to mean a column, and alike the difference within which
// what the row itself says comes before what its enterprise says.
//
// Names of indicators are long and alike: a header that is merely a part of one (营业收入 of 规模以上工业营业收入) does not mean it. closeScore is what
// the very name scores above a row of periods.
const (
	sureScore  = 700
	closeScore = 850
	alike      = 100
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
		x, score := f.matched(&l, c, table)
		if score < sureScore {
			left = append(left, c.Header)
			continue
		}
		if j := slices.IndexFunc(g.cells, func(y cell) bool { return y.column == x.column && y.period == x.period && !(x.said && y.said) }); j >= 0 {
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
func (f *Filler) matched(l *sheet.Layout, c sheet.Column, table *Table) (x cell, score int) {
	x = cell{col: c.Index, column: -1, unit: c.Unit, rate: c.Rate}
	for _, m := range c.Candidates {
		if m.Score < sureScore || m.Score < c.Candidates[0].Score-alike {
			break
		}
		i := table.Column(m.ID)
		if table.Named > 0 && i >= table.Named && m.Score < closeScore {
			continue
		}
		if x.column < 0 || table.Columns[x.column].Owner && !table.Columns[i].Owner {
			x.column, score = i, m.Score
		}
	}
	if x.column < 0 && table.Bare != "" && namesPeriod(c, table) {
		x.column, score = table.Column(table.Bare), sureScore
	}
	if x.column < 0 {
		return x, 0
	}
	column := table.Columns[x.column]
	x.period, x.said = f.told(l, c, table, column)
	switch {
	case c.UnitFrom == sheet.UnitFromTerm, c.UnitFrom == sheet.UnitFromTitle && column.Mixed:
		x.unit = sheet.Unit{}
	case column.Type == content.Rate && x.rate == sheet.RateUnknown && percentTitle.MatchString(l.Title):
		x.rate = sheet.RatePercent
	}
	return x, score
}

// percentTitle knows a title that says that what is a rate is told in per cent: 单位：家、%.
var percentTitle = regexp.MustCompile(`单位\s*[:：][^)）]*[%％]`)

// namesPeriod says that a header is nothing but a period.
func namesPeriod(c sheet.Column, table *Table) bool {
	_, err := sheet.ParsePeriod(c.Header, table.Year)
	return err == nil
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
		named := line{row: rec.Row}
		if rec.Kind == sheet.DataRow || rec.Kind == sheet.SectionRow {
			named = lineOf(rec, g, table)
			named.heads = rec.Kind == sheet.SectionRow && heading.MatchString(rec.Text)
		}
		switch {
		case rec.Kind == sheet.TotalRow && table.Whole != nil && (rec.Row == g.row || g.next == 0):
			g.totals = append(g.totals, lineOf(rec, g, table))
			if len(g.listed) > 0 {
				return nil
			}
			if rec.Row == g.row {
				g.row++
				return nil
			}
		case rec.Row == g.row && (rec.Kind == sheet.TotalRow || rec.Kind == sheet.HeaderAgain):
			g.row++
			return nil
		case len(named.words) > 0 && (len(g.listed) > 0 || rec.Row == g.row):
			g.listed = append(g.listed, named)
			return nil
		case len(g.listed) > 0 && rec.Kind != sheet.NoteRow:
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

// lineOf is a row that is filled in where it stands: by what it is named, which unit it names, and what of it is open.
func lineOf(rec *sheet.Record, g *grid, table *Table) line {
	l := line{row: rec.Row}
	for _, c := range rec.Cells {
		i := slices.IndexFunc(g.cells, func(x cell) bool { return x.col == c.Col })
		if i < 0 {
			continue
		}
		role := table.Columns[g.cells[i].column].Role
		switch {
		case c.Type == sheet.Blank && !c.Formula:
			l.open = append(l.open, c.Col)
		case c.Type == sheet.Text && c.Fill == sheet.Own && slices.Contains(table.Keys, role):
			l.words = append(l.words, c.Raw)
			if m := inBrackets.FindStringSubmatch(c.Raw); m != nil && l.unit.IsZero() {
				l.unit, _ = sheet.UnitNamed(m[1])
			}
		case c.Type == sheet.Text && strings.HasSuffix(role, ".unit"):
			if u, ok := sheet.UnitNamed(c.Raw); ok {
				l.unit = u
			}
		}
	}
	return l
}

// heading is how a heading above rows begins.
var heading = regexp.MustCompile(`^\s*(?:[一二三四五六七八九十]+[、.．]|[（(][一二三四五六七八九十]+[)）])`)

// inBrackets is what stands in brackets at the end of a name.
var inBrackets = regexp.MustCompile(`[(（]\s*([^()（）]+?)\s*[)）]\s*$`)

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
