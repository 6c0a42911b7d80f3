package column

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

var library = sync.OnceValue(func() *content.Library {
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
	rule.DayType:     {"project.started_on", "ent.founded", "event", "param.day"},
	rule.TextType:    {"ent.area", "ent.industry", "ent.size", "setting.mode", "project.code"},
}

// environment declares aggregates of every operation, and parameters of every type.
func environment(t testing.TB) *rule.Env {
	t.Helper()
	lib := library()
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

// grower makes random expressions of a type.
type grower struct{ *rand.Rand }

func (g grower) of(all ...string) string { return all[g.IntN(len(all))] }

func (g grower) typ() rule.Type {
	return []rule.Type{
		rule.BoolType, rule.IntType, rule.DecimalType, rule.MoneyType, rule.ExactType, rule.RateType, rule.DayType, rule.TextType,
	}[g.IntN(8)]
}

func (g grower) leaf(t rule.Type) string {
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
func (g grower) edge() int64 {
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

func (g grower) grow(t rule.Type, depth int) string {
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
		arm(func() string { return in(t, g.of("+", "-", "*"), t) }, func() string { return either(t, "*", rule.IntType) }, func() string { return least(t, t) })
	case rule.DayType:
		arm(func() string { return call(g.of("add_days", "add_months", "add_years"), t, rule.IntType) }, func() string { return least(t, t) })
	}
	return arms[g.IntN(len(arms))]()
}

func (g grower) conditions(depth int) []func() string {
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

// thing is a subject with random facts, drawn when they are first asked for.
type thing struct {
	g        grower
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
func (g grower) fact(code string, typ rule.Type) rule.Outcome {
	switch g.IntN(12) {
	case 0, 1:
		return rule.Outcome{}
	case 2:
		return rule.Outcome{State: rule.None}
	}
	return rule.Outcome{State: rule.Present, Value: g.value(code, typ)}
}

func (g grower) value(code string, typ rule.Type) rule.Value {
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

// chosen answers for parameters and settings, each row its own.
type chosen map[string]rule.Outcome

func (c chosen) Param(id string, ctx *rule.Context) rule.Answer {
	o := c[id]
	a := rule.Answer{Value: o.Value, State: o.State}
	if o.State == rule.Unknown {
		a.Missing = []rule.FactRef{{Subject: rule.RefOf(ctx.Subject), Def: "param." + id}}
	}
	return a
}

func (c chosen) Setting(id string) string { return c[id].Value.Text() }

// contexts draws rows: projects with leases, some years and days not known.
func (g grower) contexts(n int) []*rule.Context {
	var all []*rule.Context
	for i := range n {
		ent := &thing{g: g, kind: content.Enterprise, id: fmt.Sprint("E", i), facts: map[string]rule.Outcome{}}
		p := &thing{g: g, kind: content.Project, id: fmt.Sprint("P", i), parent: ent, facts: map[string]rule.Outcome{}}
		for k := range g.IntN(5) {
			p.children = append(p.children, &thing{g: g, kind: content.Lease, id: fmt.Sprint("L", i, ".", k), parent: p, facts: map[string]rule.Outcome{}})
		}
		c := &rule.Context{Subject: p, Year: 2020 + g.IntN(4), On: 19_000, When: rule.FactRef{Subject: rule.RefOf(p), Def: "when"}}
		if g.IntN(10) == 0 {
			c.Year = 0
		}
		if g.IntN(10) > 0 {
			day := period.Day(18_000 + g.IntN(1500))
			c.Event = &day
		}
		c.Names = chosen{
			"limit": g.fact("", rule.MoneyType), "count": g.fact("", rule.IntType), "factor": g.fact("", rule.DecimalType),
			"rate": g.fact("rate", rule.RateType), "day": g.fact("", rule.DayType),
			"mode": {Value: rule.Text(g.of("investment", "loan")), State: rule.Present},
		}
		all = append(all, c)
	}
	return all
}

// TestRowsAreColumns holds columns against rows: state, value, missing facts and the words of errors.
func TestRowsAreColumns(t *testing.T) {
	env := environment(t)
	var seen census
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		g := grower{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 4))}
		for range 5 {
			n++
			rows := 70
			if n%100 == 0 {
				rows = 2*blockRows + 65
			}
			check(t, g.exprs(env), g.contexts(rows), &seen)
		}
	})
	seen.tell(t, 20_000)
}

// exprs is some expressions that make one program.
func (g grower) exprs(env *rule.Env) []*rule.Expr {
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

// check compares expressions over rows.
func check(t *rapid.T, exprs []*rule.Expr, contexts []*rule.Context, seen *census) {
	t.Helper()
	p, problems := Compile(exprs...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	batch := p.Read(contexts)
	plan := p.Bind(batch)
	seen.plan(exprs, plan, len(contexts))
	m := plan.Machine()
	for at := range plan.Blocks() {
		b := m.At(at)
		for k, x := range exprs {
			b.Eval(k, b.All())
			for i := range b.All().Count() {
				ctx := contexts[b.First()+i]
				want, got := x.Eval(ctx), b.Outcome(k, i)
				for _, gap := range b.Missing(k, i) {
					for _, ref := range gap.Facts() {
						if !slices.Contains(got.Missing, ref) {
							got.Missing = append(got.Missing, ref)
						}
					}
				}
				if told, ok := differ(want, got); ok {
					t.Fatalf("row %d of\n%s\n%s", b.First()+i, x.Source(), told)
				}
				seen.answer(want)
			}
		}
		seen.ties(m)
	}
}

// differ says how two outcomes are not the same.
func differ(want, got rule.Outcome) (string, bool) {
	same := want.State == got.State && len(want.Missing) == len(got.Missing)
	for _, ref := range want.Missing {
		same = same && slices.Contains(got.Missing, ref)
	}
	switch {
	case !same:
	case want.State == rule.Failed:
		a, _ := errs.Message(want.Err)
		b, _ := errs.Message(got.Err)
		same = fmt.Sprint(a) == fmt.Sprint(b)
	case want.State == rule.Present && want.Value.Type() == rule.ExactType:
		same = got.Value.Type() == rule.ExactType && want.Value.Exact().Cmp(got.Value.Exact()) == 0
	case want.State == rule.Present && want.Value.Type() == rule.RateType:
		same = got.Value.Type() == rule.RateType && want.Value.Rate().Cmp(got.Value.Rate()) == 0
	default:
		same = want.Value == got.Value
	}
	return fmt.Sprintf("rows:    %v %v missing %v err %v\ncolumns: %v %v missing %v err %v",
		want.State, want.Value, want.Missing, want.Err, got.State, got.Value, got.Missing, got.Err), !same
}

// census counts what a run came across.
type census struct {
	pairs   int
	states  map[rule.State]int
	fns     map[string]int
	kernels map[string]int
	tied    int
}

func (c *census) plan(exprs []*rule.Expr, pl *Plan, rows int) {
	if c.fns == nil {
		c.states, c.fns, c.kernels = map[rule.State]int{}, map[string]int{}, map[string]int{}
	}
	for _, x := range exprs {
		in := map[string]bool{}
		walk(x.Tree(), in)
		for fn := range in {
			c.fns[fn] += rows
		}
	}
	for name := range pl.Kernels() {
		c.kernels[name] += rows
	}
}

func walk(t *rule.Tree, in map[string]bool) {
	fn := t.Fn
	if fn == "-" && len(t.Args) == 1 {
		fn = "negate"
	}
	if t.Fn == "" && t.Input != nil && t.Input.Aggregate() != nil {
		fn = string(t.Input.Aggregate().Op)
	}
	in[fn] = true
	for _, a := range t.Args {
		walk(a, in)
	}
}

func (c *census) answer(o rule.Outcome) {
	c.pairs++
	c.states[o.State]++
}

// ties counts rows where two equal numbers were compared or picked from.
func (c *census) ties(m *Machine) {
	var tied Bits
	for i := range m.plan.nodes {
		n, v := &m.plan.nodes[i], &m.vecs[i]
		switch n.op {
		case opLess, opGreater, opEqual, opMin, opMax:
		default:
			continue
		}
		if v.epoch != m.epoch {
			continue
		}
		present := v.present(n, v.done)
		var buf [blockRows]uint16
		for _, row := range present.list(&buf) {
			at := int(row)
			x, y := Answers{&m.plan.nodes[n.args[0]], &m.vecs[n.args[0]]}, Answers{&m.plan.nodes[n.args[1]], &m.vecs[n.args[1]]}
			if x.State(at) == rule.Present && y.State(at) == rule.Present && x.Big(at).Cmp(y.Big(at)) == 0 {
				tied.set(at)
			}
		}
	}
	c.tied += tied.Count()
}

// tell prints the counts; each must be a hundredth of all, and they must be enough.
func (c *census) tell(t *testing.T, least int) {
	t.Helper()
	t.Logf("%d answers: %v, rows with a tie %d\noperators: %v\nkernels: %v", c.pairs, c.states, c.tied, c.fns, c.kernels)
	if c.pairs < least {
		t.Errorf("%d answers, want %d", c.pairs, least)
	}
	rare := func(what string, n int) {
		if n*100 < c.pairs {
			t.Errorf("%s: %d of %d, less than a hundredth", what, n, c.pairs)
		}
	}
	rare("tie", c.tied)
	for _, s := range []rule.State{rule.Unknown, rule.Present, rule.None, rule.Failed} {
		rare(s.String(), c.states[s])
	}
	for _, fn := range strings.Fields("&& || ! ?: == != < <= > >= + - negate * min max in in_area in_industry known none " +
		"days span_days year month add_days add_months add_years sum count any all") {
		rare(fn, c.fns[fn])
	}
	for _, name := range []string{ // of widths and checks, which hang on the numbers that were drawn, some are enough
		"plus 64", "plus 64 checked", "minus 64 checked", "times 64", "times 64 checked", "times 128", "times big", "less 64", "less 128",
		"equal 64", "min 64", "choice 64", "narrow 64 checked",
	} {
		if c.kernels[name]*1000 < c.pairs {
			t.Errorf("%s: %d of %d, less than a thousandth", name, c.kernels[name], c.pairs)
		}
	}
}
