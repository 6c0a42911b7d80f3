package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Waived is the plan without one check of a clause, as Near names it: an exclusion, a condition, a threshold or a
// prerequisite. What an enterprise gets by it beyond the plan is what that check alone keeps it from. ok is false where the
// clause has no such check, and for a threshold above which alone the amount is counted: there is nothing to be had there.
func (pl *Plan) Waived(clause, check string) (waived *Plan, ok bool) {
	i := slices.IndexFunc(pl.clauses, func(k clauseRule) bool { return k.ID == clause && !k.off })
	if i < 0 {
		return nil, false
	}
	out := pl.without("waived " + clause + " " + check)
	out.clauses = slices.Clone(pl.clauses)
	k := &out.clauses[i]
	if t := slices.IndexFunc(k.thresholds, func(t threshold) bool { return t.ID == check }); t >= 0 {
		if k.thresholds[t].Base == "above" {
			return nil, false
		}
		k.thresholds = slices.Delete(slices.Clone(k.thresholds), t, t+1)
		return out, true
	}
	for _, list := range []*[]atom{&k.when, &k.shut, &out.shut} {
		if n := slices.IndexFunc(*list, func(a atom) bool { return a.ID == check }); n >= 0 {
			*list = slices.Delete(slices.Clone(*list), n, n+1)
			return out, true
		}
	}
	if n := slices.IndexFunc(k.Requires, func(r Require) bool { return r.ID == check }); n >= 0 {
		own, file := *k.clause, *k.Clause
		file.Requires = slices.Delete(slices.Clone(file.Requires), n, n+1)
		own.Clause, own.requires = &file, slices.Delete(slices.Clone(own.requires), n, n+1)
		k.clause = &own
		return out, true
	}
	return nil, false
}

// Unstaged is the plan without its quotas and pools: what each enterprise gets where there is room for all.
func (pl *Plan) Unstaged() *Plan {
	if !pl.Staged() {
		return pl
	}
	out := pl.without("stages")
	out.stages = nil
	return out
}

// without is a copy of the plan, to be changed, with a hash of its own.
func (pl *Plan) without(what string) *Plan {
	out := *pl
	sum := sha256.Sum256([]byte(pl.Hash + " without " + what))
	out.Hash = hex.EncodeToString(sum[:])
	return &out
}
