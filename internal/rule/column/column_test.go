package column

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
)

// TestNoKernel plants a function that the language has and columns do not: the problem names its place.
func TestNoKernel(t *testing.T) {
	env := ruletest.Environment(t)
	file := "clauses:\n  - of: project.investment + project.software\n"
	at := rule.Position{File: "policy.yaml", Source: []byte(file), Line: 2, Col: 9}
	x, problems := env.Compile("project.investment + project.software", at, rule.MoneyType)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	tree := x.Tree()
	tree.Fn = "median"
	p := newProgram()
	_, problems = p.addTree(tree, x)
	if len(problems) != 1 {
		t.Fatalf("%d problems, want one: %v", len(problems), problems)
	}
	if got := problems[0]; got.File != "policy.yaml" || got.Line != 2 || got.Col != 28 || got.Msg.Key != "rule.no_column" {
		t.Errorf("got %+v", got)
	}
	if s := (i18n.T{Lang: i18n.EN}).Msg(problems[0].Msg); !strings.Contains(s, "median") {
		t.Errorf("the problem does not name the function: %s", s)
	}
}

// TestEveryFunctionHasAKernel compiles each function of the language: none may be left out.
func TestEveryFunctionHasAKernel(t *testing.T) {
	env := ruletest.Environment(t)
	for _, src := range []string{
		`known(ent.revenue) && none(ent.revenue) || !(year == 2022)`, `min(ent.employees, 3) != max(ent.robots, 4)`,
		`add_days(event, 1) < add_months(event, 1)`, `add_years(event, 1) >= event && days(event, event) > span_days(event, event)`,
		`year(event) <= month(event) + 1 - 2 * -3`, `ent.size in ["large"] && in_area(ent.area, "320900") && in_industry(ent.industry, "C")`,
		`(ent.above_scale ? money("1元") : money("2元")) * rate("1/3") > money("0元")`, `decimal("0.5") > 0 && day("2022-01-28") == event`,
	} {
		x, problems := env.Compile(src, rule.Position{}, rule.BoolType)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if _, problems := Compile(x); len(problems) > 0 {
			t.Errorf("%s: %v", src, problems)
		}
	}
}

// TestOrderDoesNotMatter asks the same blocks in another order, for other rows first, and by a machine that was used
// before: the answers are the same.
func TestOrderDoesNotMatter(t *testing.T) {
	env := ruletest.Environment(t)
	for seed := range uint64(6) {
		g := ruletest.NewGrower(seed)
		exprs := g.Exprs(env)
		p, problems := Compile(exprs...)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		const n = blockRows + 40
		plan := p.Bind(p.Read(g.Contexts(n)))
		first := answers(plan, plan.Machine(), g, false)
		used := plan.Machine()
		answers(plan, used, g, true)
		if again := answers(plan, used, g, true); first != again {
			t.Fatalf("seed %d: the answers depend on what was asked before", seed)
		}
	}
}

// answers is every outcome of a plan as a text. shuffled asks in random order, in pieces.
func answers(pl *Plan, m *Machine, g ruletest.Grower, shuffled bool) string {
	told := make([]string, pl.Rows()*len(pl.outs))
	order := make([]int, pl.Blocks())
	for i := range order {
		order[i] = i
	}
	if shuffled {
		g.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	for _, at := range order {
		b := m.At(at)
		rows := b.All()
		numbers := rows.list(new([blockRows]uint16))
		if shuffled {
			g.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
		}
		for _, i := range numbers {
			for k := range pl.outs {
				o := b.Outcome(k, int(i))
				told[(b.First()+int(i))*len(pl.outs)+k] = fmt.Sprint(o.State, o.Value, o.Err, len(b.Missing(k, int(i))))
			}
		}
	}
	return strings.Join(told, "\n")
}

// TestNoGarbage works blocks out without asking for memory, as long as numbers have at most 128 bits.
func TestNoGarbage(t *testing.T) {
	plan := region(t, 4*blockRows)
	m := plan.Machine()
	allocated := testing.AllocsPerRun(20, func() {
		for at := range plan.Blocks() {
			b := m.At(at)
			for k := range plan.outs {
				b.Eval(k, b.All())
			}
		}
	})
	if allocated > float64(plan.Blocks()) { // the Block itself
		t.Errorf("%v allocations for %d blocks", allocated, plan.Blocks())
	}
}

// clause is a clause as policies write them, in three expressions.
var clause = []struct {
	src string
	typ rule.Type
}{
	{`in_area(ent.area, "320900") && ent.above_scale && project.is_digital && project.investment >= money("500万元") && event >= day("2019-01-28")`, rule.BoolType},
	{`min(project.investment * rate("12%"), money("500万元"))`, rule.ExactType},
	{`project.investment * ent.cnc_rate * rate("1/3") + agg.lease_sum`, rule.ExactType},
}

// region is a plan over many rows without edges.
func region(t testing.TB, n int) *Plan {
	t.Helper()
	env := ruletest.Environment(t)
	var exprs []*rule.Expr
	for _, c := range clause {
		x, problems := env.Compile(c.src, rule.Position{}, c.typ)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		exprs = append(exprs, x)
	}
	p, problems := Compile(exprs...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	g := ruletest.NewGrower(1)
	b := &Batch{Rows: n, Dict: NewDict(), Columns: map[string]*Column{}, Below: map[Level]*Below{}}
	fill := func(b *Batch, in *rule.Input) {
		c := NewColumn(in.Type(), b.Dict, b.Rows)
		for i := range b.Rows {
			v := g.Value(in.ID(), in.Type())
			if in.Type() == rule.MoneyType {
				v = rule.FactValue(content.Money, g.Int64N(5_000_000_000), "")
			}
			state := rule.Present
			if g.IntN(30) == 0 {
				state = rule.Unknown
			}
			c.Set(i, v, state)
		}
		b.Columns[in.ID()] = c.Close()
	}
	for _, in := range p.Inputs() {
		fill(b, in)
	}
	for _, level := range p.Levels() {
		below := NewBelow(n, nil)
		rows := 0
		for range n {
			rows += g.IntN(3)
			below.Close(rows, true)
		}
		below.Batch = &Batch{Rows: rows, Dict: b.Dict, Columns: map[string]*Column{}}
		for _, in := range p.Level(level).Inputs() {
			fill(below.Batch, in)
		}
		b.Below[level] = below
	}
	return p.Bind(b)
}

// BenchmarkClause is a clause, conditions for all rows and amounts where they hold: by rows, by columns, and by a loop that
// somebody wrote for this clause alone. It tells the time of the processor, which other work on the machine lengthens less.
func BenchmarkClause(b *testing.B) {
	plan := region(b, 100*blockRows)
	m := plan.Machine()
	b.Run("columns", func(b *testing.B) {
		perRow(b, plan.Rows(), func() {
			for at := range plan.Blocks() {
				block := m.At(at)
				all := block.All()
				met := block.Eval(0, all).True(all)
				block.Eval(1, met)
				block.Eval(2, met)
			}
		})
	})
	b.Run("fused", func(b *testing.B) {
		f := newFused(plan.batch)
		perRow(b, plan.Rows(), f.run)
	})
	b.Run("rows", func(b *testing.B) {
		g := ruletest.NewGrower(1)
		contexts := g.Contexts(blockRows)
		exprs := plan.program.outs
		perRow(b, len(contexts), func() {
			for _, c := range contexts {
				if exprs[0].expr.Eval(c).True() {
					exprs[1].expr.Eval(c)
					exprs[2].expr.Eval(c)
				}
			}
		})
	})
}

// BenchmarkFold binds a program with an aggregate over the members of many rows.
func BenchmarkFold(b *testing.B) {
	plan := region(b, 100*blockRows)
	below := plan.batch.Below[plan.program.Levels()[0]]
	before := processor(b)
	for b.Loop() {
		below.kept = newKept()
		plan.program.Bind(plan.batch)
	}
	b.ReportMetric(float64(processor(b)-before)/float64(b.N)/float64(below.Batch.Rows), "cpu-ns/member")
}

// perRow reports the processor's time for each row.
func perRow(b *testing.B, rows int, run func()) {
	b.ResetTimer()
	before := processor(b)
	for b.Loop() {
		run()
	}
	b.ReportMetric(float64(processor(b)-before)/float64(b.N)/float64(rows), "cpu-ns/row")
}

func processor(b *testing.B) int64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return r.Utime.Nano() + r.Stime.Nano()
}

// fused is the clause of the benchmark written by hand, over the same columns: no unknown, no overflow, no other clause.
type fused struct {
	area                               []bool // by code
	code, day, investment, rate, lease []int64
	scale, digital                     bitmap
	amount, part                       []int64
}

func newFused(batch *Batch) *fused {
	col := func(id string) *Column { return batch.Columns[id] }
	f := &fused{
		code: col("ent.area").n64, day: col("event").n64, investment: col("project.investment").n64, rate: col("ent.cnc_rate").n64,
		scale: col("ent.above_scale").truth, digital: col("project.is_digital").truth,
	}
	f.lease, f.amount, f.part = make([]int64, len(f.code)), make([]int64, len(f.code)), make([]int64, len(f.code))
	for _, word := range batch.Dict.words {
		f.area = append(f.area, word == "320903")
	}
	return f
}

func (f *fused) run() {
	const least, cap, from = 5_000_000_00, 5_000_000_00, 17_924
	for i, code := range f.code {
		if !f.area[code] || !f.scale.has(i) || !f.digital.has(i) || f.investment[i] < least || f.day[i] < from {
			continue
		}
		f.amount[i] = min(f.investment[i]*3, cap*25)
		f.part[i] = f.investment[i]*f.rate[i] + f.lease[i]*3_000_000
	}
}
