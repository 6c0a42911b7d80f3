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
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
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
	m, err := s.at(ctx, c, *in)
	if err != nil {
		return nil, err
	}
	all, err := s.Versions.At(ctx, m.Seq())
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

type policyOut struct {
	Body struct {
		Document
		Version  int64     `json:"version" example:"12" doc:"现行版本 · the version in force"`
		Package  string    `json:"package" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"政策文件包的摘要 · of the files of the package"`
		Areas    []string  `json:"areas" nullable:"false" example:"[\"320902\"]" doc:"市级支付的地区 · where it pays"`
		Floor    []string  `json:"floor,omitempty" nullable:"false" example:"[\"320924\"]" doc:"自行支付、不得低于本文件的地区 · that pay themselves, and not less"`
		Clauses  []clause  `json:"clauses" nullable:"false"`
		Settings []setting `json:"settings" nullable:"false" doc:"原文未定的问题及可选答案 · questions that the document leaves open"`
		Params   []param   `json:"params" nullable:"false"`
		Between  []between `json:"between" nullable:"false" doc:"条款之间：就高、名额、资金池 · what keeps clauses from adding up"`
		LeftOut  []leftOut `json:"left_out" nullable:"false" doc:"文件中没有编入条款的数字及原因 · numbers of the document that no clause reckons with, and why"`
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
	ID     string            `json:"id" example:"investment_rate"`
	Type   string            `json:"type" example:"rate"`
	Name   i18n.Text         `json:"name"`
	Value  string            `json:"value,omitempty" example:"12%"`
	By     string            `json:"by,omitempty" example:"year"`
	Values map[string]string `json:"values,omitempty" example:"{\"2022\":\"12%\"}"`
	Cite   string            `json:"cite,omitempty" example:"四(三)"`
}

// between is a rule that holds between clauses.
type between struct {
	ID      string    `json:"id" example:"one_of_two"`
	Kind    string    `json:"kind" enum:"higher_of,priority,difference,quota,pool" example:"higher_of"`
	Name    i18n.Text `json:"name"`
	Clauses []string  `json:"clauses" nullable:"false" example:"[\"c9\",\"c10\"]"`
	Cite    string    `json:"cite" example:"四(三)"`
}

func betweenOf(f policy.File) []between {
	all := []between{}
	for _, g := range f.Stacking.Groups {
		all = append(all, between{g.ID, g.Pick, g.Name, g.Clauses, g.Cite})
	}
	for _, q := range f.Stacking.Quotas {
		all = append(all, between{q.ID, policy.QuotaKind, q.Name, q.Clauses, q.Cite})
	}
	for _, l := range f.Stacking.Pools {
		all = append(all, between{l.ID, policy.PoolKind, l.Name, l.Clauses, l.Cite})
	}
	return all
}

// leftOut is numbers of a document that are not encoded.
type leftOut struct {
	Cite    string    `json:"cite" example:"一(二)"`
	Numbers []string  `json:"numbers" nullable:"false" example:"[\"1000家\"]"`
	Reason  i18n.Text `json:"reason"`
}

type policyAtIn struct {
	PolicyIn
	Knowledge
}

func (s *server) getPolicy(ctx context.Context, c *caller, in *policyAtIn) (*policyOut, error) {
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return nil, err
	}
	f, err := s.Versions.InForce(ctx, in.ID, m.Seq())
	if err != nil {
		return nil, err
	}
	p, out := f.Policy, &policyOut{}
	b := &out.Body
	b.Document, b.Areas, b.Clauses, b.Settings, b.Params = documentOf(p), []string{}, []clause{}, []setting{}, []param{}
	b.Version, b.Package, b.Between, b.LeftOut = f.ID, f.Hash, betweenOf(p.File), []leftOut{}
	for _, m := range p.File.Inventory {
		if m.Reason != nil {
			b.LeftOut = append(b.LeftOut, leftOut{m.Cite, m.Numbers, *m.Reason})
		}
	}
	if d := p.File.Document; d.Floor != nil {
		b.Floor = d.Floor.In
	}
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
	WhatIf []string `query:"what_if" maxItems:"40" example:"investment_rate@2022=15%" doc:"参数=值 或 参数@键=值 · parameter=value or parameter@key=value"`
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

// asked is a policy under somebody's answers, at a moment.
type asked struct {
	moment
	policy version.InForce
	plan   *policy.Plan
}

// ask is the version of a policy that was in force at a moment, under the answers.
func (s *server) ask(ctx context.Context, c *caller, m moment, id string, in Choices) (asked, error) {
	f, err := s.Versions.InForce(ctx, id, m.Seq())
	if err != nil {
		return asked{}, err
	}
	plan, err := in.plan(c, f.Policy, in.WhatIf...)
	return asked{m, f, plan}, err
}

// CalculateIn asks what a policy would owe an enterprise that stands in the body.
type CalculateIn struct {
	PolicyIn
	Choices
	Known   int64  `query:"known" minimum:"0" example:"42" doc:"用哪一次提交时有效的政策版本，默认最新 · by the version of the policy in force as known at a commit, by default the newest"`
	AsOf    string `query:"as_of" maxLength:"10" example:"2023-12-31" doc:"测算到哪一天，默认今天 · the day to decide as of, by default today"`
	RawBody []byte `contentType:"application/json"`
}

// calculation is a decision on an enterprise that stands in the body, as docs/facts-json.md describes it.
func (s *server) calculation(ctx context.Context, c *caller, in *CalculateIn) (asked, rule.Subject, error) {
	m, err := s.at(ctx, c, Knowledge{Known: in.Known})
	if err != nil {
		return asked{}, nil, err
	}
	if in.AsOf != "" {
		if m.day, err = period.ParseDay(in.AsOf); err != nil {
			return asked{}, nil, invalid(c.t, "as_of", in.AsOf, i18n.M("api.bad_day"))
		}
	}
	a, err := s.ask(ctx, c, m, in.ID, in.Choices)
	if err != nil {
		return a, nil, err
	}
	enterprise, problems := rule.ParseFacts(s.Library, "body", in.RawBody)
	if len(problems) > 0 {
		return a, nil, problems
	}
	return a, enterprise, nil
}

type decisionOut struct {
	Tagged
	Body decision
}

// decision is what docs/policy-result.md describes.
type decision struct{ *policy.Decision }

// Schema says so in the description.
func (decision) Schema(huma.Registry) *huma.Schema { return decisionSchema() }

type calculateBriefIn struct {
	CalculateIn
	Brief bool `query:"brief" example:"true" doc:"不要逐条依据 · without the trace"`
}

// calculate decides on an enterprise that stands in the body. Nothing is kept.
func (s *server) calculate(ctx context.Context, c *caller, in *calculateBriefIn) (*decisionOut, error) {
	a, enterprise, err := s.calculation(ctx, c, &in.CalculateIn)
	if err != nil {
		return nil, err
	}
	d, err := a.plan.Decide(enterprise, a.day, policy.Options{Trace: !in.Brief, Advice: true})
	if err != nil {
		return nil, err
	}
	return &decisionOut{Body: decision{d}}, nil
}

// calculationReceipt is the receipt of what calculate would say.
func (s *server) calculationReceipt(ctx context.Context, c *caller, in *CalculateIn) (*stream, error) {
	a, enterprise, err := s.calculation(ctx, c, in)
	if err != nil {
		return nil, err
	}
	return s.receiptOf(version.Question{Package: a.policy.Hash, Plan: a.plan, Subject: enterprise, AsOf: a.day})
}

// DecideIn asks what a policy owes an enterprise.
type DecideIn struct {
	FirmIn
	Policy string `path:"policy" maxLength:"100" example:"yancheng-2022-6"`
	Choices
}

// deciding is what a decision on an enterprise is asked about, as far as the caller may read it.
func (s *server) deciding(ctx context.Context, c *caller, in *DecideIn) (asked, party.Enterprise, error) {
	m, e, err := s.firmOf(ctx, c, in.FirmIn)
	if err != nil {
		return asked{}, e, err
	}
	a, err := s.ask(ctx, c, m, in.Policy, in.Choices)
	return a, e, err
}

type decideTaggedIn struct {
	DecideIn
	Have
}

// decide is what a policy owes an enterprise, from the facts that the caller may see.
func (s *server) decide(ctx context.Context, c *caller, in *decideTaggedIn) (*decisionOut, error) {
	a, e, err := s.deciding(ctx, c, &in.DecideIn)
	if err != nil {
		return nil, err
	}
	tag := c.tag(a.moment, "decision", strconv.FormatInt(e.ID, 10), a.plan.Hash)
	if err := in.check(tag); err != nil {
		return nil, err
	}
	d, err := s.Region.Decide(ctx, a.View, a.plan, e.ID, a.day)
	if err != nil {
		return nil, err
	}
	return &decisionOut{Tagged: Tagged{tag}, Body: decision{d}}, nil
}

// receipt is what verifies a decision on another machine: the hashes of the package and the facts, and what followed.
func (s *server) receipt(ctx context.Context, c *caller, in *DecideIn) (*stream, error) {
	a, e, err := s.deciding(ctx, c, in)
	if err != nil {
		return nil, err
	}
	subject, ok := s.reader.Subject(a.View, e.ID)
	if !ok || !a.Can(access.ReadSensitive, e.ID) {
		return nil, errs.NotFound("enterprise", e.ID)
	}
	q := version.Question{Package: a.policy.Hash, Plan: a.plan, Subject: subject, AsOf: a.day, Known: a.Seq()}
	if q.Allotted, err = s.Region.Allotted(ctx, a.View, a.plan, e.ID, a.day); err != nil {
		return nil, err
	}
	return s.receiptOf(q)
}

func (s *server) receiptOf(q version.Question) (*stream, error) {
	r, err := version.NewReceipt(s.Library, q)
	if err != nil {
		return nil, err
	}
	body, err := r.Bytes()
	return s.file("receipt-"+r.Policy.ID+"-"+r.Sum[:12]+".json", "application/json", body), err
}

// CellIn is a part of a policy's result.
type CellIn struct {
	PolicyIn
	Answers
	Area string `query:"area" maxLength:"64" example:"320900" doc:"地区代码，默认令牌所及的全部 · code of an area, by default wherever the token reaches"`
	Knowledge
}

// outcome is a policy over what the caller may see: in the area asked for, and as a whole.
type outcome struct {
	asked
	result, whole *region.Region
}

func (s *server) outcome(ctx context.Context, c *caller, in CellIn) (outcome, error) {
	if _, ok := s.Library.Areas().Node(in.Area); in.Area != "" && !ok {
		return outcome{}, invalid(c.t, "area", in.Area, i18n.M("api.no_area"))
	}
	m, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return outcome{}, err
	}
	a, err := s.ask(ctx, c, m, in.ID, Choices{Answers: in.Answers})
	if err != nil {
		return outcome{}, err
	}
	all, err := s.Region.Run(ctx, a.View, a.plan, a.day)
	if err != nil {
		return outcome{}, err
	}
	o := outcome{a, all, all}
	if in.Area != "" {
		o.result = all.Within(in.Area)
	}
	return o, nil
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

// ClauseSum is what a clause comes to.
type ClauseSum struct {
	Sure    int      `json:"sure" example:"1"`
	Perhaps int      `json:"perhaps" example:"1"`
	InKind  bool     `json:"in_kind" example:"false"`
	Pays    interval `json:"pays"`
	OnTop   string   `json:"on_top" example:"0.00"`
	Open    int      `json:"open" example:"0"`
}

func clauseSumOf(x region.ClauseSum) ClauseSum {
	return ClauseSum{Sure: x.Sure, Perhaps: x.Perhaps, InKind: x.InKind, Pays: intervalOf(x.Pays), OnTop: x.Rest.OnTop.String(), Open: x.Rest.Open}
}

type clauseRow struct {
	Clause string    `json:"clause" example:"c9"`
	Name   i18n.Text `json:"name"`
	Cite   string    `json:"cite" example:"四(三)"`
	ClauseSum
}

// stage is what a quota or pool comes to in a year.
type stage struct {
	ID      string    `json:"id" example:"first_ten"`
	Kind    string    `json:"kind" enum:"quota,pool" example:"quota"`
	Name    i18n.Text `json:"name"`
	Year    int       `json:"year,omitempty" example:"2023" doc:"不写则为整个有效期 · without one, the whole time of the policy"`
	Most    int       `json:"most,omitempty" example:"10" doc:"名额 · places of a quota"`
	Budget  string    `json:"budget,omitempty" example:"5000000.00" doc:"资金池总额，元 · of a pool, in yuan"`
	Lines   int       `json:"lines" example:"12" doc:"参加或可能参加的 · that take part, or may"`
	Met     int       `json:"met" example:"10" doc:"得到名额或足额的 · that have a place, or are paid in full"`
	Waiting int       `json:"waiting" example:"2" doc:"没有名额或被削减的 · that have none, or are cut"`
	Claimed interval  `json:"claimed"`
	Pays    interval  `json:"pays"`
}

func stageOf(x policy.StageSum) stage {
	out := stage{
		ID: x.Stage, Kind: x.Kind, Name: x.Name, Year: x.Year, Most: x.Most, Lines: x.Lines, Met: x.Met, Waiting: x.Waiting,
		Claimed: intervalOf(x.Claimed), Pays: intervalOf(x.Pays),
	}
	if x.Kind == policy.PoolKind {
		out.Budget = x.Budget.String()
	}
	return out
}

type regionOut struct {
	Tagged
	Body struct {
		Policy  string      `json:"policy" example:"yancheng-2022-6"`
		Hash    string      `json:"hash" example:"9f86d081884c7d65" doc:"政策文件、口径与参数的摘要 · of the policy, the answers and the parameters"`
		Sum     Sum         `json:"sum"`
		Areas   []areaSum   `json:"areas" nullable:"false"`
		Clauses []clauseRow `json:"clauses" nullable:"false"`
		Stages  []stage     `json:"stages,omitempty" nullable:"false" doc:"名额与资金池，逐年；只对看得到全区的令牌 · quotas and pools, year by year; for who sees the whole region"`
		AsOf    asOf        `json:"as_of"`
	}
}

func (s *server) region(ctx context.Context, c *caller, in *regionIn) (*regionOut, error) {
	o, err := s.outcome(ctx, c, in.CellIn)
	if err != nil {
		return nil, err
	}
	tag := c.tag(o.moment, "region", in.Area, o.plan.Hash)
	if err := in.check(tag); err != nil {
		return nil, err
	}
	out := &regionOut{Tagged: Tagged{tag}}
	b := &out.Body
	b.Policy, b.Hash, b.Sum, b.AsOf = in.ID, o.plan.Hash, sumOf(o.result.Sum), o.asOf()
	b.Areas, b.Clauses = []areaSum{}, []clauseRow{}
	for _, a := range o.result.ByArea(in.Area) {
		if a.Firms > 0 {
			b.Areas = append(b.Areas, areaSum{Area: nodeOf(s.Library.Areas(), a.Area.Code), Sum: sumOf(a.Sum)})
		}
	}
	clauses := o.plan.Clauses()
	for i, x := range o.result.ByClause() {
		b.Clauses = append(b.Clauses, clauseRow{x.Clause, clauses[i].Name, clauses[i].Cite, clauseSumOf(x)})
	}
	for _, x := range o.whole.Stages() {
		b.Stages = append(b.Stages, stageOf(x))
	}
	return out, nil
}

type cellFirmsIn struct {
	CellIn
	Clause string `query:"clause" maxLength:"100" example:"c9" doc:"只看这一条款 · only this clause"`
	State  string `query:"state" enum:"sure,perhaps,one" example:"sure" doc:"one：只差一项数据就能确定的 · one: those that one fact more would make sure"`
	Paging
}

// oneFact asks for the enterprises whose decision one fact more would make sure.
const oneFact = "one"

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
	in.Knowledge = at.pick(in.Knowledge)
	o, err := s.outcome(ctx, c, in.CellIn)
	if err != nil {
		return nil, err
	}
	if in.Clause != "" && !slices.ContainsFunc(o.plan.Clauses(), func(c *policy.Clause) bool { return c.ID == in.Clause }) {
		return nil, invalid(c.t, "clause", in.Clause, i18n.M("api.no_clause"))
	}
	states := map[string]policy.State{"sure": policy.Met, "perhaps": policy.Unknown, oneFact: policy.Unknown}
	list := o.result.List(region.Query{Clause: in.Clause, State: states[in.State], OneFact: in.State == oneFact})
	out := &payeesOut{}
	b := &out.Body
	b.Items, b.Total, b.Sure, b.AsOf = []payee{}, list.Len(), list.Sure.String(), o.asOf()
	b.Next = at.next(o.moment, at.From+in.Limit, list.Len())
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
	handle(s, operation{id: "get_calculation_receipt", tag: "policies", method: http.MethodPost, path: "/policies/{policy}/calculate/receipt", need: open, body: rule.MaxFacts, facts: true, streams: []string{"application/json"}}, s.calculationReceipt)
	handle(s, operation{id: "get_decision", tag: "policies", method: http.MethodGet, path: "/enterprises/{id}/decisions/{policy}", need: access.Need{Action: access.ReadSensitive}}, s.decide)
	handle(s, operation{id: "get_receipt", tag: "policies", method: http.MethodGet, path: "/enterprises/{id}/decisions/{policy}/receipt", need: access.Need{Action: access.ReadSensitive}, streams: []string{"application/json"}}, s.receipt)
	handle(s, operation{id: "get_region", tag: "policies", method: http.MethodGet, path: "/policies/{policy}/region", need: area}, s.region)
	handle(s, operation{id: "get_region_map", tag: "policies", method: http.MethodGet, path: "/policies/{policy}/region/map", need: area, streams: []string{geoJSONType}}, s.regionMap)
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
