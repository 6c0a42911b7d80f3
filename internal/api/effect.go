package api

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

type effectIn struct {
	ID   int64  `path:"id" minimum:"1" example:"71"`
	Area string `query:"area" maxLength:"64" example:"320900" doc:"按它的下级列出，默认最上级 · listed by what lies below it, by default the top"`
	Most int    `query:"most" minimum:"0" maximum:"500" default:"25" example:"25" doc:"增减最多的企业各列多少家 · how many of those that gain or lose most are named, each"`
}

// BeforeAfter is a sum by the version in force and by the one looked at.
type BeforeAfter struct {
	Before Sum `json:"before"`
	After  Sum `json:"after"`
}

type areaEffect struct {
	Area *Node `json:"area" doc:"null 为不知在哪里 · null where nobody said"`
	BeforeAfter
}

type clauseEffect struct {
	Clause string    `json:"clause" example:"c9"`
	Name   i18n.Text `json:"name"`
	Before ClauseSum `json:"before"`
	After  ClauseSum `json:"after"`
}

type firmEffect struct {
	ID     int64    `json:"id" example:"17"`
	Name   string   `json:"name" example:"盐城亭湖甲机械有限公司"`
	Area   *Node    `json:"area,omitempty"`
	Before interval `json:"before"`
	After  interval `json:"after"`
}

type effectOut struct {
	Body struct {
		Instead int64 `json:"instead,omitempty" example:"12" doc:"与之比较的现行版本；没有则为新政策 · the version in force that it is compared with; none for a new policy"`
		BeforeAfter
		Gain    int            `json:"gain" example:"0" doc:"必得增加的家数 · enterprises that get more for sure"`
		Lose    int            `json:"lose" example:"1"`
		Gained  string         `json:"gained" example:"0.00"`
		Lost    string         `json:"lost" example:"182000.00"`
		Areas   []areaEffect   `json:"areas" nullable:"false"`
		Clauses []clauseEffect `json:"clauses" nullable:"false"`
		Most    []firmEffect   `json:"most" nullable:"false" doc:"增减最多的企业 · those that gain or lose most"`
		AsOf    asOf           `json:"as_of"`
	}
}

// effect is what a version comes to in the region beside the one in force, with every open question answered by default.
func (s *server) effect(ctx context.Context, c *caller, in *effectIn) (*effectOut, error) {
	if _, ok := s.Library.Areas().Node(in.Area); in.Area != "" && !ok {
		return nil, invalid(c.t, "area", in.Area, i18n.M("api.no_area"))
	}
	v, err := s.Versions.Get(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	report, err := s.checkOf(ctx, v)
	if err != nil {
		return nil, err
	}
	if report.Policy == nil {
		return nil, errs.Invalid(i18n.M("api.no_effect", len(report.Problems)))
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	if err := s.Lab.MayShow(ctx, m.View, v, report.Policy); err != nil {
		return nil, err
	}
	after, err := s.byDefault(ctx, m, report.Policy)
	if err != nil {
		return nil, err
	}
	out := &effectOut{}
	var before *region.Region
	switch f, err := s.Versions.InForce(ctx, v.Document, m.Seq()); {
	case errs.KindOf(err) == errs.KindNotFound:
	case err != nil:
		return nil, err
	default:
		out.Body.Instead = f.ID
		if before, err = s.byDefault(ctx, m, f.Policy); err != nil {
			return nil, err
		}
	}
	s.showEffect(out, region.EffectOf(before, after, in.Area, in.Most), report.Policy)
	out.Body.AsOf = m.asOf()
	return out, nil
}

// byDefault is a policy over what the caller may see, with every open question answered by default.
func (s *server) byDefault(ctx context.Context, m moment, p *policy.Policy) (*region.Region, error) {
	plan, err := p.Plan(nil)
	if err != nil {
		return nil, err
	}
	return s.Region.Run(ctx, m.View, plan, m.day)
}

func (s *server) showEffect(out *effectOut, e *region.Effect, p *policy.Policy) {
	b := &out.Body
	b.Before, b.After = sumOf(e.Before), sumOf(e.After)
	b.Gain, b.Lose, b.Gained, b.Lost = e.Gain, e.Lose, e.Gained.String(), e.Lost.String()
	b.Areas, b.Clauses, b.Most = []areaEffect{}, []clauseEffect{}, s.effects(e.Most)
	for _, a := range e.Areas {
		if a.Before.Firms+a.After.Firms > 0 {
			b.Areas = append(b.Areas, areaEffect{nodeOf(s.Library.Areas(), a.Area.Code), BeforeAfter{sumOf(a.Before), sumOf(a.After)}})
		}
	}
	for _, x := range e.Clauses {
		row := clauseEffect{Clause: x.Clause, Before: clauseSumOf(x.Before), After: clauseSumOf(x.After)}
		for _, c := range p.File.Clauses {
			if c.ID == x.Clause {
				row.Name = c.Name
			}
		}
		b.Clauses = append(b.Clauses, row)
	}
}
