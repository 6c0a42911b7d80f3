package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
)

// Survey is what keeps enterprises from money under a scenario, and what holds it back. Quotas and pools are left aside.
type Survey struct {
	Conditions []conditionSum `json:"conditions" nullable:"false" doc:"只差一个条件：按条款和条件 · a single condition keeps them from a clause: by clause and condition"`
	Cliffs     []cliff        `json:"cliffs" nullable:"false" doc:"门槛之下不远的企业 · enterprises right below a threshold"`
	Ceilings   []ceilingUse   `json:"ceilings" nullable:"false"`
	Misses     []miss         `json:"misses,omitempty" nullable:"false" doc:"所得最多的在前 · those with the most to gain first"`
}

// Condition is what an enterprise fails of a clause.
type Condition struct {
	Clause string    `json:"clause" example:"c9"`
	Check  string    `json:"check" example:"min_input" doc:"条件的编号 · id of the condition"`
	Kind   string    `json:"kind" enum:"exclusion,condition,threshold,requires" example:"threshold"`
	Text   i18n.Text `json:"text"`
}

type conditionSum struct {
	Condition
	Firms int    `json:"enterprises" example:"12"`
	Gain  string `json:"gain" example:"7200000.00" doc:"各自满足后合计必增，元 · what they would get on top for sure, each decided by itself, in yuan"`
}

type cliff struct {
	Clause string    `json:"clause" example:"c9"`
	Check  string    `json:"check" example:"min_input"`
	Text   i18n.Text `json:"text"`
	Need   string    `json:"need" example:"5000000.00"`
	Firms  int       `json:"enterprises" example:"3"`
	Jump   string    `json:"jump" example:"1800000.00" doc:"达到门槛后合计必增，元 · what they would get at it together, in yuan"`
}

type ceilingUse struct {
	ID      string   `json:"id" example:"investment_ceiling"`
	Clause  string   `json:"clause" example:"c9"`
	With    []string `json:"with,omitempty" nullable:"false" example:"[\"c18\"]" doc:"共用它的条款 · clauses that share it"`
	Cite    string   `json:"cite" example:"四(三)"`
	Firms   int      `json:"enterprises" example:"0" doc:"它必定削减的家数；与可能削减的都为 0 则对谁都不起作用 · that it cuts for sure; where it and perhaps are 0 it binds nobody"`
	Perhaps int      `json:"perhaps" example:"0" doc:"可能削减的家数 · that it may cut"`
	Cut     string   `json:"cut" example:"0.00"`
}

// miss is an enterprise that a single condition keeps from a clause.
type miss struct {
	ID   int64  `json:"id" example:"17"`
	Name string `json:"name" example:"盐城亭湖甲机械有限公司"`
	USCC string `json:"uscc,omitempty" example:"91320281142225264B"`
	Area *Node  `json:"area,omitempty"`
	Condition
	Sure   bool     `json:"sure" example:"true" doc:"其余条件都已知满足 · all else is known to be met"`
	Brings interval `json:"brings" doc:"满足后可增 · what it would get on top"`
	Floor  string   `json:"floor,omitempty" example:"240000.00" doc:"由县（市）支付的，县（市）至少多给，元 · what a county that pays by itself would have to give more at least, in yuan"`
	At     []spot   `json:"at" nullable:"false" doc:"在哪里差 · where it fails"`
}

// spot is a subject and year in which a condition fails.
type spot struct {
	Kind     string `json:"kind" example:"project"`
	Subject  string `json:"subject" example:"数字车间"`
	Year     int    `json:"year,omitempty" example:"2023"`
	Have     string `json:"have,omitempty" example:"4800000.00"`
	Need     string `json:"need,omitempty" example:"5000000.00"`
	Distance string `json:"distance,omitempty" example:"200000.00" doc:"还差，元 · short by, in yuan"`
}

// SurveyOf is a survey in the words of the API, with at most so many enterprises by name, and the cliffs within so many per
// cent of a threshold.
func SurveyOf(lib *content.Library, s *lab.Survey, most, percent int) *Survey {
	out := &Survey{Conditions: []conditionSum{}, Cliffs: []cliff{}, Ceilings: []ceilingUse{}}
	for _, x := range s.ByCheck() {
		out.Conditions = append(out.Conditions, conditionSum{Condition{x.Clause, x.Check, x.Kind, x.Text}, x.Firms, x.Gain.String()})
	}
	for _, x := range s.Cliffs(percent) {
		out.Cliffs = append(out.Cliffs, cliff{x.Clause, x.Check, x.Text, x.Need.String(), len(x.Firms), x.Jump.String()})
	}
	for _, x := range s.Ceilings {
		out.Ceilings = append(out.Ceilings, ceilingUse{x.ID, x.Clause, x.With, x.Cite, x.Firms, x.Perhaps, x.Cut.String()})
	}
	for _, m := range s.Misses[:min(max(most, 0), len(s.Misses))] {
		out.Misses = append(out.Misses, missOf(lib, m))
	}
	return out
}

func missOf(lib *content.Library, m lab.Miss) miss {
	out := miss{
		ID: m.Firm.ID, Name: m.Firm.Name, USCC: m.Firm.USCC, Area: nodeOf(lib.Areas(), m.Firm.Area), Condition: Condition{m.Clause, m.Check, m.Kind, m.Text},
		Sure: m.Sure, Brings: intervalOf(m.Brings()), At: []spot{},
	}
	if m.Floor > 0 {
		out.Floor = m.Floor.String()
	}
	yuan := func(f *money.Fen) string {
		if f == nil {
			return ""
		}
		return f.String()
	}
	for _, x := range m.At {
		out.At = append(out.At, spot{x.Subject.Kind, x.Subject.Name, x.Year, yuan(x.Have), yuan(x.Need), yuan(x.Distance)})
	}
	return out
}

type surveyIn struct {
	Within int `query:"within" minimum:"1" maximum:"100" default:"10" example:"10" doc:"门槛之下百分之几以内算边缘 · per cent below a threshold that still count as a cliff"`
	ScenarioIn
}

type surveyOut struct {
	Body struct {
		Survey
		AsOf asOf `json:"as_of"`
	}
}

func (s *server) survey(ctx context.Context, c *caller, in *surveyIn) (*surveyOut, error) {
	x, found, err := s.surveyed(ctx, c, in.ScenarioIn)
	if err != nil {
		return nil, err
	}
	out := &surveyOut{}
	out.Body.Survey, out.Body.AsOf = *SurveyOf(s.Library, found, 0, in.Within), x.asOf()
	return out, nil
}

func (s *server) surveyed(ctx context.Context, c *caller, in ScenarioIn) (simulated, *lab.Survey, error) {
	x, err := s.simulate(ctx, c, in)
	if err != nil {
		return x, nil, err
	}
	o, err := s.Lab.Run(ctx, x.View, x.scenario, x.day)
	if err != nil {
		return x, nil, err
	}
	found, err := s.Lab.Survey(ctx, o)
	return x, found, err
}

type missesIn struct {
	Clause string `query:"clause" maxLength:"100" example:"c9" doc:"只看这一条款 · only this clause"`
	Check  string `query:"check" maxLength:"100" example:"min_input" doc:"只看这一条件 · only this condition"`
	Paging
	ScenarioIn
}

type missesOut struct {
	Body struct {
		Items []miss `json:"items" nullable:"false"`
		Total int    `json:"total" example:"1"`
		Next  string `json:"next,omitempty" example:"eyJjIjo0Miwi"`
		AsOf  asOf   `json:"as_of"`
	}
}

// misses is the enterprises that a single condition keeps from a clause: the list that an official calls.
func (s *server) misses(ctx context.Context, c *caller, in *missesIn) (*missesOut, error) {
	at, err := in.open(c, c.listName("misses", []any{in.Clause, in.Check, in.Body}))
	if err != nil {
		return nil, err
	}
	k := at.pick(Knowledge{Known: in.Known, AsOf: in.Body.AsOf})
	in.Known, in.Body.AsOf = k.Known, k.AsOf
	x, found, err := s.surveyed(ctx, c, in.ScenarioIn)
	if err != nil {
		return nil, err
	}
	list := found.Of(in.Clause, in.Check)
	out := &missesOut{}
	b := &out.Body
	b.Items, b.Total, b.AsOf, b.Next = []miss{}, len(list), x.asOf(), at.next(x.moment, at.From+in.Limit, len(list))
	from := min(at.From, len(list))
	for _, m := range list[from:min(from+in.Limit, len(list))] {
		b.Items = append(b.Items, missOf(s.Library, m))
	}
	return out, nil
}

func (s *server) registerSurveys() {
	area := access.Need{Action: access.ReadSensitive, Area: true}
	handle(s, operation{id: "survey_scenario", tag: "scenarios", method: http.MethodPost, path: "/scenarios/survey", need: area, body: scenarioLimit}, s.survey)
	handle(s, operation{id: "find_number", tag: "scenarios", method: http.MethodPost, path: "/scenarios/find", need: area, body: scenarioLimit}, s.find)
	handle(s, operation{id: "preview_scenario", tag: "scenarios", method: http.MethodPost, path: "/scenarios/preview", need: area, body: scenarioLimit}, s.previewScenario)
	handle(s, operation{id: "list_near_misses", tag: "scenarios", method: http.MethodPost, path: "/scenarios/misses", need: area, body: scenarioLimit}, s.misses)
}
