package policy

import (
	sqldb "database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/sql"
	"github.com/yanzhen/yanzhen/internal/rule/sql/sqltest"
)

// sqlRow is a question of a case, and what rows answer.
type sqlRow struct {
	name    string
	ctx     *rule.Context
	verdict *verdict
}

// TestClausesAsSQL runs every clause of the policies on PostgreSQL, over the questions of their cases: whether it is met, and
// what shares and fixed sums come to.
func TestClausesAsSQL(t *testing.T) {
	db := sqltest.Open(t)
	dirs, err := filepath.Glob("testdata/patterns/*")
	if err != nil {
		t.Fatal(err)
	}
	counts, amounts := map[State]int{}, 0
	for _, dir := range append(dirs, yancheng) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			p := compile(t, dir)
			for _, group := range casesByPlan(t, p, dir) {
				clauses, problems := group.plan.SQL()
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				for _, k := range clauses {
					rows := group.rows[k.Clause.ID]
					if len(rows) == 0 {
						continue
					}
					contexts := make([]*rule.Context, len(rows))
					for i := range rows {
						contexts[i] = rows[i].ctx
					}
					got := sqltest.Run(t, db, k.Query, contexts)
					for i, r := range rows {
						counts[r.verdict.state]++
						amounts += compareSQL(t, k, r, got[i])
					}
				}
			}
		})
	}
	t.Logf("questions: %v, amounts: %d", counts, amounts)
	if counts[Met] < 100 || counts[NotMet] < 100 || counts[Unknown] < 10 || amounts < 60 {
		t.Errorf("too little was compared: %v, %d amounts", counts, amounts)
	}
}

// compareSQL holds a row against what PostgreSQL answered, and says whether there was an amount to compare.
func compareSQL(t *testing.T, k ClauseSQL, r sqlRow, got []rule.Outcome) (amounts int) {
	t.Helper()
	answer := func(name string) (rule.Outcome, bool) {
		i := slices.IndexFunc(k.Query.Answers, func(a sql.Answer) bool { return a.Name == name })
		if i < 0 {
			return rule.Outcome{}, false
		}
		return got[i], true
	}
	want := rule.Outcome{Value: rule.Bool(true), State: rule.Present}
	for _, c := range r.verdict.checks {
		switch {
		case !slices.Contains([]string{"validity", "area", "exclusion", "condition", "threshold"}, c.Kind) || c.ID == "amount" || c.ID == "marks":
		case c.State == NotMet:
			want.Value = rule.Bool(false)
		case c.State == Unknown && want.Value.Bool():
			want.State = rule.Unknown
		}
	}
	if !want.Value.Bool() {
		want.State = rule.Present
	}
	if want.State == rule.Unknown {
		want.Value = rule.Value{}
	}
	if met, _ := answer("met"); !sqltest.Same(want, met) {
		t.Errorf("%s of %s: rows %v %v, SQL %v %v", k.Clause.ID, r.name, want.State, want.Value, met.State, met.Value)
	}
	own, ok := answer("own")
	if !ok || r.verdict.state != Met || r.verdict.low != r.verdict.high || k.Clause.Shares != nil {
		return 0
	}
	if fen := (rule.Outcome{Value: rule.Money(r.verdict.low), State: rule.Present}); !sqltest.Same(fen, own) {
		t.Errorf("own of %s of %s: rows %v, SQL %v %v", k.Clause.ID, r.name, fen.Value, own.State, own.Value)
	}
	least := r.verdict.low
	for _, limit := range r.verdict.lowLimits {
		least = min(least, limit)
	}
	if capped, ok := answer("under its ceilings"); ok && !sqltest.Same(rule.Outcome{Value: rule.Money(least), State: rule.Present}, capped) {
		t.Errorf("under its ceilings, %s of %s: rows %v, SQL %v %v", k.Clause.ID, r.name, least, capped.State, capped.Value)
	}
	return 1
}

// planned is the questions of the cases that are decided under one plan, by clause.
type planned struct {
	plan *Plan
	rows map[string][]sqlRow
}

func casesByPlan(t *testing.T, p *Policy, dir string) map[string]*planned {
	t.Helper()
	groups := map[string]*planned{}
	file := filepath.Join(dir, "cases.yaml")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cases, problems := ParseCases(lib(t), file, src)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range cases.Cases {
		plan, err := p.Plan(c.Settings) // the changed numbers of a case belong to another plan
		if err != nil {
			t.Fatal(err)
		}
		g := groups[plan.Hash]
		if g == nil {
			g = &planned{plan: plan, rows: map[string][]sqlRow{}}
			groups[plan.Hash] = g
		}
		g.ask(c)
	}
	return groups
}

// ask adds the questions of a case whose day is known.
func (g *planned) ask(c Case) {
	d := &decider{plan: g.plan, root: c.facts, asOf: c.AsOf, opt: Options{Trace: true}}
	d.collect()
	for i := range g.plan.clauses {
		k := &g.plan.clauses[i]
		if k.off {
			continue
		}
		for _, s := range d.subjects[k.Entity] {
			for _, on := range daysOf(d, k, s) {
				v := d.ask(k, s, on)
				a := &asking{decider: d, verdict: &verdict{}, k: k, s: s, at: on}
				g.rows[k.ID] = append(g.rows[k.ID], sqlRow{name: c.Name, ctx: a.context(), verdict: v})
			}
		}
	}
}

func daysOf(d *decider, k *clauseRule, s rule.Subject) []asked {
	if k.yearly {
		var all []asked
		for _, y := range d.years(k) {
			all = append(all, asked{year: y, day: period.Date(y, 12, 31)})
		}
		return all
	}
	if v, state := s.Fact(k.event, period.Period{}, d.asOf); state == rule.Present && v.Day() <= d.asOf {
		return []asked{{year: v.Day().Year(), day: v.Day()}}
	}
	return nil
}

// TestExampleOfSQL runs the example of docs/sql.md.
func TestExampleOfSQL(t *testing.T) {
	db := sqltest.Open(t)
	doc, err := os.ReadFile("../../docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string) string {
		_, rest, _ := strings.Cut(string(doc), "\n```"+kind+"\n")
		text, _, ok := strings.Cut(rest, "\n```")
		if !ok {
			t.Fatalf("docs/sql.md has no example in %s", kind)
		}
		return text
	}
	plan, err := compile(t, yancheng).Plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	clauses, problems := plan.SQL()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	q := clauses[slices.IndexFunc(clauses, func(k ClauseSQL) bool { return k.Clause.ID == "c9" })].Query
	for i := range q.Tables {
		if _, err := db.Exec(q.Tables[i].Create()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(block("sql")); err != nil {
		t.Fatal(err)
	}
	want := block("text")
	head, _, _ := strings.Cut(want, "\n")
	names := strings.Split(head, " | ")
	rows, err := db.Query(`SELECT "` + strings.Join(names, `", "`) + `" FROM (` + q.Select() + `) q ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := []string{head}
	for rows.Next() {
		cells, into := make([]sqldb.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(cells))
		for i, c := range cells {
			line[i] = c.String
		}
		got = append(got, strings.TrimSpace(strings.Join(line, " | ")))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, strings.Join(got, "\n")); diff != "" {
		t.Errorf("docs/sql.md (-want +got):\n%s", diff)
	}
}
