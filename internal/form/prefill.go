package form

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/source"
)

// Filled is what is known of a field's fact, and from whom.
type Filled struct {
	Subject int64 // whose fact it is
	Period  period.Period
	Value   rule.Value
	None    bool // known to be nothing
	Source  source.Source
	Status  fact.Status
}

// Prefill is what a view knows of the facts of the form, by field. A value that is withheld from the view, or that the
// field would not take, is left out.
func (f *Form) Prefill(ctx context.Context, view fact.View, at At) (map[string]Filled, error) {
	all := map[string]Filled{}
	at = f.dated(at, nil)
	for _, field := range f.fields {
		if field.Fact == nil {
			continue
		}
		subject, ok := at.subject(field.Fact.Subject, 0)
		if !ok {
			continue
		}
		p := field.Period(at.Year)
		cell := view.Value(subject, field.Fact.Code, p)
		fill := Filled{Subject: subject, Period: p, Status: cell.Status}
		switch cell.State {
		case fact.Present:
			fill.Value = rule.FactValue(field.Type, cell.Value.Num, cell.Value.Text)
			if !field.Readonly && !field.allows(fill.Value).IsZero() {
				continue
			}
		case fact.None:
			fill.None = true
		default:
			continue
		}
		origin, err := view.Origin(ctx, cell)
		if err != nil && errs.KindOf(err) != errs.KindNotFound {
			return nil, fmt.Errorf("look up where %s comes from: %w", field.Fact.Code, err)
		}
		fill.Source = origin.Source
		all[field.Name] = fill
	}
	return all, nil
}

// subject is the number of the form's subject or of the one above it that is of a kind; own stands for the form's subject
// where it was not there when the form was filled in.
func (at At) subject(kind string, own int64) (int64, bool) {
	for s, first := at.Subject, true; s != nil; s, first = s.Parent(), false {
		if s.Kind() != kind {
			continue
		}
		if id, err := strconv.ParseInt(s.ID(), 10, 64); err == nil {
			return id, true
		}
		return own, first && own != 0
	}
	return 0, false
}

// Fill puts what is known into the fields of an entry that nobody has typed into yet; in a form that is for confirming it is no
// answer before somebody says so.
func (f *Form) Fill(in Entry, known map[string]Filled) Entry {
	out := f.Tidy(in)
	if f.Confirm {
		return out
	}
	for name, fill := range known {
		field, ok := f.Field(name)
		if _, typed := out.Texts[name]; ok && !typed && !fill.None && !field.Readonly {
			out.Texts[name] = field.Typed(fill.Value)
		}
	}
	return out
}

// Offered is what Fill puts into fields, or shows beside those of a form that is for confirming, as it would be typed.
func (f *Form) Offered(known map[string]Filled) map[string]string {
	out := map[string]string{}
	for name, fill := range known {
		if field, ok := f.Field(name); ok && !fill.None && !field.Readonly {
			out[name] = field.Typed(fill.Value)
		}
	}
	return out
}

// Moved is a field of which something else is known than what it was filled with.
type Moved struct {
	Field    *Field
	Was, Now string // as typed; "" for nothing known
	Kept     bool   // something of one's own stands in it, and stays
}

// Renew is an entry that was filled with what was known, brought up to what is known now. What was left as it was filled becomes what is
// known; in a form that is for confirming it is to be looked at again. What somebody typed stays. All fields that differ are told, in the
// order of the page. was is as Offered told it; nil where nobody kept it, and nothing is told.
func (f *Form) Renew(in Entry, was, now map[string]string) (Entry, []Moved) {
	out := f.Tidy(in)
	if was == nil {
		return out, nil
	}
	var moved []Moved
	for _, field := range f.fields {
		name := field.Name
		text, typed := out.Texts[name]
		if was[name] == now[name] || field.IsList() || field.Readonly || text == now[name] && typed {
			continue
		}
		if f.Confirm && strings.TrimSpace(text) == "" { // nobody has looked yet: what stands beside it is new, and no more
			continue
		}
		m := Moved{Field: field, Was: was[name], Now: now[name], Kept: typed && strings.TrimSpace(text) != was[name]}
		switch {
		case m.Kept:
		case f.Confirm:
			out.Texts[name] = ""
		default:
			out.Texts[name] = now[name]
		}
		moved = append(moved, m)
	}
	return out, moved
}

// YearFor is the year that facts by year are read and stated in; 0 where the form asks none.
func (f *Form) YearFor(at At, a Answers) int {
	for _, field := range f.fields {
		if field.Fact != nil && field.Fact.Period == period.Year {
			return f.dated(at, a).Year
		}
	}
	return 0
}

// Statements is what the answers state as facts, by the authority that speaks in the form. What an enterprise leaves as it is
// known it does not state again; an office has checked what it signs, so that its word stands behind that too. own is the
// form's subject where it was not there when the form was filled in, else 0; what is about a subject that is not there is left out.
func (f *Form) Statements(a Answers, at At, own int64) []fact.Statement {
	var all []fact.Statement
	at = f.dated(at, a)
	for _, field := range f.fields {
		answer, ok := a[field.Name]
		if !ok || field.Fact == nil || field.Readonly {
			continue
		}
		subject, ok := at.subject(field.Fact.Subject, own)
		known, state := at.fact(field)
		if !ok || f.By == fact.SelfReport && state == rule.Present && field.same(known, answer.Value) {
			continue
		}
		s := fact.Statement{
			Subject: subject, Def: field.Fact.Code, Period: field.Period(at.Year), State: fact.Present,
			Place: field.Name, Shown: field.Typed(answer.Value) + field.Unit,
		}
		if field.Fact.Type.IsText() {
			s.Value.Text = answer.Value.Text()
		} else {
			s.Value.Num = field.num(answer.Value)
		}
		all = append(all, s)
	}
	return all
}

func (f *Field) same(a, b rule.Value) bool {
	if f.Fact.Type.IsText() {
		return a.Text() == b.Text()
	}
	return f.num(a) == f.num(b)
}

// Given answers for the names of Form.Given after a check: the answer of a field that is asked, none where it is not asked
// or not answered.
func (r Result) Given(id string) rule.Answer { return r.asking.answer(id) }

// Texts is the answers at a path as people read codes and numbers: those of a field, or of a column of a list
// ("invoices.number"), row by row.
func (f *Form) Texts(a Answers, path string) []string {
	name, column, inList := strings.Cut(path, ".")
	field, ok := f.Field(name)
	if !ok || field.IsList() != inList {
		return nil
	}
	answer, ok := a[name]
	if !ok {
		return nil
	}
	if !inList {
		return []string{field.Typed(answer.Value)}
	}
	c, ok := field.Column(column)
	if !ok {
		return nil
	}
	var all []string
	for _, row := range answer.Rows {
		if v, ok := row[column]; ok {
			all = append(all, c.Typed(v))
		}
	}
	return all
}
