package policy

import (
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Response is how what all enterprises get together answers to a number.
type Response struct {
	Direction int      // 1: it never falls as the number rises; -1: it never rises; 0: neither is proven
	Why       i18n.Msg // what stands against a proof, where Direction is 0
}

// Response proves, from where a parameter stands in the plan, how the sum of what is paid answers to any of its values, none
// of them negative. The proof holds in every world that the facts leave open. What it does not cover is not proven, however
// likely: a number in an expression, a contest in which one clause can push another out, ceilings that cross each other.
//
// It rests on three things. A line by itself answers in one direction. Ceilings and the comparison with other documents take
// lines together in blocks, and what is left of a block answers as its sum does, however it is shared inside. And each block
// holds those before it whole, so that the sum of blocks never depends on how they were shared.
func (pl *Plan) Response(param string) Response {
	i, ok := pl.Policy.pindex[param]
	if !ok {
		return Response{Why: i18n.M("policy.unknown_param", param)}
	}
	if pl.Staged() {
		return Response{Why: i18n.M("policy.response_stages")}
	}
	r := responding{plan: pl, param: i, uses: uses{plan: pl, differs: map[int]bool{i: true}}, relevant: make([]bool, len(pl.clauses))}
	return r.prove()
}

type responding struct {
	plan     *Plan
	param    int
	uses     uses
	relevant []bool // clauses that the number touches, or that stand in one block with such
	up, down bool
}

func (r *responding) prove() Response {
	unproven := func(key string, args ...any) Response { return Response{Why: i18n.M(key, args...)} }
	for i := range r.plan.clauses {
		k := &r.plan.clauses[i]
		switch {
		case k.off:
		case r.elsewhere(k):
			return unproven("policy.response_place", k.Name)
		case r.offset(k):
			return unproven("policy.response_offset", k.Name)
		default:
			r.relevant[i] = r.raises(k) || r.excludes(k)
		}
	}
	switch {
	case r.up && r.down:
		return unproven("policy.response_both")
	case r.down:
		r.require()
		if i := r.find(func(k *clauseRule) bool { return len(k.onces) > 0 }); i >= 0 {
			return unproven("policy.response_once", r.plan.clauses[i].Name) // whoever comes next may get more
		}
	}
	if g := r.reach(); g != nil {
		return unproven("policy.response_contest", g.name)
	}
	if i := r.find((*clauseRule).inParts); i >= 0 {
		return unproven("policy.response_payment", r.plan.clauses[i].Name)
	}
	if a, b, cross := r.crossing(); cross {
		return unproven("policy.response_crossing", a, b)
	}
	if r.down {
		return Response{Direction: -1}
	}
	return Response{Direction: 1} // also what nothing uses: it never falls
}

// find is a relevant clause that has something, -1 for none.
func (r *responding) find(has func(*clauseRule) bool) int {
	for i, is := range r.relevant {
		if is && has(&r.plan.clauses[i]) {
			return i
		}
	}
	return -1
}

// inParts says that an amount is paid in instalments, or that payers have ceilings of their own: a part may fall by a rounding
// while the whole rises.
func (k *clauseRule) inParts() bool {
	return k.payment != nil || k.shares != nil && slices.ContainsFunc(k.shares.ceiling, func(i int) bool { return i >= 0 })
}

// elsewhere says that the number stands where its effect is not known beforehand.
func (r *responding) elsewhere(k *clauseRule) bool {
	u, a := r.uses, &k.amount
	found := u.atoms(r.plan.shut) || u.atoms(k.shut) || u.atoms(k.when) || u.exprs(a.base, a.count, a.bankRate, a.paid)
	for _, t := range k.thresholds {
		found = found || u.exprs(t.of) || u.differs[t.limit] && t.Base == "above" && a.form != "share"
	}
	for _, m := range a.marks {
		found = found || u.differs[m.at]
	}
	for _, b := range a.bands {
		found = found || u.differs[b.from]
	}
	for _, up := range k.uplifts {
		found = found || u.atoms(up.when)
	}
	for _, l := range k.ceilings {
		found = found || u.exprs(l.of[k.Entity]) || u.differs[l.param] && l.of != nil
	}
	for _, o := range k.onces {
		id, ok := strings.CutPrefix(o.Most, "param.")
		found = found || ok && r.plan.Policy.pindex[id] == r.param
	}
	if s := k.shares; s != nil {
		found = found || u.exprs(s.floorOf) || slices.Contains(slices.Concat(s.share, s.ceiling), r.param)
	}
	if p := k.payment; p != nil {
		found = found || u.atoms(p.back)
		for _, part := range p.parts {
			found = found || u.differs[part.share] || u.atoms(part.when)
		}
	}
	return found
}

// offset says that the number scales what a sum is added to. What is counted on may be less than nothing: then it takes more of
// the sum the greater it is.
func (r *responding) offset(k *clauseRule) bool {
	adds := slices.ContainsFunc(k.uplifts, func(u uplift) bool { return !u.rate })
	scales := slices.ContainsFunc(k.uplifts, func(u uplift) bool { return u.rate && u.by == r.param })
	return adds && (scales || k.amount.rate == r.param)
}

// raises says that a line of the clause never gets less by a greater number.
func (r *responding) raises(k *clauseRule) bool {
	is, a := func(i int) bool { return i == r.param }, &k.amount
	found := is(a.rate) || is(a.value) ||
		slices.ContainsFunc(a.bands, func(b band) bool { return is(b.rate) }) ||
		slices.ContainsFunc(a.marks, func(m mark) bool { return is(m.award) }) ||
		slices.ContainsFunc(k.uplifts, func(u uplift) bool { return is(u.by) }) ||
		slices.ContainsFunc(k.ceilings, func(s slot) bool { return is(s.param) })
	if s := k.shares; s != nil {
		found = found || is(s.joint) || is(s.floor)
	}
	r.up = r.up || found
	return found
}

// excludes says that a greater number leaves lines out, or less to count them on.
func (r *responding) excludes(k *clauseRule) bool {
	found := slices.ContainsFunc(k.thresholds, func(t threshold) bool { return t.limit == r.param })
	r.down = r.down || found
	return found
}

// require adds the clauses that ask for one that lines are left out of: theirs are left out with them.
func (r *responding) require() {
	for grown := true; grown; {
		grown = false
		for i := range r.plan.clauses {
			for _, some := range r.plan.clauses[i].requires {
				if !r.relevant[i] && slices.ContainsFunc(some, func(j int) bool { return r.relevant[j] }) {
					r.relevant[i], grown = true, true
				}
			}
		}
	}
}

// reach adds the clauses that share a ceiling or a comparison, and tells of a contest that no proof covers.
func (r *responding) reach() *groupRule {
	for grown := true; grown; {
		grown = false
		for c := range r.plan.ceilings {
			grown = r.join(r.plan.ceilings[c].clauses()) || grown
		}
		for g := range r.plan.groups {
			rule := &r.plan.groups[g]
			if !slices.ContainsFunc(rule.clauses, func(i int) bool { return r.relevant[i] }) {
				continue
			}
			alone := slices.ContainsFunc(r.plan.clusters, func(c cluster) bool { return len(c.groups) == 1 && c.groups[0] == g })
			if rule.against == nil || !rule.sum || rule.pick != "higher_of" || rule.scope != "project" || !alone {
				return rule
			}
			grown = r.join(rule.clauses) || grown
		}
	}
	return nil
}

// join makes all of some clauses relevant where one is; false where that changes nothing.
func (r *responding) join(clauses []int) bool {
	grown := false
	if slices.ContainsFunc(clauses, func(i int) bool { return r.relevant[i] }) {
		for _, i := range clauses {
			grown = grown || !r.relevant[i]
			r.relevant[i] = true
		}
	}
	return grown
}

// clauses is those that draw on a ceiling.
func (c *ceilingRule) clauses() []int {
	var all []int
	for i, slot := range c.slot {
		if slot >= 0 {
			all = append(all, i)
		}
	}
	return all
}

// block is how a ceiling or a comparison takes lines together.
type block struct {
	id            string
	clauses       []int
	scope, period int // the wider the greater
}

// within says that each block of one lies whole in a block of the other, as far as they have clauses in common.
func (b block) within(o block) bool {
	common := slices.ContainsFunc(b.clauses, func(i int) bool { return slices.Contains(o.clauses, i) })
	if !common || b.period == 0 { // each line by itself
		return true
	}
	whole := !slices.ContainsFunc(b.clauses, func(i int) bool { return !slices.Contains(o.clauses, i) })
	return whole && b.scope <= o.scope && b.period <= o.period
}

// crossing is two steps of stacking of which the later tears a block of the earlier apart.
func (r *responding) crossing() (a, b string, cross bool) {
	var before []block
	for _, stage := range r.plan.order {
		for _, next := range r.blocks(stage) {
			for _, old := range before {
				if !old.within(next) {
					return old.id, next.id, true
				}
			}
			if stage != HigherOf { // a comparison takes all of a block or nothing, and shares nothing inside
				before = append(before, next)
			}
		}
	}
	return "", "", false
}

// blocks is the steps of a stage that touch relevant clauses, in their order.
func (r *responding) blocks(stage string) []block {
	scopes := []string{"unit", "project", "enterprise"}
	periods := []string{"event", "year", "policy"}
	var all []block
	add := func(id, scope, period string, clauses []int) {
		if slices.ContainsFunc(clauses, func(i int) bool { return r.relevant[i] }) {
			all = append(all, block{id, clauses, slices.Index(scopes, scope), slices.Index(periods, period)})
		}
	}
	if stage == HigherOf {
		for _, g := range r.plan.groups {
			period := g.period
			if period == "" {
				period = "policy"
			}
			add(g.id, g.scope, period, g.clauses)
		}
		return all
	}
	for c := range r.plan.ceilings {
		if k := &r.plan.ceilings[c]; k.stage == stage {
			add(k.id, k.scope, k.period, k.clauses())
		}
	}
	return all
}
