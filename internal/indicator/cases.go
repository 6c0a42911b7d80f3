package indicator

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// CasesFile is worked cases as they are written (content/schema/indicator_cases.schema.json).
type CasesFile struct {
	Cases []CaseFile `yaml:"cases"`
}

// CaseFile is enterprises, and what indicators must make of them, worked out by hand.
type CaseFile struct {
	Name        string                `yaml:"name"`
	Note        string                `yaml:"note,omitempty"` // how it was worked out
	Period      string                `yaml:"period"`
	Choices     map[string]string     `yaml:"choices,omitempty"`
	Enterprises []content.Later       `yaml:"enterprises"` // each as docs/facts-json.md has it
	Expect      map[string]ExpectFile `yaml:"expect"`      // by code of the indicator
}

// ExpectFile is what must come out; what is left out is not compared.
type ExpectFile struct {
	Value   string `yaml:"value,omitempty"` // exact: an amount in yuan, a decimal, a percentage or a fraction; none
	Counted *int   `yaml:"counted,omitempty"`
	Within  *int   `yaml:"within,omitempty"`
	Open    *int   `yaml:"open,omitempty"`
	Dark    *int   `yaml:"dark,omitempty"`
}

// Case is one that was read.
type Case struct {
	CaseFile
	File    string
	At      At
	Firms   []rule.Subject
	expects []expectation
	doc     *content.Document
	number  int
}

type expectation struct {
	x    *Indicator
	want ExpectFile
	none bool
	val  *big.Rat
}

// ParseCases reads the worked cases of a file. All mistakes are told at once.
func ParseCases(lib *content.Library, set *Set, src Source) ([]Case, content.Problems) {
	var f CasesFile
	doc, problems := content.Decode(src.Name, src.Text, &f)
	if len(problems) > 0 {
		return nil, problems
	}
	report := func(msg i18n.Msg, at ...any) { problems = append(problems, doc.Problem(msg, at...)) }
	var out []Case
	for i, k := range f.Cases {
		c := Case{CaseFile: k, File: src.Name, doc: doc, number: i}
		p, err := period.Parse(k.Period)
		if _, last, ok := p.Span(); err != nil || !ok {
			report(i18n.M("indicator.case_period", k.Period), "cases", i, "period")
			continue
		} else if at, ok := For(p, last, k.Choices); ok {
			c.At = at
		}
		for j := range k.Enterprises {
			part, ok := doc.Part("cases", i, "enterprises", j)
			text, err := asJSON(part)
			if !ok || err != nil {
				report(i18n.M("indicator.case_enterprise"), "cases", i, "enterprises", j)
				continue
			}
			d, found := rule.ParseFacts(lib, src.Name, text)
			for _, p := range found { // places in what was made of it mean nothing: the enterprise's own is told
				report(p.Msg, "cases", i, "enterprises", j)
			}
			if d != nil {
				c.Firms = append(c.Firms, d)
			}
		}
		for code, want := range k.Expect {
			x, err := set.Indicator(code)
			if err != nil {
				report(i18n.M("indicator.no_indicator", code), "cases", i, "expect", code)
				continue
			}
			if x.Measure == Given || x.Cells != nil && x.Cells.Areas != "" {
				report(i18n.M("indicator.case_areas", code), "cases", i, "expect", code)
				continue
			}
			e := expectation{x: x, want: want, none: want.Value == "none"}
			if want.Value != "" && !e.none {
				text := want.Value
				if x.Type == rule.MoneyType {
					v, err := rule.ParseValue(rule.MoneyType, text)
					if err != nil {
						report(i18n.M("indicator.case_value", text), "cases", i, "expect", code, "value")
						continue
					}
					e.val = ratOf(v)
				} else if e.val, err = readRat(text); err != nil {
					report(i18n.M("indicator.case_value", text), "cases", i, "expect", code, "value")
					continue
				}
			}
			c.expects = append(c.expects, e)
		}
		slices.SortFunc(c.expects, func(a, b expectation) int { return strings.Compare(a.x.Code, b.x.Code) })
		out = append(out, c)
	}
	return out, problems
}

// asJSON is an enterprise as the reader of facts wants it.
func asJSON(p content.Part) ([]byte, error) {
	return json.Marshal(map[string]any{content.Enterprise: plain(p)})
}

func plain(p content.Part) any {
	switch {
	case p.Map != nil:
		m := map[string]any{}
		for _, e := range p.Map {
			m[e.Key] = plain(e.Part)
		}
		return m
	case p.List != nil:
		all := []any{}
		for _, x := range p.List {
			all = append(all, plain(x))
		}
		return all
	case p.Raw:
		return json.RawMessage(strings.TrimSpace(p.Text))
	}
	return p.Text
}

func readRat(text string) (*big.Rat, error) {
	part, percent := strings.CutSuffix(text, "%")
	r, ok := new(big.Rat).SetString(part)
	if !ok {
		return nil, fmt.Errorf("%q is no number", text)
	}
	if percent {
		r.Quo(r, big.NewRat(100, 1))
	}
	return r, nil
}

// Below is the subjects of a kind in enterprises: themselves, or what belongs to them.
func Below(firms []rule.Subject, kind string) []rule.Subject {
	if kind == content.Enterprise {
		return firms
	}
	var all []rule.Subject
	for _, f := range firms {
		all = append(all, f.Children(kind)...)
	}
	return all
}

// Tally is what an indicator makes of enterprises, one by one.
func (s *Set) Tally(x *Indicator, firms []rule.Subject, at At) Tally {
	var t Tally
	for _, subject := range Below(firms, x.Kind) {
		t.put(x, s.Row(x, subject, at).Line)
	}
	return t
}

// figure is what an indicator makes of enterprises, one by one: an index of the figures of its parts, a coverage of the cells into which its
// subjects fall.
func (s *Set) figure(lib *content.Library, x *Indicator, firms []rule.Subject, at At) Figure {
	switch x.Measure {
	case Composite:
		parts := make([]Figure, len(x.Parts))
		for i, p := range x.Parts {
			of, err := s.Indicator(p.Indicator)
			if err != nil {
				return Figure{} // what compiles names none that is missing
			}
			parts[i] = s.figure(lib, of, firms, at)
		}
		return x.Index(parts)
	case Coverage:
		cells := map[string]Tally{}
		for _, subject := range Below(firms, x.Kind) {
			code, ok := s.Cell(x, subject, at)
			if !ok {
				continue
			}
			t := cells[code]
			t.put(x, s.Row(x, subject, at).Line)
			cells[code] = t
		}
		of := len(x.CellCodes(lib))
		if of == 0 { // an open list: the codes that are in use
			of = len(cells)
		}
		return x.Covered(slices.Collect(maps.Values(cells)), of)
	}
	return x.Figure(s.Tally(x, firms, at))
}

// Check works the case out and tells every difference at its place.
func (s *Set) Check(lib *content.Library, c Case) (problems content.Problems) {
	for _, e := range c.expects {
		f := s.figure(lib, e.x, c.Firms, c.At)
		differs := func(key string, want, got any) {
			problems = append(problems, c.doc.Problem(i18n.M("indicator.case_differs", c.Name, e.x.Code, key, want, got), "cases", c.number, "expect", e.x.Code, key))
		}
		switch {
		case e.none && f.Value != nil:
			differs("value", "none", e.x.written(f.Value))
		case e.val != nil && f.Value == nil:
			differs("value", e.want.Value, "none")
		case e.val != nil && e.val.Cmp(f.Value) != 0:
			differs("value", e.want.Value, e.x.written(f.Value))
		}
		for _, n := range []struct {
			key  string
			want *int
			got  int
		}{{"counted", e.want.Counted, f.Counted}, {"within", e.want.Within, f.Within}, {"open", e.want.Open, f.Open}, {"dark", e.want.Dark, f.Dark}} {
			if n.want != nil && *n.want != n.got {
				differs(n.key, *n.want, n.got)
			}
		}
	}
	return problems
}

// written is a value as a case may write it: an amount in yuan, else a fraction.
func (x *Indicator) written(v *big.Rat) string {
	if x.Type == rule.MoneyType {
		return new(big.Rat).Quo(v, big.NewRat(100, 1)).RatString()
	}
	return v.RatString()
}
