package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
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

// screen is the conditions of the clauses that are asked for the same rows: about one kind of subject, each year or on the
// day of one event. They are evaluated in columns, to find the questions that need not be asked.
type screen struct {
	kind    string
	event   content.FactDef // unless yearly
	yearly  bool
	program *column.Program
	atoms   map[*Atom]int // expressions of the program
	reached map[*Threshold]int
}

// screens makes the programs of all clauses; what they cannot say in columns is a problem of the file.
func (c *compiler) screens() {
	var exprs [][]*rule.Expr
	for i := range c.p.all {
		k := &c.p.all[i]
		n := slices.IndexFunc(c.p.screens, func(s screen) bool { return s.of(k) })
		if n < 0 {
			n = len(c.p.screens)
			c.p.screens = append(c.p.screens, screen{kind: k.Entity, event: k.event, yearly: k.yearly, atoms: map[*Atom]int{}, reached: map[*Threshold]int{}})
			exprs = append(exprs, nil)
		}
		s := &c.p.screens[n]
		for _, a := range slices.Concat(c.p.shut, k.shut, k.when) {
			if _, ok := s.atoms[a.Atom]; !ok {
				s.atoms[a.Atom] = len(exprs[n])
				exprs[n] = append(exprs[n], a.expr)
			}
		}
		for _, t := range k.thresholds {
			if x := c.reach(&t, k.Entity); x != nil {
				s.reached[t.Threshold] = len(exprs[n])
				exprs[n] = append(exprs[n], x)
			}
		}
	}
	for n := range c.p.screens {
		program, problems := column.Compile(exprs[n]...)
		c.problems = append(c.problems, problems...)
		c.p.screens[n].program = program
	}
}

// reach is a threshold as one condition; nil where that would be too long for one, which leaves the question to be asked.
func (c *compiler) reach(t *threshold, kind string) *rule.Expr {
	src := "(" + t.Of + ") >= " + t.AtLeast
	if t.Over != "" {
		src = "(" + t.Of + ") > " + t.Over
	}
	x, _ := c.p.envs[kind].Compile(src, rule.Position{}, rule.BoolType)
	return x
}

// of says that a clause is asked for the rows of the screen.
func (s *screen) of(k *clause) bool {
	return s.kind == k.Entity && s.yearly == k.yearly && s.event.Code == k.event.Code
}

// question is a subject of an enterprise and a day for which a clause is asked. Year is 0 for an event without a known day.
// met says that all of its conditions are known to hold.
type question struct {
	clause, subject, year int
	met                   bool
}

// crowd is many enterprises while their questions are sorted out.
type crowd struct {
	plan  *Plan
	facts Facts
	asOf  period.Day
	roots []rule.Subject
	left  [][]question // by enterprise: what is not ruled out
}

// row is a subject in a screen.
type row struct {
	firm, number int // of the enterprise; of the subject among those of its kind
	subject      rule.Subject
	day          period.Day
	lost         bool // the area of the enterprise is not known
}

// screened is the questions of each enterprise that may be met, of some clauses. What is left out is known not to be.
func (pl *Plan) screened(roots []rule.Subject, asOf period.Day, facts Facts, of func(*clauseRule) bool) [][]question {
	c := &crowd{plan: pl, facts: facts, asOf: asOf, roots: roots, left: make([][]question, len(roots))}
	c.each(of, func(q *asker, b *column.Block, clauses []*clauseRule) {
		for _, k := range clauses {
			left, met := q.sort(b, k)
			for i := range left.Rows() {
				r := q.rows[b.First()+i]
				c.left[r.firm] = append(c.left[r.firm], question{k.index, r.number, q.year, met.Has(i)})
			}
		}
	})
	return c.left
}

// sorter looks at a block of rows for which some clauses are asked.
type sorter func(q *asker, b *column.Block, clauses []*clauseRule)

// each goes over all rows for which some clauses are asked, screen by screen and year by year.
func (c *crowd) each(of func(*clauseRule) bool, visit sorter) {
	below := map[string][]row{}
	for i, root := range c.roots {
		below[content.Enterprise] = append(below[content.Enterprise], row{firm: i, subject: root})
		for _, kind := range kinds[1:] {
			for n, s := range root.Children(kind) {
				below[kind] = append(below[kind], row{firm: i, number: n, subject: s})
			}
		}
	}
	for n := range c.plan.Policy.screens {
		s := &c.plan.Policy.screens[n]
		clauses := c.plan.askedBy(s, of)
		if len(clauses) == 0 {
			continue
		}
		rows := below[s.kind]
		if s.yearly {
			for _, y := range c.years(clauses) {
				c.year(s, clauses, y, slices.Clone(rows), visit)
			}
			continue
		}
		for year, dated := range c.dated(s, clauses, rows) {
			c.year(s, clauses, year, dated, visit)
		}
	}
}

// askedBy is some clauses of a screen, as far as they hold.
func (pl *Plan) askedBy(s *screen, of func(*clauseRule) bool) []*clauseRule {
	var all []*clauseRule
	for i := range pl.clauses {
		if k := &pl.clauses[i]; !k.off && s.of(k.clause) && of(k) {
			all = append(all, k)
		}
	}
	return all
}

// years is those for which some of the clauses are asked.
func (c *crowd) years(clauses []*clauseRule) []int {
	var all []int
	d := decider{plan: c.plan, asOf: c.asOf}
	for _, k := range clauses {
		for _, y := range d.years(k) {
			if !slices.Contains(all, y) {
				all = append(all, y)
			}
		}
	}
	slices.Sort(all)
	return all
}

// dated sorts rows by the year of their event. One whose day is not known is a question for each clause; one that is yet
// to come, or known to be none, is no question.
func (c *crowd) dated(s *screen, clauses []*clauseRule, rows []row) map[int][]row {
	byYear := map[int][]row{}
	c.readAll(subjectsOf(rows), s.event, period.Period{}, c.asOf, func(i int, v rule.Value, state rule.State) {
		r := rows[i]
		switch {
		case state == rule.Present && v.Day() <= c.asOf:
			r.day = v.Day()
			byYear[r.day.Year()] = append(byYear[r.day.Year()], r)
		case state == rule.Unknown:
			for _, k := range clauses {
				c.left[r.firm] = append(c.left[r.firm], question{clause: k.index, subject: r.number})
			}
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

func (c *crowd) readAll(subjects []rule.Subject, def content.FactDef, p period.Period, on period.Day, told func(int, rule.Value, rule.State)) {
	if c.facts != nil {
		c.facts.ReadAll(subjects, def, p, on, told)
		return
	}
	for i, s := range subjects {
		v, state := s.Fact(def, p, on)
		told(i, v, state)
	}
}

// year looks at the rows of a year, without those that lie outside the area.
func (c *crowd) year(s *screen, clauses []*clauseRule, year int, rows []row, visit sorter) {
	for i := range rows {
		if s.yearly {
			rows[i].day = period.Date(year, 12, 31)
		}
	}
	q := &asker{crowd: c, screen: s, year: year, rows: c.inside(rows)}
	if len(q.rows) == 0 {
		return
	}
	plan := s.program.Bind(s.program.Fill(q.contexts(), q))
	m := plan.Machine()
	for at := range plan.Blocks() {
		visit(q, m.At(at), clauses)
	}
}

// inside is the rows of enterprises that lie, on the day of the row, where the document pays or where its floor holds, or
// may do so.
func (c *crowd) inside(rows []row) []row {
	if c.plan.Policy.File.Document.Area == nil {
		return rows
	}
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
		c.readAll(roots, c.plan.areaDef, period.OfDay(on), on, func(i int, v rule.Value, state rule.State) {
			rows[from+i].lost = state == rule.Unknown
			out[from+i] = state == rule.None
			if state == rule.Present {
				_, known := c.plan.inside(v.Text())
				out[from+i] = !known
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
	return in
}

// asker is the rows of a screen in a year, as their expressions are evaluated.
type asker struct {
	*crowd
	screen *screen
	year   int
	rows   []row
}

// sort gives the rows of a block in which a clause may be met, and those in which all that it asks for is known to hold.
func (q *asker) sort(b *column.Block, k *clauseRule) (left, met column.Bits) {
	s := sieve{block: b, open: q.valid(b, k)}
	s.met = s.open
	for _, atoms := range [][]atom{q.plan.shut, k.shut} {
		for _, a := range atoms {
			s.shuts(q.screen.atoms[a.Atom], a.Unreported == "no")
		}
	}
	for _, a := range k.when {
		s.holds(q.screen.atoms[a.Atom], a.Unreported == "no")
	}
	for _, t := range k.thresholds {
		n, ok := q.screen.reached[t.Threshold]
		if ok {
			s.holds(n, false)
		}
		if !ok || t.Base == "above" { // it says more than whether it is reached
			s.met = column.Bits{}
		}
	}
	if len(k.Requires) > 0 {
		s.met = column.Bits{}
	}
	return s.open.Or(&s.failed), s.met
}

// valid is the rows of a block on whose day, or in whose year, a clause is in force.
func (q *asker) valid(b *column.Block, k *clauseRule) column.Bits {
	in := b.All()
	for i := range in.Rows() {
		if !q.inForce(k, q.rows[b.First()+i].day) {
			in.Drop(i)
		}
	}
	return in
}

// inForce says that a clause holds on the day of a row, or in its year.
func (q *asker) inForce(k *clauseRule, day period.Day) bool {
	first, last := day, day
	if k.yearly {
		first, last = period.Date(q.year, 1, 1), period.Date(q.year, 12, 31)
	}
	return last >= k.valid.from && (k.valid.to == nil || first <= *k.valid.to)
}

// sieve lets the conditions of a clause sort rows out, one after the other.
type sieve struct {
	block     *column.Block
	open, met column.Bits // not ruled out so far; of which nothing is unknown
	failed    column.Bits // to be asked, so that the error is told
}

// ask evaluates a condition for the rows that are open.
func (s *sieve) ask(out int) (holds, unknown column.Bits) {
	a := s.block.Eval(out, s.open)
	failed := a.Failed(s.open)
	s.failed, s.met = s.failed.Or(&failed), s.met.Without(&failed)
	s.open = s.open.Without(&failed)
	return a.True(a.Present(s.open)), a.Unknown(s.open)
}

// holds is a condition that must hold. closed takes what is unknown for no.
func (s *sieve) holds(out int, closed bool) {
	holds, unknown := s.ask(out)
	s.met = s.met.And(&holds)
	if s.open = holds; !closed {
		s.open = holds.Or(&unknown)
	}
}

// shuts is a condition that must not hold.
func (s *sieve) shuts(out int, closed bool) {
	holds, unknown := s.ask(out)
	s.open = s.open.Without(&holds)
	if s.met = s.met.And(&s.open); !closed {
		s.met = s.met.Without(&unknown)
	}
}

// contexts is what the expressions of the rows are evaluated for.
func (q *asker) contexts() []*rule.Context {
	all := make([]rule.Context, len(q.rows))
	out := make([]*rule.Context, len(q.rows))
	for i := range q.rows {
		r := &q.rows[i]
		all[i] = rule.Context{Subject: r.subject, Year: q.year, On: min(r.day, q.asOf), Names: q}
		if !q.screen.yearly {
			all[i].Event = &r.day
		}
		out[i] = &all[i]
	}
	return out
}

// Param answers param.x in expressions.
func (q *asker) Param(id string, c *rule.Context) rule.Answer {
	at := asked{year: q.year, day: period.Date(q.year, 12, 31)}
	if c.Event != nil {
		at.day = *c.Event
	}
	return q.plan.answerFor(id, c.Subject, at)
}

// Setting answers setting.x in expressions.
func (q *asker) Setting(id string) string { return q.plan.Settings[id] }

// Read fills the column of a name for subjects of any kind: what is the same for all rows is asked once, and facts of one
// period together.
func (q *asker) Read(in *rule.Input, contexts []*rule.Context, c *column.Column) {
	switch in.Origin() {
	case rule.FromYear, rule.FromSetting:
		q.constant(in, contexts, c)
		return
	case rule.FromParam:
		prm := q.plan.params[q.plan.Policy.pindex[in.Short()]]
		if (prm.By == "" || prm.By == "year") && len(prm.later) == 0 {
			q.constant(in, contexts, c)
			return
		}
	case rule.FromFact, rule.FromMembership:
		if p, ok := q.periodOf(in); ok {
			q.together(in, p, contexts, c)
			return
		}
	}
	column.ReadRows(in, contexts, c)
}

func (q *asker) constant(in *rule.Input, contexts []*rule.Context, c *column.Column) {
	if len(contexts) == 0 {
		return
	}
	o := in.Read(contexts[0])
	for i := range contexts {
		c.Set(i, o.Value, o.State)
	}
}

// periodOf is the period in which all rows read a fact; ok is false where each has its own, or its own day.
func (q *asker) periodOf(in *rule.Input) (p period.Period, ok bool) {
	switch def := in.Def(); {
	case in.Origin() == rule.FromMembership:
		return period.Period{}, q.screen.yearly
	case def.Period == period.Always || def.Period == "":
		return period.Period{}, true
	case def.Period == period.Year:
		return period.OfYear(q.year), true
	}
	return period.Period{}, false
}

// together reads a fact of the subjects, or of what they lie below.
func (q *asker) together(in *rule.Input, p period.Period, contexts []*rule.Context, c *column.Column) {
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
	q.readAll(tops, def, p, contexts[0].On, func(i int, v rule.Value, state rule.State) { c.Set(numbers[i], v, state) })
}
