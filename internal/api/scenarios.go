package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// scenarioLimit is the largest body with a scenario, in bytes: another wording as JSON writes it, and what else it changes.
const scenarioLimit = 2*content.MaxFile + bodyLimit

// ScenarioIn is a scenario, and as known when it is run. Its day stands in the scenario.
type ScenarioIn struct {
	Known int64 `query:"known" minimum:"0" example:"42" doc:"以哪一次提交时所知为准，默认最新；方案写了 as_of 则默认当日日终 · as known at a commit, by default the newest, or with as_of in the scenario the last of that day"`
	Body  Scenario
}

// scenario is the scenario of a body as the laboratory reads it.
func (s *server) scenario(c *caller, in Scenario) (lab.Scenario, error) {
	out := lab.Scenario{Policy: in.Policy, Name: in.Name, Settings: in.Settings, Ended: in.Ended, Only: in.Only, Text: in.Text, Area: in.Area}
	for _, x := range in.Changes {
		out.Changes = append(out.Changes, policy.Patch{Param: x.Param, Key: x.Key, Value: x.Value})
	}
	if in.Budget != "" {
		var err error
		if out.Budget, err = money.Parse(in.Budget); err != nil {
			return out, s.wrongBody(c, "/budget", i18n.M("content.want_money", in.Budget))
		}
	}
	if in.AsOf != "" {
		day, err := period.ParseDay(in.AsOf)
		if err != nil {
			return out, s.wrongBody(c, "/as_of", i18n.M("api.bad_day"))
		}
		out.AsOf = &day
	}
	return out, nil
}

// simulated is a scenario at a moment, whose day is its own where it has one.
type simulated struct {
	moment
	scenario lab.Scenario
}

func (s *server) simulate(ctx context.Context, c *caller, in ScenarioIn) (simulated, error) {
	scenario, err := s.scenario(c, in.Body)
	if err != nil {
		return simulated{}, err
	}
	m, err := s.at(ctx, c, Knowledge{Known: in.Known, AsOf: in.Body.AsOf})
	return simulated{m, scenario}, err
}

// working is how far the work on a scenario is.
type working struct {
	Decided int `json:"decided" example:"1024"`
	Firms   int `json:"enterprises" example:"6000" doc:"要测算的家数，现行与方案各算一次；0 为还没有数出 · to be decided, by the law and by the scenario; 0 until they are counted"`
}

type runOut struct {
	Status     int
	RetryAfter string `header:"Retry-After"`
	Body       struct {
		Outcome  *Outcome `json:"outcome,omitempty" doc:"算完才有 · once it is worked out"`
		Progress *working `json:"progress,omitempty" doc:"还在算：照样再问一次 · while it is worked out: ask the same again"`
	}
}

// runScenario is what a scenario comes to, or how far the work is: the same question asked again goes on waiting for it.
func (s *server) runScenario(ctx context.Context, c *caller, in *ScenarioIn) (*runOut, error) {
	x, err := s.simulate(ctx, c, *in)
	if err != nil {
		return nil, err
	}
	o, p, err := s.Lab.Begin(ctx, x.View, x.scenario, x.day)
	if err != nil {
		return nil, err
	}
	out := &runOut{Status: http.StatusOK}
	if o == nil {
		out.Status, out.RetryAfter, out.Body.Progress = http.StatusAccepted, "1", &working{p.Decided, p.Firms}
		return out, nil
	}
	out.Body.Outcome = OutcomeOf(o)
	return out, nil
}

type moversIn struct {
	Moves string `query:"moves" enum:"more,less" default:"more" example:"less" doc:"必得增加的，还是减少的 · those that get more for sure, or less"`
	Paging
	ScenarioIn
}

type moversOut struct {
	Body struct {
		Items []firmEffect `json:"items" nullable:"false" doc:"变化最大的在前 · those that it changes most for come first"`
		Total int          `json:"total" example:"1"`
		Next  string       `json:"next,omitempty" example:"eyJjIjo0Miwi"`
		AsOf  asOf         `json:"as_of"`
	}
}

// movers is the enterprises that get more by a scenario, or less.
func (s *server) movers(ctx context.Context, c *caller, in *moversIn) (*moversOut, error) {
	at, err := in.open(c, c.listName("movers", []any{in.Moves, in.Body}))
	if err != nil {
		return nil, err
	}
	k := at.pick(Knowledge{Known: in.Known, AsOf: in.Body.AsOf})
	in.Known, in.Body.AsOf = k.Known, k.AsOf
	x, err := s.simulate(ctx, c, in.ScenarioIn)
	if err != nil {
		return nil, err
	}
	o, err := s.Lab.Run(ctx, x.View, x.scenario, x.day)
	if err != nil {
		return nil, err
	}
	list, total := o.Winners, o.Effect.Gain
	if in.Moves == "less" {
		list, total = o.Losers, o.Effect.Lose
	}
	out := &moversOut{}
	b := &out.Body
	b.Items, b.Total, b.AsOf, b.Next = s.effects(list(at.From, in.Limit)), total, x.asOf(), at.next(x.moment, at.From+in.Limit, total)
	return out, nil
}

func (s *server) effects(all []region.FirmEffect) []firmEffect {
	out := []firmEffect{}
	for _, f := range all {
		out = append(out, firmEffect{f.ID, f.Name, nodeOf(s.Library.Areas(), f.Area), intervalOf(f.Before), intervalOf(f.After)})
	}
	return out
}

type scenarioFirmIn struct {
	ID int64 `path:"id" minimum:"1" example:"17"`
	ScenarioIn
}

// scenarioFirm is what an enterprise would get by a scenario, with the whole trace.
func (s *server) scenarioFirm(ctx context.Context, c *caller, in *scenarioFirmIn) (*decisionOut, error) {
	x, err := s.simulate(ctx, c, in.ScenarioIn)
	if err != nil {
		return nil, err
	}
	p, err := s.Lab.PlanFor(ctx, x.View, x.scenario)
	if err != nil {
		return nil, err
	}
	d, err := s.Region.Decide(ctx, x.View, p.Plan, in.ID, x.day)
	if err != nil {
		return nil, err
	}
	return &decisionOut{Body: decision{d}}, nil
}

// exportScenario sends what a scenario comes to as a workbook, with its method and parameters.
func (s *server) exportScenario(ctx context.Context, c *caller, in *ScenarioIn) (*stream, error) {
	x, err := s.simulate(ctx, c, *in)
	if err != nil {
		return nil, err
	}
	o, err := s.Lab.Run(ctx, x.View, x.scenario, x.day)
	if err != nil {
		return nil, err
	}
	found, err := s.Lab.Survey(ctx, o)
	if err != nil {
		return nil, err
	}
	name := "scenario-" + o.Scenario.Policy + "-" + o.Scenario.Hash()[:12]
	return s.sheets(c, name, "xlsx", *o.Workbook(c.t, lab.Book{By: c.account.Name, Synthetic: s.Demo, Survey: found})), nil
}

func (s *server) registerScenarios() {
	area := access.Need{Action: access.ReadSensitive, Area: true}
	handle(s, operation{id: "run_scenario", tag: "scenarios", method: http.MethodPost, path: "/scenarios/run", need: area, body: scenarioLimit, later: true}, s.runScenario)
	handle(s, operation{id: "list_movers", tag: "scenarios", method: http.MethodPost, path: "/scenarios/enterprises", need: area, body: scenarioLimit}, s.movers)
	handle(s, operation{id: "decide_scenario", tag: "scenarios", method: http.MethodPost, path: "/enterprises/{id}/scenario", need: area, body: scenarioLimit}, s.scenarioFirm)
	handle(s, operation{id: "export_scenario", tag: "scenarios", method: http.MethodPost, path: "/exports/scenarios", need: access.Need{Action: access.Export, Area: true}, body: scenarioLimit, streams: []string{sheet.XLSXType}}, s.exportScenario)
}
