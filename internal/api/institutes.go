package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/period"
)

// InstituteTerms is what an institute may do and how much of it.
type InstituteTerms struct {
	Kinds     []string `json:"kinds" minItems:"1" maxItems:"2" nullable:"false" enum:"digital,green" example:"[\"digital\"]"`
	Counties  []string `json:"counties,omitempty" maxItems:"200" nullable:"false" example:"[\"320902\"]" doc:"服务的县；没有则不限 · that it serves; none means all"`
	Divisions []string `json:"divisions,omitempty" maxItems:"100" nullable:"false" example:"[\"34\"]" doc:"服务的行业大类；没有则不限 · divisions of industries; none means all"`
	Qualified string   `json:"qualified" minLength:"1" maxLength:"2000" example:"公开招标中标（演示）"`
	Until     string   `json:"until" minLength:"10" maxLength:"10" example:"2025-12-31" doc:"资质有效期至 · qualified until"`
	Capacity  int      `json:"capacity" minimum:"1" maximum:"10000" example:"20" doc:"同时承接家数上限 · firms under way at once, at most"`
	LeftWhy   string   `json:"left_why,omitempty" maxLength:"2000" example:"合同到期（演示）" doc:"退出原因；填写即退出 · why it leaves; with this it gets no more firms"`
}

// terms reads what an institute may do; a day that is none is told.
func (s *server) terms(c *caller, in InstituteTerms) (diagnosis.Terms, error) {
	until, err := period.ParseDay(in.Until)
	if err != nil {
		return diagnosis.Terms{}, s.wrongBody(c, "/until", i18n.M("diagnosis.no_until"))
	}
	t := diagnosis.Terms{Counties: in.Counties, Divisions: in.Divisions, Qualified: in.Qualified, Until: until, Capacity: in.Capacity, LeftWhy: in.LeftWhy}
	for _, k := range in.Kinds {
		t.Kinds = append(t.Kinds, diagnosis.Kind(k))
	}
	return t, nil
}

// instituteConflict is an interest that was declared.
type instituteConflict struct {
	Enterprise int64  `json:"enterprise" example:"17"`
	Name       string `json:"name" example:"盐城大丰乙电子有限公司"`
	Reason     string `json:"reason" example:"股东相同（演示）"`
	At         string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

type instituteEntry struct {
	InstituteTerms
	ID        int64               `json:"id" example:"81"`
	Code      string              `json:"code" example:"demo_one"`
	Name      string              `json:"name" example:"演示诊断机构"`
	USCC      string              `json:"uscc,omitempty" example:"91320900MA1XXXXX0X"`
	Area      *Node               `json:"area,omitempty" doc:"由哪里的部门管理 · whose office keeps it"`
	Invented  bool                `json:"invented,omitempty" example:"true" doc:"演示机构 · stands in demonstrations alone"`
	Account   string              `json:"account,omitempty" example:"演示诊断机构 示例银行 **** 0018" doc:"收款账户，账号只显示末四位 · where it is paid; of the number the last four digits"`
	Conflicts []instituteConflict `json:"conflicts" nullable:"false"`
}

type institutesOut struct {
	Body struct {
		Items []instituteEntry `json:"items" nullable:"false" doc:"已退出的也在 · those that left among them"`
	}
}

// listInstitutes is the register of institutes, as far as the asker keeps or audits it; somebody of an institute finds its own.
func (s *server) listInstitutes(ctx context.Context, c *caller, _ *struct{}) (*institutesOut, error) {
	all, err := s.Diagnoses.Institutes(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	out := &institutesOut{}
	out.Body.Items = []instituteEntry{}
	for _, x := range all {
		row := instituteEntry{
			ID: x.ID, Code: x.Code, Name: x.Name, USCC: x.USCC, Area: nodeOf(s.Library.Areas(), x.Area), Invented: x.Invented, Conflicts: []instituteConflict{},
			InstituteTerms: InstituteTerms{
				Kinds: []string{}, Counties: x.Counties, Divisions: x.Divisions, Qualified: x.Qualified, Until: x.Until.String(), Capacity: x.Capacity, LeftWhy: x.LeftWhy,
			},
		}
		for _, k := range x.Kinds {
			row.Kinds = append(row.Kinds, string(k))
		}
		for _, f := range x.Conflicts {
			row.Conflicts = append(row.Conflicts, instituteConflict{f.Firm, nameOfFirm(whole, f.Firm), f.Reason, instant(f.At)})
		}
		p, err := s.Diagnoses.Account(ctx, c.scope, x.ID)
		if err == nil {
			row.Account = p.Holder + " " + p.Bank + " " + p.Number.String()
		} else if errs.KindOf(err) != errs.KindNotFound {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

// nameOfFirm is what an enterprise is called, by all that is known.
func nameOfFirm(whole fact.View, id int64) string {
	e, _ := whole.Enterprise(id)
	return e.Name
}

// NewInstitute is an institute to be entered.
type NewInstitute struct {
	Body struct {
		InstituteTerms
		Code string `json:"code" minLength:"1" maxLength:"64" example:"demo_two" doc:"小写字母、数字和下划线，登记后不变 · small letters, digits and _; it does not change"`
		Name string `json:"name" minLength:"1" maxLength:"200" example:"演示诊断机构二"`
		USCC string `json:"uscc,omitempty" maxLength:"40" example:"91320900MA1XXXXX0X"`
		Area string `json:"area" minLength:"1" maxLength:"64" example:"320900" doc:"由哪里的部门管理 · whose office keeps it"`
	}
}

func (s *server) addInstitute(ctx context.Context, c *caller, in *NewInstitute) (*idOut, error) {
	t, err := s.terms(c, in.Body.InstituteTerms)
	if err != nil {
		return nil, err
	}
	x, err := s.Diagnoses.AddInstitute(ctx, c.scope, diagnosis.Institute{Code: in.Body.Code, Name: in.Body.Name, USCC: in.Body.USCC, Area: in.Body.Area, Terms: t})
	out := &idOut{}
	out.Body.ID = x.ID
	return out, err
}

// InstituteIn names an institute.
type InstituteIn struct {
	ID int64 `path:"id" minimum:"1" example:"81"`
}

func (s *server) setInstituteTerms(ctx context.Context, c *caller, in *struct {
	InstituteIn
	Body InstituteTerms
},
) (*nothing, error) {
	t, err := s.terms(c, in.Body)
	if err != nil {
		return nil, err
	}
	return &nothing{}, s.Diagnoses.SetTerms(ctx, c.scope, in.ID, t)
}

// declareConflict keeps that an institute has an interest in an enterprise, by its name or credit code: institutes see no list of them.
func (s *server) declareConflict(ctx context.Context, c *caller, in *struct {
	InstituteIn
	Body struct {
		Enterprise string `json:"enterprise" minLength:"2" maxLength:"200" example:"盐城大丰乙电子有限公司" doc:"企业全称或统一社会信用代码 · its full name or credit code"`
		Reason     string `json:"reason" minLength:"1" maxLength:"2000" example:"股东相同（演示）"`
	}
},
) (*nothing, error) {
	if _, err := s.Diagnoses.Institute(ctx, c.scope, in.ID); err != nil {
		return nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	firm := whole.Registry().Only(in.Body.Enterprise)
	if firm == 0 {
		return nil, s.wrongBody(c, "/enterprise", i18n.M("selectionpage.no_firm", in.Body.Enterprise))
	}
	return &nothing{}, s.Diagnoses.Declare(ctx, c.scope, in.ID, firm, in.Body.Reason)
}

func (s *server) setInstituteAccount(ctx context.Context, c *caller, in *struct {
	InstituteIn
	Body struct {
		Holder string `json:"holder" minLength:"1" maxLength:"200" example:"演示诊断机构"`
		Bank   string `json:"bank" minLength:"1" maxLength:"200" example:"示例银行"`
		Number string `json:"number" minLength:"1" maxLength:"64" example:"6228480402564890018"`
	}
},
) (*nothing, error) {
	return &nothing{}, s.Diagnoses.SetAccount(ctx, c.scope, in.ID, diagnosis.PayTo{Holder: in.Body.Holder, Bank: in.Body.Bank, Number: ledger.Account(in.Body.Number)})
}

// adviceNote is what was done for an enterprise beside a diagnosis.
type adviceNote struct {
	ID         int64  `json:"id" example:"93"`
	Enterprise int64  `json:"enterprise" example:"17"`
	Name       string `json:"name,omitempty" example:"盐城亭湖甲机械有限公司"`
	Area       *Node  `json:"area,omitempty"`
	Day        string `json:"day" example:"2024-10-30"`
	Who        string `json:"who" example:"顾问 演示人员 14"`
	What       string `json:"what" example:"上门讲政策（演示）"`
	Barrier    string `json:"barrier,omitempty" example:"money" doc:"代码表 barriers · of the code list barriers"`
	Next       string `json:"next,omitempty" example:"介绍智能制造贷（演示）"`
	At         string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

type notesOut struct {
	Body struct {
		Items []adviceNote `json:"items" nullable:"false" doc:"新的在前 · the newest first"`
		Total int          `json:"total" example:"1"`
		Next  string       `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) listAdvice(ctx context.Context, c *caller, in *struct {
	Enterprise int64 `query:"enterprise" minimum:"0" example:"17"`
	Paging
},
) (*notesOut, error) {
	at, err := in.open(c, c.listName("advice", in.Enterprise))
	if err != nil {
		return nil, err
	}
	all, total, err := s.Diagnoses.Notes(ctx, c.scope, in.Enterprise, at.From, in.Limit)
	if err != nil {
		return nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	out := &notesOut{}
	out.Body.Items, out.Body.Total, out.Body.Next = []adviceNote{}, total, at.next(moment{}, at.From+in.Limit, total)
	for _, n := range all {
		out.Body.Items = append(out.Body.Items, adviceNote{
			n.ID, n.Firm, nameOfFirm(whole, n.Firm), nodeOf(s.Library.Areas(), n.Area), n.Day.String(), n.Who, n.What, n.Barrier, n.Next, instant(n.At),
		})
	}
	return out, nil
}

func (s *server) noteAdvice(ctx context.Context, c *caller, in *struct {
	Body struct {
		Enterprise int64  `json:"enterprise" minimum:"1" example:"17"`
		Day        string `json:"day" minLength:"10" maxLength:"10" example:"2024-10-30"`
		Who        string `json:"who" minLength:"1" maxLength:"200" example:"顾问 演示人员 14"`
		What       string `json:"what" minLength:"1" maxLength:"2000" example:"上门讲政策（演示）"`
		Barrier    string `json:"barrier,omitempty" maxLength:"64" example:"money"`
		Next       string `json:"next,omitempty" maxLength:"2000" example:"介绍智能制造贷（演示）"`
	}
},
) (*idOut, error) {
	b := in.Body
	day, err := period.ParseDay(b.Day)
	if err != nil {
		return nil, s.wrongBody(c, "/day", i18n.M("diagnosis.bad_day"))
	}
	n, err := s.Diagnoses.Advise(ctx, c.scope, diagnosis.Note{Firm: b.Enterprise, Day: day, Who: b.Who, What: b.What, Barrier: b.Barrier, Next: b.Next})
	out := &idOut{}
	out.Body.ID = n.ID
	return out, err
}

func (s *server) registerInstitutes() {
	read, keep, write := access.Need{Action: access.ReadCase}, access.Need{Action: access.HandleCase}, access.Need{Action: access.AnswerCase}
	const list, one = "/institutes", "/institutes/{id}"
	handle(s, operation{id: "list_institutes", tag: "diagnoses", method: http.MethodGet, path: list, need: read}, s.listInstitutes)
	handle(s, operation{id: "add_institute", tag: "diagnoses", method: http.MethodPost, path: list, need: keep, status: http.StatusCreated, once: true}, s.addInstitute)
	handle(s, operation{id: "set_institute_terms", tag: "diagnoses", method: http.MethodPost, path: one + "/terms", need: keep, status: http.StatusNoContent}, s.setInstituteTerms)
	handle(s, operation{id: "declare_conflict", tag: "diagnoses", method: http.MethodPost, path: one + "/conflicts", need: read, status: http.StatusNoContent}, s.declareConflict)
	handle(s, operation{id: "set_institute_account", tag: "diagnoses", method: http.MethodPost, path: one + "/account", need: write, status: http.StatusNoContent}, s.setInstituteAccount)
	handle(s, operation{id: "list_advice", tag: "diagnoses", method: http.MethodGet, path: "/advice", need: read}, s.listAdvice)
	handle(s, operation{id: "note_advice", tag: "diagnoses", method: http.MethodPost, path: "/advice", need: keep, status: http.StatusCreated, once: true}, s.noteAdvice)
}
