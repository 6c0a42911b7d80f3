package assess

import (
	"fmt"
	"maps"
	"math/big"
	"path"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// CasesFile is worked cases of an edition as they are written (content/schema/assessment_cases.schema.json).
type CasesFile struct {
	Cases []CaseFile `yaml:"cases"`
}

// CaseFile is an enterprise and what the model must make of it, worked out by hand.
type CaseFile struct {
	Name   string          `yaml:"name"`
	Note   string          `yaml:"note,omitempty"` // how it was worked out
	Year   int             `yaml:"year"`
	On     string          `yaml:"on,omitempty"` // day of asking; the last of the year where it is not said
	Facts  map[string]Word `yaml:"facts"`        // by code; * stands for any letters, of facts that the model reads; a key without * goes first
	Expect ExpectFile      `yaml:"expect"`
}

// ExpectFile is what must come out; what is left out is not compared.
type ExpectFile struct {
	Refuses  bool            `yaml:"refuses,omitempty"`
	Path     string          `yaml:"path,omitempty"`
	Score    string          `yaml:"score,omitempty"`    // exact points that are sure, as a decimal or a fraction
	Possible string          `yaml:"possible,omitempty"` // where it is another number
	Level    *string         `yaml:"level,omitempty"`    // id of the level that is sure; "" for none
	May      *string         `yaml:"may,omitempty"`      // where it is another one
	Parts    map[string]Word `yaml:"parts,omitempty"`    // exact points of parts that are sure
	Missing  []string        `yaml:"missing,omitempty"`  // codes of the facts that are missing, all of them
	Odd      []string        `yaml:"odd,omitempty"`      // checks that do not hold
}

// Word is any scalar, taken as it is written.
type Word string

// UnmarshalText takes the text of the scalar.
func (w *Word) UnmarshalText(b []byte) error { *w = Word(b); return nil }

// Cases is worked cases that were read.
type Cases struct {
	List []Case
}

// Case is one of them.
type Case struct {
	CaseFile
	At At
}

// ParseCases reads the worked cases of an edition. All mistakes are told at once.
func ParseCases(r *Rubric, name string, src []byte) (*Cases, content.Problems) {
	var f CasesFile
	doc, problems := content.Decode(name, src, &f)
	if len(problems) > 0 {
		return nil, problems
	}
	out := &Cases{}
	var found content.Problems
	report := func(at []any, key string, args ...any) {
		found = append(found, doc.Problem(i18n.M(key, args...), at...))
	}
	for i, c := range f.Cases {
		on := period.Date(c.Year, 12, 31)
		if c.On != "" {
			var err error
			if on, err = period.ParseDay(c.On); err != nil {
				report([]any{"cases", i, "on"}, "assess.bad_day", c.On)
			}
		}
		s := caseSubject{}
		for _, pass := range []bool{false, true} { // exact codes first
			for _, key := range slices.Sorted(maps.Keys(c.Facts)) {
				if strings.Contains(key, "*") != pass {
					continue
				}
				said := false
				for _, def := range r.Facts() {
					if ok, err := path.Match(key, def.Code); err != nil || !ok {
						continue
					}
					said = true
					if _, ok := s[def.Code]; ok {
						continue
					}
					v, ok := caseValue(r.lib, def, string(c.Facts[key]))
					if !ok {
						report([]any{"cases", i, "facts", key}, "assess.case_value", string(c.Facts[key]), def.Code)
						continue
					}
					s[def.Code] = v
				}
				if !said {
					report([]any{"cases", i, "facts", key}, "assess.case_fact", key)
				}
			}
		}
		out.List = append(out.List, Case{CaseFile: c, At: At{Subject: s, Year: c.Year, On: on}})
	}
	if len(found) > 0 {
		return nil, found
	}
	return out, nil
}

func caseValue(lib *content.Library, def content.FactDef, text string) (reply, bool) {
	if text == "none" {
		return reply{state: rule.None}, true
	}
	v, err := rule.ParseValue(rule.TypeOf(def.Type), text)
	if err != nil {
		return reply{}, false
	}
	if list, ok := lib.CodeList(def.Codes); ok && !list.Open {
		if _, ok := list.Entry(text); !ok {
			return reply{}, false
		}
	}
	return reply{rule.Present, v}, true
}

// caseSubject is an enterprise of a case: what is known of it in any year. What is not written is not known.
type caseSubject map[string]reply

func (caseSubject) Kind() string                   { return content.Enterprise }
func (caseSubject) ID() string                     { return "case" }
func (caseSubject) Name() string                   { return "" }
func (caseSubject) Parent() rule.Subject           { return nil }
func (caseSubject) Children(string) []rule.Subject { return nil }
func (s caseSubject) Fact(def content.FactDef, _ period.Period, _ period.Day) (rule.Value, rule.State) {
	a := s[def.Code]
	return a.value, a.state
}

// Facts is the definitions that the model reads, each once, in its order. The slice must not be changed.
func (r *Rubric) Facts() []content.FactDef { return r.reads }

// Sensitive says that one of them is.
func (r *Rubric) Sensitive() bool { return r.sensitive }

// Reads is the codes of the facts that a part asks itself.
func (r *Rubric) Reads(n *Node) []string {
	var out []string
	for _, l := range n.leaves {
		for _, x := range r.leaves[l].exprs() {
			for _, def := range x.Facts() {
				if !slices.Contains(out, def.Code) {
					out = append(out, def.Code)
				}
			}
		}
	}
	return out
}

// Difference is something that came out otherwise.
type Difference struct{ What, Want, Got string }

func (d Difference) String() string { return fmt.Sprintf("%s: want %s, got %s", d.What, d.Want, d.Got) }

// Run asks the model about the enterprise of a case, and says where the result differs from what is expected.
func (c *Case) Run(r *Rubric) ([]Difference, error) {
	got, err := r.Decide(c.At)
	if err != nil {
		return nil, err
	}
	return c.Differ(got), nil
}

// Differ is where a result differs from what a case expects; empty where it does not.
func (c *Case) Differ(got *Result) []Difference {
	r, e := got.Rubric, c.Expect
	var out []Difference
	compare := func(what string, want, got any) {
		if w, g := fmt.Sprint(want), fmt.Sprint(got); w != g {
			out = append(out, Difference{what, w, g})
		}
	}
	points := func(what, want string, got *big.Rat) {
		x, ok := new(big.Rat).SetString(want)
		if !ok || got == nil || x.Cmp(got) != 0 {
			g := "nothing"
			if got != nil {
				g = got.RatString()
			}
			out = append(out, Difference{what, want, g})
		}
	}
	compare("refuses", e.Refuses, r.Refuses())
	if e.Path != "" {
		path := ""
		if got.Path >= 0 && got.Path < len(r.Paths) {
			path = r.Paths[got.Path].ID
		}
		compare("path", e.Path, path)
	}
	if e.Score != "" {
		points("score", e.Score, got.Score.Sure)
		if e.Possible == "" {
			points("possible", e.Score, got.Score.Possible)
		}
	}
	if e.Possible != "" {
		points("possible", e.Possible, got.Score.Possible)
	}
	level := func(i int) string {
		if i < 0 {
			return ""
		}
		return r.Levels[i].ID
	}
	if e.Level != nil {
		compare("level", *e.Level, level(got.Level))
		if e.May == nil {
			compare("possible level", *e.Level, level(got.May))
		}
	}
	if e.May != nil {
		compare("possible level", *e.May, level(got.May))
	}
	for _, id := range slices.Sorted(maps.Keys(e.Parts)) {
		i := slices.IndexFunc(got.Parts, func(p Part) bool { return p.Node != nil && p.Node.ID == id })
		if i < 0 {
			out = append(out, Difference{"part " + id, string(e.Parts[id]), "no such part"})
			continue
		}
		points("part "+id, string(e.Parts[id]), got.Parts[i].Points.Sure)
	}
	if e.Missing != nil {
		var missing []string
		for _, m := range got.Missing {
			missing = append(missing, m.Def)
		}
		slices.Sort(missing)
		compare("missing", slices.Sorted(slices.Values(e.Missing)), missing)
	}
	var odd []string
	for _, k := range got.Checks {
		if k.State == "not_met" {
			odd = append(odd, k.ID)
		}
	}
	if e.Odd != nil {
		compare("odd", e.Odd, odd)
	}
	return out
}
