package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/store"
)

func (s *server) registerReadings() {
	see := access.Need{Action: access.ReadReadings}
	handle(s, operation{id: "list_readings", tag: "readings", method: http.MethodGet, path: "/enterprises/{id}/readings", need: see}, s.listReadings)
	handle(s, operation{id: "list_consents", tag: "readings", method: http.MethodGet, path: "/enterprises/{id}/consents", need: see}, s.listConsents)
	handle(s, operation{id: "end_consent", tag: "readings", method: http.MethodPost, path: "/consents/{id}/end", need: access.Need{Action: access.Consent}, once: true}, s.endConsent)
	handle(s, operation{id: "break_glass", tag: "readings", method: http.MethodPost, path: "/emergencies", need: access.Need{Action: access.BreakGlass}, once: true}, s.breakGlass)
}

// readingOut is that somebody has read an enterprise's data.
type readingOut struct {
	ID        int64    `json:"id" example:"912"`
	At        string   `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	By        string   `json:"by" example:"王敏"`
	Role      string   `json:"role" example:"county_official"`
	Facts     []string `json:"facts" nullable:"false" example:"ent.legal_person"`
	Place     string   `json:"place" example:"GET /enterprises/{id}" doc:"页面或接口，授权资料包为空 · the page or the operation, empty for the pack of a consent"`
	Many      bool     `json:"many" doc:"一次读了很多家，不逐家记 · one of very many that were read at once"`
	Consent   int64    `json:"consent,omitempty" example:"31" doc:"凭哪份授权 · the consent that it was read under"`
	Emergency int64    `json:"emergency,omitempty" example:"44" doc:"凭哪次应急查阅 · the emergency that it was read under"`
}

type readingsOut struct {
	Body struct {
		Items []readingOut `json:"items" nullable:"false"`
		Next  string       `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) listReadings(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" example:"17"`
	Paging
},
) (*readingsOut, error) {
	at, err := in.open(c, c.listName("readings", in.ID))
	if err != nil {
		return nil, err
	}
	list, err := s.Consent.Readings(ctx, c.scope, in.ID, consent.ReadingQuery{Before: at.Before, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out, names := &readingsOut{}, people{}
	out.Body.Items = []readingOut{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.Next = cursor{List: at.List, Before: list[in.Limit-1].ID}.String()
	}
	for _, x := range list {
		by, err := s.nameOf(ctx, names, x.Account)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, readingOut{x.ID, instant(x.At), by, string(x.Role), x.Facts, x.Place, x.Party == 0, x.Grant, x.Emergency})
	}
	return out, nil
}

// consentGiven is a consent of an enterprise.
type consentGiven struct {
	ID      int64    `json:"id" example:"31"`
	To      int64    `json:"to" example:"205" doc:"可以读的一方 · the party that may read"`
	Purpose string   `json:"purpose" example:"loan"`
	Facts   []string `json:"facts" nullable:"false" example:"ent.revenue"`
	Case    int64    `json:"case,omitempty" example:"88"`
	From    string   `json:"from" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Until   string   `json:"until" format:"date-time" example:"2025-04-30T09:00:00+08:00"`
	Stands  bool     `json:"stands" example:"true" doc:"现在可以凭它读 · something may be read under it now"`
	Ended   string   `json:"ended,omitempty" format:"date-time" example:"2024-11-30T09:00:00+08:00"`
	Why     string   `json:"why,omitempty" example:"已另选银行"`
}

func (s *server) consentGiven(g consent.Grant) consentGiven {
	out := consentGiven{ID: g.ID, To: g.To, Purpose: g.Purpose, Facts: g.Facts, Case: g.Case, From: instant(g.From), Until: instant(g.Until), Stands: g.Stands(s.Clock.Millis()), Why: g.Why}
	if g.EndedAt > 0 {
		out.Ended = instant(g.EndedAt)
	}
	return out
}

type consentsOut struct {
	Body struct {
		Items []consentGiven `json:"items" nullable:"false"`
	}
}

func (s *server) listConsents(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" example:"17"`
},
) (*consentsOut, error) {
	given, err := s.Consent.Of(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &consentsOut{}
	out.Body.Items = []consentGiven{}
	for _, g := range given {
		out.Body.Items = append(out.Body.Items, s.consentGiven(g))
	}
	return out, nil
}

func (s *server) endConsent(ctx context.Context, c *caller, in *struct {
	ID   int64 `path:"id" example:"31"`
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"2000" example:"已另选银行"`
	}
},
) (*struct{}, error) {
	return nil, s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		return s.Consent.End(ctx, tx, c.scope, in.ID, in.Body.Reason)
	})
}

type emergencyOut struct {
	Body struct {
		ID         int64  `json:"id" example:"44"`
		Enterprise int64  `json:"enterprise" example:"17"`
		Until      string `json:"until" format:"date-time" example:"2024-10-31T11:00:00+08:00"`
	}
}

func (s *server) breakGlass(ctx context.Context, c *caller, in *struct {
	Body struct {
		USCC   string `json:"uscc" maxLength:"40" example:"91320902MA1W0AAT2X"`
		Reason string `json:"reason" minLength:"1" maxLength:"2000" example:"车间起火，需要联系负责人"`
	}
},
) (*emergencyOut, error) {
	code, finding := party.ParseUSCC(in.Body.USCC)
	if !finding.Usable() {
		return nil, errs.Invalid(finding.Msg())
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	found := whole.Registry().ByUSCC(code)
	if len(found) == 0 {
		return nil, errs.Invalid(i18n.M("consent.no_such_firm", string(code)))
	}
	x, err := s.Consent.BreakGlass(ctx, c.scope, c.account.Name, found[0], in.Body.Reason)
	if err != nil {
		return nil, err
	}
	out := &emergencyOut{}
	out.Body.ID, out.Body.Enterprise, out.Body.Until = x.ID, x.Party, instant(x.Until)
	return out, nil
}
