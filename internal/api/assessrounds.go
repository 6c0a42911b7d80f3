package api

import (
	"context"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/assess/round"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// AssessmentRound is a yearly round of assessment (年度评测).
type AssessmentRound struct {
	ID        int64  `json:"id" example:"801"`
	Title     string `json:"title" example:"2024 年度数字化发展水平评测"`
	Model     string `json:"model" example:"sme_digital"`
	Edition   string `json:"edition" example:"2024"`
	SHA256    string `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"模型文件的哈希，开启时固定 · of the file of the model, pinned when it was opened"`
	Workflow  string `json:"workflow" example:"assessment_sme_digital" doc:"企业按哪个流程填报 · the workflow by which it is answered"`
	Area      string `json:"area" example:"320900"`
	Year      int    `json:"year" example:"2024"`
	Opens     string `json:"opens" format:"date" example:"2024-10-31" doc:"开始日 · the first day"`
	Closes    string `json:"closes" format:"date" example:"2024-11-29" doc:"截止日 · the last day"`
	Concerned string `json:"concerned" example:"ent.above_scale" doc:"评测对象的条件 · the condition of whom it concerns"`
	AskedYear int    `json:"asked_year" example:"2023" doc:"条件按哪一年的数据判断 · of whose facts it was asked"`
	Unclear   int    `json:"unclear" example:"3" doc:"因缺数据不能判断的企业数 · of how many it could not be told"`
	Remind    []int  `json:"remind" nullable:"false" example:"[10,3,0]" doc:"截止前几个工作日提醒 · working days before the last day on which reminders go out"`
	Before    int64  `json:"before,omitempty" example:"701" doc:"上一轮 · the round before"`
	Known     int64  `json:"known" example:"88" doc:"开启时已知到哪次提交 · the commit up to which facts were known when it was opened"`
	Closed    string `json:"closed,omitempty" format:"date" example:"2024-12-02" doc:"结束日期；进行中没有 · when it was closed; none while it runs"`
	ClosedAt  int64  `json:"closed_known,omitempty" example:"99" doc:"数字按到哪次提交为止 · the commit up to which its figures count"`
}

func assessmentRound(r round.Round) AssessmentRound {
	x := AssessmentRound{
		ID: r.ID, Title: r.Title, Model: r.Model, Edition: r.Edition, SHA256: r.Hash, Workflow: r.Workflow, Area: r.Area, Year: r.Year, Opens: r.Opens.String(), Closes: r.Closes.String(),
		Concerned: r.Concerned, AskedYear: r.AskedYear, Unclear: r.Unclear, Remind: append([]int{}, r.Remind...), Before: r.Before, Known: r.Seq,
	}
	if r.Closing != nil {
		x.Closed, x.ClosedAt = r.Closing.On.String(), r.Closing.Seq
	}
	return x
}

type assessmentRoundsOut struct {
	Body struct {
		Items []AssessmentRound `json:"items" nullable:"false" doc:"最晚截止的在前 · those that end last first"`
	}
}

func (s *server) listAssessmentRounds(ctx context.Context, c *caller, _ *struct{}) (*assessmentRoundsOut, error) {
	all, err := s.Rounds.Rounds(ctx, c.scope)
	out := &assessmentRoundsOut{}
	out.Body.Items = []AssessmentRound{}
	for _, r := range all {
		out.Body.Items = append(out.Body.Items, assessmentRound(r))
	}
	return out, err
}

type assessmentRoundOut struct{ Body AssessmentRound }

// openAssessmentRound opens a round, and tells the enterprises concerned.
func (s *server) openAssessmentRound(ctx context.Context, c *caller, in *struct {
	Body struct {
		Title     string `json:"title" maxLength:"400" example:"2024 年度数字化发展水平评测"`
		Model     string `json:"model" maxLength:"80" example:"sme_digital"`
		Edition   string `json:"edition" maxLength:"40" example:"2024"`
		Area      string `json:"area" maxLength:"64" example:"320900"`
		Year      int    `json:"year" minimum:"2000" maximum:"2100" example:"2024"`
		Opens     string `json:"opens" format:"date" example:"2024-10-31"`
		Closes    string `json:"closes" format:"date" example:"2024-11-29"`
		Concerned string `json:"concerned,omitempty" maxLength:"4000" example:"ent.above_scale" doc:"没有则规上企业 · above scale where it is left out"`
		Remind    []int  `json:"remind,omitempty" maxItems:"5" nullable:"false" example:"[10,3,0]"`
	}
},
) (*assessmentRoundOut, error) {
	b := &in.Body
	n := round.NewRound{Title: b.Title, Model: b.Model, Edition: b.Edition, Area: b.Area, Year: b.Year, Concerned: b.Concerned, Remind: b.Remind}
	var err error
	if n.Opens, err = period.ParseDay(b.Opens); err != nil {
		return nil, invalid(c.t, "opens", b.Opens, i18n.M("api.bad_day"))
	}
	if n.Closes, err = period.ParseDay(b.Closes); err != nil {
		return nil, invalid(c.t, "closes", b.Closes, i18n.M("api.bad_day"))
	}
	r, err := s.Rounds.Open(ctx, c.scope, n)
	return &assessmentRoundOut{assessmentRound(r)}, err
}

// AssessmentID names a round of assessment.
type AssessmentID struct {
	ID int64 `path:"id" minimum:"1" example:"801"`
}

func (s *server) getAssessmentRound(ctx context.Context, c *caller, in *AssessmentID) (*assessmentRoundOut, error) {
	r, err := s.Rounds.Round(ctx, c.scope, in.ID)
	return &assessmentRoundOut{assessmentRound(r)}, err
}

// roundFirm is an enterprise of a round.
type roundFirm struct {
	Enterprise *Firm  `json:"enterprise,omitempty"`
	Standing   string `json:"standing" enum:"not_begun,begun,back,handed,sealed,rated" example:"begun" doc:"未开始、填报中、退回更正、已提交、已确认、已现场评定 · how far it is"`
	Case       int64  `json:"case,omitempty" example:"500"`
	Result     int64  `json:"result,omitempty" example:"501" doc:"按哪个结果 · the result that counts"`
	Level      string `json:"level" example:"2" doc:"确定达到的级别；空为没有 · the level that is reached for sure; empty for none"`
	Left       int    `json:"left" example:"12" doc:"还剩几题；只对没有完成的 · questions left, of those that are not done"`
	Found      int    `json:"found" example:"1" doc:"成立的疑点 · findings that hold"`
	Open       int    `json:"open" example:"1" doc:"其中没有认可的 · of which not accepted"`
	Told       string `json:"told,omitempty" format:"date" example:"2024-10-31" doc:"最近一次通知 · when something was sent to it last"`
}

type roundFirmsOut struct {
	Body struct {
		Items []roundFirm `json:"items" nullable:"false" doc:"按县和名称 · by county and name"`
		Total int         `json:"total" example:"1"`
		Next  string      `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// RoundFirmQuery chooses enterprises of a round.
type RoundFirmQuery struct {
	Area     string `query:"area" maxLength:"64" example:"320902"`
	Standing string `query:"standing" enum:"not_begun,begun,back,handed,sealed,rated" example:"not_begun"`
	Text     string `query:"q" maxLength:"100" example:"机械" doc:"企业名称或信用代码里的文字 · part of the name or the credit code"`
}

func (s *server) listRoundFirms(ctx context.Context, c *caller, in *struct {
	AssessmentID
	RoundFirmQuery
	Paging
},
) (*roundFirmsOut, error) {
	at, err := in.open(c, c.listName("assessment_round_firms", []any{in.AssessmentID, in.RoundFirmQuery}))
	if err != nil {
		return nil, err
	}
	r, err := s.Rounds.Round(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	model, err := s.Rounds.Rubric(ctx, &r)
	if err != nil {
		return nil, err
	}
	known := at.Commit
	if r.Closing != nil {
		known = r.Closing.Seq
	}
	m, err := s.at(ctx, c, Knowledge{AsOf: at.Day, Known: known})
	if err != nil {
		return nil, err
	}
	firms, err := s.Rounds.Firms(ctx, m.View, &r)
	if err != nil {
		return nil, err
	}
	firms = slices.DeleteFunc(firms, func(f round.Firm) bool {
		return in.Area != "" && !s.Library.Areas().Within(f.Area, in.Area) || in.Standing != "" && string(f.Standing) != in.Standing ||
			in.Text != "" && !strings.Contains(f.Name, in.Text) && !strings.Contains(f.USCC, strings.ToUpper(in.Text))
	})
	out := &roundFirmsOut{}
	b := &out.Body
	b.Items, b.Total, b.Next = []roundFirm{}, len(firms), at.next(m, at.From+in.Limit, len(firms))
	first := min(at.From, len(firms))
	for i := range firms[first:min(first+in.Limit, len(firms))] {
		f := &firms[first+i]
		x := roundFirm{Enterprise: s.firmOfCase(m, f.ID), Standing: string(f.Standing), Case: f.Case, Level: levelID(model, f.Level(model)), Found: f.Found, Open: f.Open}
		if f.Result != nil {
			x.Result = f.Result.ID
		}
		if f.Told != 0 {
			x.Told = clock.DayOf(f.Told).String()
		}
		if r.Closing == nil && f.Standing != round.Sealed && f.Standing != round.Rated {
			if x.Left, _, err = s.Rounds.Left(ctx, m.View, &r, model, f); err != nil {
				return nil, err
			}
		}
		results.Shown(m.View, model, f.ID)
		b.Items = append(b.Items, x)
	}
	return out, nil
}

type begunOut struct {
	Body struct {
		Case int64 `json:"case" example:"500"`
	}
}

// beginAssessment opens the case in which an enterprise answers a round, or gives the one that is under way.
func (s *server) beginAssessment(ctx context.Context, c *caller, in *struct {
	AssessmentID
	Body struct {
		Enterprise int64 `json:"enterprise" minimum:"1" example:"17"`
	}
},
) (*begunOut, error) {
	made, err := s.Rounds.Begin(ctx, c.scope, in.ID, in.Body.Enterprise)
	out := &begunOut{}
	out.Body.Case = made.ID
	return out, err
}

type countOut struct {
	Body struct {
		Count int `json:"count" example:"12" doc:"几家企业，或几个疑点 · how many enterprises, or findings"`
	}
}

func counted(n int, err error) (*countOut, error) {
	out := &countOut{}
	out.Body.Count = n
	return out, err
}

// remindAssessmentRound asks those who have not handed in, of whom the asker is in charge.
func (s *server) remindAssessmentRound(ctx context.Context, c *caller, in *AssessmentID) (*countOut, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	return counted(s.Rounds.Remind(ctx, m.View, in.ID))
}

func (s *server) checkAssessmentRound(ctx context.Context, c *caller, in *AssessmentID) (*countOut, error) {
	return counted(s.Rounds.Check(ctx, c.scope, in.ID))
}

func (s *server) extendAssessmentRound(ctx context.Context, c *caller, in *AssessmentID) (*countOut, error) {
	return counted(s.Rounds.More(ctx, c.scope, in.ID))
}

func (s *server) closeAssessmentRound(ctx context.Context, c *caller, in *AssessmentID) (*assessmentRoundOut, error) {
	r, err := s.Rounds.Close(ctx, c.scope, in.ID)
	return &assessmentRoundOut{assessmentRound(r)}, err
}

// RoundRow is how the enterprises of a part of a round stand.
type RoundRow struct {
	Code     string         `json:"code" example:"320902" doc:"县、行业大类或规模；* 为不足 5 家的部分合在一起 · county, trade or size; * for parts of fewer than five together"`
	Firms    int            `json:"firms" example:"42"`
	Hidden   bool           `json:"hidden" example:"false" doc:"只告诉有几家：含有不足 5 家的数字 · only how many there are is told: it has a number of fewer than five"`
	Standing map[string]int `json:"standing" nullable:"false" example:"{\"not_begun\":12,\"sealed\":30}"`
	Levels   []int          `json:"levels" nullable:"false" example:"[10,12,6,2]" doc:"按级别，低的在前 · by level, the lowest first"`
	NoLevel  int            `json:"no_level" example:"0"`
	Unsure   int            `json:"unsure" example:"0" doc:"有结果而数据不全 · with a result in which something is missing"`
	Mean     string         `json:"mean,omitempty" example:"55.5" doc:"平均分，精确 · the mean of points, exact"`
	Up       int            `json:"up" example:"5" doc:"比上一轮升级 · on a higher level than in the round before"`
	Same     int            `json:"same" example:"20"`
	Down     int            `json:"down" example:"1"`
	Found    int            `json:"found" example:"3"`
	Open     int            `json:"open" example:"1"`
}

func standingRow(r round.Row) RoundRow {
	x := RoundRow{
		Code: r.Code, Firms: r.Firms, Hidden: r.Hidden, Standing: map[string]int{}, Levels: append([]int{}, r.Levels...), NoLevel: r.NoLevel, Unsure: r.Unsure, Up: r.Up, Same: r.Same,
		Down: r.Down, Found: r.Found, Open: r.Open,
	}
	for st, n := range r.Standing {
		x.Standing[string(st)] = n
	}
	if mean, ok := new(big.Rat).SetString(r.Mean); ok && !r.Hidden {
		x.Mean = exactText(mean)
	}
	return x
}

func standingRows(all []round.Row) []RoundRow {
	out := []RoundRow{}
	for _, r := range all {
		out = append(out, standingRow(r))
	}
	return out
}

type assessmentReportOut struct {
	Body struct {
		Round  AssessmentRound `json:"round"`
		Known  int64           `json:"known" example:"99" doc:"数字按到哪次提交为止 · the commit up to which facts count"`
		Whole  bool            `json:"whole" example:"true" doc:"包括这一轮的全部企业 · of every enterprise of the round"`
		All    RoundRow        `json:"all"`
		County []RoundRow      `json:"county" nullable:"false"`
		Trade  []RoundRow      `json:"trade" nullable:"false"`
		Size   []RoundRow      `json:"size" nullable:"false"`
		Before *RoundRow       `json:"before,omitempty" doc:"上一轮的合计 · the round before, in all"`
	}
}

func (s *server) getAssessmentReport(ctx context.Context, c *caller, in *AssessmentID) (*assessmentReportOut, error) {
	rep, err := s.Rounds.Report(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &assessmentReportOut{}
	b := &out.Body
	b.Round, b.Known, b.Whole, b.All = assessmentRound(rep.Round), rep.Seq, rep.Whole, standingRow(rep.All)
	b.County, b.Trade, b.Size = standingRows(rep.County), standingRows(rep.Trade), standingRows(rep.Size)
	if rep.Before != nil {
		b.Before = ptr(standingRow(rep.Before.All))
	}
	return out, nil
}

// RoundFinding is something that a check of a round found.
type RoundFinding struct {
	ID         int64     `json:"id" example:"901"`
	Enterprise *Firm     `json:"enterprise,omitempty"`
	Kind       string    `json:"kind" enum:"contradiction,copied,outlier,jump,unfit" example:"contradiction" doc:"前后矛盾、答案雷同、偏离同行、变化过大、数值过大 · what it is"`
	Code       string    `json:"code" example:"networked_within" doc:"模型里的条件或比较 · the condition or comparison of the model"`
	Why        i18n.Text `json:"why" doc:"原因 · the reason in words"`
	State      string    `json:"state" enum:"open,explained,accepted,back" example:"open" doc:"待说明、企业已说明、已认可、退回更正 · what became of it"`
	Mended     bool      `json:"mended" example:"false" doc:"数据已改，不再成立 · the data has changed, and it does not hold any more"`
	Known      int64     `json:"known" example:"88" doc:"按哪次提交发现 · the commit at which it was found"`
}

type roundFindingsOut struct {
	Body struct {
		Items []RoundFinding `json:"items" nullable:"false" doc:"先发现的在前 · as they were found"`
	}
}

func (s *server) listRoundFindings(ctx context.Context, c *caller, in *struct {
	AssessmentID
	Kind       string `query:"kind" enum:"contradiction,copied,outlier,jump,unfit" example:"copied"`
	State      string `query:"state" enum:"open,explained,accepted,back" example:"explained"`
	Enterprise int64  `query:"enterprise" minimum:"0" example:"17"`
	Mended     bool   `query:"mended" example:"true" doc:"包括不再成立的 · those that do not hold any more too"`
},
) (*roundFindingsOut, error) {
	r, err := s.Rounds.Round(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	model, err := s.Rounds.Rubric(ctx, &r)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	all, err := s.Rounds.Findings(ctx, m.View, &r, round.FindingQuery{Kind: round.Kind(in.Kind), State: round.FindingState(in.State), Firm: in.Enterprise, Gone: in.Mended})
	if err != nil {
		return nil, err
	}
	out := &roundFindingsOut{}
	out.Body.Items = []RoundFinding{}
	for i := range all {
		out.Body.Items = append(out.Body.Items, s.roundFinding(m, &all[i], both(s.Rounds.Reason(m.View, &r, model, &all[i]))))
	}
	return out, nil
}

func (s *server) roundFinding(m moment, f *round.Finding, why i18n.Text) RoundFinding {
	return RoundFinding{f.ID, s.firmOfCase(m, f.Party), string(f.Kind), f.Code, why, string(f.State), f.GoneAt != 0, f.Seq}
}

type behindFact struct {
	Def    string    `json:"def" example:"ent.devices_networked"`
	Name   i18n.Text `json:"name"`
	Period string    `json:"period,omitempty" example:"2024" doc:"没有则不分年度 · none for a fact without time"`
	Value  i18n.Text `json:"value" doc:"发现时的值 · as it was when that was found"`
	By     string    `json:"by,omitempty" example:"enterprise" doc:"谁提供的 · in whose name it was stated"`
}

type findingWord struct {
	State string `json:"state" enum:"explained,accepted,back" example:"explained"`
	Text  string `json:"text" example:"填错了单位（演示）"`
	Case  int64  `json:"case,omitempty" example:"500" doc:"退回的办件 · the case that was returned"`
	At    string `json:"at" format:"date-time" example:"2024-11-05T09:00:00+08:00"`
}

type roundFindingOut struct {
	Body struct {
		RoundFinding
		Facts  []behindFact  `json:"facts" nullable:"false" doc:"依据的数据 · the facts behind it"`
		Others []*Firm       `json:"others" nullable:"false" doc:"答案相同、您有权查看的企业 · those that answered the same and are yours to see"`
		Hidden int           `json:"hidden" example:"1" doc:"另有几家 · how many others there are"`
		Words  []findingWord `json:"words" nullable:"false"`
	}
}

// FindingID names a finding of a round.
type FindingID struct {
	AssessmentID
	N int64 `path:"n" minimum:"1" example:"901"`
}

func (s *server) getRoundFinding(ctx context.Context, c *caller, in *FindingID) (*roundFindingOut, error) {
	t, err := s.Rounds.Finding(ctx, c.scope, in.ID, in.N)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	out := &roundFindingOut{}
	b := &out.Body
	b.RoundFinding, b.Facts, b.Others, b.Hidden, b.Words = s.roundFinding(m, &t.Finding, both(t.Why)), []behindFact{}, []*Firm{}, t.Hidden, []findingWord{}
	for _, row := range t.Rows {
		x := behindFact{Def: row.Def.Code, Name: row.Def.Name, Value: fact.Show(s.Library, row.Def, row.Cell.State, row.Cell.Value)}
		if row.Year != 0 {
			x.Period = strconv.Itoa(row.Year)
		}
		if row.Cell.Source != 0 {
			x.By = m.Authority(row.Cell)
		}
		if row.Def.Sensitive() {
			m.Told(t.Party, row.Def.Code)
		}
		b.Facts = append(b.Facts, x)
	}
	for _, other := range t.Others {
		b.Others = append(b.Others, s.firmOfCase(m, other))
	}
	for _, w := range t.Words {
		b.Words = append(b.Words, findingWord{string(w.What), w.Text, w.Case, instant(w.At)})
	}
	return out, nil
}

type findingSaid struct {
	FindingID
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"4000" example:"填错了单位（演示）"`
	}
}

func (s *server) explainFinding(ctx context.Context, c *caller, in *findingSaid) (*struct{}, error) {
	return nil, s.Rounds.Explain(ctx, c.scope, in.ID, in.N, in.Body.Text)
}

func (s *server) acceptFinding(ctx context.Context, c *caller, in *findingSaid) (*struct{}, error) {
	return nil, s.Rounds.Accept(ctx, c.scope, in.ID, in.N, in.Body.Text)
}

func (s *server) returnFinding(ctx context.Context, c *caller, in *findingSaid) (*struct{}, error) {
	return nil, s.Rounds.SendBack(ctx, c.scope, in.ID, in.N, in.Body.Text)
}

func (s *server) registerAssessRounds() {
	read, office, file := access.Need{Action: access.ReadFact}, access.Need{Action: access.HandleCase, Area: true}, access.Need{Action: access.FileCase}
	const list, one, finding = "/assessment-rounds", "/assessment-rounds/{id}", "/assessment-rounds/{id}/findings/{n}"
	handle(s, operation{id: "list_assessment_rounds", tag: "assessments", method: http.MethodGet, path: list, need: read}, s.listAssessmentRounds)
	handle(s, operation{id: "open_assessment_round", tag: "assessments", method: http.MethodPost, path: list, need: office, status: http.StatusCreated, once: true}, s.openAssessmentRound)
	handle(s, operation{id: "get_assessment_round", tag: "assessments", method: http.MethodGet, path: one, need: read}, s.getAssessmentRound)
	handle(s, operation{id: "list_round_enterprises", tag: "assessments", method: http.MethodGet, path: one + "/enterprises", need: read}, s.listRoundFirms)
	handle(s, operation{id: "extend_assessment_round", tag: "assessments", method: http.MethodPost, path: one + "/enterprises", need: office}, s.extendAssessmentRound)
	handle(s, operation{id: "begin_assessment", tag: "assessments", method: http.MethodPost, path: one + "/begin", need: file}, s.beginAssessment)
	handle(s, operation{id: "remind_assessment_round", tag: "assessments", method: http.MethodPost, path: one + "/reminders", need: office}, s.remindAssessmentRound)
	handle(s, operation{id: "check_assessment_round", tag: "assessments", method: http.MethodPost, path: one + "/checks", need: office}, s.checkAssessmentRound)
	handle(s, operation{id: "list_round_findings", tag: "assessments", method: http.MethodGet, path: one + "/findings", need: read}, s.listRoundFindings)
	handle(s, operation{id: "get_round_finding", tag: "assessments", method: http.MethodGet, path: finding, need: read}, s.getRoundFinding)
	handle(s, operation{id: "explain_round_finding", tag: "assessments", method: http.MethodPost, path: finding + "/explain", need: file, status: http.StatusNoContent}, s.explainFinding)
	handle(s, operation{id: "accept_round_finding", tag: "assessments", method: http.MethodPost, path: finding + "/accept", need: office, status: http.StatusNoContent}, s.acceptFinding)
	handle(s, operation{id: "return_round_finding", tag: "assessments", method: http.MethodPost, path: finding + "/return", need: office, status: http.StatusNoContent}, s.returnFinding)
	handle(s, operation{id: "get_assessment_report", tag: "assessments", method: http.MethodGet, path: one + "/report", need: read}, s.getAssessmentReport)
	handle(s, operation{id: "close_assessment_round", tag: "assessments", method: http.MethodPost, path: one + "/close", need: office}, s.closeAssessmentRound)
}
