package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

type openBatchIn struct {
	Keyed
	ID   int64 `path:"id" minimum:"1" example:"310"`
	Body struct {
		Title string `json:"title" minLength:"1" maxLength:"400" example:"2024年度第一批"`
	}
}

// openBatch opens a batch that gathers applications of a call.
func (s *server) openBatch(ctx context.Context, c *caller, in *openBatchIn) (*idOut, error) {
	key, err := keyOf(c, in.key)
	if err != nil {
		return nil, err
	}
	made, err := s.Subsidy.OpenBatch(ctx, c.scope, in.ID, in.Body.Title, key)
	out := &idOut{}
	out.Body.ID = made.ID
	return out, err
}

// BatchHead is a batch of applications as lists show it.
type BatchHead struct {
	ID     int64  `json:"id" example:"330" doc:"也是其事项的编号 · the case that it is, too"`
	Call   int64  `json:"call" example:"310"`
	Area   *Node  `json:"area,omitempty"`
	Notice string `json:"notice,omitempty" format:"date" example:"2024-11-12" doc:"公示从哪一天开始；之前没有 · the day on which its notice began; none before"`
}

func (s *server) batchHead(b subsidy.Batch) BatchHead {
	out := BatchHead{ID: b.Case, Call: b.Call, Area: nodeOf(s.Library.Areas(), b.Area)}
	if b.Notice != 0 {
		out.Notice = b.Notice.String()
	}
	return out
}

type callBatchesOut struct {
	Body struct {
		Items []BatchHead `json:"items" nullable:"false" doc:"新的在前 · the newest first"`
	}
}

func (s *server) listBatches(ctx context.Context, c *caller, in *idIn) (*callBatchesOut, error) {
	list, err := s.Subsidy.Batches(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &callBatchesOut{}
	out.Body.Items = []BatchHead{}
	for _, b := range list {
		out.Body.Items = append(out.Body.Items, s.batchHead(b))
	}
	return out, nil
}

// gathered is an application in a batch, with what hinders it.
type gathered struct {
	ApplicationHead
	State     string      `json:"state" example:"batched"`
	StateName i18n.Text   `json:"state_name"`
	Hinders   []i18n.Text `json:"hinders" nullable:"false" doc:"为何现在不能批准；空则可以 · why it could not be granted as it stands; empty where it could"`
}

type oneBatchOut struct {
	Body struct {
		BatchHead
		Case  CaseHead   `json:"case"`
		Total string     `json:"total" example:"638000.00" doc:"本页各项测算金额合计，元 · what those of this page come to, in yuan"`
		Items []gathered `json:"items" nullable:"false" doc:"新的在前 · the newest first"`
		Next  string     `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// getApplicationBatch is a batch with the applications that it gathers, and what would keep each from being granted.
func (s *server) getApplicationBatch(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" minimum:"1" example:"330"`
	Paging
},
) (*oneBatchOut, error) {
	at, err := in.open(c, c.listName("batch", in.ID))
	if err != nil {
		return nil, err
	}
	b, err := s.Subsidy.Batch(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	of, w, err := s.Cases.Get(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := s.Subsidy.Applications(ctx, c.scope, subsidy.Filter{Batch: in.ID, Before: at.Before, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out := &oneBatchOut{}
	x := &out.Body
	x.BatchHead, x.Case, x.Items = s.batchHead(b), s.caseHead(m, w, of), []gathered{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		x.Next = cursor{List: at.List, Before: list[in.Limit-1].Case}.String()
	}
	came, err := s.Subsidy.Money(ctx, list...)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		row, err := s.gathered(ctx, c, m, a, came[a.Case])
		if err != nil {
			return nil, err
		}
		x.Items = append(x.Items, row)
	}
	total, err := subsidy.Total(list)
	x.Total = total.String()
	return out, err
}

func (s *server) gathered(ctx context.Context, c *caller, m moment, a subsidy.Application, came ledger.Totals) (gathered, error) {
	head, err := s.applicationHead(ctx, m, a, came)
	if err != nil {
		return gathered{}, err
	}
	of, w, err := s.Cases.Get(ctx, c.scope, a.Case)
	if err != nil {
		return gathered{}, err
	}
	row := gathered{ApplicationHead: head, State: of.State, StateName: stateName(w, of.State), Hinders: []i18n.Text{}}
	hinders, err := s.Subsidy.Hindrances(ctx, c.scope, a.Case)
	for _, msg := range hinders {
		row.Hinders = append(row.Hinders, both(msg))
	}
	return row, err
}

// NoticeHead is a public notice as lists show it.
type NoticeHead struct {
	ID    int64  `json:"id" example:"330"`
	Title string `json:"title" example:"2024年度第一批"`
	Area  *Node  `json:"area,omitempty"`
	Call  int64  `json:"call,omitempty" example:"310" doc:"免申即享没有 · none of what needs no application"`
	Began string `json:"began" format:"date" example:"2024-11-12"`
	Ends  string `json:"ends" format:"date" example:"2024-11-19" doc:"含当天 · itself included"`
	Left  int    `json:"left" example:"5" doc:"还剩几个工作日，含今天；0 为期满 · working days that it still stands, today among them; 0 once it is over"`
	Sure  bool   `json:"sure" example:"true" doc:"这一年的日历已知 · the calendar of its days is known"`
	Lines int    `json:"lines" example:"1" doc:"共几项 · how many lines it has"`
	Sum   string `json:"sum" example:"638000.00" doc:"各项合计，元 · what they come to, in yuan"`
}

func (s *server) noticeHead(n subsidy.Notice) NoticeHead {
	return NoticeHead{n.ID, n.Title, nodeOf(s.Library.Areas(), n.Area), n.Call, n.Began.String(), n.Ends.String(), n.Left, n.Sure, n.Lines, n.Sum.String()}
}

type noticesOut struct {
	Body struct {
		Items []NoticeHead `json:"items" nullable:"false" doc:"新的在前，至多 500 条 · the newest first, 500 at most"`
	}
}

func (s *server) listNotices(ctx context.Context, _ *caller, _ *struct{}) (*noticesOut, error) {
	list, err := s.Subsidy.Notices(ctx)
	if err != nil {
		return nil, err
	}
	out := &noticesOut{}
	out.Body.Items = []NoticeHead{}
	for _, n := range list {
		out.Body.Items = append(out.Body.Items, s.noticeHead(n))
	}
	return out, nil
}

// noticeLine is a line of a public notice: these fields and no others.
type noticeLine struct {
	N      int    `json:"n" example:"1"`
	Firm   string `json:"firm" example:"盐城亭湖甲机械有限公司"`
	Clause string `json:"clause" example:"有效投入补助"`
	Amount string `json:"amount" example:"638000.00" doc:"元 · yuan"`
}

type noticeOut struct {
	Body struct {
		NoticeHead
		Items []noticeLine `json:"items" nullable:"false" doc:"按序号 · by their numbers"`
		Next  string       `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// getNotice is a notice with a page of its lines.
func (s *server) getNotice(ctx context.Context, c *caller, in *struct {
	ID   int64  `path:"id" minimum:"1" example:"330"`
	Firm string `query:"firm" maxLength:"400" example:"盐城亭湖甲机械有限公司" doc:"只要这一家的，写全称 · of this enterprise alone, by its full name"`
	Paging
},
) (*noticeOut, error) {
	at, err := in.open(c, c.listName("notice", []any{in.ID, in.Firm}))
	if err != nil {
		return nil, err
	}
	n, err := s.Subsidy.Notice(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	lines, err := s.Subsidy.Release(ctx, in.ID, subsidy.ReleasePage{From: at.From, Firm: in.Firm, Rows: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out := &noticeOut{}
	if len(lines) > in.Limit {
		at.From = lines[in.Limit].N
		lines, out.Body.Next = lines[:in.Limit], at.String()
	}
	out.Body.NoticeHead, out.Body.Items = s.noticeHead(n), []noticeLine{}
	for _, l := range lines {
		out.Body.Items = append(out.Body.Items, noticeLine{l.N, l.Firm, l.Clause, l.Amount.String()})
	}
	return out, nil
}

// objectIn is an objection, and the address that it comes from.
type objectIn struct {
	ID   int64 `path:"id" minimum:"1" example:"330"`
	Body struct {
		Line int    `json:"line" minimum:"1" example:"1"`
		Name string `json:"name" minLength:"1" maxLength:"200" example:"某企业" doc:"只给答复的人看 · for those who answer alone"`
		Text string `json:"text" minLength:"1" maxLength:"2000" example:"该设备 2022 年已获补助。"`
	}
	host string
}

// Resolve keeps the address, by which objections are counted.
func (in *objectIn) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	in.host = hostOf(r)
	return nil
}

// object files an objection to a line of a notice. Anybody may, while it stands, as often as on the page of the notice.
func (s *server) object(ctx context.Context, c *caller, in *objectIn) (*idOut, error) {
	err := s.Access.Admit(ctx, "objection", in.host, subsidy.ObjectionsPerAddress)
	if msg, ok := errs.Message(err); ok {
		return nil, newProblem(c.t, http.StatusTooManyRequests, c.t.Msg(msg))
	}
	if err != nil {
		return nil, err
	}
	out := &idOut{}
	out.Body.ID, err = s.Subsidy.Object(ctx, in.ID, in.Body.Line, in.Body.Name, in.Body.Text)
	return out, err
}

// objection is what somebody said against a line of a notice.
type objection struct {
	ID       int64  `json:"id" example:"335"`
	Line     int    `json:"line" example:"1"`
	Case     int64  `json:"case,omitempty" example:"314" doc:"免申即享没有 · none of what needs no application"`
	Name     string `json:"name" example:"某企业"`
	Text     string `json:"text" example:"该设备 2022 年已获补助。"`
	At       string `json:"at" format:"date-time" example:"2024-11-13T09:00:00+08:00"`
	Open     bool   `json:"open" example:"false"`
	Upheld   bool   `json:"upheld" example:"false" doc:"异议成立 · it was right"`
	Answer   string `json:"answer,omitempty" example:"经核对，该设备未获其他补助。"`
	By       string `json:"by,omitempty" example:"王科长"`
	Answered string `json:"answered,omitempty" format:"date-time" example:"2024-11-14T09:00:00+08:00"`
}

type objectionsOut struct {
	Body struct {
		Items []objection `json:"items" nullable:"false"`
	}
}

func (s *server) listObjections(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" minimum:"1" example:"330"`
},
) (*objectionsOut, error) {
	all, err := s.Subsidy.Objections(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out, names := &objectionsOut{}, people{}
	out.Body.Items = []objection{}
	for _, o := range all {
		x := objection{ID: o.ID, Line: o.Line, Case: o.Case, Name: o.Name, Text: o.Text, At: instant(o.At), Open: o.Settled == 0, Upheld: o.Upheld, Answer: o.Answer}
		if o.Settled != 0 {
			x.Answered = instant(o.Settled)
			if x.By, err = s.nameOf(ctx, names, o.By); err != nil {
				return nil, err
			}
		}
		out.Body.Items = append(out.Body.Items, x)
	}
	return out, nil
}

func (s *server) answerObjection(ctx context.Context, c *caller, in *struct {
	ID   int64 `path:"id" minimum:"1" example:"335"`
	Body struct {
		Upheld bool   `json:"upheld" example:"false" doc:"异议成立：那一笔不再能批准 · it is right: what it is about can no longer be granted"`
		Answer string `json:"answer" minLength:"1" maxLength:"2000" example:"经核对，该设备未获其他补助。"`
	}
},
) (*nothing, error) {
	_, err := s.Subsidy.Answer(ctx, c.scope, in.ID, in.Body.Upheld, in.Body.Answer)
	return &nothing{}, err
}

func (s *server) registerBatches() {
	open, read, office := access.Need{Public: true}, access.Need{Action: access.ReadCase, Area: true}, access.Need{Action: access.HandleCase}
	handle(s, operation{id: "open_batch", tag: "subsidies", method: http.MethodPost, path: "/calls/{id}/batches", need: office, status: http.StatusCreated, keyed: true}, s.openBatch)
	handle(s, operation{id: "list_batches", tag: "subsidies", method: http.MethodGet, path: "/calls/{id}/batches", need: read}, s.listBatches)
	handle(s, operation{id: "get_batch", tag: "subsidies", method: http.MethodGet, path: "/batches/{id}", need: read}, s.getApplicationBatch)
	handle(s, operation{id: "list_notices", tag: "subsidies", method: http.MethodGet, path: "/notices", need: open}, s.listNotices)
	handle(s, operation{id: "get_notice", tag: "subsidies", method: http.MethodGet, path: "/notices/{id}", need: open}, s.getNotice)
	handle(s, operation{id: "object", tag: "subsidies", method: http.MethodPost, path: "/notices/{id}/objections", need: open, status: http.StatusCreated}, s.object)
	handle(s, operation{id: "list_objections", tag: "subsidies", method: http.MethodGet, path: "/notices/{id}/objections", need: office}, s.listObjections)
	handle(s, operation{id: "answer_objection", tag: "subsidies", method: http.MethodPost, path: "/objections/{id}/answer", need: office, status: http.StatusNoContent}, s.answerObjection)
}
