package policy

import (
	"slices"
	"strings"
	"sync"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// screen is the clauses that are asked for the same rows, about one kind of subject, each year or on the day of one event:
// their conditions, amounts and ceilings as one program over columns.
type screen struct {
	kind    string
	event   content.FactDef // unless yearly
	yearly  bool
	program *column.Program
	atoms   map[*Atom]int // expressions of the program
	reached map[*Threshold]int
	amounts map[int]*lowered // by clause
}

// lowered is what a clause comes to, as numbers of expressions of the program.
type lowered struct {
	needs  []int // what its amount is made of: where one of them is nothing, there is nothing to pay
	amount int   // before rounding; -1 for none
	limits []int // of each of its ceilings
	raised bool  // uplifts raise its ceilings: a ceiling that comes to nothing is then not known to be none
	bands  []band
}

// of says that a clause is asked for the rows of the screen.
func (s *screen) of(k *clause) bool {
	return s.kind == k.Entity && s.yearly == k.yearly && s.event.Code == k.event.Code
}

// lowerer makes screens of clauses.
type lowerer struct {
	policy   *Policy
	holds    func(*Only) bool   // an item is there
	outside  func(*uplift) bool // an uplift raises the clause's own ceilings too
	screens  []screen
	problems content.Problems
}

// lower makes the screens of clauses, with the exclusions of the whole document; what has no kernel is a problem of the file.
func (l *lowerer) lower(shut []atom, clauses []clauseRule) {
	for i := range clauses {
		k := &clauses[i]
		n := slices.IndexFunc(l.screens, func(s screen) bool { return s.of(k.clause) })
		if n < 0 {
			n = len(l.screens)
			program, _ := column.Compile()
			l.screens = append(l.screens, screen{
				kind: k.Entity, event: k.event, yearly: k.yearly, program: program,
				atoms: map[*Atom]int{}, reached: map[*Threshold]int{}, amounts: map[int]*lowered{},
			})
		}
		s := &l.screens[n]
		for _, a := range slices.Concat(shut, k.shut, k.when) {
			if _, ok := s.atoms[a.Atom]; !ok {
				s.atoms[a.Atom] = l.add(s, a.expr.Tree(), a.expr)
			}
		}
		for _, t := range k.thresholds {
			if t.reach != nil {
				s.reached[t.Threshold] = l.add(s, t.reach.Tree(), t.reach)
			}
		}
		s.amounts[k.index] = l.clause(s, k)
	}
}

func (l *lowerer) add(s *screen, t *rule.Tree, from *rule.Expr) int {
	n, problems := s.program.Add(t, from)
	l.problems = append(l.problems, problems...)
	return n
}

// clause lowers an amount with its uplifts and ceilings; nil where it is told enterprise by enterprise: what is decided by
// somebody, counted over years, paid in parts or by several payers.
func (l *lowerer) clause(s *screen, k *clauseRule) *lowered {
	if k.shares != nil || k.payment != nil || slices.ContainsFunc(k.ceilings, func(c slot) bool { return len(c.counts) > 0 }) {
		return nil
	}
	f := form{lowerer: l, screen: s, k: k, out: &lowered{amount: -1}}
	amount := f.amount()
	if amount == nil && k.amount.form != "eligibility" {
		return nil
	}
	if amount != nil {
		raised := f.raise(amount, func(*uplift) bool { return true })
		f.out.amount = l.add(s, raised, k.expr())
	}
	f.out.raised = slices.ContainsFunc(k.uplifts, func(u uplift) bool { return l.outside(&u) })
	for i := range k.ceilings {
		limit := f.limit(&k.ceilings[i])
		if limit == nil {
			return nil
		}
		f.out.limits = append(f.out.limits, l.add(s, limit, k.expr()))
	}
	return f.out
}

// expr is an expression of a clause, at which what cannot be lowered is told. Operators on amounts can all be.
func (k *clauseRule) expr() *rule.Expr {
	for _, x := range []*rule.Expr{k.amount.base, k.amount.paid, k.amount.count} {
		if x != nil {
			return x
		}
	}
	return nil
}

// form is the amount of a clause on its way to columns.
type form struct {
	*lowerer
	screen *screen
	k      *clauseRule
	out    *lowered
}

// need is a tree without which there is nothing to pay.
func (f *form) need(t *rule.Tree, from *rule.Expr) *rule.Tree {
	f.out.needs = append(f.out.needs, f.add(f.screen, t, from))
	return t
}

func (f *form) expr(x *rule.Expr) *rule.Tree { return f.need(x.Tree(), x) }

// param is a parameter as expressions read it.
func (f *form) param(i int) *rule.Tree { return f.policy.paramTree(i, f.k.Entity) }

func (f *form) needed(i int) *rule.Tree { return f.need(f.param(i), nil) }

func tree(fn string, t rule.Type, args ...*rule.Tree) *rule.Tree {
	return &rule.Tree{Fn: fn, Type: t, Args: args}
}

func times(a, b *rule.Tree) *rule.Tree { return tree("*", rule.ExactType, a, b) }
func least(a, b *rule.Tree) *rule.Tree { return tree("min", rule.ExactType, a, b) }
func minus(a, b *rule.Tree) *rule.Tree { return tree("-", rule.ExactType, a, b) }

// fen is an amount that is the same everywhere.
func fen(n rule.Value) *rule.Tree { return &rule.Tree{Type: rule.MoneyType, Value: n} }

// amount is what the form gives before uplifts and rounding, as asking.form has it; nil where it has no tree.
func (f *form) amount() *rule.Tree {
	a := &f.k.amount
	switch a.form {
	case "share":
		return times(f.base(), f.needed(a.rate))
	case "fixed":
		return f.needed(a.value)
	case "in_kind":
		return least(f.expr(a.base), f.needed(a.value))
	case "bands":
		return f.banded()
	case "per_unit":
		zero := &rule.Tree{Type: a.count.Type(), Value: rule.Int(0)}
		if a.count.Type() == rule.DecimalType {
			zero.Value = rule.Decimal(0)
		}
		each := times(f.needed(a.value), tree("max", a.count.Type(), f.expr(a.count), zero))
		if a.base == nil {
			return each
		}
		return least(times(f.base(), f.needed(a.rate)), each)
	case "interest":
		return f.interest()
	}
	return nil
}

// base is what the amount is counted on, without what a threshold leaves out of it.
func (f *form) base() *rule.Tree {
	base := f.expr(f.k.amount.base)
	below := -1 // the last one counts
	for _, t := range f.k.thresholds {
		if t.Base == "above" {
			below = t.limit
		}
	}
	if below < 0 {
		return base
	}
	return minus(base, tree("max", rule.MoneyType, f.param(below), fen(rule.Money(0))))
}

// interest is that of a year, without days.
func (f *form) interest() *rule.Tree {
	src, a := f.k.Amount.Interest, &f.k.amount
	if src.Days != nil {
		return nil
	}
	var paid *rule.Tree
	if a.paid != nil {
		paid = f.expr(a.paid)
	}
	if src.On == "interest_paid" {
		return times(paid, f.needed(a.rate))
	}
	base, rate := f.expr(a.base), f.needed(a.rate) // in the order of asking.interest: what fails first is no decision
	if src.On == "points" {
		rate = tree("min", rule.RateType, rate, f.expr(a.bankRate))
	}
	amount := times(base, rate)
	if paid == nil {
		return amount
	}
	return least(amount, paid)
}

// banded applies rates by size of the base. Bands whose numbers change within a year are told row by row.
func (f *form) banded() *rule.Tree {
	all := f.k.amount.bands
	for _, b := range all {
		if len(f.policy.params[b.rate].later) > 0 || b.from >= 0 && len(f.policy.params[b.from].later) > 0 {
			return nil
		}
	}
	f.out.bands = all
	base := f.base()
	from := func(i int) *rule.Tree {
		if all[i].from < 0 {
			return fen(rule.Money(0))
		}
		return f.needed(all[i].from)
	}
	sum := times(fen(rule.Money(0)), f.needed(all[0].rate))
	for i := range all {
		rate := f.needed(all[i].rate)
		if f.k.Amount.Bands.Whole {
			sum = tree("?:", rule.ExactType, tree(">=", rule.BoolType, base, from(i)), times(base, rate), sum)
			continue
		}
		top := base
		if i+1 < len(all) {
			top = least(base, from(i+1))
		}
		part := tree("max", rule.ExactType, minus(top, from(i)), fen(rule.Money(0)))
		sum = tree("+", rule.ExactType, sum, times(part, rate))
	}
	return sum
}

// raise applies some uplifts, each to what the one before left.
func (f *form) raise(q *rule.Tree, some func(*uplift) bool) *rule.Tree {
	for i := range f.k.uplifts {
		u := &f.k.uplifts[i]
		if !some(u) {
			continue
		}
		by := f.param(u.by)
		if u.rate {
			by = times(q, by)
		}
		more := tree("+", rule.ExactType, q, by)
		var holds *rule.Tree
		for _, a := range u.when {
			switch {
			case !f.holds(a.Only):
			case holds == nil:
				holds = a.expr.Tree()
			default:
				holds = tree("&&", rule.BoolType, holds, a.expr.Tree())
			}
		}
		if holds == nil {
			q = more
			continue
		}
		q = tree("?:", rule.ExactType, holds, more, tree("+", rule.ExactType, q, fen(rule.Money(0))))
	}
	return q
}

// limit is what a ceiling allows, before it is rounded down.
func (f *form) limit(c *slot) *rule.Tree {
	var q *rule.Tree
	if c.of == nil {
		q = f.param(c.param)
	} else {
		x := c.of[f.k.Entity]
		if x == nil {
			return nil
		}
		if q = x.Tree(); c.param >= 0 {
			q = times(q, f.param(c.param))
		}
	}
	if !c.own {
		return q
	}
	return f.raise(q, f.outside)
}

// whole is every clause with all that may hold of it under any settings. A ceiling that counts other awards keeps the amount out
// of columns, and may not hold: it is taken for one that counts none.
func (p *Policy) whole() []clauseRule {
	all := make([]clauseRule, len(p.all))
	for i := range p.all {
		k := &p.all[i]
		all[i] = clauseRule{clause: k, when: k.when, shut: k.shut, thresholds: k.thresholds, uplifts: k.uplifts}
	}
	for i := range p.all {
		for j, src := range p.all[i].Ceilings {
			limit := *p.all[i].limits[j]
			if src.Only != nil || p.all[i].Only != nil {
				limit.counts = nil
			}
			for c := range all {
				if c == i || slices.Contains(src.With, p.File.Clauses[c].ID) {
					all[c].ceilings = append(all[c].ceilings, slot{limit: &limit, own: c == i})
				}
			}
		}
	}
	return all
}

// programs is the screens of a policy under each choice of settings that somebody asked for.
type programs struct {
	mu     sync.Mutex
	of     map[string][]screen
	params map[string]*rule.Tree // by kind of the reader and id
}

// paramTree is a parameter as expressions about a kind of subject read it. Only a lowerer asks.
func (p *Policy) paramTree(i int, kind string) *rule.Tree {
	key := kind + "." + p.params[i].ID
	if known, ok := p.programs.params[key]; ok {
		return known
	}
	x, problems := p.envs[kind].Compile("param."+p.params[i].ID, rule.Position{}, paramTypes[p.params[i].Type])
	if len(problems) > 0 {
		panic("policy: a parameter that is declared cannot be read: " + problems.Error())
	}
	p.programs.params[key] = x.Tree()
	return x.Tree()
}

// answers is the settings of a plan as one text.
func (pl *Plan) answers() string {
	var all strings.Builder
	for _, id := range sortedKeys(pl.Settings) {
		all.WriteString(id + "=" + pl.Settings[id] + "\n")
	}
	return all.String()
}

// screens is the screens under the plan's settings. Numbers are no part of them.
func (pl *Plan) screens() []screen {
	all, key := pl.Policy.programs, pl.answers()
	all.mu.Lock()
	defer all.mu.Unlock()
	if known, ok := all.of[key]; ok {
		return known
	}
	l := lowerer{policy: pl.Policy, holds: pl.holds, outside: func(u *uplift) bool { return pl.word(u.Ceiling) == "outside" }}
	var clauses []clauseRule
	for _, k := range pl.clauses {
		if !k.off {
			clauses = append(clauses, k)
		}
	}
	l.lower(pl.shut, clauses)
	all.of[key] = l.screens
	return l.screens
}
