package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
)

func (s *server) listPolicies(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	all, err := s.Versions.At(r.Context(), view.Seq())
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("web.nav_policies")), http.StatusOK, policiesPage(v.t, all, v.scope.Can(access.ReadDraft)))
}

// policyAreas is where a document pays and where somebody else does, by name.
type policyAreas struct{ In, Floor string }

func (s *server) showPolicy(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	p, _, err := s.policyOrFirst(r.Context(), view, r.PathValue("policy"))
	if err != nil {
		return err
	}
	var areas policyAreas
	if d := p.File.Document; d.Area != nil {
		areas.In = s.areaNames(v.t, d.Area.In)
		if d.Floor != nil {
			areas.Floor = s.areaNames(v.t, d.Floor.In)
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.Text(p.File.Document.Name)), http.StatusOK, policyPage(v.t, p.File, areas))
}

func (s *server) areaNames(t i18n.T, codes []string) string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = code
		if n, ok := s.Library.Areas().Node(code); ok {
			names[i] = n.Name
		}
	}
	return strings.Join(names, t.S("web.comma"))
}

// validTo is the last day in force, or that none is named.
func validTo(t i18n.T, v policy.Valid) string {
	if v.To == nil {
		return t.S("web.no_end")
	}
	return v.To.String()
}

// settingText is an answer to an open question in words.
func settingText(t i18n.T, f policy.File, o policy.Only) string {
	for _, s := range f.Settings {
		if s.ID != o.Setting {
			continue
		}
		for _, opt := range s.Options {
			if opt.ID == o.Is {
				return t.Text(opt.Text)
			}
		}
	}
	return o.Is
}

// paramText is a number of a document, with its table by year or code.
func paramText(t i18n.T, p policy.Param) string {
	value := func(text string) string {
		if a, err := money.Parse(text); err == nil && p.Type == "money" {
			return inWords(t, a)
		}
		return text
	}
	if p.Value != "" {
		return value(p.Value)
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(p.Values)) {
		parts = append(parts, t.S("web.key_value", key, value(p.Values[key])))
	}
	return strings.Join(parts, t.S("web.comma"))
}
