package credit

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// pairing has loans and leases of sheets count as far as drawdowns do not tell them. What is drawn under a contract says so itself (loan.under);
// what a sheet tells under the number of a contract of the same firm, and of the same bank or of none, is the same money.
func (s *Store) pairing(k Kind) fact.Pairing {
	return fact.Pairing{Kind: string(k), Marks: k.tells().under, Names: k.tells().names, Of: func(view fact.View, subjects []int64) []fact.Left {
		p := pairing{kind: k, view: view, used: map[figure]money.Fen{}}
		var sheets []known
		for _, id := range subjects {
			switch l := k.knownOf(s.Set, view, id); {
			case l.gone:
			case l.under != "":
				p.drawn = append(p.drawn, l)
			default:
				sheets = append(sheets, l)
			}
		}
		slices.SortFunc(sheets, byClaim)
		for _, l := range sheets {
			p.pair(l)
		}
		return p.left
	}}
}

// byClaim orders loans of sheets by who is paired first: those of a known amount, of these those that name their bank, as what is drawn from
// it can be no other's.
func byClaim(a, b known) int {
	last := func(is bool) int {
		if is {
			return 1
		}
		return 0
	}
	return cmp.Or(last(!a.sized)-last(!b.sized), last(a.by.Key == "")-last(b.by.Key == ""), cmp.Compare(a.subject, b.subject))
}

// figure is an amount that is told of a drawdown in a period.
type figure struct {
	subject int64
	def     string
	period  period.Period
}

// pairing is a pairing of one firm's loans in the making.
type pairing struct {
	kind  Kind
	view  fact.View
	drawn []known
	used  map[figure]money.Fen // of what drawdowns tell, by loans of sheets that are paired already
	left  []fact.Left
}

// pair pairs a loan of a sheet with what was drawn under its contract. Each figure of each period is paired by itself, and nothing that is
// told of a drawdown is left out twice. A loan of which all principal was drawn, or of which nobody says how much it is, is none besides its
// drawdowns.
func (p *pairing) pair(l known) {
	t := p.kind.tells()
	drawn := slices.DeleteFunc(slices.Clone(p.drawn), func(d known) bool {
		return d.under != l.key || l.by.Key != "" && l.by.Key != d.by.Key
	})
	if l.key == "" || len(drawn) == 0 {
		return
	}
	var always period.Period
	principal := func(d known) money.Fen { return d.principal }
	for _, def := range t.sums {
		for _, at := range p.view.Periods(l.subject, def) {
			if c := p.view.Value(l.subject, def, at); c.Known {
				rest, by := p.take(drawn, def, at, money.Fen(c.Value.Num), func(d known) money.Fen { return p.told(d, def, at) })
				p.leave(l, def, at, rest, by)
			}
		}
	}
	amount := l.principal
	if !l.sized {
		amount = math.MaxInt64
	}
	rest, by := p.take(drawn, t.principal, always, amount, principal)
	switch {
	case len(by) == 0:
		return
	case l.sized && rest > 0:
		p.leave(l, t.principal, always, rest, by)
	default:
		p.left = append(p.left, fact.Left{Subject: l.subject, Def: t.principal, State: fact.None, By: by})
		for _, def := range t.terms {
			if p.view.Value(l.subject, def, always).Known {
				p.left = append(p.left, fact.Left{Subject: l.subject, Def: def, State: fact.None, By: by})
			}
		}
	}
	for _, b := range l.balances {
		at := monthOf(b.end)
		owed, of := p.take(drawn, t.balance, at, b.fen, func(d known) money.Fen { return d.outstanding(b.end) })
		switch {
		case !l.sized || rest == 0:
			p.left = append(p.left, fact.Left{Subject: l.subject, Def: t.balance, Period: at, State: fact.None, By: by})
		case len(of) > 0:
			p.left = append(p.left, fact.Left{Subject: l.subject, Def: t.balance, Period: at, State: fact.Present, Value: fact.Value{Num: int64(owed)}, By: of})
		}
	}
}

// told is a figure of a drawdown, 0 where it is not known.
func (p *pairing) told(d known, def string, at period.Period) money.Fen {
	c := p.view.Value(d.subject, def, at)
	if !c.Known {
		return 0
	}
	return money.Fen(c.Value.Num)
}

// take takes from a figure what drawdowns tell of it and no other loan has taken, and gives what is left of it and which they are.
func (p *pairing) take(drawn []known, def string, at period.Period, of money.Fen, told func(known) money.Fen) (rest money.Fen, by []int64) {
	for _, d := range drawn {
		f := figure{d.subject, def, at}
		if n := min(told(d)-p.used[f], of); n > 0 {
			p.used[f] += n
			of, by = of-n, append(by, d.subject)
		}
	}
	return of, by
}

// leave keeps what is left of a figure that drawdowns tell in part; none is left where they tell it whole.
func (p *pairing) leave(l known, def string, at period.Period, rest money.Fen, by []int64) {
	if len(by) == 0 {
		return
	}
	x := fact.Left{Subject: l.subject, Def: def, Period: at, State: fact.None, By: by}
	if rest > 0 {
		x.State, x.Value.Num = fact.Present, int64(rest)
	}
	p.left = append(p.left, x)
}

// sheets are the loans of a firm that a sheet tells under a contract, of which another part counts once facts are stated of what was drawn
// under it.
func (s *Store) sheets(view fact.View, k Kind, firm int64, bank, number string, stated []fact.Statement) (loans []int64) {
	t := k.tells()
	for _, id := range view.Children(firm, string(k)) {
		l := k.knownOf(s.Set, view, id)
		if number == "" || l.gone || l.under != "" || l.key != content.Fold(number) || l.by.Key != "" && l.by.Key != bank {
			continue
		}
		if slices.ContainsFunc(stated, func(f fact.Statement) bool {
			told := f.Def == t.principal || (f.Def == t.balance || slices.Contains(t.sums, f.Def)) && view.Value(id, f.Def, f.Period).AsStated().Known
			return told && f.Subject != id
		}) {
			loans = append(loans, id)
		}
	}
	return loans
}

// redrawn is why approvals that stand on what a sheet tells of a contract are looked at again.
func (k Kind) redrawn(number string) string {
	t := k.tells()
	return "合同 " + number + " 项下的" + t.drawdown + "由" + t.lender + "登记或更正，按合同号登记的数据只计其余部分"
}

// contractsDrawn are drawdowns, and loans that became known by a bank's list, with the number of their contract.
const contractsDrawn = `SELECT d.subject, d.bank, c.number FROM credit_drawdown d JOIN credit_contract c ON c.case_id = d.case_id
UNION SELECT s.made, k.bank, l.contract FROM credit_settlement s JOIN credit_list_line l ON l.list_id = s.list_id AND l.n = s.n
JOIN credit_list k ON k.id = l.list_id WHERE s.made <> 0 AND l.contract <> '' ORDER BY 1, 2, 3`

// StateContracts states of drawdowns under which contract they were drawn, where they became known before facts said so. A product that
// starts over an older database does so before anybody reads.
func (s *Store) StateContracts(ctx context.Context) error {
	if all, err := s.unstated(ctx); err != nil || len(all) == 0 {
		return err
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "credit contracts"); err != nil { // another process may start as well
			return err
		}
		all, err := s.unstated(ctx)
		if err != nil {
			return err
		}
		for _, bank := range slices.Sorted(maps.Keys(all)) {
			name := s.Set.lenderOf(bank).Name.ZH
			src, err := s.Sources.Say(ctx, tx, source.Source{Kind: source.Entry, Authority: bankAuthority, Name: name, Note: "提款所属合同号"})
			if err != nil {
				return err
			}
			if err := s.Facts.Say(ctx, tx, src.ID, all[bank]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("state contracts of drawdowns: %w", err)
	}
	return s.Frames.Refresh(ctx)
}

// unstated is what is to be stated of the contracts of drawdowns, by bank.
func (s *Store) unstated(ctx context.Context) (map[string][]fact.Statement, error) {
	if err := s.Frames.Refresh(ctx); err != nil {
		return nil, err
	}
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	type row struct {
		subject      int64
		bank, number string
	}
	rows, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (x row, err error) { return x, r.Scan(&x.subject, &x.bank, &x.number) }, contractsDrawn)
	if err != nil {
		return nil, fmt.Errorf("read contracts of drawdowns: %w", err)
	}
	all := map[string][]fact.Statement{}
	for _, x := range rows {
		sub, ok := view.Subject(x.subject)
		if !ok {
			continue
		}
		if def := Kind(sub.Kind).tells().under; view.Value(x.subject, def, period.Period{}).State == fact.Unknown {
			all[x.bank] = append(all[x.bank], Drawdown{Subject: x.subject}.text(def, x.number))
		}
	}
	return all, nil
}
