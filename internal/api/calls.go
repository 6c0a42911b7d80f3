package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// clauseName is a clause of a policy by its name.
type clauseName struct {
	ID   string    `json:"id" example:"c9"`
	Name i18n.Text `json:"name"`
}

// clauseNames names clauses of a policy as it was in force at a commit.
func (s *server) clauseNames(ctx context.Context, policy string, known int64, ids ...string) ([]clauseName, error) {
	in, err := s.Versions.InForce(ctx, policy, known)
	if err != nil {
		return nil, err
	}
	all := []clauseName{}
	for _, id := range ids {
		c, _ := in.Policy.Clause(id)
		all = append(all, clauseName{id, c.Name})
	}
	return all, nil
}

// CallHead is a call as lists show it.
type CallHead struct {
	ID      int64        `json:"id" example:"310" doc:"也是其事项的编号 · the case that it is, too"`
	Title   string       `json:"title" example:"2024年度智改数转专项申报"`
	Area    *Node        `json:"area,omitempty"`
	Policy  string       `json:"policy" example:"yancheng-2022-6"`
	Clauses []clauseName `json:"clauses" nullable:"false"`
	Opens   string       `json:"opens" format:"date" example:"2024-10-31" doc:"起止日都含 · first and last day, both inside"`
	Closes  string       `json:"closes" format:"date" example:"2024-11-30"`
	State   string       `json:"state" enum:"draft,published,closed" example:"published"`
	Open    bool         `json:"open" example:"true" doc:"今天受理 · applications are taken today"`
	Quota   int          `json:"quota,omitempty" example:"50" doc:"没有则不限 · none for any number"`
	Taken   int          `json:"taken" example:"0" doc:"已受理 · applications that were taken"`
	Reserve string       `json:"reserve,omitempty" example:"1000000.00" doc:"预留，元；只有办理部门看得到 · set aside, in yuan; offices alone see it"`
}

func (s *server) callHead(ctx context.Context, c *caller, x subsidy.Call) (CallHead, error) {
	out := CallHead{
		ID: x.Case, Title: x.Title, Area: nodeOf(s.Library.Areas(), x.Area), Policy: x.Policy, Opens: x.Opens.String(), Closes: x.Closes.String(),
		State: string(x.State), Open: x.Open(s.Clock.Today()), Quota: x.Quota, Taken: x.Taken,
	}
	if c.scope.Sees(access.ReadCase, x.Area, 0) {
		out.Reserve = x.Reserve.String()
	}
	var err error
	out.Clauses, err = s.clauseNames(ctx, x.Policy, x.Known, x.Clauses...)
	return out, err
}

type callsOut struct {
	Body struct {
		Items []CallHead `json:"items" nullable:"false" doc:"截止晚的在前，至多 500 条 · those that close last first, 500 at most"`
	}
}

func (s *server) listCalls(ctx context.Context, c *caller, in *struct {
	State string `query:"state" enum:"draft,published,closed" example:"published" doc:"草稿只给本地区的办理部门 · drafts are for offices of the area"`
},
) (*callsOut, error) {
	list, err := s.Subsidy.Calls(ctx, c.scope, subsidy.CallState(in.State))
	if err != nil {
		return nil, err
	}
	out := &callsOut{}
	out.Body.Items = []CallHead{}
	for _, x := range list {
		head, err := s.callHead(ctx, c, x)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, head)
	}
	return out, nil
}

// Material is what an application must bring.
type Material struct {
	Field    string    `json:"field" minLength:"1" maxLength:"64" example:"invoices" doc:"收它的一栏 · the field that takes it"`
	Name     i18n.Text `json:"name"`
	Required bool      `json:"required,omitempty" example:"true"`
}

type callOut struct {
	Body struct {
		CallHead
		Text      string     `json:"text,omitempty" example:"请于截止日前提交。"`
		Materials []Material `json:"materials" nullable:"false"`
		Dropped   []Dropped  `json:"dropped,omitempty" nullable:"false" doc:"条款要求、这次不要求的材料；只有办理部门看得到 · material that is left out; offices alone see it"`
		Line      *fundLine  `json:"line,omitempty" doc:"从哪个科目支付；看得到这个科目才有 · the budget line that pays, for who sees it"`
	}
}

func (s *server) getCall(ctx context.Context, c *caller, in *idIn) (*callOut, error) {
	x, err := s.Subsidy.Call(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &callOut{}
	if out.Body.CallHead, err = s.callHead(ctx, c, x); err != nil {
		return nil, err
	}
	out.Body.Text, out.Body.Materials = x.Text, []Material{}
	for _, m := range x.Materials {
		out.Body.Materials = append(out.Body.Materials, Material(m))
	}
	if c.scope.Sees(access.ReadCase, x.Area, 0) {
		for _, d := range x.Dropped {
			out.Body.Dropped = append(out.Body.Dropped, Dropped(d))
		}
	}
	if c.scope.Can(access.ReadFund) {
		out.Body.Line, err = s.lineSeen(ctx, c, x.Line)
	}
	return out, err
}

// Dropped is material that the clauses ask for and a call leaves out.
type Dropped struct {
	Field  string    `json:"field" minLength:"1" maxLength:"64" example:"subsidy_investment.investment"`
	Name   i18n.Text `json:"name"`
	Reason string    `json:"reason" minLength:"1" maxLength:"2000" example:"审计报告在拨付后统一提交"`
}

// CallBody is a call as it is drafted.
type CallBody struct {
	Area      string     `json:"area" minLength:"1" maxLength:"64" example:"320900"`
	Policy    string     `json:"policy" minLength:"1" maxLength:"100" example:"yancheng-2022-6"`
	Clauses   []string   `json:"clauses" minItems:"1" maxItems:"200" nullable:"false" example:"[\"c9\"]"`
	Title     string     `json:"title" minLength:"1" maxLength:"200" example:"2024年度智改数转专项申报"`
	Text      string     `json:"text,omitempty" maxLength:"40000" example:"请于截止日前提交。"`
	Materials []Material `json:"materials,omitempty" maxItems:"100" nullable:"false"`
	Dropped   []Dropped  `json:"dropped,omitempty" maxItems:"100" nullable:"false" doc:"条款要求、这次不要求的材料和理由 · material that the clauses ask for and the call leaves out"`
	Opens     string     `json:"opens" maxLength:"10" example:"2024-10-31"`
	Closes    string     `json:"closes" maxLength:"10" example:"2024-11-30" doc:"含当天 · itself included"`
	Line      int64      `json:"line" minimum:"1" example:"301" doc:"从哪个预算科目支付 · the budget line that pays"`
	Reserve   string     `json:"reserve,omitempty" maxLength:"40" example:"80万元" doc:"发布时预留；没有则用未使用的预算 · set aside once published; without it what is free is drawn on"`
	Quota     int        `json:"quota,omitempty" minimum:"0" maximum:"1000000" example:"50" doc:"受理的申报数；0 为不限 · applications that are taken; 0 for any number"`
}

// CallIn is a call to be drafted.
type CallIn struct{ Body CallBody }

// RedraftIn is the draft of a call, written anew.
type RedraftIn struct {
	ID   int64 `path:"id" minimum:"1" example:"310"`
	Body CallBody
}

// callOf is the call of a body.
func (s *server) callOf(c *caller, b CallBody) (x subsidy.Call, err error) {
	x = subsidy.Call{Area: b.Area, Policy: b.Policy, Clauses: b.Clauses, Title: b.Title, Text: b.Text, Line: b.Line, Quota: b.Quota}
	for _, m := range b.Materials {
		x.Materials = append(x.Materials, subsidy.Material(m))
	}
	for _, d := range b.Dropped {
		x.Dropped = append(x.Dropped, subsidy.Dropped(d))
	}
	if x.Opens, err = s.dayOf(c, "/opens", b.Opens); err != nil {
		return x, err
	}
	if x.Closes, err = s.dayOf(c, "/closes", b.Closes); err != nil {
		return x, err
	}
	x.Reserve, err = s.yuanOf(c, "/reserve", b.Reserve)
	return x, err
}

func (s *server) draftCall(ctx context.Context, c *caller, in *CallIn) (*idOut, error) {
	x, err := s.callOf(c, in.Body)
	if err != nil {
		return nil, err
	}
	x, err = s.Subsidy.OpenCall(ctx, c.scope, x)
	out := &idOut{}
	out.Body.ID = x.Case
	return out, err
}

// reviseCall writes a draft anew.
func (s *server) reviseCall(ctx context.Context, c *caller, in *RedraftIn) (*callOut, error) {
	x, err := s.callOf(c, in.Body)
	if err != nil {
		return nil, err
	}
	if _, err = s.Subsidy.ReviseCall(ctx, c.scope, in.ID, x); err != nil {
		return nil, err
	}
	return s.getCall(ctx, c, &idIn{ID: in.ID})
}

// clauseReach is what a clause comes to over the area of a call.
type clauseReach struct {
	Clause  clauseName `json:"clause"`
	Sure    int        `json:"sure" example:"12" doc:"确定能得的企业 · enterprises that get it for sure"`
	Perhaps int        `json:"perhaps" example:"5" doc:"还缺数据、可能能得的 · that may, once more is known"`
	Amount  interval   `json:"amount"`
}

type reachOut struct {
	Body struct {
		Firms     int           `json:"firms" example:"300" doc:"区域内的企业 · enterprises of the area"`
		Told      int           `json:"told" example:"17" doc:"发布后会通知的 · that would be told"`
		Sure      int           `json:"sure" example:"12"`
		Perhaps   int           `json:"perhaps" example:"5"`
		Amount    interval      `json:"amount"`
		Clauses   []clauseReach `json:"clauses" nullable:"false"`
		Materials []Material    `json:"materials" nullable:"false" doc:"条款的申报表要求的材料 · material that the forms of the clauses ask for"`
		Free      string        `json:"free" example:"1000000.00" doc:"科目可用，元 · free on the line, in yuan"`
	}
}

// previewCall is whom a call would be told to; nothing is kept.
func (s *server) previewCall(ctx context.Context, c *caller, in *CallIn) (*reachOut, error) {
	x, err := s.callOf(c, in.Body)
	if err != nil {
		return nil, err
	}
	if x, err = s.Subsidy.CheckCall(ctx, c.scope, x); err != nil {
		return nil, err
	}
	found, err := s.Subsidy.Reach(ctx, c.scope, x)
	if err != nil {
		return nil, err
	}
	out := &reachOut{}
	b := &out.Body
	b.Firms, b.Told, b.Sure, b.Perhaps, b.Amount = found.Firms, found.Told(), found.Sure, found.Perhaps, intervalOf(found.Pays)
	b.Clauses, b.Materials = []clauseReach{}, []Material{}
	policy, err := s.Versions.InForce(ctx, x.Policy, x.Known)
	if err != nil {
		return nil, err
	}
	for _, sum := range found.Clauses {
		clause, _ := policy.Policy.Clause(sum.Clause)
		b.Clauses = append(b.Clauses, clauseReach{clauseName{sum.Clause, clause.Name}, sum.Sure, sum.Perhaps, intervalOf(sum.Pays)})
	}
	for _, m := range s.Subsidy.Costs.Demands(policy.Policy, x.Clauses) {
		b.Materials = append(b.Materials, Material(m))
	}
	err = s.Book.Read(ctx, c.scope, func(ctx context.Context, view *ledger.View) error {
		lines, err := view.Fund(ctx, ledger.Filter{Line: x.Line}, ledger.ByLine)
		for _, l := range lines {
			b.Free = l.Totals().Free.String()
		}
		return err
	})
	return out, err
}

// dayOf is a day of a body.
func (s *server) dayOf(c *caller, pointer, text string) (period.Day, error) {
	day, err := period.ParseDay(text)
	if err != nil {
		return 0, s.wrongBody(c, pointer, i18n.M("api.bad_day"))
	}
	return day, nil
}

// yuanOf is an amount of a body, as people write one; blank is nothing.
func (s *server) yuanOf(c *caller, pointer, text string) (money.Fen, error) {
	if text == "" {
		return 0, nil
	}
	fen, err := money.Parse(text)
	if err != nil {
		return 0, s.wrongBody(c, pointer, i18n.M("content.want_money", text))
	}
	return fen, nil
}

// costKind is a kind of cost item.
type costKind struct {
	ID     string    `json:"id" example:"equipment"`
	Name   i18n.Text `json:"name"`
	Serial bool      `json:"serial" example:"true" doc:"要填序列号 · a serial number is wanted"`
}

func costKinds(kinds []subsidy.Kind) []costKind {
	all := []costKind{}
	for _, k := range kinds {
		all = append(all, costKind{k.ID, k.Name, k.Serial})
	}
	return all
}

// thing is what an application is about: the enterprise, or what belongs to it.
type thing struct {
	ID   int64  `json:"id" example:"18"`
	Kind string `json:"kind" example:"project"`
	Name string `json:"name" example:"数字车间"`
}

// offer is a line of a decision that an enterprise may apply for.
type offer struct {
	Call   int64      `json:"call" example:"310"`
	Clause clauseName `json:"clause"`
	Thing  thing      `json:"thing"`
	Year   int        `json:"year,omitempty" example:"2023"`
	Amount interval   `json:"amount"`
	Costs  []costKind `json:"costs" nullable:"false" doc:"要填报的费用明细种类；空则不要 · kinds of cost items that are asked for; none where it is empty"`
	Case   int64      `json:"case,omitempty" example:"314" doc:"已经开始的申报 · an application for it that was begun"`
}

type offersOut struct {
	Body struct {
		Items []offer `json:"items" nullable:"false"`
	}
}

// listOffers is what an enterprise may apply for today, by the calls that are open.
func (s *server) listOffers(ctx context.Context, c *caller, in *idIn) (*offersOut, error) {
	m, e, err := s.firmOf(ctx, c, FirmIn{ID: in.ID})
	if err != nil {
		return nil, err
	}
	found, calls, err := s.Subsidy.CallsFor(ctx, m.View, e.ID, m.day)
	if err != nil {
		return nil, err
	}
	out := &offersOut{}
	out.Body.Items = []offer{}
	begun, err := s.Subsidy.Begun(ctx, c.scope, e.ID)
	if err != nil {
		return nil, err
	}
	for _, call := range calls {
		for _, o := range found[call.Case] {
			out.Body.Items = append(out.Body.Items, offer{
				Call: call.Case, Clause: clauseName{o.Clause, o.Name}, Thing: thing{o.Subject, o.Line.Subject.Kind, o.Line.Subject.Name}, Year: o.Year,
				Amount: intervalOf(o.Line.Pays), Costs: costKinds(o.Asked), Case: begun[call.Case][o.Ask()].Case,
			})
		}
	}
	return out, nil
}

type applyIn struct {
	ID   int64 `path:"id" minimum:"1" example:"310"`
	Body struct {
		Enterprise int64  `json:"enterprise" minimum:"1" example:"17"`
		Clause     string `json:"clause" minLength:"1" maxLength:"80" example:"c9"`
		Thing      int64  `json:"thing" minimum:"1" example:"18"`
		Year       int    `json:"year,omitempty" minimum:"0" maximum:"9999" example:"2023"`
	}
}

type applyOut struct {
	Body struct {
		ID    int64 `json:"id" example:"314" doc:"事项 · its case"`
		Begun bool  `json:"begun" example:"false" doc:"早已开始，没有另开 · it was begun before, and no other was opened"`
	}
}

// apply opens an application for an offer of a call; one that was begun is told.
func (s *server) apply(ctx context.Context, c *caller, in *applyIn) (*applyOut, error) {
	b := in.Body
	call, err := s.Subsidy.Call(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	m, e, err := s.firmOf(ctx, c, FirmIn{ID: b.Enterprise})
	if err != nil {
		return nil, err
	}
	if !c.scope.Sees(access.FileCase, "", e.ID) {
		return nil, errs.Forbidden(string(access.FileCase))
	}
	o, err := s.offerOf(ctx, m.View, call.Case, e.ID, subsidy.Ask{Clause: b.Clause, Subject: b.Thing, Year: b.Year})
	if err != nil {
		return nil, err
	}
	begun, err := s.Subsidy.Begun(ctx, c.scope, e.ID)
	if err != nil {
		return nil, err
	}
	out := &applyOut{}
	if out.Body.ID = begun[call.Case][o.Ask()].Case; out.Body.ID != 0 {
		out.Body.Begun = true
		return out, nil
	}
	made, err := s.Subsidy.OpenApplication(ctx, c.scope, call.Case, o)
	out.Body.ID = made.ID
	return out, err
}

// offerOf is the offer of a call that an enterprise asks for.
func (s *server) offerOf(ctx context.Context, view fact.View, call, enterprise int64, ask subsidy.Ask) (subsidy.Offer, error) {
	found, _, err := s.Subsidy.CallsFor(ctx, view, enterprise, s.Clock.Today())
	if err != nil {
		return subsidy.Offer{}, err
	}
	i := slices.IndexFunc(found[call], func(o subsidy.Offer) bool { return o.Ask() == ask })
	if i < 0 {
		return subsidy.Offer{}, errs.Conflict(i18n.M("subsidypage.no_offer"))
	}
	return found[call][i], nil
}

func (s *server) registerCalls() {
	open, office := access.Need{Public: true}, access.Need{Action: access.HandleCase, Area: true}
	handle(s, operation{id: "list_calls", tag: "subsidies", method: http.MethodGet, path: "/calls", need: open}, s.listCalls)
	handle(s, operation{id: "get_call", tag: "subsidies", method: http.MethodGet, path: "/calls/{id}", need: open}, s.getCall)
	handle(s, operation{id: "draft_call", tag: "subsidies", method: http.MethodPost, path: "/calls", need: office, status: http.StatusCreated, once: true}, s.draftCall)
	handle(s, operation{id: "preview_call", tag: "subsidies", method: http.MethodPost, path: "/calls/preview", need: office}, s.previewCall)
	handle(s, operation{id: "revise_call", tag: "subsidies", method: http.MethodPut, path: "/calls/{id}", need: office, once: true}, s.reviseCall)
	handle(s, operation{id: "list_offers", tag: "subsidies", method: http.MethodGet, path: "/enterprises/{id}/offers", need: access.Need{Action: access.ReadFact}}, s.listOffers)
	handle(s, operation{id: "open_application", tag: "subsidies", method: http.MethodPost, path: "/calls/{id}/applications", need: access.Need{Action: access.FileCase}, status: http.StatusCreated, once: true}, s.apply)
}
