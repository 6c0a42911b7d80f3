package credit

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// In whatever order a bank enters what was repaid, the facts that stand in the end are those that follow from all of it: the balance of
// each month in which something happened, the interest of each year, and the day on which the last of the principal was repaid.
func TestFactsOfRepayments(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		first := period.Date(2024, 3, 15)
		k := rapid.SampledFrom(Kinds()).Draw(r, "kind")
		d := Drawdown{Kind: k, Subject: 7, Terms: Terms{Principal: money.Fen(rapid.Int64Range(1, 1000).Draw(r, "principal")), DrawnOn: first, DueOn: first + 900}}
		type key struct {
			def string
			p   period.Period
		}
		stand := map[key]int64{}
		for _, f := range d.begins("演示银行 A", "H-1", Use{Digital: true}) {
			stand[key{f.Def, f.Period}] = f.Value.Num
		}
		interest := map[int]int64{} // and the principal of a lease: the whole rent
		for range rapid.IntRange(0, 8).Draw(r, "n") {
			p := Repayment{Paid: Paid{
				PaidOn:    first + period.Day(rapid.IntRange(0, 800).Draw(r, "day")),
				Principal: money.Fen(rapid.Int64Range(0, int64(d.Left())).Draw(r, "fen")), Interest: money.Fen(rapid.Int64Range(0, 50).Draw(r, "interest")),
			}}
			if d.Left() > 0 && rapid.Bool().Draw(r, "all") {
				p.Principal = d.Left()
			}
			if interest[p.PaidOn.Year()] += int64(p.Interest); k == Lease {
				interest[p.PaidOn.Year()] += int64(p.Principal)
			}
			d = d.with(p)
			for _, f := range d.repays(p.PaidOn) {
				stand[key{f.Def, f.Period}] = f.Value.Num
			}
		}
		if d.Left() < 0 {
			r.Fatalf("more was repaid than was drawn: %s", d.Left())
		}
		for _, p := range append([]Repayment{{Paid: Paid{PaidOn: first}}}, d.Repayments...) {
			want := int64(d.Outstanding(lastOf(p.PaidOn)))
			if got := stand[key{k.tells().balance, monthOf(p.PaidOn)}]; got != want {
				r.Fatalf("balance of %s is %d, want %d", monthOf(p.PaidOn), got, want)
			}
		}
		for year, want := range interest {
			if got := stand[key{k.tells().paid, period.OfYear(year)}]; got != want {
				r.Fatalf("interest of %d is %d, want %d", year, got, want)
			}
		}
		var last period.Day
		for _, p := range d.Repayments {
			if p.Principal > 0 {
				last = p.PaidOn
			}
		}
		if got, ok := stand[key{k.tells().repaidOn, period.Period{}}]; ok != (d.Left() == 0) || ok && got != int64(last) {
			r.Fatalf("repaid on %d (%v), want %d", got, ok, last)
		}
	})
}

// Whatever is corrected, the facts that stand in the end are those that a drawdown would have stated that was entered so from the start;
// what it stated of months and years of which there is nothing any more is nothing now.
func TestFactsOfCorrections(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		first := period.Date(2024, 3, 15)
		type key struct {
			def string
			p   period.Period
		}
		stand := map[key]fact.Statement{}
		take := func(to map[key]fact.Statement, all []fact.Statement) {
			for _, f := range all {
				to[key{f.Def, f.Period}] = f
			}
		}
		paid := func(d Drawdown) Paid {
			return Paid{
				PaidOn:    d.DrawnOn + period.Day(rapid.IntRange(0, 500).Draw(r, "day")),
				Principal: money.Fen(rapid.Int64Range(0, int64(d.Left())).Draw(r, "fen")), Interest: money.Fen(rapid.Int64Range(0, 50).Draw(r, "interest")),
			}
		}
		rents := func() Schedule {
			return Schedule{N: rapid.Int64Range(1, 30).Draw(r, "rents"), Every: rapid.Int64Range(1, 3).Draw(r, "every"), First: first + 31, Each: 40, Last: 45}
		}
		k := rapid.SampledFrom(Kinds()).Draw(r, "kind")
		d := Drawdown{Kind: k, Subject: 7, Terms: Terms{Principal: 1000, DrawnOn: first, DueOn: first + 900}}
		if k == Lease {
			d.Rental = Rental{Asset: "机床", Price: 2000, Rents: rents()}
		}
		take(stand, d.begins("甲", "H-1", Use{}))
		for n := 1; n <= rapid.IntRange(0, 4).Draw(r, "n"); n++ {
			d = d.with(Repayment{N: n, Paid: paid(d)})
			take(stand, d.repays(d.Repayments[len(d.Repayments)-1].PaidOn))
			for _, p := range d.Repayments {
				take(stand, d.repays(p.PaidOn))
			}
		}
		for k := range rapid.IntRange(1, 4).Draw(r, "corrections") {
			before := d
			var c Correction
			switch i := rapid.IntRange(0, len(d.Repayments)).Draw(r, "which"); {
			case i > 0:
				x := d.Repayments[i-1]
				gone := x
				gone.Gone = true
				without := d.put(gone)
				c.N, c.Had, c.Has = x.N, x.Paid, gone.Paid
				if d = without; !rapid.Bool().Draw(r, "gone") {
					x.Paid = paid(without)
					c.Has = x.Paid
					d = without.put(x)
				}
			default:
				c.Was = d.Terms
				d.DrawnOn = first - period.Day(rapid.IntRange(0, 800).Draw(r, "earlier"))
				if d.Kind == Lease {
					d.Rental.Price, d.Rental.Rents = 2500, rents()
				}
				d.Principal += money.Fen(rapid.Int64Range(0, 500).Draw(r, "more"))
				c.Now = d.Terms
			}
			take(stand, d.restates(before))
			d.Restated = append(slices.Clone(d.Restated), c)
			if d.Left() > 0 && rapid.Bool().Draw(r, "and one more") {
				x := Repayment{N: 100 + k, Paid: paid(d)}
				d = d.with(x)
				take(stand, d.repays(x.PaidOn))
			}
		}
		want := map[key]fact.Statement{}
		take(want, d.begins("甲", "H-1", Use{}))
		for _, p := range d.Repayments {
			take(want, d.repays(p.PaidOn))
		}
		for k, w := range want {
			if got := stand[k]; got.State != w.State || got.Value != w.Value {
				r.Fatalf("%v: %+v, want %+v", k, got, w)
			}
		}
		for k, got := range stand {
			if _, is := want[k]; is || got.State == fact.None {
				continue
			}
			if end := period.Day(0); k.def == d.Kind.tells().balance {
				_, end, _ = k.p.Span()
				if got.Value.Num != int64(d.Outstanding(end)) {
					r.Fatalf("%v: %+v, but %s is outstanding", k, got, d.Outstanding(end))
				}
			} else if got.Value.Num != 0 {
				r.Fatalf("%v: %+v still stands", k, got)
			}
		}
	})
}

// What is outstanding is looked at on each day: by steps it comes to what adding up every single day does.
func TestMostOutstanding(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		first := period.Date(2024, 1, 1)
		var all []Drawdown
		for range rapid.IntRange(0, 4).Draw(r, "drawdowns") {
			d := Drawdown{Terms: Terms{Principal: money.Fen(rapid.Int64Range(1, 100).Draw(r, "fen")), DrawnOn: first + period.Day(rapid.IntRange(0, 40).Draw(r, "drawn"))}}
			for range rapid.IntRange(0, 3).Draw(r, "repayments") {
				d = d.with(Repayment{Paid: Paid{PaidOn: d.DrawnOn + period.Day(rapid.IntRange(0, 40).Draw(r, "paid")), Principal: money.Fen(rapid.Int64Range(0, int64(d.Left())).Draw(r, "of"))}})
			}
			d.Gone = rapid.IntRange(0, 9).Draw(r, "gone") == 0
			all = append(all, d)
		}
		from := first + period.Day(rapid.IntRange(0, 60).Draw(r, "from"))
		var want money.Fen
		for day := from; day < first+100; day++ {
			sum := money.Fen(0)
			for _, d := range all {
				sum += d.Outstanding(day)
			}
			want = max(want, sum)
		}
		if got, _ := most(all, from); got != want {
			r.Fatalf("%d from %s on, want %d: %+v", got, from, want, all)
		}
	})
}

// What stood beyond the line before, as in a database of old, may be repaid and corrected as long as it does not become more.
func TestBreaksOfOld(t *testing.T) {
	first := period.Date(2024, 1, 10)
	c := Contract{Line: 100, SignedOn: first, EndOn: first + 500}
	terms := func(fen money.Fen, due period.Day) Terms {
		return Terms{Principal: fen, DrawnOn: first + 10, DueOn: due}
	}
	before := []Drawdown{{Voucher: "J-1", Terms: terms(70, first+100)}, {Voucher: "J-2", Terms: terms(70, first+100)}}
	with := func(d Drawdown) []Drawdown { return []Drawdown{before[0], d} }
	for name, tc := range map[string]struct {
		now  Drawdown
		want string
	}{
		"repaid in part":     {before[1].with(Repayment{N: 1, Paid: Paid{PaidOn: first + 20, Principal: 10}}), ""},
		"less was drawn":     {Drawdown{Voucher: "J-2", Terms: terms(60, first+100)}, ""},
		"more was drawn":     {Drawdown{Voucher: "J-2", Terms: terms(71, first+100)}, "credit.over_line_on"},
		"due as it is drawn": {Drawdown{Voucher: "J-2", Terms: terms(30, first+10)}, "credit.due_before"},
	} {
		if msg, broken := c.breaks(before, with(tc.now)); broken != (tc.want != "") || msg.Key != tc.want {
			t.Errorf("%s: %v %v, want %q", name, broken, msg, tc.want)
		}
	}
	moved := Drawdown{Voucher: "J-2", Terms: Terms{Principal: 70, DrawnOn: first + 5, DueOn: first + 100}}
	if msg, broken := c.breaks(before, with(moved)); broken { // from the 5th day on 70 are outstanding, within the line
		t.Errorf("drawn earlier: %v", msg)
	}
}
