package rule

import (
	"maps"
	"slices"

	"cel.dev/cel-go/common/operators"
)

// Needs is the names that must be stated, be it as nothing, for the expression to have a value, or for a condition to come out as wanted: facts,
// memberships and aggregates, as expressions write them, in their order. Without one of them it never does, whatever the
// others are. A name that an expression can do without (a || b, known(a) ? a : b) is not among them.
func (x *Expr) Needs(want bool) []string {
	return slices.Sorted(maps.Keys(needs(x.shape, want)))
}

type nameSet map[string]bool

func (s nameSet) or(o nameSet) nameSet {
	out := maps.Clone(s)
	maps.Copy(out, o)
	return out
}

func (s nameSet) and(o nameSet) nameSet {
	out := nameSet{}
	for id := range s {
		if o[id] {
			out[id] = true
		}
	}
	return out
}

func needs(s *shape, want bool) nameSet {
	if s.name != nil {
		switch s.name.origin {
		case FromFact, FromMembership, FromAggregate:
			return nameSet{s.name.id: true}
		}
		return nameSet{}
	}
	switch s.op {
	case operators.LogicalNot:
		return needs(s.args[0], !want)
	case operators.LogicalAnd, operators.LogicalOr:
		a, b := needs(s.args[0], want), needs(s.args[1], want)
		if (s.op == operators.LogicalAnd) == want {
			return a.or(b)
		}
		return a.and(b)
	case operators.Conditional: // by one branch, by the other, or by both giving the same
		a, b := needs(s.args[1], want), needs(s.args[2], want)
		yes, no := needs(s.args[0], true).or(a), needs(s.args[0], false).or(b)
		return yes.and(no).and(a.or(b))
	case fnKnown:
		if !want {
			return nameSet{}
		}
	case "min", "max": // pass over an operand that is none
		all := nameSet{}
		for _, a := range s.args {
			all = all.or(settles(a))
		}
		return all
	}
	all := nameSet{}
	for _, a := range s.args {
		all = all.or(needs(a, true).and(needs(a, false)))
	}
	return all
}

// settles is the names that must be stated for it to be known whether the expression has a value or none: without one of
// them it is unknown, whatever the others are. Where an operand that is none makes the whole none, the other operands need
// not be known, so only what every operand waits for is among them; of choices nothing is told.
func settles(s *shape) nameSet {
	if s.name != nil {
		return needs(s, true)
	}
	switch s.op {
	case fnKnown, operators.Conditional:
		return nameSet{}
	case "min", "max":
		all := nameSet{}
		for _, a := range s.args {
			all = all.or(settles(a))
		}
		return all
	}
	var all nameSet
	for _, a := range s.args {
		switch {
		case !a.asks():
		case all == nil:
			all = settles(a)
		default:
			all = all.and(settles(a))
		}
	}
	return all
}

// asks says that the value of an expression depends on what is stated.
func (s *shape) asks() bool {
	if s.name != nil {
		return len(needs(s, true)) > 0
	}
	return slices.ContainsFunc(s.args, (*shape).asks)
}
