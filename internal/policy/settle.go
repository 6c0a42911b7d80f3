package policy

import (
	"cmp"
	"slices"
	"sync"

	"github.com/yanzhen/yanzhen/internal/money"
)

// answer is a clause for a subject and year that was not ruled out, taken out of its lot.
type answer struct {
	lot           *lot
	at            int // in the lot
	clause        int
	subject, year int // year 0 for an event without a known day
	state         answerState
}

func (l *lot) answer(n int) answer {
	return answer{lot: l, at: n, clause: l.k.index, subject: int(l.table.rows[l.rows[n]].number), year: l.table.year, state: l.state(n)}
}

func (a *answer) row() *row         { return &a.lot.table.rows[a.lot.rows[a.at]] }
func (a *answer) pays() *money.Fen  { return &a.lot.pays[a.at] }
func (a *answer) floor() bool       { return a.lot.table.floored && a.row().lies == onFloor }
func (a *answer) amount() money.Fen { return a.lot.amounts[a.at] }

// limits is what the ceilings of the claim allow.
func (a *answer) limits() []money.Fen { return a.lot.limitsOf(a.at) }

// meets says that a clause has to be settled together with others, or with its own claims for other events: what columns say
// of a claim of any other is what it is paid. With no policy in force, and in quotas and pools, nothing is settled here.
func (pl *Plan) meets(k *clauseRule, hangs []int16) bool {
	switch {
	case !pl.live || k.staged(pl) || len(k.onces) > 0:
		return true
	case slices.ContainsFunc(k.ceilings, func(c slot) bool { return c.period != "event" }):
		return true
	case slices.ContainsFunc(pl.groups, func(r groupRule) bool { return slices.Contains(r.clauses, k.index) }):
		return true
	}
	for i, lowest := range hangs {
		if i != k.index && lowest == hangs[k.index] {
			return true
		}
	}
	return false
}

// opposed is the group that holds what other documents gave against a clause, and who has it.
type opposed struct {
	group int
	*elsewhere
	unknown bool // what nobody reported is not known
}

// settler settles enterprises that lie next to each other, as far as everything that touches their claims is known.
type settler struct {
	survey   *Survey
	from, to int
	parts    []stretch
	opposed  [][]opposed // by clause
	several  []uint8     // by enterprise: claims that may meet others; two where they must be looked at together
	found    []reference
	first    []int32
	sorted   []reference

	world   world
	shapes  *shapes
	kin     []kin    // claims of the enterprise that are stacked
	quick   bool     // columns of the plan may settle an enterprise by its shape
	rivals  []rival  // of the enterprise
	blank   []string // keys of claims that no other shares
	some    []answer
	open    []int // of those, what must be asked
	stacked []int // of those, claims that are stacked together
	odd     bool  // something is left of one
}

// stretch is what a lot has of the enterprises.
type stretch struct {
	*lot
	first, last int
}

// reference is an answer of an enterprise.
type reference struct {
	firm int32 // among those of the settler
	part int32
	at   int32
}

// settle settles all enterprises.
func (s *Survey) settle() {
	n := len(s.crowd.roots)
	if s.left = make([]remainder, n); s.total == nil { // else it is what they get besides
		s.total = make([]money.Fen, n)
	}
	against := s.against()
	quick := s.plan.live && !s.plan.Staged() && len(s.plan.itemized) == 0 && len(s.plan.onces) == 0
	settlers := sync.Pool{New: func() any { return &settler{survey: s, opposed: against, quick: quick} }}
	piece := 1 << 14
	if s.meeting() > n { // of each something is read in many places, which is to stay in the cache
		piece = 1 << 12
	}
	inParallel((n+piece-1)/piece, func(i int) {
		t := settlers.Get().(*settler)
		t.shapes = s.crowd.shapes.take(s.settings)
		defer s.crowd.shapes.give(s.settings, t.shapes)
		t.from, t.to = i*piece, min((i+1)*piece, n)
		if t.settle(); t.odd {
			s.odd.Store(true)
		}
		settlers.Put(t)
	})
}

// meeting is how many claims may meet others.
func (s *Survey) meeting() (n int) {
	for i := range s.lots {
		if l := &s.lots[i]; s.meets[l.k.index] {
			n += len(l.rows)
		}
	}
	return n
}

// against is what other documents gave, by the clauses against which a group holds it.
func (s *Survey) against() [][]opposed {
	all := make([][]opposed, len(s.plan.clauses))
	for g := range s.plan.groups {
		r := &s.plan.groups[g]
		if s.rivals[g] == nil {
			continue
		}
		for _, k := range r.clauses {
			all[k] = append(all[k], opposed{g, s.rivals[g], r.unreported == "unknown"})
		}
	}
	return all
}

func (t *settler) settle() {
	left := t.survey.left[t.from:t.to] // all of them settled
	t.parts, t.found, t.odd = t.parts[:0], t.found[:0], false
	t.several = append(t.several[:0], make([]uint8, t.to-t.from)...)
	for n := range t.survey.lots {
		l := &t.survey.lots[n]
		if first, last := l.between(t.from, t.to); first < last {
			t.parts = append(t.parts, stretch{l, first, last})
		}
	}
	if t.meet() {
		t.sort()
		for at := 0; at < len(t.sorted); {
			end := at + 1
			for end < len(t.sorted) && t.sorted[end].firm == t.sorted[at].firm {
				end++
			}
			i := t.sorted[at].firm
			if all := t.sorted[at:end]; !t.quick || !t.byShape(t.from+int(i), all) {
				left[i] = t.firm(t.from+int(i), all)
				t.odd = t.odd || left[i] != allSettled
			}
			at = end
		}
	}
	for n := range t.parts {
		t.add(&t.parts[n])
	}
}

// meet marks the enterprises whose claims must be looked at together, or some answers of which are not known.
func (t *settler) meet() (some bool) {
	for n := range t.parts {
		p := &t.parts[n]
		meets := t.survey.meets[p.k.index]
		if !meets && p.states == nil {
			continue
		}
		for at := p.first; at < p.last; at++ {
			i := int(p.firm(at))
			count := &t.several[i-t.from]
			switch state := p.state(at); {
			case state == nothing:
			case state != definite || meets && t.looked(p.lot, i):
				*count = 2
			case meets && *count < 2:
				*count++
			}
			some = some || *count > 1
		}
	}
	return some
}

// looked says that a claim must be looked at even where it is alone.
func (t *settler) looked(l *lot, firm int) bool {
	if !t.survey.plan.live || l.k.staged(t.survey.plan) {
		return true
	}
	for _, o := range t.opposed[l.k.index] {
		if o.paid[firm] || o.unknown && o.unreported[firm] {
			return true
		}
	}
	return false
}

// sort puts the answers of each marked enterprise next to each other, lot by lot.
func (t *settler) sort() {
	t.first = append(t.first[:0], make([]int32, t.to-t.from+1)...)
	for n := range t.parts {
		p := &t.parts[n]
		if !t.survey.meets[p.k.index] && p.states == nil {
			continue
		}
		for at := p.first; at < p.last; at++ {
			if i := p.firm(at) - int32(t.from); t.several[i] > 1 && p.state(at) != nothing {
				t.found = append(t.found, reference{i, int32(n), int32(at)})
				t.first[i+1]++
			}
		}
	}
	for i := 1; i < len(t.first); i++ {
		t.first[i] += t.first[i-1]
	}
	t.sorted = append(t.sorted[:0], t.found...)
	for _, r := range t.found {
		t.sorted[t.first[r.firm]] = r
		t.first[r.firm]++
	}
}

// add adds what columns settle of a lot to what its enterprises get.
func (t *settler) add(p *stretch) {
	s := t.survey
	if p.k.purse != cash {
		return
	}
	if p.states == nil && !p.table.floored && !t.odd {
		firms, total, pays := p.table.firms, s.total, p.pays[p.first:p.last]
		for n, i := range p.rows[p.first:p.last] {
			to := &total[firms[i]]
			*to = plus(*to, pays[n])
		}
		return
	}
	for at := p.first; at < p.last; at++ {
		i := p.firm(at)
		s.total[i] = plus(s.total[i], s.paid(p.lot, at, i))
	}
}

// kin is what tells a claim from others of an enterprise, and where it stands.
type kin struct {
	clause, year int
	who
	pays *money.Fen
}

// byShape settles an enterprise of whose claims all is known, and none of which may be the same thing as another; false where it
// is another one, of which nothing is settled.
func (t *settler) byShape(firm int, all []reference) bool {
	if len(all) >= int(unbounded/mostDefinite) { // together they may come to what nothing limits
		return false
	}
	w := &t.world
	w.pays, w.limits, t.kin = w.pays[:0], w.limits[:0], t.kin[:0]
	for _, ref := range all {
		p, at := &t.parts[ref.part], int(ref.at)
		if p.state(at) != definite || p.table.floored || t.unreportedTo(firm, p.k.index) {
			return false
		}
		if !t.survey.meets[p.k.index] {
			continue
		}
		w.pays, w.limits = append(w.pays, p.amounts[at]), append(w.limits, p.limitsOf(at))
		t.kin = append(t.kin, kin{p.k.index, p.table.year, p.table.who[p.rows[at]], &p.pays[at]})
	}
	t.rivals = t.survey.given(firm, t.rivals[:0], func(r *groupRule, project int) bool {
		return slices.ContainsFunc(t.kin, func(k kin) bool { return int(k.project) == project && slices.Contains(r.clauses, k.clause) })
	})
	if len(t.kin) < 2 && len(t.rivals) == 0 {
		return true
	}
	w.run(t.shape())
	if w.tangled {
		return false
	}
	for n, k := range t.kin {
		*k.pays = w.pays[n]
	}
	return true
}

// shape is that of the claims of the enterprise.
func (t *settler) shape() shape {
	w := &t.world
	w.plan, w.rivals, w.order, w.awards = t.survey.plan, t.rivals, w.order[:0], w.awards[:0]
	for n := range t.kin {
		w.order = append(w.order, n)
		for m := n; m > 0 && t.kin[w.order[m-1]].day > t.kin[w.order[m]].day; m-- { // few, and mostly in order
			w.order[m-1], w.order[m] = w.order[m], w.order[m-1]
		}
	}
	t.shapes.begin()
	for _, n := range w.order {
		k := &t.kin[n]
		t.shapes.claim(n, k.clause, k.unit, k.project, k.year)
	}
	for n := range t.rivals {
		t.shapes.rival(&t.rivals[n])
		w.awards = append(w.awards, t.rivals[n].low)
	}
	s, ok := t.shapes.find()
	if !ok {
		w.claims, w.at = w.claims[:0], w.at[:0]
		for n := range t.kin {
			k := &t.kin[n]
			w.claims = append(w.claims, claim{clause: k.clause, unit: int(k.unit), project: int(k.project)})
			w.at = append(w.at, outcome{present: true, year: k.year, day: k.day})
		}
		s = w.shape()
		t.shapes.keep(s)
	}
	return s
}

// firm settles the claims of an enterprise that may meet each other, and gives what is left to ask of it.
func (t *settler) firm(i int, all []reference) remainder {
	s := t.survey
	t.some = t.some[:0]
	for _, r := range all {
		t.some = append(t.some, t.parts[r.part].answer(int(r.at)))
	}
	s.order(t.some)
	some := t.some
	left := t.leave(i, some)
	if left == allLeft {
		return left
	}
	claims, sum := 0, money.Fen(0)
	for n := range some {
		if a := &some[n]; t.settles(a) {
			claims, sum = claims+1, plus(sum, a.amount())
		}
	}
	switch {
	case claims == 0:
		return left
	case sum >= unbounded: // an amount that nothing limits
		return allLeft
	}
	if t.given(i, some); claims == 1 && len(t.rivals) == 0 {
		return left
	}
	if !t.together(some) {
		return allLeft
	}
	return left
}

// order puts answers of an enterprise into the order in which all would be asked.
func (s *Survey) order(some []answer) {
	less := func(a, b *answer) bool {
		return cmp.Or(s.place[a.clause]-s.place[b.clause], a.subject-b.subject, a.year-b.year) < 0
	}
	for n := 1; n < len(some); n++ { // few, and nearly in order
		for m := n; m > 0 && less(&some[m], &some[m-1]); m-- {
			some[m-1], some[m] = some[m], some[m-1]
		}
	}
}

// given finds what other documents gave to the projects of the claims, where a group holds it against them.
func (t *settler) given(firm int, some []answer) {
	t.rivals = t.survey.given(firm, t.rivals[:0], func(r *groupRule, project int) bool {
		return slices.ContainsFunc(some, func(a answer) bool {
			return t.settles(&a) && int(a.row().project) == project && slices.Contains(r.clauses, a.clause)
		})
	})
}

// given is what other documents gave to projects of an enterprise that have a claim which a group holds it against, as far as it
// is known.
func (s *Survey) given(firm int, rivals []rival, claimed func(r *groupRule, project int) bool) []rival {
	for g, given := range s.rivals {
		if given == nil || !given.paid[firm] {
			continue
		}
		for _, x := range given.of(firm) {
			if claimed(&s.plan.groups[g], x.project) {
				x.group = g
				rivals = append(rivals, x)
			}
		}
	}
	return rivals
}

// settles says that a claim is known, meets others, and touches nothing that is left to ask.
func (t *settler) settles(a *answer) bool {
	return a.state == definite && t.survey.meets[a.clause] && !a.left()
}

// together stacks several claims; false where too many awards depend on each other.
func (t *settler) together(some []answer) bool {
	s := t.survey
	if t.blank == nil {
		t.blank = make([]string, len(s.plan.groups)+len(s.plan.onces)+1)
	}
	for _, floor := range [...]bool{false, true} {
		t.stacked = t.stacked[:0]
		for n := range some {
			if a := &some[n]; t.settles(a) && a.floor() == floor {
				t.stacked = append(t.stacked, n)
			}
		}
		if len(t.stacked) > 0 && !t.stack(some) {
			return false
		}
	}
	return true
}

// stack stacks those that are stacked together.
func (t *settler) stack(some []answer) bool {
	w := &t.world
	w.plan, w.claims, w.at, w.rivals, w.awards = t.survey.plan, w.claims[:0], w.at[:0], t.rivals, w.awards[:0]
	for _, r := range t.rivals {
		w.awards = append(w.awards, r.low)
	}
	for _, n := range t.stacked {
		a := &some[n]
		r := a.row()
		w.claims = append(w.claims, claim{clause: a.clause, unit: int(r.unit), project: int(r.project)})
		w.at = append(w.at, outcome{present: true, amount: a.amount(), year: a.year, day: r.day, limits: a.limits(), once: t.blank, items: t.blank})
	}
	for at, pays := range w.settle() {
		*some[t.stacked[at]].pays() = pays
	}
	return !w.tangled
}
