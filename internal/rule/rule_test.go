package rule

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

var library = sync.OnceValue(func() *content.Library {
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		panic(err)
	}
	return lib
})

// subject is facts by code and period ("project.investment@2022"), in their text form; "none" is none.
type subject struct {
	kind, id string
	parent   *subject
	children []*subject
	facts    map[string]string
}

func (s *subject) Kind() string { return s.kind }
func (s *subject) ID() string   { return s.id }
func (s *subject) Name() string { return "" }

func (s *subject) Fact(def content.FactDef, p period.Period, on period.Day) (Value, State) {
	key := def.Code
	if p != (period.Period{}) {
		key += "@" + p.String()
	}
	text, ok := s.facts[key]
	switch {
	case !ok:
		return Value{}, Unknown
	case text == "none":
		return Value{}, None
	}
	v, err := ParseValue(TypeOf(def.Type), text)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", key, err))
	}
	return v, Present
}

func (s *subject) Parent() Subject {
	if s.parent == nil {
		return nil
	}
	return s.parent
}

func (s *subject) Children(kind string) []Subject {
	var all []Subject
	for _, c := range s.children {
		if c.kind == kind {
			all = append(all, c)
		}
		all = append(all, c.Children(kind)...)
	}
	return all
}

func (s *subject) add(c *subject) *subject {
	c.parent = s
	s.children = append(s.children, c)
	return c
}

// named answers for parameters and settings.
type named map[string]Value

func (n named) Param(id string, _ *Context) Answer {
	if v, ok := n[id]; ok {
		return Answer{Value: v, State: Present}
	}
	return Answer{State: Unknown, Missing: []FactRef{{Def: "param." + id}}}
}

func (n named) Setting(id string) string { return n[id].Text() }

// programme is an environment and a context that most tests use: a project of an enterprise in 盐都区 in 2022.
func programme(t testing.TB, kind string) (*Env, *Context) {
	t.Helper()
	lib := library()
	lease, err := NewEnv(lib, content.Lease, Declarations{})
	if err != nil {
		t.Fatal(err)
	}
	cost, problems := lease.Compile("lease.cost", Position{}, MoneyType)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	env, err := NewEnv(lib, kind, Declarations{
		Params: map[string]Param{
			"min_input": {MoneyType, i18n.Text{ZH: "有效投入门槛", EN: "least input"}},
			"rate":      {RateType, i18n.Text{ZH: "补助比例", EN: "rate"}},
			"by_title":  {MoneyType, i18n.Text{ZH: "按称号的奖励", EN: "award by title"}},
		},
		Settings: map[string][]string{"lease": {"investment", "loan"}},
		Aggregates: []*Aggregate{
			{ID: "lease_cost", Name: i18n.Text{ZH: "融资租赁费用", EN: "lease cost"}, From: content.Project, Over: content.Lease, Op: Sum, Of: cost},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ent := &subject{kind: content.Enterprise, id: "E", facts: map[string]string{
		"ent.area": "320903", "ent.industry": "C3670", "ent.above_scale@2022": "true", "ent.size@2022": "large",
		"ent.employees@2022": "120", "ent.energy_tce@2022": "1000.5", "ent.revenue@2022": "92233720368547758.07",
		"ent.diagnosed_on": "none", "ent.profit@2022": "none", "ent.founded": "2010-01-31",
	}}
	project := ent.add(&subject{kind: content.Project, id: "P", facts: map[string]string{
		"project.effective_input@2022": "4999900", "project.investment@2022": "6000000", "project.is_digital": "true",
	}})
	project.add(&subject{kind: content.Lease, id: "L1", facts: map[string]string{"lease.cost@2022": "100"}})
	project.add(&subject{kind: content.Lease, id: "L2", facts: map[string]string{"lease.cost@2022": "none"}})
	loan := ent.add(&subject{kind: content.Loan, id: "N", facts: map[string]string{"loan.principal": "100"}})
	day := period.Date(2022, 3, 1)
	c := &Context{Subject: project, Year: 2022, Event: &day, On: day, Trace: true, Names: named{
		"min_input": Money(5_000_000_00), "rate": Rate(percent(t, "12%")), "lease": Text("investment"),
	}}
	switch kind {
	case content.Enterprise:
		c.Subject = ent
	case content.Loan:
		c.Subject = loan
	}
	return env, c
}

func percent(t testing.TB, s string) money.Rate {
	t.Helper()
	r, err := money.ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func compile(t testing.TB, env *Env, src string, want ...Type) *Expr {
	t.Helper()
	if len(want) == 0 {
		want = everyType
	}
	x, problems := env.Compile(src, Position{}, want...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return x
}

// told is an outcome in one line: the value, "none", "unknown: ent.profit@2022 of E", "failed".
func told(o Outcome) string {
	switch o.State {
	case Present:
		return o.Value.String()
	case Unknown:
		s := "unknown:"
		for _, m := range o.Missing {
			s += fmt.Sprintf(" %s@%s of %s", m.Def, m.Period, m.Subject.ID)
		}
		return s
	}
	return o.State.String()
}

func TestEval(t *testing.T) {
	const huge = `ent.revenue + ent.revenue > money("0元")`
	for _, c := range []struct{ kind, src, want string }{
		{"project", `project.effective_input >= param.min_input`, "false"},
		{"project", `project.effective_input + agg.lease_cost >= param.min_input`, "true"},
		{"project", `agg.lease_cost`, "100.00"},
		{"project", `project.investment * param.rate`, "720000.00"},
		{"project", `project.investment * rate("1/3") * 3 == project.investment`, "true"},
		{"project", `project.investment * 2 - money("1.5万元")`, "11985000.00"},
		{"project", `(project.investment - project.effective_input) * decimal("0.5")`, "500050.00"},
		{"project", `min(project.investment, project.effective_input * rate("99%"))`, "4949901.00"},
		{"project", `max(ent.profit, project.investment)`, "6000000.00"},
		{"project", `max(ent.profit, ent.profit)`, "none"},
		{"project", `max(ent.profit, ent.output)`, "unknown: ent.output@2022 of E"},
		{"project", `ent.energy_tce + 1 > 1001`, "true"},
		{"project", `min(ent.energy_tce, 3) * 2`, "6"},
		{"project", `3 < ent.energy_tce && ent.employees * 2 == 240`, "true"},
		{"project", `-ent.employees`, "-120"},
		{"project", `ent.size in ["large", "medium"] && ent.size != "small"`, "true"},
		{"project", `ent.employees in [120, 130]`, "true"},
		{"project", `in_area(ent.area, "320900")`, "true"},
		{"project", `in_area(ent.area, "320981", "320982")`, "false"},
		{"project", `in_industry(ent.industry, "34-38")`, "true"},
		{"project", `in_industry(ent.industry, "C3670") && in_industry(ent.industry, "C")`, "true"},
		{"project", `setting.lease == "investment" ? agg.lease_cost : project.software`, "100.00"},
		{"project", `year`, "2022"},
		{"project", `event`, "2022-03-01"},
		{"project", `days(day("2022-01-28"), event)`, "32"},
		{"project", `span_days(day("2022-01-28"), event)`, "33"},
		{"project", `add_months(ent.founded, 1)`, "2010-02-28"},
		{"project", `add_years(day("2024-02-29"), -1)`, "2023-02-28"},
		{"project", `add_days(event, -1)`, "2022-02-28"},
		{"project", `add_years(event, 9223372036854775807) > event`, "failed"},
		{"project", `add_years(event, 8000) > event`, "failed"},
		{"project", `add_days(event, 2147483648) > event`, "failed"},
		{"project", `month(event) + year(event)`, "2025"},

		// Unknown, None and what they do to each other.
		{"project", `project.software > money("1元")`, "unknown: project.software@2022 of P"},
		{"project", `project.software + ent.output > money("1元")`, "unknown: project.software@2022 of P ent.output@2022 of E"},
		{"project", `false && project.software > money("1元")`, "false"},
		{"project", `project.software > money("1元") && false`, "false"},
		{"project", `true || project.software > money("1元")`, "true"},
		{"project", `project.software > money("1元") ? project.is_digital : project.is_digital`, "true"},
		{"project", `project.software > money("1元") ? true : false`, "unknown: project.software@2022 of P"},
		{"project", `ent.profit > money("1元")`, "none"},
		{"project", `ent.profit + project.software > money("1元")`, "none"},
		{"project", `ent.profit > money("1元") || true`, "true"},
		{"project", `ent.profit > money("1元") && true`, "none"},
		{"project", `ent.profit > money("1元") && project.software > money("1元")`, "unknown: project.software@2022 of P"},
		{"project", `!(ent.profit > money("1元"))`, "none"},
		{"project", `none(ent.profit) || ent.profit > money("1元")`, "true"},
		{"project", `none(project.software)`, "unknown: project.software@2022 of P"},
		{"project", `known(project.software)`, "false"},
		{"project", `known(ent.profit)`, "false"},
		{"project", `known(ent.profit) ? ent.profit : project.investment`, "6000000.00"},
		{"project", `param.by_title > money("1元")`, "unknown: param.by_title@ of "},

		// An overflow never hides.
		{"project", huge, "failed"},
		{"project", huge + ` && false`, "failed"},
		{"project", `false && ` + huge, "failed"},
		{"project", `true || ` + huge, "failed"},
		{"project", huge + ` && project.software > money("1元")`, "failed"},
		{"project", `project.software > money("1元") && ` + huge, "failed"},
		{"project", `ent.profit > money("1元") || ` + huge, "failed"},
		{"project", `project.software > ent.revenue * 2`, "failed"},
		{"project", `ent.revenue * 2 > project.software`, "failed"},
		{"project", `ent.profit > ent.revenue * 2`, "failed"},
		{"project", `min(project.software, ent.revenue * 2)`, "failed"},
		{"project", `known(project.software) ? ` + huge + ` : true`, "true"},
		{"project", `project.software > money("1元") ? true : ` + huge, "failed"},
		{"project", `9223372036854775807 + ent.employees`, "failed"},
		{"project", `ent.energy_tce + 9223372036854775807 > 0`, "failed"},
		{"project", `ent.energy_tce < 9223372036854775807`, "true"},

		// The project of a loan that nobody linked.
		{"loan", `project.is_digital`, "unknown: loan.project@ of N"},
		{"loan", `ent.above_scale`, "true"},
		{"loan", `agg.lease_cost`, "none"},
	} {
		env, ctx := programme(t, c.kind)
		o := compile(t, env, c.src).Eval(ctx)
		if got := told(o); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
		if _, words := errs.Message(o.Err); words != (o.State == Failed) {
			t.Errorf("%s: state %s with error %v", c.src, o.State, o.Err)
		}
	}
}

func TestLinkKnownToBeNone(t *testing.T) {
	env, ctx := programme(t, content.Loan)
	ctx.Subject.(*subject).facts["loan.project"] = "none"
	if got := told(compile(t, env, `project.is_digital`).Eval(ctx)); got != "none" {
		t.Errorf("a fact of the project of a loan that has none: %s", got)
	}
}

func TestTimeNotKnown(t *testing.T) {
	env, ctx := programme(t, content.Project)
	ctx.Year, ctx.Event = 0, nil
	ctx.When = FactRef{Subject: RefOf(ctx.Subject), Def: "project.accepted_on"}
	for _, src := range []string{`year`, `event`, `project.investment`} {
		if got := told(compile(t, env, src).Eval(ctx)); got != "unknown: project.accepted_on@ of P" {
			t.Errorf("%s: %s", src, got)
		}
	}
	if got := told(compile(t, env, `project.is_digital`).Eval(ctx)); got != "true" {
		t.Errorf("a fact without time: %s", got)
	}
}

func TestReads(t *testing.T) {
	env, ctx := programme(t, content.Project)
	o := compile(t, env, `ent.profit > money("1元") || project.software > agg.lease_cost`).Eval(ctx)
	var got []string
	for _, r := range o.Read {
		got = append(got, fmt.Sprintf("%s/%s %s@%s %s %s", r.Subject.Kind, r.Subject.ID, r.Def, r.Period, r.State, r.Value))
	}
	want := []string{
		"enterprise/E ent.profit@2022 none ", "project/P project.software@2022 unknown ",
		"lease/L1 lease.cost@2022 present 100.00", "lease/L2 lease.cost@2022 none ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reads (-want +got):\n%s", diff)
	}
	if x := compile(t, env, `agg.lease_cost > param.min_input && ent.above_scale`); cmp.Diff([]string{"agg.lease_cost", "param.min_input"}, x.Uses()) != "" {
		t.Errorf("uses: %v", x.Uses())
	}
}

func TestExactIsGivenWhereMoneyIsNotWanted(t *testing.T) {
	env, ctx := programme(t, content.Project)
	o := compile(t, env, `project.investment`, ExactType).Eval(ctx)
	if o.Value.Type() != ExactType || o.Value.String() != "6000000.00" {
		t.Errorf("got %s %s", o.Value.Type(), o.Value)
	}
	d := compile(t, env, `ent.employees`, DecimalType).Eval(ctx)
	if d.Value.Type() != DecimalType || d.Value.Millionths() != 120_000_000 {
		t.Errorf("got %s %s", d.Value.Type(), d.Value)
	}
	if o := compile(t, env, `9223372036854775807`, DecimalType).Eval(ctx); o.State != Failed {
		t.Errorf("a whole number that is no decimal: %s", told(o))
	}
}

// TestManyAtOnce lets goroutines share an expression; the race detector watches.
func TestManyAtOnce(t *testing.T) {
	env, ctx := programme(t, content.Project)
	x := compile(t, env, `ent.above_scale && in_area(ent.area, "320903") && project.effective_input + agg.lease_cost >= param.min_input`)
	want := x.Explain(ctx).String()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				own := *ctx
				if got := told(x.Eval(&own)); got != "true" {
					t.Errorf("got %s", got)
				}
				if got := x.Explain(&own).String(); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
	all.Wait()
}

// TestOverflowInAnAggregate: the error of a member is the error of the expression, with its words.
func TestOverflowInAnAggregate(t *testing.T) {
	env, ctx := programme(t, content.Project)
	for _, l := range ctx.Subject.(*subject).children {
		l.facts["lease.cost@2022"] = "46116860184273879.04"
	}
	o := compile(t, env, `false && agg.lease_cost > money("1元")`).Eval(ctx)
	msg, ok := errs.Message(o.Err)
	if o.State != Failed || !ok || msg.Key != "rule.overflow" {
		t.Errorf("got %s, %v", told(o), o.Err)
	}
}
