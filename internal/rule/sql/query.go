package sql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Ask is something that a query answers: an expression, or a tree that is made of some.
type Ask struct {
	Name   string          // of its columns
	Tree   *rule.Tree      // nil for that of Expr; a constant without a value is none
	Expr   *rule.Expr      // also where problems are told
	Round  *money.Rounding // an amount, rounded to fen; nil leaves it exact
	AtMost []*rule.Tree    // limits of the amount that was rounded
}

// Query is a SELECT and the tables that it reads: first that of the questions, then those of their children.
type Query struct {
	Tables  []Table
	Answers []Answer
	steps   []string
	last    string
}

// Answer is the columns of an answer: Name + " state" is present, unknown, none or failed; Name the value where it is present,
// in the scale in which facts are stored; of a rate and of an amount that is not rounded the numerator, with the denominator
// in Name + " over".
type Answer struct {
	Name  string
	Type  rule.Type
	Over  bool
	state string
	value string
	over  string
}

// Compile writes expressions about one kind of subject as a query over tables whose names begin with a word. All that cannot
// be written is told at once; with problems the Query is nil.
func Compile(word string, asks ...Ask) (*Query, content.Problems) {
	p := &printer{word: word, levels: map[Level]*chain{}}
	p.top = p.chain(Table{Name: word, Columns: []Column{{Name: "id", Type: "bigint PRIMARY KEY", Part: Key}}}, "q")
	q := &Query{}
	for _, a := range asks {
		q.Answers = append(q.Answers, p.answer(a))
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	for _, c := range p.order {
		q.steps = append(q.steps, c.steps()...)
		q.steps = append(q.steps, c.group())
	}
	q.steps = append(q.steps, p.top.steps()...)
	q.last = p.top.last()
	q.Tables = append(q.Tables, p.top.table)
	for _, c := range p.order {
		q.Tables = append(q.Tables, c.table)
	}
	return q, nil
}

// Select is the statement: id, and the columns of each answer.
func (q *Query) Select() string {
	var b strings.Builder
	for i, s := range q.steps {
		b.WriteString([]string{"WITH ", ",\n"}[min(i, 1)] + s)
	}
	b.WriteString("\nSELECT id")
	for _, a := range q.Answers {
		state := "'present'"
		if a.state != always {
			state = fmt.Sprintf("CASE %s WHEN 0 THEN 'present' WHEN 1 THEN 'unknown' WHEN 2 THEN 'none' ELSE 'failed' END", a.state)
		}
		fmt.Fprintf(&b, ",\n  %s AS %s, %s AS %s", state, ident(a.Name+" state"), a.value, ident(a.Name))
		if a.Over {
			fmt.Fprintf(&b, ", %s AS %s", a.over, ident(a.Name+" over"))
		}
	}
	b.WriteString("\nFROM " + q.last)
	return b.String()
}

// printer makes a query.
type printer struct {
	word     string
	top      *chain
	levels   map[Level]*chain
	order    []*chain // of levels, as they were met
	problems content.Problems
}

func (p *printer) answer(a Ask) Answer {
	c := p.top
	c.expr = a.Expr
	var id int
	if a.Tree != nil {
		id = c.tree(a.Tree)
	} else {
		id = c.out(a.Expr)
	}
	if a.Round != nil {
		id = c.round(id, *a.Round)
	}
	for _, limit := range a.AtMost {
		fen := &rule.Tree{Type: rule.MoneyType}
		id = c.pick(&rule.Tree{Fn: "min", Type: rule.MoneyType, Args: []*rule.Tree{fen, fen}}, []int{id, c.tree(limit)})
	}
	n := c.nodes[id]
	if len(a.Name)+len(" state") > maxName {
		p.report(c, &rule.Tree{}, i18n.M("rule.sql_name", a.Name, maxName))
	}
	return Answer{Name: a.Name, Type: n.typ, Over: n.typ == rule.RateType || n.typ == rule.ExactType, state: n.state, value: n.value, over: n.over.sql()}
}

func (p *printer) report(c *chain, t *rule.Tree, msg i18n.Msg) {
	p.problems = append(p.problems, c.expr.Problem(t.At, msg))
}

func (p *printer) chain(t Table, step string) *chain {
	return &chain{printer: p, table: t, step: step, seen: map[string]int{}}
}

// level is the chain of the members of an aggregate.
func (p *printer) level(l Level) *chain {
	if c := p.levels[l]; c != nil {
		return c
	}
	c := p.chain(Table{Name: p.word + "_" + l.From + "_" + l.Over, Level: &l}, fmt.Sprintf("m%d_", len(p.order)+1))
	c.table.Columns = []Column{{Name: "parent", Type: "bigint NOT NULL", Part: Parent}, {Name: "place", Type: "bigint NOT NULL", Part: Place}}
	p.levels[l], p.order = c, append(p.order, c)
	p.top.column(Column{Name: noParent(l), Type: "boolean NOT NULL DEFAULT FALSE", Part: NoParent, From: l.From})
	return c
}

func noParent(l Level) string { return "no " + l.From }

// chain is the steps over one table.
type chain struct {
	*printer
	table Table
	step  string
	nodes []node
	seen  map[string]int // nodes by what they are
	lent  []string       // columns of the question that members read
	folds []fold
	expr  *rule.Expr // that is being written
}

// always is the state of a node that is present in every row.
const always = "0"

// node is one part of an expression: what it is called, and what its step writes.
type node struct {
	typ          rule.Type
	value, state string // names of columns, or constants
	over         over
	fails        bool // some row may be failed
	depth        int  // number of its step; 0 where it needs none
	defs         []string
}

// column adds a column to the table, once.
func (c *chain) column(col Column) {
	if !slices.ContainsFunc(c.table.Columns, func(has Column) bool { return has.Name == col.Name }) {
		c.table.Columns = append(c.table.Columns, col)
	}
}

// depth is the last step.
func (c *chain) depth() int {
	most := 0
	for i := range c.nodes {
		most = max(most, c.nodes[i].depth)
	}
	return most
}

// last is the name of the last step.
func (c *chain) last() string { return fmt.Sprint(c.step, c.depth()) }

// steps is the subqueries, each with all that the one before has and the nodes of one depth.
func (c *chain) steps() []string {
	all := []string{c.source()}
	for d := 1; d <= c.depth(); d++ {
		var b strings.Builder
		fmt.Fprintf(&b, "%s%d AS (SELECT p.*", c.step, d)
		for _, n := range c.nodes {
			if n.depth == d {
				for _, def := range n.defs {
					b.WriteString(",\n  " + def)
				}
			}
		}
		fmt.Fprintf(&b, "\n  FROM %s%d p OFFSET 0)", c.step, d-1)
		all = append(all, b.String())
	}
	return all
}

// source is the first step: the table, with what it takes from others.
func (c *chain) source() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s0 AS (SELECT t.*", c.step)
	if c.table.Level != nil {
		for _, name := range c.lent {
			b.WriteString(", q." + ident(name))
		}
		fmt.Fprintf(&b, "\n  FROM %s t JOIN %s q ON q.id = t.parent OFFSET 0)", ident(c.table.Name), ident(c.top.table.Name))
		return b.String()
	}
	var joins strings.Builder
	for i, m := range c.order {
		for _, f := range m.folds {
			fmt.Fprintf(&b, ", g%d.%s", i+1, strings.Join(f.columns(), fmt.Sprintf(", g%d.", i+1)))
		}
		fmt.Fprintf(&joins, " LEFT JOIN %sg g%d ON g%d.parent = t.id", m.step, i+1, i+1)
	}
	fmt.Fprintf(&b, "\n  FROM %s t%s OFFSET 0)", ident(c.table.Name), joins.String())
	return b.String()
}
