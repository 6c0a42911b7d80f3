package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Renumbering is what other numbers make of a plan: which clauses may come to something else. An enterprise has the decision
// that it had unless a touched clause paid it something or was not known, or may be met anew; all that depends on such a
// clause, by a prerequisite or in stacking, lies within the enterprise.
type Renumbering struct {
	uses
	base    *Plan
	touched []bool  // by clause: a number of it differs
	numbers [][]int // by clause: which
	limits  [][]int // by clause: those of them that are nothing but the limit of a threshold
	counts  []bool  // by clause: how often it pays differs
}

// Since compares the numbers of a plan with those of another of the same wording and settings; ok is false where they
// differ in more than numbers, and where quotas or pools let every enterprise depend on the others.
func (pl *Plan) Since(base *Plan) (c *Renumbering, ok bool) {
	p, q := pl.Policy, base.Policy
	if p.Wording() != q.Wording() || pl.Staged() || !maps.Equal(pl.Settings, base.Settings) {
		return nil, false
	}
	differs := map[int]bool{}
	for i := range pl.params {
		if pl.params[i] != base.params[i] && digestOf(pl.params[i]) != digestOf(base.params[i]) {
			differs[i] = true
		}
	}
	n := len(pl.clauses)
	c = &Renumbering{uses: uses{plan: pl, differs: differs}, base: base, touched: make([]bool, n), numbers: make([][]int, n), limits: make([][]int, n), counts: make([]bool, n)}
	for i := range pl.clauses {
		if k := &pl.clauses[i]; !k.off {
			c.clause(k)
		}
	}
	return c, true
}

// clause finds out what differs of a clause.
func (c *Renumbering) clause(k *clauseRule) {
	for i := range c.differs {
		one := uses{plan: c.plan, differs: map[int]bool{i: true}}
		if !one.conditions(k) && !one.amounts(k) {
			continue
		}
		c.touched[k.index], c.numbers[k.index] = true, append(c.numbers[k.index], i)
		c.counts[k.index] = c.counts[k.index] || one.counts(k)
		rest := *k
		rest.thresholds = nil
		if !one.conditions(&rest) && !one.amounts(k) && !slices.ContainsFunc(k.thresholds, func(t threshold) bool { return one.exprs(t.of) || t.Base == "above" }) {
			c.limits[k.index] = append(c.limits[k.index], i)
		}
	}
}

// stands says of a question of one day that it comes out as it did before the numbers were changed, as far as that can be told
// without asking it.
func (c *Renumbering) stands(k *clauseRule, t *told) bool {
	for _, i := range c.numbers[k.index] {
		was, is := c.base.valueFor(i, t.subject, t.on), c.plan.valueFor(i, t.subject, t.on)
		if len(was.missing)+len(is.missing) > 0 || was.state != is.state {
			return false
		}
		if was.low == is.low && was.high == is.high {
			continue
		}
		if !slices.Contains(c.limits[k.index], i) || !t.sameSide(k, i, was.low.fen, is.low.fen) {
			return false
		}
	}
	return true
}

// sameSide says that what was read for thresholds with a limit lies on the same side of another one.
func (t *told) sameSide(k *clauseRule, limit int, was, is money.Fen) bool {
	for i := range k.thresholds {
		x := &k.thresholds[i]
		if x.limit != limit {
			continue
		}
		n := slices.IndexFunc(t.memory, func(e evaluated) bool { return e.expr == x.of })
		if n < 0 {
			return false
		}
		have := money.Exact{}
		switch t.memory[n].State {
		case rule.None:
			continue
		case rule.Present:
			have = t.memory[n].Value.Exact()
		case rule.Failed:
			return false
		}
		if x.reached(have, was) != x.reached(have, is) {
			return false
		}
	}
	return true
}

// Wording is the same for policies that differ in numbers alone.
func (p *Policy) Wording() string {
	if p.ends == nil {
		return p.wording
	}
	return p.wording + " until " + p.ends.String()
}

func digestOf(p *param) string {
	var s strings.Builder
	p.digestAll(&s)
	return s.String()
}

// Touched says that a clause may come to something else, by its number in Plan.Clauses.
func (c *Renumbering) Touched(clause int) bool {
	for i := range c.plan.clauses {
		if c.plan.clauses[i].off {
			continue
		}
		if clause == 0 {
			return c.touched[i]
		}
		clause--
	}
	return false
}

// uses finds out where numbers that differ are used.
type uses struct {
	plan    *Plan
	differs map[int]bool
}

// conditions says that they decide whether a clause is met, or what its amount is counted on.
func (u uses) conditions(k *clauseRule) bool {
	a := &k.amount
	found := u.atoms(u.plan.shut) || u.atoms(k.shut) || u.atoms(k.when) || u.exprs(a.base, a.count, a.bankRate, a.paid)
	for _, t := range k.thresholds {
		found = found || u.differs[t.limit] || u.exprs(t.of)
	}
	for _, m := range a.marks {
		found = found || u.differs[m.at]
	}
	return found
}

// amounts says that they decide what a clause comes to once it is met.
func (u uses) amounts(k *clauseRule) bool {
	a := &k.amount
	found := u.differs[a.rate] || u.differs[a.value]
	for _, b := range a.bands {
		found = found || u.differs[b.from] || u.differs[b.rate]
	}
	for _, m := range a.marks {
		found = found || u.differs[m.award]
	}
	for _, up := range k.uplifts {
		found = found || u.differs[up.by] || u.atoms(up.when)
	}
	for _, l := range k.ceilings {
		found = found || u.differs[l.param] || u.exprs(l.of[k.Entity])
	}
	return found || u.counts(k) || u.paid(k)
}

// counts says that they decide how often a clause pays.
func (u uses) counts(k *clauseRule) bool {
	return slices.ContainsFunc(k.onces, func(o Once) bool {
		id, ok := strings.CutPrefix(o.Most, "param.")
		return ok && u.differs[u.plan.Policy.pindex[id]]
	})
}

// paid says that they decide who pays a clause, and when.
func (u uses) paid(k *clauseRule) bool {
	found := false
	if s := k.shares; s != nil {
		found = u.differs[s.joint] || u.differs[s.floor] || u.exprs(s.floorOf)
		for _, i := range slices.Concat(s.share, s.ceiling) {
			found = found || u.differs[i]
		}
	}
	if p := k.payment; p != nil {
		found = found || u.atoms(p.back)
		for _, part := range p.parts {
			found = found || u.differs[part.share] || u.atoms(part.when)
		}
	}
	return found
}

func (u uses) atoms(all []atom) bool { return u.exprs(exprs(all)...) }

func (u uses) exprs(all ...*rule.Expr) bool {
	return slices.ContainsFunc(all, func(x *rule.Expr) bool { return x != nil && u.tree(x.Tree()) })
}

func (u uses) tree(t *rule.Tree) bool {
	if in := t.Input; in != nil {
		if agg := in.Aggregate(); agg != nil {
			return u.exprs(append(slices.Clone(agg.When), agg.Of)...)
		}
		return in.Origin() == rule.FromParam && u.differs[u.plan.Policy.pindex[in.Short()]]
	}
	return slices.ContainsFunc(t.Args, u.tree)
}

// wordingOf is what a file says, its numbers aside: those of its parameters, and where they are told again.
func wordingOf(f File, hash string) string {
	f.Inventory, f.Params, f.Clauses = nil, slices.Clone(f.Params), slices.Clone(f.Clauses)
	for i := range f.Clauses {
		f.Clauses[i].Summary = i18n.Text{}
	}
	for i := range f.Params {
		p := &f.Params[i]
		p.Quote = ""
		if p.Value != "" {
			p.Value = "…"
		}
		keys := map[string]string{}
		for key := range p.Values {
			keys[key] = "…"
		}
		p.Values = keys
	}
	text, err := json.Marshal(f)
	if err != nil {
		return hash
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
