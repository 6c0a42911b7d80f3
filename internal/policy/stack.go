package policy

import (
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// unbounded stands for an amount that nothing limits. Sums saturate at it; every real amount is far below.
const unbounded money.Fen = 1 << 60

func plus(a, b money.Fen) money.Fen { return min(a+b, unbounded) }

// claim is one line as stacking sees it: whom it shares limits with. What it amounts to is an outcome.
type claim struct {
	clause  int
	unit    int   // number of its subject
	project int   // number of its project, -1 without one
	once    []key // under each once rule of its clause
	items   []key // under each group of scope cost_item, by group number; nil when it is in none
}

// key is what claims must share to be the same thing: the values of some facts. Where one is not known, the key is open:
// the claim may or may not be the same thing as another whose known values agree.
type key struct {
	values []string // openValue where it is not known
	open   bool
	text   string // of a claim that is alone with it
}

const openValue = "\x00"

// mayBe says that two claims may be the same thing.
func (k key) mayBe(l key) bool {
	if !k.open && !l.open {
		return k.text == l.text
	}
	for i, v := range k.values {
		if v != l.values[i] && v != openValue && l.values[i] != openValue {
			return false
		}
	}
	return true
}

// outcome is a way in which a claim may turn out.
type outcome struct {
	present bool
	amount  money.Fen
	year    int
	day     period.Day  // orders claims in time
	limits  []money.Fen // for each ceiling of its clause
	due     dues        // how much of what is left has fallen due
	once    []string    // keys; see claim
	items   []string
}

// rival is what another document gave to a project in a year.
type rival struct {
	group, project, year int
	low, high            money.Fen
	document             string
}

// contest names one pool in which claims compete: a group or once rule and the key they share.
type contest struct {
	stage string
	rule  int
	key   shared
}

// world is claims with one outcome each, and the stacking of them.
type world struct {
	plan   *Plan
	claims []claim
	at     []outcome
	rivals []rival
	awards []money.Fen // of the rivals

	force map[contest]int         // candidate that must win a contest, for advice
	note  func(claim int, s Step) // told of every reduction; may be nil
	seen  func(c contest, candidates int)

	pays    []money.Fen
	limits  [][]money.Fen
	kept    money.Fen // awards of other documents that won over ours
	order   []int
	tangled bool // more competes with each other than could be settled

	// Room that is used again.
	shaped  shape
	numbers []int
	keys    []shared // by place in order
	open    []bool
	sided   []candidate
	worths  []money.Fen
}

// settle is what each claim is paid: once rules first, then the stages in the order that the law states.
func (w *world) settle() []money.Fen {
	if w.begin(); len(w.order) > 0 {
		w.run(w.shape())
		w.instalments()
	}
	return w.pays
}

// begin is before anything is settled: claims that are there are paid what they come to, and are in order of time.
func (w *world) begin() {
	w.pays = append(w.pays[:0], make([]money.Fen, len(w.claims))...)
	w.limits, w.order = w.limits[:0], w.order[:0]
	for i := range w.at {
		o := &w.at[i]
		if w.limits = append(w.limits, o.limits); o.present {
			w.pays[i] = o.amount
			w.order = append(w.order, i)
		}
	}
	for n := range w.order { // few, and mostly in order
		for m := n; m > 0 && w.at[w.order[m-1]].day > w.at[w.order[m]].day; m-- {
			w.order[m-1], w.order[m] = w.order[m], w.order[m-1]
		}
	}
}

// run settles matters, one after the other. It asks for what claims are paid and for their limits alone, and for awards.
func (w *world) run(all shape) {
	w.kept, w.tangled = 0, false
	for n := range all {
		switch m := &all[n]; m.kind {
		case paidOnce:
			w.once(m)
		case drawnOn:
			w.draw(m)
		case inDifference:
			w.difference(m)
		case contested:
			w.pickOne(m)
		case knotted:
			w.together(m)
		}
	}
}

// instalments leaves of each claim what has fallen due.
func (w *world) instalments() {
	for _, i := range w.order {
		due := w.at[i].due
		if !due.inParts {
			continue
		}
		place := w.plan.clauses[w.claims[i].clause].Payment.Place
		s := Step{Stage: "instalment", Rule: "instalments", Place: place, lost: -1, By: w.pays[i] - due.of(w.pays[i])}
		if due.back {
			s.Stage, s.Rule = "clawback", "clawback"
		}
		w.cut(i, due.of(w.pays[i]), s)
	}
}

// cut lowers what a claim is paid and tells why.
func (w *world) cut(i int, to money.Fen, s Step) {
	if to >= w.pays[i] {
		return
	}
	if w.note != nil {
		s.From, s.To = w.pays[i], to
		w.note(i, s)
	}
	w.pays[i] = to
}

// once leaves of claims that count as the same as many as are paid.
func (w *world) once(m *matter) {
	rule, rest := &w.plan.onces[m.rule], m.claims
	if rule.most > 1 {
		for _, j := range rest[rule.most:] {
			w.cut(j, 0, Step{Stage: "once", Rule: rule.id, Place: rule.place, lost: rest[0], By: w.pays[j], Most: rule.most})
		}
		return
	}
	win := w.winner(contest{"once", m.rule, m.key}, len(rest), 0)
	for k, j := range rest {
		if k != win {
			w.cut(j, 0, Step{Stage: "once", Rule: rule.id, Place: rule.place, lost: rest[win], By: w.pays[rest[win]] - w.pays[j]})
		}
	}
}

// onceKey is what a claim shares with those that count as the same under a once rule.
func (w *world) onceKey(rule *onceRule, i int) string {
	if rule.period == "year" {
		return w.at[i].once[rule.slot] + "/" + strconv.Itoa(w.at[i].year)
	}
	return w.at[i].once[rule.slot]
}

// winner is the candidate that takes a contest: the one that the rule names, unless another is forced.
func (w *world) winner(c contest, candidates, byRule int) int {
	if w.seen != nil {
		w.seen(c, candidates)
	}
	if k, ok := w.force[c]; ok && k < candidates {
		return k
	}
	return byRule
}

// draw lets claims draw on a pool of a ceiling, the earlier event first.
func (w *world) draw(m *matter) {
	drawn := money.Fen(0)
	for n, i := range m.claims {
		limit := w.limits[i][m.slots[n]]
		left := max(limit-drawn, 0)
		if w.pays[i] > left {
			if w.note == nil {
				w.pays[i] = left
			} else {
				rule, told := &w.plan.ceilings[m.rule], limit
				w.cut(i, left, Step{Stage: rule.stage, Rule: rule.id, Place: rule.place, lost: -1, By: w.pays[i] - left, Limit: &told})
			}
		}
		drawn = plus(drawn, w.pays[i])
	}
}

// candidate is what stands in a group contest: claims of one clause, or of all, or another document.
type candidate struct {
	claims []int
	sum    money.Fen
	rival  int // first rival behind it, -1 for our own claims
}

// alone says that at most one claim is of some clauses, and no other document stands against them in some groups: there is no
// contest.
func (w *world) alone(clauses []int, groups ...int) bool {
	n := 0
	for _, i := range w.order {
		if slices.Contains(clauses, w.claims[i].clause) {
			n++
		}
	}
	return n < 2 && !slices.ContainsFunc(w.rivals, func(r rival) bool { return slices.Contains(groups, r.group) })
}

// shared is what claims must share to compete.
type shared struct {
	project int // or whatever else has a number
	item    string
	year    int
}

// groupKey is what a claim must share to compete in a group; ok is false when it is not in it.
func (w *world) groupKey(rule *groupRule, g, i int) (key shared, ok bool) {
	c := &w.claims[i]
	if !slices.Contains(rule.clauses, c.clause) {
		return key, false
	}
	switch rule.scope {
	case "project":
		if c.project < 0 {
			return key, false
		}
		key.project = c.project
	case "cost_item":
		key.item = w.at[i].items[g]
	}
	return rule.in(key, w.at[i].year), true
}

// in is what claims of a year must share to compete, where they share the rest.
func (rule *groupRule) in(key shared, year int) shared {
	if rule.period == "year" {
		key.year = year
	}
	return key
}

// difference pays, in order of time, what goes beyond the most that was granted before.
func (w *world) difference(m *matter) {
	rule := &w.plan.groups[m.rule]
	if rule.toSum {
		w.differenceToSum(rule, m)
		return
	}
	granted, by := money.Fen(0), -1
	for _, i := range m.claims {
		own := w.pays[i]
		if by >= 0 && granted > 0 {
			w.cut(i, max(own-granted, 0), Step{Stage: HigherOf, Rule: rule.id, Place: rule.place, lost: by, By: min(granted, own)})
		}
		if own > granted {
			granted, by = own, i
		}
	}
}

// differenceToSum pays, in order of time, what goes beyond all that was paid before under other clauses.
func (w *world) differenceToSum(rule *groupRule, m *matter) {
	for n, i := range m.claims {
		paid, by := money.Fen(0), -1
		for k, j := range m.claims[:n] {
			if m.slots[k] != m.slots[n] && w.pays[j] > 0 {
				paid, by = plus(paid, w.pays[j]), j
			}
		}
		if by >= 0 {
			w.cut(i, max(w.pays[i]-paid, 0), Step{Stage: HigherOf, Rule: rule.id, Place: rule.place, lost: by, By: min(paid, w.pays[i])})
		}
	}
}

// pickOne lets one side of a contest stand.
func (w *world) pickOne(m *matter) {
	rule, all := &w.plan.groups[m.rule], w.sides(m)
	if len(all) < 2 {
		return
	}
	best := 0
	if rule.pick == "higher_of" {
		for k := range all {
			if all[k].sum > all[best].sum {
				best = k
			}
		}
	}
	best = w.winner(contest{HigherOf, m.rule, m.key}, len(all), best)
	if all[best].rival >= 0 {
		w.kept = plus(w.kept, all[best].sum)
	}
	for k, c := range all {
		if k == best {
			continue
		}
		for _, i := range c.claims {
			if w.note == nil {
				w.pays[i] = 0
				continue
			}
			s := Step{Stage: HigherOf, Rule: rule.id, Place: rule.place, lost: -1, By: all[best].sum - c.sum}
			if r := all[best].rival; r >= 0 {
				s.Document, s.Award = w.rivals[r].document, &all[best].sum
			} else {
				s.lost = all[best].claims[0]
			}
			w.cut(i, 0, s)
		}
	}
}

// sides is who stands in a contest: the claims of each clause, or of all, and what other documents gave.
func (w *world) sides(m *matter) []candidate {
	rule, all, from := &w.plan.groups[m.rule], w.sided[:0], 0
	for _, end := range m.sides {
		c := candidate{claims: m.claims[from:end], rival: -1}
		for _, i := range c.claims {
			c.sum = plus(c.sum, w.pays[i])
		}
		all, from = append(all, c), end
	}
	if w.sided = all; rule.against == nil {
		return all
	}
	other := candidate{rival: -1}
	for k, r := range w.rivals {
		if r.group == m.rule && r.project == m.project && (rule.period != "year" || r.year == m.year) {
			other.sum = plus(other.sum, w.awards[k])
			if other.rival < 0 || w.awards[k] > 0 {
				other.rival = k
			}
		}
	}
	if other.rival >= 0 && other.sum > 0 {
		all = append(all, other)
	}
	return all
}

// benefit is what the enterprise has in a world: our payments, and awards of other documents that won over them.
func (w *world) benefit() money.Fen {
	sum := w.kept
	for _, p := range w.pays {
		sum = plus(sum, p)
	}
	return sum
}
