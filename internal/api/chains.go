package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/chain"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
)

// ChainHead is an industrial chain (产业链) as lists show it.
type ChainHead struct {
	Chain      string    `json:"chain" example:"wind"`
	Name       i18n.Text `json:"name"`
	Rank       string    `json:"rank,omitempty" example:"landmark" doc:"landmark 地标性 · strong 优势 · promising 潜力；没有则没有文件写明 · none where no document says it"`
	Source     string    `json:"source" example:"GB/T 4754—2017"`
	Confidence string    `json:"confidence" enum:"verified,secondary,unverified" example:"unverified"`
}

func chainHead(c *chain.Chain) ChainHead {
	return ChainHead{c.Code, c.Name, c.Rank, c.Source, c.Confidence}
}

type chainsOut struct {
	Body struct {
		Items []ChainHead `json:"items" nullable:"false"`
	}
}

func (s *server) listChains(_ context.Context, _ *caller, _ *struct{}) (*chainsOut, error) {
	out := &chainsOut{}
	out.Body.Items = []ChainHead{}
	for _, c := range s.Monitor.Chains.Chains() {
		out.Body.Items = append(out.Body.Items, chainHead(c))
	}
	return out, nil
}

// chainSegment is a segment of a chain, with the above-scale firms in it.
type chainSegment struct {
	Segment string    `json:"segment" example:"blades" doc:"空的为未归入环节的企业 · empty: those in no segment"`
	Name    i18n.Text `json:"name"`
	Tier    string    `json:"tier,omitempty" example:"up" doc:"up 上游 · mid 中游 · down 下游"`
	Where   string    `json:"where,omitempty" example:"in_industry(ent.industry, \"306\")" doc:"哪些企业归入 · which firms are in it"`
	Firms   int       `json:"firms" example:"3" doc:"规上企业；0 为空白环节 · above-scale firms; 0: a gap"`
}

// chainPoint is a strong or weak point.
type chainPoint struct {
	Kind       string    `json:"kind" enum:"strong,weak" example:"weak"`
	Segment    string    `json:"segment,omitempty" example:"blades"`
	Text       i18n.Text `json:"text"`
	Source     string    `json:"source" example:"盐政办发〔2022〕6号"`
	Confidence string    `json:"confidence" enum:"verified,secondary,unverified" example:"unverified"`
}

type chainOut struct {
	Body struct {
		ChainHead
		Where    string         `json:"where" example:"ent.chain == \"风电装备\""`
		Commit   int64          `json:"commit" example:"120" doc:"所知截至的提交号 · the commit that it knows up to"`
		Segments []chainSegment `json:"segments" nullable:"false"`
		Points   []chainPoint   `json:"points" nullable:"false"`
	}
}

// chainFirms is the indicator that counts a chain's firms.
const chainFirms = "above_scale_firms"

// getChain is a chain with the above-scale firms of its segments that the caller may see.
func (s *server) getChain(ctx context.Context, c *caller, in *struct {
	Chain string `path:"chain" maxLength:"80" example:"wind" doc:"见 list_chains · see list_chains"`
	Area  string `query:"area" maxLength:"64" example:"320900" doc:"空的为看得到的全部 · empty: all that the caller sees"`
	Year  int    `query:"year" minimum:"2000" maximum:"2100" example:"2024" doc:"没有则为本年 · none: this year"`
},
) (*chainOut, error) {
	of, err := s.Monitor.Chains.Chain(in.Chain)
	if err != nil {
		return nil, err
	}
	x, err := s.Monitor.Set.Indicator(chainFirms)
	if err != nil {
		return nil, err
	}
	view, err := s.Frames.For(ctx, c.scope, 0)
	if err != nil {
		return nil, err
	}
	year := in.Year
	if year == 0 {
		year = s.Clock.Today().Year()
	}
	cells, err := s.Monitor.By(ctx, view, monitor.Query{Indicator: x, Area: in.Area, Period: period.OfYear(year)}, monitor.Dimension{By: monitor.ByChain, Fact: of.Code})
	if err != nil {
		return nil, err
	}
	if len(cells) != len(of.Segments)+1 {
		return nil, errs.NotFound("chain", in.Chain)
	}
	out := &chainOut{}
	b := &out.Body
	b.ChainHead, b.Where, b.Commit, b.Segments, b.Points = chainHead(of), of.Where, view.Seq(), []chainSegment{}, []chainPoint{}
	for i, cell := range cells {
		row := chainSegment{Segment: cell.Code, Name: cell.Name, Firms: cell.Counted}
		if i < len(of.Segments) {
			row.Tier, row.Where = of.Segments[i].Tier, of.Segments[i].Where
		}
		b.Segments = append(b.Segments, row)
	}
	for _, p := range of.Points {
		b.Points = append(b.Points, chainPoint{p.Kind, p.Segment, p.Text, p.Source, p.Confidence})
	}
	return out, nil
}

func (s *server) registerChains() {
	area := access.Need{Action: access.ReadFact, Area: true}
	handle(s, operation{id: "list_chains", tag: "region", method: http.MethodGet, path: "/chains", need: area}, s.listChains)
	handle(s, operation{id: "get_chain", tag: "region", method: http.MethodGet, path: "/chains/{chain}", need: area}, s.getChain)
}
