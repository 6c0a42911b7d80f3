package api

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/enrol"
)

// Enrolment is an order to make accounts for many enterprises.
type Enrolment struct {
	ID      int64          `json:"id" example:"88"`
	Area    string         `json:"area" example:"320900"`
	Year    int            `json:"year,omitempty" example:"2023" doc:"只含这一年的规上企业 · only those above scale in this year"`
	List    string         `json:"list,omitempty" example:"firms.xlsx"`
	By      string         `json:"by,omitempty" example:"王敏"`
	Made    string         `json:"made" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	State   string         `json:"state" enum:"running,done,cancelled,failed" example:"done"`
	Counts  map[string]int `json:"counts" example:"{\"made\":2,\"had\":1}" doc:"waiting、made、had、unknown"`
	ToPrint int            `json:"to_print,omitempty" example:"2" doc:"信函尚未打印的账号 · accounts whose letter was never printed"`
}

func (s *server) enrolmentOf(ctx context.Context, b enrol.Batch, names people) (Enrolment, error) {
	by, err := s.nameOf(ctx, names, b.By)
	out := Enrolment{
		ID: b.ID, Area: b.Area, Year: b.Year, List: b.List, By: by, Made: instant(b.MadeAt), State: string(b.State), ToPrint: b.ToPrint,
		Counts: map[string]int{},
	}
	for outcome, n := range b.Count {
		out.Counts[string(outcome)] = n
	}
	return out, err
}

// listedEnrolments is how many of the newest batches a list shows.
const listedEnrolments = 100

type enrolmentsOut struct {
	Body struct {
		Items []Enrolment `json:"items" nullable:"false"`
	}
}

func (s *server) enrolments(ctx context.Context, c *caller, _ *struct{}) (*enrolmentsOut, error) {
	list, err := s.Enrol.Batches(ctx, c.scope, listedEnrolments)
	if err != nil {
		return nil, err
	}
	out, names := &enrolmentsOut{}, people{}
	out.Body.Items = []Enrolment{}
	for _, b := range list {
		e, err := s.enrolmentOf(ctx, b, names)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, e)
	}
	return out, nil
}

type enrolIn struct {
	Body struct {
		Area string `json:"area" minLength:"1" maxLength:"64" example:"320904"`
		Year int    `json:"year,omitempty" minimum:"0" maximum:"2200" example:"2023" doc:"只含这一年的规上企业；不写则全部 · only those above scale in this year; all without it"`
	}
}

type createdEnrolment struct {
	Location string `header:"Location"`
	Body     Enrolment
}

func (s *server) order(ctx context.Context, c *caller, in *enrolIn) (*createdEnrolment, error) {
	b, err := s.Enrol.Order(ctx, c.scope, enrol.Choice{Area: in.Body.Area, Year: in.Body.Year})
	if err != nil {
		return nil, err
	}
	return s.createdEnrolment(ctx, b)
}

func (s *server) createdEnrolment(ctx context.Context, b enrol.Batch) (*createdEnrolment, error) {
	e, err := s.enrolmentOf(ctx, b, people{})
	return &createdEnrolment{Location: Prefix + "/enrolments/" + strconv.FormatInt(b.ID, 10), Body: e}, err
}

// unmade is an enterprise, or a line of a list, that no account was made for.
type unmade struct {
	Words      string `json:"words,omitempty" example:"盐城某某机械厂" doc:"名单上的写法 · as the list calls it"`
	Place      string `json:"place,omitempty" example:"Sheet1!A7"`
	Enterprise int64  `json:"enterprise,omitempty" example:"17"`
	Outcome    string `json:"outcome" enum:"waiting,made,had,unknown" example:"unknown" doc:"had 已有账号，unknown 不是本地区的企业 · has an account, names no enterprise of the area"`
}

type enrolmentOut struct {
	Body struct {
		Enrolment
		Left []unmade `json:"left,omitempty" nullable:"false" doc:"没有开户的，最多 200 条 · that no account was made for, at most 200"`
	}
}

// listedLeft is how many of those that got no account are told.
const listedLeft = 200

func (s *server) getEnrolment(ctx context.Context, c *caller, in *idIn) (*enrolmentOut, error) {
	b, err := s.Enrol.Batch(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &enrolmentOut{}
	if out.Body.Enrolment, err = s.enrolmentOf(ctx, b, people{}); err != nil {
		return nil, err
	}
	left, err := s.Enrol.Left(ctx, c.scope, in.ID, listedLeft)
	for _, l := range left {
		out.Body.Left = append(out.Body.Left, unmade{l.Words, l.Place, l.Party, string(l.Outcome)})
	}
	return out, err
}

type choiceIn struct {
	Area string `query:"area" required:"true" minLength:"1" maxLength:"64" example:"320904"`
	Year int    `query:"year" minimum:"1949" maximum:"2200" example:"2023" doc:"只含这一年的规上企业；不写则全部 · only those above scale in this year; all without it"`
	Paging
}

// choose is the enterprises that an order would make accounts for.
func (s *server) choose(ctx context.Context, c *caller, in *choiceIn) (*firmsOut, error) {
	choice := enrol.Choice{Area: in.Area, Year: in.Year}
	at, err := in.open(c, c.listName("choice", choice))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	all, err := s.Enrol.Choose(ctx, c.scope, choice)
	if err != nil {
		return nil, err
	}
	out := &firmsOut{}
	b := &out.Body
	b.Items, b.Total, b.AsOf = []Firm{}, len(all), m.asOf()
	// By id, and who gets an account meanwhile leaves the list: ids tell the place.
	for _, e := range all {
		if e.ID <= at.Before {
			continue
		}
		if len(b.Items) == in.Limit {
			b.Next = cursor{List: at.List, Before: b.Items[in.Limit-1].ID}.String()
			break
		}
		b.Items = append(b.Items, s.firm(e))
	}
	return out, nil
}

type listedIn struct {
	Area string `query:"area" required:"true" minLength:"1" maxLength:"64" example:"320904" doc:"送名单的单位负责的地区 · the area that the sender answers for"`
	Year int    `query:"year" minimum:"1949" maximum:"2200" example:"2023" doc:"只含这一年的规上企业 · only those above scale in this year"`
	Name string `query:"name" required:"true" minLength:"1" maxLength:"300" example:"firms.xlsx" doc:"文件名 · name of the file"`
	body io.Reader
}

// listLimit is the largest list of enterprises, in bytes.
const listLimit = 16 << 20

// Resolve keeps the body for reading.
func (in *listedIn) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	in.body = http.MaxBytesReader(w, r.Body, listLimit)
	return nil
}

// orderListed begins an order for the enterprises that a list names.
func (s *server) orderListed(ctx context.Context, c *caller, in *listedIn) (*createdEnrolment, error) {
	b, err := s.Enrol.OrderList(ctx, c.scope, enrol.Choice{Area: in.Area, Year: in.Year}, in.Name, in.body)
	if err != nil {
		return nil, err
	}
	return s.createdEnrolment(ctx, b)
}

type lettersIn struct {
	ID   int64 `path:"id" minimum:"1" example:"88"`
	Body struct {
		Again bool `json:"again,omitempty" example:"false" doc:"也给印过而未激活的账号换新代码，旧信作废 · new codes too for accounts whose letter was printed and not used, whose letters are then worth nothing"`
	}
}

type lettersOut struct {
	Cache string `header:"Cache-Control"`
	Body  struct {
		Items []Letter `json:"items" nullable:"false" doc:"一次最多 2000 封 · at most 2,000 at a time"`
	}
}

// letters makes codes for the accounts of an order that wait for one.
func (s *server) letters(ctx context.Context, c *caller, in *lettersIn) (*lettersOut, error) {
	list, err := s.Enrol.Letters(ctx, c.scope, in.ID, in.Body.Again)
	out := &lettersOut{Cache: "no-store"}
	out.Body.Items = []Letter{}
	for _, l := range list {
		out.Body.Items = append(out.Body.Items, s.letter(l))
	}
	return out, err
}

// changed is a change of an enrolment, and the enrolment after it.
func (s *server) changed(change func(context.Context, access.Scope, int64) error) func(context.Context, *caller, *idIn) (*enrolmentOut, error) {
	return func(ctx context.Context, c *caller, in *idIn) (*enrolmentOut, error) {
		if err := change(ctx, c.scope, in.ID); err != nil {
			return nil, err
		}
		return s.getEnrolment(ctx, c, in)
	}
}

func (s *server) registerEnrolments() {
	may := access.Need{Action: access.IssueAccess}
	handle(s, operation{id: "list_enrolments", tag: "accounts", method: http.MethodGet, path: "/enrolments", need: may}, s.enrolments)
	handle(s, operation{id: "order_enrolment", tag: "accounts", method: http.MethodPost, path: "/enrolments", need: may, status: http.StatusCreated, once: true}, s.order)
	handle(s, operation{id: "order_enrolment_list", tag: "accounts", method: http.MethodPost, path: "/enrolments/list", need: may, status: http.StatusCreated, once: true, upload: "application/octet-stream"}, s.orderListed)
	handle(s, operation{id: "preview_enrolment", tag: "accounts", method: http.MethodGet, path: "/enrolments/choice", need: may}, s.choose)
	handle(s, operation{id: "print_letters", tag: "accounts", method: http.MethodPost, path: "/enrolments/{id}/letters", need: may}, s.letters)
	handle(s, operation{id: "get_enrolment", tag: "accounts", method: http.MethodGet, path: "/enrolments/{id}", need: may}, s.getEnrolment)
	handle(s, operation{id: "cancel_enrolment", tag: "accounts", method: http.MethodPost, path: "/enrolments/{id}/cancel", need: may}, s.changed(s.Enrol.Cancel))
	handle(s, operation{id: "resume_enrolment", tag: "accounts", method: http.MethodPost, path: "/enrolments/{id}/resume", need: may}, s.changed(s.Enrol.Resume))
}
