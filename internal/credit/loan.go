package credit

import (
	"cmp"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
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
	Rental     Rental // of a lease
	At, By     int64
}

// Contract is a credit line that was agreed, or how much of equipment is financed.
type Contract struct {
	Kind            Kind
	Number          string
	Line            money.Fen
	PPM             int64
	SignedOn, EndOn period.Day
	Rental          Rental // of a lease
	At, By          int64
}

// Drawdown is money that was paid out under a contract, or equipment that was delivered under a lease, as it stands after all corrections.
type Drawdown struct {
	ID      int64
	Kind    Kind
	Case    int64
	Subject int64 // the loan or lease that facts are stated of
	Voucher string
	Terms
	At, By     int64
	Repayments []Repayment  // by day, then as they were entered; those that were taken back are not among them
	Restated   []Correction // of the drawdown and its repayments, as they were made
}

// Terms is what a drawdown comes to. Of a delivery Principal is what was financed of the price, DrawnOn the day on which the equipment was
// accepted, and DueOn that on which the lease ends.
type Terms struct {
	Principal      money.Fen
	PPM            int64
	DrawnOn, DueOn period.Day
	Gone           bool // it was taken back: there was none
	Rental         Rental
}

// Repayment is what a firm paid back on a drawdown, or a rent that it paid, as it stands after all corrections.
type Repayment struct {
	ID int64
	N  int // among those of its drawdown, from 1 on, as they were entered
	Paid
	At, By int64
}

// Paid is what a repayment comes to. Principal is negative where a bank's list says that less was repaid than was entered.
type Paid struct {
	PaidOn    period.Day
	Principal money.Fen
	Interest  money.Fen
	Gone      bool // it was taken back: there was none
}

// Correction is that a drawdown or one of its repayments was entered wrongly. What was entered stays, and so does each correction.
type Correction struct {
	ID       int64
	N        int   // of the repayment; 0 for the drawdown itself
	Was, Now Terms // of a drawdown
	Had, Has Paid  // of a repayment
	Reason   string
	At, By   int64
}

// Outstanding is the principal that is not repaid at the end of a day.
func (d Drawdown) Outstanding(on period.Day) money.Fen {
	if on < d.DrawnOn || d.Gone {
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
	if d.Gone {
		return 0
	}
	left := d.Principal
	for _, r := range d.Repayments {
		left -= r.Principal
	}
	return left
}

// with is the drawdown with one repayment more.
func (d Drawdown) with(r Repayment) Drawdown {
	d.Repayments = append(slices.Clone(d.Repayments), r)
	d.order()
	return d
}

// order puts the repayments in the order of their days.
func (d Drawdown) order() {
	slices.SortStableFunc(d.Repayments, func(a, b Repayment) int { return cmp.Or(cmp.Compare(a.PaidOn, b.PaidOn), cmp.Compare(a.N, b.N)) })
}

// put is the drawdown with a repayment in the place of the one of its number: without it where that is gone.
func (d Drawdown) put(r Repayment) Drawdown {
	d.Repayments = slices.DeleteFunc(slices.Clone(d.Repayments), func(x Repayment) bool { return x.N == r.N })
	if r.Gone {
		return d
	}
	return d.with(r)
}

// most is the most that is outstanding of all drawdowns at the end of a day from this one on, and on which day that is first so.
func most(all []Drawdown, from period.Day) (fen money.Fen, on period.Day) {
	on = from
	for _, day := range changes(all, from) {
		if sum := sumOn(all, day); sum > fen {
			fen, on = sum, day
		}
	}
	return fen, on
}

// changes are the days from one on, itself included, on which what is outstanding of drawdowns changes.
func changes(all []Drawdown, from period.Day) []period.Day {
	days := []period.Day{from}
	for _, d := range all {
		days = append(days, d.DrawnOn)
		for _, r := range d.Repayments {
			days = append(days, r.PaidOn)
		}
	}
	slices.Sort(days)
	return slices.DeleteFunc(slices.Compact(days), func(day period.Day) bool { return day < from })
}

// sumOn is what is outstanding of all drawdowns at the end of a day.
func sumOn(all []Drawdown, on period.Day) (sum money.Fen) {
	for _, d := range all {
		sum += d.Outstanding(on)
	}
	return sum
}

// breaks says what a change of the drawdowns under the contract breaks: nothing is drawn outside its days or due before the day after it
// was drawn, more than the line is outstanding on no day, no drawdown is repaid before it was drawn or beyond its principal, and no more rents
// are paid than the schedule has. before are
// the same drawdowns as they stood: what was beyond the line then may be corrected, as long as it does not become more. ok is false where
// nothing is broken.
func (c Contract) breaks(before, all []Drawdown) (msg i18n.Msg, ok bool) {
	first := c.EndOn
	for i, d := range all {
		if d.Gone {
			continue
		}
		if d.DrawnOn < c.SignedOn || d.DrawnOn > c.EndOn {
			return c.Kind.msg("credit.drawn_outside", c.SignedOn.String(), c.EndOn.String()), true
		}
		if d.DueOn <= d.DrawnOn && d.Terms != before[i].Terms {
			return c.Kind.msg("credit.due_before", d.Voucher, d.DueOn.String(), d.DrawnOn.String()), true
		}
		if c.Kind == Lease && d.Principal > d.Rental.Price {
			return i18n.M("credit.over_price", d.Voucher, d.Principal.In(wan), d.Rental.Price.In(wan)), true
		}
		first = min(first, d.DrawnOn)
		left := d.Principal
		for _, r := range d.Repayments {
			if r.PaidOn < d.DrawnOn {
				return c.Kind.msg("credit.paid_before", d.DrawnOn.String()), true
			}
			if r.Principal > left {
				return c.Kind.msg("credit.over_left", r.Principal.In(wan), left.In(wan)), true
			}
			if left -= r.Principal; left > d.Principal {
				return c.Kind.msg("credit.under_repaid", d.Voucher, r.PaidOn.String(), left.In(wan), d.Principal.In(wan)), true
			}
		}
		if c.Kind == Lease {
			if msg, over := d.overpaid(); over {
				return msg, true
			}
		}
	}
	over, on := c.Line, first
	for _, day := range changes(slices.Concat(before, all), first) {
		if sum := sumOn(all, day); sum > over && sum > sumOn(before, day) {
			over, on = sum, day
		}
	}
	if over > c.Line {
		return c.Kind.msg("credit.over_line_on", on.String(), over.In(wan), c.Line.In(wan)), true
	}
	return msg, false
}

// byVoucher is the drawdown of a number; ok is false where there is none.
func byVoucher(all []Drawdown, number string) (i int, ok bool) {
	i = slices.IndexFunc(all, func(d Drawdown) bool { return content.Fold(d.Voucher) == content.Fold(number) })
	return i, i >= 0
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

func (d Drawdown) num(def string, n int64) fact.Statement {
	return fact.Statement{Subject: d.Subject, Def: def, State: fact.Present, Value: fact.Value{Num: n}}
}

func (d Drawdown) text(def, s string) fact.Statement {
	return fact.Statement{Subject: d.Subject, Def: def, State: fact.Present, Value: fact.Value{Text: s}, Shown: s}
}

// none states that something does not apply to the loan, in a period.
func (d Drawdown) none(def string, p period.Period) fact.Statement {
	return fact.Statement{Subject: d.Subject, Def: def, Period: p, State: fact.None}
}

// begins are the facts that a drawdown states under a contract: of the loan or lease, and its balance in the month in which it was drawn.
func (d Drawdown) begins(bank, contract string, use Use) []fact.Statement {
	t := d.Kind.tells()
	all := slices.Concat([]fact.Statement{d.text(t.contract, d.Kind.numbered(contract, d.Voucher)), d.text(t.under, contract), d.text(t.bank, bank)}, d.terms(), d.leased(Drawdown{}), use.facts(d))
	return append(all, d.balance(d.DrawnOn))
}

// Use is what a drawdown is for.
type Use struct {
	Project string // "" where the bank does not say
	Digital bool   // a transformation project
}

func (u Use) facts(d Drawdown) (all []fact.Statement) {
	if d.Kind == Loan {
		all = append(all, d.num("loan.for_digital", int64(flag(u.Digital))))
	}
	if u.Project != "" {
		all = append(all, d.text(d.Kind.tells().project, u.Project))
	}
	return all
}

// terms are the facts on how much was drawn, when, until when and at which rate.
func (d Drawdown) terms() []fact.Statement {
	t := d.Kind.tells()
	if d.Gone {
		var always period.Period
		all := []fact.Statement{d.none(t.principal, always), d.none(t.drawnOn, always), d.none(t.dueOn, always), d.none(t.rate, always)}
		if d.Kind == Loan {
			all = append(all, d.none("loan.for_digital", always))
		}
		return all
	}
	return []fact.Statement{
		d.num(t.principal, int64(d.Principal)), d.num(t.drawnOn, int64(d.DrawnOn)), d.num(t.dueOn, int64(d.DueOn)), d.num(t.rate, d.PPM),
	}
}

// balance is the fact of what is outstanding at the end of the month of a day.
func (d Drawdown) balance(on period.Day) fact.Statement {
	s := d.num(d.Kind.tells().balance, int64(d.Outstanding(lastOf(on))))
	s.Period = monthOf(on)
	return s
}

// paidIn is the fact of what was paid in a year: as interest of a loan, as rents of a lease. Of a year in which no rent was paid there is no
// such figure.
func (d Drawdown) paidIn(year int) fact.Statement {
	paid := money.Fen(0)
	for _, r := range d.Repayments {
		if r.PaidOn.Year() != year || d.Gone {
			continue
		}
		if paid += r.Interest; d.Kind == Lease {
			paid += r.Principal
		}
	}
	if def := d.Kind.tells().paid; d.Kind == Loan || paid != 0 {
		s := d.num(def, int64(paid))
		s.Period = period.OfYear(year)
		return s
	}
	return d.none(d.Kind.tells().paid, period.OfYear(year))
}

// repaidOn is the day on which the last of the principal was repaid; ok is false as long as any is left.
func (d Drawdown) repaidOn() (on period.Day, ok bool) {
	if d.Gone || d.Left() != 0 || len(d.Repayments) == 0 {
		return 0, false
	}
	for _, r := range slices.Backward(d.Repayments) { // interest may come after the last of the principal
		if on = r.PaidOn; r.Principal > 0 {
			break
		}
	}
	return on, true
}

// repays are the facts that follow from a repayment on a day, which is among the drawdown's: the balances of its month and of those
// after it in which something was entered, the interest of its year, and the day on which all was repaid.
func (d Drawdown) repays(on period.Day) []fact.Statement {
	var all []fact.Statement
	said := map[period.Period]bool{}
	for _, day := range d.days() {
		if m := monthOf(day); (day >= on || m == monthOf(on)) && !said[m] {
			said[m] = true
			all = append(all, d.balance(day))
		}
	}
	if s := d.paidIn(on.Year()); s.Value.Num > 0 {
		all = append(all, s)
	}
	if last, ok := d.repaidOn(); ok {
		all = append(all, d.num(d.Kind.tells().repaidOn, int64(last)))
	}
	return all
}

// days are those on which anything of the drawdown was ever said to have happened: of their months balances were stated.
func (d Drawdown) days() []period.Day {
	all := []period.Day{d.DrawnOn}
	for _, r := range d.Repayments {
		all = append(all, r.PaidOn)
	}
	for _, c := range d.Restated {
		if c.N > 0 {
			all = append(all, c.Had.PaidOn, c.Has.PaidOn)
		} else {
			all = append(all, c.Was.DrawnOn, c.Now.DrawnOn)
		}
	}
	return all
}

// says that facts tell something of a period.
func says(all []fact.Statement, def string, p period.Period) bool {
	return slices.ContainsFunc(all, func(f fact.Statement) bool { return f.Def == def && f.Period == p })
}

// restates are the facts that stand once a drawdown that was stated before is corrected: its terms, the balances of all months and the
// interest of all years in which anything was entered then or now, and the day on which all was repaid.
func (d Drawdown) restates(before Drawdown) []fact.Statement {
	all := append(d.terms(), d.leased(before)...)
	for _, day := range append(before.days(), d.days()...) {
		if s := d.balance(day); !says(all, s.Def, s.Period) {
			all = append(all, s)
		}
		if s := d.paidIn(day.Year()); !says(all, s.Def, s.Period) && (before.paidIn(day.Year()).Value.Num > 0 || s.Value.Num > 0) {
			all = append(all, s)
		}
	}
	if on, ok := d.repaidOn(); ok {
		return append(all, d.num(d.Kind.tells().repaidOn, int64(on)))
	}
	if _, ok := before.repaidOn(); ok {
		all = append(all, d.none(d.Kind.tells().repaidOn, period.Period{}))
	}
	return all
}
