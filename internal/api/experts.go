package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// interest is an interest that an expert declared.
type interest struct {
	Expert     int64  `json:"expert" example:"398" doc:"专家在库中的编号 · the expert in the register"`
	Label      string `json:"label" example:"演示人员 03"`
	Enterprise int64  `json:"enterprise" example:"17"`
	Name       string `json:"name" example:"盐城亭湖甲机械有限公司" doc:"企业名称 · of the enterprise"`
	Reason     string `json:"reason" example:"曾为其提供咨询（演示）"`
	At         string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

// interestOf names the enterprise by all that is known: whoever sees the declaration is told what it is about.
func interestOf(whole fact.View, x selection.Declaration) interest {
	e, _ := whole.Enterprise(x.Enterprise)
	return interest{x.Expert, x.Label, x.Enterprise, e.Name, x.Reason, instant(x.At)}
}

type interestsOut struct {
	Body struct {
		Items []interest `json:"items" nullable:"false" doc:"先声明的在前 · the oldest first"`
	}
}

// listInterests is what experts declared: an expert sees the own, offices those of their pools.
func (s *server) listInterests(ctx context.Context, c *caller, _ *struct{}) (*interestsOut, error) {
	all, err := s.Selections.Declarations(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	out := &interestsOut{}
	out.Body.Items = []interest{}
	for _, x := range all {
		out.Body.Items = append(out.Body.Items, interestOf(whole, x))
	}
	return out, err
}

// declareInterest keeps that the expert has an interest in an enterprise, by its name or credit code: experts see no list of them.
func (s *server) declareInterest(ctx context.Context, c *caller, in *struct {
	Body struct {
		Enterprise string `json:"enterprise" minLength:"2" maxLength:"200" example:"盐城大丰乙电子有限公司" doc:"企业全称或统一社会信用代码 · its full name or credit code"`
		Reason     string `json:"reason" minLength:"1" maxLength:"2000" example:"本人持有其股份（演示）"`
	}
},
) (*nothing, error) {
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	firm := whole.Registry().Only(in.Body.Enterprise)
	if firm == 0 {
		return nil, s.wrongBody(c, "/enterprise", i18n.M("selectionpage.no_firm", in.Body.Enterprise))
	}
	return &nothing{}, s.Selections.Declare(ctx, c.scope, firm, in.Body.Reason)
}

// expertRemoval is that an expert was taken out of the register, or that somebody asks for it.
type expertRemoval struct {
	Asked   string `json:"asked" format:"date-time" example:"2024-11-01T09:00:00+08:00"`
	By      string `json:"by" example:"王科长"`
	Reason  string `json:"reason" example:"已调离（演示）"`
	Settled string `json:"settled,omitempty" format:"date-time" example:"2024-11-02T09:00:00+08:00" doc:"没有则等另一人同意 · none while it waits for another account"`
	Settler string `json:"settled_by,omitempty" example:"李处长"`
	Done    bool   `json:"done" example:"true" doc:"已移出；false 为未同意，或还在等 · the expert left; false where nobody agreed, or has yet to"`
}

// expertEntry is an expert of the register.
type expertEntry struct {
	ID        int64           `json:"id" example:"398"`
	Label     string          `json:"label" example:"演示人员 01" doc:"在评选中的称呼 · what the expert is called"`
	Account   int64           `json:"account" example:"41"`
	Login     string          `json:"login,omitempty" example:"expert1"`
	Area      *Node           `json:"area,omitempty" doc:"属于哪个地区的专家库 · whose pool it is"`
	County    *Node           `json:"county,omitempty" doc:"在哪个县工作 · where the expert works"`
	Firm      int64           `json:"enterprise,omitempty" example:"17" doc:"所在企业 · for which the expert works"`
	Belongs   []string        `json:"belongs" nullable:"false" example:"[\"示例研究院\"]" doc:"所属单位、学会 · employers, institutes, societies"`
	Joined    string          `json:"joined" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Left      string          `json:"left,omitempty" format:"date-time" example:"2024-11-02T09:00:00+08:00" doc:"已移出 · it left"`
	Why       string          `json:"why_left,omitempty" example:"已调离（演示）"`
	Interests []interest      `json:"interests" nullable:"false"`
	Removals  []expertRemoval `json:"removals" nullable:"false" doc:"先提出的在前 · the oldest first"`
}

// mayJoin is an account that may be taken into the register.
type mayJoin struct {
	Account int64  `json:"account" example:"45"`
	Login   string `json:"login" example:"expert5"`
	Name    string `json:"name" example:"演示人员 05"`
}

type expertsOut struct {
	Body struct {
		Items    []expertEntry `json:"items" nullable:"false" doc:"已移出的也在 · those who left among them"`
		Joinable []mayJoin     `json:"joinable" nullable:"false" doc:"可以加入的账号，只给管理专家库的部门 · accounts that may be entered, for the office that keeps the pool"`
	}
}

// listExperts is the register of those who judge selections, as far as the asker keeps or audits it.
func (s *server) listExperts(ctx context.Context, c *caller, _ *struct{}) (*expertsOut, error) {
	pool, err := s.Selections.Experts(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	declared, err := s.Selections.Declarations(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	removals, err := s.Selections.Removals(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	accounts, err := s.Access.List(ctx, access.SystemScope())
	if err != nil {
		return nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	named := map[int64]access.Account{}
	for _, a := range accounts {
		named[a.ID] = a
	}
	out := &expertsOut{}
	b := &out.Body
	b.Items, b.Joinable = []expertEntry{}, []mayJoin{}
	for _, e := range pool {
		row := expertEntry{
			ID: e.ID, Label: e.Label, Account: e.Account, Login: named[e.Account].Login, Area: nodeOf(s.Library.Areas(), e.Area), County: nodeOf(s.Library.Areas(), e.County),
			Firm: e.Party, Belongs: append([]string{}, e.Belongs...), Joined: instant(e.Joined), Left: instant(e.Left), Why: e.WhyLeft, Interests: []interest{}, Removals: []expertRemoval{},
		}
		for _, x := range declared {
			if x.Expert == e.ID {
				row.Interests = append(row.Interests, interestOf(whole, x))
			}
		}
		for _, x := range removals {
			if x.Expert == e.ID {
				row.Removals = append(row.Removals, expertRemoval{instant(x.AskedAt), named[x.AskedBy].Name, x.Reason, instant(x.Settled), named[x.By].Name, x.Done})
			}
		}
		b.Items = append(b.Items, row)
	}
	for _, a := range s.Selections.Joinable(c.scope, accounts, pool) {
		b.Joinable = append(b.Joinable, mayJoin{a.ID, a.Login, a.Name})
	}
	return out, nil
}

// ExpertIn is an account to be taken into the register.
type ExpertIn struct {
	Body struct {
		Account    int64    `json:"account" minimum:"1" example:"45" doc:"见 list_experts 的 joinable · see joinable of list_experts"`
		Label      string   `json:"label" minLength:"1" maxLength:"100" example:"演示人员 05"`
		Area       string   `json:"area" minLength:"1" maxLength:"64" example:"320900" doc:"加入哪个地区的专家库 · whose pool"`
		County     string   `json:"county,omitempty" maxLength:"64" example:"320904" doc:"在哪个县工作；办法要求回避本县 · where the expert works, for schemes that want judges from elsewhere"`
		Enterprise int64    `json:"enterprise,omitempty" minimum:"0" example:"17" doc:"所在企业，不评审它 · for which the expert works, and which the expert does not judge"`
		Belongs    []string `json:"belongs,omitempty" maxItems:"20" nullable:"false" example:"[\"示例研究院\"]"`
	}
}

// enterExpert takes an account into the register. All that will not do is told at once.
func (s *server) enterExpert(ctx context.Context, c *caller, in *ExpertIn) (*idOut, error) {
	b := in.Body
	if !c.scope.Sees(access.HandleCase, b.Area, 0) {
		return nil, errs.Forbidden(string(access.HandleCase))
	}
	pool, err := s.Selections.Experts(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	accounts, err := s.Access.List(ctx, access.SystemScope())
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	var wrong []fault
	if !slices.ContainsFunc(s.Selections.Joinable(c.scope, accounts, pool), func(a access.Account) bool { return a.ID == b.Account }) {
		wrong = append(wrong, faultAt(c.t, "/account", i18n.M("selectionpage.no_account")))
	}
	if _, known := s.Library.Areas().Node(b.County); b.County != "" && !known {
		wrong = append(wrong, faultAt(c.t, "/county", i18n.M("api.no_area")))
	}
	if _, known := m.Enterprise(b.Enterprise); b.Enterprise != 0 && !known {
		wrong = append(wrong, faultAt(c.t, "/enterprise", i18n.M("api.no_enterprise")))
	}
	if len(wrong) > 0 {
		p := newProblem(c.t, http.StatusUnprocessableEntity, c.t.S("api.invalid", len(wrong)))
		p.Errors = wrong
		return nil, p
	}
	made, err := s.Selections.AddExpert(ctx, c.scope, selection.Expert{Label: b.Label, Account: b.Account, Party: b.Enterprise, Belongs: b.Belongs, Area: b.Area, County: b.County})
	out := &idOut{}
	out.Body.ID = made.ID
	return out, err
}

// ExpertID names an expert of the register.
type ExpertID struct {
	ID int64 `path:"id" minimum:"1" example:"398"`
}

type removedOut struct {
	Body struct {
		Waits bool `json:"waits" example:"false" doc:"正在评审的，等另一人用 settle_removal 同意 · who judges now leaves when another account agrees (settle_removal)"`
	}
}

// removeExpert takes somebody out of the register, or asks for it where the expert judges now.
func (s *server) removeExpert(ctx context.Context, c *caller, in *struct {
	ExpertID
	Body struct {
		Reason string `json:"reason" minLength:"2" maxLength:"2000" example:"已调离（演示）"`
	}
},
) (*removedOut, error) {
	waits, err := s.Selections.RemoveExpert(ctx, c.scope, in.ID, in.Body.Reason)
	out := &removedOut{}
	out.Body.Waits = waits
	return out, err
}

// settleRemoval agrees to what another account asked for, or lets the expert stay.
func (s *server) settleRemoval(ctx context.Context, c *caller, in *struct {
	ExpertID
	Body struct {
		Agree bool `json:"agree" example:"true" doc:"true 须由提出人以外的人 · true is for another account than the one that asked"`
	}
},
) (*nothing, error) {
	return &nothing{}, s.Selections.SettleRemoval(ctx, c.scope, in.ID, in.Body.Agree)
}

// leftOutExpert is an expert who took no part in a drawing.
type leftOutExpert struct {
	Account int64     `json:"account" example:"43"`
	Name    string    `json:"name" example:"测试 expert3"`
	Why     i18n.Text `json:"why"`
}

// personNamed is an account by its name.
type personNamed struct {
	Account int64  `json:"account" example:"41"`
	Name    string `json:"name" example:"测试 expert1"`
}

// expertDraw is a drawing of the experts of a case.
type expertDraw struct {
	N          int             `json:"n" example:"1"`
	Commitment string          `json:"commitment" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"种子的 SHA-256，抽取以前就已保存 · SHA-256 of the seed, kept before anything was drawn"`
	Seed       string          `json:"seed,omitempty" example:"7c6e1f0a4b3c2d1e" doc:"抽取以后才有 · from the draw on"`
	Purpose    string          `json:"purpose,omitempty" example:"experts of case 314, draw 1" doc:"复算时用 · what the lots are drawn for, to draw them again"`
	Roll       string          `json:"roll,omitempty" example:"5d1f7f3a9c8b0a0c"`
	Drawn      string          `json:"drawn_at,omitempty" format:"date-time" example:"2024-11-08T09:00:00+08:00" doc:"没有则还没有抽取 · none where nothing was drawn yet"`
	By         string          `json:"by,omitempty" example:"王科长"`
	Reason     string          `json:"reason,omitempty" example:"一名专家回避" doc:"为何重新抽取 · why it was drawn again"`
	Pool       []personNamed   `json:"pool" nullable:"false" doc:"参加抽签的，按编号 · who took part"`
	LeftOut    []leftOutExpert `json:"left_out" nullable:"false"`
	Chosen     []personNamed   `json:"chosen" nullable:"false" doc:"抽中的 · who was drawn"`
}

func (s *server) expertDraw(ctx context.Context, names people, id int64, x subsidy.Draw) (out expertDraw, err error) {
	out = expertDraw{N: x.N, Commitment: x.Commitment, Seed: x.Seed, Roll: x.Roll, Drawn: instant(x.DrawnAt), Reason: x.Reason, LeftOut: []leftOutExpert{}}
	if x.DrawnAt != 0 {
		out.Purpose = x.Purpose(id)
		if out.By, err = s.nameOf(ctx, names, x.By); err != nil {
			return out, err
		}
	}
	called := func(ids []int64) []personNamed {
		all := []personNamed{}
		for _, id := range ids {
			name, failed := s.nameOf(ctx, names, id)
			if failed != nil {
				err = failed
			}
			all = append(all, personNamed{id, name})
		}
		return all
	}
	out.Pool, out.Chosen = called(x.Pool), called(x.Drawn)
	for _, l := range x.Left {
		name, failed := s.nameOf(ctx, names, l.Account)
		if failed != nil {
			err = failed
		}
		out.LeftOut = append(out.LeftOut, leftOutExpert{l.Account, name, both(l.Why)})
	}
	return out, err
}

type drawsOut struct {
	Body struct {
		Items []expertDraw `json:"items" nullable:"false" doc:"先抽取的在前，最后一次可能只有校验值 · the first first; of the last there may be the commitment alone"`
	}
}

// listDraws is the drawings of experts of a case, for who handles or audits it.
func (s *server) listDraws(ctx context.Context, c *caller, in *CaseIn) (*drawsOut, error) {
	all, err := s.Subsidy.Draws(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out, names := &drawsOut{}, people{}
	out.Body.Items = []expertDraw{}
	for _, x := range all {
		row, err := s.expertDraw(ctx, names, in.ID, x)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

// WithoutIn is an expert who is to take no part in a drawing.
type WithoutIn struct {
	Account int64  `json:"account" minimum:"1" example:"43"`
	Reason  string `json:"reason" minLength:"1" maxLength:"2000" example:"与企业有合作"`
}

// DrawIn asks for a drawing.
type DrawIn struct {
	CaseIn
	Body struct {
		Size    int         `json:"size" minimum:"1" maximum:"30" example:"3"`
		Without []WithoutIn `json:"without,omitempty" maxItems:"200" nullable:"false" doc:"不参加抽签的及原因；有利益关系的由系统排除 · who takes no part, and why; those with an interest are left out anyway"`
		Reason  string      `json:"reason,omitempty" maxLength:"2000" example:"一名专家回避" doc:"重新抽取须写明 · of a drawing after the first"`
	}
}

type drawnOut struct{ Body expertDraw }

// drawExperts draws experts of a case by lot, and enters them as picked for the act that appoints them.
func (s *server) drawExperts(ctx context.Context, c *caller, in *DrawIn) (*drawnOut, error) {
	order := subsidy.DrawOrder{Size: in.Body.Size, Without: map[int64]string{}, Reason: in.Body.Reason}
	for _, x := range in.Body.Without {
		order.Without[x.Account] = x.Reason
	}
	d, err := s.Subsidy.DrawExperts(ctx, c.scope, in.ID, order)
	if err != nil {
		return nil, err
	}
	out := &drawnOut{}
	out.Body, err = s.expertDraw(ctx, people{}, in.ID, d)
	return out, err
}

func (s *server) registerExperts() {
	read, keep := access.Need{Action: access.ReadCase, Area: true}, access.Need{Action: access.HandleCase}
	const list, one, draws = "/experts", "/experts/{id}", "/cases/{id}/draws"
	handle(s, operation{id: "list_experts", tag: "selections", method: http.MethodGet, path: list, need: read}, s.listExperts)
	handle(s, operation{id: "enter_expert", tag: "selections", method: http.MethodPost, path: list, need: keep, status: http.StatusCreated, once: true}, s.enterExpert)
	handle(s, operation{id: "remove_expert", tag: "selections", method: http.MethodPost, path: one + "/remove", need: keep, once: true}, s.removeExpert)
	handle(s, operation{id: "settle_removal", tag: "selections", method: http.MethodPost, path: one + "/settle", need: keep, status: http.StatusNoContent}, s.settleRemoval)
	handle(s, operation{id: "list_interests", tag: "selections", method: http.MethodGet, path: "/interests", need: access.Need{Action: access.ReadCase}}, s.listInterests)
	handle(s, operation{id: "declare_interest", tag: "selections", method: http.MethodPost, path: "/interests", need: access.Need{Action: access.ScoreCase}, status: http.StatusNoContent}, s.declareInterest)
	handle(s, operation{id: "list_draws", tag: "subsidies", method: http.MethodGet, path: draws, need: read}, s.listDraws)
	handle(s, operation{id: "draw_experts", tag: "subsidies", method: http.MethodPost, path: draws, need: keep, status: http.StatusCreated, once: true}, s.drawExperts)
}
