package race

import (
	"github.com/yanzhen/yanzhen/internal/policy"
)

// near counts, for some rows, how often a clause is missed by one condition alone. Place and days are no such condition:
// nothing that an enterprise does would change them.
func (r *Region) near(p *Numbers, from, to int) (x piece) {
	n := &x.sum.Getting
	one := func(a, b, c int64) int64 { return b2i(a+b+c == 1) }
	for i := from; i < to; i++ {
		if r.Filed[i] < p.From || r.Filed[i] > p.To || p.Areas>>r.Area[i]&1 == 0 {
			continue
		}
		below, invest := int64(1-r.Scale[i]), min(share(r.Invest[i], p.InvestRate), p.InvestCap)
		*n += one(below, 0, 0) // the loan
		*n += one(below, b2i(invest < r.Other[i]), b2i(r.Input[i] < p.MinInput))
		for _, title := range [...]uint8{r.National[i], r.Provincial[i], r.Scene[i], r.Cloud[i]} {
			*n += one(below, int64(1-title), 0)
		}
		for _, title := range [...]uint8{r.Provider[i], r.Base[i], r.Trainer[i]} {
			*n += one(int64(1-title), 0, 0)
		}
		*n += one(int64(1-r.Service[i]), b2i(r.Sales[i] < p.MinSales), 0)
	}
	return x
}

// nearMisses is the loop that counts them, and the product, which names each with the condition.
func (o *one) nearMisses() error {
	n := InForce()
	err := o.measure(handLoop, NearMiss, o.firms, func() (*Answer, error) {
		return inPieces(o.firms, func(from, to int) piece { return o.region.near(&n, from, to) }).answer()
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
		var x piece
		x.err = crowd.NearMisses(flat.plan, func(policy.Near) { x.sum.Getting++ })
		return x.answer()
	})
}
