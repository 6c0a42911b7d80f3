package credit

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// overviewMonths is how many months an overview looks back on, its own included.
const overviewMonths = 12

// Sums is what loans come to in a month, or leases: drawn is then what was financed of equipment that was delivered.
type Sums struct {
	Firms     int       // that have any of what follows
	Contracts int       // that run on the last day of the month, or today in the present one
	Line      money.Fen // of these contracts
	Loans     int       // that were drawn in the month or are not repaid at its end
	Drawn     money.Fen // in the month
	Balance   money.Fen // principal that is not repaid at the end of the month
}

func (s Sums) none() bool { return s.Contracts == 0 && s.Loans == 0 }

func (s *Sums) add(x Sums) (err error) {
	s.Firms, s.Contracts, s.Loans = s.Firms+x.Firms, s.Contracts+x.Contracts, s.Loans+x.Loans
	for _, p := range []struct {
		to *money.Fen
		x  money.Fen
	}{{&s.Line, x.Line}, {&s.Drawn, x.Drawn}, {&s.Balance, x.Balance}} {
		if *p.to, err = p.to.Add(p.x); err != nil {
			return fmt.Errorf("add up loans: %w", err)
		}
	}
	return nil
}

// Lender is a bank as an overview knows it. Key is the code of one that the content knows, else its name as it is compared; "" for
// loans of which nobody said the bank.
type Lender struct {
	Key      string
	Name     i18n.Text
	Invented bool
}

// Share is what a bank lends in a county.
type Share struct {
	Bank   Lender
	County string // code; "" where nobody said
	Sums
}

// FirmShare is what a firm has of a bank.
type FirmShare struct {
	Firm  int64
	Name  string
	Area  string
	Bank  Lender
	Cases []int64 // of the contracts
	Sums
}

// MonthSum is a month of an overview.
type MonthSum struct {
	Month period.Period
	Sums
}

// Overview is what banks lend to the firms that a scope may see, or what lessors finance: one of the two, never their sum.
type Overview struct {
	Kind    Kind
	Month   period.Period
	Seq     int64       // commit up to which facts are known
	Shares  []Share     // by county, then by bank
	Sum     Sums        // a firm of several banks counts once
	Months  []MonthSum  // the oldest first, the last is Month
	Firms   []FirmShare // the largest balance first
	Banks   []Lender    // that lend to any firm of the area, whichever was asked for
	Unclear int         // loans of which the amount or the day is not known: no sum holds them
	Twice   int         // loans of sheets that stand under the number of a contract whose drawdowns are counted: no sum holds them
}

// Asking is which overview is wanted: of leases or, where Kind is not said, of loans, of a month, of one bank (Lender.Key; "" for all) and of an area ("" for all
// that the scope may see).
type Asking struct {
	Kind       Kind
	Month      period.Period
	Bank, Area string
}

// Month is the month that a text names, the present one for "". Invalid for what is no month, or one to come.
func (s *Store) Month(text string) (period.Period, error) {
	now := monthOf(s.Clock.Today())
	if text == "" {
		return now, nil
	}
	m, err := period.Parse(text)
	if err != nil || m.Kind() != period.Month {
		return now, errs.Invalid(i18n.M("credit.bad_month", text))
	}
	if m.Compare(now) > 0 {
		return now, errs.Invalid(i18n.M("credit.month_to_come", text))
	}
	return m, nil
}

// stated is a loan as facts tell it. repaid is 0 where it is not.
type stated struct {
	principal     money.Fen
	drawn, repaid period.Day
	balances      []balanceAt // by month
}

type balanceAt struct {
	end period.Day // of its month
	fen money.Fen
}

// outstanding is the principal not repaid at the end of a day: by the last balance that was stated for its month or one before, else
// what was drawn.
func (l stated) outstanding(on period.Day) money.Fen {
	if on < l.drawn || l.repaid != 0 && l.repaid <= on {
		return 0
	}
	left := l.principal
	for _, b := range l.balances {
		if b.end <= lastOf(on) {
			left = b.fen
		}
	}
	return left
}

// in is what the loan adds to a month, which is looked at on a day of it.
func (l stated) in(on period.Day) Sums {
	x := Sums{Balance: l.outstanding(on)}
	if monthOf(l.drawn) == monthOf(on) && l.drawn <= on {
		x.Drawn = l.principal
	}
	if x.Drawn > 0 || x.Balance > 0 {
		x.Loans = 1
	}
	return x
}

const allContracts = `SELECT CASE WHEN x.of_id IS NULL THEN 'loan' ELSE 'lease' END, c.case_id, r.firm, c.bank, c.number, c.number_key, c.fen, c.signed_on, c.ends_on
FROM credit_contract c JOIN credit_referral r ON r.case_id = c.case_id LEFT JOIN credit_rental x ON x.of_id = c.case_id ORDER BY c.case_id`

// runs is a contract of a referral. Its firm is the one that stands for it after merges.
type runs struct {
	kind          Kind
	id, firm      int64
	bank          string // code
	by            Lender
	number, key   string // key is the number as it is compared
	line          money.Fen
	signed, until period.Day
}

func (c runs) in(on period.Day) Sums {
	if on < c.signed || on > c.until {
		return Sums{}
	}
	return Sums{Contracts: 1, Line: c.line}
}

// Overview is what banks lend to the firms that the scope may see, by what is known today: contracts of referrals, and loans as facts
// tell them, whether a bank entered them here or they came in a sheet; or the same of leases. NotFound for an area that there is not.
func (s *Store) Overview(ctx context.Context, scope access.Scope, q Asking) (Overview, error) {
	if _, ok := s.Library.Areas().Node(q.Area); q.Area != "" && !ok {
		return Overview{}, errs.NotFound("area", q.Area)
	}
	q.Kind = cmp.Or(q.Kind, Loan)
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return Overview{}, err
	}
	b, err := s.books(ctx, view)
	if err != nil {
		return Overview{}, err
	}
	o := newOverviewing(s, view, q)
	for _, f := range b.firms {
		e, ok := view.Enterprise(f.firm)
		if !ok || !view.Can(access.ReadFact, e.ID) || q.Area != "" && !s.Library.Areas().Within(e.Area, q.Area) {
			continue
		}
		if err := o.of(f); err != nil {
			return Overview{}, err
		}
		if err := o.sum(FirmShare{Firm: e.ID, Name: e.Name, Area: e.Area}); err != nil {
			return Overview{}, err
		}
	}
	return o.done(), nil
}

// overviewing is an overview in the making.
type overviewing struct {
	*Store
	Overview
	view    fact.View
	bank    string       // asked for
	days    []period.Day // on which its months are looked at, the oldest first
	shares  map[[2]string]*Share
	lenders map[string]Lender
	lent    map[string]*lending // to the firm at hand, by bank
}

// lending is what one bank lends to one firm, by month.
type lending struct {
	months  [overviewMonths]Sums
	cases   []int64
	unclear int
	twice   int
}

// add adds what something comes to in each month, looked at on these days.
func (x *lending) add(days []period.Day, of interface{ in(on period.Day) Sums }) error {
	for i, day := range days {
		if err := x.months[i].add(of.in(day)); err != nil {
			return err
		}
	}
	return nil
}

func newOverviewing(s *Store, view fact.View, q Asking) *overviewing {
	o := &overviewing{Store: s, view: view, bank: q.Bank, shares: map[[2]string]*Share{}, lenders: map[string]Lender{}}
	o.Kind, o.Overview.Month, o.Seq = q.Kind, q.Month, view.Seq()
	first, _, _ := q.Month.Span()
	year, month, _ := first.YMD()
	for back := overviewMonths - 1; back >= 0; back-- {
		n := 12*year + month - 1 - back
		m := period.OfMonth(n/12, n%12+1)
		_, last, _ := m.Span()
		o.Months = append(o.Months, MonthSum{Month: m})
		o.days = append(o.days, min(last, s.Clock.Today()))
	}
	return o
}

// by is the key of a bank, which the overview knows from now on.
func (o *overviewing) by(b Lender) string {
	if _, met := o.lenders[b.Key]; !met {
		o.lenders[b.Key] = b
	}
	return b.Key
}

func (o *overviewing) lendsBy(bank string) *lending {
	if o.lent[bank] == nil {
		o.lent[bank] = &lending{}
	}
	return o.lent[bank]
}

// of gathers what a firm has of each bank.
func (o *overviewing) of(f firmLoans) error {
	o.lent = map[string]*lending{}
	for _, c := range f.contracts {
		if c.kind != o.Kind {
			continue
		}
		x := o.lendsBy(o.by(c.by))
		x.cases = append(x.cases, c.id)
		if err := x.add(o.days, c); err != nil {
			return err
		}
	}
	for _, l := range f.loans {
		if l.gone || l.kind != o.Kind {
			continue
		}
		x := o.lendsBy(o.by(l.by))
		switch {
		case l.twice:
			x.twice++
		case !l.clear:
			x.unclear++
		default:
			if err := x.add(o.days, l.stated); err != nil {
				return err
			}
		}
	}
	return nil
}

// sum adds what was gathered of a firm to the overview.
func (o *overviewing) sum(firm FirmShare) error {
	var months [overviewMonths]Sums
	for _, bank := range slices.Sorted(maps.Keys(o.lent)) {
		x := o.lent[bank]
		if o.bank != "" && bank != o.bank {
			continue
		}
		o.Unclear += x.unclear
		o.Twice += x.twice
		for i := range months {
			if err := months[i].add(x.months[i]); err != nil {
				return err
			}
		}
		last := x.months[overviewMonths-1]
		if last.none() {
			continue
		}
		last.Firms = 1
		key := [2]string{o.Library.Areas().County(firm.Area), bank}
		if o.shares[key] == nil {
			o.shares[key] = &Share{County: key[0], Bank: o.lenders[bank]}
		}
		if err := o.shares[key].add(last); err != nil {
			return err
		}
		row := firm
		row.Bank, row.Cases, row.Sums = o.lenders[bank], x.cases, last
		o.Firms = append(o.Firms, row)
	}
	for i := range months {
		if months[i].none() {
			continue
		}
		months[i].Firms = 1
		if err := o.Months[i].add(months[i]); err != nil {
			return err
		}
	}
	return nil
}

func (o *overviewing) done() Overview {
	byName := func(a, b Lender) int { return cmp.Or(cmp.Compare(a.Name.ZH, b.Name.ZH), cmp.Compare(a.Key, b.Key)) }
	for _, x := range o.shares {
		o.Shares = append(o.Shares, *x)
	}
	slices.SortFunc(o.Shares, func(a, b Share) int { return cmp.Or(cmp.Compare(a.County, b.County), byName(a.Bank, b.Bank)) })
	slices.SortFunc(o.Firms, func(a, b FirmShare) int {
		return cmp.Or(cmp.Compare(b.Balance, a.Balance), cmp.Compare(b.Line, a.Line), cmp.Compare(a.Firm, b.Firm), byName(a.Bank, b.Bank))
	})
	o.Overview.Banks = slices.SortedFunc(maps.Values(o.lenders), byName)
	o.Sum = o.Months[overviewMonths-1].Sums
	return o.Overview
}
