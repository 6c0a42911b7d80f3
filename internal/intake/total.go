package intake

import (
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// sums is what a column added up to, to be held against the sheet's own total rows. Rows that are left out count: the
// sender added them up too.
type sums struct {
	all, since int64 // from the first row; from the last total row
	n          int64 // values in all
	lost       bool  // does not fit any more: nothing is compared
}

func (s *sums) add(v Said) {
	if v.State != fact.Present || s.lost {
		return
	}
	all, since := s.all+v.Value.Num, s.since+v.Value.Num
	if (all > s.all) != (v.Value.Num > 0) && v.Value.Num != 0 {
		s.lost = true
		return
	}
	s.all, s.since, s.n = all, since, s.n+1
}

// claimed is what a total row says of a column.
type claimed struct {
	col int // index into columns
	num int64
	row int
}

// addable says that a column's figures may be added up.
func (c *column) addable() bool {
	return c.fact != nil && c.fact.Flow != content.State &&
		(c.fact.Type == content.Money || c.fact.Type == content.Int || c.fact.Type == content.Decimal)
}

// tally counts a row that is left out into the sums.
func (t *table) tally(rec *sheet.Record) {
	for i := range t.columns {
		if t.columns[i].addable() {
			t.sums[i].add(t.value(rec, &t.columns[i]))
		}
	}
}

// checkTotals compares a total row with what was read above it, or keeps it for the end of the sheet where nothing was.
// It never decides anything: a total may leave firms out for reasons of its own, so a gap is only shown.
func (t *table) checkTotals(rec *sheet.Record) {
	for i := range t.columns {
		c, s := &t.columns[i], &t.sums[i]
		if !c.addable() {
			continue
		}
		if said := t.value(rec, c); said.State == fact.Present {
			total := claimed{i, said.Value.Num, rec.Row}
			if s.n == 0 {
				t.first = append(t.first, total)
			} else {
				t.compare(total)
			}
		}
		s.since = 0
	}
}

// checkFirst compares the total rows that stand above all others.
func (t *table) checkFirst() {
	for _, total := range t.first {
		t.compare(total)
	}
}

func (t *table) compare(total claimed) {
	c, s := &t.columns[total.col], &t.sums[total.col]
	// Each addend may have been rounded by half a unit of the column; a total row may be of all rows or of those since
	// the last one.
	slack := max(c.want.Unit.Factor, 1) * (s.n + 1) / 2
	if s.lost || gap(total.num, s.all) <= slack || gap(total.num, s.since) <= slack {
		return
	}
	t.r.found.add(finding{severity: Warn, sheet: t.plan, column: c.ColumnPlan, row: total.row, msg: i18n.M("intake.total_differs",
		show(*c.fact, total.num), show(*c.fact, s.all))})
}

func gap(a, b int64) int64 {
	if a > b {
		return a - b
	}
	return b - a
}
