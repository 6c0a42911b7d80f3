package column

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
)

// TestRowsAreColumns holds columns against rows: state, value, missing facts and the words of errors.
func TestRowsAreColumns(t *testing.T) {
	env := ruletest.Environment(t)
	seen := census{kernels: tally{}}
	rapid.Check(t, func(t *rapid.T) {
		g := ruletest.NewGrower(rapid.Uint64().Draw(t, "seed"))
		for range 5 {
			rows := 70
			if g.IntN(100) == 0 {
				rows = 2*blockRows + 65
			}
			x := trial{Grower: g, exprs: g.Exprs(env), contexts: g.Contexts(rows)}
			if g.IntN(3) == 0 {
				x.least = least{width(g.IntN(3)), g.IntN(2) == 0}
			}
			x.check(t, &seen)
		}
	})
	seen.tell(t, 20_000)
}

// trial is some expressions over some rows, in kernels that are at least so wide.
type trial struct {
	ruletest.Grower
	least    least
	exprs    []*rule.Expr
	contexts []*rule.Context
}

// check compares columns with rows.
func (x *trial) check(t *rapid.T, seen *census) {
	t.Helper()
	p, problems := Compile(x.exprs...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plan := p.bind(p.Read(x.contexts), x.least)
	seen.Program(x.exprs, len(x.contexts))
	m := plan.Machine()
	for at := range plan.Blocks() {
		b := m.At(at)
		x.ahead(b)
		x.compare(t, b, seen)
		seen.ties(m)
		seen.kernels.machine(m)
	}
}

// ahead asks some of the expressions for some rows, few or many of them, before all are asked for.
func (x *trial) ahead(b *Block) {
	for range x.IntN(4) {
		some, one := b.All(), 1+x.IntN(16)
		for i := range some.Rows() {
			if x.IntN(16) >= one {
				some.Drop(i)
			}
		}
		b.Eval(x.IntN(len(x.exprs)), some)
	}
}

// compare holds every answer of a block against the row's.
func (x *trial) compare(t *rapid.T, b *Block, seen *census) {
	t.Helper()
	for k, e := range x.exprs {
		b.Eval(k, b.All())
		for i := range b.All().Count() {
			want, got := e.Eval(x.contexts[b.First()+i]), b.Outcome(k, i)
			for _, gap := range b.Missing(k, i) {
				for _, ref := range gap.Facts() {
					if !slices.Contains(got.Missing, ref) {
						got.Missing = append(got.Missing, ref)
					}
				}
			}
			if told, ok := differ(want, got); ok {
				t.Fatalf("row %d of\n%s\n%s", b.First()+i, e.Source(), told)
			}
			seen.Answer(want)
		}
	}
}

// given is a Reader by which parameters and settings are the same for all rows.
type given struct {
	oneByOne
	ruletest.Chosen
}

func (g given) Fixed(in *rule.Input) (rule.Answer, bool) {
	switch in.Origin() {
	case rule.FromParam:
		o := g.Chosen[in.Short()]
		return rule.Answer{Value: o.Value, State: o.State}, true
	case rule.FromSetting:
		return rule.Answer{Value: rule.Text(g.Setting(in.Short())), State: rule.Present}, true
	}
	return rule.Answer{}, false
}

// TestAgain reads a batch anew with other parameters, time after time: the answers are those of rows with these.
func TestAgain(t *testing.T) {
	env := ruletest.Environment(t)
	rapid.Check(t, func(t *rapid.T) {
		x := trial{Grower: ruletest.NewGrower(rapid.Uint64().Draw(t, "seed"))}
		x.exprs, x.contexts = x.Exprs(env), x.Contexts(70)
		p, problems := Compile(x.exprs...)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		var batch *Batch
		var plan *Plan
		seen := &census{kernels: tally{}}
		for range 4 {
			now := given{Chosen: x.Contexts(1)[0].Names.(ruletest.Chosen)}
			for _, c := range x.contexts {
				c.Names = now.Chosen
			}
			if batch == nil {
				batch = p.Fill(x.contexts, now)
			} else {
				batch = p.Again(batch, now, func(in *rule.Input) bool { _, fixed := now.Fixed(in); return fixed })
			}
			if plan == nil || x.IntN(3) == 0 {
				plan = p.Bind(batch)
			}
			m := plan.Rebind(batch).Machine()
			x.compare(t, m.At(0), seen)
			m.Close()
		}
	})
}

// TestFoldsAreKept reads a batch anew with another parameter: an aggregate that reads it is folded anew, one that does not is
// the column that it was.
func TestFoldsAreKept(t *testing.T) {
	lib, name := ruletest.Library(), i18n.Text{ZH: "数", EN: "number"}
	decl := rule.Declarations{Params: map[string]rule.Param{"least": {Type: rule.MoneyType, Name: name}}}
	compile := func(kind, src string, typ rule.Type) *rule.Expr {
		env, err := rule.NewEnv(lib, kind, decl)
		if err != nil {
			t.Fatal(err)
		}
		x, problems := env.Compile(src, rule.Position{}, typ)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return x
	}
	large := compile(content.Lease, "lease.cost >= param.least", rule.BoolType)
	cost := compile(content.Project, "project.investment", rule.MoneyType)
	decl.Aggregates = []*rule.Aggregate{
		{ID: "large", Name: name, From: content.Project, Over: content.Lease, Op: rule.Count, When: []*rule.Expr{large}},
		{ID: "invested", Name: name, From: content.Enterprise, Over: content.Project, Op: rule.Sum, Of: cost},
	}
	x := trial{Grower: ruletest.NewGrower(3)}
	x.exprs = []*rule.Expr{compile(content.Project, "agg.large", rule.IntType), compile(content.Project, "agg.invested", rule.MoneyType)}
	x.contexts = x.Contexts(70)
	p, problems := Compile(x.exprs...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plans := make([]*Plan, 2)
	var batch *Batch
	for n, least := range []money.Fen{0, 1000} {
		now := given{Chosen: ruletest.Chosen{"least": {State: rule.Present, Value: rule.Money(least)}}}
		for _, c := range x.contexts {
			c.Names = now.Chosen
		}
		if n == 0 {
			batch = p.Fill(x.contexts, now)
		} else {
			batch = p.Again(batch, now, func(in *rule.Input) bool { return in.Origin() == rule.FromParam })
		}
		if n == 0 {
			plans[n] = p.Bind(batch)
		} else {
			plans[n] = plans[0].Rebind(batch)
		}
		b := plans[n].Machine().At(0)
		for k, e := range x.exprs {
			for i, c := range x.contexts {
				if told, ok := differ(e.Eval(c), b.Outcome(k, i)); ok && b.Outcome(k, i).State != rule.Unknown {
					t.Fatalf("%s, row %d with %s: %s", e.Source(), i, least, told)
				}
			}
		}
	}
	column := func(n, out int) *Column { return plans[n].nodes[plans[n].outs[out]].col }
	if column(0, 0) == column(1, 0) {
		t.Error("an aggregate over what was read anew is not folded anew")
	}
	if column(0, 1) != column(1, 1) {
		t.Error("an aggregate over what was not read anew is folded again")
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
	default:
		same = ruletest.Same(want.Value, got.Value)
	}
	return fmt.Sprintf("rows:    %v %v missing %v err %v\ncolumns: %v %v missing %v err %v",
		want.State, want.Value, want.Missing, want.Err, got.State, got.Value, got.Missing, got.Err), !same
}

// census counts what a run came across.
type census struct {
	ruletest.Census
	kernels tally
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
	c.Tied += tied.Count()
}

// tell prints the counts, with those of the kernels: each width must have been used in a hundredth of the answers, and each
// kernel in a thousandth, which for the rarest hangs on the numbers that were drawn.
func (c *census) tell(t *testing.T, least int) {
	t.Helper()
	c.Tell(t, least)
	t.Logf("kernels: %v", c.kernels)
	widths := tally{}
	for _, name := range everyKernel(t) {
		n := c.kernels[name]
		if n*1000 < c.Answers {
			t.Errorf("%s: %d of %d, less than a thousandth", name, n, c.Answers)
		}
		for _, w := range widthNames {
			if strings.Contains(name+" ", " "+w+" ") {
				widths[w] += n
			}
		}
	}
	for _, w := range widthNames {
		if widths[w]*100 < c.Answers {
			t.Errorf("kernels of %s: %d of %d, less than a hundredth", w, widths[w], c.Answers)
		}
	}
}
