package indicator

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// At is the moment for which an indicator is asked: a span of days, and the answers to the choices.
type At struct {
	First, Last period.Day
	Choices     map[string]string // option by choice; what is left out has its default
}

// For is the moment of a period, which must have a span; of one that has not ended by a day, up to that day.
func For(p period.Period, until period.Day, choices map[string]string) (At, bool) {
	first, last, ok := p.Span()
	if !ok || first > until {
		return At{}, false
	}
	return At{First: first, Last: min(last, until), Choices: choices}, true
}

// Year is the year in which facts of a year are read.
func (a At) Year() int { return a.Last.Year() }

// names answers for choices.
type names struct {
	set *Set
	at  At
}

// Param is of no use: indicators have none.
func (names) Param(string, *rule.Context) rule.Answer { return rule.Answer{State: rule.Unknown} }

// Setting is the option of a choice.
func (n names) Setting(id string) string { return n.set.option(id, n.at) }

func (s *Set) option(code string, at At) string {
	i := slices.IndexFunc(s.choices, func(c Choice) bool { return c.Code == code })
	if i < 0 {
		return ""
	}
	if o, ok := s.choices[i].Option(at.Choices[code]); ok {
		return o.Code
	}
	return s.choices[i].Default
}

// given answers for period.first.
func (a At) given(id string) rule.Answer {
	if id == PeriodFirst {
		return rule.Answer{Value: rule.Day(a.First), State: rule.Present}
	}
	return rule.Answer{State: rule.Unknown}
}

// context is what expressions are evaluated for.
func (s *Set) context(subject rule.Subject, at At) *rule.Context {
	last := at.Last
	return &rule.Context{Subject: subject, Year: at.Year(), Event: &last, On: last, AsOf: last, Names: names{s, at}, Given: at.given}
}

// holdsOn says that what was last stated of a definition may stand for a year of which nothing is stated.
func holdsOn(def content.FactDef) bool { return def.Period == period.Year && def.Flow != content.Flow }

// carried is a subject of which states and stocks hold on for some years.
type carried struct {
	rule.Subject
	years int
}

// carrying is a subject read with the carry of an indicator.
func carrying(s rule.Subject, years int) rule.Subject {
	if years == 0 || s == nil {
		return s
	}
	return carried{s, years}
}

// Fact is what is stated, or what was before.
func (c carried) Fact(def content.FactDef, p period.Period, on period.Day) (rule.Value, rule.State) {
	v, state, _ := c.fact(def, p, on)
	return v, state
}

// fact tells also whether the value is that of a year before.
func (c carried) fact(def content.FactDef, p period.Period, on period.Day) (v rule.Value, state rule.State, before bool) {
	v, state = c.Subject.Fact(def, p, on)
	if state != rule.Unknown || !holdsOn(def) || p.Kind() != period.Year {
		return v, state, false
	}
	for n := 1; n <= c.years; n++ {
		if w, s := c.Subject.Fact(def, period.OfYear(p.YearOf()-n), on); s != rule.Unknown {
			return w, s, true
		}
	}
	return v, state, false
}

// Parent is read in the same way.
func (c carried) Parent() rule.Subject { return carrying(c.Subject.Parent(), c.years) }

// Children are read in the same way.
func (c carried) Children(kind string) []rule.Subject {
	all := slices.Clone(c.Subject.Children(kind))
	for i := range all {
		all[i] = carrying(all[i], c.years)
	}
	return all
}
