package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// definition says what may be known about subjects of a kind.
type definition struct {
	Code        string    `json:"code" example:"ent.revenue"`
	Subject     string    `json:"subject" example:"enterprise"`
	Name        i18n.Text `json:"name"`
	Help        i18n.Text `json:"help"`
	Type        string    `json:"type" enum:"money,rate,int,decimal,bool,date,text,code" example:"money"`
	Unit        string    `json:"unit,omitempty" example:"万元"`
	Period      string    `json:"period" example:"year"`
	Codes       string    `json:"codes,omitempty" example:"honour_titles"`
	Authority   []string  `json:"authority,omitempty" nullable:"false" example:"[\"statistics\"]" doc:"谁的数优先 · whose word is believed first"`
	Sensitivity string    `json:"sensitivity" example:"internal"`
	Source      string    `json:"source" example:"统计报表制度"`
	Cite        string    `json:"cite,omitempty" example:"B103-1"`
	Confidence  string    `json:"confidence" enum:"verified,secondary,unverified" example:"secondary"`
}

type definitionsOut struct {
	Body struct {
		Items []definition `json:"items" nullable:"false"`
	}
}

func (s *server) definitions(context.Context, *caller, *struct{}) (*definitionsOut, error) {
	out := &definitionsOut{}
	for _, d := range s.Library.FactDefs() {
		out.Body.Items = append(out.Body.Items, definition{
			Code: d.Code, Subject: d.Subject, Name: d.Name, Help: d.Help, Type: string(d.Type), Unit: d.Unit, Period: string(d.Period),
			Codes: d.Codes, Authority: d.Authority, Sensitivity: d.Sensitivity, Source: d.Source, Cite: d.Cite, Confidence: d.Confidence,
		})
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
	handle(s, operation{id: "list_areas", tag: "content", method: http.MethodGet, path: "/content/areas", need: open}, s.areas)
	handle(s, operation{id: "list_industries", tag: "content", method: http.MethodGet, path: "/content/industries", need: open}, s.industries)
	handle(s, operation{id: "list_authorities", tag: "content", method: http.MethodGet, path: "/content/authorities", need: open}, s.authorities)
	handle(s, operation{id: "list_codes", tag: "content", method: http.MethodGet, path: "/content/codes/{list}", need: open}, s.codes)
}
