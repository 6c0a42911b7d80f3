package credit

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

func TestLeasesFrom(t *testing.T) {
	lib, err := library()
	must(t, err)
	def, ok := lib.FactDef("lease.delivered_on")
	if !ok || def.Min == nil || period.Day(*def.Min) != period.Date(leasesFrom, 1, 1) {
		t.Errorf("lease.delivered_on begins on %v, the code takes %d", def.Min, leasesFrom)
	}
	for _, k := range Kinds() {
		tells := k.tells()
		for _, code := range append(k.Facts(), tells.contract, tells.project, tells.dueOn, tells.rate, tells.paid) {
			if def, ok := lib.FactDef(code); !ok || def.Subject != string(k) {
				t.Errorf("%s is no fact of a %s", code, k)
			}
		}
	}
}

// Rents are due in order, each in its interval, and come to the same by year as in all.
func TestScheduleAddsUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := Schedule{
			N: rapid.Int64Range(0, 60).Draw(r, "n"), Every: rapid.Int64Range(1, 12).Draw(r, "every"), First: period.Date(2024, 1, 1) + period.Day(rapid.IntRange(0, 800).Draw(r, "first")),
			Each: money.Fen(rapid.Int64Range(1, 1_0000_0000).Draw(r, "each")), Last: money.Fen(rapid.Int64Range(1, 1_0000_0000).Draw(r, "last")),
		}
		due := s.Due()
		if int64(len(due)) != s.N {
			r.Fatalf("%d rents", len(due))
		}
		var sum, years money.Fen
		_, _, day := s.First.YMD()
		for i, x := range due {
			sum += x.Fen
			y, m, d := x.On.YMD()
			first, month, _ := s.First.YMD()
			if int64(12*(y-first)+m-month) != int64(i)*s.Every || d != day && (d > day || x.On != lastOf(x.On)) {
				r.Fatalf("rent %d of %+v is due on %s", i, s, x.On)
			}
		}
		for _, x := range s.byYear() {
			years += x
		}
		if want := max(s.N-1, 0)*int64(s.Each) + min(s.N, 1)*int64(s.Last); int64(sum) != want || years != sum {
			r.Fatalf("they come to %d, by year %d, want %d", sum, years, want)
		}
	})
}

// A firm is told whether it could lease what it names; what it does not name is not known, and misses no fact.
func TestAskLease(t *testing.T) {
	p, err := products(t).Product("demo_l_equipment")
	must(t, err)
	if !p.Names() || p.Kind != Lease || p.By.Gives() != Lease {
		t.Errorf("%s is no lease that goes by equipment", p.Product)
	}
	firm := facts{"ent.above_scale": rule.Bool(true), "ent.blacklisted": rule.Bool(false), "ent.revenue": rule.Money(1_0000_0000_00)}
	robot := func(wans money.Fen, age int64) Equipment {
		return Equipment{Named: true, Kind: "robot", Price: wans * wan, Age: age}
	}
	other := robot(100, 0)
	other.Kind = "other"
	for name, tc := range map[string]struct {
		of      facts
		what    Equipment
		state   condition.State
		limit   money.Fen // 万元
		unnamed bool
	}{
		"new":            {firm, robot(100, 0), condition.Met, 80, false},
		"by the revenue": {firm, robot(9000, 2), condition.Met, 2000, false},
		"too old":        {firm, robot(100, 3), condition.NotMet, 80, false},
		"of no such use": {firm, other, condition.NotMet, 80, false},
		"too cheap":      {firm, robot(37, 0), condition.NotMet, 0, false},
		"not named":      {firm, Equipment{}, condition.Unknown, 0, true},
		"nothing known":  {facts{}, robot(100, 0), condition.Unknown, 0, false},
	} {
		got, err := p.Ask(tc.of, period.Date(2024, 10, 31), tc.what)
		must(t, err)
		if got.State != tc.state || got.Limit != tc.limit*wan || got.Unnamed != tc.unnamed || got.TooLittle() != (name == "too cheap") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	lib, err := library()
	must(t, err)
	s := &Store{Deps: Deps{Library: lib}}
	for name, tc := range map[string]struct {
		kind  string
		price money.Fen
		age   int64
	}{"kind": {"ship", 1, 0}, "price": {"robot", 0, 0}, "age": {"robot", 1, -1}, "too old": {"robot", 1, 101}} {
		_, err := s.Equipment(tc.kind, tc.price, tc.age)
		refused(t, err, errs.KindInvalid, name)
	}
}

// project states a transformation project of a firm whose own input of 2024 is 480 万元.
func (w *world) project(firm int64, name string) {
	w.t.Helper()
	src, err := w.sources.Begin(w.t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: name, Area: tinghu})
	must(w.t, err)
	var id int64
	must(w.t, w.DB.Write(w.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		ids, err := w.Parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Project, Parent: firm, Key: name}})
		if err == nil {
			id = ids[0]
		}
		return err
	}))
	all := []fact.Statement{
		{Def: "project.name", Value: fact.Value{Text: name}}, {Def: "project.is_digital", Value: fact.Value{Num: 1}},
	}
	for _, code := range []string{"project.effective_input", "project.investment"} {
		for year, n := range map[int]int64{2022: 0, 2023: 0, 2024: 480_0000_00} {
			all = append(all, fact.Statement{Def: code, Period: period.OfYear(year), Value: fact.Value{Num: n}})
		}
	}
	for i := range all {
		all[i].Subject, all[i].State, all[i].Place, all[i].Shown = id, fact.Present, "a", "x"
	}
	must(w.t, w.facts.Append(w.t.Context(), src, all))
	_, err = w.sources.Publish(w.t.Context(), src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(w.t.Context()))
}

// paysFor is what clauses of 盐政办发〔2022〕6号 pay a firm, by clause and year, where the lease counts as the setting says.
func (w *world) paysFor(firm int64, lease string, clauses ...string) map[string]string {
	w.t.Helper()
	got := map[string]string{}
	for _, l := range w.decided(firm, lease).Lines {
		for _, c := range clauses {
			if l.Clause == c {
				got[c+" "+period.OfYear(l.Year).String()] = string(l.State) + " " + l.Own.Sure.String()
			}
		}
	}
	return got
}

// decided is what is decided of a firm by 盐政办发〔2022〕6号 today, where the lease counts as the setting says.
func (w *world) decided(firm int64, lease string) *policy.Decision {
	w.t.Helper()
	src, err := contentdata.FS.ReadFile("policies/yancheng/2022-6/policy.yaml")
	must(w.t, err)
	pol, problems := policy.Compile(w.Library, "policy.yaml", src)
	if len(problems) > 0 {
		w.t.Fatal(problems)
	}
	plan, err := pol.Plan(map[string]string{"lease": lease})
	must(w.t, err)
	view, err := w.Frames.For(w.t.Context(), access.SystemScope(), 0)
	must(w.t, err)
	runner := region.NewRunner(w.Frames, w.Library)
	defer runner.Close()
	d, err := runner.Decide(w.t.Context(), view, plan, firm, w.Clock.Today())
	must(w.t, err)
	return d
}

// A lease that the lessor entered is what the clause on leases reads: its rents of a year count as investment of the project that it is for,
// or as a loan, and nothing is unknown for years before it.
func TestLeaseEarnsItsSupport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, lessor := t.Context(), w.bank("demo_l")
		w.project(w.firms[0], "数控产线改造")
		want := map[string]string{"c9 2022": "not_met 0.00", "c9 2023": "not_met 0.00", "c9 2024": "not_met 0.00"}
		if diff := cmp.Diff(want, w.paysFor(w.firms[0], "investment", "c9")); diff != "" {
			t.Errorf("without a lease (-want +got):\n%s", diff)
		}
		id := w.signed(0, "demo_l_equipment", "demo_l", "R-1")
		given := drawdown("Y-1", 300)
		given["project"] = "数控产线改造"
		tooMuch := drawdown("Y-1", 300)
		tooMuch["price"] = 299
		refused(t, w.does(lessor, id, "draw", tooMuch), errs.KindInvalid, "more is financed than the price")
		long := drawdown("Y-1", 300)
		long["rents"] = 9
		refused(t, w.does(lessor, id, "draw", long), errs.KindInvalid, "rents after the lease has ended")
		w.must(lessor, id, "draw", given)
		if diff := cmp.Diff(want, w.paysFor(w.firms[0], "investment", "c9")); diff != "" {
			t.Errorf("delivered, no rent paid (-want +got):\n%s", diff)
		}
		w.must(lessor, id, "repay", repayment("Y-1", 28, 2, "2024-10-30"))
		want["c9 2024"] = "met 510000.00" // 10 % of 480 and 30
		if diff := cmp.Diff(want, w.paysFor(w.firms[0], "investment", "c9")); diff != "" {
			t.Errorf("as investment (-want +got):\n%s", diff)
		}
		if got := w.paysFor(w.firms[0], "loan", "c18")["c18 2024"]; got != "met 3000.00" { // 1 % of 30
			t.Errorf("as a loan: %s", got)
		}
		if got := w.paysFor(w.firms[0], "none", "c9", "c18"); got["c9 2024"] != "not_met 0.00" || got["c18 2024"] != "" {
			t.Errorf("not counted: %v", got)
		}

		p, err := w.Progress(ctx, w.firm(0), w.cases, id)
		must(t, err)
		d := p.Drawdowns[0]
		if p.Contract.Kind != Lease || p.Contract.Rental.Deposit != 20_0000_00 || p.Offers[0].Rental.Rents.N != 24 || p.Offers[0].Rental.Fee != 1_0000_00 || d.Rental.Price != 900_0000_00 {
			t.Errorf("the firm reads %+v", p)
		}
		view, err := w.Frames.For(ctx, w.firm(0), 0)
		must(t, err)
		for _, f := range []struct {
			def   string
			p     period.Period
			state fact.State
			num   int64
			text  string
		}{
			{"lease.contract", period.Period{}, fact.Present, 0, "R-1"},
			{"lease.lessor", period.Period{}, fact.Present, 0, "演示融资租赁公司 L"},
			{"lease.asset", period.Period{}, fact.Present, 0, "五轴加工中心"},
			{"lease.price", period.Period{}, fact.Present, 900_0000_00, ""},
			{"lease.financed", period.Period{}, fact.Present, 300_0000_00, ""},
			{"lease.started_on", period.Period{}, fact.Present, int64(period.Date(2024, 10, 25)), ""},
			{"lease.ends_on", period.Period{}, fact.Present, int64(period.Date(2026, 10, 25)), ""},
			{"lease.rent_due", period.OfYear(2024), fact.Present, 40_0000_00, ""},
			{"lease.rent_due", period.OfYear(2025), fact.Present, 160_0000_00, ""},
			{"lease.rent_due", period.OfYear(2026), fact.Present, 121_5000_00, ""},
			{"lease.cost", period.OfYear(2023), fact.None, 0, ""},
			{"lease.cost", period.OfYear(2024), fact.Present, 30_0000_00, ""},
			{"lease.balance", period.OfMonth(2024, 10), fact.Present, 272_0000_00, ""},
		} {
			if c := view.Value(d.Subject, f.def, f.p); c.State != f.state || c.Value.Num != f.num || c.Value.Text != f.text {
				t.Errorf("%s %s: %+v, want %+v", f.def, f.p, c, f)
			}
		}

		// Another price, other rents; then it is taken back altogether, and the support with it.
		correct := func(action string, answers map[string]any) error { return w.corrects(lessor, id, action, answers) }
		again := drawdown("Y-1", 300)
		again["price"], again["rents"], again["rent"] = 800, 4, 80
		must(t, correct("redraw", again))
		view, err = w.Frames.For(ctx, w.firm(0), 0)
		must(t, err)
		for year, due := range map[int]int64{2024: 80_0000_00, 2025: 80_0000_00 + 80_0000_00 + 41_5000_00, 2026: 0} {
			if c := view.Value(d.Subject, "lease.rent_due", period.OfYear(year)); c.State != fact.Present || c.Value.Num != due {
				t.Errorf("rents due in %d: %+v, want %d", year, c, due)
			}
		}
		must(t, correct("undo", map[string]any{"voucher": "Y-1", "n": 1}))
		must(t, correct("undo", map[string]any{"voucher": "Y-1"}))
		want["c9 2024"] = "not_met 0.00"
		if diff := cmp.Diff(want, w.paysFor(w.firms[0], "investment", "c9")); diff != "" {
			t.Errorf("taken back (-want +got):\n%s", diff)
		}
		must(t, w.cases.Verify(ctx, city, id))
		if _, err := audit.Check(ctx, w.DB, kinds()); err != nil {
			t.Errorf("audit: %v", err)
		}
	})
}

// Loans and leases are counted apart, and one overview never holds anything of the other.
func TestLeasesAreCountedApart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		loan, lease := w.signed(0, "demo_a_equipment", "demo_a", "H-1"), w.signed(0, "demo_l_equipment", "demo_l", "H-1")
		w.must(w.bank("demo_a"), loan, "draw", drawdown("J-1", 300))
		w.must(w.bank("demo_l"), lease, "draw", drawdown("J-1", 120)) // the number of the loan, which is another thing
		for kind, want := range map[Kind]struct {
			bank string
			sum  Sums
		}{
			Loan:  {"demo_a", Sums{Firms: 1, Contracts: 1, Line: 500_0000_00, Loans: 1, Drawn: 300_0000_00, Balance: 300_0000_00}},
			Lease: {"demo_l", Sums{Firms: 1, Contracts: 1, Line: 500_0000_00, Loans: 1, Drawn: 120_0000_00, Balance: 120_0000_00}},
		} {
			o, err := w.Overview(t.Context(), city, Asking{Kind: kind, Month: period.OfMonth(2024, 10)})
			must(t, err)
			if o.Sum != want.sum || len(o.Shares) != 1 || o.Shares[0].Bank.Key != want.bank || o.Shares[0].County != tinghu || o.Twice != 0 || o.Unclear != 0 {
				t.Errorf("%s: %+v, want %+v", kind, o, want)
			}
		}
	})
}

// A lessor's list is laid beside its leases as a bank's is beside its loans: what is taken corrects the delivery, or becomes a lease.
func TestListOfALessor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, lessor := t.Context(), w.bank("demo_l")
		w.coded(codeA, codeB)
		id := w.signed(0, "demo_l_equipment", "demo_l", "R-1")
		w.must(lessor, id, "draw", drawdown("Y-1", 300))
		w.must(w.bank("demo_a"), w.signed(0, "demo_a_equipment", "demo_a", "H-1"), "draw", drawdown("J-1", 100)) // no business of the lessor
		path := filepath.Join(t.TempDir(), "租赁.csv")
		must(t, os.WriteFile(path, []byte("交付验收单号,租赁合同号,统一社会信用代码,承租企业,融资额（万元）,起租日期,内部收益率（%）,未收本金（万元）\n"+
			"Y-1,R-1,"+codeA+",甲机械,300,2024-10-25,3.5,280\nY-7,R-7,"+codeB+",乙机械,50,2024-09-09,5,45\n"), 0o600))
		list, faults, err := w.BringList(ctx, lessor, NewList{Bank: "demo_l", Month: period.OfMonth(2024, 10), File: ListFile{Path: path, Name: "租赁.csv"}})
		must(t, err)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		r := w.beside(city, list)
		if r.Counts[Differs] != 1 || r.Counts[BankOnly] != 1 || len(r.Rows) != 2 {
			t.Fatalf("stands %+v", r.Counts)
		}
		must(t, w.Settle(ctx, city, w.cases, list, []Choice{choice(row(t, r, "Y-1"), TakeTheirs, ""), choice(row(t, r, "Y-7"), TakeTheirs, "")}))
		if r = w.beside(city, list); r.Counts[Agrees] != 2 || r.Open() != 0 {
			t.Errorf("settled %+v", r.Counts)
		}
		p, err := w.Progress(ctx, w.firm(0), w.cases, id)
		must(t, err)
		view, err := w.Frames.For(ctx, city, 0)
		must(t, err)
		d := p.Drawdowns[0]
		balance, cost := view.Value(d.Subject, "lease.balance", period.OfMonth(2024, 10)), view.Value(d.Subject, "lease.cost", period.OfYear(2024))
		if d.Left() != 300_0000_00 || len(d.Repayments) != 0 || d.Rental.Price != 900_0000_00 || balance.Value.Num != 280_0000_00 || cost.State != fact.None {
			t.Errorf("no list says what was paid: the delivery is %+v, its balance %+v, its cost %+v", d, balance, cost)
		}
		made := view.Children(w.firms[1], content.Lease)
		if len(made) != 1 || view.Value(made[0], "lease.contract", period.Period{}).Value.Text != "R-7" || len(view.Children(w.firms[1], content.Loan)) != 0 {
			t.Errorf("what the list made known: %v", made)
		}
		must(t, w.Close(ctx, city, list))

		// More rents were entered than the list says: the lessor corrects its case.
		w.must(lessor, id, "repay", repayment("Y-1", 28, 2, "2024-10-30"))
		err = w.Settle(ctx, city, w.cases, list, []Choice{choice(row(t, w.beside(city, list), "Y-1"), TakeTheirs, "")})
		refused(t, err, errs.KindConflict, "a balance above ours")
		if err == nil || !strings.Contains(err.Error(), "280 万元") || !strings.Contains(err.Error(), "272 万元") {
			t.Errorf("it is told %v", err)
		}
		if _, err := audit.Check(ctx, w.DB, kinds()); err != nil {
			t.Errorf("audit: %v", err)
		}

		w.Set = &Set{} // the lessor has left
		_, left, err := w.referral(ctx, w.DB.Read(), id)
		must(t, err)
		if r = w.beside(city, list); r.Of.Gives() != Lease || left.By.Gives() != Lease {
			t.Errorf("a lessor that has left is %+v, and gives by its list %s", left.By, r.Of.Gives())
		}
	})
}

// lease states facts of a lease of a firm, as a sheet of an authority has them.
func (w *world) lease(firm int64, key, authority string, all ...fact.Statement) (id int64) {
	w.t.Helper()
	src, err := w.sources.Begin(w.t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: authority, Name: key, Area: tinghu})
	must(w.t, err)
	must(w.t, w.DB.Write(w.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		ids, err := w.Parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Lease, Parent: firm, Key: content.Fold(key)}})
		if err == nil {
			id = ids[0]
		}
		return err
	}))
	for i := range all {
		all[i].Subject, all[i].State, all[i].Place, all[i].Shown = id, fact.Present, "a", "x"
	}
	must(w.t, w.facts.Append(w.t.Context(), src, all))
	_, err = w.sources.Publish(w.t.Context(), src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(w.t.Context()))
	return id
}

func costs(year int, wans int64) fact.Statement {
	return fact.Statement{Def: "lease.cost", Period: period.OfYear(year), Value: fact.Value{Num: wans * int64(wan)}}
}

// costsAre compares what a lease cost by year, in 万元: −1 for a year in which it cost nothing, −2 for one of which nothing is known.
func (w *world) costsAre(what string, subject int64, want map[int]int64) {
	w.t.Helper()
	view, err := w.Frames.For(w.t.Context(), city, 0)
	must(w.t, err)
	got := map[int]int64{}
	for y := range want {
		switch c := view.Value(subject, "lease.cost", period.OfYear(y)); c.State {
		case fact.Present:
			got[y] = c.Value.Num / int64(wan)
		case fact.None:
			got[y] = -1
		default:
			got[y] = -2
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// What a sheet says of a lease under the number of its contract counts until the lessor's rents say it; then it counts once.
func TestLeaseOfASheetCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		lessor := w.bank("demo_l")
		w.project(w.firms[0], "数控产线改造")
		text := func(def, s string) fact.Statement { return fact.Statement{Def: def, Value: fact.Value{Text: s}} }
		sheet := w.lease(w.firms[0], "R-1", "bureau", costs(2022, 0), costs(2023, 40), costs(2024, 30), text("lease.contract", "Ｒ-1"), text("lease.project", "数控产线改造"))
		other := w.lease(w.firms[0], "R-1 另", "bureau", costs(2024, 70), text("lease.contract", "R-1"), text("lease.lessor", "别家租赁公司"))
		id := w.signed(0, "demo_l_equipment", "demo_l", "R-1")
		given := drawdown("Y-1", 300)
		given["project"] = "数控产线改造"
		w.must(lessor, id, "draw", given)
		w.costsAre("delivered", sheet, map[int]int64{2023: 40, 2024: 30})
		if got := w.paysFor(w.firms[0], "investment", "c9")["c9 2024"]; got != "met 510000.00" { // 10 % of 480 and 30
			t.Errorf("by the sheet: %s", got)
		}
		w.must(lessor, id, "repay", repayment("Y-1", 28, 3, "2024-10-30"))
		w.costsAre("a rent paid", sheet, map[int]int64{2023: 40, 2024: -1})
		w.costsAre("another lessor's", other, map[int]int64{2024: 70})
		if got := w.paysFor(w.firms[0], "investment", "c9")["c9 2024"]; got != "met 511000.00" {
			t.Errorf("by the lessor: %s", got)
		}
		must(t, w.corrects(lessor, id, "rerepay", map[string]any{"voucher": "Y-1", "n": 1, "principal": 28, "interest": 2, "paid_on": "2024-10-30"}))
		if got := w.paysFor(w.firms[0], "investment", "c9")["c9 2024"]; got != "met 510000.00" {
			t.Errorf("corrected: %s", got)
		}
	})
}

// A delivery takes nothing away that others say of its lease, and there is none under the number of another lessor's.
func TestDeliveryKeepsCosts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		lessor, id := w.bank("demo_l"), w.signed(0, "demo_l_equipment", "demo_l", "R-1")
		of := w.lease(w.firms[0], "Y-1", "tax", costs(2022, 20), costs(2024, 50))
		w.lease(w.firms[0], "Y-2", "bureau", fact.Statement{Def: "lease.lessor", Value: fact.Value{Text: "别家租赁公司"}})
		refused(t, w.does(lessor, id, "draw", drawdown("Y-2", 100)), errs.KindConflict, "another lessor's by a sheet")
		w.must(lessor, id, "draw", drawdown("Y-1", 300))
		w.costsAre("delivered", of, map[int]int64{2021: -1, 2022: 20, 2023: -1, 2024: 50, 2025: -2})
		w.must(lessor, id, "repay", repayment("Y-1", 28, 2, "2024-10-30"))
		w.costsAre("a rent paid", of, map[int]int64{2022: 20, 2024: 30, 2025: -2})
	})
}

// Years without a rent are known to have none once they are over, and all that follow once the lease is paid off or taken back.
func TestYearsWithoutRent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		lessor, id := w.bank("demo_l"), w.signed(0, "demo_l_equipment", "demo_l", "R-1")
		w.must(lessor, id, "draw", drawdown("Y-1", 300))
		w.must(lessor, id, "draw", drawdown("Y-2", 100))
		p, err := w.Progress(t.Context(), w.firm(0), w.cases, id)
		must(t, err)
		one, two := p.Drawdowns[0].Subject, p.Drawdowns[1].Subject
		w.costsAre("delivered", one, map[int]int64{2017: -2, 2018: -1, 2024: -1, 2025: -2})
		w.now = w.now.AddDate(3, 0, 0)
		w.must(lessor, id, "repay", repayment("Y-1", 100, 2, "2027-10-30"))
		w.costsAre("a rent paid", one, map[int]int64{2024: -1, 2025: -1, 2026: -1, 2027: 102, 2028: -2})
		w.must(lessor, id, "repay", repayment("Y-1", 200, 2, "2027-10-31"))
		w.costsAre("paid off", one, map[int]int64{2026: -1, 2027: 304, 2028: -1, 2037: -1})
		must(t, w.corrects(lessor, id, "undo", map[string]any{"voucher": "Y-2"}))
		w.costsAre("taken back", two, map[int]int64{2024: -1, 2027: -1, 2037: -1})
	})
}

// No more rents are paid than the schedule has, principal and interest together.
func TestRentsWithinTheSchedule(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		lessor, id := w.bank("demo_l"), w.signed(0, "demo_l_equipment", "demo_l", "R-1")
		w.must(lessor, id, "draw", drawdown("Y-1", 300)) // 321.5 万元 of rents
		err := w.does(lessor, id, "repay", repayment("Y-1", 300, 22, "2024-10-30"))
		refused(t, err, errs.KindConflict, "more than the schedule")
		if err == nil || !strings.Contains(err.Error(), "322 万元") || !strings.Contains(err.Error(), "321.5 万元") {
			t.Errorf("it is told %v", err)
		}
		w.must(lessor, id, "repay", repayment("Y-1", 100, 0, "2024-10-29"))
		refused(t, w.does(lessor, id, "repay", repayment("Y-1", 0, 221.51, "2024-10-30")), errs.KindConflict, "interest beyond it")
		w.must(lessor, id, "repay", repayment("Y-1", 200, 21.5, "2024-10-30"))
		refused(t, w.corrects(lessor, id, "rerepay", map[string]any{"voucher": "Y-1", "n": 1, "principal": 100, "interest": 0.01, "paid_on": "2024-10-29"}), errs.KindConflict, "corrected beyond it")
		less := drawdown("Y-1", 300)
		less["rents"] = 7
		refused(t, w.corrects(lessor, id, "redraw", less), errs.KindConflict, "a schedule of less than was paid")
	})
	d := Drawdown{Terms: Terms{Rental: Rental{Rents: Schedule{N: 1, Every: 1, Each: 1, Last: 1}}}}
	for _, p := range []Paid{{Interest: 1<<63 - 1, Principal: 1}, {Interest: 1<<63 - 1, Principal: 1<<63 - 1}} {
		d.Repayments = []Repayment{{Paid: p}}
		if msg, over := d.overpaid(); !over || msg.Key != "credit.rents_range" {
			t.Errorf("%+v: %v %v", p, msg, over)
		}
	}
}

// A correction that names no project takes back the one that was named.
func TestProjectIsTakenBack(t *testing.T) {
	eachKind(t, func(t *testing.T, w *world, x dealing) {
		id, bank := w.signed(0, x.product, x.bank, "H-1"), w.bank(x.bank)
		given := drawdown("J-1", 300)
		given["project"] = "数控产线改造"
		w.must(bank, id, "draw", given)
		must(t, w.corrects(bank, id, "redraw", drawdown("J-1", 300)))
		p, err := w.Progress(t.Context(), w.firm(0), w.cases, id)
		must(t, err)
		view, err := w.Frames.For(t.Context(), city, 0)
		must(t, err)
		if c := view.Value(p.Drawdowns[0].Subject, x.kind.tells().project, period.Period{}); c.State != fact.None {
			t.Errorf("it is for %+v", c)
		}
	})
}
