package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
)

// message is what the account of a token was told.
type message struct {
	ID    int64     `json:"id" example:"91"`
	Kind  string    `json:"kind" enum:"served,task,deadline,progress,call,system" example:"served" doc:"served 依法送达，task 待办，deadline 期限，progress 进展，call 申报通知与公示，system 系统运行 · served by law, waits to be done, a term, progress of a case, a call or publication, the installation"`
	Title i18n.Text `json:"title"`
	Body  i18n.Text `json:"body"`
	Link  string    `json:"link,omitempty" example:"/cases/7" doc:"相关页面的路径 · path of the page that it is about"`
	At    string    `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Read  bool      `json:"read" example:"false" doc:"本账号是否读过 · whether this account has read it"`
}

func messageOf(x notice.Item) message {
	m := message{ID: x.ID, Kind: string(x.Kind), Title: x.Title.Both(), Link: x.Link, At: instant(x.At), Read: x.Read}
	if !x.Body.IsZero() {
		m.Body = x.Body.Both()
	}
	return m
}

// MessageQuery chooses messages.
type MessageQuery struct {
	Unread bool `query:"unread" example:"true" doc:"只要未读的 · only those not read"`
}

type messagesOut struct {
	Body struct {
		Items  []message `json:"items" nullable:"false"`
		Unread int       `json:"unread" example:"1" doc:"未读的条数，最多数到 100 · how many are not read, counted up to 100"`
		Next   string    `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) listMessages(ctx context.Context, c *caller, in *struct {
	MessageQuery
	Paging
},
) (*messagesOut, error) {
	at, err := in.open(c, c.listName("messages", [2]string{strconv.FormatBool(in.Unread), strconv.FormatInt(c.account.ID, 10)}))
	if err != nil {
		return nil, err
	}
	limit := min(in.Limit, notice.MaxPage-1)
	items, err := s.Notices.Inbox(ctx, c.scope, notice.Query{Unread: in.Unread, Before: at.Before, Limit: limit + 1})
	if err != nil {
		return nil, err
	}
	out := &messagesOut{}
	out.Body.Items = []message{}
	for _, x := range items[:min(len(items), limit)] {
		out.Body.Items = append(out.Body.Items, messageOf(x))
	}
	if len(items) > limit {
		out.Body.Next = cursor{List: at.List, Before: items[limit-1].ID}.String()
	}
	out.Body.Unread, err = s.Notices.Unread(ctx, c.scope)
	return out, err
}

// delivery is how a message went out.
type delivery struct {
	ID       int64  `json:"id" example:"95"`
	Channel  string `json:"channel" enum:"mail,sms,hook" example:"mail"`
	Kind     string `json:"kind" enum:"served,task,deadline,progress,call,system,confirmation,digest" example:"served"`
	Account  int64  `json:"account,omitempty" example:"5" doc:"发给谁的账号；发给外部系统的没有 · whose account; none of what goes to another system"`
	Address  string `json:"address,omitempty" example:"z***@example.com" doc:"只显示一部分 · only part of it is shown"`
	State    string `json:"state" enum:"waiting,sending,sent,failed" example:"sent"`
	Attempts int    `json:"attempts" example:"1"`
	At       string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00" doc:"何时进入发件箱 · when it was put into the outbox"`
	SentAt   string `json:"sent_at,omitempty" example:"2024-10-31T09:00:02+08:00"`
	Result   string `json:"result,omitempty" example:"250 2.0.0 OK" doc:"对方的答复，或没有送出的原因 · what the other side answered, or why it did not go out"`
}

func deliveriesOf(list []notice.Delivery) []delivery {
	out := []delivery{}
	for _, d := range list {
		out = append(out, delivery{
			ID: d.ID, Channel: string(d.Channel), Kind: string(d.Kind), Account: d.Account, Address: d.Address, State: string(d.State), Attempts: d.Attempts,
			At: instant(d.At), SentAt: instant(d.SentAt), Result: d.Result,
		})
	}
	return out
}

type messageOut struct {
	Body struct {
		Message message    `json:"message"`
		Sent    []delivery `json:"sent" nullable:"false" doc:"另外怎样发给了本账号 · how it was sent to this account besides"`
	}
}

// getMessage reads one message; it stays unread until read_messages says otherwise.
func (s *server) getMessage(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" example:"91"`
},
) (*messageOut, error) {
	x, err := s.Notices.ByID(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	sent, err := s.Notices.SentTo(ctx, c.scope, in.ID)
	out := &messageOut{}
	out.Body.Message, out.Body.Sent = messageOf(x), deliveriesOf(sent)
	return out, err
}

func (s *server) readMessages(ctx context.Context, c *caller, in *struct {
	Body struct {
		IDs []int64 `json:"ids" minItems:"1" maxItems:"200" nullable:"false"`
	}
},
) (*struct{}, error) {
	return nil, s.Notices.MarkRead(ctx, c.scope, in.Body.IDs...)
}

func (s *server) unreadMessage(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" example:"91"`
},
) (*struct{}, error) {
	return nil, s.Notices.MarkUnread(ctx, c.scope, in.ID)
}

// OutboxQuery chooses deliveries.
type OutboxQuery struct {
	State string `query:"state" enum:"waiting,sending,sent,failed" example:"failed"`
}

type outboxOut struct {
	Body struct {
		Items []delivery `json:"items" nullable:"false"`
		Next  string     `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) listOutbox(ctx context.Context, c *caller, in *struct {
	OutboxQuery
	Paging
},
) (*outboxOut, error) {
	at, err := in.open(c, c.listName("outbox", in.OutboxQuery))
	if err != nil {
		return nil, err
	}
	limit := min(in.Limit, notice.MaxPage-1)
	list, err := s.Notices.Outbox(ctx, c.scope, notice.OutboxQuery{State: notice.State(in.State), Before: at.Before, Limit: limit + 1})
	if err != nil {
		return nil, err
	}
	out := &outboxOut{}
	out.Body.Items = deliveriesOf(list[:min(len(list), limit)])
	if len(list) > limit {
		out.Body.Next = cursor{List: at.List, Before: list[limit-1].ID}.String()
	}
	return out, nil
}

func (s *server) retryDelivery(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" example:"95"`
},
) (*struct{}, error) {
	return nil, s.Notices.Retry(ctx, c.scope, in.ID)
}

func (s *server) registerMessages() {
	read, run := access.Need{Action: access.ReadNotice}, access.Need{Action: access.ManageAccounts}
	handle(s, operation{id: "list_messages", tag: "messages", method: http.MethodGet, path: "/messages", need: read}, s.listMessages)
	handle(s, operation{id: "get_message", tag: "messages", method: http.MethodGet, path: "/messages/{id}", need: read}, s.getMessage)
	handle(s, operation{id: "read_messages", tag: "messages", method: http.MethodPost, path: "/messages/read", need: read, status: http.StatusNoContent}, s.readMessages)
	handle(s, operation{id: "unread_message", tag: "messages", method: http.MethodPost, path: "/messages/{id}/unread", need: read, status: http.StatusNoContent}, s.unreadMessage)
	handle(s, operation{id: "list_outbox", tag: "messages", method: http.MethodGet, path: "/outbox", need: run}, s.listOutbox)
	handle(s, operation{id: "retry_delivery", tag: "messages", method: http.MethodPost, path: "/outbox/{id}/retry", need: run, status: http.StatusNoContent}, s.retryDelivery)
}
