package policy

import (
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// caseReader turns the facts of a case into subjects.
type caseReader struct {
	lib      *content.Library
	doc      *content.Document
	problems content.Problems
}

func (r *caseReader) report(path []any, key string, args ...any) {
	r.problems = append(r.problems, r.doc.Problem(i18n.M(key, args...), path...))
}

// caseSubject is a subject of a case. What is not written is not known.
type caseSubject struct {
	kind, id, name string
	parent         *caseSubject
	children       []*caseSubject
	facts          map[caseFact]caseValue
}

type caseFact struct {
	def    string
	period period.Period
}

type caseValue struct {
	value rule.Value
	state rule.State
}

func (r *caseReader) subject(path []any, src *CaseSubject, kind string, parent *caseSubject) *caseSubject {
	s := &caseSubject{kind: kind, id: src.ID, name: src.Name, parent: parent, facts: map[caseFact]caseValue{}}
	for _, key := range sortedKeys(src.Facts) {
		r.fact(at(path, "facts", key), s, key, string(src.Facts[key]))
	}
	seen := map[string]bool{}
	for i := range src.Children {
		c, where := &src.Children[i], at(path, "children", i)
		switch {
		case c.Kind == content.Enterprise || !known(c.Kind) || kind != content.Enterprise && kind != content.Project:
			r.report(at(where, "kind"), "policy.case_kind", c.Kind, kind)
		case seen[c.Kind+c.ID]:
			r.report(at(where, "id"), "policy.id_twice", c.ID)
		}
		seen[c.Kind+c.ID] = true
		s.children = append(s.children, r.subject(where, c, c.Kind, s))
	}
	return s
}

func known(kind string) bool {
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return false
}

func (r *caseReader) fact(path []any, s *caseSubject, key, text string) {
	code, when, dated := strings.Cut(key, "@")
	def, ok := rule.FactDef(r.lib, code)
	if !ok {
		r.report(path, "policy.no_such_fact", code)
		return
	}
	if def.Subject != s.kind {
		r.report(path, "policy.case_subject", code, def.Subject, s.kind)
	}
	p, err := period.Parse(when)
	if err != nil || dated && p.Kind() == period.Always || p.Kind() != def.Period && def.Period != "" && code != rule.AreaCode && code != rule.IndustryCode {
		r.report(path, "policy.case_period", code, string(def.Period))
		return
	}
	if text == "none" {
		s.facts[caseFact{code, p}] = caseValue{state: rule.None}
		return
	}
	v, err := rule.ParseValue(rule.TypeOf(def.Type), text)
	if err != nil {
		r.report(path, "policy.case_value", code, wantNumber(rule.TypeOf(def.Type).String(), text))
		return
	}
	if list, ok := r.lib.CodeList(def.Codes); ok && !list.Open {
		if _, ok := list.Entry(text); !ok {
			r.report(path, "policy.unknown_code", text, code)
		}
	}
	s.facts[caseFact{code, p}] = caseValue{v, rule.Present}
}

func (s *caseSubject) Kind() string { return s.kind }
func (s *caseSubject) ID() string   { return s.id }
func (s *caseSubject) Name() string { return s.name }

func (s *caseSubject) Fact(def content.FactDef, p period.Period, _ period.Day) (rule.Value, rule.State) {
	if def.Code == rule.AreaCode || def.Code == rule.IndustryCode {
		p = period.Period{}
	}
	v := s.facts[caseFact{def.Code, p}]
	return v.value, v.state
}

func (s *caseSubject) Parent() rule.Subject {
	if s.parent == nil {
		return nil
	}
	return s.parent
}

func (s *caseSubject) Children(kind string) []rule.Subject {
	var all []rule.Subject
	for _, c := range s.children {
		if c.kind == kind {
			all = append(all, c)
		}
		all = append(all, c.Children(kind)...)
	}
	return all
}
