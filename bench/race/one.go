package race

import (
	"errors"
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

func (s *Sum) answer() *Answer { return &Answer{Budget: s.Budget, Getting: s.Getting} }

func (s *Sum) changed(e Effect) *Answer { return &Answer{Budget: s.Budget, Effect: e} }

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
	n, c, p := InForce(), Changed(), o.processors
	sums, effects := make([]Sum, p), make([]Effect, p)
	err := o.measure(name, Evaluate, o.firms, func() (*Answer, error) {
		split(o.firms, p, func(w, from, to int) { sums[w] = l(o.region, &n, o.out, from, to) })
		s := together(sums)
		return s.answer(), nil
	})
	if err != nil {
		return err
	}
	if err := same(name, o.want.totals, o.out); err != nil {
		return err
	}
	err = o.measure(name, WhatIf, o.firms, func() (*Answer, error) {
		split(o.firms, p, func(w, from, to int) {
			sums[w], effects[w] = l.whatIf(o.region, &c, o.want.totals, o.out, from, to)
		})
		s := together(sums)
		return s.changed(all(effects)), nil
	})
	if err != nil {
		return err
	}
	return same(name, o.after.totals, o.out)
}

func together(sums []Sum) (s Sum) {
	for _, x := range sums {
		s.add(x)
	}
	return s
}

func all(effects []Effect) (e Effect) {
	for _, x := range effects {
		e.add(x)
	}
	return e
}

func (o *one) positions() error {
	n, c, p := InForce(), Changed(), o.processors
	t := o.region.gather(&n)
	sums, effects := make([]Sum, p), make([]Effect, p)
	return o.measure("loop, touched rows gathered by hand", Position, o.firms, func() (*Answer, error) {
		split(len(t.came), p, func(w, from, to int) { sums[w], effects[w] = t.position(&c, from, to) })
		s := together(sums)
		s.Budget += o.want.sum.Budget
		return s.changed(all(effects)), nil
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
		do   func([]int64) (Sum, error)
	}{{"cel-go, own activation", c.evaluate}, {"cel-go, maps", c.evaluateMaps}} {
		err := o.measure(e.name, Evaluate, len(out), func() (*Answer, error) {
			s, err := e.do(out)
			return s.answer(), err
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
	name         string
	plan, change *policy.Plan
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
			var s Sum
			for i, f := range firms {
				x, err := d.plan.Decide(f, asOf, policy.Options{})
				if err != nil {
					return nil, err
				}
				out[i] = int64(x.Total.Sure)
				s.firm(o.region.Area[i], out[i])
			}
			return s.answer(), nil
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
	out, p := o.out[:n], o.processors
	for _, d := range docs {
		name := "yanzhen, " + d.name + ", a decision for each"
		sums, failed := make([]Sum, p), make([]error, p)
		err := o.measure(name, Evaluate, n, func() (*Answer, error) {
			split(n, p, func(w, from, to int) {
				sums[w], failed[w] = decideAll(d.plan, facts, o.region.Area, out, from, to)
			})
			s := together(sums)
			return s.answer(), errors.Join(failed...)
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
func decideAll(plan *policy.Plan, facts *Facts, area []uint8, out []int64, from, to int) (s Sum, failed error) {
	for at := from; at < to; at += part {
		plan.DecideAll(facts.enterprises(at, min(at+part, to)), asOf, facts, func(i int, d *policy.Decision, err error) {
			if err != nil {
				failed = err
				return
			}
			out[at+i] = int64(d.Total.Sure)
			s.firm(area[at+i], out[at+i])
		})
	}
	return s, failed
}
