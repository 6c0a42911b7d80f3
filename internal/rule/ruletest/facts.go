package ruletest

import (
	"fmt"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// thing is a subject with random facts, drawn when they are first asked for.
type thing struct {
	g        Grower
	kind, id string
	parent   *thing
	children []*thing
	facts    map[string]rule.Outcome
}

func (s *thing) Kind() string { return s.kind }
func (s *thing) ID() string   { return s.id }
func (s *thing) Name() string { return "" }

func (s *thing) Parent() rule.Subject {
	if s.parent == nil {
		return nil
	}
	return s.parent
}

func (s *thing) Children(kind string) []rule.Subject {
	var all []rule.Subject
	for _, c := range s.children {
		if c.kind == kind {
			all = append(all, c)
		}
		all = append(all, c.Children(kind)...)
	}
	return all
}

func (s *thing) Fact(def content.FactDef, p period.Period, _ period.Day) (rule.Value, rule.State) {
	key := def.Code + p.String()
	o, ok := s.facts[key]
	if !ok {
		typ := rule.TypeOf(def.Type)
		if def.Code == rule.AreaCode || def.Code == rule.IndustryCode {
			typ = rule.TextType
		}
		o = s.g.fact(def.Code, typ)
		s.facts[key] = o
	}
	return o.Value, o.State
}

// fact draws a fact; some are unknown and some none.
func (g Grower) fact(code string, typ rule.Type) rule.Outcome {
	switch g.IntN(12) {
	case 0, 1:
		return rule.Outcome{}
	case 2:
		return rule.Outcome{State: rule.None}
	}
	return rule.Outcome{State: rule.Present, Value: g.Value(code, typ)}
}

// Value draws a value for the name with a code.
func (g Grower) Value(code string, typ rule.Type) rule.Value {
	switch typ {
	case rule.BoolType:
		return rule.Bool(g.IntN(2) == 0)
	case rule.IntType:
		return rule.Int(g.edge())
	case rule.DecimalType:
		return rule.Decimal(g.edge())
	case rule.MoneyType:
		return rule.Money(money.Fen(g.edge()))
	case rule.RateType:
		if code == "rate" {
			r, err := money.NewRate(g.Int64N(100), 1+g.Int64N(400))
			if err != nil {
				panic(err)
			}
			return rule.Rate(r)
		}
		return rule.Rate(money.PPM(g.Int64N(2_000_000) - 200_000))
	case rule.DayType:
		return rule.Day(period.Day(g.IntN(30_000)))
	}
	switch code {
	case rule.AreaCode:
		return rule.Text(g.of("320903", "320500", "110000", "nowhere"))
	case rule.IndustryCode:
		return rule.Text(g.of("C3670", "3670", "34", "A01"))
	}
	return rule.Text(g.of("large", "P1", "medium"))
}

// Chosen answers for parameters and settings, each row its own.
type Chosen map[string]rule.Outcome

// Param is the answer to a parameter.
func (c Chosen) Param(id string, ctx *rule.Context) rule.Answer {
	o := c[id]
	a := rule.Answer{Value: o.Value, State: o.State}
	if o.State == rule.Unknown {
		a.Missing = []rule.FactRef{{Subject: rule.RefOf(ctx.Subject), Def: "param." + id}}
	}
	return a
}

// Setting is the word of a setting.
func (c Chosen) Setting(id string) string { return c[id].Value.Text() }

// Enterprise draws an enterprise with projects, loans and honours, some of them below a project.
func (g Grower) Enterprise() rule.Subject {
	below := func(kind string, n int, parent *thing) *thing {
		t := &thing{g: g, kind: kind, id: fmt.Sprint(kind, parent.id, ".", n), parent: parent, facts: map[string]rule.Outcome{}}
		parent.children = append(parent.children, t)
		return t
	}
	ent := &thing{g: g, kind: content.Enterprise, id: fmt.Sprint("E", g.Uint64()), facts: map[string]rule.Outcome{}}
	for n := range g.IntN(3) {
		p := below(content.Project, n, ent)
		if g.IntN(2) == 0 {
			below(content.Loan, 0, p)
		}
	}
	for n := range g.IntN(2) {
		below(content.Loan, n, ent)
		below(content.Honour, n, ent)
	}
	return ent
}

// Contexts draws rows: projects with leases, some years and days not known.
func (g Grower) Contexts(n int) []*rule.Context {
	var all []*rule.Context
	for i := range n {
		ent := &thing{g: g, kind: content.Enterprise, id: fmt.Sprint("E", i), facts: map[string]rule.Outcome{}}
		p := &thing{g: g, kind: content.Project, id: fmt.Sprint("P", i), parent: ent, facts: map[string]rule.Outcome{}}
		for k := range g.IntN(5) {
			p.children = append(p.children, &thing{g: g, kind: content.Lease, id: fmt.Sprint("L", i, ".", k), parent: p, facts: map[string]rule.Outcome{}})
		}
		c := &rule.Context{Subject: p, Year: 2020 + g.IntN(4), On: 19_000, When: rule.FactRef{Subject: rule.RefOf(p), Def: "when"}}
		c.AsOf = c.On + period.Day(g.IntN(900)-300) // some before the question, which then is the day of asking
		if g.IntN(10) == 0 {
			c.Year = 0
		}
		if g.IntN(10) > 0 {
			day := period.Day(18_000 + g.IntN(1500))
			c.Event = &day
		}
		c.Names = Chosen{
			"limit": g.fact("", rule.MoneyType), "count": g.fact("", rule.IntType), "factor": g.fact("", rule.DecimalType),
			"rate": g.fact("rate", rule.RateType), "day": g.fact("", rule.DayType),
			"mode": {Value: rule.Text(g.of("investment", "loan")), State: rule.Present},
		}
		all = append(all, c)
	}
	return all
}
