package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// definition says what may be known about subjects of a kind.
type definition struct {
	Code        string     `json:"code" example:"ent.revenue"`
	Subject     string     `json:"subject" example:"enterprise"`
	Name        i18n.Text  `json:"name"`
	Help        i18n.Text  `json:"help"`
	Type        string     `json:"type" enum:"money,rate,int,decimal,bool,date,text,code" example:"money"`
	Unit        string     `json:"unit,omitempty" example:"万元"`
	Period      string     `json:"period" example:"year"`
	Codes       string     `json:"codes,omitempty" example:"honour_titles"`
	Authority   []string   `json:"authority,omitempty" nullable:"false" example:"[\"statistics\"]" doc:"谁的数优先 · whose word is believed first"`
	Sensitivity string     `json:"sensitivity" example:"internal"`
	Class       string     `json:"class" example:"finance" doc:"分类，见 get_register · its class, of get_register"`
	Ground      string     `json:"ground,omitempty" example:"duty" doc:"个人信息的保存依据 · on what ground something about a person is kept"`
	Purpose     *i18n.Text `json:"purpose,omitempty" doc:"个人信息的用途 · what something about a person is needed for"`
	Keep        keep       `json:"keep"`
	Source      string     `json:"source" example:"统计报表制度"`
	Cite        string     `json:"cite,omitempty" example:"B103-1"`
	Confidence  string     `json:"confidence" enum:"verified,secondary,unverified" example:"secondary"`
}

type definitionsOut struct {
	Body struct {
		Items []definition `json:"items" nullable:"false"`
	}
}

func (s *server) definitions(context.Context, *caller, *struct{}) (*definitionsOut, error) {
	out := &definitionsOut{}
	for _, d := range s.Library.FactDefs() {
		x := definition{
			Code: d.Code, Subject: d.Subject, Name: d.Name, Help: d.Help, Type: string(d.Type), Unit: d.Unit, Period: string(d.Period),
			Codes: d.Codes, Authority: d.Authority, Sensitivity: d.Sensitivity, Source: d.Source, Cite: d.Cite, Confidence: d.Confidence,
			Class: d.Class, Ground: d.Ground, Keep: keep(d.Keep),
		}
		if d.Purpose != (i18n.Text{}) {
			x.Purpose = &d.Purpose
		}
		out.Body.Items = append(out.Body.Items, x)
	}
	return out, nil
}

// keep is for how long a value is kept.
type keep struct {
	After string `json:"after" enum:"never,recorded,superseded" example:"superseded" doc:"从何时起算；never 不设期限 · from when the years count; never is without a term"`
	Years int    `json:"years,omitempty" minimum:"0" example:"3"`
}

// grade is what a grade of definitions means, and who may read what is of it.
type grade struct {
	Code    string        `json:"code" example:"personal"`
	Name    i18n.Text     `json:"name"`
	Level   i18n.Text     `json:"level" doc:"对应的国家标准级别 · the level of the national standard"`
	Help    i18n.Text     `json:"help"`
	Source  string        `json:"source" example:"《中华人民共和国个人信息保护法》第四条"`
	Readers []access.Role `json:"readers" nullable:"false" example:"[\"county_official\"]" doc:"能看的角色 · roles that may read it"`
}

// class is what definitions are about.
type class struct {
	Code string    `json:"code" example:"contact"`
	Name i18n.Text `json:"name"`
	Help i18n.Text `json:"help"`
	Keep keep      `json:"keep"`
}

// ground is what the law lets something about a person be kept on.
type ground struct {
	Code   string    `json:"code" example:"duty"`
	Name   i18n.Text `json:"name"`
	Help   i18n.Text `json:"help"`
	Source string    `json:"source" example:"《中华人民共和国个人信息保护法》第十三条"`
}

type registerOut struct {
	Body struct {
		Grades     []grade   `json:"grades" nullable:"false"`
		Classes    []class   `json:"classes" nullable:"false"`
		Grounds    []ground  `json:"grounds" nullable:"false"`
		Source     string    `json:"source" example:"《中华人民共和国数据安全法》第二十一条"`
		Confidence string    `json:"confidence" enum:"verified,secondary,unverified" example:"unverified"`
		Note       i18n.Text `json:"note"`
	}
}

// getRegister is how the data is sorted.
func (s *server) getRegister(context.Context, *caller, *struct{}) (*registerOut, error) {
	r, out := s.Library.Register(), &registerOut{}
	out.Body.Source, out.Body.Confidence, out.Body.Note = r.Source, r.Confidence, r.Note
	for _, g := range r.Grades {
		out.Body.Grades = append(out.Body.Grades, grade{g.Code, g.Name, g.Level, g.Help, g.Source, fact.Readers(content.FactDef{Sensitivity: g.Code})})
	}
	for _, c := range r.Classes {
		out.Body.Classes = append(out.Body.Classes, class{c.Code, c.Name, c.Help, keep(c.Keep)})
	}
	for _, g := range r.Grounds {
		out.Body.Grounds = append(out.Body.Grounds, ground(g))
	}
	return out, nil
}

// branch is a node of a tree with where it hangs.
type branch struct {
	Node
	Parent string `json:"parent,omitempty" example:"320900"`
	Level  string `json:"level,omitempty" example:"county"`
}

type branchesIn struct {
	Parent string `query:"parent" maxLength:"64" example:"320900" doc:"只要它的直接下级，默认最上级 · only what lies right below it, by default the top"`
}

type branchesOut struct {
	Body struct {
		Items []branch `json:"items" nullable:"false"`
	}
}

func branches(c *caller, tree *content.Tree, parent string) (*branchesOut, error) {
	if _, ok := tree.Node(parent); parent != "" && !ok {
		return nil, invalid(c.t, "parent", parent, i18n.M("api.no_node"))
	}
	out := &branchesOut{}
	out.Body.Items = []branch{}
	for _, n := range tree.Children(parent) {
		out.Body.Items = append(out.Body.Items, branch{Node: Node{Code: n.Code, Name: n.Name}, Parent: parent, Level: n.Level})
	}
	return out, nil
}

func (s *server) areas(_ context.Context, c *caller, in *branchesIn) (*branchesOut, error) {
	return branches(c, s.Library.Areas(), in.Parent)
}

func (s *server) industries(_ context.Context, c *caller, in *branchesIn) (*branchesOut, error) {
	return branches(c, s.Library.Industries(), in.Parent)
}

// named is a code with what it stands for.
type named struct {
	Code string    `json:"code" example:"statistics"`
	Name i18n.Text `json:"name"`
}

type namedOut struct {
	Body struct {
		Items []named `json:"items" nullable:"false"`
	}
}

func (s *server) authorities(context.Context, *caller, *struct{}) (*namedOut, error) {
	out := &namedOut{}
	for _, a := range s.Library.Authorities() {
		out.Body.Items = append(out.Body.Items, named{a.Code, a.Name})
	}
	return out, nil
}

type codesIn struct {
	List string `path:"list" maxLength:"80" example:"honour_titles"`
}

func (s *server) codes(_ context.Context, _ *caller, in *codesIn) (*namedOut, error) {
	list, ok := s.Library.CodeList(in.List)
	if !ok {
		return nil, errs.NotFound("code list", in.List)
	}
	out := &namedOut{}
	out.Body.Items = []named{}
	for _, e := range list.Entries {
		out.Body.Items = append(out.Body.Items, named{e.Code, e.Name})
	}
	return out, nil
}

func (s *server) registerContent() {
	open := access.Need{Public: true}
	handle(s, operation{id: "list_definitions", tag: "content", method: http.MethodGet, path: "/content/definitions", need: open}, s.definitions)
	handle(s, operation{id: "get_register", tag: "content", method: http.MethodGet, path: "/content/register", need: open}, s.getRegister)
	handle(s, operation{id: "list_areas", tag: "content", method: http.MethodGet, path: "/content/areas", need: open}, s.areas)
	handle(s, operation{id: "list_industries", tag: "content", method: http.MethodGet, path: "/content/industries", need: open}, s.industries)
	handle(s, operation{id: "list_authorities", tag: "content", method: http.MethodGet, path: "/content/authorities", need: open}, s.authorities)
	handle(s, operation{id: "list_codes", tag: "content", method: http.MethodGet, path: "/content/codes/{list}", need: open}, s.codes)
}
