package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// CaseFile is cases.yaml: worked examples that run as tests.
type CaseFile struct {
	Cases []Case `yaml:"cases"`
}

// Case is one enterprise and what the policy owes it. Where there are quotas or pools, the enterprises of the case are all
// that there are.
type Case struct {
	Name       string            `yaml:"name"`
	AsOf       period.Day        `yaml:"as_of"`
	Settings   map[string]string `yaml:"settings,omitempty"`
	Params     map[string]word   `yaml:"params,omitempty"` // what-if: "loan_rate@2023": 2%
	Enterprise CaseSubject       `yaml:"enterprise"`
	Others     []CaseSubject     `yaml:"others,omitempty"` // that compete for quotas and pools
	Expect     Expect            `yaml:"expect"`

	facts  rule.Subject
	others []rule.Subject
}

// CaseSubject is a subject with its facts, "code" or "code@period", and what lies below it.
type CaseSubject struct {
	Kind     string          `yaml:"kind,omitempty"`
	ID       string          `yaml:"id"`
	Name     string          `yaml:"name,omitempty"`
	Facts    map[string]word `yaml:"facts,omitempty"`
	Children []CaseSubject   `yaml:"children,omitempty"`
}

// word is any scalar, taken as it is written.
type word string

// UnmarshalText takes the text of the scalar.
func (w *word) UnmarshalText(b []byte) error { *w = word(b); return nil }

// Expect is what must come out. Total is what is sure; Possible, when it is left out, must be the same. The rest is
// checked where it is given; an empty list of steps means that there must be none.
type Expect struct {
	Total    money.Fen      `yaml:"total"`
	Possible *money.Fen     `yaml:"possible,omitempty"`
	Open     bool           `yaml:"open,omitempty"` // nothing known limits the total
	InKind   *money.Fen     `yaml:"in_kind,omitempty"`
	Floor    *money.Fen     `yaml:"floor,omitempty"`
	Missing  []string       `yaml:"missing,omitempty"` // codes of facts that must be asked for
	Lines    []ExpectLine   `yaml:"lines,omitempty"`
	Advice   []ExpectAdvice `yaml:"advice,omitempty"`
}

// ExpectLine is one line of the decision.
type ExpectLine struct {
	Clause   string               `yaml:"clause"`
	Subject  string               `yaml:"subject"`
	Year     int                  `yaml:"year,omitempty"`
	State    State                `yaml:"state,omitempty"`
	Own      *money.Fen           `yaml:"own,omitempty"`
	Pays     *money.Fen           `yaml:"pays,omitempty"`
	Possible *money.Fen           `yaml:"possible,omitempty"`
	Steps    []string             `yaml:"steps,omitempty"` // ids of the rules that cut it
	Fails    []string             `yaml:"fails,omitempty"` // ids of the checks that are not met
	Distance *money.Fen           `yaml:"distance,omitempty"`
	Parts    map[string]money.Fen `yaml:"parts,omitempty"` // by payer
	Payee    string               `yaml:"payee,omitempty"`
	Stages   map[string]State     `yaml:"stages,omitempty"` // by quota or pool
}

// ExpectAdvice is a suggestion that must be made.
type ExpectAdvice struct {
	Kind    string     `yaml:"kind,omitempty"`
	Clause  string     `yaml:"clause"`
	Subject string     `yaml:"subject,omitempty"`
	Year    int        `yaml:"year,omitempty"`
	Add     *money.Fen `yaml:"add,omitempty"`
	Gain    money.Fen  `yaml:"gain"`
}

// Result is a case as it ran.
type Result struct {
	Case      Case
	Decision  *Decision
	Differ    []Difference // empty: as expected
	Err       error
	Line, Col int // of the case in its file
}

// Difference is one expectation that was not met. Trace is the line it is about, nil for the decision as a whole.
type Difference struct {
	What string
	Want string
	Got  string
	Line *Line
}

// ParseCases reads cases.yaml and its facts.
func ParseCases(lib *content.Library, file string, src []byte) (*Cases, content.Problems) {
	var f CaseFile
	doc, problems := content.Decode(file, src, &f)
	if len(problems) > 0 {
		return nil, problems
	}
	all := &Cases{Cases: f.Cases}
	r := caseReader{lib: lib, doc: doc}
	for i := range f.Cases {
		path := []any{"cases", i}
		line, col := doc.At(path...)
		all.at = append(all.at, [2]int{line, col})
		f.Cases[i].facts = r.subject(at(path, "enterprise"), &f.Cases[i].Enterprise, content.Enterprise, nil)
		ids := map[string]bool{f.Cases[i].Enterprise.ID: true}
		for j := range f.Cases[i].Others {
			other := &f.Cases[i].Others[j]
			if ids[other.ID] {
				r.report(at(path, "others", j, "id"), "policy.id_twice", other.ID)
			}
			ids[other.ID] = true
			f.Cases[i].others = append(f.Cases[i].others, r.subject(at(path, "others", j), other, content.Enterprise, nil))
		}
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return all, nil
}

// Cases is cases that were read.
type Cases struct {
	Cases []Case
	at    [][2]int
}

// Run decides each case.
func (p *Policy) Run(cases *Cases) []Result {
	out := make([]Result, len(cases.Cases))
	for i, c := range cases.Cases {
		out[i] = p.run(c)
		out[i].Line, out[i].Col = cases.at[i][0], cases.at[i][1]
	}
	return out
}

func (p *Policy) run(c Case) Result {
	r := Result{Case: c}
	var patches []Patch
	for _, k := range sortedKeys(c.Params) {
		id, key, _ := strings.Cut(k, "@")
		patches = append(patches, Patch{Param: id, Key: key, Value: string(c.Params[k])})
	}
	plan, err := p.Plan(c.Settings, patches...)
	if err != nil {
		r.Err = err
		return r
	}
	if r.Decision, r.Err = plan.Decide(c.facts, c.AsOf, Options{Trace: true, Advice: true}); r.Err != nil {
		return r
	}
	all := []*Decision{r.Decision}
	for _, other := range c.others {
		d, err := plan.Decide(other, c.AsOf, Options{})
		if err != nil {
			r.Err = err
			return r
		}
		all = append(all, d)
	}
	if plan.Staged() {
		r.Decision.Apply(plan.Allot(all))
	}
	r.compare()
	return r
}

func (r *Result) differ(line *Line, what string, want, got any) {
	if w, g := fmt.Sprint(want), fmt.Sprint(got); w != g {
		r.Differ = append(r.Differ, Difference{What: what, Want: w, Got: g, Line: line})
	}
}

func (r *Result) compare() {
	e, d := &r.Case.Expect, r.Decision
	r.differ(nil, "total", e.Total, d.Total.Sure)
	possible := e.Total
	if e.Possible != nil {
		possible = *e.Possible
	}
	if r.differ(nil, "open", e.Open, d.Total.Unbounded); !e.Open {
		r.differ(nil, "possible", possible, d.Total.Possible)
	}
	if e.InKind != nil {
		r.differ(nil, "in_kind", *e.InKind, d.InKind.Sure)
	}
	if e.Floor != nil {
		got := Interval{}
		if d.Floor != nil {
			got = *d.Floor
		}
		r.differ(nil, "floor", *e.Floor, got.Sure)
	}
	for _, code := range e.Missing {
		if !slices.ContainsFunc(d.Missing, func(m rule.FactRef) bool { return m.Def == code }) {
			r.differ(nil, "missing", code, "")
		}
	}
	for _, want := range e.Lines {
		r.line(want)
	}
	for _, want := range e.Advice {
		r.advice(want)
	}
}

func (r *Result) line(e ExpectLine) {
	name := fmt.Sprintf("%s/%s", e.Clause, e.Subject)
	if e.Year != 0 {
		name += fmt.Sprintf("/%d", e.Year)
	}
	i := slices.IndexFunc(r.Decision.Lines, func(l Line) bool {
		return l.Clause == e.Clause && l.Subject.ID == e.Subject && (e.Year == 0 || l.Year == e.Year)
	})
	if i < 0 {
		r.differ(nil, name, "a line", "none")
		return
	}
	l := &r.Decision.Lines[i]
	if e.State != "" {
		r.differ(l, name+" state", e.State, l.State)
	}
	for what, pair := range map[string]struct {
		want *money.Fen
		got  money.Fen
	}{"own": {e.Own, l.Own.Sure}, "pays": {e.Pays, l.Pays.Sure}, "possible": {e.Possible, l.Pays.Possible}} {
		if pair.want != nil {
			r.differ(l, name+" "+what, *pair.want, pair.got)
		}
	}
	if e.Steps != nil {
		var got []string
		for _, s := range l.Steps {
			got = append(got, s.Rule)
		}
		r.differ(l, name+" steps", strings.Join(e.Steps, " "), strings.Join(got, " "))
	}
	for _, id := range e.Fails {
		k := slices.IndexFunc(l.Checks, func(c Check) bool { return c.ID == id })
		if k < 0 || l.Checks[k].State != NotMet {
			r.differ(l, name+" fails", id, "met")
		}
	}
	if e.Distance != nil {
		k := slices.IndexFunc(l.Remaining, func(m Remaining) bool { return m.Distance != nil })
		got := "none"
		if k >= 0 {
			got = l.Remaining[k].Distance.String()
		}
		r.differ(l, name+" distance", *e.Distance, got)
	}
	if e.Payee != "" {
		r.differ(l, name+" payee", e.Payee, l.Payee)
	}
	r.divided(l, name, e)
}

// divided is who pays a line, and how it came out of quotas and pools.
func (r *Result) divided(l *Line, name string, e ExpectLine) {
	for _, payer := range sortedKeys(e.Parts) {
		k := slices.IndexFunc(l.Parts, func(p Part) bool { return p.Payer == payer })
		got := Interval{}
		if k >= 0 {
			got = l.Parts[k].Pays
		}
		r.differ(l, name+" "+payer, e.Parts[payer], got.Sure)
	}
	for _, stage := range sortedKeys(e.Stages) {
		got := State("none")
		for _, s := range l.Portions {
			if s.Stage == stage {
				got = s.State
			}
		}
		r.differ(l, name+" "+stage, e.Stages[stage], got)
	}
}

func (r *Result) advice(e ExpectAdvice) {
	name := "advice " + e.Clause
	for _, a := range r.Decision.Advice {
		if a.Clause != e.Clause || e.Subject != "" && a.Subject.ID != e.Subject || e.Year != 0 && a.Year != e.Year || e.Kind != "" && a.Kind != e.Kind {
			continue
		}
		r.differ(nil, name+" gain", e.Gain, a.Gain)
		if e.Add != nil {
			k := slices.IndexFunc(a.Changes, func(c Change) bool { return c.Add != nil })
			got := "none"
			if k >= 0 {
				got = a.Changes[k].Add.String()
			}
			r.differ(nil, name+" add", *e.Add, got)
		}
		return
	}
	r.differ(nil, name, "given", "none")
}
