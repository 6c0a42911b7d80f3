package lint

import (
	"cmp"
	"encoding/json"
	"path"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Source is one policy as files.
type Source struct {
	Dir    string // as its files are called in findings
	Policy []byte // policy.yaml
	Cases  []byte // cases.yaml; nil without one
}

// Severity is how bad a finding is. What has an error is not put in force.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Place is somewhere in a file: line and column from 1, counted in characters.
type Place struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Col     int    `json:"col"`
	Snippet string `json:"snippet,omitempty"`
}

// Finding is one thing that is wrong.
type Finding struct {
	Rule     string // a stable name: "number", "inventory", "clash" …
	Severity Severity
	At       Place
	Other    *Place // the place that it does not go with
	What     i18n.Msg
	Mend     i18n.Msg // zero for a mistake of form, which says what was expected itself

	// Firm is an enterprise that shows it, as docs/facts-json.md describes; nil where none is needed. Settings is the answers
	// to open questions under which it does; nil for the defaults.
	Firm     json.RawMessage
	Settings map[string]string
}

// MarshalJSON gives the finding with its texts in both languages.
func (f Finding) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Rule     string            `json:"rule"`
		Severity Severity          `json:"severity"`
		At       Place             `json:"at"`
		Other    *Place            `json:"other,omitempty"`
		What     i18n.Text         `json:"what"`
		Mend     *i18n.Text        `json:"mend,omitempty"`
		Firm     json.RawMessage   `json:"firm,omitempty"`
		Settings map[string]string `json:"settings,omitempty"`
	}{f.Rule, f.Severity, f.At, f.Other, *both(f.What), both(f.Mend), f.Firm, f.Settings})
}

func both(m i18n.Msg) *i18n.Text {
	if m.IsZero() {
		return nil
	}
	return &i18n.Text{ZH: i18n.T{Lang: i18n.ZH}.Msg(m), EN: i18n.T{Lang: i18n.EN}.Msg(m)}
}

// Report is what was found, by file, line and column.
type Report struct {
	Findings []Finding `json:"findings"`
}

// Count is how many findings are of a severity.
func (r Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Check looks at policies by themselves, at each other, and at those that are known besides: the city's document where a
// county's is checked. Findings are about the policies, not about the known ones; a known one of the same document as one
// of the policies, an earlier version of it, plays no part.
func Check(lib *content.Library, policies []Source, known ...Source) Report {
	r := &report{}
	var all []*pack
	for _, src := range policies {
		if p := r.open(lib, src); p != nil {
			p.numbers()
			p.inventory()
			p.years()
			p.clauses()
			p.clashes()
			p.requires()
			p.amounts()
			p.ceilings()
			p.uplifts()
			p.payments()
			p.upgrades()
			p.stages()
			all = append(all, p)
		}
	}
	pool := slices.Clone(all)
	quiet := &report{}
	for _, src := range known {
		p := quiet.open(lib, src)
		if p != nil && !slices.ContainsFunc(all, func(q *pack) bool { return q.doc().ID == p.doc().ID }) {
			pool = append(pool, p)
		}
	}
	for i, p := range all {
		p.between(all[:i], pool)
		for _, city := range pool {
			p.floor(city)
		}
	}
	slices.SortStableFunc(r.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Col, b.At.Col))
	})
	return Report{Findings: r.found}
}

// report gathers findings.
type report struct{ found []Finding }

// pack is a policy that compiles.
type pack struct {
	*report
	lib    *content.Library
	file   string
	yaml   *content.Document
	raw    policy.File // as written, before amendments
	policy *policy.Policy

	left   []rule.Domains             // by clause: what is possible where it is met; nil where it never is
	opened map[string]map[string]bool // by table with days: the keys that some clause can reach
}

func (p *pack) doc() *policy.Document { return &p.policy.File.Document }
func (p *pack) live() bool            { return p.doc().Status == "live" }

// open compiles a policy; its mistakes of form, and those of its cases, are findings.
func (r *report) open(lib *content.Library, src Source) *pack {
	file := path.Join(src.Dir, "policy.yaml")
	p := &pack{report: r, lib: lib, file: file}
	var problems content.Problems
	p.policy, problems = policy.Compile(lib, file, src.Policy)
	if src.Cases != nil {
		_, wrong := policy.ParseCases(lib, path.Join(src.Dir, "cases.yaml"), src.Cases)
		problems = append(problems, wrong...)
	}
	for _, pr := range problems {
		r.found = append(r.found, Finding{Rule: "form", Severity: Error, At: Place{pr.File, pr.Line, pr.Col, pr.Snippet}, What: pr.Msg})
	}
	if p.policy == nil {
		return nil
	}
	p.yaml, _ = content.Decode(file, src.Policy, &p.raw)
	return p
}

// at is where a path of the file stands. Clauses and parameters that amendments add stand with the amendment.
func (p *pack) at(steps ...any) Place {
	if len(steps) > 1 {
		steps = append(p.origin(steps[0], steps[1]), steps[2:]...)
	}
	line, col := p.yaml.At(steps...)
	return Place{p.file, line, col, content.Snippet(p.yaml.Source, line, col)}
}

func (p *pack) origin(list, index any) []any {
	i, ok := index.(int)
	count := map[any]int{"clauses": len(p.raw.Clauses), "params": len(p.raw.Params)}
	if n, moves := count[list]; ok && moves && i >= n {
		for k, a := range p.raw.Amendments {
			if a.Status != "live" {
				continue
			}
			size := len(a.Clauses)
			if list == "params" {
				size = len(a.Params)
			}
			if i < n+size {
				return []any{"amendments", k, list, i - n}
			}
			n += size
		}
	}
	return []any{list, index}
}

// tell adds a finding.
func (p *pack) tell(name string, severity Severity, at Place, what, mend i18n.Msg, other ...Place) {
	f := Finding{Rule: name, Severity: severity, At: at, What: what, Mend: mend}
	if len(other) > 0 {
		f.Other = &other[0]
	}
	p.found = append(p.found, f)
}
