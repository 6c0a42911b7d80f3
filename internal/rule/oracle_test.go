package rule

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
)

// The oracle: expressions as trees that are evaluated on fractions of unlimited size and sets of missing facts, written
// from the promises of the package's documentation and sharing no code with it.

type verdict struct {
	state State
	num   *big.Rat // money and exact in fen, days since 1970, others as they are
	truth bool
	miss  map[string]bool
}

type tree struct {
	text string
	typ  Type
	eval func(facts map[string]verdict) verdict
}

var failed = verdict{state: Failed}

func number(r *big.Rat) verdict { return verdict{state: Present, num: r} }
func truth(b bool) verdict      { return verdict{state: Present, truth: b} }

func union(vs ...verdict) verdict {
	u := verdict{state: Unknown, miss: map[string]bool{}}
	for _, v := range vs {
		maps.Copy(u.miss, v.miss)
	}
	return u
}

func any_(s State, vs ...verdict) bool {
	return slices.ContainsFunc(vs, func(v verdict) bool { return v.state == s })
}

// fits says that a number can be held by a type.
func fits(t Type, r *big.Rat) bool {
	n := new(big.Rat).Set(r)
	switch t {
	case IntType, MoneyType:
		return n.IsInt() && n.Num().IsInt64()
	case DecimalType:
		n.Mul(n, big.NewRat(1_000_000, 1))
		return n.IsInt() && n.Num().IsInt64()
	case RateType:
		return n.Num().IsInt64() && n.Denom().IsInt64()
	}
	return true
}

func strict(f func(vs []verdict) verdict, args ...tree) func(map[string]verdict) verdict {
	return func(facts map[string]verdict) verdict {
		vs := make([]verdict, len(args))
		for i, a := range args {
			vs[i] = a.eval(facts)
		}
		switch {
		case any_(Failed, vs...):
			return failed
		case any_(None, vs...):
			return verdict{state: None}
		case any_(Unknown, vs...):
			return union(vs...)
		}
		return f(vs)
	}
}

func infix(op string, typ Type, a, b tree, f func(x, y *big.Rat) *big.Rat) tree {
	return tree{fmt.Sprintf("(%s %s %s)", a.text, op, b.text), typ, strict(func(vs []verdict) verdict {
		if typ == DecimalType && op != "*" && (!fits(DecimalType, vs[0].num) || !fits(DecimalType, vs[1].num)) {
			return failed // a whole number that is no decimal
		}
		r := f(vs[0].num, vs[1].num)
		if !fits(typ, r) {
			return failed
		}
		return number(r)
	}, a, b)}
}

func plus(x, y *big.Rat) *big.Rat  { return new(big.Rat).Add(x, y) }
func minus(x, y *big.Rat) *big.Rat { return new(big.Rat).Sub(x, y) }
func times(x, y *big.Rat) *big.Rat { return new(big.Rat).Mul(x, y) }

func compared(op string, a, b tree) tree {
	holds := map[string]func(c int) bool{
		"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 }, ">": func(c int) bool { return c > 0 },
		">=": func(c int) bool { return c >= 0 }, "==": func(c int) bool { return c == 0 }, "!=": func(c int) bool { return c != 0 },
	}[op]
	return tree{fmt.Sprintf("(%s %s %s)", a.text, op, b.text), BoolType, strict(func(vs []verdict) verdict {
		return truth(holds(vs[0].num.Cmp(vs[1].num)))
	}, a, b)}
}

func joined(op string, a, b tree) tree {
	decides := op == "||"
	return tree{fmt.Sprintf("(%s %s %s)", a.text, op, b.text), BoolType, func(facts map[string]verdict) verdict {
		l, r := a.eval(facts), b.eval(facts)
		for _, v := range []verdict{l, r} {
			if v.state == Failed {
				return failed
			}
		}
		switch {
		case l.state == Present && l.truth == decides, r.state == Present && r.truth == decides:
			return truth(decides)
		case any_(Unknown, l, r):
			return union(l, r)
		case any_(None, l, r):
			return verdict{state: None}
		}
		return truth(!decides)
	}}
}

func chosen(c, a, b tree) tree {
	return tree{fmt.Sprintf("(%s ? %s : %s)", c.text, a.text, b.text), a.typ, func(facts map[string]verdict) verdict {
		cond := c.eval(facts)
		switch {
		case cond.state == Failed:
			return failed
		case cond.state == Present && cond.truth:
			return a.eval(facts)
		case cond.state == Present:
			return b.eval(facts)
		}
		x, y := a.eval(facts), b.eval(facts)
		switch {
		case any_(Failed, x, y):
			return failed
		case x.state == Present && y.state == Present && same(x, y):
			return x
		case x.state == None && y.state == None:
			return x
		case any_(Unknown, cond, x, y):
			return union(cond, x, y)
		}
		return verdict{state: None}
	}}
}

func same(x, y verdict) bool {
	return x.truth == y.truth && (x.num == nil) == (y.num == nil) && (x.num == nil || x.num.Cmp(y.num) == 0)
}

func picked(fn string, typ Type, a, b tree) tree {
	return tree{fmt.Sprintf("%s(%s, %s)", fn, a.text, b.text), typ, func(facts map[string]verdict) verdict {
		x, y := a.eval(facts), b.eval(facts)
		switch {
		case any_(Failed, x, y):
			return failed
		case any_(Unknown, x, y):
			return union(x, y)
		case x.state == None:
			x = y
		case y.state == Present && (fn == "min") == (y.num.Cmp(x.num) < 0):
			x = y
		}
		if x.state == Present && !fits(typ, x.num) {
			return failed
		}
		return x
	}}
}

// The facts that expressions of the oracle read.
var oracleFacts = map[string]Type{
	"project.investment": MoneyType, "project.software": MoneyType, "ent.revenue": MoneyType, "ent.employees": IntType,
	"ent.robots": IntType, "ent.cnc_rate": RateType, "ent.rd_tools_rate": RateType, "ent.energy_tce": DecimalType,
	"ent.integration_index": DecimalType, "ent.above_scale": BoolType, "project.is_digital": BoolType,
	"project.started_on": DayType, "ent.founded": DayType,
}

type grower struct {
	t      *rapid.T
	closed bool // known and none are left out
}

func (g grower) one(n int) int { return rapid.IntRange(0, n-1).Draw(g.t, "choice") }

func (g grower) leaf(typ Type) tree {
	var ids []string
	for id, t := range oracleFacts {
		if t == typ {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	if len(ids) > 0 && g.one(3) > 0 {
		id := ids[g.one(len(ids))]
		return tree{id, typ, func(facts map[string]verdict) verdict { return facts[id] }}
	}
	constant := func(text string, v verdict) tree {
		return tree{text, typ, func(map[string]verdict) verdict { return v }}
	}
	switch typ {
	case BoolType:
		b := g.one(2) == 0
		return constant(fmt.Sprint(b), truth(b))
	case IntType:
		n := edges.Draw(g.t, "int")
		return constant(fmt.Sprint(n), number(new(big.Rat).SetInt64(n)))
	case MoneyType:
		n := edges.Draw(g.t, "fen")
		return constant(fmt.Sprintf("money(%q)", Value{typ: MoneyType, num: n}), number(new(big.Rat).SetInt64(n)))
	case DecimalType:
		n := edges.Draw(g.t, "millionths")
		return constant(fmt.Sprintf("decimal(%q)", Decimal(n)), number(big.NewRat(n, 1_000_000)))
	case RateType:
		n := rapid.Int64Range(-2_000_000, 2_000_000).Draw(g.t, "ppm")
		return constant(fmt.Sprintf("rate(%q)", FactValue(content.Rate, n, "")), number(big.NewRat(n, 1_000_000)))
	case DayType:
		d := rapid.Int64Range(0, 30_000).Draw(g.t, "day")
		return constant(fmt.Sprintf("day(%q)", period.Day(d)), number(new(big.Rat).SetInt64(d)))
	}
	return g.grow(ExactType, 1)
}

// edges is whole numbers, many of them where sums and products no longer fit.
var edges = rapid.OneOf(rapid.Int64Range(-5, 5), rapid.Int64Range(-1_000_000, 1_000_000),
	rapid.SampledFrom([]int64{math.MaxInt64, -math.MaxInt64, math.MaxInt64 / 2, math.MaxInt64 / 3}))

func (g grower) grow(typ Type, depth int) tree {
	if depth <= 0 && typ != ExactType {
		return g.leaf(typ)
	}
	sub := func(t Type) tree { return g.grow(t, depth-1) }
	arms := []func() tree{func() tree { return chosen(sub(BoolType), sub(typ), sub(typ)) }}
	arm := func(f func() tree) { arms = append(arms, f) }
	switch typ {
	case BoolType:
		orders := []string{"<", "<=", ">", ">=", "==", "!="}
		pairs := [][2]Type{
			{MoneyType, MoneyType},
			{MoneyType, ExactType},
			{ExactType, MoneyType},
			{ExactType, ExactType},
			{IntType, IntType},
			{IntType, DecimalType},
			{DecimalType, IntType},
			{DecimalType, DecimalType},
			{RateType, RateType},
			{DayType, DayType},
		}
		arms = []func() tree{
			func() tree { p := pairs[g.one(len(pairs))]; return compared(orders[g.one(6)], sub(p[0]), sub(p[1])) },
			func() tree { return joined("&&", sub(BoolType), sub(BoolType)) },
			func() tree { return joined("||", sub(BoolType), sub(BoolType)) },
			func() tree {
				a := sub(BoolType)
				return tree{"!" + a.text, BoolType, strict(func(vs []verdict) verdict { return truth(!vs[0].truth) }, a)}
			},
			func() tree { return chosen(sub(BoolType), sub(BoolType), sub(BoolType)) },
		}
		if !g.closed {
			arm(func() tree { return g.about("known") })
			arm(func() tree { return g.about("none") })
		}
	case IntType:
		arm(func() tree { return infix("+", typ, sub(typ), sub(typ), plus) })
		arm(func() tree { return infix("-", typ, sub(typ), sub(typ), minus) })
		arm(func() tree { return infix("*", typ, sub(typ), sub(typ), times) })
		arm(func() tree {
			a, b := sub(DayType), sub(DayType)
			return tree{fmt.Sprintf("days(%s, %s)", a.text, b.text), typ, strict(func(vs []verdict) verdict { return number(minus(vs[1].num, vs[0].num)) }, a, b)}
		})
	case MoneyType:
		arm(func() tree { return infix("+", typ, sub(typ), sub(typ), plus) })
		arm(func() tree { return infix("-", typ, sub(typ), sub(typ), minus) })
		arm(func() tree { return infix("*", typ, sub(typ), sub(IntType), times) })
		arm(func() tree { return infix("*", typ, sub(IntType), sub(typ), times) })
		arm(func() tree { return picked("min", typ, sub(typ), sub(typ)) })
	case ExactType:
		arms = []func() tree{
			func() tree { return infix("*", typ, g.grow(MoneyType, depth-1), sub(RateType), times) },
			func() tree { return infix("*", typ, sub(DecimalType), g.grow(MoneyType, depth-1), times) },
		}
		if depth > 0 {
			arm(func() tree { return infix("+", typ, sub(ExactType), sub(MoneyType), plus) })
			arm(func() tree { return infix("-", typ, sub(MoneyType), sub(ExactType), minus) })
			arm(func() tree { return infix("*", typ, sub(ExactType), sub(IntType), times) })
			arm(func() tree { return picked("max", typ, sub(ExactType), sub(MoneyType)) })
			arm(func() tree { return chosen(sub(BoolType), sub(MoneyType), sub(ExactType)) })
		}
	case DecimalType:
		arm(func() tree { return infix("+", typ, sub(typ), sub(IntType), plus) })
		arm(func() tree { return infix("-", typ, sub(IntType), sub(typ), minus) })
		arm(func() tree { return infix("*", typ, sub(typ), sub(IntType), times) })
		arm(func() tree { return picked("max", typ, sub(IntType), sub(typ)) })
	case RateType:
		arm(func() tree { return infix("+", typ, sub(typ), sub(typ), plus) })
		arm(func() tree { return infix("*", typ, sub(typ), sub(typ), times) })
		arm(func() tree { return infix("*", typ, sub(typ), sub(IntType), times) })
	case DayType:
		arm(func() tree { return picked("min", typ, sub(typ), sub(typ)) })
	}
	return arms[g.one(len(arms))]()
}

// about is known(x) or none(x).
func (g grower) about(fn string) tree {
	ids := slices.Sorted(maps.Keys(oracleFacts))
	id := ids[g.one(len(ids))]
	return tree{fn + "(" + id + ")", BoolType, func(facts map[string]verdict) verdict {
		v := facts[id]
		if fn == "none" && v.state == Unknown {
			return v
		}
		return truth(v.state == map[string]State{"known": Present, "none": None}[fn])
	}}
}

// drawn is a fact with its verdict for the oracle.
type drawn struct {
	value   Value
	state   State
	verdict verdict
}

func drawFact(t *rapid.T, id string, states []State) drawn {
	typ := oracleFacts[id]
	d := drawn{state: rapid.SampledFrom(states).Draw(t, id)}
	switch d.state {
	case Unknown:
		d.verdict = verdict{state: Unknown, miss: map[string]bool{id: true}}
		return d
	case None:
		d.verdict = verdict{state: None}
		return d
	}
	n := edges.Draw(t, id)
	switch typ {
	case BoolType:
		d.value, d.verdict = Bool(n&1 == 0), truth(n&1 == 0)
	case IntType:
		d.value, d.verdict = Int(n), number(new(big.Rat).SetInt64(n))
	case MoneyType:
		d.value, d.verdict = FactValue(content.Money, n, ""), number(new(big.Rat).SetInt64(n))
	case DecimalType:
		d.value, d.verdict = Decimal(n), number(big.NewRat(n, 1_000_000))
	case RateType:
		d.value, d.verdict = FactValue(content.Rate, n, ""), number(big.NewRat(n, 1_000_000))
	case DayType:
		n = (n%30_000 + 30_000) % 30_000
		d.value, d.verdict = Day(period.Day(n)), number(new(big.Rat).SetInt64(n))
	}
	return d
}

// world is a subject of any kind with drawn facts: it stands for the project and its enterprise.
type world struct {
	kind  string
	facts map[string]drawn
}

func (w *world) Kind() string { return w.kind }
func (w *world) ID() string   { return "1" }
func (w *world) Name() string { return "" }
func (w *world) Fact(def content.FactDef, _ period.Period, _ period.Day) (Value, State) {
	return w.facts[def.Code].value, w.facts[def.Code].state
}

func (w *world) Parent() Subject {
	if w.kind == content.Enterprise {
		return nil
	}
	return &world{content.Enterprise, w.facts}
}
func (w *world) Children(string) []Subject { return nil }

func (w *world) verdicts() map[string]verdict {
	all := map[string]verdict{}
	for id, d := range w.facts {
		all[id] = d.verdict
	}
	return all
}

func verdictOf(o Outcome) verdict {
	v := verdict{state: o.State}
	switch o.State {
	case Unknown:
		v.miss = map[string]bool{}
		for _, m := range o.Missing {
			v.miss[m.Def] = true
		}
	case Present:
		switch o.Value.Type() {
		case BoolType:
			v.truth = o.Value.Bool()
		case RateType:
			v.num = o.Value.Rate().Rat()
		case DecimalType:
			v.num = big.NewRat(o.Value.Millionths(), 1_000_000)
		default:
			v.num = new(big.Rat).SetInt64(o.Value.num)
		}
	}
	return v
}

func TestOracle(t *testing.T) {
	env, _ := programme(t, content.Project)
	types := []Type{BoolType, IntType, MoneyType, DecimalType, RateType, DayType}
	seen := map[State]int{}
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(types).Draw(t, "type")
		x := grower{t: t}.grow(typ, rapid.IntRange(1, 4).Draw(t, "depth"))
		e, problems := env.Compile(x.text, Position{}, typ)
		if len(problems) > 0 {
			if problems[0].Msg.Key == "rule.too_long" || problems[0].Msg.Key == "rule.too_deep" {
				t.Skip()
			}
			t.Fatal(problems)
		}
		w := &world{content.Project, map[string]drawn{}}
		for _, id := range slices.Sorted(maps.Keys(oracleFacts)) {
			w.facts[id] = drawFact(t, id, []State{Present, Present, Present, Unknown, None})
		}
		want := x.eval(w.verdicts())
		got := verdictOf(e.Eval(&Context{Subject: w, Year: 2022}))
		seen[want.state]++
		if got.state != want.state || got.state == Present && !same(got, want) || !maps.Equal(got.miss, want.miss) {
			t.Fatalf("%s\nwith %v\n got %+v\nwant %+v", x.text, w.facts, got, want)
		}
	})
	t.Logf("answers by state: %v", seen)
}

// TestAnswersStand fills in what was missing: an answer that was given without it may not change, unless what came does
// not fit.
func TestAnswersStand(t *testing.T) {
	env, _ := programme(t, content.Project)
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]Type{BoolType, MoneyType, DecimalType}).Draw(t, "type")
		x := grower{t: t, closed: true}.grow(typ, rapid.IntRange(1, 4).Draw(t, "depth"))
		e, problems := env.Compile(x.text, Position{}, typ)
		if len(problems) > 0 {
			t.Skip()
		}
		ids := slices.Sorted(maps.Keys(oracleFacts))
		w := &world{content.Project, map[string]drawn{}}
		for _, id := range ids {
			w.facts[id] = drawFact(t, id, []State{Present, Unknown, Unknown, None})
		}
		before := e.Eval(&Context{Subject: w, Year: 2022})
		if before.State == Unknown || before.State == Failed {
			t.Skip()
		}
		for range 5 {
			full := &world{content.Project, maps.Clone(w.facts)}
			for _, id := range ids {
				if full.facts[id].state == Unknown {
					full.facts[id] = drawFact(t, id, []State{Present, Present, None})
				}
			}
			after := e.Eval(&Context{Subject: full, Year: 2022})
			if after.State != Failed && (after.State != before.State || after.Value.String() != before.Value.String()) {
				t.Fatalf("%s\nwas %s, and is %s when the facts came", x.text, told(before), told(after))
			}
		}
	})
}
