package race

import (
	"errors"
	"runtime"
	"sync"

	"github.com/yanzhen/yanzhen/internal/period"
)

const (
	wan = int64(1_000_000) // 10,000 yuan in fen
	ppm = int64(1_000_000)
)

// Numbers is the numbers of the document; rates are in parts of a million.
type Numbers struct {
	LoanRate, LoanCap                  int64
	InvestRate, MinInput, InvestCap    int64
	National, Provincial, Scene, Cloud int64
	Provider, ServiceRate, MinSales    int64
	Base, Trainer                      int64
	From, To                           int32
	Areas                              uint32 // a bit for each area
}

// InForce is the numbers of testdata/flat.yaml and testdata/projects.yaml.
func InForce() Numbers {
	return Numbers{
		LoanRate: 11_000, LoanCap: 200 * wan, InvestRate: 110_000, MinInput: 500 * wan, InvestCap: 500 * wan,
		National: 300 * wan, Provincial: 200 * wan, Scene: 50 * wan, Cloud: 50 * wan,
		Provider: 100 * wan, ServiceRate: 100_000, MinSales: 1000 * wan, Base: 50 * wan, Trainer: 30 * wan,
		From: int32(period.Date(2022, 1, 28)), To: int32(period.Date(2024, 12, 31)), Areas: 0b11111,
	}
}

// Changed is the what-if that every engine is asked for: investment at 9 % up to 8 million, loans at 1.5 %. It has winners
// and losers both.
func Changed() Numbers {
	n := InForce()
	n.InvestRate, n.InvestCap, n.LoanRate = 90_000, 800*wan, 15_000
	return n
}

// Sum is what a region's screen shows of one version.
type Sum struct {
	Budget  int64
	Getting int64 // enterprises that get something
	ByArea  [32]int64
}

func (s *Sum) add(o Sum) {
	s.Budget += o.Budget
	s.Getting += o.Getting
	for i := range s.ByArea {
		s.ByArea[i] += o.ByArea[i]
	}
}

func (s *Sum) firm(area uint8, total int64) {
	s.Budget += total
	s.Getting += b2i(total > 0)
	s.ByArea[area&31] += total
}

// Effect is what it shows of a change.
type Effect struct{ Winners, Losers, Gained, Lost int64 }

func (e *Effect) add(o Effect) {
	e.Winners += o.Winners
	e.Losers += o.Losers
	e.Gained += o.Gained
	e.Lost += o.Lost
}

func (e *Effect) firm(by int64) {
	e.Winners += b2i(by > 0)
	e.Losers += b2i(by < 0)
	e.Gained += max(by, 0)
	e.Lost -= min(by, 0)
}

// share is a rate of an amount, rounded half up to the fen.
func share(amount, rate int64) int64 { return (amount*rate + ppm/2) / ppm }

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// total is the clauses as one would first write them for one enterprise: the reference of all engines.
func (r *Region) total(i int, p *Numbers) int64 {
	if r.Filed[i] < p.From || r.Filed[i] > p.To || p.Areas>>r.Area[i]&1 == 0 {
		return 0
	}
	var t int64
	if r.Scale[i] == 1 {
		t += min(share(r.Loan[i], p.LoanRate), p.LoanCap)
		if r.Input[i] >= p.MinInput {
			if invest := min(share(r.Invest[i], p.InvestRate), p.InvestCap); invest >= r.Other[i] {
				t += invest
			}
		}
		var title int64
		if r.National[i] == 1 {
			title = p.National
		}
		if r.Provincial[i] == 1 {
			title = max(title, p.Provincial)
		}
		t += title + int64(r.Scene[i])*p.Scene + int64(r.Cloud[i])*p.Cloud
	}
	t += int64(r.Provider[i])*p.Provider + int64(r.Base[i])*p.Base + int64(r.Trainer[i])*p.Trainer
	if r.Service[i] == 1 && r.Sales[i] >= p.MinSales {
		t += share(r.Sales[i], p.ServiceRate)
	}
	return t
}

// loop works out some rows and notes each total.
type loop func(r *Region, p *Numbers, out []int64, from, to int) Sum

// branchy is the obvious loop.
func branchy(r *Region, p *Numbers, out []int64, from, to int) (s Sum) {
	for i := from; i < to; i++ {
		out[i] = r.total(i, p)
		s.firm(r.Area[i], out[i])
	}
	return s
}

// fused is the same without a branch that depends on data: a mask is 0 or −1. It is close to what the machine can do, and
// it can do nothing else: neither another document nor a fact that is not known, and no sum that does not fit.
func fused(r *Region, p *Numbers, out []int64, from, to int) (s Sum) {
	area, scale, filed := r.Area[from:to], r.Scale[from:to], r.Filed[from:to]
	n := len(area)
	scale, filed = scale[:n], filed[:n]
	loan, input, invest, other, sales := r.Loan[from:to][:n], r.Input[from:to][:n], r.Invest[from:to][:n], r.Other[from:to][:n], r.Sales[from:to][:n]
	national, provincial, scene, cloud := r.National[from:to][:n], r.Provincial[from:to][:n], r.Scene[from:to][:n], r.Cloud[from:to][:n]
	provider, service, base, trainer := r.Provider[from:to][:n], r.Service[from:to][:n], r.Base[from:to][:n], r.Trainer[from:to][:n]
	o := out[from:to][:n]
	for i := range n {
		a := area[i] & 31
		place := -(b2i(filed[i] >= p.From) & b2i(filed[i] <= p.To) & int64(p.Areas>>a&1))
		eligible := place & -int64(scale[i])
		t := eligible & min(share(loan[i], p.LoanRate), p.LoanCap)
		g := min(share(invest[i], p.InvestRate), p.InvestCap)
		t += eligible & -(b2i(input[i] >= p.MinInput) & b2i(g >= other[i])) & g
		t += eligible & max(-int64(national[i])&p.National, -int64(provincial[i])&p.Provincial)
		t += eligible & (-int64(scene[i])&p.Scene + -int64(cloud[i])&p.Cloud)
		t += place & (-int64(provider[i])&p.Provider + -int64(base[i])&p.Base + -int64(trainer[i])&p.Trainer)
		t += place & -(int64(service[i]) & b2i(sales[i] >= p.MinSales)) & share(sales[i], p.ServiceRate)
		o[i] = t
		s.Budget += t
		s.Getting += b2i(t > 0)
		s.ByArea[a] += t
	}
	return s
}

// compare is the effect between two columns of totals.
func compare(before, after []int64) (e Effect) {
	after = after[:len(before)]
	for i, b := range before {
		e.firm(after[i] - b)
	}
	return e
}

// inCache is how many rows a what-if works out before it compares them.
const inCache = 8192

// whatIf evaluates a change and compares it with totals that were kept.
func (l loop) whatIf(r *Region, p *Numbers, kept, out []int64, from, to int) (x piece) {
	for at := from; at < to; at += inCache {
		end := min(at+inCache, to)
		x.sum.add(l(r, p, out, at, end))
		x.effect.add(compare(kept[at:end], out[at:end]))
	}
	return x
}

// piece is what some rows come to.
type piece struct {
	sum    Sum
	effect Effect
	err    error
}

// inPieces parts rows over the processors of the process, and adds up what they come to.
func inPieces(n int, do func(from, to int) piece) piece {
	processors := runtime.GOMAXPROCS(0)
	if processors == 1 {
		return do(0, n)
	}
	var wg sync.WaitGroup
	all := make([]piece, processors)
	step := (n + processors - 1) / processors
	for w := range all {
		wg.Go(func() { all[w] = do(min(w*step, n), min((w+1)*step, n)) })
	}
	wg.Wait()
	for _, p := range all[1:] {
		all[0].sum.add(p.sum)
		all[0].effect.add(p.effect)
		all[0].err = errors.Join(all[0].err, p.err)
	}
	return all[0]
}

// touched is what a position of a slider looks at, gathered when the slider is first touched: the rows that a change of
// the loan or the investment clause can move, with what those two came to before.
type touched struct {
	area                      []uint8
	loan, invest, other, came []int64
}

// gather keeps the rows in which the loan or the investment clause may pay. A position may change rates and ceilings of both.
func (r *Region) gather(p *Numbers) *touched {
	t := &touched{}
	for i := range r.N {
		invest := r.Invest[i]
		if r.Input[i] < p.MinInput {
			invest = 0
		}
		if r.Filed[i] < p.From || r.Filed[i] > p.To || p.Areas>>r.Area[i]&1 == 0 || r.Scale[i] == 0 || r.Loan[i] == 0 && invest == 0 {
			continue
		}
		t.area, t.loan, t.invest, t.other = append(t.area, r.Area[i]), append(t.loan, r.Loan[i]), append(t.invest, invest), append(t.other, r.Other[i])
		t.came = append(t.came, 0)
	}
	for i := range t.came {
		t.came[i] = t.pays(i, p)
	}
	return t
}

func (t *touched) pays(i int, p *Numbers) int64 {
	g := min(share(t.invest[i], p.InvestRate), p.InvestCap)
	return min(share(t.loan[i], p.LoanRate), p.LoanCap) + g&-b2i(g >= t.other[i])
}

// position is the change of budget of a region, by area too, and its effect.
func (t *touched) position(p *Numbers, from, to int) (x piece) {
	area, loan, invest, other, came := t.area[from:to], t.loan[from:to], t.invest[from:to], t.other[from:to], t.came[from:to]
	n := len(area)
	loan, invest, other, came = loan[:n], invest[:n], other[:n], came[:n]
	for i := range n {
		g := min(share(invest[i], p.InvestRate), p.InvestCap)
		by := min(share(loan[i], p.LoanRate), p.LoanCap) + g&-b2i(g >= other[i]) - came[i]
		x.sum.Budget += by
		x.sum.ByArea[area[i]&31] += by
		x.effect.firm(by)
	}
	return x
}
