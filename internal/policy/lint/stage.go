package lint

import (
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// stage is a quota or a pool.
type stage struct {
	list    string // quotas, pools
	index   int    // in it
	number  int    // among all, as they are applied
	id      string
	clauses []string
	field   string // most, budget
	limit   string // the parameter that it names
	period  string
	ranks   []policy.Rank
	only    *policy.Only
	pool    *policy.Pool
}

func (p *pack) allStages() []stage {
	var all []stage
	s := &p.policy.File.Stacking
	for k, q := range s.Quotas {
		all = append(all, stage{"quotas", k, len(all), q.ID, q.Clauses, "most", q.Most, q.Period, q.Rank, q.Only, nil})
	}
	for k, q := range s.Pools {
		all = append(all, stage{"pools", k, len(all), q.ID, q.Clauses, "budget", q.Budget, q.Period, q.Rank, q.Only, &s.Pools[k]})
	}
	return all
}

func (s *stage) rule() string { return strings.TrimSuffix(s.list, "s") }

func (p *pack) stageAt(s *stage, more ...any) Place {
	return p.at(append([]any{"stacking", s.list, s.index}, more...)...)
}

// stages looks at quotas and pools: without places or money, in no order, too small for anybody, or never full.
func (p *pack) stages() {
	all := p.allStages()
	for n := range all {
		s := &all[n]
		if key, ok := p.without(s); ok {
			p.tell(s.rule(), Error, p.stageAt(s, s.field), i18n.M("lint."+s.rule()+"_zero", s.id, in(key)), i18n.M("lint.mend_stage_zero"), p.param(s.limit, key))
			continue
		}
		p.ranks(s)
		if s.pool != nil {
			p.pool(s)
		}
		if other, ok := p.within(s, all[:n]); ok {
			p.tell(s.rule(), Warning, p.stageAt(s), i18n.M("lint."+s.rule()+"_within", s.id, other.id), i18n.M("lint.mend_never_binds"), p.stageAt(other))
		} else if s.pool != nil {
			p.roomy(s, all)
		}
	}
}

// without finds a year in which a stage has nothing to give.
func (p *pack) without(s *stage) (key string, ok bool) {
	for key, v := range p.eachKey(s.limit) {
		if rule.DomainOf(v).Low.Value.Sign() <= 0 {
			return key, true
		}
	}
	return "", false
}

// within finds a stage before this one that never lets through more than this one has.
func (p *pack) within(s *stage, before []stage) (*stage, bool) {
	for n := range before {
		o := &before[n]
		_, has := p.span(o.limit)
		room, _ := p.span(s.limit)
		inside := !slices.ContainsFunc(s.clauses, func(id string) bool { return !slices.Contains(o.clauses, id) })
		if o.list == s.list && o.period == s.period && inside && always(o.only, s.only) && has.Cmp(room) <= 0 {
			return o, true
		}
	}
	return nil, false
}

// ranks looks at the order of a stage: what is the same for all, what repeats an earlier rank, what nobody has to state, and
// equals that nothing decides between.
func (p *pack) ranks(s *stage) {
	decides := 0
	var constant []int
	for r, rank := range s.ranks {
		at := p.stageAt(s, "rank", r)
		same := func(e policy.Rank) bool {
			return strings.Join(strings.Fields(e.Of), " ") == strings.Join(strings.Fields(rank.Of), " ")
		}
		if k := slices.IndexFunc(s.ranks[:r], same); k >= 0 {
			p.tell("rank", Warning, at, i18n.M("lint.rank_twice", rank.ID, s.ranks[k].ID), i18n.M("lint.mend_rank_twice"), p.stageAt(s, "rank", k))
			continue
		}
		if p.constant(s, r) {
			constant = append(constant, r)
			continue
		}
		decides++
		p.stated(s, r)
	}
	switch {
	case len(s.ranks) == 0:
		return
	case decides == 0:
		p.tell("rank", Error, p.stageAt(s, "rank"), i18n.M("lint.no_order", s.id), i18n.M("lint.mend_ties"))
		return
	case decides == 1:
		p.tell("rank", Warning, p.stageAt(s, "rank"), i18n.M("lint.ties", s.id), i18n.M("lint.mend_ties"))
	}
	for _, r := range constant {
		p.tell("rank", Warning, p.stageAt(s, "rank", r), i18n.M("lint.rank_constant", s.ranks[r].ID, s.id), i18n.M("lint.mend_rank_constant"))
	}
}

// constant says that a rank is one and the same for all lines that stand against each other.
func (p *pack) constant(s *stage, r int) bool {
	var one *big.Rat
	for _, id := range s.clauses {
		i := p.number(id)
		if p.left[i] == nil {
			continue
		}
		d := p.left[i]
		if s.period == "year" { // lines of one year stand against each other
			d = maps.Clone(d)
			d["year"] = rule.DomainOf(rule.Int(int64(p.policy.Parts(i).From.Year())))
		}
		of := p.policy.Ranks(s.number, i)[r].Range(d)
		if of.Low == nil || of.High == nil || of.Low.Value.Cmp(of.High.Value) != 0 || one != nil && one.Cmp(of.Low.Value) != 0 {
			return false
		}
		one = of.Low.Value
	}
	return one != nil
}

// stated looks for what a rank reads and a clause does without: a line that lacks it may stand anywhere, and nobody behind
// it knows where he is.
func (p *pack) stated(s *stage, r int) {
	for _, id := range s.clauses {
		i := p.number(id)
		if p.left[i] == nil {
			continue
		}
		sure := p.stands(i)
		for _, fact := range p.policy.Ranks(s.number, i)[r].Needs(true) {
			if !sure[fact] {
				p.tell("rank", Warning, p.stageAt(s, "rank", r), i18n.M("lint.rank_unknown", s.ranks[r].ID, fact, id), i18n.M("lint.mend_rank_unknown", fact), p.at("clauses", i))
				return
			}
		}
	}
}

// stands is what must be stated of a line for its clause to be met.
func (p *pack) stands(i int) map[string]bool {
	c, parts := &p.policy.File.Clauses[i], p.policy.Parts(i)
	all := map[string]bool{c.Event: true}
	add := func(x *rule.Expr) {
		for _, id := range x.Needs(true) {
			all[id] = true
		}
	}
	for k, x := range parts.When {
		if always(c.When[k].Only, c.Only) {
			add(x)
		}
	}
	for k, x := range parts.Thresholds {
		if always(c.Thresholds[k].Only, c.Only) {
			add(x)
		}
	}
	if parts.Base != nil {
		add(parts.Base)
	}
	return all
}

// pool looks at what a budget can pay: not even the smallest award, or not all of it in its unit.
func (p *pack) pool(s *stage) {
	smallest, at := p.smallest(s)
	for key, v := range p.eachKey(s.limit) {
		if smallest != nil && smallest.Cmp(new(big.Rat).SetInt64(int64(v.Fen()))) > 0 {
			severity := Warning
			if s.pool.Last == "nothing" {
				severity = Error
			}
			p.tell("pool", severity, p.stageAt(s, "budget"), i18n.M("lint.pool_too_small", s.id, fen(v.Fen()), in(key), yuan(smallest)), i18n.M("lint.mend_pool_too_small"), at)
			return
		}
		if unit := max(s.pool.To, 1); v.Fen()%unit != 0 {
			what := i18n.M("lint.pool_unit", s.id, fen(v.Fen()), in(key), fen(unit), fen(v.Fen()%unit))
			p.tell("pool", Warning, p.stageAt(s, "to"), what, i18n.M("lint.mend_pool_unit"), p.param(s.limit, key))
			return
		}
	}
}

// roomy looks for a budget that all places of the quotas before it never use up, in any year.
func (p *pack) roomy(s *stage, all []stage) {
	keys := map[string]bool{}
	for n := range all {
		if o := &all[n]; o.number == s.number || o.covers(s) {
			for key := range p.values(o.limit) {
				keys[key] = true
			}
		}
	}
	if len(keys) > 1 {
		delete(keys, "")
	}
	var budget, most *big.Rat
	var by *stage
	for _, key := range sorted(keys) {
		budget, _ = p.spanOf(s.limit, key)
		if most, by = p.asked(s, all, key); most == nil || budget.Cmp(most) <= 0 {
			return
		}
	}
	p.tell("pool", Warning, p.stageAt(s), i18n.M("lint.pool_never_binds", s.id, yuan(budget), yuan(most)), i18n.M("lint.mend_never_binds"), p.stageAt(by))
}

// smallest is the least that any line of a pool comes to for sure, after all that may take from it; nil where that is not
// followed.
func (p *pack) smallest(s *stage) (least *big.Rat, at Place) {
	for _, id := range s.clauses {
		i := p.number(id)
		c := &p.policy.File.Clauses[i]
		x := p.least(i)
		if x == nil || c.Payment != nil || p.grouped(id) || p.shared(i) {
			return nil, at
		}
		for _, ceil := range c.Ceilings {
			if ceil.Of != "" || len(ceil.Counts) > 0 || p.lines(i, ceil) != 1 {
				return nil, at
			}
			if low, _ := p.span(ceil.Limit); low.Cmp(x) < 0 {
				x = low
			}
		}
		if least == nil || x.Cmp(least) < 0 {
			least, at = x, p.at("clauses", i, "amount")
		}
	}
	return least, at
}

// covers says that a quota bounds the number of some lines of a pool, in each of its periods.
func (q *stage) covers(s *stage) bool {
	some := slices.ContainsFunc(s.clauses, func(id string) bool { return slices.Contains(q.clauses, id) })
	return q.list == "quotas" && some && always(q.only, s.only) && (q.period == s.period || q.period == "policy")
}

// asked is the most that the lines of a pool can come to in a year, because of places that quotas have, and the quota; nil
// where nothing bounds them.
func (p *pack) asked(s *stage, all []stage, key string) (most *big.Rat, by *stage) {
	covered := map[string]bool{}
	sum := new(big.Rat)
	for n := range all {
		q := &all[n]
		if !q.covers(s) {
			continue
		}
		by = q
		top := new(big.Rat)
		for _, id := range s.clauses {
			if covered[id] || !slices.Contains(q.clauses, id) {
				continue
			}
			line := p.most(p.number(id))
			if line == nil {
				return nil, nil
			}
			if covered[id] = true; line.Cmp(top) > 0 {
				top = line
			}
		}
		_, places := p.spanOf(q.limit, key)
		sum.Add(sum, top.Mul(top, places))
	}
	if len(covered) < len(s.clauses) {
		return nil, nil
	}
	return sum, by
}
