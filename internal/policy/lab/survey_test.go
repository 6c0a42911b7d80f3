package lab

import (
	"slices"
	"strconv"
	"testing"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// traced is a full trace of every firm under a plan.
func (w *world) traced(o *Outcome, plan *policy.Plan) map[int64]*policy.Decision {
	w.t.Helper()
	all := map[int64]*policy.Decision{}
	for f := range o.After.Firms() {
		d, err := w.Runner.Decide(ctx, w.view(), plan, f.ID, o.AsOf)
		must(w.t, err)
		all[f.ID] = d
	}
	return all
}

// failed is the one check that keeps a line from being met; "" where there is none, or more.
func failed(l policy.Line) string {
	found := ""
	for _, c := range l.Checks {
		if c.State != policy.NotMet {
			continue
		}
		if found != "" || c.Kind == "area" || c.Kind == "validity" {
			return ""
		}
		found = c.ID
	}
	return found
}

func TestSurvey(t *testing.T) {
	w := newWorldOf(t, 80)
	counties := 0 // that would have to give more
	for _, name := range []string{"numbers", "answers", "a budget"} {
		o := w.run(scenarios()[name])
		s, err := w.Survey(ctx, o)
		must(t, err)
		plan := o.Plan.Unstaged()
		all := w.traced(o, plan)
		told := map[missKey]int{}
		for i, m := range s.Misses {
			told[missKey{m.Firm.ID, m.Clause, m.Check}] += len(m.At)
			waived, ok := plan.Waived(m.Clause, m.Check)
			if !ok {
				t.Fatalf("%s: %s cannot be waived of %s", name, m.Check, m.Clause)
			}
			then, err := w.Runner.Decide(ctx, w.view(), waived, m.Firm.ID, o.AsOf)
			must(t, err)
			now := all[m.Firm.ID]
			if want := then.Total.Sure + then.InKind.Sure - now.Total.Sure - now.InKind.Sure; m.Gain != want {
				t.Errorf("%s: %s would gain %d by %s of %s, want %d", name, m.Firm.Name, m.Gain, m.Check, m.Clause, want)
			}
			var floors [2]money.Fen
			for k, d := range []*policy.Decision{now, then} {
				if d.Floor != nil {
					floors[k] = d.Floor.Sure
				}
			}
			if want := floors[1] - floors[0]; m.Floor != want {
				t.Errorf("%s: the county of %s would give %d more by %s of %s, want %d", name, m.Firm.Name, m.Floor, m.Check, m.Clause, want)
			} else if want > 0 {
				counties++
			}
			if i > 0 && m.Gain > s.Misses[i-1].Gain {
				t.Errorf("%s: out of order", name)
			}
		}
		want := map[missKey]int{}
		for id, d := range all {
			for i := range d.Lines {
				if l := &d.Lines[i]; l.State == policy.NotMet && l.Year != 0 {
					if check := failed(*l); check != "" && !called(d, l, check) && !nothing(l, check) {
						want[missKey{id, l.Clause, check}]++
					}
				}
			}
		}
		if len(want) == 0 || len(told) != len(want) {
			t.Errorf("%s: %d misses are told, want %d", name, len(told), len(want))
		}
		for k, n := range want {
			if told[k] != n {
				t.Errorf("%s: %+v is told of %d places, want %d", name, k, told[k], n)
			}
		}
		w.checkCliffs(s, all)
	}
	if counties == 0 {
		t.Error("no county would have to give more")
	}
}

// A year in which there is nothing at all is no near miss; one with little is.
func TestNothingIsNotNear(t *testing.T) {
	need := money.Fen(500)
	for have, want := range map[money.Fen]bool{0: true, 1: false} {
		l := &policy.Line{Remaining: []policy.Remaining{{Check: "other"}, {Check: "min_input", Have: &have, Need: &need}}}
		if nothing(l, "min_input") != want || nothing(l, "other") {
			t.Errorf("with %d: nothing is %v", have, !want)
		}
	}
}

func (w *world) checkCliffs(s *Survey, all map[int64]*policy.Decision) {
	w.t.Helper()
	found := 0
	for _, c := range s.Cliffs(20) {
		jump := money.Fen(0)
		for i, m := range c.Firms {
			gap, need, _ := m.nearest()
			if gap <= 0 || gap*5 > need {
				w.t.Errorf("%s stands %d below %d", m.Firm.Name, gap, need)
			}
			if i > 0 {
				if before, _, _ := c.Firms[i-1].nearest(); before > gap {
					w.t.Error("cliffs: out of order")
				}
			}
			jump += m.Gain
			found++
		}
		if jump != c.Jump {
			w.t.Errorf("the jump at %s is %d, want %d", c.Check, c.Jump, jump)
		}
	}
	want := map[missKey]bool{}
	for id, d := range all {
		for _, l := range d.Lines {
			for _, r := range l.Remaining {
				if r.Distance != nil && failed(l) == r.Check && *r.Distance*5 <= *r.Need {
					want[missKey{id, l.Clause, r.Check}] = true
				}
			}
		}
	}
	if found != len(want) || found == 0 {
		w.t.Errorf("%d firms stand at a cliff, want %d", found, len(want))
	}
}

// A ceiling binds nobody exactly where no decision would be another one if it were as high as may be.
func TestCeilingsThatBindNobody(t *testing.T) {
	w := newWorldOf(t, 80)
	idle := map[string]bool{}
	for _, limit := range []string{"", "2亿元", "1元"} {
		s := Scenario{Policy: yancheng}
		if limit != "" {
			s.Changes = []policy.Patch{change("loan_ceiling", "", limit), change("investment_ceiling", "", limit)}
		}
		o := w.run(s)
		survey, err := w.Survey(ctx, o)
		must(t, err)
		if len(survey.Ceilings) == 0 {
			t.Fatal("no ceilings")
		}
		for _, c := range survey.Ceilings {
			high := s
			high.Changes = append(slices.Clone(s.Changes), change(c.ID, "", "900亿元"))
			if (w.run(high).After.Sum == o.After.Sum) != (c.Firms+c.Perhaps == 0) || (c.Cut == 0) != (c.Firms == 0) {
				t.Errorf("with %q, %s cuts %d for %d firms and perhaps %d", limit, c.ID, c.Cut, c.Firms, c.Perhaps)
			}
			idle[c.ID] = idle[c.ID] || c.Firms == 0
		}
	}
	if !idle["loan_ceiling"] || !idle["investment_ceiling"] {
		t.Error("no ceiling was ever idle")
	}
}

func TestAdviceForAMiss(t *testing.T) {
	w := newWorldOf(t, 80)
	o := w.run(Scenario{Policy: yancheng})
	s, err := w.Survey(ctx, o)
	must(t, err)
	for _, m := range s.Of("c9", "min_input") {
		all, err := w.Advice(ctx, o, m.Firm.ID, "c9")
		must(t, err)
		for _, a := range all {
			if a.Gain > 0 && len(a.Changes) > 0 {
				return
			}
		}
	}
	t.Error("nobody is told what to do")
}

func TestPreview(t *testing.T) {
	w := newWorldOf(t, 80)
	for _, s := range []Scenario{{Policy: yancheng}, scenarios()["numbers"], scenarios()["a budget"], scenarios()["looked"]} {
		p, err := w.Preview(ctx, w.view(), s, asOf)
		must(t, err)
		o := w.run(s)
		var total money.Fen
		for _, g := range p.Grants {
			var of money.Fen
			for _, x := range g.Of {
				of += x
			}
			total += g.Pays
			if of != g.Pays || g.Pays > g.Known || g.Pays <= 0 || g.Known != g.Firm.Total.Sure+g.Firm.InKind.Sure {
				t.Errorf("%s: %+v", s.Name, g)
			}
		}
		var clauses money.Fen
		for _, c := range p.Clauses {
			clauses += c.Pays
		}
		known := o.After.Sum.Total.Sure + o.After.Sum.InKind.Sure
		if total != p.Total || clauses != total || s.Budget == 0 && total+p.Holds != known || s.Budget == 0 && total == 0 || len(p.Held) == 0 {
			t.Errorf("%s: %d by firm, %d by clause, %d in all, %d held of %d", s.Name, total, clauses, p.Total, p.Holds, known)
		}
	}
}

// The runner behind a preview reads nothing that nobody verified, in columns as in rows.
func TestPreviewOfVerifiedFacts(t *testing.T) {
	w := newWorldOf(t, 30)
	verified := w.Runner.Verified()
	plan, err := w.Plan(ctx, w.view().Seq(), Scenario{Policy: yancheng})
	must(t, err)
	r, err := verified.Run(ctx, w.view(), plan.Law, asOf)
	must(t, err)
	for f := range r.Firms() {
		d, err := verified.Decide(ctx, w.view(), plan.Law, f.ID, asOf)
		must(t, err)
		if d.Total != f.Total || d.InKind != f.InKind {
			t.Errorf("%s: columns say %+v, a row %+v", f.Name, f.Total, d.Total)
		}
		for _, l := range d.Lines {
			for _, c := range l.Checks {
				for _, read := range c.Read {
					w.mustBeVerified(read)
				}
			}
		}
	}
}

func (w *world) mustBeVerified(read policy.Fact) {
	w.t.Helper()
	id, err := strconv.ParseInt(read.Subject.ID, 10, 64)
	must(w.t, err)
	row, ok := w.view().Row(id)
	if _, known := w.Library.FactDef(read.Def); !ok || !known {
		return // a membership
	}
	cell := row.At(w.view().Column(read.Def, read.Period))
	def, _ := w.Library.FactDef(read.Def)
	if cell.Known && cell.Status != fact.Verified && !w.Library.OfRecord(def, w.view().Authority(cell)) && read.Value != "" {
		w.t.Errorf("%s of %s was read and nobody verified it", read.Def, read.Subject.ID)
	}
}
