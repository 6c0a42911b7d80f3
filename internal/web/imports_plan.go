package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// planForm is how a file is read, as a form.
type planForm struct {
	Sheets  []sheetForm
	Targets []targetGroup
	Units   []string // of money, then of the definitions
	Problem string   // with what was just sent
	Errors  map[string]string
	Taken   int // columns that are read, in all sheets
	Columns int
}

// targetGroup is the terms about one kind of subject.
type targetGroup struct {
	Label string
	Terms []option
}

// sheetForm is one sheet; N is its index in the plan, which the names of its fields carry.
type sheetForm struct {
	intake.SheetPlan
	N       int
	About   string // the period as it was typed, or as the plan has it
	Columns []columnForm
	Rates   bool     // some column holds a rate or a date, so the way of writing it is asked
	Areas   []option // for rows that name none; nil when a column names it
	Rows    string   // that are left out, as they were typed or as the plan has them
}

type columnForm struct {
	intake.ColumnPlan
	N      int
	About  string // the period as it was typed, or as the plan has it
	Likely []option
	Doubts []string

	// What is asked depends on what the column is read as; one that is left out may become anything.
	IsRate, IsDate, AsksUnit, AsksPeriod bool
}

// The names of the form's fields.
func sheetField(n int, field string) string { return "s" + strconv.Itoa(n) + "." + field }

func columnField(n, column int, field string) string {
	return fmt.Sprintf("s%d.c%d.%s", n, column, field)
}

// planForm draws the plan of a batch as a form.
func (s *server) planForm(t i18n.T, b intake.Batch) planForm {
	f := planForm{Targets: s.targetGroups(t), Units: s.units()}
	for i, sh := range b.Plan.Sheets {
		form := sheetForm{SheetPlan: sh, N: i, About: sh.Period.String(), Rows: intake.RowsText(sh.SkipRows)}
		if !slices.ContainsFunc(sh.Columns, func(c intake.ColumnPlan) bool { return c.Target == "party.area" }) {
			form.Areas = s.areasWithin(b.Area)
		}
		for j, c := range sh.Columns {
			col := columnForm{ColumnPlan: c, N: j, About: c.Period.String()}
			for _, other := range c.Others {
				col.Likely = append(col.Likely, option{Value: other, Label: t.Text(s.termName(other))})
			}
			for _, d := range c.Doubts {
				col.Doubts = append(col.Doubts, t.Msg(d))
			}
			def, ok := s.Library.FactDef(c.Target)
			col.IsRate, col.IsDate = ok && def.Type == content.Rate, ok && def.Type == content.Date
			col.AsksUnit = c.Target == "" || ok && def.Unit != "" && !col.IsRate
			col.AsksPeriod = c.Target == "" || ok && def.Period != period.Always
			form.Rates = form.Rates || col.IsRate || col.IsDate
			if !sh.Skip {
				f.Columns++
				if c.Target != "" {
					f.Taken++
				}
			}
			form.Columns = append(form.Columns, col)
		}
		f.Sheets = append(f.Sheets, form)
	}
	return f
}

// areasWithin is an area and those below it, to choose from; nil where there are too many.
func (s *server) areasWithin(code string) []option {
	codes := s.Library.Areas().Below(code)
	if len(codes) > maxReadings {
		return nil
	}
	var all []option
	for _, c := range codes {
		all = append(all, option{c, nodeName(s.Library.Areas(), c)})
	}
	return all
}

// targetGroups is everything that a column may be read as, by the kind of subject.
func (s *server) targetGroups(t i18n.T) []targetGroup {
	groups := []targetGroup{{Label: t.S("imports.about_row")}}
	at := map[string]int{"": 0}
	for _, term := range s.Library.Vocabulary() {
		if term.Place != content.Header {
			continue
		}
		def, _ := s.Library.FactDef(term.Role)
		i, ok := at[def.Subject]
		if !ok {
			i = len(groups)
			at[def.Subject] = i
			groups = append(groups, targetGroup{Label: t.S("imports.kind_" + def.Subject)})
		}
		groups[i].Terms = append(groups[i].Terms, option{Value: term.Role, Label: t.Text(term.Name)})
	}
	return groups
}

// units is what plain numbers may be in.
func (s *server) units() []string {
	all := []string{"元", "千元", "万元", "百万元", "亿元"}
	for _, def := range s.Library.FactDefs() {
		if _, ok := money.UnitOf(def.Unit); def.Unit != "" && !ok && !slices.Contains(all, def.Unit) {
			all = append(all, def.Unit)
		}
	}
	return all
}

// unitsWith is the units to choose from, the present one among them.
func unitsWith(units []string, present string) []string {
	if present == "" || slices.Contains(units, present) {
		return units
	}
	return append([]string{present}, units...)
}

// replan takes the answers and reads the file again under them.
func (s *server) replan(w http.ResponseWriter, r *http.Request, v *visit) error {
	b, err := s.batchOf(r, v)
	if err != nil {
		return err
	}
	plan, typed, wrong := readPlan(v.t, b.Plan, r.PostForm)
	if len(wrong) > 0 {
		return s.showPlanAgain(w, r, v, b, plan, typed, wrong, v.t.S("imports.plan_wrong", len(wrong)))
	}
	_, err = s.Intake.Replan(r.Context(), v.scope, b.ID, plan)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		return s.showPlanAgain(w, r, v, b, plan, typed, nil, v.t.Msg(msg))
	}
	if err != nil {
		return err
	}
	s.settle(r.Context(), v, b.ID)
	return seeOther(w, r, batchPath(b.ID))
}

// showPlanAgain comes back with what was typed, and what is wrong with it.
func (s *server) showPlanAgain(w http.ResponseWriter, r *http.Request, v *visit, b intake.Batch, plan intake.Plan, typed, wrong map[string]string, problem string) error {
	b.Plan = plan
	f := s.planForm(v.t, b)
	f.Problem, f.Errors = problem, wrong
	for i := range f.Sheets {
		sh := &f.Sheets[i]
		sh.About, sh.Rows = typed[sheetField(i, "period")], typed[sheetField(i, "rows")]
		for j := range sh.Columns {
			if text, ok := typed[columnField(i, j, "period")]; ok {
				sh.Columns[j].About = text
			}
		}
	}
	return s.showBatch(w, r, v, http.StatusUnprocessableEntity, b, f)
}

// readPlan is the plan with the answers of the form. typed is the periods and rows as they were typed, wrong what is the matter
// with them, both by field.
func readPlan(t i18n.T, old intake.Plan, in url.Values) (plan intake.Plan, typed, wrong map[string]string) {
	typed, wrong = map[string]string{}, map[string]string{}
	plan.Sheets = slices.Clone(old.Sheets)
	for i := range plan.Sheets {
		sh := &plan.Sheets[i]
		sh.Columns = slices.Clone(sh.Columns)
		said := func(field string) bool { return in.Get(sheetField(i, field)) != "" }
		sh.Skip = len(sh.Columns) == 0 || !said("take")
		sh.Doubles = intake.Doubles(in.Get(sheetField(i, "doubles")))
		sh.TakeUnsound, sh.TakeHidden, sh.AmountsAreFit = said("unsound"), said("hidden"), said("fit")
		about := sheetField(i, "period")
		typed[about] = in.Get(about)
		p, msg := readPeriod(typed[about])
		if !msg.IsZero() {
			wrong[about] = t.Msg(msg)
		}
		sh.Period = p
		if area := sheetField(i, "area"); in.Has(area) {
			sh.Area = in.Get(area)
		}
		sh.Identifier = intake.Identifier(in.Get(sheetField(i, "identifier")))
		rows := sheetField(i, "rows")
		typed[rows] = in.Get(rows)
		skip, err := intake.ParseRows(typed[rows])
		if msg, ok := errs.Message(err); ok {
			wrong[rows] = t.Msg(msg)
		}
		sh.SkipRows = skip
		for j := range sh.Columns {
			about := columnField(i, j, "period")
			if in.Has(about) {
				typed[about] = in.Get(about)
			}
			if msg := readColumn(&sh.Columns[j], in, i, j); !msg.IsZero() {
				wrong[about] = t.Msg(msg)
			}
		}
	}
	return plan, typed, wrong
}

// readColumn takes the answers about one column.
func readColumn(c *intake.ColumnPlan, in url.Values, n, column int) i18n.Msg {
	c.Target = in.Get(columnField(n, column, "target"))
	if unit := columnField(n, column, "unit"); in.Has(unit) {
		c.Unit = in.Get(unit)
	}
	switch in.Get(columnField(n, column, "rate")) {
	case "fraction":
		c.Rate = sheet.RateFraction
	case "percent":
		c.Rate = sheet.RatePercent
	case "ask":
		c.Rate = sheet.RateUnknown
	}
	if days := columnField(n, column, "days"); in.Has(days) {
		c.Days = sheet.DayOrder(in.Get(days))
	}
	var msg i18n.Msg
	if about := columnField(n, column, "period"); in.Has(about) {
		c.Period, msg = readPeriod(in.Get(about))
	}
	return msg
}
