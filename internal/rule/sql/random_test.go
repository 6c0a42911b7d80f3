package sql_test

import (
	"database/sql"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
	printed "github.com/yanzhen/yanzhen/internal/rule/sql"
	"github.com/yanzhen/yanzhen/internal/rule/sql/sqltest"
)

// TestRowsAreColumnsAreSQL holds PostgreSQL and columns against rows: the state and the value of every answer.
func TestRowsAreColumnsAreSQL(t *testing.T) {
	db := sqltest.Open(t)
	env := ruletest.Environment(t)
	var seen ruletest.Census
	rapid.Check(t, func(t *rapid.T) {
		g := ruletest.NewGrower(rapid.Uint64().Draw(t, "seed"))
		contexts := g.Contexts(50)
		for range 5 {
			exprs := g.Exprs(env)
			seen.Program(exprs, len(contexts))
			check(t, db, exprs, contexts, &seen)
		}
	})
	seen.Tell(t, 20_000)
}

// check compares expressions over rows.
func check(t sqltest.T, db *sql.DB, exprs []*rule.Expr, contexts []*rule.Context, seen *ruletest.Census) {
	t.Helper()
	asks := []printed.Ask{{Name: "tie", Expr: exprs[0], Tree: tie(exprs)}}
	for i, x := range exprs {
		asks = append(asks, printed.Ask{Name: fmt.Sprint("answer ", i), Expr: x})
	}
	q, problems := printed.Compile("fact", asks...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got := sqltest.Run(t, db, q, contexts)
	p, problems := column.Compile(exprs...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plan := p.Bind(p.Read(contexts))
	b := plan.Machine().At(0)
	for i, ctx := range contexts {
		if got[i][0].True() {
			seen.Tied++
		}
		for k, x := range exprs {
			want := x.Eval(ctx)
			seen.Answer(want)
			if in := b.Outcome(k, i); !sqltest.Same(want, in) {
				t.Fatalf("row %d of\n%s\nrows:    %s\ncolumns: %s", i, x.Source(), told(want), told(in))
			}
			if in := got[i][k+1]; !sqltest.Same(want, in) {
				t.Fatalf("row %d of\n%s\nrows: %s\nSQL:  %s\n%s", i, x.Source(), told(want), told(in), q.Select())
			}
		}
	}
}

func told(o rule.Outcome) string { return fmt.Sprint(o.State, " ", o.Value, " ", o.Err) }

// tie is whether two equal numbers are compared or picked from.
func tie(exprs []*rule.Expr) *rule.Tree {
	any := &rule.Tree{Fn: "||", Type: rule.BoolType, Args: []*rule.Tree{{Type: rule.BoolType, Value: rule.Bool(false)}}}
	var visit func(t *rule.Tree)
	visit = func(t *rule.Tree) {
		switch t.Fn {
		case "<", "<=", ">", ">=", "==", "!=", "min", "max":
			any.Args = append(any.Args, &rule.Tree{Fn: "==", Type: rule.BoolType, Args: t.Args})
		}
		for _, a := range t.Args {
			visit(a)
		}
	}
	for _, x := range exprs {
		visit(x.Tree())
	}
	return any
}
