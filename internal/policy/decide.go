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

// Options says how much a decision tells. The zero value is the fast path: amounts, and only the lines that are or may
// be paid.
type Options struct {
	Trace bool // every line with all of its conditions, values and formula

	// Advice finds what would bring more; it takes further decisions. Without Trace every line has its reason and what
	// remains to be met, and neither conditions nor formula.
	Advice bool

	// Whole decides as if every instalment had fallen due: what is promised in all, not what of it is to be paid by now. What
	// is taken back is taken back all the same.
	Whole bool
}

// WhyNot is why there is no decision, in words: those of an error of Decide, where it has any.
func WhyNot(err error) i18n.Msg {
	if msg, ok := errs.Message(err); ok {
		return msg
	}
	return i18n.M("policy.failed")
}

// Decide applies the plan to one enterprise, as of a day: events and years after that day are not looked at. The day
// plays no other part; whether a clause was in force is asked of the day of the event.
//
// What takes part in a quota or a pool depends on other enterprises: by itself it may be paid and is not sure. Allot and
// Decision.Apply settle it.
func (pl *Plan) Decide(enterprise rule.Subject, asOf period.Day, opt Options) (*Decision, error) {
	brief := opt.Advice && !opt.Trace
	opt.Trace = opt.Trace || opt.Advice
	d := &decider{plan: pl, root: enterprise, asOf: asOf, opt: opt}
	d.collect()
	for _, i := range pl.Policy.order {
		if !pl.clauses[i].off {
			d.clause(&pl.clauses[i])
		}
	}
	out, err := d.decision()
	if err != nil {
		return nil, err
	}
	for i := range out.Lines {
		if brief {
			out.Lines[i].Checks, out.Lines[i].Formula = nil, nil
		}
	}
	return out, nil
}

// DecideAll is Decide with the zero Options for each of many enterprises: the same decisions, sooner. Whether a clause may
// be met at all is found for all of them in columns; what is not ruled out is asked of each enterprise. facts may be nil.
func (pl *Plan) DecideAll(enterprises []rule.Subject, asOf period.Day, facts Facts, told func(i int, d *Decision, err error)) {
	s := NewCrowd(pl.Policy, enterprises, asOf, facts).ask(pl)
	for i := range enterprises {
		d, err := s.Decide(i)
		told(i, d, err)
	}
}

// decision settles the lines.
func (d *decider) decision() (*Decision, error) {
	slices.SortStableFunc(d.drafts, func(a, b draft) int { return a.k.index - b.k.index })
	if d.err != nil {
		return nil, d.err
	}
	d.keyed()
	d.findRivals()
	out := d.finish()
	if d.err != nil {
		return nil, d.err
	}
	return out, nil
}

// decider carries one decision while it is made.
type decider struct {
	plan     *Plan
	root     rule.Subject
	asOf     period.Day
	opt      Options
	err      error
	subjects map[string][]rule.Subject
	units    map[string]int // numbers of subjects by kind and id

	verdicts []answered
	drafts   []draft
	claims   []claim
	ways     [][]outcome
	floor    []bool // by claim: lies where somebody else pays and the floor holds
	rivals   []rival

	memory *memory // of the question that is asked; nil where nothing is kept
}

// answered is how a clause came out by itself, for those that require it.
type answered struct {
	clause, project, year int
	state                 State
	missing               []rule.FactRef
}

func (d *decider) answer(k *clauseRule, s rule.Subject, year int, v *verdict) {
	if v.state == NotMet || !k.required {
		return
	}
	d.verdicts = append(d.verdicts, answered{clause: k.index, project: d.projectOf(s), year: year, state: v.state, missing: slices.Clone(v.missing)})
}

// draft is a line before stacking.
type draft struct {
	Line
	claim     int // its claim, -1 for none
	k         *clauseRule
	subject   rule.Subject
	asked     asked
	low, high []money.Fen // parts of the payers at its own least and most
}

// collect finds the subjects of each kind: the enterprise and everything below it.
func (d *decider) collect() {
	d.subjects = map[string][]rule.Subject{content.Enterprise: {d.root}}
	d.units = map[string]int{}
	d.unit(d.root)
	for _, kind := range kinds[1:] {
		d.subjects[kind] = d.root.Children(kind)
	}
}

func (d *decider) unit(s rule.Subject) int {
	key := s.Kind() + "\x00" + s.ID()
	n, ok := d.units[key]
	if !ok {
		n = len(d.units)
		d.units[key] = n
	}
	return n
}

// project is the project that a subject is or lies below.
func project(s rule.Subject) rule.Subject {
	for ; s != nil; s = s.Parent() {
		if s.Kind() == content.Project {
			return s
		}
	}
	return nil
}

// years is the programme years that yearly clauses are asked for: those in force, up to the year of the day of asking. A
// trace has that year itself too when the document has ended, so that the answer says so.
func (d *decider) years(k *clauseRule) []int {
	var all []int
	last := d.asOf.Year()
	if k.valid.to != nil {
		last = min(last, k.valid.to.Year())
	}
	for y := k.valid.from.Year(); y <= last; y++ {
		all = append(all, y)
	}
	if last < d.asOf.Year() && d.opt.Trace {
		all = append(all, d.asOf.Year())
	}
	return all
}

func (d *decider) clause(k *clauseRule) {
	for _, s := range d.subjects[k.Entity] {
		if !k.yearly {
			d.onEvent(k, s, false)
			continue
		}
		for _, y := range d.years(k) {
			d.yearly(k, s, y, false)
		}
	}
}

// yearly asks a clause for a year. met says that its conditions are known to hold.
func (d *decider) yearly(k *clauseRule, s rule.Subject, year int, met bool) {
	d.add(k, s, nil, asked{year: year, day: period.Date(year, 12, 31), met: met})
}

// onEvent asks a clause on the day of its event.
func (d *decider) onEvent(k *clauseRule, s rule.Subject, met bool) {
	v, state := s.Fact(k.event, period.Period{}, d.asOf)
	switch {
	case state == rule.Present:
		day := v.Day()
		if day > d.asOf {
			d.later(k, s, day)
			return
		}
		d.add(k, s, &day, asked{year: day.Year(), day: day, met: met})
	case state == rule.None:
		d.noEvent(k, s)
	default:
		d.undated(k, s)
	}
}

// asked is a day for which a clause is asked.
type asked struct {
	year int
	day  period.Day
	met  bool // the conditions are known to hold
}

// undated asks a clause whose event has no known day for every year in which it may have been.
func (d *decider) undated(k *clauseRule, s rule.Subject) {
	if all := d.undatedDays(k); len(all) > 0 {
		d.addUndated(k, s, all)
	}
}

// undatedDays is the days that tell of all on which an event without a known day may have been.
func (d *decider) undatedDays(k *clauseRule) []asked {
	var all []asked
	last := d.asOf
	if k.valid.to != nil {
		last = min(last, *k.valid.to)
	}
	for y := k.valid.from.Year(); y <= last.Year(); y++ {
		first, end := max(period.Date(y, 1, 1), k.valid.from), min(period.Date(y, 12, 31), last)
		all = append(all, asked{year: y, day: first})
		for _, cut := range d.plan.Policy.cuts {
			if first < cut && cut < end {
				all = append(all, asked{year: y, day: cut})
			}
		}
		if end != first {
			all = append(all, asked{year: y, day: end})
		}
	}
	return all
}

// later tells of an event after the day of asking.
func (d *decider) later(k *clauseRule, s rule.Subject, day period.Day) {
	if !d.opt.Trace {
		return
	}
	l := d.line(k, s)
	l.State, l.Event, l.Year = NotMet, &day, day.Year()
	l.Reason = i18n.M("policy.event_later", day.String(), d.asOf.String())
	d.drafts = append(d.drafts, l)
}

func (d *decider) noEvent(k *clauseRule, s rule.Subject) {
	if !d.opt.Trace {
		return
	}
	l := d.line(k, s)
	l.State = NotMet
	l.Reason = i18n.M("policy.no_event", k.event.Name)
	l.Remaining = []Remaining{{Check: "event", State: NotMet, Text: k.event.Name}}
	d.drafts = append(d.drafts, l)
}

func (d *decider) line(k *clauseRule, s rule.Subject) draft {
	l := Line{Clause: k.ID, Subject: refOf(s), Form: k.amount.form, purse: k.purse}
	switch l.Form {
	case "in_kind", "up_to", "eligibility":
	default:
		l.Form = "money"
	}
	if p := project(s); p != nil && s.Kind() != content.Project {
		r := refOf(p)
		l.Project = &r
	}
	return draft{Line: l, claim: -1, k: k, subject: s}
}

// add evaluates one line.
func (d *decider) add(k *clauseRule, s rule.Subject, event *period.Day, on asked) {
	v := d.ask(k, s, on)
	d.answer(k, s, on.year, v)
	if d.err != nil || v.state == NotMet && !d.opt.Trace {
		return
	}
	l := d.line(k, s)
	l.Year, l.Event, l.State, l.asked = on.year, event, v.state, on
	d.propose(l, v, v.ways(on))
}

// addUndated evaluates a line whose event has no known day.
func (d *decider) addUndated(k *clauseRule, s rule.Subject, days []asked) {
	v, ways := d.anyDay(k, s, days)
	if d.err != nil || v.state == NotMet && !d.opt.Trace {
		return
	}
	for i, on := range days {
		if i == 0 || on.year != days[i-1].year {
			d.answer(k, s, on.year, v)
		}
	}
	l := d.line(k, s)
	l.State, l.asked = v.state, days[0]
	d.propose(l, v, ways)
}

// anyDay asks a clause whose event has no known day: it may be absent, or turn out as on any of the days.
func (d *decider) anyDay(k *clauseRule, s rule.Subject, days []asked) (best *verdict, ways []outcome) {
	var v *verdict
	for i, on := range days {
		if i == 0 || on.year != days[i-1].year || k.byDay || d.moved(days[i-1].day, on.day) {
			v = d.ask(k, s, on)
		}
		if d.err != nil {
			return nil, nil
		}
		if best == nil || v.state == Met && best.state != Met || v.state == Unknown && best.state == NotMet {
			best = v
		}
		for _, o := range v.ways(on) {
			if o.present {
				ways = append(ways, o)
			}
		}
	}
	if best.state != NotMet {
		ways = append([]outcome{{}}, ways...)
		ref := rule.FactRef{Subject: rule.RefOf(s), Def: k.event.Code}
		best.missing = append([]rule.FactRef{ref}, best.missing...)
		best.remaining = append([]Remaining{{Check: "event", State: Unknown, Text: k.event.Name, Facts: []Fact{factOf(ref)}}}, best.remaining...)
		best.reason = i18n.M("policy.unknown_event", k.event.Name)
		best.state = Unknown
		for i, s := range best.standing {
			best.standing[i] = nowhere(s.stage, len(s.low))
		}
	}
	return best, ways
}

// moved says that the enterprise belonged elsewhere on one day than on another.
func (d *decider) moved(a, b period.Day) bool {
	for _, def := range []*content.FactDef{&d.plan.areaDef, &d.plan.industryDef} {
		was, s1 := d.root.Fact(*def, period.OfDay(a), a)
		is, s2 := d.root.Fact(*def, period.OfDay(b), b)
		if was != is || s1 != s2 {
			return true
		}
	}
	return false
}

// ways is how a line may turn out on a day.
func (v *verdict) ways(on asked) []outcome {
	if v.state == NotMet {
		return nil
	}
	var ways []outcome
	if v.state == Unknown {
		ways = append(ways, outcome{})
	}
	o := outcome{present: true, amount: v.low, year: on.year, day: on.day, limits: v.lowLimits, due: v.lowDue}
	if ways = append(ways, o); v.high != v.low || v.limits {
		o.amount, o.limits, o.due = v.high, v.highLimits, v.highDue
		ways = append(ways, o)
	}
	return ways
}

// propose enters a line and, where it may be paid, its claim.
func (d *decider) propose(l draft, v *verdict, ways []outcome) {
	l.Checks, l.Formula, l.Missing, l.Remaining, l.Reason, l.Payee = v.checks, v.formula, v.missing, v.remaining, v.reason, v.payee
	l.standing = v.standing
	for _, o := range ways {
		if o.present && !slices.Contains(l.years, o.year) {
			l.years = append(l.years, o.year)
		}
	}
	l.low, l.high, l.Due = v.lowParts, v.highParts, v.instalments
	if len(ways) > 0 {
		l.claim, l.Own = len(d.claims), own(ways)
		d.claims = append(d.claims, d.newClaim(l.k, l.subject, l.asked.day))
		d.ways = append(d.ways, ways)
		d.floor = append(d.floor, v.floor)
	}
	d.drafts = append(d.drafts, l)
}

func own(ways []outcome) Interval {
	low, high := unbounded, money.Fen(0)
	for _, o := range ways {
		if !o.present {
			low = 0
			continue
		}
		low, high = min(low, o.amount), max(high, o.amount)
	}
	return interval(low, high)
}

func (d *decider) newClaim(k *clauseRule, s rule.Subject, day period.Day) claim {
	c := claim{clause: k.index, unit: d.unit(s), project: d.projectOf(s)}
	d.keys(&c, k, s, day)
	return c
}

// keys reads what a claim must share with others to be the same thing.
func (d *decider) keys(c *claim, k *clauseRule, s rule.Subject, day period.Day) {
	for _, o := range k.onces {
		c.once = append(c.once, d.key(s, o.Same, day))
	}
	for g := range d.plan.groups {
		rule := &d.plan.groups[g]
		if rule.scope != "cost_item" || !slices.Contains(rule.clauses, k.index) {
			continue
		}
		if c.items == nil {
			c.items = make([]key, len(d.plan.groups))
		}
		c.items[g] = d.key(s, rule.same, day)
	}
}

// key reads what claims must share to be the same thing. What has no item at all stands for itself.
func (d *decider) key(s rule.Subject, same []string, day period.Day) key {
	own := s.Kind() + "/" + s.ID()
	k := key{values: make([]string, len(same)), text: "|"}
	for i, code := range same {
		v, state := readOn(s, readFact(d.plan.Policy.lib, code), day)
		switch state {
		case rule.Present:
			k.values[i] = v.String()
			k.text += k.values[i] + "|"
			continue
		case rule.None:
			k.values[i] = own
			k.text += own + "|"
			continue
		}
		k.values[i], k.open = openValue, true
	}
	if k.open {
		k.text = own
	}
	return k
}

// keyed gives every way of a claim its keys. Where a key is open and another claim may be the same thing, there are as
// many ways more.
func (d *decider) keyed() {
	for i := range d.drafts {
		dr := &d.drafts[i]
		if dr.claim < 0 {
			continue
		}
		c := &d.claims[dr.claim]
		if c.once == nil && c.items == nil {
			continue
		}
		choices := []outcome{{once: make([]string, len(c.once)), items: make([]string, len(c.items))}}
		for slot := range c.once {
			texts := d.sameThings(dr, c.once[slot], dr.k.onces[slot].Same, func(other *claim) (key, bool) {
				if other.clause != c.clause {
					return key{}, false
				}
				return other.once[slot], true
			})
			choices = with(choices, texts, func(o *outcome, text string) {
				o.once = slices.Clone(o.once)
				o.once[slot] = text
			})
		}
		for g := range c.items {
			if c.items[g].values == nil {
				continue
			}
			rule := &d.plan.groups[g]
			texts := d.sameThings(dr, c.items[g], rule.same, func(other *claim) (key, bool) {
				if !slices.Contains(rule.clauses, other.clause) {
					return key{}, false
				}
				return other.items[g], true
			})
			choices = with(choices, texts, func(o *outcome, text string) {
				o.items = slices.Clone(o.items)
				o.items[g] = text
			})
		}
		var all []outcome
		for _, o := range d.ways[dr.claim] {
			for _, k := range choices {
				if o.once, o.items = k.once, k.items; o.present || len(all) == 0 || all[len(all)-1].present {
					all = append(all, o)
				}
			}
		}
		d.ways[dr.claim] = all
	}
}

// sameThings is the keys that a claim may turn out to have. A line whose claim may or may not be the same thing as another
// waits for the facts that would tell, its own or the other's.
func (d *decider) sameThings(dr *draft, own key, same []string, of func(*claim) (key, bool)) []string {
	texts := []string{own.text}
	for j := range d.drafts {
		other := &d.drafts[j]
		if other.claim < 0 || other.claim == dr.claim {
			continue
		}
		k, competes := of(&d.claims[other.claim])
		if !competes || !k.mayBe(own) || !own.open && !k.open {
			continue
		}
		if own.open && !slices.Contains(texts, k.text) {
			texts = append(texts, k.text)
		}
		dr.wait(d, dr, own, same)
		dr.wait(d, other, k, same)
	}
	return texts
}

// wait makes a line wait for the facts that an open key lacks, which are about of.
func (dr *draft) wait(d *decider, of *draft, k key, same []string) {
	for i, v := range k.values {
		def := readFact(d.plan.Policy.lib, same[i])
		s := owner(of.subject, def)
		if v != openValue || s == nil {
			continue
		}
		ref := rule.FactRef{Subject: rule.RefOf(s), Def: def.Code, Period: periodOf(def, of.asked.day)}
		if slices.Contains(dr.Missing, ref) {
			continue
		}
		dr.Missing = append(dr.Missing, ref)
		if !d.opt.Trace {
			continue
		}
		dr.Remaining = append(dr.Remaining, Remaining{Check: "same", State: Unknown, Text: def.Name, Facts: []Fact{factOf(ref)}})
		if dr.Reason.IsZero() {
			dr.Reason = i18n.M("policy.unknown_same", def.Name)
		}
	}
}

// with multiplies ways by the keys that one slot may have.
func with(ways []outcome, texts []string, set func(*outcome, string)) []outcome {
	out := make([]outcome, 0, len(ways)*len(texts))
	for _, o := range ways {
		for _, text := range texts {
			n := o
			set(&n, text)
			out = append(out, n)
		}
	}
	return out
}

// readOn is a fact of the subject or of the ancestor that the definition belongs to, in the year of the day.
func readOn(s rule.Subject, def content.FactDef, day period.Day) (rule.Value, rule.State) {
	for ; s != nil; s = s.Parent() {
		if s.Kind() == def.Subject {
			return s.Fact(def, periodOf(def, day), day)
		}
	}
	return rule.Value{}, rule.None
}

// periodOf is the period of a fact that an event on a day asks for.
func periodOf(def content.FactDef, day period.Day) period.Period {
	y, m, _ := day.YMD()
	switch def.Period {
	case period.Year:
		return period.OfYear(y)
	case period.Month:
		return period.OfMonth(y, m)
	case period.DayKind:
		return period.OfDay(day)
	}
	return period.Period{}
}

// findRivals reads what other documents gave to the projects that have claims.
func (d *decider) findRivals() {
	for g := range d.plan.groups {
		r := &d.plan.groups[g]
		if r.against == nil {
			continue
		}
		def, _ := d.plan.Policy.lib.FactDef(r.against.Award)
		for _, p := range d.subjects[content.Project] {
			n := d.units[p.Kind()+"\x00"+p.ID()]
			if !slices.ContainsFunc(d.claims, func(c claim) bool { return c.project == n && slices.Contains(r.clauses, c.clause) }) {
				continue
			}
			d.rivalsOf(g, r, def, p, n)
		}
	}
}

func (d *decider) rivalsOf(g int, r *groupRule, def content.FactDef, p rule.Subject, n int) {
	last := d.asOf.Year()
	if d.plan.valid.to != nil {
		last = min(last, d.plan.valid.to.Year())
	}
	for y := d.plan.valid.from.Year(); y <= last; y++ {
		day := period.Date(y, 12, 31)
		v, state := p.Fact(def, periodOf(def, day), day)
		award := rival{group: g, project: n, year: y, document: d.document(r, p, day)}
		switch {
		case state == rule.Present:
			award.low = min(v.Fen(), unbounded)
			award.high = award.low
		case state == rule.Unknown:
			if ref := (rule.FactRef{Subject: rule.RefOf(p), Def: def.Code, Period: periodOf(def, day)}); !d.unreported(r, n, ref) {
				continue
			}
			award.high = unbounded
		default:
			continue
		}
		if d.rivals = append(d.rivals, award); def.Period != period.Year {
			return
		}
	}
}

// unreported settles what an award that nobody reported means: not known, so that each line of the project waits for it;
// or none, which the lines say they take for granted.
func (d *decider) unreported(r *groupRule, project int, ref rule.FactRef) (possible bool) {
	possible = r.unreported == "unknown"
	for i := range d.drafts {
		dr := &d.drafts[i]
		if dr.claim < 0 || d.claims[dr.claim].project != project || !slices.Contains(r.clauses, d.claims[dr.claim].clause) {
			continue
		}
		if possible {
			dr.Missing = append(dr.Missing, ref)
		}
		if !d.opt.Trace {
			continue
		}
		if n := len(dr.Checks); n > 0 && dr.Checks[n-1].ID == r.id {
			dr.Checks[n-1].Need = append(dr.Checks[n-1].Need, factOf(ref))
			continue
		}
		c := Check{ID: r.id, Kind: "stacking", Text: r.against.Name, State: Met, Assumed: true, Need: []Fact{factOf(ref)}, Place: r.place}
		if possible {
			c.State, c.Assumed = Unknown, false
			dr.Remaining = append(dr.Remaining, Remaining{Check: r.id, State: Unknown, Text: r.against.Name, Facts: c.Need})
		}
		dr.Checks = append(dr.Checks, c)
	}
	return possible
}

func (d *decider) document(r *groupRule, p rule.Subject, day period.Day) string {
	if r.against.Document != "" {
		def, _ := d.plan.Policy.lib.FactDef(r.against.Document)
		if v, state := p.Fact(def, periodOf(def, day), day); state == rule.Present {
			return v.String()
		}
	}
	return r.against.Name.ZH
}
