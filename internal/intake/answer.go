package intake

import (
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Answer is what somebody says to a problem. The zero value says nothing.
type Answer struct {
	// Of the column.
	Target *string
	Unit   *string
	Rate   *sheet.RateScale
	Days   *sheet.DayOrder
	Mends  []Mend
	Forget []string // texts about which nothing is said any more

	// Of the sheet.
	Period     *period.Period
	Doubles    *Doubles
	Identifier *Identifier
	Area       *string // code of the area of rows that name none
	Unsound    bool    // codes that fail their check are right
	Hidden     bool    // what is hidden is taken
	Amounts    bool    // the amounts are right
}

// Answered is the plan with an answer to a problem at a place. A place that the plan does not have is an error (Invalid).
func (p Plan) Answered(at Spot, a Answer) (Plan, error) {
	if at.Sheet < 0 || at.Sheet >= len(p.Sheets) || at.Column >= len(p.Sheets[at.Sheet].Columns) {
		return p, errs.Invalid(i18n.M("intake.plan_other_file"))
	}
	p.Sheets = slices.Clone(p.Sheets)
	s := &p.Sheets[at.Sheet]
	a.sheet(s)
	if at.Column < 0 {
		return p, nil
	}
	s.Columns = slices.Clone(s.Columns)
	a.column(&s.Columns[at.Column])
	s.Skip = s.Skip && (a.Target == nil || s.Hidden)
	return p, nil
}

func (a Answer) sheet(s *SheetPlan) {
	if a.Period != nil {
		s.Period = *a.Period
	}
	if a.Doubles != nil {
		s.Doubles = *a.Doubles
	}
	if a.Identifier != nil {
		s.Identifier = *a.Identifier
	}
	if a.Area != nil {
		s.Area = *a.Area
	}
	s.TakeUnsound = s.TakeUnsound || a.Unsound
	s.AmountsAreFit = s.AmountsAreFit || a.Amounts
	s.TakeHidden = s.TakeHidden || a.Hidden
	if s.Hidden && a.Hidden && len(s.Columns) > 0 {
		s.Skip = false
	}
}

func (a Answer) column(c *ColumnPlan) {
	set := func(chosen bool) {
		if chosen {
			c.From = Chosen
		}
	}
	if a.Target != nil {
		set(c.Target != *a.Target || c.From == Guessed)
		c.Target = *a.Target
	}
	if a.Unit != nil {
		set(true)
		c.Unit = *a.Unit
	}
	if a.Rate != nil {
		set(true)
		c.Rate = *a.Rate
	}
	if a.Days != nil {
		set(true)
		c.Days = *a.Days
	}
	for _, text := range a.Forget {
		*c = c.Without(text)
	}
	for _, m := range a.Mends {
		*c = c.With(m)
	}
}

// Like finds the places in another plan that an answer about a place in this one is for too: for a column those that are
// read as the same, or, where it is left out, those of the same words; for a sheet every sheet that is taken.
func (p Plan) Like(at Spot, other Plan) []Spot {
	var all []Spot
	for i, s := range other.Sheets {
		if at.Column < 0 {
			if !s.Skip {
				all = append(all, Spot{i, -1})
			}
			continue
		}
		column := p.Sheets[at.Sheet].Columns[at.Column]
		for j, c := range s.Columns {
			if column.Target != "" && c.Target == column.Target || column.Target == "" && memoryKey(c.Label) == memoryKey(column.Label) {
				all = append(all, Spot{i, j})
			}
		}
	}
	return all
}

// ParseRows reads numbers of rows as people write them: "5, 9-12". Blank is none.
func ParseRows(text string) ([]int, error) {
	text = strings.NewReplacer("，", ",", "、", ",", "；", ",", ";", ",", "–", "-", "—", "-", "~", "-", "至", "-").Replace(text)
	var rows []int
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
		first, last, isRange := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		to := from
		if isRange && err == nil {
			to, err = strconv.Atoi(last)
		}
		if err != nil || from < 1 || to < from || to > 1<<20 || len(rows)+to-from >= maxSkipRows {
			return nil, errs.Invalid(i18n.M("intake.rows_unread", part, maxSkipRows))
		}
		for n := from; n <= to; n++ {
			rows = append(rows, n)
		}
	}
	return rows, nil
}

// RowsText is numbers of rows as ParseRows reads them, neighbours as a range.
func RowsText(rows []int) string {
	var parts []string
	for i := 0; i < len(rows); {
		j := i
		for j+1 < len(rows) && rows[j+1] == rows[j]+1 {
			j++
		}
		part := strconv.Itoa(rows[i])
		if j > i {
			part += "-" + strconv.Itoa(rows[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
