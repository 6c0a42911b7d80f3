package web

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// answered is a form as somebody filled it in, for those who decide on it.
type answered struct {
	Title    i18n.Text
	Latest   bool // of the case: it is what lies on the desk
	Sections []answeredSection
}

type answeredSection struct {
	Title  i18n.Text
	Fields []answeredField
	Change []changeRow // fields that were asked before and after
}

// answeredField is a single answer, or the rows of a list.
type answeredField struct {
	Label string
	Text  string
	Long  bool
	Heads []string
	Rows  [][]string
}

// changeRow is a figure before and after.
type changeRow struct{ What, Before, After, Change string }

// answeredIn is what an event was taken with, as the visitor sees it; nil where that is nothing.
func (s *server) answeredIn(ctx context.Context, v *visit, view fact.View, c casework.Case, w *casework.Workflow, e casework.Event) (*answered, error) {
	a, ok := w.Action(e.Action)
	if !ok || a.Form == "" || len(e.Answers) == 0 {
		return nil, nil
	}
	f, err := s.formOfCase(ctx, v, c, a.Form)
	if errs.KindOf(err) == errs.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	given, _, err := f.Kept(e.Answers)
	if err != nil {
		return nil, err
	}
	out := &answered{Title: f.Title}
	for _, section := range f.Sections {
		if x := answeredSectionOf(v.t, view, c, section, given); len(x.Fields)+len(x.Change) > 0 {
			out.Sections = append(out.Sections, x)
		}
	}
	return out, nil
}

func answeredSectionOf(t i18n.T, view fact.View, c casework.Case, section *form.Section, given form.Answers) answeredSection {
	out := answeredSection{Title: section.Title}
	compared := map[*form.Field]bool{}
	for _, field := range section.Fields {
		after, ok := given[field.Name]
		if !ok || field.Before == nil || withheld(view, c, field) {
			continue
		}
		before, ok := given[field.Before.Name]
		if !ok {
			continue
		}
		compared[field], compared[field.Before] = true, true
		out.Change = append(out.Change, changeRow{
			What: t.Text(field.Compared), Before: t.Msg(field.Shown(before.Value)), After: t.Msg(field.Shown(after.Value)), Change: t.Msg(field.Change(before.Value, after.Value)),
		})
	}
	for _, field := range section.Fields {
		answer, ok := given[field.Name]
		if !ok || compared[field] || withheld(view, c, field) {
			continue
		}
		x := answeredField{Label: t.Text(field.Label), Long: field.Long}
		if field.IsList() {
			x.Heads, x.Rows = answeredRows(t, field, answer.Rows)
		} else {
			x.Text = t.Msg(field.Shown(answer.Value))
		}
		out.Fields = append(out.Fields, x)
	}
	return out
}

// answeredRows is a list as a table. Behind a column that is compared stands what changed.
func answeredRows(t i18n.T, list *form.Field, rows []form.Row) (heads []string, lines [][]string) {
	for _, column := range list.Columns {
		heads = append(heads, t.Text(column.Label))
		if column.Before != nil {
			heads = append(heads, t.S("casepage.change"))
		}
	}
	for _, row := range rows {
		var line []string
		for _, column := range list.Columns {
			value, ok := row[column.Name]
			cell := ""
			if ok {
				cell = t.Msg(column.Shown(value))
			}
			line = append(line, cell)
			if column.Before == nil {
				continue
			}
			before, known := row[column.Before.Name]
			cell = ""
			if ok && known {
				cell = t.Msg(column.Change(before, value))
			}
			line = append(line, cell)
		}
		lines = append(lines, line)
	}
	return heads, lines
}

// withheld says that the visitor may not read the fact that an answer became; of what it may, the owner is told.
func withheld(view fact.View, c casework.Case, field *form.Field) bool {
	if field.Fact == nil {
		return false
	}
	subject := c.Subject
	if field.Fact.Subject == content.Enterprise {
		subject = c.Enterprise
	}
	if view.Value(subject, field.Fact.Code, field.Period(0)).State == fact.Withheld {
		return true
	}
	view.Told(c.Enterprise, field.Fact.Code) // it may be of a thing that the view does not show
	return false
}
