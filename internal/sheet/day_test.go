package sheet

import (
	"math"
	"strconv"
	"testing"

	"github.com/yanzhen/yanzhen/internal/period"
	"pgregory.net/rapid"
)

// strconvDouble writes a decimal as a workbook stores it: the nearest double with 17 digits.
func strconvDouble(s string) string {
	v, _ := strconv.ParseFloat(s, 64)
	return strconv.FormatFloat(v, 'G', 17, 64)
}

func TestParseDay(t *testing.T) {
	tests := []struct {
		text, want string
		precision  period.Kind
		reason     string
	}{
		{"2022.1.28", "2022-01-28", period.DayKind, ""},
		{"2022/1/28", "2022-01-28", period.DayKind, ""},
		{"2022-01-28", "2022-01-28", period.DayKind, ""},
		{"2022-01-28T00:00:00Z", "2022-01-28", period.DayKind, ""},
		{"2022-01-28 13:45:00", "2022-01-28", period.DayKind, ""},
		{"2022年1月28日", "2022-01-28", period.DayKind, ""},
		{"2022年1月28日（星期五）", "2022-01-28", period.DayKind, ""},
		{"２０２２年１月２８日", "2022-01-28", period.DayKind, ""},
		{"二〇二二年一月二十八日", "2022-01-28", period.DayKind, ""},
		{"20220128", "2022-01-28", period.DayKind, ""},
		{"2022年1月", "2022-01-01", period.Month, ""},
		{"2022.1", "2022-01-01", period.Month, ""},
		{"202201", "2022-01-01", period.Month, ""},
		{"2022年", "2022-01-01", period.Year, ""},
		{"2022", "2022-01-01", period.Year, ""},
		{"22/1/28", "", "", "sheet.day.two_digit_year"},
		{"220128", "", "", "sheet.day.two_digit_year"},
		{"1/28/2022", "", "", "sheet.day.order"},
		{"1月28日", "", "", "sheet.day.no_year"},
		{"去年底", "", "", "sheet.day.relative"},
		{"2022-02-30", "", "", "sheet.day.calendar"},
		{"2022.13.1", "", "", "sheet.day.calendar"},
		{"1022-01-01", "", "", "sheet.day.year"},
		{"尽快", "", "", "sheet.day.unknown"},
	}
	for _, tt := range tests {
		day, precision, err := ParseDay(tt.text)
		if reasonOf(err) != tt.reason {
			t.Errorf("ParseDay(%q): reason %q, want %q", tt.text, reasonOf(err), tt.reason)
			continue
		}
		if err == nil && (day.String() != tt.want || precision != tt.precision) {
			t.Errorf("ParseDay(%q) = %s %s, want %s %s", tt.text, day, precision, tt.want, tt.precision)
		}
	}
}

func TestReadDay(t *testing.T) {
	date := parseFormat("yyyy/m/d", false)
	date1904 := parseFormat("yyyy/m/d", true)
	month := parseFormat(`yyyy"年"m"月"`, false)
	tests := []struct {
		name   string
		cell   Cell
		want   string
		kind   period.Kind
		reason string
		note   string
	}{
		{"serial", Cell{Type: Date, Raw: "44589", Format: date}, "2022-01-28", period.DayKind, "", ""},
		{"serial with a time", Cell{Type: Date, Raw: "44589.75", Format: date}, "2022-01-28", period.DayKind, "", ""},
		{"serial of 1904", Cell{Type: Date, Raw: "43127", Format: date1904}, "2022-01-28", period.DayKind, "", ""},
		{"first of March 1900", Cell{Type: Date, Raw: "61", Format: date}, "1900-03-01", period.DayKind, "", ""},
		{"28 February 1900", Cell{Type: Date, Raw: "59", Format: date}, "1900-02-28", period.DayKind, "", ""},
		{"29 February 1900", Cell{Type: Date, Raw: "60", Format: date}, "", "", "sheet.day.serial", ""},
		{"month by format", Cell{Type: Date, Raw: "44589", Format: month}, "2022-01-01", period.Month, "", ""},
		{"serial without format", Cell{Type: Number, Raw: "44589"}, "2022-01-28", period.DayKind, "", "sheet.note.serial"},
		{"serial as text", Cell{Type: Text, Raw: "44589"}, "2022-01-28", period.DayKind, "", "sheet.note.serial"},
		{"digits", Cell{Type: Number, Raw: "20220128"}, "2022-01-28", period.DayKind, "", ""},
		{"January or October", Cell{Type: Number, Raw: "2022.1"}, "", "", "sheet.day.lost_zero", ""},
		{"December", Cell{Type: Number, Raw: "2022.12"}, "2022-12-01", period.Month, "", ""},
		{"time only", Cell{Type: Date, Raw: "0.5", Format: parseFormat("h:mm", false)}, "", "", "sheet.day.serial", ""},
		{"negative", Cell{Type: Date, Raw: "-3", Format: date}, "", "", "sheet.day.serial", ""},
		{"beyond 9999", Cell{Type: Date, Raw: "9e15", Format: date}, "", "", "sheet.day.serial", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Read(tt.cell, Want{Kind: KindDate})
			if reasonOf(err) != tt.reason {
				t.Fatalf("reason %q, want %q", reasonOf(err), tt.reason)
			}
			if err != nil {
				return
			}
			note := ""
			if len(r.Notes) > 0 {
				note = r.Notes[0].Key
			}
			if period.Day(r.Num).String() != tt.want || r.Day != tt.kind || note != tt.note {
				t.Errorf("got %s %s %q, want %s %s %q", period.Day(r.Num), r.Day, note, tt.want, tt.kind, tt.note)
			}
		})
	}
}

func TestParsePeriod(t *testing.T) {
	tests := []struct {
		text   string
		year   int
		want   string
		reason string
	}{
		{"2023年度", 0, "2023", ""},
		{"2023年", 0, "2023", ""},
		{"2023", 0, "2023", ""},
		{"2022年1-8月", 0, "2022YTD08", ""},
		{"2022年1～8月", 0, "2022YTD08", ""},
		{"2022年1—8月累计", 0, "2022YTD08", ""},
		{"1-8月", 2022, "2022YTD08", ""},
		{"1至8月份", 2022, "2022YTD08", ""},
		{"1-8月", 0, "", "sheet.period.no_year"},
		{"1-12月", 2022, "2022", ""},
		{"一季度", 2022, "2022Q1", ""},
		{"2022年第三季度", 0, "2022Q3", ""},
		{"2022年前三季度", 0, "2022YTD09", ""},
		{"上半年", 2022, "2022H1", ""},
		{"2022年下半年", 0, "2022H2", ""},
		{"截至6月底", 2022, "2022YTD06", ""},
		{"截至2022年6月底", 0, "2022YTD06", ""},
		{"2022年8月", 0, "2022-08", ""},
		{"2022-08", 0, "2022-08", ""},
		{"202208", 0, "2022-08", ""},
		{"2022Q1", 0, "2022Q1", ""},
		{"4-6月", 2022, "2022Q2", ""},
		{"3-8月", 2022, "", "sheet.period.span"},
		{"13月", 2022, "", "sheet.period.span"},
		{"2022年1月28日", 0, "2022-01-28", ""},
		{"去年", 0, "", "sheet.period.relative"},
		{"很久", 2022, "", "sheet.period.unknown"},
	}
	for _, tt := range tests {
		p, err := ParsePeriod(tt.text, tt.year)
		if reasonOf(err) != tt.reason || err == nil && p.String() != tt.want {
			t.Errorf("ParsePeriod(%q, %d) = %s, %v, want %s %s", tt.text, tt.year, p, err, tt.want, tt.reason)
		}
	}
}

// TestSerials walks every day of two centuries: the day after a serial is the next serial's.
func TestSerials(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(61, maxSerial-1).Draw(t, "serial")
		var f *Format
		a, ok1 := f.day(n)
		b, ok2 := f.day(n + 1)
		if !ok1 || !ok2 || b != a+1 {
			t.Fatalf("%d is %s, %d is %s", n, a, n+1, b)
		}
		back, precision, err := ParseDay(a.String())
		if n > 366 && n < 100_000 && (err != nil || back != a || precision != period.DayKind) {
			t.Fatalf("%s reads as %s %s, %v", a, back, precision, err)
		}
	})
}

func FuzzDay(f *testing.F) {
	for _, s := range []string{"2022.1.28", "二〇二二年一月", "20220128", "44589", "2022年1-8月", "截至6月底", "前三季度"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if day, _, err := ParseDay(s); err == nil {
			if y := day.Year(); y < firstYear || y > lastYear {
				t.Fatalf("%q is %s", s, day)
			}
		} else if reasonOf(err) == "" {
			t.Fatalf("%q: no reason", s)
		}
		if p, err := ParsePeriod(s, 2022); err == nil && p.Kind() != period.Always {
			if back, err := period.Parse(p.String()); err != nil || back != p {
				t.Fatalf("%q is %s, which reads back as %s, %v", s, p, back, err)
			}
		}
		splitHeader(s, 2022)
	})
}

func TestDecimalTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(math.MinInt64/200, math.MaxInt64/200).Draw(t, "n")
		d := decimal{neg: n < 0, digits: uint64(max(n, -n)), scale: 2}
		got, rounded, ok := d.times(100)
		if !ok || rounded || got != n {
			t.Fatalf("%s × 100 is %d %v %v", d.String(), got, rounded, ok)
		}
		back, ok := plainDecimal(d.String())
		if !ok || back.cmp(d) != 0 {
			t.Fatalf("%s reads back as %s", d.String(), back.String())
		}
	})
}

func TestDayOrder(t *testing.T) {
	for _, tt := range []struct {
		text  string
		order DayOrder
		want  string // "" is refused
	}{
		{"22/1/28", YearMonthDay, "2022-01-28"},
		{"22年1月28日", YearMonthDay, "2022-01-28"},
		{"98.5.1", YearMonthDay, "1998-05-01"},
		{"220128", YearMonthDay, "2022-01-28"},
		{"1/28/2022", MonthDayYear, "2022-01-28"},
		{"1/28/22", MonthDayYear, "2022-01-28"},
		{"28/1/2022", DayMonthYear, "2022-01-28"},
		{"28.01.22", DayMonthYear, "2022-01-28"},
		{"2022-01-28", DayMonthYear, "2022-01-28"}, // says itself what it means
		{"28/1/2022", MonthDayYear, ""},
		{"1/28/2022", YearMonthDay, ""},
		{"去年底", YearMonthDay, ""},
	} {
		day, _, err := parseDay(tt.text, tt.order)
		if (err == nil) != (tt.want != "") || err == nil && day.String() != tt.want {
			t.Errorf("%q as %s is %s, %v; want %q", tt.text, tt.order, day, err, tt.want)
		}
	}
}
