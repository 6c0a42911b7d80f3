package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// RoundHead is a round without applications (免申即享) as lists show it.
type RoundHead struct {
	ID      int64        `json:"id" example:"340"`
	Title   string       `json:"title" example:"2024年度免申即享"`
	Area    *Node        `json:"area,omitempty"`
	Policy  string       `json:"policy" example:"yancheng-2022-6"`
	Clauses []clauseName `json:"clauses" nullable:"false"`
	AsOf    string       `json:"as_of" format:"date" example:"2024-10-31" doc:"按哪一天测算 · the day that it was decided as of"`
	Commit  int64        `json:"commit" example:"42" doc:"当时所知的提交 · the commit up to which facts were known"`
	State   string       `json:"state" enum:"listed,publishing,notice,open,gone" example:"listed" doc:"listed 核对名单，publishing 正在公布，notice 公示中，open 已请企业确认，gone 已作废 · being checked, being made public, on public notice, firms are asked, given up"`
	By      string       `json:"by,omitempty" example:"王科长" doc:"谁列的名单；不能由同一人公示 · who made the list, and may not publish it"`
	Notice  string       `json:"notice,omitempty" format:"date" example:"2024-11-01" doc:"公示从哪一天开始；之前没有 · the day on which its notice began; none before"`
	// Publisher and PublishedAt are of one that was made public.
	Publisher   string `json:"publisher,omitempty" example:"李处长" doc:"谁公示的 · who made it public"`
	PublishedAt string `json:"published_at,omitempty" format:"date-time" example:"2024-11-01T09:00:00+08:00"`
}

func (s *server) roundHead(ctx context.Context, names people, x subsidy.Round) (RoundHead, error) {
	out := RoundHead{
		ID: x.ID, Title: x.Title, Area: nodeOf(s.Library.Areas(), x.Area), Policy: x.Policy, AsOf: x.AsOf.String(), Commit: x.Seq, State: string(x.State),
	}
	if x.Notice != 0 {
		out.Notice = x.Notice.String()
	}
	var err error
	if out.By, err = s.nameOf(ctx, names, x.By); err != nil {
		return out, err
	}
	if x.Publisher != 0 {
		out.PublishedAt = instant(x.PublishedAt)
		if out.Publisher, err = s.nameOf(ctx, names, x.Publisher); err != nil {
			return out, err
		}
	}
	out.Clauses, err = s.clauseNames(ctx, x.Policy, x.Known, x.Clauses...)
	return out, err
}

type roundsOut struct {
	Body struct {
		Items []RoundHead `json:"items" nullable:"false" doc:"新的在前，至多 500 条 · the newest first, 500 at most"`
	}
}

func (s *server) listRounds(ctx context.Context, c *caller, _ *struct{}) (*roundsOut, error) {
	list, err := s.Subsidy.Rounds(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	out, names := &roundsOut{}, people{}
	out.Body.Items = []RoundHead{}
	for _, x := range list {
		head, err := s.roundHead(ctx, names, x)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, head)
	}
	return out, nil
}

// RoundIn is a round to be listed.
type RoundIn struct {
	Keyed
	Body struct {
		Area    string   `json:"area" minLength:"1" maxLength:"64" example:"320900"`
		Policy  string   `json:"policy" minLength:"1" maxLength:"100" example:"yancheng-2022-6"`
		Clauses []string `json:"clauses" minItems:"1" maxItems:"200" nullable:"false" example:"[\"c9\"]"`
		Title   string   `json:"title" minLength:"1" maxLength:"400" example:"2024年度免申即享"`
		Line    int64    `json:"line" minimum:"1" example:"301" doc:"从哪个预算科目支付 · the budget line that pays"`
		AsOf    string   `json:"as_of,omitempty" maxLength:"10" example:"2024-10-31" doc:"按哪一天测算；默认今天 · the day to decide as of; by default today"`
	}
}

// asked is the round that a body asks for.
func (s *server) askedRound(c *caller, in *RoundIn) (subsidy.NewRound, error) {
	b := in.Body
	n := subsidy.NewRound{Area: b.Area, Policy: b.Policy, Clauses: b.Clauses, Title: b.Title, Line: b.Line}
	if b.AsOf == "" {
		return n, nil
	}
	var err error
	n.AsOf, err = s.dayOf(c, "/as_of", b.AsOf)
	return n, err
}

// roundSum is what lines of a clause in a state come to.
type roundSum struct {
	State  string `json:"state" enum:"listed,dropped,asked,held,unverified" example:"listed"`
	Clause string `json:"clause" example:"c9"`
	Lines  int    `json:"lines" example:"1"`
	Amount string `json:"amount" example:"682000.00" doc:"元 · in yuan"`
}

// roundSums puts sums into the words of the API.
func roundSums(list []subsidy.LineSum) []roundSum {
	all := []roundSum{}
	for _, x := range list {
		all = append(all, roundSum{x.State, x.Clause, x.Lines, x.Amount.String()})
	}
	return all
}

// roundLine is what a firm would get by one clause for one thing.
type roundLine struct {
	N          int        `json:"n" example:"1"`
	Enterprise *Firm      `json:"enterprise,omitempty"`
	Firm       string     `json:"firm" example:"盐城亭湖甲机械有限公司" doc:"列入名单时的名称 · its name when the list was made"`
	Area       *Node      `json:"area,omitempty"`
	Clause     string     `json:"clause" example:"c9"`
	Thing      thing      `json:"thing"`
	Year       int        `json:"year,omitempty" example:"2023"`
	Amount     string     `json:"amount" example:"682000.00" doc:"元；未列入的为本应有的 · in yuan; of one that is left out, what it would be"`
	State      string     `json:"state" enum:"listed,dropped,asked,held,unverified" example:"listed" doc:"listed 拟兑现，dropped 已剔除，asked 已请企业确认，held 账上已有，unverified 待核实数据 · to be paid, dropped, the firm is asked, granted already, waits for facts to be verified"`
	Reason     string     `json:"reason,omitempty" example:"正在核查" doc:"为何剔除；账上已有的是哪一笔 · why it was dropped; what stands against a held one"`
	DroppedBy  string     `json:"dropped_by,omitempty" example:"李处长" doc:"谁剔除的；只给看得到资金的人；系统剔除的没有 · who dropped it, for who reads the fund; none where the product did"`
	DroppedAt  string     `json:"dropped_at,omitempty" format:"date-time" example:"2024-11-01T09:00:00+08:00"`
	Case       int64      `json:"case,omitempty" example:"351" doc:"请企业确认的事项 · the case in which the firm is asked"`
	Answer     string     `json:"answer,omitempty" example:"ask" doc:"事项的状态 · where that case stands"`
	AnswerName *i18n.Text `json:"answer_name,omitempty"`
	Came
}

func (s *server) roundLine(m moment, l subsidy.RoundLine) roundLine {
	out := roundLine{
		N: l.N, Enterprise: s.firmOfCase(m, l.Enterprise), Firm: l.Firm, Area: nodeOf(s.Library.Areas(), l.Area), Clause: l.Clause,
		Thing: thing{ID: l.Subject, Name: l.Name}, Year: l.Year, Amount: l.Amount.String(), State: l.State, Reason: l.Reason, Case: l.Case,
		Came: cameOf(l.Money),
	}
	if x, ok := m.Subject(l.Subject); ok {
		out.Thing.Kind = x.Kind
	}
	return out
}

type roundPreviewOut struct {
	Body struct {
		Sums  []roundSum  `json:"sums" nullable:"false"`
		Lines []roundLine `json:"lines" nullable:"false" doc:"拟兑现的在前，至多 1000 条；全部见列出后的 list_round_lines · those to be paid come first, 1000 at most; all of them in list_round_lines once it is listed"`
	}
}

// previewRound is what a round would list; nothing is kept.
func (s *server) previewRound(ctx context.Context, c *caller, in *RoundIn) (*roundPreviewOut, error) {
	n, err := s.askedRound(c, in)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	_, lines, err := s.Subsidy.PreviewRound(ctx, c.scope, n)
	if err != nil {
		return nil, err
	}
	out := &roundPreviewOut{}
	out.Body.Sums, out.Body.Lines = roundSums(subsidy.SumLines(lines)), []roundLine{}
	for _, l := range lines[:min(len(lines), 1000)] {
		out.Body.Lines = append(out.Body.Lines, s.roundLine(m, l))
	}
	return out, nil
}

// listRound works the list out and keeps it, to be checked.
func (s *server) listRound(ctx context.Context, c *caller, in *RoundIn) (*idOut, error) {
	n, err := s.askedRound(c, in)
	if err == nil {
		n.Key, err = keyOf(c, in.key)
	}
	if err != nil {
		return nil, err
	}
	r, err := s.Subsidy.ListRound(ctx, c.scope, n)
	out := &idOut{}
	out.Body.ID = r.ID
	return out, err
}

// roundAnswer is how many lines of a round stand where in their cases.
type roundAnswer struct {
	State     string    `json:"state" example:"ask"`
	StateName i18n.Text `json:"state_name"`
	Lines     int       `json:"lines" example:"1"`
	Amount    string    `json:"amount" example:"682000.00" doc:"列入名单时的，元 · as they were listed, in yuan"`
	Came
}

// RoundID names a round.
type RoundID struct {
	ID int64 `path:"id" minimum:"1" example:"340"`
}

type roundOut struct {
	Body struct {
		RoundHead
		Line    *fundLine     `json:"line,omitempty" doc:"从哪个科目支付；看得到这个科目才有 · the budget line that pays, for who sees it"`
		Ends    string        `json:"ends,omitempty" format:"date" example:"2024-11-08" doc:"公示的最后一天 · the last day of its notice"`
		Sums    []roundSum    `json:"sums" nullable:"false"`
		Answers []roundAnswer `json:"answers" nullable:"false" doc:"企业的答复，按流程的顺序 · what firms have said, in the order of the workflow"`
	}
}

func (s *server) getRound(ctx context.Context, c *caller, in *RoundID) (*roundOut, error) {
	x, err := s.Subsidy.Round(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &roundOut{}
	b := &out.Body
	if b.RoundHead, err = s.roundHead(ctx, people{}, x); err != nil {
		return nil, err
	}
	if x.Notice != 0 {
		b.Ends = s.noticeEnds(x.Notice)
	}
	if c.scope.Can(access.ReadFund) {
		if b.Line, err = s.lineSeen(ctx, c, x.Line); err != nil {
			return nil, err
		}
	}
	sums, err := s.Subsidy.LineSums(ctx, c.scope, x.ID)
	if err != nil {
		return nil, err
	}
	b.Sums, b.Answers = roundSums(sums), []roundAnswer{}
	answers, err := s.Subsidy.Answers(ctx, c.scope, x.ID)
	w, _ := s.Cases.Set.Workflow(subsidy.NoApplication)
	for _, a := range answers {
		b.Answers = append(b.Answers, roundAnswer{a.State, stateName(w, a.State), a.Lines, a.Amount.String(), cameOf(a.Money)})
	}
	return out, err
}

// noticeEnds is the last day of a notice.
func (s *server) noticeEnds(began period.Day) string {
	ends, _ := s.Library.Calendar().AddWorkdays(began, subsidy.NoticeDays)
	return ends.String()
}

// RoundQuery chooses lines of a round.
type RoundQuery struct {
	State  string `query:"state" enum:"listed,dropped,asked,held,unverified" example:"listed"`
	Clause string `query:"clause" maxLength:"80" example:"c9"`
	Text   string `query:"q" maxLength:"200" example:"机械" doc:"企业或对象名称里的文字 · part of the name of the firm or of the thing"`
}

type roundLinesOut struct {
	Body struct {
		Items []roundLine `json:"items" nullable:"false"`
		Total int         `json:"total" example:"1"`
		Next  string      `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) listRoundLines(ctx context.Context, c *caller, in *struct {
	RoundID
	RoundQuery
	Paging
},
) (*roundLinesOut, error) {
	at, err := in.open(c, c.listName("round", []any{in.ID, in.RoundQuery}))
	if err != nil {
		return nil, err
	}
	if _, err := s.Subsidy.Round(ctx, c.scope, in.ID); err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	f := subsidy.LineFilter{Clause: in.Clause, Text: in.Text, Skip: at.From, Limit: in.Limit}
	if in.State != "" {
		f.States = []string{in.State}
	}
	lines, total, err := s.Subsidy.RoundLines(ctx, c.scope, in.ID, f)
	if err != nil {
		return nil, err
	}
	out := &roundLinesOut{}
	b := &out.Body
	b.Items, b.Total, b.Next = []roundLine{}, total, at.next(moment{}, at.From+in.Limit, total)
	var asked []int64
	names := people{}
	for _, l := range lines {
		row := s.roundLine(m, l)
		if l.At != 0 && l.By != 0 && c.scope.Sees(access.ReadFund, l.Area, 0) {
			row.DroppedAt = instant(l.At)
			if row.DroppedBy, err = s.nameOf(ctx, names, l.By); err != nil {
				return nil, err
			}
		}
		b.Items = append(b.Items, row)
		if l.Case != 0 {
			asked = append(asked, l.Case)
		}
	}
	states, err := s.Cases.States(ctx, c.scope, asked)
	w, _ := s.Cases.Set.Workflow(subsidy.NoApplication)
	for i := range b.Items {
		if state := states[b.Items[i].Case]; state != "" {
			b.Items[i].Answer, b.Items[i].AnswerName = state, ptr(stateName(w, state))
		}
	}
	return out, err
}

// RoundLineIn names a line of a round.
type RoundLineIn struct {
	RoundID
	N int `path:"n" minimum:"1" example:"1"`
}

func (s *server) dropRoundLine(ctx context.Context, c *caller, in *struct {
	RoundLineIn
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"2000" example:"正在核查"`
	}
},
) (*nothing, error) {
	return &nothing{}, s.Subsidy.DropLine(ctx, c.scope, in.ID, in.N, in.Body.Reason)
}

func (s *server) restoreRoundLine(ctx context.Context, c *caller, in *RoundLineIn) (*nothing, error) {
	return &nothing{}, s.Subsidy.RestoreLine(ctx, c.scope, in.ID, in.N)
}

// RenameRoundIn is another title of a round.
type RenameRoundIn struct {
	RoundID
	Body struct {
		Title string `json:"title" minLength:"1" maxLength:"200" example:"2024年免申即享第一批（修订）"`
	}
}

func (s *server) renameRound(ctx context.Context, c *caller, in *RenameRoundIn) (*nothing, error) {
	return &nothing{}, s.Subsidy.RenameRound(ctx, c.scope, in.ID, in.Body.Title)
}

func (s *server) giveUpRound(ctx context.Context, c *caller, in *RoundID) (*nothing, error) {
	return &nothing{}, s.Subsidy.GiveUpRound(ctx, c.scope, in.ID)
}

func (s *server) publishRound(ctx context.Context, c *caller, in *RoundID) (*nothing, error) {
	return &nothing{}, s.Subsidy.PublishRound(ctx, c.scope, in.ID)
}

type askedOut struct {
	Body struct {
		Asked int `json:"asked" example:"1" doc:"这一次请了多少家；其余由服务器接着请 · firms that were asked now; the server goes on with the others"`
	}
}

// askRound asks the firms of a round once its notice has stood.
func (s *server) askRound(ctx context.Context, c *caller, in *RoundID) (*askedOut, error) {
	out := &askedOut{}
	var err error
	out.Body.Asked, err = s.Subsidy.OpenRound(ctx, c.scope, in.ID)
	return out, err
}

func (s *server) registerRounds() {
	read, office := access.Need{Action: access.ReadCase, Area: true}, access.Need{Action: access.HandleCase, Area: true}
	const list, one, line = "/rounds", "/rounds/{id}", "/rounds/{id}/lines/{n}"
	handle(s, operation{id: "list_rounds", tag: "subsidies", method: http.MethodGet, path: list, need: read}, s.listRounds)
	handle(s, operation{id: "preview_round", tag: "subsidies", method: http.MethodPost, path: list + "/preview", need: office}, s.previewRound)
	handle(s, operation{id: "list_round", tag: "subsidies", method: http.MethodPost, path: list, need: office, status: http.StatusCreated, keyed: true}, s.listRound)
	handle(s, operation{id: "get_round", tag: "subsidies", method: http.MethodGet, path: one, need: read}, s.getRound)
	handle(s, operation{id: "list_round_lines", tag: "subsidies", method: http.MethodGet, path: one + "/lines", need: read}, s.listRoundLines)
	handle(s, operation{id: "drop_round_line", tag: "subsidies", method: http.MethodPost, path: line + "/drop", need: office, status: http.StatusNoContent}, s.dropRoundLine)
	handle(s, operation{id: "restore_round_line", tag: "subsidies", method: http.MethodPost, path: line + "/restore", need: office, status: http.StatusNoContent}, s.restoreRoundLine)
	handle(s, operation{id: "rename_round", tag: "subsidies", method: http.MethodPost, path: one + "/rename", need: office, status: http.StatusNoContent}, s.renameRound)
	handle(s, operation{id: "give_up_round", tag: "subsidies", method: http.MethodPost, path: one + "/give-up", need: office, status: http.StatusNoContent}, s.giveUpRound)
	handle(s, operation{id: "publish_round", tag: "subsidies", method: http.MethodPost, path: one + "/publish", need: office, status: http.StatusNoContent}, s.publishRound)
	handle(s, operation{id: "ask_round", tag: "subsidies", method: http.MethodPost, path: one + "/ask", need: office}, s.askRound)
}
