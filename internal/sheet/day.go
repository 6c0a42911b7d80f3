package sheet

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/period"
)

// Years that a table can speak of. What lies outside is a slip.
const (
	firstYear = 1900
	lastYear  = 2199
)

// Serial numbers that are dates beyond doubt (1950 to 2099) although nothing says so.
const (
	firstSerial = 18_264
	lastSerial  = 73_050
)

var (
	timeTail   = regexp.MustCompile(`[ T]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$`)
	weekday    = regexp.MustCompile(`\s*\(?(星期|周)[一二三四五六日天]\)?$`)
	fullDate   = regexp.MustCompile(`^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号.]?$`)
	monthDate  = regexp.MustCompile(`^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*(?:月份?)?(?:底|末|初|上旬|中旬|下旬)?$`)
	yearDate   = regexp.MustCompile(`^(\d{4})\s*(?:年度?)?(?:底|末|初)?$`)
	shortYear  = regexp.MustCompile(`^(\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$`)
	yearLast   = regexp.MustCompile(`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})$`)
	sixDigits  = regexp.MustCompile(`^(\d{2})(\d{2})(\d{2})$`)
	wordDate   = regexp.MustCompile(`^([零〇○一二三四五六七八九]{4})年(?:([零〇一二三四五六七八九十]{1,3})月(?:([零〇一二三四五六七八九十]{1,3})[日号])?)?$`)
	relative   = regexp.MustCompile(`去年|前年|今年|明年|本年|上年|年底|年末|年初|上月|本月|下月|近期|日前|上周|昨[天日]|今[天日]`)
	dateInText = regexp.MustCompile(`\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}[日号]?|[零〇○一二三四五六七八九]{4}年[零〇一二三四五六七八九十]{1,3}月[零〇一二三四五六七八九十]{1,3}[日号]`)
	yearless   = regexp.MustCompile(`^\d{1,2}\s*(?:月|[-/.])\s*\d{1,2}\s*[日号]?$`)
)

// ParseDay reads a date. precision is period.DayKind, period.Month or period.Year: 2022年1月 is read as its first day
// and keeps that it is a month.
func ParseDay(text string) (day period.Day, precision period.Kind, err error) {
	return parseDay(text, DayOrderUnknown)
}

// parseDay is ParseDay where it was said how a text is meant that does not tell.
func parseDay(text string, order DayOrder) (day period.Day, precision period.Kind, err error) {
	shown := preview([]byte(text))
	if len(text) > maxValueText {
		return 0, "", badValue("sheet.value.long", shown)
	}
	s := fold(text)
	s = weekday.ReplaceAllString(timeTail.ReplaceAllString(s, ""), "")
	if m := fullDate.FindStringSubmatch(s); m != nil {
		return checkedDay(shown, num(m[1]), num(m[2]), num(m[3]), period.DayKind)
	}
	if m := monthDate.FindStringSubmatch(s); m != nil {
		return checkedDay(shown, num(m[1]), num(m[2]), 1, period.Month)
	}
	if m := yearDate.FindStringSubmatch(s); m != nil {
		return checkedDay(shown, num(m[1]), 1, 1, period.Year)
	}
	if m := wordDate.FindStringSubmatch(s); m != nil {
		return wordsDay(shown, m)
	}
	if digits := strings.Trim(s, "0123456789") == ""; digits {
		switch len(s) {
		case 8:
			return checkedDay(shown, num(s[:4]), num(s[4:6]), num(s[6:]), period.DayKind)
		case 6:
			if y, m := num(s[:4]), num(s[4:]); y >= firstYear && y <= lastYear && m >= 1 && m <= 12 {
				return period.Date(y, m, 1), period.Month, nil
			}
			if y, m, d, ok := order.read(s); ok {
				return checkedDay(shown, y, m, d, period.DayKind)
			}
			return 0, "", badValue("sheet.day.two_digit_year", shown)
		}
	}
	if y, m, d, ok := order.read(s); ok {
		return checkedDay(shown, y, m, d, period.DayKind)
	}
	switch {
	case shortYear.MatchString(s):
		return 0, "", badValue("sheet.day.two_digit_year", shown)
	case yearLast.MatchString(s):
		return 0, "", badValue("sheet.day.order", shown)
	case yearless.MatchString(s):
		return 0, "", badValue("sheet.day.no_year", shown)
	case relative.MatchString(s):
		return 0, "", badValue("sheet.day.relative", shown)
	}
	return 0, "", badValue("sheet.day.unknown", shown)
}

// read is the year, month and day of a date written in an order; ok is false for the unknown order and for another make.
func (o DayOrder) read(s string) (y, m, d int, ok bool) {
	form := yearLast
	if o == YearMonthDay {
		form = shortYear
	}
	part := form.FindStringSubmatch(s)
	if part == nil {
		part = sixDigits.FindStringSubmatch(s)
	}
	if part == nil {
		return 0, 0, 0, false
	}
	switch o {
	case YearMonthDay:
		return fullYear(part[1]), num(part[2]), num(part[3]), true
	case MonthDayYear:
		return fullYear(part[3]), num(part[1]), num(part[2]), true
	case DayMonthYear:
		return fullYear(part[3]), num(part[2]), num(part[1]), true
	}
	return 0, 0, 0, false
}

// fullYear completes a year of two digits.
func fullYear(s string) int {
	switch y := num(s); {
	case len(s) > 2:
		return y
	case y >= 70:
		return 1900 + y
	default:
		return 2000 + y
	}
}

func num(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func checkedDay(shown string, y, m, d int, precision period.Kind) (period.Day, period.Kind, error) {
	if y < firstYear || y > lastYear {
		return 0, "", badValue("sheet.day.year", shown, y, firstYear, lastYear)
	}
	day := period.Date(y, m, d)
	if yy, mm, dd := day.YMD(); yy != y || mm != m || dd != d {
		return 0, "", badValue("sheet.day.calendar", shown)
	}
	return day, precision, nil
}

// wordsDay reads 二〇二二年一月二十八日.
func wordsDay(shown string, m []string) (period.Day, period.Kind, error) {
	part := func(s string) int {
		n, rest, err := parseWords(s)
		v, ok := n.value.whole()
		if err != nil || rest != "" || !ok {
			return -1
		}
		return int(v)
	}
	switch {
	case m[2] == "":
		return checkedDay(shown, part(m[1]), 1, 1, period.Year)
	case m[3] == "":
		return checkedDay(shown, part(m[1]), part(m[2]), 1, period.Month)
	}
	return checkedDay(shown, part(m[1]), part(m[2]), part(m[3]), period.DayKind)
}

// numberDay reads a date out of a plain number: a serial number, or digits that write a date (20220128, 202201, 2022,
// 2022.12). serial says that it was a serial number.
func numberDay(d decimal, f *Format) (day period.Day, precision period.Kind, serial bool, err error) {
	shown := d.String()
	if d.neg {
		return 0, "", false, badValue("sheet.day.unknown", shown)
	}
	n, whole := d.whole()
	switch {
	case whole && n >= firstYear*10_000 && n < (lastYear+1)*10_000:
		day, precision, err = ParseDay(shown)
	case whole && n >= firstYear*100 && n < (lastYear+1)*100:
		day, precision, err = ParseDay(shown)
	case whole && n >= firstYear && n <= lastYear:
		day, precision, err = ParseDay(shown)
	case d.floor() >= firstSerial && d.floor() <= lastSerial:
		day, ok := f.day(d.floor())
		if !ok {
			return 0, "", false, badValue("sheet.day.serial", shown)
		}
		return day, period.DayKind, true, nil
	case d.floor() >= firstYear && d.floor() <= lastYear && d.scale == 1 && d.digits%10 == 1:
		err = badValue("sheet.day.lost_zero", shown) // 2022.10 is stored as 2022.1
	case d.floor() >= firstYear && d.floor() <= lastYear && d.scale <= 2:
		day, precision, err = ParseDay(shown)
	default:
		err = badValue("sheet.day.unknown", shown)
	}
	return day, precision, false, err
}

// formatDay reads a number that is formatted as a date, with the precision that the format shows.
func formatDay(d decimal, f *Format) (period.Day, period.Kind, error) {
	day, ok := f.day(d.floor())
	if d.neg || !ok {
		return 0, "", badValue("sheet.day.serial", d.String())
	}
	switch y, m, _ := day.YMD(); {
	case f.date.day:
		return day, period.DayKind, nil
	case f.date.month && f.date.year:
		return period.Date(y, m, 1), period.Month, nil
	case f.date.year:
		return period.Date(y, 1, 1), period.Year, nil
	case f.date.clock:
		return 0, "", badValue("sheet.day.clock", f.show(d))
	}
	return day, period.DayKind, nil
}

const yearPattern = `((?:19|20)\d\d)`

var (
	// The groups: 1 year; 2, 3 from and to month; 4 前三季度; 5, 6 quarter; 7, 8 half; 9 half; 10 month; 11 whole year.
	spanPattern = `(?:截[至止]\s*[至到]?\s*)?(?:` + yearPattern + `\s*年?度?\s*)?(?:(\d{1,2})\s*月?\s*(?:[-~—–至]|--)+\s*(\d{1,2})\s*月份?(?:底|末)?(?:累计)?|` +
		`(前三季度|[123]-3季度)|第?\s*([一二三四1-4])\s*季度|[Qq]([1-4])|(上半年)|(下半年)|[Hh]([12])|(\d{1,2})\s*月份?(?:底|末)?(?:累计|当月)?|(全年))`
	spanIn     = regexp.MustCompile(spanPattern)
	spanWhole  = regexp.MustCompile(`^` + spanPattern + `$`)
	yearIn     = regexp.MustCompile(`\b` + yearPattern + `\s*(?:年度|年底|年末|年|\b)`)
	yearWhole  = regexp.MustCompile(`^` + yearPattern + `\s*(?:年度|年底|年末|年)?(?:\(累计\))?$`)
	monthWhole = regexp.MustCompile(`^` + yearPattern + `\s*[-./]?\s*(0[1-9]|1[0-2]|[1-9])$`)
)

// ParsePeriod reads 2022年, 2022年1-8月, 2022年一季度, 前三季度, 上半年, 2022-08, a day, and the text forms of package
// period. year stands in where the text names none; 0 means that nothing does. 截至6月底 is January to June: whether the
// figure is a stock or a flow is for its definition to say.
func ParsePeriod(text string, year int) (period.Period, error) {
	shown := preview([]byte(text))
	if len(text) > maxValueText {
		return period.Period{}, badValue("sheet.value.long", shown)
	}
	s := strings.ToUpper(fold(text))
	if p, err := period.Parse(s); err == nil && p.Kind() != period.Always {
		return p, nil
	}
	if m := yearWhole.FindStringSubmatch(s); m != nil {
		return period.OfYear(num(m[1])), nil
	}
	if m := monthWhole.FindStringSubmatch(s); m != nil {
		return period.OfMonth(num(m[1]), num(m[2])), nil
	}
	if m := spanWhole.FindStringSubmatch(s); m != nil {
		p, named, ok := spanPeriod(m, year)
		switch {
		case !named:
			return period.Period{}, badValue("sheet.period.no_year", shown)
		case !ok:
			return period.Period{}, badValue("sheet.period.span", shown)
		}
		return p, nil
	}
	if day, precision, err := ParseDay(text); err == nil && precision == period.DayKind {
		return period.OfDay(day), nil
	}
	if relative.MatchString(s) {
		return period.Period{}, badValue("sheet.period.relative", shown)
	}
	return period.Period{}, badValue("sheet.period.unknown", shown)
}

// spanPeriod turns the groups of spanPattern into a period. named says that a year is known.
func spanPeriod(m []string, year int) (p period.Period, named, ok bool) {
	if m[1] != "" {
		year = num(m[1])
	}
	if year == 0 {
		return period.Period{}, false, false
	}
	switch {
	case m[2] != "":
		p, ok = monthsPeriod(year, num(m[2]), num(m[3]))
		return p, true, ok
	case m[4] != "":
		return period.ToMonth(year, 9), true, true
	case m[5] != "":
		q := strings.Index("一二三四", m[5]) / len("一")
		if m[5][0] < 0x80 {
			q = int(m[5][0] - '1')
		}
		return period.OfQuarter(year, q+1), true, true
	case m[6] != "":
		return period.OfQuarter(year, num(m[6])), true, true
	case m[7] != "":
		return period.OfHalf(year, 1), true, true
	case m[8] != "":
		return period.OfHalf(year, 2), true, true
	case m[9] != "":
		return period.OfHalf(year, num(m[9])), true, true
	case m[10] != "":
		month := num(m[10])
		if month < 1 || month > 12 {
			return period.Period{}, true, false
		}
		if strings.Contains(m[0], "截") || strings.Contains(m[0], "累计") {
			return period.ToMonth(year, month), true, true
		}
		return period.OfMonth(year, month), true, true
	}
	return period.OfYear(year), true, true
}

// monthsPeriod is months a to b of a year where they make a period that figures are reported for.
func monthsPeriod(y, a, b int) (period.Period, bool) {
	switch {
	case a < 1 || b > 12 || a > b:
		return period.Period{}, false
	case a == b:
		return period.OfMonth(y, a), true
	case a == 1 && b == 12:
		return period.OfYear(y), true
	case a == 1:
		return period.ToMonth(y, b), true
	case a == 7 && b == 12:
		return period.OfHalf(y, 2), true
	case b == a+2 && a%3 == 1:
		return period.OfQuarter(y, (a+2)/3), true
	}
	return period.Period{}, false
}

// findPeriod finds a period within a header or title and returns the text without it. found is false where there is
// none, and where there is one without a year while none is given.
func findPeriod(text string, year int) (p period.Period, rest string, found bool) {
	if at := spanIn.FindStringSubmatchIndex(text); at != nil {
		m := make([]string, len(at)/2)
		for i := range m {
			if at[2*i] >= 0 {
				m[i] = text[at[2*i]:at[2*i+1]]
			}
		}
		if p, named, ok := spanPeriod(m, year); named && ok {
			return p, text[:at[0]] + text[at[1]:], true
		} else if !named {
			return period.Period{}, text[:at[0]] + text[at[1]:], false
		}
	}
	if at := yearIn.FindStringSubmatchIndex(text); at != nil {
		return period.OfYear(num(text[at[2]:at[3]])), text[:at[0]] + text[at[1]:], true
	}
	return period.Period{}, text, false
}
