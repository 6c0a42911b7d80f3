package content_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
)

func dayOf(t *testing.T, s string) period.Day {
	t.Helper()
	d, err := period.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Days that people remember.
func TestCalendarOfWellKnownDays(t *testing.T) {
	calendar := library(t).Calendar()
	for span, works := range map[string]bool{
		"2020-01-19 2020-01-19": true,  // Sunday before the Spring Festival
		"2020-01-24 2020-02-02": false, // lengthened in the epidemic
		"2020-02-03 2020-02-07": true,
		"2021-02-20 2021-02-20": true, // Saturday
		"2022-12-31 2023-01-02": false,
		"2023-06-25 2023-06-25": true, // Sunday after the Dragon Boat Festival
		"2023-09-29 2023-10-06": false,
		"2024-02-04 2024-02-04": true, // Sunday
		"2024-02-09 2024-02-09": true, // New Year's Eve of the old calendar, a working day that year
		"2024-02-10 2024-02-17": false,
		"2024-02-18 2024-02-18": true,
		"2024-09-14 2024-09-14": true,
		"2024-09-29 2024-09-30": true,
		"2024-10-01 2024-10-07": false,
		"2024-10-12 2024-10-12": true,
		"2024-10-13 2024-10-13": false,
		"2025-01-27 2025-01-27": true,
		"2025-01-28 2025-02-04": false,
		"2025-10-01 2025-10-08": false,
		"2026-01-04 2026-01-04": true, // Sunday
		"2026-02-15 2026-02-23": false,
	} {
		from, to, _ := strings.Cut(span, " ")
		for d := dayOf(t, from); d <= dayOf(t, to); d++ {
			if calendar.IsWorkday(d) != works {
				t.Errorf("%s: worked %v, want %v", d, !works, works)
			}
		}
	}
}

func TestCalendarCountsWorkingDays(t *testing.T) {
	calendar := library(t).Calendar()
	for _, c := range []struct {
		from  string
		n     int
		due   string
		known bool
	}{
		{"2024-09-27", 5, "2024-10-10", true}, // Sunday 29 and Monday 30 September, then Tuesday 8 to Thursday 10 October
		{"2024-09-30", 5, "2024-10-12", true},
		{"2024-02-08", 1, "2024-02-09", true},
		{"2024-02-09", 1, "2024-02-18", true},
		{"2024-10-08", -1, "2024-09-30", true},
		{"2024-10-05", 0, "2024-10-08", true},
		{"2026-12-31", 5, "2027-01-07", false}, // Friday 1 January is a holiday, but nobody has said so yet
		{"2019-12-27", 2, "2019-12-31", false},
	} {
		due, known := calendar.AddWorkdays(dayOf(t, c.from), c.n)
		if due.String() != c.due || known != c.known {
			t.Errorf("%s + %d: %s (known %v), want %s (known %v)", c.from, c.n, due, known, c.due, c.known)
		}
	}
}

// Weekdays and days of the shipped years: as many off and worked as the documents say.
func TestCalendarYears(t *testing.T) {
	want := map[int][2]int{
		2020: {30, 6}, 2021: {31, 7}, 2022: {31, 7}, 2023: {27, 7}, 2024: {28, 8}, 2025: {28, 5}, 2026: {33, 6},
	}
	years := library(t).CalendarYears()
	if len(years) != len(want) {
		t.Errorf("%d years, want %d", len(years), len(want))
	}
	for _, y := range years {
		var off, worked int
		for _, h := range y.Holidays {
			off += int(h.To-h.From) + 1
			worked += len(h.Worked)
		}
		if got := [2]int{off, worked}; got != want[y.Year] {
			t.Errorf("%d: %d days off and %d worked, want %v", y.Year, off, worked, want[y.Year])
		}
	}
}

func TestCalendarProblems(t *testing.T) {
	const head = "year: 2027\nissuer: x\ndocument: x\nissued: 2026-11-04\nconfidence: verified\nchecked: x\nholidays:\n"
	holiday := func(rest string) string { return head + "  - {name: {zh: 甲, en: A}, " + rest + "}\n" }
	for _, c := range []struct{ name, file, text, want string }{
		{"name", "calendar/2028.yaml", holiday("from: 2027-01-01, to: 2027-01-01"), "calendar/2028.yaml:1:7: the calendar of 2027 belongs into the file 2027.yaml"},
		{"confidence", "calendar/2027.yaml", strings.Replace(holiday("from: 2027-01-01, to: 2027-01-01"), "verified", "sure", 1), `:5:13: "sure" is not one of`},
		{"backward", "calendar/2027.yaml", holiday("from: 2027-01-02, to: 2027-01-01"), ":8:34: the days off, 2027-01-02 to 2027-01-01, should run forward"},
		{"too long", "calendar/2027.yaml", holiday("from: 2027-01-01, to: 2029-01-01"), "be at most 31"},
		{"year", "calendar/2027.yaml", holiday("from: 2028-01-01, to: 2028-01-01"), "2028-01-01 does not lie between 2026-12-01 and 2027-12-31"},
		{"weekday", "calendar/2027.yaml", holiday("from: 2027-01-01, to: 2027-01-01, worked: [2027-01-04]"), ":8:71: 2027-01-04 is no Saturday or Sunday"},
		{"twice", "calendar/2027.yaml", holiday("from: 2027-01-01, to: 2027-01-02, worked: [2027-01-02]"), "2027-01-02 is already listed for A"},
		{"two years", "calendar/2023.yaml", strings.ReplaceAll(holiday("from: 2022-12-31, to: 2022-12-31, worked: [2022-10-08]"), "2027", "2023"), "2022-10-08 does not lie between"},
		{"day", "calendar/2027.yaml", holiday("from: 2027-02-30, to: 2027-03-01"), `"2027-02-30" is no date`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := content.Load(with(c.file, c.text))
			var problems content.Problems
			if !errors.As(err, &problems) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%v\nwant %q", err, c.want)
			}
		})
	}
}

// A deployer adds next year's calendar as a file, and days that could still move then stand.
func TestCalendarOfADeployer(t *testing.T) {
	lib, err := content.Load(content.Overlay(contentdata.FS, fstest.MapFS{"calendar/2027.yaml": {Data: []byte(
		"year: 2027\nissuer: x\ndocument: x\nissued: 2026-11-04\nconfidence: unverified\nchecked: invented for a test\nholidays:\n" +
			"  - {name: {zh: 元旦, en: New Year's Day}, from: 2027-01-01, to: 2027-01-03}\n",
	)}}))
	if err != nil {
		t.Fatal(err)
	}
	due, known := lib.Calendar().AddWorkdays(dayOf(t, "2026-12-31"), 5)
	if due.String() != "2027-01-08" || !known {
		t.Errorf("five working days after 2026-12-31: %s, known %v", due, known)
	}
}
