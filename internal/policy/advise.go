package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// maxChanges is how many conditions a suggestion may change at once: more is no advice.
const maxChanges = 3

// advise finds what would bring more: facts that would have to be otherwise, checked by deciding again, and choices that
// the document does not leave. Nothing of it is paid.
func (d *decider) advise(out *Decision) []Advice {
	var all []Advice
	for i := range d.drafts {
		if a, ok := d.qualify(&d.drafts[i], out); ok {
			all = append(all, a)
		}
	}
	return append(all, d.choices(out)...)
}

// qualify looks for the least change of facts that would meet every failed condition of a line.
func (d *decider) qualify(dr *draft, out *Decision) (Advice, bool) {
	if dr.State != NotMet || dr.asked.year == 0 {
		return Advice{}, false
	}
	l := out.lineOf(dr)
	a := Advice{Kind: "change", Clause: dr.Clause, Subject: dr.Subject, Year: dr.Year}
	changed := &changedFacts{values: map[factKey]rule.Value{}}
	var text i18n.Msg
	n := 0
	for _, c := range l.Checks {
		if c.State == Met {
			continue
		}
		if n++; n > maxChanges || c.State == Unknown {
			return a, false
		}
		var ok bool
		switch c.Kind {
		case "threshold":
			ok, text = d.reach(dr, l, c, changed, &a)
		case "condition":
			ok, text = d.meet(dr, c, changed, &a)
		}
		if !ok {
			return a, false
		}
	}
	if n == 0 {
		return a, false
	}
	after, err := d.plan.Decide(changed.wrap(d.root), d.asOf, Options{})
	if err != nil {
		return a, false
	}
	a.Gain = after.Total.Sure + after.InKind.Sure - out.Total.Sure - out.InKind.Sure
	if a.Gain <= 0 {
		return a, false
	}
	if a.Text = i18n.M(text.Key, append(text.Args, wan(a.Gain))...); n > 1 {
		a.Text = i18n.M("policy.advice_change", names(d.plan, a.Changes), wan(a.Gain))
	}
	return a, true
}

// lineOf is the finished line of a draft; lines and drafts have the same order.
func (d *Decision) lineOf(dr *draft) *Line {
	i := slices.IndexFunc(d.Lines, func(l Line) bool {
		return l.Clause == dr.Clause && l.Subject == dr.Subject && l.Year == dr.Year
	})
	return &d.Lines[i]
}

// names is what would change, as one phrase in each language.
func names(pl *Plan, changes []Change) i18n.Text {
	var t i18n.Text
	for i, c := range changes {
		if i > 0 {
			t.ZH, t.EN = t.ZH+"、", t.EN+", "
		}
		name, to := factName(pl.Policy.lib, c.Fact.Def), c.Fact
		to.Value = c.To
		t.ZH += name.ZH + " → " + pl.Policy.value(i18n.T{Lang: i18n.ZH}, to)
		t.EN += name.EN + " → " + pl.Policy.value(i18n.T{Lang: i18n.EN}, to)
	}
	return t
}

// reach raises the facts of a threshold by exactly what is missing.
func (d *decider) reach(dr *draft, l *Line, c Check, changed *changedFacts, a *Advice) (bool, i18n.Msg) {
	i := slices.IndexFunc(l.Remaining, func(r Remaining) bool { return r.Check == c.ID && r.Distance != nil })
	k := slices.IndexFunc(dr.k.thresholds, func(t threshold) bool { return t.ID == c.ID })
	if i < 0 || k < 0 {
		return false, i18n.Msg{}
	}
	gap, need := *l.Remaining[i].Distance, *l.Remaining[i].Need
	raise := dr.k.thresholds[k].Raise
	if len(raise) == 0 {
		for _, def := range dr.k.thresholds[k].of.Facts() {
			if def.Type == content.Money && len(raise) == 0 {
				raise = append(raise, def.Code)
			}
		}
	}
	for _, code := range raise {
		def := readFact(d.plan.Policy.lib, code)
		s := owner(dr.subject, def)
		if s == nil || def.Type != content.Money {
			return false, i18n.Msg{}
		}
		p := periodOf(def, dr.asked.day)
		now, state := s.Fact(def, p, dr.asked.day)
		have := money.Fen(0)
		if state == rule.Present {
			have = now.Fen()
		}
		to, err := have.Add(gap)
		if err != nil {
			return false, i18n.Msg{}
		}
		changed.values[keyOf(s, def, p)] = rule.Money(to)
		f := Fact{Subject: refOf(s), Def: code, Period: p}
		if state == rule.Present {
			f.Value = now.String()
		}
		a.Changes = append(a.Changes, Change{Fact: f, To: to.String(), Add: &gap})
	}
	return len(raise) > 0, i18n.M("policy.advice_raise", wan(gap), wan(need))
}

// meet turns a condition that asks for one yes-or-no fact.
func (d *decider) meet(dr *draft, c Check, changed *changedFacts, a *Advice) (bool, i18n.Msg) {
	k := slices.IndexFunc(dr.k.when, func(x atom) bool { return x.ID == c.ID })
	if k < 0 {
		return false, i18n.Msg{}
	}
	uses := dr.k.when[k].expr.Facts()
	if len(uses) != 1 || uses[0].Type != content.Bool {
		return false, i18n.Msg{}
	}
	s := owner(dr.subject, uses[0])
	if s == nil {
		return false, i18n.Msg{}
	}
	p := periodOf(uses[0], dr.asked.day)
	now, state := s.Fact(uses[0], p, dr.asked.day)
	to := rule.Bool(state != rule.Present || !now.Bool())
	changed.values[keyOf(s, uses[0], p)] = to
	f := Fact{Subject: refOf(s), Def: uses[0].Code, Period: p}
	if state == rule.Present {
		f.Value = now.String()
	}
	a.Changes = append(a.Changes, Change{Fact: f, To: to.String()})
	return true, i18n.M("policy.advice_make", c.Text)
}

// owner is the subject or the ancestor that a definition is about.
func owner(s rule.Subject, def content.FactDef) rule.Subject {
	for s != nil && s.Kind() != def.Subject {
		s = s.Parent()
	}
	return s
}

// choices tries, for each contest that the document settles by a fixed rule, the candidates that lost.
func (d *decider) choices(out *Decision) []Advice {
	s, index := d.stack(false)
	if len(index) == 0 || !d.plan.live {
		return nil
	}
	w := d.top(s, index)
	var contests []contest
	var sizes []int
	w.seen = func(c contest, n int) { contests, sizes = append(contests, c), append(sizes, n) }
	w.settle()
	base := w.benefit()
	w.seen = nil
	paid := slices.Clone(w.pays)
	var all []Advice
	for i, c := range contests {
		best, gain := -1, money.Fen(0)
		for k := range sizes[i] {
			w.force = map[contest]int{c: k}
			w.settle()
			if more := w.benefit() - base; more > gain && w.benefit() < unbounded {
				best, gain = k, more
			}
		}
		if best < 0 {
			continue
		}
		w.force = map[contest]int{c: best}
		w.settle()
		all = append(all, d.choice(w, c, index, paid, gain))
	}
	return all
}

// choice tells which claim would have to give way to which.
func (d *decider) choice(w *world, c contest, index []int, paid []money.Fen, gain money.Fen) Advice {
	a := Advice{Kind: "choice", Gain: gain}
	now, then := message("policy.advice_other"), message("policy.advice_other")
	for n, i := range index {
		win := d.winner(i)
		name := d.plan.clauses[d.claims[i].clause].Name
		switch {
		case paid[n] > w.pays[n]:
			now = name
		case paid[n] < w.pays[n]:
			then = name
			a.Clause, a.Subject, a.Year = win.Clause, win.Subject, win.Year
		}
	}
	if a.Clause == "" && c.stage == HigherOf {
		a.Clause = d.plan.clauses[d.plan.groups[c.rule].clauses[0]].ID
		a.Subject = refOf(d.root)
	}
	a.Text = i18n.M("policy.advice_choice", now, then, wan(gain))
	return a
}

// changedFacts lays values over a subject and everything below it.
type changedFacts struct{ values map[factKey]rule.Value }

type factKey struct {
	kind, id, def string
	period        period.Period
}

func keyOf(s rule.Subject, def content.FactDef, p period.Period) factKey {
	return factKey{s.Kind(), s.ID(), def.Code, p}
}

func (c *changedFacts) wrap(s rule.Subject) rule.Subject {
	if s == nil {
		return nil
	}
	return changedSubject{s, c}
}

type changedSubject struct {
	rule.Subject
	c *changedFacts
}

func (s changedSubject) Fact(def content.FactDef, p period.Period, on period.Day) (rule.Value, rule.State) {
	if v, ok := s.c.values[keyOf(s, def, p)]; ok {
		return v, rule.Present
	}
	return s.Subject.Fact(def, p, on)
}

func (s changedSubject) Parent() rule.Subject { return s.c.wrap(s.Subject.Parent()) }

func (s changedSubject) Children(kind string) []rule.Subject {
	below := s.Subject.Children(kind)
	out := make([]rule.Subject, len(below))
	for i, c := range below {
		out[i] = s.c.wrap(c)
	}
	return out
}
