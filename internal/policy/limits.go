package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// raising is an uplift that holds, or may hold, outside the ceiling: the clause's own ceilings rise in the same way.
type raising struct {
	surely    bool
	rate      bool
	low, high number
}

// by is what a raising adds to an amount.
func (r raising) by(x money.Exact, n number) money.Exact {
	if r.rate {
		return x.Times(n.rate)
	}
	return money.Of(n.fen)
}

// raise applies the uplifts of the clause, each to what the one before left.
func (a *asking) raise(q quantity) (quantity, []raising) {
	var outside []raising
	for i := range a.k.uplifts {
		u := &a.k.uplifts[i]
		state, missing := a.all(u.when, "uplift")
		if state == NotMet {
			continue
		}
		low, high, ok := a.param(u.by)
		if !ok {
			continue
		}
		if state == Unknown {
			a.waitFor(missing, "policy.uplift")
		}
		r := raising{surely: state == Met, rate: u.rate, low: low, high: high}
		if len(q.missing) > 0 && !r.rate {
			r.surely = false // there may be nothing to add a sum to
		}
		if q.high = q.high.Plus(r.by(q.high, high)); r.surely {
			q.low = q.low.Plus(r.by(q.low, low))
		}
		if q.point = q.point && r.surely && low == high; q.point {
			q.high = q.low
		}
		if a.opt.Trace {
			a.term(Term{Name: u.Name, Value: low.text(a.plan.params[u.by].Type), Cite: u.Cite, money: !u.rate})
		}
		if a.plan.word(u.Ceiling) == "outside" {
			outside = append(outside, r)
		}
	}
	return q, outside
}

// all is whether conditions hold together, apart from whether the clause itself is met; the answers go into the trace.
func (a *asking) all(atoms []atom, kind string) (State, []rule.FactRef) {
	state := Met
	var missing []rule.FactRef
	for i := range atoms {
		if !a.plan.holds(atoms[i].Only) {
			continue
		}
		c, need := a.answer(&atoms[i], kind)
		if c.State == NotMet {
			state = NotMet
		} else if c.State == Unknown && state == Met {
			state = Unknown
		}
		missing = append(missing, need...)
		if a.opt.Trace {
			c.Need = waiting(need)
			a.checks = append(a.checks, c)
		}
	}
	return state, missing
}

// limit is what a ceiling of the clause allows: at least, and at most.
func (a *asking) limit(l *slot, raised []raising) (low, high money.Fen) {
	q := quantity{state: rule.Present}
	switch {
	case l.of == nil:
		from, to, ok := a.param(l.param)
		if !ok {
			return 0, 0
		}
		q.low, q.high = money.Of(from.fen), money.Of(to.fen)
	default:
		q = a.quantity(l.of[a.k.Entity], "")
		if q.state != rule.None && l.param >= 0 {
			from, to, ok := a.param(l.param)
			if !ok {
				return 0, 0
			}
			q.scale(from.rate, to.rate)
		}
		if q.state == rule.None {
			return 0, 0
		}
		a.waitFor(q.missing, "policy.limit")
	}
	if l.own {
		for _, r := range raised {
			if q.high = q.high.Plus(r.by(q.high, r.high)); r.surely {
				q.low = q.low.Plus(r.by(q.low, r.low))
			}
		}
	}
	low, high = a.whollyDown(q.low), unbounded
	if !q.open {
		high = a.whollyDown(q.high)
	}
	for i := range l.counts {
		least, most := a.given(l, &l.counts[i])
		low, high = max(low-most, 0), max(high-least, 0)
	}
	return low, high
}

// whollyDown is an amount in whole fen that never lies above it.
func (a *asking) whollyDown(x money.Exact) money.Fen {
	if x.Sign() <= 0 {
		return 0
	}
	f, err := x.Round(money.Rounding{To: 1, Mode: money.Down})
	if err != nil {
		a.fail(err)
	}
	return min(f, unbounded)
}

// given is what other documents gave and a ceiling counts: in the year, or in all years for a ceiling over the policy.
func (a *asking) given(l *slot, counted *Counted) (least, most money.Fen) {
	def := readFact(a.plan.Policy.lib, counted.Award)
	days := []period.Day{a.at.day}
	if l.period == "policy" && def.Period == period.Year {
		days = nil
		last := a.asOf.Year()
		if to := a.plan.valid.to; to != nil {
			last = min(last, to.Year())
		}
		for y := a.plan.valid.from.Year(); y <= last; y++ {
			days = append(days, period.Date(y, 12, 31))
		}
	}
	s := owner(a.s, def)
	for _, day := range days {
		v, state := readOn(a.s, def, day)
		switch {
		case state == rule.Present:
			least, most = plus(least, max(v.Fen(), 0)), plus(most, max(v.Fen(), 0))
		case state == rule.Unknown && a.plan.word(counted.Unreported) == "unknown" && s != nil:
			most = unbounded
			a.missing = append(a.missing, rule.FactRef{Subject: rule.RefOf(s), Def: def.Code, Period: periodOf(def, day)})
		}
	}
	return least, most
}

// prerequisites asks whether what the clause requires is met.
func (a *asking) prerequisites() {
	for i := range a.k.Requires {
		r := &a.k.Requires[i]
		c := Check{ID: r.ID, Kind: "requires", Text: r.Text, State: NotMet, Place: r.Place}
		var need []rule.FactRef
		for _, v := range a.verdicts {
			if !slices.Contains(a.k.requires[i], v.clause) || r.Period == "year" && v.year != a.at.year || r.Scope == "project" && v.project != a.projectOf(a.s) {
				continue
			}
			if c.State = better(c.State, v.state); v.state == Unknown {
				need = append(need, v.missing...)
			}
		}
		if c.State != Unknown {
			need = nil
		}
		reason := i18n.M("policy.not_met", r.Text)
		if c.State == Unknown {
			reason = a.unknown(need)
		}
		if a.check(c, reason, need); !a.goesOn() {
			return
		}
	}
}

// projectOf is the number of the project that a subject is or lies below, -1 without one.
func (d *decider) projectOf(s rule.Subject) int {
	if p := project(s); p != nil {
		return d.unit(p)
	}
	return -1
}
