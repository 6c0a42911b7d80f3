package web

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// lineCall is a call by which a line of a decision may be applied for, or might have been; without one, Text says so.
type lineCall struct {
	ID          int64
	Title, Text string
	Firm        int64 // for which the visitor may begin the application; 0 for none
	Offer       string
	Started     subsidy.Started // the application for the line that was begun already; zero for none
}

// applying is what tells at the lines of decisions by which calls they may be applied for.
type applying struct {
	t      i18n.T
	calls  []subsidy.Call // that were published and take firms of the area, those that close last first
	today  period.Day
	firm   int64 // for which the visitor may begin applications; 0 for none
	begun  map[int64]map[subsidy.Ask]subsidy.Started
	cannot bool // the answers are not those that applications are decided by
}

// applying reads the calls that take firms of an area, all of them once for a page; "" is any area.
func (s *server) applying(ctx context.Context, t i18n.T, area string) (applying, error) {
	calls, err := s.Subsidy.Calls(ctx, access.Scope{}, "")
	calls = slices.DeleteFunc(calls, func(c subsidy.Call) bool { return area != "" && !s.Library.Areas().Within(area, c.Area) })
	return applying{t: t, calls: calls, today: s.Clock.Today()}, err
}

// applyingFor is the same for an enterprise of a view, for which the visitor may be one to apply.
func (s *server) applyingFor(ctx context.Context, v *visit, view fact.View, firm int64) (applying, error) {
	e, _ := view.Enterprise(firm)
	a, err := s.applying(ctx, v.t, e.Area)
	if slices.Contains(v.scope.Owns(), firm) && v.scope.Sees(access.FileCase, "", firm) {
		a.firm = firm
	}
	if err == nil && a.firm != 0 {
		a.begun, err = s.Subsidy.Begun(ctx, v.scope, firm)
	}
	return a, err
}

// tell says at each line that pays or may pay by which call it may be applied for.
func (a applying) tell(d *decisionView) {
	for _, clauses := range [][]clauseView{d.Clauses, d.Idle} {
		for i := range clauses {
			of := a.of(d.Policy.ID, clauses[i].ID)
			for _, lines := range [][]lineView{clauses[i].Lines, clauses[i].Others} {
				for j := range lines {
					if subsidy.Offered(lines[j].Line) {
						lines[j].Calls = a.at(of, lines[j])
					}
				}
			}
		}
	}
}

// of is the calls for a clause that are open; where none is, the next that opens, or the last that was open.
func (a applying) of(document, clause string) []subsidy.Call {
	var open, next, last []subsidy.Call
	for _, c := range a.calls {
		switch {
		case c.Policy != document || !slices.Contains(c.Clauses, clause):
		case c.Open(a.today):
			open = append(open, c)
		case c.State == subsidy.CallPublished && a.today < c.Opens:
			if len(next) == 0 || c.Opens < next[0].Opens {
				next = []subsidy.Call{c}
			}
		case len(last) == 0:
			last = []subsidy.Call{c}
		}
	}
	switch {
	case len(open) > 0:
		return open
	case len(next) > 0:
		return next
	}
	return last
}

func (a applying) at(calls []subsidy.Call, l lineView) []lineCall {
	if len(calls) == 0 {
		return []lineCall{{Text: a.t.S("web.call_none")}}
	}
	all := make([]lineCall, len(calls))
	for i, c := range calls {
		all[i] = lineCall{ID: c.Case, Title: c.Title, Text: a.stands(c)}
		subject, _ := strconv.ParseInt(l.Subject.ID, 10, 64) // the calculator's have no number, and nothing was begun for them
		if all[i].Started = a.begun[c.Case][subsidy.Ask{Clause: l.Clause, Subject: subject, Year: l.Year}]; all[i].Started.Case != 0 {
			continue
		}
		if c.Open(a.today) && !c.Full() && !a.cannot && a.firm != 0 {
			all[i].Firm, all[i].Offer = a.firm, offerOf(l.Clause, l.Subject.ID, l.Year)
		}
	}
	return all
}

// stands is from when, until when or since when not a call takes applications.
func (a applying) stands(c subsidy.Call) string {
	switch {
	case c.Open(a.today) && c.Full():
		return a.t.S("web.call_full", c.Closes.String(), c.Quota)
	case c.Open(a.today):
		return a.t.S("web.call_open", c.Closes.String())
	case c.State == subsidy.CallPublished && a.today < c.Opens:
		return a.t.S("web.call_next", c.Opens.String(), c.Closes.String())
	case c.Closes >= a.today:
		return a.t.S("web.call_ended")
	}
	return a.t.S("web.call_over", c.Closes.String())
}

// offerValue tells an offer of an enterprise apart.
func offerValue(a subsidy.Aim) string {
	return offerOf(a.Clause, strconv.FormatInt(a.Subject, 10), a.Year)
}

// offerOf is the same of a line of a decision.
func offerOf(clause, subject string, year int) string {
	return fmt.Sprintf("%s/%s/%d", clause, subject, year)
}
