package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/api"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/sample"
	versions "github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// simulation is a scenario: a policy with other numbers, answers, clauses, areas or words, held against the same policy as
// it is in force (docs/laboratory.md).
type simulation struct {
	regionAsked
	facts  list   // files of facts, instead of a database
	kept   bool   // a database is named
	file   string // of a scenario that the flags add to
	text   string // file with another wording
	ended  list
	only   list
	budget string
	by     string // breakdowns, with commas
	format string
	book   string // file for the workbook
	most   int    // enterprises named in each direction
	find   string // number and its range: param@key=low..high/step
	within string // budget for it
	near   int    // enterprises named that a single condition keeps from a clause

	preview bool // what is paid without applying is told too
}

func (e *simulation) flags(fset *flag.FlagSet, t i18n.T) {
	e.regionAsked.flags(fset, t)
	fset.Var(&e.facts, "facts", t.S("cmd.flag_simulate_facts"))
	fset.StringVar(&e.file, "scenario", "", t.S("cmd.flag_scenario"))
	fset.StringVar(&e.text, "text", "", t.S("cmd.flag_text"))
	fset.Var(&e.ended, "end", t.S("cmd.flag_end"))
	fset.Var(&e.only, "only", t.S("cmd.flag_only"))
	fset.StringVar(&e.budget, "budget", "", t.S("cmd.flag_budget"))
	fset.StringVar(&e.by, "by", "area,clause", t.S("cmd.flag_by", strings.Join(breakdowns, ", ")))
	fset.StringVar(&e.format, "format", "text", t.S("cmd.flag_format"))
	fset.StringVar(&e.book, "xlsx", "", t.S("cmd.flag_xlsx"))
	fset.IntVar(&e.most, "most", 10, t.S("cmd.flag_most"))
	fset.StringVar(&e.find, "find", "", t.S("cmd.flag_find"))
	fset.StringVar(&e.within, "within", "", t.S("cmd.flag_within"))
	fset.IntVar(&e.near, "near", 0, t.S("cmd.flag_near"))
	fset.BoolVar(&e.preview, "preview", false, t.S("cmd.flag_unasked"))
}

// breakdowns is how the figures can be broken down.
var breakdowns = []string{"area", "year", "size", "trade", "clause"}

func policySimulateCommand(fset *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	var e simulation
	place := placeFlags(fset, t)
	e.flags(fset, t)
	return func(ctx context.Context, c *console, args []string) (err error) {
		fset.Visit(func(f *flag.Flag) { e.kept = e.kept || f.Name == "data" || f.Name == "db" || f.Name == "known" })
		if err := e.check(); err != nil {
			return err
		}
		if len(e.facts) > 0 {
			if place.data, err = os.MkdirTemp("", "yanzhen-facts-"); err != nil {
				return fmt.Errorf("make a directory for the facts: %w", err)
			}
			defer func() { err = errors.Join(err, os.RemoveAll(place.data)) }()
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		s, err := e.given(c, in)
		if err != nil {
			return err
		}
		if len(args) == 0 && s.Policy != "" {
			args = []string{s.Policy}
		}
		k, meant, err := e.asked(ctx, c, in, args)
		if err != nil {
			return err
		}
		if len(meant) != 1 {
			for _, f := range meant {
				if _, err := e.plan(f.Policy); err != nil { // what is to be changed, no policy has
					return err
				}
			}
			return wrongUsage(i18n.M("cmd.simulate_one", len(meant)))
		}
		return e.run(ctx, c, in, k, meant[0].Policy, s)
	}
}

// check refuses flags that do not go together.
func (e *simulation) check() error {
	changes := len(e.settings) + len(e.changes) + len(e.ended) + len(e.only) + len(e.budget) + len(e.text) + len(e.file)
	switch {
	case (e.find == "") != (e.within == ""):
		return wrongUsage(i18n.M("cmd.find_within"))
	case changes == 0 && e.near == 0 && !e.preview && e.book == "" && e.find == "":
		return wrongUsage(i18n.M("cmd.nothing_changed"))
	case len(e.facts) > 0 && e.kept:
		return wrongUsage(i18n.M("cmd.facts_or_data"))
	case e.format != "text" && e.format != "json":
		return wrongUsage(i18n.M("policy.one_of", e.format, "text, json"))
	}
	for by := range strings.SplitSeq(e.by, ",") {
		if by != "" && !slices.Contains(breakdowns, by) {
			return wrongUsage(i18n.M("policy.one_of", by, strings.Join(breakdowns, ", ")))
		}
	}
	return nil
}

// given is the scenario of the file and the flags, but for the numbers and answers, which are read with the policy.
func (e *simulation) given(c *console, in *installation) (s lab.Scenario, err error) {
	if e.file != "" {
		if s, err = c.readScenario(e.file); err != nil {
			return s, err
		}
	}
	if e.text != "" {
		if s.Text, err = readWording(e.text); err != nil {
			return s, err
		}
	}
	s.Ended = append(s.Ended, e.ended...)
	for _, text := range e.only {
		code, err := in.area(text)
		if err != nil {
			return s, err
		}
		s.Only = append(s.Only, code)
	}
	if e.budget != "" {
		if s.Budget, err = money.Parse(e.budget); err != nil {
			return s, errs.Invalid(i18n.M("cmd.bad_budget", e.budget))
		}
	}
	e.area = cmp.Or(e.area, s.Area)
	if e.when.asOf == "" && s.AsOf != nil {
		e.when.asOf = s.AsOf.String()
	}
	return s, nil
}

// readScenario reads the JSON form of a scenario strictly; a mistake is told with its line and column.
func (c *console) readScenario(name string) (s lab.Scenario, err error) {
	from := c.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return s, errs.Invalid(i18n.M("cmd.no_such_file", name))
		}
		defer f.Close()
		from = f
	}
	src, err := io.ReadAll(io.LimitReader(from, 2*content.MaxFile+1))
	switch {
	case err != nil:
		return s, fmt.Errorf("read %s: %w", name, err)
	case len(src) > 2*content.MaxFile:
		return s, errs.Invalid(i18n.M("cmd.scenario_too_large", name, 2*content.MaxFile>>20))
	}
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return s, scenarioProblem(name, src, dec.InputOffset(), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return s, scenarioProblem(name, src, dec.InputOffset(), errors.New("more after its end"))
	}
	return s, nil
}

// scenarioProblem is a mistake in a scenario's file, at the place that the decoder tells.
func scenarioProblem(name string, src []byte, at int64, err error) error {
	var (
		syntax *json.SyntaxError
		typed  *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &typed):
		at = typed.Offset
	default: // the decoder says which field it does not know, and not where
		_, field, _ := strings.Cut(err.Error(), "unknown field ")
		if i := bytes.Index(src, []byte(field)); i >= 0 && field != "" {
			at = int64(i) + 1
		}
	}
	before := src[:min(max(at-1, 0), int64(len(src)))]
	line := bytes.Count(before, []byte("\n")) + 1
	col := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
	why := strings.TrimPrefix(err.Error(), "json: ")
	return content.Problems{content.NewProblem(name, src, line, col, i18n.M("cmd.bad_scenario", why))}
}

// readWording reads another text of a policy, from its file or from the directory that holds it.
func readWording(name string) (string, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		name = filepath.Join(name, versions.PolicyFile)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", errs.Invalid(i18n.M("cmd.no_such_file", name))
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, content.MaxFile+1)) // one byte more, so that the laboratory says so
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return string(src), nil
}

// asked is what is known and the policies meant, of the database or of the files of facts.
func (e *simulation) asked(ctx context.Context, c *console, in *installation, names []string) (k known, meant []versions.InForce, err error) {
	if len(e.facts) == 0 {
		return e.in(ctx, in, names)
	}
	if e.area != "" {
		if e.area, err = in.area(e.area); err != nil {
			return k, nil, err
		}
	}
	if k.asOf, err = dayOf(e.when.asOf, in.now); err != nil {
		return k, nil, err
	}
	firms, err := e.state(ctx, c, in)
	if err != nil {
		return k, nil, err
	}
	k.said = i18n.M("cmd.from_files", k.asOf.String(), firms, strings.Join(e.facts, c.t.S("cmd.comma")))
	if k.view, err = in.frames.For(ctx, access.SystemScope(), 0); err != nil {
		return k, nil, err
	}
	if k.inForce, err = in.versions.At(ctx, k.view.Seq()); err != nil {
		return k, nil, err
	}
	meant, err = e.meant(k.inForce, names)
	return k, meant, err
}

// state puts the enterprises of the files into the database, which holds nothing else, and says how many there are.
func (e *simulation) state(ctx context.Context, c *console, in *installation) (int, error) {
	var files []sample.File
	for _, name := range e.facts {
		from := c.in
		if name != "-" {
			f, err := os.Open(name)
			if err != nil {
				return 0, errs.Invalid(i18n.M("cmd.no_such_file", name))
			}
			defer f.Close()
			from = f
		}
		files = append(files, sample.File{Name: name, Firms: rule.ReadFacts(in.lib, name, from)})
	}
	place := sample.Place{DB: in.db, Library: in.lib, Sources: in.sources, Parties: in.parties, Facts: in.facts, Frames: in.frames}
	return place.State(ctx, files...)
}

func (e *simulation) run(ctx context.Context, c *console, in *installation, k known, p *policy.Policy, s lab.Scenario) error {
	if id := p.File.Document.ID; s.Policy != "" && s.Policy != id {
		return errs.Invalid(i18n.M("cmd.scenario_of", s.Policy, id))
	}
	settings, patches, err := e.of(p)
	if err != nil {
		return err
	}
	for id, answer := range settings {
		if s.Settings == nil {
			s.Settings = map[string]string{}
		}
		s.Settings[id] = answer
	}
	s.Changes = append(s.Changes, patches...)
	s.Policy, s.Area = p.File.Document.ID, e.area
	if e.when.asOf != "" {
		s.AsOf = &k.asOf
	}
	o, err := in.lab.Run(ctx, k.view, s, k.asOf)
	var wrong content.Problems
	if errors.As(err, &wrong) && e.text != "" { // the laboratory does not know what the file is called
		for i := range wrong {
			wrong[i].File = e.text
		}
		return wrong
	}
	if err != nil {
		return err
	}
	return e.show(ctx, c, in, k, o)
}

// show writes the outcome in each form that was asked for.
func (e *simulation) show(ctx context.Context, c *console, in *installation, k known, o *lab.Outcome) error {
	var survey *lab.Survey
	found, err := e.found(ctx, in, k, o)
	if err != nil {
		return err
	}
	preview, err := e.previewed(ctx, in, k, o)
	if err != nil {
		return err
	}
	if e.near > 0 || e.book != "" {
		if survey, err = in.lab.Survey(ctx, o); err != nil {
			return err
		}
	}
	if e.book != "" {
		if err := e.writeBook(c, o, lab.Book{Synthetic: in.demo, Survey: survey}); err != nil {
			return err
		}
	}
	if e.format == "json" {
		told := api.OutcomeOf(o)
		if e.near > 0 {
			told.Survey = api.SurveyOf(in.lib, survey, e.near, nearness)
		}
		if found != nil {
			told.Found = api.FoundOf(found)
		}
		if preview != nil {
			told.Preview = api.UnaskedOf(in.lib, preview.Preview, preview.named(e.most), preview.waits)
		}
		out := json.NewEncoder(c.out)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(told)
	}
	e.tell(c, k, o)
	if e.near > 0 {
		e.tellNear(c, o, survey)
	}
	if preview != nil {
		c.tellPreview(in.lib, preview, e.most)
	}
	if found != nil {
		c.tellFound(found)
	}
	if in.demo {
		fmt.Fprintln(c.out, c.t.S("lab.synthetic"))
	}
	return nil
}

// previewed is what a scenario pays without applying, and who waits for facts to be verified.
type previewed struct {
	*lab.Preview
	waits []lab.Wait
}

// named is those that get the most.
func (p *previewed) named(most int) []lab.Grant { return p.Grants[:min(max(most, 0), len(p.Grants))] }

// previewed is nil where it is not asked for.
func (e *simulation) previewed(ctx context.Context, in *installation, k known, o *lab.Outcome) (*previewed, error) {
	if !e.preview {
		return nil, nil
	}
	v, err := in.lab.Preview(ctx, k.view, o.Scenario, k.asOf)
	if err != nil {
		return nil, err
	}
	waits, err := in.lab.Waits(ctx, k.view, v, e.most)
	return &previewed{v, waits}, err
}

// found is the value of a number that the budget allows, of the scenario; nil where none is asked for.
func (e *simulation) found(ctx context.Context, in *installation, k known, o *lab.Outcome) (*lab.Found, error) {
	if e.find == "" {
		return nil, nil
	}
	c, err := parseChange(e.find)
	low, rest, ranged := strings.Cut(c.Value, "..")
	step := strings.LastIndex(rest, "/")
	if err != nil || !ranged || step < 0 {
		return nil, errs.Invalid(i18n.M("cmd.bad_find", e.find))
	}
	if err := c.read(o.Plan.Policy, o.Scenario.Settings); err != nil {
		return nil, err
	}
	q := lab.Search{Param: c.Param, Key: c.Key, Low: low, High: rest[:step], Step: rest[step+1:]}
	amount, year, dated := strings.Cut(e.within, "@")
	if q.Budget, err = money.Parse(amount); err == nil && dated {
		q.Year, err = strconv.Atoi(year)
	}
	if err != nil {
		return nil, errs.Invalid(i18n.M("cmd.bad_within", e.within))
	}
	return in.lab.Find(ctx, k.view, o.Scenario, k.asOf, q)
}

// writeBook writes the outcome as a workbook, whole or not at all.
func (e *simulation) writeBook(c *console, o *lab.Outcome, about lab.Book) error {
	if err := blob.Replace(e.book, o.Workbook(c.t, about).Workbook); err != nil {
		return errs.Unavailable(i18n.M("cmd.cannot_write", e.book), err)
	}
	return nil
}
