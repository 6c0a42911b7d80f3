package lab

import (
	"cmp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Difference is one thing that a scenario has otherwise than the law: the method of its figures, line by line.
type Difference struct {
	Kind          DifferenceKind
	ID            string // of the number, question or clause
	Key           string // in the number's table: a year
	Name          i18n.Text
	Type          string     // of a number, as the file calls it
	Law, Scenario rule.Value // of a number; its zero value where the law has none
	Was, Is       i18n.Text  // of everything else
	Cite          string
}

// DifferenceKind is what differs.
type DifferenceKind string

// The kinds, in the order in which Differences tells them.
const (
	OtherNumber DifferenceKind = "number"
	OtherAnswer DifferenceKind = "answer"
	OtherWords  DifferenceKind = "wording" // a field of another text
	EndedClause DifferenceKind = "clause"
	OtherAreas  DifferenceKind = "areas"
	OtherBudget DifferenceKind = "budget"
)

// Differences is all that the scenario has otherwise than the law, in a fixed order. A number that amendments changed is
// shown as the document gave it first.
func (o *Outcome) Differences() []Difference {
	var all []Difference
	for _, c := range o.Scenario.Changes {
		if d, ok := o.number(c); ok {
			all = append(all, d)
		}
	}
	all = append(all, o.answers()...)
	if o.Scenario.Text != "" {
		for _, e := range policy.Compare(&o.Law.Policy.File, &newWording([]byte(o.Scenario.Text)).file) {
			all = append(all, wordsOf(e))
		}
	}
	for _, id := range o.Scenario.Ended {
		c, _ := o.Law.Policy.Clause(id)
		all = append(all, Difference{Kind: EndedClause, ID: id, Name: c.Name, Was: c.Summary, Cite: c.Cite})
	}
	return append(all, o.reach()...)
}

// number is a number that the scenario changes, and the law's; not one that only clauses read that it ends.
func (o *Outcome) number(c policy.Patch) (Difference, bool) {
	params := o.Plan.Policy.File.Params
	i := slices.IndexFunc(params, func(x policy.Param) bool { return x.ID == c.Param })
	if i < 0 {
		return Difference{}, false
	}
	prm := params[i]
	d := Difference{Kind: OtherNumber, ID: c.Param, Key: c.Key, Name: prm.Name, Type: prm.Type, Law: o.Law.Policy.Values(c.Param)[c.Key], Cite: prm.Cite}
	if place, ok := prm.Places[c.Key]; ok {
		d.Cite = cmp.Or(place.Cite, d.Cite)
	}
	var err error
	d.Scenario, err = rule.ParseValue(typeOf[prm.Type], c.Value)
	return d, err == nil
}

// typeOf is the types of numbers by their words in the file.
var typeOf = map[string]rule.Type{
	"money": rule.MoneyType, "rate": rule.RateType, "int": rule.IntType, "decimal": rule.DecimalType, "date": rule.DayType,
}

// answers is the open questions that the scenario answers otherwise.
func (o *Outcome) answers() []Difference {
	var all []Difference
	for _, s := range o.Plan.Policy.File.Settings {
		was, is := o.Law.Settings[s.ID], o.Plan.Settings[s.ID]
		if was == is {
			continue
		}
		text := func(id string) i18n.Text {
			i := slices.IndexFunc(s.Options, func(o policy.Option) bool { return o.ID == id })
			if i < 0 {
				return same(id)
			}
			return s.Options[i].Text
		}
		all = append(all, Difference{Kind: OtherAnswer, ID: s.ID, Name: s.Question, Was: text(was), Is: text(is), Cite: s.Cite})
	}
	return all
}

// wordsOf is a field that another text has otherwise.
func wordsOf(e policy.Edit) Difference {
	d := Difference{Kind: OtherWords, Key: e.Key, Was: e.Before, Is: e.After, Cite: e.Cite}
	var zh, en, ids []string
	for _, it := range e.Within {
		zh, en, ids = append(zh, cmp.Or(it.Name.ZH, it.ID, it.Key)), append(en, cmp.Or(it.Name.EN, it.ID, it.Key)), append(ids, cmp.Or(it.ID, it.Key))
	}
	if e.Table != "" {
		zh, en = append(zh, e.Table), append(en, e.Table)
	}
	d.ID, d.Name = strings.Join(ids, "."), i18n.Text{ZH: strings.Join(zh, " · "), EN: strings.Join(en, " · ")}
	return d
}

// reach is where the scenario pays, and how much in all.
func (o *Outcome) reach() []Difference {
	var all []Difference
	if only := o.Scenario.Only; len(only) > 0 {
		d := Difference{Kind: OtherAreas, Is: o.areas(only)}
		if a := o.Law.Policy.File.Document.Area; a != nil {
			d.Was, d.Cite = o.areas(a.In), a.Cite
		}
		all = append(all, d)
	}
	if b := o.Scenario.Budget; b != 0 {
		all = append(all, Difference{Kind: OtherBudget, ID: BudgetParam, Type: "money", Scenario: rule.Money(b)})
	}
	return all
}

func (o *Outcome) areas(codes []string) i18n.Text {
	var names []string
	for _, code := range codes {
		n, _ := o.lib.Areas().Node(code)
		names = append(names, cmp.Or(n.Name, code))
	}
	return i18n.Text{ZH: strings.Join(names, "、"), EN: strings.Join(names, ", ")}
}
