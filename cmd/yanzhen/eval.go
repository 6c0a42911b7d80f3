package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// policyEvalCommand applies policies to an enterprise that a file describes (docs/facts-json.md), without a database.
func policyEvalCommand(fset *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	var e policy.Evaluation
	over := fset.String("content", "", t.S("cmd.flag_content"))
	asOf := fset.String("as-of", clock.System().Today().String(), t.S("cmd.flag_as_of"))
	fset.StringVar(&e.File, "facts", "", t.S("cmd.flag_facts"))
	fset.StringVar(&e.Format, "format", "text", t.S("cmd.flag_format"))
	fset.Var((*list)(&e.Settings), "setting", t.S("cmd.flag_setting"))
	fset.Var((*list)(&e.Changes), "what-if", t.S("cmd.flag_what_if"))
	return func(_ context.Context, c *console, args []string) (err error) {
		if e.File == "" {
			return errUsage
		}
		if e.AsOf, err = period.ParseDay(*asOf); err != nil {
			return errs.Invalid(i18n.M("cmd.bad_date", "--as-of", *asOf))
		}
		lib, err := loadLibrary(*over)
		if err != nil {
			return err
		}
		if e.Policies, err = choosePolicies(lib, *over, args); err != nil {
			return err
		}
		if e.Facts, err = c.readFacts(e.File); err != nil {
			return err
		}
		return e.Write(c.out, lib, c.t)
	}
}

// choosePolicies is the policies that the arguments name, by id, number or directory; all that ship without any.
func choosePolicies(lib *content.Library, over string, args []string) ([]*policy.Policy, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	known, err := loadPolicies(lib, files)
	if err != nil || len(args) == 0 {
		return known, err
	}
	var chosen []*policy.Policy
	for _, arg := range args {
		i := slices.IndexFunc(known, func(p *policy.Policy) bool {
			return p.File.Document.ID == arg || p.File.Document.Number == arg
		})
		if i >= 0 {
			chosen = append(chosen, known[i])
			continue
		}
		folders, err := policyFolders(lib, []string{arg})
		if err != nil {
			return nil, err
		}
		for _, f := range folders {
			if len(f.problems) > 0 {
				return nil, f.problems
			}
			chosen = append(chosen, f.policy)
		}
	}
	return chosen, nil
}

// readFacts reads a file of facts, or the input where it is called "-"; never more than such a file may hold.
func (c *console) readFacts(name string) ([]byte, error) {
	from := c.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, errs.Invalid(i18n.M("cmd.no_such_file", name))
		}
		defer f.Close()
		from = f
	}
	src, err := io.ReadAll(io.LimitReader(from, rule.MaxFacts+1)) // one byte more, so that the reader of facts says so
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return src, nil
}
