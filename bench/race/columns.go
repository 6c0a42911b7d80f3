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
	return inPieces(len(c.out), func(from, to int) (x piece) {
		for i := from; i < to; i++ {
			total := survey.Total(i)
			if survey.Odd(i) {
				d, err := survey.Decide(i)
				if err != nil {
					return piece{err: fmt.Errorf("enterprise %d: %w", i, err)}
				}
				total = d.Total.Sure
			}
			c.out[i] = int64(total)
			x.sum.firm(c.area[i], c.out[i])
		}
		return x
	})
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
