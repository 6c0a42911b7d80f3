package sql

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// writing is how an operator or function is written; nil for one that has no SQL.
func writing(fn string) func(c *chain, t *rule.Tree, args []int) int {
	switch fn {
	case "&&", "||":
		return (*chain).junction
	case "!":
		return (*chain).negation
	case "?:":
		return (*chain).choice
	case "==", "!=", "<", "<=", ">", ">=":
		return (*chain).comparison
	case "+", "-":
		return (*chain).sum
	case "*":
		return (*chain).product
	case "min", "max":
		return (*chain).pick
	case "in", "in_area", "in_industry":
		return (*chain).membership
	case "known", "none":
		return (*chain).state
	case "days", "span_days":
		return (*chain).days
	case "year", "month":
		return (*chain).calendar
	case "add_days":
		return (*chain).addDays
	case "add_months", "add_years":
		return (*chain).addMonths
	}
	return nil
}

func bigOf(n int64) *big.Int { return big.NewInt(n) }

// junction is && or ||.
func (c *chain) junction(t *rule.Tree, args []int) int {
	id := args[0]
	for _, next := range args[1:] {
		id = c.both(t.Fn, id, next)
	}
	return id
}

// both is a && b or a || b. SQL's AND and OR know which value decides; a failed operand comes before that.
func (c *chain) both(fn string, a, b int) int {
	x, y := c.nodes[a], c.nodes[b]
	value := x.value + " AND " + y.value
	if fn == "||" {
		value = x.value + " OR " + y.value
	}
	n := c.with(rule.BoolType, a, b)
	if c.worst(a, b) == always {
		return c.put(n, value, always)
	}
	failed := c.anyIs(3, a, b)
	state := fmt.Sprintf("CASE%s WHEN (%s) IS NOT NULL THEN 0%s ELSE 2 END", when(failed, "3"), value, when(c.anyIs(1, a, b), "1"))
	if failed != "" {
		value = fmt.Sprintf("CASE WHEN %s THEN NULL ELSE %s END", failed, value)
	}
	return c.put(n, value, state)
}

func (c *chain) negation(_ *rule.Tree, args []int) int {
	return c.strict(c.with(rule.BoolType, args...), "NOT "+c.nodes[args[0]].value, args...)
}

// choice is c ? a : b. Where the condition does not decide, it is the common value of both.
func (c *chain) choice(t *rule.Tree, args []int) int {
	cond, a, b := c.nodes[args[0]], c.nodes[args[1]], c.nodes[args[2]]
	n := c.with(t.Type, args...)
	x, y := a.value, b.value
	if numeric(t.Type) {
		x, y, n.over = c.aligned(args[1], args[2])
	}
	decided := fmt.Sprintf(" WHEN %s THEN %%s WHEN NOT %s THEN %%s", cond.value, cond.value)
	same := x + " = " + y
	value := "CASE" + fmt.Sprintf(decided, x, y)
	if failed := is(cond, 3); failed != "" {
		value += " WHEN " + failed + " THEN NULL"
	}
	value += fmt.Sprintf(" WHEN %s THEN %s END", same, x)
	if c.worst(args...) == always {
		return c.put(n, value, always)
	}
	state := "CASE" + fmt.Sprintf(decided, a.state, b.state) + when(c.anyIs(3, args...), "3") + when(same, "0")
	if none1, none2 := is(a, 2), is(b, 2); none1 != "" && none2 != "" {
		state += when(none1+" AND "+none2, "2")
	}
	state += when(c.anyIs(1, args...), "1") + " ELSE 2 END"
	return c.put(n, value, state)
}

// numeric says that values of a type are numerators over a denominator.
func numeric(t rule.Type) bool {
	switch t {
	case rule.BoolType, rule.TextType, rule.DayType:
		return false
	}
	return true
}

func (c *chain) comparison(t *rule.Tree, args []int) int {
	x, y := c.nodes[args[0]].value, c.nodes[args[1]].value
	if numeric(t.Args[0].Type) {
		x, y, _ = c.aligned(args[0], args[1])
	}
	sign := t.Fn
	switch sign {
	case "==":
		sign = "="
	case "!=":
		sign = "<>"
	}
	return c.strict(c.with(rule.BoolType, args...), x+" "+sign+" "+y, args...)
}

// sum is a + b, a − b or −a.
func (c *chain) sum(t *rule.Tree, args []int) int {
	n := c.with(t.Type, args...)
	if len(args) == 1 {
		n.over = c.nodes[args[0]].over
		return c.fitting(n, "- "+c.nodes[args[0]].value, nil, args...)
	}
	x, y, common := c.aligned(args[0], args[1])
	n.over = common
	var fit []string
	for i, v := range []string{x, y} { // a whole number may be too large for a decimal
		if t.Type == rule.DecimalType && t.Args[i].Type == rule.IntType {
			fit = append(fit, v)
		}
	}
	return c.fitting(n, x+" "+t.Fn+" "+y, fit, args...)
}

func (c *chain) product(t *rule.Tree, args []int) int {
	x, y := c.nodes[args[0]], c.nodes[args[1]]
	n := c.with(t.Type, args...)
	n.over = x.over.times(y.over)
	return c.fitting(n, x.value+" * "+y.value, nil, args...)
}

// fitting is arithmetic, checked as its type asks: money before rounding always has room, a rate must have it in lowest
// terms, what has 64 bits in them.
func (c *chain) fitting(n node, value string, fit []string, of ...int) int {
	switch n.typ {
	case rule.ExactType:
		return c.strict(n, value, of...)
	case rule.RateType:
		id := c.strict(n, value, of...)
		num, den := c.nodes[id].value, n.over.sql()
		g := fmt.Sprintf("gcd(%s, %s)", num, den)
		n = c.with(n.typ, id)
		n.over = c.nodes[id].over
		return c.failing(n, num, either(outside(fmt.Sprintf("div(%s, %s)", num, g)), outside(fmt.Sprintf("div(%s, %s)", den, g))), id)
	}
	return c.checked(n, value, append(fit, "("+value+")"), of...)
}

// pick is min or max: what is none is left out, as LEAST and GREATEST leave out NULL.
func (c *chain) pick(t *rule.Tree, args []int) int {
	n := c.with(t.Type, args...)
	x, y := c.nodes[args[0]].value, c.nodes[args[1]].value
	if numeric(t.Type) {
		x, y, n.over = c.aligned(args[0], args[1])
	}
	fn := "LEAST"
	if t.Fn == "max" {
		fn = "GREATEST"
	}
	value := fmt.Sprintf("%s(%s, %s)", fn, x, y)
	var wrong string
	if t.Type == rule.DecimalType && (t.Args[0].Type == rule.IntType || t.Args[1].Type == rule.IntType) {
		wrong = outside(value) // a whole number that is too large for a decimal
	}
	failed, unknown := c.anyIs(3, args...), c.anyIs(1, args...)
	n.fails = n.fails || wrong != ""
	state := always
	if c.worst(args...) != always || wrong != "" {
		state = fmt.Sprintf("CASE%s%s WHEN %s IS NULL THEN 2%s ELSE 0 END", when(failed, "3"), when(unknown, "1"), value, when(wrong, "3"))
	}
	if not := either(failed, unknown, wrong); not != "" {
		value = fmt.Sprintf("CASE WHEN %s THEN NULL ELSE %s END", not, value)
	}
	return c.put(n, value, state)
}

// The forms in which codes are sent besides that of their tree: as content reads them.
const (
	areaForm     = `regexp_replace(lower(%s COLLATE "C"), '^([0-9]{6})000000$', '\1')`
	industryForm = `regexp_replace(upper(btrim(%s) COLLATE "C"), '^[A-T]([0-9]{2,})$', '\1')`
)

func (c *chain) membership(t *rule.Tree, args []int) int {
	value := c.nodes[args[0]].value
	if slices.ContainsFunc(t.Set.Texts(), func(s string) bool { return strings.ContainsRune(s, 0) }) {
		c.report(c, t, i18n.M("rule.sql_text"))
	}
	var in string
	switch {
	case t.Args[0].Type == rule.IntType:
		var all []string
		for _, n := range t.Set.Ints() {
			all = append(all, number(bigOf(n)))
		}
		in = "(" + strings.Join(all, ", ") + ")"
	case t.Fn == "in_area":
		value, in = fmt.Sprintf(areaForm, value), list(t.Set.Texts())
	case t.Fn == "in_industry":
		value, in = fmt.Sprintf(industryForm, value), list(t.Set.Texts())
	default:
		in = list(t.Set.Texts())
	}
	return c.strict(c.with(rule.BoolType, args...), value+" IN "+in, args...)
}

// state is known(x) or none(x).
func (c *chain) state(t *rule.Tree, args []int) int {
	x := c.nodes[args[0]]
	if x.state == always {
		return c.constant(rule.Bool(t.Fn == "known"))
	}
	n := c.with(rule.BoolType, args...)
	if t.Fn == "none" {
		return c.put(n, fmt.Sprintf("CASE %s WHEN 0 THEN FALSE WHEN 2 THEN TRUE END", x.state),
			fmt.Sprintf("CASE WHEN %s = 2 THEN 0 ELSE %s END", x.state, x.state))
	}
	if x.fails {
		return c.put(n, fmt.Sprintf("CASE %s WHEN 3 THEN NULL ELSE %s = 0 END", x.state, x.state),
			fmt.Sprintf("CASE WHEN %s = 3 THEN 3 ELSE 0 END", x.state))
	}
	return c.put(n, x.state+" = 0", always)
}

func (c *chain) days(t *rule.Tree, args []int) int {
	value := fmt.Sprintf("(%s - %s)::numeric", c.nodes[args[1]].value, c.nodes[args[0]].value)
	if t.Fn == "span_days" {
		value += " + 1"
	}
	return c.strict(c.with(rule.IntType, args...), value, args...)
}

func (c *chain) calendar(t *rule.Tree, args []int) int {
	value := fmt.Sprintf("EXTRACT(%s FROM %s)::numeric", strings.ToUpper(t.Fn), c.nodes[args[0]].value)
	return c.strict(c.with(rule.IntType, args...), value, args...)
}

// addDays stops at the ends of the calendar, so that PostgreSQL is never asked for a day that it does not have; what lies
// beyond them has failed.
func (c *chain) addDays(_ *rule.Tree, args []int) int {
	first, last := rule.Calendar()
	day, by := c.nodes[args[0]].value, c.nodes[args[1]].value
	low, high := fmt.Sprintf("(date '%s' - %s)", first, day), fmt.Sprintf("(date '%s' - %s)", last, day)
	return c.failing(c.with(rule.DayType, args...),
		fmt.Sprintf("%s + LEAST(GREATEST(%s, %s), %s)::int", day, by, low, high), fmt.Sprintf("%s NOT BETWEEN %s AND %s", by, low, high), args...)
}

// addMonths does the same in months since the year 0. An interval of months ends on the last day of a shorter month.
func (c *chain) addMonths(t *rule.Tree, args []int) int {
	first, last := rule.Calendar()
	day, by := c.nodes[args[0]].value, c.nodes[args[1]].value
	if t.Fn == "add_years" {
		by = "12 * " + by
	}
	month := fmt.Sprintf("(EXTRACT(YEAR FROM %s) * 12 + EXTRACT(MONTH FROM %s) - 1)::numeric", day, day)
	low, high := fmt.Sprintf("(%d - %s)", first.Year()*12, month), fmt.Sprintf("(%d - %s)", last.Year()*12+11, month)
	return c.failing(c.with(rule.DayType, args...),
		fmt.Sprintf("(%s + make_interval(months => LEAST(GREATEST(%s, %s), %s)::int))::date", day, by, low, high),
		fmt.Sprintf("%s NOT BETWEEN %s AND %s", by, low, high), args...)
}
