package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/enrol"
)

// enrolment is an order to make accounts for many enterprises. Their letters are printed on a page: what opens an account
// is on paper only.
type enrolment struct {
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

func (s *server) enrolmentOf(ctx context.Context, b enrol.Batch, names people) (enrolment, error) {
	by, err := s.nameOf(ctx, names, b.By)
	out := enrolment{
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
		Items []enrolment `json:"items" nullable:"false"`
	}
}

func (s *server) enrolments(ctx context.Context, c *caller, _ *struct{}) (*enrolmentsOut, error) {
	list, err := s.Enrol.Batches(ctx, c.scope, listedEnrolments)
	if err != nil {
		return nil, err
	}
	out, names := &enrolmentsOut{}, people{}
	out.Body.Items = []enrolment{}
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
	Body     enrolment
}

func (s *server) order(ctx context.Context, c *caller, in *enrolIn) (*createdEnrolment, error) {
	b, err := s.Enrol.Order(ctx, c.scope, enrol.Choice{Area: in.Body.Area, Year: in.Body.Year})
	if err != nil {
		return nil, err
	}
	e, err := s.enrolmentOf(ctx, b, people{})
	return &createdEnrolment{Location: Prefix + "/enrolments/" + strconv.FormatInt(b.ID, 10), Body: e}, err
}

type enrolmentOut struct{ Body enrolment }

func (s *server) getEnrolment(ctx context.Context, c *caller, in *idIn) (*enrolmentOut, error) {
	b, err := s.Enrol.Batch(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	e, err := s.enrolmentOf(ctx, b, people{})
	return &enrolmentOut{e}, err
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
	handle(s, operation{id: "get_enrolment", tag: "accounts", method: http.MethodGet, path: "/enrolments/{id}", need: may}, s.getEnrolment)
	handle(s, operation{id: "cancel_enrolment", tag: "accounts", method: http.MethodPost, path: "/enrolments/{id}/cancel", need: may}, s.changed(s.Enrol.Cancel))
	handle(s, operation{id: "resume_enrolment", tag: "accounts", method: http.MethodPost, path: "/enrolments/{id}/resume", need: may}, s.changed(s.Enrol.Resume))
}
