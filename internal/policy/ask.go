package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// verdict is one clause asked for one subject and day.
type verdict struct {
	state                 State
	low, high             money.Fen
	limits                bool // the two ends of a limit, or of what is due, differ
	lowLimits, highLimits []money.Fen
	lowParts, highParts   []money.Fen
	lowDue, highDue       dues
	instalments           []DuePart
	standing              []standing
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
	room := &struct { // one piece of memory
		asking
		verdict
	}{verdict: verdict{state: Met}}
	a := &room.asking
	*a = asking{decider: d, verdict: &room.verdict, k: k, s: s, at: at}
	a.validity()
	if a.goesOn() {
		a.area()
	}
	if a.goesOn() {
		a.ctx = a.context()
		if !at.met {
			a.conditions()
		}
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
	v, state := a.lies(on)
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
	a.prerequisites()
}

// atom asks one condition of the clause.
func (a *asking) atom(x *atom, kind string) {
	c, need := a.answer(x, kind)
	var reason i18n.Msg
	switch {
	case !a.opt.Trace:
	case c.State == Unknown:
		reason = a.unknown(need)
	case kind == "exclusion":
		reason = i18n.M("policy.excluded", x.Text)
	default:
		reason = i18n.M("policy.not_met", x.Text)
	}
	a.check(c, reason, need)
}

// answer evaluates a condition. One that shuts out (an exclusion, a claw-back) is met where it does not hold.
func (a *asking) answer(x *atom, kind string) (Check, []rule.FactRef) {
	shuts := kind == "exclusion" || kind == "clawback"
	out := a.eval(x.expr)
	c := Check{ID: x.ID, Kind: kind, Text: x.Text, Expr: x.Expr, Place: a.k.Place}
	if x.Cite != "" {
		c.Place = Place{Cite: x.Cite}
	}
	var need []rule.FactRef
	switch {
	case out.State == rule.Failed:
		a.fail(out.Err)
		return c, nil
	case out.State == rule.Unknown && x.Unreported == "no":
		c.Assumed = true
		if c.State = NotMet; shuts {
			c.State = Met
		}
	case out.State == rule.Unknown:
		c.State, need = Unknown, out.Missing
	default:
		if c.State = NotMet; (out.State == rule.Present && out.Value.Bool()) != shuts {
			c.State = Met
		}
	}
	if !a.opt.Trace {
		return c, need
	}
	c.Read = facts(out.Read)
	if c.State == NotMet && kind == "condition" && !c.Assumed {
		c.Says = sentence(x.expr.Explain(a.ctx))
	}
	return c, need
}

func (a *asking) threshold(t *threshold) {
	q := a.quantity(t.of, "")
	low, high, ok := a.param(t.limit)
	c := Check{ID: t.ID, Kind: "threshold", Text: t.Text, Expr: t.Of, Read: q.read, Place: a.plan.params[t.limit].on(a.at.day).Place}
	if !ok || q.state == rule.None {
		c.State = NotMet
		a.check(c, i18n.M("policy.not_met", t.Text), nil)
		return
	}
	surely := t.reached(q.low, high.fen)
	maybe := surely || q.open || (!q.point || low != high) && t.reached(q.high, low.fen)
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

// reached says that an amount reaches a limit.
func (t *threshold) reached(have money.Exact, limit money.Fen) bool {
	order := have.Cmp(money.Of(limit))
	return order > 0 || order == 0 && t.AtLeast != ""
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

// param is the value of a parameter for this question; ok is false when there is none. Where it depends on what is not
// known, it lies between low and high; where there may be none, the answer as a whole is not known.
func (a *asking) param(i int) (low, high number, ok bool) {
	v := a.value(i)
	for _, def := range v.missing {
		ref := a.refOf(def)
		if !slices.Contains(a.missing, ref) {
			a.missing = append(a.missing, ref)
		}
		if v.state == rule.Unknown && a.state == Met {
			a.state, a.reason = Unknown, a.unknown([]rule.FactRef{ref})
		}
	}
	return v.low, v.high, v.state != rule.None
}

func (a *asking) value(i int) found { return a.plan.valueFor(i, a.s, a.at) }
