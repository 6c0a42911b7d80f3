package policy

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"sync"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// Survey is a plan asked of a crowd: what each enterprise is paid where columns settle it, and for the others the questions
// that are left to ask. It never changes and may be used by many goroutines.
type Survey struct {
	crowd  *Crowd
	plan   *Plan
	first  []int32 // of each enterprise among the answers, and one more
	all    []answer
	limits []money.Fen
	left   []int16 // by enterprise: the cluster of clauses that is left to ask, or what follows

	numbers []int   // of clauses in Plan.Clauses
	hangs   []int16 // clauses by the lowest of those that they hang together with
}

const (
	allSettled int16 = -1 // nothing is left
	allLeft    int16 = -2
)

// answer is a clause for a subject and year that was not ruled out.
type answer struct {
	firm, subject int32
	unit, project int32
	clause        int16
	year          int16 // 0 for an event without a known day
	state         answerState
	floor         bool
	met           bool  // all of its conditions are known to hold
	limits        int32 // where those of its ceilings begin in Survey.limits
	day           period.Day
	amount, pays  money.Fen
}

type answerState int8

const (
	open     answerState = iota // to be asked
	definite                    // amount and ceilings are known
	nothing                     // there is nothing to count
)

// Ask asks a plan of the crowd's policy of every enterprise.
func (c *Crowd) Ask(pl *Plan) (*Survey, error) {
	if err := c.fits(pl); err != nil {
		return nil, err
	}
	return c.ask(pl), nil
}

// fits says that the crowd was read for what a plan asks.
func (c *Crowd) fits(pl *Plan) error {
	if pl.Policy.Wording() != c.policy.Wording() {
		return fmt.Errorf("policy: a plan of %s is asked of a crowd that was read for another wording", pl.Policy.File.Document.ID)
	}
	return nil
}

func (c *Crowd) ask(pl *Plan) *Survey {
	s := &Survey{crowd: c, plan: pl, numbers: make([]int, len(pl.clauses)), hangs: pl.hang()}
	on := 0
	for i := range pl.clauses {
		if s.numbers[i] = on; !pl.clauses[i].off {
			on++
		}
	}
	jobs := c.jobs(pl)
	found := make([]*answers, len(jobs))
	inParallel(len(jobs), func(i int) {
		found[i] = spare.Get().(*answers)
		found[i].job(&jobs[i])
	})
	s.sort(found)
	for _, some := range found {
		some.all, some.limits = some.all[:0], some.limits[:0]
		spare.Put(some)
	}
	s.left = make([]int16, len(c.roots))
	const piece = 4096
	inParallel((len(c.roots)+piece-1)/piece, func(n int) {
		t := settler{survey: s}
		for i := n * piece; i < min((n+1)*piece, len(c.roots)); i++ {
			s.left[i] = t.settle(i)
		}
	})
	return s
}

// job is some blocks of a table, and the clauses that are asked of them.
type job struct {
	by       *Plan
	table    *table
	screen   *screen
	clauses  []*clauseRule
	plan     *column.Plan
	from, to int
}

// jobs is all that a plan asks of the crowd, with its numbers in the columns.
func (c *Crowd) jobs(pl *Plan) []job {
	var jobs []job
	screens := pl.screens()
	bound := make([]*column.Plan, len(c.tables))
	asked := make([]job, len(c.tables))
	inParallel(len(c.tables), func(i int) {
		t := &c.tables[i]
		n := slices.IndexFunc(screens, func(x screen) bool {
			return x.kind == t.screen.kind && x.yearly == t.screen.yearly && x.event.Code == t.screen.event.Code
		})
		if n < 0 {
			return
		}
		asked[i] = job{by: pl, table: t, screen: &screens[n], clauses: pl.askedBy(&screens[n])}
		if len(asked[i].clauses) > 0 && t.year > 0 {
			bound[i] = screens[n].program.Bind(screens[n].program.Again(t.batch, reading{c, pl, t}, anew))
		}
	})
	const piece = 32 // blocks
	for i, j := range asked {
		switch {
		case len(j.clauses) == 0:
		case bound[i] == nil:
			jobs = append(jobs, j)
		default:
			for from := 0; from < bound[i].Blocks(); from += piece {
				j.plan, j.from, j.to = bound[i], from, min(from+piece, bound[i].Blocks())
				jobs = append(jobs, j)
			}
		}
	}
	return jobs
}

// answers is those of a job.
type answers struct {
	all    []answer
	limits []money.Fen
}

// spare is the room of answers that were sorted into a survey.
var spare = sync.Pool{New: func() any { return &answers{} }}

// job answers the rows of some blocks.
func (s *answers) job(j *job) {
	if j.plan == nil { // the day of the event is not known
		for i := range j.table.rows {
			for _, k := range j.clauses {
				s.all = append(s.all, j.table.rows[i].answer(k, 0))
			}
		}
		return
	}
	m := j.plan.Machine()
	defer m.Close()
	for at := j.from; at < j.to; at++ {
		b := m.At(at)
		for _, k := range j.clauses {
			s.clause(j, b, k)
		}
	}
}

func (r *row) answer(k *clauseRule, year int) answer {
	return answer{firm: r.firm, subject: r.number, unit: r.unit, project: r.project, clause: int16(k.index), year: int16(year), day: r.day, floor: r.lies == onFloor}
}

// askedBy is the clauses of a screen, as far as they hold.
func (pl *Plan) askedBy(s *screen) []*clauseRule {
	var all []*clauseRule
	for i := range pl.clauses {
		if k := &pl.clauses[i]; !k.off && s.of(k.clause) {
			all = append(all, k)
		}
	}
	return all
}

// clause answers a clause for the rows of a block.
func (s *answers) clause(j *job, b *column.Block, k *clauseRule) {
	x := j.sieve(b, k)
	left := x.open.Or(&x.failed)
	if left.Count() == 0 {
		return
	}
	sure, rows := x.met, j.table.rows[b.First():]
	for i := range sure.Rows() {
		if rows[i].lies == unplaced {
			sure.Drop(i)
		}
	}
	if len(k.Requires) > 0 || !k.deemed(j.screen) {
		sure = column.Bits{}
	}
	v := valued{k: k, of: j.screen.amounts[k.index], year: j.table.year, block: b, rows: sure}
	v.values(j.by)
	n, first := 0, len(s.limits)
	s.limits = append(s.limits, v.limits...)
	plainly := k.plainly(j.screen)
	for i := range left.Rows() {
		a := rows[i].answer(k, j.table.year)
		a.met = plainly && x.met.Has(i)
		switch {
		case v.nothing.Has(i):
			a.state = nothing
		case v.rows.Has(i):
			a.state = definite
			a.amount, a.limits = v.amounts[n], int32(first+n*len(k.ceilings))
			n++
		}
		s.all = append(s.all, a)
	}
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
func (j *job) sieve(b *column.Block, k *clauseRule) sieve {
	x := sieve{block: b, open: j.valid(b, k)}
	x.met = x.open
	for _, atoms := range [][]atom{j.by.shut, k.shut} {
		for _, a := range atoms {
			x.shuts(j.screen.atoms[a.Atom], a.Unreported == "no")
		}
	}
	for _, a := range k.when {
		x.holds(j.screen.atoms[a.Atom], a.Unreported == "no")
	}
	for _, t := range k.thresholds {
		if n, ok := j.screen.reached[t.Threshold]; ok {
			x.holds(n, false)
		}
	}
	return x
}

// valid is the rows of a block on whose day, or in whose year, a clause is in force.
func (j *job) valid(b *column.Block, k *clauseRule) column.Bits {
	in := b.All()
	if k.wholeYear(j.table.year) {
		return in
	}
	for i := range in.Rows() {
		if !k.inForce(j.table, j.table.rows[b.First()+i].day) {
			in.Drop(i)
		}
	}
	return in
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
	year    int
	block   *column.Block
	rows    column.Bits // with a definite amount
	nothing column.Bits // with nothing to count
	amounts []money.Fen // of rows, in order
	limits  []money.Fen // of each of them, as many as there are ceilings
}

// values works the amounts out. What is not definite leaves the rows.
func (v *valued) values(pl *Plan) {
	if v.of == nil || !pl.sorted(v.of.bands, v.year) {
		v.rows = column.Bits{}
	}
	if v.rows.Count() == 0 {
		return
	}
	for _, n := range v.of.needs {
		a := v.block.Eval(n, v.rows)
		none := a.None(v.rows)
		v.nothing = v.nothing.Or(&none)
		v.rows = a.Present(v.rows)
	}
	outs := v.of.limits
	if v.of.amount >= 0 {
		a := v.block.Eval(v.of.amount, v.rows)
		v.rows = a.Present(v.rows)
	}
	for _, n := range outs {
		a := v.block.Eval(n, v.rows)
		known := a.Present(v.rows)
		if none := a.None(v.rows); !v.of.raised {
			known = known.Or(&none)
		}
		v.rows = known
	}
	v.round()
}

// round settles amounts and ceilings in whole fen. What does not fit leaves the rows.
func (v *valued) round() {
	n := v.rows.Count()
	if n == 0 {
		return
	}
	amounts := make([]money.Fen, 0, n)
	if v.of.amount < 0 {
		amounts = amounts[:n]
	} else {
		amounts = v.fen(v.of.amount, v.k.rounding, unbounded-1, amounts)
	}
	columns := make([][]money.Fen, len(v.of.limits))
	for c, out := range v.of.limits {
		columns[c] = v.fen(out, money.Rounding{To: 1, Mode: money.Down}, unbounded, make([]money.Fen, 0, n))
	}
	v.amounts, v.limits = amounts[:0], make([]money.Fen, 0, n*len(columns))
	at := -1
	for i := range v.rows.Rows() {
		at++
		fits := amounts[at] >= 0
		for c := range columns {
			fits = fits && columns[c][at] >= 0
		}
		if !fits {
			v.rows.Drop(i)
			continue
		}
		v.amounts = append(v.amounts, amounts[at])
		for c := range columns {
			v.limits = append(v.limits, columns[c][at])
		}
	}
}

// fen rounds what an expression comes to in each row: nothing where it is negative or none, at most most, and -1 for what no
// amount can be.
func (v *valued) fen(out int, how money.Rounding, most money.Fen, all []money.Fen) []money.Fen {
	a := v.block.Eval(out, v.rows)
	none, den := a.None(v.rows), a.Den()
	short := a.Numbers()
	if short != nil && den.IsInt64() {
		of := den.Int64()
		for i := range v.rows.Rows() {
			fen, err := money.Fen(0), error(nil)
			if x := short[i]; x > 0 && !none.Has(i) {
				fen, err = money.RoundFraction(x, of, how)
			}
			all = append(all, fitting(fen, most, err))
		}
		return all
	}
	for i := range v.rows.Rows() {
		fen, err := money.Fen(0), error(nil)
		if x := a.Big(i); x.Sign() > 0 && !none.Has(i) {
			fen, err = money.ExactOf(new(big.Rat).SetFrac(x, den)).Round(how)
		}
		all = append(all, fitting(fen, most, err))
	}
	return all
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

// sort puts the answers of each enterprise next to each other, in the order in which all would be asked.
func (s *Survey) sort(found []*answers) {
	s.first = make([]int32, len(s.crowd.roots)+2)
	n, limits := 0, 0
	for _, some := range found {
		n, limits = n+len(some.all), limits+len(some.limits)
		for i := range some.all {
			s.first[some.all[i].firm+2]++
		}
	}
	for i := 2; i < len(s.first); i++ {
		s.first[i] += s.first[i-1]
	}
	s.all, s.limits = make([]answer, n), make([]money.Fen, 0, limits)
	for _, some := range found {
		before := int32(len(s.limits))
		for i := range some.all {
			at := &s.first[some.all[i].firm+1]
			s.all[*at] = some.all[i]
			s.all[*at].limits += before
			*at++
		}
		s.limits = append(s.limits, some.limits...)
	}
	s.first = s.first[:len(s.crowd.roots)+1]
	place := make([]int, len(s.plan.clauses))
	for n, i := range s.plan.Policy.order {
		place[i] = n
	}
	order := func(a, b *answer) int {
		return cmp.Or(place[a.clause]-place[b.clause], int(a.subject-b.subject), int(a.year-b.year))
	}
	inParallel(len(s.crowd.roots)/4096+1, func(n int) {
		for i := n * 4096; i < min((n+1)*4096, len(s.crowd.roots)); i++ {
			some := s.of(i)
			for n := 1; n < len(some); n++ { // few, and nearly in order
				for m := n; m > 0 && order(&some[m-1], &some[m]) > 0; m-- {
					some[m-1], some[m] = some[m], some[m-1]
				}
			}
		}
	})
}

// ceilings is the limits of a claim.
func (s *Survey) ceilings(a *answer) []money.Fen {
	return s.limits[a.limits:][:len(s.plan.clauses[a.clause].ceilings)]
}

// of is the answers of an enterprise.
func (s *Survey) of(i int) []answer { return s.all[s.first[i]:s.first[i+1]] }

// hang is the clauses that may touch each other, by ceilings, groups and prerequisites: each by the lowest of them.
func (pl *Plan) hang() []int16 {
	lowest := make([]int16, len(pl.clauses))
	for i := range lowest {
		lowest[i] = int16(i)
	}
	join := func(a, b int) {
		from, to := max(lowest[a], lowest[b]), min(lowest[a], lowest[b])
		for i := range lowest {
			if lowest[i] == from {
				lowest[i] = to
			}
		}
	}
	for c := range pl.ceilings {
		first := -1
		for k, slot := range pl.ceilings[c].slot {
			switch {
			case slot < 0 || pl.ceilings[c].period == "event":
			case first < 0:
				first = k
			default:
				join(first, k)
			}
		}
	}
	for g := range pl.groups {
		for _, k := range pl.groups[g].clauses[1:] {
			join(pl.groups[g].clauses[0], k)
		}
	}
	for i := range pl.clauses {
		for _, k := range slices.Concat(pl.clauses[i].requires...) {
			join(i, k)
		}
	}
	return lowest
}

// Odd says that columns do not settle all of an enterprise: something of it is not known, or the sameness of its claims
// depends on more than numbers. Decide decides it.
func (s *Survey) Odd(i int) bool { return s.left[i] != allSettled }

// Parted says that what is left of an odd enterprise are clauses that nothing else touches: the decision of what is left, and
// the Sums of the rest, make its decision together.
func (s *Survey) Parted(i int) bool { return s.left[i] >= 0 }

// DecideLeft is the decision of what is left of an enterprise.
func (s *Survey) DecideLeft(i int) (*Decision, error) {
	if !s.Parted(i) {
		return s.Decide(i)
	}
	d := &decider{plan: s.plan, root: s.crowd.roots[i], asOf: s.crowd.asOf}
	d.collect()
	d.questions(slices.DeleteFunc(slices.Clone(s.of(i)), func(a answer) bool { return !s.leaves(i, a.clause) }))
	return d.decision()
}

// leaves says that a clause is left to ask.
func (s *Survey) leaves(i int, clause int16) bool {
	return s.left[i] == allLeft || s.left[i] == s.hangs[clause]
}

// Decide is the decision of an enterprise, as Plan.Decide takes it with the zero Options.
func (s *Survey) Decide(i int) (*Decision, error) {
	d := &decider{plan: s.plan, root: s.crowd.roots[i], asOf: s.crowd.asOf}
	if some := s.of(i); len(some) > 0 {
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
			d.yearly(k, s, int(a.year), a.met)
		default:
			d.onEvent(k, s, a.met)
		}
	}
}

// Asks says that some clause is left to ask of an enterprise, by the number of the clause in Plan.Clauses.
func (s *Survey) Asks(i int, of func(clause int) bool) bool {
	return slices.ContainsFunc(s.of(i), func(a answer) bool { return s.leaves(i, a.clause) && of(s.numbers[a.clause]) })
}

// Leaves is which clauses are left to ask of an enterprise: equal numbers, the same clauses. -1 for none, -2 for all.
func (s *Survey) Leaves(i int) int { return int(s.left[i]) }

// Sums is what an enterprise comes to as far as all is known.
type Sums struct {
	State         State
	Total, InKind money.Fen
	Floor         *money.Fen // see Decision
	Lines         []LineSum  // in the order of the document
}

// LineSum is one clause for one subject and event or year.
type LineSum struct {
	Clause int // in Plan.Clauses
	Year   int
	Pays   money.Fen
}

// Sums fills in what columns settle of an enterprise, which is nothing where it is odd and not Parted; the lines take the
// place of those that are there.
func (s *Survey) Sums(i int, out *Sums) {
	*out = Sums{State: NotMet, Lines: out.Lines[:0]}
	eligible := false
	for _, a := range s.of(i) {
		if a.state != definite || s.left[i] == allLeft {
			continue
		}
		k := &s.plan.clauses[a.clause]
		line := LineSum{Clause: s.numbers[a.clause], Year: int(a.year), Pays: a.pays}
		switch {
		case a.floor:
			if line.Pays = 0; out.Floor == nil {
				out.Floor = new(money.Fen)
			}
			*out.Floor = plus(*out.Floor, a.pays)
		case k.purse == cash:
			out.Total = plus(out.Total, a.pays)
		default:
			out.InKind = plus(out.InKind, a.pays)
		}
		eligible = eligible || k.amount.form == "eligibility"
		out.Lines = append(out.Lines, line)
	}
	for n := range out.Lines { // few, and mostly in order
		for m := n; m > 0 && out.Lines[m-1].Clause > out.Lines[m].Clause; m-- {
			out.Lines[m-1], out.Lines[m] = out.Lines[m], out.Lines[m-1]
		}
	}
	if out.Total+out.InKind > 0 || eligible {
		out.State = Met
	}
}

// StateWith is the state of an enterprise of which a part was left to decide: what that pays, and its state.
func (s *Sums) StateWith(pays Interval, left State) State {
	switch {
	case s.Total+s.InKind+pays.Sure > 0:
		return Met
	case pays.Possible > 0 || pays.Unbounded:
		return Unknown
	}
	return better(s.State, left)
}

// settler stacks the claims of enterprises, as far as everything that touches them is known.
type settler struct {
	survey *Survey
	world  world
	rivals []rival  // of the enterprise
	blank  []string // keys of claims that no other shares
}

// settle fills in what an enterprise is paid, and gives what is left to ask of it.
func (t *settler) settle(i int) int16 {
	s := t.survey
	some := s.of(i)
	if len(some) == 0 {
		return allSettled
	}
	left, ok := t.unsettled(i, some)
	if !ok {
		return allLeft
	}
	claims, last, sum := 0, 0, money.Fen(0)
	for n := range some {
		a := &some[n]
		if a.state != definite {
			continue
		}
		if left == s.hangs[a.clause] {
			a.state = open
			continue
		}
		claims, last, sum = claims+1, n, plus(sum, a.amount)
	}
	switch {
	case claims == 0:
		return left
	case sum >= unbounded: // an amount that nothing limits
		return allLeft
	}
	t.given(i, some)
	if claims == 1 && len(t.rivals) == 0 {
		a := &some[last]
		a.pays = a.amount
		for _, limit := range s.ceilings(a) {
			a.pays = min(a.pays, limit)
		}
		return left
	}
	if !t.together(some) {
		return allLeft
	}
	return left
}

// unsettled is the clauses of an enterprise that must be asked: something of them is not known, or two claims may be the same
// thing, which only their facts tell. ok is false where that is not one cluster alone, and the enterprise must be decided as
// a whole.
func (t *settler) unsettled(firm int, some []answer) (left int16, ok bool) {
	s := t.survey
	left = allSettled
	leave := func(clause int16) bool {
		c := s.hangs[clause]
		if left != allSettled && left != c || s.plan.Staged() {
			return false
		}
		left = c
		return true
	}
	if !s.plan.live {
		return left, false
	}
	for n := range some {
		a := &some[n]
		switch {
		case s.plan.Staged() && s.plan.clauses[a.clause].staged(s.plan):
			return left, false
		case a.state == open && !leave(a.clause):
			return left, false
		case a.state == definite && (t.alike(some[:n], a) || t.unreported(firm, a)) && !leave(a.clause):
			return left, false
		}
	}
	return left, true
}

// staged says that a clause takes part in a quota or pool.
func (k *clauseRule) staged(pl *Plan) bool {
	return slices.ContainsFunc(pl.stages, func(st stage) bool { return slices.Contains(st.clauses, k.index) })
}

// unreported says that another document may have given something that a group of the claim holds against it.
func (t *settler) unreported(firm int, a *answer) bool {
	for g := range t.survey.plan.groups {
		r := &t.survey.plan.groups[g]
		if r.against != nil && r.unreported == "unknown" && slices.Contains(r.clauses, int(a.clause)) && t.survey.crowd.rivals[r.id].unreported[firm] {
			return true
		}
	}
	return false
}

// given finds what other documents gave to the projects of the claims, where a group holds it against them.
func (t *settler) given(firm int, some []answer) {
	t.rivals = t.rivals[:0]
	for g := range t.survey.plan.groups {
		r := &t.survey.plan.groups[g]
		if r.against == nil || !t.survey.crowd.rivals[r.id].paid[firm] {
			continue
		}
		for _, x := range t.survey.crowd.rivals[r.id].given[int32(firm)] {
			if slices.ContainsFunc(some, func(a answer) bool {
				return a.state == definite && int(a.project) == x.project && slices.Contains(r.clauses, int(a.clause))
			}) {
				x.group = g
				t.rivals = append(t.rivals, x)
			}
		}
	}
}

// together stacks several claims; false where too many awards depend on each other.
func (t *settler) together(some []answer) bool {
	pl := t.survey.plan
	if t.blank == nil {
		t.blank = make([]string, len(pl.groups)+len(pl.onces)+1)
		t.world.known = map[string][]knot{}
	}
	for _, floor := range [...]bool{false, true} {
		w := &t.world
		w.plan, w.claims, w.at, w.rivals, w.awards = pl, w.claims[:0], w.at[:0], t.rivals, w.awards[:0]
		for _, r := range t.rivals {
			w.awards = append(w.awards, r.low)
		}
		for n := range some {
			if a := &some[n]; a.state == definite && a.floor == floor {
				w.claims = append(w.claims, claim{clause: int(a.clause), unit: int(a.unit), project: int(a.project)})
				w.at = append(w.at, outcome{present: true, amount: a.amount, year: int(a.year), day: a.day, limits: t.survey.ceilings(a), once: t.blank, items: t.blank})
			}
		}
		pays := w.settle()
		if w.tangled {
			return false
		}
		at := 0
		for n := range some {
			if a := &some[n]; a.state == definite && a.floor == floor {
				a.pays = pays[at]
				at++
			}
		}
	}
	return true
}

// alike says that a claim may be the same thing as one of those before it, under a rule that pays it once or as the same cost
// item.
func (t *settler) alike(before []answer, a *answer) bool {
	pl := t.survey.plan
	for n := range before {
		b := &before[n]
		if b.state != definite {
			continue
		}
		if b.clause == a.clause && len(pl.clauses[a.clause].onces) > 0 {
			return true
		}
		for g := range pl.groups {
			if r := &pl.groups[g]; r.scope == "cost_item" && slices.Contains(r.clauses, int(a.clause)) && slices.Contains(r.clauses, int(b.clause)) {
				return true
			}
		}
	}
	return false
}
