package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/selection"
)

// TitleGiven is a title that a round gave.
type TitleGiven struct {
	ID         int64     `json:"id" example:"431"`
	Title      codeName  `json:"title"`
	Enterprise *Firm     `json:"enterprise,omitempty"`
	Person     string    `json:"person,omitempty" example:"演示人员 42" doc:"授予个人的 · of a title of a person"`
	Selection  int64     `json:"selection" example:"402" doc:"哪一轮给的 · the round that gave it"`
	Round      i18n.Text `json:"selection_name"`
	Nomination int64     `json:"nomination" example:"405"`
	Honour     int64     `json:"honour" example:"432" doc:"档案里的荣誉，其数据见 get_enterprise · the honour whose facts get_enterprise tells"`
	State      string    `json:"state" enum:"held,expired,revoked" example:"held" doc:"今天的状态 · as it stands today"`
	Given      string    `json:"given" format:"date" example:"2024-11-27"`
	Until      string    `json:"valid_until,omitempty" format:"date" example:"2027-11-26" doc:"最后一天；没有则长期 · the last day; none for no end"`
	Ended      string    `json:"ended,omitempty" format:"date" example:"2025-03-01" doc:"从这一天起撤销 · revoked from this day on"`
	Reason     string    `json:"reason,omitempty" example:"已离职，称号条件不再具备（演示）"`
}

func (s *server) titleGiven(ctx context.Context, c *caller, m moment, x selection.Title) (TitleGiven, error) {
	out := TitleGiven{
		ID: x.ID, Title: s.titleName(x.Title), Enterprise: s.firmOfCase(m, x.Party), Person: x.Item, Selection: x.Round, Nomination: x.Nomination, Honour: x.Honour,
		State: "held", Given: x.GivenOn.String(), Reason: x.EndReason,
	}
	if x.ValidUntil != 0 {
		out.Until = x.ValidUntil.String()
	}
	switch {
	case x.EndedOn != 0:
		out.State, out.Ended = "revoked", x.EndedOn.String()
	case !x.Holds(s.Clock.Today()):
		out.State = "expired"
	}
	r, err := s.selectedRound(ctx, c, x.Round)
	if err == nil {
		out.Round = roundName(r.Round, r.scheme)
	}
	return out, err
}

type titlesOut struct {
	Body struct {
		Items []TitleGiven `json:"items" nullable:"false"`
	}
}

// listTitles is the titles of an enterprise, or of a round, that the asker may see.
func (s *server) listTitles(ctx context.Context, c *caller, in *struct {
	Enterprise int64 `query:"enterprise" minimum:"0" example:"17" doc:"这家企业的，新的在前 · of this enterprise, the newest first"`
	Selection  int64 `query:"selection" minimum:"0" example:"402" doc:"这一轮给的 · that this round gave"`
},
) (*titlesOut, error) {
	if (in.Enterprise == 0) == (in.Selection == 0) {
		return nil, invalid(c.t, "enterprise", "", i18n.M("api.titles_of"))
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	of, id := s.Selections.Titles, in.Enterprise
	if in.Selection != 0 {
		of, id = s.Selections.TitlesOf, in.Selection
	}
	all, err := of(ctx, c.scope, id)
	if err != nil {
		return nil, err
	}
	out := &titlesOut{}
	out.Body.Items = []TitleGiven{}
	for _, x := range all {
		row, err := s.titleGiven(ctx, c, m, x)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

// lookAt is a look at a title.
type lookAt struct {
	At     string `json:"at" format:"date-time" example:"2025-03-01T09:00:00+08:00"`
	By     string `json:"by,omitempty" example:"王科长"`
	Case   int64  `json:"case,omitempty" example:"433"`
	Passed bool   `json:"passed" example:"true"`
	Note   string `json:"note,omitempty" example:"条件仍然具备（演示）"`
}

type titleOut struct {
	Body struct {
		TitleGiven
		Rechecks []lookAt `json:"rechecks" nullable:"false" doc:"历次复核，先做的在前 · every look at it, the oldest first"`
	}
}

func (s *server) getTitle(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" minimum:"1" example:"431"`
},
) (*titleOut, error) {
	x, err := s.Selections.TitleByID(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	out := &titleOut{}
	if out.Body.TitleGiven, err = s.titleGiven(ctx, c, m, x); err != nil {
		return nil, err
	}
	looks, err := s.Selections.Rechecks(ctx, c.scope, x.ID)
	if err != nil {
		return nil, err
	}
	out.Body.Rechecks = []lookAt{}
	names := people{}
	for _, l := range looks {
		row := lookAt{At: instant(l.At), Case: l.Case, Passed: l.Passed, Note: l.Note}
		if l.Actor != 0 {
			if row.By, err = s.nameOf(ctx, names, l.Actor); err != nil {
				return nil, err
			}
		}
		out.Body.Rechecks = append(out.Body.Rechecks, row)
	}
	return out, nil
}

func (s *server) registerTitles() {
	read := access.Need{Action: access.ReadFact}
	handle(s, operation{id: "list_titles", tag: "selections", method: http.MethodGet, path: "/titles", need: read}, s.listTitles)
	handle(s, operation{id: "get_title", tag: "selections", method: http.MethodGet, path: "/titles/{id}", need: read}, s.getTitle)
}
