package credit

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

func TestOutstandingAsStated(t *testing.T) {
	day := func(month, d int) period.Day { return period.Date(2024, month, d) }
	repaid := stated{principal: 100, drawn: day(2, 10), repaid: day(6, 5)}
	monthly := stated{principal: 100, drawn: day(2, 10), balances: []balanceAt{{day(3, 31), 80}, {day(5, 31), 30}}}
	for name, tc := range map[string]struct {
		loan stated
		on   period.Day
		want money.Fen
	}{
		"before it was drawn":       {repaid, day(2, 9), 0},
		"on its day":                {repaid, day(2, 10), 100},
		"the day before repaid":     {repaid, day(6, 4), 100},
		"on the day it was repaid":  {repaid, day(6, 5), 0},
		"before the first balance":  {monthly, day(2, 29), 100},
		"month of a balance":        {monthly, day(3, 31), 80},
		"within a month of balance": {monthly, day(3, 12), 80},
		"a month nobody said":       {monthly, day(4, 30), 80},
		"long after":                {monthly, day(12, 31), 30},
	} {
		if got := tc.loan.outstanding(tc.on); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}

// What a drawdown and its repayments state as facts says at the end of each month what they come to themselves.
func TestFactsOfADrawdownGiveItsBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(Kinds()).Draw(t, "kind")
		d := Drawdown{Kind: k, Terms: Terms{Principal: money.Fen(rapid.Int64Range(1, 1_000_000).Draw(t, "principal")), DrawnOn: period.Date(2024, 1, rapid.IntRange(1, 31).Draw(t, "drawn"))}}
		said := map[period.Period]fact.Statement{}
		l := stated{principal: d.Principal, drawn: d.DrawnOn}
		take := func(all []fact.Statement) {
			for _, x := range all {
				switch x.Def {
				case k.tells().balance:
					said[x.Period] = x
				case k.tells().repaidOn:
					l.repaid = period.Day(x.Value.Num)
				}
			}
		}
		take(d.begins("", "", Use{}))
		for range rapid.IntRange(0, 8).Draw(t, "repayments") {
			if d.Left() == 0 {
				break
			}
			r := Repayment{Paid: Paid{
				PaidOn:    d.DrawnOn + period.Day(rapid.IntRange(0, 400).Draw(t, "after")),
				Principal: money.Fen(rapid.Int64Range(1, int64(d.Left())).Draw(t, "of the principal")),
			}}
			d = d.with(r)
			take(d.repays(r.PaidOn))
		}
		for m, x := range said {
			_, end, _ := m.Span()
			l.balances = append(l.balances, balanceAt{end, money.Fen(x.Value.Num)})
		}
		slices.SortFunc(l.balances, func(a, b balanceAt) int { return int(a.end - b.end) })
		for month := range 20 {
			_, end, _ := period.OfMonth(2023+(month+11)/12, (month+11)%12+1).Span()
			if got, want := l.outstanding(end), d.Outstanding(end); got != want {
				t.Fatalf("%s: %d, want %d of %+v, facts %+v", end, got, want, d, l)
			}
		}
	})
}

// imported states loans of a firm as a sheet does.
func (w *world) imported(firm int64, loans map[string][]fact.Statement) (src int64) {
	w.t.Helper()
	src, err := w.sources.Begin(w.t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: "finance", Name: "贷款", Area: dafeng})
	must(w.t, err)
	for _, key := range slices.Sorted(maps.Keys(loans)) {
		facts := loans[key]
		must(w.t, w.DB.Write(w.t.Context(), func(ctx context.Context, tx *store.Tx) error {
			ids, err := w.Parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Loan, Parent: firm, Key: key}})
			if err != nil {
				return err
			}
			for i := range facts {
				facts[i].Subject, facts[i].State, facts[i].Place, facts[i].Shown = ids[0], fact.Present, "a", "x"
			}
			return nil
		}))
		must(w.t, w.facts.Append(w.t.Context(), src, facts))
	}
	_, err = w.sources.Publish(w.t.Context(), src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(w.t.Context()))
	return src
}

// The overview counts what banks entered and what came in sheets, to the fen, by bank, county and month; nobody sees beyond the own
// area.
func TestOverview(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, bank := t.Context(), w.bank("demo_a")
		id := w.asks(0, "demo_a_equipment")
		w.must(w.firm(0), id, "submit", application(600, 36))
		w.must(bank, id, "offer", offer(550))
		w.must(w.firm(0), id, "accept", nil)
		w.must(bank, id, "sign", contract("H-1", 550))
		w.must(bank, id, "draw", drawdown("J-1", 300))
		w.must(bank, id, "repay", repayment("J-1", 100, 0.5, "2024-10-31"))
		yuan := func(def string, n int64) fact.Statement {
			return fact.Statement{Def: def, Value: fact.Value{Num: n * 100}}
		}
		on := func(def string, d period.Day) fact.Statement {
			return fact.Statement{Def: def, Value: fact.Value{Num: int64(d)}}
		}
		of := func(name string) fact.Statement {
			return fact.Statement{Def: "loan.bank", Value: fact.Value{Text: name}}
		}
		w.imported(w.firms[1], map[string][]fact.Statement{
			"L1": {of("演示农商行"), yuan("loan.principal", 1_000_000), on("loan.drawn_on", period.Date(2024, 8, 15))},
			"L2": {of("演示银行 a"), yuan("loan.principal", 500_000), on("loan.drawn_on", period.Date(2023, 12, 1)), on("loan.repaid_on", period.Date(2024, 9, 30))},
			"L3": {of("演示农商行"), yuan("loan.principal", 700_000)},
		})
		must(t, w.Frames.Refresh(ctx))

		october, err := w.Month("")
		must(t, err)
		o, err := w.Overview(ctx, city, Asking{Month: october})
		must(t, err)
		a, other := w.Banks()[0], Lender{Key: content.Fold("演示农商行"), Name: i18n.Text{ZH: "演示农商行", EN: "演示农商行"}}
		mine := Sums{Firms: 1, Contracts: 1, Line: 550_0000_00, Loans: 1, Drawn: 300_0000_00, Balance: 200_0000_00}
		theirs := Sums{Firms: 1, Loans: 1, Balance: 100_0000_00}
		lenderA := Lender{a.Code, a.Name, true}
		if diff := cmp.Diff([]Share{{lenderA, tinghu, mine}, {other, dafeng, theirs}}, o.Shares); diff != "" {
			t.Errorf("shares (-want +got):\n%s", diff)
		}
		if want := (Sums{Firms: 2, Contracts: 1, Line: 550_0000_00, Loans: 2, Drawn: 300_0000_00, Balance: 300_0000_00}); o.Sum != want || o.Unclear != 1 {
			t.Errorf("sum %+v, want %+v; unclear %d", o.Sum, want, o.Unclear)
		}
		if len(o.Firms) != 2 || o.Firms[0].Firm != w.firms[0] || !slices.Equal(o.Firms[0].Cases, []int64{id}) || o.Firms[1].Name != "乙机械" {
			t.Errorf("firms %+v", o.Firms)
		}
		got := map[string]money.Fen{}
		for _, m := range o.Months {
			got[m.Month.String()] = m.Balance
		}
		for month, want := range map[string]money.Fen{"2023-11": 0, "2023-12": 50_0000_00, "2024-07": 50_0000_00, "2024-08": 150_0000_00, "2024-09": 100_0000_00, "2024-10": 300_0000_00} {
			if got[month] != want {
				t.Errorf("%s: %d, want %d", month, got[month], want)
			}
		}
		if len(o.Months) != overviewMonths || o.Months[10].Contracts != 0 {
			t.Errorf("months %+v", o.Months)
		}

		for name, tc := range map[string]struct {
			scope access.Scope
			q     Asking
			want  []int64
		}{
			"one bank":                 {city, Asking{Month: october, Bank: "demo_a"}, w.firms[:1]},
			"one bank of a sheet":      {city, Asking{Month: october, Bank: other.Key}, w.firms[1:]},
			"a bank that there is not": {city, Asking{Month: october, Bank: "nonsense"}, nil},
			"one county":               {city, Asking{Month: october, Area: dafeng}, w.firms[1:]},
			"own county":               {county, Asking{Month: october}, w.firms[:1]},
			"foreign county":           {county, Asking{Month: october, Area: dafeng}, nil},
			"auditor":                  {auditor, Asking{Month: october}, w.firms},
			"bank":                     {bank, Asking{Month: october}, nil},
			"in august":                {city, Asking{Month: period.OfMonth(2024, 8)}, w.firms[1:]},
		} {
			o, err := w.Overview(ctx, tc.scope, tc.q)
			must(t, err)
			var firms []int64
			for _, f := range o.Firms {
				if !slices.Contains(firms, f.Firm) {
					firms = append(firms, f.Firm)
				}
			}
			slices.Sort(firms)
			var sum Sums
			for _, x := range o.Shares {
				must(t, sum.add(x.Sums))
			}
			if !slices.Equal(firms, tc.want) || sum.Balance != o.Sum.Balance || sum.Line != o.Sum.Line || sum.Drawn != o.Sum.Drawn {
				t.Errorf("%s: firms %v, want %v; shares %+v, sum %+v", name, firms, tc.want, sum, o.Sum)
			}
		}
		_, err = w.Overview(ctx, city, Asking{Month: october, Area: "nonsense"})
		refused(t, err, errs.KindNotFound, "an area that there is not")
		for _, text := range []string{"2024", "2024-13", "2024-11", "next"} {
			_, err := w.Month(text)
			refused(t, err, errs.KindInvalid, text)
		}
	})
}

// A sheet that names a loan by the number of its contract, of which the bank has entered the drawdowns, counts once; so it does where
// nothing was drawn under the contract, or another bank has one of that number. What was drawn covers no second loan.
func TestOverviewCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, bank := t.Context(), w.bank("demo_a")
		id := w.signed(0, "demo_a_equipment", "demo_a", "H-1")
		loan := func(bank, number string) []fact.Statement {
			all := []fact.Statement{
				{Def: "loan.contract", Value: fact.Value{Text: number}},
				{Def: "loan.principal", Value: fact.Value{Num: 300_0000_00}},
				{Def: "loan.drawn_on", Value: fact.Value{Num: int64(period.Date(2024, 10, 25))}},
			}
			if bank != "" {
				all = append(all, fact.Statement{Def: "loan.bank", Value: fact.Value{Text: bank}})
			}
			return all
		}
		w.imported(w.firms[0], map[string][]fact.Statement{"L1": loan("演示银行 A", "Ｈ-1")})
		sum := func() Overview {
			t.Helper()
			o, err := w.Overview(ctx, city, Asking{Month: period.OfMonth(2024, 10)})
			must(t, err)
			return o
		}
		if o := sum(); o.Sum.Balance != 300_0000_00 || o.Twice != 0 {
			t.Errorf("before it is drawn: %+v, twice %d", o.Sum, o.Twice)
		}
		w.must(bank, id, "draw", drawdown("J-1", 300))
		if o := sum(); o.Sum.Balance != 300_0000_00 || o.Sum.Loans != 1 || o.Twice != 1 {
			t.Errorf("once it is drawn: %+v, twice %d", o.Sum, o.Twice)
		}
		w.imported(w.firms[0], map[string][]fact.Statement{"L2": loan("演示银行 B", "H-1"), "L3": loan("", "H-1")})
		if o := sum(); o.Sum.Balance != 900_0000_00 || o.Twice != 1 {
			t.Errorf("of another bank: %+v, twice %d", o.Sum, o.Twice)
		}
	})
}
