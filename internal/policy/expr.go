package policy

import (
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

var paramTypes = map[string]rule.Type{
	"money": rule.MoneyType, "rate": rule.RateType, "int": rule.IntType, "decimal": rule.DecimalType, "date": rule.DayType,
}

// environments makes one for each kind of subject: aggregates first, since they are part of the others.
func (c *compiler) environments() {
	decl := rule.Declarations{Params: map[string]rule.Param{}, Settings: map[string][]string{}}
	for _, p := range c.p.params {
		if t, ok := paramTypes[p.Type]; ok {
			decl.Params[p.ID] = rule.Param{Type: t, Name: p.Name}
		}
	}
	for _, s := range c.p.File.Settings {
		decl.Settings[s.ID] = optionIDs(s)
	}
	c.makeEnvs(decl)
	seen := map[string]bool{}
	for i := range c.p.File.Aggregates {
		if agg := c.aggregate([]any{"aggregates", i}, &c.p.File.Aggregates[i], seen); agg != nil {
			decl.Aggregates = append(decl.Aggregates, agg)
		}
	}
	c.makeEnvs(decl)
}

func (c *compiler) makeEnvs(decl rule.Declarations) {
	for _, kind := range kinds {
		env, err := rule.NewEnv(c.p.lib, kind, decl)
		if err != nil {
			c.report(nil, "policy.environment", err.Error())
			continue
		}
		c.p.envs[kind] = env
	}
}

func (c *compiler) aggregate(path []any, src *Aggregate, seen map[string]bool) *rule.Aggregate {
	c.id(at(path, "id"), src.ID, seen)
	c.place(path, src.Place)
	ok := c.oneOf(at(path, "from"), src.From, kinds...)
	ok = c.oneOf(at(path, "over"), src.Over, kinds...) && ok
	ok = c.oneOf(at(path, "op"), src.Op, "sum", "count", "max", "min", "any", "all") && ok
	if !ok {
		return nil
	}
	agg := &rule.Aggregate{ID: src.ID, Name: src.Name, From: src.From, Over: src.Over, Op: rule.Op(src.Op)}
	if src.Of != "" {
		want := []rule.Type{rule.MoneyType, rule.ExactType, rule.IntType, rule.DecimalType}
		if src.Op == "any" || src.Op == "all" {
			want = []rule.Type{rule.BoolType}
		}
		if agg.Of = c.expr(at(path, "of"), src.Of, src.Over, want...); agg.Of == nil {
			return nil
		}
	}
	for i, when := range src.When {
		x := c.expr(at(path, "when", i), when, src.Over, rule.BoolType)
		if x == nil {
			return nil
		}
		agg.When = append(agg.When, x)
	}
	if _, err := agg.Type(); err != nil {
		c.report(path, "policy.aggregate_type", src.ID, err.Error())
		return nil
	}
	return agg
}

// expr compiles an expression about subjects of a kind; nil with problems.
func (c *compiler) expr(path []any, src, kind string, want ...rule.Type) *rule.Expr {
	env, ok := c.p.envs[kind]
	if !ok {
		return nil
	}
	if src == "" {
		c.report(path, "policy.empty_expression")
		return nil
	}
	line, col := c.doc.At(c.where(path)...)
	x, problems := env.Compile(src, rule.Position{File: c.doc.File, Source: c.doc.Source, Line: line, Col: col}, want...)
	if len(problems) > 0 {
		c.problems = append(c.problems, problems...)
		return nil
	}
	c.event = c.event || strings.Contains(src, "event")
	for _, name := range x.Uses() {
		c.used[name] = true
	}
	return x
}

// context is what expressions are evaluated for.
func (a *asking) context() *rule.Context {
	c := &rule.Context{Subject: a.s, Year: a.at.year, On: min(a.at.day, a.asOf), AsOf: a.asOf, Names: a, Trace: a.opt.Trace}
	if !a.k.yearly {
		day := a.at.day
		c.Event = &day
	}
	return c
}

// Param answers param.x in expressions.
func (a *asking) Param(id string, _ *rule.Context) rule.Answer {
	return a.plan.answerFor(id, a.s, a.at)
}

// answerFor is the value of a parameter for a subject on a day.
func (pl *Plan) answerFor(id string, s rule.Subject, at asked) rule.Answer {
	i := pl.Policy.pindex[id]
	v := pl.valueFor(i, s, at)
	if len(v.missing) > 0 {
		out := rule.Answer{State: rule.Unknown}
		for _, def := range v.missing {
			out.Missing = append(out.Missing, waitedFor(s, def, at.day))
		}
		return out
	}
	if v.state == rule.None {
		return rule.Answer{State: rule.None}
	}
	return rule.Answer{State: rule.Present, Value: v.low.value(pl.params[i].Type)}
}

// valueFor is a parameter for a subject on a day.
func (pl *Plan) valueFor(i int, s rule.Subject, at asked) found {
	return pl.value(i, at, func(def content.FactDef) (rule.Value, rule.State) { return readOn(s, def, at.day) })
}

// Setting answers setting.x in expressions.
func (a *asking) Setting(id string) string { return a.plan.Settings[id] }

func (v number) value(kind string) rule.Value {
	switch kind {
	case "money":
		return rule.Money(v.fen)
	case "rate":
		return rule.Rate(v.rate)
	case "decimal":
		return rule.Decimal(v.n)
	case "date":
		return rule.Day(period.Day(v.n))
	}
	return rule.Int(v.n)
}

// quantity evaluates an expression of money. Name is shown as a step of the formula; "" shows none.
func (a *asking) quantity(x *rule.Expr, name string) quantity {
	out := a.eval(x)
	q := quantity{state: out.State}
	if a.opt.Trace {
		q.read = facts(out.Read)
	}
	switch out.State {
	case rule.Failed:
		a.fail(out.Err)
	case rule.Present:
		q.low = out.Value.Exact()
		q.high, q.point = q.low, true
		if name != "" && a.opt.Trace {
			a.term(Term{Name: message(name), Expr: x.Source(), Value: q.low.String(), Read: q.read, Cite: a.k.Cite, money: true})
		}
	case rule.Unknown:
		q.state, q.open, q.missing = rule.Present, true, out.Missing
		if name != "" && a.opt.Trace {
			a.term(Term{Name: message(name), Expr: x.Source(), Value: "?", Read: q.read, Cite: a.k.Cite})
		}
	}
	return q
}

// fail keeps the first error: a decision with an amount that does not fit is no decision.
func (d *decider) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

func refOf(s rule.Subject) Ref { return Ref(rule.RefOf(s)) }

func factOf(r rule.FactRef) Fact { return Fact{Subject: Ref(r.Subject), Def: r.Def, Period: r.Period} }

func facts(reads []rule.FactRead) []Fact {
	out := make([]Fact, 0, len(reads))
	for _, r := range reads {
		f := factOf(r.FactRef)
		if r.State == rule.Present {
			f.Value = r.Value.String()
		}
		out = append(out, f)
	}
	return out
}

func readFact(lib *content.Library, code string) content.FactDef {
	def, _ := rule.FactDef(lib, code)
	return def
}
