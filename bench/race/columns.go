package race

import (
	"fmt"

	"github.com/yanzhen/yanzhen/internal/policy"
)

// columns is the region as the product works it out: facts read once into columns, and then plan after plan asked of all
// enterprises together.
type columns struct {
	crowd *policy.Crowd
	area  []uint8
	out   []int64
}

func newColumns(p *policy.Policy, facts *Facts, area []uint8, out []int64) *columns {
	return &columns{policy.NewCrowd(p, facts.enterprises(0, len(out)), asOf, facts), area, out}
}

// evaluate asks a plan and notes each total.
func (c *columns) evaluate(plan *policy.Plan) piece {
	survey, err := c.crowd.Ask(plan)
	if err != nil {
		return piece{err: err}
	}
	return inPieces(len(c.out), func(from, to int) piece {
		var sum Sum
		clear(c.out[from:to])
		for i, total := range survey.Paid(from, to) {
			if !survey.Odd(i) {
				c.out[i] = int64(total)
				sum.firm(c.area[i], c.out[i])
			}
		}
		for i := range survey.Odds(from, to) {
			var err error
			if c.out[i], err = c.decide(survey, i); err != nil {
				return piece{err: err}
			}
			sum.firm(c.area[i], c.out[i])
		}
		return piece{sum: sum}
	})
}

// position asks another version of the enterprises that it may make a difference to, and compares them with totals that were
// kept.
func (c *columns) position(from *policy.Survey, plan *policy.Plan, kept kept) piece {
	survey, err := from.Again(plan)
	if err != nil {
		return piece{err: err}
	}
	moved := survey.Moved()
	if moved == nil {
		return piece{err: fmt.Errorf("another number is no position")}
	}
	x := inPieces(len(moved.Firms), func(from, to int) piece {
		var sum Sum
		var effect Effect
		before, totals := moved.Before[from:to], moved.Totals[from:to]
		for n, i := range moved.Firms[from:to] {
			by := int64(totals[n] - before[n])
			if moved.Odd(from + n) {
				total, err := c.decide(survey, int(i))
				if err != nil {
					return piece{err: err}
				}
				by = total - kept.totals[i]
			}
			sum.Budget += by
			sum.ByArea[c.area[i]&31] += by
			effect.firm(by)
		}
		return piece{sum: sum, effect: effect}
	})
	x.sum.Budget += kept.sum.Budget
	return x
}

// decide is what an enterprise gets by its own decision.
func (c *columns) decide(s *policy.Survey, i int) (int64, error) {
	d, err := s.Decide(i)
	if err != nil {
		return 0, fmt.Errorf("enterprise %d: %w", i, err)
	}
	return int64(d.Total.Sure), nil
}

// columns is the first load by the product.
func (o *one) columns() error {
	docs, err := documents()
	if err != nil {
		return err
	}
	facts := o.region.facts()
	for _, d := range docs {
		name := "yanzhen, " + d.name
		c := newColumns(d.plan.Policy, facts, o.region.Area, o.out)
		if x := c.evaluate(d.earlier); x.err != nil {
			return x.err
		}
		err := o.measure(name, Evaluate, o.firms, func() (*Answer, error) {
			return c.evaluate(d.plan).answer()
		})
		if err != nil {
			return err
		}
		if err := same(name, o.want.totals, o.out); err != nil {
			return err
		}
		err = o.measure(name, WhatIf, o.firms, func() (*Answer, error) {
			x := c.evaluate(d.change)
			x.effect = compare(o.want.totals, o.out)
			return x.changed()
		})
		if err != nil {
			return err
		}
		if err := same(name, o.after.totals, o.out); err != nil {
			return err
		}
		base, err := c.crowd.Ask(d.plan)
		if err != nil {
			return err
		}
		if x := c.position(base, d.earlier, o.want); x.err != nil {
			return x.err
		}
		err = o.measure(name, Position, o.firms, func() (*Answer, error) {
			return c.position(base, d.change, o.want).changed()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// columns is the second load by the product, document after document.
func (t *thirty) columns() error {
	facts := t.city.facts()
	return t.race("yanzhen", func(k int) (worked, error) {
		plan, err := t.terms[k].plans()
		if err != nil {
			return nil, err
		}
		c := newColumns(plan[false].Policy, facts, t.city.Area, t.out)
		return func(changed bool) piece { return c.evaluate(plan[changed]) }, nil
	})
}

// columns is the third load by the product.
func (t *stacking) columns() error {
	p, err := compiled("stacking.yaml")
	if err != nil {
		return err
	}
	plan, err := p.Plan(nil)
	if err != nil {
		return err
	}
	c := newColumns(p, t.facts(), make([]uint8, t.firms), t.out)
	err = t.measure("yanzhen", Stack, t.firms, func() (*Answer, error) {
		return c.evaluate(plan).answer()
	})
	if err != nil {
		return err
	}
	want := make([]int64, t.firms)
	t.best(maximal(), want, 0, t.firms)
	return same("yanzhen", want, t.out)
}
