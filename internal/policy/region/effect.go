package region

import (
	"cmp"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// Effect is what another wording of a policy, or another policy, comes to for the same firms on the same day.
type Effect struct {
	Before, After Sum
	Areas         []AreaEffect
	Clauses       []ClauseEffect
	Gain, Lose    int       // firms that get more, or less, for sure
	Gained, Lost  money.Fen // by all of them together; both positive
	Most          []FirmEffect
}

// AreaEffect is an area before and after.
type AreaEffect struct {
	Area          content.Node
	Before, After Sum
}

// ClauseEffect is a clause before and after; a clause that one of them lacks is zero there.
type ClauseEffect struct {
	Clause        string
	Before, After ClauseSum
}

// FirmEffect is a firm before and after.
type FirmEffect struct {
	ID            int64
	Name          string
	Area          string
	Before, After policy.Interval // money and services
}

// Differs is by how much more the firm gets for sure; negative for less.
func (f FirmEffect) Differs() money.Fen { return f.After.Sure - f.Before.Sure }

func direction(f FirmEffect) int { return cmp.Compare(f.Differs(), 0) }

// All is money and services together.
func (f *Firm) All() policy.Interval { return f.Total.Plus(f.InKind) }

// EffectOf compares two results of the same scope, commit and day, by the areas below parent; before may be nil, for a
// document that is new. most is how many firms are named in each direction, those that gain or lose most.
func EffectOf(before, after *Region, parent string, most int) *Effect {
	e := &Effect{After: after.Sum}
	e.firms(before, after)
	if most > 0 {
		moved := Movers(before, after)
		gainers, losers := moved[:e.Gain], moved[e.Gain:]
		e.Most = append(slices.Clone(gainers[:min(most, len(gainers))]), losers[:min(most, len(losers))]...)
	}
	e.Areas = make([]AreaEffect, 0)
	for _, a := range after.ByArea(parent) {
		e.Areas = append(e.Areas, AreaEffect{Area: a.Area, After: a.Sum})
	}
	clauses := map[string]int{}
	for _, c := range after.ByClause() {
		clauses[c.Clause] = len(e.Clauses)
		e.Clauses = append(e.Clauses, ClauseEffect{Clause: c.Clause, After: c})
	}
	if before == nil {
		return e
	}
	e.Before = before.Sum
	for _, a := range before.ByArea(parent) {
		i := slices.IndexFunc(e.Areas, func(b AreaEffect) bool { return b.Area.Code == a.Area.Code })
		if i < 0 {
			i = len(e.Areas)
			e.Areas = append(e.Areas, AreaEffect{Area: a.Area})
		}
		e.Areas[i].Before = a.Sum
	}
	for _, c := range before.ByClause() {
		i, ok := clauses[c.Clause]
		if !ok {
			i = len(e.Clauses)
			e.Clauses = append(e.Clauses, ClauseEffect{Clause: c.Clause})
		}
		e.Clauses[i].Before = c
	}
	return e
}

func (e *Effect) firms(before, after *Region) {
	for was, is := range Pairs(before, after) {
		d := is.All().Sure
		if was != nil {
			d -= was.All().Sure
		}
		switch {
		case d > 0:
			e.Gain++
			e.Gained += d
		case d < 0:
			e.Lose++
			e.Lost -= d
		}
	}
}

// Movers is every firm that gets more, or less, for sure: gainers first, and in each direction those by the most.
func Movers(before, after *Region) []FirmEffect {
	var moved []FirmEffect
	for was, f := range Pairs(before, after) {
		x := FirmEffect{ID: f.ID, Name: f.Name, Area: f.Area, After: f.All()}
		if was != nil {
			x.Before = was.All()
		}
		if x.Differs() != 0 {
			moved = append(moved, x)
		}
	}
	slices.SortFunc(moved, func(a, b FirmEffect) int {
		return cmp.Or(cmp.Compare(direction(b), direction(a)), cmp.Compare(max(b.Differs(), -b.Differs()), max(a.Differs(), -a.Differs())),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return moved
}
