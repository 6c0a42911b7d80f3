package ruletest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Library is the content that ships, read once.
var Library = sync.OnceValue(func() *content.Library {
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		panic(err)
	}
	return lib
})

// names is what random expressions about projects read, by type.
var names = map[rule.Type][]string{
	rule.MoneyType:   {"project.investment", "project.software", "ent.revenue", "agg.lease_sum", "agg.lease_max", "param.limit"},
	rule.ExactType:   {"agg.lease_part", "agg.lease_least"},
	rule.IntType:     {"ent.employees", "ent.robots", "year", "agg.leases", "param.count"},
	rule.DecimalType: {"ent.energy_tce", "ent.integration_index", "param.factor"},
	rule.RateType:    {"ent.cnc_rate", "ent.rd_tools_rate", "param.rate"},
	rule.BoolType:    {"ent.above_scale", "project.is_digital", "agg.lease_large", "agg.lease_all"},
	rule.DayType:     {"project.started_on", "ent.founded", "event", "as_of", "param.day"},
	rule.TextType:    {"ent.area", "ent.industry", "ent.size", "setting.mode", "project.code"},
}

// Environment declares aggregates of every operation, and parameters of every type.
func Environment(t testing.TB) *rule.Env {
	t.Helper()
	lib := Library()
	lease, err := rule.NewEnv(lib, content.Lease, rule.Declarations{})
	if err != nil {
		t.Fatal(err)
	}
	member := func(src string, typ rule.Type) *rule.Expr {
		x, problems := lease.Compile(src, rule.Position{}, typ)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return x
	}
	agg := func(id string, op rule.Op, of *rule.Expr, when ...*rule.Expr) *rule.Aggregate {
		return &rule.Aggregate{ID: id, Name: i18n.Text{ZH: id, EN: id}, From: content.Project, Over: content.Lease, Op: op, Of: of, When: when}
	}
	cost, part := member("lease.cost", rule.MoneyType), member(`lease.cost * rate("1/3") * ent.cnc_rate`, rule.ExactType)
	large := member(`lease.cost > money("5元") || lease.cost + lease.cost < money("1元")`, rule.BoolType)
	counts := []*rule.Expr{member("project.is_digital", rule.BoolType), member("lease.cost * 2 != money(\"4元\")", rule.BoolType)}
	param := func(typ rule.Type) rule.Param { return rule.Param{Type: typ, Name: i18n.Text{ZH: "数", EN: "number"}} }
	env, err := rule.NewEnv(lib, content.Project, rule.Declarations{
		Params: map[string]rule.Param{
			"limit": param(rule.MoneyType), "count": param(rule.IntType), "factor": param(rule.DecimalType),
			"rate": param(rule.RateType), "day": param(rule.DayType),
		},
		Settings: map[string][]string{"mode": {"investment", "loan"}},
		Aggregates: []*rule.Aggregate{
			agg("lease_sum", rule.Sum, cost, counts...), agg("lease_max", rule.Max, cost, large), agg("lease_part", rule.Sum, part),
			agg("lease_least", rule.Min, part, counts[0]), agg("leases", rule.Count, nil, large), agg("lease_large", rule.Any, large),
			agg("lease_all", rule.All, large, counts[0]),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// Grower draws programs and facts.
type Grower struct{ *rand.Rand }

// NewGrower draws the same things for the same seed.
func NewGrower(seed uint64) Grower { return Grower{rand.New(rand.NewPCG(seed, 4))} }

func (g Grower) of(all ...string) string { return all[g.IntN(len(all))] }

func (g Grower) typ() rule.Type {
	return []rule.Type{
		rule.BoolType, rule.IntType, rule.DecimalType, rule.MoneyType, rule.ExactType, rule.RateType, rule.DayType, rule.TextType,
	}[g.IntN(8)]
}

func (g Grower) leaf(t rule.Type) string {
	if g.IntN(5) > 0 {
		return g.of(names[t]...)
	}
	switch t {
	case rule.BoolType:
		return g.of("true", "false")
	case rule.IntType:
		return fmt.Sprint(g.edge())
	case rule.MoneyType:
		return fmt.Sprintf("money(%q)", rule.Money(money.Fen(g.edge())))
	case rule.DecimalType:
		return fmt.Sprintf("decimal(%q)", rule.Decimal(g.edge()))
	case rule.RateType:
		return g.of(`rate("1.2%")`, `rate("1/3")`, `rate("7/365")`, `rate("-50%")`, `rate("1/1000000007")`)
	case rule.DayType:
		return fmt.Sprintf("day(%q)", period.Day(g.IntN(30_000)))
	case rule.TextType:
		return g.of(`"large"`, `"nobody"`, `"investment"`)
	}
	return g.of(names[t]...)
}

// edge is whole numbers, some of them where sums and products no longer fit.
func (g Grower) edge() int64 {
	switch g.IntN(8) {
	case 0, 1, 2:
		return g.Int64N(11) - 5
	case 3, 4:
		return g.Int64N(2_000_001) - 1_000_000
	case 5:
		return g.Int64N(1<<50) - 1<<49
	}
	return []int64{math.MaxInt64, -math.MaxInt64, math.MaxInt64 / 2, math.MaxInt64 / 3}[g.IntN(4)]
}

func (g Grower) grow(t rule.Type, depth int) string {
	if depth <= 0 {
		return g.leaf(t)
	}
	sub := func(t rule.Type) string { return g.grow(t, depth-1) }
	in := func(a rule.Type, op string, b rule.Type) string { return "(" + sub(a) + " " + op + " " + sub(b) + ")" }
	either := func(a rule.Type, op string, b rule.Type) string {
		if g.IntN(2) == 0 {
			return in(a, op, b)
		}
		return in(b, op, a)
	}
	call := func(fn string, a, b rule.Type) string { return fn + "(" + sub(a) + ", " + sub(b) + ")" }
	least := func(a, b rule.Type) string { return call(g.of("min", "max"), a, b) }
	arms := []func() string{
		func() string { return "(" + sub(rule.BoolType) + " ? " + sub(t) + " : " + sub(t) + ")" },
	}
	arm := func(more ...func() string) { arms = append(arms, more...) }
	switch t {
	case rule.BoolType:
		arm(g.conditions(depth)...)
	case rule.IntType:
		arm(func() string { return in(t, g.of("+", "-", "*"), t) }, func() string { return "-" + sub(t) }, func() string { return least(t, t) },
			func() string { return call(g.of("days", "span_days"), rule.DayType, rule.DayType) },
			func() string { return g.of("year", "month") + "(" + sub(rule.DayType) + ")" })
	case rule.MoneyType:
		arm(func() string { return in(t, g.of("+", "-"), t) }, func() string { return either(t, "*", rule.IntType) },
			func() string { return "-" + sub(t) }, func() string { return least(t, t) })
	case rule.ExactType:
		arm(func() string { return either(rule.MoneyType, "*", rule.RateType) }, func() string { return either(rule.MoneyType, "*", rule.DecimalType) },
			func() string { return either(t, "*", rule.RateType) }, func() string { return either(t, "*", rule.DecimalType) },
			func() string { return either(t, "*", rule.IntType) }, func() string { return either(t, g.of("+", "-"), rule.MoneyType) },
			func() string { return in(t, g.of("+", "-"), t) }, func() string { return "-" + sub(t) }, func() string { return least(t, t) },
			func() string { return least(t, rule.MoneyType) }, func() string { return "(" + sub(rule.BoolType) + " ? " + sub(t) + " : " + sub(rule.MoneyType) + ")" })
	case rule.DecimalType:
		arm(func() string { return either(t, g.of("+", "-"), rule.IntType) }, func() string { return in(t, g.of("+", "-"), t) },
			func() string { return either(t, "*", rule.IntType) }, func() string { return "-" + sub(t) },
			func() string { return least(t, rule.IntType) }, func() string { return least(t, t) })
	case rule.RateType:
		arm(func() string { return in(t, g.of("+", "-", "*"), t) }, func() string { return either(t, "*", rule.IntType) }, func() string { return least(t, t) },
			func() string { // small, over a denominator where some no longer fit
				return "(" + g.of("ent.cnc_rate", "ent.rd_tools_rate") + ` * rate("1/40000000000000"))`
			})
	case rule.DayType:
		arm(func() string { return call(g.of("add_days", "add_months", "add_years"), t, rule.IntType) }, func() string { return least(t, t) })
	}
	return arms[g.IntN(len(arms))]()
}

func (g Grower) conditions(depth int) []func() string {
	sub := func(t rule.Type) string { return g.grow(t, depth-1) }
	pair := func(a, b rule.Type) func() string {
		return func() string {
			if g.IntN(2) == 0 {
				a, b = b, a
			}
			left, right := sub(a), sub(b)
			if a == b && g.IntN(6) == 0 {
				right = left // a tie
			}
			return "(" + left + " " + g.of("<", "<=", ">", ">=", "==", "!=") + " " + right + ")"
		}
	}
	logic := func() string {
		return "(" + sub(rule.BoolType) + " " + g.of("&&", "||") + " " + sub(rule.BoolType) + ")"
	}
	name := func() string {
		all := names[g.typ()]
		return g.of("known", "none") + "(" + g.of(all...) + ")"
	}
	return []func() string{
		logic, logic, name, func() string { return "!" + sub(rule.BoolType) }, name,
		pair(rule.IntType, rule.IntType), pair(rule.MoneyType, rule.MoneyType), pair(rule.RateType, rule.RateType), pair(rule.DayType, rule.DayType),
		pair(rule.DecimalType, rule.DecimalType), pair(rule.MoneyType, rule.ExactType), pair(rule.ExactType, rule.ExactType), pair(rule.DecimalType, rule.IntType),
		func() string {
			return "(" + sub(rule.BoolType) + " " + g.of("==", "!=") + " " + sub(rule.BoolType) + ")"
		},
		func() string {
			return "(" + g.of("ent.size", "setting.mode", "project.code") + " " + g.of("==", "!=") + ` (true ? "large" : "loan"))`
		},
		func() string { return "(project.code in " + g.of(`["large", "nobody", "P1"]`, `["medium"]`) + ")" },
		func() string {
			return "(" + g.of(sub(rule.IntType), "year") + " in " + g.of("[0, 3, 12, 2022]", "[2021, 5]") + ")"
		},
		func() string { return "in_area(ent.area, " + g.of(`"320900", "320500"`, `"110000"`) + ")" },
		func() string { return "in_industry(ent.industry, " + g.of(`"C", "34-38"`, `"A"`) + ")" },
	}
}

// Exprs is some expressions that make one program.
func (g Grower) Exprs(env *rule.Env) []*rule.Expr {
	var all []*rule.Expr
	for len(all) == 0 || g.IntN(2) == 0 {
		typ := g.typ()
		x, problems := env.Compile(g.grow(typ, 1+g.IntN(4)), rule.Position{}, typ)
		if len(problems) == 0 { // else too long, or too deep
			all = append(all, x)
		}
	}
	return all
}
