package intake

import (
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// sums is what a column added up to, to be held against the sheet's own total rows.
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

// checkTotals compares a total row with what was read above it. It never decides anything: a total may leave firms out
// for reasons of its own, so a gap is only shown.
func (t *table) checkTotals(rec *sheet.Record) {
	for i := range t.columns {
		c, s := &t.columns[i], &t.sums[i]
		addable := c.def >= 0 && c.fact.Flow != content.State &&
			(c.fact.Type == content.Money || c.fact.Type == content.Int || c.fact.Type == content.Decimal)
		if !addable || s.lost {
			continue
		}
		said := t.value(rec, c)
		if said.State == fact.Present {
			// Each addend may have been rounded to the column's unit by half a unit; a total row may be of all rows or of
			// those since the last one.
			slack := max(c.want.Unit.Factor, 1) * (s.n + 1) / 2
			if gap(said.Value.Num, s.all) > slack && gap(said.Value.Num, s.since) > slack {
				t.find(Warn, rec, c, i18n.M("intake.total_differs", show(c.fact, said.Value.Num), show(c.fact, s.all)))
			}
		}
		s.since = 0
	}
}

func gap(a, b int64) int64 {
	if a > b {
		return a - b
	}
	return b - a
}
