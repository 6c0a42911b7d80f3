package policy

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

func stagesPlan(t *testing.T) *Plan {
	t.Helper()
	src, err := os.ReadFile("testdata/stages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l := compile(t, "testdata/patterns/27-pool").lib
	p, problems := Compile(l, "stages.yaml", src)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plan, err := p.Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// askedBy is what the stages' clauses and ranks read, by kind.
var askedBy = map[string][]string{
	content.Project: {"project.approved_on", "project.is_digital", "project.review_score", "project.investment", "project.decided_amount"},
	content.Loan:    {"loan.drawn_on", "loan.principal"},
	content.Honour:  {"honour.awarded_on", "honour.level"},
}

// drawTown is a few enterprises of which one fact in so many is not known.
func drawTown(t *rapid.T, l *content.Library, oneIn int) []*caseSubject {
	var town []*caseSubject
	for i := range rapid.IntRange(1, 4).Draw(t, "firms") {
		root := &caseSubject{kind: content.Enterprise, id: fmt.Sprint("F", i), facts: map[caseFact]caseValue{}}
		root.set(rule.AreaCode, period.Period{}, rule.Text("320902"))
		for _, kind := range sortedKeys(askedBy) {
			for n := range rapid.IntRange(0, 2).Draw(t, kind) {
				root.child(kind, fmt.Sprint(kind, n))
			}
		}
		town = append(town, root)
	}
	eachFact(l, town, func(s *caseSubject, def content.FactDef, when period.Period) {
		if rapid.IntRange(1, oneIn).Draw(t, "known") > 1 {
			s.fill(t, l, def, when)
		}
	})
	return town
}

func eachFact(l *content.Library, town []*caseSubject, do func(s *caseSubject, def content.FactDef, when period.Period)) {
	for _, root := range town {
		for _, s := range all(root) {
			for _, code := range askedBy[s.kind] {
				def := readFact(l, code)
				seen := map[period.Period]bool{}
				for _, y := range []int{2022, 2023} {
					when := periodOf(def, period.Date(y, 12, 31))
					if !seen[when] {
						seen[when] = true
						do(s, def, when)
					}
				}
			}
		}
	}
}

// fill states a fact: in a few days of two years and with few scores, so that many are equal.
func (s *caseSubject) fill(t *rapid.T, l *content.Library, def content.FactDef, when period.Period) {
	switch {
	case rapid.IntRange(0, 11).Draw(t, "none") == 0:
		s.facts[caseFact{def.Code, when}] = caseValue{state: rule.None}
	case def.Type == content.Date:
		s.set(def.Code, when, rule.Day(period.Date(rapid.IntRange(2022, 2023).Draw(t, def.Code), 6, rapid.IntRange(1, 4).Draw(t, "day"))))
	case def.Type == content.Decimal:
		s.set(def.Code, when, rule.Decimal(int64(rapid.IntRange(0, 3).Draw(t, def.Code))*1_000_000))
	case def.Type == content.Bool:
		s.set(def.Code, when, rule.Bool(rapid.IntRange(0, 3).Draw(t, def.Code) > 0))
	default:
		s.set(def.Code, when, drawValue(t, l, def))
	}
}

// decideTown settles the enterprises together.
func decideTown(t *rapid.T, plan *Plan, town []*caseSubject) ([]*Decision, *Allotment) {
	var decisions []*Decision
	for _, firm := range rapid.Permutation(town).Draw(t, "order") {
		d, err := plan.Decide(firm, period.Date(2023, 12, 31), Options{})
		if err != nil {
			t.Fatal(err)
		}
		decisions = append(decisions, d)
	}
	a := plan.Allot(decisions)
	for _, d := range decisions {
		d.Apply(a)
	}
	return decisions, a
}

// TestEveryWorld fills in what is not known, in all enterprises at once: what each is paid, what each quota and pool comes to,
// and what any of the enterprises get together, for one clause or for all, lies within what was said before. And of what is
// known nothing is paid over, and of a pool that pays all it has nothing is left.
func TestEveryWorld(t *testing.T) {
	plan := stagesPlan(t)
	l := plan.Policy.lib
	rapid.Check(t, func(t *rapid.T) {
		town := drawTown(t, l, rapid.SampledFrom([]int{3, 8, 20}).Draw(t, "ignorance"))
		known, allotted := decideTown(t, plan, town)
		again, _ := decideTown(t, plan, town) // in another order
		for _, d := range again {
			if before := decisionOf(known, d.Subject.ID); before.Total != d.Total || before.State != d.State {
				t.Fatalf("%s gets %+v, in another order of the enterprises %+v", d.Subject.ID, before.Total, d.Total)
			}
		}
		clause := rapid.SampledFrom([]string{"", "demo", "invest", "loan", "title", "decided"}).Draw(t, "clause")
		some := map[string]bool{}
		for _, d := range known {
			some[d.Subject.ID] = rapid.Bool().Draw(t, "some")
		}
		most := mostOf(known, allotted, some, clause)
		eachFact(l, town, func(s *caseSubject, def content.FactDef, when period.Period) {
			if _, ok := s.facts[caseFact{def.Code, when}]; !ok {
				s.fill(t, l, def, when)
			}
		})
		world, settled := decideTown(t, plan, town)
		got := money.Fen(0)
		for _, d := range world {
			before := decisionOf(known, d.Subject.ID)
			if !within(before.Total, d.Total) {
				t.Fatalf("%s gets %+v, was said to get %+v", d.Subject.ID, d.Total, before.Total)
			}
			for i := range d.Lines {
				if x := &d.Lines[i]; some[d.Subject.ID] && (clause == "" || x.Clause == clause) {
					got += x.Pays.Sure
				}
			}
		}
		if got > most {
			t.Fatalf("%v get %s together by %q, were said to get %s at most", some, got, clause, most)
		}
		for _, s := range settled.Sums {
			for _, before := range allotted.Sums {
				if before.Stage == s.Stage && before.Year == s.Year && (!within(before.Pays, s.Pays) || !within(before.Claimed, s.Claimed)) {
					t.Fatalf("%s %d: claims %+v, pays %+v; was said to claim %+v, to pay %+v", s.Stage, s.Year, s.Claimed, s.Pays, before.Claimed, before.Pays)
				}
			}
			keeps(t, s)
		}
	})
}

// keeps says that what a stage pays keeps its budget, and uses it up where it pays all it has.
func keeps(t *rapid.T, s StageSum) {
	if s.Kind == QuotaKind {
		if s.Met > s.Most {
			t.Fatalf("%s %d: %d lines have one of %d places", s.Stage, s.Year, s.Met, s.Most)
		}
		return
	}
	if s.Pays.Possible > s.Budget || s.least > s.Budget {
		t.Fatalf("%s %d pays %+v out of %s", s.Stage, s.Year, s.Pays, s.Budget)
	}
	whole := s.Stage != "titles_fund" && s.Stage != "tens"
	if whole && s.Claimed.Exact() && s.Pays != (Interval{Sure: min(s.Budget, s.Claimed.Sure), Possible: min(s.Budget, s.Claimed.Sure)}) {
		t.Fatalf("%s %d claims %+v and pays %+v out of %s", s.Stage, s.Year, s.Claimed, s.Pays, s.Budget)
	}
}

func decisionOf(all []*Decision, id string) *Decision {
	for _, d := range all {
		if d.Subject.ID == id {
			return d
		}
	}
	return nil
}

// mostOf is the most that some of the enterprises get together by a clause, or in all.
func mostOf(all []*Decision, a *Allotment, some map[string]bool, clause string) money.Fen {
	var held Held
	outside := money.Fen(0)
	for _, d := range all {
		if !some[d.Subject.ID] {
			continue
		}
		_, stakes := d.Stakes(a)
		for _, s := range stakes {
			switch {
			case clause != "" && s.Clause != clause:
			case s.Sum >= 0:
				held.Add(s, a)
			default:
				outside = plus(outside, s.Possible)
			}
		}
	}
	return plus(outside, held.Most(a))
}

// contestants is the entries of a stage, each of which may turn out in several ways.
type contestants struct {
	entries []*entry
	unsure  []bool // of its rank
}

// drawContest draws entries in a known order, some of whose ranks, amounts or presence are not known.
func drawContest(t *rapid.T) contestants {
	var c contestants
	n := rapid.IntRange(1, 4).Draw(t, "entries")
	for i := range n {
		e := &entry{key: lineKey{enterprise: fmt.Sprint(i)}, sure: true, before: -1, least: money.Fen(rapid.IntRange(1, 9).Draw(t, "least"))}
		e.most = e.least
		at := bound{value: money.Of(money.Fen(n - i))}
		e.low, e.high = []bound{at}, []bound{at}
		switch rapid.IntRange(0, 4).Draw(t, "unknown") {
		case 0:
			e.most += money.Fen(rapid.IntRange(1, 5).Draw(t, "more"))
		case 1:
			e.low, e.high = []bound{{beyond: -1}}, []bound{{beyond: 1}}
		case 2:
			e.sure, e.least = false, 0
		}
		c.entries, c.unsure = append(c.entries, e), append(c.unsure, e.low[0] != e.high[0])
	}
	return c
}

// worlds is every order and every end of an amount: the entries in the order in which they come, with their amounts.
func (c contestants) worlds(yield func(order []int, amounts []money.Fen)) {
	var arrange func(order, left []int)
	amounts := make([]money.Fen, len(c.entries))
	var choose func(order []int, i int)
	choose = func(order []int, i int) {
		if i == len(c.entries) {
			yield(order, amounts)
			return
		}
		e := c.entries[i]
		for _, x := range []money.Fen{e.least, e.most} { // of one that is not there, nothing
			amounts[i] = x
			choose(order, i+1)
		}
	}
	arrange = func(order, left []int) {
		if len(left) == 0 {
			choose(order, 0)
			return
		}
		for k, i := range left {
			ahead := false // of it in the known order, and still to come
			for _, j := range left[:k] {
				ahead = ahead || !c.unsure[j]
			}
			if c.unsure[i] || !ahead {
				rest := append(append([]int{}, left[:k]...), left[k+1:]...)
				arrange(append(append([]int{}, order...), i), rest)
			}
		}
	}
	var left []int
	for i := range c.entries {
		left = append(left, i)
	}
	arrange(nil, left)
}

// TestBoundsAreReached goes through every world of a few entries: what is said of each is not only kept but reached, at both
// ends, and so is the most that is said of some of them together, and of all.
func TestBoundsAreReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawContest(t)
		st := &stage{kind: rapid.SampledFrom([]string{QuotaKind, PoolKind}).Draw(t, "kind"), pays: "in_order", last: "rest", to: 1}
		limit := number{n: int64(rapid.IntRange(0, 3).Draw(t, "places")), fen: money.Fen(rapid.IntRange(0, 25).Draw(t, "budget"))}
		some := make([]bool, len(c.entries))
		for i := range some {
			some[i] = rapid.Bool().Draw(t, "some")
		}
		sum := st.settle(2022, limit, c.entries, nil)
		g := &gathered{quota: st.kind == QuotaKind}
		for i, e := range c.entries {
			if some[i] {
				g.add(e.result.low, e.result.high, e.result.state == Met, &e.spot)
			}
		}
		said, most, all := sum.leaves(g), money.Fen(0), [2]money.Fen{unbounded, 0}
		lows, highs := make([]money.Fen, len(c.entries)), make([]money.Fen, len(c.entries))
		for i := range lows {
			lows[i] = unbounded
		}
		c.worlds(func(order []int, amounts []money.Fen) {
			together, total := money.Fen(0), money.Fen(0)
			left, places := limit.fen, limit.n
			for _, i := range order {
				paid := money.Fen(0)
				switch {
				case amounts[i] == 0: // it is not there
				case st.kind == PoolKind:
					paid = min(amounts[i], left)
				case places > 0:
					paid = amounts[i]
					places--
				}
				left -= paid
				lows[i], highs[i] = min(lows[i], paid), max(highs[i], paid)
				if total += paid; some[i] {
					together += paid
				}
			}
			most = max(most, together)
			all[0], all[1] = min(all[0], total), max(all[1], total)
		})
		for i, e := range c.entries {
			if e.result.low != lows[i] || e.result.high != highs[i] {
				t.Errorf("entry %d of %+v is said to get [%d, %d], and gets [%d, %d]", i, e, e.result.low, e.result.high, lows[i], highs[i])
			}
		}
		if said != most {
			t.Errorf("%v are said to get %d together at most, and get %d", some, said, most)
		}
		there := !slices.ContainsFunc(c.entries, func(e *entry) bool { return !e.sure }) // else one with a fen may take a place
		if !within(sum.Pays, interval(all[0], all[1])) || sum.Pays.Possible != all[1] || st.kind == PoolKind && there && sum.Pays.Sure != all[0] {
			t.Errorf("all are said to get %+v, and get %v", sum.Pays, all)
		}
	})
}
