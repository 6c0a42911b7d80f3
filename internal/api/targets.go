package api

import (
	"context"
	"math/big"
	"net/http"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/target"
)

type targetPlanRow struct {
	Plan   string    `json:"plan" example:"yancheng-2022"`
	Title  i18n.Text `json:"title"`
	Area   string    `json:"area" example:"320900"`
	From   string    `json:"from" format:"date" example:"2022-01-01"`
	To     string    `json:"to" format:"date" example:"2024-12-31"`
	Ranked bool      `json:"ranked" example:"false" doc:"有文件要求各地排名 · a document asks for ranks of areas"`
}

type targetPlansOut struct {
	Body struct {
		Items []targetPlanRow `json:"items" nullable:"false" doc:"最近的地区在前 · those of the nearest area first"`
	}
}

// listTargetPlans is the plans that concern the asker.
func (s *server) listTargetPlans(ctx context.Context, c *caller, _ *struct{}) (*targetPlansOut, error) {
	out := &targetPlansOut{}
	out.Body.Items = []targetPlanRow{}
	for _, p := range s.Targets.Plans(c.scope) {
		r, err := s.Targets.Ranking(ctx, p.Code, 0)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, targetPlanRow{p.Code, p.Title, p.Area, p.From.String(), p.To.String(), r.On})
	}
	return out, nil
}

// PlanIn names a plan of targets.
type PlanIn struct {
	Plan string `path:"plan" maxLength:"80" example:"yancheng-2022" doc:"见 list_target_plans · see list_target_plans"`
}

// TargetIn names a target of a plan.
type TargetIn struct {
	PlanIn
	Target string `path:"target" maxLength:"80" example:"B120" doc:"见 list_targets · see list_targets"`
}

// TargetQuery is how targets are looked at.
type TargetQuery struct {
	Area string `query:"area" maxLength:"64" example:"320900" doc:"默认为能看到的最上一级 · by default the highest in reach"`
	All  bool   `query:"all" example:"false" doc:"连未核实的数据也算；默认只算已核实的 · unverified data count too; by default verified ones alone"`
}

// targetAsked is the plan and the area that are asked for: a plan that concerns the asker, an area of it that it sees whole.
func (s *server) targetAsked(c *caller, plan, area string) (content.TargetPlan, string, error) {
	plans := s.Targets.Plans(c.scope)
	i := slices.IndexFunc(plans, func(p content.TargetPlan) bool { return p.Code == plan })
	if i < 0 {
		return content.TargetPlan{}, "", errs.NotFound("target plan", plan)
	}
	tree := s.Library.Areas()
	if area == "" {
		if area = s.topArea(c); !tree.Within(area, plans[i].Area) {
			area = plans[i].Area
		}
	}
	if _, ok := tree.Node(area); !ok || !tree.Within(area, plans[i].Area) || !c.scope.Sees(access.ReadFact, area, 0) {
		return plans[i], "", errs.NotFound("area", area)
	}
	return plans[i], area, nil
}

// goalNumber is a value of a target, exactly: yuan of an amount, a share or a growth as a part of one; "" for none.
func goalNumber(g indicator.Goal, v *big.Rat) string {
	if v == nil {
		return ""
	}
	if x := g.Indicator; x != nil && x.Type == rule.MoneyType && g.Change != content.Growth {
		v = new(big.Rat).Quo(v, big.NewRat(100, 1))
	}
	return exactText(v)
}

// TargetState is how far a target is. Numbers are exact.
type TargetState struct {
	State    string      `json:"state" enum:"reached,on_track,behind,late,unknown" example:"behind"`
	Why      *i18n.Text  `json:"why,omitempty" doc:"为什么无法衡量 · why it cannot be measured"`
	Promise  string      `json:"promise,omitempty" example:"1500" doc:"任务数；精确值，金额为元，占比为份额 · what is to be reached; exact: yuan of an amount, a share as a part of one"`
	Actual   string      `json:"actual,omitempty" example:"3" doc:"实际 · what there is"`
	All      string      `json:"known,omitempty" example:"4" doc:"连未核实数据的实际 · the same with unverified data"`
	Need     string      `json:"need,omitempty" example:"1200" doc:"按进度当日应达到 · where its path is on the day"`
	Distance string      `json:"distance,omitempty" example:"-1197" doc:"实际减应达到 · what there is less that"`
	Left     string      `json:"left,omitempty" example:"1497" doc:"离任务数还差 · what is still to come"`
	Forecast string      `json:"forecast,omitempty" example:"4" doc:"照目前速度到期末 · at its end, by the present pace carried on"`
	Will     bool        `json:"will" example:"false" doc:"照此能达到 · that would reach it"`
	Since    string      `json:"pace_since,omitempty" format:"date" example:"2022-01-01"`
	Begin    string      `json:"begin,omitempty" format:"date" example:"2022-01-01"`
	End      string      `json:"end,omitempty" format:"date" example:"2024-12-31"`
	Figure   FigureValue `json:"figure" doc:"所依据的指标 · the figure that it is told by"`
}

func targetState(p target.Progress) TargetState {
	g := p.Split.Goal
	out := TargetState{
		State: string(p.State), Promise: goalNumber(g, p.Promise), Actual: goalNumber(g, p.Actual), All: goalNumber(g, p.All), Need: goalNumber(g, p.Need), Distance: goalNumber(g, p.Distance),
		Left: goalNumber(g, p.Left), Forecast: goalNumber(g, p.Forecast), Will: p.Will, Since: dayText(p.Since), Begin: dayText(p.Begin), End: dayText(p.End),
	}
	if g.Indicator != nil {
		out.Figure = figureValue(g.Indicator, p.Figure.Figure)
	}
	if !p.Why.IsZero() {
		out.Why = ptr(both(p.Why))
	}
	return out
}

// dayText is a day, "" for none.
func dayText(d period.Day) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// TargetHead is a target as its plan states it, and how far it is.
type TargetHead struct {
	Target    string    `json:"target" example:"B120"`
	Name      i18n.Text `json:"name"`
	Indicator string    `json:"indicator,omitempty" example:"completed_share" doc:"没有则没有指标衡量它 · none where no indicator measures it"`
	Stated    string    `json:"stated,omitempty" example:"1500" doc:"原文的数 · the number as it was published"`
	UpTo      string    `json:"up_to,omitempty" example:"2000"`
	Unit      string    `json:"unit,omitempty" example:"家"`
	Change    string    `json:"change,omitempty" example:"growth" doc:"承诺的是变化 · what is promised is a change"`
	Compare   string    `json:"compare" example:"at_least"`
	TargetState
}

func targetHead(p target.Progress) TargetHead {
	g := p.Split.Goal
	out := TargetHead{Target: g.ID, Name: g.Name, Stated: g.Value, UpTo: g.UpTo, Unit: g.Unit, Change: g.Change, Compare: g.Compare, TargetState: targetState(p)}
	if g.Indicator != nil {
		out.Indicator = g.Indicator.Code
	}
	return out
}

type targetsOut struct {
	Body struct {
		Plan  string       `json:"plan" example:"yancheng-2022"`
		Area  string       `json:"area" example:"320900"`
		AsOf  asOf         `json:"as_of"`
		Items []TargetHead `json:"items" nullable:"false" doc:"按规划的顺序 · in the order of the plan"`
	}
}

// listTargets is how far each target of a plan is for an area.
func (s *server) listTargets(ctx context.Context, c *caller, in *struct {
	PlanIn
	TargetQuery
	Knowledge
	State string `query:"state" maxLength:"20" enum:"reached,on_track,behind,late,unknown" example:"behind"`
},
) (*targetsOut, error) {
	plan, area, err := s.targetAsked(c, in.Plan, in.Area)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return nil, err
	}
	all, err := s.Targets.Overview(ctx, m.View, plan.Code, area, m.day, !in.All)
	if err != nil {
		return nil, err
	}
	out := &targetsOut{}
	out.Body.Plan, out.Body.Area, out.Body.AsOf, out.Body.Items = plan.Code, area, m.asOf(), []TargetHead{}
	for _, p := range all {
		if in.State == "" || string(p.State) == in.State {
			out.Body.Items = append(out.Body.Items, targetHead(p))
		}
	}
	return out, nil
}

// quotaLine is a quota as an entry says it.
type quotaLine struct {
	Area   string `json:"area" example:"320902"`
	Chain  string `json:"chain,omitempty" example:"wind"`
	Year   int    `json:"year,omitempty" example:"2024"`
	Value  string `json:"value,omitempty" example:"300" doc:"精确值；没有则收回 · exact; none where it was taken back"`
	Weight string `json:"weight,omitempty" example:"1" doc:"基数 · what the base came to"`
}

// quotaAct is an entry about quotas.
type quotaAct struct {
	ID       int64       `json:"id" example:"800"`
	Kind     string      `json:"kind" enum:"entered,proposed,confirmed,dropped" example:"proposed"`
	Open     bool        `json:"open" example:"true" doc:"建议待确认 · a proposal that waits"`
	Of       int64       `json:"of,omitempty" example:"800" doc:"确认或放弃的建议 · the proposal that it confirms or drops"`
	Area     string      `json:"area" example:"320900"`
	Parts    string      `json:"parts" enum:"path,area,chain" example:"area"`
	Base     string      `json:"base,omitempty" example:"above_scale_firms"`
	BaseOn   string      `json:"base_on,omitempty" format:"date" example:"2024-10-31"`
	BaseSeq  int64       `json:"base_seq,omitempty" example:"42" doc:"基数所据的提交号 · commit that the base was told from"`
	Document string      `json:"document,omitempty" example:"测试〔2024〕1号"`
	Note     string      `json:"note,omitempty" example:"按规上企业数（演示）"`
	By       int64       `json:"by" example:"12" doc:"录入的账号 · account that entered it"`
	At       string      `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Quotas   []quotaLine `json:"quotas" nullable:"false" doc:"看得到的地区的 · of areas that the caller sees"`
}

// partsPath is what the API calls points on the way of an area itself.
const partsPath = "path"

func (s *server) quotaAct(c *caller, g indicator.Goal, a target.Act, open bool) quotaAct {
	out := quotaAct{
		ID: a.ID, Kind: a.Kind, Open: open, Of: a.Of, Area: a.Area, Parts: a.Parts, Base: a.Base, BaseOn: dayText(a.BaseOn), BaseSeq: a.BaseSeq, Document: a.Document, Note: a.Note, By: a.By, At: instant(a.At), Quotas: []quotaLine{},
	}
	if a.Parts == target.Itself {
		out.Parts = partsPath
	}
	for _, q := range a.Quotas {
		if !c.scope.Sees(access.ReadFact, q.Area, 0) {
			continue
		}
		line := quotaLine{Area: q.Area, Chain: q.Chain, Year: q.Year, Value: goalNumber(g, q.Value)}
		if q.Weight != nil {
			line.Weight = exactText(q.Weight)
		}
		out.Quotas = append(out.Quotas, line)
	}
	return out
}

type targetPart struct {
	Area  string `json:"area" example:"320902"`
	Chain string `json:"chain,omitempty" example:"wind"`
	Quota string `json:"quota,omitempty" example:"300"`
	Act   int64  `json:"act,omitempty" example:"800" doc:"给出任务数的录入 · the entry of the quota"`
	TargetState
	Quarter string `json:"quarter,omitempty" enum:"upper,middle,lower" example:"middle"`
	Rank    int    `json:"rank,omitempty" example:"1" doc:"没有文件要求排名则不给 · left out where no document asks for ranks"`
}

type quotaSum struct {
	Whole string `json:"whole,omitempty" example:"1500"`
	Total string `json:"total,omitempty" example:"300" doc:"不能相加则不给 · left out where quotas do not add up"`
	Gap   string `json:"gap,omitempty" example:"-1200" doc:"合计减总数；只说明，不自动改 · the sum less the whole; told, never mended"`
	Have  int    `json:"have" example:"1"`
	Of    int    `json:"of" example:"9"`
}

type pathPoint struct {
	Day    string `json:"day" format:"date" example:"2023-12-31"`
	Actual string `json:"actual,omitempty" example:"3"`
	Need   string `json:"need,omitempty" example:"1000"`
}

type peerBand struct {
	Area    string `json:"area" example:"320900" doc:"其下各区域相比 · the areas right below it are compared"`
	Parts   bool   `json:"of_quota" example:"true" doc:"比的是任务完成的份额，否则是数值本身 · parts of each one's quota, else the figures themselves"`
	N       int    `json:"n" example:"9"`
	Low     string `json:"low,omitempty" example:"0.1" doc:"下四分位；不足四个则不给 · first quartile; left out of fewer than four"`
	Mid     string `json:"mid,omitempty" example:"0.2"`
	High    string `json:"high,omitempty" example:"0.4"`
	Quarter string `json:"quarter,omitempty" enum:"upper,middle,lower" example:"middle" doc:"所问区域自己的位置 · where the area that is asked for lies"`
}

type targetOut struct {
	Body struct {
		TargetHead
		Plan  string       `json:"plan" example:"yancheng-2022"`
		Area  string       `json:"area" example:"320900"`
		AsOf  asOf         `json:"as_of"`
		By    string       `json:"by" enum:"area,chain" example:"area"`
		Year  int          `json:"year,omitempty" example:"2024" doc:"任务数的年份 · of the quotas"`
		Path  []pathPoint  `json:"path" nullable:"false"`
		Parts []targetPart `json:"parts" nullable:"false"`
		Sum   quotaSum     `json:"sum"`
		Band  *peerBand    `json:"band,omitempty"`
		Acts  []quotaAct   `json:"acts" nullable:"false" doc:"每一次录入，新的在前 · every entry, the newest first"`
	}
}

// TargetOneIn is a target as it is looked at.
type TargetOneIn struct {
	TargetIn
	TargetQuery
	Knowledge
	By   string `query:"by" maxLength:"10" enum:"area,chain" example:"area" doc:"按区域（默认）或产业链分解 · by area (default) or by chain"`
	Year int    `query:"year" minimum:"0" maximum:"2100" example:"2024" doc:"任务数的年份 · of quotas"`
}

// getTarget is one target of an area: its path, its parts with their quotas, how peers stand, and every entry.
func (s *server) getTarget(ctx context.Context, c *caller, in *TargetOneIn) (*targetOut, error) {
	plan, area, err := s.targetAsked(c, in.Plan, in.Area)
	if err != nil {
		return nil, err
	}
	x, err := s.Targets.Split(ctx, plan.Code, in.Target)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return nil, err
	}
	g := x.Goal
	p, err := s.Targets.Progress(ctx, m.View, target.Asked{Split: x, Area: area, On: m.day, Verified: !in.All})
	if err != nil {
		return nil, err
	}
	out := &targetOut{}
	b := &out.Body
	b.TargetHead, b.Plan, b.Area, b.AsOf, b.By, b.Year = targetHead(p), plan.Code, area, m.asOf(), in.By, in.Year
	if b.Year != 0 && !slices.Contains(target.Years(g), b.Year) {
		return nil, invalid(c.t, "year", strconv.Itoa(b.Year), i18n.M("target.bad_year", b.Year, target.Years(g)[0], target.Years(g)[len(target.Years(g))-1]))
	}
	if b.Year == 0 && g.Span == content.EachYear {
		b.Year = p.End.Year()
	}
	b.Path, b.Parts, b.Acts = []pathPoint{}, []targetPart{}, []quotaAct{}
	points, err := s.Targets.Path(ctx, m.View, p)
	if err != nil {
		return nil, err
	}
	for _, k := range points {
		b.Path = append(b.Path, pathPoint{k.Day.String(), goalNumber(g, k.Actual), goalNumber(g, k.Need)})
	}
	if err := s.targetParts(ctx, m, x, p, out); err != nil {
		return nil, err
	}
	if err := s.targetBand(ctx, m, x, p, out); err != nil {
		return nil, err
	}
	open := x.Open()
	for _, a := range slices.Backward(x.Acts) {
		if s.Library.Areas().Within(a.Area, area) || slices.ContainsFunc(a.Quotas, func(q target.Quota) bool { return q.Area == area }) {
			b.Acts = append(b.Acts, s.quotaAct(c, g, a, slices.ContainsFunc(open, func(o target.Act) bool { return o.ID == a.ID })))
		}
	}
	return out, nil
}

// targetParts fills in the areas right below, or the chains, each with its quota and how far it is.
func (s *server) targetParts(ctx context.Context, m moment, x *target.Split, p target.Progress, out *targetOut) error {
	b, g := &out.Body, x.Goal
	parts := s.Targets.Parts(p.Area, b.Year)
	if b.By == "" {
		b.By = target.ByAreas
	}
	if len(parts) == 0 {
		b.By = target.ByChains
	}
	if b.By == target.ByChains {
		var err error
		if parts, err = s.Targets.Chains(ctx, m.View, x, p.Area, b.Year); err != nil {
			return err
		}
	}
	sum := x.Sum(p.Area, b.Year, parts)
	b.Sum = quotaSum{goalNumber(g, sum.Whole), goalNumber(g, sum.Total), goalNumber(g, sum.Gap), sum.Have, sum.Of}
	for _, k := range parts {
		one, err := s.Targets.Progress(ctx, m.View, target.Asked{Split: x, Area: k.Area, Chain: k.Chain, On: m.day, Verified: p.Verified})
		if err != nil {
			return err
		}
		part := targetPart{Area: k.Area, Chain: k.Chain, TargetState: targetState(one)}
		if q, act, ok := x.Quota(k); ok {
			part.Quota, part.Act = goalNumber(g, q.Value), act.ID
		}
		b.Parts = append(b.Parts, part)
	}
	return nil
}

// targetBand fills in how the areas beside each other stand: of an area with parts where each of them lies, else where it lies itself.
func (s *server) targetBand(ctx context.Context, m moment, x *target.Split, p target.Progress, out *targetOut) error {
	body, g, area := &out.Body, x.Goal, p.Area
	if len(s.Targets.Parts(area, 0)) == 0 || body.By == target.ByChains && area != g.Plan.Area {
		n, _ := s.Library.Areas().Node(area)
		area = n.ParentOn(p.On)
	}
	if area == "" || !s.Library.Areas().Within(area, g.Plan.Area) {
		return nil
	}
	band, err := s.Targets.Band(ctx, m.View, target.Asked{Split: x, Area: area, On: p.On, Verified: p.Verified})
	if err != nil {
		return err
	}
	ranking, err := s.Targets.Ranking(ctx, g.Plan.Code, 0)
	if err != nil {
		return err
	}
	number := func(v *big.Rat) string {
		if band.Parts && v != nil {
			return exactText(v)
		}
		return goalNumber(g, v)
	}
	body.Band = &peerBand{Area: area, Parts: band.Parts, N: band.N, Low: number(band.Low), Mid: number(band.Mid), High: number(band.High)}
	if area != p.Area {
		body.Band.Quarter = string(band.Quarter(p.Area))
		return nil
	}
	for i := range body.Parts {
		if part := &body.Parts[i]; part.Chain == "" {
			part.Quarter = string(band.Quarter(part.Area))
			if ranking.On {
				part.Rank = band.Rank(part.Area)
			}
		}
	}
	return nil
}

func (s *server) registerTargets() {
	read, decide := access.Need{Action: access.ReadFact, Area: true}, access.Need{Action: access.HandleCase, Area: true}
	const tag, plan, one = "targets", "/target-plans/{plan}", "/target-plans/{plan}/targets/{target}"
	handle(s, operation{id: "list_target_plans", tag: tag, method: http.MethodGet, path: "/target-plans", need: read}, s.listTargetPlans)
	handle(s, operation{id: "list_targets", tag: tag, method: http.MethodGet, path: plan + "/targets", need: read}, s.listTargets)
	handle(s, operation{id: "get_target", tag: tag, method: http.MethodGet, path: one, need: read}, s.getTarget)
	handle(s, operation{id: "enter_quotas", tag: tag, method: http.MethodPost, path: one + "/quotas", need: decide, status: http.StatusCreated, once: true}, s.enterQuotas)
	handle(s, operation{id: "propose_quotas", tag: tag, method: http.MethodPost, path: one + "/propose", need: decide, status: http.StatusCreated, once: true}, s.proposeQuotas)
	handle(s, operation{id: "confirm_quotas", tag: tag, method: http.MethodPost, path: one + "/confirm", need: decide}, s.confirmQuotas)
	handle(s, operation{id: "drop_quotas", tag: tag, method: http.MethodPost, path: one + "/drop", need: decide}, s.dropQuotas)
	handle(s, operation{id: "set_target_ranking", tag: tag, method: http.MethodPost, path: plan + "/ranking", need: decide}, s.setTargetRanking)
	handle(s, operation{id: "list_target_tasks", tag: tag, method: http.MethodGet, path: "/target-tasks", need: read}, s.listTargetTasks)
	handle(s, operation{id: "add_target_task", tag: tag, method: http.MethodPost, path: "/target-tasks", need: decide, status: http.StatusCreated, once: true}, s.addTargetTask)
	handle(s, operation{id: "get_target_task", tag: tag, method: http.MethodGet, path: "/target-tasks/{id}", need: read}, s.getTargetTask)
	handle(s, operation{id: "report_target_task", tag: tag, method: http.MethodPost, path: "/target-tasks/{id}", need: decide}, s.reportTargetTask)
	handle(s, operation{id: "get_coverage_ledger", tag: tag, method: http.MethodGet, path: "/coverage-ledger", need: read}, s.getCoverageLedger)
	handle(s, operation{id: "get_choices", tag: tag, method: http.MethodGet, path: "/choices", need: read}, s.getChoices)
	handle(s, operation{id: "switch_choice", tag: tag, method: http.MethodPost, path: "/choices", need: decide, status: http.StatusCreated, once: true}, s.switchChoice)
}
