package race

import (
	"github.com/yanzhen/yanzhen/internal/policy"
)

// near counts, for some rows, how often a clause is missed by one condition alone. Place and days are no such condition:
// nothing that an enterprise does would change them.
func (r *Region) near(p *Numbers, from, to int) (n int64) {
	one := func(a, b, c int64) int64 { return b2i(a+b+c == 1) }
	for i := from; i < to; i++ {
		if r.Filed[i] < p.From || r.Filed[i] > p.To || p.Areas>>r.Area[i]&1 == 0 {
			continue
		}
		below, invest := int64(1-r.Scale[i]), min(share(r.Invest[i], p.InvestRate), p.InvestCap)
		n += one(below, 0, 0) // the loan
		n += one(below, b2i(invest < r.Other[i]), b2i(r.Input[i] < p.MinInput))
		for _, title := range [...]uint8{r.National[i], r.Provincial[i], r.Scene[i], r.Cloud[i]} {
			n += one(below, int64(1-title), 0)
		}
		for _, title := range [...]uint8{r.Provider[i], r.Base[i], r.Trainer[i]} {
			n += one(int64(1-title), 0, 0)
		}
		n += one(int64(1-r.Service[i]), b2i(r.Sales[i] < p.MinSales), 0)
	}
	return n
}

// nearMisses is the loop that counts them, and the product, which names each with the condition.
func (o *one) nearMisses() error {
	n, counts := InForce(), make([]int64, o.processors)
	err := o.measure(handLoop, NearMiss, o.firms, func() (*Answer, error) {
		split(o.firms, o.processors, func(w, from, to int) { counts[w] = o.region.near(&n, from, to) })
		return near(counts), nil
	})
	if err != nil {
		return err
	}
	docs, err := documents()
	if err != nil {
		return err
	}
	flat := docs[0]
	facts := o.region.facts()
	crowd := policy.NewCrowd(flat.plan.Policy, facts.enterprises(0, o.firms), asOf, facts)
	return o.measure("yanzhen, "+flat.name, NearMiss, o.firms, func() (*Answer, error) {
		counts[0] = 0
		err := crowd.NearMisses(flat.plan, func(policy.Near) { counts[0]++ })
		return near(counts[:1]), err
	})
}

func near(counts []int64) *Answer {
	var a Answer
	for _, n := range counts {
		a.Getting += n
	}
	return &a
}
