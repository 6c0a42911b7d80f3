package sqltest

import (
	"context"
	"database/sql"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
	printed "github.com/yanzhen/yanzhen/internal/rule/sql"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// Open is an empty schema of PostgreSQL; it skips the test where no server is named.
func Open(t testing.TB) *sql.DB {
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

// T is a test, or one of many checks of a property.
type T interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// Same says that two outcomes have one state and one value.
func Same(a, b rule.Outcome) bool { return a.State == b.State && ruletest.Same(a.Value, b.Value) }

// Run fills the tables of a query from contexts and asks it: for each row, each answer.
func Run(t T, db *sql.DB, q *printed.Query, contexts []*rule.Context) [][]rule.Outcome {
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
		if insert := table.Insert(contexts); insert != "" {
			if _, err := tx.Exec(insert); err != nil {
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
func scan(t T, rows *sql.Rows, q *printed.Query) []rule.Outcome {
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
func parsed(t T, a printed.Answer, text, over string) rule.Value {
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
