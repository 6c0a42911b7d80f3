package period

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Day is a legal date without a zone: days since 1970-01-01. Its text form is YYYY-MM-DD.
type Day int32

// Date is the day of a year, month and day of the month; an excess day carries on as in time.Date.
func Date(year, month, day int) Day {
	return Day(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDay reads YYYY-MM-DD and nothing else.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		return 0, fmt.Errorf("date %q: want YYYY-MM-DD", s)
	}
	return Day(t.Unix() / 86400), nil
}

func (d Day) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d Day) String() string { return d.time().Format("2006-01-02") }

// Year is the calendar year.
func (d Day) Year() int { return d.time().Year() }

// YMD is year, month and day of the month.
func (d Day) YMD() (year, month, day int) {
	y, m, dd := d.time().Date()
	return y, int(m), dd
}

// MarshalText gives YYYY-MM-DD.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Day) UnmarshalText(b []byte) error {
	v, err := ParseDay(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// Kind is how long a period is.
type Kind string

// The kinds of period. Always is for what has no time (a founding date). YearToDate is January to the named month,
// as cumulative figures are reported (1-8月).
const (
	Always     Kind = "always"
	Year       Kind = "year"
	Half       Kind = "half"
	Quarter    Kind = "quarter"
	Month      Kind = "month"
	DayKind    Kind = "day"
	YearToDate Kind = "ytd"
)

// Period is a span of whole days that a fact is about. Its zero value is Always. It is comparable and its text form
// sorts by time: "2022", "2022H1", "2022Q3", "2022-08", "2022-08-31", "2022YTD08", "" for always.
type Period struct {
	kind Kind
	y, n int // year and number within it (half, quarter, month; for a day the Day)
}

// OfYear is a calendar year.
func OfYear(y int) Period { return Period{kind: Year, y: y} }

// OfMonth is a calendar month.
func OfMonth(y, m int) Period { return Period{kind: Month, y: y, n: m} }

// OfQuarter is a quarter, 1 to 4.
func OfQuarter(y, q int) Period { return Period{kind: Quarter, y: y, n: q} }

// OfHalf is half a year, 1 or 2.
func OfHalf(y, h int) Period { return Period{kind: Half, y: y, n: h} }

// ToMonth is January to month m of year y.
func ToMonth(y, m int) Period { return Period{kind: YearToDate, y: y, n: m} }

// OfDay is a single day.
func OfDay(d Day) Period { return Period{kind: DayKind, y: d.Year(), n: int(d)} }

// Kind is how long the period is.
func (p Period) Kind() Kind {
	if p.kind == "" {
		return Always
	}
	return p.kind
}

// YearOf is the calendar year that the period lies in, 0 for always.
func (p Period) YearOf() int { return p.y }

func (p Period) String() string {
	switch p.kind {
	case Year:
		return fmt.Sprintf("%04d", p.y)
	case Half:
		return fmt.Sprintf("%04dH%d", p.y, p.n)
	case Quarter:
		return fmt.Sprintf("%04dQ%d", p.y, p.n)
	case Month:
		return fmt.Sprintf("%04d-%02d", p.y, p.n)
	case YearToDate:
		return fmt.Sprintf("%04dYTD%02d", p.y, p.n)
	case DayKind:
		return Day(p.n).String()
	default:
		return ""
	}
}

var form = regexp.MustCompile(`^(\d{4})(?:(H)([12])|(Q)([1-4])|(YTD|-)(0[1-9]|1[0-2])(?:-(\d\d))?)?$`)

// Parse reads the text form.
func Parse(s string) (Period, error) {
	if s == "" {
		return Period{}, nil
	}
	m := form.FindStringSubmatch(s)
	bad := fmt.Errorf("period %q: want YYYY, YYYYH1, YYYYQ1, YYYY-MM, YYYYYTDMM or YYYY-MM-DD", s)
	if m == nil {
		return Period{}, bad
	}
	y, _ := strconv.Atoi(m[1])
	switch {
	case m[2] != "":
		return OfHalf(y, int(m[3][0]-'0')), nil
	case m[4] != "":
		return OfQuarter(y, int(m[5][0]-'0')), nil
	case m[8] != "":
		if m[6] != "-" {
			return Period{}, bad
		}
		d, err := ParseDay(s)
		if err != nil {
			return Period{}, bad
		}
		return OfDay(d), nil
	case m[6] != "":
		n, _ := strconv.Atoi(m[7])
		if m[6] == "YTD" {
			return ToMonth(y, n), nil
		}
		return OfMonth(y, n), nil
	}
	return OfYear(y), nil
}

// Span is the first and last day, both inside. Always has no span: ok is false.
func (p Period) Span() (first, last Day, ok bool) {
	months := func(from, to int) (Day, Day, bool) { return Date(p.y, from, 1), Date(p.y, to+1, 1) - 1, true }
	switch p.kind {
	case Year:
		return months(1, 12)
	case Half:
		return months(6*p.n-5, 6*p.n)
	case Quarter:
		return months(3*p.n-2, 3*p.n)
	case Month:
		return months(p.n, p.n)
	case YearToDate:
		return months(1, p.n)
	case DayKind:
		return Day(p.n), Day(p.n), true
	}
	return 0, 0, false
}

// Of is the period of a kind in which a day lies: a year, half, quarter, month or day, or the year up to the day's month. Always for
// any other kind.
func Of(k Kind, d Day) Period {
	y, m, _ := d.YMD()
	switch k {
	case Year:
		return OfYear(y)
	case Half:
		return OfHalf(y, (m+5)/6)
	case Quarter:
		return OfQuarter(y, (m+2)/3)
	case Month:
		return OfMonth(y, m)
	case YearToDate:
		return ToMonth(y, m)
	case DayKind:
		return OfDay(d)
	}
	return Period{}
}

// Before is the period of the same kind that ends where this one begins; of the year up to a month, the one up to the month before,
// within the same year. ok is false where there is none.
func (p Period) Before() (before Period, ok bool) {
	first, _, ok := p.Span()
	switch {
	case !ok, p.kind == YearToDate && p.n == 1:
		return Period{}, false
	case p.kind == YearToDate:
		return ToMonth(p.y, p.n-1), true
	}
	return Of(p.kind, first-1), true
}

// YearBefore is the same period of the year before; of 29 February the 28th. ok is false for Always.
func (p Period) YearBefore() (before Period, ok bool) {
	if _, _, ok := p.Span(); !ok {
		return Period{}, false
	}
	if p.kind == DayKind {
		y, m, d := Day(p.n).YMD()
		if m == 2 && d == 29 {
			d = 28
		}
		return OfDay(Date(y-1, m, d)), true
	}
	p.y--
	return p, true
}

// Compare orders periods by their text form, so that storage and memory agree.
func (p Period) Compare(q Period) int {
	a, b := p.String(), q.String()
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// MarshalText gives the text form.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the text form.
func (p *Period) UnmarshalText(b []byte) error {
	v, err := Parse(string(b))
	if err == nil {
		*p = v
	}
	return err
}
