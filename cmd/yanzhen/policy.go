package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lint"
	versions "github.com/yanzhen/yanzhen/internal/policy/version"
)

// loadPolicies compiles every policy of the content, in the order of their folders.
func loadPolicies(lib *content.Library, over string) ([]*policy.Policy, error) {
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "policies/*/*/"+versions.PolicyFile)
	if err != nil {
		return nil, err
	}
	var (
		all   []*policy.Policy
		wrong content.Problems
	)
	for _, name := range names {
		src, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read policy: %w", err)
		}
		p, problems := policy.Compile(lib, name, src)
		wrong = append(wrong, problems...)
		all = append(all, p)
	}
	if len(wrong) > 0 {
		return nil, placed(wrong, over)
	}
	return all, nil
}

// shippedPolicies is every policy of the content as a package, each one checked.
func shippedPolicies(lib *content.Library, over string) ([]versions.Package, error) {
	if _, err := loadPolicies(lib, over); err != nil {
		return nil, err
	}
	files, err := contentFiles(over)
	if err != nil {
		return nil, err
	}
	return packagesIn(files)
}

// policyFolder is a folder with a policy.yaml, read and compiled.
type policyFolder struct {
	name     string // as its files are called in messages
	src      []byte // policy.yaml
	casesSrc []byte // cases.yaml, nil without one
	policy   *policy.Policy
	problems content.Problems
}

// policyFolders finds the policies in and below directories, or those that ship when none is named.
func policyFolders(lib *content.Library, dirs []string) ([]policyFolder, error) {
	var all []policyFolder
	if len(dirs) == 0 {
		return findFolders(lib, contentdata.FS, "policies", "content")
	}
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, errs.Invalid(i18n.M("cmd.no_such_directory", dir))
		}
		found, err := findFolders(lib, os.DirFS(dir), ".", dir)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, errs.Invalid(i18n.M("cmd.no_policy", dir))
		}
		all = append(all, found...)
	}
	return all, nil
}

func findFolders(lib *content.Library, files fs.FS, root, shown string) ([]policyFolder, error) {
	var all []policyFolder
	err := fs.WalkDir(files, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != versions.PolicyFile {
			return err
		}
		sub, err := fs.Sub(files, path.Dir(name))
		if err != nil {
			return err
		}
		src, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		f := policyFolder{name: path.Join(shown, path.Dir(name)), src: src}
		if f.casesSrc, err = fs.ReadFile(sub, versions.CasesFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		f.policy, f.problems = policy.Compile(lib, path.Join(f.name, versions.PolicyFile), src)
		all = append(all, f)
		return nil
	})
	return all, err
}

// cases reads the worked examples beside the policy; none when there is no such file.
func (f *policyFolder) cases(lib *content.Library) (*policy.Cases, content.Problems) {
	if f.casesSrc == nil {
		return &policy.Cases{}, nil
	}
	return policy.ParseCases(lib, path.Join(f.name, versions.CasesFile), f.casesSrc)
}

// policyCheckCommand tells every mistake in policies and their cases, and what the linter finds in them. The policies that
// ship are known besides: a county's document is held against its city's.
func policyCheckCommand(fset *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	over := fset.String("content", "", t.S("cmd.flag_content"))
	format := fset.String("format", "text", t.S("cmd.flag_format"))
	return func(_ context.Context, c *console, args []string) error {
		if *format != "text" && *format != "json" {
			return wrongUsage(i18n.M("policy.one_of", *format, "text, json"))
		}
		lib, err := loadLibrary(*over)
		if err != nil {
			return err
		}
		folders, err := policyFolders(lib, args)
		if err != nil {
			return err
		}
		shipped, err := findFolders(lib, contentdata.FS, "policies", "content")
		if err != nil {
			return err
		}
		report := lint.Check(lib, sources(folders), sources(shipped)...)
		if *format == "json" {
			out := json.NewEncoder(c.out)
			out.SetEscapeHTML(false)
			out.SetIndent("", "  ")
			if err := out.Encode(report); err != nil {
				return fmt.Errorf("write report: %w", err)
			}
		} else if err := c.tellReport(folders, report); err != nil {
			return err
		}
		if n := report.Count(lint.Error); n > 0 {
			return errs.Invalid(i18n.M("lint.failed", n))
		}
		return nil
	}
}

func sources(folders []policyFolder) []lint.Source {
	var all []lint.Source
	for _, f := range folders {
		all = append(all, lint.Source{Dir: f.name, Policy: f.src, Cases: f.casesSrc})
	}
	return all
}

// tellReport writes what was found, which policies are in order, and how much it is in all.
func (c *console) tellReport(folders []policyFolder, r lint.Report) error {
	if err := r.Text(c.out, c.t); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(c.out)
	}
	for _, f := range folders {
		if !slices.ContainsFunc(r.Findings, func(x lint.Finding) bool { return path.Dir(x.At.File) == f.name }) {
			fmt.Fprintln(c.out, c.t.S("lint.clean", f.name))
		}
	}
	fmt.Fprintln(c.out, c.t.S("lint.count", len(folders), r.Count(lint.Error), r.Count(lint.Warning)))
	return nil
}

// policyTestCommand runs the cases beside policies and tells what differs, with the line of the trace where it does.
func policyTestCommand(fset *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	over := fset.String("content", "", t.S("cmd.flag_content"))
	return func(_ context.Context, c *console, args []string) error {
		lib, err := loadLibrary(*over)
		if err != nil {
			return err
		}
		folders, err := policyFolders(lib, args)
		if err != nil {
			return err
		}
		failed := 0
		for _, f := range folders {
			cases, problems := f.cases(lib)
			if wrong := slices.Concat(f.problems, problems); len(wrong) > 0 {
				return wrong
			}
			bad := 0
			for _, r := range f.policy.Run(cases) {
				if r.Err == nil && len(r.Differ) == 0 {
					continue
				}
				bad++
				if err := c.tellCase(path.Join(f.name, versions.CasesFile), r); err != nil {
					return err
				}
			}
			failed += bad
			fmt.Fprintln(c.out, c.t.S("cmd.policy_cases", f.name, len(cases.Cases)-bad, len(cases.Cases)))
		}
		if failed > 0 {
			return errs.Invalid(i18n.M("cmd.cases_failed", failed))
		}
		return nil
	}
}

// tellCase says where a case is, what was expected of it and what came out, with the trace of the line that differs.
func (c *console) tellCase(file string, r policy.Result) error {
	fmt.Fprintf(c.out, "%s:%d:%d: %s\n", file, r.Line, r.Col, r.Case.Name)
	if r.Err != nil {
		text := r.Err.Error()
		if msg, ok := errs.Message(r.Err); ok {
			text = c.t.Msg(msg)
		}
		fmt.Fprintf(c.out, "  %s\n", text)
	}
	for _, d := range r.Differ {
		fmt.Fprintf(c.out, "  %s\n", c.t.S("cmd.case_differs", d.What, d.Want, d.Got))
		if d.Line == nil {
			continue
		}
		trace, err := json.MarshalIndent(d.Line, "    ", "  ")
		if err != nil {
			return fmt.Errorf("write trace: %w", err)
		}
		fmt.Fprintf(c.out, "    %s\n", trace)
	}
	return nil
}
