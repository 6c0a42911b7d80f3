package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	versions "github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// evaluation is policies applied to one enterprise that stands in a file (docs/facts-json.md), without a database.
type evaluation struct {
	choices
	facts  string // file
	format string
	brief  bool
}

// choices is the answers to open questions and the changed numbers that flags give.
type choices struct {
	settings list // id=option
	changes  list // param=value, param@key=value, clause.param=value
}

func (e *choices) flags(fset *flag.FlagSet, t i18n.T) {
	fset.Var(&e.settings, "setting", t.S("cmd.flag_setting"))
	fset.Var(&e.changes, "set", t.S("cmd.flag_set"))
}

func policyEvalCommand(fset *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	var e evaluation
	place := placeFlags(fset, t)
	over := &place.content
	firm := fset.String("enterprise", "", t.S("cmd.flag_enterprise"))
	when := knowledgeFlags(fset, t)
	fset.StringVar(&e.facts, "facts", "", t.S("cmd.flag_facts"))
	fset.StringVar(&e.format, "format", "text", t.S("cmd.flag_format"))
	fset.BoolVar(&e.brief, "brief", false, t.S("cmd.flag_brief"))
	e.choices.flags(fset, t)
	receipt := fset.String("receipt", "", t.S("cmd.flag_receipt"))
	return func(ctx context.Context, c *console, args []string) error {
		switch {
		case *receipt != "":
			return c.verifyReceipt(*receipt, *over, args)
		case *firm != "":
			return e.kept(ctx, c, place, keptQuestion{*firm, when, args})
		case e.facts == "" || e.format != "text" && e.format != "json":
			return errUsage
		}
		day, err := dayOf(when.asOf, clock.System())
		if err != nil {
			return err
		}
		lib, err := loadLibrary(*over)
		if err != nil {
			return err
		}
		policies, err := choosePolicies(lib, *over, args)
		if err != nil {
			return err
		}
		src, err := c.readFacts(e.facts)
		if err != nil {
			return err
		}
		enterprise, problems := rule.ParseFacts(lib, e.facts, src)
		if len(problems) > 0 {
			return problems
		}
		if len(args) == 0 {
			if policies, err = e.about(policies); err != nil {
				return err
			}
		}
		for _, p := range policies {
			if err := e.write(c, p, enterprise, day); err != nil {
				return err
			}
		}
		return nil
	}
}

// dayOf is the day that the flag names, today where it names none.
func dayOf(asOf string, now clock.Clock) (period.Day, error) {
	if asOf == "" {
		return now.Today(), nil
	}
	day, err := period.ParseDay(asOf)
	if err != nil {
		return 0, errs.Invalid(i18n.M("cmd.bad_date", "--as-of", asOf))
	}
	return day, nil
}

// keptQuestion is which enterprise of the database is decided, when, and by which policies.
type keptQuestion struct {
	code     string
	when     *knowledge
	policies []string
}

// kept decides an enterprise that the database knows, as on a day: from the facts known by its end, by the policies in
// force then.
func (e *evaluation) kept(ctx context.Context, c *console, p *place, q keptQuestion) error {
	if e.format != "text" && e.format != "json" && e.format != "receipt" {
		return errUsage
	}
	in, err := p.open(ctx, c)
	if err != nil {
		return err
	}
	defer in.close(c)
	k, err := q.when.in(ctx, in)
	if err != nil {
		return err
	}
	id, err := enterpriseOf(k.view, q.code)
	if err != nil {
		return err
	}
	meant, err := e.meant(k.inForce, q.policies)
	if err != nil {
		return err
	}
	if e.format == "text" {
		fmt.Fprintln(c.out, c.t.Msg(k.said))
	}
	for _, f := range meant {
		if err := e.writeKept(ctx, c, in, keptFirm{k.view, id, k.asOf}, f); err != nil {
			return err
		}
	}
	return nil
}

// meant is the policies in force that are named by id or number; without names, those that the choices are about.
func (e *choices) meant(inForce []versions.InForce, names []string) ([]versions.InForce, error) {
	if len(names) == 0 {
		var all []*policy.Policy
		for _, f := range inForce {
			all = append(all, f.Policy)
		}
		meant, err := e.about(all)
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(slices.Clone(inForce), func(f versions.InForce) bool { return !slices.Contains(meant, f.Policy) }), nil
	}
	for _, name := range names {
		if !slices.ContainsFunc(inForce, func(f versions.InForce) bool { return called(f, name) }) {
			return nil, errs.Invalid(i18n.M("cmd.not_in_force", name))
		}
	}
	return slices.DeleteFunc(slices.Clone(inForce), func(f versions.InForce) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return called(f, name) })
	}), nil
}

func called(f versions.InForce, name string) bool {
	return f.Document == name || f.Policy.File.Document.Number == name
}

// keptFirm is an enterprise of the database as it was known.
type keptFirm struct {
	view fact.View
	id   int64
	asOf period.Day
}

// writeKept decides one policy for an enterprise of the database, or writes the receipt of that decision. Quotas and
// pools count: all others are decided too where the policy has any.
func (e *evaluation) writeKept(ctx context.Context, c *console, in *installation, k keptFirm, f versions.InForce) error {
	plan, err := e.plan(f.Policy)
	if err != nil {
		return err
	}
	if e.format == "receipt" {
		return e.writeReceipt(ctx, c, in, k, versions.Question{Package: f.Hash, Plan: plan, AsOf: k.asOf, Known: k.view.Seq()})
	}
	d, err := in.region.Decide(ctx, k.view, plan, k.id, k.asOf)
	if err != nil {
		return fmt.Errorf("decide %s: %w", f.Document, err)
	}
	for i := range d.Lines {
		if e.brief {
			d.Lines[i].Checks, d.Lines[i].Formula = nil, nil
		}
	}
	return e.show(c, f.Policy, d)
}

func (e *evaluation) writeReceipt(ctx context.Context, c *console, in *installation, k keptFirm, q versions.Question) error {
	subject, ok := region.NewReader(in.lib).Subject(k.view, k.id)
	if !ok {
		return errs.NotFound("enterprise", k.id)
	}
	var err error
	if q.Allotted, err = in.region.Allotted(ctx, k.view, q.Plan, k.id, k.asOf); err != nil {
		return err
	}
	q.Subject = subject
	r, err := versions.NewReceipt(in.lib, q)
	if err != nil {
		return err
	}
	body, err := r.Bytes()
	if err != nil {
		return err
	}
	_, err = c.out.Write(body)
	return err
}

// write decides one policy and shows the decision: docs/policy-result.md, or a text for people.
func (e *evaluation) write(c *console, p *policy.Policy, enterprise rule.Subject, asOf period.Day) error {
	plan, err := e.plan(p)
	if err != nil {
		return err
	}
	d, err := plan.Decide(enterprise, asOf, policy.Options{Trace: !e.brief, Advice: true})
	if err != nil {
		return fmt.Errorf("decide %s: %w", p.File.Document.ID, err)
	}
	return e.show(c, p, d)
}

func (e *evaluation) show(c *console, p *policy.Policy, d *policy.Decision) error {
	if e.format == "text" {
		return p.WriteText(c.out, c.t, d)
	}
	w := json.NewEncoder(c.out)
	w.SetEscapeHTML(false)
	w.SetIndent("", "  ")
	return w.Encode(d)
}

// change is a number at another value. Clause, which may be "", is one that reads it.
type change struct {
	policy.Patch
	clause string
}

// parseChange reads param=value, param@key=value (or param[key]=value) and each with "clause." before it.
func parseChange(s string) (c change, err error) {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return c, errs.Invalid(i18n.M("cmd.bad_set", s))
	}
	c.Value = strings.TrimSpace(value)
	name, c.Key, _ = strings.Cut(strings.TrimSpace(name), "@")
	if param, key, bracket := strings.Cut(name, "["); bracket && c.Key == "" {
		if name, c.Key, ok = param, strings.TrimSuffix(key, "]"), strings.HasSuffix(key, "]"); !ok {
			return c, errs.Invalid(i18n.M("cmd.bad_set", s))
		}
	}
	c.Param = name
	if clause, param, ok := strings.Cut(name, "."); ok {
		c.clause, c.Param = clause, param
	}
	if c.Param == "" || c.Value == "" {
		return c, errs.Invalid(i18n.M("cmd.bad_set", s))
	}
	return c, nil
}

// plan is a policy under the choices.
func (e *choices) plan(p *policy.Policy) (*policy.Plan, error) {
	settings, patches, err := e.of(p)
	if err != nil {
		return nil, err
	}
	return p.Plan(settings, patches...)
}

// of is the choices for a policy. A clause that is named with a number must be one that reads it.
func (e *choices) of(p *policy.Policy) (map[string]string, []policy.Patch, error) {
	settings, changes, err := e.read()
	if err != nil {
		return nil, nil, err
	}
	var patches []policy.Patch
	for _, c := range changes {
		if err := c.read(p, settings); err != nil {
			return nil, nil, err
		}
		patches = append(patches, c.Patch)
	}
	return settings, patches, nil
}

// read refuses a clause that does not read the number.
func (c change) read(p *policy.Policy, settings map[string]string) error {
	if c.clause == "" || p.Values(c.Param) == nil {
		return nil
	}
	plan, err := p.Plan(settings)
	if err != nil {
		return err
	}
	var reads []string
	for _, k := range plan.ReadBy(c.Param) {
		reads = append(reads, k.ID)
	}
	switch _, known := p.Clause(c.clause); {
	case len(reads) == 0:
		return errs.Invalid(i18n.M("cmd.set_unread", c.Param))
	case !known:
		return errs.Invalid(i18n.M("cmd.set_no_clause", c.clause, c.Param, strings.Join(reads, ", ")))
	case !slices.Contains(reads, c.clause):
		return errs.Invalid(i18n.M("cmd.set_not_read", c.clause, c.Param, strings.Join(reads, ", ")))
	}
	return nil
}

func (e *choices) read() (map[string]string, []change, error) {
	settings := map[string]string{}
	for _, s := range e.settings {
		id, option, ok := strings.Cut(s, "=")
		if !ok {
			return nil, nil, errs.Invalid(i18n.M("cmd.bad_pair", "--setting", s))
		}
		settings[id] = option
	}
	var changes []change
	for _, s := range e.changes {
		c, err := parseChange(s)
		if err != nil {
			return nil, nil, err
		}
		changes = append(changes, c)
	}
	return settings, changes, nil
}

// about is the policies that have every setting and number that is to be changed. Where there is but one it is that, so that
// the mistake is told with what it has.
func (e *choices) about(all []*policy.Policy) ([]*policy.Policy, error) {
	settings, changes, err := e.read()
	if err != nil {
		return nil, err
	}
	meant := slices.DeleteFunc(slices.Clone(all), func(p *policy.Policy) bool {
		for id := range settings {
			if !slices.ContainsFunc(p.File.Settings, func(s policy.Setting) bool { return s.ID == id }) {
				return true
			}
		}
		return slices.ContainsFunc(changes, func(c change) bool { return p.Values(c.Param) == nil })
	})
	switch {
	case len(meant) > 0:
		return meant, nil
	case len(all) == 1:
		return all, nil
	}
	ids := slices.Sorted(maps.Keys(settings))
	for _, c := range changes {
		ids = append(ids, c.Param)
	}
	return nil, errs.Invalid(i18n.M("cmd.none_has", len(all), strings.Join(ids, ", ")))
}

// choosePolicies is the policies that the arguments name, by id, number or directory; all that ship without any.
func choosePolicies(lib *content.Library, over string, args []string) ([]*policy.Policy, error) {
	known, err := loadPolicies(lib, over)
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
