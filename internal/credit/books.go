package credit

import (
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// books is what is known of the loans and leases of all firms as of a commit: to the product itself. Who reads it asks of each firm whether the
// reader may.
type books struct {
	firms []firmLoans // that have any
}

// Size is how much room it takes on a shelf.
func (b *books) Size() int {
	n := 0
	for _, f := range b.firms {
		n += 1 + len(f.loans) + len(f.contracts)
	}
	return n
}

// firmLoans is the loans and leases of a firm, and its contracts.
type firmLoans struct {
	firm      int64
	contracts []runs
	loans     []known
}

// known is a loan or a lease as facts tell it.
type known struct {
	stated
	kind     Kind
	subject  int64
	by       Lender
	number   string // of its contract or drawdown, as it was named
	key      string // number as it is compared
	ppm      int64  // yearly rate; −1 where nobody said
	sized    bool   // the amount is known
	clear    bool   // and the day
	gone     bool   // it was said that there is none
	twice    bool   // the drawdowns of a contract say all of the same money already; what is known of it is as it was stated
	under    string // number of the contract under which it was drawn, as it is compared; "" where nobody said
	contract *runs  // likewise, of one that the bank entered
}

const (
	drawdownSubjects = `SELECT subject, case_id, voucher FROM credit_drawdown ORDER BY id`

	// listedSubjects are the loans that became known by a bank's list under a contract that it names.
	listedSubjects = `SELECT s.made, l.voucher FROM credit_settlement s JOIN credit_list_line l ON l.list_id = s.list_id AND l.n = s.n
WHERE s.made <> 0 AND l.contract <> '' ORDER BY s.id`
)

// drawnUnder is under which contract a loan was drawn.
type drawnUnder struct {
	subject, id int64  // id is the case of the contract; 0 where a list alone names it
	voucher     string // its own number
	contract    *runs
}

// books is what is known of loans at the commit of a view. Facts are gathered once for each commit, however many pages ask.
func (s *Store) books(ctx context.Context, view fact.View) (*books, error) {
	facts, err := s.gathered.Try(view.Seq(), func() (*books, error) { return s.gather(ctx, view.Seq()) })
	if err != nil {
		return nil, err
	}
	all, err := s.Frames.For(ctx, access.SystemScope(), view.Seq())
	if err != nil {
		return nil, err
	}
	contracts, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (c runs, err error) {
		return c, r.Scan(&c.kind, &c.id, &c.firm, &c.bank, &c.number, &c.key, &c.line, &c.signed, &c.until)
	}, allContracts)
	if err != nil {
		return nil, err
	}
	under := map[int64]*runs{}
	byFirm := map[int64][]runs{}
	for i := range contracts {
		c := &contracts[i]
		if e, ok := all.Enterprise(c.firm); ok {
			c.firm = e.ID
		}
		c.by = s.Set.lenderOf(c.bank)
		under[c.id] = c
		byFirm[c.firm] = append(byFirm[c.firm], *c)
	}
	drawn, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (d drawnUnder, err error) { return d, r.Scan(&d.subject, &d.id, &d.voucher) }, drawdownSubjects)
	if err != nil {
		return nil, err
	}
	listed, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (d drawnUnder, err error) { return d, r.Scan(&d.subject, &d.voucher) }, listedSubjects)
	if err != nil {
		return nil, err
	}
	of := map[int64]drawnUnder{}
	for _, d := range append(listed, drawn...) {
		d.contract = under[d.id]
		of[d.subject] = d
	}
	out := &books{}
	for _, f := range facts.firms {
		f.contracts = byFirm[f.firm]
		delete(byFirm, f.firm)
		f.loans = f.told(of)
		out.firms = append(out.firms, f)
	}
	for _, c := range contracts { // of firms without a loan so far
		if list, left := byFirm[c.firm]; left {
			out.firms = append(out.firms, firmLoans{firm: c.firm, contracts: list})
			delete(byFirm, c.firm)
		}
	}
	return out, nil
}

// told says of the loans of a firm under which contracts that banks entered they were drawn, and what their own numbers are.
func (f firmLoans) told(of map[int64]drawnUnder) []known {
	loans := slices.Clone(f.loans)
	for i := range loans {
		d := of[loans[i].subject]
		if loans[i].contract = d.contract; d.voucher != "" { // facts of leases have the number of the contract
			loans[i].number, loans[i].key = d.voucher, content.Fold(d.voucher)
		}
	}
	return loans
}

// gather reads the loans of all firms from facts.
func (s *Store) gather(ctx context.Context, seq int64) (*books, error) {
	view, err := s.Frames.For(ctx, access.SystemScope(), seq)
	if err != nil {
		return nil, fmt.Errorf("gather loans: %w", err)
	}
	out := &books{}
	for e := range view.Enterprises() {
		f := firmLoans{firm: e.ID}
		for _, k := range Kinds() {
			for _, id := range view.Children(e.ID, string(k)) {
				f.loans = append(f.loans, k.knownOf(s.Set, view, id))
			}
		}
		if len(f.loans) > 0 {
			out.firms = append(out.firms, f)
		}
	}
	return out, nil
}

// knownOf is a loan or a lease as facts tell it: what counts of it beside its drawdowns, or all that was stated where that is nothing.
func (k Kind) knownOf(set *Set, view fact.View, id int64) known {
	always, t := period.Period{}, k.tells()
	l := known{kind: k, subject: id, ppm: -1, by: set.lender(view.Value(id, t.bank, always).Value.Text)}
	l.under = content.Fold(view.Value(id, t.under, always).Value.Text)
	principal := view.Value(id, t.principal, always)
	l.twice = principal.Paired != nil && principal.State == fact.None
	l.gone = principal.State == fact.None && !l.twice
	read := func(def string, p period.Period) fact.Cell {
		c := view.Value(id, def, p)
		if l.twice {
			return c.AsStated()
		}
		return c
	}
	if c := read(t.contract, always); c.Known {
		l.number = c.Value.Text
	} else if sub, ok := view.Subject(id); ok {
		l.number = sub.Key
	}
	l.key = content.Fold(l.number)
	if c := read(t.rate, always); c.Known {
		l.ppm = c.Value.Num
	}
	principal, drawn := read(t.principal, always), read(t.drawnOn, always)
	if t.begun != "" && !drawn.Known {
		drawn = read(t.begun, always)
	}
	l.sized, l.clear = principal.Known, principal.Known && drawn.Known
	l.principal, l.drawn = money.Fen(principal.Value.Num), period.Day(drawn.Value.Num)
	if c := read(t.repaidOn, always); c.Known {
		l.repaid = period.Day(c.Value.Num)
	}
	for _, m := range view.Periods(id, t.balance) {
		if c := read(t.balance, m); c.Known {
			_, end, _ := m.Span()
			l.balances = append(l.balances, balanceAt{end, money.Fen(c.Value.Num)})
		}
	}
	return l
}

// lenderOf is the bank with a code, also of one that has left.
func (s *Set) lenderOf(code string) Lender {
	if b, err := s.Bank(code); err == nil {
		return Lender{b.Code, b.Name, b.Invented}
	}
	return s.lender(code)
}

// lender is the bank that a text names: one that takes part, or else whoever it is.
func (s *Set) lender(name string) Lender {
	key := content.Fold(name)
	for _, b := range s.Banks() {
		if key != "" && (key == content.Fold(b.Name.ZH) || key == content.Fold(b.Name.EN)) {
			return Lender{b.Code, b.Name, b.Invented}
		}
	}
	return Lender{Key: key, Name: i18n.Text{ZH: name, EN: name}}
}
