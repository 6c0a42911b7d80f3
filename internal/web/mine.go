package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

const (
	newsShown   = 12 // of what changed on the page of an enterprise
	missedShown = 20

	belowThreshold = "policy.below_threshold" // why a line does not pay that some amount more would make pay
)

// mineData is the first page of an enterprise: what it may get, what keeps it from more, and what happened.
type mineData struct {
	Firm     party.Enterprise
	Readings bool // it may see who reads its data
	AreaName string
	AsOf     string
	Todo     []todo
	Policies []minePolicy
	Missing  []missing
	Advice   []string
	News     []newsRow
	Answers  []openDispute // disputes of the enterprise, the newest first, open ones too
	Reports  []reportRow   // what it stated itself
	Rest     int           // of these, not shown
	May      bool          // state figures
	Done     string
	Ahead    []ahead
	Entitled []entitlement
	Money    []moneyRow
	Calls    []callOffer // that are open to it
	Rounds   []todo      // selections that are open to it
}

// minePolicy is what a policy comes to for the enterprise.
type minePolicy struct {
	Name, Href    string
	Total, InKind policy.Interval
}

// missing is a fact that would make what a policy pays surer, and who may state it.
type missing struct {
	What, Href string
	May        bool // the visitor, under Href
	From       []string
}

// newsRow is a figure that changed since the last visit.
type newsRow struct {
	What, Text, Source, When, Href string
}

// mine is the first page of an enterprise, or leads to the list where an account has several.
func (s *server) mine(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	own := slices.DeleteFunc(slices.Collect(view.Enterprises()), func(e party.Enterprise) bool {
		return !slices.Contains(v.scope.Owns(), e.ID)
	})
	switch len(own) {
	case 0:
		return errs.Invalid(i18n.M("web.no_file_yet"))
	case 1:
		d, err := s.mineOf(r, v, view, own[0])
		if err != nil {
			return err
		}
		return s.show(w, r, s.shell(r, v, v.t.S("web.nav_mine")), http.StatusOK, minePage(v.t, d))
	}
	return seeOther(w, r, "/enterprises")
}

func (s *server) mineOf(r *http.Request, v *visit, view fact.View, e party.Enterprise) (mineData, error) {
	d := mineData{Firm: e, AreaName: nodeName(s.Library.Areas(), e.Area), AsOf: s.asOf(v.t, view), Readings: view.Can(access.ReadReadings, e.ID)}
	if err := s.mineDecisions(r, v, view, &d); err != nil {
		return d, err
	}
	if err := s.mineNews(r, v, view, &d); err != nil {
		return d, err
	}
	disputes, err := view.Disputes(r.Context())
	if err != nil {
		return d, err
	}
	for _, o := range slices.Backward(disputes) {
		if view.Below(o.Subject, e.ID) && len(d.Answers) < newsShown {
			d.Answers = append(d.Answers, s.describe(v.t, view, o))
		}
	}
	if err := s.mineReports(r, v, view, &d); err != nil {
		return d, err
	}
	for _, fill := range []func(context.Context, *visit, fact.View, *mineData) error{s.mineMoney, s.mineCalls, s.mineSelections, s.mineYearly} {
		if err := fill(r.Context(), v, view, &d); err != nil {
			return d, err
		}
	}
	if d.Ahead, err = s.datesAhead(r.Context(), v.t, view); err != nil {
		return d, err
	}
	if d.Todo, err = s.casesTodo(r.Context(), v, nil); err != nil {
		return d, err
	}
	waiting, err := s.unansweredMeetings(r.Context(), v)
	if err != nil {
		return d, err
	}
	if waiting > 0 {
		d.Todo = append(d.Todo, todo{Count: waiting, Text: v.t.S("meetingpage.todo"), Href: "/credit/meetings"})
	}
	d.Todo = append(d.Todo, d.Rounds...)
	s.mineTodo(v.t, &d)
	return d, nil
}

// mineReports is what the enterprise stated about itself, what it is asked about first.
func (s *server) mineReports(r *http.Request, v *visit, view fact.View, d *mineData) error {
	all, err := view.Reports(r.Context())
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Speaker == d.Firm.ID {
			d.Reports = append(d.Reports, s.reportRow(v.t, view, x))
		}
	}
	asked := func(row reportRow) int {
		if row.Stand == fact.Asked {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(d.Reports, func(a, b reportRow) int { return asked(a) - asked(b) })
	d.Rest = max(len(d.Reports)-missedShown, 0)
	d.Reports = d.Reports[:len(d.Reports)-d.Rest]
	d.May = view.Can(access.Report, d.Firm.ID)
	if r.FormValue("done") == "withdrawn" {
		d.Done = v.t.S("report.done_withdrawn")
	}
	return nil
}

// mineTodo says in a line each what to do next.
func (s *server) mineTodo(t i18n.T, d *mineData) {
	asked := 0
	for _, row := range d.Reports {
		if row.Stand == fact.Asked {
			asked++
		}
	}
	if asked > 0 {
		d.Todo = append(d.Todo, todo{Count: asked, Text: t.S("report.todo_asked"), Href: "#reports"})
	}
	if n := len(d.Missing); n > 0 {
		d.Todo = append(d.Todo, todo{Count: n, Text: t.S("people.todo_missing"), Href: "#missing"})
	}
	if n := len(d.Advice); n > 0 {
		d.Todo = append(d.Todo, todo{Count: n, Text: t.S("people.todo_near"), Href: "#near"})
	}
	answered := 0
	for _, o := range d.Answers {
		if o.Closed != nil {
			answered++
		}
	}
	if answered > 0 {
		d.Todo = append(d.Todo, todo{Count: answered, Text: t.S("people.todo_answers"), Href: "#disputes"})
	}
	if n := len(d.News); n > 0 {
		d.Todo = append(d.Todo, todo{Count: n, Text: t.S("people.todo_news"), Href: "#news"})
	}
}

func (s *server) mineDecisions(r *http.Request, v *visit, view fact.View, d *mineData) error {
	if !view.Can(access.ReadSensitive, d.Firm.ID) {
		return nil
	}
	inForce, err := s.policiesOf(r.Context(), view, d.Firm.ID, s.Clock.Today())
	if err != nil {
		return err
	}
	for _, f := range inForce {
		plan, err := f.Policy.Plan(nil)
		if err != nil {
			return err
		}
		decision, err := s.Region.Decide(r.Context(), view, plan, d.Firm.ID, s.Clock.Today())
		if err != nil {
			return err
		}
		if decision.Total.Exact() && decision.Total.Sure == 0 && decision.InKind.Possible == 0 {
			continue // no amount to get whatever is still missing: the file tells what it is eligible for
		}
		shown := s.viewDecision(v.t, f.Policy, decision)
		d.Policies = append(d.Policies, minePolicy{
			Name: v.t.Text(shown.Policy.Name), Href: enterprisePath(d.Firm.ID) + "#decisions", Total: shown.Total, InKind: shown.InKind,
		})
		for i, ref := range decision.Missing {
			s.addMissing(v.t, d, ref, missed{shown.Missing[i].Text, s.missingPath(view, d.Firm.ID, ref)})
		}
		for _, c := range shown.Clauses {
			for _, l := range slices.Concat(c.Lines, c.Others) {
				for _, a := range l.Advice {
					d.Advice = append(d.Advice, joined(v.t.Text(c.Name), l.Title, a))
				}
				if len(l.Advice) == 0 && l.Line.Reason.Key == belowThreshold && nearlyThere(l.Line, s.Clock.Today().Year()) {
					d.Advice = append(d.Advice, joined(v.t.Text(c.Name), l.Title, l.Reason))
				}
			}
			for _, a := range c.Advice {
				d.Advice = append(d.Advice, joined(v.t.Text(c.Name), a))
			}
		}
	}
	d.Advice = slices.Compact(d.Advice)
	slices.SortStableFunc(d.Policies, func(a, b minePolicy) int { return cmp.Compare(b.Total.Sure, a.Total.Sure) })
	return nil
}

// nearlyThere says that a line below its threshold is worth telling: its year is not over, or it is short by so little that
// somebody should look whether all was counted.
func nearlyThere(l policy.Line, year int) bool {
	if l.Year == 0 || l.Year >= year {
		return true
	}
	return slices.ContainsFunc(l.Remaining, func(r policy.Remaining) bool {
		return r.Need != nil && r.Distance != nil && *r.Distance <= *r.Need/nearBy
	})
}

// nearBy is the part of a threshold that a year which is over may be short by.
const nearBy = 20

// addMissing notes a fact once.
func (s *server) addMissing(t i18n.T, d *mineData, ref rule.FactRef, fact missed) {
	if len(d.Missing) == missedShown || slices.ContainsFunc(d.Missing, func(m missing) bool { return m.What == fact.Text }) {
		return
	}
	d.Missing = append(d.Missing, s.missingOf(t, d.Firm.ID, ref, fact))
}

// missingOf is a fact that an enterprise lacks, with the offices that may state it, those whose word counts most first.
func (s *server) missingOf(t i18n.T, firm int64, ref rule.FactRef, fact missed) missing {
	m := missing{What: fact.Text, Href: cmp.Or(fact.Href, enterprisePath(firm)+"#facts"), May: fact.Href != ""}
	if def, ok := s.Library.FactDef(ref.Def); ok {
		for _, code := range def.Authority {
			m.From = append(m.From, s.authorityName(t, code))
		}
	}
	return m
}

// mineNews is the figures of the enterprise itself that were stated since its last visit.
func (s *server) mineNews(r *http.Request, v *visit, view fact.View, d *mineData) error {
	since, err := s.Access.Visit(r.Context(), v.account.ID, view.Seq())
	if err != nil {
		return err
	}
	lines, err := view.Timeline(r.Context(), d.Firm.ID)
	if err != nil {
		return err
	}
	for _, l := range lines {
		for _, said := range l.Stated {
			if said.From.Seq <= since || !said.Effective || len(d.News) == newsShown {
				continue
			}
			what := v.t.Text(l.Def.Name)
			if l.Period.Kind() != period.Always {
				what += inBrackets(v.t, periodText(v.t, l.Period))
			}
			d.News = append(d.News, newsRow{
				What: what, Text: factText(v.t, s.Library, l.Def, said.State, said.Value, said.Precision),
				Source: s.sourceText(v.t, said.From), When: instant(said.From.ReceivedAt), Href: factPath(d.Firm.ID, d.Firm.ID, l.Def.Code),
			})
		}
	}
	return nil
}
