package api

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
)

type scenarioPreviewIn struct {
	Paging
	ScenarioIn
}

// dueTo is what an enterprise would get from verified facts alone.
type dueTo struct {
	ID      int64             `json:"id" example:"17"`
	Name    string            `json:"name" example:"盐城亭湖甲机械有限公司"`
	USCC    string            `json:"uscc,omitempty" example:"91320281142225264B"`
	Area    *Node             `json:"area,omitempty"`
	Pays    string            `json:"pays" example:"600000.00"`
	Known   string            `json:"known" example:"682000.00" doc:"按全部所知必得，元 · for sure from all that is known, in yuan"`
	Clauses map[string]string `json:"clauses" example:"{\"c9\":\"600000.00\"}" doc:"按条款，元 · by clause, in yuan"`
}

type grantSum struct {
	Clause string    `json:"clause" example:"c9"`
	Name   i18n.Text `json:"name"`
	Firms  int       `json:"enterprises" example:"1"`
	Pays   string    `json:"pays" example:"600000.00"`
}

type scenarioPreviewOut struct {
	Body struct {
		Items   []dueTo    `json:"items" nullable:"false" doc:"得最多的在前 · those that get the most first"`
		Total   int        `json:"total" example:"1"`
		Pays    string     `json:"pays" example:"600000.00" doc:"合计，元 · in all, in yuan"`
		Clauses []grantSum `json:"clauses" nullable:"false"`
		Held    int        `json:"held" example:"2" doc:"按全部所知能多得的家数：有数据待核实 · that get more from all that is known: facts want verifying"`
		Holds   string     `json:"holds" example:"1200000.00"`
		Next    string     `json:"next,omitempty" example:"eyJjIjo0Miwi"`
		AsOf    asOf       `json:"as_of"`
	}
}

// previewScenario is who would get what by a scenario without having to apply (免申即享).
func (s *server) previewScenario(ctx context.Context, c *caller, in *scenarioPreviewIn) (*scenarioPreviewOut, error) {
	at, err := in.open(c, c.listName("preview", in.Body))
	if err != nil {
		return nil, err
	}
	k := at.pick(Knowledge{Known: in.Known, AsOf: in.Body.AsOf})
	in.Known, in.Body.AsOf = k.Known, k.AsOf
	x, err := s.simulate(ctx, c, in.ScenarioIn)
	if err != nil {
		return nil, err
	}
	v, err := s.Lab.Preview(ctx, x.View, x.scenario, x.day)
	if err != nil {
		return nil, err
	}
	out := &scenarioPreviewOut{}
	b := &out.Body
	b.Items, b.Total, b.Pays, b.Held, b.Holds = []dueTo{}, len(v.Grants), v.Total.String(), v.Held, v.Holds.String()
	b.Clauses, b.AsOf, b.Next = []grantSum{}, x.asOf(), at.next(x.moment, at.From+in.Limit, len(v.Grants))
	for _, g := range v.Clauses {
		b.Clauses = append(b.Clauses, grantSum{g.Clause, g.Name, g.Firms, g.Pays.String()})
	}
	from := min(at.From, len(v.Grants))
	for _, g := range v.Grants[from:min(from+in.Limit, len(v.Grants))] {
		b.Items = append(b.Items, s.dueTo(v, g))
	}
	return out, nil
}

func (s *server) dueTo(v *lab.Preview, g lab.Grant) dueTo {
	out := dueTo{
		ID: g.Firm.ID, Name: g.Firm.Name, USCC: g.Firm.USCC, Area: nodeOf(s.Library.Areas(), g.Firm.Area),
		Pays: g.Pays.String(), Known: g.Known.String(), Clauses: map[string]string{},
	}
	for i, pays := range g.Of {
		if pays > 0 {
			out.Clauses[v.Clauses[i].Clause] = pays.String()
		}
	}
	return out
}
