package api

import (
	"context"
	"path"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Mending is an answer to one group of problems.
type Mending struct {
	At         intake.Spot `json:"at" doc:"如 problems 所示 · as problems names it"`
	Target     string      `json:"target,omitempty" maxLength:"80" example:"ent.revenue" doc:"这一列是什么 · what the column holds"`
	Unit       string      `json:"unit,omitempty" maxLength:"20" example:"万元"`
	Rate       string      `json:"rate,omitempty" enum:"percent,fraction" example:"percent" doc:"比率怎样写 · how rates are written"`
	Days       string      `json:"days,omitempty" enum:"ymd,mdy,dmy" example:"ymd" doc:"日期怎样写 · in which order dates are written"`
	Period     string      `json:"period,omitempty" maxLength:"40" example:"2023" doc:"这张表属于哪一期 · which period the sheet is about"`
	Doubles    string      `json:"doubles,omitempty" enum:"first,last" example:"last" doc:"前后说法不同取哪个 · which of two statements holds"`
	Identifier string      `json:"identifier,omitempty" enum:"code,name" example:"code" doc:"代码与名称不是同一家时以哪个为准 · what a row goes by whose code and name mean two enterprises"`
	Area       string      `json:"area,omitempty" maxLength:"64" example:"320904" doc:"这张表里没有写地区的行属于哪里，代码 · code of the area of rows that name none"`
	Unsound    bool        `json:"unsound,omitempty" example:"false" doc:"校验不过的代码就是对的 · codes that fail their check are right"`
	Hidden     bool        `json:"hidden,omitempty" example:"false" doc:"隐藏的也要 · take what is hidden"`
	Amounts    bool        `json:"amounts,omitempty" example:"false" doc:"金额无误 · the amounts are right"`
	Texts      []textMend  `json:"texts,omitempty" maxItems:"2000" nullable:"false" doc:"这一列的某段文字怎样读 · what texts of the column are read as"`
	Forget     []string    `json:"forget,omitempty" maxItems:"2000" nullable:"false" example:"[\"约500\"]" doc:"收回对这些文字的答复 · texts about which nothing is said any more"`
}

// textMend is what is said about one text of a column.
type textMend struct {
	Text string `json:"text" minLength:"1" maxLength:"4000" example:"约500"`
	Do   string `json:"do" enum:"read,nothing,leave,firm,as_is" example:"read" doc:"read 读作 as，nothing 当作空白，leave 不取这些行，firm 是企业 firm，as_is 原样即是 · read as “as”, as a blank, leave the rows out, the enterprise “firm”, right as it stands"`
	As   string `json:"as,omitempty" maxLength:"4000" example:"500"`
	Firm int64  `json:"firm,omitempty" minimum:"0" example:"17"`
}

// answer is the mending as the intake takes it.
func (in Mending) answer(s *server, c *caller) (intake.Answer, error) {
	a := intake.Answer{Forget: in.Forget, Unsound: in.Unsound, Hidden: in.Hidden, Amounts: in.Amounts}
	a.Target, a.Unit, a.Area = said(in.Target), said(in.Unit), said(in.Area)
	a.Days, a.Doubles, a.Identifier = said(sheet.DayOrder(in.Days)), said(intake.Doubles(in.Doubles)), said(intake.Identifier(in.Identifier))
	switch in.Rate {
	case "percent":
		a.Rate = ptr(sheet.RatePercent)
	case "fraction":
		a.Rate = ptr(sheet.RateFraction)
	}
	if in.Period != "" {
		p, err := sheet.ParsePeriod(in.Period, 0)
		if err != nil || p.Kind() == period.Always {
			return a, s.wrongBody(c, "/period", i18n.M("api.bad_period", in.Period))
		}
		a.Period = &p
	}
	for _, m := range in.Texts {
		a.Mends = append(a.Mends, intake.Mend{Text: m.Text, Do: intake.Do(m.Do), As: m.As, Firm: m.Firm})
	}
	return a, nil
}

// said is an answer that was given; nil for none.
func said[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}

type mendIn struct {
	ID   int64 `path:"id" minimum:"1" example:"31"`
	Body Mending
}

// mend takes the answer to one group of problems and reads the file again under it.
func (s *server) mend(ctx context.Context, c *caller, in *mendIn) (*batchOut, error) {
	b, err := s.Intake.Batch(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	a, err := in.Body.answer(s, c)
	if err != nil {
		return nil, err
	}
	plan, err := b.Plan.Answered(in.Body.At, a)
	if err != nil {
		return nil, err
	}
	if _, err := s.Intake.Replan(ctx, c.scope, b.ID, plan); err != nil {
		return nil, err
	}
	return s.settled(ctx, c, b.ID)
}

type problemsIn struct {
	ID int64 `path:"id" minimum:"1" example:"31"`
	Form
}

// foundAt is one place where something was found.
type foundAt struct {
	Severity string    `json:"severity"`
	Sheet    string    `json:"sheet,omitempty"`
	Place    string    `json:"place"`
	Column   string    `json:"column,omitempty"`
	Cause    string    `json:"cause"`
	Detail   i18n.Text `json:"detail"`
}

// exportProblems sends everything that was found in a file, place by place; a last line says how many more there are than
// are listed.
func (s *server) exportProblems(ctx context.Context, c *caller, in *problemsIn) (*stream, error) {
	b, err := s.Intake.Batch(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	all, more, err := s.Intake.Places(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	base := path.Base(b.Name)
	name := "problems-" + strings.TrimSuffix(base, path.Ext(base))
	if in.Format == "ndjson" {
		return s.lines(name, func(yield func(any, error) bool) {
			for _, p := range all {
				if !yield(foundAt{string(p.Severity), p.Sheet, p.Place, p.Column, p.Msg.Key, both(p.Msg)}, nil) {
					return
				}
			}
			if more > 0 {
				yield(struct {
					More int `json:"more"`
				}{more}, nil)
			}
		}), nil
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	out := sheet.Export{Table: sheet.Table{Columns: []string{"severity", "sheet", "place", "column", "cause", "detail"}}}
	out.Rows = func(yield func([]any) bool) {
		for _, p := range all {
			if !yield([]any{string(p.Severity), p.Sheet, p.Place, p.Column, p.Msg.Key, c.t.Msg(p.Msg)}) {
				return
			}
		}
		if more > 0 {
			yield([]any{nil, nil, nil, nil, "more", more})
		}
	}
	return s.table(c, m, name, in.Format, out), nil
}

// remarks sends the file of an import back with what was found written into it.
func (s *server) remarks(ctx context.Context, c *caller, in *idIn) (*stream, error) {
	out, err := s.Intake.Remarks(ctx, c.scope, in.ID, c.t)
	if err != nil {
		return nil, err
	}
	kind := sheet.XLSXType
	if strings.HasSuffix(out.Name, ".csv") {
		kind = sheet.CSVType
	}
	return s.file(out.Name, kind, out.Body), nil
}

type deliveryOut struct {
	Body struct {
		Items []Batch `json:"items" nullable:"false"`
		Taken int     `json:"taken,omitempty" example:"2" doc:"本次动作做到了几份文件 · files that the step was done to"`
	}
}

// getDelivery is the files that came together with one.
func (s *server) getDelivery(ctx context.Context, c *caller, in *idIn) (*deliveryOut, error) {
	list, err := s.Intake.Delivery(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out, names := &deliveryOut{}, people{}
	out.Body.Items = []Batch{}
	for _, b := range list {
		x, err := s.batch(ctx, b, names, true)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, x)
	}
	return out, nil
}

// delivered is a delivery after a step, and how many of its files the step was done to.
func (s *server) delivered(ctx context.Context, c *caller, id int64, taken int, err error) (*deliveryOut, error) {
	if err != nil {
		return nil, err
	}
	if _, err := s.settled(ctx, c, id); err != nil {
		return nil, err
	}
	out, err := s.getDelivery(ctx, c, &idIn{ID: id})
	if err == nil {
		out.Body.Taken = taken
	}
	return out, err
}

type mendDeliveryIn struct {
	ID   int64 `path:"id" minimum:"1" example:"31"`
	Body struct {
		Mending
		Imports []int64 `json:"imports,omitempty" maxItems:"500" nullable:"false" example:"[31]" doc:"只答复这几份，默认有同样问题的全部 · for these files only; by default for all that have the like"`
	}
}

// mendDelivery gives an answer to the files of a delivery that have the like.
func (s *server) mendDelivery(ctx context.Context, c *caller, in *mendDeliveryIn) (*deliveryOut, error) {
	a, err := in.Body.answer(s, c)
	if err != nil {
		return nil, err
	}
	n, err := s.Intake.MendDelivery(ctx, c.scope, in.ID, in.Body.At, a, in.Body.Imports...)
	return s.delivered(ctx, c, in.ID, n, err)
}

type commitDeliveryIn struct {
	ID   int64 `path:"id" minimum:"1" example:"31"`
	Body struct {
		Imports []int64 `json:"imports,omitempty" maxItems:"500" nullable:"false" example:"[31]" doc:"只提交这几份，默认能提交的全部 · only these; by default all that can be committed"`
	}
}

func (s *server) commitDelivery(ctx context.Context, c *caller, in *commitDeliveryIn) (*deliveryOut, error) {
	n, err := s.Intake.CommitDelivery(ctx, c.scope, in.ID, in.Body.Imports)
	return s.delivered(ctx, c, in.ID, n, err)
}

func (s *server) undoDelivery(ctx context.Context, c *caller, in *undoIn) (*deliveryOut, error) {
	n, err := s.Intake.UndoDelivery(ctx, c.scope, in.ID, in.Body.Reason)
	return s.delivered(ctx, c, in.ID, n, err)
}
