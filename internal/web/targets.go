package web

import (
	"cmp"
	"context"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/target"
)

var (
	mayTargets = access.Need{Action: access.ReadFact, Area: true}   // who is shown targets
	mayDivide  = access.Need{Action: access.HandleCase, Area: true} // who enters what a region decides about them
	mayCopy    = access.Need{Action: access.Export, Area: true}     // who carries them away
)

// targetRoutes are the targets of plans: how far they are, how they are divided, who does what by when, and what counts.
func (s *server) targetRoutes() []route {
	return []route{
		{"GET /targets", mayTargets, s.targets},
		{"GET /targets/export", mayCopy, s.exportTargets},
		{"POST /targets/ranking", mayDivide, s.rankTargets},
		{"GET /targets/{plan}/{id}", mayTargets, s.target},
		{"GET /targets/{plan}/{id}/quotas", mayCopy, s.exportQuotas},
		{"POST /targets/{plan}/{id}/quotas", mayDivide, s.enterQuotas},
		{"POST /targets/{plan}/{id}/sheet", mayDivide, s.readQuotas},
		{"POST /targets/{plan}/{id}/propose", mayDivide, s.proposeQuotas},
		{"POST /targets/{plan}/{id}/confirm", mayDivide, s.confirmQuotas},
		{"POST /targets/{plan}/{id}/drop", mayDivide, s.dropQuotas},
		{"GET /targets/coverage", mayTargets, s.coverageLedger},
		{"GET /targets/coverage/export", mayCopy, s.exportLedger},
		{"GET /targets/choice", mayTargets, s.completion},
		{"POST /targets/choice", mayDivide, s.switchCompletion},
		{"GET /targets/tasks", mayTargets, s.targetTasks},
		{"GET /targets/tasks/export", mayCopy, s.exportTasks},
		{"POST /targets/tasks", mayDivide, s.addTask},
		{"GET /targets/tasks/{id}", mayTargets, s.targetTask},
		{"POST /targets/tasks/{id}", mayDivide, s.reportTask},
	}
}

// targetQuery is a view of targets; its address restores it.
type targetQuery struct {
	Plan  string
	Area  string
	On    period.Day   // 0 for today
	All   bool         // by all that is known; else by what was verified alone
	State target.State // "" for all
	Year  int          // of quotas
	By    string       // target.ByAreas or ByChains
}

func (q targetQuery) href(path string) string {
	out := url.Values{}
	set := func(key, text string) {
		if text != "" {
			out.Set(key, text)
		}
	}
	set("plan", q.Plan)
	set("area", q.Area)
	set("state", string(q.State))
	if q.On != 0 {
		set("on", q.On.String())
	}
	if q.All {
		set("basis", "all")
	}
	if q.Year != 0 {
		set("year", strconv.Itoa(q.Year))
	}
	if q.By == target.ByChains {
		set("by", q.By)
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

// one is the address of a target's page in the same view.
func (q targetQuery) one(id string) string {
	path := "/targets/" + q.Plan + "/" + id
	q.Plan, q.State = "", ""
	return q.href(path)
}

func (q targetQuery) in(area string) targetQuery           { q.Area, q.State = area, ""; return q }
func (q targetQuery) of(state target.State) targetQuery    { q.State = state; return q }
func (q targetQuery) divided(by string, y int) targetQuery { q.By, q.Year = by, y; return q }

// targetsAsked reads a view of targets from an address: the nearest plan, and the first area of the reader in it, where none is named.
func (s *server) targetsAsked(r *http.Request, v *visit) (targetQuery, content.TargetPlan, error) {
	q := targetQuery{Plan: cmp.Or(r.PathValue("plan"), r.FormValue("plan")), All: r.FormValue("basis") == "all", By: target.ByAreas}
	plans := s.Targets.Plans(v.scope)
	i := 0
	if q.Plan != "" {
		i = slices.IndexFunc(plans, func(p content.TargetPlan) bool { return p.Code == q.Plan })
	}
	if i < 0 || len(plans) == 0 {
		return q, content.TargetPlan{}, errs.NotFound("target plan", q.Plan)
	}
	plan := plans[i]
	q.Plan = plan.Code
	if text := r.FormValue("on"); text != "" {
		d, err := period.ParseDay(text)
		if err != nil || d > s.Clock.Today() {
			return q, plan, errs.Invalid(i18n.M("targetpage.bad_day", text))
		}
		q.On = d
	}
	areas := s.targetAreas(v.scope, plan)
	if len(areas) == 0 {
		return q, plan, errs.NotFound("target plan", q.Plan)
	}
	q.Area = cmp.Or(r.FormValue("area"), areas[0].Value)
	if !slices.ContainsFunc(areas, func(o option) bool { return o.Value == q.Area }) {
		return q, plan, errs.NotFound("area", q.Area)
	}
	if state := target.State(r.FormValue("state")); slices.Contains(target.States(), state) {
		q.State = state
	}
	if r.FormValue("by") == target.ByChains {
		q.By = target.ByChains
	}
	if n, err := strconv.Atoi(r.FormValue("year")); err == nil {
		q.Year = n
	}
	return q, plan, nil
}

// targetAreas are the areas of a plan whose figures a reader sees whole.
func (s *server) targetAreas(scope access.Scope, plan content.TargetPlan) []option {
	return slices.DeleteFunc(s.areaOptions(scope), func(o option) bool {
		return !s.Library.Areas().Within(o.Value, plan.Area) || !scope.Sees(access.ReadFact, o.Value, 0)
	})
}

// goalText is a value of a target in words: what is promised of it, in the unit of its indicator.
func goalText(t i18n.T, g indicator.Goal, v *big.Rat) string {
	x := g.Indicator
	switch {
	case v == nil:
		return "—"
	case x == nil:
		return i18n.Group(trimmed(v.FloatString(2)))
	case x.Type == rule.RateType, g.Change == content.Growth, x.Unit == "%":
		return new(big.Rat).Mul(v, big.NewRat(100, 1)).FloatString(max(x.Places, 1)) + "%"
	case x.Type == rule.MoneyType:
		fen := new(big.Rat).SetFrac(new(big.Int).Quo(v.Num(), v.Denom()), big.NewInt(1))
		return roundly(t, money.Fen(fen.Num().Int64()))
	}
	text := i18n.Group(trimmed(v.FloatString(max(x.Places, 1))))
	if x.Unit != "" {
		text += " " + unitText(t, x.Unit)
	}
	return text
}

// gapText is a distance in words: with its sign, and in percentage points of what is a share.
func gapText(t i18n.T, g indicator.Goal, v *big.Rat) string {
	if v == nil {
		return "—"
	}
	sign := "+"
	if v.Sign() < 0 {
		sign, v = "−", new(big.Rat).Neg(v)
	}
	if v.Sign() == 0 {
		sign = ""
	}
	if x := g.Indicator; x != nil && (x.Type == rule.RateType || x.Unit == "%" || g.Change == content.Growth) {
		return sign + t.S("targetpage.points", new(big.Rat).Mul(v, big.NewRat(100, 1)).FloatString(max(x.Places, 1)))
	}
	return sign + goalText(t, g, v)
}

// trimmed is a number without zeros behind its point.
func trimmed(text string) string {
	for len(text) > 0 && slices.Contains([]byte(text), '.') && (text[len(text)-1] == '0' || text[len(text)-1] == '.') {
		point := text[len(text)-1] == '.'
		text = text[:len(text)-1]
		if point {
			break
		}
	}
	return text
}

// promiseText is what a target promises as it was published.
func promiseText(t i18n.T, g indicator.Goal) string {
	switch {
	case g.Stated != "":
		return g.Stated
	case g.Compare == content.Relation:
		than := ""
		if g.Than != nil {
			than = t.Text(g.Than.Name)
		}
		return t.S("targetpage.more_than", than)
	case g.Compare == content.Words || g.Value == "":
		return t.S("targetpage.in_words")
	}
	unit := unitText(t, g.Unit)
	if unit != "%" && unit != "" {
		unit = " " + unit
	}
	text := i18n.Group(g.Value) + unit
	if g.UpTo != "" {
		text = i18n.Group(g.Value) + "–" + i18n.Group(g.UpTo) + unit
	}
	switch g.Change {
	case content.Increase:
		text = t.S("targetpage.more_by", text)
	case content.Growth:
		text = t.S("targetpage.grows_by", text)
	}
	return text
}

// targetDueText is by when a target is to be reached.
func targetDueText(t i18n.T, g indicator.Goal) string {
	switch g.Span {
	case content.ByDay:
		return t.S("targetpage.by_day", g.By.String())
	case content.EachYear:
		return t.S("targetpage.each_year")
	}
	return t.S("targetpage.in_plan", g.Plan.To.String())
}

// targetRow is a target in words.
type targetRow struct {
	target.Progress
	ID, Name, Promise, Span, Quota             string
	Actual, All, Need, Distance, Forecast, Why string
	StateText, Href                            string
}

func (s *server) targetRow(t i18n.T, q targetQuery, p target.Progress) targetRow {
	g := p.Split.Goal
	row := targetRow{
		Progress: p, ID: g.ID, Name: t.Text(g.Name), Promise: promiseText(t, g), Span: targetDueText(t, g), Actual: goalText(t, g, p.Actual), All: goalText(t, g, p.All),
		Need: goalText(t, g, p.Need), Distance: gapText(t, g, p.Distance), Forecast: goalText(t, g, p.Forecast), StateText: t.Msg(p.State.Msg()), Href: q.one(g.ID),
	}
	if p.Promise != nil {
		row.Quota = goalText(t, g, p.Promise)
	}
	if !p.Why.IsZero() {
		row.Why = t.Msg(p.Why)
	}
	return row
}

// stateCount is how many targets are in a state.
type targetCount struct {
	State target.State
	Name  string
	N     int
	Href  string
}

type targetsData struct {
	Query     targetQuery
	Plan      content.TargetPlan
	Plans     []option
	Areas     []option
	AreaName  string
	On        period.Day
	Counts    []targetCount
	Rows      []targetRow
	Total     int
	Ranking   target.Ranking
	RankedBy  string
	Rankings  []rankingRow
	MayRank   bool
	LateTasks int
	AsOf      string
	Done      string
	Problem   string
}

type rankingRow struct {
	target.Ranking
	Who string
}

func (s *server) targets(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showTargets(w, r, v, http.StatusOK, "")
}

func (s *server) showTargets(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	ctx, t := r.Context(), v.t
	q, plan, err := s.targetsAsked(r, v)
	if err != nil {
		return err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	d := targetsData{Query: q, Plan: plan, Areas: s.targetAreas(v.scope, plan), AreaName: s.areaName(q.Area), On: cmp.Or(q.On, s.Clock.Today()), AsOf: s.asOf(t, view), Problem: problem}
	for _, p := range s.Targets.Plans(v.scope) {
		d.Plans = append(d.Plans, option{p.Code, t.Text(p.Title)})
	}
	all, err := s.Targets.Overview(ctx, view, plan.Code, q.Area, q.On, !q.All)
	if err != nil {
		return err
	}
	n := map[target.State]int{}
	for _, p := range all {
		n[p.State]++
		if q.State == "" || p.State == q.State {
			d.Rows = append(d.Rows, s.targetRow(t, q, p))
		}
	}
	d.Total = len(all)
	for _, state := range target.States() {
		d.Counts = append(d.Counts, targetCount{state, t.Msg(state.Msg()), n[state], q.of(state).href("/targets")})
	}
	slices.SortStableFunc(d.Rows, func(a, b targetRow) int {
		return slices.Index(target.States(), a.State) - slices.Index(target.States(), b.State)
	})
	late, err := s.Targets.Tasks(ctx, v.scope, target.TaskQuery{Plan: plan.Code, State: target.TaskLate})
	if err != nil {
		return err
	}
	d.LateTasks = len(late)
	if err := s.rankings(ctx, v, plan, &d); err != nil {
		return err
	}
	if r.FormValue("done") == "ranking" {
		d.Done = t.S("targetpage.done_ranking")
	}
	return s.show(w, r, s.shell(r, v, t.S("targetpage.title")), status, targetsPage(t, d))
}

func (s *server) rankings(ctx context.Context, v *visit, plan content.TargetPlan, d *targetsData) error {
	d.MayRank = target.MayDivide(v.scope, plan.Area)
	all, err := s.Targets.Rankings(ctx, plan.Code)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for _, x := range slices.Backward(all) {
		row := rankingRow{Ranking: x}
		if row.Who, err = s.personName(ctx, names, x.By); err != nil {
			return err
		}
		d.Rankings = append(d.Rankings, row)
	}
	if len(d.Rankings) > 0 {
		d.Ranking = d.Rankings[0].Ranking
	}
	return nil
}

// rankTargets switches the ranking of areas on or off.
func (s *server) rankTargets(w http.ResponseWriter, r *http.Request, v *visit) error {
	_, err := s.Targets.Rank(r.Context(), v.scope, target.Ranking{
		Plan: r.PostFormValue("plan"), On: r.PostFormValue("ranked") == "1", Document: r.PostFormValue("document"), Note: r.PostFormValue("note"),
	})
	if err == nil {
		return seeOther(w, r, targetQuery{Plan: r.PostFormValue("plan")}.href("/targets")+"&done=ranking")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	return s.showTargets(w, r, v, statusOf(err), v.t.Msg(msg))
}

// exportTargets sends all targets of a plan for an area.
func (s *server) exportTargets(w http.ResponseWriter, r *http.Request, v *visit) error {
	t := v.t
	q, plan, err := s.targetsAsked(r, v)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	all, err := s.Targets.Overview(r.Context(), view, plan.Code, q.Area, q.On, !q.All)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, p := range all {
		if q.State != "" && p.State != q.State {
			continue
		}
		x := s.targetRow(t, q, p)
		rows = append(rows, []any{x.ID, x.Name, x.Promise, x.Span, x.Quota, x.Actual, x.All, x.Need, x.Distance, x.Forecast, x.StateText, x.Why})
	}
	title := t.Text(plan.Title)
	return s.export(w, r, v, t.S("targetpage.title")+"-"+s.areaName(q.Area)+"-"+cmp.Or(q.On, s.Clock.Today()).String(), sheet.Export{
		Title: title, Notes: append(s.notes(v, view, q.href("/targets")), [2]string{t.S("targetpage.basis"), s.basisText(t, q)}, [2]string{t.S("targetpage.forecast"), t.S("targetpage.forecast_help")}),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("targetpage.no"), t.S("targetpage.name"), t.S("targetpage.promise"), t.S("targetpage.by_when"), t.S("targetpage.quota"), t.S("targetpage.actual"), t.S("targetpage.known"),
			t.S("targetpage.need"), t.S("targetpage.distance"), t.S("targetpage.forecast"), t.S("targetpage.state"), t.S("targetpage.why"),
		}},
	})
}

func (s *server) basisText(t i18n.T, q targetQuery) string {
	if q.All {
		return t.S("targetpage.basis_all")
	}
	return t.S("targetpage.basis_verified")
}

// todayTargets is the tasks of targets that the visitor's own office answers for or takes part in and that are late, and those that end within
// a week.
func (s *server) todayTargets(ctx context.Context, v *visit, _ fact.View, d *todayData) error {
	if !mayTargets.MetBy(v.scope) {
		return nil
	}
	all, err := s.Targets.Tasks(ctx, v.scope, target.TaskQuery{Mine: true})
	if err != nil {
		return err
	}
	late, soon := 0, 0
	for _, x := range all {
		switch {
		case x.State == target.Done || x.State == target.Off:
		case x.Late:
			late++
		case x.Due <= s.Clock.Today()+7:
			soon++
		}
	}
	if late > 0 {
		d.Todo = append(d.Todo, todo{Count: late, Text: v.t.S("targetpage.todo_late"), Href: "/targets/tasks?state=late&mine=1"})
	}
	if soon > 0 {
		d.Todo = append(d.Todo, todo{Count: soon, Text: v.t.S("targetpage.todo_soon"), Href: "/targets/tasks?mine=1"})
	}
	return nil
}
