package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// MeetingHead is a meeting of banks and firms (银企对接会) as lists show it.
type MeetingHead struct {
	ID      int64         `json:"id" example:"530"`
	Title   string        `json:"title" example:"智能制造贷银企对接会"`
	Area    string        `json:"area" example:"320900" doc:"组织地区 · whose offices plan it"`
	About   string        `json:"about,omitempty" example:"面向机械行业规上企业"`
	State   string        `json:"state" enum:"comes,runs,over,cancelled" example:"comes"`
	From    string        `json:"from" format:"date-time" example:"2024-11-20T14:00:00+08:00"`
	Until   string        `json:"until" format:"date-time" example:"2024-11-20T17:00:00+08:00"`
	Place   string        `json:"place" example:"市政务中心 3 楼"`
	Plan    int           `json:"plan" example:"1" doc:"第几次安排，改期加一；答复只对这一次有效 · one more each time it is moved: answers are to one of these"`
	Reason  string        `json:"reason,omitempty" example:"会场检修" doc:"改期或取消的原因 · why it was moved or cancelled"`
	Counts  meetingCounts `json:"counts" doc:"只计你看得到的企业；参会银行看得到总数 · of the firms that you may know of; of all of them for a bank that takes part"`
	Waiting bool          `json:"waiting" example:"true" doc:"等你的企业或银行答复 · a firm or bank of yours has not answered"`
}

type meetingCounts struct {
	Invited  int `json:"invited" example:"40"`
	Answered int `json:"answered" example:"32"`
	Comes    int `json:"comes" example:"28"`
	Came     int `json:"came" example:"25"`
	Talked   int `json:"talked" example:"19"`
}

func meetingHead(m credit.MeetingSight) MeetingHead {
	p := m.Plan()
	return MeetingHead{
		ID: m.ID, Title: m.Title, Area: m.Area, About: m.About, State: string(m.State), From: instant(p.From), Until: instant(p.Until), Place: p.Place, Plan: p.N, Reason: p.Reason,
		Counts: meetingCounts(m.Counts), Waiting: m.Unanswered(),
	}
}

type meetingsOut struct {
	Body struct {
		Items []MeetingHead `json:"items" nullable:"false" doc:"新的在前 · the newest first"`
		Next  string        `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// listMeetings is the meetings that the caller may know of.
func (s *server) listMeetings(ctx context.Context, c *caller, in *Paging) (*meetingsOut, error) {
	at, err := in.open(c, c.listName("meetings", nil))
	if err != nil {
		return nil, err
	}
	all, err := s.Credit.Meetings(ctx, c.scope, at.Before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &meetingsOut{}
	out.Body.Items = []MeetingHead{}
	if len(all) > in.Limit {
		all = all[:in.Limit]
		out.Body.Next = cursor{List: at.List, Before: all[in.Limit-1].ID}.String()
	}
	for _, m := range all {
		out.Body.Items = append(out.Body.Items, meetingHead(m))
	}
	return out, nil
}

// MeetingAudience is which firms are invited.
type MeetingAudience struct {
	In    string   `json:"in,omitempty" maxLength:"64" example:"320900" doc:"这个地区的企业；没有则只按名单 · firms of this area; none for those of the codes alone"`
	Chain string   `json:"chain,omitempty" maxLength:"100" example:"" doc:"产业链，与企业档案一致 · of this chain"`
	Size  string   `json:"size,omitempty" maxLength:"64" example:"" doc:"规模，见 list_codes 的 sizes · of this size"`
	Codes []string `json:"codes,omitempty" maxItems:"500" example:"[\"91320902MA1X5K7Q3B\"]" doc:"另外邀请的统一社会信用代码，有一个不对就都不邀请 · credit codes of firms invited besides: where one is wrong nobody is"`
}

func (a MeetingAudience) audience() credit.Audience {
	out := credit.Audience{Area: a.In, Chain: a.Chain, Size: a.Size}
	for _, code := range a.Codes {
		out.Codes += code + "\n"
	}
	return out
}

// MeetingHours is when a meeting is, in Beijing.
type MeetingHours struct {
	Day   string `json:"day" format:"date" example:"2024-11-20"`
	From  string `json:"from" pattern:"^[0-9]{2}:[0-9]{2}$" example:"14:00"`
	Until string `json:"until" pattern:"^[0-9]{2}:[0-9]{2}$" example:"17:00"`
}

func (h MeetingHours) hours() credit.Hours { return credit.Hours(h) }

type plannedOut struct {
	Body struct {
		ID      int64 `json:"id,omitempty" example:"530" doc:"预览时没有 · none of a preview"`
		Invited int   `json:"invited,omitempty" example:"40" doc:"预览时会邀请多少家 · of a preview: how many firms would be invited"`
	}
}

// planMeeting plans a meeting and tells all that are asked, or says how many firms would be.
func (s *server) planMeeting(ctx context.Context, c *caller, in *struct {
	Body struct {
		Title    string          `json:"title" minLength:"1" maxLength:"300" example:"智能制造贷银企对接会"`
		Area     string          `json:"area" minLength:"1" maxLength:"64" example:"320900"`
		About    string          `json:"about,omitempty" maxLength:"2000" example:"面向机械行业规上企业"`
		Place    string          `json:"place" minLength:"1" maxLength:"300" example:"市政务中心 3 楼"`
		Hours    MeetingHours    `json:"hours"`
		Products []string        `json:"products" minItems:"1" maxItems:"200" nullable:"false" example:"[\"demo_a_equipment\"]" doc:"参会银行的产品，见 list_products；银行由此确定 · what banks bring: these are the banks that take part"`
		Audience MeetingAudience `json:"audience"`
		Preview  bool            `json:"preview,omitempty" example:"false" doc:"只看会邀请多少家，什么也不保存 · only say how many would be invited"`
	}
},
) (*plannedOut, error) {
	b, out := in.Body, &plannedOut{}
	if b.Preview {
		firms, err := s.Credit.Invited(ctx, c.scope, b.Audience.audience())
		out.Body.Invited = len(firms)
		return out, err
	}
	id, err := s.Credit.PlanMeeting(ctx, c.scope, credit.NewMeeting{
		Area: b.Area, Title: b.Title, About: b.About, Place: b.Place, Hours: b.Hours.hours(), Products: b.Products, Audience: b.Audience.audience(),
	})
	out.Body.ID = id
	return out, err
}

type meetingAnswer struct {
	Comes   bool   `json:"comes" example:"true"`
	People  int    `json:"people" example:"2"`
	Amount  string `json:"amount,omitempty" example:"5000000.00" doc:"需要多少，元 · what the firm seeks, in yuan"`
	Purpose string `json:"purpose,omitempty" example:"购置数控机床"`
	Product string `json:"product,omitempty" example:"demo_a_equipment"`
	At      string `json:"at" format:"date-time" example:"2024-11-10T09:00:00+08:00"`
}

func meetingAnswerOf(a *credit.Answer) *meetingAnswer {
	if a == nil {
		return nil
	}
	out := &meetingAnswer{Comes: a.Comes, People: a.People, Purpose: a.Purpose, Product: a.Product, At: instant(a.At)}
	if a.Amount > 0 {
		out.Amount = a.Amount.String()
	}
	return out
}

type meetingTalk struct {
	Bank    string `json:"bank" example:"demo_a"`
	Outcome string `json:"outcome" enum:"intent,needs_material,no_match" example:"intent"`
	Reason  string `json:"reason,omitempty" example:"orders" doc:"见 list_codes 的 meeting_reasons · a code of meeting_reasons"`
	Note    string `json:"note,omitempty" example:"待补充采购合同"`
	Amount  string `json:"amount,omitempty" example:"5000000.00"`
	ByBank  bool   `json:"by_bank" example:"true" doc:"银行自己登记的 · the bank itself wrote it"`
	At      string `json:"at" format:"date-time" example:"2024-11-20T15:30:00+08:00"`
}

func meetingTalkOf(x credit.Talk) meetingTalk {
	out := meetingTalk{Bank: x.Bank, Outcome: string(x.Outcome), Reason: x.Reason, Note: x.Note, ByBank: x.ByBank, At: instant(x.At)}
	if x.Amount > 0 {
		out.Amount = x.Amount.String()
	}
	return out
}

type meetingBank struct {
	Bank     lender         `json:"bank"`
	Products []string       `json:"products" nullable:"false" example:"[\"demo_a_equipment\"]"`
	Answer   *meetingAnswer `json:"answer,omitempty"`
}

type meetingFirm struct {
	Enterprise int64          `json:"enterprise" example:"17"`
	Name       string         `json:"name" example:"盐城亭湖甲机械有限公司"`
	USCC       string         `json:"uscc,omitempty" example:"91320902MA1X5K7Q3B"`
	Area       string         `json:"area,omitempty" example:"320902"`
	Answer     *meetingAnswer `json:"answer,omitempty"`
	Shown      bool           `json:"shown" example:"true" doc:"同意展示给参会银行 · it consents that the banks see it"`
	Came       bool           `json:"came" example:"true"`
	Talks      []meetingTalk  `json:"talks" nullable:"false"`
}

// meetingStage is how far firms and banks have come.
type meetingStage struct {
	Firms  int    `json:"firms" example:"3"`
	Amount string `json:"amount,omitempty" example:"9000000.00" doc:"元；洽谈和申请没有金额 · in yuan; none of talks and applications"`
}

// MeetingStages is what a meeting came to, stage by stage.
type MeetingStages struct {
	Talked   meetingStage `json:"talked"`
	Intended meetingStage `json:"intended"`
	Referred meetingStage `json:"referred" doc:"从这次对接会发起并已提交的申请 · applications that began at it and were sent"`
	Offered  meetingStage `json:"offered"`
	Signed   meetingStage `json:"signed" doc:"授信额度 · credit lines"`
	Drawn    meetingStage `json:"drawn"`
}

func meetingStagesOf(x credit.Stages) MeetingStages {
	of := func(s credit.Stage) meetingStage {
		out := meetingStage{Firms: s.Firms}
		if s.Amount > 0 {
			out.Amount = s.Amount.String()
		}
		return out
	}
	return MeetingStages{of(x.Talked), of(x.Intended), of(x.Referred), of(x.Offered), of(x.Signed), of(x.Drawn)}
}

type meetingBankOutcome struct {
	Bank lender `json:"bank"`
	MeetingStages
}

type meetingCase struct {
	Case    int64  `json:"case" example:"470"`
	Offered string `json:"offered,omitempty" example:"5000000.00"`
	Line    string `json:"line,omitempty" example:"5000000.00"`
	Drawn   string `json:"drawn,omitempty" example:"3000000.00"`
}

type meetingRow struct {
	Enterprise int64         `json:"enterprise,omitempty" example:"17" doc:"没有则是没有同意展示的企业 · none for a firm that is not shown"`
	Name       string        `json:"name,omitempty" example:"盐城亭湖甲机械有限公司"`
	Bank       string        `json:"bank" example:"demo_a"`
	Talk       *meetingTalk  `json:"talk,omitempty"`
	Cases      []meetingCase `json:"cases" nullable:"false"`
}

type meetingOutcomes struct {
	On     string               `json:"on" format:"date" example:"2024-11-30"`
	Counts meetingCounts        `json:"counts"`
	Banks  []meetingBankOutcome `json:"banks" nullable:"false"`
	Sum    MeetingStages        `json:"sum" doc:"多家银行的企业只计一次 · a firm of several banks counts once"`
	Rows   []meetingRow         `json:"rows" nullable:"false"`
}

func meetingOutcomesOf(o credit.Outcomes) meetingOutcomes {
	fen := func(a money.Fen) string {
		if a == 0 {
			return ""
		}
		return a.String()
	}
	out := meetingOutcomes{On: o.On.String(), Counts: meetingCounts(o.Counts), Banks: []meetingBankOutcome{}, Sum: meetingStagesOf(o.Sum), Rows: []meetingRow{}}
	for _, b := range o.Banks {
		out.Banks = append(out.Banks, meetingBankOutcome{lenderOf(b.Bank), meetingStagesOf(b.Stages)})
	}
	for _, x := range o.Rows {
		row := meetingRow{Enterprise: x.Firm, Name: x.Name, Bank: x.Bank.Key, Cases: []meetingCase{}}
		if x.Talk != nil {
			talk := meetingTalkOf(*x.Talk)
			row.Talk = &talk
		}
		for _, c := range x.Cases {
			row.Cases = append(row.Cases, meetingCase{c.Case, fen(c.Offered), fen(c.Line), fen(c.Drawn)})
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

type meetingOut struct {
	Body struct {
		MeetingHead
		Banks    []meetingBank   `json:"banks" nullable:"false"`
		Firms    []meetingFirm   `json:"firms" nullable:"false" doc:"只含你可以知道名称的 · those that you may know by name"`
		Outcomes meetingOutcomes `json:"outcomes"`
		MayPlan  bool            `json:"may_plan" example:"true"`
	}
}

// getMeeting is a meeting as the caller may know of it, and what came of it by a day.
func (s *server) getMeeting(ctx context.Context, c *caller, in *struct {
	ID int64  `path:"id" minimum:"1" example:"530"`
	On string `query:"on" maxLength:"10" example:"2024-10-31" doc:"成效截至哪一天，没有则为今天 · the day as of which outcomes are worked out, today for none"`
},
) (*meetingOut, error) {
	on, err := s.Credit.Day(in.On)
	if msg, told := errs.Message(err); told {
		return nil, invalid(c.t, "on", in.On, msg)
	}
	if err != nil {
		return nil, err
	}
	m, err := s.Credit.Meeting(ctx, c.scope, in.ID, on)
	if err != nil {
		return nil, err
	}
	out := &meetingOut{}
	b := &out.Body
	b.MeetingHead, b.Banks, b.Firms, b.Outcomes, b.MayPlan = meetingHead(m), []meetingBank{}, []meetingFirm{}, meetingOutcomesOf(m.Out), m.MayPlan
	for _, x := range m.Banks {
		row := meetingBank{Bank: lenderOf(x.Lender), Products: []string{}, Answer: meetingAnswerOf(x.Answer)}
		for _, p := range x.Products {
			row.Products = append(row.Products, p.Code)
		}
		b.Banks = append(b.Banks, row)
	}
	for _, x := range m.Firms {
		row := meetingFirm{Enterprise: x.ID, Name: x.Name, USCC: x.USCC, Area: x.Area, Answer: meetingAnswerOf(x.Answer), Shown: x.Shown, Came: x.Came, Talks: []meetingTalk{}}
		for _, talk := range x.Talks {
			row.Talks = append(row.Talks, meetingTalkOf(talk))
		}
		b.Firms = append(b.Firms, row)
	}
	return out, nil
}

// inviteToMeeting invites further firms.
func (s *server) inviteToMeeting(ctx context.Context, c *caller, in *struct {
	ID   int64 `path:"id" minimum:"1" example:"530"`
	Body MeetingAudience
},
) (*nothing, error) {
	return &nothing{}, s.Credit.Invite(ctx, c.scope, in.ID, in.Body.audience())
}

// moveMeeting moves a meeting that has not begun.
func (s *server) moveMeeting(ctx context.Context, c *caller, in *struct {
	ID   int64 `path:"id" minimum:"1" example:"530"`
	Body struct {
		Hours  MeetingHours `json:"hours"`
		Place  string       `json:"place" minLength:"1" maxLength:"300" example:"市政务中心 3 楼"`
		Reason string       `json:"reason" minLength:"1" maxLength:"2000" example:"会场检修"`
	}
},
) (*nothing, error) {
	return &nothing{}, s.Credit.MoveMeeting(ctx, c.scope, in.ID, in.Body.Hours.hours(), in.Body.Place, in.Body.Reason)
}

// cancelMeeting cancels a meeting that has not begun.
func (s *server) cancelMeeting(ctx context.Context, c *caller, in *struct {
	ID   int64 `path:"id" minimum:"1" example:"530"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"2000" example:"报名不足"`
	}
},
) (*nothing, error) {
	return &nothing{}, s.Credit.CancelMeeting(ctx, c.scope, in.ID, in.Body.Reason)
}

// amountOf reads an amount of a body; none for a blank one.
func amountOf(c *caller, text string, none money.Fen) (money.Fen, error) {
	if text == "" {
		return none, nil
	}
	a, err := money.Parse(text)
	if err != nil || a <= 0 {
		return 0, invalid(c.t, "amount", text, i18n.M("credit.bad_amount", text))
	}
	return a, nil
}

// answerMeeting answers for a firm or a bank.
func (s *server) answerMeeting(ctx context.Context, c *caller, in *struct {
	ID   int64 `path:"id" minimum:"1" example:"530"`
	Body struct {
		Plan       int    `json:"plan" minimum:"1" example:"1" doc:"照 get_meeting；已经改期的不接受 · as get_meeting gives it: one that was moved meanwhile is refused"`
		Enterprise int64  `json:"enterprise,omitempty" minimum:"0" example:"17" doc:"企业答复时 · where a firm answers"`
		Bank       string `json:"bank,omitempty" maxLength:"64" example:"" doc:"银行答复时 · where a bank answers"`
		Comes      bool   `json:"comes" example:"true"`
		People     int    `json:"people,omitempty" minimum:"0" maximum:"50" example:"2"`
		Amount     string `json:"amount,omitempty" maxLength:"40" example:"500万元" doc:"企业需要多少 · what the firm seeks"`
		Purpose    string `json:"purpose,omitempty" maxLength:"1000" example:"购置数控机床"`
		Product    string `json:"product,omitempty" maxLength:"80" example:"demo_a_equipment"`
		Show       bool   `json:"show,omitempty" example:"true" doc:"同意把名称和需求展示给参会银行；没有则收回 · the banks may see its name and what it seeks; without it that ends"`
	}
},
) (*nothing, error) {
	b := in.Body
	amount, err := amountOf(c, b.Amount, -1)
	if err != nil {
		return nil, err
	}
	return &nothing{}, s.Credit.AnswerMeeting(ctx, c.scope, in.ID, credit.Coming{
		Plan: b.Plan, Firm: b.Enterprise, Bank: b.Bank, Comes: b.Comes, People: b.People, Wish: credit.Wish{Amount: amount, Purpose: b.Purpose, Product: b.Product}, Show: b.Show,
	})
}

// noteAttendance says which firms came.
func (s *server) noteAttendance(ctx context.Context, c *caller, in *struct {
	ID   int64 `path:"id" minimum:"1" example:"530"`
	Body struct {
		Enterprises []int64 `json:"enterprises" maxItems:"500" nullable:"false" example:"[17]" doc:"到会的全部企业，其余为没有到会 · all that came: the others did not"`
	}
},
) (*nothing, error) {
	return &nothing{}, s.Credit.Attendance(ctx, c.scope, in.ID, in.Body.Enterprises)
}

// writeTalk writes what a talk came to.
func (s *server) writeTalk(ctx context.Context, c *caller, in *struct {
	ID   int64 `path:"id" minimum:"1" example:"530"`
	Body struct {
		Enterprise int64  `json:"enterprise" minimum:"1" example:"17"`
		Bank       string `json:"bank" minLength:"1" maxLength:"64" example:"demo_a"`
		Outcome    string `json:"outcome" enum:"intent,needs_material,no_match" example:"intent"`
		Amount     string `json:"amount,omitempty" maxLength:"40" example:"500万元" doc:"intent 必填 · needed for intent"`
		Reason     string `json:"reason,omitempty" maxLength:"64" example:"" doc:"intent 之外必填，见 list_codes 的 meeting_reasons · needed for the others: a code of meeting_reasons"`
		Note       string `json:"note,omitempty" maxLength:"2000" example:"待补充采购合同"`
	}
},
) (*nothing, error) {
	b := in.Body
	amount, err := amountOf(c, b.Amount, 0)
	if err != nil {
		return nil, err
	}
	return &nothing{}, s.Credit.WriteTalk(ctx, c.scope, in.ID, credit.NewTalk{
		Firm: b.Enterprise, Bank: b.Bank, Outcome: credit.TalkOutcome(b.Outcome), Reason: b.Reason, Note: b.Note, Amount: amount,
	})
}

func (s *server) registerMeetings() {
	read, plan, answer := access.Need{Action: access.ReadMeetings}, access.Need{Action: access.PlanMeeting}, access.Need{Action: access.AnswerMeeting}
	const list, one = "/credit/meetings", "/credit/meetings/{id}"
	done := http.StatusNoContent
	handle(s, operation{id: "list_meetings", tag: "credit", method: http.MethodGet, path: list, need: read}, s.listMeetings)
	handle(s, operation{id: "plan_meeting", tag: "credit", method: http.MethodPost, path: list, need: plan, status: http.StatusCreated, once: true}, s.planMeeting)
	handle(s, operation{id: "get_meeting", tag: "credit", method: http.MethodGet, path: one, need: read}, s.getMeeting)
	handle(s, operation{id: "invite_to_meeting", tag: "credit", method: http.MethodPost, path: one + "/invite", need: plan, status: done}, s.inviteToMeeting)
	handle(s, operation{id: "move_meeting", tag: "credit", method: http.MethodPost, path: one + "/move", need: plan, status: done}, s.moveMeeting)
	handle(s, operation{id: "cancel_meeting", tag: "credit", method: http.MethodPost, path: one + "/cancel", need: plan, status: done}, s.cancelMeeting)
	handle(s, operation{id: "answer_meeting", tag: "credit", method: http.MethodPost, path: one + "/answer", need: answer, status: done}, s.answerMeeting)
	handle(s, operation{id: "note_attendance", tag: "credit", method: http.MethodPost, path: one + "/attendance", need: plan, status: done}, s.noteAttendance)
	handle(s, operation{id: "write_talk", tag: "credit", method: http.MethodPost, path: one + "/talks", need: read, status: done}, s.writeTalk)
}
