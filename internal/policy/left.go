package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// remainder is how much of an enterprise columns do not settle.
type remainder int8

const (
	allSettled remainder = iota
	partLeft             // the answers that are open, which nothing else touches
	allLeft
)

// Odd says that columns do not settle all of an enterprise: something of it is not known, or the sameness of its claims
// depends on more than numbers. Decide decides it.
func (s *Survey) Odd(i int) bool { return s.leftOf(i) != allSettled }

func (s *Survey) leftOf(i int) remainder {
	if s.moved != nil {
		return s.moved.leftOf(i)
	}
	return s.settled[i/s.piece].leftOf(i % s.piece)
}

// Parted says that what is left of an odd enterprise are claims that nothing else touches: the decision of what is left, and
// the Sums of the rest, make its decision together.
func (s *Survey) Parted(i int) bool { return s.leftOf(i) == partLeft }

// leftOver is what is paid of a claim that is known, and touches one that must be asked.
const leftOver money.Fen = -1

// left says that an answer must be asked.
func (a *answer) left() bool { return a.state == open || a.state == holding || *a.pays() == leftOver }

// asked adds the answers that are left of an enterprise.
func (s *Survey) asked(i int, to []answer) []answer {
	left := s.leftOf(i)
	if left == allSettled {
		return to
	}
	some := s.answers(i, to)
	if left == allLeft {
		return some
	}
	return slices.DeleteFunc(some, func(a answer) bool { return !a.left() })
}

// Decide is the decision of an enterprise, as Plan.Decide takes it with the zero Options.
func (s *Survey) Decide(i int) (*Decision, error) { return s.decide(i, s.of(i)) }

// DecideLeft is the decision of what is left of an enterprise.
func (s *Survey) DecideLeft(i int) (*Decision, error) { return s.decide(i, s.asked(i, nil)) }

func (s *Survey) decide(i int, some []answer) (*Decision, error) {
	d := &decider{plan: s.plan, root: s.crowd.roots[i], asOf: s.crowd.asOf}
	if len(some) > 0 {
		d.collect()
		d.questions(some)
	}
	return d.decision()
}

// questions asks those alone, in the order in which all would be asked.
func (d *decider) questions(some []answer) {
	for _, a := range some {
		k := &d.plan.clauses[a.clause]
		switch s := d.subjects[k.Entity][a.subject]; {
		case k.yearly:
			d.yearly(k, s, a.year, a.met())
		default:
			d.onEvent(k, s, a.met())
		}
	}
}

// met says that nothing but conditions that hold decides.
func (a *answer) met() bool { return a.lot.plain && a.state != open }

// leave finds the answers of an enterprise that must be asked: something of them is not known, two claims may be the same
// thing, which only their facts tell, or one that must be asked may touch them.
func (t *settler) leave(firm int, some []answer) remainder {
	pl := t.survey.plan
	if !pl.live {
		return allLeft
	}
	t.open = t.open[:0]
	for n := range some {
		a := &some[n]
		if pl.Staged() && a.lot.k.staged(pl) {
			return allLeft
		}
		if a.state == definite && (t.alike(some[:n], a) || t.unreported(firm, a)) {
			*a.pays() = leftOver
		}
		if a.left() {
			t.open = append(t.open, n)
		}
	}
	switch {
	case len(t.open) == 0:
		return allSettled
	case pl.Staged():
		return allLeft
	}
	for k := 0; k < len(t.open); k++ { // more come while it goes on
		for n := range some {
			if a := &some[n]; !a.left() && t.touch(firm, &some[t.open[k]], a) {
				*a.pays() = leftOver
				t.open = append(t.open, n)
			}
		}
	}
	return partLeft
}

// staged says that a clause takes part in a quota or pool.
func (k *clauseRule) staged(pl *Plan) bool {
	return slices.ContainsFunc(pl.stages, func(st stage) bool { return slices.Contains(st.clauses, k.index) })
}

// unreported says that another document may have given something that a group of the claim holds against it.
func (t *settler) unreported(firm int, a *answer) bool { return t.unreportedTo(firm, a.clause) }

func (t *settler) unreportedTo(firm, clause int) bool {
	return slices.ContainsFunc(t.opposed[clause], func(o opposed) bool { return o.unknown && o.elsewhere.unreported[firm] })
}

// rivalled says that other documents gave something to an enterprise that a group holds against its claims, or may have.
func (s *Survey) rivalled(firm, group int) bool {
	given := s.rivals[group]
	return given != nil && (given.paid[firm] || s.plan.groups[group].unreported == "unknown" && given.unreported[firm])
}

// touch says that what one claim is paid may depend on the other, or whether it is there: Plan.touch as far as it can be told
// before the claims are there, and prerequisites.
func (t *settler) touch(firm int, a, b *answer) bool {
	pl := t.survey.plan
	x, y, p, q := a.clause, b.clause, a.row(), b.row()
	if x == y && len(pl.clauses[x].onces) > 0 || pl.clauses[x].needs(y) || pl.clauses[y].needs(x) {
		return true
	}
	for c := range pl.ceilings {
		r := &pl.ceilings[c]
		if r.slot[x] >= 0 && r.slot[y] >= 0 && r.period != "event" && (r.scope == "enterprise" || p.drawsAs(q, r.scope)) {
			return true
		}
	}
	against := [2]bool{} // other documents stand against them
	for g := range pl.groups {
		r := &pl.groups[g]
		in := [2]bool{slices.Contains(r.clauses, x), slices.Contains(r.clauses, y)}
		rivalled := t.survey.rivalled(firm, g)
		against[0], against[1] = against[0] || rivalled && in[0], against[1] || rivalled && in[1]
		if in[0] && in[1] && (rivalled || !r.sum || r.scope == "cost_item") && (r.scope != "project" || p.project >= 0 && p.project == q.project) {
			return true
		}
	}
	return against[0] && against[1] && p.project >= 0 && p.project == q.project
}

// drawsAs says that claims of two subjects draw on one pool of a ceiling of a scope.
func (r *row) drawsAs(q *row, scope string) bool {
	if scope == "project" && r.project >= 0 {
		return r.project == q.project
	}
	return r.unit == q.unit
}

// needs says that a clause requires another.
func (k *clauseRule) needs(other int) bool {
	return slices.ContainsFunc(k.requires, func(some []int) bool { return slices.Contains(some, other) })
}

// alike says that a claim may be the same thing as one of those before it, under a rule that pays it once or as the same cost
// item.
func (t *settler) alike(before []answer, a *answer) bool {
	pl := t.survey.plan
	if len(pl.itemized) == 0 && len(a.lot.k.onces) == 0 {
		return false
	}
	return slices.ContainsFunc(before, func(b answer) bool {
		return b.state == definite && (b.clause == a.clause && len(a.lot.k.onces) > 0 || slices.ContainsFunc(pl.itemized, func(g int) bool {
			return slices.Contains(pl.groups[g].clauses, a.clause) && slices.Contains(pl.groups[g].clauses, b.clause)
		}))
	})
}

// Left is what columns do not settle of an enterprise, decided by itself. It never changes.
type Left struct {
	Brief
	Whole bool // it is all of the enterprise

	asked []question
	told  []told // of each question; nil where it was decided without
}

// question is a clause for a subject and year.
type question struct {
	subject      int32
	clause, year int16
}

// told is how a question came out, and what was read for it.
type told struct {
	state   State
	missing []rule.FactRef
	ways    []outcome
	floor   bool
	claim   claim // where there are ways
	subject rule.Subject
	on      asked
	memory  memory
}

// Closer decides what a survey leaves of enterprises, one after the other; it is for one goroutine.
type Closer struct {
	survey *Survey
	since  *Renumbering

	// Room that is used again.
	some  []answer
	asked []question
	told  []told
	room  decider // of the enterprise before
}

// Closer decides what is left of enterprises. since compares the plan with that under which they were left what Left is given, and
// is nil where they are given nothing.
func (s *Survey) Closer(since *Renumbering) *Closer { return &Closer{survey: s, since: since} }

// Left decides what is left of an enterprise: as DecideLeft does, in short. before is what was left of it before, or nil; where no
// question comes out otherwise, it is what stands. An error is that of DecideLeft.
func (c *Closer) Left(i int, before *Left) (*Left, error) {
	s := c.survey
	c.some, c.asked = s.asked(i, c.some[:0]), c.asked[:0]
	for _, a := range c.some {
		c.asked = append(c.asked, question{subject: int32(a.subject), clause: int16(a.clause), year: int16(a.year)})
	}
	stands := before != nil && slices.Equal(before.asked, c.asked)
	if stands && !slices.ContainsFunc(c.some, func(a answer) bool { return c.since.touched[a.clause] }) {
		return before, nil
	}
	if !s.byQuestion(i, c.some) {
		l := c.left(i)
		d, err := s.DecideLeft(i)
		if err == nil {
			l.Brief = s.plan.Brief(d)
		}
		return l, err
	}
	d := &decider{plan: s.plan, root: s.crowd.roots[i], asOf: s.crowd.asOf}
	c.told = c.told[:0]
	changed := !stands
	for n := range c.some {
		was, q := before.of(c.asked[n]), c.asked[n]
		if was != nil && (!c.since.touched[q.clause] || q.year > 0 && c.since.stands(&s.plan.clauses[q.clause], was)) {
			c.told = append(c.told, *was)
			stands = stands && !c.since.counts[q.clause]
			continue
		}
		c.told = append(c.told, d.tell(&c.some[n], was))
		if d.err != nil {
			return c.left(i), d.err
		}
		stands = stands && c.told[n].same(was, outcome.equal) && !c.since.counts[q.clause]
	}
	if stands {
		return before, nil
	}
	l := c.left(i)
	l.told = slices.Clone(c.told)
	if !changed && s.plan.comesTo(l, before) && !slices.ContainsFunc(c.asked, func(q question) bool { return c.since.counts[q.clause] }) {
		l.Brief = before.Brief
		return l, nil
	}
	d.drafts, d.claims, d.ways, d.floor = c.room.drafts[:0], c.room.claims[:0], c.room.ways[:0], c.room.floor[:0]
	d.claim(c.some, l.told)
	d.rivals = s.given(i, nil, func(r *groupRule, project int) bool {
		return slices.ContainsFunc(d.claims, func(c claim) bool { return c.project == project && slices.Contains(r.clauses, c.clause) })
	})
	l.Brief = d.brief()
	c.room = *d
	return l, d.err
}

// left is the questions that are left of an enterprise, before they are settled.
func (c *Closer) left(i int) *Left {
	return &Left{Whole: !c.survey.Parted(i), asked: slices.Clone(c.asked)}
}

// byQuestion says that questions come out one without the other, and that it is known what other documents gave: then each can
// be kept.
func (s *Survey) byQuestion(i int, some []answer) bool {
	pl := s.plan
	return pl.live && !pl.Staged() && !slices.ContainsFunc(some, func(a answer) bool { return len(pl.clauses[a.clause].requires) > 0 }) &&
		!slices.ContainsFunc(pl.groups, func(r groupRule) bool {
			return r.against != nil && r.unreported == "unknown" && s.crowd.rivals[r.id].unreported[i]
		})
}

// of is how a question came out; nil where it was not asked.
func (l *Left) of(q question) *told {
	if l == nil || l.told == nil {
		return nil
	}
	if n := slices.Index(l.asked, q); n >= 0 {
		return &l.told[n]
	}
	return nil
}

// tell asks a question; was is how it came out under other numbers, or nil.
func (d *decider) tell(a *answer, was *told) (t told) {
	k, r := &d.plan.clauses[a.clause], a.row()
	if was != nil {
		t.subject, t.memory = was.subject, slices.Clip(was.memory)
	} else {
		t.subject = d.subjectOf(k, a.subject)
	}
	d.memory = &t.memory
	defer func() { d.memory = nil }()
	var v *verdict
	if t.on = (asked{year: a.year, day: r.day, met: a.met()}); a.year > 0 {
		if v = d.ask(k, t.subject, t.on); d.err == nil {
			t.ways = v.ways(t.on)
		}
	} else {
		days := d.undatedDays(k)
		if len(days) == 0 {
			t.state = NotMet
			return t
		}
		t.on = days[0]
		v, t.ways = d.anyDay(k, t.subject, days)
	}
	if d.err != nil {
		return t
	}
	if t.state, t.missing, t.floor = v.state, v.missing, v.floor; len(t.ways) > 0 {
		t.claim = claim{clause: k.index, unit: int(r.unit), project: int(r.project)}
		d.keys(&t.claim, k, t.subject, t.on.day)
	}
	return t
}

// subjectOf is the subject of a clause with a number.
func (d *decider) subjectOf(k *clauseRule, number int) rule.Subject {
	if d.subjects == nil {
		d.collect()
	}
	return d.subjects[k.Entity][number]
}

// same says that a question came out as before, each way of it as equal says.
func (t *told) same(was *told, equal func(a, b outcome) bool) bool {
	return was != nil && t.state == was.state && t.floor == was.floor && slices.Equal(t.missing, was.missing) && slices.EqualFunc(t.ways, was.ways, equal)
}

func (o outcome) equal(p outcome) bool { return slices.Equal(o.limits, p.limits) && o.butForLimits(p) }

func (o outcome) butForLimits(p outcome) bool {
	return o.kin(&p) && o.amount == p.amount && o.due.inParts == p.due.inParts && o.due.back == p.due.back && slices.Equal(o.due.shares, p.due.shares)
}

// comesTo says that the same questions come to what they came to before: ceilings alone differ, and what draws on one that does
// comes to no more than it allows, then and now.
func (pl *Plan) comesTo(is, was *Left) bool {
	for n := range is.told {
		before := was.of(is.asked[n])
		if !is.told[n].same(before, outcome.butForLimits) {
			return false
		}
		for way, o := range is.told[n].ways {
			for slot, limit := range o.limits {
				if other := before.ways[way].limits[slot]; other != limit && min(other, limit) < pl.drawn(is.told, n, slot) {
					return false
				}
			}
		}
	}
	return true
}

// drawn is the most that questions which may draw on a ceiling of one of them come to together.
func (pl *Plan) drawn(all []told, n, slot int) money.Fen {
	most := money.Fen(0)
	for c := range pl.ceilings {
		if r := &pl.ceilings[c]; r.slot[all[n].claim.clause] == slot {
			total := money.Fen(0)
			for m := range all {
				if len(all[m].ways) > 0 && (m == n || r.together(&all[n].claim, &all[m].claim)) {
					total = plus(total, top(own(all[m].ways)))
				}
			}
			most = max(most, total)
		}
	}
	return most
}

// together says that two claims may draw on one pool of a ceiling, whatever their years.
func (r ceilingRule) together(a, b *claim) bool {
	switch {
	case r.slot[a.clause] < 0 || r.slot[b.clause] < 0 || r.period == "event":
		return false
	case r.scope == "unit" || r.scope == "project" && a.project < 0:
		return a.unit == b.unit
	case r.scope == "project":
		return a.project == b.project
	}
	return true
}
