package region

import (
	"maps"
	"slices"

	"github.com/yanzhen/yanzhen/internal/policy"
)

// YearSum is what a region comes to for the events and investments of a year, 0 where the year is not known. Money and
// services are taken together.
type YearSum struct {
	Year    int
	Sure    int // firms that get something of the year for sure
	Perhaps int // that may get something
	Pays    policy.Interval
}

// ByYear sums by year, the year that is not known first. Each figure holds by itself: what is sure only of several years
// together is in none of them, and what is possible in each of them need not be in all.
func (r *Region) ByYear() []YearSum {
	var out []YearSum
	for _, year := range slices.Sorted(maps.Keys(r.figures.years)) {
		if c := r.figures.years[year]; c.sure+c.perhaps > 0 {
			out = append(out, YearSum{Year: year, Sure: c.sure, Perhaps: c.perhaps, Pays: c.pays.interval()})
		}
	}
	return out
}

func payOf(i policy.Interval, clause uint16, s state) pay {
	return pay{sure: i.Sure, possible: i.Possible, unbounded: i.Unbounded, clause: clause, state: s}
}

// inYear adds what the clause at last, which has no other after it, comes to in a year. The years stand in their order.
func inYear(pays []pay, last int, amount policy.Interval, year int) []pay {
	if amount == (policy.Interval{}) {
		return pays
	}
	at := last + 1
	for at < len(pays) && int(pays[at].year) < year {
		at++
	}
	if at == len(pays) || int(pays[at].year) > year {
		p := payOf(amount, pays[last].clause, pays[last].state)
		p.year, p.inYear = uint16(year), true
		return slices.Insert(pays, at, p)
	}
	p := &pays[at]
	both := p.interval().Plus(amount)
	p.sure, p.possible, p.unbounded = both.Sure, both.Possible, both.Unbounded
	return pays
}

// oneYear tells the year with the clause at last where one tells all of it.
func oneYear(pays []pay, last int) []pay {
	if years := pays[last+1:]; len(years) == 1 && years[0].interval() == pays[last].interval() {
		pays[last].year = years[0].year
		return pays[:last+1]
	}
	return pays
}
