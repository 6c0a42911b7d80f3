package policy

import (
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// box is claims of which each lies between two ends, and the stacking of all that lies between. Beside the ends of each
// claim it keeps those of sums: what a pool or a contest leaves to its claims together is known far better than what it
// leaves to each. No stage ever adds to a claim, so that the most of a sum holds through all stages after; its least falls
// by what a later stage may take.
type box struct {
	*component
	at    []extent
	sums  []sum
	order []int // claims that may be there

	next change // room that is used again: of one stage at a time
}

// extent is what is known of one claim.
type extent struct {
	low, high   money.Fen // what it is paid so far
	surely      bool      // it is there
	years       []int     // in which it may lie
	first, last period.Day
	limits      [2][]money.Fen // least and most, for each ceiling of its clause
	due         [2]dues        // least and most
	once, items [][]string     // keys that it may have, by slot
}

// sum is what claims are paid together.
type sum struct {
	in        []bool
	low, high money.Fen
}

func newBox(c *component) *box {
	b := &box{component: c, at: make([]extent, len(c.kinds))}
	for m, kinds := range c.kinds {
		s := &b.at[m]
		s.surely = true
		begun := false
		for _, k := range kinds {
			if !k.ways[0].present {
				s.surely = false
				continue
			}
			for _, o := range k.ways {
				s.include(o, !begun)
				begun = true
			}
		}
		if !s.surely {
			s.low = 0
		}
		if begun {
			b.order = append(b.order, m)
		}
	}
	return b
}

// include widens an extent by a way of its claim.
func (s *extent) include(o outcome, first bool) {
	if first {
		s.low, s.high, s.first, s.last = o.amount, o.amount, o.day, o.day
		s.limits = [2][]money.Fen{slices.Clone(o.limits), slices.Clone(o.limits)}
		s.due = [2]dues{o.due, o.due}
		s.once, s.items = make([][]string, len(o.once)), make([][]string, len(o.items))
	}
	s.low, s.high = min(s.low, o.amount), max(s.high, o.amount)
	s.first, s.last = min(s.first, o.day), max(s.last, o.day)
	if o.due.less(s.due[0]) {
		s.due[0] = o.due
	}
	if s.due[1].less(o.due) {
		s.due[1] = o.due
	}
	for k, limit := range o.limits {
		s.limits[0][k], s.limits[1][k] = min(s.limits[0][k], limit), max(s.limits[1][k], limit)
	}
	if !slices.Contains(s.years, o.year) {
		s.years = append(s.years, o.year)
	}
	for k, key := range o.once {
		if !slices.Contains(s.once[k], key) {
			s.once[k] = append(s.once[k], key)
		}
	}
	for k, key := range o.items {
		if !slices.Contains(s.items[k], key) {
			s.items[k] = append(s.items[k], key)
		}
	}
}

// settle goes through the stages as world.settle does.
func (b *box) settle() {
	for r := range b.plan.onces {
		b.once(r)
	}
	for _, stage := range b.plan.order {
		if stage == HigherOf {
			for k := range b.plan.clusters {
				if c := &b.plan.clusters[k]; len(c.groups) > 1 {
					b.together(c)
				} else {
					b.group(c.groups[0])
				}
			}
			continue
		}
		for c := range b.plan.ceilings {
			if b.plan.ceilings[c].stage == stage {
				b.ceiling(c)
			}
		}
	}
	b.instalments()
}

// instalments bounds what has fallen due of each claim.
func (b *box) instalments() {
	ch := b.change()
	for _, i := range b.order {
		s := &ch.at[i]
		if !s.due[0].inParts {
			continue
		}
		b.takes(ch, b.set(i), s.high-s.due[0].of(s.high))
		s.low, s.high = s.due[0].of(s.low), s.due[1].of(s.high)
	}
	b.apply(ch)
}

// before says that a claim comes before another for sure, and that it may.
func (b *box) before(i, j int) (surely, maybe bool) {
	x, y := &b.at[i], &b.at[j]
	return x.last < y.first || x.last == y.first && i < j, x.first < y.last || x.first == y.last && i < j
}

// most is the largest sum of some claims: sums that are known cover them, those first that tell the most.
func (b *box) most(in []bool) money.Fen {
	best := b.cover(in, -1)
	for k := range b.sums {
		best = min(best, b.cover(in, k))
	}
	return best
}

// cover is a bound of some claims by known sums, beginning with one of them, -1 for the one that tells the most.
func (b *box) cover(in []bool, with int) money.Fen {
	rest, total := slices.Clone(in), money.Fen(0)
	for {
		pick, saves := with, money.Fen(0)
		if pick < 0 {
			for k := range b.sums {
				if gain := b.highs(and(rest, b.sums[k].in)) - b.sums[k].high; gain > saves {
					pick, saves = k, gain
				}
			}
		}
		if pick < 0 {
			return plus(total, b.highs(rest))
		}
		with = -1
		total = plus(total, b.sums[pick].high)
		rest = without(rest, b.sums[pick].in)
	}
}

// least is the smallest sum of some claims: sums that are known and do not overlap, and the least of the others.
func (b *box) least(in []bool) money.Fen {
	best := b.pack(in, -1)
	for k := range b.sums {
		best = max(best, b.pack(in, k))
	}
	return best
}

func (b *box) pack(in []bool, with int) money.Fen {
	rest, total := slices.Clone(in), money.Fen(0)
	of := func(k int) money.Fen { // what a sum leaves to those of its claims that are asked for
		return b.sums[k].low - b.highs(without(b.sums[k].in, rest))
	}
	for {
		pick, adds := with, money.Fen(0)
		if pick < 0 {
			for k := range b.sums {
				if gain := of(k) - b.lows(and(rest, b.sums[k].in)); gain > adds {
					pick, adds = k, gain
				}
			}
		}
		if pick < 0 {
			return plus(total, b.lows(rest))
		}
		with = -1
		total = plus(total, max(of(pick), b.lows(and(rest, b.sums[pick].in))))
		rest = without(rest, b.sums[pick].in)
	}
}

func (b *box) lows(in []bool) money.Fen {
	total := money.Fen(0)
	for i, yes := range in {
		if yes {
			total = plus(total, b.at[i].low)
		}
	}
	return total
}

func (b *box) highs(in []bool) money.Fen {
	total := money.Fen(0)
	for i, yes := range in {
		if yes {
			total = plus(total, b.at[i].high)
		}
	}
	return total
}

func and(a, b []bool) []bool {
	out := make([]bool, len(a))
	for i := range a {
		out[i] = a[i] && b[i]
	}
	return out
}

func without(a, b []bool) []bool {
	out := make([]bool, len(a))
	for i := range a {
		out[i] = a[i] && !b[i]
	}
	return out
}

func (b *box) set(members ...int) []bool {
	in := make([]bool, len(b.at))
	for _, i := range members {
		in[i] = true
	}
	return in
}

// change is what a stage does to a box; all of it is worked out before any is done.
type change struct {
	at   []extent
	sums []sum
	fall []money.Fen // of each sum that is known: by how much its least falls
}

// change begins a stage. It is valid until the next.
func (b *box) change() *change {
	c := &b.next
	c.at, c.sums = append(c.at[:0], b.at...), c.sums[:0]
	c.fall = append(c.fall[:0], make([]money.Fen, len(b.sums))...)
	return c
}

// takes says that a stage takes up to an amount from some claims together.
func (b *box) takes(c *change, in []bool, amount money.Fen) {
	if amount <= 0 {
		return
	}
	for k, s := range b.sums {
		c.fall[k] = plus(c.fall[k], min(amount, b.most(and(s.in, in))))
	}
}

func (b *box) apply(c *change) {
	for k := range b.sums {
		b.sums[k].low = max(b.sums[k].low-c.fall[k], 0)
	}
	b.at, c.at = c.at, b.at
	for _, s := range c.sums {
		if k := slices.IndexFunc(b.sums, func(o sum) bool { return slices.Equal(o.in, s.in) }); k >= 0 {
			b.sums[k].low, b.sums[k].high = max(b.sums[k].low, s.low), min(b.sums[k].high, s.high)
			continue
		}
		b.sums = append(b.sums, s)
	}
}

// pool is claims that may draw on one ceiling together, or meet in one contest.
type pool struct {
	key         string
	members     []int
	surely, may []bool // in it if they are there
}

// pools sorts claims by the keys that they may have.
func (b *box) pools(keys func(i int) []string) []*pool {
	var all []*pool
	for _, i := range b.order {
		mine := keys(i)
		for _, key := range mine {
			k := slices.IndexFunc(all, func(p *pool) bool { return p.key == key })
			if k < 0 {
				k, all = len(all), append(all, &pool{key: key, surely: b.set(), may: b.set()})
			}
			all[k].members = append(all[k].members, i)
			all[k].may[i], all[k].surely[i] = true, len(mine) == 1
		}
	}
	return all
}

// ceiling bounds what each pool of a ceiling leaves.
func (b *box) ceiling(c int) {
	rule := &b.plan.ceilings[c]
	scope := func(i int) string {
		x := &b.claims[i]
		switch {
		case rule.slot[x.clause] < 0:
			return ""
		case rule.period == "event":
			return "event " + strconv.Itoa(i)
		case rule.scope == "unit" || rule.scope == "project" && x.project < 0:
			return "unit " + strconv.Itoa(x.unit)
		case rule.scope == "project":
			return "project " + strconv.Itoa(x.project)
		}
		return rule.scope
	}
	for _, p := range b.pools(func(i int) []string {
		key := scope(i)
		switch {
		case key == "":
			return nil
		case rule.period == "year":
			return inYears(key, b.at[i].years)
		}
		return []string{key}
	}) {
		b.draw(rule, p)
	}
	if rule.period != "year" {
		return
	}
	for _, p := range b.pools(func(i int) []string { // all years together
		if key := scope(i); key != "" {
			return []string{key}
		}
		return nil
	}) {
		tops := map[int]money.Fen{}
		for _, i := range p.members {
			for _, y := range b.at[i].years {
				tops[y] = max(tops[y], b.at[i].limits[1][rule.slot[b.claims[i].clause]])
			}
		}
		total := money.Fen(0)
		for _, limit := range tops {
			total = plus(total, limit)
		}
		ch := b.change()
		ch.sums = append(ch.sums, sum{in: p.may, high: total})
		b.apply(ch)
	}
}

func inYears(key string, years []int) []string {
	all := make([]string, len(years))
	for k, y := range years {
		all[k] = key + "/" + strconv.Itoa(y)
	}
	return all
}

// draw lets the claims of a pool draw on it. It pays its limit or all that there is; of which an early claim leaves less
// to a late one.
func (b *box) draw(rule *ceilingRule, p *pool) {
	ch := b.change()
	least, top := unbounded, money.Fen(0)
	for _, i := range p.members {
		slot := rule.slot[b.claims[i].clause]
		low, high := b.at[i].limits[0][slot], b.at[i].limits[1][slot]
		least = min(least, low)
		if p.surely[i] {
			top = max(top, high)
		}
		ahead, before := b.set(), b.set() // for sure, and perhaps
		for _, j := range p.members {
			surely, maybe := b.before(j, i)
			ahead[j], before[j] = surely && p.surely[i] && p.surely[j], maybe && i != j
		}
		room := max(low-b.most(before), 0)
		ch.at[i].low = min(b.at[i].low, room)
		ch.at[i].high = max(min(b.at[i].high, high-b.drawn(rule, ahead)), 0)
	}
	all := b.most(p.may)
	b.takes(ch, p.may, all-least)
	left := least
	if !slices.Equal(p.may, p.surely) {
		left = max(least-b.most(without(p.may, p.surely)), 0)
	}
	ch.sums = append(ch.sums, sum{in: p.surely, low: min(b.least(p.surely), left), high: min(b.most(p.surely), top)})
	b.apply(ch)
}

// drawn is the least that claims have drawn together.
func (b *box) drawn(rule *ceilingRule, ahead []bool) money.Fen {
	limit := unbounded
	for j, yes := range ahead {
		if yes {
			limit = min(limit, b.at[j].limits[0][rule.slot[b.claims[j].clause]])
		}
	}
	return min(b.least(ahead), limit)
}

// once bounds what is left where only the first of the same things is paid.
func (b *box) once(r int) {
	rule := &b.plan.onces[r]
	for _, p := range b.pools(func(i int) []string {
		if b.claims[i].clause != rule.clause {
			return nil
		}
		var all []string
		for _, key := range b.at[i].once[rule.slot] {
			if rule.period == "year" {
				all = append(all, inYears(key, b.at[i].years)...)
				continue
			}
			all = append(all, key)
		}
		return all
	}) {
		if len(p.members) > rule.most {
			b.firsts(p, rule.most)
		}
	}
}

// firsts bounds what is left where only the first so many claims of a pool are paid.
func (b *box) firsts(p *pool, most int) {
	ch := b.change()
	var lows, highs []money.Fen
	sure := 0
	for _, i := range p.members {
		ahead, perhaps := 0, 0 // before it for sure, and perhaps
		for _, j := range p.members {
			surely, maybe := b.before(j, i)
			if i == j || !maybe {
				continue
			}
			if perhaps++; surely && b.at[j].surely && p.surely[i] && p.surely[j] {
				ahead++
			}
		}
		if b.at[i].surely {
			sure++
		}
		if perhaps >= most {
			ch.at[i].low = 0
			b.takes(ch, b.set(i), b.at[i].high)
		}
		if ahead >= most {
			ch.at[i].high = 0
			continue
		}
		lows = append(lows, b.at[i].low)
		if p.surely[i] {
			highs = append(highs, b.at[i].high)
		}
	}
	// So many are paid, or all that there are: at least the smallest of those that may be, at most the largest.
	slices.Sort(lows)
	slices.Sort(highs)
	low, high := money.Fen(0), money.Fen(0)
	if slices.Equal(p.may, p.surely) {
		for _, f := range lows[:min(most, sure, len(lows))] {
			low = plus(low, f)
		}
	}
	for _, f := range highs[max(len(highs)-most, 0):] {
		high = plus(high, f)
	}
	ch.sums = append(ch.sums, sum{in: p.surely, low: low, high: high})
	b.apply(ch)
}

// contests is who may meet in a group.
func (b *box) contests(g int) []*pool {
	rule := &b.plan.groups[g]
	return b.pools(func(i int) []string {
		c := &b.claims[i]
		keys := []string{""}
		switch {
		case !slices.Contains(rule.clauses, c.clause) || rule.scope == "project" && c.project < 0:
			return nil
		case rule.scope == "project":
			keys = []string{strconv.Itoa(c.project)}
		case rule.scope == "cost_item":
			keys = b.at[i].items[g]
		}
		if rule.period != "year" {
			return keys
		}
		var all []string
		for _, key := range keys {
			all = append(all, inYears(key, b.at[i].years)...)
		}
		return all
	})
}

// group bounds what the contests of a group leave.
func (b *box) group(g int) {
	rule := &b.plan.groups[g]
	for _, p := range b.contests(g) {
		switch {
		case !slices.Equal(p.may, p.surely):
			b.unsettled(p)
		case rule.pick == "difference" && rule.toSum:
			b.differenceToSum(p)
		case rule.pick == "difference":
			b.difference(p)
		default:
			b.contest(g, p)
		}
	}
}

// unsettled is a contest of which it is not known who is in it: each of its claims may lose all.
func (b *box) unsettled(p *pool) {
	ch := b.change()
	for _, i := range p.members {
		ch.at[i].low = 0
	}
	b.takes(ch, p.may, b.most(p.may))
	b.apply(ch)
}

// difference pays the largest in all, and each what goes beyond those before it.
func (b *box) difference(p *pool) {
	ch := b.change()
	low, high, all := money.Fen(0), money.Fen(0), money.Fen(0)
	for _, i := range p.members {
		low, high, all = max(low, b.at[i].low), max(high, b.at[i].high), plus(all, b.at[i].high)
		for _, j := range p.members {
			if i == j {
				continue
			}
			surely, maybe := b.before(j, i)
			if surely {
				ch.at[i].high = max(min(ch.at[i].high, b.at[i].high-b.at[j].low), 0)
			}
			if maybe {
				ch.at[i].low = max(min(ch.at[i].low, b.at[i].low-b.at[j].high), 0)
			}
		}
	}
	b.takes(ch, p.may, all-high)
	ch.sums = append(ch.sums, sum{in: p.may, low: low, high: high})
	b.apply(ch)
}

// differenceToSum takes off each claim what was paid before under other clauses: at most all that they may come to, and at
// least what is left of those that are there for sure.
func (b *box) differenceToSum(p *pool) {
	ch := b.change()
	for _, i := range p.members {
		all := money.Fen(0)
		for _, j := range p.members {
			if _, maybe := b.before(j, i); maybe && i != j && b.claims[i].clause != b.claims[j].clause {
				all = plus(all, b.at[j].high)
			}
		}
		ch.at[i].low = max(b.at[i].low-all, 0)
		b.takes(ch, b.set(i), min(all, b.at[i].high))
	}
	for _, i := range p.members {
		paid := money.Fen(0)
		for _, j := range p.members {
			if surely, _ := b.before(j, i); surely && b.claims[i].clause != b.claims[j].clause {
				paid = plus(paid, ch.at[j].low)
			}
		}
		ch.at[i].high = max(b.at[i].high-paid, 0)
	}
	b.apply(ch)
}

// rivalry is one side of a contest.
type rivalry struct {
	in        []bool // nobody for another document, which we do not pay
	low, high money.Fen
	surely    bool // some claim of it is there
	ours      bool
}

// sides is who meets in a contest, in the order in which the first wins between equals.
func (b *box) sides(g int, p *pool) []rivalry {
	rule := &b.plan.groups[g]
	var all []rivalry
	for _, clause := range rule.clauses {
		r := rivalry{in: b.set(), ours: true}
		for _, i := range p.members {
			if rule.sum || b.claims[i].clause == clause {
				r.in[i] = true
				r.surely = r.surely || b.at[i].surely
			}
		}
		if slices.Contains(r.in, true) {
			r.low, r.high = b.least(r.in), b.most(r.in)
			all = append(all, r)
		}
		if rule.sum {
			break
		}
	}
	if rule.against == nil {
		return all
	}
	other := rivalry{in: b.set()}
	for _, r := range b.rivals {
		if r.group == g && r.project == b.claims[p.members[0]].project && (rule.period != "year" || r.year == b.at[p.members[0]].years[0]) {
			other.low, other.high = plus(other.low, r.low), plus(other.high, r.high)
		}
	}
	if other.high > 0 {
		all = append(all, other)
	}
	return all
}

// winners is which sides may win.
func (rule *groupRule) winners(sides []rivalry) []bool {
	may := make([]bool, len(sides))
	if rule.pick == "priority" {
		for k := range sides {
			if may[k] = sides[k].ours; sides[k].surely {
				return may
			}
		}
		return may
	}
	for k := range sides {
		may[k] = true
		for j := range sides { // between equals the first wins, if it is there
			if sides[j].low > sides[k].high || j < k && sides[j].surely && sides[j].low == sides[k].high {
				may[k] = false
			}
		}
	}
	return may
}

// contest lets the sides that may win stand, each with all or nothing; the others lose.
func (b *box) contest(g int, p *pool) {
	rule := &b.plan.groups[g]
	sides := b.sides(g, p)
	if len(sides) < 2 {
		return
	}
	may := rule.winners(sides)
	winners := 0
	for _, yes := range may {
		if yes {
			winners++
		}
	}
	ch := b.change()
	low, high, least := unbounded, money.Fen(0), money.Fen(0)
	for k, s := range sides {
		least = max(least, s.low)
		if may[k] && s.ours {
			high = max(high, s.high)
		}
		if may[k] {
			low = min(low, s.low)
		}
		for i, yes := range s.in {
			if yes && (!may[k] || winners > 1) {
				ch.at[i].low = 0
			}
			if yes && !may[k] {
				ch.at[i].high = 0
				b.takes(ch, b.set(i), b.at[i].high)
			}
		}
		if may[k] && winners > 1 {
			b.takes(ch, s.in, s.high)
		}
	}
	if rule.pick == "higher_of" {
		low = least
	}
	for k, s := range sides {
		if may[k] && !s.ours {
			low = 0
		}
	}
	ch.sums = append(ch.sums, sum{in: p.may, low: min(low, high), high: high})
	b.apply(ch)
}
