package sql

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// with is a node of a type that is made of others.
func (c *chain) with(t rule.Type, of ...int) node {
	n := node{typ: t, over: overOf(t)}
	for _, id := range of {
		n.depth, n.fails = max(n.depth, c.nodes[id].depth), n.fails || c.nodes[id].fails
	}
	return n
}

// put adds a node, or finds the equal one. What is not a name or a constant already becomes a column of its step.
func (c *chain) put(n node, value, state string) int {
	key := strings.Join([]string{n.typ.String(), value, state, n.over.sql()}, "\x00")
	if id, ok := c.seen[key]; ok {
		return id
	}
	name := fmt.Sprintf("n%d", len(c.nodes)+1)
	n.value, n.state = value, state
	if !plain.MatchString(value) {
		n.value, n.defs = name, append(n.defs, value+" AS "+name)
	}
	if !plain.MatchString(state) {
		n.state, n.defs = name+"s", append(n.defs, state+" AS "+name+"s")
	}
	if len(n.defs) > 0 {
		n.depth++
	}
	c.nodes = append(c.nodes, n)
	c.seen[key] = len(c.nodes) - 1
	return len(c.nodes) - 1
}

// plain is a name or a constant, which needs no column.
var plain = regexp.MustCompile(`^(?:\w+|"[^"]+"|numeric '-?\d+'|date '[\d-]+'|E?'(?:[^']|'')*')$`)

// is says that a node has a state; "" where it never has.
func is(n node, state int) string {
	if n.state == always || state == 3 && !n.fails {
		return ""
	}
	return fmt.Sprintf("%s = %d", n.state, state)
}

// either joins conditions, of which "" never holds.
func either(all ...string) string {
	all = slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "" })
	return strings.Join(all, " OR ")
}

// anyIs says that one of several nodes has a state.
func (c *chain) anyIs(state int, of ...int) string {
	all := make([]string, len(of))
	for i, id := range of {
		all[i] = is(c.nodes[id], state)
	}
	return either(all...)
}

// when is a branch of a CASE; nothing for a condition that never holds.
func when(cond, then string) string {
	if cond == "" {
		return ""
	}
	return " WHEN " + cond + " THEN " + then
}

// worst is the state of a strict operator: the greatest of those of its operands.
func (c *chain) worst(of ...int) string {
	var all []string
	for _, id := range of {
		if s := c.nodes[id].state; s != always && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	switch len(all) {
	case 0:
		return always
	case 1:
		return all[0]
	}
	return "GREATEST(" + strings.Join(all, ", ") + ")"
}

// outside says that a whole number has no room in 64 bits.
func outside(v string) string {
	return fmt.Sprintf("%s NOT BETWEEN %d AND %d", v, math.MinInt64, math.MaxInt64)
}

// strict is an operator whose operands must all be present.
func (c *chain) strict(n node, value string, of ...int) int {
	return c.put(n, value, c.worst(of...))
}

// checked is a strict operator that fails where one of some numbers does not fit.
func (c *chain) checked(n node, value string, fit []string, of ...int) int {
	n.fails = true
	wrong := make([]string, len(fit))
	for i, v := range fit {
		wrong[i] = outside(v)
	}
	return c.failing(n, value, either(wrong...), of...)
}

// failing is a strict operator that fails where a condition on present operands holds.
func (c *chain) failing(n node, value, wrong string, of ...int) int {
	n.fails = true
	worst := c.worst(of...)
	if worst == always {
		return c.put(n, fmt.Sprintf("CASE WHEN %s THEN NULL ELSE %s END", wrong, value), fmt.Sprintf("CASE WHEN %s THEN 3 ELSE 0 END", wrong))
	}
	return c.put(n, fmt.Sprintf("CASE WHEN %s > 0 OR %s THEN NULL ELSE %s END", worst, wrong, value),
		fmt.Sprintf("CASE WHEN %s > 0 THEN %s WHEN %s THEN 3 ELSE 0 END", worst, worst, wrong))
}

// tree is the node of a tree.
func (c *chain) tree(t *rule.Tree) int {
	switch {
	case t.Input != nil && t.Input.Aggregate() != nil:
		return c.aggregate(t)
	case t.Input != nil:
		return c.load(t)
	case t.Fn == "":
		return c.literal(t)
	}
	args := make([]int, len(t.Args))
	for i, a := range t.Args {
		args[i] = c.tree(a)
	}
	write := writing(t.Fn)
	if write == nil {
		c.report(c, t, i18n.M("rule.no_sql", t.Fn))
		return c.constant(rule.Bool(false))
	}
	return write(c, t, args)
}

// out is the node of an expression, of the type that was wanted when it was compiled.
func (c *chain) out(x *rule.Expr) int {
	id := c.tree(x.Tree())
	switch {
	case x.Type() == rule.DecimalType && c.nodes[id].typ == rule.IntType:
		value := c.nodes[id].value + " * " + number(millionth)
		return c.checked(c.with(rule.DecimalType, id), value, []string{value}, id)
	case x.Type() == rule.ExactType && c.nodes[id].typ == rule.MoneyType:
		n := c.with(rule.ExactType, id)
		return c.put(n, c.nodes[id].value, c.nodes[id].state)
	}
	return id
}

func (c *chain) literal(t *rule.Tree) int {
	first, last := rule.Calendar()
	switch v := t.Value; {
	case v.Type() == rule.NoType:
		return c.put(node{typ: t.Type, over: overOf(t.Type)}, "NULL::numeric", "2")
	case v.Type() == rule.TextType && strings.ContainsRune(v.Text(), 0):
		c.report(c, t, i18n.M("rule.sql_text"))
	case v.Type() == rule.DayType && (v.Day() < first || v.Day() > last):
		c.report(c, t, i18n.M("rule.sql_day", v.Day().String(), first.String(), last.String()))
	}
	return c.constant(t.Value)
}

func (c *chain) constant(v rule.Value) int {
	n := node{typ: v.Type(), over: overOf(v.Type())}
	if v.Type() == rule.RateType {
		n.over.by = v.Rate().Rat().Denom()
	}
	return c.put(n, constant(v), always)
}

// load is the node of a name. What is one for a question and its children is lent to them.
func (c *chain) load(t *rule.Tree) int {
	in := t.Input
	for _, col := range columns(in) {
		if len(col.Name) > maxName {
			c.report(c, t, i18n.M("rule.sql_name", col.Name, maxName))
		}
		if c.table.Level == nil || !perQuestion(in) {
			c.column(col)
			continue
		}
		if c.top.column(col); !slices.Contains(c.lent, col.Name) {
			c.lent = append(c.lent, col.Name)
		}
	}
	n := node{typ: in.Type(), over: overOf(in.Type())}
	value, state := ident(in.ID()), fmt.Sprintf("CASE WHEN %s IS NULL THEN 1 ELSE 0 END", ident(in.ID()))
	switch in.Origin() {
	case rule.FromSetting, rule.FromAsOf:
		state = always
	case rule.FromFact, rule.FromMembership, rule.FromParam:
		state = fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN 0 WHEN %s THEN 2 ELSE 1 END", value, ident(in.ID()+" none"))
	}
	if name := overName(in); name != "" {
		n.over = over{one, []string{ident(name)}}
	} else if in.Type() == rule.RateType {
		n.over.by = millionth
	}
	switch in.Type() {
	case rule.BoolType, rule.TextType, rule.DayType:
	default:
		value += "::numeric"
	}
	return c.put(n, value, state)
}

// aligned is the numerators of two nodes over a denominator that both divide.
func (c *chain) aligned(a, b int) (x, y string, common over) {
	n, m := c.nodes[a], c.nodes[b]
	common = n.over.common(m.over)
	scaled := func(n node) string {
		if by := n.over.factor(common); by != "" {
			return n.value + " * " + by
		}
		return n.value
	}
	return scaled(n), scaled(m), common
}

// round is an amount in fen, as a clause rounds once; it fails where it does not fit.
func (c *chain) round(id int, how money.Rounding) int {
	n := c.nodes[id]
	to := max(how.To, 1)
	unit := "(" + n.over.times(over{by: bigOf(int64(to))}).sql() + ")"
	size := "abs(" + n.value + ")"
	rest := fmt.Sprintf("mod(%s, %s)", size, unit)
	up := ""
	switch how.Mode {
	case money.Down:
		up = "FALSE"
	case money.Up:
		up = rest + " > 0"
	case money.HalfEven:
		up = fmt.Sprintf("2 * %s > %s OR 2 * %s = %s AND mod(div(%s, %s), 2) = 1", rest, unit, rest, unit, size, unit)
	default:
		up = fmt.Sprintf("2 * %s >= %s", rest, unit)
	}
	value := fmt.Sprintf("sign(%s) * (div(%s, %s) + CASE WHEN %s THEN 1 ELSE 0 END) * %s", n.value, size, unit, up, number(bigOf(int64(to))))
	return c.checked(c.with(rule.MoneyType, id), value, []string{value}, id)
}
