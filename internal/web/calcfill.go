package web

import (
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// fill puts what is known of an enterprise into the form: what was reported need not be typed again.
func (f *calcForm) fill(view fact.View, firm int64) {
	e, ok := view.Enterprise(firm)
	if !ok {
		return
	}
	f.in.Set(areaName, f.chosenArea(e.Area))
	f.fillSubject(view, content.Enterprise, 0, firm)
	projects := view.Children(firm, content.Project)
	f.fillAll(view, content.Project, projects, nil)
	for _, kind := range kinds[2:] {
		f.fillAll(view, kind, view.Children(firm, kind), nil)
		for m, project := range projects {
			f.fillAll(view, kind, view.Children(project, kind), &m)
		}
	}
}

// fillAll adds subjects of a kind behind those that are there, as far as there is room.
func (f *calcForm) fillAll(view fact.View, kind string, ids []int64, project *int) {
	for _, id := range ids {
		n := f.items[kind]
		if n == maxItems {
			return
		}
		f.items[kind]++
		f.fillSubject(view, kind, n, id)
		if project != nil && *project < f.items[content.Project] {
			f.in.Set(parentName(kind, n), strconv.Itoa(*project))
		}
	}
}

func (f *calcForm) fillSubject(view fact.View, kind string, n int, id int64) {
	for _, def := range f.facts {
		switch {
		case def.Subject != kind:
		case def.Period == period.Year:
			for _, y := range f.years {
				f.in.Set(fieldID(kind, n, def.Code, y), typed(def, view.Value(id, def.Code, period.OfYear(y))))
			}
		default:
			f.in.Set(fieldID(kind, n, def.Code, 0), typed(def, view.Value(id, def.Code, period.Period{})))
		}
	}
}

// typed is a value as somebody would type it: "?" where it is not known and a blank would say otherwise.
func typed(def content.FactDef, c fact.Cell) string {
	switch {
	case c.State == fact.None:
		return ""
	case !c.Known && def.Type == content.Bool:
		return ""
	case !c.Known:
		return "?"
	}
	switch def.Type {
	case content.Money:
		return fen(c).In(money.Wan)
	case content.Rate:
		return money.Fen(c.Value.Num).In(10_000)
	case content.Decimal:
		return money.Fen(c.Value.Num).In(1_000_000)
	case content.Date:
		return period.Day(c.Value.Num).String()
	case content.Text, content.Code:
		return c.Value.Text
	}
	return strconv.FormatInt(c.Value.Num, 10)
}

// fen is a cell of money.
func fen(c fact.Cell) money.Fen { return money.Fen(c.Value.Num) }

// chosenArea is the choice of the form that an area belongs to.
func (f *calcForm) chosenArea(code string) string {
	if code == "" {
		return ""
	}
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
