package credit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// sheeted is a loan as a sheet tells it under the number of its contract; the amount is in 万元.
func sheeted(bank, number string, amount int64, besides ...fact.Statement) []fact.Statement {
	all := []fact.Statement{
		{Def: "loan.contract", Value: fact.Value{Text: number}},
		{Def: "loan.principal", Value: fact.Value{Num: amount * int64(wan)}},
		{Def: "loan.drawn_on", Value: fact.Value{Num: int64(period.Date(2024, 10, 25))}},
		{Def: "loan.for_digital", Value: fact.Value{Num: 1}},
	}
	if bank != "" {
		all = append(all, fact.Statement{Def: "loan.bank", Value: fact.Value{Text: bank}})
	}
	return append(all, besides...)
}

// loanUnder is the loan of a firm under a key, such as the voucher of a drawdown.
func (w *world) loanUnder(firm int64, key string) int64 {
	w.t.Helper()
	view := w.system()
	for _, id := range view.Children(firm, content.Loan) {
		if s, _ := view.Subject(id); content.Fold(s.Key) == content.Fold(key) {
			return id
		}
	}
	w.t.Fatalf("no loan %s", key)
	return 0
}

func (w *world) system() fact.View {
	w.t.Helper()
	view, err := w.Frames.For(w.t.Context(), access.SystemScope(), 0)
	must(w.t, err)
	return view
}

// subsidy is what the clause on interest pays a firm for the loans of 2024, at 1 %.
func (w *world) subsidy(firm int64) (sum money.Fen) {
	w.t.Helper()
	for _, l := range w.decided(firm, "none").Lines {
		if l.Clause == "c8" && l.Year == 2024 {
			sum += l.Own.Sure
		}
	}
	return sum
}

// undoesSheet takes a sheet back.
func (w *world) undoesSheet(src int64) {
	w.t.Helper()
	_, err := w.sources.Retract(w.t.Context(), access.SystemScope(), src, "重复导入")
	must(w.t, err)
	must(w.t, w.Frames.Refresh(w.t.Context()))
}

// Of a loan that a sheet tells under the number of its contract counts what drawdowns do not tell, figure by figure; it counts once for the
// clause on interest as it does in the overview, and whoever reads it reads why.
func TestLoanOfASheetCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bank, firm := w.bank("demo_a"), w.firms[0]
		id := w.signed(0, "demo_a_equipment", "demo_a", "H-1")
		october, year := period.OfMonth(2024, 10), period.OfYear(2024)
		src := w.imported(firm, map[string][]fact.Statement{"H-1": sheeted("演示银行 A", "Ｈ-1", 450,
			fact.Statement{Def: "loan.balance", Period: october, Value: fact.Value{Num: 400 * int64(wan)}},
			fact.Statement{Def: "loan.interest_paid", Period: year, Value: fact.Value{Num: 12 * int64(wan)}},
		)})
		sheet := w.loanUnder(firm, "H-1")
		before := w.system().Seq()
		// −1 stands for none; the sum is what the clause pays at 1 %.
		stands := func(what string, principal, balance, interest int64, paid money.Fen, twice int) {
			t.Helper()
			view := w.system()
			for def, x := range map[string]struct {
				p    period.Period
				want int64
			}{"loan.principal": {period.Period{}, principal}, "loan.balance": {october, balance}, "loan.interest_paid": {year, interest}} {
				got := view.Value(sheet, def, x.p)
				if want := (x.want >= 0); got.Known != want || want && got.Value.Num != x.want*int64(wan) || !want && got.State != fact.None {
					t.Errorf("%s: %s is %+v, want %d", what, def, got, x.want)
				}
			}
			for _, def := range []string{"loan.drawn_on", "loan.for_digital"} {
				if got := view.Value(sheet, def, period.Period{}); got.Known != (principal >= 0) {
					t.Errorf("%s: %s is %+v", what, def, got)
				}
			}
			if got := w.subsidy(firm); got != paid*100 {
				t.Errorf("%s: the clause pays %s, want %s", what, got, paid*100)
			}
			o, err := w.Overview(t.Context(), city, Asking{Month: october})
			must(t, err)
			if o.Twice != twice {
				t.Errorf("%s: %d twice", what, o.Twice)
			}
		}
		stands("told by the sheet", 450, 400, 12, 45000, 0)
		w.must(bank, id, "draw", drawdown("J-1", 200))
		stands("in part", 250, 200, 12, 45000, 0)
		lines, err := w.system().Timeline(t.Context(), sheet)
		must(t, err)
		for _, l := range lines {
			if l.Def.Code != "loan.principal" {
				continue
			}
			if why := l.Why.String(); l.Stated[0].Value.Num != 450*int64(wan) || !strings.Contains(why, "J-1") || !strings.Contains(why, "2\u202f500\u202f000") {
				t.Errorf("the time line says %q of %+v", why, l.Stated[0])
			}
		}
		w.must(bank, id, "repay", repayment("J-1", 50, 5, "2024-10-30"))
		stands("repaid", 250, 250, 7, 45000, 0)
		w.must(bank, id, "draw", drawdown("J-2", 250))
		stands("whole", -1, -1, 7, 45000, 1)
		w.must(bank, id, "draw", drawdown("J-3", 50))
		stands("more than the sheet has", -1, -1, 7, 50000, 1)
		must(t, w.corrects(bank, id, "undo", map[string]any{"voucher": "J-3"}))
		must(t, w.corrects(bank, id, "redraw", drawdown("J-2", 150)))
		stands("corrected", 100, 100, 7, 45000, 0)
		must(t, w.corrects(bank, id, "undo", map[string]any{"voucher": "J-2"}))
		stands("taken back", 250, 250, 7, 45000, 0)
		unsized := w.imported(firm, map[string][]fact.Statement{"H-1 未写": slices.Delete(sheeted("", "H-1", 0), 1, 2)}) // the amount
		w.undoesSheet(src)
		if got := w.subsidy(firm); got != 20000*100 {
			t.Errorf("of a sheet that does not say how much: %s", got)
		}
		lines, err = w.system().Timeline(t.Context(), w.loanUnder(firm, "H-1 未写"))
		must(t, err)
		at := slices.IndexFunc(lines, func(l fact.Line) bool { return l.Def.Code == "loan.principal" })
		if at < 0 || lines[at].Cell.State != fact.None || len(lines[at].Stated) != 0 || !strings.Contains(lines[at].Why.String(), "J-1") {
			t.Errorf("the time line of what nobody said is %+v", lines)
		}
		w.undoesSheet(unsized)
		if got := w.subsidy(firm); got != 20000*100 {
			t.Errorf("without the sheet: %s", got)
		}
		w.imported(firm, map[string][]fact.Statement{"H-1": sheeted("", "H-1", 450)}) // after what was drawn
		if got := w.subsidy(firm); got != 45000*100 {
			t.Errorf("a sheet that comes late: %s", got)
		}
		w.imported(firm, map[string][]fact.Statement{"H-1 另": sheeted("", "H-1", 100)}) // what was drawn covers no second one
		if got := w.subsidy(firm); got != 55000*100 {
			t.Errorf("two of sheets: %s", got)
		}
		past, err := w.Frames.For(t.Context(), access.SystemScope(), before)
		must(t, err)
		if c := past.Value(sheet, "loan.principal", period.Period{}); c.Value.Num != 450*int64(wan) || c.Paired != nil {
			t.Errorf("as known before anything was drawn: %+v", c)
		}
	})
}

// A lease that a sheet tells counts once whenever the sheet comes, and again in full once its rents are taken back.
func TestLeaseOfALateSheet(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		lessor, id := w.bank("demo_l"), w.signed(0, "demo_l_equipment", "demo_l", "R-1")
		w.must(lessor, id, "draw", drawdown("Y-1", 300))
		w.must(lessor, id, "repay", repayment("Y-1", 28, 2, "2024-10-30"))
		text := func(def, s string) fact.Statement { return fact.Statement{Def: def, Value: fact.Value{Text: s}} }
		sheet := w.lease(w.firms[0], "R-1", "bureau", costs(2023, 40), costs(2024, 35), text("lease.contract", "R-1"))
		w.costsAre("after the rent", sheet, map[int]int64{2023: 40, 2024: 5})
		w.must(lessor, id, "repay", repayment("Y-1", 10, 0, "2024-10-30"))
		w.costsAre("a further rent", sheet, map[int]int64{2023: 40, 2024: -1})
		must(t, w.corrects(lessor, id, "undo", map[string]any{"voucher": "Y-1", "n": 2}))
		must(t, w.corrects(lessor, id, "undo", map[string]any{"voucher": "Y-1", "n": 1}))
		w.costsAre("rents taken back", sheet, map[int]int64{2023: 40, 2024: 35})
	})
}

// What clauses read of the loans of a firm comes to what the overview shows, and to what a plain reckoning of the sheets that stand and of the
// drawdowns says, whatever was imported, drawn, corrected and undone in whichever order; a frame built anew says the same.
func TestClausesReadWhatOverviewsShow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for seed := range uint64(12) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) { w.randomLoans(t, rand.New(rand.NewPCG(seed, 7))) })
		}
	})
}

func (w *world) randomLoans(t *testing.T, r *rand.Rand) {
	ctx := t.Context()
	i := len(w.firms)
	w.firms = append(w.firms, w.newFirm(fmt.Sprintf("丙机械 %d", i), tinghu))
	firm, number := w.firms[i], fmt.Sprintf("H-%d", i) // two banks have a contract of that number
	ids := [2]int64{w.signed(i, "demo_a_equipment", "demo_a", number), w.signed(i, "demo_b_factory", "demo_b", number)}
	banks := [2]access.Scope{w.bank("demo_a"), w.bank("demo_b")}
	type sheet struct {
		src, amount int64
		bank        string
	}
	var (
		sheets []sheet
		drawn  [2]map[string]int64
		did    []string
	)
	for b := range drawn {
		drawn[b] = map[string]int64{}
	}
	voucher := func(b int) (string, bool) {
		var all []string
		for v, n := range drawn[b] {
			if n > 0 {
				all = append(all, v)
			}
		}
		if slices.Sort(all); len(all) == 0 {
			return "", false
		}
		return all[r.IntN(len(all))], true
	}
	sum := func(b int) (n int64) {
		for _, x := range drawn[b] {
			n += x
		}
		return n
	}
	for step := range 10 {
		b := r.IntN(2)
		switch v, one := voucher(b); r.IntN(5) {
		case 0, 1:
			x := sheet{amount: r.Int64N(300) + 1, bank: []string{"", "演示银行 A", "演示银行 B"}[r.IntN(3)]}
			x.src = w.imported(firm, map[string][]fact.Statement{fmt.Sprintf("%s %d", number, step): sheeted(x.bank, number, x.amount)})
			sheets = append(sheets, x)
			did = append(did, fmt.Sprintf("import %+v", x))
		case 2:
			if n := min(r.Int64N(250)+1, 500-sum(b)); n > 0 {
				v := fmt.Sprintf("J-%d-%d", i, step)
				w.must(banks[b], ids[b], "draw", drawdown(v, int(n)))
				drawn[b][v] = n
				did = append(did, fmt.Sprintf("draw %s %d", v, n))
			}
		case 3:
			if !one {
				continue
			}
			if n := min(r.Int64N(250)+1, 500-sum(b)+drawn[b][v]); r.IntN(2) == 0 {
				must(t, w.corrects(banks[b], ids[b], "redraw", drawdown(v, int(n))))
				drawn[b][v] = n
			} else {
				must(t, w.corrects(banks[b], ids[b], "undo", map[string]any{"voucher": v}))
				drawn[b][v] = 0
			}
			did = append(did, fmt.Sprintf("correct %s %d", v, drawn[b][v]))
		default:
			if len(sheets) > 0 {
				k := r.IntN(len(sheets))
				w.undoesSheet(sheets[k].src)
				did = append(did, fmt.Sprintf("undo %+v", sheets[k]))
				sheets = slices.Delete(sheets, k, k+1)
			}
		}
		told := map[string]int64{}
		for _, x := range sheets {
			told[x.bank] += x.amount
		}
		all, rest := sum(0)+sum(1), int64(0) // rest is what was drawn that no sheet of its bank tells
		for b, name := range []string{"演示银行 A", "演示银行 B"} {
			all += max(told[name]-sum(b), 0)
			rest += max(sum(b)-told[name], 0)
		}
		want := money.Fen(all+max(told[""]-rest, 0)) * wan
		o, err := w.Overview(ctx, city, Asking{Month: period.OfMonth(2024, 10)})
		must(t, err)
		shown := money.Fen(0)
		for _, f := range o.Firms {
			if f.Firm == firm {
				shown += f.Balance
			}
		}
		anew, err := fact.Open(ctx, w.facts, w.Parties, w.Clock)
		must(t, err)
		for _, k := range Kinds() {
			anew.Pair(w.pairing(k))
		}
		fresh, err := anew.For(ctx, access.SystemScope(), 0)
		must(t, err)
		got := map[string]money.Fen{"overview": shown, "clauses": w.readByClauses(w.system(), firm), "anew": w.readByClauses(fresh, firm)}
		if diff := cmp.Diff(map[string]money.Fen{"overview": want, "clauses": want, "anew": want}, got); diff != "" {
			t.Fatalf("after %s (-want +got):\n%s", strings.Join(did, "; "), diff)
		}
	}
}

// readByClauses is the principal of all loans of a firm as clauses read it.
func (w *world) readByClauses(view fact.View, firm int64) (sum money.Fen) {
	w.t.Helper()
	s, ok := w.Subjects.Subject(view, firm)
	def, defined := w.Library.FactDef("loan.principal")
	if !ok || !defined {
		w.t.Fatalf("no firm %d", firm)
	}
	for _, l := range s.Children(content.Loan) {
		switch v, state := l.Fact(def, period.Period{}, w.Clock.Today()); state {
		case rule.Present:
			sum += v.Fen()
		case rule.Unknown:
			w.t.Errorf("the principal of loan %s is not known", l.Name())
		}
	}
	return sum
}

// An approval that stands on what a sheet tells of a loan is looked at again once the bank enters what was drawn, and what it froze stays.
func TestApprovalOnASheetIsLookedAtAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id, other := w.signed(0, "demo_a_equipment", "demo_a", "H-1"), w.asks(0, "demo_b_factory")
		w.imported(w.firms[0], map[string][]fact.Statement{"H-1": sheeted("", "H-1", 450), "H-2": sheeted("", "H-2", 10)})
		freeze := func(loan int64) {
			events, err := w.cases.Track(ctx, access.SystemScope(), other)
			must(t, err)
			must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO case_frozen_fact (event_id, n, case_id, subject, def, period, state, num, text, source) VALUES ($1, 1, $2, $3, 'loan.principal', '', $4, $5, '', 1)`,
					events[0].ID, other, loan, int64(fact.Present), 450*int64(wan))
				return err
			}))
		}
		looks := func() (n int) {
			tasks, err := w.cases.TasksOf(ctx, access.SystemScope(), other)
			must(t, err)
			for _, task := range tasks {
				if task.Kind == casework.Look {
					n++
				}
			}
			return n
		}
		freeze(w.loanUnder(w.firms[0], "H-1"))
		frozen, err := w.cases.Frozen(ctx, access.SystemScope(), other)
		must(t, err)
		w.must(w.bank("demo_a"), id, "draw", drawdown("J-1", 200))
		if looks() != 1 {
			t.Errorf("%d tasks to look again", looks())
		}
		after, err := w.cases.Frozen(ctx, access.SystemScope(), other)
		must(t, err)
		if !slices.Equal(frozen, after) || len(after) != 1 {
			t.Errorf("what was frozen is %+v, was %+v", after, frozen)
		}
	})
}

// A database whose drawdowns became known before facts said under which contract is told so once.
func TestContractsAreStatedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.must(w.bank("demo_a"), w.signed(0, "demo_a_equipment", "demo_a", "H-1"), "draw", drawdown("J-1", 200))
		w.must(w.bank("demo_l"), w.signed(0, "demo_l_equipment", "demo_l", "R-1"), "draw", drawdown("Y-1", 100))
		w.imported(w.firms[0], map[string][]fact.Statement{"H-1": sheeted("", "H-1", 450)})
		must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error { // as an older version left it
			_, err := tx.Exec(ctx, `DELETE FROM fact WHERE column_id IN (SELECT id FROM fact_column WHERE def IN ('loan.under', 'lease.under'))`)
			return err
		}))
		anew, err := fact.Open(ctx, w.facts, w.Parties, w.Clock)
		must(t, err)
		d := w.Deps
		d.Frames, d.Sources = anew, source.New(w.DB, w.Clock)
		s := Open(d)
		read := func() money.Fen {
			view, err := anew.For(ctx, access.SystemScope(), 0)
			must(t, err)
			return w.readByClauses(view, w.firms[0])
		}
		if got := read(); got != 650*wan {
			t.Errorf("before: %d", got)
		}
		must(t, s.StateContracts(ctx))
		view, err := anew.For(ctx, access.SystemScope(), 0)
		must(t, err)
		if got := read(); got != 450*wan {
			t.Errorf("stated: %d", got)
		}
		leases := view.Children(w.firms[0], content.Lease)
		if len(leases) != 1 || view.Value(leases[0], "lease.under", period.Period{}).Value.Text != "R-1" {
			t.Errorf("leases %v", leases)
		}
		must(t, s.StateContracts(ctx))
		if again, err := anew.For(ctx, access.SystemScope(), 0); err != nil || again.Seq() != view.Seq() {
			t.Errorf("stated twice: commit %d, was %d, %v", again.Seq(), view.Seq(), err)
		}
	})
}
