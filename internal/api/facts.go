package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
)

// instant is a moment of the API: RFC 3339 in Beijing's zone.
func instant(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(clock.Beijing).Format(time.RFC3339)
}

type timelineIn struct {
	FirmIn
	Subject int64  `query:"subject" minimum:"0" example:"19" doc:"企业本身（默认）或属于它的对象 · the enterprise (default) or what belongs to it"`
	Def     string `query:"def" maxLength:"80" example:"ent.revenue" doc:"只要这一数据项 · only this definition"`
}

type timelineOut struct {
	Body struct {
		Lines []line `json:"lines" nullable:"false"`
		AsOf  asOf   `json:"as_of"`
	}
}

// line is all that was stated about one definition in one period.
type line struct {
	Dated
	Name     i18n.Text   `json:"name"`
	Less     *i18n.Text  `json:"less,omitempty" doc:"同一笔已在别处登记的部分不重复计算，为何只计这些 · why less than what was stated counts: the rest is stated elsewhere too"`
	Stated   []statement `json:"stated" nullable:"false" doc:"最可信的在前 · the best first"`
	Disputes []dispute   `json:"disputes" nullable:"false"`
}

// statement is one of them.
type statement struct {
	Cell
	Written   string    `json:"written,omitempty" example:"12345.67" doc:"来件的写法 · as the sender wrote it"`
	Place     string    `json:"place,omitempty" example:"firms.csv!F2"`
	Effective bool      `json:"effective" example:"true"`
	Why       i18n.Text `json:"why" doc:"为何采用或不采用 · why it holds or not"`
	Source    Source    `json:"source"`
}

// Source is who said it.
type Source struct {
	ID        int64  `json:"id" example:"12"`
	Name      string `json:"name" example:"firms.csv"`
	Authority string `json:"authority" example:"statistics"`
	Sender    string `json:"sender,omitempty" example:"市工信局"`
	Evidence  string `json:"evidence,omitempty" example:"2023 年度审计报告" doc:"企业自报的依据 · what shows that what an enterprise stated is true"`
	By        string `json:"by,omitempty" example:"王敏" doc:"经办账号 · the account that brought it in"`
	Received  string `json:"received" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Commit    int64  `json:"commit" example:"41"`
	Retracted bool   `json:"retracted" example:"false"`
}

// dispute is somebody's word that a figure is wrong.
type dispute struct {
	ID         int64    `json:"id" example:"57"`
	Enterprise int64    `json:"enterprise,omitempty" example:"17"`
	Subject    int64    `json:"subject" example:"17"`
	Def        string   `json:"def" example:"ent.revenue"`
	Period     string   `json:"period,omitempty" example:"2023"`
	At         string   `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	By         string   `json:"by,omitempty" example:"李某"`
	Text       string   `json:"text" example:"应为 12,345 万元"`
	Closed     *closing `json:"closed,omitempty"`
}

// closing is how a dispute ended.
type closing struct {
	At   string `json:"at" format:"date-time" example:"2024-10-31T10:00:00+08:00"`
	By   string `json:"by,omitempty" example:"王敏"`
	Note string `json:"note" example:"已与统计局核对，原数无误"`
}

// people are the names of accounts, each asked for once.
type people map[int64]string

func (s *server) nameOf(ctx context.Context, names people, account int64) (string, error) {
	if name, ok := names[account]; ok {
		return name, nil
	}
	name, err := s.Access.NameOf(ctx, account)
	names[account] = name
	return name, err
}

// both is a message in both languages.
func both(m i18n.Msg) i18n.Text {
	return i18n.Text{ZH: i18n.T{Lang: i18n.ZH}.Msg(m), EN: i18n.T{Lang: i18n.EN}.Msg(m)}
}

func periodOf(p period.Period) string {
	if p.Kind() == period.Always {
		return ""
	}
	return p.String()
}

func (s *server) timeline(ctx context.Context, c *caller, in *timelineIn) (*timelineOut, error) {
	view, e, err := s.firmOf(ctx, c, in.FirmIn)
	if err != nil {
		return nil, err
	}
	subject := in.Subject
	if subject == 0 {
		subject = e.ID
	}
	if !view.Below(subject, e.ID) {
		return nil, errs.NotFound("subject", subject)
	}
	lines, err := view.Timeline(ctx, subject)
	if err != nil {
		return nil, err
	}
	out, names := &timelineOut{}, people{}
	out.Body.Lines, out.Body.AsOf = []line{}, view.asOf()
	for _, l := range lines {
		if in.Def != "" && l.Def.Code != in.Def {
			continue
		}
		x := line{Name: l.Def.Name, Dated: Dated{Def: l.Def.Code, Period: periodOf(l.Period), Cell: s.cell(l.Def, l.Cell)}, Stated: []statement{}, Disputes: []dispute{}}
		if !l.Why.IsZero() {
			x.Less = ptr(both(l.Why))
		}
		for _, said := range l.Stated {
			st, err := s.statement(ctx, l.Def, said, names)
			if err != nil {
				return nil, err
			}
			x.Stated = append(x.Stated, st)
		}
		for _, d := range l.Disputes {
			dd, err := s.dispute(ctx, view.View, d, names)
			if err != nil {
				return nil, err
			}
			x.Disputes = append(x.Disputes, dd)
		}
		out.Body.Lines = append(out.Body.Lines, x)
	}
	return out, nil
}

func (s *server) statement(ctx context.Context, def content.FactDef, said fact.Said, names people) (statement, error) {
	by, err := s.nameOf(ctx, names, said.From.Actor)
	st := statement{
		Cell: s.said(def, said.State, said.Value, said.Precision), Written: said.Shown, Place: said.Place,
		Effective: said.Effective, Why: both(said.Why),
		Source: sourceOf(said.From, by),
	}
	if said.Status != fact.Reported {
		st.Status = said.Status.String()
	}
	return st, err
}

func sourceOf(src source.Source, by string) Source {
	out := Source{
		ID: src.ID, Name: src.Name, Authority: src.Authority, Sender: src.Note, By: by,
		Received: instant(src.ReceivedAt), Commit: src.Seq, Retracted: !src.Live(),
	}
	if src.Kind == source.Entry {
		out.Sender, out.Evidence = "", src.Note
	}
	return out
}

func (s *server) dispute(ctx context.Context, view fact.View, d fact.Dispute, names people) (dispute, error) {
	by, err := s.nameOf(ctx, names, d.Actor)
	if err != nil {
		return dispute{}, err
	}
	out := dispute{ID: d.ID, Enterprise: enterpriseOf(view, d.Subject), Subject: d.Subject, Def: d.Def, Period: periodOf(d.Period), At: instant(d.At), By: by, Text: d.Text}
	if d.Closed != nil {
		who, err := s.nameOf(ctx, names, d.Closed.Actor)
		if err != nil {
			return dispute{}, err
		}
		out.Closed = &closing{At: instant(d.Closed.At), By: who, Note: d.Closed.Note}
	}
	return out, nil
}

// enterpriseOf is the enterprise that a subject is or belongs to; 0 for one of an area.
func enterpriseOf(view fact.View, subject int64) int64 {
	for range 8 {
		sub, ok := view.Subject(subject)
		switch {
		case !ok:
			return 0
		case sub.Kind == content.Enterprise:
			return sub.ID
		}
		subject = sub.Parent
	}
	return 0
}

type disputesIn struct {
	Open bool `query:"open" example:"true" doc:"只要未办结的 · only those that wait"`
	Paging
}

type disputesOut struct {
	Body struct {
		Items []dispute `json:"items" nullable:"false"`
		Total int       `json:"total" example:"1"`
		Next  string    `json:"next,omitempty"`
	}
}

func (s *server) disputes(ctx context.Context, c *caller, in *disputesIn) (*disputesOut, error) {
	at, err := in.open(c, c.listName("disputes", in.Open))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	view, list := m.View, m.Disputes
	if in.Open {
		list = view.OpenDisputes
	}
	all, err := list(ctx)
	if err != nil {
		return nil, err
	}
	out, names := &disputesOut{}, people{}
	out.Body.Items, out.Body.Total = []dispute{}, len(all)
	// Oldest first, and none ever goes from the list of all: a place in it stays. Of those open, ids tell the place.
	for _, d := range all {
		if d.ID <= at.Before {
			continue
		}
		if len(out.Body.Items) == in.Limit {
			out.Body.Next = cursor{List: at.List, Before: out.Body.Items[in.Limit-1].ID}.String()
			break
		}
		dd, err := s.dispute(ctx, view, d, names)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, dd)
	}
	return out, nil
}

type raiseIn struct {
	ID   int64 `path:"id" minimum:"1" example:"17"`
	Body struct {
		Subject int64  `json:"subject,omitempty" minimum:"0" example:"17" doc:"企业本身（默认）或属于它的对象 · the enterprise (default) or what belongs to it"`
		Def     string `json:"def" maxLength:"80" example:"ent.revenue"`
		Period  string `json:"period,omitempty" maxLength:"20" example:"2023"`
		Text    string `json:"text" minLength:"1" maxLength:"8000" example:"应为 12,345 万元"`
	}
}

type idOut struct {
	Body struct {
		ID int64 `json:"id" example:"57"`
	}
}

func (s *server) raise(ctx context.Context, c *caller, in *raiseIn) (*idOut, error) {
	view, e, err := s.firmOf(ctx, c, FirmIn{ID: in.ID})
	if err != nil {
		return nil, err
	}
	subject := in.Body.Subject
	if subject == 0 {
		subject = e.ID
	}
	if !view.Below(subject, e.ID) {
		return nil, errs.NotFound("subject", subject)
	}
	var per period.Period
	if in.Body.Period != "" {
		if per, err = period.Parse(in.Body.Period); err != nil {
			return nil, s.wrongBody(c, "/period", i18n.M("api.bad_period", in.Body.Period))
		}
	}
	out := &idOut{}
	out.Body.ID, err = view.Dispute(ctx, subject, in.Body.Def, per, in.Body.Text)
	return out, err
}

// wrongBody is a problem with one place of the body.
func (s *server) wrongBody(c *caller, pointer string, msg i18n.Msg) error {
	p := newProblem(c.t, http.StatusUnprocessableEntity, c.t.S("api.invalid", 1))
	p.Errors = []fault{faultAt(c.t, pointer, msg)}
	return p
}

type closeIn struct {
	ID   int64 `path:"id" minimum:"1" example:"57"`
	Body struct {
		Note string `json:"note" minLength:"1" maxLength:"8000" example:"已与统计局核对，原数无误"`
	}
}

// nothing is an answer without a body.
type nothing struct{}

func (s *server) closeDispute(ctx context.Context, c *caller, in *closeIn) (*nothing, error) {
	view, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	return &nothing{}, view.CloseDispute(ctx, in.ID, in.Body.Note)
}

type alikeOut struct {
	Body struct {
		Items []Firm `json:"items" nullable:"false"`
	}
}

// mergeable is an enterprise that the caller may merge.
func (s *server) mergeable(ctx context.Context, c *caller, id int64) (moment, party.Enterprise, error) {
	view, e, err := s.firmOf(ctx, c, FirmIn{ID: id})
	if err == nil && !view.Can(access.Merge, e.ID) {
		err = errs.NotFound("enterprise", id)
	}
	return view, e, err
}

type idIn struct {
	ID int64 `path:"id" minimum:"1" example:"17"`
}

func (s *server) alike(ctx context.Context, c *caller, in *idIn) (*alikeOut, error) {
	view, e, err := s.mergeable(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	out := &alikeOut{}
	out.Body.Items = []Firm{}
	for _, other := range view.Alike(e) {
		out.Body.Items = append(out.Body.Items, s.firm(other))
	}
	return out, nil
}

type differencesIn struct {
	ID   int64 `path:"id" minimum:"1" example:"17"`
	With int64 `query:"with" required:"true" minimum:"1" example:"23"`
}

type differencesOut struct {
	Body struct {
		Items []difference `json:"items" nullable:"false"`
	}
}

// difference is a figure that both have, and not the same.
type difference struct {
	Def    string    `json:"def" example:"ent.revenue"`
	Name   i18n.Text `json:"name"`
	Period string    `json:"period,omitempty" example:"2023"`
	One    Cell      `json:"one"`
	Two    Cell      `json:"two"`
}

func (s *server) differences(ctx context.Context, c *caller, in *differencesIn) (*differencesOut, error) {
	view, e, err := s.mergeable(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	if _, _, err := s.mergeable(ctx, c, in.With); err != nil {
		return nil, err
	}
	all, err := view.Differences(ctx, e.ID, in.With)
	out := &differencesOut{}
	out.Body.Items = []difference{}
	for _, d := range all {
		out.Body.Items = append(out.Body.Items, difference{Def: d.Def.Code, Name: d.Def.Name, Period: periodOf(d.Period), One: s.cell(d.Def, d.One), Two: s.cell(d.Def, d.Two)})
	}
	return out, err
}

type mergeIn struct {
	ID   int64 `path:"id" minimum:"1" example:"17" doc:"留下的企业 · the enterprise that remains"`
	Body struct {
		With   int64  `json:"with" minimum:"1" example:"23" doc:"并入的企业 · the one that counts for it from now on"`
		Reason string `json:"reason" minLength:"1" maxLength:"4000" example:"同一企业，名称写法不同"`
	}
}

type commitOut struct {
	Body struct {
		Commit int64 `json:"commit" example:"43"`
	}
}

func (s *server) merge(ctx context.Context, c *caller, in *mergeIn) (*commitOut, error) {
	view, e, err := s.mergeable(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	_, other, err := s.mergeable(ctx, c, in.Body.With)
	if err != nil {
		return nil, err
	}
	if other.ID == e.ID {
		return nil, s.wrongBody(c, "/with", i18n.M("party.unlike"))
	}
	out := &commitOut{}
	if out.Body.Commit, err = view.Merge(ctx, party.Merging{From: other.ID, Into: e.ID, Reason: in.Body.Reason}); err != nil {
		return nil, err
	}
	return out, s.Frames.Refresh(ctx)
}

type unmergeIn struct {
	ID   int64 `path:"id" minimum:"1" example:"17"`
	Body struct {
		From   int64  `json:"from" minimum:"1" example:"23" doc:"要恢复的企业 · the one that stands for itself again"`
		Reason string `json:"reason" minLength:"1" maxLength:"4000" example:"合并有误"`
	}
}

func (s *server) unmerge(ctx context.Context, c *caller, in *unmergeIn) (*commitOut, error) {
	view, e, err := s.mergeable(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(e.Merged, in.Body.From) {
		return nil, errs.NotFound("enterprise", in.Body.From)
	}
	out := &commitOut{}
	if out.Body.Commit, err = view.Unmerge(ctx, in.Body.From, in.Body.Reason); err != nil {
		return nil, err
	}
	return out, s.Frames.Refresh(ctx)
}

func (s *server) registerFacts() {
	read, merge := access.Need{Action: access.ReadFact}, access.Need{Action: access.Merge}
	handle(s, operation{id: "get_timeline", tag: "facts", method: http.MethodGet, path: "/enterprises/{id}/timeline", need: read}, s.timeline)
	handle(s, operation{id: "list_disputes", tag: "disputes", method: http.MethodGet, path: "/disputes", need: read}, s.disputes)
	handle(s, operation{id: "raise_dispute", tag: "disputes", method: http.MethodPost, path: "/enterprises/{id}/disputes", need: access.Need{Action: access.Dispute}, status: http.StatusCreated, once: true}, s.raise)
	handle(s, operation{id: "close_dispute", tag: "disputes", method: http.MethodPost, path: "/disputes/{id}/close", need: access.Need{Action: access.Decide}, status: http.StatusNoContent}, s.closeDispute)
	handle(s, operation{id: "list_alike", tag: "merges", method: http.MethodGet, path: "/enterprises/{id}/alike", need: merge}, s.alike)
	handle(s, operation{id: "compare_enterprises", tag: "merges", method: http.MethodGet, path: "/enterprises/{id}/differences", need: merge}, s.differences)
	handle(s, operation{id: "merge_enterprise", tag: "merges", method: http.MethodPost, path: "/enterprises/{id}/merge", need: merge, once: true}, s.merge)
	handle(s, operation{id: "unmerge_enterprise", tag: "merges", method: http.MethodPost, path: "/enterprises/{id}/unmerge", need: merge, once: true}, s.unmerge)
}
