package web

import (
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// fill puts what is known of an enterprise into the form: what was reported need not be typed again.
func (f *calcForm) fill(firm rule.Subject, asOf period.Day) {
	area, _ := firm.Fact(content.FactDef{Code: rule.AreaCode}, period.OfDay(asOf), asOf)
	if area.Type() == rule.TextType {
		f.in.Set(areaName, f.chosenArea(area.Text()))
	}
	f.fillSubject(content.Enterprise, 0, firm, asOf)
	var projects []string
	for _, kind := range kinds[1:] {
		for n, s := range firm.Children(kind) {
			if n == maxItems {
				break
			}
			f.items[kind] = n + 1
			f.fillSubject(kind, n, s, asOf)
			if kind == content.Project {
				projects = append(projects, s.ID())
			}
			if up := s.Parent(); up != nil && up.Kind() == content.Project && slices.Contains(projects, up.ID()) {
				f.in.Set(parentName(kind, n), strconv.Itoa(slices.Index(projects, up.ID())))
			}
		}
	}
}

func (f *calcForm) fillSubject(kind string, n int, s rule.Subject, asOf period.Day) {
	for _, def := range f.facts {
		if def.Subject != kind {
			continue
		}
		if def.Period != period.Year {
			f.in.Set(fieldID(kind, n, def.Code, 0), typed(def, s, period.Period{}, asOf))
			continue
		}
		for _, y := range f.years {
			f.in.Set(fieldID(kind, n, def.Code, y), typed(def, s, period.OfYear(y), asOf))
		}
	}
}

// typed is a fact as somebody would type it: "?" where it is not known and a blank would say otherwise.
func typed(def content.FactDef, s rule.Subject, p period.Period, asOf period.Day) string {
	v, state := s.Fact(def, p, asOf)
	switch {
	case state == rule.None, state != rule.Present && def.Type == content.Bool:
		return ""
	case state != rule.Present:
		return "?"
	}
	switch def.Type {
	case content.Bool:
		return map[bool]string{true: "1", false: "0"}[v.Bool()]
	case content.Money:
		return v.Fen().In(money.Wan)
	}
	return v.String()
}

// chosenArea is the choice of the form that an area belongs to.
func (f *calcForm) chosenArea(code string) string {
	d := f.policy.File.Document
	if d.Area == nil {
		return code
	}
	within := func(top string) bool { return top == code || f.lib.Areas().Within(code, top) }
	if i := slices.IndexFunc(d.Area.In, within); i >= 0 {
		return d.Area.In[i]
	}
	if d.Floor != nil {
		if i := slices.IndexFunc(d.Floor.In, within); i >= 0 {
			return d.Floor.In[i]
		}
	}
	return elsewhere
}
