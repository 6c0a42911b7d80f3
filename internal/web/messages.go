package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
)

// messageRoutes is the messages to a visitor, how they come, and what the administrator sees of their sending.
func (s *server) messageRoutes() []route {
	read, run := access.Need{Action: access.ReadNotice}, access.Need{Action: access.ManageAccounts}
	return []route{
		{"GET /messages", read, s.messages},
		{"GET /messages/{id}", read, s.message},
		{"POST /messages/read", read, s.readMessages},
		{"POST /messages/{id}/unread", read, s.unreadMessage},
		{"GET /account/messages", read, s.messageWays},
		{"POST /account/messages", read, s.chooseMessageWays},
		{"POST /account/messages/{channel}/ask", read, s.askAddress},
		{"POST /account/messages/{channel}/confirm", read, s.confirmAddress},
		{"POST /account/messages/{channel}/forget", read, s.forgetAddress},
		{"GET /outbox", run, s.outbox},
		{"POST /outbox/{id}/retry", run, s.retryDelivery},
	}
}

// messagesOnPage is how many messages a page lists.
const messagesOnPage = 30

// messagesData is the list of messages, the newest first.
type messagesData struct {
	Items  []notice.Item
	Unread bool   // only those not read are listed
	New    int    // not read, of all
	Older  string // address of older ones, "" where there are none
	Here   string // to come back to
}

// unreadText is a count of messages not read, which stops somewhere.
func unreadText(n int) string {
	if n > notice.MaxUnread {
		return strconv.Itoa(notice.MaxUnread) + "+"
	}
	return strconv.Itoa(n)
}

func messagePath(id int64) string { return "/messages/" + strconv.FormatInt(id, 10) }

func (s *server) messages(w http.ResponseWriter, r *http.Request, v *visit) error {
	d := messagesData{Unread: r.FormValue("unread") == "1", New: v.unread, Here: r.URL.RequestURI()}
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64)
	items, err := s.Notices.Inbox(r.Context(), v.scope, notice.Query{Unread: d.Unread, Before: max(before, 0), Limit: messagesOnPage + 1})
	if err != nil {
		return err
	}
	d.Items = items[:min(len(items), messagesOnPage)]
	if len(items) > messagesOnPage {
		q := url.Values{"before": {strconv.FormatInt(d.Items[messagesOnPage-1].ID, 10)}}
		if d.Unread {
			q.Set("unread", "1")
		}
		d.Older = "/messages?" + q.Encode()
	}
	return s.show(w, r, s.shell(r, v, v.t.S("messages.title")), http.StatusOK, messagesPage(v.t, d))
}

// messageData is one message, and how it was sent besides.
type messageData struct {
	notice.Item
	Sent []notice.Delivery
}

// message shows one message, which is then read: it changes nothing but what its reader sees of it.
func (s *server) message(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	d := messageData{}
	if d.Item, err = s.Notices.ByID(r.Context(), v.scope, id); err != nil {
		return err
	}
	if d.Sent, err = s.Notices.SentTo(r.Context(), v.scope, id); err != nil {
		return err
	}
	if !d.Read {
		if err := s.Notices.MarkRead(r.Context(), v.scope, id); err != nil {
			return err
		}
		v.unread = max(v.unread-1, 0)
	}
	return s.show(w, r, s.shell(r, v, v.t.Msg(d.Title)), http.StatusOK, messagePage(v.t, d))
}

// readMessages marks the messages that a page has shown.
func (s *server) readMessages(w http.ResponseWriter, r *http.Request, v *visit) error {
	var ids []int64
	for _, text := range r.PostForm["id"] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errs.NotFound("message", text)
		}
		ids = append(ids, id)
	}
	if len(ids) > notice.MaxPage {
		return errTooLong
	}
	if err := s.Notices.MarkRead(r.Context(), v.scope, ids...); err != nil {
		return err
	}
	return seeOther(w, r, localPath(cmp.Or(r.PostFormValue("back"), "/messages")))
}

func (s *server) unreadMessage(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.Notices.MarkUnread(r.Context(), v.scope, id); err != nil {
		return err
	}
	return seeOther(w, r, "/messages")
}

// waysData is how messages come to the visitor.
type waysData struct {
	notice.Person
	Channels []notice.Channel // that messages go out by here
	Problem  string
	At       notice.Channel // where the problem is, "" for the choices
	Done     string         // what was done, a message key
	Factor   bool           // the visitor has a second factor
}

// channels are those that a person may choose and that are set up.
func (s *server) channels() []notice.Channel {
	return slices.DeleteFunc([]notice.Channel{notice.Mail, notice.SMS}, func(c notice.Channel) bool { return !s.Carries(c) })
}

func (s *server) messageWays(w http.ResponseWriter, r *http.Request, v *visit) error {
	d := waysData{}
	if done := r.FormValue("done"); slices.Contains([]string{"saved", "asked", "confirmed", "forgotten"}, done) {
		d.Done = "messages.done_" + done
	}
	return s.showWays(w, r, v, http.StatusOK, d)
}

func (s *server) showWays(w http.ResponseWriter, r *http.Request, v *visit, status int, d waysData) (err error) {
	d.Channels, d.Factor = s.channels(), v.account.Factor()
	if d.Person, err = s.Notices.Person(r.Context(), v.scope); err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("messages.ways")), status, waysPage(v.t, d))
}

// wayField is the name of the field of a choice.
func wayField(k notice.Kind, c notice.Channel) string { return string(k) + "." + string(c) }

func (s *server) chooseMessageWays(w http.ResponseWriter, r *http.Request, v *visit) error {
	ways := map[notice.Kind]map[notice.Channel]notice.Way{}
	for _, k := range notice.Kinds() {
		ways[k] = map[notice.Channel]notice.Way{}
		for _, c := range s.channels() {
			if chosen := r.PostFormValue(wayField(k, c)); chosen != "" {
				ways[k][c] = notice.Way(chosen)
			}
		}
	}
	err := s.Notices.Choose(r.Context(), v.scope, i18n.Parse(r.PostFormValue("lang")), ways)
	return s.waysDone(w, r, v, err, "", "saved")
}

// waysDone leads back to the page, or shows it with what was wrong.
func (s *server) waysDone(w http.ResponseWriter, r *http.Request, v *visit, err error, at notice.Channel, done string) error {
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindForbidden {
		return s.showWays(w, r, v, statusOf(err), waysData{Problem: v.t.Msg(msg), At: at})
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/account/messages?done="+done)
}

// channelOf is the channel that an address names; NotFound where none is set up.
func (s *server) channelOf(r *http.Request) (notice.Channel, error) {
	c := notice.Channel(r.PathValue("channel"))
	if !slices.Contains(s.channels(), c) {
		return "", errs.NotFound("channel", c)
	}
	return c, nil
}

func (s *server) askAddress(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := s.channelOf(r)
	if err != nil {
		return err
	}
	_, err = notice.ParseAddress(c, r.PostFormValue("address")) // before a code is used up
	if err == nil {
		err = s.prove(r, v)
	}
	if err == nil {
		err = s.Notices.Ask(r.Context(), v.scope, c, r.PostFormValue("address"))
	}
	return s.waysDone(w, r, v, err, c, "asked")
}

func (s *server) confirmAddress(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := s.channelOf(r)
	if err != nil {
		return err
	}
	return s.waysDone(w, r, v, s.Notices.Confirm(r.Context(), v.scope, c, r.PostFormValue("code")), c, "confirmed")
}

func (s *server) forgetAddress(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := s.channelOf(r)
	if err != nil {
		return err
	}
	return s.waysDone(w, r, v, s.Notices.Forget(r.Context(), v.scope, c), c, "forgotten")
}

// outboxData is what the administrator sees of what is sent.
type outboxData struct {
	State    notice.State // that is listed, "" for all
	Counts   map[notice.State]int
	Fresh    int // messages not made into deliveries yet
	Rows     []outboxRow
	Older    string
	Channels []notice.Channel // that messages go out by
	Done     bool
}

// outboxRow is a delivery with whose it is.
type outboxRow struct {
	notice.Delivery
	Who string
}

func (s *server) outbox(w http.ResponseWriter, r *http.Request, v *visit) error {
	d := outboxData{State: notice.State(r.FormValue("state")), Done: r.FormValue("done") == "1"}
	if !slices.Contains(notice.States(), d.State) {
		d.State = ""
	}
	for _, c := range []notice.Channel{notice.Mail, notice.SMS, notice.Hook} {
		if s.Carries(c) {
			d.Channels = append(d.Channels, c)
		}
	}
	var err error
	if d.Counts, d.Fresh, err = s.Notices.Counts(r.Context(), v.scope); err != nil {
		return err
	}
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64)
	list, err := s.Notices.Outbox(r.Context(), v.scope, notice.OutboxQuery{State: d.State, Before: max(before, 0), Limit: messagesOnPage + 1})
	if err != nil {
		return err
	}
	if len(list) > messagesOnPage {
		list = list[:messagesOnPage]
		d.Older = "/outbox?" + url.Values{"state": {string(d.State)}, "before": {strconv.FormatInt(list[messagesOnPage-1].ID, 10)}}.Encode()
	}
	for _, x := range list {
		row := outboxRow{Delivery: x}
		if x.Account != 0 {
			if row.Who, err = s.Access.NameOf(r.Context(), x.Account); err != nil {
				return err
			}
		}
		d.Rows = append(d.Rows, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("messages.outbox")), http.StatusOK, outboxPage(v.t, d))
}

func (s *server) retryDelivery(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.Notices.Retry(r.Context(), v.scope, id); err != nil {
		return err
	}
	return seeOther(w, r, "/outbox?done=1")
}
