package period

import "time"

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return d.time().Weekday() }

// Calendar says on which days people work. In a year that it knows, that is what the year's arrangement says, and Monday
// to Friday where it says nothing; in any other year it is Monday to Friday, which every answer tells. Its zero value
// knows no year. It does not change and may be used by many goroutines.
type Calendar struct {
	years map[int]bool
	days  map[Day]bool // days of an arrangement: worked or not
}

// Arrangement is what is ordained for a year: the days that are off, and the Saturdays and Sundays that are worked for
// them (调休). Days near the turn of the year may lie in the year before.
type Arrangement struct {
	Year        int
	Off, Worked []Day
}

// NewCalendar is the calendar that knows the years of the arrangements. A day that is both worked and off is worked.
func NewCalendar(years ...Arrangement) Calendar {
	c := Calendar{years: map[int]bool{}, days: map[Day]bool{}}
	for _, y := range years {
		c.years[y.Year] = true
		for _, d := range y.Off {
			c.days[d] = false
		}
	}
	for _, y := range years {
		for _, d := range y.Worked {
			c.days[d] = true
		}
	}
	return c
}

// Knows says whether the arrangement of a year is known.
func (c Calendar) Knows(year int) bool { return c.years[year] }

// KnowsAll says whether the arrangement is known of every year from one day to another, in either order. Where it is not,
// a count of working days between them may still change.
func (c Calendar) KnowsAll(a, b Day) bool {
	for y := min(a, b).Year(); y <= max(a, b).Year(); y++ {
		if !c.years[y] {
			return false
		}
	}
	return true
}

// IsWorkday says whether people work on a day.
func (c Calendar) IsWorkday(d Day) bool {
	if worked, arranged := c.days[d]; arranged {
		return worked
	}
	w := d.Weekday()
	return w != time.Saturday && w != time.Sunday
}

// AddWorkdays is the n-th working day after a day, which itself does not count; before it where n is negative. For n = 0
// it is the day itself, or the next working day where it is off. Known is false where a year on the way has no
// arrangement yet, so that the day may still move.
func (c Calendar) AddWorkdays(d Day, n int) (due Day, known bool) {
	due = d
	if n == 0 {
		for !c.IsWorkday(due) {
			due++
		}
		return due, c.KnowsAll(d, due)
	}
	step := Day(1)
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		due += step
		if c.IsWorkday(due) {
			n--
		}
	}
	return due, c.KnowsAll(d, due)
}

// Workdays is how many working days there are after one day, up to and with another: the n of AddWorkdays that leads from
// the one to the other, where that is a working day. It is negative where the other lies before. Known is false where a
// year between them has no arrangement yet.
func (c Calendar) Workdays(from, to Day) (n int, known bool) {
	for d := from + 1; d <= to; d++ {
		if c.IsWorkday(d) {
			n++
		}
	}
	for d := to; d < from; d++ {
		if c.IsWorkday(d) {
			n--
		}
	}
	return n, c.KnowsAll(from, to)
}
