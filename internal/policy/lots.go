package policy

import (
	"math/big"
	"slices"
	"sync"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// lot is what a clause came to in some rows of a table that lie next to each other: those that are not ruled out, rising.
type lot struct {
	k      *clauseRule
	table  *table
	plain  bool // nothing but the conditions in columns decides, and they need not be asked again where they hold
	rows   []int32
	first  int           // of the rows that were asked
	states []answerState // of rows; nil where all are definite
	pays   []money.Fen   // of rows: the amount, under the ceilings; of a clause that may meet others they come in when it is settled
	most   money.Fen     // none of them is more
	whole  bool          // all rows of the blocks that were asked are in: they are not noted one by one
	room   []int32       // for rows that are

	// Of a clause that may meet others:
	limits []money.Fen // of rows, as many for each as there are ceilings
	level  []money.Fen // of all rows alike, where no ceiling differs from row to row: nothing stands in limits then
}

// limitsOf is what the ceilings of a claim allow.
func (l *lot) limitsOf(at int) []money.Fen {
	if l.level != nil {
		return l.level
	}
	n := len(l.k.ceilings)
	return l.limits[at*n:][:n]
}

type answerState int8

const (
	open     answerState = iota // to be asked
	holding                     // to be asked, but for the conditions, which are known to hold
	definite                    // amount and ceilings are known
	nothing                     // there is nothing to count
)

func (l *lot) state(n int) answerState {
	if len(l.states) == 0 {
		return definite
	}
	return l.states[n]
}

func (l *lot) firm(n int) int32 { return l.table.firms[l.rows[n]] }

// mostDefinite is the most that columns take for an amount: however many claims an enterprise has, they cannot add up to
// what nothing limits.
const mostDefinite = unbounded >> 16

// job is a table, or some blocks of it, and the clauses that are asked of it.
type job struct {
	by       *Plan
	table    *table
	screen   *screen
	clauses  []*clauseRule
	guards   [][]guard // by number in clauses
	rounds   [][]toFen // of the amount, if there is one, and of each ceiling
	plan     *column.Plan
	spans    [][]column.Bits // of each clause, the rows on whose day or in whose year it is in force; nil for all
	from, to int
}

// guard is a condition in columns on which a clause depends.
type guard struct {
	out    int
	shuts  bool // it must not hold
	closed bool // what is unknown is taken for no
	expr   *rule.Expr
}

// jobs is all that a plan asks of the crowd, with its numbers in the columns: all clauses, or some.
func (c *Crowd) jobs(pl *Plan, some []bool) []job {
	var jobs []job
	screens := pl.screens()
	asked := make([]job, len(c.tables))
	inParallel(len(c.tables), func(i int) {
		t := &c.tables[i]
		n := slices.IndexFunc(screens, func(x screen) bool {
			return x.kind == t.screen.kind && x.yearly == t.screen.yearly && x.event.Code == t.screen.event.Code
		})
		if n < 0 {
			return
		}
		s, some := &screens[n], some
		if t.clauses != nil {
			some = t.clauses
		}
		j := job{by: pl, table: t, screen: s, clauses: pl.askedBy(s, some)}
		if len(j.clauses) > 0 && t.year > 0 {
			t.binding.bind(&j, s.program.Again(t.batch, reading{c, pl, t}, anew))
		}
		asked[i] = j
	})
	for _, j := range asked {
		if len(j.clauses) == 0 {
			continue
		}
		if j.plan != nil {
			j.to = j.plan.Blocks()
		}
		jobs = append(jobs, j)
	}
	return jobs
}

// inBlocks is jobs in pieces of some blocks.
func inBlocks(jobs []job) (pieces []job) {
	const piece = 32
	for _, j := range jobs {
		if j.plan == nil {
			pieces = append(pieces, j)
			continue
		}
		for from, end := 0, j.to; from < end; from += piece {
			j.from, j.to = from, min(from+piece, end)
			pieces = append(pieces, j)
		}
	}
	return pieces
}

// arranged is the conditions of the nth clause, those that cost little first where it does not matter which comes first: none may fail.
func (j *job) arranged(n int) []guard {
	all := j.screen.guards(j.by, j.clauses[n])
	if !slices.ContainsFunc(all, func(g guard) bool { return j.plan.MayFail(g.out) }) {
		slices.SortStableFunc(all, func(a, b guard) int { return j.plan.Cost(a.out) - j.plan.Cost(b.out) })
	}
	return all
}

// askedBy is the clauses of a screen, as far as they hold: all or some of them.
func (pl *Plan) askedBy(s *screen, some []bool) []*clauseRule {
	var all []*clauseRule
	for i := range pl.clauses {
		if k := &pl.clauses[i]; !k.off && s.of(k.clause) && (some == nil || some[i]) {
			all = append(all, k)
		}
	}
	return all
}

// outs is the expressions that the clauses ask for.
func (j *job) outs() (all []int) {
	for n := range j.clauses {
		all = append(all, j.outsOf(n)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (j *job) outsOf(n int) (all []int) {
	for _, g := range j.guards[n] {
		all = append(all, g.out)
	}
	if v := j.screen.amounts[j.clauses[n].index]; v != nil {
		all = append(append(all, v.needs...), v.limits...)
		if v.amount >= 0 {
			all = append(all, v.amount)
		}
	}
	return all
}

// toFen is how an expression becomes whole fen: nothing where it is negative or none, and at most most.
type toFen struct {
	out    int
	how    money.Rounding
	most   money.Fen
	with   money.Rounder
	able   bool      // with has room for what the numbers are parts of
	fits   bool      // and for all numbers of the table, none of which passes most
	high   money.Fen // the most that it comes to, which is no more than most
	always bool      // each is there
	same   bool      // in all rows: it comes to fen
	fen    money.Fen
}

// roundsOf is how the amount and the ceilings of the nth clause are rounded.
func (j *job) roundsOf(n int) (all []toFen) {
	k := j.clauses[n]
	v := j.screen.amounts[k.index]
	if v == nil {
		return nil
	}
	if v.amount >= 0 {
		all = append(all, j.toFen(v.amount, k.rounding, mostDefinite))
	}
	for _, out := range v.limits {
		all = append(all, j.toFen(out, money.Rounding{To: 1, Mode: money.Down}, unbounded))
	}
	return all
}

func (j *job) toFen(out int, how money.Rounding, most money.Fen) toFen {
	f := toFen{out: out, how: how, most: most, high: most, always: j.plan.Sure(out)}
	if den := j.plan.Den(out); den.IsInt64() {
		f.with, f.able = money.RounderOf(den.Int64(), how)
	}
	if high, short := j.plan.Most(out); short && f.able {
		fen, ok := f.with.Round(max(high, 0))
		if f.fits = ok && fen <= most; f.fits {
			f.high = fen
		}
		f.same, f.fen = f.fits && f.always && j.plan.Constant(out), fen
	}
	return f
}

// guards is the conditions of a clause, in the order in which they are asked.
func (s *screen) guards(pl *Plan, k *clauseRule) []guard {
	var all []guard
	add := func(a atom, shuts bool) {
		all = append(all, guard{s.atoms[a.Atom], shuts, a.Unreported == "no", a.expr})
	}
	for _, a := range slices.Concat(pl.shut, k.shut) {
		add(a, true)
	}
	for _, a := range k.when {
		add(a, false)
	}
	for _, t := range k.thresholds {
		if n, ok := s.reached[t.Threshold]; ok {
			all = append(all, guard{out: n, expr: t.reach})
		}
	}
	return all
}

// asker is room to answer the clauses of jobs.
type asker struct {
	valued  valued
	numbers [column.BlockRows]uint16
}

var askers = sync.Pool{New: func() any { return &asker{} }}

// ask answers a job for the enterprises of the settler, lot by lot.
func (t *settler) ask(n int) {
	j := &t.jobs[n]
	first, last := j.table.cut(t.from, t.to)
	for c := range j.clauses {
		t.lots[t.place[n][c]].begin(j, c, first, last)
	}
	if first == last || j.plan == nil {
		return
	}
	if t.machines[n] == nil {
		t.machines[n] = j.plan.Machine()
	}
	for at := first / column.BlockRows; at*column.BlockRows < last; at++ {
		b := t.machines[n].At(at)
		rows := b.Between(first, last)
		for c := range j.clauses {
			t.clause(&t.lots[t.place[n][c]], j, b, c, rows)
		}
	}
	for c := range j.clauses {
		if l := &t.lots[t.place[n][c]]; l.whole {
			l.rows = j.table.every[first : first+len(l.pays)]
		} else {
			l.room = l.rows
		}
	}
}

// cut is where the rows of the enterprises from and up to to stand.
func (t *table) cut(from, to int) (first, last int) {
	first, _ = slices.BinarySearch(t.firms, int32(from))
	last, _ = slices.BinarySearch(t.firms[first:], int32(to))
	return first, first + last
}

// begin is before a lot is filled with the answers to the nth clause of a job for some rows. Its room is used again.
func (l *lot) begin(j *job, n, first, last int) {
	k := j.clauses[n]
	*l = lot{
		k: k, table: j.table, plain: k.plainly(j.screen), first: first, most: j.most(n), rows: l.room[:0], room: l.room, states: l.states[:0], pays: l.pays[:0],
		limits: l.limits[:0], level: j.level(n),
	}
	switch {
	case j.plan == nil: // the day of the event is not known
		for i := first; i < last; i++ {
			l.rows, l.states, l.pays = append(l.rows, int32(i)), append(l.states, open), append(l.pays, 0)
		}
		l.room, l.level = l.rows, make([]money.Fen, len(k.ceilings))
	case j.table.clauses != nil: // most rows are in
		l.whole = true
	}
}

// most is what no amount of the nth clause passes, before ceilings.
func (j *job) most(n int) money.Fen {
	if j.plan == nil {
		return 0
	}
	if v := j.screen.amounts[j.clauses[n].index]; v == nil || v.amount < 0 {
		return 0
	}
	return j.rounds[n][0].high
}

// level is what the ceilings of the nth clause allow, where none differs from row to row; else nil.
func (j *job) level(n int) []money.Fen {
	if j.plan == nil || j.screen.amounts[j.clauses[n].index] == nil {
		return nil
	}
	all := []money.Fen{}
	for _, f := range j.rounds[n][len(j.rounds[n])-len(j.screen.amounts[j.clauses[n].index].limits):] {
		if !f.same {
			return nil
		}
		all = append(all, f.fen)
	}
	return all
}

// kept is the lot as it stays, settled: in room of its own, and no more than it needs.
func (l *lot) kept() lot {
	c := *l
	c.room, c.states, c.limits, c.level = nil, nil, nil, nil
	if len(l.states) > 0 {
		c.states = slices.Clone(l.states)
	}
	if c.pays = slices.Clone(l.pays); !l.whole {
		c.rows = slices.Clone(l.rows)
	}
	return c
}

// numbers is the numbers of all rows.
func (t *table) numbers() []int32 {
	all := make([]int32, len(t.rows))
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// clause answers the nth clause of a job for some rows of a block.
func (t *settler) clause(l *lot, j *job, b *column.Block, n int, rows column.Bits) {
	x := j.sieve(b, n, rows)
	left := x.open.Or(&x.failed)
	if l.whole && left != rows {
		l.list()
	}
	if left.Empty() {
		return
	}
	v, meets := &t.valued, t.survey.meets[l.k.index]
	v.begin(j, b, n, j.sure(b, l.k, x.met))
	v.values(j.by, meets)
	if v.rows == left {
		if !l.whole {
			l.add(b, v.in)
		}
		if len(l.states) > 0 {
			l.states = append(l.states, slices.Repeat([]answerState{definite}, len(v.in))...)
		}
		l.take(v, len(v.in), meets)
		return
	}
	if len(l.states) == 0 {
		l.states = append(l.states, slices.Repeat([]answerState{definite}, len(l.pays))...)
	}
	numbers := left.List(&t.asker.numbers)
	if !l.whole {
		l.add(b, numbers)
	}
	t.scatter(l, numbers, &x.met, meets)
}

// list notes one by one the rows that are in so far, since others are not.
func (l *lot) list() {
	l.rows, l.whole = append(l.room[:0], l.table.every[l.first:l.first+len(l.pays)]...), false
}

// add adds rows of a block.
func (l *lot) add(b *column.Block, numbers []uint16) {
	n, first := len(l.rows), int32(b.First())
	l.rows = slices.Grow(l.rows, len(numbers))[:n+len(numbers)]
	to := l.rows[n:]
	for at, i := range numbers {
		to[at] = first + int32(i)
	}
}

// take adds rows of which all amounts are known.
func (l *lot) take(v *valued, n int, meets bool) {
	l.pays = append(l.pays, v.pays[:n]...)
	if !meets || l.level != nil {
		return
	}
	for i := range n {
		l.limit(v, i)
	}
}

// limit adds what the ceilings of a row allow.
func (l *lot) limit(v *valued, n int) {
	for c := 0; c < len(l.k.ceilings) && l.level == nil; c++ {
		l.limits = append(l.limits, v.limits[c][n])
	}
}

// scatter adds rows of which some amounts are known.
func (a *asker) scatter(l *lot, numbers []uint16, met *column.Bits, meets bool) {
	v, n := &a.valued, 0
	for _, i := range numbers {
		state := open
		switch {
		case v.nothing.Has(int(i)):
			state = nothing
		case v.rows.Has(int(i)):
			state = definite
		case l.plain && met.Has(int(i)):
			state = holding
		}
		l.states = append(l.states, state)
		if state != definite {
			l.pays = append(l.pays, 0)
			if meets {
				for c := 0; c < len(l.k.ceilings) && l.level == nil; c++ {
					l.limits = append(l.limits, 0)
				}
			}
			continue
		}
		l.pays = append(l.pays, v.pays[n])
		if meets {
			l.limit(v, n)
		}
		n++
	}
}

// sure is the rows of a block in which a clause is surely met, of those whose conditions are known to hold.
func (j *job) sure(b *column.Block, k *clauseRule, met column.Bits) column.Bits {
	if len(k.Requires) > 0 || !k.deemed(j.screen) {
		return column.Bits{}
	}
	if j.table.unplaced {
		for i := range met.Rows() {
			if j.table.rows[b.First()+i].lies == unplaced {
				met.Drop(i)
			}
		}
	}
	return met
}

// deemed says that the conditions in columns are all that the clause asks.
func (k *clauseRule) deemed(s *screen) bool {
	return !slices.ContainsFunc(k.thresholds, func(t threshold) bool { _, ok := s.reached[t.Threshold]; return !ok })
}

// plainly says that nothing but the conditions in columns decides, and that they need not be asked again.
func (k *clauseRule) plainly(s *screen) bool {
	return k.deemed(s) && len(k.Requires) == 0 && !slices.ContainsFunc(k.thresholds, func(t threshold) bool { return t.Base == "above" })
}

// sieve sorts out the rows of a block by the conditions of a clause.
func (j *job) sieve(b *column.Block, n int, rows column.Bits) sieve {
	valid := j.valid(b, n)
	x := sieve{block: b, open: rows.And(&valid)}
	x.met = x.open
	for _, g := range j.guards[n] {
		if !slices.Contains(j.table.settled, g.out) {
			x.guard(g)
		}
	}
	return x
}

// valid is the rows of a block on whose day, or in whose year, the nth clause is in force.
func (j *job) valid(b *column.Block, n int) column.Bits {
	if of := j.spans[n]; of != nil {
		return of[b.First()/column.BlockRows]
	}
	return b.All()
}

// spans is the rows of a table in spans of time, block by block, as they were asked for.
type spans struct {
	mu sync.Mutex
	of map[inSpan][]column.Bits
}

// inSpan is a span of time; yearly is of those of which it has a day of the year.
type inSpan struct {
	from, to period.Day
	yearly   bool
}

// inForce is the rows on whose day, or in whose year, a clause is in force, block by block; nil where all of them are.
func (t *table) inForce(k *clauseRule) []column.Bits {
	if k.wholeYear(t.year) || t.clauses != nil { // what was gathered is in force
		return nil
	}
	span := inSpan{from: k.valid.from, to: period.Date(t.year, 12, 31), yearly: k.yearly}
	if k.valid.to != nil {
		span.to = *k.valid.to
	}
	t.spans.mu.Lock()
	defer t.spans.mu.Unlock()
	if known, ok := t.spans.of[span]; ok {
		return known
	}
	all := make([]column.Bits, (len(t.rows)+column.BlockRows-1)/column.BlockRows)
	for i := range t.rows {
		if k.inForce(t, t.rows[i].day) {
			all[i/column.BlockRows].Put(i % column.BlockRows)
		}
	}
	t.spans.of[span] = all
	return all
}

// wholeYear says that a clause holds on every day of a year.
func (k *clauseRule) wholeYear(year int) bool {
	return period.Date(year, 1, 1) >= k.valid.from && (k.valid.to == nil || period.Date(year, 12, 31) <= *k.valid.to)
}

// inForce says that a clause holds on the day of a row, or in its year.
func (k *clauseRule) inForce(t *table, day period.Day) bool {
	first, last := day, day
	if k.yearly {
		first, last = period.Date(t.year, 1, 1), period.Date(t.year, 12, 31)
	}
	return last >= k.valid.from && (k.valid.to == nil || first <= *k.valid.to)
}

// valued is what a clause comes to in the rows of a block in which it is surely met.
type valued struct {
	k       *clauseRule
	of      *lowered
	rounds  []toFen
	year    int
	plan    *column.Plan
	block   *column.Block
	rows    column.Bits // with a definite amount
	nothing column.Bits // with nothing to count

	numbers [column.BlockRows]uint16
	in      []uint16 // numbers of rows, in order
	limits  []*[column.BlockRows]money.Fen
	pays    [column.BlockRows]money.Fen // of them: the amount, under the limits unless the clause meets others
}

// begin is before the amounts of the nth clause of a job are worked out for rows in which it is surely met.
func (v *valued) begin(j *job, b *column.Block, n int, rows column.Bits) {
	v.k, v.year, v.plan, v.block, v.rows, v.nothing = j.clauses[n], j.table.year, j.plan, b, rows, column.Bits{}
	v.of, v.rounds = j.screen.amounts[v.k.index], j.rounds[n]
}

// values works the amounts out: all that make up what is paid where the clause meets others, and else that alone. What is not
// definite leaves the rows.
func (v *valued) values(pl *Plan, meets bool) {
	if v.of == nil || !pl.sorted(v.of.bands, v.year) {
		v.rows = column.Bits{}
	}
	if v.rows.Empty() {
		return
	}
	for _, n := range v.of.needs {
		if v.plan.Sure(n) {
			continue
		}
		a := v.block.Eval(n, v.rows)
		none := a.None(v.rows)
		v.nothing = v.nothing.Or(&none)
		v.rows = a.Present(v.rows)
	}
	if n := v.of.amount; n >= 0 && !v.plan.Sure(n) {
		v.rows = v.block.Eval(n, v.rows).Present(v.rows)
	}
	for _, n := range v.of.limits {
		if v.plan.Sure(n) {
			continue
		}
		a := v.block.Eval(n, v.rows)
		known := a.Present(v.rows)
		if none := a.None(v.rows); !v.of.raised {
			known = known.Or(&none)
		}
		v.rows = known
	}
	if v.in = v.rows.List(&v.numbers); len(v.in) == 0 {
		return
	}
	if !v.direct(meets) {
		v.round(meets)
	}
}

// direct settles what is paid in one go, where all of it fits and ceilings are the same in all rows; else it does nothing.
func (v *valued) direct(meets bool) bool {
	if v.of.amount < 0 || !v.rounds[0].fits || !v.rounds[0].always {
		return false
	}
	most := unbounded
	for _, l := range v.rounds[1:] {
		if !l.same {
			return false
		}
		if !meets {
			most = min(most, l.fen)
		}
	}
	v.each(&v.rounds[0], most, &v.pays)
	return true
}

// round settles amounts and ceilings in whole fen. What does not fit leaves the rows.
func (v *valued) round(meets bool) {
	fit, n, limits := true, len(v.in), v.rounds
	if v.of.amount < 0 {
		clear(v.pays[:n])
	} else {
		fit, limits = v.fen(&limits[0], &v.pays), limits[1:]
	}
	for c := range limits {
		if c == len(v.limits) {
			v.limits = append(v.limits, new([column.BlockRows]money.Fen))
		}
		fit = v.fen(&limits[c], v.limits[c]) && fit
		for n, limit := range v.limits[c][:n] {
			if !meets || limit < 0 {
				v.pays[n] = min(v.pays[n], limit)
			}
		}
	}
	if !fit {
		v.fit()
	}
}

// fit drops the rows of which the amount or a ceiling is no amount.
func (v *valued) fit() {
	to := 0
	for at, i := range v.in {
		if v.pays[at] < 0 {
			v.rows.Drop(int(i))
			continue
		}
		v.pays[to] = v.pays[at]
		for c := range v.of.limits {
			v.limits[c][to] = v.limits[c][at]
		}
		to++
	}
}

// fen rounds what an expression comes to in each row; -1 is for what no amount can be, and fit is false where there may be such
// a row.
func (v *valued) fen(f *toFen, to *[column.BlockRows]money.Fen) (fit bool) {
	if f.fits && f.always {
		v.each(f, unbounded, to)
		return true
	}
	a := v.block.Eval(f.out, v.rows)
	none, short := a.None(v.rows), a.Numbers()
	if f.able && short != nil {
		fit = true
		for at, i := range v.in {
			fen, fits := f.with.Round(max(short[i&(column.BlockRows-1)], 0))
			to[at&(column.BlockRows-1)] = fen
			fit = fit && fits && fen <= f.most
		}
	}
	if fit && none.Empty() {
		return true
	}
	for at, i := range v.in {
		if none.Has(int(i)) {
			to[at] = 0
		} else if !fit {
			to[at] = rounded(a, int(i), f.how, f.most)
		}
	}
	return fit
}

// each rounds in each row what is there and fits, and lets no more than most of it. A line is worked out on the way.
func (v *valued) each(f *toFen, most money.Fen, to *[column.BlockRows]money.Fen) {
	if f.same {
		fen := min(f.fen, most)
		for n := range to[:len(v.in)] {
			to[n] = fen
		}
		return
	}
	of, by, plus, ok := v.block.Line(f.out, v.rows)
	if !ok {
		of, by = v.block.Eval(f.out, v.rows), 1
	}
	numbers, with := of.Numbers(), f.with
	if len(v.in) == len(numbers) {
		for n, x := range numbers {
			to[n] = min(with.Settle(max(x*by+plus, 0)), most)
		}
		return
	}
	for at, i := range v.in {
		to[at&(column.BlockRows-1)] = min(with.Settle(max(numbers[i&(column.BlockRows-1)]*by+plus, 0)), most)
	}
}

// rounded is the number of one row, of any size.
func rounded(a column.Answers, i int, how money.Rounding, most money.Fen) money.Fen {
	x := a.Big(i)
	switch {
	case x.Sign() <= 0:
		return 0
	case x.IsInt64() && a.Den().IsInt64():
		fen, err := money.RoundFraction(x.Int64(), a.Den().Int64(), how)
		return fitting(fen, most, err)
	}
	fen, err := money.ExactOf(new(big.Rat).SetFrac(x, a.Den())).Round(how)
	return fitting(fen, most, err)
}

func fitting(fen, most money.Fen, err error) money.Fen {
	switch {
	case err != nil:
		return -1
	case most == unbounded:
		return min(fen, unbounded)
	case fen > most:
		return -1
	}
	return fen
}

// sorted says that bands begin one above the other; where they do not, each enterprise that they would pay is told.
func (pl *Plan) sorted(all []band, year int) bool {
	var bands rule.Bands
	for _, b := range all {
		from := found{}
		if b.from >= 0 {
			from = pl.valueFor(b.from, nil, asked{year: year, day: period.Date(year, 12, 31)})
		}
		if from.state != rule.None {
			bands = append(bands, rule.Band{From: money.Of(from.low.fen)})
		}
	}
	return bands.Sorted()
}
