package period

import (
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, first, last string }{
		{"2022", "2022-01-01", "2022-12-31"},
		{"2022H2", "2022-07-01", "2022-12-31"},
		{"2022Q1", "2022-01-01", "2022-03-31"},
		{"2024-02", "2024-02-01", "2024-02-29"},
		{"2022YTD08", "2022-01-01", "2022-08-31"},
		{"2022-12-31", "2022-12-31", "2022-12-31"},
	} {
		p, err := Parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		first, last, ok := p.Span()
		if !ok || first.String() != c.first || last.String() != c.last || p.String() != c.in {
			t.Errorf("%s: got %s..%s (%v), text %q", c.in, first, last, ok, p)
		}
	}
	for _, bad := range []string{"22", "2022Q5", "2022-13", "2022-02-30", "2022H3", "2022YTD08-01", "x"} {
		if p, err := Parse(bad); err == nil {
			t.Errorf("%s: accepted as %v", bad, p)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Day(rapid.IntRange(-20000, 40000).Draw(t, "day"))
		got, err := ParseDay(d.String())
		if err != nil || got != d {
			t.Fatalf("%v: %v %v", d, got, err)
		}
		y, m, dd := d.YMD()
		if Date(y, m, dd) != d {
			t.Fatalf("%v: not rebuilt from its parts", d)
		}
	})
}

func TestAlwaysIsZero(t *testing.T) {
	var p Period
	if p.Kind() != Always || p.String() != "" {
		t.Errorf("zero period: %v %q", p.Kind(), p)
	}
	q, err := Parse("")
	if err != nil || q != p {
		t.Errorf("empty text: %v %v", q, err)
	}
}

func TestNeighbours(t *testing.T) {
	for _, tc := range []struct{ p, before, yearBefore string }{
		{"2024", "2023", "2023"},
		{"2024H1", "2023H2", "2023H1"},
		{"2024Q1", "2023Q4", "2023Q1"},
		{"2024Q3", "2024Q2", "2023Q3"},
		{"2024-01", "2023-12", "2023-01"},
		{"2024-10", "2024-09", "2023-10"},
		{"2024YTD08", "2024YTD07", "2023YTD08"},
		{"2024YTD01", "", "2023YTD01"},
		{"2024-03-01", "2024-02-29", "2023-03-01"},
		{"2024-02-29", "2024-02-28", "2023-02-28"},
		{"", "", ""},
	} {
		p, err := Parse(tc.p)
		if err != nil {
			t.Fatal(err)
		}
		before, ok := p.Before()
		if before.String() != tc.before || ok != (tc.before != "") {
			t.Errorf("before %s: %s %v", tc.p, before, ok)
		}
		year, ok := p.YearBefore()
		if year.String() != tc.yearBefore || ok != (tc.yearBefore != "") {
			t.Errorf("the year before %s: %s %v", tc.p, year, ok)
		}
		if first, last, ok := p.Span(); ok && (Of(p.Kind(), last) != p || p.Kind() != YearToDate && Of(p.Kind(), first) != p) {
			t.Errorf("the days of %s lie in %s and %s", tc.p, Of(p.Kind(), first), Of(p.Kind(), last))
		}
	}
}
