package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/source"
)

const (
	latestSources = 10 // of what came in last that the page of today shows
	aheadDays     = 90 // how far ahead dates are told
)

// todo is one thing that waits for the visitor: how many, what, and where it is done.
type todo struct {
	Count      int
	Text, Href string
	Since      string // of the oldest, "" where it does not matter
}

// ahead is a date that something ends on, and how many days are left; none are when it is past.
type ahead struct {
	Name, Href, On string
	Left           int
}

// todayData is what waits for an official, what is new, and what comes.
type todayData struct {
	AsOf              string
	Todo              []todo
	Firms, AboveScale int
	Reports           int // figures that enterprises stated themselves
	Disputes          []openDispute
	Waiting           []intake.Batch // files that are not committed yet
	Sources           []sourceSeen
	New               int // of Sources, since the last visit
	Ahead             []ahead
	MayIssue, MayLog  bool
}

// sourceSeen is a source in words; New says that it came in since the visitor's last visit.
type sourceSeen struct {
	source.Source
	Who string
	New bool
}

// today is the first page of an official.
func (s *server) today(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	d, err := s.todayOf(r.Context(), v, view)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("web.nav_today")), http.StatusOK, todayPage(v.t, d))
}

func (s *server) todayOf(ctx context.Context, v *visit, view fact.View) (todayData, error) {
	d := todayData{AsOf: s.asOf(v.t, view), MayIssue: v.scope.Can(access.IssueAccess), MayLog: v.scope.Can(access.ReadLog)}
	d.Firms = view.List(fact.Listing{}).Len()
	d.AboveScale = view.List(fact.Listing{Scale: fact.AboveScale, Year: s.lastYear()}).Len()
	for _, fill := range []func(context.Context, *visit, fact.View, *todayData) error{
		s.todayCases, s.todayTargets, s.todayBulletins, s.todayReviews, s.todayYearly, s.todayDisputes, s.todayReports, s.todayFiles, s.todayAccounts, s.todayNews,
	} {
		if err := fill(ctx, v, view, &d); err != nil {
			return d, err
		}
	}
	if err := s.todayDrafts(ctx, v, &d); err != nil {
		return d, err
	}
	var err error
	d.Ahead, err = s.datesAhead(ctx, v.t, view)
	return d, err
}

// todayCases is the tasks of cases that wait, and whether some are overdue.
func (s *server) todayCases(ctx context.Context, v *visit, _ fact.View, d *todayData) error {
	var err error
	if d.Todo, err = s.casesTodo(ctx, v, d.Todo); err != nil {
		return err
	}
	d.Todo, err = s.judgingWork(ctx, v, d.Todo)
	return err
}

// casesTodo adds the tasks of cases that wait for the visitor.
func (s *server) casesTodo(ctx context.Context, v *visit, all []todo) ([]todo, error) {
	in, err := s.Cases.Inbox(ctx, v.scope, "", 0, 1)
	if err != nil || in.Total == 0 {
		return all, err
	}
	x := todo{Count: in.Total, Text: v.t.S("casepage.todo_cases"), Href: "/cases"}
	if in.Overdue > 0 {
		x.Text = v.t.S("casepage.todo_overdue", in.Overdue)
	}
	return append(all, x), nil
}

func (s *server) todayDisputes(ctx context.Context, v *visit, view fact.View, d *todayData) error {
	open, err := view.OpenDisputes(ctx)
	if err != nil || len(open) == 0 {
		return err
	}
	for _, o := range open {
		d.Disputes = append(d.Disputes, s.describe(v.t, view, o))
	}
	d.Todo = append(d.Todo, todo{Count: len(open), Text: v.t.S("people.todo_disputes"), Href: "#disputes", Since: instant(open[0].At)})
	return nil
}

// todayReports is what enterprises stated about themselves, and what of it differs from a source that is believed more.
func (s *server) todayReports(ctx context.Context, v *visit, view fact.View, d *todayData) error {
	all, err := view.Reports(ctx)
	if err != nil {
		return err
	}
	d.Reports = len(all)
	open, oldest := 0, int64(0)
	for _, r := range all {
		if r.Stand() == fact.Differs {
			open++
			oldest = r.From.ReceivedAt
		}
	}
	if open > 0 {
		q := reportsQuery{Stand: fact.Differs}
		d.Todo = append(d.Todo, todo{Count: open, Text: v.t.S("report.todo_gap"), Href: q.href("/reports"), Since: instant(oldest)})
	}
	return nil
}

func (s *server) todayFiles(ctx context.Context, v *visit, _ fact.View, d *todayData) error {
	batches, err := s.Intake.Batches(ctx, v.scope, 0, listedBatches, intake.Ready, intake.Failed)
	if err != nil {
		return err
	}
	ready, failed := 0, 0
	for _, b := range batches {
		if b.State == intake.Ready {
			ready++
		} else {
			failed++
		}
	}
	d.Waiting = batches
	if ready > 0 {
		d.Todo = append(d.Todo, todo{Count: ready, Text: v.t.S("people.todo_files"), Href: "#files"})
	}
	if failed > 0 {
		d.Todo = append(d.Todo, todo{Count: failed, Text: v.t.S("people.todo_failed"), Href: "#files"})
	}
	return nil
}

// todayDrafts is the policies that others propose to put in force.
func (s *server) todayDrafts(ctx context.Context, v *visit, d *todayData) error {
	if !v.scope.Can(access.ApprovePolicy) {
		return nil
	}
	drafts, err := s.Versions.Drafts(ctx, v.scope)
	if err != nil {
		return err
	}
	drafts = slices.DeleteFunc(drafts, func(x version.Version) bool {
		return x.State != version.Proposed || !x.May(v.scope, access.ApprovePolicy) || slices.Contains(x.Authors(), v.account.ID)
	})
	if len(drafts) > 0 {
		d.Todo = append(d.Todo, todo{Count: len(drafts), Text: v.t.S("people.todo_drafts"), Href: versionPath(drafts[0].ID)})
	}
	return nil
}

// todayAccounts is the enterprises above scale that nobody can sign in for.
func (s *server) todayAccounts(ctx context.Context, v *visit, _ fact.View, d *todayData) error {
	areas := s.issueAreas(v)
	if len(areas) == 0 {
		return nil
	}
	without, err := s.Enrol.Choose(ctx, v.scope, enrol.Choice{Area: areas[0].Value, Year: s.lastYear()})
	if err != nil || len(without) == 0 {
		return err
	}
	href := "/enrolments?scale=1&area=" + areas[0].Value
	d.Todo = append(d.Todo, todo{Count: len(without), Text: v.t.S("people.todo_accounts"), Href: href})
	return nil
}

// todayNews is what became known last, and what of it is new to the visitor.
func (s *server) todayNews(ctx context.Context, v *visit, view fact.View, d *todayData) error {
	since, err := s.Access.Visit(ctx, v.account.ID, view.Seq())
	if err != nil {
		return err
	}
	latest, err := s.Sources.List(ctx, v.scope, source.Page{Limit: latestSources, Kind: source.Import})
	if err != nil {
		return err
	}
	for _, src := range latest {
		seen := sourceSeen{Source: src, Who: s.authorityName(v.t, src.Authority)}
		seen.New = src.Seq > since || src.Retraction != nil && src.Retraction.Seq > since
		if seen.New {
			d.New++
		}
		d.Sources = append(d.Sources, seen)
	}
	return nil
}

// datesAhead is the policies in force that end soon, and those that ended lately: somebody should see to a next one.
func (s *server) datesAhead(ctx context.Context, t i18n.T, view fact.View) ([]ahead, error) {
	inForce, err := s.Versions.At(ctx, view.Seq())
	if err != nil {
		return nil, err
	}
	today := s.Clock.Today()
	var all []ahead
	for _, f := range inForce {
		doc := f.Policy.File.Document
		if doc.Valid.To == nil {
			continue
		}
		if left := int(*doc.Valid.To - today); left >= -aheadDays && left <= aheadDays {
			all = append(all, ahead{Name: t.Text(doc.Name), Href: "/policies/" + doc.ID, On: doc.Valid.To.String(), Left: left})
		}
	}
	slices.SortStableFunc(all, func(a, b ahead) int { return a.Left - b.Left })
	return all, nil
}

// regionTodo is what a policy comes to in the visitor's areas, and the enterprises that one fact keeps from it.
type regionTodo struct {
	Name, Href, OneHref string
	Sum                 region.Sum
	One                 int
	OneRest             region.Rest
}

// noAmounts says that the policy's documents publish no amount that could be summed: it only says who is eligible.
func (p regionTodo) noAmounts() bool { return p.Sum.Total.Sure == 0 && p.Sum.Rest == (region.Rest{}) }

// todayRegion is the part of today that takes longest: a script asks for it when the page is there.
func (s *server) todayRegion(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	inForce, err := s.policies(r.Context(), view)
	if err != nil {
		return err
	}
	var all []regionTodo
	for _, f := range inForce {
		plan, err := f.Policy.Plan(nil)
		if err != nil {
			return err
		}
		result, err := s.Region.Run(r.Context(), view, plan, s.Clock.Today())
		if err != nil {
			return err
		}
		one := result.List(region.Query{State: policy.Unknown, OneFact: true})
		if result.Sum.Sure+result.Sum.Perhaps == 0 {
			continue // a policy of elsewhere
		}
		q := regionQuery{Policy: f.Policy.File.Document.ID}
		all = append(all, regionTodo{
			Name: v.t.Text(f.Policy.File.Document.Name), Href: q.href("/region"), OneHref: q.of("", oneFact).href("/region/firms"),
			Sum: result.Sum, One: one.Len(), OneRest: one.Rest,
		})
	}
	if byScript(r) {
		return part(w, r, http.StatusOK, todayRegionPart(v.t, all))
	}
	return s.show(w, r, s.shell(r, v, v.t.S("web.nav_today")), http.StatusOK, todayRegionPart(v.t, all))
}
