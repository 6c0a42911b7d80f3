package race

import (
	"fmt"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// asOf is after every event of the region.
var asOf = period.Date(2025, 12, 31)

// one is the first load: a region, and what the obvious loop makes of it.
type one struct {
	*sampler
	region *Region
	want   kept // in force
	after  kept // changed
	effect Effect
	out    []int64
}

// kept is totals and their sum.
type kept struct {
	totals []int64
	sum    Sum
}

func newOne(s *sampler) *one {
	o := &one{sampler: s, region: Generate(s.firms), out: make([]int64, s.firms)}
	n, c := InForce(), Changed()
	o.want, o.after = o.region.reference(&n), o.region.reference(&c)
	o.effect = compare(o.want.totals, o.after.totals)
	return o
}

func (r *Region) reference(n *Numbers) kept {
	k := kept{totals: make([]int64, r.N)}
	k.sum = branchy(r, n, k.totals, 0, r.N)
	return k
}

func (p piece) answer() (*Answer, error) {
	return &Answer{Budget: p.sum.Budget, Getting: p.sum.Getting}, p.err
}

func (p piece) changed() (*Answer, error) {
	return &Answer{Budget: p.sum.Budget, Effect: p.effect}, p.err
}

// same compares totals with those of the obvious loop.
func same(engine string, want, got []int64) error {
	for i, v := range got {
		if v != want[i] {
			return fmt.Errorf("%s: enterprise %d gets %d fen, and %d by the obvious loop", engine, i, v, want[i])
		}
	}
	return nil
}

// What the others are held against: a loop for these clauses without a branch that depends on data, and where there is none
// such, one as it is written.
const (
	fusedLoop = "loop, fused by hand"
	handLoop  = "loop, by hand"
)

// loops are the loops that were written for these clauses.
func (o *one) loops() error {
	for _, l := range []struct {
		name string
		loop loop
	}{{fusedLoop, fused}, {"loop, obvious", branchy}} {
		if err := o.byLoop(l.name, l.loop); err != nil {
			return err
		}
	}
	return o.positions()
}

func (o *one) byLoop(name string, l loop) error {
	n, c := InForce(), Changed()
	err := o.measure(name, Evaluate, o.firms, func() (*Answer, error) {
		return inPieces(o.firms, func(from, to int) piece { return piece{sum: l(o.region, &n, o.out, from, to)} }).answer()
	})
	if err != nil {
		return err
	}
	if err := same(name, o.want.totals, o.out); err != nil {
		return err
	}
	err = o.measure(name, WhatIf, o.firms, func() (*Answer, error) {
		return inPieces(o.firms, func(from, to int) piece { return l.whatIf(o.region, &c, o.want.totals, o.out, from, to) }).changed()
	})
	if err != nil {
		return err
	}
	return same(name, o.after.totals, o.out)
}

func (o *one) positions() error {
	n, c := InForce(), Changed()
	t := o.region.gather(&n)
	return o.measure("loop, touched rows gathered by hand", Position, o.firms, func() (*Answer, error) {
		x := inPieces(len(t.came), func(from, to int) piece { return t.position(&c, from, to) })
		x.sum.Budget += o.want.sum.Budget
		return x.changed()
	})
}

// oneByOne is how many enterprises an engine that goes one by one is given at most.
const oneByOne = 50_000

func (o *one) celRows() error {
	n := InForce()
	c, err := newCELRows(o.region, &n)
	if err != nil {
		return err
	}
	out := o.out[:min(o.firms, oneByOne)]
	for _, e := range []struct {
		name string
		do   func([]int64) piece
	}{{"cel-go, own activation", c.evaluate}, {"cel-go, maps", c.evaluateMaps}} {
		err := o.measure(e.name, Evaluate, len(out), func() (*Answer, error) {
			return e.do(out).answer()
		})
		if err != nil {
			return err
		}
		if err := same(e.name, o.want.totals, out); err != nil {
			return err
		}
	}
	return nil
}

// document is one of the first load with its plans.
type document struct {
	name                  string
	plan, change, earlier *policy.Plan
}

func documents() ([]document, error) {
	var all []document
	for _, name := range []string{"flat", "projects"} {
		p, err := compiled(name + ".yaml")
		if err != nil {
			return nil, err
		}
		d := document{name: name}
		if d.plan, err = p.Plan(nil); err != nil {
			return nil, err
		}
		if d.change, err = p.Plan(nil, change...); err != nil {
			return nil, err
		}
		if d.earlier, err = p.Plan(nil, earlier...); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// rows is Plan.Decide, one enterprise after the other; and one with its full trace, which is what explains it.
func (o *one) rows() error {
	docs, err := documents()
	if err != nil {
		return err
	}
	facts := o.region.facts()
	firms := facts.enterprises(0, min(o.firms, oneByOne/10))
	for _, d := range docs {
		name := "yanzhen, " + d.name + ", by rows"
		out := o.out[:len(firms)]
		err := o.measure(name, Evaluate, len(firms), func() (*Answer, error) {
			return inPieces(len(firms), func(from, to int) (x piece) {
				for i := from; i < to && x.err == nil; i++ {
					var one *policy.Decision
					if one, x.err = d.plan.Decide(firms[i], asOf, policy.Options{}); x.err == nil {
						out[i] = int64(one.Total.Sure)
						x.sum.firm(o.region.Area[i], out[i])
					}
				}
				return x
			}).answer()
		})
		if err != nil {
			return err
		}
		if err := same(name, o.want.totals, out); err != nil {
			return err
		}
		i := 0
		err = o.measure("yanzhen, "+d.name, Explain, 1, func() (*Answer, error) {
			i = (i + 1) % len(firms)
			_, err := d.plan.Decide(firms[i], asOf, policy.Options{Trace: true})
			return nil, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// decisions is Plan.DecideAll: a Decision for every enterprise of a part together.
func (o *one) decisions() error {
	docs, err := documents()
	if err != nil {
		return err
	}
	facts := o.region.facts()
	n := min(o.firms, oneByOne*2)
	out := o.out[:n]
	for _, d := range docs {
		name := "yanzhen, " + d.name + ", a decision for each"
		err := o.measure(name, Evaluate, n, func() (*Answer, error) {
			return inPieces(n, func(from, to int) piece { return decideAll(d.plan, facts, o.region.Area, out, from, to) }).answer()
		})
		if err != nil {
			return err
		}
		if err := same(name, o.want.totals, out); err != nil {
			return err
		}
	}
	return nil
}

// part is how many enterprises a region decides at a time.
const part = 1024

// decideAll decides some enterprises.
func decideAll(plan *policy.Plan, facts *Facts, area []uint8, out []int64, from, to int) (x piece) {
	for at := from; at < to; at += part {
		plan.DecideAll(facts.enterprises(at, min(at+part, to)), asOf, facts, func(i int, d *policy.Decision, err error) {
			if err != nil {
				x.err = err
				return
			}
			out[at+i] = int64(d.Total.Sure)
			x.sum.firm(area[at+i], out[at+i])
		})
	}
	return x
}
