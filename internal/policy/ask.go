package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// verdict is one clause asked for one subject and day.
type verdict struct {
	state                 State
	low, high             money.Fen
	limits                bool // the two ends of a limit differ
	lowLimits, highLimits []money.Fen
	lowParts, highParts   []money.Fen
	checks                []Check
	formula               []Term
	missing               []rule.FactRef
	remaining             []Remaining
	reason                i18n.Msg
	payee                 string
	floor                 bool
}

// asking carries one question while it is answered.
type asking struct {
	*decider
	*verdict
	k   *clauseRule
	s   rule.Subject
	at  asked
	ctx *rule.Context

	// The part of the base below a threshold that counts only what is above it: at most, and at least.
	below, belowAtLeast money.Fen
}

func (d *decider) ask(k *clauseRule, s rule.Subject, at asked) *verdict {
	a := &asking{decider: d, verdict: &verdict{state: Met}, k: k, s: s, at: at}
	a.validity()
	if a.goesOn() {
		a.area()
	}
	if a.goesOn() {
		a.conditions()
	}
	if a.state != NotMet {
		a.amountOf()
	}
	return a.verdict
}

// goesOn says that there is more to ask: after the first no, only a trace wants the rest.
func (a *asking) goesOn() bool { return a.state != NotMet || a.opt.Trace }

// check records an answer. The first that fails, or else the first that is not known, gives the reason.
func (a *asking) check(c Check, reason i18n.Msg, need []rule.FactRef) {
	switch c.State {
	case NotMet:
		if a.state != NotMet {
			a.reason = reason
		}
		a.state = NotMet
	case Unknown:
		if a.state == Met {
			a.state, a.reason = Unknown, reason
		}
		a.missing = append(a.missing, need...)
	}
	if !a.opt.Trace {
		return
	}
	for _, m := range need {
		c.Need = append(c.Need, factOf(m))
	}
	if a.checks = append(a.checks, c); c.State != Met {
		r := Remaining{Check: c.ID, State: c.State, Text: c.Text, Facts: c.Need}
		a.remaining = append(a.remaining, r)
	}
}

func (a *asking) validity() {
	v := a.k.valid
	state := Met
	first, last := a.at.day, a.at.day
	if a.k.yearly {
		first, last = period.Date(a.at.year, 1, 1), period.Date(a.at.year, 12, 31)
	}
	if last < v.from || v.to != nil && first > *v.to {
		state = NotMet
	}
	if state == Met && !a.opt.Trace {
		return
	}
	a.check(Check{ID: "validity", Kind: "validity", Text: v.text, State: state, Place: v.src.Place}, v.outside, nil)
}

func (a *asking) area() {
	doc := &a.plan.Policy.File.Document
	if doc.Area == nil {
		return
	}
	on := min(a.at.day, a.asOf)
	v, state := a.root.Fact(a.plan.areaDef, period.OfDay(on), on)
	ref := rule.FactRef{Subject: rule.RefOf(a.root), Def: rule.AreaCode, Period: period.OfDay(on)}
	c := Check{ID: "area", Kind: "area", State: Met, Place: doc.Area.Place}
	if a.opt.Trace {
		c.Text = message("policy.area")
	}
	var need []rule.FactRef
	reason := i18n.M("policy.not_in_area")
	switch state {
	case rule.Present:
		inside, known := a.plan.inside(v.Text())
		a.verdict.floor = known && !inside
		if !known {
			c.State = NotMet
		}
		if a.opt.Trace {
			f := factOf(ref)
			f.Value = v.Text()
			c.Read = []Fact{f}
		}
	case rule.None:
		c.State = NotMet
	default:
		c.State, need, reason = Unknown, []rule.FactRef{ref}, i18n.M("policy.unknown_fact", a.plan.areaDef.Name)
	}
	a.check(c, reason, need)
}

// inside says whether an area is one that the document pays in, or one where its floor holds; known is false elsewhere.
func (pl *Plan) inside(code string) (inside, known bool) {
	if inside, known = pl.area[code]; known {
		return inside, true
	}
	node, ok := pl.Policy.lib.Areas().Node(code)
	if !ok {
		return false, false
	}
	if inside, known = pl.area[node.Code]; known || len(node.Successors) == 0 {
		return inside, known
	}
	inside = true
	for _, next := range node.Successors {
		in, ok := pl.area[next]
		if !ok {
			return false, false
		}
		inside = inside && in
	}
	return inside, true
}

func (a *asking) conditions() {
	a.ctx = a.context()
	for _, x := range []struct {
		atoms []atom
		kind  string
	}{{a.plan.shut, "exclusion"}, {a.k.shut, "exclusion"}, {a.k.when, "condition"}} {
		for i := range x.atoms {
			if a.atom(&x.atoms[i], x.kind); !a.goesOn() {
				return
			}
		}
	}
	for i := range a.k.thresholds {
		if a.threshold(&a.k.thresholds[i]); !a.goesOn() {
			return
		}
	}
}

func (a *asking) atom(x *atom, kind string) {
	out := x.expr.Eval(a.ctx)
	c := Check{ID: x.ID, Kind: kind, Text: x.Text, Expr: x.Expr, Place: a.k.Place}
	if x.Cite != "" {
		c.Place = Place{Cite: x.Cite}
	}
	var need []rule.FactRef
	reason := "policy.not_met"
	switch {
	case out.State == rule.Failed:
		a.fail(out.Err)
		return
	case out.State == rule.Unknown && x.Unreported == "no":
		c.Assumed = true
		if c.State = NotMet; kind == "exclusion" {
			c.State = Met
		}
	case out.State == rule.Unknown:
		c.State, need = Unknown, out.Missing
	default:
		yes := out.State == rule.Present && out.Value.Bool()
		if kind == "exclusion" {
			yes, reason = !yes, "policy.excluded"
		}
		if c.State = NotMet; yes {
			c.State = Met
		}
	}
	if !a.opt.Trace {
		a.check(c, i18n.Msg{}, need)
		return
	}
	c.Read = facts(out.Read)
	if c.State == NotMet && kind == "condition" && !c.Assumed {
		c.Says = sentence(x.expr.Explain(a.ctx))
	}
	if c.State == Unknown {
		a.check(c, a.unknown(need), need)
		return
	}
	a.check(c, i18n.M(reason, x.Text), need)
}

func (a *asking) threshold(t *threshold) {
	q := a.quantity(t.of, "")
	low, high, ok := a.param(t.limit)
	c := Check{ID: t.ID, Kind: "threshold", Text: t.Text, Expr: t.Of, Read: q.read, Place: a.plan.params[t.limit].Place}
	if !ok || q.state == rule.None {
		c.State = NotMet
		a.check(c, i18n.M("policy.not_met", t.Text), nil)
		return
	}
	reaches := func(have money.Exact, limit money.Fen) bool {
		order := have.Cmp(money.Of(limit))
		return order > 0 || order == 0 && t.AtLeast != ""
	}
	surely := reaches(q.low, high.fen)
	maybe := surely || q.open || (!q.point || low != high) && reaches(q.high, low.fen)
	var reason i18n.Msg
	switch {
	case surely:
		c.State = Met
	case maybe:
		c.State = Unknown
	default:
		c.State = NotMet
	}
	if a.opt.Trace && c.State == NotMet {
		reason = i18n.M("policy.not_met", t.Text)
	}
	if a.opt.Trace && c.State == Unknown {
		reason = a.unknown(q.missing)
	}
	a.check(c, reason, q.missing)
	if t.Base == "above" {
		a.below, a.belowAtLeast = high.fen, low.fen
	}
	if !a.opt.Trace || c.State == Met || low != high {
		return
	}
	need := low.fen
	r := &a.remaining[len(a.remaining)-1]
	r.Need = &need
	if c.State == NotMet {
		gap, err := money.Of(need).Minus(q.high).Round(money.Rounding{To: 1, Mode: money.Up})
		if t.Over != "" && err == nil {
			gap++
		}
		have, err2 := q.high.Round(money.Rounding{To: 1, Mode: money.Down})
		if err == nil && err2 == nil {
			r.Distance, r.Have = &gap, &have
		}
		a.reason = i18n.M("policy.below_threshold", t.Text, wan(have), wan(need), wan(gap))
	}
}

func (a *asking) unknown(missing []rule.FactRef) i18n.Msg {
	if len(missing) == 0 {
		return i18n.M("policy.unknown")
	}
	return i18n.M("policy.unknown_fact", factName(a.plan.Policy.lib, missing[0].Def))
}

// factName is what people call a fact or membership.
func factName(lib *content.Library, code string) i18n.Text {
	if def, ok := rule.FactDef(lib, code); ok && def.Name.ZH != "" {
		return def.Name
	}
	return i18n.Text{ZH: code, EN: code}
}

func message(key string) i18n.Text {
	return i18n.Text{ZH: i18n.T{Lang: i18n.ZH}.S(key), EN: i18n.T{Lang: i18n.EN}.S(key)}
}

// param is the value of a parameter for this question; ok is false when there is none. Where the code that its table
// asks for is not known, there may be none, so the answer as a whole is not known, and at best between low and high.
func (a *asking) param(i int) (low, high number, ok bool) {
	low, high, state := a.paramState(i)
	if state == rule.Unknown {
		ref := a.refOf(a.plan.params[i].def)
		if !slices.Contains(a.missing, ref) {
			a.missing = append(a.missing, ref)
		}
		if a.state == Met {
			a.state, a.reason = Unknown, a.unknown([]rule.FactRef{ref})
		}
	}
	return low, high, state != rule.None
}

func (a *asking) paramState(i int) (low, high number, state rule.State) {
	return a.plan.value(i, a.at.year, func(def content.FactDef) (string, rule.State) {
		v, state := a.read(a.s, def, a.at.day)
		return v.String(), state
	})
}

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
	a.waitFor(q.missing)
	a.low, a.high = a.round(q.low), unbounded
	if q.point {
		a.high = a.low
	} else if !q.open {
		a.high = a.round(q.high)
	}
	if a.low == a.high && a.k.amount.form != "eligibility" {
		a.term(Term{Name: message("policy.product"), Value: a.low.String(), Cite: a.k.roundCite, money: true})
	}
	if a.k.shares != nil {
		a.low, a.lowParts = a.parts(a.low, true)
		a.high, a.highParts = a.parts(a.high, false)
	}
	for _, limit := range a.k.ceilings {
		low, high, ok := a.param(limit)
		if !ok {
			low, high = number{}, number{}
		}
		a.lowLimits, a.highLimits = append(a.lowLimits, low.fen), append(a.highLimits, high.fen)
		a.limits = a.limits || low != high
	}
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
			if v, state := a.read(a.s, am.payee, a.at.day); state == rule.Present {
				a.payee = v.String()
			}
		}
		return a.ceiled(a.quantity(am.base, "policy.price"), am.value)
	case "up_to":
		q = a.fixed(am.value)
		q.low = money.Exact{}
		return q
	}
	return quantity{state: rule.Present, point: true}
}

// waitFor makes the line wait for facts that its amount lacks.
func (a *asking) waitFor(missing []rule.FactRef) {
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
	a.remaining = append(a.remaining, Remaining{Check: "amount", State: Unknown, Text: message("policy.base"), Facts: waiting(missing)})
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
	a.term(Term{Name: a.plan.params[i].Name, Value: text, Cite: a.plan.params[i].Cite})
}

func (a *asking) fixed(value int) quantity {
	low, high, ok := a.param(value)
	if !ok {
		return quantity{state: rule.None}
	}
	p := a.plan.params[value]
	q := quantity{low: money.Of(low.fen), high: money.Of(high.fen), state: rule.Present}
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
	low, high, ok := a.param(limit)
	if !ok || q.state == rule.None {
		return quantity{state: rule.None}
	}
	q.point = false
	if a.opt.Trace {
		a.term(Term{Name: a.plan.params[limit].Name, Value: high.fen.String(), Cite: a.plan.params[limit].Cite, money: true})
	}
	q.low = q.low.Min(money.Of(low.fen))
	if top := money.Of(high.fen); q.open {
		q.high, q.open = top, false
	} else {
		q.high = q.high.Min(top)
	}
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
		p := a.plan.params[a.k.amount.bands[part.Band].rate]
		a.term(Term{Name: p.Name, Value: part.Of.String() + " × " + bands[part.Band].Rate.String() + " = " + part.Amount.String(), Cite: p.Cite})
	}
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
	if am.paid != nil && q.state != rule.None {
		q.point, q.missing = false, append(q.missing, paid.missing...)
		q.low = q.low.Min(paid.low)
		switch {
		case paid.open:
		case q.open:
			q.high, q.open = paid.high, false
		default:
			q.high = q.high.Min(paid.high)
		}
	}
	return q
}

// points takes rate points off the bank's rate: never more than the bank charges.
func (a *asking) points(q quantity, am *amount) quantity {
	low, high, ok := a.param(am.rate)
	if !ok {
		return quantity{state: rule.None}
	}
	out := am.bankRate.Eval(a.ctx)
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
		v, state := a.read(a.s, def, a.at.day)
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

// parts is who pays what of an amount, and what they pay in all.
func (a *asking) parts(amount money.Fen, low bool) (money.Fen, []money.Fen) {
	sh := a.k.shares
	pick := func(i int) number {
		lo, hi, ok := a.param(i)
		if !ok {
			return number{}
		}
		if low {
			return lo
		}
		return hi
	}
	out := make([]money.Fen, len(sh.Of))
	var sum, given money.Fen
	for i := range sh.Of {
		if amount >= unbounded {
			out[i] = unbounded
		} else if i < len(sh.Of)-1 || !a.whole(sh) {
			out[i] = a.round(money.Of(amount).Times(pick(sh.share[i]).rate))
		} else {
			out[i] = amount - given // the last payer bears what rounding leaves
		}
		given += out[i]
		if sh.ceiling[i] >= 0 {
			out[i] = min(out[i], pick(sh.ceiling[i]).fen)
		}
		sum = plus(sum, out[i])
	}
	if sh.floor >= 0 {
		base := a.quantity(sh.floorOf, "")
		floor := a.round(base.high.Times(pick(sh.floor).rate))
		if low {
			floor = a.round(base.low.Times(pick(sh.floor).rate))
		}
		if !base.open && sum < floor {
			out[sh.floorPayer] += floor - sum
			sum = floor
		}
	}
	if sh.joint < 0 {
		return sum, out
	}
	joint := pick(sh.joint).fen
	if sum > joint {
		out, sum = split(joint, out), joint
	}
	return sum, out
}

// whole says that the shares make one.
func (a *asking) whole(sh *shares) bool {
	sum := money.Of(0)
	for _, i := range sh.share {
		_, high, _ := a.param(i)
		sum = sum.Plus(money.Of(money.Yuan).Times(high.rate))
	}
	return sum.Cmp(money.Of(money.Yuan)) == 0
}

func (a *asking) term(t Term) {
	if a.opt.Trace {
		a.formula = append(a.formula, t)
	}
}

func (a *asking) refOf(def content.FactDef) rule.FactRef {
	s := a.s
	for s.Kind() != def.Subject && s.Parent() != nil {
		s = s.Parent()
	}
	return rule.FactRef{Subject: rule.RefOf(s), Def: def.Code, Period: periodOf(def, a.at.day)}
}
