package api

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
)

type findIn struct {
	Known int64 `query:"known" minimum:"0" example:"42" doc:"以哪一次提交时所知为准，默认最新；方案写了 as_of 则默认当日日终 · as known at a commit, by default the newest, or with as_of in the scenario the last of that day"`
	Body  struct {
		Scenario Scenario `json:"scenario"`
		Param    string   `json:"param" minLength:"1" maxLength:"100" example:"investment_rate"`
		Key      string   `json:"key,omitempty" maxLength:"100" example:"2023" doc:"分年度等的表中的键 · key in its table"`
		Low      string   `json:"low" minLength:"1" maxLength:"100" example:"5%" doc:"范围从；写法同政策文件 · the range begins here; written as the policy's file writes it"`
		High     string   `json:"high" minLength:"1" maxLength:"100" example:"15%"`
		Step     string   `json:"step" minLength:"1" maxLength:"100" example:"0.5%"`
		Budget   string   `json:"budget" minLength:"1" maxLength:"40" example:"600000.00" doc:"货币与服务合计，元或带单位 · for money and services together, in yuan or with its unit"`
		Year     int      `json:"year,omitempty" minimum:"0" maximum:"2200" example:"2023" doc:"只算这一年的预算；不写则为整个政策 · the budget is of this year; of all that the policy pays without it"`
	}
}

// Found is the value of a number that a budget allows.
type Found struct {
	Param     string     `json:"param" example:"investment_rate"`
	Key       string     `json:"key,omitempty" example:"2023"`
	Direction int        `json:"direction" enum:"-1,0,1" example:"1" doc:"1：值越大花费不减；-1：值越大花费不增；0：未能证明 · 1: a greater value never costs less; -1: never more; 0: not proven"`
	Why       *i18n.Text `json:"why,omitempty" doc:"为何未能证明 · why nothing is proven"`
	Exact     bool       `json:"exact" example:"true" doc:"已证明单调，精确到一步；否则只试了 tried 各值 · proven monotone, and exact to the step; else only the values of tried were looked at"`
	Steps     int        `json:"steps" example:"21" doc:"范围内共几个值 · values that the range has"`
	Sure      *point     `json:"sure,omitempty" doc:"必付部分不超预算的最宽的值；没有则无此值 · the most generous value of which what is sure stays within the budget; none where no value does"`
	Possible  *point     `json:"possible,omitempty" doc:"不论缺什么数据都不超预算的最宽的值 · the most generous value that stays within it whatever is missing"`
	Tried     []point    `json:"tried" nullable:"false"`
}

// point is a value and what it costs.
type point struct {
	Value  string   `json:"value" example:"10%"`
	Cost   interval `json:"cost"`
	Failed int      `json:"failed,omitempty" example:"0"`
}

func pointOf(p lab.Point) point { return point{p.Value, intervalOf(p.Cost), p.Failed} }

// FoundOf is what a search came to, in the words of the API.
func FoundOf(f *lab.Found) *Found {
	out := &Found{Param: f.Param, Key: f.Key, Direction: f.Direction, Exact: !f.Scan, Steps: f.Steps, Tried: []point{}}
	if !f.Why.IsZero() {
		out.Why = ptr(both(f.Why))
	}
	if f.Sure != nil {
		out.Sure = ptr(pointOf(*f.Sure))
	}
	if f.Possible != nil {
		out.Possible = ptr(pointOf(*f.Possible))
	}
	for _, p := range f.Tried {
		out.Tried = append(out.Tried, pointOf(p))
	}
	return out
}

type foundOut struct {
	Body struct {
		Found
		AsOf asOf `json:"as_of"`
	}
}

// find looks for the value of a number that a budget allows.
func (s *server) find(ctx context.Context, c *caller, in *findIn) (*foundOut, error) {
	b := in.Body
	budget, err := money.Parse(b.Budget)
	if err != nil {
		return nil, s.wrongBody(c, "/budget", i18n.M("content.want_money", b.Budget))
	}
	x, err := s.simulate(ctx, c, ScenarioIn{Known: in.Known, Body: b.Scenario})
	if err != nil {
		return nil, err
	}
	found, err := s.Lab.Find(ctx, x.View, x.scenario, x.day, lab.Search{Param: b.Param, Key: b.Key, Low: b.Low, High: b.High, Step: b.Step, Budget: budget, Year: b.Year})
	if err != nil {
		return nil, err
	}
	out := &foundOut{}
	out.Body.Found, out.Body.AsOf = *FoundOf(found), x.asOf()
	return out, nil
}
