package sql_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
	printed "github.com/yanzhen/yanzhen/internal/rule/sql"
	"github.com/yanzhen/yanzhen/internal/rule/sql/sqltest"
)

func compile(t testing.TB, env *rule.Env, src string, want ...rule.Type) *rule.Expr {
	t.Helper()
	x, problems := env.Compile(src, rule.Position{File: "policy.yaml", Source: []byte(src), Line: 1, Col: 1}, want...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return x
}

// TestProblems wants what cannot be written told with its place.
func TestProblems(t *testing.T) {
	env := ruletest.Environment(t)
	nested := func() *rule.Expr {
		decl := rule.Declarations{Aggregates: []*rule.Aggregate{{
			ID: "cost", Name: i18n.Text{ZH: "费用", EN: "Cost"}, From: content.Project, Over: content.Lease, Op: rule.Sum,
			Of: compile(t, newEnv(t, content.Lease, rule.Declarations{}), "lease.cost", rule.MoneyType),
		}}}
		of := compile(t, newEnv(t, content.Project, decl), `project.investment + agg.cost`, rule.MoneyType)
		all := rule.Declarations{Aggregates: []*rule.Aggregate{{
			ID: "all", Name: i18n.Text{ZH: "全部", EN: "All"}, From: content.Enterprise, Over: content.Project, Op: rule.Sum, Of: of,
		}}}
		return compile(t, newEnv(t, content.Enterprise, all), "agg.all", rule.MoneyType)
	}
	long := strings.Repeat("long_", 12)
	named := newEnv(t, content.Project, rule.Declarations{Params: map[string]rule.Param{
		long: {Type: rule.IntType, Name: i18n.Text{ZH: "数", EN: "number"}},
	}})
	median := compile(t, env, "project.investment + project.software", rule.MoneyType)
	tree := *median.Tree()
	tree.Fn = "median"
	for _, tc := range []struct {
		name string
		ask  printed.Ask
		key  string
		col  int
	}{
		{"a function without SQL", printed.Ask{Name: "a", Expr: median, Tree: &tree}, "rule.no_sql", 20},
		{"an aggregate of aggregates", printed.Ask{Name: "a", Expr: nested()}, "rule.sql_nested", 22},
		{"a zero character", printed.Ask{Name: "a", Expr: compile(t, env, `project.code == "\x00"`, rule.BoolType)}, "rule.sql_text", 17},
		{"a zero character in a list", printed.Ask{Name: "a", Expr: compile(t, env, `project.code in ["\x00"]`, rule.BoolType)}, "rule.sql_text", 14},
		{"a long name", printed.Ask{Name: "a", Expr: compile(t, named, "1 + param."+long, rule.IntType)}, "rule.sql_name", 5},
		{"a long answer", printed.Ask{Name: long, Expr: median}, "rule.sql_name", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q, problems := printed.Compile("fact", tc.ask)
			if q != nil || len(problems) == 0 {
				t.Fatal("no problem")
			}
			if got := problems[0]; got.File != "policy.yaml" || got.Line != 1 || got.Col != tc.col || got.Msg.Key != tc.key {
				t.Errorf("got %s at %s:%d:%d, want %s at column %d", got.Msg.Key, got.File, got.Line, got.Col, tc.key, tc.col)
			}
		})
	}
}

func newEnv(t testing.TB, kind string, decl rule.Declarations) *rule.Env {
	t.Helper()
	env, err := rule.NewEnv(ruletest.Library(), kind, decl)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// TestTextsStayTexts compares with words that try to be more, under both ways in which a server may read a backslash.
func TestTextsStayTexts(t *testing.T) {
	db := sqltest.Open(t)
	for _, word := range []string{`a'b`, `''; DROP TABLE fact; --`, `\`, `\' OR TRUE --`, `$1`, `"`, "新\n行", `%s`, `E'x'`} {
		for _, mode := range []string{"on", "off"} {
			var is, in bool
			stmt := fmt.Sprintf("SELECT $1 = %s, $1 IN %s", printed.Quoted(word), printed.List([]string{"x", word}))
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec("SET LOCAL standard_conforming_strings = " + mode + "; SET LOCAL backslash_quote = off"); err != nil {
				t.Fatal(err)
			}
			if err := tx.QueryRow(stmt, word).Scan(&is, &in); err != nil || !is || !in {
				t.Errorf("%q with %s: %v %v %v", word, mode, is, in, err)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestRound compares the rounding of a clause with that of package money, ties and both signs among them.
func TestRound(t *testing.T) {
	db := sqltest.Open(t)
	env := ruletest.Environment(t)
	amounts := []int64{0, 1, -1, 49, 50, 51, 99, 100, 149, 150, 250, -150, -250, 12_345, math.MaxInt64, math.MinInt64}
	for _, rate := range []string{"1", "1/2", "1/3", "12.5%", "-1/200"} {
		for _, mode := range []money.Mode{money.HalfUp, money.HalfEven, money.Down, money.Up, ""} {
			for _, to := range []money.Fen{0, 1, 100, money.Wan} {
				how := money.Rounding{To: to, Mode: mode}
				x := compile(t, env, fmt.Sprintf("param.limit * rate(%q)", rate), rule.ExactType)
				q, problems := printed.Compile("fact", printed.Ask{Name: "a", Expr: x, Round: &how})
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				contexts := ruletest.NewGrower(1).Contexts(len(amounts))
				for i, c := range contexts {
					c.Names = ruletest.Chosen{"limit": {Value: rule.Money(money.Fen(amounts[i])), State: rule.Present}}
				}
				for i, got := range sqltest.Run(t, db, q, contexts) {
					fen, err := x.Eval(contexts[i]).Value.Exact().Round(how)
					want := rule.Outcome{Value: rule.Money(fen), State: rule.Present}
					if err != nil {
						want = rule.Outcome{State: rule.Failed}
					}
					if !sqltest.Same(want, got[0]) {
						t.Errorf("%d × %s to %v: rows %s, SQL %s", amounts[i], rate, how, told(want), told(got[0]))
					}
				}
			}
		}
	}
}

// TestFormsOfCodes holds the forms in which SQL knows codes against those that content knows.
func TestFormsOfCodes(t *testing.T) {
	db := sqltest.Open(t)
	lib := ruletest.Library()
	area := newEnv(t, content.Enterprise, rule.Declarations{})
	for src, words := range map[string][]string{
		`in_area(ent.area, "320900")`:                   {"320900", "320903", "320903000000", "3209030000", "ZONE:320971", "zone:320971", "nowhere", ""},
		`in_industry(ent.industry, "C", "65", "34-38")`: {"C3670", "c3670", " 3670 ", "3670", "A3670", "Z3670", "C", "c", "CC3670", "65", "I65", "I6513", "A01", ""},
	} {
		x := compile(t, area, src, rule.BoolType)
		tree := x.Tree()
		form := map[string]string{"in_area": printed.AreaForm, "in_industry": printed.IndustryForm}[tree.Fn]
		nodes := lib.Areas()
		if tree.Fn == "in_industry" {
			nodes = lib.Industries()
		}
		for _, n := range nodes.Nodes() {
			words = append(words, n.Code)
		}
		rows, err := db.Query("SELECT word, "+fmt.Sprintf(form, "word")+" = ANY($2) FROM unnest($1::text[]) AS word", words, tree.Set.Texts())
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var word string
			var got bool
			if err := rows.Scan(&word, &got); err != nil {
				t.Fatal(err)
			}
			if want := tree.Set.Has(word); got != want {
				t.Errorf("%s of %q: SQL %v, rows %v", src, word, got, want)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// costs is a project whose leases cost so much, and each of those leases.
type costs []int64

func (c costs) Kind() string         { return content.Project }
func (c costs) ID() string           { return "P" }
func (c costs) Name() string         { return "" }
func (c costs) Parent() rule.Subject { return nil }

func (c costs) Children(string) []rule.Subject {
	all := make([]rule.Subject, len(c))
	for i, n := range c {
		all[i] = cost{c, n}
	}
	return all
}

func (c costs) Fact(content.FactDef, period.Period, period.Day) (rule.Value, rule.State) {
	return rule.Value{}, rule.Unknown
}

type cost struct {
	costs
	fen int64
}

func (c cost) Kind() string         { return content.Lease }
func (c cost) Parent() rule.Subject { return c.costs }

func (c cost) Fact(content.FactDef, period.Period, period.Day) (rule.Value, rule.State) {
	return rule.Money(money.Fen(c.fen)), rule.Present
}

// TestMembersAreAddedInOrder adds up what does not fit on the way and does at the end: that has failed, as it has by rows.
func TestMembersAreAddedInOrder(t *testing.T) {
	db := sqltest.Open(t)
	of := compile(t, newEnv(t, content.Lease, rule.Declarations{}), "lease.cost", rule.MoneyType)
	env := newEnv(t, content.Project, rule.Declarations{Aggregates: []*rule.Aggregate{{
		ID: "cost", Name: i18n.Text{ZH: "费用", EN: "Cost"}, From: content.Project, Over: content.Lease, Op: rule.Sum, Of: of,
	}}})
	var contexts []*rule.Context
	for _, c := range []costs{{math.MaxInt64, 1, -1}, {math.MaxInt64, -1, 1}, {-1, math.MaxInt64, 1}, {math.MinInt64, -1, 2}, {}, {math.MinInt64}} {
		contexts = append(contexts, &rule.Context{Subject: c, Year: 2022})
	}
	var seen ruletest.Census
	check(t, db, []*rule.Expr{compile(t, env, "agg.cost", rule.MoneyType)}, contexts, &seen)
}

// TestWholeNumbersAsDecimals takes whole numbers that have no room as decimals, where the sum would have room again.
func TestWholeNumbersAsDecimals(t *testing.T) {
	db := sqltest.Open(t)
	env := ruletest.Environment(t)
	var exprs []*rule.Expr
	for _, src := range []string{"param.count + param.factor", "param.factor - param.count", "min(param.count, param.factor)", "max(param.factor, param.count)"} {
		exprs = append(exprs, compile(t, env, src, rule.DecimalType))
	}
	contexts := ruletest.NewGrower(1).Contexts(4)
	for i, n := range [][2]int64{{9_223_372_036_855, math.MinInt64}, {-9_223_372_036_855, math.MaxInt64}, {9_223_372_036_854, 1}, {math.MaxInt64, 1}} {
		contexts[i].Names = ruletest.Chosen{
			"count":  {Value: rule.Int(n[0]), State: rule.Present},
			"factor": {Value: rule.Decimal(n[1]), State: rule.Present},
		}
	}
	var seen ruletest.Census
	check(t, db, exprs, contexts, &seen)
}

// TestEveryFunctionHasSQL compiles each function of the language: none may be left out.
func TestEveryFunctionHasSQL(t *testing.T) {
	for _, fn := range strings.Fields(ruletest.Functions) {
		if !printed.Writes(fn) {
			t.Errorf("%s cannot be written", fn)
		}
	}
}

// TestSelect is a clause as an auditor reads it.
func TestSelect(t *testing.T) {
	env := ruletest.Environment(t)
	q, problems := printed.Compile("c9", printed.Ask{Name: "met", Expr: compile(t, env, `project.is_digital && project.investment >= param.limit`, rule.BoolType)},
		printed.Ask{Name: "own", Expr: compile(t, env, `project.investment * rate("12%")`, rule.ExactType), Round: &money.Rounding{}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := `WITH q0 AS (SELECT t.*
  FROM "c9" t OFFSET 0),
q1 AS (SELECT p.*,
  CASE WHEN "project.is_digital" IS NOT NULL THEN 0 WHEN "project.is_digital none" THEN 2 ELSE 1 END AS n1s,
  "project.investment"::numeric AS n2,
  CASE WHEN "project.investment" IS NOT NULL THEN 0 WHEN "project.investment none" THEN 2 ELSE 1 END AS n2s,
  "param.limit"::numeric AS n3,
  CASE WHEN "param.limit" IS NOT NULL THEN 0 WHEN "param.limit none" THEN 2 ELSE 1 END AS n3s
  FROM q0 p OFFSET 0),
`
	if got := q.Select(); !strings.HasPrefix(got, want) {
		t.Errorf("(-want +got):\n%s", cmp.Diff(want, got[:min(len(got), len(want))]))
	}
	create := `CREATE TABLE "c9" (
  "id" bigint PRIMARY KEY,
  "project.is_digital" boolean,
  "project.is_digital none" boolean NOT NULL DEFAULT FALSE,
  "project.investment" bigint,
  "project.investment none" boolean NOT NULL DEFAULT FALSE,
  "param.limit" bigint,
  "param.limit none" boolean NOT NULL DEFAULT FALSE
)`
	if diff := cmp.Diff(create, q.Tables[0].Create()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
