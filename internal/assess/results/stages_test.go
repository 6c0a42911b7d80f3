package results

import (
	"math/big"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/period"
)

// TestDevelop names results by the days of support.
func TestDevelop(t *testing.T) {
	day := func(s string) period.Day {
		if s == "" {
			return 0
		}
		d, err := period.ParseDay(s)
		must(t, err)
		return d
	}
	for _, tc := range []struct {
		name, diagnosed, accepted string
		days                      []string // of results
		want                      string   // their stages
	}{
		{"nothing sealed", "2024-03-01", "", nil, ""},
		{"no support", "", "", []string{"2023-05-01", "2024-05-01"}, "T0 -"},
		{"before and after the diagnosis", "2024-03-01", "", []string{"2023-05-01", "2024-02-01", "2024-06-01", "2024-09-01"}, "T0 - - T1"},
		{"on the day of the diagnosis is before it", "2024-03-01", "", []string{"2024-03-01", "2024-03-02"}, "T0 T1"},
		{"diagnosis, project", "2024-03-01", "2024-12-01", []string{"2024-02-01", "2024-06-01", "2024-12-01", "2025-06-01"}, "T0 T1 - T2"},
		{"nothing between", "2024-03-01", "2024-12-01", []string{"2024-02-01", "2025-06-01"}, "T0 T2"},
		{"nothing before", "2024-03-01", "2024-12-01", []string{"2024-06-01", "2025-06-01"}, "T1 T2"},
		{"a project and no diagnosis", "", "2024-12-01", []string{"2024-02-01", "2024-06-01", "2025-01-01"}, "T0 - T2"},
		{"sealed out of order", "2024-03-01", "", []string{"2024-06-01", "2024-02-01"}, "T0 T1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var sealed []Sealed
			for i, d := range tc.days {
				sealed = append(sealed, Sealed{ID: int64(i + 1), Model: "m", Score: big.NewRat(1, 1), On: day(d)}, Sealed{ID: int64(100 + i), Model: "other", Score: big.NewRat(1, 1), On: day(d)})
			}
			got := Develop(sealed, "m", Support{Diagnosed: day(tc.diagnosed), Accepted: day(tc.accepted)})
			var words []string
			for _, p := range got.Points {
				word := string(p.Stage)
				if word == "" {
					word = "-"
				}
				words = append(words, word)
			}
			if strings.Join(words, " ") != tc.want {
				t.Errorf("stages %q, want %q", strings.Join(words, " "), tc.want)
			}
			for _, at := range Stages {
				if (got.Stage(at) != nil) != strings.Contains(tc.want, string(at)) {
					t.Errorf("%s: %v", at, got.Stage(at))
				}
			}
		})
	}
}
