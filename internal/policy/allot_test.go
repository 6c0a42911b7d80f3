package policy

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// drawn is an entry as it may be, and as it turns out.
type drawn struct {
	known, as entry
	there     bool
}

func drawEntries(t *rapid.T) []drawn {
	point := func(name string) bound { return bound{value: money.Of(money.Fen(rapid.IntRange(0, 4).Draw(t, name)))} }
	all := make([]drawn, rapid.IntRange(1, 7).Draw(t, "entries"))
	for i := range all {
		e := entry{key: lineKey{enterprise: fmt.Sprint("E", i)}, sure: true, before: -1}
		e.least = money.Fen(rapid.IntRange(1, 60).Draw(t, "least"))
		e.most = e.least
		for range 2 {
			b := point("rank")
			e.low, e.high = append(e.low, b), append(e.high, b)
		}
		as, there := e, true
		switch rapid.IntRange(0, 5).Draw(t, "unknown") {
		case 0: // the amount
			e.most += money.Fen(rapid.IntRange(0, 60).Draw(t, "more"))
			as.least = money.Fen(rapid.IntRange(int(e.least), int(e.most)).Draw(t, "amount"))
			as.most = as.least
		case 1: // a rank
			e.low, e.high = slices.Clone(e.low), slices.Clone(e.high)
			e.low[1], e.high[1] = bound{beyond: -1}, bound{beyond: 1}
		case 2: // whether it is there
			e.sure, e.least = false, 0
			there = rapid.Bool().Draw(t, "there")
		}
		all[i] = drawn{known: e, as: as, there: there && as.most > 0}
	}
	return all
}

// world is the entries as they turn out, in any order.
func worldOf(t *rapid.T, all []drawn) []*entry {
	var out []*entry
	for _, d := range rapid.Permutation(all).Draw(t, "order") {
		if d.there {
			e := d.as
			out = append(out, &e)
		}
	}
	together(out, nil)
	return out
}

func knownOf(all []drawn) []*entry {
	var out []*entry
	for _, d := range all {
		if d.known.most > 0 {
			e := d.known
			out = append(out, &e)
		}
	}
	together(out, nil)
	return out
}

func resultOf(entries []*entry, key lineKey) (outcomeOf, bool) {
	i := slices.IndexFunc(entries, func(e *entry) bool { return e.key == key })
	if i < 0 {
		return outcomeOf{}, false
	}
	return entries[i].result, true
}

func TestStagesHoldEveryCompletion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawEntries(t)
		budget := money.Fen(rapid.IntRange(0, 200).Draw(t, "budget"))
		apply := map[string]func([]*entry){
			"quota":      func(e []*entry) { order(e).quota(int(budget) % 4) },
			"rest":       func(e []*entry) { order(e).inOrder(budget, false) },
			"nothing":    func(e []*entry) { order(e).inOrder(budget, true) },
			"proportion": func(e []*entry) { inProportion(e, budget, 1) },
			"by tens":    func(e []*entry) { inProportion(e, budget, 10) },
		}[rapid.SampledFrom([]string{"quota", "rest", "nothing", "proportion", "by tens"}).Draw(t, "stage")]
		known, world := knownOf(all), worldOf(t, all)
		apply(known)
		apply(world)
		for _, d := range all {
			may, _ := resultOf(known, d.known.key)
			is, _ := resultOf(world, d.known.key)
			if is.low < may.low || is.high > may.high {
				t.Fatalf("%s is paid [%d, %d], bounds [%d, %d]", d.known.key.enterprise, is.low, is.high, may.low, may.high)
			}
			if is.rank > 0 && may.rank > 0 && is.rank != may.rank {
				t.Fatalf("%s has rank %d, said %d", d.known.key.enterprise, is.rank, may.rank)
			}
		}
	})
}

// TestPoolIsPaidToTheUnit: shares are multiples of the unit; what is left makes no whole unit, or everybody who can take one got
// one.
func TestPoolIsPaidToTheUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var entries []*entry
		sum := money.Fen(0)
		for i := range rapid.IntRange(1, 9).Draw(t, "entries") {
			amount := money.Fen(rapid.Int64Range(1, 1<<rapid.IntRange(1, 50).Draw(t, "size")).Draw(t, "amount"))
			sum += amount
			entries = append(entries, &entry{key: lineKey{enterprise: fmt.Sprint(i)}, sure: true, before: -1, least: amount, most: amount})
		}
		together(entries, nil)
		budget, unit := money.Fen(rapid.Int64Range(0, int64(sum)+2).Draw(t, "budget")), money.Fen(rapid.Int64Range(1, 1_000_000).Draw(t, "unit"))
		inProportion(entries, budget, unit)
		left, without := budget, false
		for _, e := range entries {
			if left -= e.result.low; e.result.low != e.result.high || e.result.low < 0 || e.result.low > e.most {
				t.Fatalf("%d of %d", e.result.low, e.most)
			}
			share, _ := part(e.most, min(budget, sum), sum)
			if share -= share % unit; sum > budget && e.result.low != share && e.result.low != share+unit {
				t.Fatalf("%d of %d, whose share is %d in units of %d", e.result.low, e.most, share, unit)
			}
			without = without || e.result.low == share && share+unit <= e.most
		}
		if left < 0 || sum > budget && left >= unit && without {
			t.Fatalf("%d of %d is left, in units of %d", left, budget, unit)
		}
	})
}

// TestACutToTheUnit: one that claims a little more may get less, where the pool then no longer suffices and shares are cut to
// a unit.
func TestACutToTheUnit(t *testing.T) {
	entries := []*entry{
		{key: lineKey{enterprise: "A"}, sure: true, before: -1, least: 11, most: 12},
		{key: lineKey{enterprise: "B"}, sure: true, before: -1, least: 89, most: 89},
	}
	together(entries, nil)
	inProportion(entries, 100, 10)
	if r := entries[0].result; r.low != 10 || r.high != 12 {
		t.Errorf("A gets between %d and %d, want 10 and 12", r.low, r.high)
	}
}

func TestPoolIsPaidToTheFen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var entries []*entry
		sum := money.Fen(0)
		for i := range rapid.IntRange(1, 9).Draw(t, "entries") {
			amount := money.Fen(rapid.Int64Range(1, 1<<50).Draw(t, "amount"))
			sum += amount
			entries = append(entries, &entry{key: lineKey{enterprise: fmt.Sprint(i)}, sure: true, before: -1, least: amount, most: amount, low: []bound{{value: money.Of(money.Fen(i))}}, high: []bound{{value: money.Of(money.Fen(i))}}})
		}
		together(entries, nil)
		budget := money.Fen(rapid.Int64Range(0, 1<<52).Draw(t, "budget"))
		for name, apply := range map[string]func([]*entry){
			"proportion": func(e []*entry) { inProportion(e, budget, 1) },
			"rest":       func(e []*entry) { order(e).inOrder(budget, false) },
		} {
			apply(entries)
			paid, shares := money.Fen(0), map[lineKey]money.Fen{}
			for _, e := range entries {
				if paid += e.result.low; e.result.low != e.result.high || e.result.low < 0 || e.result.low > e.most {
					t.Fatalf("%s: %d of %d", name, e.result.low, e.most)
				}
				shares[e.key] = e.result.low
			}
			if paid != min(sum, budget) {
				t.Fatalf("%s: paid %d of %d, budget %d", name, paid, sum, budget)
			}
			apply(rapid.Permutation(entries).Draw(t, "order"))
			for _, e := range entries {
				if e.result.low != shares[e.key] {
					t.Fatalf("%s: in another order %d, before %d", name, e.result.low, shares[e.key])
				}
			}
		}
	})
}

func TestQuotaTakesTheFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := worldOf(t, drawEntries(t))
		most := rapid.IntRange(0, 4).Draw(t, "most")
		order(entries).quota(most)
		for _, e := range entries { // by trying each against all others
			ahead, equal := 0, 0
			for _, o := range entries {
				switch {
				case o == e || o.low[0].cmp(bound{beyond: -1}) < 0:
				case lexical(o.low, e.low) > 0:
					ahead++
				case lexical(o.low, e.low) == 0:
					equal++
				}
			}
			want := Unknown
			switch {
			case e.low[1] != e.high[1]:
				continue // its second rank is not known
			case ahead >= most:
				want = NotMet
			case ahead+equal < most:
				want = Met
			}
			known := !slices.ContainsFunc(entries, func(o *entry) bool { return o.low[1] != o.high[1] })
			if known && e.result.state != want {
				t.Fatalf("%d ahead, %d equal, %d places: %s, want %s", ahead, equal, most, e.result.state, want)
			}
		}
	})
}

// TestAllotment: what all firms together get keeps every budget, and the order of the firms does not matter.
func TestAllotment(t *testing.T) {
	p := compile(t, "testdata/patterns/27-pool")
	plan, err := p.Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	asOf := period.Date(2023, 12, 31)
	rapid.Check(t, func(t *rapid.T) {
		var all []*Decision
		for i := range rapid.IntRange(1, 4).Draw(t, "firms") {
			firm := drawFirm(t, p)
			firm.id = fmt.Sprint("F", i)
			d, err := plan.Decide(firm, asOf, Options{})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, d)
		}
		a := plan.Allot(all)
		paid := map[string]money.Fen{} // for sure, by stage and year
		for _, d := range all {
			alone := d.Total
			if d.Apply(a); d.Total.Sure < alone.Sure || !alone.Unbounded && d.Total.Possible > alone.Possible {
				t.Fatalf("alone %+v, together %+v", alone, d.Total)
			}
			for _, l := range d.Lines {
				for _, s := range l.Portions {
					if s.Year != 0 {
						paid[fmt.Sprint(s.Stage, s.Year)] += s.Pays.Sure
					}
				}
			}
		}
		for _, s := range a.Sums {
			if got := paid[fmt.Sprint(s.Stage, s.Year)]; got > s.Budget || s.Pays.Unbounded || s.Pays.Possible > s.Budget {
				t.Fatalf("%s %d pays %s, %+v above %s", s.Stage, s.Year, got, s.Pays, s.Budget)
			}
		}
		totals := map[string]Interval{}
		for _, d := range all {
			totals[d.Subject.ID] = d.Total
		}
		b := plan.Allot(rapid.Permutation(all).Draw(t, "order"))
		for _, d := range all {
			if d.Apply(b); d.Total != totals[d.Subject.ID] {
				t.Fatalf("in another order %s gets %+v, before %+v", d.Subject.ID, d.Total, totals[d.Subject.ID])
			}
		}
	})
}

// BenchmarkStages settles one year of a stage with 100,000 lines, of which one in ten has no rank yet.
func BenchmarkStages(b *testing.B) {
	var all []*entry
	for i := range 100_000 {
		e := &entry{key: lineKey{enterprise: fmt.Sprint(i)}, sure: true, before: -1, least: money.Fen(i*7919%10_000) + 1}
		e.most = e.least
		rank := bound{value: money.Of(money.Fen(i * 104_729 % 100_000))}
		if e.low, e.high = []bound{rank}, []bound{rank}; i%10 == 0 {
			e.low, e.high = []bound{{beyond: -1}}, []bound{{beyond: 1}}
		}
		all = append(all, e)
	}
	together(all, nil)
	budget := money.Fen(100_000_000)
	for name, apply := range map[string]func(){
		"quota":      func() { order(all).quota(1000) },
		"order":      func() { order(all).inOrder(budget, false) },
		"proportion": func() { inProportion(all, budget, 1) },
	} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				apply()
			}
		})
	}
}
