package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// dues is how much of an amount has fallen due: these shares of it together. The zero value is all of it.
type dues struct {
	inParts bool
	back    bool // it fell back: nothing is due, and what was paid is returned
	shares  []money.Rate
}

func (d dues) exact(amount money.Fen) money.Exact {
	sum := money.Exact{}
	for _, share := range d.shares {
		sum = sum.Plus(money.Of(amount).Times(share))
	}
	return sum
}

// of is the part of an amount that is due, in whole fen and never above it. It rises with the amount.
func (d dues) of(amount money.Fen) money.Fen {
	if !d.inParts || amount >= unbounded && len(d.shares) > 0 {
		return amount
	}
	f, err := d.exact(amount).Round(money.Rounding{To: 1, Mode: money.Down})
	if err != nil {
		return amount
	}
	return min(f, amount)
}

// less says that a smaller part is due.
func (d dues) less(o dues) bool {
	if !d.inParts || !o.inParts {
		return d.inParts && !o.inParts
	}
	return d.exact(money.Yi).Cmp(o.exact(money.Yi)) < 0
}

// due asks which instalments have fallen due by the day of asking, each only after the one before, and whether the amount
// falls back.
func (a *asking) due() {
	p := a.k.payment
	if p == nil {
		return
	}
	a.lowDue, a.highDue = dues{inParts: true}, dues{inParts: true}
	surely, maybe := true, true
	for i := range p.parts {
		state, on := a.fallsDue(&p.parts[i], maybe && !a.opt.Whole)
		low, high, ok := a.param(p.parts[i].share)
		if surely = surely && ok && (state == Met || a.opt.Whole); surely {
			a.lowDue.shares = append(a.lowDue.shares, low.rate)
		}
		if maybe = maybe && ok && (state != NotMet || a.opt.Whole); maybe {
			a.highDue.shares = append(a.highDue.shares, high.rate)
		}
		if a.opt.Trace {
			a.instalments = append(a.instalments, DuePart{ID: p.parts[i].ID, Name: p.parts[i].Name, Share: high.rate, State: state, On: on})
		}
	}
	if len(p.parts) == 0 {
		whole, _ := money.NewRate(1, 1)
		a.lowDue.shares, a.highDue.shares = []money.Rate{whole}, []money.Rate{whole}
	}
	for i := range p.back {
		if !a.plan.holds(p.back[i].Only) {
			continue
		}
		c, need := a.answer(&p.back[i], "clawback")
		if a.opt.Trace {
			c.Need = waiting(need)
			a.checks = append(a.checks, c)
		}
		switch c.State {
		case NotMet:
			a.lowDue, a.highDue = dues{inParts: true, back: true}, dues{inParts: true, back: true}
		case Unknown:
			a.lowDue = dues{inParts: true, back: true}
			a.waitFor(need, "policy.clawback")
		}
	}
	a.limits = a.limits || a.lowDue.less(a.highDue)
}

// fallsDue is whether an instalment is due, and the day on which it fell due. It waits for facts only where those before
// it may be due.
func (a *asking) fallsDue(part *instalment, reachable bool) (State, *period.Day) {
	state, missing := a.all(part.when, "instalment")
	var on *period.Day
	if part.On != "" {
		v, known := readOn(a.s, part.on, a.at.day)
		switch {
		case known == rule.Present && v.Day() <= a.asOf:
			day := v.Day()
			on = &day
		case known == rule.Unknown:
			missing = append(missing, a.refOf(part.on))
			if state == Met {
				state = Unknown
			}
		default:
			state = NotMet
		}
	}
	if reachable && state == Unknown {
		a.waitFor(missing, "policy.instalment")
	}
	return state, on
}

// Instalments divides an amount that the line is granted into its parts; none where it is paid at once. The line must have been
// decided with Options.Trace.
func (l Line) Instalments(granted money.Fen) []DuePart {
	return instalments(slices.Clone(l.Due), granted)
}

// instalments divides what a line is granted; what rounding leaves goes to the last of them.
func instalments(all []DuePart, granted money.Fen) []DuePart {
	so, before := dues{inParts: true}, money.Fen(0)
	for i := range all {
		so.shares = append(so.shares, all[i].Share)
		now := so.of(granted)
		all[i].Amount, before = now-before, now
	}
	return all
}
