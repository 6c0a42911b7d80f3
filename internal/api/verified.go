package api

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/fact"
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
		Waits   []waitsFor `json:"waits" nullable:"false" doc:"其中能多得最多的企业（至多 20 家），及待核实的数据 · those of them that would get the most more, 20 at most, and the facts to be verified"`
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
	b.Items, b.Total, b.Pays, b.Held, b.Holds = []dueTo{}, len(v.Grants), v.Total.String(), len(v.Held), v.Holds.String()
	b.Clauses, b.AsOf, b.Next = []grantSum{}, x.asOf(), at.next(x.moment, at.From+in.Limit, len(v.Grants))
	for _, g := range v.Clauses {
		b.Clauses = append(b.Clauses, grantSum{g.Clause, g.Name, g.Firms, g.Pays.String()})
	}
	if b.Waits, err = s.waits(ctx, x.View, v); err != nil {
		return nil, err
	}
	from := min(at.From, len(v.Grants))
	for _, g := range v.Grants[from:min(from+in.Limit, len(v.Grants))] {
		b.Items = append(b.Items, s.dueTo(v, g))
	}
	return out, nil
}

// mostWaits is how many enterprises are named with the facts that want verifying.
const mostWaits = 20

// waitsFor is what would have to be verified for an enterprise to get what all facts give it.
type waitsFor struct {
	ID    int64      `json:"id" example:"17"`
	Name  string     `json:"name" example:"盐城亭湖甲机械有限公司"`
	More  string     `json:"more" example:"682000.00" doc:"核实后可多得，元 · more once it is verified, in yuan"`
	Facts []toVerify `json:"facts" nullable:"false"`
}

// toVerify is a fact that is known and not verified.
type toVerify struct {
	Kind    string `json:"kind" example:"project"`
	Subject string `json:"subject" example:"42"`
	Def     string `json:"def" example:"project.investment"`
	Period  string `json:"period,omitempty" example:"2023"`
}

func (s *server) waits(ctx context.Context, view fact.View, v *lab.Preview) ([]waitsFor, error) {
	all := []waitsFor{}
	for _, g := range v.Held[:min(mostWaits, len(v.Held))] {
		facts, err := s.Lab.ToVerify(ctx, view, v, g.Firm.ID)
		if err != nil {
			return nil, err
		}
		w := waitsFor{ID: g.Firm.ID, Name: g.Firm.Name, More: g.More().String(), Facts: []toVerify{}}
		for _, f := range facts {
			w.Facts = append(w.Facts, toVerify{Kind: f.Subject.Kind, Subject: f.Subject.ID, Def: f.Def, Period: periodOf(f.Period)})
		}
		all = append(all, w)
	}
	return all, nil
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
