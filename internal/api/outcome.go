package api

import (
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
)

// Scenario is a policy in force and what is to be different.
type Scenario struct {
	Policy   string            `json:"policy" minLength:"1" maxLength:"100" example:"yancheng-2022-6" doc:"从哪份现行政策出发 · the policy in force that it starts from"`
	Name     string            `json:"name,omitempty" maxLength:"80" example:"门槛 700 万元"`
	Settings map[string]string `json:"settings,omitempty" example:"{\"investment_base\":\"effective\"}" doc:"未定问题的答案 · answers to open questions"`
	Changes  []NumberChange    `json:"changes,omitempty" maxItems:"500" nullable:"false"`
	Ended    []string          `json:"ended,omitempty" maxItems:"200" nullable:"false" example:"[\"c12\"]" doc:"停用的条款 · clauses that are left out"`
	Only     []string          `json:"only,omitempty" maxItems:"200" nullable:"false" example:"[\"320904\"]" doc:"只在这些地区支付 · areas in which alone it pays"`
	Budget   string            `json:"budget,omitempty" maxLength:"40" example:"30000000.00" doc:"所有条款每年的预算，元或带单位 · of each year for all clauses, in yuan or with its unit"`
	Text     string            `json:"text,omitempty" example:"" doc:"另一份 policy.yaml · another policy.yaml of the same document"`
	Area     string            `json:"area,omitempty" maxLength:"64" example:"320900" doc:"只看这个地区 · the area that is looked at"`
	AsOf     string            `json:"as_of,omitempty" maxLength:"10" example:"2024-10-31" doc:"测算到哪一天，默认今天 · the day to decide as of, by default today"`
}

// NumberChange is a number at another value.
type NumberChange struct {
	Param string `json:"param" minLength:"1" maxLength:"100" example:"investment_rate"`
	Key   string `json:"key,omitempty" maxLength:"100" example:"2023" doc:"分年度等的表中的键 · key in its table"`
	Value string `json:"value" minLength:"1" maxLength:"100" example:"10%" doc:"写法同政策文件 · as the policy's file writes it"`
}

func scenarioOf(s lab.Scenario) Scenario {
	out := Scenario{Policy: s.Policy, Name: s.Name, Settings: s.Settings, Ended: s.Ended, Only: s.Only, Text: s.Text, Area: s.Area}
	for _, c := range s.Changes {
		out.Changes = append(out.Changes, NumberChange{c.Param, c.Key, c.Value})
	}
	if s.Budget != 0 {
		out.Budget = s.Budget.String()
	}
	if s.AsOf != nil {
		out.AsOf = s.AsOf.String()
	}
	return out
}

// otherwise is one thing that a scenario has otherwise than the law.
type otherwise struct {
	Kind     string    `json:"kind" enum:"number,answer,wording,clause,areas,budget" example:"number"`
	ID       string    `json:"id,omitempty" example:"investment_rate"`
	Key      string    `json:"key,omitempty" example:"2023"`
	Name     i18n.Text `json:"name"`
	Law      i18n.Text `json:"law" doc:"现行；数值按文件写法，金额为元 · of the law; numbers as a file writes them, amounts in yuan"`
	Scenario i18n.Text `json:"scenario"`
	Cite     string    `json:"cite,omitempty" example:"四(三)"`
}

func otherwiseOf(d lab.Difference) otherwise {
	out := otherwise{Kind: string(d.Kind), ID: d.ID, Key: d.Key, Name: d.Name, Law: d.Was, Scenario: d.Is, Cite: d.Cite}
	if d.Type != "" {
		law, then := d.Law.String(), d.Scenario.String()
		out.Law, out.Scenario = i18n.Text{ZH: law, EN: law}, i18n.Text{ZH: then, EN: then}
	}
	return out
}

// figure is what some enterprises come to together, money and services.
type figure struct {
	Sure    int      `json:"sure" example:"1" doc:"必得的家数 · how many get something for sure"`
	Perhaps int      `json:"perhaps" example:"1" doc:"可能得到的家数 · how many may"`
	Pays    interval `json:"pays"`
}

// part is a row of a breakdown.
type part struct {
	Code   string     `json:"code" example:"c9" doc:"地区、条款、规模、行业的代码，或年度；空为不知 · of the area, clause, size or trade, or the year; empty where it is not known"`
	Name   *i18n.Text `json:"name,omitempty"`
	Before figure     `json:"before"`
	After  figure     `json:"after"`
}

// addedUp is a total and how the rows add up to it.
type addedUp struct {
	Total interval `json:"total"`
	Apart string   `json:"apart" example:"0.00" doc:"必得而不归任何一行；各行之和加它等于合计 · for sure, and of no row by itself: the rows and this make the total"`
	Twice string   `json:"twice" example:"0.00" doc:"各行都可能而不能同时得到；各行之和减它等于合计 · possible in several rows and not at once: the rows less this make the total"`
}

// breakdown is a whole by its parts, under the law and under the scenario.
type breakdown struct {
	Rows   []part  `json:"rows" nullable:"false"`
	Before addedUp `json:"before"`
	After  addedUp `json:"after"`
}

func breakdownOf(b lab.Breakdown) breakdown {
	of := func(c lab.Closing) addedUp { return addedUp{intervalOf(c.Total), c.Apart.String(), c.Twice.String()} }
	out := breakdown{Rows: []part{}, Before: of(b.Before), After: of(b.After)}
	for _, r := range b.Rows {
		p := part{
			Code: r.Code, Before: figure{r.Before.Sure, r.Before.Perhaps, intervalOf(r.Before.Pays)}, After: figure{r.After.Sure, r.After.Perhaps, intervalOf(r.After.Pays)},
		}
		if r.Name != (i18n.Text{}) {
			p.Name = &r.Name
		}
		out.Rows = append(out.Rows, p)
	}
	return out
}

// Outcome is what a scenario comes to against the law in force, for the same enterprises, commit and day.
type Outcome struct {
	Scenario    Scenario    `json:"scenario"`
	Hash        string      `json:"hash" example:"9f86d081884c7d65" doc:"方案的摘要；名称不计 · of the scenario, whatever it is called"`
	Law         string      `json:"law_hash" example:"20ef8447810442a4" doc:"现行规定、口径与参数的摘要 · of the law, its answers and parameters"`
	Plan        string      `json:"plan_hash" example:"7d793037a0760186" doc:"方案规定、口径与参数的摘要 · of the scenario's policy, answers and parameters"`
	Confidence  string      `json:"confidence" enum:"verified,secondary,unverified" example:"secondary"`
	Caveat      i18n.Text   `json:"caveat" doc:"没有估计的 · what is not modelled"`
	Differences []otherwise `json:"differences" nullable:"false"`
	BeforeAfter
	Gain        int       `json:"gain" example:"0" doc:"必得增加的家数 · enterprises that get more for sure"`
	Lose        int       `json:"lose" example:"1"`
	Gained      string    `json:"gained" example:"0.00"`
	Lost        string    `json:"lost" example:"182000.00"`
	PerhapsMore int       `json:"perhaps_more" example:"0" doc:"必得不变、可能增加的家数 · of which only what is possible rises"`
	PerhapsLess int       `json:"perhaps_less" example:"1"`
	Clauses     breakdown `json:"by_clause"`
	Years       breakdown `json:"by_year"`
	Areas       breakdown `json:"by_area"`
	Sizes       breakdown `json:"by_size"`
	Trades      breakdown `json:"by_trade" doc:"按行业大类 · by division of the industry"`
	Stages      []stage   `json:"stages" nullable:"false" doc:"方案的名额与资金池，逐年；只对看得到全区的 · quotas and pools of the scenario, year by year; for who sees the whole region"`
	Survey      *Survey   `json:"survey,omitempty" doc:"命令行 --near 才有 · only on the command line, with --near"`
	Found       *Found    `json:"found,omitempty" doc:"命令行 --find 才有 · only on the command line, with --find"`
	Preview     *Unasked  `json:"preview,omitempty" doc:"命令行 --preview 才有 · only on the command line, with --preview"`
	AsOf        asOf      `json:"as_of"`
}

// OutcomeOf is an outcome in the words of the API.
func OutcomeOf(o *lab.Outcome) *Outcome {
	e := o.Effect
	out := &Outcome{
		Scenario: scenarioOf(o.Scenario), Hash: o.Scenario.Hash(), Law: o.Law.Hash, Plan: o.Plan.Hash,
		Confidence: o.Plan.Policy.File.Document.Confidence, Caveat: both(lab.Caveat), Differences: []otherwise{}, Stages: []stage{},
		BeforeAfter: BeforeAfter{sumOf(e.Before), sumOf(e.After)}, Gain: e.Gain, Lose: e.Lose, Gained: e.Gained.String(), Lost: e.Lost.String(),
		PerhapsMore: o.Perhaps.More, PerhapsLess: o.Perhaps.Less,
		Clauses: breakdownOf(o.ByClause()), Years: breakdownOf(o.ByYear()), Areas: breakdownOf(o.ByArea()), Sizes: breakdownOf(o.BySize()),
		Trades: breakdownOf(o.ByTrade(content.Division)), AsOf: asOf{o.Seq, o.AsOf.String()},
	}
	for _, d := range o.Differences() {
		out.Differences = append(out.Differences, otherwiseOf(d))
	}
	for _, x := range o.Factors() {
		out.Stages = append(out.Stages, stageOf(x))
	}
	return out
}
