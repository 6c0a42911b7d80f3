package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Document is a policy as a list shows it.
type Document struct {
	ID         string    `json:"id" example:"yancheng-2022-6"`
	Number     string    `json:"number" example:"盐政办发〔2022〕6号"`
	Name       i18n.Text `json:"name"`
	Issuer     i18n.Text `json:"issuer"`
	Level      string    `json:"level" example:"city"`
	Status     string    `json:"status" example:"live"`
	Confidence string    `json:"confidence" enum:"verified,secondary,unverified" example:"secondary"`
	From       string    `json:"from" example:"2022-01-01"`
	To         string    `json:"to,omitempty" example:"2024-12-31"`
}

func documentOf(p *policy.Policy) Document {
	d := p.File.Document
	out := Document{ID: d.ID, Number: d.Number, Name: d.Name, Issuer: d.Issuer, Level: d.Level, Status: d.Status, Confidence: d.Confidence, From: d.Valid.From.String()}
	if d.Valid.To != nil {
		out.To = d.Valid.To.String()
	}
	return out
}

type policiesOut struct {
	Body struct {
		Items []Document `json:"items" nullable:"false"`
	}
}

func (s *server) listPolicies(ctx context.Context, c *caller, in *Knowledge) (*policiesOut, error) {
	view, err := s.view(ctx, c, in.Known)
	if err != nil {
		return nil, err
	}
	all, err := s.Versions.At(ctx, view.Seq())
	out := &policiesOut{}
	out.Body.Items = []Document{}
	for _, f := range all {
		out.Body.Items = append(out.Body.Items, documentOf(f.Policy))
	}
	return out, err
}

// PolicyIn names a policy.
type PolicyIn struct {
	ID string `path:"policy" maxLength:"100" example:"yancheng-2022-6"`
}

// policy is the version of a policy that was in force as a view knows it.
func (s *server) policy(ctx context.Context, view fact.View, id string) (*policy.Policy, error) {
	f, err := s.Versions.InForce(ctx, id, view.Seq())
	return f.Policy, err
}

type policyOut struct {
	Body struct {
		Document
		Areas    []string  `json:"areas" nullable:"false" example:"[\"320902\"]" doc:"市级支付的地区 · where it pays"`
		Clauses  []clause  `json:"clauses" nullable:"false"`
		Settings []setting `json:"settings" nullable:"false" doc:"原文未定的问题及可选答案 · questions that the document leaves open"`
		Params   []param   `json:"params" nullable:"false"`
	}
}

type clause struct {
	ID      string    `json:"id" example:"c9"`
	Name    i18n.Text `json:"name"`
	Summary i18n.Text `json:"summary"`
	Entity  string    `json:"entity" example:"project" doc:"逐什么测算 · one line for each of these"`
	Cite    string    `json:"cite" example:"四(三)"`
}

type setting struct {
	ID       string    `json:"id" example:"investment_base"`
	Question i18n.Text `json:"question"`
	Default  string    `json:"default" example:"total"`
	Options  []option  `json:"options" nullable:"false"`
	Cite     string    `json:"cite,omitempty" example:"四(三)"`
}

type option struct {
	ID   string    `json:"id" example:"effective"`
	Text i18n.Text `json:"text"`
}

type param struct {
	ID     string            `json:"id" example:"c9_rate"`
	Type   string            `json:"type" example:"rate"`
	Name   i18n.Text         `json:"name"`
	Value  string            `json:"value,omitempty" example:"12%"`
	By     string            `json:"by,omitempty" example:"year"`
	Values map[string]string `json:"values,omitempty" example:"{\"2022\":\"12%\"}"`
	Cite   string            `json:"cite,omitempty" example:"四(三)"`
}

type policyAtIn struct {
	PolicyIn
	Knowledge
}

func (s *server) getPolicy(ctx context.Context, c *caller, in *policyAtIn) (*policyOut, error) {
	view, err := s.view(ctx, c, in.Known)
	if err != nil {
		return nil, err
	}
	p, err := s.policy(ctx, view, in.ID)
	if err != nil {
		return nil, err
	}
	out := &policyOut{}
	b := &out.Body
	b.Document, b.Areas, b.Clauses, b.Settings, b.Params = documentOf(p), []string{}, []clause{}, []setting{}, []param{}
	if a := p.File.Document.Area; a != nil {
		b.Areas = a.In
	}
	for _, c := range p.File.Clauses {
		b.Clauses = append(b.Clauses, clause{ID: c.ID, Name: c.Name, Summary: c.Summary, Entity: c.Entity, Cite: c.Cite})
	}
	for _, q := range p.File.Settings {
		st := setting{ID: q.ID, Question: q.Question, Default: q.Default, Cite: q.Cite}
		for _, o := range q.Options {
			st.Options = append(st.Options, option{o.ID, o.Text})
		}
		b.Settings = append(b.Settings, st)
	}
	for _, x := range p.File.Params {
		b.Params = append(b.Params, param{ID: x.ID, Type: x.Type, Name: x.Name, Value: x.Value, By: x.By, Values: x.Values, Cite: x.Cite})
	}
	return out, nil
}

// Answers are to the questions that a document leaves open.
type Answers struct {
	Settings []string `query:"set" maxItems:"40" example:"investment_base=effective" doc:"问题=答案 · question=answer"`
}

// Choices are answers, and numbers changed to see what would follow.
type Choices struct {
	Answers
	WhatIf []string `query:"what_if" maxItems:"40" example:"c9_rate@2022=15%" doc:"参数=值 或 参数@键=值 · parameter=value or parameter@key=value"`
}

// plan is the policy under the answers, with numbers changed.
func (in Answers) plan(c *caller, p *policy.Policy, whatIf ...string) (*policy.Plan, error) {
	settings := map[string]string{}
	for _, pair := range in.Settings {
		id, answer, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, invalid(c.t, "set", pair, i18n.M("api.bad_pair"))
		}
		settings[id] = answer
	}
	var patches []policy.Patch
	for _, pair := range whatIf {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, invalid(c.t, "what_if", pair, i18n.M("api.bad_pair"))
		}
		id, key, _ := strings.Cut(name, "@")
		patches = append(patches, policy.Patch{Param: id, Key: key, Value: value})
	}
	return p.Plan(settings, patches...)
}

type calculateIn struct {
	PolicyIn
	Choices
	AsOf    string `query:"as_of" maxLength:"10" example:"2023-12-31" doc:"测算到哪一天，默认今天 · the day to decide as of, by default today"`
	Brief   bool   `query:"brief" example:"true" doc:"不要逐条依据 · without the trace"`
	RawBody []byte `contentType:"application/json"`
}

type decisionOut struct {
	Tagged
	Body decision
}

// decision is what docs/policy-result.md describes.
type decision struct{ *policy.Decision }

// Schema says so in the description.
func (decision) Schema(huma.Registry) *huma.Schema { return decisionSchema() }

// calculate decides for an enterprise that stands in the body, as docs/facts-json.md describes it. Nothing is kept.
func (s *server) calculate(ctx context.Context, c *caller, in *calculateIn) (*decisionOut, error) {
	view, err := s.view(ctx, c, 0)
	if err != nil {
		return nil, err
	}
	p, err := s.policy(ctx, view, in.ID)
	if err != nil {
		return nil, err
	}
	day := s.Clock.Today()
	if in.AsOf != "" {
		if day, err = period.ParseDay(in.AsOf); err != nil {
			return nil, invalid(c.t, "as_of", in.AsOf, i18n.M("api.bad_day"))
		}
	}
	plan, err := in.plan(c, p, in.WhatIf...)
	if err != nil {
		return nil, err
	}
	enterprise, problems := rule.ParseFacts(s.Library, "body", in.RawBody)
	if len(problems) > 0 {
		return nil, problems
	}
	d, err := plan.Decide(enterprise, day, policy.Options{Trace: !in.Brief, Advice: true})
	if err != nil {
		return nil, err
	}
	return &decisionOut{Body: decision{d}}, nil
}

type decideIn struct {
	FirmIn
	Policy string `path:"policy" maxLength:"100" example:"yancheng-2022-6"`
	Choices
	Have
}

// decide is what a policy owes an enterprise, from the facts that the caller may see.
func (s *server) decide(ctx context.Context, c *caller, in *decideIn) (*decisionOut, error) {
	view, e, err := s.firmOf(ctx, c, in.FirmIn.ID, in.Known)
	if err != nil {
		return nil, err
	}
	p, err := s.policy(ctx, view, in.Policy)
	if err != nil {
		return nil, err
	}
	plan, err := in.plan(c, p, in.WhatIf...)
	if err != nil {
		return nil, err
	}
	tag := c.tag(view, "decision", strconv.FormatInt(e.ID, 10), plan.Hash, s.Clock.Today().String())
	if err := in.check(tag); err != nil {
		return nil, err
	}
	d, err := s.Region.Decide(ctx, view, plan, e.ID, s.Clock.Today())
	if err != nil {
		return nil, err
	}
	return &decisionOut{Tagged: Tagged{tag}, Body: decision{d}}, nil
}

// CellIn is a part of a policy's result.
type CellIn struct {
	PolicyIn
	Answers
	Area string `query:"area" maxLength:"64" example:"320900" doc:"地区代码，默认令牌所及的全部 · code of an area, by default wherever the token reaches"`
}

// result is a policy over what the caller may see.
func (s *server) result(ctx context.Context, c *caller, in CellIn, known int64) (*region.Region, *policy.Plan, fact.View, error) {
	if _, ok := s.Library.Areas().Node(in.Area); in.Area != "" && !ok {
		return nil, nil, fact.View{}, invalid(c.t, "area", in.Area, i18n.M("api.no_area"))
	}
	view, err := s.view(ctx, c, known)
	if err != nil {
		return nil, nil, view, err
	}
	p, err := s.policy(ctx, view, in.ID)
	if err != nil {
		return nil, nil, view, err
	}
	plan, err := in.plan(c, p)
	if err != nil {
		return nil, nil, view, err
	}
	all, err := s.Region.Run(ctx, view, plan, s.Clock.Today())
	if err != nil || in.Area == "" {
		return all, plan, view, err
	}
	return all.Within(in.Area), plan, view, nil
}

type regionIn struct {
	CellIn
	Have
}

// interval is an amount as far as it is known.
type interval struct {
	Sure     string  `json:"sure" example:"682000.00" doc:"至少，元 · at least, in yuan"`
	Possible *string `json:"possible" example:"1182000.00" doc:"至多；null 为没有上限 · at most; null where nothing limits it"`
}

func intervalOf(i policy.Interval) interval {
	out := interval{Sure: i.Sure.String()}
	if !i.Unbounded {
		out.Possible = ptr(i.Possible.String())
	}
	return out
}

// Sum is what enterprises come to together.
type Sum struct {
	Firms   int      `json:"enterprises" example:"3"`
	Sure    int      `json:"sure" example:"1" doc:"必得的家数 · how many get something for sure"`
	Perhaps int      `json:"perhaps" example:"1" doc:"可能得到的家数 · how many may"`
	Failed  int      `json:"failed" example:"0"`
	Total   interval `json:"total"`
	InKind  interval `json:"in_kind"`
	Floor   interval `json:"floor" doc:"县（市）政策不得低于 · what counties that pay must not fall below"`
	OnTop   string   `json:"on_top" example:"500000.00" doc:"有上限的还可能增加多少 · what may come on top, where limited"`
	Open    int      `json:"open" example:"0" doc:"没有上限的家数 · how many have no limit"`
}

func sumOf(x region.Sum) Sum {
	return Sum{
		Firms: x.Firms, Sure: x.Sure, Perhaps: x.Perhaps, Failed: x.Failed, Total: intervalOf(x.Total), InKind: intervalOf(x.InKind),
		Floor: intervalOf(x.Floor), OnTop: x.Rest.OnTop.String(), Open: x.Rest.Open,
	}
}

type areaSum struct {
	Area *Node `json:"area" doc:"null 为不知在哪里 · null where nobody said"`
	Sum
}

type clauseSum struct {
	Clause  string    `json:"clause" example:"c9"`
	Name    i18n.Text `json:"name"`
	Cite    string    `json:"cite" example:"四(三)"`
	Sure    int       `json:"sure" example:"1"`
	Perhaps int       `json:"perhaps" example:"1"`
	InKind  bool      `json:"in_kind" example:"false"`
	Pays    interval  `json:"pays"`
	OnTop   string    `json:"on_top" example:"0.00"`
	Open    int       `json:"open" example:"0"`
}

type regionOut struct {
	Tagged
	Body struct {
		Policy  string      `json:"policy" example:"yancheng-2022-6"`
		Hash    string      `json:"hash" example:"9f86d081884c7d65" doc:"政策文件、口径与参数的摘要 · of the policy, the answers and the parameters"`
		Sum     Sum         `json:"sum"`
		Areas   []areaSum   `json:"areas" nullable:"false"`
		Clauses []clauseSum `json:"clauses" nullable:"false"`
		AsOf    asOf        `json:"as_of"`
	}
}

func (s *server) region(ctx context.Context, c *caller, in *regionIn) (*regionOut, error) {
	result, plan, view, err := s.result(ctx, c, in.CellIn, 0)
	if err != nil {
		return nil, err
	}
	tag := c.tag(view, "region", in.Area, plan.Hash, s.Clock.Today().String())
	if err := in.check(tag); err != nil {
		return nil, err
	}
	out := &regionOut{Tagged: Tagged{tag}}
	b := &out.Body
	b.Policy, b.Hash, b.Sum, b.AsOf = in.ID, plan.Hash, sumOf(result.Sum), s.asOf(view)
	b.Areas, b.Clauses = []areaSum{}, []clauseSum{}
	for _, a := range result.ByArea(in.Area) {
		if a.Firms > 0 {
			b.Areas = append(b.Areas, areaSum{Area: nodeOf(s.Library.Areas(), a.Area.Code), Sum: sumOf(a.Sum)})
		}
	}
	clauses := plan.Clauses()
	for i, x := range result.ByClause() {
		b.Clauses = append(b.Clauses, clauseSum{
			Clause: x.Clause, Name: clauses[i].Name, Cite: clauses[i].Cite, Sure: x.Sure, Perhaps: x.Perhaps, InKind: x.InKind,
			Pays: intervalOf(x.Pays), OnTop: x.Rest.OnTop.String(), Open: x.Rest.Open,
		})
	}
	return out, nil
}

type cellFirmsIn struct {
	CellIn
	Clause string `query:"clause" maxLength:"100" example:"c9" doc:"只看这一条款 · only this clause"`
	State  string `query:"state" enum:"sure,perhaps" example:"sure"`
	Paging
}

// payee is an enterprise with what it gets.
type payee struct {
	ID     int64      `json:"id" example:"17"`
	Name   string     `json:"name" example:"盐城亭湖甲机械有限公司"`
	USCC   string     `json:"uscc,omitempty" example:"91320281142225264B"`
	Area   *Node      `json:"area,omitempty"`
	State  string     `json:"state" enum:"met,not_met,unknown" example:"met"`
	Pays   interval   `json:"pays" doc:"所看条款或合计 · of the clause, or in all"`
	Total  interval   `json:"total"`
	Reason *i18n.Text `json:"reason,omitempty" doc:"为何没有结果 · why there is no decision"`
}

type payeesOut struct {
	Body struct {
		Items []payee `json:"items" nullable:"false"`
		Total int     `json:"total" example:"1"`
		Sure  string  `json:"sure" example:"682000.00" doc:"合计必得，元 · for sure in all, in yuan"`
		Next  string  `json:"next,omitempty" example:"eyJjIjo0Miwi"`
		AsOf  asOf    `json:"as_of"`
	}
}

func (s *server) payees(ctx context.Context, c *caller, in *cellFirmsIn) (*payeesOut, error) {
	at, err := in.open(c, c.listName("payees", []any{in.CellIn, in.Clause, in.State}))
	if err != nil {
		return nil, err
	}
	result, plan, view, err := s.result(ctx, c, in.CellIn, at.Commit)
	if err != nil {
		return nil, err
	}
	if in.Clause != "" && !slices.ContainsFunc(plan.Clauses(), func(c *policy.Clause) bool { return c.ID == in.Clause }) {
		return nil, invalid(c.t, "clause", in.Clause, i18n.M("api.no_clause"))
	}
	states := map[string]policy.State{"sure": policy.Met, "perhaps": policy.Unknown}
	list := result.List(region.Query{Clause: in.Clause, State: states[in.State]})
	out := &payeesOut{}
	b := &out.Body
	b.Items, b.Total, b.Sure, b.AsOf = []payee{}, list.Len(), list.Sure.String(), s.asOf(view)
	b.Next = at.next(view.Seq(), at.From+in.Limit, list.Len())
	for f, pays := range list.Page(at.From, in.Limit) {
		b.Items = append(b.Items, s.payee(f, pays))
	}
	return out, nil
}

func (s *server) payee(f *region.Firm, pays policy.Interval) payee {
	p := payee{
		ID: f.ID, Name: f.Name, USCC: f.USCC, Area: nodeOf(s.Library.Areas(), f.Area), State: string(f.State()),
		Pays: intervalOf(pays), Total: intervalOf(f.Total),
	}
	if msg := f.Err(); !msg.IsZero() {
		p.Reason = ptr(both(msg))
	}
	return p
}

func (s *server) registerPolicies() {
	open, area := access.Need{Public: true}, access.Need{Action: access.ReadSensitive, Area: true}
	handle(s, operation{id: "list_policies", tag: "policies", method: http.MethodGet, path: "/policies", need: open}, s.listPolicies)
	handle(s, operation{id: "get_policy", tag: "policies", method: http.MethodGet, path: "/policies/{policy}", need: open}, s.getPolicy)
	handle(s, operation{id: "calculate", tag: "policies", method: http.MethodPost, path: "/policies/{policy}/calculate", need: open, body: rule.MaxFacts, facts: true}, s.calculate)
	handle(s, operation{id: "get_decision", tag: "policies", method: http.MethodGet, path: "/enterprises/{id}/decisions/{policy}", need: access.Need{Action: access.ReadSensitive}}, s.decide)
	handle(s, operation{id: "get_region", tag: "policies", method: http.MethodGet, path: "/policies/{policy}/region", need: area}, s.region)
	handle(s, operation{id: "list_payees", tag: "policies", method: http.MethodGet, path: "/policies/{policy}/enterprises", need: area}, s.payees)
}

// decisionSchema is docs/policy-result.md in short: the keys that are always there.
func decisionSchema() *huma.Schema {
	str := func(example string) *huma.Schema {
		return &huma.Schema{Type: huma.TypeString, Examples: []any{example}}
	}
	amount := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{
		"sure": str("682000.00"), "possible": {Type: huma.TypeString, Nullable: true, Examples: []any{"682000.00"}},
	}}
	list := func(doc string) *huma.Schema {
		return &huma.Schema{Type: huma.TypeArray, Description: doc, Items: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}
	}
	return &huma.Schema{
		Type: huma.TypeObject, Description: text("api.decision"), AdditionalProperties: true,
		Required: []string{"policy", "document", "confidence", "hash", "as_of", "subject", "state", "total", "in_kind", "clauses", "lines"},
		Properties: map[string]*huma.Schema{
			"policy": str("yancheng-2022-6"), "document": str("盐政办发〔2022〕6号"), "confidence": str("secondary"), "hash": str("9f86d081884c7d65"),
			"as_of": str("2024-10-31"), "state": {Type: huma.TypeString, Enum: []any{"met", "not_met", "unknown"}, Examples: []any{"met"}},
			"subject": {Type: huma.TypeObject, AdditionalProperties: true}, "total": amount, "in_kind": amount, "floor": amount,
			"clauses": list(text("api.decision_clauses")), "lines": list(text("api.decision_lines")),
			"advice": list(text("api.decision_advice")), "missing": list(text("api.decision_missing")),
		},
	}
}

// MarshalJSON writes the decision itself.
func (d decision) MarshalJSON() ([]byte, error) { return json.Marshal(d.Decision) }
