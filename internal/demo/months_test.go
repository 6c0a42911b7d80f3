package demo

import (
	"testing"

	"github.com/yanzhen/yanzhen/internal/money"
)

// TestMonths: the months of a firm add up to its year, and none is less than nothing.
func TestMonths(t *testing.T) {
	c := city{Seed: 4, Size: 40}
	for f := range c.firms(t.Context(), 0, c.Size) {
		for year := range years {
			var output, revenue money.Fen
			var power int64
			for _, m := range c.months(f, year) {
				if m.output < 0 || m.revenue < 0 || m.power < 0 {
					t.Errorf("%s: %+v", f.name, m)
				}
				output, revenue, power = output+m.output, revenue+m.revenue, power+m.power
			}
			if y := f.figures[year]; output != y.output || revenue != y.revenue || power != y.power {
				t.Errorf("%s in %d: the months make %s, %s and %d kWh; the year is %s, %s and %d", f.name, firstYear+year, output, revenue, power, y.output, y.revenue, y.power)
			}
		}
	}
}
