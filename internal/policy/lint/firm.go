package lint

import (
	"encoding/json"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// firm is an enterprise that is made up to try a policy: what it states it states for one year, and there is nothing
// else. It has at most one subject below it.
type firm struct {
	kind, id string
	area     string // of the enterprise
	year     int
	facts    map[string]rule.Value
	parent   *firm
	child    *firm
}

func (f *firm) Kind() string { return f.kind }
func (f *firm) ID() string   { return f.id }
func (f *firm) Name() string { return "" }

func (f *firm) Fact(def content.FactDef, p period.Period, _ period.Day) (rule.Value, rule.State) {
	if def.Code == rule.AreaCode {
		return rule.Text(f.area), rule.Present
	}
	v, ok := f.facts[def.Code]
	if !ok || def.Period == period.Year && p != period.OfYear(f.year) {
		return rule.Value{}, rule.None
	}
	return v, rule.Present
}

func (f *firm) Parent() rule.Subject {
	if f.parent == nil {
		return nil
	}
	return f.parent
}

func (f *firm) Children(kind string) []rule.Subject {
	if f.child != nil && f.child.kind == kind {
		return []rule.Subject{f.child}
	}
	return nil
}

// subject is who a fact is about: the enterprise or what lies below it.
func (f *firm) subject(def content.FactDef) *firm {
	if def.Subject != content.Enterprise && f.child != nil {
		return f.child
	}
	return f
}

// with is the same enterprise with other values.
func (f *firm) with(change func(content.FactDef, rule.Value) rule.Value, defs []content.FactDef) *firm {
	out := &firm{kind: f.kind, id: f.id, year: f.year, facts: map[string]rule.Value{}}
	if f.child != nil {
		out.child = &firm{kind: f.child.kind, id: f.child.id, year: f.year, facts: map[string]rule.Value{}, parent: out}
	}
	for _, def := range defs {
		out.subject(def).facts[def.Code] = change(def, f.subject(def).facts[def.Code])
	}
	return out
}

// told is its facts in words.
func (f *firm) told(lib *content.Library) i18n.Msg {
	msg := i18n.M("lint.firm_in", areaName(lib, f.area), f.year)
	for _, s := range []*firm{f, f.child} {
		if s == nil {
			continue
		}
		for _, code := range sorted(s.facts) {
			if def, ok := rule.FactDef(lib, code); ok {
				msg = i18n.M("lint.firm_has", msg, def.Name, shown(lib, def, s.facts[code]))
			}
		}
	}
	return msg
}

func areaName(lib *content.Library, code string) string {
	n, _ := lib.Areas().Node(code)
	return n.Name
}

// shown is a value as people read it.
func shown(lib *content.Library, def content.FactDef, v rule.Value) any {
	switch def.Type {
	case content.Bool:
		return i18n.M("rule.bool_" + v.String())
	case content.Money:
		return i18n.M("rule.yuan", v.String())
	case content.Code:
		if list, ok := lib.CodeList(def.Codes); ok {
			if e, ok := list.Entry(v.String()); ok {
				return e.Name
			}
		}
	}
	return v.String()
}

// JSON is the enterprise as docs/facts-json.md describes it.
func (f *firm) JSON(lib *content.Library) json.RawMessage {
	facts := func(s *firm) map[string]any {
		out := map[string]any{}
		for code, v := range s.facts {
			var value any = v.String()
			def, _ := rule.FactDef(lib, code)
			switch {
			case def.Type == content.Bool:
				value = v.Bool()
			case def.Type == content.Int:
				value = v.Int()
			}
			if def.Period == period.Year {
				value = map[string]any{period.OfYear(f.year).String(): value}
			}
			out[code] = value
		}
		return out
	}
	e := map[string]any{"id": f.id, "area": f.area, "facts": facts(f)}
	if f.child != nil {
		e[f.child.kind+"s"] = []any{map[string]any{"id": f.child.id, "facts": facts(f.child)}}
	}
	b, err := json.Marshal(map[string]any{"enterprise": e})
	if err != nil {
		return nil
	}
	return b
}
