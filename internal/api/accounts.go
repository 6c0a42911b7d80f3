package api

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

type meOut struct {
	Body struct {
		Login   string   `json:"login" example:"city"`
		Name    string   `json:"name" example:"王敏"`
		Role    string   `json:"role" example:"city_official"`
		Token   token    `json:"token"`
		Areas   []string `json:"areas" nullable:"false" example:"[\"320900\",\"320902\"]" doc:"令牌所及的地区 · areas that the token reaches"`
		Parties []int64  `json:"enterprises" nullable:"false" example:"[17]" doc:"本企业的编号 · ids of one's own enterprises"`
	}
}

// token is a token without its secret.
type token struct {
	ID      int64    `json:"id" example:"9"`
	Name    string   `json:"name" example:"月报接口"`
	Hint    string   `json:"hint" example:"yz_K7QWZ" doc:"令牌的开头 · how the secret begins"`
	Actions []string `json:"actions" nullable:"false" example:"[\"read_party\",\"read_fact\"]"`
	Area    string   `json:"area,omitempty" example:"320902"`
	Created string   `json:"created" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Expires string   `json:"expires" format:"date-time" example:"2025-01-29T09:00:00+08:00"`
	Used    string   `json:"used,omitempty" example:"2024-10-31T09:05:00+08:00"`
	Ended   string   `json:"ended,omitempty" example:"2024-11-01T09:00:00+08:00"`
}

func tokenOf(t access.Token) token {
	out := token{
		ID: t.ID, Name: t.Name, Hint: t.Hint, Area: t.Area, Created: instant(t.CreatedAt), Expires: instant(t.ExpiresAt),
		Used: instant(t.UsedAt), Ended: instant(t.EndedAt), Actions: []string{},
	}
	for _, a := range t.Actions {
		out.Actions = append(out.Actions, string(a))
	}
	return out
}

func (s *server) me(_ context.Context, c *caller, _ *struct{}) (*meOut, error) {
	out := &meOut{}
	b := &out.Body
	b.Login, b.Name, b.Role, b.Token = c.account.Login, c.account.Name, string(c.scope.Role()), tokenOf(c.token)
	b.Areas, b.Parties = append([]string{}, c.scope.Areas()...), append([]int64{}, c.scope.Owns()...)
	return out, nil
}

type tokensOut struct {
	Body struct {
		Items []token `json:"items" nullable:"false"`
		Total int     `json:"total" example:"3"`
		Next  string  `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// tokens go by id, the newest first: a page begins below the last id of the page before.
func (s *server) tokens(ctx context.Context, c *caller, in *struct{ Paging }) (*tokensOut, error) {
	at, err := in.open(c, c.listName("tokens", nil))
	if err != nil {
		return nil, err
	}
	all, err := s.Access.Tokens(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	out := &tokensOut{}
	out.Body.Items, out.Body.Total = []token{}, len(all)
	for _, t := range all {
		if at.Before != 0 && t.ID >= at.Before {
			continue
		}
		if len(out.Body.Items) == in.Limit {
			out.Body.Next = cursor{List: at.List, Before: out.Body.Items[in.Limit-1].ID}.String()
			break
		}
		out.Body.Items = append(out.Body.Items, tokenOf(t))
	}
	return out, nil
}

func (s *server) endToken(ctx context.Context, c *caller, in *idIn) (*nothing, error) {
	return &nothing{}, s.Access.EndToken(ctx, c.scope, in.ID)
}

// Account is somebody who may sign in.
type Account struct {
	ID       int64   `json:"id" example:"5"`
	Login    string  `json:"login" example:"dafeng"`
	Name     string  `json:"name" example:"李某"`
	Grants   []grant `json:"grants" nullable:"false"`
	Disabled bool    `json:"disabled" example:"false"`
	Waits    bool    `json:"waits" example:"false" doc:"尚未用代码激活 · its code was not used yet"`
	Created  string  `json:"created" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

type grant struct {
	Role       string `json:"role" enum:"county_official,city_official,finance,tax_bureau,safety_bureau,environment_bureau,credit_office,expert,audit_firm,bank,institute,enterprise,handler,viewer,auditor,administrator" example:"county_official"`
	Area       string `json:"area,omitempty" maxLength:"64" example:"320904"`
	Enterprise int64  `json:"enterprise,omitempty" minimum:"0" example:"17"`
	Bank       string `json:"bank,omitempty" maxLength:"64" example:"demo_a" doc:"银行账号：银行的代码 · of a bank's account: the code of the bank"`
	Institute  string `json:"institute,omitempty" maxLength:"64" example:"demo_one" doc:"诊断机构账号：机构的代码 · of an institute's account: the code of the institute"`
	Until      string `json:"until,omitempty" maxLength:"10" example:"2025-10-31" doc:"到这一天为止，含当天 · up to this day, itself included"`
}

func (s *server) accountOf(ctx context.Context, a access.Account) Account {
	out := Account{ID: a.ID, Login: a.Login, Name: a.Name, Disabled: a.Disabled(), Waits: a.Waits, Created: instant(a.CreatedAt), Grants: []grant{}}
	for _, g := range a.Grants {
		x := grant{Role: string(g.Role), Area: g.Area, Enterprise: g.Party}
		if b, err := s.Credit.BankOf(ctx, g.Party); g.Role == access.Bank && err == nil {
			x.Enterprise, x.Bank = 0, b.Code
		}
		if i, err := s.Diagnoses.Institute(ctx, access.SystemScope(), g.Party); g.Role == access.Institute && err == nil {
			x.Enterprise, x.Institute = 0, i.Code
		}
		if g.Until != 0 {
			x.Until = clock.DayOf(g.Until - 1).String()
		}
		out.Grants = append(out.Grants, x)
	}
	return out
}

type accountsIn struct {
	Text  string `query:"q" maxLength:"100" example:"李" doc:"登录名或姓名的一部分 · part of a login or a name"`
	Role  string `query:"role" enum:"county_official,city_official,finance,tax_bureau,safety_bureau,environment_bureau,credit_office,expert,audit_firm,bank,institute,enterprise,handler,viewer,auditor,administrator" example:"county_official"`
	State string `query:"state" enum:"in_use,waiting,ended" example:"in_use"`
	Paging
}

type accountsOut struct {
	Body struct {
		Items []Account `json:"items" nullable:"false"`
		Total int       `json:"total" example:"6"`
		Next  string    `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// accounts go by login.
func (s *server) accounts(ctx context.Context, c *caller, in *accountsIn) (*accountsOut, error) {
	f := access.Filter{Text: in.Text, Role: access.Role(in.Role), State: access.State(in.State)}
	at, err := in.open(c, c.listName("accounts", f))
	if err != nil {
		return nil, err
	}
	list, total, err := s.Access.Find(ctx, c.scope, f, at.From, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &accountsOut{}
	out.Body.Items, out.Body.Total, out.Body.Next = []Account{}, total, at.next(moment{}, at.From+in.Limit, total)
	for _, a := range list {
		out.Body.Items = append(out.Body.Items, s.accountOf(ctx, a))
	}
	return out, nil
}

type newAccountIn struct {
	Body struct {
		Login  string  `json:"login" minLength:"3" maxLength:"64" example:"dafeng2"`
		Name   string  `json:"name" minLength:"1" maxLength:"100" example:"李某"`
		Grants []grant `json:"grants" minItems:"1" maxItems:"20" nullable:"false"`
	}
}

// newAccount makes an account that waits for its code, with its letter.
func (s *server) newAccount(ctx context.Context, c *caller, in *newAccountIn) (*letterOut, error) {
	n := access.NewAccount{Login: in.Body.Login, Name: in.Body.Name}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	for i, g := range in.Body.Grants {
		at := "/grants/" + strconv.Itoa(i)
		if _, ok := s.Library.Areas().Node(g.Area); g.Area != "" && !ok {
			return nil, s.wrongBody(c, at+"/area", i18n.M("api.no_area"))
		}
		if _, ok := whole.Enterprise(g.Enterprise); g.Enterprise != 0 && !ok {
			return nil, s.wrongBody(c, at+"/enterprise", i18n.M("api.no_enterprise"))
		}
		x := access.Grant{Role: access.Role(g.Role), Area: g.Area, Party: g.Enterprise}
		if x.Role == access.Bank {
			if x.Party, err = s.Credit.Party(ctx, g.Bank); errs.KindOf(err) == errs.KindNotFound {
				return nil, s.wrongBody(c, at+"/bank", i18n.M("credit.no_such_bank", g.Bank))
			} else if err != nil {
				return nil, err
			}
		}
		if x.Role == access.Institute {
			i, err := s.Diagnoses.ByName(ctx, g.Institute)
			if errs.KindOf(err) == errs.KindNotFound {
				return nil, s.wrongBody(c, at+"/institute", i18n.M("diagnosispage.no_such_institute", g.Institute))
			}
			if err != nil {
				return nil, err
			}
			x.Party = i.ID
		}
		if g.Until != "" {
			if x.Until, err = s.endOf(c, at+"/until", g.Until); err != nil {
				return nil, err
			}
		}
		n.Grants = append(n.Grants, x)
	}
	a, err := s.Access.Prepare(ctx, c.scope, n)
	if err != nil {
		return nil, err
	}
	return s.letterTo(ctx, c, a, "")
}

// letterTo gives an account a new code.
func (s *server) letterTo(ctx context.Context, c *caller, a access.Account, why string) (*letterOut, error) {
	h := access.Holder{Account: a.ID}
	for _, g := range a.Grants {
		h.Firm.Party = cmp.Or(h.Firm.Party, g.Party)
	}
	l, err := s.Enrol.Letter(ctx, c.scope, h, why)
	return s.letterOf(l, err)
}

type whyIn struct {
	ID   int64 `path:"id" minimum:"1" example:"5"`
	Body struct {
		Why string `json:"why,omitempty" maxLength:"4000" example:"已调离" doc:"记入日志 · stays on record"`
	}
}

func (s *server) disable(ctx context.Context, c *caller, in *whyIn) (*nothing, error) {
	return &nothing{}, s.Access.Disable(ctx, c.scope, in.ID, in.Body.Why)
}

func (s *server) enable(ctx context.Context, c *caller, in *whyIn) (*nothing, error) {
	return &nothing{}, s.Access.Enable(ctx, c.scope, in.ID, in.Body.Why)
}

type resetIn struct {
	ID   int64 `path:"id" minimum:"1" example:"5"`
	Body struct {
		Why string `json:"why,omitempty" maxLength:"4000" example:"已核对工作证" doc:"已有密码的账号须写明怎样核对了身份 · for an account that has a password: how the identity was checked"`
	}
}

// reset gives an account a new code: its password and sessions end.
func (s *server) reset(ctx context.Context, c *caller, in *resetIn) (*letterOut, error) {
	a, err := s.Access.ByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.letterTo(ctx, c, a, in.Body.Why)
}

func (s *server) registerAccounts() {
	admin, self := access.Need{Action: access.ManageAccounts}, access.Need{}
	handle(s, operation{id: "me", tag: "tokens", method: http.MethodGet, path: "/me", need: self}, s.me)
	handle(s, operation{id: "list_tokens", tag: "tokens", method: http.MethodGet, path: "/tokens", need: self}, s.tokens)
	handle(s, operation{id: "end_token", tag: "tokens", method: http.MethodDelete, path: "/tokens/{id}", need: self, status: http.StatusNoContent}, s.endToken)
	handle(s, operation{id: "list_accounts", tag: "accounts", method: http.MethodGet, path: "/accounts", need: admin}, s.accounts)
	handle(s, operation{id: "create_account", tag: "accounts", method: http.MethodPost, path: "/accounts", need: admin, status: http.StatusCreated}, s.newAccount)
	handle(s, operation{id: "disable_account", tag: "accounts", method: http.MethodPost, path: "/accounts/{id}/disable", need: admin, status: http.StatusNoContent}, s.disable)
	handle(s, operation{id: "enable_account", tag: "accounts", method: http.MethodPost, path: "/accounts/{id}/enable", need: admin, status: http.StatusNoContent}, s.enable)
	handle(s, operation{id: "reset_account", tag: "accounts", method: http.MethodPost, path: "/accounts/{id}/reset", need: admin}, s.reset)
}

// register is the table of operations.
func (s *server) register() {
	s.registerFirms()
	s.registerFacts()
	s.registerReports()
	s.registerReadings()
	s.registerPolicies()
	s.registerVersions()
	s.registerScenarios()
	s.registerSaved()
	s.registerSurveys()
	s.registerImports()
	s.registerSources()
	s.registerExports()
	s.registerContent()
	s.registerAccounts()
	s.registerLog()
	s.registerSystem()
	s.registerMessages()
	s.registerCases()
	s.registerVisits()
	s.registerCalls()
	s.registerApplications()
	s.registerReviews()
	s.registerRounds()
	s.registerReleases()
	s.registerSelections()
	s.registerOpenings()
	s.registerProof()
	s.registerBegin()
	s.registerBatches()
	s.registerFund()
	s.registerPayments()
	s.registerEnrolments()
	s.registerHandlers()
}
