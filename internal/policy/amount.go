package policy

import (
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// quantity is an exact amount as far as it is known.
type quantity struct {
	low, high money.Exact
	point     bool // low and high are one
	open      bool // nothing limits it from above
	state     rule.State
	read      []Fact
	missing   []rule.FactRef
}

// amountOf works out what the clause comes to by itself: its amount, the parts of the payers, its ceilings.
func (a *asking) amountOf() {
	q := a.form()
	if q.state == rule.None {
		a.check(Check{ID: "amount", Kind: "condition", Text: message("policy.base"), State: NotMet, Place: a.k.Place}, i18n.M("policy.nothing_to_count"), nil)
		return
	}
	a.waitFor(q.missing, "policy.base")
	q, raised := a.raise(q)
	a.low, a.high = a.round(q.low), unbounded
	if q.point {
		a.high = a.low
	} else if !q.open {
		a.high = a.round(q.high)
	}
	if a.opt.Trace && a.low == a.high && a.k.amount.form != "eligibility" {
		a.term(Term{Name: message("policy.product"), Value: a.low.String(), Cite: a.k.roundCite, money: true})
	}
	if a.k.shares != nil {
		a.low, a.lowParts = a.parts(a.low, true)
		a.high, a.highParts = a.parts(a.high, false)
	}
	for i := range a.k.ceilings {
		low, high := a.limit(&a.k.ceilings[i], raised)
		a.lowLimits, a.highLimits = append(a.lowLimits, low), append(a.highLimits, high)
		a.limits = a.limits || low != high
	}
	a.due()
	a.standings()
}

// form is the amount before rounding, by the form that the clause gives.
func (a *asking) form() (q quantity) {
	src, am := &a.k.Amount, &a.k.amount
	switch am.form {
	case "share":
		return a.times(a.less(a.quantity(am.base, "policy.base")), am.rate)
	case "fixed":
		return a.fixed(am.value)
	case "bands":
		return a.banded(a.less(a.quantity(am.base, "policy.base")))
	case "interest":
		return a.interest(src.Interest, am)
	case "in_kind":
		if am.hasPayee {
			if v, state := readOn(a.s, am.payee, a.at.day); state == rule.Present {
				a.payee = v.String()
			}
		}
		return a.ceiled(a.quantity(am.base, "policy.price"), am.value)
	case "per_unit":
		return a.perUnit(am)
	case "marks":
		return a.passed(src.Marks, am)
	case "up_to":
		return a.upTo(src.UpTo, am)
	}
	return quantity{state: rule.Present, point: true}
}

// waitFor makes the line wait for facts that its amount, or what else is called by a message, lacks.
func (a *asking) waitFor(missing []rule.FactRef, what string) {
	if len(missing) == 0 {
		return
	}
	a.missing = append(a.missing, missing...)
	if !a.opt.Trace {
		return
	}
	if a.state == Met {
		a.reason = a.unknown(missing)
	}
	a.remaining = append(a.remaining, Remaining{Check: "amount", State: Unknown, Text: message(what), Facts: waiting(missing)})
}

// round is the one rounding of the clause. A negative base gives nothing.
func (a *asking) round(x money.Exact) money.Fen {
	if x.Sign() <= 0 {
		return 0
	}
	f, err := x.Round(a.k.rounding)
	if err != nil || f >= unbounded {
		a.fail(money.ErrOverflow)
		return 0
	}
	return f
}

// less takes off what a threshold leaves out of the base.
func (a *asking) less(q quantity) quantity {
	if a.below > 0 && q.state == rule.Present {
		q.point = q.point && a.below == a.belowAtLeast
		q.low, q.high = q.low.Minus(money.Of(a.below)), q.high.Minus(money.Of(a.belowAtLeast))
	}
	return q
}

func (a *asking) times(q quantity, rate int) quantity {
	low, high, ok := a.param(rate)
	if !ok {
		return quantity{state: rule.None}
	}
	a.rateTerm(rate, low, high)
	q.scale(low.rate, high.rate)
	if q.open && high.rate.Cmp(money.Rate{}) == 0 {
		q.open = false
	}
	return q
}

// scale multiplies both ends; an amount that is known is multiplied once.
func (q *quantity) scale(low, high money.Rate) {
	same := q.point && low == high
	q.low = q.low.Times(low)
	if same {
		q.high = q.low
		return
	}
	q.point, q.high = false, q.high.Times(high)
}

func (a *asking) rateTerm(i int, low, high number) {
	if !a.opt.Trace {
		return
	}
	text := low.rate.String()
	if low != high {
		text += " … " + high.rate.String()
	}
	a.term(Term{Name: a.plan.params[i].Name, Value: text, Cite: a.plan.params[i].on(a.at.day).Cite})
}

func (a *asking) fixed(value int) quantity {
	low, high, ok := a.param(value)
	if !ok {
		return quantity{state: rule.None}
	}
	p := a.plan.params[value].on(a.at.day)
	q := quantity{low: money.Of(low.fen), high: money.Of(high.fen), point: low == high, state: rule.Present}
	if a.opt.Trace {
		text := low.fen.String()
		if low != high {
			text += " … " + high.fen.String()
		}
		a.term(Term{Name: p.Name, Value: text, Cite: p.Cite, money: low == high})
	}
	return q
}

func (a *asking) ceiled(q quantity, limit int) quantity {
	if q.state == rule.None {
		return q
	}
	return q.min(a.fixed(limit))
}

// min is the smaller of two amounts. Where one is nothing, so is the other.
func (q quantity) min(o quantity) quantity {
	if q.state == rule.None || o.state == rule.None {
		return quantity{state: rule.None}
	}
	q.missing = append(q.missing, o.missing...)
	q.low = q.low.Min(o.low)
	switch {
	case o.open:
	case q.open:
		q.high, q.open = o.high, false
	default:
		q.high = q.high.Min(o.high)
	}
	q.point = q.point && o.point && !o.open
	return q
}

// banded applies rates by size of the base.
func (a *asking) banded(q quantity) quantity {
	if q.state == rule.None {
		return q
	}
	var bands rule.Bands
	top := money.Rate{}
	for _, b := range a.k.amount.bands {
		rate, _, ok := a.param(b.rate)
		from := number{}
		if b.from >= 0 && ok {
			from, _, ok = a.param(b.from)
		}
		if !ok {
			return quantity{state: rule.None}
		}
		if rate.rate.Cmp(top) > 0 {
			top = rate.rate
		}
		bands = append(bands, rule.Band{From: money.Of(from.fen), Rate: rate.rate})
	}
	if !bands.Sorted() {
		a.fail(errs.Invalid(i18n.M("policy.bands_unsorted", a.k.ID)))
		return quantity{state: rule.None}
	}
	if a.k.Amount.Bands.Whole && (q.open || q.low.Cmp(q.high) != 0) { // one rate for all of it may fall as the base grows
		q.point, q.low, q.high = false, money.Exact{}, q.high.Times(top)
		return q
	}
	apply := bands.Progressive
	if a.k.Amount.Bands.Whole {
		apply = bands.Whole
	}
	q.point = false
	q.low, _ = apply(q.low)
	var parts []rule.BandPart
	q.high, parts = apply(q.high)
	for _, part := range parts {
		p := a.plan.params[a.k.amount.bands[part.Band].rate].on(a.at.day)
		a.term(Term{Name: p.Name, Value: part.Of.String() + " × " + bands[part.Band].Rate.String() + " = " + part.Amount.String(), Cite: p.Cite})
	}
	return q
}

// perUnit is so much for each unit, or a share of the cost that comes to no more for each.
func (a *asking) perUnit(am *amount) quantity {
	q := a.fixed(am.value)
	if q.state == rule.None {
		return q
	}
	out := a.eval(am.count)
	switch out.State {
	case rule.Failed:
		a.fail(out.Err)
		return quantity{state: rule.None}
	case rule.None:
		return quantity{state: rule.None}
	case rule.Unknown:
		q.low, q.point, q.open = money.Exact{}, false, true
		q.missing = append(q.missing, out.Missing...)
	case rule.Present:
		n, of := int64(0), int64(1)
		if out.Value.Type() == rule.DecimalType {
			n, of = out.Value.Millionths(), 1_000_000
		} else {
			n = out.Value.Int()
		}
		times, err := money.NewRate(max(n, 0), of)
		if err != nil {
			a.fail(err)
			return quantity{state: rule.None}
		}
		q.scale(times, times)
		a.term(Term{Name: message("policy.units"), Expr: am.count.Source(), Value: out.Value.String(), Read: facts(out.Read), Cite: a.k.Cite})
	}
	if am.base == nil {
		return q
	}
	return a.times(a.less(a.quantity(am.base, "policy.base")), am.rate).min(q)
}

// upTo is nothing to the limit, until somebody decided.
func (a *asking) upTo(src *UpTo, am *amount) quantity {
	q := quantity{state: rule.Present, point: true, open: true}
	if src.Limit != "" {
		q = a.fixed(am.value)
	}
	if src.Of != "" {
		share := a.times(a.less(a.quantity(am.base, "policy.base")), am.rate)
		if src.Limit == "" {
			q = share
		} else {
			q = share.min(q)
		}
	}
	if q.state == rule.None {
		return q
	}
	if src.Decided == "" {
		q.low, q.point = money.Exact{}, false
		return q
	}
	v, state := readOn(a.s, am.decided, a.at.day)
	switch state {
	case rule.None:
		return quantity{state: rule.None}
	case rule.Unknown:
		q.low, q.point = money.Exact{}, false
		q.missing = append(q.missing, a.refOf(am.decided))
		return q
	}
	sum := money.Of(v.Fen())
	a.term(Term{Name: am.decided.Name, Value: v.Fen().String(), Cite: a.k.Cite, money: true})
	return q.min(quantity{low: sum, high: sum, point: true, state: rule.Present})
}

// reached is what is known of a mark: passed for sure, or perhaps.
type reached struct{ surely, maybe bool }

// passed is the awards for marks that the year's figure passes for the first time.
func (a *asking) passed(src *Marks, am *amount) quantity {
	first := src.Since
	if first == 0 {
		first = a.k.valid.from.Year()
	}
	var now, before quantity
	var missing []rule.FactRef
	asked := a.ctx.Year
	for y := first; y <= asked; y++ {
		a.ctx.Year = y
		q := a.quantity(am.base, "")
		missing = append(missing, q.missing...)
		if y < asked {
			before = before.withYear(q, src.Cumulative)
			continue
		}
		if now = q; src.Cumulative {
			now = before.withYear(q, true)
		}
	}
	a.ctx.Year = asked
	passes := func(q quantity, limit money.Fen) reached {
		reach := func(x money.Exact) bool {
			order := x.Cmp(money.Of(limit))
			return order > 0 || order == 0 && src.Passing == "at_least"
		}
		return reached{surely: reach(q.low), maybe: q.open || reach(q.high)}
	}
	var marks []reached
	var awards []money.Fen
	for _, m := range am.marks {
		at, _, ok1 := a.param(m.at)
		award, _, ok2 := a.param(m.award)
		if !ok1 || !ok2 {
			return quantity{state: rule.None}
		}
		is, was := passes(now, at.fen), passes(before, at.fen)
		marks = append(marks, reached{surely: is.surely && !was.maybe, maybe: is.maybe && !was.surely})
		awards = append(awards, award.fen)
	}
	q := awarded(marks, awards, src.Pays == "highest")
	if q.state == rule.None {
		a.check(Check{ID: "marks", Kind: "condition", Text: message("policy.mark"), State: NotMet, Place: a.k.Place}, i18n.M("policy.no_mark"), nil)
		return quantity{state: rule.Present, point: true}
	}
	if q.missing = missing; q.low.Sign() == 0 && !q.point {
		a.check(Check{ID: "marks", Kind: "condition", Text: message("policy.mark"), State: Unknown, Place: a.k.Place}, a.unknown(missing), missing)
	}
	return q
}

// withYear is a figure with that of a further year: added, or the greater. What is nothing counts as nothing.
func (q quantity) withYear(year quantity, add bool) quantity {
	if year.state == rule.None {
		return q
	}
	if add {
		return quantity{low: q.low.Plus(year.low), high: q.high.Plus(year.high), open: q.open || year.open}
	}
	if year.low.Cmp(q.low) > 0 {
		q.low = year.low
	}
	if year.high.Cmp(q.high) > 0 {
		q.high = year.high
	}
	q.open = q.open || year.open
	return q
}

// awarded is what marks that are passed now bring: each its award, or the highest alone. Nothing where none is.
func awarded(marks []reached, awards []money.Fen, highest bool) quantity {
	q := quantity{state: rule.None, point: true}
	least := 0 // the first that may be the highest
	for k, m := range marks {
		if m.surely {
			least = k
		}
	}
	low, high := unbounded, money.Fen(0)
	var sums [2]money.Fen
	surely := false
	for k, m := range marks {
		if !m.maybe {
			continue
		}
		q.state = rule.Present
		q.point = q.point && m.surely
		surely = surely || m.surely
		if sums[1] = plus(sums[1], awards[k]); m.surely {
			sums[0] = plus(sums[0], awards[k])
		}
		if k >= least {
			low, high = min(low, awards[k]), max(high, awards[k])
		}
	}
	switch {
	case !highest:
		low, high = sums[0], sums[1]
	case !surely:
		low = 0
	}
	q.low, q.high = money.Of(low), money.Of(high)
	q.point = low == high
	return q
}

// interest works an interest subsidy out; see Interest.
func (a *asking) interest(src *Interest, am *amount) quantity {
	var paid quantity
	if am.paid != nil {
		if paid = a.quantity(am.paid, "policy.interest_paid"); paid.state == rule.None {
			return paid
		}
	}
	if src.On == "interest_paid" {
		return a.times(paid, am.rate)
	}
	q := a.quantity(am.base, "policy.principal")
	if q.state == rule.None {
		return q
	}
	if src.On == "points" {
		q = a.points(q, am)
	} else {
		q = a.times(q, am.rate)
	}
	if src.Days != nil && q.state != rule.None {
		q = a.proRata(q, src.Days, am)
	}
	if am.paid == nil {
		return q
	}
	return q.min(paid)
}

// points takes rate points off the bank's rate: never more than the bank charges.
func (a *asking) points(q quantity, am *amount) quantity {
	low, high, ok := a.param(am.rate)
	if !ok {
		return quantity{state: rule.None}
	}
	out := a.eval(am.bankRate)
	switch out.State {
	case rule.Failed:
		a.fail(out.Err)
	case rule.None:
		return quantity{state: rule.None}
	case rule.Unknown:
		low.rate = money.Rate{}
		q.missing = append(q.missing, out.Missing...)
	case rule.Present:
		bank := out.Value.Rate()
		if bank.Cmp(low.rate) < 0 {
			low.rate = bank
		}
		if bank.Cmp(high.rate) < 0 {
			high.rate = bank
		}
	}
	a.rateTerm(am.rate, low, high)
	q.scale(low.rate, high.rate)
	return q
}

// proRata takes the days on which the loan stood in the year: the day of drawdown counts, the day of repayment does
// not, as banks count.
func (a *asking) proRata(q quantity, days *Days, am *amount) quantity {
	begin, end := period.Date(a.at.year, 1, 1), period.Date(a.at.year+1, 1, 1)
	span := func(def content.FactDef, otherwise period.Day) (period.Day, bool) {
		v, state := readOn(a.s, def, a.at.day)
		switch state {
		case rule.Present:
			return v.Day(), true
		case rule.None:
			return otherwise, true
		}
		q.missing = append(q.missing, a.refOf(def))
		return otherwise, false
	}
	from, fromKnown := span(am.from, begin)
	to, toKnown := span(am.to, end)
	most := max(int64(min(to, end)-max(from, begin)), 0)
	least := most
	if !fromKnown || !toKnown {
		least = 0
	}
	r1, err1 := money.NewRate(least, int64(days.YearDays))
	r2, err2 := money.NewRate(most, int64(days.YearDays))
	if err1 != nil || err2 != nil {
		return quantity{state: rule.None}
	}
	if a.opt.Trace {
		a.term(Term{Name: message("policy.days"), Value: r2.String(), Cite: a.k.Cite})
	}
	q.scale(r1, r2)
	if most == 0 {
		q.open = false
	}
	return q
}

func (a *asking) term(t Term) {
	if a.opt.Trace {
		a.formula = append(a.formula, t)
	}
}

func (a *asking) refOf(def content.FactDef) rule.FactRef { return waitedFor(a.s, def, a.at.day) }

// waitedFor names a fact of a subject, or of the one that it lies below, on a day.
func waitedFor(s rule.Subject, def content.FactDef, day period.Day) rule.FactRef {
	for s.Kind() != def.Subject && s.Parent() != nil {
		s = s.Parent()
	}
	return rule.FactRef{Subject: rule.RefOf(s), Def: def.Code, Period: periodOf(def, day)}
}
