package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// rubricEvalCommand asks assessment models about one enterprise that stands in a file (docs/facts-json.md), without a database.
func rubricEvalCommand(fset *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	over := fset.String("content", "", t.S("cmd.flag_content"))
	file := fset.String("facts", "", t.S("cmd.flag_facts"))
	year := fset.Int("year", 0, t.S("cmd.flag_rubric_year"))
	return func(_ context.Context, c *console, args []string) error {
		if *file == "" || len(args) > 1 {
			return errUsage
		}
		lib, err := loadLibrary(*over)
		if err != nil {
			return err
		}
		set, err := loadAssessments(lib, *over)
		if err != nil {
			return err
		}
		at := assess.At{Year: *year, On: clock.System().Today()}
		if at.Year == 0 {
			at.Year = at.On.Year()
		}
		models := set.Current(at.On)
		if len(args) == 1 {
			r, err := modelNamed(set, args[0])
			if err != nil {
				return err
			}
			models = []*assess.Rubric{r}
		}
		src, err := c.readFacts(*file)
		if err != nil {
			return err
		}
		enterprise, problems := rule.ParseFacts(lib, *file, src)
		if len(problems) > 0 {
			return problems
		}
		at.Subject = enterprise
		for _, r := range models {
			if err := c.tellResult(r, at); err != nil {
				return err
			}
		}
		return nil
	}
}

// modelNamed is the edition that MODEL/EDITION names, or the newest one of MODEL.
func modelNamed(set *assess.Set, name string) (*assess.Rubric, error) {
	model, edition, said := strings.Cut(name, "/")
	for _, r := range set.Rubrics() {
		if r.Rubric == model && (!said || r.Edition == edition) {
			return r, nil
		}
	}
	return nil, errs.Invalid(i18n.M("cmd.no_model", name))
}

// tellResult writes what a model makes of an enterprise: level, points of every part, what is missing, what would lift it.
func (c *console) tellResult(r *assess.Rubric, at assess.At) error {
	got, err := r.Decide(at)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, c.t.S("cmd.rubric_head", r.Title, r.Source, r.Edition, at.Year))
	switch {
	case r.Refuses():
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.rubric_refuses"))
		for _, x := range r.Lacking {
			fmt.Fprintln(c.out, "    "+c.t.Text(x))
		}
	case !got.Scored:
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.rubric_no_path"))
	default:
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.rubric_level", r.LevelName(got.Level), r.LevelName(got.May), c.points(r, got.Score), r.Full.String()))
	}
	for _, p := range got.Parts[1:] {
		indent := strings.Repeat("  ", p.Node.Depth+1)
		switch {
		case p.Trimmed:
			fmt.Fprintln(c.out, indent+c.t.S("cmd.rubric_trimmed", p.Node.Name, p.Node.Trim.Why))
		case p.In && got.Scored:
			fmt.Fprintln(c.out, indent+c.t.S("cmd.rubric_part", p.Node.Name, c.points(r, p.Points), r.Show(p.Worth)))
		}
	}
	if len(got.Missing) > 0 {
		var names []string
		for _, ref := range got.Missing {
			names = append(names, ref.Def)
		}
		fmt.Fprintln(c.out, "  "+c.t.S("cmd.rubric_missing", len(names), strings.Join(names, " ")))
	}
	return c.tellLift(r, at, got)
}

// tellLift writes the fewest answers that would lift the enterprise to the next level.
func (c *console) tellLift(r *assess.Rubric, at assess.At, got *assess.Result) error {
	if !got.Scored || got.Level+1 >= len(r.Levels) {
		return nil
	}
	lift, err := r.Lift(at, got.Level+1)
	if err != nil || !lift.Can {
		return err
	}
	fmt.Fprintln(c.out, "  "+c.t.S("cmd.rubric_lift", r.LevelName(lift.To), len(lift.Steps)))
	for _, s := range lift.Steps {
		for _, x := range s.Changes {
			was := "?"
			if x.Known() {
				was = x.Was.String()
			}
			fmt.Fprintf(c.out, "    %s %s → %s\n", x.Def.Code, was, x.To.String())
		}
	}
	return nil
}

// points is a span of points in words.
func (c *console) points(r *assess.Rubric, x assess.Span) string {
	switch {
	case x.Known():
		return r.Show(x.Sure)
	case x.Open:
		return c.t.S("assesspage.at_least", r.Show(x.Sure))
	}
	return c.t.S("assesspage.from_to", r.Show(x.Sure), r.Show(x.Possible))
}

// rubricTestCommand runs the worked cases of assessment models.
func rubricTestCommand(fset *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	over := fset.String("content", "", t.S("cmd.flag_content"))
	return func(_ context.Context, c *console, args []string) error {
		lib, err := loadLibrary(*over)
		if err != nil {
			return err
		}
		set, err := loadAssessments(lib, *over)
		if err != nil {
			return err
		}
		models := set.Rubrics()
		if len(args) > 0 {
			models = nil
			for _, name := range args {
				r, err := modelNamed(set, name)
				if err != nil {
					return err
				}
				models = append(models, r)
			}
		}
		failed := 0
		for _, r := range models {
			cases := set.Cases(r)
			if cases == nil {
				fmt.Fprintln(c.out, c.t.S("cmd.rubric_no_cases", r.Rubric, r.Edition))
				continue
			}
			bad := 0
			for i := range cases.List {
				x := &cases.List[i]
				differ, err := x.Run(r)
				if err != nil {
					return err
				}
				if len(differ) > 0 {
					bad++
					fmt.Fprintf(c.out, "%s/%s: %s\n", r.Rubric, r.Edition, x.Name)
				}
				for _, d := range differ {
					fmt.Fprintln(c.out, "  "+c.t.S("cmd.case_differs", d.What, d.Want, d.Got))
				}
			}
			failed += bad
			fmt.Fprintln(c.out, c.t.S("cmd.policy_cases", r.Rubric+"/"+r.Edition, len(cases.List)-bad, len(cases.List)))
		}
		if failed > 0 {
			return errs.Invalid(i18n.M("cmd.cases_failed", failed))
		}
		return nil
	}
}

// rubricVerifyCommand makes every sealed result anew, by its own model and from what was known then.
func rubricVerifyCommand(fset *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	p := placeFlags(fset, t)
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 0 {
			return errUsage
		}
		in, err := p.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		all, err := in.results.All(ctx)
		if err != nil {
			return err
		}
		wrong := 0
		for i := range all {
			differ, err := in.results.Verify(ctx, all[i].ID)
			if err != nil {
				return err
			}
			if len(differ) > 0 {
				wrong++
				fmt.Fprintln(c.out, c.t.S("cmd.rubric_result", all[i].ID, all[i].Model+"/"+all[i].Edition, all[i].Case))
			}
			for _, d := range differ {
				fmt.Fprintln(c.out, "  "+c.t.S("cmd.case_differs", d.What, d.Want, d.Got))
			}
		}
		fmt.Fprintln(c.out, c.t.S("cmd.rubric_verified", len(all)))
		if wrong > 0 {
			return errs.Conflict(i18n.M("cmd.rubric_differ", wrong))
		}
		return nil
	}
}
