package policy

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// manyFirms is over how many enterprises claims are spread.
const manyFirms = 3

// spread is claims of several enterprises in lots, as a survey finds them.
type spread struct {
	survey *Survey
	firms  [manyFirms]smallStack // each enterprise by itself
	where  [manyFirms][]located  // its claims in the lots
}

// spreadOut draws claims that meet, and lays them out in tables, of each year one for every two clauses, in which claims of both
// may share a row. All days of some tables are the last of the year. What is the same thing is nothing that columns know, and
// instalments are none of what meets in them.
func spreadOut(r *rand.Rand, seen *census) *spread {
	s := drawTangle(r, seen)
	pl := s.plan
	pl.live, pl.onces = true, nil
	for g := range pl.groups {
		if pl.groups[g].scope == "cost_item" {
			pl.groups[g].scope = "enterprise"
		}
	}
	for i := range s.rivals {
		s.rivals[i].project += 1 << 24
	}
	x := &spread{survey: &Survey{plan: pl, meets: slices.Repeat([]bool{true}, len(pl.clauses))}}
	c := &Crowd{roots: make([]rule.Subject, manyFirms), rivals: map[string]*elsewhere{}, ties: &keptTies{}}
	x.survey.crowd = c
	for i := range x.firms {
		x.firms[i] = smallStack{plan: pl, rivals: s.rivals, census: seen}
	}
	for g := range pl.groups {
		x.survey.rivals = append(x.survey.rivals, nil)
		if pl.groups[g].against == nil {
			continue
		}
		given := &elsewhere{paid: make([]bool, manyFirms), unreported: make([]bool, manyFirms)}
		for i := range manyFirms {
			given.paid[i] = true
			all := slices.DeleteFunc(slices.Clone(s.rivals), func(o rival) bool { return o.group != g })
			given.give(all)
		}
		x.survey.rivals[g], c.rivals[pl.groups[g].id] = given, given
	}
	for year := 2022; year <= 2023; year++ {
		for first := 0; first < len(pl.clauses); first += 2 {
			c.tables = append(c.tables, s.table(r, year, first))
		}
	}
	s.lots(r, x)
	return x
}

// table is the rows of the claims of two clauses in a year.
func (s *smallStack) table(r *rand.Rand, year, first int) table {
	last := r.IntN(3) == 0
	rows := []row{}
	for i := range s.claims {
		o, k := &s.ways[i][0], &s.claims[i]
		if o.year != year || k.clause/2*2 != first {
			continue
		}
		day := period.Date(year, 12, 31)
		if !last {
			day -= period.Day(r.IntN(4))
		}
		of := row{firm: int32(r.IntN(manyFirms)), unit: int32(2<<24 + k.unit), project: int32(1<<24 + k.project), day: day, lies: inside}
		if k.project < 0 {
			of.project = -1
		}
		if rows = append(rows, of); r.IntN(4) == 0 { // one that none of these clauses claims for
			rows = append(rows, of)
		}
	}
	if r.IntN(2) == 0 {
		slices.SortStableFunc(rows, func(a, b row) int { return int(a.day - b.day) })
	}
	slices.SortStableFunc(rows, func(a, b row) int { return int(a.firm - b.firm) })
	return newTable(&screen{yearly: last}, year, rows)
}

// lots has every clause of a table claim for some of its rows.
func (s *smallStack) lots(r *rand.Rand, x *spread) {
	c, pl := x.survey.crowd, s.plan
	limits := make([]ceilingAt, len(pl.ceilings))
	for i := range limits {
		if limits[i].limit = money.Fen(r.IntN(12)) * 10; pl.ceilings[i].period == "year" {
			limits[i].more = money.Fen(r.IntN(5)) * 10
		}
	}
	for k := range pl.clauses {
		rule := &pl.clauses[k]
		for _, ceiling := range pl.ceilings {
			if ceiling.slot[k] >= 0 {
				rule.ceilings = append(rule.ceilings, slot{period: ceiling.period})
			}
		}
		for t := range c.tables {
			if t%((len(pl.clauses)+1)/2) != k/2 {
				continue
			}
			l := lot{k: rule, table: &c.tables[t]}
			var own []money.Fen
			for i, ceiling := range pl.ceilings {
				if ceiling.slot[k] >= 0 {
					own = append(own, limits[i].limit+limits[i].more*money.Fen(l.table.year-2022))
				}
			}
			if r.IntN(2) == 0 {
				l.level = own
			}
			for i := range l.table.rows {
				if r.IntN(3) > 0 {
					s.claim(r, x, &l, i, own)
				}
			}
			x.survey.lots = append(x.survey.lots, l)
		}
	}
}

// claim adds a claim for a row.
func (s *smallStack) claim(r *rand.Rand, x *spread, l *lot, i int, limits []money.Fen) {
	of, amount := &l.table.rows[i], money.Fen(r.IntN(10))*10
	if l.level == nil {
		l.limits = append(l.limits, limits...)
	}
	firm := &x.firms[of.firm]
	firm.claims = append(firm.claims, claim{clause: l.k.index, unit: int(of.unit), project: int(of.project)})
	firm.ways = append(firm.ways, []outcome{{present: true, amount: amount, year: l.table.year, day: of.day, limits: limits}})
	x.where[of.firm] = append(x.where[of.firm], located{int32(len(x.survey.lots)), int32(len(l.rows))})
	l.rows, l.pays = append(l.rows, int32(i)), append(l.pays, amount)
}

// settle has all enterprises settled.
func (x *spread) settle() {
	s := x.survey
	s.piece, s.settled = (manyFirms+63)/64*64, make([]tallied, 1)
	s.number()
	t := s.crew(nil).take()
	t.to, t.into, t.lots = manyFirms, &s.settled[0], s.lots
	t.settle()
}

// TestSweep holds what claims that meet are paid in columns against what trying everything finds for each enterprise by itself.
func TestSweep(t *testing.T) {
	orders := [][]string{
		{ProjectCeiling, HigherOf, EnterpriseCeiling},
		{HigherOf, EnterpriseCeiling, ProjectCeiling},
		{EnterpriseCeiling, HigherOf, ProjectCeiling},
	}
	seen := &census{of: map[string]int{}, now: map[string]bool{}}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		for n := range 30 {
			x := spreadOut(r, seen)
			x.survey.plan.order = orders[r.IntN(len(orders))]
			x.settle()
			for i, firm := range x.firms {
				var got []money.Fen
				sum := money.Fen(0)
				for _, at := range x.where[i] {
					got = append(got, x.survey.lots[at.lot].pays[at.at])
					sum += got[len(got)-1]
				}
				if len(got) == 0 {
					continue
				}
				if want := firm.oracle(firm.definite()); !slices.Equal(got, want) || x.survey.Odd(i) || x.survey.Total(i) != sum {
					t.Fatalf("instance %d, %v, enterprise %d: in columns %v, oracle %v", n, x.survey.plan.order, i, got, want)
				}
			}
			seen.next()
		}
	})
	seen.tell(t, "once", "cost_item")
}
