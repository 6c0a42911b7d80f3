package diagnosis

import (
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Fitting is a clause that would pay for a project as advice has it.
type Fitting struct {
	Policy *policy.Policy
	Clause string
	Least  policy.Interval // for a project at the least that the advice costs
	Most   policy.Interval // at the most
}

// Fitting is the clauses of policies that a project would fall under that does what the advice says in a year, with what each would pay: sure
// where all that they ask is known, possible where more would have to be so. Only those are told that may pay something.
func (a Advice) Fitting(firm rule.Subject, plans []*policy.Plan, year int) ([]Fitting, error) {
	var all []Fitting
	for _, plan := range plans {
		least, err := a.pays(firm, plan, year, a.Least)
		if err != nil {
			return nil, err
		}
		most, err := a.pays(firm, plan, year, a.Most)
		if err != nil {
			return nil, err
		}
		for _, c := range plan.Policy.File.Clauses {
			if x := most[c.ID]; x.Sure > 0 || x.Possible > 0 || x.Unbounded {
				all = append(all, Fitting{plan.Policy, c.ID, least[c.ID], x})
			}
		}
	}
	return all, nil
}

// pays is what clauses would pay for the project, by their ids.
func (a Advice) pays(firm rule.Subject, plan *policy.Plan, year int, cost money.Fen) (map[string]policy.Interval, error) {
	if cost == 0 {
		return nil, nil
	}
	d, err := plan.Decide(planned{firm, a, year, cost}, period.Date(year, 12, 31), policy.Options{Whole: true})
	if err != nil {
		return nil, fmt.Errorf("decide on a project of advice %s: %w", a.ID, err)
	}
	m := map[string]policy.Interval{}
	for _, l := range d.Lines {
		if l.Subject.ID == a.project() && l.State != policy.NotMet {
			m[l.Clause] = l.Pays
		}
	}
	return m, nil
}

// project is the id of the project that the advice would become.
func (a Advice) project() string { return "advice-" + a.ID }

// planned is a firm with one more project: the one that advice would become.
type planned struct {
	rule.Subject
	advice Advice
	year   int
	cost   money.Fen
}

// Children are those of the firm, with the project.
func (p planned) Children(kind string) []rule.Subject {
	all := p.Subject.Children(kind)
	if kind == content.Project {
		return append(all[:len(all):len(all)], proposed{p})
	}
	return all
}

// proposed is the project: what it costs is put into it in one year, and it is for the transformation. Nothing else is known of it.
type proposed struct{ of planned }

func (p proposed) Kind() string                   { return content.Project }
func (p proposed) ID() string                     { return p.of.advice.project() }
func (p proposed) Name() string                   { return p.of.advice.Title }
func (p proposed) Parent() rule.Subject           { return p.of }
func (p proposed) Children(string) []rule.Subject { return nil }

func (p proposed) Fact(def content.FactDef, at period.Period, _ period.Day) (rule.Value, rule.State) {
	in := at.YearOf() == p.of.year
	switch def.Code {
	case "project.is_digital":
		return rule.Bool(true), rule.Present
	case "project.accepted_on":
		return rule.Day(period.Date(p.of.year, 12, 31)), rule.Present
	case "project.plan_total":
		return rule.Money(p.of.cost), rule.Present
	case "project.effective_input", "project.investment":
		if in {
			return rule.Money(p.of.cost), rule.Present
		}
		return rule.Money(0), rule.Present // nothing before it began, nor once it is done
	}
	return rule.Value{}, rule.Unknown
}

// Told is a firm as it may be told to somebody: of it what the facts name, where it lies and its trade. All else is not known.
type Told struct {
	rule.Subject
	Facts []string
}

// Fact is one of those that may be told.
func (t Told) Fact(def content.FactDef, p period.Period, on period.Day) (rule.Value, rule.State) {
	if def.Code == rule.AreaCode || def.Code == rule.IndustryCode || slices.Contains(t.Facts, def.Code) {
		return t.Subject.Fact(def, p, on)
	}
	return rule.Value{}, rule.Unknown
}

// Children are none: what belongs to a firm is not told.
func (t Told) Children(string) []rule.Subject { return nil }
