package web

import (
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// said is a subject of the form as the rules see it: rule.Subject over what was typed in.
type said struct {
	kind, id, name string
	parent         *said
	children       []*said
	area           string // of the enterprise
	facts          map[factKey]answer
}

type factKey struct {
	def    string
	period period.Period
}

type answer struct {
	value rule.Value
	state rule.State
}

func (s *said) Kind() string { return s.kind }
func (s *said) ID() string   { return s.id }
func (s *said) Name() string { return s.name }

func (s *said) Parent() rule.Subject {
	if s.parent == nil {
		return nil
	}
	return s.parent
}

func (s *said) Children(kind string) []rule.Subject {
	var all []rule.Subject
	for _, c := range s.children {
		if c.kind == kind {
			all = append(all, c)
		}
		all = append(all, c.Children(kind)...)
	}
	return all
}

func (s *said) Fact(def content.FactDef, p period.Period, _ period.Day) (rule.Value, rule.State) {
	switch {
	case def.Code == rule.AreaCode && s.area == elsewhere:
		return rule.Value{}, rule.None
	case def.Code == rule.AreaCode && s.area != "":
		return rule.Text(s.area), rule.Present
	}
	a := s.facts[factKey{def.Code, p}]
	return a.value, a.state
}

// firm reads the form. Fields that cannot be read are noted as problems and count as not known.
func (f *calcForm) firm() *said {
	root := f.subject(content.Enterprise, 0)
	root.area = f.in.Get(areaName)
	var projects []*said
	for _, kind := range kinds[1:] {
		for n := range f.items[kind] {
			s := f.subject(kind, n)
			s.parent = root
			if m, err := strconv.Atoi(f.in.Get(parentName(kind, n))); err == nil && m >= 0 && m < len(projects) && kind != content.Project {
				s.parent = projects[m]
			}
			s.parent.children = append(s.parent.children, s)
			if kind == content.Project {
				projects = append(projects, s)
			}
		}
	}
	return root
}

func (f *calcForm) subject(kind string, n int) *said {
	s := &said{kind: kind, id: strconv.Itoa(n + 1), name: f.title(kind, n), facts: map[factKey]answer{}}
	for _, def := range f.facts {
		if def.Subject != kind {
			continue
		}
		if def.Period != period.Year {
			s.facts[factKey{def.Code, period.Period{}}] = f.answer(def, s.name, fieldID(kind, n, def.Code, 0))
			continue
		}
		for _, y := range f.years {
			s.facts[factKey{def.Code, period.OfYear(y)}] = f.answer(def, s.name, fieldID(kind, n, def.Code, y))
		}
	}
	return s
}

// answer is what a field says.
func (f *calcForm) answer(def content.FactDef, subject, id string) answer {
	text := fold(f.in.Get(id), def.Unit)
	switch {
	case text == "?":
		return answer{}
	case text == "" && def.Type == content.Bool:
		return answer{}
	case text == "" && def.Type == content.Money:
		return answer{rule.Money(0), rule.Present}
	case text == "" && def.Subject != content.Enterprise && f.events[def.Code]:
		return answer{} // it is there, so it happened some day
	case text == "":
		return answer{state: rule.None}
	}
	v, problem := f.read(def, text)
	if problem != "" {
		f.wrong(id, subject+" · "+f.t.Text(def.Name), problem)
		return answer{}
	}
	return answer{v, rule.Present}
}

// read is the value of a text, or what is wrong with it and what was expected.
func (f *calcForm) read(def content.FactDef, text string) (v rule.Value, problem string) {
	switch def.Type {
	case content.Bool:
		return rule.Bool(text == "1"), ""
	case content.Money:
		a, err := money.ParseIn(strings.TrimSuffix(text, "万"), money.Wan)
		if err != nil {
			return v, f.t.S("web.bad_amount", text)
		}
		if low, high := bounds(def); a < low || a > high {
			return v, f.t.S("web.out_of_bounds", inWords(f.t, low), inWords(f.t, high))
		}
		return rule.Money(a), ""
	case content.Rate:
		text = strings.TrimSuffix(text, "%") + "%"
	case content.Code:
		list, ok := f.lib.CodeList(def.Codes)
		if _, known := list.Entry(text); ok && !known && !list.Open {
			return v, f.t.S("web.bad_choice")
		}
	}
	v, err := rule.ParseValue(rule.TypeOf(def.Type), text)
	if err != nil {
		return rule.Value{}, f.t.S("web.bad_"+string(def.Type), text)
	}
	return v, ""
}

// bounds is what an amount may be: not negative and at most what the definition allows.
func bounds(def content.FactDef) (low, high money.Fen) {
	high = 10_000 * money.Yi
	if def.Min != nil {
		low = money.Fen(*def.Min)
	}
	if def.Max != nil {
		high = money.Fen(*def.Max)
	}
	return low, high
}
