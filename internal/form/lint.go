package form

import (
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// expressions compiles conditions and checks, and settles the order in which conditions are answered.
func (p *parser) expressions() {
	env, err := rule.NewEnv(p.lib, p.form.Subject, rule.Declarations{Given: p.form.Given()})
	if err != nil {
		p.report([]any{"subject"}, "rule.other", err.Error())
		return
	}
	compile := func(src string, at ...any) *rule.Expr {
		if src == "" {
			return nil
		}
		line, col := p.doc.At(at...)
		x, problems := env.Compile(src, rule.Position{File: p.doc.File, Source: p.doc.Source, Line: line, Col: col}, rule.BoolType)
		p.problems = append(p.problems, problems...)
		return x
	}
	where := map[*Field][]any{}
	for i, s := range p.file.Sections {
		section := p.form.Sections[i]
		section.relevant = compile(s.Relevant, "sections", i, "relevant")
		for j, ui := range s.Fields {
			field, _ := p.form.Field(ui.Name)
			field.relevant = compile(ui.Relevant, "sections", i, "fields", j, "relevant")
			field.needs = p.form.asked(section.relevant, field.relevant)
			where[field] = []any{"sections", i, "fields", j, "relevant"}
			if field.relevant == nil {
				where[field] = []any{"sections", i, "relevant"}
			}
		}
	}
	for i, item := range p.file.Checks {
		at := []any{"checks", i}
		p.bilingual(item.Say, below(at, "say"))
		field, ok := p.form.Field(item.At)
		if !ok {
			p.report(below(at, "at"), "form.no_field", item.At)
			continue
		}
		p.form.checks = append(p.form.checks, check{that: compile(item.That, below(at, "that")...), at: field, say: item.Say})
	}
	if len(p.problems) == 0 {
		p.settle(where)
	}
}

// Given is what expressions may read of the answers, by name: answer.total, answer.lines for how many rows a list has, and
// answer.lines.amount for the sum of a column.
func (f *Form) Given() map[string]rule.Given {
	all := map[string]rule.Given{}
	for _, field := range f.fields {
		name := "answer." + field.Name
		switch {
		case field.IsList():
			all[name] = rule.Given{Type: rule.IntType, Name: field.Label}
			for _, c := range field.Columns {
				if c.adds() {
					all[name+"."+c.Name] = rule.Given{Type: rule.TypeOf(c.Type), Name: c.Label}
				}
			}
		case field.Type != "":
			all[name] = rule.Given{Type: rule.TypeOf(field.Type), Name: field.Label, Codes: field.codes}
		}
	}
	return all
}

// asked is the fields whose answers expressions read.
func (f *Form) asked(exprs ...*rule.Expr) []*Field {
	var all []*Field
	for _, x := range exprs {
		if x == nil {
			continue
		}
		for _, id := range x.Uses() {
			name, _, _ := strings.Cut(strings.TrimPrefix(id, "answer."), ".")
			if field, ok := f.Field(name); ok && !slices.Contains(all, field) {
				all = append(all, field)
			}
		}
	}
	return all
}

// settle puts each field behind those that decide whether it is asked, and reports a circle once.
func (p *parser) settle(where map[*Field][]any) {
	done := map[*Field]bool{}
	var open []*Field
	var visit func(f *Field) bool
	visit = func(f *Field) bool {
		if i := slices.Index(open, f); i >= 0 {
			var names []string
			for _, x := range append(open[i:], f) {
				names = append(names, x.Name)
			}
			p.report(where[f], "form.circle", strings.Join(names, " → "))
			return false
		}
		if done[f] {
			return true
		}
		open = append(open, f)
		for _, before := range f.needs {
			if !visit(before) {
				return false
			}
		}
		open, done[f] = open[:len(open)-1], true
		p.form.order = append(p.form.order, f)
		return true
	}
	for _, f := range p.form.fields {
		if !visit(f) {
			return
		}
	}
}

// lint reports fields that nobody could ever be asked.
func (p *parser) lint() {
	for i, s := range p.form.Sections {
		if len(s.Fields) == 0 {
			p.report([]any{"sections", i}, "form.section_empty", s.ID)
		}
		for j, f := range s.Fields {
			if p.form.unreachable(f) {
				p.report([]any{"sections", i, "fields", j}, "form.unreachable", f.Name)
			}
		}
	}
}

// maxTrials is how many combinations of answers are tried for one field.
const maxTrials = 4_096

// unreachable says that a field is not asked whatever is answered: every choice of the answers that decide about it is
// tried, with facts and other answers not known. A condition that asks whether something is known is left alone, since
// what is not known would answer it.
func (f *Form) unreachable(field *Field) bool {
	chain := f.chain(field, nil)
	trials := 1
	var decide []*Field
	for _, x := range chain {
		for _, e := range []*rule.Expr{x.relevant, x.section.relevant} {
			if e != nil && strings.Contains(e.Source(), "known") {
				return false
			}
		}
		if n := len(x.trials()); n > 0 && x != field {
			decide = append(decide, x)
			if trials *= n; trials > maxTrials {
				return false
			}
		}
	}
	for n := range trials {
		g := entered{values: map[string]reading{}}
		for _, x := range decide {
			all := x.trials()
			if v := all[n%len(all)]; v != (rule.Value{}) {
				g.values[x.Name] = reading{value: v, stands: true}
			}
			n /= len(all)
		}
		if f.couldAsk(field, chain, g) {
			return false
		}
	}
	return true
}

// chain is a field with all that decides about it, each behind those that decide about it.
func (f *Form) chain(field *Field, seen []*Field) []*Field {
	for _, before := range field.needs {
		seen = f.chain(before, seen)
	}
	if slices.Contains(seen, field) {
		return seen
	}
	return append(seen, field)
}

// trials is the answers that a field can have, where they can be counted; the zero value is none.
func (f *Field) trials() []rule.Value {
	switch {
	case f.Type == content.Bool:
		return []rule.Value{{}, rule.Bool(true), rule.Bool(false)}
	case f.Type == content.Code && f.Options != nil:
		all := []rule.Value{{}}
		for _, o := range f.Options {
			all = append(all, rule.Text(o.Code))
		}
		return all
	}
	return nil
}
