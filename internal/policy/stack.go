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
	known map[string][]knot       // of claims that are told by the same numbers; may be nil
	sign  []byte                  // of such claims
	seen  func(c contest, candidates int)

	pays    []money.Fen
	kept    money.Fen // awards of other documents that won over ours
	order   []int
	tangled bool // more competes with each other than could be settled

	// Room that is used again.
	keys    []shared // by place in order
	open    []bool
	members []int
	sided   []candidate
	picked  []int
	drawn   []drawnOn
	worths  []money.Fen
}

// drawnOn is what was drawn on a pool of a ceiling.
type drawnOn struct {
	scope, year int
	sum         money.Fen
}

// settle is what each claim is paid: once rules first, then the stages in the order that the law states.
func (w *world) settle() []money.Fen {
	w.pays = append(w.pays[:0], make([]money.Fen, len(w.claims))...)
	w.order, w.kept, w.tangled = w.order[:0], 0, false
	for i, o := range w.at {
		if o.present {
			w.pays[i] = o.amount
			w.order = append(w.order, i)
		}
	}
	if len(w.order) == 0 {
		return w.pays
	}
	for n := range w.order { // few, and mostly in order
		for m := n; m > 0 && w.at[w.order[m-1]].day > w.at[w.order[m]].day; m-- {
			w.order[m-1], w.order[m] = w.order[m], w.order[m-1]
		}
	}
	for r := range w.plan.onces {
		w.once(r)
	}
	for _, stage := range w.plan.order {
		switch stage {
		case HigherOf:
			for k := range w.plan.clusters {
				if c := &w.plan.clusters[k]; len(c.groups) > 1 {
					w.together(c)
				} else {
					w.group(c.groups[0])
				}
			}
		default:
			for c := range w.plan.ceilings {
				if w.plan.ceilings[c].stage == stage {
					w.ceiling(c)
				}
			}
		}
	}
	w.instalments()
	return w.pays
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

func (w *world) once(r int) {
	rule := &w.plan.onces[r]
	var done []string
	for _, i := range w.order {
		if w.claims[i].clause != rule.clause {
			continue
		}
		key := w.onceKey(rule, i)
		if slices.Contains(done, key) {
			continue
		}
		done = append(done, key)
		var rest []int // every claim with this key, in time
		for _, j := range w.order {
			if w.claims[j].clause == rule.clause && w.onceKey(rule, j) == key {
				rest = append(rest, j)
			}
		}
		if len(rest) <= rule.most {
			continue
		}
		if rule.most > 1 {
			for _, j := range rest[rule.most:] {
				w.cut(j, 0, Step{Stage: "once", Rule: rule.id, Place: rule.place, lost: rest[0], By: w.pays[j], Most: rule.most})
			}
			continue
		}
		win := w.winner(contest{"once", r, shared{item: key}}, len(rest), 0)
		for k, j := range rest {
			if k != win {
				w.cut(j, 0, Step{Stage: "once", Rule: rule.id, Place: rule.place, lost: rest[win], By: w.pays[rest[win]] - w.pays[j]})
			}
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

// ceiling lets claims draw on each pool of a ceiling, the earlier event first.
func (w *world) ceiling(c int) {
	rule := &w.plan.ceilings[c]
	drawn := w.drawn[:0]
	for _, i := range w.order {
		slot := rule.slot[w.claims[i].clause]
		if slot < 0 {
			continue
		}
		scope, year := 0, 0
		switch rule.scope {
		case "unit":
			scope = w.claims[i].unit
		case "project":
			scope = w.claims[i].project
			if scope < 0 {
				scope = -2 - w.claims[i].unit // without a project it stands alone
			}
		}
		switch rule.period {
		case "year":
			year = w.at[i].year
		case "event":
			year = -1 - i
		}
		k := slices.IndexFunc(drawn, func(d drawnOn) bool { return d.scope == scope && d.year == year })
		if k < 0 {
			k, drawn = len(drawn), append(drawn, drawnOn{scope: scope, year: year})
		}
		limit := w.at[i].limits[slot]
		left := max(limit-drawn[k].sum, 0)
		if w.pays[i] > left {
			s := Step{Stage: rule.stage, Rule: rule.id, Place: rule.place, lost: -1, By: w.pays[i] - left}
			if w.note != nil {
				told := limit
				s.Limit = &told
			}
			w.cut(i, left, s)
		}
		drawn[k].sum = plus(drawn[k].sum, w.pays[i])
	}
	w.drawn = drawn
}

// candidate is what stands in a group contest: claims of one clause, or of all, or another document.
type candidate struct {
	claims []int
	sum    money.Fen
	rival  int // first rival behind it, -1 for our own claims
}

func (w *world) group(g int) {
	rule := &w.plan.groups[g]
	if w.alone(rule.clauses, g) {
		return
	}
	n := len(w.order)
	w.keys, w.open = append(w.keys[:0], make([]shared, n)...), append(w.open[:0], make([]bool, n)...)
	for at, i := range w.order {
		w.keys[at], w.open[at] = w.groupKey(rule, g, i)
	}
	for at, key := range w.keys {
		if !w.open[at] {
			continue
		}
		w.members = w.members[:0]
		for to := at; to < n; to++ {
			if w.open[to] && w.keys[to] == key {
				w.members, w.open[to] = append(w.members, w.order[to]), false
			}
		}
		switch {
		case rule.pick == "difference":
			w.difference(rule, w.members)
		case len(w.members) > 1 || rule.against != nil:
			w.pickOne(g, key, w.members)
		}
	}
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
func (w *world) difference(rule *groupRule, members []int) {
	if rule.toSum {
		w.differenceToSum(rule, members)
		return
	}
	granted, by := money.Fen(0), -1
	for _, i := range members {
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
func (w *world) differenceToSum(rule *groupRule, members []int) {
	for n, i := range members {
		paid, by := money.Fen(0), -1
		for _, j := range members[:n] {
			if w.claims[j].clause != w.claims[i].clause && w.pays[j] > 0 {
				paid, by = plus(paid, w.pays[j]), j
			}
		}
		if by >= 0 {
			w.cut(i, max(w.pays[i]-paid, 0), Step{Stage: HigherOf, Rule: rule.id, Place: rule.place, lost: by, By: min(paid, w.pays[i])})
		}
	}
}

// pickOne lets one side of a contest stand.
func (w *world) pickOne(g int, key shared, members []int) {
	rule := &w.plan.groups[g]
	all := w.sides(g, members)
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
	best = w.winner(contest{HigherOf, g, key}, len(all), best)
	if all[best].rival >= 0 {
		w.kept = plus(w.kept, all[best].sum)
	}
	for k, c := range all {
		if k == best {
			continue
		}
		for _, i := range c.claims {
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
func (w *world) sides(g int, members []int) []candidate {
	rule := &w.plan.groups[g]
	all, picked := w.sided[:0], w.picked[:0]
	for _, clause := range rule.clauses {
		if rule.sum && len(all) > 0 {
			break
		}
		c, from := candidate{rival: -1}, len(picked)
		for _, i := range members {
			if rule.sum || w.claims[i].clause == clause {
				picked = append(picked, i)
				c.sum = plus(c.sum, w.pays[i])
			}
		}
		if c.claims = picked[from:]; len(c.claims) > 0 {
			all = append(all, c)
		}
	}
	w.sided, w.picked = all, picked
	if rule.against == nil {
		return all
	}
	project, year := w.claims[members[0]].project, w.at[members[0]].year
	other := candidate{rival: -1}
	for k, r := range w.rivals {
		if r.group == g && r.project == project && (rule.period != "year" || r.year == year) {
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
