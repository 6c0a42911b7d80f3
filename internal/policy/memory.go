package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// memory is what was read for a question: expressions that no number of a plan is part of, and where the enterprise lay.
// Whatever the numbers, they come out the same.
type memory []evaluated

// evaluated is an expression for a year and day; without an expression, the area.
type evaluated struct {
	expr *rule.Expr
	year int
	on   period.Day
	rule.Outcome
}

func (m memory) of(x *rule.Expr, year int, on period.Day) (rule.Outcome, bool) {
	n := slices.IndexFunc(m, func(e evaluated) bool { return e.expr == x && e.year == year && e.on == on })
	if n < 0 {
		return rule.Outcome{}, false
	}
	return m[n].Outcome, true
}

// eval evaluates an expression, or remembers it.
func (a *asking) eval(x *rule.Expr) rule.Outcome {
	if a.memory == nil || x.ReadsParams() {
		return x.Eval(a.ctx)
	}
	out, ok := a.memory.of(x, a.ctx.Year, a.ctx.On)
	if !ok {
		out = x.Eval(a.ctx)
		*a.memory = append(*a.memory, evaluated{x, a.ctx.Year, a.ctx.On, out})
	}
	return out
}

// lies is the area of the enterprise on a day.
func (a *asking) lies(on period.Day) (rule.Value, rule.State) {
	if a.memory == nil {
		return a.root.Fact(a.plan.areaDef, period.OfDay(on), on)
	}
	out, ok := a.memory.of(nil, 0, on)
	if !ok {
		out.Value, out.State = a.root.Fact(a.plan.areaDef, period.OfDay(on), on)
		*a.memory = append(*a.memory, evaluated{on: on, Outcome: out})
	}
	return out.Value, out.State
}
