package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/flag"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// FlagQuery chooses red flags.
type FlagQuery struct {
	Kind     string `query:"kind" enum:"shared_phone,shared_address,shared_legal_person,split_project,just_above_mark,reused_invoice,closed_payee,related_seller" example:"just_above_mark" doc:"不填为全部 · all kinds where it is left out"`
	Standing string `query:"standing" enum:"new,joined,review,settled" example:"new" doc:"未核查、核查后有新成员、核查中、已核查 · not looked into, joined by others since, under review, settled"`
}

type flagRow struct {
	Enterprise int64  `json:"enterprise" example:"17"`
	Name       string `json:"name,omitempty" example:"盐城亭湖甲机械有限公司" doc:"企业名称 · name of the enterprise"`
	Case       int64  `json:"case,omitempty" example:"401"`
	Subject    int64  `json:"subject,omitempty" example:"23" doc:"项目 · the project"`
	About      string `json:"about,omitempty" example:"数字车间" doc:"申报的项目、事项或费用 · what was applied for or bought"`
	Year       int    `json:"year,omitempty" example:"2024"`
	Amount     string `json:"amount,omitempty" example:"5050000.00" doc:"元 · in yuan"`
}

type flagMark struct {
	Amount string `json:"amount" example:"5000000.00" doc:"元 · in yuan"`
	Policy string `json:"policy" example:"yancheng-2022-6"`
	Cite   string `json:"cite" example:"四(三)"`
	Fact   string `json:"fact" example:"project.effective_input"`
}

type flagKind struct {
	Code       string    `json:"code" example:"just_above_mark"`
	Name       i18n.Text `json:"name"`
	Finds      i18n.Text `json:"finds"`
	Why        i18n.Text `json:"why"`
	Source     string    `json:"source" example:"我们的规则"`
	Cite       string    `json:"cite,omitempty" example:"四(三)"`
	Confidence string    `json:"confidence" enum:"verified,secondary,unverified" example:"unverified"`
}

type redFlag struct {
	Kind     string    `json:"kind" example:"just_above_mark"`
	Key      string    `json:"key" example:"5f0c8a3be1d24c7796a1b2c3" doc:"用 open_flag 立项时给出；成员不变则不变 · what open_flag takes; the same for the same members"`
	Standing string    `json:"standing" enum:"new,joined,review,settled" example:"review"`
	Review   int64     `json:"review,omitempty" example:"912" doc:"核查办件；没有或不在本人范围内则不给 · the case of its review, where there is one that the account sees"`
	Outcome  string    `json:"outcome,omitempty" enum:"no_matter,explained,irregular" example:"explained"`
	Changed  bool      `json:"changed,omitempty" example:"false" doc:"立项后各行有变化 · its rows are no longer those that were frozen"`
	What     i18n.Text `json:"what" doc:"相同或触及的内容 · what raises the flag"`
	Mark     *flagMark `json:"mark,omitempty" doc:"政策的门槛 · the mark of a policy"`
	Sum      string    `json:"sum,omitempty" example:"5050000.00" doc:"与门槛比较的金额，元 · what is held against the mark, in yuan"`
	Rows     []flagRow `json:"rows" nullable:"false"`
}

type flagsIn struct {
	FlagQuery
	Paging
}

type flagsOut struct {
	Body struct {
		Kinds []flagKind `json:"kinds" nullable:"false" doc:"找什么、为什么 · what is looked for, and why"`
		Items []redFlag  `json:"items" nullable:"false"`
		Total int        `json:"total" example:"4"`
		Next  string     `json:"next,omitempty" example:"eyJjIjo0Miwi"`
		AsOf  asOf       `json:"as_of"`
	}
}

// listFlags is the red flags in what the caller may see. Whose telephone or legal representative it tells is recorded.
func (s *server) listFlags(ctx context.Context, c *caller, in *flagsIn) (*flagsOut, error) {
	at, err := in.open(c, c.listName("list_flags", in.FlagQuery))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, at.pick(Knowledge{}))
	if err != nil {
		return nil, err
	}
	list, err := s.Flags.Find(ctx, m.View, flag.Query{Kind: in.Kind, Standing: flag.Standing(in.Standing)})
	if err != nil {
		return nil, err
	}
	out := &flagsOut{}
	b := &out.Body
	b.Kinds, b.Items = []flagKind{}, []redFlag{}
	b.Total, b.AsOf, b.Next = list.Total(), m.asOf(), at.next(m, at.From+in.Limit, list.Total())
	for _, k := range s.Flags.Set.Kinds() {
		if in.Kind == "" || in.Kind == k.Kind {
			b.Kinds = append(b.Kinds, flagKind{k.Kind, k.Name, k.Finds, k.Why, k.Source, k.Cite, k.Confidence})
		}
	}
	for _, f := range list.Page(at.From, at.From+in.Limit) {
		b.Items = append(b.Items, redFlagOf(m, f))
	}
	return out, nil
}

func redFlagOf(m moment, f flag.Flag) redFlag {
	out := redFlag{
		Kind: f.Kind, Key: f.Key(), Standing: string(f.Status.Standing), Review: f.Status.Case, Outcome: string(f.Status.Outcome), Changed: f.Status.Changed,
		What: both(f.Msg()), Rows: []flagRow{},
	}
	if f.Mark.Amount != 0 {
		out.Mark, out.Sum = &flagMark{f.Mark.Amount.String(), f.Mark.Policy, f.Mark.Cite, f.Mark.Fact}, f.Sum.String()
	}
	for _, r := range f.Rows {
		out.Rows = append(out.Rows, flagRowOf(m, r))
	}
	return out
}

func flagRowOf(m moment, r flag.Row) flagRow {
	row := flagRow{Enterprise: r.Firm, Case: r.Case, Subject: r.Subject, About: r.Name, Year: r.Year}
	if e, ok := m.Enterprise(r.Firm); ok {
		row.Name = e.Name
	}
	if r.Amount != 0 {
		row.Amount = r.Amount.String()
	}
	return row
}

type outcomes struct {
	NoMatter  int `json:"no_matter" example:"1"`
	Explained int `json:"explained" example:"2"`
	Irregular int `json:"irregular" example:"0"`
}

func outcomesOf(by map[flag.Outcome]int) outcomes {
	return outcomes{by[flag.NoMatter], by[flag.Explained], by[flag.Irregular]}
}

type flagSum struct {
	Kind    string   `json:"kind" example:"shared_phone"`
	Found   int      `json:"found" example:"4" doc:"现有线索 · that there are now"`
	Fresh   int      `json:"fresh" example:"2" doc:"其中未核查或核查后有新成员的 · of these, not looked into, or joined by others since"`
	Review  int      `json:"review" example:"1" doc:"核查中 · reviews under way"`
	Settled outcomes `json:"settled"`
}

type flagMonth struct {
	Month   string   `json:"month" example:"2024-10"`
	Opened  int      `json:"opened" example:"3"`
	Settled outcomes `json:"settled"`
}

type flagSums struct {
	Body struct {
		Kinds  []flagSum   `json:"kinds" nullable:"false"`
		Months []flagMonth `json:"months" nullable:"false" doc:"最近的在前 · the newest first"`
		AsOf   asOf        `json:"as_of"`
	}
}

// sumFlags is what was found and what became of it.
func (s *server) sumFlags(ctx context.Context, c *caller, _ *struct{}) (*flagSums, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	list, err := s.Flags.Find(ctx, m.View, flag.Query{})
	if err != nil {
		return nil, err
	}
	sums, months := list.Figures()
	out := &flagSums{}
	b := &out.Body
	b.Kinds, b.Months, b.AsOf = []flagSum{}, []flagMonth{}, m.asOf()
	for _, x := range sums {
		b.Kinds = append(b.Kinds, flagSum{x.Kind, x.Found, x.Fresh, x.Reviewed, outcomesOf(x.Settled)})
	}
	for _, x := range months {
		b.Months = append(b.Months, flagMonth{x.Month, x.Opened, outcomesOf(x.Settled)})
	}
	return out, nil
}

// OpenFlagIn names a flag as list_flags tells it.
type OpenFlagIn struct {
	Body struct {
		Kind string `json:"kind" minLength:"1" maxLength:"64" example:"just_above_mark"`
		Key  string `json:"key" minLength:"1" maxLength:"64" example:"5f0c8a3be1d24c7796a1b2c3"`
	}
}

type openedFlag struct {
	Body struct {
		Case  int64 `json:"case" example:"912"`
		Begun bool  `json:"begun" example:"false" doc:"此前已立项 · it was opened before"`
	}
}

// openFlag opens a flag as a case.
func (s *server) openFlag(ctx context.Context, c *caller, in *OpenFlagIn) (*openedFlag, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	out := &openedFlag{}
	out.Body.Case, out.Body.Begun, err = s.Flags.Begin(ctx, c.scope, s.Cases, m.View, in.Body.Kind, in.Body.Key)
	return out, err
}

type reviewedRow struct {
	N    int      `json:"n" example:"1"`
	Then flagRow  `json:"then" doc:"立项时 · when it was opened"`
	Gone bool     `json:"gone,omitempty" example:"false" doc:"现在已找不到 · found no more"`
	Now  *flagRow `json:"now,omitempty" doc:"现在是另一种情况的 · what it is now, where that is something else"`
}

type flagQuestion struct {
	Case  int64  `json:"case" example:"915"`
	N     int    `json:"n" example:"1" doc:"关于哪一行 · about which row"`
	To    string `json:"to" enum:"firm,office" example:"firm"`
	State string `json:"state,omitempty" example:"asked"`
}

type flagMeasure struct {
	What  string `json:"what" enum:"return,correct,refer,other" example:"return"`
	Case  int64  `json:"case,omitempty" example:"401"`
	State string `json:"state,omitempty" example:"returning" doc:"那件申报现在的环节 · where that application stands"`
	Note  string `json:"note" example:"已责令退回"`
}

type flagReview struct {
	Body struct {
		Case      int64          `json:"case" example:"912"`
		Kind      string         `json:"kind" example:"just_above_mark"`
		Area      string         `json:"area" example:"320900"`
		Outcome   string         `json:"outcome,omitempty" enum:"no_matter,explained,irregular" example:"explained"`
		Rows      []reviewedRow  `json:"rows" nullable:"false" doc:"立项时的各行；所依据的数据见 get_case 的 frozen · the rows as they were; the facts behind them are frozen in get_case"`
		Joined    []flagRow      `json:"joined" nullable:"false" doc:"立项后新加入的 · that joined since"`
		Questions []flagQuestion `json:"questions" nullable:"false"`
		Measures  []flagMeasure  `json:"measures" nullable:"false"`
		AsOf      asOf           `json:"as_of"`
	}
}

// getFlagReview is a review with its rows as they were and as they are.
func (s *server) getFlagReview(ctx context.Context, c *caller, in *CaseIn) (*flagReview, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	d, err := s.Flags.Detail(ctx, c.scope, s.Cases, m.View, in.ID)
	if err != nil {
		return nil, err
	}
	out := &flagReview{}
	b := &out.Body
	b.Case, b.Kind, b.Area, b.Outcome, b.AsOf = d.Case, d.Kind, d.Area, string(d.Outcome), m.asOf()
	b.Rows, b.Joined, b.Questions, b.Measures = []reviewedRow{}, []flagRow{}, []flagQuestion{}, []flagMeasure{}
	for _, x := range d.Compared {
		row := reviewedRow{N: x.N, Then: flagRowOf(m, x.Row), Gone: x.Gone}
		if x.Changed() && !x.Gone {
			now := flagRowOf(m, x.Now)
			row.Now = &now
		}
		b.Rows = append(b.Rows, row)
	}
	for _, r := range d.Joined {
		b.Joined = append(b.Joined, flagRowOf(m, r))
	}
	for _, q := range d.Questions {
		b.Questions = append(b.Questions, flagQuestion{q.Case, q.N, q.To, q.State})
	}
	for _, x := range d.Measures {
		b.Measures = append(b.Measures, flagMeasure{x.What, x.Case, x.State, x.Note})
	}
	return out, nil
}

func (s *server) registerFlags() {
	may := access.Need{Action: access.ReadLog, Area: true}
	handle(s, operation{id: "list_flags", tag: "log", method: http.MethodGet, path: "/flags", need: may}, s.listFlags)
	handle(s, operation{id: "sum_flags", tag: "log", method: http.MethodGet, path: "/flags/figures", need: may}, s.sumFlags)
	handle(s, operation{id: "open_flag", tag: "log", method: http.MethodPost, path: "/flags/open", need: access.Need{Action: access.ReviewFlag, Area: true}}, s.openFlag)
	handle(s, operation{id: "get_flag_review", tag: "log", method: http.MethodGet, path: "/flags/reviews/{id}", need: may}, s.getFlagReview)
}
