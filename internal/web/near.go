package web

import (
	"context"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// levels is how near to an enterprise those are who issue a document.
var levels = []string{"county", "city", "province", "national"}

// policies is the documents as a view knows, the one that most ask for first: in force today or ended last, and from the
// nearest issuer. A document that ended stays: an event of its years is still decided by it.
func (s *server) policies(ctx context.Context, view fact.View) ([]version.InForce, error) {
	known, err := s.Versions.At(ctx, view.Seq())
	if err != nil {
		return nil, err
	}
	today := s.Clock.Today()
	all := slices.Clone(known)
	slices.SortStableFunc(all, func(a, b version.InForce) int {
		return slices.Compare(distance(a.Policy.File.Document, today), distance(b.Policy.File.Document, today))
	})
	return all, nil
}

// distance orders documents: those that say until when they hold, the number of days since they ended, who issued them.
func distance(d policy.Document, today period.Day) []int {
	level := slices.Index(levels, d.Level)
	if d.Valid.To == nil {
		return []int{1, 0, level}
	}
	return []int{0, max(int(today-*d.Valid.To), 0), level}
}

// concerns says that a document pays in an area or sets a floor there; one that is not known may be anywhere.
func concerns(tree *content.Tree, d policy.Document, area string) bool {
	if d.Area == nil || area == "" {
		return true
	}
	tops := slices.Clone(d.Area.In)
	if d.Floor != nil {
		tops = append(tops, d.Floor.In...)
	}
	return slices.ContainsFunc(tops, func(top string) bool { return tree.Within(area, top) || tree.Within(top, area) })
}

// homeArea is the first area that a visitor is there for, "" for one who is there for none.
func (s *server) homeArea(scope access.Scope) string {
	if reach := s.areaOptions(scope); len(reach) > 0 {
		return reach[0].Value
	}
	return ""
}

// policiesOf is the documents that concern an enterprise, by where it lies on a day.
func (s *server) policiesOf(ctx context.Context, view fact.View, firm int64, on period.Day) ([]version.InForce, error) {
	all, err := s.policies(ctx, view)
	if err != nil {
		return nil, err
	}
	area := ""
	if subject, ok := s.reader.Subject(view, firm); ok {
		if def, ok := rule.FactDef(s.Library, rule.AreaCode); ok {
			if v, state := subject.Fact(def, period.OfDay(on), on); state == rule.Present {
				area = v.Text()
			}
		}
	}
	return slices.DeleteFunc(all, func(f version.InForce) bool { return !concerns(s.Library.Areas(), f.Policy.File.Document, area) }), nil
}

// policyOptions is documents to choose from, each with where and when it holds.
func (s *server) policyOptions(t i18n.T, all []version.InForce) []option {
	var options []option
	for _, p := range all {
		d := p.Policy.File.Document
		to := ""
		if d.Valid.To != nil {
			to = d.Valid.To.String()[:4]
		}
		label := t.S("web.policy_option", s.whereOf(t, d), d.Valid.From.String()[:4], to, d.Name)
		options = append(options, option{Value: p.Document, Label: label})
	}
	return options
}

// whereOf is the smallest area that holds all in which a document pays.
func (s *server) whereOf(t i18n.T, d policy.Document) string {
	if d.Area == nil {
		return t.S("web.everywhere")
	}
	var common []content.Node
	for i, code := range d.Area.In {
		path := s.Library.Areas().Path(code)
		if i == 0 {
			common = path
		}
		n := 0
		for n < min(len(common), len(path)) && common[n].Code == path[n].Code {
			n++
		}
		common = common[:n]
	}
	if len(common) == 0 {
		return t.S("web.everywhere")
	}
	return common[len(common)-1].Name
}
