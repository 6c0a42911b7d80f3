package credit

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// In whatever order a bank enters what was repaid, the facts that stand in the end are those that follow from all of it: the balance of
// each month in which something happened, the interest of each year, and the day on which the last of the principal was repaid.
func TestFactsOfRepayments(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		first := period.Date(2024, 3, 15)
		d := Drawdown{Subject: 7, Principal: money.Fen(rapid.Int64Range(1, 1000).Draw(r, "principal")), DrawnOn: first, DueOn: first + 900}
		type key struct {
			def string
			p   period.Period
		}
		stand := map[key]int64{}
		for _, f := range d.begins("演示银行 A", "", true) {
			stand[key{f.Def, f.Period}] = f.Value.Num
		}
		interest := map[int]int64{}
		for range rapid.IntRange(0, 8).Draw(r, "n") {
			p := Repayment{
				PaidOn:    first + period.Day(rapid.IntRange(0, 800).Draw(r, "day")),
				Principal: money.Fen(rapid.Int64Range(0, int64(d.Left())).Draw(r, "fen")), Interest: money.Fen(rapid.Int64Range(0, 50).Draw(r, "interest")),
			}
			if d.Left() > 0 && rapid.Bool().Draw(r, "all") {
				p.Principal = d.Left()
			}
			interest[p.PaidOn.Year()] += int64(p.Interest)
			d = d.with(p)
			for _, f := range d.repays(p.PaidOn) {
				stand[key{f.Def, f.Period}] = f.Value.Num
			}
		}
		if d.Left() < 0 {
			r.Fatalf("more was repaid than was drawn: %s", d.Left())
		}
		for _, p := range append([]Repayment{{PaidOn: first}}, d.Repayments...) {
			want := int64(d.Outstanding(lastOf(p.PaidOn)))
			if got := stand[key{"loan.balance", monthOf(p.PaidOn)}]; got != want {
				r.Fatalf("balance of %s is %d, want %d", monthOf(p.PaidOn), got, want)
			}
		}
		for year, want := range interest {
			if got := stand[key{"loan.interest_paid", period.OfYear(year)}]; got != want {
				r.Fatalf("interest of %d is %d, want %d", year, got, want)
			}
		}
		var last period.Day
		for _, p := range d.Repayments {
			if p.Principal > 0 {
				last = p.PaidOn
			}
		}
		if got, ok := stand[key{"loan.repaid_on", period.Period{}}]; ok != (d.Left() == 0) || ok && got != int64(last) {
			r.Fatalf("repaid on %d (%v), want %d", got, ok, last)
		}
	})
}
