package ruletest

import (
	"errors"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Functions is the operators and functions of the language, as rule.Tree writes them.
const Functions = "&& || ! ?: == != < <= > >= + - * min max in in_area in_industry known none " +
	"days span_days year month add_days add_months add_years"

// Census counts what a run came across.
type Census struct {
	Answers int
	Tied    int // rows where two equal numbers were compared or picked from

	states map[rule.State]int
	tooBig int            // failed because a result does not fit
	fns    map[string]int // by operator or function; those of aggregates as "agg.sum"
}

// Program counts the operators and functions of expressions that are evaluated for so many rows.
func (c *Census) Program(exprs []*rule.Expr, rows int) {
	if c.fns == nil {
		c.fns = map[string]int{}
	}
	for _, x := range exprs {
		in := map[string]bool{}
		walk(x.Tree(), in)
		for fn := range in {
			c.fns[fn] += rows
		}
	}
}

func walk(t *rule.Tree, in map[string]bool) {
	fn := t.Fn
	if fn == "-" && len(t.Args) == 1 {
		fn = "negate"
	}
	if t.Fn == "" && t.Input != nil && t.Input.Aggregate() != nil {
		fn = "agg." + string(t.Input.Aggregate().Op)
	}
	in[fn] = true
	for _, a := range t.Args {
		walk(a, in)
	}
}

// Answer counts an answer by its state.
func (c *Census) Answer(o rule.Outcome) {
	if c.states == nil {
		c.states = map[rule.State]int{}
	}
	c.Answers++
	c.states[o.State]++
	if errors.Is(o.Err, money.ErrOverflow) {
		c.tooBig++
	}
}

// Tell prints the counts. There must be so many answers, and each operator, each state, overflow and ties in a
// hundredth of them.
func (c *Census) Tell(t *testing.T, least int) {
	t.Helper()
	t.Logf("%d answers: %v, overflow %d, rows with a tie %d\noperators: %v", c.Answers, c.states, c.tooBig, c.Tied, c.fns)
	if c.Answers < least {
		t.Errorf("%d answers, want %d", c.Answers, least)
	}
	rare := func(what string, n int) {
		if n*100 < c.Answers {
			t.Errorf("%s: %d of %d, less than a hundredth", what, n, c.Answers)
		}
	}
	rare("tie", c.Tied)
	rare("overflow", c.tooBig)
	for _, s := range []rule.State{rule.Unknown, rule.Present, rule.None, rule.Failed} {
		rare(s.String(), c.states[s])
	}
	for _, fn := range strings.Fields(Functions + " negate agg.sum agg.count agg.max agg.min agg.any agg.all") {
		rare(fn, c.fns[fn])
	}
}

// Same says that two values are of one type and one worth.
func Same(a, b rule.Value) bool {
	switch {
	case a.Type() != b.Type():
		return false
	case a.Type() == rule.ExactType:
		return a.Exact().Cmp(b.Exact()) == 0
	case a.Type() == rule.RateType:
		return a.Rate().Cmp(b.Rate()) == 0
	}
	return a == b
}
