package content

import (
	"fmt"
	"path"
	"time"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// CalendarYear is what is ordained for one year: which days are off, and which Saturdays and Sundays are worked for them.
type CalendarYear struct {
	Year       int        `yaml:"year"`
	Issuer     string     `yaml:"issuer"`
	Document   string     `yaml:"document"` // document number
	Issued     period.Day `yaml:"issued"`
	Addresses  []string   `yaml:"addresses,omitempty"` // where the documents stand
	Confidence string     `yaml:"confidence"`          // Verified, Secondary or Unverified
	Checked    string     `yaml:"checked"`             // what the days were compared with
	Holidays   []Holiday  `yaml:"holidays"`
}

// Holiday is the days off around a festival, both inside, and the days that are worked for them.
type Holiday struct {
	Name   i18n.Text    `yaml:"name"`
	From   period.Day   `yaml:"from"`
	To     period.Day   `yaml:"to"`
	Worked []period.Day `yaml:"worked,omitempty"`
}

// maxHoliday is how many days one festival can be off; a longer span is a slip of the pen.
const maxHoliday = 31

// readCalendar reads the working days of the years, a file each.
func (l *loader) readCalendar() {
	said := map[period.Day]i18n.Text{} // the festival that a day is off or worked for, in any year
	var arranged []period.Arrangement
	for _, file := range l.files("calendar") {
		var y CalendarYear
		doc, ok := l.decode(file, &y)
		if !ok {
			continue
		}
		if want := fmt.Sprintf("%04d.yaml", y.Year); path.Base(file) != want {
			l.report(doc, i18n.M("content.calendar_file", y.Year, want), "year")
		}
		l.word(doc, y.Confidence, confidenceWords, "confidence")
		a := period.Arrangement{Year: y.Year}
		for i, h := range y.Holidays {
			l.holiday(doc, i, h, &a, said)
		}
		l.lib.calendarYears = append(l.lib.calendarYears, y)
		arranged = append(arranged, a)
	}
	l.lib.calendar = period.NewCalendar(arranged...)
}

// holiday checks one festival and adds its days to the arrangement.
func (l *loader) holiday(doc *Document, i int, h Holiday, a *period.Arrangement, said map[period.Day]i18n.Text) {
	at := func(keys ...any) []any { return append([]any{"holidays", i}, keys...) }
	l.bilingual(doc, h.Name, at("name")...)
	if h.To < h.From || h.To-h.From >= maxHoliday {
		l.report(doc, i18n.M("content.calendar_span", h.From.String(), h.To.String(), maxHoliday), at("from")...)
		return
	}
	claim := func(d period.Day, keys ...any) {
		if first, last := period.Date(a.Year-1, 12, 1), period.Date(a.Year, 12, 31); d < first || d > last {
			l.report(doc, i18n.M("content.calendar_outside", d.String(), first.String(), last.String()), at(keys...)...)
		}
		if other, twice := said[d]; twice {
			l.report(doc, i18n.M("content.calendar_twice", d.String(), other), at(keys...)...)
		}
		said[d] = h.Name
	}
	for d := h.From; d <= h.To; d++ {
		claim(d, "from")
		a.Off = append(a.Off, d)
	}
	for j, d := range h.Worked {
		claim(d, "worked", j)
		if w := d.Weekday(); w != time.Saturday && w != time.Sunday {
			l.report(doc, i18n.M("content.calendar_worked", d.String()), at("worked", j)...)
		}
		a.Worked = append(a.Worked, d)
	}
}

// Calendar says on which days people work, in the years that CalendarYears has.
func (l *Library) Calendar() period.Calendar { return l.calendar }

// CalendarYears is what was ordained for each year that is known, with its source, the earliest first. The slice must not
// be changed.
func (l *Library) CalendarYears() []CalendarYear { return l.calendarYears }
