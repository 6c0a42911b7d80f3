package sql_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
	printed "github.com/yanzhen/yanzhen/internal/rule/sql"
	"github.com/yanzhen/yanzhen/internal/rule/sql/sqltest"
)

// clause is a clause as policies write them: what must hold, and the amount.
var clause = [2]string{
	`in_area(ent.area, "320900") && ent.above_scale && project.is_digital && project.investment >= money("500万元") && event >= day("2019-01-28")`,
	`min(project.investment * rate("12%"), money("500万元"))`,
}

// BenchmarkClause adds up what a clause brings over many rows of the same figures: by columns on one core, and by PostgreSQL
// from a table.
func BenchmarkClause(b *testing.B) {
	db := sqltest.Open(b)
	env := ruletest.Environment(b)
	met, amount := compile(b, env, clause[0], rule.BoolType), compile(b, env, clause[1], rule.ExactType)
	q, problems := printed.Compile("fact", printed.Ask{Name: "met", Expr: met}, printed.Ask{Name: "own", Expr: amount, Round: &money.Rounding{Mode: money.Down}})
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	p, problems := column.Compile(met, amount)
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	sum := `SELECT coalesce(sum("own") FILTER (WHERE "met"), 0)::text FROM (` + q.Select() + `) q`
	for _, n := range []int{100_000, 1_000_000} {
		batch := fillTable(b, db, q, p, n)
		plan := p.Bind(batch)
		want := sumOfColumns(plan)
		b.Run(fmt.Sprintf("columns/%d", n), func(b *testing.B) {
			for b.Loop() {
				sumOfColumns(plan)
			}
		})
		b.Run(fmt.Sprintf("postgres/%d", n), func(b *testing.B) {
			for b.Loop() {
				var got string
				if err := db.QueryRow(sum).Scan(&got); err != nil {
					b.Fatal(err)
				}
				if got != want {
					b.Fatalf("columns %s, PostgreSQL %s", want, got)
				}
			}
		})
	}
}

// fillTable makes n rows, the same in the table of a query and in a batch.
func fillTable(b *testing.B, db *sql.DB, q *printed.Query, p *column.Program, n int) *column.Batch {
	b.Helper()
	table := &q.Tables[0]
	if _, err := db.Exec(`DROP TABLE IF EXISTS "fact"`); err != nil {
		b.Fatal(err)
	}
	if _, err := db.Exec(table.Create()); err != nil {
		b.Fatal(err)
	}
	batch := &column.Batch{Rows: n, Dict: column.NewDict(), Columns: map[string]*column.Column{}}
	for _, in := range p.Inputs() {
		batch.Columns[in.ID()] = column.NewColumn(in.Type(), batch.Dict, n)
	}
	g := ruletest.NewGrower(1)
	var rows []string
	for i := range n {
		area, scale, digital := []string{"320903", "320500"}[g.IntN(2)], g.IntN(2) == 0, g.IntN(2) == 0
		investment, event := g.Int64N(5_000_000_000), period.Day(18_000+g.IntN(1500))
		for id, v := range map[string]rule.Value{
			"ent.area": rule.Text(area), "ent.above_scale": rule.Bool(scale), "project.is_digital": rule.Bool(digital),
			"project.investment": rule.Money(money.Fen(investment)), "event": rule.Day(event),
		} {
			batch.Columns[id].Set(i, v, rule.Present)
		}
		rows = append(rows, fmt.Sprintf("(%d, '%s', %t, %t, %d, '%s')", i, area, scale, digital, investment, event))
		if len(rows) == 10_000 || i == n-1 {
			if _, err := db.Exec(`INSERT INTO "fact" (id, "ent.area", "ent.above_scale", "project.is_digital", "project.investment", "event") VALUES ` + strings.Join(rows, ", ")); err != nil {
				b.Fatal(err)
			}
			rows = rows[:0]
		}
	}
	for _, c := range batch.Columns {
		c.Close()
	}
	if _, err := db.Exec(`ANALYZE "fact"`); err != nil {
		b.Fatal(err)
	}
	var size string
	if err := db.QueryRow(`SELECT pg_size_pretty(pg_total_relation_size('"fact"'))`).Scan(&size); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d rows: %s", n, size)
	return batch
}

// sumOfColumns is what the clause brings, each amount rounded down to the fen.
func sumOfColumns(plan *column.Plan) string {
	m := plan.Machine()
	var total int64
	for at := range plan.Blocks() {
		block := m.At(at)
		met := block.Eval(0, block.All())
		rows := met.True(met.Present(block.All()))
		amounts := block.Eval(1, rows)
		numbers, den := amounts.Numbers(), amounts.Den().Int64()
		for i := range rows.Rows() {
			total += numbers[i] / den
		}
	}
	return fmt.Sprint(total)
}
