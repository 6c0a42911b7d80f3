package region

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/policy"
)

// stake is what a firm may get by one clause out of a quota or a pool, which bounds all firms together.
type stake struct {
	policy.Stake
	clause uint16
}

// Stages is the quotas and pools of the whole region, year by year: none where the policy has none, and none for who sees a
// part of the region only.
func (r *Region) Stages() []policy.StageSum {
	if len(r.index) < len(r.work.rows) || r.work.allotment == nil {
		return nil
	}
	return r.work.allotment.Sums
}

// bounding adds up what firms may get, as far as quotas and pools let them together.
type bounding struct {
	of   *policy.Allotment // nil where the policy has neither
	rest policy.Interval   // outside of all stages
	held policy.Held
}

// add takes a firm's stakes, of one clause or of all (-1).
func (b *bounding) add(f *Firm, clause int) {
	if b.of == nil {
		return
	}
	rest := f.rest
	if clause >= 0 {
		rest = f.of(clause)
		for _, s := range f.stakes {
			if int(s.clause) == clause { // a clause is bound by a stage as a whole
				rest = policy.Interval{}
			}
		}
	}
	b.rest = b.rest.Plus(rest)
	for _, s := range f.stakes {
		switch {
		case clause >= 0 && int(s.clause) != clause:
		case s.Sum >= 0:
			b.held.Add(s.Stake, b.of)
		case clause >= 0: // else it is part of the rest
			b.rest = b.rest.Plus(policy.Interval{Possible: s.Possible})
		}
	}
}

// within lowers what is possible to what the stages leave.
func (b *bounding) within(total policy.Interval, rest Rest) (policy.Interval, Rest) {
	if b.held.Empty() || b.rest.Unbounded {
		return total, rest
	}
	possible := max(b.rest.Possible+b.held.Most(b.of), total.Sure)
	if total.Unbounded || possible < total.Possible {
		return policy.Interval{Sure: total.Sure, Possible: possible}, Rest{OnTop: possible - total.Sure}
	}
	return total, rest
}

// allot settles the decisions of all firms by what quotas and pools leave to each.
func (w *work) allot(plan *policy.Plan, decisions []*policy.Decision) {
	all := slices.DeleteFunc(slices.Clone(decisions), func(d *policy.Decision) bool { return d == nil })
	w.allotment = plan.Allot(all)
	clauses := clauseNumbers(plan)
	for i, d := range decisions {
		if d == nil {
			continue
		}
		d.Apply(w.allotment)
		f := w.rows[i]
		brief := plan.Brief(d)
		f.keep(&brief)
		var stakes []policy.Stake
		f.rest, stakes = d.Stakes(w.allotment)
		for _, s := range stakes {
			f.stakes = append(f.stakes, stake{s, clauses[s.Clause]})
		}
	}
}

// clauseNumbers is the place of each clause in Plan.Clauses.
func clauseNumbers(plan *policy.Plan) map[string]uint16 {
	numbers := map[string]uint16{}
	for i, c := range plan.Clauses() {
		numbers[c.ID] = uint16(i)
	}
	return numbers
}
