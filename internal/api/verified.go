package api

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/content"
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

// Unasked is what a scenario would pay without anybody applying (免申即享).
type Unasked struct {
	Items   []dueTo    `json:"items" nullable:"false" doc:"得最多的在前 · those that get the most first"`
	Total   int        `json:"total" example:"1"`
	Pays    string     `json:"pays" example:"600000.00" doc:"合计，元 · in all, in yuan"`
	Clauses []grantSum `json:"clauses" nullable:"false"`
	Held    int        `json:"held" example:"2" doc:"按全部所知能多得的家数：有数据待核实 · that get more from all that is known: facts want verifying"`
	Holds   string     `json:"holds" example:"1200000.00"`
	Waits   []waitsFor `json:"waits" nullable:"false" doc:"其中能多得最多的企业（至多 20 家），及待核实的数据 · those of them that would get the most more, 20 at most, and the facts to be verified"`
}

// UnaskedOf is a preview in the words of the API, with some of its grants and of those who wait by name.
func UnaskedOf(lib *content.Library, v *lab.Preview, grants []lab.Grant, waits []lab.Wait) *Unasked {
	out := &Unasked{
		Items: []dueTo{}, Total: len(v.Grants), Pays: v.Total.String(), Clauses: []grantSum{},
		Held: len(v.Held), Holds: v.Holds.String(), Waits: []waitsFor{},
	}
	for _, g := range v.Clauses {
		out.Clauses = append(out.Clauses, grantSum{g.Clause, g.Name, g.Firms, g.Pays.String()})
	}
	for _, g := range grants {
		out.Items = append(out.Items, dueToOf(lib, v, g))
	}
	for _, x := range waits {
		w := waitsFor{ID: x.Firm.ID, Name: x.Firm.Name, More: x.More().String(), Facts: []toVerify{}}
		for _, f := range x.Facts {
			w.Facts = append(w.Facts, toVerify{Kind: f.Subject.Kind, Subject: f.Subject.ID, Def: f.Def, Period: periodOf(f.Period)})
		}
		out.Waits = append(out.Waits, w)
	}
	return out
}

type scenarioPreviewOut struct {
	Body struct {
		Unasked
		Next string `json:"next,omitempty" example:"eyJjIjo0Miwi"`
		AsOf asOf   `json:"as_of"`
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
	waits, err := s.Lab.Waits(ctx, x.View, v, lab.MostWaits)
	if err != nil {
		return nil, err
	}
	from := min(at.From, len(v.Grants))
	grants := v.Grants[from:min(from+in.Limit, len(v.Grants))]
	out := &scenarioPreviewOut{}
	out.Body.Unasked = *UnaskedOf(s.Library, v, grants, waits)
	out.Body.AsOf, out.Body.Next = x.asOf(), at.next(x.moment, at.From+in.Limit, len(v.Grants))
	return out, nil
}

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

func dueToOf(lib *content.Library, v *lab.Preview, g lab.Grant) dueTo {
	out := dueTo{
		ID: g.Firm.ID, Name: g.Firm.Name, USCC: g.Firm.USCC, Area: nodeOf(lib.Areas(), g.Firm.Area),
		Pays: g.Pays.String(), Known: g.Known.String(), Clauses: map[string]string{},
	}
	for i, pays := range g.Of {
		if pays > 0 {
			out.Clauses[v.Clauses[i].Clause] = pays.String()
		}
	}
	return out
}
