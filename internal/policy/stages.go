package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Rank orders lines by a figure, the high or the low first; the next rank decides between equals.
type Rank struct {
	ID    string    `yaml:"id"`
	Text  i18n.Text `yaml:"text"`
	Of    string    `yaml:"of"`    // expression: a number, an amount or a day
	First string    `yaml:"first"` // high, low
}

// Quota lets so many lines a period be paid, the first by rank; the others wait. Lines that are equal by every rank, with
// the last place between them, are not decided.
type Quota struct {
	ID      string    `yaml:"id"`
	Name    i18n.Text `yaml:"name"`
	Clauses []string  `yaml:"clauses"`
	Most    string    `yaml:"most"`   // param.x: int, one or by year
	Period  string    `yaml:"period"` // year, policy; or setting.x
	Rank    []Rank    `yaml:"rank"`
	Only    *Only     `yaml:"only,omitempty"`
	Place
}

// Pool is a budget for clauses. When the lines of a period come to more, they are cut in proportion, or paid in the order of
// rank while it lasts: the last of them gets the rest, or nothing. Shares in proportion are cut down to a multiple of To (a
// fen by default), and what that leaves goes to those who lost most by it, a unit each.
type Pool struct {
	ID      string    `yaml:"id"`
	Name    i18n.Text `yaml:"name"`
	Clauses []string  `yaml:"clauses"`
	Budget  string    `yaml:"budget"`         // param.x: money, one or by year
	Period  string    `yaml:"period"`         // year, policy; or setting.x
	Pays    string    `yaml:"pays"`           // in_proportion, in_order
	Rank    []Rank    `yaml:"rank,omitempty"` // of in_order
	Last    string    `yaml:"last,omitempty"` // of in_order: rest, nothing
	To      money.Fen `yaml:"to,omitempty"`   // of in_proportion
	Only    *Only     `yaml:"only,omitempty"`
	Place
}

// stage is a compiled quota or pool.
type stage struct {
	id, kind, period string
	name             i18n.Text
	clauses          []int
	number           int // parameter
	ranks            []Rank
	exprs            map[string][]*rule.Expr // by kind of the line's subject
	pays, last       string
	to               money.Fen
	only             *Only
	place            Place
}

// The kinds of stage.
const (
	QuotaKind = "quota"
	PoolKind  = "pool"
)

// stages compiles quotas and then pools, which is the order in which they are applied.
func (c *compiler) stages() {
	s := &c.p.File.Stacking
	seen := map[string]bool{}
	for i := range s.Quotas {
		q, path := &s.Quotas[i], []any{"stacking", "quotas", i}
		c.id(at(path, "id"), q.ID, seen)
		st := stage{id: q.ID, kind: QuotaKind, name: q.Name, period: q.Period, ranks: q.Rank, only: q.Only, place: q.Place}
		st.number = c.plainRef(at(path, "most"), q.Most, "int")
		if len(q.Rank) == 0 {
			c.report(at(path, "rank"), "policy.empty_list")
		}
		c.stage(path, &st, q.Clauses)
	}
	for i := range s.Pools {
		p, path := &s.Pools[i], []any{"stacking", "pools", i}
		c.id(at(path, "id"), p.ID, seen)
		st := stage{id: p.ID, kind: PoolKind, name: p.Name, period: p.Period, ranks: p.Rank, pays: p.Pays, last: p.Last, to: p.To, only: p.Only, place: p.Place}
		st.number = c.plainRef(at(path, "budget"), p.Budget, "money")
		c.oneOf(at(path, "pays"), p.Pays, "in_proportion", "in_order")
		if p.Pays == "in_order" {
			if len(p.Rank) == 0 {
				c.report(at(path, "rank"), "policy.empty_list")
			}
			c.oneOf(at(path, "last"), p.Last, "rest", "nothing")
		} else if len(p.Rank) > 0 || p.Last != "" {
			c.report(path, "policy.pool_form")
		}
		if st.to == 0 {
			st.to = 1
		}
		if st.to < 0 {
			c.report(at(path, "to"), "policy.rounding_unit")
		}
		c.stage(path, &st, p.Clauses)
	}
}

func (c *compiler) stage(path []any, st *stage, clauses []string) {
	c.place(path, st.place)
	c.only(at(path, "only"), st.only)
	c.choice(at(path, "period"), st.period, "year", "policy")
	if st.period == "policy" && st.number >= 0 && c.p.params[st.number].By != "" {
		c.report(at(path, "period"), "policy.stage_by_year", c.p.params[st.number].ID)
	}
	if len(clauses) == 0 {
		c.report(at(path, "clauses"), "policy.empty_list")
	}
	st.clauses = c.clauseIDs(at(path, "clauses"), clauses)
	for _, k := range st.clauses {
		if st.kind == PoolKind && c.p.all[k].amount.form == "eligibility" {
			c.report(at(path, "clauses"), "policy.stage_form", c.p.all[k].ID)
		}
	}
	st.exprs = map[string][]*rule.Expr{}
	seen := map[string]bool{}
	for i, r := range st.ranks {
		c.id(at(path, "rank", i, "id"), r.ID, seen)
		c.oneOf(at(path, "rank", i, "first"), r.First, "high", "low")
		for _, k := range st.clauses {
			kind := c.p.all[k].Entity
			if len(st.exprs[kind]) > i {
				continue
			}
			st.exprs[kind] = append(st.exprs[kind], c.expr(at(path, "rank", i, "of"), r.Of, kind,
				rule.IntType, rule.DecimalType, rule.MoneyType, rule.ExactType, rule.RateType, rule.DayType))
		}
	}
	c.p.stages = append(c.p.stages, *st)
}

// limitOf is the places or the fen that a stage has in a year; 0 for the whole period of the policy.
func (pl *Plan) limitOf(st *stage, year int) number {
	day := period.Date(year, 12, 31)
	if year == 0 {
		day = pl.valid.from
	}
	return pl.value(st.number, asked{year: year, day: day}, func(content.FactDef) (rule.Value, rule.State) {
		return rule.Value{}, rule.None
	}).low
}

// bound is one end of a rank: a value, or below or above all values.
type bound struct {
	beyond int // -1, 1: below and above all
	value  money.Exact
}

func (b bound) cmp(o bound) int {
	if b.beyond != 0 || o.beyond != 0 {
		return b.beyond - o.beyond
	}
	return b.value.Cmp(o.value)
}

func (b bound) turned() bound {
	return bound{beyond: -b.beyond, value: money.Exact{}.Minus(b.value)}
}

// place is where a line stands in a stage: by each rank its least and its most, the greater first.
type standing struct {
	stage     int
	low, high []bound
}

func nowhere(stage, ranks int) standing {
	s := standing{stage: stage}
	for range ranks {
		s.low, s.high = append(s.low, bound{beyond: -1}), append(s.high, bound{beyond: 1})
	}
	return s
}

// standings works the ranks of the line out, for each stage that its clause takes part in.
func (a *asking) standings() {
	for i := range a.plan.stages {
		st := &a.plan.stages[i]
		if !slices.Contains(st.clauses, a.k.index) {
			continue
		}
		s := nowhere(i, len(st.ranks))
		for r, x := range st.exprs[a.k.Entity] {
			out := x.Eval(a.ctx)
			switch out.State {
			case rule.Failed:
				a.fail(out.Err)
			case rule.None: // known to be nothing: behind all that have a value
				s.low[r], s.high[r] = bound{beyond: -1}, bound{beyond: -1}
			case rule.Unknown:
				a.waitFor(out.Missing, "policy.rank")
			case rule.Present:
				b := bound{value: measure(out.Value)}
				if st.ranks[r].First == "low" {
					b = b.turned()
				}
				s.low[r], s.high[r] = b, b
			}
		}
		a.standing = append(a.standing, s)
	}
}

// measure is a value as a figure that orders like it.
func measure(v rule.Value) money.Exact {
	switch v.Type() {
	case rule.IntType:
		return money.Of(money.Fen(v.Int()))
	case rule.DecimalType:
		return money.Of(money.Fen(v.Millionths()))
	case rule.DayType:
		return money.Of(money.Fen(v.Day()))
	case rule.RateType:
		return money.Of(money.Yi).Times(v.Rate())
	}
	return v.Exact()
}
