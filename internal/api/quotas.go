package api

import (
	"context"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/target"
)

// QuotaIn is a quota that is entered.
type QuotaIn struct {
	Area  string `json:"area" minLength:"1" maxLength:"64" example:"320902"`
	Chain string `json:"chain,omitempty" maxLength:"64" example:"wind"`
	Year  int    `json:"year,omitempty" minimum:"0" maximum:"2100" example:"2024"`
	Value string `json:"value,omitempty" maxLength:"40" example:"300" doc:"按指标的单位写，占比写百分数；不填则收回 · in the unit of the indicator, per cent of a share; left out it takes back what stands"`
}

// EnterQuotasIn is quotas with the document that gives them.
type EnterQuotasIn struct {
	TargetIn
	Body struct {
		Area     string    `json:"area" minLength:"1" maxLength:"64" example:"320900" doc:"谁的任务被分解 · whose promise is divided"`
		Parts    string    `json:"parts" enum:"path,area,chain" example:"area" doc:"分年节点、按区域或按产业链 · points on the way, areas or chains"`
		Quotas   []QuotaIn `json:"quotas" minItems:"1" maxItems:"2000" nullable:"false"`
		Document string    `json:"document" minLength:"1" maxLength:"200" example:"测试〔2024〕1号（演示）"`
		Note     string    `json:"note,omitempty" maxLength:"2000" example:"第一批（演示）"`
	}
}

type quotaActOut struct {
	Body quotaAct
}

// actOut answers with an entry that was made.
func (s *server) actOut(c *caller, a target.Act, err error) (*quotaActOut, error) {
	if err != nil {
		return nil, err
	}
	g, err := s.Targets.Goal(a.Plan, a.Target)
	if err != nil {
		return nil, err
	}
	return &quotaActOut{s.quotaAct(c, g, a, a.Kind == target.Proposed)}, nil
}

// enterQuotas enters quotas; one without a value takes back what stands.
func (s *server) enterQuotas(ctx context.Context, c *caller, in *EnterQuotasIn) (*quotaActOut, error) {
	b := in.Body
	plan, _, err := s.targetAsked(c, in.Plan, b.Area)
	if err != nil {
		return nil, err
	}
	g, err := s.Targets.Goal(plan.Code, in.Target)
	if err != nil {
		return nil, err
	}
	a := target.Act{Plan: plan.Code, Target: in.Target, Area: b.Area, Parts: b.Parts, Document: b.Document, Note: b.Note}
	if a.Parts == partsPath {
		a.Parts = target.Itself
	}
	for i, q := range b.Quotas {
		one := target.Quota{Key: target.Key{Area: q.Area, Chain: q.Chain, Year: q.Year}}
		if q.Value != "" {
			if one.Value, err = target.Value(g, q.Value); err != nil {
				if msg, ok := errs.Message(err); ok {
					return nil, s.wrongBody(c, fmt.Sprintf("/quotas/%d/value", i), msg)
				}
				return nil, err
			}
		}
		a.Quotas = append(a.Quotas, one)
	}
	a, err = s.Targets.Enter(ctx, c.scope, a)
	return s.actOut(c, a, err)
}

// ProposeQuotasIn is how quotas are to be proposed.
type ProposeQuotasIn struct {
	TargetIn
	Body struct {
		Area  string `json:"area" minLength:"1" maxLength:"64" example:"320900"`
		Parts string `json:"parts" enum:"area,chain" example:"area"`
		Year  int    `json:"year,omitempty" minimum:"0" maximum:"2100" example:"2024"`
		Base  string `json:"base,omitempty" maxLength:"80" example:"above_scale_firms" doc:"按哪个指标的占比；不相加的目标不用 · in proportion to which indicator; not asked of what does not add up"`
		On    string `json:"base_on,omitempty" maxLength:"10" example:"2024-10-31" doc:"基数的日期，默认今天 · the day of the base, by default today"`
		Note  string `json:"note,omitempty" maxLength:"2000" example:"按规上企业数（演示）"`
	}
}

// proposeQuotas divides a target in proportion to a base; it counts once it is confirmed.
func (s *server) proposeQuotas(ctx context.Context, c *caller, in *ProposeQuotasIn) (*quotaActOut, error) {
	b := in.Body
	plan, area, err := s.targetAsked(c, in.Plan, b.Area)
	if err != nil {
		return nil, err
	}
	p := target.Proposing{Plan: plan.Code, Target: in.Target, Area: area, Parts: b.Parts, Year: b.Year, Base: b.Base, Note: b.Note}
	if b.On != "" {
		if p.On, err = s.dayIn(c, "/base_on", b.On); err != nil {
			return nil, err
		}
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	a, err := s.Targets.Propose(ctx, m.View, p)
	return s.actOut(c, a, err)
}

// ConfirmQuotasIn puts a proposal in force.
type ConfirmQuotasIn struct {
	TargetIn
	Body struct {
		Act      int64  `json:"act" minimum:"1" example:"800"`
		Document string `json:"document" minLength:"1" maxLength:"200" example:"测试〔2024〕2号（演示）"`
		Note     string `json:"note,omitempty" maxLength:"2000" example:"经会议同意（演示）"`
	}
}

// confirmQuotas puts a proposal in force, with a document.
func (s *server) confirmQuotas(ctx context.Context, c *caller, in *ConfirmQuotasIn) (*quotaActOut, error) {
	plan, _, err := s.targetAsked(c, in.Plan, "")
	if err != nil {
		return nil, err
	}
	a, err := s.Targets.Confirm(ctx, c.scope, plan.Code, in.Target, in.Body.Act, in.Body.Document, in.Body.Note)
	return s.actOut(c, a, err)
}

// DropQuotasIn puts a proposal aside.
type DropQuotasIn struct {
	TargetIn
	Body struct {
		Act  int64  `json:"act" minimum:"1" example:"800"`
		Note string `json:"note,omitempty" maxLength:"2000" example:"基数有误（演示）"`
	}
}

// dropQuotas puts a proposal aside.
func (s *server) dropQuotas(ctx context.Context, c *caller, in *DropQuotasIn) (*quotaActOut, error) {
	plan, _, err := s.targetAsked(c, in.Plan, "")
	if err != nil {
		return nil, err
	}
	a, err := s.Targets.Drop(ctx, c.scope, plan.Code, in.Target, in.Body.Act, in.Body.Note)
	return s.actOut(c, a, err)
}

// RankingIn is a decision about ranks.
type RankingIn struct {
	PlanIn
	Body struct {
		On       bool   `json:"on" example:"true"`
		Document string `json:"document" minLength:"1" maxLength:"200" example:"测试〔2024〕3号（演示）" doc:"开启和关闭都要 · needed to switch it on and off"`
		Note     string `json:"note,omitempty" maxLength:"2000" example:"年度考核用（演示）"`
	}
}

type targetRankingOut struct {
	Body struct {
		Plan     string `json:"plan" example:"yancheng-2022"`
		On       bool   `json:"on" example:"true"`
		Document string `json:"document" example:"测试〔2024〕3号（演示）"`
		Note     string `json:"note,omitempty" example:"年度考核用（演示）"`
		By       int64  `json:"by" example:"12"`
		At       string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	}
}

// setTargetRanking switches the ranking of a plan's areas.
func (s *server) setTargetRanking(ctx context.Context, c *caller, in *RankingIn) (*targetRankingOut, error) {
	plan, _, err := s.targetAsked(c, in.Plan, "")
	if err != nil {
		return nil, err
	}
	x, err := s.Targets.Rank(ctx, c.scope, target.Ranking{Plan: plan.Code, On: in.Body.On, Document: in.Body.Document, Note: in.Body.Note})
	if err != nil {
		return nil, err
	}
	out := &targetRankingOut{}
	b := &out.Body
	b.Plan, b.On, b.Document, b.Note, b.By, b.At = x.Plan, x.On, x.Document, x.Note, x.By, instant(x.At)
	return out, nil
}
