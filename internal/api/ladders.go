package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/selection"
)

// LadderHead is a ladder (梯度) as lists show it.
type LadderHead struct {
	Ladder     string    `json:"ladder" example:"smart_factory"`
	Name       i18n.Text `json:"name"`
	Source     string    `json:"source" example:"盐政办发〔2022〕6号"`
	Confidence string    `json:"confidence" enum:"verified,secondary,unverified" example:"unverified"`
}

func ladderHead(l *selection.Ladder) LadderHead {
	return LadderHead{l.Ladder, l.Name, l.Source, l.Confidence}
}

type laddersOut struct {
	Body struct {
		Items []LadderHead `json:"items" nullable:"false"`
	}
}

func (s *server) listLadders(_ context.Context, _ *caller, _ *struct{}) (*laddersOut, error) {
	out := &laddersOut{}
	out.Body.Items = []LadderHead{}
	for _, l := range s.Selections.Set.Ladders() {
		out.Body.Items = append(out.Body.Items, ladderHead(l))
	}
	return out, nil
}

// ladderStep is a step of a ladder.
type ladderStep struct {
	ID         string            `json:"id" example:"advanced"`
	Name       i18n.Text         `json:"name"`
	Conditions []SchemeCondition `json:"conditions" nullable:"false"`
}

func conditionsOf(all []selection.ConditionFile) []SchemeCondition {
	out := []SchemeCondition{}
	for _, k := range all {
		out = append(out, SchemeCondition{k.ID, k.Text, k.Cite})
	}
	return out
}

// LadderIn names a ladder.
type LadderIn struct {
	Ladder string `path:"ladder" maxLength:"80" example:"smart_factory" doc:"见 list_ladders · see list_ladders"`
}

type ladderOut struct {
	Body struct {
		LadderHead
		SHA256 string            `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
		Note   i18n.Text         `json:"note"`
		Enter  []SchemeCondition `json:"enter" nullable:"false" doc:"申请入库的条件 · to be cultivated on application"`
		Steps  []ladderStep      `json:"steps" nullable:"false" doc:"低的在前 · the lowest first"`
	}
}

func (s *server) getLadder(_ context.Context, _ *caller, in *LadderIn) (*ladderOut, error) {
	l, err := s.Selections.Set.Ladder(in.Ladder)
	if err != nil {
		return nil, err
	}
	out := &ladderOut{}
	b := &out.Body
	b.LadderHead, b.SHA256, b.Note, b.Enter, b.Steps = ladderHead(l), l.Hash, l.Note, conditionsOf(l.Enter), []ladderStep{}
	for _, step := range l.Steps {
		b.Steps = append(b.Steps, ladderStep{step.ID, step.Name, conditionsOf(step.When)})
	}
	return out, nil
}

// StandsOn is where an enterprise stands on a ladder, and what the next step asks for.
type StandsOn struct {
	On    string     `json:"on,omitempty" example:"advanced" doc:"现在达到的一级；没有则还不在任何一级 · the step that it stands on; none for none"`
	Next  string     `json:"next,omitempty" example:"benchmark" doc:"建议的下一级；没有则已到最高 · the step that is advised next; none on the highest"`
	Near  bool       `json:"near" example:"false" doc:"只差一条 · one condition of the next step is not met, the others are"`
	Lacks []standing `json:"lacks" nullable:"false" doc:"下一级还缺的条件：不符合的，和缺数据的 · what the next step still asks for: what is not met, and what is not known"`
}

func (s *server) standsOn(at selection.Standpoint) StandsOn {
	out := StandsOn{Near: at.Near, Lacks: s.standings(at.Lacks)}
	if at.On != nil {
		out.On = at.On.ID
	}
	if at.Next != nil {
		out.Next = at.Next.ID
	}
	return out
}

// pooled is an enterprise in a pool.
type pooled struct {
	Entry      int64  `json:"entry" example:"451" doc:"入库编号 · number of the entry"`
	Enterprise *Firm  `json:"enterprise,omitempty"`
	Since      string `json:"since" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Step       string `json:"step,omitempty" example:"advanced" doc:"上次看时所在的一级，见 refresh_pool · where it stood when somebody last looked, see refresh_pool"`
	StandsOn
}

// PoolQuery chooses entries of a pool.
type PoolQuery struct {
	Step string `query:"step" maxLength:"80" example:"advanced" doc:"现在所在的一级；- 为不在任何一级 · the step that they stand on now; - for none"`
	Area string `query:"area" maxLength:"64" example:"320902"`
	Text string `query:"q" maxLength:"100" example:"机械" doc:"企业名称或信用代码里的文字 · part of the name or the credit code"`
	Near bool   `query:"near" example:"false" doc:"只要差一条的 · those whom one condition keeps from the next step"`
}

// keeps says that an entry is among those that are asked for.
func (q PoolQuery) keeps(s *server, m moment, x selection.Cultivated) bool {
	on := "-"
	if x.On != nil {
		on = x.On.ID
	}
	e, _ := m.Enterprise(x.Party)
	switch {
	case q.Step != "" && q.Step != on, q.Near && !x.Near,
		q.Area != "" && !s.Library.Areas().Within(e.Area, q.Area),
		q.Text != "" && !strings.Contains(e.Name, q.Text) && !strings.Contains(string(e.USCC), strings.ToUpper(q.Text)):
		return false
	}
	return true
}

type poolOut struct {
	Body struct {
		Items []pooled `json:"items" nullable:"false" doc:"级别高的在前 · the highest step first"`
		Total int      `json:"total" example:"1"`
		Next  string   `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// listPool is who is cultivated on a ladder, as far as the asker may see them, each with the step that is advised next.
func (s *server) listPool(ctx context.Context, c *caller, in *struct {
	LadderIn
	PoolQuery
	Paging
},
) (*poolOut, error) {
	at, err := in.open(c, c.listName("pool", []any{in.Ladder, in.PoolQuery}))
	if err != nil {
		return nil, err
	}
	l, err := s.Selections.Set.Ladder(in.Ladder)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	all, err := s.Selections.Pool(ctx, c.scope, l.Ladder)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(x selection.Cultivated) bool { return !in.keeps(s, m, x) })
	rank := func(x selection.Cultivated) int {
		if x.On == nil {
			return -1
		}
		_, n, _ := l.Step(x.On.ID)
		return n
	}
	slices.SortStableFunc(all, func(a, b selection.Cultivated) int { return cmp.Compare(rank(b), rank(a)) })
	out := &poolOut{}
	b := &out.Body
	b.Items, b.Total, b.Next = []pooled{}, len(all), at.next(moment{}, at.From+in.Limit, len(all))
	first := min(at.From, len(all))
	for _, x := range all[first:min(first+in.Limit, len(all))] {
		b.Items = append(b.Items, pooled{x.ID, s.firmOfCase(m, x.Party), instant(x.At), x.Step, s.standsOn(x.Standpoint)})
	}
	return out, nil
}

// stayEvent is something that happened to an entry of a pool.
type stayEvent struct {
	Kind   string `json:"kind" enum:"application,list,step,gone" example:"application" doc:"application 申请入库，list 列入，step 级别有变，gone 出库 · it came on application, by list, its step changed, it went out"`
	Step   string `json:"step,omitempty" example:"advanced"`
	At     string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Case   int64  `json:"case,omitempty" example:"450"`
	Reason string `json:"reason,omitempty" example:"连续两年停产（演示）"`
}

// poolStay is a stay of an enterprise in a pool.
type poolStay struct {
	Entry  int64       `json:"entry" example:"451"`
	Ladder string      `json:"ladder" example:"smart_factory"`
	Since  string      `json:"since" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Gone   string      `json:"gone,omitempty" format:"date-time" example:"2025-10-31T09:00:00+08:00"`
	Events []stayEvent `json:"events" nullable:"false"`
}

type standpointOut struct {
	Body struct {
		StandsOn
		Enter []standing `json:"enter" nullable:"false" doc:"申请入库的条件 · the conditions of being cultivated on application"`
		Held  []standing `json:"held" nullable:"false" doc:"所在一级的条件 · the conditions of the step that it stands on"`
		In    bool       `json:"in" example:"true" doc:"在库 · it is cultivated"`
		Case  int64      `json:"case,omitempty" example:"450" doc:"正在办理的入库事项 · the case in which it is asked for"`
		May   bool       `json:"may" example:"true" doc:"你可以为它申请或列入 · you may ask for it, or list it"`
		Stays []poolStay `json:"stays" nullable:"false" doc:"历次入库，先的在前 · its stays on this ladder, the oldest first"`
	}
}

// getStandpoint is where an enterprise stands on a ladder, in its pool or not, what the next step asks for, and its stays.
func (s *server) getStandpoint(ctx context.Context, c *caller, in *struct {
	LadderIn
	Enterprise int64 `path:"enterprise" minimum:"1" example:"17"`
},
) (*standpointOut, error) {
	x, err := s.Selections.PoolCandidate(ctx, c.scope, s.Cases, in.Ladder, in.Enterprise)
	if err != nil {
		return nil, err
	}
	stays, err := s.Selections.History(ctx, c.scope, in.Enterprise)
	if err != nil {
		return nil, err
	}
	out := &standpointOut{}
	b := &out.Body
	b.StandsOn, b.Enter, b.Held, b.In, b.Case, b.May = s.standsOn(x.Standpoint), s.standings(x.Enter), s.standings(x.Held), x.In, x.Open, x.May
	b.Stays = []poolStay{}
	for _, stay := range stays {
		if stay.Ladder != in.Ladder {
			continue
		}
		row := poolStay{stay.ID, stay.Ladder, instant(stay.At), instant(stay.Gone), []stayEvent{}}
		for _, e := range stay.Events {
			row.Events = append(row.Events, stayEvent{e.Kind, e.Step, instant(e.At), e.Case, e.Reason})
		}
		b.Stays = append(b.Stays, row)
	}
	return out, nil
}

// enterPool opens the case in which an enterprise asks to be cultivated, or an office lists it; one that is open is told.
func (s *server) enterPool(ctx context.Context, c *caller, in *struct {
	LadderIn
	Body struct {
		Enterprise int64 `json:"enterprise" minimum:"1" example:"17"`
	}
},
) (*applyOut, error) {
	id, begun, err := s.Selections.BeginPool(ctx, c.scope, s.Cases, in.Ladder, in.Body.Enterprise)
	out := &applyOut{}
	out.Body.ID, out.Body.Begun = id, begun
	return out, err
}

type refreshedOut struct {
	Body struct {
		Moved int `json:"moved" example:"1" doc:"级别有变的 · whose step changed"`
	}
}

// refreshPool keeps who stands on another step than before, of those for whom the asker is in charge.
func (s *server) refreshPool(ctx context.Context, c *caller, in *LadderIn) (*refreshedOut, error) {
	moved, err := s.Selections.Refresh(ctx, c.scope, in.Ladder, selection.Act{Actor: c.account.ID})
	out := &refreshedOut{}
	out.Body.Moved = moved
	return out, err
}

// covered is how many enterprises of a county in a chain there are, and how many hold the title.
type covered struct {
	County  *Node     `json:"county,omitempty" doc:"没有则不知道 · none where nobody said"`
	Chain   *codeName `json:"chain,omitempty" doc:"产业链；没有则不知道 · none where nobody said"`
	Firms   int       `json:"firms" example:"1"`
	Holders int       `json:"holders" example:"0"`
}

type coverageOut struct {
	Body struct {
		Title codeName  `json:"title"`
		Items []covered `json:"items" nullable:"false" doc:"按县和产业链 · by county and chain"`
	}
}

// getCoverage is where a title is held and where not: whether each county and each chain has its benchmark.
func (s *server) getCoverage(ctx context.Context, c *caller, in *struct {
	Title string `query:"title" required:"true" minLength:"1" maxLength:"80" example:"digital_craftsman" doc:"称号的代码，见代码表 titles · code of the title, see the list titles"`
},
) (*coverageOut, error) {
	titles, _ := s.Library.CodeList("titles")
	if _, known := titles.Entry(in.Title); !known {
		return nil, invalid(c.t, "title", in.Title, i18n.M("api.no_title", in.Title))
	}
	all, err := s.Selections.Coverage(ctx, c.scope, []string{in.Title})
	if err != nil {
		return nil, err
	}
	chains, _ := s.Library.CodeList("chains")
	out := &coverageOut{}
	b := &out.Body
	b.Title, b.Items = s.titleName(in.Title), []covered{}
	for _, x := range all {
		row := covered{County: nodeOf(s.Library.Areas(), x.County), Firms: x.Firms, Holders: x.Holders}
		if e, ok := chains.Entry(x.Chain); ok {
			row.Chain = &codeName{e.Code, e.Name}
		}
		b.Items = append(b.Items, row)
	}
	return out, nil
}

func (s *server) registerLadders() {
	open, read := access.Need{Public: true}, access.Need{Action: access.ReadFact}
	const list, one = "/ladders", "/ladders/{ladder}"
	handle(s, operation{id: "list_ladders", tag: "selections", method: http.MethodGet, path: list, need: open}, s.listLadders)
	handle(s, operation{id: "get_ladder", tag: "selections", method: http.MethodGet, path: one, need: open}, s.getLadder)
	handle(s, operation{id: "list_pool", tag: "selections", method: http.MethodGet, path: one + "/pool", need: read}, s.listPool)
	handle(s, operation{id: "get_standpoint", tag: "selections", method: http.MethodGet, path: one + "/enterprises/{enterprise}", need: read}, s.getStandpoint)
	handle(s, operation{id: "enter_pool", tag: "selections", method: http.MethodPost, path: one + "/pool", need: access.Need{Action: access.ReadCase}, status: http.StatusCreated, once: true}, s.enterPool)
	handle(s, operation{id: "refresh_pool", tag: "selections", method: http.MethodPost, path: one + "/refresh", need: access.Need{Action: access.HandleCase}}, s.refreshPool)
	handle(s, operation{id: "get_coverage", tag: "selections", method: http.MethodGet, path: "/coverage", need: access.Need{Action: access.ReadFact, Area: true}}, s.getCoverage)
}
