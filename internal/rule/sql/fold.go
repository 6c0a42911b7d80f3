package sql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// fold is an aggregate: what its members come to is joined for each question.
type fold struct {
	agg    *rule.Aggregate
	name   string
	member node // 0 taken, 1 may count, 2 left out, 3 failed
	sum    string
}

// columns is what the joined members of a question are told in: whether one failed, whether one is missing, and the value.
func (f *fold) columns() []string { return []string{f.name + "_failed", f.name + "_missing", f.name} }

// group joins the members of each question.
func (c *chain) group() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%sg AS (SELECT parent", c.step)
	for _, f := range c.folds {
		failed := is(f.member, 3)
		if f.sum != "" { // members are added one by one, and each sum must fit
			failed = either(failed, outside(f.sum))
		}
		if failed == "" {
			failed = "FALSE"
		}
		missing := is(f.member, 1)
		if missing == "" {
			missing = "FALSE"
		}
		cols := f.columns()
		fmt.Fprintf(&b, ",\n  bool_or(%s) AS %s, bool_or(%s) AS %s, %s AS %s", failed, cols[0], missing, cols[1], f.joined(), cols[2])
	}
	fmt.Fprintf(&b, "\n  FROM %s GROUP BY parent)", c.last())
	return b.String()
}

// joined is the values of the members that were taken, as one; NULL without any.
func (f *fold) joined() string {
	switch v := f.member.value; f.agg.Op {
	case rule.Any:
		return "bool_or(" + v + ")"
	case rule.All:
		return "bool_and(" + v + ")"
	case rule.Max, rule.Min:
		return string(f.agg.Op) + "(" + v + ")"
	default:
		return "sum(" + v + ")"
	}
}

// aggregate is the node of an aggregate in the chain of the questions.
func (c *chain) aggregate(t *rule.Tree) int {
	agg := t.Input.Aggregate()
	if c.table.Level != nil {
		c.report(c, t, i18n.M("rule.sql_nested", t.Input.ID()))
		return c.constant(rule.Bool(false))
	}
	m := c.level(Level{agg.From, agg.Over})
	f := m.fold(agg)
	cols := f.columns()
	failed, missing, value, empty := cols[0], cols[1], cols[2], ""
	switch agg.Op {
	case rule.Any: // one that is true decides
		missing, value = missing+" AND "+value+" IS NOT TRUE", "coalesce("+value+", FALSE)"
	case rule.All:
		missing, value = missing+" AND "+value+" IS NOT FALSE", "coalesce("+value+", TRUE)"
	case rule.Max, rule.Min:
		empty = " WHEN " + value + " IS NULL THEN 2"
	default:
		value = "coalesce(" + value + ", 0)"
	}
	none := ident(noParent(*m.table.Level))
	return c.put(node{typ: t.Type, over: f.member.over, fails: true},
		fmt.Sprintf("CASE WHEN %s OR %s OR %s THEN NULL ELSE %s END", none, failed, missing, value),
		fmt.Sprintf("CASE WHEN %s THEN 2 WHEN %s THEN 3 WHEN %s THEN 1%s ELSE 0 END", none, failed, missing, empty))
}

// fold is an aggregate over the members of the chain, made once.
func (c *chain) fold(agg *rule.Aggregate) fold {
	if i := slices.IndexFunc(c.folds, func(f fold) bool { return f.agg == agg }); i >= 0 {
		return c.folds[i]
	}
	counts := -1
	for _, when := range agg.When {
		c.expr = when
		if id := c.tree(when.Tree()); counts < 0 {
			counts = id
		} else {
			counts = c.both("&&", counts, id)
		}
	}
	of := c.constant(rule.Int(1))
	if agg.Of != nil {
		c.expr = agg.Of
		of = c.out(agg.Of)
	}
	f := fold{agg: agg, name: fmt.Sprintf("%sf%d", c.step, len(c.folds)+1), member: c.nodes[c.member(counts, of)]}
	if f.member.typ != rule.ExactType && agg.Op == rule.Sum {
		run := node{typ: f.member.typ, over: f.member.over, depth: f.member.depth}
		f.sum = c.nodes[c.put(run, fmt.Sprintf("sum(%s) OVER (PARTITION BY parent ORDER BY place ROWS UNBOUNDED PRECEDING)", f.member.value), always)].value
	}
	c.folds = append(c.folds, f)
	return f
}

// member is what a child comes to, given whether it counts; counts is -1 where all do.
func (c *chain) member(counts, of int) int {
	o := c.nodes[of]
	if counts < 0 {
		return of
	}
	k := c.nodes[counts]
	state := "CASE"
	if failed := is(k, 3); failed != "" {
		state += " WHEN " + failed + " THEN 3"
	}
	state += " WHEN NOT " + k.value
	if none := is(k, 2); none != "" {
		state += " OR " + none
	}
	state += " THEN 2"
	if unknown := is(k, 1); unknown != "" {
		state += fmt.Sprintf(" WHEN %s AND %s < 2 THEN 1", unknown, o.state)
	}
	state += " ELSE " + o.state + " END"
	value := fmt.Sprintf("CASE WHEN %s THEN %s END", k.value, o.value)
	n := c.with(o.typ, counts, of)
	n.over = o.over
	return c.put(n, value, state)
}
