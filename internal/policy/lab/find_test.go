package lab

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/money"
)

// every is what each step costs, the least generous first.
func (w *world) every(f *finding, s Scenario) (all []Point) {
	w.t.Helper()
	for n := range f.Steps {
		value, ok := f.value(f.generous(n))
		if !ok {
			w.t.Fatalf("step %d has no value", n)
		}
		at := s
		at.Changes = append(slices.Clone(s.Changes), change(f.Param, f.Key, value))
		sum := w.run(at).After.Sum
		all = append(all, Point{Value: value, Cost: sum.Total.Plus(sum.InKind), Failed: sum.Failed})
	}
	return all
}

// What is proven is exact: over every step of the range, for every budget.
func TestFindIsExactWhereProven(t *testing.T) {
	w := newWorldOf(t, 40)
	plain, within := Scenario{Policy: yancheng}, Scenario{Policy: yancheng, Settings: map[string]string{"within_document": "higher"}}
	for _, c := range []struct {
		q         Search
		s         Scenario
		direction int
	}{
		{Search{Param: "investment_rate", Key: "2023", Low: "0%", High: "15%", Step: "1%"}, plain, 1},
		{Search{Param: "investment_ceiling", Low: "0元", High: "200万元", Step: "12.3456万元"}, plain, 1},
		{Search{Param: "min_input", Low: "100万元", High: "1000万元", Step: "60万元"}, plain, -1},
		{Search{Param: "loan_ceiling", Low: "0", High: "100万元", Step: "9万元"}, plain, 1},
		{Search{Param: "loan_rate", Key: "2022", Low: "0", High: "2%", Step: "1/700"}, plain, 1},
		{Search{Param: "national_award", Low: "0", High: "400万元", Step: "55万元"}, plain, 1},
		{Search{Param: "diagnosis_ceiling", Low: "0", High: "15万元", Step: "1万元"}, Scenario{Policy: yancheng, Area: "320904"}, 1},
		{Search{Param: "investment_rate", Key: "2023", Low: "0%", High: "15%", Step: "1%"}, within, 0},
		{Search{Param: "investment_rate", Key: "2023", Low: "0%", High: "15%", Step: "1%"}, Scenario{Policy: yancheng, Budget: 300 * money.Wan}, 0},
	} {
		got, err := w.Find(ctx, w.view(), c.s, asOf, c.q)
		must(t, err)
		if got.Direction != c.direction || got.Scan != (c.direction == 0) || got.Scan == got.Why.IsZero() {
			t.Fatalf("%s: direction %d, scan %t: %v", c.q.Param, got.Direction, got.Scan, got.Why)
		}
		p, err := w.Plan(ctx, w.view().Seq(), c.s)
		must(t, err)
		f := &finding{Found: &Found{Search: c.q, Direction: got.Direction}, planned: p}
		must(t, f.measure())
		all := w.every(f, c.s)
		for i := 1; i < len(all) && c.direction != 0; i++ {
			if all[i].Cost.Sure < all[i-1].Cost.Sure || !all[i].Cost.Unbounded && all[i].Cost.Possible < all[i-1].Cost.Possible {
				t.Errorf("%s is not monotone: %+v after %+v", c.q.Param, all[i], all[i-1])
			}
		}
		if all[0].Cost == all[len(all)-1].Cost {
			t.Errorf("%s changes nothing", c.q.Param)
		}
		for _, at := range []int{0, 1, len(all) / 2, len(all) - 1} {
			for _, more := range []money.Fen{-1, 0, 1} {
				q := c.q
				q.Budget = all[at].Cost.Sure + more
				if at == 1 {
					q.Budget = all[at].Cost.Possible + more
				}
				w.compare(fmt.Sprint(q.Param, " within ", q.Budget), c.s, q, all)
			}
		}
	}
}

// compare holds a search against all steps.
func (w *world) compare(name string, s Scenario, q Search, all []Point) {
	w.t.Helper()
	got, err := w.Find(ctx, w.view(), s, asOf, q)
	must(w.t, err)
	var sure, possible *Point
	for i := range all {
		p := &all[i]
		if p.Cost.Sure <= q.Budget && (!got.Scan || sure == nil || p.Cost.Sure > sure.Cost.Sure) {
			sure = p
		}
		fits := !p.Cost.Unbounded && p.Cost.Possible <= q.Budget
		if fits && (!got.Scan || possible == nil || p.Cost.Possible > possible.Cost.Possible) {
			possible = p
		}
	}
	if diff := cmp.Diff(sure, got.Sure); diff != "" {
		w.t.Errorf("%s, for sure (-every step +found):\n%s", name, diff)
	}
	if diff := cmp.Diff(possible, got.Possible); diff != "" {
		w.t.Errorf("%s, at most (-every step +found):\n%s", name, diff)
	}
	if !got.Scan && got.Steps > 8 && len(got.Tried) > 12 {
		w.t.Errorf("%s tried %d of %d", name, len(got.Tried), got.Steps)
	}
}

func TestFindRefuses(t *testing.T) {
	w := newWorldOf(t, 1)
	for want, q := range map[string]Search{
		"policy.no_param":    {Param: "none", Low: "0", High: "1", Step: "1"},
		"lab.range_number":   {Param: "min_input", Low: "0", High: "much", Step: "1"},
		"lab.range_order":    {Param: "min_input", Low: "2", High: "1", Step: "1"},
		"lab.range_long":     {Param: "min_input", Low: "0", High: "1亿元", Step: "0.01"},
		"policy.rate_beyond": {Param: "investment_rate", Key: "2023", Low: "0", High: "110%", Step: "1%"},
		"policy.bad_patch":   {Param: "loan_rate", Key: "2031", Low: "0", High: "1%", Step: "0.1%"},
	} {
		_, err := w.Find(ctx, w.view(), Scenario{Policy: yancheng}, asOf, q)
		if msg, _ := errs.Message(err); msg.Key != want || errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestFindInAYearIsAScan(t *testing.T) {
	w := newWorldOf(t, 40)
	q := Search{Param: "loan_ceiling", Low: "0", High: "200万元", Step: "100元", Budget: 2000 * money.Wan, Year: 2023}
	got, err := w.Find(ctx, w.view(), Scenario{Policy: yancheng}, asOf, q)
	must(t, err)
	if !got.Scan || len(got.Tried) != maxScan || got.Steps != 20_001 || got.Sure == nil || got.Sure.Cost.Sure > q.Budget || got.Why.Key != "lab.response_year" {
		t.Errorf("%+v", got)
	}
}
