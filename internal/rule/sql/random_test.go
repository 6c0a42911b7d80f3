package sql

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// TestRowsAreColumnsAreSQL holds PostgreSQL and columns against rows: the state and the value of every answer.
func TestRowsAreColumnsAreSQL(t *testing.T) {
	db := open(t)
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

func open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", storetest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// fataler is a test, or one of many checks of a property.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// check compares expressions over rows.
func check(t fataler, db *sql.DB, exprs []*rule.Expr, contexts []*rule.Context, seen *ruletest.Census) {
	t.Helper()
	asks := []Ask{{Name: "tie", Expr: exprs[0], Tree: tie(exprs)}}
	for i, x := range exprs {
		asks = append(asks, Ask{Name: fmt.Sprint("answer ", i), Expr: x})
	}
	q, problems := Compile("fact", asks...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got := run(t, db, q, contexts)
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
			if in := b.Outcome(k, i); !same(want, in) {
				t.Fatalf("row %d of\n%s\nrows:    %s\ncolumns: %s", i, x.Source(), told(want), told(in))
			}
			if in := got[i][k+1]; !same(want, in) {
				t.Fatalf("row %d of\n%s\nrows: %s\nSQL:  %s\n%s", i, x.Source(), told(want), told(in), q.Select())
			}
		}
	}
}

func same(a, b rule.Outcome) bool { return a.State == b.State && ruletest.Same(a.Value, b.Value) }

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

// run fills the tables of a query from contexts and asks it: for each row, each answer.
func run(t fataler, db *sql.DB, q *Query, contexts []*rule.Context) [][]rule.Outcome {
	t.Helper()
	ctx := context.Background()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // the tables are of no further use
	for i := range q.Tables {
		table := &q.Tables[i]
		if _, err := tx.Exec(table.Create()); err != nil {
			t.Fatalf("%v\n%s", err, table.Create())
		}
		if rows := fill(table, contexts); len(rows) > 0 {
			if _, err := tx.Exec("INSERT INTO " + ident(table.Name) + " VALUES\n" + strings.Join(rows, ",\n")); err != nil {
				t.Fatalf("fill %s: %v", table.Name, err)
			}
		}
	}
	rows, err := tx.Query(q.Select() + " ORDER BY id")
	if err != nil {
		t.Fatalf("%v\n%s", err, q.Select())
	}
	defer rows.Close()
	var all [][]rule.Outcome
	for rows.Next() {
		all = append(all, scan(t, rows, q))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%v\n%s", err, q.Select())
	}
	if len(all) != len(contexts) {
		t.Fatalf("%d rows for %d contexts", len(all), len(contexts))
	}
	return all
}

// scan is the answers of a row.
func scan(t fataler, rows *sql.Rows, q *Query) []rule.Outcome {
	t.Helper()
	var id int64
	into := []any{&id}
	texts := make([][3]sql.NullString, len(q.Answers))
	for i, a := range q.Answers {
		into = append(into, &texts[i][0], &texts[i][1])
		if a.Over {
			into = append(into, &texts[i][2])
		}
	}
	if err := rows.Scan(into...); err != nil {
		t.Fatal(err)
	}
	all := make([]rule.Outcome, len(q.Answers))
	for i, a := range q.Answers {
		state, ok := states[texts[i][0].String]
		if !ok || texts[i][1].Valid != (state == rule.Present) {
			t.Fatalf("row %d: state %q with the value %q", id, texts[i][0].String, texts[i][1].String)
		}
		all[i] = rule.Outcome{State: state}
		if state == rule.Present {
			all[i].Value = parsed(t, a, texts[i][1].String, texts[i][2].String)
		}
	}
	return all
}

var states = map[string]rule.State{"present": rule.Present, "unknown": rule.Unknown, "none": rule.None, "failed": rule.Failed}

// parsed is a value as PostgreSQL wrote it.
func parsed(t fataler, a Answer, text, over string) rule.Value {
	t.Helper()
	switch a.Type {
	case rule.BoolType:
		return rule.Bool(text == "true")
	case rule.TextType:
		return rule.Text(text)
	case rule.DayType:
		text, _, _ = strings.Cut(text, "T")
		v, err := rule.ParseValue(rule.DayType, text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	case rule.RateType, rule.ExactType:
		r, ok := new(big.Rat).SetString(text + "/" + over)
		if !ok {
			t.Fatalf("%s/%s is no fraction", text, over)
		}
		return rule.Fraction(a.Type, r)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	switch a.Type {
	case rule.DecimalType:
		return rule.Decimal(n)
	case rule.MoneyType:
		return rule.Money(money.Fen(n))
	}
	return rule.Int(n)
}

// fill is the rows of a table as VALUES.
func fill(table *Table, contexts []*rule.Context) []string {
	var all []string
	for i, ctx := range contexts {
		if table.Level == nil {
			all = append(all, values(table, ctx, i, 0))
			continue
		}
		top := ancestor(ctx.Subject, table.Level.From)
		if top == nil {
			continue
		}
		for k, s := range top.Children(table.Level.Over) {
			member := *ctx
			member.Subject = s
			all = append(all, values(table, &member, i, k))
		}
	}
	return all
}

func ancestor(s rule.Subject, kind string) rule.Subject {
	for s != nil && s.Kind() != kind {
		s = s.Parent()
	}
	return s
}

func values(table *Table, ctx *rule.Context, id, place int) string {
	var all []string
	for _, c := range table.Columns {
		switch c.Part {
		case Key, Parent:
			all = append(all, fmt.Sprint(id))
		case Place:
			all = append(all, fmt.Sprint(place))
		case NoParent:
			all = append(all, fmt.Sprint(ancestor(ctx.Subject, c.From) == nil))
		case None:
			all = append(all, fmt.Sprint(c.Input.Read(ctx).State == rule.None))
		case Over:
			o, den := c.Input.Read(ctx), "1"
			if o.State == rule.Present {
				den = o.Value.Rate().Rat().Denom().String()
			}
			all = append(all, den)
		default:
			all = append(all, stored(c.Input, c.Input.Read(ctx)))
		}
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// stored is a value as its column holds it.
func stored(in *rule.Input, o rule.Outcome) string {
	if o.State != rule.Present {
		return "NULL"
	}
	if o.Value.Type() == rule.RateType && overName(in) == "" {
		r := new(big.Rat).Mul(o.Value.Rate().Rat(), new(big.Rat).SetInt(millionth))
		return r.RatString()
	}
	return strings.TrimPrefix(constant(o.Value), "numeric ")
}
