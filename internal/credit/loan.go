package credit

import (
	"cmp"
	"slices"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Offer is what a bank offered. It binds nobody before a contract.
type Offer struct {
	ID         int64
	Amount     money.Fen
	PPM        int64 // yearly rate, in parts per million
	Months     int64
	ValidUntil period.Day
	Conditions string
	At, By     int64
}

// Contract is a credit line that was agreed.
type Contract struct {
	Number          string
	Line            money.Fen
	PPM             int64
	SignedOn, EndOn period.Day
	At, By          int64
}

// Drawdown is money that was paid out under a contract.
type Drawdown struct {
	ID             int64
	Subject        int64 // the loan that facts are stated of
	Voucher        string
	Principal      money.Fen
	PPM            int64
	DrawnOn, DueOn period.Day
	At, By         int64
	Repayments     []Repayment // by day, then as they were entered
}

// Repayment is what a firm paid back on a drawdown.
type Repayment struct {
	ID        int64
	PaidOn    period.Day
	Principal money.Fen
	Interest  money.Fen
	At, By    int64
}

// Outstanding is the principal that is not repaid at the end of a day.
func (d Drawdown) Outstanding(on period.Day) money.Fen {
	if on < d.DrawnOn {
		return 0
	}
	left := d.Principal
	for _, r := range d.Repayments {
		if r.PaidOn <= on {
			left -= r.Principal
		}
	}
	return left
}

// Left is the principal that is not repaid by all that was entered.
func (d Drawdown) Left() money.Fen {
	left := d.Principal
	for _, r := range d.Repayments {
		left -= r.Principal
	}
	return left
}

// with is the drawdown with one repayment more.
func (d Drawdown) with(r Repayment) Drawdown {
	d.Repayments = append(slices.Clone(d.Repayments), r)
	slices.SortStableFunc(d.Repayments, func(a, b Repayment) int { return cmp.Compare(a.PaidOn, b.PaidOn) })
	return d
}

func monthOf(d period.Day) period.Period {
	y, m, _ := d.YMD()
	return period.OfMonth(y, m)
}

// lastOf is the last day of the month of a day.
func lastOf(d period.Day) period.Day {
	y, m, _ := d.YMD()
	if m == 12 {
		return period.Date(y+1, 1, 1) - 1
	}
	return period.Date(y, m+1, 1) - 1
}

// begins are the facts that a drawdown states: of the loan, and its balance in the month in which it was drawn.
func (d Drawdown) begins(bank, project string, digital bool) []fact.Statement {
	text := func(def, s string) fact.Statement {
		return fact.Statement{Subject: d.Subject, Def: def, State: fact.Present, Value: fact.Value{Text: s}, Shown: s}
	}
	num := func(def string, n int64) fact.Statement {
		return fact.Statement{Subject: d.Subject, Def: def, State: fact.Present, Value: fact.Value{Num: n}}
	}
	use := int64(0)
	if digital {
		use = 1
	}
	all := []fact.Statement{
		text("loan.contract", d.Voucher), text("loan.bank", bank), num("loan.principal", int64(d.Principal)), num("loan.drawn_on", int64(d.DrawnOn)),
		num("loan.due_on", int64(d.DueOn)), num("loan.rate", d.PPM), num("loan.for_digital", use),
	}
	if project != "" {
		all = append(all, text("loan.project", project))
	}
	return append(all, d.balance(d.DrawnOn))
}

// balance is the fact of what is outstanding at the end of the month of a day.
func (d Drawdown) balance(on period.Day) fact.Statement {
	return fact.Statement{
		Subject: d.Subject, Def: "loan.balance", Period: monthOf(on), State: fact.Present, Value: fact.Value{Num: int64(d.Outstanding(lastOf(on)))},
	}
}

// repays are the facts that follow from a repayment on a day, which is among the drawdown's: the balances of its month and of those
// after it in which something was entered, the interest of its year, and the day on which all was repaid.
func (d Drawdown) repays(on period.Day) []fact.Statement {
	var all []fact.Statement
	said := map[period.Period]bool{}
	interest := money.Fen(0)
	for _, r := range d.Repayments {
		if r.PaidOn.Year() == on.Year() {
			interest += r.Interest
		}
		if m := monthOf(r.PaidOn); r.PaidOn >= on && !said[m] || m == monthOf(on) && !said[m] {
			said[m] = true
			all = append(all, d.balance(r.PaidOn))
		}
	}
	if interest > 0 {
		all = append(all, fact.Statement{
			Subject: d.Subject, Def: "loan.interest_paid", Period: period.OfYear(on.Year()), State: fact.Present, Value: fact.Value{Num: int64(interest)},
		})
	}
	if d.Left() == 0 {
		last := d.Repayments[len(d.Repayments)-1].PaidOn
		for _, r := range slices.Backward(d.Repayments) { // interest may come after the last of the principal
			if last = r.PaidOn; r.Principal > 0 {
				break
			}
		}
		all = append(all, fact.Statement{Subject: d.Subject, Def: "loan.repaid_on", State: fact.Present, Value: fact.Value{Num: int64(last)}})
	}
	return all
}
