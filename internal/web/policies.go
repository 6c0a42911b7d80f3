package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

func (s *server) listPolicies(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	all, err := s.policies(r.Context(), view)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("web.nav_policies")), http.StatusOK, policiesPage(v.t, all, v.scope.Can(access.ReadDraft)))
}

// policyData is the page of a policy.
type policyData struct {
	policy.File
	version.InForce
	Areas    policyAreas
	Years    []int      // of the numbers by year
	ByYear   []yearRow  // one for each such number
	Versions []sinceRow // newest first
	Benefits bool       // the visitor may see what it comes to
	MayDraft bool
	Moment   moment
	AsOf     string
	Text     func(i18n.T, policy.Param) string
}

// policyAreas is where a document pays and where somebody else does, by name.
type policyAreas struct{ In, Floor string }

// yearRow is a number of a document, year by year; "" where it has no value.
type yearRow struct {
	policy.Param
	Cells []string
}

// sinceRow is a version in the history of a document.
type sinceRow struct {
	version.Version
	Since string // the day on which it was put in force
	Now   bool
}

func (s *server) showPolicy(w http.ResponseWriter, r *http.Request, v *visit) error {
	m, err := s.momentOf(r)
	if err != nil {
		return err
	}
	view, err := s.viewAt(r.Context(), v, m)
	if err != nil {
		return err
	}
	f, err := s.policyAt(r.Context(), view, r.PathValue("policy"))
	if err != nil {
		return err
	}
	d := policyData{Text: s.paramText, File: f.Policy.File, InForce: f, Moment: m, AsOf: s.asKnown(v.t, m, view)}
	if doc := d.File.Document; doc.Area != nil {
		d.Areas.In = s.areaNames(v.t, doc.Area.In)
		if doc.Floor != nil {
			d.Areas.Floor = s.areaNames(v.t, doc.Floor.In)
		}
	}
	d.Years, d.ByYear = yearTable(v.t, d.Params)
	history, err := s.Versions.Of(r.Context(), f.Version.Document, view.Seq())
	if err != nil {
		return err
	}
	for _, x := range history {
		row := sinceRow{Version: x, Since: v.t.S("policypage.from_beginning"), Now: x.ID == f.ID}
		if e, _ := x.Since(); e.Seq != 0 {
			row.Since = clock.DayOf(e.At).String()
		}
		d.Versions = append(d.Versions, row)
	}
	d.Benefits = v.signedIn() && (access.Need{Action: access.ReadSensitive, Area: true}).MetBy(v.scope)
	d.MayDraft = !m.past() && f.May(v.scope, access.DraftPolicy)
	return s.show(w, r, s.shell(r, v, v.t.Text(d.File.Document.Name)), http.StatusOK, policyPage(v.t, d))
}

// policyAt is the version of a document that was in force as a view knows it.
func (s *server) policyAt(ctx context.Context, view fact.View, document string) (version.InForce, error) {
	return s.Versions.InForce(ctx, document, view.Seq())
}

// yearTable is the numbers that change from year to year, and the years of any of them.
func yearTable(t i18n.T, params []policy.Param) (years []int, rows []yearRow) {
	for _, p := range params {
		if p.By != "year" {
			continue
		}
		for key := range p.Values {
			if y, err := strconv.Atoi(key); err == nil && !slices.Contains(years, y) {
				years = append(years, y)
			}
		}
	}
	slices.Sort(years)
	for _, p := range params {
		if p.By != "year" {
			continue
		}
		row := yearRow{Param: p}
		for _, y := range years {
			row.Cells = append(row.Cells, numberText(t, p, p.Values[strconv.Itoa(y)]))
		}
		rows = append(rows, row)
	}
	return years, rows
}

// between is a rule that holds between clauses, in words.
type between struct{ Name, Kind, Clauses, Cite string }

// betweenClauses is what keeps clauses from adding up: groups, quotas, pools.
func betweenClauses(t i18n.T, p policy.File) []between {
	var all []between
	add := func(name i18n.Text, kind string, clauses []string, cite string) {
		names := make([]string, len(clauses))
		for i, id := range clauses {
			names[i] = id
			if n := slices.IndexFunc(p.Clauses, func(c policy.Clause) bool { return c.ID == id }); n >= 0 {
				names[i] = t.Text(p.Clauses[n].Name)
			}
		}
		all = append(all, between{t.Text(name), t.S("policypage.kind_" + kind), strings.Join(names, t.S("web.comma")), cite})
	}
	for _, g := range p.Stacking.Groups {
		add(g.Name, g.Pick, g.Clauses, g.Cite)
	}
	for _, q := range p.Stacking.Quotas {
		add(q.Name, "quota", q.Clauses, q.Cite)
	}
	for _, l := range p.Stacking.Pools {
		add(l.Name, "pool", l.Clauses, l.Cite)
	}
	return all
}

// notEncoded is the numbers of the document that no clause reckons with, each with the reason.
func notEncoded(p policy.File) []policy.Mention {
	return slices.DeleteFunc(slices.Clone(p.Inventory), func(m policy.Mention) bool { return m.Reason == nil })
}

// benefitsData is who benefits from a policy, as far as the visitor may see, or how far the work is.
type benefitsData struct {
	Document string
	Query    regionQuery
	Progress *region.Progress
	Sum      region.Sum
	ByArea   []areaRow
	ByClause []clauseRow
	AsOf     string
}

// policyBenefits is the part of the page about firms: asked for again until it is worked out.
func (s *server) policyBenefits(w http.ResponseWriter, r *http.Request, v *visit) error {
	r.Form.Set("policy", r.PathValue("policy"))
	a, err := s.readRegion(r, v)
	if err != nil {
		return err
	}
	d := benefitsData{Document: r.PathValue("policy"), Query: a.query, AsOf: s.asKnown(v.t, a.m, a.view)}
	result, progress, err := s.Region.Begin(a.view, a.plan, a.m.day)
	switch {
	case err != nil:
		return err
	case result == nil:
		d.Progress = &progress
	default:
		if a.query.Area != "" {
			result = result.Within(a.query.Area)
		}
		d.Sum = result.Sum
		d.ByArea, d.ByClause = s.rowsOf(v.t, a, result)
	}
	if byScript(r) {
		return part(w, r, http.StatusOK, benefitsPart(v.t, d))
	}
	return s.show(w, r, s.shell(r, v, v.t.S("policypage.benefits")), http.StatusOK, benefitsPage(v.t, d))
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

// numberText is a value of a number as people read it.
func numberText(t i18n.T, p policy.Param, text string) string {
	if a, err := money.Parse(text); err == nil && p.Type == "money" {
		return inWords(t, a)
	}
	return text
}

// paramText is a number of a document, with its table by code: by the names of the codes.
func (s *server) paramText(t i18n.T, p policy.Param) string {
	if p.Value != "" {
		return numberText(t, p, p.Value)
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(p.Values)) {
		parts = append(parts, t.S("web.key_value", s.keyText(t, p, key), numberText(t, p, p.Values[key])))
	}
	return strings.Join(parts, t.S("web.comma"))
}

// keyText is a key of a number's table: a year, or the name of a code.
func (s *server) keyText(t i18n.T, p policy.Param, key string) string {
	if y, err := strconv.Atoi(key); p.By == "year" && err == nil {
		return t.S("web.period_year", y)
	}
	if p.By == "ent.area" {
		return nodeName(s.Library.Areas(), key)
	}
	def, _ := s.Library.FactDef(p.By)
	return codeName(t, s.Library, def, key)
}
