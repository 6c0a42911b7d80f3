package race

import (
	"fmt"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
)

// rules are the clauses as CEL by itself says them: whole numbers, rates by hand, a word in capitals for each number.
var rules = []struct{ name, text string }{
	{"place", `filed >= FROM && filed <= TO && area < 5`},
	{"eligible", `place && scale`},
	{"loan_paid", `eligible ? math.least((loan * LOAN_RATE + 500000) / 1000000, LOAN_CAP) : 0`},
	{"invest_gross", `eligible && input >= MIN_INPUT ? math.least((invest * INVEST_RATE + 500000) / 1000000, INVEST_CAP) : 0`},
	{"invest_paid", `invest_gross >= other ? invest_gross : 0`},
	{"national_paid", `eligible && national ? NATIONAL : 0`},
	{"provincial_paid", `eligible && provincial ? PROVINCIAL : 0`},
	{"title_paid", `math.greatest(national_paid, provincial_paid)`},
	{"scene_paid", `eligible && scene ? SCENE : 0`},
	{"cloud_paid", `eligible && cloud ? CLOUD : 0`},
	{"provider_paid", `place && provider ? PROVIDER : 0`},
	{"service_paid", `place && service && sales >= MIN_SALES ? (sales * SERVICE_RATE + 500000) / 1000000 : 0`},
	{"base_paid", `place && base ? BASE : 0`},
	{"trainer_paid", `place && trainer ? TRAINER : 0`},
	{"total", `loan_paid + invest_paid + title_paid + scene_paid + cloud_paid + provider_paid + service_paid + base_paid + trainer_paid`},
}

func (n *Numbers) fill(text string) string {
	var words []string
	for word, v := range map[string]int64{
		"FROM": int64(n.From), "TO": int64(n.To), "LOAN_RATE": n.LoanRate, "LOAN_CAP": n.LoanCap,
		"MIN_INPUT": n.MinInput, "INVEST_RATE": n.InvestRate, "INVEST_CAP": n.InvestCap,
		"NATIONAL": n.National, "PROVINCIAL": n.Provincial, "SCENE": n.Scene, "CLOUD": n.Cloud,
		"PROVIDER": n.Provider, "MIN_SALES": n.MinSales, "SERVICE_RATE": n.ServiceRate, "BASE": n.Base, "TRAINER": n.Trainer,
	} {
		words = append(words, word, strconv.FormatInt(v, 10))
	}
	return strings.NewReplacer(words...).Replace(text)
}

// celRows is cel-go, one enterprise after the other.
type celRows struct {
	region   *Region
	programs []cel.Program
	names    map[string]int // of what an activation answers: columns first, then the rules that were decided before
	columns  []func(row int) ref.Val
}

func newCELRows(r *Region, n *Numbers) (*celRows, error) {
	c := &celRows{region: r, names: map[string]int{}}
	options := []cel.EnvOption{ext.Math()}
	declare := func(name string, t *cel.Type, at func(int) ref.Val) {
		c.names[name] = len(c.names)
		options = append(options, cel.Variable(name, t))
		if at != nil {
			c.columns = append(c.columns, at)
		}
	}
	declare("area", cel.IntType, func(i int) ref.Val { return types.Int(r.Area[i]) })
	declare("filed", cel.IntType, func(i int) ref.Val { return types.Int(r.Filed[i]) })
	for _, f := range r.flags()[1:] {
		declare(f.name, cel.BoolType, func(i int) ref.Val { return types.Bool((*f.of)[i] == 1) })
	}
	for _, f := range r.money() {
		declare(f.name, cel.IntType, func(i int) ref.Val { return types.Int((*f.of)[i]) })
	}
	for k, rule := range rules {
		t := cel.IntType
		if k < 2 {
			t = cel.BoolType
		}
		declare(rule.name, t, nil)
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	for _, x := range rules {
		ast, issues := env.Compile(n.fill(x.text))
		if issues.Err() != nil {
			return nil, fmt.Errorf("%s: %w", x.name, issues.Err())
		}
		p, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		if err != nil {
			return nil, err
		}
		c.programs = append(c.programs, p)
	}
	return c, nil
}

// celRow is an activation: it reads a column when it is asked for, and knows the rules that were decided.
type celRow struct {
	*celRows
	row  int
	done [15]ref.Val
}

func (*celRow) Parent() cel.Activation { return nil }

func (a *celRow) ResolveName(name string) (any, bool) {
	k, ok := a.names[name]
	switch {
	case !ok:
		return nil, false
	case k < len(a.columns):
		return a.columns[k](a.row), true
	}
	return a.done[k-len(a.columns)], true
}

// evaluate works out the rows up to a number.
func (c *celRows) evaluate(out []int64) (x piece) {
	a := &celRow{celRows: c}
	for i := range out {
		a.row = i
		for k, p := range c.programs {
			if a.done[k], _, x.err = p.Eval(a); x.err != nil {
				return x
			}
		}
		out[i] = int64(a.done[len(rules)-1].(types.Int))
		x.sum.firm(c.region.Area[i], out[i])
	}
	return x
}

// evaluateMaps is the same with the activation that most programs use.
func (c *celRows) evaluateMaps(out []int64) (x piece) {
	for i := range out {
		row := make(map[string]any, len(c.names))
		for name, k := range c.names {
			if k < len(c.columns) {
				row[name] = c.columns[k](i)
			}
		}
		for k, p := range c.programs {
			v, _, err := p.Eval(row)
			if err != nil {
				return piece{err: err}
			}
			row[rules[k].name] = v
		}
		out[i] = int64(row["total"].(types.Int))
		x.sum.firm(c.region.Area[i], out[i])
	}
	return x
}
