package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// policySQLCommand writes the clauses of a policy as SQL: for each the tables that it reads, and the query.
func policySQLCommand(fset *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	over := fset.String("content", "", t.S("cmd.flag_content"))
	var picked choices
	picked.flags(fset, t)
	return func(_ context.Context, c *console, args []string) error {
		lib, err := loadLibrary(*over)
		if err != nil {
			return err
		}
		folders, err := policyFolders(lib, args)
		if err != nil {
			return err
		}
		if len(args) != 1 || len(folders) != 1 {
			return wrongUsage(i18n.M("cmd.sql_one"))
		}
		if len(folders[0].problems) > 0 {
			return folders[0].problems
		}
		p := folders[0].policy
		plan, err := picked.plan(p)
		if err != nil {
			return err
		}
		clauses, problems := plan.SQL()
		if len(problems) > 0 {
			return problems
		}
		doc := p.File.Document
		remark(c.out, c.t.S("cmd.sql_head", doc.Number, doc.Name))
		for _, k := range clauses {
			c.tellClause(k)
		}
		return nil
	}
}

// tellClause writes the tables and the query of a clause.
func (c *console) tellClause(k policy.ClauseSQL) {
	when := i18n.M("cmd.sql_yearly")
	if k.Clause.Event != "yearly" {
		when = i18n.M("cmd.sql_event", k.Clause.Event)
	}
	fmt.Fprintln(c.out)
	remark(c.out, c.t.S("cmd.sql_clause", k.Clause.ID, k.Clause.Name, k.Clause.Cite, i18n.M("rule.kind_"+k.Clause.Entity), when))
	for _, m := range k.LeftOut {
		remark(c.out, c.t.S("cmd.sql_left_out", m))
	}
	for i := range k.Query.Tables {
		fmt.Fprintln(c.out, k.Query.Tables[i].Create()+";")
	}
	fmt.Fprintln(c.out, k.Query.Select()+";")
}

// remark writes lines as comments of SQL, which end at either sign of a new line.
func remark(w io.Writer, text string) {
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		fmt.Fprintln(w, "-- "+line)
	}
}
