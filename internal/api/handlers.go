package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Letter is what a letter to whoever gets an account is printed from. Its code stands nowhere else: an answer that holds
// one is never kept for repeated requests, and nobody on the way may keep it.
type Letter struct {
	Account    int64  `json:"account" example:"5"`
	Login      string `json:"login" example:"91320281142225264b"`
	Name       string `json:"name" example:"盐城亭湖甲机械有限公司"`
	Role       string `json:"role" example:"enterprise"`
	Code       string `json:"code" example:"ABCD-EFGH-JKLM-NPQR" doc:"一次有效，只在这里出现一次 · good for one use, shown this once"`
	Expires    string `json:"expires" format:"date-time" example:"2024-11-30T09:00:00+08:00"`
	Enterprise *Firm  `json:"enterprise,omitempty"`
	Address    string `json:"address,omitempty" example:"盐城市亭湖区希望大道 1 号"`
}

func (s *server) letter(l enrol.Letter) Letter {
	out := Letter{
		Account: l.Account, Login: l.Login, Name: l.Name, Role: string(l.Role), Code: l.Text, Expires: instant(l.ExpiresAt), Address: l.Address,
	}
	if l.Firm.ID != 0 {
		out.Enterprise = ptr(s.firm(l.Firm))
	}
	return out
}

type letterOut struct {
	Cache string `header:"Cache-Control"`
	Body  Letter
}

func (s *server) letterOf(l enrol.Letter, err error) (*letterOut, error) {
	return &letterOut{Cache: "no-store", Body: s.letter(l)}, err
}

// acting is an account that acts for an enterprise.
type acting struct {
	ID      int64  `json:"id" example:"5"`
	Login   string `json:"login" example:"lisi"`
	Name    string `json:"name" example:"李四"`
	Role    string `json:"role" enum:"enterprise,handler,viewer" example:"handler"`
	Until   string `json:"until,omitempty" example:"2025-10-31" doc:"授权到这一天为止，含当天 · authorised up to this day, itself included"`
	Expired bool   `json:"expired" example:"false"`
	Waits   bool   `json:"waits" example:"true" doc:"尚未用代码激活 · its code was not used yet"`
}

type actingOut struct {
	Body struct {
		Items []acting `json:"items" nullable:"false" doc:"企业自己的账号在前 · its own first"`
	}
}

// listActing is who acts for an enterprise.
func (s *server) listActing(ctx context.Context, c *caller, in *idIn) (*actingOut, error) {
	_, e, err := s.firmOf(ctx, c, FirmIn{ID: in.ID})
	if err != nil {
		return nil, err
	}
	list, err := s.Enrol.Acting(ctx, c.scope, e)
	if err != nil {
		return nil, err
	}
	out := &actingOut{}
	out.Body.Items = []acting{}
	for _, a := range list {
		x := acting{ID: a.ID, Login: a.Login, Name: a.Name, Waits: a.Waits}
		for _, g := range a.Grants {
			x.Role, x.Until, x.Expired = string(g.Role), "", g.Until != 0 && g.Until <= s.Access.Now()
			if g.Until != 0 {
				x.Until = clock.DayOf(g.Until - 1).String()
			}
		}
		out.Body.Items = append(out.Body.Items, x)
	}
	return out, nil
}

// openAccount makes the account of one enterprise, with its letter.
func (s *server) openAccount(ctx context.Context, c *caller, in *idIn) (*letterOut, error) {
	_, e, err := s.firmOf(ctx, c, FirmIn{ID: in.ID})
	if err != nil {
		return nil, err
	}
	l, err := s.Enrol.One(ctx, c.scope, e.ID)
	return s.letterOf(l, err)
}

type authoriseIn struct {
	ID   int64 `path:"id" minimum:"1" example:"17"`
	Body struct {
		Login string `json:"login" minLength:"3" maxLength:"64" example:"lisi"`
		Name  string `json:"name" minLength:"1" maxLength:"100" example:"李四"`
		Role  string `json:"role" enum:"handler,viewer" example:"handler"`
		Until string `json:"until" maxLength:"10" example:"2025-10-31" doc:"授权到这一天为止，含当天 · authorised up to this day, itself included"`
	}
}

// endOf is the end of a day of a body, in milliseconds.
func (s *server) endOf(c *caller, pointer, text string) (int64, error) {
	day, err := period.ParseDay(text)
	if err != nil {
		return 0, s.wrongBody(c, pointer, i18n.M("api.bad_day"))
	}
	return clock.StartOf(day + 1), nil
}

// authorise makes an account for somebody who acts for an enterprise, with its letter.
func (s *server) authorise(ctx context.Context, c *caller, in *authoriseIn) (*letterOut, error) {
	_, e, err := s.firmOf(ctx, c, FirmIn{ID: in.ID})
	if err != nil {
		return nil, err
	}
	until, err := s.endOf(c, "/until", in.Body.Until)
	if err != nil {
		return nil, err
	}
	code, err := s.Access.Authorise(ctx, c.scope, access.Firm{Party: e.ID, Area: e.Area}, access.Authorisation{
		Login: in.Body.Login, Name: in.Body.Name, Role: access.Role(in.Body.Role), Until: until,
	})
	if err != nil {
		return nil, err
	}
	l, err := s.Enrol.Envelope(ctx, code, e.ID)
	return s.letterOf(l, err)
}

// ActingIn names an account that acts for an enterprise.
type ActingIn struct {
	ID      int64 `path:"id" minimum:"1" example:"17"`
	Account int64 `path:"account" minimum:"1" example:"5"`
}

func (s *server) holder(ctx context.Context, c *caller, in ActingIn) (access.Holder, error) {
	_, e, err := s.firmOf(ctx, c, FirmIn{ID: in.ID})
	if err != nil {
		return access.Holder{}, err
	}
	return s.Enrol.Holder(ctx, c.scope, e, in.Account)
}

type codeIn struct {
	ActingIn
	Body struct {
		Why string `json:"why,omitempty" maxLength:"4000" example:"已核对营业执照原件" doc:"已有密码的账号须写明怎样核对了身份 · for an account that has a password: how the identity was checked"`
	}
}

// newCode gives an account of an enterprise a new code, for whoever lost the old one or the password.
func (s *server) newCode(ctx context.Context, c *caller, in *codeIn) (*letterOut, error) {
	h, err := s.holder(ctx, c, in.ActingIn)
	if err != nil {
		return nil, err
	}
	l, err := s.Enrol.Letter(ctx, c.scope, h, in.Body.Why)
	return s.letterOf(l, err)
}

type renewIn struct {
	ActingIn
	Body struct {
		Until string `json:"until" maxLength:"10" example:"2026-10-31" doc:"授权到这一天为止，含当天 · authorised up to this day, itself included"`
	}
}

func (s *server) renew(ctx context.Context, c *caller, in *renewIn) (*nothing, error) {
	h, err := s.holder(ctx, c, in.ActingIn)
	if err != nil {
		return nil, err
	}
	until, err := s.endOf(c, "/until", in.Body.Until)
	if err != nil {
		return nil, err
	}
	return &nothing{}, s.Access.Renew(ctx, c.scope, h.Firm, h.Account, until)
}

type succeedIn struct {
	ActingIn
	Body struct {
		Login string `json:"login" minLength:"3" maxLength:"64" example:"wangwu"`
		Name  string `json:"name" minLength:"1" maxLength:"100" example:"王五"`
	}
}

// succeed hands what somebody may do for an enterprise to a successor.
func (s *server) succeed(ctx context.Context, c *caller, in *succeedIn) (*letterOut, error) {
	h, err := s.holder(ctx, c, in.ActingIn)
	if err != nil {
		return nil, err
	}
	code, err := s.Access.Succeed(ctx, c.scope, h.Firm, h.Account, in.Body.Login, in.Body.Name)
	if err != nil {
		return nil, err
	}
	l, err := s.Enrol.Envelope(ctx, code, in.ID)
	return s.letterOf(l, err)
}

type revokeIn struct {
	ActingIn
	Body struct {
		Why string `json:"why,omitempty" maxLength:"4000" example:"已离职"`
	}
}

func (s *server) revoke(ctx context.Context, c *caller, in *revokeIn) (*nothing, error) {
	h, err := s.holder(ctx, c, in.ActingIn)
	if err != nil {
		return nil, err
	}
	return &nothing{}, s.Access.Revoke(ctx, c.scope, h.Firm, h.Account, in.Body.Why)
}

func (s *server) registerHandlers() {
	own, issue := access.Need{Action: access.Delegate}, access.Need{Action: access.IssueAccess}
	read := access.Need{Action: access.ReadParty}
	const list, one = "/enterprises/{id}/accounts", "/enterprises/{id}/accounts/{account}"
	handle(s, operation{id: "list_firm_accounts", tag: "accounts", method: http.MethodGet, path: list, need: read}, s.listActing)
	handle(s, operation{id: "open_firm_account", tag: "accounts", method: http.MethodPost, path: list + "/open", need: issue, status: http.StatusCreated}, s.openAccount)
	handle(s, operation{id: "authorise_handler", tag: "accounts", method: http.MethodPost, path: list + "/authorise", need: own, status: http.StatusCreated}, s.authorise)
	handle(s, operation{id: "issue_code", tag: "accounts", method: http.MethodPost, path: one + "/code", need: read}, s.newCode)
	handle(s, operation{id: "renew_handler", tag: "accounts", method: http.MethodPost, path: one + "/renew", need: own, status: http.StatusNoContent}, s.renew)
	handle(s, operation{id: "succeed_handler", tag: "accounts", method: http.MethodPost, path: one + "/succeed", need: own}, s.succeed)
	handle(s, operation{id: "revoke_handler", tag: "accounts", method: http.MethodPost, path: one + "/revoke", need: own, status: http.StatusNoContent}, s.revoke)
}
