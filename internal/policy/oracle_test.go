package policy

import (
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
)

// oracle settles a definite world from the definitions: what a pool pays in all, what a contest may leave at best.
func (s smallStack) oracle(at []outcome, awards []money.Fen) []money.Fen {
	pays := make([]money.Fen, len(at))
	var order []int
	for i, o := range at {
		if o.present {
			pays[i] = o.amount
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return int(at[i].day - at[j].day) })
	for _, o := range s.plan.onces {
		done := map[string]int{}
		for _, i := range order {
			if s.claims[i].clause == o.clause {
				key := s.claims[i].once[0].text
				if o.period == "year" {
					key += fmt.Sprint(at[i].year)
				}
				if done[key] >= o.most {
					s.census.cut("once", pays[i], 0)
					pays[i] = 0
				}
				done[key]++
			}
		}
	}
	for _, stage := range s.plan.order {
		if stage == HigherOf {
			for first := 0; first < len(s.plan.groups); {
				first = s.run(first, at, awards, order, pays)
			}
			continue
		}
		for _, r := range s.plan.ceilings {
			if r.stage != stage {
				continue
			}
			before := map[string]money.Fen{} // prefix sums of each pool
			for _, i := range order {
				c := s.claims[i]
				if r.slot[c.clause] < 0 {
					continue
				}
				key := ""
				switch r.scope {
				case "unit":
					key = fmt.Sprint(c.unit)
				case "project":
					if key = fmt.Sprint("p", c.project); c.project < 0 {
						key = fmt.Sprint("alone", c.unit)
					}
				}
				switch r.period {
				case "year":
					key += fmt.Sprint("/", at[i].year)
				case "event":
					key += fmt.Sprint("#", i)
				}
				limit, sum, own := at[i].limits[r.slot[c.clause]], before[key], pays[i]
				before[key] += own
				pays[i] = min(sum+own, limit) - min(sum, limit)
				s.census.cut("ceiling of a "+r.scope+" for each "+r.period, own, pays[i])
			}
		}
	}
	for _, i := range order { // each share is a third
		if d := at[i].due; d.inParts {
			pays[i] = min(pays[i], pays[i]*money.Fen(len(d.shares))/3)
		}
	}
	return pays
}

// run settles the groups of one pick that stand one after the other; it gives the first after them.
func (s smallStack) run(first int, at []outcome, awards []money.Fen, order []int, pays []money.Fen) int {
	groups := s.plan.groups
	if groups[first].pick != "higher_of" {
		s.contest(first, at, awards, order, pays)
		return first + 1
	}
	end := first
	for end < len(groups) && groups[end].pick == "higher_of" {
		end++
	}
	if end == first+1 {
		s.contest(first, at, awards, order, pays)
		return end
	}
	s.bestOf(first, end, at, awards, order, pays)
	return end
}

// thing is what stands or falls in groups that are settled together: a claim, or the award of a project and year.
type thing struct {
	claim, project, year int // claim is -1 of an award
	item                 []string
	brings               money.Fen
}

// things is what takes part in some groups, in the order that decides between equals.
func (s smallStack) things(first, end int, at []outcome, awards []money.Fen, order []int, pays []money.Fen) []thing {
	var all []thing
	var known []int
	for g := first; g < end; g++ {
		for _, clause := range s.plan.groups[g].clauses {
			if slices.Contains(known, clause) {
				continue
			}
			known = append(known, clause)
			for _, i := range order {
				if s.claims[i].clause == clause {
					all = append(all, thing{i, s.claims[i].project, at[i].year, at[i].items, pays[i]})
				}
			}
		}
	}
	for k, r := range s.rivals {
		known := slices.ContainsFunc(all, func(x thing) bool { return x.claim < 0 && x.project == r.project && x.year == r.year })
		if r.group >= first && r.group < end && !known {
			all = append(all, thing{claim: -1, project: r.project, year: r.year, brings: awards[k]})
		}
	}
	return all
}

// bestOf goes through every choice of claims and awards of some groups of which no two exclude each other: the choice that
// brings the most stands, of equals the one that has the first in which they differ. What excludes each other in no way, not
// through others either, is gone through by itself.
func (s smallStack) bestOf(first, end int, at []outcome, awards []money.Fen, order []int, pays []money.Fen) {
	things := s.things(first, end, at, awards, order, pays)
	excluded := make([][]int, len(things)) // by the group that excludes first, -1 for none
	for n := range things {
		excluded[n] = make([]int, len(things))
		for m := range things {
			excluded[n][m] = s.exclude(first, end, things[n], things[m])
		}
	}
	done := make([]bool, len(things))
	for n := range things {
		if done[n] {
			continue
		}
		lot := []int{n}
		done[n] = true
		groups := map[int]bool{}
		for k := 0; k < len(lot); k++ {
			for m := range things {
				if g := excluded[lot[k]][m]; g >= 0 {
					groups[g] = true
					if !done[m] {
						lot, done[m] = append(lot, m), true
					}
				}
			}
		}
		slices.Sort(lot)
		best := s.everyChoice(things, lot, excluded)
		for _, m := range lot {
			if x := things[m]; x.claim >= 0 && !slices.Contains(best, m) {
				pays[x.claim] = 0
			}
		}
		if len(lot) > 1 {
			s.census.saw("pick higher_of")
			for g := range groups {
				s.census.contest(&s.plan.groups[g])
			}
		}
		if len(groups) > 1 {
			s.census.saw("overlap")
		}
	}
}

func (s smallStack) everyChoice(things []thing, lot []int, excluded [][]int) (best []int) {
	most, tie := money.Fen(-1), false
	var choose func(k int, chosen []int, sum money.Fen)
	choose = func(k int, chosen []int, sum money.Fen) {
		if k == len(lot) {
			switch {
			case sum > most:
				best, most, tie = slices.Clone(chosen), sum, false
			case sum == most:
				tie = tie || slices.ContainsFunc(chosen, func(n int) bool { return things[n].brings > 0 && !slices.Contains(best, n) })
			}
			return
		}
		n := lot[k]
		if !slices.ContainsFunc(chosen, func(m int) bool { return excluded[n][m] >= 0 }) {
			choose(k+1, append(chosen, n), sum+things[n].brings)
		}
		choose(k+1, chosen, sum)
	}
	if choose(0, nil, 0); tie {
		s.census.saw("tie")
	}
	return best
}

// exclude is the first of some groups that does not let two stand, -1 of none.
func (s smallStack) exclude(first, end int, x, y thing) int {
	for g := first; g < end; g++ {
		rule := &s.plan.groups[g]
		in := func(x thing) bool {
			if x.claim >= 0 {
				return slices.Contains(rule.clauses, s.claims[x.claim].clause) && (rule.scope != "project" || x.project >= 0)
			}
			return slices.ContainsFunc(s.rivals, func(r rival) bool { return r.group == g && r.project == x.project && r.year == x.year })
		}
		switch {
		case !in(x) || !in(y) || rule.scope == "project" && x.project != y.project || rule.period == "year" && x.year != y.year:
		case rule.scope == "cost_item" && x.item[g] != y.item[g]:
		case x.claim < 0 || y.claim < 0:
			if x.claim != y.claim {
				return g
			}
		case !rule.sum && s.claims[x.claim].clause != s.claims[y.claim].clause:
			return g
		}
	}
	return -1
}

// contest settles one group by itself.
func (s smallStack) contest(gi int, at []outcome, awards []money.Fen, order []int, pays []money.Fen) {
	g := s.plan.groups[gi]
	pools := map[string][]int{}
	for _, i := range order {
		c := s.claims[i]
		if !slices.Contains(g.clauses, c.clause) || g.scope == "project" && c.project < 0 {
			continue
		}
		key := ""
		switch g.scope {
		case "project":
			key = fmt.Sprint(c.project)
		case "cost_item":
			key = at[i].items[gi]
		}
		if g.period == "year" {
			key += fmt.Sprint("/", at[i].year)
		}
		pools[key] = append(pools[key], i)
	}
	for _, members := range pools {
		if len(members) > 1 && g.pick == "difference" {
			s.census.contest(&g)
			s.census.saw(map[bool]string{false: "pick difference to the most", true: "pick difference to the sum"}[g.toSum])
		}
		if g.pick == "difference" && g.toSum {
			paid := map[int]money.Fen{} // by clause
			for _, i := range members {
				others := money.Fen(0)
				for c, sum := range paid {
					if c != s.claims[i].clause {
						others += sum
					}
				}
				pays[i] = max(pays[i]-others, 0)
				paid[s.claims[i].clause] += pays[i]
			}
			continue
		}
		if g.pick == "difference" {
			most := money.Fen(0)
			for _, i := range members {
				own := pays[i]
				pays[i] = max(own-most, 0)
				most = max(most, own)
			}
			continue
		}
		sums := map[int]money.Fen{} // by clause; -1 the other document
		for _, i := range members {
			k := s.claims[i].clause
			if g.sum {
				k = g.clauses[0]
			}
			sums[k] += pays[i]
		}
		for k, r := range s.rivals {
			first := members[0]
			if r.group == gi && r.project == s.claims[first].project && (g.period != "year" || r.year == at[first].year) {
				sums[-1] += awards[k]
			}
		}
		if len(sums) > 1 {
			s.census.contest(&g)
			s.census.saw("pick " + g.pick)
		}
		win, found := 0, false
		for _, k := range append(slices.Clone(g.clauses), -1) {
			if sum, ok := sums[k]; ok && found && sum == sums[win] && sum > 0 && g.pick == "higher_of" {
				s.census.saw("tie")
			}
			if sum, ok := sums[k]; ok && (!found || g.pick == "higher_of" && sum > sums[win]) {
				win, found = k, true
			}
		}
		for _, i := range members {
			k := s.claims[i].clause
			if g.sum {
				k = g.clauses[0]
			}
			if k != win {
				pays[i] = 0
			}
		}
	}
}
