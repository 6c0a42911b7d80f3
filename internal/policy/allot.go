package policy

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// Portion is how a line came out of a quota or a pool.
type Portion struct {
	Stage  string    `json:"stage"` // id of the quota or pool
	Kind   string    `json:"kind"`  // quota, pool
	Name   i18n.Text `json:"name"`
	Year   int       `json:"year,omitempty"`
	State  State     `json:"state"`            // met: it has a place, or all of its amount; not_met: it waits, or is cut; unknown
	Rank   int       `json:"rank,omitempty"`   // its place in the order, where that is known
	Most   int       `json:"most,omitempty"`   // places of the quota
	Budget money.Fen `json:"budget,omitempty"` // of the pool
	Pays   Interval  `json:"pays"`             // of the line, after it
	Place

	dated bool // its year is known, or plays no part
	spot  spot
}

// spot is where a line stands in a stage and year, and what it came with.
type spot struct {
	after       int       // lines that are before it for sure
	ahead       money.Fen // what those claim at least
	place       int       // among the lines that take part for sure, by what each is at least; -1 where it may not
	least, most money.Fen
}

// StageSum is what a quota or pool comes to in a year, 0 for the whole period of the policy.
type StageSum struct {
	Stage   string
	Kind    string
	Name    i18n.Text
	Year    int
	Most    int
	Budget  money.Fen
	Lines   int      // that take part, or may
	Met     int      // that have a place, or are paid in full
	Waiting int      // that have none, or are cut
	Claimed Interval // before it
	Pays    Interval // after it
	Factor  int      // of a cut in proportion, in hundredths of a per cent, down; 0 where nothing is cut or it is not known
	Ordered bool     // its lines stand one behind the other; else they are cut alike
	First   []Queued // the first of its lines, in its order, or those that claim most

	least money.Fen // what its lines are paid for sure, added up
	unit  money.Fen // of shares in proportion
}

// maxQueued is how many lines of a stage and year are named.
const maxQueued = 50

// Queued is a line as it stands in a stage.
type Queued struct {
	Enterprise string // id
	Clause     string
	Subject    Ref
	Rank       int // 0 where it is not known
	State      State
	Claims     Interval
	Pays       Interval
}

// Allotment is what quotas and pools leave to the lines of all enterprises.
type Allotment struct {
	Sums   []StageSum
	shares map[string]map[lineKey][]Portion // by enterprise
}

type lineKey struct {
	enterprise, clause, kind, id string
	year                         int
}

// entry is a line in a stage and year.
type entry struct {
	key    lineKey
	line   *Line
	low    []bound
	high   []bound
	sure   bool // it takes part for sure, in this year
	least  money.Fen
	most   money.Fen
	before int       // stage and year in Allotment.Sums that it came through last, -1 for none
	placed bool      // that is a quota, in which it has its place for sure
	others money.Fen // the most that all others come to where it takes part
	lost   fraction  // of a cut in proportion
	spot   spot
	result outcomeOf
}

// outcomeOf is what a stage leaves to an entry.
type outcomeOf struct {
	state State
	rank  int
	low   money.Fen
	high  money.Fen
}

// taking is a line while it goes through the stages.
type taking struct {
	key       lineKey
	line      *Line
	years     []int
	standing  []standing
	in        bool // it takes part, or may
	sure      bool
	low, high money.Fen
	before    int  // see entry
	placed    bool // see entry
	shares    []Portion
}

// Staged says that quotas or pools hold under the settings: decisions of single enterprises then depend on the others.
func (pl *Plan) Staged() bool { return len(pl.stages) > 0 }

// Allot applies quotas and then pools to the decisions of all enterprises. The order of the decisions does not matter. What
// is not known of some makes an interval of what is left to the others.
func (pl *Plan) Allot(all []*Decision) *Allotment {
	out := &Allotment{shares: map[string]map[lineKey][]Portion{}}
	var lines []*taking
	for _, d := range all {
		for i := range d.Lines {
			if t := d.taking(&d.Lines[i]); t != nil {
				lines = append(lines, t)
			}
		}
	}
	for n := range pl.stages {
		pl.through(n, lines, out)
	}
	for _, t := range lines {
		of := out.shares[t.key.enterprise]
		if of == nil {
			of = map[lineKey][]Portion{}
			out.shares[t.key.enterprise] = of
		}
		of[t.key] = t.shares
	}
	return out
}

// through takes lines through one stage.
func (pl *Plan) through(n int, lines []*taking, out *Allotment) {
	st := &pl.stages[n]
	byYear := map[int][]*entry{}
	for _, t := range lines {
		for _, s := range t.standing {
			if s.stage != n || !t.in {
				continue
			}
			for _, y := range st.years(t.years) {
				e := &entry{key: t.key, line: t.line, low: s.low, high: s.high, sure: t.sure && len(st.years(t.years)) == 1, least: t.low, most: t.high, before: t.before, placed: t.placed}
				if !e.sure {
					e.least = 0
				}
				byYear[y] = append(byYear[y], e)
			}
		}
	}
	sums := map[int]int{}
	for _, y := range sortedYears(byYear) {
		sums[y] = len(out.Sums)
		out.Sums = append(out.Sums, st.settle(y, pl.limitOf(st, y), byYear[y], out.Sums))
	}
	st.into(lines, byYear, func(y int) number { return pl.limitOf(st, y) })
	for _, t := range lines {
		if k := len(t.shares); k > 0 && t.shares[k-1].Stage == st.id {
			t.before, t.placed = -1, st.kind == QuotaKind && t.shares[k-1].State == Met
			if sum, ok := sums[t.shares[k-1].Year]; ok && t.shares[k-1].dated {
				t.before = sum
			}
		}
	}
}

func sortedYears(m map[int][]*entry) []int {
	var all []int
	for y := range m {
		all = append(all, y)
	}
	slices.Sort(all)
	return all
}

// years is the years of a stage in which a line takes part.
func (st *stage) years(of []int) []int {
	if st.period == "policy" {
		return []int{0}
	}
	return of
}

// taking is a line as it comes to the stages, nil where it takes part in none.
func (d *Decision) taking(l *Line) *taking {
	if len(l.standing) == 0 {
		return nil
	}
	t := &taking{key: d.keyOf(l), line: l, years: l.years, standing: l.standing, low: l.gross.Sure, high: top(l.gross), before: -1}
	switch l.Form {
	case "eligibility", "up_to": // whatever it comes to
		t.in, t.sure = l.granted != NotMet, l.granted == Met
	default:
		t.in, t.sure = t.high > 0, t.low > 0
	}
	return t
}

func (d *Decision) keyOf(l *Line) lineKey {
	return lineKey{enterprise: d.Subject.ID, clause: l.Clause, kind: l.Subject.Kind, id: l.Subject.ID, year: l.Year}
}

// into gives each line what its stage left it. A line whose year is not known takes part in one of several.
func (st *stage) into(lines []*taking, byYear map[int][]*entry, limit func(year int) number) {
	found := map[lineKey][]*entry{}
	years := map[*entry]int{}
	for y, entries := range byYear {
		for _, e := range entries {
			found[e.key] = append(found[e.key], e)
			years[e] = y
		}
	}
	for _, t := range lines {
		mine := found[t.key]
		if len(mine) == 0 {
			continue
		}
		r := mine[0].result
		y := years[mine[0]]
		for _, e := range mine[1:] {
			r.low, r.high, r.rank, y = 0, max(r.high, e.result.high), 0, 0
			if r.state != e.result.state {
				r.state = Unknown
			}
		}
		t.low, t.high = r.low, r.high
		if st.kind == QuotaKind {
			t.in, t.sure = r.state != NotMet, t.sure && r.state == Met
		}
		s := Portion{Stage: st.id, Kind: st.kind, Name: st.name, Year: y, State: r.state, Rank: r.rank, Pays: interval(r.low, r.high), Place: st.place, spot: mine[0].spot}
		if s.dated = y != 0 || st.period == "policy"; s.dated {
			n := limit(y)
			s.Most, s.Budget = int(n.n), n.fen
		}
		t.shares = append(t.shares, s)
	}
}

// settle decides one year of a stage; before is the stages and years that were settled so far.
func (st *stage) settle(year int, limit number, entries []*entry, before []StageSum) StageSum {
	sum := StageSum{Stage: st.id, Kind: st.kind, Name: st.name, Year: year, Lines: len(entries), Ordered: st.pays != "in_proportion"}
	claimed := [2]money.Fen{0, together(entries, before)}
	for _, e := range entries {
		claimed[0] = plus(claimed[0], e.least)
	}
	sum.Claimed = interval(claimed[0], claimed[1])
	switch {
	case st.kind == QuotaKind:
		sum.Most = int(limit.n)
		order(entries).quota(sum.Most)
	case st.pays == "in_order":
		sum.Budget = limit.fen
		order(entries).inOrder(limit.fen, st.last == "nothing")
	default:
		sum.Budget, sum.unit = limit.fen, st.to
		inProportion(entries, limit.fen, st.to)
	}
	all := gathered{quota: st.kind == QuotaKind}
	for _, e := range entries {
		all.add(e.result.low, e.result.high, e.result.state == Met, &e.spot)
		switch e.result.state {
		case Met:
			sum.Met++
		case NotMet:
			sum.Waiting++
		}
	}
	sum.least = all.sure
	least, most := all.sure, min(all.possible, claimed[1])
	switch {
	case st.kind == QuotaKind:
		most = min(most, all.placed(sum.Most))
		least = max(least, fewest(entries, sum.Most))
	case st.last != "nothing" && st.to == 1: // whoever gets it, all of it is paid
		least = max(least, min(claimed[0], limit.fen))
		fallthrough
	default:
		most = min(most, limit.fen)
	}
	sum.Pays = interval(least, most)
	if !sum.Ordered && sum.Claimed.Exact() && claimed[0] > limit.fen {
		factor, _ := part(10_000, max(limit.fen, 0), claimed[0])
		sum.Factor = int(factor)
	}
	sum.First = st.first(entries)
	return sum
}

// first is the first lines of a stage: by rank, or the larger claims where it cuts in proportion.
func (st *stage) first(entries []*entry) []Queued {
	all := slices.Clone(entries)
	slices.SortFunc(all, func(a, b *entry) int {
		c := cmp.Compare(b.most, a.most)
		if st.pays != "in_proportion" {
			c = cmp.Or(cmp.Compare(a.spot.after, b.spot.after), lexical(b.high, a.high))
		}
		return cmp.Or(c, a.key.cmp(b.key))
	})
	var out []Queued
	for _, e := range all[:min(len(all), maxQueued)] {
		q := Queued{Enterprise: e.key.enterprise, Clause: e.key.clause, Rank: e.result.rank, State: e.result.state, Claims: interval(e.least, e.most), Pays: interval(e.result.low, e.result.high)}
		if e.line != nil {
			q.Subject = e.line.Subject
		}
		out = append(out, q)
	}
	return out
}

// fewest is what the lines that have places come to at least: so many places are taken for sure, by some of those that may.
func fewest(entries []*entry, places int) money.Fen {
	var least []money.Fen
	surely := 0
	for _, e := range entries {
		if e.result.state != NotMet {
			least = append(least, e.least)
		}
		if e.sure {
			surely++
		}
	}
	slices.Sort(least)
	sum := money.Fen(0)
	for _, x := range least[:min(max(min(places, surely), 0), len(least))] {
		sum = plus(sum, x)
	}
	return sum
}

// ordered is the entries of a stage with those that come before each: their number and their amounts, at least and at most.
type ordered struct {
	entries []*entry
	surely  []ahead // by entry
	maybe   []ahead
}

type ahead struct {
	n   int
	sum money.Fen
}

func lexical(a, b []bound) int {
	for i := range a {
		if c := a[i].cmp(b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// order counts who comes before whom. Between the least and the most of its ranks, taken one after the other, lies all that
// an entry may turn out to be: so one is before another for sure when its least lies above the other's most.
func order(entries []*entry) ordered {
	o := ordered{entries: entries, surely: make([]ahead, len(entries)), maybe: make([]ahead, len(entries))}
	var sure []*entry
	for _, e := range entries {
		if e.sure {
			sure = append(sure, e)
		}
	}
	slices.SortFunc(sure, func(a, b *entry) int { return lexical(b.low, a.low) })
	for _, e := range entries {
		e.spot = spot{place: -1, least: e.least, most: e.most}
	}
	for i, e := range sure {
		e.spot.place = i
	}
	tops := slices.Clone(entries)
	slices.SortFunc(tops, func(a, b *entry) int { return lexical(b.high, a.high) })
	prefix := func(all []*entry, amount func(*entry) money.Fen) []money.Fen {
		sums := make([]money.Fen, len(all)+1)
		for i, e := range all {
			sums[i+1] = plus(sums[i], amount(e))
		}
		return sums
	}
	least, most := prefix(sure, func(e *entry) money.Fen { return e.least }), prefix(tops, func(e *entry) money.Fen { return e.most })
	for i, e := range entries {
		n, _ := slices.BinarySearchFunc(sure, e, func(x, e *entry) int { // those whose least is above its most
			if lexical(x.low, e.high) > 0 {
				return -1
			}
			return 1
		})
		o.surely[i] = ahead{n: n, sum: least[n]}
		e.spot.after, e.spot.ahead = n, least[n]
		m, _ := slices.BinarySearchFunc(tops, e, func(x, e *entry) int { // those whose most is not below its least, itself among them
			if lexical(x.high, e.low) >= 0 {
				return -1
			}
			return 1
		})
		o.maybe[i] = ahead{n: m - 1, sum: most[m]}
		if o.maybe[i].sum < unbounded {
			o.maybe[i].sum -= e.most
		}
		o.maybe[i].sum = min(o.maybe[i].sum, e.others)
	}
	return o
}

// rank is the place of an entry in the order, 0 where it is not known.
func (o ordered) rank(i int) int {
	if o.surely[i].n == o.maybe[i].n {
		return o.surely[i].n + 1
	}
	return 0
}

func (o ordered) quota(most int) {
	for i, e := range o.entries {
		e.result = outcomeOf{state: Unknown, rank: o.rank(i), high: e.most}
		switch {
		case o.surely[i].n >= most:
			e.result.state, e.result.high = NotMet, 0
		case e.sure && o.maybe[i].n < most:
			e.result.state, e.result.low = Met, e.least
		}
	}
}

// inOrder pays while the budget lasts. Strictly in order: after one that does not fit nobody is paid.
func (o ordered) inOrder(budget money.Fen, whole bool) {
	for i, e := range o.entries {
		left, mayLeave := max(budget-o.maybe[i].sum, 0), max(budget-o.surely[i].sum, 0)
		r := outcomeOf{rank: o.rank(i), low: min(e.least, left), high: min(e.most, mayLeave)}
		if whole && e.most > left {
			r.low = 0
		}
		if whole && e.least > mayLeave {
			r.high = 0
		}
		if !e.sure {
			r.low = 0
		}
		r.state = cutState(e, r)
		e.result = r
	}
}

// cutState says whether an entry is paid in full.
func cutState(e *entry, r outcomeOf) State {
	switch {
	case e.sure && r.low >= e.least && r.high >= e.most:
		return Met
	case r.high < e.least || r.high == 0:
		return NotMet
	}
	return Unknown
}

// inProportion cuts all by the same factor where they come to more than the budget.
func inProportion(entries []*entry, budget, unit money.Fen) {
	least, most, definite := money.Fen(0), money.Fen(0), true
	for _, e := range entries {
		e.spot = spot{place: -1, least: e.least, most: e.most}
		least, most = plus(least, e.least), plus(most, e.most)
		definite = definite && e.sure && e.least == e.most
	}
	if definite {
		byRemainder(entries, most, budget, unit)
		return
	}
	for _, e := range entries {
		r := outcomeOf{low: e.least, high: e.most}
		switch all := plus(e.others, e.least); {
		case all > budget:
			r.low, _ = part(e.least, budget, all)
			r.low -= r.low % unit
		case plus(e.others, e.most) > budget: // a fen more of it, and it is cut down to a unit
			r.low -= r.low % unit
		}
		if all := plus(least-e.least, e.most); all > budget {
			r.high, _ = part(min(e.most, all), budget, all)
			r.high = min(r.high-r.high%unit+unit, e.most, budget)
		}
		if !e.sure {
			r.low = 0
		}
		r.state = cutState(e, r)
		e.result = r
	}
}

// byRemainder cuts amounts that are known by the largest remainder: never a fen above the budget, and no whole unit left while
// somebody could take one and got none.
func byRemainder(entries []*entry, all, budget, unit money.Fen) {
	if all <= budget {
		for _, e := range entries {
			e.result = outcomeOf{state: Met, low: e.most, high: e.most}
		}
		return
	}
	left := budget
	for _, e := range entries {
		share, rest := part(e.most, budget, all)
		over := share % unit
		share -= over
		left -= share
		e.lost = fraction{whole: over, rest: rest}
		e.result = outcomeOf{state: NotMet, low: share, high: share}
	}
	byLoss := slices.Clone(entries)
	slices.SortFunc(byLoss, func(a, b *entry) int {
		if c := b.lost.cmp(a.lost); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(b.most, a.most), a.key.cmp(b.key))
	})
	for _, e := range byLoss {
		if left >= unit && e.result.low+unit <= e.most {
			e.result.low, e.result.high = e.result.low+unit, e.result.high+unit
			left -= unit
		}
	}
}

// fraction is what was cut off a share: fen, and the remainder of the division.
type fraction struct {
	whole money.Fen
	rest  uint64
}

func (f fraction) cmp(g fraction) int {
	return cmp.Or(cmp.Compare(f.whole, g.whole), cmp.Compare(f.rest, g.rest))
}

// part is amount × of ÷ all, down to the fen, and the remainder; amount must not be above all.
func part(amount, of, all money.Fen) (money.Fen, uint64) {
	if all <= 0 {
		return 0, 0
	}
	hi, lo := bits.Mul64(uint64(amount), uint64(of))
	q, r := bits.Div64(hi, lo, uint64(all))
	return money.Fen(q), r
}

func (k lineKey) cmp(o lineKey) int {
	return cmp.Or(cmp.Compare(k.enterprise, o.enterprise), cmp.Compare(k.clause, o.clause), cmp.Compare(k.kind, o.kind), cmp.Compare(k.id, o.id), cmp.Compare(k.year, o.year))
}

// Apply settles a decision by what the quotas and pools of the whole region left to its lines.
func (d *Decision) Apply(a *Allotment) {
	d.settleBy(func(l *Line) []Portion { return a.shares[d.Subject.ID][d.keyOf(l)] })
}

// Allotted is what quotas and pools leave to one line of an enterprise.
type Allotted struct {
	Clause   string    `json:"clause"`
	Kind     string    `json:"kind"` // of the line's subject
	ID       string    `json:"id"`
	Year     int       `json:"year,omitempty"`
	Portions []Portion `json:"portions"`
}

// Of is what the stages leave to the lines of one enterprise, in a fixed order; nothing for no allotment.
func (a *Allotment) Of(enterprise string) []Allotted {
	if a == nil {
		return nil
	}
	var all []Allotted
	for key, portions := range a.shares[enterprise] {
		all = append(all, Allotted{key.clause, key.kind, key.id, key.year, portions})
	}
	slices.SortFunc(all, func(x, y Allotted) int {
		return cmp.Or(cmp.Compare(x.Clause, y.Clause), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Year, y.Year))
	})
	return all
}

// ApplyOwn is Apply with what Allotment.Of gave for the enterprise, for who does not know the others.
func (d *Decision) ApplyOwn(all []Allotted) {
	own := map[lineKey][]Portion{}
	for _, a := range all {
		own[lineKey{d.Subject.ID, a.Clause, a.Kind, a.ID, a.Year}] = a.Portions
	}
	d.Apply(&Allotment{shares: map[string]map[lineKey][]Portion{d.Subject.ID: own}})
}

// alone settles a decision without knowing the others: what takes part in a quota or pool may be paid.
func (d *Decision) alone(pl *Plan) {
	d.settleBy(func(l *Line) []Portion {
		high := l.gross
		high.Sure = 0
		var all []Portion
		for _, s := range l.standing {
			st := &pl.stages[s.stage]
			sh := Portion{Stage: st.id, Kind: st.kind, Name: st.name, State: Unknown, Place: st.place}
			if st.period == "year" {
				sh.Year = l.Year
			}
			if len(l.years) == 1 || st.period == "policy" {
				n := pl.limitOf(st, sh.Year)
				sh.Most, sh.Budget = int(n.n), n.fen
				if st.kind == PoolKind && top(high) > n.fen {
					high = Interval{Possible: n.fen}
				}
			}
			sh.Pays = high
			all = append(all, sh)
		}
		return all
	})
}

// settleBy puts what stages leave into lines, clauses and totals. A total lies between the sums of its lines, and is no less
// than before by more than the stages may take.
func (d *Decision) settleBy(shares func(*Line) []Portion) {
	if d.gross == nil {
		return
	}
	var taken [2]money.Fen // by purse
	cut := map[string]money.Fen{}
	for i := range d.Lines {
		l := &d.Lines[i]
		if len(l.standing) == 0 {
			continue
		}
		l.Portions, l.Pays, l.State = shares(l), l.gross, l.granted
		for _, s := range l.Portions {
			if l.Form != "eligibility" {
				l.Pays = s.Pays
			} else if s.State == NotMet || l.State == Met {
				l.State = s.State
			}
		}
		lost := top(l.gross) - l.Pays.Sure
		taken[l.purse], cut[l.Clause] = plus(taken[l.purse], lost), plus(cut[l.Clause], lost)
	}
	d.Total = d.settled(d.gross.total, taken[cash], func(l *Line) bool { return l.purse == cash })
	d.InKind = d.settled(d.gross.inKind, taken[inKind], func(l *Line) bool { return l.purse == inKind })
	for i := range d.Clauses {
		c := &d.Clauses[i]
		c.Pays = d.settled(d.gross.clauses[i], cut[c.Clause], func(l *Line) bool { return l.Clause == c.Clause })
	}
	d.Missing = missing(d.Lines)
	d.State = decisionState(d)
}

func top(i Interval) money.Fen {
	if i.Unbounded {
		return unbounded
	}
	return i.Possible
}

func (d *Decision) settled(before Interval, taken money.Fen, of func(*Line) bool) Interval {
	if taken == 0 {
		return before
	}
	low, high := money.Fen(0), money.Fen(0)
	for i := range d.Lines {
		if l := &d.Lines[i]; of(l) && !l.floored {
			low, high = plus(low, l.Pays.Sure), plus(high, top(l.Pays))
		}
	}
	return interval(max(low, before.Sure-taken), min(high, top(before)))
}

// grossSums is what a decision came to before quotas and pools.
type grossSums struct {
	total, inKind Interval
	clauses       []Interval
}

func (d *Decision) sums() *grossSums {
	g := &grossSums{total: d.Total, inKind: d.InKind}
	for _, c := range d.Clauses {
		g.clauses = append(g.clauses, c.Pays)
	}
	return g
}
