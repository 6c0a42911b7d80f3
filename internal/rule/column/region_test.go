package column

import (
	"math"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
)

// promise is a clause as a region is asked for it: conditions one after the other, and an amount where all of them hold.
type promise struct {
	when []string
	of   string
}

// document is fifteen rules over sixteen columns, as a city's document has them.
func document() []promise {
	place := []string{`in_area(ent.area, "320902", "320903", "320904", "320921", "320922")`, `event >= day("2022-01-28") && event <= day("2024-12-31")`}
	scale := append(place[:2:2], "ent.above_scale")
	and := func(when []string, more ...string) []string { return append(when[:len(when):len(when)], more...) }
	return []promise{
		{scale, `min(param.loan * rate("1.1%"), money("200万元"))`},
		{
			and(scale, `param.input >= money("500万元")`, `min(param.invest * rate("11%"), money("500万元")) >= param.other`),
			`min(param.invest * rate("11%"), money("500万元"))`,
		},
		{and(scale, "param.nation || param.province"), `param.nation ? money("300万元") : money("200万元")`},
		{and(scale, "param.scene"), `money("50万元")`},
		{and(scale, "param.cloud"), `money("50万元")`},
		{and(place, "param.service"), `money("100万元")`},
		{and(place, "param.provider", `param.sales >= money("1000万元")`), `param.sales * rate("10%")`},
		{and(place, "param.base"), `money("50万元")`},
		{and(place, "param.training"), `money("30万元")`},
	}
}

// rare is how many of a hundred enterprises have an award, or an amount.
var rare = map[string]float64{
	"ent.above_scale": 60, "param.loan": 40, "param.invest": 50, "param.input": 50, "param.other": 15, "param.nation": 0.4,
	"param.province": 2, "param.scene": 3, "param.cloud": 5, "param.service": 0.5, "param.provider": 2, "param.sales": 5,
	"param.base": 0.4, "param.training": 0.4,
}

// city is the document, bound to so many enterprises.
type city struct {
	plan  *Plan
	when  [][]int // outs of the conditions of each promise
	of    []int
	total []int64
}

func newCity(t testing.TB, n int) *city {
	t.Helper()
	params := map[string]rule.Param{}
	for _, id := range []string{"loan", "invest", "input", "other", "sales"} {
		params[id] = rule.Param{Type: rule.MoneyType, Name: i18n.Text{ZH: id, EN: id}}
	}
	for _, id := range []string{"nation", "province", "scene", "cloud", "service", "provider", "base", "training"} {
		params[id] = rule.Param{Type: rule.BoolType, Name: i18n.Text{ZH: id, EN: id}}
	}
	env, err := rule.NewEnv(ruletest.Library(), content.Enterprise, rule.Declarations{Params: params})
	if err != nil {
		t.Fatal(err)
	}
	c, p, numbers := &city{total: make([]int64, n)}, newProgram(), map[string]int{}
	add := func(src string, want ...rule.Type) int {
		if _, ok := numbers[src]; !ok {
			x, problems := env.Compile(src, rule.Position{}, want...)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if numbers[src], problems = p.add(x); len(problems) > 0 {
				t.Fatal(problems)
			}
		}
		return numbers[src]
	}
	for _, d := range document() {
		var when []int
		for _, src := range d.when {
			when = append(when, add(src, rule.BoolType))
		}
		c.when, c.of = append(c.when, when), append(c.of, add(d.of, rule.MoneyType, rule.ExactType))
	}
	b := &Batch{Rows: n, Dict: NewDict(), Columns: map[string]*Column{}, Below: map[Level]*Below{}}
	g := ruletest.NewGrower(6)
	areas := []string{"320902", "320903", "320904", "320921", "320922", "320923", "320924", "320925", "320981", "320982", "320900"}
	for _, in := range p.Inputs() {
		col := NewColumn(in.Type(), b.Dict, n)
		for i := range n {
			has := g.Float64()*100 < rare[in.ID()]
			v := rule.Bool(has)
			switch {
			case in.Type() == rule.MoneyType && has:
				v = rule.Money(money.Fen(min(math.Exp(15.5+1.4*g.NormFloat64()), 2e9) * 100))
			case in.Type() == rule.MoneyType:
				v = rule.Money(0)
			case in.Type() == rule.DayType:
				v = rule.Day(period.Date(2021, 7, 1) + period.Day(g.IntN(1460)))
			case in.Type() == rule.TextType:
				v = rule.Text(areas[g.IntN(len(areas))])
			}
			col.Set(i, v, rule.Present)
		}
		b.Columns[in.ID()] = col.Close()
	}
	c.plan = p.Bind(b)
	return c
}

// run works every total out, rounded clause by clause.
func (c *city) run(m *Machine) (budget int64) {
	clear(c.total)
	for at := range c.plan.Blocks() {
		b := m.At(at)
		total := c.total[b.First():min(b.First()+blockRows, len(c.total))]
		for k, when := range c.when {
			met := b.All()
			for _, out := range when {
				met = b.Eval(out, met).True(met)
			}
			of := b.Eval(c.of[k], met)
			budget += of.pay(total, met)
		}
	}
	return budget
}

// pay adds the amounts of some rows, each rounded to the fen.
func (a Answers) pay(total []int64, some Bits) (sum int64) {
	numbers, den := a.Numbers(), a.Den().Int64()
	for i := range some.Rows() {
		n := (numbers[i] + den/2) / den
		total[i] += n
		sum += n
	}
	return sum
}

// byHand is the document written as one loop over the same columns, without branches that hang on data: the bound of what any
// plan may come to. It knows that nothing is missing and that all fits.
type byHand struct {
	inside                                       []int64 // by code of an area
	area, day, loan, invest, input, other, sales []int64
	scale, nation, province, scene, cloud        []uint8
	service, provider, base, training            []uint8
	total                                        []int64
}

func (c *city) byHand() *byHand {
	number := func(id string) []int64 { return c.plan.batch.Columns[id].n64[:c.plan.Rows()] }
	flag := func(id string) []uint8 {
		out := make([]uint8, c.plan.Rows())
		for i := range out {
			if c.plan.batch.Columns[id].truth.has(i) {
				out[i] = 1
			}
		}
		return out
	}
	h := &byHand{
		area: number("ent.area"), day: number("event"), loan: number("param.loan"), invest: number("param.invest"),
		input: number("param.input"), other: number("param.other"), sales: number("param.sales"),
		scale: flag("ent.above_scale"), nation: flag("param.nation"), province: flag("param.province"), scene: flag("param.scene"),
		cloud: flag("param.cloud"), service: flag("param.service"), provider: flag("param.provider"), base: flag("param.base"),
		training: flag("param.training"), total: make([]int64, c.plan.Rows()), inside: make([]int64, 64),
	}
	for code, word := range c.plan.batch.Dict.words {
		switch word {
		case "320902", "320903", "320904", "320921", "320922":
			h.inside[code] = 1
		}
	}
	return h
}

func yes(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (h *byHand) run() (budget int64) {
	const wan = 1_000_000
	from, to := int64(period.Date(2022, 1, 28)), int64(period.Date(2024, 12, 31))
	n := len(h.area)
	area, day, loan, invest, input, other, sales := h.area[:n], h.day[:n], h.loan[:n], h.invest[:n], h.input[:n], h.other[:n], h.sales[:n]
	scale, nation, province, scene, cloud := h.scale[:n], h.nation[:n], h.province[:n], h.scene[:n], h.cloud[:n]
	service, provider, base, training := h.service[:n], h.provider[:n], h.base[:n], h.training[:n]
	total, inside := h.total[:n], h.inside[:64]
	for i := range n {
		place := -(inside[area[i]&63] & yes(day[i] >= from) & yes(day[i] <= to))
		elig := place & -int64(scale[i])
		t := elig & min((loan[i]*11+500)/1000, 200*wan)
		g := min((invest[i]*11+50)/100, 500*wan)
		t += elig & -(yes(input[i] >= 500*wan) & yes(g >= other[i])) & g
		t += elig & max(-int64(nation[i])&(300*wan), -int64(province[i])&(200*wan))
		t += elig & (-int64(scene[i])&(50*wan) + -int64(cloud[i])&(50*wan))
		t += place & (-int64(service[i])&(100*wan) + -int64(base[i])&(50*wan) + -int64(training[i])&(30*wan))
		t += place & -(int64(provider[i]) & yes(sales[i] >= 1000*wan)) & ((sales[i]*10 + 50) / 100)
		total[i] = t
		budget += t
	}
	return budget
}

// TestRegion holds the two against each other.
func TestRegion(t *testing.T) {
	c := newCity(t, 5*blockRows+77)
	h := c.byHand()
	want, got := h.run(), c.run(c.plan.Machine())
	for i := range c.total {
		if c.total[i] != h.total[i] {
			t.Fatalf("row %d: %d in columns, %d by hand", i, c.total[i], h.total[i])
		}
	}
	if want != got || want == 0 {
		t.Errorf("budget %d in columns, %d by hand", got, want)
	}
}

// BenchmarkRegion is the document in columns and by hand, in turn, so that other work on the machine burdens both: the
// processor's time for a row of each, and how many times that of the loop columns take.
func BenchmarkRegion(b *testing.B) {
	c := newCity(b, 100*blockRows)
	h, m := c.byHand(), c.plan.Machine()
	var columns, loop time.Duration
	took := func(run func() int64) time.Duration {
		before := processor(b)
		run()
		return time.Duration(processor(b) - before)
	}
	for b.Loop() {
		columns += took(func() int64 { return c.run(m) })
		loop += took(h.run)
	}
	rows := float64(b.N) * float64(c.plan.Rows())
	b.ReportMetric(float64(columns)/rows, "columns-ns/row")
	b.ReportMetric(float64(loop)/rows, "loop-ns/row")
	b.ReportMetric(float64(columns)/float64(loop), "times-the-loop")
}
