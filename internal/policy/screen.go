package policy

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// Facts reads a fact of many subjects of one kind at once. A subject by itself answers too; who keeps facts in columns
// answers faster.
type Facts interface {
	// ReadAll tells what Fact of each subject would say.
	ReadAll(subjects []rule.Subject, def content.FactDef, p period.Period, on period.Day, told func(i int, v rule.Value, state rule.State))
}

// Crowd is many enterprises on one day, with the facts that a policy reads of them as columns: read once, and asked for plan
// after plan of that policy. It never changes and may be used by many goroutines.
type Crowd struct {
	policy *Policy
	plain  *Plan // for what is the same in all plans
	facts  Facts
	asOf   period.Day
	roots  []rule.Subject
	tables []table
	rivals map[string]*elsewhere // by group
	ties   *keptTies
	pools  [scopes]numbering
}

// table is the rows of a screen in a year.
type table struct {
	screen  *screen
	year    int // 0 for subjects whose event has no known day
	rows    []row
	firms   []int32       // of rows, rising
	who     []who         // of rows
	batch   *column.Batch // but for parameters and settings
	spans   *spans
	binding *binding
	pools   [scopes]pools // of rows, once they are numbered
	timely  bool          // the rows of each enterprise are in the order of their days

	// Of rows that were gathered:
	clauses []bool  // that are asked of them; nil for all of the screen
	every   []int32 // their numbers
	settled []int   // conditions that hold in all of them, whatever the numbers are

	unplaced, floored bool // some rows are
}

// row is a subject in a screen.
type row struct {
	firm, number  int32 // of the enterprise; of the subject among those of its kind
	unit, project int32 // numbers of the subject and of its project within the enterprise, -1 without one
	lies          footing
	day           period.Day
	subject       rule.Subject
}

// who is what of a row tells its claims from those of others.
type who struct {
	unit, project int32
	day           period.Day
}

// footing is where an enterprise lies on the day of a row.
type footing int8

const (
	unplaced footing = iota // nobody knows
	inside                  // where the document pays
	onFloor                 // where somebody else pays, and no less
)

// elsewhere is enterprises with a project to which other documents gave something, or may have.
type elsewhere struct {
	given            []rival // what is known, by enterprise, in the order of the projects and of the years; the group is left open
	pools            []int32 // of given, those inProject; -1 of a project that no table has
	numbered         int     // pools there are
	first            []int32 // of each enterprise among given
	paid, unreported []bool  // by enterprise: something is known, and is not known

	mu     sync.Mutex
	byYear map[int][]money.Fen // of each pool, once it was asked for; 0 is all years
}

// byPool is what was given to each pool, in a year or in all.
func (e *elsewhere) byPool(year int, yearly bool) []money.Fen {
	if !yearly {
		year = 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if known, ok := e.byYear[year]; ok {
		return known
	}
	all := make([]money.Fen, e.numbered)
	for n, i := range e.pools {
		if x := &e.given[n]; i >= 0 && (!yearly || x.year == year) {
			all[i] = plus(all[i], x.low)
		}
	}
	if e.byYear == nil {
		e.byYear = map[int][]money.Fen{}
	}
	e.byYear[year] = all
	return all
}

// give notes what the next enterprise was given.
func (e *elsewhere) give(all []rival) {
	e.first, e.given = append(e.first, int32(len(e.given))), append(e.given, all...)
}

// between is where what the enterprises from and up to to were given stands.
func (e *elsewhere) between(from, to int) (first, last int) {
	if to < len(e.first) {
		return int(e.first[from]), int(e.first[to])
	}
	return int(e.first[from]), len(e.given)
}

// of is what an enterprise was given.
func (e *elsewhere) of(firm int) []rival {
	from, to := e.between(firm, firm+1)
	return e.given[from:to]
}

// NewCrowd reads what a policy asks of enterprises, as of a day. facts may be nil.
func NewCrowd(p *Policy, enterprises []rule.Subject, asOf period.Day, facts Facts) *Crowd {
	plain, err := p.Plan(nil)
	if err != nil {
		panic(fmt.Sprintf("policy: the defaults of %s are no options: %v", p.File.Document.ID, err)) // Compile has looked
	}
	c := &Crowd{policy: p, plain: plain, facts: facts, asOf: asOf, roots: enterprises, rivals: map[string]*elsewhere{}, ties: &keptTies{}}
	below := c.below()
	for n := range p.screens {
		s := &p.screens[n]
		rows := below[s.kind]
		years := c.years(s)
		if !s.yearly {
			for year, dated := range c.dated(s, rows) {
				if year == 0 || slices.Contains(years, year) {
					c.add(s, year, dated)
				}
			}
			continue
		}
		for _, y := range years {
			all := slices.Clone(rows)
			for i := range all {
				all[i].day = period.Date(y, 12, 31)
			}
			c.add(s, y, all)
		}
	}
	slices.SortFunc(c.tables, func(a, b table) int { return a.year - b.year })
	inParallel(len(c.tables), func(i int) { c.fill(&c.tables[i]) })
	c.findRivals(below[content.Project])
	return c
}

// inParallel does so many things, as many at a time as there are processors.
func inParallel(n int, do func(i int)) {
	most := min(n, runtime.GOMAXPROCS(0))
	if most == 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range most {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}

// below is the subjects of all enterprises by kind, those of one enterprise next to each other.
func (c *Crowd) below() map[string][]row {
	all := map[string][]row{}
	for i, root := range c.roots {
		all[content.Enterprise] = append(all[content.Enterprise], row{firm: int32(i), project: -1, subject: root})
		projects := root.Children(content.Project)
		for k, kind := range kinds[1:] {
			for n, s := range root.Children(kind) {
				r := row{firm: int32(i), number: int32(n), unit: int32(k+1)<<24 + int32(n), project: -1, subject: s}
				if p := project(s); p != nil {
					r.project = 1<<24 + int32(slices.IndexFunc(projects, func(q rule.Subject) bool { return q.ID() == p.ID() }))
				}
				all[kind] = append(all[kind], r)
			}
		}
	}
	return all
}

// years is those for which some clause of a screen may be asked.
func (c *Crowd) years(s *screen) []int {
	var all []int
	d := decider{plan: c.plain, asOf: c.asOf}
	for i := range c.plain.clauses {
		k := &c.plain.clauses[i]
		if !s.of(k.clause) {
			continue
		}
		for _, y := range d.years(k) {
			if !slices.Contains(all, y) {
				all = append(all, y)
			}
		}
	}
	return all
}

// dated sorts rows by the year of their event; 0 for one without a known day. One that is yet to come, or known to be none,
// is no question.
func (c *Crowd) dated(s *screen, rows []row) map[int][]row {
	byYear := map[int][]row{}
	c.readAll(subjectsOf(rows), s.event, period.Period{}, c.asOf, func(i int, v rule.Value, state rule.State) {
		r := rows[i]
		switch {
		case state == rule.Present && v.Day() <= c.asOf:
			r.day = v.Day()
			byYear[r.day.Year()] = append(byYear[r.day.Year()], r)
		case state == rule.Unknown:
			byYear[0] = append(byYear[0], r)
		}
	})
	return byYear
}

func subjectsOf(rows []row) []rule.Subject {
	all := make([]rule.Subject, len(rows))
	for i := range rows {
		all[i] = rows[i].subject
	}
	return all
}

func (c *Crowd) readAll(subjects []rule.Subject, def content.FactDef, p period.Period, on period.Day, told func(int, rule.Value, rule.State)) {
	if c.facts != nil && len(subjects) > 0 {
		c.facts.ReadAll(subjects, def, p, on, told)
		return
	}
	for i, s := range subjects {
		v, state := s.Fact(def, p, on)
		told(i, v, state)
	}
}

// add keeps the rows of a year that lie where the document pays or its floor holds, or may do so.
func (c *Crowd) add(s *screen, year int, rows []row) {
	if year > 0 {
		rows = c.placed(rows)
	}
	if len(rows) > 0 {
		c.tables = append(c.tables, newTable(s, year, rows))
	}
}

func newTable(s *screen, year int, rows []row) table {
	t := table{screen: s, year: year, rows: rows, firms: make([]int32, len(rows)), who: make([]who, len(rows)), spans: &spans{of: map[inSpan][]column.Bits{}}, binding: &binding{}, timely: true}
	for i := range rows {
		t.timely = t.timely && (i == 0 || rows[i-1].firm != rows[i].firm || rows[i-1].day <= rows[i].day)
		t.firms[i], t.who[i] = rows[i].firm, who{rows[i].unit, rows[i].project, rows[i].day}
		t.unplaced, t.floored = t.unplaced || rows[i].lies == unplaced, t.floored || rows[i].lies == onFloor
	}
	return t
}

// placed is the rows of enterprises that lie, on the day of the row, where the document says, or may do so.
func (c *Crowd) placed(rows []row) []row {
	if c.policy.File.Document.Area == nil {
		for i := range rows {
			rows[i].lies = inside
		}
		return rows
	}
	slices.SortStableFunc(rows, func(a, b row) int { return int(a.day - b.day) })
	out := make([]bool, len(rows))
	for from := 0; from < len(rows); { // rows of one day together
		to := from + 1
		for to < len(rows) && rows[to].day == rows[from].day {
			to++
		}
		on := min(rows[from].day, c.asOf)
		roots := make([]rule.Subject, 0, to-from)
		for _, r := range rows[from:to] {
			roots = append(roots, c.roots[r.firm])
		}
		c.readAll(roots, c.plain.areaDef, period.OfDay(on), on, func(i int, v rule.Value, state rule.State) {
			out[from+i] = state == rule.None
			if state == rule.Present {
				in, known := c.plain.inside(v.Text())
				out[from+i] = !known
				if rows[from+i].lies = onFloor; in {
					rows[from+i].lies = inside
				}
			}
		})
		from = to
	}
	var in []row
	for i, r := range rows {
		if !out[i] {
			in = append(in, r)
		}
	}
	slices.SortStableFunc(in, func(a, b row) int { return int(a.firm - b.firm) })
	return in
}

// fill reads the facts of a table.
func (c *Crowd) fill(t *table) {
	if t.year == 0 {
		return
	}
	t.batch = t.screen.program.Fill(c.contexts(t), reading{c, c.plain, t})
	if !c.policy.readsNumbers() {
		t.batch.Forget()
	}
}

// readsNumbers says that some parameter is not the same for all rows of a year: then contexts are kept, to read it for each
// plan.
func (p *Policy) readsNumbers() bool {
	return slices.ContainsFunc(p.params, func(prm *param) bool { return !prm.yearly() })
}

// yearly says that a parameter is the same for all events of a year.
func (p *param) yearly() bool { return (p.By == "" || p.By == "year") && len(p.later) == 0 }

// contexts is what the expressions of the rows are evaluated for.
func (c *Crowd) contexts(t *table) []*rule.Context {
	all := make([]rule.Context, len(t.rows))
	out := make([]*rule.Context, len(t.rows))
	for i := range t.rows {
		r := &t.rows[i]
		all[i] = rule.Context{Subject: r.subject, Year: t.year, On: min(r.day, c.asOf), AsOf: c.asOf}
		if !t.screen.yearly {
			all[i].Event = &r.day
		}
		out[i] = &all[i]
	}
	return out
}

// reading fills the columns of a table with facts, and with the numbers and answers of a plan: what is the same for all rows
// is one value, and facts of one period are read together.
type reading struct {
	*Crowd
	plan  *Plan
	table *table
}

// Fixed is a name that is the same in all rows of the table.
func (r reading) Fixed(in *rule.Input) (a rule.Answer, ok bool) {
	switch in.Origin() {
	case rule.FromYear:
		return rule.Answer{Value: rule.Int(int64(r.table.year)), State: rule.Present}, true
	case rule.FromAsOf:
		return rule.Answer{Value: rule.Day(r.asOf), State: rule.Present}, true
	case rule.FromSetting:
		return rule.Answer{Value: rule.Text(r.plan.Settings[in.Short()]), State: rule.Present}, true
	case rule.FromParam:
		if r.plan.params[r.plan.Policy.pindex[in.Short()]].yearly() {
			return r.plan.answerFor(in.Short(), nil, asked{year: r.table.year, day: period.Date(r.table.year, 12, 31)}), true
		}
	}
	return rule.Answer{}, false
}

// Read fills the column of a name for subjects of any kind.
func (r reading) Read(in *rule.Input, contexts []*rule.Context, c *column.Column) {
	if in.Origin() == rule.FromParam {
		for i, ctx := range contexts {
			at := asked{year: r.table.year, day: period.Date(r.table.year, 12, 31)}
			if ctx.Event != nil {
				at.day = *ctx.Event
			}
			a := r.plan.answerFor(in.Short(), ctx.Subject, at)
			c.Set(i, a.Value, a.State)
		}
		return
	}
	if in.Origin() == rule.FromFact || in.Origin() == rule.FromMembership {
		if p, ok := r.periodOf(in); ok {
			r.together(in, p, contexts, c)
			return
		}
	}
	column.ReadRows(in, contexts, c)
}

// anew says that a name belongs to the plan, and not to the facts.
func anew(in *rule.Input) bool {
	return in.Origin() == rule.FromParam || in.Origin() == rule.FromSetting
}

// periodOf is the period in which all rows read a fact; ok is false where each has its own, or its own day.
func (r reading) periodOf(in *rule.Input) (p period.Period, ok bool) {
	switch def := in.Def(); {
	case in.Origin() == rule.FromMembership:
		return period.Period{}, r.table.screen.yearly
	case def.Period == period.Always || def.Period == "":
		return period.Period{}, true
	case def.Period == period.Year:
		return period.OfYear(r.table.year), true
	}
	return period.Period{}, false
}

// together reads a fact of the subjects, or of what they lie below.
func (r reading) together(in *rule.Input, p period.Period, contexts []*rule.Context, c *column.Column) {
	def := in.Def()
	tops, numbers := make([]rule.Subject, 0, len(contexts)), make([]int, 0, len(contexts))
	for i, ctx := range contexts {
		top := owner(ctx.Subject, def)
		if top == nil {
			o := in.Read(ctx)
			c.Set(i, o.Value, o.State)
			continue
		}
		tops, numbers = append(tops, top), append(numbers, i)
	}
	if len(contexts) == 0 {
		return
	}
	r.readAll(tops, def, p, contexts[0].On, func(i int, v rule.Value, state rule.State) { c.Set(numbers[i], v, state) })
}

// findRivals notes which enterprises have projects that other documents paid, or may have paid.
func (c *Crowd) findRivals(projects []row) {
	for g := range c.plain.Policy.File.Stacking.Groups {
		against := c.policy.File.Stacking.Groups[g].Against
		if against == nil {
			continue
		}
		def, _ := c.policy.lib.FactDef(against.Award)
		found := &elsewhere{paid: make([]bool, len(c.roots)), unreported: make([]bool, len(c.roots))}
		given := map[int32][]rival{}
		for y := c.plain.valid.from.Year(); y <= c.lastYear(); y++ {
			day := period.Date(y, 12, 31)
			c.readAll(subjectsOf(projects), def, periodOf(def, day), day, func(i int, v rule.Value, state rule.State) {
				r := &projects[i]
				switch state {
				case rule.Present:
					if def.Period != period.Year && slices.ContainsFunc(given[r.firm], func(x rival) bool { return x.project == int(r.unit) }) {
						return // one that is not told by year is one, whatever the year
					}
					found.paid[r.firm] = true
					award := min(v.Fen(), unbounded)
					given[r.firm] = append(given[r.firm], rival{project: int(r.unit), year: y, low: award, high: award})
				case rule.Unknown:
					found.unreported[r.firm] = true
				}
			})
		}
		for i := range c.roots {
			all := given[int32(i)]
			slices.SortStableFunc(all, func(a, b rival) int { return a.project - b.project })
			found.give(all)
		}
		c.rivals[c.policy.File.Stacking.Groups[g].ID] = found
	}
}

// lastYear is the last in which other documents are asked for.
func (c *Crowd) lastYear() int {
	if to := c.plain.valid.to; to != nil {
		return min(c.asOf.Year(), to.Year())
	}
	return c.asOf.Year()
}

// sieve lets the conditions of a clause sort rows out, one after the other.
type sieve struct {
	block     *column.Block
	open, met column.Bits // not ruled out so far; of which nothing is unknown
	failed    column.Bits // to be asked, so that the error is told
}

// ask evaluates a condition that is not present in every row for the rows that are open.
func (s *sieve) ask(a column.Answers) (holds, unknown column.Bits) {
	failed := a.Failed(s.open)
	s.failed, s.met = s.failed.Or(&failed), s.met.Without(&failed)
	s.open = s.open.Without(&failed)
	return a.True(a.Present(s.open)), a.Unknown(s.open)
}

func (s *sieve) guard(g guard) {
	a := s.block.Eval(g.out, s.open)
	if g.shuts {
		s.shuts(a, g.closed)
		return
	}
	s.holds(a, g.closed)
}

// holds is a condition that must hold. closed takes what is unknown for no.
func (s *sieve) holds(a column.Answers, closed bool) {
	if a.Keep(&s.open) {
		a.Keep(&s.met)
		return
	}
	holds, unknown := s.ask(a)
	s.met = s.met.And(&holds)
	if s.open = holds; !closed {
		s.open = holds.Or(&unknown)
	}
}

// shuts is a condition that must not hold.
func (s *sieve) shuts(a column.Answers, closed bool) {
	if a.Remove(&s.open) {
		a.Remove(&s.met)
		return
	}
	holds, unknown := s.ask(a)
	s.open = s.open.Without(&holds)
	if s.met = s.met.And(&s.open); !closed {
		s.met = s.met.Without(&unknown)
	}
}
