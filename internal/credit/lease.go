package credit

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Kind is what a product gives: money, or equipment for rent. What a drawdown and a repayment are to a loan, the delivery of equipment and
// a rent are to a lease.
type Kind string

// The kinds. Each is the kind of the subject that facts are about, and the purpose of the consents of its referrals.
const (
	Loan  Kind = content.Loan
	Lease Kind = content.Lease
)

// Kinds are all, in the order in which pages show them.
func Kinds() []Kind { return []Kind{Loan, Lease} }

// ParseKind is the kind that a word names, Loan for "". Invalid for another word.
func ParseKind(word string) (Kind, error) {
	if k := Kind(cmp.Or(word, string(Loan))); slices.Contains(Kinds(), k) {
		return k, nil
	}
	return "", errs.Invalid(i18n.M("credit.bad_kind", word))
}

// What a party of content/credit/banks.yaml is.
const (
	OfBank   = "bank"
	OfLessor = "lessor"
)

// Gives is the kind of the products of a bank: a lessor's are leases.
func (b Bank) Gives() Kind {
	if b.Kind == OfLessor {
		return Lease
	}
	return Loan
}

// Party is what gives products of the kind: OfBank or OfLessor.
func (k Kind) Party() string {
	if k == Lease {
		return OfLessor
	}
	return OfBank
}

// Flow is the workflow of referrals for products of the kind (content/workflows).
func (k Kind) Flow() string { return string(k) + "_referral" }

// IsReferral says that a workflow is one of referrals.
func IsReferral(workflow string) bool {
	return slices.ContainsFunc(Kinds(), func(k Kind) bool { return k.Flow() == workflow })
}

// telling is how facts tell what was given, and what it is called where Chinese is written.
type telling struct {
	contract, under, bank, project, principal, drawnOn, dueOn, rate, balance, repaidOn string

	begun string // of a sheet that does not say drawnOn; "" for none
	paid  string // what was paid in a year: interest of a loan, rents of a lease

	names string   // what a drawdown is called: its number, or what was delivered
	sums  []string // amounts besides principal and balances, which add up over drawdowns
	terms []string // what is told of no loan that there is not, besides principal and balances

	noun, lender, drawdown string
}

var tellings = map[Kind]telling{
	Loan: {
		"loan.contract", "loan.under", "loan.bank", "loan.project", "loan.principal", "loan.drawn_on", "loan.due_on", "loan.rate", "loan.balance", "loan.repaid_on",
		"", "loan.interest_paid",
		"loan.contract",
		[]string{"loan.interest_paid"},
		[]string{"loan.drawn_on", "loan.due_on", "loan.rate", "loan.for_digital", "loan.for_renovation"},
		"贷款", "银行", "借据",
	},
	Lease: {
		"lease.contract", "lease.under", "lease.lessor", "lease.project", "lease.financed", "lease.delivered_on", "lease.ends_on", "lease.rate", "lease.balance", "lease.paid_off_on",
		"lease.started_on", "lease.cost",
		"lease.asset",
		[]string{"lease.cost", "lease.rent_due", "lease.price"},
		[]string{"lease.delivered_on", "lease.started_on", "lease.ends_on", "lease.rate", "lease.asset"},
		"租赁", "租赁公司", "交付",
	},
}

func (k Kind) tells() telling { return tellings[k] }

// Facts are the definitions of the facts that an overview goes by.
func (k Kind) Facts() []string {
	t := k.tells()
	return []string{t.principal, t.drawnOn, t.balance, t.repaidOn, t.bank}
}

// numbered is the number of a contract as facts of the kind have it: each drawdown is a loan under its own.
func (k Kind) numbered(contract, voucher string) string {
	if k == Lease {
		return cmp.Or(contract, voucher)
	}
	return voucher
}

// msg is a message in the words of the kind.
func (k Kind) msg(key string, args ...any) i18n.Msg {
	if k == Lease {
		key += "_lease"
	}
	return i18n.M(key, args...)
}

// Equipment is what a firm would lease. What is not Named is not known.
type Equipment struct {
	Named bool
	Kind  string // code of equipment_kinds
	Price money.Fen
	Age   int64 // full years; 0 for new
}

const (
	equipmentKinds = "equipment_kinds"
	maxAge         = 100 // years
)

// Equipment is equipment that a firm names. Invalid for a kind that there is not, no price, and an age that cannot be.
func (s *Store) Equipment(kind string, price money.Fen, age int64) (Equipment, error) {
	codes, _ := s.Library.CodeList(equipmentKinds)
	switch _, ok := codes.Entry(kind); {
	case !ok:
		return Equipment{}, errs.Invalid(i18n.M("credit.equipment_kind", kind))
	case price <= 0:
		return Equipment{}, errs.Invalid(i18n.M("credit.equipment_price"))
	case age < 0 || age > maxAge:
		return Equipment{}, errs.Invalid(i18n.M("credit.equipment_age", maxAge))
	}
	return Equipment{Named: true, Kind: kind, Price: price, Age: age}, nil
}

// EquipmentKinds is what equipment may be.
func (s *Store) EquipmentKinds() content.CodeList {
	codes, _ := s.Library.CodeList(equipmentKinds)
	return codes
}

// declared are the names by which clauses of a kind read what is asked for.
func (k Kind) declared(lib *content.Library) map[string]rule.Given {
	if k != Lease {
		return nil
	}
	codes, _ := lib.CodeList(equipmentKinds)
	return map[string]rule.Given{
		"equipment.kind":  {Type: rule.TextType, Name: i18n.Text{ZH: "设备种类", EN: "Kind of the equipment"}, Codes: codes},
		"equipment.price": {Type: rule.MoneyType, Name: i18n.Text{ZH: "设备价款", EN: "Price of the equipment"}},
		"equipment.age":   {Type: rule.IntType, Name: i18n.Text{ZH: "设备已使用年限", EN: "Age of the equipment"}},
	}
}

// answer is what a clause reads of the equipment.
func (e Equipment) answer(id string) rule.Answer {
	if !e.Named {
		return rule.Answer{}
	}
	values := map[string]rule.Value{"equipment.kind": rule.Text(e.Kind), "equipment.price": rule.Money(e.Price), "equipment.age": rule.Int(e.Age)}
	return rule.Answer{Value: values[id], State: rule.Present}
}

// Rental is what a lease says besides what a loan does; a loan's is zero. An offer and a contract have Deposit and Fee, a delivery has what
// was delivered at which price, and offer and delivery have a schedule of rents.
type Rental struct {
	Asset        string
	Price        money.Fen
	Deposit, Fee money.Fen
	Rents        Schedule
}

// Schedule is rents that are due at equal intervals.
type Schedule struct {
	N     int64      // how many
	Every int64      // months between two
	First period.Day // on which the first is due; 0 where that is not known yet
	Each  money.Fen
	Last  money.Fen // the last one
}

// Rent is a rent of a schedule.
type Rent struct {
	On  period.Day
	Fen money.Fen
}

// Due are the rents in the order in which they are due. What is due on the 31st is due on the last day of a shorter month.
func (s Schedule) Due() []Rent {
	var all []Rent
	for i := range s.N {
		on, ok := rule.AddMonths(s.First, i*s.Every)
		if !ok {
			break // beyond every calendar
		}
		r := Rent{on, s.Each}
		if i == s.N-1 {
			r.Fen = s.Last
		}
		all = append(all, r)
	}
	return all
}

// byYear is what is due in each year. Forms keep rents so small that no sum of a schedule overflows.
func (s Schedule) byYear() map[int]money.Fen {
	all := map[int]money.Fen{}
	for _, r := range s.Due() {
		all[r.On.Year()] += r.Fen
	}
	return all
}

// rental is what the form of a lease says besides what that of a loan does.
func (a answered) rental() Rental {
	r := Rental{
		Asset: a.text("asset"), Price: a.fen("price"), Deposit: a.fen("deposit"), Fee: a.fen("fee"),
		Rents: Schedule{N: a.int("rents"), Every: a.int("every"), First: a.day("first_due"), Each: a.fen("rent"), Last: a.fen("last_rent")},
	}
	r.Rents.Last = cmp.Or(r.Rents.Last, r.Rents.Each)
	return r
}

const (
	insertRental = `INSERT INTO credit_rental (of_id, case_id, asset, price, deposit, fee, rents, every, first_due, rent, last_rent)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	rentalsByCase = `SELECT of_id, asset, price, deposit, fee, rents, every, first_due, rent, last_rent FROM credit_rental WHERE case_id = $1`
	rentalsOfBank = `SELECT COUNT(*) FROM credit_rental x JOIN credit_referral r ON r.case_id = x.case_id WHERE r.bank = $1`
)

// writeRental keeps what a lease says besides; of a loan there is nothing.
func (k Kind) writeRental(ctx context.Context, tx *store.Tx, of, id int64, r Rental) error {
	if k != Lease {
		return nil
	}
	x := r.Rents
	_, err := tx.Exec(ctx, insertRental, of, id, r.Asset, int64(r.Price), int64(r.Deposit), int64(r.Fee), x.N, x.Every, int64(x.First), int64(x.Each), int64(x.Last))
	if err != nil {
		return fmt.Errorf("write terms of a lease: %w", err)
	}
	audit.Note(tx, loggedRental, of)
	return nil
}

// rentals are those of a case, by what they are of.
type rentals map[int64]Rental

func rentalsOf(ctx context.Context, q store.Querier, id int64) (rentals, error) {
	type row struct {
		of int64
		Rental
	}
	all, err := store.List(ctx, q, func(r *store.Rows) (x row, err error) {
		return x, r.Scan(&x.of, &x.Asset, &x.Price, &x.Deposit, &x.Fee, &x.Rents.N, &x.Rents.Every, &x.Rents.First, &x.Rents.Each, &x.Rents.Last)
	}, rentalsByCase, id)
	out := rentals{}
	for _, x := range all {
		out[x.of] = x.Rental
	}
	return out, err
}

// kind is what the case is about.
func (r rentals) kind() Kind {
	if len(r) > 0 {
		return Lease
	}
	return Loan
}

// gives is the kind of what a bank gives, also of one that the content does not know any more.
func (s *Store) gives(ctx context.Context, q store.Querier, bank string) (Kind, error) {
	if b, err := s.Set.Bank(bank); err == nil {
		return b.Gives(), nil
	}
	var n int
	if err := q.QueryRow(ctx, rentalsOfBank, bank).Scan(&n); err != nil {
		return "", fmt.Errorf("read what %s gives: %w", bank, err)
	}
	if n > 0 {
		return Lease, nil
	}
	return Loan, nil
}

// leasesFrom is the year before which no delivery is known (lease.delivered_on in content/facts/lease.yaml).
const leasesFrom = 2018

// leased are the facts of a lease alone: what was delivered, and what is due by year. before is the lease as it was stated, the zero Drawdown
// for one that is new.
func (d Drawdown) leased(before Drawdown) []fact.Statement {
	if d.Kind != Lease {
		return nil
	}
	var always period.Period
	all := []fact.Statement{d.none("lease.price", always), d.none("lease.asset", always), d.none("lease.started_on", always)}
	if !d.Gone {
		all = []fact.Statement{
			d.num("lease.price", int64(d.Rental.Price)), d.text("lease.asset", d.Rental.Asset), d.num("lease.started_on", int64(d.DrawnOn)),
		}
	}
	due, years := d.Rental.Rents.byYear(), map[int]bool{}
	for _, of := range []map[int]money.Fen{before.Rental.Rents.byYear(), due} {
		for y := range of {
			years[y] = true
		}
	}
	for _, y := range slices.Sorted(maps.Keys(years)) {
		s := d.num("lease.rent_due", int64(due[y]))
		if d.Gone {
			s = d.none("lease.rent_due", always)
		}
		s.Period = period.OfYear(y)
		all = append(all, s)
	}
	return all
}

// yearsAfter is for how many years after a lease is paid off it is said that it costs nothing: more than a policy runs.
const yearsAfter = 10

// idle says that a lease cost nothing in years without a rent: until the delivery, in those that are over since, and once it is paid off or
// taken back. Where a cost is not known, what adds up costs of a year is not known either. Of a year that somebody has told of, nothing is said.
func (d Drawdown) idle(view fact.View, today period.Day) (all []fact.Statement) {
	if d.Kind != Lease {
		return nil
	}
	last := max(d.DrawnOn.Year(), today.Year()-1)
	if on, ok := d.repaidOn(); ok {
		last = max(last, on.Year()+yearsAfter)
	} else if d.Gone {
		last = max(last, today.Year()+yearsAfter)
	}
	for y := leasesFrom; y <= last; y++ {
		if s := d.paidIn(y); s.State == fact.None && view.Value(d.Subject, s.Def, s.Period).State == fact.Unknown {
			all = append(all, s)
		}
	}
	return all
}

// scheduled is all rents of the schedule.
func (s Schedule) scheduled() (sum money.Fen, err error) {
	for _, r := range s.Due() {
		if sum, err = sum.Add(r.Fen); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

// rentsPaid is all that was paid as rents, principal and interest.
func (d Drawdown) rentsPaid() (sum money.Fen, err error) {
	for _, r := range d.Repayments {
		for _, part := range []money.Fen{r.Principal, r.Interest} {
			if sum, err = sum.Add(part); err != nil {
				return 0, err
			}
		}
	}
	return sum, nil
}

// overpaid says that more rents were paid of a delivery than its schedule has; ok is false where they were not. Interest would have no bound
// otherwise, and what is paid earns support.
func (d Drawdown) overpaid() (msg i18n.Msg, ok bool) {
	due, err := d.Rental.Rents.scheduled()
	if err != nil {
		return i18n.M("credit.rents_range", d.Voucher), true
	}
	paid, err := d.rentsPaid()
	switch {
	case err != nil:
		return i18n.M("credit.rents_range", d.Voucher), true
	case paid > due:
		return i18n.M("credit.over_rents", d.Voucher, paid.In(wan), due.In(wan)), true
	}
	return msg, false
}
