package main

import (
	"flag"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// answers are what a sender says to the questions of a preview, as flags: the same as the import page asks. They go for
// every sheet of every file of the command.
type answers struct {
	unsound, hidden, fit bool
	doubles              string
	units, reads, rates  list // column=unit, column=target, column=percent|fraction
}

func answerFlags(fs *flag.FlagSet, t i18n.T) *answers {
	a := &answers{}
	fs.BoolVar(&a.unsound, "take-unsound", false, t.S("cmd.flag_take_unsound"))
	fs.BoolVar(&a.hidden, "take-hidden", false, t.S("cmd.flag_take_hidden"))
	fs.BoolVar(&a.fit, "amounts-fit", false, t.S("cmd.flag_amounts_fit"))
	fs.StringVar(&a.doubles, "doubles", "", t.S("cmd.flag_doubles"))
	fs.Var(&a.units, "unit", t.S("cmd.flag_unit"))
	fs.Var(&a.reads, "read", t.S("cmd.flag_read"))
	fs.Var(&a.rates, "rate", t.S("cmd.flag_rate"))
	return a
}

// flagFor is the flags that answer a problem, by its cause.
var flagFor = map[string]string{
	"intake.code_unsound":   "--take-unsound",
	"intake.hidden_row":     "--take-hidden",
	"intake.hidden_sheet":   "--take-hidden",
	"intake.hidden_column":  "--read",
	"intake.unknown_column": "--read",
	"intake.unknown_sheet":  "--read",
	"sheet.doubt.column":    "--read",
	"intake.stated_twice":   "--doubles",
	"intake.jump":           "--unit, --amounts-fit",
	"intake.jump_peers":     "--unit, --amounts-fit",
	"intake.big_change":     "--unit, --amounts-fit",
	"intake.no_period":      "--period",
	"intake.no_row_period":  "--period",
	"sheet.doubt.unit":      "--unit",
	"sheet.amount.no_unit":  "--unit",
	"sheet.doubt.rate":      "--rate",
	"sheet.rate.ambiguous":  "--rate",
}

// given says that something was answered.
func (a *answers) given() bool {
	return a.unsound || a.hidden || a.fit || a.doubles != "" || len(a.units)+len(a.reads)+len(a.rates) > 0
}

// over is a plan with the answers. A column that the file does not have is an error (Invalid) that names those it has.
func (a *answers) over(lib *content.Library, plan intake.Plan) (intake.Plan, error) {
	out := intake.Plan{Sheets: slices.Clone(plan.Sheets)}
	for i := range out.Sheets {
		s := &out.Sheets[i]
		s.Columns = slices.Clone(s.Columns)
		s.TakeUnsound, s.TakeHidden, s.AmountsAreFit = s.TakeUnsound || a.unsound, s.TakeHidden || a.hidden, s.AmountsAreFit || a.fit
		if a.doubles != "" {
			s.Doubles = intake.Doubles(a.doubles)
		}
		if s.Hidden && a.hidden && len(s.Columns) > 0 {
			s.Skip = false
		}
	}
	for _, x := range []struct {
		flag  string
		pairs list
		set   func(*intake.SheetPlan, *intake.ColumnPlan, string) error
	}{
		{"--read", a.reads, func(s *intake.SheetPlan, c *intake.ColumnPlan, target string) (err error) {
			s.Skip = s.Skip && s.Hidden && !a.hidden
			c.Target, err = targetNamed(lib, target)
			return err
		}},
		{"--unit", a.units, func(_ *intake.SheetPlan, c *intake.ColumnPlan, unit string) error { c.Unit = unit; return nil }},
		{"--rate", a.rates, func(_ *intake.SheetPlan, c *intake.ColumnPlan, scale string) error {
			switch scale {
			case "percent":
				c.Rate = sheet.RatePercent
			case "fraction":
				c.Rate = sheet.RateFraction
			default:
				return errs.Invalid(i18n.M("cmd.bad_rate", scale))
			}
			return nil
		}},
	} {
		for _, pair := range x.pairs {
			name, value, ok := strings.Cut(pair, "=")
			if !ok {
				return plan, errs.Invalid(i18n.M("cmd.bad_pair", x.flag, pair))
			}
			met := false
			for i := range out.Sheets {
				for _, j := range columnsNamed(out.Sheets[i], name) {
					met = true
					c := &out.Sheets[i].Columns[j]
					if err := x.set(&out.Sheets[i], c, strings.TrimSpace(value)); err != nil {
						return plan, err
					}
					c.From = intake.Chosen
				}
			}
			if !met {
				return plan, errs.Invalid(i18n.M("cmd.no_such_column", x.flag, name, headers(plan)))
			}
		}
	}
	return out, nil
}

// columnsNamed is the columns of a sheet that a name means: by the words of the header, with or without their unit; else,
// where no header says it, by its letter, which "sheet!letter" ties to one sheet.
func columnsNamed(s intake.SheetPlan, name string) []int {
	var byWords, byLetter []int
	for i, c := range s.Columns {
		if said := content.Fold(name); said == content.Fold(c.Label) || said == content.Fold(c.Header) {
			byWords = append(byWords, i)
		}
		letter := sheet.ColumnName(c.Index)
		if strings.EqualFold(name, letter) || strings.EqualFold(name, s.Name+"!"+letter) {
			byLetter = append(byLetter, i)
		}
	}
	if len(byWords) > 0 {
		return byWords
	}
	return byLetter
}

// targetNamed is what a column may be read as, by its code or its name in either language; "" leaves the column out.
func targetNamed(lib *content.Library, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	var found []string
	for _, t := range lib.Vocabulary() {
		if t.Place != content.Header {
			continue
		}
		if t.Role == name {
			return name, nil
		}
		if said := content.Fold(name); said == content.Fold(t.Name.ZH) || said == content.Fold(t.Name.EN) {
			found = append(found, t.Role)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", errs.Invalid(i18n.M("cmd.no_such_target", name))
	default:
		return "", errs.Invalid(i18n.M("cmd.many_targets", name, strings.Join(found, " ")))
	}
}

func headers(plan intake.Plan) string {
	var all []string
	for _, s := range plan.Sheets {
		for _, c := range s.Columns {
			if !slices.Contains(all, c.Header) {
				all = append(all, c.Header)
			}
		}
	}
	return strings.Join(all, " | ")
}
