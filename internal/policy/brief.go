package policy

import (
	"cmp"
	"slices"

	"github.com/yanzhen/yanzhen/internal/rule"
)

// Brief is what a decision comes to, without its lines.
type Brief struct {
	State         State
	Total, InKind Interval
	Floor         *Interval // see Decision
	Missing       int       // facts that would make the answer surer
	Clauses       []ClauseBrief
}

// ClauseBrief is a clause that is met, or may be, and what its lines come to.
type ClauseBrief struct {
	Clause int // in Plan.Clauses
	State  State
	Pays   Interval
	Years  []YearPays // what is something, in the order of the years
}

// YearPays is what lines of a year come to; year 0 is that of events without a known day.
type YearPays struct {
	Year int
	Pays Interval
}

// add adds a line.
func (c *ClauseBrief) add(year int, pays Interval) {
	if pays == (Interval{}) {
		return
	}
	n, ok := slices.BinarySearchFunc(c.Years, year, func(y YearPays, year int) int { return cmp.Compare(y.Year, year) })
	if !ok {
		c.Years = slices.Insert(c.Years, n, YearPays{Year: year})
	}
	c.Years[n].Pays = c.Years[n].Pays.Plus(pays)
}

// Brief is what a decision of the plan comes to.
func (pl *Plan) Brief(d *Decision) Brief {
	b := Brief{State: d.State, Total: d.Total, InKind: d.InKind, Floor: d.Floor, Missing: len(d.Missing)}
	clauses := pl.Clauses()
	for _, sum := range d.Clauses {
		c := ClauseBrief{State: sum.State, Pays: sum.Pays}
		c.Clause = slices.IndexFunc(clauses, func(k *Clause) bool { return k.ID == sum.Clause })
		for i := range d.Lines {
			if l := &d.Lines[i]; l.Clause == sum.Clause {
				c.add(l.Year, l.Pays)
			}
		}
		b.Clauses = append(b.Clauses, c)
	}
	return b
}

// claim enters questions that were told, as propose does.
func (d *decider) claim(some []answer, all []told) {
	for n := range all {
		t := &all[n]
		if t.state == NotMet {
			continue
		}
		dr := draft{Line: Line{State: t.state, Year: some[n].year, Missing: slices.Clip(t.missing)}, claim: -1, k: &d.plan.clauses[some[n].clause], subject: t.subject, asked: t.on}
		if len(t.ways) > 0 {
			dr.claim, dr.Own = len(d.claims), own(t.ways)
			d.claims, d.ways, d.floor = append(d.claims, t.claim), append(d.ways, t.ways), append(d.floor, t.floor)
		}
		d.drafts = append(d.drafts, dr)
	}
}

// brief settles the lines, as decision does.
func (d *decider) brief() Brief {
	slices.SortStableFunc(d.drafts, func(a, b draft) int { return a.k.index - b.k.index })
	d.keyed()
	pays := make([]Interval, len(d.claims))
	clauses := make([]Interval, len(d.plan.clauses))
	var b Brief
	for _, floor := range [...]bool{false, true} {
		s, index := d.stack(floor)
		if len(index) == 0 {
			continue
		}
		for n, i := range index {
			pays[i] = interval(s.low[n], s.high[n])
		}
		total, kind := interval(s.sumLow[cash], s.sumHigh[cash]), interval(s.sumLow[inKind], s.sumHigh[inKind])
		if floor {
			all := total.Plus(kind)
			b.Floor = &all
			continue
		}
		b.Total, b.InKind = total, kind
		for c := range clauses {
			if s.clauseHigh[c] > 0 {
				clauses[c] = interval(s.clauseLow[c], s.clauseHigh[c])
			}
		}
	}
	b.lines(d, pays, clauses)
	return b
}

// lines takes the lines of a decision, which stand in the order of the clauses.
func (b *Brief) lines(d *decider, pays, clauses []Interval) {
	promised := NotMet
	var missing []rule.FactRef
	for i := range d.drafts {
		dr := &d.drafts[i]
		number := d.plan.number(dr.k.index)
		if n := len(b.Clauses); n == 0 || b.Clauses[n-1].Clause != number {
			b.Clauses = append(b.Clauses, ClauseBrief{Clause: number, State: NotMet, Pays: clauses[dr.k.index]})
		}
		c := &b.Clauses[len(b.Clauses)-1]
		c.State = better(c.State, dr.State)
		if dr.k.amount.form == "eligibility" {
			promised = better(promised, dr.State)
		}
		line := Interval{}
		if dr.claim >= 0 {
			line = pays[dr.claim]
		}
		if dr.claim >= 0 && d.floor[dr.claim] {
			line = Interval{}
		}
		c.add(dr.Year, line)
		waits := dr.State != Met || !dr.Own.Exact() || !line.Exact()
		for _, m := range dr.Missing {
			if waits && !slices.Contains(missing, m) {
				missing = append(missing, m)
			}
		}
	}
	b.Missing = len(missing)
	switch all := b.Total.Plus(b.InKind); {
	case all.Sure > 0:
		b.State = Met
	case all.Possible > 0 || all.Unbounded:
		b.State = Unknown
	default:
		b.State = promised
	}
}

// number is the place of a clause in Plan.Clauses.
func (pl *Plan) number(index int) int {
	n := 0
	for i := range pl.clauses[:index] {
		if !pl.clauses[i].off {
			n++
		}
	}
	return n
}
