package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/selection"
)

// codeName is a code with what it stands for.
type codeName struct {
	Code string    `json:"code" example:"digital_craftsman"`
	Name i18n.Text `json:"name"`
}

// titleName is a title by its name.
func (s *server) titleName(code string) codeName {
	out := codeName{code, i18n.Text{ZH: code, EN: code}}
	list, _ := s.Library.CodeList("titles")
	if e, ok := list.Entry(code); ok {
		out.Name = e.Name
	}
	return out
}

// SelectionHead is a round of a selection (评选) as lists show it.
type SelectionHead struct {
	ID         int64     `json:"id" example:"402"`
	Name       i18n.Text `json:"name"`
	Scheme     string    `json:"scheme" example:"digital_craftsman"`
	Title      codeName  `json:"title" doc:"授予的称号 · the title that is given"`
	Of         string    `json:"of" enum:"enterprise,person" example:"person" doc:"评选企业，或企业的人 · enterprises are selected, or people of theirs"`
	Year       int       `json:"year" example:"2024"`
	Area       *Node     `json:"area,omitempty"`
	State      string    `json:"state" enum:"nominating,judging,ranked,notice,decided" example:"nominating" doc:"nominating 推荐，judging 评审，ranked 已排名（只有主管部门看得到），notice 公示，decided 已公布 · ranked is told to the office in charge alone; others see judging until the notice"`
	Open       bool      `json:"open" example:"true" doc:"今天接受推荐 · nominations are taken today"`
	Closes     string    `json:"closes" format:"date" example:"2024-11-07" doc:"推荐截止日，含当天 · the last day of nominations, itself included"`
	Quota      int       `json:"quota" example:"20"`
	PerCounty  int       `json:"per_county,omitempty" example:"6" doc:"每县推荐上限；没有则不限 · nominations of one county at most; none for any number"`
	Commitment string    `json:"commitment" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"种子的校验值 · the commitment to the seed, see get_selection_draw"`
	Opened     string    `json:"opened" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Drawn      string    `json:"drawn,omitempty" format:"date-time" example:"2024-11-08T09:00:00+08:00"`
	Ranked     string    `json:"ranked,omitempty" format:"date-time" example:"2024-11-12T09:00:00+08:00"`
	Decided    string    `json:"decided,omitempty" format:"date-time" example:"2024-11-27T09:00:00+08:00"`
	Document   string    `json:"document,omitempty" example:"演示〔2024〕1号" doc:"公布的文号 · number of the document that decided"`
	Case       int64     `json:"case,omitempty" example:"401" doc:"这一轮的事项，用 act_case 推进；只有主管部门看得到 · the case of the round, which act_case moves; the office in charge alone sees it"`
}

// selected is a round with what it runs under.
type selected struct {
	selection.Round
	scheme *selection.Scheme
	rubric *rubric.Rubric
	office bool // the asker sees the round's area
}

// noticed says that the public notice of the round was made.
func (x selected) noticed() bool { return x.State == selection.Noticed || x.State == selection.Decided }

// roundName is a round as people call it.
func roundName(r selection.Round, scheme *selection.Scheme) i18n.Text {
	return both(i18n.M("selectionpage.round_name", r.Year, scheme.Name))
}

func (s *server) selectedRound(ctx context.Context, c *caller, id int64) (selected, error) {
	r, err := s.Selections.Round(ctx, c.scope, id)
	if err != nil {
		return selected{}, err
	}
	return s.selectedOf(ctx, c, r)
}

func (s *server) selectedOf(ctx context.Context, c *caller, r selection.Round) (selected, error) {
	out := selected{Round: r, office: c.scope.Sees(access.ReadCase, r.Area, 0)}
	var err error
	out.scheme, out.rubric, err = s.Selections.Definition(ctx, r)
	return out, err
}

func (s *server) selectionHead(x selected) SelectionHead {
	out := SelectionHead{
		ID: x.ID, Name: roundName(x.Round, x.scheme), Scheme: x.Scheme, Title: s.titleName(x.scheme.Title), Of: x.scheme.Of, Year: x.Year,
		Area: nodeOf(s.Library.Areas(), x.Area), State: string(x.State), Open: x.Open(s.Clock.Today()), Closes: x.Closes.String(), Quota: x.Quota, PerCounty: x.PerCounty,
		Commitment: x.Commitment, Opened: instant(x.OpenedAt), Drawn: instant(x.DrawnAt), Ranked: instant(x.RankedAt), Decided: instant(x.DecidedAt), Document: x.Document,
	}
	if x.office {
		out.Case = x.Case
	}
	return out
}

type selectionsOut struct {
	Body struct {
		Items []SelectionHead `json:"items" nullable:"false" doc:"年度新的在前 · the newest year first"`
	}
}

func (s *server) listSelections(ctx context.Context, c *caller, _ *struct{}) (*selectionsOut, error) {
	all, err := s.Selections.Rounds(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	out := &selectionsOut{}
	out.Body.Items = []SelectionHead{}
	for _, r := range all {
		x, err := s.selectedOf(ctx, c, r)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, s.selectionHead(x))
	}
	return out, nil
}

// SchemeCondition is a condition of a scheme.
type SchemeCondition struct {
	ID   string    `json:"id" example:"honest"`
	Text i18n.Text `json:"text"`
	Cite string    `json:"cite,omitempty" example:"三（二）"`
}

// schemeField is a field of the form that a nomination fills in.
type schemeField struct {
	Name  string    `json:"name" example:"achievements"`
	Label i18n.Text `json:"label"`
	Shown bool      `json:"shown" example:"true" doc:"专家看得到 · experts read it"`
}

// schemeSheet is how a round selects, as it was pinned when the round opened.
type schemeSheet struct {
	SHA256     string            `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Name       i18n.Text         `json:"name"`
	Source     string            `json:"source" example:"盐政办发〔2022〕6号"`
	Confidence string            `json:"confidence" enum:"verified,secondary,unverified" example:"unverified"`
	Nominate   []string          `json:"nominate" nullable:"false" example:"[\"enterprise\",\"county\"]" doc:"谁可以推荐：enterprise 企业自荐，county 县级推荐 · who nominates"`
	Conditions []SchemeCondition `json:"conditions" nullable:"false"`
	Form       string            `json:"form" example:"selection_nomination" doc:"推荐表，见 get_form · the form of a nomination, see get_form"`
	Fields     []schemeField     `json:"fields" nullable:"false"`
	Rubric     rubricSheet       `json:"rubric"`
	Panel      int               `json:"panel" example:"3" doc:"每件的专家人数 · experts who judge each nomination"`
	Elsewhere  bool              `json:"elsewhere" example:"true" doc:"专家须来自别的县 · experts come from another county"`
	Ties       []string          `json:"ties" nullable:"false" example:"[\"item:skill\",\"earlier\",\"lot\"]" doc:"同分时依次比较 · what tells equal totals apart, in order"`
	Waiting    int               `json:"waiting" example:"5" doc:"候补名额 · places on the waiting list"`
	Notice     int               `json:"notice_days" example:"5" doc:"公示的工作日 · working days of the notice"`
	Years      int               `json:"years,omitempty" example:"3" doc:"称号有效年数；没有则长期 · years that the title holds; none for no end"`
}

func schemeOf(x selected) schemeSheet {
	f := x.scheme.SchemeFile
	out := schemeSheet{
		SHA256: x.scheme.Hash, Name: f.Name, Source: f.Source, Confidence: f.Confidence, Nominate: f.Nominate, Conditions: []SchemeCondition{}, Form: f.Form, Fields: []schemeField{},
		Rubric: rubricOf(x.rubric), Panel: f.Panel, Elsewhere: f.Elsewhere, Ties: []string{}, Waiting: f.Waiting, Notice: f.Notice, Years: f.Years,
	}
	for _, k := range f.Eligible {
		out.Conditions = append(out.Conditions, SchemeCondition{k.ID, k.Text, k.Cite})
	}
	for _, name := range f.Shown {
		out.Fields = append(out.Fields, schemeField{name, x.scheme.Label(name), true})
	}
	for _, name := range f.Hidden {
		out.Fields = append(out.Fields, schemeField{name, x.scheme.Label(name), false})
	}
	for _, rule := range f.Ties {
		out.Ties = append(out.Ties, string(rule))
	}
	return out
}

// inNotice is who stands in the public notice of a round.
type inNotice struct {
	Enterprise string `json:"enterprise" example:"盐城亭湖甲机械有限公司"`
	Person     string `json:"person,omitempty" example:"演示人员 41"`
	County     *Node  `json:"county,omitempty"`
	Since      string `json:"since" format:"date" example:"2024-11-11"`
	Ends       string `json:"ends" format:"date" example:"2024-11-18" doc:"公示的最后一天 · the last day of the notice"`
}

// judgedSoFar is how far the judging of a round is.
type judgedSoFar struct {
	Seats int `json:"seats" example:"9"`
	Given int `json:"given" example:"4"`
	Empty int `json:"empty" example:"0" doc:"还没有专家的席位 · seats that nobody holds"`
}

// SelectionID names a round of a selection.
type SelectionID struct {
	ID int64 `path:"id" minimum:"1" example:"402"`
}

type selectionOut struct {
	Body struct {
		SelectionHead
		Rules    schemeSheet  `json:"rules"`
		Notice   []inNotice   `json:"notice" nullable:"false" doc:"公示名单，按名称排列，没有名次和分数；公示前为空 · who stands in the notice, by name, without places or points; empty before"`
		Progress *judgedSoFar `json:"progress,omitempty" doc:"评审进度；抽取以后，只有主管部门看得到 · from the draw on, for the office in charge"`
	}
}

func (s *server) getSelection(ctx context.Context, c *caller, in *SelectionID) (*selectionOut, error) {
	x, err := s.selectedRound(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	out := &selectionOut{}
	b := &out.Body
	b.SelectionHead, b.Rules, b.Notice = s.selectionHead(x), schemeOf(x), []inNotice{}
	if x.office && x.DrawnAt != 0 {
		p, err := s.Selections.Progress(ctx, c.scope, x.ID)
		if err != nil {
			return nil, err
		}
		b.Progress = &judgedSoFar{p.Seats, p.Given, p.Empty}
	}
	if !x.noticed() {
		return out, nil
	}
	all, err := s.Selections.Notice(ctx, x.ID)
	for _, p := range all {
		last, _ := s.Selections.NoticeEnds(x.scheme, p.Since)
		b.Notice = append(b.Notice, inNotice{p.Enterprise, p.Person, nodeOf(s.Library.Areas(), p.County), p.Since.String(), last.String()})
	}
	return out, err
}

// markOf is how a condition stood when a nomination was handed in.
type markOf struct {
	ID    string `json:"id" example:"honest"`
	State string `json:"state" enum:"met,not_met,unknown" example:"met"`
}

// nominated is a nomination in a round.
type nominated struct {
	ID         int64    `json:"id,omitempty" example:"405" doc:"抽签所用的编号；公示前只有主管部门看得到 · the record that lots are drawn of; until the notice the office in charge alone sees it"`
	Case       int64    `json:"case,omitempty" example:"404" doc:"推荐的事项 · its case"`
	Enterprise *Firm    `json:"enterprise,omitempty"`
	Person     string   `json:"person,omitempty" example:"演示人员 41"`
	By         string   `json:"by" enum:"enterprise,county" example:"enterprise" doc:"企业自荐，或县级推荐 · who nominated"`
	County     *Node    `json:"county,omitempty"`
	At         string   `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00" doc:"最后一次提交 · when it was handed in, the last time"`
	State      string   `json:"state" enum:"submitted,returned,accepted" example:"submitted"`
	Conditions []markOf `json:"conditions" nullable:"false" doc:"提交时各条件的情况 · how the conditions stood when it was handed in"`
	Number     int      `json:"number,omitempty" example:"2" doc:"专家所知的编号；只有主管部门看得到 · what experts know it by; the office in charge alone sees it"`
	Out        *outOf   `json:"out,omitempty" doc:"已退出 · it is out"`
}

// outOf is why a nomination is out.
type outOf struct {
	At     string `json:"at" format:"date-time" example:"2024-11-19T09:00:00+08:00"`
	Why    string `json:"why" enum:"withdrew,refused,not_done,objection,recheck" example:"objection"`
	Reason string `json:"reason,omitempty" example:"核查属实（演示）"`
}

// nominated tells a nominee neither number nor record while experts judge: with the seed, the one gives the other.
func (s *server) nominated(m moment, x selected, n selection.Nomination) nominated {
	out := nominated{
		Case: n.Case, Enterprise: s.firmOfCase(m, n.Party), Person: n.Item, By: n.By, County: nodeOf(s.Library.Areas(), n.County), At: instant(n.At),
		State: string(n.State), Conditions: []markOf{},
	}
	for _, k := range n.Checks {
		out.Conditions = append(out.Conditions, markOf{k.ID, string(k.State)})
	}
	if x.office || x.noticed() {
		out.ID = n.ID
	}
	if x.office {
		out.Number = n.Number
	}
	if n.OutAt != 0 {
		out.Out = &outOf{instant(n.OutAt), string(n.OutWhy), n.Reason}
	}
	return out
}

type nominatedOut struct {
	Body struct {
		Items []nominated `json:"items" nullable:"false" doc:"先提交的在前 · by when they came"`
	}
}

// listNominations is the nominations of a round that the asker may see: offices those of their area, a firm its own.
func (s *server) listNominations(ctx context.Context, c *caller, in *SelectionID) (*nominatedOut, error) {
	x, err := s.selectedRound(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	all, err := s.Selections.Nominations(ctx, c.scope, x.ID)
	out := &nominatedOut{}
	out.Body.Items = []nominated{}
	for _, n := range all {
		out.Body.Items = append(out.Body.Items, s.nominated(m, x, n))
	}
	return out, err
}

// tieOf is why a nomination stands before the next one of the same total.
type tieOf struct {
	With  int64  `json:"with" example:"406" doc:"排在后面的那件推荐 · the nomination behind it"`
	Rule  string `json:"rule" example:"item:skill" doc:"item:评分项 比均分，earlier 比提交先后，lot 比抽签 · the mean of an item, who came earlier, or the lot"`
	Mine  string `json:"mine" example:"38"`
	Their string `json:"their" example:"36"`
}

// resultOf is a nomination in its place.
type resultOf struct {
	Rank       int               `json:"rank" example:"1"`
	Nomination int64             `json:"nomination" example:"405"`
	Case       int64             `json:"case,omitempty" example:"404"`
	Enterprise *Firm             `json:"enterprise,omitempty"`
	Person     string            `json:"person,omitempty" example:"演示人员 42"`
	County     *Node             `json:"county,omitempty"`
	Means      map[string]string `json:"means" example:"{\"skill\":\"38\"}" doc:"各评分项的均分，精确值 · the mean of each item, exact"`
	Exact      string            `json:"exact" example:"88" doc:"取整前的总分 · the total before it was rounded"`
	Total      string            `json:"total" example:"88"`
	Standing   string            `json:"standing" enum:"chosen,waiting,beyond,below,out" example:"chosen" doc:"chosen 入选，waiting 候补，beyond 未入选，below 不够分，out 已退出"`
	Waits      int               `json:"waits,omitempty" example:"1" doc:"候补的次序 · its place on the waiting list"`
	MovedUp    bool              `json:"moved_up" example:"false" doc:"因前面有人退出而入选 · chosen because somebody before it is out"`
	Noticed    string            `json:"noticed,omitempty" format:"date" example:"2024-11-11" doc:"公示从哪一天开始 · the day on which its notice began"`
	Objected   bool              `json:"objected" example:"false" doc:"有异议正在处理 · an objection is open"`
	Out        *outOf            `json:"out,omitempty"`
	Tie        *tieOf            `json:"tie,omitempty" doc:"与后一件同分；看不到另一件的没有 · equal to the next one; none where that one is not yours to see"`
}

type rankingOut struct {
	Body struct {
		Items []resultOf `json:"items" nullable:"false" doc:"按名次；主管部门排名后即见全部，其他人从公示起只见自己看得到的 · by place; the office in charge sees all of it once it is made, others from the notice on what they may see"`
	}
}

// listResults is the ranking of a round with the waiting list, as far as the asker may see it.
func (s *server) listResults(ctx context.Context, c *caller, in *SelectionID) (*rankingOut, error) {
	x, err := s.selectedRound(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	all, err := s.Selections.Results(ctx, c.scope, x.ID)
	if err != nil {
		return nil, err
	}
	byKey := map[string]int64{}
	for _, o := range all {
		byKey[o.Key] = o.Nomination.ID
	}
	out := &rankingOut{}
	out.Body.Items = []resultOf{}
	for _, o := range all {
		n := s.nominated(m, x, o.Nomination)
		row := resultOf{
			Rank: o.Rank, Nomination: n.ID, Case: n.Case, Enterprise: n.Enterprise, Person: n.Person, County: n.County, Means: map[string]string{},
			Exact: selection.ShowMean(o.Score.Exact), Total: o.Score.Total.String(), Standing: string(o.Standing), Waits: o.Waits, MovedUp: o.MovedUp, Objected: o.Objected != 0, Out: n.Out,
		}
		for item, mean := range o.Score.Items {
			row.Means[item] = selection.ShowMean(mean)
		}
		if o.Noticed != 0 {
			row.Noticed = o.Noticed.String()
		}
		if o.Tie != nil {
			row.Tie = &tieOf{byKey[o.Tie.With], string(o.Tie.Rule), o.Tie.Mine, o.Tie.Their}
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

// drawnLot is a record that took part in a draw.
type drawnLot struct {
	Record int64  `json:"record" example:"405"`
	Number int64  `json:"number" example:"1" doc:"推荐：专家所知的编号；专家：抽签的次序 · of a nomination, what experts know it by; of an expert, the order of the lots"`
	Lot    string `json:"lot" example:"03c1f3b1a5d1f7f3a9c8b0a0c8d0d5e2b9d2a7c6e1f0a4b3c2d1e0f9a8b7c6d5"`
}

func drawnLots(all []selection.DrawnLot) []drawnLot {
	out := []drawnLot{}
	for _, x := range all {
		out = append(out, drawnLot(x))
	}
	return out
}

type drawOut struct {
	Body struct {
		Commitment  string     `json:"commitment" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"种子的 SHA-256，推荐开始时公开 · SHA-256 of the seed, public since the round opened"`
		Seed        string     `json:"seed,omitempty" example:"7c6e1f0a4b3c2d1e" doc:"抽取以后公开 · public from the draw on"`
		Roll        string     `json:"roll,omitempty" example:"5d1f7f3a9c8b0a0c" doc:"名册值：参加抽签的推荐和专家的摘要 · digest of the nominations and experts that took part"`
		Listed      bool       `json:"listed" example:"true" doc:"名单已公开给你：主管部门抽取后即见，其他人从公示起 · the lists are told: to the office in charge from the draw on, to everybody from the notice on"`
		Sound       *bool      `json:"sound,omitempty" example:"true" doc:"种子与校验值一致，名册值与名单一致 · the seed is the one committed to, and the roll that of the lists"`
		Nominations []drawnLot `json:"nominations" nullable:"false"`
		Experts     []drawnLot `json:"experts" nullable:"false"`
	}
}

// getDraw is all that is needed to draw the lots of a round again.
func (s *server) getDraw(ctx context.Context, c *caller, in *SelectionID) (*drawOut, error) {
	r, err := s.Selections.Round(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	drawn, err := s.Selections.Drawn(ctx, c.scope, r.ID)
	if err != nil {
		return nil, err
	}
	out := &drawOut{}
	b := &out.Body
	b.Commitment, b.Seed, b.Roll, b.Listed = r.Commitment, r.Seed, r.Roll, len(drawn.Nominations) > 0
	nominations, experts := drawn.Lots(r)
	b.Nominations, b.Experts = drawnLots(nominations), drawnLots(experts)
	if b.Listed {
		b.Sound = ptr(drawn.Sound(r))
	}
	return out, nil
}

// seatOf is who judges what.
type seatOf struct {
	Nomination int64             `json:"nomination" example:"405"`
	Number     int               `json:"number" example:"1"`
	Expert     string            `json:"expert" example:"演示人员 01"`
	Record     int64             `json:"record" example:"398" doc:"专家在抽签中的编号 · the expert in the draw"`
	Since      string            `json:"since" format:"date-time" example:"2024-11-08T09:00:00+08:00"`
	Ended      string            `json:"ended,omitempty" format:"date-time" example:"2024-11-09T09:00:00+08:00" doc:"此后不再算数 · since when it does not count"`
	Given      bool              `json:"given" example:"true"`
	Sheet      map[string]string `json:"sheet,omitempty" example:"{\"skill\":\"38\"}" doc:"排名以后才有 · from the ranking on"`
	Remark     string            `json:"remark,omitempty" example:"依据充分（演示）"`
}

type seatsOut struct {
	Body struct {
		Items []seatOf `json:"items" nullable:"false"`
	}
}

// listSeats is who judges what, for the office in charge; what was given only from the ranking on.
func (s *server) listSeats(ctx context.Context, c *caller, in *SelectionID) (*seatsOut, error) {
	all, err := s.Selections.Seats(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &seatsOut{}
	out.Body.Items = []seatOf{}
	for _, x := range all {
		row := seatOf{
			Nomination: x.Nomination, Number: x.Number, Expert: x.Label, Record: x.Expert, Since: instant(x.At), Ended: instant(x.Ended), Given: x.Given, Remark: x.Remark,
		}
		if x.Sheet != nil {
			row.Sheet = pointsOf(x.Sheet)
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

// lackingFact is a fact that nobody stated.
type lackingFact struct {
	Def    string     `json:"def" example:"ent.blacklisted"`
	Name   *i18n.Text `json:"name,omitempty"`
	Period string     `json:"period,omitempty" example:"2023"`
}

// standing is a condition as it stands for an enterprise.
type standing struct {
	SchemeCondition
	State   string        `json:"state" enum:"met,not_met,unknown" example:"met"`
	Why     *i18n.Text    `json:"why,omitempty" doc:"不符合的比较结果 · what was compared, where it is not met"`
	Missing []lackingFact `json:"missing" nullable:"false" doc:"缺的数据 · the facts for want of which it is not known"`
}

func (s *server) standings(checks []selection.Check) []standing {
	out := []standing{}
	for _, k := range checks {
		row := standing{SchemeCondition: SchemeCondition{k.ID, k.Text, k.Cite}, State: string(k.State), Missing: s.lacking(k.Missing)}
		if k.Why.Key != "" {
			row.Why = ptr(both(k.Why))
		}
		out = append(out, row)
	}
	return out
}

type nomineeOut struct {
	Body struct {
		May        bool       `json:"may" example:"true" doc:"你可以推荐它 · you may nominate it"`
		Open       bool       `json:"open" example:"true" doc:"今天接受推荐 · nominations are taken today"`
		Worst      string     `json:"worst" enum:"met,not_met,unknown" example:"met" doc:"各条件合起来 · what the conditions come to together"`
		Conditions []standing `json:"conditions" nullable:"false"`
		Cases      []int64    `json:"cases" nullable:"false" example:"[404]" doc:"这一轮里未结束的推荐 · nominations of it in the round that have not ended"`
	}
}

// checkNomination is how an enterprise stands to a round.
func (s *server) checkNomination(ctx context.Context, c *caller, in *struct {
	SelectionID
	Enterprise int64 `path:"enterprise" minimum:"1" example:"17"`
},
) (*nomineeOut, error) {
	r, err := s.Selections.Round(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	x, err := s.Selections.Candidate(ctx, c.scope, s.Cases, r, in.Enterprise)
	if err != nil {
		return nil, err
	}
	out := &nomineeOut{}
	b := &out.Body
	b.May, b.Open, b.Worst, b.Conditions, b.Cases = x.May, r.Open(s.Clock.Today()), string(selection.Worst(x.Checks)), s.standings(x.Checks), caseIDs(x.Open)
	return out, nil
}

func caseIDs(all []casework.Case) []int64 {
	out := []int64{}
	for _, x := range all {
		out = append(out, x.ID)
	}
	return out
}

// nominate opens the case of a nomination; one that was begun is told.
func (s *server) nominate(ctx context.Context, c *caller, in *struct {
	SelectionID
	Body struct {
		Enterprise int64 `json:"enterprise" minimum:"1" example:"17"`
	}
},
) (*applyOut, error) {
	r, err := s.Selections.Round(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	made, begun, err := s.Selections.Begin(ctx, c.scope, s.Cases, r, in.Body.Enterprise)
	out := &applyOut{}
	out.Body.ID, out.Body.Begun = made.ID, begun
	return out, err
}

func (s *server) registerSelections() {
	open, read := access.Need{Public: true}, access.Need{Action: access.ReadCase}
	office := access.Need{Action: access.ReadCase, Area: true}
	const list, one = "/selections", "/selections/{id}"
	handle(s, operation{id: "list_selections", tag: "selections", method: http.MethodGet, path: list, need: open}, s.listSelections)
	handle(s, operation{id: "get_selection", tag: "selections", method: http.MethodGet, path: one, need: open}, s.getSelection)
	handle(s, operation{id: "get_selection_draw", tag: "selections", method: http.MethodGet, path: one + "/draw", need: open}, s.getDraw)
	handle(s, operation{id: "list_selection_results", tag: "selections", method: http.MethodGet, path: one + "/results", need: read}, s.listResults)
	handle(s, operation{id: "list_nominations", tag: "selections", method: http.MethodGet, path: one + "/nominations", need: read}, s.listNominations)
	handle(s, operation{id: "list_selection_seats", tag: "selections", method: http.MethodGet, path: one + "/seats", need: office}, s.listSeats)
	handle(s, operation{id: "check_nomination", tag: "selections", method: http.MethodGet, path: one + "/nominees/{enterprise}", need: access.Need{Action: access.ReadFact}}, s.checkNomination)
	handle(s, operation{id: "nominate", tag: "selections", method: http.MethodPost, path: one + "/nominations", need: read, status: http.StatusCreated, once: true}, s.nominate)
	s.registerJudging()
	s.registerTitles()
	s.registerExperts()
	s.registerLadders()
	s.registerChains()
	s.registerAssess()
	s.registerIndicators()
	s.registerOperations()
	s.registerAssessRounds()
	s.registerProducts()
	s.registerCredit()
	s.registerLoanLists()
	s.registerMeetings()
	s.registerDiagnoses()
	s.registerFlags()
	s.registerBulletins()
	s.registerTargets()
}
