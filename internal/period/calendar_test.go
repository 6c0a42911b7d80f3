package period

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func day(t interface{ Fatal(...any) }, s string) Day {
	d, err := ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// anyCalendar has arrangements of some of the years 2020 to 2024, on any days: also such as no office would ordain.
func anyCalendar(t *rapid.T) Calendar {
	days := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Day {
		return Date(2020, 1, 1) + Day(rapid.IntRange(0, 5*365).Draw(t, "arranged"))
	}), 0, 120)
	var years []Arrangement
	for y := 2020; y <= 2024; y++ {
		if rapid.Bool().Draw(t, "known") {
			years = append(years, Arrangement{Year: y, Off: days.Draw(t, "off"), Worked: days.Draw(t, "worked")})
		}
	}
	return NewCalendar(years...)
}

func TestWorkdaysAndAddWorkdaysAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCalendar(t)
		from := Date(2019, 11, 1) + Day(rapid.IntRange(0, 5*365).Draw(t, "from"))
		n := rapid.IntRange(-300, 300).Draw(t, "n")
		due, known := c.AddWorkdays(from, n)
		if !c.IsWorkday(due) {
			t.Fatalf("%d working days from %v is %v, a day off", n, from, due)
		}
		back, alsoKnown := c.Workdays(from, due)
		if n != 0 && back != n || known != alsoKnown {
			t.Fatalf("%v + %d is %v (known %v), but %d working days lie between (known %v)", from, n, due, known, back, alsoKnown)
		}
		want := true
		for d := min(from, due); d <= max(from, due); d++ {
			want = want && c.Knows(d.Year())
		}
		if known != want {
			t.Fatalf("%v to %v: known %v, want %v", from, due, known, want)
		}
	})
}

// Counting from one day to a later one and on to a third is counting from the first to the third; and so back.
func TestWorkdaysAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCalendar(t)
		days := rapid.SliceOfN(rapid.IntRange(-60, 5*365), 3, 3).Draw(t, "days")
		slices.Sort(days)
		at := func(i int) Day { return Date(2020, 1, 1) + Day(days[i]) }
		count := func(i, j int) int { n, _ := c.Workdays(at(i), at(j)); return n }
		if count(0, 1)+count(1, 2) != count(0, 2) || count(2, 1)+count(1, 0) != count(2, 0) {
			t.Fatalf("%v, %v, %v: %d + %d, together %d; back %d + %d, together %d",
				at(0), at(1), at(2), count(0, 1), count(1, 2), count(0, 2), count(2, 1), count(1, 0), count(2, 0))
		}
	})
}

func TestZeroCalendarIsMondayToFriday(t *testing.T) {
	var c Calendar
	for s, want := range map[string]bool{"2024-10-04": true, "2024-10-05": false, "2024-10-06": false, "2024-10-07": true} {
		if got := c.IsWorkday(day(t, s)); got != want {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
	}
	if due, known := c.AddWorkdays(day(t, "2024-10-05"), 0); due.String() != "2024-10-07" || known {
		t.Errorf("the next working day: %v, known %v", due, known)
	}
}
