package main

import (
	"flag"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// answers are what a sender says to the questions of a preview, as flags: the same as the import page asks. They go for
// every sheet of every file of the command, those about a column for one file where FILE# stands before its name.
type answers struct {
	unsound, hidden, fit           bool
	doubles, identifier, leaveRows string
	units, reads, rates, days      list // column=unit, column=target, column=percent|fraction, column=ymd|mdy|dmy
	mends, skips, asIs             list // column:text=reading, column:text, column:text
	firms                          list // column:name=code
	areas                          list // sheet or file=area

	met map[string]bool // answers that a file had use for
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
	fs.Var(&a.days, "days", t.S("cmd.flag_days"))
	fs.Var(&a.mends, "mend", t.S("cmd.flag_mend"))
	fs.Var(&a.skips, "skip", t.S("cmd.flag_skip"))
	fs.Var(&a.asIs, "as-is", t.S("cmd.flag_as_is"))
	fs.Var(&a.firms, "firm", t.S("cmd.flag_firm"))
	fs.Var(&a.areas, "area-of", t.S("cmd.flag_area_of"))
	fs.StringVar(&a.identifier, "identifier", "", t.S("cmd.flag_identifier"))
	fs.StringVar(&a.leaveRows, "leave-rows", "", t.S("cmd.flag_leave_rows"))
	return a
}

// flagOf is the flags that give an answer of a kind.
var flagOf = map[intake.Remedy]string{
	intake.MendTarget:     "--read",
	intake.MendUnit:       "--unit",
	intake.MendRate:       "--rate",
	intake.MendDays:       "--days",
	intake.MendPeriod:     "--period",
	intake.MendTexts:      "--mend, --skip",
	intake.MendFirms:      "--firm, --as-is",
	intake.MendDoubles:    "--doubles",
	intake.MendUnsound:    "--as-is, --take-unsound",
	intake.MendHidden:     "--take-hidden",
	intake.MendAmounts:    "--amounts-fit",
	intake.MendIdentifier: "--identifier",
	intake.MendArea:       "--area-of",
}

// flagsFor is the flags that answer a problem.
func flagsFor(p intake.Problem) string {
	var all []string
	for _, r := range p.Remedies() {
		all = append(all, flagOf[r])
	}
	return strings.Join(all, ", ")
}

// given says that something was answered.
func (a *answers) given() bool {
	return a.unsound || a.hidden || a.fit || a.doubles != "" || a.identifier != "" || a.leaveRows != "" ||
		len(a.units)+len(a.reads)+len(a.rates)+len(a.days)+len(a.mends)+len(a.skips)+len(a.asIs)+len(a.firms)+len(a.areas) > 0
}

// over is the plan of a file with the answers. A column that the file does not have is an error (Invalid) that names those
// it has.
func (a *answers) over(lib *content.Library, reg *party.Registry, file string, plan intake.Plan) (intake.Plan, error) {
	rows, err := intake.ParseRows(a.leaveRows)
	if err != nil {
		return plan, err
	}
	out := intake.Plan{Sheets: slices.Clone(plan.Sheets)}
	whole := intake.Answer{Unsound: a.unsound, Hidden: a.hidden, Amounts: a.fit}
	if a.doubles != "" {
		whole.Doubles = new(intake.Doubles(a.doubles))
	}
	if a.identifier != "" {
		whole.Identifier = new(intake.Identifier(a.identifier))
	}
	for i := range out.Sheets {
		if out, err = out.Answered(intake.Spot{Sheet: i, Column: -1}, whole); err != nil {
			return plan, err
		}
		if len(rows) > 0 {
			out.Sheets[i].SkipRows = rows
		}
	}
	for _, x := range a.perColumn(lib, reg) {
		for _, pair := range x.pairs {
			about, column, named := strings.Cut(pair, "#")
			if !named {
				column = pair
			} else if !fileNamed(file, about) {
				continue
			}
			a.use(pair)
			if out, err = x.answer(out, column); err != nil {
				return plan, err
			}
		}
	}
	return a.inAreas(lib, file, out)
}

// inAreas is a plan in which the sheets lie where the flags say.
func (a *answers) inAreas(lib *content.Library, file string, plan intake.Plan) (intake.Plan, error) {
	for _, pair := range a.areas {
		i := strings.LastIndex(pair, "=")
		if i < 0 {
			return plan, errs.Invalid(i18n.M("cmd.bad_area_of", pair))
		}
		name, text := pair[:i], pair[i+1:]
		nodes := lib.Areas().Resolve(text, "")
		if len(nodes) != 1 {
			return plan, errs.Invalid(i18n.M("cmd.no_such_area", text))
		}
		about, sheetName, both := strings.Cut(name, "#")
		for j, s := range plan.Sheets {
			said := fileNamed(file, name) || s.Name == name
			if both {
				said = fileNamed(file, about) && s.Name == sheetName
			}
			if !said {
				continue
			}
			a.use(pair)
			var err error
			if plan, err = plan.Answered(intake.Spot{Sheet: j, Column: -1}, intake.Answer{Area: &nodes[0].Code}); err != nil {
				return plan, err
			}
		}
	}
	return plan, nil
}

// fileNamed says that a name is a file's: its own or the last part of its path, with or without what stands behind the dot.
func fileNamed(file, name string) bool {
	base := path.Base(filepath.ToSlash(file))
	return name == file || name == base || name == strings.TrimSuffix(base, path.Ext(base))
}

// use notes that a file had use for an answer.
func (a *answers) use(pair string) {
	if a.met == nil {
		a.met = map[string]bool{}
	}
	a.met[pair] = true
}

// unused is the first answer about a file or a sheet that none of the files is; "" for none.
func (a *answers) unused() string {
	all := slices.Clone(a.areas)
	for _, x := range a.perColumn(nil, nil) {
		for _, pair := range x.pairs {
			if strings.Contains(pair, "#") {
				all = append(all, pair)
			}
		}
	}
	for _, pair := range all {
		if !a.met[pair] {
			return pair
		}
	}
	return ""
}

// columnFlag is a flag that answers for one column.
type columnFlag struct {
	flag  string
	pairs list
	parse func(value string) (intake.Answer, error) // of what stands behind the column's name
	sep   string                                    // between the two
}

func (a *answers) perColumn(lib *content.Library, reg *party.Registry) []columnFlag {
	text := func(do intake.Do) func(string) (intake.Answer, error) {
		return func(text string) (intake.Answer, error) {
			return intake.Answer{Mends: []intake.Mend{{Text: text, Do: do}}}, nil
		}
	}
	return []columnFlag{
		{"--read", a.reads, func(name string) (intake.Answer, error) {
			target, err := targetNamed(lib, name)
			return intake.Answer{Target: &target}, err
		}, "="},
		{"--unit", a.units, func(unit string) (intake.Answer, error) { return intake.Answer{Unit: &unit}, nil }, "="},
		{"--rate", a.rates, func(scale string) (intake.Answer, error) {
			rate, ok := map[string]sheet.RateScale{"percent": sheet.RatePercent, "fraction": sheet.RateFraction}[scale]
			if !ok {
				return intake.Answer{}, errs.Invalid(i18n.M("cmd.bad_rate", scale))
			}
			return intake.Answer{Rate: &rate}, nil
		}, "="},
		{"--days", a.days, func(order string) (intake.Answer, error) {
			days := sheet.DayOrder(order)
			if !slices.Contains([]sheet.DayOrder{sheet.YearMonthDay, sheet.MonthDayYear, sheet.DayMonthYear}, days) {
				return intake.Answer{}, errs.Invalid(i18n.M("cmd.bad_days", order))
			}
			return intake.Answer{Days: &days}, nil
		}, "="},
		{"--mend", a.mends, func(said string) (intake.Answer, error) {
			text, as, ok := strings.Cut(said, "=")
			if !ok {
				return intake.Answer{}, errs.Invalid(i18n.M("cmd.bad_mend", "--mend", said))
			}
			m := intake.Mend{Text: text, Do: intake.ReadAs, As: as}
			if as == "" {
				m.Do = intake.SayNothing
			}
			return intake.Answer{Mends: []intake.Mend{m}}, nil
		}, ":"},
		{"--skip", a.skips, text(intake.LeaveRows), ":"},
		{"--as-is", a.asIs, text(intake.AsIs), ":"},
		{"--firm", a.firms, func(said string) (intake.Answer, error) {
			name, code, _ := strings.Cut(said, "=")
			firms := reg.ByUSCC(party.USCC(code))
			if len(firms) != 1 {
				return intake.Answer{}, errs.Invalid(i18n.M("cmd.no_such_firm", code))
			}
			return intake.Answer{Mends: []intake.Mend{{Text: name, Do: intake.IsFirm, Firm: firms[0]}}}, nil
		}, ":"},
	}
}

// answer is a plan with one answer in every column that it names.
func (x columnFlag) answer(plan intake.Plan, pair string) (intake.Plan, error) {
	name, value, ok := strings.Cut(pair, x.sep)
	if !ok && x.sep == ":" {
		return plan, errs.Invalid(i18n.M("cmd.bad_mend", x.flag, pair))
	}
	if !ok {
		return plan, errs.Invalid(i18n.M("cmd.bad_pair", x.flag, pair))
	}
	said, err := x.parse(strings.TrimSpace(value))
	if err != nil {
		return plan, err
	}
	met := false
	for i := range plan.Sheets {
		for _, j := range columnsNamed(plan.Sheets[i], name) {
			met = true
			if plan, err = plan.Answered(intake.Spot{Sheet: i, Column: j}, said); err != nil {
				return plan, err
			}
		}
	}
	if !met {
		return plan, errs.Invalid(i18n.M("cmd.no_such_column", x.flag, name, headers(plan)))
	}
	return plan, nil
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
