package region

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// stake is what a firm may get by one clause out of a quota or a pool, which bounds all firms together.
type stake struct {
	sum      int32 // its year of the stage, in Allotment.Sums; -1 where that is not known
	clause   uint16
	possible money.Fen
}

// Stages is the quotas and pools of the whole region, year by year: none where the policy has none, and none for who sees a
// part of the region only.
func (r *Region) Stages() []policy.StageSum {
	if len(r.index) < len(r.work.rows) {
		return nil
	}
	return r.stages()
}

func (r *Region) stages() []policy.StageSum {
	if r.work.allotment == nil {
		return nil
	}
	return r.work.allotment.Sums
}

// bounding adds up what firms may get, as far as quotas and pools let them together.
type bounding struct {
	rest   policy.Interval // outside of all stages
	stakes []money.Fen     // by year of a stage
}

// add takes a firm's stakes, of one clause or of all (-1).
func (b *bounding) add(f *Firm, clause int) {
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
		if clause >= 0 && int(s.clause) != clause {
			continue
		}
		if s.sum < 0 {
			if clause >= 0 { // else it is part of the rest
				b.rest = b.rest.Plus(policy.Interval{Possible: s.possible})
			}
			continue
		}
		if n := int(s.sum) + 1 - len(b.stakes); n > 0 {
			b.stakes = append(b.stakes, make([]money.Fen, n)...)
		}
		b.stakes[s.sum] += s.possible
	}
}

// within lowers what is possible to what the stages leave.
func (b *bounding) within(stages []policy.StageSum, total policy.Interval, rest Rest) (policy.Interval, Rest) {
	if len(b.stakes) == 0 || b.rest.Unbounded {
		return total, rest
	}
	possible := b.rest.Possible
	for i, stake := range b.stakes {
		if cap := stages[i].Pays; !cap.Unbounded {
			stake = min(stake, cap.Possible)
		}
		possible += stake
	}
	if possible = max(possible, total.Sure); total.Unbounded || possible < total.Possible {
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
		f := &w.rows[i]
		f.keep(d, clauses, nil)
		var stakes []policy.Stake
		f.rest, stakes = d.Stakes(w.allotment)
		for _, s := range stakes {
			f.stakes = append(f.stakes, stake{sum: int32(s.Sum), clause: clauses[s.Clause], possible: s.Possible})
		}
	}
}
